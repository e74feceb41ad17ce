"""Whose row it is, which day it tells, and how the rows of a day become one."""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twitchstats.errors import JournalError, unknown_name
from twitchstats.journal.cells import Fault, is_missing, read_clock_time, read_number, read_yes_no
from twitchstats.journal.dates import (
    WEEKDAYS,
    are_day_numbers,
    are_years,
    has_clock,
    look_like_dates,
    read_clock,
    read_dates,
    read_day_numbers,
)
from twitchstats.journal.evidence import Reading
from twitchstats.journal.layout import Column, Mask, Table
from twitchstats.journal.record import Rejects
from twitchstats.journal.variable import Variable
from twitchstats.variables import load_words, normalise_header

SOLE_PERSON = "me"
_NO_ROW = "row dropped"
_PERSON_WORDS = frozenset(load_words("person hint"))
_SURE_PERSON_WORDS = frozenset(load_words("person asked"))
_OUTCOME_WORDS = frozenset(load_words("outcome hint"))
_MONTHS = frozenset(word for month in range(1, 13) for word in load_words(f"month {month}"))
_PART_DATE = re.compile(r"\d{1,2}(\.\s?\d{1,2}\.|/\d{1,2})$")
_PERSON_CODE = re.compile(rf"({'|'.join(load_words('person code'))}) ?\d{{1,4}}")
_TOTALS = frozenset(load_words("totals"))
_NIGHT_WORDS = frozenset(load_words("night column"))
_HOW = {
    "any": "yes if any says yes",
    "sum": "added up",
    "mean": "averaged",
    "max": "the highest taken",
    "min": "the lowest taken",
    "join": "joined",
}


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


# --- finding the columns ----------------------------------------------------------------------------------------------


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


def find_aliases(table: Table, aliases: Sequence[str]) -> list[Column]:
    """Return the columns whose headers are among the aliases, in the order of the aliases."""
    known = {normalise_header(column.header): column for column in reversed(table.columns)}
    return [known[alias] for alias in aliases if alias in known]


def find_person(table: Table, asked: str | None) -> Column | None:
    """Return the column that says whose row it is, or None where the table has one person only."""
    if asked is not None:
        if asked in load_words("sole person") and asked not in table.headers:
            return None
        return pick_column(table, asked, "person")
    # An 'id' that is new in each row numbers the rows, not the people.
    found = [column for column in find_aliases(table, load_words("person column")) if not _numbers_rows(column)]
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
    found = find_aliases(table, load_words("date column"))
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


# --- reading the keys -------------------------------------------------------------------------------------------------


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
        _refuse_split_date(table, when)
    if when is None and order != "none":
        _refuse_long(table.columns, table, repeated=False)
        raise JournalError(advise_undated(table, who))
    if when is not None:
        _refuse_second_table(table, when)
        _refuse_second_header(table, when)
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
    _check_shape(others, table.keep(mask), keys, person=person, order=order)
    return keys


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


_PASTE = "so it is turned (a spreadsheet pastes what was copied transposed)"
_TURNED: tuple[tuple[str, Callable[[str], bool], str], ...] = (
    ("its dates", lambda header: len(header) > 5 and look_like_dates([header]) == 1, _PASTE),
    ("days without a year", lambda header: bool(_PART_DATE.match(header)), _PASTE),
    ("months", lambda header: normalise_header(header) in _MONTHS, "as a calendar on one page has"),
    ("weekdays", lambda header: normalise_header(header) in WEEKDAYS, "as a timetable has"),
    ("times of day", lambda header: ":" in header and read_clock_time(header) is not None, "as a timetable has"),
)


def _refuse_split_date(table: Table, when: Column) -> None:
    """Raise JournalError where the day is only the last part of a date in several columns."""
    headers = {normalise_header(header) for header in table.headers}
    if normalise_header(when.header) != "day" or not are_day_numbers(when.levels):
        return
    parts = [name for name in ("year", "month") if name in headers]
    if parts:
        raise JournalError(
            f"{table.source or 'The table'} has its dates in {'three' if len(parts) == 2 else 'two'} columns, "
            f"{', '.join(parts)} and day. Join them into one column 'date', written as 2024-03-31."
        )


