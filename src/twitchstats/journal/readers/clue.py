"""Clue: measurements.json, a list of what was noted on each day."""

import json
import math

from twitchstats.errors import JournalError
from twitchstats.journal.layout import Source
from twitchstats.journal.readers.days import Days
from twitchstats.journal.readers.export import Export
from twitchstats.journal.readers.times import read_day
from twitchstats.journal.source import guard_errors

NAME = "Clue"
_LARGEST = 200 << 20
_FLOWS = {"light": "1", "medium": "2", "heavy": "3", "very_heavy": "4"}


def recognize(head: bytes) -> bool:
    """Say whether a file is the measurements.json of Clue."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:2000]
    return start.startswith(b"[") and all(key in start for key in (b'"date"', b'"type"', b'"value"'))


def read(source: Export) -> Source:
    """Read the measurements of Clue: bleeding is menstruation with its strength, 1 (light) to 4; the rest is ticked."""
    days = Days(NAME, record="entry")
    for number, entry in enumerate(_load(source), start=1):
        if not isinstance(entry, dict):
            days.leave(number, "it is no entry with date, type and value")
            continue
        day = read_day(str(entry.get("date", "")))
        kind = str(entry.get("type", "")).strip()
        if day is None or not kind:
            days.leave(number, "there is no type, or no date like 2024-03-31")
            continue
        values = _read_value(days, kind, entry.get("value"))
        if not values:
            days.leave(number, f"the value of {kind!r} is of a form that is not known")
            continue
        days.add(number, day, values, groups=[kind])
    return days.finish()


def _load(source: Export) -> list[object]:
    with guard_errors(source.name), source.open() as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise JournalError(f"{source.name} is larger than {_LARGEST >> 20} MB, which no export of Clue is.")
    try:
        entries = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise JournalError(f"{source.name} is no complete JSON file. Export it again.") from None
    if not isinstance(entries, list):
        raise JournalError(f"{source.name} holds no list of measurements. Give the measurements.json of Clue.")
    return entries


def _read_value(days: Days, kind: str, value: object) -> dict[str, object]:
    values: dict[str, object] = {}
    for part in value if isinstance(value, list) else [value]:
        if isinstance(part, dict):
            option = part.get("option", part.get("name"))
            numbers = {key: number for key, number in part.items() if _is_number(number)}
            if isinstance(option, str) and option.strip():
                values |= _read_option(days, kind, option.strip())
            else:
                values |= {
                    days.name(f"{kind} ({key})", group=kind): f"{number:.10g}" for key, number in numbers.items()
                }
        elif _is_number(part):
            values[days.name(kind, group="number")] = f"{part:.10g}"
        elif isinstance(part, str) and part.strip():
            values |= _read_option(days, kind, part.strip())
    return values


def _read_option(days: Days, kind: str, option: str) -> dict[str, object]:
    if kind != "period" or option == "spotting":  # which is no menstruation
        return {days.tick(f"{kind}: {option}", group=kind): "yes"}
    values: dict[str, object] = {days.name("Period", name="menstruation", kind="yes/no", combine="max"): "yes"}
    if option in _FLOWS:
        values[days.name("Period flow", kind="rating", low="1", high="4", combine="max")] = _FLOWS[option]
    return values


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15 and math.isfinite(value)
