"""Daily counts day by day, together with the medicines and remedies that people take up after bad days."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from twitchstats.arrays import BoolArray, FloatArray, IntArray
from twitchstats.panel import shift_days
from twitchstats.simulate.series import draw_ar1
from twitchstats.simulate.world import OUTCOMES, Slope, get_course


def pick_users(table: pd.DataFrame, people: pd.DataFrame, rng: np.random.Generator) -> BoolArray:
    """Return who takes what, (courses, people): the stated share of those who can, rounded up or down at random."""
    users = np.zeros((len(table), len(people)), dtype=bool)
    woman = (people["sex"] == "female").to_numpy()
    for position, course in enumerate(table.itertuples()):
        able = np.flatnonzero(woman | (course.women_only == 0))
        number = int(course.users * len(able) + rng.random())
        users[position, rng.permutation(able)[:number]] = True
    return users


def sum_effects(slopes: list[Slope], triggers: Mapping[str, FloatArray], outcome: str) -> FloatArray:
    """Return the planted effects of known triggers on one outcome, each centred within the person, (people, days).

    They change the log mean. A missing value acts as the person's mean does: not at all.
    """
    total = np.zeros_like(next(iter(triggers.values())))
    for slope in slopes:
        if slope.outcome != outcome or slope.trigger not in triggers:
            continue
        dose = triggers[slope.trigger]
        if np.isfinite(slope.limit):
            dose = np.maximum(dose - slope.limit, 0.0)
        known = np.isfinite(dose)
        mean = np.where(known, dose, 0).sum(axis=1, keepdims=True) / np.maximum(known.sum(axis=1, keepdims=True), 1)
        centred = np.where(known, dose - mean, 0.0)
        total += slope.coefficient[:, None] * np.nan_to_num(shift_days(centred, slope.lag)) / slope.step
    return total


def draw_spells(
    rows: pd.DataFrame, parameters: dict[str, float], shape: tuple[int, int], rng: np.random.Generator
) -> BoolArray:
    """Draw the days with twitching: spells and gaps in turn.

    Spell lengths are geometric with the share that is over within ``limit`` days as the world says. A gap is short
    (geometric) with the share of spells that the world says are followed by another within its limit, else longer
    than that.
    """
    spell, again = get_course(rows, "spell"), get_course(rows, "recurrence")
    people, days = shape
    stop = 1 - (1 - spell["size"]) ** (1 / spell["limit"])
    size = (people, days)  # no more spells than days
    lengths = rng.geometric(stop, size)
    short = np.minimum(rng.geometric(1 / parameters["short_gap_days"], size), int(again["limit"]))
    long = int(again["limit"]) + rng.geometric(1 / parameters["long_gap_days"], size)
    gaps = np.where(rng.random(size) < again["size"], short, long)
    turns = np.stack([lengths, gaps], axis=2).reshape(people, -1)
    twitching = np.tile([True, False], days)
    return np.stack([np.repeat(twitching, person)[:days] for person in turns])


def draw_means(
    rows: pd.DataFrame, parameters: dict[str, float], weekday: IntArray, burn_in: int, rng: np.random.Generator
) -> FloatArray:
    """Return what counts would be without triggers: level, drift, weekly rhythm, trend and spells.

    Means, (outcomes, people, days), in the order of `OUTCOMES`; 0 on days outside a spell of twitching.
    """
    people, days = weekday.shape
    time = (np.arange(days) - burn_in) / max(days - burn_in, 1) - 0.5
    means = np.empty((len(OUTCOMES), people, days))
    for position, outcome in enumerate(OUTCOMES):
        level = np.log(parameters[f"{outcome}_level"]) + parameters["level_spread"] * rng.standard_normal((people, 1))
        week = parameters["weekly_sd"] * rng.standard_normal(7)
        trend = parameters["trend_sd"] * rng.standard_normal((people, 1)) * np.clip(time, -0.5, 0.5)
        drift = parameters["drift_sd"] * draw_ar1((people, days), parameters["drift_phi"], rng)
        means[position] = np.exp(level + week[weekday] + trend + drift)
    means[OUTCOMES.index("twitches")] *= draw_spells(rows, parameters, (people, days), rng)
    return means


def draw_counts(
    means: FloatArray,
    courses: pd.DataFrame,
    users: BoolArray,
    slopes: list[Slope],
    parameters: dict[str, float],
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Draw the counts and the days of use, one day after the other.

    A course starts more easily after a day with many twitches (``reaction``: the change of the log odds for each
    unit of log(1 + twitches)), so that improvement follows a start by itself: regression to the mean. It ends, and
    single days are left out, by chance alone.

    Returns
    -------
    counts : array (outcomes, people, days)
        Negative binomial; at least 1 twitch on each day of a spell, and none beyond what people go on counting.
    taken : array (courses, people, days)
        0/1.
    """
    weights = _lay_out_weights(slopes, list(courses.index), users)
    column = {name: courses[name].to_numpy(float)[:, None] for name in ("days_on", "days_off", "adherence", "reaction")}
    usual = 1 / column["days_off"]
    share = column["days_on"] / (column["days_on"] + column["days_off"])
    centre = column["adherence"] * share
    size = np.array([parameters[f"{outcome}_size"] for outcome in OUTCOMES])[:, None, None]
    noisy = means * rng.gamma(np.broadcast_to(size, means.shape)) / size
    n_days = means.shape[2]
    chance = rng.random((n_days, 2, *users.shape))
    counts, taken = np.zeros_like(means), np.zeros((*users.shape, n_days))
    on = users & (chance[0, 0] < share)
    for day in range(n_days):
        before = max(day - 1, 0)
        worse = np.log1p(counts[0, :, before]) - parameters["reaction_centre"]
        odds = usual / (1 - usual + 1e-9) * np.exp(column["reaction"] * worse)
        start = odds / (1 + odds)
        on = users & np.where(on, chance[day, 0] >= 1 / column["days_on"], chance[day, 0] < start)
        taken[:, :, day] = on & (chance[day, 1] < column["adherence"])
        use = np.stack([taken[:, :, day], taken[:, :, before]]) - centre
        shift = np.einsum("olcp,lcp->op", weights, use)
        counts[:, :, day] = rng.poisson(noisy[:, :, day] * np.exp(shift))
        counts[0, :, day] = np.maximum(counts[0, :, day], means[0, :, day] > 0)
    return np.minimum(counts, parameters["most_counted"]), taken


def _lay_out_weights(slopes: list[Slope], names: list[str], users: BoolArray) -> FloatArray:
    """Return the coefficients as an array (outcomes, lags 0 and 1, courses, people), 0 for people without a course."""
    weights = np.zeros((len(OUTCOMES), 2, *users.shape))
    for slope in slopes:
        if slope.trigger in names and slope.outcome in OUTCOMES:
            course = names.index(slope.trigger)
            weights[OUTCOMES.index(slope.outcome), slope.lag, course] += slope.coefficient * users[course]
    return weights
