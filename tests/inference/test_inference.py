"""Multiplicity, pooling and verdicts against published figures and hand arithmetic."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal, stats

from twitchstats.errors import OptionError
from twitchstats.inference import (
    VERDICTS,
    adjust_p_values,
    detectable_effect,
    judge_estimates,
    pool_estimates,
)

# Colditz et al. (1994), as metafor's dat.bcg: cases and others among the vaccinated, cases and others among controls
BCG = np.array(
    [
        (4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619), (33, 5036, 47, 5761),
        (180, 1361, 372, 1079), (8, 2537, 10, 619), (505, 87886, 499, 87892), (29, 7470, 45, 7232),
        (17, 1699, 65, 1600), (186, 50448, 141, 27197), (5, 2493, 3, 2338), (27, 16886, 29, 17825),
    ]
)  # fmt: skip


def list_bcg():
    """Return log risk ratios and their standard errors."""
    a, b, c, d = BCG.T
    return np.log(a / (a + b) / (c / (c + d))), np.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))


def test_bcg_trials_with_hartung_and_knapp():
    """metafor 4, rma(yi, vi, test="knha") on dat.bcg."""
    pooled = pool_estimates(*list_bcg())
    assert pooled["df"] == 12
    assert pooled["heterogeneity"] ** 2 == pytest.approx(0.3132, abs=5e-5)
    found = [pooled[name] for name in ("estimate", "se", "ci_lower", "ci_upper")]
    assert found == pytest.approx([-0.7145, 0.1808, -1.1084, -0.3206], abs=6e-5)


def test_reml_is_the_highest_point_of_its_likelihood():
    y, se = list_bcg()

    def likelihood(tau2):
        w = 1 / (se**2 + tau2)
        mean = np.sum(w * y) / np.sum(w)
        return 0.5 * (np.log(w).sum() - np.log(w.sum()) - np.sum(w * (y - mean) ** 2))

    tau2 = pool_estimates(y, se)["heterogeneity"] ** 2
    assert likelihood(tau2) > max(likelihood(tau2 * 0.99), likelihood(tau2 * 1.01))


def test_equal_standard_errors_pool_to_the_one_sample_t_test():
    """With equal weights Hartung and Knapp's interval is that of Student's t test, whatever the heterogeneity."""
    y = np.array([0.1, -0.2, 0.35, 0.05, 0.4])
    pooled = pool_estimates(y, np.full(5, 0.1))
    reference = stats.ttest_1samp(y, 0)
    assert pooled["p_value"] == pytest.approx(reference.pvalue, rel=1e-9)
    assert [pooled["ci_lower"], pooled["ci_upper"]] == pytest.approx(list(reference.confidence_interval()), rel=1e-9)


def test_people_without_an_estimate_are_left_out():
    y, se = list_bcg()
    holes = pool_estimates([*y, np.nan, 1.0, 2.0, 3.0], [*se, 1.0, np.nan, 0.0, np.inf])
    assert holes == pool_estimates(y, se)


@pytest.mark.parametrize(("y", "se", "count"), [([], [], 0), ([0.3], [0.1], 1), ([0.3, np.nan], [0.1, 0.1], 1)])
def test_fewer_than_two_people_are_not_pooled(y, se, count):
    pooled = pool_estimates(y, se)
    assert pooled.pop("n_people") == count
    assert np.isnan(list(pooled.values())).all()


def test_pooling_refuses_what_it_cannot_read():
    message = "estimates and standard_errors differ in shape: (2,) and (3,)."
    with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
        pool_estimates([1, 2], [1, 1, 1])


finite = st.floats(-3, 3, allow_nan=False)


@settings(max_examples=80)
@given(
    pairs=st.lists(st.tuples(finite, st.floats(0.01, 2)), min_size=2, max_size=12),
    shift=finite,
    scale=st.floats(0.1, 10),
)
def test_pooling_follows_shift_scale_and_order(pairs, shift, scale):
    y, se = np.array(pairs).T
    pooled = pool_estimates(y, se)
    moved = pool_estimates(scale * (y + shift)[::-1], scale * se[::-1])
    assert moved["estimate"] == pytest.approx(scale * (pooled["estimate"] + shift), abs=1e-4 * scale)
    assert moved["se"] == pytest.approx(scale * pooled["se"], rel=1e-3, abs=1e-6)
    assert pooled["ci_lower"] <= pooled["estimate"] <= pooled["ci_upper"]
    assert min(y) - 1e-9 <= pooled["estimate"] <= max(y) + 1e-9
    excludes = pooled["ci_lower"] > 0 or pooled["ci_upper"] < 0
    assert excludes == (pooled["p_value"] < 0.05) or abs(pooled["p_value"] - 0.05) < 1e-6


@pytest.mark.slow
def test_hartung_and_knapp_hold_their_size():
    """2,000 null groups of 5 people with slopes that differ and unequal precision: at most 5 %, a little cold."""
    rng = np.random.default_rng(4)
    runs = 2000
    se = rng.uniform(0.05, 0.2, (runs, 5))
    y = rng.normal(0, np.sqrt(se**2 + 0.1**2))
    share = np.mean([pool_estimates(*pair)["p_value"] < 0.05 for pair in zip(y, se, strict=True)])
    assert 0.015 < share < 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)


@given(p=st.lists(st.one_of(st.floats(0, 1), st.just(np.nan)), max_size=40))
def test_adjusted_p_values_are_scipys(p):
    adjusted, given_p = adjust_p_values(p), np.array(p, dtype=float)
    known = ~np.isnan(given_p)
    assert (np.isnan(adjusted) == ~known).all()
    if known.any():
        np.testing.assert_allclose(adjusted[known], stats.false_discovery_control(given_p[known]))


def test_adjusted_p_values_by_hand():
    """Benjamini and Hochberg (1995): m p(i) / i, made monotone from the top."""
    np.testing.assert_allclose(adjust_p_values([0.04, 0.01, 0.03, 0.5]), [4 * 0.04 / 3, 0.04, 4 * 0.04 / 3, 0.5])
    np.testing.assert_allclose(adjust_p_values([0.01, 0.02, 0.03, 0.04]), 0.04)


def test_the_detectable_effect_is_found_with_that_power():
    """The non-central t distribution gives the exact power; the approximation is within 1 point above 10 df."""
    for df in (10, 30, 100):
        effect = detectable_effect(0.2, df)
        critical = stats.t.ppf(0.975, df)
        power = stats.nct.sf(critical, df, effect / 0.2) + stats.nct.cdf(-critical, df, effect / 0.2)
        assert power == pytest.approx(0.8, abs=0.01)
    assert detectable_effect(1.0, np.inf, power=0.9, alpha=0.01) == pytest.approx(
        stats.norm.ppf(0.995) + stats.norm.ppf(0.9)
    )


@pytest.mark.parametrize(
    ("estimate", "interval", "p", "direction", "verdict"),
    [
        (0.3, (0.1, 0.5), 0.01, 1, "supported"),
        (-0.3, (-0.5, -0.1), 0.01, 1, "contradicted"),
        (-0.3, (-0.5, -0.1), 0.01, -1, "supported"),
        (0.05, (0.01, 0.09), 0.01, 1, "practically null"),
        (0.02, (-0.05, 0.09), 0.6, 1, "practically null"),
        (0.02, (-0.05, 0.11), 0.6, 1, "inconclusive"),
        (0.02, (-0.11, 0.05), 0.6, -1, "inconclusive"),
        (0.3, (-0.1, 0.7), 0.05, 1, "inconclusive"),
        (np.nan, (np.nan, np.nan), np.nan, 1, "not testable"),
    ],
)
def test_verdicts(estimate, interval, p, direction, verdict):
    frame = pd.DataFrame(
        {"estimate": [estimate], "ci90_lower": interval[0], "ci90_upper": interval[1], "p_adjusted": p}, index=["claim"]
    )
    judged = judge_estimates(frame, direction=[direction], margin=0.1)
    assert verdict in VERDICTS
    assert judged.loc["claim", "verdict"] == verdict
    assert judged.loc["claim", "reason"] == ("too few days" if verdict == "not testable" else "")


@pytest.mark.parametrize(
    ("estimate", "interval90", "prediction", "p_heterogeneity", "p", "verdict"),
    [
        (0.0, (-0.05, 0.05), (-0.6, 0.6), 0.001, 0.9, "differs between people"),
        (0.0, (-0.05, 0.05), (-0.6, 0.6), 0.4, 0.9, "practically null"),
        (0.0, (-0.05, 0.05), (-0.09, 0.09), 0.001, 0.9, "practically null"),
        (0.3, (0.2, 0.4), (-0.2, 0.8), 0.001, 0.001, "differs between people"),
        (0.3, (0.2, 0.4), (0.1, 0.5), 0.001, 0.001, "supported"),
        (0.3, (0.2, 0.4), (-0.2, 0.8), 0.4, 0.001, "supported"),
    ],
)
def test_people_who_differ_are_told(estimate, interval90, prediction, p_heterogeneity, p, verdict):
    frame = pd.DataFrame(
        {"estimate": [estimate], "ci90_lower": interval90[0], "ci90_upper": interval90[1], "p_adjusted": p,
         "prediction_lower": prediction[0], "prediction_upper": prediction[1], "p_heterogeneity": p_heterogeneity}
    )  # fmt: skip
    assert judge_estimates(frame, direction=[1], margin=0.1)["verdict"].item() == verdict


def test_a_given_reason_is_kept():
    frame = pd.DataFrame({"estimate": [np.nan], "ci90_lower": np.nan, "ci90_upper": np.nan, "p_adjusted": np.nan})
    judged = judge_estimates(frame.assign(reason="no variation"), direction=[1], margin=[0.1])
    assert judged.loc[0].to_list() == ["not testable", "no variation"]


@pytest.mark.slow
@pytest.mark.parametrize(("phi", "expected"), [(0.3, 0.073), (0.5, 0.129), (0.7, 0.252), (0.9, 0.525)])
def test_naive_correlation_of_drifting_series(phi, expected):
    """Theory: 2 Phi(-1.96 / sqrt V), V = (1 + phi^2) / (1 - phi^2), for long AR(1) series (Bartlett 1935).

    Counted on 3,000 pairs of 600 days: within three standard errors and .01 for the finite length.
    """
    theory = 2 * stats.norm.cdf(-1.96 / np.sqrt((1 + phi**2) / (1 - phi**2)))
    assert theory == pytest.approx(expected, abs=5e-4)
    noise = np.random.default_rng(8).standard_normal((2, 3000, 800))
    x, y = signal.lfilter([1], [1, -phi], noise, axis=-1)[..., 200:]
    p = stats.pearsonr(x, y, axis=1).pvalue
    assert np.mean(p < 0.05) == pytest.approx(theory, abs=0.01 + 3 * np.sqrt(theory * (1 - theory) / 3000))


def test_one_error_near_nothing_divides_by_nothing():
    """Rounding eats all but the one person; the mean is theirs, and no warning reaches the user."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pooled = pool_estimates([5e-9, -0.2, -0.07, -0.05, -0.4], [1e-9, 0.3, 0.1, 0.1, 6.0])
    assert pooled["estimate"] == pytest.approx(5e-9)
    assert pooled["heterogeneity"] == 0.0
