"""Remedies and doses: the engine against statsmodels, and against processes whose truth is known."""

import re

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from twitchstats.claims import compare_dose_shapes, estimate_remedy_effects
from twitchstats.claims.daily import fit_daily, pool_terms
from twitchstats.errors import OptionError, UnknownNameError


def simulate_remedy(people, days, *, effect, seed, reaction=1.5, lag=1, same_day=False):
    """Twitches drift (AR(1) of .7); a remedy is taken after, or on, bad days and acts on the log mean."""
    rng = np.random.default_rng(seed)
    y, x = np.zeros((people, days)), np.zeros((people, days))
    drift = np.zeros(people)
    for day in range(days):
        drift = 0.7 * drift + 0.5 * np.sqrt(1 - 0.49) * rng.standard_normal(people)
        gone = x[:, day - lag] if day >= lag else np.zeros(people)
        mean = np.exp(1.5 + drift + effect * gone)
        y[:, day] = rng.poisson(mean * rng.gamma(5, 1 / 5, people))
        felt = y[:, day] if same_day else y[:, max(day - 1, 0)]
        x[:, day] = rng.random(people) < 1 / (1 + np.exp(1.5 - reaction * (np.log1p(felt) - 1.5)))
        if lag == 0:
            y[:, day] = rng.poisson(np.exp(1.5 + drift + effect * x[:, day]) * rng.gamma(5, 1 / 5, people))
    return {"twitches": y, "heat": x}


def test_engine_agrees_with_statsmodels():
    rng = np.random.default_rng(4)
    days = 80
    weekday = (np.arange(days) % 7)[None, :]
    x = rng.normal(size=(1, days))
    y = rng.poisson(np.exp(1 + 0.3 * x)).astype(float)
    y[0, [5, 6, 30]] = np.nan
    fit = fit_daily(y, [x], [], weekday, counts=True)
    time = np.linspace(-1, 1, days)
    design = np.column_stack(
        [x[0], np.ones(days), *[(weekday[0] == d) for d in range(1, 7)], time, time**2]
    ).astype(float)  # fmt: skip
    keep = np.isfinite(y[0])
    model = sm.GLM(y[0][keep], design[keep], family=sm.families.Poisson()).fit()
    leverage = model.get_influence().hat_matrix_diag
    bread = np.linalg.inv(design[keep].T @ (design[keep] * model.mu[:, None]))
    meat = design[keep].T @ (design[keep] * (model.resid_response**2 / (1 - leverage) ** 1.25)[:, None])
    assert fit.coefficients[0, 0] == pytest.approx(model.params[0], rel=1e-7)
    assert fit.variances[0, 0] == pytest.approx((bread @ meat @ bread)[0, 0], rel=1e-6)
    assert fit.degrees_of_freedom[0] == keep.sum() - design.shape[1]


def test_ratings_lie_between_hc2_and_hc3():
    rng = np.random.default_rng(5)
    days = 60
    weekday = (np.arange(days) % 7)[None, :]
    x, y = rng.normal(size=(1, days)), rng.normal(size=(1, days))
    fit = fit_daily(y, [x], [], weekday, counts=False)
    time = np.linspace(-1, 1, days)
    design = np.column_stack([x[0], np.ones(days), *[(weekday[0] == d) for d in range(1, 7)], time, time**2])
    low, high = (sm.OLS(y[0], design.astype(float)).fit(cov_type=name) for name in ("HC2", "HC3"))
    assert fit.coefficients[0, 0] == pytest.approx(low.params[0], rel=1e-8)
    assert low.bse[0] < np.sqrt(fit.variances[0, 0]) < high.bse[0]


def test_naive_is_fooled_and_the_estimate_is_not(journal_of):
    """No effect at all, but the remedy follows bad days: before and after shows an improvement."""
    journal = journal_of(simulate_remedy(40, 150, effect=0.0, seed=11, reaction=2))
    row = estimate_remedy_effects(journal, remedies=["heat"]).iloc[0]
    assert row["naive"] < 0.9
    assert row["ci_lower"] < 1 < row["ci_upper"]
    assert row["estimate"] == pytest.approx(1.0, abs=0.06)


@pytest.mark.parametrize("lag", [0, 1])
def test_a_planted_effect_comes_back(journal_of, lag):
    journal = journal_of(simulate_remedy(60, 150, effect=np.log(0.7), seed=3, lag=lag))
    row = estimate_remedy_effects(journal, remedies=["heat"], lag=lag).iloc[0]
    assert row["estimate"] == pytest.approx(0.7, abs=0.06)
    assert row["p_value"] < 1e-6
    assert row["order"] == ("forward" if lag else "same time")
    assert (row["n_people"], row["measure"], row["reason"]) == (60, "rate ratio", "")


@pytest.mark.slow
def test_size_when_a_useless_remedy_follows_bad_days(journal_of):
    """200 journals of 8 people x 100 days, remedy on or after bad days: 5 % and 3.2 standard errors are 10 %."""
    hits = 0
    for seed in range(200):
        journal = journal_of(simulate_remedy(8, 100, effect=0.0, seed=1000 + seed, same_day=seed % 2 == 0))
        hits += estimate_remedy_effects(journal, remedies=["heat"])["p_value"].iloc[0] < 0.05
    assert hits / 200 <= 0.10


