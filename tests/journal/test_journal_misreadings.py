"""Files that used to be misread without a word: each is read rightly, told, or asked about."""

import datetime as dt
import io
import re

import pandas as pd
import pytest

from twitchstats.errors import JournalError
from twitchstats.journal import read_journal


def write_days(header, *columns, n=30):
    first = dt.date(2024, 3, 1)
    rows = [",".join([str(first + dt.timedelta(day)), *(str(column(day)) for column in columns)]) for day in range(n)]
    return "\n".join([f"date,{header}", *rows]) + "\n"


def told(journal):
    return journal.rejects["message"].to_list()


# --- the table itself -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "second"), [('"slept badly', 'then" fine'), ('"open', '"open')])
def test_two_stray_quotes_don_t_swallow_the_rows_between(read, first, second):
    text = write_days("twitches,notes", lambda day: day % 4, lambda day: {5: first, 9: second}.get(day, "x"))
    with pytest.raises(JournalError) as caught:
        read(text)
    assert str(caught.value) == (
        "The days table: a cell that begins in row 7 with a quotation mark runs to row 11, and what it swallows looks "
        "like rows of the table. Remove the stray quotation mark, or double it."
    )


def test_a_note_of_several_lines_is_no_stray_quote(read):
    journal = read('date,twitches,notes\n2024-03-01,3,"slept badly,\nthen ate, and more\n- milk"\n2024-03-02,4,ok\n')
    assert journal.days["notes"].to_list() == ["slept badly,\nthen ate, and more\n- milk", "ok"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("variable,2024-03-01,2024-03-02,2024-03-03\ntwitches,1,2,3\n",
         "The days table has its dates in the header ('2024-03-01', '2024-03-02', ...), so it is turned (a spreadsheet "
         "pastes what was copied transposed). Write a row for each day with its full date (2024-03-31), and a column "
         "for each variable."),
        ("2024-03-01,3,4\n2024-03-02,2,5\n",
         "The days table seems to have no header: its first row holds '2024-03-01', '3', '4'. Add a header row, such "
         "as date,twitches,stress."),
        ("date,item,value,site\n2024-03-01,twitches,3,a\n2024-03-02,stress,4,b\n2024-03-03,twitches,5,a\n",
         "The table holds one reading a row: 'item' says what 'value' measures ('twitches', 'stress', ...). Read the "
         "file with format=\"long table\" (command line: --format 'long table'), or reshape it to one row a day with a "
         "column for each, for example with pandas: frame.pivot_table(index=[...], "
         "columns='item', values='value')."),
        ("month,day,twitches\n3,1,2\n3,2,3\n4,1,2\n",
         "The table has its dates in two columns, month and day. Join them into one column 'date', written as "
         "2024-03-31."),
        ("Day,Jan,Feb,Mar\n1,0,2,1\n2,1,0,0\n",
         "The days table has months in the header ('Jan', 'Feb', ...), as a calendar on one page has. Write a row for "
         "each day with its full date (2024-03-31), and a column for each variable."),
        (",1.3.,2.3.,3.3.\ntwitches,1,2,3\n",
         "The days table has days without a year in the header ('1.3.', '2.3.', ...), so it is turned (a spreadsheet "
         "pastes what was copied transposed). Write a row for each day with its full date (2024-03-31), and a column "
         "for each variable."),
        ("Datum;Mo;Di;Mi;Do;Fr;Sa;So\n04.03.2024;2;3;1;0;4;2;1\n",
         "The days table has weekdays in the header ('Mo', 'Di', ...), as a timetable has. Write a row for each day "
         "with its full date (2024-03-31), and a column for each variable."),
        ("date,08:00,12:00,20:00\n2024-03-01,1,2,0\n",
         "The days table has times of day in the header ('08:00', '12:00', ...), as a timetable has. Write a row for "
         "each day with its full date (2024-03-31), and a column for each variable."),
        ("date,twitches\n2024-03-01,1\n\ndate,stress\n2024-03-01,7\n",
         "The table holds a second table, which begins in row 4 with 'date', 'stress'. Put it into a file of its own, "
         "and give both: the second with also= (command line: --also)."),
        ("date,twitches\n2020,1\n2021,2\n",
         "Column 'date' holds years, such as '2020', and no days. Write full dates (2024-03-31). If they do number "
         'days, say order="day" (--order day).'),
    ],
)  # fmt: skip
def test_tables_of_another_shape_are_asked_about(read, text, message):
    with pytest.raises(JournalError) as caught:
        read(text)
    assert str(caught.value) == message


def test_a_column_for_each_person_is_asked_about_or_told(read):
    numbers = (lambda day: day % 4, lambda day: day * 3 % 5)
    with pytest.raises(JournalError) as caught:
        read(write_days("P01,P02", *numbers))
    assert str(caught.value) == (
        "The table seems to have a column for each person ('P01', 'P02', ...). Write a row for each person and day, "
        'with the columns person, date and what was counted. If all rows are one person\'s, say person="none" '
        "(--person none)."
    )
    assert read(write_days("P01,P02", *numbers), person="none").days.columns.to_list() == ["p01", "p02"]
    assert told(read(write_days("Anna,Ben", *numbers)))[0] == (
        "no column has a name that is known ('Anna', 'Ben', ...); if they are different people, write a row for each "
        "person and day instead"
    )
    both = write_days("Anna twitches,Anna stress (0-10),Ben twitches,Ben stress (0-10)", *numbers * 2)
    with pytest.raises(
        JournalError, match=r"^The table seems to have columns for each person \('anna', 'ben', \.\.\.\)"
    ):
        read(both)
    assert len(read(both, person="none").days.columns) == 4
    with pytest.raises(JournalError, match=r"\('anna', 'ben', \.\.\.\)"):
        read(write_days("twitches_anna,stress_anna,twitches_ben,stress_ben", *numbers * 2))
    for sides in ("left,right", "morning,evening", "calf,eyelid", "planned,actual"):
        first, second = sides.split(",")
        headers = f"{first} twitches,{first} pain,{second} twitches,{second} pain"
        assert read(write_days(headers, *numbers * 2)).days.index.unique("person").to_list() == ["me"]
    assert "people_as_columns" not in set(read(write_days("twitches,Milk", *numbers)).rejects["rule"])


@pytest.mark.parametrize(
    ("numbers", "row", "what"),
    [
        ([*range(20, 32), *range(1, 12)], 14, "days of months"),
        ([*range(1, 8)] * 4, 9, "days of weeks or of several rounds"),
    ],
)
def test_day_numbers_that_start_again_are_asked_about(read, numbers, row, what):
    with pytest.raises(JournalError) as caught:
        read("day,twitches\n" + "".join(f"{number},1\n" for number in numbers))
    assert str(caught.value) == (
        f"Column 'day' starts again in row {row}: its numbers seem to be {what}. Write full dates (2024-03-31), "
        "or add a column 'person' if another's rows begin there. If they do number the days of the diary, say "
        'order="day" (--order day).'
    )


def test_a_header_above_blanks_is_no_title(read):
    journal = read("person,massage,statin\nme,yes,\nme,yes,no\nme,no,yes\n", order="none")
    assert journal.days.columns.to_list() == ["massage", "statin"]


def test_rows_of_totals_are_no_days(read):
    journal = read("date,twitches\n2024-03-01,3\n2024-03-02,4\nTotal,7\nAverage,3.5\n")
    assert journal.days["twitches"].to_list() == [3, 4]
    assert told(journal) == [
        "row 4, date: 'Total' marks a row of totals, which is no entry of a day",
        "row 5, date: 'Average' marks a row of totals, which is no entry of a day",
    ]
    undated = read("name,twitches\na,1\na,2\nTotal,3\n", order="none", person="name")
    assert undated.days["twitches"].to_list() == [1, 2]


def test_a_header_that_comes_again_is_no_day(read):
    journal = read("date,twitches\n2024-03-01,3\ndate,twitches\n2024-03-02,4\n")
    assert journal.days["twitches"].to_list() == [3, 4]
    assert told(journal) == ["row 3, date: 'date' is the header again"]


def test_a_header_of_two_rows_is_asked_about(read):
    with pytest.raises(JournalError) as caught:
        read("date,twitches,caffeine\n,number,mg\n2024-03-01,3,95\n2024-03-02,4,190\n2024-03-03,5,0\n")
    assert str(caught.value) == (
        "Row 2 of the table has no date but words (number, mg): it seems to belong to the header. Join both rows into "
        "one, such as 'caffeine (mg)' or 'pain evening'."
    )
    units = "date,n,min\n2024-03-01,3,450\n2024-03-02,4,300\n2024-03-03,5,420\n"
    with pytest.raises(JournalError, match=r"Row 2 of the table has no date but words \(n, min\)"):
        read(f"date,twitches,sleep\n{units.replace('date', 'DD/MM/YYYY')}")
    described = read("date,twitches\nDate of entry,how many\n2024-03-01,3\n")
    assert told(described)[1:] == ["row 2, date: 'Date of entry' is the header again"]


@pytest.mark.parametrize("again", ["date,stress,twitches", "twitches,date,stress", "Date,twitches,pain"])
def test_another_header_below_the_rows_is_asked_about(read, again):
    first, second, third = again.split(",")
    with pytest.raises(JournalError) as caught:
        read(f"date,twitches,stress\n2024-03-01,3,1\n{again}\n2024-03-02,4,9\n")
    assert str(caught.value) == (
        f"The table holds a second table, which begins in row 3 with '{first}', '{second}', '{third}'. Put it into a "
        "file of its own, and give both: the second with also= (command line: --also)."
    )


def test_people_who_differ_in_spelling_only_are_told(read):
    journal = read("person,date,twitches\nP1,2024-03-01,3\np 1,2024-03-01,4\nP2,2024-03-01,4\n")
    assert "column person: 'P1', 'p 1' differ only in how they are written, and are read as different people" in (
        told(journal)
    )


def test_dates_that_a_spreadsheet_turned_are_asked_about(read):
    turned = "".join(f"2024-{day:02}-03,1\n" if day < 13 else f"{day}/03/2024,1\n" for day in range(1, 29))
    with pytest.raises(JournalError) as caught:
        read(f"date,twitches\n{turned}")
    assert str(caught.value) == (
        "Column 'date' mixes '2024-01-03' with '13/03/2024', and no day of the first kind is above 12: a spreadsheet "
        "seems to have taken days for months wherever it could. Save the original again with dates as 2024-03-31."
    )


def test_a_block_of_the_same_days_below_another_header_is_asked_about(read):
    block = "date,twitches\n2024-03-01,{}\n2024-03-02,{}\n2024-03-03,2\n"
    with pytest.raises(JournalError) as caught:
        read(block.format(3, 4) + block.format(5, 6))
    assert str(caught.value) == (
        "Below the header that stands again in row 5 the same days come again with other entries, as those of another "
        "person do. Put them into a file of their own, or add a column 'person'; if all are one person's, remove that "
        "row."
    )
    assert read(block.format(3, 4) * 2).days["twitches"].to_list() == [3, 4, 2]


