"""Scores of people who are worked on together, as matrix work."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from scipy import stats

from twitchstats.arrays import TINY, AnyArray, BoolArray, FloatArray, IntArray
from twitchstats.triggers.columns import (
    factor_products,
    free_columns,
    orthonormalise,
    scale_products,
    standardise,
    turn_columns,
)
from twitchstats.triggers.families import Family, sum_days
from twitchstats.triggers.memory import (
    MEMORY_SPAN,
    MOST_LEVERAGE,
    OLDER,
    correlate_days,
    expect_leak,
    follow,
    follow_memory,
    pull_back,
    share_days,
    share_fit,
    solve_gram,
    tell_partly,
)

SPELL = 8  # days below which both sides may be alike because they come in spells,
LONG_SPELL = 15  # of one person, whose own test has nobody else's to lean on
LEAST_DF = 7.0  # days left for one person's own test; with fewer .08 to .10 were found where nothing was (19 days)
LEAST_FINE_DF = 10.0  # days left below which a trend stays stiff
LEAST_EVENTS = 5  # days with and days without the outcome
LEAST_EXPOSED = 3  # days with and days without a yes/no trigger
FEW_EXPOSED = 10  # days with a yes/no trigger below which events on them have to be expected,
LEAST_EXPECTED = 3.0  # so many: else no event at all looks like certainty
LEAST_TRUST = 4.0  # degrees of freedom of the variance below which one person's test is refused
NOTHING = 1e-6  # share of a trigger's variance left beside the other columns that counts as none
SAME_DIRECTION = 1e-6  # squared length left of a column beside others that makes it none of its own
SKEWNESS = 0.9  # of Edgeworth's term in both skewnesses (Hall 1987), two-sided at 5 %
GRID = np.array([-3.2, -1.6, -0.8, -0.4, -0.2, -0.1, 0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2])  # effects per SD
ZERO = 6  # where the grid has no effect
FINE_LEVEL = 0.1
FARTHEST = 45.0  # SDs of a trigger from its mean, beyond which effects grow no more: numbers have an end
# Of a large effect of an amount, whose older days stand beside it: what simulated diaries of 120 days measure.
FOUND = {"count": 0.95, "yes/no": 0.84, "amount": 0.92}
LEAST_OFTEN = 0.45  # share of days with a count above 0, below which what one person could find is not foreseen
PRIOR_DF = 4.0  # what an expected variance weighs beside one that is seen
LEAST_CHANGES = 4  # days on which a yes/no trigger differs from the day before: it is only these that tell something
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


@dataclass(frozen=True)
class Models:
    """What stands in models, as it is known: R rows, each a person's models of some lags, NaN where nothing is known.

    Attributes
    ----------
    y, dates, before, newest, own, older
        As those of a `Block`.
    fine : (R, n, f)
        Terms of a finer trend.
    """

    y: FloatArray
    dates: FloatArray
    fine: FloatArray
    before: FloatArray
    newest: IntArray
    own: FloatArray
    older: FloatArray | None

    def take(self, rows: IntArray, models: IntArray) -> "Models":
        """Return some rows, and some models of each, (r, k)."""
        if rows.size == len(self.y) and models.size == self.own.shape[0] * self.own.shape[1]:
            return self
        each = rows[:, None], models
        taken: dict[str, Any] = {
            name: value if value is None else value[each if name in ("own", "older") else rows]
            for name, value in vars(self).items()
        }
        return Models(**taken)


def lay_block(models: Models, *, family: Family, shared: bool = False) -> Block:
    """Return a block of people, its days found and weighed; what `shared` people have in common does not weigh."""
    ok = np.isfinite(models.y) & np.isfinite(models.own[:, 0]).all(1)
    ok &= np.isfinite(models.dates).all(-1) & np.isfinite(models.before).all(-1)
    y = np.where(ok, models.y, 0.0)
    dates, before = (np.where(ok[..., None], columns, 0.0) for columns in (models.dates, models.before))
    design = dates if shared else np.concatenate([dates, before], axis=-1)
    weights, relative = family.weigh(y, design, ok.astype(float))
    return Block(y, ok, weights, relative, dates, before, models.newest, models.own, models.older)


def choose_trend(
    block: Block, fine: FloatArray, terms: int, *, forced: bool, shared: bool
) -> Iterator[tuple[IntArray, Block, FloatArray]]:
    """Yield people with the trend that they need, where they stand, and orthonormal columns of all that is no trigger.

    A fine one, (B, n, f), in place of the stiff one, the last `terms` dates, where `forced` or where the outcome needs
    it beside that by an F test at FINE_LEVEL; but not where too few days would be left. The columns are weighed;
    `before` is left out where it is `shared`.
    """
    root = np.sqrt(block.weights)
    dates, stiff = np.split(block.dates, [block.dates.shape[-1] - terms], axis=-1)
    parts = (stiff, dates, fine, block.before)
    ends = np.cumsum([part.shape[-1] for part in parts])
    design = np.empty((*root.shape, ends[-1]))
    for part, last in zip(parts, ends, strict=True):
        np.multiply(part, root[..., None], out=design[..., last - part.shape[-1] : last])
    gram, length = scale_products(design.swapaxes(1, 2) @ design)
    every, own = np.arange(ends[-1]), block.before.shape[-1]
    plain = np.r_[every[: ends[1]], every[ends[2] :]]
    finer = len(plain)
    needed = np.zeros(len(block.y), dtype=bool)
    if fine.shape[-1]:
        order = np.r_[plain, every[ends[1] : ends[2]]]
        factor = factor_products(gram[:, order[:, None], order])
        there = np.einsum("bii->bi", factor) ** 2 > SAME_DIRECTION
        extra, free = there[:, finer:].sum(1), block.ok.sum(1) - there.sum(1)
        needed = (extra > 0) & (free > LEAST_FINE_DF)
        if not forced:
            response = root * block.relative
            along = turn_columns((response[:, None] @ design / length[:, None])[..., order], factor)[:, 0]
            gain = np.where(there, along**2, 0.0)
            left = np.maximum((response**2).sum(1) - gain.sum(1), TINY) / np.maximum(free, 1)
            ratio = gain[:, finer:].sum(1) / np.maximum(extra, 1) / left
            needed &= stats.f.sf(ratio, np.maximum(extra, 1), np.maximum(free, 1)) <= FINE_LEVEL
    for kind, columns in ((False, plain), (True, np.s_[terms:])):
        rows = np.flatnonzero(needed == kind)
        if len(rows):
            some = np.s_[:] if len(rows) == len(needed) else rows
            factor = factor_products(gram[some][:, columns][:, :, columns]) * length[some][:, columns, None]
            basis = turn_columns(np.array(design[some][..., columns], order="C"), factor)
            chosen = replace(block if len(rows) == len(needed) else block.take(rows), fine=kind)
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
) -> dict[str, AnyArray]:
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
    root, n = np.sqrt(block.weights), block.ok.sum(1)
    trend, older = np.split(basis, [basis.shape[-1] - (0 if shared else block.before.shape[-1])], axis=-1)
    before = free_columns(block.before * root[..., None], trend) if shared or block.fine else block.before
    left = _free_block(block, basis, _share_columns(before) if shared else None, family, asked)
    fit = share_fit(basis, root, max(span, max(block.newest.max(), reach + OLDER) + OLDER + MEMORY_SPAN))
    free = n - _count_rank(basis)
    found = _trace_block(block, left, family, free, effects, pooled=pooled, shared=shared)
    if block.fine and block.newest.any():
        free = np.maximum(free, 1.0)
        noise = (left.stood * root * block.relative).sum(1) * n / free
        pull = pull_back(before, older, fit - share_fit(older, root, fit.shape[1] - 1), block.newest, noise)
        doubt = np.sqrt(left.size * ((pull**2).sum(-1) / free)[:, None, None])[..., None]
        found |= {name: np.hypot(found[name], doubt) for name in ("spread", "planted")}
    longest = max(span, SPELL)
    spells = correlate_days(left.news, fit, longest) if reach or span > 1 else np.zeros((*left.size.shape, longest))
    if span > 1:
        outcome = correlate_days(left.residual[:, :, None], fit, span)
        inflation, alike = share_days(spells[..., :span], outcome, window)
        found |= {name: found[name] * np.sqrt(inflation)[..., None] for name in ("spread", "planted")}
        found["trust"] = np.minimum(found["trust"], found["n"] / alike)
    skewed = _square_skewness(left.news) * _square_skewness(left.residual)[:, :, None]
    found["trust"] = np.minimum(found["trust"], found["n"] / (1 + SKEWNESS * skewed))
    found["refusal"] = _refuse(block, family, left, found, 0.0 if shared else found["df"])
    found["memory"], found["leak"] = np.zeros((*left.size.shape, OLDER)), np.zeros((*left.size.shape, reach + 1))
    if reach:
        rests = np.zeros((len(root), 0))
        if block.fine:
            turned = before.swapaxes(1, 2)
            slopes = solve_gram(turned @ before, (turned @ (root * block.relative)[..., None])[..., 0])
            rests = slopes * family.move_transform(block.y, block.ok)[:, None]
        unsure = 1 / np.maximum(found["n"], 1) if pooled else None
        found["memory"], kept = follow_memory(fit, tell_partly(left.gram, asked), reach + 2 * OLDER, doubt=unsure)
        found["leak"] = expect_leak(kept, follow(found["memory"], reach), lag=block.newest - 1, rests=rests)
    none = len(effects) // 2
    return found | {
        "none": found["curve"][..., none], "error": found["spread"][..., none],
        "rest": left.rest[:, None, None, : root.shape[1] if reach else 0],
        "fine": np.full(left.size.shape, block.fine), "spells": spells[..., :SPELL],
    }  # fmt: skip


@dataclass(frozen=True)
class Left:
    """What is left of a block beside dates and older days; weighed by the roots of the days' weights.

    Attributes
    ----------
    trigger : (B, M, a, n)
        What is asked about, standardised but nothing taken away.
    scale : (B, M, a)
    values : lowest and highest one, days with each, all (B, M, a)
    gram : (B, M, q, q)
        Products of what is left of the own columns.
    news, size : (B, M, a, n), (B, M, a)
        What is left of the trigger beside the other own columns, too, and the sum of its squares.
    rest, stood : (B, n)
        Of the outcome, and of the outcome as it stands for older days.
    residual, square : (B, M, n)
        Of the outcome beside own columns, too; its square by HC2.
    """

    trigger: FloatArray
    scale: FloatArray
    values: tuple[FloatArray, ...]
    gram: FloatArray
    news: FloatArray
    size: FloatArray
    rest: FloatArray
    stood: FloatArray
    residual: FloatArray
    square: FloatArray


def _free_block(block: Block, basis: FloatArray, common: FloatArray | None, family: Family, asked: int) -> Left:
    """Return what orthonormal columns of each person, and those that all people have in `common`, leave."""
    root, shape = np.sqrt(block.weights), block.own.shape
    own, scale = standardise(block.own, np.broadcast_to(block.ok[:, None, None], shape))
    trigger = own[:, :, :asked]
    lines = np.empty((shape[0], shape[1] * shape[2] + 2, shape[3]))
    np.multiply(own, root[:, None, None], out=lines[:, :-2].reshape(shape))
    lines[:, -2], lines[:, -1] = root * block.relative, root * family.transform(block.y)
    lines = _project(lines, basis, common)
    own, rest, stood = lines[:, :-2].reshape(shape), lines[:, -2], lines[:, -1]
    gram = own @ own.swapaxes(2, 3)
    inverse = _invert_gram(gram if common is None else gram.sum(0, keepdims=True))
    combined = inverse @ own
    news = combined[:, :, :asked] / np.maximum(np.einsum("bmqq->bmq", inverse)[..., :asked], TINY)[..., None]
    residual = rest[:, None] - ((rest[:, None, None] @ combined.swapaxes(2, 3)) @ own)[:, :, 0]
    leverage = np.einsum("bnp,bnp->bn", basis, basis)[:, None] + np.einsum("bmqn,bmqn->bmn", own, combined)
    square = residual**2 / (1 - np.clip(leverage, 0, MOST_LEVERAGE)) * block.ok[:, None]
    values = _find_values(trigger, block.ok[:, None, None])
    size = np.einsum("...n,...n->...", news, news)
    return Left(trigger, scale[:, :, :asked], values, gram, news, size, rest, stood, residual, square)


def _trace_block(
    block: Block, left: Left, family: Family, free: IntArray, effects: FloatArray, *, pooled: bool, shared: bool
) -> dict[str, AnyArray]:
    """Return scores and errors at each effect, and how much they are to be trusted, by days that dates leave `free`."""
    size, shape = left.size, left.size.shape
    n = np.broadcast_to(block.ok.sum(1)[:, None, None].astype(float), shape)
    df = np.broadcast_to((free - (0 if shared else block.own.shape[2]))[:, None, None], shape)
    square = left.news**2
    fourth = np.einsum("...n,...n->...", square, square)
    trust = np.minimum(size**2 / np.maximum(fourth, TINY), df)
    lowest, _, low, high = left.values
    two_valued = low + high >= n
    if family.is_ratio:
        start = np.where(two_valued & np.isfinite(lowest), lowest, 0.0)
        curve, spread, shift, planted = _trace_scores(family, block, left, trust, start, effects)
    else:
        curve, spread = _trace_differences(left, block.relative, n, trust, effects)
        shift, planted = effects * size[..., None], spread
    events = (block.ok & (block.y > 0)).sum(1)[:, None, None] / np.maximum(n, 1)
    varies = size > NOTHING * np.maximum(block.weights.sum(1)[:, None, None], TINY)  # less is rounding
    # of counts that are none on most days what chance makes large is all that would be promised
    foreseen = family.name != "count" or pooled or events >= LEAST_OFTEN
    shift = shift * np.where(foreseen, np.where(two_valued, 1.0, FOUND[family.name]), 0.0)[..., None]
    information = np.where(varies, size, 0.0) * (events * (1 - events) if family.name == "yes/no" else 1.0)
    return {
        "curve": curve, "spread": spread, "shift": shift, "planted": planted, "size": size, "scale": left.scale,
        "information": information, "n": n, "df": df, "trust": trust,
    }  # fmt: skip


def _trace_differences(
    left: Left, relative: FloatArray, n: FloatArray, trust: FloatArray, effects: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return score and its standard error at each effect on an amount, (B, M, a, G): the error is the same at all."""
    score = left.news @ relative[:, None, :, None]
    variance = (left.news**2 @ left.square[..., None])[..., 0]
    expected = left.size * left.square.sum(-1)[..., None] / np.maximum(n, 1)
    spread = np.sqrt(_moderate(variance, expected, trust))[..., None] + 0 * effects
    return score - effects * left.size[..., None], spread


