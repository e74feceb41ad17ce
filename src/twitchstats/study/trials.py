"""Trials in worlds whose truth is known: days drawn by lot in place of the world's own trigger."""

from dataclasses import replace

import numpy as np
import pandas as pd

from twitchstats.panel import build_panel
from twitchstats.simulate.processes import MISSED_RUN, PROCESSES, Process, simulate_process
from twitchstats.simulate.series import draw_missed
from twitchstats.trial.exact import find_p_value, find_size, lay_days
from twitchstats.trial.lots import lay_lots
from twitchstats.triggers.families import choose_family

OTHER_TRIGGERS = (  # they differ from others in the trigger only, and a lot follows nobody
    "feedback", "effect on the same day", "yes/no trigger", "rare trigger", "rare trigger, few twitches",
    "exposed days vary more",
)  # fmt: skip
TRIAL_WORLDS = tuple(world for world in PROCESSES if world not in OTHER_TRIGGERS)
TRIAL_DAYS = {"days": 60, "pairs": 60, "blocks": 112}  # eight pairs of weeks: 256 schedules
CARRY_OVER = (0.0, 0.4)  # of the day before
TRIAL_EFFECT = 0.4  # between days with and without, log rate ratio or the outcome's unit: .2 for each SD of a coin
DRAWS = 199


def simulate_trials(
    world: str | Process,
    *,
    trials: int,
    days: int = 60,
    design: str = "days",
    effect: float = 0.0,
    carry_over: float = 0.0,
    draws: int = DRAWS,
    seed: int | np.random.Generator = 1,
) -> pd.DataFrame:
    """Simulate trials of one person each, and test them by the lot.

    Parameters
    ----------
    design : str
        As in `plan_trial`; "blocks" are weeks whose first day is wash-out.
    effect, carry_over : float
        Planted on the day, and on the day after: log rate ratio (counts), log odds ratio (yes/no), or difference.
    draws : int
        Schedules that each trial is compared with.

    Returns
    -------
    DataFrame
        A row for each trial: ``p_value`` of no effect, ``size`` (`find_size`; NaN where anything acts), and
        ``p_planted`` of the planted effect (of weeks: with what is carried over inside them), which an interval of 95 %
        holds where it is above .05. That is NaN where an effect is planted on yes/no outcomes, which a trial tells as a
        difference, on days of which some are copies, or on weeks in which twitching breeds twitching: then a period's
        effect is another than a day's.
    """
    process = PROCESSES[world] if isinstance(world, str) else world
    rng = np.random.default_rng(seed)
    weeks = design == "blocks"
    lots = lay_lots(days, design=design, period=7 if weeks else 1, washout=int(weeks))
    drawn = lots.draw(rng, trials).astype(float)
    acting = effect * drawn + carry_over * np.pad(drawn, ((0, 0), (1, 0)))[:, :-1]
    journal, _ = simulate_process(
        replace(process, missing=0.0), people=trials, days=days, effect=1.0, drawn=acting, seed=rng
    )
    y = build_panel(journal, variables=["twitches"]).get("twitches")
    y = np.where(draw_missed(np.full(y.shape, process.missing), MISSED_RUN, rng), np.nan, y)
    family = choose_family("count" if process.kind == "count" else "amount")
    truth = effect + carry_over * weeks
    untold = truth and (process.kind == "yes/no" or process.copied or (weeks and process.exciting))
    tested = np.full((trials, 3), np.nan)
    for row, own, outcome in zip(tested, drawn, y, strict=True):
        laid = lay_days(outcome, own, lots.list_schedules(own, rng, draws), lots, np.arange(days))
        row[0] = find_p_value(laid, 0.0, family)
        row[2] = np.nan if effect or carry_over else find_size(laid, family)
        row[1] = np.nan if untold else find_p_value(laid, truth, family) if truth else row[0]
    return pd.DataFrame(tested, columns=["p_value", "p_planted", "size"])
