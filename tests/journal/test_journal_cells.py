"""Cells: numbers, yes/no words, units, durations, blanks."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twitchstats.journal.cells import is_missing, read_duration, read_number, settle_decimal
from twitchstats.journal.evidence import Cells, read_by_rule
from twitchstats.journal.layout import code_column
from twitchstats.journal.variable import Header, Variable
from twitchstats.variables import read_yes_no


def write_rule(kind, unit="", factor=1.0, low=math.nan, high=math.nan, name="", stem=""):
    return Variable(name, stem, kind=kind, unit=unit, factor=factor, low=low, high=high, header=Header(stem, stem))


def read_cells(texts, variable):
    reading = read_by_rule(variable, Cells(code_column("", texts, np.arange(len(texts))), "."))
    return reading.data, reading.faults


@pytest.mark.parametrize(
    ("text", "decimal", "expected"),
    [
        ("12", ".", 12), ("-3.5", ".", -3.5), (".5", ".", 0.5), ("1e3", ".", 1000), ("7,5", ".", 7.5), ("7,5", ",",
        7.5),
        ("1,234", ".", 1234), ("1,234", ",", 1.234), ("1.234", ".", 1.234), ("1.234", ",", 1234),
        ("1.234,5", ".", 1234.5), ("1,234.5", ",", 1234.5), ("1 234", ".", 1234), ("1\u00a0234,5", ",", 1234.5),
        ("1'234", ".", 1234), ("12,345,678", ".", 12345678), ("1,02,345", ".", 102345), ("0,123", ".", 0.123),
        ("\u22122", ".", -2),
        ("many", ".", None), ("1,2,3", ".", None), ("2-3", ".", None), ("5+", ".", None), ("1_000", ".", None),
        ("~5", ".", None), ("0x10", ".", None),
    ],
)  # fmt: skip
def test_numbers_of_several_countries(text, decimal, expected):
    assert read_number(text, decimal) == expected


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["7,5", "1.234"], ","), (["7.5", "1,234"], "."), (["1,234"], ""), (["12", "text, and more"], ""),
        (["1.234,5"], ","), (["1,234.5"], "."),
    ],
)  # fmt: skip
def test_a_column_shows_its_decimal_sign(texts, expected):
    assert settle_decimal(texts) == expected


@given(st.floats(-1e12, 1e12))
def test_any_printed_float_comes_back(value):
    values, faults = read_cells([repr(value)], write_rule("amount"))
    assert values[0] == value
    assert faults == {}


@pytest.mark.parametrize("text", ["", "-", "--", "N/A", "na", "NaN", "null", "#N/A", ".", "?"])
def test_blank_cells_are_missing_and_not_refused(text):
    assert is_missing(text)
    for kind in ("count", "yes/no"):
        values, faults = read_cells([text], write_rule(kind))
        assert math.isnan(values[0])
        assert faults == {}


@pytest.mark.parametrize(
    "text", ["yes", "Y", "TRUE", "1", "1.0", "Ja", "oui", "Sí", "x", "✓", "taken", "done", "present", "Ja!", " yes "]
)
def test_words_for_yes(text):
    assert read_yes_no(text) == 1.0


@pytest.mark.parametrize(
    "text", ["no", "N", "False", "0", "0.0", "nein", "non", "not taken", "off", "absent", "nö", "No."]
)
def test_words_for_no(text):
    assert read_yes_no(text) == 0.0


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("7:30", "h", 7.5), ("7:30", "min", 450), ("0:45:30", "s", 2730), ("1h 15min", "min", 75), ("7h30", "h", 7.5),
        ("7:75", "h", None), ("7:30", "mg", None), ("late", "h", None),
    ],
)  # fmt: skip
def test_durations(text, unit, expected):
    assert read_duration(text, unit) == expected


@pytest.mark.parametrize(
    ("text", "rule", "expected"),
    [
        ("2", write_rule("amount", "mg", 95.0, 0, 3000, "caffeine"), 190),
        ("400 mg", write_rule("amount", "mg", 1.0, 0, 5000, "magnesium"), 400),
        ("0.4 g", write_rule("amount", "mg", 1.0, 0, 5000, "magnesium"), 400),
        ("450 min", write_rule("amount", "h", 1.0, 0, 24, "sleep"), 7.5),
        ("1,5 l", write_rule("amount", "L", 0.001, 0, 15, "fluid"), 1.5),
    ],
)
def test_a_unit_in_the_cell_goes_before_the_one_in_the_header(text, rule, expected):
    values, faults = read_cells([text], rule)
    assert values[0] == pytest.approx(expected)
    assert faults == {}


STRESS = write_rule("rating", "points of 10", 1.0, 0, 10, "stress", "stress")
SLEEP = write_rule("amount", "h", 1.0, 0, 24, "sleep", "Sleep")
COFFEE = write_rule("amount", "mg", 95.0, 0, 3000, "caffeine", "coffee")
TWITCHES = write_rule("count", "a day", 1.0, 0, 100000, "twitches", "twitches")


@pytest.mark.parametrize(
    ("text", "rule", "name", "wrong"),
    [
        (
            "14", STRESS, "out_of_range",
            "14 is outside 0-10; if the scale is another one, say so in the header, such as 'stress (0-100)'",
        ),
        ("-1", STRESS, "out_of_range", "-1 is outside 0-10"),
        (
            "450", SLEEP, "out_of_range",
            "450 is outside 0-24 h; if it is in another unit, say so in the header, such as 'Sleep (min)'",
        ),
        (
            "200", COFFEE, "out_of_range",
            "200 (19000 mg) is outside 0-3000 mg; if it is in another unit, say so in the header, "
            "such as 'coffee (mg)'",
        ),
        ("-2", TWITCHES, "negative_count", "-2 is negative, and a count is 0 or more"),
        ("1.5", TWITCHES, "not_whole", "1.5 is not a whole number, and a count is one"),
        ("5 or so", TWITCHES, "not_a_number", "'5 or so' is not a number; write a figure, or leave the cell blank"),
        ("inf", TWITCHES, "infinite", "'inf' is no finite number"),
        ("1e999", TWITCHES, "infinite", "'1e999' is no finite number"),
        ("maybe", write_rule("yes/no"), "not_yes_no", "'maybe' is neither yes nor no; write yes, no, 1 or 0"),
        ("2", write_rule("yes/no"), "not_yes_no", "'2' is neither yes nor no; write yes, no, 1 or 0"),
    ],
)  # fmt: skip
def test_a_refused_cell_is_missing_and_says_why(text, rule, name, wrong):
    values, faults = read_cells(["1", text], rule)
    assert np.isnan(values[1])
    assert faults == {1: (name, wrong)}
