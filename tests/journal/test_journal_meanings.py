"""What a column means, and how that is known: facts, schema, timing, kinds, rows of a day."""

import datetime as dt
import io

import numpy as np
import pandas as pd
import pytest

from twitchstats.errors import JournalError, OptionError, UnknownNameError
from twitchstats.journal import make_schema, read_journal, write_schema


def write_days(header, *columns, n=30, start="2024-03-01"):
    """Write a diary of n days, each column a function of the number of the day."""
    first = dt.date.fromisoformat(start)
    rows = [",".join([str(first + dt.timedelta(day)), *(str(column(day)) for column in columns)]) for day in range(n)]
    return "\n".join([f"date,{header}", *rows]) + "\n"


def tell(journal, *facts):
    return journal.variables.set_index("name")[list(facts)].to_dict("index")


def told(journal):
    return journal.rejects["message"].to_list()


# --- facts and how they are known -------------------------------------------------------------------------------------


def test_each_fact_says_how_it_is_known(read):
    journal = read(write_days("stress,zaps,Walk (km)", lambda day: day % 11, lambda day: day % 4, lambda day: day / 7))
    facts = journal.variables.set_index("name")[["known", "guessed"]]
    assert facts.loc["stress"].to_list() == ["dictionary", ""]
    assert facts.loc["zaps"].to_list() == ["guessed", "name, label, role, kind, low, unit, step, timing, combine"]
    assert facts.loc["walk"].to_list() == ["guessed", "name, label, role, kind, step, timing, combine"]


def test_a_drink_that_is_said_to_be_yes_or_no_has_no_unit_to_tell(read):
    schema = pd.DataFrame({"source": ["coffee"], "kind": ["yes/no"]})
    assert told(read(write_days("coffee", lambda day: "no" if day % 2 else "yes"), schema=schema)) == []


def test_the_step_of_an_effect_can_be_corrected(read):
    text = write_days("Walk (km)", lambda day: day / 7)
    schema = make_schema(read(text).variables)
    assert schema.loc[0, ["step", "guessed"]].to_list() == ["1", "name, label, role, kind, step, timing, combine"]
    journal = read(text, schema=schema.assign(step="2.5"))
    assert journal.variables.loc[0, ["step", "guessed"]].to_list() == [2.5, "name, label, role, kind, timing, combine"]
    with pytest.raises(JournalError) as caught:
        read(text, schema=schema.assign(step="0"))
    assert str(caught.value) == (
        "schema, row 2 (Walk (km)), step: '0' is not a number above 0. Write the step in which effects are told."
    )


def test_names_as_written_in_the_file_are_understood(read):
    journal = read(write_days("Muscle twitches,TST (min),Kaffee", *[lambda day: day % 9] * 3))
    for name in ("twitches", "Muscle twitches", "muscle_twitches", "twitch count"):
        assert journal.resolve_name(name) == "twitches"
    assert [journal.resolve_name(name) for name in ("TST (min)", "tst", "kaffee")] == ["tst", "tst", "caffeine"]
    with pytest.raises(UnknownNameError) as caught:
        journal.resolve_name("tsts")
    assert str(caught.value) == ("No variable named 'tsts'. Did you mean 'tst'? Known: 'twitches', 'tst', 'caffeine'.")


def test_a_schema_that_is_left_as_it_is_changes_nothing(read, tmp_path):
    text = write_days("stress,zaps,mood,notes,Walk (km)", *[lambda day: day % 9] * 3, lambda day: "x", lambda day: day)
    journal = read(text)
    write_schema(journal.variables, tmp_path / "schema.csv")
    again = read(text, schema=tmp_path / "schema.csv")
    pd.testing.assert_frame_equal(again.days, journal.days)
    facts = ["name", "role", "kind", "low", "high", "unit", "timing", "combine", "guessed"]
    pd.testing.assert_frame_equal(again.variables[facts], journal.variables[facts])
    assert again.variables["known"].to_list() == ["dictionary", "guessed", "guessed", "guessed", "guessed"]


