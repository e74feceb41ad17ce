"""Scores of every person, trigger and lag, as matrix work.

A model explains one outcome of one person by what all its models share (trend, weekday, the outcome on two days
before the trigger's day) and by a few columns of its own (the trigger, its two older values). The trigger is tested by
the score of an effect b: what is left of the trigger, its news, times what is left of the outcome once freed of b. The
variance is that of the days' own products (HC2), so that nothing is assumed of the outcome's variance; test, interval
and detectable effect come from the same curve of scores over b.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from scipy import fft, stats

from twitchstats.arrays import AnyArray, BoolArray, FloatArray, IntArray
from twitchstats.panel import Panel, shift_days
from twitchstats.parallel import run_side_by_side, split_evenly
from twitchstats.triggers.columns import (
    count_trend_terms,
    date_columns,
    factor_products,
    fine_trend_columns,
    free_columns,
    orthonormalise,
    scale_products,
    standardise,
    turn_columns,
    wave_columns,
)
from twitchstats.triggers.families import Family

LOOK_BACK = 4  # days in which the two older values of outcome and trigger are looked for
OLDER = 2  # older outcomes, and older values of the trigger, that stand in a model
SPELL = 8  # days below which both sides may be alike because they come in spells
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
SAME_DIRECTION = 1e-6  # squared length left of a column beside others that makes it none of its own
MOST_LEVERAGE = 0.97
SKEWNESS = 0.9  # of Edgeworth's term in both skewnesses (Hall 1987), two-sided at 5 %
LEAK_DAYS = 6  # over which effects are looked for that a fine trend makes leak
TURNS = 2  # in which effects at several lags are told apart
PEOPLE_EVEN = 20  # as many people halve what their information counts for where their effects differ
LEAST_DOUBT = 1e-3  # of LEAK_LIMIT, below which no error of an effect is believed
LEAK_LIMIT = 1.5  # of an effect per SD that is carried to later lags
MEMORY_LIMITS = np.array([[-0.5, -0.97], [0.9, 0.9]])  # of a trigger's partial autocorrelations, one and two days apart
MEMORY_SPAN = 30  # days over which its memory is followed
MEMORY_STEPS = 7
CHUNK = 400_000  # numbers in one array of a block
GRID = np.array([-3.2, -1.6, -0.8, -0.4, -0.2, -0.1, 0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2])  # effects per SD
ZERO = 6  # where the grid has no effect
FINE_LEVEL = 0.1
LARGEST_FACTOR = 1e30
TINY = 1e-300
# Of a large effect of an amount, whose older days stand beside it: what simulated diaries of 120 days measure.
FOUND = {"count": 0.92, "yes/no": 0.84, "amount": 0.92}
PRIOR_DF = 4.0  # what an expected variance weighs beside one that is seen
CURVES = ("curve", "spread", "shift", "planted")
PLAIN = ("size", "information", "scale", "echo", "df", "trust", "n", "refusal")
LEAST_CHANGES = 4  # days on which a yes/no trigger differs from the day before: it is only these that tell something

# Of some people's models: older outcomes (B, n, o) and how many days ago the newest is (0: no outcomes), own columns
# (B, M, q, n), the trigger's older value (B, M, n).
Columns = tuple[FloatArray, int, FloatArray, FloatArray | None]
Layer = Callable[[IntArray], Callable[[int], Columns]]  # of people, then of each group of lags
Index = AnyArray | tuple[Any, ...] | slice  # of people, triggers and lags

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
    trend : {"smooth", "fine", "stiff", "waves", "linear", "none"}
        "smooth" is stiff, a term a month, or fine where the outcome needs it; "waves" are the outcome's strongest ones
        beside the stiff one.
    weekday : bool
    effect : {"total", "that day"}
    adjust : {"each", "together"}
    window : int
        Days over which the trigger is averaged.
    recent : bool
        Whether the older outcomes are the latest ones, not those from before a window.
    pooled : bool
        Whether the people will be put together: then short diaries share weekday and older days.
    """

    trend: str = "smooth"
    weekday: bool = True
    effect: str = "total"
    adjust: str = "each"
    window: int = 1
    recent: bool = False
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
    echo : of people who are put together: what a person's days move in what all people are given back.
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
    echo: FloatArray
    df: FloatArray
    trust: FloatArray
    n: FloatArray
    refusal: IntArray
    is_ratio: bool

    def select(self, where: Index) -> "Scores":
        """Return the scores at an index or mask of people, triggers and lags."""
        arrays = {name: value[where] for name, value in vars(self).items() if name != "is_ratio"}
        return Scores(**arrays, is_ratio=self.is_ratio)


@dataclass(frozen=True)
class Block:
    """People whose models are worked on together: M models each, of q own columns, that use the same days of a person.

    Attributes
    ----------
    y : (B, n)
    ok : (B, n)
        Days that are used; all other arrays are 0 on others, but for `own` and `older`.
    weights, relative : (B, n)
        As `Family.weigh` gives them.
    dates : (B, n, p)
        Constant, weekday, stiff trend.
    before : (B, n, o)
        The outcome of older days, or other columns that all models share.
    newest : (B,)
        How many days ago the newest of these outcomes is; 0 where they are none.
    own : (B, M, q, n)
        The trigger first, or several that are asked about, then what stands beside it.
    older : (B, M, n) or None
        The trigger's older value, where only days on which it changed tell something.
    fine : bool
        Whether a trend with a term every few days stands beside it.
    """

    y: FloatArray
    ok: BoolArray
    weights: FloatArray
    relative: FloatArray
    dates: FloatArray
    before: FloatArray
    newest: IntArray
    own: FloatArray
    older: FloatArray | None
    fine: bool = False

    def take(self, rows: IntArray) -> "Block":
        """Return the block of some people."""
        taken: dict[str, Any] = {k: v[rows] if isinstance(v, np.ndarray) else v for k, v in vars(self).items()}
        return Block(**taken)


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
    return work_panel(panel, outcome, triggers, lags, family=family, options=options).spend()


def work_panel(
    panel: Panel, outcome: str, triggers: Sequence[str], lags: Sequence[int], *, family: Family, options: Options
) -> "Work":
    """Return what the days of each person say, before what a trend took is given back: as `score_panel`."""
    people = len(panel.people)
    options = replace(options, pooled=options.pooled and people > 1)
    carries = panel.ordered and options.effect == "total" and options.window == 1
    carries &= options.trend not in ("linear", "none")
    if carries and options.pooled and options.trend == "smooth":
        options = replace(options, trend="fine")  # people whom chance left a stiff trend would add up
    worked, reach = tuple(lags), 0
    if carries and worked:
        reach = max(LEAK_DAYS, *worked)
        worked += tuple(lag for lag in range(reach + 1) if lag not in lags)
    score = partial(
        score_people, outcome=outcome, triggers=tuple(triggers), lags=worked, wanted=len(lags), reach=reach,
        family=family, options=options,
    )  # fmt: skip
    short = partial(find_short, outcome=outcome) if options.pooled and panel.ordered else None
    empty = Store(people, len(triggers), worked, family, len(lags), reach)
    arrays = empty.arrays | panel.map_blocks(score, together=short)
    return Work(arrays, family.is_ratio, worked, len(lags), carries, options.pooled)