def find_named(table: Table, who: Column, rejects: Rejects) -> Mask:
    """Say which rows name their person; the others go to `rejects`."""
    named = ~who.spread(np.array([is_missing(text) for text in who.levels], dtype=bool))
    for place in np.flatnonzero(~named):
        text = who.levels[who.codes[place]]
        wrong = f"{text!r} names nobody" if text else "the row doesn't say whose it is"
        row = int(table.rows[place])
        message = f"row {row}, {who.header}: {wrong}; fill it in"
        rejects.add(table.name, row, who.header, text, "missing_person", message, _NO_ROW)
    return named


def _drop_totals(table: Table, columns: list[Column], rejects: Rejects) -> Mask:
    """Say which rows are no totals or averages of the others, and no header again; those go to `rejects`."""
    kept = np.ones(len(table.rows), dtype=bool)
    for column in columns:
        named = [normalise_header(text) for text in column.levels]
        again = {*load_words("date column"), normalise_header(column.header)}
        codes = [code for code, name in enumerate(named) if name in _TOTALS or name in again]
        for place in np.flatnonzero(np.isin(column.codes, codes) & kept) if codes else []:
            row, text = int(table.rows[place]), column.levels[column.codes[place]]
            rule, what = "totals_row", "marks a row of totals, which is no entry of a day"
            if normalise_header(text) in again:
                rule, what = "header_again", "is the header again"
            message = f"row {row}, {column.header}: {text!r} {what}"
            rejects.add(table.name, row, column.header, text, rule, message, _NO_ROW)
            kept[place] = False
    return kept


def _refuse_second_header(table: Table, when: Column) -> None:
    """Raise JournalError where words stand, without a date, in the row below the header, above columns of figures."""
    if not len(table.rows) or when.filled[0]:
        return
    cells = {column.place: column.levels[column.codes[0]] for column in table.columns if column.numbers is None}
    words = [text for text in cells.values() if text]
    if not words or any(read_number(text) is not None or is_missing(text) for text in words):
        return
    below = [column.sample(50) for column in table.columns if cells.get(column.place)]
    if all(np.mean([read_number(text) is not None for text in some]) >= 0.5 for some in below if len(some) > 1):
        raise JournalError(
            f"Row {table.rows[0]} of {table.source or 'the table'} has no date but words ({', '.join(words[:3])}): it "
            "seems to belong to the header. Join both rows into one, such as 'caffeine (mg)' or 'pain evening'."
        )


def _refuse_second_table(table: Table, when: Column) -> None:
    """Raise JournalError where below the rows another header stands: what follows means something else."""
    if when.numbers is not None:
        return
    dated = load_words("date column")
    codes = [code for code, text in enumerate(when.levels) if normalise_header(text) in dated]
    for place in np.flatnonzero(np.isin(when.codes, codes)) if codes else []:
        cells = [column.levels[column.codes[place]] for column in table.columns]
        other = [cell for cell in cells if cell and cell not in table.headers]
        if other and place:
            raise JournalError(
                f"{table.source or 'The table'} holds a second table, which begins in row {table.rows[place]} with "
                f"{', '.join(map(repr, filter(None, cells)))}. Put it into a file of its own, and give both: the "
                "second with also= (command line: --also)."
            )


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
    for place in np.flatnonzero(~dated & known):
        rule, wrong = faults[int(when.codes[place])]
        row, value = int(table.rows[place]), when.levels[when.codes[place]]
        rejects.add(table.name, row, when.header, value, rule, f"row {row}, {when.header}: {wrong}", _NO_ROW)
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
        words = set(map(normalise_header, filter(None, column.levels))) if column.numbers is None else set()
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


# --- the shape of the table -------------------------------------------------------------------------------------------


def _check_shape(columns: list[Column], table: Table, keys: Keys, *, person: str | None, order: str) -> None:
    """Raise JournalError where rows of one person and day must not become one."""
    used = {column.place for column in keys.columns}
    rest = [column for column in columns if column.place not in used]
    days = pd.DataFrame({"person": keys.person, "day": keys.numbers})
    repeated = keys.calendar != "none" and bool(days.duplicated().any()) if _find(rest, "long value column") else False
    _refuse_long(rest, table, repeated=repeated)
    alone = len(keys.people) == 1 and keys.people[0] == SOLE_PERSON and person is None
    if alone:
        _refuse_people_as_columns(rest, table)
        _refuse_nameless(rest, keys)
    if keys.calendar == "day" and order == "auto":
        _refuse_restart(table, keys)


