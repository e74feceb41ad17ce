"""Migraine Buddy: one row for each attack, and none for a day without."""

import datetime as dt
import re
from collections import Counter

import pandas as pd

from twitchstats.journal.layout import Source
from twitchstats.journal.readers.days import Days, Values
from twitchstats.journal.readers.export import Export, Record, open_table, read_heading
from twitchstats.journal.readers.times import read_moment

NAME = "Migraine Buddy"
_NEEDED = ("start time", "pain level")
_LISTS = ("triggers", "symptoms", "pain positions", "aura", "helpful medication", "relief", "affected activities")


def recognize(head: bytes) -> bool:
    """Say whether a file is an attack log of Migraine Buddy."""
    heading = set(read_heading(head))
    return set(_NEEDED) <= heading and bool(heading & {"medications", "triggers", "medication"})


def read(source: Export) -> Source:
    """Read an attack log of Migraine Buddy: attacks as episodes, and their days with the highest pain.

    Days without an attack are not in it, so nothing can be said about what makes one come.
    """
    table = open_table(source, needed=_NEEDED)
    starts, ends = table.read_days("start time"), table.read_days("end time")
    days, episodes, n_turned = Days(NAME), list[dict[str, str]](), Counter[bool]()

    def find_start(record: Record) -> dt.datetime | None:
        return read_moment(record["start time"], starts.get(record["start time"]))

    def read_row(record: Record) -> Values:
        start, end = find_start(record), read_moment(record["end time"], ends.get(record["end time"]))
        seconds = f"{(end - start).total_seconds():.0f}" if start and end and end >= start else ""
        n_turned[True] += end is not None and not seconds
        pain = record["pain level"]
        episodes.append({"start": f"{start}", "duration_s": seconds, "pain": pain})
        values: dict[str, object] = {days.name("Attacks", kind="count", low="0", combine="sum"): "1"}
        values[days.name("Pain level", kind="rating", low="0", high="10", combine="max")] = pain
        for group in (*_LISTS, "medications", "medication"):
            values |= days.tick_all(re.split(r"[|;,]", record[group]), group=group)
        return values | days.tell_text(record["notes"])

    days.add_rows(table, read_row, when=find_start, why="there is no start with date and time")
    days.notes.append(
        "This is a log of attacks: days without one are not in it, so what makes an attack come can't be read from it."
    )
    if n_turned[True]:
        days.notes.append(f"{n_turned[True]:,} attacks end before they start, so their duration is not known.")
    return days.finish(table, episodes=pd.DataFrame(episodes, dtype="str"))
