"""A journal as person x day arrays on the calendar: gaps stay gaps, lags go by date."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twitchstats.errors import unknown_name
from twitchstats.journal.record import Journal

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Panel:
    """The daily variables of a journal, each person on a calendar of their own.

    Attributes
    ----------
    people : Index of str, length P
    names : tuple of str, length V
    values : float array, (V, P, D)
        D is the longest span of any person in days. Column d is d calendar days after the person's first day;
        NaN where nothing was reported.
    weekday : int array, (P, D)
        0 to 6. For numbered days it is the number modulo 7: the same weekly rhythm with an unknown first day.
    ordered : bool
        False where the journal has no order in time: then lags other than 0 are refused.
    """

    people: pd.Index
    names: tuple[str, ...]
    values: FloatArray
    weekday: NDArray[np.int64]
    ordered: bool

    def get(self, name: str) -> FloatArray:
        """Return the (P, D) array of one variable.

        Raises
        ------
        UnknownNameError
            There is no such variable in the panel.
        """
        if name not in self.names:
            raise unknown_name("variable", name, self.names)
        return self.values[self.names.index(name)]

    def lag(self, name: str, days: int) -> FloatArray:
        """Return the (P, D) array of the variable `days` calendar days before each day."""
        return shift_days(self.get(name), days)


def shift_days(values: FloatArray, days: int) -> FloatArray:
    """Move values `days` forward along the last axis; what falls outside is missing.

    >>> shift_days(np.array([1.0, np.nan, 3.0]), 1)
    array([nan,  1., nan])
    """
    shifted = np.full_like(values, np.nan)
    if days == 0:
        shifted[...] = values
    elif 0 < days < values.shape[-1]:
        shifted[..., days:] = values[..., :-days]
    elif -values.shape[-1] < days < 0:
        shifted[..., :days] = values[..., -days:]
    return shifted


def build_panel(journal: Journal, *, variables: Sequence[str] | None = None) -> Panel:
    """Lay a journal out as person x day arrays.

    Parameters
    ----------
    journal : Journal
    variables : sequence of str, optional
        Which variables; by default every numeric one.

    Returns
    -------
    Panel
        People in sorted order whatever the order of rows.

    Raises
    ------
    UnknownNameError
        A variable is not in the journal, or is text.
    """
    numeric = [name for name in journal.days.columns if pd.api.types.is_numeric_dtype(journal.days[name])]
    names = tuple(numeric if variables is None else variables)
    for name in names:
        if name not in numeric:
            raise unknown_name("numeric variable", name, numeric)
    days = journal.days
    people, row = np.unique(days.index.get_level_values("person").to_numpy(dtype=str), return_inverse=True)
    number = _number_days(days.index.get_level_values("date"))
    first = np.full(len(people), np.iinfo(np.int64).max)
    np.minimum.at(first, row, number)
    column = number - first[row] if len(row) else number
    width = int(column.max()) + 1 if len(column) else 0
    values = np.full((len(names), len(people), width), np.nan)
    for position, name in enumerate(names):
        values[position, row, column] = days[name].to_numpy(dtype=float)
    weekday = (first[:, None] + np.arange(width)[None, :]) % 7
    return Panel(pd.Index(people, name="person"), names, values, weekday, journal.calendar != "none")


def _number_days(dates: pd.Index) -> NDArray[np.int64]:
    """Return whole day numbers: days since 5 January 1970, a Monday, for dates; the number itself otherwise."""
    if isinstance(dates, pd.DatetimeIndex):
        monday = np.datetime64("1970-01-05", "D")
        return (dates.to_numpy().astype("datetime64[D]") - monday).astype(np.int64)
    return dates.to_numpy(dtype=np.int64)
