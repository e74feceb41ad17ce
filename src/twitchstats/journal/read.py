"""Reading a journal: from a file or a frame to the five tables of a `Journal`."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from twitchstats.arrays import IntArray
from twitchstats.errors import JournalError, OptionError, check_choice, unknown_name
from twitchstats.journal.columns import counts, is_measured, is_open_rating, read_columns
from twitchstats.journal.keys import SOLE_PERSON, Keys, join_dates, number_days, pick_column, read_keys
from twitchstats.journal.layout import Source, Table, read_table
from twitchstats.journal.record import Journal, Rejects, find_name, quote_some
from twitchstats.journal.rows import assemble_days, judge_courses, mark_sums, note_contradictions, place_nights
from twitchstats.journal.source import Readable, describe_file
from twitchstats.journal.tables import gather_people, read_episodes, read_people
from twitchstats.journal.variable import Variable, read_schema, tabulate_variables
from twitchstats.variables import is_symptom, load_dictionary, load_words, normalise_header

FAR = 3 * 365
ORDERS = ("auto", "date", "day", "none")
_OUTCOMES = ("twitches", "spasms", "cramps", "episodes")


def read_journal(
    source: Readable | Sequence[Readable],
    *,
    also: Sequence[Readable] = (),
    weather: Readable | None = None,
    schema: Readable | None = None,
    people: Readable | None = None,
    episodes: Readable | None = None,
    format: str | None = None,
    absent: str | None = None,
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
    source : path, file object (text or bytes) or data frame (pandas, polars, pyarrow ...)
        The daily table: a header row, then one row for each person and day. Needs a date (``date``) or day number
        (``day``); every other column is a variable. Delimiter, encoding, decimal sign, units in headers
        ('Caffeine (mg)', 'sleep hrs', 'cups of coffee') and scales ('stress (0-100)') are recognised. So are the
        exports of several apps and studies (`readers.list_formats`), zipped or not, and workbooks. Of several
        sources the first is the journal, the others are as in `also`.
    also : sequence of path, file object or DataFrame
        Further sources of the same people (another app), joined by person and date; one that tells the same columns on
        other days, as the next month's file does, goes on below the first.
    weather : path, file object or DataFrame, optional
        A table by date for everybody; its columns are causes from outside.
    schema : path, file object or DataFrame, optional
        What the columns mean, as `make_schema` or ``check --write-schema`` lays it out and you corrected it.
    people, episodes : path, file object or DataFrame, optional
        The two other tables.
    format : str, optional
        Name of an app's export; by default it is recognised.
    absent : {"none"}, optional
        For a log of attacks: a day without an entry, between the first and the last, is a day without the outcome.
    person, date, outcome : str, optional
        Names of the columns that can't be known from their headers; ``person="none"``: all rows are one person's;
        ``person="file"``: each file, or sheet of a workbook, is one person's, called by its name.
    order : {"auto", "date", "day", "none"}
        How the days are ordered. "none" reads a table without dates: no lags then.
    date_format : {"dmy", "mdy", "ymd", "1900", "1904"} or str, optional
        How to take 3/4/2024, from when a spreadsheet counts its days, or a format such as ``"%d.%m.%Y"``.
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
        ``rows_read`` is the number of days (without those that `absent` filled in), plus the entries of ``rejects``
        for the daily table whose action is "row dropped" or "rows combined". Rows are counted as lines of the file,
        the header being row 1 (a DataFrame counts as if it had been written to a CSV).

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
    from twitchstats.journal.readers import gather_sources, list_formats  # brings libraries along

    check_choice("order", order, ORDERS)
    for name, value, allowed in (("decimal", decimal, (".", ",")), ("absent", absent, ("none",))):
        if value is not None:
            check_choice(name, value, allowed)
    sources = [*(source if isinstance(source, list | tuple) else [source])]
    if not sources:
        raise JournalError("No source was given. Name a file.")
    rejects, today, renamed = Rejects(), today or dt.date.today(), dict(columns or {})
    person, date = person or _take_key(renamed, "person"), date or _take_key(renamed, "date")
    person = SOLE_PERSON if person in load_words("sole person") else person
    keyed = {"person": person, "date": date, "delimiter": delimiter, "date_format": date_format}
    found = gather_sources([*sources, *also], weather, format=format, encoding=encoding, **keyed)
    options: dict[str, Any] = {"encoding": encoding, "delimiter": delimiter}
    table = (
        read_table(sources[0], "days", rejects, **options) if found is None else _take_days(found, sources[0], rejects)
    )
    meaning = read_schema(schema, () if found is None else found.facts)
    renamed = {pick_column(table, header, "columns").header: target for header, target in renamed.items()}
    if found is not None:  # keys of plain tables have been read
        person = None if "person" in table.headers and person != SOLE_PERSON else person
        date = date if found.format in list_formats() else None
    table = join_dates(table, rejects) if date is None and order in ("auto", "date") else table
    layout = None if found else date_format  # an export's dates are ISO
    moments: dict[str, Any] = {"person": person, "today": today}
    asked: dict[str, Any] = {"date": date, "order": order, "date_format": layout, "renamed": frozenset(renamed)}
    keys = read_keys(table, rejects, **asked, **moments)
    days, variables = _read_days(keys, rejects, decimal=decimal, renamed=renamed, schema=meaning)
    told, chosen = _settle_outcome(days, variables, outcome)
    days = _judge_absence(days, told, chosen, keys.calendar, absent, rejects)
    _note_gaps(days, keys.calendar, rejects)
    tables = {"people": people, "episodes": episodes}
    given = {name: (found.tables.get(name) if found and own is None else own) for name, own in tables.items()}
    options |= {"decimal": decimal, "person": person}
    moments = {"today": today, "date_format": None if episodes is None else date_format, "calendar": keys.calendar}
    return Journal(
        **_read_beside(days, told, given["people"], given["episodes"], rejects, moments, options),
        days=days,
        variables=told,
        rejects=rejects.frame(),
        calendar=keys.calendar,
        outcome=chosen,
        rows_read=table.rows_read,
        source=table.source,
        checksum=table.checksum,
    )


def _read_beside(
    days: pd.DataFrame, told: pd.DataFrame, people: Readable | None, episodes: Readable | None, rejects: Rejects,
    moments: dict[str, Any], options: dict[str, Any],
) -> dict[str, pd.DataFrame]:  # fmt: skip
    """Return the tables of people and episodes beside the days, and tell where they don't go together with these."""
    persons = days.index.levels[0]
    found = read_episodes(episodes, rejects, persons=persons, **moments, **options)
    known = gather_people(days, told) if people is None else read_people(people, rejects, **options)
    _note_strangers("episodes", found["person"], persons, rejects)
    _note_strangers("people", known.index, persons, rejects)
    note_contradictions(days, told, found, moments["calendar"], rejects)
    return {"people": known, "episodes": found}


