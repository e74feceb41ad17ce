"""A long table: one row for each reading of a person and day, its name in one column and its value in another."""

from twitchstats.errors import JournalError
from twitchstats.journal.layout import Source
from twitchstats.journal.readers.days import Days, Values
from twitchstats.journal.readers.export import Export, Record, fold, open_table, read_heading
from twitchstats.journal.readers.times import tell_utc
from twitchstats.variables import load_words, normalise_header, split_words, word_set

NAME = "long table"


def recognize(head: bytes) -> bool:
    """Say whether a file has a date, a name and a value in each row, a person at most, and nothing else."""
    heading = read_heading(head)
    found = _find_columns(heading)
    known = [column for column in found.values() if column is not None]
    return None not in (found["date"], found["name"], found["value"]) and len(known) == len(set(known)) == len(heading)


def _find_columns(heading: list[str]) -> dict[str, str | None]:
    """Return the header that is the person, the date, the name, the value and the unit."""
    ticked = any(normalise_header(header) in load_words("symptom name") for header in heading)
    words = {
        "person": load_words("person column"),
        "date": load_words("date column"),
        "name": load_words("long name column"),
        "value": (*load_words("long value column"), *(load_words("status column") if ticked else ())),
        "unit": ("unit", "units", "einheit"),
    }
    return {
        role: next((header for header in heading if normalise_header(header) in known), None)
        for role, known in words.items()
    }


def read(source: Export) -> Source:
    """Read a long table; what a name means and how several values of a day combine, it does not say."""
    table = open_table(source)
    found = _find_columns([fold(header) for header in table.headers])
    missing = [role for role in ("date", "name", "value") if found[role] is None]
    if missing:
        raise JournalError(f"{source.name} is no long table: no column is its {' or '.join(missing)}.")
    who, when, what, value, unit = (found[role] or "" for role in ("person", "date", "name", "value", "unit"))
    days = Days(NAME)
    scale = word_set("scale word")
    rated = f" {value}" if split_words(value) <= scale else ""  # a rating of twitches is no number of them

    def read_row(record: Record) -> Values | str:
        if not record[what] or not record[value]:
            return "there is no name or no value"
        more = f" ({record[unit]})" if record[unit] else rated if scale.isdisjoint(split_words(record[what])) else ""
        return {days.name(record[what] + more): record[value]}

    days.add_rows(table, read_row, when=when, why=f"the date in {when!r} is not like 2024-03-31", person=who)
    days.notes += tell_utc(table, when)
    return days.finish(table)
