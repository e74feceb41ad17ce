"""What was read, what was refused, how complete it is, and what made the numbers."""

import platform
from importlib.metadata import PackageNotFoundError, version

import pandas as pd

from twitchstats import __version__
from twitchstats.journal import Journal
from twitchstats.numbers import format_share
from twitchstats.report.summary import (
    count_noted,
    count_people,
    count_rejects,
    count_values,
    hide_texts,
    is_group,
    lay_calendar,
    summarise_months,
    summarise_people,
    summarise_variables,
    summarise_weeks,
)
from twitchstats.report.tables import Table, show_table
from twitchstats.report.wording.prose import Prose, count_noun, join_words, list_some, quote
from twitchstats.report.wording.rows import label_of, tell_dates
from twitchstats.variables import load_variables

VERSIONED = ("numpy", "pandas", "scipy", "statsmodels", "scikit-learn", "matplotlib", "seaborn")
_TELL_AT_MOST = 50


def describe_reading(journal: Journal) -> Prose:
    """Say what was read and how much of it was refused."""
    people = count_people(journal)
    when = f" from {tell_dates(journal)}" if journal.calendar != "none" else " without an order in time"
    lines = [
        f"- {count_noun(count_noted(journal), 'daily entry', 'daily entries')} of "
        f"{count_noun(people, 'person', 'people')}{when}, read from {quote(journal.source) or 'a table'} "
        f"({count_noun(journal.rows_read, 'row')})."
    ]
    about = "no column that the dictionary knows; name yours with --outcome"
    lines.append(f"- It is about: {f'**{quote(label_of(journal, journal.outcome))}**' if journal.outcome else about}.")
    lines += _tell_columns(journal)
    for name, table in (("episode", journal.episodes), ("person", journal.people)):
        if len(table):
            plural = "episodes" if name == "episode" else "people, with what is known of them"
            lines.append(f"- Also {count_noun(len(table), name, plural)}.")
    return Prose("\n".join([*lines, _tell_refused(journal)]))


def _tell_refused(journal: Journal) -> str:
    """Count what was dropped, set missing, combined, or kept with a remark."""
    counts = journal.rejects["action"].value_counts()
    words = {"row dropped": ("row dropped", "rows dropped"), "cell set missing": ("cell set missing",
             "cells set missing"), "rows combined": ("row combined", "rows combined"),
             "kept": ("remark on what was kept", "remarks on what was kept")}  # fmt: skip
    told = [count_noun(int(counts[key]), *pair) for key, pair in words.items() if key in counts]
    told += [f"{counts[key]} {quote(key)}" for key in counts.index if key not in words]
    head = "" if set(counts.index) - {"kept"} else "Nothing was refused. "
    tail = f"{join_words(told)}. Each is listed with its reason; nothing was lost in silence." if told else ""
    return f"- {head}{tail}".rstrip()


def _tell_columns(journal: Journal) -> list[str]:
    """Name known columns, the user's own, and the free text that stays private."""
    dictionary = set(load_variables()["name"])
    spread = set(journal.variables.loc[journal.variables["level"].ne(""), "name"])
    figures = [name for name in journal.numeric if name not in spread]
    kinds = {
        "that the dictionary knows": [name for name in figures if name in dictionary],
        "outside the dictionary": [name for name in figures if name not in dictionary],
        "of words, each word read as yes or no": journal.worded,
        "of text, not analysed": journal.texts,
    }
    return [
        f"- {count_noun(len(names), 'column')} {kind}: {list_some([quote(label_of(journal, name)) for name in names])}."
        for kind, names in kinds.items()
        if names
    ]


def tabulate_rejects(journal: Journal, *, include: bool = False) -> Table | Prose:
    """List what was refused: cell by cell where that is short, else counted by rule; texts only if asked for."""
    if journal.rejects.empty:
        return Prose("")
    rejects = journal.rejects if include else hide_texts(journal.rejects)
    if len(rejects) <= _TELL_AT_MOST:
        labels = {"table": "Table", "row": "Row", "column": "Column", "message": "Why", "action": "What became of it"}
        return show_table(rejects, "What was refused, changed, or kept with a remark.", labels=labels)
    labels = {
        "column": "Column",
        "rule": "Rule",
        "action": "What became of it",
        "n": "How often",
        "example": "First one",
    }
    caption = (
        f"{len(rejects):,} times something was refused, changed, or kept with a remark, by rule; check lists each."
    )
    return show_table(count_rejects(rejects).head(_TELL_AT_MOST), caption, labels=labels)