def score_people(
    panel: Panel,
    *,
    outcome: str,
    triggers: Sequence[str],
    lags: Sequence[int],
    wanted: int,
    reach: int,
    family: Family,
    options: Options,
) -> dict[str, AnyArray]:
    """Return what the days of some people say, before effects at shorter lags are taken into account.

    Arrays (P, T, L, ...) by their name in `Store`, the curves only of the first lags, which are wanted; nobody's depend
    on who else is there, but for short diaries that are put together, which share what `Store.run` says.
    """
    y = panel.get_outcome(outcome)
    columns = np.stack([panel.get_outcome(name) for name in triggers]) if triggers else np.zeros((0, *y.shape))
    store = Store(len(y), len(triggers), lags, family, wanted, reach)
    groups = [lags] if options.effect == "that day" else [[lag] for lag in lags]
    lay = partial(_lay_lags, columns, groups, panel, options, family.transform(y))
    store.run(panel, y, lay, options, groups=[[lags.index(lag) for lag in group] for group in groups])
    return store.arrays


def find_short(panel: Panel, *, outcome: str) -> dict[str, AnyArray]:
    """Return as ``together`` whose diary is short, so that it may share columns with other short ones, (P,)."""
    return {"together": np.isfinite(panel.get_outcome(outcome)).sum(1) < SHORT}


