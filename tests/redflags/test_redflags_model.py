"""The model: what it uses, what it refuses, what it tells."""

import json
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special
from sklearn.metrics import roc_auc_score

from twitchstats import simulate_cohort
from twitchstats.errors import JournalError, NotEnoughDataError, OptionError, TwitchstatsError, UnknownNameError
from twitchstats.redflags import RedFlagModel, advise, base_rates, odds, points, shift_risk
from twitchstats.redflags.design import estimate_moments, fill_unknown
from twitchstats.redflags.points import PARTLY_TOLD
from twitchstats.signs import load_signs


@pytest.fixture(scope="module")
def cohort():
    return simulate_cohort(people=1500, seed=1)


@pytest.fixture(scope="module")
def model(cohort):
    return RedFlagModel().fit(cohort, cohort["serious"])


@pytest.fixture(scope="module")
def few(cohort):
    """People enough for points, whose every total has limits of its own to draw."""
    return cohort.head(500)


@pytest.fixture(scope="module")
def plain(few):
    return RedFlagModel(interactions="none").fit(few, few["serious"])


def fails(error, message):
    return pytest.raises(error, match=re.escape(message))


def test_labels_never_enter(cohort, model):
    assert set(model.signs_) == set(load_signs().index)
    assert set(model.ignored_) == {"pregnant", "diagnosis", "serious", "source"}
    people = cohort.head(300)
    scrambled = people.assign(serious=0, diagnosis="x", pregnant=1.0)
    np.testing.assert_array_equal(model.predict_proba(scrambled), model.predict_proba(people))


def test_heredity(cohort):
    model = RedFlagModel(interactions=[("weakness_felt", "wasting", "speech_swallowing")])
    model.fit(cohort, cohort["serious"])
    for term in model.terms_:
        parts = term.split(":")
        assert all(part in model.terms_ for part in parts)
        if len(parts) == 3:
            pairs = [":".join(pair) for pair in [parts[:2], parts[1:], [parts[0], parts[2]]]]
            assert set(pairs) <= set(model.terms_)
    assert "weakness_felt:wasting:speech_swallowing" in model.terms_
    assert sum(":" in term for term in model.terms_) == 4


def test_unknown_is_not_absent(cohort, model):
    person = cohort[cohort["weakness_found"].notna()].head(1).assign(weakness_felt=1.0, wasting=1.0)
    risks = {value: model.predict_proba(person.assign(weakness_found=value))[0, 1] for value in (0.0, np.nan, 1.0)}
    assert risks[0.0] < risks[np.nan] < risks[1.0]
    told = model.predict_risk(person.assign(weakness_found=np.nan))
    assert told["n_unknown"].item() == person.isna().sum(axis=1).item() + 1
    assert "Weakness found by an examiner".lower() in told["advice"].item()
    assert model.missing_.set_index("sign").loc["wasting", "n_unknown"] == cohort["wasting"].isna().sum()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c[c["serious"] == 0], "Only one class: every label is 0. A risk model needs people"),
        (
            lambda c: c[["serious", "diagnosis"]],
            "No signs: none of the columns ('serious', 'diagnosis') is a known sign",
        ),
        (
            lambda c: c[["serious"]],
            "No signs: none of the columns ('serious') is a known sign (load_signs lists them).",
        ),
        (lambda c: c.assign(wasting=1.0), "The sign 'wasting' is the same for everyone who told it. Leave it out"),
        (lambda c: c.assign(wasting=np.nan), "Nobody told the sign 'wasting'. Leave it out (signs=[...]) or choose"),
        (
            lambda c: pd.concat([c[c["serious"] == 1].head(6), c[c["serious"] == 0].head(6)]),
            "12 people, 6 of them in the smaller class: a risk model needs at least 20 people and 5 of each class",
        ),
    ],
)
def test_too_little_to_learn_from(cohort, change, message):
    people = change(cohort)
    with fails(NotEnoughDataError, message):
        RedFlagModel().fit(people, people["serious"])


def test_all_signs_constant(cohort):
    people = cohort[["wasting", "serious"]].assign(wasting=0.0)
    with fails(NotEnoughDataError, "No sign differs between people: there is nothing to learn a risk from."):
        RedFlagModel(constant="drop").fit(people, people["serious"])


