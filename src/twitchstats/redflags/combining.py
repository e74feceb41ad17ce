"""Combinations of signs: how often they were seen, how often they were serious, and what the model makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from twitchstats.errors import NotEnoughDataError, OptionError, unknown_name
from twitchstats.redflags.advice import advise
from twitchstats.redflags.prevalence import check_share, shift_risk, wilson_interval
from twitchstats.redflags.rules import likelihood_ratio
from twitchstats.redflags.training import match_labels

if TYPE_CHECKING:
    from twitchstats.redflags.model import RedFlagModel

FloatArray = NDArray[np.float64]

NONE = "none of these"
UNKNOWN = "not all of these known"


def tabulate_combinations(
    model: RedFlagModel,
    X: pd.DataFrame | ArrayLike | None = None,
    y: ArrayLike | None = None,
    *,
    signs: Sequence[str] | None = None,
    asked: Iterable[Sequence[str]] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Tabulate every combination of signs that was seen, or those that are asked for.

    Parameters
    ----------
    model : RedFlagModel
        Fitted.
    X, y : optional
        People and labels to count in; by default the training people.
    signs : sequence of str, optional
        The yes/no signs that combinations are made of, by default all of the model's. Signs that are not among them
        may be anything.
    asked : iterable of sequences of str, optional
        Combinations to list even if nobody has them, each as the signs that are present (the other `signs` absent);
        only these are listed.
    level : float
        Confidence level.

    Returns
    -------
    DataFrame
        ``combination`` (signs present, joined with " + "), ``n_signs, n, n_serious``; ``observed_rate,
        observed_lower, observed_upper`` (Wilson); ``risk, risk_lower, risk_upper`` (the model's, averaged over those
        who have the combination, or over everyone given the combination where nobody has it); ``likelihood_ratio,
        lr_lower, lr_upper`` (share of the combination among serious to that among other people; half a person is added
        to empty cells); ``base_rate`` and ``advice``. Observed rates are moved to the model's base rate too. The last
        row counts the people of whom not all `signs` are known. Sorted by n, then by name.

    Raises
    ------
    UnknownNameError, OptionError
        A sign that is not there or not yes/no; people without labels.
    """
    check_share("level", level)
    encoded, outcome = _find_people(model, X, y)
    chosen = _choose_signs(model, encoded, signs)
    at = [model.signs_.index(name) for name in chosen]
    patterns = encoded[:, at]
    unknown = np.isnan(patterns).any(axis=1)
    codes = np.where(unknown, -1, np.nan_to_num(patterns) @ (2.0 ** np.arange(len(at)))).astype(int)
    if asked is None:
        wanted = [code for code in np.unique(codes) if code >= 0]
    else:
        wanted = list(dict.fromkeys(_code(combination, chosen) for combination in _read_asked(asked)))
    rows = [_describe(model, encoded, outcome, codes, code, at, level) for code in wanted]
    frame = pd.DataFrame(rows).assign(combination=[_name(code, chosen) for code in wanted])
    frame = frame.sort_values(["n", "combination"], ascending=[False, True], kind="stable")
    if unknown.any() and asked is None:
        rest = _describe(model, encoded, outcome, codes, -1, at, level)
        frame = pd.concat([frame, pd.DataFrame([{**rest, "combination": UNKNOWN}])])
    return _finish(frame, model, outcome, level).assign(advice=[_advise(name, chosen) for name in frame["combination"]])


def _read_asked(asked: Iterable[Sequence[str]]) -> list[Sequence[str]]:
    listed: list[Sequence[str]] = [asked] if isinstance(asked, str) else list(asked)
    if not listed or any(isinstance(one, str) for one in listed):
        raise OptionError(
            f"asked={asked!r} is not possible. Give a list of combinations, each a list of signs: "
            "asked=[['weakness_felt', 'wasting']]."
        )
    return listed


def _advise(combination: str, chosen: list[str]) -> str:
    """Return the advice for people of whom no more is known than which of the chosen signs they have."""
    if combination == UNKNOWN:
        return str(advise({})["advice"].iloc[0])
    there = combination.split(" + ")
    return str(advise({name: float(name in there) for name in chosen})["advice"].iloc[0])


def _find_people(
    model: RedFlagModel, X: pd.DataFrame | ArrayLike | None, y: ArrayLike | None
) -> tuple[FloatArray, FloatArray]:
    if X is None:
        return model._need_training("combinations")
    if y is None:
        raise OptionError("combinations needs the labels of these people: give y too.")
    encoded = model._encode(X)
    if not len(encoded):
        raise NotEnoughDataError("Nobody to count: the table has no rows.")
    return encoded, match_labels(y, model.classes_, X)


