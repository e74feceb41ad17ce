"""Readings by person and day: every record ends in a day, or is counted with the reason why not."""

import datetime as dt
import math
import re
from array import array
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd

from twitchstats.arrays import IntArray
from twitchstats.errors import JournalError
from twitchstats.journal.cells import clean_cell
from twitchstats.journal.layout import COLUMN_LIMIT, Source, build_table, code_column
from twitchstats.journal.readers.export import Record, Records, fold
from twitchstats.variables import find_row, find_variable

MOST_CELLS = 20_000_000  # of the table of days; the names that are told most often go first
_MOST_NAMED, _LONGEST = 8, 200
_HUGE = 1e15  # no reading is as large, and sums of such numbers are none
_RESERVED = frozenset({"date", "person", "day"})
_WORDS = {
    "sum": "they are added up",
    "mean": "their mean is taken",
    "max": "the highest is taken",
    "join": "they stand side by side",
}
NO_DATE = "the date is not like 2024-03-31"
Values = Mapping[str, object]


class Days:
    """Collects what an export says of each day: for each reading its day, column, text and record, as numbers.

    Messages call the export by its `format`, and a record what that calls it: a line, an element.
    """

    def __init__(self, format: str, *, record: str = "line") -> None:
        self.format, self.record = format, record
        self.notes: list[str] = []
        self.people: dict[str, dict[str, str]] = {}
        self.n_rows = 0
        self._left: dict[str, tuple[int, str]] = {}
        self._facts: dict[str, dict[str, str]] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._taken: set[str] = set()
        self._ticks: dict[str, str] = {}
        self._doses: dict[str, str] = {}
        self._days: dict[tuple[str, str], int] = {}
        self._first: list[int] = []  # record of each day
        self._groups: dict[str, set[int]] = {}
        self._columns: dict[str, int] = {}
        self._texts: dict[str, int] = {}
        self._readings = tuple(array("q") for _ in range(4))

    def name(self, text: str, *, group: str = "", **facts: str) -> str:
        """Return the column for a name within a group of names, and note what the format says of it.

        The same name in another group gets the group behind it; ``combine`` says how several values of a day become
        one, and where nothing says so they stay several.
        """
        plain = " ".join(clean_cell(text).split())
        key = (group, plain.casefold())
        if key not in self._names:
            column = plain[:_LONGEST] or group or "value"
            if column.casefold() in self._taken | _RESERVED:
                column = f"{column} ({group or self.format})"
            number = 2
            while column.casefold() in self._taken:
                column, number = f"{plain[:_LONGEST]} ({group or self.format} {number})", number + 1
            self._names[key] = column
            self._taken.add(column.casefold())
            self._facts[column] = {"source": column, **facts}
        return self._names[key]

    def tick(self, text: str, *, group: str = "") -> str:
        """Return the column of something that is ticked; on other days with entries of the group it counts as no."""
        column = self.name(text, group=group, kind="yes/no", combine="max")
        self._ticks[column] = group
        return column

    def tick_all(self, texts: Iterable[str], *, group: str = "") -> dict[str, object]:
        """Return the cells of all that is ticked in a list."""
        return {self.tick(text, group=group): "yes" for text in map(str.strip, texts) if text}

    def tell_text(self, text: str, name: str = "Notes", *, group: str = "") -> dict[str, object]:
        """Return the cell of a free text, if there is any."""
        return {self.name(name, group=group, kind="text", combine="join"): text} if text else {}

    def dose(self, text: str, *, taken: str, **facts: str) -> str:
        """Return the column of a dose, which is 0 where the column `taken` says no."""
        column = self.name(text, group="Dose", kind="amount", low="0", combine="sum", **facts)
        self._doses[column] = taken
        return column

    def add(
        self, record: int, day: dt.date | str, values: Values, *, person: str = "", groups: Iterable[str] = (),
        records: int = 1,
    ) -> None:  # fmt: skip
        """Add a record to a day; ``groups`` are those whose ticks it would have told, `records` how many it sums up."""
        self.n_rows += records
        number = self._days.setdefault((person, str(day)[:10]), len(self._days))
        if number == len(self._first):
            self._first.append(record)
        for group in groups:
            self._groups.setdefault(group, set()).add(number)
        for column, value in values.items():
            text = f"{value:.10g}" if isinstance(value, float) else str(value).strip()
            if text:
                place = self._columns.setdefault(column, len(self._columns))
                reading = (number, place, self._code(text), record)
                for part, value in zip(self._readings, reading, strict=True):
                    part.append(value)

    def _code(self, text: str) -> int:
        return self._texts.setdefault(text, len(self._texts))

    def add_rows(
        self,
        table: Records,
        read_row: Callable[[Record], Values | str],
        *,
        when: str | Callable[[Record], dt.date | str | None] = "date",
        why: str = NO_DATE,
        person: str = "",
        groups: Iterable[str] | Callable[[Record], Iterable[str]] = (),
    ) -> "Days":
        """Add the records of a table: what `read_row` makes of each, or the reason why it is left out.

        `when` is the folded header of the dates, or finds the day of a record or the reason why there is none (`why`
        where it gives nothing).
        """
        dates = {} if callable(when) else table.read_days(when)
        for record in table:
            day = when(record) if callable(when) else dates.get(record[when])
            day = f"there is no person in {person!r}" if person and not record[person] else day
            values = read_row(record) if isinstance(day, dt.date) else day or why
            if isinstance(values, str) or not isinstance(day, dt.date):
                self.leave(record.line, str(values), "" if callable(when) or day else record[when])
                continue
            told = groups(record) if callable(groups) else groups
            self.add(record.line, day, values, person=record[person] if person else "", groups=told)
        return self

    def leave(self, record: int, why: str, value: str = "", *, records: int = 1) -> None:
        """Count a record that is left out, with the reason and the cell that is to blame."""
        self.n_rows += records
        count, first = self._left.get(why, (0, f"{self.record} {record}" + (f", {value[:40]!r}" if value else "")))
        self._left[why] = (count + records, first)

    def finish(self, table: Records | None = None, **tables: pd.DataFrame) -> Source:
        """Return the collected days as a `Source`, and tell what of the table they come from was left out.

        Raises
        ------
        JournalError
            No record ended in a day.
        """
        if table is not None:
            self._tell_unread(table)
        if not self._days:
            told = " ".join(self._tell_left()) or "It has no records."
            raise JournalError(f"Nothing of this {self.format} export can be read. {told}")
        keys = sorted(self._days)
        numbers = np.array([self._days[key] for key in keys])
        columns, starts, records = self._spread_readings(np.argsort(numbers))
        n_rows = np.diff(starts, append=len(records))
        bases = [code_column("date", [date for _, date in keys])]
        if any(person for person, _ in keys):
            bases.insert(0, code_column("person", [person for person, _ in keys]))
        self._fill_ticks(columns, starts, keys)
        days = np.repeat(np.arange(len(keys)), n_rows)
        texts = [*self._texts, ""]  # the last one where nothing stands
        used = {name: np.unique(codes, return_inverse=True) for name, codes in columns.items()}
        named = [code_column(name, [texts[code] for code in codes], at) for name, (codes, at) in used.items()]
        records[starts] = np.array(self._first, dtype=np.int64)[numbers]
        whole = build_table([*(base.take(days) for base in bases), *named], records)
        if self.people:
            tables["people"] = pd.DataFrame.from_dict(self.people, orient="index").rename_axis("person").reset_index()
        facts = tuple(fact for column, fact in self._facts.items() if column in columns and len(fact) > 1)
        told = (
            f"{self.n_rows - self._n_left:,} records of the {self.format} export are of {len(keys):,} different days."
        )
        first = [told] if self.n_rows - self._n_left != len(keys) else []
        notes = (*first, *self.notes, *self._tell_left())
        return Source(whole, tables, facts, notes, self.n_rows, self._n_left, self.format)

    def _spread_readings(self, place: IntArray) -> tuple[dict[str, IntArray], IntArray, IntArray]:
        """Return for each column which text stands in each row (-1: none), the first row of each day, and records.

        `place` is that of each day in their order. Values of a day that stay several have further rows behind it.
        """
        day, column, text, record = (np.frombuffer(part, dtype=np.int64) for part in self._readings)
        names = self._choose_columns(np.bincount(column, minlength=len(self._columns)).tolist())
        day = place[day]
        order = np.lexsort((day, column))
        cuts = np.searchsorted(column[order], np.arange(len(self._columns) + 1))
        told = {}
        further = np.zeros(len(place), dtype=np.int64)
        for name in names:
            at = self._columns[name]
            some = order[cuts[at] : cuts[at + 1]]
            told[name] = self._combine(name, day[some], text[some].copy(), record[some])
            np.maximum.at(further, told[name][0], told[name][1])
        starts = np.cumsum(1 + further) - 1 - further
        records = np.full(int((1 + further).sum()), np.iinfo(np.int64).max)
        columns = {}
        for name, (days, nth, texts, first) in told.items():
            columns[name] = codes = np.full(len(records), -1, dtype=np.int64)
            codes[starts[days] + nth] = texts
            np.minimum.at(records, starts[days] + nth, first)
        return columns, starts, records

    def _combine(self, name: str, day: IntArray, text: IntArray, record: IntArray) -> tuple[IntArray, ...]:
        """Return day, number within the day, text and record of what becomes of the readings of a column."""
        starts = np.flatnonzero(np.concatenate([[True], day[1:] != day[:-1]]))
        sizes = np.diff(starts, append=len(day))
        nth = np.arange(len(day)) - np.repeat(starts, sizes)
        several = starts[sizes > 1]
        if not len(several):
            return day, nth, text, record
        rule, texts, kept = self._find_rule(name), list(self._texts), np.ones(len(day), dtype=bool)
        for start, size in zip(several.tolist(), sizes[sizes > 1].tolist(), strict=True):
            found = _combine_texts([texts[code] for code in text[start : start + size]], rule)
            if found is not None:
                text[start] = self._code(found)
                kept[start + 1 : start + size] = False
        if rule in _WORDS and name not in self._ticks:
            self.notes.append(f"{name}: several values on {len(several):,} days; {_WORDS[rule]}.")
        return day[kept], nth[kept], text[kept], record[kept]

    def _choose_columns(self, counts: list[int]) -> list[str]:
        """Return so many columns that the table of days stays small: known names, then those told most often."""
        most = min(COLUMN_LIMIT, max(20, MOST_CELLS // len(self._days)))
        told = dict(zip(self._columns, counts, strict=True))
        order = sorted(told, key=lambda name: (find_variable(name) is None, -told[name]))
        if len(order) > most:
            n_cells = sum(told[name] for name in order[most:])
            self.notes.append(
                f"{len(order) - most:,} of {len(order):,} names are left out with {n_cells:,} readings, those told "
                f"most seldom: a table of {len(self._days):,} days holds {most:,} columns."
            )
        kept = set(order[:most])
        return [name for name in told if name in kept]

    def _find_rule(self, name: str) -> str:
        """Return how values of a day combine: as the format says, else as the dictionary does for a name it knows."""
        told = self._facts.get(name, {})
        known = find_variable(re.sub(r" *\([^()]*\)$", "", name))
        return told.get("combine") or (str(find_row(known)["combine"]) if known and "kind" not in told else "")

    def _fill_ticks(self, columns: dict[str, IntArray], starts: IntArray, keys: list[tuple[str, str]]) -> None:
        """Set what was not ticked to no, on days that tell of its group, from its first use by this person on.

        A dose is 0 where it was not taken.
        """
        filled, people = 0, pd.factorize(np.array([person for person, _ in keys], dtype=object))[0]
        place = {self._days[key]: at for at, key in enumerate(keys)}
        for name in self._ticks.keys() & columns.keys():
            codes, told = columns[name][starts], np.zeros(len(keys), dtype=bool)
            told[[place[number] for number in self._groups.get(self._ticks[name], ())]] = True
            begun = pd.Series(codes).groupby(people).cummax().to_numpy() >= 0
            blank = starts[told & begun & (codes < 0)]
            columns[name][blank] = self._code("no")
            filled += len(blank)
        for dose, taken in self._doses.items():
            if dose in columns and taken in columns:
                columns[dose][(columns[taken] == self._code("no")) & (columns[dose] < 0)] = self._code("0")
        if filled:
            self.notes.append(
                f"What was not ticked on a day with entries counts as no from its first use on ({filled:,} cells)."
            )

    @property
    def _n_left(self) -> int:
        return sum(count for count, _ in self._left.values())

    def _tell_unread(self, table: Records) -> None:
        """Tell what of a table was left out: rows of another width than the header, and columns."""
        self.notes += table.notes
        for why, lines in table.left.items():
            if lines:
                self.leave(lines[0], why, records=len(lines))
        unread = [header for header in table.headers if header and fold(header) not in table.used]
        if unread:
            more = f" and {len(unread) - _MOST_NAMED} more" if len(unread) > _MOST_NAMED else ""
            self.notes.append(f"Columns that are not read: {', '.join(unread[:_MOST_NAMED])}{more}.")

    def _tell_left(self) -> list[str]:
        return [
            f"{count:,} {'record' if count == 1 else 'records'} left out: {why} (the first: {first})."
            for why, (count, first) in self._left.items()
        ]


def _combine_texts(found: list[str], rule: str) -> str | None:
    """Return the value of a day that has several; None where nothing says how they combine, so that all stay."""
    if rule == "join":
        return " | ".join(dict.fromkeys(found))
    if rule == "max" and set(found) <= {"yes", "no"}:
        return "yes" if "yes" in found else "no"
    numbers = [number for text in found if (number := to_number(text)) is not None]
    return f"{_COMBINERS[rule](numbers):.10g}" if rule and len(numbers) == len(found) else None


def to_number(text: str) -> float | None:
    """Return a number as machines write it; None for any other text, and beyond what any reading is.

    >>> to_number("7.5"), to_number("7,5"), to_number("nan")
    (7.5, None, None)
    """
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < _HUGE and "_" not in text else None


_COMBINERS: dict[str, Callable[[list[float]], float]] = {
    "sum": math.fsum,
    "mean": lambda numbers: math.fsum(numbers) / len(numbers),
    "max": max,
}
