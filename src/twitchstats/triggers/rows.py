"""From scores to rows: one person's, the group's, each person's drawn towards the group."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd
from scipy import interpolate, stats

from twitchstats.arrays import TINY, FloatArray, IntArray
from twitchstats.inference import (
    ALPHA,
    adjust_p_values,
    cluster_df,
    cluster_error,
    integrate_spread,
    pool_estimates,
    test_heterogeneity,
)
from twitchstats.triggers.blocks import GRID, REFUSALS, ZERO
from twitchstats.triggers.engine import Index, Scores, find_members, weigh_people

POWER = 0.8
SATURATED = 0.2  # of the variance of the days left: beyond, 45 days found .68 to .74 of what was promised
FINER = 4  # points of a fine grid for each of the coarse one
SECANTS = 6
SEPARATED = 0.02  # of the test of no effect that is left at the end of the grid where there is no end
LEAST_GROWN = 0.01  # of the variance of a sum of scores, where nearly no events are left
SLOPE_WIDTH = 0.05  # of the grid's unit, to either side, over which a sum of scores falls
WIDE = 12.0  # standard errors that the grid of a difference reaches per unit of GRID
ENDS = ("ci_lower", "ci_upper", "ci90_lower", "ci90_upper")
PREDICTION = ("prediction_lower", "prediction_upper")
PAIRS = (
    ("ci_lower", "ci_upper"), ("ci90_lower", "ci90_upper"), PREDICTION,
    ("detectable_down", "detectable_up"),
)  # fmt: skip
TOLD = ("estimate", *ENDS, "detectable_up", "detectable_down")
NUMBERS = (
    *TOLD, "p_value", "heterogeneity", "p_heterogeneity", *PREDICTION, "p_anyone",
)  # fmt: skip

# What each value at GRID adds to the coefficients of a cubic spline through all of them.
SPLINES = interpolate.CubicSpline(GRID, np.eye(len(GRID))).c.transpose(2, 1, 0).reshape(len(GRID), -1)
Statistic = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True)
class Curve:
    """A test statistic as a function of the effect, for R rows at once.

    Attributes
    ----------
    statistic : effects (R, K) -> t (R, K), falling
    grid : (R, K)
        Effects between which the statistic is looked for.
    df : (R,)
    left : (R,) or float
        Days left of one person's ratio; infinite where there is no bound to what a test can show.
    """

    statistic: Statistic
    grid: FloatArray
    df: FloatArray
    left: FloatArray | float = np.inf

    @cached_property
    def values(self) -> FloatArray:
        """The statistic on the grid, (R, K)."""
        return self.statistic(self.grid)

    @cached_property
    def middle(self) -> IntArray:
        """The last place of the grid before the statistic changes sign, the change nearest to the middle.

        Where it never does, where it is nearest to that.
        """
        change = (self.values[:, :-1] >= 0) & (self.values[:, 1:] < 0)
        last = self.values.shape[1] - 1
        distance = np.abs(np.arange(last) - last / 2)
        nearest = np.where(change, distance, np.inf).argmin(1)
        return np.where(change.any(1), nearest, np.abs(self.values).argmin(1))

    @cached_property
    def none(self) -> FloatArray:
        """The statistic at no effect, (R,)."""
        return self.statistic(np.zeros((len(self.df), 1)))[:, 0]

    @cached_property
    def estimate(self) -> FloatArray:
        """The effect at which the statistic is none, (R,); where it never is, the one that is nearest to that.

        Infinite where an effect without end would explain the outcome: it comes only with the trigger, or never.
        """
        rows = np.arange(len(self.values))
        none = (self.values > 0).all(1) | (self.values < 0).all(1)
        endless = none & (np.abs(self.values[rows, self.middle]) < SEPARATED * np.abs(self.none))
        nearest = np.where(endless, np.copysign(np.inf, self.none), self.grid[rows, self.middle])
        return np.where(none, nearest, self.cross(np.zeros((len(rows), 1)))[:, 0])

    def cross(self, levels: FloatArray) -> FloatArray:
        """Return the effects at which the statistic falls to levels, both (R, C); infinite where it never does.

        Going away from the estimate, the first crossing counts: an interval is all in one piece.
        """
        rows, last = np.arange(len(self.values))[:, None], self.values.shape[1] - 1
        places, middle = np.arange(last + 1), self.middle[:, None]
        upward = levels > 0
        # no effect belongs to the interval wherever the test does not reject it, also beyond a gap
        held = np.abs(self.none)[:, None] < np.abs(levels)
        low_zero = np.clip((self.grid <= 0).sum(1, keepdims=True) - 1, 0, last)
        high_zero = np.clip(last + 1 - (self.grid >= 0).sum(1, keepdims=True), 0, last)
        left = np.where(held & upward, np.minimum(middle, low_zero), middle)
        right = np.where(held & ~upward, np.maximum(middle, high_zero - 1), middle)
        below = (self.values[:, None] < levels[..., None]) & (places > right[..., None])
        above = (self.values[:, None] >= levels[..., None]) & (places <= left[..., None])
        found = np.where(upward, above.any(-1), below.any(-1))
        start = np.where(upward, last - above[..., ::-1].argmax(-1), below.argmax(-1) - 1)
        start = np.clip(start, 0, last - 1)
        low, high = self.grid[rows, start], self.grid[rows, start + 1]
        over, under = self.values[rows, start] - levels, self.values[rows, start + 1] - levels
        for _ in range(SECANTS):
            apart = over - under
            share = np.clip(over / np.where(apart > 0, apart, 1.0), 0.0, 1.0)
            at = low + share * (high - low)
            value = self.statistic(at) - levels
            beyond = value >= 0  # the Illinois rule: an end that stays counts half
            low, high = np.where(beyond, at, low), np.where(beyond, high, at)
            over, under = np.where(beyond, value, over / 2), np.where(beyond, under / 2, value)
        effect = np.where(np.abs(over) < np.abs(under), low, high)
        never = np.where(upward, -np.inf, np.inf)
        return np.where(np.isfinite(self.values[:, :1]), np.where(found, effect, never), np.nan)


def describe_curve(curve: Curve, *, alpha: float, error: float = 1.0) -> dict[str, FloatArray]:
    """Return estimate, intervals and p-value of each row, from one curve: of tests, or of scores with this error."""
    wide, narrow = (error * stats.t.ppf(share, curve.df) for share in (1 - alpha / 2, 0.95))
    ends = curve.cross(np.stack([wide, -wide, narrow, -narrow], axis=1))
    p_value = 2 * stats.t.sf(np.abs(curve.none) / error, curve.df)
    return dict(zip(ENDS, ends.T, strict=True)) | {"estimate": curve.estimate, "p_value": p_value}


def detect_effects(power: Curve, level: float) -> dict[str, FloatArray]:
    """Return ``detectable_up`` and ``detectable_down``, what a test at the level would find with 80 % power.

    `power` is what the test of no effect would be, with the sign turned, if there were an effect: the diary as it is,
    its effect taken out and another one planted. Nothing is promised of one person's ratio that would have to explain
    more than SATURATED of what its days vary by: so large an effect is no straight line, and the test grows no more.
    """
    needed = need_errors(power.df, level)
    found = power.cross(np.stack([-needed, needed], axis=1))
    told = np.isfinite(found) & (needed**2 * (1 / SATURATED - 1) <= power.left)[:, None]
    up, down = np.where(told, found, np.nan).T
    return {"detectable_up": up, "detectable_down": down}


def need_errors(df: FloatArray, level: float) -> FloatArray:
    """Return how many standard errors an effect needs to be found at a level with 80 % power.

    A standard error on few degrees of freedom may be too small by chance: the power is a mean over that (to 2 % the
    numerical solution for 3 degrees of freedom and more, levels from .05 to .001).

    >>> need_errors(np.array([4.0, 40.0, 1e6]), 0.05).round(2)
    array([4.74, 2.94, 2.8 ])
    """
    known, plain = (one.ppf(1 - level / 2) + one.ppf(POWER) for one in (stats.t(df), stats.norm))
    needed: FloatArray = known * (1 + 0.35 * plain / (np.maximum(df, 1.5) - 0.45))
    return needed


class Evaluator:
    """Scores and standard errors at any effect per unit of the trigger; splines are laid when they are needed."""

    def __init__(self, scores: Scores) -> None:
        self.is_ratio = scores.is_ratio
        self.scale = np.where(scores.scale > 0, scores.scale, 1.0)
        self.size, self.zero = scores.size, scores.curve[..., ZERO]
        self.error = scores.spread[..., ZERO]
        self.scores = scores

    @cached_property
    def curve(self) -> FloatArray:
        """The score."""
        return _lay_splines(self.scores.curve)

    @cached_property
    def spread(self) -> FloatArray:
        """Its standard error, as the logarithm."""
        return _lay_splines(np.log(np.maximum(self.scores.spread, 1e-150)))

    @cached_property
    def found(self) -> FloatArray:
        """What is found of an effect, per effect, as the logarithm."""
        slope = self.scores.shift / np.where(GRID == 0, 1.0, GRID)
        slope[..., ZERO] = (slope[..., ZERO - 1] + slope[..., ZERO + 1]) / 2
        return _lay_splines(np.log(np.maximum(slope, TINY**0.5)))

    @cached_property
    def planted(self) -> FloatArray:
        """The error if there were an effect, as the logarithm."""
        return _lay_splines(np.log(np.maximum(self.scores.planted, TINY**0.5)))

    def __call__(self, effect: FloatArray, *, error: bool = False) -> FloatArray:
        """Return score, or its standard error, per SD of the trigger at effects (..., K) per unit of it."""
        at = effect * self.scale[..., None]
        if not self.is_ratio:
            return self.error[..., None] + 0 * at if error else self.zero[..., None] - at * self.size[..., None]
        at = np.clip(at, GRID[0], GRID[-1])
        values = _evaluate(self.spread if error else self.curve, at)
        return np.exp(values) if error else values

    def power(self, effect: FloatArray) -> FloatArray:
        """Return what each person's test of no effect would be if there were that effect, with the sign turned."""
        error = self.plant(effect)
        return np.where(error > 0, self.find(effect) / np.where(error > 0, error, 1.0), np.nan)

    def find(self, effect: FloatArray) -> FloatArray:
        """Return the score at no effect to be expected if there were that effect, with the sign turned."""
        at = np.clip(effect * self.scale[..., None], GRID[0], GRID[-1])
        return -at * np.exp(_evaluate(self.found, at))

    def plant(self, effect: FloatArray) -> FloatArray:
        """Return the standard error of the score at no effect if there were that effect."""
        return np.exp(_evaluate(self.planted, np.clip(effect * self.scale[..., None], GRID[0], GRID[-1])))

    def statistic(self, effect: FloatArray) -> FloatArray:
        """Return each person's own test statistic."""
        error = self(effect, error=True)
        return np.where(error > 1e-140, self(effect) / np.maximum(error, 1e-140), np.nan)


