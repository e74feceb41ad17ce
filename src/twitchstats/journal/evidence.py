"""What the cells of a column show, and reading them by the rule of what the column means."""

import math
import re
from collections import Counter
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from twitchstats.arrays import BoolArray, FloatArray
from twitchstats.journal.cells import (
    FROM_TO,
    ONE_GROUP,
    QUANTITY,
    Fault,
    count_signs,
    is_missing,
    read_clock_time,
    read_duration,
    read_loosely,
    read_number,
    read_plain,
    read_span,
    tells_lasting,
)
from twitchstats.journal.layout import Column, code_column
from twitchstats.journal.variable import Variable, describe_unit
from twitchstats.variables import find_row, find_units, load_words, normalise_header, read_yes_no, word_set

Values: TypeAlias = "FloatArray | ExtensionArray"
_CODES = (66.0, 77.0, 88.0, 96.0, 97.0, 98.0, 99.0, 777.0, 888.0, 999.0, 9999.0)
_LARGEST = 1e12
_OUT_OF = re.compile(r"([\d.,]{1,6})\s*(?:%|(?:/|out of|of|von|sur)\s*(\d{1,3}))$", re.IGNORECASE)
MISSING_CODES = (-1.0, -7.0, -8.0, -9.0, *_CODES, *(-code for code in _CODES))
_RANKS = {word: float(rank) for rank in range(5) for word in load_words(f"rank {rank}")}
_TICKS, _CROSSES = frozenset("✓✔✅☑"), frozenset("x✗✘❌")
_NEVER_NO = "it never says no; a blank counts as not known, so write no (or 0) on the days without it"
_NEVER_NONE = "it never says 0; a blank counts as not known, so write 0 on the days without it"


@dataclass(frozen=True, eq=False)
class Reading:
    """A column as read: what it means, a value for each row, and which of its levels were refused."""

    variable: Variable
    data: Values
    column: Column
    faults: dict[int, Fault]