def test_a_slip_of_the_year_is_told(read):
    days = [*(f"2023-12-{day}" for day in range(21, 32)), "2023-01-01", "2023-01-02"]
    assert told(read("date,twitches\n" + "".join(f"{day},3\n" for day in days)))[-1] == (
        "row 13: the dates fall back from 2023-12-31 to 2023-01-01; if that is a slip of the year, correct it"
    )


def test_rows_under_merged_cells_are_told(read):
    journal = read("date,time of day,twitches\n2024-03-01,am,3\n,pm,2\n2024-03-02,am,3\n,pm,2\n")
    assert told(journal) == [
        "column date: 2 of 4 rows have no date; if they lie under merged cells, fill the date down in the spreadsheet "
        "and save again",
        "row 3, date: the row has no date, so it can't be placed; fill it in",
        "row 5, date: the row has no date, so it can't be placed; fill it in",
    ]


def test_short_rows_are_dropped_whole(read):
    journal = read("date,twitches,pain\n2024-03-01,3\n2024-03-02,4,5\n2024-03-03,2,4\n")
    assert told(journal) == [
        "row 2 has 2 cells where the header has 3; look for a missing or an extra separator, or quote cells that "
        "contain one"
    ]


def test_an_encoding_that_is_guessed_is_told(read):
    journal = read("date,twitches,notes\n2024-03-01,3,schön\n".encode("cp1252"))
    assert told(journal)[0] == (
        "the file is not UTF-8, so it is read as Windows-1252 (Western Europe): 'schön' in row 2. If that is not what "
        "was written, name the encoding: encoding= (command line: --encoding)"
    )


@pytest.mark.parametrize(
    ("encoding", "words", "seen"),
    [
        ("cp1250", "źle spałem", "Ÿle spa³em"), ("cp1251", "плохо", "ïëîõî"), ("shift_jis", "メモ", "ƒ\ufffdƒ‚"),
        ("mac_roman", "größer", "grš§er"), ("cp850", "müde", "m\ufffdde"), ("gb18030", "日期", "ÈÕÆÚ"),
    ],
)  # fmt: skip
def test_words_that_no_western_encoding_makes_are_asked_about(read, encoding, words, seen):
    data = f"date,twitches,notes\n2024-03-01,3,{words}\n".encode(encoding)
    with pytest.raises(JournalError) as caught:
        read(data)
    start = (
        f"The days table is not UTF-8, and as Windows-1252 it doesn't read right: {seen!r} in row 2. "
        "Name its encoding with encoding= (command line: --encoding): "
    )
    assert str(caught.value).startswith(start)
    assert f"{encoding} ({words!r})" in str(caught.value)
    assert read(data, encoding=encoding).days["notes"].to_list() == [words]


@pytest.mark.parametrize(
    "words", ["l’été à Orléans", "größer als 10 °C", "“naïve” – l´œuvre", "¿qué? ½ pastilla", "2 m²"]
)
def test_western_words_are_not_doubted(read, words):
    journal = read(f"date,twitches,notes\n2024-03-01,3,{words}\n".encode("cp1252"))
    assert journal.days["notes"].to_list() == [words]


def test_accents_that_were_encoded_twice_are_told(read):
    twice = "date,twitches,notes\n2024-03-01,3,größer\n".encode().decode("cp1252").encode()
    assert told(read(twice))[0] == (
        "some accents were encoded twice on the way: 'grÃ¶ÃŸer' was probably 'größer'; export the file again"
    )
    once = read("date,twitches,notes\n2024-03-01,3,São Ângela\n".encode())
    assert "encoding" not in set(once.rejects["rule"])


# --- dates ------------------------------------------------------------------------------------------------------------


def test_day_numbers_of_spreadsheets_are_asked_about(read):
    text = "date,twitches\n43889,1\n43890,2\n"
    with pytest.raises(JournalError) as caught:
        read(text)
    assert str(caught.value) == (
        "Column 'date' holds numbers of days, as spreadsheets count them: 43890 is 2020-02-29, or 2024-03-01 where a "
        'workbook counts from 1904, as on older Macs. Say which with date_format="1900" or date_format="1904" (command '
        "line: --date-format), or write dates as 2024-03-31."
    )
    assert read(text, date_format="1900").days.index[0][1].date() == dt.date(2020, 2, 28)
    assert read(text, date_format="1904").days.index[0][1].date() == dt.date(2024, 2, 29)
    assert told(read("date,twitches\n45352,1\n45353,2\n")) == []  # 1904 would be in the future


def test_weekdays_that_contradict_the_dates(read):
    days = ["Fri", "Sat", "Sun", "Mon", "Tue", "Wed", "Thu"]
    with pytest.raises(JournalError) as caught:
        read(write_days("wd,twitches", lambda day: days[(day + 1) % 7], lambda day: day % 4))
    assert str(caught.value) == (
        "Column 'wd' contradicts the dates in 30 of 30 rows: in row 2 it says 'Sat', but '2024-03-01' is read as "
        "2024-03-01, a Friday. Correct the dates, say date_format= (command line: --date-format), or remove the "
        "weekdays."
    )
    dated = "".join(f"{days[day]} {day + 1:02d}/03/2024,{day}\n" for day in range(7))
    assert len(read(f"date,twitches\n{dated}", date_format="dmy").days) == 7
    with pytest.raises(
        JournalError, match="Column 'date' contradicts the dates in 5 of 7 rows: in row 2 it says 'Fri',"
    ):
        read(f"date,twitches\n{dated}", date_format="mdy")
    one = read(write_days("wd,twitches", lambda day: "Mon" if day == 4 else days[day % 7], lambda day: day % 4))
    assert told(one) == [
        "column wd: it contradicts the dates in 1 of 30 rows: in row 6 it says 'Mon', but '2024-03-05' is read as "
        "2024-03-05, a Tuesday; see that no date is a slip"
    ]
    weather = read(write_days("weather,twitches", lambda day: ["sun", "sat"][day % 2], lambda day: day % 4))
    assert "weekday" not in set(weather.rejects["rule"])


def test_entries_shortly_after_midnight_are_told(read):
    text = "date,twitches\n" + "".join(f"2024-03-{day:02} 00:{day}:00,{day % 4}\n" for day in range(10, 30))
    assert told(read(text)) == [
        "column date: 20 of 20 entries, such as '2024-03-10 00:10:00', were written between midnight and four; each "
        "counts for the date that is written. If they tell of the day before, write that date"
    ]
    rows = [f"2024-03-{day},{hour}:10,{day % 4}" for day in range(10, 30) for hour in (1, 13)]
    assert told(read("\n".join(["date,time,twitches", *rows])))[0] == (
        "column time: 20 of 40 entries, such as '1:10', were written between midnight and four; each counts for the "
        "date that is written. If they tell of the day before, write that date"
    )


@pytest.mark.parametrize(
    "month", ["févr.", "februari", "fevereiro", "febbraio", "feb.", "de febrero de", "lutego", "Şubat", "února"]
)
def test_months_of_several_languages(read, month):
    assert read(f"datum;twitches\n3 {month} 2024;1\n").days.index[0][1].date() == dt.date(2024, 2, 3)


def test_stamps_in_utc_of_a_late_evening_are_told(read):
    text = "date,twitches\n2024-03-01T23:30:00Z,1\n2024-03-02T12:10:00Z,2\n"
    assert told(read(text)) == [
        "column date: its times are in UTC, and 1 of 2, such as '2024-03-01T23:30:00Z', may lie on another day where "
        "you live; each is read as the date that is written. If that is wrong, write local dates"
    ]
    starts = "start\n2024-03-01T23:30:00Z\n2024-03-02 01:10\n"  # what begins after midnight is of its day
    assert told(read("date,twitches\n2024-03-01,1\n2024-03-02,2\n", episodes=io.StringIO(starts))) == [
        "column start: its times are in UTC, and 1 of 2, such as '2024-03-01T23:30:00Z', may lie on another day where "
        "you live; each is read as the date that is written. If that is wrong, write local dates"
    ]


def test_stamps_of_forms(read):
    stamps = ["2024/03/01 9:10:00 PM GMT+1", "2024/03/02 9:12:00 p. m.", "Sun Mar 03 2024 21:30:00 GMT+0100 (CET)"]
    journal = read("Timestamp,twitches\n" + "".join(f"{stamp},1\n" for stamp in stamps))
    assert [date.day for _, date in journal.days.index] == [1, 2, 3]


# --- cells ------------------------------------------------------------------------------------------------------------


def test_commas_in_free_text_decide_nothing(read):
    journal = read('date,weight,notes\n2024-03-01,1.250,"7,5"\n2024-03-02,2.125,"3,5 or so"\n2024-03-03,2.500,x\n')
    assert journal.days["weight"].to_list() == [1.25, 2.125, 2.5]


def test_times_of_day_are_no_durations(read):
    clocks = ["22:30", "23:15", "00:10"]
    for header in ("sleep", "in bed", "sleep hours"):
        journal = read(write_days(header, lambda day: clocks[day % 3]))
        assert journal.variables.loc[0, ["role", "kind"]].to_list() == ["none", "text"]
        assert told(journal)[-1].endswith("it holds times of day, which are kept as text and not analysed")
    morning = read(write_days("woke up", lambda day: f"06:{10 + day}"))
    assert told(morning) == [
        "column woke up: it holds times of day or durations, which are kept as text and not analysed; if it is a "
        "duration, say so in the header, such as 'woke up (h:mm)'"
    ]


@pytest.mark.parametrize(("header", "value"), [("bedtime", 22.5), ("wake up (h)", 7.25), ("wake time", 715)])
def test_times_of_day_in_figures_are_no_amounts(read, header, value):
    journal = read(write_days(header, lambda day: value + day % 3))
    assert told(journal)[-1] == (
        f"column {header}: it tells a time of day in figures, which are kept as text and not analysed; write 22:30"
    )


def test_other_dates_are_told(read):
    journal = read(write_days("twitches,date2,stress", lambda day: day % 4, lambda day: f"2024-05-{day + 1:02}", int))
    assert told(journal)[0] == (
        "column date2: it holds other dates, which are kept as text; the rows are placed by the column of dates alone"
    )


def test_half_past_seven_in_a_column_of_hours_is_told(read):
    journal = read(write_days("sleep (h)", lambda day: [7.45, 6.30, 8.15, 7.10][day % 4]))
    assert told(journal) == [
        "column sleep (h): its decimals never reach .60; if 7.30 means half past seven, write 7:30"
    ]
    shares = read(write_days("sleep", lambda day: [0.31, 0.28, 0.33][day % 3]))
    assert told(shares)[0].startswith(
        "column sleep: the header tells no unit, and figures such as 0.31 are unusual for"
    )


