"""What a journal holds, counted by hand."""

import re

import numpy as np
import pandas as pd
import pytest

from twitchstats.errors import JournalError, NotEnoughDataError, UnknownNameError
from twitchstats.findings import find_outcome
from twitchstats.report import summary


def test_days_gaps_and_shares_by_hand(gappy):
    people = summary.summarise_people(gappy).set_index("person")
    assert people["n_days"].to_dict() == {"P1": 4, "P2": 2}
    assert people["span"].to_dict() == {"P1": 8, "P2": 2}
    assert people["share"].to_dict() == {"P1": 0.5, "P2": 1.0}
    assert people["longest_gap"].to_dict() == {"P1": 2, "P2": 0}


def test_who_stops_early_is_missing_from_then_on(gappy):
    weeks = summary.summarise_weeks(gappy)
    # P1 could have reported days 1 to 8 (7 + 1), P2 days 3 to 8 (6).
    assert weeks["possible"].tolist() == [13, 1]
    assert weeks["reported"].tolist() == [5, 1]
    assert weeks["share"].tolist() == [5 / 13, 1.0]


def test_the_calendar_keeps_gaps(gappy):
    calendar = summary.lay_calendar(gappy, "twitches")
    p1 = calendar[calendar["person"] == "P1"]
    np.testing.assert_array_equal(p1["value"], [0, 3, np.nan, np.nan, 6, np.nan, np.nan, 0])
    assert p1["date"].iloc[-1] == pd.Timestamp("2025-01-08")
    months = summary.summarise_months(calendar)
    assert months.iloc[0].to_dict() == {
        "period": "Jan 2025", "days": 10, "reported": 6, "mean": 11 / 6, "median": 1.0, "highest": 6.0,
    }  # fmt: skip


def test_numbered_days_are_laid_out_alike(make_journal):
    journal = make_journal({"person": ["a"] * 3, "date": [5, 7, 40], "twitches": [1.0, 2, 3]}, calendar="day")
    calendar = summary.lay_calendar(journal, "twitches")
    assert calendar["date"].tolist() == list(range(5, 41))
    assert calendar.loc[[0, 2, 35], "value"].tolist() == [1, 2, 3]
    assert summary.summarise_months(calendar)["period"].tolist() == ["day 5 to 32", "day 33 to 60"]


def test_row_order_does_not_matter(gappy):
    from dataclasses import replace

    shuffled = replace(gappy, days=gappy.days.iloc[[3, 5, 0, 4, 2, 1]])
    for summarise in (summary.summarise_people, summary.summarise_weeks, summary.summarise_variables):
        pd.testing.assert_frame_equal(summarise(shuffled), summarise(gappy))
    pd.testing.assert_frame_equal(summary.lay_calendar(shuffled, "stress"), summary.lay_calendar(gappy, "stress"))


def test_without_order_in_time_nothing_is_counted_in_time(gappy, make_journal):
    journal = make_journal({"person": ["a", "a"], "date": [1, 2], "twitches": [1.0, 0]}, calendar="none")
    people = summary.summarise_people(journal)
    assert people["n_days"].tolist() == [2]
    assert people["span"].isna().all()
    message = "This journal has no order in time, so it can't be laid out on a calendar."
    with pytest.raises(NotEnoughDataError, match=f"^{re.escape(message)}$"):
        summary.lay_calendar(journal, "twitches")
    with pytest.raises(
        NotEnoughDataError, match="^This journal has no order in time, so its days can't be counted by week.$"
    ):
        summary.summarise_weeks(journal)


def test_an_unknown_variable_is_told(gappy):
    with pytest.raises(UnknownNameError, match=re.escape("No variable named 'twiches'. Did you mean 'twitches'?")):
        summary.lay_calendar(gappy, "twiches")


def test_a_journal_without_outcome_is_told(make_journal):
    journal = make_journal({"person": ["a"], "date": [1], "mood": [1.0]}, calendar="day", outcome=None)
    message = (
        "The journal has no column 'twitches' to explain. Name one with --outcome (in Python: outcome=). Columns: mood."
    )
    with pytest.raises(JournalError, match=f"^{re.escape(message)}$"):
        find_outcome(journal)
    columns = {"person": ["a"], "date": [1], "mood": [1.0], "eyelid_twitches": [2.0]}
    with pytest.raises(JournalError, match=r" Name one with --outcome \(in Python: outcome=\), such as 'eyelid_tw"):
        find_outcome(make_journal(columns, calendar="day", outcome=None))


def test_values_are_counted_and_many_are_gathered(make_journal):
    few = make_journal({"person": ["a"] * 5, "date": range(5), "twitches": [0.0, 0, 1, 1, 1]}, calendar="none")
    assert summary.count_values(few, "twitches").to_dict("list") == {
        "value": [0, 1],
        "n_days": [2, 3],
        "share": [0.4, 0.6],
    }
    many = make_journal({"person": ["a"] * 40, "date": range(40), "twitches": np.arange(40.0)}, calendar="none")
    counted = summary.count_values(many, "twitches")
    assert len(counted) == 10
    assert counted["n_days"].sum() == 40
    assert counted["value"].tolist() == list(range(0, 40, 4))
    more = make_journal({"person": ["a"] * 46, "date": range(46), "twitches": np.arange(46.0)}, calendar="none")
    assert summary.count_values(more, "twitches").iloc[-1].tolist() == [45, 1, 1 / 46]
    uneven = make_journal({"person": ["a"] * 40, "date": range(40), "twitches": np.arange(40) / 10}, calendar="none")
    assert summary.count_values(uneven, "twitches")["n_days"].sum() == 40


def test_refusals_are_counted_by_rule(gappy):
    rejects = pd.DataFrame(
        [("days", row, column, "x", rule, f"row {row}", "cell set missing")
         for row, column, rule in ((2, "stress", "range"), (3, "stress", "range"), (4, None, "date"))],
        columns=["table", "row", "column", "value", "rule", "message", "action"],
    )  # fmt: skip
    counted = summary.count_rejects(rejects)
    assert counted[["column", "rule", "n", "example"]].to_numpy().tolist() == [
        ["stress", "range", 2, "row 2"],
        ["", "date", 1, "row 4"],
    ]
    assert summary.count_rejects(gappy.rejects).empty


def test_nobody_is_asked_for_more_days_than_the_longest_diary(make_journal):
    journal = make_journal(
        {"person": ["a"] * 7 + ["b"] * 7, "date": [*range(7), *range(20, 27)], "twitches": [1.0] * 14}, calendar="day"
    )
    assert summary.summarise_weeks(journal)["share"].tolist() == [1.0]
