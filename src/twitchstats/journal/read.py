"""Reading a journal: from a file or a frame to the five tables of a `Journal`."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from twitchstats.errors import JournalError, OptionError, check_choice, unknown_name
from twitchstats.journal.assemble import assemble_days
from twitchstats.journal.cells import count_decimal_signs, find_guess, read_number, settle_decimal
from twitchstats.journal.columns import match_columns, name_columns, pick_column
from twitchstats.journal.convert import Variable, convert_column
from twitchstats.journal.keys import Keys, read_keys
from twitchstats.journal.record import VARIABLE_COLUMNS, Journal
from twitchstats.journal.shape import check_shape
from twitchstats.journal.table import RawTable, Rejects, Source
from twitchstats.journal.tables import gather_people, read_episodes, read_people
from twitchstats.journal.text import read_table
from twitchstats.variables import find_variable, load_variables, normalise_header

FAR = 3 * 365
ORDERS = ("auto", "date", "day", "none")
_OUTCOMES = ("twitches", "spasms", "cramps", "episodes")


def read_journal(
    source: Source,
    *,
    people: Source | None = None,
    episodes: Source | None = None,
    person: str | None = None,
    date: str | None = None,
    outcome: str | None = None,
    order: str = "auto",
    date_format: str | None = None,
    columns: Mapping[str, str] | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    today: dt.date | None = None,
) -> Journal:
    r"""Read a journal; every row and cell is kept, or listed in ``rejects`` with the rule that refused it.

    Parameters
    ----------
    source : path, file object (text or bytes) or DataFrame
        The daily table: a header row, then one row for each person and day. Needs a date (``date``) or day number
        (``day``); every other column is a variable. Delimiter, encoding, decimal sign, units in headers
        ('Caffeine (mg)', 'sleep hrs', 'cups of coffee') and scales ('stress (0-100)') are recognised.
    people, episodes : path, file object or DataFrame, optional
        The two other tables.
    person, date, outcome : str, optional
        Names of the columns that can't be known from their headers.
    order : {"auto", "date", "day", "none"}
        How the days are ordered. "none" reads a table without dates: no lags then.
    date_format : {"dmy", "mdy", "ymd"} or str, optional
        How to take 3/4/2024, or a format such as ``"%d.%m.%Y"``.
    columns : mapping of str to str, optional
        Header in the file -> the header to read it as: a known variable, or a name of your own.
    delimiter, encoding : str, optional
        Instead of what the file shows.
    decimal : {".", ","}, optional
        The decimal sign, where ``1,234`` could be either.
    today : date, optional
        Later dates are refused; by default the current date.

    Returns
    -------
    Journal
        ``rows_read`` is the number of days, plus the entries of ``rejects`` for the daily table whose action is
        "row dropped" or "rows combined". Rows are counted as lines of the file, the header being row 1 (a
        DataFrame counts as if it had been written to a CSV).

    Raises
    ------
    JournalError
        The file can't be read as a table; there is no date column; dates can be read two ways; two columns mean the
        same; no row could be kept. The message says what to do.
    UnknownNameError
        A column or outcome that was asked for is not there.
    OptionError
        An option has a value that is not possible.

    Examples
    --------
    >>> import io
    >>> journal = read_journal(io.StringIO("date;Kaffee;stress\n2024-03-01;2;4\n2024-03-02;;14\n"))
    >>> journal.days["caffeine"].to_list()
    [190.0, nan]
    >>> journal.rejects["message"].iloc[-1][:37]
    'row 3, stress: 14 is outside 0-10; if'
    """
    check_choice("order", order, ORDERS)
    if decimal is not None:
        check_choice("decimal", decimal, (".", ","))
    today = today or dt.date.today()
    rejects = Rejects()
    raw = read_table(source, "days", rejects, encoding=encoding, delimiter=delimiter)
    renamed = dict(columns or {})
    person, date = person or _take_key(renamed, "person"), date or _take_key(renamed, "date")
    keys = read_keys(raw, rejects, person=person, date=date, order=order, date_format=date_format, today=today)
    check_shape(raw.keep(keys.mask), keys, renamed=frozenset(renamed), order=order)
    sign = decimal or _settle_decimal(raw, keys, rejects)
    variables = _read_variables(raw, keys, renamed, sign, rejects)
    days = assemble_days(variables, keys.person, keys.date, raw.rows[keys.mask], rejects)
    _note_single_days(days, keys.calendar, rejects)
    _note_far_days(days, keys.calendar, rejects)
    options: dict[str, Any] = {"encoding": encoding, "delimiter": delimiter, "decimal": decimal}
    told = pd.DataFrame([variable.entry for variable in variables], columns=VARIABLE_COLUMNS)
    chosen = choose_outcome(told, days, outcome)
    if chosen is not None:
        told.loc[told["name"] == chosen, "role"] = "outcome"
    persons = days.index.unique("person")
    moments: dict[str, Any] = {
        "persons": persons,
        "calendar": keys.calendar,
        "person": person,
        "today": today,
        "date_format": date_format,
    }
    found_episodes = read_episodes(episodes, rejects, **moments, **options)
    found_people = (
        gather_people(days, told) if people is None else read_people(people, rejects, person=person, **options)
    )
    _note_strangers("episodes", found_episodes["person"], persons, rejects)
    _note_strangers("people", found_people.index, persons, rejects)
    return Journal(
        days=days,
        variables=told,
        episodes=found_episodes,
        people=found_people,
        rejects=rejects.frame(),
        calendar=keys.calendar,
        outcome=chosen,
        rows_read=raw.rows_read,
        source=raw.source,
        checksum=raw.checksum,
    )


def _take_key(renamed: dict[str, str], key: str) -> str | None:
    """Take the header that `columns` reads as person or date out of it."""
    found = [header for header, target in renamed.items() if normalise_header(target) == key]
    return found[0] if len(found) == 1 and renamed.pop(found[0]) else None


def _settle_decimal(raw: RawTable, keys: Keys, rejects: Rejects) -> str:
    """Return the decimal sign of a table, and tell of the first cell whose value hangs on a guess."""
    texts = [text for column in raw.columns for text in column.levels]
    sign = settle_decimal(texts, delimiter=raw.delimiter)
    n_commas, n_points = count_decimal_signs(texts)
    used = {column.place for column in keys.columns}
    if (n_commas > 0) == (n_points > 0):
        for column in raw.columns:
            guess = None if column.place in used else find_guess(column.levels, sign)
            if guess is not None:
                other = {",": ".", ".": ","}[sign]
                message = (
                    f"column {column.header}: the file doesn't show its decimal sign; {guess} is read as "
                    f"{read_number(guess, sign):.15g}. If it is {read_number(guess, other):.15g}, say "
                    f'decimal="{other}" (command line: --decimal)'
                )
                rejects.add(raw.name, None, column.header, guess, "decimal_sign", message, "kept")
                break
    return sign


def _read_variables(
    raw: RawTable, keys: Keys, renamed: Mapping[str, str], decimal: str, rejects: Rejects
) -> list[Variable]:
    """Read every column that is no key; what its cells lack goes to `rejects`."""
    headers = {pick_column(raw, header, "columns").header: target for header, target in renamed.items()}
    used = {column.place for column in keys.columns}
    kept = raw.keep(keys.mask)
    rest = [column for column in kept.columns if column.place not in used]
    if not rest:
        raise JournalError(
            f"{raw.source or 'The table'} has no column besides person and date. Add one for each variable."
        )
    matches = match_columns(rest, headers)
    variables = []
    for match, name in zip(matches, name_columns(matches), strict=True):
        variable = convert_column(match, name, decimal)
        rejects.add_cells(raw.name, kept.rows, match.column, variable.faults)
        if variable.remark:
            message = f"column {match.column.header}: {variable.remark}"
            rejects.add(raw.name, None, match.column.header, "", "note", message, "kept")
        variables.append(variable)
    return variables


def _note_single_days(days: pd.DataFrame, calendar: str, rejects: Rejects) -> None:
    """Tell of each person with a single day: it is kept, but says nothing about change."""
    if calendar == "none":
        return
    counts = days.groupby(level="person").size()
    for person in counts.index[counts == 1]:
        message = f"{person!r} has a single day; it is kept, but effects and lags need more"
        rejects.add("days", None, "", str(person), "single_day", message, "kept")


def _note_far_days(days: pd.DataFrame, calendar: str, rejects: Rejects) -> None:
    """Tell of an entry that lies years away from the same person's next one: its date may be a slip."""
    if calendar == "none":
        return
    moments = days.index.to_frame(index=False)
    moments["next"] = moments.groupby("person")["date"].shift(-1)
    gaps = moments["next"] - moments["date"]
    n_days = gaps.dt.days if calendar == "date" else gaps
    for place in np.flatnonzero(n_days > FAR):
        person, date, following = moments.loc[place, ["person", "date", "next"]]
        told = [f"{day:%Y-%m-%d}" if isinstance(day, pd.Timestamp) else f"day {day:.0f}" for day in (date, following)]
        message = (
            f"between {told[0]} and {told[1]} {person!r} has no entry, {n_days[place]:,.0f} days long; "
            "both are kept, but see that neither date is a slip"
        )
        rejects.add("days", None, "", told[0], "far_apart", message, "kept")


