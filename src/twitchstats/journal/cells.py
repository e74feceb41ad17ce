"""Cells as people write them: numbers of several countries, yes/no words, units, durations, blanks."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twitchstats.files import unescape_formula
from twitchstats.variables import find_units, load_words, normalise_header

MISSING = frozenset(load_words("missing")) | {""}
YES = frozenset(load_words("yes"))
NO = frozenset(load_words("no"))
_INFINITE = frozenset(load_words("infinite"))

_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$", re.IGNORECASE)
_SPACES = re.compile(r"(?<=\d)[ \u00a0\u2009\u202f'\u2019](?=\d{3}(?!\d))")
_COMMA_ONLY = re.compile(r"[+-]?\d+,\d+$")
_GROUP_COMMA = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+$")
_GROUP_POINT = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+$")
_ONE_GROUP = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}$")
_ENGLISH = re.compile(r"[+-]?\d{1,3}(,\d{3})+\.\d+$")
_EUROPEAN = re.compile(r"[+-]?\d{1,3}(\.\d{3})+,\d+$")
_QUANTITY = re.compile(r"(?P<number>[+-]?[\d.,]*\d)\s*(?P<unit>[^\W\d_][^\d]*)$")
_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d)(?:\.\d+)?)?$")
_HOURS = re.compile(r"(\d{1,3})\s*(?:h|hr|hrs|hours?|std)\.?\s*(\d{1,2})\s*(?:m|min|mins|minutes?)?\.?$", re.IGNORECASE)
_TIME_OF_DAY = re.compile(r"(\d{1,2})[:.]([0-5]\d)(?::[0-5]\d)?\s*(?:([ap])\.?\s?m\.?)?$", re.IGNORECASE)
_OUT_OF = re.compile(r"([\d.,]{1,6})\s*(?:/|out of|of|von|sur)\s*(\d{1,3})$", re.IGNORECASE)
LARGEST = 1e12
_SECONDS = {"h": 3600.0, "min": 60.0, "s": 1.0}

Fault = tuple[str, str]
# Marks of writing direction, zero-width signs and control characters other than tab and line breaks.
_INVISIBLE = dict.fromkeys(
    [*range(9), 11, 12, *range(14, 32), 127, 0xAD, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), 0x2060,
     *range(0x2066, 0x206A), 0xFEFF]
)  # fmt: skip


def clean_cell(text: str) -> str:
    """Strip a cell, take signs that nobody sees out of it, and the apostrophe that keeps a formula from running.

    >>> clean_cell(" '=1+1 ")
    '=1+1'
    """
    if not (text.isascii() and text.isprintable()):
        plain = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()
        text = plain.translate(_INVISIBLE)
    text = text.strip()
    return unescape_formula(text) if "'" in text else text


@dataclass(frozen=True)
class Rule:
    """What the cells of a column must be: kind, canonical unit, factor of the header's unit, range, words."""

    kind: str
    unit: str = ""
    factor: float = 1.0
    low: float = math.nan
    high: float = math.nan
    variable: str = ""
    header: str = ""
    codes: tuple[float, ...] = ()

    def judge(self, numbers: NDArray[np.float64]) -> tuple[NDArray[np.float64], bool]:
        """Return plain figures in the unit, and whether each of them that is there keeps the rule."""
        values = numbers if self.factor == 1.0 or self.kind == "yes/no" else numbers * self.factor
        low, high = float(np.fmin.reduce(values, initial=np.nan)), float(np.fmax.reduce(values, initial=np.nan))
        if math.isnan(low):
            return values, True
        if self.kind == "yes/no":
            return values, low >= 0 and high <= 1 and not bool(((values > 0) & (values < 1)).any())
        fine = low >= -LARGEST and high <= LARGEST and not (low < self.low or high > self.high) and not self.codes
        if fine and self.kind == "count":
            fine = low >= 0 and not bool((values > np.floor(values)).any())
        return values + 0.0 if low <= 0 else values, fine  # no -0


def is_missing(text: str) -> bool:
    """Say whether a cell means that nothing was recorded.

    >>> is_missing("N/A"), is_missing("0")
    (True, False)
    """
    return text.lower() in MISSING


def read_yes_no(text: str) -> float | None:
    """Return 1.0 for a yes, 0.0 for a no (words of several languages, 1 and 0), else None.

    >>> read_yes_no("Ja"), read_yes_no("0"), read_yes_no("often")
    (1.0, 0.0, None)
    """
    word = text.lower().rstrip(".!")
    if word in YES or word in ("1", "1.0"):
        return 1.0
    return 0.0 if word in NO or word in ("0", "0.0") else None


