"""What else could it be? Each finding is tried against three other explanations."""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twitchstats.triggers.engine import Options, score_panel
from twitchstats.triggers.families import choose_family
from twitchstats.triggers.request import Request
from twitchstats.triggers.rows import list_people, pool_people

ALPHA = 0.05
LATER = 3  # days after the outcome: a trigger that late can't have caused it
WEEK = 7  # days of the outcome that a trigger may answer to
LEAST_KEPT = 0.5  # of an effect under a fine trend
LEAST_LEFT = 0.6  # of an effect beside the outcome of these days
COPIED = 0.05  # share of days filled in together that is told

CAUTIONS = {
    "later": f"the trigger {LATER} days later goes with it too: a shared cycle or trend is left",
    "trend": "depends on how stiff the trend is",
    "reverse": "the outcome foretells the trigger as well: a common cause is possible",
    "answer": "less of it beside the outcome of the week before: the trigger may answer to that",
    "beside": "opposite to a stronger effect some days apart: a trend leaks that way",
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
        (Lipsitch, Tchetgen Tchetgen and Cohen 2010); "trend", where with a trend term every eight days less than
        LEAST_KEPT of the effect is left; "reverse", where the outcome of as many days before, or of the week before,
        foretells the trigger at least as strongly; "answer", where less than LEAST_LEFT of the effect is left when the
        mean outcome of the week before stands beside it (a pill taken after a bad week looks like a remedy); "beside",
        where another lag's effect is the opposite and stronger (a fitted trend leaks so).
    """
    words = pd.Series("", index=frame.index, dtype="str")
    found = frame[frame["p_value"].lt(ALPHA) & np.isfinite(frame["estimate"])]
    copied = request.panel.share_copied
    told: dict[object, list[str]] = {index: [] for index in found.index}
    alike = found["trigger"] if options.pooled else found["trigger"].map(request.variables["kind"])
    for (_, lag), rows in found.groupby([alike, "lag"]) if request.panel.ordered else ():
        for key, speaks in _try_others(request, rows, int(lag), options).items():
            for index in rows.index[speaks]:
                told[index].append(CAUTIONS[key])
    for index in found.index[_is_beside(frame).loc[found.index]] if options.effect == "total" else ():
        told[index].append(CAUTIONS["beside"])
    always = [CAUTIONS["copied"]] if copied > COPIED else []
    words[found.index] = ["; ".join([*told[index], *always]) for index in found.index]
    return words


def _is_beside(frame: pd.DataFrame) -> pd.Series:
    """Return which rows are opposite to a stronger effect of the same trigger at another lag."""
    own = frame["estimate"].where(np.isfinite(frame["estimate"]), 0.0)
    groups = own.groupby([frame["person"], frame["trigger"]])
    highest, lowest = groups.transform("max"), groups.transform("min")
    return (own < 0) & (highest > -own) | (own > 0) & (lowest < -own)


def _try_others(request: Request, rows: pd.DataFrame, lag: int, options: Options) -> dict[str, NDArray[np.bool_]]:
    """Return which rows, of a group's trigger or of people's own ones of the same kind, have which caution."""
    first = str(rows["trigger"].iloc[0])
    family, reverse_family = (
        choose_family(str(request.variables.loc[name, "kind"])) for name in (request.outcome, first)
    )
    if options.pooled:
        panel, outcome, trigger, tell = request.panel, request.outcome, first, pool_people
    else:
        panel, tell = request.panel.pair(rows["person"], request.outcome, rows["trigger"]), list_people
        outcome, trigger = panel.names
    group = options.pooled and len(panel.people) > 1
    plain = replace(options, adjust="each", effect="total", window=1)
    beside = replace(plain, effect="that day", trend="fine" if group and options.trend == "smooth" else options.trend)
    later = score_panel(panel, outcome, [trigger], [-LATER, lag], family=family, options=beside)
    # one person's own trend takes next to nothing at other lags: so these need not be known
    back = plain if group else replace(plain, effect="that day")
    reverse = score_panel(panel, trigger, [outcome], [max(1, lag)], family=reverse_family, options=back)
    week = score_panel(panel, trigger, [outcome], [1], family=reverse_family, options=replace(plain, window=WEEK))
    p_later, p_reverse, p_week = (
        tell(scores, np.ones(1))["p_value"].fillna(1.0).to_numpy(float)
        for scores in (later.select(np.s_[:, :, :1]), reverse, week)
    )
    told = {"later": p_later < ALPHA, "reverse": np.minimum(p_reverse, p_week) < rows["p_value"].to_numpy(float)}
    lags = request.lags if options.effect == "that day" else [lag]
    steps = request.variables.loc[rows["trigger"], "step"].to_numpy(float)

    def keep(other: Options) -> NDArray[np.float64]:
        """Return the share of each effect that is left under other options."""
        scores = score_panel(panel, outcome, [trigger], lags, family=family, options=replace(other, adjust="each"))
        effect = tell(scores.select(np.s_[:, :, [lags.index(lag)]]), np.ones(1))["estimate"].to_numpy(float)
        return effect * steps / rows["estimate"].to_numpy(float)

    told["answer"] = keep(replace(options, week=True)) < LEAST_LEFT
    if options.trend == "smooth" and not group:
        told["trend"] = keep(replace(options, trend="fine")) < LEAST_KEPT
    return {key: told[key] for key in CAUTIONS if key in told}
