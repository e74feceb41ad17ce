"""What the notebooks read and compare: the demo journals, and what was planted beside what was found."""

from dataclasses import replace

import numpy as np
import pandas as pd

from twitchstats.arrays import FloatArray
from twitchstats.errors import check_choice, check_number, check_table, check_whole
from twitchstats.journal import Journal, read_journal
from twitchstats.numbers import format_effect
from twitchstats.report.tables import Table, show_table
from twitchstats.report.wording.rows import lay_columns
from twitchstats.resources import find_resource
from twitchstats.simulate.demo import DEMO
from twitchstats.simulate.journal import simulate_journal
from twitchstats.simulate.series import draw_ar1
from twitchstats.trial import Plan
from twitchstats.trial.plan import check_plan


def read_demo(who: str = "person") -> Journal:
    """Read the simulated journal of one person, or of a group, that comes with the package.

    Parameters
    ----------
    who : {"person", "group"}

    Raises
    ------
    OptionError
        Another word.

    Examples
    --------
    >>> read_demo()
    <Journal: 1 people, 153 days, 17 variables>
    """
    check_choice("who", who, ["person", "group"])
    if who == "person":
        return read_journal(find_resource("data", "demo_journal.csv"))
    days, people, episodes = (
        find_resource("data", f"demo_group_{name}.csv") for name in ("days", "people", "episodes")
    )
    return read_journal(days, people=people, episodes=episodes)


def load_demo_truth() -> pd.DataFrame:
    """Return the effects that were planted in the demo journal of one person, as `simulate_journal` tells them.

    Examples
    --------
    >>> import twitchstats as tw
    >>> tw.load_demo_truth().columns[:4].to_list()
    ['effect', 'trigger', 'outcome', 'among']
    """
    return simulate_journal(**DEMO)[1]  # type: ignore[arg-type]


