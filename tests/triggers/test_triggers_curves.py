"""Dose curves: against a curve that was planted, a straight line, and nothing."""

import re
from dataclasses import replace

import numpy as np
import pytest

import twitchstats as tw
from twitchstats.errors import OptionError
from twitchstats.simulate.processes import simulate_process
from twitchstats.triggers.curves import CURVE_COLUMNS, bend_doses, estimate_dose_curve


def plant(shape, *, people=20, days=120, seed=1):
    """Diaries in which the day's mean is 4 exp(shape of the trigger)."""
    journal, _ = simulate_process("independent", people=people, days=days, seed=seed)
    x = journal.days["trigger_1"].to_numpy()
    y = np.random.default_rng(seed).poisson(4 * np.exp(shape(x))).astype(float)
    return replace(journal, days=journal.days.assign(twitches=y))


def test_terms_are_straight_beyond_the_outer_knots():
    knots = np.array([1.0, 2.0, 4.0])
    terms = bend_doses(np.array([-3.0, -2, -1, 5, 6, 7]), knots)
    np.testing.assert_allclose(np.diff(terms[:3], n=2, axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(np.diff(terms[3:], n=2, axis=0), 0, atol=1e-12)


def test_u_shape_is_found_where_a_straight_line_finds_nothing():
    journal = plant(lambda x: 0.2 * np.abs(x))
    curve = estimate_dose_curve(journal, "trigger_1", doses=[-1.5, 0.0, 1.5], reference=0.0)
    assert list(curve.columns) == CURVE_COLUMNS
    assert curve["dose"].tolist() == [-1.5, 1.5]
    assert (curve["p_bend"] < 1e-4).all()
    assert (curve["p_any"] < 1e-4).all()
    assert (curve["ci_lower"] > 1.05).all()
    assert (curve["ci_lower"] < np.exp(0.3)).all()


def test_what_two_terms_round_off_is_in_the_interval():
    """Effects of .3 per SD to either side, 20 people: none of 9 points was held, as a smooth curve has no tip."""
    journal = plant(lambda x: 0.3 * np.abs(x))
    curve = estimate_dose_curve(journal, "trigger_1", reference=0.0)
    truth = np.exp(0.3 * np.abs(curve["dose"]))
    assert ((curve["ci_lower"] <= truth) & (truth <= curve["ci_upper"])).mean() >= 0.8


def test_straight_effect_is_drawn_as_one():
    journal = plant(lambda x: 0.2 * x)
    curve = estimate_dose_curve(journal, "trigger_1", reference=0.0)
    truth = np.exp(0.2 * curve["dose"])
    assert ((curve["ci_lower"] <= truth) & (truth <= curve["ci_upper"])).mean() >= 0.8
    assert (curve["p_any"] < 1e-4).all()
    assert (curve["p_bend"] > 0.01).all()


def test_the_curve_of_a_trigger_turned_round_is_turned_round():
    """Below the reference a rising effect had no lower end in most diaries, falling along the trigger turned round."""
    journal = plant(lambda x: 0.25 * x, people=1, days=150, seed=2)
    turned = replace(journal, days=journal.days.assign(trigger_1=-journal.days["trigger_1"]))
    doses = np.array([-1.5, -1.0, -0.5, 0.5, 1.0, 1.5])
    curve = estimate_dose_curve(journal, "trigger_1", doses=doses, reference=0.0)
    other = estimate_dose_curve(turned, "trigger_1", doses=-doses, reference=0.0)
    np.testing.assert_allclose(curve["estimate"], other["estimate"], rtol=1e-6)
    ends = ["ci_lower", "ci_upper"]
    np.testing.assert_allclose(curve[ends], other[ends], rtol=1e-3)  # kinks lie a little elsewhere
    truth = np.exp(0.25 * doses)
    assert ((curve["ci_lower"] < truth) & (truth < curve["ci_upper"])).all()
    assert (curve["ci_upper"] < 4 * curve["ci_lower"]).all()


def test_rows_of_people_are_each_persons():
    journal = plant(lambda x: 0.25 * x, people=3)
    together = estimate_dose_curve(journal, "trigger_1", doses=[-1.0, 1.0], reference=0.0, by="person")
    assert together["dose"].tolist() == [-1.0, 1.0] * 3
    assert (together["estimate"] > 1).tolist() == [False, True] * 3
    assert together["person"].is_monotonic_increasing


def test_a_strong_straight_effect_is_not_called_bent():
    """Of 200 people, each with an effect of .5 in the logarithm: .05 below .05 (.28 with the line beside the mean)."""
    journal = plant(lambda x: 0.5 * x, people=200)
    curve = estimate_dose_curve(journal, "trigger_1", doses=[1.0], reference=0.0, by="person")
    assert 0.02 <= (curve["p_bend"] < 0.05).mean() <= 0.09
    assert (curve["p_straight"] < 0.05).all()


def test_contrast_of_two_doses_is_that_of_the_linear_engine():
    """Turning the two terms changes nothing of the model: b against a is the inverse of a against b."""
    journal = plant(lambda x: 0.1 * x, people=1)
    one = estimate_dose_curve(journal, "trigger_1", doses=[1.0], reference=-1.0)
    other = estimate_dose_curve(journal, "trigger_1", doses=[-1.0], reference=1.0)
    assert one["estimate"][0] == pytest.approx(1 / other["estimate"][0], rel=1e-6)
    assert one["ci_lower"][0] == pytest.approx(1 / other["ci_upper"][0], rel=1e-3)


@pytest.mark.parametrize("shape", [lambda x: x, lambda x: (x**2 - 1) / np.sqrt(2)])
def test_any_effect_is_found_whether_straight_or_bent(shape):
    """Where estimate_effects finds .88 of the straight ones; .12 were found by the straight term given the bend."""
    journal = plant(lambda x: 0.15 * shape(x), people=100)
    curve = estimate_dose_curve(journal, "trigger_1", doses=[1.5], reference=0.0, by="person")
    assert (curve["p_any"] <= 0.05).mean() > 0.6


def test_nothing_is_found_in_19_of_20_people():
    journal = plant(lambda x: 0 * x, people=200, days=90, seed=3)
    curve = estimate_dose_curve(journal, "trigger_1", doses=[1.5], reference=0.0, by="person")
    first = curve.groupby("person").first()
    for test in ("p_straight", "p_bend", "p_any"):
        assert (first[test] <= 0.05).mean() <= 0.1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"doses": []}, "doses=[] is not possible. Give a list of numbers in the unit of 'trigger_1'."),
        ({"doses": [np.inf]}, "doses=[inf] is not possible. Give a list of numbers in the unit of 'trigger_1'."),
        ({"by": "day"}, "by='day' is not possible. Choose one of 'pooled', 'person'."),
    ],
)
def test_what_is_not_possible(options, message):
    with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
        estimate_dose_curve(plant(lambda x: 0 * x, people=1), "trigger_1", **options)


