"""Page one, part by part, on journals counted by hand."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from twitchstats.findings import analyze_journal
from twitchstats.journal import read_journal
from twitchstats.report import front, history, summary
from twitchstats.report.wording.claims import describe_needs
from twitchstats.report.wording.effects import (
    _tell_share,
    describe_directions,
    describe_triggers,
    tabulate_triggers,
    tell_size,
)
from twitchstats.report.wording.reading import describe_reading
from twitchstats.report.wording.rows import label_of
from twitchstats.report.wording.short import _tell_flags, tell_days
from twitchstats.report.wording.signs import describe_red_flags
from twitchstats.signs import find_flags, find_new_medicines

NEW = "begun here, it seems: Statin ("
TWITCHES, HEADACHE = SimpleNamespace(outcome="twitches"), SimpleNamespace(outcome="headache")


@pytest.fixture
def alone(gappy):
    """P1 of the small journal: twitches 0, 3, 6, 0 on days 1, 2, 5 and 8."""
    return replace(gappy, days=gappy.days.loc[["P1"]])


def give_signs(journal, *, people=("P1",), **signs):
    return replace(journal, people=pd.DataFrame(signs, index=pd.Index(people, name="person")))


def see(journal, found):
    """Return the journal and findings that hold its red flags."""
    return journal, SimpleNamespace(**vars(found) | {"flags": find_flags(journal)})


def warn(journal):
    return front.list_warnings(journal, find_flags(journal)).set_index("label")["told"].to_dict()


def describe(journal):
    return describe_red_flags(journal, find_flags(journal))


def test_the_course_by_hand(make_journal):
    """28 days of 5 after 28 of 2 after 28 of 1, one day missing in the middle span."""
    values = np.repeat([1.0, 2.0, 5.0], 28)
    dates = pd.date_range("2025-01-01", periods=84)
    keep = np.arange(84) != 40
    journal = make_journal({"person": ["a"] * 83, "date": dates[keep], "twitches": values[keep]})
    row = summary.summarise_course(journal, "twitches").iloc[0]
    names = ["n_days", "n_above", "highest", "recent", "before", "before_low", "before_high", "n_spans"]
    assert row[names].tolist() == [83, 83, 5, 5, 1, 1, 2, 2]
    assert row["longest_spell"] == 43  # the missing day ends the first spell after 40
    told = front.show_course(journal, TWITCHES)
    assert "**Better or worse?** Median 5 in the last 28 days, 1 before: higher. In earlier spans" in told
    assert told.endswith("the median was 1 to 2, all lower; but ups and downs come by themselves.")


def test_what_is_the_same_as_before_is_nothing_new(make_journal):
    """Medians of 5.5 in both earlier spans, of 6 in all days before, and of 6 now: it was 'the same', and 'new'."""
    values = np.concatenate([[9.0, 9, 9, 9], np.tile([5.0, 6], 14), np.tile([5.0, 6], 14), np.tile([6.0], 28)])
    columns = {"person": ["a"] * 88, "date": pd.date_range("2025-01-01", periods=88), "twitches": values}
    told = front.show_course(make_journal(columns), TWITCHES)
    assert told.endswith(
        "6 in the last 28 days, 6 before: the same. In each earlier span of 28 days the median was 5.5."
    )


@pytest.mark.parametrize(
    ("last", "way"),
    [
        ([3.0] * 13 + [5.0] * 15, "higher."),
        ([0.0] * 13 + [5.0] * 15, "not clear, as the mean is not higher."),
        ([4.0], "about the same."),
    ],
)
def test_a_median_that_the_mean_does_not_follow_has_no_direction(make_journal, last, way):
    """Median 5 after 3.5: the mean goes from 3.5 up to 4.1, or down to 2.7; 4 after 3.5 is half a twitch."""
    values = np.r_[np.tile([3.0, 4.0], 14), np.resize(last, 28)]
    told = front.show_course(make_days(make_journal, n=56, twitches=values), TWITCHES)
    assert f"in the last 28 days, 3.5 before: {way}" in told


def test_a_course_with_mostly_none_is_told_in_days(make_journal):
    """Headache on 7 of the last 28 days and on 14 of the 28 before: medians would be 0 and 0.5."""
    values = np.concatenate([np.tile([1.0, 0], 14), np.tile([1.0, 0, 0, 0], 7)])
    dates = pd.date_range("2025-01-01", periods=56)
    journal = make_journal({"person": ["a"] * 56, "date": dates, "headache": values}, outcome="headache")
    row = summary.summarise_course(journal, "headache").iloc[0]
    assert row[["told", "recent", "before", "before_low", "before_high"]].tolist() == ["share", 0.25, 0.5, 0.5, 0.5]
    told = front.show_course(journal, HEADACHE)
    assert told.startswith("There on **21 of 56 days**. **Better")
    many = front.show_course(replace(journal, days=5 * journal.days), HEADACHE)
    assert many.startswith("There on **21 of 56 days**. The highest day had 5. ")  # half had none: nothing to add
    assert "There on 25 % in the last 28 days, 50 % before: lower." in told
    told = dict(history.list_history(*see(journal, HEADACHE)))
    assert told["Better or worse"] == "there on 25 % in the last 28 days, 50 % before"
    assert "Stiffness" not in told


def test_a_yes_or_no_is_told_in_days(make_journal):
    """There on 20 of the last 28 days and on all 28 before: both medians were 1, 'the same'."""
    there = np.r_[np.ones(28), np.zeros(8), np.ones(20)]
    told = front.show_course(make_days(make_journal, n=56, twitches=there), TWITCHES)
    assert "There on 71 % in the last 28 days, 100 % before: lower." in told
    people = {"person": np.repeat(["a", "b"], 28), "date": [*pd.date_range("2025-01-01", periods=28)] * 2}
    many = make_journal(people | {"twitches": np.r_[np.zeros(14), np.ones(42)]})
    assert front.show_course(many, TWITCHES) == "There on 50 % to 100 % of a person's days."


def test_a_groups_change_is_told_both_ways(make_journal):
    """28 days after 28 others: one person 4 after 2, one 2 after 4, one 3 throughout."""
    dates = [*pd.date_range("2025-01-01", periods=56)] * 3
    values = np.repeat([2.0, 4.0, 4.0, 2.0, 3.0, 3.0], 28)
    told = front.show_course(
        make_journal({"person": np.repeat(["a", "b", "c"], 56), "date": dates, "twitches": values}), TWITCHES
    )
    assert told.endswith(" Of 3 people, 1 had less in the last 28 days than before, 1 more.")


def test_a_log_of_attacks_tells_no_how_often():
    dates = pd.date_range("2025-01-01", periods=90)[::3]
    journal = read_journal(pd.DataFrame({"date": dates, "headache": 5}), outcome="headache")
    assert "days**, as in a log" not in (told := front.show_course(journal, HEADACHE))
    assert "**30 days, as in a log of attacks: how often it comes, and what brings it on, can't be told" in told
    assert dict(history.list_history(*see(journal, HEADACHE)))["How often"] == ""


def test_a_course_without_order_tells_no_time(make_journal):
    journal = make_journal({"person": ["a"] * 3, "date": [1, 2, 3], "twitches": [0.0, 4, 1]}, calendar="none")
    row = summary.summarise_course(journal, "twitches").iloc[0]
    assert row[["n_days", "n_above", "median", "highest"]].tolist() == [3, 2, 1, 4]
    assert row[["longest_spell", "recent", "before"]].isna().all()


def test_raw_medians_by_hand(make_journal):
    """Thirds of sleep 1 to 8 end at 3 and begin at 6; the outcome is ten times the sleep of the day before."""
    sleep = np.arange(1.0, 10.0)
    columns = {"person": ["a"] * 9, "date": pd.date_range("2025-01-01", periods=9)}
    journal = make_journal(columns | {"sleep": sleep, "twitches": np.concatenate([[0.0], 10 * sleep[:-1]])})
    levels = summary.compare_levels(journal, "twitches", "sleep", lag=1)
    assert levels["limit"].tolist() == [3, 6]
    assert levels["n_days"].tolist() == [3, 3]
    assert levels["median"].tolist() == [20, 70]
    assert levels["share"].tolist() == [1, 1]
    flat = make_journal(columns | {"sleep": [7.0] * 9, "twitches": sleep})
    assert summary.compare_levels(flat, "twitches", "sleep").empty


def test_many_days_with_none_are_set_against_those_with_some(make_journal):
    dose = np.array([0.0] * 6 + [1, 2, 3])
    columns = {"person": ["a"] * 9, "date": pd.date_range("2025-01-01", periods=9)}
    levels = summary.compare_levels(make_journal(columns | {"tea": dose, "twitches": dose}), "twitches", "tea")
    assert levels["limit"].tolist() == [0, 1]
    assert levels["n_days"].tolist() == [6, 3]


def test_episodes_are_counted_by_site_and_hour(gappy):
    start = pd.to_datetime(["2025-01-01 08:10", "2025-01-01 08:50", "2025-01-02 21:00"])
    sites = {"site": ["calf", "calf", "eyelid"], "side": ["left", "left", None]}
    journal = replace(gappy, episodes=pd.DataFrame({"person": "P1", "start": start} | sites))
    assert summary.count_sites(journal).to_numpy().tolist() == [["calf", "left", 2, 2 / 3], ["eyelid", "", 1, 1 / 3]]
    hours = summary.count_hours(journal).set_index("hour")["n"]
    assert (hours[8], hours[21], hours.sum()) == (2, 1, 3)
    assert summary.count_sites(gappy).empty
    assert summary.count_hours(gappy).empty


@pytest.mark.parametrize(("value", "told"), [(1.0, "yes"), (0.0, "no"), (np.nan, "not noted")])
def test_a_red_flag_is_ticked_from_the_journal(alone, value, told):
    journal = give_signs(alone, wasting=[value])
    assert warn(journal)["Muscle wasting"] == told
    shown = str(front.show_warnings(*see(journal, TWITCHES)))
    assert f"{'☒' if value == 1 else '☐'} Muscle wasting: {told}" in shown
    assert shown.endswith("A diary can't examine anyone, and never replaces someone who can.")


@pytest.mark.parametrize(("value", "told"), [(1.0, "yes"), (0.0, "no")])
def test_a_red_flag_in_no_model_is_ticked_from_the_people_table(alone, value, told):
    assert warn(give_signs(alone, falls=[value]))["Falls"] == told
    assert warn(give_signs(alone, shortness_of_breath=[value]))["Trouble breathing"] == told


def test_weakness_of_days_ticks_what_a_table_denies(alone):
    weak = replace(alone, days=alone.days.assign(weakness=[0.0, 2, 0, 1]))
    told = warn(give_signs(weak, weakness_felt=[0.0]))
    assert told["Weakness felt"] == "yes: noted on 2 days, 2 Jan to 8 Jan 2025"


@pytest.mark.parametrize(("column", "label"), [("slurred_speech", "Speech or swallowing trouble"), ("falls", "Falls")])
def test_a_red_flag_in_a_column_of_the_days_is_ticked(alone, column, label):
    """No diary may say 'twitches and nothing else' of days on which a sign was noted, be it once."""
    noted = replace(alone, days=alone.days.assign(**{column: [0.0, 1, np.nan, 0]}))
    assert warn(noted)[label] == "yes: noted on 1 day, 2 Jan 2025"
    assert f"Noted here: {label.lower()}." in front.show_meaning(*see(noted, TWITCHES))
    never = replace(alone, days=alone.days.assign(**{column: [0.0, 0, np.nan, 0]}))
    assert warn(never)[label] == "no"
    assert f"**Reported: {label.lower()} (noted on 1 day).**" in describe(noted)


def test_the_doctors_list_says_what_the_checklist_says(alone):
    """Of 'faiblesse', never there, one said 'no' and the other 'not noted'."""
    never = replace(alone, days=alone.days.assign(faiblesse=[0.0, 0, np.nan, 0]))
    assert warn(never)["Weakness felt"] == "no"
    assert dict(history.list_history(*see(never, TWITCHES)))["Weakness felt"] == "no"


def test_a_sign_whose_cells_could_not_be_read_is_not_told_as_never_there():
    """Of 'left hand' on a quarter of the days the page said 'Weakness felt: no' and '0 of 60 days'."""
    days = pd.DataFrame({"date": pd.date_range("2025-01-01", periods=20), "twitches": 1, "weakness": "no"})
    told = {}
    for cell in ("no", "left hand", "yes"):
        days.loc[[3, 4], "weakness"] = ["left hand" if cell == "yes" else cell, cell]
        journal = read_journal(days)
        told[cell] = warn(journal)["Weakness felt"]
        assert dict(history.list_history(*see(journal, TWITCHES)))["Weakness felt"].startswith(
            {"left hand": told[cell], "no": "0 of 20 days", "yes": "1 of 19 days"}[cell]
        )
        assert ("Not clear: weakness felt. Read yourself" in describe(journal)) == (cell == "left hand")
    assert told == {
        "no": "no", "left hand": "not clear: some cells could not be read", "yes": "yes: noted on 1 day, 5 Jan 2025"
    }  # fmt: skip


def test_a_sign_under_a_name_of_its_own_is_not_clear(alone):
    """A left hand that was weak on a day was 'not noted', beside the rate of those with twitches and nothing else."""
    weak = replace(alone, days=alone.days.assign(left_hand_weakness=[0.0, 1, 0, np.nan]))
    assert warn(weak)["Weakness felt"] == "not clear: 'left hand weakness' is noted"
    assert front.tell_rate(*see(weak, TWITCHES)) == ""
    assert dict(history.list_history(*see(weak, TWITCHES)))["Weakness felt"] == warn(weak)["Weakness felt"]
    never = replace(alone, days=alone.days.assign(left_hand_weakness=[0.0, 0, 0, np.nan]))
    assert warn(never)["Weakness felt"] == "not noted"


@pytest.mark.parametrize(
    ("column", "label"),
    [
        ("foot_drop", "Weakness felt"), ("weak_left_arm", "Weakness felt"),
        ("slurring", "Speech or swallowing trouble"), ("choking_on_coffee", "Speech or swallowing trouble"),
        ("thumb_muscle_smaller", "Muscle wasting"),
        ("numb_toes", "Numbness or tingling"), ("zwakte_in_been", "Weakness felt"),
        *[(harmless, "") for harmless in ("fear_of_weakness", "strength_training", "weak_coffee", "number_of_coffees",
                                          "light_sensitivity", "power_nap", "steps_climbed")],
    ],
)  # fmt: skip
def test_a_sign_that_a_name_hints_at_is_not_clear(alone, column, label):
    """Of foot drop and slurring page one said 'twitches and nothing else'; strength training is no sign."""
    journal = replace(alone, days=alone.days.assign(**{column: [0.0, 1, 0, np.nan]}))
    unclear = [name for name, told in warn(journal).items() if told.startswith("not clear: ")]
    assert unclear == ([label] if label else [])
    assert (front.tell_rate(*see(journal, TWITCHES)) == "") == bool(label)


def test_a_diary_of_something_else_says_which_signs_it_holds(alone, gappy):
    """Of an arm that went weak with headaches the page's first words said nothing."""
    pain = SimpleNamespace(outcome="pain")
    weak = replace(alone, days=alone.days.assign(pain=2.0, slurred_speech=[0.0, 1, 0, 0]))
    told = front.show_meaning(*see(weak, pain))
    assert "\n\n**See a doctor soon. Noted here: speech or swallowing trouble.** Pain: a diary shows" in told
    group = replace(gappy, days=gappy.days.assign(pain=2.0, falls=[0.0, 0, 1, 0, 0, 0]))
    assert "Noted of some here: falls.** Pain: a diary" in front.show_meaning(*see(group, pain))


