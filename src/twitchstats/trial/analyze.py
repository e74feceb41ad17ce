"""What a trial found: the schedule's own test, by intention and as taken, and whether watching had been right."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from twitchstats.arrays import TINY, FloatArray
from twitchstats.errors import NotEnoughDataError, check_share, check_whole
from twitchstats.inference import ALPHA, describe_estimates, pool_estimates
from twitchstats.journal.record import Journal, find_name
from twitchstats.journal.rows import DRAWN
from twitchstats.sequential import ANYTIME_COLUMNS, spend_alpha
from twitchstats.trial.exact import (
    Days,
    find_anytime,
    find_effect,
    find_interval,
    find_p_value,
    lay_dates,
    lay_days,
)
from twitchstats.trial.gaps import compare_gaps
from twitchstats.trial.plan import DRAWS, MOST_DRAWS, Plan, check_plan, list_dates
from twitchstats.triggers import estimate_effects
from twitchstats.triggers.families import Family

LEAST_DAYS = 10  # analysed days of a person
LEAST_OFF = 0.5  # of the planned difference, from which a day was not kept
AROUND = 7  # days of the diary before the trial, that its first days are compared with, and after it: then it is over
TRIAL_COLUMNS = [
    "person", "trigger", "outcome", "analysis", "measure", "estimate", "ci_lower", "ci_upper", "p_value", "schedules",
    "level", "p_anytime", "ci_anytime_lower", "ci_anytime_upper", "n_people", "n_days", "days_missing",
    "days_not_kept", "p_carry_over", "heterogeneity", "watched",
    "watched_lower", "watched_upper", "watching", "caution", "reason",
]  # fmt: skip
SCALED = ["estimate", "ci_lower", "ci_upper"]
ENDS = list(ANYTIME_COLUMNS[1:])


def analyze_trial(journal: Journal, plan: Plan, *, draws: int = DRAWS, alpha: float = ALPHA) -> pd.DataFrame:
    """Analyse a trial by the lot that its days were drawn by.

    Parameters
    ----------
    journal : Journal
        The diary with the days of the trial, and those before it if they are to be compared.
    plan : Plan
        The schedule is drawn again from its options and seed: a changed one can't count. Where the journal has a
        column ``condition``, as the written schedule has, days on which it differs from the sealed one are told.
    draws : int
        Schedules that are compared where the design has more than 4,096.
    alpha : float
        Level of the intervals is 1 - alpha, and of all declared looks together.

    Returns
    -------
    DataFrame
        Rows for each person (and "pooled", from two people on) and ``analysis``: "by intention" (days as drawn) and
        "as taken" (the effect of what was really taken, the lot being the only thing that is trusted: Imbens and
        Rosenbaum 2005). ``measure`` and ``estimate``: the rate ratio of days with and without (counts), or the
        difference in the outcome's unit (of shares of days, for yes/no); ``ci_lower, ci_upper`` are the effects that
        the exact test does not reject, ``p_value`` is that of no effect, ``schedules`` the number compared. ``level``
        is what p has to reach at this look (the latest declared one that was reached; later days wait), and one minus
        that of the interval; NaN before any declared look (a diary that goes on after the trial has reached its end):
        then all days so far count, and only ``p_anytime, ci_anytime_lower, ci_anytime_upper`` hold however often one
        looks (`twitchstats.trial.exact.find_anytime`).
        ``days_missing`` had no entry, on ``days_not_kept`` something else was taken, by half of the planned difference
        or more. ``p_carry_over``: whether the day (period) before matters, given the effect. ``watched`` with its
        interval: what the diary before the trial shows for the same contrast; ``watching`` says whether that was
        "right" (both show an effect in the same direction), "wrong" (the diary shows one, and the trial's differs from
        it by more than chance), "not confirmed" (only the diary shows one), "missed it" (only the trial does) or
        "open"; "" where there is no diary to compare with.
        ``caution`` tells what was changed.
        People with too few days have a ``reason``; so has what no effect describes ("separation": all events on one
        side, an estimate of 0 or without end; "no variation of its own": what was taken did not follow the lot), with
        its p-value all the same.

    Raises
    ------
    OptionError
        `alpha` or `draws` is out of range, or the plan does not fit its seal.
    UnknownNameError
        The plan is of other people, or of an outcome that is not in the journal.
    NotEnoughDataError
        None of the planned days is in the journal.

    Notes
    -----
    The p-value is exact for the hypothesis that nobody's day was changed by the trigger, whatever the outcome's memory,
    distribution, weekly rhythm or trend. Missing days are taken as missing whatever was drawn; ``caution`` says where
    they follow the lot or the outcome of the days beside them. Pooled: the mean of people's effects with the t test of
    them (Ibragimov and Muller 2010), ``heterogeneity`` their spread without chance (`pool_estimates`).

    Examples
    --------
    >>> import twitchstats as tw
    >>> diary = tw.simulate_suspicion(effect=0.5, hidden=0.3, days=60)
    >>> plan = tw.plan_trial("caffeine", days=28, journal=diary, seed=1)
    >>> found = tw.analyze_trial(tw.play_trial(diary, plan, effect=0.5, hidden=0.3), plan)
    >>> found[["person", "analysis", "measure"]].values.tolist()
    [['me', 'by intention', 'rate ratio'], ['me', 'as taken', 'rate ratio']]
    """
    check_plan(plan, journal)
    check_share("alpha", alpha, below=0.5)
    check_whole("draws", draws, least=99, most=MOST_DRAWS)
    asked = plan.options
    rows = []
    seen = 0
    for person, start in zip(asked.people, asked.starts, strict=True):
        found = _analyse_person(journal, plan, person, start, int(draws), alpha)
        seen += asked.days - int(found[0]["days_missing"])
        rows += found
    if not seen:
        raise NotEnoughDataError(
            f"None of the {asked.days} planned days from {asked.starts[0]} on has {asked.outcome!r} in the journal. "
            "Give the journal that was kept during the trial."
        )
    frame = pd.DataFrame(rows).reindex(columns=[*TRIAL_COLUMNS, "se"])
    if len(asked.people) > 1:
        frame = pd.concat([frame, _pool(frame, alpha)], ignore_index=True)
    frame["trigger"], frame["outcome"], frame["measure"] = asked.trigger, asked.outcome, asked.family.measure
    frame = frame.assign(**_watch(journal, plan, frame))
    if asked.family.is_ratio:
        frame[[*SCALED, *ENDS]] = np.exp(frame[[*SCALED, *ENDS]])
    return frame[TRIAL_COLUMNS]


def _analyse_person(
    journal: Journal, plan: Plan, person: str, start: str | int, draws: int, alpha: float
) -> list[dict[str, Any]]:
    asked = plan.options
    names = (asked.outcome, asked.trigger, DRAWN)
    y, taken, noted = (read_days(journal, name, person, start, asked.days) for name in names)
    told = np.flatnonzero(np.isfinite(y[AROUND:]) | np.isfinite(taken[AROUND:]))
    over = min(int(told[-1]) + 1, asked.days) if len(told) else asked.days  # none kept: not early
    past, level = _find_look(plan, over, alpha)
    earlier, (y, taken, noted) = y[:AROUND], (side[AROUND : AROUND + past] for side in (y, taken, noted))
    drawn, lots = plan.drawn[person][:past], plan.lots.cut(past)
    schedules = lots.list_schedules(drawn, plan.make_rng(person, "test"), draws)
    kinds = journal.variables.set_index("name")["kind"]
    low, high = (0.0, 1.0) if kinds.get(asked.trigger) == "yes/no" else (asked.low, asked.high)
    dose = np.where(np.isfinite(taken), (taken - low) / (high - low), drawn)
    weekday = (pd.Timestamp(start).weekday() if isinstance(start, str) else start) + np.arange(past)
    noticed = pd.DataFrame({"y": y, "taken": taken, "drawn": drawn, "noted": noted}).assign(
        not_kept=np.isfinite(y) & np.isfinite(taken) & (np.abs(dose - drawn) >= LEAST_OFF),
        changed=np.isfinite(noted) & (noted != drawn),
    )
    allowed = alpha if np.isnan(level) else level
    cautions = [
        *_describe_look(plan, over, past, level), *_describe_days(noticed),
        *_describe_gaps(noticed, compare_gaps(y, schedules, lay_dates(weekday), asked.family)),
        *_describe_lot(journal, plan, noticed["changed"], lots.find_least_p(draws), allowed),
    ]  # fmt: skip
    common = {
        "person": person, "n_people": 1, "level": level, "days_missing": int(noticed["y"].isna().sum()),
        "days_not_kept": int(noticed["not_kept"].sum()), "schedules": len(schedules),
    }  # fmt: skip
    rows: list[dict[str, Any]] = []
    for analysis, given in (("by intention", drawn), ("as taken", dose)):
        if rows and np.array_equal(dose, drawn):  # every day was kept
            rows.append({**rows[0], "analysis": analysis})
            break
        days, after = (
            lay_days(y, given, schedules, lots, weekday, earlier=earlier, carry_over=later) for later in (False, True)
        )
        refused = _refuse(days)
        found: dict[str, Any] = {"reason": refused} if refused else _estimate(days, after, asked.family, alpha, allowed)
        notes = [*cautions, *_describe_carry_over(asked.design, found.get("p_carry_over", np.nan))]
        rows.append({**common, "analysis": analysis, "n_days": len(days.y), "caution": "; ".join(notes), **found})
    return rows


def _refuse(days: Days) -> str:
    both = min(int((days.drawn[0] > 0).sum()), int((days.drawn[0] == 0).sum())) if len(days.y) else 0
    if len(days.y) < LEAST_DAYS or both < 3 or np.ptp(days.coin) == 0:  # one coin has no error of its own
        return "too few days"
    return "no variation" if np.ptp(days.y) == 0 else ""


def _estimate(days: Days, after: Days, family: Family, alpha: float, allowed: float) -> dict[str, Any]:
    estimate, error = find_effect(days, family)
    low, high = find_interval(days, family, alpha=allowed)
    p_anytime, limit = find_anytime(days, family, alpha=alpha)
    known = np.isfinite(estimate)
    return {
        "estimate": estimate, "se": error, "ci_lower": low, "ci_upper": high,
        "p_value": find_p_value(days, 0.0, family),
        **dict(zip(ANYTIME_COLUMNS, (p_anytime, *find_interval(days, family, limit=limit)), strict=True)),
        "p_carry_over": find_p_value(after, estimate if known else 0.0, family),
        "reason": "" if known else "no variation of its own" if np.isnan(estimate) else "separation",
    }  # fmt: skip


def read_days(journal: Journal, name: str, person: str, start: str | int, days: int) -> FloatArray:
    """Return a variable on so many days of a trial and `AROUND` days before and after; NaN where not known."""
    name = find_name(journal.variables, name) or name
    if name not in journal.days or not is_numeric_dtype(journal.days[name]):
        return np.full(days + 2 * AROUND, np.nan)
    names = journal.days.index.get_level_values("person").astype(str)
    own = journal.days.loc[names == person, name].droplevel("person")
    back = pd.Timedelta(days=AROUND)
    begin = (pd.Timestamp(start) - back).isoformat() if isinstance(start, str) else start - AROUND
    return own.reindex(list_dates(begin, days + 2 * AROUND)).to_numpy(float)


def _find_look(plan: Plan, over: int, alpha: float) -> tuple[int, float]:
    """Return the days to analyse of those that are over, and the level of the declared look that was reached."""
    levels = spend_alpha(plan.options.looks, alpha=alpha)["level"].round(9)
    reached = [look for look in zip(plan.options.look_days, levels, strict=True) if look[0] <= over]
    return reached[-1] if reached else (over, float("nan"))


def _describe_look(plan: Plan, over: int, past: int, level: float) -> Iterator[str]:
    if np.isnan(level):
        yield (
            f"looked at after {over} of {plan.options.days} days, before any declared look: the p-value and its "
            "interval hold for a single look, those of any time however often"
        )
    elif len(plan.options.looks) > 1:
        later = f", {over - past} later days wait" if over > past else ""
        yield f"a declared look after {past} of {plan.options.days} days, at a level of {level:.2g}{later}"


def _describe_days(days: pd.DataFrame) -> Iterator[str]:
    """Yield what a reader has to know of what was taken: not kept, not told."""
    if days["not_kept"].any():
        yield f"{days['not_kept'].sum()} of {len(days)} days were not kept"
    unknown = days[days["y"].notna() & days["taken"].isna()]
    if len(unknown):
        blind = f", and no column {DRAWN!r} of 0 and 1 says so" * bool(unknown["noted"].isna().any())
        yield (
            f"what was taken on {len(unknown)} of {len(days)} days is not in the journal: it is believed to be as "
            f"drawn{blind}"
        )


def _describe_gaps(days: pd.DataFrame, compared: tuple[float, float, float]) -> Iterator[str]:
    """Yield how many days are missing, and whether that may be for what was drawn, or for what the outcome was."""
    missing, (by_lot, by_neighbours, higher) = days["y"].isna(), compared
    if missing.any():
        sides = [int((missing & (days["drawn"] == side)).sum()) for side in (1, 0)]
        yield f"{missing.sum()} of {len(days)} days have no entry ({sides[0]} with, {sides[1]} without)"
    if by_lot <= ALPHA:
        yield "days are missing more often on one side, which can make or hide an effect"
    if by_neighbours <= ALPHA:
        kind = "more" if higher > 0 else "less"
        yield f"days beside those without an entry have {kind} than others: if such days are skipped, an effect hides"


def _describe_lot(
    journal: Journal, plan: Plan, changed: "pd.Series[bool]", least: float, allowed: float
) -> Iterator[str]:
    asked = plan.options
    kind = journal.variables.set_index("name")["kind"][journal.resolve_name(asked.outcome)]
    if kind != asked.kind:
        yield f"{asked.outcome!r} is told as {kind} in the journal, and as {asked.kind} in the plan"
    if least > allowed:
        yield f"so few schedules are compared that p can't be below {least:.2g}"
    if plan.chosen:
        yield "the seed was chosen by hand"
    if changed.any():
        yield f"{changed.sum()} of {len(changed)} days were changed in the schedule after it was sealed"
    if DRAWN in journal.days and not is_numeric_dtype(journal.days[DRAWN]):
        yield f"the column {DRAWN!r} is no longer 0 and 1: whether the schedule was changed can't be told"


def _describe_carry_over(design: str, p_value: float) -> Iterator[str]:
    """Yield where the test finds a little more than it promises, as counted (see `plan_trial`)."""
    if p_value <= ALPHA and design != "blocks":
        where = {"pairs": "the outcome comes in flares", "days": "that lasts for three days more"}[design]
        yield f"the day before matters, too: a test of 5 % is one of 6 % or a little more where {where}"


def _pool(frame: pd.DataFrame, alpha: float) -> pd.DataFrame:
    """Return the rows of the group: the t test of people's estimates, each of which counts alike.

    It holds however effects and errors differ between people (Ibragimov and Muller 2010), also for three of them, whom
    the interval of Hartung and Knapp with the larger of both errors covered always.
    """
    rows = []
    for analysis, part in frame.groupby("analysis", sort=False):
        level = part["level"].min(skipna=False)
        known = part[np.isfinite(part["estimate"].to_numpy(float))]
        row: dict[str, Any] = {name: part[name].sum() for name in ("n_days", "days_missing", "days_not_kept")}
        row |= {"person": "pooled", "analysis": analysis, "level": level, "n_people": len(known)}
        out = len(part) - len(known)
        cautions = [f"{out} of {len(part)} people have no estimate and are left out"] * (out > 0)
        if np.isnan(level):
            cautions.append("not everybody has come to a declared look: p-value and interval hold for a single look")
        if careful := int((part["caution"] != "").sum()):
            cautions.append(f"{careful} of {len(part)} people have a caution of their own")
        row["caution"] = "; ".join(cautions)
        row["reason"] = "" if len(known) > 1 else "too few people"
        if len(known) > 1:
            df, mean = len(known) - 1, known["estimate"].mean()
            spread = max(known["estimate"].std() / np.sqrt(len(known)), TINY)
            told = describe_estimates(mean, spread, df, alpha=alpha if np.isnan(level) else level)
            row |= {"estimate": mean} | {name: float(told[name]) for name in ("ci_lower", "ci_upper", "p_value")}
            row["heterogeneity"] = pool_estimates(known["estimate"], known["se"])["heterogeneity"]
        rows.append(row)
    return pd.DataFrame(rows).reindex(columns=frame.columns)


def _watch(journal: Journal, plan: Plan, found: pd.DataFrame) -> dict[str, Any]:
    """Return what the diary before the trial shows for the same contrast, on the scale of the trial's estimate."""
    asked = plan.options
    told = pd.DataFrame(columns=SCALED, dtype=float)
    starts = {person: list_dates(start, 1)[0] for person, start in zip(asked.people, asked.starts, strict=True)}
    index = journal.days.index.to_frame(index=False)
    begin = index["person"].astype(str).map(starts)
    ordered = asked.trigger in journal.days and journal.calendar != "none"
    before = (begin.notna() & (index["date"] < begin)).to_numpy() if ordered else np.zeros(len(index), bool)
    if before.any():
        diary = replace(journal, days=journal.days[before])
        told = pd.concat(
            estimate_effects(diary, outcome=asked.outcome, triggers=[asked.trigger], lags=(0,), by=by)
            for by in ("person", "pooled")
        ).set_index("person")
        told = told[told["measure"] == asked.family.measure]  # odds ratios are no differences of shares
        told.index = told.index.astype(str)
        values = told[SCALED].to_numpy(float)
        with np.errstate(divide="ignore"):  # an interval without end begins at 0
            logs = np.log(values) if asked.family.is_ratio else values
        told[SCALED] = logs * ((asked.high - asked.low) / told["step"].to_numpy(float))[:, None]
    watched = told[SCALED].reindex(found["person"].astype(str)).to_numpy(float)
    words = [_compare(*pair) for pair in zip(found[SCALED].to_numpy(float), watched, strict=True)]
    shown = np.exp(watched) if asked.family.is_ratio else watched
    return dict(zip(("watched", "watched_lower", "watched_upper", "watching"), (*shown.T, words), strict=True))


def _compare(trial: FloatArray, diary: FloatArray) -> str:
    """Say in a word whether the diary's estimate, with its interval, fits the trial's."""
    if not np.isfinite([trial[0], diary[0]]).all():
        return ""
    sides = [np.sign(values[1]) if values[1] * values[2] > 0 else 0 for values in (trial, diary)]
    apart = abs(trial[0] - diary[0])
    toward = [
        abs(values[2 if values[0] < other else 1] - values[0])
        for values, other in ((trial, diary[0]), (diary, trial[0]))
    ]
    if sides[1] and apart > np.hypot(*toward):  # a diary that showed nothing had told nothing wrong
        return "wrong"
    if sides[0] and sides[1]:
        return "right"
    return "missed it" if sides[0] else "not confirmed" if sides[1] else "open"
