"""Looking again and again: p-values and intervals that hold at every look, and a few looks declared beforehand."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

from twitchstats.errors import OptionError, check_choice

FloatArray = NDArray[np.float64]

TUNED_FOR = 120  # days at which an anytime-valid interval is to be shortest
ANYTIME_COLUMNS = ("p_anytime", "ci_anytime_lower", "ci_anytime_upper")


def estimate_anytime(
    estimate: ArrayLike,
    standard_error: ArrayLike,
    degrees_of_freedom: ArrayLike,
    *,
    days: ArrayLike,
    alpha: float = 0.05,
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
        `alpha` is not between 0 and 1, or `tuned_for` is below 1.

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
    _check_level(alpha)
    if not tuned_for >= 1:
        raise OptionError(f"tuned_for={tuned_for!r} is not possible. Give the days of a usual diary, such as 120.")
    b, se, df, n = (
        np.atleast_1d(part).astype(float)
        for part in np.broadcast_arrays(estimate, standard_error, degrees_of_freedom, days)
    )
    se = np.where(np.isfinite(se) & (se > 0) & (df > 0), se, np.nan)
    share = _mix(n, alpha, tuned_for)
    squared = (b / se) ** 2
    log_evidence = 0.5 * np.log(share) + 0.5 * (df + 1) * (np.log1p(squared / df) - np.log1p(share * squared / df))
    half = _radius(share, df, alpha) * se
    p_value = np.minimum(1.0, np.exp(-log_evidence))
    return pd.DataFrame(dict(zip(ANYTIME_COLUMNS, (p_value, b - half, b + half), strict=True)))


def _mix(n: FloatArray, alpha: float, tuned_for: float) -> FloatArray:
    """Return g / (g + n), with the precision g for which the normal interval is shortest at `tuned_for` days."""
    best = optimize.minimize_scalar(
        lambda log_g: _normal_radius(np.exp(log_g) / (np.exp(log_g) + tuned_for), alpha),
        bounds=(-10 + np.log(tuned_for), 5 + np.log(tuned_for)), method="bounded",
    )  # fmt: skip
    precision = np.exp(best.x)
    share: FloatArray = precision / (precision + n)
    return share


def _normal_radius(share: float, alpha: float) -> float:
    return float(np.sqrt(-np.log(share * alpha**2) / (1 - share)))


def _radius(share: FloatArray, df: FloatArray, alpha: float) -> FloatArray:
    """Return how many standard errors an interval reaches to either side."""
    edge = np.exp(np.log(share * alpha**2) / (df + 1))
    room = edge - share
    radius: FloatArray = np.where(room > 0, np.sqrt(df * (1 - edge) / np.where(room > 0, room, 1.0)), np.inf)
    return radius


def add_anytime(effects: pd.DataFrame, *, alpha: float = 0.05, tuned_for: int = TUNED_FOR) -> pd.DataFrame:
    """Return effects with the columns that hold at every look, beside the classical ones.

    Parameters
    ----------
    effects : DataFrame
        ``estimate, ci_lower, ci_upper`` (95 %), ``p_value, n_days`` and ``measure``, as `estimate_effects` returns
        them for single people. Ratios are taken by their logarithms.
    alpha, tuned_for
        As in `estimate_anytime`.

    Returns
    -------
    DataFrame
        A copy with ``p_anytime, ci_anytime_lower, ci_anytime_upper``. The t statistic is the one whose p-value is
        told (on half of the days as degrees of freedom, which is what the engine's variance is worth or less); rows
        of several people (``n_people`` above 1), whose days are no single series, are NaN.
    """
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
    told[ends] = np.where(ratio[:, None], np.exp(told[ends]), told[ends])
    return effects.assign(**{name: told[name].to_numpy() for name in ANYTIME_COLUMNS})


def spend_alpha(shares: ArrayLike, *, alpha: float = 0.05, spending: str = "obrien-fleming") -> pd.DataFrame:
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
    _check_level(alpha)
    check_choice("spending", spending, ("obrien-fleming", "pocock"))
    times = np.atleast_1d(np.asarray(shares, float))
    if not (np.isfinite(times).all() and times[0] > 0 and (np.diff(times) > 0).all() and times[-1] == 1):
        raise OptionError(
            f"shares={shares!r} is not possible. Give rising shares of the planned days up to 1: [0.5, 1]."
        )
    spent = (
        4 * stats.norm.sf(stats.norm.isf(alpha / 4) / np.sqrt(times))  # half of alpha on either side
        if spending == "obrien-fleming"
        else alpha * np.log1p((np.e - 1) * times)
    )
    boundary = _find_boundaries(times, np.diff(spent, prepend=0.0))
    return pd.DataFrame({"share": times, "spent": spent, "boundary": boundary, "level": 2 * stats.norm.sf(boundary)})


def _find_boundaries(times: FloatArray, spend: FloatArray, points: int = 2001) -> FloatArray:
    """Return boundaries of a Brownian motion that is left with these probabilities (Armitage, McPherson, Rowe 1969).

    The density of paths still inside is carried from look to look on a grid.
    """
    boundaries = [float(stats.norm.isf(spend[0] / 2))]
    grid = np.linspace(-1, 1, points) * boundaries[0] * np.sqrt(times[0])
    density = stats.norm.pdf(grid, scale=np.sqrt(times[0]))
    for place in range(1, len(times)):
        step, end = np.sqrt(times[place] - times[place - 1]), np.sqrt(times[place])
        weights = density * (grid[1] - grid[0])

        def leave(
            z: float, grid: FloatArray = grid, weights: FloatArray = weights, step: float = step, end: float = end
        ) -> float:
            return float(weights @ (stats.norm.sf((z * end - grid) / step) + stats.norm.cdf((-z * end - grid) / step)))

        target = float(spend[place])
        boundaries.append(float(optimize.brentq(lambda z, leave=leave, target=target: leave(z) - target, 0.1, 12)))
        wider = np.linspace(-1, 1, points) * boundaries[-1] * end
        density = stats.norm.pdf((wider[:, None] - grid) / step) @ weights / step
        grid = wider
    return np.array(boundaries)


def _check_level(alpha: float) -> None:
    if not 0 < alpha < 1:
        raise OptionError(f"alpha={alpha!r} is not possible. Give a level between 0 and 1, such as 0.05.")