def score_columns(
    panel: Panel,
    y: FloatArray,
    x: FloatArray,
    *,
    family: Family,
    adjust: Sequence[FloatArray] = (),
    newest: int = 0,
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
    newest : int
        Where these are the outcome of older days: how many days ago the newest is.
    beside : (T, q, P, n), optional
        Columns of each model alone.
    options : Options, optional

    Returns
    -------
    Scores
        Arrays (P, T, 1). Days where anything in a model is missing are left out of that model.
    """
    store = Store(len(y), len(x), (0,), family, 1)
    own = x[:, None] if beside is None else np.concatenate([x[:, None], beside], axis=1)
    before = np.stack(adjust, axis=-1) if len(adjust) else np.zeros((*y.shape, 0))

    def lay(people: IntArray) -> Callable[[int], Columns]:
        return lambda _: (before[people], newest, np.moveaxis(own[:, :, people], 2, 0), None)

    store.run(panel, y, lay, options or Options(), groups=[[0]])
    return Work(store.arrays, family.is_ratio).spend()


def _lay_lags(
    columns: FloatArray,
    groups: Sequence[Sequence[int]],
    panel: Panel,
    options: Options,
    told: FloatArray,
    people: IntArray,
) -> Callable[[int], Columns]:
    columns, told = columns[:, people], told[people]
    window = range(options.window)
    taken, known = find_older(columns, 1), np.stack(find_older(told, 1))

    def lay(group: int) -> Columns:
        lags = groups[group]
        last = max(lags) + options.window
        asked = [np.mean([shift_days(columns, lag + day) for day in window], axis=0) for lag in lags]
        beside = []
        if options.window > 2:
            tilt = np.arange(options.window) - (options.window - 1) / 2
            beside.append(np.sum([tilt[day] * shift_days(columns, lags[0] + day) for day in window], axis=0))
        older: list[FloatArray] = []
        before, newest = np.zeros((*told.shape, 0)), 0
        if panel.ordered:
            older, newest = [shift_days(value, last - 1) for value in taken], 1 if options.recent else max(last, 1)
            before = np.moveaxis(shift_days(known, newest - 1), 0, -1)
        own = np.stack([*asked, *beside, *older], axis=1)  # T, q, B, n
        first = older[0].swapaxes(0, 1) if older and options.window == 1 and len(lags) == 1 else None
        if options.adjust == "together":  # one model holds all triggers: the asked ones first
            return before, newest, np.moveaxis(own.swapaxes(0, 1).reshape(1, -1, *own.shape[2:]), 2, 0), None
        return before, newest, np.moveaxis(own, 2, 0), first

    return lay


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
    """Arrays (P, T, L, ...) by name that blocks of people write into; the curves are told of the first lags only."""

    def __init__(
        self, people: int, triggers: int, lags: Sequence[int], family: Family, wanted: int, reach: int = 0
    ) -> None:
        self.family, self.lags, self.wanted, self.reach = family, lags, wanted, reach
        self.shape = shape = people, triggers, len(lags)
        self.arrays: dict[str, AnyArray] = {name: np.zeros(shape) for name in (*PLAIN, "none", "error")}
        for name in CURVES:
            self.arrays[name] = np.zeros((*shape[:2], wanted, len(GRID)))
        self.arrays["leak"] = np.zeros((*shape, reach + 1))
        self.arrays["alike"] = np.zeros((*shape, shape[2]))
        self.arrays["memory"] = np.zeros((*shape, OLDER))
        self.arrays["refusal"] = np.full(shape, REFUSALS.index("not recorded"))

    def run(
        self, panel: Panel, y: FloatArray, lay: Layer, options: Options, *, groups: Sequence[Sequence[int]]
    ) -> None:
        """Score all people in blocks, on all cores: models that hold the lags at these places each."""
        if 0 not in self.shape:
            run_side_by_side(
                partial(self._run_block, panel, y, lay, options, groups, *plan)
                for plan in _plan_blocks(panel, y, options, self.shape[1])
            )

    def _run_block(
        self,
        panel: Panel,
        y: FloatArray,
        lay: Layer,
        options: Options,
        groups: Sequence[Sequence[int]],
        people: IntArray,
        terms: int,
        shared: bool,
        at_once: int,
    ) -> None:
        """Score all models of some people, those of so many groups at once."""
        dates = date_columns(panel, y, people, 0, weekday=options.weekday)
        trend = date_columns(panel, y, people, terms, weekday=False)[..., 1:]
        stiff = np.concatenate([dates[..., :1] if shared else dates, trend], axis=-1)
        own_y = y[people]
        fine = np.zeros((*own_y.shape, 0))
        if options.trend == "waves" and panel.ordered and not shared:
            fine = wave_columns(self.family.transform(own_y))
        elif options.trend in ("smooth", "fine") and panel.ordered and not shared:
            fine = fine_trend_columns(own_y, terms)
        lay_group, together, forced = lay(people), options.adjust == "together", options.trend != "smooth"
        # people who are put together are compared with each other: their own days' variance serves no test
        span = options.window + (0 if options.pooled or not panel.ordered else SPELL - 1)
        score = partial(
            score_block, family=self.family, asked=self.shape[1] if together else len(groups[0]), shared=shared,
            pooled=options.pooled, reach=self.reach, window=options.window, span=span,
        )  # fmt: skip
        rest = np.zeros((len(people), *self.shape[1:], y.shape[1] if self.reach else 0))
        spells = np.zeros((len(people), *self.shape[1:], SPELL))
        for batch, curves in _list_batches(groups, self.wanted, at_once):
            laid = [lay_group(group) for group in batch]
            before, own = _join([part[0] for part in laid]), _join([part[2] for part in laid])
            older = None if laid[0][3] is None else _join([part[3] for part in laid if part[3] is not None])
            if shared:
                before = np.concatenate([dates[..., 1:], before], axis=-1)
            newest = np.repeat([part[1] for part in laid], len(people))
            who = np.tile(np.arange(len(people)), len(batch))
            places = np.repeat([groups[group] for group in batch], len(people), axis=0)
            days, weighed, beside = (_join([part] * len(batch)) for part in (own_y, stiff, fine))
            for rows, models in _split_by_days(own, whole=shared):
                block = lay_block(
                    days[rows], weighed[rows], before[rows], newest[rows], own[rows[:, None], models],
                    None if older is None else older[rows[:, None], models], family=self.family, shared=shared,
                )  # fmt: skip
                models = np.arange(self.shape[1])[None].repeat(len(rows), axis=0) if together else models
                for some, part, basis in _choose_trend(
                    block, beside[rows], trend.shape[-1], forced=forced, shared=shared
                ):
                    found = score(part, basis, effects=GRID if curves else GRID[[ZERO]])
                    here, *at = who[rows[some], None, None], models[some, :, None], places[rows[some], None]
                    rest[here, *at] = found.pop("rest")[..., : rest.shape[-1]]
                    news = found.pop("spells")
                    spells[here, *at] = news.swapaxes(1, 2) if together else news
                    for name in found if curves else found.keys() - CURVES:
                        value = found[name].swapaxes(1, 2) if together else found[name]
                        self.arrays[name][people[here], *at] = value
        self.arrays["alike"][people] = _relate_lags(rest, spells.mean(2), self.lags)


def _list_batches(groups: Sequence[Sequence[int]], wanted: int, at_once: int) -> Iterator[tuple[list[int], bool]]:
    """Yield the groups of lags that are worked on at once, and whether they are wanted, which the first are."""
    told = sum(group[0] < wanted for group in groups)
    for some, curves in ((range(told), True), (range(told, len(groups)), False)):
        for start in range(0, len(some), at_once):
            yield list(some[start : start + at_once]), curves


def _join(parts: Sequence[FloatArray]) -> FloatArray:
    """Return arrays one below the other."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


@dataclass(frozen=True)
class Work:
    """What the days of each person say of the `worked` lags, `arrays` as a `Store` has them; the first are wanted.

    Attributes
    ----------
    carries : bool
        Whether a trend's leaks are given back,
    together : bool
        by what all people show.
    """

    arrays: dict[str, AnyArray]
    is_ratio: bool
    worked: tuple[int, ...] = (0,)
    wanted: int = 1
    carries: bool = False
    together: bool = False

    def finish(self, people: Index) -> Scores:
        """Return the scores of some people as if they were all."""
        return replace(self, arrays={name: value[people].copy() for name, value in self.arrays.items()}).spend()

    def spend(self) -> Scores:
        """Return the scores of all people, and use up what was worked out: a cohort's arrays fit in memory once."""
        models = max(1, CHUNK // max(1, len(self.arrays["n"]) * len(self.worked) ** 2))
        for part in split_evenly(self.arrays["n"].shape[1], models) if self.carries else ():
            some = {name: value[:, part] for name, value in self.arrays.items()}
            given = _give_back(some, self.worked, self.wanted, together=self.together, is_ratio=self.is_ratio)
            for name, value in given.items():
                self.arrays[name][:, part] = value
        curves = {name: self.arrays.pop(name) for name in CURVES}
        plain = {name: self.arrays.pop(name)[:, :, : self.wanted] for name in PLAIN}
        return Scores(**curves, **plain, is_ratio=self.is_ratio)


def _give_back(
    arrays: dict[str, AnyArray], lags: Sequence[int], wanted: int, *, together: bool, is_ratio: bool
) -> dict[str, FloatArray]:
    """Return ``curve, spread, planted`` with what trend and weekday took: effects at other lags leak into each.

    A flexible trend follows the outcome, and with it the trigger: neighbouring days are then related the other way
    round. An effect leaks by its estimate, drawn towards none by as much as it is uncertain, times the leak: one
    person's own, or the group's mean, whose chance is told by how far the people differ (``echo``).
    """
    size, scale, spread, zero = (arrays[name] for name in ("size", "scale", "error", "none"))
    # of an effect at each lag (last) into each estimate (third); and what the trigger's own memory carries there
    leak, carried = np.zeros((*size.shape, len(lags))), np.zeros((*size.shape, len(lags)))
    response = _follow(arrays["memory"], max(lags))
    places = [place for place, lag in enumerate(lags) if lag >= 0]
    for here, there in itertools.product(places, places):
        leak[..., here, there] = np.clip(arrays["leak"][..., here, lags[there]], -1.0, 1.0)  # the whole effect at most
        if lags[here] > lags[there]:
            carried[..., here, there] = response[..., here, lags[here] - lags[there]]
    told, alike = np.eye(len(lags)) + carried - leak, arrays["alike"]
    if together:
        taken, echo = _give_back_together(arrays, leak[:, :, :wanted], told, is_ratio=is_ratio)
        return {"curve": arrays["curve"] + taken[..., None], "echo": echo}
    unit, limit = size * scale, LEAK_LIMIT / np.where(scale > 0, scale, 1.0)
    known = (scale > 0) & (spread < LEAK_LIMIT * size)
    whole = np.where(known, unit, 1.0)
    error = np.where(known, np.maximum(spread / whole, LEAST_DOUBT * limit), limit)
    seen = np.clip(np.where(known, zero / whole, 0.0), -limit, limit)
    drawn, prior = _part_effects(seen, error, told, alike)
    direct = np.clip((drawn @ seen[..., None])[..., 0], -limit, limit)
    # what chance moves with what is given back, and what of the effects is not given back
    moved, kept = leak @ drawn, leak @ (drawn @ told - np.eye(len(lags)))
    chance = error[..., None] * alike * error[..., None, :]
    wider = ((moved @ chance + 2 * chance) * moved + kept**2 * prior[..., None, :]).sum(-1)
    wider = np.where(known, unit, 0.0) * np.sqrt(np.maximum(wider, 0.0))
    given = {name: np.hypot(arrays[name], wider[:, :, :wanted, None]) for name in ("spread", "planted")}
    taken = unit * (leak * np.where(known, direct, 0.0)[..., None, :]).sum(-1)
    return given | {"curve": arrays["curve"] + taken[:, :, :wanted, None]}


def _give_back_together(
    arrays: dict[str, AnyArray], leak: FloatArray, told: FloatArray, *, is_ratio: bool
) -> tuple[FloatArray, FloatArray]:
    """Return what is given back to each person's score at each wanted lag, and its ``echo``, both (P, T, wanted).

    At each lag people count for what they count for in the sum of scores there: where effects go with what tells more,
    other weights would give back another mean than is missing. Nobody's part is limited: a trigger on few days would
    look protective.
    """
    information, scale, error, zero = (arrays[name] for name in ("information", "scale", "error", "none"))
    unit = information * scale
    weigh = partial(weigh_people, information, scale, error, is_ratio=is_ratio)
    usable = (arrays["refusal"] == 0) & (unit > 0)
    certain = np.where(usable, unit * weigh(np.zeros(unit.shape[1:])), 0.0)
    total = np.maximum(certain.sum(0), TINY)
    own = np.where(usable, zero / np.where(usable, unit, 1.0), 0.0)
    beyond = (certain * (own - (certain * own).sum(0) / total) ** 2).sum(0) - usable.sum(0) + 1
    spread = np.maximum(beyond, 0.0) / np.maximum(total - (certain**2).sum(0) / total, TINY)  # DerSimonian and Laird
    weight = weigh(np.where(usable.sum(0) > 1, spread, 0.0))
    taken, echo = np.zeros(leak.shape[:-1]), np.zeros(zero.shape)
    for lag in range(leak.shape[2]):
        counted = weight[:, :, lag, None]
        whole = np.maximum((counted * unit).sum(0), TINY)
        share, doubt = counted * unit / whole, counted * error / whole
        chance = np.einsum("ptl,ptlm,ptm->tlm", doubt, arrays["alike"], doubt)
        doubt = np.sqrt((doubt**2).sum(0))
        common = chance / np.maximum(doubt[..., None] * doubt[..., None, :], TINY)
        middle, leaks = (counted * zero).sum(0) / whole, (share[:, :, lag, None] * leak[:, :, lag]).sum(0)
        drawn, _ = _part_effects(middle, doubt, (share[..., None] * told).sum(0), common)
        taken[..., lag] = unit[..., lag] * (leak[:, :, lag] * (drawn @ middle[..., None])[..., 0]).sum(-1)
        echo[..., lag] = whole[:, lag] * np.einsum("tm,tmk,ptk->pt", leaks, drawn, (zero - unit * middle) / whole)
    return taken, echo


def weigh_people(
    information: FloatArray, scale: FloatArray, error: FloatArray, spread: FloatArray, *, is_ratio: bool
) -> FloatArray:
    """Return what each person's score per SD counts for in a sum over people, (P, ...).

    By how fast it falls with the effect, how noisy it is, and the variance of effects between people, `spread`. Who
    reacts more may have more twitches, and so more information: the mean effect of many people, whose chance error is
    small, would lean towards them, so that they count for the less the more people there are.
    """
    known = information > 0
    square = np.where(known, information * scale**2, 1.0)
    noise = (error * scale) ** 2 / square
    if is_ratio:
        noise = np.nanmedian(np.where(known | ~known.any(0), noise, np.nan), axis=0)
    even = 1 + known.sum(0) / PEOPLE_EVEN
    return np.where(known, scale, 0.0) / np.maximum(noise + even * spread * square, TINY)


def _part_effects(
    seen: FloatArray, error: FloatArray, told: FloatArray, alike: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return how effects at several lags are drawn from what is seen at each, (..., L, L), and their prior variance.

    What is seen at each lag, with its error, is `told` by the effects at all lags, (..., L, L); the errors are `alike`
    (correlations). Each effect is expected to be as large as it looks beside the others, or as its error, and is drawn
    towards none by as much as it is uncertain (Tipping 2001): so effects on neighbouring days that a trend hides
    together stay unknown, and are not blown up.
    """
    there = np.where(error > 0, error, 1.0)
    told = told * there[..., None, :] / there[..., None]
    seen = seen / there
    prior = np.maximum(seen**2, 1.0)
    for _ in range(TURNS):
        from_prior = prior[..., None] * told.swapaxes(-1, -2)
        whole = told @ from_prior + alike + SAME_DIRECTION * np.eye(seen.shape[-1])
        drawn = np.linalg.solve(whole, from_prior.swapaxes(-1, -2)).swapaxes(-1, -2)
        certain = (drawn * told.swapaxes(-1, -2)).sum(-1)
        prior = np.maximum((drawn @ seen[..., None])[..., 0] ** 2 / np.maximum(certain, SAME_DIRECTION), 1.0)
    return drawn * there[..., None] / there[..., None, :], prior * there**2


def _plan_blocks(
    panel: Panel, y: FloatArray, options: Options, models: int
) -> Iterator[tuple[IntArray, int, bool, int]]:
    """Yield people worked on together, their trend terms, whether they share columns, how many lags go at once."""
    terms = count_trend_terms(y, options.trend) if panel.ordered else np.zeros(len(y), dtype=np.int64)
    short = np.isfinite(y).sum(1) < SHORT
    shared = short if options.pooled and panel.ordered and short.sum() >= ENOUGH_SHORT else np.zeros_like(short)
    if shared.any():
        yield np.flatnonzero(shared), int(min(1, terms[shared].min())), True, 1
    size = max(1, CHUNK // (max(y.shape[1], 1) * (models * 4 + 20)))
    for count in np.unique(terms[~shared]):
        same = np.flatnonzero((terms == count) & ~shared)
        for rows in split_evenly(len(same), min(size, -(-len(same) // 2))):
            yield same[rows], int(count), False, -(-size // len(rows))


def _split_by_days(own: FloatArray, *, whole: bool) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield rows of own columns (B, M, q, n), (R,), and models of each that use the same of its days, (R, k).

    Rows with about as many are worked on together: the last model stands in for what a row has fewer. As a `whole`,
    all rows have the models that use the same days of each of them.
    """
    known = np.asarray(np.isfinite(own).all(axis=2))
    joint = [known[:, model].tobytes() for model in range(known.shape[1])] if whole else []
    kinds: dict[tuple[int, bytes], list[int]] = {}
    for row, model in np.ndindex(known.shape[:2]):
        kinds.setdefault((row, joint[model] if whole else known[row, model].tobytes()), []).append(model)
    batches: dict[bytes | int, list[tuple[int, list[int]]]] = {}
    for (row, days), models in kinds.items():
        batches.setdefault(days if whole else len(models).bit_length(), []).append((row, models))
    for units in batches.values():
        most = max(len(models) for _, models in units)
        rows = np.array([row for row, _ in units])
        padded = np.array([models + models[-1:] * (most - len(models)) for _, models in units])
        size = len(units) if whole else max(1, CHUNK // (own.shape[-1] * (most * 4 + 20)))
        for part in split_evenly(len(units), size):
            yield rows[part], padded[part]


def lay_block(
    y: FloatArray,
    dates: FloatArray,
    before: FloatArray,
    newest: IntArray,
    own: FloatArray,
    older: FloatArray | None,
    *,
    family: Family,
    shared: bool = False,
) -> Block:
    """Return a block of people, its days found and weighed; what `shared` people have in common does not weigh."""
    ok = np.isfinite(y) & np.isfinite(own[:, 0]).all(1)
    ok &= np.isfinite(dates).all(-1) & np.isfinite(before).all(-1)
    y = np.where(ok, y, 0.0)
    dates, before = (np.where(ok[..., None], columns, 0.0) for columns in (dates, before))
    design = dates if shared else np.concatenate([dates, before], axis=-1)
    weights, relative = family.weigh(y, design, ok.astype(float))
    return Block(y, ok, weights, relative, dates, before, newest, own, older)


def _choose_trend(
    block: Block, fine: FloatArray, terms: int, *, forced: bool, shared: bool
) -> Iterator[tuple[IntArray, Block, FloatArray]]:
    """Yield people with the trend that they need, where they stand, and orthonormal columns of all that is no trigger.

    A fine one, (B, n, f), in place of the stiff one, the last `terms` dates, where `forced` or where the outcome needs
    it beside that by an F test at FINE_LEVEL; but not where too few days would be left. The columns are weighed;
    `before` is left out where it is `shared`.
    """
    root = np.sqrt(block.weights)
    fine = np.where(block.ok[..., None], fine, 0.0)
    dates, stiff = np.split(block.dates, [block.dates.shape[-1] - terms], axis=-1)
    design = np.concatenate([stiff, dates, block.before, fine], axis=-1)
    design *= root[..., None]
    gram, length = scale_products(design.swapaxes(1, 2) @ design)
    finer, own = design.shape[-1] - fine.shape[-1], block.before.shape[-1]
    needed = np.zeros(len(block.y), dtype=bool)
    if fine.shape[-1]:
        factor = factor_products(gram)
        there = np.einsum("bii->bi", factor) ** 2 > SAME_DIRECTION
        extra, free = there[:, finer:].sum(1), block.ok.sum(1) - there.sum(1)
        needed = (extra > 0) & (free > LEAST_DF)
        if not forced:
            response = root * block.relative
            products = (response[:, None] @ design).swapaxes(1, 2) / length[..., None]
            along = np.linalg.solve(factor, products)[..., 0]
            gain = np.where(there, along**2, 0.0)
            left = np.maximum((response**2).sum(1) - gain.sum(1), TINY) / np.maximum(free, 1)
            ratio = gain[:, finer:].sum(1) / np.maximum(extra, 1) / left
            needed &= stats.f.sf(ratio, np.maximum(extra, 1), np.maximum(free, 1)) <= FINE_LEVEL
    every = np.arange(design.shape[-1])
    in_place = np.concatenate(
        [every[terms : finer - own], every[finer:], every[finer - own : finer]]
    )  # older days last
    for kind, part in ((False, every[:finer]), (True, in_place)):
        rows = np.flatnonzero(needed == kind)
        if len(rows):
            whole = len(rows) == len(needed)
            taken, products, unit = (design, gram, length) if whole else (design[rows], gram[rows], length[rows])
            turned = turn_columns(products[:, part[:, None], part]).swapaxes(1, 2)
            basis = taken[..., part] @ (turned / unit[:, part, None])
            chosen = replace(block if whole else block.take(rows), fine=kind)
            yield rows, chosen, basis[..., : basis.shape[-1] - own] if shared else basis


def score_block(
    block: Block,
    basis: FloatArray,
    family: Family,
    *,
    asked: int,
    shared: bool = False,
    pooled: bool = False,
    reach: int = 0,
    window: int = 1,
    span: int = 1,
    effects: FloatArray = GRID,
) -> dict[str, FloatArray | IntArray]:
    """Score the first `asked` own columns of every model of a block.

    Parameters
    ----------
    block : Block
    basis : (B, n, p)
        Orthonormal columns of what each model has beside the trigger's: dates and trend, then `before`.
    family : Family
    asked : int
    shared : bool
        Estimate the coefficients of `before` and of what stands beside the trigger from all people together.
    pooled : bool
        Whether the people will be put together: then a trigger's memory may be one of cycles.
    reach : int
        Distances in days up to which the overlap of the nuisance columns is told.
    window : int
        Days that one value of the trigger reaches over: values nearer than that share days.
    span : int
        Days nearer than which both sides may be alike, by that or since they come in spells.
    effects : (G,)
        At which the curves are told: GRID, or none alone.

    Returns
    -------
    dict
        The arrays of `Scores`, (B, M, asked), ``leak`` (B, M, asked, reach + 1) and ``memory`` (B, M, asked, 2).
    """
    y, ok, weights, relative = block.y, block.ok, block.weights, block.relative
    days = ok.astype(float)
    root = np.sqrt(weights)
    first = basis.shape[-1] - (0 if shared else block.before.shape[-1])
    trend, older = basis[..., :first], basis[..., first:]
    before = free_columns(block.before * root[..., None], trend) if shared or block.fine else block.before
    common = _share_columns(before) if shared else None
    own, scale = standardise(block.own, np.broadcast_to(ok[:, None, None], block.own.shape))
    trigger = own[:, :, :asked]
    own = _project(own * root[:, None, None], basis, common)
    gram = own @ own.swapaxes(2, 3)
    inverse = _invert_gram(gram.sum(0, keepdims=True) if shared else gram)
    combined = inverse @ own
    diagonal = np.maximum(np.einsum("bmqq->bmq", inverse)[..., :asked], TINY)
    news = combined[:, :, :asked] / diagonal[..., None]
    news_square = news**2
    size = news_square.sum(-1)
    residual = rest = _project((root * relative)[:, None, None], basis, common)
    residual = (residual - (residual @ combined.swapaxes(2, 3)) @ own)[:, :, 0]
    leverage = np.einsum("bnp,bnp->bn", basis, basis)[:, None] + np.einsum("bmqn,bmqn->bmn", own, combined)
    leverage = np.clip(leverage, 0, MOST_LEVERAGE)
    square = residual**2 / (1 - leverage) * days[:, None]
    score = (news @ (root * relative)[:, None, :, None])[..., 0]
    rank = _count_rank(basis)
    n = days.sum(1)
    df = n - rank - (0 if shared else own.shape[2])
    n, df = (np.broadcast_to(value[:, None, None], size.shape) for value in (n, df))
    trust = np.minimum(size**2 / np.maximum(np.einsum("...n,...n->...", news_square, news_square), TINY), df)
    values = _find_values(trigger, ok[:, None, None])
    lowest, _, two_valued = values
    if family.is_ratio:
        plain = news / np.where(ok, root, 1.0)[:, None, None]
        start = np.where(two_valued & np.isfinite(lowest), lowest, 0.0)
        curve, spread, shift, planted = _trace_scores(
            family, trigger, plain, square, weights * relative, weights, trust, start, effects
        )
    else:
        curve = score[..., None] - effects * size[..., None]
        variance = (news_square @ square[..., None])[..., 0]
        expected = size * square.sum(-1)[..., None] / np.maximum(n, 1)
        spread = np.sqrt(_moderate(variance, expected, trust))[..., None] + 0 * effects
        shift, planted = effects * size[..., None], spread
    shift = shift * np.where(two_valued, 1.0, FOUND[family.name])[..., None]
    fit = _share_fit(basis, root, max(span, max(block.newest.max(), reach + OLDER) + OLDER + MEMORY_SPAN))
    if block.fine and block.newest.any():
        left = np.maximum(n[:, 0, 0] - rank, 1.0)
        noise = (free_columns((family.transform(y) * root)[..., None], basis)[..., 0] * (root * relative)).sum(1)
        share = fit - _share_fit(older, root, fit.shape[1] - 1)
        pull = _pull_back(before, older, share, block.newest, noise * n[:, 0, 0] / left)
        doubt = np.sqrt(size * ((pull**2).sum(-1) / left)[:, None, None])
        spread, planted = (np.hypot(error, doubt[..., None]) for error in (spread, planted))
    longest = max(span, SPELL)
    spells = _correlate_days(news, fit, longest) if reach or span > 1 else np.zeros((*size.shape, longest))
    if span > 1:
        outcome = _correlate_days(residual[:, :, None], fit, span)
        inflation, alike = _share_days(spells[..., :span], outcome, window)
        spread, planted = (error * np.sqrt(inflation)[..., None] for error in (spread, planted))
        trust = np.minimum(trust, n / alike)
    trust = np.minimum(trust, n / (1 + SKEWNESS * _square_skewness(news) * _square_skewness(residual)[:, :, None]))
    events = ((y > 0) * days).sum(1)[:, None, None] / np.maximum(n, 1)
    leak, memory = np.zeros((*size.shape, reach + 1)), np.zeros((*size.shape, OLDER))
    if reach:
        rests = np.zeros((len(y), 0))
        if block.fine:
            turned = before.swapaxes(1, 2)
            slopes = _solve_gram(turned @ before, (turned @ (root * relative)[..., None])[..., 0])
            rests = slopes * family.move_transform(y, ok)[:, None]
        doubt = 1 / np.maximum(n, 1) if pooled else None
        memory, left = _follow_memory(fit, _tell_partly(gram, asked), reach + 2 * OLDER, doubt=doubt)
        leak = _expect_leak(left, _follow(memory, reach), lag=block.newest - 1, rests=rests)
    none = len(effects) // 2
    return {
        "none": curve[..., none], "error": spread[..., none],
        "curve": curve, "spread": spread, "shift": shift, "planted": planted, "size": size,
        "scale": scale[:, :, :asked], "n": n, "df": df, "trust": trust,
        "information": size * (events * (1 - events) if family.name == "yes/no" else 1.0),
        "leak": leak, "memory": memory, "rest": rest[:, 0, None], "spells": spells[..., :SPELL],
        "refusal": _refuse(block, family, trigger, values, size, scale[:, :, :asked], 0.0 if shared else df, trust),
    }  # fmt: skip


def _share_columns(columns: FloatArray) -> FloatArray:
    """Return columns that all people share, already freed of each person's own, orthonormal over all days of all."""
    people, days, count = columns.shape
    return orthonormalise(columns.reshape(1, -1, count)).reshape(people, days, count)


def _count_rank(basis: FloatArray) -> IntArray:
    """Return the number of directions of orthonormal columns (B, n, p) that are there, (B,)."""
    rank: IntArray = (np.einsum("bnp,bnp->bp", basis, basis) > 0.5).sum(1)
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
    there = length > TINY**0.25  # less is rounding
    unit = np.where(there, length, 1.0)
    outer = unit[..., None] * unit[..., None, :]
    inverse: FloatArray = np.linalg.inv(gram / outer + np.eye(gram.shape[-1]) * np.where(there, 1e-9, 1.0)[..., None])
    return inverse / outer


def _trace_scores(
    family: Family,
    trigger: FloatArray,
    news: FloatArray,
    square: FloatArray,
    events: FloatArray,
    weights: FloatArray,
    trust: FloatArray,
    start: FloatArray,
    effects: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return score and its standard error at each effect, and at no effect if there were such an one, (B, M, a, G).

    The variance is that of the products of what is left of the trigger, (B, M, a, n), with what is left of the outcome
    beside trigger and nuisance, whose squares are given, (B, M, n); at an effect the news is compared with another
    mean. With an effect the days' variances grow as their means, what is beyond Poisson as their squares. What a
    planted effect would do is told half by the squares that are seen, half by those to be expected: the smallest
    promises would else be those that chance made small. `start` is the trigger, (B, M, a), on days that a planted
    effect leaves as they are.
    """
    n = np.maximum((weights > 0).sum(-1), 1)[:, None, None, None]
    usual = square.sum(-1)[..., None, None] / n
    beyond = np.clip(1 - 1 / np.maximum(usual, TINY), 0.0, 1.0)[..., None]
    share = (events > 0).sum(-1)[:, None, None, None, None] / n[..., None]
    days = np.broadcast_to(weights[:, None, None], news.shape)
    powers = np.stack([days, days * news, days * news**2], -2)
    foreseen = np.where(days > 0, (square[:, :, None] + usual) / 2, 0.0)
    factor = _list_factors(trigger, len(effects) // 2)
    score, taken = family.add_scores(events, weights, factor, news)
    level = (powers[..., :1, :] @ factor.swapaxes(-1, -2))[..., 0, :] / np.maximum(days.sum(-1), TINY)[..., None]
    raise_days = partial(family.raise_days, factor=factor, beyond=beyond, share=share)
    none, first, second = np.moveaxis(raise_days(powers, by=1 / np.where(level > 0, level, 1.0))[1], -2, 0)
    expected = usual * (second - 2 * taken * first + taken**2 * none)
    seen = (powers * square[:, :, None, None]).sum(-1)[..., None]
    variance = seen[..., 2, :] - 2 * taken * seen[..., 1, :] + taken**2 * seen[..., 0, :]
    spread = np.sqrt(np.maximum(_moderate(variance, expected, trust[..., None]), 0.0))
    planted_rows = np.stack([powers[..., 1, :], foreseen, foreseen * powers[..., 2, :]], -2)
    raised, grown = raise_days(planted_rows, by=np.exp(-effects * start[..., None]))
    shift, usually, planted = raised[..., 0, :], grown[..., 1, :], grown[..., 2, :]
    size = powers[..., 2, :].sum(-1)[..., None]
    planted = np.sqrt(np.maximum(_moderate(planted, usually / n * size, trust[..., None]), 0.0))
    return score, spread, shift, planted


def _find_values(x: FloatArray, days: BoolArray) -> tuple[FloatArray, FloatArray, BoolArray]:
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


def _list_factors(trigger: FloatArray, most: int) -> FloatArray:
    """Return exp(b x) for none and the `most` effects of GRID to either side of it, (..., G, n).

    As each is twice the one before, it is its square.
    """
    factors = np.ones((*trigger.shape[:-1], 2 * most + 1, trigger.shape[-1]))
    for sign in (-1, 1) if most else ():
        factor = np.exp(sign * GRID[ZERO + 1] * trigger)
        for place in range(1, most + 1):
            factors[..., most + sign * place, :] = factor
            factor = np.minimum(factor * factor, LARGEST_FACTOR)
    return factors


def _correlate_days(values: FloatArray, fit: FloatArray, span: int) -> FloatArray:
    """Return autocorrelations (..., span) of what columns left of a series (B, M, a, n), at distances below the span.

    A fit makes neighbouring days look related the other way round: what it takes (`_share_fit`) is given back.
    """
    length = np.maximum((values**2).sum(-1), TINY)
    given = np.maximum(fit[:, :span], 0.0) / np.maximum(1 - fit[:, :1], 1 - MOST_LEVERAGE)
    related = np.zeros((*values.shape[:-1], span))
    related[..., 0] = 1.0
    for apart in range(1, min(span, values.shape[-1])):
        shared = np.einsum("...n,...n->...", values[..., apart:], values[..., :-apart]) / length
        related[..., apart] = shared + given[:, None, None, apart]
    return related


def _share_days(news: FloatArray, residual: FloatArray, window: int) -> tuple[FloatArray, FloatArray]:
    """Return by how much days that are alike raise the variance of a score, and lower the number of days.

    1 + 2 sum r_x(h) r_e(h), and 1 + 2 sum r_x(h)^2, of autocorrelations (..., span) (Bartlett 1935); within the window,
    where days are shared, each term where it is positive, beyond it their sum.
    """
    product = 2 * news * residual
    common = np.maximum(product[..., 1:window], 0.0).sum(-1)
    spells = np.maximum(product[..., window:].sum(-1), 0.0)
    return 1 + common + spells, 1 + 2 * (news[..., 1:] ** 2).sum(-1)


def _relate_lags(rest: FloatArray, news: FloatArray, lags: Sequence[int]) -> FloatArray:
    """Return the correlations (P, T, L, L) of scores at lags, by the trigger's day.

    What is left of the outcome, (P, T, L, n), is alike at two lags, the more so where the trigger's news, whose
    autocorrelations are known, (P, T, h), come in spells (Bartlett 1935).
    """
    by_day = np.stack([np.nan_to_num(shift_days(rest[..., place, :], -lag)) for place, lag in enumerate(lags)], -2)
    related: FloatArray = by_day @ by_day.swapaxes(-1, -2)
    for apart in range(1, min(news.shape[-1], by_day.shape[-1])):
        later = by_day[..., apart:] @ by_day[..., :-apart].swapaxes(-1, -2)
        weight = min(2 - 2 * apart / news.shape[-1], 1.0) * news[..., apart, None, None]
        related += weight * (later + later.swapaxes(-1, -2))
    length = np.sqrt(np.maximum(np.einsum("...ll->...l", related), TINY))
    related /= length[..., None] * length[..., None, :]
    return np.where(np.eye(len(lags), dtype=bool), 1.0, np.clip(related, -MOST_LEVERAGE, MOST_LEVERAGE))


def _square_skewness(values: FloatArray) -> FloatArray:
    """Return the squared skewness along the last axis, days without a value being 0, times 1 where there are many."""
    square = values * values
    second, third = square.sum(-1), np.einsum("...i,...i->...", square, values)
    skewness: FloatArray = np.count_nonzero(values, axis=-1) * third**2 / np.maximum(second**3, TINY)
    return skewness


def _solve_gram(gram: FloatArray, products: FloatArray) -> FloatArray:
    """Return coefficients, (B, o), of columns with these products with each other, (B, o, o), and with a response."""
    size = np.maximum(np.trace(gram, axis1=1, axis2=2), TINY)[:, None, None]
    slopes: FloatArray = np.linalg.solve(gram / size + 1e-6 * np.eye(gram.shape[-1]), products[..., None] / size)
    return slopes[..., 0]


def _share_fit(basis: FloatArray, root: FloatArray, most: int) -> FloatArray:
    """Return how far the fitted part of a day rests on the day so many days before, (B, most + 1), on average."""
    people, days, columns = basis.shape
    length = fft.next_fast_len(days + most, real=True)
    fitted = np.zeros((people, length, columns))
    np.multiply(basis, root[..., None], out=fitted[:, :days])
    waves = fft.rfft(fitted, axis=1).view(float)
    share = fft.irfft(np.einsum("bfp,bfp->bf", waves, waves), length)[:, : most + 1]
    return share / np.maximum((root**2).sum(1, keepdims=True), TINY)


def _tell_partly(gram: FloatArray, asked: int) -> FloatArray:
    """Return partial autocorrelations of triggers, one and two days apart, (B, M, a, 2), by columns' products."""
    places = np.arange(asked) + asked * np.arange(1 + OLDER)[:, None]  # of a trigger and its older values
    size = np.sqrt(np.maximum(np.einsum("bmqq->bmq", gram), TINY))

    def relate(here: IntArray, there: IntArray) -> FloatArray:
        related: FloatArray = gram[..., here, there] / (size[..., here] * size[..., there])
        return np.clip(related, -MOST_LEVERAGE, MOST_LEVERAGE)

    first, between, second = (relate(places[a], places[b]) for a, b in ((0, 1), (1, 2), (0, 2)))
    return np.stack([first, (second - first * between) / np.sqrt((1 - first**2) * (1 - between**2))], -1)


def _follow(memory: FloatArray, most: int, first: FloatArray | None = None) -> FloatArray:
    """Return a series from 1 on, (..., most + 1), by the weights of the two days before, (..., 2).

    By default what is left of a day's news so many days later; with the `first` autocorrelation, all of them.
    """
    newer, older = memory[..., 0, None], memory[..., 1, None]
    response: FloatArray = np.ones((*newer.shape[:-1], most + 2))
    response[..., 1] = newer[..., 0]
    known = 2
    while known < most + 2:  # all days known make as many more
        more = min(known - 1, most + 2 - known)
        told = response[..., 1 : more + 1] * response[..., known - 1, None]
        told += older * response[..., :more] * response[..., known - 2, None]
        response[..., known : known + more] = told
        known += more
    if first is None:
        return response[..., : most + 1]
    series = first[..., None] * response[..., :most]
    series[..., 1:] += older * response[..., : most - 1]
    return np.concatenate([np.ones(newer.shape), series], axis=-1)


def _follow_memory(
    share: FloatArray, seen: FloatArray, most: int, *, doubt: FloatArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Return the memory of a series before columns were fitted to it, and what is left of its autocovariances.

    Seen are partial autocorrelations one and two days apart after the fit, (B, M, a, 2); sought is the series that
    would leave these, by expectation: its weights of the two days before, (B, M, a, 2). It is of first order, unless a
    `doubt` is given: what is seen beyond such a series then counts by as much as its square is larger. What is left,
    (B, M, a, most + 1), is of variance 1 before the fit.
    """
    shape, seen = seen.shape, seen.reshape(len(seen), -1, OLDER)
    apart, days = np.arange(MEMORY_SPAN + 1)[:, None], np.arange(most + 1)
    later, sooner = (share[:, np.minimum(np.abs(days + way * apart), share.shape[1] - 1)] for way in (1, -1))
    taken = (later + sooner) * np.where(apart > 0, 1.0, 0.5)

    def weigh(partly: FloatArray) -> FloatArray:
        return np.stack([partly[..., 0] * (1 - partly[..., 1]), partly[..., 1]], -1)

    def leave(partly: FloatArray, most: int) -> FloatArray:
        before = _follow(weigh(partly), max(MEMORY_SPAN, most), partly[..., 0])
        left: FloatArray = before[..., : most + 1] - before[..., : MEMORY_SPAN + 1] @ taken[..., : most + 1]
        return left

    def miss(partly: FloatArray) -> FloatArray:
        """Return by how much more is seen than such a series leaves."""
        left = leave(partly, OLDER)
        related = left[..., 1:] / np.maximum(left[..., :1], 1 - MOST_LEVERAGE)
        first, second = np.moveaxis(np.clip(related, -MOST_LEVERAGE, MOST_LEVERAGE), -1, 0)
        return seen - np.stack([first, (second - first**2) / (1 - first**2)], -1)

    partly = np.stack([seen[..., 0], np.zeros(seen.shape[:-1])], -1)
    for order in (1, 2):
        if order == OLDER:
            if doubt is None:
                break
            beyond = miss(partly)[..., 1]
            chance = np.minimum(doubt.reshape(beyond.shape) / np.maximum(beyond**2, TINY), 1.0)
            seen = np.stack([seen[..., 0], seen[..., 1] - chance * beyond], -1)
        for _ in range(MEMORY_STEPS):
            partly = np.clip(partly + miss(partly) * (np.arange(2) < order), *MEMORY_LIMITS)
    return weigh(partly).reshape(shape), leave(partly, most).reshape(*shape[:-1], -1)


def _expect_leak(left: FloatArray, carried: FloatArray, *, lag: IntArray, rests: FloatArray) -> FloatArray:
    """Return by how much an estimate at a lag, (B,), falls for each unit of an effect at 0, 1, ... lags.

    That is (B, M, a, reach + 1). `left` are the autocovariances that the fitted columns leave of the trigger,
    (B, M, a, h), `carried` is what its memory carries to later days, (B, M, a, reach + 1). The fit makes neighbouring
    days look related the other way round: the leak is what the trigger's news would foretell of its other days without
    it, less what they foretell with it. An older outcome holds the effects of its own older days: they leak by as much
    as the outcome `rests` on it, (B, o).
    """
    gram = np.stack([left[..., 0], left[..., 1], left[..., 1], left[..., 0]], -1).reshape(*left.shape[:-1], 2, 2)
    passed = np.linalg.solve(gram + 1e-9 * np.eye(2), left[..., 1:3, None])[..., 0]
    news = np.maximum(left[..., 0] - (passed * left[..., 1:3]).sum(-1), 1 - MOST_LEVERAGE)
    lags = np.arange(carried.shape[-1])
    later = lag[:, None] - lags

    def foretell(days: IntArray) -> FloatArray:
        """Return what the news foretells of the trigger so many days nearer to the outcome, (B, reach + 1)."""
        apart, first, second = (_pick(left, np.abs(days + back)) for back in range(3))
        told: FloatArray = (apart - passed[..., :1] * first - passed[..., 1:] * second) / news[..., None]
        return told

    kept = (later >= 0)[:, None, None]
    leak = np.where(kept, _pick(carried, np.clip(later, 0, len(lags) - 1)), 0.0) - foretell(later)
    for day, column in enumerate(rests.T, start=1):
        leak += column[:, None, None, None] * foretell(np.broadcast_to(-(lags + day), later.shape))
    return leak


def _pick(series: FloatArray, days: IntArray) -> FloatArray:
    """Return each person's own places, (B, k), of series (B, M, a, h)."""
    return np.take_along_axis(series, days[:, None, None], axis=-1)


def _pull_back(
    before: FloatArray, older: FloatArray, share: FloatArray, newest: IntArray, noise: FloatArray
) -> FloatArray:
    """Return how far a score moves for each unit that the trigger happens to rest on older outcomes, (B, o).

    A trend that is fitted to a day's outcome shares the noise of the older ones beside it (Nickell 1981). `before` are
    the older outcomes freed of the trend, (B, n, o), `older` the same orthonormal, `noise` what an outcome and its
    transform have in common, summed over days.
    """
    gram = before.swapaxes(1, 2) @ before
    seen = gram[:, 0, 1] / np.maximum(gram[:, 1, 1], TINY)
    memory, _ = _follow_memory(share, np.stack([seen, np.zeros_like(seen)], -1)[:, None, None], 0)
    days = newest[:, None, None] + np.arange(before.shape[-1])[:, None] + np.arange(MEMORY_SPAN)
    met = (share[np.arange(len(share))[:, None, None], days] * _follow(memory[:, 0], MEMORY_SPAN - 1)).sum(-1)
    met *= noise[:, None]
    pull: FloatArray = ((before.swapaxes(1, 2) @ older).swapaxes(1, 2) @ _solve_gram(gram, met)[..., None])[..., 0]
    return pull


def _refuse(
    block: Block,
    family: Family,
    trigger: FloatArray,
    values: tuple[FloatArray, FloatArray, BoolArray],
    size: FloatArray,
    scale: FloatArray,
    df: FloatArray | float,
    trust: FloatArray,
) -> IntArray:
    """Return the index of the reason why one person's test can't be told, (B, M, a); 0 where it can."""
    ok, x = block.ok, block.own[:, :, : size.shape[-1]]
    days = ok[:, None, None]
    n, events = ok.sum(1)[:, None, None], (ok & (block.y > 0)).sum(1)[:, None, None]
    lowest, highest, two_valued = values
    smaller = np.minimum(*((days & (trigger == end[..., None])).sum(-1) for end in (lowest, highest)))
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
        " ": np.broadcast_to(df < LEAST_DF, size.shape),
        "no variation of its own": size <= NOTHING * np.maximum(block.weights.sum(1)[:, None, None], TINY),
        "too few days with and without it ": two_valued & (trust < LEAST_TRUST),
        "too few days ": trust < LEAST_TRUST,
    }
    codes = [REFUSALS.index(reason.rstrip() or "too few days") for reason in conditions]
    return np.select([np.broadcast_to(c, size.shape) for c in conditions.values()], codes, default=0)
