"""Many small regression models at once, as matrix work over people, triggers and lags.

Each model explains one outcome of one person by a nuisance part that all models of the person share (trend, weekday,
yesterday's outcome), by columns of its own (the trigger on the neighbouring day, or the other triggers) and by one
trigger at one lag. The trigger is tested by its score: the model is fitted without it, so that the weights can't
follow the noise. A Wald test on the same models rejects too often where counts are few or uneven.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twitchstats.triggers.problem import (
    BOUND,
    Curvature,
    FloatArray,
    Problem,
    find_gradient,
    predict,
    score_residuals,
    start_values,
    weigh_days,
    weigh_days_as_observed,
    work_out,
)

BoolArray = NDArray[np.bool_]

# The scale of a score test comes from residuals without the trigger (0), which is a little cold, or with it (1), which
# for counts is a little warm; in least squares the latter is the classical t test.
SHARE_EXPLAINED = {"count": 0.5, "yes/no": 0.0, "amount": 1.0}

LARGEST_STEP = 2.0  # of the linear predictor in one step
MOST_STEPS = 60
TOLERANCE = 1e-4  # change of the linear predictor after which a fit has converged: the next one is far smaller
SLOW = 0.5  # a step that shrinks by less than this factor asks for a fresh matrix of second derivatives
FAR = 0.3  # root mean square change of the linear predictor above which weights have to be computed again
FLAT = 1e-3  # information at the estimate as a share of that without the trigger; below it the data are separated
MODEST = 2.0  # coefficient of a standardised trigger up to which no estimate has run off
MOST_ALPHA = 100.0  # overdispersion
NOTHING = 1e-6  # share of a trigger's variance that is left once trend, weekday and the like are known
LEVERAGE_POWER = 2.5  # of the leverage correction
LEAST = 1e-100  # to divide by
LEAST_INFLATION = 0.3  # of a variance by overlapping windows


@dataclass(frozen=True)
class Fits:
    """What comes back for each model: arrays (B, M), per unit of the standardised trigger.

    Attributes
    ----------
    estimate : coefficient of the fitted model.
    se : standard error at the fit, robust to what the variance of the outcome is.
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


