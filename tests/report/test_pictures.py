"""Pictures draw what the frames hold, and leave nothing behind."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from twitchstats.report import figures, summary
from twitchstats.report.wording.reading import tabulate_outcome, tabulate_weeks
from twitchstats.variables import list_choices


def test_the_calendar_puts_days_under_their_weekday(gappy):
    """1 January 2025 is a Wednesday, the 5th a Sunday, the 8th the next Wednesday."""
    calendar = summary.lay_calendar(gappy, "twitches").query("person == 'P1'")
    before = calendar.copy()
    svg = figures.draw_strip(calendar, label="twitches").svg
    pitch = (figures.WIDTH - 28) / 26
    drawn = re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="[\d.]+" height="[\d.]+" fill="(#\w+)"', svg)[:8]
    places = [(round((float(x) - 28) / pitch), round((float(y) - 16) / pitch), fill) for x, y, fill in drawn]
    empty, few, many = "#fff", figures.SHADES[1], figures.SHADES[2]
    looks = [empty, few, empty, empty, many, empty, empty, empty]
    assert places == [(0 if day < 7 else 1, day % 7, look) for day, look in zip(range(2, 10), looks, strict=True)]
    pd.testing.assert_frame_equal(calendar, before)


@pytest.mark.parametrize("value", [0.0, 5.0, np.nan])
def test_a_calendar_of_one_value_can_be_drawn(value):
    frame = pd.DataFrame({"person": "a", "day": [0], "date": [pd.Timestamp("2025-01-01")], "value": [value]})
    assert figures.draw_strip(frame, label="twitches").alt.startswith("Calendar of twitches: ")


def test_a_picture_has_words_and_the_same_bytes_twice(gappy):
    first, second = (figures.draw_outcome(gappy, "twitches") for _ in range(2))
    assert first.svg == second.svg
    data, metadata = first._repr_mimebundle_()
    assert data["text/plain"] == (
        "Picture: Twitches of 2 people, a strip of days each; the medians of a day run from 1 to 1.5."
    )
    assert metadata["image/svg+xml"]["alt"] == first.alt


def test_without_order_shares_are_drawn(make_journal):
    journal = make_journal({"person": ["a"] * 3, "date": [1, 2, 3], "twitches": [1.0, 0, 1]}, calendar="none")
    assert figures.draw_outcome(journal, "twitches").alt == "Bars of days by Twitches: most, 2, at 1; least, 1, at 0."
    assert tabulate_outcome(journal, "twitches").text["Days"].tolist() == ["1", "2"]
    assert tabulate_weeks(journal) == ""


def test_the_strip_tells_none_from_not_known(gappy):
    """P1 of January 2025: 0, 3, two days without entry, 6, two more, 0."""
    calendar = summary.lay_calendar(gappy, "twitches").query("person == 'P1'")
    picture = figures.draw_strip(calendar, label="Twitches")
    assert picture.alt == (
        "Calendar of Twitches: 2 of 4 days with an entry above zero, the highest 6; hatched: 4 days without an entry."
    )
    key = 1  # each look stands in the key once more
    assert picture.svg.count('stroke-width=".2"') == 4 + key
    assert picture.svg.count('stroke-width=".8"/><') - picture.svg.count("<path") >= 2


@pytest.mark.parametrize(("days", "bands"), [(10, 1), (183, 1), (260, 1), (280, 2), (546, 3), (1000, 3)])
def test_the_strip_has_no_band_of_a_few_weeks_and_no_end(days, bands):
    dates = pd.date_range("2025-01-06", periods=days)
    frame = pd.DataFrame({"person": "a", "day": np.arange(days), "date": dates, "value": 1.0})
    picture = figures.draw_strip(frame, label="Twitches")
    assert picture.svg.count(">Wed<") == bands
    assert ("the last 546 days of 1,000" in picture.svg) == (days == 1000) == ("the last 546 days" in picture.alt)
    places = re.findall(r'<text x="([\d.]+)"[^>]*>(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)<', picture.svg)
    assert all(float(x) <= figures.WIDTH - 24 for x in places)


def test_a_left_arm_is_on_the_right_of_the_front_and_on_the_left_of_the_back():
    def find(site, side):
        svg = figures.draw_body(pd.DataFrame({"site": [site], "side": [side], "n": [3], "share": [1.0]})).svg
        return [float(x) for x in re.findall(r'<circle cx="([\d.]+)" cy="[\d.]+" r="6.5', svg)]

    assert find("arm", "left") == [90 + 31]
    assert find("arm", "right") == [90 - 31]
    assert find("calf", "left") == [270 - 14]
    assert find("calf", "both") == find("calf", "") == [270 - 14, 270 + 14]
    assert figures.draw_body(pd.DataFrame(columns=["site", "side", "n", "share"])) == ""


def test_every_site_has_a_place_on_the_body_and_no_two_circles_overlap():
    assert set(figures.PLACES) == set(list_choices("site"))
    places = [(view, way * across, y) for view, across, y in figures.PLACES.values() for way in (-1, 1)]
    for number, (view, x, y) in enumerate(places):
        near = [np.hypot(x - a, y - b) for other, a, b in places[:number] if other == view]
        assert min(near, default=np.inf) > 2 * figures._RADIUS


def test_episodes_of_both_sides_are_counted_on_either():
    sites = pd.DataFrame({"site": "arm", "side": ["left", "both", ""], "n": [3, 1, 4], "share": [0.375, 0.125, 0.5]})
    assert figures._place_episodes(sites) == {
        ("arm", 1, True): 4, ("arm", -1, True): 1, ("arm", -1, False): 4, ("arm", 1, False): 4,
    }  # fmt: skip


def test_of_many_people_the_first_are_drawn():
    people = [f"P{number:02}" for number in range(50)]
    frame = pd.DataFrame({"person": people, "day": 0, "date": pd.Timestamp("2025-01-01"), "value": 1.0})
    picture = figures.draw_people(frame, label="Twitches")
    assert (">P39<" in picture.svg, ">P40<" in picture.svg) == (True, False)
    assert "Twitches of 50 people, a strip of days each, the first 40 of 50 people; the medians" in picture.alt


def test_a_rate_is_drawn_as_people():
    picture = figures.draw_icons(0.00005, among="adults")
    assert picture.svg.count(figures._INK) == 5
    assert picture.svg.count("<rect") == 1000
    assert "99,995 people do not have it" in picture.alt


def test_what_stands_out_is_told_without_colour():
    frame = pd.DataFrame({"trigger": ["sleep", "tea", "rest"], "estimate": [0.5, 1.1, np.nan], "ci_upper": 1.4,
                          "ci_lower": 0.4, "measure": "rate ratio", "lag": 0, "p_value": [0.001, 0.5, np.nan],
                          "p_adjusted": [0.01, 0.5, np.nan]})  # fmt: skip
    picture = figures.draw_effects(frame)
    told = "2 possible triggers with effect and 95 % interval. Standing out: sleep, the night before −50\u00a0%."
    assert picture.alt == told
    assert picture.svg.count("<circle") == 1
    assert figures.draw_effects(frame.assign(p_adjusted=0.9)).svg.count("<circle") == 2
    assert figures.draw_effects(frame.tail(1)) == ""


def test_ticks_of_very_long_intervals_lie_apart():
    frame = pd.DataFrame({"trigger": ["tea", "rest"], "lag": 1, "estimate": [1.1, 0.9], "ci_lower": [1e-9, 1e-3],
                          "ci_upper": [1e9, np.inf], "measure": "rate ratio", "p_value": 0.9,
                          "p_adjusted": 0.9})  # fmt: skip
    ticks = re.findall(r'<text x="([\d.]+)" y="[\d.]+" font-size="10" text-anchor="(?:start|middle|end)"[^>]*>(.*?)<',
                       figures.draw_effects(frame).svg)  # fmt: skip
    places = [float(x) for x, _ in ticks]
    assert (np.diff(places) > 40).all()
    words = [word.replace("\u00a0", " ") for _, word in ticks]
    assert words == ["−99 %", "−90 %", "±0 %", "×10", "×100"]


def test_where_an_interval_goes_on_there_is_an_arrow():
    """Of three rows two pass the limits, one on both sides: they ended as if the interval ended there."""
    frame = pd.DataFrame({"trigger": ["tea", "rest", "sleep"], "lag": 1, "estimate": [1.1, 0.9, 1.0],
                          "ci_lower": [1e-9, 0.8, 0.9], "ci_upper": [1e9, np.inf, 1.1], "measure": "rate ratio",
                          "p_value": 0.9, "p_adjusted": 0.9})  # fmt: skip
    arrows = re.findall(
        r'<path d="M([\d.]+) [\d.]+ L([\d.]+) [\d.]+ L\1 [\d.]+" fill="none"', figures.draw_effects(frame).svg
    )
    assert [float(back) > float(tip) for back, tip in arrows] == [True, False, False]
    assert [float(tip) for _, tip in arrows] == [8, 352, 352]


def test_the_axis_of_a_rating_tells_its_unit(gappy):
    frame = pd.DataFrame({"trigger": ["stress"], "outcome": "twitches", "lag": 1, "order": "forward", "estimate": 0.5,
                          "ci_lower": -1.0, "ci_upper": 2.0, "measure": "difference", "p_value": 0.9,
                          "p_adjusted": 0.9})  # fmt: skip
    rated = replace(gappy, variables=gappy.variables.assign(unit="points of 10"))
    assert ">more points of 10 →<" in figures.draw_effects(frame, rated).svg
    counted = figures.draw_effects(frame.assign(measure="rate ratio", ci_lower=0.2), rated)
    assert ">more →<" in counted.svg


def test_no_tick_is_written_over_another():
    """Ticks of +100 % and +150 % at the right edge ran into each other."""
    frame = pd.DataFrame({"trigger": ["tea"], "lag": 1, "order": "forward", "estimate": 1.5, "ci_lower": 0.95,
                          "ci_upper": 2.6, "p_value": 0.2, "p_adjusted": 0.2, "measure": "rate ratio"})  # fmt: skip
    svg = figures.draw_effects(frame).svg
    told = re.findall(r'x="([\d.]+)" y="[\d.]+" font-size="10" text-anchor="(\w+)"[^>]*>([^<]+)<', svg)
    free = 0.0
    for x, anchor, label in told:
        start = float(x) - 6 * len(label) * {"start": 0, "middle": 0.5, "end": 1}[anchor]
        assert start >= free
        free = start + 6 * len(label)
    assert len(told) >= 3


def test_a_long_name_is_cut_before_its_day_and_what_is_left_out_is_told():
    rows = {"trigger": ["how well I slept last night in the new bed of the guest room", *map(str, range(24))], "lag": 1,
            "order": "forward", "estimate": 1.5, "ci_lower": 0.95, "ci_upper": 2.6, "p_value": 0.2, "p_adjusted": 0.2,
            "measure": "rate ratio"}  # fmt: skip
    picture = figures.draw_effects(pd.DataFrame(rows))
    assert ">how well I slept last night in the new b…, the day before<" in picture.svg
    assert ">the first 20 of 25<" in picture.svg
    assert picture.alt == "The first 20 of 25 possible triggers with effect and 95 % interval. None stands out."