def test_every_fact_can_be_corrected(read):
    text = write_days("zaps,TST,Q1", lambda day: day % 4, lambda day: 400 + day % 9, lambda day: day % 3)
    schema = make_schema(read(text).variables)
    schema.loc[0, "name"] = "twitches"
    schema.loc[1, ["name", "unit"]] = ["sleep", "min"]
    corrected = ["label", "role", "kind", "low", "high", "timing", "combine", "lagged", "outside"]
    schema.loc[2, corrected] = ["Pollen", "trigger", "rating", "0", "4", "day", "max", "1", "yes"]
    journal = read(text, schema=schema)
    assert journal.outcome == "twitches"
    assert journal.days["sleep"].iloc[0] == pytest.approx(400 / 60)
    row = journal.variables.set_index("name").loc["q1"]
    assert row[[*corrected, "unit", "known"]].to_list() == [
        "Pollen", "trigger", "rating", 0, 4, "day", "max", 1, True, "points of 4", "schema",
    ]  # fmt: skip


def test_a_schema_of_columns_that_are_not_there_is_told(read):
    assert told(read("date,twitches,stress\n2024-03-01,3,4\n", schema=io.StringIO("source,role\nstres,none\n")))[0] == (
        "the schema tells of columns that are not there, so nothing becomes of it: 'stres'. Did you mean 'stress'?"
    )


def test_the_outcome_can_be_said_in_the_schema(read):
    schema = io.StringIO("source,role\nzaps,outcome\n")
    assert read(write_days("zaps,pain", *[lambda day: day % 4] * 2), schema=schema).outcome == "zaps"


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ("source,kind\nTST,thing\n",
         "schema, row 2 (TST), kind: 'thing' is not one of count, amount, rating, yes/no, text, category."),
        ("source,timing\nTST,morning\n",
         "schema, row 2 (TST), timing: 'morning' is not one of night, day, bedtime, outside, not known."),
        ("source,low,high\nTST,5,3\n", "schema, row 2 (TST), low: 5 is not below high, 3."),
        ("source,low\nTST,x\n",
         "schema, row 2 (TST), low: 'x' is not a number. Write the lowest and highest value that can be."),
        ("source,lagged\nTST,\u00b3\n",
         "schema, row 2 (TST), lagged: '\u00b3' is not a whole number of days. Write 0 where nothing has been moved."),
        ("source,lagged\nTST,-1\n",
         "schema, row 2 (TST), lagged: '-1' is not a whole number of days. Write 0 where nothing has been moved."),
        ("source,outside\nTST,perhaps\n", "schema, row 2 (TST), outside: 'perhaps' is neither yes nor no."),
        ("name,kind\nTST,count\n",
         "The schema has no column 'source' that names the journal's columns. Write one with: check JOURNAL.csv "
         "--write-schema."),
        ("source,name,unit\nTST,sleep,kg\n",
         "schema (TST), unit: 'kg' can't be turned into h, the unit of sleep. Use one of h, min, s, or give the column "
         "another name."),
    ],
)  # fmt: skip
def test_an_impossible_schema_is_refused(read, schema, message):
    with pytest.raises(JournalError) as caught:
        read(write_days("TST", lambda day: 400 + day), schema=io.StringIO(schema))
    assert str(caught.value) == message


# --- timing -----------------------------------------------------------------------------------------------------------

EVENING = "id,ActivityDate,StartTime,EndTime,TST,effic,steps,mood\n" + "".join(
    f"s{person},2024-03-{day:02d},{'' if day == 5 else f'2024-03-{day:02d} 22:{person}0:00'},"
    f"{'' if day == 5 else f'2024-03-{day + 1:02d} 07:00:00'},{'' if day == 5 else 400 + day * 7 % 30},"
    f"{'' if day == 5 else 80 + day * 5 % 9},{9000 - day * 70 % 300},{1 + (day + person) % 5}\n"
    for person in (1, 2)
    for day in range(1, 13)
)


def test_nights_count_for_the_day_on_which_they_end(read):
    """The diary is filled in at 21:00 and the night of the same row follows: mood first, sleep second."""
    journal = read(EVENING)
    days = journal.days.loc["s1"]
    assert np.isnan(days["tst"].iloc[0])
    assert days["tst"].iloc[1:5].to_list() == [407, 414, 421, 428]
    assert days["effic"].iloc[1] == 85
    assert days["mood"].to_list()[:3] == [3, 4, 5]
    timing = journal.variables.set_index("name")["timing"]
    assert timing[["tst", "effic", "steps", "mood"]].to_list() == ["night", "night", "", ""]
    assert told(journal) == [
        "column ActivityDate: the days are taken from it, as no column is named 'date'",
        "column EndTime: the nights begin on the evening of their row's date and end the day after ('StartTime' to "
        "'EndTime'), so these columns count for the day on which the night ends: TST, effic; 2 nights end on a day "
        "without an entry and are left out",
    ]


