"""Which variable a header stands for, in which unit or on which scale."""

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from twitchstats.errors import JournalError, unknown_name
from twitchstats.journal.dates import are_day_numbers, look_like_dates
from twitchstats.journal.table import Column, RawTable
from twitchstats.variables import find_units, find_variable, load_dictionary, load_words, normalise_header

_BRACKET = re.compile(r"\s*[\(\[]([^\)\]]*)[\)\]]\s*$")
_OUT_OF = re.compile(r"\s*(?:/|\bout of|\bof|\bvon|\bsur)\s*(\d{1,3})$", re.IGNORECASE)
_SPAN = re.compile(r"\s*(-?\d{1,3})\s*(?:-|\u2013|to|\.\.|bis)\s*(\d{1,3})$", re.IGNORECASE)
_PER_DAY = re.compile(r"\s*(?:/|\bper\b|\ba\b|\bpro\b|\bpar\b)\s*(?:d|day|tag|jour|24\s*h)$", re.IGNORECASE)
# Words in brackets that change nothing in what a number means.
_SIGNS = frozenset("%\u00b0$\u20ac\u00a3")
_IDLE = frozenset(normalise_header(word) for word in load_words("idle remark")) | {""}


@dataclass(frozen=True)
class Header:
    """A header taken apart: `stem` is the name, then the unit's text, the scale, and any remark in brackets."""

    source: str
    stem: str
    unit: str = ""
    scale: tuple[float, float] | None = None

    @property
    def bare(self) -> str:
        """The name where it stands alone; "" where unit or scale are given, so that no message asks for them."""
        return "" if self.unit or self.scale else self.stem


@dataclass(frozen=True)
class Match:
    """What a column is: `name` is canonical ("" where nobody knows it), `factor` turns its numbers into the unit.

    `assumed` says that the header tells no unit, so that the dictionary's is taken.
    """

    column: Column
    header: Header
    name: str
    factor: float = 1.0
    given: str = ""
    remark: str = ""
    assumed: bool = False


def split_header(source: str) -> Header:
    """Take a header apart.

    >>> split_header("Caffeine (mg)").unit, split_header("pain /5").scale, split_header("stress (0-100)").scale
    ('mg', (0.0, 5.0), (0.0, 100.0))
    """
    stem, unit = _PER_DAY.sub("", source.strip()) or source.strip(), ""
    if match := _BRACKET.search(stem):
        unit, stem = match[1].strip(), stem[: match.start()].strip() or match[1].strip()
    scale = _read_scale(unit)
    if scale is not None:
        return Header(source, stem, "", scale)
    for pattern in (_OUT_OF, _SPAN):
        match = pattern.search(stem)
        if match and stem[: match.start()].strip():
            return Header(source, stem[: match.start()].strip(" ,:_"), unit, _read_scale(match[0].strip()))
    if stem.endswith("%") and not unit and len(stem) > 1:
        return Header(source, stem[:-1].strip(" ,:_"), "%")
    head, comma, tail = stem.rpartition(",")
    if comma and not unit and head.strip():
        stem, unit = head.strip(), tail.strip()
    return Header(source, stem, _PER_DAY.sub("", unit))


def _read_scale(text: str) -> tuple[float, float] | None:
    text = text.strip()
    if match := _OUT_OF.match(text):
        return 0.0, float(match[1])
    match = _SPAN.match(text)
    if match and float(match[1]) + 1 < float(match[2]):
        return float(match[1]), float(match[2])
    return None