def test_a_constant_sign_can_be_dropped(cohort):
    model = RedFlagModel(interactions="none", constant="drop").fit(cohort.assign(pain=0.0), cohort["serious"])
    assert model.dropped_terms_ == ["pain"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"penalty": "lasso"}, "penalty='lasso' is not possible. Choose one of 'ridge', 'firth'."),
        ({"strength": -1.0}, "strength=-1.0 is not possible. It must be above 0 and finite."),
        ({"interactions": "all"}, "interactions='all' is not possible. Choose 'none', 'pairs' or a list of pairs"),
        ({"interactions": ["ab"]}, "interactions=['ab'] is not possible. Choose 'none', 'pairs' or a list of pairs"),
        ({"interactions": [3]}, "interactions=[3] is not possible. Choose 'none', 'pairs' or a list of pairs"),
        ({"strength": np.inf}, "strength=inf is not possible. It must be above 0 and finite."),
        ({"strength": 0}, "strength=0 is not possible. It must be above 0 and finite."),
        ({"bends": "no"}, "bends='no' is not possible. Choose one of True, False."),
    ],
)
def test_options_refused(cohort, options, message):
    with fails(OptionError, message):
        RedFlagModel(**options).fit(cohort, cohort["serious"])


def test_names_refused(cohort, model):
    with fails(UnknownNameError, "No sign named 'wastin'. Did you mean 'wasting'?"):
        RedFlagModel(signs=["wastin"]).fit(cohort, cohort["serious"])
    with fails(UnknownNameError, "No sign named 'weaknes_felt'. Did you mean 'weakness_felt'?"):
        RedFlagModel(interactions=[("weaknes_felt", "pain")]).fit(cohort, cohort["serious"])
    with fails(TwitchstatsError, "The model needs the sign 'pain', which is no column here. Add the column"):
        model.predict_proba(cohort.drop(columns="pain"))
    with fails(TwitchstatsError, "The model knows its signs by name. Give a DataFrame with the columns"):
        model.predict_proba(np.zeros((2, 12)))


def test_values_refused(cohort):
    wrong = cohort.copy()
    wrong.loc["P0003", "wasting"] = 7.0
    with fails(JournalError, "person P0003, wasting: 7.0 must lie in 0 to 1. Correct it, or leave the cell empty"):
        RedFlagModel().fit(wrong, wrong["serious"])


def test_words_read_as_numbers(cohort, model):
    words = cohort.assign(wasting=cohort["wasting"].map({1.0: "yes", 0.0: "No"}).astype("str"))
    np.testing.assert_array_equal(model.predict_proba(words), model.predict_proba(cohort))


def test_string_labels(cohort):
    labels = cohort["serious"].map({0: "no", 1: "yes"})
    model = RedFlagModel(interactions="none").fit(cohort, labels)
    assert list(model.classes_) == ["no", "yes"]
    assert set(model.predict(cohort)) == {"no", "yes"}


@given(tau=st.floats(1e-7, 0.999), ybar=st.floats(1e-4, 0.999))
@settings(max_examples=40)
def test_shift_is_constant_on_the_logit_scale(cohort, model, tau, ybar):
    moved = model.at_base_rate(tau, ybar)
    shift = moved.decision_function(cohort) - model.decision_function(cohort)
    expected = -np.log(((1 - tau) / tau) * (ybar / (1 - ybar)))
    np.testing.assert_allclose(shift, expected, rtol=0, atol=1e-11)
    np.testing.assert_array_equal(moved.coef_, model.coef_)
    assert moved.base_rate_ == tau


def test_shifts_add_up(cohort, model):
    there = model.at_base_rate(6e-5).at_base_rate(0.3)
    np.testing.assert_allclose(there.intercept_, model.at_base_rate(0.3).intercept_, atol=1e-12)
    np.testing.assert_allclose(model.at_base_rate(model.sample_rate_).intercept_, model.intercept_, atol=1e-12)
    assert model.base_rate_ == model.sample_rate_  # the original is left as it was


