"""Samsung Health: a line that names the table, then its header, then one row for each reading."""

import datetime as dt

from twitchstats.errors import JournalError
from twitchstats.journal.readers.days import Days
from twitchstats.journal.readers.export import Export, Record, open_table, read_heading
from twitchstats.journal.readers.times import date_night, read_moment, read_offset, shift_moment
from twitchstats.journal.source import Source

NAME = "Samsung Health"
# The end of a table's name -> value column, factor, header, what the format says of it.
_SUM = {"kind": "amount", "combine": "sum"}
_AMOUNTS = {
    "water_intake": ("amount", 0.001, "Water (L)", {"name": "fluid", "unit": "L"} | _SUM),
    "caffeine_intake": ("amount", 1, "Caffeine (mg)", {"name": "caffeine", "unit": "mg"} | _SUM),
    "exercise": ("duration", 1 / 60_000, "Exercise (min)", {"name": "exercise", "unit": "min"} | _SUM),
    "step_daily_trend": ("count", 1, "Steps", {"kind": "count", "combine": "max"}),
    "pedometer_day_summary": ("step_count", 1, "Steps", {"kind": "count", "combine": "max"}),
    "stress": ("score", 1, "Stress score", {"kind": "rating", "low": "0", "high": "100", "combine": "mean"}),
}
_SCORES = ("sleep_score", "efficiency", "mental_recovery", "physical_recovery")


def recognize(head: bytes, path_name: str) -> bool:
    """Say whether a file is a table of Samsung Health."""
    return _find_table(head).startswith(("com.samsung.shealth", "com.samsung.health"))


def _find_table(head: bytes) -> str:
    return next(iter(read_heading(head)), "")


def read(source: Export) -> Source:
    """Read a table of Samsung Health: times are UTC, moved by time_offset; a night is dated by waking."""
    name = _find_table(source.head())
    kind = name.removeprefix("com.samsung.shealth.").removeprefix("com.samsung.health.").removeprefix("tracker.")
    if kind not in ("sleep", *_AMOUNTS):
        raise JournalError(
            f"{source.name} is Samsung Health's table {name!r}, which is not read. Give one of: sleep, "
            f"{', '.join(_AMOUNTS)}."
        )
    table = open_table(source, skip=1)
    days = Days(NAME)
    moved = unknown = 0
    for record in table:
        cells = _Cells(record)
        unknown += read_offset(cells["time_offset"]) is None and "day_time" not in cells.names
        start, end = cells.read_local("start_time"), cells.read_local("end_time")
        if kind == "sleep":
            moved += _add_sleep(days, cells, end)
        else:
            _add_amount(days, cells, start or cells.read_local("day_time"), kind)
    if moved:
        days.notes.append(
            f"Times are taken as UTC and moved by their time_offset; read as local times, {moved:,} nights would "
            "belong to another day. Compare one night with the app."
        )
    if unknown:
        days.notes.append(f"{unknown:,} records name no time_offset, so their days are those of UTC.")
    days.close(table)
    return days.finish()


class _Cells:
    """The cells of a record by the last part of their header."""

    def __init__(self, record: Record) -> None:
        self.line, self.record = record.line, record
        self.names = {header.rpartition(".")[2]: header for header in record.cells}

    def __getitem__(self, column: str) -> str:
        return self.record[self.names.get(column, "")]

    def read_local(self, column: str) -> dt.datetime | None:
        text = self[column]
        moment = read_moment(text) or _read_milliseconds(text)
        if column == "day_time":  # marks a whole day
            return moment
        return shift_moment(moment, read_offset(self["time_offset"]) or dt.timedelta())


def _read_milliseconds(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromtimestamp(int(text) / 1000, dt.UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return None


def _add_sleep(days: Days, cells: _Cells, end: dt.datetime | None) -> bool:
    """Add a night, and say whether it would belong to another day if its times were local ones."""
    written = read_moment(cells["end_time"])
    start = cells.read_local("start_time")
    if end is None or start is None or not dt.timedelta() < end - start < dt.timedelta(days=2):
        days.leave(cells.line, "a sleep without a start and an end after it")
        return False
    column = days.name("Sleep (h)", name="sleep", kind="amount", unit="h", timing="night", combine="sum")
    values: dict[str, object] = {column: (end - start).total_seconds() / 3600}
    for score in _SCORES:
        name = days.name(
            score.replace("_", " ").capitalize(), kind="rating", low="0", high="100", timing="night", combine="mean"
        )
        values[name] = cells[score]
    days.add(cells.line, date_night(end), values)
    return written is not None and date_night(written) != date_night(end)


def _add_amount(days: Days, cells: _Cells, moment: dt.datetime | None, kind: str) -> None:
    column, factor, header, facts = _AMOUNTS[kind]
    try:
        value = float(cells[column]) * factor
    except ValueError:
        moment = None
    if moment is None:
        days.leave(cells.line, "there is no time, or no number")
        return
    days.add(cells.line, moment.date(), {days.name(header, **facts): value})
