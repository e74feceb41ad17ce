"""Dates as people write them: each text is read once, and a layout that the file leaves open is asked for."""

import contextlib
import datetime as dt
import itertools
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from twitchstats.errors import JournalError, OptionError
from twitchstats.journal.cells import Fault
from twitchstats.variables import load_words, normalise_header

EARLIEST = dt.date(1900, 1, 1)
LARGEST_DAY = 100_000
LAYOUTS = {"dmy": "day/month/year", "mdy": "month/day/year", "ymd": "year/month/day"}

_TIME = re.compile(
    r"[T,\s]+\d{1,2}[:.h]\d{2}([:.]\d{2}([.,]\d+)?)?\s*([ap]\.?\s?m\.?)?"
    r"\s*(z|utc|gmt)?\s*([+-]\d{1,2}:?\d{0,2})?(\s*\[?[A-Za-z_]+/[A-Za-z_]+\]?|\s+[A-Z]{3,4}|\s*\([\w ]+\))?$",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"(?<![\d:])(\d{1,2})[:.h](\d{2})(?::(\d{2})(?:[.,](\d{1,6}))?)?\d*\s*([ap])?\.?(?:m\.?)?", re.IGNORECASE
)
_ISO = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})$")
_COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})$")
_PARTS = re.compile(r"(\d{1,2})([-/. ])\s?(\d{1,2})[-/. ]\s?(\d{4}|\d{2})\.?$")
_SERIAL = re.compile(r"([2-7]\d{4})(\.\d+)?$")
_UNIX = re.compile(r"1\d{9}(\d{3})?$")
_YEAR = re.compile(r"(19|20)\d{2}$")
_EAST_ASIAN = re.compile(r"(\d{4})\s*[\u5e74\ub144]\s*(\d{1,2})\s*[\u6708\uc6d4]\s*(\d{1,2})\s*[\u65e5\uc77c]")
_OTHER_CALENDAR = "; if another calendar counts its years, write the date of the Gregorian one, such as 2024-03-31"
_ISO_WEEK = re.compile(r"\d{4}-W\d{2}-[1-7]$")
_DAY_NUMBER = re.compile(rf"(?:(?:{'|'.join(load_words('day word'))})\s?)?([+-]?\d{{1,15}})(?:\.0+)?$", re.IGNORECASE)
_WORDED = (
    re.compile(r"(?P<d>\d{1,2})(?:st|nd|rd|th)?(?: of| de)? (?P<m>[^\W\d_]+)(?: de)? (?P<y>\d{4}|\d{2})$"),
    re.compile(r"(?P<m>[^\W\d_]+) (?P<d>\d{1,2})(?:st|nd|rd|th)? (?P<y>\d{4}|\d{2})$"),
    re.compile(r"(?P<y>\d{4}) (?P<m>[^\W\d_]+) (?P<d>\d{1,2})$"),
)
_MONTHS = {word: month for month in range(1, 13) for word in load_words(f"month {month}")}
# Hyphens and dashes that word processors put in the place of a plain one.
_DASHES = dict.fromkeys((*range(0x2010, 0x2016), 0x2212), "-")
WEEKDAYS = {word: day for day in range(7) for word in load_words(f"weekday {day}")}
# Where spreadsheets begin to count: on 30 December 1899 (their 1900 has a 29 February), or, on older Macs, in 1904.
_EPOCHS = {"1900": dt.date(1899, 12, 30), "1904": dt.date(1904, 1, 1)}


def read_dates(
    texts: Sequence[str], header: str, *, today: dt.date, date_format: str | None = None
) -> tuple[list[dt.date | None], dict[int, Fault]]:
    """Read each of different texts as a calendar date: the date part as written, whatever its time zone.

    Returns
    -------
    dates, faults
        A date or None for each text, and for each refused one its position -> (rule, what is wrong).

    Raises
    ------
    JournalError
        A date can be read two ways, and nothing in the column settles which.
    OptionError
        `date_format` is neither an order nor a format.
    """
    read = _choose_reader(texts, header, date_format, today)
    dates: list[dt.date | None] = []
    faults: dict[int, Fault] = {}
    for place, text in enumerate(texts):
        date, fault = _judge_date(text, read, today)
        dates.append(date)
        if fault:
            faults[place] = fault
    return dates, faults


