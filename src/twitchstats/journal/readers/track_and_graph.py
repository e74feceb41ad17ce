"""Track & Graph: one row for each data point of a tracker."""

import re
from collections import defaultdict

from twitchstats.journal.cells import read_duration
from twitchstats.journal.readers.days import Days
from twitchstats.journal.readers.export import Export, open_table, read_heading
from twitchstats.journal.readers.times import tell_utc
from twitchstats.journal.source import Source

NAME = "Track & Graph"
_NEEDED = ("featurename", "timestamp", "value")
_DURATION = re.compile(r"(-?\d+:-?\d{1,2}:-?\d{1,2})(?::(.*))?", re.DOTALL)
_NUMBER = re.compile(r"(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?::(.*))?", re.DOTALL)


def recognize(head: bytes, path_name: str) -> bool:
    """Say whether a file is an export of Track & Graph."""
    return set(_NEEDED) <= set(read_heading(head))


def read(source: Export) -> Source:
    """Read an export of Track & Graph: durations are hours, a label goes with its number.

    A tracker that has one label only carries it in its name, as a unit would be; what several labels stand for is told.
    """
    table = open_table(source, needed=_NEEDED)
    points, labels = [], defaultdict[str, dict[str, str]](dict)
    days, dates, n_utc = Days(NAME), table.read_days("timestamp"), 0
    for record in table:
        n_utc += record["timestamp"].endswith("Z")
        day = dates.get(record["timestamp"])
        parsed = _read_value(record["value"])
        if day is None or parsed is None or not record["featurename"]:
            days.leave(record.line, "there is no tracker, no day like 2024-03-31, or a value that is no number")
            continue
        value, label, unit = parsed
        if label:
            labels[record["featurename"]].setdefault(label, value)
        points.append((record.line, day, record["featurename"], value, unit, record["note"]))
    for line, day, feature, value, unit, note in points:
        values: dict[str, object] = {_name_feature(days, feature, unit, labels[feature]): value}
        if note:
            values[days.name(f"{feature} note", group="text", kind="text", combine="join")] = note
        days.add(line, day, values)
    days.notes += [*_tell_labels(labels), *tell_utc(n_utc)]
    days.close(table)
    return days.finish()


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
