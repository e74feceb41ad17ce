"""Days that people don't report: runs whose share grows with the day of the study."""

import numpy as np
from numpy.typing import NDArray

from twitchstats.simulate.world import FloatArray


def draw_reported(shape: tuple[int, int], parameters: dict[str, float], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw which days are reported.

    A two-state Markov chain: missed days come in runs (``missing_run`` days on average) and their share grows in a
    straight line by ``answered_drop`` from the first day to the last, around ``answered`` over the whole diary.

    Parameters
    ----------
    shape : (people, days)
    parameters : dict
        As `load_parameters` returns it.
    rng : Generator

    Returns
    -------
    bool array (people, days)
        Each person reports at least one day.
    """
    people, days = shape
    time = np.linspace(-0.5, 0.5, days) if days > 1 else np.zeros(1)
    person = parameters["answered_spread"] * rng.standard_normal((people, 1))
    missed = np.clip(1 - parameters["answered"] + parameters["answered_drop"] * time + person, 0.01, 0.9)
    stay = 1 - 1 / parameters["missing_run"]
    start = np.minimum((1 - stay) * missed / (1 - missed), 1.0)
    chance = rng.random(shape)
    away = np.empty(shape, dtype=bool)
    away[:, 0] = chance[:, 0] < missed[:, 0]
    for day in range(1, days):
        away[:, day] = chance[:, day] < np.where(away[:, day - 1], stay, start[:, day])
    away[away.all(axis=1), 0] = False
    return ~away


def drop_cells(values: FloatArray, share: float, rng: np.random.Generator) -> FloatArray:
    """Set single values missing at random."""
    return np.where(rng.random(values.shape) < share, np.nan, values)