def _lay_splines(values: FloatArray) -> FloatArray:
    """Return the cubic splines through values (R, G) at GRID: coefficients (R, G - 1, 4), the highest power first."""
    laid: FloatArray = values @ SPLINES
    return laid.reshape(len(values), len(GRID) - 1, 4)


def _evaluate(coefficients: FloatArray, at: FloatArray) -> FloatArray:
    """Return cubic splines at (R, K)."""
    place = np.clip(np.searchsorted(GRID, at, side="right") - 1, 0, len(GRID) - 2)
    offset, here = at - GRID[place], coefficients[np.arange(len(at))[:, None], place]
    found: FloatArray = ((here[..., 0] * offset + here[..., 1]) * offset + here[..., 2]) * offset + here[..., 3]
    return found


def _fine_grid() -> FloatArray:
    places = np.linspace(0, len(GRID) - 1, (len(GRID) - 1) * FINER + 1)
    grid: FloatArray = np.interp(places, np.arange(len(GRID)), GRID)
    return grid


def list_people(
    scores: Scores, steps: FloatArray, *, alpha: float = ALPHA, detect: float | None = None
) -> pd.DataFrame:
    """Return one row for each person, trigger and lag, in that order, on the scale of the model per step.

    `detect` is the level at which an effect has to be found to be called detectable; by default what is left of `alpha`
    when all rows are adjusted.
    """
    shown = scores.refusal == 0
    found = {name: np.full(shown.shape, np.nan) for name in NUMBERS}
    step = np.broadcast_to(steps[None, :, None], shown.shape)[shown]
    curve = trace_own(scores.select(shown))
    told = describe_curve(curve, alpha=alpha)
    level = choose_level(told["p_value"], alpha) if detect is None else detect
    for name, value in (told | detect_effects(_foresee(scores, shown, curve.grid, curve.df), level)).items():
        found[name][shown] = value * step if name in TOLD else value
    frame = pd.DataFrame({name: value.ravel() for name, value in found.items()})
    frame["n_people"], frame["n_days"] = shown.ravel().astype(int), scores.n.ravel().astype(int)
    frame["reason"] = np.array(REFUSALS)[scores.refusal].ravel()
    return _refuse_endless(frame)


