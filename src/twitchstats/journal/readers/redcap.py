"""REDCap: one row for each event or instance of an instrument, by record."""

import re

from twitchstats.errors import JournalError
from twitchstats.journal.dates import look_like_dates
from twitchstats.journal.layout import Source
from twitchstats.journal.readers.days import Days, Values
from twitchstats.journal.readers.export import Export, Records, fold, open_table, read_heading

NAME = "REDCap"
_MARKS = {"redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"}
_OWN = {*_MARKS, "redcap_data_access_group", "redcap_survey_identifier"}
_FORM = ("_complete", "_timestamp")  # how far a form was filled in, and when
_BOX = re.compile(r".+___.+")


def recognize(head: bytes) -> bool:
    """Say whether a file is a raw export of REDCap."""
    heading = read_heading(head)
    boxes = any(map(_BOX.fullmatch, heading)) and any(name.endswith("_complete") for name in heading)
    return bool(_MARKS & set(heading)) or boxes


def read(source: Export) -> Source:
    """Read a raw export of REDCap: a person is a record, a day is what the one column of dates says.

    Check boxes are yes or no; codes stay as they are, since what they mean stands in the project's own dictionary.
    """
    table, days = open_table(source), Days(NAME)
    person, when = fold(table.headers[0]), _find_date(table, source.name)
    forms = [header for header in map(fold, table.headers) if header.endswith(_FORM)]

    def read_cell(header: str, text: str) -> Values:
        if _BOX.fullmatch(header):
            return {days.name(header, kind="yes/no", combine="max"): {"1": "yes", "0": "no"}.get(text, text)}
        return {days.name(header): text}

    days.add_rows(
        table, table.each_cell(read_cell, but=(person, when, *_OWN, *forms)), person=person, when=when,
        why=f"there is no date in {when!r}: what is asked once, or was never filled in",
    )  # fmt: skip
    return days.finish(table)


def _find_date(table: Records, name: str) -> str:
    """Return the column of dates: the one that is filled in most often; two that are alike are asked about."""
    counts = {}
    for column in table.table.columns[1:]:
        if look_like_dates(column.levels) == 1:
            counts[fold(column.header)] = int(column.filled.sum())
    best = sorted(counts, key=lambda header: -counts[header])
    if not best:
        raise JournalError(f"{name} has no column of dates such as 2024-03-31, so its rows belong to no day.")
    if len(best) > 1 and counts[best[0]] == counts[best[1]]:
        raise JournalError(
            f"{name} has several columns of dates that are filled in equally often: {', '.join(best[:5])}. "
            "Leave in the one that says to which day a row belongs."
        )
    return best[0]
