"""Columns that models share: weekday and trend; and how columns are put on one scale."""

from functools import lru_cache

import numpy as np
from scipy import fft
from scipy.linalg import blas

from twitchstats.arrays import TINY, BoolArray, FloatArray, IntArray
from twitchstats.panel import Panel

DAYS_PER_TREND_TERM = 30
MOST_TREND_TERMS = 12
LEAST_SCALE = 1e-60  # of a column: its square and the product of two such are still numbers
NO_DIRECTION = 1e-9  # squared length of a column beside others that is rounding
DAYS_PER_FINE_TERM = 8  # fine enough for cycles of four weeks
WAVE_DAYS = (3.0, 15.0)  # shortest and longest wave of an outcome that is looked for
CYCLE_DAYS = (15.0, 60.0)  # of a cycle that a trend with a term a month lets through
ENOUGH_CYCLES = 112  # days of a diary from which a cycle of four weeks shows
CYCLE_LEVEL = 0.2  # a third of the power is at stake where there is none, the size where one is weak
OVERSAMPLED = 4  # frequencies looked at for each that a diary tells apart,
INDEPENDENT = 2  # of which the highest is as high as that of so many independent ones


def count_trend_terms(y: FloatArray, trend: str) -> IntArray:
    """Return the number of trend terms of each person: one for each month of the diary, at least a straight line."""
    if trend == "none":
        return np.zeros(len(y), dtype=np.int64)
    if trend == "linear":
        return np.ones(len(y), dtype=np.int64)
    span = _find_span(y)
    return np.clip(np.rint(span / DAYS_PER_TREND_TERM), 1, MOST_TREND_TERMS).astype(np.int64)


def date_columns(panel: Panel, y: FloatArray, people: IntArray, terms: int, *, weekday: bool) -> FloatArray:
    """Return constant, weekday and trend columns (people, days, p); only the constant where days have no order."""
    columns = [np.ones((len(people), y.shape[1]))]
    if panel.ordered and weekday:
        columns += list(np.moveaxis(weekday_contrasts()[panel.weekday[people]], -1, 0))
    if panel.ordered and terms:
        columns += list(np.moveaxis(_trend_basis(y[people], terms), -1, 0))
    return np.stack(columns, axis=-1)


def find_ends(y: FloatArray) -> tuple[IntArray, IntArray]:
    """Return each person's first and last day with an outcome, both (P,); the whole calendar where there is none."""
    seen = np.isfinite(y)
    return seen.argmax(1), y.shape[1] - 1 - seen[:, ::-1].argmax(1)


def _find_span(y: FloatArray) -> IntArray:
    """Return the days from each person's first to last outcome, (P,)."""
    first, last = find_ends(y)
    return np.where(np.isfinite(y).any(1), last - first + 1, 0)


