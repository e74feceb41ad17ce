"""The whole way from a file to a journal: nothing is lost, nothing depends on order, nothing given is changed."""

import datetime as dt
import io
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twitchstats.errors import JournalError, OptionError, UnknownNameError
from twitchstats.journal import read_journal, write_journal
from twitchstats.journal.record import REJECT_COLUMNS, VARIABLE_COLUMNS

TODAY = dt.date(2024, 12, 31)
LOST = ["row dropped", "rows combined"]


def count_lost(journal):
    days = journal.rejects[journal.rejects["table"] == "days"]
    return int(days["action"].isin(LOST).sum())


MESSY = """Date,Person,Muscle twitches,stress,sleep hrs,Notes
2024-03-01,007,3,4,7:30,first
2024-03-01,007,2,6,0.5,again
2024-03-02,007,-2,14,25,
2024-02-31,007,1,2,8,
2025-06-01,007,1,2,8,
2024-03-03,,1,2,8,
2024-03-03,007,N/A,-,,=1+1
2024-03-04,008,many,2,8,
"""


def test_a_messy_journal_is_read_and_everything_refused_is_listed(read):
    journal = read(MESSY)
    assert journal.days.index.to_list() == [
        ("007", pd.Timestamp("2024-03-01")), ("007", pd.Timestamp("2024-03-02")), ("007", pd.Timestamp("2024-03-03")),
        ("008", pd.Timestamp("2024-03-04")),
    ]  # fmt: skip
    assert journal.days["twitches"].fillna(-1).to_list() == [5, -1, -1, -1]
    assert journal.days["stress"].fillna(-1).to_list() == [5, -1, -1, 2]
    assert journal.days["sleep"].fillna(-1).to_list() == [7.5, -1, -1, 8]
    assert journal.days["notes"].fillna("").to_list() == ["again | first", "", "=1+1", ""]
    assert journal.rejects.columns.to_list() == REJECT_COLUMNS
    told = journal.rejects[["row", "column", "value", "rule", "action"]].astype(object).to_numpy().tolist()
    assert told[1:] == [
        [3, "", "2024-03-01", "same_day", "rows combined"],
        [4, "Muscle twitches", "-2", "negative_count", "cell set missing"],
        [4, "sleep hrs", "25", "out_of_range", "cell set missing"],
        [4, "stress", "14", "out_of_range", "cell set missing"],
        [5, "Date", "2024-02-31", "impossible_date", "row dropped"],
        [6, "Date", "2025-06-01", "future_date", "row dropped"],
        [7, "Person", "", "missing_person", "row dropped"],
        [9, "Muscle twitches", "many", "not_a_number", "cell set missing"],
    ]
    assert journal.rejects["message"].iloc[2] == "row 4, Muscle twitches: -2 is negative, and a count is 0 or more"
    assert (journal.rows_read, len(journal.days), count_lost(journal)) == (8, 4, 4)


def test_a_person_with_a_single_day_is_kept_and_told(read):
    journal = read(MESSY)
    assert journal.rejects.loc[0, ["value", "rule", "message", "action"]].to_list() == [
        "008", "single_day", "'008' has a single day; it is kept, but effects and lags need more", "kept",
    ]  # fmt: skip


def test_the_variables_tell_which_header_became_what(read):
    variables = read(MESSY).variables
    assert variables.columns.to_list() == VARIABLE_COLUMNS
    assert variables[["name", "source"]].to_numpy().tolist() == [
        ["twitches", "Muscle twitches"], ["stress", "stress"], ["sleep", "sleep hrs"], ["notes", "Notes"],
    ]  # fmt: skip


def test_a_journal_without_people_is_one_persons(read):
    assert set(read("date,twitches\n2024-03-01,1\n").days.index.get_level_values("person")) == {"me"}


def test_names_that_look_like_numbers_stay_names():
    frame = pd.DataFrame({"person": [7, 7], "date": ["2024-03-01", "2024-03-02"], "twitches": [1, 2]})
    people = read_journal(frame, today=TODAY).days.index.get_level_values("person")
    assert set(people) == {"7"}


def test_day_numbers(read):
    journal = read("day,twitches\n1,3\n3,4\nx,5\n")
    assert journal.calendar == "day"
    assert journal.days.index.get_level_values("date").to_list() == [1, 3]
    assert journal.rejects.loc[0, ["row", "rule", "action"]].to_list() == [4, "not_a_day_number", "row dropped"]


def test_a_column_of_weekday_names_is_no_date(read):
    journal = read("day,date,twitches\nMonday,2024-03-04,3\nTuesday,2024-03-05,4\n")
    assert journal.calendar == "date"
    assert journal.days["day"].to_list() == ["Monday", "Tuesday"]