Reader = Callable[[str], dt.date | None]


def _judge_date(text: str, read: Reader, today: dt.date) -> tuple[dt.date | None, Fault | None]:
    if not text:
        return None, ("missing_date", "the row has no date, so it can't be placed; fill it in")
    try:
        date = read(text)
    except ValueError:
        return None, ("impossible_date", f"there is no day {text!r} in the calendar")
    if date is None and _lacks_year(text):
        return None, ("no_year", f"{text!r} tells no year; write it as 2024-03-31")
    if date is None and _UNIX.match(text):
        return None, ("not_a_date", f"{text!r} counts seconds since 1970; write the local date, such as 2024-03-31")
    if date is None:
        wrong = f"{text!r} is not a date; write it as 2024-03-31, or name its layout with date_format="
        return None, ("not_a_date", wrong)
    if date > today:
        way = _OTHER_CALENDAR if date.year > today.year + 300 else ""
        return None, ("future_date", f"{text!r} lies in the future (today is {today.isoformat()}){way}")
    if date < EARLIEST:
        return None, ("date_out_of_range", f"{text!r} lies before {EARLIEST.isoformat()}{_OTHER_CALENDAR}")
    return date, None


def _choose_reader(texts: Sequence[str], header: str, date_format: str | None, today: dt.date) -> Reader:
    if date_format is not None and "%" in date_format:
        _check_format(date_format)
        return lambda text: _read_as(text, date_format)
    if date_format is None:
        _settle_epoch(texts, header, today)
        _refuse_half_turned(texts, header)
        layout = settle_layout(texts, header)
    elif date_format.lower() in LAYOUTS or date_format in _EPOCHS:
        layout = date_format.lower()
    else:
        known = ", ".join(repr(name) for name in LAYOUTS)
        raise OptionError(
            f"date_format={date_format!r} is not possible. Choose one of {known}, or a format such as '%d.%m.%Y'."
        )
    return lambda text: read_date(text, layout)


def _settle_epoch(texts: Sequence[str], header: str, today: dt.date) -> None:
    """Raise JournalError where numbers of days may be counted from 1900 or 1904, both in the past."""
    serials = [text for text in texts if _SERIAL.match(text)]
    dates = {name: read_date(max(serials), name) for name in _EPOCHS} if serials else {}
    if dates and all(date is not None and date <= today for date in dates.values()):
        raise JournalError(
            f"Column {header!r} holds numbers of days, as spreadsheets count them: {max(serials)} is {dates['1900']}, "
            f"or {dates['1904']} where a workbook counts from 1904, as on older Macs. Say which with "
            'date_format="1900" or date_format="1904" (command line: --date-format), or write dates as 2024-03-31.'
        )


def _refuse_half_turned(texts: Sequence[str], header: str) -> None:
    """Raise JournalError where a spreadsheet may have taken days for months, as far as there are such months."""
    plain = [_strip_date(text) for text in texts]
    known = [match for text in plain if (match := _ISO.match(text))]
    left = [match for text in plain if (match := _PARTS.match(text)) and match[2] != "."]
    late = [match[0] for match in known if int(match[3]) > 12]
    if len(late) > 1 and not any(int(match[4]) > 12 for match in known):
        raise JournalError(
            f"Column {header!r}: {late[0]!r} has no such month, and no date in it has a day above 12: year, day and "
            'month seem to stand in this order. Say so with date_format="%Y/%d/%m" (command line: --date-format), or '
            "write dates as 2024-03-31."
        )
    if min(len(known), len(left)) < 3 or any(int(match[4]) > 12 for match in known):
        return
    if all(max(int(match[1]), int(match[3])) > 12 for match in left):
        raise JournalError(
            f"Column {header!r} mixes {known[0][0]!r} with {left[0][0]!r}, and no day of the first kind is above 12: a "
            "spreadsheet seems to have taken days for months wherever it could. Save the original again with dates as "
            "2024-03-31."
        )


