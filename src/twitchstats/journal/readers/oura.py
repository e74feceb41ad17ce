"""Oura, the trends of its web page: one row a day."""

from twitchstats.journal.readers.days import Days
from twitchstats.journal.readers.export import Export, Record, fold, open_table, read_heading
from twitchstats.journal.readers.times import read_day
from twitchstats.journal.source import Source

NAME = "Oura"
_SLEEP = {"total sleep time": "sleep", "total sleep duration": "sleep", "time in bed": "time_in_bed",
          "total bedtime": "time_in_bed"}  # fmt: skip


def recognize(head: bytes, path_name: str) -> bool:
    """Say whether a file is an export of Oura's trends."""
    heading = set(read_heading(head))
    return "date" in heading and bool(heading & {"sleep score", "readiness score"}) and bool(
        heading & {"bedtime start", "total sleep time", "total sleep duration", "activity score", "readiness score"}
    )  # fmt: skip


def read(source: Export) -> Source:
    """Read the trends of Oura: its days are those of waking; scores are 0 to 100.

    The export does not name its unit of time. Where its longest span fits one unit only, that is taken, and told.
    """
    table = open_table(source, needed=["date"])
    records = list(table)
    days = Days(NAME)
    unit = _find_unit(records, [fold(header) for header in table.headers if _is_span(fold(header))])
    for record in records:
        day = read_day(record["date"])
        if day is None:
            days.leave(record.line, "the date is not like 2024-03-31")
            continue
        values: dict[str, object] = {}
        for header in table.headers:
            name, text = fold(header), record[fold(header)]
            if name == "date" or not text or text.casefold() in ("none", "nan", "null"):
                continue
            values[_name_column(days, header, unit)] = text
        days.add(record.line, day, values)
    if unit:
        days.notes.append(f"The export names no unit of time; its longest span can be nothing else than one in {unit}.")
    days.close(table)
    return days.finish()


def _is_span(name: str) -> bool:
    return name.endswith((" sleep time", " duration", "awake time", "time in bed", "total bedtime", "sleep latency"))


def _find_unit(records: list[Record], spans: list[str]) -> str:
    """Return the only unit in which spans of a day can be, all of them in the same, by the longest."""
    longest = 0.0
    for text in (record[name] for record in records for name in spans):
        try:
            longest = max(longest, float(text or 0))
        except ValueError:
            continue
    return "s" if longest > 1440 else "min" if longest > 24 else ""


def _name_column(days: Days, header: str, unit: str) -> str:
    name = fold(header)
    if name.startswith("bedtime"):
        return days.name(header, kind="text", combine="join")
    if name.endswith(" score"):
        return days.name(header, kind="rating", low="0", high="100", combine="mean")
    if not _is_span(name):
        return days.name(header, combine="mean")
    known = {"name": _SLEEP[name]} if name in _SLEEP and unit else {}
    facts = {"unit": unit} if unit else {}
    label = f"{header} ({unit})" if unit else header
    return days.name(label, kind="amount", timing="night", combine="sum", **facts, **known)
