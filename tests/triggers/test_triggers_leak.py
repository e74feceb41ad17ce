"""What a trend takes from neighbouring days, by expectation, against plain least squares on drawn series."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import twitchstats as tw
from twitchstats.panel import Panel
from twitchstats.triggers.blocks import ZERO
from twitchstats.triggers.columns import orthonormalise
from twitchstats.triggers.engine import Options, _part_effects, score_panel, work_panel
from twitchstats.triggers.families import choose_family
from twitchstats.triggers.memory import expect_leak, follow, follow_memory, share_fit
from twitchstats.triggers.rows import need_errors

DAYS, DRAWS = 80, 3000


def lay_trend(terms):
    time = np.linspace(-1, 1, DAYS)
    return np.stack([np.cos(np.pi * place * (time + 1) / 2) for place in range(terms)], axis=-1)


def draw_series(rng, weights, days=DAYS + 10, start=100):
    noise = rng.standard_normal((DRAWS, start + days))
    series = noise.copy()
    for day in range(2, start + days):
        series[:, day] += weights[0] * series[:, day - 1] + weights[1] * series[:, day - 2]
    return series[:, start:]


def free(columns, trend):
    return columns - trend @ np.linalg.lstsq(trend, columns, rcond=None)[0]


def relate(one, other):
    return (one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum())


def tell_leak(share, seen, *, lag, doubt=None, rests=()):
    """Return the leak of effects at 0 to 5 days into one at a lag, and the weights of the two days before."""
    memory, left = follow_memory(share, np.array(seen, dtype=float).reshape(1, 1, 1, 2), 9, doubt=doubt)
    leak = expect_leak(left, follow(memory, 5), lag=np.array([lag]), rests=np.array([rests], dtype=float))
    return leak[0, 0, 0], memory[0, 0, 0]


@pytest.mark.parametrize("weights", [(0.0, 0.0), (0.6, 0.0), (1.38, -0.81)], ids=["none", "a day", "cycles of nine"])
def test_the_leak_is_what_least_squares_shows(weights):
    """Regress the trigger of other days on that of a day, two older ones and ten trend columns.

    One day nearer to the outcome less than its memory comes out, four days farther something below nothing. The mean of
    3,000 coefficients has an error of about .002; the formula takes expectations of sums for those of ratios, which
    costs up to .03 where the trigger remembers.
    """
    trend = lay_trend(10)
    nearer, farther, remembered = [], [], []
    for row in draw_series(np.random.default_rng(1), weights):
        parts = np.stack([row[6 - back : DAYS + 6 - back] for back in range(-1, 5)], axis=-1)
        later, own, first, second, _, oldest = free(parts, trend).T
        columns = np.column_stack([own, first, second])
        told = np.linalg.lstsq(columns, np.column_stack([later, oldest]), rcond=None)[0][0]
        nearer.append(told[0])
        farther.append(told[1])
        beside = [column - first * (column @ first) / (first @ first) for column in (own, second)]
        remembered.append([relate(own, first), relate(*beside)])
    share = share_fit(orthonormalise(trend[None]), np.ones((1, DAYS)), 40)
    leak, memory = tell_leak(share, np.mean(remembered, axis=0), lag=1, doubt=np.array(0.0))
    assert memory == pytest.approx(weights, abs=0.05)
    assert leak[[0, 5]] == pytest.approx([weights[0] - np.mean(nearer), -np.mean(farther)], abs=0.03)
    assert leak[[0, 5]].min() > 0.05
    assert leak[1:4] == pytest.approx(0.0, abs=1e-6)  # its own day, and the two that stand in the model


def test_a_memory_of_cycles_has_to_stand_out_of_chance():
    """Beyond a first-order series' -.6 is seen: of its square a quarter is chance, so that three quarters count."""
    share = np.zeros((1, 40))
    _, certain = tell_leak(share, [0.5, -0.6], lag=1, doubt=np.array(0.0))
    _, drawn = tell_leak(share, [0.5, -0.6], lag=1, doubt=np.array(0.6**2 / 4))
    _, chance = tell_leak(share, [0.5, -0.6], lag=1, doubt=np.array(0.6**2))
    _, first_order = tell_leak(share, [0.5, -0.6], lag=1)
    assert certain == pytest.approx([0.5 * 1.6, -0.6])
    assert drawn == pytest.approx([0.5 * 1.45, -0.45])
    assert chance == pytest.approx([0.5, 0.0])
    assert first_order == pytest.approx([0.5, 0.0])


def test_older_outcomes_leak_what_made_them():
    """An outcome that rests on two older ones by -.5 each: an effect three days off acts through days 4 and 5 away."""
    share = share_fit(orthonormalise(lay_trend(10)[None]), np.ones((1, DAYS)), 40)
    plain, _ = tell_leak(share, [0.3, 0.0], lag=0)
    resting, _ = tell_leak(share, [0.3, 0.0], lag=0, rests=(-0.5, -0.5))
    assert resting[3] - plain[3] == pytest.approx(0.5 * (plain[4] + plain[5]))


def test_what_a_constant_takes():
    """The mean alone: every day rests on every other one by 1/n."""
    basis = orthonormalise(np.ones((1, DAYS, 1)))
    share = share_fit(basis, np.ones((1, DAYS)), 2)
    assert share[0] == pytest.approx([1 / DAYS, (DAYS - 1) / DAYS**2, (DAYS - 2) / DAYS**2])