def _refuse_long(columns: list[Column], table: Table, *, repeated: bool) -> None:
    """Raise JournalError where one column says what another measures."""
    names = _find(columns, "long name column")
    values = _find(columns, "long value column")
    told = [text for column in names for text in column.levels if text and read_number(text) is None]
    if not (names and values and len(told) > 1):
        return
    figures = [read_number(text) is not None for text in values[0].sample()]
    if not any(figures) or (not repeated and (np.mean(figures) < 0.8 or len(columns) > 6)):
        return
    name, value = names[0].header, values[0].header
    raise JournalError(
        f"{table.source or 'The table'} holds one reading a row: {name!r} says what {value!r} measures "
        f"({', '.join(repr(text) for text in told[:3])}, ...). Reshape it to one row a day with a column for each, for "
        f"example with pandas: frame.pivot_table(index=[...], columns={name!r}, values={value!r})."
    )


def _find(columns: list[Column], words: str) -> list[Column]:
    known = {normalise_header(column.header): column for column in columns}
    return [known[word] for word in load_words(words) if word in known]


def _refuse_people_as_columns(columns: list[Column], table: Table) -> None:
    """Raise JournalError where most headers are numbers of people (P01, P02): a column for each."""
    coded = [column.header for column in columns if _PERSON_CODE.fullmatch(normalise_header(column.header))]
    if len(coded) >= 2 and len(coded) >= 0.6 * len(columns):
        raise JournalError(
            f"{table.source or 'The table'} seems to have a column for each person ({coded[0]!r}, {coded[1]!r}, ...). "
            "Write a row for each person and day, with the columns person, date and what was counted. If all rows are "
            'one person\'s, say person="none" (--person none).'
        )


def _refuse_nameless(columns: list[Column], keys: Keys) -> None:
    """Raise JournalError where a column with a person's kind of name may say whose row it is."""
    days = pd.DataFrame({"date": keys.numbers})
    shared = keys.calendar != "none" and bool(days["date"].duplicated().any())
    for column in columns:
        words = set(normalise_header(column.header).split()) - {"first", "last", "full"}
        coded = shared and words & {"id", "uid", "uuid"}
        if not words or not (words <= _PERSON_WORDS or coded) or words <= {"number", "nr", "no"}:
            continue
        if any(is_missing(text) for text in column.levels if text) or not column.filled.all():
            continue
        n_names = len(np.unique(column.codes))
        sure = bool(words & _SURE_PERSON_WORDS)
        if n_names < 2 or (n_names == len(column) and not (sure or shared or keys.calendar == "none")):
            continue
        apart = shared and not days.assign(who=column.codes).duplicated().any()
        if apart or sure or keys.calendar == "none":
            found = f"Column {column.header!r} holds {n_names} different names or codes."
            if apart:
                found = f"Several rows have the same day, and column {column.header!r} tells them apart."
            raise JournalError(
                f"{found} If it says whose row it is, name it: person={column.header!r} (command line: --person). "
                'If all rows are one person\'s, say person="none" (--person none).'
            )


def _refuse_restart(table: Table, keys: Keys) -> None:
    """Raise JournalError where day numbers run on and start again: days of months or of weeks."""
    numbers, same = keys.numbers, keys.person[1:] == keys.person[:-1]
    before, after = numbers[:-1], numbers[1:]
    falls = np.flatnonzero(same & (after < before))
    if not len(falls) or numbers.min() < 0 or numbers.max() > 31 or len(falls) > len(numbers) / 3:
        return
    again = falls[(before[falls] >= 28) & (after[falls] <= 3)]
    twice = pd.DataFrame({"person": keys.person, "day": numbers}).duplicated().any()
    if not len(again) and not (twice and (after[falls] <= 1).all()):
        return
    first = int(again[0] if len(again) else falls[0])
    parts = "days of months" if len(again) else "days of weeks or of several rounds"
    header, row = keys.columns[-1].header, table.rows[first + 1]
    raise JournalError(
        f"Column {header!r} starts again in row {row}: its numbers seem to be {parts}. "
        'Write full dates (2024-03-31). If they do number the days of the diary, say order="day" (--order day).'
    )