def _check_format(date_format: str) -> None:
    day = dt.date(2024, 3, 31)
    if _read_as(day.strftime(date_format), date_format) != day:
        raise OptionError(
            f"date_format={date_format!r} doesn't tell day, month and year. Use a format such as '%d.%m.%Y'."
        )


def _read_as(text: str, date_format: str) -> dt.date | None:
    with contextlib.suppress(ValueError):
        return dt.datetime.strptime(text, date_format).date()
    return None


def try_date(text: str, layout: str = "dmy") -> dt.date | None:
    """Return what `read_date` does; None for a date that the calendar lacks."""
    with contextlib.suppress(ValueError):
        return read_date(text, layout)
    return None


def read_date(text: str, layout: str = "dmy") -> dt.date | None:
    """Read one date; `layout` says how to take 3/4/2024.

    Returns None where the text is no date, and raises ValueError where it is one that the calendar lacks.

    >>> read_date("3/4/2024", "mdy"), read_date("2024-03-03T21:30:41+01:00"), read_date("Sunday, 3rd Mar 2024")
    (datetime.date(2024, 3, 4), datetime.date(2024, 3, 3), datetime.date(2024, 3, 3))
    """
    text = _strip_date(text)
    if match := _ISO.match(text) or _COMPACT.match(text):
        return dt.date(int(match[1]), int(match.groups()[-2]), int(match.groups()[-1]))
    if match := _PARTS.match(text):
        return _read_parts(match, layout)
    if _ISO_WEEK.match(text):
        return dt.date.fromisoformat(text)
    if match := _SERIAL.match(text):
        return _EPOCHS.get(layout, _EPOCHS["1900"]) + dt.timedelta(days=int(match[1]))
    return _read_worded(text)


def _strip_date(text: str) -> str:
    """Take the time of day and the weekday away."""
    words = _TIME.sub("", _strip_weekday(_EAST_ASIAN.sub(r"\1-\2-\3", text.translate(_DASHES)))).split()
    if len(words) > 1 and normalise_header(words[-1]) in WEEKDAYS:
        words = words[:-1]
    return " ".join(words).strip(" ,")


def _strip_weekday(text: str) -> str:
    """Take a weekday away that stands first: 'Fr. 01.03.24' tells no time of day."""
    words = text.split()
    return " ".join(words[1:] if len(words) > 1 and normalise_header(words[0]) in WEEKDAYS else words)


def _read_parts(match: re.Match[str], layout: str) -> dt.date:
    first, _, second, last = match.groups()
    if layout == "ymd" and len(last) == 2:
        return dt.date(_full_year(first), int(second), int(last))
    day, month = (second, first) if layout == "mdy" else (first, second)
    return dt.date(_full_year(last), int(month), int(day))


def _full_year(text: str) -> int:
    """Return the year of two digits: 00 to 68 are 2000 to 2068 and the rest 19.. (POSIX)."""
    year = int(text)
    return year if len(text) == 4 else year + (2000 if year < 69 else 1900)


def _read_worded(text: str) -> dt.date | None:
    plain = " ".join(re.sub(r"[-/.,_]", " ", text).split()).lower()
    for pattern in _WORDED:
        match = pattern.match(plain)
        month = _MONTHS.get(normalise_header(match["m"])) if match else None
        if match and month:
            return dt.date(_full_year(match["y"]), month, int(match["d"]))
    return None


