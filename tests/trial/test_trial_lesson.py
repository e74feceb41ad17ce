"""The lesson's two suspicions: what is planted, what is hidden, and their picture."""

import numpy as np
import pytest

import twitchstats as tw
from twitchstats.errors import OptionError
from twitchstats.plots.triggers import plot_trials


def test_effect_is_that_of_two_steps_and_nothing_is_hidden():
    days = tw.simulate_suspicion(effect=np.log(1.5), hidden=0.0, days=2000, seed=2).days
    means = days.groupby("caffeine")["twitches"].mean()
    assert means[400] / means[200] == pytest.approx(1.5, rel=0.08)


def test_hidden_unrest_makes_coffee_look_guilty():
    days = tw.simulate_suspicion(effect=0.0, hidden=0.35, days=2000, seed=2).days
    assert days["twitches"].corr(days["caffeine"]) > 0.2


def test_trial_follows_the_diary_and_cuts_the_tie():
    diary = tw.simulate_suspicion(effect=0.0, hidden=0.35, days=60, seed=3)
    plan = tw.plan_trial("caffeine", days=700, journal=diary)
    before = diary.days.copy()
    kept = tw.play_trial(diary, plan, effect=0.0, hidden=0.35, seed=4).days
    assert diary.days.equals(before)
    trial = kept.iloc[60:]
    assert len(trial) == 700
    assert trial["caffeine"].tolist() == (200.0 * plan.schedule["condition"]).tolist()
    assert abs(trial["twitches"].corr(trial["caffeine"])) < 0.1


def test_trial_of_something_else_is_not_played_and_others_days_are_left_out():
    diary = tw.simulate_suspicion(effect=0.0, hidden=0.0, days=20)
    alcohol = tw.plan_trial("alcohol", days=28, people=["me"], start="2026-03-02")
    with pytest.raises(OptionError, match=r"^trigger='alcohol' is not possible. Choose one of 'caffeine'.$"):
        tw.play_trial(diary, alcohol, effect=0.0, hidden=0.0)
    both = tw.plan_trial("caffeine", days=28, people=["me", "you"], start="2026-03-02")
    assert len(tw.play_trial(diary, both, effect=0.0, hidden=0.0).days) == 48


def test_picture_shows_both_sides():
    diary = tw.simulate_suspicion(effect=0.4, hidden=0.0, days=60, seed=3)
    plan = tw.plan_trial("caffeine", days=28, journal=diary)
    found = tw.analyze_trial(tw.play_trial(diary, plan, effect=0.4, hidden=0.0), plan).head(1)
    ax = plot_trials(found.set_axis(["coffee"]))
    assert [text.get_text() for text in ax.get_yticklabels()] == ["coffee"]
    shown = {line.get_label(): float(line.get_xdata()[0]) for line in ax.lines}
    assert [shown["watching"], shown["trial"]] == found[["watched", "estimate"]].to_numpy()[0].tolist()