def _refuse_endless(frame: pd.DataFrame) -> pd.DataFrame:
    """Refuse rows whose estimate runs off: the outcome comes only with the trigger, or never with it."""
    endless = np.isinf(frame["estimate"].to_numpy(float))
    if not endless.any():
        return frame
    frame.loc[endless, list(NUMBERS)] = np.nan
    frame.loc[endless, "reason"] = "separation"
    frame.loc[endless, "n_people"] = 0
    return frame


def trace_own(scores: Scores) -> Curve:
    """Return the curves of scores (R,), each a person's own test, per unit of the trigger."""
    evaluator = Evaluator(scores)
    unit = 1 / evaluator.scale if scores.is_ratio else WIDE * evaluator.error / (scores.size * evaluator.scale)
    centre = 0 * unit if scores.is_ratio else scores.curve[:, ZERO] / scores.size / evaluator.scale
    grid = centre[:, None] + unit[:, None] * _fine_grid()
    return Curve(evaluator.statistic, grid, np.maximum(scores.trust, 1.0))


def _foresee(
    scores: Scores, where: Index, grid: FloatArray, df: FloatArray, weight: FloatArray | None = None, error: float = 1.0
) -> Curve:
    """Return what tests of no effect would be, with the sign turned, if there were an effect.

    Each person's own, (R,); or that of people whose scores are added up by weight, their errors `error` times as large.
    """
    evaluator = Evaluator(scores.select(where))

    def power(effect: FloatArray) -> FloatArray:
        if weight is None:
            return evaluator.power(effect)
        effect = np.broadcast_to(effect, (len(weight), effect.shape[-1]))
        each = evaluator.plant(effect) * weight[:, None]
        return ((evaluator.find(effect) * weight[:, None]).sum(0) / (np.sqrt((each**2).sum(0)) * error))[None]

    left = scores.df[where] if scores.is_ratio and weight is None else np.inf
    return Curve(power, grid - grid.mean(1, keepdims=True), df, left)


