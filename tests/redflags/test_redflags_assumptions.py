"""What is known behind a risk: the exact world, draws of it, and limits that hold the truth."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import special

from twitchstats import explore_assumptions, simulate_cohort
from twitchstats.errors import OptionError, UnknownNameError
from twitchstats.plots import redflags as plots
from twitchstats.redflags import RedFlagModel, count_people, describe_worth, evaluate_referral_rules
from twitchstats.redflags.telling import YOUNG
from twitchstats.simulate.cohort import _draw_weeks, load_serious_conditions, read_source
from twitchstats.simulate.likelihood import cohort_risk, list_conditions, weigh_conditions
from twitchstats.simulate.parameters import draw_cohort_parameters, load_cohort_parameters, read_parameters


@pytest.fixture(scope="module")
def cohort():
    return simulate_cohort(people=4000, seed=1)


@pytest.fixture(scope="module")
def model(cohort):
    return RedFlagModel().fit(cohort, cohort["serious"])


def fails(error, message):
    return pytest.raises(error, match=re.escape(message))


def test_every_parameter_says_what_is_known_of_it():
    table = load_cohort_parameters()
    counted = table["n"].notna()
    assert (table.loc[counted, ["low", "high"]].isna()).all(axis=None)
    ranged = table[~counted]
    assert ((ranged["low"] < ranged["value"]) & (ranged["value"] < ranged["high"])).all()
    assert not counted[table["confidence"].eq("assumed")].any()


def test_draws_have_the_spread_that_the_table_says():
    drawn = draw_cohort_parameters(draws=2000, seed=3)
    low, high = drawn.loc[("wasting", "benign")].quantile([0.025, 0.975])
    row = load_cohort_parameters().set_index(["parameter", "condition"]).loc[("wasting", "benign")]
    assert (low, high) == pytest.approx((row["low"], row["high"]), rel=0.03)
    counted = drawn.loc[("weakness_felt", "benign")]
    assert counted.std() == pytest.approx(np.sqrt(0.353 * 0.647 / 35), rel=0.1)  # Jeffreys' beta of 34 people
    loadings = drawn[drawn.index.get_level_values("parameter").str.endswith("_loading")]
    assert (loadings.pow(2).groupby("condition").sum().to_numpy() <= 0.95 + 1e-12).all()
    pd.testing.assert_frame_equal(drawn, draw_cohort_parameters(draws=2000, seed=3))


def test_risk_of_one_sign_is_bayes_by_hand():
    table = load_cohort_parameters().pivot_table(index="parameter", columns="condition", values="value")
    others = table.loc["base_rate"].dropna().drop("MND")
    others["benign"] = 1 - table.loc["base_rate"].sum()
    elsewhere = table.loc["wasting", others.index] @ others / others.sum()
    odds = 6e-5 / (1 - 6e-5) * table.loc["wasting", "MND"] / elsewhere
    person = pd.DataFrame({"wasting": [1.0]})
    assert cohort_risk(person, base_rate=6e-5, design="population")[0] == pytest.approx(odds / (1 + odds), rel=1e-4)


def test_exact_risk_is_what_simulated_people_show():
    people = simulate_cohort(people=40_000, seed=5, missing=False)
    risk = cohort_risk(people)
    for low, high in ((0, 0.02), (0.02, 0.2), (0.2, 0.6), (0.6, 1)):
        there = (risk > low) & (risk <= high)
        error = np.sqrt(risk[there].mean() * (1 - risk[there].mean()) / there.sum())
        assert people["serious"][there].mean() == pytest.approx(risk[there].mean(), abs=4 * error)


def test_parameters_of_a_cohort():
    drawn = simulate_cohort(people=500, seed=4, parameters="drawn")
    pd.testing.assert_frame_equal(drawn, simulate_cohort(people=500, seed=4, parameters="drawn"))
    assert len(read_source(drawn)["parameters"]) > 140
    own = simulate_cohort(people=4000, seed=4, parameters={("wasting", "benign"): 0.4}, missing=False)
    assert own.loc[own["diagnosis"] == "benign", "wasting"].mean() == pytest.approx(0.4, abs=0.04)
    table = load_cohort_parameters()
    pd.testing.assert_frame_equal(
        simulate_cohort(people=100, parameters=table).iloc[:, :5], simulate_cohort(people=100).iloc[:, :5]
    )
    with fails(UnknownNameError, "No parameter named 'wastin of benign'. Did you mean 'wasting of benign'?"):
        simulate_cohort(people=10, parameters={("wastin", "benign"): 0.1})
    with fails(OptionError, "parameters=3 is not possible. Give 'drawn', a frame as load_cohort_parameters returns it"):
        simulate_cohort(people=10, parameters=3)
    with fails(OptionError, "draws=0 is not possible. Give a whole number of at least 1."):
        draw_cohort_parameters(draws=0)


@pytest.mark.slow
@pytest.mark.parametrize("base_rate", ["adults in general", 0.01])
def test_limits_hold_the_truth_of_drawn_worlds(model, base_rate):
    """The truth of 60 worlds whose parameters are drawn: 90 to 98 % of it lies within the limits."""
    people = simulate_cohort(people=40, seed=5)[model.signs_]
    told = model.predict_risk(people, base_rate=base_rate)
    draws = draw_cohort_parameters(draws=60, seed=99)
    population = base_rate != 0.01
    hits = []
    for number in draws:
        rate = draws.loc[("base_rate", "MND"), number] if population else base_rate
        crowd = "population" if population else "clinic"
        truth = cohort_risk(people, base_rate=rate, design=crowd, parameters=draws[number])
        hits.append((told["risk_lower"] <= truth) & (truth <= told["risk_upper"]))
    assert 0.90 <= np.mean(hits) <= 0.98


def test_limits_do_not_hang_on_how_many_were_simulated(model):
    many = simulate_cohort(people=12_000, seed=1)
    other = RedFlagModel(strength=model.strength_).fit(many, many["serious"])
    person = {"wasting": 1, "weakness_felt": 1}
    few, more = (one.predict_risk(person, base_rate="adults in general").iloc[0] for one in (model, other))
    width, again = (np.log(row["risk_upper"] / row["risk_lower"]) for row in (few, more))
    assert again == pytest.approx(width, rel=0.1)
    assert width > 1


def test_the_crowd_goes_with_the_base_rate(model):
    """Each sign alone: trained on a clinic sample, right among the population's mix of other conditions."""
    for sign in ("weakness_found", "wasting", "sensory_change", "speech_swallowing"):
        person = pd.DataFrame({sign: [1.0]})
        truth = cohort_risk(person, base_rate=6e-5, design="population")[0]
        found = model.predict_risk({sign: 1}, base_rate="adults in general")["risk"].item()
        assert found == pytest.approx(truth, rel=0.15)
    clinic = model.predict_risk({"wasting": 1}, base_rate=6e-5)["risk"].item()
    assert model.predict_risk({"wasting": 1}, base_rate="adults in general")["risk"].item() > 1.2 * clinic


