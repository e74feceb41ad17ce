"""What the cells of a column show, where neither dictionary, header nor schema says what it means."""

import itertools
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from twitchstats.errors import JournalError
from twitchstats.journal.cells import (
    Fault,
    Rule,
    count_decimal_signs,
    find_guess,
    is_missing,
    is_yes_no_word,
    read_cells,
    read_clock_time,
    read_duration,
    read_number,
    read_plain,
    read_yes_no,
    settle_decimal,
)
from twitchstats.journal.dates import WEEKDAYS, look_like_dates
from twitchstats.journal.layout import Column, Floats, Table
from twitchstats.journal.record import Rejects
from twitchstats.journal.schema import Facts, Schema, apply_facts, find_facts
from twitchstats.journal.variable import DAYS, Header, Variable, clean_name, find_trait, match_header, split_header
from twitchstats.variables import find_row, find_units, find_variable, load_dictionary, load_words, normalise_header

Values: TypeAlias = "Floats | ExtensionArray"
MISSING_CODES = (-1.0, -9.0, -99.0, -999.0, -9999.0, 99.0, 999.0, 9999.0, 88.0, 888.0, 77.0, 777.0)
_LARGE_STEP = 30.0
_WORDS = {
    name: frozenset(load_words(f"{name} column"))
    for name in ("notes", "rating", "date", "duration", "count", "code", "since", "id", "sum", "dose")
}
_ROW_NUMBERS = frozenset(normalise_header(word) for word in load_words("row number column")) | {""}
_TIME_WORDS = {"min": "min", "mins": "min", "minutes": "min", "h": "h", "hrs": "h", "hours": "h"}
_FLAG_ROLES = {"trigger": "trigger", "triggers": "trigger", "remedy": "remedy", "medicine": "medicine"}
_TICKS, _CROSSES = frozenset("✓✔✅☑"), frozenset("x✗✘❌")
_CALENDAR = frozenset(load_words("calendar column"))


@dataclass(frozen=True, eq=False)
class Reading:
    """A column as read: what it means, a value for each row, and which of its levels were refused."""

    variable: Variable
    data: Values
    column: Column
    faults: dict[int, Fault]


class Cells:
    """What the cells of a column show: shares of the filled-in ones, and their figures."""

    def __init__(self, column: Column, decimal: str) -> None:
        self.column, self.decimal = column, decimal
        self.n_rows = len(column)
        if column.numbers is not None:
            self.numbers = column.numbers if column.filled.all() else column.numbers[column.filled]
            self.n_filled = len(self.numbers)
            self.rest: list[tuple[str, int]] = []
            return
        counts, plain = column.count(), read_plain(column.levels, decimal)
        there = counts > 0
        rest = [(column.levels[place], int(counts[place])) for place in np.flatnonzero(~np.isfinite(plain) & there)]
        self.rest = [(text, n) for text, n in rest if not is_missing(text)]
        quantities = {text: value for text, _ in self.rest if (value := read_number(text, decimal)) is not None}
        sure = np.isfinite(plain) & there
        values = np.concatenate([plain[sure], np.array(list(quantities.values()), dtype=float)])
        weights = [*counts[sure].tolist(), *(n for text, n in self.rest if text in quantities)]
        self.numbers = np.repeat(values, weights)
        self.n_filled = int(counts[sure].sum()) + sum(n for _, n in self.rest)

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
            return self.share(len(self.numbers))
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
        marked = any(text.lower().rstrip(".").endswith(("am", "pm", "a.m", "p.m")) for text, _ in self.rest)
        return marked or float(np.mean(np.array(hours) >= 16)) >= 0.1

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

    def without(self, codes: list[float]) -> "Cells":
        """Return the same without codes that stand for nothing recorded."""
        other = object.__new__(Cells)
        other.__dict__ |= {
            key: value for key, value in self.__dict__.items()
            if key in ("column", "decimal", "n_rows", "n_filled", "rest", "numbers")
        }  # fmt: skip
        other.numbers = self.numbers[~np.isin(self.numbers, codes)]
        return other


