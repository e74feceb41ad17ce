"""Whose row it is and which day it tells, and what is asked about: rows that say neither, tables of another shape."""

import datetime as dt
import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twitchstats.arrays import BoolArray, IntArray
from twitchstats.errors import JournalError, unknown_name
from twitchstats.journal.cells import Fault, is_missing, look_like_numbers, read_clock_time, read_number, take_figures
from twitchstats.journal.dates import (
    LAYOUTS,
    WEEKDAYS,
    are_day_numbers,
    are_years,
    hold_days,
    look_like_dates,
    read_clock,
    read_dates,
    read_day_numbers,
    try_date,
)
from twitchstats.journal.layout import Column, Table, code_column, refuse_cells
from twitchstats.journal.record import Rejects, quote_some
from twitchstats.journal.variable import find_trait, split_header
from twitchstats.variables import (
    find_units,
    find_variable,
    hold_medicine,
    is_symptom,
    load_choices,
    load_dictionary,
    load_words,
    normalise_header,
    read_yes_no,
    split_words,
    word_set,
)

SOLE_PERSON = "me"  # as `person=`: all rows are one person's
MOST_NAMED = 0.9  # of the rows of a column that says whose they are
DATES_NIGHTS = "it dates nights, by their evening or their morning"


@dataclass(frozen=True, eq=False)
class Keys:
    """The keys of the rows that were kept: codes into sorted people, and into sorted days.

    `days` are counted since 1970, or numbers of days or entries. `table` holds these rows, and `columns` are those of
    its columns that tell the keys, the date last.
    """

    people: NDArray[np.object_]
    person: NDArray[np.int32]
    days: IntArray
    day: NDArray[np.int32]
    calendar: str
    table: Table
    columns: list[Column]

    @cached_property
    def numbers(self) -> IntArray:
        """The day of each row."""
        return self.days[self.day]

    @cached_property
    def others(self) -> list[Column]:
        """The columns that are no keys."""
        return [column for column in self.table.columns if column not in self.columns]

    @cached_property
    def rank(self) -> IntArray:
        """The place of each row in the order of people and days."""
        rank = self.person * np.int64(len(self.days))
        rank += self.day  # in place: millions of rows are not held once more
        return rank

    @cached_property
    def again(self) -> BoolArray:
        """Whether an earlier row tells of the same person and day."""
        most = int(self.rank.max()) + 1
        if (self.rank[1:] > self.rank[:-1]).all() or (most < 9 * len(self.rank) and np.bincount(self.rank).max() == 1):
            return np.zeros(len(self.rank), dtype=bool)  # as in most journals
        return pd.Series(self.rank).duplicated().to_numpy()

    def tell_apart(self, *columns: Column) -> bool:
        """Say whether columns tell the rows of each person and day apart, but for one in ten that repeat it."""
        codes = pd.DataFrame({"rank": self.rank} | {str(column.place): column.codes for column in columns})
        odd = codes.duplicated().to_numpy()
        return not odd.any() or bool((odd & ~self.table.copies).sum() <= 0.1 * self.again.sum())

    def index(self, order: IntArray | slice) -> pd.MultiIndex:
        """Return the index (person, date) of some of the rows."""
        dates = pd.Index(self.days, name="date")
        if self.calendar == "date":
            dates = pd.DatetimeIndex(self.days.astype("datetime64[D]").astype("datetime64[us]"), name="date")
        people = pd.Index(self.people, dtype="str", name="person")
        return pd.MultiIndex(
            levels=[people, dates],
            codes=[self.person[order], self.day[order]],
            names=["person", "date"],
            verify_integrity=False,
        )

    def tell_day(self, row: int) -> str:
        """Return the day of a row as text."""
        number = int(self.days[self.day[row]])
        return str(np.datetime64(number, "D")) if self.calendar == "date" else str(number)


def number_days(index: pd.MultiIndex, calendar: str) -> IntArray:
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
    alike = [column for column in table.columns if normalise_header(column.header) == normalise_header(asked)]
    for column in [*(column for column in table.columns if column.header == asked), *alike]:
        return column
    raise unknown_name(f"column (asked for as {option}=)", asked, table.headers)


def find_aliases(columns: Sequence[Column], words: str) -> list[Column]:
    """Return the columns whose headers are in a list of words, in its order."""
    known = {normalise_header(column.header): column for column in reversed(columns)}
    return [known[word] for word in load_words(words) if word in known]


def find_person(table: Table, asked: str | None, *, needed: bool = True) -> Column | None:
    """Return the column that says whose row it is (that asked for, if it is there or needed), or None if none does."""
    if asked is not None and (needed or normalise_header(asked) in map(normalise_header, table.headers)):
        return None if asked == SOLE_PERSON else pick_column(table, asked, "person")
    # An 'id' that is new in nearly each row numbers the rows, not the people.
    ids = [column for column in table.columns if normalise_header(column.header) in ("id", "record id")]
    numbers = [column for column in ids if 0.95 * len(column) < len(column.levels) > 1]
    return next((column for column in find_aliases(table.columns, "person column") if column not in numbers), None)


def read_days(
    column: Column, *, numbered: bool, today: dt.date, date_format: str | None = None
) -> tuple[list[Any], dict[int, Fault]]:
    """Read each level of a column as a date, or as the number of a day; returns as `read_dates`."""
    if numbered:
        return read_day_numbers(column.levels)
    return read_dates(column.levels, column.header, today=today, date_format=date_format)