def test_an_effect_is_drawn_towards_none_by_how_uncertain_it_is():
    """Alone, what is no larger than its error is kept by half; five times its error first by 25/26, then once more."""
    drawn, prior = _part_effects(
        np.array([[10.0], [-1.0]]), np.full((2, 1), 2.0), np.ones((2, 1, 1)), np.ones((2, 1, 1))
    )
    again = 25 * 25 / 26
    assert drawn[:, 0, 0] == pytest.approx([again / (again + 1), 1 / 2], abs=1e-5)
    assert prior[:, 0] == pytest.approx([4 * 25 * again / (again + 1), 4.0], abs=1e-3)


def test_what_a_trend_hides_is_not_blown_up():
    """Of seven equal effects a trend leaves a twentieth: solved for, they would be twenty times what is seen."""
    told, seen = np.eye(7) - 0.95 / 7, np.full(7, 1.5)
    assert np.linalg.solve(told, seen) == pytest.approx(np.full(7, 30.0))
    drawn, _ = _part_effects(seen, np.ones(7), told, np.eye(7))
    assert np.abs(drawn @ seen).max() < 0.2


def test_flares_of_two_weeks_hold_their_size():
    """Twitching in humps of 14 days, and a trigger without memory: .05 is promised, .14 was found at 1 to 3 days.

    Three standard errors of 900 tests are .022.
    """
    rng = np.random.default_rng(3)
    people, days = 300, 120
    humps = np.zeros((people, days + 60))
    for person, start in np.argwhere(rng.random((people, days + 46)) < 1 / 40):
        humps[person, start : start + 14] += np.sin(np.pi * (np.arange(14) + 0.5) / 14)
    values = np.stack([rng.poisson(np.exp(0.5 + 2 * humps[:, 60:])), rng.standard_normal((people, days))])
    weekday = np.tile(np.arange(days) % 7, (people, 1))
    panel = Panel(pd.RangeIndex(people), ("twitches", "x"), values, weekday, True, np.zeros((people, days), bool))
    scores = score_panel(panel, "twitches", ["x"], (1, 2, 3), family=choose_family("count"), options=Options())
    t = scores.curve[..., ZERO] / scores.spread[..., ZERO]
    assert (np.abs(t) > stats.t.ppf(0.975, scores.trust)).mean() == pytest.approx(0.05, abs=0.022)


def test_scores_at_two_lags_are_alike_as_they_are_told_to_be():
    """Memory .9 on both sides: neighbouring lags' scores correlate by .55, and were told to do so by .36."""
    rng = np.random.default_rng(4)
    people, days = 300, 120
    values = rng.standard_normal((2, people, days))
    for day in range(1, days):
        values[..., day] = 0.9 * values[..., day - 1] + np.sqrt(0.19) * values[..., day]
    weekday = np.tile(np.arange(days) % 7, (people, 1))
    panel = Panel(pd.RangeIndex(people), ("pain", "x"), values, weekday, True, np.zeros((people, days), bool))
    arrays = work_panel(panel, "pain", ["x"], tuple(range(7)), family=choose_family("amount"), options=Options()).arrays
    seen = np.corrcoef((arrays["none"] / arrays["error"])[:, 0].T)
    told = arrays["alike"][:, 0].mean(0)
    for apart in range(1, 5):
        assert np.diagonal(told, apart).mean() == pytest.approx(np.diagonal(seen, apart).mean(), abs=0.1)


@pytest.mark.parametrize("df", [2, 4, 19, 100])
def test_the_errors_needed_give_the_promised_power_on_average(df):
    """Mean over what the error may be by chance (chi-squared), of the noncentral t test's power: 80 % within 3."""
    error = np.sqrt(stats.chi2.ppf((np.arange(400) + 0.5) / 400, df) / df)
    needed = need_errors(np.array([float(df)]), 0.05)
    power = stats.nct.sf(stats.t.ppf(0.975, df), df, needed * error).mean()
    assert power == pytest.approx(0.8, abs=0.03)


def test_lags_of_a_month_are_told():
    """What a trigger's memory leaves is followed as far as is asked for (27 days and more ended in an error)."""
    journal, _ = tw.simulate_journal(people=2, days=90, world="articles", seed=1)
    told = tw.estimate_effects(journal, triggers="stress", lags=(1, 30))
    assert np.isfinite(told["estimate"]).all()
    alone = tw.estimate_effects(journal, triggers="stress", lags=30)
    assert alone["estimate"].to_numpy() == pytest.approx(told["estimate"].to_numpy()[1:])


def test_what_is_given_back_is_told(gappy):
    """Less that, scores are those of the same models alone: by these a finding's trend and cycle are judged."""
    panel, told = tw.build_panel(gappy), {"family": choose_family("count")}
    whole = score_panel(panel, "twitches", ["stress", "caffeine"], (1,), options=Options(), **told)
    alone = score_panel(panel, "twitches", ["stress", "caffeine"], (1,), options=Options(effect="that day"), **told)
    np.testing.assert_allclose(whole.curve - whole.given[..., None], alone.curve, atol=1e-9)
    assert np.abs(whole.given).max() > 1e-3
    np.testing.assert_array_equal(whole.fine, alone.fine)
    assert not alone.given.any()
