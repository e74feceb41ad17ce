"""Headers: which variable, which unit, which scale; and what an unknown column becomes."""

import re

import pytest

from twitchstats.errors import JournalError, UnknownNameError
from twitchstats.journal.evidence import round_step
from twitchstats.journal.variable import match_header, split_header


def match(header):
    return match_header(header)


@pytest.mark.parametrize(
    ("header", "name", "factor"),
    [
        ("caffeine", "caffeine", 1), ("Caffeine (mg)", "caffeine", 1), ("CAFFEINE [g]", "caffeine", 1000),
        ("coffee", "caffeine", 95), ("Cups of coffee", "caffeine", 95), ("coffee (mg)", "caffeine", 1),
        ("Kaffee (Tassen)", "caffeine", 95), ("espresso", "caffeine", 63), ("mg caffeine", "caffeine", 1),
        ("sleep hrs", "sleep", 1), ("sleepHours", "sleep", 1), ("Sleep (min)", "sleep", 1 / 60),
        ("sleep_minutes", "sleep", 1 / 60), ("Sleep (h:mm)", "sleep", 1), ("Schlaf", "sleep", 1),
        ("sleep (last night)", "sleep", 1), ("exercise", "exercise", 1), ("exercise (h)", "exercise", 60),
        ("minutes of exercise", "exercise", 1), ("water", "fluid", 1), ("Water (ml)", "fluid", 0.001),
        ("water, ml", "fluid", 0.001), ("Fluid intake (L/day)", "fluid", 1), ("glasses of water", "fluid",
        0.2365882365),
        ("units of alcohol", "alcohol", 8 / 14), ("alcohol (g)", "alcohol", 1 / 14), ("Twitches (per day)",
        "twitches", 1),
        ("Muscle twitching", "twitches", 1), ("Fasciculations (0-10)", "intensity", 1),
        ("stretching (yes/no)", "stretching", 1),
    ],
)  # fmt: skip
def test_known_headers(header, name, factor):
    found = match(header)
    assert found.name == name
    assert found.factor == pytest.approx(factor, rel=1e-9)


@pytest.mark.parametrize(
    "header",
    ["moon phase", "twitches (left calf)", "magnesium (tablets)", "caffeine (h)", "cramps (0-10)", "diuretic (h)",
    "sleeping pills", "coffee (g)"],
)  # fmt: skip
def test_a_header_that_says_something_else_stays_the_users_own(header):
    assert not match(header).canonical


@pytest.mark.parametrize(
    ("header", "scale"),
    [
        ("stress /5", (0, 5)), ("Stress (0-100)", (0, 100)), ("pain 1-10", (1, 10)), ("pain out of 5", (0, 5)),
        ("stress [0 to 4]", (0, 4)), ("stress", None), ("stress (0/1)", None), ("twitches 2024", None),
    ],
)  # fmt: skip
def test_scales(header, scale):
    assert split_header(header).scale == scale


def test_a_scale_in_the_header_is_kept_and_never_rescaled(read):
    journal = read("date,stress (0-100),pain /5\n2024-03-01,70,4\n2024-03-02,101,6\n")
    assert journal.days.iloc[0].to_dict() == {"stress": 70.0, "pain": 4.0}
    told = journal.variables.set_index("name")[["low", "high", "unit", "step"]]
    assert told.loc["stress"].to_list() == [0, 100, "points of 100", 10]
    assert told.loc["pain"].to_list() == [0, 5, "points of 5", 1]
    assert journal.rejects["message"].to_list() == [
        "row 3, pain /5: 6 is outside 0-5",
        "row 3, stress (0-100): 101 is outside 0-100",
    ]


def test_two_headers_for_one_variable_are_refused(read):
    message = (
        "Columns 'caffeine' and 'coffee' both mean 'caffeine'. Rename or remove one, or keep one as a variable of your "
        "own: columns={'coffee': \"my_coffee\"} (command line: --column)."
    )
    for header in ("date,coffee,caffeine", "date,caffeine,coffee"):
        with pytest.raises(JournalError, match=re.escape(message)):
            read(f"{header}\n2024-03-01,2,100\n")
    journal = read("date,coffee,caffeine\n2024-03-01,2,100\n", columns={"coffee": "my_coffee"})
    assert journal.days.iloc[0].to_dict() == {"my_coffee": 2.0, "caffeine": 100.0}
    assert journal.variables.set_index("name").loc["my_coffee", ["role", "source"]].to_list() == ["own", "coffee"]


