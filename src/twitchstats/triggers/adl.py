"""Many small regression models at once, as matrix work over people, triggers and lags.

Each model explains one outcome of one person by a nuisance part that all models of the person share (trend, weekday,
yesterday's outcome), by columns of its own (the trigger on the neighbouring day, or the other triggers) and by one
trigger at one lag. The trigger is tested by its score: the model is fitted without it, so that the weights can't
follow the noise. A Wald test on the same models rejects too often where counts are few or uneven.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

RIDGE = 0.02  # on standardised nuisance columns: a weekday without a single twitch must not run to minus infinity
LARGEST_STEP = 2.0  # of the linear predictor in one step
MOST_STEPS = 60
TOLERANCE = 1e-5  # change of the linear predictor at which a fit has converged
SLOW = 0.5  # a step that shrinks by less than this factor asks for a fresh matrix of second derivatives
FAR = 0.25  # change of the linear predictor above which weights have to be computed again
FLAT = 1e-3  # information at the estimate as a share of that without the trigger; below it the data are separated
BOUND = 30.0  # of the linear predictor
MANY_MODELS = 8  # from here on products of column pairs pay


@dataclass(frozen=True)
class Problem:
    """A chunk of models: B people, M models for each, n days.

    Attributes
    ----------
    y : (B, n)
        Outcome; 0 where it is not observed.
    shared : (B, n, p)
        Nuisance columns shared by all models of a person, the first one constant; 0 where not observed.
    own : (B, M, q, n)
        Nuisance columns of each model, standardised; 0 where not observed.
    x : (B, M, n)
        The trigger, standardised; 0 where not observed.
    ok : (B, M, n)
        1.0 on days where everything in the model is observed, else 0.0.
    family : {"count", "yes/no", "amount"}
        Negative binomial quasi-likelihood with log link, logistic regression, or least squares.
    window : int
        Over how many days one value of the trigger reaches; neighbouring values then share days.
    """

    y: FloatArray
    shared: FloatArray
    own: FloatArray
    x: FloatArray
    ok: FloatArray
    family: str
    window: int = 1

    @cached_property
    def pairs(self) -> FloatArray:
        """Products of the shared columns, (B, n, p (p + 1) / 2): weights @ pairs is X'WX for all models at once."""
        rows, columns = np.triu_indices(self.shared.shape[-1])
        return self.shared[..., rows] * self.shared[..., columns]

    @cached_property
    def own_and_x(self) -> FloatArray:
        """The columns that differ between models with the trigger as the last one, (B, M, q + 1, n)."""
        return np.concatenate([self.own, self.x[:, :, None]], axis=2)


@dataclass(frozen=True)
class Fits:
    """What comes back for each model: arrays (B, M), per unit of the standardised trigger.

    Attributes
    ----------
    estimate : coefficient of the fitted model.
    se : test-based standard error, estimate / t (Miettinen 1976): interval and p-value agree.
    null_se : standard error in the fit without the trigger, which does not depend on the estimate.
    first_step : estimate after one step from no effect; finite even where the data are separated.
    t : score statistic, to be referred to a t distribution with `df` degrees of freedom.
    n : days used.
    separated, singular : where no finite estimate exists, and where the trigger says nothing of its own.
    """

    estimate: FloatArray
    se: FloatArray
    null_se: FloatArray
    first_step: FloatArray
    t: FloatArray
    df: FloatArray
    n: FloatArray
    separated: BoolArray
    singular: BoolArray


