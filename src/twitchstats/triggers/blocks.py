"""Scores of people who are worked on together, as matrix work."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from scipy import stats

from twitchstats.arrays import TINY, BoolArray, FloatArray, IntArray
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

SPELL = 8  # days below which both sides may be alike because they come in spells
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
FOUND = {"count": 0.92, "yes/no": 0.84, "amount": 0.92}
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
    sides = (root * relative, root * family.transform(y))  # of the model: the outcome, and as it stands for older days
    lines = np.empty((len(y), own[0, ..., 0].size + len(sides), y.shape[1]))
    np.multiply(own, root[:, None, None], out=lines[:, : -len(sides)].reshape(own.shape))
    lines[:, -2], lines[:, -1] = sides
    lines = _project(lines, basis, common)
    own, rest, stood = lines[:, :-2].reshape(block.own.shape), lines[:, -2], lines[:, -1]
    gram = own @ own.swapaxes(2, 3)
    inverse = _invert_gram(gram.sum(0, keepdims=True) if shared else gram)
    combined = inverse @ own
    diagonal = np.maximum(np.einsum("bmqq->bmq", inverse)[..., :asked], TINY)
    news = combined[:, :, :asked] / diagonal[..., None]
    news_square = news**2
    size = news_square.sum(-1)
    residual = rest[:, None] - ((rest[:, None, None] @ combined.swapaxes(2, 3)) @ own)[:, :, 0]
    leverage = np.einsum("bnp,bnp->bn", basis, basis)[:, None] + np.einsum("bmqn,bmqn->bmn", own, combined)
    leverage = np.clip(leverage, 0, MOST_LEVERAGE)
    square = residual**2 / (1 - leverage) * days[:, None]
    score = (news @ (root * relative)[:, None, :, None])[..., 0]
    rank = _count_rank(basis)
    n = days.sum(1)
    df = n - rank - (0 if shared else block.own.shape[2])
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
    events = ((y > 0) * days).sum(1)[:, None, None] / np.maximum(n, 1)
    varies = size > NOTHING * np.maximum(weights.sum(1)[:, None, None], TINY)  # less is rounding
    # of counts that are none on most days what chance makes large is all that would be promised
    foreseen = family.name != "count" or pooled or events >= LEAST_OFTEN
    shift = shift * np.where(two_valued, 1.0, FOUND[family.name])[..., None] * np.where(foreseen, 1.0, 0.0)[..., None]
    fit = share_fit(basis, root, max(span, max(block.newest.max(), reach + OLDER) + OLDER + MEMORY_SPAN))
    if block.fine and block.newest.any():
        left = np.maximum(n[:, 0, 0] - rank, 1.0)
        noise = (stood * sides[0]).sum(1)
        share = fit - share_fit(older, root, fit.shape[1] - 1)
        pull = pull_back(before, older, share, block.newest, noise * n[:, 0, 0] / left)
        doubt = np.sqrt(size * ((pull**2).sum(-1) / left)[:, None, None])
        spread, planted = (np.hypot(error, doubt[..., None]) for error in (spread, planted))
    longest = max(span, SPELL)
    spells = correlate_days(news, fit, longest) if reach or span > 1 else np.zeros((*size.shape, longest))
    if span > 1:
        outcome = correlate_days(residual[:, :, None], fit, span)
        inflation, alike = share_days(spells[..., :span], outcome, window)
        spread, planted = (error * np.sqrt(inflation)[..., None] for error in (spread, planted))
        trust = np.minimum(trust, n / alike)
    trust = np.minimum(trust, n / (1 + SKEWNESS * _square_skewness(news) * _square_skewness(residual)[:, :, None]))
    leak, memory = np.zeros((*size.shape, reach + 1)), np.zeros((*size.shape, OLDER))
    if reach:
        rests = np.zeros((len(y), 0))
        if block.fine:
            turned = before.swapaxes(1, 2)
            slopes = solve_gram(turned @ before, (turned @ (root * relative)[..., None])[..., 0])
            rests = slopes * family.move_transform(y, ok)[:, None]
        doubt = 1 / np.maximum(n, 1) if pooled else None
        memory, left = follow_memory(fit, tell_partly(gram, asked), reach + 2 * OLDER, doubt=doubt)
        leak = expect_leak(left, follow(memory, reach), lag=block.newest - 1, rests=rests)
    none = len(effects) // 2
    return {
        "none": curve[..., none], "error": spread[..., none],
        "curve": curve, "spread": spread, "shift": shift, "planted": planted, "size": size,
        "scale": scale[:, :, :asked], "n": n, "df": df, "trust": trust, "fine": np.full(size.shape, block.fine),
        "information": np.where(varies, size, 0.0) * (events * (1 - events) if family.name == "yes/no" else 1.0),
        "leak": leak, "memory": memory, "rest": rest[:, None, None], "spells": spells[..., :SPELL],
        "refusal": _refuse(block, family, trigger, values, varies, scale[:, :, :asked], 0.0 if shared else df, trust),
    }  # fmt: skip


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
    rows = np.empty(
        (*news.shape[:-1], 5, news.shape[-1])
    )  # days' weights, by the news, by its square; what is foreseen
    rows[..., 0, :] = weights[:, None, None]
    np.multiply(rows[..., 0, :], news, out=rows[..., 1, :])
    np.multiply(rows[..., 1, :], news, out=rows[..., 2, :])
    rows[..., 3, :] = np.where(weights[:, None] > 0, (square + usual[..., 0]) / 2, 0.0)[:, :, None]
    np.multiply(rows[..., 2, :], rows[..., 3, :], out=rows[..., 4, :])
    factor = _list_factors(trigger, len(effects) // 2)
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
    """Return exp(b x) for none and the `most` effects of GRID to either side of it, and one more, (..., G + 2, n).

    As each is twice the one before, it is its square. Where none alone is asked for, none stands on its sides, too.
    """
    factors = np.empty((*trigger.shape[:-1], 2 * most + 3, trigger.shape[-1]))
    middle = most + 1
    factors[..., middle if most else slice(None), :] = 1.0
    trigger = np.clip(trigger, -FARTHEST, FARTHEST)
    for sign in (-1, 1) if most else ():
        np.exp(sign * GRID[ZERO + 1] * trigger, out=factors[..., middle + sign, :])
        for place in range(1, middle):
            before = factors[..., middle + sign * place, :]
            np.multiply(before, before, out=factors[..., middle + sign * (place + 1), :])
    return factors


def _square_skewness(values: FloatArray) -> FloatArray:
    """Return the squared skewness along the last axis, days without a value being 0, times 1 where there are many."""
    square = values * values
    second, third = square.sum(-1), np.einsum("...i,...i->...", square, values)
    skewness: FloatArray = np.count_nonzero(values, axis=-1) * third**2 / np.maximum(second**3, TINY)
    return skewness


def _refuse(
    block: Block,
    family: Family,
    trigger: FloatArray,
    values: tuple[FloatArray, FloatArray, BoolArray],
    varies: BoolArray,
    scale: FloatArray,
    df: FloatArray | float,
    trust: FloatArray,
) -> IntArray:
    """Return the index of the reason why one person's test can't be told, (B, M, a); 0 where it can."""
    shape = trust.shape
    ok, x = block.ok, block.own[:, :, : shape[-1]]
    days = ok[:, None, None]
    n, events = ok.sum(1)[:, None, None], (ok & (block.y > 0)).sum(1)[:, None, None]
    lowest, highest, two_valued = values
    smaller = np.minimum(*((days & (trigger == end[..., None])).sum(-1) for end in (lowest, highest)))
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
        "no variation": (scale == 0) | flat,
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
