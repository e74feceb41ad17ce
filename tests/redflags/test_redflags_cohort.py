"""The cohort simulator: its table, its designs, its truth."""

import os
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import special

from twitchstats import simulate_cohort
from twitchstats.errors import JournalError, OptionError, UnknownNameError
from twitchstats.redflags import RedFlagModel
from twitchstats.redflags.assumptions import read_origin
from twitchstats.redflags.fitting import find_information, fit_firth
from twitchstats.signs import encode_signs, find_signs, load_signs
from twitchstats.simulate.cohort import list_yes_no_signs, read_source
from twitchstats.simulate.parameters import load_cohort_parameters


def test_one_seed_one_cohort():
    pd.testing.assert_frame_equal(simulate_cohort(people=200, seed=5), simulate_cohort(people=200, seed=5))
    assert not simulate_cohort(people=200, seed=5).equals(simulate_cohort(people=200, seed=6))


def test_every_parameter_has_a_source_or_says_assumed():
    table = load_cohort_parameters()
    assert set(table["confidence"]) <= {"H", "M", "D", "assumed"}
    assert (table["source"] != "").all()
    sourced = table[table["confidence"].isin(["H", "M", "D"])]
    assert not sourced["source"].str.contains("assumed").any()
    assert table["parameter"].isin(["weakness_felt"]).sum() == 8
    assert not table.duplicated(["parameter", "condition"]).any()
    shares = table[table["parameter"].isin(load_signs().index)]["value"]
    assert shares.between(0, 1).all()


def test_loadings_leave_room():
    table = load_cohort_parameters()
    loadings = table[table["parameter"].str.endswith("_loading")]
    assert (loadings["value"].pow(2).groupby(loadings["condition"]).sum() < 1).all()


def test_clinic_prevalences_are_those_of_the_truth():
    cohort = simulate_cohort(people=60_000, seed=2, missing=False)
    table = load_cohort_parameters().pivot_table(index="parameter", columns="condition", values="value")
    signs, weights = list_yes_no_signs(), table.loc["clinic_weight"].dropna()
    by_class = cohort.groupby("serious")[signs].mean()
    np.testing.assert_allclose(by_class.loc[1], table.loc[signs, "MND"], atol=0.015)
    others = weights.drop("MND")
    np.testing.assert_allclose(by_class.loc[0], table.loc[signs, others.index] @ others / others.sum(), atol=0.015)
    assert cohort["serious"].mean() == pytest.approx(0.2, abs=0.01)


def test_population_has_the_base_rates():
    cohort = simulate_cohort(people=200_000, seed=3, design="population")
    table = load_cohort_parameters()
    rates = table[table["parameter"] == "base_rate"].set_index("condition")["value"]
    found = cohort["diagnosis"].value_counts(normalize=True)
    for name in ("MS", "neuropathy", "radiculopathy"):
        assert found[name] == pytest.approx(rates[name], rel=0.2)
    assert cohort["serious"].sum() < 40


def test_signs_go_together():
    cohort = simulate_cohort(people=20_000, seed=4, missing=False)
    benign = cohort[cohort["diagnosis"] == "benign"]
    assert benign["weakness_found"].corr(benign["wasting"]) > 0.15
    assert abs(benign["wasting"].corr(benign["after_injury"])) < 0.05


def test_gaps_are_not_at_random():
    cohort = simulate_cohort(people=20_000, seed=5)
    unexamined = cohort["weakness_found"].isna()
    assert (unexamined == cohort["wasting"].isna()).all()
    felt = unexamined.groupby(cohort["weakness_felt"]).mean()
    assert felt[0.0] > 1.5 * felt[1.0]
    assert not simulate_cohort(people=100, missing=False).isna().any(axis=None)


def test_exact_logistic_truth_comes_back():
    """A plain fit of the true model on 40,000 people is within four standard errors of the coefficients."""
    truth = {"intercept": -2.0, "wasting": 1.2, "age": 0.5, "sex": -0.4, "persistence_weeks": 0.1, "wasting:pain": -0.8}
    cohort = simulate_cohort(people=40_000, seed=6, coefficients=truth, missing=False)
    names = find_signs(cohort.columns)
    encoded = pd.DataFrame(encode_signs(cohort, names), columns=names)
    columns = [encoded[parts].prod(axis=1) for parts in ([*term.split(":")] for term in list(truth)[1:])]
    X, ones = np.column_stack([np.ones(len(cohort)), *columns]), np.ones(len(cohort))
    fit = fit_firth(X, cohort["serious"].to_numpy(float), ones)
    found = np.r_[fit.intercept_, fit.coef_]
    errors = np.sqrt(np.diag(np.linalg.inv(find_information(X, found, ones))))
    assert (np.abs(found - list(truth.values())) < 4 * errors).all()
    assert read_source(cohort)["exact"]


def test_intercept_that_gives_the_share():
    cohort = simulate_cohort(people=20_000, seed=7, coefficients={"wasting": 1.0}, serious_share=0.4)
    assert cohort["serious"].mean() == pytest.approx(0.4, abs=0.02)
    intercept = float(cohort["source"].iloc[0].split("own coefficients, intercept ")[1])
    wasting = simulate_cohort(people=20_000, seed=7, missing=False, serious_share=0.4)["wasting"]
    assert special.expit(intercept + wasting).mean() == pytest.approx(0.4, abs=0.001)