def test_dates_of_a_frame_may_be_timestamps_dates_or_index():
    values = pd.DataFrame({"twitches": [1.0, 2.0]}, index=pd.date_range("2024-03-01", periods=2, name="date"))
    expected = read_journal(values.reset_index(), today=TODAY).days
    dates = [dt.date(2024, 3, 1), dt.date(2024, 3, 2)]
    for frame in (values, values.reset_index(drop=True).assign(date=dates), values.tz_localize("Asia/Tokyo")):
        pd.testing.assert_frame_equal(read_journal(frame, today=TODAY).days, expected)


def test_without_any_readable_row_the_first_reason_is_told(read):
    message = (
        "None of the 2 rows of the table could be kept. "
        "The first: row 2, date: there is no day '2024-02-31' in the calendar."
    )
    with pytest.raises(JournalError, match=re.escape(message)):
        read("date,twitches\n2024-02-31,1\nsoon,2\n")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"outcome": "twiches"}, UnknownNameError,
            "No outcome named 'twiches'. Did you mean 'twitches'? Known: 'twitches', 'stress', 'sleep'.",
        ),
        (
            {"outcome": "Notes"}, OptionError,
            "outcome='Notes' is a column of text; it needs numbers or yes/no. Known: twitches, stress, sleep.",
        ),
        (
            {"person": "who"}, UnknownNameError,
            "No column (asked for as person=) named 'who'. Known: 'Date', 'Person', 'Muscle twitches', 'stress', "
            "'sleep hrs', 'Notes'.",
        ),
        (
            {"date": "Datum"}, UnknownNameError,
            "No column (asked for as date=) named 'Datum'. Did you mean 'Date'? Known: 'Date', 'Person', "
            "'Muscle twitches', 'stress', 'sleep hrs', 'Notes'.",
        ),
    ],
)  # fmt: skip
def test_columns_asked_for_that_are_not_there(read, options, error, message):
    with pytest.raises(error) as caught:
        read(MESSY, **options)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("header", "asked", "expected"),
    [
        ("stress,cramps,spasms,twitches", None, "twitches"),
        ("stress,cramps,spasms", None, "spasms"),
        ("stress,cramps,pain", None, "cramps"),
        ("stress,sleep,anxiety", None, None),
        ("stress,eyelid_twitches", None, "eyelid_twitches"),
        ("stress,Fasciculations (0-10)", None, "intensity"),
        ("stress,headache,migraine medicine", None, "headache"),
        ("stress,headache,tremor", None, None),
        ("stress,attacks", None, None),
        ("stress,sleep,headache", "headache", "headache"),
        ("stress,Muscle cramps,pain", "Muscle cramps", "cramps"),
        ("stress,cramps,pain", "leg cramps", "cramps"),
    ],
)
def test_the_outcome_is_the_one_asked_for_or_the_first_known(read, header, asked, expected):
    width = header.count(",") + 1
    journal = read(f"date,{header}\n2024-03-01{',3' * width}\n2024-03-02{',4' * width}\n", outcome=asked)
    assert journal.outcome == expected
    roles = journal.variables.set_index("name")["role"]
    assert expected is None or roles[expected] == "outcome"


def test_an_outcome_without_values_is_passed_over(read):
    assert read("date,twitches,cramps\n2024-03-01,,2\n2024-03-02,,1\n").outcome == "cramps"


UNDATED = """\
registration_number,gender,age,pain_degree,duration_hours,trigger_stress,trigger_other_text,num_triggers,headache_day
ab-01,Female,20,middle,7:27,1,,1,1
ab-02,Male,41,none,0:00,0,,0,0
ab-01,Female,20,none,0:00,0,,0,0
ab-02,Male,41,severe,2:15,1,cold,2,1
"""


def test_an_undated_table_is_told_how_it_can_be_read(read):
    message = (
        "No date column in the table (its columns: 'registration_number', 'gender', 'age', 'pain_degree', "
        "'duration_hours', 'trigger_stress', 'trigger_other_text', 'num_triggers', ...). A column named 'date' "
        "(2024-03-31) or 'day' (1, 2, 3) is expected; name yours with date= (--date). If the rows have no order in "
        "time, read them with order=\"none\" (--undated); lags are then refused. If 'registration_number' says whose "
        "row it is, add person='registration_number' (--person). For the outcome add outcome='headache_day' "
        "(--outcome); candidates: 'headache_day'."
    )
    with pytest.raises(JournalError) as caught:
        read(UNDATED)
    assert str(caught.value) == message