@dataclass(frozen=True, eq=False)
class Cells:
    """What the cells of a column show, read with a decimal sign: figures, and other texts."""

    column: Column
    decimal: str
    codes: tuple[float, ...] = ()
    form: str = ""  # the kind that the header tells: of counts and ratings a cell may say more than a figure

    @cached_property
    def _plain(self) -> FloatArray:
        return read_plain(self.column.levels, self.decimal)

    @cached_property
    def by_level(self) -> FloatArray:
        """The figure in each level of the column; NaN in other texts."""
        values = self._plain.copy()
        for place in np.flatnonzero(~np.isfinite(values)).tolist():
            number = self._read(self.column.levels[place])
            values[place] = np.nan if number is None else number
        if self.tallied:
            signs = np.array(list(map(count_signs, self.column.levels)), dtype=float)
            values = np.where(signs > 0, signs, values)
        if self.ranks:
            values = np.array([self.ranks.get(text, math.nan) for text in self.column.levels])
        return values

    @cached_property
    def _none(self) -> frozenset[str]:
        """The words that mean 0 among figures, unless a yes stands there as well; of your own nothing else may.

        What was not taken is 0 among doses alone: a temperature that was not taken is not known.
        """
        words, none = {normalise_header(text) for text, _ in self.rest}, word_set("rank 0")
        if "not taken" in words and self._tell_doses:
            none |= {"not taken"}
        told = self.form in ("amount", "count") or bool(np.isfinite(self._plain).any())
        told = told and not any(read_yes_no(text) for text, _ in self.rest)
        return none if told and (self.form in ("amount", "count", "rating") or words <= none) else frozenset()

    @property
    def _tell_doses(self) -> bool:
        units = [normalise_header(match["unit"]) for text, _ in self.rest if (match := QUANTITY.match(text))]
        return bool(units) and set(units) <= find_units("mg").keys() | {"mg"}

    @property
    def counts_from_no(self) -> bool:
        """Whether a no stands for 0 among doses or figures that go beyond 1, so that it answers how many."""
        return bool(self._none and self.rest) and (self._tell_doses or self.high > 1)

    def _read(self, text: str) -> float | None:
        if normalise_header(text) in self._none:
            return 0.0
        return read_loosely(text, self.decimal, kind=self.form)

    @cached_property
    def loose(self) -> str:
        """What is to be told of texts that were taken for figures though they are none; "" where there are none."""
        if self.ranks:
            told = ", ".join(
                f"{rank:g} ({text})" for text, rank in sorted(self.ranks.items(), key=lambda item: item[1])
            )
            return f"its words are read as {told}"
        read = zip(self.column.levels, self.by_level, strict=True) if self.rest else ()
        odd = ((text, value) for text, value in read if text and np.isfinite(value))
        return next((f"cells such as {text!r} are read as {value:g}" for text, value in odd
                     if read_number(text, self.decimal) is None), "")  # fmt: skip

    @cached_property
    def tallied(self) -> bool:
        """Whether figures are told as so many signs, stars or pluses, more than one in some cell."""
        signs = [count_signs(text) for text, _ in self.rest]
        return all(signs) and max(signs, default=0) > 1 and not np.nan_to_num(self._plain).any()

    @cached_property
    def ranks(self) -> dict[str, float]:
        """The words that tell how much of something there is, with their ranks; none where anything else stands."""
        if self.form != "rating" or not 1 < len(self.rest) < 20 or np.isfinite(self._plain).any():
            return {}
        ranks = {text: _RANKS.get(normalise_header(text), math.nan) for text, _ in self.rest}
        return ranks if len(set(ranks.values()) - {0.0}) > 1 and not any(map(math.isnan, ranks.values())) else {}

    @cached_property
    def top(self) -> float:
        """Out of how many points nearly all cells tell a rating (3/5; 40%; mild, severe); NaN where they don't."""
        if self.ranks:
            return max(3.0, *self.ranks.values())
        tops: Counter[float] = Counter()
        for text, n in self.rest:
            if match := _OUT_OF.match(text):
                tops[float(match[2] or 100)] += n
        top, n = next(iter(tops.most_common(1)), (math.nan, 0))
        return top if self.share(n) >= 0.8 else math.nan

    @cached_property
    def rest(self) -> list[tuple[str, int]]:
        """The texts that are no plain figures, and how often each is there."""
        if self.column.numbers is not None:
            return []
        levels, counts = self.column.levels, self.column.count()
        places = np.flatnonzero(~np.isfinite(self._plain) & (counts > 0))
        return [(levels[place], int(counts[place])) for place in places if not is_missing(levels[place])]

    @cached_property
    def n_filled(self) -> int:
        """How many cells hold anything."""
        if self.column.numbers is not None:
            return int(self.column.filled.sum())
        return int(self.column.count()[np.isfinite(self._plain)].sum()) + sum(n for _, n in self.rest)

    @cached_property
    def numbers(self) -> FloatArray:
        """The figures, without `codes` that stand for nothing recorded."""
        if (numbers := self.column.numbers) is None:
            sure = np.isfinite(self.by_level)
            numbers = np.repeat(self.by_level[sure], self.column.count()[sure])
        elif not self.column.filled.all():
            numbers = numbers[self.column.filled]
        return numbers[~np.isin(numbers, self.codes)] if self.codes else numbers

    def share(self, n: float) -> float:
        """Return a number of cells as a share of those filled in."""
        return n / max(self.n_filled, 1)

    @cached_property
    def figures(self) -> float:
        """Share of figures."""
        return self.share(len(self.numbers))

    @cached_property
    def flags(self) -> float:
        """Share of 0 and 1."""
        if not len(self.numbers) or self.low > 1 or self.high < 0:
            return 0.0
        if self.low >= 0 and self.high <= 1 and self.whole:
            return self.figures
        return self.share(int(((self.numbers == 0) | (self.numbers == 1)).sum()))

    @cached_property
    def yes_no_words(self) -> float:
        """Share of words for yes or no."""
        return self.share(sum(n for text, n in self.rest if read_yes_no(text) is not None))

    @cached_property
    def durations(self) -> float:
        """Share of durations such as 7:30."""
        return self.share(sum(n for text, n in self.rest if read_duration(text, "h") is not None))

    @cached_property
    def lasting(self) -> bool:
        """Whether the cells are durations with their units, some in hours (2h 10m beside 55m), which no clock shows.

        Figures without one, but none (0), may be minutes.
        """
        units = [tells_lasting(text) for text, _ in self.rest]
        return "h" in units and all(units) and not self.numbers.any()

    @cached_property
    def clocks(self) -> bool:
        """Whether times of day stand there: late hours among early ones, or with am and pm."""
        hours = {text: (hour, n) for text, n in self.rest if (hour := read_clock_time(text)) is not None}
        n_clocks = sum(n for _, n in hours.values())
        late = sum(n for hour, n in hours.values() if hour >= 16)
        marked = any(text[-1:] in "mM." for text in hours)
        return bool(hours) and self.share(n_clocks) >= 0.5 and (marked or late >= 0.1 * n_clocks)

    @cached_property
    def signed(self) -> bool:
        """Whether four fifths of the cells hold figures, most with other signs (40%, 71 kg, 120/80, 1/2)."""
        unread = [(text, n) for text, n in self.rest if self._read(text) is None]
        marked = sum(n for text, n in unread if not text[0].isalpha() and any(map(str.isnumeric, text)))
        return len(unread) > 1 and self.share(marked) + self.figures >= 0.8

    @cached_property
    def never_says_no(self) -> bool:
        """Whether yes and blanks are all there is."""
        noes = int((self.numbers == 0).sum()) + sum(n for text, n in self.rest if read_yes_no(text) == 0)
        return not noes and 0 < self.n_filled < len(self.column)

    @cached_property
    def never_says_none(self) -> bool:
        """Whether counts from 1 on and many blanks are all there is."""
        return self.low > 0 and len(self.numbers) >= 10 and self.n_filled < 0.8 * len(self.column)

    @cached_property
    def minutes_for_decimals(self) -> bool:
        """Whether 7.30 may mean half past: of many decimals of several kinds none is above .59."""
        parts = np.round(self.numbers[:2000] % 1, 4)
        parts = parts[parts > 0]
        return len(parts) >= 10 and bool((parts < 0.6).all()) and len(np.unique(parts)) >= 3

    @cached_property
    def grouped(self) -> bool:
        """Whether all figures are written like 4.100 or 4,100: thousands and more, or with three decimals."""
        filled = [text for text in self.column.levels if text != "0" and not is_missing(text)]
        return not self.whole and bool(filled) and all(map(ONE_GROUP.match, filled))

    @cached_property
    def ticks_and_crosses(self) -> bool:
        """Whether both a tick and a cross stand there, so that a cross may mean no.

        Where every cell is filled in with one or the other, it does, unless it is a mere x.
        """
        texts = {text.lower() for text, _ in self.rest}
        sure = self.n_filled == len(self.column) and "x" not in texts
        return bool(texts & _TICKS) and bool(texts & _CROSSES) and not sure

    @cached_property
    def low(self) -> float:
        """The lowest figure."""
        return float(self.numbers.min()) if len(self.numbers) else math.nan

    @cached_property
    def high(self) -> float:
        """The highest figure."""
        return float(self.numbers.max()) if len(self.numbers) else math.nan

    @cached_property
    def whole(self) -> bool:
        """Whether all figures are whole numbers."""
        some = self.numbers[:1000]
        return self.column.whole or bool(
            (some == np.floor(some)).all() and (self.numbers == np.floor(self.numbers)).all()
        )

    @cached_property
    def n_distinct(self) -> int:
        """How many different figures there are, counted up to 100."""
        some = self.numbers[:5000]
        found = len(np.unique(some))
        if found > 100 or len(some) == len(self.numbers):
            return min(found, 100)
        return min(len(np.unique(self.numbers)), 100)

    @cached_property
    def outliers(self) -> FloatArray:
        """Figures that lie twenty times as far from the middle as nine tenths of the others lie from each other.

        Where nearly all are above 0 and of one order of size, those of another are too: 805 for 80.5, 7 for 70.
        """
        rows = self.numbers
        if len(rows) < 8 or not math.isfinite(self.high - self.low):
            return np.array([])
        low, middle, high = np.percentile(thin_out(rows), [5, 50, 95])
        far = np.abs(rows - middle) > 20 * (high - low) if high > low and len(rows) >= 20 else np.zeros(len(rows), bool)
        low, high = np.percentile(thin_out(rows), [20, 80])
        if 0 < high <= 5 * low:
            far |= (rows > 0) & ((rows >= 5 * high) | (rows <= low / 5))
        return np.unique(rows[far])

    @cached_property
    def spread(self) -> float:
        """The standard deviation without `outliers`, in an order of summation that no order of the rows changes."""
        rows = self.numbers[np.isfinite(self.numbers)]
        if len(self.outliers):
            rows = rows[~np.isin(rows, self.outliers)]
        if len(rows) < 2 or rows.min() == rows.max():
            return 0.0
        with np.errstate(over="ignore"):
            return float(np.std(np.sort(rows) if len(rows) < 100_000 else rows, ddof=1))


