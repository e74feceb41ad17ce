"""Visible: one row for each reading of a tracker."""

from twitchstats.journal.readers.days import Days
from twitchstats.journal.readers.export import Export, open_table, read_heading
from twitchstats.journal.source import Source

NAME = "Visible"
_SEVERITIES = ("0", "1", "2", "3")
_NEEDED = ("observation_date", "tracker_name", "observation_value")


def recognize(head: bytes, path_name: str) -> bool:
    """Say whether a file is an export of Visible."""
    return set(_NEEDED) <= set(read_heading(head))


def read(source: Export) -> Source:
    """Read an export of Visible: what it rates is 0 (none) to 3 (severe); other numbers stay as they are."""
    table = open_table(source, needed=_NEEDED)
    days, dates = Days(NAME), table.read_days("observation_date")
    others = {record["tracker_name"] for record in table if record["observation_value"] not in _SEVERITIES}
    for record in table:
        day = dates.get(record["observation_date"])
        if day is None:
            days.leave(record.line, "the observation_date is not like 2024-03-31")
        elif not record["tracker_name"] or not record["observation_value"]:
            days.leave(record.line, "there is no tracker or no value")
        else:
            facts = (
                {}
                if record["tracker_name"] in others
                else {"kind": "rating", "low": "0", "high": "3", "combine": "mean"}
            )
            column = days.name(record["tracker_name"], group=record["tracker_category"], **facts)
            days.add(record.line, day, {column: record["observation_value"]})
    days.close(table)
    return days.finish()
