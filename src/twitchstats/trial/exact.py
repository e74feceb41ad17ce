"""The test of a schedule that was drawn by lot: how unusual its effect is among all it could have been."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from twitchstats.triggers.engine import MOST_LEVERAGE, TINY
from twitchstats.triggers.families import Family

FloatArray = NDArray[np.float64]

FARTHEST = 500.0  # standard errors from the estimate beyond which an interval has no end
LARGEST_LOG = 20.0
LEAST_KEPT = 0.05  # of the planned difference in dose, below which what was taken says nothing
PRECISION = 1e-3  # of a standard error, in which an end is told


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
        Conditions that could have been drawn, 0 and 1, the one that was drawn first.
    dose : (n,)
        What is held responsible: the drawn condition, or what was taken.
    whole : bool
        Whether `drawn` are all schedules there are, each once beside the first.
    """

    y: FloatArray
    before: FloatArray
    dose_before: FloatArray
    dates: FloatArray
    drawn: FloatArray
    dose: FloatArray
    whole: bool


def remove_effect(y: FloatArray, dose: FloatArray, effect: float, family: Family) -> FloatArray:
    """Return what the outcome would have been without the trigger, were that its effect (log ratio, difference)."""
    free: FloatArray = y * np.exp(-effect * dose) if family.name == "count" else y - effect * dose
    return free


def score_schedules(days: Days, effect: float, family: Family) -> tuple[FloatArray, FloatArray]:
    """Return what every schedule would find beyond an effect, and its standard error, (R,) each.

    The effect is taken out of every outcome, also those of the days before, so that under the hypothesis nothing here
    depends on the schedule. Outcomes are freed of weekday, trend and the two days before; counts are weighed as in a
    log-linear model. The standard error is robust (HC2), so that the test also holds for the mean effect where days
    react differently.
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
    response = root * relative[0]
    response = response - basis @ (basis.T @ response)
    news = days.drawn * root
    news = news - (news @ basis) @ basis.T
    total = (news**2).sum(1)
    told = total > 1e-9 * np.maximum((root**2).sum(), TINY)
    total = np.where(told, total, 1.0)
    found = np.where(told, news @ response / total, 0.0)
    leverage = np.clip((basis**2).sum(1) + news**2 / total[:, None], 0, MOST_LEVERAGE)
    residual = response - found[:, None] * news
    error = np.sqrt((news**2 * residual**2 / (1 - leverage)).sum(1)) / total
    return found, np.where(told, error, np.inf)


def test_effect(days: Days, effect: float, family: Family) -> float:
    """Return the two-sided p-value of an effect: the share of schedules whose t is as large as that of the drawn one.

    Exact whatever the outcome's distribution and memory, since only the lot is random (Fisher 1935; Edgington 1967;
    studentised: Wu and Ding 2021).
    """
    own, others = _compare_schedules(days, effect, family)
    return float((others >= own).mean())


def _compare_schedules(days: Days, effect: float, family: Family) -> tuple[float, FloatArray]:
    """Return the size of the drawn schedule's t, less what rounding may do, and those it is compared with."""
    found, error = score_schedules(days, effect, family)
    t = np.abs(found) / np.maximum(error, TINY)
    return float(t[0] * (1 - 1e-9)), t[1:] if days.whole else t


test_effect.__test__ = False  # type: ignore[attr-defined]  # its name says what it does; it is no pytest test


def find_effect(days: Days, family: Family) -> tuple[float, float]:
    """Return the effect beyond which the drawn schedule finds nothing, and its standard error (Hodges and Lehmann).

    NaN where there is none: what was taken did not follow the schedule, or a ratio would have to be endless.
    """
    alone = Days(days.y, days.before, days.dose_before, days.dates, days.drawn[:1], days.dose, days.whole)
    kept = _share_taken(days)
    if abs(kept) < LEAST_KEPT:
        return float("nan"), float("nan")
    effect, found, error = 0.0, 0.0, np.inf
    for _ in range(25):
        (found,), (error,) = score_schedules(alone, effect, family)
        effect += float(np.clip(found / kept, -2, 2)) if family.name == "count" else float(found / kept)
        if abs(found) < 1e-6 * error:
            break
    told = abs(found) < max(0.01 * error, 1e-6) and not (family.name == "count" and abs(effect) > LARGEST_LOG)
    return (effect, float(error) / abs(kept)) if told else (float("nan"), float("nan"))


def _share_taken(days: Days) -> float:
    """Return by how much the dose is larger on days with the drawn condition: 1 where the schedule was kept."""
    drawn = days.drawn[0] > 0
    return float(days.dose[drawn].mean() - days.dose[~drawn].mean())


def find_interval(days: Days, family: Family, *, alpha: float = 0.05) -> tuple[float, float]:
    """Return the effects that the test does not reject: going out from the estimate, up to the first that it does.

    An end is infinite where no effect is rejected.
    """
    middle, error = find_effect(days, family)
    return _find_end(days, family, middle, -error, alpha), _find_end(days, family, middle, error, alpha)


def _find_end(days: Days, family: Family, middle: float, step: float, alpha: float) -> float:
    """Return where the drawn schedule's t becomes larger than all but a share alpha of the others."""
    endless = float(np.copysign(np.inf, step))

    def exceed(effect: float) -> float:
        own, others = _compare_schedules(days, effect, family)
        allowed = int(np.floor(alpha * len(others) + 1e-9))
        return own - float(np.partition(others, -allowed - 1)[-allowed - 1])

    if not np.isfinite(step) or step == 0:
        return endless
    inside, outside = middle, middle + 2.5 * step
    while exceed(outside) <= 0:
        inside, outside = outside, outside + 2 * (outside - middle)
        if abs(outside - middle) > FARTHEST * abs(step) or (family.name == "count" and abs(outside) > LARGEST_LOG):
            return endless
    return float(optimize.brentq(exceed, inside, outside, xtol=PRECISION * abs(step)))
