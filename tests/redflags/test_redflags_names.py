"""Labels and columns that can't be mixed up: recognised, asked about, or told."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from twitchstats import estimate_sign_ratios, simulate_cohort
from twitchstats.errors import JournalError, NotEnoughDataError, OptionError, TwitchstatsError, UnknownNameError
from twitchstats.redflags import (
    RedFlagModel,
    advise,
    apply_referral_rules,
    count_people,
    decision_curve,
    describe_worth,
    evaluate_referral_rules,
    explore_assumptions,
    group_risks,
    odds,
    required_sample_size,
    shift_risk,
    validate_by_site,
    validate_risk,
)
from twitchstats.redflags.storing import seal_parts
from twitchstats.signs import load_signs, mark_present, match_signs


@pytest.fixture(scope="module")
def cohort():
    return simulate_cohort(people=800, seed=1)


@pytest.fixture(scope="module")
def model(cohort):
    return RedFlagModel(interactions="none").fit(cohort, cohort["serious"])


def fails(error, message):
    return pytest.raises(error, match=re.escape(message))


OTHER = {
    "weakness_felt": "Weakness felt",
    "wasting": "muscle_wasting",
    "speech_swallowing": "Dysarthria",
    "sex": "Gender",
}


def test_other_names_are_recognised_everywhere(cohort, model):
    renamed = cohort.rename(columns=OTHER)
    again = RedFlagModel(interactions="none").fit(renamed, renamed["serious"])
    np.testing.assert_array_equal(again.coef_, model.coef_)
    np.testing.assert_array_equal(model.predict_proba(renamed), model.predict_proba(cohort))
    pd.testing.assert_frame_equal(model.predict_risk(renamed.head(5)), model.predict_risk(cohort.head(5)))
    pd.testing.assert_frame_equal(advise(renamed), advise(cohort))
    pd.testing.assert_frame_equal(apply_referral_rules(renamed), apply_referral_rules(cohort))
    pd.testing.assert_frame_equal(count_people(renamed), count_people(cohort))
    assert model.predict_risk({"Dysarthria": "yes"})["red_flags"].item() == "Speech or swallowing trouble"


@pytest.mark.parametrize("name", ["weak_grip", "atrophic_hand", "numb_toes", "slurring", "wastng"])
def test_a_column_like_a_red_flag_is_asked_about(cohort, model, name):
    other = cohort.rename(columns={"wasting": name})
    message = f"The column {name!r} looks like the sign"
    for ask in (
        lambda: RedFlagModel().fit(other, other["serious"]),
        lambda: model.predict_proba(other),
        lambda: model.predict_risk({name: 1}),
        lambda: advise({name: 1}),
        lambda: advise(other),
        lambda: apply_referral_rules(other),
    ):
        with fails(UnknownNameError, message):
            ask()
    fitted = RedFlagModel(interactions="none", ignore=[name]).fit(other, other["serious"])
    assert "wasting" not in fitted.signs_
    assert np.isfinite(fitted.predict_proba(other)).all()
    assert advise({name: 1, "pain": 0}, ignore=[name])["red_flags"].item() == ""


def test_a_renamed_sign_is_missed(cohort, model):
    with fails(TwitchstatsError, "The model needs the sign 'wasting', which is no column here. Add the column"):
        model.predict_risk(cohort.rename(columns={"wasting": "xyz"}))


def test_what_nobody_understands_is_told(cohort, model):
    assert "Not understood, so left out: tongue quiver" in advise({"tongue quiver": 1})["advice"].item()
    told = model.predict_risk({"wasting": 1, "tongue quiver": 1})["advice"].item()
    assert "Not understood, so left out: tongue quiver; tell a doctor of it." in told
    other = RedFlagModel(interactions="none").fit(cohort.assign(quiver=1.0), cohort["serious"])
    assert other.notes_[2] == "Columns not used: pregnant, diagnosis, serious, source, quiver."


def test_two_columns_for_one_sign():
    message = "The columns 'dysarthria' and 'dysphagia' both mean the sign 'speech_swallowing'. Make one of them"
    with fails(JournalError, message):
        match_signs(["dysarthria", "dysphagia"])
    assert match_signs(["dysarthria", "dysphagia"], ignore=["dysphagia"]) == {"dysarthria": "speech_swallowing"}


def test_every_label_is_recognised():
    labels = load_signs()["label"]
    assert match_signs(labels) == dict(zip(labels, labels.index, strict=True))


def test_reversed_labels_are_refused(cohort):
    with fails(TwitchstatsError, "The labels look reversed: ") as caught:
        RedFlagModel().fit(cohort, 1 - cohort["serious"])
    assert "RedFlagModel(serious=0), or serious=1 if this is right." in str(caught.value)
    right = RedFlagModel(serious=0, interactions="none").fit(cohort, 1 - cohort["serious"])
    straight = RedFlagModel(interactions="none").fit(cohort, cohort["serious"])
    np.testing.assert_allclose(right.predict_proba(cohort), straight.predict_proba(cohort), atol=1e-9)
    assert right.classes_.tolist() == [1, 0]
    RedFlagModel(serious=1, interactions="none").fit(cohort, 1 - cohort["serious"])  # said, so believed


def test_the_serious_label_is_named(cohort):
    words = cohort["serious"].map({1: "ALS", 0: "benign"})
    with fails(
        OptionError, "The labels are 'ALS' and 'benign'. Say which of them is serious: RedFlagModel(serious='ALS')"
    ):
        RedFlagModel().fit(cohort, words)
    with fails(OptionError, "serious='MND' is not possible. Choose one of 'ALS', 'benign'."):
        RedFlagModel(serious="MND").fit(cohort, words)
    model = RedFlagModel(serious="ALS", interactions="none").fit(cohort, words)
    assert model.classes_.tolist() == ["benign", "ALS"]
    assert (
        model.notes_[0]
        == f"Serious is the label 'ALS': {words.eq('ALS').sum()} of 800 people ({words.eq('ALS').mean():.1%})."
    )
    for pair in ((False, True), ("no", "yes"), ("No", "YES"), ("0", "1")):
        fitted = RedFlagModel(interactions="none").fit(cohort, cohort["serious"].map(dict(enumerate(pair))))
        assert fitted.classes_.tolist() == list(pair)
    with fails(OptionError, "The labels are 1 and 2. Say which of them is serious"):
        RedFlagModel().fit(cohort, cohort["serious"] + 1)


def test_notes_tell_few_cases_and_separation(cohort):
    few = cohort.head(100)
    notes = RedFlagModel(constant="drop").fit(few, few["serious"]).notes_
    assert notes[3].startswith("Few cases: ")
    assert "It would help to take fewer signs, interactions='none'" in notes[3]
    plain = RedFlagModel(interactions="none", bends=False, constant="drop").fit(few, few["serious"])
    assert plain.notes_[3].endswith("the risks hang much on chance. It would help to take fewer signs.")
    apart = cohort.copy()
    apart.loc[apart["serious"] == 0, "wasting"] = 0.0
    notes = RedFlagModel(interactions="none").fit(apart, apart["serious"]).notes_
    assert notes[-1].startswith("Separation: wasting in people of one class only.")


def test_a_separated_sign_is_held_back_and_told(cohort):
    """Left out one by one, these people ask for no penalty at all: the odds ratio was 5.6e8, the risk .85."""
    apart = cohort.assign(wasting=cohort["serious"].astype(float)).drop(columns=["source", "diagnosis"])
    model = RedFlagModel(interactions="none").fit(apart, apart["serious"])
    assert model.strength_ == 1.0
    assert model.predict_risk({"wasting": 1}, base_rate="adults in general")["risk"].item() < 0.5
    found = model.odds_ratios().set_index("term")["caution"]
    assert (
        found["wasting"] == "there, or absent, in people of one class only: how far the odds ratio goes can't be known"
    )
    assert (found.drop("wasting") == "").all()


def test_weights_are_repeated_people(cohort):
    times = np.random.default_rng(1).integers(0, 4, len(cohort))
    repeated = cohort.loc[cohort.index.repeat(times)]
    one = RedFlagModel(interactions="none").fit(cohort, cohort["serious"], sample_weight=times)
    other = RedFlagModel(interactions="none").fit(repeated, repeated["serious"])
    np.testing.assert_allclose(one.coef_, other.coef_, atol=1e-5)
    np.testing.assert_allclose(one.strength_, other.strength_, rtol=1e-3)


def test_reversed_labels_are_told_in_validation(cohort, model):
    with fails(TwitchstatsError, "The labels look reversed: the model's risks are lower in those who count as serious"):
        validate_risk(model, cohort, 1 - cohort["serious"], n_bootstrap=2)


def test_a_sign_told_twice(cohort, model):
    with fails(JournalError, "both mean the sign 'wasting'. Make one of them"):
        model.predict_risk(cohort.head(3).assign(atrophy=1.0))


GERMAN = {
    "age": "Alter", "sex": "Geschlecht", "weakness_felt": "Schwäche", "weakness_found": "Schwäche bei der Untersuchung",
    "wasting": "Muskelschwund", "sensory_change": "Taubheit", "pain": "Schmerzen", "after_injury": "Verletzung",
    "speech_swallowing": "Sprechstörung", "spread": "Ausbreitung", "cramps": "Krämpfe", "persistence_weeks": "Wochen",
}  # fmt: skip


def test_german_names_and_words_are_understood(cohort, model):
    """A red flag must not be lost because it is told in another language."""
    german = cohort.rename(columns=GERMAN)
    german["Geschlecht"] = german["Geschlecht"].map({"female": "weiblich", "male": "Männlich"})
    for name in ("Muskelschwund", "Schmerzen"):
        german[name] = german[name].map({1.0: "ja", 0.0: "nein"}).fillna("-")
    again = RedFlagModel(interactions="none").fit(german, german["serious"])
    np.testing.assert_array_equal(again.coef_, model.coef_)
    assert advise({"Muskelschwund": "Ja", "Schwäche": "nein"})["red_flags"].item() == "Muscle wasting"
    with fails(UnknownNameError, "The column 'Handschwäche' looks like the sign 'weakness_felt'."):
        advise({"Handschwäche": 1})


def test_words_belong_to_their_kind(model):
    with fails(JournalError, "person person, age: yes must be a number."):
        model.predict_risk({"age": "yes"})
    with fails(JournalError, "person person, sex: yes must be male or female."):
        model.predict_risk({"sex": "yes"})


@pytest.mark.parametrize(
    ("rate", "message"),
    [
        (5, "base_rate=5 is not possible. It must lie between 0 and 1, both excluded. 5 % is 0.05."),
        ("5 %", "base_rate='5 %' is not possible. Give a share as a number: base_rate=0.05."),
        ("5", "base_rate='5' is not possible. Give a share as a number: base_rate=0.05."),
        ("0,05", "base_rate='0,05' is not possible. Give a share as a number: base_rate=0.05."),
        (True, "base_rate=True is not possible. It must lie between 0 and 1, both excluded."),
    ],
)
def test_a_base_rate_in_per_cent_is_told(model, rate, message):
    with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
        model.predict_risk({"wasting": 1}, base_rate=rate)


def test_outcomes_are_read_as_labels_are(cohort):
    """Words count as 0 and 1 do; other labels are asked about, not taken for 'nobody is serious'."""
    words = cohort.assign(serious=cohort["serious"].map({0: "no", 1: "Yes"}))
    for count in (evaluate_referral_rules, count_people):
        pd.testing.assert_frame_equal(count(words), count(cohort))
        with fails(OptionError, "serious: the labels are 1, 2. They must be 0/1, True/False or yes/no, where 1, True"):
            count(cohort.assign(serious=cohort["serious"] + 1))
        with fails(OptionError, "level=95 is not possible. It must lie between 0 and 1, both excluded. 95 % is 0.95."):
            count(cohort, level=95)


def test_what_makes_no_sense_is_told(cohort, model):
    for ask, message in (
        (lambda: advise("wasting"), "'wasting' is no person. Name each sign with what is known of it: {'wasting':"),
        (lambda: count_people(cohort, people=-5), "people=-5 is not possible. Give a whole number of at least 1."),
        (lambda: explore_assumptions({"wasting": 1}, draws=1), "draws=1 is not possible. Give a whole number of at"),
        (lambda: shift_risk([50], 0.1, 0.2), "risk: 50 is not possible. A risk lies between 0 and 1."),
        (lambda: group_risks([0, 1], [3, 40]), "risk: 3 is not possible. A risk lies between 0 and 1."),
        (lambda: shift_risk([0.5], 10, 0.2), "tau=10 is not possible."),
        (lambda: RedFlagModel().fit(cohort, cohort["serious"], sample_weight=-np.ones(len(cohort))),
         "sample_weight is not possible: Negative values"),
    ):  # fmt: skip
        with fails(OptionError, message):
            ask()
    few = cohort.head(12)
    with fails(
        NotEnoughDataError, "people in the smaller class: validation needs at least 5 of each, and a hundred to"
    ):
        validate_risk(model, few, few["serious"])


def test_of_whom_nothing_is_told_a_named_base_rate_is_the_risk(cohort):
    """Chance in the sample's own share has no part in it."""
    real = cohort.drop(columns="source")
    model = RedFlagModel(interactions="none").fit(real, real["serious"])
    own, told = model.predict_risk({}).iloc[0], model.predict_risk({}, base_rate=0.01).iloc[0]
    assert told["risk"] == pytest.approx(0.01, rel=1e-3)
    assert told["caution"] == ""
    assert own["chance_factor"] > 1.1 > told["chance_factor"]
    assert own["risk_lower"] < own["risk"] < own["risk_upper"]


