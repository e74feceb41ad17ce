"""Writing journals: a template to start from, and a journal as CSV files that read back as they were."""

import datetime as dt
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from twitchstats.errors import JournalError, OptionError, unknown_name
from twitchstats.files import write_table
from twitchstats.journal.columns import is_note
from twitchstats.journal.record import Journal
from twitchstats.journal.source import describe_file
from twitchstats.variables import find_row, find_variable, load_variables

_TEMPLATE = (
    "twitches", "cramps", "spasms", "intensity", "pain", "stress", "sleep", "caffeine", "alcohol", "exercise", "fluid",
    "magnesium", "stretching", "massage",
)  # fmt: skip


def make_template(
    variables: Sequence[str] | None = None, *, start: str | dt.date | None = None, days: int = 7
) -> pd.DataFrame:
    """Return a table to start a journal from: dates, and a column for each variable, still blank.

    Parameters
    ----------
    variables : sequence of str, optional
        Known variables; by default the common ones.
    start : date or str (2024-03-31), optional
        The first day; by default the last one is today.
    days : int
        How many days to lay out; 0 gives the header only.

    Returns
    -------
    DataFrame
        Text columns: ``date``, the variables with their unit or scale in the header, ``notes``; no values.

    Raises
    ------
    UnknownNameError
        A variable is not in the data dictionary.
    OptionError
        `start` is no date.

    Examples
    --------
    >>> make_template(["stress"], start="2024-03-01", days=1).to_csv(index=False).split()
    ['date,stress', '(0-10),notes', '2024-03-01,,']
    """
    first = _read_start(start) if start is not None else dt.date.today() - dt.timedelta(days=max(days, 1) - 1)
    known = load_variables().set_index("name")
    names = [find_variable(name) or name for name in variables or _TEMPLATE]
    for name in names:
        if name not in known.index:
            raise unknown_name("variable", name, known.index)
    rows = [known.loc[name] for name in dict.fromkeys(names)]
    headers = [write_header(str(row.name), row["kind"], row["unit"], row["low"], row["high"]) for row in rows]
    dates = [(first + dt.timedelta(days=day)).isoformat() for day in range(days)]
    return pd.DataFrame({"date": dates} | dict.fromkeys([*headers, "notes"], ""), dtype="str")


def _read_start(start: str | dt.date) -> dt.date:
    try:
        return start if isinstance(start, dt.date) else dt.date.fromisoformat(start)
    except ValueError:
        raise OptionError(f"start={start!r} is not a date. Write it as 2024-03-31.") from None


def write_template(
    path: str | os.PathLike[str],
    variables: Sequence[str] | None = None,
    *,
    start: str | dt.date | None = None,
    days: int = 7,
) -> Path:
    """Write `make_template` to a CSV file and return its path; an existing file is left alone.

    Raises
    ------
    JournalError
        The file exists already, or can't be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_template(Path(folder) / "mine.csv", ["stress"], start="2024-03-01", days=1).read_text().split()
    ['date,stress', '(0-10),notes', '2024-03-01,,']
    """
    target = Path(path)
    if target.exists():
        raise JournalError(
            f"{str(target)!r} exists already, and a template must not replace a journal. Name another file."
        )
    return write_table(make_template(variables, start=start, days=days), target)


def write_journal(journal: Journal, path: str | os.PathLike[str]) -> list[Path]:
    """Write a journal as CSV: the daily table, and beside it NAME_episodes.csv and NAME_people.csv where there are any.

    Units and scales go into the headers, so that `read_journal` gives the same days again. Text that a spreadsheet
    would run as a formula gets an apostrophe, which `read_journal` takes away. The file that was read is never written
    over; others are replaced.

    Returns
    -------
    list of Path
        The files written, the daily table first.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import twitchstats as tw
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in write_journal(tw.read_demo("group"), Path(folder) / "mine.csv")]
    ['mine.csv', 'mine_episodes.csv', 'mine_people.csv']
    """
    target = Path(path)
    mine = journal.checksum  # what is byte by byte the file that was read is never written over
    replaced = (lambda found: describe_file(found)[1] != mine) if mine else True
    written = [write_table(frame_days(journal), target, replace=replaced)]
    for name, frame in (("episodes", journal.episodes), ("people", journal.people.reset_index())):
        if len(frame):
            beside = target.with_name(f"{target.stem}_{name}{target.suffix}")
            written.append(write_table(frame, beside, replace=True))
    return written


def frame_days(journal: Journal) -> pd.DataFrame:
    """Return the daily table as it is written: keys as columns, units in headers, yes and no as words."""
    days = journal.days.reset_index()
    when = days.pop("date")
    frame = pd.DataFrame({"person": days.pop("person")})
    if journal.calendar == "date":
        frame["date"] = when.dt.strftime("%Y-%m-%d")
    elif journal.calendar == "day":
        frame["day"] = when
    for row in journal.variables.itertuples(index=False):
        values = days[row.name]
        header = write_header(str(row.name), str(row.kind), str(row.unit), float(row.low), float(row.high))
        frame[header] = values.map({1.0: "yes", 0.0: "no"}) if row.kind == "yes/no" else values
    return frame


def write_header(name: str, kind: str, unit: str, low: float, high: float) -> str:
    """Return a header that says unit and scale, and of a column of your own its kind; no word of several meanings."""
    known = find_row(name)
    if known and name in known["doubtful"].split(";"):
        name = str(known["label"])
    if kind == "amount" and unit:
        return f"{name} ({unit})"
    if kind == "rating" and np.isfinite(low) and np.isfinite(high):
        return f"{name} ({low:g}-{high:g})"
    return name if known or is_note(name) else f"{name} ({kind})"
