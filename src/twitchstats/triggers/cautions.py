"""What else could it be? Each finding is tried against three other explanations."""

from dataclasses import replace

import numpy as np
import pandas as pd

from twitchstats.panel import FloatArray
from twitchstats.triggers.engine import Options, Scores, score_panel
from twitchstats.triggers.families import choose_family
from twitchstats.triggers.request import Request
from twitchstats.triggers.rows import list_people, pool_people

ALPHA = 0.05
LATER = 3  # days after the outcome: a trigger that late can't have caused it
COPIED = 0.05  # share of days filled in together that is told

CAUTIONS = {
    "later": f"the trigger {LATER} days later goes with it too: a shared cycle or trend is left",
    "trend": "depends on how stiff the trend is",
    "reverse": "the outcome foretells the trigger as well: a common cause is possible",
    "copied": "days filled in together count once",
}


def find_cautions(request: Request, frame: pd.DataFrame, options: Options) -> pd.Series:
    """Return what speaks for another explanation of each row whose p-value is below .05.

    Parameters
    ----------
    request : Request
    frame : DataFrame
        Rows on the scale of the model: ``person, trigger, lag, estimate, p_value``.
    options : Options
        Those of the rows.

    Returns
    -------
    Series
        Values of `CAUTIONS`, several joined by "; ": "later", a negative control given the found days themselves
        (Lipsitch, Tchetgen Tchetgen and Cohen 2010); "trend", where with a trend term every eight days less than half
        the effect is left; "reverse", where the outcome foretells the trigger at least as strongly.
    """
    words = pd.Series("", index=frame.index, dtype="str")
    found = frame["p_value"].lt(ALPHA) & np.isfinite(frame["estimate"])
    if not found.any():
        return words
    copied = request.panel.copied.mean() if request.panel.copied.size else 0.0
    for trigger, rows in frame[found].groupby("trigger"):
        for index, keys in _try_others(request, str(trigger), rows, options).items():
            told = [CAUTIONS[key] for key in keys]
            words[index] = "; ".join([*told, *([CAUTIONS["copied"]] if copied > COPIED else [])])
    return words


def _try_others(request: Request, trigger: str, rows: pd.DataFrame, options: Options) -> dict[int, list[str]]:
    """Return the keys of the cautions of each found row of one trigger."""
    panel, outcome = request.panel, request.outcome
    told: dict[int, list[str]] = {int(index): [] for index in rows.index}
    if not panel.ordered:
        return told
    pooled = options.pooled
    people = np.arange(len(panel.people)) if pooled else np.flatnonzero(panel.people.isin(rows["person"]))
    part = panel.take(people)
    family = choose_family(request.kind)
    lags = sorted(set(rows["lag"]))
    plain = replace(options, adjust="each", effect="total", window=1)
    fine = replace(options, adjust="each", trend="fine")
    beside = replace(plain, effect="that day", trend="fine" if pooled and options.trend == "smooth" else options.trend)
    later = [
        _test(score_panel(part, outcome, [trigger], [-LATER, lag], family=family, options=beside), pooled)[:, 0]
        for lag in lags
    ]
    effects = np.full((len(people), len(lags)), np.nan)  # with a fine trend, where that is another one
    if options.trend == "smooth" and not (pooled and len(people) > 1):
        finer = score_panel(part, outcome, [trigger], lags, family=family, options=fine)
        table = (pool_people if pooled else list_people)(
            finer, request.variables.loc[[trigger], "step"].to_numpy(float)
        )
        effects = table["estimate"].to_numpy(float).reshape(-1, len(lags))
    back = [max(1, lag) for lag in lags]
    reverse_family = choose_family(str(request.variables.loc[trigger, "kind"]))
    reverse = _test(score_panel(part, trigger, [outcome], back, family=reverse_family, options=plain), pooled)
    places = dict.fromkeys(part.people, 0) if pooled else {name: place for place, name in enumerate(part.people)}
    for index, row in rows.iterrows():
        place, lag = (0 if pooled else places[row["person"]]), lags.index(row["lag"])
        kept = effects[place, lag] / row["estimate"] if row["estimate"] else 1.0
        checks = {
            "later": later[lag][place] < ALPHA,
            "trend": np.isfinite(kept) and kept < 0.5,
            "reverse": reverse[place, lag] < min(ALPHA, row["p_value"]),
        }
        told[int(index)] = [key for key, speaks in checks.items() if speaks]
    return told


def _test(scores: Scores, pooled: bool) -> FloatArray:
    """Return p-values, (P or 1, L)."""
    table = (pool_people if pooled else list_people)(scores, np.ones(1))
    p_values: FloatArray = table["p_value"].fillna(1.0).to_numpy(float).reshape(-1, scores.n.shape[2])
    return p_values
