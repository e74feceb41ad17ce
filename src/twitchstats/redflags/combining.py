"""Combinations of signs: how often they were seen, how often they were serious, and what the model makes of them."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from twitchstats.arrays import AnyArray, FloatArray
from twitchstats.errors import OptionError, check_list, unknown_name
from twitchstats.inference import compare_shares
from twitchstats.redflags.advice import advise
from twitchstats.redflags.assumptions import move_crowd
from twitchstats.redflags.prevalence import check_share, estimate_share, shift_risk
from twitchstats.redflags.record import Record, assess_people, bound_risk

NONE = "none of these"
UNKNOWN = "not all of these known"


def tabulate_combinations(
    record: Record,
    encoded: FloatArray,
    outcome: FloatArray,
    *,
    signs: Sequence[str] | None = None,
    asked: Iterable[Sequence[str]] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Tabulate every combination of signs that was seen, or those that are asked for.

    Parameters
    ----------
    record : Record
        Fitted.
    encoded, outcome : ndarray, (people, signs), (people,)
        People to count in.
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
        who have the combination; of a person who tells no more than this where nobody has it, and at a base rate whose
        crowd is another than that of the training people); ``likelihood_ratio,
        lr_lower, lr_upper`` (share of the combination among serious to that among other people; half a person is added
        to empty cells); ``base_rate`` and ``advice``. Observed rates are moved to the model's base rate too. The last
        row counts the people of whom not all `signs` are known. Sorted by n, then by name.

    Raises
    ------
    UnknownNameError, OptionError
        A sign that is not there or not yes/no.
    """
    check_share("level", level)
    check_list("signs", signs)
    chosen = _choose_signs(record, encoded, signs)
    at = [record.signs.index(name) for name in chosen]
    kinds, place = np.unique(encoded[:, at], axis=0, return_inverse=True)
    seen = np.array([_name(marks, chosen) for marks in kinds], dtype=object)[place.ravel()]
    if asked is None:
        wanted = sorted(set(seen) - {UNKNOWN})
    else:
        wanted = list(dict.fromkeys(_find(combination, chosen) for combination in _read_asked(asked)))
    people, weights = assess_people(record, encoded), _weigh(record.base.rate, outcome)

    def describe(combination: str) -> dict[str, object]:
        rows, told = np.flatnonzero(seen == combination), np.full((1, len(record.signs)), np.nan)
        there = [name in combination.split(" + ") for name in chosen]
        if combination != UNKNOWN:
            told[0, at] = there
        move = move_crowd(record.origin, record.base, record.signs, told)[0]
        if len(rows) and (move == 0 or combination == UNKNOWN):
            odds = people.take(rows).average(weights[rows])
        else:  # nobody has it, or those who have it are another crowd: a person who tells no more than this
            odds = assess_people(record, told)
        limits = [part.item() for part in bound_risk(record, odds, level)]
        known = {} if combination == UNKNOWN else dict(zip(chosen, map(float, there), strict=True))
        return {
            "combination": combination, "n_signs": sum(there) if known else np.nan, "n": len(rows),
            "n_serious": int(outcome[rows].sum()), "thinned": float(np.exp(-move)),
            **dict(zip(("risk", "risk_lower", "risk_upper"), limits, strict=True)),
            "advice": advise(known)["advice"].iloc[0],
        }  # fmt: skip

    frame = pd.DataFrame([describe(combination) for combination in wanted])
    frame = frame.sort_values(["n", "combination"], ascending=[False, True], kind="stable")
    if asked is None and UNKNOWN in seen:
        frame = pd.concat([frame, pd.DataFrame([describe(UNKNOWN)])])
    return _finish(frame, record, outcome, level)


def _read_asked(asked: Iterable[Sequence[str]]) -> list[Sequence[str]]:
    listed: list[Sequence[str]] = [asked] if isinstance(asked, str) else list(asked)
    if not listed or any(isinstance(one, str) for one in listed):
        raise OptionError(
            f"asked={asked!r} is not possible. Give a list of combinations, each a list of signs: "
            "asked=[['weakness_felt', 'wasting']]."
        )
    return listed


def _choose_signs(record: Record, encoded: FloatArray, signs: Sequence[str] | None) -> list[str]:
    yes_no = [
        name
        for name, column in zip(record.signs, encoded.T, strict=True)
        if np.isin(column[~np.isnan(column)], (0.0, 1.0)).all() and name != "sex"
    ]
    for name in signs or []:
        if name not in record.signs:
            raise unknown_name("sign", name, record.signs)
        if name not in yes_no:
            raise OptionError(f"signs: {name!r} is not a yes/no sign, so it can't be part of a combination.")
    chosen = list(signs) if signs else yes_no
    if not chosen:
        raise OptionError("None of the model's signs is a yes/no sign, so there are no combinations to tabulate.")
    return chosen


def _find(combination: Sequence[str], chosen: list[str]) -> str:
    for name in combination:
        if name not in chosen:
            raise unknown_name("sign", name, chosen)
    return _name(np.isin(chosen, list(combination)), chosen)


def _name(marks: AnyArray, chosen: list[str]) -> str:
    if np.isnan(marks).any():
        return UNKNOWN
    return " + ".join(name for name, mark in zip(chosen, marks, strict=True) if mark) or NONE


def _weigh(base_rate: float, outcome: FloatArray) -> FloatArray:
    """Return how much each person stands for at the base rate: a sample rich in serious cases is not the population."""
    share = float(outcome.mean())
    if not 0 < share < 1:
        return np.ones(len(outcome))
    return np.where(outcome == 1, base_rate / share, (1 - base_rate) / (1 - share))


def _finish(frame: pd.DataFrame, record: Record, outcome: FloatArray, level: float) -> pd.DataFrame:
    n, hits = frame["n"].to_numpy(float), frame["n_serious"].to_numpy(float)
    sample = float(outcome.mean())
    rate, lower, upper = estimate_share(hits, n, level=level)
    thinned = frame["thinned"].to_numpy()  # in another crowd, others have it more or less often
    rate, lower, upper = (value / (value + (1 - value) * thinned) for value in (rate, lower, upper))
    if 0 < sample < 1:
        rate, lower, upper = (shift_risk(value, record.base.rate, sample) for value in (rate, lower, upper))
    log_ratio, error = compare_shares(hits, n - hits, outcome.sum(), (1 - outcome).sum())
    reach = stats.norm.ppf(0.5 + level / 2) * error
    ratio, low, high = np.exp([log_ratio, log_ratio - reach, log_ratio + reach]) / thinned
    frame = frame.assign(
        observed_rate=rate, observed_lower=lower, observed_upper=upper,
        likelihood_ratio=ratio, lr_lower=low, lr_upper=high, base_rate=record.base.rate,
    )  # fmt: skip
    order = [
        "combination", "n_signs", "n", "n_serious", "observed_rate", "observed_lower", "observed_upper", "risk",
        "risk_lower", "risk_upper", "likelihood_ratio", "lr_lower", "lr_upper", "base_rate", "advice",
    ]  # fmt: skip
    return frame[order].reset_index(drop=True)
