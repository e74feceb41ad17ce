"""Daylio: one row for each entry, a mood in words and ticked activities."""

from collections import Counter

from twitchstats.journal.readers.days import Days
from twitchstats.journal.readers.export import Export, open_table, read_heading
from twitchstats.journal.source import Source

NAME = "Daylio"
MOODS = {"rad": 5, "good": 4, "meh": 3, "bad": 2, "awful": 1}
_NEEDED = ("full_date", "mood", "activities")


def recognize(head: bytes, path_name: str) -> bool:
    """Say whether a file is an export of Daylio."""
    return set(_NEEDED) <= set(read_heading(head))


def read(source: Export) -> Source:
    """Read an export of Daylio: the five moods are 1 (awful) to 5 (rad); moods of one's own are asked about."""
    table = open_table(source, needed=_NEEDED)
    days, dates, own = Days(NAME), table.read_days("full_date"), Counter[str]()
    for record in table:
        day = dates.get(record["full_date"])
        if day is None:
            days.leave(record.line, "the full_date is not like 2024-03-31")
            continue
        word = record["mood"].casefold()
        values: dict[str, object] = {}
        if word in MOODS:
            values[days.name("Mood", kind="rating", low="1", high="5", combine="mean")] = str(MOODS[word])
        elif word:
            own[record["mood"]] += 1
        for activity in filter(None, map(str.strip, record["activities"].split("|"))):
            values[days.tick(activity, group="activities")] = "yes"
        for text in ("scales", "note_title", "note"):
            if record[text]:
                values[days.name(text, group="text", kind="text", combine="join")] = record[text]
        days.add(record.line, day, values, groups=["activities"])
    table.used.update(("date", "weekday"))  # say again what full_date says
    days.close(table)
    if own:
        named = ", ".join(f"{word!r} ({count})" for word, count in own.most_common(10))
        days.notes.append(
            f"{own.total():,} entries have a mood of your own, whose place between awful (1) and rad (5) is not known: "
            f"{named}. Their mood is missing; replace these words by rad, good, meh, bad or awful in the file."
        )
    return days.finish()