def test_states_of_signs_are_words_of_their_own(alone, gappy):
    """There, else not clear of anybody, not there, not noted; page one read them off the start of a sentence."""
    noted = alone.days.assign(falls=[0.0, 1, 0, 0], numbness=0.0, weak_grip=[0.0, 1, 0, 0])
    states = find_flags(replace(alone, days=noted))["state"].drop("pregnant")
    assert states.to_dict() == {
        "weakness_felt": "not clear", "weakness_found": "not noted", "wasting": "not noted",
        "sensory_change": "not there", "speech_swallowing": "not noted", "falls": "there",
        "trouble breathing": "not noted", "twitching since a new medicine": "not noted",
    }  # fmt: skip


def test_whose_sign_is_not_clear_is_told_of_a_group(gappy):
    """P1's left hand stood as 'not clear' of the group, and took the rate from everybody."""
    weak = replace(gappy, days=gappy.days.assign(left_hand_weakness=[0.0, 1, 0, 0, 0, 0]))
    assert warn(weak)["Weakness felt"] == "not clear (P1): 'left hand weakness' is noted"
    said = "Not clear: weakness felt (P1). Read what was noted: whoever has it should ask a doctor."
    assert said in front.show_meaning(*see(weak, TWITCHES))
    assert said in describe(weak)
    assert "about 5 have" in front.tell_rate(*see(weak, TWITCHES))  # P2 has nothing else
    asked = give_signs(weak, people=("P1", "P2"), weakness_felt=[np.nan, 1.0])
    assert warn(asked)["Weakness felt"] == "1 of 1 (P2); not clear (P1): 'left hand weakness' is noted"
    assert front.tell_rate(*see(asked, TWITCHES)) == ""
    marked = replace(weak, days=weak.days.rename(index={"P1": "*P1*"}))
    assert r" felt (\*P1\*). " in front.show_meaning(*see(marked, TWITCHES))  # a name is no Markdown
    both = replace(weak, days=weak.days.assign(falls=[0.0, 0, 0, 0, 1, 0]))
    assert front.tell_rate(*see(both, TWITCHES)) == ""  # each has another sign, and nobody nothing else
    row = gappy.variables.iloc[:1].assign(name="statin", label="Statin", role="medicine")
    begun = replace(
        gappy, days=gappy.days.assign(statin=[0.0, 0, 1, 1, 1, 1]), variables=pd.concat([gappy.variables, row])
    )
    told = warn(begun)["Twitching since a new medicine"]
    assert told == "not clear (P1): begun here, it seems: Statin. Ask a doctor whether it may do this"
    assert not re.search(r"\byou", str(front.show_warnings(*see(begun, TWITCHES))) + describe(begun))