def dates_nights(header: str) -> bool:
    """Say whether a column of dates may tell the evening as well as the morning of a night.

    >>> dates_nights("night of"), dates_nights("end of the night")
    (True, False)
    """
    words = split_words(header)
    return bool(words & word_set("night date")) and not words & word_set("morning date")


def find_date(table: Table, asked: str | None, rejects: Rejects) -> Column | None:
    """Return the column of dates or day numbers, or None.

    Of several with a fitting name it is the first whose cells look like dates or day numbers. Where no name fits, the
    only column of days without a time of day is taken whose name speaks of a date, or that stands first and runs from
    day to day; that is told.
    """
    if asked is not None:
        return pick_column(table, asked, "date")
    found = find_aliases(table.columns, "date column")
    filled = [column for column in found if look_like_dates(column.levels) > 0.5 or are_day_numbers(column.levels)]
    sure = [column for column in found if normalise_header(column.header) in load_words("sure date column")]
    if filled or sure:
        return next(iter(filled + sure))
    others = [column for column in table.columns if not split_words(column.header) & {"birth", "start", "end"}]
    days = [column for column in others if column.numbers is None and hold_days(column.levels)]
    named = [column for column in days if split_words(column.header) & {"date", "datum", "time"}]
    if not (len(named) == 1 or (len(days) == 1 and days[0].place == 1 and _run_by_day(days[0]))):
        return None
    day = (named or days)[0]
    rejects.note(table.name, day.header, "date_column", "the days are taken from it, as no column is named 'date'")
    return day


def _run_by_day(column: Column) -> bool:
    """Say whether each row has a date of its own, most a few days from the one before, in some layout."""
    for layout in LAYOUTS:
        days = [date.toordinal() for text in column.levels if (date := try_date(text, layout))]
        if 1 < len(column) == len(column.levels) == len(days) and np.median(np.abs(np.diff(days))) <= 7:
            return True
    return False


_NO_ROW, _NOBODY = "row dropped", "the row doesn't say whose it is"
_DIGIT = re.compile(r"\d")
_MOST_WEEKDAYS = 50  # different cells of a column of weekdays
_MONTHS = frozenset(word for month in range(1, 13) for word in load_words(f"month {month}"))
_PART_DATE = re.compile(r"\d{1,2}(\.\s?\d{1,2}\.|/\d{1,2})$")
_PERSON_WORDS = word_set("person code") | word_set("relative")
_PERSON_CODE = re.compile(rf"({'|'.join(sorted(_PERSON_WORDS))}) ?\d{{1,4}}")
_PASTE = "so it is turned (a spreadsheet pastes what was copied transposed)"
_TURNED: tuple[tuple[str, Callable[[str], bool], str], ...] = (
    ("its dates", lambda header: len(header) > 5 and look_like_dates([header]) == 1, _PASTE),
    ("days without a year", lambda header: bool(_PART_DATE.match(header)), _PASTE),
    ("months", lambda header: normalise_header(header) in _MONTHS, "as a calendar on one page has"),
    ("weekdays", lambda header: normalise_header(header) in WEEKDAYS, "as a timetable has"),
    ("times of day", lambda header: ":" in header and read_clock_time(header) is not None, "as a timetable has"),
)


def read_keys(
    table: Table,
    rejects: Rejects,
    *,
    person: str | None,
    date: str | None,
    order: str,
    date_format: str | None,
    today: dt.date,
    renamed: frozenset[str] = frozenset(),
) -> Keys:
    """Read person and date of each row; rows without them are refused.

    Raises
    ------
    JournalError
        There is no date column, no row has keys that can be read, or the table has another shape than a row a day.
    """
    refuse_turned(table)
    who = find_person(table, person)
    when = None if order == "none" else find_date(table, date, rejects)
    if when is None and order != "none":
        refuse_long(table.columns, table, None)
        raise JournalError(advise_undated(table, who))
    if when is not None:
        _refuse_second_header(table, when, who)
        _refuse_second_table(table, when)
    if when is not None and who is not None and when.place == who.place:
        raise JournalError(f"Column {when.header!r} can't tell both the person and the date. Name two columns.")
    known = np.ones(len(table.rows), dtype=bool) if who is None else find_named(table, who, rejects)
    known &= _drop_totals(table, [c for c in (who, when) if c is not None] or table.columns[:1], rejects)
    numbers, calendar, mask = dict[str, int](), "none", known
    if when is not None:
        numbers, calendar = _read_when(table, when, order, date_format, today, known, rejects)
        mask = known & when.spread(np.array([text in numbers for text in when.levels], dtype=bool))
    if not mask.any():
        first = [f" The first: {entry[5]}." for entry in rejects.entries if entry[6] == _NO_ROW][:1]
        raise JournalError(
            f"None of the {table.rows_read} rows of {table.source or 'the table'} could be kept.{''.join(first)}"
        )
    kept = table.keep(mask)
    columns = [kept.columns[table.columns.index(column)] for column in (who, when) if column is not None]
    people, codes = _code_people(None if who is None else columns[0], len(kept.rows), table.name, rejects)
    if when is None:
        days, day = np.unique(pd.Series(codes).groupby(codes).cumcount().to_numpy() + 1, return_inverse=True)
    else:
        days, place = np.unique([numbers[text] for text in columns[-1].levels], return_inverse=True)
        day = columns[-1].spread(place.astype(np.int32))
    keys = Keys(people, codes, days, day.astype(np.int32, copy=False), calendar, kept, columns)
    if calendar == "date":
        _note_slips_of_years(keys, rejects)
    own = [column for column in keys.others if column.header not in renamed]
    check_shape(own, keys, person=person, order=order)
    _refuse_blocks(keys, rejects, person=person)
    return keys