def test_yes_no_trigger_has_no_curve():
    journal, _ = simulate_process("yes/no trigger", people=1, days=60, seed=1)
    message = "'trigger_1' has fewer than 4 different values: ask estimate_effects for its effect."
    with pytest.raises(OptionError, match=f"^{message}$"):
        tw.estimate_dose_curve(journal, "trigger_1")


def test_a_slip_does_not_bend_a_line():
    """Two of 120 doses noted ten times too high: a straight effect looked bent in .27 of diaries."""
    journal = plant(lambda x: 0.15 * x, people=60)
    days = np.arange(len(journal.days)) % 120
    slipped = journal.days["trigger_1"].where(~np.isin(days, (30, 70)), 15.0)
    slip = replace(journal, days=journal.days.assign(trigger_1=slipped))
    curve = estimate_dose_curve(slip, "trigger_1", doses=[1.0], reference=0.0, by="person")
    assert (curve["p_bend"] < 0.05).mean() < 0.15
    assert (curve["p_any"] < 0.05).mean() > 0.5


@pytest.mark.parametrize("by", ["person", "pooled"])
def test_a_dose_that_nobody_took_is_not_told(by):
    """A rate ratio of 887 was told, ten times beyond the highest dose noted."""
    journal = plant(lambda x: 0.2 * x, people=2)
    curve = estimate_dose_curve(journal, "trigger_1", doses=[1.0, 30.0], reference=0.0, by=by)
    assert (curve["estimate"].isna() == (curve["dose"] == 30)).all()
    assert (curve["reason"] == np.where(curve["dose"] == 30, "beyond the doses noted", "")).all()
    far = estimate_dose_curve(journal, "trigger_1", doses=[1.0], reference=30.0, by=by)
    assert (far["reason"] == "beyond the doses noted").all()