def test_a_rating_of_speech_may_mean_that_it_is_fine(alone):
    """Speech 10 of 10 was 'yes: noted on 4 days', above 'see a doctor soon'; slurred speech has a bad end."""
    rated = replace(alone, days=alone.days.assign(speech=[10.0, 10, 9, 10]))
    told = "not clear: 'speech' does not say whether much is good or bad"
    assert warn(rated)["Speech or swallowing trouble"] == told
    fine = replace(alone, days=alone.days.assign(speech=[0.0, 0, 1, 0]))  # yes or no
    assert warn(fine)["Speech or swallowing trouble"].startswith("yes: noted on 1 day")
    slurred = replace(alone, days=alone.days.assign(slurred_speech=[0.0, 4, 2, 0]))
    assert warn(slurred)["Speech or swallowing trouble"].startswith("yes: noted on 2 days")


@pytest.mark.parametrize(
    ("note", "label"),
    [
        ("I can't open jars", "Weakness felt"), ("Long day. I drop things", "Weakness felt"),
        ("tongue thick, slurring", "Speech or swallowing trouble"), ("tingling again", "Numbness or tingling"),
        ("no weakness, all well", ""), ("weak coffee", ""), ("fell asleep late; gave a speech", ""),
        ("worry about weakness", ""), ("number 3, strength training", ""),
        ("Weakness: none. Slept well", ""), ("speech slurred: no sleep", "Speech or swallowing trouble"),
    ],
)  # fmt: skip
def test_a_sign_in_notes_is_asked_about_and_never_printed(alone, note, label):
    variables = pd.concat([alone.variables, alone.variables.iloc[:1].assign(name="diary", kind="text")])
    noted = replace(alone, days=alone.days.assign(diary=["", note, "", ""]), variables=variables)
    told = {name: line for name, line in warn(noted).items() if line != "not noted"}
    assert told == ({label: "not clear: your notes mention it: ask yourself now"} if label else {})
    page = str(front.show_warnings(*see(noted, TWITCHES))) + front.show_meaning(*see(noted, TWITCHES))
    assert note not in page + describe(noted)
    denied = replace(noted, days=noted.days.assign(weakness=0.0, numbness=0.0, slurred_speech=0.0))
    assert "not clear" not in " ".join(warn(denied).values())  # asked day by day, and denied


def test_red_flags_of_a_group_are_counted_by_person(gappy):
    """Days are people's: two days of one person are one of two people, whoever else was asked."""
    falls = replace(gappy, days=gappy.days.assign(fell=[0.0, 1, 1, 0, 0, 0]))
    assert warn(falls)["Falls"] == "1 of 2 (P1): noted on 2 days"
    assert "1 red flag is reported by at least one of 2 people: **falls**." in describe(falls)
    both = give_signs(falls, people=("P2", "P3"), wasting=[1.0, 0.0])
    assert warn(both)["Muscle wasting"] == "1 of 2 (P2)"
    assert "2 red flags are reported by at least one of 3 people: **muscle wasting and falls**." in describe(both)


def test_a_group_is_told_as_a_group(gappy):
    journal = give_signs(gappy, people=("P1", "P2"), wasting=[1.0, 0.0])
    title, checklist = front.show_title(journal, TWITCHES), str(front.show_warnings(*see(journal, TWITCHES)))
    assert "☒ Muscle wasting: 1 of 2 (P1)" in checklist
    parts = [title, checklist, front.show_course(journal, TWITCHES)]
    assert not [part for part in parts if " you" in part]
    assert "diaries of 2 people" in title
    assert "People: P1 and P2." in title
    assert history.show_history(*see(journal, TWITCHES)) == ""