def settle_layout(texts: Sequence[str], header: str) -> str:
    """Return the only layout that fits the dates of a column, in the order of their rows.

    A day above 12 settles it; a day that equals its month needs no settling; dots (3.4.2024) mean that the day
    comes first. With years of two digits, year/month/day is a third possibility: it is taken where nothing else
    fits, and asked for where it would make the diary shorter.

    Raises
    ------
    JournalError
        Both remain possible, some dates fit only one and some only the other, or they would run on if some of them
        were turned.
    """
    matches = [match for text in texts if (match := _PARTS.match(_strip_date(text)))]
    found = {match[0]: match for match in matches if match[2] != "." or len(match[4]) == 2}
    dates = {name: _try_layout(found, name) for name in LAYOUTS}
    if all(match[2] == "." for match in found.values()):
        dates["mdy"] = {}
    if len(dates["ymd"]) > max(len(dates["dmy"]), len(dates["mdy"])) and all(len(m[4]) == 2 for m in found.values()):
        return "ymd"
    only_day, only_month = (sorted(dates[a].keys() - dates[b].keys()) for a, b in (("dmy", "mdy"), ("mdy", "dmy")))
    if only_day and only_month:
        raise JournalError(
            f"Column {header!r}: {only_day[0]!r} can only be day/month, {only_month[0]!r} only month/day. "
            'Say which is meant with date_format="dmy" or date_format="mdy"; the other rows will be listed as refused.'
        )
    unsettled = [text for text, date in dates["dmy"].items() if date != dates["mdy"].get(text)]
    if unsettled and not only_day and not only_month:
        raise _ask_layout(unsettled[0], ("dmy", "mdy"), dates, header)
    layout, other = ("mdy", "dmy") if only_month else ("dmy", "mdy")
    _doubt_years(dates, layout, found, header)
    _doubt_order(dates[layout], dates[other], layout, header)
    return layout


def _try_layout(found: Mapping[str, re.Match[str]], layout: str) -> dict[str, dt.date]:
    """Return the dates of the texts that can be read in a layout."""
    dates = {}
    for text, match in found.items():
        with contextlib.suppress(ValueError):
            if layout != "ymd" or len(match[4]) == 2:
                dates[text] = _read_parts(match, layout)
    return dates


def _doubt_years(
    dates: Mapping[str, Mapping[str, dt.date]], layout: str, found: Mapping[str, re.Match[str]], header: str
) -> None:
    """Raise JournalError where all years have two digits and the diary is shorter if they stand first."""
    both = [text for text in dates["ymd"] if text in dates[layout]]
    spans = [max(days) - min(days) for name in ("ymd", layout) if (days := [dates[name][text] for text in both])]
    if both and len(dates["ymd"]) == len(found) and spans[0] < spans[1]:
        raise _ask_layout(both[0], (layout, "ymd"), dates, header)


def _doubt_order(read: Mapping[str, dt.date], other: Mapping[str, dt.date], layout: str, header: str) -> None:
    """Raise JournalError where dates jump to and fro that run on if day and month are turned wherever they can be."""
    turned = [text for text, date in read.items() if other.get(text, date) != date]
    n_jumps, n_left = _count_jumps(list(read.values())), _count_jumps([other.get(text, read[text]) for text in read])
    if n_jumps >= 3 and n_left <= n_jumps / 5:
        raise JournalError(
            f"Column {header!r}: read as {LAYOUTS[layout]} its dates jump back and forth, and they run on if day and "
            f"month are turned where both can be, as in {turned[0]!r}: two layouts seem to stand there. Write dates as "
            f'2024-03-31, or keep to one with date_format="{layout}" (command line: --date-format).'
        )


def _count_jumps(days: Sequence[dt.date]) -> int:
    """Return how often days run against the direction of the others."""
    rises = [later > earlier for earlier, later in itertools.pairwise(days)]
    return min(sum(rises), len(rises) - sum(rises))


def _ask_layout(
    text: str, layouts: tuple[str, str], dates: Mapping[str, Mapping[str, dt.date]], header: str
) -> JournalError:
    meant = " or ".join(f"{dates[layout][text].isoformat()} ({LAYOUTS[layout]})" for layout in layouts)
    options = " or ".join(f'date_format="{layout}"' for layout in layouts)
    return JournalError(
        f"Column {header!r}: {text!r} can be read two ways, {meant}, and no other date in this column settles it. Say "
        f"which with {options} (command line: --date-format), or write dates as 2024-03-31."
    )


def _lacks_year(text: str) -> bool:
    """Say whether a text tells day and month only.

    >>> _lacks_year("01 Mar"), _lacks_year("3/4"), _lacks_year("Week 1")
    (True, True, False)
    """
    parts = [part for part in re.split(r"[-/.\s]+", _strip_date(text)) if part]
    plain = [re.fullmatch(r"\d{1,2}", part) is not None for part in parts]
    named = [normalise_header(part) in _MONTHS for part in parts]
    return len(parts) == 2 and any(plain) and all(a or b for a, b in zip(plain, named, strict=True))