def find_named(table: Table, who: Column, rejects: Rejects, *, among: BoolArray | None = None) -> BoolArray:
    """Say which rows name their person; the others (`among` some rows) go to `rejects`."""
    faults = {
        code: ("missing_person", f"{f'{text!r} names nobody' if text else _NOBODY}; fill it in")
        for code, text in enumerate(who.levels) if is_missing(text)
    }  # fmt: skip
    return ~refuse_cells(table, who, faults, rejects, action=_NO_ROW, among=among)


def _drop_totals(table: Table, columns: list[Column], rejects: Rejects) -> BoolArray:
    """Say which rows are no totals or averages of the others, and no header again; those go to `rejects`."""
    kept = np.ones(len(table.rows), dtype=bool)
    for column in columns:
        words = {code: normalise_header(text) for code, text in enumerate(column.levels) if not _DIGIT.search(text)}
        own, dated = normalise_header(column.header), load_words("date column")
        again = {own, *(dated if own in dated else ())}
        faults = {
            code: ("header_again", f"{column.levels[code]!r} is the header again")
            if name in again
            else ("totals_row", f"{column.levels[code]!r} marks a row of totals, which is no entry of a day")
            for code, name in words.items() if name in again | word_set("totals")
        }  # fmt: skip
        kept &= ~refuse_cells(table, column, faults, rejects, action=_NO_ROW, among=kept)
    return kept


def _code_people(
    who: Column | None, n_rows: int, table: str, rejects: Rejects
) -> tuple[NDArray[np.object_], NDArray[np.int32]]:
    """Return the people in sorted order, and which of them each row is about.

    People whose names differ in capitals, spaces or zeros only may be one, which is told.
    """
    if who is None:
        return np.array([SOLE_PERSON], dtype=object), np.zeros(n_rows, dtype=np.int32)
    people = np.array(sorted(set(who.levels)), dtype=object)
    place = {name: number for number, name in enumerate(people)}
    known = np.array([place[text] for text in who.levels], dtype=np.int32)
    plain = pd.Series(people, dtype="str").str.casefold().str.replace(r"\s+|(?<!\d)0+(?=\d)|\.0+$", "", regex=True)
    again = people[plain.duplicated(keep=False).to_numpy()]
    if len(again):
        message = f"{quote_some(again, 4)} differ only in how they are written, and are read as different people"
        rejects.note(table, who.header, "spelling", message)
    return people, who.codes if who.levels == people.tolist() else known[who.codes]


def _read_when(
    table: Table,
    when: Column,
    order: str,
    date_format: str | None,
    today: dt.date,
    known: BoolArray,
    rejects: Rejects,
) -> tuple[dict[str, int], str]:
    """Return the number of the day that each text tells, where it could be read, and the calendar."""
    numbered = order == "day" or (order == "auto" and date_format is None and are_day_numbers(when.levels))
    if numbered and order == "auto" and are_years(when.levels):
        raise JournalError(
            f"Column {when.header!r} holds years, such as {next(filter(None, when.levels))!r}, and no days. Write full "
            'dates (2024-03-31). If they do number days, say order="day" (--order day).'
        )
    found, faults = read_days(when, numbered=numbered, today=today, date_format=date_format)
    if not numbered:
        note_stamps(table, when, rejects)
    refuse_cells(table, when, faults, rejects, action=_NO_ROW, among=known)
    _note_merged(table, when, rejects)
    days = {
        text: day.toordinal() - 719163 if isinstance(day, dt.date) else int(day)
        for text, day in zip(when.levels, found, strict=True) if day is not None
    }  # fmt: skip
    if not numbered:
        _compare_weekdays(table, when, days, rejects)
    return days, "day" if numbered else "date"


def note_stamps(table: Table, when: Column, rejects: Rejects) -> None:
    """Tell of times that may belong to another day: of another time zone, or of days shortly after midnight.

    They stand with the dates, or in a column of their own.
    """
    clocked = any(map(read_clock, when.levels[:50]))
    when = when if clocked else next(iter(find_aliases(table.columns, "time column")), when)
    counts = {text: n for text, n in zip(when.levels, when.count().tolist(), strict=True) if text}
    hours = {text: clock.total_seconds() / 3600 for text in counts if (clock := read_clock(text))}
    zoned = [text for text in counts if re.search(r"\d(Z|\s*UTC|\s*GMT|[+-]00:?00)$", text, re.IGNORECASE)]
    late = [text for text in zoned if not 8 <= hours.get(text, 12) < 14]
    night = [text for text, hour in hours.items() if 0 < hour < 4 and not late and table.name == "days"]
    n_odd, n_all = sum(counts[text] for text in late or night), sum(counts.values())
    if late or n_odd > 0.1 * n_all:
        first, share = (late or night)[0], f"{n_odd} of {n_all}"
        rule, told = ("time_zone", (
            f"its times are in UTC, and {share}, such as {first!r}, may lie on another day where you live; each is "
            "read as the date that is written. If that is wrong, write local dates"
        )) if late else ("after_midnight", (
            f"{share} entries, such as {first!r}, were written between midnight and four; each counts for the date "
            "that is written. If they tell of the day before, write that date"
        ))  # fmt: skip
        rejects.note(table.name, when.header, rule, told, value=first)


