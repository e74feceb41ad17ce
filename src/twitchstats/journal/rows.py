"""From rows to days: where nights belong, how rows of a day become one, what the days show, and what contradicts."""

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twitchstats.arrays import BoolArray, FloatArray, IntArray
from twitchstats.errors import JournalError
from twitchstats.journal.dates import has_clock, join_clocks, look_like_dates
from twitchstats.journal.evidence import Reading
from twitchstats.journal.keys import DATES_NIGHTS, Keys, dates_nights, find_aliases, read_days
from twitchstats.journal.layout import Column
from twitchstats.journal.record import EPISODE_KINDS, Rejects, quote_some
from twitchstats.journal.variable import Variable
from twitchstats.variables import normalise_header, split_words, word_set

DRAWN = "condition"  # of a day of a trial, as `write_plan` calls it
_HEAD = 1000
_RUNS_ON = (
    "within each day its rows only rise, and they are added up; if they are readings of a running total, say combine = "
    "max in the schema"
)
_REPEATS = "its rows of a day always repeat one value, so it is the day's value and not added up"
_EVENTS = (
    "several rows a day and no column that counts: if each row is an event, how many there were is lost. Add a column "
    "that counts (twitches: 1), or give the file as episodes= (--episodes) beside a table of days"
)
_HOW = {
    "any": "yes if any says yes",
    "sum": "added up",
    "mean": "averaged",
    "max": "the highest taken",
    "min": "the lowest taken",
    "join": "joined",
}

TWIN_DAYS = 10  # with the same entries, that no two people have by chance
MOST_PEOPLE = 200  # of whom twins are looked for: in a crowd one more or less changes nothing


def assemble_days(readings: Sequence[Reading], keys: Keys, rejects: Rejects) -> pd.DataFrame:
    """Return the daily table with the sorted index (person, date); rows of one day become one, and that is told."""
    rank = keys.rank
    columns = {reading.variable.name: reading.data for reading in readings}
    if (rank[1:] > rank[:-1]).all():
        return pd.DataFrame(columns, index=keys.index(slice(None)), copy=False)
    order = np.lexsort((keys.table.rows, rank)) if keys.again.any() else np.argsort(rank, kind="stable")
    rank = rank[order]
    first = np.concatenate([[True], rank[1:] != rank[:-1]])
    frame = pd.DataFrame({name: values[order] for name, values in columns.items()}, copy=False)
    if not first.all():
        frame = _combine_rows(frame, first, readings, keys, order, rejects)
    frame.index = keys.index(order[first])
    return frame


def _combine_rows(
    frame: pd.DataFrame, first: BoolArray, readings: Sequence[Reading], keys: Keys, order: IntArray, rejects: Rejects
) -> pd.DataFrame:
    """Make one row of the rows of each day: equal ones are one; in others each variable has its rule."""
    group = np.cumsum(first) - 1
    equal = _find_equal(readings, keys, order, group)
    several = np.bincount(group[~equal], minlength=group[-1] + 1) > 1
    again, targets = several[group] & ~equal, np.flatnonzero(several)
    merged = frame[first].reset_index(drop=True)
    told: list[tuple[str, str]] = []
    for variable in [reading.variable for reading in readings] if len(targets) else []:
        values, groups = frame.loc[again, variable.name], group[again]
        how = _choose_rule(variable, values, groups, rejects)
        merged.loc[targets, variable.name] = _combine(values, groups, how).to_numpy()
        if how == "sum" and not variable.canonical and variable.known != "schema":
            _refuse_devices(variable, values, groups, keys, order[again])
        if how == variable.combine and not variable.level:
            told.append(("any" if variable.kind == "yes/no" else how, variable.source))
        if how == "sum":
            _question_sums(variable, merged, targets, keys, order[first], rejects)
    _tell_combined(first, equal, keys, order, told, rejects)
    told_of = [
        reading.variable for reading in readings if not pd.isna(reading.data).all() and not reading.variable.level
    ]
    lasting = (v.unit in ("h", "min", "s") and not v.canonical for v in told_of)
    if all(lasts or v.kind in ("text", "choice") for lasts, v in zip(lasting, told_of, strict=True)):
        rejects.note("days", "", "event_log", _EVENTS)
    return merged