def fit_models(problem: Problem) -> Fits:
    """Fit every model of a chunk and test its trigger.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    Fits
        Models with ``df < 1`` hold undefined numbers; the caller refuses them.

    Notes
    -----
    Score test with estimated scale: Boos (1992); what is left of the nuisance score is projected out (the C(alpha)
    test of Neyman 1959). Counts: variance phi mu (1 + alpha mu), alpha from the Pearson equation of the person's
    nuisance fit (Breslow 1984), phi from each model's own. Yes/no: estimate by Firth's (1993) penalised likelihood,
    which is finite under separation.
    """
    alpha, theta = _fit_nuisance(problem)
    inverse = _invert_information(problem, theta, alpha)
    moved = _fit(problem, alpha, theta, trigger=False, inverse=_drop_last(inverse), tolerance=1e-2)
    if problem.own.shape[2] and np.abs(_predictor(problem, moved - theta, trigger=False)).max(initial=0.0) > FAR:
        inverse = _invert_information(problem, moved, alpha)
    theta = moved
    n = problem.ok.sum(-1)
    df = n - problem.shared.shape[-1] - problem.own.shape[2] - 1
    weights, residual, pearson = _working(problem, _predictor(problem, theta, trigger=False), alpha)
    gradient = _gradient(problem, residual, trigger=True)
    gradient[..., :-1] -= _ridge(theta.shape[-1]) * theta
    information = 1 / np.maximum(inverse[..., -1, -1], 1e-300)
    singular = information <= 1e-6 * np.maximum(weights.sum(-1), 1e-300)
    information = np.where(singular, 1.0, information)
    first_step = (inverse[..., -1, :] * gradient).sum(-1)
    phi = np.maximum((pearson**2).sum(-1), 1e-12) / np.maximum(df, 1)
    if problem.window > 1:
        phi = phi * _inflate_for_overlap(problem, inverse, weights, pearson)
    null_se = np.sqrt(phi / information)
    t = first_step / null_se
    if problem.family == "amount":
        # Least squares: the classical t statistic follows exactly from the fit without the trigger.
        t = t / np.sqrt(np.maximum(1 - t**2 / np.maximum(df, 1), 1e-9))
        estimate, separated = first_step, np.zeros_like(singular)
    else:
        start = np.concatenate([theta, np.zeros_like(first_step)[..., None]], axis=-1)
        theta = _fit(problem, alpha, start, trigger=True, inverse=inverse)
        estimate = theta[..., -1]
        separated = _find_separated(problem, theta, alpha, information)
    agree = (np.sign(estimate) == np.sign(t)) & (np.abs(t) > 1e-6)
    se = np.where(agree, np.abs(estimate) / np.where(agree, np.abs(t), 1.0), null_se)
    return Fits(estimate, se, null_se, first_step, t, df, n, separated & ~singular, singular)


def _inflate_for_overlap(problem: Problem, inverse: FloatArray, weights: FloatArray, pearson: FloatArray) -> FloatArray:
    """Return by how much shared days raise the variance of the score, (B, M).

    Values of the trigger less than `window` days apart share days, further ones have no news in common, so that
    1 + 2 sum r_x(h) r_e(h) ends before `window`.
    """
    last = inverse[..., -1, :] / inverse[..., -1, -1:]
    news = np.sqrt(weights) * _predictor(problem, last, trigger=True, bounded=False)
    inflation = np.ones(news.shape[:-1])
    for apart in range(1, problem.window):
        pair = [
            (part[..., apart:] * part[..., :-apart]).sum(-1) / np.maximum((part**2).sum(-1), 1e-300)
            for part in (news, pearson)
        ]
        inflation += 2 * pair[0] * pair[1]
    return np.maximum(inflation, 0.3)


def _fit_nuisance(problem: Problem) -> tuple[FloatArray, FloatArray]:
    """Fit the shared columns once for each person.

    Returns each person's overdispersion (B,), 0 unless the outcome is a count, and starting values (B, M, p + q).
    """
    people, models, days = problem.ok.shape
    seen = problem.ok.max(1, keepdims=True)
    base = Problem(problem.y, problem.shared, np.zeros((people, 1, 0, days)), np.zeros_like(seen), seen, problem.family)
    df = np.maximum(seen.sum((1, 2)) - problem.shared.shape[-1], 1.0)
    alpha, theta = np.zeros(people), _start(base)
    for _ in range(3 if problem.family == "count" else 0):
        theta = _fit(base, alpha, theta, trigger=False)
        mean = np.exp(_predictor(base, theta, trigger=False))[:, 0]
        alpha = _solve_pearson(problem.y, mean, seen[:, 0], df)
    theta = _fit(base, alpha, theta, trigger=False)
    start = np.zeros((people, models, theta.shape[-1] + problem.own.shape[2]))
    start[..., : theta.shape[-1]] = theta
    return alpha, start


def _solve_pearson(y: FloatArray, mean: FloatArray, ok: FloatArray, df: FloatArray) -> FloatArray:
    """Solve sum((y - mean)^2 / (mean + alpha mean^2)) = df for alpha >= 0 by bisection."""
    squared = ok * (y - mean) ** 2 / mean

    def excess(alpha: FloatArray) -> FloatArray:
        return (squared / (1 + alpha[:, None] * mean)).sum(-1) - df

    low, high = np.zeros(len(y)), np.full(len(y), 100.0)
    none = excess(low) <= 0
    for _ in range(40):
        middle = (low + high) / 2
        above = excess(middle) > 0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.where(none, 0.0, low)