def test_shift_of_a_table_is_bayes():
    """One sign, nothing shrunk: the risk at the base rate is Bayes' rule with the sign's likelihood ratio."""
    people = pd.DataFrame({"wasting": np.repeat([1.0, 0.0, 1.0, 0.0], [60, 40, 10, 190]), "y": [1] * 100 + [0] * 200})
    model = RedFlagModel(strength=1e-9).fit(people, people["y"]).at_base_rate(0.001)
    odds = 0.001 / 0.999 * (60 / 100) / (10 / 200)
    risk = model.predict_proba(pd.DataFrame({"wasting": [1.0]}))[0, 1]
    assert risk == pytest.approx(odds / (1 + odds), rel=1e-6)


def test_presets(model):
    table = base_rates().set_index("setting")
    assert model.at_base_rate("adults in general").base_rate_ == 6e-5
    assert model.at_base_rate("GP consultation").base_rate_ == table.loc["gp consultation", "base_rate"]
    assert model.at_base_rate("neuromuscular clinic").base_rate_ == 0.05
    clinic = table.loc["neuromuscular clinic"]
    assert (clinic["ci_lower"], clinic["ci_upper"]) == pytest.approx((0.00888, 0.2361), abs=1e-4)
    assert table.loc[table["base_rate"].notna(), ["source", "confidence"]].notna().all(axis=None)
    with fails(OptionError, "tau='ordinary neurology clinic': no figure known for this setting."):
        model.at_base_rate("ordinary neurology clinic")
    with fails(UnknownNameError, "No setting named 'adults'."):
        model.at_base_rate("adults")
    with fails(OptionError, "tau=0 is not possible. It must lie between 0 and 1, both excluded."):
        model.at_base_rate(0)


def test_contributions_add_up(cohort, model):
    moved = model.at_base_rate(6e-5)
    person = cohort.iloc[7]
    told = moved.explain(person)
    assert special.expit(told["contribution"].sum()) == pytest.approx(told.loc[0, "risk"], rel=1e-9)
    assert told.loc[0, "risk"] == pytest.approx(moved.predict_proba(cohort.iloc[[7]])[0, 1], rel=1e-9)
    assert ((told["risk_lower"] < told["risk"]) & (told["risk"] < told["risk_upper"])).all()
    assert (told["base_rate"] == 6e-5).all()
    assert told["term"].iloc[0] == "starting point"
    assert told["contribution"].iloc[1:].abs().is_monotonic_decreasing
    with fails(OptionError, "explain takes one person, this table has 2. Choose a row: people.loc[[name]]."):
        model.explain(cohort.head(2))


def test_every_risk_has_its_companions(cohort, model):
    told = model.predict_risk(cohort.head(400))
    assert list(told.columns) == [
        "risk", "risk_lower", "risk_upper", "base_rate", "n_unknown", "chance_factor", "caution", "red_flags", "advice",
    ]  # fmt: skip
    assert (told["chance_factor"] >= 1).all()
    assert ((told["chance_factor"] > 1.1) == told["caution"].str.startswith("Too little is known of people")).all()
    assert (told["risk_lower"] <= told["risk"]).all()
    assert (told["risk"] <= told["risk_upper"]).all()
    assert (told["advice"] != "").all()


@pytest.mark.parametrize("penalty", ["ridge", "firth"])
def test_saved_model_is_the_same(cohort, tmp_path, penalty):
    model = RedFlagModel(penalty=penalty, interactions=[("weakness_felt", "wasting")])
    model = model.fit(cohort, cohort["serious"]).at_base_rate(6e-5)
    path = tmp_path / "model.json"
    model.save(path)
    again = RedFlagModel.load(path)
    people = cohort.head(200)
    np.testing.assert_array_equal(again.predict_proba(people), model.predict_proba(people))
    pd.testing.assert_frame_equal(again.predict_risk(people), model.predict_risk(people))
    assert again.get_params() == model.get_params()
    assert again.model_card() == model.model_card()
    again.save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()
    assert "not for diagnosis" in json.loads(path.read_text(encoding="utf-8"))["use"]
    with fails(NotEnoughDataError, "odds_ratios needs the training people, and a model read from a file has none."):
        again.odds_ratios()