def test_with_the_options_that_its_message_suggests_everything_is_kept(read):
    journal = read(UNDATED, person="registration_number", outcome="headache_day", order="none")
    assert journal.calendar == "none"
    assert journal.outcome == "headache_day"
    assert journal.days.index.to_list() == [("ab-01", 1), ("ab-01", 2), ("ab-02", 1), ("ab-02", 2)]
    assert journal.rejects["message"].to_list() == [
        "column pain_degree: its words are read as 0 (none), 2 (middle), 3 (severe)"
    ]
    assert journal.days["duration_hours"].to_list() == [7.45, 0.0, 0.0, 2.25]
    kinds = journal.variables.set_index("name")["kind"]
    assert kinds[["gender", "pain_degree", "trigger_stress", "headache_day"]].to_list() == [
        "text",
        "rating",
        "yes/no",
        "yes/no",
    ]
    assert journal.variables.set_index("name").loc["trigger_stress", "role"] == "trigger"
    assert journal.people.to_dict("index") == {
        "ab-01": {"sex": "female", "age": 20.0},
        "ab-02": {"sex": "male", "age": 41.0},
    }


def test_columns_that_look_like_dates_are_suggested(read):
    with pytest.raises(JournalError, match=re.escape("These look like dates: 'When'. Name the right one: date='When'")):
        read("When,twitches\n2024-03-01,1\n")
    assert read("When,twitches\n2024-03-01,1\n", date="When").calendar == "date"


# --- invariants -----------------------------------------------------------------------------------------------------

CELL = st.one_of(
    st.sampled_from(
        ["", "-", "N/A", "yes", "no", "3", "7,5", "7:30", "1e4", "-1", "x", "2024-03-01", '"q"', "a\nb", "=1", "14"]
    ),
    st.integers(-5, 200).map(str),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6),
)
DATE = st.one_of(
    st.dates(dt.date(2024, 1, 1), dt.date(2024, 2, 1)).map(str), st.sampled_from(["2024-02-31", "", "2030-01-01", "z"])
)
PERSON = st.sampled_from(["A", "B", "007", ""])
ROW = st.tuples(PERSON, DATE, CELL, CELL, CELL, CELL)
COLUMNS = ["person", "date", "twitches", "stress", "coffee", "my thing"]


@settings(max_examples=80)
@given(st.lists(ROW, min_size=1, max_size=12))
def test_rows_in_are_rows_kept_dropped_or_combined(rows):
    frame = pd.DataFrame(rows, columns=COLUMNS, dtype="str")
    before = frame.copy()
    try:
        journal = read_journal(frame, today=TODAY)
    except JournalError as error:
        assert "could be kept" in str(error)  # noqa: PT017
        return
    pd.testing.assert_frame_equal(frame, before)
    assert journal.rows_read == len(rows) == len(journal.days) + count_lost(journal)
    assert not journal.days.index.duplicated().any()
    numeric = journal.variables.loc[journal.variables["kind"] != "text", "name"]
    assert all(np.isfinite(journal.days[name].dropna()).all() for name in numeric)


@settings(max_examples=40)
@given(st.lists(ROW, min_size=1, max_size=10), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_columns_does_not_matter(rows, random):
    frame = pd.DataFrame(rows, columns=COLUMNS, dtype="str")
    columns = list(COLUMNS)
    random.shuffle(columns)
    places = list(range(len(rows)))
    random.shuffle(places)
    try:
        one = read_journal(frame, today=TODAY)
    except JournalError:
        with pytest.raises(JournalError):
            read_journal(frame.iloc[places][columns], today=TODAY)
        return
    other = read_journal(frame.iloc[places][columns], today=TODAY)
    pd.testing.assert_frame_equal(other.days[one.days.columns], one.days)
    key = ["column", "value", "rule", "action"]
    assert sorted(map(tuple, other.rejects[key].to_numpy())) == sorted(map(tuple, one.rejects[key].to_numpy()))


@st.composite
def well_formed(draw):
    n_rows = draw(st.integers(2, 15))
    people = draw(st.lists(st.sampled_from(["A", "007", "=x", "Ä b"]), min_size=n_rows, max_size=n_rows))
    days = draw(st.lists(st.dates(dt.date(2024, 1, 1), TODAY), min_size=n_rows, max_size=n_rows, unique=True))

    def column(strategy):
        return draw(st.lists(st.one_of(st.none(), strategy), min_size=n_rows, max_size=n_rows))

    return pd.DataFrame(
        {
            "person": people,
            "date": pd.to_datetime(days),
            "twitches": column(st.integers(0, 500)),
            "stress (0-100)": column(st.integers(0, 100)),
            "sleep": column(st.floats(0, 24)),
            "stretching": column(st.booleans()),
            "coffee": column(st.sampled_from(["yes", "no"])),
            "mood": column(st.integers(1, 5)),
            "attacks": column(st.integers(0, 4)),
            "severity": column(st.integers(0, 10)),
            "ibuprofen (mg)": column(st.sampled_from([0, 200, 400])),
            "weather": column(st.sampled_from(["sun", "rain"])),
            "stress_lag1": column(st.integers(0, 10)),
            "energy": column(st.integers(-4, 4)),
            "pain": column(st.sampled_from(["none", "mild", "moderate", "severe"])),
            "worry": column(st.sampled_from(["+", "++", "+++"])),
            "sex": column(st.just("f")),
            "cold": column(st.booleans()),
            "Room temperature (C)": column(st.floats(-20, 40)),
            "notes": column(
                st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1).map("w ".__add__)
            ),
        }
    )