def test_the_step_of_what_never_changes_is_one(read):
    assert read(write_days("weight (kg)", lambda day: 2.3)).variables.loc[0, "step"] == 1


def test_twitches_of_a_side_are_counted(read):
    journal = read(write_days("twitches left,twitch intensity left", lambda day: day % 4, lambda day: day % 4))
    assert journal.variables["kind"].to_list() == ["count", "rating"]
    severity = read(write_days("severity of cramps,Pain today?", lambda day: day % 11, lambda day: day % 11))
    assert severity.variables[["name", "kind", "combine"]].to_numpy().tolist() == [
        ["severity_of_cramps", "rating", "mean"], ["pain", "rating", "max"]]  # fmt: skip


def test_a_tick_and_a_cross_are_asked_about(read):
    journal = read(write_days("massage", lambda day: "✓" if day % 2 else "x"))
    assert told(journal) == [
        "column massage: its cells don't fit 'massage', so it stays as a variable of your own; both a tick and a cross "
        "stand there, and a cross may mean yes or no; write yes and no"
    ]
    assert read(write_days("massage", lambda day: "x" if day % 2 else "")).days["massage"].sum() == 15


def test_misfits_on_a_scale(read):
    one = read(write_days("stress", lambda day: 45 if day == 7 else day % 10))
    assert one.variables.loc[0, "high"] == 10
    assert told(one) == [
        "row 9, stress: 45 is outside 0-10; if the scale is another one, say so in the header, such as 'stress (0-100)'"
    ]
    many = read(write_days("stress", lambda day: day * 7 % 100))
    assert many.variables.loc[0, "high"] == 100
    assert many.days["stress"].isna().sum() == 0


def test_codes_for_missing_values(read):
    journal = read(write_days(
        "mood,steps,stress", lambda day: -9 if day == 7 else day % 10,
        lambda day: 999 if day == 3 else 900 + day % 7 * 500, lambda day: 99 if day in (2, 5) else day % 8,
    ))  # fmt: skip
    assert told(journal) == [
        "row 4, stress: 99 is outside 0-10; it stands far from all other figures, as a code for 'not recorded' does",
        "row 7, stress: 99 is outside 0-10; it stands far from all other figures, as a code for 'not recorded' does",
        "row 9, mood: -9 is outside 0-10; it stands far from all other figures, as a code for 'not recorded' does",
    ]
    assert journal.days["steps"].notna().all()


@pytest.mark.parametrize(("code", "low"), [(-1, 1), (-77, 1), (-88, 0), (-98, 0), (98, 0)])
def test_codes_beside_a_short_scale(read, code, low):
    journal = read(write_days("mood", lambda day: code if day == 7 else low + day % 5))
    assert journal.variables.loc[0, "kind"] == "rating"
    assert journal.days["mood"].isna().sum() == 1
    assert journal.rejects["rule"].to_list() == ["missing_code"]
    assert set(read(write_days("change", lambda day: [-1, 1][day % 2])).days["change"]) == {-1, 1}


def test_whole_figures_that_may_be_counts_are_told(read):
    journal = read(write_days("trigger,mood,twitches", lambda day: day * 7 % 11, lambda day: day % 11, lambda day: 1))
    assert told(journal) == [
        "whole figures up to 10 are taken for ratings where nothing else is said: 'trigger'. If one of these columns "
        "counts something, say so in its header, such as 'trigger (count)', or in the schema"
    ]
    counted = read(write_days("trigger (count)", lambda day: day * 7 % 11))
    assert counted.variables.loc[0, "kind"] == "count"
    assert told(counted) == []


@pytest.mark.parametrize(("header", "unit"), [("coffee", "mg"), ("alcohol", "drinks"), ("beer", "drinks")])
def test_a_drink_told_as_0_and_1_is_a_yes_or_no(read, header, unit):
    journal = read(write_days(header, lambda day: day % 2))
    assert journal.variables.loc[0, "kind"] == "yes/no"
    assert told(journal) == [f"column {header}: its cells say yes or no, so it is read as yes/no and not in {unit}"]
    assert read(write_days("cups of coffee", lambda day: day % 2)).days["caffeine"].max() == 95


@pytest.mark.parametrize(
    ("header", "cell", "unit"), [("load", "70 kg", "kg"), ("Dosage", "80mg", "mg"), ("walk", "30 min", "min")]
)
def test_a_unit_in_each_cell_of_an_own_column_is_its_unit(read, header, cell, unit):
    journal = read(write_days(header, lambda day: cell.replace("0", str(day % 8)) if day % 5 else 0))
    assert journal.variables.loc[0, ["kind", "unit"]].to_list() == ["amount", unit]
    assert journal.days.iloc[6, 0] == float(cell.replace("0", "6")[:2])
    assert told(journal) == []


def test_a_unit_in_one_cell_is_not_that_of_the_others(read):
    journal = read(write_days("headaches", lambda day: "30 min" if day == 4 else day % 3))
    assert journal.variables.loc[0, "kind"] == "count"
    assert told(journal) == ["row 6, headaches: '30 min' is not a number; write a figure, or leave the cell blank"]


@pytest.mark.parametrize("cell", ["40%", "$50", "120/80"])
def test_figures_among_other_signs_are_told(read, cell):
    journal = read(write_days("humid", lambda day: cell.replace("0", str(day % 8))))
    assert told(journal) == [
        "column humid: other signs stand with its figures, so it is kept as text; write plain figures, and the unit in "
        "the header"
    ]


def test_ratings_of_other_scales(read):
    part = read(write_days("stress", lambda day: day % 11 / 10))
    assert part.variables.loc[0, ["low", "high", "step"]].to_list() == [0, 1, 0.1]
    assert told(part) == [
        "column stress: it holds 0 to 1, so its scale is taken to be 0-1; if not, say it in the header, such as "
        "'stress (0-10)'"
    ]
    code = read(write_days("stress", lambda day: -1 if day % 7 == 0 else day % 10))
    assert code.days["stress"].isna().sum() == 5
    both = read(write_days("stress", lambda day: day % 11 - 5))
    assert both.days["my_stress"].min() == -5
    assert told(both) == ["column stress: its cells don't fit 'stress', so it stays as a variable of your own"]


def test_two_units_in_one_column(read):
    journal = read(write_days("caffeine", lambda day: [2, 200, 3, 150][day % 4]))
    assert journal.days.columns.to_list() == ["my_caffeine"]
    assert told(journal) == [
        "column caffeine: the header tells no unit, and some of its figures are very small beside the others for "
        "caffeine in mg, so it stays a variable of your own; say the unit in the header, such as 'caffeine (fl oz of "
        "coffee)', or in the schema"
    ]
    words = read(write_days("twitches", lambda day: ["0", "1-3", "4-6", ">10"][day % 4]))
    assert words.variables.loc[0, ["name", "kind"]].to_list() == ["my_twitches", "text"]


def test_a_column_of_units_tells_those_of_the_figures_before_it(read):
    pair = (lambda day: [400, 0.4][day % 2], lambda day: ["mg", "g"][day % 2])
    assert set(read(write_days("magnesium,unit", *pair)).days["magnesium"]) == {400}
    own = read(write_days("dose,Einheit", *pair))
    assert own.variables.loc[0, "kind"] == "text"
    same = read(write_days("dose,unit", pair[0], lambda day: "mg"))
    assert same.variables.loc[0, "kind"] == "amount"


def test_units_in_the_cells_are_told(read):
    journal = read(write_days("water", lambda day: ["8 glasses", "1500 ml", "2"][day % 3]))
    assert journal.days["fluid"].round(3).to_list()[:3] == [1.893, 1.5, 2]
    assert told(journal) == [
        "column water: 1 glass is read as 0.236588 L (assumed: a glass of 8 US fluid ounces, as in drink-eight-glasses "
        "advice); cells that tell no unit are read in L"
    ]


@pytest.mark.parametrize(
    ("header", "values", "doubted"),
    [("temp", (98.6, 36.9), True), ("weight", (80.5, 177), True), ("temp", (12.5, 14), False), ("hr", (60, 90), False)],
)
def test_figures_in_two_places_may_be_in_two_units(read, header, values, doubted):
    journal = read(write_days(header, lambda day: values[day > 13] + day % (2 if doubted else 30)))
    message = f"column {header}: its figures lie in two places far apart, as in two units; write all of them in one"
    assert (message in told(journal)) == doubted


@pytest.mark.parametrize("header", ["attacks", "drinks", "cold", "tension", "coffee (g)", "worry", "ice", "severity"])
def test_words_of_several_meanings_are_not_taken_for_one(read, header):
    journal = read(write_days(f"mood,{header}", lambda day: day % 7, lambda day: day % 2))
    assert journal.variables.loc[1, "role"] == "own"
    assert journal.variables.loc[1, "known"] == "guessed"


def test_a_word_of_several_meanings_is_known_by_its_company(read):
    text = write_days("cold,massage", lambda day: day % 2, lambda day: day % 2)
    assert read(text).variables["role"].to_list() == ["remedy", "remedy"]
    alone = read(write_days("cold", lambda day: day % 2))
    assert told(alone) == [
        "column cold: this word has several meanings, so it stays a column of your own; if it is 'cold on the muscle', "
        "say so with columns={'cold': 'cold'} in Python, --column 'cold=cold', or in the schema"
    ]
    assert read(write_days("cold", lambda day: day % 2), columns={"cold": "cold"}).days.columns.to_list() == ["cold"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (lambda day: [7.30, 6.45, 8.15, 7.55][day % 4],
         "column sleep: its decimals never reach .60, so 7.30 may mean half past seven; it stays a variable of your "
         "own. Write 7:30 or 7.5, or say the unit in the header, such as 'sleep (h)'"),
        (lambda day: 1 + day % 5,
         "column sleep: the header tells no unit, and figures such as 3 are unusual for sleep in h, so it stays a "
         "variable of your own; say the unit in the header, such as 'sleep (h)', or in the schema"),
        (lambda day: 420 + day * 7 % 60,
         "column sleep: the header tells no unit, and figures such as 445.5 are unusual for sleep in h, so it stays a "
         "variable of your own; say the unit in the header, such as 'sleep (min)', or in the schema"),
    ],
)  # fmt: skip
def test_figures_that_hardly_fit_the_unit_are_asked_about(read, value, message):
    journal = read(write_days("sleep", value))
    assert journal.days.columns.to_list() == ["my_sleep"]
    assert told(journal) == [message]


def test_answers_of_several_parts_are_taken_apart(read):
    journal = read(write_days("symptoms", lambda day: ["ache; nausea", "ache", "nausea; fever", ""][day % 4]))
    assert journal.days.columns.to_list() == ["symptoms", "symptoms_ache", "symptoms_nausea", "symptoms_fever"]
    assert journal.days["symptoms_nausea"].fillna(-1).to_list()[:4] == [1, 0, 1, -1]


