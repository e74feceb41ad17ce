"""The methods that the study compares, behind one door: a journal in, tests by person, trigger and lag out."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from twitchstats.arrays import IntArray
from twitchstats.errors import check_choice
from twitchstats.inference import ALPHA
from twitchstats.journal.record import Journal
from twitchstats.panel import Panel, build_panel
from twitchstats.study import rivals
from twitchstats.triggers import correlate_triggers
from twitchstats.triggers.engine import Options, score_panel
from twitchstats.triggers.families import choose_family
from twitchstats.triggers.rows import label_rows, list_people

OUTCOME, TRIGGER = "twitches", "trigger_1"  # of simulated diaries
TOLD = ["person", "trigger", "lag", "p_value", "estimate", "ci_lower", "ci_upper"]
Rival = Callable[[Panel, str, str, int], rivals.Tests]

RIVALS: dict[str, Rival] = {
    "naive": rivals.correlate_naively,
    "shuffled days": rivals.shuffle_days,
    "circular shift": rivals.shift_in_circle,
    "least squares": partial(rivals.regress, fit="logs"),
    "quasi-Poisson": partial(rivals.regress, fit="counts"),
    "quasi-Poisson HC3": partial(rivals.regress, fit="counts, HC3"),
}
METHODS = (*RIVALS, "correlate_triggers", "estimate_effects")
REFERENCE = "least squares"  # whose power ours must reach
OF_COUNTS = (REFERENCE, "quasi-Poisson", "quasi-Poisson HC3")  # made for no other outcome
ABOUT = {
    "naive": "Pearson's r, days taken as independent",
    "shuffled days": "Pearson's r against shuffled days",
    "circular shift": "Pearson's r against the diary moved round in a circle",
    "least squares": "log(1 + count) on trigger, older trigger, yesterday's count, weekday, trend",
    "quasi-Poisson": "the same columns, log link, the model's variance",
    "quasi-Poisson HC3": "the same columns, log link, sandwich variance",
    "correlate_triggers": "ours: ranks without trend and weekday, effective number of days",
    "estimate_effects": "ours: score tests in a model of counts",
}


def run_method(method: str, journal: Journal, *, lags: Sequence[int]) -> pd.DataFrame:
    """Test every trigger of a simulated journal at every lag with one method.

    Parameters
    ----------
    method : str
        One of `METHODS`.
    journal : Journal
        Its outcome is ``twitches``; every other variable is a trigger.
    lags : sequence of int

    Returns
    -------
    DataFrame
        ``person, trigger, lag, p_value, estimate, ci_lower, ci_upper``, sorted by the first three. Estimates and
        intervals on the log scale, NaN from methods that give no rate ratio.

    Raises
    ------
    OptionError
        There is no such method.

    Examples
    --------
    >>> import twitchstats as tw
    >>> diary = tw.simulate_suspicion(effect=0.5, hidden=0.0, days=60)
    >>> run_method("estimate_effects", diary, lags=(0, 1))[["trigger", "lag"]].values.tolist()
    [['caffeine', 0], ['caffeine', 1]]
    """
    check_choice("method", method, METHODS)
    if method in RIVALS:
        return _run_rival(RIVALS[method], journal, lags)
    if method == "estimate_effects":
        return score_people(journal, lags)[TOLD]
    return correlate_triggers(journal, lags=lags, by="person")[TOLD[:4]].reindex(columns=TOLD)


def score_people(
    journal: Journal,
    lags: Sequence[int],
    *,
    people: IntArray | slice = slice(None),
    detect: float | None = None,
) -> pd.DataFrame:
    """Return what `estimate_effects` tells of each person, or some, on the scale of the model and without cautions."""
    panel = build_panel(journal)
    panel = panel.take(np.arange(len(panel.people))[people])
    kinds = journal.variables.set_index("name")["kind"]
    triggers = sorted(name for name in panel.names if name != OUTCOME)
    family = choose_family(str(kinds[OUTCOME]))
    scores = score_panel(panel, OUTCOME, triggers, lags, family=family, options=Options())
    return label_rows(list_people(scores, np.ones(len(triggers)), detect=detect), panel.people, triggers, lags)


def _run_rival(rival: Rival, journal: Journal, lags: Sequence[int]) -> pd.DataFrame:
    panel = build_panel(journal)
    triggers = sorted(name for name in panel.names if name != OUTCOME)
    frames = []
    for trigger in triggers:
        for lag in lags:
            tests = rival(panel, OUTCOME, trigger, lag)
            frames.append(pd.DataFrame({"person": panel.people, "trigger": trigger, "lag": lag} | tests))
    return (
        pd.concat(frames)
        .reindex(columns=TOLD)
        .sort_values(["person", "trigger", "lag"], kind="stable", ignore_index=True)
    )


def expect_naive_size(memory: float) -> float:
    """Return how often the naive correlation of two unrelated drifting series is 'significant', for long diaries.

    The variance of r is (1 + memory^2) / (1 - memory^2) times that of independent days (Bartlett 1935).

    Examples
    --------
    >>> [round(expect_naive_size(memory), 3) for memory in (0.3, 0.5, 0.7, 0.9)]
    [0.073, 0.129, 0.252, 0.525]
    """
    inflation = (1 + memory**2) / (1 - memory**2)
    return float(2 * stats.norm.sf(stats.norm.isf(ALPHA / 2) / np.sqrt(inflation)))
