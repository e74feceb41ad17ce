"""The phrases and tables that all sections share."""

import math

import numpy as np
import pandas as pd
import pytest

from twitchstats.numbers import format_effect, format_interval, format_number, format_share
from twitchstats.plots.drawing import tell_step
from twitchstats.report.tables import Table, format_frame, show_table
from twitchstats.report.wording.prose import Prose, list_some, quote, to_plain

MARKUP = "<script>alert(1)</script> *bold* [link](javascript:x) `code` a_b | ~ # $x$ ![](http://a.b)"


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234567.0, "1,234,567"), (0.000123456, "0.000123"), (-2.5, "-2.5"), (99.96, "100"), (math.inf, "∞"),
     (1e-9, "0.000000001")],
)  # fmt: skip
def test_numbers_keep_three_digits_and_no_exponent(value, text):
    assert format_number(value) == text


def test_shares_below_a_thousandth_are_told_per_hundred_thousand():
    shares = (0, 1e-9, 0.0005, 0.001, 0.5, 1, math.nan)
    told = ["0 %", "<1 in 100,000", "50 in 100,000", "0.1 %", "50 %", "100 %", "–"]
    assert [format_share(share) for share in shares] == told


def test_p_values_are_known_by_their_column_name():
    frame = pd.DataFrame({"p_adjusted": [0.00001, np.nan], "estimate": [0.00001, 12.3456], "n": [3, 4]})
    assert format_frame(frame).to_dict("list") == {
        "p_adjusted": ["<0.001", "–"], "estimate": ["0.00001", "12.3"], "n": ["3", "4"],
    }  # fmt: skip


def test_thousands_are_marked_in_tables():
    frame = pd.DataFrame({"n": [9999, 12345], "steps": [9999.5, 1234567.0]})
    assert format_frame(frame).to_numpy().tolist() == [["9999", "10,000"], ["12,345", "1,234,567"]]
    assert tell_step(12000, "steps") == "12,000 steps"


def test_tables_do_not_change_the_frame_and_escape_what_users_wrote():
    frame = pd.DataFrame({"a": [MARKUP], "b": [pd.Timestamp("2025-01-06")]})
    before = frame.copy()
    table = show_table(frame, "<b>caption</b>", labels={"b": "When", "a": "What"})
    html = table._repr_html_()
    assert "<script" not in html
    assert "&lt;b&gt;caption&lt;/b&gt;" in html
    assert html.index("When") < html.index("What")
    assert "6 Jan 2025" in repr(table)
    pd.testing.assert_frame_equal(frame, before)


def test_an_empty_table_says_so():
    assert repr(Table(pd.DataFrame({"a": []}, dtype="str"), "Caption")) == "Caption\n(no rows)"


def test_quoted_text_comes_through_markdown_unchanged():
    from nbconvert.filters import markdown2html

    html = markdown2html(quote(MARKUP))
    assert not {"<script", "<em>", "<a ", "<code>", "<img"} & {
        tag for tag in ("<script", "<em>", "<a ", "<code>", "<img") if tag in html
    }
    assert to_plain(quote(MARKUP)) == MARKUP


def test_prose_is_text_that_shows_itself_as_markdown():
    prose = Prose("**a**")
    assert (str(prose), repr(prose), prose._repr_markdown_()) == ("**a**", "**a**", "**a**")
    assert to_plain("> **See** a doctor\n> now") == "See a doctor\nnow"


@pytest.mark.parametrize(
    ("value", "measure", "text"),
    [
        (1.0, "rate ratio", "±0\u00a0%"), (1.0000000000000002, "rate ratio", "±0\u00a0%"),
        (1.001, "rate ratio", "+0\u00a0%"), (0.999, "rate ratio", "−0\u00a0%"),
        (0.9, "rate ratio", "−10\u00a0%"), (0.1, "rate ratio", "−90\u00a0%"), (0.0, "rate ratio", "−100\u00a0%"),
        (3.0, "rate ratio", "×3"),
        (1.0, "odds ratio", "×1"), (0.0, "difference", "±0"), (math.nan, "rate ratio", "–"),
        (math.inf, "odds ratio", "unbounded"),
    ],
)  # fmt: skip
def test_effects_in_plain_form(value, measure, text):
    assert format_effect(value, measure) == text


def test_an_interval_without_ends_is_a_dash():
    assert format_interval(math.nan, math.nan, "rate ratio") == "–"
    assert format_interval(0.97, 1.21, "rate ratio") == "−3\u00a0% to +21\u00a0%"


def test_long_lists_are_cut_and_counted():
    assert list_some(list("abcdefghij"), 3) == "a, b, c and 7 more"
    assert list_some(["a"], 3) == "a"


def test_remarks_on_whole_columns_have_no_row_and_are_shown():
    frame = pd.DataFrame({"row": pd.array([None, 3], dtype="Int64"), "message": ["about a column", "about a row"]})
    assert format_frame(frame)["row"].to_list() == ["–", "3"]