def test_a_column_can_be_read_as_another(read):
    journal = read("date,zaps\n2024-03-01,2\n", columns={"zaps": "twitches"})
    assert journal.outcome == "twitches"
    assert journal.variables.loc[0, "source"] == "zaps"


def test_renaming_a_column_that_is_not_there_is_refused(read):
    message = "No column (asked for as columns=) named 'zap'. Did you mean 'zaps'? Known: 'date', 'zaps'."
    with pytest.raises(UnknownNameError, match=re.escape(message)):
        read("date,zaps\n2024-03-01,2\n", columns={"zap": "twitches"})


OWN = """date,flag,ja,steps,sneezes,mood,weight (kg),screen minutes,Notes,colour,long walk duration,empty
2024-03-01,0,ja,4000,2,7,70.5,30,12,red,0:30,
2024-03-02,1,nein,9000,0,5,71.25,45,13,blue,1:15,
2024-03-03,0,ja,12000,5,6,70.0,90,14,red,0:00,
"""


def test_unknown_columns_are_kept_and_their_kind_is_inferred(read):
    journal = read(OWN)
    told = journal.variables.set_index("name")
    assert told["kind"].to_dict() == {
        "flag": "yes/no", "ja": "yes/no", "steps": "count", "sneezes": "count", "mood": "rating", "weight": "amount",
        "screen_minutes": "amount", "notes": "text", "colour": "text", "long_walk_duration": "amount",
        "empty": "amount",
    }  # fmt: skip
    assert (told["role"] == "own").all()
    assert told["source"].to_list() == OWN.splitlines()[0].split(",")[1:]
    assert told.loc["sneezes", "step"] == 1
    assert told.loc["weight", ["unit", "step"]].to_list() == ["kg", 0.5]
    assert told.loc["steps", "step"] == 5000
    assert told.loc["screen_minutes", "unit"] == "min"
    assert journal.days["long_walk_duration"].to_list() == [0.5, 1.25, 0.0]
    assert journal.days["ja"].to_list() == [1.0, 0.0, 1.0]
    assert journal.days["notes"].to_list() == ["12", "13", "14"]
    assert journal.days["empty"].isna().all()
    assert journal.rejects.empty


def test_own_columns_of_one_name_are_told_apart(read):
    journal = read("date,Weight (kg),Weight (lb),#,%\n2024-03-01,70.5,155.4,1,2\n")
    assert journal.days.columns.to_list() == ["weight_kg", "weight_lb", "column_4", "column_5"]


def test_flags_with_a_prefix_get_its_role(read):
    journal = read("date,trigger_stress,remedy_ice,trigger_note_text\n2024-03-01,1,0,loud\n2024-03-02,0,1,late\n")
    assert journal.variables["role"].to_list() == ["trigger", "remedy", "own"]


def test_an_amount_told_as_yes_or_no_is_kept_as_that(read):
    journal = read("date,coffee\n2024-03-01,yes\n2024-03-02,no\n2024-03-03,\n")
    assert journal.days["caffeine"].fillna(-1).to_list() == [1.0, 0.0, -1.0]
    assert journal.variables.loc[0, ["kind", "unit", "step", "high"]].to_list() == ["yes/no", "days", 1, 1]
    assert journal.rejects[["column", "rule", "action", "message"]].to_numpy().tolist() == [
        ["coffee", "note", "kept", "column coffee: its cells say yes or no, so it is read as yes/no and not in mg"]
    ]


def test_a_dose_of_a_known_medicine_means_yes_and_stays_as_an_amount(read):
    journal = read("date,ibuprofen (mg)\n2024-03-01,400\n2024-03-02,0\n2024-03-03,\n2024-03-04,200\n")
    assert journal.days["pain_reliever"].fillna(-1).to_list() == [1, 0, -1, 1]
    assert journal.days["ibuprofen_dose"].fillna(-1).to_list() == [400, 0, -1, 200]
    told = journal.variables[["role", "kind", "unit", "combine", "source", "known"]].to_numpy().tolist()
    assert told == [
        ["remedy", "yes/no", "days", "max", "ibuprofen (mg)", "dictionary"],
        ["own", "amount", "mg", "max", "ibuprofen (mg)", "guessed"],
    ]
    assert journal.rejects["message"].to_list() == [
        "column ibuprofen (mg): it holds doses: more than 0 is read as yes, and the dose stays as 'ibuprofen_dose'"
    ]


def test_a_conversion_that_assumes_something_is_told(read):
    journal = read("date,coffee\n2024-03-01,2\n2024-03-02,3\n")
    assert journal.days["caffeine"].to_list() == [190.0, 285.0]
    assert journal.rejects["message"].to_list() == [
        "column coffee: 1 cup of coffee is read as 95 mg (brewed coffee, 8 fluid ounces: 95 mg (USDA FoodData Central))"
    ]


