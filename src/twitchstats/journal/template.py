"""Writing journals: a template to start from, and a journal as CSV files that read back as they were."""

import csv
import datetime as dt
import os
from pathlib import Path

import numpy as np
import pandas as pd

from twitchstats.errors import JournalError
from twitchstats.journal.record import Journal
from twitchstats.variables import load_variables

_TEMPLATE = (
    "twitches", "cramps", "spasms", "intensity", "pain", "stress", "sleep", "caffeine", "alcohol", "exercise", "fluid",
    "magnesium", "stretching", "massage",
)  # fmt: skip
_RISKY = ("=", "+", "-", "@", "\t", "\r")


def make_template(*, days: int = 7, today: dt.date | None = None) -> pd.DataFrame:
    """Return a table to start a journal from: the last days with their dates, a column for each common variable.

    Returns
    -------
    DataFrame
        Text columns: ``date``, the variables with their unit or scale in the header, ``notes``; no values.

    Examples
    --------
    >>> make_template(days=2, today=dt.date(2024, 3, 2))["date"].to_list()
    ['2024-03-01', '2024-03-02']
    """
    last = today or dt.date.today()
    dates = [(last - dt.timedelta(days=back)).isoformat() for back in reversed(range(days))]
    known = load_variables().set_index("name").loc[list(_TEMPLATE)]
    headers = [_write_header(name, row["kind"], row["unit"], row["low"], row["high"]) for name, row in known.iterrows()]
    return pd.DataFrame({"date": dates} | dict.fromkeys([*headers, "notes"], ""), dtype="str")


def write_template(path: str | os.PathLike[str], *, days: int = 7, today: dt.date | None = None) -> Path:
    """Write `make_template` to a CSV file and return its path; an existing file is left alone.

    Raises
    ------
    JournalError
        The file exists already, or can't be written.
    """
    target = Path(path)
    if target.exists():
        raise JournalError(
            f"{str(target)!r} exists already, and a template must not replace a journal. Give another name."
        )
    _write_csv(make_template(days=days, today=today), target)
    return target


def write_journal(journal: Journal, path: str | os.PathLike[str]) -> list[Path]:
    """Write a journal as CSV: the daily table, and beside it NAME_episodes.csv and NAME_people.csv where there are any.

    Units and scales go into the headers, so that `read_journal` gives the same days again. Text that a spreadsheet
    would run as a formula gets an apostrophe, which `read_journal` takes away.

    Returns
    -------
    list of Path
        The files written, the daily table first.
    """
    target = Path(path)
    _write_csv(frame_days(journal), target)
    written = [target]
    for name, frame in (("episodes", journal.episodes), ("people", journal.people.reset_index())):
        if len(frame):
            written.append(target.with_name(f"{target.stem}_{name}{target.suffix}"))
            _write_csv(_write_cells(frame), written[-1])
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
        header = _write_header(str(row.name), str(row.kind), str(row.unit), float(row.low), float(row.high))
        values = days[row.name]
        frame[header] = values.map({1.0: "yes", 0.0: "no"}) if row.kind == "yes/no" else values
    return _write_cells(frame)


def _write_header(name: str, kind: str, unit: str, low: float, high: float) -> str:
    if kind == "amount" and unit:
        return f"{name} ({unit})"
    return f"{name} ({low:g}-{high:g})" if kind == "rating" and np.isfinite(low) and np.isfinite(high) else name


def _write_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with its text made safe for spreadsheets."""
    safe = frame.copy()
    for place in range(safe.shape[1]):
        if pd.api.types.is_string_dtype(safe.dtypes.iloc[place]):
            safe.isetitem(place, safe.iloc[:, place].map(_make_safe, na_action="ignore"))
    return safe.rename(columns={name: _make_safe(str(name)) for name in safe.columns})


def _make_safe(text: str) -> str:
    return f"'{text}" if text.startswith(_RISKY) else text


def _write_csv(frame: pd.DataFrame, path: Path) -> None:
    try:
        frame.to_csv(path, index=False, encoding="utf-8", lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    except OSError as error:
        raise JournalError(f"{str(path)!r} can't be written: {error.strerror}.") from None