def compare_truth(effects: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Set what was planted beside what was found.

    Parameters
    ----------
    effects : DataFrame
        As `estimate_effects` returns it, pooled.
    truth : DataFrame
        As `simulate_journal` returns it; effects of triggers are taken.

    Returns
    -------
    DataFrame
        ``trigger, lag, measure, planted, estimate, ci_lower, ci_upper, p_adjusted, holds`` (bool: the interval holds
        the planted effect); one row for each planted effect that was estimated.

    Examples
    --------
    >>> import twitchstats as tw
    >>> rows = tw.estimate_effects(tw.read_demo(), triggers="caffeine")
    >>> compare_truth(rows, tw.load_demo_truth())[["trigger", "lag", "planted", "holds"]]
        trigger  lag  planted  holds
    0  caffeine  0.0     1.35   True
    """
    check_table("effects", effects, ("trigger", "lag", "measure", "estimate", "ci_lower", "ci_upper", "p_adjusted"))
    check_table("truth", truth, ("effect", "trigger", "outcome", "lag", "measure", "estimate"))
    planted = truth.loc[truth["effect"] == "trigger", ["trigger", "outcome", "lag", "measure", "estimate"]]
    both = planted.rename(columns={"estimate": "planted"}).merge(
        effects[effects["estimate"].notna()], on=["trigger", "outcome", "lag", "measure"]
    )
    both = both.assign(holds=both["planted"].between(both["ci_lower"], both["ci_upper"]))
    return both[
        ["trigger", "lag", "measure", "planted", "estimate", "ci_lower", "ci_upper", "p_adjusted", "holds"]
    ].reset_index(drop=True)


def show_truth(compared: pd.DataFrame) -> Table:
    """Show what `compare_truth` returns, and count in how many rows the interval holds what was planted.

    Examples
    --------
    >>> import twitchstats as tw
    >>> rows = tw.estimate_effects(tw.read_demo(), triggers="caffeine")
    >>> show_truth(compare_truth(rows, tw.load_demo_truth())).caption
    'The interval holds the planted effect in 1 of 1 rows.'
    """
    check_table("compared", compared, ("trigger", "lag", "measure", "planted", "estimate", "holds"))
    planted = [format_effect(*pair) for pair in zip(compared["planted"], compared["measure"], strict=True)]
    table = lay_columns(compared, "Trigger", "Effect", "95 % interval").rename(columns={"Effect": "Found"})
    table.insert(1, "Days before", compared["lag"].to_list())
    table.insert(2, "Planted", planted)
    table["Holds the truth"] = compared["holds"].to_list()
    caption = f"The interval holds the planted effect in {compared['holds'].sum()} of {len(compared)} rows."
    return show_table(table, caption)


def simulate_suspicion(*, effect: float, hidden: float, days: int = 120, seed: int = 1) -> Journal:
    """Simulate the diary of somebody who suspects coffee, rightly or wrongly.

    Parameters
    ----------
    effect : float
        Log rate ratio of twitches for 200 mg of caffeine on the same day: what a trial would find.
    hidden : float
        What an unrest that nobody notes does to both sides: more coffee, and, by so much for each standard deviation,
        more twitches.
    days, seed : int

    Returns
    -------
    Journal
        ``twitches`` and ``caffeine``, from 1 January 2025 on.

    Examples
    --------
    >>> simulate_suspicion(effect=0.0, hidden=0.5, days=30)
    <Journal: 1 people, 30 days, 2 variables>
    """
    check_whole("days", days, least=1)
    rng = _start(effect, hidden, seed)
    unrest = draw_ar1((1, days), 0.4, rng)[0]
    caffeine = 100.0 * np.clip(np.round(2 + np.sign(hidden) * unrest + rng.standard_normal(days)), 0, 5)
    return _note_days(pd.date_range("2025-01-01", periods=days), caffeine, effect, hidden * unrest, rng)


def play_trial(journal: Journal, plan: Plan, *, effect: float, hidden: float, seed: int = 1) -> Journal:
    """Return the diary of `simulate_suspicion` with the days of a trial after it, each kept as it was drawn.

    Parameters
    ----------
    journal : Journal
    plan : Plan
        Of caffeine, for the person of the diary.
    effect, hidden, seed
        As in `simulate_suspicion`; the unrest goes on, but the lot decides on the coffee.

    Raises
    ------
    OptionError
        The plan is not of caffeine, or was changed after it was made.
    UnknownNameError
        It is another person's.

    Examples
    --------
    >>> import twitchstats as tw
    >>> diary = simulate_suspicion(effect=0.0, hidden=0.5, days=60)
    >>> plan = tw.plan_trial("caffeine", days=28, journal=diary, seed=1)
    >>> play_trial(diary, plan, effect=0.0, hidden=0.5)
    <Journal: 1 people, 88 days, 2 variables>
    """
    here = check_plan(plan, journal)
    check_choice("trigger", plan.options.trigger, ["caffeine"])
    rng = _start(effect, hidden, seed)
    schedule, asked = plan.schedule, plan.options
    schedule = schedule[schedule["person"].isin(here)]
    caffeine = np.where(schedule["condition"] > 0, asked.high, asked.low)
    unrest = hidden * draw_ar1((1, len(schedule)), 0.4, rng)[0]
    trial = _note_days(pd.DatetimeIndex(schedule["date"]), caffeine, effect, unrest, rng)
    return replace(journal, days=pd.concat([journal.days, trial.days]))


def _start(effect: float, hidden: float, seed: int) -> np.random.Generator:
    """Return the generator of a seed, options checked."""
    check_number("effect", effect)
    check_number("hidden", hidden)
    check_whole("seed", seed, least=0)
    return np.random.default_rng(seed)


def _note_days(
    dates: pd.DatetimeIndex, caffeine: FloatArray, effect: float, unrest: FloatArray, rng: np.random.Generator
) -> Journal:
    twitches = rng.poisson(np.exp(1.5 + effect * caffeine / 200 + unrest))
    noted = pd.DataFrame({"date": dates, "twitches": twitches, "caffeine": caffeine})
    return read_journal(noted, today=dates[-1].date())