def test_a_sign_that_nobody_of_a_class_told_is_refused(cohort):
    """Not known in every serious person, wasting would look as if it protected."""
    for label, who in ((1, "who count as serious"), (0, "who do not count as serious")):
        lost = cohort.assign(wasting=cohort["wasting"].where(cohort["serious"] != label))
        with fails(NotEnoughDataError, f"The sign 'wasting' is not known of anybody of those {who}, so nothing"):
            RedFlagModel(interactions="none").fit(lost, lost["serious"])
    with fails(OptionError, "signs: 'wasting' is named twice. Leave one of them out."):
        RedFlagModel(signs=["wasting", "wasting"]).fit(cohort, cohort["serious"])


def test_a_sign_that_nobody_told_keeps_nobody_out(cohort):
    """An empty column of a table: the odds ratios of all others are those of a table without it."""
    empty = cohort.assign(wasting=np.nan)
    model = RedFlagModel(interactions="none", constant="drop").fit(empty, empty["serious"])
    told = model.odds_ratios().set_index("term")
    others = RedFlagModel(interactions="none").fit(empty.drop(columns="wasting"), empty["serious"]).odds_ratios()
    np.testing.assert_allclose(told["estimate"].drop("wasting"), others["estimate"], rtol=1e-9)
    assert told.loc["wasting", "caution"] == odds.UNTOLD
    with pytest.raises(NotEnoughDataError, match=r"^Only one class: 0 of 0 people are serious\. Points need people "):
        model.point_score()


