"""A journal whose truth is known: people, habits, courses, counts, episodes and gaps put together."""

from typing import Any

import numpy as np
import pandas as pd

from twitchstats.arrays import FloatArray
from twitchstats.errors import check_whole
from twitchstats.journal.record import Journal
from twitchstats.journal.variable import describe_known
from twitchstats.signs import SOURCE
from twitchstats.simulate.cohort import SIMULATED
from twitchstats.simulate.counts import draw_counts, draw_means, pick_users, sum_effects
from twitchstats.simulate.episodes import draw_episodes
from twitchstats.simulate.habits import draw_cycles, draw_habits, round_habit
from twitchstats.simulate.series import draw_missed, name_people
from twitchstats.simulate.world import (
    OUTCOMES,
    draw_slopes,
    load_courses,
    load_habits,
    load_parameters,
    load_world,
    tell_truth,
)
from twitchstats.variables import load_variables

_RATINGS = ("pain", "intensity", "stiffness", "weakness", "limited_movement")  # outcomes rated at bedtime
_FIRST_DAY = np.datetime64("2025-01-06", "D")  # a Monday
_STREAMS = ("people", "habits", "slopes", "means", "counts", "ratings", "gaps", "episodes", "sites")


def simulate_journal(
    *, people: int = 40, days: int = 120, world: str = "articles", seed: int = 1
) -> tuple[Journal, pd.DataFrame]:
    """Simulate a journal of daily entries and episodes, and tell the effects planted in it.

    Counts, up to what people go on counting, are negative binomial around a mean that drifts, follows the week and a
    slow trend and, for twitches, comes in spells with days of none between. Stress, anxiety, sleep, fatigue and
    caffeine move together; minerals do. Medicines and remedies come in courses, remedies mostly after bad days.
    Planted effects act on the log of the mean, for one meaningful step of the data dictionary, centred within the
    person; people differ in them. Missed days come in runs whose share grows with the day of the study. Every figure is
    in data/worlds.csv, habits.csv, courses.csv and diary.csv, with its source or the word 'assumed'.

    Parameters
    ----------
    people, days : int
        Number of people, and of study days of each; days not reported have no row.
    world : str
        ``"articles"`` (the testable claims of the articles hold, but for anxiety, stretching, relaxation and massage on
        stiffness, and spasms on sleep), ``"faint"`` (the same effects half as large, and a day later),
        ``"literature"`` (what published figures support, nothing else), ``"null"`` (no effects; course and symptoms at
        the share that the questions are set against), or ``"demo"`` (a few strong effects).
    seed : int
        One seed gives one journal.

    Returns
    -------
    journal : Journal
        Pain, intensity, stiffness, weakness and limited movement of a day are ratings of their own, not computed from
        its episodes; a day without twitches has no intensity. The episodes table has at most two rows a day and kind
        (``cap``: nobody writes down every one).
    truth : DataFrame
        The planted effects: ``effect, trigger, outcome, among`` (which episodes or outcome), ``lag`` (days), ``limit``,
        ``measure`` ("rate ratio", "odds ratio", "difference", "share"), ``estimate`` (for one step),
        ``reference`` (what no effect would be), ``sd_between_people`` (log scale for ratios, logit or log scale for
        shares), ``step, unit`` (of the trigger), ``source, confidence``. Empty in the null world.

    Raises
    ------
    OptionError
        Unknown world; `people` or `days` below 1 or not whole; `seed` negative or not whole.

    Examples
    --------
    >>> journal, truth = simulate_journal(people=2, days=30, world="null", seed=1)
    >>> journal.days.index.get_level_values("person").nunique(), len(truth)
    (2, 0)
    """
    rows = load_world(world)
    for name, value, least in (("people", people, 1), ("days", days, 1), ("seed", seed, 0)):
        check_whole(name, value, least=least)
    streams = np.random.SeedSequence(int(seed)).spawn(len(_STREAMS))
    rng = {name: np.random.default_rng(stream) for name, stream in zip(_STREAMS, streams, strict=True)}
    parameters = load_parameters()
    persons, first = _draw_people(people, parameters, rng["people"])
    persons[SOURCE] = f"{SIMULATED}journal, world {world}"
    values, episodes = _draw_days(rows, parameters, persons, first, days, rng)
    return _assemble(values, episodes, persons, first), tell_truth(rows)


