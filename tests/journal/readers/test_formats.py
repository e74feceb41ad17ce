"""Each format: found by looking at the file, read as it defines itself, every record told of."""

import contextlib
import json
import re

import pandas as pd
import pytest

from twitchstats.errors import JournalError
from twitchstats.journal import read_journal, readers
from twitchstats.journal.readers import (
    apple_health,
    bearable,
    clue,
    daylio,
    fitbit,
    flaredown,
    flaredown_public,
    google_fit,
    long_table,
    migraine_buddy,
    mpath,
    oura,
    redcap,
    samsung_health,
    track_and_graph,
    visible,
)
from twitchstats.journal.readers.export import TWICE

NIGHT = {"kind": "amount", "timing": "night", "combine": "sum"}
# Sample -> reader, records, the first day as (column, cell), some facts.
SAMPLES = {
    "bearable_sample.csv": (
        bearable, 7,
        {"date": "2024-03-03", "Muscle twitching": "2", "Mood": "6", "Anxious": "yes", "Meh": "yes", "Energy": "2",
         "Magnesium (mg)": "400", "Caffeine": "yes", "High stress": "yes", "Sleep (h)": "5.833333333",
         "Sleep quality rating": "2"},
        {"Muscle twitching": {"kind": "rating", "low": "0", "high": "3", "combine": "mean"},
         "Magnesium (mg)": {"kind": "amount", "low": "0", "unit": "mg", "combine": "sum"},
         "Sleep (h)": {"name": "sleep", "unit": "h", **NIGHT}},
    ),
    "daylio_sample.csv": (
        daylio, 2,
        {"date": "2024-03-03", "Mood": "3", "coffee": "yes", "bad sleep": "yes", "twitching": "yes",
         "note": "calf, both sides"},
        {"Mood": {"kind": "rating", "low": "1", "high": "5", "combine": "mean"},
         "coffee": {"kind": "yes/no", "combine": "max"}},
    ),
    "flaredown_personal_export_sample.csv": (
        flaredown, 2,
        {"date": "2024-03-03", "Benign fasciculation syndrome": "2", "Muscle twitching": "3", "Magnesium taken": "yes",
         "Magnesium (mg)": "400", "stressed": "yes", "poor sleep": "yes", "Coffee, brewed": "yes",
         "Weather summary": "Rain in the morning.", "Weather max temperature": "54", "Weather min temperature": "41",
         "Weather pressure": "1012", "Weather precipitation intensity": "0.0031", "Weather humidity": "66"},
        {"Weather pressure": {"kind": "amount", "outside": "yes", "combine": "mean"},
         "Muscle twitching": {"kind": "rating", "low": "0", "high": "4", "combine": "mean"}},
    ),
    "flaredown_kaggle_sample.csv": (
        flaredown_public, 4,
        {"person": "QEVuQwEAexampleexampleexampl==", "date": "2024-03-03", "Muscle twitching": "3", "stressed": "yes",
         "Magnesium taken": "yes", "Magnesium (mg)": "400.0", "temperature_min": "41.0"},
        {"temperature_min": {"kind": "amount", "outside": "yes", "combine": "mean"}},
    ),
    "visible_sample.csv": (
        visible, 1, {"date": "2024-03-03", "Muscle twitching": "2"},
        {"Muscle twitching": {"kind": "rating", "low": "0", "high": "3", "combine": "mean"}},
    ),
    "trackandgraph_sample.csv": (
        track_and_graph, 3,
        {"date": "2024-03-03", "Twitches": "12", "Sleep (h)": "5.833333333", "Caffeine (cups)": "2",
         "Caffeine note": "late, double"},
        {"Sleep (h)": {"kind": "amount", "unit": "h", "combine": "sum"}},
    ),
    "samsung_sleep_sample.csv": (
        samsung_health, 1, {"date": "2024-03-03", "Sleep (h)": "5.85", "Sleep score": "79", "Efficiency": "93"},
        {"Sleep (h)": {"name": "sleep", "unit": "h", **NIGHT}},
    ),
    "fitbit_legacy_sleep_sample.csv": (
        fitbit, 1,
        {"date": "2024-03-03", "Minutes asleep (min)": "352", "Minutes awake (min)": "66", "Number of awakenings": "21",
         "Time in bed (min)": "418", "Minutes rem sleep (min)": "70", "Minutes light sleep (min)": "215",
         "Minutes deep sleep (min)": "67"},
        {"Minutes asleep (min)": {"name": "sleep", "unit": "min", **NIGHT}},
    ),
    "oura_sample.csv": (
        oura, 2,
        {"date": "2024-03-03", "Sleep Score": "78", "Readiness Score": "81", "Activity Score": "90",
         "Total Sleep Time (s)": "25200", "REM Sleep Time (s)": "5400", "Sleep Latency (s)": "600",
         "Bedtime Start": "2024-03-02T23:10:00+01:00", "Bedtime End": "2024-03-03T06:50:00+01:00", "Steps": "8123",
         "Average HRV": "44"},
        {"Total Sleep Time (s)": {"name": "sleep", "unit": "s", **NIGHT}},
    ),
    "google_fit_sample.csv": (
        google_fit, 2,
        {"date": "2024-03-03", "Move Minutes count": "45", "Calories (kcal)": "2100.5", "Distance (m)": "6400.2",
         "Heart Points": "18", "Step count": "9123", "Average weight (kg)": "71.4", "Walking duration (min)": "45",
         "Sleeping duration (min)": "420"},
        {"Step count": {"kind": "count", "combine": "sum"}},
    ),
    "redcap_sample.csv": (
        redcap, 2,
        {"person": "12", "date": "2024-03-03", "twitch_nrs": "6", "triggers___1": "yes", "triggers___2": "no"},
        {"triggers___1": {"kind": "yes/no", "combine": "max"}},
    ),
    "mpath_sample.csv": (
        mpath, 3,
        {"person": "101", "date": "2024-03-03", "twitches": "4", "triggers: 1": "yes", "triggers: 3": "yes",
         "mood": "fine"},
        {"triggers: 1": {"kind": "yes/no", "combine": "max"}},
    ),
    "clue_sample.json": (
        clue, 6,
        {"date": "2024-03-03", "Period": "yes", "Period flow": "1", "pain: headache": "yes",
         "pain: period_cramps": "yes"},
        {"Period": {"name": "menstruation", "kind": "yes/no", "combine": "max"},
         "Period flow": {"kind": "rating", "low": "1", "high": "4", "combine": "max"}},
    ),
    "migraine_buddy_sample.csv": (
        migraine_buddy, 3,
        {"date": "2024-03-03", "Attacks": "2", "Pain level": "7", "Stress": "yes", "Lack of sleep": "yes",
         "Sumatriptan": "yes", "Ibuprofen": "yes", "Notes": "after work"},
        {"Pain level": {"kind": "rating", "low": "0", "high": "10", "combine": "max"}},
    ),
    "apple_health_sample.xml": (
        apple_health, 17,
        {"date": "2024-03-03", "Caffeine (mg)": "190", "Water (L)": "0.25", "Steps": "3200",
         "Resting heart rate (beats/min)": "58", "Sleep (h)": "7", "Time in bed (h)": "8"},
        {"Sleep (h)": {"name": "sleep", "unit": "h", **NIGHT},
         "Water (L)": {"kind": "amount", "low": "0", "combine": "sum", "name": "fluid", "unit": "L"}},
    ),
    "long_table_sample.csv": (
        long_table, 5, {"person": "P1", "date": "2024-03-03", "Twitches": "3", "Stress": "6"}, {},
    ),
}  # fmt: skip


