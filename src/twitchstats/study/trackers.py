"""What diary apps do: rules by which they tell of an effect, as their help pages say or as is commonly done.

Means of days with and without are compared from three days each on by Bearable's help page 'How to find correlations'.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from twitchstats.arrays import BoolArray
from twitchstats.inference import ALPHA
from twitchstats.journal.record import Journal
from twitchstats.panel import Panel, build_panel
from twitchstats.sequential import add_anytime
from twitchstats.study.methods import OUTCOME, score_people
from twitchstats.study.rivals import correlate, correlate_naively

TRIGGER = "trigger_1"
AUDIT_DAYS = 90
AUDIT_WORLDS = ("independent", "autocorrelated .8", "autocorrelated .9", "shared trend", "weekly rhythm",
                "regime switching", "zero-heavy")  # fmt: skip
LEAST_DAYS = 3  # with and without, from which an app compares means
WORTH_TELLING = 1.2  # a ratio of means that people act on
LARGE_R = 0.3
WEEK = 7
FIRST_LOOK = 28


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
    looks = [_cut(panel, last) for last in list_looks()]
    p_values = [correlate_naively(seen, OUTCOME, TRIGGER, 0).p_value for seen in looks]
    told: BoolArray = np.any(np.nan_to_num(p_values, nan=1.0) < ALPHA, axis=0)
    return told


TRACKERS: dict[str, Callable[[Panel], BoolArray]] = {
    "three days with, three without": compare_three_days,
    **{f"r over .3 in {days} days": correlate_first(days) for days in (7, 30, 90)},
    "median split": split_at_median,
    "p of r, read weekly": correlate_weekly,
}
OURS = ("ours, read once", "ours, read weekly", "ours, any look")


def tell_trackers(journal: Journal) -> pd.DataFrame:
    """Return which diaries are told of an effect: a row for each person, a column for each of `TRACKERS` and `OURS`.

    Ours are the p-values of `estimate_effects` on the last day, the smallest of weekly ones, and the smallest of those
    that hold however often one looks (`add_anytime`).
    """
    panel = build_panel(journal)
    told = pd.DataFrame({name: rule(panel) for name, rule in TRACKERS.items()}, index=panel.people)
    day = journal.days.groupby("person").cumcount()
    looks = []
    for last in list_looks():
        effects = score_people(replace(journal, days=journal.days[(day < last).to_numpy()]), (0,))
        effects = add_anytime(effects.assign(measure="difference", n_people=1))
        looks.append(effects.set_index("person")[["p_value", "p_anytime"]].reindex(panel.people).fillna(1.0))
    weekly = pd.concat(looks, keys=range(len(looks))).groupby(level=1).min()
    smallest = (looks[-1]["p_value"], weekly["p_value"], weekly["p_anytime"])
    return told.assign(**{name: p < ALPHA for name, p in zip(OURS, smallest, strict=True)})


def list_looks() -> list[int]:
    """Return the days of weekly looks, and the last.

    >>> list_looks()[:3], list_looks()[-1]
    ([28, 35, 42], 90)
    """
    return [*range(FIRST_LOOK, AUDIT_DAYS, WEEK), AUDIT_DAYS]


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


def _cut(panel: Panel, days: int) -> Panel:
    """Return the first days of a panel."""
    kept = panel.values[..., :days]  # noqa: PD011 - not a frame
    return replace(panel, values=kept, weekday=panel.weekday[:, :days], copied=panel.copied[:, :days])
