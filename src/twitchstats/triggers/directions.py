"""Which way round: whether the trigger foretells the outcome, or the outcome the trigger."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from twitchstats.errors import OptionError
from twitchstats.inference import adjust_p_values, average_estimates
from twitchstats.journal.record import Journal
from twitchstats.reasons import NO_ORDER
from twitchstats.triggers.effects import check_options
from twitchstats.triggers.engine import ZERO, Options, score_panel
from twitchstats.triggers.families import choose_family
from twitchstats.triggers.request import Request, prepare_request, refuse_tautology

COLUMNS = [
    "trigger", "outcome", "lag", "direction", "n_people", "n_days", "estimate", "ci_lower", "ci_upper", "p_value",
    "p_adjusted", "p_difference", "reading", "reason",
]  # fmt: skip
READINGS = (
    "the trigger comes first",
    "the outcome comes first",
    "both ways: a common cause is possible",
    "neither shown",
    "can't be told",
)


def compare_directions(
    journal: Journal,
    *,
    outcome: str | None = None,
    triggers: Sequence[str] | str | None = None,
    lag: int = 1,
    trend: str = "smooth",
    weekday: bool = True,
    alpha: float = 0.05,
) -> pd.DataFrame:
    """Set each trigger's foretelling of the outcome beside the outcome's foretelling of the trigger.

    Both directions are partial correlations, given two older days of both variables, weekday and trend (Granger 1969):
    so they can be compared. Neither says which is the cause: the reading hangs on their difference, and where both are
    there and don't differ, a common cause is as good an explanation.

    Parameters
    ----------
    journal : Journal
    outcome : str, optional
    triggers : sequence of str, optional
    lag : int
        Days between the two, from 1 on.
    trend, weekday
        As in `estimate_effects`.
    alpha : float
        Rate of false discoveries at which a direction counts as shown.

    Returns
    -------
    DataFrame
        Two rows for each trigger, ``direction`` "forward" (trigger first) and "reverse" (outcome first): ``trigger,
        outcome, lag, direction, n_people, n_days, estimate`` (partial correlation, pooled over people), ``ci_lower,
        ci_upper, p_value, p_adjusted, p_difference, reading, reason``. ``p_difference`` tests that both directions are
        equally strong, adjusted over the triggers. ``reading`` is one of `READINGS`: a definite direction only where
        it is shown and differs from the other.

    Raises
    ------
    UnknownNameError
        The outcome or a trigger is not in the journal.
    OptionError
        The lag is below 1 or another option is not allowed.

    Examples
    --------
    >>> import twitchstats as tw
    >>> journal, _ = tw.simulate_journal(people=3, days=60, world="articles", seed=1)
    >>> rows = tw.compare_directions(journal, triggers="stress")
    >>> rows[["trigger", "lag", "direction", "n_people", "reading"]]
      trigger  lag direction  n_people        reading
    0  stress    1   forward         3  neither shown
    1  stress    1   reverse         2  neither shown
    """
    options = check_options(trend=trend, weekday=weekday, effect="total", adjust="each")
    request = prepare_request(journal, outcome, triggers, lag)
    if request.lags[0] < 1:
        raise OptionError(f"lag={lag!r} is not possible: on the same day nothing comes first. Choose 1 or more.")
    pairs = [_tell_pair(request, trigger, options) for trigger in request.triggers]
    kept = [name for name in COLUMNS if name not in ("p_adjusted", "reading")]
    frame = pd.DataFrame([row for pair in pairs for row in pair], columns=kept)
    frame["p_adjusted"] = adjust_p_values(frame["p_value"].astype(float))
    frame["p_difference"] = adjust_p_values(frame["p_difference"].astype(float)[::2]).repeat(2)
    frame["reading"] = _read_pairs(frame, alpha)
    return frame[COLUMNS]


def _tell_pair(request: Request, trigger: str, options: Options) -> list[dict[str, object]]:
    """Return the rows of both directions of one trigger."""
    lag = request.lags[0]
    row: dict[str, object] = {"trigger": trigger, "outcome": request.outcome, "lag": lag}
    row |= dict.fromkeys(("estimate", "ci_lower", "ci_upper", "p_value", "p_difference"), float("nan"))
    row |= {"n_people": 0, "n_days": 0, "reason": refuse_tautology(request, trigger)}
    if not row["reason"] and not request.panel.ordered:
        row["reason"] = NO_ORDER
    rows = [row | {"direction": "forward"}, row | {"direction": "reverse"}]
    if row["reason"]:
        return rows
    z, df, n = zip(_correlate(request, trigger, request.outcome, options),
                   _correlate(request, request.outcome, trigger, options), strict=True)  # fmt: skip
    for told, own_z, own_df, days in zip(rows, z, df, n, strict=True):
        ok = np.isfinite(own_z)
        told |= {"n_people": int(ok.sum()), "n_days": int(days[ok].sum())}
        if ok.any():
            mean = average_estimates(own_z[ok], 1 / np.sqrt(own_df[ok] + 1), own_df[ok])
            told |= {name: float(np.tanh(mean[name])) for name in ("estimate", "ci_lower", "ci_upper")}
            told["p_value"] = mean["p_value"]
        else:
            told["reason"] = "too few days"
    both = np.isfinite(z[0]) & np.isfinite(z[1])
    if both.any():
        error = np.sqrt(1 / (df[0][both] + 1) + 1 / (df[1][both] + 1))
        difference = average_estimates(z[0][both] - z[1][both], error, np.minimum(df[0][both], df[1][both]))
        rows = [told | {"p_difference": difference["p_value"]} for told in rows]
    return rows


def _correlate(request: Request, first: str, then: str, options: Options) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each person's partial correlation of `first` with the later `then`: Fisher's z, its freedom, its days."""
    family = choose_family(str(request.variables.loc[then, "kind"]))
    scores = score_panel(request.panel, then, [first], request.lags, family=family, options=options)
    told = scores.refusal == 0
    df = np.maximum(scores.trust, 1.0)
    t = np.where(told, scores.curve[..., ZERO] / np.where(told, scores.spread[..., ZERO], 1.0), 0.0)
    z = np.where(told, np.arctanh(t / np.sqrt(t**2 + df)), np.nan)
    return z[:, 0, 0], df[:, 0, 0], scores.n[:, 0, 0]


def _read_pairs(frame: pd.DataFrame, alpha: float) -> list[str]:
    readings = []
    for start in range(0, len(frame), 2):
        forward, reverse = frame.iloc[start], frame.iloc[start + 1]
        first, second = (row["p_adjusted"] < alpha for row in (forward, reverse))
        differ = forward["p_difference"] < alpha
        if forward["reason"] or reverse["reason"]:
            reading = READINGS[4]
        elif first and differ and abs(forward["estimate"]) > abs(reverse["estimate"]):
            reading = READINGS[0]
        elif second and differ and abs(reverse["estimate"]) > abs(forward["estimate"]):
            reading = READINGS[1]
        else:
            reading = READINGS[2] if first or second else READINGS[3]
        readings += [reading, reading]
    return readings