def _find_equal(readings: Sequence[Reading], keys: Keys, order: IntArray, group: IntArray) -> BoolArray:
    """Say which rows say just what an earlier one of their day says, at the same time if one is told."""
    cells = [reading.column for reading in readings]
    texts = pd.DataFrame(
        {n: (column.codes if column.numbers is None else column.numbers)[order] for n, column in enumerate(cells)}
    ).assign(group=group)
    if keys.calendar == "date" and any(map(has_clock, keys.columns[-1].levels[:50])):
        texts["when"] = keys.columns[-1].codes[order]
    return texts.duplicated().to_numpy()


def _choose_rule(variable: Variable, values: pd.Series, groups: IntArray, rejects: Rejects) -> str:
    """Return how the rows of a day become one value; what repeats within each day is not added up."""
    if variable.combine != "sum" or variable.known == "schema":
        return variable.combine
    if _repeat(values, groups):
        rejects.note("days", variable.source, "note", _REPEATS)
        return "max"
    steps = values.groupby(groups).diff()
    if (steps > 0).sum() >= 6 and not (steps < 0).any():  # as the readings of a running total do
        rejects.note("days", variable.source, "running_total", _RUNS_ON)
    return "sum"


def _refuse_devices(variable: Variable, values: pd.Series, groups: IntArray, keys: Keys, rows: IntArray) -> None:
    """Raise JournalError where several devices tell of the same days what would be added up: steps count twice."""
    for column in find_aliases(keys.others, "device column"):
        named = [not split_words(text).isdisjoint(word_set("device name")) for text in column.levels]
        codes = column.codes[rows]
        told = values.notna().to_numpy() & np.array(named, dtype=bool)[codes]
        devices = pd.Series(codes[told]).groupby(groups[told]).nunique()
        if np.count_nonzero(devices > 1) > 1:
            some = quote_some([text for text, known in zip(column.levels, named, strict=True) if known], 3)
            raise JournalError(
                f"Column {variable.source!r}: on the same days several devices tell of it ({column.header!r}: {some}), "
                "and what two of them measured at once must not be added up. Keep the rows of one, or give each a "
                f"column of its own; if each tells of something else, remove the column {column.header!r}."
            )


def _repeat(values: pd.Series, groups: IntArray) -> bool:
    """Say whether the rows of a day hold the same value on all of at least three days."""
    grouped = values.groupby(groups)
    spans = (grouped.max() - grouped.min()).dropna()
    many = grouped.count().reindex(spans.index) > 1
    told = many & (grouped.max().reindex(spans.index) > 0)
    return bool(told.sum() >= 3 and (spans[many] == 0).all())


def _combine(values: pd.Series, groups: IntArray, how: str) -> pd.Series:
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
    variable: Variable, merged: pd.DataFrame, targets: IntArray, keys: Keys, firsts: IntArray, rejects: Rejects
) -> None:
    """Refuse sums of the rows of a day that leave what is plausible: they may not be parts of one whole."""
    for place in targets[(merged.loc[targets, variable.name] > variable.high).to_numpy()]:
        first = int(firsts[place])
        value, row = f"{merged.loc[place, variable.name]:g}", int(keys.table.rows[first])
        message = (
            f"row {row}, {variable.source}: the rows of {keys.tell_day(first)} add up to {value}, above the plausible "
            f"{variable.high:g}; if they should not be added up, set combine in the schema"
        )
        rejects.add("days", row, variable.source, value, "implausible_sum", message, "cell set missing")
        merged.loc[place, variable.name] = np.nan


def _tell_combined(
    first: BoolArray, equal: BoolArray, keys: Keys, order: IntArray, told: list[tuple[str, str]], rejects: Rejects
) -> None:
    """Add an entry for each row that went into an earlier one, saying what was done to which column."""
    ways: dict[str, list[str]] = {}
    for how, source in dict.fromkeys(told):
        ways.setdefault(how, []).append(source)
    done = "; ".join(
        f"{_HOW[how]}: {', '.join(some[:6])}{', ...' if len(some) > 6 else ''}" for how, some in ways.items()
    )
    rows, starts = keys.table.rows, np.flatnonzero(first)[np.cumsum(first) - 1]
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