def read_columns(
    table: Table,
    used: Sequence[int],
    rejects: Rejects,
    *,
    dictionary: str = DAYS,
    decimal: str | None = None,
    renamed: Mapping[str, str] | None = None,
    schema: Schema | None = None,
) -> list[Reading]:
    """Read every column of a table that is no key; what is wrong with their cells, and remarks, go to `rejects`.

    Parameters
    ----------
    table : Table
        Of days, episodes or people.
    used : sequence of int
        Places of the keys.
    dictionary : str
        The dictionary of the table.
    decimal : str, optional
        The decimal sign that was asked for.
    renamed, schema : mapping, optional
        Header -> the header to read it as; header -> facts.

    Raises
    ------
    JournalError
        Two columns stand for the same variable.
    """
    columns = [column for column in table.columns if column.place not in used]
    renamed, schema = renamed or {}, schema or {}
    headers = [renamed.get(column.header, column.header) for column in columns]
    company = frozenset(map(normalise_header, headers)) | {
        name for header in headers if (name := find_variable(split_header(header).stem, dictionary=dictionary))
    }
    matches = []
    for column in columns:
        facts = find_facts(schema, column.header)
        target = renamed.get(column.header) or _named_by(facts, column.header, dictionary, company)
        said = bool(target)
        match = match_header(target or column.header, dictionary, company=None if said else company)
        if said and facts.get("name") == target and not match.canonical:
            match = match.learn("schema", name=target)
        matches.append(replace(match, source=column.header, label=match.label if match.canonical else column.header))
    _refuse_twins(matches, table)
    daily = dictionary == DAYS
    names = name_columns(matches, [column.place for column in columns])
    sign = decimal or _settle_table(columns, table.delimiter)
    readings: list[Reading] = []
    for column, match, name in zip(columns, matches, names, strict=True):
        if sign == ",":
            column = _look_closer(column)
        match = replace(match, name=name)
        found = _read_with(column, match, find_facts(schema, column.header), sign=sign, decimal=decimal, daily=daily)
        readings += found
        for reading in found:
            refuse_cells(table, column, reading.faults, rejects)
            if reading.variable.remark:
                rejects.note(table.name, column.header, "note", reading.variable.remark)
    return _name_apart(readings)


def _named_by(facts: Facts, header: str, dictionary: str, company: frozenset[str]) -> str:
    """Return the name that a schema gives a column; "" where it only repeats the guess."""
    guess = match_header(header, dictionary, company=company)
    names = {guess.name, f"my_{guess.name}", clean_name(header)}
    left = "name" in facts.get("guessed", "").split(", ") and facts.get("name") in names
    return "" if left or (guess.canonical and guess.name == facts.get("name")) else facts.get("name", "")


def _read_with(column: Column, match: Variable, facts: Facts, **reading: Any) -> list[Reading]:  # noqa: ANN401
    """Read a column with what the schema says; a guess that the schema repeats stays a guess."""
    left = {fact for fact in facts.get("guessed", "").split(", ") if fact in facts}
    said = {fact: text for fact, text in facts.items() if fact not in left}
    found = read_column(column, apply_facts(match, said), **reading)
    if left and not match.canonical:
        corrected = apply_facts(found[0].variable, facts)
        other = {fact for fact in left if corrected.how.get(fact) == "schema"}
        if facts.get("role") in ("none", "person"):
            other.discard("role")  # guessed from the course of the days, further on
        if other:
            said |= {fact: facts[fact] for fact in other}
            found = read_column(column, apply_facts(match, said), **reading)
    return found


def refuse_cells(table: Table, column: Column, faults: dict[int, Fault], rejects: Rejects) -> None:
    """Refuse the cells whose level has a fault: code of the level -> (rule, what is wrong)."""
    for place in np.flatnonzero(np.isin(column.codes, list(faults))) if faults else []:
        code, row = int(column.codes[place]), int(table.rows[place])
        rule, wrong = faults[code]
        message = f"row {row}, {column.header}: {wrong}"
        rejects.add(table.name, row, column.header, column.levels[code], rule, message, "cell set missing")


def _refuse_twins(matches: list[Variable], table: Table) -> None:
    found: dict[str, Variable] = {}
    for match in matches:
        if match.canonical and match.name in found:
            first, second = sorted([found[match.name].source, match.source])
            where = "Columns" if table.name == "days" else f"{table.name}: columns"
            own = f'columns={{{second!r}: "my_{clean_name(second)}"}} (command line: --column)'
            way = f" Rename or remove one, or keep one as a variable of your own: {own}."
            raise JournalError(
                f"{where} {first!r} and {second!r} both mean {match.name!r}."
                + (way if table.name == "days" else " Rename or remove one.")
            )
        if match.canonical:
            found[match.name] = match


