"""The exact test: against a design enumerated by hand, and counted in worlds without an effect."""

from itertools import product

import numpy as np
import pytest

from twitchstats.errors import OptionError
from twitchstats.study.trials import study_trials
from twitchstats.trial.exact import Days, find_effect, find_interval, score_schedules, test_effect
from twitchstats.trial.lots import lay_lots
from twitchstats.triggers.families import FAMILIES

AMOUNT = FAMILIES["amount"]


def make_days(y, drawn, *, dose=None, whole=True):
    y, drawn = np.asarray(y, float), np.asarray(drawn, float)
    nothing = np.zeros((len(y), 0))
    return Days(y, nothing, nothing, np.ones((len(y), 1)), drawn, drawn[0] if dose is None else dose, whole)


def list_by_hand(pairs):
    """Every order of so many pairs of days: 10 or 01 each."""
    return np.array(
        [[side for first in sides for side in (first, 1 - first)] for sides in product((0, 1), repeat=pairs)]
    )


def t_by_hand(y, z):
    """Studentised difference of means with HC2: for two groups, Welch's standard error."""
    a, b = y[z == 1], y[z == 0]
    return (a.mean() - b.mean()) / np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))


def test_small_design_is_enumerated_as_by_hand():
    """4 pairs, 16 schedules: the p-value is the share of schedules with a |t| at least as large."""
    y = np.array([5.0, 2.0, 3.0, 7.5, 6.0, 1.0, 8.0, 4.5])
    z = np.array([1, 0, 0, 1, 1, 0, 1, 0])
    by_hand = list_by_hand(4)
    t = np.array([abs(t_by_hand(y, schedule)) for schedule in by_hand])
    expected = np.mean(t >= abs(t_by_hand(y, z)) - 1e-12)
    assert expected == 2 / 16  # this schedule and its mirror picture are the most extreme
    listed = lay_lots(8, design="pairs").list_all()
    assert {tuple(row) for row in listed.astype(int)} == {tuple(row) for row in by_hand}
    assert test_effect(make_days(y, [z, *listed]), 0.0, AMOUNT) == expected


def test_statistic_is_welch():
    rng = np.random.default_rng(3)
    y, drawn = rng.normal(size=20), lay_lots(20, design="pairs").draw(rng, 5)
    found, error = score_schedules(make_days(y, drawn), 0.0, AMOUNT)
    np.testing.assert_allclose(found / error, [t_by_hand(y, z) for z in drawn.astype(int)], rtol=1e-9)


def test_interval_is_the_effects_that_are_not_rejected():
    rng = np.random.default_rng(4)
    lots = lay_lots(20, design="pairs")
    drawn = lots.draw(rng, 1)[0].astype(float)
    y = rng.normal(size=20) + 1.5 * drawn
    days = make_days(y, [drawn, *lots.list_all()])
    estimate, _ = find_effect(days, AMOUNT)
    assert estimate == pytest.approx(y[drawn == 1].mean() - y[drawn == 0].mean())
    low, high = find_interval(days, AMOUNT)
    width = high - low
    for end, out in ((low, -1), (high, 1)):
        assert (
            test_effect(days, end + out * 0.01 * width, AMOUNT)
            <= 0.05
            < test_effect(days, end - out * 0.01 * width, AMOUNT)
        )


def test_interval_of_a_count_is_a_ratio_whatever_the_unit():
    """Twice as many a day with it, without noise in between: the ratio is 2."""
    rng = np.random.default_rng(5)
    lots = lay_lots(28, design="days")
    drawn = lots.draw(rng, 100).astype(float)
    y = np.where(drawn[0] == 1, 8.0, 4.0)
    assert np.exp(find_effect(make_days(y, drawn, whole=False), FAMILIES["count"])[0]) == pytest.approx(2.0, rel=1e-3)


def test_as_taken_is_the_effect_of_what_was_taken():
    """Half of the days with the trigger were not kept: what was taken still does what it does."""
    rng = np.random.default_rng(6)
    drawn = lay_lots(56, design="days").draw(rng, 200).astype(float)
    dose = drawn[0] * (np.arange(56) % 4 < 2)
    y = 2.0 * dose + 0.01 * rng.normal(size=56)
    assert find_effect(make_days(y, drawn, dose=dose, whole=False), AMOUNT)[0] == pytest.approx(2.0, abs=0.05)
    assert find_effect(make_days(y, drawn, whole=False), AMOUNT)[0] < 1.5


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
    message = "washout=2 leaves no day of a period of 1. Choose design='blocks' with a longer period."
    with pytest.raises(OptionError, match=f"^{message}$"):
        lay_lots(28, design="days", washout=2)
    with pytest.raises(OptionError, match="^days=10 is not possible: two periods of 7 need at least 14 days.$"):
        lay_lots(10, design="blocks", period=7)


@pytest.mark.slow
def test_size_holds_where_both_drift_and_with_carry_over():
    """2 worlds x 400: within three Monte Carlo errors of .05; an effect of the day before is no effect of the day."""
    told = study_trials(["autocorrelated .9", "missing in runs"], trials=400, draws=99, seed=2)
    later = study_trials(["autocorrelated .8"], trials=400, draws=99, carry_over=0.4, seed=3)
    assert told["found"].between(0.017, 0.083).all()
    assert later["found"].between(0.017, 0.083).all()


@pytest.mark.slow
def test_power_is_above_that_of_watching():
    """Watching finds .14 in 60 days of this world (engine, 400 diaries): a lot finds more than twice as much."""
    told = study_trials(["autocorrelated .8"], trials=300, draws=99, effect=0.4, seed=4)
    assert told["found"][0] > 0.3
