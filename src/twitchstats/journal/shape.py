"""Tables of another shape than a row for each person and day: each is asked about, with the way out."""

import itertools
import re
from collections.abc import Callable

import numpy as np
import pandas as pd

from twitchstats.errors import JournalError
from twitchstats.journal.cells import is_missing, read_clock_time, read_number, read_yes_no
from twitchstats.journal.dates import (
    WEEKDAYS,
    are_day_numbers,
    look_like_dates,
)
from twitchstats.journal.keys import SOLE_PERSON, Keys, find_aliases
from twitchstats.journal.layout import Column, Table
from twitchstats.variables import load_words, normalise_header

_PERSON_WORDS = frozenset(load_words("person hint"))
_PERSON_PARTS = frozenset(load_words("person part"))
_SURE_PERSON_WORDS = frozenset(load_words("person asked"))
_OUTCOME_WORDS = frozenset(load_words("outcome hint"))
_MONTHS = frozenset(word for month in range(1, 13) for word in load_words(f"month {month}"))
_PART_DATE = re.compile(r"\d{1,2}(\.\s?\d{1,2}\.|/\d{1,2})$")
_PERSON_CODE = re.compile(rf"({'|'.join(load_words('person code'))}) ?\d{{1,4}}")


_PASTE = "so it is turned (a spreadsheet pastes what was copied transposed)"


_TURNED: tuple[tuple[str, Callable[[str], bool], str], ...] = (
    ("its dates", lambda header: len(header) > 5 and look_like_dates([header]) == 1, _PASTE),
    ("days without a year", lambda header: bool(_PART_DATE.match(header)), _PASTE),
    ("months", lambda header: normalise_header(header) in _MONTHS, "as a calendar on one page has"),
    ("weekdays", lambda header: normalise_header(header) in WEEKDAYS, "as a timetable has"),
    ("times of day", lambda header: ":" in header and read_clock_time(header) is not None, "as a timetable has"),
)


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


def refuse_split_date(table: Table, when: Column) -> None:
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


def _refuse_second_header(table: Table, columns: list[Column]) -> None:
    """Raise JournalError where words stand in the row below the header, each above figures."""
    cells = [(column, column.levels[column.codes[0]]) for column in columns if column.numbers is None]
    words = {text: column.sample(50) for column, text in cells if text}
    named = all(text[:1].isalpha() and not is_missing(text) and read_yes_no(text) is None for text in words)
    figures = [np.mean([read_number(text) is not None for text in some]) for some in words.values() if len(some) > 2]
    if len(words) < 2 or not named or not figures or min(figures) < 0.5:
        return
    raise JournalError(
        f"Row {table.rows[0]} of {table.source or 'the table'} has no date but words ({', '.join(list(words)[:3])}): "
        "it seems to belong to the header. Join both rows into one, such as 'caffeine (mg)' or 'pain evening'."
    )


def refuse_extra_headers(table: Table, when: Column, who: Column | None) -> None:
    """Raise JournalError where another header stands below the first one, or below the rows."""
    if len(table.rows) and not when.filled[0]:
        _refuse_second_header(table, [column for column in table.columns if column is not who])
    if when.numbers is None:
        _refuse_second_table(table, when)


def _refuse_second_table(table: Table, when: Column) -> None:
    """Raise JournalError where below the rows another header stands: what follows means something else."""
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


def check_shape(columns: list[Column], table: Table, keys: Keys, *, person: str | None, order: str) -> None:
    """Raise JournalError where rows of one person and day must not become one."""
    used = {column.place for column in keys.columns}
    rest = [column for column in columns if column.place not in used]
    days = pd.DataFrame({"person": keys.person, "day": keys.numbers})
    repeated = keys.calendar != "none" and bool(days.duplicated().any()) if _find(rest, "long value column") else False
    refuse_long(rest, table, repeated=repeated)
    alone = len(keys.people) == 1 and keys.people[0] == SOLE_PERSON and person is None
    if person is None:
        _refuse_half_person(rest, keys)
    if alone:
        _refuse_people_as_columns(rest, table)
        _refuse_nameless(rest, keys)
    if keys.calendar == "day" and order == "auto":
        _refuse_restart(table, keys)


def refuse_long(columns: list[Column], table: Table, *, repeated: bool) -> None:
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
        if not words or not (words <= _PERSON_WORDS | _PERSON_PARTS or coded) or words <= {"number", "nr", "no"}:
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


def _refuse_half_person(columns: list[Column], keys: Keys) -> None:
    """Raise JournalError where days come again and only two columns part them: name and surname, number and centre."""
    days = pd.DataFrame({"person": keys.person, "day": keys.numbers})
    again = np.flatnonzero(days.duplicated())
    parts = [column for column in columns if _names_part(column)] if len(again) and keys.calendar != "none" else []
    whole = keys.columns[:-1]
    for first, second in itertools.product(whole, parts) if whole else itertools.combinations(parts, 2):
        codes = {"first": 0 if whole else first.codes, "second": second.codes}
        if days.assign(**codes).duplicated().any():
            continue
        raise JournalError(
            f"Several rows have the same day, {keys.tell_day(int(again[0]))}, and columns {first.header!r} and "
            f"{second.header!r} together tell them apart. If both say whose row it is, join them into one column "
            f"'person'. If one does, name it: person={first.header!r} (command line: --person)."
        )


def _names_part(column: Column) -> bool:
    """Say whether a column may name a person in part: a surname, or the centre that numbers its patients."""
    words = set(normalise_header(column.header).split()) - {"first", "last", "full"}
    told = bool(words & _PERSON_PARTS) and words <= _PERSON_PARTS | _PERSON_WORDS and bool(column.filled.all())
    return told and not all(read_yes_no(text) is not None for text in column.levels if text)


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
