"""What risks are worth against what happened: the measures themselves, without intervals."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from twitchstats.redflags import fitting

FloatArray = NDArray[np.float64]

METRICS = (
    "auc", "brier", "calibration_in_the_large", "calibration_intercept", "calibration_slope", "net_benefit",
)  # fmt: skip


def measure_risk(y: FloatArray, risk: FloatArray, threshold: float) -> FloatArray:
    """Return the `METRICS` of predicted risks against 0/1 outcomes."""
    log_odds = special.logit(np.clip(risk, 1e-12, 1 - 1e-12))
    return np.array(
        [
            measure_auc(y, risk),
            measure_brier(y, risk),
            y.mean() - risk.mean(),
            _fit_intercept(y, log_odds),
            _fit_slope(y, log_odds),
            measure_net_benefit(y, risk >= threshold, threshold),
        ]
    )


def measure_net_benefit(y: FloatArray, called: ArrayLike, threshold: float) -> float:
    """Return true positives minus false positives weighted by the odds of the threshold, a person (Vickers 2006).

    >>> measure_net_benefit(np.array([1.0, 0, 0, 0]), [True, True, False, False], 0.2)
    0.1875
    """
    flagged = np.asarray(called, bool)
    return float(np.mean(flagged * y) - np.mean(flagged * (1 - y)) * threshold / (1 - threshold))


def measure_brier(y: FloatArray, risk: FloatArray) -> float:
    """Return the mean squared difference between risk and outcome (Brier 1950)."""
    return float(np.mean((risk - y) ** 2))


def measure_auc(y: FloatArray, risk: FloatArray) -> float:
    """Return the chance that a serious person has the higher risk of two, ties counted as half."""
    n_sick = y.sum()
    ranks = stats.rankdata(risk)
    return float((ranks[y == 1].sum() - n_sick * (n_sick + 1) / 2) / (n_sick * (len(y) - n_sick)))


def _fit_intercept(y: FloatArray, log_odds: FloatArray) -> float:
    start = 0.0
    for _ in range(50):
        risk = special.expit(log_odds + start)
        step = np.clip((y - risk).sum() / max((risk * (1 - risk)).sum(), 1e-12), -2, 2)
        start += step
        if abs(step) < 1e-10:
            break
    return float(start)


def _fit_slope(y: FloatArray, log_odds: FloatArray) -> float:
    spread = log_odds.std()
    if spread < 1e-12 or log_odds[y == 1].min() > log_odds[y == 0].max():
        return float("nan")  # no spread, or classes fully apart: the slope has no finite value
    X = np.column_stack([np.ones(len(y)), (log_odds - log_odds.mean()) / spread])
    return float(fitting.fit_ridge(X, y, 1e-9).coefficients[1] / spread)