def test_odds_that_nobody_knows_stay_words(cohort):
    people = cohort.assign(score=np.random.default_rng(1).normal(size=len(cohort)))
    model = RedFlagModel(signs=["wasting", "score"]).fit(people, people["serious"])
    told = model.predict_risk({"score": 1e6}).iloc[0]
    assert "may have moved the odds by a factor of 100 or more." in told["caution"]
    assert np.isfinite(told["chance_factor"])
    with fails(JournalError, "person person, score: inf must be a finite number. Correct it, or leave the cell empty"):
        model.predict_risk({"score": np.inf})


def test_a_red_flag_outside_of_the_model_still_brings_the_advice(cohort):
    """A model on two signs, asked with a table or one person that has a third one, under its name or its label."""
    model = RedFlagModel(signs=["age", "wasting"], interactions="none").fit(cohort, cohort["serious"])
    for column in ("weakness_felt", "Weakness felt"):
        person = {"age": 50, "wasting": 0, column: 1}
        for told in (person, pd.Series(person), pd.DataFrame([person])):
            found = model.predict_risk(told).iloc[0]
            assert found["red_flags"] == "Weakness felt"
            assert found["advice"].startswith("See a doctor soon")


def test_words_that_look_like_a_red_flag_are_asked_about():
    for column in ("clumsy hands", "lisping", "verwaschene Aussprache"):
        with pytest.raises(UnknownNameError, match=f"The column '{column}' looks like the sign"):
            advise({column: 1})