@settings(max_examples=30)
@given(well_formed())
def test_a_journal_written_and_read_again_is_the_same(tmp_path_factory, frame):
    journal = read_journal(frame, today=TODAY)
    path = write_journal(journal, tmp_path_factory.mktemp("round") / "journal.csv")[0]
    again = read_journal(path, today=TODAY)
    pd.testing.assert_frame_equal(again.days, journal.days)
    known = ["name", "role", "kind", "unit", "low", "high", "combine", "lagged"]
    pd.testing.assert_frame_equal(again.variables[known], journal.variables[known])
    assert set(again.rejects["action"]) <= {"kept"}


def test_the_days_read_back_from_a_plain_csv_too(read):
    journal = read("date,person,twitches,sleep,stretching\n2024-03-01,A,1,7.1,yes\n2024-03-02,A,2,,no\n")
    again = read_journal(io.StringIO(journal.days.to_csv()), today=TODAY)
    pd.testing.assert_frame_equal(again.days, journal.days)


def test_a_large_table_is_read_whole():
    n_rows = 45_000
    frame = pd.DataFrame(
        {"person": np.arange(n_rows) // 100, "day": np.arange(n_rows) % 100, "twitches": np.arange(n_rows) % 7}
    )
    by_frame = read_journal(frame)
    by_text = read_journal(io.StringIO(frame.to_csv(index=False)))
    assert len(by_frame.days) == n_rows
    assert by_frame.days["twitches"].sum() == frame["twitches"].sum()
    pd.testing.assert_frame_equal(by_text.days, by_frame.days)


@pytest.mark.parametrize("header", ["year,month,day", "Jahr,Monat,Tag", "année,mois,jour", "Día,Mes,Año"])
def test_a_date_in_three_columns_is_one(read, header):
    cells = ["2024,1,30", "2024,2,1"] if header[0] in "yJa" else ["30,1,2024", "1,2,2024"]
    journal = read(f"{header},twitches\n{cells[0]},3\n{cells[1]},4\n")
    assert journal.days.index.get_level_values("date").strftime("%Y-%m-%d").to_list() == ["2024-01-30", "2024-02-01"]
    assert journal.days.columns.to_list() == ["twitches"]
    other = io.StringIO(f"{header},steps\n{cells[0]},7\n{cells[1]},8\n")
    assert read("date,twitches\n2024-02-01,4\n", also=[other]).days["steps"].to_list() == [7, 8]
    named = header.split(",")[:: 1 if header[0] in "yJa" else -1]
    assert journal.rejects["message"].to_list() == [f"the days are taken from {', '.join(map(repr, named))}"]


def test_parts_of_dates_may_have_names(read):
    assert read("year,month,day,twitches\n2024,1,1,3\n2024,2,1,4\n", date="day").calendar == "day"
    assert read("year,month,day,twitches\n2024,March,1,3\n2024,,2,4\n").rejects["message"].to_list()[1:] == [
        "'me' has a single day; it is kept, but effects and lags need more",
        "column date: 1 of 2 rows have no date; if they lie under merged cells, fill the date down in the spreadsheet "
        "and save again",
        "row 3, date: the row has no date, so it can't be placed; fill it in",
    ]


def test_a_table_of_another_library_is_read_as_one_of_pandas():
    pyarrow = pytest.importorskip("pyarrow")
    frame = pd.DataFrame(
        {"date": ["2025-01-01", "2025-01-02", "2025-01-04"], "twitches": [3, 0, 5], "stress": [4, 2, 7]}
    )
    ours, theirs = read_journal(frame), read_journal(pyarrow.Table.from_pandas(frame))
    pd.testing.assert_frame_equal(ours.days, theirs.days)
    assert list(ours.variables["name"]) == list(theirs.variables["name"])


def test_two_headers_of_one_name_in_a_frame_are_refused_by_name():
    frame = pd.DataFrame([["2025-01-01", 1, 2]], columns=["date", "twitches", "twitches"])
    message = (
        "The days DataFrame: the header 'twitches' stands 2 times (columns 2 and 3). Rename or remove all but one."
    )
    with pytest.raises(JournalError, match=f"^{re.escape(message)}$"):
        read_journal(frame)