def _read_days(keys: Keys, rejects: Rejects, **reading: Any) -> tuple[pd.DataFrame, list[Variable]]:  # noqa: ANN401
    """Return the daily table and what its columns mean."""
    if not keys.others:
        raise JournalError(
            f"{keys.table.source or 'The table'} has no column besides person and date. Add one for each variable."
        )
    readings = place_nights(read_columns(keys.table, keys.others, rejects, **reading), keys, rejects)
    days = assemble_days(readings, keys, rejects)
    variables = judge_courses(days, [reading.variable for reading in readings], keys.calendar, rejects)
    variables = mark_sums(days, variables, rejects)
    if rated := [variable.header for variable in variables if is_open_rating(variable)]:
        some = quote_some(header.source for header in rated)
        message = (
            f"whole figures up to 10 are taken for ratings where nothing else is said: {some}. If one of these columns "
            f"counts something, say so in its header, such as '{rated[0].stem} (count)', or in the schema"
        )
        rejects.note("days", "", "taken_for_rating", message)
    _note_people_as_columns(variables, rejects)
    return days, variables


def _note_people_as_columns(variables: list[Variable], rejects: Rejects) -> None:
    """Tell where each column is called by one word that nobody knows, no plural and nothing measured: by a person."""
    figures = [variable for variable in variables if variable.kind not in ("text", "choice") and not variable.level]
    bare = [variable for variable in figures if not variable.header.unit and not variable.outside]
    own = [v for v in bare if not v.canonical and v.source.isalpha() and v.how.get("name") != "schema"]
    if len(bare) > 1 and own == bare and not any(counts(v.header) or is_measured(v.header) for v in own):
        found = f"no column has a name that is known ({bare[0].source!r}, {bare[1].source!r}, ...)"
        message = f"{found}; if they are different people, write a row for each person and day instead"
        rejects.note("days", "", "people_as_columns", message)


