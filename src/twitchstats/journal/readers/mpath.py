"""m-Path: one row for each beep, semicolons between cells, seconds since 1970 as times."""

import datetime as dt
import json
import re

from twitchstats.journal.readers.days import Days
from twitchstats.journal.readers.export import Export, fold, open_table, read_heading
from twitchstats.journal.source import Source

NAME = "m-Path"
_STARTS = ("timestampstart", "timestampstop", "timestampsent", "timestampscheduled")
_MARKS = {"connectionid", "questionlistname", "scheduledbeepid", "sentbeepid", *_STARTS}
_PERSON = ("connectionid", "alias", "code", "legacycode", "initials")
_OWN = {*_MARKS, *_PERSON, "accountcode", "reminderfororiginalsentbeepid", "questionlistlabel", "fromprotocolname",
        "originaltimestampsent", "timezoneoffset", "deltautc"}  # fmt: skip
_UNANSWERED = ("", "0", "0.0")
_DAY, _LATEST = 86_400, 4e9  # seconds; a time in thousandths is beyond it
_SEVERAL = re.compile(r"\d+(?:,\d+)+")


def recognize(head: bytes, path_name: str) -> bool:
    """Say whether a file is a data export of m-Path."""
    heading = set(read_heading(head))
    return len(heading & _MARKS) >= 3 and bool(heading & set(_STARTS))


def read(source: Export) -> Source:
    """Read a data export of m-Path: a beep that was not answered says nothing; several answers become a column each."""
    table = open_table(source)
    names = [fold(header) for header in table.headers]
    person = next((name for name in _PERSON if name in names), "")
    questions = [header for header in table.headers if fold(header) not in _OWN]
    several = {header for header in questions if any(map(_holds_several, table.list_texts(fold(header))))}
    days = Days(NAME)
    offset = "timezoneoffset" in names
    for record in table:
        seconds = next((record[name] for name in _STARTS[:2] if record[name] not in _UNANSWERED), None)
        if seconds is None:
            days.leave(record.line, "the beep was not answered (its times are 0 or missing)")
            continue
        moment = _find_moment(seconds, record["timezoneoffset"])
        if moment is None:
            days.leave(record.line, "its time is no number of seconds since 1970")
            continue
        values: dict[str, object] = {}
        for header in questions:
            text = _read_text(record[fold(header)])
            if text and header in several:
                values |= {days.tick(f"{header}: {part.strip()}", group=header): "yes" for part in text.split(",")}
            elif text:
                values[days.name(header)] = text
        days.add(record.line, moment.date(), values, person=record[person], groups=several)
    told = "moved by their timeZoneOffset" if offset else "UTC, since the export names no offset: look at late evenings"
    days.notes.append(f"Days are those of timeStampStart, {told}.")
    days.close(table)
    return days.finish()


def _holds_several(text: str) -> bool:
    return _SEVERAL.fullmatch(_read_text(text)) is not None


def _find_moment(seconds: str, offset: str) -> dt.datetime | None:
    """Return when a beep was answered, in the local time of the person where that is known."""
    if not _is_number(seconds) or not 0 < float(seconds) < _LATEST:
        return None
    shift = float(offset) if _is_number(offset) and abs(float(offset)) < _DAY else 0.0
    return dt.datetime(1970, 1, 1) + dt.timedelta(seconds=float(seconds) + shift)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d{1,15}(?:\.\d+)?", text) is not None


def _read_text(text: str) -> str:
    """Return an answer without the quotation marks of JSON."""
    if not text.startswith('"'):
        return text
    try:
        return str(json.loads(text)).strip()
    except (ValueError, RecursionError):
        return text