def fine_trend_columns(y: FloatArray, terms: int) -> FloatArray:
    """Return trend columns with a term every DAYS_PER_FINE_TERM days, (B, n, f); none where `terms` are as many."""
    span = _find_span(y)
    most = int(span.max(initial=0)) // DAYS_PER_FINE_TERM
    if most <= terms:
        return np.zeros((*y.shape, 0))
    basis = np.zeros((*y.shape, most))
    for count in np.unique(span // DAYS_PER_FINE_TERM):
        rows = np.flatnonzero(span // DAYS_PER_FINE_TERM == count)
        if count > terms:
            basis[rows, :, :count] = np.nan_to_num(_trend_basis(y[rows], int(count)))
    return basis


def wave_columns(y: FloatArray) -> FloatArray:
    """Return each person's strongest wave of WAVE_DAYS, (B, n, 6): it and those with one turn less and more in all.

    By the periodogram of what is known, as it is freed of its mean.

    >>> y = np.cos(2 * np.pi * np.arange(90) / 9)[None]
    >>> waves = wave_columns(y)
    >>> bool(np.allclose(waves[0, :, 2], y[0]))
    True
    """
    days, span = np.arange(y.shape[1]), np.maximum(_find_span(y), 1)
    known = np.isfinite(y)
    level = np.where(known, y, 0.0).sum(1) / np.maximum(known.sum(1), 1)
    often, power = _find_power(np.where(known, y - level[:, None], 0.0))
    there = (often >= 1 / WAVE_DAYS[1]) & (often <= 1 / WAVE_DAYS[0])
    turns = often[(power * there).argmax(1)][:, None] + np.arange(-1, 2) / span[:, None]
    angle = 2 * np.pi * turns[:, None] * days[:, None]
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1).reshape(*y.shape, -1)


def find_cycles(y: FloatArray, trend: FloatArray) -> BoolArray:
    """Return whose outcome may have a cycle of CYCLE_DAYS beside a trend (B, n, p), (B,).

    Whose periodogram has a peak there above a smooth spectrum, the exponential of a few cosines (Bloomfield 1973), at
    CYCLE_LEVEL; a memory makes slow waves too, but no peak. Of diaries that are too short to show one, all may.

    >>> days, rng = np.arange(180), np.random.default_rng(1)
    >>> y = 2 * np.cos(2 * np.pi * days / 28) * np.array([[1], [0]]) + rng.normal(size=(2, 180))
    >>> find_cycles(y, np.zeros((2, 180, 0))).tolist()
    [True, False]
    """
    span, known = _find_span(y), np.isfinite(y)
    columns = np.concatenate([np.ones((*y.shape, 1)), np.nan_to_num(trend)], axis=-1) * known[..., None]
    left = free_columns(np.where(known, y, 0.0)[..., None], orthonormalise(columns))[..., 0]
    often, power = _find_power(left)
    slow, fast = (1 / days for days in CYCLE_DAYS[::-1])
    beyond, cycle = often >= slow, often[often >= slow] <= fast
    heights = np.log(np.maximum(power[:, beyond], TINY))
    found = np.ones(len(y), dtype=bool)
    bends = 3 + span // (DAYS_PER_TREND_TERM * 3)
    for count in np.unique(bends[span >= ENOUGH_CYCLES]):
        rows = np.flatnonzero((bends == count) & (span >= ENOUGH_CYCLES))
        cosines = np.cos(2 * np.pi * often[beyond, None] * np.arange(count))
        smooth = heights[rows] @ np.linalg.pinv(cosines).T @ cosines.T + np.euler_gamma
        peak = np.exp((heights[rows] - smooth)[:, cycle].max(1))
        chance = -np.expm1(INDEPENDENT * span[rows] * (fast - slow) * np.log1p(-np.exp(-peak)))
        found[rows] = chance <= CYCLE_LEVEL
    return found


def _find_power(y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return frequencies, turns a day, and how much of a series (B, n) goes with each, (B, f)."""
    most = fft.next_fast_len(OVERSAMPLED * y.shape[1], real=True)
    power: FloatArray = np.abs(fft.rfft(y, most)) ** 2
    return fft.rfftfreq(most), power


def weekday_contrasts() -> FloatArray:
    """Return six orthogonal contrasts of the weekdays with variance 1, (7, 6): none of the days is a special one."""
    contrasts: FloatArray = np.linalg.qr(np.eye(7) - 1 / 7)[0][:, :6] * np.sqrt(7)
    return contrasts


def _trend_basis(y: FloatArray, terms: int) -> FloatArray:
    """Return each person's trend columns, (B, n, terms), from the first to the last day with an outcome; NaN outside.

    People with the same span share the computation.
    """
    distinct, member = np.unique(np.stack(find_ends(y), axis=1), axis=0, return_inverse=True)
    basis = np.full((len(distinct), y.shape[1], terms), np.nan)
    for number, (first, last) in enumerate(distinct):
        basis[number, first : last + 1] = spline_basis(last - first + 1, terms)
    return basis[member.ravel()]


def bend_window(days: int) -> FloatArray:
    """Return how effects may go over the days of a window beside their mean, (days, k): as polynomials (Almon 1965).

    A straight line from three days on, and a degree more for each fine trend term in it: such a trend leaves little of
    the window's mean, and what a stiffer curve gets wrong of single days would come out many times as large.

    >>> [bend_window(days).shape[1] for days in (1, 2, 3, 7, 8, 28)]
    [0, 0, 1, 1, 2, 4]
    """
    degree = 1 + days // DAYS_PER_FINE_TERM if days > 2 else 0
    bends: FloatArray = np.linalg.qr(np.vander(np.linspace(-1, 1, days), degree + 1, increasing=True))[0][:, 1:]
    return bends


@lru_cache(maxsize=128)
def spline_basis(days: int, terms: int) -> FloatArray:
    """Return a natural cubic spline basis, (days, terms) (Hastie, Tibshirani and Friedman 2009, section 5.2.1).

    Columns are orthogonal with mean 0 and variance 1, so that a penalty does not depend on how the knots are written;
    directions that so few days can't have are 0.
    """
    time = np.linspace(0, 1, days)
    knots = np.linspace(0, 1, terms + 1)

    def bend(knot: float) -> FloatArray:
        return np.maximum(time - knot, 0) ** 3 / (1 - knot)

    columns = [time, *(bend(knot) - bend(knots[-2]) for knot in knots[:-2])]
    basis = np.stack(columns[:terms], axis=-1)
    left, size, _ = np.linalg.svd(basis - basis.mean(0), full_matrices=False)
    found = np.zeros((days, terms))
    kept = size > 1e-8
    found[:, : kept.sum()] = left[:, kept] * np.sqrt(days)
    found.flags.writeable = False  # it is shared by all who ask for the same
    return found


def standardise(values: FloatArray, ok: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Centre and scale along the last axis over the days that are ok; other days are 0.

    Returns the values and the scale without the last axis; the scale is 0 where there is no variation.
    """
    scaled = np.where(ok, values, 0.0)
    n = np.maximum(ok.sum(-1), 1)
    mean = scaled.sum(-1) / n
    scaled -= mean[..., None]
    scaled *= ok
    scale = np.sqrt(np.einsum("...i,...i->...", scaled, scaled) / n)
    scale = np.where(scale <= np.maximum(1e-10 * np.abs(mean), LEAST_SCALE), 0.0, scale)
    scaled /= np.where(scale > 0, scale, 1.0)[..., None]
    return scaled, scale


def orthonormalise(columns: FloatArray) -> FloatArray:
    """Return orthonormal columns that span the given ones, (B, n, p), by Cholesky's factor of their products.

    The first ones span the first ones; directions that are not there are 0.
    """
    gram, length = scale_products(columns.swapaxes(-1, -2) @ columns)
    return turn_columns(columns / length[..., None, :], factor_products(gram))


def scale_products(gram: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return columns' products with each other as if each column had length 1 or 0, and their lengths, 1 for none."""
    length = np.sqrt(np.einsum("...pp->...p", gram))
    length = np.where(length > 0, length, 1.0)
    return gram / (length[..., None] * length[..., None, :]), length


def factor_products(gram: FloatArray) -> FloatArray:
    """Return Cholesky's factor of columns' products."""
    factor: FloatArray = np.linalg.cholesky(gram + NO_DIRECTION * np.eye(gram.shape[-1])).astype(float)
    return factor


def turn_columns(columns: FloatArray, factor: FloatArray) -> FloatArray:
    """Return columns (B, n, p) made orthonormal by the factor of their products, each by those before it; used up."""
    columns = np.ascontiguousarray(columns)  # in another order, what is worked out in place would be lost
    for own, lower in zip(columns, factor, strict=True):
        blas.dtrsm(1.0, lower.T, own.T, trans_a=1, overwrite_b=1)
    return columns


def free_columns(columns: FloatArray, basis: FloatArray) -> FloatArray:
    """Return what is left of columns (B, n, k) beside an orthonormal basis (B, n, p)."""
    freed: FloatArray = columns - basis @ (basis.swapaxes(1, 2) @ columns)
    return freed
