"""What risks are worth against what happened: the measures themselves, without intervals."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special
from sklearn.metrics import brier_score_loss, roc_auc_score

from twitchstats.arrays import AnyArray, FloatArray
from twitchstats.redflags import fitting

METRICS = (
    "auc", "brier", "calibration_in_the_large", "calibration_intercept", "calibration_slope", "net_benefit", "eci",
    "e90",
)  # fmt: skip
_CURVE_KNOTS = (0.05, 0.35, 0.65, 0.95)


def measure_risk(
    y: FloatArray,
    risk: FloatArray,
    threshold: float,
    counts: FloatArray | None = None,
    parts: AnyArray | None = None,
) -> FloatArray:
    """Return the `METRICS` of predicted risks against 0/1 outcomes.

    With `parts`, (people,), whose risks come from different models, the AUC compares people of one part only.

    "eci" is the mean squared distance of the risks from the calibration curve, times 100 (Van Hoorde et al 2015, J
    Biomed Inform 54:283); "e90" the distance that nine in ten do not exceed (Austin and Steyerberg 2019, Stat Med
    38:4051).
    """
    counts = np.ones(len(y)) if counts is None else counts
    log_odds = special.logit(np.clip(risk, 1e-12, 1 - 1e-12))
    away = np.abs(special.expit(smooth_outcome(y, risk, log_odds, counts)) - risk)
    return np.array(
        [
            measure_auc(y, risk, counts, parts),
            brier_score_loss(y, risk, sample_weight=counts),  # Brier 1950
            np.average(y - risk, weights=counts),
            optimize.brentq(lambda move: counts @ (y - special.expit(log_odds + move)), -100.0, 100.0, xtol=1e-12),
            _fit_slope(y, log_odds, counts),
            measure_net_benefit(y, risk >= threshold, threshold, counts),
            100 * np.average(away**2, weights=counts),
            np.quantile(away, 0.9, weights=counts, method="inverted_cdf"),
        ]
    )


def measure_net_benefit(y: FloatArray, called: ArrayLike, threshold: float, weights: FloatArray | None = None) -> float:
    """Return true positives minus false positives weighted by the odds of the threshold, a person (Vickers 2006).

    >>> measure_net_benefit(np.array([1.0, 0, 0, 0]), [True, True, False, False], 0.2)
    0.1875
    """
    flagged = np.asarray(called, bool)
    return float(np.average(flagged * y - flagged * (1 - y) * threshold / (1 - threshold), weights=weights))


def measure_auc(
    y: FloatArray, risk: FloatArray, weights: FloatArray | None = None, parts: AnyArray | None = None
) -> float:
    """Return the chance that a serious person has the higher risk of two, ties counted as half.

    With `parts` only people of the same part are compared, and each part counts by its pairs.
    """
    if parts is None:
        return float(roc_auc_score(y, risk, sample_weight=weights))
    counts = np.ones(len(y)) if weights is None else weights
    found = pairs = 0.0
    for there in (parts == part for part in np.unique(parts)):
        if both := (counts * y)[there].sum() * (counts * (1 - y))[there].sum():
            found, pairs = found + both * measure_auc(y[there], risk[there], counts[there]), pairs + both
    return found / pairs


def _fit_slope(y: FloatArray, log_odds: FloatArray, counts: FloatArray) -> float:
    if log_odds.std() < 1e-12 or log_odds[y == 1].min() > log_odds[y == 0].max():
        return float("nan")  # no spread, or classes fully apart: the slope has no finite value
    return float(_fit(log_odds[:, None], y, 1e-9, counts)[1])


def _fit(columns: FloatArray, y: FloatArray, strength: float, counts: FloatArray) -> FloatArray:
    """Return intercept and slopes of the outcome on log odds, the first column, and what bends them."""
    mean, spread = columns.mean(axis=0), np.where(columns.std(axis=0) > 0, columns.std(axis=0), 1.0)
    X = fitting.add_intercept((columns - mean) / spread)
    start = np.r_[special.logit(np.clip(y.mean(), 1e-6, 1 - 1e-6)), spread[0], np.zeros(X.shape[1] - 2)]
    return fitting.unscale(mean, spread) @ fitting.fit_ridge(X, y, strength, counts, start=start, tolerance=1e-7)


def smooth_outcome(y: FloatArray, risk: FloatArray, grid: FloatArray, counts: FloatArray) -> FloatArray:
    """Return the observed log odds at `grid` (log odds): a logistic regression on a natural spline of the risks."""
    log_odds = special.logit(np.clip(risk, 1e-9, 1 - 1e-9))
    knots = np.unique(np.quantile(log_odds, _CURVE_KNOTS))
    found = _fit(_spline(log_odds, knots), y, 1e-6, counts)
    return fitting.add_intercept(_spline(grid, knots)) @ found


def _spline(x: FloatArray, knots: FloatArray) -> FloatArray:
    """Return the restricted cubic spline basis of Harrell, linear beyond the outer knots."""
    if len(knots) < 3:
        return x[:, None]
    last, before = knots[-1], knots[-2]
    width = last - before

    def cube(knot: float) -> FloatArray:
        return np.maximum(x - knot, 0) ** 3

    columns = [
        cube(knot) - cube(before) * (last - knot) / width + cube(last) * (before - knot) / width for knot in knots[:-2]
    ]
    return np.column_stack([x, *columns]) / np.r_[1.0, np.full(len(columns), (last - knots[0]) ** 2)]
