"""Cells as people write them: numbers of several countries, yes/no words, durations, blanks."""

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np

from twitchstats.arrays import FloatArray
from twitchstats.files import unescape_formula
from twitchstats.variables import find_units, load_words

MISSING = frozenset(load_words("missing")) | {""}

_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$", re.IGNORECASE)
_SPACES = re.compile(r"(?<=\d)[ \u00a0\u2009\u202f'\u2019](?=\d{3}(?!\d))")
_COMMA_ONLY = re.compile(r"[+-]?\d+,\d+$")
_GROUP_COMMA = re.compile(r"[+-]?(?:[1-9]\d{0,2}|[1-9]\d?(,\d{2})+)(,\d{3})+$")
_GROUP_POINT = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+$")
ONE_GROUP = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}$")
_ENGLISH = re.compile(r"[+-]?\d{1,3}(,\d{3})+\.\d+$")
_EUROPEAN = re.compile(r"[+-]?\d{1,3}(\.\d{3})+,\d+$")
_UNITS_OF_TIME = sorted((word, told[0]) for word, told in find_units("h").items() if " " not in word)
_IN_HOURS, _IN_MINUTES = (
    "|".join(word for word, unit in reversed(_UNITS_OF_TIME) if unit == asked) for asked in ("h", "min")
)
_CLOCK = re.compile(rf"(\d{{1,3}}):([0-5]\d)(?::([0-5]\d)(?:\.\d+)?)?(?:\s*(?:{_IN_HOURS})\.?)?$", re.IGNORECASE)
_HOURS = re.compile(
    rf"(\d{{1,3}})\s*(?:{_IN_HOURS})\.?,?\s*(?:and|und|et|y|e|en)?\s*([0-5]?\d)\s*(?:m|{_IN_MINUTES})?\.?$",
    re.IGNORECASE,
)
_LASTING = re.compile(
    rf"(?=\d)(?:(\d{{1,3}})\s*(?:{_IN_HOURS})\.?,?\s*)?(?:((?(1)[0-5]?\d|\d{{1,3}}))\s*(?:m|{_IN_MINUTES})\.?)?$",
    re.IGNORECASE,
)
_TIME_OF_DAY = re.compile(
    r"(\d{1,2})(?:[:.]([0-5]\d)(?::[0-5]\d)?(?:\s*(?:h|uhr)$)?)?\s*(?:([ap])\.?\s?m\.?)?$", re.IGNORECASE
)
FROM_TO = re.compile(r"\s*(?:-|\u2013|\bto\b|\bbis\b)\s*", re.IGNORECASE)
_TIMES = re.compile(r"([1-9]\d?)\s*[x\u00d7]\s*(?=\d)", re.IGNORECASE)
QUANTITY = re.compile(
    r"(?P<number>(?:[1-9]\d?\s*[x\u00d7]\s*)?[+-]?[\d.,]*\d)\s*(?P<unit>[^\W\d_][^\d]*)$", re.IGNORECASE
)
_FRACTION = re.compile(r"(\d*)\s?([\u00bc-\u00be\u2150-\u215e])$|(\d+) ([1-9])/([2-9])$")
# What spreadsheets put around figures so that they stay as they are written.
_FORCED = re.compile(r"'([\d+-][\d.,:/ -]*)'?$|=\"([^\"]*)\"$")
_FIGURES = {word: float(number) for language in ("english", "german", "french", "spanish")
            for number, word in enumerate(load_words(f"figures {language}"), start=1)}  # fmt: skip
_ABOUT = re.compile(
    rf"(?:[~\u2248]|(?:{'|'.join(load_words('about'))})(?![^\W\d_]))\.?\s*(?=\d|{'|'.join(_FIGURES)})", re.IGNORECASE
)
_NOTED = re.compile(r"([+-]?[\d.,]*\d)\s*(?:\(.*\)|\[.*\]|(?:\s[-\u2013]|[:=])\s*[^\W\d_]\D*)$")
_TALLY = re.compile(r"([\u2605\u2b50+*\u25cf|])\1*[\u2606\u25cb]*$")
_SECONDS = {"h": 3600.0, "min": 60.0, "s": 1.0}

Fault = tuple[str, str]
_SEPARATORS = {0x66B: ".", 0x66C: ""}  # the Arabic decimal sign, and what parts thousands
# Marks of writing direction, zero-width signs and control characters other than tab and line breaks.
_INVISIBLE = dict.fromkeys(
    [*range(9), 11, 12, *range(14, 32), 127, 0xAD, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), 0x2060,
     *range(0x2066, 0x206A), 0xFEFF]
)  # fmt: skip


