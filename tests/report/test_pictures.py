"""Pictures draw what the frames hold, and leave nothing behind."""

import matplotlib
import numpy as np
import pandas as pd
import pytest

matplotlib.use("Agg", force=True)
from matplotlib import pyplot as plt

from twitchstats.plots import journal as plots
from twitchstats.report import figures, summary


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_the_calendar_puts_days_under_their_weekday(gappy):
    calendar = summary.lay_calendar(gappy, "twitches").query("person == 'P1'")
    before = calendar.copy()
    ax = plots.plot_calendar(calendar)
    grid = np.ma.filled(ax.collections[1].get_array(), np.nan)
    # 1 January 2025 is a Wednesday, the 5th a Sunday, the 8th the next Wednesday.
    assert (grid[2, 0], grid[3, 0], grid[6, 0], grid[2, 1]) == (0, 3, 6, 0)
    assert np.isnan(grid).sum() == 14 - 4
    gaps = np.ma.filled(ax.collections[0].get_array(), np.nan)
    assert np.nansum(gaps) == 4  # grey: the 3rd, 4th, 6th and 7th
    pd.testing.assert_frame_equal(calendar, before)


def test_every_person_has_a_row(gappy):
    ax = plots.plot_diaries(summary.lay_calendar(gappy, "twitches"))
    grid = np.ma.filled(ax.collections[1].get_array(), np.nan)
    np.testing.assert_array_equal(grid[1, :2], [1, 1])
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["P1", "P2"]


@pytest.mark.parametrize("value", [0.0, 5.0, np.nan])
def test_a_calendar_of_one_value_can_be_drawn(value):
    frame = pd.DataFrame({"person": "a", "day": [0], "date": [pd.Timestamp("2025-01-01")], "value": [value]})
    figures.Picture(plots.plot_calendar(frame), "one day")


def test_given_axes_are_used(gappy):
    _, ax = plt.subplots()
    assert plots.plot_weeks(summary.summarise_weeks(gappy), ax) is ax
    assert plots.plot_values(summary.count_values(gappy, "twitches"), ax) is ax


def test_a_picture_has_words_and_the_same_bytes_twice(gappy):
    first, second = (figures.draw_outcome(gappy, "twitches") for _ in range(2))
    assert first.png == second.png
    data, metadata = first._repr_mimebundle_()
    assert data["text/plain"].startswith("Picture: Twitches of 2 people")
    assert metadata["image/png"]["alt"] == first.alt
    assert plt.get_fignums() == []


def test_without_order_shares_are_drawn(make_journal):
    journal = make_journal({"person": ["a"] * 3, "date": [1, 2, 3], "twitches": [1.0, 0, 1]}, calendar="none")
    assert figures.draw_outcome(journal, "twitches").alt == "Bars: how often each value of Twitches occurs."
    assert figures.tabulate_outcome(journal, "twitches").text["Days"].tolist() == ["1", "2"]
    assert figures.draw_weeks(journal) == ""