@pytest.mark.parametrize("sign", [", ", "/", " + ", " & "])
def test_answers_beside_each_other_are_taken_apart_where_they_come_alone_too(read, sign):
    both = f'"ache{sign}nausea"'
    journal = read(write_days("symptoms", lambda day: [both, "Ache", "nausea", ""][day % 4]))
    assert journal.days.columns.to_list() == ["symptoms", "symptoms_ache", "symptoms_nausea"]
    assert journal.days["symptoms_ache"].fillna(-1).to_list()[:4] == [1, 1, 0, -1]
    places = read(write_days("town", lambda day: ['"Rome, Italy"', '"Paris, France"'][day % 2]))
    assert places.days.columns.to_list() == ["town", "town_rome_italy"]


def test_words_in_capitals_are_the_same_words(read):
    journal = read(write_days("sky", lambda day: ["Sunny", "sunny ", "rain", "RAIN"][day % 4]))
    assert journal.variables["level"].to_list() == ["", "rain"]
    assert journal.days["sky_rain"].to_list()[:4] == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("header", "name"),
    [("sleep quality (1 = very good; 5 = very bad)", "sleep quality"), ("stress (0 = worst; 10 = calm)", "stress"),
     ("stress (1=high 2=much 3=some 4=low 5=calm)", "stress")],
)  # fmt: skip
def test_scales_that_run_the_other_way_are_told(read, header, name):
    journal = read(write_days(header, lambda day: 1 + day % 5))
    assert journal.variables.loc[0, "role"] == "own"
    assert told(journal) == [f"column {header}: its header tells a scale that runs the other way than {name}"]
    usual = read(write_days("stress (1 = calm; 5 = extreme)", lambda day: 1 + day % 5))
    assert usual.variables.loc[0, ["name", "high"]].to_list() == ["stress", 5]


@pytest.mark.parametrize(
    ("header", "value", "message"),
    [
        ("sleep (min)", 6.5, "figures such as 6.5 are unusual for sleep in min; see that it is the right unit"),
        ("sleep (h)", 0.3125, "figures such as 0.3125 are unusual for sleep in h; see that it is the right unit"),
        ("water (ml)", 1.5, "figures such as 1.5 are unusual for fluid drunk in ml; see that it is the right unit"),
    ],
)
def test_a_unit_that_hardly_fits_is_told(read, header, value, message):
    journal = read(write_days(header, lambda day: 1 if day == 3 else value))
    assert told(journal) == [f"column {header}: {message}"]


@pytest.mark.parametrize(
    ("header", "name"),
    [("Twitches today?", "twitches"), ("stress heute", "stress"), ("Hours slept last night", "sleep"),
     ("stress last night", "stress_last_night"), ("3. Stress (1-10):", "stress"), ("2) Twitches", "twitches")],
)  # fmt: skip
def test_words_for_today_and_last_night(read, header, name):
    assert read(write_days(header, lambda day: 5 + day % 4)).days.columns.to_list() == [name]


@pytest.mark.parametrize(
    "header", ["twitches tomorrow", "next_day_pain", "stress_lead1", "stress (t+1)", "nextDay mood"]
)
def test_what_tells_of_a_later_day_is_no_trigger(read, header):
    journal = read(write_days(f"twitches,{header}", lambda day: day % 4, lambda day: day * 7 % 11))
    assert journal.variables.loc[1, ["role", "known"]].to_list() == ["none", "guessed"]
    assert told(journal) == [f"column {header}: it tells of a later day than its row's, so it is no trigger"]


@pytest.mark.parametrize("header", ["falls", "Shortness of breath", "slurred speech", "Atemnot"])
def test_a_red_flag_is_no_trigger(read, header):
    """Five falls of one person were told as a trigger of fewer twitches three days later."""
    journal = read(write_days(f"twitches,{header}", lambda day: day % 4, lambda day: ["no", "yes"][day % 3 == 0]))
    assert journal.variables.set_index("source").loc[header, "role"] == "none"
    assert told(journal) == [f"column {header}: it is a sign that a doctor asks for, so it is no trigger"]


@pytest.mark.parametrize("header", ["mood (am)", "pain (evening)", "mood [left]"])
def test_a_time_of_day_or_a_side_in_brackets_is_no_unit(read, header):
    journal = read(write_days(header, lambda day: day % 11))
    assert journal.variables.loc[0, ["kind", "unit", "role"]].to_list() == ["rating", "points of 10", "own"]


def test_degrees_and_hours_are_no_doses_of_a_remedy(read):
    journal = read(write_days("heat", lambda day: 28 + day % 9))
    assert told(journal) == [
        "column heat: its cells, such as '28', don't fit 'heat', so it stays as a variable of your own"
    ]
    assert journal.days["my_heat"].max() == 36


@pytest.mark.parametrize("header", ["screen time (h:mm)", "screen time (hours)"])
def test_durations_of_your_own_are_read_as_the_message_says(read, header):
    journal = read(write_days(header, lambda day: f"{3 + day % 3}:30"))
    assert journal.variables.loc[0, ["kind", "unit"]].to_list() == ["amount", "h"]
    assert journal.days["screen_time"].to_list()[:3] == [3.5, 4.5, 5.5]


def test_what_is_measured_is_no_count(read):
    assert read(write_days("temperature", lambda day: 5 + day % 9)).variables.loc[0, "kind"] == "amount"


def test_counts_in_parts_are_none(read):
    journal = read(write_days("twitches", lambda day: day % 4 + 0.5))
    assert told(journal) == ["column twitches: its cells don't fit 'twitches', so it stays as a variable of your own"]


def test_durations_without_a_unit_are_told(read):
    days = "date,twitches\n2024-03-01,1\n2024-03-02,2\n"
    bare = read(days, episodes=io.StringIO("start,duration\n2024-03-01 10:00,90\n"))
    assert told(bare) == [
        "column duration: the header tells no unit, so its plain figures are read as seconds; if they are not, say the "
        "unit in the header, such as 'duration (min)'"
    ]
    assert told(read(days, episodes=io.StringIO("start,duration\n2024-03-01 10:00,2 min\n"))) == []


def test_the_weather_is_measured_and_has_one_row_a_day(read):
    days = write_days("twitches", lambda day: day % 4)
    weather = write_days("tmin", lambda day: day % 5)
    assert read(days, weather=io.StringIO(weather)).variables.loc[1, ["kind", "outside"]].to_list() == ["amount", True]
    hourly = "date,tmin\n2024-03-01 01:00,3\n2024-03-01 02:00,4\n"
    with pytest.raises(JournalError) as caught:
        read(days, weather=io.StringIO(hourly))
    assert str(caught.value) == (
        "What holds for everybody, such as the weather, has several rows on 2024-03-01, and nothing says how they "
        "become one. Give one row a day."
    )


def test_sources_without_a_common_day_are_told(read):
    later = "date,steps\n2023-03-01,5000\n2023-03-02,6000\n"
    journal = read(write_days("twitches", lambda day: day % 4), also=[io.StringIO(later)])
    assert "Source 2 has no day in common with the first." in told(journal)[0]


def test_a_unit_of_the_schema_is_told(read):
    schema = pd.DataFrame({"source": ["coffee"], "name": ["caffeine"], "unit": ["ml of coffee"]})
    journal = read(write_days("coffee", lambda day: day % 3 * 200), schema=schema)
    assert told(journal) == [
        "column coffee: 1 ml of coffee is read as 0.4015 mg (brewed coffee, 237 ml: 95 mg (USDA FoodData Central))"
    ]


def test_events_counters_and_weeks_are_told(read):
    events = read("date,site\n" + "".join(f"2024-03-{1 + day // 3:02},{'abc'[day % 3]}\n" for day in range(30)))
    assert told(events)[0] == (
        "several rows a day and no column that counts: if each row is an event, how many there were is lost. Add a "
        "column that counts (twitches: 1), or give the file as episodes= (--episodes) beside a table of days"
    )
    counter = read(write_days("twitches", lambda day: 3 * day))
    assert told(counter) == [
        "column twitches: it only rises: if it runs on from day to day, write each day's own number"
    ]
    running = read(write_days("caffeine (mg)", lambda day: 95 * (day + 1)))
    assert told(running)[0].startswith("column caffeine (mg): it only rises: if it runs on")
    weeks = [dt.date(2024, 3, 1) + dt.timedelta(7 * week) for week in range(9)]
    assert told(read("date,twitches\n" + "".join(f"{date},{date.day % 3}\n" for date in weeks))) == [
        "all entries lie 7 days apart; each is taken for one day, not for the days up to the next"
    ]


def test_nine_beside_codes_from_one_to_five_is_no_answer(read):
    journal = read(write_days("sleepq", lambda day: [1, 2, 3, 4, 9][day % 5]))
    assert journal.days["sleepq"].max() == 4
    assert told(journal)[1] == (
        "row 6, sleepq: 9 is outside 1-4; it stands far from all other figures, as a code for 'not recorded' does"
    )
    assert read(write_days("glucose mg/dl", lambda day: 90 + day % 20)).variables.loc[0, "unit"] == ""


# --- whose row, and whose sum -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "names"),
    [
        ("first name,last name", [("Anna", "Weber"), ("Anna", "Koch"), ("Ben", "Weber")]),
        ("Vorname,Nachname", [("Anna", "Weber"), ("Anna", "Koch"), ("Ben", "Weber")]),
        ("patient,centre", [("1", "Bonn"), ("2", "Bonn"), ("1", "Graz")]),
    ],
)
def test_a_person_told_in_two_columns_is_asked_about(read, headers, names):
    rows = [f"2024-03-{1 + k // 3:02},{','.join(names[k % 3])},{k % 4}" for k in range(60)]
    first, second = headers.split(",")
    with pytest.raises(JournalError) as told:
        read("\n".join([f"date,{headers},twitches", *rows]))
    assert str(told.value) == (
        f"Several rows have the same day, 2024-03-01, and columns {first!r} and {second!r} together tell them apart. "
        "If both say whose row it is, join them into one column 'person'. If one does, name it: "
        f"person={first!r} (command line: --person)."
    )
    assert read("\n".join([f"date,{headers},twitches", *rows]), person=first).days.index.nlevels == 2


def test_a_column_that_says_what_a_row_tells_of_is_no_second_name(read):
    rows = [f"2024-03-{1 + k // 2:02},{'AB'[k // 20]},{('mint', 'sage')[k % 2]},{k % 4}" for k in range(40)]
    assert len(read("\n".join(["date,person,drug name,twitches", *rows])).days) == 20


