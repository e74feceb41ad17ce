"""Odds ratios and combinations: by hand, against references, and how often the interval covers the truth."""

import re

import numpy as np
import pandas as pd
import pytest
from firthmodels import FirthLogisticRegression
from scipy import special, stats

from twitchstats import simulate_cohort
from twitchstats.errors import NotEnoughDataError, OptionError, TwitchstatsError, UnknownNameError
from twitchstats.inference import compare_shares
from twitchstats.redflags import RedFlagModel, shift_risk, wilson_interval
from twitchstats.simulate.likelihood import cohort_risk

COLUMNS = [
    "term", "label", "unit", "estimate", "ci_lower", "ci_upper", "shrunken", "method", "n_people", "caution",
]  # fmt: skip


@pytest.fixture(scope="module")
def cohort():
    return simulate_cohort(people=1200, seed=6)


@pytest.fixture(scope="module")
def model(cohort):
    return RedFlagModel(interactions="none").fit(cohort, cohort["serious"])


def test_wald_of_a_table():
    """One yes/no sign: the odds ratio is that of the table with half a person added, up to the penalty."""
    people = pd.DataFrame({"pain": np.repeat([1.0, 0.0, 1.0, 0.0], [60, 40, 30, 70]), "y": [1] * 100 + [0] * 100})
    found = RedFlagModel().fit(people, people["y"]).odds_ratios(method="wald").iloc[0]
    assert found["estimate"] == pytest.approx(60.5 * 70.5 / (40.5 * 30.5), rel=1e-6)
    half = stats.norm.ppf(0.975) * np.sqrt(1 / 60.5 + 1 / 40.5 + 1 / 30.5 + 1 / 70.5)
    assert np.log(found["ci_upper"] / found["estimate"]) == pytest.approx(half, rel=0.01)


def test_profile_equals_firthmodels(cohort):
    known = cohort.dropna()
    model = RedFlagModel(interactions="none", bends=False).fit(known, known["serious"])
    found = model.odds_ratios(method="profile", terms=["wasting", "pain"])
    reference = FirthLogisticRegression(gtol=1e-8, xtol=1e-7).fit(
        model.build_design(known, standardized=True), known["serious"]
    )
    for row in found.itertuples():
        place = model.terms_.index(row.term)
        limits = reference.conf_int(method="pl", features=[place])[place] / model.term_scales_[place]
        np.testing.assert_allclose(np.log([row.ci_lower, row.ci_upper]), limits, atol=1e-6)


def test_columns_and_units(model):
    found = model.odds_ratios()
    assert list(found.columns) == COLUMNS
    assert list(found["term"]) == model.signs_
    units = found.set_index("term")["unit"]
    assert (units["age"], units["sex"], units["wasting"]) == (
        "10 years",
        "male against female",
        "present against absent",
    )
    assert ((found["ci_lower"] < found["estimate"]) & (found["estimate"] < found["ci_upper"])).all()
    assert found["caution"].str.startswith("simulated people").all()
    pd.testing.assert_frame_equal(found, model.odds_ratios())


