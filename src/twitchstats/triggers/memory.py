"""How days of a trigger, and of an outcome, resemble those before, and what a fitted trend makes of that."""

from collections.abc import Sequence

import numpy as np
from scipy import fft

from twitchstats.arrays import TINY, FloatArray, IntArray
from twitchstats.panel import shift_days

OLDER = 2  # older outcomes, and older values of the trigger, that stand in a model
MOST_LEVERAGE = 0.97
MEMORY_LIMITS = np.array([[-0.5, -0.97], [0.9, 0.9]])  # of a trigger's partial autocorrelations, one and two days apart
MEMORY_SPAN = 30  # days over which its memory is followed
MEMORY_STEPS = 7


def follow(memory: FloatArray, most: int, first: FloatArray | None = None) -> FloatArray:
    """Return a series from 1 on, (..., most + 1), by the weights of the two days before, (..., 2).

    By default what is left of a day's news so many days later; with the `first` autocorrelation, all of them.
    """
    newer, older = memory[..., 0, None], memory[..., 1, None]
    second = older.any()
    response: FloatArray = np.ones((*newer.shape[:-1], most + 2))
    response[..., 1:] = newer
    if not second:
        np.multiply.accumulate(response, axis=-1, out=response)
    known = 2 if second else most + 2
    while known < most + 2:  # all days known make as many more
        more = min(known - 1, most + 2 - known)
        told = response[..., 1 : more + 1] * response[..., known - 1, None]
        told += older * response[..., :more] * response[..., known - 2, None]
        response[..., known : known + more] = told
        known += more
    if first is None:
        return response[..., : most + 1]
    series: FloatArray = np.ones((*newer.shape[:-1], most + 1))
    series[..., 1:] = first[..., None] * response[..., :most]
    if second:
        series[..., 2:] += older * response[..., : most - 1]
    return series