def test_half_a_sign_is_refused(cohort):
    """0.5 would not count as present, and the red flag would be lost."""
    model = RedFlagModel(interactions="none").fit(cohort, cohort["serious"])
    message = (
        "person person, wasting: 0.5 must be 1 or 0. Correct it, or leave the cell empty where the sign is not known."
    )
    for ask in (advise, model.predict_risk):
        with pytest.raises(JournalError, match=f"^{re.escape(message)}$"):
            ask({"wasting": 0.5})


def test_reversed_labels_are_told_wherever_they_are_counted(cohort):
    people = cohort.assign(serious=1 - cohort["serious"])
    for count in (count_people, evaluate_referral_rules):
        with pytest.raises(TwitchstatsError, match=r"^The labels look reversed: '\w+' .* Turn 'serious' round\.$"):
            count(people)
    model = RedFlagModel(interactions="none").fit(cohort, cohort["serious"])
    with pytest.raises(TwitchstatsError, match=r"^The labels look reversed: .* The serious label is 1\.$"):
        decision_curve(model, cohort, 1 - cohort["serious"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"signs": "wasting"}, "signs='wasting' is not possible. Give a list: signs=['wasting']."),
        ({"ignore": "wasting"}, "ignore='wasting' is not possible. Give a list: ignore=['wasting']."),
        ({"strength": "weak"}, "strength=weak is not possible. It must be above 0 and finite."),
    ],
)
def test_words_in_place_of_lists_and_numbers(cohort, options, message):
    with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
        RedFlagModel(**options).fit(cohort, cohort["serious"])


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (
            lambda model, people: validate_risk(model, people, people["serious"], sample_weight=[1.0]),
            "sample_weight is not possible: sample_weight.shape == (1,), expected (800,)! Give 0 or more for each "
            "person.",
        ),
        (
            lambda model, people: validate_risk(model, people, people["serious"], groups=["a", "b"]),
            "groups is not possible: 2 people of 800 have one. Give one for each person.",
        ),
        (
            lambda model, people: validate_by_site(model, people, people["serious"], ["a"] * 799 + [None]),
            "sites is not possible: 799 people of 800 have one. Give one for each person.",
        ),
        (lambda *_: group_risks([1, 0], [0.1, np.nan]), "risk: nan is not possible. A risk lies between 0 and 1."),
    ],
)
def test_weights_groups_and_sites_are_everybodys(cohort, ask, message):
    """Groups of fewer people once made the bootstrap run for ever."""
    model = RedFlagModel(interactions="none").fit(cohort, cohort["serious"])
    with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
        ask(model, cohort)