def _share_columns(columns: FloatArray) -> FloatArray:
    """Return columns that all people share, already freed of each person's own, orthonormal over all days of all."""
    people, days, count = columns.shape
    return orthonormalise(columns.reshape(1, -1, count)).reshape(people, days, count)


def _count_rank(basis: FloatArray) -> IntArray:
    """Return the number of directions of orthonormal columns (B, n, p) that are there, (B,)."""
    rank: IntArray = (np.einsum("bnp,bnp->bp", basis, basis) > 0.5).sum(1)
    return rank


def _project(lines: FloatArray, basis: FloatArray, common: FloatArray | None) -> FloatArray:
    """Return what is left of (B, k, n), used up, beside each person's columns, and those that all share."""
    lines -= (lines @ basis) @ basis.swapaxes(1, 2)
    if common is not None:
        lines -= (lines @ common).sum(0, keepdims=True) @ common.swapaxes(1, 2)
    return lines


def _invert_gram(gram: FloatArray) -> FloatArray:
    """Return the inverse of the products of own columns, (B, M, q, q), or (1, M, q, q) over all people."""
    length = np.sqrt(np.einsum("bmqq->bmq", gram))
    there = length > TINY**0.25  # less is rounding
    unit = np.where(there, length, 1.0)
    outer = unit[..., None] * unit[..., None, :]
    inverse: FloatArray = np.linalg.inv(gram / outer + np.eye(gram.shape[-1]) * np.where(there, 1e-9, 1.0)[..., None])
    return inverse / outer