def follow_memory(
    share: FloatArray, seen: FloatArray, most: int, *, doubt: FloatArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Return the memory of a series before columns were fitted to it, and what is left of its autocovariances.

    Seen are partial autocorrelations one and two days apart after the fit, (B, M, a, 2); sought is the series that
    would leave these, by expectation: its weights of the two days before, (B, M, a, 2). It is of first order, unless a
    `doubt` is given: what is seen beyond such a series then counts by as much as its square is larger. What is left,
    (B, M, a, most + 1), is of variance 1 before the fit.
    """
    shape = seen.shape
    apart, days = np.arange(MEMORY_SPAN + 1)[:, None], np.arange(most + 1)
    later, sooner = (share[:, np.minimum(np.abs(days + way * apart), share.shape[1] - 1)] for way in (1, -1))
    taken = (later + sooner) * np.where(apart > 0, 1.0, 0.5)

    def weigh(partly: list[FloatArray]) -> FloatArray:
        return np.stack([partly[0] * (1 - partly[1]), partly[1]], -1)

    def leave(partly: list[FloatArray], most: int) -> FloatArray:
        before = follow(weigh(partly), max(MEMORY_SPAN, most), partly[0])
        left: FloatArray = before[..., : most + 1] - before[..., : MEMORY_SPAN + 1] @ taken[..., : most + 1]
        return left

    def see(partly: list[FloatArray], order: int) -> list[FloatArray]:
        """Return the partial autocorrelations, up to that order, that such a series leaves."""
        left = leave(partly, order)
        related = left[..., 1:] / np.maximum(left[..., :1], 1 - MOST_LEVERAGE)
        related = np.clip(related, -MOST_LEVERAGE, MOST_LEVERAGE)
        one = related[..., 0]
        return [one] if order == 1 else [one, (related[..., 1] - one**2) / (1 - one**2)]

    sought = seen.reshape(len(seen), -1, OLDER)
    wanted = [sought[..., 0], sought[..., 1]]
    found = [sought[..., 0], np.zeros(sought.shape[:-1])]
    for order in (1, 2) if doubt is not None else (1,):
        if order == OLDER and doubt is not None:
            beyond = wanted[1] - see(found, order)[1]
            wanted[1] = wanted[1] - np.minimum(doubt.reshape(beyond.shape) / np.maximum(beyond**2, TINY), 1.0) * beyond
        for _ in range(MEMORY_STEPS):
            for part, now in enumerate(see(found, order)):
                found[part] = np.clip(found[part] + wanted[part] - now, *MEMORY_LIMITS[:, part])
    return weigh(found).reshape(shape), leave(found, most).reshape(*shape[:-1], -1)


def tell_partly(gram: FloatArray, asked: int) -> FloatArray:
    """Return partial autocorrelations of triggers, one and two days apart, (B, M, a, 2), by columns' products."""
    places = np.arange(asked) + asked * np.arange(1 + OLDER)[:, None]  # of a trigger and its older values
    size = np.sqrt(np.maximum(np.einsum("bmqq->bmq", gram), TINY))

    def relate(here: IntArray, there: IntArray) -> FloatArray:
        related: FloatArray = gram[..., here, there] / (size[..., here] * size[..., there])
        return np.clip(related, -MOST_LEVERAGE, MOST_LEVERAGE)

    first, between, second = (relate(places[a], places[b]) for a, b in ((0, 1), (1, 2), (0, 2)))
    return np.stack([first, (second - first * between) / np.sqrt((1 - first**2) * (1 - between**2))], -1)


def share_fit(basis: FloatArray, root: FloatArray, most: int) -> FloatArray:
    """Return how far the fitted part of a day rests on the day so many days before, (B, most + 1), on average."""
    people, days, columns = basis.shape
    length = fft.next_fast_len(days + most, real=True)
    fitted = np.zeros((people, length, columns))
    np.multiply(basis, root[..., None], out=fitted[:, :days])
    waves = fft.rfft(fitted, axis=1).view(float)
    share = fft.irfft(np.einsum("bfp,bfp->bf", waves, waves), length)[:, : most + 1]
    return share / np.maximum((root**2).sum(1, keepdims=True), TINY)


def correlate_days(values: FloatArray, fit: FloatArray, span: int) -> FloatArray:
    """Return autocorrelations (..., span) of what columns left of a series (B, M, a, n), at distances below the span.

    A fit makes neighbouring days look related the other way round: what it takes (`share_fit`) is given back.
    """
    length = np.maximum((values**2).sum(-1), TINY)
    given = np.maximum(fit[:, :span], 0.0) / np.maximum(1 - fit[:, :1], 1 - MOST_LEVERAGE)
    related = np.zeros((*values.shape[:-1], span))
    related[..., 0] = 1.0
    for apart in range(1, min(span, values.shape[-1])):
        shared = np.einsum("...n,...n->...", values[..., apart:], values[..., :-apart]) / length
        related[..., apart] = shared + given[:, None, None, apart]
    return related


def share_days(news: FloatArray, residual: FloatArray, window: int) -> tuple[FloatArray, FloatArray]:
    """Return by how much days that are alike raise the variance of a score, and lower the number of days.

    1 + 2 sum r_x(h) r_e(h), and 1 + 2 sum r_x(h)^2, of autocorrelations (..., span) (Bartlett 1935); within the window,
    where days are shared, each term where it is positive, beyond it their sum.
    """
    product = 2 * news * residual
    common = np.maximum(product[..., 1:window], 0.0).sum(-1)
    spells = np.maximum(product[..., window:].sum(-1), 0.0)
    return 1 + common + spells, 1 + 2 * (news[..., 1:] ** 2).sum(-1)


def relate_lags(rest: FloatArray, news: FloatArray, lags: Sequence[int]) -> FloatArray:
    """Return the correlations (P, T, L, L) of scores at lags, by the trigger's day.

    What is left of the outcome, (P, T, L, n), is alike at two lags, the more so where the trigger's news, whose
    autocorrelations are known, (P, T, h), come in spells (Bartlett 1935).
    """
    if (rest == rest[:, :1]).all():  # triggers of the same days
        rest = rest[:, :1]
    by_day = np.stack([np.nan_to_num(shift_days(rest[..., place, :], -lag)) for place, lag in enumerate(lags)], -2)
    related = np.zeros((*news.shape[:2], len(lags), len(lags)))
    related += by_day @ by_day.swapaxes(-1, -2)
    for apart in range(1, min(news.shape[-1], by_day.shape[-1])):
        later = by_day[..., apart:] @ by_day[..., :-apart].swapaxes(-1, -2)
        weight = min(2 - 2 * apart / news.shape[-1], 1.0) * news[..., apart, None, None]
        related += weight * (later + later.swapaxes(-1, -2))
    length = np.sqrt(np.maximum(np.einsum("...ll->...l", related), TINY))
    related /= length[..., None] * length[..., None, :]
    return np.where(np.eye(len(lags), dtype=bool), 1.0, np.clip(related, -MOST_LEVERAGE, MOST_LEVERAGE))


def expect_leak(left: FloatArray, carried: FloatArray, *, lag: IntArray, rests: FloatArray) -> FloatArray:
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


def pull_back(
    before: FloatArray, older: FloatArray, share: FloatArray, newest: IntArray, noise: FloatArray
) -> FloatArray:
    """Return how far a score moves for each unit that the trigger happens to rest on older outcomes, (B, o).

    A trend that is fitted to a day's outcome shares the noise of the older ones beside it (Nickell 1981). `before` are
    the older outcomes freed of the trend, (B, n, o), `older` the same orthonormal, `noise` what an outcome and its
    transform have in common, summed over days.
    """
    gram = before.swapaxes(1, 2) @ before
    seen = gram[:, 0, 1] / np.maximum(gram[:, 1, 1], TINY)
    memory, _ = follow_memory(share, np.stack([seen, np.zeros_like(seen)], -1)[:, None, None], 0)
    days = newest[:, None, None] + np.arange(before.shape[-1])[:, None] + np.arange(MEMORY_SPAN)
    met = (share[np.arange(len(share))[:, None, None], days] * follow(memory[:, 0], MEMORY_SPAN - 1)).sum(-1)
    met *= noise[:, None]
    pull: FloatArray = ((before.swapaxes(1, 2) @ older).swapaxes(1, 2) @ solve_gram(gram, met)[..., None])[..., 0]
    return pull


def solve_gram(gram: FloatArray, products: FloatArray) -> FloatArray:
    """Return coefficients, (B, o), of columns with these products with each other, (B, o, o), and with a response."""
    size = np.maximum(np.trace(gram, axis1=1, axis2=2), TINY)[:, None, None]
    slopes: FloatArray = np.linalg.solve(gram / size + 1e-6 * np.eye(gram.shape[-1]), products[..., None] / size)
    return slopes[..., 0]