@pytest.mark.parametrize("order", [("gad 1", "gad 2", "gad 3", "gad total"), ("gad total", "gad 3", "gad 2", "gad 1")])
def test_a_sum_beside_its_items_is_told(read, order):
    items = [(k % 4, k // 2 % 4, k // 3 % 4) for k in range(30)]
    cells = [dict(zip(("gad 1", "gad 2", "gad 3", "gad total"), (*some, sum(some)), strict=True)) for some in items]
    rows = [f"2024-03-{1 + k:02},{','.join(str(cells[k][name]) for name in order)},{k % 5}" for k in range(30)]
    journal = read("\n".join([f"date,{','.join(order)},twitches", *rows]))
    parts = journal.variables.set_index("name")["part_of"]
    assert parts[["gad_1", "gad_2", "gad_3"]].eq("gad_total").all()
    assert parts["gad_total"] == ""
    told = journal.rejects.loc[journal.rejects["rule"].eq("sum_of_parts"), "message"].to_list()
    listed = ", ".join(repr(name) for name in order if name != "gad total")
    assert told == [
        f"column gad total: it is the sum of {listed} on every day, so these are read as its parts and not as its "
        "triggers"
    ]


def test_what_only_nearly_adds_up_is_no_sum(read):
    rows = [f"2024-03-{1 + k:02},{k % 4},{k // 2 % 4},{k % 4 + k // 2 % 4 + (k == 25)},{k % 5}" for k in range(30)]
    journal = read("\n".join(["date,am,pm,both,twitches", *rows]))
    assert "sum_of_parts" not in set(journal.rejects["rule"])


def test_one_slip_does_not_set_the_step(read):
    rows = [f"2024-03-{1 + k:02},{9_000_000 if k == 7 else 3000 + 100 * (k % 8)},{k % 5}" for k in range(30)]
    journal = read("\n".join(["date,walked (m),twitches", *rows]))
    assert journal.variables.set_index("name").loc["walked", "step"] == 200
    assert journal.days["walked"].max() == 9_000_000
    assert journal.rejects["message"].to_list() == [
        "column walked (m): figures such as 9e+06 lie far beyond all others and are kept; see that they are no slips"
    ]


@pytest.mark.parametrize("headers", ["anna,ben", "Anna,Ben", "Anna,Ben,rain (mm)"])
def test_columns_that_only_have_names_may_be_people(read, headers):
    n = headers.count(",") + 1
    rows = [",".join([f"2024-03-{1 + k:02}", *(str((k + c) % 5) for c in range(n))]) for k in range(30)]
    told = read("\n".join([f"date,{headers}", *rows])).rejects
    first, second = headers.split(",")[:2]
    assert told.loc[told["rule"].eq("people_as_columns"), "message"].to_list() == [
        f"no column has a name that is known ({first!r}, {second!r}, ...); if they are different people, write a row "
        "for each person and day instead"
    ]


# --- other apps and calendars -----------------------------------------------------------------------------------------


def lay_out(header, row, n=30):
    """Return a diary from 1 March 2024 on, whose cells after the date `row` makes."""
    days = [(dt.date(2024, 3, 1) + dt.timedelta(k)).isoformat() for k in range(n)]
    return "\n".join([f"date,{header}", *(f"{day},{row(k)}" for k, day in enumerate(days))])


def test_readings_that_a_column_of_any_name_tells_apart_are_no_days(read):
    rows = [f"2024-03-{1 + k // 2:02},{('twitch', 'coffee')[k % 2]},{k % 5}" for k in range(40)]
    journal = read("\n".join(["date,gadget,value", *rows]))
    assert journal.variables["name"].to_list() == ["twitches", "caffeine"]
    rows = [row.replace("twitch", "zaps").replace("coffee", "zips") for row in rows]
    with pytest.raises(JournalError) as told:
        read("\n".join(["date,gadget,value", *rows]))
    assert str(told.value) == (
        "The table holds one reading a row: 'gadget' says what 'value' measures ('zaps', 'zips', ...). Read the file "
        "with format=\"long table\" (command line: --format 'long table'), or reshape it to one row a day with a "
        "column for each, for example with pandas: frame.pivot_table(index=[...], "
        "columns='gadget', values='value')."
    )


@pytest.mark.parametrize(
    ("header", "cells", "message"),
    [
        (
            "juggle",
            ["2", "0", "-1"],
            "column juggle: -1, 0 and 2 are all that stands there, as in codes of a habit tracker; write yes and no, "
            "or leave it blank",
        ),
        (
            "hrv",
            ["45", "#DIV/0!", "50", "broken"],
            "column hrv: only 15 of 30 cells are figures, so it is kept as text; write figures, and leave blank what "
            "is not known",
        ),
    ],
)
def test_figures_among_codes_and_errors_are_told(read, header, cells, message):
    journal = read(lay_out(f"{header},twitches", lambda k: f"{cells[k % len(cells)]},{k % 4}"))
    assert message in journal.rejects["message"].to_list()
    assert journal.variables.set_index("name").loc[header, "kind"] == "text"


def test_figures_with_signs_are_no_categories(read):
    journal = read(lay_out("zaps,twitches", lambda k: f"{('~3', '>5', '<1', '3+', '2')[k % 5]},{k % 4}"))
    assert journal.variables["name"].to_list() == ["zaps", "twitches"]


@pytest.mark.parametrize(
    "header", ["units per week alcohol", "7-day average twitches", "stress last 7 days", "moving mean of zaps"]
)
def test_a_header_of_more_than_a_day_is_told(read, header):
    journal = read(lay_out(f"{header},twitches", lambda k: f"{10 + k * 5 % 7},{k % 4}"))
    assert journal.variables["combine"].iloc[0] != "sum"
    assert journal.rejects["message"].to_list() == [
        f"column {header}: its header speaks of more than a day, but each figure is taken for the day of its row alone"
    ]


def test_a_day_in_a_header_is_no_longer_time(read):
    assert read(lay_out("pain day 2,pain 1 day,twitches", lambda k: f"{k % 5},{k % 7},{k % 4}")).rejects[
        "message"
    ].str.contains("more than a day").sum() == 0  # fmt: skip


def test_a_level_in_the_blood_is_no_rating(read):
    text = lay_out("potassium level,energy level,twitches", lambda k: f"{3.9 + k % 4 / 10:.1f},{k % 9}.5,{k % 4}")
    journal = read(text)
    assert journal.variables["kind"].to_list() == ["amount", "rating", "count"]


@pytest.mark.parametrize(
    ("header", "name", "low", "high"),
    [("stress 1 (none) - 5 (worst)", "stress", 1, 5), ("calm 0(none)-4(very)", "calm", 0, 4),
     ("sleep quality 1 (best) to 5 (worst)", "sleep_quality_1_best_to_5_worst", 1, 5),
     ("stress (0=none 1=low 2=mid 3=high 4=worst)", "stress", 0, 4)],
)  # fmt: skip
def test_scales_whose_ends_are_named_in_brackets(read, header, name, low, high):
    row = read(lay_out(f"{header},twitches", lambda k: f"{low + k % 5},{k % 4}")).variables.iloc[0]
    assert (row["name"], row["kind"], row["low"], row["high"]) == (name, "rating", low, high)


@pytest.mark.parametrize("form", ["%Y年%m月%d日", "%Y년 %m월 %d일"])
def test_dates_of_east_asia(read, form):
    days = [dt.date(2024, 3, 1) + dt.timedelta(k) for k in range(5)]
    journal = read("\n".join(["date,twitches", *(f"{day.strftime(form)},{day.day}" for day in days)]))
    assert journal.days.index.get_level_values("date").date.tolist() == days


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("13/03/2567", "lies in the future (today is 2024-12-31)"), ("1403-01-01", "lies before 1900-01-01")],
)
def test_years_of_another_calendar_have_a_way_out(read, text, wrong):
    with pytest.raises(JournalError) as told:
        read(f"date,twitches\n{text},1\n")
    assert str(told.value) == (
        f"None of the 1 rows of the table could be kept. The first: row 2, date: {text!r} {wrong}; if another calendar "
        "counts its years, write the date of the Gregorian one, such as 2024-03-31."
    )


# --- found in the sixth attack -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "timing"), [("calf cramps at night", ""), ("Night cramps", ""), ("cramps last night", "night")]
)
def test_an_outcome_of_the_night_is_known_and_its_place_in_the_day_is_asked(read, header, timing):
    journal = read(write_days(f"{header},stress (0-10)", lambda day: day % 3, lambda day: day % 7))
    assert journal.outcome == "cramps"
    assert journal.variables["timing"].iloc[0] == timing
    asked = (
        f"column {header}: its header tells of the night, but not whether before or after its row's day; say timing in "
        "the schema (night: the night that ends on the row's day)"
    )
    assert (asked in told(journal)) == (not timing)


def test_a_column_that_dates_nights_leaves_their_order_open(read):
    text = write_days("slept (h),twitches", lambda day: 6 + day % 3, lambda day: day % 4)
    assert read(text.replace("date,", "wake date,", 1)).variables["timing"].iloc[0] == "night"
    journal = read(text.replace("date,", "date of night,", 1))
    assert journal.variables["timing"].iloc[0] == ""
    assert (
        "column date of night: it dates nights, by their evening or their morning, so it is not known whether the "
        "night lies before or after its day; say timing in the schema (night: the night that ends on the row's day)"
    ) in told(journal)


def test_an_outcome_of_the_night_beside_that_of_the_day_stays_apart(read):
    journal = read(write_days("cramps,night cramps", lambda day: day % 3, lambda day: day % 2))
    assert journal.variables["name"].to_list() == ["cramps", "night_cramps"]
    alone = read(
        write_days("night_cramps (yes/no)", lambda day: ("yes", "no")[day % 2])
    )  # as `write_journal` writes it
    assert alone.variables["name"].to_list() == ["night_cramps"]


@pytest.mark.parametrize("header", ["zaps/h", "zaps per hour", "zaps per week"])
def test_a_rate_is_no_duration_and_is_not_added_up(read, header):
    row = read(write_days(f"{header},twitches", lambda day: day % 9, lambda day: day % 4)).variables.iloc[0]
    assert (row["kind"], row["combine"]) == ("amount", "mean")
    assert row["unit"] != "h"


@pytest.mark.parametrize(
    ("header", "most"), [("zaps (number)", 9), ("zaps (Anzahl)", 9), ("Zaps (n)", 9), ("Keppra 500mg", 2), ("zaps", 2)]
)
def test_a_number_in_brackets_is_a_count(read, header, most):
    row = read(write_days(f"{header},twitches", lambda day: 1 + day % most, lambda day: day % 4)).variables.iloc[0]
    assert (row["kind"], row["unit"], row["combine"]) == ("count", "a day", "sum")


@pytest.mark.parametrize("header", ["temp min", "heart rate min"])
def test_a_lowest_value_is_no_minutes(read, header):
    assert read(write_days(f"{header},twitches", lambda day: day % 9, lambda day: day % 4)).variables["unit"][0] == ""


@pytest.mark.parametrize("header", ["stress (0 à 10)", "stress (0 a 10)", "stress (0 tot 10)", "stress 0 hasta 10"])
def test_a_scale_in_other_languages(read, header):
    row = read(write_days(f"{header},twitches", lambda day: day % 9, lambda day: day % 4)).variables.iloc[0]
    assert (row["name"], row["low"], row["high"]) == ("stress", 0, 10)


