"""Tables of another shape than a row a day: refused, before rows that must not be added up become one."""

import numpy as np
import pandas as pd

from twitchstats.errors import JournalError
from twitchstats.journal.cells import is_missing, read_number
from twitchstats.journal.keys import Keys
from twitchstats.journal.table import Column, RawTable
from twitchstats.variables import load_words, normalise_header

_PERSON_WORDS = frozenset(load_words("person hint")) | {"nr", "no"}


def check_shape(raw: RawTable, keys: Keys, *, renamed: frozenset[str] = frozenset(), order: str = "auto") -> None:
    """Make sure that rows of one person and day may become one.

    Parameters
    ----------
    raw : RawTable
        The table with the rows that were kept.
    keys : Keys
        Whose rows they are, and of which day.
    renamed : frozenset of str
        Headers that the caller has given a meaning to; they are not doubted.
    order : str
        With "day" the caller has said that the numbers are those of the days.

    Raises
    ------
    JournalError
        Each row holds one reading only; a column that was not named tells people apart; or day numbers start again.
    """
    days = pd.DataFrame({"person": keys.person.to_numpy(), "date": keys.date.to_numpy()})
    if keys.calendar == "none" or not days.duplicated().any():
        return
    used = {column.place for column in keys.columns}
    columns = [column for column in raw.columns if column.place not in used and column.header not in renamed]
    _refuse_long(columns, raw)
    if len(keys.columns) == 1:  # the date alone: no column says whose row it is
        _refuse_nameless(columns, days)
    if keys.calendar == "day" and order == "auto":
        _refuse_restart(days, raw, keys)


def _refuse_long(columns: list[Column], raw: RawTable) -> None:
    """Raise JournalError where one column says what another measures."""
    names = _find(columns, "long name column")
    values = _find(columns, "long value column")
    told = [text for column in names for text in column.levels if text and read_number(text) is None]
    if not (names and values and len(told) > 1):
        return
    name, value = names[0].header, values[0].header
    raise JournalError(
        f"{raw.source or 'The table'} holds one reading a row: {name!r} says what {value!r} measures "
        f"({', '.join(repr(text) for text in told[:3])}, ...). Reshape it to one row a day with a column for each, for "
        f"example with pandas: frame.pivot_table(index=[...], columns={name!r}, values={value!r})."
    )


def _find(columns: list[Column], words: str) -> list[Column]:
    known = {normalise_header(column.header): column for column in columns}
    return [known[word] for word in load_words(words) if word in known]


def _refuse_nameless(columns: list[Column], days: pd.DataFrame) -> None:
    """Raise JournalError where rows share their days, and a column with a person's kind of name tells them apart."""
    for column in columns:
        words = set(normalise_header(column.header).split())
        filled = not any(is_missing(text) for text in column.levels if text)
        if not (words and words <= _PERSON_WORDS and filled) or words == {"number"}:
            continue
        apart = days.assign(who=column.codes)
        if 1 < apart["who"].nunique() <= len(apart) / 1.5 and not apart.duplicated().any():
            raise JournalError(
                f"Several rows have the same day, and column {column.header!r} tells them apart. If it says whose row "
                f"it is, name it: person={column.header!r} (command line: --person). If all rows are one person's, "
                "leave the column out."
            )


def _refuse_restart(days: pd.DataFrame, raw: RawTable, keys: Keys) -> None:
    """Raise JournalError where day numbers run to the end of a month and start again: days of months."""
    before = days.groupby("person")["date"].shift()
    again = np.flatnonzero(((before >= 28) & (days["date"] <= 3)).to_numpy())
    if len(again) and days["date"].between(1, 31).all():
        header = keys.columns[-1].header
        raise JournalError(
            f"Column {header!r} starts again in row {raw.rows[again[0]]}: its numbers seem to be days of months. "
            'Write full dates (2024-03-31). If they do number the days of the diary, say order="day" (--order day).'
        )
