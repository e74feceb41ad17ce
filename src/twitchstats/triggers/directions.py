"""Which way round: whether the trigger foretells the outcome, or the outcome the trigger."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from twitchstats.errors import OptionError
from twitchstats.inference import adjust_p_values, pool_estimates
from twitchstats.journal.record import Journal
from twitchstats.triggers.design import Options, choose_family, fit_panel
from twitchstats.triggers.effects import check_options
from twitchstats.triggers.request import Request, prepare_request, refuse_tautology

COLUMNS = [
    "trigger", "outcome", "lag", "direction", "n_people", "n_days", "estimate", "ci_lower", "ci_upper", "p_value",
    "p_adjusted", "reading", "reason",
]  # fmt: skip
READINGS = {
    (True, False): "the trigger comes first",
    (False, True): "the outcome comes first",
    (True, True): "both ways",
    (False, False): "neither shown",
}


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

    Both directions are partial correlations over the same number of days, given the foretold variable's own yesterday,
    the older value of the other, weekday and trend (Granger 1969): so they can be compared.

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
        ci_upper, p_value, p_adjusted, reading, reason``. `reading` is one of "the trigger comes first", "the outcome
        comes first", "both ways", "neither shown", "can't be told".

    Raises
    ------
    UnknownNameError
        The outcome or a trigger is not in the journal.
    OptionError
        The lag is below 1 or another option is not allowed.
    """
    options = check_options(trend=trend, weekday=weekday, effect="direct", adjust="each")
    request = prepare_request(journal, outcome, triggers, lag)
    if request.lags[0] < 1:
        raise OptionError(f"lag={lag!r} is not possible: on the same day nothing comes first. Choose 1 or more.")
    frame = pd.DataFrame(
        [
            _tell_direction(request, trigger, direction, options)
            for trigger in request.triggers
            for direction in ("forward", "reverse")
        ],
        columns=[name for name in COLUMNS if name not in ("p_adjusted", "reading")],
    )
    frame["p_adjusted"] = adjust_p_values(frame["p_value"].astype(float))
    frame["reading"] = _read_pairs(frame, alpha)
    return frame[COLUMNS]


def _tell_direction(request: Request, trigger: str, direction: str, options: Options) -> dict[str, object]:
    lag = request.lags[0]
    row: dict[str, object] = {"trigger": trigger, "outcome": request.outcome, "lag": lag, "direction": direction}
    row |= dict.fromkeys(("estimate", "ci_lower", "ci_upper", "p_value"), float("nan"))
    row |= {"n_people": 0, "n_days": 0, "reason": refuse_tautology(request, trigger)}
    if not row["reason"] and not request.panel.ordered:
        row["reason"] = "no order in time"
    if row["reason"]:
        return row
    first, then = (trigger, request.outcome) if direction == "forward" else (request.outcome, trigger)
    family = choose_family(str(request.variables.loc[then, "kind"]))
    fits = fit_panel(request.panel, then, [first], [lag], family=family, options=options)
    t, df, n = fits.t[:, 0, 0], fits.df[:, 0, 0], fits.n[:, 0, 0]
    ok = np.isfinite(t)
    row |= {"n_people": int(ok.sum()), "n_days": int(n[ok].sum())}
    if not ok.any():
        return row | {"reason": "too few days"}
    return row | _pool_partial(t[ok], df[ok])


def _pool_partial(t: np.ndarray, df: np.ndarray) -> dict[str, float]:
    """Return the partial correlation over people with interval and p-value, from t statistics."""
    z, se = np.arctanh(t / np.sqrt(t**2 + df)), 1 / np.sqrt(np.maximum(df - 1, 1))
    if len(z) == 1:
        half = stats.t.ppf(0.975, df[0]) * np.abs(z[0] / t[0]) if t[0] else stats.t.ppf(0.975, df[0]) * se[0]
        low, middle, high = z[0] - half, z[0], z[0] + half
        p_value = float(2 * stats.t.sf(abs(t[0]), df[0]))
    else:
        pooled = pool_estimates(z, se)
        low, middle, high, p_value = (pooled[name] for name in ("ci_lower", "estimate", "ci_upper", "p_value"))
    values = {"estimate": middle, "ci_lower": low, "ci_upper": high}
    return {name: float(np.tanh(value)) for name, value in values.items()} | {"p_value": p_value}


def _read_pairs(frame: pd.DataFrame, alpha: float) -> list[str]:
    shown = {
        (row.trigger, row.direction): (row.p_adjusted < alpha) if not row.reason else None for row in frame.itertuples()
    }
    readings = []
    for trigger in frame["trigger"]:
        pair = (shown[trigger, "forward"], shown[trigger, "reverse"])
        readings.append("can't be told" if None in pair else READINGS[bool(pair[0]), bool(pair[1])])
    return readings
