"""Flaredown, the public data set: one row for each reading of a person and day."""

from twitchstats.journal.readers.days import Days
from twitchstats.journal.readers.export import Export, Record, open_table, read_heading
from twitchstats.journal.readers.flaredown import HIGH, LOW, add_treatment
from twitchstats.journal.source import Source

NAME = "Flaredown, public data"
_NEEDED = ("user_id", "checkin_date", "trackable_type", "trackable_name", "trackable_value")


def recognize(head: bytes, path_name: str) -> bool:
    """Say whether a file is the public data set of Flaredown, or a part of it."""
    return set(_NEEDED) <= set(read_heading(head))


def read(source: Export) -> Source:
    """Read the public data set of Flaredown: severities are 0 to 4; ages that nobody has are left out."""
    table = open_table(source, needed=_NEEDED)
    days, dates = Days(NAME), table.read_days("checkin_date")
    for record in table:
        day = dates.get(record["checkin_date"])
        if day is None or not record["user_id"]:
            days.leave(record.line, "there is no person, or no date like 2024-03-31")
            continue
        kind = record["trackable_type"].casefold()
        values = _read_reading(days, kind, record)
        if values is None:
            days.leave(record.line, "the reading has no name or no value, or is of a type that is not known")
            continue
        days.add(record.line, day, values, person=record["user_id"], groups=["tag", "food"])
        _note_person(days, record)
    days.close(table)
    return days.finish()


def _read_reading(days: Days, kind: str, record: Record) -> dict[str, object] | None:
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
        if not known[column] and value and (column != "age" or _is_age(value)):
            known[column] = value.removesuffix(".0") if column == "age" else value


def _is_age(text: str) -> bool:
    try:
        return 0 < float(text) <= 120
    except ValueError:
        return False
