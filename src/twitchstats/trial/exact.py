"""The test of a schedule that was drawn by lot: how unusual its effect is among all it could have been."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize

from twitchstats.arrays import TINY, FloatArray, IntArray
from twitchstats.inference import ALPHA
from twitchstats.sequential import estimate_anytime
from twitchstats.trial.lots import Lots
from twitchstats.triggers.columns import DAYS_PER_TREND_TERM, spline_basis, weekday_contrasts
from twitchstats.triggers.engine import find_older
from twitchstats.triggers.families import Family
from twitchstats.triggers.memory import MOST_LEVERAGE

FARTHEST = 500.0  # standard errors from the estimate beyond which an interval has no end
LARGEST_LOG = 9.0  # of a ratio, beyond which it has no end
LEAST_KEPT = 0.05  # of the planned difference in dose, below which what was taken says nothing
MOSTLY_KEPT = 0.5  # above it an endless ratio is one, and not what little was kept makes of chance
ROUNDED = 1 - 1e-9  # of the drawn schedule's t: what rounding may do
PRECISION = 1e-3  # of a standard error, in which an end is told
LEAST_DAYS_FOR_WEEKDAY = 42  # below it six columns cost more than the rhythm they take out


@dataclass(frozen=True)
class Days:
    """One person's analysed days.

    Attributes
    ----------
    y : (n,)
        The outcome.
    before : (n, o)
        The outcome one and two known days before, as it stands beside the effect.
    dose_before : (n, o)
        What had been taken on those days.
    dates : (n, p)
        Constant, weekday and trend.
    drawn : (R, n)
        Conditions that could have been drawn, 0 and 1, those that were drawn first: of the day, or of the period before
        (one half where there was none) where it is asked what carries over.
    beside : (R, n)
        What of each schedule stands beside them: the condition of the period before where periods are single days, else
        nothing; the day's own where it is asked what carries over.
    coin : int (n,)
        Which coin decided `drawn`.
    dose : (n,)
        What is held responsible: the drawn condition, or what was taken.
    """

    y: FloatArray
    before: FloatArray
    dose_before: FloatArray
    dates: FloatArray
    drawn: FloatArray
    beside: FloatArray
    coin: IntArray
    dose: FloatArray

    @property
    def alone(self) -> "Days":
        """The same days with the drawn schedule only."""
        return replace(self, drawn=self.drawn[:1], beside=self.beside[:1])


def lay_days(
    y: FloatArray,
    dose: FloatArray,
    drawn: FloatArray,
    lots: Lots,
    weekday: IntArray,
    *,
    earlier: ArrayLike = (),
    carry_over: bool = False,
) -> Days:
    """Lay out what the test needs of one person's trial: the analysed days on which outcome and dose are known.

    Of every day of the trial (D,) come the outcome `y`, the `dose` (what is held responsible) and the `weekday`;
    `drawn` are schedules (R, D), and `earlier` is the outcome on the days just before the trial. For `carry_over` the
    condition of the period before is asked about, beside the day's own. The outcome of the days before does not stand
    in that model: with what is left of an effect that is not known exactly it told of a carry-over where none was.
    """
    told = np.concatenate([earlier, y])
    taken = np.concatenate([np.zeros(len(told) - len(y)), np.where(np.isfinite(dose), dose, 0.0)])
    taken = np.where(np.isfinite(told), taken, np.nan)
    before, taken = (np.stack(find_older(values, 1), -1)[-len(y) :] for values in (told, taken))
    last = np.searchsorted(lots.period, lots.period) - 1
    previous, coin = np.where(last < 0, 0.5, drawn[:, last]), lots.coin
    beside = previous if lots.period[-1] == len(y) - 1 else 0 * previous
    if carry_over:
        drawn, beside, coin = previous, drawn, np.where(last < 0, -1, lots.coin[last])
        before, taken = before[:, :0], taken[:, :0]
    use = np.isfinite(y) & np.isfinite(dose) & lots.analysed
    laid = lay_dates(weekday)[use]
    return Days(y[use], before[use], taken[use], laid, drawn[:, use], beside[:, use], coin[use], dose[use])


def lay_dates(weekday: IntArray) -> FloatArray:
    """Return constant, trend and weekday of days in a row, (D, p)."""
    trend = spline_basis(len(weekday), max(1, round(len(weekday) / DAYS_PER_TREND_TERM)))
    rhythm = weekday_contrasts()[weekday % 7][:, : 6 * (len(weekday) >= LEAST_DAYS_FOR_WEEKDAY)]
    return np.concatenate([np.ones((len(weekday), 1)), trend, rhythm], axis=1)


def remove_effect(y: FloatArray, dose: FloatArray, effect: float, family: Family) -> FloatArray:
    """Return what the outcome would have been without the trigger, were that its effect (log ratio, difference)."""
    free: FloatArray = y * np.exp(-effect * dose) if family.name == "count" else y - effect * dose
    return free


def score_schedules(days: Days, effect: float, family: Family) -> tuple[FloatArray, FloatArray]:
    """Return what every schedule would find beyond an effect, and its standard error, (R,) each.

    The effect is taken out of every outcome, also those of the days before, so that under the hypothesis nothing here
    depends on the schedule. Outcomes are freed of weekday, trend and the two days before; counts are weighed as in a
    log-linear model. Each schedule has the condition of its day before beside it: what carries over is no effect of the
    day, and in pairs the day before is more often without it where the day is with it. The standard error is that of
    the coins (HC2, summed over each coin's days), since they are what was drawn: with one pair of days for each coin
    t is that of the paired t test. So the test also holds where days react differently, and beside what carries over.
    """
    y = remove_effect(days.y, days.dose, effect, family)
    before = family.transform(remove_effect(days.before, days.dose_before, effect, family))
    known = np.isfinite(before)
    level = np.where(known, before, 0.0).sum(0) / np.maximum(known.sum(0), 1)
    design = np.concatenate([days.dates, np.where(known, before, level)], axis=1)
    weights, relative = family.weigh(y[None], design[None], np.ones((1, len(y))))
    root = np.sqrt(weights[0])
    left, size, _ = np.linalg.svd(design * root[:, None], full_matrices=False)
    basis = left[:, size > 1e-9 * size.max()]
    leverage = (basis**2).sum(1)
    response = root * relative[0]
    response, beside, news = (
        side - (side @ basis) @ basis.T for side in (response[None], days.beside * root, days.drawn * root)
    )
    scale = 1e-9 * np.maximum((root**2).sum(), TINY)
    size = (beside**2).sum(1, keepdims=True)
    unit = np.where(size > scale, beside / np.sqrt(np.maximum(size, TINY)), 0.0)
    response, news = (side - (side * unit).sum(1, keepdims=True) * unit for side in (response, news))
    total = (news**2).sum(1)
    told = total > scale
    total = np.where(told, total, 1.0)
    found = np.where(told, (news * response).sum(1) / total, 0.0)
    leverage = np.clip(leverage + unit**2 + news**2 / total[:, None], 0, MOST_LEVERAGE)
    residual = response - found[:, None] * news
    decided = days.coin[:, None] == np.unique(days.coin)
    error = np.sqrt((((news * residual / np.sqrt(1 - leverage)) @ decided) ** 2).sum(1)) / total
    return found, np.where(told, error, np.inf)


def find_p_value(days: Days, effect: float, family: Family) -> float:
    """Return the two-sided p-value of an effect: the share of schedules whose t is as large as that of the drawn one.

    Exact whatever the outcome's distribution and memory where no day was changed by the lot, since only the lot is
    random (Fisher 1935; Edgington 1967); beside carry-over it holds in large trials, since t is studentised (Wu and
    Ding 2021).
    """
    t = _list_t(days, effect, family)
    return float((t >= t[0] * ROUNDED).mean())


def find_size(days: Days, family: Family) -> float:
    """Return how many of the schedules would find something, had each been drawn in place of the first.

    Where nothing acts, the outcome stays the same whatever is drawn: it is the size, without an error of counting.
    """
    t = _list_t(days, 0.0, family)
    larger = len(t) - np.searchsorted(np.sort(t), t * ROUNDED)
    return float((larger <= ALPHA * len(t)).mean())


def _list_t(days: Days, effect: float, family: Family) -> FloatArray:
    """Return the size of every schedule's t, the drawn one's first."""
    found, error = score_schedules(days, effect, family)
    return np.asarray(np.abs(found) / np.maximum(error, TINY))


def find_effect(days: Days, family: Family) -> tuple[float, float]:
    """Return the effect beyond which the drawn schedule finds nothing, and its standard error (Hodges and Lehmann).

    NaN where there is none: what was taken did not follow the schedule. Infinite where a ratio would have to be
    endless, or 0: nearly all events lie on one side of days that were mostly kept.
    """
    drawn = days.drawn[0] > 0
    kept = float(days.dose[drawn].mean() - days.dose[~drawn].mean())  # 1 where the schedule was kept
    if abs(kept) < LEAST_KEPT:
        return float("nan"), float("nan")
    effect, found, error = 0.0, 0.0, np.inf
    for _ in range(25):
        (found,), (error,) = score_schedules(days.alone, effect, family)
        effect += float(np.clip(found / kept, -2, 2)) if family.name == "count" else float(found / kept)
        if abs(found) < 1e-6 * error:
            break
    if family.name == "count" and abs(effect) > LARGEST_LOG:
        return float(np.copysign(np.inf, effect)) if abs(kept) > MOSTLY_KEPT else float("nan"), float("nan")
    told = abs(found) < max(0.01 * error, 1e-6)
    return (effect, float(error) / abs(kept)) if told else (float("nan"), float("nan"))


def find_interval(
    days: Days, family: Family, *, alpha: float = ALPHA, limit: float | None = None
) -> tuple[float, float]:
    """Return the effects that the test does not reject: going out from the estimate, up to the first that it does.

    With a `limit` an effect is rejected where t is larger than that, whatever other schedules would find. An end is
    infinite where no effect is rejected; NaN where there is no estimate to go out from and no effect is rejected: then
    nothing is known of its size.
    """
    middle, error = find_effect(days, family)
    days = days if limit is None else days.alone

    def exceed(effect: float) -> float:
        """Return by how much t is larger than all but a share alpha of the others', or than the limit."""
        t = _list_t(days, effect, family)
        allowed = int(np.floor(alpha * len(t) + 1e-9))
        return float(t[0] * ROUNDED - (np.partition(t, -allowed - 1)[-allowed - 1] if limit is None else limit))

    def find_end(step: float) -> float:
        endless, side = float(np.copysign(np.inf, step)), float(np.sign(step))
        if not np.isfinite(step) or step == 0:
            return endless
        reach = FARTHEST * abs(step)
        if family.name == "count":
            reach = min(reach, LARGEST_LOG - side * middle)
        inside, outside = 0.0, 2.5 * abs(step)
        while exceed(middle + side * min(outside, reach)) <= 0:
            if outside >= reach:
                return endless
            inside, outside = outside, 3 * outside
        ends = [middle + side * place for place in (inside, min(outside, reach))]
        return float(optimize.brentq(exceed, *ends, xtol=PRECISION * abs(step)))

    if not np.isfinite(middle) and exceed(0.0) > 0:
        return float("nan"), float("nan")
    return find_end(-error), find_end(error)


def find_anytime(days: Days, family: Family, *, alpha: float = ALPHA) -> tuple[float, float]:
    """Return the p-value that holds however often one looks, and the t up to which it rejects no effect.

    They are those of `estimate_anytime`, for the t of no effect. That of the estimate with its own error would not do:
    with few coins and counts in bursts it found an effect that was not there in 7 of 100 half-years.
    """
    (found,), (error,) = score_schedules(days.alone, 0.0, family)
    coins = len(np.unique(days.coin))
    told = estimate_anytime([found, 0.0], [error, 1.0], coins - 1, days=len(days.y), alpha=alpha)
    return float(told["p_anytime"].iloc[0]), float(told["ci_anytime_upper"].iloc[1])
