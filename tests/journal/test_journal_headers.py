"""Headers and cells as people keep them: questions of forms, seven languages, odd cells; values are made up."""

import math

import pytest

from twitchstats.errors import JournalError


def write_days(header, columns, n=28):
    rows = [f"2024-01-{day + 1:02d}," + ",".join(str(column(day)) for column in columns) for day in range(n)]
    return "\n".join([f"date,{header}", *rows]) + "\n"


def told(journal):
    return journal.rejects["message"].to_list()


@pytest.mark.parametrize(
    ("header", "name", "kind", "first"),
    [
        ("# of twitches today?", "twitches", "count", 3),
        ("Number of leg cramps", "cramps", "count", 3),
        ("Hrs slept last night", "sleep", "amount", 6),
        ("How many hours did you sleep last night?", "sleep", "amount", 6),
        ("Did you drink coffee? (cups)", "caffeine", "amount", 3 * 95),
        ("No. of coffees", "caffeine", "amount", 3 * 95),
        ("Did you take magnesium today? (mg)", "magnesium", "amount", 300),
        ("Rate your stress today (1-10)", "stress", "rating", 3),
        ("How tired are you? (0-10)", "fatigue", "rating", 3),
        ("How would you rate your sleep quality? [1-10]", "sleep_quality", "rating", 3),
        ("Coffee yes/no", "caffeine", "yes/no", 1),
        ("Niveau de stress", "stress", "rating", 3),
        ("Livello di stress", "stress", "rating", 3),
        ("Horas dormidas", "sleep", "amount", 6),
        ("Stunden geschlafen", "sleep", "amount", 6),
        ("Estiramientos", "stretching", "yes/no", 1),
        ("Massaggio", "massage", "yes/no", 1),
        ("\u00c9tirements", "stretching", "yes/no", 1),
        ("Entspannung", "relaxation", "yes/no", 1),
    ],
)
def test_headers_as_forms_and_other_languages_have_them(read, header, name, kind, first):
    cell = {"yes/no": lambda day: ("no", "yes")[day % 2], "amount": lambda day: {6: 5 + day % 4}.get(first, day % 4)}
    values = cell.get(kind, lambda day: 2 + day % 7)
    if name == "magnesium":
        values = lambda day: 100 * (2 + day % 3)  # noqa: E731
    if first == 3 * 95:
        values = lambda day: 2 + day % 3  # noqa: E731
    journal = read(write_days(f'"{header}"', [values]))
    assert journal.variables.loc[0, ["name", "kind"]].to_list() == [name, kind]
    assert journal.days[name].iloc[1] == first


def test_how_something_was_does_not_ask_for_hours_of_it(read):
    journal = read(write_days("How was your sleep?", [lambda day: 5 + day % 4]))
    assert journal.variables.loc[0, ["role", "kind"]].to_list() == ["own", "rating"]


def test_a_level_in_spanish_is_no_count(read):
    journal = read(write_days("Nivel de estrés matinal", [lambda day: day % 10]))
    assert journal.variables.loc[0, "kind"] == "rating"


@pytest.mark.parametrize(
    ("header", "unit", "combine"),
    [
        ("distance_km", "km", "sum"),
        ("weight_lbs", "lbs", "mean"),
        ("deep_sleep_percent", "percent", "mean"),
        ("kcal", "kcal", "sum"),
        ("sleep_performance_pct", "pct", "mean"),
        ("VO2 Max (ml/(kg min))", "ml/(kg min)", "mean"),
    ],
)
def test_the_last_word_of_a_header_may_be_its_unit(read, header, unit, combine):
    row = read(write_days(header, [lambda day: 40 + day % 9])).variables.iloc[0]
    assert (row["kind"], row["unit"], row["combine"]) == ("amount", unit, combine)


@pytest.mark.parametrize("header", ["Duration", "meditation_duration"])
def test_a_duration_without_a_unit_is_no_count(read, header):
    assert read(write_days(header, [lambda day: 300 + 7 * day])).variables.loc[0, "kind"] == "amount"