def _compare_weekdays(table: Table, when: Column, days: dict[str, int], rejects: Rejects) -> None:
    """Tell where a column of weekdays contradicts the dates.

    Raises
    ------
    JournalError
        It does in a fifth of the rows: the dates are read wrongly.
    """
    for column in [*table.columns, *_take_weekdays(when)]:
        few = column.numbers is None and len(column.levels) <= _MOST_WEEKDAYS
        words = set(map(normalise_header, filter(None, column.levels))) if few else set()
        if len(words) < 3 or not words <= set(WEEKDAYS):
            continue
        said = column.spread(np.array([WEEKDAYS.get(normalise_header(text), -1) for text in column.levels], dtype=int))
        numbers = when.spread(np.array([days.get(text, -1) for text in when.levels]))
        judged = when.spread(np.array([text in days for text in when.levels], dtype=bool)) & (said >= 0)
        wrong = np.flatnonzero(judged & (said != (numbers + 3) % 7))
        if not len(wrong):
            continue
        place, day = int(wrong[0]), int(numbers[wrong[0]])
        text = (
            f"contradicts the dates in {len(wrong)} of {int(judged.sum())} rows: in row {table.rows[place]} it says "
            f"{column.levels[column.codes[place]]!r}, but {when.levels[when.codes[place]]!r} is read as "
            f"{np.datetime64(day, 'D')}, a {load_words(f'weekday {(day + 3) % 7}')[0].capitalize()}"
        )
        if len(wrong) >= max(2, 0.2 * judged.sum()):
            way = "Correct the dates, say date_format= (command line: --date-format), or remove the weekdays"
            raise JournalError(f"Column {column.header!r} {text}. {way}.")
        rejects.note(table.name, column.header, "weekday", f"it {text}; see that no date is a slip")


def _take_weekdays(when: Column) -> list[Column]:
    """Return the weekdays that stand with the dates themselves, first or last, if there are any."""
    ends = [(text.split() or [""])[:: max(1, len(text.split()) - 1)] for text in when.levels]
    words = [next((word for word in some if normalise_header(word) in WEEKDAYS), "") for some in ends]
    codes, levels = pd.factorize(np.array(words, dtype=object))
    return [code_column(when.header, list(levels), codes[when.codes])] if any(words) else []


def _note_slips_of_years(keys: Keys, rejects: Rejects) -> None:
    """Tell where the dates of a table that runs on fall back by about a year, as after a new year's eve."""
    falls = np.flatnonzero(keys.day[1:] < keys.day[:-1])
    falls = falls[keys.person[falls + 1] == keys.person[falls]]
    years = falls[np.abs(keys.days[keys.day[falls]] - keys.days[keys.day[falls + 1]] - 365) <= 40]
    for place in years.tolist() if len(falls) <= 0.1 * len(keys.day) else []:
        row, before, after = int(keys.table.rows[place + 1]), keys.tell_day(place), keys.tell_day(place + 1)
        message = f"row {row}: the dates fall back from {before} to {after}; if that is a slip of the year, correct it"
        rejects.add(keys.table.name, row, keys.columns[-1].header, after, "year_slip", message, "kept")


def _note_merged(table: Table, when: Column, rejects: Rejects) -> None:
    """Tell where rows without a date follow rows with one, as under merged cells."""
    blank = ~when.filled
    share = blank.mean() if len(blank) else 0.0
    if 0.2 <= share < 1:
        rejects.note(
            table.name, when.header, "merged_cells",
            f"{int(blank.sum())} of {len(blank)} rows have no date; if they lie under merged cells, fill the date down "
            "in the spreadsheet and save again",
        )  # fmt: skip


def refuse_turned(table: Table) -> None:
    """Raise JournalError where the header holds days, months, hours or figures: a turned table, or none at all."""
    filled = [header for header in table.headers if header]
    told = table.source or f"The {table.name} table"
    for what, fits, shape in _TURNED:
        found = [header for header in filled if fits(header)]
        if len(found) >= 2 and len(found) >= 0.6 * (len(filled) - 1) and not fits(table.headers[0]):
            raise JournalError(
                f"{told} has {what} in the header ({found[0]!r}, {found[1]!r}, ...), {shape}. Write a row for each day "
                "with its full date (2024-03-31), and a column for each variable."
            )
    plain = [header for header in filled if read_number(header) is not None or look_like_dates([header]) == 1]
    if plain and len(plain) >= max(1.0, 0.5 * len(filled)):
        raise JournalError(
            f"{told} seems to have no header: its first row holds {', '.join(map(repr, plain[:3]))}. "
            "Add a header row, such as date,twitches,stress."
        )


