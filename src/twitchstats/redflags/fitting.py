"""Logistic regression with shrinkage: scikit-learn's ridge, its strength by what is left out, and Firth's penalty."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from firthmodels import FirthLogisticRegression
from scipy import linalg, special
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from twitchstats.arrays import BoolArray, FloatArray
from twitchstats.errors import NotEnoughDataError

_FIRST, _WEAKEST, _STRONGEST = 1, -2, 4  # powers of ten of the penalty
_PULL = 4.0  # of interactions, as a multiple of their scale: combinations are expected to add less than their parts


def unscale(mean: FloatArray, spread: FloatArray) -> FloatArray:
    """Return the matrix that brings coefficients of (term - mean) / spread to those of the terms, intercept first."""
    back = np.diag(np.r_[1.0, 1 / spread])
    back[0, 1:] = -mean / spread
    return back


@contextmanager
def hushed() -> Iterator[None]:
    """Keep solvers quiet that go on with another method, or say that the last digits of a flat objective are lost."""
    with warnings.catch_warnings():
        for kind in (ConvergenceWarning, RuntimeWarning, linalg.LinAlgWarning):
            warnings.simplefilter("ignore", kind)
        yield


def add_intercept(X: FloatArray) -> FloatArray:
    """Return the columns behind a leading column of ones."""
    return np.column_stack([np.ones(len(X)), X])


def find_information(X: FloatArray, coefficients: FloatArray, weights: FloatArray, strength: float = 0.0) -> FloatArray:
    """Return the (penalised) information of a logistic regression, (terms, terms)."""
    risk = special.expit(X @ coefficients)
    half = X * np.sqrt(weights * risk * (1 - risk))[:, None]
    return half.T @ half + np.diag(np.r_[0.0, np.full(X.shape[1] - 1, strength)])


def fit_ridge(
    X: FloatArray,
    y: FloatArray,
    strength: float,
    weights: FloatArray,
    *,
    start: FloatArray | None = None,
    tolerance: float = 1e-10,
) -> FloatArray:
    """Return the coefficients that minimise log loss + strength / 2 * |coefficients|^2, the intercept's (first) free.

    scikit-learn's ``LogisticRegression(C=1 / strength, solver="newton-cholesky")``, from `start` on, until the gradient
    is at most `tolerance` a person. `X` has a leading column of ones.
    """
    if X.shape[1] == 1:
        return special.logit(np.average(y, weights=weights, keepdims=True))
    model = LogisticRegression(
        C=1 / strength, solver="newton-cholesky", tol=tolerance, max_iter=200, warm_start=start is not None
    )
    if start is not None:
        model.coef_, model.intercept_ = start[None, 1:].copy(), start[:1].copy()
    with hushed():
        model.fit(X[:, 1:], y, sample_weight=weights)
    return np.r_[model.intercept_, model.coef_[0]]


def estimate_left_out_loss(
    X: FloatArray, y: FloatArray, coefficients: FloatArray, strength: float, weights: FloatArray
) -> float:
    """Return the mean log loss of each person under the model fitted without them (approximate leave-one-out).

    One Newton step away from the full fit (Rad and Maleki 2020, J R Stat Soc B 82:965): no folds, hence no seed.
    """
    log_odds = X @ coefficients
    risk = special.expit(log_odds)
    hessian = find_information(X, coefficients, weights, strength)
    leverage = np.einsum("ij,ij->i", X @ np.linalg.inv(hessian), X)
    kept = np.maximum(1 - risk * (1 - risk) * leverage, 1e-6)
    left_out = log_odds + (risk - y) * leverage / kept
    return float(weights @ (np.logaddexp(0, left_out) - y * left_out) / weights.sum())


def choose_strength(X: FloatArray, y: FloatArray, weights: FloatArray) -> tuple[float, FloatArray]:
    """Choose the ridge penalty with the smallest left-out loss.

    Goes downhill over powers of ten, each fit starting at the last, and puts a parabola through the best three. Where
    it goes down to the weakest, as in separated data, whose odds ratios would have no end, the penalty is 1: on
    standardised columns a standard normal prior. Returns the penalty, and the coefficients at the best power of ten.
    """
    losses: dict[int, float] = {}
    fits: dict[int, FloatArray] = {}

    def look(power: int) -> float:
        if power not in losses:
            near = min(fits, key=lambda other: abs(other - power), default=power)
            fits[power] = fit_ridge(X, y, 10.0**power, weights, start=fits.get(near), tolerance=1e-3)
            losses[power] = estimate_left_out_loss(X, y, fits[power], 10.0**power, weights)
        return losses[power]

    best = _FIRST
    while True:
        around = [power for power in (best + 1, best - 1) if _WEAKEST <= power <= _STRONGEST]
        lowest = min([best, *around], key=look)
        if lowest == best:
            break
        best = lowest
    shift = 0.0
    if {best - 1, best + 1} <= set(losses):
        before, here, after = losses[best + 1], losses[best], losses[best - 1]
        bend = before - 2 * here + after
        shift = 0.0 if bend <= 0 else 0.5 * (before - after) / bend
    return 1.0 if best == _WEAKEST else float(10.0 ** (best - shift)), fits[best]


def find_independent(X: FloatArray) -> BoolArray:
    """Mark the columns that are no linear combination of those before them."""
    scaled = X / np.maximum(np.linalg.norm(X, axis=0), 1e-300)
    diagonal = np.abs(np.diag(np.linalg.qr(scaled, mode="r")))
    kept = np.zeros(X.shape[1], dtype=bool)
    kept[: len(diagonal)] = diagonal > 1e-9
    return kept


def fit_firth(X: FloatArray, y: FloatArray, weights: FloatArray) -> FirthLogisticRegression:
    """Fit a logistic regression with Firth's penalty, which stays finite in separated data.

    `firthmodels` does it (Firth 1993, Biometrika 80:27; Heinze and Schemper 2002, Stat Med 21:2409). `X` has a leading
    column of ones, which `firthmodels` adds itself.

    Raises
    ------
    NotEnoughDataError
        The design is singular.
    """
    model = FirthLogisticRegression(gtol=1e-4, xtol=3e-9, max_iter=500, max_halfstep=8)
    with hushed():
        try:
            return model.fit(X[:, 1:], y, sample_weight=weights)
        except (linalg.LinAlgError, ValueError) as error:
            raise NotEnoughDataError(
                "The signs are linear combinations of each other, or more than the people: leave some of them out."
            ) from error


@dataclass(frozen=True)
class Solution:
    """What solving gives; `RedFlagModel` tells what its parts are. The first of `coefficients` is the intercept."""

    coefficients: FloatArray
    covariance: FloatArray
    means: FloatArray
    scales: FloatArray
    dropped: tuple[str, ...]
    strength: float


def solve_logistic(
    terms: list[str],
    Z: FloatArray,
    y: FloatArray,
    weights: FloatArray,
    *,
    penalty: str = "ridge",
    strength: float | None = None,
) -> Solution:
    """Return coefficients in the units of the terms, their covariance, and how they were found; see `RedFlagModel`."""
    firth = penalty == "firth"
    mean = weights @ Z / weights.sum()
    spread = np.sqrt(weights @ (Z - mean) ** 2 / weights.sum())
    kept = spread > 1e-12 * np.maximum(1.0, np.abs(mean))
    scales = np.where(kept, spread, 1.0)
    if not firth:
        scales *= [_PULL if ":" in term else 1.0 for term in terms]
    elif kept.any():
        kept[kept] = find_independent(add_intercept(((Z - mean) / scales)[:, kept]))[1:]
    X = add_intercept(((Z - mean) / scales)[:, kept])
    if firth:
        used, fit = np.nan, fit_firth(X, y, weights)
        coefficients = np.r_[fit.intercept_, fit.coef_]
    else:
        start, used = None, float(strength or 0)
        if strength is None:
            used, start = choose_strength(X, y, weights)
        coefficients = fit_ridge(X, y, used, weights, start=start)
    hessian = find_information(X, coefficients, weights, 0.0 if firth else used)
    back = np.zeros((1 + len(terms), X.shape[1]))
    back[np.r_[True, kept]] = unscale(mean[kept], scales[kept])
    return Solution(
        coefficients=back @ coefficients,
        covariance=back @ np.linalg.pinv(hessian, hermitian=True) @ back.T,
        means=mean,
        scales=np.where(kept, scales, 1.0),
        dropped=tuple(name for name, there in zip(terms, kept, strict=True) if not there),
        strength=used,
    )