def count_records(source):
    """Return records that ended in days, and those that notes count as left out."""
    left = [re.match(r"([\d,]+) records? left out: ", note) for note in source.notes]
    return source.n_rows - source.n_left, sum(int(found[1].replace(",", "")) for found in left if found)


def first_day(source):
    return source.days.frame().iloc[0].dropna().to_dict()


def days_of(source, *columns):
    return (
        source.days.frame()[list(columns)].astype("object").where(lambda frame: frame.notna(), None).to_numpy().tolist()
    )


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_found_and_read(name, sample, make_export):
    reader, n_records, day, facts = SAMPLES[name]
    export = make_export(sample(name), name)
    assert readers.find_reader(export) is reader
    source = reader.read(export)
    assert source.format == reader.NAME
    assert first_day(source) == day
    told = {fact["source"]: {key: text for key, text in fact.items() if key != "source"} for fact in source.facts}
    assert {column: told.get(column) for column in facts} == facts
    assert source.n_rows == n_records == sum(count_records(source))
    assert set(told) <= set(source.days.frame().columns)


def write_variants(data):
    text = data.decode("utf-8-sig")
    yield "BOM", b"\xef\xbb\xbf" + text.encode()
    yield "UTF-16", text.encode("utf-16")
    yield "CRLF", text.replace("\n", "\r\n").encode()
    yield "old Mac", text.replace("\n", "\r").encode()
    yield "no last line break", text.rstrip("\n").encode()
    yield "blank lines", text.replace("\n", "\n\n").encode()


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.endswith(".csv")])
def test_other_encodings_and_line_ends_make_no_difference(name, sample, make_export):
    reader, *_ = SAMPLES[name]
    expected = reader.read(make_export(sample(name)))
    for variant, data in write_variants(sample(name)):
        if name.startswith("samsung") and variant == "blank lines":
            continue  # its header stands in the second line
        export = make_export(data)
        assert readers.find_reader(export) is reader, variant
        pd.testing.assert_frame_equal(reader.read(export).days.frame(), expected.days.frame())


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.endswith(".csv")])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_a_cut_file_is_read_or_refused_with_every_record_told(name, share, sample, make_export):
    reader, *_ = SAMPLES[name]
    data = sample(name)
    with contextlib.suppress(JournalError):
        source = reader.read(make_export(data[: int(share * len(data))]))
        assert sum(count_records(source)) == source.n_rows


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.endswith(".csv")])
def test_a_table_with_a_header_only_is_refused(name, sample, make_export):
    lines = sample(name).decode("utf-8-sig").splitlines()
    header = "\n".join(lines[: 2 if name.startswith(("samsung", "fitbit")) else 1])
    with pytest.raises(JournalError) as caught:
        SAMPLES[name][0].read(make_export(header + "\n"))
    assert re.search(r"It has no records\.$|has a header but no rows\. Add", str(caught.value))


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.endswith(".csv")])
def test_a_row_that_comes_twice_counts_once(name, sample, make_export):
    """Steps, doses and minutes doubled without a word where a file held its rows twice."""
    reader, n_rows, *_ = SAMPLES[name]
    lines = sample(name).decode("utf-8-sig").strip().split("\n")
    rows = lines[2 if name.startswith(("samsung", "fitbit")) else 1 :]
    once, source = reader.read(make_export(sample(name))), reader.read(make_export("\n".join([*lines, *rows])))
    pd.testing.assert_frame_equal(source.days.frame(), once.days.frame())
    assert (source.n_rows, source.n_left) == (2 * n_rows, once.n_left + n_rows)
    assert any(f"left out: {TWICE} (the first: line " in note for note in source.notes)


