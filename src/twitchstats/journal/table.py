"""A table as it was found (text cells), and the list of what was refused."""

import os
from dataclasses import dataclass, field, replace
from typing import IO, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twitchstats.errors import JournalError
from twitchstats.journal.record import REJECT_COLUMNS

Source = str | os.PathLike[str] | IO[str] | IO[bytes] | pd.DataFrame
Fault = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Column:
    """One column of text cells: the different texts (`levels`), and which of them stands in each row (`codes`).

    A diary repeats itself, so everything is worked out once for each level and then spread over the rows.
    """

    header: str
    place: int
    codes: NDArray[np.int32]
    levels: list[str]

    def spread(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the value of each row, given one value for each level."""
        return values[self.codes]

    def count(self) -> NDArray[np.int64]:
        """Return how many rows hold each level."""
        return np.bincount(self.codes, minlength=len(self.levels)).astype(np.int64)

    def texts(self) -> NDArray[np.object_]:
        """Return the text of each row."""
        return np.array(self.levels, dtype=object)[self.codes]

    def filled(self) -> NDArray[np.bool_]:
        """Return for each row whether anything stands there."""
        return np.array([bool(text) for text in self.levels], dtype=bool)[self.codes]

    def keep(self, mask: NDArray[np.bool_]) -> "Column":
        """Return the column with the rows of `mask` only."""
        return replace(self, codes=self.codes[mask])


@dataclass(frozen=True, eq=False)
class RawTable:
    """A table of text cells; `rows` are line numbers in the file, the header being row 1."""

    name: str
    columns: list[Column]
    rows: NDArray[np.int64]
    delimiter: str = ","
    source: str = ""
    checksum: str = ""
    rows_read: int = 0

    @property
    def headers(self) -> list[str]:
        """The headers as the file has them."""
        return [column.header for column in self.columns]

    def keep(self, mask: NDArray[np.bool_]) -> "RawTable":
        """Return the table with the rows of `mask` only."""
        return replace(self, columns=[column.keep(mask) for column in self.columns], rows=self.rows[mask])


@dataclass
class Rejects:
    """Collects what was refused, changed or noted; `frame` puts it in the order of table, row and column."""

    entries: list[tuple[Any, ...]] = field(default_factory=list)

    def add(self, table: str, row: int | None, column: str, value: str, rule: str, message: str, action: str) -> None:
        """Add one entry; `row` is None where a whole column or person is meant."""
        self.entries.append((table, row, column, value, rule, message, action))

    def add_cells(self, table: str, rows: NDArray[np.int64], column: Column, faults: dict[int, Fault]) -> None:
        """Refuse the cells whose level has a fault: code of the level -> (rule, what is wrong)."""
        for place in np.flatnonzero(np.isin(column.codes, list(faults))):
            code, row = int(column.codes[place]), int(rows[place])
            rule, wrong = faults[code]
            message = f"row {row}, {column.header}: {wrong}"
            self.add(table, row, column.header, column.levels[code], rule, message, "cell set missing")

    def frame(self) -> pd.DataFrame:
        """Return the entries with `REJECT_COLUMNS`; ``row`` is Int64, <NA> where no single row is meant."""
        order = {"days": 0, "episodes": 1, "people": 2}
        entries = sorted(
            self.entries, key=lambda e: (order.get(e[0], 3), e[1] is not None, e[1] or 0, e[2], e[4], e[3])
        )
        frame = pd.DataFrame(entries, columns=REJECT_COLUMNS)
        frame["row"] = frame["row"].astype("Int64")
        return frame.astype(dict.fromkeys([name for name in REJECT_COLUMNS if name != "row"], "str"))


# Marks of writing direction, zero-width signs and control characters other than tab and line breaks.
_INVISIBLE = dict.fromkeys(
    [*range(9), 11, 12, *range(14, 32), 127, 0xAD, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), 0x2060,
     *range(0x2066, 0x206A), 0xFEFF]
)  # fmt: skip


def refuse_duplicates(headers: list[str], name: str) -> None:
    """Raise JournalError where two columns have the same header."""
    places: dict[str, list[int]] = {}
    for place, header in enumerate(headers, start=1):
        places.setdefault(header, []).append(place)
    for header, found in places.items():
        if header and len(found) > 1:
            where = " and ".join(str(place) for place in found)
            raise JournalError(
                f"{name}: the header {header!r} stands {len(found)} times (columns {where}). "
                "Rename or remove all but one."
            )


def clean_cell(text: str) -> str:
    """Strip a cell, take signs that nobody sees out of it, and the apostrophe that keeps a formula from running.

    >>> clean_cell(" '=1+1 ")
    '=1+1'
    """
    text = (text if text.isascii() and text.isprintable() else text.translate(_INVISIBLE)).strip()
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in "=+-@\t\r" else text