def _fit(
    problem: Problem,
    alpha: FloatArray,
    theta: FloatArray,
    *,
    trigger: bool,
    inverse: FloatArray | None = None,
    tolerance: float = TOLERANCE,
) -> FloatArray:
    """Maximise the (penalised) quasi-likelihood of every model from `theta`; return the coefficients.

    Newton's method that keeps its matrix of second derivatives as long as the steps shrink fast.
    """
    firth = trigger and problem.family == "yes/no"
    linear = problem.family == "amount"
    ridge = _ridge(theta.shape[-1])
    ridge[-1] *= not trigger
    predictor = _predictor(problem, theta, trigger=trigger)
    before = np.inf
    for _ in range(1 if linear else MOST_STEPS):
        if inverse is None:
            inverse = _invert_curvature(problem, predictor, alpha, ridge, trigger=trigger)
        residual = _residual(problem, predictor, alpha)
        if firth:
            residual = residual + _firth_shift(problem, predictor, alpha)
        gradient = _gradient(problem, residual, trigger=trigger) - ridge * theta
        step = (inverse @ gradient[..., None])[..., 0]
        move = _predictor(problem, step, trigger=trigger) * problem.ok
        change = np.abs(move).max(-1)
        shrink = np.ones_like(change) if linear else np.minimum(1.0, LARGEST_STEP / np.maximum(change, 1e-300))
        theta = theta + step * shrink[..., None]
        predictor = np.clip(predictor + move * shrink[..., None], -BOUND, BOUND)
        largest = change.max(initial=0.0)
        if largest < tolerance:
            break
        if largest > SLOW * before or largest > LARGEST_STEP:
            inverse = None
        before = largest
    return theta


def _start(problem: Problem) -> FloatArray:
    """Return starting values without any column but the constant, (B, M, p)."""
    theta = np.zeros((*problem.ok.shape[:2], problem.shared.shape[-1]))
    n = np.maximum(problem.ok.sum(-1), 1.0)
    mean = (problem.ok * problem.y[:, None]).sum(-1) / n
    if problem.family == "count":
        theta[..., 0] = np.log(mean + 0.5 / n)
    elif problem.family == "yes/no":
        share = (mean * n + 0.5) / (n + 1)
        theta[..., 0] = np.log(share / (1 - share))
    return theta


def _ridge(size: int) -> FloatArray:
    """Return the penalty of each column: the constant has none."""
    ridge = np.full(size, RIDGE)
    ridge[0] = 0.0
    return ridge


def _jitter(gram: FloatArray) -> FloatArray:
    """Return a diagonal small enough not to matter that keeps a matrix with empty columns invertible."""
    diagonal = np.einsum("...ii->...i", gram)
    size = gram.shape[-1]
    return (1e-9 * diagonal.max(-1, initial=1e-6)[..., None] + 1e-12)[..., None] * np.eye(size)


def _predictor(problem: Problem, theta: FloatArray, *, trigger: bool, bounded: bool = True) -> FloatArray:
    """Return the linear predictor (B, M, n)."""
    p = problem.shared.shape[-1]
    predictor: FloatArray = theta[..., :p] @ problem.shared.swapaxes(1, 2)
    own = problem.own_and_x if trigger else problem.own
    for column in range(own.shape[2]):
        predictor += theta[..., p + column, None] * own[:, :, column]
    if bounded and problem.family != "amount":
        np.clip(predictor, -BOUND, BOUND, out=predictor)
    return predictor


def _residual(problem: Problem, predictor: FloatArray, alpha: FloatArray) -> FloatArray:
    """Return the score residuals (B, M, n), 0 on days not used."""
    y = problem.y[:, None]
    if problem.family == "amount":
        return problem.ok * (y - predictor)
    if problem.family == "yes/no":
        return problem.ok * (y - 1 / (1 + np.exp(-predictor)))
    mean = np.exp(predictor)
    return problem.ok * (y - mean) / (1 + alpha[:, None, None] * mean)


def _weights(problem: Problem, predictor: FloatArray, alpha: FloatArray) -> FloatArray:
    """Return each day's expected information (B, M, n), 0 on days not used."""
    if problem.family == "amount":
        return problem.ok
    if problem.family == "yes/no":
        mean = 1 / (1 + np.exp(-predictor))
        return problem.ok * mean * (1 - mean)
    mean = np.exp(predictor)
    return problem.ok * mean / (1 + alpha[:, None, None] * mean)


