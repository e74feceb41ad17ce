"""Logistic regression with shrinkage: a ridge path by Newton steps, and Firth's penalty."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, special

from twitchstats.errors import NotEnoughDataError

FloatArray = NDArray[np.float64]

_STRENGTHS = 10.0 ** np.arange(4.0, -3.5, -1.0)
_HALVINGS = 30


class Fit(NamedTuple):
    """Coefficients (intercept first), the Hessian of the objective there, and the objective."""

    coefficients: FloatArray
    hessian: FloatArray
    objective: float


def count_log_loss(log_odds: FloatArray, y: FloatArray, weights: FloatArray | None = None) -> float:
    """Return the (weighted) negative log likelihood of 0/1 outcomes."""
    losses = np.logaddexp(0, log_odds) - y * log_odds
    return float(losses.sum() if weights is None else losses @ weights)


def _solve(hessian: FloatArray, gradient: FloatArray) -> FloatArray:
    try:
        factor = linalg.cho_factor(hessian, check_finite=False)
        return np.asarray(linalg.cho_solve(factor, gradient, check_finite=False), dtype=np.float64)
    except linalg.LinAlgError:
        return np.asarray(np.linalg.lstsq(hessian, gradient, rcond=None)[0], dtype=np.float64)


def _curvature(X: FloatArray, risk: FloatArray, weights: FloatArray | None = None) -> FloatArray:
    spread = risk * (1 - risk) if weights is None else weights * risk * (1 - risk)
    half = X * np.sqrt(spread)[:, None]
    return np.asarray(half.T @ half, dtype=np.float64)


def fit_ridge(
    X: FloatArray, y: FloatArray, strength: float, *, start: FloatArray | None = None, tolerance: float = 1e-10
) -> Fit:
    """Minimise log loss + strength / 2 * |coefficients|^2, the first column (the intercept) unpenalised.

    The same objective as scikit-learn's ``LogisticRegression(C=1 / strength)``.

    Parameters
    ----------
    X : ndarray, (n, p)
        Design with a leading column of ones.
    y : ndarray, (n,)
        0 and 1.
    strength : float
        Penalty, > 0.
    start : ndarray, (p,), optional
        Where to begin.
    tolerance : float
        Largest gradient, for each person, at which to stop.
    """
    penalty = np.full(X.shape[1], float(strength))
    penalty[0] = 0.0
    beta = np.zeros(X.shape[1]) if start is None else start.copy()
    log_odds = X @ beta
    objective = count_log_loss(log_odds, y) + 0.5 * penalty @ beta**2
    for _ in range(100):
        risk = special.expit(log_odds)
        gradient = X.T @ (risk - y) + penalty * beta
        hessian = _curvature(X, risk)
        hessian[np.diag_indices_from(hessian)] += penalty
        if np.abs(gradient).max() <= tolerance * len(y):
            break
        step = _solve(hessian, gradient)
        for _ in range(_HALVINGS):
            trial = X @ (beta - step)
            value = count_log_loss(trial, y) + 0.5 * penalty @ (beta - step) ** 2
            if value <= objective:
                break
            step = step / 2
        else:
            break
        beta, log_odds, objective = beta - step, trial, value
    return Fit(beta, hessian, float(objective))


def estimate_left_out_loss(X: FloatArray, y: FloatArray, fit: Fit) -> float:
    """Return the mean log loss of each person under the model fitted without them (approximate leave-one-out).

    One Newton step away from the full fit (Rad and Maleki 2020, J R Stat Soc B 82:965): no folds, hence no seed.
    """
    log_odds = X @ fit.coefficients
    risk = special.expit(log_odds)
    half = linalg.solve_triangular(
        np.linalg.cholesky(fit.hessian), X.T, lower=True, check_finite=False
    )  # fmt: skip
    leverage = np.einsum("ij,ij->j", half, half)
    kept = np.maximum(1 - risk * (1 - risk) * leverage, 1e-6)
    return count_log_loss(log_odds + (risk - y) * leverage / kept, y) / len(y)


def choose_strength(X: FloatArray, y: FloatArray) -> tuple[float, list[tuple[float, float]], FloatArray]:
    """Choose the ridge penalty with the smallest left-out loss.

    Goes from strong to weak penalties, each fit starting at the last, stops once the loss has risen twice, and puts
    a parabola through the best three.

    Returns
    -------
    tuple
        The penalty, the path as (strength, loss), and the coefficients at the best point of the path.
    """
    path: list[tuple[float, float]] = []
    best: FloatArray | None = None
    beta: FloatArray | None = None
    for strength in _STRENGTHS:
        fit = fit_ridge(X, y, strength, start=beta, tolerance=1e-5)
        beta = fit.coefficients
        loss = estimate_left_out_loss(X, y, fit)
        if not path or loss < min(value for _, value in path):
            best = beta
        path.append((float(strength), loss))
        if len(path) > 3 and path[-1][1] > path[-2][1] > path[-3][1]:
            break
    return _refine(path), path, np.zeros(X.shape[1]) if best is None else best


def _refine(path: list[tuple[float, float]]) -> float:
    losses = np.array([loss for _, loss in path])
    at = int(losses.argmin())
    if not 0 < at < len(path) - 1:
        return path[at][0]
    before, here, after = losses[at - 1 : at + 2]
    bend = before - 2 * here + after
    shift = 0.0 if bend <= 0 else 0.5 * (before - after) / bend
    return float(path[at][0] * 10**-shift)


def find_independent(X: FloatArray) -> NDArray[np.bool_]:
    """Mark the columns that are no linear combination of those before them."""
    scaled = X / np.maximum(np.linalg.norm(X, axis=0), 1e-300)
    diagonal = np.abs(np.diag(np.linalg.qr(scaled, mode="r")))
    kept = np.zeros(X.shape[1], dtype=bool)
    kept[: len(diagonal)] = diagonal > 1e-9
    return kept


def _penalise(X: FloatArray, beta: FloatArray, y: FloatArray, weights: FloatArray | None) -> tuple[float, FloatArray]:
    """Return Firth's objective, loss - half the log determinant of the information, and the information."""
    log_odds = X @ beta
    information = _curvature(X, special.expit(log_odds), weights)
    sign, log_determinant = np.linalg.slogdet(information)
    if sign <= 0:
        return np.inf, information
    return count_log_loss(log_odds, y, weights) - 0.5 * log_determinant, information


