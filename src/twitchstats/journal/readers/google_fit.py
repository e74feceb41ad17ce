"""Google Fit (Takeout): the daily activity metrics, one row a day, or one file a day of quarter hours."""

from pathlib import PurePath

from twitchstats.journal.readers.days import Days
from twitchstats.journal.readers.export import Export, fold, open_table, read_heading
from twitchstats.journal.readers.times import read_day
from twitchstats.journal.source import Source

NAME = "Google Fit"
_MARKS = {"move minutes count", "step count", "calories (kcal)", "heart points", "distance (m)"}
_MILLISECONDS = 60_000  # in a minute
_SUMS = ("count", "duration (ms)", "(kcal)", "distance (m)", "heart points", "heart minutes")


def recognize(head: bytes, path_name: str) -> bool:
    """Say whether a file is a table of daily activity metrics."""
    heading = set(read_heading(head))
    return bool(heading & {"date", "start time"}) and len(heading & _MARKS) >= 2


def read(source: Export) -> Source:
    """Read daily activity metrics; durations become minutes, and sleep is counted from midnight to midnight."""
    table = open_table(source)
    daily = "date" in map(fold, table.headers)
    named = read_day(PurePath(source.name).stem)  # a file of quarter hours has its day in its name only
    days = Days(NAME)
    for record in table:
        day = read_day(record["date"]) if daily else named
        if day is None:
            days.leave(record.line, "there is no date like 2024-03-31, neither in the row nor as the file's name")
            continue
        values: dict[str, object] = {}
        for header in table.headers:
            name, text = fold(header), record[fold(header)]
            if text and name not in ("date", "start time", "end time", ""):
                values |= _read_cell(days, header, text)
        days.add(record.line, day, values)
    days.close(table)
    return days.finish()


def _read_cell(days: Days, header: str, text: str) -> dict[str, object]:
    name = fold(header)
    combine = "sum" if any(mark in name for mark in _SUMS) else "mean"
    if not name.endswith("duration (ms)"):
        kind = "count" if name.endswith("count") else "amount"
        return {days.name(header, kind=kind, combine=combine): text}
    column = days.name(header.replace("(ms)", "(min)"), kind="amount", unit="min", combine=combine)
    try:
        return {column: float(text) / _MILLISECONDS}
    except ValueError:
        return {column: text}