def test_hours_and_minutes_of_an_entry_are_no_triggers(read):
    journal = read(
        write_days("Hour,Minute,mood", [lambda day: 8 + day % 12, lambda day: day * 7 % 60, lambda day: day % 9])
    )
    assert journal.variables["role"].to_list() == ["none", "none", "own"]


@pytest.mark.parametrize("header", ["pain", "anxious", "tired"])
def test_ticks_under_the_name_of_a_rating_are_yes_and_no(read, header):
    journal = read(write_days(header, [lambda day: 1 if day % 2 else ""]))
    assert journal.variables.loc[0, "kind"] == "yes/no"
    assert told(journal) == [
        f"column {header}: its cells say yes or no, so it is read as yes/no and not in points of 10; it never says no; "
        "a blank counts as not known, so write no (or 0) on the days without it"
    ]
    scaled = read(write_days(f"{header} (0-10)", [lambda day: day % 2]))
    assert scaled.variables.loc[0, "kind"] == "rating"


@pytest.mark.parametrize(
    ("header", "cell", "message"),
    [
        ("sleep (h)", "22:30", "'22:30' may be a time of day; if it lasted so long, write 22.5"),
        ("exercise", "7:30", "'7:30' may be a time of day; if it lasted so long, write 450"),
        ("sleep (h)", "10.30pm", "'10.30pm' is not a number; write a figure, or leave the cell blank"),
        ("Steps", "22:30", "'22:30' is not a number; write a figure, or leave the cell blank"),
        ("sleep (h)", "++", "'++' is not a number; write a figure, or leave the cell blank"),
        ("twitches", "3-4", "'3-4' is not a number; write a figure, or leave the cell blank"),
        ("twitches", ">10", "'>10' is not a number; write a figure, or leave the cell blank"),
        ("heart_rate", "0", "0 stands far from all other figures, as a code for 'not recorded' does"),
    ],
)
def test_one_odd_cell_is_refused_and_its_column_stays(read, header, cell, message):
    figures = {"heart_rate": 60, "exercise": 20, "Steps": 4000}.get(header, 5)
    journal = read(write_days(header, [lambda day: cell if day == 9 else figures + day % 4]))
    assert journal.variables.loc[0, "kind"] != "text"
    assert math.isnan(journal.days.iloc[9, 0])
    assert journal.days.iloc[:, 0].notna().sum() == 27
    assert told(journal) == [f"row 11, {header}: {message}"]


def test_a_third_of_odd_cells_is_refused_and_the_column_stays(read):
    journal = read(write_days("zaps", [lambda day: "some" if day % 3 == 0 else day % 5]))
    assert journal.variables.loc[0, "kind"] == "count"
    assert told(journal)[0] == "row 2, zaps: 'some' is not a number; write a figure, or leave the cell blank"
    assert len(told(journal)) == 10


def test_minutes_beside_hours_and_minutes_stay_text(read):
    journal = read(write_days("awake in bed", [lambda day: "1:10" if day % 4 == 0 else 20 + day]))
    assert journal.variables.loc[0, "kind"] == "text"


def test_the_severities_of_several_symptoms_are_not_averaged(read):
    rows = [f"2024-01-{day + 1:02d},{name},{4 + day % 3}" for day in range(9) for name in ("nausea", "rash")]
    journal = read("\n".join(["date,symptom,severity", *rows]) + "\n")
    severities = [4.0 + day % 3 for day in range(9)]
    assert journal.days.to_dict("list") == {"nausea_severity": severities, "rash_severity": severities}
    with pytest.raises(JournalError) as caught:
        read("\n".join(["date,symptom,severity,stress", *(f"{row},{n}" for n, row in enumerate(rows))]) + "\n")
    assert str(caught.value) == (
        "The table holds one reading a row: 'symptom' says what 'severity' measures ('nausea', 'rash', ...). "
        "Read the file with format=\"long table\" (command line: --format 'long table'), or reshape it to one row a "
        "day with a column for each, for example with pandas: "
        "frame.pivot_table(index=[...], columns='symptom', values='severity')."
    )


