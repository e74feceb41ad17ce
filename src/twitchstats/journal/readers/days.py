"""Readings by person and day: every record ends in a day, or is counted with the reason why not."""

import datetime as dt
import math
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cache

import numpy as np
import pandas as pd

from twitchstats.errors import JournalError
from twitchstats.journal.readers.export import Record, Records
from twitchstats.journal.source import Source
from twitchstats.variables import find_variable, load_variables

MOST_CELLS = 20_000_000  # of the table of days; the names that are told most often go first
_MOST_NAMED, _LONGEST = 8, 200
_HUGE = 1e15  # no reading is as large, and sums of such numbers are none
_CELLS = ("day", "column", "value", "record")
_RESERVED = frozenset({"date", "person", "day"})
_WORDS = {
    "sum": "they are added up",
    "mean": "their mean is taken",
    "max": "the highest is taken",
    "join": "they stand side by side",
}


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
        self._keys: dict[tuple[str, str], int] = {}
        self._first: list[int] = []
        self._count: Counter[int] = Counter()
        self._columns: dict[str, int] = {}
        self._values: dict[str, int] = {}
        self._cells = tuple(array("q") for _ in _CELLS)
        self._told: defaultdict[str, set[int]] = defaultdict(set)

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
        key = (person, day if isinstance(day, str) else day.isoformat())
        place = self._keys.setdefault(key, len(self._keys))
        if place == len(self._first):
            self._first.append(record)
        self._count[place] += records
        for column, value in values.items():
            text = f"{value:.10g}" if isinstance(value, float) else str(value).strip()
            if text:
                codes = (place, self._columns.setdefault(column, len(self._columns)),
                         self._values.setdefault(text, len(self._values)), record)  # fmt: skip
                for cells, code in zip(self._cells, codes, strict=True):
                    cells.append(code)
        for group in groups:
            self._told[group].add(place)

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
        if not self._keys:
            told = " ".join(self._tell_left()) or "It has no records."
            raise JournalError(f"Nothing of this {self.format} export can be read. {told}")
        cells = pd.DataFrame(dict(zip(_CELLS, map(np.asarray, self._cells), strict=True)))
        cells = self._choose_columns(cells)
        days, origin = self._lay_out(cells)
        if self.people:
            tables["people"] = pd.DataFrame.from_dict(self.people, orient="index").rename_axis("person").reset_index()
        used = set(days.columns)
        facts = tuple(fact for column, fact in self._facts.items() if column in used and len(fact) > 1)
        notes = (*self._tell_days(), *self.notes, *self._tell_left())
        return Source({"days": days, **tables}, facts, notes, origin, self.n_rows, self.format)

    def _choose_columns(self, cells: pd.DataFrame) -> pd.DataFrame:
        """Keep so many columns that the table of days stays small: known names, then those told most often."""
        most = max(20, MOST_CELLS // len(self._keys))
        names = list(self._columns)
        if len(names) <= most:
            return cells
        counts = np.bincount(cells["column"], minlength=len(names))
        order = sorted(range(len(names)), key=lambda at: (find_variable(names[at]) is None, -counts[at]))
        dropped = order[most:]
        n_cells = int(counts[dropped].sum())
        self.notes.append(
            f"{len(dropped):,} of {len(names):,} names are left out with {n_cells:,} readings, those told most seldom: "
            f"a table of {len(self._keys):,} days holds {most:,} columns."
        )
        return cells[~cells["column"].isin(dropped)]

    def _lay_out(self, cells: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the table of days, a row for each person and day and as many more as open questions need."""
        found = self._combine_cells(cells)
        keys = list(self._keys)
        place = np.empty(len(keys), dtype=np.int64)
        place[sorted(range(len(keys)), key=keys.__getitem__)] = np.arange(len(keys))
        rows = pd.concat([pd.DataFrame({"day": range(len(keys)), "rank": 0}), found[["day", "rank"]]])
        rows = rows.drop_duplicates().assign(place=lambda frame: place[frame["day"]])
        rows = rows.sort_values(["place", "rank"]).reset_index(drop=True)
        rows["person"] = [keys[day][0] for day in rows["day"]]
        index = pd.MultiIndex.from_frame(rows[["day", "rank"]])
        found["row"] = index.get_indexer(pd.MultiIndex.from_frame(found[["day", "rank"]]))
        columns = {}
        for column, part in found.groupby("column"):
            filled = columns[list(self._columns)[column]] = np.full(len(rows), None, dtype=object)
            filled[part["row"].to_numpy()] = part["text"].to_numpy()
        self._fill_ticks(columns, rows)
        self._fill_doses(columns)
        base = {"person": rows["person"].replace("", None)} if rows["person"].any() else {}
        frame = pd.DataFrame({**base, "date": [keys[day][1] for day in rows["day"]], **columns}, dtype="str")
        first = found.groupby("row")["record"].min().reindex(rows.index).to_numpy()
        first = np.where(rows["rank"] == 0, [self._first[day] for day in rows["day"]], first).astype(np.int64)
        records = np.where(rows["rank"] == 0, [self._count[day] for day in rows["day"]], 0)
        return frame, pd.DataFrame({self.record: first, "records": records})

    def _combine_cells(self, cells: pd.DataFrame) -> pd.DataFrame:
        """Return ``day, column, record, rank, text``: one value for each day and column, or several ranked from 0."""
        texts, names = np.array(list(self._values), dtype=object), list(self._columns)
        several = cells.duplicated(["day", "column"], keep=False)
        single = cells[~several].assign(rank=0, text=lambda frame: texts[frame["value"]])
        combined = []
        for column, part in cells[several].groupby("column"):
            for day, values in part.groupby("day"):
                found = self._combine(names[column], list(texts[values["value"]]))
                told = zip(values["record"], found, strict=False)
                combined += [(day, column, record, rank, text) for rank, (record, text) in enumerate(told)]
            self._tell_combined(names[column], part["day"].nunique())
        more = pd.DataFrame(combined, columns=["day", "column", "record", "rank", "text"])
        return pd.concat([single[more.columns], more], ignore_index=True).astype(dict.fromkeys(more.columns[:-1], int))

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

    def _fill_ticks(self, columns: dict[str, np.ndarray], rows: pd.DataFrame) -> None:
        """Set what was not ticked to no, on days that tell of its group, from its first use by this person on."""
        filled = 0
        places = np.arange(len(rows))
        starts = np.maximum.accumulate(np.where(rows["person"] != rows["person"].shift(), places, 0))
        told = {
            group: (rows["day"].isin(self._told[group]) & rows["rank"].eq(0)).to_numpy()
            for group in set(self._ticks.values())
        }
        for name, group in self._ticks.items():
            if name not in columns:
                continue
            ticked = pd.notna(columns[name])
            begun = np.maximum.accumulate(np.where(ticked, places, -1)) >= starts
            unticked = told[group] & ~ticked & begun
            columns[name][unticked] = "no"
            filled += int(unticked.sum())
        if filled:
            self.notes.append(
                f"What was not ticked on a day with entries counts as no from its first use on ({filled:,} cells)."
            )

    def _fill_doses(self, columns: dict[str, np.ndarray]) -> None:
        for dose, taken in self._doses.items():
            if dose in columns and taken in columns:
                none = [
                    value is None and word == "no" for value, word in zip(columns[dose], columns[taken], strict=True)
                ]
                columns[dose][none] = "0"

    def _tell_days(self) -> list[str]:
        kept = self.n_rows - sum(count for count, _ in self._left.values())
        if kept == len(self._keys):
            return []
        return [f"{kept:,} records of the {self.format} export are of {len(self._keys):,} different days."]

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
