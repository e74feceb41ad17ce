"""Signs that are not known: the risk is an average over what they might be, and never leans low."""

import numpy as np
import pandas as pd
import pytest
from scipy import special

from twitchstats import simulate_cohort
from twitchstats.errors import JournalError
from twitchstats.redflags import RedFlagModel
from twitchstats.redflags.measures import METRICS, measure_risk
from twitchstats.redflags.telling import CROWD
from twitchstats.signs import encode_yes_no


@pytest.fixture(scope="module")
def cohort():
    return simulate_cohort(people=3000, seed=1)


@pytest.fixture(scope="module")
def model(cohort):
    return RedFlagModel().fit(cohort, cohort["serious"])


def hide(people, signs, *, share, seed=5, patterns=30):
    """Return the signs of these people, a random share of the cells not known, in so many patterns drawn by lot."""
    rng = np.random.default_rng(seed)
    hidden = rng.random((patterns, len(signs))) < share
    return people[signs].mask(hidden[rng.integers(patterns, size=len(people))])


@pytest.mark.parametrize("options", [{}, {"penalty": "firth", "interactions": "none"}])
def test_of_whom_nothing_is_known_the_risk_is_the_base_rate(cohort, options):
    model = RedFlagModel(**options).fit(cohort, cohort["serious"])
    person = pd.DataFrame({name: [np.nan] for name in model.signs_})
    assert model.predict_proba(person)[0, 1] == pytest.approx(cohort["serious"].mean(), abs=0.04)
    told = model.predict_risk(person).iloc[0]
    assert told["risk_lower"] < told["risk"] < told["risk_upper"]
    assert told["n_unknown"] == len(model.signs_)


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_calibrated_however_much_is_unknown(model, share):
    """Cells hidden at random from fresh people: in the large within 3.5 points, slope .8 to 1.25."""
    fresh = simulate_cohort(people=1000, seed=77)
    risk = model.predict_proba(hide(fresh, model.signs_, share=share))[:, 1]
    found = dict(zip(METRICS, measure_risk(fresh["serious"].to_numpy(float), risk, 0.2), strict=True))
    assert abs(found["calibration_in_the_large"]) < 0.035
    assert 0.8 < found["calibration_slope"] < 1.25


def test_average_over_a_gaussian_sign():
    """The probit approximation is within .012 of the integral over a normal log odds (MacKay 1992)."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=4000)
    y = (rng.random(4000) < special.expit(-1.5 + 2 * x)).astype(int)
    model = RedFlagModel(strength=1e-6).fit(x[:, None], y)
    log_odds = model.intercept_[0] + model.coef_[0, 0] * (x.mean() + x.std() * rng.normal(size=200_000))
    assert model.predict_proba([[np.nan]])[0, 1] == pytest.approx(special.expit(log_odds).mean(), abs=0.012)


def test_nothing_changes_where_all_is_known(cohort, model):
    known = cohort.dropna()
    plain = model.build_design(known).to_numpy() @ model.coef_[0] + model.intercept_[0]
    np.testing.assert_allclose(model.decision_function(known), plain, atol=1e-12)


def test_shift_is_constant_with_unknown_signs_too(cohort, model, tmp_path):
    people = hide(cohort.head(300), model.signs_, share=0.5)
    moved = model.at_base_rate("GP consultation").at_base_rate(6e-5)
    shift = moved.decision_function(people) - model.decision_function(people)
    np.testing.assert_allclose(shift, moved.shift_, atol=1e-11)
    risk = moved.predict_proba(people)
    np.testing.assert_allclose(np.log(risk[:, 1] / risk[:, 0]), moved.decision_function(people), atol=1e-9)
    moved.save(tmp_path / "model.json")
    again = RedFlagModel.load(tmp_path / "model.json")
    np.testing.assert_array_equal(again.predict_proba(people), risk)


def test_contributions_add_up_with_unknown_signs(model):
    told = model.explain({"wasting": 1, "age": 60})
    assert told["contribution"].sum() == pytest.approx(special.logit(told.loc[0, "risk"]), abs=1e-9)
    parts = {name for term in told["term"][1:] for name in term.split(" over ")[0].split(":")}
    assert parts == {"age", "wasting", CROWD}  # the model on the signs that were told
    assert (told["n_unknown"] == len(model.signs_) - 2).all()


def test_a_red_flag_that_lowers_the_risk_is_named():
    """One in four tables of 150 people makes trouble of speech lower the odds by a quarter, by chance."""
    people = simulate_cohort(people=150, seed=22).drop(columns=["source", "diagnosis"])
    model = RedFlagModel(interactions="none").fit(people, people["serious"])
    person = {name: 0.0 for name in model.signs_} | {"age": 50, "sex": "male", "persistence_weeks": 10}
    flags = {"weakness_found": 1.0, "speech_swallowing": 1.0}
    fewer, more = (model.predict_risk(person | told).iloc[0] for told in ({"weakness_found": 1.0}, flags))
    assert more["risk"] < fewer["risk"]
    assert "speech or swallowing trouble lowers the risk" in more["caution"]
    assert "lowers the risk" not in fewer["caution"]


def test_a_dash_beside_a_plus_is_asked_about():
    with pytest.raises(JournalError, match="- beside \\+ may mean no, or not known"):
        encode_yes_no(pd.Series(["+", "-", None], name="wasting"))
    assert np.isnan(encode_yes_no(pd.Series(["yes", "-"], name="wasting"))[1])
