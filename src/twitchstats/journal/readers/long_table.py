"""A long table: one row for each reading of a person and day, its name in one column and its value in another."""

import contextlib
from collections import defaultdict

import pandas as pd

from twitchstats.errors import JournalError
from twitchstats.journal.cells import QUANTITY
from twitchstats.journal.dates import look_like_dates
from twitchstats.journal.keys import ask_person, count_known, find_aliases, find_long, holds_readings, is_unit
from twitchstats.journal.layout import Column, Source, Table
from twitchstats.journal.readers.days import Days, Values
from twitchstats.journal.readers.export import Export, Record, fold, open_table, read_heading, read_top
from twitchstats.journal.readers.times import tell_utc
from twitchstats.journal.variable import split_header
from twitchstats.variables import load_words, normalise_header, split_words, word_set

NAME = "long table"
_MOST_COLUMNS = 8
_BESIDE = {  # what may stand beside name and value, and the words for it
    "date": "date column", "person": "person column", "unit": "unit column", "time": "time column",
    "notes": "notes column",
}  # fmt: skip


def recognize(head: bytes) -> bool:
    """Say whether a file has a date, a name and a value in each row, and nothing else that is measured."""
    heading = read_heading(head)
    if len(heading) > _MOST_COLUMNS or not any(holds_readings(header) or is_unit(header) for header in heading):
        return False
    with contextlib.suppress(JournalError):
        roles, left = _find_roles(read_top(head))
        if left or not {"date", "name", "value"} <= set(roles) or look_like_dates(roles["date"].levels) < 0.5:
            return False
        name, value = roles["name"], roles["value"]
        headed = normalise_header(name.header) in load_words("long name column")
        return (headed or count_known(name) > 1) and (holds_readings(value.header) or is_unit(value.header))
    return False


def _find_roles(table: Table, *, asked: bool = False) -> tuple[dict[str, Column], list[Column]]:
    """Return the column of each role, and those that have none though something stands there.

    Where this format is `asked` for, names need not be known to be no people's.
    """
    left, roles = [column for column in table.columns if column.filled.any()], dict[str, Column]()
    for role, words in _BESIDE.items():
        found = sorted(find_aliases(left, words), key=lambda column: look_like_dates(column.levels) < 0.5)
        roles |= dict(zip([role], found, strict=False))
        left = [column for column in left if column is not roles.get(role)]
    keys = [roles[role] for role in ("person", "date") if role in roles]

    def tell_apart(*columns: Column) -> bool:
        days = pd.DataFrame({column.place: column.codes for column in (*keys, *columns)})
        return len(days.drop_duplicates()) >= 0.9 * len(days)

    found = find_long(left, None if tell_apart() else tell_apart, whose=asked or "person" in roles)
    roles |= dict(zip(("name", "value", "person"), found, strict=False))
    left = [column for column in left if column not in found]
    return roles, [column for column in left if not (found and _is_category(column, found[0]))]


def _is_category(column: Column, name: Column) -> bool:
    """Say whether each name always has the same category in a column, so that this adds nothing."""
    if normalise_header(column.header) not in word_set("long name column"):
        return False
    return len(pd.DataFrame({"name": name.codes, "other": column.codes}).drop_duplicates()) == len(name.levels)


def read(source: Export) -> Source:
    """Read a long table; what a name means and how several values of a day combine, it does not say."""
    table = open_table(source)
    roles = _find_roles(table.table)[0]
    roles = roles if "name" in roles else _find_roles(table.table, asked=True)[0]
    if missing := [role for role in ("date", "name", "value") if role not in roles]:
        raise JournalError(f"{source.name} is no long table: no column is its {' or '.join(missing)}.")
    _ask_whose(roles, source.person)
    who, when, what, value, unit, notes = (
        fold(roles[role].header) if role in roles else ""
        for role in ("person", "date", "name", "value", "unit", "notes")
    )
    days, header, units = Days(NAME), roles["value"].header, defaultdict[str, set[str]](set)
    for record in table:
        units[record[what]].add(record[unit] or (QUANTITY.match(record[value]) or {"unit": ""})["unit"])

    def read_row(record: Record) -> Values | str:
        name, text, told = record[what], record[value], record[unit]
        if not name or not text:
            return "there is no name or no value"
        if len(units[name] - {""}) > 1 or QUANTITY.match(text):  # of a name that has several each cell tells its own
            text = f"{text} {told}".strip()
        elif told or is_unit(header):
            name += f" ({told or header})"
        else:
            name = _name_rating(name, header)
        return {days.name(name): text} | days.tell_text(record[notes], f"{name} notes", group="notes")

    days.add_rows(table, read_row, when=when, why=f"the date in {when!r} is not like 2024-03-31", person=who)
    whose = f", and {roles['person'].header!r} whose it is" if who else ""
    days.notes.append(f"{roles['name'].header!r} says what each {header!r} is{whose}.")
    days.notes += tell_utc(table, when)
    return days.finish(table)


def _ask_whose(roles: dict[str, Column], person: str | None) -> None:
    """Raise JournalError where several names may be people's and nobody says so; take them away if they are not."""
    who = roles.get("person")
    if who is None or find_aliases([who], "person column") or len(who.levels) < 2:
        return
    if person is None:
        raise ask_person(f"Column {who.header!r} holds {len(who.levels)} different names or codes.", who.header)
    if normalise_header(person) != normalise_header(who.header):
        del roles["person"]


def _name_rating(name: str, header: str) -> str:
    """Return the column of a reading: a rating of twitches is no number of them."""
    scale = word_set("scale word")
    rated = split_words(split_header(header).stem) <= scale and scale.isdisjoint(split_words(name))
    return f"{name} {header.lower()}" if rated else name
