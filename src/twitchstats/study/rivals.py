"""The usual ways to test a trigger, as they are commonly done, for all people of a panel at once.

Each takes a panel, outcome, trigger and lag and returns one test for each person: arrays (P,) ``p_value`` and, where it
has them, ``estimate, ci_lower, ci_upper`` on the log scale; NaN where it could not be done. They are what the study
sets the package's own statistics against; nobody should use the first three on a diary.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from scipy import stats

from twitchstats.arrays import BoolArray, FloatArray
from twitchstats.inference import describe_estimates
from twitchstats.panel import Panel
from twitchstats.triggers.columns import count_trend_terms, date_columns

Fit = Callable[[FloatArray, FloatArray, BoolArray, FloatArray], tuple[FloatArray, FloatArray]]
Tests = dict[str, FloatArray]
SHUFFLES = 199
LOWEST, HIGHEST = -10.0, 15.0  # linear predictor
STEPS = 30


def correlate_naively(panel: Panel, outcome: str, trigger: str, lag: int) -> Tests:
    """Pearson's r with the p-value for independent days."""
    return {"p_value": find_naive_p(panel.lag(trigger, lag), panel.get(outcome))}


def find_naive_p(x: FloatArray, y: FloatArray) -> FloatArray:
    """Return the p-value of Pearson's r for independent days."""
    r, n = correlate(x, y)
    t = r * np.sqrt((n - 2) / np.maximum(1 - r**2, 1e-12))
    return np.asarray(2 * stats.t.sf(np.abs(t), n - 2))


def shuffle_days(panel: Panel, outcome: str, trigger: str, lag: int) -> Tests:
    """Pearson's r against diaries with shuffled days."""
    x, y, seen = _standardise(panel.lag(trigger, lag), panel.get(outcome))
    rng = np.random.default_rng(1)
    n = seen.sum(1)
    order = np.argsort(~seen, axis=1, kind="stable")
    x, y = np.take_along_axis(x, order, 1), np.take_along_axis(y, order, 1)
    first = np.concatenate([[0], np.cumsum(n)[:-1]])
    packed = y[np.arange(y.shape[1]) < n[:, None]]
    observed = np.abs((x * y).sum(1))
    reached = np.zeros(len(x))
    for _ in range(SHUFFLES):
        days = rng.permutation(x.shape[1])
        shuffled = x[:, days][days < n[:, None]]  # each person's first n numbers in an order of their own
        reached += np.abs(np.add.reduceat(shuffled * packed, first)) >= observed * (1 - 1e-12)
    return {"p_value": np.where(observed > 0, (1 + reached) / (1 + SHUFFLES), np.nan)}


def shift_in_circle(panel: Panel, outcome: str, trigger: str, lag: int) -> Tests:
    """Pearson's r against the same diary with the trigger moved round in a circle, by every number of days."""
    x, y = panel.lag(trigger, lag)[:, lag:], panel.get(outcome)[:, lag:]  # the first days have no trigger
    r = np.stack([correlate(np.roll(x, turn, axis=1), y)[0] for turn in range(x.shape[1])], axis=1)
    reached = (np.abs(r[:, 1:]) >= np.abs(r[:, :1]) * (1 - 1e-9)).sum(1)
    return {"p_value": np.where(np.isfinite(r[:, 0]), (1 + reached) / r.shape[1], np.nan)}


def _fit_logs(columns: FloatArray, y: FloatArray, ok: BoolArray, df: FloatArray) -> tuple[FloatArray, FloatArray]:
    target = np.log1p(y) * ok
    inverse = _invert(columns.swapaxes(1, 2) @ columns)
    theta = (inverse @ (columns.swapaxes(1, 2) @ target[..., None]))[..., 0]
    residual = (target - (columns @ theta[..., None])[..., 0]) * ok
    scale = (residual**2).sum(1) / np.maximum(df, 1)
    return theta[:, -1], np.sqrt(scale * inverse[:, -1, -1])


def _fit_counts(
    columns: FloatArray, y: FloatArray, ok: BoolArray, df: FloatArray, *, robust: bool = False
) -> tuple[FloatArray, FloatArray]:
    theta, inverse, mean = _fit_poisson(columns, y, ok)
    if not robust:
        pearson = (ok * (y - mean) ** 2 / mean).sum(1) / np.maximum(df, 1)
        return theta[:, -1], np.sqrt(pearson * inverse[:, -1, -1])
    leverage = mean * ((columns @ inverse) * columns).sum(-1)
    influence = (columns @ inverse[..., -1:])[..., 0]
    score = influence * ok * (y - mean) / np.maximum(1 - leverage, 1e-3)
    return theta[:, -1], np.sqrt((score**2).sum(1))


