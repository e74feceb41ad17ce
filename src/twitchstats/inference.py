"""Multiplicity, pooling over people and verdicts: what every finding is judged by."""

from collections.abc import Sequence
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from twitchstats.arrays import FloatArray, read_numbers
from twitchstats.errors import OptionError, check_choice, check_share, check_table

ALPHA = 0.05  # below which a p-value, adjusted where many are asked, is a finding
MOST_SHARE = 0.999  # of one cluster in a sum
LEAST_SQUARE = 1e-300

MEANING = {
    "supported": "this journal shows it, in the claimed direction, beyond what chance explains",
    "contradicted": "this journal shows the opposite, beyond what chance explains",
    "practically null": "whatever effect there is, it is too small to matter here",
    "differs between people": "people differ: one person's effect goes one way, another's the other",
    "inconclusive": "the data allow both an effect that matters and none; this is not 'no effect'",
    "not testable": "no journal, or not this one, can decide it",
}
VERDICTS = tuple(MEANING)


def adjust_p_values(p_values: ArrayLike) -> FloatArray:
    """Adjust p-values after Benjamini and Hochberg (1995), as `scipy.stats.false_discovery_control`.

    A missing p-value stays missing and does not count: it is a test that was not performed.

    Raises
    ------
    OptionError
        What is no p-value.

    Examples
    --------
    >>> adjust_p_values([0.01, 0.04, np.nan, 0.03]).round(3)
    array([0.03, 0.04,  nan, 0.04])
    """
    p = read_numbers("p_values", p_values)
    if (wrong := (p < 0) | (p > 1)).any():
        raise OptionError(f"p_values: {p[wrong][0]:g} is not possible. A p-value lies between 0 and 1.")
    adjusted = np.full(p.shape, np.nan)
    performed = ~np.isnan(p)
    if performed.any():
        adjusted[performed] = stats.false_discovery_control(p[performed])
    return adjusted


def detectable_effect(
    standard_error: ArrayLike, degrees_of_freedom: ArrayLike, *, power: float = 0.8, alpha: float = ALPHA
) -> FloatArray:
    """Return the smallest effect, on the scale of the standard error, that a two-sided t test finds with `power`.

    Usual approximation: (t quantile of 1 - alpha/2 plus t quantile of power) standard errors.
    """
    se, df = np.broadcast_arrays(np.asarray(standard_error, float), np.asarray(degrees_of_freedom, float))
    return (stats.t.ppf(1 - alpha / 2, df) + stats.t.ppf(power, df)) * se


def describe_estimates(
    estimates: ArrayLike, standard_errors: ArrayLike, degrees_of_freedom: ArrayLike, *, alpha: float = ALPHA
) -> dict[str, FloatArray]:
    """Return intervals, p-value against 0 and what was detectable, by a t reference (normal for infinite degrees).

    Returns
    -------
    dict of float arrays
        ``ci_lower, ci_upper`` at the level 1 - alpha, ``ci90_lower, ci90_upper``, ``p_value``, ``detectable``; all NaN
        where the standard error is not positive and finite.
    """
    b, se, df = np.broadcast_arrays(
        *(np.asarray(values, float) for values in (estimates, standard_errors, degrees_of_freedom))
    )
    se = np.where(np.isfinite(se) & (se > 0), se, np.nan)
    wide, narrow = stats.t.ppf(1 - alpha / 2, df) * se, stats.t.ppf(0.95, df) * se
    return {
        "ci_lower": b - wide, "ci_upper": b + wide, "ci90_lower": b - narrow, "ci90_upper": b + narrow,
        "p_value": 2 * stats.t.sf(np.abs(b) / se, df), "detectable": detectable_effect(se, df, alpha=alpha),
    }  # fmt: skip


