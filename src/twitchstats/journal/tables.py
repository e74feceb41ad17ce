"""The two other tables: people (age, sex, signs, diagnosis) and episodes (when, how long, where)."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from twitchstats.errors import JournalError
from twitchstats.journal.cells import Fault, is_missing
from twitchstats.journal.columns import read_columns
from twitchstats.journal.dates import has_clock, join_clocks, look_like_dates, read_clock
from twitchstats.journal.keys import find_aliases, find_named, find_person, note_stamps, read_days
from twitchstats.journal.layout import Column, Table, read_table, refuse_cells
from twitchstats.journal.record import EPISODE_COLUMNS, Rejects
from twitchstats.journal.source import Readable
from twitchstats.journal.variable import Variable, find_trait
from twitchstats.variables import find_row, load_choices, load_dictionary, normalise_header

PEOPLE, EPISODES = "people_variables.csv", "episode_variables.csv"
_SIDES = {"left": "left", "right": "right", "both": "both", "bilateral": "both", "l": "left", "r": "right"}


def read_people(
    source: Readable | None, rejects: Rejects, *, person: str | None = None, **options: str | None
) -> pd.DataFrame:
    """Read the people table: index ``person``, a column for each sign, yes/no as 1.0/0.0.

    Raises
    ------
    JournalError
        There is no column that says who it is, or the table can't be read.
    """
    decimal = options.pop("decimal", None)
    table = read_table(source, "people", rejects, **options)
    who = find_person(table, person, needed=False)
    if who is None:
        raise JournalError(
            f"No person column in {table.source or 'the people table'}. Name one 'person', as in the journal."
        )
    texts = pd.Series(who.texts())
    missing, again = ~find_named(table, who, rejects), texts.duplicated().to_numpy()
    for place in np.flatnonzero(again & ~missing):
        row, text = int(table.rows[place]), texts.iloc[place]
        message = f"row {row}, {who.header}: {text!r} has a row already; the first one counts"
        rejects.add("people", row, who.header, text, "same_person", message, "row dropped")
    fine = ~(missing | again)
    frame = _read_columns(table.keep(fine), [who.place], PEOPLE, decimal, rejects)
    frame.index = pd.Index(texts[fine], name="person", dtype="str")
    return frame.sort_index()


def gather_people(days: pd.DataFrame, variables: pd.DataFrame) -> pd.DataFrame:
    """Return the people table that a daily table implies: age and sex, where a person's are the same every day."""
    people = pd.DataFrame(index=pd.Index(days.index.levels[0], name="person", dtype="str"))
    for name, source in zip(variables["name"], variables["source"], strict=True):
        known = find_trait(source)
        if known:
            grouped = days[name].groupby(level="person")
            first = grouped.first()[grouped.nunique().eq(1)].reindex(people.index)
            people[known] = _read_known_values(first, known)
    return people if len(people.columns) else people.iloc[:0]


def _read_known_values(values: pd.Series, name: str) -> pd.Series:
    if name == "sex":
        words = load_choices("sex", PEOPLE)
        return values.map(lambda text: words.get(normalise_header(str(text))), na_action="ignore").astype("str")
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    return numbers.where(numbers.between(0, 120))


def read_episodes(
    source: Readable | None,
    rejects: Rejects,
    *,
    persons: pd.Index,
    today: dt.date,
    calendar: str = "date",
    person: str | None = None,
    date_format: str | None = None,
    **options: str | None,
) -> pd.DataFrame:
    """Read the episodes table: `EPISODE_COLUMNS`, then the user's own; sorted by person and start.

    A start is a moment, or the number of the day where the journal numbers its days.

    Raises
    ------
    JournalError
        There is no column of starts, no person column though the journal has several people, or the table
        can't be read.
    """
    if source is None:
        return pd.DataFrame(columns=EPISODE_COLUMNS)
    decimal = options.pop("decimal", None)
    table = read_table(source, "episodes", rejects, **options)
    who = find_person(table, person, needed=False)
    if who is None and len(persons) != 1:
        raise JournalError("The episodes table has no person column, and the journal has several people. Add one.")
    start, clock = find_start(table, numbered=calendar == "day")
    end = next(iter(find_aliases(table.columns, "end column")), None)
    numbered = calendar == "day" and look_like_dates(start.levels) < 0.5
    reading: dict[str, Any] = {"today": today, "date_format": date_format, "numbered": numbered}
    begins, fine = _read_moments(table, start, clock, rejects, **reading)
    if not numbered:
        note_stamps(table, start, rejects)
    if who is not None:
        fine &= find_named(table, who, rejects, among=fine)
    kept = table.keep(fine)
    used = [column.place for column in (who, start, clock, end) if column is not None]
    frame = _read_columns(kept, used, EPISODES, decimal, rejects)
    frame.insert(0, "person", pd.array(np.full(len(kept.rows), persons[0] if who is None else ""), dtype="str"))
    if who is not None:
        frame["person"] = pd.array(who.texts()[fine], dtype="str")
    frame["start"] = begins[fine]
    if end is not None:
        ends = _read_ends(kept, kept.columns[table.columns.index(end)], frame["start"].to_numpy(), rejects, reading)
        _fill_durations(frame, ends, kept, end.header, rejects)
    return _complete_episodes(frame)