def name_columns(matches: list[Variable], places: list[int]) -> list[str]:
    """Return a name for each column: the canonical one, else the header's stem in snake_case.

    Where two columns would get the same name, each of the user's own takes its whole header, then its place.
    """
    fixed = [match.canonical or match.how.get("name") == "schema" for match in matches]
    names = [match.name if sure else clean_name(match.header.stem) for match, sure in zip(matches, fixed, strict=True)]
    whole = [
        match.name if sure else clean_name(match.header.source) for match, sure in zip(matches, fixed, strict=True)
    ]
    mine = [f"my_{name}" if name else "" for name in whole]
    placed = [f"{name or 'column'}_{place}" for name, place in zip(whole, places, strict=True)]
    reserved = set(load_dictionary(DAYS)["name"]) | {"person", "date", ""}
    for others in (whole, mine, placed):
        counts = Counter(names)
        clash = [not sure and (counts[name] > 1 or name in reserved) for sure, name in zip(fixed, names, strict=True)]
        names = [other if bad else name for name, other, bad in zip(names, others, clash, strict=True)]
    return names


def _name_apart(readings: list[Reading]) -> list[Reading]:
    """Give columns that are not what their name says another one, and so where two would have the same."""
    taken: set[str] = set()
    done = []
    for reading in sorted(readings, key=lambda reading: bool(reading.variable.level)):
        variable = reading.variable
        foreign = not variable.canonical and find_row(variable.name)
        first = f"my_{variable.name}" if foreign and variable.how.get("name") != "schema" else variable.name
        name = next(
            name for name in itertools.chain([first], (f"{first}_{n}" for n in itertools.count(2))) if name not in taken
        )
        taken.add(name)
        done.append(replace(reading, variable=replace(variable, name=name)))
    places = {id(reading): place for place, reading in enumerate(readings)}
    order = sorted(readings, key=lambda reading: bool(reading.variable.level))
    return [
        found
        for _, found in sorted(zip(map(lambda r: places[id(r)], order), done, strict=True), key=lambda pair: pair[0])
    ]


def _settle_table(columns: list[Column], delimiter: str) -> str:
    """Return the decimal sign of a table for columns that leave it open: that of the others with figures."""
    comma = point = 0
    for column in columns:
        if column.numbers is not None and (delimiter != ";" or Cells(column, ".").whole):
            point += not Cells(column, ".").whole
            continue
        texts = [text for text in column.levels[:2000] if text and not is_missing(text)]
        if texts and sum(read_number(text) is not None for text in texts) > 0.8 * len(texts):
            commas, points = count_decimal_signs(texts)
            comma, point = comma + (commas > points), point + (points > commas)
    if comma == point:
        return "," if delimiter == ";" else "."
    return "," if comma > point else "."


def _look_closer(column: Column) -> Column:
    """Return a column of figures as texts where 1.234 may be a thousand and more."""
    if column.numbers is None or Cells(column, ".").whole:
        return column
    return replace(column, numbers=None)


def read_column(
    column: Column, variable: Variable, *, sign: str = ".", decimal: str | None = None, daily: bool = True
) -> list[Reading]:
    """Read a column: as the known variable it is, or as your own, whose kind its cells show.

    Parameters
    ----------
    column : Column
    variable : Variable
        What its header and the schema say.
    sign : str
        The decimal sign of the other columns; this one's own figures decide where they can.
    decimal : str, optional
        The decimal sign that was asked for.
    daily : bool
        Whether it is a column of days; only these are taken apart into several.

    Returns
    -------
    list of Reading
        One, or several where a column says more than one thing: a dose (taken, and how much), categories.
    """
    sign, remark = _settle_sign(column, sign, decimal)
    if remark:
        variable = variable.tell(remark)
    cells = Cells(column, sign)
    dose = daily and variable.canonical and variable.role in ("medicine", "remedy") and _are_doses(variable, cells)
    if variable.canonical and not dose:
        known = _read_known(column, variable, cells)
        if known is not None:
            return [known]
        told = f"its cells don't fit {variable.name!r}, so it stays as a variable of your own"
        variable = _disown(variable).tell(told)
    if dose:
        return _read_dose(column, variable, cells)
    reading = _read_own(column, variable, cells)
    return [reading, *_spread_levels(reading, cells)] if daily else [reading]


