"""What strangers' files look like: titles above the header, long tables, guesses that must be told."""

import io
import re

import numpy as np
import pandas as pd
import pytest

from twitchstats.errors import JournalError
from twitchstats.journal import read_journal

DAYS = "date,twitches,stress\n2024-03-01,3,4\n2024-03-02,2,5\n"


def tell(journal):
    return journal.rejects[["row", "column", "rule", "message", "action"]].astype(object).to_numpy().tolist()


@pytest.mark.parametrize("above", ["My diary 2024", "# of twitches and more", "Diary,,", "vendor.app.diary,7006011"])
@pytest.mark.parametrize("sign", [",", ";"])
def test_titles_above_the_header(read, above, sign):
    journal = read(f"{above}\n{DAYS}".replace(",", sign))
    assert journal.days["twitches"].to_list() == [3.0, 2.0]
    assert journal.rows_read == 2
    text = above.replace(",", sign).strip(sign)
    assert tell(journal) == [
        [1, "", "above_header", f"row 1 ({text!r}) stands above the header and is no part of the table", "kept"]
    ]


def test_a_block_above_a_blank_line_is_no_part_of_the_table(read):
    weather = "latitude,longitude,zone\n52.5,13.4,GMT\n\ntime,temperature (°C),rain (mm)\n2024-03-01,12.5,0\n"
    journal = read("date,twitches\n2024-03-01,3\n2024-03-02,4\n", weather=io.StringIO(weather))
    assert journal.days["temperature"].to_list()[:1] == [12.5]
    assert [message.partition("table: ")[2] for message in journal.rejects["message"]] == [
        "The table: row 1 ('latitude,longitude,zone') stands above the header and is no part of the table",
        "The table: row 2 ('52.5,13.4,GMT') stands above the header and is no part of the table",
        "The table: column time: the days are taken from it, as no column is named 'date'",
    ]


def test_a_narrow_header_is_no_title(read):
    wrong = "None of the 2 rows of the table could be kept. The first: row 2 has 3 cells where the header has 2; look"
    with pytest.raises(JournalError, match=re.escape(wrong)):
        read("date,twitches\n2024-03-01,3,4\n2024-03-02,2,5\n")


def test_long_table_is_refused(read):
    with pytest.raises(JournalError, match=re.escape(
        "The table holds one reading a row: 'variable' says what 'value' measures ('twitches', 'stress', ...). Read "
        "the file with format=\"long table\" (command line: --format 'long table'), or reshape it to one row a day "
        "with a column for each, for example with pandas: "
        "frame.pivot_table(index=[...], columns='variable', values='value')."
    )):  # fmt: skip
        read("date,variable,value,site\n2024-03-01,twitches,3,calf\n2024-03-01,stress,4,\n")
    assert read("date,variable,value\n2024-03-01,twitches,3\n2024-03-01,stress,4\n").days.columns.to_list() == [
        "twitches", "stress"]  # fmt: skip


def test_nameless_person_column_is_asked_for(read):
    text = "code,date,twitches\nx1,2024-03-01,3\nx2,2024-03-01,4\nx1,2024-03-02,5\nx2,2024-03-02,6\n"
    with pytest.raises(JournalError, match=re.escape(
        "Several rows have the same day, and column 'code' tells them apart. If it says whose row it is, name it: "
        "person='code' (command line: --person). If all rows are one person's, say person=\"none\" (--person none)."
    )):  # fmt: skip
        read(text)
    assert read(text, person="code").days.index.get_level_values("person").unique().to_list() == ["x1", "x2"]
    merged = "name,date,twitches\nAnn,2024-03-01,3\n,2024-03-02,4\nBo,2024-03-01,5\n,2024-03-02,6\n"
    with pytest.raises(JournalError, match="apart, its blanks filled down as under merged cells. If it says"):
        read(merged)


@pytest.mark.parametrize("number", [12345678901234567, 12345678901234567890])
def test_people_with_long_numbers_stay_apart(read, number):
    rows = "".join(f"{who},2024-03-0{day},{day}\n" for who in (number, number + 1) for day in (1, 2))
    people = read(f"user_id,date,twitches\n{rows}").days.index.get_level_values("person")
    assert people.unique().to_list() == [str(number), str(number + 1)]


def test_two_entries_a_day_are_one_persons(read):
    journal = read("date,time of day,twitches\n2024-03-01,am,3\n2024-03-01,pm,4\n2024-03-02,am,5\n2024-03-02,pm,6\n")
    assert journal.days["twitches"].to_list() == [7.0, 11.0]


def test_days_of_months_are_refused_and_day_numbers_kept(read):
    numbers = [*range(1, 32), *range(1, 10)]
    text = "day,twitches\n" + "".join(f"{day},1\n" for day in numbers)
    with pytest.raises(JournalError, match=re.escape(
        "Column 'day' starts again in row 33: its numbers seem to be days of months. Write full dates (2024-03-31), "
        "or add a column 'person' if another's rows begin there. If they do number the days of the diary, say "
        'order="day" (--order day).'
    )):  # fmt: skip
        read(text)
    assert len(read(text, order="day").days) == 31


