"""Looking again and again: p-values and intervals that hold at every look, and a few looks declared beforehand."""

from collections.abc import Callable
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import optimize, special, stats

from twitchstats.arrays import FloatArray, read_numbers
from twitchstats.errors import OptionError, check_choice, check_number, check_share, check_table
from twitchstats.inference import ALPHA

POINTS = 2001  # of the grid on which paths are followed
FARTHEST = 40.0  # boundary of a look, in standard errors: beyond it no double is left
TUNED_FOR = 120  # days at which an anytime-valid interval is to be shortest
FARTHEST_T, MOST_DF = 1e100, 1e9  # beyond them all are alike
ANYTIME_COLUMNS = ("p_anytime", "ci_anytime_lower", "ci_anytime_upper")


def estimate_anytime(
    estimate: ArrayLike,
    standard_error: ArrayLike,
    degrees_of_freedom: ArrayLike,
    *,
    days: ArrayLike,
    alpha: float = ALPHA,
    tuned_for: int = TUNED_FOR,
) -> pd.DataFrame:
    """Return p-values and intervals of regression coefficients that hold however often one looks.

    Parameters
    ----------
    estimate, standard_error, degrees_of_freedom, days : array-like, broadcast to (k,)
        Coefficients, their errors, the days left for the error, and the days that were used.
    alpha : float
        Over all looks together, an interval misses with at most this probability.
    tuned_for : int
        Number of days at which the interval is shortest; it holds at all others, too.

    Returns
    -------
    DataFrame
        ``p_anytime, ci_anytime_lower, ci_anytime_upper``; NaN where the error is not positive and finite. Below some
        days nothing can be excluded, and the interval is endless.

    Raises
    ------
    OptionError
        `alpha` is not between 0 and 1, `tuned_for` is below 1, or what is given are no numbers, or not as many.

    Notes
    -----
    The mixture sequential t test of Lindon, Ham, Tingley and Bojinov (2022), 'Anytime-valid linear models': with r =
    g / (g + n) for a mixture of precision g, the inverse of p is r^(1/2) ((1 + r t^2 / df) / (1 + t^2 / df))^(-(df + 1)
    / 2), and the interval are all effects with p > alpha.

    Examples
    --------
    >>> estimate_anytime(0.5, 0.1, 100, days=120).round(3).iloc[0].to_dict()
    {'p_anytime': 0.0, 'ci_anytime_lower': 0.19, 'ci_anytime_upper': 0.81}
    """
    check_share("alpha", alpha)
    if not (isinstance(tuned_for, Real) and 1 <= tuned_for < np.inf):
        raise OptionError(f"tuned_for={tuned_for!r} is not possible. Give the days of a usual diary, such as 120.")
    given = {"estimate": estimate, "standard_error": standard_error, "degrees_of_freedom": degrees_of_freedom}
    parts = [np.atleast_1d(read_numbers(name, values)) for name, values in (given | {"days": days}).items()]
    if len({part.shape for part in parts if part.shape != (1,)}) > 1 or any(part.ndim > 1 for part in parts):
        raise OptionError(f"{', '.join(given)} and days: give one number each, or as many of each.")
    b, se, df, n = np.broadcast_arrays(*parts)
    n, df = np.where((n >= 0) & (n < np.inf), n, np.nan), np.where(df > 0, np.minimum(df, MOST_DF), np.nan)
    se = np.where(np.isfinite(se) & (se > 0), se, np.nan)
    share = _mix(n, alpha, tuned_for)
    with np.errstate(over="ignore"):
        squared = np.minimum(np.abs(b / se), FARTHEST_T) ** 2
    log_evidence = 0.5 * np.log(share) + 0.5 * (df + 1) * (np.log1p(squared / df) - np.log1p(share * squared / df))
    edge = np.exp(np.log(share * alpha**2) / (df + 1))
    room = edge - share  # none: the interval is endless
    half = np.where(room > 0, np.sqrt(df * (1 - edge) / np.where(room > 0, room, 1.0)), np.inf) * se
    p_value = np.minimum(1.0, np.exp(-log_evidence))
    return pd.DataFrame(dict(zip(ANYTIME_COLUMNS, (p_value, b - half, b + half), strict=True)))