def _take_days(found: Source, source: Readable, rejects: Rejects) -> Table:
    """Return the days of an export, and tell what its reader did."""
    for note in found.notes:
        rejects.note("days", "", "format", f"{found.format}: {note}")
    rejects.entries += found.rejects
    name, checksum = describe_file(source)
    return replace(found.days, source=name, checksum=checksum, rows_read=found.days.rows_read + len(found.rejects))


def _settle_outcome(
    days: pd.DataFrame, variables: list[Variable], asked: str | None
) -> tuple[pd.DataFrame, str | None]:
    """Return what the columns mean, and the outcome: its role is no guess any more."""
    told = tabulate_variables(variables)
    said = (v.name for v in variables if v.how.get("role") == "schema" and v.role == "outcome")
    outcome = choose_outcome(told, days, asked or next(said, None))
    at = told["name"].eq(outcome)
    told.loc[at, "role"] = "outcome"
    told.loc[at, "guessed"] = [
        ", ".join(f for f in text.split(", ") if f != "role") for text in told.loc[at, "guessed"]
    ]
    return told, outcome


def _take_key(renamed: dict[str, str], key: str) -> str | None:
    """Take the header that `columns` reads as person or date out of it."""
    found = [header for header, target in renamed.items() if normalise_header(target) == key]
    return found[0] if len(found) == 1 and renamed.pop(found[0]) else None


def _judge_absence(
    days: pd.DataFrame, told: pd.DataFrame, outcome: str | None, calendar: str, absent: str | None, rejects: Rejects
) -> pd.DataFrame:
    """Fill the days without an entry as days without the outcome, if asked; else tell where only attacks are there."""
    if outcome is None or calendar == "none":
        if absent is not None:
            raise OptionError('absent="none" needs an outcome and days in order. Name the outcome with outcome=.')
        return days
    label, low = told.set_index("name").loc[outcome, ["label", "low"]]
    if absent is not None:
        return _fill_days(days, outcome, str(label), float(low), calendar, rejects)
    values = days[outcome].dropna()
    if len(values) < 10 or float(low) > 0 or not (values > 0).all():
        return days
    spans = _spans(days, calendar)
    n_gaps = int((spans["max"] - spans["min"] + 1 - spans["size"]).sum())
    if n_gaps < 0.1 * len(days) or _find_step(days, calendar):
        return days
    found = f"every entry has {label} above zero, and {n_gaps:,} days between have no entry"
    way = 'If a day without an entry is a day without it, say absent="none" (command line: --absent none)'
    if n_gaps < len(days) and (told["role"].eq("trigger") & told["timing"].ne("")).any():
        message = f"{found}. {way}; as it is, they are missing"
        rejects.note("days", "", "never_zero", message)
    else:
        known = "Days without it are missing, so nothing can be concluded on what brings it on"
        rejects.note("days", "", "attack_log", f"{found}, as in a log of attacks. {known}. {way}")
    return days


def _spans(days: pd.DataFrame, calendar: str) -> pd.DataFrame:
    """Return the first and last day number of each person, and how many days there are."""
    numbers = pd.Series(number_days(days.index, calendar))
    spans = numbers.groupby(np.asarray(days.index.codes[0])).agg(["min", "max", "size"])
    return spans.set_axis(days.index.levels[0][spans.index])


def _fill_days(
    days: pd.DataFrame, outcome: str, label: str, low: float, calendar: str, rejects: Rejects
) -> pd.DataFrame:
    """Return the days with those between as days without the outcome; all else of them stays unknown."""
    if low > 0:
        raise OptionError(f'absent="none" is not possible: {label} has no 0 on its scale, which begins at {low:g}.')
    spans = _spans(days, calendar)
    if int((spans["max"] - spans["min"] + 1).sum()) > 50 * len(days) + 10_000:
        raise OptionError(
            'absent="none" is not possible: entries lie so far apart that nearly all days would be made up.'
        )
    parts = []
    for person, first, last in spans[["min", "max"]].itertuples():
        numbers = np.arange(first, last + 1)
        dates = pd.to_datetime(numbers, unit="D").as_unit("us") if calendar == "date" else pd.Index(numbers)
        parts.append(pd.MultiIndex.from_product([[person], dates], names=["person", "date"]))
    whole = parts[0].append(parts[1:])
    filled = days.reindex(whole)
    new = ~whole.isin(days.index)
    filled.loc[new, outcome] = 0.0
    message = (
        f'{int(new.sum()):,} days without an entry were filled in as days without {label}, as absent="none" says; '
        "everything else of those days is not known"
    )
    rejects.note("days", "", "days_filled", message)
    return filled


