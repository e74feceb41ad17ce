"""Small notebooks and journals for the report's tests."""

import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from twitchstats.journal.record import VARIABLE_COLUMNS, Journal


def _make_journal(days, *, calendar="date", outcome="twitches", **tables):
    """Return a journal around a frame with columns person, date and numeric variables."""
    frame = pd.DataFrame(days).set_index(["person", "date"])
    variables = pd.DataFrame(
        [
            {name: "" for name in VARIABLE_COLUMNS}
            | {
                "name": column,
                "label": column.capitalize(),
                "role": "trigger",
                "kind": "count",
                "unit": "a day",
                "step": 1.0,
            }
            for column in frame.columns
        ]
    )
    return Journal(days=frame, variables=variables, calendar=calendar, outcome=outcome, rows_read=len(frame), **tables)


@pytest.fixture(scope="session")
def make_journal():
    """Return the maker of small journals."""
    return _make_journal


@pytest.fixture
def gappy():
    """Two people with known gaps: P1 on days 1, 2, 5 and 8; P2 on days 3 and 4 of January 2025."""
    dates = pd.to_datetime(["2025-01-01", "2025-01-02", "2025-01-05", "2025-01-08", "2025-01-03", "2025-01-04"])
    people = ["P1"] * 4 + ["P2"] * 2
    values = {"twitches": [0.0, 3, 6, 0, 1, 1], "stress": [1.0, 2, 3, 4, 5, 6]}
    return _make_journal({"person": people, "date": dates} | values)


@pytest.fixture
def small_notebook():
    """Return a notebook with a parameter, a number and a table."""
    cells = [
        new_markdown_cell("# A title & <b>more</b>", id="a"),
        new_code_cell("step = 2", id="b", metadata={"tags": ["parameters"]}),
        new_code_cell("step * 21", id="c"),
        new_markdown_cell("## Second part", id="d"),
        new_code_cell("import random\nfixed = random.Random(step).random()\nround(fixed, 3)", id="e"),
    ]
    return new_notebook(cells=cells)
