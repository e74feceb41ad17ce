"""What else could it be? Each finding is tried against other explanations."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from twitchstats.arrays import BoolArray, FloatArray
from twitchstats.inference import ALPHA
from twitchstats.triggers.engine import Options, Scores, score_panel
from twitchstats.triggers.families import choose_family
from twitchstats.triggers.request import Request
from twitchstats.triggers.rows import list_people, pool_people

LATER = 3  # days after the outcome: a trigger that late can't have caused it
WEEK = 7  # days of the outcome that a trigger may answer to
LEAST_KEPT = 0.5  # of an effect under a fine trend, or beside a wave
COPIED = 0.05  # share of days filled in together that is told

CAUTIONS = {
    "later": f"the trigger {LATER} days later goes with it too: a shared cycle or trend is left",
    "trend": "depends on how stiff the trend is",
    "cycle": "rests on a cycle of some days: two of them may be in step by chance",
    "reverse": "the outcome foretells the trigger as well: a common cause is possible",
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
        Values of `CAUTIONS`, several joined by "; ": "later", a negative control given the found days
        and those between (Lipsitch, Tchetgen Tchetgen and Cohen 2010); "trend" and "cycle", of one person, where
        with a trend term every eight days, or beside the outcome's strongest wave of three to fifteen days, less than
        LEAST_KEPT of the effect is left; "reverse", where the outcome of as many days before, or of the
        week before, foretells the trigger at least as strongly, given the trigger's own last days (a pill taken after a
        bad week looks like a remedy); "beside", where another lag's effect is the opposite and stronger (a fitted trend
        leaks so).
    """
    words = pd.Series("", index=frame.index, dtype="str")
    found = frame[frame["p_value"].lt(ALPHA) & np.isfinite(frame["estimate"])]
    copied = request.panel.share_copied
    told: dict[object, list[str]] = {index: [] for index in found.index}
    # a group's triggers each, at all their lags; or people's own ones of the same kind and lag
    alike = "trigger" if options.pooled else [found["trigger"].map(request.variables["kind"]), found["lag"]]
    for _, rows in found.groupby(alike) if request.panel.ordered else ():
        for key, speaks in _try_others(request, rows, options).items():
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


def _try_others(request: Request, rows: pd.DataFrame, options: Options) -> dict[str, BoolArray]:
    """Return which rows have which caution: a group's trigger at some lags, in order, or people's own at one lag."""
    first, lags = str(rows["trigger"].iloc[0]), [int(lag) for lag in rows["lag"].unique()]
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
    # one person's own trend takes next to nothing at other lags: so these need not be known
    alone = replace(options, adjust="each", effect="that day")

    def tell_one(scores: Scores, name: str) -> FloatArray:
        told: FloatArray = tell(scores, np.ones(1))[name].to_numpy(float)
        return np.nan_to_num(told, nan=1.0) if name == "p_value" else told

    def answer(days: Sequence[int], other: Options) -> FloatArray:
        """Return the p-values of the outcome's effects on the trigger so many days later."""
        scores = score_panel(panel, trigger, [outcome], sorted(set(days)), family=reverse_family, options=other)
        return tell_one(scores.select(np.s_[:, :, np.unique(days, return_inverse=True)[1]]), "p_value")

    def estimate(other: Options) -> FloatArray:
        given = [lag for lag in request.lags if options.effect == "that day" and lag not in lags]
        scores = score_panel(panel, outcome, [trigger], lags, family=family, options=other, beside=given)
        return tell_one(scores, "estimate")

    reverse = answer([max(1, lag) for lag in lags], beside)
    # the trigger that comes later, given the days asked and those between
    control = score_panel(
        panel, outcome, [trigger], [-LATER], family=family, options=beside, beside=range(max(lags) + 1)
    )  # fmt: skip
    # under a fine trend a real effect would make the week look as if it foretold
    stiff = "stiff" if options.trend == "smooth" else options.trend
    week = answer([1], replace(plain, window=WEEK, recent=True, trend=stiff))
    told = {
        "later": np.tile(tell_one(control, "p_value") < ALPHA, len(lags)),
        "reverse": np.minimum(reverse, week) < rows["p_value"].to_numpy(float),
    }
    if not group:
        whole = estimate(alone)
        told["cycle"] = estimate(replace(alone, trend="waves")) / whole < LEAST_KEPT
        if options.trend == "smooth":
            told["trend"] = estimate(replace(alone, trend="fine")) / whole < LEAST_KEPT
    return {key: told[key] for key in CAUTIONS if key in told}
