"""What a doctor asks, and what the diary says of it: a line each, to write on where nothing was noted."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from twitchstats.findings import Findings
from twitchstats.journal import Journal
from twitchstats.numbers import format_number, format_share, round_number
from twitchstats.plots.drawing import tell_step
from twitchstats.report.summary import (
    count_sites,
    is_group,
    is_log_of_attacks,
    summarise_course,
    summarise_variables,
)
from twitchstats.report.tables import Markup, escape_text
from twitchstats.report.wording.prose import Prose, count_noun, list_some
from twitchstats.report.wording.rows import label_of, list_remedies, tell_dates, tell_level
from twitchstats.report.wording.signs import YES, list_warnings
from twitchstats.signs import NOT_NOTED, UNCLEAR, find_red_flag, find_sign, list_red_flags
from twitchstats.variables import (
    find_row,
    find_variable,
    is_about_twitching,
    is_symptom,
    load_choices,
    may_be_medicine,
    sounds_like_medicine,
    split_words,
)

_ASKED = ("pain", "stiffness", "weakness", "sensory_change", "cramps", "fatigue", "caffeine", "alcohol", "injury")
_ASKED_OF_WOMEN = ("menstruation", "pregnancy")
_OF_TWITCHING = ("stiffness", "weakness", "sensory_change", "cramps")  # of any other symptom they are not asked
_SITES = ("site", "episode_variables.csv")
_RARE = 0.5  # of the days: what comes on fewer is told with its dates


def list_history(journal: Journal, found: Findings) -> list[tuple[str, str]]:
    """Return what a doctor asks, each with what the diary says, or "" where it says nothing.

    What is asked of twitching, or of bodily symptoms, alone is left out of other diaries unless they tell it.
    """
    course = summarise_course(journal, found.outcome).iloc[0]
    people = journal.people.iloc[0] if len(journal.people) else pd.Series(dtype=object)
    weeks, warnings = people.get("persistence_weeks"), list_warnings(journal, found.flags).set_index("label")
    twitching = is_about_twitching(found.outcome)
    bodily = twitching or is_symptom(found.outcome) or "pain" in split_words(found.outcome)
    asked = [name for name in (*_ASKED, *_ASKED_OF_WOMEN * (people.get("sex") != "male")) if name != found.outcome]
    course_told = _tell_course(course, ordered=journal.calendar != "none")
    about = {"Where, which side": (_tell_sites(journal), bodily), "Better or worse": (course_told, True)}
    for name in asked:
        label = list_red_flags().get(find_red_flag(name) or "") or find_row(name)["label"]
        state, warning = warnings.loc[label, ["state", "told"]] if label in warnings.index else ("", "")
        told = _join_told(people.get(find_sign(name) or name), _tell_levels(journal, name) or _tell_own(journal, name))
        told = warning if state == UNCLEAR else told or warning * (state != NOT_NOTED)
        about[str(label)] = (told, bodily and (twitching or name not in _OF_TWITCHING))
    return [
        ("Since when", "" if pd.isna(weeks) else f"about {count_noun(int(weeks), 'week')} when asked"),
        ("How often", _tell_often(journal, found.outcome, course)),
        ("How long", _tell_durations(journal)),
        *((label, told) for label, (told, always) in about.items() if told or always),
        ("Medicines", _tell_medicines(journal)),
        ("What helped", _tell_remedies(journal)),
    ]


def _tell_often(journal: Journal, outcome: str, course: "pd.Series[Any]") -> str:
    """Return on how many days it was there; of a rating from 1 up, which always is, on how many it was high."""
    if not course["n_days"] or is_log_of_attacks(journal):
        return ""
    often = f"{course['n_above']:,} of {count_noun(int(course['n_days']), 'day')}"
    rated = journal.variables.set_index("name")["kind"].get(outcome) == "rating"
    if rated and course["n_above"] == course["n_days"] and course["n_more"]:
        often += f"; more than {tell_level(journal, outcome, course['median'])} on {course['n_more']}"
    return often


def _tell_course(course: "pd.Series[Any]", *, ordered: bool) -> str:
    if pd.isna(course["before"]):
        why = "no more than 28 days yet" if ordered else "the days have no dates"
        return f"can't be told: {why}" if course["n_days"] else ""
    if not course["n_above"]:
        return "never there"
    return tell_change(course)


def tell_change(course: "pd.Series[Any]") -> str:
    """Return how the last weeks were, and how those before (`summarise_course`)."""
    tell, what = (format_share, "there on") if course["told"] == "share" else (format_number, "median")
    return f"{what} {tell(course['recent'])} in the last 28 days, {tell(course['before'])} before"


def _tell_sites(journal: Journal) -> str:
    """Return where it was most often, by its episodes, or else by a column of places of its days."""
    sites = count_sites(journal)
    sides = ("both sides, " if side == "both" else f"{side} " if side else "" for side in sites["side"])
    shares = pd.Series(sites["share"].to_numpy(), index=[*map("".join, zip(sides, sites["site"], strict=True))])
    for name in journal.worded:
        if shares.empty and find_variable(name, dictionary=_SITES[1]) == _SITES[0]:
            shares = journal.days[name].value_counts(normalize=True)
            shares = shares[[not split_words(str(place)).isdisjoint(load_choices(*_SITES)) for place in shares.index]]
    return ", ".join(f"{site} {format_share(share)}" for site, share in shares.head(3).items())


def _tell_durations(journal: Journal) -> str:
    seconds = journal.episodes.get("duration_s", pd.Series(dtype=float)).dropna()
    if seconds.empty:
        return ""
    return f"median {_tell_seconds(seconds.median())}, longest {_tell_seconds(seconds.max())}"


def _tell_seconds(seconds: float) -> str:
    size, unit = next(
        (s, u) for s, u in ((86400, "days"), (3600, "h"), (60, "min"), (1, "s")) if seconds >= s or s == 1
    )
    return tell_step(round_number(seconds / size, 2), unit)


def _tell_levels(journal: Journal, name: str) -> str:
    """Return a variable's median and how often it was above zero."""
    variables = summarise_variables(journal).set_index("name")
    if name not in variables.index or not variables.loc[name, "n_days"]:
        return ""
    row = variables.loc[name]
    days = f"{round(row['share'] * row['n_days'])} of {count_noun(int(row['n_days']), 'day')}"
    if find_red_flag(name) or (row["share"] < _RARE and row["kind"] != "amount"):
        days = ", ".join(filter(None, (days, tell_dates(journal, name))))
    if row["kind"] == "yes/no":
        return days
    return f"{days}; median {format_number(row['median'])}, highest {tell_level(journal, name, row['high'])}"