def test_files_that_are_no_models(tmp_path):
    path = tmp_path / "x.json"
    path.write_text("hello", encoding="utf-8")
    with fails(TwitchstatsError, "x.json is no model file: it is not JSON"):
        RedFlagModel.load(path)
    path.write_text('{"a": 1}', encoding="utf-8")
    with fails(TwitchstatsError, "x.json is no model file: its 'format' is not 'twitchstats red flag model'."):
        RedFlagModel.load(path)


def test_model_card_is_written_from_the_model(model):
    card = model.model_card()
    assert f"{model.n_people_} people, {model.n_serious_} of them serious" in card
    assert "simulated people" in card
    assert "Not for diagnosis" in card
    assert f"| wasting | Muscle wasting | {model.coef_[0][model.terms_.index('wasting')]:.6g} |" in card
    moved = model.at_base_rate(6e-5).model_card()
    assert "base rate of 6e-05" in moved


def test_point_score_follows_the_model(few, plain):
    score = plain.point_score(most=20, allowed=0.9)
    total = score.add_up(few)
    there = total["score"].notna()
    log_odds = plain.decision_function(few)
    assert np.corrcoef(total["score"][there], log_odds[there])[0, 1] > 0.97
    assert score.points["points"].abs().max() == 20
    assert score.risks["risk"].is_monotonic_increasing
    moved = plain.at_base_rate(6e-5).point_score(most=20, allowed=0.9)
    expected = shift_risk(score.risks["risk"], 6e-5, plain.base_rate_)
    np.testing.assert_allclose(moved.risks["risk"], expected, rtol=1e-9)


def test_point_score_by_hand(plain):
    score = plain.point_score(allowed=0.9)
    points = score.points.set_index(["sign", "answer"])["points"]
    answers = {"wasting": "yes", "age": "70 to 79", "sex": "male", "persistence_weeks": "8 to 25 weeks"}
    told = {sign: 0.0 for sign in dict.fromkeys(score.points["sign"])}
    person = pd.DataFrame([told | {"wasting": 1.0, "age": 72.0, "sex": "male", "persistence_weeks": 10}])
    assert score.add_up(person)["score"].item() == sum(points[sign, answers.get(sign, "no")] for sign in told)
    person["pain"] = np.nan
    told = score.add_up(person).iloc[0]
    assert np.isnan(told["score"])
    assert told["caution"] == PARTLY_TOLD
    assert "see a doctor" in score.add_up(person)["advice"].item().lower()


def test_inputs_are_left_alone(cohort):
    people = cohort.head(200)
    before = people.copy(deep=True)
    model = RedFlagModel(interactions="none", signs=["wasting", "pain", "age"]).fit(people, people["serious"])
    model.predict_risk(people)
    model.combinations()
    pd.testing.assert_frame_equal(people, before)


def test_a_column_named_twice(cohort):
    with fails(JournalError, "Two columns are named 'wasting'. Leave one of them out."):
        RedFlagModel().fit(pd.concat([cohort, cohort[["wasting"]]], axis=1), cohort["serious"])


def test_own_signs_and_arrays(cohort, tmp_path):
    own = cohort.rename(columns={"wasting": "thin_hand"})
    model = RedFlagModel(signs=["thin_hand", "weakness_felt"]).fit(own, own["serious"])
    assert model.odds_ratios()["label"].tolist()[0] == "thin_hand"
    assert "weakness felt" in model.explain({"thin_hand": 1}).loc[0, "advice"]
    values = np.random.default_rng(0).normal(size=(200, 3))
    plain = RedFlagModel().fit(values, (values[:, 0] > 0).astype(int))
    plain.save(tmp_path / "plain.json")
    again = RedFlagModel.load(tmp_path / "plain.json")
    np.testing.assert_array_equal(again.predict_proba(values), plain.predict_proba(values))
    with fails(OptionError, "None of the model's signs is a yes/no sign, so there are no combinations to tabulate."):
        plain.combinations()