def join_dates(table: Table, rejects: Rejects) -> Table:
    """Return the table with one column of dates in the place of year, month and day in a column each.

    Raises
    ------
    JournalError
        One of year and month is not there.
    """
    found = [column for part in ("year", "month", "day") for column in find_aliases(table.columns, f"{part} part")[:1]]
    dated = any(look_like_dates(column.levels) > 0.5 for column in find_aliases(table.columns, "date column"))
    if dated or len(found) < 2 or found[-1] not in find_aliases(table.columns, "day part"):
        return table
    named = [column.header for column in found]
    if len(found) == 2:
        raise JournalError(
            f"{table.source or 'The table'} has its dates in two columns, {' and '.join(named)}. Join them into one "
            "column 'date', written as 2024-03-31."
        )
    parts = zip(*(column.texts() for column in found), strict=True)
    joined = code_column("date", ["-".join(some) if all(some) else "" for some in parts])
    rejects.note(table.name, "", "date_column", f"the days are taken from {quote_some(named)}")
    return replace(
        table,
        columns=[replace(joined, place=c.place) if c is found[-1] else c for c in table.columns if c not in found[:-1]],
    )


def _refuse_second_header(table: Table, when: Column, who: Column | None) -> None:
    """Raise JournalError where words stand in the row below the header, each above figures, and no date."""
    if _DIGIT.search(when.texts(slice(1))[0]):
        return
    columns = [column for column in table.columns if column.numbers is None and column not in (who, when)]
    cells = [(column, column.levels[column.codes[0]]) for column in columns]
    words = {text: column.sample(50) for column, text in cells if text}
    named = all(text[:1].isalpha() and not is_missing(text) for text in words)
    named &= any(read_yes_no(text) is None for text in words)
    figures = [look_like_numbers(some) for some in words.values() if len(some) > 2]
    if len(words) < 2 or not named or not figures or min(figures) < 0.5:
        return
    raise JournalError(
        f"Row {table.rows[0]} of {table.source or 'the table'} has no date but words ({', '.join(list(words)[:3])}): "
        "it seems to belong to the header. Join both rows into one, such as 'caffeine (mg)' or 'pain evening'."
    )


def _refuse_second_table(table: Table, when: Column) -> None:
    """Raise JournalError where below the rows another header stands: what follows means something else."""
    known = {*load_words("date column"), *map(normalise_header, table.headers)} - {""}
    levels = when.levels if when.numbers is None else []
    codes = [code for code, text in enumerate(levels) if normalise_header(text) in known]
    for place in np.flatnonzero(np.isin(when.codes, codes)) if codes else []:
        cells = [column.levels[column.codes[place]] for column in table.columns]
        other = [cell for cell, header in zip(map(normalise_header, cells), table.headers, strict=True)
                 if cell and cell != normalise_header(header)]  # fmt: skip
        if place and other:
            raise JournalError(
                f"{table.source or 'The table'} holds a second table, which begins in row {table.rows[place]} with "
                f"{', '.join(map(repr, filter(None, cells)))}. Put it into a file of its own, and give both: the "
                "second with also= (command line: --also)."
            )


def _refuse_blocks(keys: Keys, rejects: Rejects, *, person: str | None) -> None:
    """Raise JournalError where days come again with other entries, below a header that comes again or all at once."""
    if not keys.again.any():
        return
    kept = keys.table
    starts = [entry[1] for entry in rejects.entries if entry[4] == "header_again"]
    where, way = "Below the header that stands again in row {}", "remove that row"
    least = 2
    if not starts and len(keys.columns) == 1 and person is None:
        again = _find_restarts(keys)
        if any(map(keys.tell_apart, (column for column in keys.others if column.numbers is None))):
            return
        starts = kept.rows[again].tolist()
        least = max(2, np.diff(again, prepend=0, append=len(kept.rows)).min() / 2)
        where, way = "From row {} on", 'say person="none" (--person none)'
    if not starts:
        return
    cells = pd.DataFrame({column.place: column.texts() for column in kept.columns}).assign(rank=keys.rank)
    other = ~cells.duplicated(keep=False).to_numpy()
    blocks = pd.Series(np.searchsorted(starts, kept.rows[other], side="right")).groupby(keys.rank[other]).nunique()
    if (blocks > 1).sum() >= least:
        raise JournalError(
            f"{where.format(starts[0])} the same days come again with other entries, as those of another person do. "
            f"Put them into a file of their own, or add a column 'person'; if all are one person's, {way}."
        )


def _find_restarts(keys: Keys) -> IntArray:
    """Return the rows in which days that run on begin again, a few times and at an earlier one."""
    steps = np.diff(keys.numbers)
    falls = np.flatnonzero(steps < 0)
    lengths = np.diff(falls, prepend=-1, append=len(steps))
    return falls + 1 if 0 < len(falls) <= 9 and lengths.min() >= 5 else falls[:0]


def check_shape(rest: list[Column], keys: Keys, *, person: str | None, order: str) -> None:
    """Raise JournalError where rows of one person and day must not become one; `rest` are columns that may tell it."""
    table = keys.table
    refuse_long(rest, table, keys if keys.again.any() else None)
    alone = len(keys.people) == 1 and keys.people[0] == SOLE_PERSON and person is None
    if person is None:
        _refuse_half_person(rest, keys)
    if alone:
        _refuse_people_as_columns(rest, table)
        _refuse_traits(rest, keys)
        _refuse_nameless(rest, keys)
        _refuse_parting(rest, keys)
    if keys.calendar == "day" and order == "auto":
        _refuse_restart(keys)