def _settle_sign(column: Column, sign: str, decimal: str | None) -> tuple[str, str]:
    """Return the decimal sign of a column, and a remark where its cells leave it open."""
    if decimal is not None or column.numbers is not None:
        return decimal or ".", ""
    own = settle_decimal(column.levels)
    sign = own or sign
    guess = None if own else find_guess(column.levels, sign)
    if guess is None:
        return sign, ""
    other = {",": ".", ".": ","}[sign]
    return sign, (
        f"it doesn't show its decimal sign; {guess} is read as {read_number(guess, sign):.15g}. If it is "
        f'{read_number(guess, other):.15g}, say decimal="{other}" (command line: --decimal)'
    )


# --- what the dictionary knows ----------------------------------------------------------------------------------------


def _read_known(column: Column, variable: Variable, cells: Cells) -> Reading | None:
    """Read a column after the dictionary; None where its cells are plainly something else."""
    if variable.kind in ("text", "choice"):
        return _keep_text(column, variable)
    if cells.ticks_and_crosses or (cells.clocks and variable.kind == "amount"):
        return None
    figures = variable.kind in ("count", "amount", "rating")
    if figures and (cells.yes_no_words > 0.5 or _are_flags(variable, cells)):
        told = f"its cells say yes or no, so it is read as yes/no and not in {variable.unit}"
        return _read(column, replace(_as_flags(variable, "guessed"), remark=told), cells)
    if variable.kind == "yes/no":
        if cells.figures > 0.5 and cells.flags < 0.5:
            return None
        if cells.never_says_no:
            variable = variable.tell(_NEVER_NO)
        return _accept(column, variable, cells)
    cells, variable = _drop_codes(cells, variable)
    if variable.kind == "rating":
        variable = _fit_scale(variable, cells)
    elif variable.assumed and len(cells.numbers) and (doubt := _doubt_unit(variable, cells)):
        own = _disown(variable).learn("guessed", kind="amount").tell(doubt)
        return _read(column, _complete(own, cells), cells)
    elif variable.kind == "count" and cells.never_says_none:
        variable = variable.tell(_NEVER_NONE)
    return _accept(column, variable, cells)


_NEVER_NONE = "it never says 0; a blank counts as not known, so write 0 on the days without it"
_NEVER_NO = "it never says no; a blank counts as not known, so write no (or 0) on the days without it"


def _disown(variable: Variable) -> Variable:
    own = Variable(variable.name, variable.source, variable.source, header=variable.header)
    return own.learn("guessed", name=own.name, label=own.label, role="own", timing="", combine="mean")


def _accept(column: Column, variable: Variable, cells: Cells) -> Reading | None:
    """Read a known variable; None where most of its cells can't be read as that."""
    reading = _read(column, variable, cells)
    unread = [code for code, (rule, _) in reading.faults.items() if rule in ("not_a_number", "not_yes_no")]
    if unread and int(column.count()[unread].sum()) > 0.5 * cells.n_filled:
        return None
    return reading


def _as_flags(variable: Variable, how: str) -> Variable:
    facts: dict[str, Any] = {"kind": "yes/no", "unit": "days", "step": 1.0, "low": 0.0, "high": 1.0, "combine": "max"}
    ways = {fact: how for fact in facts if variable.how.get(fact) not in ("schema", "header")}
    return replace(variable, **facts, factor=1.0, how={**variable.how, **ways})


def _are_flags(variable: Variable, cells: Cells) -> bool:
    """Say whether an amount without a unit holds 0 and 1 only, though one of its unit is next to nothing (1 mg)."""
    return variable.assumed and variable.step >= _LARGE_STEP and cells.flags == 1.0 and cells.high == 1