def test_a_report_on_something_else_does_not_speak_of_twitching(make_journal):
    columns = {"person": ["a"] * 3, "date": pd.date_range("2025-01-01", periods=3), "headache": [0.0, 4, 1]}
    journal = make_journal(columns, outcome="headache")
    told = " ".join(
        str(show(*see(journal, HEADACHE)))
        for show in (front.show_title, front.show_meaning, front.show_warnings, front.open_course,
                     front.show_course, history.show_history)
    ).lower()  # fmt: skip
    assert "twitch" not in told
    assert "motor neurone" not in told
    assert "headache" in told
    assert front.draw_meaning(*see(journal, HEADACHE)) == front.tell_rate(*see(journal, HEADACHE)) == ""
    assert front.open_section(journal, HEADACHE, "Red flags", twitching=True) == ""


def test_a_report_on_mood_says_who_needs_somebody_now(make_journal):
    columns = {"person": ["a"] * 3, "date": pd.date_range("2025-01-01", periods=3), "low_mood": [0.0, 4, 1]}
    found = SimpleNamespace(outcome="low_mood")
    told = front.show_warnings(*see(make_journal(columns, outcome="low_mood"), found))
    assert told.endswith(
        " **If you think of harming yourself, you need somebody now:** a doctor, an emergency number, a person near."
    )
    many = make_journal(columns | {"person": ["a", "b", "c"]}, outcome="low_mood")
    assert not re.search(r"\byou", front.show_warnings(*see(many, found)))
    assert "harm" not in front.show_warnings(*see(many, HEADACHE))


def test_a_short_diary_says_when_to_come_back(alone):
    told = front.show_early(alone)
    assert "4 days can't show what goes with it" in told
    assert "come back after 26 more days" in told
    assert front.show_triggers(alone, TWITCHES) == ""
    assert front.open_evidence(alone, TWITCHES) == ""


def test_the_base_rate_is_told_both_ways_round(alone):
    told = front.tell_rate(*see(alone, TWITCHES))
    assert "Of 100,000 adults with twitches and nothing else, about 5 have" in told
    assert "About 99,995 do not." in told


def test_with_a_red_flag_the_rate_of_those_without_is_not_told(alone, gappy):
    journal = give_signs(alone, wasting=[1.0], weakness_felt=[0.0])
    assert front.draw_meaning(*see(journal, TWITCHES)) == front.tell_rate(*see(journal, TWITCHES)) == ""
    told = front.show_meaning(*see(journal, TWITCHES))
    assert told.startswith("## What it means\n\n**See a doctor soon. Noted here: muscle wasting.**")
    assert "rare" not in told
    group = give_signs(gappy, people=("P1", "P2"), wasting=[1.0, 0.0])
    assert "It does not hold where a sign of the next list is there." in front.tell_rate(*see(group, TWITCHES))
    assert "How many people have each" in front.show_warnings(*see(group, TWITCHES))._repr_html_()
    assert "How many people have each" not in front.show_warnings(*see(gappy, TWITCHES))._repr_html_()


def test_with_a_sign_that_is_not_clear_the_rate_of_those_without_is_not_told():
    """Of weakness noted as 'left hand' page one still said what is known of 'twitches and nothing else'."""
    days = pd.DataFrame({"date": pd.date_range("2025-01-01", periods=20), "twitches": 1, "weakness": "no"})
    days.loc[[3, 4], "weakness"] = "left hand"
    journal = read_journal(days)
    assert front.draw_meaning(*see(journal, TWITCHES)) == front.tell_rate(*see(journal, TWITCHES)) == ""
    told = front.show_meaning(*see(journal, TWITCHES))
    assert told.startswith("## What it means\n\n**Not clear: weakness felt. Read yourself what was noted: ")
    assert front.list_next(*see(journal, make_answers()))[0] == (
        "**What is not clear of weakness felt**: a plain yes or no, each day."
    )
    said = "weakness felt. Read yourself what was noted: if it is there, ask a doctor."
    assert _tell_flags(journal, find_flags(journal)) == f"**Not clear:** {said}"
    told = describe(journal)
    assert told.startswith(f"Not clear: {said}")
    assert "says nothing" not in told


def test_a_rated_sign_is_there_from_the_first_point_on_of_one_person_and_of_a_group(gappy, alone):
    """Everybody of a group noted weakness, and the page told the rate of people with twitches and nothing else."""
    one = replace(alone, days=alone.days.assign(weakness=[0.0, 0, 1, 0]))
    assert warn(one)["Weakness felt"].startswith("yes: noted on 1 day, ")
    some = replace(gappy, days=gappy.days.assign(weakness=[0.0, 0, 1, 0, 0, 0]))
    assert warn(some)["Weakness felt"] == "1 of 2 (P1): noted on 1 day"
    assert "A rating counts from the first point on." in str(front.show_warnings(*see(some, TWITCHES)))
    assert "about 5 have" in front.tell_rate(*see(some, TWITCHES))
    told = front.show_meaning(*see(some, TWITCHES))
    assert "**A doctor should see whoever has one of these soon. Noted of some here: weakness felt.** Twitches" in told
    assert "Noted of some" not in front.show_meaning(*see(gappy, TWITCHES))
    every = replace(gappy, days=gappy.days.assign(weakness=[0.0, 0, 1, 0, 2, 0]))
    assert front.tell_rate(*see(every, TWITCHES)) == ""
    told = front.show_meaning(*see(every, TWITCHES))
    assert "**A doctor should see them soon. Noted of everybody here: weakness felt.** What is known" in told


def test_cramps_are_told_without_the_rate_of_twitches(alone):
    cramps = SimpleNamespace(outcome="cramps")
    journal = replace(alone, days=alone.days.assign(cramps=1.0))
    assert front.draw_meaning(*see(journal, cramps)) == front.tell_rate(*see(journal, cramps)) == ""
    assert "knows no figure" in front.show_meaning(*see(journal, cramps))
    assert "☐ Falls: not noted" in str(front.show_warnings(*see(journal, cramps)))


def test_what_mostly_is_not_there_is_set_side_by_side_in_days(make_journal):
    """Headache on a third of the days without wine, on every second day with it."""
    wine = np.repeat([0.0, 1.0], 30)
    headache = np.concatenate([np.tile([1.0, 0, 0], 10), np.tile([1.0, 0], 15)])
    columns = {"person": ["a"] * 60, "date": pd.date_range("2025-01-01", periods=60)}
    journal = make_journal(columns | {"wine": wine, "headache": headache}, outcome="headache")
    row = {"outcome": "headache", "trigger": "wine", "lag": 0}
    told = "there on 33 % of the days with none, on 50 % of those with 1 or more. "
    journal = replace(journal, variables=journal.variables.assign(kind=["count", "yes/no"]))
    assert front._tell_raw(journal, row) == f"As noted: {told}"


def test_triggers_of_which_none_could_be_tested_have_no_table(alone):
    primary = pd.DataFrame({"trigger": ["stress"], "estimate": [np.nan], "caution": [""]})
    assert tabulate_triggers(alone, primary, pd.DataFrame()) == ""