def _working(problem: Problem, predictor: FloatArray, alpha: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return weights, score residuals and Pearson residuals, each (B, M, n) and 0 on days not used."""
    weights = _weights(problem, predictor, alpha)
    residual = _residual(problem, predictor, alpha)
    return weights, residual, residual / np.sqrt(np.where(problem.ok > 0, weights, 1.0))


def _invert_information(problem: Problem, theta: FloatArray, alpha: FloatArray) -> FloatArray:
    """Return the inverse of the expected information with the trigger, at a fit without it."""
    gram = _gram(problem, _weights(problem, _predictor(problem, theta, trigger=False), alpha), trigger=True)
    return np.linalg.inv(gram + _jitter(gram))


def _drop_last(inverse: FloatArray) -> FloatArray:
    """Return the inverse of a matrix without its last row and column, from the inverse of the whole."""
    edge = inverse[..., :-1, -1:]
    return inverse[..., :-1, :-1] - edge @ edge.swapaxes(-1, -2) / inverse[..., -1:, -1:]


def _invert_curvature(
    problem: Problem, predictor: FloatArray, alpha: FloatArray, ridge: FloatArray, *, trigger: bool
) -> FloatArray:
    """Return the inverse of the observed information plus ridge, (B, M, k, k)."""
    curvature = _weights(problem, predictor, alpha)
    if problem.family == "count":
        excess = alpha[:, None, None]
        curvature = curvature * (1 + excess * problem.y[:, None]) / (1 + excess * np.exp(predictor))
    gram = _gram(problem, curvature, trigger=trigger) + np.diag(ridge)
    return np.linalg.inv(gram + _jitter(gram))


def _gram(problem: Problem, weights: FloatArray, *, trigger: bool) -> FloatArray:
    """Return X'WX for every model, (B, M, k, k)."""
    shared = problem.shared
    own = problem.own_and_x if trigger else problem.own
    people, models, days = weights.shape
    p, r = shared.shape[-1], own.shape[2]
    gram = np.empty((people, models, p + r, p + r))
    if models >= MANY_MODELS:
        rows, columns = np.triu_indices(p)
        block = weights @ problem.pairs
        gram[..., rows, columns] = block
        gram[..., columns, rows] = block
    else:
        turned = shared.swapaxes(1, 2)
        for model in range(models):
            gram[:, model, :p, :p] = (turned * weights[:, model, None]) @ shared
    if r:
        weighted = (weights[:, :, None] * own).reshape(people, models * r, days)
        cross = (weighted @ shared).reshape(people, models, r, p)
        gram[..., p:, :p] = cross
        gram[..., :p, p:] = cross.swapaxes(-1, -2)
        gram[..., p:, p:] = weighted.reshape(people, models, r, days) @ own.swapaxes(-1, -2)
    return gram


def _gradient(problem: Problem, residual: FloatArray, *, trigger: bool) -> FloatArray:
    own = problem.own_and_x if trigger else problem.own
    return np.concatenate([residual @ problem.shared, (own @ residual[..., None])[..., 0]], axis=-1)


def _firth_shift(problem: Problem, predictor: FloatArray, alpha: FloatArray) -> FloatArray:
    """Return leverage times (1/2 - mean), what Jeffreys' prior adds to the score residuals."""
    weights = _weights(problem, predictor, alpha)
    gram = _gram(problem, weights, trigger=True)
    inverse = np.linalg.inv(gram + _jitter(gram))
    models = weights.shape[1]
    shared = np.broadcast_to(problem.shared[:, None], (len(weights), models, *problem.shared.shape[1:]))
    design = np.concatenate([shared, problem.own_and_x.swapaxes(-1, -2)], axis=-1)
    leverage = weights * ((design @ inverse) * design).sum(-1)
    return problem.ok * leverage * (0.5 - 1 / (1 + np.exp(-predictor)))


def _find_separated(problem: Problem, theta: FloatArray, alpha: FloatArray, information: FloatArray) -> BoolArray:
    """Tell where the estimate ran off: (B, M), the trigger's information there is next to nothing.

    Only the trigger's own information is looked at, a lower bound costs nothing: sum of weights times x squared.
    """
    weights = _weights(problem, _predictor(problem, theta, trigger=True), alpha)
    exposed = (weights * (problem.x - _weighted_mean(problem.x, weights)) ** 2).sum(-1)
    return ~(exposed > FLAT * information)


def _weighted_mean(x: FloatArray, weights: FloatArray) -> FloatArray:
    return (weights * x).sum(-1, keepdims=True) / np.maximum(weights.sum(-1, keepdims=True), 1e-300)
