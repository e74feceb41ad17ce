"""Plan a trial: days with and without a trigger, drawn by lot, and what they could find."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from twitchstats.arrays import TINY, FloatArray
from twitchstats.errors import NotEnoughDataError, OptionError, check_choice, check_list, check_whole, unknown_name
from twitchstats.inference import ALPHA
from twitchstats.journal.keys import SOLE_PERSON
from twitchstats.journal.record import Journal, check_journal, find_name
from twitchstats.panel import build_panel
from twitchstats.sequential import find_look_power, spend_alpha
from twitchstats.signs import REASON, UNCLEAR, find_flags
from twitchstats.trial.exact import find_p_value, lay_days, remove_effect
from twitchstats.trial.lots import DESIGNS, WEEK, Lots, lay_lots
from twitchstats.triggers.families import FAMILIES, Family
from twitchstats.triggers.rows import POWER
from twitchstats.variables import find_row, find_variable, load_variables, may_be_medicine

LEAST_TRIAL = LEAST_DIARY = 14  # days; of a diary, from which its spread is told
PLAYED, COMPARED = 100, 99  # trials that are tried on the diary, and schedules that each is compared with
SCHEDULE_COLUMNS = ["person", "date", "condition", "period", "analysed"]
POWER_COLUMNS = ["person", "effect", "measure", "days", "power", "power_one_look", "days_needed"]
EFFECTS = {"count": (1.25, 1.5, 2.0), "yes/no": (0.1, 0.2, 0.3)}
SHARES_OF_SD = (0.25, 0.5, 1.0)  # effects on ratings and amounts, in SD of the diary
LONGEST = 3650
DRAWS, MOST_DRAWS = 999, 9999  # schedules that a trial is compared with; more move no p-value of .05 by .005
DAY_NUMBER = re.compile(r"-?[0-9]{1,6}")  # eight figures are a date


@dataclass(frozen=True)
class Options:
    """What a schedule follows from; with the seed it is drawn again, day by day. As in `plan_trial`.

    `kind` is that of the outcome; `low` and `high` is what is taken on days without and with the trigger; `starts` is
    each person's first day, an ISO date or a number.
    """

    trigger: str
    outcome: str
    kind: str
    low: float
    high: float
    people: tuple[str, ...]
    starts: tuple[str | int, ...]
    days: int
    design: str
    period: int
    washout: int
    looks: tuple[float, ...] = (1.0,)

    @property
    def family(self) -> Family:
        """How the outcome is told: counts as rate ratios, else as a difference (of shares, for yes/no)."""
        return FAMILIES["count" if self.kind == "count" else "amount"]

    @property
    def look_days(self) -> tuple[int, ...]:
        """After how many days one looks."""
        return tuple(int(np.ceil(round(share * self.days, 6))) for share in self.looks)


@dataclass(frozen=True, eq=False)
class Plan:
    """A planned trial.

    Attributes
    ----------
    options : Options
    seed : int
    seal : str
        SHA-256 of options, seed and `chosen`: told to somebody beforehand, it shows that nothing was changed or drawn
        again.
    chosen : bool
        Whether the seed was chosen by hand; otherwise it follows from options and diary, and nobody can shop for it.
    diary : dict of arrays
        The outcome of each person before the trial, without which nothing is known of its power.
    power : DataFrame
        A row for each person and size of an effect: ``person, effect, measure, days, power, power_one_look,
        days_needed``; empty without a diary.
    schedule : DataFrame
        A row for each day: ``person, date, condition`` (1 with, 0 without), ``period, analysed`` (False: wash-out).

    Examples
    --------
    >>> import twitchstats as tw
    >>> plan = tw.plan_trial("caffeine", days=60, seed=1)
    >>> len(plan.schedule), plan.options.design
    (60, 'days')
    """

    options: Options
    seed: int
    seal: str
    chosen: bool = True
    diary: dict[str, FloatArray] = field(default_factory=dict, repr=False)

    @cached_property
    def power(self) -> pd.DataFrame:
        """What the trial can find, told when it is asked for."""
        return estimate_power(self)

    @cached_property
    def lots(self) -> Lots:
        """The coins of each person's days."""
        asked = self.options
        return lay_lots(asked.days, design=asked.design, period=asked.period, washout=asked.washout)

    @cached_property
    def drawn(self) -> dict[str, np.ndarray[Any, Any]]:
        """The schedule of each person, 0 and 1."""
        return {person: self.lots.draw(self.make_rng(person), 1)[0].astype(float) for person in self.options.people}

    def make_rng(self, *purpose: str) -> np.random.Generator:
        """Return the generator of a person's schedule, or of another purpose."""
        text = hashlib.sha256("\n".join([self.seal, *purpose]).encode()).digest()
        return np.random.default_rng(int.from_bytes(text[:16], "big"))

    @property
    def schedule(self) -> pd.DataFrame:
        """The days of all people."""
        asked, lots = self.options, self.lots
        parts = [
            {"person": person, "date": list_dates(start, asked.days), "condition": self.drawn[person].astype(int),
             "period": lots.period, "analysed": lots.analysed}
            for person, start in zip(asked.people, asked.starts, strict=True)
        ]  # fmt: skip
        return pd.concat(map(pd.DataFrame, parts), ignore_index=True)

    def __repr__(self) -> str:
        asked = self.options
        return (
            f"<Plan: {asked.trigger} against {asked.outcome}, {asked.days} days, {asked.design}, "
            f"{len(asked.people)} people, seal {self.seal[:12]}>"
        )