def match_column(column: Column, dictionary: str = "variables.csv") -> Match:
    """Say which variable of a dictionary a column holds, and in which unit.

    A unit stands in brackets, after a comma, or as a word before or after the name; a header that is itself a unit
    ('coffee', 'cups of coffee') says both. A bracket that isn't understood leaves the column the user's own.
    """
    header = split_header(column.header)
    # A sign such as % or € is lost where headers are compared, and says that it is not the plain thing.
    whole = None if set(column.header) & _SIGNS else find_variable(column.header, dictionary=dictionary)
    name, words = (whole, normalise_header(column.header)) if whole else _find_name(header, dictionary)
    if name is None:
        return Match(column, header, "")
    row = load_dictionary(dictionary).set_index("name").loc[name]
    if header.scale is not None and row["kind"] != "rating":
        return Match(column, header, "", remark=f"{row['label']} has no scale, but the header gives one")
    if row["kind"] == "rating" and header.unit == "%":
        return Match(column, replace(header, unit="", scale=(0.0, 100.0)), name)
    if row["kind"] != "amount":
        text = normalise_header(header.unit)
        if whole or _is_idle(header.unit) or text == normalise_header(row["unit"]):
            return Match(column, header, name)
        return Match(column, header, "", remark=f"'({header.unit})' after {row['label']} is not understood")
    return _match_amount(column, header, name, str(row["unit"]), words)


def _is_idle(remark: str) -> bool:
    return normalise_header(remark) in _IDLE and not set(remark) & _SIGNS


def _match_amount(column: Column, header: Header, name: str, unit: str, words: str) -> Match:
    units = find_units(unit, name)
    text = normalise_header(header.unit)
    if text in units:
        given, factor, source = units[text]
    elif not _is_idle(header.unit):
        return Match(column, header, "", remark=f"{header.unit!r} is not a unit of {name} ({unit})")
    else:
        told = _find_unit_in_words(words, units)
        given, factor, source = told or (unit, 1.0, "definition")
        if told is None:
            return Match(column, header, name, assumed=True)
    exact = source.startswith(("definition", "US fluid", "US cup", "US liquid"))
    remark = "" if exact else f"1 {given} is read as {factor:g} {unit} ({source})"
    return Match(column, header, name, factor, given, remark)


def _find_unit_in_words(words: str, units: dict[str, tuple[str, float, str]]) -> tuple[str, float, str] | None:
    """Return the unit that a name's own words tell: all of them, the last ones, or the first ones."""
    parts = words.split()
    if words in units:
        return units[words]
    for size in range(len(parts) - 1, 0, -1):
        for some in (parts[-size:], parts[:size]):
            if " ".join(some) in units and not (size == 1 and len(some[0]) == 1 and some is parts[:size]):
                return units[" ".join(some)]
    return None


def _find_name(header: Header, dictionary: str) -> tuple[str | None, str]:
    """Return the variable that a header's stem names, bare or with unit words around it, and the words used."""
    stem = normalise_header(header.stem)
    if name := find_variable(stem, dictionary=dictionary):
        return name, stem
    parts = stem.split()
    for size in (1, 2, 3):
        if len(parts) <= size:
            break
        rest = parts[size:]
        tries = [
            (_drop_in(parts[:-size]), parts[-size:]),
            (rest[1:] if rest[0] in ("of", "de") else rest, parts[:size]),
        ]
        for named, unit in tries:
            name = find_variable(" ".join(named), dictionary=dictionary)
            if name and " ".join(unit) in _units_of(name, dictionary):
                return name, stem
    return None, stem


def _drop_in(parts: list[str]) -> list[str]:
    """Leave out the last word of 'caffeine in'."""
    return parts[:-1] if len(parts) > 1 and parts[-1] in ("in", "en") else parts


def _units_of(name: str, dictionary: str) -> dict[str, tuple[str, float, str]]:
    row = load_dictionary(dictionary).set_index("name").loc[name]
    return find_units(str(row["unit"]), name) if row["kind"] == "amount" else {}


def find_trait(header: str) -> str:
    """Return "age" or "sex" where a column of the daily table tells that of the person, else "".

    >>> find_trait("Gender"), find_trait("stress")
    ('sex', '')
    """
    name = find_variable(header, dictionary="people_variables.csv")
    return name if name in ("age", "sex") else ""


def clean_name(text: str) -> str:
    """Return a header as a snake_case name.

    >>> clean_name("Weather: max. temperature")
    'weather_max_temperature'
    """
    return normalise_header(text).replace(" ", "_")


