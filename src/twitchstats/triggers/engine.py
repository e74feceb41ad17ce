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

from twitchstats.arrays import TINY, AnyArray, BoolArray, FloatArray, IntArray
from twitchstats.panel import Panel, shift_days
from twitchstats.parallel import run_side_by_side, split_evenly
from twitchstats.triggers.blocks import (
    GRID,
    LONG_SPELL,
    REFUSALS,
    SAME_DIRECTION,
    SPELL,
    ZERO,
    Models,
    choose_trend,
    lay_block,
    score_block,
)
from twitchstats.triggers.columns import (
    bend_window,
    count_trend_terms,
    date_columns,
    find_cycles,
    fine_trend_columns,
    wave_columns,
)
from twitchstats.triggers.families import Family
from twitchstats.triggers.memory import OLDER, follow, relate_lags

LOOK_BACK = 4  # days in which the two older values of outcome and trigger are looked for
LEAST_POOLED_DF = 3.0  # days left for a person to count in a group
NEVER_POOLED = [REFUSALS.index(reason) for reason in ("not recorded", "no variation", "no variation of its own")]
SHORT = 60  # days of a diary below which weekday and older days are estimated from all short diaries together
ENOUGH_SHORT = 50  # short diaries from which that is done: few people would be tied together by what they share
LEAK_DAYS = 6  # over which effects are looked for that a fine trend makes leak
TURNS = 2  # in which effects at several lags are told apart
LEAST_DOUBT = 1e-3  # of LEAK_LIMIT, below which no error of an effect is believed
LEAK_LIMIT = 1.5  # of an effect per SD that is carried to later lags
CHUNK = 800_000  # numbers in one array of a block
CURVES = ("curve", "spread", "shift", "planted")
PLAIN = ("size", "information", "scale", "given", "echo", "df", "trust", "n", "fine", "refusal")

# Of some people's models: older outcomes (B, n, o) and how many days ago the newest is (0: no outcomes), own columns
# (B, M, q, n), the trigger's older value (B, M, n).
Columns = tuple[FloatArray, int, FloatArray, FloatArray | None]
Layer = Callable[[IntArray], Callable[[int], Columns]]  # of people, then of each group of lags
Index = AnyArray | tuple[Any, ...] | slice  # of people, triggers and lags


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
    given : what is in the scores of what a trend took, given back.
    echo : of people who are put together: what a person's days move in what all people are given back.
    df : days left.
    trust : degrees of freedom of the variance (Bell and McCaffrey 2002), less where both sides are skewed.
    n : days used.
    fine : whether a trend with a term every few days stands in the model.
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
    given: FloatArray
    echo: FloatArray
    df: FloatArray
    trust: FloatArray
    n: FloatArray
    fine: FloatArray
    refusal: IntArray
    is_ratio: bool

    def select(self, where: Index) -> "Scores":
        """Return the scores at an index or mask of people, triggers and lags."""
        arrays = {name: value[where] for name, value in vars(self).items() if name != "is_ratio"}
        return Scores(**arrays, is_ratio=self.is_ratio)


def score_panel(
    panel: Panel, outcome: str, triggers: Sequence[str], lags: Sequence[int], *, family: Family, options: Options,
    beside: Sequence[int] = (),
) -> Scores:  # fmt: skip
    """Score every person, trigger and lag.

    Parameters
    ----------
    panel : Panel
    outcome, triggers, lags
        Names in the panel; lags in calendar days, negative ones for a trigger that comes later.
    family : Family
    options : Options
    beside : sequence of int
        Other lags of the trigger that are given, where the effect of "that day" is asked for; nothing is told of these.

    Returns
    -------
    Scores
        Arrays (people, triggers, lags).
    """
    return work_panel(panel, outcome, triggers, lags, family=family, options=options, beside=beside).spend()


