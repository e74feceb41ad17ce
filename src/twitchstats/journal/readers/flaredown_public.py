"""Flaredown, the public data set: one row for each reading of a person and day."""

from twitchstats.journal.layout import Source
from twitchstats.journal.readers.days import Days, Values, to_number
from twitchstats.journal.readers.export import Export, Record, has_columns, open_table
from twitchstats.journal.readers.flaredown import HIGH, LOW, add_treatment

NAME = "Flaredown, public data"
_NEEDED = ("user_id", "checkin_date", "trackable_type", "trackable_name", "trackable_value")


recognize = has_columns(*_NEEDED)


def read(source: Export) -> Source:
    """Read the public data set of Flaredown: severities are 0 to 4; ages that nobody has are left out."""
    table, days = open_table(source, needed=_NEEDED), Days(NAME)

    def read_row(record: Record) -> Values | str:
        values = _read_reading(days, record["trackable_type"].casefold(), record)
        if values is None:
            return "the reading has no name or no value, or is of a type that is not known"
        _note_person(days, record)
        return values

    days.add_rows(table, read_row, when="checkin_date", person="user_id", groups=("tag", "food"))
    return days.finish(table)


def _read_reading(days: Days, kind: str, record: Record) -> Values | None:
    name, value = record["trackable_name"], record["trackable_value"]
    if not name:
        return None
    if kind in ("tag", "food"):
        return {days.tick(name, group=kind): "yes"}
    if not value:
        return None
    if kind == "treatment":
        return add_treatment(days, name, value)
    if kind in ("condition", "symptom"):
        return {days.name(name, group=kind.title(), kind="rating", low=LOW, high=HIGH, combine="mean"): value}
    if kind == "weather":
        facts = {"kind": "text", "combine": "join"} if name == "icon" else {"kind": "amount", "combine": "mean"}
        return {days.name(name, group="Weather", outside="yes", **facts): value}
    return {days.name(name, group=kind.upper(), combine="mean"): value} if kind == "hbi" else None


def _note_person(days: Days, record: Record) -> None:
    """Keep what is told of a person, the first time it is."""
    known = days.people.setdefault(record["user_id"], {"age": "", "sex": "", "country": ""})
    for column in known:
        value = record[column]
        if not known[column] and value and (column != "age" or 0 < (to_number(value) or 0) <= 120):
            known[column] = value.removesuffix(".0") if column == "age" else value
