"""From variables and keys to the daily table: rows of one day combined, people and days in order."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twitchstats.journal.convert import Variable
from twitchstats.journal.table import Rejects


def assemble_days(
    variables: Sequence[Variable], person: pd.Series, date: pd.Series, rows: NDArray[np.int64], rejects: Rejects
) -> pd.DataFrame:
    """Return the daily table with the sorted index (person, date); rows of one day become one, and that is told.

    Each variable has its own rule: counts and amounts are added up, ratings averaged, yes/no is yes if any is,
    texts are joined.
    """
    columns = {variable.entry["name"]: pd.Series(variable.cells) for variable in variables}
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(rows)))
    keys = pd.DataFrame({"person": person.to_numpy(), "date": date.to_numpy(), "row": rows})
    keys["person"] = keys["person"].astype("str")
    order = keys.sort_values(["person", "date", "row"], kind="stable").index
    keys, frame = keys.loc[order], frame.loc[order]
    again = keys.duplicated(["person", "date"], keep=False)
    if again.any():
        frame, keys = _combine_rows(frame, keys, again, variables, rejects)
    frame.index = pd.MultiIndex.from_frame(keys[["person", "date"]])
    return frame


def _combine_rows(
    frame: pd.DataFrame, keys: pd.DataFrame, again: pd.Series, variables: Sequence[Variable], rejects: Rejects
) -> tuple[pd.DataFrame, pd.DataFrame]:
    _tell_combined(keys[again], rejects)
    groups = keys[again].groupby(["person", "date"], sort=False).ngroup()
    first = ~keys.duplicated(["person", "date"])
    merged = frame[first].copy()
    targets = merged.index[again[first].to_numpy()]
    for variable in variables:
        name, how = variable.entry["name"], variable.entry["combine"]
        values = frame.loc[again, name]
        merged.loc[targets, name] = _combine(values, groups, how).to_numpy()
    return merged, keys[first]


def _combine(values: pd.Series, groups: pd.Series, how: str) -> pd.Series:
    if how == "join":
        filled = values.dropna()
        texts = filled.groupby(groups[filled.index]).agg(lambda some: " | ".join(dict.fromkeys(sorted(some))))
        return texts.reindex(range(groups.max() + 1))
    # Sorted values: a sum must not depend on the order of the rows in its last bit.
    grouped = values.sort_values(kind="stable").groupby(groups)
    return {"sum": lambda: grouped.sum(min_count=1), "mean": grouped.mean, "max": grouped.max}[how]().sort_index()


def _tell_combined(keys: pd.DataFrame, rejects: Rejects) -> None:
    """Add an entry for each row that went into an earlier one."""
    earlier = keys.groupby(["person", "date"], sort=False)["row"].transform("first")
    for person, date, row, first in zip(keys["person"], keys["date"], keys["row"], earlier, strict=True):
        if row != first:
            day = date.date().isoformat() if isinstance(date, pd.Timestamp) else str(date)
            rejects.add(
                "days", int(row), "", day, "same_day",
                f"row {row}: {person!r} has an entry for {day} in row {first} already, and the two became one: "
                "counts and amounts added up, ratings averaged, yes if any says yes, texts joined",
                "rows combined",
            )  # fmt: skip