# --- advice for undated tables ----------------------------------------------------------------------------------------


def advise_undated(table: Table, who: Column | None) -> str:
    """Return the message for a table without a date column: what could serve, and how to read it all the same."""
    some = ", ".join(repr(header) for header in table.headers[:8]) + (", ..." if len(table.headers) > 8 else "")
    parts = [f"No date column in {table.source or 'the table'} (its columns: {some})."]
    dates = [column.header for column in table.columns if look_like_dates(column.sample()) > 0.8]
    if dates:
        parts.append(
            f"These look like dates: {_list(dates)}. Name the right one: date={dates[0]!r} (command line: --date)."
        )
    elif named := find_aliases(table, load_words("date column")):
        parts.append(
            f"Column {named[0].header!r} has the name of one, but most of its cells are neither dates (2024-03-31) nor "
            f"whole day numbers: correct them, or read it all the same with date={named[0].header!r} (--date)."
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
        parts.append(f"For the outcome add outcome={outcomes[0]!r} (--outcome); candidates: {_list(outcomes)}.")
    return " ".join(parts)


def _list(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


def _guess_people(table: Table) -> list[str]:
    """Return the headers of columns that may say whose row it is: names or codes that come back."""
    scored = []
    for column in table.columns:
        filled = [text for text in column.levels if not is_missing(text)]
        named = set(normalise_header(column.header).split()) <= _PERSON_WORDS
        coded = bool(filled) and all(read_number(text) is None and read_yes_no(text) is None for text in filled)
        if 1 < len(filled) <= len(table.rows) / 1.5 and (named or (coded and column.place == 1)):
            scored.append((-(named + coded), column.place, column.header))
    return [header for _, _, header in sorted(scored)]


def _guess_outcomes(table: Table) -> list[str]:
    """Return the headers of numeric columns that may be the outcome: those that name a symptom a day first."""
    scored = []
    for column in table.columns:
        words = normalise_header(column.header).split()
        filled = [text for text in column.sample() if not is_missing(text)]
        if set(words) & _OUTCOME_WORDS and filled and all(read_number(text) is not None for text in filled):
            scored.append(
                (-("day" in words or "days" in words or len(words) == 1), len(words), column.place, column.header)
            )
    return [entry[-1] for entry in sorted(scored)]


# --- from rows to days ------------------------------------------------------------------------------------------------


def assemble_days(readings: Sequence[Reading], keys: Keys, rows: NDArray[np.int64], rejects: Rejects) -> pd.DataFrame:
    """Return the daily table with the sorted index (person, date); rows of one day become one, and that is told."""
    span = keys.numbers - keys.numbers.min()
    rank = keys.person * np.int64(int(span.max()) + 1) + span
    order = None if (rank[1:] > rank[:-1]).all() else np.lexsort((rows, rank))
    columns = {reading.variable.name: reading.data for reading in readings}
    if order is None:
        return pd.DataFrame(columns, index=keys.index(slice(None)), copy=False)
    rank = rank[order]
    first = np.concatenate([[True], rank[1:] != rank[:-1]])
    frame = pd.DataFrame({name: values[order] for name, values in columns.items()}, copy=False)
    if not first.all():
        frame = _combine_rows(frame, first, readings, keys, rows, order, rejects)
    frame.index = keys.index(order[first])
    return frame


def _combine_rows(
    frame: pd.DataFrame, first: Mask, readings: Sequence[Reading], keys: Keys, rows: NDArray[np.int64],
    order: NDArray[np.int64], rejects: Rejects,
) -> pd.DataFrame:  # fmt: skip
    """Make one row of the rows of each day: equal ones are one; in others each variable has its rule."""
    group = np.cumsum(first) - 1
    cells = [reading.column for reading in readings]
    texts = pd.DataFrame(
        {n: (column.codes if column.numbers is None else column.numbers)[order] for n, column in enumerate(cells)}
    ).assign(group=group)
    equal = texts.duplicated().to_numpy()
    several = np.bincount(group[~equal], minlength=group[-1] + 1) > 1
    again = several[group] & ~equal
    merged = frame[first].reset_index(drop=True)
    targets = np.flatnonzero(several)
    told: list[tuple[str, str]] = []
    for reading in readings:
        variable, name = reading.variable, reading.variable.name
        values, groups = frame.loc[again, name], group[again]
        repeated = variable.combine == "sum" and variable.known != "schema" and _repeat(values, groups)
        how = "max" if repeated else variable.combine
        if len(targets):
            merged.loc[targets, name] = _combine(values, groups, how).to_numpy()
            if not repeated and not variable.level:
                told.append(("any" if variable.kind == "yes/no" else how, variable.source))
        if repeated:
            told_so = "its rows of a day always repeat one value, so it is the day's value and not added up"
            rejects.note("days", variable.source, "note", told_so)
        if len(targets) and how == "sum":
            _question_sums(variable, merged, targets, keys, order[first], rows, rejects)
    _tell_combined(first, equal, keys, rows, order, told, rejects)
    return merged


def _repeat(values: pd.Series, groups: NDArray[np.int64]) -> bool:
    """Say whether the rows of a day hold the same value on all of at least three days."""
    grouped = values.groupby(groups)
    spans = (grouped.max() - grouped.min()).dropna()
    many = grouped.count().reindex(spans.index) > 1
    told = many & (grouped.max().reindex(spans.index) > 0)
    return bool(told.sum() >= 3 and (spans[many] == 0).all())


def _combine(values: pd.Series, groups: NDArray[np.int64], how: str) -> pd.Series:
    if how == "join":
        filled = values[values.notna()]
        found = pd.Series(groups, index=values.index)[filled.index]
        texts = filled.groupby(found).agg(lambda some: " | ".join(dict.fromkeys(sorted(some))))
        return texts.reindex(np.unique(groups))
    # Sorted values: a sum must not depend on the order of the rows in its last bit.
    ordered = values.sort_values(kind="stable")
    grouped = ordered.groupby(pd.Series(groups, index=values.index)[ordered.index])
    if how == "sum":
        return grouped.sum(min_count=1).sort_index()
    return {"mean": grouped.mean, "max": grouped.max, "min": grouped.min}[how]().sort_index()


def _question_sums(
    variable: Variable, merged: pd.DataFrame, targets: NDArray[np.int64], keys: Keys, firsts: NDArray[np.int64],
    rows: NDArray[np.int64], rejects: Rejects,
) -> None:  # fmt: skip
    """Refuse sums of the rows of a day that leave what is plausible: they may not be parts of one whole."""
    for place in targets[(merged.loc[targets, variable.name] > variable.high).to_numpy()]:
        first = int(firsts[place])
        value, row = f"{merged.loc[place, variable.name]:g}", int(rows[first])
        message = (
            f"row {row}, {variable.source}: the rows of {keys.tell_day(first)} add up to {value}, above the plausible "
            f"{variable.high:g}; if they should not be added up, set combine in the schema"
        )
        rejects.add("days", row, variable.source, value, "implausible_sum", message, "cell set missing")
        merged.loc[place, variable.name] = np.nan


def _tell_combined(
    first: Mask, equal: Mask, keys: Keys, rows: NDArray[np.int64], order: NDArray[np.int64],
    told: list[tuple[str, str]], rejects: Rejects,
) -> None:  # fmt: skip
    """Add an entry for each row that went into an earlier one, saying what was done to which column."""
    ways: dict[str, list[str]] = {}
    for how, source in dict.fromkeys(told):
        ways.setdefault(how, []).append(source)
    done = "; ".join(
        f"{_HOW[how]}: {', '.join(some[:6])}{', ...' if len(some) > 6 else ''}" for how, some in ways.items()
    )
    starts = np.flatnonzero(first)[np.cumsum(first) - 1]
    for place in np.flatnonzero(~first):
        row, earlier = int(rows[order[place]]), int(rows[order[starts[place]]])
        person, day = keys.people[keys.person[order[place]]], keys.tell_day(int(order[place]))
        if equal[place]:
            rule = "same_row"
            what = f"{person!r} has the same entry for {day} already, so it counts once; if not, add the time of each"
        else:
            rule = "same_day"
            what = f"{person!r} has an entry for {day} in row {earlier} already, and the two became one ({done})"
        rejects.add("days", row, "", day, rule, f"row {row}: {what}", "rows combined")


# --- what the course of the days shows --------------------------------------------------------------------------------


def judge_courses(days: pd.DataFrame, variables: list[Variable], calendar: str, rejects: Rejects) -> list[Variable]:
    """Say of your own columns which can't be triggers: constants, traits of the person, counters that only rise."""
    codes = days.index.codes[0]
    same = np.asarray(codes[1:] == codes[:-1])
    judged = []
    for variable in variables:
        open_role = variable.role == "own" and variable.how.get("role") != "schema"
        figures = open_role and variable.kind not in ("text", "choice")
        values = days[variable.name].to_numpy() if figures else np.array([])
        role, why = _judge_course(values, variable.kind, same, calendar)
        if role and not variable.level:
            rejects.note("days", variable.source, "note", why)
        judged.append(variable.learn("guessed", role=role) if role else variable)
    return judged


def _judge_course(values: NDArray, kind: str, same: Mask, calendar: str) -> tuple[str, str]:
    """Return the role of a column that is no trigger, and why; blanks where nothing speaks against it."""
    if len(values) < 5 or not same.any():
        return "", ""
    steps = np.diff(values)[same]
    steps = steps[~np.isnan(steps)]
    if len(steps) < 4 or (steps < 0).any():
        return "", ""
    filled = values[~np.isnan(values)]
    if (filled == filled[0]).all():
        return "none", "it never changes, so it is no trigger"
    if not steps.any() and not same.all():
        return "person", "it never changes within a person, so it describes the person"
    if calendar != "none" and len(steps) >= 8 and kind != "rating" and (steps > 0).mean() >= 0.8:
        return "none", "it only rises, as a counter does, so it is no trigger"
    return "", ""


# --- nights -----------------------------------------------------------------------------------------------------------


def place_nights(readings: list[Reading], table: Table, keys: Keys, rejects: Rejects) -> list[Reading]:
    """Say where the nights of a diary belong, and move those that begin after their day to the day on which they end.

    A pair of columns with the date and time at which a night starts and ends tells it. Columns with a word of the
    night, or filled exactly where that pair is, are the night's.
    """
    if keys.calendar != "date":
        return readings
    found = _find_night(table, keys)
    if found is None:
        return _doubt_nights(readings, table, rejects)
    starts, ends, end_days = found
    shift = np.where(np.isnan(end_days), 0, end_days - keys.numbers).astype(np.int64)
    filled = ~np.isnan(end_days)
    usual = int(np.median(shift[filled]))
    pattern = ends.filled
    nights = {
        number for number, reading in enumerate(readings)
        if reading.variable.role not in ("person", "none") and _is_night(reading, pattern)
    }  # fmt: skip
    if usual not in (0, 1) or not nights:
        return readings
    names = ", ".join(readings[number].variable.source for number in sorted(nights)[:8])
    moved, n_lost = _shift_values([readings[number] for number in sorted(nights)], keys, usual) if usual else (None, 0)
    done = list(readings)
    for place, number in enumerate(sorted(nights)):
        reading = readings[number] if moved is None else moved[place]
        variable = reading.variable
        done[number] = replace(reading, variable=variable.learn("header", timing="night"))
    if usual:
        rejects.note(
            "days", ends.header, "night_moved",
            f"the nights begin on the evening of their row's date and end the day after ({starts.header!r} to "
            f"{ends.header!r}), so these columns count for the day on which the night ends: {names}"
            + (f"; {n_lost} nights end on a day without an entry and are left out" if n_lost else ""),
        )  # fmt: skip
    return done


def _find_night(table: Table, keys: Keys) -> tuple[Column, Column, NDArray[np.float64]] | None:
    """Return the columns where a night starts and ends, and the day of each end, if dates with times stand there."""
    starts, ends = (_find_stamped(table, keys, words) for words in ("night start", "night end"))
    if starts is None or ends is None:
        return None
    stamps = [_read_stamps(column) for column in (starts, ends)]
    hours = (stamps[1] - stamps[0]) / np.timedelta64(1, "h")
    told = hours[~np.isnan(hours)]
    if len(told) < 3 or not 2 <= np.median(told) <= 16:
        return None
    clock = (stamps[0] - stamps[0].astype("datetime64[D]")) / np.timedelta64(1, "h")
    late = clock[~np.isnan(clock)]
    if np.mean((late >= 18) | (late < 5)) < 0.7:
        return None
    days = stamps[1].astype("datetime64[D]")
    return starts, ends, np.where(np.isnat(days), np.nan, days.astype(np.int64).astype(float))


def _find_stamped(table: Table, keys: Keys, words: str) -> Column | None:
    used = {column.place for column in keys.columns}
    for column in find_aliases(table, load_words(words)):
        if (
            column.place not in used
            and look_like_dates(column.levels) > 0.8
            and any(map(has_clock, column.levels[:50]))
        ):
            return column
    return None


def _read_stamps(column: Column) -> NDArray[np.datetime64]:
    try:
        dates, _ = read_dates(column.levels, column.count().tolist(), column.header, today=dt.date(2999, 1, 1))
    except JournalError:
        dates = [None] * len(column.levels)
    moments = [
        np.datetime64("NaT")
        if date is None
        else np.datetime64(date) + np.timedelta64(read_clock(text) or dt.timedelta())
        for date, text in zip(dates, column.levels, strict=True)
    ]
    return column.spread(np.array(moments, dtype="datetime64[us]"))


def _is_night(reading: Reading, pattern: Mask) -> bool:
    """Say whether a column tells of the night: by a word, or because it is filled just where the night's times are."""
    variable = reading.variable
    if variable.how.get("timing") in ("schema", "confirmed", "header") or variable.kind in ("text", "choice"):
        return variable.timing == "night"
    if variable.timing == "night" or set(normalise_header(variable.source).split()) & _NIGHT_WORDS:
        return True
    filled = ~np.isnan(np.asarray(reading.data, dtype=float))
    return bool(
        (~pattern).sum() > 0
        and (filled == pattern).mean() > 0.99
        and (~filled & ~pattern).any()
        and not variable.canonical
    )


def _shift_values(readings: list[Reading], keys: Keys, days: int) -> tuple[list[Reading], int]:
    """Move the values of columns some days on: to the row of that day, if there is one; count those without."""
    frame = pd.DataFrame({"person": keys.person, "day": keys.numbers})
    first = ~frame.duplicated()
    place = pd.Series(np.flatnonzero(first), index=pd.MultiIndex.from_frame(frame[first]))
    target = pd.MultiIndex.from_arrays([keys.person, keys.numbers - days])
    origin = place.reindex(target).to_numpy()
    known = ~np.isnan(origin)
    moved = []
    for reading in readings:
        values = np.full(len(known), np.nan)
        values[known] = np.asarray(reading.data, dtype=float)[origin[known].astype(int)]
        moved.append(replace(reading, data=values))
    reached = place.index.isin(pd.MultiIndex.from_arrays([keys.person, keys.numbers - days]))
    filled = ~np.isnan(np.asarray(readings[0].data, dtype=float))[place.to_numpy()]
    return moved, int((~reached & filled).sum())


def _doubt_nights(readings: list[Reading], table: Table, rejects: Rejects) -> list[Reading]:
    """Take the order of night and day back where a time of going to bed stands there without a date."""
    columns = find_aliases(table, load_words("night start"))
    clocked = [
        c
        for c in columns
        if c.numbers is None and look_like_dates(c.levels) < 0.5 and any(":" in t for t in c.levels[:50])
    ]
    nights = [
        reading for reading in readings
        if reading.variable.timing == "night" and reading.variable.how.get("timing") == "dictionary"
    ]  # fmt: skip
    if not clocked or not nights:
        return readings
    rejects.note(
        "days", clocked[0].header, "night_unknown",
        "it tells when a night began but not on which date, so it is not known whether the night lies before or after "
        "its day; say timing in the schema (night: the night that ends on the row's day)",
    )  # fmt: skip
    return [
        replace(r, variable=replace(r.variable, timing="", how={**r.variable.how, "timing": "guessed"}))
        if r in nights else r
        for r in readings
    ]  # fmt: skip
