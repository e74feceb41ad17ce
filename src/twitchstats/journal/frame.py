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
    named = [name is not None for name in frame.index.names]
    flat = frame.reset_index() if all(named) else frame
    headers = [str(name).strip() for name in flat.columns]
    name = f"The {table} DataFrame"
    if not headers:
        raise JournalError(f"{name} is empty. A journal has a date column and a column for each variable.")
    refuse_duplicates(headers, name)
    if not len(flat):
        raise JournalError(f"{name} has columns but no rows. Add a row for each day.")
    columns = [_read_series(flat.iloc[:, place], header, place + 1) for place, header in enumerate(headers)]
    rows = np.arange(len(flat), dtype=np.int64) + 2
    return RawTable(table, columns, rows, ",", rows_read=len(flat))


def _read_series(series: pd.Series, header: str, place: int) -> Column:
    codes, values = pd.factorize(series, use_na_sentinel=True)
    levels = [clean_cell(_write_cell(value)) for value in values] + [""]
    return Column(header, place, np.where(codes < 0, len(levels) - 1, codes).astype(np.int32), levels)


def _write_cell(value: object) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if isinstance(value, (float, np.floating)):
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    if isinstance(value, pd.Timedelta):
        return f"{value.total_seconds() / 3600!r} h"
    return str(value)