def test_by_person_and_pooled_agree_for_one_person(journal_of):
    journal = journal_of(simulate_remedy(1, 200, effect=np.log(0.5), seed=1))
    pooled, own = (estimate_remedy_effects(journal, remedies=["heat"], by=by).iloc[0] for by in ("pooled", "person"))
    assert own["person"] == "P000"
    assert pooled["estimate"] == own["estimate"]
    assert own["n_people"] == 1


def test_reasons_instead_of_silence(journal_of):
    columns = simulate_remedy(3, 60, effect=0.0, seed=1)
    never = np.zeros_like(columns["heat"])
    assert estimate_remedy_effects(journal_of(columns | {"heat": never}))["reason"].tolist() == ["no variation"]
    short = {name: values[:, :15] for name, values in columns.items()}
    assert estimate_remedy_effects(journal_of(short))["reason"].tolist() == ["too few days"]


def test_lags_go_by_date_over_gaps(journal_of):
    """A reported day after a gap has no yesterday: it can't tell of the remedy taken two rows above."""
    columns = simulate_remedy(1, 120, effect=0.0, seed=2)
    gap = {name: values.copy() for name, values in columns.items()}
    for values in gap.values():
        values[:, 60:64] = np.nan
    full = estimate_remedy_effects(journal_of(columns))["n_days"].iloc[0]
    # days 60 to 63 are missing, 64 lacks yesterday, 65 the day before that
    assert estimate_remedy_effects(journal_of(gap))["n_days"].iloc[0] == full - 6


def test_order_of_rows_and_columns_changes_nothing(journal_of):
    journal = journal_of(simulate_remedy(4, 80, effect=-0.3, seed=8))
    shuffled = journal.days.sample(frac=1, random_state=1)[::-1][["heat", "twitches"]]
    other = type(journal)(**(vars(journal) | {"days": shuffled}))
    first, second = estimate_remedy_effects(journal), estimate_remedy_effects(other)
    assert first.round(12).equals(second.round(12))


def test_remedy_errors(journal_of):
    journal = journal_of(simulate_remedy(2, 40, effect=0.0, seed=1))
    with pytest.raises(UnknownNameError, match=re.escape("No remedy named 'heet'. Did you mean 'heat'?")):
        estimate_remedy_effects(journal, remedies=["heet"])
    with pytest.raises(OptionError, match=re.escape("lag=-1, by='pooled' is not possible.")):
        estimate_remedy_effects(journal, lag=-1)
    unordered = type(journal)(**(vars(journal) | {"calendar": "none"}))
    with pytest.raises(OptionError, match=re.escape("lag=1, by='pooled' is not possible.")):
        estimate_remedy_effects(unordered)
    assert estimate_remedy_effects(unordered, lag=0)["n_days"].iloc[0] == 80


def simulate_dose(bent: bool, seed: int):
    rng = np.random.default_rng(seed)
    dose = np.round(rng.lognormal(5.6, 0.6, (30, 150)))
    log_mean = 1.0 + (0.25 * np.maximum(dose - 400, 0) / 100 if bent else 0.08 * dose / 100)
    return {"twitches": rng.poisson(np.exp(np.minimum(log_mean, 4.5))).astype(float), "caffeine": dose}


def test_threshold_and_line_are_told_apart(journal_of):
    bent, line = (
        compare_dose_shapes(journal_of(simulate_dose(b, 6)), threshold=400).set_index("shape") for b in (True, False)
    )
    assert bent.loc["bend", "p_value"] < 1e-4
    assert bent.loc["below", "ci_lower"] < 1 < bent.loc["below", "ci_upper"]
    assert bent.loc["above", "estimate"] == pytest.approx(np.exp(0.25), abs=0.05)
    assert line.loc["bend", "ci_lower"] < 1 < line.loc["bend", "ci_upper"]
    assert line.loc["line", "estimate"] == pytest.approx(np.exp(0.08), abs=0.01)
    assert line.loc["over", ["step", "unit"]].tolist() == [1.0, "day"]


def test_dose_needs_days_on_both_sides(journal_of):
    table = compare_dose_shapes(journal_of(simulate_dose(False, 6)), threshold=100_000)
    assert table["reason"].tolist() == ["no variation"] * 5
    assert table["estimate"].isna().all()


def test_dose_errors(journal_of):
    journal = journal_of(simulate_dose(False, 1))
    with pytest.raises(OptionError, match=re.escape("threshold=nan, lag=0 is not possible.")):
        compare_dose_shapes(journal, threshold=float("nan"))
    with pytest.raises(UnknownNameError, match=re.escape("No variable named 'cafeine'. Did you mean 'caffeine'?")):
        compare_dose_shapes(journal, "cafeine", threshold=400)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.floats(-3, 3), st.floats(0.01, 2)), min_size=1, max_size=8))
def test_a_finding_agrees_with_itself(people):
    """The interval holds the estimate, and no effect just when p is above 5 %."""
    beta, se = np.array(people).T
    found = pool_terms(beta, se**2, np.full(len(beta), 30.0))
    if np.isfinite(found["p_value"]):
        assert found["ci_lower"] <= found["estimate"] <= found["ci_upper"]
        outside = found["ci_lower"] > 0 or found["ci_upper"] < 0
        assert outside == (found["p_value"] < 0.05) or abs(found["p_value"] - 0.05) < 1e-9
        assert found["ci_lower"] <= found["ci90_lower"] <= found["ci90_upper"] <= found["ci_upper"]
