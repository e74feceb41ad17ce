"""People who tell only some signs: a model on these signs, from stored moments."""

from copy import copy
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from twitchstats import simulate_cohort
from twitchstats.redflags import RedFlagModel
from twitchstats.redflags.patterns import LEVELS, make_people
from twitchstats.redflags.record import LOOSE, SMALLEST, TOGETHER, find_error
from twitchstats.redflags.telling import SMALL
from twitchstats.redflags.training import STRANGE
from twitchstats.simulate.likelihood import cohort_risk
from twitchstats.simulate.parameters import draw_cohort_parameters


@pytest.fixture(scope="module")
def model():
    cohort = simulate_cohort(people=20_000, seed=3)
    return RedFlagModel().fit(cohort, cohort["serious"])


@pytest.fixture(scope="module")
def real(model):
    """Return the same model without what its people were drawn from."""
    taken = copy(model)
    taken.record_ = replace(model.record_, origin=None)
    return taken


def test_made_up_people_have_the_moments():
    mean = np.array([0.1, 0.4, 1.0])
    covariance = np.array([[0.09, 0.03, 0.1], [0.03, 0.24, -0.1], [0.1, -0.1, 2.0]])
    quantiles = np.zeros((3, len(LEVELS)))
    quantiles[2] = stats.norm(1.0, np.sqrt(2.0)).ppf(np.clip(LEVELS, 1e-4, 1 - 1e-4))
    signs, share = make_people(mean, covariance, quantiles, np.array([True, True, False]))
    np.testing.assert_allclose(share @ signs, mean, atol=1e-6)
    away = signs - mean
    np.testing.assert_allclose((away * share[:, None]).T @ away, covariance, atol=1e-5)
    assert set(np.unique(signs[:, :2])) == {0.0, 1.0}


@pytest.mark.parametrize(
    "told",
    [
        [], ["wasting"], ["sensory_change"], ["speech_swallowing"], ["weakness_felt", "wasting"],
        ["weakness_found", "wasting"], ["cramps", "speech_swallowing", "spread"], ["pain", "cramps"],
        ["sex", "pain", "after_injury"],
    ],
)  # fmt: skip
def test_within_ten_percent_of_the_truth(real, told):
    """People taken for real: all risks are within 10 % of the exact ones, or within the factor that they tell.

    Every way to answer is asked, also those that few of the 20,000 people have.
    """
    people = pd.DataFrame(list(product([0.0, 1.0], repeat=len(told))), columns=told).reindex(columns=real.signs_)
    if "sex" in told:
        people["sex"] = people["sex"].map({0.0: "female", 1.0: "male"})
    found, truth = real.predict_risk(people), cohort_risk(people[told] if told else people)
    away = np.abs(special.logit(found["risk"]) - special.logit(truth))
    right = np.abs(found["risk"] / truth - 1) < 0.1
    assert (right | ((found["caution"] != "") & (away < np.log(found["chance_factor"])))).all()


def draw_told(model, sets=40):
    """Return the risks of people who tell random sets of signs, with the exact ones."""
    fresh, rng = simulate_cohort(people=2000, seed=999, missing=False), np.random.default_rng(5)
    found = []
    for _ in range(sets):
        told = rng.choice(model.signs_, rng.integers(1, len(model.signs_)), replace=False).tolist()
        people = fresh.iloc[rng.choice(len(fresh), 30, replace=False)][told]
        risks = model.predict_risk(people.reindex(columns=model.signs_))
        found.append(risks.assign(truth=cohort_risk(people)))
    return pd.concat(found)


def test_any_set_of_signs_is_within_ten_percent_or_says_so(real):
    """People taken for real: 99 % of risks without a caution are within 10 % of the exact one.

    Of the others, 90 % are within the factor that they tell.
    """
    found = draw_told(real)
    plain = found["caution"] == ""
    assert plain.mean() > 0.05
    assert (np.abs(found["risk"] / found["truth"] - 1) < 0.1)[plain].mean() >= 0.99
    away = np.abs(special.logit(found["risk"]) - special.logit(found["truth"]))
    assert (away < np.log(found["chance_factor"]))[~plain].mean() >= 0.9


def test_any_set_of_signs_is_exact_for_simulated_people():
    """However few people the model was fitted on: what is known are the parameters that they were drawn from."""
    cohort = simulate_cohort(people=1000, seed=3)
    found = draw_told(RedFlagModel(interactions="none").fit(cohort, cohort["serious"]), sets=8)
    share = special.logit(found["base_rate"]) - special.logit(0.2)  # that of the sample
    away = special.logit(found["risk"]) - special.logit(found["truth"]) - share
    assert np.abs(away).max() < np.log(1.1)
    assert (found["chance_factor"] == 1).all()


def test_other_labels_than_those_they_were_drawn_with():
    """Another illness, or signs turned round: the parameters of the world say nothing of it."""
    cohort = simulate_cohort(people=2000, seed=3)
    other = (cohort["diagnosis"] == "MS").astype(int)
    model = RedFlagModel(interactions="none").fit(cohort, other)
    assert model.notes_[-1] == STRANGE
    risk = model.predict_risk({"sensory_change": 1})["risk"].item()
    assert risk == pytest.approx(other[cohort["sensory_change"] == 1].mean(), rel=0.2)
    turned = cohort.assign(wasting=1 - cohort["wasting"], weakness_found=1 - cohort["weakness_found"])
    assert not RedFlagModel(interactions="none", serious=1).fit(turned, cohort["serious"]).record_.drawn
    assert "p_value" not in model.odds_ratios()
    assert STRANGE not in RedFlagModel(interactions="none").fit(cohort, cohort["serious"]).notes_


