"""Scores of every person, trigger and lag, as matrix work.

A model explains one outcome of one person by what all its models share (trend, weekday, the outcome on two days
before the trigger's day) and by a few columns of its own (the trigger, its two older values). The trigger is tested by
the score of an effect b: what is left of the trigger, its news, times what is left of the outcome once freed of b. The
variance is that of the days' own products (HC2), so that nothing is assumed of the outcome's variance; test, interval
and detectable effect come from the same curve of scores over b.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from twitchstats.panel import FloatArray, Panel, shift_days
from twitchstats.triggers.columns import count_trend_terms, date_columns, fine_trend_columns, standardise
from twitchstats.triggers.families import Family
from twitchstats.triggers.work import run_side_by_side, split_evenly

LOOK_BACK = 4  # days in which the two older values of outcome and trigger are looked for
LEAST_DF = 10.0  # days left for one person's own test
LEAST_POOLED_DF = 3.0  # days left for a person to count in a group
LEAST_EVENTS = 5  # days with and days without the outcome
LEAST_EXPOSED = 3  # days with and days without a yes/no trigger
FEW_EXPOSED = 10  # days with a yes/no trigger below which events on them have to be expected,
LEAST_EXPECTED = 3.0  # so many: else no event at all looks like certainty
LEAST_TRUST = 4.0  # degrees of freedom of the variance below which one person's test is refused
SHORT = 60  # days of a diary below which weekday and older days are estimated from all short diaries together
ENOUGH_SHORT = 50  # short diaries from which that is done: few people would be tied together by what they share
NOTHING = 1e-6  # share of a trigger's variance left beside the other columns that counts as none
MOST_LEVERAGE = 0.97
SKEWNESS = 0.9  # of Edgeworth's term in both skewnesses (Hall 1987), two-sided at 5 %
LEAK_LIMIT = 1.5  # of an effect per SD that is carried to later lags
MEMORY_LIMITS = (-0.5, 0.8)  # of a trigger from day to day
MEMORY_SPAN = 10  # days over which it is followed
MEMORY_STEPS = 4
CHUNK = 400_000  # numbers in one array of a block
GRID = np.array([-3.2, -1.6, -0.8, -0.4, -0.2, -0.1, 0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2])  # effects per SD
ZERO = 6  # where the grid has no effect
FINE_LEVEL = 0.1
LARGEST_FACTOR = 1e30
TINY = 1e-300
# Of a large effect of an amount, whose older days stand beside it: what simulated diaries of 120 days measure.
FOUND = {"count": 0.92, "yes/no": 0.84, "amount": 0.92}
PRIOR_DF = 4.0  # what an expected variance weighs beside one that is seen
LEAST_CHANGES = 4  # days on which a yes/no trigger differs from the day before: it is only these that tell something

# Of some people's models: older outcomes (B, n, o) and how many days ago the newest is (0: no outcomes), own columns
# (B, M, q, n), the trigger's older value (B, M, n).
Columns = tuple[FloatArray, int, FloatArray, FloatArray | None]
Layer = Callable[[NDArray[np.int64]], Columns]
Index = NDArray[Any] | tuple[Any, ...] | slice  # of people, triggers and lags

REFUSALS = (
    "",
    "not recorded",
    "too few days",
    "too few events",
    "no variation",
    "no variation of its own",
    "too few days with and without it",
    "too few changes",
    "no order in time",
    "separation",
)


@dataclass(frozen=True)
class Options:
    """What goes into every model beside the trigger.

    Attributes
    ----------
    trend : {"smooth", "fine", "stiff", "linear", "none"}
        "smooth" is stiff, a term a month, or fine where the outcome needs it.
    weekday : bool
    effect : {"total", "that day"}
    adjust : {"each", "together"}
    window : int
        Days over which the trigger is averaged.
    pooled : bool
        Whether the people will be put together: then short diaries share weekday and older days.
    """

    trend: str = "smooth"
    weekday: bool = True
    effect: str = "total"
    adjust: str = "each"
    window: int = 1
    pooled: bool = False


@dataclass(frozen=True)
class Scores:
    """What each person's days say of each trigger and lag; arrays (P, T, L) unless stated.

    Attributes
    ----------
    curve, spread : (P, T, L, G)
        Score and its standard error at each effect of GRID, per SD of the trigger.
    shift, planted : (P, T, L, G)
        Score at no effect, and its standard error, to be expected if there were that effect.
    size : what is left of the trigger: the sum of its weighted squares.
    information : how fast the score falls with the effect, by the null weights.
    scale : SD of the trigger.
    df : days left.
    trust : degrees of freedom of the variance (Bell and McCaffrey 2002), less where both sides are skewed.
    n : days used.
    refusal : index into REFUSALS for one person's own test, 0 where it can be told.
    is_ratio : bool
    """

    curve: FloatArray
    spread: FloatArray
    shift: FloatArray
    planted: FloatArray
    size: FloatArray
    information: FloatArray
    scale: FloatArray
    df: FloatArray
    trust: FloatArray
    n: FloatArray
    refusal: NDArray[np.int64]
    is_ratio: bool

    def select(self, where: Index) -> "Scores":
        """Return the scores at an index or mask of people, triggers and lags."""
        arrays = {name: value[where] for name, value in vars(self).items() if name != "is_ratio"}
        return Scores(**arrays, is_ratio=self.is_ratio)


@dataclass(frozen=True)
class Block:
    """People whose models are worked on together: M models each, of q own columns.

    Attributes
    ----------
    y : (B, n)
    dates : (B, n, p)
        Constant, weekday, trend.
    fine : (B, n, f)
        Further trend columns, taken in where a person's outcome needs them.
    before : (B, n, o)
        The outcome of older days, or other columns that all models share.
    newest : int
        How many days ago the newest of these outcomes is; 0 where they are none.
    own : (B, M, q, n)
        The trigger first, or several that are asked about, then what stands beside it.
    older : (B, M, n) or None
        The trigger's older value, where only days on which it changed tell something.
    """

    y: FloatArray
    dates: FloatArray
    fine: FloatArray
    before: FloatArray
    newest: int
    own: FloatArray
    older: FloatArray | None


def score_panel(
    panel: Panel, outcome: str, triggers: Sequence[str], lags: Sequence[int], *, family: Family, options: Options
) -> Scores:
    """Score every person, trigger and lag.

    Parameters
    ----------
    panel : Panel
    outcome, triggers, lags
        Names in the panel; lags in calendar days, negative ones for a trigger that comes later.
    family : Family
    options : Options

    Returns
    -------
    Scores
        Arrays (people, triggers, lags).
    """
    y = panel.get_outcome(outcome)
    told = panel.get(outcome)
    columns = np.stack([panel.get(name) for name in triggers]) if triggers else np.zeros((0, *y.shape))
    wanted = list(lags)
    carries = panel.ordered and options.effect == "total" and options.window == 1
    together = options.pooled and len(y) > 1
    if carries and together and options.trend == "smooth":
        options = replace(options, trend="fine")  # people whom chance left a stiff trend would add up
    worked = sorted({*wanted, *range(max(wanted, default=0))}) if carries else wanted
    store = Store((len(y), len(triggers), len(worked)), family, max(0, *worked) if carries and worked else 0)
    for group in [worked] if options.effect == "that day" else [[lag] for lag in worked]:
        store.run(panel, y, partial(_lay_lags, columns, group, panel, options, family.transform(told)), options,
                  positions=[worked.index(lag) for lag in group])  # fmt: skip
        if carries and group[0] >= 0:
            nearer = {worked.index(lag): group[0] - lag for lag in range(group[0])}
            store.carry_over(worked.index(group[0]), nearer, together=together)
    return store.finish().select(np.s_[:, :, [worked.index(lag) for lag in wanted]])


def score_columns(
    panel: Panel,
    y: FloatArray,
    x: FloatArray,
    *,
    family: Family,
    adjust: Sequence[FloatArray] = (),
    beside: FloatArray | None = None,
    options: Options | None = None,
) -> Scores:
    """Score columns that are given, with the same engine as `score_panel`: one model for each person and x.

    Parameters
    ----------
    panel : Panel
        Gives people, weekdays and whether days are in order; weekday and (stiff) trend are left out where they are not.
    y : (P, n)
        Outcome; NaN where it is not known.
    x : (T, P, n)
        The column whose effect is asked for, in each of T models.
    family : Family
    adjust : sequence of (P, n)
        Columns that stand in every model.
    beside : (T, q, P, n), optional
        Columns of each model alone.
    options : Options, optional

    Returns
    -------
    Scores
        Arrays (P, T, 1). Days where anything in a model is missing are left out of that model.
    """
    store = Store((len(y), len(x), 1), family)
    own = x[:, None] if beside is None else np.concatenate([x[:, None], beside], axis=1)
    before = np.stack(adjust, axis=-1) if len(adjust) else np.zeros((*y.shape, 0))

    def lay(people: NDArray[np.int64]) -> Columns:
        return before[people], 0, np.moveaxis(own[:, :, people], 2, 0), None

    # the columns given are there for shorter waves: a fine trend and the means of a week, say, would fight
    options = options or Options()
    options = replace(options, trend="stiff") if options.trend == "smooth" else options
    store.run(panel, y, lay, options, positions=[0])
    return store.finish()


def _lay_lags(
    columns: FloatArray,
    lags: Sequence[int],
    panel: Panel,
    options: Options,
    told: FloatArray,
    people: NDArray[np.int64],
) -> Columns:
    columns = columns[:, people]
    last = max(lags) + options.window
    window = range(options.window)
    asked = [np.mean([shift_days(columns, lag + day) for day in window], axis=0) for lag in lags]
    beside = []
    if options.window > 2:
        tilt = np.arange(options.window) - (options.window - 1) / 2
        beside.append(np.sum([tilt[day] * shift_days(columns, lags[0] + day) for day in window], axis=0))
    older: list[FloatArray] = []
    before, newest = np.zeros((len(people), told.shape[1], 0)), 0
    if panel.ordered:
        older, newest = find_older(columns, last), max(last, 1)
        before = np.stack(find_older(told[people], newest), axis=-1)
    own = np.stack([*asked, *beside, *older], axis=1)  # T, q, B, n
    first = older[0].swapaxes(0, 1) if older and options.window == 1 and len(lags) == 1 else None
    if options.adjust == "together":  # one model holds all triggers: the asked ones first
        return before, newest, np.moveaxis(own.swapaxes(0, 1).reshape(1, -1, *own.shape[2:]), 2, 0), None
    return before, newest, np.moveaxis(own, 2, 0), first


def find_older(values: FloatArray, first: int) -> list[FloatArray]:
    """Return the two latest known values from `first` days before each day on, looking back LOOK_BACK days.

    Where only one is known it stands for both: older days are only there to tell what is no news.

    >>> [older.tolist() for older in find_older(np.array([1.0, np.nan, 3.0, 4.0]), 1)]
    [[nan, 1.0, 1.0, 3.0], [nan, 1.0, 1.0, 1.0]]
    """
    latest = np.full_like(values, np.nan)
    second = np.full_like(values, np.nan)
    for day in range(first, first + LOOK_BACK):
        value = shift_days(values, day)
        second = np.where(np.isnan(second) & np.isfinite(latest), value, second)
        latest = np.where(np.isnan(latest), value, latest)
    return [latest, np.where(np.isnan(second), latest, second)]


class Store:
    """Arrays (P, T, L) that blocks of people write into."""

    def __init__(self, shape: tuple[int, int, int], family: Family, reach: int = 0) -> None:
        self.family, self.shape, self.reach = family, shape, reach
        self.parts = {name: np.zeros(shape) for name in ("size", "information", "scale", "df", "trust", "n")}
        self.parts |= {name: np.zeros((*shape, len(GRID))) for name in ("curve", "spread", "shift", "planted")}
        self.leak = np.zeros((*shape, reach))
        self.memory, self.direct, self.doubt = (np.zeros(shape) for _ in range(3))
        self.refusal = np.full(shape, REFUSALS.index("not recorded"))

    def run(self, panel: Panel, y: FloatArray, lay: Layer, options: Options, *, positions: Sequence[int]) -> None:
        """Score some lags of all people in blocks, on all cores."""
        if 0 not in self.shape:
            run_side_by_side(
                partial(self._run_block, panel, y, lay, options, positions, *plan)
                for plan in _plan_blocks(panel, y, options, self.shape[1])
            )

    def _run_block(
        self,
        panel: Panel,
        y: FloatArray,
        lay: Layer,
        options: Options,
        positions: Sequence[int],
        people: NDArray[np.int64],
        terms: int,
        shared: bool,
    ) -> None:
        before, newest, own, older = lay(people)
        weekday = date_columns(panel, y, people, 0, weekday=options.weekday)[..., 1:]
        dates = date_columns(panel, y, people, terms, weekday=False)
        fine = np.zeros((*dates.shape[:2], 0))
        if shared:
            before = np.concatenate([weekday, before], axis=-1)
        else:
            dates = np.concatenate([dates, weekday], axis=-1)
            if options.trend in ("smooth", "fine") and panel.ordered:
                fine = fine_trend_columns(y[people], terms)
        asked = len(positions) if options.adjust == "each" else self.shape[1]
        for models, block in _split_by_days(Block(y[people], dates, fine, before, newest, own, older)):
            found = score_block(
                block,
                self.family,
                asked=asked,
                shared=shared,
                reach=self.reach,
                fine=options.trend == "fine",
                window=options.window,
            )
            for name, value in found.items():
                if options.adjust == "together":
                    models, value = np.arange(self.shape[1]), value.swapaxes(1, 2)
                into = getattr(self, name) if name in ("refusal", "leak", "memory") else self.parts[name]
                into[np.ix_(people, models, np.asarray(positions))] = value

    def carry_over(self, here: int, nearer: dict[int, int], *, together: bool) -> None:
        """Give back what trend and weekday took: effects at shorter lags leak into longer ones.

        A flexible trend follows the outcome, and with it the trigger: neighbouring days are then related the other way
        round. An effect d days nearer leaks by its estimate, drawn towards the group's (or towards none) by as much as
        it is uncertain, times the `leak` at distance d.
        """
        size, scale, curve, spread = (self.parts[name][:, :, here] for name in ("size", "scale", "curve", "spread"))
        limit = LEAK_LIMIT / np.where(scale > 0, scale, 1.0)
        known = (scale > 0) & (spread[..., ZERO] < LEAK_LIMIT * size)
        unit = np.where(known, size * scale, 0.0)
        carried, doubt = np.zeros(size.shape), np.zeros(size.shape)
        for there, distance in nearer.items():
            share = self.leak[..., here, distance - 1] * unit
            curve += (share * self.direct[..., there])[..., None]
            doubt += (share * self.doubt[..., there]) ** 2
            carried += self.memory[..., here] ** distance * self.direct[..., there]
        for name in ("spread", "planted"):
            np.hypot(self.parts[name][:, :, here], np.sqrt(doubt)[..., None], out=self.parts[name][:, :, here])
        whole = np.where(known, unit, 1.0)
        effect = np.where(known, np.clip(curve[..., ZERO] / whole - carried, -limit, limit), 0.0)
        error = np.where(known, spread[..., ZERO] / whole, limit)
        draw = partial(_draw_together, weight=unit * scale) if together else _draw_alone
        self.direct[..., here], self.doubt[..., here] = draw(effect, error)

    def finish(self) -> Scores:
        """Return what was written."""
        return Scores(refusal=self.refusal, is_ratio=self.family.is_ratio, **self.parts)


def _draw_alone(estimate: FloatArray, error: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return estimates drawn towards none by as much as they are uncertain, and how uncertain they are then.

    By the positive part of James and Stein's rule (1961): what is no larger than its error counts as nothing. Of the
    error's square a third is left where there is nothing, all of it where there is much.
    """
    larger = np.abs(estimate) > error
    kept = 1 - np.divide(error, estimate, out=np.ones_like(estimate), where=larger) ** 2
    return kept * estimate, error * np.sqrt((1 + 2 * kept) / 3)