def test_a_missing_column_is_named(make_export):
    with pytest.raises(JournalError) as caught:
        daylio.read(make_export("full_date,time,mood\n2024-03-03,10:00,rad\n"))
    assert str(caught.value) == (
        "export.csv has no column 'activities', which this format needs. Its columns: 'full_date', 'time', "
        "'mood'. Export it again, or name another format."
    )


BEARABLE = "date,weekday,time of day,category,rating/amount,detail,notes\n"


def read_bearable(make_export, *rows, header=BEARABLE):
    return bearable.read(make_export(header + "".join(f"{row}\n" for row in rows)))


def test_bearable_dates_are_english_or_iso(make_export):
    dates = ("22nd Sep 2020", "1st Oct 2020", "32nd Oct 2020", "Heute")
    rows = [f'"{date}","","am","Energy","{3 + place}","",""' for place, date in enumerate(dates)]
    source = read_bearable(make_export, *rows)
    assert days_of(source, "date", "Energy") == [["2020-09-22", "3"], ["2020-10-01", "4"]]
    assert source.notes[-1] == (
        "2 records left out: the date is not one that Bearable writes (the first: line 4, '32nd Oct 2020')."
    )
    newer = "date,date formatted,weekday,time of day,category,rating/amount,detail,notes\n"
    source = read_bearable(make_export, '"1. Okt 2020","2020-10-01","","","Energy","4","",""', header=newer)
    assert days_of(source, "date", "Energy") == [["2020-10-01", "4"]]


def test_bearable_severities_are_their_numbers_and_must_agree(make_export):
    source = read_bearable(
        make_export,
        '"3rd Mar 2024","","am","Symptom","","Eye twitch (Severe)",""',
        '"3rd Mar 2024","","pm","Symptom","1","Eye twitch (Mild)",""',
        '"4th Mar 2024","","am","Symptom","2","Eye twitch (Severe)",""',
        '"5th Mar 2024","","am","Symptom","2","Pain (left)",""',
        '"6th Mar 2024","","am","Symptom","","Pain (left)",""',
    )
    assert days_of(source, "date", "Eye twitch", "Pain (left)") == [
        ["2024-03-03", "2", None], ["2024-03-05", None, "2"]]  # fmt: skip
    assert source.notes == (
        "3 records of the Bearable export are of 2 different days.",
        "Columns that are not read: time of day.",
        "Eye twitch: several values on 1 days; their mean is taken.",
        "1 record left out: the severity in numbers and in words differ (the first: line 4).",
        "1 record left out: a symptom without name or severity (the first: line 6).",
    )


def test_bearable_ticks_are_no_only_where_their_list_was_filled_in(make_export):
    source = read_bearable(
        make_export,
        '"1st Mar 2024","","","Factors","","Travel",""',
        '"2nd Mar 2024","","","Factors","","Caffeine | Travel",""',
        '"3rd Mar 2024","","","Energy","3","",""',
        '"4th Mar 2024","","","Factors","","Caffeine","tired"',
    )
    assert days_of(source, "Travel", "Caffeine") == [["yes", None], ["yes", "yes"], [None, None], ["no", "yes"]]
    assert "What was not ticked on a day with entries counts as no from its first use on (1 cells)." in source.notes