def refuse_long(columns: list[Column], table: Table, keys: Keys | None) -> None:
    """Raise JournalError where one column says what another measures; `keys` are given if some days repeat."""
    found = find_long(columns, keys.tell_apart if keys else None, whose=keys is not None and len(keys.columns) > 1)
    told = [text for column in found[:1] for text in column.levels if text and read_number(text) is None]
    if len(told) < 2:
        return
    name, value = found[0].header, found[1].header
    raise JournalError(
        f"{table.source or 'The table'} holds one reading a row: {name!r} says what {value!r} measures "
        f'({", ".join(repr(text) for text in told[:3])}, ...). Read the file with format="long table" (command line: '
        "--format 'long table'), or reshape it to one row a day with a column for each, for example with pandas: "
        f"frame.pivot_table(index=[...], columns={name!r}, values={value!r})."
    )


def find_long(
    columns: list[Column], tell_apart: Callable[[Column], bool] | None, *, whose: bool = False
) -> list[Column]:
    """Return the column that names readings and the one that holds them, with one that says whose they are.

    They are known by their headers, or by names of known variables. `tell_apart` says whether a column tells the rows
    of a day apart, and is None where no day comes again; `whose` that another column says whose rows they are. Names
    under a header such as 'name' are people's, unless one of them is known.
    """
    words = [column for column in columns if column.numbers is None and look_like_numbers(column.sample()) < 0.5]
    people = [c for c in words if normalise_header(c.header) in word_set("person asked") and not count_known(c)]
    people = [] if whose else people[:1]
    apart = [c for c in words if 1 < len(c.sample()) <= 50 and c not in people and tell_apart and tell_apart(c)]
    headed = [column for column in find_aliases(columns, "long name column") if column not in people]
    headed.sort(key=lambda column: (-count_known(column), -len(column.sample())))  # items go before their categories
    listed = find_aliases(columns, "long value column")
    values = listed or [column for column in columns if column not in headed and holds_readings(column.header)]
    if not values:
        known = [column for column in words if tell_apart is not None and count_known(column) > 1]
        others = [column for column in columns if column not in people] if known else []
        plain = [column for column in others if look_like_numbers(take_figures(column.sample(200))) == 1]
        units = [column for column in plain if is_unit(column.header)]
        known, values = (known, units) if len(units) == 1 else ([c for c in known if c in apart], plain)
        return [known[0], values[0], *people] if known and len(values) == 1 else []
    if not (headed or apart):
        return []
    figures, again = look_like_numbers(values[0].sample()), tell_apart is not None
    if len(columns) == 2 + len(people):
        sure = bool(headed or (listed and figures) or count_known(apart[0]) > 1)
    elif listed:
        sure = bool(figures) and (again or (figures >= 0.8 and len(columns) <= 6))
    else:
        named = headed and normalise_header(headed[0].header) in word_set("symptom name")
        sure = again and len(values) == 1 and bool(named or (apart and count_known(apart[0]) > 1))
    return [(headed or apart)[0], values[0], *people] if sure else []


def holds_readings(header: str) -> bool:
    """Say whether a header is a word for any reading: a value, a rating, whether it was done.

    >>> holds_readings("Severity (0-10)"), holds_readings("stress level")
    (True, False)
    """
    stem = split_header(header).stem
    told = word_set("scale word") | word_set("status column")
    return frozenset() < split_words(stem) <= told or normalise_header(header) in word_set("long value column")


def is_unit(header: str) -> bool:
    """Say whether a header is a unit, or a word for a dose."""
    units = frozenset().union(*map(find_units, ("mg", "L", "h", "servings")))
    return normalise_header(header) in units | word_set("dose column") | word_set("unit word")


def count_known(column: Column) -> int:
    """Return how many of the first different cells of a column name a variable, a symptom or a medicine."""
    some = column.sample(50)
    return sum(bool(find_variable(t) or is_symptom(t) or hold_medicine(split_words(t))) for t in some)


def _refuse_people_as_columns(columns: list[Column], table: Table) -> None:
    """Raise JournalError where each person has columns: most headers number people (P01), or names stand before words.

    Names are told by what follows them: the same known variables, two or more (ann stress, ann pain, bob stress ...),
    or one where they number people (twitches P01, twitches P02).
    """
    coded = [column.header for column in columns if _PERSON_CODE.fullmatch(normalise_header(column.header))]
    ends: dict[str, set[str]] = {}
    for header in (column.header for column in columns if find_variable(column.header) is None):
        first, *more = normalise_header(header.partition("(")[0]).split() or [""]
        for *name, last in ([first, *more], [*more, first]):
            if name and _no_names().isdisjoint(name) and (known := find_variable(last)):
                ends.setdefault(" ".join(name), set()).add(known)
                break
    sure = [name for name, known in ends.items() if len(known) > 1 or _PERSON_CODE.fullmatch(name)]
    several = [name for name in sure if ends[name] == next(iter(ends.values()))]
    related = sorted(ends.keys() & word_set("relative"))
    if len(related) > 1 or (len(several) > 1 and len(several) == len(ends)):
        coded, told = related if len(related) > 1 else several, "columns for each person"
    elif len(coded) >= 2 and len(coded) >= 0.6 * len(columns):
        told = "a column for each person"
    else:
        return
    raise JournalError(
        f"{table.source or 'The table'} seems to have {told} ({coded[0]!r}, {coded[1]!r}, ...). "
        "Write a row for each person and day, with the columns person, date and what was counted. If all rows are "
        'one person\'s, say person="none" (--person none).'
    )