def _draw_people(
    people: int, parameters: dict[str, float], rng: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
    """Draw the people table and each person's first day."""
    names = pd.Index(name_people(people, least=2), name="person")
    female = rng.random(people) < parameters["women"]
    table = pd.DataFrame({"age": np.round(rng.uniform(18, 78, people))}, index=names)
    table["sex"] = np.where(female, "female", "male")
    expecting = female & table["age"].between(20, 42) & (rng.random(people) < parameters["pregnant"])
    table["pregnant"] = np.where(female, expecting.astype(float), np.nan)
    weeks = parameters["persistence_weeks"] * np.exp(rng.standard_normal(people))
    table["persistence_weeks"] = np.maximum(np.round(weeks), 1.0)
    signs = {"weakness_felt": "weakness_felt", "weakness_found": "", "wasting": "", "sensory_change": "sensory_change",
             "pain": "pain_sign", "after_injury": "after_injury", "speech_swallowing": "", "spread": "spread",
             "cramps": "cramps"}  # fmt: skip
    for sign, parameter in signs.items():
        table[sign] = (rng.random(people) < parameters.get(parameter, 0.0)).astype(float)
    table["diagnosis"] = "benign fasciculations"
    return table, _FIRST_DAY + rng.integers(0, 21, people)


def _draw_days(
    rows: pd.DataFrame,
    parameters: dict[str, float],
    persons: pd.DataFrame,
    first: np.ndarray[Any, Any],
    days: int,
    rng: dict[str, np.random.Generator],
) -> tuple[dict[str, FloatArray], pd.DataFrame]:
    """Draw every variable as an array (people, days), missing on days not reported, and the episodes."""
    people, burn_in = len(persons), int(parameters["burn_in"])
    number = (first - _FIRST_DAY).astype(np.int64)[:, None] + np.arange(-burn_in, days)[None, :]
    weekday = number % 7
    habits = load_habits()
    raw = draw_habits(habits, parameters, weekday, rng["habits"])
    triggers = {name: round_habit(raw[name], habits.loc[name]) for name in habits.index}
    awake = parameters["awake_in_bed"] / 4 * rng["habits"].gamma(np.full(weekday.shape, 4.0))
    triggers["time_in_bed"] = np.round(triggers["sleep"] + awake, 1)
    triggers |= draw_cycles(persons, parameters, burn_in + days, rng["habits"])

    slopes = draw_slopes(rows, ("trigger", "threshold", "medicine", "remedy"), people, rng["slopes"])
    means = draw_means(rows, parameters, weekday, burn_in, rng["means"])
    means *= np.exp(np.stack([sum_effects(slopes, triggers, outcome) for outcome in OUTCOMES]))
    courses = load_courses()
    users = pick_users(courses, persons, rng["counts"])
    counts, taken = draw_counts(means, courses, users, slopes, parameters, rng["counts"])
    triggers |= dict(zip(courses.index, taken, strict=True))
    known = triggers | dict(zip(OUTCOMES, counts, strict=True))
    levels = {name: raw[name] + sum_effects(slopes, known, name) for name in _RATINGS}
    triggers |= {name: round_habit(level, habits.loc[name]) for name, level in levels.items()}
    triggers["intensity"] = np.where(counts[0] > 0, triggers["intensity"], np.nan)  # nothing twitched: nothing to rate

    values = {name: series[:, burn_in:] for name, series in triggers.items()}
    reported = _draw_reported((people, days), parameters, rng["gaps"])
    counts = np.where(reported, counts[:, :, burn_in:], np.nan)
    site_slopes = draw_slopes(rows, ("site odds",), people, rng["sites"])
    states = values | {"pain": levels["pain"][:, burn_in:]}
    episodes = draw_episodes(counts, states, rows, site_slopes, parameters, rng["episodes"])
    values |= dict(zip(OUTCOMES, counts, strict=True))
    return _hide_values(values, reported, habits, parameters, rng["gaps"]), episodes


def _draw_reported(
    shape: tuple[int, int], parameters: dict[str, float], rng: np.random.Generator
) -> np.ndarray[Any, Any]:
    """Draw which days are reported, at least one of each person.

    The share of missed days grows in a straight line by ``answered_drop`` from the first day to the last, around
    ``answered`` over the whole diary; they come in runs.
    """
    people, days = shape
    time = np.linspace(-0.5, 0.5, days) if days > 1 else np.zeros(1)
    person = parameters["answered_spread"] * rng.standard_normal((people, 1))
    share = np.clip(1 - parameters["answered"] + parameters["answered_drop"] * time + person, 0.01, 0.9)
    missed = draw_missed(share, parameters["missing_run"], rng)
    missed[missed.all(axis=1), 0] = False
    return ~missed


def _hide_values(
    values: dict[str, FloatArray],
    reported: np.ndarray[Any, Any],
    habits: pd.DataFrame,
    parameters: dict[str, float],
    rng: np.random.Generator,
) -> dict[str, FloatArray]:
    """Set days that were not reported missing, and single cells of measured habits too."""
    hidden = {}
    for name in sorted(values):
        kept = (
            reported & (rng.random(reported.shape) >= parameters["missing_cell"]) if name in habits.index else reported
        )
        hidden[name] = np.where(kept, values[name], np.nan)
    hidden["reported"] = reported.astype(float)
    return hidden


def _assemble(
    values: dict[str, FloatArray], episodes: pd.DataFrame, persons: pd.DataFrame, first: np.ndarray[Any, Any]
) -> Journal:
    dictionary = load_variables().set_index("name", drop=False)
    person, day = np.nonzero(values["reported"])
    date = pd.DatetimeIndex(first[person] + day).as_unit("us")
    index = pd.MultiIndex.from_arrays([persons.index[person], date], names=["person", "date"])
    names = [name for name in dictionary.index if name in values]
    table = pd.DataFrame({name: values[name][person, day] for name in names}, index=index)
    variables = describe_known(names)
    return Journal(
        days=table,
        variables=variables,
        episodes=_date_episodes(episodes, persons.index, first),
        people=persons,
        outcome=OUTCOMES[0],
        rows_read=len(table),
    )


def _date_episodes(episodes: pd.DataFrame, names: pd.Index, first: np.ndarray[Any, Any]) -> pd.DataFrame:
    """Replace positions by names and times."""
    person = episodes["person"].to_numpy()
    start = pd.DatetimeIndex(first[person] + episodes["day"].to_numpy()).as_unit("us")
    start = start + pd.to_timedelta(episodes["minute"].to_numpy(), unit="min")
    dated = episodes.drop(columns=["day", "minute", "person"])
    dated.insert(0, "person", names[person])
    dated.insert(1, "start", start.as_unit("us"))
    return dated
