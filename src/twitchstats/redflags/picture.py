"""The base-rate picture: of 100,000 people who twitch, how many have a serious condition."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twitchstats.errors import NotEnoughDataError, unknown_name
from twitchstats.redflags.advice import ANY_FLAG_ADVICE, advise, mark_present
from twitchstats.redflags.prevalence import find_base_rate, name_condition
from twitchstats.redflags.rules import likelihood_ratio
from twitchstats.signs import encode_signs, find_signs, load_signs

FloatArray = NDArray[np.float64]

EVERYBODY = "everybody"


def count_people(
    cohort: pd.DataFrame,
    *,
    base_rate: float | str = "adults in general",
    people: int = 100_000,
    outcome: str = "serious",
    signs: Sequence[str] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Count, among `people` who twitch, those with a serious condition, with and without each sign.

    Parameters
    ----------
    cohort : DataFrame
        Signs and the outcome (1 serious, 0 not), in any mixture.
    base_rate : float or str
        Share of serious cases among the people counted: a number, or a setting of `base_rates`.
    people : int
        How many people to imagine.
    outcome : str
        The outcome column.
    signs : sequence of str, optional
        Signs to show, by default every yes/no sign. "persistence_weeks" counts as present from the threshold
        of `load_signs` on.
    level : float
        Confidence level.

    Returns
    -------
    DataFrame
        ``sign, label, state`` ("present", "absent"; "all" in the first row, which is everybody), ``n_with`` (of the
        people imagined, how many are in this state), ``n_serious`` (of those, how many are serious), ``estimate,
        ci_lower, ci_upper`` (serious cases among `people` people in this state), ``one_in`` (1 / share), ``n_cohort``
        (people of the cohort behind it), ``base_rate, condition`` (what the base rate counts; other
        conditions that need a doctor are not in it), ``advice``. The interval is the sign's (Simel 1991); the base rate
        is taken as given.

    Raises
    ------
    UnknownNameError, OptionError
        A column, sign or base rate that is not possible.
    NotEnoughDataError
        No serious case, or nobody else.
    """
    if outcome not in cohort.columns:
        raise unknown_name("column", outcome, cohort.columns)
    known = cohort[cohort[outcome].notna()]
    serious = known[outcome].to_numpy(float) == 1
    if serious.all() or not serious.any():
        raise NotEnoughDataError(
            f"{outcome}: {int(serious.sum())} of {len(serious)} people are serious. Both are needed."
        )
    rate = find_base_rate(base_rate)
    marks = _mark(known, signs)
    rows = [_describe(EVERYBODY, "Everybody who twitches", "all", 1.0, (1.0, 1.0, 1.0), rate, people, len(known))]
    for name in marks.columns:
        rows += _compare(name, marks[name].to_numpy(float), serious, rate, people, level)
    frame = pd.DataFrame(rows)
    frame["condition"] = name_condition(base_rate)
    return frame.assign(advice=[_advise(row.sign, row.state) for row in frame.itertuples()])


def _advise(sign: str, state: str) -> str:
    """Return the advice for people with the sign, and the general one for everybody else."""
    if state != "present" or pd.isna(load_signs().loc[sign, "level"]):
        return ANY_FLAG_ADVICE
    threshold = load_signs().loc[sign, "threshold"]
    return str(advise({sign: 1.0 if pd.isna(threshold) else threshold})["advice"].iloc[0])


def _mark(people: pd.DataFrame, signs: Sequence[str] | None) -> pd.DataFrame:
    table = load_signs()
    levels = mark_present(people)
    known = [name for name in find_signs(people.columns) if table.loc[name, "kind"] in ("yes/no", "weeks")]
    for name in signs or []:
        if name not in known:
            raise unknown_name("yes/no sign", name, known)
    columns = {
        name: levels[name] if name in levels else pd.Series(encode_signs(people, [name])[:, 0], index=people.index)
        for name in signs or [name for name in known if table.loc[name, "kind"] == "yes/no"]
    }
    return pd.DataFrame(columns, index=people.index)


def _compare(
    name: str, marks: FloatArray, serious: NDArray[np.bool_], rate: float, people: int, level: float
) -> list[dict[str, object]]:
    told = ~np.isnan(marks)
    n_sick, n_other = float((told & serious).sum()), float((told & ~serious).sum())
    label = str(load_signs().loc[name, "label"])
    rows = []
    for state, value in (("present", 1.0), ("absent", 0.0)):
        hits, alarms = float((serious & (marks == value)).sum()), float((~serious & (marks == value)).sum())
        ratios = likelihood_ratio(hits, alarms, n_sick, n_other, level=level)
        share = rate * hits / max(n_sick, 1) + (1 - rate) * alarms / max(n_other, 1)
        behind = int(n_sick + n_other)
        rows.append(_describe(name, label, state, share, tuple(map(float, ratios)), rate, people, behind))
    return rows


def _describe(
    name: str, label: str, state: str, share: float, ratios: tuple[float, ...], rate: float, people: int, behind: int
) -> dict[str, object]:
    odds = np.array(ratios) * rate / (1 - rate)
    risk, lower, upper = odds / (1 + odds)
    return {
        "sign": name, "label": label, "state": state, "n_with": share * people, "n_serious": share * people * risk,
        "estimate": risk * people, "ci_lower": lower * people, "ci_upper": upper * people,
        "one_in": 1 / risk if risk > 0 else np.inf, "n_cohort": behind, "base_rate": rate,
    }  # fmt: skip