def list_dates(start: str | int, days: int) -> pd.Index:
    """Return the days of a trial, as timestamps or whole numbers."""
    if isinstance(start, str):
        return pd.date_range(start, periods=days).as_unit("us")
    return pd.RangeIndex(start, start + days)


def seal_plan(options: Options, seed: int, chosen: bool = False) -> str:
    """Return the SHA-256 of options, seed, and whether the seed was chosen by hand.

    >>> options = Options("caffeine", "twitches", "count", 0.0, 200.0, ("me",), (1,), 28, "days", 1, 0)
    >>> seal_plan(options, 1)[:8] == seal_plan(options, 2)[:8]
    False
    """
    told = {**asdict(options), "seed": seed} | ({"chosen": True} if chosen else {})
    text = json.dumps(told, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def check_plan(plan: Plan, journal: Journal) -> list[str]:
    """Return the people of a plan who are in a journal, or refuse a plan that is changed, or not of this journal."""
    if not isinstance(plan, Plan):
        raise OptionError(f"plan={plan!r} is no plan. Read it by read_plan, or make one by plan_trial.")
    if seal_plan(plan.options, plan.seed, plan.chosen) != plan.seal:
        raise OptionError("The plan does not fit its seal: options or seed were changed after it was made.")
    check_journal(journal)
    journal.resolve_name(plan.options.outcome)
    known = set(map(str, journal.days.index.unique("person")))
    here = [person for person in plan.options.people if person in known]
    if not here:
        raise unknown_name("person", plan.options.people[0], sorted(known))
    start, dated = plan.options.starts[0], journal.calendar == "date"
    if dated != isinstance(start, str):
        kind = "dates" if dated else "numbered"
        raise OptionError(
            f"The plan starts on {start!r}, and the journal's days are {kind}. Plan again with such a start=."
        )
    return here


def plan_trial(
    trigger: str,
    *,
    days: int,
    journal: Journal | None = None,
    outcome: str | None = None,
    people: tuple[str, ...] | list[str] | None = None,
    levels: tuple[float, float] | None = None,
    start: str | int | None = None,
    seed: int | None = None,
    design: str | None = None,
    lasts: int = 0,
    period: int | None = None,
    looks: Sequence[float] = (1.0,),
    doctor_agrees: bool = False,
) -> Plan:
    """Plan days with and without a trigger, drawn by lot.

    Parameters
    ----------
    trigger : str
        A variable of the dictionary or of the journal.
    days : int
        Days of each person, at least 14.
    journal : Journal, optional
        The diary so far: it tells people, outcome, the first free day, and what a trial could find.
    outcome : str, optional
        By default the journal's, else "twitches".
    people : sequence of str, optional
        By default those of the journal, else one person "me", as readers name who is alone.
    levels : (float, float), optional
        What is taken on days without and with the trigger: 0 and 1 for yes/no; for amounts 0 and two steps. What nobody
        goes without (sleep, fluid, sodium, calcium) needs both.
    start : str or int, optional
        First day, an ISO date or a number ("5" is one); by default the day after each person's diary, else 1.
    seed : int, optional
        By default it follows from the options and the diary, so that nobody can draw until a schedule pleases.
    design : {"days", "pairs", "blocks"}, optional
        By default "days", or "blocks" where the effect `lasts`. See `twitchstats.trial.lots.lay_lots`.
    lasts : int
        Further days that the effect is believed to last: so many first days of each period of "blocks" are wash-out,
        not analysed. At most one in "pairs", which makes a test of 5 % one of 6 % where the outcome comes in flares.
        Beside "days" it changes nothing: an effect that three further days hold as well makes one of 6 or 7 %.
    period : int, optional
        Days of a period of "blocks"; by default a week, or the weeks that hold twice the wash-out.
    looks : sequence of float
        Shares of the days after which you mean to look, up to 1; the levels follow from `spend_alpha`. What that costs
        stands in ``power`` beside ``power_one_look``.
    doctor_agrees : bool
        A doctor has agreed to it: only then are medicines (also columns of your own that are called or dosed like
        one, or named in another than the Latin alphabet), amounts beyond what is safe or usual, pregnancy and people
        with a red flag planned for.

    Returns
    -------
    Plan

    Raises
    ------
    UnknownNameError
        The trigger or the outcome is not known.
    OptionError
        An option has a value that is not allowed; the trigger can't be set by choice, or a doctor has to be asked.

    Examples
    --------
    >>> plan = plan_trial("caffeine", days=28, seed=1)
    >>> plan.schedule["condition"].sum(), plan_trial("caffeine", days=28, seed=1).seal == plan.seal
    (np.int64(14), True)
    """
    check_whole("days", days, least=LEAST_TRIAL, most=LONGEST)
    if journal is not None:
        check_journal(journal)
    shares = tuple(spend_alpha(looks)["share"].tolist())
    name, row = _find(trigger, journal, "trigger")
    usual = (journal and journal.outcome) or "twitches"
    result, result_row = _find(usual if outcome is None else outcome, journal, "outcome")
    if name == result:
        raise OptionError(f"trigger={trigger!r} is the outcome itself. Name what is to be changed from day to day.")
    members = _list_people(people, journal)
    low, high = _choose_levels(name, levels, row)
    _check_doctor(name, row, (low, high), journal, members, doctor_agrees)
    layout = _choose_design(design, lasts, period)
    starts = _find_starts(start, journal, members)
    options = Options(name, result, str(result_row["kind"]), low, high, members, starts, int(days), *layout, shares)
    _check_schedules(options)
    chosen = seed is not None
    if seed is None:
        seed = int(seal_plan(options, 0 if journal is None else _read_diary(journal, result))[:12], 16)
    check_whole("seed", seed, least=0)
    diary = {} if journal is None else _read_outcome(journal, options)
    return Plan(options, int(seed), seal_plan(options, int(seed), chosen), chosen, diary)


def _choose_design(design: str | None, lasts: int, period: int | None) -> tuple[str, int, int]:
    """Return design, period and wash-out, those not asked for from how long the effect is believed to last."""
    check_whole("lasts", lasts, least=0)
    design = ("blocks" if lasts else "days") if design is None else design
    check_choice("design", design, DESIGNS)
    blocks = design == "blocks"
    if design == "pairs" and lasts > 1:
        raise OptionError(
            f"design='pairs' is not possible with lasts={lasts}: in pairs, an effect that lasts longer than the day "
            "after can't be told from the day's own. Choose 'days' or 'blocks'."
        )
    washout = int(lasts) * blocks
    if period is not None and not blocks:
        raise OptionError(f"period={period} goes with design='blocks' only; here it is {design!r}.")
    period = (WEEK * max(1, -(-2 * washout // WEEK)) if blocks else 1) if period is None else period
    check_whole("period", period, least=1)
    return design, int(period), washout


def _check_schedules(asked: Options) -> None:
    """Refuse a trial of one person, and a look, that compares too few schedules to find anything."""
    lots = lay_lots(asked.days, design=asked.design, period=asked.period, washout=asked.washout)
    least = lots.find_least_p()
    if least > ALPHA and len(asked.people) == 1:
        raise OptionError(
            f"days={asked.days} is not possible with periods of {asked.period}: they give so few schedules that p "
            f"can't be below {least:.2g}, whatever is found. Plan at least {_find_least_days(asked)} days, or shorter "
            "periods."
        )
    for past, level in zip(asked.look_days[:-1], spend_alpha(asked.looks)["level"], strict=False):
        least = lots.cut(past).find_least_p(DRAWS)
        if least > level:
            raise OptionError(
                f"A look after {past} of {asked.days} days finds something where p is at most {level:.2g}; "
                f"so few schedules are compared that it can't be below {least:.2g}. Look later."
            )


def _read_outcome(journal: Journal, asked: Options) -> dict[str, FloatArray]:
    """Return each person's outcome on the calendar, where it is known on days enough to tell what a trial can find."""
    panel = build_panel(journal, variables=[asked.outcome])
    diary = {}
    for person in asked.people:
        y = panel.get(asked.outcome)[panel.people.get_loc(person)] if person in panel.people else np.array([])
        if (known := int(np.isfinite(y).sum())) < LEAST_DIARY:
            raise NotEnoughDataError(
                f"person {person} has {known} days with {asked.outcome!r}; to tell what a trial can find takes "
                f"{LEAST_DIARY}. Plan without journal=, or keep the diary a little longer."
            )
        diary[person] = y
    return diary


def estimate_power(plan: Plan) -> pd.DataFrame:
    """Tell what a trial can find, by playing it on the diary as it is.

    Trials are laid over the diary's latest days (repeated where it is shorter), with the effect in them, and tested:
    so level, spread, memory and weekly rhythm of this person count, and what few coins and the older outcomes cost.

    Returns `POWER_COLUMNS`: `effect` is a rate ratio, or a difference in the outcome's unit, `power` that of a
    two-sided test at 5 %; `days_needed` find it in 4 of 5 trials (NaN beyond ten years).
    """
    asked, family, lots = plan.options, plan.options.family, plan.lots
    if lots.find_least_p() > ALPHA:  # it can't find anything; the days are those of a trial that can
        longer = replace(plan, options=replace(asked, days=_find_least_days(asked)))
        return estimate_power(longer).assign(days=asked.days, power=0.0, power_one_look=0.0)
    rows = []
    for person, y in plan.diary.items():
        rng, played = plan.make_rng(person, "power"), _repeat_diary(y, asked.days)
        sizes = EFFECTS.get(asked.kind, tuple(np.nanstd(y) * share for share in SHARES_OF_SD))
        effects = np.log(sizes) if family.is_ratio else np.array(sizes)
        once = np.full(len(sizes), np.nan)
        if np.nanstd(played) > 0:
            trials = [lots.draw(rng, 1 + COMPARED).astype(float) for _ in range(PLAYED)]
            once = np.array([np.mean([_play(plan, played, drawn, effect) for drawn in trials]) for effect in effects])
        told = zip(sizes, *_tell_power(plan, effects, once), once, strict=True)
        rows += [[person, size, family.measure, asked.days, power, alone, days] for size, power, days, alone in told]
    return pd.DataFrame(rows, columns=POWER_COLUMNS)


def _play(plan: Plan, y: FloatArray, drawn: FloatArray, effect: float) -> bool:
    """Tell whether a trial by the first of the drawn schedules finds an effect that is put into its days."""
    family, own = plan.options.family, drawn[0]
    planted = remove_effect(_calm_days(y, effect) if family.is_ratio else y, own, -effect, family)
    days = lay_days(np.where(own > 0, planted, y), own, drawn, plan.lots, np.arange(len(y)))
    return find_p_value(days, 0.0, family) <= ALPHA


def _calm_days(y: FloatArray, effect: float) -> FloatArray:
    """Return counts that scatter, once multiplied, as counts of days with the effect do.

    What chance adds to a count grows with its root, not with the count. That part of the scatter between neighbouring
    days is taken down, by a part of the mean of both neighbours in place of the day's own.
    """
    day, known = np.arange(len(y)), np.isfinite(y)
    filled = np.interp(day, day[known], y[known])
    near = np.convolve(np.pad(filled, 1, mode="reflect"), [0.5, 0.0, 0.5], mode="valid")
    chance = min(1.0, filled.mean() / max(float((np.diff(filled) ** 2).mean() / 2), TINY))
    share = (2 - np.sqrt(4 - 6 * chance * -np.expm1(-effect))) / 3  # (1 - share)^2 + share^2 / 2 of it is left
    calmed: FloatArray = (1 - share) * y + share * near
    return calmed


def _repeat_diary(y: FloatArray, days: int) -> FloatArray:
    """Return a diary's latest days, whole weeks of it repeated until there are as many as asked for."""
    seen = np.flatnonzero(np.isfinite(y))
    told = y[seen[0] : seen[-1] + 1]
    if len(told) >= days:
        return told[-days:]
    weeks = np.pad(told, (0, -len(told) % WEEK), constant_values=np.nan)
    return np.resize(weeks, days)


def _find_least_days(asked: Options) -> int:
    """Return the days from which a person's test can find anything at all."""
    return int(2 * asked.period * np.ceil(1 - np.log2(ALPHA)))


def _tell_power(plan: Plan, effects: FloatArray, once: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the power with the declared looks, and the days for 80 %, from the power of one look.

    By the effect whose power is nearest to a half, which chance moves least, it is told how many normal errors an
    effect is worth. Errors fall with the root of the days; of looks, the last one's boundary is taken for all of them.
    """
    asked = plan.options
    if np.isnan(once).any():
        return once, once
    surest = int(np.abs(once - 0.5).argmin())
    z = stats.norm.isf(ALPHA / 2) + stats.norm.ppf(np.clip(once[surest], ALPHA, 1 - 1 / PLAYED))
    worth = effects / effects[surest] * z
    looks = [find_look_power(asked.looks, size) / find_look_power((1.0,), size) for size in worth]
    last = stats.norm.isf(spend_alpha(asked.looks)["level"].iloc[-1] / 2)
    needed = np.ceil(asked.days * ((last + stats.norm.ppf(POWER)) / worth) ** 2)
    needed = np.maximum(needed, max(LEAST_TRIAL, _find_least_days(asked)))
    return once * looks, np.where(needed <= LONGEST, needed, np.nan)


def _find(name: str, journal: Journal | None, kind: str) -> tuple[str, dict[str, Any]]:
    """Return a variable's name and what is known of it, from the journal or the dictionary."""
    if not isinstance(name, str):
        raise OptionError(f"{kind}={name!r} is not possible. A trial has one: give its name.")
    own = pd.DataFrame() if journal is None else journal.variables.drop_duplicates("name").set_index("name", drop=False)
    found = (None if journal is None else find_name(own, name)) or (
        find_variable(name) if journal is None or kind == "trigger" else None
    )
    if found is None:
        raise unknown_name(kind, name, load_variables()["name"] if journal is None else own.index)
    row = {**find_row(found), **(own.loc[found].to_dict() if found in own.index else {})}
    if row["kind"] == "text" or found in SCHEDULE_COLUMNS:
        what = "text" if row["kind"] == "text" else "a column of the schedule itself"
        raise OptionError(f"{kind}={name!r} is not possible: it is {what}. Name what is counted, measured or rated.")
    return found, row


def _list_people(people: Sequence[object] | None, journal: Journal | None) -> tuple[str, ...]:
    if people is not None:
        named = tuple("" if person is None else str(person) for person in check_list("people", people))
    else:
        named = (SOLE_PERSON,) if journal is None else tuple(sorted(map(str, journal.days.index.unique("person"))))
    if not named or len(set(named)) < len(named) or not all(map(str.strip, named)):
        raise OptionError(f"people={people!r} is not possible. Name at least one person, each once.")
    return named


def _check_doctor(
    name: str, row: dict[str, Any], levels: tuple[float, float], journal: Journal | None, people: tuple[str, ...],
    agreed: bool,
) -> None:  # fmt: skip
    """Refuse what nobody sets by choice, and what a doctor has to be asked about first."""
    if not isinstance(agreed, bool):
        raise OptionError(f"doctor_agrees={agreed!r} is not possible. Give True or False.")
    if row.get("trial") == "no" or row.get("role") in ("outcome", "person", "none") or row.get("outside") is True:
        raise OptionError(f"{name!r} can't be switched on and off by lot. Choose what you can decide each day.")
    reasons = [] if journal is None else _list_reasons(journal, people)
    if row.get("trial") == "ask":
        reasons.insert(0, f"{name!r} is no matter for a trial of your own")
    elif may_be_medicine(name, row) or not (find_row(name) or all(map(_is_latin, name))):
        reasons.insert(0, f"{name!r} is a medicine or may be one")
    reasons += _compare_usual(name, row, *levels)
    if reasons and not agreed:
        raise OptionError(
            f"Ask your doctor first: {'; '.join(reasons)}. Where a doctor has agreed, plan with doctor_agrees=True."
        )


def _is_latin(sign: str) -> bool:
    """Say whether a sign is no letter of another alphabet: endings of medicines are known in the Latin one only."""
    return not sign.isalpha() or "LATIN" in unicodedata.name(sign, "")


def _list_reasons(journal: Journal, people: tuple[str, ...]) -> list[str]:
    """Return why these people should see a doctor before they try anything: pregnancy, red flags, told at any time."""
    flags = find_flags(journal)
    told, unclear = [], []
    for flag in flags[flags["level"] != REASON].itertuples():
        who, maybe = ([str(each) for each in names if str(each) in people] for names in (flag.who, flag.unclear))
        if who:
            told.append(f"{flag.label.lower()!r} of {', '.join(who)}")
        elif maybe or (flag.state == UNCLEAR and not flag.unclear):  # nobody knows whose
            unclear.append(flag.label)
    cells = [f"it is not clear whether {label.lower()!r} is there" for label in unclear]
    return ([f"the journal tells {'; '.join(told)}"] if told else []) + cells


def _compare_usual(name: str, row: dict[str, Any], low: float, high: float) -> Iterator[str]:
    """Yield why amounts are not anybody's own matter: beyond what counts as safe, or as usual where nobody says so."""
    most, trial = _find_most(row), row.get("trial")
    least = float(row.get("usual_low", np.nan)) if trial == "level" else np.nan
    if high > most:
        yield f"{high:g} {row['unit']} of {name!r} a day are more than {most:g}"
    if low < least:
        yield f"{low:g} {row['unit']} of {name!r} a day are less than {least:g}"


def _find_most(row: dict[str, Any]) -> float:
    """Return the most that anybody tries without asking: what counts as safe, or else as usual."""
    trial = str(row.get("trial"))
    return float(trial.removeprefix("up to ") if trial.startswith("up to ") else row.get("usual_high", np.nan))


def _choose_levels(name: str, levels: tuple[float, float] | None, row: dict[str, Any]) -> tuple[float, float]:
    step = float(row["step"]) if np.isfinite(float(row.get("step") or 1.0)) else 1.0
    usual = (0.0, 1.0 if row["kind"] == "yes/no" else np.fmin(2 * step, _find_most(row)))
    try:
        low, high = map(float, usual if levels is None else levels)
    except (TypeError, ValueError):
        low = high = float("nan")
    rule = ""
    if row["kind"] == "yes/no":
        rule = "" if (low, high) == usual else "A matter of yes or no has (0, 1)."
    elif not (np.isfinite([low, high]).all() and low < high):
        rule = "Give what is taken without and with it, such as (0, 200)."
    elif row.get("trial") == "level" and (levels is None or low <= 0):
        rule = f"Nobody goes without {name!r}: give two amounts above 0, in {row['unit']}."
    elif low < row["low"] or high > row["high"]:
        rule = f"{name!r} lies between {row['low']:g} and {row['high']:g} {row['unit']} on plausible days."
    if rule:
        raise OptionError(f"levels={levels!r} is not possible. {rule}")
    return low, high


def _find_starts(start: str | int | None, journal: Journal | None, people: tuple[str, ...]) -> tuple[str | int, ...]:
    """Return each person's first day, as it was asked for or the one after the diary; no day that is past is drawn."""
    dated = journal is not None and journal.calendar == "date"
    last = pd.Series(dtype=object)
    if journal is not None and journal.calendar != "none":
        last = journal.days.index.to_frame(index=False).groupby("person")["date"].max()
        last.index = last.index.astype(str)
    if start is None and len(last):
        ends = [last.get(person, last.max()) for person in people]
        return tuple((end + pd.Timedelta(days=1)).date().isoformat() if dated else int(end) + 1 for end in ends)
    first = read_start(1 if start is None else start)
    if journal is not None and dated != isinstance(first, str):
        kind = "dates: give start= as 2026-03-01" if dated else "numbered days: give start= as a number"
        raise OptionError(f"start={start!r} is not possible. The journal has {kind}.")
    if (past := last.reindex(people).dropna()).size and past.max() >= list_dates(first, 1)[0]:
        end = past.max().date() if dated else past.max()
        raise OptionError(f"start={start!r} is not possible. The diary goes on to {end}: only later days can be drawn.")
    return (first,) * len(people)


def read_start(start: object) -> str | int:
    """Return a first day as an ISO date, or as the number of a day."""
    if start is pd.NaT or start is pd.NA or isinstance(start, (bool, float)):
        raise OptionError(f"start={start!r} is not possible. Give a date such as 2026-03-01, or a whole number.")
    if isinstance(start, (int, np.integer)) or (isinstance(start, str) and DAY_NUMBER.fullmatch(start)):
        return int(start)
    try:
        day = datetime.fromisoformat(start) if isinstance(start, str) else start  # 3/4/2026 is March or April
        first = pd.Timestamp(day).date()
        _ = first + timedelta(days=LONGEST)  # calendars end with the year 9999
        return first.isoformat()
    except (ValueError, TypeError, OverflowError):
        raise OptionError(f"start={start!r} is no date. Write it as 2026-03-01.") from None


def _read_diary(journal: Journal, outcome: str) -> int:
    """Return a number that follows from the diary's outcome."""
    values = np.ascontiguousarray(journal.days[outcome].to_numpy(float) if outcome in journal.days else [])
    return int(hashlib.sha256(values.tobytes()).hexdigest()[:12], 16)