def find_start(table: Table, *, numbered: bool) -> tuple[Column, Column | None]:
    """Return the column of starts, and that of the time of day where it stands apart from the date."""
    found = find_aliases(table.columns, "start column")
    if not found:
        raise JournalError("No start column in the episodes table. Name one 'start' (2024-03-31 21:30).")
    clock = next(iter(find_aliases(table.columns, "time column")), None)
    dated = [column for column in found if look_like_dates(column.levels) > 0.5]
    if dated and dated[0] is not found[0] and not numbered:
        # 'date' beside 'start' (21:30): the first tells the day, the second the time.
        return dated[0], clock or found[0]
    return found[0], clock


def _read_moments(
    table: Table,
    column: Column,
    clock: Column | None,
    rejects: Rejects,
    *,
    today: dt.date,
    date_format: str | None,
    numbered: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the moment of each row (or its day number) and whether it could be read."""
    days, faults = read_days(column, numbered=numbered, today=today, date_format=date_format)
    if numbered:
        moments = column.spread(np.array(days, dtype=float))
    else:
        unread = [code for code, text in enumerate(column.levels) if has_clock(text) and read_clock(text) is None]
        _refuse_clocks(table, column, [code for code in unread if code not in faults], rejects)
        moments = column.spread(join_clocks(days, column.levels))
        if clock is not None:
            times = [read_clock(text) or dt.timedelta() for text in clock.levels]
            moments = moments + clock.spread(np.array(times, dtype="timedelta64[us]"))
            unread = [
                code for code, text in enumerate(clock.levels) if read_clock(text) is None and not is_missing(text)
            ]
            _refuse_clocks(table, clock, unread, rejects)
    return moments, ~refuse_cells(table, column, faults, rejects, action="row dropped")


def _refuse_clocks(table: Table, column: Column, unread: list[int], rejects: Rejects) -> None:
    """Tell of times of day that no clock shows; the day is kept."""
    wrong = "is no time of day such as 21:30; the start of the day is taken"
    faults = {code: ("not_a_time", f"{column.levels[code]!r} {wrong}") for code in unread}
    refuse_cells(table, column, faults, rejects)


def _read_ends(kept: Table, end: Column, starts: np.ndarray, rejects: Rejects, reading: dict[str, Any]) -> np.ndarray:
    """Return the moment of each end: a date with a time, or a time of the starting day (or of the night after it)."""
    filled = [text for text in end.levels if not is_missing(text)]
    clocks = [read_clock(text) for text in end.levels]
    if filled and not reading["numbered"] and look_like_dates(filled) < 0.5:
        times = np.array([np.timedelta64("NaT") if time is None else np.timedelta64(time) for time in clocks])
        unread = {code: ("not_a_time", f"{text!r} is no time of day such as 21:30")
                  for code, text in enumerate(end.levels) if clocks[code] is None and not is_missing(text)}  # fmt: skip
        refuse_cells(kept, end, unread, rejects)
        ends = starts.astype("datetime64[D]") + end.spread(times.astype("timedelta64[us]"))
        return np.where(ends < starts, ends + np.timedelta64(1, "D"), ends)
    told = Rejects()
    ends, _ = _read_moments(kept, end, None, told, **reading)
    for name, row, column, value, rule, message, _ in told.entries:
        if rule != "missing_date" and not is_missing(value):
            rejects.add(name, row, column, value, rule, message, "cell set missing")
    return ends


def _fill_durations(frame: pd.DataFrame, ends: np.ndarray, kept: Table, header: str, rejects: Rejects) -> None:
    """Work durations out from the ends where none is given; an end before its start is refused."""
    if not (np.issubdtype(ends.dtype, np.datetime64) and np.issubdtype(frame["start"].dtype, np.datetime64)):
        return
    seconds = pd.Series((ends - frame["start"].to_numpy()) / np.timedelta64(1, "s"), index=frame.index)
    for place in np.flatnonzero(seconds < 0):
        row, moment = int(kept.rows[place]), str(ends[place])[:16].replace("T", " ")
        message = f"row {row}, {header}: the end, {moment}, lies before the start"
        rejects.add("episodes", row, header, moment, "end_before_start", message, "cell set missing")
    seconds = seconds.where(seconds >= 0)
    given = frame["duration_s"] if "duration_s" in frame else pd.Series(np.nan, index=frame.index)
    frame["duration_s"] = given.fillna(seconds)


def _complete_episodes(frame: pd.DataFrame) -> pd.DataFrame:
    kinds = load_dictionary(EPISODES).set_index("name")["kind"]
    for name in EPISODE_COLUMNS:
        if name not in frame:
            text = kinds.get(name) == "choice"
            frame[name] = pd.array([None] * len(frame), dtype="str") if text else np.nan
    frame["ongoing"] = frame["ongoing"].fillna(0.0)
    others = sorted(set(frame.columns) - set(EPISODE_COLUMNS))
    frame = frame[[*EPISODE_COLUMNS, *others]]
    return frame.sort_values(frame.columns.to_list(), kind="stable", ignore_index=True)


def _read_columns(
    table: Table, used: list[int], dictionary: str, decimal: str | None, rejects: Rejects
) -> pd.DataFrame:
    """Read every column that is no key: known ones after the dictionary, the others as the user's own."""
    frame = pd.DataFrame(index=pd.RangeIndex(len(table.rows)))
    sides = None
    columns = [column for column in table.columns if column.place not in used]
    for reading in read_columns(table, columns, rejects, dictionary=dictionary, decimal=decimal):
        name, column = reading.variable.name, reading.column
        choice = reading.variable.kind == "choice"
        if told := _tell_scale(reading.variable, find_row(name, dictionary=dictionary)):
            rejects.note(table.name, column.header, "scale", told)
        frame[name] = _read_choice(name, column, dictionary, table, rejects) if choice else reading.data
        if name == "site" and choice:
            sides = column.spread(np.array([split_side(text)[0] for text in column.levels], dtype=object))
    if sides is not None:
        given = frame["side"] if "side" in frame else pd.Series(None, index=frame.index, dtype="str")
        frame["side"] = given.fillna(pd.Series(sides, index=frame.index, dtype="str"))
    return frame


def _tell_scale(variable: Variable, row: Mapping[str, Any]) -> str:
    """Return what is to be told of a known rating on another scale than the dictionary's: no column keeps it here."""
    if row.get("kind") != "rating" or (variable.low, variable.high) == (row["low"], row["high"]):
        return ""
    scale, usual = (f"{low:g}-{high:g}" for low, high in ((variable.low, variable.high), (row["low"], row["high"])))
    return f"its scale is {scale} and not {usual} as elsewhere; its figures are kept as they are"


def _read_choice(name: str, column: Column, dictionary: str, table: Table, rejects: Rejects) -> ExtensionArray:
    words = load_choices(name, dictionary)
    faults: dict[int, Fault] = {}
    values: list[str | None] = []
    for code, text in enumerate(column.levels):
        asked = split_side(text)[1] if name == "site" else normalise_header(text)
        value = None if is_missing(text) else words.get(asked)
        if value is None and not is_missing(text):
            faults[code] = ("unknown_word", f"{text!r} is not one of {', '.join(dict.fromkeys(words.values()))}")
        values.append(value)
    refuse_cells(table, column, faults, rejects)
    return pd.array(column.spread(np.array([*values, None], dtype=object)), dtype="str")


def split_side(text: str) -> tuple[str | None, str]:
    """Take 'left', 'right' or 'both' away from the name of a site.

    >>> split_side("Left calf"), split_side("calf")
    (('left', 'calf'), (None, 'calf'))
    """
    words = normalise_header(text).split()
    for place in (0, -1):
        if len(words) > 1 and words[place] in _SIDES:
            side = _SIDES[words[place]]
            del words[place]
            return side, " ".join(words)
    return None, " ".join(words)