def is_yes_no_word(text: str) -> bool:
    """Say whether a cell is a word (no figure) for yes or no."""
    return text.lower().rstrip(".!") in YES | NO


def settle_decimal(texts: Iterable[str]) -> str:
    """Return the decimal sign that a column's numbers show: "." or ","; "" where they leave it open.

    ``7,5`` shows a comma and ``7.5`` a point. Only numbers like ``1,234`` depend on it: the others say themselves what
    they are.

    >>> settle_decimal(["7,5", "1.234"]), settle_decimal(["1,234"])
    (',', '')
    """
    comma, point = count_decimal_signs(texts)
    return "" if comma == point else "," if comma > point else "."


def count_decimal_signs(texts: Iterable[str]) -> tuple[int, int]:
    """Return how many of the texts can only have a decimal comma, and how many only a decimal point."""
    comma = point = 0
    for text in texts:
        if "," not in text:
            # 1.234 says nothing: it may be a thousand and more, or one and a bit.
            point += "." in text and text[-4:-3] != "." and _PLAIN.match(text) is not None
        elif _EUROPEAN.match(text) or (_COMMA_ONLY.match(text) and not _GROUP_COMMA.match(text)):
            comma += 1
        else:
            point += _ENGLISH.match(text) is not None
    return comma, point


def find_guess(texts: Iterable[str], decimal: str) -> str | None:
    """Return the first text whose value hangs on the decimal sign (1,234), or None.

    >>> find_guess(["7", "1,234"], "."), find_guess(["1.234"], "."), find_guess(["1.234"], ",")
    ('1,234', None, '1.234')
    """
    for text in texts:
        if _ONE_GROUP.match(text) and ("," in text or decimal == ","):
            return text
    return None


def are_grouped(texts: Iterable[str]) -> bool:
    """Say whether all the filled-in texts are of the form 4.100, which may be 4,100 or 4.1.

    >>> are_grouped(["4.100", ""]), are_grouped(["4.100", "0.5"])
    (True, False)
    """
    filled = [text for text in texts if not is_missing(text) and text != "0"]
    return bool(filled) and all(_ONE_GROUP.match(text) for text in filled)


