"""Pictures of a journal for researchers: seaborn's heat maps and bars on an Axes."""

import matplotlib
import numpy as np
import pandas as pd
import pytest

matplotlib.use("Agg", force=True)
from matplotlib import pyplot as plt

from twitchstats.plots import journal as plots
from twitchstats.report import summary


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
    plots.plot_calendar(frame).figure.canvas.draw()


def test_given_axes_are_used(gappy):
    _, ax = plt.subplots()
    assert plots.plot_diaries(summary.lay_calendar(gappy, "twitches"), ax) is ax
