"""Flaredown, one's own export: one row a day, a column for each condition, symptom and treatment."""

import re

from twitchstats.journal.readers.days import Days
from twitchstats.journal.readers.export import Export, Records, fold, open_table, read_heading
from twitchstats.journal.source import Source

NAME = "Flaredown"
LOW, HIGH = "0", "4"  # not active to extremely active
_LISTS = ("tags", "foods")
_DOSE = re.compile(r"([\d.,]+) *([^\d\W_][^\d\s]*)")


def recognize(head: bytes, path_name: str) -> bool:
    """Say whether a file is somebody's own export of Flaredown."""
    return {"date", *_LISTS, "weather summary"} <= set(read_heading(head))


def read(source: Export) -> Source:
    """Read one's own export of Flaredown: severities are 0 to 4; a treatment is taken or not, and has its dose."""
    table = open_table(source, needed=["date", *_LISTS])
    days, headers = Days(NAME), {fold(header): header for header in table.headers}
    treatments = {name for name in headers if _is_treatment(table, name)}

    def read_cell(name: str, text: str) -> dict[str, object]:
        header = headers[name]
        if name in ("date", ""):
            return {}
        if name in _LISTS:
            return {days.tick(part.strip(), group=name): "yes" for part in text.split(";") if part.strip()}
        if name in treatments:
            return add_treatment(days, header, text)
        return {days.name(header, **_find_facts(name)): text}

    days.add_wide(table, read_cell, groups=_LISTS)
    days.close(table)
    return days.finish()


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
        return {days.name(f"{name} as written", group="Treatment text", kind="text", combine="join"): text}
    taken, dose, unit = found
    column = days.name(f"{name} taken", group="Treatment", kind="yes/no", combine="max")
    values: dict[str, object] = {column: taken}
    if dose:
        values[days.dose(f"{name} ({unit})", taken=column, unit=unit)] = dose
    return values