def _mix(n: FloatArray, alpha: float, tuned_for: float) -> FloatArray:
    """Return g / (g + n), with the precision g for which the normal interval is shortest at `tuned_for` days.

    There the square of its reach, -log(r alpha^2) / (1 - r), has no slope: r alpha^2 = exp(1 - 1 / r), solved by
    Lambert's W.
    """
    best = -1 / special.lambertw(-(alpha**2) * np.exp(-1), -1).real
    precision = tuned_for * best / (1 - best)
    share: FloatArray = precision / (precision + n)
    return share


def add_anytime(effects: pd.DataFrame, *, alpha: float = ALPHA, tuned_for: int = TUNED_FOR) -> pd.DataFrame:
    """Return effects with the columns that hold at every look, beside the classical ones.

    Parameters
    ----------
    effects : DataFrame
        ``estimate, p_value, n_days, n_people`` and ``measure``, as `estimate_effects` returns them for single people.
        Ratios are taken by their logarithms.
    alpha, tuned_for
        As in `estimate_anytime`.

    Returns
    -------
    DataFrame
        A copy with ``p_anytime, ci_anytime_lower, ci_anytime_upper``. The t statistic is the one whose p-value is
        told (on half of the days as degrees of freedom, which is what the engine's variance is worth or less); rows
        of several people (``n_people`` above 1), whose days are no single series, are NaN. They hold as the p-value
        does: where twitching comes in flares of two weeks that finds .07 to .1 of what is not there, and .08 of
        diaries were told of something when read every day for a year (.01 to .05 in the worlds of the study).

    Examples
    --------
    >>> import twitchstats as tw
    >>> journal, _ = tw.simulate_journal(people=3, days=60, world="articles", seed=1)
    >>> rows = tw.add_anytime(tw.estimate_effects(journal, triggers="stress", lags=1, by="person"))
    >>> [name for name in rows if "anytime" in name]
    ['p_anytime', 'ci_anytime_lower', 'ci_anytime_upper']
    """
    check_table("effects", effects, ("estimate", "p_value", "n_days", "n_people", "measure"))
    ratio = effects["measure"].str.endswith("ratio").to_numpy(bool)
    with np.errstate(divide="ignore", invalid="ignore"):
        b = np.where(ratio, np.log(effects["estimate"].to_numpy(float)), effects["estimate"].to_numpy(float))
    n = effects["n_days"].to_numpy(float)
    single = (effects["n_people"].to_numpy() == 1) & (n > 2)
    df = np.maximum(n / 2, 1.0)
    t = stats.t.isf(np.clip(effects["p_value"].to_numpy(float), 1e-300, 1.0) / 2, df)
    error = np.where(single & (t > 0), np.abs(b) / np.where(t > 0, t, 1.0), np.nan)
    told = estimate_anytime(b, error, df, days=n, alpha=alpha, tuned_for=tuned_for)
    ends = list(ANYTIME_COLUMNS[1:])
    with np.errstate(over="ignore"):  # an end beyond all numbers is none
        told.loc[ratio, ends] = np.exp(told.loc[ratio, ends])
    return effects.assign(**{name: told[name].to_numpy() for name in ANYTIME_COLUMNS})