def estimate_e_value(ratio: float, limit: float | None = None) -> dict[str, float]:
    """Return how strongly something unmeasured would have to go with both sides to explain a rate or risk ratio.

    Parameters
    ----------
    ratio : float
        The estimate.
    limit : float, optional
        The limit of its interval that is nearer to 1.

    Returns
    -------
    dict
        ``e_value``: as a ratio with the trigger and with the outcome, both at least so large (VanderWeele and Ding
        2017); ``e_value_limit``: the same for the limit, 1 where the interval holds 1, NaN without one.

    Raises
    ------
    OptionError
        A ratio that is not positive and finite; a limit that is farther from 1 than the estimate.

    Examples
    --------
    >>> {name: round(value, 2) for name, value in estimate_e_value(3.9, 1.8).items()}
    {'e_value': 7.26, 'e_value_limit': 3.0}
    """
    for name, value in (("ratio", ratio), ("limit", 1.0 if limit is None else limit)):
        if not (isinstance(value, Real) and np.isfinite(value) and value > 0):
            raise OptionError(f"{name}={value!r} is no ratio. Give a positive number.")

    def bound(value: float) -> float:
        larger = max(value, 1 / value)
        return float(larger + np.sqrt(larger) * np.sqrt(larger - 1))

    if limit is None:
        return {"e_value": bound(ratio), "e_value_limit": float("nan")}
    _check_nearer(limit, ratio, none=1)
    crossed = (limit - 1) * (ratio - 1) <= 0
    return {"e_value": bound(ratio), "e_value_limit": 1.0 if crossed else bound(limit)}


def find_tipping_point(
    estimate: float, missing: float, limit: float | None = None, *, measure: str = "rate ratio"
) -> dict[str, float]:
    """Return how much worse the days that were skipped would have to be on one side to explain an effect.

    Parameters
    ----------
    estimate : float
        The effect of one step among the days that were reported.
    missing : float
        Share of days without an entry, between 0 and 1.
    limit : float, optional
        The limit of its interval that is nearer to none.
    measure : {"rate ratio", "difference"}

    Returns
    -------
    dict
        ``tipping_point``: by what factor (or how many points, for a difference) the outcome of skipped days would have
        to be above that of reported ones on the side that looks better, skipped days of the other side being as the
        reported, for the effect to be none; ``tipping_limit``: the same for the limit, none (1 or 0) where the
        interval holds no effect, NaN without one. Infinite where no day is missing.

    Raises
    ------
    OptionError
        A ratio that is not positive, a share that is none, a limit beyond the estimate, or another measure.

    Notes
    -----
    A pattern mixture (Ratitch, O'Kelly and Tosiello 2013): with a share m missing on either side, the better side's
    mean is (1 - m + m d) of what was reported, and as large as the other's where d = 1 + (r - 1) / m, r being the
    ratio of the worse side to the better. Skipping that is alike on both sides explains nothing.

    Examples
    --------
    >>> {name: round(value, 2) for name, value in find_tipping_point(1.5, 0.2, 1.1).items()}
    {'tipping_point': 3.5, 'tipping_limit': 1.5}
    """
    check_choice("measure", measure, ("rate ratio", "difference"))
    ratio = measure == "rate ratio"
    if not (isinstance(missing, Real) and 0 <= missing < 1):
        raise OptionError(f"missing={missing!r} is no share of days. Give a number from 0 to below 1.")
    for name, value in (("estimate", estimate), ("limit", 1.0 if limit is None else limit)):
        if not (isinstance(value, Real) and np.isfinite(value) and (value > 0 or not ratio)):
            raise OptionError(f"{name}={value!r} is no {measure}. Give a {'positive' if ratio else 'finite'} number.")

    def tip(value: float) -> float:
        beyond = max(value, 1 / value) - 1 if ratio else abs(value)
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(ratio + (np.divide(beyond, missing) if beyond else 0.0))

    if limit is None:
        return {"tipping_point": tip(estimate), "tipping_limit": float("nan")}
    _check_nearer(limit, estimate, none=int(ratio))
    crossed = (limit - ratio) * (estimate - ratio) <= 0
    return {"tipping_point": tip(estimate), "tipping_limit": float(ratio) if crossed else tip(limit)}


def _check_nearer(limit: float, estimate: float, *, none: int) -> None:
    """Refuse the far limit of an interval, which would make an effect look safer than its estimate does."""
    if limit > estimate > none or limit < estimate < none:
        raise OptionError(
            f"limit={limit!r} lies beyond the estimate, {estimate!r}. "
            f"Give the limit that is nearer to {none}, no effect."
        )


