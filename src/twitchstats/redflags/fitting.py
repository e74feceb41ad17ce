"""Logistic regression with shrinkage: scikit-learn's ridge, its strength by what is left out, and Firth's penalty."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from firthmodels import FirthLogisticRegression
from numpy.typing import NDArray
from scipy import linalg, special
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from twitchstats.errors import NotEnoughDataError

FloatArray = NDArray[np.float64]

_FIRST, _WEAKEST, _STRONGEST = 1, -3, 4  # powers of ten of the penalty


class Fit(NamedTuple):
    """Coefficients (intercept first) and the Hessian of the objective there."""

    coefficients: FloatArray
    hessian: FloatArray


class Scaled(NamedTuple):
    """Columns of mean 0 and spread 1 behind a leading one, and the way back.

    Attributes
    ----------
    X : ndarray, (people, 1 + kept)
    mean, spread : ndarray, (terms,)
    kept : ndarray of bool, (terms,)
        Terms that vary.
    """

    X: FloatArray
    mean: FloatArray
    spread: FloatArray
    kept: NDArray[np.bool_]

    def find_way_back(self) -> FloatArray:
        """Return the matrix that brings coefficients of `X` back to the units of all terms, (1 + terms, 1 + kept)."""
        places, spread = np.flatnonzero(self.kept), self.spread[self.kept]
        back = np.zeros((1 + len(self.kept), 1 + len(places)))
        back[0, 0], back[0, 1:] = 1.0, -self.mean[self.kept] / spread
        back[1 + places, 1 + np.arange(len(places))] = 1 / spread
        return back


def standardize(
    Z: FloatArray, weights: FloatArray, *, pull: FloatArray | float = 1.0, independent: bool = False
) -> Scaled:
    """Return columns as the ridge sees them: of spread 1 / `pull`; at will without those that follow from others."""
    mean = weights @ Z / weights.sum()
    spread = np.sqrt(weights @ (Z - mean) ** 2 / weights.sum())
    kept = spread > 1e-12 * np.maximum(1.0, np.abs(mean))
    spread = spread * pull
    X = np.column_stack([np.ones(len(Z)), (Z[:, kept] - mean[kept]) / spread[kept]])
    if independent:
        there = find_independent(X)
        kept[np.flatnonzero(kept)[~there[1:]]] = False
        X = X[:, there]
    return Scaled(X, mean, spread, kept)


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


def count_log_loss(log_odds: FloatArray, y: FloatArray, weights: FloatArray | None = None) -> float:
    """Return the (weighted) negative log likelihood of 0/1 outcomes."""
    losses = np.logaddexp(0, log_odds) - y * log_odds
    return float(losses.sum() if weights is None else losses @ weights)


def find_information(X: FloatArray, log_odds: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the information of a logistic regression, (terms, terms)."""
    risk = special.expit(log_odds)
    half = X * np.sqrt(weights * risk * (1 - risk))[:, None]
    return np.asarray(half.T @ half, dtype=np.float64)


def fit_ridge(
    X: FloatArray,
    y: FloatArray,
    strength: float,
    *,
    weights: FloatArray | None = None,
    start: FloatArray | None = None,
    tolerance: float = 1e-10,
) -> Fit:
    """Minimise log loss + strength / 2 * |coefficients|^2, the first column (the intercept) unpenalised.

    scikit-learn's ``LogisticRegression(C=1 / strength, solver="newton-cholesky")``.

    Parameters
    ----------
    X : ndarray, (n, p)
        Design with a leading column of ones.
    y : ndarray, (n,)
        0 and 1.
    strength : float
        Penalty, > 0.
    weights : ndarray, (n,), optional
        How often each person counts.
    start : ndarray, (p,), optional
        Where to begin.
    tolerance : float
        Largest gradient, for each person, at which to stop.
    """
    counts = np.ones(len(y)) if weights is None else weights
    model = LogisticRegression(
        C=1 / strength, solver="newton-cholesky", tol=tolerance, max_iter=200, warm_start=start is not None
    )
    if start is not None:
        model.coef_, model.intercept_ = start[None, 1:].copy(), start[:1].copy()
    with hushed():
        model.fit(X[:, 1:], y, sample_weight=weights)
    coefficients = np.r_[model.intercept_, model.coef_[0]]
    penalty = np.r_[0.0, np.full(X.shape[1] - 1, strength)]
    return Fit(coefficients, find_information(X, X @ coefficients, counts) + np.diag(penalty))