def judge_courses(days: pd.DataFrame, variables: list[Variable], calendar: str, rejects: Rejects) -> list[Variable]:
    """Say which of your own columns are no triggers: constants, traits of people, counters, what a lot has drawn."""
    codes = days.index.codes[0]
    same = np.asarray(codes[1:] == codes[:-1])
    judged = []
    for variable in variables:
        counted = variable.canonical and variable.kind in ("count", "amount")
        open_role = counted or (variable.role == "own" and variable.how.get("role") != "schema")
        figures = open_role and variable.kind not in ("text", "choice")
        values = days[variable.name].to_numpy() if figures else np.array([])
        role, why = _judge_course(values, variable.kind, same, calendar)
        if open_role and variable.name == DRAWN and set(values[~np.isnan(values)]) == {0.0, 1.0}:
            role, why = "none", "it says what was drawn by lot for a trial, so it is no trigger"
        if counted and role:
            if why.startswith("it only rises"):
                way = "it only rises: if it runs on from day to day, write each day's own number"
                rejects.note("days", variable.source, "note", way)
            role = ""
        if role and not variable.level:
            rejects.note("days", variable.source, "note", why)
        judged.append(variable.learn("guessed", role=role) if role else variable)
    return judged


def mark_sums(days: pd.DataFrame, variables: list[Variable], rejects: Rejects) -> list[Variable]:
    """Say of columns that they are parts of the column right behind or before them, which is their sum on every day."""
    marked = list(variables)
    figures = [number for number, variable in enumerate(variables) if variable.kind in ("count", "amount", "rating")]
    columns = {number: days[variables[number].name].to_numpy() for number in figures}
    for total in figures:
        for parts in (figures[: figures.index(total)][::-1], figures[figures.index(total) + 1 :]):
            found = _find_parts([columns[number] for number in (total, *parts[:30])])
            if not found:
                continue
            some = ", ".join(repr(variables[number].source) for number in sorted(parts[:found]))
            message = f"it is the sum of {some} on every day, so these are read as its parts and not as its triggers"
            rejects.note("days", variables[total].source, "sum_of_parts", message)
            for number in parts[:found]:
                if not marked[number].part_of:
                    marked[number] = replace(marked[number], part_of=variables[total].name)
    return marked


def _find_parts(columns: Sequence[FloatArray]) -> int:
    """Return how many of the columns behind the first add up to it on each day; 0 where none do."""
    total, *parts = (column[:_HEAD] for column in columns)
    summed = np.zeros(len(total))
    for number, part in enumerate(parts, start=1):
        summed = summed + part
        known = ~np.isnan(summed) & ~np.isnan(total)
        if known.sum() < 10 or np.ptp(part[known]) == 0:
            return 0
        if number > 1 and np.allclose(summed[known], total[known]) and len(np.unique(total[known])) > 2:
            whole = sum(columns[1 : number + 1], np.zeros(len(columns[0])))
            known = ~np.isnan(whole) & ~np.isnan(columns[0])
            return number if np.allclose(whole[known], columns[0][known]) else 0
    return 0


def _judge_course(values: NDArray[np.generic], kind: str, same: BoolArray, calendar: str) -> tuple[str, str]:
    """Return the role of a column that is no trigger, and why; blanks where nothing speaks against it."""
    if len(values) < 5 or not same.any():
        return "", ""
    if (np.diff(values[:_HEAD])[same[: _HEAD - 1]] < 0).any():  # as in most columns: no need to look at all of it
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


