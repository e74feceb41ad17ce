"""What diary apps do: rules by which they tell of an effect, as their help pages say or as is commonly done.

Means of days with and without are compared from three days each on by Bearable's help page 'How to find correlations'.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd

from twitchstats.arrays import BoolArray
from twitchstats.inference import ALPHA
from twitchstats.journal.record import Journal
from twitchstats.panel import Panel, build_panel
from twitchstats.sequential import add_anytime
from twitchstats.study.methods import OUTCOME, TRIGGER, score_people
from twitchstats.study.rivals import correlate, find_naive_p

AUDIT_DAYS = 90
AUDIT_WORLDS = ("independent", "autocorrelated .8", "autocorrelated .9", "shared trend", "weekly rhythm",
                "regime switching", "zero-heavy")  # fmt: skip
LEAST_DAYS = 3  # with and without, from which an app compares means
WORTH_TELLING = 1.2  # a ratio of means that people act on
LARGE_R = 0.3
LOOKS = [*range(28, AUDIT_DAYS, 7), AUDIT_DAYS]  # after so many days, each week
YEAR_LOOKS = (28, 35, 42, 49, 56, 63, 77, 91, 105, 126, 147, 175, 203, 238, 273, 308, 336, 365)  # each an eighth later
NEAR = 0.25  # p of any look, from which on every day is gone through


def compare_three_days(panel: Panel) -> BoolArray:
    """Say whether means differ by a fifth on the first day that has three days with and three without before it."""
    enough = np.all([kind.cumsum(1) >= LEAST_DAYS for kind in _split(panel)], axis=0)
    first = np.where(enough.any(1), enough.argmax(1), enough.shape[1])
    return _differ(panel, np.arange(enough.shape[1]) <= first[:, None]) & enough.any(1)


def split_at_median(panel: Panel) -> BoolArray:
    """Say whether means of days above and below the trigger's own median differ by a fifth."""
    return _differ(panel, np.array(True))


def correlate_first(days: int) -> Callable[[Panel], BoolArray]:
    """Return the rule that tells of a Pearson's r beyond .3 in the first so many days."""

    def tell(panel: Panel) -> BoolArray:
        r, _ = correlate(panel.get(TRIGGER)[:, :days], panel.get(OUTCOME)[:, :days])
        return np.asarray(np.abs(np.nan_to_num(r)) > LARGE_R)

    return tell


def correlate_weekly(panel: Panel) -> BoolArray:
    """Say whether Pearson's r is 'significant' at any weekly look."""
    x, y = panel.get(TRIGGER), panel.get(OUTCOME)
    p_values = [find_naive_p(x[:, :last], y[:, :last]) for last in LOOKS]
    told: BoolArray = np.any(np.nan_to_num(p_values, nan=1.0) < ALPHA, axis=0)
    return told


TRACKERS: dict[str, Callable[[Panel], BoolArray]] = {
    "three days with, three without": compare_three_days,
    **{f"r over .3 in {days} days": correlate_first(days) for days in (7, 30, 90)},
    "median split": split_at_median,
    "p of r, read weekly": correlate_weekly,
}
LOOKED = ("ours, read once", "ours, read weekly", "ours, any look")


def tell_trackers(journal: Journal) -> pd.DataFrame:
    """Return which diaries are told of an effect: a row for each person, a column for each of `TRACKERS` and `LOOKED`.

    Ours are the p-values of `estimate_effects` on the last day, the smallest of weekly ones, and the smallest of those
    that hold however often one looks (`add_anytime`).
    """
    panel = build_panel(journal)
    told = pd.DataFrame({name: rule(panel) for name, rule in TRACKERS.items()}, index=panel.people)
    looks = [_look(journal, last) for last in LOOKS]
    weekly = pd.concat(looks, keys=range(len(looks))).groupby(level=1).min()
    smallest = (looks[-1]["p_value"], weekly["p_value"], weekly["p_anytime"])
    return told.assign(**{name: p < ALPHA for name, p in zip(LOOKED, smallest, strict=True)})


def look_daily(journal: Journal) -> pd.DataFrame:
    """Return which diaries are told of an effect by their last day, and at any look of those taken every day.

    A row for each person. Between `YEAR_LOOKS` the days are gone through for the diaries only that came near at either
    of the two.
    """
    looks = {last: _look(journal, last) for last in YEAR_LOOKS}
    smallest = pd.concat(looks)["p_anytime"].groupby(level=1).min()
    for first, last in pairwise(YEAR_LOOKS):
        nearest = np.minimum(looks[first]["p_anytime"], looks[last]["p_anytime"])
        near = nearest.index[(nearest < NEAR) & (smallest[nearest.index] >= ALPHA)]
        own = replace(journal, days=journal.days[journal.days.index.get_level_values("person").isin(near)])
        for day in range(first + 1, last) if len(near) else ():
            smallest = smallest.combine(_look(own, day)["p_anytime"].reindex(smallest.index), np.fmin)
    return pd.DataFrame({LOOKED[0]: looks[YEAR_LOOKS[-1]]["p_value"] < ALPHA, LOOKED[-1]: smallest < ALPHA})


def _look(journal: Journal, last: int) -> pd.DataFrame:
    """Return the p-values of one look and of any look, a row for each person, 1 where none is told."""
    day = journal.days.groupby("person").cumcount()
    effects = score_people(replace(journal, days=journal.days[(day < last).to_numpy()]), (0,))
    effects = add_anytime(effects.assign(measure="difference", n_people=1))
    told = effects.set_index("person")[["p_value", "p_anytime"]]
    return told.reindex(journal.days.index.unique("person")).fillna(1.0)


def _split(panel: Panel) -> tuple[BoolArray, BoolArray]:
    """Return the days above the trigger's own median, and the others, of those on which both are known."""
    x = panel.get(TRIGGER)
    seen = np.isfinite(x) & np.isfinite(panel.get(OUTCOME))
    above = x > np.nanmedian(np.where(seen, x, np.nan), axis=1, keepdims=True)
    return seen & above, seen & ~above


def _differ(panel: Panel, asked: BoolArray) -> BoolArray:
    """Say whether the means of two kinds of days, of those asked for, are a fifth apart."""
    y = panel.get(OUTCOME)
    one, other = ((np.where(kind & asked, y, 0.0).sum(1) + 1e-9) / np.maximum((kind & asked).sum(1), 1)
                  for kind in _split(panel))  # fmt: skip
    return np.asarray(np.maximum(one, other) >= WORTH_TELLING * np.minimum(one, other))