def work_panel(
    panel: Panel, outcome: str, triggers: Sequence[str], lags: Sequence[int], *, family: Family, options: Options,
    beside: Sequence[int] = (),
) -> "Work":  # fmt: skip
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
        score_people, outcome=outcome, triggers=tuple(triggers), lags=worked, beside=tuple(beside),
        wanted=len(lags), reach=reach, family=family, options=options,
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
    beside: Sequence[int],
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
    lay = partial(_lay_lags, columns, [[*group, *beside] for group in groups], panel, options, family.transform(y))
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
    window, bends = range(options.window), bend_window(options.window).T
    taken, known = find_older(columns, 1), np.stack(find_older(told, 1))

    def lay(group: int) -> Columns:
        lags = groups[group]
        last = max(lags) + options.window
        asked = [np.mean([shift_days(columns, lag + day) for day in window], axis=0) for lag in lags]
        beside = [np.sum([bend[day] * shift_days(columns, lags[0] + day) for day in window], axis=0) for bend in bends]
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
        together = options.adjust == "together"
        dates = _lay_dates(panel, y, people, terms, options, self.family, shared=shared)
        score = partial(
            score_block, family=self.family, asked=self.shape[1] if together else len(groups[0]), shared=shared,
            pooled=options.pooled, reach=self.reach, window=options.window,
            span=options.window + ((SPELL if options.pooled else LONG_SPELL) - 1 if panel.ordered else 0),
        )  # fmt: skip
        mine = {name: value[people] for name, value in self.arrays.items()}
        mine["rest"] = np.zeros((len(people), *self.shape[1:], y.shape[1] if self.reach else 0))
        mine["spells"] = np.zeros((len(people), *self.shape[1:], SPELL))
        lay_group = lay(people)
        for batch, curves in _list_batches(groups, self.wanted, at_once):
            laid = _lay_models([lay_group(group) for group in batch], y[people], *dates)
            who = np.tile(np.arange(len(people)), len(batch))
            places = np.repeat([groups[group] for group in batch], len(people), axis=0)
            for rows, models in _split_by_days(laid.own, whole=shared):
                taken = laid.take(rows, models)
                block = lay_block(taken, family=self.family, shared=shared)
                asked = np.arange(self.shape[1])[None].repeat(len(rows), axis=0) if together else models
                for some, part, basis in choose_trend(
                    block, taken.fine, terms, forced=options.trend != "smooth", shared=shared
                ):
                    found = score(part, basis, effects=GRID if curves else GRID[[ZERO]])
                    at = who[rows[some], None, None], asked[some, :, None], places[rows[some], None]
                    for name in found if curves else found.keys() - CURVES:
                        mine[name][at] = found[name].swapaxes(1, 2) if together else found[name]
        mine["alike"] = relate_lags(mine.pop("rest"), mine.pop("spells").mean(2), self.lags)
        for name, value in mine.items():
            self.arrays[name][people] = value