@pytest.mark.parametrize(
    ("header", "known"),
    [("stress (1=high 5=low)", False), ("stress (1 = low, 5 = high)", True), ("pain (0=none 10=max)", True),
     ("sleep quality (1=hoch 5=niedrig)", False)],
)  # fmt: skip
def test_a_scale_that_counts_down_is_not_the_known_one(read, header, known):
    text = write_days("x,twitches", lambda day: 1 + day % 5, lambda day: day % 4).replace("x", f'"{header}"', 1)
    variable = read(text).variables.iloc[0]
    assert (variable["known"] == "dictionary") == known


def test_codes_of_a_habit_tracker_are_no_doses(read):
    journal = read(write_days("Stretch,twitches", lambda day: (2, 0, -1)[day % 3], lambda day: day % 4))
    assert journal.variables["kind"].iloc[0] == "text"
    assert "codes of a habit tracker" in told(journal)[0] + told(journal)[-1]


def test_a_unit_at_the_end_of_a_header_makes_no_rating(read):
    row = read(write_days("run km,twitches", lambda day: day % 9, lambda day: day % 4)).variables.iloc[0]
    assert (row["kind"], row["unit"], row["combine"]) == ("amount", "km", "sum")


def test_years_before_days_before_months_are_asked_about(read):
    dates = [f"{dt.date(2024, 3, 1) + dt.timedelta(day):%Y/%d/%m}" for day in range(20)]
    text = "date,twitches\n" + "".join(f"{date},{place % 4}\n" for place, date in enumerate(dates))
    with pytest.raises(JournalError) as caught:
        read(text)
    assert str(caught.value) == (
        "Column 'date': '2024/13/03' has no such month, and no date in it has a day above 12: year, day and month seem "
        'to stand in this order. Say so with date_format="%Y/%d/%m" (command line: --date-format), or write dates as '
        "2024-03-31."
    )
    assert len(read(text, date_format="%Y/%d/%m").days) == 20


def test_a_weekday_before_a_date_makes_it_no_time_of_day(read):
    days = [dt.date(2024, 3, 1) + dt.timedelta(day) for day in range(9)]
    names = ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"]
    text = "Datum;Zuckungen\n" + "".join(f"{names[day.weekday()]}. {day:%d.%m.%Y};3\n" for day in days)
    assert "after_midnight" not in set(read(text).rejects["rule"])
    starts = "start;site\n" + "".join(f"{names[day.weekday()]}. {day:%d.%m.%y};calf\n" for day in days)
    assert set(read(text, episodes=io.StringIO(starts)).episodes["start"].dt.hour) == {0}


def test_counts_with_three_decimals_may_be_thousands(read):
    text = write_days("steps,twitches", lambda day: f"{4 + day % 5}.{100 + day * 7}", lambda day: day % 4)
    journal = read(text)
    assert journal.variables["kind"].iloc[0] == "text"
    assert told(journal) == [
        "column steps: its figures all have three digits behind a point, and counts have none: write them without it, "
        'or say decimal="," (command line: --decimal) where it parts thousands'
    ]
    commas = read(text.replace(",", ";").replace(".", ","))
    assert told(commas)[0] == told(journal)[0].replace("a point", "a comma").replace('","', '"."')
    assert read(text, decimal=",").days["steps"].iloc[0] == 4100


def test_initials_that_tell_rows_of_a_day_apart_are_asked_about(read):
    rows = [f"{'AB' if row % 2 else 'CD'},2024-03-{1 + row // 2:02},{row % 3}" for row in range(20)]
    with pytest.raises(JournalError, match="column 'Init' tells them apart"):
        read("\n".join(["Init,date,twitches", *rows]))


def test_a_duration_of_two_parts_is_unclear_where_seconds_are_told(read):
    starts = "start,duration\n" + "".join(
        f"2024-03-0{day} 21:30,{text}\n" for day, text in enumerate(("90 s", "1:30", "0:01:30", "45"), 1)
    )
    journal = read("date,cramps\n2024-03-01,1\n", episodes=io.StringIO(starts))
    assert journal.episodes["duration_s"].fillna(-1).to_list() == [90, -1, 90, 45]
    assert (
        "row 3, duration: '1:30' may be minutes and seconds, or hours and minutes: write it with all three (0:01:30), "
        "or say h:mm in the header"
    ) in told(journal)
    hours = read("date,cramps\n2024-03-01,1\n", episodes=io.StringIO(starts.replace("duration", "duration (h:mm)")))
    assert hours.episodes["duration_s"].to_list()[1] == 5400


def test_another_scale_of_an_episodes_rating_is_told(read):
    starts = "start,pain (0-5),intensity\n2024-03-01 21:30,5,10\n2024-03-02 21:30,2,3\n"
    journal = read("date,cramps\n2024-03-01,1\n", episodes=io.StringIO(starts))
    assert ("column pain (0-5): its scale is 0-5 and not 0-10 as elsewhere; its figures are kept as they are") in told(
        journal
    )
    assert "scale" not in set(journal.rejects.loc[journal.rejects["column"].eq("intensity"), "rule"])


@pytest.mark.parametrize(
    ("name", "value"), [("Merkmal", "Wert"), ("what it is", "how much"), ("what it is", "how far")]
)
def test_readings_below_each_other_are_no_days(read, name, value):
    rows = [
        f"{day:02}.03.2024;{what};{figure}"
        for day in range(1, 15)
        for what, figure in (("Zuckungen", day % 9), ("Schlaf", f"{6 + day % 3},5"))
    ]
    text = "\n".join([f"Datum;{name};{value}", *rows])
    if value != "how far":
        journal = read(text.encode())
        assert journal.days["sleep"].iloc[0] == 7.5
        assert journal.days["twitches"].to_list()[:3] == [1, 2, 3]
        return
    with pytest.raises(JournalError, match=f"holds one reading a row: {name!r} says what {value!r} measures"):
        read(text)


def test_numbers_of_nights_in_dutch_and_spanish(read):
    journal = read(write_days("Krampen 's nachts,Calambres (nº)", lambda day: "", lambda day: day % 3))
    assert journal.variables["name"].to_list() == ["krampen_s_nachts", "cramps"]
    assert read(write_days("Krampen 's nachts", lambda day: day % 3)).outcome == "cramps"


def test_strengths_in_words_below_each_other_are_ratings(read):
    rows = [
        f"2024-03-{day:02},{what},{('Mild', 'Severe')[day % 2]},"
        for day in range(1, 13)
        for what in ("Twitching", "Cramps")
    ]
    journal = read("\n".join(["date,Symptom,Severity,Factor", *rows]))
    assert journal.variables["name"].to_list() == ["intensity", "cramps_severity"]
    assert journal.days["intensity"].to_list() == [3.0, 1.0] * 6


def test_an_empty_column_makes_no_event_log_a_diary(read):
    rows = [f"2024-03-{day:02},{place}," for day in range(1, 13) for place in ("work", "home")]
    assert "event_log" in set(read("\n".join(["date,where,x", *rows])).rejects["rule"])
    lasting = [f"{row}{day % 7}" for day, row in enumerate(rows)]
    assert "event_log" in set(read("\n".join(["date,where,duration (min)", *lasting])).rejects["rule"])
    sites = "\n".join(["date,where,notes", *rows]).replace("work", "calf").replace("home", "left foot")
    assert read(sites).days["events"].to_list() == [2.0] * 12


def test_a_header_that_begins_with_per_cent(read):
    row = read(write_days("% of day twitching,twitches", lambda day: day * 7 % 90, lambda day: day % 4)).variables.iloc[
        0
    ]
    assert (row["kind"], row["unit"], row["combine"]) == ("amount", "%", "mean")


def test_a_column_of_two_sources_has_no_file_for_a_unit(tmp_path):
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text(write_days("twitches,sleep (h)", lambda day: day % 4, lambda day: 7))
    second.write_text(write_days("coffee,sleep (h)", lambda day: day % 3, lambda day: 6 + day % 2))
    journal = read_journal([first, second], today=dt.date(2024, 12, 31))
    assert journal.variables.set_index("source").loc["b.csv: sleep (h)", "unit"] == "h"


def test_codes_of_a_persons_sex_take_nobodys_name(read):
    people = io.StringIO("person,sex (1=m 2=f),age\nme,2,45\n")
    journal = read("date,cramps\n2024-03-01,1\n", people=people)
    assert journal.people.columns.to_list() == ["my_sex", "age"]


# --- figures as people write them -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "cells", "name", "values", "remark"),
    [
        ("sleep", ["7\u00bd", "6\u00bc"], "sleep", [7.5, 6.25], None),
        ("twitches", ["~5", "about 3"], "twitches", [5, 3], "cells such as '~5' are read as 5"),
        ("twitches", ["4 (left calf)", "2"], "twitches", [4, 2], "cells such as '4 (left calf)' are read as 4"),
        ("cramps", ["||", "|||"], "cramps", [2, 3], "cells such as '||' are read as 2"),
        ("mood", ["\u2605\u2605\u2606", "\u2605\u2605\u2605"], "mood", [2, 3],
         "cells such as '\u2605\u2605\u2606' are read as 2"),
        ("pain", ["mild", "none", "severe"], "pain", [1, 0, 3],
         "its words are read as 0 (none), 1 (mild), 3 (severe)"),
        ("Schmerzen", ["kein", "mittel", "sehr stark"], "pain", [0, 2, 4],
         "its words are read as 0 (kein), 2 (mittel), 4 (sehr stark)"),
        ("pain", ["1 - mild", "0 - none"], "pain", [1, 0], "cells such as '1 - mild' are read as 1"),
        ("stress", ["3/5", "1/5"], "stress", [3, 1], None),
        ("stress", ["40 %", "55%"], "stress", [40, 55], None),
        ("pain", ["2 1/2", "3"], "pain", [2.5, 3], None),
        ("twitches", ['="7"', "'3"], "twitches", [7, 3], None),
        ("naps", ["no", "1", "2"], "naps", [0, 1, 2], "cells such as 'no' are read as 0"),
        ("Caf\u00e9s", ["1", "2"], "caffeine", [95, 190],
         "1 cup of coffee is read as 95 mg (brewed coffee, 8 fluid ounces: 95 mg (USDA FoodData Central))"),
        ("fasciculations (0-10)", ["6", "7"], "intensity", [6, 7],
         "its header gives a scale, so it is read as intensity of the twitching"),
    ],
)  # fmt: skip
def test_figures_told_in_other_ways(read, header, cells, name, values, remark):
    journal = read(write_days(header, lambda day: cells[day % len(cells)], n=12))
    assert journal.days[name].to_list()[: len(values)] == values
    assert journal.days[name].notna().all()
    assert told(journal) == ([f"column {header}: {remark}"] if remark else [])


