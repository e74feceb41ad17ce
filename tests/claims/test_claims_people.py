import re

import numpy as np
import pandas as pd
import pytest

from twitchstats.claims import estimate_sign_ratios
from twitchstats.errors import UnknownNameError


def make_cohort(hit: int, missed: int, alarm: int, quiet: int) -> pd.DataFrame:
    sign = [1.0] * hit + [0.0] * missed + [1.0] * alarm + [0.0] * quiet
    serious = [1] * (hit + missed) + [0] * (alarm + quiet)
    return pd.DataFrame({"wasting": sign, "serious": serious})


def test_ratio_by_hand():
    """30 of 40 against 10 of 100: .75 / .1 = 7.5; log se = sqrt(.25/30 + .9/10) (Simel 1991)."""
    row = estimate_sign_ratios(make_cohort(30, 10, 10, 90), ["wasting"]).iloc[0]
    se = np.sqrt(0.25 / 30 + 0.9 / 10)
    assert row["estimate"] == pytest.approx(7.5)
    assert row["ci_lower"] == pytest.approx(7.5 * np.exp(-1.959963985 * se))
    assert row["ci90_upper"] == pytest.approx(7.5 * np.exp(1.644853627 * se))
    assert (row["sensitivity"], row["specificity"]) == (0.75, 0.9)
    assert row["likelihood_ratio_negative"] == pytest.approx(0.25 / 0.9)
    assert row["reason"] == ""


def test_an_empty_cell_gets_half_a_person():
    row = estimate_sign_ratios(make_cohort(5, 5, 0, 20), ["wasting"]).iloc[0]
    assert row["estimate"] == pytest.approx((5.5 / 11) / (0.5 / 21))
    assert row["sensitivity"] == 0.5


def test_unknown_is_not_absent():
    cohort = make_cohort(30, 10, 10, 90)
    extra = pd.DataFrame({"wasting": [np.nan] * 50, "serious": [1] * 50})
    both = estimate_sign_ratios(pd.concat([cohort, extra], ignore_index=True), ["wasting"])
    assert both.loc[0, "n_people"] == 140
    assert both.loc[0, "estimate"] == pytest.approx(7.5)


def test_words_are_read_as_the_risk_model_reads_them():
    cohort = make_cohort(30, 10, 10, 90)
    told = cohort.assign(wasting=cohort["wasting"].map({1.0: "yes", 0.0: "no"}))
    pd.testing.assert_frame_equal(estimate_sign_ratios(told, ["wasting"]), estimate_sign_ratios(cohort, ["wasting"]))


def test_combinations_and_thresholds():
    cohort = pd.DataFrame({
        "persistence_weeks": [1.0, 8.0, 8.0, 8.0, 30.0, 1.0],
        "weakness_felt": [1.0, 1.0, 1.0, 0.0, np.nan, 0.0],
        "wasting": [1.0, 1.0, 0.0, 1.0, 1.0, 0.0],
        "serious": [0, 1, 0, 1, 1, 0],
    })  # fmt: skip
    table = estimate_sign_ratios(cohort, ["persistence_weeks;weakness_felt;wasting", "weakness_felt|wasting"])
    assert table["n_with"].tolist() == [1, 5]
    assert table["n_people"].tolist() == [5, 6]  # the fifth person's weakness is not known


def test_a_diagnosis_as_label():
    cohort = pd.DataFrame({"cramps": [1.0, 1.0, 0.0, 0.0, 1.0], "diagnosis": ["MND", "ALS", "MND", "benign", "benign"]})
    row = estimate_sign_ratios(cohort, ["cramps"], label="ALS").iloc[0]
    assert (row["n_cases"], row["estimate"]) == (3, pytest.approx((2 / 3) / (1 / 2)))


@pytest.mark.parametrize("cohort", [make_cohort(5, 5, 0, 0), make_cohort(5, 0, 5, 0), make_cohort(0, 5, 0, 5)])
def test_nothing_to_compare_is_told(cohort):
    row = estimate_sign_ratios(cohort, ["wasting"]).iloc[0]
    assert row["reason"] == "no variation"
    assert np.isnan(row["estimate"])


def test_unknown_names():
    with pytest.raises(UnknownNameError, match=re.escape("No sign named 'wastin'. Did you mean 'wasting'?")):
        estimate_sign_ratios(make_cohort(1, 1, 1, 1), ["wastin"])
    with pytest.raises(UnknownNameError, match=re.escape("No column named 'serious'. Known: 'wasting'.")):
        estimate_sign_ratios(make_cohort(1, 1, 1, 1).drop(columns="serious"), ["wasting"])
