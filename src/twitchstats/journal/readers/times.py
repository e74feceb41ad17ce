"""Dates, times and durations as exports write them; whatever else stands there is None, never guessed."""

import datetime as dt
import re
from collections.abc import Iterable

from twitchstats.journal.dates import read_clock
from twitchstats.journal.readers.export import Records

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
NAP = {"kind": "amount", "timing": "day", "combine": "sum"}  # what the format says of the hours of naps
_LATEST = 4e9  # seconds; a time in thousandths is beyond it
_OFFSET = re.compile(r"(?:UTC|GMT)? ?([+-])(\d{2}):?(\d{2})")


def read_day(text: str) -> dt.date | None:
    """Return the day of a text that begins with an ISO date.

    >>> read_day("2024-03-03T21:30:41.432+01:00"), read_day("3.3.2024")
    (datetime.date(2024, 3, 3), None)
    """
    found = _ISO.match(text)
    try:
        return dt.date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def read_moment(text: str, day: dt.date | None = None) -> dt.datetime | None:
    """Return the local time of a text that begins with an ISO date, or tells this day, and a time of day.

    An offset is left aside.

    >>> read_moment("2024-03-02 11:12PM"), read_moment("2024-03-02 08:00:00 +0100")
    (datetime.datetime(2024, 3, 2, 23, 12), datetime.datetime(2024, 3, 2, 8, 0))
    """
    day = day or read_day(text)
    clock = read_clock(text) if day else None
    return None if day is None or clock is None else dt.datetime.combine(day, dt.time()) + clock


def read_epoch(number: float | None, *, units: int = 1) -> dt.datetime | None:
    """Return the time in UTC of so many seconds (`units` to a second) since 1970; None where it is no time of ours.

    >>> read_epoch(1709424000), read_epoch(1709424000000)
    (datetime.datetime(2024, 3, 3, 0, 0), None)
    """
    if number is None or not 0 < number < _LATEST * units:
        return None
    return dt.datetime(1970, 1, 1) + dt.timedelta(seconds=number / units)


def read_offset(text: str) -> dt.timedelta | None:
    """Return the difference to UTC that a text such as UTC-0400 names.

    >>> read_offset("UTC-0400")
    datetime.timedelta(days=-1, seconds=72000)
    """
    found = _OFFSET.search(text)
    if not found:
        return None
    span = dt.timedelta(hours=int(found[2]), minutes=int(found[3]))
    return -span if found[1] == "-" else span


def date_night(end: dt.datetime) -> dt.date:
    """Return the day to which a sleep belongs: that of waking; what ends after six in the evening begins a night.

    >>> date_night(dt.datetime(2024, 3, 2, 23, 50)), date_night(dt.datetime(2024, 3, 3, 7, 0))
    (datetime.date(2024, 3, 3), datetime.date(2024, 3, 3))
    """
    return _shift(end, dt.timedelta(hours=6)).date()


def shift_moment(moment: dt.datetime | None, span: dt.timedelta | None) -> dt.datetime | None:
    """Return a time moved by a span, or None where either is missing."""
    return None if moment is None or span is None else _shift(moment, span)


def _shift(moment: dt.datetime, span: dt.timedelta) -> dt.datetime:
    try:
        return moment + span
    except OverflowError:
        return moment


def is_nap(start: dt.datetime, end: dt.datetime) -> bool:
    """Say whether a sleep is a nap: less than three hours between nine in the morning and nine in the evening.

    >>> day = dt.datetime(2024, 3, 3)
    >>> is_nap(day.replace(hour=14), day.replace(hour=15)), is_nap(day.replace(hour=8), day.replace(hour=10))
    (True, False)
    """
    by_day = start.hour >= 9 and end.hour < 21 and start.date() == end.date()
    return by_day and end - start < dt.timedelta(hours=3)


def join_spans(
    spans: Iterable[tuple[dt.datetime, dt.datetime]], gap: dt.timedelta = dt.timedelta()
) -> list[tuple[dt.datetime, dt.datetime]]:
    """Return spans of time in order, those as one that overlap or lie no further apart than a gap."""
    joined: list[tuple[dt.datetime, dt.datetime]] = []
    for start, end in sorted(spans):
        if joined and start - joined[-1][1] <= gap:
            start, end = joined[-1][0], max(end, joined.pop()[1])
        joined.append((start, end))
    return joined


def unite_hours(spans: Iterable[tuple[dt.datetime, dt.datetime]]) -> float:
    """Return the hours that spans of time cover together; what two devices saw counts once.

    >>> day = dt.datetime(2024, 3, 3)
    >>> unite_hours([(day, day.replace(hour=2)), (day.replace(hour=1), day.replace(hour=3))])
    3.0
    """
    return sum((end - start).total_seconds() for start, end in join_spans(spans)) / 3600


def tell_utc(table: Records, column: str) -> list[str]:
    """Return what is to be told of times in UTC in a column: whose day that is, no export says."""
    count = sum(record[column].endswith("Z") for record in table)
    return [f"{count:,} times are in UTC (Z), and so is their day: look at late evenings."] if count else []