def clean_cell(text: str) -> str:
    r"""Strip a cell, take signs that nobody sees out of it, and the apostrophe that keeps a formula from running.

    Digits of other scripts become plain ones where no letters stand beside them, and figures that a spreadsheet holds
    as text ('7, ="7") lose its signs.

    >>> clean_cell(" '=1+1 "), clean_cell("\u0661\u066c\u0662\u0663\u0664\u066b\u0665"), clean_cell('="007"')
    ('=1+1', '1234.5', '007')
    """
    if not (text.isascii() and text.isprintable()):
        plain = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()
        text = plain.translate(_INVISIBLE)
        if not any(map(str.isalpha, text)):
            text = "".join(str(int(sign)) if sign.isdecimal() else sign for sign in text.translate(_SEPARATORS))
    text = text.strip()
    if text[:1] in ("'", "=") and (match := _FORCED.match(text)):
        return match[1] or match[2] or ""
    return unescape_formula(text) if "'" in text else text


def is_missing(text: str) -> bool:
    """Say whether a cell means that nothing was recorded.

    >>> is_missing("N/A"), is_missing("0")
    (True, False)
    """
    return text.lower() in MISSING


def settle_decimal(texts: Iterable[str]) -> str:
    """Return the decimal sign that a column's numbers show: "." or ","; "" where they leave it open.

    ``7,5`` shows a comma and ``7.5`` a point. Only numbers like ``1,234`` depend on it: the others say themselves what
    they are.

    >>> settle_decimal(["7,5", "1.234"]), settle_decimal(["1,234"])
    (',', '')
    """
    comma = point = 0
    for text in texts:
        if "," not in text:
            # 1.234 says nothing: it may be a thousand and more, or one and a bit.
            point += "." in text and text[-4:-3] != "." and _PLAIN.match(text) is not None
        elif _EUROPEAN.match(text) or (_COMMA_ONLY.match(text) and not _GROUP_COMMA.match(text)):
            comma += 1
        else:
            point += _ENGLISH.match(text) is not None
    return "" if comma == point else "," if comma > point else "."


def find_guess(texts: Iterable[str], decimal: str, *, point: bool = False) -> str | None:
    """Return the first text whose value hangs on the decimal sign (1,234; with `point` 1.234 as well), or None.

    >>> find_guess(["7", "1,234"], "."), find_guess(["1.234"], "."), find_guess(["1.234"], ",")
    ('1,234', None, '1.234')
    """
    for text in texts:
        if ONE_GROUP.match(text) and ("," in text or decimal == "," or point):
            return text
    return None


def take_figures(texts: Iterable[str]) -> list[str]:
    """Return the figures of cells that tell their unit, and other texts as they are.

    >>> take_figures(["1.200 mg", "7,5h", "about 3"])
    ['1.200', '7,5', 'about 3']
    """
    return [match["number"] if (match := QUANTITY.match(text)) else text for text in texts]


def read_number(text: str, decimal: str = ".") -> float | None:
    r"""Return the number that a text means, or None.

    >>> read_number("1.234,5"), read_number("7,5"), read_number("1,234"), read_number("1,234", ","), read_number("many")
    (1234.5, 7.5, 1234.0, 1.234, None)
    >>> read_number("7\u00bd"), read_number("2 1/2")
    (7.5, 2.5)
    """
    if _PLAIN.match(text) and not (decimal == "," and _GROUP_POINT.match(text)):
        return float(text)
    text = _SPACES.sub("", text.replace("\u2212", "-"))
    if _ENGLISH.match(text) or (decimal == "." and _GROUP_COMMA.match(text)):
        text = text.replace(",", "")
    elif _EUROPEAN.match(text) or (decimal == "," and _GROUP_POINT.match(text)):
        text = text.replace(".", "").replace(",", ".")
    elif _COMMA_ONLY.match(text):
        text = text.replace(",", ".")
    elif match := _FRACTION.match(text):
        part = unicodedata.numeric(match[2]) if match[2] else int(match[4]) / int(match[5])
        return float(match[1] or match[3] or 0) + part
    return float(text) if _PLAIN.match(text) else None


def look_like_numbers(texts: Sequence[str]) -> float:
    """Return the share of texts that mean a number.

    >>> look_like_numbers(["1", "7,5", "many", ""]), look_like_numbers([])
    (0.5, 0.0)
    """
    return sum(read_number(text) is not None for text in texts) / max(len(texts), 1)


