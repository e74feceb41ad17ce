"""From a panel to regression problems: trend, weekday, yesterday's outcome, triggers at their lags."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from twitchstats.panel import FloatArray, Panel, shift_days
from twitchstats.triggers.adl import Fits, fit_models, fit_nuisance
from twitchstats.triggers.columns import count_trend_terms, date_columns, standardise
from twitchstats.triggers.problem import MANY_MODELS, Problem
from twitchstats.triggers.work import run_side_by_side, split_evenly

LEAST_DF = 10
NUISANCE_BLOCK = 100  # people whose nuisance part is fitted at a time
LEAST_EVENTS = 5  # days with and days without the outcome
LEAST_EXPOSED = 3  # days with and days without a yes/no trigger
LEAST_CHANGES = 4  # days on which a yes/no trigger differs from the day before: it is only these that tell something
CHUNK = 800_000  # numbers in one block of work: few enough for a processor's cache, enough to keep it busy

# Of the models of some people: the trigger (B, M, n), the columns beside it (B, M, q, n), and its older value (B, M, n)
# where only days on which it changed tell something.
Columns = tuple[FloatArray, FloatArray, FloatArray | None]

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
    lags = list(lags)
    parts = _prepare_parts((len(panel.people), len(triggers), len(lags)))
    columns = np.stack([panel.get(name) for name in triggers]) if triggers else np.zeros((0, *panel.weekday.shape))
    y = panel.get(outcome)
    jobs = []
    for lag_group in [[lag] for lag in lags] if options.effect == "total" else [lags]:
        control = lag_group[0] + options.window if options.effect == "total" else 1
        before = _control_outcome(y, control, family) if panel.ordered else np.zeros((*y.shape, 0))
        build = partial(_lag_columns, columns, lag_group, ordered=panel.ordered, options=options)
        positions = np.array([lags.index(lag) for lag in lag_group])
        jobs.append(_plan_fits(panel, y, before, build, family, options, parts, positions))
    run_side_by_side(chain.from_iterable(jobs))
    return _collect(parts)


def fit_columns(
    panel: Panel,
    y: FloatArray,
    x: FloatArray,
    *,
    family: str,
    adjust: Sequence[FloatArray] = (),
    beside: FloatArray | None = None,
    trend: str = "smooth",
    weekday: bool = True,
) -> Estimates:
    """Fit models whose columns are given, with the same engine as `fit_panel`: one for each person and x.

    Parameters
    ----------
    panel : Panel
        Gives people, weekdays and whether days are in order; weekday and trend are left out where they are not.
    y : (P, n)
        Outcome; NaN where it is not known.
    x : (T, P, n)
        The column whose coefficient is asked for, in each of T models.
    family : {"count", "yes/no", "amount"}
    adjust : sequence of (P, n)
        Columns that stand in every model.
    beside : (T, q, P, n), optional
        Columns of each model alone.
    trend, weekday
        As in `estimate_effects`.

    Returns
    -------
    Estimates
        Arrays (P, T, 1), per unit of x. Days where anything in a model is missing are left out of that model.
    """
    parts = _prepare_parts((len(y), len(x), 1))
    own = np.zeros((len(x), 0, *y.shape)) if beside is None else beside
    shared = np.stack(adjust, axis=-1) if len(adjust) else np.zeros((*y.shape, 0))
    options = Options(trend, weekday, "direct", "each")

    def build(people: NDArray[np.int64]) -> Columns:
        return x[:, people].swapaxes(0, 1), np.moveaxis(own[:, :, people], 2, 0), None

    run_side_by_side(_plan_fits(panel, y, shared, build, family, options, parts, np.array([0])))
    return _collect(parts)


def _prepare_parts(shape: tuple[int, ...]) -> dict[str, FloatArray]:
    parts = {name: np.full(shape, np.nan) for name in ("estimate", "se", "null_se", "t", "df", "n")}
    return parts | {"refusal": np.full(shape, float(REFUSALS.index("not recorded")))}


def _collect(parts: dict[str, FloatArray]) -> Estimates:
    return Estimates(refusal=parts.pop("refusal").astype(np.int64), **parts)


def _plan_fits(
    panel: Panel,
    y: FloatArray,
    adjust: FloatArray,
    build: Callable[[NDArray[np.int64]], Columns],
    family: str,
    options: Options,
    parts: dict[str, FloatArray],
    positions: NDArray[np.int64],
) -> Iterator[Callable[[], None]]:
    """Yield jobs, each of which fits some people and writes what it finds into the parts, at these lags' positions."""
    size = (parts["n"].shape[1], len(positions))

    def fit_block(people: NDArray[np.int64], nuisance: Nuisance) -> None:
        problem, scale, refused = _assemble(y[people], nuisance.columns, build(people), family, options.window)
        fits = fit_models(problem, nuisance.alpha, nuisance.theta)
        refused = _refuse_fits(refused, fits)
        for name, value in (_rescale(fits, scale, refused) | {"refusal": refused}).items():
            parts[name][np.ix_(people, np.arange(size[0]), positions)] = value.reshape(len(people), *size)

    if 0 in size:
        return
    for people, nuisance in _share_nuisance(panel, y, adjust, family, options):
        for rows in split_evenly(len(people), _choose_block(size[0] * size[1], *nuisance.columns.shape[1:])):
            yield partial(fit_block, people[rows], nuisance.take(rows))


