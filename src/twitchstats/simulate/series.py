"""People, and series of their days: names, what remembers yesterday, and days missed in runs."""

import numpy as np

from twitchstats.arrays import AnyArray, BoolArray, FloatArray


def draw_ar1(shape: tuple[int, int], phi: float, rng: np.random.Generator) -> FloatArray:
    """Return stationary first-order autoregressions of unit variance, one in each row of (people, days).

    With a `phi` of 1 it is a walk from 0, whose last day has a standard deviation of 2.
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
    """Return which days are missed, (people, days), each with its share: Markov chains, `run` days long on average."""
    stay = 1 - 1 / run
    start = np.minimum((1 - stay) * share / (1 - share), 1.0)
    chance = rng.random(share.shape)
    missed: AnyArray = np.empty(share.shape, dtype=bool)
    missed[:, 0] = chance[:, 0] < share[:, 0]
    for day in range(1, share.shape[1]):
        missed[:, day] = chance[:, day] < np.where(missed[:, day - 1], stay, start[:, day])
    return missed


def name_people(people: int, *, letter: str = "P", least: int = 1) -> list[str]:
    """Return names of so many people, numbers of one width.

    >>> name_people(2, least=2)
    ['P01', 'P02']
    """
    width = max(least, len(str(people)))
    return [f"{letter}{number:0{width}d}" for number in range(1, people + 1)]
