"""Whose row it is and which day it tells: the columns that say so, and what they come to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twitchstats.errors import unknown_name
from twitchstats.journal.dates import (
    are_day_numbers,
    has_clock,
    look_like_dates,
)
from twitchstats.journal.layout import Column, Mask, Table
from twitchstats.journal.record import Rejects
from twitchstats.variables import load_words, normalise_header

SOLE_PERSON = "me"


@dataclass(frozen=True, eq=False)
class Keys:
    """The keys of the rows that were kept: codes into sorted people, and the day of each row.

    `mask` says which rows of the table were kept; `numbers` are days since 1970, or the numbers of days or entries.
    """

    people: NDArray[np.object_]
    person: NDArray[np.int32]
    numbers: NDArray[np.int64]
    calendar: str
    mask: Mask
    columns: list[Column]

    def index(self, order: NDArray[np.int64] | slice) -> pd.MultiIndex:
        """Return the index (person, date) of some of the rows."""
        numbers = self.numbers[order]
        first, span = int(numbers.min()), int(numbers.max() - numbers.min())
        if span <= 4 * len(numbers):
            there = np.zeros(span + 1, dtype=bool)
            there[numbers - first] = True
            days, codes = np.flatnonzero(there) + first, (np.cumsum(there) - 1)[numbers - first]
        else:
            days, codes = np.unique(numbers, return_inverse=True)
        dates = pd.Index(days, name="date")
        if self.calendar == "date":
            dates = pd.DatetimeIndex(days.astype("datetime64[D]").astype("datetime64[us]"), name="date")
        people = pd.Index(self.people, dtype="str", name="person")
        return pd.MultiIndex(
            levels=[people, dates], codes=[self.person[order], codes], names=["person", "date"], verify_integrity=False
        ).remove_unused_levels()

    def tell_day(self, row: int) -> str:
        """Return the day of a row as text."""
        number = int(self.numbers[row])
        return str(np.datetime64(number, "D")) if self.calendar == "date" else str(number)


def number_days(index: pd.MultiIndex, calendar: str) -> NDArray[np.int64]:
    """Return the day of each row as a number: days since 1970, or the number of the day or entry."""
    level = index.levels[1]
    days = level.to_numpy().astype("datetime64[D]").astype(np.int64) if calendar == "date" else level.to_numpy()
    return days[np.asarray(index.codes[1])]


def pick_column(table: Table, asked: str, option: str) -> Column:
    """Return the column that an option names, as the header is written or nearly so.

    Raises
    ------
    UnknownNameError
        There is no such column.
    """
    for column in table.columns:
        if column.header == asked:
            return column
    for column in table.columns:
        if normalise_header(column.header) == normalise_header(asked):
            return column
    raise unknown_name(f"column (asked for as {option}=)", asked, table.headers)


def find_aliases(columns: Sequence[Column], words: str) -> list[Column]:
    """Return the columns whose headers are in a list of words, in its order."""
    known = {normalise_header(column.header): column for column in reversed(columns)}
    return [known[word] for word in load_words(words) if word in known]


def find_person(table: Table, asked: str | None) -> Column | None:
    """Return the column that says whose row it is, or None where the table has one person only."""
    if asked is not None:
        if asked in load_words("sole person") and asked not in table.headers:
            return None
        return pick_column(table, asked, "person")
    # An 'id' that is new in each row numbers the rows, not the people.
    found = [column for column in find_aliases(table.columns, "person column") if not _numbers_rows(column)]
    return found[0] if found else None


def _numbers_rows(column: Column) -> bool:
    named = normalise_header(column.header) in ("id", "record id")
    return named and 1 < len(column) == np.count_nonzero(column.count())


def find_date(table: Table, asked: str | None, rejects: Rejects) -> Column | None:
    """Return the column of dates or day numbers, or None.

    Of several with a fitting name it is the first whose cells look like dates or day numbers. Where no name fits, the
    only column of days without a time of day whose name speaks of a date is taken, and that is told.
    """
    if asked is not None:
        return pick_column(table, asked, "date")
    found = find_aliases(table.columns, "date column")
    filled = [column for column in found if look_like_dates(column.levels) > 0.5 or are_day_numbers(column.levels)]
    sure = [column for column in found if normalise_header(column.header) in load_words("sure date column")]
    if filled or sure:
        return next(iter(filled + sure))
    named = [column for column in table.columns if set(normalise_header(column.header).split()) & {"date", "datum"}]
    named = [column for column in named if not {"birth", "start", "end"} & set(normalise_header(column.header).split())]
    days = [c for c in named if look_like_dates(c.levels) > 0.9 and not any(map(has_clock, c.levels[:200]))]
    if len(days) != 1:
        return None
    rejects.note(table.name, days[0].header, "date_column", "the days are taken from it, as no column is named 'date'")
    return days[0]
