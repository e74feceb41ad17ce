"""How an effect goes with the dose: a curve of few terms, against a straight line and against none."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from twitchstats.arrays import TINY, FloatArray, read_numbers
from twitchstats.errors import OptionError, check_number
from twitchstats.journal.record import Journal
from twitchstats.panel import shift_days
from twitchstats.reasons import BEYOND
from twitchstats.triggers.engine import Options, find_older, score_columns
from twitchstats.triggers.families import choose_family
from twitchstats.triggers.request import Request, check_by, check_lag, prepare_request, refuse_tautology
from twitchstats.triggers.rows import ROWS, label_rows, put_on_scale

KNOTS = (0.1, 0.5, 0.9)  # quantiles of what was taken (Harrell 2015, three knots)
LEAST_VALUES = 4  # different doses from which a bend can be seen
FEW = 2  # days of a person far from all others, which would bend the curve by themselves
POINTS = 9
KINKS = 16  # more change nothing
CURVE_COLUMNS = [
    "person", "trigger", "outcome", "lag", "dose", "reference", "unit", "n_people", "n_days", "estimate", "ci_lower",
    "ci_upper", "p_straight", "p_bend", "p_any", "measure", "reason",
]  # fmt: skip


def estimate_dose_curve(
    journal: Journal,
    trigger: str,
    *,
    outcome: str | None = None,
    lag: int = 0,
    doses: Sequence[float] | None = None,
    reference: float | None = None,
    by: str = "pooled",
) -> pd.DataFrame:
    """Estimate the effect of each dose of a trigger against a reference dose.

    Parameters
    ----------
    journal : Journal
    trigger, outcome, lag, by
        As in `estimate_effects`, for one trigger and one lag.
    doses : sequence of float, optional
        In the trigger's unit; by default 9 between the 5 % and the 95 % quantile of what was taken.
    reference : float, optional
        The dose the others are compared with; by default the median.

    Returns
    -------
    DataFrame
        One row for each person (or "pooled") and dose: `CURVE_COLUMNS`. ``estimate, ci_lower, ci_upper``: the rate or
        odds ratio, or difference, of that dose against the reference, from a natural cubic spline with three knots (a
        straight and a bent term). ``p_straight``: that of the straight line nearest to the curve; ``p_bend``: whether a
        straight line is refuted (U shapes, limits, saturation); ``p_any``: whether there is any effect, twice the
        smaller of both. A dose more than a step beyond what was taken (of a person, where these are told) has its
        ``reason``.

    Raises
    ------
    UnknownNameError
        The outcome or the trigger is not in the journal.
    OptionError
        An option has a value that is not allowed; fewer than four different doses; the pair makes no sense.

    Notes
    -----
    Every point of the curve is a coefficient of its own: the two terms are turned so that the first is the contrast of
    that dose with the reference, the second stands beside it. So points and tests come from the engine of
    `estimate_effects`, with its robust variance, the outcome and the trigger of two older days, weekday and trend.
    One or two days of a person whose dose lies far from all others are left out (`leave_far_doses`): a slip of the pen
    made a straight effect look bent in a quarter of diaries.
    A curve of two terms rounds corners and U shapes off. Intervals are wider by what it can't follow, to be expected of
    a line with as much of a bend (`round_off`): one person's hold .94 to .99 of smooth curves, .80 to .97 of a
    threshold and of a V, the fewest next to the corner. Groups of 20 hold .92 to 1 of nearly all of these (.76 to .85
    on the way to a V's tip, .7 to .8 at the first doses of an effect that is nearly all there at a third of the range).
    A step, or a first small dose that does it all, is not held (.3 to .8): ask `compare_dose_shapes`.

    Examples
    --------
    >>> import twitchstats as tw
    >>> journal, _ = tw.simulate_journal(people=3, days=60, world="articles", seed=1)
    >>> curve = tw.estimate_dose_curve(journal, "caffeine", doses=[0, 100, 200])
    >>> curve[["trigger", "dose", "unit", "n_people", "measure"]]
        trigger   dose unit  n_people     measure
    0  caffeine    0.0   mg         3  rate ratio
    1  caffeine  100.0   mg         3  rate ratio
    2  caffeine  200.0   mg         3  rate ratio
    """
    check_by(by, ("pooled", "person"))
    check_lag(lag)
    request = prepare_request(journal, outcome, [trigger], lag)
    name, panel = request.triggers[0], request.panel
    refused = refuse_tautology(request, name)
    if refused:
        raise OptionError(f"No curve of {name!r} against {request.outcome!r}: {refused}.")
    if not panel.ordered and lag:
        raise OptionError(f"lag={lag} is not possible: the journal has no order in time. Choose lag=0.")
    x = shift_days(leave_far_doses(panel.get(name)), lag)
    known = x[np.isfinite(x)]
    if len(np.unique(known)) < LEAST_VALUES:
        raise OptionError(
            f"{name!r} has fewer than {LEAST_VALUES} different values: ask estimate_effects for its effect."
        )
    middle = float(np.median(known)) if reference is None else check_number("reference", reference)
    low, high = np.quantile(known, [0.05, 0.95])
    points = np.linspace(low, high, POINTS) if doses is None else read_numbers("doses", doses)
    if points.ndim != 1 or not len(points) or not np.isfinite(points).all():
        raise OptionError(f"doses={doses!r:.60} is not possible. Give a list of numbers in the unit of {name!r}.")
    return _tell_curve(request, x, points[points != middle], middle, lag, by)


def _tell_curve(request: Request, x: FloatArray, points: FloatArray, middle: float, lag: int, by: str) -> pd.DataFrame:
    """Return the rows of `estimate_dose_curve` at points, from doses (P, n) of the outcome's days."""
    name, panel, known = request.triggers[0], request.panel, x[np.isfinite(x)]
    knots = choose_knots(known)
    contrasts = bend_doses(points, knots) - bend_doses(np.array([middle]), knots)
    bent = bend_doses(x, knots)
    slope = float(_find_share(bent[..., 1], bent[..., 0]))  # of the bend, as a line sees it
    tell = partial(tell_contrasts, request, bent, newest=max(lag, 1), older=bent[..., 0], by=by)
    line, bow = tell(np.array([[1.0, slope]]), in_mean=False), tell(np.array([[0.0, 1.0]]))
    table = tell(contrasts) if len(points) else bow[:0]
    rounded = np.outer(np.nan_to_num(bow["estimate"]), round_off(points, middle, known, knots)).ravel()
    for end in ("ci_lower", "ci_upper"):
        away = table[end] - table["estimate"]
        table[end] = table["estimate"] + np.sign(away) * np.hypot(away, stats.norm.ppf(0.975) * rounded)
    people = ["pooled"] if by == "pooled" else list(panel.people)
    frame = label_rows(table, people, [f"{place:06d}" for place in range(len(points))], [lag])
    shown = put_on_scale(frame, choose_family(request.kind).measure)
    for test, told in (("p_straight", line), ("p_bend", bow)):
        shown[test] = told["p_value"].to_numpy().repeat(len(points))
    shown["p_any"] = np.minimum(1.0, 2 * shown[["p_straight", "p_bend"]].min(axis=1))
    shown["dose"], shown["reference"] = points[shown["trigger"].astype(int)], middle
    shown["trigger"], shown["outcome"] = name, request.outcome
    shown["unit"], step = request.variables.loc[name, ["unit", "step"]]
    shown = _refuse_beyond(shown, x if by == "person" else x.reshape(1, -1), abs(float(step)))
    return shown.reindex(columns=CURVE_COLUMNS).reset_index(drop=True)


def _refuse_beyond(curve: pd.DataFrame, taken: FloatArray, step: float) -> pd.DataFrame:
    """Refuse doses, or references, more than a step outside of what each person, or the group, took, (P, n)."""
    low, high = np.nanmin(taken, axis=1, initial=np.inf) - step, np.nanmax(taken, axis=1, initial=-np.inf) + step
    doses, each = curve[["dose", "reference"]], len(curve) // len(taken)
    beyond = doses.lt(low.repeat(each), axis=0).any(axis=1) | doses.gt(high.repeat(each), axis=0).any(axis=1)
    beyond &= curve["reason"].eq("")
    curve.loc[beyond, ["estimate", "ci_lower", "ci_upper"]] = np.nan
    curve.loc[beyond, "n_people"], curve.loc[beyond, "reason"] = 0, BEYOND
    return curve


def tell_contrasts(
    request: Request,
    terms: FloatArray,
    contrasts: FloatArray,
    *,
    newest: int,
    older: FloatArray,
    by: str,
    in_mean: bool = True,
    level: FloatArray | None = None,
) -> pd.DataFrame:
    """Return the rows of each contrast (T, 2) of two terms (P, n, 2), all of a person before those of the next.

    The terms are turned, so that the contrast is the first column's coefficient. Of `older` (P, n), the trigger as it
    was taken, the two days before stand beside them. The model of the mean holds a `level` (P, n), and may hold the
    second column (`in_mean`): beside the mean, what a straight line does to a ratio looks bent. Then the first column
    is what the second leaves of it: else an effect tried would bend the mean too, which no second term follows, and
    intervals below the reference would have no end.
    """
    panel, family = request.panel, choose_family(request.kind)
    y, told = panel.get_outcome(request.outcome), family.transform(panel.get(request.outcome))
    options = Options(pooled=by == "pooled" and len(panel.people) > 1)
    before = np.array(find_older(older, 1) if panel.ordered else []).reshape(-1, *older.shape)
    adjust, newest = (find_older(told, newest), newest) if panel.ordered else ([], 0)
    found = []
    for contrast in contrasts:
        size = (contrast**2).sum()
        first = np.einsum("k,pnk->pn", contrast, terms) / size
        second = np.einsum("k,pnk->pn", contrast[::-1] * [-1.0, 1.0], terms) / size
        if in_mean:
            first = first - _find_share(first, second) * second
        in_all = [*([] if level is None else [level]), *([second] if in_mean else [])]
        beside = before if in_mean else np.concatenate([second[None], before])
        scores = score_columns(
            panel, y, first[None], family=family, adjust=[*adjust, *in_all], newest=0 if in_all else newest,
            beside=beside[None] if len(beside) else None, options=options,
        )  # fmt: skip
        found.append(ROWS[by](scores, np.ones(1)))
    return pd.concat(found).sort_index(kind="stable")


def _find_share(column: FloatArray, other: FloatArray) -> FloatArray:
    """Return how much of the other column (P, n) a column holds, by least squares within people."""
    known = np.isfinite(column) & np.isfinite(other)
    mean = np.where(known, other, 0.0).sum(1, keepdims=True) / np.maximum(known.sum(1, keepdims=True), 1)
    apart = np.where(known, other - mean, 0.0)
    share: FloatArray = (apart * np.where(known, column, 0.0)).sum() / np.maximum((apart**2).sum(), TINY)
    return share


def round_off(points: FloatArray, middle: float, known: FloatArray, knots: FloatArray) -> FloatArray:
    """Return the SD of what two terms leave of the way from the middle to each point, (T,), per unit of their bend.

    In a line that has kinks of the same variance all along the `known` doses (a smoothing spline; Wahba 1983): what
    the terms can't follow, over the bend that they show.
    """
    seen = np.quantile(known, np.linspace(0.005, 0.995, 100))
    kinks = np.linspace(seen[2], seen[-3], KINKS, endpoint=False)

    def lay(doses: FloatArray) -> tuple[FloatArray, FloatArray]:
        terms = np.concatenate([np.ones((len(doses), 1)), bend_doses(doses, knots)], axis=1)
        return terms, np.maximum(doses[:, None] - kinks, 0.0)

    (terms, line), (own, bent), (none, flat) = (lay(doses) for doses in (seen, points, np.array([middle])))
    told = np.linalg.pinv(terms) @ line
    left = bent - flat - (own - none) @ told
    rounded: FloatArray = np.sqrt((left**2).sum(1) / (told[2] ** 2).sum())
    return rounded


def leave_far_doses(taken: FloatArray) -> FloatArray:
    """Return doses (P, n) without those of a person's one or two days that lie far from all others.

    Far is farther beyond the outer knots than these are apart: doses noted in another unit, or a slip. They alone would
    say how the curve goes on there, and so whether it bends.

    >>> leave_far_doses(np.array([[0.0, 100, 200, 300, 100, 200, 4000]]))
    array([[  0., 100., 200., 300., 100., 200.,  nan]])
    """
    known = taken[np.isfinite(taken)]
    if len(np.unique(known)) < LEAST_VALUES:
        return taken
    low, _, high = choose_knots(known)
    for far in (taken > 2 * high - low, taken < 2 * low - high):
        taken = np.where(far & (far.sum(axis=1, keepdims=True) <= FEW), np.nan, taken)
    return taken


def choose_knots(values: FloatArray) -> FloatArray:
    """Return three knots: quantiles of the values, or of the different values where those coincide.

    >>> choose_knots(np.array([0.0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4])).round(1).tolist()
    [0.4, 2.0, 3.6]
    """
    knots = np.quantile(values, KNOTS)
    return knots if (np.diff(knots) > 0).all() else np.quantile(np.unique(values), KNOTS)


def bend_doses(doses: FloatArray, knots: FloatArray) -> FloatArray:
    """Return the two terms of a natural cubic spline with three knots, (..., 2) (Harrell 2015, section 2.4.5).

    Doses are counted from the middle knot in units of the distance of the outer ones.
    """
    low, middle, high = knots

    def cube(knot: float) -> FloatArray:
        return np.maximum(doses - knot, 0.0) ** 3

    bend = cube(low) - cube(middle) * (high - low) / (high - middle) + cube(high) * (middle - low) / (high - middle)
    terms: FloatArray = np.stack([(doses - middle) / (high - low), bend / (high - low) ** 3], axis=-1)
    return terms