def test_population_drawn_by_coefficients_has_its_base_rate():
    """One in five was serious, as in a clinic."""
    there, own = (
        simulate_cohort(people=20_000, seed=7, design="population", serious="needs a doctor", coefficients=model)
        for model in (None, {"wasting": 2.0})
    )
    assert own["serious"].mean() == pytest.approx(there["serious"].mean(), abs=0.005)


def test_simulated_people_beside_others_are_named_first():
    people = simulate_cohort(people=4, seed=1)
    people.loc[people.index[:2], "source"] = "a clinic"
    told = (
        "source: simulated people ('simulated clinic; serious MND') stand together with others ('a clinic'). "
        "Take one kind."
    )
    with pytest.raises(JournalError, match=f"^{re.escape(told)}$"):
        read_source(people)


def test_intercept_of_steep_coefficients():
    """Log odds beyond 100 ended in a bare error."""
    cohort = simulate_cohort(people=5000, seed=7, coefficients={"age": 100.0}, serious_share=0.4)
    assert cohort["serious"].mean() == pytest.approx(0.4, abs=0.02)


def test_other_diagnoses_can_count():
    cohort = simulate_cohort(people=3000, seed=8, serious=("MND", "SMA", "myopathy"), serious_share=0.5)
    assert cohort["serious"].mean() == pytest.approx(0.5, abs=0.05)
    assert set(cohort.loc[cohort["serious"] == 1, "diagnosis"]) == {"MND", "SMA", "myopathy"}


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"people": 0}, OptionError, "people=0 is not possible. Give a whole number of at least 1."),
        ({"design": "town"}, OptionError, "design='town' is not possible. Choose one of 'clinic', 'population'."),
        (
            {"serious_share": 1.0},
            OptionError,
            "serious_share=1.0 is not possible. It must lie between 0 and 1, both excluded.",
        ),
        (
            {"serious": ()},
            OptionError,
            "serious=() is not possible. Name at least one diagnosis that counts as serious.",
        ),
        ({"serious": ("ALSS",)}, UnknownNameError, "No diagnosis named 'ALSS'."),
        ({"coefficients": {"wastin": 1.0}}, UnknownNameError, "No sign named 'wastin'. Did you mean 'wasting'?"),
        ({"seed": -1}, OptionError, "seed=-1 is not possible. Give a whole number of at least 0."),
        ({"seed": "a"}, OptionError, "seed='a' is not possible. Give a whole number of at least 0."),
        ({"missing": "yes"}, OptionError, "missing='yes' is not possible. Choose one of True, False."),
        (
            {"coefficients": 3},
            OptionError,
            "coefficients=3 is not possible. Give log odds by name: {'wasting': 2.0}.",
        ),
        (
            {"coefficients": {"wasting": np.nan}},
            OptionError,
            "coefficients['wasting']=nan is not possible. Give a number.",
        ),
        (
            {"design": "population", "serious_share": 0.2},
            OptionError,
            "serious_share=0.2 goes with design='clinic' only: a population has its base rate.",
        ),
        (
            {"design": "population", "coefficients": {"wasting": 2.0, "intercept": -1.0}},
            OptionError,
            "intercept=-1 goes with design='clinic' only: a population has its base rate.",
        ),
    ],
)
def test_options_refused(options, error, message):
    with pytest.raises(error, match=re.escape(message)):
        simulate_cohort(**options)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"serious": "article A1", "design": "population"},
        {"parameters": {("wasting", "benign"): 0.05, ("base_rate", "MND"): 7e-05}},
        {"parameters": "drawn"},
        {"coefficients": {"wasting": 1.0}},
    ],
)
def test_a_file_of_simulated_people_is_still_known_to_be_simulated(tmp_path, options):
    cohort = simulate_cohort(people=5, seed=1, **options)
    cohort.to_csv(tmp_path / "people.csv")
    again = pd.read_csv(tmp_path / "people.csv", index_col="person")
    assert read_origin(again) == read_origin(cohort) is not None
    assert read_origin(again.assign(source="a practice")) is None
    message = "simulated people ('simulated "
    with pytest.raises(JournalError, match=re.escape(message)):
        read_origin(again.assign(source=[*again["source"][:4], "a practice"]))


def test_the_model_of_a_file_of_simulated_people_says_so(tmp_path):
    cohort = simulate_cohort(people=500, seed=1)
    cohort.to_csv(tmp_path / "people.csv")
    again = pd.read_csv(tmp_path / "people.csv", index_col="person")
    models = [RedFlagModel(interactions="none").fit(people, people["serious"]) for people in (cohort, again)]
    assert "**Trained on simulated people** (clinic sample" in models[1].model_card()
    pd.testing.assert_frame_equal(*(model.predict_risk({"wasting": 1}) for model in models))
    assert "Not understood" not in models[1].predict_risk(again.head(1))["advice"].item()


def test_simulated_people_can_be_read(tmp_path):
    """Weeks beyond what a sign may have, as a drawn world had once (12,547), are its end."""
    cohort = simulate_cohort(people=300, seed=1, parameters={("persistence_median", "MND"): 9000.0})
    assert cohort["persistence_weeks"].max() == 10_000
    assert RedFlagModel(interactions="none").fit(cohort, cohort["serious"]).n_people_ == 300


def test_a_risk_is_the_same_to_the_last_bit_in_every_process():
    """Words are hashed anew in each process: what is added up must not follow the order of a set."""
    code = (
        "from twitchstats import simulate_cohort\nfrom twitchstats.simulate.likelihood import cohort_risk\n"
        "print([risk.hex() for risk in cohort_risk(simulate_cohort(people=40, seed=1))])"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1", "2", "3")
    }  # fmt: skip
    assert len(told) == 1
