"""Track & Graph: one row for each data point of a tracker."""

import re
from collections import defaultdict

from twitchstats.journal.cells import read_duration
from twitchstats.journal.layout import Source
from twitchstats.journal.readers.days import Days, Values
from twitchstats.journal.readers.export import Export, Record, has_columns, open_table
from twitchstats.journal.readers.times import tell_utc

NAME = "Track & Graph"
_NEEDED = ("featurename", "timestamp", "value")
_WHY = "there is no tracker, no day like 2024-03-31, or a value that is no number"
_DURATION = re.compile(r"(-?\d+:-?\d{1,2}:-?\d{1,2})(?::(.*))?", re.DOTALL)
_NUMBER = re.compile(r"(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?::(.*))?", re.DOTALL)


recognize = has_columns(*_NEEDED)


def read(source: Export) -> Source:
    """Read an export of Track & Graph: durations are hours, a label goes with its number.

    A tracker that has one label only carries it in its name, as a unit would be; what several labels stand for is told.
    """
    table, days = open_table(source, needed=_NEEDED), Days(NAME)
    labels = defaultdict[str, dict[str, str]](dict)
    dates = table.read_days("timestamp")
    for record in table:
        parsed = _read_value(record["value"])
        if parsed and parsed[1] and dates.get(record["timestamp"]):
            labels[record["featurename"]].setdefault(parsed[1], parsed[0])

    def read_row(record: Record) -> Values | str:
        feature, parsed = record["featurename"], _read_value(record["value"])
        if not feature or parsed is None:
            return _WHY
        note = days.tell_text(record["note"], f"{feature} note", group="text")
        return {_name_feature(days, feature, parsed[2], labels[feature]): parsed[0], **note}

    days.add_rows(table, read_row, when="timestamp", why=_WHY)
    days.notes += [*_tell_labels(labels), *tell_utc(table, "timestamp")]
    return days.finish(table)


def _read_value(text: str) -> tuple[str, str, str] | None:
    """Return number, label and unit of a value such as 2.0:cups or 5:50:00."""
    duration = _DURATION.fullmatch(text)
    if duration:
        hours = read_duration(duration[1], "h")
        return None if hours is None else (f"{hours:.10g}", (duration[2] or "").strip(), "h")
    number = _NUMBER.fullmatch(text)
    return (number[1].removesuffix(".0"), (number[2] or "").strip(), "") if number else None


def _name_feature(days: Days, feature: str, unit: str, labels: dict[str, str]) -> str:
    if unit:
        return days.name(f"{feature} ({unit})", group="duration", kind="amount", unit=unit, combine="sum")
    return days.name(f"{feature} ({next(iter(labels))})" if len(labels) == 1 else feature, group="number")


def _tell_labels(labels: dict[str, dict[str, str]]) -> list[str]:
    return [
        f"{feature}: " + ", ".join(f"{value} is {label!r}" for label, value in list(found.items())[:10]) + "."
        for feature, found in labels.items()
        if len(found) > 1
    ]
