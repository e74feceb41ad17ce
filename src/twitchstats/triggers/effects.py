"""The effect of each trigger on an outcome, for one meaningful step of the trigger."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from twitchstats.errors import OptionError, check_choice, check_whole
from twitchstats.inference import adjust_p_values
from twitchstats.journal.record import Journal
from twitchstats.triggers.cautions import find_cautions
from twitchstats.triggers.engine import Options, score_panel
from twitchstats.triggers.families import choose_family
from twitchstats.triggers.request import (
    LONGEST_LAG,
    Request,
    check_by,
    check_dates,
    label_order,
    prepare_request,
    refuse_tautology,
)
from twitchstats.triggers.rows import ROWS, label_rows, put_on_scale

COLUMNS = [
    "person", "trigger", "outcome", "lag", "step", "unit", "n_people", "n_days", "estimate", "ci_lower", "ci_upper",
    "p_value", "p_adjusted", "detectable_up", "detectable_down", "heterogeneity", "p_heterogeneity",
    "prediction_lower", "prediction_upper", "p_anyone", "measure", "order", "caution", "ci90_lower", "ci90_upper",
    "reason",
]  # fmt: skip


def estimate_effects(
    journal: Journal,
    *,
    outcome: str | None = None,
    triggers: Sequence[str] | str | None = None,
    lags: Sequence[int] | int = (0, 1, 2, 3),
    adjust: str = "each",
    by: str = "pooled",
    effect: str = "total",
    trend: str = "smooth",
    weekday: bool = True,
) -> pd.DataFrame:
    """Estimate the effect of each trigger at each lag on an outcome.

    For each person a regression explains the day's outcome by the trigger `lag` calendar days before, the trigger and
    the outcome on the two days before that, weekday and trend. Given the older days, what is left of the trigger is
    news of its day, which drifting alone can't connect with the outcome. No outcome after the trigger's day stands in
    the model: it may be made by trigger and hidden state both, and would connect them (a collider).

    Parameters
    ----------
    journal : Journal
    outcome : str, optional
        By default the journal's own outcome, else "twitches".
    triggers : sequence of str, optional
        By default every variable that is no outcome.
    lags : sequence of int
        In calendar days; 0 is the same day. A lag that falls on a missing day is missing.
    adjust : {"each", "together"}
        Each trigger in a model of its own, or all triggers of a lag in one model.
    by : {"pooled", "person", "shrunken"}
        One row for the group, for each person, or for each person with the estimate drawn towards the group's.
    effect : {"total", "that day"}
        Two questions. "total": what a day's news of the trigger does to the outcome `lag` days later by whatever way,
        its own persistence and the days between included (a local projection). "that day": what the trigger of that
        one day adds when the trigger of all asked days is given (a joint distributed lag): for 'after how many days'.
    trend : {"smooth", "linear", "none"}
        Natural cubic splines with one term a month (one every eight days for groups, and for people whose outcome may
        have shorter cycles), a straight line, or nothing.
    weekday : bool
        Take the weekly rhythm out.

    Returns
    -------
    DataFrame
        One row for each person (or "pooled"), trigger and lag: `COLUMNS`. ``estimate`` is for one step of the trigger:
        a rate ratio (counts), odds ratio (yes/no) or difference in the outcome's unit (ratings, amounts);
        ``ci_lower, ci_upper`` (95 %), ``ci90_lower, ci90_upper`` and ``p_value`` are one test, inverted;
        ``p_adjusted`` is after Benjamini and Hochberg (1995) over every test of the call. ``detectable_up`` and
        ``detectable_down``: the smallest effects in either direction that a test at the level left by that adjustment
        would find with 80 % power. Groups: ``heterogeneity``, the SD between people of the effect (its logarithm, for
        ratios), its test ``p_heterogeneity``, the interval ``prediction_lower, prediction_upper`` in which one more
        person's effect would lie, and ``p_anyone``, the test that nobody reacts (beside that of the mean, never
        instead of it). ``order`` tells whether the trigger came first; ``caution`` (`cautions.CAUTIONS`) what else a
        finding below .05 could be. A row without estimate has its ``reason``.

    Raises
    ------
    UnknownNameError
        The outcome or a trigger is not in the journal.
    OptionError
        An option has a value that is not allowed.

    Notes
    -----
    One person: counts by the score of a conditional Poisson likelihood in a log-linear model, days weighted by
    overdispersion (Armstrong, Gasparrini and Tobias 2014); yes/no by that of a conditional logistic one; otherwise
    least squares. The variance is robust (HC2; MacKinnon and White 1985), its degrees of freedom are those of Bell and
    McCaffrey (2002), fewer where both sides are skewed. Older days: the two latest known values within four days.
    Groups: the people's scores are added up and tested by their spread, so that people without events cost and bias
    nothing; where fifty or more diaries have fewer than 60 days, these share weekday and older
    days, and no single one of them is told.

    An odds ratio is one of the days as they are noted. What else makes them differ and is not known is averaged over:
    it lies nearer to 1 than among days alike in that (no bias; Greenland, Robins and Pearl 1999), by a twentieth where
    hidden states move the odds of most days by up to 1.8. Days that are copies of the day before count as missing.

    Where both sides come in spells, neighbouring days tell the same twice: one person's variance grows by how much
    both resemble their own last two weeks (Bartlett 1935).

    A fitted trend makes neighbouring days look related the other way round, so that an effect leaks into other lags
    with the opposite sign. By how much is known from the columns, the trigger's memory and what the outcome rests
    on; it is given back, times the effects at all lags up to six days, or as far as asked: one person's own or a
    group's mean, drawn towards none by how far they can be told apart (Tipping 2001). Effects still later are not
    given back. Totals of a persistent trigger at longer lags come out too small (log scale): by a tenth as a rule,
    by a quarter two days after an effect of a trigger of memory .9, by more where whole weekends are missing; there
    the intervals of long diaries are too narrow (365 days, memory .9 on both sides, three days after the effect:
    .90).

    A test of one person needs seven days beyond the columns of its model: a diary of three weeks (one of 15 days with
    ``weekday=False``, where no weekly rhythm is to be feared). Shorter ones have their reason: from 16 days on
    `correlate_triggers` tells what goes together, `estimate_risks` counts both sides, and `plan_trial` says how many
    days drawn by lot would find it. What is called detectable is found in .7 to .88, at a level of .005 in .6 to .85;
    of ratios nothing is in diaries of less than eight weeks, nor of counts that are 0 on most days.

    In a group those tell more whose trigger varies more, or who have more twitches. Where these also react otherwise,
    the mean leans towards them, the less the more people there are: with effects that go with the trigger's spread
    (of an SD half their mean), intervals hold the plain mean of the people in .88 of groups of 20. Rare huge doses do
    the same, since effects multiply: where people's effects (SD .15) cancel out, one is found in a quarter of groups
    of 20. Where the outcome moves the trigger of the next day, a group's effect comes out a tenth too small, as the
    fine trend shares its noise (Nickell 1981), and intervals of 200 people miss it in half.

    One person has a fine trend where it explains the outcome by an F test at .1 and, in diaries of 16 weeks and more,
    its periodogram shows a cycle of 15 to 60 days: a peak above the exponential of a few cosines (Bloomfield 1973).
    An outcome that merely lasts shows none; a fine trend would take a third of its power. Cycles on both sides that are
    too weak for a peak, or there for part of the diary only, are found in .07 to .11 of diaries.

    Whether anyone reacts is asked with larger errors of each person (HC3's), as these add up: humps of two weeks on
    both sides, in which nobody reacts, are found in .04 of groups of 20, in .03 (120 days) to .07 (365) of groups of 5.

    What is not held: a trigger that answers to the outcome of three days before or longer (a pill taken after a bad
    week) looks like a remedy, in a quarter of one person's diaries of a year (.05 to .09 of 120 days, .12 to .15 of 90)
    and in nearly all groups of 20. Nine tenths of one person's findings then carry the caution that the outcome
    foretells the trigger, and nearly all of a group's (where the trigger acts, a tenth of one person's, and of a
    group's none or a tenth at longer lags). Where both sides come in spells of just a week, or in humps of two, the
    test still finds too much (.07 to .13); so it does, on the same day, where both are filled in together from memory
    once in one to six days (.10 to .15; the outcome alone: .03). Where both swing regularly with one period of five to
    twelve days, each for itself, they look related in up to a third of one person's diaries (ragged cycles hold), and a
    caution comes with two thirds to nine tenths of these: at seven days, where the weekday is known, with half. A
    hidden cause of both that lasts for days makes an effect, and no caution sees it. Nor do they see a course of pills
    after a bad week as often as single ones (a third).

    Examples
    --------
    >>> import twitchstats as tw
    >>> journal, _ = tw.simulate_journal(people=3, days=60, world="articles", seed=1)
    >>> rows = tw.estimate_effects(journal, triggers="stress", lags=(0, 1))
    >>> rows[["person", "trigger", "outcome", "lag", "n_people", "measure"]]
       person trigger   outcome  lag  n_people     measure
    0  pooled  stress  twitches    0         3  rate ratio
    1  pooled  stress  twitches    1         3  rate ratio
    """
    check_by(by, tuple(ROWS))
    options = check_options(trend=trend, weekday=weekday, effect=effect, adjust=adjust)
    request = prepare_request(journal, outcome, triggers, lags)
    return _tell_effects(request, options, by)


def estimate_cumulative_effects(
    journal: Journal,
    *,
    outcome: str | None = None,
    triggers: Sequence[str] | str | None = None,
    days: int = 3,
    first_lag: int = 0,
    by: str = "pooled",
    trend: str = "smooth",
    weekday: bool = True,
) -> pd.DataFrame:
    """Estimate what one step more of a trigger on each of the last `days` days does to an outcome, as one number.

    A distributed lag whose effects lie on a straight line over the days, or a curve with a bend for each week beyond
    the first (Almon 1965): the mean of the trigger over the window, beside how it goes in the window, its value before
    the window and the outcome before the window.

    Parameters
    ----------
    journal, outcome, triggers, by, trend, weekday
        As in `estimate_effects`.
    days : int
        Length of the window, from 2 on.
    first_lag : int
        Where the window starts: 0 includes the same day, 1 starts the day before.

    Returns
    -------
    DataFrame
        The columns of `estimate_effects` and ``days``; `lag` is `first_lag`.

    Raises
    ------
    UnknownNameError
        The outcome or a trigger is not in the journal.
    OptionError
        An option has a value that is not allowed.

    Notes
    -----
    The trigger's older values and the outcome are those from before the window: what is tested is news of the window.
    Neighbouring windows share days, which makes their products alike; the variance grows by that (Bartlett 1935). A
    trend and older outcomes share their noise (Nickell 1981): where a fine trend is needed, a cumulative effect comes
    out up to an eighth too small. Such a trend has a term every eight days and leaves little of the mean of a longer
    window: 365 days tell of two weeks half as much as of ten days, and of four weeks next to nothing. So do waves of
    some days: real effects over a week carry the caution about cycles in .1 to .3, over ten days in most cases.
    Where the outcome moves the trigger of the next day, it does so within the window, too: one that does nothing then
    looks like a remedy in .1 of one person's diaries of 120 days (three days; .3 of a week, and of 365 days); at 120
    days all of these carry a caution. Ask `estimate_effects` there.

    Examples
    --------
    >>> import twitchstats as tw
    >>> journal, _ = tw.simulate_journal(people=3, days=60, world="articles", seed=1)
    >>> rows = tw.estimate_cumulative_effects(journal, triggers="stress", days=3)
    >>> rows[["trigger", "lag", "days", "n_people", "measure"]]
      trigger  lag  days  n_people     measure
    0  stress    0     3         3  rate ratio
    """
    check_by(by, tuple(ROWS))
    check_whole("days", days, least=2, most=LONGEST_LAG)
    check_whole("first_lag", first_lag, least=0, most=LONGEST_LAG)
    options = check_options(trend=trend, weekday=weekday, effect="total", adjust="each")
    request = prepare_request(journal, outcome, triggers, first_lag)
    frame = _tell_effects(request, replace(options, window=int(days)), by)
    frame.insert(COLUMNS.index("lag") + 1, "days", int(days))
    return frame


def _tell_effects(request: Request, options: Options, by: str) -> pd.DataFrame:
    family = choose_family(request.kind)
    options = replace(options, pooled=by == "pooled")
    reasons = {trigger: refuse_tautology(request, trigger) for trigger in request.triggers}
    tested = [trigger for trigger in request.triggers if not reasons[trigger]]
    usable = [lag for lag in request.lags if request.panel.ordered or (lag == 0 and options.window == 1)]
    scores = score_panel(request.panel, request.outcome, tested, usable, family=family, options=options)
    steps = request.variables.loc[tested, "step"].to_numpy(float)
    table = ROWS[by](scores, steps)
    people = ["pooled"] if by == "pooled" else list(request.panel.people)
    frame = label_rows(table, people, tested, usable).assign(place=np.arange(len(table)))
    frame = _complete(frame, request, people, reasons, usable)
    frame["caution"] = find_cautions(request, frame, options, scores)
    return _finish(frame, request, family.measure)


def check_options(*, trend: str, weekday: bool, effect: str, adjust: str) -> Options:
    """Return the options of the models, checked.

    Raises
    ------
    OptionError
        An option has a value that is not allowed.
    """
    check_dates(trend, weekday)
    check_choice("effect", effect, ("total", "that day"))
    check_choice("adjust", adjust, ("each", "together"))
    if effect == "that day" and adjust == "together":
        raise OptionError(
            "effect='that day' and adjust='together' can't be combined: a model of all triggers on all days would have "
            "more columns than a diary has days. Choose adjust='each', or effect='total'."
        )
    return Options(trend, bool(weekday), effect, adjust)


def _complete(
    frame: pd.DataFrame, request: Request, people: Sequence[str], reasons: dict[str, str], usable: Sequence[int]
) -> pd.DataFrame:
    """Add the rows that were asked for and refused before any fit."""
    missing = [
        {"person": person, "trigger": trigger, "lag": lag, "n_people": 0, "n_days": 0.0}
        | {"reason": reasons[trigger] or "no order in time"}
        for person in people
        for trigger in request.triggers
        for lag in request.lags
        if reasons[trigger] or lag not in usable
    ]
    if missing:
        refused = pd.DataFrame(missing)
        frame = refused.reindex(columns=frame.columns.union(refused.columns)) if frame.empty else _stack(frame, refused)
    return frame.sort_values(["person", "trigger", "lag"], kind="stable", ignore_index=True)


def _stack(frame: pd.DataFrame, refused: pd.DataFrame) -> pd.DataFrame:
    filled = {name: refused[name] if name in refused else np.full(len(refused), np.nan) for name in frame.columns}
    return pd.concat([frame, pd.DataFrame(filled)], ignore_index=True)


def _finish(frame: pd.DataFrame, request: Request, measure: str) -> pd.DataFrame:
    """Add labels and adjusted p-values; put ratios on the ratio scale."""
    frame = put_on_scale(frame, measure)
    frame["outcome"] = request.outcome
    frame["step"] = request.variables.loc[frame["trigger"], "step"].to_numpy(float)
    frame["unit"] = request.variables.loc[frame["trigger"], "unit"].to_numpy()
    frame["p_adjusted"] = adjust_p_values(frame["p_value"])
    frame["order"] = label_order(request, frame["trigger"], frame["lag"])
    return frame[COLUMNS]
