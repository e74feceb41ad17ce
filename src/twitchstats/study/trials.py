"""How often a trial finds what is not there, and what is: counted in worlds whose truth is known."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from twitchstats.panel import FloatArray, build_panel
from twitchstats.simulate.processes import MISSED_RUN, PROCESSES, simulate_process
from twitchstats.simulate.series import draw_missed
from twitchstats.trial.days import lay_days
from twitchstats.trial.exact import find_interval, test_effect
from twitchstats.trial.lots import Lots, lay_lots
from twitchstats.triggers.families import choose_family

OTHER_TRIGGERS = (  # they differ from others in the trigger only, and a lot follows nobody
    "feedback", "effect on the same day", "yes/no trigger", "rare trigger", "rare trigger, few twitches",
    "exposed days vary more",
)  # fmt: skip
TRIAL_WORLDS = tuple(world for world in PROCESSES if world not in OTHER_TRIGGERS)
DRAWS = 199
EFFECT = 0.4  # between days with and without, log rate ratio or the outcome's unit: .2 for each SD of a coin


def study_trials(
    worlds: Sequence[str] = TRIAL_WORLDS,
    *,
    days: int = 60,
    trials: int = 200,
    design: str = "days",
    period: int = 7,
    washout: int = 0,
    effect: float = 0.0,
    carry_over: float = 0.0,
    intervals: bool = False,
    draws: int = DRAWS,
    seed: int = 1,
) -> pd.DataFrame:
    """Count how often trials of one person find an effect.

    Parameters
    ----------
    worlds : sequence of str
    days, trials : int
    design, period, washout
        As in `plan_trial`.
    effect : float
        Planted on the day: log rate ratio, or difference.
    carry_over : float
        Planted on the day after, in place of an effect on the day.
    intervals : bool
        Count how often the interval holds the planted effect, too.
    draws : int
        Schedules that each trial is compared with.
    seed : int

    Returns
    -------
    DataFrame
        ``world, design, days, washout, effect, carry_over, found`` (share of trials with p at most .05), ``covered``
        and ``trials``.
    """
    lots = lay_lots(days, design=design, period=period, washout=washout)
    rows = []
    for number, world in enumerate(worlds):
        rng = np.random.default_rng([seed, number])
        drawn = lots.draw(rng, trials).astype(float)
        told = _count_world(world, lots, drawn, effect or carry_over, bool(carry_over), intervals, draws, rng)
        rows.append([world, design, days, washout, effect, carry_over, *told, trials])
    names = ["world", "design", "days", "washout", "effect", "carry_over", "found", "covered", "trials"]
    return pd.DataFrame(rows, columns=names)


def _count_world(
    world: str,
    lots: Lots,
    drawn: FloatArray,
    planted: float,
    later: bool,
    intervals: bool,
    draws: int,
    rng: np.random.Generator,
) -> tuple[float, float]:
    process = PROCESSES[world]
    journal, _ = simulate_process(
        replace(process, missing=0.0), people=len(drawn), days=drawn.shape[1], effect=planted, lag=int(later),
        drawn=drawn, seed=rng,
    )  # fmt: skip
    y = build_panel(journal, variables=["twitches"]).get("twitches")
    y = np.where(draw_missed(np.full(y.shape, process.missing), MISSED_RUN, rng), np.nan, y)
    family = choose_family("count" if process.kind == "count" else "amount")
    found, covered = [], []
    for own, outcome in zip(drawn, y, strict=True):
        schedules = np.concatenate([own[None], lots.draw(rng, draws)])
        days = lay_days(outcome, own, schedules, lots.analysed, np.arange(len(own)), whole=False)
        found.append(test_effect(days, 0.0, family) <= 0.05)
        if intervals:
            low, high = find_interval(days, family)
            covered.append(low <= (0.0 if later else planted) <= high)
    return float(np.mean(found)), float(np.mean(covered)) if intervals else float("nan")
