"""The exact test: against a design enumerated by hand, and counted in worlds without an effect."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy import stats

from twitchstats.errors import OptionError
from twitchstats.simulate.processes import PROCESSES, simulate_process
from twitchstats.simulate.series import draw_ar1
from twitchstats.study import run_method
from twitchstats.study.trials import TRIAL_DAYS, TRIAL_WORLDS, simulate_trials
from twitchstats.trial.exact import (
    Days,
    find_anytime,
    find_effect,
    find_interval,
    find_p_value,
    find_size,
    lay_days,
    score_schedules,
)
from twitchstats.trial.lots import lay_lots
from twitchstats.triggers.families import FAMILIES

AMOUNT = FAMILIES["amount"]


def make_days(y, drawn, *, dose=None):
    y, drawn = np.asarray(y, float), np.asarray(drawn, float)
    nothing, still = np.zeros((len(y), 0)), np.zeros_like(drawn)
    dose = drawn[0] if dose is None else dose
    return Days(y, nothing, nothing, np.ones((len(y), 1)), drawn, still, np.arange(len(y)) // 2, dose)


def list_by_hand(pairs):
    """Every order of so many pairs of days: 10 or 01 each."""
    return np.array(
        [[side for first in sides for side in (first, 1 - first)] for sides in product((0, 1), repeat=pairs)]
    )


def t_by_hand(y, z):
    """The paired t statistic of days with against days without."""
    return stats.ttest_rel(y[z == 1], y[z == 0]).statistic


def test_small_design_is_enumerated_as_by_hand():
    """4 pairs, 16 schedules: the p-value is the share of schedules with a |t| at least as large."""
    y = np.array([5.0, 2.0, 3.0, 7.5, 6.0, 1.0, 8.0, 4.5])
    z = np.array([1, 0, 0, 1, 1, 0, 1, 0])
    by_hand = list_by_hand(4)
    t = np.array([abs(t_by_hand(y, schedule)) for schedule in by_hand])
    expected = np.mean(t >= abs(t_by_hand(y, z)) - 1e-12)
    assert expected == 2 / 16  # this schedule and its mirror picture are the most extreme
    listed = lay_lots(8, design="pairs").list_schedules(z.astype(float), np.random.default_rng(1), 99)
    assert (listed[0] == z).all()
    assert sorted(map(tuple, listed.astype(int))) == sorted(map(tuple, by_hand))
    assert find_p_value(make_days(y, listed), 0.0, AMOUNT) == expected


def test_statistic_is_the_paired_t():
    rng = np.random.default_rng(3)
    y, drawn = rng.normal(size=20), lay_lots(20, design="pairs").draw(rng, 5)
    found, error = score_schedules(make_days(y, drawn), 0.0, AMOUNT)
    np.testing.assert_allclose(found / error, [t_by_hand(y, z) for z in drawn.astype(int)], rtol=1e-9)


def test_published_exact_test_of_pairs_is_found_again():
    """Darwin's 15 pairs of maize plants: 1,726 of the 32,768 orders are as unusual (Fisher 1935, The Design of

    Experiments, section 21). Differences in eighths of an inch.
    """
    differences = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48])
    y = np.stack([differences, np.zeros(15)], axis=1).ravel()
    crossed = np.tile([1.0, 0.0], 15)
    others = [row for row in list_by_hand(15) if (row != crossed).any()]
    assert find_p_value(make_days(y, np.stack([crossed, *others])), 0.0, AMOUNT) == 1726 / 32768


def test_interval_is_the_effects_that_are_not_rejected():
    rng = np.random.default_rng(4)
    lots = lay_lots(20, design="pairs")
    drawn = lots.draw(rng, 1)[0].astype(float)
    y = rng.normal(size=20) + 1.5 * drawn
    days = make_days(y, lots.list_schedules(drawn, rng, 99))
    estimate, _ = find_effect(days, AMOUNT)
    assert estimate == pytest.approx(y[drawn == 1].mean() - y[drawn == 0].mean())
    low, high = find_interval(days, AMOUNT)
    width = high - low
    for end, out in ((low, -1), (high, 1)):
        assert (
            find_p_value(days, end + out * 0.01 * width, AMOUNT)
            <= 0.05
            < find_p_value(days, end - out * 0.01 * width, AMOUNT)
        )


def test_interval_of_a_count_is_a_ratio_whatever_the_unit():
    """Twice as many a day with it, without noise in between: the ratio is 2."""
    rng = np.random.default_rng(5)
    lots = lay_lots(28, design="days")
    drawn = lots.draw(rng, 100).astype(float)
    y = np.where(drawn[0] == 1, 8.0, 4.0)
    assert np.exp(find_effect(make_days(y, drawn), FAMILIES["count"])[0]) == pytest.approx(2.0, rel=1e-3)


def test_as_taken_is_the_effect_of_what_was_taken():
    """Half of the days with the trigger were not kept: what was taken still does what it does."""
    rng = np.random.default_rng(6)
    drawn = lay_lots(56, design="days").draw(rng, 200).astype(float)
    dose = drawn[0] * (np.arange(56) % 4 < 2)
    y = 2.0 * dose + 0.01 * rng.normal(size=56)
    assert find_effect(make_days(y, drawn, dose=dose), AMOUNT)[0] == pytest.approx(2.0, abs=0.05)
    assert find_effect(make_days(y, drawn), AMOUNT)[0] < 1.5


def test_days_taken_a_day_late_have_no_endless_effect():
    """What was taken hardly follows the lot: its effect is not known, and no side is without events."""
    rng = np.random.default_rng(3)
    lots = lay_lots(28, design="days")
    drawn = lots.draw(rng, 1).astype(float)
    late = np.roll(drawn[0], 1)
    y = rng.poisson(4 * 2**late).astype(float)
    assert np.isnan(find_effect(lay_days(y, late, drawn, lots, np.arange(28)), FAMILIES["count"])).all()


@pytest.mark.parametrize("design", ["days", "pairs", "blocks"])
def test_designs_are_balanced(design):
    lots = lay_lots(56, design=design, period=7, washout=2 if design == "blocks" else 0)
    drawn = lots.draw(np.random.default_rng(1), 300)
    assert (drawn.sum(1) == 28).all()
    if design != "pairs":
        assert all((drawn[:, day::7].sum(1) == 4).all() for day in range(7))
    np.testing.assert_allclose(drawn.mean(0), 0.5, atol=0.12)
    assert lots.analysed.sum() == (40 if design == "blocks" else 56)


def test_days_at_the_end_are_laid_in_pairs():
    drawn = lay_lots(61, design="days").draw(np.random.default_rng(1), 50)
    assert (drawn[:, 56] != drawn[:, 57]).all()
    assert (drawn[:, 58] != drawn[:, 59]).all()


def test_washout_that_leaves_nothing_is_refused():
    message = "A wash-out of 2 days leaves none of a period of 1. Plan longer periods, in blocks."
    with pytest.raises(OptionError, match=f"^{message}$"):
        lay_lots(28, design="days", washout=2)
    with pytest.raises(OptionError, match="^days=10 is not possible: two periods of 7 need at least 14 days.$"):
        lay_lots(10, design="blocks", period=7)


@pytest.mark.parametrize(("design", "size"), [("days", 0.05), ("pairs", 0.05), ("blocks", 12 / 256)])
def test_size_is_exact_in_every_world(design, size):
    """Where nothing acts the outcome stays the same whatever is drawn: so many of the schedules find something."""
    rng, days = np.random.default_rng(2), TRIAL_DAYS[design]
    lots = lay_lots(days, design=design, period=7, washout=int(design == "blocks"))
    for world in TRIAL_WORLDS:
        process = PROCESSES[world]
        journal, _ = simulate_process(replace(process, missing=0.0), people=1, days=days, seed=rng)
        y = np.where(rng.random(days) < process.missing, np.nan, journal.days["twitches"])
        drawn = lots.draw(rng, 1)[0].astype(float)
        laid = lay_days(y, drawn, lots.list_schedules(drawn, rng, 199), lots, np.arange(days))
        family = FAMILIES["count" if process.kind == "count" else "amount"]
        assert find_size(laid, family) == size, world


def test_size_is_the_share_of_schedules_that_would_find_something():
    rng = np.random.default_rng(2)
    y, drawn = rng.poisson(1.0, 20).astype(float), lay_lots(20, design="pairs").draw(rng, 60).astype(float)
    p_values = [
        find_p_value(make_days(y, np.roll(drawn, -turn, axis=0), dose=drawn[0]), 0.0, AMOUNT) for turn in range(60)
    ]
    assert find_size(make_days(y, drawn), AMOUNT) == np.mean(np.array(p_values) <= 0.05)


@pytest.mark.slow
@pytest.mark.parametrize("design", ["days", "pairs"])
@pytest.mark.parametrize(("effect", "later"), [(0.0, 0.4), (0.4, 0.4)])
def test_size_holds_where_both_drift_and_with_carry_over(design, effect, later):
    """600 trials: within three Monte Carlo errors of .05; an effect of the day before is no effect of the day."""
    told = simulate_trials(
        "autocorrelated .8", trials=600, design=design, draws=99, effect=effect, carry_over=later, seed=3
    )
    assert (told["p_planted"] <= 0.05).mean() == pytest.approx(0.05, abs=0.027)


@pytest.mark.parametrize("design", ["days", "pairs"])
def test_carry_over_is_not_told_where_none_is(design):
    """300 trials of a rating with memory and an effect on the day: .09 and .14 with the day before in the model."""
    rng = np.random.default_rng(8)
    lots = lay_lots(56, design=design)
    told = []
    for state in draw_ar1((300, 56), 0.7, rng):
        drawn = lots.draw(rng, 1)[0].astype(float)
        y = np.round(4 + 1.5 * state + 0.4 * drawn)
        schedules = lots.list_schedules(drawn, rng, 99)
        days, after = (lay_days(y, drawn, schedules, lots, np.arange(56), carry_over=later) for later in (False, True))
        told.append(find_p_value(after, find_effect(days, AMOUNT)[0], AMOUNT))
    assert 0.01 < np.mean(np.array(told) <= 0.05) < 0.08


@pytest.mark.slow
def test_looking_every_ten_days_finds_nothing_that_is_not_there():
    """200 trials without an effect, each looked at nine times: any p below .05 in .2, any p_anytime in .05 at most.

    Counts come in bursts and famines: with the error at the estimate, not at no effect, p_anytime was too small.
    """
    rng = np.random.default_rng(9)
    lots = lay_lots(112, design="days")
    alarms = []
    for _ in range(200):
        spell = (np.cumsum(rng.random(112) < 0.1) + rng.integers(2)) % 2
        outcome = rng.poisson(np.where(spell, 12.0, 0.2) * rng.gamma(2, 0.5, 112)).astype(float)
        drawn = lots.draw(rng, 1).astype(float)
        looks = []
        for past in range(24, 113, 11):
            days = lay_days(outcome[:past], drawn[0, :past], drawn[:, :past], lots.cut(past), np.arange(past))
            (found,), (error,) = score_schedules(days, 0.0, FAMILIES["count"])
            classical = 2 * stats.t.sf(abs(found / error), len(np.unique(days.coin)) - 1)
            looks.append([classical, find_anytime(days, FAMILIES["count"])[0]])
        alarms.append(np.min(looks, axis=0) <= 0.05)
    classical, any_time = np.mean(alarms, axis=0)
    assert classical > 0.12
    assert any_time <= 0.05


@pytest.mark.slow
def test_lot_finds_what_watching_does_not():
    """Where watching finds .29, .43 and .55 of effects of .2 per SD in 60, 90 and 120 days, a lot finds .64 and more.

    Figures of a least squares fit of a trigger of memory .8. In this world watching finds no more than that.
    """
    world = replace(PROCESSES["autocorrelated .8"], mean=8.0, dispersion=0.0)
    for days, watched, drawn in ((60, 0.29, 0.64), (90, 0.43, 0.81), (120, 0.55, 0.93)):
        diaries, _ = simulate_process(world, people=300, days=days, effect=0.2, seed=5)
        watching = (run_method("least squares", diaries, lags=(0,))["p_value"] <= 0.05).mean()
        found = (simulate_trials(world, trials=300, days=days, effect=0.4, draws=99, seed=4)["p_value"] <= 0.05).mean()
        assert watching < watched + 0.03
        assert found > drawn - 0.03