def pick_column(raw: RawTable, asked: str, option: str) -> Column:
    """Return the column that an option names, as the header is written or nearly so.

    Raises
    ------
    UnknownNameError
        There is no such column.
    """
    for column in raw.columns:
        if column.header == asked:
            return column
    for column in raw.columns:
        if normalise_header(column.header) == normalise_header(asked):
            return column
    raise unknown_name(f"column (asked for as {option}=)", asked, raw.headers)


def find_person(raw: RawTable, asked: str | None) -> Column | None:
    """Return the column that says whose row it is, or None where the table has one person only."""
    if asked is not None:
        return pick_column(raw, asked, "person")
    # An 'id' that is new in each row numbers the rows, not the people.
    found = [column for column in find_aliases(raw, load_words("person column")) if not _numbers_rows(column)]
    return found[0] if found else None


def _numbers_rows(column: Column) -> bool:
    named = normalise_header(column.header) in ("id", "record id")
    return named and 1 < len(column.codes) == np.count_nonzero(column.count())


def find_aliases(raw: RawTable, aliases: tuple[str, ...]) -> list[Column]:
    """Return the columns whose headers are among the aliases, in the order of the aliases."""
    known = {normalise_header(column.header): column for column in reversed(raw.columns)}
    return [known[alias] for alias in aliases if alias in known]


def find_date(raw: RawTable, asked: str | None) -> Column | None:
    """Return the column of dates or day numbers, or None.

    Of several with a fitting name it is the first whose cells look like dates or day numbers.
    """
    if asked is not None:
        return pick_column(raw, asked, "date")
    found = find_aliases(raw, load_words("date column"))
    filled = [column for column in found if look_like_dates(column.levels) > 0.5 or are_day_numbers(column.levels)]
    sure = [column for column in found if normalise_header(column.header) in load_words("sure date column")]
    return next(iter(filled + sure), None)


def match_columns(columns: list[Column], renamed: Mapping[str, str]) -> list[Match]:
    """Match each column with the data dictionary; `renamed` says for some headers what they are.

    Raises
    ------
    JournalError
        Two columns stand for the same variable.
    """
    matches = [
        _match_renamed(column, renamed[column.header]) if column.header in renamed else match_column(column)
        for column in columns
    ]
    found: dict[str, Match] = {}
    for match in matches:
        if match.name in found and match.name:
            first, second = sorted([found[match.name].column.header, match.column.header])
            raise JournalError(
                f"Columns {first!r} and {second!r} both mean {match.name!r}. Rename or remove one, or keep one as a "
                f'variable of your own: columns={{{second!r}: "my_{clean_name(second)}"}} (command line: --column).'
            )
        found[match.name] = match
    return matches


def _match_renamed(column: Column, target: str) -> Match:
    match = match_column(Column(target, column.place, column.codes, column.levels))
    return replace(match, column=column)


def name_columns(matches: list[Match]) -> list[str]:
    """Return a name for each column: the canonical one, else the header's stem in snake_case.

    Where two columns would get the same name, each of the user's own takes its whole header, then its place.
    """
    names = [match.name or clean_name(match.header.stem) for match in matches]
    whole = [match.name or clean_name(match.header.source) for match in matches]
    placed = [f"{name or 'column'}_{match.column.place}" for name, match in zip(whole, matches, strict=True)]
    reserved = set(load_dictionary("variables.csv")["name"]) | {"person", "date", ""}
    for others in (whole, placed):
        counts = Counter(names)
        clash = [
            not match.name and (counts[name] > 1 or name in reserved)
            for name, match in zip(names, matches, strict=True)
        ]
        names = [other if bad else name for name, other, bad in zip(names, others, clash, strict=True)]
    return names


def scale_of(match: Match, low: float, high: float) -> tuple[float, float]:
    """Return the range of a rating: the header's scale, else the dictionary's."""
    return match.header.scale or (low, high)


def step_of_scale(low: float, high: float) -> float:
    """Return the step in which a rating is told: a tenth of its scale, at least one point.

    >>> step_of_scale(0, 100), step_of_scale(0, 5)
    (10.0, 1.0)
    """
    return max(1.0, float(round((high - low) / 10))) if math.isfinite(high - low) else 1.0
