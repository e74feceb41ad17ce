"""What is no argument ends in an error of the package's own family, and never in a row of something else."""

import re
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest

import twitchstats as tw

ODD = (-1, 0.5, np.nan, np.inf, pd.NA, True, b"x", [None], [np.nan], {"stress"}, ["stress", 1], 10**6, {}, [[1]],
       np.array(["stress"]), pd.Series(["stress"]), pd.DataFrame())  # fmt: skip
CALLS = [
    (tw.estimate_effects, {"triggers": "stress", "lags": 1}, "outcome triggers lags adjust by effect trend weekday"),
    (tw.correlate_triggers, {"triggers": "stress", "lags": 1}, "outcome triggers lags method by trend weekday"),
    (tw.estimate_cumulative_effects, {"triggers": "stress"}, "outcome triggers days first_lag by"),
    (tw.compare_directions, {"triggers": "stress"}, "outcome triggers lag alpha trend weekday"),
    (tw.compare_halves, {"triggers": "stress"}, "outcome triggers lag by"),
    (tw.estimate_risks, {}, "outcome triggers"),
    (tw.group_triggers, {}, "outcome triggers effects threshold"),
    (tw.estimate_dose_curve, {"trigger": "caffeine"}, "trigger outcome lag doses reference by"),
    (tw.compare_dose_shapes, {"trigger": "caffeine", "threshold": 150}, "trigger threshold outcome lag alpha"),
    (tw.estimate_remedy_effects, {"remedies": "heat"}, "remedies outcome lag days on by alpha"),
]


@pytest.fixture(scope="module")
def diary():
    rng = np.random.default_rng(3)
    days = {"date": pd.date_range("2024-01-01", periods=24), "twitches": rng.poisson(3, 24)}
    days |= {"caffeine": rng.integers(0, 4, 24) * 95, "stress": rng.integers(0, 11, 24), "heat": rng.integers(0, 2, 24)}
    return tw.read_journal(pd.DataFrame(days))


@pytest.mark.parametrize(("ask", "usual", "names"), CALLS, ids=lambda part: getattr(part, "__name__", ""))
def test_odd_arguments_stay_in_the_family(diary, ask, usual, names):
    for name in names.split():
        for odd in ODD:
            with suppress(tw.TwitchstatsError):
                ask(diary, **(usual | {name: odd}))


@pytest.mark.parametrize(
    ("ask", "options", "message"),
    [
        (tw.compare_directions, {"lag": [1, 2]}, "lag=[1, 2] is not possible. Give a whole number of at least 1."),
        (tw.compare_halves, {"lag": (0, 1)}, "lag=(0, 1) is not possible. Give a whole number of at least 0."),
        (tw.estimate_effects, {"lags": 366}, "lags=366 is not possible. Give a whole number of at most 365."),
        (tw.compare_directions, {"alpha": 5}, "alpha=5 is not possible. It must lie between 0 and 1, both excluded. "
         "5 % is 0.05."),
        (tw.estimate_risks, {"triggers": ["heat", "stress"]}, "'stress' is not yes or no, and what is counted are days "
         "with and without it. Name yes/no variables, or ask estimate_effects."),
        (tw.group_triggers, {"effects": pd.DataFrame({"trigger": []})}, "No column named 'p_value'. Known: 'trigger'."),
    ],
)  # fmt: skip
def test_what_would_be_left_out_in_silence_is_told(diary, ask, options, message):
    with pytest.raises(tw.TwitchstatsError, match=f"^{re.escape(message)}$"):
        ask(diary, **options)


def test_a_remedy_is_found_by_its_label_and_one_may_stand_alone(diary):
    told = tw.estimate_remedy_effects(diary, remedies=["heat"], on="stress")
    alike = tw.estimate_remedy_effects(diary, remedies="Heat", on="Stress")
    pd.testing.assert_frame_equal(told, alike)


@pytest.mark.parametrize("odd", ODD)
def test_an_analysis_and_a_plan_refuse_what_is_no_name(diary, odd):
    with pytest.raises(tw.TwitchstatsError):
        tw.analyze_journal(diary, outcome=odd)
    with pytest.raises(tw.TwitchstatsError):
        tw.plan_trial("caffeine", days=28, journal=odd)
    with pytest.raises(tw.TwitchstatsError):
        tw.answer_questions(diary, findings=odd)


def test_an_analysis_takes_one_trigger_by_name(diary):
    assert tw.analyze_journal(diary, triggers="Stress").primary["trigger"].tolist() == ["stress"]


def test_signs_may_come_one_by_one():
    people = tw.simulate_cohort(people=60, seed=1)
    told = tw.estimate_sign_ratios(people, (name for name in ["wasting"]))
    assert told["signs"].tolist() == ["wasting"]
    assert len(tw.introduce_questions(name for name in ["sleep-twitches"])) == 1
    for odd in ({"label": 1}, {"label": None}, {"signs": [1]}, {"cohort": []}):
        with pytest.raises(tw.TwitchstatsError):
            tw.estimate_sign_ratios(**({"cohort": people, "signs": ["wasting"]} | odd))


def test_a_plan_that_is_not_there_is_told(tmp_path):
    with pytest.raises(tw.JournalError, match="There is no file"):
        tw.read_plan(tmp_path / "plan.json")
    for ask in (lambda: tw.read_plan(None), lambda: tw.write_plan("caffeine", tmp_path)):
        with pytest.raises(tw.OptionError):
            ask()