def test_columns_that_nobody_looked_at_are_told(make_export):
    text = "date,Sleep Score,Bedtime Start\n2024-03-03,70,x\n"
    assert oura.read(make_export(text)).notes == ()
    header = "Start Time,Pain Level,Triggers,Own column," + ",".join(f"c{number}" for number in range(9))
    source = migraine_buddy.read(make_export(f"{header}\n2024-03-03 08:00,7,a,b{',' * 9}\n"))
    assert source.notes[-1] == "Columns that are not read: Own column, c0, c1, c2, c3, c4, c5, c6 and 2 more."


def test_bearable_sleep_is_hours_and_unknown_categories_stay(make_export):
    source = read_bearable(
        make_export,
        '"1st Mar 2024","","","Sleep","7:30","",""',
        '"1st Mar 2024","","","Sleep","long","",""',
        '"1st Mar 2024","","","Health measurements","72","Heart rate",""',
        '"1st Mar 2024","","","Meds/Supplements","","Aspirin",""',
        '"1st Mar 2024","","","Gratitudes","","the sun",""',
        '"1st Mar 2024","","","Journal","","private words",""',
        '"1st Mar 2024","","","","3","",""',
    )
    assert first_day(source) == {
        "date": "2024-03-01",
        "Sleep (h)": "7.5",
        "Heart rate": "72",
        "Aspirin": "yes",
        "Gratitudes": "the sun",
        "Journal": "private words",
    }
    assert count_records(source) == (5, 2)
    assert "Heart rate" not in {fact["source"] for fact in source.facts}


def test_daylio_moods_of_ones_own_are_asked_about(make_export):
    source = daylio.read(make_export(
        "full_date,date,weekday,time,mood,activities,note_title,note\n"
        "2024-03-03,,,,Rad,,,\n2024-03-03,,,,awful,,,\n2024-03-04,,,,fine,read,,\n2024-03-05,,,,lousy,read,,\n"
        "2024-03-05,,,,fine,,,\n5 March,,,,good,,,\n"
    ))  # fmt: skip
    assert days_of(source, "date", "Mood", "read") == [
        ["2024-03-03", "3", None], ["2024-03-04", None, "yes"], ["2024-03-05", None, "yes"]]  # fmt: skip
    assert (
        "3 entries have a mood of your own, whose place between awful (1) and rad (5) is not known: 'fine' (2), "
        "'lousy' (1). Their mood is missing; replace these words by rad, good, meh, bad or awful in the file."
    ) in source.notes
    assert count_records(source) == (5, 1)


def test_daylio_with_tabs_and_scales(make_export):
    text = (
        "full_date\tdate\tweekday\ttime\tmood\tactivities\tscales\tnote_title\tnote\n"
        "2024-03-03\t\t\t10:00 pm\tgood\ta | b\tStress: 3\t\tx\n"
    )
    export = make_export(text)
    assert readers.find_reader(export) is daylio
    assert first_day(daylio.read(export)) == {
        "date": "2024-03-03", "Mood": "4", "a": "yes", "b": "yes", "scales": "Stress: 3", "note": "x"}  # fmt: skip


FLAREDOWN = "user_id,age,sex,country,checkin_date,trackable_id,trackable_type,trackable_name,trackable_value\n"


def test_flaredown_ages_that_nobody_has_are_left_out_and_people_are_kept(make_export):
    source = flaredown_public.read(make_export(
        FLAREDOWN + "a,-196693.0,female,GB,2024-03-03,1,Symptom,Eye twitch,2\n"
        "a,34.0,,GB,2024-03-04,1,Symptom,eye twitch,0\na,34.0,,GB,2024-03-04,2,Condition,Eye twitch,4\n"
        "b,0.0,male,,2024-03-03,3,HBI,general_wellbeing,1\nb,,,,2024-03-03,4,Mood,x,1\n,,,,2024-03-03,4,Symptom,x,1\n"
        "b,,,,2024-03-03,4,Treatment,Mg,400.0 mg\nb,,,,2024-03-04,4,Treatment,Mg,Not Taken\n"
        "b,,,,2024-03-05,4,Treatment,Mg,some\n"
    ))  # fmt: skip
    assert source.tables["people"].to_dict("list") == {
        "person": ["a", "b"], "age": ["34", ""], "sex": ["female", "male"], "country": ["GB", ""]}  # fmt: skip
    assert days_of(source, "person", "date", "Eye twitch", "Eye twitch (Condition)") == [
        ["a", "2024-03-03", "2", None], ["a", "2024-03-04", "0", "4"], ["b", "2024-03-03", None, None],
        ["b", "2024-03-04", None, None], ["b", "2024-03-05", None, None]]  # fmt: skip
    assert days_of(source, "Mg taken", "Mg (mg)", "Mg as written")[2:] == [
        ["yes", "400.0", None], ["no", "0", None], [None, None, "some"]]  # fmt: skip
    assert count_records(source) == (7, 2)