def test_wasting_is_no_good_news_however_short_the_twitching(model):
    """Delays to the diagnosis once stood for how long people had twitched: 2.3 in 100,000 at 2.5 weeks."""
    for weeks, times in ((0.5, 1.3), (2.5, 10)):
        found = model.predict_risk({"wasting": 1, "persistence_weeks": weeks}, base_rate="adults in general")
        assert found["risk"].item() > times * 6e-5


def test_a_red_flag_below_the_base_rate_is_told(model):
    found = model.predict_risk({"weakness_felt": 1, "age": 25}, base_rate="adults in general").iloc[0]
    assert YOUNG in found["caution"]
    assert YOUNG not in model.predict_risk({"weakness_felt": 1, "age": 30})["caution"].item()
    assert found["risk_upper"] < 6e-5
    assert found["caution"].endswith(
        "A red flag, and yet below the base rate: in the model what else was told weighs more, or no flag like it "
        "counts. It counts MND only. "
        "Other conditions that need a doctor are not in this number."
    )


def test_limits_are_the_same_everywhere(cohort, model):
    limits = ["risk_lower", "risk_upper"]
    found = explore_assumptions({"wasting": 1}, draws=30)[limits].iloc[0].to_numpy(float)
    told = model.predict_risk({"wasting": 1}, base_rate="adults in general")[limits].iloc[0].to_numpy(float)
    row = count_people(cohort, signs=["wasting"]).set_index("state").loc["present"]
    np.testing.assert_allclose(found, told, rtol=1e-9)
    np.testing.assert_allclose(found, row[["ci_lower", "ci_upper"]].to_numpy(float) / 1e5, rtol=1e-9)


@pytest.mark.parametrize("condition", ["benign", "MND"])
def test_weeks_so_far_are_drawn_as_they_are_weighed(condition):
    values = read_parameters()
    weeks = _draw_weeks(np.random.default_rng(1), np.full(100_000, condition, dtype=object), "population", values)
    place = list_conditions(values.to_frame()).index(condition)
    for told, weeks_from, share in [
        (np.log2([1.0, 2.5]), None, [(weeks <= 1).mean(), np.isclose(weeks, 2.5).mean()]),
        (np.array([1.0]), 12.0, [(weeks >= 12).mean()]),
    ]:
        found = weigh_conditions(
            {"persistence_weeks": told}, values.to_frame(), design="population", weeks_from=weeks_from
        )
        np.testing.assert_allclose(np.exp(found[0, place]), share, rtol=0.15, atol=1e-3)


