"""Combinations of signs: how often they were seen, how often they were serious, and what the model makes of them."""

from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
import pandas as pd
from scipy import stats

from twitchstats.arrays import AnyArray, FloatArray
from twitchstats.errors import OptionError, check_list, check_names, check_share
from twitchstats.inference import compare_shares
from twitchstats.redflags.advice import advise
from twitchstats.redflags.assumptions import move_crowd
from twitchstats.redflags.design import mark_yes_no
from twitchstats.redflags.prevalence import estimate_share, shift_risk
from twitchstats.redflags.record import Record, assess_people, bound_risk

NONE = "none of these"
UNKNOWN = "not all of these known"
MEASURES = (
    "observed_rate", "observed_lower", "observed_upper", "risk", "risk_lower", "risk_upper", "likelihood_ratio",
    "lr_lower", "lr_upper",
)  # fmt: skip


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
    chosen = _choose_signs(record, encoded, signs)
    at = [record.signs.index(name) for name in chosen]
    kinds, place = np.unique(encoded[:, at], axis=0, return_inverse=True)
    seen = np.array([_name(marks, chosen) for marks in kinds], dtype=object)[place.ravel()]
    if asked is None:
        wanted = sorted(set(seen) - {UNKNOWN})
    else:
        try:
            listed = [check_list("asked", one) for one in check_list("asked", asked)]
        except OptionError:
            listed = []
        if not listed:
            raise OptionError(
                f"asked={asked!r:.60} is not possible. Give a list of combinations, each a list of signs: "
                "asked=[['weakness_felt', 'wasting']]."
            )
        check_names("sign", chain.from_iterable(listed), chosen)
        wanted = list(dict.fromkeys(_name(np.isin(chosen, list(one)), chosen) for one in listed))
    people, base = assess_people(record, encoded), record.base.rate
    n_sick, share = outcome.sum(), float(outcome.mean())
    mixed = 0 < share < 1  # what each person stands for: a sample rich in serious cases is not the population
    weights = np.where(outcome == 1, base / share, (1 - base) / (1 - share)) if mixed else np.ones(len(outcome))
    z = stats.norm.ppf(0.5 + level / 2)

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
        hits, n, thinned = outcome[rows].sum(), len(rows), np.exp(-move)  # in another crowd, others have it less often
        observed = [rate / (rate + (1 - rate) * thinned) for rate in estimate_share(hits, n, level=level)]
        observed = [shift_risk(rate, base, share) for rate in observed] if mixed else observed
        log_ratio, error = compare_shares(hits, n - hits, n_sick, len(outcome) - n_sick)
        ratios = np.exp([log_ratio, log_ratio - z * error, log_ratio + z * error]) / thinned
        known = {} if combination == UNKNOWN else dict(zip(chosen, map(float, there), strict=True))
        parts = [*observed, *bound_risk(record, odds, level), *ratios]
        return {
            "combination": combination, "n_signs": sum(there) if known else np.nan, "n": n, "n_serious": int(hits),
            **{name: part.item() for name, part in zip(MEASURES, parts, strict=True)},
            "base_rate": base, "advice": advise(known)["advice"].iloc[0],
        }  # fmt: skip

    frame = pd.DataFrame([describe(combination) for combination in wanted])
    frame = frame.sort_values(["n", "combination"], ascending=[False, True], kind="stable")
    if asked is None and UNKNOWN in seen:
        frame = pd.concat([frame, pd.DataFrame([describe(UNKNOWN)])])
    return frame.reset_index(drop=True)


def _choose_signs(record: Record, encoded: FloatArray, signs: Sequence[str] | None) -> list[str]:
    marks = zip(record.signs, mark_yes_no(encoded), strict=True)
    yes_no = [name for name, there in marks if there and name != "sex"]
    chosen = check_list("signs", signs) or yes_no
    check_names("sign", chosen, record.signs)
    for name in chosen:
        if name not in yes_no:
            raise OptionError(f"signs: {name!r} is not a yes/no sign, so it can't be part of a combination.")
    if not chosen:
        raise OptionError("None of the model's signs is a yes/no sign, so there are no combinations to tabulate.")
    return chosen


def _name(marks: AnyArray, chosen: list[str]) -> str:
    if np.isnan(marks).any():
        return UNKNOWN
    return " + ".join(name for name, mark in zip(chosen, marks, strict=True) if mark) or NONE