def _trace_scores(
    family: Family, block: Block, left: Left, trust: FloatArray, start: FloatArray, effects: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return score and its standard error at each effect, and at no effect if there were such an one, (B, M, a, G).

    The variance is that of the products of what is left of the trigger with what is left of the outcome beside trigger
    and nuisance; at an effect the news is compared with another mean. With an effect the days' variances grow as their
    means, what is beyond Poisson as their squares. What a planted effect would do is told half by the squares that are
    seen, half by those to be expected: the smallest promises would else be those that chance made small. `start` is the
    trigger, (B, M, a), on days that a planted effect leaves as they are.
    """
    weights, square = block.weights, left.square
    events = weights * block.relative
    news = left.news / np.sqrt(np.where(weights > 0, weights, 1.0))[:, None, None]
    n = np.maximum((weights > 0).sum(-1), 1)[:, None, None, None]
    usual = square.sum(-1)[..., None, None] / n
    beyond = np.clip(1 - 1 / np.maximum(usual, TINY), 0.0, 1.0)[..., None]
    share = (events > 0).sum(-1)[:, None, None, None, None] / n[..., None]
    rows = np.empty(
        (*news.shape[:-1], 5, news.shape[-1])
    )  # days' weights, by the news, by its square; what is foreseen
    rows[..., 0, :] = weights[:, None, None]
    np.multiply(rows[..., 0, :], news, out=rows[..., 1, :])
    np.multiply(rows[..., 1, :], news, out=rows[..., 2, :])
    rows[..., 3, :] = np.where(weights[:, None] > 0, (square + usual[..., 0]) / 2, 0.0)[:, :, None]
    np.multiply(rows[..., 2, :], rows[..., 3, :], out=rows[..., 4, :])
    factor = _list_factors(left.trigger, len(effects) // 2)
    sums = sum_days(rows, factor)
    score, taken = family.add_scores(events, weights, factor, news, sums)
    level = sums[..., 0, 1:-1] / np.maximum(weights.sum(-1), TINY)[:, None, None, None]
    raise_days = partial(family.raise_days, rows, sums, factor, beyond=beyond, share=share)
    none, first, second, *_ = np.moveaxis(raise_days(1 / np.where(level > 0, level, 1.0))[1], -2, 0)
    expected = usual * (second - 2 * taken * first + taken**2 * none)
    seen = sum_days(rows[..., :3, :], square[:, :, None, None])
    variance = seen[..., 2, :] - 2 * taken * seen[..., 1, :] + taken**2 * seen[..., 0, :]
    spread = np.sqrt(np.maximum(_moderate(variance, expected, trust[..., None]), 0.0))
    raised, grown = raise_days(np.exp(-effects * start[..., None]))
    shift, usually, planted = raised[..., 1, :], grown[..., 3, :], grown[..., 4, :]
    size = rows[..., 2, :].sum(-1)[..., None]
    planted = np.sqrt(np.maximum(_moderate(planted, usually / n * size, trust[..., None]), 0.0))
    return score, spread, shift, planted


def _find_values(x: FloatArray, days: BoolArray) -> tuple[FloatArray, ...]:
    """Return the lowest and highest value of (B, M, a, n) on some days, and on how many days each is there."""
    lowest, highest = np.where(days, x, np.inf).min(-1), np.where(days, x, -np.inf).max(-1)
    low, high = ((days & (x == end[..., None])).sum(-1) for end in (lowest, highest))
    return lowest, highest, low, high


def _moderate(variance: FloatArray, expected: FloatArray, trust: FloatArray) -> FloatArray:
    """Return a variance, drawn towards what is expected of it where it is smaller (Smyth 2004).

    Few days with a trigger are alike by chance now and then: their variance then looks small, and their mean is off.
    """
    trust = np.maximum(trust, 0.0)
    drawn: FloatArray = (trust * variance + PRIOR_DF * expected) / (trust + PRIOR_DF)
    return np.maximum(variance, drawn)


def _list_factors(trigger: FloatArray, most: int) -> FloatArray:
    """Return exp(b x) for none and the `most` effects of GRID to either side of it, and one more, (..., G + 2, n).

    As each is twice the one before, it is its square. Where none alone is asked for, none stands on its sides, too.
    """
    factors = np.empty((2 * most + 3, *trigger.shape))  # each apart from the others: they are made of one another
    middle = most + 1
    factors[middle if most else slice(None)] = 1.0
    trigger = np.clip(trigger, -FARTHEST, FARTHEST)
    for sign in (-1, 1) if most else ():
        np.exp(sign * GRID[ZERO + 1] * trigger, out=factors[middle + sign])
        for place in range(middle + sign, middle + sign * middle, sign):
            np.multiply(factors[place], factors[place], out=factors[place + sign])
    return np.moveaxis(factors, 0, -2)


def _square_skewness(values: FloatArray) -> FloatArray:
    """Return the squared skewness along the last axis, days without a value being 0, times 1 where there are many."""
    square = values * values
    second, third = square.sum(-1), np.einsum("...i,...i->...", square, values)
    skewness: FloatArray = np.count_nonzero(values, axis=-1) * third**2 / np.maximum(second**3, TINY)
    return skewness


def _refuse(block: Block, family: Family, left: Left, found: dict[str, AnyArray], df: FloatArray | float) -> IntArray:
    """Return the index of the reason why one person's test can't be told, (B, M, a); 0 where it can."""
    trust, shape = found["trust"], found["trust"].shape
    ok, x, varies = block.ok, block.own[:, :, : shape[-1]], found["information"] > 0
    days = ok[:, None, None]
    n, events = ok.sum(1)[:, None, None], (ok & (block.y > 0)).sum(1)[:, None, None]
    *_, fewest, most = left.values
    two_valued, smaller = fewest + most >= n, np.minimum(fewest, most)
    share = events / np.maximum(n, 1)
    rarer = np.minimum(share, 1 - share) if family.name == "yes/no" else share
    few = two_valued & (smaller < FEW_EXPOSED) & family.is_ratio
    expected = np.where(few, smaller * rarer, np.inf)
    changes = np.broadcast_to(n, shape) if block.older is None else (days & (x != block.older[:, :, None])).sum(-1)
    low, high = np.where(ok, block.y, np.inf).min(1), np.where(ok, block.y, -np.inf).max(1)
    flat = (low == high)[:, None, None]
    conditions = {
        "not recorded": ~np.isfinite(x).any(-1),
        "too few days": np.broadcast_to(n == 0, shape),
        "no variation": (left.scale == 0) | flat,
        "too few events": (events < LEAST_EVENTS) & family.is_ratio
        | (n - events < LEAST_EVENTS) & (family.name == "yes/no"),
        "too few days with and without it": two_valued & (smaller < LEAST_EXPOSED) | (expected < LEAST_EXPECTED),
        "too few changes": two_valued & (changes < LEAST_CHANGES),
        " ": np.broadcast_to(df < LEAST_DF, shape),
        "no variation of its own": ~varies,
        "too few days with and without it ": two_valued & (trust < LEAST_TRUST),
        "too few days ": trust < LEAST_TRUST,
    }
    codes = [REFUSALS.index(reason.rstrip() or "too few days") for reason in conditions]
    return np.select([np.broadcast_to(c, shape) for c in conditions.values()], codes, default=0)