def test_numbers_are_right_on_average(model):
    fresh = simulate_cohort(people=20_000, seed=9, missing=False)
    people = fresh[["age", "persistence_weeks", "wasting"]].reindex(columns=model.signs_)
    risk = model.predict_proba(people)[:, 1]
    for low, high in ((45, 55), (55, 65), (65, 75), (75, 95)):
        there = fresh["age"].between(low, high)
        assert risk[there].mean() == pytest.approx(fresh.loc[there, "serious"].mean(), rel=0.1)


def test_one_sign_alone_is_its_table():
    """Only wasting told: the share of serious people among those with it, whatever else the model knows."""
    cohort = simulate_cohort(people=4000, seed=6, missing=False)
    model = RedFlagModel(strength=1e-3).fit(cohort, cohort["serious"])
    for value in (0.0, 1.0):
        person = pd.DataFrame({"wasting": [value]}).reindex(columns=model.signs_)
        share = cohort.loc[cohort["wasting"] == value, "serious"].mean()
        assert model.predict_proba(person)[0, 1] == pytest.approx(share, rel=0.01)


def test_a_saved_model_tells_the_same(model, tmp_path):
    people = simulate_cohort(people=12, seed=8)[model.signs_].mask(np.random.default_rng(1).random((12, 12)) < 0.5)
    model.save(tmp_path / "model.json")
    again = RedFlagModel.load(tmp_path / "model.json")
    np.testing.assert_array_equal(again.predict_proba(people), model.predict_proba(people))


def test_the_error_is_chance_shrinkage_and_form():
    """By hand for a model of two numbers: the inverse penalised information, a Newton step, a share of each weight."""
    rng = np.random.default_rng(4)
    x = rng.normal([1.0, -2.0], [1.0, 3.0], size=(500, 2))
    y = (rng.random(500) < special.expit(x @ [0.8, 0.4])).astype(int)
    record = RedFlagModel(interactions="none", strength=20.0).fit(x, y).record_
    columns, weights = np.column_stack([np.ones(500), x]), record.coefficients
    risk = special.expit(columns @ weights)
    penalty = np.diag(20.0 * np.r_[0.0, x.std(axis=0) ** 2])
    inverse = np.linalg.inv(columns.T @ (columns * (risk * (1 - risk))[:, None]) + penalty)
    chance = np.diag(columns @ inverse @ columns.T)
    held = columns @ inverse @ penalty @ weights
    one, other = np.abs((x - x.mean(axis=0)) * weights[1:]).T
    form = LOOSE**2 * (one**2 + other**2) + TOGETHER**2 * 2 * one * other
    found = find_error(record, x)
    np.testing.assert_allclose(found, chance + held**2 + form, rtol=1e-6)
    assert (held**2 > chance).any()


@pytest.mark.slow
def test_limits_hold_the_truth_also_of_small_risks():
    """Simulated people taken for real, all pairs: 3,000 of them can't tell how small a risk is, and it is said so."""
    fresh, found = simulate_cohort(people=1000, seed=12_345, missing=False), []
    for seed in range(100, 103):
        cohort = simulate_cohort(people=3000, seed=seed)
        real = pd.DataFrame(cohort.drop(columns="source", errors="ignore").to_dict("list"))
        model = RedFlagModel().fit(real, real["serious"])
        assert model.record_.origin is None
        found.append(model.predict_risk(fresh).assign(truth=np.asarray(cohort_risk(fresh))))
    found = pd.concat(found)
    ratio = np.exp(special.logit(found["risk"]) - special.logit(found["base_rate"]))
    small = ratio < SMALLEST
    assert 0.2 < small.mean() < 0.8
    assert (found.loc[small, "risk_lower"] == 0).all()
    assert found.loc[small, "caution"].str.contains(SMALL).all()
    assert not found.loc[~small, "caution"].str.contains(SMALL).any()
    held = found["truth"].between(found["risk_lower"], found["risk_upper"])
    sizes = pd.cut(ratio, [0, 0.01, 0.1, 0.5, 2, 10, np.inf])
    assert held.groupby(sizes, observed=True).mean().min() >= 0.88
    assert 0.92 < held[~small].mean() < 0.985


@pytest.mark.slow
def test_limits_hold_the_truth_in_worlds_that_are_drawn():
    """Simulated people taken for real, no pairs: 3,000 of each of six worlds whose parameters are drawn."""
    worlds, found = draw_cohort_parameters(draws=6, seed=79), []
    for number in worlds.columns:
        values = dict(worlds[number])
        cohort, fresh = (
            simulate_cohort(people=people, seed=number + people, missing=False, parameters=values).drop(
                columns="source"
            )
            for people in (3000, 300)
        )
        for people in (cohort, fresh):
            people["persistence_weeks"] = people["persistence_weeks"].clip(upper=10_000)
        model = RedFlagModel(interactions="none", constant="drop").fit(cohort, cohort["serious"])
        truth = cohort_risk(fresh, parameters=values, base_rate=model.base_rate_)
        found.append(model.predict_risk(fresh).assign(truth=truth))
    found = pd.concat(found)
    larger = found[found["risk"] > 0.1 * found["base_rate"]]
    held = larger["truth"].between(larger["risk_lower"], larger["risk_upper"])
    assert 0.9 <= held.mean() <= 0.99
    assert held[larger["risk"] > 2 * larger["base_rate"]].mean() >= 0.88
