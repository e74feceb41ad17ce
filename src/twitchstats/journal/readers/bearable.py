"""Bearable: one row for each reading, named by category and detail."""

from twitchstats.journal.cells import read_duration
from twitchstats.journal.layout import Source
from twitchstats.journal.readers.days import Days, Values
from twitchstats.journal.readers.export import Export, Record, fold, has_columns, open_table

NAME = "Bearable"
_NEEDED = ("date", "category", "rating/amount", "detail")
_SEVERITIES = {"mild": 1, "moderate": 2, "severe": 3, "unbearable": 4}


recognize = has_columns(*_NEEDED)


def read(source: Export) -> Source:
    """Read an export of Bearable.

    Severities are 1 (mild) to 3 (severe), sleep is told as hours and minutes, medicines with their unit; what is listed
    is ticked. A symptom that a day does not name is missing, not absent.
    """
    table, days = open_table(source, needed=_NEEDED), Days(NAME)
    when = "date formatted" if "date formatted" in map(fold, table.headers) else "date"

    def read_row(record: Record) -> Values | str:
        values = _CATEGORIES.get(record["category"].casefold(), _read_other)(days, record)
        return values if isinstance(values, str) else {**values, **days.tell_text(record["notes"])}

    days.add_rows(
        table, read_row, when=when, why="the date is not one that Bearable writes",
        groups=lambda record: [record["category"].casefold()],
    )  # fmt: skip
    table.used.update(("date", "weekday"))  # say again what the date says
    return days.finish(table)


def _read_symptom(days: Days, record: Record) -> Values | str:
    name, word = _split_detail(record["detail"])
    severity = _SEVERITIES.get(word.casefold())
    name = name if severity else record["detail"]
    rating = record["rating/amount"]
    if not name or not (rating or severity):
        return "a symptom without name or severity"
    if rating and severity and rating.removesuffix(".0") != str(severity):
        return "the severity in numbers and in words differ"
    high = "4" if severity == 4 else "3"
    column = days.name(name, group="Symptom", kind="rating", low="0", high=high, combine="mean")
    return {column: rating or str(severity)}


def _split_detail(detail: str) -> tuple[str, str]:
    """Return the name of a detail and the word in brackets at its end, "" where there is none."""
    name, bracket, word = detail.removesuffix(")").rpartition("(") if detail.endswith(")") else (detail, "", "")
    return (name.strip(), word.strip()) if bracket and name.strip() else (detail, "")


def _read_named(days: Days, record: Record) -> Values:
    """Read what has one name; that of how good a sleep was no dictionary knows, as its scale is not told."""
    category = record["category"]
    name, facts, ticked = _NAMED[category.casefold()]
    rating = {days.name(name, group=category, combine="mean", **facts): record["rating/amount"]}
    return {**rating, **(_read_list(days, record) if ticked else {})}


def _read_medicine(days: Days, record: Record) -> Values | str:
    if not record["detail"]:
        return "a medicine without name"
    if not record["rating/amount"]:
        return {days.tick(record["detail"], group="Meds/Supplements"): "yes"}
    unit = {"unit": word} if (word := _split_detail(record["detail"])[1]) else {}
    column = days.name(record["detail"], group="Amount", kind="amount", low="0", combine="sum", **unit)
    return {column: record["rating/amount"]}


def _read_sleep(days: Days, record: Record) -> Values | str:
    hours = read_duration(record["rating/amount"], "h")
    if hours is None:
        return "a sleep whose length is not in hours and minutes"
    column = days.name("Sleep (h)", group="Sleep", name="sleep", kind="amount", unit="h", timing="night", combine="sum")
    return {column: hours}


def _read_bowels(days: Days, record: Record) -> Values:
    column = days.name("Bowel movements", group="Bowel Movements", kind="count", low="0", combine="sum")
    return {column: "1"}


def _read_list(days: Days, record: Record) -> Values:
    """Tick what a detail lists."""
    return days.tick_all(record["detail"].split("|"), group=record["category"].casefold())


def _read_text(days: Days, record: Record) -> Values:
    text = " ".join(filter(None, (record["rating/amount"], record["detail"])))
    return days.tell_text(text, record["category"], group="text")


def _read_other(days: Days, record: Record) -> Values | str:
    """Read a category that is not known here under its own names, so that the schema is asked about it."""
    if not record["category"]:
        return "there is no category"
    if record["rating/amount"]:
        return {days.name(record["detail"] or record["category"], group=record["category"]): record["rating/amount"]}
    return _read_text(days, record)  # it may be anything: what somebody wrote is no name of a column


# Category -> name, what the format says of it, and whether its detail is a list.
_NAMED: dict[str, tuple[str, dict[str, str], bool]] = {
    "mood": ("Mood", {"kind": "rating", "low": "0", "high": "10"}, True),
    "energy": ("Energy", {"kind": "rating", "low": "1", "high": "5"}, False),
    "sleep quality": ("Sleep quality rating", {"timing": "night"}, False),
}
_CATEGORIES = {
    **dict.fromkeys(_NAMED, _read_named),
    "symptom": _read_symptom,
    "meds/supplements": _read_medicine,
    "factors": _read_list,
    "sleep factors": _read_list,
    "food diary factors": _read_list,
    "sleep": _read_sleep,
    "bowel movements": _read_bowels,
    "gratitudes": _read_text,
    "food diary": _read_text,
}
