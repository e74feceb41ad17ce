"""Reading person and day of each row; rows that say neither are refused."""

import datetime as dt
import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twitchstats.errors import JournalError
from twitchstats.journal.cells import Fault, is_missing
from twitchstats.journal.dates import (
    WEEKDAYS,
    are_day_numbers,
    are_years,
    read_clock,
    read_dates,
    read_day_numbers,
)
from twitchstats.journal.keys import SOLE_PERSON, Keys, find_date, find_person
from twitchstats.journal.layout import Column, Mask, Table, refuse_cells
from twitchstats.journal.record import Rejects
from twitchstats.journal.shape import (
    advise_undated,
    check_shape,
    refuse_extra_headers,
    refuse_long,
    refuse_split_date,
    refuse_turned,
)
from twitchstats.variables import load_words, normalise_header

_NO_ROW, _NOBODY = "row dropped", "the row doesn't say whose it is"
_TOTALS = frozenset(load_words("totals"))
_DIGIT = re.compile(r"\d")
_MOST_WEEKDAYS = 50  # different cells of a column of weekdays


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
    if when is not None and date is None:
        refuse_split_date(table, when)
    if when is None and order != "none":
        refuse_long(table.columns, table, repeated=False)
        raise JournalError(advise_undated(table, who))
    if when is not None:
        refuse_extra_headers(table, when, who)
    if when is not None and who is not None and when.place == who.place:
        raise JournalError(f"Column {when.header!r} can't tell both the person and the date. Name two columns.")
    known = np.ones(len(table.rows), dtype=bool) if who is None else find_named(table, who, rejects)
    known &= _drop_totals(table, [c for c in (who, when) if c is not None] or table.columns[:1], rejects)
    if when is None:
        numbers, dated, calendar = np.zeros(len(table.rows), dtype=np.int64), np.ones(len(table.rows), bool), "none"
    else:
        numbers, dated, calendar = _read_when(table, when, order, date_format, today, known, rejects)
    mask = known & dated
    if not mask.any():
        raise JournalError(_tell_nothing_kept(table, rejects))
    people, codes = _code_people(who, mask)
    _note_spellings(who, people, table.name, rejects)
    numbers = numbers if mask.all() else numbers[mask]
    if calendar == "none":
        numbers = pd.Series(codes).groupby(codes).cumcount().to_numpy() + 1
    keys = Keys(people, codes, numbers, calendar, mask, [column for column in (who, when) if column is not None])
    others = [column for column in table.keep(mask).columns if column.header not in renamed]
    check_shape(others, table.keep(mask), keys, person=person, order=order)
    return keys


def find_named(table: Table, who: Column, rejects: Rejects) -> Mask:
    """Say which rows name their person; the others go to `rejects`."""
    faults = {
        code: ("missing_person", f"{f'{text!r} names nobody' if text else _NOBODY}; fill it in")
        for code, text in enumerate(who.levels) if is_missing(text)
    }  # fmt: skip
    return ~refuse_cells(table, who, faults, rejects, action=_NO_ROW)


def _drop_totals(table: Table, columns: list[Column], rejects: Rejects) -> Mask:
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
            for code, name in words.items() if name in again | _TOTALS
        }  # fmt: skip
        kept &= ~refuse_cells(table, column, faults, rejects, action=_NO_ROW, among=kept)
    return kept


def _code_people(who: Column | None, mask: Mask) -> tuple[NDArray[np.object_], NDArray[np.int32]]:
    """Return the people in sorted order, and which of them each kept row is about."""
    if who is None:
        return np.array([SOLE_PERSON], dtype=object), np.zeros(int(mask.sum()), dtype=np.int32)
    codes = who.codes if mask.all() else who.codes[mask]
    used = np.unique(codes)
    people = sorted({who.levels[code] for code in used})
    place = {name: number for number, name in enumerate(people)}
    known = np.array([place.get(text, -1) for text in who.levels], dtype=np.int32)
    return np.array(people, dtype=object), known[codes]


def _note_spellings(who: Column | None, people: NDArray[np.object_], table: str, rejects: Rejects) -> None:
    """Tell of people whose names differ in capitals, spaces or zeros only: they may be one."""
    if who is None:
        return
    plain = pd.Series(people, dtype="str").str.casefold().str.replace(r"\s+|(?<!\d)0+(?=\d)|\.0+$", "", regex=True)
    again = people[plain.duplicated(keep=False).to_numpy()]
    if len(again):
        some = ", ".join(map(repr, again[:4])) + (", ..." if len(again) > 4 else "")
        message = f"{some} differ only in how they are written, and are read as different people"
        rejects.note(table, who.header, "spelling", message)