def test_names_that_mean_nobody(read):
    journal = read("person,date,twitches\nNaN,2024-03-01,3\na,2024-03-01,5\na,2024-03-02,6\n")
    assert journal.days.index.get_level_values("person").unique().to_list() == ["a"]
    assert tell(journal) == [
        [2, "person", "missing_person", "row 2, person: 'NaN' names nobody; fill it in", "row dropped"]
    ]


def test_keys_named_in_columns(read):
    text = "wer,wann,twitches\na,2024-03-01,3\nb,2024-03-01,4\n"
    journal = read(text, columns={"wer": "person", "wann": "date"})
    assert journal.days["twitches"].to_dict() == {
        ("a", pd.Timestamp("2024-03-01")): 3.0, ("b", pd.Timestamp("2024-03-01")): 4.0,
    }  # fmt: skip
    with pytest.raises(JournalError, match=re.escape("Column 'wann' can't tell both the person and the date.")):
        read(text, person="wann", date="wann")


@pytest.mark.parametrize(
    ("text", "value", "message"),
    [
        ('date,water (ml)\n2024-03-01,"1,234"\n2024-03-02,500\n', 1.234,
         "column water (ml): it doesn't show its decimal sign; 1,234 is read as 1234. If it is 1.234, say "
         'decimal="," (command line: --decimal)'),
        ("date;Wasser (ml)\n2024-03-01;1.500\n2024-03-02;500\n", 1.5,
         "column Wasser (ml): it doesn't show its decimal sign; 1.500 is read as 1500. If it is 1.5, say "
         'decimal="." (command line: --decimal)'),
    ],
)  # fmt: skip
def test_a_guessed_decimal_sign_is_told(read, text, value, message):
    journal = read(text)
    assert journal.days["fluid"].iloc[0] == pytest.approx(value)
    assert journal.rejects["message"].to_list() == [message]


def test_the_sign_of_other_columns_is_taken_and_told(read):
    journal = read("date;Wasser (l);x\n2024-03-01;1,5;1.500\n2024-03-02;2,5;300\n")
    assert journal.days["x"].to_list() == [1500, 300]
    assert journal.rejects["message"].to_list() == [
        'column x: it doesn\'t show its decimal sign; 1.500 is read as 1500. If it is 1.5, say decimal="." (command '
        "line: --decimal)"
    ]


@pytest.mark.parametrize(("header", "cells", "told"), [
    ("caffeine", (2, 3), "and figures such as 2.5 are unusual for caffeine in mg, so it stays a variable of your own"),
    ("water", (8, 7), "and figures such as 7.5 are unusual for fluid drunk in L, so it stays a variable of your own"),
    ("massage", ("x", ""), "it never says no; a blank counts as not known"),
])  # fmt: skip
def test_doubtful_columns_are_told(read, header, cells, told):
    journal = read(f"date,{header}\n2024-03-01,{cells[0]}\n2024-03-02,{cells[1]}\n")
    assert journal.rejects["rule"].to_list() == ["note"]
    assert told in journal.rejects["message"].item()


@pytest.mark.parametrize(("header", "name", "value"), [
    ("twitches/day", "twitches", 3.0), ("caffeine in mg", "caffeine", 3.0), ("water in ml", "fluid", 0.003),
    ("Alcohol (€)", "my_alcohol", 3.0), ("stress (%)", "stress", 3.0),
])  # fmt: skip
def test_headers(read, header, name, value):
    journal = read(f"date,{header}\n2024-03-01,3\n2024-03-02,40\n")
    assert journal.days[name].iloc[0] == pytest.approx(value)


def test_levels_are_averaged_and_counts_added(read):
    journal = read("date,pulse,coughs,humidity %\n2024-03-01,60,3,50\n2024-03-01,70,4,7\n2024-03-02,65,0,20\n")
    assert journal.days.iloc[0].to_dict() == {"pulse": 65.0, "coughs": 7.0, "humidity": 28.5}


def test_signs_that_nobody_sees(read):
    journal = read(
        "\u200fdate,twitches\u200e,str\u200bess\n\u200e2024\u201303\u201301,3\x1a,\u200b4\n2024-03-02,-0,5\n"
    )
    assert journal.days.columns.to_list() == ["twitches", "stress"]
    assert journal.days["twitches"].to_list() == [3.0, 0.0]
    assert not np.signbit(journal.days["twitches"].to_numpy()).any()
    assert journal.rejects.empty


def test_one_column_asks_for_the_delimiter(read):
    with pytest.raises(JournalError, match=re.escape(
        "Everything stands in one column: say what separates the cells with delimiter= (--delimiter)."
    )):  # fmt: skip
        read("date^twitches\n2024-03-01^3\n")
    assert read("date^twitches\n2024-03-01^3\n2024-03-02^4\n", delimiter="^").days["twitches"].to_list() == [3.0, 4.0]


def test_a_date_column_without_dates_is_told(read):
    with pytest.raises(JournalError, match=re.escape(
        "Column 'day' has the name of one, but most of its cells, such as 'x', are neither dates (2024-03-31) nor "
        "whole day numbers: correct them, or read it all the same with date='day' (--date)."
    )):  # fmt: skip
        read("day,twitches\nx,3\ny,4\nz,5\n")