def _choose_signs(model: RedFlagModel, encoded: FloatArray, signs: Sequence[str] | None) -> list[str]:
    yes_no = [
        name
        for name, column in zip(model.signs_, encoded.T, strict=True)
        if np.isin(column[~np.isnan(column)], (0.0, 1.0)).all() and name != "sex"
    ]
    for name in signs or []:
        if name not in model.signs_:
            raise unknown_name("sign", name, model.signs_)
        if name not in yes_no:
            raise OptionError(f"signs: {name!r} is not a yes/no sign, so it can't be part of a combination.")
    chosen = list(signs) if signs else yes_no
    if not chosen:
        raise OptionError("None of the model's signs is a yes/no sign, so there are no combinations to tabulate.")
    if len(chosen) > 50:
        raise OptionError(
            f"{len(chosen)} yes/no signs: combinations are made of at most 50. Name them with signs=[...]."
        )
    return chosen


def _code(combination: Sequence[str], chosen: list[str]) -> int:
    for name in combination:
        if name not in chosen:
            raise unknown_name("sign", name, chosen)
    return sum(2 ** chosen.index(name) for name in set(combination))


def _name(code: int, chosen: list[str]) -> str:
    return " + ".join(name for place, name in enumerate(chosen) if code >> place & 1) or NONE


def _describe(
    model: RedFlagModel,
    encoded: FloatArray,
    outcome: FloatArray,
    codes: NDArray[np.int_],
    code: int,
    at: list[int],
    level: float,
) -> dict[str, float]:
    members = codes == code
    people = encoded[members]
    if not members.any():
        people = encoded.copy()
        people[:, at] = [float(code >> place & 1) for place in range(len(at))]
    weights = _weigh(model.base_rate_, outcome)[members] if members.any() else _weigh(model.base_rate_, outcome)
    risk, lower, upper = _average_risk(model, people, weights, level)
    return {
        "n_signs": bin(code).count("1") if code >= 0 else np.nan,
        "n": int(members.sum()),
        "n_serious": int(outcome[members].sum()),
        "risk": risk,
        "risk_lower": lower,
        "risk_upper": upper,
    }


def _weigh(base_rate: float, outcome: FloatArray) -> FloatArray:
    """Return how much each person stands for at the base rate: a sample rich in serious cases is not the population."""
    share = float(outcome.mean())
    if not 0 < share < 1:
        return np.ones(len(outcome))
    return np.where(outcome == 1, base_rate / share, (1 - base_rate) / (1 - share))


def _average_risk(
    model: RedFlagModel, encoded: FloatArray, weights: FloatArray, level: float
) -> tuple[float, float, float]:
    """Return the mean risk with its delta-method interval on the log odds."""
    log_odds, slopes = model._find_log_odds(encoded)
    each = special.expit(log_odds)
    weights = weights / weights.sum()
    mean = float(weights @ each)
    gradient = (weights * each * (1 - each)) @ slopes / max(mean * (1 - mean), 1e-300)
    reach = stats.norm.ppf(0.5 + level / 2) * np.sqrt(max(gradient @ model.covariance_ @ gradient, 0.0))
    middle = special.logit(mean)
    return mean, float(special.expit(middle - reach)), float(special.expit(middle + reach))


def _finish(frame: pd.DataFrame, model: RedFlagModel, outcome: FloatArray, level: float) -> pd.DataFrame:
    n, hits = frame["n"].to_numpy(float), frame["n_serious"].to_numpy(float)
    sample = float(outcome.mean())
    lower, upper = wilson_interval(hits, n, level=level)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = hits / n
    if 0 < sample < 1:
        rate, lower, upper = (shift_risk(value, model.base_rate_, sample) for value in (rate, lower, upper))
    ratio, low, high = likelihood_ratio(hits, n - hits, outcome.sum(), (1 - outcome).sum(), level=level)
    frame = frame.assign(
        observed_rate=rate, observed_lower=lower, observed_upper=upper,
        likelihood_ratio=ratio, lr_lower=low, lr_upper=high, base_rate=model.base_rate_,
    )  # fmt: skip
    order = [
        "combination", "n_signs", "n", "n_serious", "observed_rate", "observed_lower", "observed_upper", "risk",
        "risk_lower", "risk_upper", "likelihood_ratio", "lr_lower", "lr_upper", "base_rate",
    ]  # fmt: skip
    return frame[order].reset_index(drop=True)
