"""What the cells of a column show, and reading them by the rule of what the column means."""

import math
import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from twitchstats.journal.cells import (
    Fault,
    Rule,
    are_grouped,
    find_told_unit,
    is_missing,
    is_yes_no_word,
    read_cells,
    read_clock_time,
    read_duration,
    read_number,
    read_plain,
    read_yes_no,
)
from twitchstats.journal.layout import Column, Floats
from twitchstats.journal.variable import Variable, describe_unit

Values: TypeAlias = "Floats | ExtensionArray"
_CODES = (66.0, 77.0, 88.0, 96.0, 97.0, 98.0, 99.0, 777.0, 888.0, 999.0, 9999.0)
MISSING_CODES = (-1.0, -7.0, -8.0, -9.0, *_CODES, *(-code for code in _CODES))
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
    """What the cells of a column show: figures, and the other texts with how often each is there."""

    column: Column
    decimal: str
    n_filled: int
    numbers: Floats
    rest: list[tuple[str, int]] = field(default_factory=list)

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return len(self.column)

    def without(self, codes: list[float]) -> "Cells":
        """Return the same without codes that stand for nothing recorded."""
        return replace(self, numbers=self.numbers[~np.isin(self.numbers, codes)])

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
        return self.share(sum(n for text, n in self.rest if is_yes_no_word(text)))

    @cached_property
    def durations(self) -> float:
        """Share of durations such as 7:30."""
        return self.share(sum(n for text, n in self.rest if read_duration(text, "h") is not None))

    @cached_property
    def clocks(self) -> bool:
        """Whether times of day stand there: late hours among early ones, or with am and pm."""
        hours = [hour for text, n in self.rest for hour in [read_clock_time(text)] * min(n, 50) if hour is not None]
        if len(hours) < 0.5 * min(self.n_filled, sum(min(n, 50) for _, n in self.rest)) or not hours:
            return False
        marked = any(re.search(r"[ap]\.?\s?m\.?$", text, re.IGNORECASE) for text, _ in self.rest)
        return marked or float(np.mean(np.array(hours) >= 16)) >= 0.1

    @cached_property
    def signed(self) -> bool:
        """Whether four fifths of the cells hold figures, most with other signs (40%, 71 kg, 120/80, 1/2)."""
        marked = sum(n for text, n in self.rest if not text[0].isalpha() and any(map(str.isnumeric, text)))
        return len(self.rest) > 1 and self.share(marked) + self.figures >= 0.8

    @cached_property
    def never_says_no(self) -> bool:
        """Whether yes and blanks are all there is."""
        noes = int((self.numbers == 0).sum()) + sum(n for text, n in self.rest if read_yes_no(text) == 0)
        return not noes and 0 < self.n_filled < self.n_rows

    @cached_property
    def never_says_none(self) -> bool:
        """Whether counts from 1 on and many blanks are all there is."""
        return self.low > 0 and len(self.numbers) >= 10 and self.n_filled < 0.8 * self.n_rows

    @cached_property
    def minutes_for_decimals(self) -> bool:
        """Whether 7.30 may mean half past: of many decimals of several kinds none is above .59."""
        parts = np.round(self.numbers[:2000] % 1, 4)
        parts = parts[parts > 0]
        return len(parts) >= 10 and bool((parts < 0.6).all()) and len(np.unique(parts)) >= 3

    @cached_property
    def grouped(self) -> bool:
        """Whether all figures are written like 4.100 or 4,100: thousands and more, or with three decimals."""
        return not self.whole and are_grouped(self.column.levels)

    @cached_property
    def ticks_and_crosses(self) -> bool:
        """Whether both a tick and a cross stand there, so that a cross may mean no."""
        texts = {text.lower() for text, _ in self.rest}
        return bool(texts & _TICKS) and bool(texts & _CROSSES)

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
        return bool((some == np.floor(some)).all() and (self.numbers == np.floor(self.numbers)).all())

    @cached_property
    def n_distinct(self) -> int:
        """How many different figures there are, counted up to 100."""
        some = self.numbers[:5000]
        found = len(np.unique(some))
        if found > 100 or len(some) == len(self.numbers):
            return min(found, 100)
        return min(len(np.unique(self.numbers)), 100)

    @cached_property
    def outliers(self) -> Floats:
        """Figures that lie twenty times as far from the middle as nine tenths of the others lie from each other."""
        rows, none = self.numbers, np.array([])
        if len(rows) < 20 or not math.isfinite(self.high - self.low):
            return none
        middle, spread = float(rows.mean()), float(rows.std())
        if max(self.high - middle, middle - self.low) <= 4 * spread:  # as in most columns
            return none
        low, middle, high = np.percentile(thin_out(rows), [5, 50, 95])
        return np.unique(rows[np.abs(rows - middle) > 20 * (high - low)]) if high > low else none

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


