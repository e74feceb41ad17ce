"""Series of days, a person in each row: what remembers yesterday, and days missed in runs."""

import numpy as np

from twitchstats.arrays import AnyArray, BoolArray, FloatArray


def draw_ar1(shape: tuple[int, int], phi: float, rng: np.random.Generator) -> FloatArray:
    """Return stationary first-order autoregressions of unit variance, one in each row.

    Parameters
    ----------
    shape : (people, days)
    phi : float
        Correlation from one day to the next. With 1 it is a walk from 0, whose last day has a standard deviation of 2.
    rng : Generator
    """
    shocks = rng.standard_normal(shape)
    walks = phi >= 1
    spread = np.sqrt(4 / shape[1]) if walks else np.sqrt(1 - phi**2)
    series = np.empty(shape)
    series[:, 0] = 0.0 if walks else shocks[:, 0]
    for day in range(1, shape[1]):
        series[:, day] = phi * series[:, day - 1] + spread * shocks[:, day]
    return series


def draw_missed(share: FloatArray, run: float, rng: np.random.Generator) -> BoolArray:
    """Return which days are missed: two-state Markov chains, `run` days in a row on average.

    Parameters
    ----------
    share : array (people, days)
        How likely it is that a day is missed.
    run : float
    rng : Generator
    """
    stay = 1 - 1 / run
    start = np.minimum((1 - stay) * share / (1 - share), 1.0)
    chance = rng.random(share.shape)
    missed: AnyArray = np.empty(share.shape, dtype=bool)
    missed[:, 0] = chance[:, 0] < share[:, 0]
    for day in range(1, share.shape[1]):
        missed[:, day] = chance[:, day] < np.where(missed[:, day - 1], stay, start[:, day])
    return missed
