"""From a panel to regression problems: trend, weekday, yesterday's outcome, triggers at their lags."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from twitchstats.panel import FloatArray, Panel, shift_days
from twitchstats.triggers.adl import Fits, fit_models, fit_nuisance
from twitchstats.triggers.problem import MANY_MODELS, Problem
from twitchstats.triggers.work import run_side_by_side, split_evenly

DAYS_PER_TREND_TERM = 30
MOST_TREND_TERMS = 8
LEAST_DF = 10
NUISANCE_BLOCK = 100  # people whose nuisance part is fitted at a time
LEAST_EVENTS = 5  # days with and days without the outcome
LEAST_EXPOSED = 3  # days with and days without a yes/no trigger
LEAST_CHANGES = 4  # days on which a yes/no trigger differs from the day before: it is only these that tell something
CHUNK = 150_000  # numbers in one block of work: what fits into a processor's cache

REFUSALS = (
    "",
    "not recorded",
    "too few days",
    "too few events",
    "no variation",
    "no variation of its own",
    "too few days with and without it",
    "too few changes",
    "separation",
)


@dataclass(frozen=True)
class Options:
    """What goes into every model beside the trigger."""

    trend: str  # "smooth", "linear" or "none"
    weekday: bool
    effect: str  # "direct" or "total"
    adjust: str  # "each" or "together"
    window: int = 1  # days over which the trigger is averaged


@dataclass(frozen=True)
class Estimates:
    """Fits of every person, trigger and lag, arrays (P, T, L) on the log (or raw) scale per unit of the trigger.

    `refusal` is an index into REFUSALS, 0 where there is an estimate; `null_se` does not depend on the estimate.
    """

    estimate: FloatArray
    se: FloatArray
    null_se: FloatArray
    t: FloatArray
    df: FloatArray
    n: FloatArray
    refusal: NDArray[np.int64]


def choose_family(kind: str) -> str:
    """Return the model that fits an outcome of this kind."""
    return kind if kind in ("count", "yes/no") else "amount"


def fit_panel(
    panel: Panel, outcome: str, triggers: Sequence[str], lags: Sequence[int], *, family: str, options: Options
) -> Estimates:
    """Fit the model of every person, trigger and lag.

    Parameters
    ----------
    panel : Panel
    outcome, triggers, lags
        Names in the panel; lags in calendar days.
    family : {"count", "yes/no", "amount"}
    options : Options

    Returns
    -------
    Estimates
        Arrays (people, triggers, lags).
    """
    shape = (len(panel.people), len(triggers), len(lags))
    parts = {name: np.full(shape, np.nan) for name in ("estimate", "se", "null_se", "t", "df", "n")}
    refusal = np.full(shape, REFUSALS.index("not recorded"))
    columns = np.stack([panel.get(name) for name in triggers]) if triggers else np.zeros((0, *panel.weekday.shape))

    y = panel.get(outcome)

    def fit_block(block: NDArray[np.int64], nuisance: Nuisance, lag_group: list[int]) -> None:
        problem, scale, refused = _assemble(
            y[block], nuisance.columns, columns[:, block], lag_group, panel, family, options
        )
        fits = fit_models(problem, nuisance.alpha, nuisance.theta)
        refused = _refuse_fits(refused, fits)
        target = np.ix_(block, np.arange(len(triggers)), np.array([list(lags).index(lag) for lag in lag_group]))
        size = (len(block), len(triggers), len(lag_group))
        for name, value in _rescale(fits, scale, refused).items():
            parts[name][target] = value.reshape(size)
        refusal[target] = refused.reshape(size)

    run_side_by_side(
        partial(fit_block, people[rows], nuisance.take(rows), lag_group)
        for people, lag_group, nuisance in _share_nuisance(panel, outcome, lags, family, options)
        for rows in split_evenly(
            len(people), _choose_block(len(triggers) * len(lag_group), *nuisance.columns.shape[1:])
        )
    )
    return Estimates(refusal=refusal, **parts)


def _choose_block(models: int, days: int, columns: int) -> int:
    """Return how many people to take at a time."""
    products = columns * (columns + 1) // 2 if models >= MANY_MODELS else columns
    return max(1, int(CHUNK // (days * (4 * models + products))))


@dataclass(frozen=True)
class Nuisance:
    """What all models of a person share: columns (B, n, p), and their fit alone: alpha (B,) and theta (B, p)."""

    columns: FloatArray
    alpha: FloatArray
    theta: FloatArray

    def take(self, rows: NDArray[np.int64]) -> "Nuisance":
        """Return the rows of some people."""
        return Nuisance(self.columns[rows], self.alpha[rows], self.theta[rows])


def _share_nuisance(
    panel: Panel, outcome: str, lags: Sequence[int], family: str, options: Options
) -> Iterator[tuple[NDArray[np.int64], list[int], Nuisance]]:
    """Yield people who share the number of trend terms, lags that share the day of control, and their nuisance part.

    The outcome is controlled on the day before (direct effect) or on the day before the trigger (total effect).
    """
    y = panel.get(outcome)
    terms = count_trend_terms(y, options.trend) if panel.ordered else np.zeros(len(y), dtype=np.int64)
    groups = [[lag] for lag in lags] if options.effect == "total" else [list(lags)]
    for lag_group in groups:
        control = lag_group[0] + options.window if options.effect == "total" else 1
        for count in np.unique(terms):
            same = np.flatnonzero(terms == count)
            for people in (same[rows] for rows in split_evenly(len(same), NUISANCE_BLOCK)):
                columns = _nuisance_columns(panel, y, people, int(count), control, family, options)
                ok = (np.isfinite(y[people]) & np.isfinite(columns).all(-1)).astype(float)
                fit = fit_nuisance(np.nan_to_num(y[people]), np.nan_to_num(columns) * ok[..., None], ok, family)
                yield people, lag_group, Nuisance(columns, *fit)


def count_trend_terms(y: FloatArray, trend: str) -> NDArray[np.int64]:
    """Return the number of trend terms of each person: one for each month of the diary, at least a straight line."""
    if trend == "none":
        return np.zeros(len(y), dtype=np.int64)
    if trend == "linear":
        return np.ones(len(y), dtype=np.int64)
    seen = np.isfinite(y)
    span = np.where(seen.any(1), y.shape[1] - seen[:, ::-1].argmax(1) - seen.argmax(1), 0)
    return np.clip(np.rint(span / DAYS_PER_TREND_TERM), 1, MOST_TREND_TERMS).astype(np.int64)


def _nuisance_columns(
    panel: Panel, y: FloatArray, people: NDArray[np.int64], terms: int, control: int, family: str, options: Options
) -> FloatArray:
    """Return the shared columns (people, days, p); NaN where the controlled outcome is not known."""
    columns = date_columns(panel, y, people, terms, weekday=options.weekday)
    if not panel.ordered:
        return columns
    before = shift_days(y[people], control)
    before = np.log1p(before) if family == "count" else before
    before, _ = standardise(before, np.isfinite(before))
    return np.concatenate([columns, before[..., None]], axis=-1)


def date_columns(panel: Panel, y: FloatArray, people: NDArray[np.int64], terms: int, *, weekday: bool) -> FloatArray:
    """Return constant, weekday and trend columns (people, days, p); only the constant where days have no order."""
    columns = [np.ones((len(people), y.shape[1]))]
    if panel.ordered and weekday:
        columns += [(panel.weekday[people] == day).astype(float) for day in range(1, 7)]
    if panel.ordered and terms:
        columns += list(np.moveaxis(_trend_basis(y[people], terms), -1, 0))
    return np.stack(columns, axis=-1)


def _trend_basis(y: FloatArray, terms: int) -> FloatArray:
    """Return each person's trend columns, (B, n, terms), from the first to the last day with an outcome; NaN outside.

    People with the same span share the computation.
    """
    seen = np.isfinite(y)
    spans = np.stack([seen.argmax(1), y.shape[1] - 1 - seen[:, ::-1].argmax(1)], axis=1)
    distinct, member = np.unique(spans, axis=0, return_inverse=True)
    basis = np.full((len(distinct), y.shape[1], terms), np.nan)
    for number, (first, last) in enumerate(distinct):
        basis[number, first : last + 1] = _spline_basis(last - first + 1, terms)
    return basis[member.ravel()]


def _spline_basis(days: int, terms: int) -> FloatArray:
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
    return found


def standardise(values: FloatArray, ok: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """Centre and scale along the last axis over the days that are ok; other days stay NaN.

    Returns the values and the scale (..., 1); the scale is 0 where there is no variation.
    """
    n = np.maximum(ok.sum(-1, keepdims=True), 1)
    mean = np.where(ok, values, 0.0).sum(-1, keepdims=True) / n
    deviation = np.where(ok, values - mean, 0.0)
    scale = np.sqrt((deviation**2).sum(-1, keepdims=True) / n)
    flat = scale <= 1e-10 * np.maximum(np.abs(mean), 1e-300)
    scale = np.where(flat, 0.0, scale)
    return np.where(ok, deviation / np.where(flat, 1.0, scale), np.nan), scale


def _assemble(
    y: FloatArray,
    shared: FloatArray,
    columns: FloatArray,
    lags: Sequence[int],
    panel: Panel,
    family: str,
    options: Options,
) -> tuple[Problem, FloatArray, NDArray[np.int64]]:
    """Return the problem of one block, the scale of each trigger (B, M) and what is refused beforehand (B, M).

    Models are ordered by trigger, then lag.
    """
    x, own = _lag_columns(columns, lags, ordered=panel.ordered, options=options)
    seen = np.isfinite(y) & np.isfinite(shared).all(-1)
    ok = seen[:, None] & np.isfinite(x) & np.isfinite(own).all(2)
    older = own[:, :, 0] if panel.ordered and options.window == 1 else None
    refused = _refuse_data(y, x, ok, family, older)
    x, scale = standardise(x, ok)
    own = standardise(own, np.broadcast_to(ok[:, :, None], own.shape))[0]
    problem = Problem(
        np.where(np.isfinite(y), y, 0.0),
        np.where(np.isfinite(shared), shared, 0.0),
        np.nan_to_num(own),
        np.nan_to_num(x),
        ok.astype(float),
        family,
        options.window,
    )
    return problem, scale[..., 0], refused


def _lag_columns(
    columns: FloatArray, lags: Sequence[int], *, ordered: bool, options: Options
) -> tuple[FloatArray, FloatArray]:
    """Return the trigger (B, M, n) and the columns beside it (B, M, q, n): its older value, the others, its slope."""
    n_triggers, people, days = columns.shape
    window = range(options.window)
    lagged = np.stack([np.mean([shift_days(columns, lag + day) for day in window], axis=0) for lag in lags], axis=1)
    x = lagged.reshape(-1, people, days).swapaxes(0, 1)
    beside = []
    if ordered:
        older = np.stack([shift_days(columns, lag + options.window) for lag in lags], axis=1)
        beside.append(older.reshape(-1, people, days).swapaxes(0, 1)[:, :, None])
        if options.adjust == "together":
            beside.append(_others(older))
    if options.adjust == "together":
        beside.append(_others(lagged))
    if options.window > 2:
        weights = np.arange(options.window) - (options.window - 1) / 2
        slope = [sum(weights[day] * shift_days(columns, lag + day) for day in window) for lag in lags]
        beside.append(np.stack(slope, axis=1).reshape(-1, people, days).swapaxes(0, 1)[:, :, None])
    empty = np.zeros((people, n_triggers * len(lags), 0, days))
    return x, np.concatenate(beside, axis=2) if beside else empty


def _others(values: FloatArray) -> FloatArray:
    """Return, for each trigger and lag, the other triggers at that lag: (B, T * L, T - 1, n) from (T, L, B, n)."""
    n_triggers = len(values)
    rows = [np.delete(values, trigger, axis=0) for trigger in range(n_triggers)]  # each T-1, L, B, n
    stacked = np.stack(rows)  # T, T-1, L, B, n
    moved = np.moveaxis(stacked, (3, 0, 2, 1), (0, 1, 2, 3))  # B, T, L, T-1, n
    return moved.reshape(moved.shape[0], -1, n_triggers - 1, values.shape[-1])


def _refuse_data(
    y: FloatArray, x: FloatArray, ok: NDArray[np.bool_], family: str, older: FloatArray | None
) -> NDArray[np.int64]:
    """Return the index of the reason why a model can't be fitted to these data, (B, M); 0 where it can."""
    n = ok.sum(-1)
    positive = (ok & (y[:, None] > 0)).sum(-1)
    outcome_flat = _flat(np.broadcast_to(y[:, None], x.shape), ok)
    rare = (positive < LEAST_EVENTS) & (family != "amount")
    rare |= (n - positive < LEAST_EVENTS) & (family == "yes/no")
    lowest = np.where(ok, x, np.inf).min(-1, keepdims=True)
    highest = np.where(ok, x, -np.inf).max(-1, keepdims=True)
    two_valued = (ok & (x != lowest) & (x != highest)).sum(-1) == 0
    smaller = np.minimum((ok & (x == lowest)).sum(-1), (ok & (x == highest)).sum(-1))
    steady = two_valued & ((ok & (x != older)).sum(-1) < LEAST_CHANGES) if older is not None else np.zeros_like(rare)
    recorded = np.isfinite(x).any(-1)
    conditions = {
        "not recorded": ~recorded,
        "too few days": n == 0,
        "no variation": _flat(x, ok) | outcome_flat,
        "too few events": rare,
        "too few days with and without it": two_valued & (smaller < LEAST_EXPOSED),
        "too few changes": steady,
    }
    return np.select(list(conditions.values()), [REFUSALS.index(reason) for reason in conditions], default=0)


def _flat(values: FloatArray, ok: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return standardise(values, ok)[1][..., 0] == 0


def _refuse_fits(refused: NDArray[np.int64], fits: Fits) -> NDArray[np.int64]:
    """Add the reasons that only the fit can tell."""
    late = np.select(
        [fits.df < LEAST_DF, fits.singular, fits.separated],
        [REFUSALS.index(reason) for reason in ("too few days", "no variation of its own", "separation")],
        default=0,
    )
    return np.where(refused > 0, refused, late)


def _rescale(fits: Fits, scale: FloatArray, refused: NDArray[np.int64]) -> dict[str, FloatArray]:
    """Return the fits per unit of the trigger; a separated person keeps the one-step estimate for pooling."""
    separated = refused == REFUSALS.index("separation")
    usable = (refused == 0) | separated
    unit = np.where(scale > 0, scale, np.nan)
    estimate = np.where(separated, fits.first_step, fits.estimate) / unit
    values = {
        "estimate": estimate,
        "se": np.where(separated, fits.null_se, fits.se) / unit,
        "null_se": fits.null_se / unit,
        "t": fits.t,
        "df": fits.df,
    }
    return {name: np.where(usable, value, np.nan) for name, value in values.items()} | {"n": fits.n}
