"""What a doctor asks, and what the diary says of it: a line each, to write on where nothing was noted."""

from typing import Any

import pandas as pd

from twitchstats.findings import Findings
from twitchstats.journal import Journal
from twitchstats.numbers import format_number, format_share, round_number
from twitchstats.plots.drawing import tell_step
from twitchstats.report.summary import (
    count_above,
    count_sites,
    is_about_twitching,
    is_group,
    is_log_of_attacks,
    summarise_course,
    summarise_variables,
)
from twitchstats.report.tables import Markup, escape_text
from twitchstats.report.wording.prose import Prose, count_noun, list_some
from twitchstats.report.wording.rows import label_of, list_remedies, tell_dates, tell_unit
from twitchstats.report.wording.signs import NOT_NOTED, YES, is_unclear, list_warnings
from twitchstats.signs import find_red_flag, find_sign, list_red_flags
from twitchstats.variables import find_row, may_be_medicine, sounds_like_medicine

_ASKED = ("pain", "stiffness", "weakness", "sensory_change", "cramps", "fatigue", "caffeine", "alcohol", "injury")
_ASKED_OF_WOMEN = ("menstruation", "pregnancy")
_RARE = 0.5  # of the days: what comes on fewer is told with its dates


def list_history(journal: Journal, found: Findings) -> list[tuple[str, str]]:
    """Return what a doctor asks, each with what the diary says, or "" where it says nothing.

    What is asked of twitching alone is left out of other diaries unless they tell it.
    """
    course = summarise_course(journal, found.outcome).iloc[0]
    people = journal.people.iloc[0] if len(journal.people) else pd.Series(dtype=object)
    weeks, warned = people.get("persistence_weeks"), dict(list_warnings(journal, found.flags))
    sites = count_sites(journal)
    where = [f"{_name_site(row)} {format_share(row['share'])}" for row in sites.head(3).to_dict("records")]
    asked = [name for name in (*_ASKED, *_ASKED_OF_WOMEN * (people.get("sex") != "male")) if name != found.outcome]
    about = {}
    for name in asked:
        label = list_red_flags().get(find_red_flag(name) or "") or find_row(name)["label"]
        warning = warned.get(label, "").replace(NOT_NOTED, "")
        told = _join_told(people.get(find_sign(name) or name), _tell_levels(journal, name))
        about[str(label)] = warning if is_unclear(warning) else told or warning
    twitching = is_about_twitching(found.outcome)
    often = f"{course['n_above']:,} of {count_noun(int(course['n_days']), 'day')}"
    return [
        ("Since when", "" if pd.isna(weeks) else f"about {count_noun(int(weeks), 'week')} when asked"),
        ("How often", often if course["n_days"] and not is_log_of_attacks(journal) else ""),
        ("How long", _tell_durations(journal)),
        *([("Where, which side", ", ".join(where))] if where or twitching else []),
        ("Better or worse", _tell_course(course, ordered=journal.calendar != "none")),
        *((label, told) for label, told in about.items() if told or twitching),
        ("Medicines", _tell_medicines(journal)),
        ("What helped", _tell_remedies(journal)),
    ]


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


def _name_site(row: dict[str, Any]) -> str:
    return " ".join(filter(None, ("both sides," if row["side"] == "both" else row["side"], row["site"])))


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
    highest = tell_step(round_number(row["high"]), tell_unit(journal, name))
    return f"{days}; median {format_number(row['median'])}, highest {highest}"


def _join_told(sign: object, days: str) -> str:
    """Return what a person said when asked, and what the days say."""
    return "; ".join(filter(None, [f"{YES[sign]} when asked" if sign in YES else "", days]))


def _tell_medicines(journal: Journal) -> str:
    """Return the medicines that were taken, with their dates, and what sounds like one."""
    rows = journal.variables.to_dict("records")
    known, maybe = (
        _list_taken(journal, names, dated=journal.calendar != "none")
        for names in (
            [row["name"] for row in rows if row["role"] == "medicine"],
            [row["name"] for row in rows if sounds_like_medicine(row["name"], row)],
        )
    )
    return "; ".join(filter(None, [known, maybe and f"by its name perhaps{' also' if known else ''} {maybe}"]))


def tell_new_medicines(journal: Journal) -> str:
    """Return the medicines that are noted, but not on the diary's first day, with their dates."""
    first, told = journal.days.index.get_level_values("date").min(), []
    for row in journal.variables.to_dict("records"):
        if may_be_medicine(row["name"], row) and pd.api.types.is_numeric_dtype(journal.days[row["name"]]):
            taken = journal.days.index[journal.days[row["name"]] > 0].get_level_values("date")
            if len(taken) and taken.min() > first:
                told.append(f"{label_of(journal, row['name'])} ({tell_dates(journal, row['name'])})")
    return f"noted here, but not on the first day: {list_some(told, 4)}" if told else ""


def _tell_remedies(journal: Journal) -> str:
    """Return what was tried."""
    tried = _list_taken(journal, list_remedies(journal), dated=False)
    return f"tried: {tried}; a diary can't tell whether it helped" if tried else ""


def _list_taken(journal: Journal, names: list[str], *, dated: bool) -> str:
    """Return what was taken at all, with the number of its days."""
    told = [
        f"{label_of(journal, name).lower()} on {count_noun(days, 'day')}" + f", {tell_dates(journal, name)}" * dated
        for name in journal.days.select_dtypes("number").columns.intersection(names, sort=False)
        if (days := count_above(journal, name))
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