def test_a_name_that_hardly_anybody_told_goes_where_a_table_would_be_huge(make_export, monkeypatch):
    from twitchstats.journal.readers import days

    monkeypatch.setattr(days, "MOST_CELLS", 1)
    rows = "".join(
        f"a,,,,2024-03-{day:02},1,Symptom,own {name},1\n" for name in range(25) for day in range(1, 28 - name)
    )
    source = flaredown_public.read(make_export(FLAREDOWN + rows + "a,,,,2024-03-01,1,Symptom,Muscle twitching,1\n"))
    columns = list(source.days.frame().columns[2:])
    assert "Muscle twitching" in columns
    assert columns[:3] == ["own 0", "own 1", "own 2"]
    assert len(columns) == 20
    assert (
        "6 of 26 names are left out with 33 readings, those told most seldom: a table of 27 days holds 20 columns."
        in source.notes
    )


def test_samsung_times_are_moved_and_that_is_told(make_export):
    text = (
        "\ufeffcom.samsung.shealth.sleep,7006011,11\n"
        "com.samsung.health.sleep.start_time,com.samsung.health.sleep.end_time,com.samsung.health.sleep.time_offset,"
        "sleep_score,\n"
        "2024-03-04 02:53:00.000,2024-03-04 08:44:00.000,UTC-0400,79,\n"
        "2024-03-04 09:30:00.000,2024-03-04 15:30:00.000,UTC+0900,80,\n"
        "2024-03-06 08:00:00.000,2024-03-06 02:00:00.000,UTC-0400,79,\n"
    )
    source = samsung_health.read(make_export(text))
    assert days_of(source, "date", "Sleep (h)") == [["2024-03-04", "5.85"], ["2024-03-05", "6"]]
    assert source.notes == (
        "Times are taken as UTC and moved by their time_offset; read as local times, 1 nights would belong to another "
        "day. Compare one night with the app.",
        "1 record left out: a sleep without a start and an end after it (the first: line 5).",
    )


def test_samsung_amounts_have_their_units_and_other_tables_are_named(make_export):
    text = (
        "com.samsung.health.water_intake,1,1\ncom.samsung.health.water_intake.start_time,"
        "com.samsung.health.water_intake.time_offset,com.samsung.health.water_intake.amount\n"
        "2024-03-03 23:30:00.000,UTC+0100,250.0\n2024-03-03 12:00:00.000,UTC+0100,500.0\n1709467200000,UTC+0100,x\n"
    )
    source = samsung_health.read(make_export(text))
    assert days_of(source, "date", "Water (L)") == [["2024-03-03", "0.5"], ["2024-03-04", "0.25"]]
    assert count_records(source) == (2, 1)
    with pytest.raises(JournalError) as caught:
        samsung_health.read(make_export("com.samsung.shealth.social.friends,1,1\na\nb\n"))
    assert str(caught.value) == (
        "export.csv is Samsung Health's table 'com.samsung.shealth.social.friends', which is not read. Give one of: "
        "sleep, water_intake, caffeine_intake, exercise, step_daily_trend, pedometer_day_summary, stress."
    )


def test_fitbit_sections_thousands_and_nights(make_export):
    text = (
        'Activities\nDate,Calories Burned,Steps,Minutes Very Active\n"2024-03-02","2,345","11,020","12"\n'
        '"2nd","1","1","1"\n\nSleep\nStart Time,End Time,Minutes Asleep\n'
        '"2024-03-02 11:12PM","2024-03-03 6:10AM","352"\n"2024-03-03 1:00PM","2024-03-03 1:30PM","30"\n'
        '"2024-03-03 11:00PM","later","N/A"\n\nFood Log 20240302\nDaily Totals\n"Calories","5"\n'
    )
    source = fitbit.read(make_export(text))
    assert days_of(source, "date", "Steps", "Minutes asleep (min)") == [
        ["2024-03-02", "11020", None], ["2024-03-03", None, "352"]]  # fmt: skip
    assert count_records(source)[1] >= 2
    assert sum(count_records(source)) == source.n_rows


def test_fitbit_dates_in_any_one_layout(make_export):
    head = "Sleep\nStart Time,End Time,Minutes Asleep\n"
    rows = '"{0}-03-2024 11:12PM","{1}-03-2024 6:10AM","352"\n"02-03-2024 11:12PM","{2}","300"\n'
    source = fitbit.read(make_export(head + rows.format(12, 13, "03-03-2024 6:10AM")))
    assert days_of(source, "date", "Minutes asleep (min)") == [["2024-03-03", "300"], ["2024-03-13", "352"]]
    with pytest.raises(JournalError, match=r"^Column 'Date': '04-03-2024' can be read two ways, 2024-03-04 "):
        fitbit.read(make_export(head + rows.format(11, "04", "03-03-2024 6:10AM")))
    source = fitbit.read(make_export(head + rows.format(12, 13, "03-03-2024")))
    assert source.notes[-1] == (
        "1 record left out: a sleep whose end is no time like 2024-03-03 6:10AM (the first: line 4, '03-03-2024')."
    )


