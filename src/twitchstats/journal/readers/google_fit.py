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
    days, headers = Days(NAME), {fold(header): header for header in table.headers}
    dates, named = (
        table.read_days("date"),
        read_day(PurePath(source.name).stem),
    )  # a file of quarter hours has its day in its name only

    def read_cell(name: str, text: str) -> dict[str, object]:
        if name in ("date", "start time", "end time", ""):
            return {}
        combine = "sum" if any(mark in name for mark in _SUMS) else "mean"
        if not name.endswith("duration (ms)"):
            kind = "count" if name.endswith("count") else "amount"
            return {days.name(headers[name], kind=kind, combine=combine): text}
        header = headers[name].replace("(ms)", "(min)")
        return {days.name(header, kind="amount", unit="min", combine=combine): _to_minutes(text)}

    days.add_wide(
        table, read_cell, read_key=(lambda record: dates.get(record["date"])) if "date" in headers else lambda _: named,
        why="there is no date like 2024-03-31, neither in the row nor as the file's name",
    )  # fmt: skip
    days.close(table)
    return days.finish()


def _to_minutes(text: str) -> float | str:
    try:
        return float(text) / _MILLISECONDS
    except ValueError:
        return text
