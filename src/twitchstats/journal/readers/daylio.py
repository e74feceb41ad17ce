"""Daylio: one row for each entry, a mood in words and ticked activities."""

from collections import Counter

from twitchstats.journal.layout import Source
from twitchstats.journal.readers.days import Days, Values
from twitchstats.journal.readers.export import Export, Record, has_columns, open_table

NAME = "Daylio"
MOODS = {"rad": 5, "good": 4, "meh": 3, "bad": 2, "awful": 1}
_NEEDED = ("full_date", "mood", "activities")


recognize = has_columns(*_NEEDED)


def read(source: Export) -> Source:
    """Read an export of Daylio: the five moods are 1 (awful) to 5 (rad); moods of one's own are asked about."""
    table, days, own = open_table(source, needed=_NEEDED), Days(NAME), Counter[str]()

    def read_row(record: Record) -> Values:
        word = record["mood"].casefold()
        values: dict[str, object] = {}
        if word in MOODS:
            values[days.name("Mood", kind="rating", low="1", high="5", combine="mean")] = MOODS[word]
        elif word:
            own[record["mood"]] += 1
        values |= days.tick_all(record["activities"].split("|"), group="activities")
        for text in ("scales", "note_title", "note"):
            values |= days.tell_text(record[text], text, group="text")
        return values

    why = "the full_date is not like 2024-03-31"
    days.add_rows(table, read_row, when="full_date", why=why, groups=["activities"])
    table.used.update(("date", "weekday"))  # say again what full_date says
    if own:
        named = ", ".join(f"{word!r} ({count})" for word, count in own.most_common(10))
        days.notes.append(
            f"{own.total():,} entries have a mood of your own, whose place between awful (1) and rad (5) is not known: "
            f"{named}. Their mood is missing; replace these words by rad, good, meh, bad or awful in the file."
        )
    return days.finish(table)
