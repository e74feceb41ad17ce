"""The published simulation: its people are as described, both fits are what they are called, its rows are told."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.discrete.conditional_models import ConditionalPoisson

import twitchstats as tw
from twitchstats.simulate.processes import simulate_process
from twitchstats.study import case_time_series as cts
from twitchstats.study import load_study

BASIC = cts.SCENARIOS["basic"]


def draw(name, *, people=6, seed=1):
    return cts.simulate_scenario(cts.SCENARIOS[name], np.random.default_rng(seed), people=people)


def test_people_are_as_described():
    y, x, beside = draw("basic", people=60)
    assert (x.sum(1) == 36).all()
    assert set(y.sum(1)) <= set(range(5, 21))
    assert not beside.any()
    y, x, _ = draw("rare outcome and exposure", people=60)
    assert len(set(x.sum(1))) == 1  # how many episodes there are is drawn once
    assert set(y.sum(1)) == {1, 2, 3}
    y, _, _ = draw("outcome yes or no", people=60)
    assert y.mean() == pytest.approx(0.1 * np.exp(np.log(1.0025) * 11 * 4), abs=0.02)
    _, x, beside = draw("a cause beside", people=60)
    assert np.corrcoef(x.ravel(), beside.ravel())[0, 1] == pytest.approx(0.8, abs=0.1)


@pytest.mark.parametrize(("name", "ended"), [("events end events", 0.0), ("events end the diary", np.nan)])
def test_events_end_what_they_are_said_to(name, ended):
    whole, same, _ = draw("basic", people=200)
    y, x, _ = draw(name, people=200)
    assert (x == same).all()
    cut = y.copy()
    cut[np.isnan(cut)] = 0.0
    changed = [(own != before).argmax() for own, before in zip(cut, whole, strict=True) if (own != before).any()]
    assert len(changed) > 100
    first = [own[: place + 1][-1] for own, place in zip(y[(cut != whole).any(1)], changed, strict=True)]
    np.testing.assert_equal(first, [ended] * len(first))
    assert np.isfinite(y[:, 0]).all()


def fit_dummies(y, x, family):
    summed = sum(np.pad(x, ((0, 0), (lag, 0)))[:, : x.shape[1]] for lag in range(11)).ravel()
    dummies = np.kron(np.eye(len(y)), np.ones((y.shape[1], 1)))
    fitted = sm.GLM(y.ravel(), np.column_stack([summed, dummies]), family=family).fit(tol=1e-12)
    return fitted.params[0], fitted.bse[0]


@pytest.mark.parametrize(
    ("name", "family"),
    [("basic", sm.families.Poisson()), ("outcome yes or no", sm.families.Binomial()),
     ("continuous outcome", sm.families.Gaussian())],
)  # fmt: skip
def test_fixed_effects_are_those_of_a_model_with_a_level_for_each_person(name, family):
    y, x, beside = draw(name)
    estimate, lower, upper = cts.estimate_fixed_effects(cts.SCENARIOS[name], y, x, beside)
    expected, error = fit_dummies(y, x, family)
    assert estimate == pytest.approx(expected, rel=1e-5)
    assert (upper - lower) / 2 == pytest.approx(1.959964 * error, rel=1e-4)


def test_months_are_strata_where_trends_are_everybodys_own():
    y, x, beside = draw("own trends", people=12)
    estimate, lower, _ = cts.estimate_fixed_effects(cts.SCENARIOS["own trends"], y, x, beside)
    months = pd.date_range("2019-01-01", periods=365).month.to_numpy()
    day = np.arange(1, 366) / 365
    waves = [wave(2 * np.pi * turns * day) for turns in (1, 2, 3) for wave in (np.sin, np.cos)]
    summed = sum(np.pad(x, ((0, 0), (lag, 0)))[:, :365] for lag in range(11))
    columns = np.column_stack([summed.ravel(), *(np.tile(column, 12) for column in (day, *waves))])
    strata = (np.arange(12)[:, None] * 13 + months).ravel()
    tells = pd.Series(y.ravel()).groupby(strata).transform("sum").to_numpy() > 0
    fitted = ConditionalPoisson(y.ravel()[tells], columns[tells], groups=strata[tells]).fit(disp=False)
    assert estimate == pytest.approx(fitted.params[0], rel=1e-3)
    assert estimate - lower == pytest.approx(1.96 * fitted.bse[0], rel=1e-2)


def test_ours_is_what_the_public_function_tells():
    y, x, _ = draw("basic")
    journal, _ = simulate_process("yes/no trigger", people=6, days=365, seed=1)
    dates = pd.date_range("2019-01-01", periods=365)
    index = pd.MultiIndex.from_product([journal.days.index.unique("person"), dates], names=["person", "date"])
    days = pd.DataFrame({"twitches": y.ravel(), "trigger_1": x.ravel()}, index=index)
    row = tw.estimate_cumulative_effects(replace(journal, days=days), triggers="trigger_1", days=11).iloc[0]
    expected = np.log(row[["estimate", "ci_lower", "ci_upper"]].to_numpy(float)) / 11
    np.testing.assert_allclose(cts.estimate_ours(BASIC, y, x), expected, rtol=1e-6)


def test_committed_rows_are_told_beside_what_is_published():
    rows = load_study().query("part == 'published'").set_index(["world", "method"])
    published = cts.load_published().set_index("scenario")
    assert list(published.index) == list(cts.SCENARIOS)
    asked = [(name, method) for name, scenario in cts.SCENARIOS.items()
             for method in (cts.FIXED, cts.CUMULATIVE) if method == cts.FIXED or not scenario.beside]  # fmt: skip
    assert list(rows.index) == asked
    fixed = rows.xs(cts.FIXED, level="method")
    holding = published["told"].str.contains("bias")
    assert fixed.loc[holding.index[holding], "coverage"].mean() == pytest.approx(0.95, abs=0.02)
    beyond = fixed["bias"] / fixed["bias_mcse"]
    assert beyond["events end events"] < -2
    assert beyond["a month of low risk"] > 2
    ours = rows.xs(cts.CUMULATIVE, level="method")
    assert ours.loc[ours.index.intersection(holding.index[holding]), "coverage"].min() >= 0.9