def _draw_together(estimate: FloatArray, error: FloatArray, *, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return for all people the group's weighted mean of estimates (P, T), drawn towards none."""
    share = weight / np.maximum(weight.sum(0), TINY)
    middle = (share * estimate).sum(0)
    drawn, _ = _draw_alone(middle, np.sqrt((share**2 * error**2).sum(0)))
    return np.broadcast_to(drawn, estimate.shape), np.zeros(estimate.shape)


def _plan_blocks(
    panel: Panel, y: FloatArray, options: Options, models: int
) -> Iterator[tuple[NDArray[np.int64], int, bool]]:
    """Yield people who are worked on together, their trend terms, and whether they share the other columns."""
    terms = count_trend_terms(y, options.trend) if panel.ordered else np.zeros(len(y), dtype=np.int64)
    short = np.isfinite(y).sum(1) < SHORT
    shared = short if options.pooled and panel.ordered and short.sum() >= ENOUGH_SHORT else np.zeros_like(short)
    if shared.any():
        yield np.flatnonzero(shared), int(min(1, terms[shared].min())), True
    size = max(1, CHUNK // (max(y.shape[1], 1) * (models * 4 + 20)))
    for count in np.unique(terms[~shared]):
        same = np.flatnonzero((terms == count) & ~shared)
        for rows in split_evenly(len(same), size):
            yield same[rows], int(count), False


def _split_by_days(block: Block) -> Iterator[tuple[NDArray[np.int64], Block]]:
    """Yield models that use the same days: their positions and their part of the block."""
    known = np.asarray(np.isfinite(block.own).all(axis=2))
    kinds: dict[bytes, list[int]] = {}
    for model in range(known.shape[1]):
        kinds.setdefault(known[:, model].tobytes(), []).append(model)
    for models in map(np.array, kinds.values()):
        older = None if block.older is None else block.older[:, models]
        yield models, replace(block, own=block.own[:, models], older=older)


def score_block(
    block: Block,
    family: Family,
    *,
    asked: int,
    shared: bool = False,
    reach: int = 0,
    fine: bool = False,
    window: int = 1,
) -> dict[str, FloatArray | NDArray[np.int64]]:
    """Score the first `asked` own columns of every model of a block.

    Parameters
    ----------
    block : Block
        All models use the same days of a person.
    family : Family
    asked : int
    shared : bool
        Estimate the coefficients of `before` and of what stands beside the trigger from all people together.
    reach : int
        Distances in days up to which the overlap of the nuisance columns is told.
    fine : bool
        Take the fine trend in whether the outcome needs it or not.
    window : int
        Days that one value of the trigger reaches over: values nearer than that share days.

    Returns
    -------
    dict
        The arrays of `Scores`, (B, M, asked), ``leak`` (B, M, asked, reach) and ``memory`` (B, M, asked).
    """
    ok = np.isfinite(block.y) & np.isfinite(block.own[:, 0]).all(1)
    ok &= np.isfinite(block.dates).all(-1) & np.isfinite(block.before).all(-1)
    days = ok.astype(float)
    y = np.where(ok, block.y, 0.0)
    dates, before = (np.where(ok[..., None], columns, 0.0) for columns in (block.dates, block.before))
    design = dates if shared else np.concatenate([dates, before], axis=-1)
    weights, relative = family.weigh(y, design, days)
    root = np.sqrt(weights)
    trend = _orthonormalise(dates * root[..., None])
    wanted = np.zeros(len(trend), dtype=bool)
    if block.fine.shape[-1]:
        bends = np.where(ok[..., None], block.fine, 0.0) * root[..., None]
        wanted = np.ones(len(trend), dtype=bool)
        if not fine:
            stiff = _orthonormalise(design * root[..., None])
            wanted = _test_fine_trend(stiff, bends, root * relative, days)
        bends = _orthonormalise(_free(bends, trend))
        spent = _count_rank(trend) + _count_rank(bends) + before.shape[-1]
        wanted &= (_count_rank(bends) > 0) & (days.sum(1) - spent > LEAST_DF)
        trend = np.concatenate([trend, bends * wanted[:, None, None]], axis=-1)
    before = _free(before * root[..., None], trend)
    older = _orthonormalise(before)
    basis = trend if shared else np.concatenate([trend, older], axis=-1)
    common = _share_columns(before) if shared else None
    own, scale = standardise(block.own, np.broadcast_to(ok[:, None, None], block.own.shape))
    trigger = own[:, :, :asked]
    own = _project(own * root[:, None, None], basis, common)
    gram = own @ own.swapaxes(2, 3)
    inverse = _invert_gram(gram.sum(0, keepdims=True) if shared else gram)
    combined = inverse @ own
    diagonal = np.maximum(np.einsum("bmqq->bmq", inverse)[..., :asked], TINY)
    news = combined[:, :, :asked] / diagonal[..., None]
    size = (news**2).sum(-1)
    residual = _project((root * relative)[:, None, None], basis, common)
    residual = (residual - (residual @ combined.swapaxes(2, 3)) @ own)[:, :, 0]
    leverage = np.clip((basis**2).sum(-1)[:, None] + (own * combined).sum(2), 0, MOST_LEVERAGE)
    square = residual**2 / (1 - leverage) * days[:, None]
    score = (news * (root * relative)[:, None, None]).sum(-1)
    rank = _count_rank(basis)
    n = days.sum(1)
    df = n - rank - (0 if shared else own.shape[2])
    n, df = (np.broadcast_to(value[:, None, None], size.shape) for value in (n, df))
    trust = np.minimum(size**2 / np.maximum((news**4).sum(-1), TINY), df)
    lowest, _, two_valued = _find_values(trigger, ok[:, None, None])
    if family.is_ratio:
        plain = news / np.where(ok, root, 1.0)[:, None, None]
        start = np.where(two_valued & np.isfinite(lowest), lowest, 0.0)
        curve, spread, shift, planted = _trace_scores(
            family, trigger, plain, square, weights * relative, weights, root, trust, start
        )
    else:
        curve = score[..., None] - GRID * size[..., None]
        variance = (news**2 * square[:, :, None]).sum(-1)
        expected = size * square.sum(-1)[..., None] / np.maximum(n, 1)
        spread = np.sqrt(_moderate(variance, expected, trust))[..., None] + 0 * GRID
        shift, planted = GRID * size[..., None], spread
    shift = shift * np.where(two_valued, 1.0, FOUND[family.name])[..., None]
    if block.newest and wanted.any():
        left = np.maximum(n[:, 0, 0] - rank, 1.0)
        noise = (_free((family.transform(y) * root)[..., None], basis)[..., 0] * (root * relative)).sum(1)
        share = _share_fit(trend, root, block.newest + 2 + MEMORY_SPAN)
        pull = _pull_back(before, older, share, block.newest, noise * n[:, 0, 0] / left)
        doubt = np.sqrt(size * (wanted * (pull**2).sum(-1) / left)[:, None, None])
        spread, planted = (np.hypot(error, doubt[..., None]) for error in (spread, planted))
    if window > 1:
        inflation, alike = _share_days(news, residual[:, :, None], _share_fit(basis, root, window), window)
        spread, planted = (error * np.sqrt(inflation)[..., None] for error in (spread, planted))
        trust = np.minimum(trust, n / alike)
    trust = np.minimum(trust, n / (1 + SKEWNESS * _square_skewness(news) * _square_skewness(residual)[:, :, None]))
    events = ((y > 0) * days).sum(1)[:, None, None] / np.maximum(n, 1)
    leak, memory = np.zeros((*size.shape, 0)), np.zeros(size.shape)
    if reach:
        behind = np.arange(asked, 2 * asked)
        memory = gram[..., behind - asked, behind] / np.maximum(gram[..., behind, behind], TINY)
        leak, memory = _expect_leak(_share_fit(basis, root, reach + 2 + MEMORY_SPAN), memory, reach)
    return {
        "curve": curve, "spread": spread, "shift": shift, "planted": planted, "size": size,
        "scale": scale[:, :, :asked], "n": n, "df": df, "trust": trust,
        "information": size * (events * (1 - events) if family.name == "yes/no" else 1.0),
        "leak": leak, "memory": memory,
        "refusal": _refuse(block, ok, family, size, scale[:, :, :asked], weights, np.where(shared, 0.0, df), trust),
    }  # fmt: skip


def _orthonormalise(columns: FloatArray) -> FloatArray:
    """Return orthonormal columns that span the given ones, (B, n, p); directions that are not there are 0."""
    length = np.sqrt((columns**2).sum(-2, keepdims=True))
    scaled = columns / np.where(length > 0, length, 1.0)
    values, vectors = np.linalg.eigh(scaled.swapaxes(-1, -2) @ scaled)
    kept = values > 1e-9
    basis: FloatArray = scaled @ (vectors * np.where(kept, 1 / np.sqrt(np.where(kept, values, 1.0)), 0.0)[..., None, :])
    return basis


def _free(columns: FloatArray, basis: FloatArray) -> FloatArray:
    """Return what is left of columns (B, n, k) beside an orthonormal basis (B, n, p)."""
    freed: FloatArray = columns - basis @ (basis.swapaxes(1, 2) @ columns)
    return freed


def _share_columns(columns: FloatArray) -> FloatArray:
    """Return columns that all people share, already freed of each person's own, orthonormal over all days of all."""
    people, days, count = columns.shape
    return _orthonormalise(columns.reshape(1, -1, count)).reshape(people, days, count)


def _test_fine_trend(basis: FloatArray, fine: FloatArray, response: FloatArray, days: FloatArray) -> NDArray[np.bool_]:
    """Return whose outcome needs further trend columns, by an F test at FINE_LEVEL."""
    more = _orthonormalise(_free(fine, basis))
    left = _free(response[..., None], basis)[..., 0]
    gained = ((more.swapaxes(1, 2) @ left[..., None])[..., 0] ** 2).sum(1)
    extra = np.maximum(_count_rank(more), 1)
    free = np.maximum(days.sum(1) - _count_rank(basis) - extra, 1)
    ratio = gained / extra / np.maximum(((left**2).sum(1) - gained) / free, TINY)
    needed: NDArray[np.bool_] = stats.f.sf(ratio, extra, free) <= FINE_LEVEL
    return needed


def _count_rank(basis: FloatArray) -> NDArray[np.int64]:
    """Return the number of directions of orthonormal columns (B, n, p) that are there, (B,)."""
    rank: NDArray[np.int64] = ((basis**2).sum(1) > 0.5).sum(1)
    return rank


def _project(values: FloatArray, basis: FloatArray, common: FloatArray | None) -> FloatArray:
    """Return what is left of (B, M, q, n) beside each person's columns, and those that all share."""
    people, models, count, days = values.shape
    flat = values.reshape(people, models * count, days)
    flat = flat - (flat @ basis) @ basis.swapaxes(1, 2)
    if common is not None:
        flat = flat - (flat @ common).sum(0, keepdims=True) @ common.swapaxes(1, 2)
    return flat.reshape(values.shape)


def _invert_gram(gram: FloatArray) -> FloatArray:
    """Return the inverse of the products of own columns, (B, M, q, q), or (1, M, q, q) over all people."""
    length = np.sqrt(np.einsum("bmqq->bmq", gram))
    unit = np.where(length > 0, length, 1.0)
    outer = unit[..., None] * unit[..., None, :]
    inverse: FloatArray = np.linalg.inv(
        gram / outer + np.eye(gram.shape[-1]) * np.where(length > 0, 1e-9, 1.0)[..., None]
    )
    return inverse / outer


def _trace_scores(
    family: Family,
    trigger: FloatArray,
    news: FloatArray,
    square: FloatArray,
    events: FloatArray,
    weights: FloatArray,
    root: FloatArray,
    trust: FloatArray,
    start: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return score and its standard error at each of GRID, and at no effect if there were such an one, (B, M, a, G).

    The variance is that of the products of what is left of the trigger, (B, M, a, n), with what is left of the outcome
    beside trigger and nuisance, whose squares are given, (B, M, n); at an effect the news is compared with another
    mean. With an effect the days' variances grow as their means, what is beyond Poisson as their squares. What a
    planted effect would do is told half by the squares that are seen, half by those to be expected: the smallest
    promises would else be those that chance made small. `start` is the trigger, (B, M, a), on days that a planted
    effect leaves as they are.
    """
    n = np.maximum((weights > 0).sum(-1), 1)[:, None]
    usual = square.sum(-1) / n
    beyond = np.clip(1 - 1 / np.maximum(usual, TINY), 0.0, 1.0)[..., None, None]
    share = ((events > 0).sum(-1) / n[:, 0])[:, None, None, None]
    usual = usual[..., None, None] * (root**2)[:, None, None]
    square = (square * (root**2)[:, None])[:, :, None]
    first, second, third = (square * news**2).sum(-1), (square * news).sum(-1), square.sum(-1)
    foreseen = (square + usual) / 2
    weighted_days = np.where(weights > 0, weights, 1.0)[:, None, None]
    weighted = weights[:, None, None] * news
    size = (weighted * news).sum(-1)
    scores, variances, shifts, planted = [], [], [], []
    total = np.maximum(weights.sum(-1), TINY)[:, None, None]
    for effect, factor in zip(GRID, _list_factors(trigger), strict=True):
        score, taken = family.add_scores(events, weights, factor, news)
        scores.append(score)
        raised = factor * np.exp(-effect * start)[..., None]
        shifts.append((weighted * family.raise_mean(raised, share=share)).sum(-1))
        spread = foreseen * family.grow(raised, beyond=beyond, share=share)
        usually = (spread / weighted_days).sum(-1) / n[..., None] * size
        planted.append(_moderate((spread * news**2).sum(-1), usually, trust))
        level = ((weights[:, None, None] * factor).sum(-1) / total)[..., None]
        growth = family.grow(factor / np.where(level > 0, level, 1.0), beyond=beyond, share=share)
        variance = first - 2 * taken * second + taken**2 * third
        expected = (usual * (news - taken[..., None]) ** 2 * growth).sum(-1)
        variances.append(_moderate(variance, expected, trust))
    curve, variance, shift, planting = (np.stack(parts, -1) for parts in (scores, variances, shifts, planted))
    return curve, np.sqrt(np.maximum(variance, 0.0)), shift, np.sqrt(np.maximum(planting, 0.0))


def _find_values(x: FloatArray, days: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """Return the lowest and highest value of (B, M, a, n) on some days, and whether there is nothing between them."""
    lowest, highest = np.where(days, x, np.inf).min(-1), np.where(days, x, -np.inf).max(-1)
    between = days & (x != lowest[..., None]) & (x != highest[..., None])
    return lowest, highest, ~between.any(-1)


def _moderate(variance: FloatArray, expected: FloatArray, trust: FloatArray) -> FloatArray:
    """Return a variance, drawn towards what is expected of it where it is smaller (Smyth 2004).

    Few days with a trigger are alike by chance now and then: their variance then looks small, and their mean is off.
    """
    trust = np.maximum(trust, 0.0)
    drawn: FloatArray = (trust * variance + PRIOR_DF * expected) / (trust + PRIOR_DF)
    return np.maximum(variance, drawn)


def _list_factors(trigger: FloatArray) -> list[FloatArray]:
    """Return exp(b x) for each effect of GRID: as each is twice the one before, its factor is the other's square."""
    factors = [np.ones_like(trigger)] * len(GRID)
    for sign in (-1, 1):
        factor = np.exp(sign * GRID[ZERO + 1] * trigger)
        for place in range(1, ZERO + 1):
            factors[ZERO + sign * place] = factor
            factor = np.minimum(factor * factor, LARGEST_FACTOR)
    return factors


def _share_days(
    news: FloatArray, residual: FloatArray, share: FloatArray, window: int
) -> tuple[FloatArray, FloatArray]:
    """Return by how much shared days raise the variance of a score, and by how much they lower the number of days.

    1 + 2 sum r_x(h) r_e(h) where positive, and 1 + 2 sum r_x(h)^2, over distances below the window (Bartlett 1935). A
    fit makes neighbouring days look related the other way round: what it takes (`_share_fit`) is given back.
    """
    inflation, alike = np.ones(news.shape[:-1]), np.ones(news.shape[:-1])
    for apart in range(1, min(window, news.shape[-1])):
        given = (np.maximum(share[:, apart], 0.0) / np.maximum(1 - share[:, 0], 1 - MOST_LEVERAGE))[:, None, None]
        own, other = (
            (part[..., apart:] * part[..., :-apart]).sum(-1) / np.maximum((part**2).sum(-1), TINY) + given
            for part in (news, residual)
        )
        inflation += 2 * np.maximum(own * other, 0.0)
        alike += 2 * own**2
    return inflation, alike


def _square_skewness(values: FloatArray) -> FloatArray:
    """Return the squared skewness along the last axis, days without a value being 0, times 1 where there are many."""
    square = values * values
    second, third = square.sum(-1), np.einsum("...i,...i->...", square, values)
    skewness: FloatArray = np.count_nonzero(values, axis=-1) * third**2 / np.maximum(second**3, TINY)
    return skewness


def _share_fit(basis: FloatArray, root: FloatArray, most: int) -> FloatArray:
    """Return how far the fitted part of a day rests on the day so many days before, (B, most + 1), on average."""
    people, days, columns = basis.shape
    weighted = (basis * root[..., None]).reshape(people, -1)
    share = np.zeros((people, most + 1))
    for distance in range(min(most + 1, days)):
        apart = distance * columns
        share[:, distance] = np.einsum("bi,bi->b", weighted[:, apart:], weighted[:, : weighted.shape[1] - apart])
    return share / np.maximum((root**2).sum(1, keepdims=True), TINY)


def _follow_memory(share: FloatArray, memory: FloatArray, most: int) -> tuple[FloatArray, FloatArray]:
    """Return the lag-one memory of a series before columns were fitted to it, and what is left of its autocovariances.

    The memory, (B, M, a), is what is seen after the fit; sought is the first-order series that would leave that, by
    expectation. What is left, (B, M, a, most + 1), is of variance 1 before the fit.
    """
    span, days = np.arange(-MEMORY_SPAN, MEMORY_SPAN + 1), np.arange(most + 1)
    apart = np.minimum(np.abs(span + days[:, None]), share.shape[1] - 1)
    taken = share[:, apart][:, None, None]
    before = np.clip(memory, *MEMORY_LIMITS)
    for step in range(MEMORY_STEPS + 1):
        left = before[..., None] ** days - (taken * before[..., None, None] ** np.abs(span)).sum(-1)
        if step < MEMORY_STEPS:
            before = np.clip(before + memory - left[..., 1] / np.maximum(left[..., 0], TINY), *MEMORY_LIMITS)
    return before, left


def _expect_leak(share: FloatArray, memory: FloatArray, reach: int) -> tuple[FloatArray, FloatArray]:
    """Return by how much an estimate falls for each unit of an effect so many days nearer, (B, M, a, reach).

    A trigger of this lag-one memory, (B, M, a), as it is after the columns are fitted, has another one before that; it
    is returned too. The fit makes neighbouring days look related the other way round: the leak is what the trigger's
    news would foretell of its later days without it, less what they foretell with it.
    """
    memory, left = _follow_memory(share, memory, reach + 2)
    gram = np.stack([left[..., 0], left[..., 1], left[..., 1], left[..., 0]], -1).reshape(*memory.shape, 2, 2)
    passed = np.linalg.solve(gram + 1e-9 * np.eye(2), left[..., 1:3, None])[..., 0]
    news = np.maximum(left[..., 0] - (passed * left[..., 1:3]).sum(-1), 1 - MOST_LEVERAGE)
    near = left[..., 1 : reach + 1]
    foretold = near - passed[..., :1] * left[..., 2 : reach + 2] - passed[..., 1:] * left[..., 3 : reach + 3]
    return memory[..., None] ** np.arange(1, reach + 1) - foretold / news[..., None], memory


def _pull_back(before: FloatArray, older: FloatArray, share: FloatArray, newest: int, noise: FloatArray) -> FloatArray:
    """Return how far a score moves for each unit that the trigger happens to rest on older outcomes, (B, o).

    A trend that is fitted to a day's outcome shares the noise of the older ones beside it (Nickell 1981). `before` are
    the older outcomes freed of the trend, (B, n, o), `older` the same orthonormal, `noise` what an outcome and its
    transform have in common, summed over days.
    """
    gram = before.swapaxes(1, 2) @ before
    seen = gram[:, 0, 1] / np.maximum(gram[:, 1, 1], TINY)
    memory, _ = _follow_memory(share, np.clip(seen, *MEMORY_LIMITS)[:, None, None], 1)
    span = np.arange(MEMORY_SPAN)
    places = newest + np.arange(before.shape[-1])
    met = (share[:, places[:, None] + span] * memory[:, 0, :, None] ** span).sum(-1) * noise[:, None]
    size = np.maximum(np.trace(gram, axis1=1, axis2=2), TINY)[:, None, None]
    told = np.linalg.solve(gram / size + 1e-6 * np.eye(gram.shape[-1]), met[..., None]) / size
    pull: FloatArray = ((before.swapaxes(1, 2) @ older).swapaxes(1, 2) @ told)[..., 0]
    return pull


def _refuse(
    block: Block,
    ok: NDArray[np.bool_],
    family: Family,
    size: FloatArray,
    scale: FloatArray,
    weights: FloatArray,
    df: FloatArray,
    trust: FloatArray,
) -> NDArray[np.int64]:
    """Return the index of the reason why one person's test can't be told, (B, M, a); 0 where it can."""
    asked = size.shape[-1]
    x = block.own[:, :, :asked]
    days = ok[:, None, None]
    n, events = ok.sum(1)[:, None, None], (ok & (block.y > 0)).sum(1)[:, None, None]
    lowest, highest, two_valued = _find_values(x, days)
    smaller = np.minimum((days & (x == lowest[..., None])).sum(-1), (days & (x == highest[..., None])).sum(-1))
    share = events / np.maximum(n, 1)
    rarer = np.minimum(share, 1 - share) if family.name == "yes/no" else share
    few = two_valued & (smaller < FEW_EXPOSED) & family.is_ratio
    expected = np.where(few, smaller * rarer, np.inf)
    changes = np.broadcast_to(n, size.shape) if block.older is None else (days & (x != block.older[:, :, None])).sum(-1)
    low, high = np.where(ok, block.y, np.inf).min(1), np.where(ok, block.y, -np.inf).max(1)
    flat = (low == high)[:, None, None]
    conditions = {
        "not recorded": ~np.isfinite(x).any(-1),
        "too few days": np.broadcast_to(n == 0, size.shape),
        "no variation": (scale == 0) | flat,
        "too few events": (events < LEAST_EVENTS) & family.is_ratio
        | (n - events < LEAST_EVENTS) & (family.name == "yes/no"),
        "too few days with and without it": two_valued & (smaller < LEAST_EXPOSED) | (expected < LEAST_EXPECTED),
        "too few changes": two_valued & (changes < LEAST_CHANGES),
        " ": df < LEAST_DF,
        "no variation of its own": size <= NOTHING * np.maximum(weights.sum(1)[:, None, None], TINY),
        "too few days with and without it ": two_valued & (trust < LEAST_TRUST),
        "too few days ": trust < LEAST_TRUST,
    }
    codes = [REFUSALS.index(reason.rstrip() or "too few days") for reason in conditions]
    return np.select([np.broadcast_to(c, size.shape) for c in conditions.values()], codes, default=0)