def _read_when(
    table: Table,
    when: Column,
    order: str,
    date_format: str | None,
    today: dt.date,
    known: Mask,
    rejects: Rejects,
) -> tuple[NDArray[np.int64], Mask, str]:
    """Return a day for each row, whether it could be read, and the calendar."""
    numbered = order == "day" or (order == "auto" and date_format is None and are_day_numbers(when.levels))
    faults: dict[int, Fault]
    if numbered and order == "auto" and are_years(when.levels):
        raise JournalError(
            f"Column {when.header!r} holds years, such as {next(filter(None, when.levels))!r}, and no days. Write full "
            'dates (2024-03-31). If they do number days, say order="day" (--order day).'
        )
    if numbered:
        found, faults = read_day_numbers(when.levels)
        values = [0 if number is None else number for number in found]
        fine = [number is not None for number in found]
    else:
        dates, faults = read_dates(
            when.levels, when.count().tolist(), when.header, today=today, date_format=date_format
        )
        values = [date.toordinal() - 719163 if date else 0 for date in dates]
        fine = [date is not None for date in dates]
        _note_stamps(table, when, rejects)
    dated = when.spread(np.array(fine, dtype=bool))
    refuse_cells(table, when, faults, rejects, action=_NO_ROW, among=known)
    _note_merged(table, when, rejects)
    days = when.spread(np.array(values, dtype=np.int64))
    if not numbered:
        _compare_weekdays(table, when, days, dated, rejects)
    return days, dated, "day" if numbered else "date"


def _note_stamps(table: Table, when: Column, rejects: Rejects) -> None:
    """Tell of times that may belong to another day: of another time zone, or shortly after midnight."""
    texts = [text for text in when.levels if text]
    hours = {text: clock.total_seconds() / 3600 for text in texts if (clock := read_clock(text))}
    zoned = [text for text in texts if re.search(r"\d(Z|\s*UTC|\s*GMT|[+-]00:?00)$", text, re.IGNORECASE)]
    late = [text for text in zoned if not 8 <= hours.get(text, 12) < 14]
    if late:
        rejects.note(
            table.name, when.header, "time_zone",
            f"its times are in UTC, and {len(late)} of {len(texts)}, such as {late[0]!r}, may lie on another day where "
            "you live; each is read as the date that is written. If that is wrong, write local dates", value=late[0],
        )  # fmt: skip
        return
    night = [text for text, hour in hours.items() if 0 < hour < 4]
    if len(night) > 0.1 * len(texts):
        rejects.note(
            table.name, when.header, "after_midnight",
            f"{len(night)} of {len(texts)} entries, such as {night[0]!r}, were written between midnight and four; each "
            "counts for the date that is written. If they tell of the day before, write that date", value=night[0],
        )  # fmt: skip


def _compare_weekdays(table: Table, when: Column, numbers: NDArray[np.int64], dated: Mask, rejects: Rejects) -> None:
    """Tell where a column of weekdays contradicts the dates.

    Raises
    ------
    JournalError
        It does in a fifth of the rows: the dates are read wrongly.
    """
    for column in table.columns:
        few = column.numbers is None and len(column.levels) <= _MOST_WEEKDAYS
        words = set(map(normalise_header, filter(None, column.levels))) if few else set()
        if len(words) < 3 or not words <= set(WEEKDAYS):
            continue
        said = column.spread(np.array([WEEKDAYS.get(normalise_header(text), -1) for text in column.levels], dtype=int))
        judged = dated & (said >= 0)
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
            way = "Correct the dates, say date_format= (command line: --date-format), or remove the column"
            raise JournalError(f"Column {column.header!r} {text}. {way}.")
        rejects.note(table.name, column.header, "weekday", f"it {text}; see that no date is a slip")


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


def _tell_nothing_kept(table: Table, rejects: Rejects) -> str:
    messages = [entry[5] for entry in rejects.entries if entry[6] == _NO_ROW]
    first = f" The first: {messages[0]}." if messages else ""
    return f"None of the {table.rows_read} rows of {table.source or 'the table'} could be kept.{first}"
