"""Groups of people put together: the usual ways and ours."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special

from twitchstats.arrays import FloatArray, IntArray
from twitchstats.inference import describe_estimates, pool_estimates
from twitchstats.panel import Panel
from twitchstats.study.methods import OUTCOME, TRIGGER
from twitchstats.study.rivals import centre_people
from twitchstats.triggers.engine import Options, work_panel
from twitchstats.triggers.families import choose_family
from twitchstats.triggers.rows import describe_people, pool_people

MOST_GROUPS = 300  # of one size
REUSED = 5  # times at most that a person may be drawn, on average
GROUP_METHODS = ("rows pooled", "one slope for all", "random effects, z", "pooled estimate_effects")


def pool_groups(panel: Panel, *, kind: str, lag: int, sizes: Sequence[int]) -> pd.DataFrame:
    """Draw groups of each size from the people of a panel and pool every group by each of `GROUP_METHODS`.

    A row for each group: ``method, people, p_value, p_anyone, estimate, ci_lower, ci_upper``; log scale for ratios.
    Groups are cut from shuffled people, who are shuffled up to `REUSED` times. Their days are worked on once;
    `estimate_effects` with ``by="pooled"`` would do the same group by group.
    """
    family, options = choose_family(kind), Options(pooled=True)
    work = work_panel(panel, OUTCOME, [TRIGGER], [lag], family=family, options=options)
    x, y, seen = centre_people(panel.lag(TRIGGER, lag), panel.get(OUTCOME))
    sums = np.stack([(x**2).sum(1), (y**2).sum(1), (x * y).sum(1), seen.sum(1).astype(float)])
    personal = describe_people(work.finish(slice(None)).select(np.s_[:, 0, 0]))
    rng = np.random.default_rng(len(panel.people))
    rows = []
    for size in sizes:
        for group in _cut_groups(len(panel.people), size, rng):
            estimate, se = personal["estimate"][group], personal["se"][group]
            ours = pool_people(work.finish(group), np.ones(1)).iloc[0]
            pooled = (
                {"p_value": _correlate_rows(sums[:, group])},
                _weigh(estimate, se, 0.0),
                _weigh(estimate, se, pool_estimates(estimate, se)["heterogeneity"]),
                {name: ours[name] for name in ("p_value", "p_anyone", "estimate", "ci_lower", "ci_upper")},
            )
            rows += [{"method": method, "people": size, **found}
                     for method, found in zip(GROUP_METHODS, pooled, strict=True)]  # fmt: skip
    return pd.DataFrame(rows)


def _cut_groups(people: int, size: int, rng: np.random.Generator) -> list[IntArray]:
    """Return groups of this size: people shuffled and cut, again and again."""
    shuffles = [rng.permutation(people) for _ in range(REUSED)]
    groups = [order[first : first + size] for order in shuffles for first in range(0, people - size + 1, size)]
    return groups[:MOST_GROUPS]


def _weigh(estimate: FloatArray, se: FloatArray, spread: float) -> dict[str, float]:
    """Return the inverse-variance mean with a normal reference, for slopes that differ by `spread` (SD)."""
    ok = np.isfinite(estimate) & (se > 0) & np.isfinite(spread)
    if not ok.any():
        return dict.fromkeys(("p_value", "estimate", "ci_lower", "ci_upper"), np.nan)
    weights = 1 / (se[ok] ** 2 + spread**2)
    mean, error = float(weights @ estimate[ok] / weights.sum()), float(1 / np.sqrt(weights.sum()))
    told = describe_estimates(mean, error, np.inf)
    return {"estimate": mean} | {name: float(told[name]) for name in ("p_value", "ci_lower", "ci_upper")}


def _correlate_rows(sums: FloatArray) -> float:
    """Return the p-value of Pearson's r over all rows of a group from people's sums of x^2, y^2, xy, and days."""
    xx, yy, xy, n = sums.sum(axis=1)
    df = n - sums.shape[1] - 1
    r = xy / np.sqrt(xx * yy)
    return float(2 * special.stdtr(df, -abs(r) * np.sqrt(df / (1 - r**2))))