def test_a_person_who_tells_nothing_has_the_share_of_all(cohort):
    model = RedFlagModel(interactions="none").fit(cohort, cohort["serious"])
    assert model.predict_risk({})["risk"].item() == pytest.approx(cohort["serious"].mean(), rel=1e-9)


STRANGE = "can't be that of a fitted model"


@pytest.mark.parametrize(
    ("path", "change", "reason"),
    [
        ("coefficients", lambda old: old[:-1], f"coefficients {STRANGE}"),
        ("coefficients", lambda old: [old[0], float("nan"), *old[2:]], f"coefficients {STRANGE}"),
        ("coefficients", lambda old: [old[0], "1.5", *old[2:]], f"coefficients {STRANGE}"),
        ("covariance", lambda old: [[-one for one in row] for row in old], f"covariance {STRANGE}"),
        ("covariance", lambda old: [[99.0, 99.0, *old[0][2:]], *old[1:]], f"covariance {STRANGE}"),
        ("classes", lambda _: [1, 1], "Only one class: every label is 1. .*"),
        ("classes", lambda _: [1, 0], f"classes {STRANGE}"),
        ("classes", lambda _: [0, 1, 2], "Only binary classification is supported. .*"),
        ("signs", lambda old: ["nonsense", *old[1:]], f"signs {STRANGE}"),
        ("signs", lambda old: old[::-1], f"signs {STRANGE}"),
        ("named", lambda _: "no", f"named {STRANGE}"),
        ("named", lambda _: False, f"signs {STRANGE}"),
        ("scales", lambda old: [0.0, *old[1:]], f"scales {STRANGE}"),
        ("strength", lambda _: -1.0, f"strength {STRANGE}"),
        ("dropped", lambda _: ["nonsense"], f"dropped {STRANGE}"),
        ("path", lambda _: {"a": [1]}, f"path {STRANGE}"),
        ("missing", lambda _: {"sign": ["x"]}, f"missing {STRANGE}"),
        ("n_people", lambda _: -5, f"n_serious {STRANGE}"),
        ("n_serious", lambda _: 0, f"n_serious {STRANGE}"),
        ("n_serious", str, f"n_serious {STRANGE}"),
        ("sample_rate", lambda _: 5.0, f"sample_rate {STRANGE}"),
        ("shift", lambda _: float("inf"), f"what follows from its numbers {STRANGE}"),
        ("base rate", lambda _: 2.0, f"base {STRANGE}"),
        ("base crowd", lambda _: "mars", f"base {STRANGE}"),
        ("base high", lambda _: 1e-9, f"base {STRANGE}"),
        ("moments means", lambda old: old[:1], f"moments {STRANGE}"),
        ("moments counts", lambda _: [0.0, 0.0], f"moments {STRANGE}"),
        ("moments covariances", lambda old: (-np.array(old)).tolist(), f"moments {STRANGE}"),
        ("moments quantiles", lambda old: np.array(old)[..., ::-1].tolist(), f"moments {STRANGE}"),
        ("moments known", lambda old: [7.0, *old[1:]], f"moments {STRANGE}"),
        ("design bends", lambda _: [["wasting", 3.0]], f"design {STRANGE}"),
        ("design products", lambda old: [["nonsense"], *old[1:]], "'nonsense'"),
        ("origin serious", lambda _: ["XX"], "No diagnosis named 'XX'. .*"),
        ("origin parameters", lambda _: [["a", "b", 1.0]], "No parameter named 'a of b'. .*"),
        ("parameters alpha", lambda _: 1, ".* unexpected keyword argument 'alpha'"),
        ("parameters penalty", lambda _: "x", "penalty='x' is not possible. .*"),
        ("hello", lambda _: 1, f"hello {STRANGE}"),
    ],
)
def test_a_file_sealed_again_is_still_looked_at(model, tmp_path, path, change, reason):
    file = tmp_path / "model.json"
    model.save(file)
    parts = part = json.loads(file.read_text())
    *folders, name = path.split()
    for folder in folders:
        part = part[folder]
    part[name] = change(part.get(name))
    parts["checksum"] = seal_parts(parts)
    file.write_text(json.dumps(parts))
    with pytest.raises(
        TwitchstatsError, match=rf"^model\.json is a damaged model file: {reason}\. Save the model again\.$"
    ):
        RedFlagModel.load(file)