def pool_people(scores: Scores, steps: FloatArray, *, alpha: float = ALPHA) -> pd.DataFrame:
    """Return one row for each trigger and lag: the mean effect over people; one person alone speaks for themself.

    The mean effect is where the people's weighted scores add up to nothing. The variance of their sum is that of the
    scores there, between people, each divided by what its share of the sum leaves (CR2), with the degrees of freedom
    of Bell and McCaffrey (2002) for people of unequal weight. So a person without
    events, or whose trigger never changes, adds nothing and biases nothing.
    """
    members = find_members(scores.information, scores.scale, scores.spread[..., ZERO], scores.df, scores.refusal)
    rows: list[dict[str, Any]] = []
    foreseen: list[Callable[[], Curve] | None] = []  # laid one after the other: a cohort's would fill the memory
    for trigger, lag in np.ndindex(members.shape[1:]):
        among = members[:, trigger, lag]
        own = np.flatnonzero(scores.refusal[:, trigger, lag] == 0)
        told: dict[str, Any]
        foresee: Callable[[], Curve] | None
        if among.sum() >= 2:
            told, foresee = _pool_pair(scores, (among, trigger, lag), alpha)
        elif len(own) == 1:
            told, foresee = _tell_alone(scores, (own, trigger, lag), alpha)
        else:
            told, foresee = {"reason": _most_common(scores.refusal[:, trigger, lag])}, None
        rows.append({"reason": "", "n_people": 0, "n_days": 0} | told)
        foreseen.append(foresee)
    level = choose_level(np.array([row["p_value"] for row in rows if "p_value" in row]), alpha)
    for row, foresee, step in zip(rows, foreseen, np.repeat(steps, members.shape[2]), strict=True):
        if foresee is not None:
            row |= {name: float(value[0]) for name, value in detect_effects(foresee(), level).items()}
        row |= {name: row[name] * step for name in (*TOLD, "heterogeneity", *PREDICTION) if name in row}
    frame = pd.DataFrame(rows, columns=[*NUMBERS, "n_people", "n_days", "reason"])
    return _refuse_endless(frame.astype(dict.fromkeys(NUMBERS, float)))


