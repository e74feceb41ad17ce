"""Tables by anybody that have another shape than a row a day: a reading a row, an event a row."""

import datetime as dt
import io

import pandas as pd
import pytest

from twitchstats.errors import JournalError
from twitchstats.journal import read_journal

DAYS = [f"2024-03-{day:02}" for day in range(1, 13)]


def read(text, **options):
    return read_journal(io.StringIO(text), today=dt.date(2024, 12, 31), **options)


def told(journal):
    return journal.rejects["message"].to_list()


def lay_out(header, *rows):
    """Return a table with these rows for each day, which may hold its number {n}."""
    body = (row.format(day=day, n=n % 7) for n, day in enumerate(DAYS) for row in rows)
    return "\n".join([header, *body]) + "\n"


def test_each_item_has_its_unit_and_a_name_is_a_person():
    rows = "Ann,{day},Coffee,{n},cups", "Ann,{day},Water,{n}00,ml", "Ann,{day},Twitches,{n},"
    journal = read(lay_out("name,date,item,amount,unit", *rows))
    assert journal.variables["name"].to_list() == ["caffeine", "fluid", "twitches"]
    assert journal.days.loc[("Ann", pd.Timestamp("2024-03-03"))].to_list() == [190, 0.2, 2]
    assert "long table: 'item' says what each 'amount' is, and 'name' whose it is." in told(journal)


def test_units_that_differ_within_an_item_are_read_cell_by_cell():
    text = lay_out("date,item,amount,unit", "{day},Water,{n}00,ml").replace("500,ml", "0.5,L")
    assert read(text).days["fluid"].to_list()[4:6] == [0.4, 0.5]


def test_names_of_people_are_asked_about_and_names_of_symptoms_are_not():
    with pytest.raises(JournalError, match="If it says whose row it is, name it: person='name'"):
        read(lay_out("name,date,score", "Ann,{day},{n}", "Ben,{day},{n}"))
    journal = read(lay_out("name,date,score", "Headache,{day},{n}", "Mood,{day},{n}"))
    assert journal.variables["name"].to_list() == ["headache_score", "mood_score"]
    assert journal.outcome == "headache_score"


@pytest.mark.parametrize(
    ("header", "cell"), [("date,drug,mg", "200"), ("date,medication,dose", "200 mg"), ("date,what,dose", "200mg")]
)
def test_doses_of_several_medicines_are_not_one_column(header, cell):
    journal = read(lay_out(header, f"{{day}},Sumatriptan,{cell}", f"{{day}},Magnesium,{cell}"))
    assert journal.variables["name"].to_list() == ["sumatriptan", "magnesium"]
    assert journal.variables["unit"].to_list() == ["mg", "mg"]


@pytest.mark.parametrize(
    "header", ["date,item,price", "date,what it is,how far", "date,category,item,amount", "date,time of day,score"]
)
def test_what_is_not_clear_is_asked_about(header):
    names = (
        ["morning", "evening"]
        if "time" in header
        else ["x,tea", "y,coffee", "x,coffee"]
        if "cat" in header
        else ["coffee", "beer"]
    )
    with pytest.raises(JournalError, match="holds one reading a row"):
        read(lay_out(header, *(f"{{day}},{name},{{n}}" for name in names)))


def test_times_and_notes_may_stand_beside_readings():
    text = lay_out("date,time,symptom,severity (0-10),notes", "{day},8:00,pain,{n},", "{day},9:00,Zucken,{n},at desk")
    journal = read(text)
    assert journal.variables["name"].to_list() == ["pain", "intensity", "zucken_severity_0_10_notes"]
    assert journal.days["pain"].to_list()[:3] == [0, 1, 2]


def test_a_rating_by_a_word_for_scales_is_the_known_one_unless_another_is():
    text = lay_out("date,twitch_nrs,pain_vas,fatigue_0_10", "{day},{n},{n},{n}")
    assert read(text).variables["name"].to_list() == ["intensity", "pain", "fatigue"]
    text = lay_out("date,pain severity,pain strength,stress severity,stress", "{day},{n},{n},{n},{n}")
    assert read(text).variables["name"].to_list() == ["pain_severity", "pain_strength", "stress_severity", "stress"]