def test_the_picture_and_the_rules_follow_the_crowd(cohort):
    found = count_people(cohort, signs=["wasting", "persistence_weeks"]).set_index(["sign", "state"])
    truth = cohort_risk(pd.DataFrame({"wasting": [1.0]}), base_rate=6e-5, design="population")[0]
    row = found.loc[("wasting", "present")]
    assert row["estimate"] / 1e5 == pytest.approx(truth, rel=0.15)
    assert row["ci_upper"] / row["ci_lower"] > 4
    benign = load_cohort_parameters().set_index(["parameter", "condition"])["value"]
    lasting = found.loc[("persistence_weeks", "present"), "n_with"] / 1e5
    assert lasting == pytest.approx(benign["persistent_population", "benign"], abs=0.12)
    shares = evaluate_referral_rules(cohort, rules=["NICE NG127"]).set_index("metric").loc["ppv"]
    assert shares["ci_lower"] < shares["estimate"] < shares["ci_upper"]
    assert shares["ci_upper"] / shares["ci_lower"] > 4


def test_serious_lists():
    lists = load_serious_conditions()
    assert lists["source"].notna().all()
    cohort = simulate_cohort(people=3000, seed=2, serious="article A1")
    model = RedFlagModel(interactions="none").fit(cohort, cohort["serious"])
    numb = model.predict_risk({"sensory_change": 1}, base_rate="adults in general").iloc[0]
    assert numb["risk"] > numb["base_rate"] > 0.02  # numbness speaks for neuropathy, which is on this list
    source = model.at_base_rate("adults in general").base_rate_source_
    assert "neuropathy 0.0275 (Hanewinckel 2016)" in source
    with fails(OptionError, "tau='gp consultation': no figure known for this setting of MND, SMA, myopathy"):
        model.at_base_rate("gp consultation")
    alone = simulate_cohort(people=2000, seed=2, serious="neuropathy")
    assert set(alone.loc[alone["serious"] == 1, "diagnosis"]) == {"neuropathy"}


def test_what_a_risk_hangs_on():
    found = explore_assumptions({"Muscle wasting": "yes", "age": 60}, draws=400)
    first = found.iloc[0]
    assert first["risk_lower"] < first["risk"] < first["risk_upper"]
    truth = cohort_risk(pd.DataFrame({"wasting": [1.0], "age": [60.0]}), base_rate=6e-5, design="population")[0]
    assert first["risk"] == pytest.approx(truth, rel=0.02)
    swing = np.abs(special.logit(found["risk_at_high"]) - special.logit(found["risk_at_low"]))
    assert swing.is_monotonic_decreasing
    assert 0.8 < found["share"].sum() < 1.2  # nearly additive on the log odds
    assert (found["parameter"] + found["condition"]).iloc[0] == "wastingbenign"
    assert not found["parameter"].eq("speech_swallowing").any()
    assert "examine people who have benign twitching" in describe_worth(found)
    assert first["advice"].startswith("See a doctor soon")
    with fails(
        OptionError, "explore_assumptions takes one person, this table has 2. Choose a row: people.loc[[name]]."
    ):
        explore_assumptions(pd.DataFrame({"wasting": [1, 0]}))


def test_tornado():
    frame = explore_assumptions({"wasting": 1}, draws=50)
    ax = plots.plot_tornado(frame, most=5)
    assert len(ax.get_yticklabels()) == 5
    assert ax.get_yticklabels()[-1].get_text() == "wasting: benign"
    assert ax.get_xscale() == "log"


def test_no_tests_of_simulated_people(cohort, model):
    assert not [name for name in model.odds_ratios() if name.startswith("p_")]
    real = pd.DataFrame(cohort.drop(columns="source").to_dict("list"))  # the same, not said to be simulated
    assert "p_adjusted" in RedFlagModel(interactions="none").fit(real, real["serious"]).odds_ratios()


def test_combinations_follow_the_crowd(model):
    """One sign: the model's and the observed share among adults in general are those of that crowd."""
    table = model.at_base_rate("adults in general").combinations(signs=["wasting"]).set_index("combination")
    truth = cohort_risk(pd.DataFrame({"wasting": [1.0]}), base_rate=6e-5, design="population")[0]
    assert table.loc["wasting", "risk"] == pytest.approx(truth, rel=0.1)
    assert table.loc["wasting", "observed_rate"] == pytest.approx(truth, rel=0.1)
    assert table.loc["none of these", "risk"] < 6e-5