def choose_level(p_values: FloatArray, alpha: float) -> float:
    """Return the level that Benjamini and Hochberg leave for one more finding among these tests.

    >>> choose_level(np.array([0.001, 0.4, 0.6, 0.9]), 0.05)
    0.025
    """
    tests = np.isfinite(p_values).sum()
    found = (adjust_p_values(p_values) < alpha).sum()
    return float(alpha * min(found + 1, tests) / tests) if tests else alpha


def _most_common(refusal: IntArray) -> str:
    """Return the commonest reason; the first in the list where several are."""
    counts = np.bincount(refusal, minlength=len(REFUSALS))
    counts[0] = 0
    return REFUSALS[int(counts.argmax())] if counts.any() else "too few days"


def _tell_alone(scores: Scores, where: Index, alpha: float) -> tuple[dict[str, Any], Callable[[], Curve]]:
    """Return what one person's scores tell, as `_pool_pair`."""
    part = scores.select(where)
    curve = trace_own(part)
    told = {name: float(value[0]) for name, value in describe_curve(curve, alpha=alpha).items()}
    foresee = partial(_foresee, scores, where, curve.grid, curve.df)
    return told | {"n_people": 1, "n_days": int(part.n.sum())}, foresee


def _pool_pair(whole: Scores, where: Index, alpha: float) -> tuple[dict[str, Any], Callable[[], Curve]]:
    """Return what some people's scores, added up, tell of an effect and of how far the people differ.

    And what lays the curve of what they would tell of another effect.
    """
    scores = whole.select(where)
    people = len(scores.n)
    evaluator = Evaluator(scores)
    scale = evaluator.scale
    information = scores.information * scale**2
    personal = describe_people(scores)
    usable = personal["usable"]
    differ: dict[str, object] = {}
    tau = spread = 0.0
    if usable.sum() > 1:
        known = {name: value[usable] for name, value in personal.items()}
        tau = pool_estimates(known["estimate"], known["se"])["heterogeneity"]
        differ = {"p_heterogeneity": test_heterogeneity(known["estimate"], known["se"] * known["doubt"])}
        if usable.sum() > 2:
            spread = integrate_spread(known["estimate"], known["se"], known["se"])[2]
        differ |= {"p_anyone": float(stats.chi2.sf((known["z"] ** 2).sum(), usable.sum()))}
    weight = weigh_people(scores.information, scale, scores.spread[:, ZERO], np.array(tau**2), is_ratio=scores.is_ratio)

    def add(effect: FloatArray) -> FloatArray:
        return evaluator(np.broadcast_to(effect, (people, effect.shape[-1]))) * weight[:, None]

    slopes = weight * information / scale
    share = slopes / slopes.sum()
    error_now = np.sqrt((weight**2 * scores.planted[:, ZERO] ** 2).sum())
    centre, unit = 0.0, 1 / np.median(scale)
    if not scores.is_ratio:
        none = add(np.zeros((1, 1)))[:, 0]
        centre = none.sum() / slopes.sum()
        width = cluster_error(none - share * none.sum(), share) / slopes.sum()
        unit = max(width, 1e-9 * abs(centre), TINY) * WIDE
    grid = centre + unit * _fine_grid()[None]

    def total(effect: FloatArray) -> FloatArray:
        return add(effect).sum(0)[None]

    curve = Curve(total, grid, np.array([cluster_df(share)]))
    there = np.nan_to_num(curve.estimate, posinf=0.0, neginf=0.0)[:, None]
    error = cluster_error(add(there)[:, 0] + weight * scores.echo, share)

    def fall(effect: FloatArray) -> FloatArray:
        return total(effect - SLOPE_WIDTH * unit) - total(effect + SLOPE_WIDTH * unit)

    slope = np.maximum(fall(there), TINY)

    def test(effect: FloatArray) -> FloatArray:
        """Return the sum, its error grown as its slope towards no effect, and shrunken as that beyond the estimate."""
        grown = fall(effect) / slope
        towards = (effect - there) * there <= 0
        return total(effect) / np.sqrt(np.where(towards, np.maximum(grown, 1.0), np.clip(grown, LEAST_GROWN, 1.0)))

    tested = Curve(test, grid, curve.df) if scores.is_ratio else curve
    told = describe_curve(tested, alpha=alpha, error=error) | {"estimate": curve.estimate}
    row: dict[str, Any] = {name: float(value[0]) for name, value in told.items()}
    # where the effect of one more person would lie (Higgins, Thompson and Spiegelhalter 2009); few people may look
    # alike by chance
    if people > 2 and np.isfinite(row["estimate"]):
        half = (row["ci_upper"] - row["ci_lower"]) / 2 / stats.t.ppf(1 - alpha / 2, curve.df[0])
        wide = stats.t.ppf(0.975, people - 2) * np.hypot(max(tau, spread), half)
        row |= dict(zip(PREDICTION, (row["estimate"] - wide, row["estimate"] + wide), strict=True))
    row |= differ | {"heterogeneity": tau, "n_people": people, "n_days": int(scores.n.sum())}
    return row, partial(_foresee, whole, where, grid, curve.df, weight, error / error_now)


