"""From a DataFrame to the same table of text cells that a file gives."""

import numpy as np
import pandas as pd

from twitchstats.errors import JournalError
from twitchstats.journal.table import Column, RawTable, clean_cell, refuse_duplicates


def read_frame(frame: pd.DataFrame, table: str) -> RawTable:
    """Return the cells of a DataFrame as text, row numbers as if it had been written to a CSV; a named index counts.

    Raises
    ------
    JournalError
        It is empty, or two columns have the same name.
    """
    flat = _flatten(frame)
    headers = [" ".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in flat.columns]
    headers = [clean_cell(header) for header in headers]
    name = f"The {table} DataFrame"
    if not headers:
        raise JournalError(f"{name} is empty. A journal has a date column and a column for each variable.")
    refuse_duplicates(headers, name)
    if not len(flat):
        raise JournalError(f"{name} has columns but no rows. Add a row for each day.")
    columns = [_read_series(flat.iloc[:, place], header, place + 1) for place, header in enumerate(headers)]
    rows = np.arange(len(flat), dtype=np.int64) + 2
    return RawTable(table, columns, rows, ",", rows_read=len(flat))


def _flatten(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with its index as columns, unless that only counts the rows; unnamed dates become 'date'."""
    index = frame.index
    dated = [isinstance(index.get_level_values(place), (pd.DatetimeIndex, pd.PeriodIndex)) for place in
             range(index.nlevels)]  # fmt: skip
    names = ["date" if name is None and is_date else name for name, is_date in zip(index.names, dated, strict=True)]
    if index.nlevels == 1 and names[0] is None:
        return frame
    return frame.set_axis(index.set_names(names), axis=0).reset_index(allow_duplicates=True)


def _read_series(series: pd.Series, header: str, place: int) -> Column:
    if series.dtype in ("float16", "float32"):
        series = series.astype(str).astype(float)  # 7.1, not 7.099999904632568
    try:
        codes, values = pd.factorize(series, use_na_sentinel=True)
    except TypeError:  # lists and the like can't be told apart other than by how they are written
        codes, values = pd.factorize(series.map(str, na_action="ignore"), use_na_sentinel=True)
    levels = [clean_cell(_write_cell(value)) for value in values] + [""]
    return Column(header, place, np.where(codes < 0, len(levels) - 1, codes).astype(np.int32), levels)


def _write_cell(value: object) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if isinstance(value, (float, np.floating)):
        number = float(value)
        if number.is_integer() and abs(number) < 1e15:
            return str(int(number))
        text = str(value)
        # 1.125 could be read as 1125 where a file has decimal commas; 1.1250 can't.
        return text + "0" if text[-4:-3] == "." else text
    if isinstance(value, pd.Timedelta):
        return f"{value.total_seconds() / 3600!r} h"
    return str(value)