def pool_estimates(
    estimates: ArrayLike,
    standard_errors: ArrayLike,
    *,
    level: float = 0.95,
) -> dict[str, float]:
    """Pool the effects of several people in a random effects model.

    The variance between people is estimated by restricted maximum likelihood (Viechtbauer 2005). The standard error is
    that of Hartung and Knapp (2001) and Sidik and Jonkman (2002), at least the usual one (Rover, Knapp and Friede
    2015), with a t reference on k - 1 degrees of freedom.

    Parameters
    ----------
    estimates, standard_errors : array-like, (k,)
        Effects and their standard errors; people where either is missing are left out.
    level : float
        Confidence level.

    Returns
    -------
    dict
        ``estimate, se, df, ci_lower, ci_upper, p_value, heterogeneity`` (standard deviation between people) and
        ``n_people``. All but the last are NaN with fewer than two people.

    Raises
    ------
    OptionError
        Arrays of different length or of no numbers; a level outside 0 to 1.

    Examples
    --------
    >>> from twitchstats import pool_estimates
    >>> pooled = pool_estimates([0.1, 0.4, 0.3], [0.1, 0.1, 0.2])
    >>> [round(float(pooled[name]), 2) for name in ("estimate", "ci_lower", "ci_upper")]
    [0.26, -0.2, 0.72]
    """
    y, se = read_numbers("estimates", estimates), read_numbers("standard_errors", standard_errors)
    check_share("level", level)
    if y.shape != se.shape:
        raise OptionError(f"estimates and standard_errors differ in shape: {y.shape} and {se.shape}.")
    ok = np.isfinite(y) & np.isfinite(se) & (se > 0)
    y, v = y[ok], se[ok] ** 2
    names = ("estimate", "se", "df", "ci_lower", "ci_upper", "p_value", "heterogeneity")
    if len(y) < 2:
        return dict.fromkeys(names, float("nan")) | {"n_people": len(y)}
    tau2 = _reml_variance(y, v)
    weights = 1 / (v + tau2)
    mean = float(np.sum(weights * y) / np.sum(weights))
    df = len(y) - 1
    spread = float(np.sqrt(1 / np.sum(weights) * max(1.0, np.sum(weights * (y - mean) ** 2) / df)))
    half = stats.t.ppf(0.5 + level / 2, df) * spread
    p_value = 2 * stats.t.sf(abs(mean) / spread, df) if spread > 0 else float(mean == 0)
    values = (mean, spread, float(df), mean - half, mean + half, float(p_value), float(np.sqrt(tau2)))
    return dict(zip(names, values, strict=True)) | {"n_people": len(y)}


def average_estimates(
    estimates: ArrayLike, standard_errors: ArrayLike, degrees_of_freedom: ArrayLike
) -> dict[str, float]:
    """Average several people's estimates; one person's own estimate speaks for itself.

    Parameters
    ----------
    estimates, standard_errors, degrees_of_freedom : array-like, (k,)
        On a scale where they add up, such as Fisher's z; k is at least 1.

    Returns
    -------
    dict
        ``estimate, se, df, ci_lower, ci_upper, p_value, heterogeneity, n_people``: `pool_estimates`, or for one person
        a t test with the given degrees of freedom.
    """
    y, se, df = (
        np.atleast_1d(np.asarray(values, float)) for values in (estimates, standard_errors, degrees_of_freedom)
    )
    if len(y) > 1:
        return pool_estimates(y, se)
    own = {"estimate": y, "se": se, "df": df} | describe_estimates(y, se, df)
    told = {name: float(own[name][0]) for name in ("estimate", "se", "df", "ci_lower", "ci_upper", "p_value")}
    return told | {"heterogeneity": float("nan"), "n_people": 1}


def test_heterogeneity(estimates: ArrayLike, standard_errors: ArrayLike) -> float:
    """Return the p-value of Cochran's (1954) Q: whether people differ by more than their standard errors allow.

    >>> round(test_heterogeneity([0.0, 0.5, 1.0], [0.2, 0.2, 0.2]), 4)
    0.0019
    """
    y, se = np.asarray(estimates, float), np.asarray(standard_errors, float)
    weights = 1 / se**2
    mean = (weights * y).sum() / weights.sum()
    return float(stats.chi2.sf((weights * (y - mean) ** 2).sum(), len(y) - 1))


test_heterogeneity.__test__ = False  # type: ignore[attr-defined]  # its name is the field's; it is no pytest test


