"""Dates: what is read, what is refused, and what is asked for."""

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twitchstats.errors import JournalError, OptionError
from twitchstats.journal.dates import read_clock, read_dates, read_day_numbers

TODAY = dt.date(2024, 12, 31)


def read(texts, **options):
    return read_dates(texts, "date", **{"today": TODAY, **options})


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-03", "2024/3/3", "2024.03.03", "20240303", "2024-03-03 21:30", "2024-03-03T21:30:41.432+01:00",
        "2024-03-03T23:59:59Z", "2024-03-03 11:12PM", "2024-03-03 00:00:00 UTC", "2024-03-03 08:00:00 +0000",
        "3 March 2024", "3rd Mar 2024", "March 3, 2024", "Mar 3 2024 10:00 pm", "03-Mar-24", "Sunday, 3 March 2024",
        "3. März 2024", "So 3.3.2024", "3 mars 2024", "3 de marzo de 2024", "3.3.2024", "45354", "45354.75", "3/3/2024",
    ],
)  # fmt: skip
def test_one_day_in_many_spellings(text):
    assert read([text]) == ([dt.date(2024, 3, 3)], {})


def test_the_date_is_the_one_written_whatever_the_time_zone():
    assert read(["2024-03-03T23:30:00-08:00", "2024-03-04T00:10:00+14:00"])[0] == [
        dt.date(2024, 3, 3),
        dt.date(2024, 3, 4),
    ]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["3/4/2024", "13/4/2024"], [dt.date(2024, 4, 3), dt.date(2024, 4, 13)]),
        (["3/4/2024", "4/13/2024"], [dt.date(2024, 3, 4), dt.date(2024, 4, 13)]),
        (["3-4-24", "13-4-24"], [dt.date(2024, 4, 3), dt.date(2024, 4, 13)]),
        (["3.4.2024"], [dt.date(2024, 4, 3)]),
        (["3.4.24", "4.4.24"], [dt.date(2024, 4, 3), dt.date(2024, 4, 4)]),
        (["99-04-03", "99-04-30"], [dt.date(1999, 4, 3), dt.date(1999, 4, 30)]),
    ],
)
def test_the_file_settles_the_layout(texts, expected):
    assert read(texts) == (expected, {})


def test_a_date_that_can_be_read_two_ways_is_asked_for():
    message = (
        "Column 'date': '3/4/2024' can be read two ways, 2024-04-03 (day/month/year) or 2024-03-04 (month/day/year), "
        'and no other date in this column settles it. Say which with date_format="dmy" or date_format="mdy" '
        "(command line: --date-format), or write dates as 2024-03-31."
    )
    with pytest.raises(JournalError, match=re.escape(message)):
        read(["3/4/2024", "5/5/2024"])


def test_two_digit_years_first_or_last_is_asked_for():
    message = (
        "Column 'date': '24-03-05' can be read two ways, 2005-03-24 (day/month/year) or 2024-03-05 (year/month/day), "
        'and no other date in this column settles it. Say which with date_format="dmy" or date_format="ymd" '
        "(command line: --date-format), or write dates as 2024-03-31."
    )
    with pytest.raises(JournalError, match=re.escape(message)):
        read(["24-03-05", "24-03-06"])


def test_a_file_that_contradicts_itself_is_asked_about():
    message = (
        "Column 'date': '13/4/2024' can only be day/month, '4/13/2024' only month/day. Say which is meant with "
        'date_format="dmy" or date_format="mdy"; the other rows will be listed as refused.'
    )
    with pytest.raises(JournalError, match=re.escape(message)):
        read(["13/4/2024", "4/13/2024"])


@pytest.mark.parametrize(
    ("date_format", "expected"),
    [("dmy", dt.date(2024, 4, 3)), ("mdy", dt.date(2024, 3, 4)), ("%m/%d/%Y", dt.date(2024, 3, 4))],
)
def test_an_option_settles_the_layout(date_format, expected):
    assert read(["3/4/2024"], date_format=date_format) == ([expected], {})


@pytest.mark.parametrize(
    ("date_format", "message"),
    [
        ("dm", "date_format='dm' is not possible. Choose one of 'dmy', 'mdy', 'ymd', or a format such as '%d.%m.%Y'."),
        ("%Q", "date_format='%Q' doesn't tell day, month and year. Use a format such as '%d.%m.%Y'."),
        ("%d.%m.", "date_format='%d.%m.' doesn't tell day, month and year. Use a format such as '%d.%m.%Y'."),
    ],
)
def test_an_impossible_layout_is_refused(date_format, message):
    with pytest.raises(OptionError, match=re.escape(message)):
        read(["2024-03-03"], date_format=date_format)


@pytest.mark.parametrize(
    ("text", "rule", "wrong"),
    [
        ("31/02/2024", "impossible_date", "there is no day '31/02/2024' in the calendar"),
        ("2024-02-30", "impossible_date", "there is no day '2024-02-30' in the calendar"),
        ("30 Feb 2024", "impossible_date", "there is no day '30 Feb 2024' in the calendar"),
        ("2025-01-01", "future_date", "'2025-01-01' lies in the future (today is 2024-12-31)"),
        (
            "1024-01-01",
            "date_out_of_range",
            "'1024-01-01' lies before 1900-01-01; if another calendar counts its years, write the date of "
            "the Gregorian one, such as 2024-03-31",
        ),
        ("", "missing_date", "the row has no date, so it can't be placed; fill it in"),
        (
            "soon",
            "not_a_date",
            "'soon' is not a date; write it as 2024-03-31, or name its layout with date_format=",
        ),
    ],
)
def test_other_dates_are_refused_one_by_one(text, rule, wrong):
    dates, faults = read(["2024-03-01", text])
    assert dates == [dt.date(2024, 3, 1), None]
    assert faults == {1: (rule, wrong)}


def test_today_itself_is_no_future():
    assert read(["2024-12-31"])[0] == [TODAY]


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d.%m.%Y", "%d %B %Y", "%B %d, %Y", "%Y%m%d", "%d-%b-%Y", "%Y/%m/%d"])
@given(date=st.dates(dt.date(1950, 1, 1), TODAY))
def test_clear_layouts_come_back(form, date):
    assert read([date.strftime(form)]) == ([date], {})


def test_day_numbers():
    numbers, faults = read_day_numbers(["1", "-2", "3.0", "1.5", "", "Monday", "1000000"])
    assert numbers == [1, -2, 3, None, None, None, None]
    assert {place: rule for place, (rule, _) in faults.items()} == {
        3: "not_a_day_number",
        4: "missing_date",
        5: "not_a_day_number",
        6: "day_out_of_range",
    }


@pytest.mark.parametrize(
    ("text", "hours"),
    [("2024-03-03 21:30", 21.5), ("7:40", 7 + 2 / 3), ("12:30 am", 0.5), ("12:30 pm", 12.5), ("2024-03-03", None)],
)
def test_time_of_day(text, hours):
    clock = read_clock(text)
    assert (clock is None) == (hours is None)
    assert hours is None or clock.total_seconds() / 3600 == pytest.approx(hours)
