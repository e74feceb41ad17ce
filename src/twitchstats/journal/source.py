"""What a reader of a foreign format hands on to `read_journal`: text cells, and what the format says they mean."""

from dataclasses import dataclass, field

import pandas as pd

FACT_COLUMNS = [
    "source", "name", "label", "role", "kind", "low", "high", "unit", "timing", "combine", "lagged", "outside",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Source:
    """An export, taken apart.

    Attributes
    ----------
    tables : dict of str to DataFrame
        "days", and "episodes" and "people" where the export has them. Cells are str or missing. "days" has ``date``
        (ISO 8601), ``person`` where there are several, and a column for each variable; a day may have several rows.
    facts : tuple of dict
        What the format itself says of columns, as rows of a schema file: ``source`` (the column's name in "days") and
        any other of `FACT_COLUMNS`, each as text.
    notes : tuple of str
        Sentences to tell: what was done with the export, or left out of it.
    origin : DataFrame or None
        For each row of "days" where it stands in the export (columns such as ``line`` or ``record``); the first column
        numbers the rows in messages.
    n_rows : int
        Rows in the export itself.
    format : str
        Name of the format, such as "Daylio".
    """

    tables: dict[str, pd.DataFrame]
    facts: tuple[dict[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    origin: pd.DataFrame | None = field(default=None, repr=False)
    n_rows: int = 0
    format: str = ""