def thin_out(rows: FloatArray) -> FloatArray:
    """Return some 100,000 of many figures, spread evenly: enough for a median."""
    return rows[:: 1 + len(rows) // 100_000]


def find_scale(cells: Cells, *, strict: bool = False) -> tuple[float, float] | None:
    """Return the scale of whole ratings that all its points show: 1-5, 1-7, 0-3 and the like."""
    low, high, n = cells.low, cells.high, len(cells.numbers)
    scales = ((1, 3), (1, 4), (1, 5), (1, 6), (1, 7), (0, 3), (0, 4), (0, 5), (0, 6))
    if (low, high) not in scales or cells.n_distinct != high - low + 1 or n < 10:
        return None
    # On a scale from 0 to 10 mild days end at 3, too; but then few of them lie there.
    doubtful = strict and (low == 0 or high < 5) and (cells.numbers == high).mean() < 0.1
    return None if doubtful else (low, high)


def step_of_scale(low: float, high: float) -> float:
    """Return the step in which a rating is told: a tenth of its scale, one point at least where it has several.

    >>> step_of_scale(0, 100), step_of_scale(0, 5), step_of_scale(0, 1)
    (10.0, 1.0, 0.1)
    """
    tenth = (high - low) / 10
    return 1.0 if not math.isfinite(tenth) else max(0.1 if tenth <= 0.1 else 1.0, float(round(tenth)))


def round_step(spread: float) -> float:
    """Return a spread as the nearest of 1, 2, 5 times a power of ten: a step that can be spoken.

    >>> round_step(37.2), round_step(0.18), round_step(0)
    (50.0, 0.2, 1.0)
    """
    if not (math.isfinite(spread) and spread > 0):
        return 1.0
    power = math.floor(math.log10(spread))
    near = min((1, 2, 5, 10), key=lambda digit: abs(math.log10(spread) - power - math.log10(digit)))
    return float(f"{near}e{power}")


def drop_codes(cells: Cells, variable: Variable) -> Cells:
    """Take out codes such as 999 or -9 that stand far from all other figures: they mean that nothing was recorded."""
    measured = variable.header.words & word_set("measured column")
    if not (cells.low < 0 or cells.high >= 66 or measured):  # as in most columns
        return cells
    known = (*MISSING_CODES, 0.0) if measured else MISSING_CODES
    found = [code for code in known if cells.low <= code <= cells.high and (cells.numbers == code).any()]
    others = replace(cells, codes=tuple(found))
    codes = [code for code in found if len(others.numbers) and _stands_far(code, others, variable)]
    return replace(cells, codes=tuple(codes)) if codes else cells


def _stands_far(code: float, others: Cells, variable: Variable) -> bool:
    """Say whether a code lies where none of the other figures can lie."""
    if abs(code) <= 200 and (variable.unit.lower() in ("c", "°c", "f", "°f") or "temp" in variable.source.lower()):
        return False
    if code == 0:  # nobody weighs 0 kg, and no living heart beats 0 times a minute
        return others.low >= 5
    if code == -1:  # nothing lies between it and a scale that begins at 1: 0 is missing there, too
        return others.low >= 1 and others.n_distinct > 1
    if code < 0:
        return others.low >= 0
    scaled = variable.how.get("high") in ("header", "schema") or (variable.kind == "rating" and variable.canonical)
    top = variable.high if scaled and math.isfinite(variable.high) else 0.0
    return code > max(5 * others.high, others.high, top, 10)


def read_by_rule(variable: Variable, cells: Cells) -> Reading:
    """Read the cells after the rule of what the column means; what never says no or none is told."""
    column = cells.column
    if variable.kind == "yes/no" and cells.never_says_no:
        variable = variable.tell(_NEVER_NO)
    if variable.kind == "count" and variable.combine == "sum" and cells.never_says_none:
        variable = variable.tell(_NEVER_NONE)
    if column.numbers is not None and _keep_rule(variable, cells):
        values = column.numbers if variable.factor == 1.0 else column.numbers * variable.factor
        return Reading(variable, values + 0.0 if cells.low <= 0 else values, column, {})  # no -0
    values, faults = cells.by_level * variable.factor, {}
    codes = tuple(code * variable.factor for code in cells.codes)
    for place in np.flatnonzero(~_are_fine(values, variable, codes)).tolist():
        text, fault = column.levels[place], None
        if not is_missing(text):
            coded = values[place] in codes
            values[place], fault = _judge(text, float(values[place]), variable, cells.decimal)
            if coded:
                told = f"{fault[1].partition(';')[0]}; it" if fault else text
                fault = "missing_code", f"{told} stands far from all other figures, as a code for 'not recorded' does"
        if fault or is_missing(text):
            values[place] = np.nan
        if fault:
            faults[place] = fault
    return Reading(_tell_cells(variable, cells, faults), column.spread(values + 0.0), column, faults)


def _tell_cells(variable: Variable, cells: Cells, faults: Mapping[int, Fault]) -> Variable:
    """Tell of cells that are no plain figures, and of units in them that no definition turns into the variable's."""
    units = dict.fromkeys(unit for text, _ in cells.rest if (unit := find_told_unit(text, variable)[1]))
    told = [describe_unit(given, factor, variable.unit, source) for given, factor, source in units]
    variable = variable.tell(cells.loose) if cells.loose else variable
    read = (text for code, text in enumerate(cells.column.levels) if variable.kind == "amount" and code not in faults)
    if span := next((text for text in read if read_span(text) is not None), ""):
        variable = variable.tell(f"cells such as {span!r} are read as the time between both")
    for remark in filter(None, told):
        variable = variable.tell(remark) if remark not in variable.remark else variable
    if any(told) and variable.assumed and len(cells.numbers):
        variable = variable.tell(f"cells that tell no unit are read in {variable.unit}")
    return variable


def split_unit(column: Column, units: Container[str]) -> tuple[str, Column] | None:
    """Return the one of some units that stands behind most figures of a column (400 mg, 200mg), and the figures."""
    if column.numbers is not None:
        return None
    odd = [text for text in column.levels if read_number(text) is None and not is_missing(text)]
    found = {text: match for text in odd if (match := QUANTITY.match(text))}
    told = {normalise_header(match["unit"]) for match in found.values()}
    n_told = sum(n if text in found else -n for text, n in zip(column.levels, column.count().tolist(), strict=True)
                 if text in found or (not is_missing(text) and text != "0"))  # fmt: skip
    if len(told) != 1 or len(found) < len(odd) or n_told < 0 or next(iter(told)) not in units:
        return None
    texts = [found[text]["number"] if text in found else text for text in column.levels]
    return next(iter(told)), replace(code_column(column.header, texts, column.codes), place=column.place)


def find_told_unit(text: str, variable: Variable) -> tuple[str, tuple[str, float, str] | None]:
    """Return the figures of a cell that tells its own unit, and that unit as `find_units` has it, or None.

    >>> find_told_unit("450 min", Variable("sleep", "", unit="h"))[1][0], find_told_unit("450", Variable("sleep", ""))
    ('min', ('', None))
    """
    match = QUANTITY.match(text) if variable.unit else None
    if match is None:
        return "", None
    return match["number"], find_units(variable.unit, variable.name).get(normalise_header(match["unit"]))


def _keep_rule(variable: Variable, cells: Cells) -> bool:
    """Say whether all figures of a column keep the rule, as most do: its lowest and its highest tell it."""
    if not len(cells.numbers):
        return True
    whole = cells.whole or variable.kind not in ("count", "yes/no")
    ends = np.array([cells.low, cells.high]) * variable.factor
    return whole and not cells.codes and bool(_are_fine(ends, variable).all())


def _are_fine(values: FloatArray, variable: Variable, codes: tuple[float, ...] = ()) -> BoolArray:
    """Say which values break no rule: the many that need no closer look."""
    if variable.kind == "yes/no":
        return (values == 0) | (values == 1)
    fine = np.isfinite(values) & (np.abs(values) <= _LARGEST) & ~(values < variable.low) & ~(values > variable.high)
    if codes:
        fine &= ~np.isin(values, codes)
    if variable.kind == "count":
        fine &= (values >= 0) & (values == np.floor(values))
    return fine


def _judge(text: str, value: float, variable: Variable, decimal: str) -> tuple[float, Fault | None]:
    """Return what a cell means that is no figure which keeps the rule, and what is wrong with it."""
    if variable.kind == "yes/no":
        answer = read_yes_no(text)
        wrong = ("not_yes_no", f"{text!r} is neither yes nor no; write yes, no, 1 or 0")
        return (math.nan, wrong) if answer is None else (answer, None)
    if math.isnan(value):
        value = _read_quantity(text, variable, decimal)
    if math.isinf(value) or text.lower() in word_set("infinite"):
        return math.nan, ("infinite", f"{text!r} is no finite number")
    if math.isnan(value):
        return math.nan, ("not_a_number", f"{text!r} is not a number; write a figure, or leave the cell blank")
    span, usual = read_span(text) if variable.unit == "h" else None, find_row(variable.name)
    if read_clock_time(text) is not None and value > usual.get("usual_high", math.inf):
        return math.nan, ("unclear_duration", f"{text!r} may be a time of day; if it lasted so long, write {value:g}")
    if span is not None and span < usual.get("usual_low", 0.0):
        ends = [read_clock_time(end) or 0.0 for end in FROM_TO.split(text)]
        if usual["usual_low"] <= min(ends) and max(ends) <= usual["usual_high"]:
            return math.nan, ("unclear_duration", f"{text!r} may be from one time to another, or that many hours")
    if variable.unit == "s" and variable.factor == 1.0 and text.count(":") == 1:
        way = "minutes and seconds, or hours and minutes: write it with all three (0:01:30), or say h:mm in the header"
        return math.nan, ("unclear_duration", f"{text!r} may be {way}")
    return value, _find_fault(value, text, variable)


def _read_quantity(text: str, variable: Variable, decimal: str) -> float:
    """Return what a cell with a unit of its own, a duration or a rating out of all points means; else NaN."""
    duration = read_duration(text, variable.unit)
    if duration is not None:
        return duration
    match = _OUT_OF.match(text) if variable.kind == "rating" else None
    if match and float(match[2] or 100) == variable.high:
        figures, factor = match[1], 1.0
    else:
        figures, unit = find_told_unit(text, variable)
        factor = unit[1] if unit else math.nan
    number = read_loosely(figures, decimal)
    return math.nan if number is None else number * factor


def _find_fault(value: float, text: str, variable: Variable) -> Fault | None:
    low, high, unit = variable.low, variable.high, variable.unit if variable.kind == "amount" else ""
    if variable.kind == "count" and value < 0:
        return "negative_count", f"{text} is negative, and a count is 0 or more"
    if variable.kind == "count" and not value.is_integer():
        return "not_whole", f"{text} is not a whole number, and a count is one"
    if abs(value) > _LARGEST:
        return "out_of_range", f"{text} is beyond {_LARGEST:.0f}, and no diary counts so far"
    if not (value < low or value > high):
        return None
    told = text if variable.factor == 1.0 else f"{text} ({value:g} {variable.unit})"
    span = f"{low:.15g}-{high:.15g} {unit}".strip()
    return "out_of_range", f"{told} is outside {span}{_tell_way_out(value, variable)}"


def _tell_way_out(value: float, variable: Variable) -> str:
    header, low, high = variable.header, variable.low, variable.high
    name = "" if header.unit or header.scale else header.stem  # neither is asked for where it is told
    if name and variable.kind == "rating" and high < value <= 100:
        return f"; if the scale is another one, say so in the header, such as '{name} (0-100)'"
    if name and variable.kind == "amount" and variable.unit:
        for unit, factor, _ in find_units(variable.unit, variable.name).values():
            if low <= value / variable.factor * factor <= high:
                return f"; if it is in another unit, say so in the header, such as '{name} ({unit})'"
    return ""


def keep_text(column: Column, variable: Variable, remark: str = "") -> Reading:
    """Keep the cells as text: of a choice, of categories, or because nothing else can be made of them."""
    levels = np.array([text or None for text in column.levels] or [None], dtype=object)
    wanted, kind = variable.kind == "category", "choice" if variable.kind == "choice" else "text"
    found = variable if variable.how.get("kind") == "schema" else variable.learn("guessed", kind="text")
    found = replace(
        found.learn("guessed", combine="join"), step=math.nan, kind=kind, unit="", combine="join", categories=wanted
    )
    values = pd.array(column.spread(levels), dtype="str")
    return Reading(found.tell(remark) if remark else found, values, column, {})


def become_flags(variable: Variable, how: str) -> Variable:
    """Return the variable as yes/no; what schema or header say of how it is known stays."""
    facts: dict[str, Any] = {"kind": "yes/no", "unit": "days", "step": 1.0, "low": 0.0, "high": 1.0, "combine": "max"}
    ways = {fact: how for fact in facts if variable.how.get(fact) not in ("schema", "header")}
    return replace(variable, **facts, factor=1.0, how={**variable.how, **ways})


def disown(variable: Variable) -> Variable:
    """Return a column of your own in the place of a known variable that it turned out not to be."""
    own = Variable(variable.name, variable.source, variable.source, header=variable.header)
    return own.learn("guessed", name=own.name, label=own.label, role="own", timing="", combine="mean")