def fit_models(problem: Problem, alpha: FloatArray, nuisance: FloatArray) -> Fits:
    """Fit every model of a chunk and test its trigger.

    Parameters
    ----------
    problem : Problem
    alpha : (B,)
        Overdispersion of each person, from `fit_nuisance`.
    nuisance : (B, p)
        Coefficients of the shared columns to start from, from `fit_nuisance`.

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
    theta = np.zeros((*problem.ok.shape[:2], nuisance.shape[-1] + problem.own.shape[2] + 1))
    theta[..., : nuisance.shape[-1]] = nuisance[:, None]
    theta, predictor, curvature, go_on = _fit_without_trigger(problem, theta, alpha)
    n = problem.ok.sum(-1)
    df = n - problem.shared.shape[-1] - problem.own.shape[2] - 1
    weights, residual, pearson = work_out(problem, predictor, alpha)
    plain = curvature if problem.family == "amount" else Curvature(problem.as_family("amount"), problem.ok, alike=True)
    singular = plain.information <= NOTHING * np.maximum(n, 1)
    information = np.where(singular, 1.0, curvature.information)
    first_step = curvature.solve(find_gradient(problem, residual, theta))[..., -1]
    overlap = _inflate_for_overlap(problem, curvature, weights, pearson)
    null_se = np.sqrt(overlap * np.maximum((pearson**2).sum(-1), 1e-12) / np.maximum(df, 1) / information)
    t = first_step / null_se
    if problem.family == "count":
        t = _join_scores(problem, t, pearson, df, plain)
    t = t / np.sqrt(np.maximum(1 - SHARE_EXPLAINED[problem.family] * t**2 / np.maximum(df, 1), 1e-9))
    if problem.family == "amount":
        se = np.where(np.abs(t) > 1e-6, np.abs(first_step) / np.maximum(np.abs(t), 1e-6), null_se)
        return Fits(first_step, se, null_se, first_step, t, df, n, np.zeros_like(singular), singular)
    theta, predictor = _fit(problem, theta, alpha, go_on, predictor=predictor, firth=problem.family == "yes/no")
    estimate = theta[..., -1]
    separated = _find_separated(problem, estimate, predictor, alpha, information)
    t = np.where(np.sign(estimate) != np.sign(t), estimate / null_se, t)
    se = _robust_error(problem, predictor, alpha, curvature, df) * np.sqrt(overlap)
    return Fits(estimate, se, null_se, first_step, t, df, n, separated & ~singular, singular)


def _robust_error(
    problem: Problem, predictor: FloatArray, alpha: FloatArray, curvature: Curvature, df: FloatArray
) -> FloatArray:
    """Return the sandwich standard error of the trigger's coefficient at the fit, (B, M).

    Squared residuals are raised for leverage as in HC3 (MacKinnon and White 1985), a little more so: by the power at
    which intervals of uneven counts cover 95 % in simulations. The nuisance columns' leverage is taken as even.
    """
    residual = score_residuals(problem, predictor, alpha)
    weights = weigh_days_as_observed(problem, predictor, alpha)
    news = predict(problem, curvature.isolate_trigger(), bounded=False) * problem.ok
    information = np.maximum((weights * news**2).sum(-1), LEAST)
    free = 1 - np.clip(weights * news**2 / information[..., None], 0, 0.9)
    even = np.maximum(df + 1, 1) / np.maximum(problem.ok.sum(-1), 1)
    return np.sqrt((((news * residual) ** 2) / free**LEVERAGE_POWER).sum(-1) / even**LEVERAGE_POWER) / information


def _join_scores(
    problem: Problem, t: FloatArray, pearson: FloatArray, df: FloatArray, curvature: Curvature
) -> FloatArray:
    """Join the score statistic of the counts with that of their logarithms, (B, M).

    The first is the better one for small even counts, the second for large or heavy-tailed ones; their sum, divided by
    its standard deviation given how far their residuals agree, is at most a little worse than the better of the two.
    """
    logs = problem.as_family("amount", y=np.log1p(problem.y))
    start = np.zeros((*t.shape, problem.shared.shape[-1] + problem.own.shape[2] + 1))
    theta = curvature.solve_without_trigger(find_gradient(logs, logs.ok * logs.y[:, None], start))
    residual = score_residuals(logs, predict(logs, theta), np.zeros(len(t)))
    step = curvature.solve(find_gradient(logs, residual, theta))[..., -1]
    phi = np.maximum((residual**2).sum(-1), 1e-12) / np.maximum(df, 1)
    if problem.window > 1:
        phi = phi * _inflate_for_overlap(logs, curvature, logs.ok, residual)
    t_log = step / np.sqrt(phi) * np.sqrt(curvature.information)  # in this order nothing overflows
    agreement = (pearson * residual).sum(-1)
    agreement /= np.sqrt(np.maximum((pearson**2).sum(-1) * (residual**2).sum(-1), LEAST))
    return (t + t_log) / np.sqrt(2 + 2 * np.clip(agreement, 0, 1))


def _inflate_for_overlap(
    problem: Problem, curvature: Curvature, weights: FloatArray, pearson: FloatArray
) -> FloatArray:
    """Return by how much shared days raise the variance of the score, (B, M).

    Values of the trigger less than `window` days apart share days, further ones have no news in common, so that
    1 + 2 sum r_x(h) r_e(h) ends before `window`.
    """
    inflation = np.ones(weights.shape[:-1])
    if problem.window == 1:
        return inflation
    news = np.sqrt(weights) * predict(problem, curvature.isolate_trigger(), bounded=False)
    for apart in range(1, problem.window):
        pair = [
            (part[..., apart:] * part[..., :-apart]).sum(-1) / np.maximum((part**2).sum(-1), LEAST)
            for part in (news, pearson)
        ]
        inflation += 2 * pair[0] * pair[1]
    return np.maximum(inflation, LEAST_INFLATION)


def fit_nuisance(y: FloatArray, shared: FloatArray, ok: FloatArray, family: str) -> tuple[FloatArray, FloatArray]:
    """Fit the shared columns once for each person.

    Parameters
    ----------
    y, ok : (B, n)
    shared : (B, n, p)
    family : {"count", "yes/no", "amount"}

    Returns
    -------
    alpha : (B,)
        Overdispersion, 0 unless the outcome is a count.
    theta : (B, p)
        Coefficients.
    """
    people, days = y.shape
    base = Problem(y, shared, np.zeros((people, 1, 0, days)), np.zeros((people, 1, days)), ok[:, None], family)
    df = np.maximum(ok.sum(-1) - shared.shape[-1], 1.0)
    alpha, theta = np.zeros(people), start_values(base)
    for _ in range(3 if family == "count" else 0):
        theta, predictor = _fit(base, theta, alpha)
        alpha = _solve_pearson(y, np.exp(predictor[:, 0]), ok, df)
    theta, _ = _fit(base, theta, alpha)
    return alpha, theta[:, 0, :-1]


def _fit_without_trigger(
    problem: Problem, theta: FloatArray, alpha: FloatArray
) -> tuple[FloatArray, FloatArray, Curvature, Curvature]:
    """Fit each model's own nuisance columns from the person's nuisance fit.

    One step does, unless the own columns matter so much that weights change. Returns the coefficients, the linear
    predictor, the expected second derivatives there, and those to go on from.
    """
    predictor = predict(problem, theta)
    weights, residual, _ = work_out(problem, predictor, alpha)
    expected = observed = Curvature(problem, weights, alike=True)
    if problem.family == "count":
        observed = Curvature(problem, weigh_days_as_observed(problem, predictor, alpha), alike=True)
    step = observed.solve_without_trigger(find_gradient(problem, residual, theta))
    move = predict(problem, step, bounded=False)
    far = np.sqrt(((move * problem.ok) ** 2).sum(-1) / np.maximum(problem.ok.sum(-1), 1.0)) >= FAR
    theta, predictor = theta + step, predictor + move
    if problem.family == "amount":
        return theta, predictor, expected, observed
    np.clip(predictor, -BOUND, BOUND, out=predictor)
    if far.any():
        fitted, there = _fit(problem, theta - step, alpha, observed, trigger=False)
        expected = expected.replace_where(far, Curvature(problem, weigh_days(problem, there, alpha), alike=False))
        theta, predictor = (np.where(far[..., None], new, old) for new, old in ((fitted, theta), (there, predictor)))
    return theta, predictor, expected, observed


def _solve_pearson(y: FloatArray, mean: FloatArray, ok: FloatArray, df: FloatArray) -> FloatArray:
    """Solve sum((y - mean)^2 / (mean + alpha mean^2)) = df for alpha >= 0.

    Newton's method from 0: the sum falls and is convex in alpha, so that it climbs to the root from below.
    """
    squared = ok * (y - mean) ** 2 / mean
    alpha = np.zeros(len(y))
    for _ in range(30):
        part = squared / (1 + alpha[:, None] * mean)
        slope = (part * mean / (1 + alpha[:, None] * mean)).sum(-1)
        step = np.maximum((part.sum(-1) - df) / np.maximum(slope, LEAST), 0.0)
        alpha = np.minimum(alpha + step, MOST_ALPHA)
        if (step <= 1e-10 * (1 + alpha)).all():
            break
    return alpha


def _fit(
    problem: Problem,
    theta: FloatArray,
    alpha: FloatArray,
    curvature: Curvature | None = None,
    *,
    predictor: FloatArray | None = None,
    trigger: bool = True,
    firth: bool = False,
) -> tuple[FloatArray, FloatArray]:
    """Maximise the (penalised) quasi-likelihood of every model from `theta`; return coefficients and predictor.

    Newton's method that keeps its second derivatives as long as the steps shrink fast.
    """
    predictor = predict(problem, theta) if predictor is None else predictor.copy()
    linear = problem.family == "amount"
    before = np.inf
    for _ in range(1 if linear else MOST_STEPS):
        if curvature is None:
            curvature = Curvature(problem, weigh_days_as_observed(problem, predictor, alpha), alike=False)
        residual = score_residuals(problem, predictor, alpha)
        if firth:
            residual = residual + _firth_shift(problem, predictor, alpha)
        gradient = find_gradient(problem, residual, theta)
        step = curvature.solve(gradient) if trigger else curvature.solve_without_trigger(gradient)
        move = predict(problem, step, bounded=False)
        change = np.abs(move * problem.ok).max(-1)
        if not linear and (change > LARGEST_STEP).any():
            shrink = np.minimum(1.0, LARGEST_STEP / np.maximum(change, LEAST))[..., None]
            step, move = step * shrink, move * shrink
        theta = theta + step
        predictor += move
        if not linear:
            np.clip(predictor, -BOUND, BOUND, out=predictor)
        largest = change.max(initial=0.0)
        if largest < TOLERANCE:
            break
        if largest > SLOW * before or largest > LARGEST_STEP:
            curvature = None
        before = largest
    return theta, predictor


def _firth_shift(problem: Problem, predictor: FloatArray, alpha: FloatArray) -> FloatArray:
    """Return leverage times (1/2 - mean), what Jeffreys' prior adds to the score residuals."""
    weights = weigh_days(problem, predictor, alpha)
    leverage = Curvature(problem, weights, alike=False).leverages(problem, weights)
    return problem.ok * leverage * (0.5 - 1 / (1 + np.exp(-predictor)))


def _find_separated(
    problem: Problem, estimate: FloatArray, predictor: FloatArray, alpha: FloatArray, information: FloatArray
) -> BoolArray:
    """Tell where the estimate ran off, (B, M): next to nothing is known of the trigger there."""
    if np.abs(estimate).max(initial=0.0) < MODEST:
        return np.zeros(information.shape, dtype=bool)
    weights = weigh_days(problem, predictor, alpha)
    mean = (weights * problem.x).sum(-1, keepdims=True) / np.maximum(weights.sum(-1, keepdims=True), LEAST)
    left = (weights * (problem.x - mean) ** 2).sum(-1)
    return ~(left > FLAT * information)
