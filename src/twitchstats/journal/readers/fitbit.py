"""Fitbit, the CSV export: sections of a table each, named by a line above it."""

import csv
import datetime as dt
from collections.abc import Iterator

from twitchstats.errors import JournalError
from twitchstats.journal.layout import Source
from twitchstats.journal.readers.days import NO_DATE, Days, to_number
from twitchstats.journal.readers.export import OTHER_WIDTH, TWICE, Export, date_texts, fold, read_heading
from twitchstats.journal.readers.times import NAP, date_night, is_nap, read_moment
from twitchstats.journal.source import open_lines

NAME = "Fitbit"
_SECTIONS = ("sleep", "activities", "body", "foods")
_WHEN = {"sleep": "end time"}  # the column that dates a row of a section, elsewhere that of the date
_KEYS = ("start time", "end time", "date", "")
_SLEEP = {"minutes asleep": "sleep", "time in bed": "time_in_bed"}
_DAILY = {
    "steps": {"kind": "count", "combine": "sum"},
    "minutes sedentary": {"kind": "amount", "unit": "min", "combine": "sum"},
    "minutes lightly active": {"kind": "amount", "unit": "min", "combine": "sum"},
    "minutes fairly active": {"kind": "amount", "unit": "min", "combine": "sum"},
    "minutes very active": {"kind": "amount", "unit": "min", "combine": "sum"},
    "floors": {"kind": "count", "combine": "sum"},
}


def recognize(head: bytes) -> bool:
    """Say whether a file is a CSV export of Fitbit."""
    section, header = read_heading(head), read_heading(head, line=2) or read_heading(head, line=3)
    return section[:1] in [[name] for name in _SECTIONS] and header[:1] in (["start time"], ["date"])


def read(source: Export) -> Source:
    """Read a CSV export of Fitbit: sleep belongs to the day of waking, numbers have commas between thousands."""
    days = Days(NAME)
    days.notes += [f"{remark}." for _, remark in source.text.remarks]
    seen: set[tuple[str, ...]] = set()
    rows = list(_read_sections(source.text.data, source.name))
    whens = [dict(zip(headers, texts, strict=False)).get(_WHEN.get(section, "date"), "")
             for section, _, headers, texts in rows]  # fmt: skip
    dates = date_texts(list(dict.fromkeys(whens)), "Date", source.date_format)
    for (section, line, headers, texts), when in zip(rows, whens, strict=True):
        cells, row, day, why = dict(zip(headers, texts, strict=False)), (section, *texts), dates[when], NO_DATE
        if section == "sleep":
            end = read_moment(when, day)
            if end and _is_nap(end, cells):
                section = "nap"
            else:
                day = date_night(end) if end else None
            why = "a sleep whose end is no time like 2024-03-03 6:10AM"
        if section not in (*_SECTIONS, "nap"):
            days.leave(line, f"the section {section!r} is not read")
        elif len(texts) != len(headers):
            days.leave(line, OTHER_WIDTH)
        elif day is None:
            days.leave(line, why, when)
        elif row in seen:
            days.leave(line, TWICE)
        else:
            seen.add(row)
            named = {header: text.replace(",", "") for header, text in cells.items() if header not in _KEYS}
            told = {header: text for header, text in named.items() if text.casefold() not in ("n/a", "-")
                    and (section != "nap" or header == "minutes asleep")}  # fmt: skip
            days.add(line, day, {_name(days, section, header): text for header, text in told.items()})
    return days.finish()


def _is_nap(end: dt.datetime, cells: dict[str, str]) -> bool:
    """Say whether a sleep that ends then is a nap, by how long it lasted."""
    minutes = to_number((cells.get("time in bed") or cells.get("minutes asleep") or "").replace(",", ""))
    return minutes is not None and is_nap(end - dt.timedelta(minutes=min(minutes, 2880)), end)


def _read_sections(data: bytes, name: str) -> Iterator[tuple[str, int, list[str], list[str]]]:
    """Yield section, line, headers and cells of each row."""
    section = ""
    headers: list[str] = []
    reader = csv.reader(open_lines(data))
    try:
        for cells in reader:
            filled = [cell.strip() for cell in cells if cell.strip()]
            if len(filled) == 1 and not filled[0][:1].isdigit():
                section, headers = fold(filled[0]), []
            elif filled and not headers:
                headers = [fold(cell) for cell in cells]
            elif filled:
                yield section, reader.line_num, headers, list(map(str.strip, cells))
    except csv.Error as error:
        raise JournalError(f"{name}: line {reader.line_num} can't be read: {error}.") from None


def _name(days: Days, section: str, header: str) -> str:
    """Return the column for a header of a section."""
    if section == "nap":
        return days.name("Nap (min)", group="Sleep", unit="min", **NAP)
    if section != "sleep":
        return days.name(header.capitalize(), group="Day", **_DAILY.get(header, {"kind": "amount", "combine": "mean"}))
    facts = {"timing": "night", "combine": "sum"} | ({"name": _SLEEP[header]} if header in _SLEEP else {})
    if header.startswith("number"):  # of awakenings
        return days.name(header.capitalize(), group="Sleep", kind="count", unit="", **facts)
    return days.name(f"{header.capitalize()} (min)", group="Sleep", kind="amount", unit="min", **facts)