def _refuse_nameless(columns: list[Column], keys: Keys) -> None:
    """Raise JournalError where a column with a person's kind of name may say whose row it is."""
    shared = bool(keys.again.any())
    for column in columns:
        words = split_words(column.header) - {"first", "last", "full"}
        coded = shared and words & {"id", "uid", "uuid"}
        if (
            not words
            or not (words <= word_set("person hint") | word_set("person part") or coded)
            or words <= {"number", "nr", "no"}
        ):
            continue
        named = _find_named(column)
        blank = shared and not named.all()
        if blank:
            column = column.take(np.maximum.accumulate(np.where(named, np.arange(len(column)), -1)))
        elif named.mean() < MOST_NAMED:
            continue
        n_names = len(np.unique(column.codes[_find_named(column)]))
        sure = bool(words & word_set("person asked"))
        if n_names < 2 or (n_names == len(column) and not sure and (coded or not (shared or keys.calendar == "none"))):
            continue
        apart = shared and keys.tell_apart(column)
        if apart or sure or keys.calendar == "none":
            found = f"Column {column.header!r} holds {n_names} different names or codes."
            if apart:
                found = f"Several rows have the same day, and column {column.header!r} tells them apart"
                found += ", its blanks filled down as under merged cells." if blank else "."
            raise ask_person(found, column.header)


def _refuse_parting(columns: list[Column], keys: Keys) -> None:
    """Raise JournalError where a column of a few names parts the rows of days that come again, three in ten or more."""
    if len(np.unique(keys.rank[keys.again])) < max(2, 0.3 * (~keys.again).sum()):
        return
    for column in columns:
        if _holds_names(column) and keys.tell_apart(column):
            raise ask_person(
                f"Several rows have the same day, and column {column.header!r} tells them apart "
                f"({quote_some(sorted(column.levels), 3)}).", column.header
            )  # fmt: skip


def _find_named(column: Column) -> BoolArray:
    """Say in which rows of a column anything stands that may be a name."""
    return column.spread(np.array([not is_missing(text) for text in column.levels], dtype=bool))


def _holds_names(column: Column) -> bool:
    """Say whether a column holds a few words in most rows that may be names: not parts of a day, sites, grades."""
    levels = [text for text in column.levels[:30] if not is_missing(text)] if column.numbers is None else []
    if not 1 < len(levels) <= min(20, len(column) / 2) or _find_named(column).mean() < MOST_NAMED:
        return False
    names = list(map(normalise_header, levels))
    words, site = split_words(column.header), find_variable(column.header, dictionary="episode_variables.csv")
    if (
        hold_medicine(words)
        or find_variable(column.header)
        or site in ("site", "side")
        or words & (word_set("event column") | word_set("notes column"))
    ):
        return False
    parts = [{name, *(word for word in name.split() if len(word) > 1)} for name in names]  # no initials
    known = [not _no_names().isdisjoint(some) or find_variable(name) for name, some in zip(names, parts, strict=True)]
    plain = all(any(map(str.isalpha, name)) and len(name) <= 40 for name in names)
    return plain and sum(map(bool, known)) < len(names) / 2 and look_like_dates(column.levels) == 0


@cache
def _no_names() -> frozenset[str]:
    """Return the words that part the rows of a day and name nobody."""
    lists = ("yes", "no", "no unit", "good", "bad", "much", "little", *(f"rank {number}" for number in range(5)))
    sites = re.split("[;:,]", ";".join(load_dictionary("episode_variables.csv")["levels"]))
    return frozenset().union(map(normalise_header, sites), WEEKDAYS, _MONTHS, *map(word_set, lists))


def _refuse_traits(columns: list[Column], keys: Keys) -> None:
    """Raise JournalError where sex, age or birth differ within a table as they can't within a person."""
    for column in columns:
        trait = find_trait(column.header)
        if not trait and normalise_header(column.header) not in load_words("birth"):
            continue
        texts = [text for text in column.levels if not is_missing(text)]
        if trait == "sex":
            told = {load_choices(trait, "people_variables.csv").get(normalise_header(text)) for text in texts} - {None}
            differs = len(told) > 1
        else:
            ages = [number for text in texts if (number := read_number(text)) is not None]
            differs = np.ptp(ages or [0]) > 1 + np.ptp(keys.days) / 365 if trait else len(texts) > 1
        if differs:
            some = quote_some(sorted(texts), 3)
            raise ask_person(f"Column {column.header!r} holds {some}, as the rows of several people do.", column.header)


def tell_parts(names: Iterable[str], *, moments: bool = False) -> bool:
    """Say whether names of files or sheets tell parts of one diary: numbers, months and the like are all that differs.

    With `moments` only parts of a day, sides and the like are, so that they may tell of the same days.

    >>> tell_parts(["anna Jan 24.csv", "anna Feb 24.csv"]), tell_parts(["anna.csv", "ben.csv"])
    (True, False)
    >>> tell_parts(["morning.csv", "evening.csv"], moments=True), tell_parts(["kid1.csv", "kid2.csv"])
    (True, False)
    """
    idle = word_set("no unit") if moments else word_set("no unit") | word_set("part word") | _MONTHS
    plain = names if moments else [re.sub(r"\d+", " ", name) for name in names]
    left = [set(normalise_header(name).split()) - idle - {"csv"} for name in plain]
    return all(words == left[0] for words in left) and left[0].isdisjoint(_PERSON_WORDS)