@pytest.mark.parametrize(("spread", "step"), [(37.2, 50), (0.18, 0.2), (1.2, 1), (8, 10), (0, 1), (float("nan"), 1)])
def test_steps_can_be_spoken(spread, step):
    assert round_step(spread) == step


def test_traits_of_the_person_are_told_apart_from_variables_of_the_day(read):
    journal = read("date,twitches,Age,sex\n2024-03-01,1,40,f\n2024-03-01,2,40,f\n2024-03-02,1,40,f\n")
    assert journal.variables.set_index("name")["role"].to_dict() == {
        "twitches": "outcome",
        "age": "person",
        "sex": "person",
    }
    assert journal.days["age"].to_list() == [40.0, 40.0]
    assert journal.people.to_dict("index") == {"me": {"age": 40.0, "sex": "female"}}


def test_a_percentage_is_not_taken_for_the_dictionarys_unit():
    assert not match("alcohol (%)").canonical
    assert match("Twitches (#)").name == "twitches"


@pytest.mark.parametrize("header", ["", "Unnamed: 0", "index", "id"])
def test_a_column_that_only_numbers_the_rows_is_not_analysed(read, header):
    journal = read(f"{header},date,twitches\n0,2024-03-01,1\n2,2024-03-02,2\n1,2024-03-03,1\n")
    assert journal.variables["kind"].to_list() == ["text", "count"]
    assert set(journal.days.index.get_level_values("person")) == {"me"}
    assert journal.rejects["message"].to_list() == [
        f"column {header or 1}: it numbers the rows, so it is kept as text and not analysed"
    ]


def test_a_time_of_day_is_no_duration(read):
    journal = read("date,time,twitches\n2024-03-01,08:00,3\n2024-03-02,20:00,2\n")
    assert journal.days["time"].to_list() == ["08:00", "20:00"]


def test_cells_with_their_own_units(read):
    journal = read("date,exercise,sleep\n2024-03-01,30 min,7h30\n2024-03-02,1 h,450 min\n2024-03-03,none,8\n")
    assert journal.days["exercise"].to_list() == [30.0, 60.0, 0.0]
    assert journal.days["sleep"].to_list() == [7.5, 7.5, 8.0]
    assert journal.rejects["message"].to_list() == ["column exercise: cells such as 'none' are read as 0"]


@pytest.mark.parametrize(
    ("header", "cells", "kind", "refused"),
    [("alcohol", "no,no,no,no,1,2,3", "amount", 0), ("cramps", "no,no,no,no,1,2,2", "count", 0),
     ("alcohol", "no,no,no,no,1,1,1", "yes/no", 0), ("alcohol", "no,no,no,no,yes,1,2", "yes/no", 1),
     ("pain", "no,no,no,no,3,5,2", "rating", 0), ("weakness", "no,no,no,no,0,1,1", "yes/no", 0)],
)  # fmt: skip
def test_a_no_among_figures_beyond_one_answers_how_many(read, header, cells, kind, refused):
    """Days of two drinks were refused where most days said no."""
    rows = "".join(f"2024-03-0{day},4,{cell}\n" for day, cell in enumerate(cells.split(","), start=1))
    journal = read(f"date,twitches,{header}\n{rows}")
    assert journal.variables.set_index("name").loc[header, "kind"] == kind
    assert (journal.rejects["action"] == "cell set missing").sum() == refused
    if kind != "yes/no":
        assert journal.days[header].to_list() == [0.0 if cell == "no" else float(cell) for cell in cells.split(",")]


def test_words_where_figures_belong_stay_as_text(read):
    journal = read("date,twitches,stress\n2024-03-01,1,work\n2024-03-02,2,money\n")
    assert journal.days["my_stress"].to_list() == ["work", "money"]
    assert journal.rejects["message"].to_list() == [
        "column stress: its cells, such as 'work', don't fit 'stress', so it stays as a variable of your own"
    ]


def test_an_amount_told_as_0_and_1_is_a_yes_or_no(read):
    journal = read("date,caffeine,fluid,magnesium (mg)\n2024-03-01,1,1,1\n2024-03-02,0,0,0\n")
    assert journal.variables["kind"].to_list() == ["yes/no", "yes/no", "amount"]
    assert journal.rejects["message"].to_list() == [
        "column caffeine: its cells say yes or no, so it is read as yes/no and not in mg",
        "column fluid: its cells say yes or no, so it is read as yes/no and not in L",
    ]
