"""Oura, the trends of its web page: one row a day."""

from twitchstats.journal.layout import Source
from twitchstats.journal.readers.days import Days, Values, to_number
from twitchstats.journal.readers.export import Export, fold, open_table, read_heading

NAME = "Oura"
_SLEEP = {"total sleep time": "sleep", "total sleep duration": "sleep", "time in bed": "time_in_bed",
          "total bedtime": "time_in_bed"}  # fmt: skip


def recognize(head: bytes) -> bool:
    """Say whether a file is an export of Oura's trends."""
    heading = set(read_heading(head))
    return "date" in heading and bool(heading & {"sleep score", "readiness score"}) and bool(
        heading & {"bedtime start", "total sleep time", "total sleep duration", "activity score", "readiness score"}
    )  # fmt: skip


def read(source: Export) -> Source:
    """Read the trends of Oura: its days are those of waking; scores are 0 to 100.

    The export does not name its unit of time. Where its longest span fits one unit only, that is taken, and told.
    """
    table, days = open_table(source, needed=["date"]), Days(NAME)
    spans = (to_number(text) for name in map(fold, table.headers) if _is_span(name) for text in table.list_texts(name))
    longest = max((span or 0.0 for span in spans), default=0.0)
    unit = "s" if longest > 1440 else "min" if longest > 24 else ""

    def read_cell(header: str, text: str) -> Values:
        if text.casefold() in ("none", "nan", "null"):
            return {}
        name = fold(header)
        return {days.name(f"{header} ({unit})" if unit and _is_span(name) else header, **_find_facts(name, unit)): text}

    days.add_rows(table, table.each_cell(read_cell, but=("date",)))
    if unit:
        days.notes.append(f"The export names no unit of time; its longest span can be nothing else than one in {unit}.")
    return days.finish(table)


def _is_span(name: str) -> bool:
    return name.endswith((" sleep time", " duration", "awake time", "time in bed", "total bedtime", "sleep latency"))


def _find_facts(name: str, unit: str) -> dict[str, str]:
    if name.startswith("bedtime"):
        return {"kind": "text", "combine": "join"}
    if name.endswith(" score"):
        return {"kind": "rating", "low": "0", "high": "100", "combine": "mean"}
    if not _is_span(name):
        return {"combine": "mean"}
    known = {"name": _SLEEP[name]} if name in _SLEEP and unit else {}
    return {"kind": "amount", "timing": "night", "combine": "sum"} | ({"unit": unit} if unit else {}) | known