@pytest.mark.parametrize(
    ("header", "cells", "high"),
    [("stress", ["3/5", "1/5"], 5), ("stress", ["40%", "55%"], 100), ("pain", ["mild", "moderate"], 3)],
)
def test_the_scale_that_cells_tell(read, header, cells, high):
    journal = read(write_days(header, lambda day: cells[day % 2]))
    assert journal.variables.loc[0, ["low", "high", "unit"]].to_list() == [0, high, f"points of {high}"]
    assert ("high" in journal.variables.loc[0, "guessed"]) == (header == "pain")


def test_a_header_that_says_text_makes_no_rating(read):
    journal = read(write_days("my_pain (text)", lambda day: f"{day}%"))  # as `write_journal` calls it
    assert journal.variables.loc[0, "kind"] == "text"


def test_a_mood_below_zero_has_a_balanced_scale(read):
    journal = read(write_days("mood,balance", lambda day: day % 9 - 4, lambda day: day % 9 - 4))
    assert journal.variables[["kind", "low", "high"]].to_numpy().tolist()[0] == ["rating", -4, 4]
    assert journal.variables.loc[1, "kind"] == "amount"


def test_numbers_of_places_are_no_ratings(read):
    journal = read(write_days("place", lambda day: ("1 - home", "2 - work")[day % 2]))
    assert journal.variables["name"].to_list() == ["place", "place_2_work"]


def test_a_sign_gives_its_name_to_its_column(read):
    journal = read(write_days("mood", lambda day: ("\u263a", "\u2639", "\u263a")[day % 3]))
    assert journal.variables["name"].to_list() == ["mood", "mood_white_frowning_face"]


def test_ticks_and_crosses_in_every_cell_are_yes_and_no(read):
    journal = read(write_days("massage", lambda day: "\u2705" if day % 3 else "\u274c"))
    assert journal.days["massage"].to_list()[:3] == [0, 1, 1]
    assert told(journal) == []
    left = told(read(write_days("massage", lambda day: ("\u2705", "\u274c", "")[day % 3])))
    assert left[0].endswith("both a tick and a cross stand there, and a cross may mean yes or no; write yes and no")


CODED = "; 1 and 2 are all that stands there, so they are taken for codes; if they count, say so in the header: (count)"


@pytest.mark.parametrize(("cells", "more"), [(("1", "2"), CODED), (("N", "O"), "")])
def test_of_two_answers_one_that_is_not_understood_leaves_both_open(read, cells, more):
    journal = read(write_days("massage", lambda day: cells[day % 2]))
    assert told(journal) == [
        f"column massage: its cells, such as {cells[1]!r}, don't fit 'massage', so it stays as a variable of your own"
        + more
    ]


def test_a_dose_with_its_unit_in_the_cells(read):
    journal = read(write_days("ibuprofen", lambda day: ("400mg", "0", "200 mg")[day % 3]))
    assert journal.days[["pain_reliever", "ibuprofen_dose"]].to_numpy().tolist()[:3] == [[1, 400], [0, 0], [1, 200]]
    assert journal.variables.loc[1, "unit"] == "mg"


# --- days and headers -------------------------------------------------------------------------------------------------


def test_dates_of_two_layouts_are_asked_about(read):
    days = [dt.date(2024, 3, 1) + dt.timedelta(n) for n in range(90)]
    rows = [f"{day:%d/%m/%Y},{day.day}" if day.day <= 12 else f"{day:%m/%d/%Y},{day.day}" for day in days]
    with pytest.raises(JournalError) as caught:
        read("\n".join(["date,twitches", *rows]))
    assert str(caught.value) == (
        "Column 'date': read as month/day/year its dates jump back and forth, and they run on if day and month are "
        "turned where both can be, as in '01/03/2024': two layouts seem to stand there. Write dates as 2024-03-31, or "
        'keep to one with date_format="mdy" (command line: --date-format).'
    )


@pytest.mark.parametrize("step", [1, -1, 7])
def test_dates_in_any_order_of_one_layout_are_read(read, step):
    days = [dt.date(2024, 3, 1) + dt.timedelta(n) for n in range(90)][:: 1 if step == 7 else step]
    days = [days[n * step % 90] for n in range(90)] if step == 7 else days
    journal = read("\n".join(["date,twitches", *(f"{day:%m/%d/%Y},{day.day}" for day in days)]))
    assert len(journal.days) == 90
    assert (journal.days["twitches"] == journal.days.index.get_level_values("date").day).all()


def test_a_day_without_a_year_says_so(read):
    wrong = "None of the 1 rows of the table could be kept. The first: row 2, date: '1 Mar' tells no year; write it as "
    with pytest.raises(JournalError, match=re.escape(wrong + "2024-03-31.")):
        read("date,twitches\n1 Mar,3\n")


@pytest.mark.parametrize(("cells", "calendar"), [(["Day 1", "Day 2"], "day"), (["2024-W10-1", "2024-W10-2"], "date")])
def test_days_and_weeks_by_number(read, cells, calendar):
    journal = read("\n".join(["day,twitches", *(f"{cell},3" for cell in cells)]))
    assert journal.calendar == calendar
    first = journal.days.index[0][1]
    assert first == (1 if calendar == "day" else pd.Timestamp("2024-03-04"))


@pytest.mark.parametrize(("header", "step", "taken"), [("P\u00e4iv\u00e4ys", 1, True), ("DOB", 300, False)])
def test_the_only_dates_that_stand_first_are_the_days_if_they_run_on(read, header, step, taken):
    first = dt.date(1990, 3, 1)
    text = "\n".join([f"{header},twitches", *(f"{first + dt.timedelta(step * n)},{n % 4}" for n in range(20))])
    if taken:
        assert told(read(text)) == [f"column {header}: the days are taken from it, as no column is named 'date'"]
    else:
        with pytest.raises(JournalError, match="^No date column in the table"):
            read(text)


def test_a_header_merged_over_two_rows(read):
    journal = read("date,Symptoms,,Habits,\n,twitches,pain,sleep,stress\n2024-03-01,3,4,7,1\n2024-03-02,2,5,8,2\n")
    assert journal.days.columns.to_list() == ["twitches", "pain", "sleep", "stress"]
    assert told(journal) == ["row 1 ('date,Symptoms,,Habits') stands above the header and is no part of the table"]


@pytest.mark.parametrize(
    ("header", "name"),
    [("How many twitches did you have today?", "twitches"), ("How much pain did you have today (0-10)?", "pain"),
     ("How many cups of coffee did you drink?", "caffeine"),
     ("\u00bfCu\u00e1ntas fasciculaciones?", "twitches"), ("sleep previous night", "sleep")],
)  # fmt: skip
def test_headers_that_ask(read, header, name):
    assert read(write_days(header, lambda day: day % 4 + 4)).variables.loc[0, "name"] == name


@pytest.mark.parametrize("header", ["stress_lag1 (0-10)", "caffeine lag1 (mg)"])
def test_a_lag_before_a_bracket(read, header):
    journal = read(write_days(header, lambda day: day % 5))
    assert journal.variables.loc[0, ["role", "lagged"]].to_list() == ["none", 1]


def test_days_that_begin_again_are_asked_about(read):
    text = write_days("twitches", lambda day: day % 4) + write_days("x", lambda day: day % 3).split("\n", 1)[1]
    with pytest.raises(JournalError) as caught:
        read(text)
    assert str(caught.value) == (
        "From row 32 on the same days come again with other entries, as those of another person do. Put them into a "
        "file of their own, or add a column 'person'; if all are one person's, say person=\"none\" (--person none)."
    )
    assert len(read(text, person="none").days) == 30


def test_exports_that_overlap_are_one_diary(read):
    later = write_days("x", lambda day: day % 3).split("\n", 1)[1]
    rows = write_days("twitches", lambda day: day % 4, n=12) + "".join(f"{row}\n" for row in later.splitlines()[10:])
    assert len(read(rows).days) == 30


def test_a_cell_too_many_before_a_blank_one_is_told(read):
    text = write_days("twitches,stress,note", lambda day: day % 4, lambda day: "7,5" if day == 4 else 5, lambda day: "")
    assert told(read(text)) == [
        "row 6 has 5 cells where the header has 4; look for a missing or an extra separator, or quote cells that "
        "contain one"
    ]
    assert len(read("date,twitches\n2024-03-01,3,\n2024-03-02,4,\n").days) == 2


def test_a_diary_with_gaps_is_no_log_of_attacks(read):
    rows = [f"{dt.date(2024, 3, 1) + dt.timedelta(day)},{day % 4 + 1},{day % 9}" for day in range(60) if day % 5 > 1]
    journal = read("\n".join(["date,twitches,stress", *rows]))
    assert told(journal) == [
        "every entry has Muscle twitches above zero, and 22 days between have no entry. If a day without an entry is a "
        'day without it, say absent="none" (command line: --absent none); as it is, they are missing'
    ]
    alone = read("\n".join(["date,twitches", *(row.rpartition(",")[0] for row in rows)]))
    assert alone.rejects["rule"].to_list() == ["attack_log"]


def test_entries_a_week_apart_are_no_log_of_attacks(read):
    first = dt.date(2024, 3, 1)
    journal = read("\n".join(["date,twitches", *(f"{first + dt.timedelta(7 * n)},{n % 4 + 1}" for n in range(12))]))
    assert journal.rejects["rule"].to_list() == ["sparse"]


def test_minus_one_is_no_part_of_a_rating(read):
    journal = read(write_days("energy", lambda day: -1 if day == 4 else day % 6))
    assert journal.variables.loc[0, ["kind", "low", "high"]].to_list() == ["rating", 0, 5]
    assert told(journal) == ["row 6, energy: -1 is outside 0-5"]


def test_ids_that_are_figures_far_into_a_file_stay_as_they_are_written(read):
    days = [str(dt.date(2021, 1, 1) + dt.timedelta(n)) for n in range(1000)]
    rows = [f"{'x' if person == 39 else f'{person:04}'},{day},3" for person in range(40) for day in days]
    journal = read("\n".join(["person,date,twitches", *rows]))
    assert journal.days.index.levels[0].to_list() == [*(f"{person:04}" for person in range(39)), "x"]


def test_a_source_that_dates_nights_has_no_order(read):
    sleep = write_days("sleep", lambda day: 6 + day % 3).replace("date", "night of", 1)
    joined = read(write_days("twitches", lambda day: day % 4), also=[io.StringIO(sleep)])
    assert joined.variables.set_index("name").loc["sleep", "timing"] == ""
    assert told(joined)[-1].endswith(
        "column night of: it dates nights, by their evening or their morning, so its columns have no order in time"
    )