def test_risk_is_right_where_the_examination_is_missing():
    """People nobody examined (weakness and wasting not known): the mean risk is their share of serious cases."""
    cohort, fresh = simulate_cohort(people=6000, seed=1), simulate_cohort(people=20_000, seed=77)
    model = RedFlagModel().fit(cohort, cohort["serious"])
    unexamined = fresh[fresh["wasting"].isna()]
    assert model.predict_proba(unexamined)[:, 1].mean() == pytest.approx(unexamined["serious"].mean(), abs=0.03)


def test_few_people_and_many_terms_end_in_finite_or_infinite_limits():
    cohort = simulate_cohort(people=60, seed=4)
    found = RedFlagModel(constant="drop").fit(cohort, cohort["serious"]).odds_ratios()
    assert (found["estimate"].notna() == (found["caution"] != odds.UNTOLD)).all()


def test_fill_is_the_conditional_mean_of_a_gaussian():
    """x2 = 1 + 2 x1 exactly: an unknown x2 is filled with it; nothing known gives the mean."""
    x = np.random.default_rng(3).normal(size=400)
    values = np.column_stack([x, 1 + 2 * x])
    values[:40, 1] = np.nan
    values[40, :] = np.nan
    mean, covariance = estimate_moments(values, rounds=50)
    filled, _ = fill_unknown(values, mean, covariance)
    np.testing.assert_allclose(filled[:40, 1], 1 + 2 * x[:40], atol=1e-3)
    np.testing.assert_allclose(filled[40], mean)
    np.testing.assert_array_equal(filled[41:], values[41:])


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25)
def test_filling_keeps_what_is_known(seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(30, 4))
    values[rng.random((30, 4)) < 0.4] = np.nan
    filled, left = fill_unknown(values, *estimate_moments(values))
    known = ~np.isnan(values)
    np.testing.assert_array_equal(filled[known], values[known])
    assert np.isfinite(filled).all()
    assert (np.linalg.eigvalsh(left) > -1e-8).all()


def test_labels_are_refused_as_signs(cohort):
    with fails(OptionError, "signs: 'serious' is what a risk model is to tell, so it can't be a sign. Leave it out."):
        RedFlagModel(signs=["wasting", "serious"]).fit(cohort, cohort["serious"])


def test_people_and_labels_in_another_order(cohort):
    other = cohort["serious"].sort_index(ascending=False)
    message = (
        "The labels name the people in another order than the signs do. Bring them into one order: y.loc[X.index]."
    )
    with fails(TwitchstatsError, message):
        RedFlagModel().fit(cohort, other)
    RedFlagModel(interactions="none").fit(cohort, cohort["serious"].reset_index(drop=True))  # by position, as ever


def test_nobody(cohort):
    with fails(NotEnoughDataError, "Nobody to learn from: the table has no rows."):
        RedFlagModel().fit(cohort.head(0), cohort["serious"].head(0))


def test_base_rate_tells_its_source(model):
    assert model.base_rate_source_ == "the training sample"
    assert model.at_base_rate(0.01).base_rate_source_ == "given"
    told = model.at_base_rate("adults in general").base_rate_source_
    assert told.startswith("adults in general: motor neurone disease not yet diagnosed (Mei 2022")
    assert told in model.at_base_rate("adults in general").model_card()
    for tau in (None, True, float("nan")):
        with fails(OptionError, f"tau={tau} is not possible. It must lie between 0 and 1, both excluded."):
            model.at_base_rate(tau)


def test_a_misspelt_sign_is_no_sign_left_out(model, plain):
    for tell in (model.explain, advise, plain.point_score(allowed=0.9).add_up):
        with fails(UnknownNameError, "The column 'wastin' looks like the sign 'wasting'. Rename it if it is, or say"):
            tell({"wastin": 1})


