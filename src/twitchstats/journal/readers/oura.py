"""Oura, the trends of its web page: one row a day."""

from collections.abc import Iterable

from twitchstats.journal.readers.days import Days
from twitchstats.journal.readers.export import Export, fold, open_table, read_heading
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
    days, headers = Days(NAME), {fold(header): header for header in table.headers}
    unit = _find_unit(text for name in filter(_is_span, headers) for text in table.list_texts(name))

    def read_cell(name: str, text: str) -> dict[str, object]:
        if name in ("date", "") or text.casefold() in ("none", "nan", "null"):
            return {}
        header = f"{headers[name]} ({unit})" if unit and _is_span(name) else headers[name]
        return {days.name(header, **_find_facts(name, unit)): text}

    days.add_wide(table, read_cell)
    if unit:
        days.notes.append(f"The export names no unit of time; its longest span can be nothing else than one in {unit}.")
    days.close(table)
    return days.finish()


def _is_span(name: str) -> bool:
    return name.endswith((" sleep time", " duration", "awake time", "time in bed", "total bedtime", "sleep latency"))


def _find_unit(spans: Iterable[str]) -> str:
    """Return the only unit in which spans of a day can be, all of them in the same, by the longest."""
    longest = 0.0
    for text in spans:
        try:
            longest = max(longest, float(text))
        except ValueError:
            continue
    return "s" if longest > 1440 else "min" if longest > 24 else ""


def _find_facts(name: str, unit: str) -> dict[str, str]:
    if name.startswith("bedtime"):
        return {"kind": "text", "combine": "join"}
    if name.endswith(" score"):
        return {"kind": "rating", "low": "0", "high": "100", "combine": "mean"}
    if not _is_span(name):
        return {"combine": "mean"}
    known = {"name": _SLEEP[name]} if name in _SLEEP and unit else {}
    return {"kind": "amount", "timing": "night", "combine": "sum"} | ({"unit": unit} if unit else {}) | known
