"""Dates, times and durations as exports write them; whatever else stands there is None, never guessed."""

import datetime as dt
import re
from collections.abc import Iterable

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_CLOCK = re.compile(
    r"[T ]*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)? *([AaPp])?\.?(?:[Mm]\.?)? *(Z|UTC|[+-]\d{2}:?\d{2})?"
)
_ENGLISH = re.compile(r"(\d{1,2})(?:st|nd|rd|th)? ([A-Za-z]{3,9})\.?,? (\d{4})")
_PARTS = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?!\d)")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DURATION = re.compile(r"(-?)(\d{1,6}):-?(\d{1,2})(?::(\d{1,2}))?")
_OFFSET = re.compile(r"(?:UTC|GMT)? ?([+-])(\d{2}):?(\d{2})")


def read_day(text: str) -> dt.date | None:
    """Return the day of a text that begins with an ISO date.

    >>> read_day("2024-03-03T21:30:41.432+01:00"), read_day("3.3.2024")
    (datetime.date(2024, 3, 3), None)
    """
    found = _ISO.match(text)
    return _make_day(*map(int, found.groups())) if found else None


def read_english_day(text: str) -> dt.date | None:
    """Return the day of a text such as 22nd Sep 2020.

    >>> read_english_day("22nd Sep 2020"), read_english_day("22nd Foo 2020")
    (datetime.date(2020, 9, 22), None)
    """
    found = _ENGLISH.fullmatch(text)
    if not found or found[2][:3].casefold() not in _MONTHS:
        return None
    return _make_day(int(found[3]), _MONTHS.index(found[2][:3].casefold()) + 1, int(found[1]))


def read_moment(text: str) -> dt.datetime | None:
    """Return the local time of a text that begins with an ISO date and a time of day; an offset is left aside.

    >>> read_moment("2024-03-02 11:12PM"), read_moment("2024-03-02 08:00:00 +0100")
    (datetime.datetime(2024, 3, 2, 23, 12), datetime.datetime(2024, 3, 2, 8, 0))
    """
    day = read_day(text)
    clock = _CLOCK.fullmatch(text[_ISO.match(text).end() :].strip()) if day else None  # type: ignore[union-attr]
    if day is None or clock is None:
        return None
    hour = int(clock[1])
    if clock[4]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if clock[4] in "Pp" else 0)
    try:
        return dt.datetime(day.year, day.month, day.day, hour, int(clock[2]), int(clock[3] or 0))
    except ValueError:
        return None


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


def read_hours(text: str) -> float | None:
    """Return the hours of a duration such as 5:50 or 5:50:00.

    >>> read_hours("5:30"), read_hours("0:30:00"), read_hours("soon")
    (5.5, 0.5, None)
    """
    found = _DURATION.fullmatch(text.strip())
    if not found or int(found[3]) > 59 or int(found[4] or 0) > 59:
        return None
    hours = int(found[2]) + int(found[3]) / 60 + int(found[4] or 0) / 3600
    return -hours if found[1] else hours


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


def unite_hours(spans: Iterable[tuple[dt.datetime, dt.datetime]]) -> float:
    """Return the hours that spans of time cover together; what two devices saw counts once.

    >>> day = dt.datetime(2024, 3, 3)
    >>> unite_hours([(day, day.replace(hour=2)), (day.replace(hour=1), day.replace(hour=3))])
    3.0
    """
    seconds, reached = 0.0, None
    for start, end in sorted(spans):
        begin = start if reached is None else max(start, reached)
        seconds += max(0.0, (end - begin).total_seconds())
        reached = end if reached is None else max(end, reached)
    return seconds / 3600


def settle_order(texts: Iterable[str]) -> str | None:
    """Return the order of numbers in dates: "ymd", "dmy", "mdy"; None where the texts leave it open, or contradict.

    >>> settle_order(["2024-03-03"]), settle_order(["3/4/2024", "3/14/2024"]), settle_order(["3/4/2024"])
    ('ymd', 'mdy', None)
    """
    orders = set()
    for text in texts:
        parts = _PARTS.match(text)
        if _ISO.match(text):
            orders.add("ymd")
        elif parts and int(parts[1]) > 12:
            orders.add("dmy")
        elif parts and int(parts[2]) > 12:
            orders.add("mdy")
    return orders.pop() if len(orders) == 1 else None


def write_iso(text: str, order: str | None) -> str:
    """Return a text with its date, which stands first in this order, in ISO form; others as they are.

    >>> write_iso("3/14/2024 8:00", "mdy")
    '2024-03-14 8:00'
    """
    parts = _PARTS.match(text)
    if not parts or order not in ("dmy", "mdy"):
        return text
    day, month = (parts[1], parts[2]) if order == "dmy" else (parts[2], parts[1])
    return f"{parts[3]}-{int(month):02}-{int(day):02}{text[parts.end() :]}"


def tell_utc(count: int) -> list[str]:
    """Return what is to be told of so many times in UTC: whose day that is, no export says."""
    return [f"{count:,} times are in UTC (Z), and so is their day: look at late evenings."] if count else []


def _make_day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