def read_loosely(text: str, decimal: str = ".", *, kind: str = "") -> float | None:
    """Return the number of a cell that tells it roughly, or None.

    Where a header tells the kind, a figure may be a word (elsewhere *dos* is a back). Words may stand behind a count or
    a rating, and a rating or an amount of two near figures is the middle.

    >>> read_loosely("~5"), read_loosely("2 x 200"), read_loosely("about three", kind="count"), read_loosely("three")
    (5.0, 400.0, 3.0, None)
    >>> read_loosely("4 (left calf)"), read_loosely("4 (left calf)", kind="count")
    (None, 4.0)
    >>> read_loosely("3-4", kind="rating"), read_loosely("3-4", kind="count"), read_loosely("1-9", kind="amount")
    (3.5, None, None)
    """
    plain = _ABOUT.sub("", text, count=1) if _ABOUT.match(text) else text
    if kind in ("count", "rating", "amount") and plain.casefold() in _FIGURES:
        return _FIGURES[plain.casefold()]
    if kind in ("rating", "amount") and plain[:1].isdigit():
        low, high = ([read_number(end, decimal) for end in FROM_TO.split(plain)] + [None, None])[:2]
        if low is not None and high is not None and low < high <= max(low + 1, 1.5 * low):
            return (low + high) / 2
    match = _NOTED.match(plain) if kind in ("count", "rating") else None
    times = _TIMES.match(plain)
    number = read_number(plain[times.end() :] if times else match[1] if match else plain, decimal)
    return number * int(times[1]) if times and number is not None else number


def count_signs(text: str) -> int:
    r"""Return how often the one sign stands in a cell that holds nothing else, as in a tally of stars; 0 elsewhere.

    >>> count_signs("+++"), count_signs("\u2605\u2605\u2606"), count_signs("3")
    (3, 2, 0)
    """
    text = text.replace("\ufe0f", "")
    match = _TALLY.match(text)
    return text.count(match[1]) if match else 0


def tells_lasting(text: str) -> str:
    """Return whether a cell tells a duration by its units: "h" where some of it is in hours, "min" in minutes, or "".

    >>> tells_lasting("2h 10m"), tells_lasting("3 h"), tells_lasting("55m"), tells_lasting("7:30")
    ('h', 'h', 'min', '')
    """
    match = _LASTING.match(text)
    return "" if match is None else "h" if match[1] else "min"


def read_duration(text: str, unit: str) -> float | None:
    """Return a duration written as h:mm, h:mm:ss, 7h30 or from one time of day to another, in `unit` (h, min or s).

    >>> read_duration("7:30", "h"), read_duration("1h 15min", "min"), read_duration("22:45-6:15", "h")
    (7.5, 75.0, 7.5)
    >>> read_duration("45m", "h"), read_duration("45m", "min")  # of metres, maybe
    (0.75, None)
    """
    match = _CLOCK.match(text) or _HOURS.match(text)
    if unit not in _SECONDS:
        return None
    if match is None:
        lasting = _LASTING.match(text) if unit == "h" else None
        hours = int(lasting[1] or 0) + int(lasting[2] or 0) / 60 if lasting else read_span(text)
        return None if hours is None else hours * 3600 / _SECONDS[unit]
    hours, minutes, seconds = [float(part or 0) for part in (*match.groups(), None)[:3]]
    return (hours * 3600 + minutes * 60 + seconds) / _SECONDS[unit]


def read_span(text: str) -> float | None:
    """Return the hours from one time of day to another in a cell (22:45-6:15, 11 pm to 7 am), or None.

    >>> read_span("22:45-6:15"), read_span("11pm to 7am"), read_span("7-8")
    (7.5, 8.0, None)
    """
    ends = [read_clock_time(part) for part in FROM_TO.split(text)] if text[:1].isdigit() else []
    if len(ends) != 2 or ends[0] is None or ends[1] is None:
        return None
    return round((ends[1] - ends[0]) % 24 * 60) / 60


def read_clock_time(text: str) -> float | None:
    """Return the hour of a cell that may be a time of day (22:30, 7:05 am), or None.

    >>> read_clock_time("22:30"), read_clock_time("7:30 pm"), read_clock_time("30:00")
    (22.5, 19.5, None)
    """
    match = _TIME_OF_DAY.match(text)
    if match is None or not (match[2] or match[3]):
        return None
    hour, half = int(match[1]), (match[3] or "").lower()
    if half:
        hour = hour % 12 + 12 * (half == "p")
    return hour + int(match[2] or 0) / 60 if hour < 24 else None


def read_plain(texts: Sequence[str], decimal: str = ".") -> FloatArray:
    """Return the numbers that need no thought (12, 7.5, 1e3); NaN for every other text.

    >>> read_plain(["7.5", "7,5", "many"]).tolist()
    [7.5, nan, nan]
    """
    return np.array([_read_plain(text, decimal) for text in texts], dtype=float)


def _read_plain(text: str, decimal: str) -> float:
    if "_" in text or (decimal == "," and "." in text):
        return math.nan
    try:
        return float(text)
    except ValueError:
        return math.nan