def integrate_spread(
    estimates: ArrayLike, standard_errors: ArrayLike, usual_errors: ArrayLike, *, points: int = 101
) -> tuple[FloatArray, FloatArray, float]:
    """Draw several people's effects towards their mean, the spread between people integrated out.

    Parameters
    ----------
    estimates, standard_errors : array-like, (k,)
        k is at least 3.
    usual_errors : array-like, (k,)
        By which the spread is found: errors that are small by chance would hide it.
    points : int
        Values of the spread that are averaged over.

    Returns
    -------
    mean, se : (k,) arrays
        Posterior mean and standard deviation of each person's effect in the normal model with flat priors on the mean
        and on the standard deviation between people (Gelman 2006; Rubin 1981).
    spread : float
        Posterior mean of that standard deviation.
    """
    y, own_errors, usual = (np.asarray(values, float) for values in (estimates, standard_errors, usual_errors))
    tau = np.linspace(0, 3 * (np.std(y) + np.median(usual)), points)[:, None]

    def weigh(v: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        weights = 1 / (v + tau**2)
        total = weights.sum(1, keepdims=True)
        return weights, total, (weights * y).sum(1, keepdims=True) / total

    weights, total, centre = weigh(usual**2)
    log_density = -0.5 * np.log(total[:, 0]) + 0.5 * np.log(weights).sum(1) - 0.5 * (weights * (y - centre) ** 2).sum(1)
    density = np.exp(log_density - log_density.max())
    density /= density.sum()
    v = own_errors**2
    _, total, centre = weigh(v)
    own = tau**2 / (v + tau**2)
    means = own * y + (1 - own) * centre
    variances = own * v + (1 - own) ** 2 / total
    mean = density @ means
    return mean, np.sqrt(density @ (variances + (means - mean) ** 2)), float(density @ tau[:, 0])


def _reml_variance(y: FloatArray, v: FloatArray) -> float:
    """Return the restricted maximum likelihood estimate by Fisher scoring with step halving at zero."""
    tau2 = max(0.0, float(np.var(y, ddof=1) - np.mean(v)))
    for _ in range(200):
        w = 1 / (v + tau2)
        mean = np.sum(w * y) / np.sum(w)
        trace = np.sum(w) - np.sum(w**2) / np.sum(w)
        trace2 = np.sum(w**2) - 2 * np.sum(w**3) / np.sum(w) + (np.sum(w**2) / np.sum(w)) ** 2
        if trace2 <= 0:  # one error is so small that rounding eats all else
            return tau2
        step = (np.sum(w**2 * (y - mean) ** 2) - trace) / trace2
        updated = max(0.0, tau2 + float(step))
        if abs(updated - tau2) <= 1e-12 * (1 + tau2):
            return updated
        tau2 = updated
    return tau2


def cluster_error(left: FloatArray, share: FloatArray) -> float:
    """Return the standard error of a sum over clusters (people) from what is left of each, (P,) (CR2).

    Who has a larger `share` of the sum, (P,), has left less of their own (Bell and McCaffrey 2002).
    """
    return float(np.sqrt(np.maximum((left**2 / (1 - np.minimum(share, MOST_SHARE))).sum(), LEAST_SQUARE)))


def cluster_df(share: FloatArray) -> float:
    """Return the degrees of freedom of `cluster_error`: one less than there are clusters of equal share, else fewer.

    >>> [round(cluster_df(np.array(share)), 2) for share in ([0.25] * 4, [0.7, 0.1, 0.1, 0.1])]
    [3.0, 1.59]
    """
    share = np.minimum(share, MOST_SHARE)
    left = 1 - share
    common = (share**2 / left).sum()
    pairs = 2 * (share**3 / left**2).sum() - common**2
    own = (share**2 * (2 * (common - 2 * share / left) / left + 1 / left**2)).sum()
    return float(1 / (pairs + own))


def wilson_interval(successes: ArrayLike, trials: ArrayLike, *, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Return the lower and upper limit of a proportion (Wilson 1927); NaN where there were no trials.

    Examples
    --------
    >>> [round(float(limit), 4) for limit in wilson_interval(1, 20)]
    [0.0089, 0.2361]
    """
    hits, n = np.broadcast_arrays(np.asarray(successes, float), np.asarray(trials, float))
    z = stats.norm.ppf(0.5 + level / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = hits / n
        middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        reach = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
        lower = np.where(hits <= 0, 0.0, middle - reach)
        upper = np.where(hits >= n, 1.0, middle + reach)
    return np.where(n > 0, lower, np.nan), np.where(n > 0, upper, np.nan)


def compare_shares(
    hits: ArrayLike, alarms: ArrayLike, n_sick: ArrayLike, n_other: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Return the log likelihood ratio of a finding and its standard error (Simel, Samsa and Matchar 1991).

    Half a person is added to each cell of a table with an empty one; NaN where nobody has the finding.

    >>> [round(float(value), 4) for value in compare_shares(90, 10, 100, 100)]
    [2.1972, 0.3018]
    """
    a, b, sick, other = (np.asarray(counts, float) for counts in (hits, alarms, n_sick, n_other))
    half = np.where(a + b == 0, np.nan, 0.5 * ((a == 0) | (b == 0)))
    x, y, nx, ny = a + half, b + half, sick + 2 * half, other + 2 * half
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(x / nx) - np.log(y / ny), np.sqrt(np.maximum(1 / x - 1 / nx + 1 / y - 1 / ny, 0))


def judge_estimates(
    findings: pd.DataFrame, *, direction: Sequence[int] | ArrayLike, margin: ArrayLike, alpha: float = ALPHA
) -> pd.DataFrame:
    """Turn estimates into verdicts.

    Parameters
    ----------
    findings : DataFrame
        One row for each claim with, on the scale where no effect is 0 (log for ratios), ``estimate``,
        ``ci90_lower``, ``ci90_upper`` and ``p_adjusted``; optionally ``reason`` (not empty: the row could not be
        tested) and, for groups, ``p_heterogeneity, prediction_lower, prediction_upper``.
    direction : array-like of int
        The claimed sign of each effect: 1 or -1.
    margin : array-like of float
        The smallest effect that matters, as a positive distance from 0.
    alpha : float
        Rate at which false discoveries are controlled.

    Returns
    -------
    DataFrame
        Index of `findings`; ``verdict`` and ``reason``. *practically null*: the 90 % interval lies within the margin on
        both sides (two one-sided tests), also where it excludes 0, unless people differ beyond the margin. *differs
        between people*: they differ by more than chance, and one more person's effect could have either sign.
        *supported* / *contradicted*: adjusted p-value below `alpha`, that is, the false-coverage-adjusted interval
        (Benjamini and Yekutieli 2005) excludes 0, in the claimed / opposite direction. *inconclusive*: nothing of this.
        *not testable*: nothing was estimated.

    Raises
    ------
    OptionError, UnknownNameError
        A column that is not there, or an option that is not possible.

    Examples
    --------
    >>> import pandas as pd
    >>> from twitchstats import judge_estimates
    >>> rows = pd.DataFrame({"estimate": [0.4, 0.01], "ci90_lower": [0.2, -0.05], "ci90_upper": [0.6, 0.07]})
    >>> judge_estimates(rows.assign(p_adjusted=[0.01, 0.9]), direction=[1, 1], margin=0.1)["verdict"].to_list()
    ['supported', 'practically null']
    """
    check_table("findings", findings, ("estimate", "ci90_lower", "ci90_upper", "p_adjusted"))
    check_share("alpha", alpha)
    signs, edge = read_numbers("direction", direction), read_numbers("margin", margin)
    if (edge < 0).any() or any(part.ndim and len(part) != len(findings) for part in (signs, edge)):
        raise OptionError("direction and margin need one number each, or one for each row; a margin is not negative.")
    missing = np.full(len(findings), np.nan)
    differ, low, high = (
        findings[name].to_numpy(float) if name in findings else missing
        for name in ("p_heterogeneity", "prediction_lower", "prediction_upper")
    )
    differ_beyond = (differ < alpha) & ((low < -edge) | (high > edge))
    both_signs = differ_beyond & (low < 0) & (high > 0)
    estimate = findings["estimate"].to_numpy(float)
    found = findings["p_adjusted"].to_numpy(float) < alpha
    toward = np.sign(estimate) == signs
    inside = (findings["ci90_lower"].to_numpy(float) > -edge) & (findings["ci90_upper"].to_numpy(float) < edge)
    verdict = np.select(
        [~np.isfinite(estimate), inside & ~differ_beyond, both_signs, found & toward, found],
        ["not testable", "practically null", "differs between people", "supported", "contradicted"],
        default="inconclusive",
    )
    given = findings["reason"].fillna("") if "reason" in findings else pd.Series("", index=findings.index)
    reason = np.where(verdict == "not testable", given.replace("", "too few days"), "")
    return pd.DataFrame({"verdict": verdict, "reason": reason}, index=findings.index)