def _doubt_unit(variable: Variable, cells: Cells) -> str:
    """Return why figures without a unit can hardly be in the dictionary's, or ""."""
    values = cells.numbers[:: 1 + len(cells.numbers) // 100_000]
    values = values[values > 0]
    if not len(values):
        return ""
    middle = float(np.median(values))
    row = find_row(variable.name)
    if not row or math.isnan(row["usual_low"]):
        return ""
    usual = row["usual_low"], row["usual_high"]
    mixed = _are_mixed(values, usual)
    clocked = variable.unit == "h" and cells.minutes_for_decimals
    if clocked:
        return (
            "its decimals never reach .60, so 7.30 may mean half past seven; it stays a variable of your own. Write "
            f"7:30 or 7.5, or say the unit in the header, such as '{variable.header.stem} (h)'"
        )
    if not mixed and usual[0] <= middle <= usual[1]:
        return ""
    units = find_units(variable.unit, variable.name).values()
    fitting = [unit for unit, factor, _ in units if factor != 1 and usual[0] <= middle * factor <= usual[1]]
    way = f"'{variable.header.stem} ({fitting[-1] if fitting else variable.unit})'"
    what = (
        "some of its figures are very small beside the others" if mixed else f"figures such as {middle:g} are unusual"
    )
    return (
        f"the header tells no unit, and {what} for {variable.label.lower()} in {variable.unit}, so it stays a variable "
        f"of your own; say the unit in the header, such as {way}, or in the schema"
    )


def _are_mixed(values: Floats, usual: tuple[float, float]) -> bool:
    """Say whether small whole numbers stand among figures of another order, as cups do among milligrams."""
    if usual[0] < 20:
        return False
    small, large = values[values <= 12], values[values >= usual[0]]
    between = len(values) - len(small) - len(large)
    return bool(len(small) >= 2 and len(large) >= 2 and not between and (small == np.floor(small)).all())


def _fit_scale(variable: Variable, cells: Cells) -> Variable:
    """Return a known rating on the scale that its figures show, where no header says one."""
    if variable.how.get("high") in ("header", "schema"):
        return variable.learn(
            "header", unit=f"points of {variable.high:g}", step=step_of_scale(variable.low, variable.high)
        )
    beyond = int((cells.numbers > variable.high).sum())
    scale = None
    if beyond > 1 and variable.high < cells.high <= 100 and cells.low >= 0 and cells.share(beyond) > 0.02:
        scale = (0.0, 100.0)
    elif len(cells.numbers) >= 20 and cells.whole:
        scale = _find_scale(cells, strict=True)
    if scale is None or scale == (variable.low, variable.high):
        return variable
    unit = f"points of {scale[1]:g}"
    told = f"it holds {cells.low:g} to {cells.high:g}, so its scale is taken to be {scale[0]:g}-{scale[1]:g}"
    ways = dict.fromkeys(("low", "high", "unit"), "guessed")
    told += f"; if not, say it in the header, such as '{variable.header.stem} ({variable.low:g}-{variable.high:g})'"
    found = replace(variable, low=scale[0], high=scale[1], unit=unit, step=step_of_scale(*scale))
    return replace(found, how={**variable.how, **ways}).tell(told)


def _find_scale(cells: Cells, *, strict: bool = False) -> tuple[float, float] | None:
    """Return the scale of whole ratings that all its points show: 1-5, 1-7, 0-3 and the like."""
    low, high, n = cells.low, cells.high, len(cells.numbers)
    full = cells.n_distinct == high - low + 1
    scales = ((1, 5), (1, 7), (0, 3), (1, 3), (1, 4), (0, 4))
    if (low, high) not in scales or not full or n < 10:
        return None
    # On a scale from 0 to 10 mild days end at 3, too; but then few of them lie there.
    doubtful = strict and (low == 0 or high < 5) and (cells.numbers == high).mean() < 0.1
    return None if doubtful else (low, high)


# --- doses ------------------------------------------------------------------------------------------------------------


def _are_doses(variable: Variable, cells: Cells) -> bool:
    """Say whether a yes/no medicine is told in figures: how much was taken."""
    if variable.kind != "yes/no" or variable.how.get("kind") == "schema":
        return False
    taken = cells.numbers[cells.numbers != 0]
    told = normalise_header(variable.header.unit) in _WORDS["dose"] or (
        len(taken) > 0 and float((taken > 1).mean()) > 0.5
    )
    return cells.figures > 0.5 and told


def _read_dose(column: Column, variable: Variable, cells: Cells) -> list[Reading]:
    """Read a dose as yes or no, and as an amount of its own."""
    unit = variable.header.unit if normalise_header(variable.header.unit) in _WORDS["dose"] else ""
    amount = _disown(variable)
    name = f"{normalise_header(variable.header.stem).replace(' ', '_')}_dose"
    amount = amount.learn("guessed", name=name, label=f"{variable.source}: dose", kind="amount", combine="max")
    amount = replace(amount, unit=unit)
    if unit:
        amount = replace(amount, how={**amount.how, "unit": "header"})
    cells, amount = _drop_codes(cells, amount)
    dose = _read(column, replace(amount, step=round_step(_spread(cells.numbers))), cells)
    taken = np.where(np.isnan(dose.data), np.nan, dose.data > 0)
    told = f"it holds doses: more than 0 is read as yes, and the dose stays as {name!r}"
    flags = _as_flags(variable, "dictionary").tell(told)
    return [Reading(flags, taken, column, dose.faults), replace(dose, faults={})]


# --- your own ---------------------------------------------------------------------------------------------------------


def _read_own(column: Column, variable: Variable, cells: Cells) -> Reading:
    """Read a column that no dictionary knows: its kind is what was said, or what four fifths of its cells show."""
    how = variable.how.get("kind", "guessed")
    if how == "guessed":
        return _read_unknown(column, variable, cells)
    if variable.kind in ("text", "category"):
        return _keep_text(column, variable)
    if variable.kind == "yes/no":
        return _read(column, _as_flags(variable, how), cells)
    return _read(column, _complete(variable, cells), cells)


def _read_unknown(column: Column, variable: Variable, cells: Cells) -> Reading:
    if why := _doubt_words(variable.header, cells):
        return _keep_text(column, variable.learn("guessed", role=why[0]), why[1])
    if cells.n_filled == 0:
        return _read(column, variable.learn("guessed", kind="amount"), cells)
    yes_no = (0.0 if variable.header.unit else cells.flags) + cells.yes_no_words
    if yes_no >= 0.8 and yes_no >= cells.figures:
        role = _FLAG_ROLES.get(variable.name.split("_")[0]) if "_" in variable.name else None
        found = _as_flags(variable.learn("guessed", role=role or variable.role), "guessed")
        return _read(column, found.tell(_NEVER_NO) if cells.never_says_no else found, cells)
    timed = cells.durations >= 0.8 and bool(variable.header.words & _WORDS["duration"])
    if cells.figures < 0.8 and not timed:
        return _keep_text(column, variable)
    unit = variable.unit or _TIME_WORDS.get(variable.name.split("_")[-1], "h" if timed else "")
    variable = variable.learn("guessed", unit=unit) if unit != variable.unit else variable
    cells, variable = _drop_codes(cells, variable)
    if cells.whole and cells.low == 1 and cells.high == 9 and len(cells.numbers) >= 20:
        others = cells.without([9.0])
        if others.high <= 5:  # 1 to 5, and 9 for no answer
            cells, variable = others, replace(variable, codes=(*variable.codes, 9.0))
    if _are_codes(variable.header, cells):
        return _keep_text(column, variable.learn("guessed", kind="category"))
    return _read(column, _complete(_guess_kind(variable, cells), cells), cells)


def is_note(header: str) -> bool:
    """Say whether a header names a column of free text.

    >>> is_note("My notes"), is_note("mood")
    (True, False)
    """
    named = normalise_header(header)
    return named in ("diary", "text") or bool(set(named.split()) & _WORDS["notes"])


def _doubt_words(header: Header, cells: Cells) -> tuple[str, str] | None:
    """Return the role of a column that is kept as text whatever its figures, and why, or None."""
    words = header.words
    if is_note(header.source) or find_trait(header.source) == "sex":
        return ("person" if find_trait(header.source) else "own"), ""
    if normalise_header(header.source) in _WORDS["date"] and cells.figures > 0.5:
        return "none", "the days are told by another column, so this one is kept as text"
    if _numbers_rows(header, cells):
        return "none", "it numbers the rows, so it is kept as text and not analysed"
    if words & _WORDS["id"] and not header.unit:
        return "none", "it looks like an id, so it is kept as text and not analysed"
    if words and words <= _CALENDAR and cells.whole and len(cells.numbers) == cells.n_filled:
        return "none", "it tells a part of the date, so it is kept as text and not analysed"
    if words & _WORDS["since"]:
        return "none", "it tells a time since something, which only rises, so it is kept as text and not analysed"
    if cells.ticks_and_crosses:
        return "none", "both a tick and a cross stand there, and a cross may mean yes or no; write yes and no"
    if cells.clocks:
        return "none", "it holds times of day, which are kept as text and not analysed"
    if cells.durations >= 0.5 and not words & _WORDS["duration"]:
        way = f"if it is a duration, say so in the header, such as '{header.stem} (h:mm)'"
        return "none", f"it holds times of day or durations, which are kept as text and not analysed; {way}"
    return None


def _numbers_rows(header: Header, cells: Cells) -> bool:
    """Say whether a column does nothing but number the rows, as an index that was written along does."""
    if normalise_header(header.source) not in _ROW_NUMBERS or cells.n_rows < 3 or cells.n_filled < cells.n_rows:
        return False
    return bool(len(cells.numbers) == cells.n_rows and (np.diff(np.sort(cells.numbers)) == 1).all())


def _are_codes(header: Header, cells: Cells) -> bool:
    """Say whether whole numbers only name things: the header says so, or there is just 1 and 2."""
    if not cells.whole or header.scale or header.unit or not 2 <= cells.n_distinct <= 12 or cells.low < 0:
        return False
    return bool(header.words & _WORDS["code"]) or ((cells.low, cells.high) == (1, 2) and len(cells.numbers) >= 10)


def _guess_kind(variable: Variable, cells: Cells) -> Variable:
    """Say whether an own column of figures is a rating, a count or an amount, and on which scale."""
    header, low, high = variable.header, cells.low, cells.high
    if find_trait(header.source):
        return variable.learn("guessed", kind="amount", unit="years", role="person")
    counting = _counts(header) and not header.words & {"hours", "hrs", "minutes", "mins"}
    rating = bool(header.words & _WORDS["rating"]) and not counting
    small = cells.whole and low >= 0 and high <= 10 and not counting
    timed = "h" if header.words & {"hours", "hrs"} else "min" if header.words & {"minutes", "mins"} else ""
    if timed and not variable.unit and not counting:
        variable = variable.learn("guessed", unit=timed)
    dosed = bool(header.words & _WORDS["dose"]) and not header.words & {"dl", "l", "kg", "per"}
    measured = variable.unit or dosed
    if not measured and low >= 0 and high > 1 and ((rating and high <= 100) or small):
        scale = _find_scale(cells) or (0.0, 10.0 if high <= 10 else 100.0)
        return variable.learn("guessed", kind="rating", low=scale[0], high=scale[1])
    if not measured and cells.whole and low >= 0 and (counting or low < 20 or high >= 3 * low):
        found = variable.learn("guessed", kind="count", unit="a day", low=0.0, combine="sum" if counting else "max")
        return found.tell(_NEVER_NONE) if counting and cells.never_says_none else found
    unit = normalise_header(variable.unit)
    taken = unit in _WORDS["dose"] or unit in ("h", "min", "s") or dosed
    named = next((word for word in ("mg", "mcg", "g") if word in header.words), "") if dosed and not unit else ""
    if named:
        variable = variable.learn("guessed", unit=named)
    summed = unit in _WORDS["sum"]
    return variable.learn("guessed", kind="amount", combine="sum" if summed else "max" if taken else "mean")


def _counts(header: Header) -> bool:
    """Say whether a header names things that are counted: a word for it, or a plural."""
    words = normalise_header(header.stem).split()
    if not words:
        return False
    dosed = re.search(r"\d\s?(mg|mcg|g|ml|iu)\b", header.stem, re.IGNORECASE)  # how many of 500 mg
    if set(words) & _WORDS["count"] or words[0] == "n" or "#" in header.source or dosed:
        return True
    last = words[-1]
    return (
        last.endswith("s")
        and len(last) > 3
        and not last.endswith(("ss", "us", "is", "ness"))
        and last not in _WORDS["rating"]
    )


def _complete(variable: Variable, cells: Cells) -> Variable:
    """Return the variable with the step in which it is told, and its scale's unit."""
    if variable.kind == "rating":
        scale = _find_scale(cells) or (0.0, 10.0 if not cells.high > 10 else 100.0)
        if not math.isfinite(variable.high - variable.low):
            variable = variable.learn("guessed", low=scale[0], high=scale[1])
        step = step_of_scale(variable.low, variable.high)
        return replace(variable, unit=f"points of {variable.high:g}", step=step).learn("guessed", combine="mean")
    if variable.kind == "count":
        found = variable.learn("guessed", low=0.0, unit="a day", combine="sum" if _counts(variable.header) else "max")
        return replace(found, step=1.0 if not cells.high > 100 else max(1.0, round_step(_spread(cells.numbers))))
    return replace(variable, step=round_step(_spread(cells.numbers)))


def step_of_scale(low: float, high: float) -> float:
    """Return the step in which a rating is told: a tenth of its scale, at least one point.

    >>> step_of_scale(0, 100), step_of_scale(0, 5)
    (10.0, 1.0)
    """
    return max(1.0, float(round((high - low) / 10))) if math.isfinite(high - low) else 1.0


def _spread(rows: Floats) -> float:
    """Return the standard deviation, in an order of summation that rows in another order can't change."""
    rows = rows[np.isfinite(rows)]
    if len(rows) < 2:
        return 0.0
    with np.errstate(over="ignore"):
        return float(np.std(np.sort(rows) if len(rows) < 100_000 else rows, ddof=1))


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


# --- cells ------------------------------------------------------------------------------------------------------------


def _drop_codes(cells: Cells, variable: Variable) -> tuple[Cells, Variable]:
    """Take out codes such as 999 or -9 that stand far from all other figures: they mean that nothing was recorded."""
    if not len(cells.numbers) or not (cells.low < 0 or cells.high >= 77):
        return cells, variable
    found = [code for code in MISSING_CODES if cells.low <= code <= cells.high and (cells.numbers == code).any()]
    others = cells.numbers[~np.isin(cells.numbers, found)]
    if not found or not len(others):
        return cells, variable
    low, high = float(others.min()), float(others.max())
    scaled = variable.how.get("high") in ("header", "schema") or (variable.kind == "rating" and variable.canonical)
    top = max(high, variable.high) if scaled and math.isfinite(variable.high) else high
    codes = [code for code in found if (low >= (5 if code == -1 else 0) and code < 0) or code > max(5 * high, top, 10)]
    if variable.unit.lower() in ("c", "°c", "f", "°f") or "temp" in variable.source.lower():
        codes = [code for code in codes if abs(code) > 200]
    if not codes:
        return cells, variable
    return cells.without(codes), replace(variable, codes=tuple(codes))


def _read(column: Column, variable: Variable, cells: Cells) -> Reading:
    """Read the cells after the rule of what the column means."""
    rule = Rule(
        variable.kind, variable.unit, variable.factor, variable.low, variable.high, variable.name,
        variable.header.bare, variable.codes,
    )  # fmt: skip
    if column.numbers is not None:
        values, fine = rule.judge(column.numbers)
        if fine:
            return Reading(variable, values, column, {})
    by_level, faults = read_cells(column.levels, rule, decimal=cells.decimal)
    return Reading(variable, column.spread(by_level), column, faults)


def _keep_text(column: Column, variable: Variable, remark: str = "") -> Reading:
    levels = np.array([text or None for text in column.levels] or [None], dtype=object)
    kind = {"kind": "text"} if variable.how.get("kind") != "schema" else {}
    found = variable.learn("guessed", **kind, combine="join")
    found = replace(found, step=math.nan, kind="text" if variable.kind != "choice" else "choice", combine="join")
    values = pd.array(column.spread(levels), dtype="str")
    wanted = variable.kind == "category"
    return Reading(replace(found.tell(remark) if remark else found, categories=wanted), values, column, {})


def _spread_levels(reading: Reading, cells: Cells) -> list[Reading]:
    """Return a yes/no column for each level of a category but the most frequent one, which they are set against."""
    variable, column = reading.variable, reading.column
    if variable.kind != "text" or variable.role in ("none", "person") or not cells.n_filled:
        return []
    if not variable.categories and (is_note(variable.source) or variable.how.get("kind") != "guessed"):
        return []
    words = [_split_answers(text) for text in column.levels]
    counts: Counter[str] = Counter()
    for some, n in zip(words, column.count().tolist(), strict=True):
        counts.update(dict.fromkeys(some, n))
    ranked = sorted(counts, key=lambda text: (-counts[text], text))
    few = 2 <= len(ranked) <= 12 and cells.n_filled >= 5 * len(ranked) and counts[ranked[-1]] >= 2
    short = all(len(text) <= 30 for text in ranked)
    figures = sum(text[0].isdigit() for text in ranked) > 0.5 * len(ranked)
    dated = figures or look_like_dates(ranked) > 0 or all(normalise_header(text) in WEEKDAYS for text in ranked)
    if len(ranked) < 2 or (not variable.categories and (dated or not (few and short))):
        return []
    several = any(len(some) > 1 for some in words)
    against = "" if several else f" (against {ranked[0]})"
    found: list[Reading] = []
    for text in ranked if several else ranked[1:]:
        name = f"{variable.name}_{normalise_header(text).replace(' ', '_') or len(found) + 1}"
        flags = replace(
            variable, name=name, label=f"{variable.label}: {text}{against}", kind="yes/no", unit="days", step=1.0,
            low=0.0, high=1.0, combine="max", level=text, remark="",
        )  # fmt: skip
        by_level = np.array([float(text in some) if some else math.nan for some in words])
        found.append(Reading(flags, column.spread(by_level), column, {}))
    return found


def _split_answers(text: str) -> list[str]:
    """Return the answers in a cell, of which there may be several.

    >>> _split_answers("headache; nausea"), _split_answers("n/a")
    (['headache', 'nausea'], [])
    """
    return list(
        dict.fromkeys(part.strip() for part in re.split(r"[;|]", text) if part.strip() and not is_missing(part))
    )
