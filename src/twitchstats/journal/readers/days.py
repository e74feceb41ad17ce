"""Readings by person and day: every record ends in a day, or is counted with the reason why not."""

import datetime as dt
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

import pandas as pd

from twitchstats.errors import JournalError
from twitchstats.journal.readers.export import Record, Records
from twitchstats.journal.source import Source
from twitchstats.variables import find_variable, load_variables

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


@dataclass(slots=True)
class _Day:
    """A row: the first record that tells of it, how many do, the groups that they tell of, and its cells."""

    record: int
    records: int = 0
    groups: set[str] = field(default_factory=set)
    cells: dict[str, str] = field(default_factory=dict)
    more: dict[str, list[tuple[int, str]]] = field(default_factory=dict)  # further values, each with its record


class Days:
    """Collects what an export says of each day.

    Parameters
    ----------
    format : str
        Name of the format, for messages.
    record : str
        What the export calls a record: a line, an element.
    """

    def __init__(self, format: str, *, record: str = "line") -> None:
        self.format, self.record = format, record
        self.notes: list[str] = []
        self.people: dict[str, dict[str, str]] = {}
        self.n_rows = 0
        self._left: dict[str, tuple[int, int]] = {}
        self._facts: dict[str, dict[str, str]] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._taken: set[str] = set()
        self._ticks: dict[str, str] = {}
        self._doses: dict[str, str] = {}
        self._days: dict[tuple[str, str], _Day] = {}
        self._counts: Counter[str] = Counter()

    def name(self, text: str, *, group: str = "", **facts: str) -> str:
        """Return the column for a name within a group of names, and note what the format says of it.

        The same name in another group gets the group behind it; ``combine`` says how several values of a day become
        one, and where nothing says so they stay several.
        """
        plain = " ".join(text.split())
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

    def dose(self, text: str, *, taken: str, **facts: str) -> str:
        """Return the column of a dose, which is 0 where the column `taken` says no."""
        column = self.name(text, group="Dose", kind="amount", low="0", combine="sum", **facts)
        self._doses[column] = taken
        return column

    def add(
        self,
        record: int,
        day: dt.date | str,
        values: Mapping[str, object],
        *,
        person: str = "",
        groups: Iterable[str] = (),
        records: int = 1,
    ) -> None:
        """Add a record to a day; ``groups`` are those whose ticks it would have told, `records` how many it sums up."""
        self.n_rows += records
        found = self._days.setdefault((person, day if isinstance(day, str) else day.isoformat()), _Day(record))
        found.records += records
        found.groups.update(groups)
        for column, value in values.items():
            text = f"{value:.10g}" if isinstance(value, float) else str(value).strip()
            if text:
                self._counts[column] += 1
                if column in found.cells:
                    found.more.setdefault(column, []).append((record, text))
                else:
                    found.cells[column] = text

    def add_wide(
        self,
        records: Records,
        read_cell: Callable[[str, str], Mapping[str, object]],
        *,
        read_key: Callable[[Record], dt.date | None] | None = None,
        why: str = "the date is not like 2024-03-31",
        groups: Iterable[str] = (),
    ) -> None:
        """Add a table with a row for each day: `read_cell` makes a filled cell of a folded header into columns."""
        dates = records.read_days("date")
        for record in records:
            day = read_key(record) if read_key else dates.get(record["date"])
            if day is None:
                self.leave(record.line, why)
                continue
            values: dict[str, object] = {}
            for name in record.cells:
                if text := record[name]:
                    values |= read_cell(name, text)
            self.add(record.line, day, values, groups=groups)

    def leave(self, record: int, why: str, *, records: int = 1) -> None:
        """Count a record that is left out, with the reason."""
        self.n_rows += records
        count, first = self._left.get(why, (0, record))
        self._left[why] = (count + records, first)

    def close(self, table: Records) -> None:
        """Tell what of a table was left out: rows of another width than the header, and columns."""
        self.notes += table.notes
        if table.ragged:
            self.leave(table.ragged[0], "more or fewer cells than the header has", records=len(table.ragged))
        unread = table.list_unread()
        if unread:
            more = f" and {len(unread) - _MOST_NAMED} more" if len(unread) > _MOST_NAMED else ""
            self.notes.append(f"Columns that are not read: {', '.join(unread[:_MOST_NAMED])}{more}.")

    def finish(self, **tables: pd.DataFrame) -> Source:
        """Return the collected days as a `Source`.

        Raises
        ------
        JournalError
            No record ended in a day.
        """
        if not self._days:
            told = " ".join(self._tell_left()) or "It has no records."
            raise JournalError(f"Nothing of this {self.format} export can be read. {told}")
        names = self._choose_columns()
        rows = self._spread_rows(names)
        self._fill_ticks(rows, names)
        base: dict[str, list[str | None]] = {"date": [date for _, date, _ in rows]}
        if any(person for person, _, _ in rows):
            base = {"person": [person or None for person, _, _ in rows], **base}
        cells = {name: [row.cells.get(name) for _, _, row in rows] for name in names}
        days = pd.DataFrame({**base, **cells}, dtype="str")
        origin = pd.DataFrame([(row.record, row.records) for _, _, row in rows], columns=[self.record, "records"])
        if self.people:
            tables["people"] = pd.DataFrame.from_dict(self.people, orient="index").rename_axis("person").reset_index()
        facts = tuple(fact for column, fact in self._facts.items() if column in cells and len(fact) > 1)
        notes = (*self._tell_days(), *self.notes, *self._tell_left())
        return Source({"days": days, **tables}, facts, notes, origin, self.n_rows, self.format)

    def _choose_columns(self) -> list[str]:
        """Return so many columns that the table of days stays small: known names, then those told most often."""
        most = max(20, MOST_CELLS // len(self._days))
        order = sorted(self._counts, key=lambda name: (find_variable(name) is None, -self._counts[name]))
        if len(order) > most:
            n_cells = sum(self._counts[name] for name in order[most:])
            self.notes.append(
                f"{len(order) - most:,} of {len(order):,} names are left out with {n_cells:,} readings, those told "
                f"most seldom: a table of {len(self._days):,} days holds {most:,} columns."
            )
        kept = set(order[:most])
        return [name for name in self._counts if name in kept]

    def _spread_rows(self, names: list[str]) -> list[tuple[str, str, _Day]]:
        """Return a row for each person and day in order, and further ones where values of a day stay several."""
        rows, known, several = [], set(names), Counter[str]()
        for (person, date), day in sorted(self._days.items(), key=lambda item: item[0]):
            rows.append((person, date, day))
            others: list[_Day] = []
            for name, more in day.more.items():
                if name not in known:
                    continue
                several[name] += 1
                found = self._combine(name, [day.cells[name], *(text for _, text in more)])
                day.cells[name] = found[0]
                others += [_Day(record) for record, _ in more[len(others) : len(found) - 1]]
                for other, (record, _), text in zip(others, more, found[1:], strict=False):
                    other.cells[name] = text
                    other.record = min(other.record, record)
            rows += [(person, date, other) for other in others]
        for name, n_days in several.items():
            self._tell_combined(name, n_days)
        return rows

    def _combine(self, name: str, found: list[str]) -> list[str]:
        """Return the value of a day that has several; where nothing says how they combine, all of them."""
        rule = self._find_rule(name)
        if rule == "join":
            return [" | ".join(dict.fromkeys(found))]
        if rule == "max" and set(found) <= {"yes", "no"}:
            return ["yes" if "yes" in found else "no"]
        numbers = [number for text in found if (number := _to_number(text)) is not None]
        return [_COMBINERS[rule](numbers)] if rule and len(numbers) == len(found) else found

    def _find_rule(self, name: str) -> str:
        """Return how values of a day combine: as the format says, else as the dictionary does for a name it knows."""
        told = self._facts.get(name, {})
        known = find_variable(re.sub(r" *\([^()]*\)$", "", name))
        return told.get("combine") or (_find_combine(known) if known and "kind" not in told else "")

    def _tell_combined(self, name: str, n_days: int) -> None:
        rule = self._find_rule(name)
        if rule in _WORDS and name not in self._ticks:
            self.notes.append(f"{name}: several values on {n_days:,} days; {_WORDS[rule]}.")

    def _fill_ticks(self, rows: list[tuple[str, str, _Day]], names: list[str]) -> None:
        """Set what was not ticked to no, on days that tell of its group, from its first use by this person on.

        A dose is 0 where it was not taken.
        """
        filled, begun, last = 0, set[str](), ""
        ticks = self._ticks.keys() & set(names)
        doses = {dose: taken for dose, taken in self._doses.items() if dose in self._counts}
        for person, _, row in rows:
            begun = begun if person == last else set()
            begun, last = begun | (ticks & row.cells.keys()), person
            for name in begun - row.cells.keys():
                if self._ticks[name] in row.groups:
                    row.cells[name] = "no"
                    filled += 1
            for dose, taken in doses.items():
                if row.cells.get(taken) == "no":
                    row.cells.setdefault(dose, "0")
        if filled:
            self.notes.append(
                f"What was not ticked on a day with entries counts as no from its first use on ({filled:,} cells)."
            )

    def _tell_days(self) -> list[str]:
        kept = self.n_rows - sum(count for count, _ in self._left.values())
        if kept == len(self._days):
            return []
        return [f"{kept:,} records of the {self.format} export are of {len(self._days):,} different days."]

    def _tell_left(self) -> list[str]:
        return [
            f"{count:,} {'record' if count == 1 else 'records'} left out: {why} (the first: {self.record} {first})."
            for why, (count, first) in self._left.items()
        ]


@cache
def _find_combine(name: str) -> str:
    return str(load_variables().set_index("name").loc[name, "combine"])


def _to_number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < _HUGE and "_" not in text else None


_COMBINERS = {
    "sum": lambda numbers: f"{math.fsum(numbers):.10g}",
    "mean": lambda numbers: f"{math.fsum(numbers) / len(numbers):.10g}",
    "max": lambda numbers: f"{max(numbers):.10g}",
}