def _lay_dates(
    panel: Panel, y: FloatArray, people: IntArray, terms: int, options: Options, family: Family, *, shared: bool
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return columns of people's dates, (B, n, k): their own, those of a finer trend, and those that all people share.

    Own are the constant, weekday and trend terms; who shares columns shares those of the weekday.
    """
    dates = date_columns(panel, y, people, 0, weekday=options.weekday)
    own, common = np.split(dates, [1 if shared else dates.shape[-1]], axis=-1)
    trend = date_columns(panel, y, people, terms, weekday=False)[..., 1:]
    fine = np.zeros((*y[people].shape, 0))
    if options.trend == "waves" and panel.ordered and not shared:
        fine = wave_columns(family.transform(y[people]))
    elif options.trend in ("smooth", "fine") and panel.ordered and not shared:
        fine = fine_trend_columns(y[people], terms)
        if options.trend == "smooth" and options.window == 1:  # of days together a stiff trend leaves too much
            fine *= find_cycles(family.transform(y[people]), trend)[:, None, None]
    return np.concatenate([own, trend], axis=-1), fine, common


def _lay_models(
    laid: Sequence[Columns], y: FloatArray, dates: FloatArray, fine: FloatArray, common: FloatArray
) -> Models:
    """Return the models of groups of lags, those of each below those of the one before."""
    each_before, newest, own, older = zip(*laid, strict=True)
    times = len(laid)
    y, dates, fine, common = (_join([part] * times) for part in (y, dates, fine, common))
    before = np.concatenate([common, _join(each_before)], axis=-1)
    changed = None if older[0] is None else _join(older)
    return Models(y, dates, fine, before, np.repeat(newest, len(y) // times), _join(own), changed)


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
                self.arrays[name][:, part, : self.wanted] = value
            self.arrays["curve"][:, part] += given["given"][..., None]
        curves = {name: self.arrays.pop(name) for name in CURVES}
        plain = {name: self.arrays.pop(name)[:, :, : self.wanted] for name in PLAIN}
        return Scores(**curves, **plain, is_ratio=self.is_ratio)


def _give_back(
    arrays: dict[str, AnyArray], lags: Sequence[int], wanted: int, *, together: bool, is_ratio: bool
) -> dict[str, FloatArray]:
    """Return what trend and weekday took of each score, ``given``: effects at other lags leak into each.

    A flexible trend follows the outcome, and with it the trigger: neighbouring days are then related the other way
    round. An effect leaks by its estimate, drawn towards none by as much as it is uncertain, times the leak: one
    person's own, or the group's mean, whose chance is told by how far the people differ (``echo``).
    """
    size, scale, spread, zero = (arrays[name] for name in ("size", "scale", "error", "none"))
    # of an effect at each lag (last) into each estimate (third); and what the trigger's own memory carries there
    leak, carried = np.zeros((*size.shape, len(lags))), np.zeros((*size.shape, len(lags)))
    response = follow(arrays["memory"], max(lags))
    places = [place for place, lag in enumerate(lags) if lag >= 0]
    for here, there in itertools.product(places, places):
        leak[..., here, there] = np.clip(arrays["leak"][..., here, lags[there]], -1.0, 1.0)  # the whole effect at most
        if lags[here] > lags[there]:
            carried[..., here, there] = response[..., here, lags[here] - lags[there]]
    told, alike = np.eye(len(lags)) + carried - leak, arrays["alike"]
    if together:
        taken, echo = _give_back_together(arrays, leak[:, :, :wanted], told, is_ratio=is_ratio)
        return {"given": taken, "echo": echo}
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
    doubted = {name: np.hypot(arrays[name], wider[:, :, :wanted, None]) for name in ("spread", "planted")}
    taken = unit * (leak * np.where(known, direct, 0.0)[..., None, :]).sum(-1)
    return doubted | {"given": taken[:, :, :wanted]}


def _give_back_together(
    arrays: dict[str, AnyArray], leak: FloatArray, told: FloatArray, *, is_ratio: bool
) -> tuple[FloatArray, FloatArray]:
    """Return what is given back to each person's score at each wanted lag, and its ``echo``, both (P, T, wanted).

    At each lag people count for what they count for in the sum of scores there: where effects go with what tells more,
    other weights would give back another mean than is missing. Nobody's part is limited: a trigger on few days would
    look protective.
    """
    information, scale, error, zero = (arrays[name] for name in ("information", "scale", "error", "none"))
    members = find_members(information, scale, error, arrays["df"], arrays["refusal"])
    information, error, zero = (np.where(members, value, 0.0) for value in (information, error, zero))
    unit = information * scale
    weigh = partial(weigh_people, information, scale, error, is_ratio=is_ratio)
    usable = (arrays["refusal"] == 0) & (unit > 0)
    certain = np.where(usable, unit * weigh(np.zeros(unit.shape[1:])), 0.0)
    total = np.maximum(certain.sum(0), TINY)
    own = np.where(usable, zero / np.where(usable, unit, 1.0), 0.0)
    beyond = (certain * (own - (certain * own).sum(0) / total) ** 2).sum(0) - usable.sum(0) + 1
    spread = np.maximum(beyond, 0.0) / np.maximum(total - (certain**2).sum(0) / total, TINY)  # DerSimonian and Laird
    weight = weigh(np.where(usable.sum(0) > 1, spread, 0.0))
    taken, echo = np.zeros((2, *leak.shape[:-1]))
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


def find_members(
    information: FloatArray, scale: FloatArray, error: FloatArray, df: FloatArray, refusal: IntArray
) -> BoolArray:
    """Return who counts in the group, (P, T, L): whoever's days say anything at all."""
    said = (information > 0) & (error > 0) & (scale > 0)
    return said & (df >= LEAST_POOLED_DF) & ~np.isin(refusal, NEVER_POOLED)


def weigh_people(
    information: FloatArray, scale: FloatArray, error: FloatArray, spread: FloatArray, *, is_ratio: bool
) -> FloatArray:
    """Return what each person's score per SD counts for in a sum over people, (P, ...).

    By how fast it falls with the effect, how noisy it is, and the variance of effects between people, `spread`. Who
    reacts more may have more twitches, or a trigger that varies more, and so more information: their mean would lean
    towards them. With shares s of P people by at most (P sum s^2 - 1)^.5 of the SD between people (Cauchy and
    Schwarz); of the square of that and the variance of the mean these shares make the sum smallest.
    """
    known = (information > 0) & (scale > 0)
    square = np.where(known, information * scale**2, 1.0)
    noise = (error * scale) ** 2 / square
    if is_ratio:
        noise = np.nanmedian(np.where(known | ~known.any(0), noise, np.nan), axis=0)
    even = 1 + known.sum(0)
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
    known = np.packbits(np.isfinite(own).all(axis=2), axis=-1)
    joint = [known[:, model].tobytes() for model in range(known.shape[1])] if whole else []
    kinds: dict[tuple[int, bytes], list[int]] = {}
    same = (known == known[:, :1]).all((1, 2))
    for row, own_days in enumerate(known):
        if same[row] and not whole:
            kinds[row, b""] = list(range(len(own_days)))
            continue
        for model, days in enumerate(own_days):
            kinds.setdefault((row, joint[model] if whole else days.tobytes()), []).append(model)
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
