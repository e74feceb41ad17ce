"""The base-rate picture: of 100,000 people who twitch, how many have a serious condition."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special

from twitchstats.errors import check_list, check_whole, unknown_name
from twitchstats.redflags.advice import ANY_FLAG_ADVICE, advise
from twitchstats.redflags.assumptions import Odds, draw_moves, judge_finding
from twitchstats.redflags.prevalence import check_share, read_base_rate
from twitchstats.redflags.training import read_outcome
from twitchstats.signs import find_signs, load_signs, mark_present, name_signs


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
        conditions that need a doctor are not in it), ``advice``. The interval says what is known: of a simulated cohort
        over draws of its parameters, of a real one the sign's (Simel 1991); in both with that of a base rate that is
        named. A simulated clinic sample is moved to the mix of other conditions that goes with the base rate.

    Raises
    ------
    UnknownNameError, OptionError
        A column, sign or base rate that is not possible.
    NotEnoughDataError
        No serious case, or nobody else.

    Examples
    --------
    >>> import twitchstats as tw
    >>> people = tw.simulate_cohort(people=500, seed=1)
    >>> count_people(people, base_rate=0.001, signs=["wasting"])[["sign", "state", "n_cohort"]]
            sign    state  n_cohort
    0  everybody      all       500
    1    wasting  present       467
    2    wasting   absent       467
    """
    check_share("level", level)
    check_whole("people", people, least=1)
    check_list("signs", signs)
    known, serious, origin = read_outcome(cohort, outcome)
    known = name_signs(known)
    base = read_base_rate(base_rate, origin.serious if origin else ("MND",), option="base_rate")
    marks = _mark(known, signs)
    everybody = np.array([special.logit(base.rate)])
    whole = Odds(everybody, np.zeros(1), draw_moves(None, base, (), np.empty((1, 0)), everybody)).bound(level)
    rows = [("everybody", "Everybody who twitches", "all", 1.0, *np.ravel(whole), len(known))]
    for name in marks.columns:
        label, least = load_signs().loc[name, ["label", "threshold"]]
        found = judge_finding(
            marks[name].to_numpy(float), serious, origin, base, pd.DataFrame({name: [1.0, 0.0]}),
            np.array([True, False]), weeks_from=least, level=level,
        )  # fmt: skip
        behind = found.n_sick + found.n_other
        for place, state in enumerate(("present", "absent")):
            sick, other = found.hits[place] / max(found.n_sick, 1), found.alarms[place] / max(found.n_other, 1)
            share = base.rate * sick + (1 - base.rate) * other
            rows.append((name, label, state, share, *found.risks[:, place], int(behind)))
    frame = pd.DataFrame(rows, columns=["sign", "label", "state", "share", "risk", "low", "high", "n_cohort"])
    with np.errstate(divide="ignore"):
        counted = {
            "n_with": frame["share"] * people, "n_serious": frame["share"] * people * frame["risk"],
            "estimate": frame["risk"] * people, "ci_lower": frame["low"] * people, "ci_upper": frame["high"] * people,
            "one_in": 1 / frame["risk"], "n_cohort": frame["n_cohort"], "base_rate": base.rate,
            "condition": base.condition, "advice": [_advise(row.sign, row.state) for row in frame.itertuples()],
        }  # fmt: skip
    return frame[["sign", "label", "state"]].assign(**counted)


def _advise(sign: str, state: str) -> str:
    """Return the advice for people with the sign, and the general one for everybody else."""
    if state != "present" or pd.isna(load_signs().loc[sign, "level"]):
        return ANY_FLAG_ADVICE
    threshold = load_signs().loc[sign, "threshold"]
    return str(advise({sign: 1.0 if pd.isna(threshold) else threshold})["advice"].iloc[0])


def _mark(people: pd.DataFrame, signs: Sequence[str] | None) -> pd.DataFrame:
    marks, kinds = mark_present(people), load_signs()["kind"]
    known = [name for name in find_signs(people.columns) if name in marks]
    for name in signs or []:
        if name not in known:
            raise unknown_name("yes/no sign", name, known)
    return marks[list(signs or [name for name in known if kinds[name] == "yes/no"])]