def _note_strangers(table: str, found: pd.Index | pd.Series, known: pd.Index, rejects: Rejects) -> None:
    """Tell of people in another table who have no day in the journal: names may be spelt in two ways."""
    strangers = sorted(set(found) - set(known))
    if strangers:
        some = ", ".join(repr(name) for name in strangers[:5]) + (", ..." if len(strangers) > 5 else "")
        message = f"{len(strangers)} in the {table} table have no day in the journal: {some}; their rows are kept"
        rejects.add(table, None, "", some, "no_days", message, "kept")


def choose_outcome(variables: pd.DataFrame, days: pd.DataFrame, asked: str | None) -> str | None:
    """Return the outcome asked for (by name, header or alias), else the first known outcome that has values.

    Raises
    ------
    UnknownNameError
        There is no such variable.
    OptionError
        It is text.
    """
    numeric = variables.loc[variables["kind"] != "text", "name"].to_list()
    if asked is None:
        known = load_variables()
        ranked = [*_OUTCOMES, *known.loc[known["role"] == "outcome", "name"]]
        present = [name for name in ranked if name in numeric]
        return next((name for name in present if days[name].notna().any()), next(iter(present), None))
    name = _find_asked(variables, asked)
    if name is None:
        raise unknown_name("outcome", asked, numeric)
    if name not in numeric:
        raise OptionError(
            f"outcome={asked!r} is a column of text; it needs numbers or yes/no. Known: {', '.join(numeric)}."
        )
    return name


def _find_asked(variables: pd.DataFrame, asked: str) -> str | None:
    names = variables["name"].to_list()
    if asked in names:
        return asked
    wanted = normalise_header(asked)
    by_header = {normalise_header(header): name for header, name in zip(variables["source"], names, strict=True)}
    if wanted in by_header:
        return by_header[wanted]
    known = find_variable(asked)
    return known if known in names else None
