"""The data dictionaries: complete, without contradictions, and found under their aliases."""

import pytest

from twitchstats.variables import (
    find_units,
    find_variable,
    load_dictionary,
    load_variables,
    load_words,
    normalise_header,
)

DICTIONARIES = ["variables.csv", "people_variables.csv", "episode_variables.csv"]


@pytest.mark.parametrize("file", DICTIONARIES)
def test_an_alias_belongs_to_one_variable(file):
    owners: dict[str, set[str]] = {}
    for name, aliases in load_dictionary(file)[["name", "aliases"]].itertuples(index=False):
        for alias in (name, *aliases):
            owners.setdefault(normalise_header(alias), set()).add(name)
    assert {alias: names for alias, names in owners.items() if len(names) > 1} == {}


@pytest.mark.parametrize("file", DICTIONARIES)
def test_every_alias_finds_its_variable(file):
    for name, aliases in load_dictionary(file)[["name", "aliases"]].itertuples(index=False):
        assert {find_variable(alias, dictionary=file) for alias in (name, *aliases)} == {name}


def test_the_dictionary_keeps_its_own_rules():
    known = load_variables()
    assert known["name"].is_unique
    assert set(known["role"]) <= {"outcome", "trigger", "remedy", "medicine"}
    assert set(known["kind"]) == {"count", "amount", "rating", "yes/no"}
    assert set(known["timing"]) <= {"night", "day", "bedtime", ""}
    assert set(known["combine"]) <= {"sum", "mean", "max"}
    assert (known["step"] > 0).all()
    assert known.loc[known["role"].isin(["remedy", "medicine"]), "timing"].eq("").all()
    usual = known[known["kind"].eq("amount")]
    assert (usual["usual_low"] < usual["usual_high"]).all()
    assert (usual["usual_high"] <= usual["high"]).all()
    assert (known["low"] < known["high"]).all()
    assert set(known["part_of"]) - {""} <= set(known["name"])
    yes_no = known[known["kind"] == "yes/no"]
    assert (yes_no[["step", "low", "high"]].to_numpy() == [1, 0, 1]).all()


def test_what_is_returned_can_be_changed_without_harm():
    first = load_variables()
    first.loc[0, "name"] = "changed"
    assert load_variables().loc[0, "name"] == "twitches"


def test_every_amount_has_its_own_unit():
    known = load_variables()
    for name, unit in known.loc[known["kind"] == "amount", ["name", "unit"]].itertuples(index=False):
        assert find_units(unit, name)[normalise_header(unit)][1] == 1.0, name


@pytest.mark.parametrize(
    ("unit", "variable", "written", "factor"),
    [
        ("mg", "magnesium", "g", 1000),
        ("mg", "caffeine", "cups", 95),
        ("L", "fluid", "fl oz", 0.0295735295625),
        ("L", "fluid", "cups", 8 * 0.0295735295625),
        ("h", "sleep", "min", 1 / 60),
        ("min", "exercise", "hours", 60),
        ("drinks", "alcohol", "uk units", 8 / 14),
    ],
)
def test_units_are_converted_by_these_factors(unit, variable, written, factor):
    assert find_units(unit, variable)[written][1] == pytest.approx(factor, rel=1e-9)


def test_every_factor_has_its_source():
    units = load_dictionary("units.csv")
    assert (units["factor"] > 0).all()
    assert (units["source"] != "").all()


def test_words_for_yes_are_not_words_for_no():
    assert set(load_words("yes")).isdisjoint(load_words("no"))
    assert set(load_words("yes") + load_words("no")).isdisjoint(load_words("missing"))