def test_a_number_of_rows_with_a_slip_is_no_person(read):
    text = "".join(f"{min(day, 38)},2024-{1 + day // 28:02d}-{1 + day % 28:02d},{day % 5}\n" for day in range(40))
    assert read("id,date,twitches\n" + text).days.index.unique("person").to_list() == ["me"]


def test_sleep_that_may_be_rated_is_not_read_as_hours(read):
    journal = read(write_days("sleep", [lambda day: day * 7 % 10]))
    assert journal.variables.loc[0, ["name", "role"]].to_list() == ["my_sleep", "own"]
    assert told(journal)[0] == (
        "column sleep: its whole figures, 0 to 9, may be ratings, so it stays a variable of your own; if they are "
        "hours, say so in the header, such as 'sleep (h)'"
    )
    assert read(write_days("sleep (h)", [lambda day: day * 7 % 10])).variables.loc[0, "name"] == "sleep"


@pytest.mark.parametrize(("header", "combine"), [("protein", "sum"), ("fat", "sum"), ("body fat", "max")])
def test_what_is_eaten_at_several_meals_is_added_up(read, header, combine):
    assert read(write_days(header, [lambda day: 20 + 3 * day])).variables.loc[0, "combine"] == combine


def test_a_streak_of_days_is_no_trigger(read):
    assert read(write_days("Streak", [lambda day: day % 5])).variables.loc[0, "role"] == "none"


def test_numbered_questions_are_no_doses(read):
    assert read(write_days("bpi9g", [lambda day: day % 9])).variables.loc[0, "kind"] == "rating"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Wie viele Zuckungen hatten Sie heute?", "twitches"),
        ("Combien de crampes avez-vous eu aujourd'hui ?", "cramps"),
        ("\u00bfCu\u00e1ntos calambres tuvo hoy?", "cramps"),
        ("Quanti crampi ha avuto oggi?", "cramps"),
        ("Hoeveel krampen had je vandaag?", "cramps"),
        ("Wie viele Tassen Kaffee haben Sie getrunken?", "caffeine"),
        ("calambre", "cramps"),
        ("crampe", "cramps"),
        ("Muskelkrampf", "cramps"),
        ("Zuckung", "twitches"),
        ("espasmo", "spasms"),
    ],
)
def test_counts_as_forms_of_other_languages_ask_for_them(read, header, name):
    assert read(write_days(header, [lambda day: day % 6])).variables.loc[0, "name"] == name


def test_contractions_are_asked_about_unless_cramps_stand_beside(read):
    alone = read(write_days("contrazioni", [lambda day: day % 6]))
    assert alone.variables.loc[0, "name"] == "contrazioni"
    assert "this word has several meanings" in told(alone)[0]
    both = read(write_days("contrazioni,crampi", [lambda day: day % 6, lambda day: day % 3]))
    assert both.variables["name"].to_list() == ["twitches", "cramps"]


@pytest.mark.parametrize("n", [9, 60])
@pytest.mark.parametrize(("figure", "slip"), [(80, 805), (70, 7), (36.5, 365)])
def test_a_figure_of_another_order_of_size_is_told_and_kept(read, n, figure, slip):
    lines = write_days("weight", [lambda day: slip if day == 4 else figure + day % 3 / 2]).splitlines()
    journal = read("\n".join(lines[: n + 1]))
    assert journal.days["weight"].iloc[4] == slip
    assert f"column weight: figures such as {slip} lie far beyond all others and are kept" in told(journal)[0]


def test_one_figure_beyond_ten_makes_no_scale_of_a_hundred(read):
    journal = read(write_days("itch", [lambda day: 55 if day == 4 else 1 + day % 8]))
    assert journal.variables.loc[0, "high"] == 10
    assert "row 6, itch: 55 is outside 0-10" in told(journal)[0]