def place_nights(readings: list[Reading], keys: Keys, rejects: Rejects) -> list[Reading]:
    """Say where the nights of a diary belong, and move those that begin after their day to the day on which they end.

    A pair of columns with the date and time at which a night starts and ends tells it. Columns with a word of the
    night, or filled exactly where that pair is, are the night's.
    """
    if keys.calendar != "date":
        return readings
    found = _find_night(keys)
    if found is None:
        return _doubt_nights(readings, keys, rejects)
    starts, ends, end_days = found
    shift = np.where(np.isnan(end_days), 0, end_days - keys.numbers).astype(np.int64)
    usual = int(np.median(shift[~np.isnan(end_days)]))
    nights = {
        number: reading for number, reading in enumerate(readings)
        if reading.variable.role not in ("person", "none") and _is_night(reading, ends.filled)
    }  # fmt: skip
    if usual not in (0, 1) or not nights:
        return readings
    if usual:
        names = ", ".join(reading.variable.source for reading in list(nights.values())[:8])
        moved, n_lost = _shift_values(list(nights.values()), keys, usual)
        nights = dict(zip(nights, moved, strict=True))
        rejects.note(
            "days", ends.header, "night_moved",
            f"the nights begin on the evening of their row's date and end the day after ({starts.header!r} to "
            f"{ends.header!r}), so these columns count for the day on which the night ends: {names}"
            + (f"; {n_lost} nights end on a day without an entry and are left out" if n_lost else ""),
        )  # fmt: skip
    placed = {number: replace(found, variable=found.variable.learn("header", timing="night"))
              for number, found in nights.items()}  # fmt: skip
    return [placed.get(number, reading) for number, reading in enumerate(readings)]


def _find_night(keys: Keys) -> tuple[Column, Column, FloatArray] | None:
    """Return the columns where a night starts and ends, and the day of each end, if dates with times stand there."""
    words = word_set("night start") | word_set("night end")
    worded = [column for column in keys.others if column.numbers is None]
    named = (c for c in worded if normalise_header(c.header) in words or _has_night_word(c.header))
    stamped = [c for c in named if look_like_dates(c.levels) > 0.8 and any(map(has_clock, c.levels[:50]))]
    for starts, ends in itertools.permutations(stamped[:8], 2):
        stamps = [_read_stamps(column) for column in (starts, ends)]
        hours = (stamps[1] - stamps[0]) / np.timedelta64(1, "h")
        told = hours[~np.isnan(hours)]
        if len(told) < 3 or not 2 <= np.median(told) <= 16:
            continue
        clock = (stamps[0] - stamps[0].astype("datetime64[D]")) / np.timedelta64(1, "h")
        late = clock[~np.isnan(clock)]
        if np.mean((late >= 18) | (late < 5)) >= 0.7:
            days = stamps[1].astype("datetime64[D]")
            return starts, ends, np.where(np.isnat(days), np.nan, days.astype(np.int64).astype(float))
    return None


def _has_night_word(header: str) -> bool:
    return bool(split_words(header) & word_set("night column"))


def _read_stamps(column: Column) -> NDArray[np.datetime64]:
    try:
        dates, _ = read_days(column, numbered=False, today=dt.date(2999, 1, 1))
    except JournalError:
        return np.full(len(column), np.datetime64("NaT", "us"))
    return column.spread(join_clocks(dates, column.levels))


def _is_night(reading: Reading, pattern: BoolArray) -> bool:
    """Say whether a column tells of the night: by a word, or because it is filled just where the night's times are."""
    variable = reading.variable
    if variable.how.get("timing") in ("schema", "confirmed", "header") or variable.kind in ("text", "choice"):
        return variable.timing == "night"
    if variable.timing == "night" or _has_night_word(variable.source):
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
    first = ~keys.again
    place = pd.Series(np.flatnonzero(first), index=pd.MultiIndex.from_frame(frame[first]))
    target = pd.MultiIndex.from_arrays([keys.person, keys.numbers - days])
    origin = place.reindex(target).to_numpy()
    known = ~np.isnan(origin)
    moved = []
    for reading in readings:
        values = np.full(len(known), np.nan)
        values[known] = np.asarray(reading.data, dtype=float)[origin[known].astype(int)]
        moved.append(replace(reading, data=values))
    reached = place.index.isin(target)
    filled = ~np.isnan(np.asarray(readings[0].data, dtype=float))[place.to_numpy()]
    return moved, int((~reached & filled).sum())


