"""Groups of people put together: the usual ways and ours."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special

from twitchstats.inference import pool_estimates
from twitchstats.panel import FloatArray, Panel
from twitchstats.triggers.design import fit_panel
from twitchstats.triggers.effects import check_options

OUTCOME, TRIGGER = "twitches", "trigger_1"
MOST_GROUPS = 1000  # of one size
NORMAL_QUANTILE = float(special.ndtri(0.975))
GROUP_METHODS = ("rows pooled", "one slope for all", "random effects, z", "pooled estimate_effects")


def pool_groups(panel: Panel, *, lag: int, sizes: Sequence[int]) -> pd.DataFrame:
    """Divide the people of a panel into groups of each size and pool every group by each of `GROUP_METHODS`.

    Returns
    -------
    DataFrame
        ``method, people, p_value, estimate, ci_lower, ci_upper``, a row for each group; log scale.

    Notes
    -----
    The people are fitted once; `estimate_effects` with ``by="pooled"`` would do the same group by group.
    """
    options = check_options(trend="smooth", weekday=True, effect="direct", adjust="each")
    fits = fit_panel(panel, OUTCOME, [TRIGGER], [lag], family="count", options=options)
    sums = _sum_products(panel.lag(TRIGGER, lag), panel.get(OUTCOME))
    estimate, se = fits.estimate[:, 0, 0], fits.null_se[:, 0, 0]
    rows = []
    for size in sizes:
        for number in range(min(len(panel.people) // size, MOST_GROUPS)):
            group = slice(number * size, (number + 1) * size)
            rows += [{"people": size} | row for row in _pool_group(estimate[group], se[group], sums[:, group])]
    return pd.DataFrame(rows)


def _pool_group(estimate: FloatArray, se: FloatArray, sums: FloatArray) -> list[dict[str, object]]:
    own = pool_estimates(estimate, se)
    pooled = (
        {"p_value": _correlate_rows(sums)},
        _weigh(estimate, se, 0.0),
        _weigh(estimate, se, own["heterogeneity"]),
        {name: own[name] for name in ("p_value", "estimate", "ci_lower", "ci_upper")},
    )
    return [{"method": method, **found} for method, found in zip(GROUP_METHODS, pooled, strict=True)]


def _weigh(estimate: FloatArray, se: FloatArray, spread: float) -> dict[str, float]:
    """Return the inverse-variance mean with a normal reference, for slopes that differ by `spread` (SD)."""
    ok = np.isfinite(estimate) & (se > 0)
    weights = 1 / (se[ok] ** 2 + spread**2)
    mean, error = float(weights @ estimate[ok] / weights.sum()), float(1 / np.sqrt(weights.sum()))
    half = NORMAL_QUANTILE * error
    p_value = float(special.erfc(abs(mean) / error / np.sqrt(2)))
    return {"p_value": p_value, "estimate": mean, "ci_lower": mean - half, "ci_upper": mean + half}


def _sum_products(x: FloatArray, y: FloatArray) -> FloatArray:
    """Return each person's sums of x^2, y^2 and xy around their own means, and their days, (4, P)."""
    seen = np.isfinite(x) & np.isfinite(y)
    n = np.maximum(seen.sum(1, keepdims=True), 1)
    x, y = (np.where(seen, side - np.where(seen, side, 0).sum(1, keepdims=True) / n, 0.0) for side in (x, y))
    return np.stack([(x**2).sum(1), (y**2).sum(1), (x * y).sum(1), seen.sum(1).astype(float)])


def _correlate_rows(sums: FloatArray) -> float:
    """Return the p-value of Pearson's r over all rows of a group, people's means taken out."""
    xx, yy, xy, n = sums.sum(axis=1)
    df = n - sums.shape[1] - 1
    r = xy / np.sqrt(xx * yy)
    return float(2 * special.stdtr(df, -abs(r) * np.sqrt(df / (1 - r**2))))
