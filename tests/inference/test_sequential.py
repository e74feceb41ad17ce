"""Looks again and again: against the closed form's own definition, published boundaries, and counted over a year."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from twitchstats.errors import OptionError
from twitchstats.sequential import TUNED_FOR, _mix, add_anytime, estimate_anytime, find_look_power, spend_alpha


def test_evidence_is_the_mixture_that_it_says():
    """With many days the Bayes factor is that of z against a normal mixture of variance 1/g for each day's effect."""
    n, z = 200.0, 2.4
    share = _mix(np.array([n]), 0.05, TUNED_FOR)[0]
    variance = 1 / share  # of z under the mixture: 1 + n/g
    expected = stats.norm.pdf(z) / stats.norm.pdf(z, scale=np.sqrt(variance))
    found = estimate_anytime(z, 1.0, 1e9, days=n)["p_anytime"][0]
    assert found == pytest.approx(expected, rel=1e-5)
    mixed = integrate.quad(lambda b: stats.norm.pdf(z - b) * stats.norm.pdf(b, scale=np.sqrt(variance - 1)), -40, 40)[0]
    assert found == pytest.approx(stats.norm.pdf(z) / mixed, rel=1e-5)


@pytest.mark.parametrize("df", [5, 30, 400])
def test_interval_is_what_is_not_rejected(df):
    told = estimate_anytime(0.3, 0.1, df, days=df + 10).iloc[0]
    for end in told[["ci_anytime_lower", "ci_anytime_upper"]]:
        if np.isfinite(end):
            assert estimate_anytime(0.3 - end, 0.1, df, days=df + 10)["p_anytime"][0] == pytest.approx(0.05)


def test_it_is_never_sharper_than_one_look():
    t, df = np.meshgrid([0.1, 1.0, 2.0, 3.0, 5.0], [10, 60, 300])
    told = estimate_anytime(t.ravel(), 1.0, df.ravel(), days=df.ravel() + 10)["p_anytime"].to_numpy()
    assert (told > 2 * stats.t.sf(t.ravel(), df.ravel())).all()


@pytest.mark.parametrize(
    ("spending", "expected"),
    [("obrien-fleming", [3.7103, 2.5114, 1.9930]), ("pocock", [2.2794, 2.2953, 2.2959])],
)
def test_boundaries_of_three_looks_are_the_published_ones(spending, expected):
    """Lan and DeMets' functions at thirds, two-sided .05: Reboussin, DeMets, Kim and Lan (2000), gsDesign."""
    np.testing.assert_allclose(spend_alpha([1 / 3, 2 / 3, 1], spending=spending)["boundary"], expected, atol=2e-3)


def test_daily_looks_for_a_year_find_nothing_in_19_of_20():
    """1,000 series without an effect, looked at every day from day 20: classical p .05 fails, anytime p does not."""
    rng = np.random.default_rng(1)
    days = np.arange(1, 366)
    y = rng.standard_t(6, (1000, 365))
    mean = y.cumsum(1) / days
    variance = ((y**2).cumsum(1) - days * mean**2) / np.maximum(days - 1, 1)
    error = np.sqrt(variance / days)[:, 19:]
    told = estimate_anytime(
        mean[:, 19:].ravel(), error.ravel(), np.tile(days[19:] - 1, 1000), days=np.tile(days[19:], 1000)
    )
    ever = (told["p_anytime"].to_numpy().reshape(1000, -1) <= 0.05).any(1).mean()
    classical = (2 * stats.t.sf(np.abs(mean[:, 19:] / error), days[19:] - 1) <= 0.05).any(1).mean()
    assert ever <= 0.05
    assert classical > 0.3


def test_columns_are_added_and_nothing_is_changed():
    effects = pd.DataFrame(
        {
            "estimate": [1.5, 0.4, 2.0], "ci_lower": [1.2, -0.2, 1.0], "ci_upper": [1.9, 1.0, 4.0],
            "p_value": [0.0005, 0.2, np.nan], "n_days": [120, 120, 0], "n_people": [1, 1, 0],
            "measure": ["rate ratio", "difference", "rate ratio"],
        }
    )  # fmt: skip
    before = effects.copy()
    told = add_anytime(effects)
    pd.testing.assert_frame_equal(effects, before)
    assert (told["p_anytime"][:2] > effects["p_value"][:2]).all()
    assert told["ci_anytime_lower"][0] < 1.2 < 1.9 < told["ci_anytime_upper"][0]
    assert told.loc[2, ["p_anytime", "ci_anytime_lower", "ci_anytime_upper"]].isna().all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: estimate_anytime(1, 1, 9, days=10, alpha=0),
            "alpha=0 is not possible. It must lie between 0 and 1, both excluded.",
        ),
        (
            lambda: estimate_anytime(1, 1, 9, days=10, tuned_for=0),
            "tuned_for=0 is not possible. Give the days of a usual diary, such as 120.",
        ),
        (
            lambda: spend_alpha([0.5, 0.2]),
            "[0.5, 0.2] are no looks. Give rising shares of the planned days up to 1: [0.5, 1].",
        ),
        (
            lambda: spend_alpha([1], spending="all"),
            "spending='all' is not possible. Choose one of 'obrien-fleming', 'pocock'.",
        ),
    ],
)
def test_what_is_not_possible(call, message):
    with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
        call()


def test_power_of_looks_is_counted():
    """20,000 Brownian motions with a drift that one look finds in .8: those that leave by the boundary of any look."""
    shares = [0.25, 0.5, 1.0]
    rng = np.random.default_rng(4)
    steps = np.diff(shares, prepend=0)
    walks = (2.8 * steps + np.sqrt(steps) * rng.standard_normal((20_000, 3))).cumsum(1)
    boundary = spend_alpha(shares, spending="pocock")["boundary"].to_numpy()
    counted = (np.abs(walks / np.sqrt(shares)) >= boundary).any(1).mean()
    assert find_look_power(shares, 2.8, spending="pocock") == pytest.approx(counted, abs=0.01)
    assert find_look_power(shares, 0.0) == pytest.approx(0.05, abs=1e-6)
    assert find_look_power([1], 2.8) == pytest.approx(stats.norm.sf(1.96 - 2.8), abs=1e-3)