def thin_out(rows: Floats) -> Floats:
    """Return some 100,000 of many figures, spread evenly: enough for a median."""
    return rows[:: 1 + len(rows) // 100_000]


def look_at(column: Column, decimal: str) -> Cells:
    """Return what the cells of a column show, read with this decimal sign."""
    if column.numbers is not None:
        numbers = column.numbers if column.filled.all() else column.numbers[column.filled]
        return Cells(column, decimal, len(numbers), numbers)
    counts, plain = column.count(), read_plain(column.levels, decimal)
    sure = np.isfinite(plain) & (counts > 0)
    rest = [(column.levels[place], int(counts[place])) for place in np.flatnonzero(~np.isfinite(plain) & (counts > 0))]
    rest = [(text, n) for text, n in rest if not is_missing(text)]
    quantities = {text: value for text, _ in rest if (value := read_number(text, decimal)) is not None}
    values = np.concatenate([plain[sure], np.array(list(quantities.values()), dtype=float)])
    weights = [*counts[sure].tolist(), *(n for text, n in rest if text in quantities)]
    n_filled = int(counts[sure].sum()) + sum(n for _, n in rest)
    return Cells(column, decimal, n_filled, np.repeat(values, weights), rest)


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


def drop_codes(cells: Cells, variable: Variable) -> tuple[Cells, Variable]:
    """Take out codes such as 999 or -9 that stand far from all other figures: they mean that nothing was recorded."""
    if not (cells.low < 0 or cells.high >= 66):  # as in most columns
        return cells, variable
    found = [code for code in MISSING_CODES if cells.low <= code <= cells.high and (cells.numbers == code).any()]
    others = cells.without(found)
    codes = [code for code in found if len(others.numbers) and _stands_far(code, others, variable)]
    return (cells.without(codes), replace(variable, codes=tuple(codes))) if codes else (cells, variable)


def _stands_far(code: float, others: Cells, variable: Variable) -> bool:
    """Say whether a code lies where none of the other figures can lie."""
    if abs(code) <= 200 and (variable.unit.lower() in ("c", "°c", "f", "°f") or "temp" in variable.source.lower()):
        return False
    if code == -1:  # nothing lies between it and a scale that begins at 1: 0 is missing there, too
        return others.low >= 1 and others.n_distinct > 1
    if code < 0:
        return others.low >= 0
    scaled = variable.how.get("high") in ("header", "schema") or (variable.kind == "rating" and variable.canonical)
    top = variable.high if scaled and math.isfinite(variable.high) else 0.0
    return code > max(5 * others.high, others.high, top, 10)


def read_by_rule(column: Column, variable: Variable, cells: Cells) -> Reading:
    """Read the cells after the rule of what the column means; what never says no or none is told."""
    if variable.kind == "yes/no" and cells.never_says_no:
        variable = variable.tell(_NEVER_NO)
    if variable.kind == "count" and variable.combine == "sum" and cells.never_says_none:
        variable = variable.tell(_NEVER_NONE)
    rule = Rule(
        variable.kind, variable.unit, variable.factor, variable.low, variable.high, variable.name,
        variable.header.bare, variable.codes,
    )  # fmt: skip
    if column.numbers is not None:
        values, fine = rule.judge(column.numbers)
        if fine:
            return Reading(variable, values, column, {})
    by_level, faults = read_cells(column.levels, rule, decimal=cells.decimal)
    units = dict.fromkeys(unit for text, _ in cells.rest if (unit := find_told_unit(text, rule)[1]))
    told = [describe_unit(given, factor, variable.unit, source) for given, factor, source in units]
    for remark in filter(None, told):
        variable = variable.tell(remark) if remark not in variable.remark else variable
    if any(told) and variable.assumed and any(map(read_number, column.levels)):
        variable = variable.tell(f"cells that tell no unit are read in {variable.unit}")
    return Reading(variable, column.spread(by_level), column, faults)


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