def describe_people(scores: Scores) -> dict[str, FloatArray]:
    """Return each person's estimate and its SD per unit of the trigger, and the test as z: arrays (P,).

    ``usual`` is the SD that people with as much information have, ``doubt`` what an SD is multiplied by where it serves
    as if it were known; ``usable`` tells where the person's own test is.
    """
    usable = scores.refusal == 0
    found = {name: np.full(len(usable), np.nan) for name in ("estimate", "se", "usual", "z", "doubt")}
    own = scores.select(usable)
    evaluator = Evaluator(own)
    curve = trace_own(own)
    estimate = curve.estimate
    at, width = np.where(np.isfinite(estimate), estimate, 0.0)[:, None], 0.01 / evaluator.scale[:, None]
    slope = ((evaluator(at - width) - evaluator(at + width)) / (2 * width))[:, 0]
    told = np.isfinite(estimate) & (slope > 0)
    found["estimate"][usable] = np.where(told, estimate, np.nan)
    # the variance of t, not of z, and HC3's: days are more alike than is seen in a week, and people's errors add up
    fitted = np.sqrt(own.n / np.maximum(own.df, 1.0))
    wider = fitted * np.sqrt(own.trust / np.maximum(own.trust - 2, 1.0))
    se = found["se"][usable] = np.where(told, evaluator(at, error=True)[:, 0] / np.where(told, slope, 1.0), np.nan)
    if scores.is_ratio and told.any():
        precision = np.sqrt(own.information) * evaluator.scale
        se = np.exp(np.mean(np.log((se * precision)[told]))) / precision
    found["usual"][usable] = np.where(told, se, np.nan)
    found["doubt"][usable] = wider
    found["z"][usable] = stats.norm.isf(stats.t.sf(np.abs(curve.none) / fitted, curve.df)) * np.sign(curve.none)
    return found | {"usable": np.isfinite(found["se"]) & np.isfinite(found["z"])}


