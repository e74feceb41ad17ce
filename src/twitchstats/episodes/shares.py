"""Shares and slopes of several people, or of one, with intervals that respect who the episodes belong to."""

from collections.abc import Callable
from typing import Any, TypedDict, Unpack

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from twitchstats.arrays import FloatArray
from twitchstats.errors import unknown_name
from twitchstats.inference import average_estimates, describe_estimates, wilson_interval
from twitchstats.journal.record import Journal

Slope = tuple[float, float, float]  # with its standard error and degrees of freedom
RESULT_COLUMNS = [
    "measure", "estimate", "se", "df", "ci_lower", "ci_upper", "ci90_lower", "ci90_upper", "p_value", "reference",
    "heterogeneity", "n_people", "n_episodes", "reason",
]  # fmt: skip
INTERVALS = ("ci_lower", "ci_upper", "ci90_lower", "ci90_upper")
LEAST_EPISODES = 5  # of a person, below which nothing is estimated
TOO_FEW, NO_VARIATION, NO_COLUMN = "too few days", "no variation", "variable not in this journal"


class Counted(TypedDict):
    """On how many people and episodes a result rests."""

    n_people: int
    n_episodes: int


def get_episodes(journal: Journal, *columns: str, kind: str | None = None) -> pd.DataFrame:
    """Return the episodes of one kind (or all) where none of the columns is missing, in an order of their own.

    Returns
    -------
    DataFrame
        The episodes with a ``day`` (midnight of the start) added; empty where the journal has no such column.

    Raises
    ------
    UnknownNameError
        No episode is of that kind though episodes have kinds.
    """
    table = journal.episodes
    needed = ["person", *columns, *(["kind"] if kind else [])]
    if not set(needed) <= set(table.columns) or table.empty:
        return pd.DataFrame(columns=[*needed, "day"])
    if kind is not None and not (table["kind"] == kind).any():
        raise unknown_name("kind of episode", kind, sorted(table["kind"].dropna().unique()))
    chosen = table if kind is None else table[table["kind"] == kind]
    chosen = chosen.dropna(subset=["person", *columns])
    return chosen.assign(day=_find_day(chosen)).sort_values(["person", "day", *columns], kind="stable")


def _find_day(episodes: pd.DataFrame) -> "pd.Series[object]":
    """Return the day of each start: its midnight, its whole day number, or its row where no start was given."""
    if "start" not in episodes or episodes["start"].isna().all():
        return pd.Series(np.arange(len(episodes)), index=episodes.index)
    start = episodes["start"]
    if pd.api.types.is_datetime64_any_dtype(start):
        return start.dt.floor("D")
    return np.floor(pd.to_numeric(start, errors="coerce"))


def estimate_share(
    hits: ArrayLike, person: ArrayLike, cluster: ArrayLike, *, reference: float | None
) -> dict[str, Any]:
    """Estimate the share of episodes that are `hits` (1, else 0), of people with at least `LEAST_EPISODES`.

    With several people it is the mean of their shares, with a t interval over people. With one person it is the share
    of all episodes, its interval from the days as clusters (ratio estimator, Cochran 1977). Returns `RESULT_COLUMNS`;
    NaN with a reason where nothing can be estimated. No episode at all: the journal has no such column.
    """
    if not len(np.asarray(hits)):
        return fail(NO_COLUMN, reference=reference)
    table = pd.DataFrame({"hit": np.asarray(hits, float), "person": np.asarray(person), "cluster": np.asarray(cluster)})
    table = table[table.groupby("person")["hit"].transform("size") >= LEAST_EPISODES]
    shares = table.groupby("person")["hit"].mean()
    told: dict[str, Any] = {"n_people": len(shares), "n_episodes": len(table), "reference": reference}
    if len(shares) > 1:
        spread, n = float(shares.std()), len(shares)
        return finish(float(shares.mean()), spread / np.sqrt(n), n - 1, heterogeneity=spread, **told)
    days = table.groupby("cluster", dropna=False)["hit"].agg(["sum", "size"])
    if len(days) < 2:
        return fail(TOO_FEW, **told)
    share = float(days["sum"].sum() / days["size"].sum())
    residual = (days["sum"] - share * days["size"]).to_numpy()
    n = len(days)
    se = float(np.sqrt(n / (n - 1) * np.sum(residual**2)) / days["size"].sum())
    return finish(share, se, n - 1, **told)


