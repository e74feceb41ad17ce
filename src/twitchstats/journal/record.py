"""What a journal is once it has been read: five tables and how its days are ordered."""

from dataclasses import dataclass, field

import pandas as pd

REJECT_COLUMNS = ["table", "row", "column", "value", "rule", "message", "action"]
VARIABLE_COLUMNS = [
    "name", "label", "role", "kind", "unit", "step", "low", "high", "timing", "combine", "part_of", "source",
]  # fmt: skip
EPISODE_COLUMNS = [
    "person", "start", "duration_s", "ongoing", "kind", "site", "side", "intensity", "pain",
    "stiffness_before", "limited_movement", "fatigue_after",
]  # fmt: skip


def _empty_people() -> pd.DataFrame:
    return pd.DataFrame(index=pd.Index([], name="person", dtype="str"))


def _empty(columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(columns=columns)


@dataclass(frozen=True, eq=False)
class Journal:
    """A read journal.

    Attributes
    ----------
    days : DataFrame
        One row for each reported day, index (person, date). A float column for each variable (yes/no is 1/0,
        missing is NaN); text columns stay text. The index level ``date`` holds timestamps (``calendar="date"``),
        whole day numbers (``"day"``), or, where the file has no order in time (``"none"``), the number of the entry.
    episodes : DataFrame
        One row for each episode (`EPISODE_COLUMNS`): duration in seconds, yes/no as 1.0/0.0, ``ongoing`` 1.0 where
        the end was not seen. May be empty.
    people : DataFrame
        Index ``person``; age in years, sex ("female", "male"), signs, diagnosis. May be empty.
    rejects : DataFrame
        What was refused or changed (`REJECT_COLUMNS`); ``row`` is the line in the file, the header being line 1
        (<NA> where a whole column or person is meant); ``action`` is "row dropped", "cell set missing",
        "rows combined" (one entry for each row that went into an earlier one) or "kept" (a note: nothing was changed).
    variables : DataFrame
        The data dictionary that applies to ``days`` (`VARIABLE_COLUMNS`), one row for each of its columns, in their
        order; ``source`` is the header in the user's file.
    calendar : {"date", "day", "none"}
        How the days are ordered; with "none" nothing can be said about lags.
    outcome : str or None
        The outcome the reader settled on.
    rows_read : int
        Rows of the daily table that were read: ``rows_read == len(days) + rows dropped + rows combined``.
    source : str
        Name of the file ("" for a DataFrame).
    checksum : str
        SHA-256 of the bytes that were read ("" for a DataFrame).
    """

    days: pd.DataFrame
    variables: pd.DataFrame
    episodes: pd.DataFrame = field(default_factory=lambda: _empty(EPISODE_COLUMNS))
    people: pd.DataFrame = field(default_factory=_empty_people)
    rejects: pd.DataFrame = field(default_factory=lambda: _empty(REJECT_COLUMNS))
    calendar: str = "date"
    outcome: str | None = None
    rows_read: int = 0
    source: str = ""
    checksum: str = ""

    def __repr__(self) -> str:
        n_people = self.days.index.get_level_values("person").nunique()
        return f"<Journal: {n_people} people, {len(self.days)} days, {len(self.variables)} variables>"
