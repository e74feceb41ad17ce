"""The 2 x 2 table: finding against illness, and everything that is read off it."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from twitchstats.inference import wilson_interval

FloatArray = NDArray[np.float64]
Limits = tuple[FloatArray, FloatArray, FloatArray]  # estimate, lower, upper


def estimate_share(hits: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Limits:
    """Return a share with its Wilson limits; NaN of nobody."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(hits, float) / np.asarray(n, float), *wilson_interval(hits, n, level=level)


def likelihood_ratio(
    hits: ArrayLike, alarms: ArrayLike, n_sick: ArrayLike, n_other: ArrayLike, *, level: float = 0.95
) -> Limits:
    """Return the likelihood ratio of a finding with its limits (Simel, Samsa and Matchar 1991).

    Half a person is added to each cell of a table with an empty one; NaN where nobody has the finding.

    >>> [round(float(value), 3) for value in likelihood_ratio(90, 10, 100, 100)]
    [9.0, 4.981, 16.262]
    """
    a, b = np.asarray(hits, float), np.asarray(alarms, float)
    empty = 0.5 * ((a == 0) | (b == 0))
    x, y, nx, ny = a + empty, b + empty, n_sick + 2 * empty, n_other + 2 * empty
    unseen = a + b == 0
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = np.log(x / nx) - np.log(y / ny)
        spread = np.sqrt(np.maximum(1 / x - 1 / nx + 1 / y - 1 / ny, 0))
    reach = stats.norm.ppf(0.5 + level / 2) * spread
    return tuple(  # type: ignore[return-value]
        np.where(unseen, np.nan, np.exp(value)) for value in (middle, middle - reach, middle + reach)
    )


def find_posterior(ratio: ArrayLike, rate: ArrayLike) -> FloatArray:
    """Return the share that is serious among people with a finding of this likelihood ratio (Bayes).

    >>> find_posterior([1.0, 9.0], 0.1).round(6).tolist()
    [0.1, 0.5]
    """
    odds = np.asarray(ratio, float) * np.asarray(rate, float) / (1 - np.asarray(rate, float))
    with np.errstate(invalid="ignore"):
        return np.where(np.isinf(odds), 1.0, odds / (1 + odds))