def _count_days(days: pd.DataFrame, calendar: str) -> IntArray:
    """Return how many days lie between each entry and the next one of the same person; 0 before another person."""
    codes, n_days = np.asarray(days.index.codes[0]), np.diff(number_days(days.index, calendar))
    n_days[codes[1:] != codes[:-1]] = 0
    return n_days


def _find_step(days: pd.DataFrame, calendar: str) -> int:
    """Return how many days lie between all entries, a week or more; 0 where that differs."""
    n_days = _count_days(days.iloc[:2], calendar)
    if n_days.sum() < 7:  # as in most journals
        return 0
    n_days = _count_days(days, calendar)
    steps = n_days[n_days > 0]
    return int(steps[0]) if len(steps) >= 5 and (steps == steps[0]).all() else 0


def _note_gaps(days: pd.DataFrame, calendar: str, rejects: Rejects) -> None:
    """Tell of people with a single day, of a step between all entries, and of years between two, maybe slips."""
    if calendar == "none":
        return
    people, level = days.index.levels
    for person in people[np.bincount(days.index.codes[0], minlength=len(people)) == 1]:
        message = f"{person!r} has a single day; it is kept, but effects and lags need more"
        rejects.add("days", None, "", str(person), "single_day", message, "kept")
    if step := _find_step(days, calendar):
        message = f"all entries lie {step} days apart; each is taken for one day, not for the days up to the next"
        rejects.note("days", "", "sparse", message)
    if level.max() - level.min() <= (FAR if calendar == "day" else pd.Timedelta(days=FAR)):
        return  # as in most journals
    n_days = _count_days(days, calendar)
    for place in np.flatnonzero(n_days > FAR):
        (person, date), (_, following) = days.index[place], days.index[place + 1]
        told = [f"{day:%Y-%m-%d}" if isinstance(day, pd.Timestamp) else f"day {day:.0f}" for day in (date, following)]
        message = (
            f"between {told[0]} and {told[1]} {person!r} has no entry, {n_days[place]:,.0f} days long; "
            "both are kept, but see that neither date is a slip"
        )
        rejects.add("days", None, "", told[0], "far_apart", message, "kept")


def _note_strangers(table: str, found: pd.Index | pd.Series, known: pd.Index, rejects: Rejects) -> None:
    """Tell of people in another table who have no day in the journal: names may be spelt in two ways."""
    strangers = sorted(set(found.unique()) - set(known))
    if strangers:
        some = quote_some(strangers, 5)
        message = f"{len(strangers)} in the {table} table have no day in the journal: {some}; their rows are kept"
        rejects.add(table, None, "", some, "no_days", message, "kept")


def choose_outcome(variables: pd.DataFrame, days: pd.DataFrame, asked: str | None) -> str | None:
    """Return the outcome asked for (by name, header or alias), else the first known outcome that has values.

    Where none is known, a column of the user's own is one if no other sounds like it: eyelid_twitches, headache.

    Raises
    ------
    UnknownNameError
        There is no such variable.
    OptionError
        It is text.

    Examples
    --------
    >>> import twitchstats as tw
    >>> demo = tw.read_demo()
    >>> choose_outcome(demo.variables, demo.days, None), choose_outcome(demo.variables, demo.days, "Koffein")
    ('twitches', 'caffeine')
    """
    numeric = variables.loc[variables["kind"] != "text", "name"].to_list()
    if asked is None:
        known = load_dictionary("variables.csv")
        ranked = [*_OUTCOMES, *known.loc[known["role"] == "outcome", "name"]]
        present = [name for name in ranked if name in numeric]
        used = variables.loc[variables["role"].ne("none"), "name"]
        alike = [name for name in used if name in numeric and is_symptom(name)]
        present += alike if len(alike) == 1 else []
        return next((name for name in present if days[name].notna().any()), next(iter(present), None))
    name = find_name(variables, asked)
    if name is None:
        raise unknown_name("outcome", asked, numeric)
    if name not in numeric:
        raise OptionError(
            f"outcome={asked!r} is a column of text; it needs numbers or yes/no. Known: {', '.join(numeric)}."
        )
    return name