def make_answers(*rows):
    columns = ["question", "verdict", "outcome", "n_people", "n_days", "days_needed"]
    answers = pd.DataFrame(rows, columns=columns).assign(question_id=[str(number) for number in range(len(rows))])
    asked = [str(number) for number in range(max(2, len(rows)))]
    ledger = pd.DataFrame({"article": (["one", "two"] * len(asked))[: len(asked)], "question_id": asked})
    primary = make_effects(("tea", 1, "forward", 1.0, 0.9, 0.9))
    return SimpleNamespace(outcome="twitches", answers=answers, ledger=ledger, primary=primary,
                           directions=pd.DataFrame())  # fmt: skip


def make_effects(*rows):
    columns = ["trigger", "lag", "order", "estimate", "p_value", "p_adjusted"]
    return pd.DataFrame(rows, columns=columns).assign(measure="rate ratio")


def test_what_is_clear_on_the_same_day_alone_is_possible():
    """Coffee is clear on its day, tea both ways, milk only before all tests are counted, rest three days before."""
    primary = make_effects(("tea", 1, "forward", 0.7, 0.001, 0.01), ("milk", 1, "forward", 1.2, 0.04, 0.2),
                           ("coffee", 1, "forward", 1.0, 0.9, 0.9), ("rest", 1, "forward", 1.0, 0.8, 0.9),
                           ("sun", 1, "forward", 1.0, 0.8, 0.9))  # fmt: skip
    same = make_effects(("coffee", 0, "same time", 1.5, 0.001, 0.01), ("tea", 0, "same time", 0.8, 0.001, 0.01),
                        ("rest", 3, "forward", 1.3, 0.001, 0.02))  # fmt: skip
    boxes = front.sort_triggers(SimpleNamespace(primary=primary, effects=pd.concat([primary, same])))
    told = {kind: rows[["trigger", "lag"]].to_numpy().tolist() for kind, rows in boxes.items()}
    assert told == {
        "clear": [["tea", 1]],
        "possible": [["coffee", 0], ["rest", 3], ["milk", 1]],
        "untold": [["sun", 1]],
    }


def test_what_no_diary_can_tell_is_nothing_to_log(alone):
    never = ("Never?", "inconclusive", "twitches", 1, 100, 1200.0)
    soon = ("Soon?", "inconclusive", "twitches", 1, 100, 192.0)
    late = ("Late?", "inconclusive", "twitches", 1, 100, 800.0)
    group = ("Of ten?", "inconclusive", "twitches", 10, 1000, 4040.0)
    told = front.list_next(*see(alone, make_answers(never, late, soon)))
    assert "**The same as now**, each evening, for 3 more months. It would answer: Soon?" in told
    assert len(told) == 3
    assert "for 10 more months. It would answer: Of ten?" in front.list_next(*see(alone, make_answers(group)))[1]
    assert not [line for line in front.list_next(*see(alone, make_answers(never))) if "Never?" in line]


def test_there_is_always_something_to_log_next(make_journal):
    columns = {"person": ["a"] * 122, "date": pd.date_range("2025-01-01", periods=122), "mood": [5.0, 6] * 61}
    found = make_answers()
    found.outcome = "mood"
    assert front.list_next(*see(make_journal(columns, outcome="mood"), found)) == [
        "**The same as now**, each evening, for 4 more months. Twice as many days can show effects 29 % smaller."
    ]
    days = pd.date_range("2020-01-01", periods=1096)
    years = make_journal({"person": ["a"] * 1096, "date": days, "mood": [5.0, 6] * 548}, outcome="mood")
    assert front.list_next(*see(years, found)) == []


def test_with_a_red_flag_the_doctor_comes_before_more_days(alone):
    told = front.list_next(*see(give_signs(alone, wasting=[1.0]), make_answers()))
    assert told[0] == "**A doctor first.** A sign of the list above is there, and that needs no more days."
    assert [line[:20] for line in told[1:]] == ["**Single episodes**,"]


def test_of_a_group_the_doctor_comes_first_for_whoever_has_a_sign(make_journal):
    """Weakness of one of two people: the list went on to more days of noting alone."""
    columns = {"person": ["a", "a", "b", "b"], "date": [*pd.date_range("2025-01-01", periods=2)] * 2}
    journal = make_journal(columns | {"twitches": [1.0, 2, 3, 4], "weakness": [0.0, 0, 0, 3]})
    told = front.list_next(*see(journal, make_answers()))
    assert told[0] == "**A doctor first.** Somebody has a sign of the list above, and that needs no more days."
    assert len(told) == 3


def test_a_diary_of_the_outcome_alone_is_told_what_else_to_note(make_journal):
    columns = {"person": ["a"] * 40, "date": pd.date_range("2025-01-01", periods=40), "twitches": [1.0, 2] * 20}
    journal, found = make_journal(columns), make_answers()
    found.effects = found.primary = make_effects()
    assert "**What may go with it**: such as sleep" in front.list_next(*see(journal, found))[1]
    assert describe_triggers(journal, found) == ""
    assert front.open_section(journal, found, "Triggers", triggers=True) == ""
    assert front.show_triggers(journal, found) == "## What goes with it\n\nNothing is noted here that may go with it."
    assert front.open_evidence(journal, found) == ""
    found.answers = make_answers(("Why?", "not testable", "twitches", 0, 0, np.nan)).answers
    told = "2 health articles. The answers: 1 that such a diary can't tell (not testable)."
    assert front.show_articles(journal, found).endswith(told)
    assert describe_directions(journal, pd.DataFrame()) == ""


def test_what_was_not_tested_is_named(alone):
    found = make_answers()
    found.primary = make_effects(("tea", 1, "forward", 1.0, 0.9, 0.9), ("stress", 1, "forward", np.nan, np.nan, np.nan))
    found.effects = found.primary
    days = pd.concat([alone.days] * 10)
    days.index = pd.MultiIndex.from_product(
        [["P1"], pd.date_range("2025-01-01", periods=40)], names=alone.days.index.names
    )
    shown = str(front.show_triggers(replace(alone, days=days), found))
    assert shown.endswith("can't be said.\nNot tested: Stress. The appendix says why.")
    assert "'Adjusted'" not in shown  # nothing is


def test_none_at_all_gets_neither_better_nor_worse(make_journal):
    columns = {"person": ["a"] * 60, "date": pd.date_range("2025-01-01", periods=60), "twitches": [0.0] * 60}
    journal = make_journal(columns)
    assert front.show_course(journal, TWITCHES) == "There on **0 of 60 days**."
    assert dict(history.list_history(*see(journal, TWITCHES)))["Better or worse"] == "never there"
    short = make_journal({name: values[:20] for name, values in columns.items()})
    told = dict(history.list_history(*see(short, TWITCHES)))["Better or worse"]
    assert told == "can't be told: no more than 28 days yet"  # it was 'not noted'


def test_equal_medians_are_told_as_means(make_journal):
    tea = np.tile([0.0, 1.0], 30)
    twitches = np.where(tea > 0, np.tile([2.0, 2, 2, 2, 2, 5], 10), 2)
    columns = {"person": ["a"] * 60, "date": pd.date_range("2025-01-01", periods=60), "tea": tea, "twitches": twitches}
    told = front._tell_raw(make_journal(columns), {"outcome": "twitches", "trigger": "tea", "lag": 0})
    assert told == "As noted: with none the mean was 2, with 1 or more 3. "


