"""Triggers that are one thing measured several ways are told as one group."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components

from twitchstats.arrays import FloatArray
from twitchstats.errors import OptionError, check_number, check_table
from twitchstats.journal.record import Journal
from twitchstats.panel import Panel
from twitchstats.triggers.columns import count_trend_terms, date_columns
from twitchstats.triggers.correlations import rank_days, take_out
from twitchstats.triggers.request import prepare_request

LEAST_DAYS = 10


def group_triggers(
    journal: Journal,
    *,
    outcome: str | None = None,
    triggers: Sequence[str] | str | None = None,
    effects: pd.DataFrame | None = None,
    threshold: float = 0.8,
) -> pd.DataFrame:
    """Group triggers that go together within people, such as sleep hours, time in bed and sleep rating.

    Parameters
    ----------
    journal : Journal
    outcome, triggers
        As in `estimate_effects`.
    effects : DataFrame, optional
        Result of `estimate_effects` or `correlate_triggers`: the member with the smallest p-value leads its group;
        without it the first by name.
    threshold : float
        Two triggers are linked where the median over people of the absolute rank correlation reaches this; what both
        have of a trend does not count.

    Returns
    -------
    DataFrame
        One row for each trigger: ``trigger, group`` (number, from 1), ``n_members, leader`` (True for one of each
        group), ``closeness`` (its largest correlation with another member; NaN alone). Leaders come first within
        their group; none is hidden.

    Raises
    ------
    OptionError
        The threshold is not between 0 and 1.

    Examples
    --------
    >>> import twitchstats as tw
    >>> journal, _ = tw.simulate_journal(people=3, days=60, world="articles", seed=1)
    >>> tw.group_triggers(journal, triggers=["sleep", "stress", "time_in_bed"]).round(2)
           trigger  group  n_members  leader  closeness
    0        sleep      1          2    True       0.96
    1  time_in_bed      1          2   False       0.96
    2       stress      2          1    True        NaN
    """
    if not 0 < check_number("threshold", threshold) <= 1:
        raise OptionError(f"threshold={threshold!r} is not possible: it lies above 0 and up to 1.")
    if effects is not None:
        check_table("effects", effects, ["trigger", "p_value"])
    request = prepare_request(journal, outcome, triggers, 0)
    names = list(request.triggers)
    each = request.panel.map_blocks(partial(_correlate_all, names=request.triggers))["each"] if names else np.zeros(0)
    close = _find_medians(each) if names else np.zeros((0, 0))
    _, group = connected_components(close >= threshold, directed=False) if names else (0, np.zeros(0, int))
    linked = np.where((group[:, None] == group[None, :]) & ~np.eye(len(names), dtype=bool), close, np.nan)
    strength = pd.Series(np.inf, index=names)
    if effects is not None:
        strength = effects.groupby("trigger")["p_value"].min().reindex(names).fillna(np.inf)
    frame = pd.DataFrame({"trigger": names, "group": group, "strength": strength.to_numpy()})
    frame["closeness"] = [np.nanmax(row) if np.isfinite(row).any() else np.nan for row in linked]
    frame["best"] = frame.groupby("group")["strength"].transform("min")
    frame = frame.sort_values(["best", "group", "strength", "trigger"], kind="stable", ignore_index=True)
    frame["leader"] = ~frame["group"].duplicated()
    frame["n_members"] = frame.groupby("group")["trigger"].transform("size")
    frame["group"] = frame["leader"].cumsum()
    return frame[["trigger", "group", "n_members", "leader", "closeness"]]


def _correlate_all(panel: Panel, *, names: Sequence[str]) -> dict[str, FloatArray]:
    """Return as ``each`` the rank correlations of each person between all triggers, (P, T, T).

    NaN below LEAST_DAYS common days, or where nothing is left beside the trend.
    """
    values = np.stack([panel.get(name) for name in names], axis=1)
    seen = np.isfinite(values)
    known = np.where(seen.any(1), 0.0, np.nan)
    terms = count_trend_terms(known, "smooth" if panel.ordered else "none")
    each = np.full((*values.shape[:2], len(names)), np.nan)
    for count in np.unique(terms):
        people = np.flatnonzero(terms == count)
        columns = np.nan_to_num(date_columns(panel, known, people, int(count), weekday=False))
        left = take_out(rank_days(values[people], seen[people]), seen[people], columns)
        days = seen[people].astype(float).swapaxes(1, 2)
        size = (left**2) @ days
        size = size * size.swapaxes(1, 2)
        ok = (days.swapaxes(1, 2) @ days >= LEAST_DAYS) & (size > 0)
        each[people] = np.where(ok, left @ left.swapaxes(1, 2) / np.sqrt(np.where(ok, size, 1.0)), np.nan)
    return {"each": each}


def _find_medians(each: FloatArray) -> FloatArray:
    """Return the median over people of the absolute correlation between all triggers, (T, T)."""
    size = each.shape[-1]
    known = np.isfinite(each).any(0)
    median = np.zeros((size, size))
    for i, j in zip(*np.nonzero(known), strict=True):
        median[i, j] = np.nanmedian(np.abs(each[:, i, j]))
    return median