def test_thousands_with_a_point_among_smaller_figures_are_told(read):
    told = (
        'column caffeine (mg): it doesn\'t show its decimal sign; 1.200 is read as 1.2. If it is 1200, say decimal=","'
    )
    for last, messages in (("1.200", [f"{told} (command line: --decimal)"]), ("1.2", []), ("1200", [])):
        cells = ["190", "250", "95", "100", last]
        text = "".join(f"2024-03-0{day},{cell}\n" for day, cell in enumerate(cells, start=1))
        assert read(f"date,caffeine (mg)\n{text}").rejects["message"].to_list() == messages
    units = read("date;caffeine (mg)\n2024-03-01;190 mg\n2024-03-02;1.200 mg\n2024-03-03;250,5 mg\n")
    assert units.days["caffeine"].to_list() == [190, 1200, 250.5]
    units = read("date;caffeine (mg)\n2024-03-01;190mg\n2024-03-02;1,200mg\n")
    assert (
        units.rejects["message"]
        .to_list()[0]
        .startswith("column caffeine (mg): it doesn't show its decimal sign; 1,200")
    )
    beside = read("date|caffeine (mg)|sleep (h)\n2024-03-01|190|7,5\n2024-03-02|250|6,5\n2024-03-03|1.200|7\n")
    assert beside.days["caffeine"].iloc[-1] == 1200  # as the other column shows the comma


def test_a_span_that_may_be_a_number_of_hours_is_refused(read):
    journal = read("date,sleep,exercise\n2024-03-01,7:00-8:00,7:00-8:00\n2024-03-02,22:00-6:30,18:00-18:30\n")
    assert journal.days.to_numpy().tolist()[1] == [8.5, 30]
    assert journal.days["exercise"].iloc[0] == 60
    assert told(journal)[-1] == "row 2, sleep: '7:00-8:00' may be from one time to another, or that many hours"


@pytest.mark.parametrize(
    ("yes", "no"), [("kyll\u00e4", "ei"), ("\u03bd\u03b1\u03b9", "\u03cc\u03c7\u03b9"), ("igen", "nem"), ("da", "nu")]
)
def test_yes_and_no_in_other_languages(read, yes, no):
    journal = read(write_days("massage,gluten", lambda day: (yes, no)[day % 2], lambda day: (yes, no)[day % 2]))
    assert journal.days.to_numpy().tolist() == [[1, 1], [0, 0]] * 15


def test_spans_products_and_words_for_nothing_are_read_and_told(read):
    rows = [
        ("22:45-6:05", "2x200 mg", "none"),
        ("11 pm to 7 am", "3 × 100", "2 cups"),
        ("7.5", "0", "\u0661\u066b\u0665"),
    ]
    cells = "".join(f"2024-03-0{day},{day},{','.join(row)}\n" for day, row in enumerate(rows, start=1))
    journal = read(f"date,twitches,sleep (h),magnesium (mg),coffee (cups)\n{cells}")
    assert journal.days.iloc[:, 1:].to_numpy().tolist() == [[22 / 3, 400, 0], [8, 300, 190], [7.5, 0, 142.5]]
    assert journal.rejects["message"].to_list() == [
        "column coffee (cups): 1 cup of coffee is read as 95 mg (brewed coffee, 8 fluid ounces: 95 mg (USDA FoodData "
        "Central)); cells such as 'none' are read as 0",
        "column magnesium (mg): cells such as '3 × 100' are read as 300",
        "column sleep (h): cells such as '22:45-6:05' are read as the time between both",
    ]
    steps = read(
        "date;steps\n2024-03-01;\u0669\u066c\u0668\u0667\u0666\n2024-03-02;\u0669,\u0668\u0667\u0666\n", decimal="."
    )
    assert steps.days["steps"].to_list() == [9876, 9876]  # the second was 9.876
    mixed = read("date,coffee\n2024-03-01,2\n2024-03-02,no\n2024-03-03,yes\n2024-03-04,1\n2024-03-05,3\n")
    assert mixed.days["caffeine"].isna().to_list() == [False, True, True, False, False]  # a no alone would lean it


PREFACE = "Glucose Report,,,\nPatient,Anna,,\nDevice,XY 3,,\nMade on,2024-03-30,,\n"


@pytest.mark.parametrize(
    ("above", "n_told"),
    [(PREFACE, 4), (PREFACE.replace(",,", ""), 4), ("Report,Made on,2024-03-30 10:00,by Anna\n", 1)],
)
def test_what_a_meter_writes_above_its_table_loses_no_row(read, above, n_told):
    rows = "".join(f"2024-03-{day:02},{day % 4},{day % 7},{90 + day % 5}\n" for day in range(1, 13))
    journal = read(above + "date,twitches,stress,glucose (mg/dL)\n" + rows)
    assert journal.days["twitches"].tolist() == [day % 4 for day in range(1, 13)]
    assert journal.rejects["rule"].eq("above_header").sum() == n_told


def test_figures_in_words_and_near_figures_are_read_and_told(read):
    text = "date,cramps,stress\n2024-03-01,three,3-4\n2024-03-02,2,1-9\n2024-03-03,Zwei,5\n2024-03-04,2-4,>10\n"
    journal = read(text)
    assert journal.days["cramps"].fillna(-1).tolist() == [3, 2, 2, -1]
    assert journal.days["stress"].fillna(-1).tolist() == [3.5, -1, 5, -1]
    told = " ".join(journal.rejects["message"])
    assert "cells such as 'three' are read as 3" in told
    assert "cells such as '3-4' are read as 3.5" in told
    refused = journal.rejects.query("action == 'cell set missing'")
    assert refused["value"].tolist() == ["1-9", "2-4", ">10"]


def test_a_night_is_found_by_its_times_under_any_header_of_sleep(read):
    rows = "".join(f"2024-03-{d:02},2024-03-{d:02} 22:30,2024-03-{d + 1:02} 06:30,{d},{d % 4}\n" for d in range(1, 9))
    journal = read("date,Sleep At,Wake At,sleep quality,twitches\n" + rows)
    assert journal.days["sleep_quality"].fillna(-1).tolist() == [-1, 1, 2, 3, 4, 5, 6, 7]
    assert journal.variables.set_index("name").loc["sleep_quality", "timing"] == "night"
    synced = read("date,created,changed,sleep quality,twitches\n" + rows)
    assert synced.days["sleep_quality"].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]


# --- what a column of words says --------------------------------------------------------------------------------------


def test_words_that_say_no_known_thing_keep_the_header_s_name(read):
    """AM and PM under *period* are no menstruation, and the columns made of them don't say so either."""
    parts = read(write_days("period,twitches", lambda day: ("AM", "PM", "PM")[day % 3], lambda day: day % 4))
    assert list(parts.days) == ["period", "period_am", "twitches"]
    flow = read(write_days("period,twitches", lambda day: "yes" if day % 28 < 5 else "no", lambda day: day % 4))
    assert flow.days["menstruation"].sum() == 7
    kinds = read(write_days("exercise,twitches", lambda day: ("run", "swim")[day % 2], lambda day: day % 4))
    assert "exercise" not in kinds.days
    assert "my_exercise" in kinds.days  # the name of a known variable stays free


def test_a_temperature_not_taken_is_none_of_zero(read):
    journal = read(write_days("temperature,twitches", lambda day: 36.5 if day % 4 else "Not Taken", lambda day: 1))
    assert journal.days["temperature"].isna().sum() == 8
    assert journal.days["temperature"].min() == 36.5


@pytest.mark.parametrize("every", [2, 5])
def test_not_taken_is_a_dose_of_nothing_however_often_it_stands(read, every):
    dose = [0 if day % every else 400 for day in range(30)]
    journal = read(write_days("magnesium", lambda day: f"{dose[day]} mg" if dose[day] else "Not Taken"))
    assert journal.days["magnesium"].tolist() == dose
    assert not journal.rejects["action"].eq("cell set missing").any()


# --- one reading a row ------------------------------------------------------------------------------------------------


def write_readings(header, readings, n=12):
    """Return a long table: for each of some names what stands on a day."""
    days = [dt.date(2024, 3, 1) + dt.timedelta(day) for day in range(n)]
    rows = [f"{date},{name},{tell(day)}" for day, date in enumerate(days) for name, tell in readings.items()]
    return "\n".join([header, *rows]) + "\n"


@pytest.mark.parametrize(("header", "yes", "no"), [("habit,status", "done", "missed"), ("Habit,Completed", 1, 0)])
def test_habits_are_columns_and_nobody_s_names(read, header, yes, no):
    kept = {"Journaling": 2, "Vitamin D": 3, "Cold shower": 4}
    told = {name: lambda day, every=every: no if day % every else yes for name, every in kept.items()}
    journal = read(write_readings(f"date,{header}", told))
    assert journal.days.to_dict("list") == {
        name: [float(day % every == 0) for day in range(12)]
        for name, every in zip(["journaling", "vitamin_d", "cold_shower"], kept.values(), strict=True)
    }
    events = read("date,habit\n" + "".join(f"2024-03-{1 + n // 3:02},{'ABC'[n % 3]}x\n" for n in range(0, 36, 2)))
    assert len(events.days) == 12
    assert events.days.index.unique("person").tolist() == ["me"]


@pytest.mark.parametrize("scale", ["rating", "score"])
def test_a_rating_of_twitches_is_no_number_of_them(read, scale):
    named = {"twitching": lambda day: day % 8, "stress": lambda day: day % 9, "pain score": lambda day: day % 7}
    journal = read(write_readings(f"date,symptom,{scale}", named))
    kinds = journal.variables.set_index("name")["kind"]
    assert kinds.to_dict() == {"intensity": "rating", "stress": "rating", "pain": "rating"}
    counted = read(write_readings("date,symptom,value", {"twitching": lambda day: day % 8, "pain": lambda day: 2}))
    assert counted.variables.set_index("name").loc["twitches", "kind"] == "count"


# --- several devices, rows told twice ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("header", "names"), [("Device", ["iPhone", "Apple Watch"]), ("source", ["Fitbit", "phone"])])
def test_steps_of_two_devices_are_not_added_up(read, header, names):
    rows = [f"2024-03-{day:02},{name},{4000 + day + len(name)},{day % 3}" for day in range(1, 13) for name in names]
    first, both = 4001 + len(names[0]), 8002 + len("".join(names))
    text = "\n".join([f"date,{header},steps,stress", *rows]) + "\n"
    with pytest.raises(JournalError) as caught:
        read(text)
    some = ", ".join(map(repr, names))
    assert str(caught.value) == (
        f"Column 'steps': on the same days several devices tell of it ({header!r}: {some}), and what two of them "
        "measured at once must not be added up. Keep the rows of one, or give each a column of its own; if each tells "
        f"of something else, remove the column {header!r}."
    )
    assert read(text.replace(names[0], "Tea").replace(names[1], "Coffee")).days["steps"].iloc[0] == both
    one = "\n".join([text.splitlines()[0], *rows[::2], *rows[-1:]])
    assert read(one).days["steps"].iloc[0] == first
    said = pd.DataFrame({"source": ["steps"], "combine": ["sum"]})
    assert read_journal(io.StringIO(text), schema=said).days["steps"].iloc[0] == both