def finish(
    estimate: float,
    se: float,
    df: float,
    *,
    reference: float | None,
    measure: str = "share",
    heterogeneity: float = np.nan,
    **counted: Unpack[Counted],
) -> dict[str, Any]:
    """Return one result row from an estimate, its standard error and degrees of freedom; ``n_people, n_episodes``.

    A share that never varied (every person or day 0, or every one 1) has no standard error: it gets Wilson's (1927)
    interval and score test with people (or days) as the sample.
    """
    row = fail("", reference=reference, measure=measure, **counted) | {"estimate": estimate, "se": se, "df": float(df)}
    if se <= 0 and measure == "share":
        return row | _describe_constant(estimate, int(df) + 1, row["reference"])
    low, high = (0.0, 1.0) if measure == "share" else (-np.inf, np.inf)
    told = describe_estimates(estimate, se, df)
    row |= {name: float(np.clip(told[name], low, high)) for name in INTERVALS}
    p_value = float(describe_estimates(estimate - row["reference"], se, df)["p_value"])
    return row | {"heterogeneity": heterogeneity, "p_value": p_value}


def finish_logit(
    share: float, se_logit: float, n: int, *, reference: float | None, **counted: Unpack[Counted]
) -> dict[str, Any]:
    """Return one result row for a share whose standard error is on the logit scale, from `n` clusters.

    ``se`` is brought back to the scale of the share (delta method); intervals and test are those of the logit.
    """
    if not np.isfinite(se_logit) or se_logit <= 0:
        return finish(share, 0.0, n - 1, reference=reference, **counted)
    logit = np.log(share / (1 - share))
    target = None if reference is None else float(np.log(reference / (1 - reference)))
    row = finish(logit, se_logit, n - 1, reference=target, measure="logit", **counted)
    for name in INTERVALS:
        row[name] = float(1 / (1 + np.exp(-np.clip(row[name], -700, 700))))
    told = {"measure": "share", "estimate": share, "se": se_logit * share * (1 - share)}
    return row | told | {"reference": np.nan if reference is None else reference}


def _describe_constant(share: float, n: int, start: float) -> dict[str, float]:
    limits = [float(limit) for level in (0.95, 0.90) for limit in wilson_interval(share * n, n, level=level)]
    score = abs(share - start) / np.sqrt(start * (1 - start) / n)
    told = {"se": 0.0, "heterogeneity": 0.0, "p_value": float(2 * stats.norm.sf(score))}
    return told | dict(zip(INTERVALS, limits, strict=True))


def fail(
    reason: str, *, n_people: int = 0, n_episodes: int = 0, reference: float | None = None, measure: str = "share"
) -> dict[str, Any]:
    """Return a result row that has no estimate, and why."""
    row: dict[str, Any] = dict.fromkeys(RESULT_COLUMNS, np.nan)
    told = {"measure": measure, "n_people": n_people, "n_episodes": n_episodes, "reason": reason}
    return row | told | {"reference": np.nan if reference is None else reference}