def spend_alpha(shares: ArrayLike, *, alpha: float = ALPHA, spending: str = "obrien-fleming") -> pd.DataFrame:
    """Return the level of each of a few looks that were declared beforehand.

    Parameters
    ----------
    shares : array-like, (k,)
        At which share of the planned days one looks, rising to 1.
    alpha : float
        For all looks together, two-sided.
    spending : {"obrien-fleming", "pocock"}
        Little of it early, or about the same at each look (Lan and DeMets 1983).

    Returns
    -------
    DataFrame
        ``share, spent`` (of `alpha`, in all), ``boundary`` (of the absolute z statistic) and ``level`` (the p-value
        below which that look finds).

    Raises
    ------
    OptionError
        The shares do not rise from above 0 to 1.

    Examples
    --------
    >>> spend_alpha([0.5, 1]).round(2)["boundary"].to_list()
    [2.96, 1.97]
    """
    check_share("alpha", alpha)
    check_choice("spending", spending, ("obrien-fleming", "pocock"))
    try:
        times = np.atleast_1d(np.asarray(shares, float))
    except (TypeError, ValueError):
        times = np.zeros(1)
    rising = times.ndim == 1 and len(times) and np.isfinite(times).all() and (np.diff(times, prepend=0.0) > 0).all()
    if not (rising and times[-1] == 1):
        raise OptionError(f"{shares!r} are no looks. Give rising shares of the planned days up to 1: [0.5, 1].")
    spent = (
        4 * stats.norm.sf(stats.norm.isf(alpha / 4) / np.sqrt(times))  # half of alpha on either side
        if spending == "obrien-fleming"
        else alpha * np.log1p(np.expm1(1.0) * times)
    )
    spend = np.diff(spent, prepend=0.0)
    boundary, _ = _walk(times, lambda place, leave: optimize.brentq(lambda z: leave(z) - spend[place], 0.1, FARTHEST))
    return pd.DataFrame({"share": times, "spent": spent, "boundary": boundary, "level": 2 * stats.norm.sf(boundary)})


def find_look_power(shares: ArrayLike, z: float, *, alpha: float = ALPHA, spending: str = "obrien-fleming") -> float:
    """Return the power of a few declared looks together.

    Parameters
    ----------
    shares, alpha, spending
        As in `spend_alpha`.
    z : float
        The effect in standard errors of all planned days: 2.8 has a power of .8 where one looks once.

    Examples
    --------
    >>> [round(find_look_power(shares, 2.8), 3) for shares in ([1], [0.5, 1], [0.25, 0.5, 0.75, 1])]
    [0.8, 0.798, 0.793]
    """
    told = spend_alpha(shares, alpha=alpha, spending=spending)
    _, left = _walk(told["share"].to_numpy(), lambda place, leave: told["boundary"][place], drift=check_number("z", z))
    return float(left.sum())


def _walk(
    times: FloatArray, choose: Callable[[int, Callable[[float], float]], float], *, drift: float = 0.0
) -> tuple[FloatArray, FloatArray]:
    """Return boundaries of a Brownian motion, and with what probability each is the first that it leaves by.

    The density of paths still inside is carried from look to look on a grid (Armitage, McPherson and Rowe 1969).
    """
    boundaries: list[float] = []
    left: list[float] = []
    grid, weights, before = np.zeros(1), np.ones(1), 0.0
    step, end, middle = 0.0, 0.0, grid
    for place, now in enumerate(times):
        if place:
            inside = np.linspace(-1, 1, POINTS) * boundaries[-1] * end
            density = np.exp(-0.5 * ((inside[:, None] - middle) / step) ** 2) / (np.sqrt(2 * np.pi) * step)
            grid, weights = inside, density @ weights * (inside[1] - inside[0])
        step, end, middle = np.sqrt(now - before), np.sqrt(now), grid + drift * (now - before)

        def leave(z: float, m: FloatArray = middle, w: FloatArray = weights, s: float = step, e: float = end) -> float:
            return float(w @ (special.ndtr((m - z * e) / s) + special.ndtr((-z * e - m) / s)))

        boundaries.append(choose(place, leave))
        left.append(leave(boundaries[-1]))
        before = now
    return np.array(boundaries), np.array(left)