def test_fitbit_counts_a_row_told_twice_once_and_tells_of_cut_ones(make_export):
    """As exports of overlapping months put below each other have them: steps doubled, a cut row was all blank."""
    text = 'Activities\nDate,Steps,Floors\n"2024-03-02","11,020","3"\n"2024-03-03","9,000","2"\n"2024-03-04","8"\n'
    source = fitbit.read(make_export(text + "\n" + text))
    assert days_of(source, "date", "Steps") == [["2024-03-02", "11020"], ["2024-03-03", "9000"]]
    assert count_records(source) == (2, 4)
    assert f"2 records left out: {TWICE} (the first: line 9)." in source.notes


def test_oura_in_hours_is_left_as_it_is(make_export):
    source = oura.read(make_export("date,Sleep Score,Bedtime Start,Total Sleep Time\n2024-03-03,70,x,7.5\n"))
    assert [sorted(fact) for fact in source.facts if fact["source"] == "Total Sleep Time"] == [
        ["combine", "kind", "source", "timing"]
    ]
    assert source.notes == ()


def test_google_fit_quarter_hours_take_the_day_from_the_name(make_export):
    text = (
        "Start time,End time,Move Minutes count,Calories (kcal),Step count\n"
        "00:00:00.000+01:00,00:15:00.000+01:00,1,20,100\n"
        "00:15:00.000+01:00,00:30:00.000+01:00,2,21,50\n"
    )
    source = google_fit.read(make_export(text, "Takeout/Fit/Daily activity metrics/2024-03-03.csv"))
    assert days_of(source, "date", "Move Minutes count", "Step count") == [["2024-03-03", "3", "150"]]
    with pytest.raises(JournalError) as caught:
        google_fit.read(make_export(text, "renamed.csv"))
    assert str(caught.value) == (
        "Nothing of this Google Fit export can be read. 2 records left out: there is no date like 2024-03-31, neither "
        "in the row nor as the file's name (the first: line 2)."
    )


def test_minutes_that_two_apps_tell_of_count_once(sample, make_export):
    workout = '<Workout duration="{}" durationUnit="min" sourceName="{}" startDate="2024-03-04 {} +0000"/>'
    told = (workout.format(*cells) for cells in ((30, "A", "18:00:00"), (40, "B", "18:05:00"), (9, "A", "20:00:00")))
    source = apple_health.read(make_export(f"<HealthData>{''.join(told)}</HealthData>", "export.xml"))
    assert days_of(source, "Workouts (min)") == [["54"]]  # 18:00 to 18:45, and nine minutes
    text = sample("apple_health_sample.xml").decode()
    again = [line for line in text.splitlines() if line.startswith((" <Record", " <Workout")) and line.endswith("/>")]
    once = apple_health.read(make_export(text, "export.xml"))
    twice = apple_health.read(
        make_export(text.replace("</HealthData>", "".join([*again, "</HealthData>"])), "export.xml")
    )
    pd.testing.assert_frame_equal(twice.days.frame(), once.days.frame())
    assert sum(count_records(twice)) == twice.n_rows
    assert sum("the same amount at the same time was told before on that day" in note for note in twice.notes) == 1


def test_redcap_asks_which_of_two_dates(make_export):
    text = "record_id,redcap_event_name,start,end,x\n1,a,2024-03-03,2024-03-04,1\n"
    with pytest.raises(JournalError) as caught:
        redcap.read(make_export(text))
    assert str(caught.value) == (
        "export.csv has several columns of dates that are filled in equally often: start, end. Leave in the one that "
        "says to which day a row belongs."
    )
    with pytest.raises(JournalError, match=r"^export\.csv has no column of dates such as 2024-03-31, so its rows"):
        redcap.read(make_export("record_id,redcap_event_name,x\n1,a,1\n"))


def test_mpath_without_an_offset_says_that_days_are_utc(make_export):
    source = mpath.read(
        make_export(
            "connectionId;questionListName;timeStampStart;x\n1;evening;1709500000;3\n1;e;99999999999999;3\n1;e;x;3\n"
        )
    )
    assert days_of(source, "person", "date", "x") == [["1", "2024-03-03", "3"]]
    assert source.notes[0] == (
        "Days are those of timeStampStart, UTC, since the export names no offset: look at late evenings."
    )
    assert source.notes[1:] == (
        "Columns that are not read: questionListName.",
        "2 records left out: its time is no number of seconds since 1970 (the first: line 3).",
    )


def test_times_in_utc_are_told(make_export):
    graph = "FeatureName,Timestamp,Value,Note\nX,2024-03-03T23:30:00Z,1,\nX,2024-03-04T21:00:00+01:00,1,\n"
    told = "1 times are in UTC (Z), and so is their day: look at late evenings."
    assert told in track_and_graph.read(make_export(graph)).notes
    assert told in long_table.read(make_export("date,name,value\n2024-03-03T23:30:00Z,x,1\n")).notes
    text = "com.samsung.health.water_intake,1,1\nstart_time,amount\n2024-03-03 23:30:00.000,250.0\n"
    assert samsung_health.read(make_export(text)).notes == (
        "1 records name no time_offset, so their days are those of UTC.",
    )


