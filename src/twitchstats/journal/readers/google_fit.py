"""Google Fit (Takeout): the daily activity metrics, one row a day, or one file a day of quarter hours."""

from pathlib import PurePath

from twitchstats.journal.layout import Source
from twitchstats.journal.readers.days import Days, Values, to_number
from twitchstats.journal.readers.export import Export, fold, open_table, read_heading
from twitchstats.journal.readers.times import read_day

NAME = "Google Fit"
_MARKS = {"move minutes count", "step count", "calories (kcal)", "heart points", "distance (m)"}
_MILLISECONDS = 60_000  # in a minute
_SUMS = ("count", "duration (ms)", "(kcal)", "distance (m)", "heart points", "heart minutes")


def recognize(head: bytes) -> bool:
    """Say whether a file is a table of daily activity metrics."""
    heading = set(read_heading(head))
    return bool(heading & {"date", "start time"}) and len(heading & _MARKS) >= 2


def read(source: Export) -> Source:
    """Read daily activity metrics; durations become minutes, and sleep is counted from midnight to midnight."""
    table, days = open_table(source), Days(NAME)
    dates, named = table.read_days("date"), read_day(PurePath(source.name).stem)  # a day of quarter hours is its name
    dated = "date" in map(fold, table.headers)

    def read_cell(header: str, text: str) -> Values:
        name = fold(header)
        combine = "sum" if any(mark in name for mark in _SUMS) else "mean"
        if not name.endswith("duration (ms)"):
            kind = "count" if name.endswith("count") else "amount"
            return {days.name(header, kind=kind, combine=combine): text}
        header = header.replace("(ms)", "(min)")
        number = to_number(text)
        minutes = text if number is None else number / _MILLISECONDS
        return {days.name(header, kind="amount", unit="min", combine=combine): minutes}

    days.add_rows(
        table, table.each_cell(read_cell, but=("date", "start time", "end time")),
        when=lambda record: dates.get(record["date"]) if dated else named,
        why="there is no date like 2024-03-31, neither in the row nor as the file's name",
    )  # fmt: skip
    return days.finish(table)
