"""The calendar: every value on its own day, gaps stay gaps, lags go by date."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import twitchstats as tw
from twitchstats.panel import build_panel, shift_days


def read(rows, columns=("person", "date", "twitches", "stress")):
    return tw.read_journal(pd.DataFrame(rows, columns=list(columns)))


def test_lag_by_hand_on_a_diary_with_gaps():
    """2 March is missing: the day before 3 March is not 1 March, and 5 March has no stress."""
    panel = build_panel(
        read(
            [
                ("a", "2025-03-01", 1, 4),
                ("a", "2025-03-03", 3, 6),
                ("a", "2025-03-04", 0, 2),
                ("a", "2025-03-05", 5, np.nan),
            ]
        )
    )
    nan = np.nan
    np.testing.assert_array_equal(panel.get("twitches"), [[1, nan, 3, 0, 5]])
    np.testing.assert_array_equal(panel.get("stress"), [[4, nan, 6, 2, nan]])
    np.testing.assert_array_equal(panel.lag("stress", 1), [[nan, 4, nan, 6, 2]])
    np.testing.assert_array_equal(panel.lag("stress", 2), [[nan, nan, 4, nan, 6]])
    np.testing.assert_array_equal(panel.weekday, [[5, 6, 0, 1, 2]])  # 1 March 2025 was a Saturday


def test_each_person_has_a_calendar_of_their_own():
    panel = build_panel(read([("b", "2025-03-03", 7, 1), ("a", "2024-12-31", 1, 2), ("a", "2025-01-02", 2, 3)]))
    assert list(panel.people) == ["a", "b"]
    np.testing.assert_array_equal(panel.get("twitches"), [[1, np.nan, 2], [7, np.nan, np.nan]])
    np.testing.assert_array_equal(panel.weekday[:, 0], [1, 0])  # a Tuesday and a Monday


def test_lags_cross_a_leap_day_and_the_change_of_the_clocks():
    dates = pd.date_range("2024-02-27", "2024-04-02").strftime("%Y-%m-%d")
    panel = build_panel(read([("a", date, number, 5) for number, date in enumerate(dates)]))
    assert panel.get("twitches").shape == (1, 36)
    np.testing.assert_array_equal(panel.lag("twitches", 1)[0, 1:], np.arange(35))


def test_numbered_days_keep_a_weekly_rhythm():
    panel = build_panel(read([("a", day, day, 1) for day in (1, 2, 9)], ("person", "day", "twitches", "stress")))
    assert panel.ordered
    np.testing.assert_array_equal(np.flatnonzero(np.isfinite(panel.get("twitches")[0])), [0, 1, 8])
    assert panel.weekday[0, 1] == panel.weekday[0, 8]


def test_undated_diaries_have_no_order():
    assert not build_panel(
        tw.read_journal(pd.DataFrame({"twitches": [1, 2, 3], "stress": [3, 4, 5]}), order="none")
    ).ordered


def test_unknown_variables_are_told():
    journal = read([("a", "2025-03-01", 1, 4), ("a", "2025-03-02", 2, 4)])
    message = "No numeric variable named 'stres'. Did you mean 'stress'? Known: 'twitches', 'stress'."
    with pytest.raises(tw.UnknownNameError, match=f"^{re.escape(message)}$"):
        build_panel(journal, variables=["stres"])
    message = "No variable named 'stress'. Known: 'twitches'."
    with pytest.raises(tw.UnknownNameError, match=f"^{re.escape(message)}$"):
        build_panel(journal, variables=["twitches"]).get("stress")


@settings(max_examples=60)
@given(
    days=st.lists(st.integers(0, 400), min_size=1, max_size=12, unique=True),
    lag=st.integers(-500, 500),
    seed=st.integers(0, 99),
)
def test_a_lag_is_the_value_of_that_date_or_missing(days, lag, seed):
    """Each lagged value is looked up by date in the rows themselves, whatever the order of rows."""
    rng = np.random.default_rng(seed)
    rows = {day: float(rng.integers(0, 9)) for day in days}
    start = pd.Timestamp("2025-01-01")
    frame = [("a", start + pd.Timedelta(days=day), value, 1) for day, value in rows.items()]
    panel = build_panel(read(frame))
    lagged = panel.lag("twitches", lag)[0]
    first = min(days)
    for column, value in enumerate(lagged):
        expected = rows.get(first + column - lag, np.nan)
        assert value == expected or (np.isnan(value) and np.isnan(expected))


@settings(max_examples=40)
@given(width=st.integers(1, 8), lag=st.integers(-10, 10))
def test_shifting_there_and_back_only_loses_the_ends(width, lag):
    values = np.arange(3.0 * width).reshape(3, width)
    original = values.copy()
    back = shift_days(shift_days(values, lag), -lag)
    kept = np.isfinite(back)
    np.testing.assert_array_equal(back[kept], values[kept])
    assert kept.sum() == 3 * max(0, width - abs(lag))
    np.testing.assert_array_equal(values, original)


def test_a_dose_that_stays_for_weeks_makes_no_copies():
    """Neighbours equal because a dose lasts are equal a week apart, too; days written down at once are not."""
    rng = np.random.default_rng(1)
    days = 120
    table = pd.DataFrame(
        {
            "person": np.repeat([f"p{number:02d}" for number in range(40)], days),
            "date": np.tile(pd.date_range("2025-01-06", periods=days), 40),
            "twitches": rng.poisson(1.5, 40 * days),
            "heat": rng.random(40 * days) < 0.25,
            "dose": (rng.random((40, days)) < 1 / 12).cumsum(1).ravel() * 10.0,
        }
    ).astype({"heat": float})
    assert build_panel(tw.read_journal(table)).share_copied < 0.02
    at_once = table.assign(level=rng.standard_normal(len(table)).round(3))
    later = (np.arange(len(table)) % days) % 3 == 2
    columns = ["twitches", "heat", "dose", "level"]
    at_once.loc[later, columns] = at_once[columns].shift().loc[later]
    assert build_panel(tw.read_journal(at_once)).share_copied == pytest.approx(1 / 3, abs=0.02)


@pytest.mark.parametrize("wrong", [pd.DataFrame({"twitches": [1]}), None])
def test_what_is_no_journal_is_told_everywhere(wrong):
    calls = [
        tw.build_panel, tw.estimate_effects, tw.correlate_triggers, tw.compare_directions, tw.estimate_risks,
        tw.compare_halves, tw.group_triggers, tw.estimate_remedy_effects, tw.answer_questions, tw.check_claims,
        tw.analyze_journal,
    ]  # fmt: skip
    message = f"A {type(wrong).__name__} is no journal. Read it first, with read_journal."
    for call in calls:
        with pytest.raises(tw.OptionError, match=f"^{re.escape(message)}$"):
            call(wrong)