def ask_person(found: str, header: str) -> JournalError:
    """Return what asks whether a column says whose row it is, after what was found."""
    return JournalError(
        f"{found} If it says whose row it is, name it: person={header!r} (command line: --person). "
        'If all rows are one person\'s, say person="none" (--person none).'
    )


def _refuse_half_person(columns: list[Column], keys: Keys) -> None:
    """Raise JournalError where days come again and only two columns part them: name and surname, number and centre."""
    again = np.flatnonzero(keys.again)
    parts = [column for column in columns if _names_part(column)] if len(again) else []
    whole = keys.columns[:-1]
    for first, second in itertools.product(whole, parts) if whole else itertools.combinations(parts, 2):
        if not keys.tell_apart(*[second] if whole else [first, second]):
            continue
        raise JournalError(
            f"Several rows have the same day, {keys.tell_day(int(again[0]))}, and columns {first.header!r} and "
            f"{second.header!r} together tell them apart. If both say whose row it is, join them into one column "
            f"'person'. If one does, name it: person={first.header!r} (command line: --person)."
        )


def _names_part(column: Column) -> bool:
    """Say whether a column may name a person in part: a surname, or the centre that numbers its patients."""
    words = split_words(column.header) - {"first", "last", "full"}
    hints, parts = word_set("person hint"), word_set("person part")
    told = bool(words & parts) and words <= parts | hints and bool(column.filled.all())
    return told and not all(read_yes_no(text) is not None for text in column.levels if text)


def _refuse_restart(keys: Keys) -> None:
    """Raise JournalError where day numbers run on and start again: days of months or of weeks."""
    numbers, same = keys.numbers, keys.person[1:] == keys.person[:-1]
    before, after = numbers[:-1], numbers[1:]
    falls = np.flatnonzero(same & (after < before))
    if not len(falls) or numbers.min() < 0 or numbers.max() > 31 or len(falls) > len(numbers) / 3:
        return
    again = falls[(before[falls] >= 28) & (after[falls] <= 3)]
    if not len(again) and not (keys.again.any() and (after[falls] <= 1).all()):
        return
    first = int(again[0] if len(again) else falls[0])
    parts = "days of months" if len(again) else "days of weeks or of several rounds"
    header, row = keys.columns[-1].header, keys.table.rows[first + 1]
    raise JournalError(
        f"Column {header!r} starts again in row {row}: its numbers seem to be {parts}. Write full dates (2024-03-31), "
        "or add a column 'person' if another's rows begin there. If they do number the days of the diary, say "
        'order="day" (--order day).'
    )


def advise_undated(table: Table, who: Column | None) -> str:
    """Return the message for a table without a date column: what could serve, and how to read it all the same."""
    parts = [f"No date column in {table.source or 'the table'} (its columns: {quote_some(table.headers, 8)})."]
    dates = [column.header for column in table.columns if look_like_dates(column.sample()) > 0.8]
    if dates:
        parts.append(
            f"These look like dates: {quote_some(dates)}. Name the right one: date={dates[0]!r} (command line: --date)."
        )
    elif named := find_aliases(table.columns, "date column"):
        header, odd = named[0].header, next((repr(t) for t in named[0].sample() if look_like_dates([t]) == 0), "blanks")
        parts.append(
            f"Column {header!r} has the name of one, but most of its cells, such as {odd}, are neither dates "
            f"(2024-03-31) nor whole day numbers: correct them, or read it all the same with date={header!r} (--date)."
        )
    else:
        parts.append(
            "A column named 'date' (2024-03-31) or 'day' (1, 2, 3) is expected; name yours with date= (--date)."
        )
    if len(table.columns) == 1:
        parts.append("Everything stands in one column: say what separates the cells with delimiter= (--delimiter).")
    parts.append('If the rows have no order in time, read them with order="none" (--undated); lags are then refused.')
    if who is None and (people := _guess_people(table)):
        parts.append(f"If {people[0]!r} says whose row it is, add person={people[0]!r} (--person).")
    if outcomes := _guess_outcomes(table):
        parts.append(f"For the outcome add outcome={outcomes[0]!r} (--outcome); candidates: {quote_some(outcomes)}.")
    return " ".join(parts)


def _guess_people(table: Table) -> list[str]:
    """Return the headers of columns that may say whose row it is: names or codes that come back."""
    found = []
    for column in table.columns:
        filled = [text for text in column.levels if not is_missing(text)]
        named = split_words(column.header) <= word_set("person hint")
        coded = all(read_number(text) is None and read_yes_no(text) is None for text in filled)
        coded = coded and look_like_dates(column.sample()) == 0
        if 1 < len(filled) <= len(table.rows) / 1.5 and (named or (coded and column.place == 1)):
            found.append((-(named + coded), column.place, column.header))
    return [header for _, _, header in sorted(found)]


def _guess_outcomes(table: Table) -> list[str]:
    """Return the headers of numeric columns that may be the outcome: those that name a symptom a day first."""
    found = []
    for column in table.columns:
        words = normalise_header(column.header).split()
        filled = [text for text in column.sample() if not is_missing(text)]
        if set(words) & word_set("outcome hint") and look_like_numbers(filled) == 1:
            daily = len(words) == 1 or not {"day", "days"}.isdisjoint(words)
            found.append((not daily, len(words), column.place, column.header))
    return [entry[-1] for entry in sorted(found)]
