"""Flaredown, one's own export: one row a day, a column for each condition, symptom and treatment."""

import re

from twitchstats.journal.layout import Source
from twitchstats.journal.readers.days import Days, Values
from twitchstats.journal.readers.export import Export, Records, fold, has_columns, open_table

NAME = "Flaredown"
LOW, HIGH = "0", "4"  # not active to extremely active
_LISTS = ("tags", "foods")
_DOSE = re.compile(r"([\d.,]+) *([^\d\W_][^\d\s]*)")


recognize = has_columns("date", *_LISTS, "weather summary")


def read(source: Export) -> Source:
    """Read one's own export of Flaredown: severities are 0 to 4; a treatment is taken or not, and has its dose."""
    table, days = open_table(source, needed=["date", *_LISTS]), Days(NAME)
    treatments = {fold(header) for header in table.headers if _is_treatment(table, fold(header))}

    def read_cell(header: str, text: str) -> Values:
        name = fold(header)
        if name in _LISTS:
            return days.tick_all(text.split(";"), group=name)
        if name in treatments:
            return add_treatment(days, header, text)
        return {days.name(header, **_find_facts(name)): text}

    return days.add_rows(table, table.each_cell(read_cell, but=("date",)), groups=_LISTS).finish(table)


def _find_facts(name: str) -> dict[str, str]:
    if name == "weather summary":
        return {"kind": "text", "combine": "join"}
    if name.startswith("weather"):
        return {"kind": "amount", "outside": "yes", "combine": "mean"}
    return {"kind": "rating", "low": LOW, "high": HIGH, "combine": "mean"}


def _is_treatment(table: Records, name: str) -> bool:
    """Say whether a column tells of a treatment: its cells are words or doses, where severities are bare numbers."""
    if name in ("date", *_LISTS) or name.startswith("weather"):
        return False
    return any(read_treatment(text) is not None for text in table.list_texts(name))


def read_treatment(text: str) -> tuple[str, str, str] | None:
    """Return whether a treatment was taken, its dose and the unit; None for a cell that tells of none.

    >>> read_treatment("400.0 mg"), read_treatment("Not Taken"), read_treatment("3")
    (('yes', '400.0', 'mg'), ('no', '', ''), None)
    """
    if fold(text) in ("taken", "not taken"):
        return ("yes" if fold(text) == "taken" else "no"), "", ""
    found = _DOSE.fullmatch(text)
    return ("yes", found[1], found[2]) if found else None


def add_treatment(days: Days, name: str, text: str) -> dict[str, object]:
    """Return the cells of a treatment: taken or not, and the dose where one is told."""
    found = read_treatment(text)
    if found is None:
        return days.tell_text(text, f"{name} as written", group="Treatment text")
    taken, dose, unit = found
    column = days.name(f"{name} taken", group="Treatment", kind="yes/no", combine="max")
    values: dict[str, object] = {column: taken}
    if dose:
        values[days.dose(f"{name} ({unit})", taken=column, unit=unit)] = dose
    return values