def refine_ridge(
    X: FloatArray, y: FloatArray, strength: float, weights: FloatArray, start: FloatArray, *, tolerance: float = 1e-7
) -> FloatArray:
    """Return the coefficients of `fit_ridge` by plain Newton steps: quick where there are few people and a good start.

    Steps are halved until the loss falls; where they do not end, `fit_ridge` has the last word.
    """
    penalty, beta = np.r_[0.0, np.full(X.shape[1] - 1, strength)], start

    def lose(coefficients: FloatArray) -> float:
        return count_log_loss(X @ coefficients, y, weights) + 0.5 * penalty @ coefficients**2

    loss = lose(beta)
    for _ in range(30):
        log_odds = X @ beta
        gradient = X.T @ (weights * (special.expit(log_odds) - y)) + penalty * beta
        if np.abs(gradient).max() <= tolerance * weights.sum():
            return beta
        step = np.linalg.solve(find_information(X, log_odds, weights) + np.diag(penalty + 1e-12), gradient)
        while (found := lose(beta - step)) > loss and np.abs(step).max() > 1e-9:
            step = step / 2
        beta, loss = beta - step, found
    return fit_ridge(X, y, strength, weights=weights, tolerance=tolerance).coefficients


def estimate_left_out_loss(X: FloatArray, y: FloatArray, fit: Fit, weights: FloatArray | None = None) -> float:
    """Return the mean log loss of each person under the model fitted without them (approximate leave-one-out).

    One Newton step away from the full fit (Rad and Maleki 2020, J R Stat Soc B 82:965): no folds, hence no seed.
    """
    counts = np.ones(len(y)) if weights is None else weights
    log_odds = X @ fit.coefficients
    risk = special.expit(log_odds)
    leverage = np.einsum("ij,ij->i", X @ np.linalg.inv(fit.hessian), X)
    kept = np.maximum(1 - risk * (1 - risk) * leverage, 1e-6)
    return count_log_loss(log_odds + (risk - y) * leverage / kept, y, counts) / counts.sum()


def choose_strength(
    X: FloatArray, y: FloatArray, weights: FloatArray | None = None
) -> tuple[float, list[tuple[float, float]], FloatArray]:
    """Choose the ridge penalty with the smallest left-out loss.

    Goes downhill over powers of ten, each fit starting at the last, and puts a parabola through the best three.

    Returns
    -------
    tuple
        The penalty, the path as (strength, loss), and the coefficients at the best point of the path.
    """
    losses: dict[int, float] = {}
    fits: dict[int, Fit] = {}

    def look(power: int) -> float:
        if power not in losses:
            near = min(fits, key=lambda other: abs(other - power), default=None)
            start = None if near is None else fits[near].coefficients
            fits[power] = fit_ridge(X, y, 10.0**power, weights=weights, start=start, tolerance=1e-3)
            losses[power] = estimate_left_out_loss(X, y, fits[power], weights)
        return losses[power]

    best = _FIRST
    while True:
        around = [power for power in (best + 1, best - 1) if _WEAKEST <= power <= _STRONGEST]
        lowest = min([best, *around], key=look)
        if lowest == best:
            break
        best = lowest
    path = [(10.0**power, losses[power]) for power in sorted(losses, reverse=True)]
    return _refine(best, losses), path, fits[best].coefficients


def _refine(best: int, losses: dict[int, float]) -> float:
    if not {best - 1, best + 1} <= set(losses):
        return float(10.0**best)
    before, here, after = losses[best + 1], losses[best], losses[best - 1]
    bend = before - 2 * here + after
    shift = 0.0 if bend <= 0 else 0.5 * (before - after) / bend
    return float(10.0 ** (best - shift))


def find_independent(X: FloatArray) -> NDArray[np.bool_]:
    """Mark the columns that are no linear combination of those before them."""
    scaled = X / np.maximum(np.linalg.norm(X, axis=0), 1e-300)
    diagonal = np.abs(np.diag(np.linalg.qr(scaled, mode="r")))
    kept = np.zeros(X.shape[1], dtype=bool)
    kept[: len(diagonal)] = diagonal > 1e-9
    return kept


def run_firth(X: FloatArray, y: FloatArray, weights: FloatArray | None = None) -> FirthLogisticRegression:
    """Fit a logistic regression with Firth's penalty, which stays finite in separated data.

    `firthmodels` does it (Firth 1993, Biometrika 80:27; Heinze and Schemper 2002, Stat Med 21:2409). `X` has no column
    of ones.

    Raises
    ------
    NotEnoughDataError
        The design is singular.
    """
    model = FirthLogisticRegression(gtol=1e-4, xtol=3e-9, max_iter=500, max_halfstep=8)
    with hushed():
        try:
            return model.fit(X, y, sample_weight=weights)
        except (linalg.LinAlgError, ValueError) as error:
            raise NotEnoughDataError(
                "The signs are linear combinations of each other, or more than the people: leave some of them out."
            ) from error


def fit_firth(X: FloatArray, y: FloatArray, weights: FloatArray | None = None) -> Fit:
    """Return the fit of `run_firth`; `X` has a leading column of ones."""
    model = run_firth(X[:, 1:], y, weights)
    coefficients = np.r_[model.intercept_, model.coef_]
    counts = np.ones(len(y)) if weights is None else weights
    return Fit(coefficients, find_information(X, X @ coefficients, counts))