def test_numbers_that_no_reading_reaches_are_not_added_up(make_export):
    text = "full_date,mood,activities\n2024-03-03,rad,\n2024-03-03,rad,\n"
    assert days_of(daylio.read(make_export(text)), "Mood") == [["5"]]
    header = "Date,Ache,Tags,Foods,Weather summary\n"
    source = flaredown.read(make_export(f"{header}2024-03-03,1e308,,,\n2024-03-03,1e307,,,\n2024-03-03,1_0,,,\n"))
    assert days_of(source, "Ache") == [["1e308"], ["1e307"], ["1_0"]]


@pytest.mark.parametrize("content", ["[1, 2", "[" * 100_000, '{"a": 1}', "", "[]", "[{}]", "[null, 3, []]"])
def test_clue_that_is_no_list_of_measurements_is_refused(content, make_export):
    with pytest.raises(JournalError, match=r"^(export\.csv|Nothing of this Clue export can be read)"):
        clue.read(make_export(content))


def test_clue_values_of_unknown_form_are_counted(make_export):
    entries = [
        {"date": "2024-03-03", "type": "pain", "value": {"option": "headache"}},
        {"date": "2024-03-03", "type": "weight", "value": 61.5},
        {"date": "2024-03-06", "type": "period", "value": {"option": "spotting"}},
        {"date": "2024-03-04", "type": "odd", "value": None},
        {"date": "3 March", "type": "pain", "value": {"option": "x"}},
        {"date": "2024-03-05", "type": "big", "value": 1e400},
        "x",
    ]
    source = clue.read(make_export(json.dumps(entries)))
    assert days_of(source, "date", "pain: headache", "weight", "period: spotting") == [
        ["2024-03-03", "yes", "61.5", None], ["2024-03-06", None, None, "yes"]]  # fmt: skip
    assert count_records(source) == (3, 4)


def test_migraine_dates_that_could_be_two_things_are_asked_about(make_export):
    header = "Start Time,Pain Level,Triggers\n"
    source = migraine_buddy.read(make_export(header + "13/3/2024 8:00 AM,7,a\n4/3/2024 9:30 PM,6,b\n"))
    assert days_of(source, "date", "Pain level") == [["2024-03-04", "6"], ["2024-03-13", "7"]]
    with pytest.raises(JournalError) as caught:
        migraine_buddy.read(make_export(header + "3/4/2024 8:00,7,a\n"))
    assert str(caught.value) == (
        "Column 'Start Time': '3/4/2024' can be read two ways, 2024-04-03 (day/month/year) or 2024-03-04 "
        '(month/day/year), and no other date in this column settles it. Say which with date_format="dmy" or '
        'date_format="mdy" (command line: --date-format), or write dates as 2024-03-31.'
    )


def test_the_layout_of_an_exports_dates_can_be_named(tmp_path):
    path = tmp_path / "attacks.csv"
    path.write_text("Start Time,Pain Level,Triggers\n3/4/2024 8:00,7,a\n5/4/2024 8:00,7,a\n")
    for given, months in (("dmy", [4, 4]), ("mdy", [3, 5]), ("%m/%d/%Y %H:%M", [3, 5])):
        journal = read_journal(path, date_format=given)
        assert journal.days.index.get_level_values("date").month.to_list() == months
        assert journal.episodes["start"].dt.hour.to_list() == [8, 8]


def test_migraine_attacks_are_episodes_as_well(sample, make_export):
    episodes = migraine_buddy.read(make_export(sample("migraine_buddy_sample.csv"))).tables["episodes"]
    assert episodes.to_numpy().tolist() == [
        ["2024-03-03 14:30:00", "15300", "7"], ["2024-03-03 22:00:00", "", "4"], ["2024-03-09 06:10:00", "10200", "8"]
    ]  # fmt: skip


def test_track_and_graph_labels_stand_for_numbers(make_export):
    source = track_and_graph.read(make_export(
        "FeatureName,Timestamp,Value,Note\nMood,2024-03-03T21:30:41.432+01:00,0.0:low,\n"
        "Mood,2024-03-04T21:30:00Z,1.0:high,\nNap,2024-03-04T12:00:00Z,-10:-30:20:odd,\n"
        "Nap,2024-03-04T12:00:00Z,0:30:00,\n"
        "Coffee,2024-03-04T12:00:00Z,1,\nCoffee,2024-03-04T15:00:00Z,1,\nBad,2024-03-04T15:00:00Z,many,\n"
    ))  # fmt: skip
    assert "Mood: 0 is 'low', 1 is 'high'." in source.notes
    assert days_of(source, "date", "Mood", "Coffee") == [
        ["2024-03-03", "0", None], ["2024-03-04", "1", "2"]]  # fmt: skip
    assert "Coffee: several values on 1 days; they are added up." in source.notes
    assert count_records(source) == (5, 2)