def test_levels_refused(cohort, model):
    message = "level=2 is not possible. It must lie between 0 and 1, both excluded."
    for ask in (lambda: model.predict_risk(cohort, level=2), lambda: model.combinations(level=2),
                lambda: model.explain({"wasting": 1}, level=2)):  # fmt: skip
        with fails(OptionError, message):
            ask()


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r["coefficients"].__setitem__(3, -r["coefficients"][3]),
        lambda r: r["classes"].reverse(),
        lambda r: r["base"].update(rate=0.5),
        lambda r: r["covariance"][1].__setitem__(1, 1e-9),
        lambda r: r["design"].update(bends=r["design"]["bends"][::-1]),
        lambda r: r["moments"]["means"][1].reverse(),
        lambda r: r.update(origin=None),
        lambda r: r.update(checksum="0" * 64),
        lambda r: r.pop("coefficients"),
        lambda r: r["coefficients"].__setitem__(0, None),
        lambda r: r["parameters"].update(penalty="lasso"),
        lambda r: r.pop("checksum"),
    ],
)
def test_a_changed_file_is_refused(model, tmp_path, change):
    """Where it still fits together, it would give another risk or hide where it comes from."""
    path = tmp_path / "model.json"
    model.save(path)
    record = json.loads(path.read_text(encoding="utf-8"))
    change(record)
    path.write_text(json.dumps(record), encoding="utf-8")
    with fails(TwitchstatsError, "model.json was changed after it was saved: its checksum does not fit. Save the"):
        RedFlagModel.load(path)


def test_points_tell_what_they_lose(few):
    model = RedFlagModel().fit(few, few["serious"])
    coarse, fine = (model.point_score(most=most, allowed=0.9).agreement for most in (2, 40))
    assert list(coarse.columns) == ["measure", "model", "points", "difference"]
    lost = {name: frame.set_index("measure")["difference"] for name, frame in [("coarse", coarse), ("fine", fine)]}
    assert lost["coarse"]["risk"] > lost["fine"]["risk"] > 0
    table, whole = fine.set_index("measure"), few.dropna(subset=model.signs_)
    assert table.loc["auc", "model"] == pytest.approx(roc_auc_score(whole["serious"], model.predict_proba(whole)[:, 1]))
    assert table.loc["risk", "points"] == pytest.approx(whole["serious"].mean(), abs=0.01)
    moved = model.at_base_rate(6e-5).point_score(most=40, allowed=0.9).agreement
    np.testing.assert_allclose(moved[["model", "points"]], fine[["model", "points"]], rtol=1e-6)
    with fails(OptionError, "most=2.5 is not possible. Give a whole number of at least 1."):
        model.point_score(most=2.5)


def test_a_score_for_one_person(plain):
    assert plain.point_score(allowed=0.9).add_up({"wasting": 1})["advice"].item().startswith("See a doctor soon")


def test_points_beyond_the_stated_error_are_refused(few, plain):
    """Whoever is added up is within the error, and nobody with a gap is added up."""
    score = plain.point_score(most=40, allowed=0.35)
    told = score.add_up(few)
    there = told["risk"].notna()
    assert there.equals(few[plain.signs_].notna().all(axis=1))
    assert (told.loc[~there, "caution"] == points.PARTLY_TOLD).all()
    assert (told["advice"] != "").all()
    away = (told["risk"] - plain.predict_proba(few)[:, 1])[there].abs()
    assert 0.1 < away.max() <= 0.35
    with fails(OptionError, "These points miss the model's risk by up to 0."):
        plain.point_score(most=40, allowed=0.1)


@pytest.mark.parametrize("weight", [0.505, 0.507, 0.515, 0.519, 0.9])
def test_points_of_an_exact_half_do_not_hang_on_the_last_bit(weight):
    """Only age: 70 to 79 stands at three quarters of 80 or more, 7.5 of 10 points, on every machine."""
    rng = np.random.default_rng(2)
    people = pd.DataFrame({"age": rng.uniform(20, 90, 800)})
    labels = (rng.random(800) < special.expit((people["age"] - 60) / 10)).astype(int)
    model = RedFlagModel(bends=False).fit(people, labels)
    with pytest.MonkeyPatch.context() as patch:
        answers, solve = SimpleNamespace(coefficients=np.array([0, weight])), points.fitting.solve_logistic
        patch.setattr(points.fitting, "solve_logistic", lambda *a, **o: solve(*a, **o) if o else answers)
        score = model.point_score(allowed=0.9).points.set_index("answer")["points"]
    assert score["80 or more"] == 10
    assert score["70 to 79"] == 8