def test_nights_that_end_on_their_date_stay_where_they_are(read):
    rows = "".join(f"2024-03-{d:02d},2024-03-{d - 1:02d} 23:00,2024-03-{d:02d} 07:00,{400 + d}\n" for d in range(2, 12))
    journal = read(f"date,bedtime,wake time,TST\n{rows}")
    assert journal.days["tst"].to_list() == [400 + day for day in range(2, 12)]
    assert journal.variables.set_index("name").loc["tst", "timing"] == "night"


def test_a_night_without_dates_has_no_place_in_the_day(read):
    journal = read(write_days("bedtime,sleep", lambda day: f"2{2 + day % 2}:30", lambda day: 7))
    assert journal.variables.set_index("name").loc["sleep", ["timing", "guessed"]].to_list() == ["", "timing"]
    assert told(journal)[0] == (
        "column bedtime: it tells when a night began but not on which date, so it is not known whether the night lies "
        "before or after its day; say timing in the schema (night: the night that ends on the row's day)"
    )


def test_a_night_that_the_schema_places_stays_there(read):
    text = write_days("bedtime,sleep", lambda day: f"2{2 + day % 2}:30", lambda day: 7 + day % 2)
    journal = read(text, schema=io.StringIO("source,timing\nsleep,night\n"))
    assert journal.variables.set_index("name").loc["sleep", ["timing", "guessed"]].to_list() == ["night", ""]
    assert told(journal) == ["column bedtime: it holds times of day, which are kept as text and not analysed"]


def test_own_columns_and_remedies_have_no_place_in_the_day(read):
    journal = read(write_days("mood,massage,ibuprofen,sleepiness", *[lambda day: day % 2] * 4))
    assert journal.variables["timing"].to_list() == ["", "", "", ""]


def test_columns_that_were_lagged_are_not_lagged_again(read):
    journal = read(
        write_days("stress_lag1,sleep lag 2,yesterday mood,lag3_pain,rest (t-1)", *[lambda day: day % 8] * 5)
    )
    assert tell(journal, "role", "lagged") == {
        "stress_lag1": {"role": "none", "lagged": 1}, "sleep_lag_2": {"role": "none", "lagged": 2},
        "yesterday_mood": {"role": "none", "lagged": 1}, "lag3_pain": {"role": "none", "lagged": 3},
        "rest_t_1": {"role": "none", "lagged": 1},
    }  # fmt: skip
    assert told(journal)[2] == (
        "column sleep lag 2: the file has moved it by 2 d already, so it is not lagged again and no trigger"
    )


# --- kinds ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "value", "kind", "low", "high", "unit"),
    [
        ("headache", lambda day: day % 11, "rating", 0, 10, "points of 10"),
        ("nausea", lambda day: day % 4, "rating", 0, 3, "points of 3"),
        ("itch", lambda day: 1 + day % 5, "rating", 1, 5, "points of 5"),
        ("mood", lambda day: 1 + day % 7, "rating", 1, 7, "points of 7"),
        ("energy", lambda day: day * 37 % 101, "rating", 0, 100, "points of 100"),
        ("stress", lambda day: 1 + day % 5, "rating", 1, 5, "points of 5"),
        ("pain", lambda day: day * 37 % 101, "rating", 0, 100, "points of 100"),
        ("zap", lambda day: day % 9, "rating", 0, 10, "points of 10"),
        ("attacks", lambda day: day % 4, "count", 0, np.nan, "a day"),
        ("hours worked", lambda day: day % 9, "amount", np.nan, np.nan, "h"),
        ("Magnesium 400 mg", lambda day: day % 4, "count", 0, np.nan, "a day"),
        ("Magnesium 300 mg", lambda day: 300 * (day % 3), "amount", np.nan, np.nan, "mg"),
        ("paracetamol 500mg", lambda day: day % 4, "count", 0, np.nan, "a day"),
        ("pain (VAS 0-100)", lambda day: day % 9, "rating", 0, 100, "points of 100"),
        ("stress (1 = none - 5 = worst)", lambda day: 1 + day % 5, "rating", 1, 5, "points of 5"),
        ("n_pill", lambda day: day % 4, "count", 0, np.nan, "a day"),
        ("Resting HR", lambda day: 50 + day % 9, "amount", np.nan, np.nan, ""),
    ],
)  # fmt: skip
def test_scales_are_kept_and_called_by_their_name(read, header, value, kind, low, high, unit):
    journal = read(write_days(header, value))
    assert journal.variables.loc[0, ["kind", "unit"]].to_list() == [kind, unit]
    np.testing.assert_array_equal(journal.variables.loc[0, ["low", "high"]].astype(float), [low, high])
    assert journal.days.iloc[:, 0].to_list() == [value(day) for day in range(30)]