def _doubt_nights(readings: list[Reading], keys: Keys, rejects: Rejects) -> list[Reading]:
    """Take the order of night and day back where it isn't told on which date the nights began."""
    when = keys.columns[-1]
    clocked = [
        column for column in find_aliases(keys.table.columns, "night start")
        if column.numbers is None and look_like_dates(column.levels) < 0.5 and any(":" in t for t in column.levels[:50])
    ]  # fmt: skip
    dated = dates_nights(when.header)
    nights = [
        reading for reading in readings
        if reading.variable.timing == "night" and reading.variable.how.get("timing") == "dictionary"
    ]  # fmt: skip
    if not (clocked or dated) or not nights:
        return readings
    what = DATES_NIGHTS if dated else "it tells when a night began but not on which date"
    rejects.note(
        "days", when.header if dated else clocked[0].header, "night_unknown",
        f"{what}, so it is not known whether the night lies before or after its day; say timing in the schema (night: "
        "the night that ends on the row's day)",
    )  # fmt: skip
    return [
        replace(r, variable=replace(r.variable, timing="", how={**r.variable.how, "timing": "guessed"}))
        if r in nights else r
        for r in readings
    ]  # fmt: skip


def note_contradictions(
    days: pd.DataFrame, variables: pd.DataFrame, episodes: pd.DataFrame, calendar: str, rejects: Rejects
) -> None:
    """Tell of days without twitching that have an intensity or an episode all the same, and of one diary kept twice."""
    _note_twins(days, rejects)
    label = variables.set_index("name")["label"]
    counts = [name for name in EPISODE_KINDS if name in days and pd.api.types.is_numeric_dtype(days[name])]
    if counts and "intensity" in days:
        strong = days.index[days[counts].eq(0).all(axis=1) & days["intensity"].gt(0)]
        where, verb = " and ".join(label[counts]), "is" if len(counts) == 1 else "are"
        _note_both("days", "intensity", f"{label['intensity']} is above zero where {where} {verb} 0", strong, rejects)
    if calendar == "none" or episodes.empty:
        return
    if calendar == "day" and pd.api.types.is_datetime64_dtype(episodes["start"]):
        told = "it tells dates, and the journal numbers its days, so episodes and days can't be laid beside each other"
        rejects.note("episodes", "start", "other_calendar", f"{told}; give both dates or numbers")
        return
    starts = episodes["start"].dt.floor("D") if calendar == "date" else episodes["start"].floordiv(1)
    for name in counts:
        mine = episodes["kind"].eq(EPISODE_KINDS[name])
        begun = pd.MultiIndex.from_arrays([episodes.loc[mine, "person"], starts[mine]], names=days.index.names)
        none = days.index[days[name].eq(0) & days.index.isin(begun)]
        _note_both("episodes", "start", f"{label[name]} is 0 where an episode of this kind began", none, rejects)


def _note_twins(days: pd.DataFrame, rejects: Rejects) -> None:
    """Tell of people who have the same entries on the same days, all of them."""
    sizes = np.bincount(days.index.codes[0])
    if len(sizes) > MOST_PEOPLE or np.bincount(sizes[sizes >= TWIN_DAYS]).max(initial=0) < 2:
        return
    entries = pd.util.hash_pandas_object(days.droplevel("person")).set_axis(days.index)
    seen = entries.groupby(level="person").agg(["sum", "size"])
    for (_, size), same in seen[seen["size"] >= TWIN_DAYS].groupby(["sum", "size"], sort=False):
        if len(same) > 1:
            names = quote_some([str(name) for name in same.index], 3)
            message = (
                f"{names} have the same entries on all of their {size:,} days; all are kept, but if this is one "
                "person's diary under several names, leave one: it would count several times"
            )
            rejects.note("days", "person", "contradiction", message)


def _note_both(table: str, column: str, what: str, places: pd.MultiIndex, rejects: Rejects) -> None:
    if len(places):
        days = [f"{date:%Y-%m-%d}" if isinstance(date, pd.Timestamp) else f"{date:g}" for _, date in places]
        told = f"{len(days):,} {'day' if len(days) == 1 else 'days'}"
        message = f"{what}, on {told} ({quote_some(days, 3)}); both are kept, but one of them may be a slip"
        rejects.note(table, column, "contradiction", message)
