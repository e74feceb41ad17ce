"""The three kinds of outcome: what an effect on them is called, how days weigh, and the score of an effect."""

from dataclasses import dataclass

import numpy as np

from twitchstats.arrays import TINY, BoolArray, FloatArray
from twitchstats.triggers.columns import standardise

LEAST_MEAN = 0.05  # of a fitted mean, as a share of the person's mean: no day weighs without bound
MOST_MEAN = 20.0
NUISANCE_PENALTY = 16.0  # on standardised columns: a normal prior with SD 1/4 on the log scale
MOST_ALPHA = 20.0  # overdispersion
STEPS = 3
MOST_LEVERAGE = 0.9
OWN_DAY = 0.25
LARGEST_STEP = 1.5  # of the linear predictor


@dataclass(frozen=True)
class Family:
    """A kind of outcome.

    Attributes
    ----------
    name : {"count", "yes/no", "amount"}
    measure : str
        What an effect is: a rate ratio, an odds ratio, a difference.
    """

    name: str
    measure: str

    @property
    def is_ratio(self) -> bool:
        """Whether effects are ratios, estimated on the log scale."""
        return self.name != "amount"

    def transform(self, y: FloatArray) -> FloatArray:
        """Return the outcome as it stands on the right side of a model of later days."""
        return np.log1p(y) if self.name == "count" else y

    def move_transform(self, y: FloatArray, ok: BoolArray) -> FloatArray:
        """Return by how much the transform moves, on average, where an effect of 1 acts, (B,)."""
        moved = y / (1 + y) if self.name == "count" else np.ones_like(y)
        return np.asarray((moved * ok).sum(1) / np.maximum(ok.sum(1), 1))

    def weigh(self, y: FloatArray, design: FloatArray, ok: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the weights and the outcome relative to what it was weighed by, both (B, n).

        Counts: with m the mean that trend, weekday and older days foretell and alpha the overdispersion, the weight is
        m / (1 + alpha m), the outcome y / m: the quasi-score of a log-linear model (McCullagh 1983). The weights come
        from a penalised fit without any trigger, so that they can't follow what is tested. Otherwise every day weighs
        the same.
        """
        if self.name != "count":
            return ok, y * ok
        mean, alpha = fit_mean(y, design, ok)
        level = (mean * ok).sum(1, keepdims=True) / np.maximum(ok.sum(1, keepdims=True), 1.0)
        weights = ok * mean * (1 + alpha[:, None] * level) / (1 + alpha[:, None] * mean)
        return weights, ok * y / np.where(ok > 0, mean, 1.0)

    def raise_days(
        self, rows: FloatArray, sums: FloatArray, factor: FloatArray, by: FloatArray, *, beyond: FloatArray,
        share: FloatArray,
    ) -> tuple[FloatArray, FloatArray]:  # fmt: skip
        """Return sums over days of `rows`, times what a day's mean and its variance are where the mean is multiplied.

        Of counts the mean is a multiple of what it was, the variance grows as it, what is `beyond` Poisson as its
        square; of yes/no days the odds are multiplied, the mean is a probability p, the variance grows as p (1 - p).

        Parameters
        ----------
        rows : (..., r, n)
        sums : (..., r, G + 2)
            Those of the rows times `factor`.
        factor : (..., G + 2, n), by : (..., G)
            What the day's mean, or odds, are multiplied by: the product of both; of effects that are each twice the one
            before, away from none, and one more on either side.
        beyond, share : (..., 1, 1)
            Of the variance; of days with the outcome.
        """
        if self.name == "count":
            places = np.arange(1, sums.shape[-1] - 1)
            once, twice = sums[..., places], sums[..., places + np.sign(places - len(places) // 2 - 1)]
            by = by[..., None, :]
            return once * by, ((1 - beyond) * once + beyond * twice * by) * by
        raised = factor[..., 1:-1, :] * by[..., None]
        below = 1 / (1 + share * (raised - 1))
        return sum_days(rows, share * raised * below), sum_days(rows, raised * below**2)

    def add_scores(
        self, events: FloatArray, weights: FloatArray, factor: FloatArray, news: FloatArray, sums: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return the score at each effect of a grid and what is taken from the news there, (B, M, a, G).

        Counts: the mean news of the twitches, less the mean news of all days, each day counted `factor` times:
        the score of the conditional Poisson likelihood, in which a person's level cancels (Armstrong, Gasparrini and
        Tobias 2014). Yes/no: the news of each event, less the mean news of that day and all days without an event:
        the conditional likelihood of a matched set (Breslow and Day 1980), summed over events; and the same with days
        with and without it exchanged, each by the share of the other days, so that it does not matter which is which;
        a single event counts once.

        Parameters
        ----------
        events, weights : (B, n)
            What the days count for with and without the effect.
        factor : (B, M, a, G + 2, n)
            exp(b x) of the trigger x, for effects that lie the same on both sides of none, and one more on either.
        news : (B, M, a, n)
        sums : (B, M, a, r, G + 2)
            Over days of weight, and of weight times news, times `factor`.
        """
        if self.name == "count":
            taken = sums[..., 1, 1:-1] / np.maximum(sums[..., 0, 1:-1], TINY)
            there = (events[:, None, None] * news).sum(-1)[..., None]
            return there - events.sum(-1)[:, None, None, None] * taken, taken
        factor, event, days = factor[..., 1:-1, :], events > 0, weights > 0
        with_it, without = ((days & kind).sum(-1) - 1.0 for kind in (event, ~event))
        share = (with_it / np.maximum(with_it + without, 1.0)).clip(0, 1)[:, None, None, None]
        up, taken_up = _match_days(weights * event, weights * ~event, factor, news)
        down, taken_down = _match_days(weights * ~event, weights * event, factor[..., ::-1, :], news)
        return (1 - share) * up - share * down, (1 - share) * taken_up + share * taken_down


FAMILIES = {
    "count": Family("count", "rate ratio"),
    "yes/no": Family("yes/no", "odds ratio"),
    "amount": Family("amount", "difference"),
}


def choose_family(kind: str) -> Family:
    """Return the family of an outcome of this kind; ratings are amounts."""
    return FAMILIES.get(kind, FAMILIES["amount"])


def _match_days(
    own: FloatArray, others: FloatArray, factor: FloatArray, news: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the score of days, each matched with all the `others`, and what an effect takes from their news.

    Both kinds of days are weights (B, n), 0 for days of the other kind.
    """
    days = np.broadcast_to(others[:, None, None], news.shape)
    total, moved = np.moveaxis(sum_days(np.stack([days, days * news], -2), factor), -2, 0)
    total = np.maximum(total, TINY)
    mine = own[:, None, None, None] > 0
    matched = np.where(mine, (moved[..., None] + factor * news[..., None, :]) / (total[..., None] + factor), 0.0)
    scale = (total + 1) / np.maximum(total + mine.sum(-1), 1.0)
    score = (np.where(mine, news[..., None, :], 0.0) - matched).sum(-1) * scale
    taken = moved / total
    return score, taken - taken[..., taken.shape[-1] // 2, None]


def sum_days(rows: FloatArray, factor: FloatArray) -> FloatArray:
    """Return the sums over days of rows (..., r, n) times factors (..., G, n), (..., r, G)."""
    sums: FloatArray = rows @ factor.swapaxes(-1, -2)
    return sums


def fit_mean(y: FloatArray, design: FloatArray, ok: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Fit the mean of counts by a penalised log-linear model: mean (B, n) and overdispersion (B,).

    A few steps of Fisher scoring from a least squares fit of log(1 + y), drawn towards a constant by as much as trend,
    weekday and older days explain no more than chance would (James and Stein 1961): it only serves as weights.
    """
    n = np.maximum(ok.sum(1), 1.0)
    level = np.maximum((y * ok).sum(1) / n, 1e-3)
    low, high = np.log(level * LEAST_MEAN)[:, None], np.log(level * MOST_MEAN)[:, None]
    columns, _ = standardise(np.ascontiguousarray(design.swapaxes(1, 2)), ok[:, None] > 0)
    columns[:, 0] = ok
    penalty = np.full(columns.shape[1], NUISANCE_PENALTY)
    penalty[0] = 0.0
    logs = np.log1p(y) * ok
    predictor = np.clip(np.log(np.maximum(np.expm1(_solve(columns, ok, logs, penalty)[0]), 1e-9)), low, high)
    predictor += np.log(level / np.maximum((np.exp(predictor) * ok).sum(1) / n, 1e-9))[:, None]
    alpha = np.zeros(len(y))
    for _ in range(STEPS):
        mean = np.exp(predictor)
        alpha = _fit_overdispersion(y, mean, ok, columns.shape[1])
        weights = ok * mean / (1 + alpha[:, None] * mean)
        working = predictor + (y - mean) / mean
        wanted, inverse = _solve(columns, weights, working, penalty)
        before = predictor
        predictor = np.clip(before + np.clip(wanted - before, -LARGEST_STEP, LARGEST_STEP), low, high)
    total = np.maximum(weights.sum(1, keepdims=True), 1e-9)
    middle = (weights * wanted).sum(1, keepdims=True) / total
    leverage = np.clip(weights * np.einsum("bpn,bpn->bn", inverse @ columns, columns), 0.0, MOST_LEVERAGE)
    leverage = np.clip(leverage - weights / total, 0.0, MOST_LEVERAGE)  # the constant's takes nothing away
    spent = np.maximum((leverage * ok).sum(1), 1e-9)
    explained = (weights * (wanted - middle) ** 2).sum(1) / spent
    left = (weights * (working - wanted) ** 2).sum(1) / np.maximum(n - spent - 1, 1.0)
    kept = np.clip(1 - left / np.maximum(explained, 1e-12), 0.0, 1.0)[:, None]
    # weights that follow their own day take part of an effect away, weights that leave it out add to it: OWN_DAY lies
    # between, where simulated effects come out right
    alone = working - (working - wanted) / (1 - kept * leverage) ** OWN_DAY
    mean = np.exp(np.clip(middle + kept * (alone - middle), low, high))
    return mean, _fit_overdispersion(y, mean, ok, columns.shape[1])


def _solve(
    columns: FloatArray, weights: FloatArray, y: FloatArray, penalty: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return fitted values, (B, n), of a penalised weighted least squares fit on columns (B, p, n).

    And the inverse of the columns' products.
    """
    weighed = columns * weights[:, None]
    inverse: FloatArray = np.linalg.inv(weighed @ columns.swapaxes(1, 2) + np.diag(penalty + 1e-8)).astype(float)
    slopes = inverse @ (weighed @ y[..., None])
    fitted: FloatArray = (slopes.swapaxes(1, 2) @ columns)[:, 0]
    return fitted, inverse


def _fit_overdispersion(y: FloatArray, mean: FloatArray, ok: FloatArray, columns: int) -> FloatArray:
    """Solve sum (y - m)^2 / (m + alpha m^2) = days left for alpha >= 0 (Breslow 1984), by Newton's method from 0."""
    squared = ok * (y - mean) ** 2 / mean
    left = np.maximum(ok.sum(1) - columns / 2, 1.0)
    alpha = np.zeros(len(y))
    for _ in range(12):
        inverse = 1 / (1 + alpha[:, None] * mean)
        inflated = squared * inverse
        slope = np.einsum("bn,bn->b", inflated, inverse * mean)
        before = alpha
        alpha = np.clip(before + (inflated.sum(1) - left) / np.maximum(slope, 1e-12), 0.0, MOST_ALPHA)
        if (np.abs(alpha - before) <= 1e-9 * alpha).all():  # the next step would move it by the square of that
            break
    return alpha