def _firth_score(
    X: FloatArray, beta: FloatArray, y: FloatArray, weights: FloatArray | None, information: FloatArray
) -> FloatArray:
    risk = special.expit(X @ beta)
    half = linalg.solve_triangular(np.linalg.cholesky(information), X.T, lower=True, check_finite=False)
    spread = risk * (1 - risk) if weights is None else weights * risk * (1 - risk)
    leverage = np.einsum("ij,ij->j", half, half) * spread
    residual = y - risk if weights is None else weights * (y - risk)
    return X.T @ (residual + leverage * (0.5 - risk))


def fit_firth(
    X: FloatArray,
    y: FloatArray,
    *,
    weights: FloatArray | None = None,
    start: FloatArray | None = None,
    fixed: tuple[int, float] | None = None,
    tolerance: float = 1e-10,
    iterations: int = 200,
) -> Fit:
    """Fit a logistic regression with Firth's penalty, which stays finite in separated data.

    Firth 1993, Biometrika 80:27; Heinze and Schemper 2002, Stat Med 21:2409.

    Parameters
    ----------
    X : ndarray, (n, p)
        Design of full column rank, with a leading column of ones.
    y : ndarray, (n,)
        0 and 1.
    weights : ndarray, (n,), optional
        How often each person counts (a bootstrap sample).
    start : ndarray, (p,), optional
        Where to begin.
    fixed : (int, float), optional
        A column and the value its coefficient is held at (for profile intervals).
    tolerance : float
        Largest penalised score, for each person, or largest step, at which to stop.
    iterations : int
        Most steps.

    Raises
    ------
    NotEnoughDataError
        The design is singular.
    """
    beta = np.zeros(X.shape[1]) if start is None else start.copy()
    free = np.ones(X.shape[1], dtype=bool)
    if fixed is not None:
        beta[fixed[0]], free[fixed[0]] = fixed[1], False
    objective, information = _penalise(X, beta, y, weights)
    if not np.isfinite(objective):
        beta[free] = 0.0
        objective, information = _penalise(X, beta, y, weights)
    if not np.isfinite(objective):
        raise NotEnoughDataError("The signs are linear combinations of each other: leave some of them out.")
    for _ in range(iterations):
        score = _firth_score(X, beta, y, weights, information)[free]
        if np.abs(score).max(initial=0.0) <= tolerance * len(y):
            break
        step = np.zeros_like(beta)
        step[free] = _solve(information[np.ix_(free, free)], score)
        reach = float(np.abs(step).max())
        if reach <= tolerance:
            break
        step *= min(1.0, 5.0 / reach)
        moved = _search(X, beta, step, y, weights, objective)
        if moved is None:
            break
        beta, objective, information = moved
    return Fit(beta, information, objective)


def _search(
    X: FloatArray, beta: FloatArray, step: FloatArray, y: FloatArray, weights: FloatArray | None, objective: float
) -> tuple[FloatArray, float, FloatArray] | None:
    for _ in range(_HALVINGS):
        value, information = _penalise(X, beta + step, y, weights)
        if value <= objective + 1e-12 * abs(objective):
            return beta + step, value, information
        step = step / 2
    return None