@pytest.mark.parametrize("seed", range(6))
def test_what_was_fitted_is_read_again(cohort, tmp_path, seed):
    """Few people, gaps, weights and words: what a fit wrote is never taken for damaged."""
    rng = np.random.default_rng(seed)
    people = cohort.sample(300, random_state=seed)
    people[["age", "wasting", "pain"]] = people[["age", "wasting", "pain"]].where(rng.random((300, 3)) < 0.7)
    options = {"penalty": ("ridge", "firth")[seed % 2]}
    model = RedFlagModel(interactions="none", constant="drop", **options)
    model.fit(people, people["serious"].map({0: "No", 1: "Yes"}), sample_weight=rng.random(300))
    model.save(tmp_path / "model.json")
    again = RedFlagModel.load(tmp_path / "model.json")
    pd.testing.assert_frame_equal(again.predict_risk(people), model.predict_risk(people))


def test_a_model_of_an_earlier_format_is_saved_over(model, tmp_path):
    """Its error says to fit and save again, and `save` once left the file as it was."""
    file = tmp_path / "model.json"
    model.save(file)
    file.write_text(json.dumps(json.loads(file.read_text()) | {"format_version": 1}))
    with pytest.raises(TwitchstatsError, match=r"in an earlier format\. Fit and save the model again\.$"):
        RedFlagModel.load(file)
    model.save(file)
    assert RedFlagModel.load(file).notes_ == model.notes_


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(TwitchstatsError, match=r"^no\.json can't be read: No such file or directory\.$"):
        RedFlagModel.load(tmp_path / "no.json")


def test_training_people_under_other_names_are_known_again(cohort):
    """A third of them, with new names: once taken for people held out, and the model praised for knowing them."""
    model = RedFlagModel(interactions="none").fit(cohort, cohort["serious"])
    some = cohort.iloc[:250].reset_index(drop=True)
    assert (validate_risk(model, some, some["serious"], n_bootstrap=4)["optimism"] != 0).any()
    fresh = simulate_cohort(people=250, seed=77)
    assert (validate_risk(model, fresh, fresh["serious"], n_bootstrap=4)["optimism"] == 0).all()