def test_another_column_of_day_numbers_is_no_trigger(read):
    journal = read("date,day,twitches\n2024-03-01,1,3\n2024-03-02,2,3\n")
    assert journal.variables.set_index("name").loc["day", "kind"] == "text"


def test_messages_of_refused_files_stand_alone(tmp_path):
    path = tmp_path / "diary.csv"
    path.write_bytes(b"%PDF-1.4")
    with pytest.raises(JournalError) as caught:
        read_journal(path)
    assert str(caught.value) == "diary.csv is not a CSV file: it seems to be a PDF document. Export the table as CSV."
    path.write_bytes(bytes(range(1, 32)) * 9)
    with pytest.raises(JournalError) as caught:
        read_journal(path)
    told = "diary.csv is not a CSV file: it holds bytes that no text has, so it seems to be binary."
    assert str(caught.value) == told
    with path.open() as file:
        pass
    with pytest.raises(JournalError, match=re.escape("diary.csv can't be read (I/O operation on closed file.). Open")):
        read_journal(file)


def test_frames_of_other_making():
    days = pd.date_range("2024-03-01", periods=3)
    floats = pd.DataFrame({"date": days, "x": [1.125, 2.25, 3.5], "note": ["1,5", "2,5", "3,5"]})
    assert read_journal(floats).days["x"].to_list() == [1.125, 2.25, 3.5]
    single = pd.DataFrame({"date": days, "x": np.array([7.1, 7.2, 0.3], dtype="float32")})
    assert read_journal(single).days["x"].to_list() == [7.1, 7.2, 0.3]
    assert read_journal(pd.DataFrame({"x": [1, 2, 3]}, index=days)).days["x"].to_list() == [1.0, 2.0, 3.0]
    lists = pd.DataFrame({"date": days, "tags": [["a"], [], None], "x": [1, 2, 3]})
    assert read_journal(lists).days["tags"].to_list()[:2] == ["['a']", "[]"]
    pairs = pd.DataFrame({("date", ""): days, ("a", "x"): [1, 2, 3]})
    assert read_journal(pairs).days["a_x"].to_list() == [1.0, 2.0, 3.0]
    with pytest.raises(JournalError, match=re.escape("the header 'date' stands 2 times (columns 1 and 2).")):
        read_journal(floats.set_index("date", drop=False))


EPISODES = """person,date,start,end,kind
me,2024-03-01,10:00,10:05,twitch
me,2024-03-01,23:50,00:10,cramp
me,2024-03-02,25:00,foo,cramp
"""


def test_episodes_with_times_of_day(read):
    journal = read(DAYS, episodes=io.StringIO(EPISODES))
    assert journal.episodes["start"].astype(str).to_list() == [
        "2024-03-01 10:00:00", "2024-03-01 23:50:00", "2024-03-02 00:00:00",
    ]  # fmt: skip
    assert journal.episodes["duration_s"].to_list()[:2] == [300.0, 1200.0]
    assert np.isnan(journal.episodes["duration_s"].iloc[2])
    assert [entry[:3] for entry in tell(journal) if entry[4] != "kept"] == [
        [4, "end", "not_a_time"], [4, "start", "not_a_time"],
    ]  # fmt: skip


def test_nothing_of_the_ends_is_lost(read):
    text = "start,end\n2024-03-01 10:00,foo\n2024-03-01 25:00,2024-03-01 09:00\n2024-03-01 10:00,2024-03-01 09:00\n"
    journal = read(DAYS, episodes=io.StringIO(text))
    assert [entry[:3] for entry in tell(journal)] == [
        [2, "end", "not_a_date"], [3, "start", "not_a_time"], [4, "end", "end_before_start"],
    ]  # fmt: skip


@pytest.mark.parametrize(("days", "told"), [
    (("date", "1900-01-01", "2024-03-01", "2024-03-02"),
     "between 1900-01-01 and 2024-03-01 'me' has no entry, 45,350 days long; both are kept, but see that neither date "
     "is a slip"),
    (("day", "1", "2", "9999"),
     "between day 2 and day 9999 'me' has no entry, 9,997 days long; both are kept, but see that neither date "
     "is a slip"),
])  # fmt: skip
def test_days_far_apart_are_told(read, days, told):
    header, *dates = days
    journal = read(f"{header},twitches\n" + "".join(f"{date},1\n" for date in dates))
    assert len(journal.days) == 3
    assert journal.rejects[["rule", "message", "action"]].to_numpy().tolist() == [["far_apart", told, "kept"]]


def test_figures_beyond_all_counting(read):
    journal = read("date,foo\n2024-03-01,1e300\n2024-03-02,-0.5\n2024-03-03,2.5\n")
    assert journal.days["foo"].to_list()[1:] == [-0.5, 2.5]
    told = "row 2, foo: 1e300 is beyond 1000000000000, and no diary counts so far"
    assert journal.rejects["message"].to_list() == [told]
