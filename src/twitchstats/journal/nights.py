"""Nights: on which day they count, as the times at which they start and end tell."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twitchstats.errors import JournalError
from twitchstats.journal.dates import (
    has_clock,
    join_clocks,
    look_like_dates,
    read_dates,
)
from twitchstats.journal.evidence import Reading
from twitchstats.journal.keys import Keys, find_aliases
from twitchstats.journal.layout import Column, Mask, Table
from twitchstats.journal.record import Rejects
from twitchstats.variables import load_words, normalise_header

_NIGHT_WORDS = frozenset(load_words("night column"))


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
    return column.spread(join_clocks(dates, column.levels))


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