def test_what_nobody_knows_how_to_combine_stays_several(make_export):
    text = "date,name,value\n2024-03-03,own,1\n2024-03-04,own,5\n2024-03-03,own,7\n2024-03-03,own,x\n"
    source = long_table.read(make_export(text))
    assert days_of(source, "date", "own") == [
        ["2024-03-03", "1"], ["2024-03-03", "7"], ["2024-03-03", "x"], ["2024-03-04", "5"]]  # fmt: skip
    assert source.days.rows.tolist() == [2, 4, 5, 3]


def test_visible_numbers_beyond_its_severities_are_no_ratings(make_export):
    header = "observation_date,tracker_name,tracker_category,observation_value \n"
    source = visible.read(make_export(f"{header}2024-03-03,HRV,x,45 \n2024-03-03,Fatigue,x,2\n2024-03-04,HRV,x,2\n"))
    assert source.facts == ({"source": "Fatigue", "kind": "rating", "low": "0", "high": "3", "combine": "mean"},)


def test_a_long_table_needs_nothing_else_beside_it():
    assert long_table.recognize(b"date,variable,value\n2024-03-01,stress,3\n")
    assert long_table.recognize(b"Subject;Datum;Parameter;Result;Unit\nA;2024-03-01;Stress;3;\n")
    assert not long_table.recognize(b"date,name,value,stress\n2024-03-01,pain,3,4\n")
    assert not long_table.recognize(b"date,twitches,value\n2024-03-01,3,3\n")
    assert not long_table.recognize(b"day,variable,value\n1,stress,3\n2,stress,4\n")


def test_a_long_table_of_unclear_dates_is_refused(make_export):
    with pytest.raises(JournalError) as caught:
        long_table.read(make_export("date,name,value\n3/4/2024,a,1\n4/5/2024,a,1\n"))
    assert str(caught.value) == (
        "Column 'date': '3/4/2024' can be read two ways, 2024-04-03 (day/month/year) or 2024-03-04 (month/day/year), "
        'and no other date in this column settles it. Say which with date_format="dmy" or date_format="mdy" (command '
        "line: --date-format), or write dates as 2024-03-31."
    )
    source = long_table.read(make_export("date,name,value,unit\n13/4/2024,a,1,mg\n4/5/2024,a,x,mg\n"))
    assert days_of(source, "date", "a (mg)") == [["2024-04-13", "1"], ["2024-05-04", "x"]]


def test_naps_are_no_part_of_a_night(make_export):
    head = "com.samsung.shealth.sleep,1,1\nstart_time,end_time,time_offset,sleep_score,\n"
    nights = [
        "03-03 23:00,03-04 06:00,80",
        "03-04 13:00,03-04 14:30,40",
        "03-04 18:30,03-04 19:00,",
        "03-05 09:00,03-05 15:00,60",
    ]
    cells = (night.split(",") for night in nights)
    rows = "".join(f"2024-{a}:00.000,2024-{b}:00.000,UTC+0000,{score},\n" for a, b, score in cells)
    source = samsung_health.read(make_export(head + rows))
    told = [["2024-03-04", "7", "2", "80"], ["2024-03-05", "6", None, "60"]]
    assert days_of(source, "date", "Sleep (h)", "Nap (h)", "Sleep score") == told
    head = "Sleep\nStart Time,End Time,Minutes Asleep,Time in Bed\n"
    rows = '"2024-03-03 11:00PM","2024-03-04 6:00AM","400","420"\n"2024-03-04 6:30PM","2024-03-04 7:00PM","20","30"\n'
    source = fitbit.read(make_export(head + rows))
    assert days_of(source, "date", "Minutes asleep (min)", "Nap (min)") == [["2024-03-04", "400", "20"]]


def test_naps_of_apple_health_are_told_by_their_pieces(make_export):
    pieces = ["03 23:00|04 02:00", "04 02:10|04 06:30", "04 13:00|04 13:20", "04 13:30|04 14:00", "04 18:20|04 18:50"]
    kind = 'type="HKCategoryTypeIdentifierSleepAnalysis" value="HKCategoryValueSleepAnalysisAsleepCore"'
    told = ((f"2024-03-{end}:00 +0200" for end in piece.split("|")) for piece in pieces)
    records = "".join(f'<Record {kind} startDate="{start}" endDate="{end}"/>' for start, end in told)
    source = apple_health.read(make_export(f"<HealthData>{records}</HealthData>"))
    found = days_of(source, "date", "Sleep (h)", "Nap (h)")
    assert found == [["2024-03-04", "7.333333333", "1.333333333"]]
    assert source.n_rows == 5