def test_rows_with_a_start_are_events_and_no_days():
    text = lay_out("start,end,site,intensity", "{day} 08:00,{day} 08:0{n},left calf,{n}.5", "{day} 21:00,,eyelid,3")
    journal = read(text.replace("2024-03-05", "2024-04-05"))
    assert journal.outcome == "events"
    assert journal.days["events"].to_list() == [2.0] * 12
    assert journal.episodes.loc[2, ["duration_s", "site", "side", "intensity"]].to_list() == [60, "calf", "left", 1.5]
    assert journal.episodes["start"].iloc[-1] == pd.Timestamp("2024-04-05 21:00")
    messages = " ".join(told(journal))
    assert "it can't tell what makes one come" in messages
    assert "add a column 'kind'" in messages
    filled = read(text.replace("2024-03-05", "2024-04-05"), absent="none")
    assert len(filled.days) == 36
    assert (filled.days["events"] == 0).sum() == 24


def test_kinds_of_events_are_counted_apart():
    journal = read(lay_out("Datum;Uhrzeit;kind;Schmerz", "{day};8:00;Krampf;{n}", "{day};9:00;twitch;{n}"))
    assert journal.days[["cramps", "twitches"]].to_numpy().tolist() == [[1.0, 1.0]] * 12
    assert journal.episodes["start"].iloc[0] == pd.Timestamp("2024-03-01 08:00")


@pytest.mark.parametrize("header", ["date,site,pain", "start,end", "start,end,quality", "date,start,site"])
def test_a_row_a_day_and_nights_are_no_events(header):
    row = ",".join({"date": "{day}", "site": "calf", "pain": "{n}", "quality": "{n}"}.get(name, "{day} 23:00")
                   for name in header.split(","))  # fmt: skip
    if "date" in header:
        assert "events" not in read(lay_out(header, row.replace("{day} 23:00", "23:00"))).days
    else:
        with pytest.raises(JournalError, match="No date column"):
            read(lay_out(header, row))


def test_who_names_the_dates_takes_rows_for_days():
    journal = read(lay_out("start,end,site,intensity", "{day} 08:00,,calf,{n}"), date="start")
    assert "events" not in journal.days


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("Asleep (h m)", ["7h 30m", "7 h 30", "7:30 h", "450 min"]),
        ("Schlaf", ["7 Std. 30 Min.", "7 Stunden 30 Minuten", "7:30 Std", "7,5 h"]),
        ("sleep", ["7 hours and 30 minutes", "7hrs, 30mins", "7 h 30 m", "7:30"]),
        ("slaap", ["7 uur 30", "7u30", "7 uur en 30 minuten", "7,5 uur"]),
    ],
)
def test_hours_and_minutes_as_people_write_them(header, cells):
    rows = [f"{day}\t{cells[n % 4]}\t{n}" for n, day in enumerate(DAYS)]
    journal = read("\n".join([f"date\t{header}\ttwitches", *rows]) + "\n")
    assert journal.days["sleep"].to_list() == [7.5] * 12


def test_categories_of_items_add_nothing():
    journal = read(lay_out("date,category,item,amount", "{day},Food,Coffee (cups),{n}", "{day},Symptom,Twitches,{n}"))
    assert journal.variables["name"].to_list() == ["caffeine", "twitches"]


def test_durations_with_their_units_are_hours():
    cells = ["2h 10m", "3h", "45m", "0"]
    journal = read("date,screen,swim\n" + "".join(f"{day},{cells[n % 4]},{n}00m\n" for n, day in enumerate(DAYS)))
    assert journal.days["screen"].round(4).to_list()[:4] == [2.1667, 3, 0.75, 0]
    assert journal.variables.set_index("name").loc["screen", "unit"] == "h"
    assert journal.variables.set_index("name").loc["swim", "kind"] == "text"
    units = [("450", "min"), ("7.5", "h")]
    rows = "".join(f"{day},{','.join(units[n % 2])}\n" for n, day in enumerate(DAYS))
    assert read(f"date,sleep,sleep unit\n{rows}").days["sleep"].to_list() == [7.5] * 12