def read_day_numbers(texts: Sequence[str]) -> tuple[list[int | None], dict[int, Fault]]:
    """Read each text as the number of a day; returns as `read_dates`."""
    numbers: list[int | None] = []
    faults: dict[int, Fault] = {}
    for place, text in enumerate(texts):
        match = _DAY_NUMBER.match(text)
        number = int(match[1]) if match else None
        if not text:
            faults[place] = ("missing_date", "the row has no day number, so it can't be placed; fill it in")
        elif number is None:
            faults[place] = ("not_a_day_number", f"{text!r} is not a whole day number such as 12")
        elif abs(number) > LARGEST_DAY:
            faults[place] = ("day_out_of_range", f"{text!r} is outside -{LARGEST_DAY} to {LARGEST_DAY}")
            number = None
        numbers.append(number)
    return numbers, faults


def read_clock(text: str) -> dt.timedelta | None:
    """Return the time of day in a text ('2024-03-03 11:12PM', '7:40') as time since midnight, or None.

    >>> read_clock("2024-03-02 11:12PM"), read_clock("2024-03-02")
    (datetime.timedelta(seconds=83520), None)
    """
    text = _strip_weekday(text)
    found = _TIME.search(text) or (_CLOCK.match(text) if ":" in text[:3] else None)
    match = _CLOCK.search(found[0]) if found else None
    if match is None:
        return None
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if match[5]:
        hour = hour % 12 + (12 if match[5].lower() == "p" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    return dt.timedelta(hours=hour, minutes=minute, seconds=second, microseconds=int((match[4] or "0").ljust(6, "0")))


def join_clocks(dates: Sequence[dt.date | None], texts: Sequence[str]) -> NDArray[np.datetime64]:
    """Return each date with the time of day in its text as a moment; the start of the day where none is told.

    >>> join_clocks([dt.date(2024, 3, 1), None], ["2024-03-01 21:30", ""]).astype(str).tolist()
    ['2024-03-01T21:30:00.000000', 'NaT']
    """
    moments = [
        np.datetime64("NaT")
        if date is None
        else np.datetime64(date) + np.timedelta64(read_clock(text) or dt.timedelta())
        for date, text in zip(dates, texts, strict=True)
    ]
    return np.array(moments, dtype="datetime64[us]")


def has_clock(text: str) -> bool:
    """Say whether a text looks as if it told a time of day, be it a possible one or not.

    >>> has_clock("2024-03-01 25:61"), has_clock("2024-03-01")
    (True, False)
    """
    return _TIME.search(text) is not None and ":" in text


def look_like_dates(texts: Sequence[str]) -> float:
    """Return the share of the filled-in texts that read as calendar dates in some layout."""
    filled = [text for text in texts if text][:500]
    return sum(_is_date(text) for text in filled) / len(filled) if filled else 0.0


def hold_days(texts: Sequence[str]) -> bool:
    """Say whether nearly all the filled-in texts are dates, and none tells a time of day.

    >>> hold_days(["2024-03-01", ""]), hold_days(["2024-03-01 21:30"])
    (True, False)
    """
    return look_like_dates(texts) > 0.9 and not any(map(has_clock, texts[:200]))


def _is_date(text: str) -> bool:
    if _SERIAL.match(text):
        return 20_000 <= float(text) < 60_000
    return any(try_date(text, layout) is not None for layout in LAYOUTS)


def are_years(texts: Sequence[str]) -> bool:
    """Say whether all the filled-in texts are years.

    >>> are_years(["2023", "2024"]), are_years(["2023", "2"])
    (True, False)
    """
    return all(_YEAR.match(text) for text in texts if text) and any(texts)


def are_day_numbers(texts: Sequence[str]) -> bool:
    """Say whether the filled-in texts are mostly whole numbers too small to be dates.

    >>> are_day_numbers(["1", "2"]), are_day_numbers(["Day 1", "Day 2"]), are_day_numbers(["45352"])
    (True, True, False)
    """
    filled = [text for text in texts if text]
    whole = [match for text in filled if (match := _DAY_NUMBER.match(text)) and abs(int(match[1])) < 20_000]
    return len(whole) > 0.5 * len(filled)