def test_what_is_taken_on_bad_days_is_no_proof_of_help(make_journal):
    tea = np.tile([0.0, 1.0], 30)
    journal = make_journal({"person": ["a"] * 60, "date": pd.date_range("2025-01-01", periods=60), "tea": tea,
                            "twitches": 2 - tea})  # fmt: skip
    row = {"outcome": "twitches", "trigger": "tea", "lag": 0, "order": "same time", "measure": "rate ratio",
           "step": 1.0, "unit": "", "estimate": 0.5, "ci_lower": 0.4, "ci_upper": 0.6}  # fmt: skip
    told = front._tell_box_row(journal, row)
    assert told.endswith("on the same day. Which came first is not known.")
    treated = replace(journal, variables=journal.variables.assign(role="remedy"))
    mind = " Begun on bad days, which pass by themselves: no proof that it helps or harms."
    assert front._tell_box_row(treated, row) == told + mind
    drug = replace(journal, variables=journal.variables.assign(role="medicine"))
    assert front._tell_box_row(drug, row) == told + " It may be the medicine, or what it is taken for: ask a doctor."


@pytest.mark.parametrize(("taken", "told"), [
    ([0.0, 0, 1, 1], f"{NEW}5 Jan to 8 Jan 2025; median of twitches 1.5 before, 3 since)"),
    ([np.nan, 1, np.nan, np.nan], f"{NEW}2 Jan 2025; median of twitches 0 before, 3 since)"),
    ([1.0, 1, 1, 1], ""), ([0.0, 0, 0, 0], ""),
])  # fmt: skip
def test_a_medicine_begun_in_the_diary_stands_beside_its_warning(alone, taken, told):
    statin = alone.variables.iloc[:1].assign(name="statin", label="Statin", role="medicine")
    variables = pd.concat([alone.variables, statin])
    journal = replace(alone, days=alone.days.assign(statin=taken), variables=variables)
    shown = str(front.show_warnings(*see(journal, TWITCHES)))
    line = next(line for line in shown.splitlines() if "since a new medicine" in line)
    state = f"not clear: {told}. Ask a doctor whether it may do this" if told else "not noted: ask yourself now"
    assert line == f"☐ Twitching since a new medicine: {state}"
    said = "A medicine was begun here, it seems: Statin. Ask a doctor whether it may bring twitches on."
    flags = find_flags(journal)
    for place in (describe(journal), front.show_meaning(*see(journal, TWITCHES)), _tell_flags(journal, flags)):
        assert (said in place.replace("*", "")) == bool(told)
    denied = give_signs(journal, **{"twitching since a new medicine": [0.0]})
    assert warn(denied)["Twitching since a new medicine"] == "no"
    assert not find_flags(replace(journal, outcome="headache"))["hints"].any()  # it is no sign of a headache
    ended = replace(
        journal,
        days=journal.days.rename(columns={"statin": "stopped_statin"}),
        variables=variables.replace("statin", "stopped_statin"),
    )
    assert not find_new_medicines(ended)  # stopped is not begun


def test_a_sign_told_once_reaches_the_doctors_list(alone):
    named = replace(alone, days=alone.days.rename(columns={"stress": "weakness"}))
    named = replace(named, variables=alone.variables.replace("stress", "weakness"))
    journal = give_signs(named, pain=[1.0], weakness_felt=[0.0], sensory_change=[np.nan])
    told = dict(history.list_history(*see(journal, TWITCHES)))
    assert told["Pain"] == "yes when asked"
    assert told["Weakness felt"].startswith("no when asked; 4 of 4 days, 1 Jan to 8 Jan 2025; ")
    assert told["Numbness or tingling"] == told["Muscle cramps"] == ""


def test_a_group_is_told_which_signs_nobody_noted(gappy):
    told = front.list_next(*see(give_signs(gappy, people=("P1", "P2"), wasting=[1.0, 0.0]), make_answers()))
    assert told[-1].startswith(
        "**The list of signs above**, of each person: once a month"
    )  # seven would be a list anew
    names = ("weakness_felt", "weakness_found", "wasting", "sensory_change", "speech_swallowing")
    asked = {name: [0.0] * 2 for name in names}
    few = front.list_next(*see(give_signs(gappy, people=("P1", "P2"), **asked), make_answers()))
    assert ", above all falls, trouble breathing and twitching since a new medicine: once" in few[-1]


def test_one_and_many_questions_are_told_with_their_verbs(make_journal):
    columns = {"person": ["a"] * 40, "date": pd.date_range("2025-01-01", periods=40), "twitches": [1.0] * 40}
    verdicts = ["supported", "inconclusive", "inconclusive", "not testable", "practically null", "practically null"]
    found = make_answers(*[(f"{n}?", verdict, "twitches", 1, 40, np.nan) for n, verdict in enumerate(verdicts)])
    assert front.show_articles(make_journal(columns), found) == (
        "## The articles\n\nThis diary was asked 6 questions from 2 health articles. The answers: 1 as they say "
        "(supported), 2 too small to matter (practically null), 2 that can't be told yet (inconclusive), 1 that such a "
        "diary can't tell (not testable). As they say: '0?'."
    )
    found.ledger = found.ledger[found.ledger["question_id"] != "3"]
    told = front.show_articles(make_journal(columns), found)
    assert "6 questions, 5 of them from 2 health articles. The answers: 1 " in told
    found.effects = make_effects()
    row = {"estimate": 0.99, "ci90_lower": 0.96, "ci90_upper": 1.01, "margin": 1.05, "measure": "rate ratio", "lag": 1}
    found.answers = found.answers.assign(**row)
    small = " −1\u00a0% (90 % interval −4\u00a0% to +1\u00a0%). Up to +5\u00a0% counts as too small."
    told = str(front.show_triggers(make_journal(columns), found))
    assert f"Too small to matter (practically null)\n4?{small}\n5?{small}" in told
    found.primary = make_effects(("stress", 1, "forward", 1.0, 0.9, 0.9), ("tea", 1, "forward", 1.0, 0.9, 0.9))
    found.answers = found.answers.assign(question_id="stress-twitches")
    found.effects = found.primary.assign(outcome="twitches", step=1.0, unit="points of 10")
    found.answers["lag"] = "1"
    sized = (
        "Stress. −1 % (90 % interval −4 % to +1 %) for each 1 point of 10 more, the day before. Up to +5 % counts as"
    )
    assert sized in str(front.show_triggers(make_journal(columns), found)).replace("\u00a0", " ")
    assert "(inconclusive)\nTea. Too few days" in str(front.show_triggers(make_journal(columns), found))
    found.answers = found.answers.assign(verdict="inconclusive")
    assert "Too small to matter" not in str(front.show_triggers(make_journal(columns), found))


def test_a_group_is_advised_in_the_third_person(gappy, alone):
    told = describe(gappy)
    assert "**A doctor should soon see** weakness that they or others notice" in told
    assert not re.search(r"\byou", told)
    assert "weakness that you or others notice" in describe(alone)
    found = SimpleNamespace(outcome="headache")
    assert "worries whoever has it." in front.show_warnings(*see(gappy, found))


def test_days_that_are_all_the_same_are_told_as_that(make_journal):
    columns = {"person": ["a"] * 40, "date": pd.date_range("2025-01-01", periods=40), "twitches": [3.0] * 40}
    journal, found = make_journal(columns | {"tea": np.arange(40.0)}), make_answers()
    found.primary = make_effects(("tea", 1, "forward", 1.0, 0.9, 0.9))
    assert "There on **all 40 days noted**. Every day had 3. " in front.show_course(journal, found)
    assert any(line.startswith("**How much it was**, as a count") for line in front.list_next(*see(journal, found)))
    nothing = pd.DataFrame({"trigger": ["tea"], "estimate": [np.nan], "reading": [""]})
    assert describe_directions(journal, nothing) == ""