def test_a_model_without_names_asks_for_rows():
    rng = np.random.default_rng(0)
    model = RedFlagModel(interactions="none").fit(rng.normal(size=(100, 2)), np.arange(100) % 2)
    message = "The model knows no names of signs. Give an array with a row for each person."
    with pytest.raises(TwitchstatsError, match=f"^{re.escape(message)}$"):
        model.predict_risk({"wasting": 1})


@pytest.mark.parametrize("code", [1, 0, 2, "1", True])
def test_a_coded_sex_is_asked_about(cohort, model, code):
    """Codes of sex go either way round, so that none is taken for granted: neither at the fit nor of one person."""
    words = (
        f"person person, sex: {code} is a code that is used for either sex: write male or female. Correct it, or leave "
        "the cell empty where the sign is not known."
    )
    with fails(JournalError, words):
        model.predict_risk({"sex": code, "wasting": "yes"})
    coded = cohort.assign(sex=cohort["sex"].eq("male").astype(int))
    with fails(JournalError, f"person P0001, sex: {coded['sex'].iloc[0]} is a code that is used for either sex: write"):
        RedFlagModel(interactions="none").fit(coded, cohort["serious"])
    by_word = [model.predict_risk({"sex": word})["risk"].item() for word in ("male", "M", "Mann")]
    assert by_word[0] == by_word[1] == by_word[2] != model.predict_risk({"sex": "female"})["risk"].item()


@pytest.mark.parametrize(
    ("column", "sign"),
    [
        ("I fall often", "'weakness_felt'"), ("stumbling", "'weakness_felt'"), ("I drop things", "'weakness_felt'"),
        ("pins and needles", "'sensory_change'"), ("hoarseness", "'speech_swallowing'"),
        ("thinning of the hand", "'wasting'"), ("debolezza", "'weakness_felt' or 'weakness_found'"),
        ("fraqueza", "'weakness_felt' or 'weakness_found'"), ("zwakte", "'weakness_felt' or 'weakness_found'"),
        ("osłabienie", "'weakness_felt' or 'weakness_found'"), ("svaghet", "'weakness_felt' or 'weakness_found'"),
        ("trouble de la parole", "'speech_swallowing'"), ("dificultad para hablar", "'speech_swallowing'"),
        ("spraakproblemen", "'speech_swallowing'"), ("Ameisenlaufen", "'sensory_change'"),
        ("fonte musculaire", "'wasting'"), ("dragging foot", "'weakness_felt'"), ("hand smaller", "'wasting'"),
        ("legs give way", "'weakness_felt'"), ("I can't lift my foot", "'weakness_felt'"),
    ],
)  # fmt: skip
def test_a_red_flag_in_other_words_is_asked_about(column, sign):
    message = f"The column {column!r} looks like the sign {sign}. Rename it if it is, or say that it is something else:"
    with fails(UnknownNameError, message):
        advise({column: "yes"})
    assert "None of the known red flags" in advise({"thing of the day": "yes"})["advice"].item()


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda c, m: count_people(c, signs="pain"), "signs='pain' is not possible. Give a list: signs=['pain']."),
        (lambda c, m: m.combinations(signs="pain"), "signs='pain' is not possible. Give a list: signs=['pain']."),
        (lambda c, m: apply_referral_rules(c, rules="A2"), "rules='A2' is not possible. Give a list: rules=['A2']."),
        (lambda c, m: apply_referral_rules(c, persistent_weeks="2"),
         "persistent_weeks='2' is not possible. It must be 0 or more."),
        (lambda c, m: m.point_score(most="10"), "most='10' is not possible. Give a whole number of at least 1."),
        (lambda c, m: m.point_score(most=True), "most=True is not possible. Give a whole number of at least 1."),
        (lambda c, m: group_risks([0, 1], [0.1, 0.2], groups=2.5),
         "groups=2.5 is not possible. Give a whole number of at least 1."),
        (lambda c, m: RedFlagModel().fit(c.assign(pain=np.nan), c["serious"]),
         "Nobody told the sign 'pain'. Leave it out (signs=[...]) or choose constant='drop'."),
        (lambda c, m: m.odds_ratios(terms="wasting"),
         "terms='wasting' is not possible. Give a list: terms=['wasting']."),
        (lambda c, m: decision_curve(m, c, c["serious"], thresholds=["a"]),
         "thresholds=a is not possible. It must lie between 0 and 1, both excluded."),
        (lambda c, m: required_sample_size(r2="a", parameters=3, prevalence=0.1),
         "r2=a is not possible. It must lie between 0 and 1, both excluded."),
        (lambda c, m: validate_risk(m, c, c["serious"], seed=-1),
         "seed=-1 is not possible. Give a whole number of at least 0."),
        (lambda c, m: RedFlagModel().fit(c, c["serious"] / 2 + 0.1),
         "Unknown label type: 0.1 is a number between others. Give two labels, serious or not: y > 0.5."),
    ],
)  # fmt: skip
def test_words_and_parts_in_place_of_lists_and_whole_numbers(cohort, model, ask, message):
    with fails(TwitchstatsError, message):
        ask(cohort, model)


