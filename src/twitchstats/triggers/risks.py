"""How often the outcome comes on days with and without a trigger: absolute numbers."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from twitchstats.arrays import BoolArray, FloatArray
from twitchstats.errors import OptionError
from twitchstats.inference import cluster_df, cluster_error, wilson_interval
from twitchstats.journal.record import Journal
from twitchstats.panel import Panel
from twitchstats.triggers.request import prepare_request, refuse_tautology

COLUMNS = [
    "trigger", "outcome", "exposure", "n_people", "n_days", "n_events", "estimate", "ci_lower", "ci_upper", "reason",
]  # fmt: skip
ANY = "any of these"
STRETCHES = 6  # of one person's days, each of which is taken as one


def estimate_risks(
    journal: Journal, *, outcome: str | None = None, triggers: Sequence[str] | str | None = None
) -> pd.DataFrame:
    """Estimate the share of days with the outcome among days with and without each yes/no trigger.

    Parameters
    ----------
    journal : Journal
    outcome : str, optional
        A yes/no outcome, or any number: then a day counts where it is above 0.
    triggers : sequence of str, optional
        By default every yes/no variable that is no outcome.

    Returns
    -------
    DataFrame
        Two rows for each trigger, and two for "any of these" where there are several: ``trigger, outcome, exposure``
        ("with", "without"), ``n_people, n_days, n_events, estimate`` (share of days), ``ci_lower, ci_upper, reason``.
        All days of all people count alike; the interval counts people, or stretches of one person's days, as
        independent, not days.

    Raises
    ------
    UnknownNameError
        The outcome or a trigger is not in the journal.
    OptionError
        A trigger that is not yes or no.

    Notes
    -----
    Interval: ratio estimator with clusters (Cochran 1977), on the logit scale with a t reference: people, or, of one
    person alone, six stretches of equal length; variance (CR2) and degrees of freedom are those of Bell and McCaffrey
    (2002) for clusters of unequal size; never narrower than Wilson's (1927) of as many independent days. One person's
    interval is of what would be seen in the long run: where trigger and outcome last for weeks (a memory of .9), it
    holds that in .91 to .95 of diaries of 120 days, in .77 to .83 of 40 days and in .69 to .77 of two weeks, as there
    are few such spells (memory .8: .95, .91 to .94, .81 to .93). The days are the same days: nothing is said of what
    came first.

    Examples
    --------
    >>> import twitchstats as tw
    >>> journal, _ = tw.simulate_journal(people=3, days=60, world="articles", seed=1)
    >>> rows = tw.estimate_risks(journal, triggers="overuse")
    >>> rows[["exposure", "n_people", "n_days", "n_events", "estimate"]].round(2)
      exposure  n_people  n_days  n_events  estimate
    0     with         3      16        12      0.75
    1  without         3     126        83      0.66
    """
    request = prepare_request(journal, outcome, triggers, 0)
    names = tuple(name for name in request.triggers if request.variables.loc[name, "kind"] == "yes/no")
    other = [name for name in request.triggers if name not in names]
    if triggers is not None and other:
        raise OptionError(
            f"{other[0]!r} is not yes or no, and what is counted are days with and without it. Name yes/no variables, "
            "or ask estimate_effects."
        )
    allowed = tuple(name for name in names if not refuse_tautology(request, name))
    count = partial(_count_days, outcome=request.outcome, triggers=names, alone=len(request.panel.people) == 1)
    counted = request.panel.map_blocks(partial(count, together=allowed if len(allowed) > 1 else ()))
    rows = []
    for place, name in enumerate(names):
        days, events = counted["days"][:, place], counted["events"][:, place]
        rows += _tell_exposures(request.outcome, name, days, events, refuse_tautology(request, name))
    if len(allowed) > 1:
        rows += _tell_exposures(request.outcome, ANY, counted["days"][:, -1], counted["events"][:, -1], "")
    return pd.DataFrame(rows, columns=COLUMNS)


def _count_days(
    panel: Panel, *, outcome: str, triggers: Sequence[str], together: Sequence[str], alone: bool
) -> dict[str, FloatArray]:
    """Return ``days`` and ``events`` with and without each trigger, and with any of those `together`, (P, T, 2, C).

    There is one cluster, C, for each person; of one person `alone` their stretches of days.
    """
    y = panel.get_outcome(outcome)
    columns = [panel.get(name) for name in triggers]
    if together:
        several = np.stack([panel.get(name) for name in together])
        columns.append(np.where(np.isfinite(several).any(0), np.nan_to_num(several).max(0), np.nan))
    among = [wanted & np.isfinite(y) for x in columns for wanted in (x > 0, x == 0)]
    shape = (len(y), len(columns), 2, -1 if columns else 1)
    days, events = (
        np.stack([_add_clusters(part, alone=alone) for part in parts], axis=1) if parts else np.zeros((len(y), 0, 1))
        for parts in (among, [part & (y > 0) for part in among])
    )
    return {"days": days.reshape(shape), "events": events.reshape(shape)}


def _tell_exposures(
    outcome: str, name: str, all_days: FloatArray, all_events: FloatArray, reason: str
) -> list[dict[str, object]]:
    rows = []
    for place, exposure in enumerate(("with", "without")):
        days, events = all_days[:, place], all_events[:, place]
        row = {"trigger": name, "outcome": outcome, "exposure": exposure, "n_people": int((days > 0).any(1).sum())}
        days, events = days.ravel(), events.ravel()
        row |= {"n_days": int(days.sum()), "n_events": int(events.sum()), "reason": reason}
        row |= dict.fromkeys(("estimate", "ci_lower", "ci_upper"), float("nan"))
        if not reason and not days.sum():
            row["reason"] = "too few days"
        elif not reason:
            row |= _share_with_interval(events[days > 0], days[days > 0])
        rows.append(row)
    return rows


def _add_clusters(days: BoolArray, *, alone: bool) -> FloatArray:
    """Return the number of days of each person, (P, 1), or of each stretch of one person's days, (1, C)."""
    length = max(-(-days.shape[1] // (STRETCHES if alone else 1)), 1)
    counts: FloatArray = np.add.reduceat(days.astype(float), np.arange(0, days.shape[1], length), axis=1)
    return counts


def _share_with_interval(events: FloatArray, days: FloatArray) -> dict[str, float]:
    """Return a share of days and its interval from clusters of days."""
    share, total = events.sum() / days.sum(), days.sum()
    low, high = wilson_interval(events.sum(), total)
    if len(days) > 1 and 0 < share < 1:
        weight = days / total
        error = cluster_error(events - share * days, weight) / total
        logit, se = np.log(share / (1 - share)), error / (share * (1 - share))
        half = stats.t.ppf(0.975, cluster_df(weight)) * se
        ends = 1 / (1 + np.exp(-(logit + half * np.array([-1, 1]))))
        low, high = np.minimum(low, ends[0]), np.maximum(high, ends[1])
    return {"estimate": float(share), "ci_lower": float(low), "ci_upper": float(high)}
