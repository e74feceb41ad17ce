"""Whose row it is and which day it tells: the two keys of the daily table, and advice where they can't be known."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twitchstats.errors import JournalError
from twitchstats.journal.cells import is_missing, read_number, read_yes_no
from twitchstats.journal.columns import find_aliases, find_date, find_person
from twitchstats.journal.dates import are_day_numbers, look_like_dates, read_dates, read_day_numbers
from twitchstats.journal.table import Column, RawTable, Rejects
from twitchstats.variables import load_words, normalise_header

SOLE_PERSON = "me"
_NO_ROW = "row dropped"
_PERSON_WORDS = frozenset(load_words("person hint"))
_OUTCOME_WORDS = frozenset(load_words("outcome hint"))


@dataclass(frozen=True, eq=False)
class Keys:
    """The keys of the rows that were kept: `mask` says which rows of the table those are."""

    person: pd.Series
    date: pd.Series
    calendar: str
    mask: NDArray[np.bool_]
    columns: list[Column]


def read_keys(
    raw: RawTable,
    rejects: Rejects,
    *,
    person: str | None,
    date: str | None,
    order: str,
    date_format: str | None,
    today: dt.date,
) -> Keys:
    """Read person and date of each row; rows without them are refused.

    Raises
    ------
    JournalError
        There is no date column, or no row has keys that can be read.
    """
    who = find_person(raw, person)
    when = None if order == "none" else find_date(raw, date)
    if when is not None and date is None:
        _refuse_split_date(raw, when)
    if when is None and order != "none":
        raise JournalError(advise_undated(raw, who))
    if when is not None and who is not None and when.place == who.place:
        raise JournalError(f"Column {when.header!r} can't tell both the person and the date. Name two columns.")
    people, known = _read_people(raw, who, rejects)
    if when is None:
        dates, dated, calendar = np.zeros(len(raw.rows), dtype=np.int64), np.ones(len(raw.rows), dtype=bool), "none"
    else:
        dates, dated, calendar = _read_when(raw, when, order, date_format, today, known, rejects)
    mask = known & dated
    if not mask.any():
        raise JournalError(_tell_nothing_kept(raw, rejects))
    who_kept = pd.Series(people[mask], dtype="str")
    when_kept = pd.Series(dates[mask])
    if calendar == "none":
        when_kept = who_kept.groupby(who_kept).cumcount() + 1
    used = [column for column in (who, when) if column is not None]
    return Keys(who_kept, when_kept, calendar, mask, used)


def _refuse_split_date(raw: RawTable, when: Column) -> None:
    """Raise JournalError where the day is only the last part of a date in three columns."""
    headers = {normalise_header(header) for header in raw.headers}
    if normalise_header(when.header) == "day" and {"year", "month"} <= headers:
        raise JournalError(
            f"{raw.source or 'The table'} has its dates in three columns, year, month and day. "
            "Join them into one column 'date', written as 2024-03-31."
        )


def _read_people(raw: RawTable, who: Column | None, rejects: Rejects) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    if who is None:
        return np.full(len(raw.rows), SOLE_PERSON, dtype=object), np.ones(len(raw.rows), dtype=bool)
    known = find_named(raw, who, rejects)
    return who.texts(), known


def find_named(raw: RawTable, who: Column, rejects: Rejects) -> NDArray[np.bool_]:
    """Say which rows name their person; the others go to `rejects`."""
    named = ~who.spread(np.array([is_missing(text) for text in who.levels], dtype=bool))
    for place in np.flatnonzero(~named):
        row, text = int(raw.rows[place]), who.levels[who.codes[place]]
        wrong = f"{text!r} names nobody" if text else "the row doesn't say whose it is"
        message = f"row {row}, {who.header}: {wrong}; fill it in"
        rejects.add(raw.name, row, who.header, text, "missing_person", message, _NO_ROW)
    return named


def _read_when(
    raw: RawTable,
    when: Column,
    order: str,
    date_format: str | None,
    today: dt.date,
    known: NDArray[np.bool_],
    rejects: Rejects,
) -> tuple[NDArray, NDArray[np.bool_], str]:
    """Return a date or day number for each row, whether it could be read, and the calendar."""
    numbered = order == "day" or (order == "auto" and date_format is None and are_day_numbers(when.levels))
    if numbered:
        numbers, faults = read_day_numbers(when.levels)
        values = np.array([0 if number is None else number for number in numbers], dtype=np.int64)
        fine = np.array([number is not None for number in numbers], dtype=bool)
    else:
        dates, faults = read_dates(
            when.levels, when.count().tolist(), when.header, today=today, date_format=date_format
        )
        values = np.array([date or dt.date(1970, 1, 1) for date in dates], dtype="datetime64[us]")
        fine = np.array([date is not None for date in dates], dtype=bool)
    dated = when.spread(fine)
    for place in np.flatnonzero(~dated & known):
        rule, wrong = faults[int(when.codes[place])]
        row, value = int(raw.rows[place]), when.levels[when.codes[place]]
        rejects.add(raw.name, row, when.header, value, rule, f"row {row}, {when.header}: {wrong}", _NO_ROW)
    return when.spread(values), dated, "day" if numbered else "date"


def _tell_nothing_kept(raw: RawTable, rejects: Rejects) -> str:
    messages = [entry[5] for entry in rejects.entries if entry[6] == _NO_ROW]
    first = f" The first: {messages[0]}." if messages else ""
    return f"None of the {raw.rows_read} rows of {raw.source or 'the table'} could be kept.{first}"


def advise_undated(raw: RawTable, who: Column | None) -> str:
    """Return the message for a table without a date column: what could serve, and how to read it all the same."""
    some = ", ".join(repr(header) for header in raw.headers[:8]) + (", ..." if len(raw.headers) > 8 else "")
    parts = [f"No date column in {raw.source or 'the table'} (its columns: {some})."]
    dates = [column.header for column in raw.columns if look_like_dates(column.levels) > 0.8]
    if dates:
        parts.append(
            f"These look like dates: {_list(dates)}. Name the right one: date={dates[0]!r} (command line: --date)."
        )
    elif named := find_aliases(raw, load_words("date column")):
        parts.append(
            f"Column {named[0].header!r} has the name of one, but most of its cells are neither dates (2024-03-31) nor "
            f"whole day numbers: correct them, or read it all the same with date={named[0].header!r} (--date)."
        )
    else:
        parts.append(
            "A column named 'date' (2024-03-31) or 'day' (1, 2, 3) is expected; name yours with date= (--date)."
        )
    if len(raw.columns) == 1:
        parts.append("Everything stands in one column: say what separates the cells with delimiter= (--delimiter).")
    parts.append('If the rows have no order in time, read them with order="none" (--undated); lags are then refused.')
    if who is None and (people := _guess_people(raw)):
        parts.append(f"If {people[0]!r} says whose row it is, add person={people[0]!r} (--person).")
    if outcomes := _guess_outcomes(raw):
        parts.append(f"For the outcome add outcome={outcomes[0]!r} (--outcome); candidates: {_list(outcomes)}.")
    return " ".join(parts)


def _list(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


def _guess_people(raw: RawTable) -> list[str]:
    """Return the headers of columns that may say whose row it is: names or codes that come back."""
    scored = []
    for column in raw.columns:
        filled = [text for text in column.levels if not is_missing(text)]
        named = bool(set(normalise_header(column.header).split()) & _PERSON_WORDS)
        coded = bool(filled) and all(read_number(text) is None and read_yes_no(text) is None for text in filled)
        if 1 < len(filled) <= len(raw.rows) / 1.5 and (named or (coded and column.place == 1)):
            scored.append((-(named + coded), column.place, column.header))
    return [header for _, _, header in sorted(scored)]


def _guess_outcomes(raw: RawTable) -> list[str]:
    """Return the headers of numeric columns that may be the outcome: those that name a symptom a day first."""
    scored = []
    for column in raw.columns:
        words = normalise_header(column.header).split()
        filled = [text for text in column.levels if not is_missing(text)]
        if set(words) & _OUTCOME_WORDS and filled and all(read_number(text) is not None for text in filled):
            scored.append(
                (-("day" in words or "days" in words or len(words) == 1), len(words), column.place, column.header)
            )
    return [entry[-1] for entry in sorted(scored)]
