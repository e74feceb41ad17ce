"""Samsung Health: a line that names the table, then its header, then one row for each reading."""

import datetime as dt
from collections import Counter
from dataclasses import replace

from twitchstats.errors import JournalError
from twitchstats.journal.layout import Source
from twitchstats.journal.readers.days import Days, Values, to_number
from twitchstats.journal.readers.export import Export, Record, open_table, read_heading
from twitchstats.journal.readers.times import (
    NAP,
    date_night,
    is_nap,
    read_epoch,
    read_moment,
    read_offset,
    shift_moment,
)

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


def recognize(head: bytes) -> bool:
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
    table, days = open_table(source, skip=1), Days(NAME)
    columns = [replace(column, header=column.header.rpartition(".")[2]) for column in table.table.columns]
    table = replace(table, table=replace(table.table, columns=columns))
    moved, unknown = Counter[bool](), Counter[bool]()

    def find_day(record: Record) -> dt.date | str:
        unknown[read_offset(record["time_offset"]) is None and "day_time" not in record.cells] += 1
        if kind == "sleep":
            night = _find_night(record)
            return _date_sleep(*night) if night else "a sleep without a start and an end after it"
        moment = _read_local(record, "start_time") or _read_local(record, "day_time")
        return moment.date() if moment and _read_amount(record, kind) is not None else "there is no time, or no number"

    def read_row(record: Record) -> Values:
        if kind != "sleep":
            return {days.name(_AMOUNTS[kind][2], **_AMOUNTS[kind][3]): _read_amount(record, kind)}
        start, end = _find_night(record) or (dt.datetime.min, dt.datetime.min)
        if is_nap(start, end):
            return {days.name("Nap (h)", unit="h", **NAP): (end - start).total_seconds() / 3600}
        written = read_moment(record["end_time"])
        moved[written is not None and date_night(written) != date_night(end)] += 1
        column = days.name("Sleep (h)", name="sleep", kind="amount", unit="h", timing="night", combine="sum")
        values: dict[str, object] = {column: (end - start).total_seconds() / 3600}
        for score in _SCORES:
            facts = {"kind": "rating", "low": "0", "high": "100", "timing": "night", "combine": "mean"}
            values[days.name(score.replace("_", " ").capitalize(), **facts)] = record[score]
        return values

    days.add_rows(table, read_row, when=find_day)
    if moved[True]:
        days.notes.append(
            f"Times are taken as UTC and moved by their time_offset; read as local times, {moved[True]:,} nights would "
            "belong to another day. Compare one night with the app."
        )
    if unknown[True]:
        days.notes.append(f"{unknown[True]:,} records name no time_offset, so their days are those of UTC.")
    return days.finish(table)


def _date_sleep(start: dt.datetime, end: dt.datetime) -> dt.date:
    return end.date() if is_nap(start, end) else date_night(end)


def _find_night(record: Record) -> tuple[dt.datetime, dt.datetime] | None:
    """Return the local times between which somebody slept, where both are told."""
    start, end = _read_local(record, "start_time"), _read_local(record, "end_time")
    return (start, end) if start and end and dt.timedelta() < end - start < dt.timedelta(days=2) else None


def _read_local(record: Record, column: str) -> dt.datetime | None:
    moment = read_moment(record[column]) or read_epoch(to_number(record[column]), units=1000)
    if column == "day_time":  # marks a whole day
        return moment
    return shift_moment(moment, read_offset(record["time_offset"]) or dt.timedelta())


def _read_amount(record: Record, kind: str) -> float | None:
    column, factor, *_ = _AMOUNTS[kind]
    number = to_number(record[column])
    return None if number is None else number * factor
