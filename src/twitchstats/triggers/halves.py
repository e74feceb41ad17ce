"""Does an effect change? The early half of each diary against the late half."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from twitchstats.arrays import FloatArray
from twitchstats.inference import adjust_p_values
from twitchstats.journal.record import Journal
from twitchstats.panel import shift_days
from twitchstats.reasons import NO_ORDER
from twitchstats.triggers.columns import find_ends
from twitchstats.triggers.curves import tell_contrasts
from twitchstats.triggers.families import choose_family
from twitchstats.triggers.request import Request, check_by, check_lag, prepare_request, refuse_tautology
from twitchstats.triggers.rows import label_rows, put_on_scale

PARTS = {"early": (1.0, 0.0), "late": (0.0, 1.0), "change": (-1.0, 1.0)}
HALVES_COLUMNS = [
    "person", "trigger", "outcome", "lag", "part", "step", "unit", "n_people", "n_days", "estimate", "ci_lower",
    "ci_upper", "p_value", "p_adjusted", "measure", "reason",
]  # fmt: skip


def compare_halves(
    journal: Journal,
    *,
    outcome: str | None = None,
    triggers: Sequence[str] | str | None = None,
    lag: int = 0,
    by: str = "pooled",
) -> pd.DataFrame:
    """Set the effect of each trigger in the early half of a diary beside that in the late half ('until spring').

    Parameters
    ----------
    journal : Journal
    outcome, triggers, lag, by
        As in `estimate_effects`, for one lag.

    Returns
    -------
    DataFrame
        Three rows for each person (or "pooled") and trigger, ``part`` "early", "late" and "change" (late against
        early): `HALVES_COLUMNS`. ``estimate, ci_lower, ci_upper``: the rate or odds ratio, or difference, of one step;
        of a change, the ratio of both ratios or the difference of both differences. ``p_adjusted`` is that of the
        changes over each other (NaN elsewhere): only a change that is shown says that an effect changed; one half with
        and one without a finding does not (Gelman and Stern 2006).

    Raises
    ------
    UnknownNameError
        The outcome or a trigger is not in the journal.
    OptionError
        An option has a value that is not allowed.

    Notes
    -----
    A diary's halves meet in the middle between its first and its last outcome. Both effects stand in one model, that
    of `estimate_effects`, and the change is a contrast of them. In each half the trigger is counted from its mean
    there, and the outcome has a level of its own there, so that what moved between the halves makes no effect. One
    person's intervals hold .92 to .97 of the truths, also where the outcome's level or spread is another in each half
    (.86 to .92 where a few huge doses tell most). In groups of 20 a change is told of an effect that stays in .02 to
    .08, also where the outcome falls to an eighth: there an effect of .2 (logarithm) in the half with fewer twitches
    comes out a seventh to a fifth too small, and its interval holds .55 to .67. Where trigger and outcome drift alike,
    an effect in the early half comes out a tenth too small.

    Examples
    --------
    >>> import twitchstats as tw
    >>> told = compare_halves(tw.read_demo(), triggers="sleep")
    >>> told[["part", "estimate", "ci_lower", "ci_upper"]].round(1).values.tolist()
    [['early', 0.7, 0.6, 0.9], ['late', 0.8, 0.7, 0.9], ['change', 1.1, 0.8, 1.4]]
    """
    check_by(by, ("pooled", "person"))
    check_lag(lag)
    request = prepare_request(journal, outcome, triggers, lag)
    parts = [_tell_trigger(request, name, int(lag), by) for name in request.triggers]
    frame = (pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()).reindex(columns=HALVES_COLUMNS)
    changes = frame["part"] == "change"
    frame.loc[changes, "p_adjusted"] = adjust_p_values(frame.loc[changes, "p_value"].astype(float).to_numpy())
    return frame


def _tell_trigger(request: Request, name: str, lag: int, by: str) -> pd.DataFrame:
    panel, family = request.panel, choose_family(request.kind)
    people = ["pooled"] if by == "pooled" else list(panel.people)
    own = request.variables.loc[name]
    labels = {"trigger": name, "outcome": request.outcome, "lag": lag, "step": own["step"], "unit": own["unit"]}
    refused = refuse_tautology(request, name) or ("" if panel.ordered else NO_ORDER)
    if refused:
        rows = [{"person": person, "part": part} for person in people for part in PARTS]
        return pd.DataFrame(rows).assign(**labels, reason=refused, n_people=0, n_days=0, measure=family.measure)
    x = shift_days(panel.get(name), lag) / float(own["step"])
    late = _find_late(panel.get(request.outcome))
    terms = np.stack([_centre(x, half) for half in (~late, late)], axis=-1)
    contrasts, level = np.array(list(PARTS.values())), late.astype(float)
    table = tell_contrasts(request, terms, contrasts, newest=max(lag, 1), older=x, by=by, level=level)
    frame = label_rows(table, people, list(PARTS), [lag])
    frame["part"] = frame["trigger"]
    return put_on_scale(frame, family.measure).assign(**labels)


def _centre(x: FloatArray, half: np.ndarray) -> FloatArray:
    """Return a trigger less its mean in a half, 0 in the other half; NaN where it is not known."""
    own = half & np.isfinite(x)
    mean = np.where(own, x, 0.0).sum(1, keepdims=True) / np.maximum(own.sum(1, keepdims=True), 1)
    centred: FloatArray = np.where(np.isnan(x), np.nan, np.where(half, x - mean, 0.0))
    return centred


def _find_late(y: FloatArray) -> np.ndarray:
    """Return which days (P, n) lie in the late half of their diary: after the middle of its first and last outcome."""
    first, last = find_ends(y)
    late: np.ndarray = np.arange(y.shape[1]) > ((first + last) / 2)[:, None]
    return late