def test_a_scale_of_the_dictionary_that_the_cells_deny_is_told(read):
    assert told(read(write_days("stress", lambda day: 1 + day % 5))) == [
        "column stress: it holds 1 to 5, so its scale is taken to be 1-5; if not, say it in the header, such as "
        "'stress (0-10)'"
    ]
    mild = read(write_days("stress", lambda day: [0, 0, 0, 0, 1, 1, 2, 0, 1, 0, 3 if day < 12 else 0][day % 11]))
    assert mild.variables.loc[0, ["high", "known", "guessed"]].to_list() == [10, "dictionary", ""]


def test_words_and_codes_become_a_column_for_each_level(read):
    journal = read(
        write_days("weather,weather code", lambda d: ["sun", "rain", "sun", "fog"][d % 4], lambda d: 1 + d % 3)
    )
    assert journal.days.columns.to_list() == [
        "weather", "weather_rain", "weather_fog", "weather_code", "weather_code_2", "weather_code_3",
    ]  # fmt: skip
    assert journal.days["weather_rain"].to_list()[:4] == [0, 1, 0, 0]
    row = journal.variables.set_index("name").loc["weather_rain"]
    assert row[["source", "label", "kind", "level"]].to_list() == [
        "weather", "weather: rain (against sun)", "yes/no", "rain",
    ]  # fmt: skip
    assert journal.variables.set_index("name").loc["weather_code", "kind"] == "text"


