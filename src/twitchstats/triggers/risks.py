"""How often the outcome comes on days with and without a trigger: absolute numbers."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from twitchstats.journal.record import Journal
from twitchstats.panel import FloatArray
from twitchstats.triggers.request import prepare_request, refuse_tautology

COLUMNS = [
    "trigger", "outcome", "exposure", "n_people", "n_days", "n_events", "estimate", "ci_lower", "ci_upper", "reason",
]  # fmt: skip
ANY = "any of these"
LEAST_STRETCH = 14  # days of a stretch that is taken as one
MOST_STRETCHES = 10


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

    Notes
    -----
    Interval: ratio estimator with clusters (Cochran 1977), on the logit scale with a t reference: people, or, of one
    person alone, stretches of at least two weeks, ten at the most; Wilson's (1927) where no day or every day has the
    outcome. The days are the same days: nothing is said of
    what came first.
    """
    request = prepare_request(journal, outcome, triggers, 0)
    y = request.panel.get_outcome(request.outcome)
    event = np.where(np.isfinite(y), (y > 0).astype(float), np.nan)
    names = [name for name in request.triggers if request.variables.loc[name, "kind"] == "yes/no"]
    rows = []
    for name in names:
        reason = refuse_tautology(request, name)
        rows += _tell_exposures(request.outcome, name, request.panel.get(name), event, reason)
    allowed = [name for name in names if not refuse_tautology(request, name)]
    if len(allowed) > 1:
        several = np.stack([request.panel.get(name) for name in allowed])
        known = np.isfinite(several).any(0)
        some = np.where(known, np.nan_to_num(several).max(0), np.nan)
        rows += _tell_exposures(request.outcome, ANY, some, event, "")
    return pd.DataFrame(rows, columns=COLUMNS)


def _tell_exposures(outcome: str, name: str, x: FloatArray, event: FloatArray, reason: str) -> list[dict[str, object]]:
    rows = []
    for exposure, wanted in (("with", x > 0), ("without", x == 0)):
        among = wanted & np.isfinite(event)
        days, events = _count_clusters(among, np.where(among, event, 0.0))
        row = {"trigger": name, "outcome": outcome, "exposure": exposure, "n_people": int(among.any(1).sum())}
        row |= {"n_days": int(days.sum()), "n_events": int(events.sum()), "reason": reason}
        row |= dict.fromkeys(("estimate", "ci_lower", "ci_upper"), float("nan"))
        if not reason and not days.sum():
            row["reason"] = "too few days"
        elif not reason:
            row |= _share_with_interval(events[days > 0], days[days > 0])
        rows.append(row)
    return rows


def _count_clusters(among: NDArray[np.bool_], event: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return days and events of each person, or of each stretch of one person's days."""
    if len(among) == 1:
        length = max(LEAST_STRETCH, -(-among.shape[1] // MOST_STRETCHES))
        starts = np.arange(0, among.shape[1], length)
        return np.add.reduceat(among[0].astype(float), starts), np.add.reduceat(event[0], starts)
    return among.sum(1).astype(float), event.sum(1)


def _share_with_interval(events: FloatArray, days: FloatArray) -> dict[str, float]:
    """Return a share of days and its interval from clusters of days."""
    share, total, people = events.sum() / days.sum(), days.sum(), len(days)
    if people > 1 and 0 < share < 1:
        variance = people / (people - 1) * ((events - share * days) ** 2).sum() / total**2
        logit, se = np.log(share / (1 - share)), np.sqrt(variance) / (share * (1 - share))
        half = stats.t.ppf(0.975, people - 1) * se
        low, high = (1 / (1 + np.exp(-(logit + sign * half))) for sign in (-1, 1))
    else:
        interval = stats.binomtest(int(events.sum()), int(total)).proportion_ci(method="wilson")
        low, high = interval.low, interval.high
    return {"estimate": float(share), "ci_lower": float(low), "ci_upper": float(high)}