def test_a_share_of_which_nothing_is_known_is_not_told():
    row = {"n_days": 31, "estimate": 0.9, "ci_lower": 0.014, "ci_upper": 1.0}
    assert _tell_share("with", row) == {"Days with": 31, "Outcome with": "can't be told"}
    assert _tell_share("with", row | {"ci_lower": 0.5})["Outcome with"] == "90 % (50 % to 100 %)"


def make_days(make_journal, n=40, **columns):
    dates = pd.date_range("2025-01-01", periods=n)
    return make_journal({"person": ["a"] * n, "date": dates, "twitches": np.tile([1.0, 2.0], n // 2)} | columns)


def test_what_was_noted_after_the_outcome_is_told_as_a_consequence(make_journal):
    """Stress is noted at bedtime: clear on its own day, it was told nowhere on page one."""
    journal, found = make_days(make_journal, stress=np.tile([1.0, 3.0], 20)), make_answers()
    rows = {"ci_lower": 1.1, "ci_upper": 1.4, "outcome": "twitches", "step": 1.0, "unit": "points of 10",
            "detectable_up": 1.2}  # fmt: skip
    found.primary = make_effects(("stress", 1, "forward", 1.0, 0.9, 0.9)).assign(**rows)
    same = make_effects(("stress", 0, "backward", 1.25, 0.001, 0.01)).assign(**rows)
    found.effects = pd.concat([found.primary, same])
    told = str(front.show_triggers(journal, found))
    assert "None stands out." in told
    assert "on the same day. Noted after the symptom: it may be a consequence." in told
    assert "Can't be told (inconclusive)\nNone." in told
    assert "Noted after it, so it may be a consequence: Stress +25\u00a0%" in describe_triggers(journal, found)


def test_a_night_may_hold_the_outcome_already(make_journal):
    """Sleep has an order with what is counted by day; a rating may be of the morning."""
    journal = make_days(make_journal, headache=1.0, sleep=7.0)
    timing = journal.variables["name"].map({"sleep": "night"}).fillna("day")
    journal = replace(journal, variables=journal.variables.assign(timing=timing))
    row = {"trigger": "sleep", "outcome": "headache", "lag": 0, "order": "same time"}
    assert front._tell_first(journal, row) == " Headache may have begun in that night: which came first is not known."
    assert front._tell_first(journal, row | {"trigger": "twitches"}) == " Which came first is not known."


def test_what_also_follows_the_outcome_is_told_beside_it(make_journal):
    journal, found = make_days(make_journal, tea=np.tile([0.0, 1.0], 20)), make_answers()
    rows = {"ci_lower": 1.1, "ci_upper": 1.4, "outcome": "twitches", "step": 1.0, "unit": ""}
    found.effects = found.primary = make_effects(("tea", 1, "forward", 1.25, 0.001, 0.01)).assign(**rows)
    assert "also follows" not in str(front.show_triggers(journal, found))
    found.directions = pd.DataFrame({"trigger": ["tea"], "direction": "reverse", "p_adjusted": 0.01,
                                     "reading": "the outcome comes first"})  # fmt: skip
    assert "Tea also follows the symptom on the next day, as strongly or more: " in str(
        front.show_triggers(journal, found)
    )


def test_a_few_days_in_the_last_weeks_are_told_as_few(make_journal):
    """Days 1 to 28 and 29 to 56 in full, then five of the last 28."""
    keep = np.r_[0:56, 60, 65, 70, 75, 83]
    columns = {"person": ["a"] * 61, "date": pd.date_range("2025-01-01", periods=84)[keep], "twitches": [1.0] * 61}
    told = front.show_course(make_journal(columns), TWITCHES)
    assert "There on 100 % in the last 28 days, 100 % before: the same (5 of the 28 noted)." in told


def test_what_to_log_next_fits_the_diary(make_journal):
    found = make_answers()
    found.primary = make_effects(("tea", 1, "forward", np.nan, np.nan, np.nan))
    told = front.list_next(*see(make_days(make_journal), found))
    assert told[1].startswith("**Every evening**, for three months or more. So far nothing could be tested;")
    undated = front.list_next(*see(replace(make_days(make_journal), calendar="none"), make_answers()))
    assert undated[0] == "**The date of each entry.** Without it nothing can be said of the day before."
    log = make_days(make_journal)
    log = replace(log, rejects=pd.DataFrame({"rule": ["attack_log"], "action": "kept", "column": ""}))
    assert front.list_next(*see(log, make_answers()))[1] == (
        "**Every evening, also where nothing came.** What brings it on shows only beside days without it."
    )
    one = make_days(make_journal, n=2, twitches=[3.0, np.nan])
    assert not [line for line in front.list_next(*see(one, make_answers())) if line.startswith("**How much")]
    early = "It takes {} a very strong effect, and three months or more for others."
    assert front.show_early(one).endswith(early.format("two weeks to see the course, a month to see"))
    assert front.show_early(make_days(make_journal, n=20)).endswith(early.format("a month to see the course or"))


def test_a_medicine_that_no_dictionary_knows_is_told_as_a_guess(make_journal):
    journal = make_days(make_journal, sertraline=50.0, diuretic=np.tile([0.0, 1.0], 20), tea=1.0)
    roles = journal.variables["role"].mask(journal.variables["name"].eq("diuretic"), "medicine")
    journal = replace(journal, variables=journal.variables.assign(role=roles))
    told = dict(history.list_history(*see(journal, TWITCHES)))["Medicines"]
    assert told.startswith("diuretic on 20 days, 2 Jan to ")
    assert "; by its name perhaps also sertraline on 40 days, 1 Jan to " in told


def test_a_mineral_is_told_as_tried_and_a_rare_injury_with_its_dates(make_journal):
    """Magnesium is a trigger of the dictionary that people take against it: it stood nowhere in the doctor's list."""
    there = np.zeros(40)
    there[[4, 9]] = 1
    journal = make_days(make_journal, magnesium=np.tile([0.0, 300.0], 20), injury=there)
    kinds = journal.variables["kind"].mask(journal.variables["name"].eq("injury"), "yes/no")
    told = dict(history.list_history(*see(replace(journal, variables=journal.variables.assign(kind=kinds)), TWITCHES)))
    assert told["Medicines"] == ""
    assert told["What helped"] == "tried: magnesium on 20 days; a diary can't tell whether it helped"
    assert told["Injury"] == "2 of 40 days, 5 Jan to 10 Jan 2025"


def test_a_pain_reliever_is_a_medicine_for_a_doctor():
    """Tried on 10 days, it stood under 'What helped' alone, and 'Medicines: not noted' above it."""
    days = pd.DataFrame(
        {"date": pd.date_range("2025-01-01", periods=40), "headache": 2, "ibuprofen": [0, 0, 0, 1] * 10}
    )
    journal = read_journal(days, outcome="headache", today=pd.Timestamp("2025-03-01").date())
    told = dict(history.list_history(*see(journal, HEADACHE)))
    assert told["Medicines"] == "pain reliever on 10 days, 4 Jan to 9 Feb 2025"
    assert told["What helped"].startswith("tried: pain reliever on 10 days")


def test_less_than_a_day_is_no_change(make_journal):
    """On 4 of the last 28 days for 12 of 72 before, less than a day too few: it was 'lower'."""
    there = np.r_[np.tile([1.0, 0, 0, 0, 0, 0], 12), np.tile([1.0, 0, 0, 0, 0, 0, 0], 4)]
    told = front.show_course(make_days(make_journal, n=100, twitches=there), TWITCHES)
    assert "There on 14 % in the last 28 days, 17 % before: about the same. In earlier" in told


def test_an_interval_without_end_tells_its_near_end_alone(alone):
    """'over ×100 (×5 to over ×100)' is a number that nobody should read."""
    row = {"trigger": "stress", "outcome": "twitches", "measure": "odds ratio", "step": 1.0, "unit": "yes/no", "lag": 1}
    up = row | {"estimate": 150.0, "ci_lower": 5.0, "ci_upper": 900.0}
    assert tell_size(alone, up).startswith("**×5 or more** odds (how far can't be told) ")
    down = row | {"estimate": 0.01, "ci_lower": 0.001, "ci_upper": 0.2}
    assert tell_size(alone, down).startswith("**×0.2 or lower** odds (how far can't be told) ")
    both = row | {"estimate": 4.0, "ci_lower": 2.0, "ci_upper": 9.0}
    assert tell_size(alone, both).startswith("**×4** odds (95 % interval ×2 to ×9) ")


def test_what_is_noted_under_a_name_of_its_own_reaches_the_doctors_list():
    """Leg pain, coffee without a unit and a column of sites stood as 'not noted'; a word of notes is no site."""
    days = pd.DataFrame({"date": pd.date_range("2025-01-01", periods=40), "twitches": np.arange(40) % 3,
                         "leg_pain": np.arange(40) % 6, "caffeine": np.tile([1, 2, 0, 2], 10),
                         "site": np.tile(["left calf", "eyelid", "left calf", "at work"], 10)})  # fmt: skip
    journal = read_journal(days.assign(notes="slurred"), today=pd.Timestamp("2025-03-01").date())
    told = dict(history.list_history(*see(journal, TWITCHES)))
    assert told["Pain"] == "leg pain 33 of 40 days; median 2, highest 5 of 5"
    assert told["Caffeine"] == "30 of 40 days; median 1.5, highest 2"
    assert told["Where, which side"] == "left calf 50 %, eyelid 25 %"
    columns = describe_reading(journal)
    assert (
        "- 1 column of words, each word read as yes or no: site.\n- 1 column of text, not analysed: notes." in columns
    )
    said = "Words in notes were only searched for plain mentions of these signs."
    assert said in str(front.show_warnings(*see(journal, TWITCHES)))
    journal = replace(journal, days=journal.days.drop(columns="notes"))
    assert said not in str(front.show_warnings(*see(journal, TWITCHES)))


def test_a_rating_of_every_day_tells_how_often_it_is_high(make_journal):
    """Of points from 1 up '40 of 40 days' says nothing: half of them are 4, ten are more."""
    journal = make_days(make_journal, twitches=1.0, pain=np.repeat([2.0, 4.0, 6.0], [10, 20, 10]))
    rated = replace(journal, variables=journal.variables.assign(unit="points of 7", kind="rating"))
    told = dict(history.list_history(*see(rated, SimpleNamespace(outcome="pain"))))
    assert told["How often"] == "40 of 40 days; more than 4 of 7 on 10"
    assert told["Where, which side"] == told["Injury"] == ""  # asked of any pain; stiffness of twitching
    assert "Muscle stiffness" not in told
    assert "At least half of the days had 4 of 7 or less. The highest day had 6 of 7." in front.show_course(
        rated, SimpleNamespace(outcome="pain")
    )


def test_nobody_is_told_to_examine_themselves(alone):
    checklist = str(front.show_warnings(*see(alone, TWITCHES)))
    assert "Weakness found by an examiner: not noted: ask a doctor" in checklist
    assert "Weakness felt: not noted: ask yourself now" in checklist


def test_nearly_all_days_are_not_all(make_journal):
    """299 of 300 days would be 100 %."""
    journal = make_days(make_journal, n=300, twitches=np.r_[0.0, np.ones(299)])
    assert tell_days(journal, "twitches").endswith("Twitches: on all but 1 of the days.")


def test_a_scale_in_a_header_is_no_part_of_its_name():
    days = pd.DataFrame({"date": pd.date_range("2025-01-01", periods=3), "headache (0-10)": [1, 2, 3],
                         "TENS": [0, 1, 0], "notes (am)": [1, 2, 1], "notes (pm)": [1, 1, 2]})  # fmt: skip
    journal = read_journal(days, outcome="headache (0-10)", today=pd.Timestamp("2025-02-01").date())
    told = [label_of(journal, name) for name in journal.variables["name"]]
    assert told == ["headache", "Electrical nerve stimulation (TENS)", "notes (am)", "notes (pm)"]


def test_what_a_question_needs_is_told_as_people_say_it():
    """The pain that a question on episodes lacks is theirs; nobody can note a diagnosis to compare with."""
    asked = ["stretching-cramps", "heat-cramps", "pain-by-intensity-spasms", "pain-sign-A4"]
    needs = ["cramps", "cramps; persistence_weeks", "pain; intensity", "pain; diagnosis or serious"]
    answers = pd.DataFrame({"question_id": asked, "reason": "variable not in this journal", "needs": needs})
    assert describe_needs(answers) == (
        "Noting these as well would let the journal answer more questions (in brackets: how many): muscle cramps (2), "
        "intensity of each episode (1), pain of each episode (1) and weeks that the symptom has lasted (1)."
    )


def test_a_template_that_was_not_filled_in_is_no_diary():
    """28 lines with their dates alone were '28 of 28 days noted', and twitches 'on every day noted'."""
    days = pd.DataFrame({"date": pd.date_range("2025-01-01", periods=28), "twitches": np.nan, "sleep": np.nan})
    days.loc[[2, 3, 9], "sleep"] = 7.0
    journal = read_journal(days, outcome="twitches", today=pd.Timestamp("2025-02-01").date())
    assert "3 of 28 days noted." in front.show_title(journal, TWITCHES)
    assert summary.summarise_people(journal)["longest_gap"].item() == 5
    assert tell_days(journal, "twitches").startswith("**Read:** 3 daily entries of 1 person; ")
    assert tell_days(journal, "twitches").endswith(": nothing noted.")
    assert dict(history.list_history(*see(journal, TWITCHES)))["How often"] == ""
    assert "come back after 27 more days" in front.show_early(journal)
    blank = replace(journal, days=journal.days.assign(sleep=np.nan))
    assert "0 of 28 days noted." in front.show_title(blank, TWITCHES)


def test_nobody_is_led_to_change_a_medicine(make_journal):
    """A column that is called like a medicine is tested as any other: the page says to ask first."""
    said = "Stop or change no medicine because of this page: ask your doctor first."
    for name, told in (("citalopram (mg)", True), ("tea", False)):
        day = np.arange(40)
        columns = {"date": pd.date_range("2025-01-01", periods=40), "twitches": day % 5, name: day % 3 * 10}
        journal = make_journal({"person": ["a"] * 40, **columns})
        assert (said in str(front.show_triggers(journal, analyze_journal(journal)))) == told