def _tell_own(journal: Journal, name: str) -> str:
    """Return the levels of columns of the user's own that have the name of what is asked among their words."""
    own = [
        row["name"]
        for row in journal.variables.to_dict("records")
        if not find_row(row["name"]) and not may_be_medicine(row["name"], row)
        if name in map(find_variable, split_words(f"{row['name']} {row['source']}"))
    ]
    levels = {label_of(journal, column): _tell_levels(journal, column) for column in own}
    return "; ".join(f"{label} {told}" * bool(told) for label, told in levels.items()).removeprefix(f"{name} ")


def _join_told(sign: object, days: str) -> str:
    """Return what a person said when asked, and what the days say."""
    return "; ".join(filter(None, [f"{YES[sign]} when asked" if sign in YES else "", days]))


def _tell_medicines(journal: Journal) -> str:
    """Return the medicines that were taken, with their dates, and what sounds like one."""
    rows = journal.variables.to_dict("records")
    known, maybe = (
        _list_taken(journal, names, dated=journal.calendar != "none")
        for names in (
            [row["name"] for row in rows if row["role"] == "medicine" or _is_drug(row)],
            [row["name"] for row in rows if sounds_like_medicine(row["name"], row)],
        )
    )
    return "; ".join(filter(None, [known, maybe and f"by its name perhaps{' also' if known else ''} {maybe}"]))


def _is_drug(row: Mapping[Any, Any]) -> bool:
    """Tell whether a remedy is one that a doctor is asked about first, such as a pain reliever."""
    return row["role"] == "remedy" and find_row(row["name"]).get("trial") == "ask"


def _tell_remedies(journal: Journal) -> str:
    """Return what was tried."""
    tried = _list_taken(journal, list_remedies(journal), dated=False)
    return f"tried: {tried}; a diary can't tell whether it helped" if tried else ""


def _list_taken(journal: Journal, names: list[str], *, dated: bool) -> str:
    """Return what was taken at all, with the number of its days."""
    told = [
        f"{label_of(journal, name).lower()} on {count_noun(days, 'day')}" + f", {tell_dates(journal, name)}" * dated
        for name in journal.days.select_dtypes("number").columns.intersection(names, sort=False)
        if (days := int((journal.days[name] > 0).sum()))
    ]
    return list_some(told, 6)


def show_history(journal: Journal, found: Findings) -> Markup | Prose:
    """Show what a doctor asks, with a line to write on where nothing was noted; of several people nothing."""
    if is_group(journal):
        return Prose("")
    rows = list_history(journal, found)
    body = "".join(
        f"<dt>{escape_text(label)}</dt>"
        + (f"<dd>{escape_text(told)}</dd>" if told else f'<dd class="blank">{NOT_NOTED}</dd>')
        for label, told in rows
    )
    return Markup(f'<h2>For your doctor</h2><dl class="history">{body}</dl>')