@pytest.mark.parametrize(
    ("header", "value", "message"),
    [
        ("entry id", lambda day: 100 + day * 3, "it looks like an id, so it is kept as text and not analysed"),
        ("days since", lambda day: day % 5,
         "it tells a time since something, which only rises, so it is kept as text and not analysed"),
        ("total so far", lambda day: day * day + 2, "it only rises, as a counter does, so it is no trigger"),
        ("week", lambda day: 9 + day // 7, "it tells a part of the date, so it is kept as text and not analysed"),
        ("device", lambda day: 7, "it never changes, so it is no trigger"),
        ("id", lambda day: 31 - day, "it numbers the rows, so it is kept as text and not analysed"),
    ],
)  # fmt: skip
def test_what_is_no_trigger(read, header, value, message):
    journal = read(write_days(f"{header},twitches", value, lambda day: day % 3))
    assert journal.variables.loc[0, "role"] == "none"
    assert told(journal) == [f"column {header}: {message}"]


def test_what_never_changes_within_a_person_describes_the_person(read):
    rows = "".join(f"p{who},2024-03-{day:02d},{22 + who},{day % 3}\n" for who in range(3) for day in range(1, 9))
    journal = read(f"person,date,bmi,twitches\n{rows}")
    assert journal.variables.set_index("name").loc["bmi", "role"] == "person"


def test_causes_from_outside(read):
    journal = read(write_days("rain mm,mood", *[lambda day: day % 4] * 2))
    assert journal.variables["outside"].to_list() == [True, False]


# --- several rows of a day --------------------------------------------------------------------------------------------


def test_rows_of_a_day_each_in_its_way(read):
    """By hand: twitches 1 + 2, pain the higher of 4 and 6, mood (4 + 6) / 2, sleep and dose not added up."""
    journal = read(
        "date,twitches,pain,mood,sleep,dose (mg),took pill\n"
        "2024-03-01,1,4,4,7.5,50,no\n2024-03-01,2,6,6,8,50,yes\n2024-03-02,1,2,3,7,0,no\n"
    )
    assert journal.days.iloc[0].to_dict() == {
        "twitches": 3, "pain": 6, "mood": 5, "sleep": 8, "dose": 50, "took_pill": 1,
    }  # fmt: skip
    assert told(journal)[-1] == (
        "row 3: 'me' has an entry for 2024-03-01 in row 2 already, and the two became one (added up: twitches; the "
        "highest taken: pain, sleep, dose (mg); averaged: mood; yes if any says yes: took pill)"
    )


def test_equal_rows_are_one_row(read):
    journal = read("date,twitches\n2024-03-01,3\n2024-03-01,3\n2024-03-02,4\n2024-03-02,1\n")
    assert journal.days["twitches"].to_list() == [3, 5]
    assert told(journal)[0] == (
        "row 3: 'me' has the same entry for 2024-03-01 already, so it counts once; if not, add the time of each"
    )
    timed = read("date,time,mg\n2024-03-01,8:00,400\n2024-03-01,14:00,400\n2024-03-02,8:00,400\n")
    assert timed.rejects["rule"].to_list().count("same_row") == 0
    stamped = read("date,twitches\n2024-03-01 8:00,3\n2024-03-01 14:00,3\n2024-03-02 8:00,4\n")
    assert stamped.days["twitches"].to_list() == [6, 4]


def test_a_day_s_value_that_is_repeated_on_each_row_is_not_added_up(read):
    rows = "".join(f"2024-03-{day:02d},{day},{drug}\n" for day in range(1, 6) for drug in ("a", "b"))
    journal = read(f"date,twitches,drug\n{rows}")
    assert journal.days["twitches"].to_list() == [1, 2, 3, 4, 5]
    assert told(journal)[0] == (
        "column twitches: its rows of a day always repeat one value, so it is the day's value and not added up"
    )


def test_rows_of_a_day_that_only_rise_are_told(read):
    rows = "".join(f"2024-03-{day:02d},{n},{n * 40 % 70}\n" for day in range(1, 8) for n in (day, day + 3))
    assert told(read(f"date,twitches so far (count),puffs\n{rows}"))[-8] == (
        "column twitches so far (count): within each day its rows only rise, and they are added up; if they are "
        "readings of a running total, say combine = max in the schema"
    )


def test_a_sum_beyond_what_is_plausible_is_questioned(read):
    journal = read("date,caffeine (mg)\n2024-03-01,2000\n2024-03-01,1500\n2024-03-02,100\n")
    assert journal.days["caffeine"].fillna(-1).to_list() == [-1, 100]
    assert told(journal)[0] == (
        "row 2, caffeine (mg): the rows of 2024-03-01 add up to 3500, above the plausible 3000; if they should not be "
        "added up, set combine in the schema"
    )


# --- people and attacks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["username", "registration_number", "login", "e-mail", "name"])
def test_a_column_that_looks_like_a_person_is_asked_about(read, header):
    text = f"date,{header},twitches\n" + "".join(f"2024-03-0{d},u{d % 2},{d}\n" for d in range(1, 7))
    header = "email" if header == "e-mail" else header
    text = text.replace("e-mail", "email")
    with pytest.raises(JournalError) as caught:
        read(text)
    assert str(caught.value) == (
        f"Column {header!r} holds 2 different names or codes. If it says whose row it is, name it: person={header!r} "
        '(command line: --person). If all rows are one person\'s, say person="none" (--person none).'
    )
    assert len(read(text, person=header).days.index.levels[0]) == 2
    assert list(read(text, person="none").days.index.levels[0]) == ["me"]


def test_unique_ids_of_an_undated_table_are_asked_about(read):
    with pytest.raises(
        JournalError, match=r"Column 'id' holds 4 different names or codes\. If it says whose row it is"
    ):
        read("id,pain\nP1,3\nP2,4\nP3,3\nP4,2\n", order="none")


ATTACKS = "day\tpain\tdrug\n"
ATTACKS += "".join(f"2024-03-{d:02d}\t{4 + d % 3}\tx\n" for d in range(1, 31) if d % 4 != 1 or d == 1)


def test_a_log_of_attacks_is_recognised(read):
    assert told(read(ATTACKS))[0] == (
        "every entry has Pain above zero, and 7 days between have no entry, as in a log of attacks. Days without it "
        "are missing, so nothing can be concluded on what brings it on. If a day without an entry is a day without it, "
        'say absent="none" (command line: --absent none)'
    )


def test_days_between_attacks_can_be_filled(read):
    journal = read(ATTACKS, absent="none")
    assert len(journal.days) == 30
    assert (journal.days["pain"] == 0).sum() == 7
    assert journal.days["drug"].isna().sum() == 7
    assert journal.rows_read == 23
    assert told(journal)[0] == (
        '7 days without an entry were filled in as days without Pain, as absent="none" says; everything else of those '
        "days is not known"
    )
    with pytest.raises(OptionError) as caught:
        read(ATTACKS.replace("pain", "mood (1-9)"), absent="none", outcome="mood")
    assert str(caught.value) == 'absent="none" is not possible: mood (1-9) has no 0 on its scale, which begins at 1.'


def test_a_diary_with_days_without_is_no_log_of_attacks():
    frame = pd.DataFrame({"date": pd.date_range("2024-01-01", periods=40, freq="3D"), "twitches": np.arange(40) % 5})
    assert read_journal(frame).rejects.empty