def relate_by_person(
    table: pd.DataFrame,
    fit: Callable[[pd.DataFrame], Slope | None],
    *,
    x: str,
    measure: str,
    n_episodes: int | None = None,
) -> dict[str, Any]:
    """Fit each person's rows and put the slopes together (REML, Hartung-Knapp); one person keeps a t interval.

    Parameters
    ----------
    table : DataFrame
        Rows with ``person``, and ``size`` where a row is of several episodes. None at all: the journal has no such
        column.
    fit : callable
        A person's rows -> slope, standard error and degrees of freedom on the scale where no effect is 0, or None.
    x : str
        The column that has to differ within somebody.
    measure : str
        ``"odds ratio"`` returns exponentials and the reference 1, with ``se`` and ``heterogeneity`` on the log scale.
    n_episodes : int, optional
        Told when nothing can be estimated; by default the number of rows.
    """
    ratio = measure == "odds ratio"
    n_episodes = len(table) if n_episodes is None else n_episodes
    slopes, used = [], 0
    for _, own in table.groupby("person", sort=True):
        found = fit(own)
        if found is not None and np.isfinite(found[:2]).all() and found[1] > 0:
            slopes.append(found)
            used += int(own["size"].sum()) if "size" in own else len(own)
    if not slopes:
        varied = table.groupby("person")[x].nunique().max() > 1
        reason = NO_COLUMN if not n_episodes else TOO_FEW if varied or table.empty else NO_VARIATION
        return fail(reason, n_episodes=n_episodes, measure=measure, reference=float(ratio))
    mean = average_estimates(*zip(*slopes, strict=True))
    row = finish(mean["estimate"], mean["se"], mean["df"], n_people=int(mean["n_people"]), n_episodes=used,
                 reference=0.0, measure=measure, heterogeneity=mean["heterogeneity"])  # fmt: skip
    if ratio:
        for name in ("estimate", *INTERVALS):
            row[name] = float(np.exp(np.clip(row[name], -700, 700)))
        row["reference"] = 1.0
    return row


def fit_logistic(hits: FloatArray, totals: FloatArray, x: FloatArray, cluster: ArrayLike) -> Slope | None:
    """Fit log odds = a + b x to grouped counts, with a standard error robust to clusters, and G - 2 degrees of freedom.

    Iteratively reweighted least squares; sandwich with the factor G / (G - 2) for G clusters (Liang and Zeger 1986).
    None where the fit doesn't settle (no variation, complete separation).
    """
    design = np.column_stack([np.ones_like(x), x - x.mean()])
    share = hits.sum() / totals.sum()
    if not 0 < share < 1 or np.ptp(x) == 0:
        return None
    beta = np.array([np.log(share / (1 - share)), 0.0])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(design @ beta, -30, 30)))
        information = (design.T * (totals * p * (1 - p))) @ design
        if np.linalg.cond(information) > 1e12:
            return None
        step = np.linalg.solve(information, design.T @ (hits - totals * p))
        beta = beta + np.clip(step, -2, 2)
        if np.max(np.abs(step)) < 1e-10:
            return _sandwich(design, hits - totals * p, information, cluster, beta)
    return None


def fit_line(y: FloatArray, x: FloatArray, cluster: ArrayLike) -> Slope | None:
    """Fit y = a + b x by least squares with a standard error robust to clusters, as `fit_logistic`."""
    if np.ptp(x) == 0:
        return None
    design = np.column_stack([np.ones_like(x), x - x.mean()])
    information = design.T @ design
    beta = np.linalg.solve(information, design.T @ y)
    return _sandwich(design, y - design @ beta, information, cluster, beta)


def _sandwich(
    design: FloatArray, residual: FloatArray, information: FloatArray, cluster: ArrayLike, beta: FloatArray
) -> Slope | None:
    groups = pd.factorize(np.asarray(cluster), use_na_sentinel=False)[0]
    n_groups = int(groups.max()) + 1
    if n_groups < 4:
        return None
    scores = np.zeros((n_groups, design.shape[1]))
    np.add.at(scores, groups, design * residual[:, None])
    bread = np.linalg.inv(information)
    covariance = bread @ (scores.T @ scores) @ bread * n_groups / (n_groups - 2)
    return float(beta[1]), float(np.sqrt(covariance[1, 1])), float(n_groups - 2)
