"""What else could it be? Each finding is tried against other explanations."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from twitchstats.arrays import BoolArray, FloatArray
from twitchstats.inference import ALPHA
from twitchstats.panel import PAIR, Panel
from twitchstats.triggers.engine import Options, Scores, score_panel
from twitchstats.triggers.families import choose_family
from twitchstats.triggers.request import Request
from twitchstats.triggers.rows import pool_people, trace_own

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


def find_cautions(request: Request, frame: pd.DataFrame, options: Options, scores: Scores) -> pd.Series:
    """Return what speaks for another explanation of each row whose p-value is below .05.

    Parameters
    ----------
    request : Request
    frame : DataFrame
        Rows on the scale of the model: ``person, trigger, lag, estimate, p_value``, and their ``place`` in the scores.
    options : Options
        Those of the rows.
    scores : Scores
        From which the rows come.

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
        others = _try_others(request, rows, options)
        if not _is_group(request, options):
            place = np.unravel_index(rows["place"].astype(int), scores.n.shape)
            others |= _try_trends(request, rows, options, scores.select(place))
        for key in [key for key in CAUTIONS if key in others]:
            for index in rows.index[others[key]]:
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


def _is_group(request: Request, options: Options) -> bool:
    return options.pooled and len(request.panel.people) > 1


def _lay_rows(request: Request, rows: pd.DataFrame, options: Options) -> tuple[Panel, str, str, list[int]]:
    """Return a panel, its outcome and trigger, and lags: of a group's trigger, or of people's own at one lag."""
    lags = [int(lag) for lag in rows["lag"].unique()]
    if options.pooled:
        return request.panel, request.outcome, str(rows["trigger"].iloc[0]), lags
    outcome, trigger = PAIR
    return request.panel.pair(rows["person"], request.outcome, rows["trigger"]), outcome, trigger, lags


def _try_others(request: Request, rows: pd.DataFrame, options: Options) -> dict[str, BoolArray]:
    """Return which rows another order in time speaks against: a group's trigger at some lags, people's own at one."""
    panel, outcome, trigger, lags = _lay_rows(request, rows, options)
    kinds = (str(request.variables.loc[name, "kind"]) for name in (request.outcome, rows["trigger"].iloc[0]))
    family, reverse_family = map(choose_family, kinds)
    group = _is_group(request, options)
    plain = replace(options, adjust="each", effect="total", window=1)
    beside = replace(plain, effect="that day", trend="fine" if group and options.trend == "smooth" else options.trend)

    def doubt(scores: Scores) -> FloatArray:
        p_value = pool_people(scores, np.ones(1))["p_value"].to_numpy(float) if group else _tell_own(scores)[1]
        return np.nan_to_num(p_value, nan=1.0)

    def answer(days: Sequence[int], other: Options) -> FloatArray:
        """Return the p-values of the outcome's effects on the trigger so many days later."""
        scores = score_panel(panel, trigger, [outcome], sorted(set(days)), family=reverse_family, options=other)
        return doubt(scores.select(np.s_[:, :, np.unique(days, return_inverse=True)[1]]))

    reverse = answer([max(1, lag) for lag in lags], beside)
    # the trigger that comes later, given the days asked and those between
    control = score_panel(
        panel, outcome, [trigger], [-LATER], family=family, options=beside, beside=range(max(lags) + 1)
    )  # fmt: skip
    # under a fine trend a real effect would make the week look as if it foretold
    stiff = "stiff" if options.trend == "smooth" else options.trend
    week = answer([1], replace(plain, window=WEEK, recent=True, trend=stiff))
    return {
        "later": np.tile(doubt(control) < ALPHA, len(lags)),
        "reverse": np.minimum(reverse, week) < rows["p_value"].to_numpy(float),
    }


def _try_trends(request: Request, rows: pd.DataFrame, options: Options, scores: Scores) -> dict[str, BoolArray]:
    """Return which rows of one person's each, with these scores, rest on what a trend leaves.

    What a trend takes at other lags is next to nothing there: so these need not be known, and nothing is given back.
    """
    lags = [int(lag) for lag in rows["lag"].unique()]
    given = [lag for lag in request.lags if options.effect == "that day" and lag not in lags]

    def estimate(trend: str, some: pd.DataFrame) -> FloatArray:
        panel, outcome, trigger, _ = _lay_rows(request, some, options)
        other = replace(options, adjust="each", effect="that day", trend=trend)
        scores = score_panel(
            panel, outcome, [trigger], lags, family=choose_family(request.kind), options=other, beside=given
        )  # fmt: skip
        return _tell_own(scores)[0]

    same = options.adjust == "each" and (options.effect == "that day" or len(lags) == 1)  # models as those of the rows
    bare = replace(scores, curve=scores.curve - scores.given[..., None])
    whole = _tell_own(bare)[0] if same else estimate(options.trend, rows)
    told = {"cycle": estimate("waves", rows) / whole < LEAST_KEPT, "trend": np.zeros(len(rows), dtype=bool)}
    stiff = ~(scores.fine.astype(bool) & same)
    if options.trend == "smooth" and stiff.any():
        stiff |= len(lags) > 1  # in one model
        told["trend"][stiff] = estimate("fine", rows[stiff]) / whole[stiff] < LEAST_KEPT
    return told


def _tell_own(scores: Scores) -> tuple[FloatArray, FloatArray]:
    """Return one person's own estimates each, per unit of the trigger, and p-values; NaN where they can't be told."""
    shown = scores.refusal == 0
    estimate, p_value = np.full((2, shown.size), np.nan)
    curve = trace_own(scores.select(shown))
    estimate[shown.ravel()] = np.where(np.isinf(curve.estimate), np.nan, curve.estimate)
    p_value[shown.ravel()] = 2 * stats.t.sf(np.abs(curve.none), curve.df)
    return estimate, np.where(np.isnan(estimate), np.nan, p_value)
