"""Small journals for the triggers room, read by the public reader."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from twitchstats.journal import Journal, read_journal


def _make_journal(columns: dict[str, object], *, order: str = "date", outcome: str = "twitches") -> Journal:
    """Read arrays (people, days); a day on which every column is NaN was not reported."""
    arrays = {name: np.atleast_2d(np.asarray(values, dtype=float)) for name, values in columns.items()}
    people, days = next(iter(arrays.values())).shape
    frame = pd.DataFrame({name: values.ravel() for name, values in arrays.items()})
    frame.insert(0, "person", np.repeat([f"P{person:04d}" for person in range(people)], days))
    day = np.tile(np.arange(days), people)
    if order == "date":
        frame.insert(1, "date", pd.Timestamp("2025-01-06") + pd.to_timedelta(day, unit="D"))
    elif order == "day":
        frame.insert(1, "day", day + 1)
    frame = frame[frame[list(arrays)].notna().any(axis=1)]
    return read_journal(frame, outcome=outcome, **({"order": "none"} if order == "none" else {}))


@pytest.fixture
def journal_of() -> Callable[..., Journal]:
    return _make_journal


@pytest.fixture
def gappy(journal_of: Callable[..., Journal]) -> Journal:
    """One diary of 90 days with days left out in runs: counts, a rating, a yes/no outcome, three triggers."""
    rng = np.random.default_rng(5)
    days = 90
    stress = np.clip(np.rint(5 + 2 * rng.standard_normal(days)), 0, 10)
    columns = {
        "twitches": rng.poisson(np.exp(0.8 + 0.1 * stress + 0.4 * rng.standard_normal(days))),
        "pain": np.clip(np.rint(0.4 * stress + 2 + rng.standard_normal(days)), 0, 10),
        "sore": rng.random(days) < 1 / (1 + np.exp(2.5 - 0.5 * stress)),
        "stress": stress,
        "caffeine": rng.integers(0, 6, days) * 60.0,
        "heat": rng.random(days) < 0.4,
    }
    missing = np.isin(np.arange(days), [7, 8, 9, 30, 41, 42, 60])
    return journal_of({name: np.where(missing, np.nan, values) for name, values in columns.items()})