def _standardise(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return both sides centred and of length 1 over the days where both were seen, 0 elsewhere."""
    x, y, seen = centre_people(x, y)
    sides = []
    for centred in (x, y):
        length = np.sqrt((centred**2).sum(1, keepdims=True))
        sides.append(np.divide(centred, length, out=np.zeros_like(centred), where=length > 1e-12))
    return sides[0], sides[1], seen


def centre_people(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return both sides without each person's mean over the days where both were seen, 0 elsewhere."""
    seen = np.isfinite(x) & np.isfinite(y)
    n = np.maximum(seen.sum(1, keepdims=True), 1)
    x, y = (np.where(seen, side - np.where(seen, side, 0.0).sum(1, keepdims=True) / n, 0.0) for side in (x, y))
    return x, y, seen


def correlate(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return r, NaN where a side does not vary, and the number of common days."""
    x, y, seen = _standardise(x, y)
    varies = (x != 0).any(1) & (y != 0).any(1)
    return np.where(varies, (x * y).sum(1), np.nan), seen.sum(1).astype(float)


def regress(panel: Panel, outcome: str, trigger: str, lag: int, *, fit: str) -> Tests:
    """Regress on trend, weekday, yesterday's outcome, the older trigger and the trigger, and test with t.

    The `fit` is "logs" (least squares on log(1 + count)), "counts" (quasi-Poisson, the model's variance) or "counts,
    HC3" (the same with the sandwich of MacKinnon and White 1985).
    """
    y = panel.get(outcome)
    estimate, se, df = (np.full(len(y), np.nan) for _ in range(3))
    terms = count_trend_terms(y, "smooth")
    own = [np.log1p(panel.lag(outcome, 1)), panel.lag(trigger, lag + 1), panel.lag(trigger, lag)]
    for count in np.unique(terms):
        people = np.flatnonzero(terms == count)
        dated = date_columns(panel, y, people, int(count), weekday=True)
        columns = np.concatenate([dated, np.stack([side[people] for side in own], axis=-1)], axis=-1)
        ok = np.isfinite(y[people]) & np.isfinite(columns).all(-1)
        columns = np.where(ok[..., None], columns, 0.0)
        df[people] = ok.sum(1) - columns.shape[-1]
        estimate[people], se[people] = FITS[fit](columns, np.where(ok, y[people], 0.0), ok, df[people])
    done = (df >= 1) & (se > 0) & np.isfinite(se) & np.isfinite(estimate)
    estimate, se, df = np.where(done, estimate, np.nan), np.where(done, se, np.nan), np.where(done, df, 1.0)
    told = describe_estimates(estimate, se, df)
    return {"estimate": estimate} | {name: told[name] for name in ("p_value", "ci_lower", "ci_upper")}


def _invert(gram: FloatArray) -> FloatArray:
    """Invert matrices, also where a column is empty."""
    size = gram.shape[-1]
    diagonal = np.einsum("...ii->...i", gram)
    return np.linalg.inv(gram + (1e-10 * diagonal.max(-1) + 1e-12)[:, None, None] * np.eye(size))


def _fit_poisson(columns: FloatArray, y: FloatArray, ok: BoolArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Fit by iterated weighted least squares; return coefficients, inverse information and fitted means."""
    predictor = np.where(ok, np.log(y + 0.5), 0.0)
    theta = np.zeros((len(y), columns.shape[-1]))
    for _ in range(STEPS):
        mean = np.where(ok, np.exp(predictor), 1.0)
        weighted = columns * (mean * ok)[..., None]
        working = predictor + (y - mean) / mean
        inverse = _invert(columns.swapaxes(1, 2) @ weighted)
        updated = (inverse @ (weighted.swapaxes(1, 2) @ working[..., None]))[..., 0]
        moved = np.abs(updated - theta).max(initial=0.0)
        theta = updated
        predictor = np.clip((columns @ theta[..., None])[..., 0], LOWEST, HIGHEST)
        if moved < 1e-8:
            break
    mean = np.where(ok, np.exp(predictor), 1.0)
    inverse = _invert(columns.swapaxes(1, 2) @ (columns * (mean * ok)[..., None]))
    return theta, inverse, mean


FITS: dict[str, Fit] = {"logs": _fit_logs, "counts": _fit_counts, "counts, HC3": partial(_fit_counts, robust=True)}
