"""m-Path: one row for each beep, semicolons between cells, seconds since 1970 as times."""

import datetime as dt
import json
import re

from twitchstats.journal.layout import Source
from twitchstats.journal.readers.days import Days, Values, to_number
from twitchstats.journal.readers.export import Export, Record, fold, open_table, read_heading
from twitchstats.journal.readers.times import read_epoch, shift_moment

NAME = "m-Path"
_STARTS = ("timestampstart", "timestampstop", "timestampsent", "timestampscheduled")
_MARKS = {"connectionid", "questionlistname", "scheduledbeepid", "sentbeepid", *_STARTS}
_PERSON = ("connectionid", "alias", "code", "legacycode", "initials")
_OWN = {*_MARKS, *_PERSON, "accountcode", "reminderfororiginalsentbeepid", "questionlistlabel", "fromprotocolname",
        "originaltimestampsent", "timezoneoffset", "deltautc"}  # fmt: skip
_UNANSWERED = ("", "0", "0.0")
_DAY = 86_400  # seconds
_SEVERAL = re.compile(r"\d+(?:,\d+)+")


def recognize(head: bytes) -> bool:
    """Say whether a file is a data export of m-Path."""
    heading = set(read_heading(head))
    return len(heading & _MARKS) >= 3 and bool(heading & set(_STARTS))


def read(source: Export) -> Source:
    """Read a data export of m-Path: a beep that was not answered says nothing; several answers become a column each."""
    table = open_table(source)
    names = [fold(header) for header in table.headers]
    person = next((name for name in _PERSON if name in names), "")
    questions = [header for header in table.headers if fold(header) not in _OWN]
    several = {
        header
        for header in questions
        if any(_SEVERAL.fullmatch(_read_text(text)) for text in table.list_texts(fold(header)))
    }
    days = Days(NAME)

    def find_day(record: Record) -> dt.date | str:
        seconds = next((record[name] for name in _STARTS[:2] if record[name] not in _UNANSWERED), None)
        if seconds is None:
            return "the beep was not answered (its times are 0 or missing)"
        return _find_day(seconds, record["timezoneoffset"]) or "its time is no number of seconds since 1970"

    def read_cell(header: str, text: str) -> Values:
        text = _read_text(text)
        if header in several:
            return days.tick_all((f"{header}: {part.strip()}" for part in text.split(",")), group=header)
        return {days.name(header): text}

    days.add_rows(table, table.each_cell(read_cell, but=_OWN), when=find_day, person=person, groups=several)
    offset = "timezoneoffset" in names
    told = "moved by their timeZoneOffset" if offset else "UTC, since the export names no offset: look at late evenings"
    days.notes.append(f"Days are those of timeStampStart, {told}.")
    return days.finish(table)


def _find_day(seconds: str, offset: str) -> dt.date | None:
    """Return the day on which a beep was answered, in the local time of the person where that is known."""
    shift = to_number(offset) or 0.0
    moment = shift_moment(read_epoch(to_number(seconds)), dt.timedelta(seconds=shift if abs(shift) < _DAY else 0.0))
    return moment.date() if moment else None


def _read_text(text: str) -> str:
    """Return an answer without the quotation marks of JSON."""
    if not text.startswith('"'):
        return text
    try:
        return str(json.loads(text)).strip()
    except (ValueError, RecursionError):
        return text