def _choose_block(models: int, days: int, columns: int) -> int:
    """Return how many people to take at a time."""
    products = columns * (columns + 1) // 2 if models >= MANY_MODELS else columns
    return max(1, int(CHUNK // (max(days, 1) * (4 * models + products))))


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
    panel: Panel, y: FloatArray, adjust: FloatArray, family: str, options: Options
) -> Iterator[tuple[NDArray[np.int64], Nuisance]]:
    """Yield people who share the number of trend terms, and their nuisance part: weekday, trend, what is adjusted."""
    terms = count_trend_terms(y, options.trend) if panel.ordered else np.zeros(len(y), dtype=np.int64)
    for count in np.unique(terms):
        same = np.flatnonzero(terms == count)
        for people in (same[rows] for rows in split_evenly(len(same), NUISANCE_BLOCK)):
            given = np.moveaxis(adjust[people], -1, 1)
            known = np.isfinite(given)
            given = np.where(known, standardise(given, known)[0], np.nan)
            dates = date_columns(panel, y, people, int(count), weekday=options.weekday)
            columns = np.concatenate([dates, np.moveaxis(given, 1, -1)], axis=-1)
            ok = (np.isfinite(y[people]) & np.isfinite(columns).all(-1)).astype(float)
            fit = fit_nuisance(np.nan_to_num(y[people]), np.nan_to_num(columns) * ok[..., None], ok, family)
            yield people, Nuisance(columns, *fit)


def _control_outcome(y: FloatArray, days: int, family: str) -> FloatArray:
    """Return the outcome so many days before, (P, n, 1)."""
    before = shift_days(y, days)
    return (np.log1p(before) if family == "count" else before)[..., None]


def _assemble(
    y: FloatArray, shared: FloatArray, columns: Columns, family: str, window: int
) -> tuple[Problem, FloatArray, NDArray[np.int64]]:
    """Return the problem of one block, the scale of each trigger (B, M) and what is refused beforehand (B, M)."""
    x, own, older = columns
    seen = np.isfinite(y) & np.isfinite(shared).all(-1)
    ok = seen[:, None] & np.isfinite(x) & np.isfinite(own).all(2)
    refused = _refuse_data(y, x, ok, family, older)
    x, scale = standardise(x, ok)
    refused = np.where((refused == 0) & (scale == 0), REFUSALS.index("no variation"), refused)
    own = standardise(own, np.broadcast_to(ok[:, :, None], own.shape))[0]
    problem = Problem(
        np.where(np.isfinite(y), y, 0.0),
        np.where(np.isfinite(shared), shared, 0.0),
        own,
        x,
        ok.astype(float),
        family,
        window,
    )
    return problem, scale, refused


def _lag_columns(
    columns: FloatArray, lags: Sequence[int], rows: NDArray[np.int64], *, ordered: bool, options: Options
) -> Columns:
    """Return the columns of some people's models, ordered by trigger, then lag.

    Beside the trigger stand its older value, the others, its slope.
    """
    columns = columns[:, rows]
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
    own = np.concatenate(beside, axis=2) if beside else empty
    return x, own, own[:, :, 0] if ordered and options.window == 1 else None


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
    rare = (positive < LEAST_EVENTS) & (family != "amount")
    rare |= (n - positive < LEAST_EVENTS) & (family == "yes/no")
    lowest = np.where(ok, x, np.inf).min(-1, keepdims=True)
    highest = np.where(ok, x, -np.inf).max(-1, keepdims=True)
    two_valued = (ok & (x != lowest) & (x != highest)).sum(-1) == 0
    smaller = np.minimum((ok & (x == lowest)).sum(-1), (ok & (x == highest)).sum(-1))
    steady = two_valued & ((ok & (x != older)).sum(-1) < LEAST_CHANGES) if older is not None else np.zeros_like(rare)
    recorded = np.isfinite(x).any(-1)
    y_low, y_high = (pick(np.where(ok, y[:, None], end), -1) for pick, end in ((np.min, np.inf), (np.max, -np.inf)))
    conditions = {
        "not recorded": ~recorded,
        "too few days": n == 0,
        "no variation": (lowest == highest)[..., 0] | (y_low == y_high),
        "too few events": rare,
        "too few days with and without it": two_valued & (smaller < LEAST_EXPOSED),
        "too few changes": steady,
    }
    return np.select(list(conditions.values()), [REFUSALS.index(reason) for reason in conditions], default=0)


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