def tabulate_people(journal: Journal) -> Table:
    """List each person's days; of many people those with the fewest days first."""
    people = summarise_people(journal)
    labels = {"person": "Person", "first": "First", "last": "Last", "n_days": "Days reported", "span": "Days in all",
              "share": "Share", "longest_gap": "Longest gap, days"}  # fmt: skip
    if journal.calendar == "none":
        labels = {"person": "Person", "n_days": "Entries"}
    if len(people) <= 12:
        return show_table(people, "How complete each diary is.", labels=labels)
    fewest = people.sort_values("n_days", kind="stable").head(10)
    caption = f"The ten of {len(people):,} people with the fewest days; the median is {people['n_days'].median():.0f}."
    return show_table(fewest, caption, labels=labels)


def tabulate_outcome(journal: Journal, outcome: str) -> Table:
    """Show the numbers behind the calendar."""
    if journal.calendar == "none":
        labels = {"value": label_of(journal, outcome), "n_days": "Days", "share": "Share"}
        return show_table(count_values(journal, outcome), "How often each value was noted.", labels=labels)
    labels = {"period": "Period", "days": "Days", "reported": "Reported", "mean": "Mean", "median": "Median",
              "highest": "Highest"}  # fmt: skip
    return show_table(summarise_months(lay_calendar(journal, outcome)), "The outcome by month.", labels=labels)


def tabulate_weeks(journal: Journal) -> Table | Prose:
    """Show how complete the diaries of several people are, in blocks of four weeks: one person's months tell it."""
    if not is_group(journal) or journal.calendar == "none" or summarise_people(journal)["span"].max() < 14:
        return Prose("")
    weeks = summarise_weeks(journal)
    block = (weeks["week"] - 1) // 4
    blocks = weeks.groupby(block)[["possible", "reported"]].sum()
    first, last = 4 * blocks.index + 1, weeks.groupby(block)["week"].max()
    blocks["weeks"] = [" to ".join(dict.fromkeys(map(str, ends))) for ends in zip(first, last, strict=True)]
    blocks["share"] = blocks["reported"] / blocks["possible"]
    labels = {"weeks": "Weeks", "possible": "Days possible", "reported": "Days reported", "share": "Share"}
    return show_table(blocks, "Days reported, by weeks since the first entry.", labels=labels)


def tabulate_variables(journal: Journal) -> Table:
    """Show each variable's range."""
    labels = {"label": "Variable", "unit": "Unit", "n_days": "Days", "low": "Lowest", "median": "Median",
              "high": "Highest", "share": "Days above zero"}  # fmt: skip
    variables = summarise_variables(journal)
    unit = variables["unit"].mask(variables["kind"].eq("yes/no"), "yes/no")
    shown = variables.assign(unit=unit, label=[label_of(journal, name) for name in variables["name"]])
    never = variables["high"].eq(0) & variables["n_days"].gt(0)
    caption = "What the journal holds."
    if never.any():
        names = list_some(shown.loc[never, "label"].tolist(), 12)
        caption += f" Left out, because never above zero where it was read: {names}."
    return show_table(shown[~never], caption, labels=labels)


def tabulate_sites(journal: Journal, sites: pd.DataFrame) -> Table | Prose:
    """Show where the episodes were, people weighing alike."""
    if sites.empty:
        return Prose("")
    ends = zip(sites["ci_lower"], sites["ci_upper"], strict=True)
    shown = sites.assign(
        estimate=sites["estimate"].map(format_share),
        interval=["–" if pd.isna(a) else f"{format_share(max(a, 0.0))} to {format_share(b)}" for a, b in ends],
    )
    labels = {"site": "Site", "n_at_site": "Episodes", "estimate": "Share", "interval": "95 % interval"}
    return show_table(shown, f"Where the {len(journal.episodes):,} episodes were.", labels=labels)


def describe_notes(journal: Journal, *, include: bool) -> "Table | Prose":
    """Show free-text columns, if asked for; else say that they stay private."""
    text = journal.texts
    if not text:
        return Prose("")
    if not include:
        return Prose(f"Free text stays private ({count_noun(len(text), 'column')}; `--include-notes` shows it).")
    notes = journal.days[text].dropna(how="all").reset_index()
    return show_table(notes, "Free text, as it was written.")


def list_versions() -> dict[str, str]:
    """Return the versions of what makes the numbers."""
    found = {"twitchstats": __version__, "Python": platform.python_version()}
    for name in VERSIONED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def tabulate_versions() -> Table:
    """Show the versions of what made the numbers."""
    frame = pd.DataFrame(list_versions().items(), columns=["Software", "Version"])
    return show_table(frame, "Versions of the software.")
