"""A plain table as a source that can be joined with others: its dates are read, its other cells stay as they are."""

import datetime as dt

import numpy as np
import pandas as pd

from twitchstats.errors import JournalError
from twitchstats.journal.keys import read_keys
from twitchstats.journal.layout import read_table
from twitchstats.journal.record import Rejects
from twitchstats.journal.source import Readable, Source


def read_plain(source: Readable, *, encoding: str | None = None, date_format: str | None = None) -> Source:
    """Read a plain table of days, whose date and person are known by their headers.

    Raises
    ------
    JournalError
        It can't be read as a table, or its days have no dates.
    """
    rejects = Rejects()
    table = read_table(source, "days", rejects, encoding=encoding)
    told = table.source or "The table"
    keys = read_keys(
        table, rejects, person=None, date=None, order="auto", date_format=date_format, today=dt.date.today()
    )
    if keys.calendar != "date":
        raise JournalError(f"{told} has no dates, so it can't be joined with another source. Add a column 'date'.")
    kept, used = table.keep(keys.mask), {column.place for column in keys.columns}
    dates = keys.numbers.astype("datetime64[D]").astype(str)
    base = {"person": keys.people[keys.person]} if len(used) > 1 else {}
    cells = {column.header: column.texts() for column in kept.columns if column.place not in used}
    days = pd.DataFrame({**base, "date": dates, **cells}, dtype="str").replace("", None)
    entries = rejects.frame()
    notes = [*entries.loc[entries["action"].eq("kept"), "message"]]
    dropped = entries.loc[entries["action"].ne("kept"), "message"]
    if len(dropped):
        notes.append(f"{len(dropped):,} rows left out; the first: {dropped.iloc[0]}.")
    origin = pd.DataFrame({"row": np.asarray(kept.rows)})
    return Source({"days": days}, (), tuple(notes), origin, table.rows_read, told)
