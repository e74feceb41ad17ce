"""What simulated people do and feel from day to day: correlated, autocorrelated, with a weekly rhythm."""

from statistics import NormalDist

import numpy as np
import pandas as pd

from twitchstats.arrays import FloatArray, IntArray
from twitchstats.simulate.series import draw_ar1


def draw_habits(
    habits: pd.DataFrame, parameters: dict[str, float], weekday: IntArray, rng: np.random.Generator
) -> dict[str, FloatArray]:
    """Return every habit of data/habits.csv, (people, days), not yet rounded or clipped but for counts and yes/no.

    ``mean`` is a mean of people, ``sd_between`` the spread of people around it and ``sd_within`` the spread of days
    around the person; ``strain`` and ``diet`` are loadings on the two common factors, ``weekend`` the shift at weekends
    in units of ``sd_within``. Lognormal habits, counts and bouts have their spreads on the log scale, yes/no ones on
    the probit scale.
    """
    weekend = (weekday >= 5) - 2 / 7
    strain = draw_ar1(weekday.shape, parameters["strain_phi"], rng)
    diet = draw_ar1(weekday.shape, parameters["diet_phi"], rng)
    drawn = {}
    for name, habit in habits.iterrows():
        own = np.sqrt(1 - habit["strain"] ** 2 - habit["diet"] ** 2) * draw_ar1(weekday.shape, habit["phi"], rng)
        score = habit["strain"] * strain + habit["diet"] * diet + own + habit["weekend"] * weekend
        person = rng.standard_normal((len(weekday), 1))
        drawn[str(name)] = _draw_shape(habit, score, person, parameters, rng)
    return drawn


def _draw_shape(
    habit: "pd.Series[float]",
    score: FloatArray,
    person: FloatArray,
    parameters: dict[str, float],
    rng: np.random.Generator,
) -> FloatArray:
    shift = habit["sd_between"] * person + habit["sd_within"] * score
    if habit["shape"] in ("amount", "rating"):
        return habit["mean"] + shift
    if habit["shape"] == "lognormal":
        return np.exp(habit["mean"] + shift - habit["sd_within"] ** 2 / 2)
    if habit["shape"] == "count":
        return rng.poisson(habit["mean"] * np.exp(shift)).astype(float)
    minutes: FloatArray | float = 1.0
    if habit["shape"] == "bout":
        minutes = parameters["bout_minutes"] * np.exp(habit["sd_within"] * rng.standard_normal(score.shape))
    level = (score + habit["sd_between"] * person) / np.sqrt(1 + habit["sd_between"] ** 2)
    return (level > NormalDist().inv_cdf(1 - habit["mean"])) * minutes


def round_habit(values: FloatArray, habit: "pd.Series[float]") -> FloatArray:
    """Clip to what is possible and round as a person writes it; the last step hides binary dust such as 7.3000001."""
    unit = habit["rounding"]
    return np.round(np.round(np.clip(values, habit["low"], habit["high"]) / unit) * unit, 6)


def draw_cycles(
    people: pd.DataFrame, parameters: dict[str, float], days: int, rng: np.random.Generator
) -> dict[str, FloatArray]:
    """Return ``menstruation`` and ``pregnancy``, arrays (people, days) of 0 and 1, missing for men.

    A pregnancy lasts through the diary, so that nothing can be said of it within a person. Women of 15 to 50 bleed
    unless they are pregnant.
    """
    count = len(people)
    day = np.arange(days)[None, :]
    woman = (people["sex"] == "female").to_numpy()[:, None]
    length = np.round(parameters["cycle_days"] + 1.5 * rng.standard_normal((count, 1)))
    phase = np.floor(rng.random((count, 1)) * length)
    pregnancy = np.broadcast_to((people["pregnant"].to_numpy() == 1)[:, None], (count, days))
    fertile = people["age"].between(15, 50).to_numpy()[:, None] & ~pregnancy
    bleeding = fertile & ((day + phase) % length < parameters["bleeding_days"])
    return {
        "menstruation": np.where(woman, bleeding, np.nan),
        "pregnancy": np.where(woman, pregnancy, np.nan),
    }