def test_robust_is_what_people_drawn_anew_would_show():
    """By hand: 4,000 samples of people, each solved by one Newton step from the fit of `firthmodels`."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(150, 2)) * [1.0, 2.0]
    y = (rng.random(150) < special.expit(x @ [1.0, -0.5])).astype(float)
    found = RedFlagModel(interactions="none", bends=False).fit(x, y).odds_ratios()
    columns = np.column_stack([np.ones(150), x])
    fit = FirthLogisticRegression(gtol=1e-8, max_iter=1000).fit(x, y)
    risk = special.expit(columns @ np.r_[fit.intercept_, fit.coef_])
    inverse = np.linalg.inv(columns.T @ (columns * (risk * (1 - risk))[:, None]))
    leverage = risk * (1 - risk) * np.einsum("ij,jk,ik->i", columns, inverse, columns)
    moves = columns * ((y - risk) / (1 - leverage))[:, None] @ inverse
    drawn = (rng.multinomial(150, np.full(150, 1 / 150), size=4000) - 1) @ moves
    width = np.log(found["ci_upper"] / found["ci_lower"]) / (2 * stats.norm.ppf(0.975))
    wald = np.sqrt(np.diag(inverse))
    np.testing.assert_allclose(width, np.maximum(drawn.std(axis=0), wald)[1:], rtol=0.04)


def test_shrunken_stands_nearer_to_one(cohort):
    strong = RedFlagModel(interactions="none", strength=500.0).fit(cohort, cohort["serious"])
    found = strong.odds_ratios(method="wald").set_index("term").loc[["weakness_found", "speech_swallowing"]]
    assert (found["shrunken"] < found["estimate"]).all()


def test_separated_data_stay_finite(cohort):
    separated = cohort[~((cohort["speech_swallowing"] == 1) & (cohort["serious"] == 0))]
    model = RedFlagModel(interactions="none").fit(separated, separated["serious"])
    for method in ("robust", "profile", "wald"):
        row = model.odds_ratios(method=method, terms=["speech_swallowing"]).iloc[0]
        assert 5 < row["estimate"] < 1e6
        assert row["ci_lower"] > 1


def test_options(model):
    with pytest.raises(OptionError, match=re.escape("method='jackknife' is not possible. Choose one of 'robust'")):
        model.odds_ratios(method="jackknife")
    with pytest.raises(UnknownNameError, match=re.escape("No term named 'wastin'. Did you mean 'wasting'?")):
        model.odds_ratios(terms=["wastin"])


def test_parts_of_a_term_in_any_order(cohort):
    model = RedFlagModel(interactions=[("wasting", "pain")]).fit(cohort, cohort["serious"])
    assert model.odds_ratios(method="wald", terms=["pain:wasting"])["term"].tolist() == ["wasting:pain"]


@pytest.mark.slow
def test_intervals_cover_the_truth():
    """95 % intervals over 100 cohorts whose truth is an exact logistic model: 92 to 98 % hold it."""
    truth = {
        "weakness_felt": 0.8, "weakness_found": 2.0, "wasting": 1.0, "sensory_change": -1.0, "speech_swallowing": 1.5,
        "age": 0.4, "sex": 0.3, "pain": 0.0, "cramps": 0.0, "weakness_felt:wasting": 0.7,
    }  # fmt: skip
    hits = []
    for seed in range(100):
        cohort = simulate_cohort(people=800, seed=seed, coefficients=truth, missing=False)
        model = RedFlagModel(signs=[name for name in truth if ":" not in name],
                             interactions=[("weakness_felt", "wasting")], constant="drop")  # fmt: skip
        model.fit(cohort, cohort["serious"])
        found = model.odds_ratios().set_index("term").loc[list(truth)]
        value = np.exp(list(truth.values()))
        hits.append((found["ci_lower"] <= value) & (value <= found["ci_upper"]))
    cover = pd.DataFrame(hits)
    assert 0.92 <= cover.to_numpy().mean() <= 0.98
    assert cover.mean().between(0.87, 1.0).all()


@pytest.mark.slow
def test_intervals_cover_the_truth_with_every_pair():
    """The same with all pairs in the model (78 terms, 1,000 people): signs and pairs, of which one is real."""
    truth = {"weakness_felt": 0.8, "weakness_found": 2.0, "sensory_change": -1.0, "age": 0.4, "age:wasting": 0.3}
    hits = []
    for seed in range(25):
        cohort = simulate_cohort(people=1000, seed=500 + seed, coefficients=truth, missing=False)
        model = RedFlagModel(strength=1.0, constant="drop").fit(cohort, cohort["serious"])
        found = model.odds_ratios().set_index("term")
        by_parts = {frozenset(term.split(":")): value for term, value in truth.items()}
        value = np.exp([by_parts.get(frozenset(term.split(":")), 0.0) for term in found.index])
        hits += [*((found["ci_lower"] <= value) & (value <= found["ci_upper"]))]
    assert 0.92 <= np.mean(hits) <= 0.98


@pytest.mark.slow
def test_intervals_cover_the_truth_under_gaps_that_depend_on_other_signs():
    """Examination is likelier where weakness is felt, other signs go missing too: 92 to 98 % over 80 cohorts."""
    truth = {"weakness_felt": 0.8, "weakness_found": 1.5, "wasting": 1.0, "sensory_change": -0.5, "age": 0.4}
    hits = []
    for seed in range(80):
        cohort = simulate_cohort(people=1200, seed=seed, coefficients=truth)
        gaps = cohort.isna()
        assert gaps.loc[cohort["weakness_felt"] == 0, "wasting"].mean() > gaps["wasting"].mean()
        model = RedFlagModel(signs=list(truth), interactions="none").fit(cohort, cohort["serious"])
        found = model.odds_ratios().set_index("term").loc[list(truth)]
        value = np.exp(list(truth.values()))
        hits.append((found["ci_lower"] <= value) & (value <= found["ci_upper"]))
    cover = pd.DataFrame(hits)
    assert 0.92 <= cover.to_numpy().mean() <= 0.98
    assert cover.mean().between(0.88, 1.0).all()


def test_combinations_count_everybody(cohort, model):
    table = model.combinations()
    assert table["n"].sum() == len(cohort)
    assert table["n_serious"].sum() == cohort["serious"].sum()
    assert table["combination"].iloc[-1] == "not all of these known"
    assert table["combination"].is_unique


def test_combination_by_hand(cohort, model):
    signs = ["weakness_felt", "wasting"]
    table = model.combinations(signs=signs).set_index("combination")
    both = (cohort["weakness_felt"] == 1) & (cohort["wasting"] == 1)
    row = table.loc["weakness_felt + wasting"]
    serious = cohort["serious"] == 1
    assert (row["n"], row["n_serious"]) == (both.sum(), (both & serious).sum())
    assert row["observed_rate"] == pytest.approx(cohort.loc[both, "serious"].mean())
    lower, upper = wilson_interval(row["n_serious"], row["n"])
    np.testing.assert_allclose([row["observed_lower"], row["observed_upper"]], [lower, upper])
    assert row["risk"] == pytest.approx(model.predict_risk(cohort[both])["risk"].mean())
    ratio = (row["n_serious"] / serious.sum()) / ((row["n"] - row["n_serious"]) / (~serious).sum())
    assert row["likelihood_ratio"] == pytest.approx(ratio)
    assert row["lr_lower"] < ratio < row["lr_upper"]


def test_combinations_at_a_base_rate(cohort, model):
    before = model.combinations(signs=["weakness_felt", "wasting"])
    after = model.at_base_rate(1e-3).combinations(signs=["weakness_felt", "wasting"])
    expected = shift_risk(before["observed_rate"], 1e-3, cohort["serious"].mean())
    np.testing.assert_allclose(after["observed_rate"], expected)
    np.testing.assert_allclose(after["likelihood_ratio"], before["likelihood_ratio"])
    share = cohort["serious"].mean()
    weight = np.where(cohort["serious"] == 1, 1e-3 / share, (1 - 1e-3) / (1 - share))
    both = ((cohort["weakness_felt"] == 1) & (cohort["wasting"] == 1)).to_numpy()
    risk = model.at_base_rate(1e-3).predict_risk(cohort)["risk"].to_numpy()
    row = after.set_index("combination").loc["weakness_felt + wasting"]
    assert row["risk"] == pytest.approx(np.average(risk[both], weights=weight[both]))


def test_asked_combination_that_nobody_has():
    cohort = simulate_cohort(people=300, seed=1)
    cohort = cohort[~((cohort["wasting"] == 1) & (cohort["after_injury"] == 1))]
    model = RedFlagModel(interactions="none").fit(cohort, cohort["serious"])
    table = model.combinations(signs=["wasting", "after_injury"], asked=[["wasting", "after_injury"], []])
    unseen = table.set_index("combination").loc["wasting + after_injury"]
    assert unseen["n"] == 0
    assert 0 < unseen["risk_lower"] < unseen["risk"] < unseen["risk_upper"] < 1
    assert np.isnan(unseen["observed_rate"])
    assert np.isnan(unseen["likelihood_ratio"])
    with pytest.raises(UnknownNameError, match=re.escape("No sign named 'pain'.")):
        model.combinations(signs=["wasting"], asked=[["pain"]])
    with pytest.raises(OptionError, match=re.escape("signs: 'age' is not a yes/no sign, so it can't be part of a")):
        model.combinations(signs=["age"])


def test_wilson_interval():
    """Newcombe 1998, Stat Med 17:857, table I: 81 of 263 and 0 of 20."""
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_likelihood_ratio_of_an_empty_cell():
    log_ratio, error = compare_shares(8, 0, 20, 30)
    assert np.exp(log_ratio) == pytest.approx((8.5 / 21) / (0.5 / 31))
    assert error == pytest.approx(np.sqrt(1 / 8.5 - 1 / 21 + 1 / 0.5 - 1 / 31))
    assert np.isnan(compare_shares(0, 0, 20, 30)).all()


def test_combinations_bring_the_advice(cohort, model):
    table = model.combinations(signs=["weakness_felt", "pain"], asked=[["weakness_felt"], ["pain"], [], ["pain"]])
    advice = table.set_index("combination")["advice"]
    assert len(advice) == 3
    assert advice["weakness_felt"].startswith("See a doctor soon, whatever the computed risk: weakness felt.")
    assert advice["pain"].startswith("Speak with a doctor about it: marked pain.")
    assert "does not rule out a disease" in advice["none of these"]
    assert "weakness felt" not in advice["none of these"]  # absent there, not unknown
    assert (model.combinations()["advice"] != "").all()


@pytest.mark.parametrize("asked", ["wasting", ["wasting"], []])
def test_asked_for_in_another_shape(model, asked):
    message = f"asked={asked!r} is not possible. Give a list of combinations, each a list of signs: "
    with pytest.raises(OptionError, match=re.escape(message)):
        model.combinations(asked=asked)


def test_combinations_of_other_people(cohort, model):
    with pytest.raises(TwitchstatsError, match=re.escape("The label of row 0 is 'no', and the model knows 0 and 1")):
        model.combinations(cohort, cohort["serious"].map({0: "no", 1: "yes"}))
    with pytest.raises(TwitchstatsError, match=re.escape("The labels have 1199 rows, the signs 1200. Give a label")):
        model.combinations(cohort, cohort["serious"][:-1])
    with pytest.raises(NotEnoughDataError, match=re.escape("Nobody to count: the table has no rows.")):
        model.combinations(cohort.head(0), cohort["serious"].head(0))


@pytest.mark.slow
def test_limits_of_a_mean_risk_hold_it():
    """Simulated people taken for real: 90 to 99 % of combinations (the covariance alone held 84 % of them)."""
    signs, held = ["weakness_felt", "weakness_found", "wasting", "speech_swallowing"], []
    for seed in range(300, 306):
        cohort = simulate_cohort(people=1500, seed=seed, missing=False)
        real = pd.DataFrame(cohort.drop(columns="source", errors="ignore").to_dict("list"))
        model = RedFlagModel(interactions="none").fit(real, real["serious"])
        table = model.combinations(signs=signs).set_index("combination")
        there = [" + ".join(name for name in signs if row[name] == 1) or "none of these" for _, row in real.iterrows()]
        truth = pd.Series(np.asarray(cohort_risk(cohort))).groupby(there).agg(["mean", "size"])
        truth = truth[truth["size"] >= 5].join(table)
        held += truth["mean"].between(truth["risk_lower"], truth["risk_upper"]).tolist()
    assert len(held) > 50
    assert 0.9 <= np.mean(held) <= 0.995


def test_combinations_where_nobody_told_them_all():
    """It ended in a bare error."""
    people = simulate_cohort(people=300, seed=1)
    model = RedFlagModel(signs=["wasting", "pain"], interactions="none").fit(people, people["serious"])
    half = np.arange(300) % 2 == 0
    people["wasting"], people["pain"] = people["wasting"].mask(half), people["pain"].mask(~half)
    table = model.combinations(people, people["serious"])
    assert table[["combination", "n"]].to_numpy().tolist() == [["not all of these known", 300]]