def test_weeks_that_are_not_known_leave_a_rule_open():
    people = pd.DataFrame({"persistence_weeks": ["unknown", "3", ""], "wasting": ["no", "yes", "no"]})
    assert mark_present(people)["persistence_weeks"].isna().tolist() == [True, False, True]
    held = apply_referral_rules(people, persistent_weeks=3)
    assert held.loc[1].notna().sum() >= held.loc[0].notna().sum()


def test_a_risk_that_hangs_on_nothing_says_so():
    found = explore_assumptions({}, base_rate=0.01, draws=30)
    assert found.empty
    assert describe_worth(found).startswith("This interval hangs on none of the parameters")


def test_rows_of_one_name_are_told(cohort):
    twice = pd.concat([cohort, cohort])
    note = RedFlagModel(interactions="none").fit(twice, twice["serious"]).notes_[3]
    assert note == (
        "Named more than once: 800 rows have the name of an earlier one, and each is taken for another person: limits "
        "are too narrow. Leave copies out."
    )


def test_rules_of_one_person_and_signs_as_a_set(cohort):
    found = apply_referral_rules({"Muscle wasting": "yes"})
    np.testing.assert_array_equal(found, apply_referral_rules(pd.DataFrame({"wasting": [1.0]})))
    assert RedFlagModel(signs={"wasting"}).fit(cohort, cohort["serious"]).signs_ == ["wasting"]


@pytest.mark.parametrize(
    ("yes", "no"), [("Yes", "no"), ("TRUE", "false"), ("1", " 0"), ("ja", "nein"), ("oui", "non"), ("sí", "no")]
)
def test_yes_is_serious_however_it_is_written(cohort, yes, no):
    """In an alphabet "Yes" comes before "no", which then counted as serious."""
    people = cohort[["age", "pain"]]
    labels = cohort["serious"].map({1: yes, 0: no})
    model = RedFlagModel(interactions="none").fit(people, labels)
    assert model.classes_.tolist() == [no, yes]
    assert model.n_serious_ == cohort["serious"].sum()
    assert (model.predict(people) == yes).mean() < 0.5


def test_a_sign_without_an_odds_ratio_is_told(cohort):
    people = cohort[["age", "weakness_felt", "weakness_found"]].assign(weakness_found=cohort["weakness_felt"])
    found = RedFlagModel(interactions="none").fit(people, cohort["serious"]).odds_ratios().set_index("term")
    assert np.isnan(found.loc["weakness_found", "estimate"])
    assert found.loc["weakness_found", "caution"] == (
        "no odds ratio: the same for everyone who told every sign, or told already by the signs before it"
    )


def test_people_may_come_in_a_frame_of_any_library(cohort, model):
    people = cohort.head(300).reset_index(drop=True)
    arrow = pytest.importorskip("pyarrow").Table.from_pandas(people, preserve_index=False)
    np.testing.assert_array_equal(model.predict_proba(arrow), model.predict_proba(people))
    names = ["wasting", "source"]
    fitted = RedFlagModel().fit(arrow.select(names), arrow["serious"])
    plain = RedFlagModel().fit(people[names], people["serious"])
    assert fitted.record_.origin == plain.record_.origin is not None
    np.testing.assert_array_equal(fitted.coef_, plain.coef_)
    for call in (model.predict_risk, advise, lambda table: estimate_sign_ratios(table, ["wasting"])):
        pd.testing.assert_frame_equal(call(arrow), call(people))