def read_number(text: str, decimal: str = ".") -> float | None:
    """Return the number that a text means, or None.

    >>> read_number("1.234,5"), read_number("7,5"), read_number("1,234"), read_number("1,234", ","), read_number("many")
    (1234.5, 7.5, 1234.0, 1.234, None)
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
    return float(text) if _PLAIN.match(text) else None


def read_duration(text: str, unit: str) -> float | None:
    """Return a duration written as h:mm, h:mm:ss or 7h30 in `unit` (h, min or s), or None.

    >>> read_duration("7:30", "h"), read_duration("1h 15min", "min"), read_duration("7:75", "h")
    (7.5, 75.0, None)
    """
    match = _CLOCK.match(text) or _HOURS.match(text)
    if match is None or unit not in _SECONDS:
        return None
    hours, minutes, seconds = [float(part or 0) for part in (*match.groups(), None)[:3]]
    return (hours * 3600 + minutes * 60 + seconds) / _SECONDS[unit]


def read_clock_time(text: str) -> float | None:
    """Return the hour of a cell that may be a time of day (22:30, 7:05 am), or None.

    >>> read_clock_time("22:30"), read_clock_time("7:30 pm"), read_clock_time("30:00")
    (22.5, 19.5, None)
    """
    match = _TIME_OF_DAY.match(text)
    if match is None:
        return None
    hour, half = int(match[1]), (match[3] or "").lower()
    if half:
        hour = hour % 12 + 12 * (half == "p")
    return hour + int(match[2]) / 60 if hour < 24 else None


def read_quantity(text: str, rule: Rule, decimal: str = ".") -> float | None:
    """Return a cell in the rule's unit: a plain number times the header's factor, or a number with its own unit.

    >>> read_quantity("450 min", Rule("amount", unit="h")), read_quantity("2", Rule("amount", unit="mg", factor=95.0))
    (7.5, 190.0)
    """
    number = read_number(text, decimal)
    if number is not None:
        return number * rule.factor
    duration = read_duration(text, rule.unit)
    if duration is not None:
        return duration
    if rule.kind == "rating" and (match := _OUT_OF.match(text)) and float(match[2]) == rule.high:
        return read_number(match[1], decimal)
    figures, unit = find_told_unit(text, rule)
    value = read_number(figures, decimal)
    return None if unit is None or value is None else value * unit[1]


def find_told_unit(text: str, rule: Rule) -> tuple[str, tuple[str, float, str] | None]:
    """Return the figures of a cell that tells its own unit, and that unit as `find_units` has it, or None.

    >>> find_told_unit("450 min", Rule("amount", unit="h"))[1][0], find_told_unit("450", Rule("amount", unit="h"))
    ('min', ('', None))
    """
    match = _QUANTITY.match(text) if rule.unit else None
    if match is None:
        return "", None
    return match["number"], find_units(rule.unit, rule.variable).get(normalise_header(match["unit"]))


def read_cells(texts: Sequence[str], rule: Rule, *, decimal: str = ".") -> tuple[NDArray[np.float64], dict[int, Fault]]:
    """Read the different texts of a column after a rule.

    Returns
    -------
    values, faults
        A float for each text (NaN where missing or refused), and for each refused text its position ->
        (rule, what is wrong).
    """
    judge = _judge_yes_no if rule.kind == "yes/no" else _judge_number
    values = read_plain(texts, decimal) * (1.0 if rule.kind == "yes/no" else rule.factor) + 0.0  # no -0
    faults: dict[int, Fault] = {}
    for place in np.flatnonzero(~_are_fine(values, rule)).tolist():
        values[place] = np.nan
        if not is_missing(texts[place]):
            values[place], fault = judge(texts[place], rule, decimal)
            if fault:
                faults[place] = fault
                values[place] = np.nan
    return values + 0.0, faults


def read_plain(texts: Sequence[str], decimal: str = ".") -> NDArray[np.float64]:
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


def _are_fine(values: NDArray[np.float64], rule: Rule) -> NDArray[np.bool_]:
    """Say which values break no rule: the many that need no closer look."""
    if rule.kind == "yes/no":
        return (values == 0) | (values == 1)
    fine = np.isfinite(values) & (np.abs(values) <= LARGEST) & ~(values < rule.low) & ~(values > rule.high)
    if rule.codes:
        fine &= ~np.isin(values, rule.codes)
    if rule.kind == "count":
        fine &= (values >= 0) & (values == np.floor(values))
    return fine


def _judge_yes_no(text: str, rule: Rule, decimal: str) -> tuple[float, Fault | None]:
    value = read_yes_no(text)
    if value is None:
        return math.nan, ("not_yes_no", f"{text!r} is neither yes nor no; write yes, no, 1 or 0")
    return value, None


def _judge_number(text: str, rule: Rule, decimal: str) -> tuple[float, Fault | None]:
    value = read_quantity(text, rule, decimal)
    if value is None:
        if text.lower() in _INFINITE:
            return math.nan, ("infinite", f"{text!r} is no finite number")
        return math.nan, ("not_a_number", f"{text!r} is not a number; write a figure, or leave the cell blank")
    if not math.isfinite(value):
        return math.nan, ("infinite", f"{text!r} is no finite number")
    if rule.unit == "s" and rule.factor == 1.0 and text.count(":") == 1:
        way = "minutes and seconds, or hours and minutes: write it with all three (0:01:30), or say h:mm in the header"
        return math.nan, ("unclear_duration", f"{text!r} may be {way}")
    fault = _find_fault(value, text, rule)
    if value in rule.codes:
        told = f"{fault[1].partition(';')[0]}; it" if fault else text
        return math.nan, (
            "missing_code",
            f"{told} stands far from all other figures, as a code for 'not recorded' does",
        )
    return value, fault


def _find_fault(value: float, text: str, rule: Rule) -> Fault | None:
    if rule.kind == "count" and value < 0:
        return "negative_count", f"{text} is negative, and a count is 0 or more"
    if rule.kind == "count" and not value.is_integer():
        return "not_whole", f"{text} is not a whole number, and a count is one"
    if abs(value) > LARGEST:
        return "out_of_range", f"{text} is beyond {LARGEST:.0f}, and no diary counts so far"
    if (rule.low <= value or math.isnan(rule.low)) and (value <= rule.high or math.isnan(rule.high)):
        return None
    told = text if rule.factor == 1.0 else f"{text} ({value:g} {rule.unit})"
    unit = f" {rule.unit}" if rule.kind == "amount" and rule.unit else ""
    return "out_of_range", f"{told} is outside {rule.low:.15g}-{rule.high:.15g}{unit}{_tell_way_out(value, rule)}"


def _tell_way_out(value: float, rule: Rule) -> str:
    name = rule.header
    if not name:
        return ""
    if rule.kind == "rating" and rule.high < value <= 100:
        return f"; if the scale is another one, say so in the header, such as '{name} (0-100)'"
    if rule.kind == "amount" and rule.unit:
        for unit, factor, _ in find_units(rule.unit, rule.variable).values():
            if rule.low <= value / rule.factor * factor <= rule.high:
                return f"; if it is in another unit, say so in the header, such as '{name} ({unit})'"
    return ""