def shrink_people(scores: Scores, steps: FloatArray, *, alpha: float = ALPHA) -> pd.DataFrame:
    """Return rows as `list_people`, each person's estimate drawn towards the group's mean.

    Empirical Bayes with the spread between people integrated out (a flat prior on its SD, Gelman 2006), so that the
    intervals count that it is not known. Errors are drawn half way to what is usual for as much information, the spread
    is found by these usual ones. In groups of 20 and more the intervals hold .91 to .97 of the truths, the fewer where
    outcomes come in humps or the spread is small beside the errors. Rows of people whose own test is refused keep
    their reason.
    """
    frame = list_people(scores, steps, alpha=alpha)
    shape = scores.n.shape
    drawn = {name: np.full(shape, np.nan) for name in (*TOLD, "p_value", "heterogeneity")}
    reasons = frame["reason"].to_numpy().reshape(shape).copy()
    for trigger in range(shape[1]):
        for lag in range(shape[2]):
            personal = describe_people(scores.select(np.s_[:, trigger, lag]))
            usable = personal.pop("usable").astype(bool)
            reasons[~usable & (reasons[:, trigger, lag] == ""), trigger, lag] = "separation"
            if usable.sum() < 3:
                reasons[usable, trigger, lag] = "too few people"
                continue
            known = {name: value[usable] for name, value in personal.items()}
            own = np.sqrt(known["se"] * known["usual"]) * known["doubt"]
            mean, se, tau = integrate_spread(known["estimate"], own, known["usual"])
            for name, quantile in zip(ENDS, (alpha / 2, 1 - alpha / 2, 0.05, 0.95), strict=True):
                drawn[name][usable, trigger, lag] = mean + stats.norm.ppf(quantile) * se
            drawn["estimate"][usable, trigger, lag] = mean
            drawn["p_value"][usable, trigger, lag] = 2 * stats.norm.sf(np.abs(mean / se))
            drawn["heterogeneity"][usable, trigger, lag] = tau
    scale = np.broadcast_to(steps[None, :, None], shape)
    for name, value in drawn.items():
        frame[name] = (value if name == "p_value" else value * scale).ravel()
    frame["reason"] = reasons.ravel()
    frame["n_people"] = np.isfinite(frame["estimate"]).astype(int)
    return frame


ROWS = {"pooled": pool_people, "person": list_people, "shrunken": shrink_people}


def label_rows(
    table: pd.DataFrame, people: Sequence[str], triggers: Sequence[str], lags: Sequence[int]
) -> pd.DataFrame:
    """Return rows with their ``person, trigger, lag``, which they are in the order of."""
    labels = pd.MultiIndex.from_product([people, triggers, lags], names=["person", "trigger", "lag"])
    return pd.concat([labels.to_frame(index=False), table.reset_index(drop=True)], axis=1)


def put_on_scale(frame: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return rows with their ``measure``, ratios on the ratio scale."""
    frame = frame.assign(measure=measure).astype(dict.fromkeys(NUMBERS, float))
    for low, high in PAIRS:  # a negative step turns them round
        turned = frame[low].to_numpy() > frame[high].to_numpy()
        frame.loc[turned, [low, high]] = frame.loc[turned, [high, low]].to_numpy()
    if measure != "difference":
        told = [*TOLD, *PREDICTION]
        with np.errstate(over="ignore"):  # an interval without end
            frame[told] = np.exp(frame[told])
    return frame.assign(n_days=frame["n_days"].fillna(0).astype(int), n_people=frame["n_people"].astype(int))
