"""Small journals for the claims room."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from twitchstats.journal import Journal
from twitchstats.journal.record import EPISODE_COLUMNS, VARIABLE_COLUMNS
from twitchstats.variables import load_variables


def make_journal(columns: dict[str, np.ndarray], *, calendar: str = "date", **tables: pd.DataFrame) -> Journal:
    """Lay out arrays (people, days) as a journal; NaN in every column means that the day was not reported."""
    people, days = next(iter(columns.values())).shape
    start = pd.Timestamp("2025-01-06")
    dates = [start + pd.Timedelta(days=day) for day in range(days)] if calendar == "date" else list(range(days))
    names = [f"P{person:03d}" for person in range(people)]
    index = pd.MultiIndex.from_product([names, dates], names=["person", "date"])
    frame = pd.DataFrame({name: values.ravel().astype(float) for name, values in columns.items()}, index=index)
    frame = frame.dropna(how="all")
    known = load_variables()
    known = known if "name" in known else known.reset_index()
    rows = known.set_index("name", drop=False).loc[list(columns)].reset_index(drop=True)
    variables = rows.assign(source=rows["name"]).reindex(columns=VARIABLE_COLUMNS)
    tables.setdefault("episodes", pd.DataFrame(columns=EPISODE_COLUMNS))
    return Journal(days=frame, variables=variables, calendar=calendar, outcome="twitches", **tables)


@pytest.fixture(scope="session")
def journal_of() -> Callable[..., Journal]:
    return make_journal
