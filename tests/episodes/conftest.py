import pandas as pd
import pytest

import twitchstats as tw
from twitchstats.journal.record import EPISODE_COLUMNS


@pytest.fixture
def make_journal():
    """Build a small journal from counts by person (None: a day not reported) and rows of episodes."""

    def make(counts=None, episodes=(), *, calendar="date", extra=None):
        rows, index = [], []
        for person, values in (counts or {"P1": [1]}).items():
            for day, value in enumerate(values):
                if value is not None:
                    index.append((person, pd.Timestamp("2025-03-03") + pd.Timedelta(days=day)))
                    rows.append(value)
        labels = pd.MultiIndex.from_tuples(index, names=["person", "date"])
        if calendar != "date":
            numbers = (labels.get_level_values("date") - pd.Timestamp("2025-03-03")).days
            labels = pd.MultiIndex.from_arrays([labels.get_level_values("person"), numbers], names=["person", "date"])
        days = pd.DataFrame({"twitches": pd.Series(rows, index=labels, dtype=float)} | (extra or {}), index=labels)
        known = tw.load_variables().set_index("name", drop=False)
        variables = known.loc[list(days.columns)].reset_index(drop=True)
        table = pd.DataFrame(list(episodes))
        table = table.reindex(columns=EPISODE_COLUMNS)
        table["start"] = pd.to_datetime(table["start"])
        return tw.Journal(days=days, variables=variables, episodes=table, outcome="twitches", calendar=calendar)

    return make
