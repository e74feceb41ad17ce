"""Visible: one row for each reading of a tracker."""

from twitchstats.journal.layout import Source
from twitchstats.journal.readers.days import Days, Values
from twitchstats.journal.readers.export import Export, Record, has_columns, open_table

NAME = "Visible"
_SEVERITIES = ("0", "1", "2", "3")
_NEEDED = ("observation_date", "tracker_name", "observation_value")

recognize = has_columns(*_NEEDED)


def read(source: Export) -> Source:
    """Read an export of Visible: what it rates is 0 (none) to 3 (severe); other numbers stay as they are."""
    table, days = open_table(source, needed=_NEEDED), Days(NAME)
    others = {record["tracker_name"] for record in table if record["observation_value"] not in _SEVERITIES}
    rating = {"kind": "rating", "low": "0", "high": "3", "combine": "mean"}

    def read_row(record: Record) -> Values | str:
        name, value = record["tracker_name"], record["observation_value"]
        if not name or not value:
            return "there is no tracker or no value"
        return {days.name(name, group=record["tracker_category"], **({} if name in others else rating)): value}

    days.add_rows(table, read_row, when="observation_date", why="the observation_date is not like 2024-03-31")
    return days.finish(table)
