"""Migraine Buddy: one row for each attack, and none for a day without."""

import re

import pandas as pd

from twitchstats.journal.readers.days import Days
from twitchstats.journal.readers.export import Export, open_table, read_heading
from twitchstats.journal.readers.times import read_moment
from twitchstats.journal.source import Source

NAME = "Migraine Buddy"
_NEEDED = ("start time", "pain level")
_LISTS = ("triggers", "symptoms", "pain positions", "aura", "helpful medication", "relief", "affected activities")


def recognize(head: bytes, path_name: str) -> bool:
    """Say whether a file is an attack log of Migraine Buddy."""
    heading = set(read_heading(head))
    return set(_NEEDED) <= heading and bool(heading & {"medications", "triggers", "medication"})


def read(source: Export) -> Source:
    """Read an attack log of Migraine Buddy: attacks as episodes, and their days with the highest pain.

    Days without an attack are not in it, so nothing can be said about what makes one come.
    """
    table = open_table(source, needed=_NEEDED)
    starts, ends = table.read_days("start time"), table.read_days("end time")
    days, episodes, n_turned = Days(NAME), [], 0
    for record in table:
        start = read_moment(record["start time"], starts.get(record["start time"]))
        if start is None:
            days.leave(record.line, "there is no start with date and time")
            continue
        end = read_moment(record["end time"], ends.get(record["end time"]))
        seconds = (end - start).total_seconds() if end and end >= start else None
        n_turned += end is not None and seconds is None
        pain = record["pain level"]
        values: dict[str, object] = {days.name("Attacks", kind="count", low="0", combine="sum"): "1"}
        values[days.name("Pain level", kind="rating", low="0", high="10", combine="max")] = pain
        for group in (*_LISTS, "medications", "medication"):
            parts = re.split(r"[|;,]", record[group])
            values |= {days.tick(part.strip(), group=group): "yes" for part in parts if part.strip()}
        if record["notes"]:
            values[days.name("Notes", kind="text", combine="join")] = record["notes"]
        days.add(record.line, start.date(), values)
        duration = "" if seconds is None else f"{seconds:.0f}"
        episodes.append({"start": start.isoformat(sep=" "), "duration_s": duration, "pain": pain})
    days.notes.append(
        "This is a log of attacks: days without one are not in it, so what makes an attack come can't be read from it."
    )
    if n_turned:
        days.notes.append(f"{n_turned:,} attacks end before they start, so their duration is not known.")
    days.close(table)
    return days.finish(episodes=pd.DataFrame(episodes, dtype="str"))