def test_figures_without_a_unit_among_durations_are_no_hours():
    cells = ["45", "1h 10m", "30", "1h"]
    rows = "".join(f"{day},{cells[n % 4]},{cells[n % 4]}\n" for n, day in enumerate(DAYS))
    journal = read(f"date,walking,commute (min)\n{rows}")
    assert journal.variables["kind"].to_list() == ["text", "amount"]  # 45 was 45 hours
    assert journal.days["commute"].to_list()[:4] == [45, 70, 30, 60]


def test_an_hour_has_no_75_minutes():
    journal = read(lay_out("date,sleep", "{day},7h 30m").replace("05,7h 30m", "05,7h 75m"))
    assert journal.days["sleep"].isna().sum() == 1
    assert any("7h 75m" in message for message in told(journal))


def test_rows_of_intensity_0_are_no_events():
    journal = read(lay_out("start,site,intensity", "{day} 08:00,calf,{n}"))
    assert journal.days["events"].to_list() == [0, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1]
    assert len(journal.episodes) == 10
    assert any("2 rows of intensity 0 (the first: line 2) are no events" in message for message in told(journal))


def test_events_tell_of_later_ends_and_of_utc():
    nights = zip(DAYS[::2], DAYS[1::2], strict=True)
    rows = "".join(f"{day}T22:00:00Z,{after}T06:00:00Z,calf\n" for day, after in nights)
    messages = " ".join(told(read(f"start,end,site\n{rows}")))
    assert "6 events end on a later day than they begin (the first: line 2)" in messages
    assert "6 times are in UTC" in messages


@pytest.mark.parametrize("treatment", ["Ibuprofen", "Magnesium"])
def test_doses_of_medicines_in_flaredown_are_amounts(treatment):
    header = f"Date,Headache,{treatment},Tags,Foods,Weather Summary"
    journal = read(lay_out(header, "{day},{n},{n}00 mg,,,").replace(",6,600 mg", ",6,Not Taken"))
    name = "ibuprofen_dose" if treatment == "Ibuprofen" else "magnesium"  # a pain reliever alone is yes or no
    assert journal.days[name].to_list()[:7] == [0, 100, 200, 300, 400, 500, 0]


def test_a_diary_of_days_is_no_log_of_events():
    daily = read(lay_out("started,pain,stress", "{day} 21:00,{n},{n}"), date="started")
    assert daily.days.columns.to_list() == ["pain", "stress"]
    with pytest.raises(JournalError, match="No date column"):
        read(lay_out("started,pain,stress", "{day} 21:00,{n},{n}"))
    twice = lay_out("timestamp,site,pain", "{day} 21:00,calf,{n}") + "2024-03-12 22:00,calf,3\n"
    assert read(twice).outcome == "pain"


def test_several_names_beside_items_are_asked_about():
    text = lay_out("who,date,item,amount", "Ann,{day},Twitches,{n}", "Ben,{day},Twitches,3", "Ben,{day},Stress,3")
    with pytest.raises(
        JournalError, match="holds 2 different names or codes. If it says whose row it is, name it: person='who'"
    ):
        read(text)
    assert read(text, person="who").days.loc["Ann", "twitches"].to_list()[:3] == [0, 1, 2]
    assert read(text, person="none").days["twitches"].to_list()[:3] == [3, 4, 5]


@pytest.mark.parametrize("unit", ["h m", "h:mm", "h.mm"])
def test_half_past_behind_a_point_is_no_part_of_ten(unit):
    journal = read(lay_out(f"date,Sleep ({unit}),twitches", "{day},7.30,{n}"))
    assert journal.variables.loc[0, "kind"] == "text"
    assert any("so 7.30 is not 7.3 h" in message for message in told(journal))
    assert read(lay_out(f"date,Sleep ({unit}),twitches", "{day},7:30,{n}")).days["sleep"].iloc[0] == 7.5
