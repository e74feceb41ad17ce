"""Combinations of signs: how often they were seen, how often they were serious, and what the model makes of them."""

from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
import pandas as pd
from scipy import stats

from twitchstats.arrays import AnyArray, BoolArray, FloatArray
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
    own = encoded[:, at]
    unknown = np.isnan(own).any(axis=1)
    marks = np.unique(own[~unknown] if asked is None else _read_asked(asked, chosen), axis=0)
    members, names = [(own == kind).all(axis=1) for kind in marks], [_name(kind, chosen) for kind in marks]
    if asked is None and unknown.any():
        marks, members, names = np.vstack([marks, np.full(len(at), np.nan)]), [*members, unknown], [*names, UNKNOWN]
    n, hits = (np.array([counted[rows].sum() for rows in members]) for counted in (np.ones(len(own), int), outcome))
    told = np.full((len(marks), len(record.signs)), np.nan)
    told[:, at] = marks
    moves = move_crowd(record.origin, record.base, record.signs, told)
    base, share, n_sick = record.base.rate, float(outcome.mean()), outcome.sum()
    thinned = np.exp(-moves)  # in another crowd, others have it less often
    observed = np.array([rate / (rate + (1 - rate) * thinned) for rate in estimate_share(hits, n, level=level)])
    if 0 < share < 1:
        observed = shift_risk(observed, base, share)
    ratios, errors = compare_shares(hits, n - hits, n_sick, len(outcome) - n_sick)
    limits = stats.norm.ppf(0.5 + level / 2) * errors * np.array([[0], [-1], [1]])
    risks = _find_risks(
        record, encoded, outcome, told, [rows & (move == 0) for rows, move in zip(members, moves, strict=True)], level
    )
    columns = dict(zip(MEASURES, [*observed, *risks, *(np.exp(ratios + limits) / thinned)], strict=True))
    n_signs = marks.sum(axis=1)
    frame = pd.DataFrame(
        {
            "combination": names, "n_signs": n_signs if np.isnan(n_signs).any() else n_signs.astype(int), "n": n,
            "n_serious": hits.astype(int), **columns, "base_rate": base,
            "advice": advise(pd.DataFrame(marks, columns=chosen))["advice"].to_numpy(),
        }
    )  # fmt: skip
    return frame.iloc[np.lexsort((np.array(names), -n, np.isnan(n_signs)))].reset_index(drop=True)


def _read_asked(asked: Iterable[Sequence[str]], chosen: list[str]) -> FloatArray:
    """Return the combinations that are asked for, 1 and 0 for each of the chosen signs."""
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
    return np.array([np.isin(chosen, list(one)) for one in listed], float)


def _find_risks(
    record: Record, encoded: FloatArray, outcome: FloatArray, told: FloatArray, members: list[BoolArray], level: float
) -> FloatArray:
    """Return the risk of each combination with limits, (3, combinations): the mean of its members.

    Where it has none, it is that of a person who tells no more than this. Each member counts for the people that they
    stand for: a sample rich in serious cases is not the population.
    """
    base, share = record.base.rate, float(outcome.mean())
    weights = np.ones(len(outcome))
    if 0 < share < 1:
        weights = np.where(outcome == 1, base / share, (1 - base) / (1 - share))
    people, alone = assess_people(record, encoded), assess_people(record, told)
    found = [
        people.take(rows).average(weights[rows]) if rows.any() else alone.take(np.array([place]))
        for place, rows in enumerate(members)
    ]
    return np.hstack([bound_risk(record, odds, level) for odds in found])


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
    return " + ".join(name for name, mark in zip(chosen, marks, strict=True) if mark) or NONE
