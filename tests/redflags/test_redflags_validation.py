"""Validation, decision curves, referral rules, sample size: by hand and on fresh people."""

import re

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import special
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from twitchstats import simulate_cohort, validate_risk
from twitchstats.errors import NotEnoughDataError, OptionError, TwitchstatsError, UnknownNameError
from twitchstats.plots import redflags as plots
from twitchstats.redflags import (
    RedFlagModel,
    apply_referral_rules,
    count_people,
    decision_curve,
    estimate_calibration,
    evaluate_referral_rules,
    group_risks,
    load_referral_rules,
    measure_stability,
    required_sample_size,
    validate_by_site,
    validation,
)
from twitchstats.redflags.advice import ANY_FLAG_ADVICE
from twitchstats.redflags.measures import METRICS, measure_auc, measure_risk
from twitchstats.signs import find_signs
from twitchstats.simulate.likelihood import cohort_risk


@pytest.fixture(scope="module")
def cohort():
    return simulate_cohort(people=1000, seed=3)


@pytest.fixture(scope="module")
def model(cohort):
    return RedFlagModel(interactions="none").fit(cohort, cohort["serious"])


def test_metrics_against_references():
    rng = np.random.default_rng(0)
    risk = rng.random(500).round(2)  # with ties
    y = (rng.random(500) < risk**1.5).astype(float)
    found = dict(zip(METRICS, measure_risk(y, risk, 0.3), strict=True))
    assert found["auc"] == pytest.approx(roc_auc_score(y, risk))
    parts, weights = rng.integers(0, 3, 500), rng.integers(0, 4, 500).astype(float)
    assert measure_auc(y, risk, weights) == pytest.approx(roc_auc_score(y, risk, sample_weight=weights))
    sizes = [y[parts == part].sum() * (1 - y[parts == part]).sum() for part in range(3)]
    apart = [roc_auc_score(y[parts == part], risk[parts == part]) for part in range(3)]
    assert measure_auc(y, risk, parts=parts) == pytest.approx(np.average(apart, weights=sizes))
    assert found["brier"] == pytest.approx(brier_score_loss(y, risk))
    assert found["calibration_in_the_large"] == pytest.approx(y.mean() - risk.mean())
    kept = np.clip(risk, 1e-12, 1 - 1e-12)
    log_odds = np.log(kept / (1 - kept))[:, None]
    slope = (
        LogisticRegression(C=1e12, tol=1e-12, max_iter=10_000, solver="newton-cholesky").fit(log_odds, y).coef_[0, 0]
    )
    assert found["calibration_slope"] == pytest.approx(slope, rel=1e-4)
    called = risk >= 0.3
    by_hand = ((called & (y == 1)).sum() - (called & (y == 0)).sum() * 0.3 / 0.7) / 500
    assert found["net_benefit"] == pytest.approx(by_hand)


def test_calibration_equals_statsmodels():
    """Intercept with the log odds as offset, and slope, of `statsmodels` (GLM, binomial), weighted."""
    rng = np.random.default_rng(5)
    log_odds, weights = rng.normal(-1, 1.5, 600), rng.integers(1, 4, 600).astype(float)
    y = (rng.random(600) < special.expit(0.4 + 0.8 * log_odds)).astype(float)
    found = dict(zip(METRICS, measure_risk(y, special.expit(log_odds), 0.2, weights), strict=True))

    def fit(design, offset):
        family = sm.families.Binomial()
        return sm.GLM(y, design, family=family, freq_weights=weights, offset=offset).fit(tol=1e-12).params

    assert found["calibration_intercept"] == pytest.approx(fit(np.ones(600), log_odds)[0], abs=1e-6)
    slope = fit(sm.add_constant(log_odds), np.zeros(600))[1]
    assert found["calibration_slope"] == pytest.approx(slope, abs=1e-6)


def test_perfect_calibration_is_told():
    rng = np.random.default_rng(1)
    risk = rng.beta(1, 3, 200_000)
    y = (rng.random(200_000) < risk).astype(float)
    found = dict(zip(METRICS, measure_risk(y, risk, 0.2), strict=True))
    assert found["calibration_slope"] == pytest.approx(1, abs=0.03)
    assert found["calibration_intercept"] == pytest.approx(0, abs=0.03)
    assert found["calibration_in_the_large"] == pytest.approx(0, abs=0.005)


def test_optimism_is_taken_off(cohort, model, capsys):
    found = validate_risk(model, cohort, cohort["serious"], n_bootstrap=20).set_index("metric")
    assert list(found.index) == list(METRICS)
    np.testing.assert_allclose(found["estimate"], found["apparent"] - found["optimism"])
    assert found.loc["auc", "optimism"] > 0
    assert found.loc["brier", "optimism"] < 0
    assert ((found["ci_lower"] <= found["estimate"]) & (found["estimate"] <= found["ci_upper"])).all()
    assert "".join(capsys.readouterr()) == ""


def test_noise_is_seen_through():
    """Twenty columns of noise and 100 people: apparently good, corrected to no better than chance."""
    rng = np.random.default_rng(5)
    X, y = rng.normal(size=(100, 20)), (rng.random(100) < 0.4).astype(int)
    plain = LogisticRegression(C=1e6, max_iter=5000).fit(X, y)
    found = validate_risk(plain, X, y, n_bootstrap=40).set_index("metric")
    assert found.loc["auc", "apparent"] > 0.7
    assert found.loc["auc", "estimate"] < found.loc["auc", "apparent"] - 0.08
    assert found.loc["calibration_slope", "estimate"] < 0.7


def test_held_out_uses_the_model_as_it_is(cohort, model):
    fresh = simulate_cohort(people=800, seed=50)
    found = validate_risk(model, fresh, fresh["serious"], held_out=True, n_bootstrap=30).set_index("metric")
    assert (found["optimism"] == 0).all()
    assert found.loc["auc", "estimate"] == pytest.approx(
        roc_auc_score(fresh["serious"], model.predict_proba(fresh)[:, 1])
    )
    assert found.loc["auc", "ci_lower"] < found.loc["auc", "estimate"] < found.loc["auc", "ci_upper"]


def test_one_class_can_not_be_validated(cohort, model):
    sick = cohort[cohort["serious"] == 1]
    n = len(sick)
    with pytest.raises(NotEnoughDataError, match=re.escape(f"Only one class: {n} of {n} people are serious.")):
        validate_risk(model, sick, sick["serious"])
    with pytest.raises(
        OptionError, match=re.escape("n_bootstrap=1 is not possible. Give a whole number of at least 2.")
    ):
        validate_risk(model, cohort, cohort["serious"], n_bootstrap=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_calibrated_on_fresh_people(seed):
    """Trained on 6,000, tried on 20,000: slope .9 to 1.1, in the large within 2 points."""
    cohort, fresh = simulate_cohort(people=6000, seed=seed), simulate_cohort(people=20_000, seed=100 + seed)
    model = RedFlagModel().fit(cohort, cohort["serious"])
    found = validate_risk(model, fresh, fresh["serious"], held_out=True, n_bootstrap=2).set_index("metric")["estimate"]
    assert 0.9 <= found["calibration_slope"] <= 1.1
    assert abs(found["calibration_in_the_large"]) <= 0.02


@pytest.mark.slow
def test_moved_model_is_calibrated_in_the_population():
    """Trained on a clinic sample, moved to 2 % by the intercept, tried on a sample with 2 %."""
    cohort = simulate_cohort(people=6000, seed=1)
    model = RedFlagModel().fit(cohort, cohort["serious"]).at_base_rate(0.02)
    fresh = simulate_cohort(people=30_000, seed=77, serious_share=0.02)
    risk = model.predict_proba(fresh)[:, 1]
    assert risk.mean() == pytest.approx(fresh["serious"].mean(), rel=0.15)


@pytest.mark.slow
def test_corrected_is_what_fresh_people_show(monkeypatch):
    """Mean over 24 cohorts of 500, all pairs: the corrected AUC is within .003 of what fresh people show.

    How easy the people of a cohort happen to be is taken off: by how far the AUC of their true risks is off. One round
    of folds leans no other way than five; it adds a tenth to the spread (.0066, so .0013 for the mean).
    """
    monkeypatch.setattr(validation, "REPEATS", 1)
    fresh = simulate_cohort(people=4000, seed=999, missing=False)
    signs = find_signs(fresh.columns)
    typical = roc_auc_score(fresh["serious"], cohort_risk(fresh[signs]))
    rows = []
    for seed in range(24):
        cohort = simulate_cohort(people=500, seed=300 + seed, missing=False)
        model = RedFlagModel(constant="drop").fit(cohort, cohort["serious"])
        found = validate_risk(model, cohort, cohort["serious"], n_bootstrap=2).set_index("metric")
        honest = measure_risk(fresh["serious"].to_numpy(float), model.predict_proba(fresh)[:, 1], 0.2)
        ease = roc_auc_score(cohort["serious"], cohort_risk(cohort[signs])) - typical
        slope = found.loc["calibration_slope", "estimate"] - honest[METRICS.index("calibration_slope")]
        away = found.loc["auc", ["estimate", "apparent"]] - honest[METRICS.index("auc")] - ease
        rows.append([*away, slope])
    corrected, apparent, slope = np.mean(rows, axis=0)
    assert abs(corrected) < 0.003
    assert apparent > 0.012
    assert abs(slope) < 0.08


def test_classes_fully_apart():
    """Risks that separate the classes have no calibration slope: missing, not a number without meaning."""
    y = np.r_[np.zeros(30), np.ones(30)]
    found = dict(zip(METRICS, measure_risk(y, np.r_[np.full(30, 0.1), np.full(30, 0.9)], 0.5), strict=True))
    assert np.isnan(found["calibration_slope"])
    assert found["auc"] == 1


def test_calibration_curve(cohort, model):
    curve = estimate_calibration(model, cohort, cohort["serious"], n_bootstrap=10, n_points=20)
    assert len(curve) == 20
    assert curve["risk"].is_monotonic_increasing
    assert ((curve["ci_lower"] <= curve["observed"]) & (curve["observed"] <= curve["ci_upper"])).all()
    assert not curve.attrs
    assert (curve["apparent"] - curve["risk"]).abs().max() < 0.15


def test_groups_by_hand():
    risk = np.repeat([0.1, 0.5, 0.9], 10)
    y = np.r_[np.repeat([1, 0], [1, 9]), np.repeat([1, 0], [5, 5]), np.repeat([1, 0], [9, 1])]
    found = group_risks(y, risk, groups=3)
    assert found["n"].sum() == 30
    assert found["n_serious"].sum() == 15
    np.testing.assert_allclose(group_risks(y, risk, groups=1)["observed"], 0.5)


def test_net_benefit_of_all_and_none(cohort, model):
    cohort = cohort.dropna()
    curve = decision_curve(model, cohort, cohort["serious"], thresholds=[0.1, 0.4])
    by_name = curve.set_index(["strategy", "threshold"])["net_benefit"]
    share = cohort["serious"].mean()
    for threshold in (0.1, 0.4):
        odds = threshold / (1 - threshold)
        assert by_name["refer all", threshold] == pytest.approx(share - (1 - share) * odds)
        assert by_name["A5", threshold] == pytest.approx(by_name["refer all", threshold])
        assert by_name["refer none", threshold] == 0
        called = model.predict_proba(cohort)[:, 1] >= threshold
        serious = cohort["serious"] == 1
        by_hand = (called & serious).mean() - (called & ~serious).mean() * odds
        assert by_name["model", threshold] == pytest.approx(by_hand)


def test_decision_curve_at_a_base_rate(cohort, model):
    curve = decision_curve(model, cohort, cohort["serious"], base_rate="adults in general")
    assert (curve["base_rate"] == 6e-5).all()
    best = curve[curve["strategy"] == "model"]
    assert (best["net_benefit"] <= 6e-5).all()
    assert set(curve["strategy"]) == {"model", "refer all", "refer none", *load_referral_rules()["rule"]}
    with pytest.raises(
        OptionError, match=re.escape("thresholds=1.0 is not possible. It must lie between 0 and 1, both excluded.")
    ):
        decision_curve(model, cohort, cohort["serious"], thresholds=[1.0])


@pytest.mark.parametrize("base_rate", [0.03, 0.3])
def test_decision_curve_equals_the_formula_of_dcurves(cohort, base_rate):
    """`dcurves` (Sjoberg, Vickers; CRAN 0.5) at a given prevalence: its tp_rate, fp_rate and net_benefit, written out.

    tp_rate is the share called among serious people times the prevalence, fp_rate that among others times the rest;
    net benefit = tp_rate - threshold / (1 - threshold) * fp_rate, at a risk above or at the threshold.
    """
    people = cohort.dropna()
    plain = make_pipeline(FunctionTransformer(lambda X: X[["age"]].fillna(50.0)), LogisticRegression())
    plain.fit(people, people["serious"])
    thresholds = [0.02, 0.2, 0.4]
    curve = decision_curve(plain, people, people["serious"], thresholds=thresholds, base_rate=base_rate, rules=[])
    found = curve[curve["strategy"] == "model"].set_index("threshold")["net_benefit"]
    share, sick = people["serious"].mean(), (people["serious"] == 1).to_numpy()
    odds = plain.predict_proba(people)[:, 1] / plain.predict_proba(people)[:, 0]
    odds *= base_rate / (1 - base_rate) / (share / (1 - share))
    for threshold in thresholds:
        called = odds / (1 + odds) >= threshold
        tp_rate, fp_rate = called[sick].mean() * base_rate, called[~sick].mean() * (1 - base_rate)
        assert found[threshold] == pytest.approx(tp_rate - threshold / (1 - threshold) * fp_rate, abs=1e-6)


def test_rules_differ_by_and_and_or():
    people = pd.DataFrame(
        {
            "persistence_weeks": [10.0, 10.0, 0.5, 0.5, 10.0],
            "weakness_felt": [1.0, 0.0, 1.0, 0.0, np.nan],
            "wasting": [1.0, 0.0, 0.0, 0.0, 1.0],
            "sensory_change": 0.0,
            "pain": 0.0,
            "after_injury": 0.0,
            "speech_swallowing": 0.0,
            "weakness_found": [1.0, 0.0, 0.0, 0.0, 0.0],
        }
    )
    called = apply_referral_rules(people)
    assert called["A1 and"].tolist()[:4] == [1, 0, 0, 0]
    assert np.isnan(called["A1 and"].iloc[4])  # weakness decides, and nobody knows it
    assert called["A1 any"].tolist() == [1, 0, 0, 0, 1]
    assert called["A2"].tolist() == [1, 1, 1, 0, 1]
    assert called["A3"].tolist()[:4] == [1, 0, 1, 0]
    assert called["A4"].tolist() == [1, 1, 1, 0, 1]
    assert called["A5"].tolist() == [1] * 5
    assert called["NICE NG127"].tolist() == [1, 0, 0, 0, 0]
    assert apply_referral_rules(people, persistent_weeks=52)["A2"].tolist() == [1, 0, 1, 0, 1]
    with pytest.raises(UnknownNameError, match=re.escape("No rule named 'A6'.")):
        apply_referral_rules(people, rules=["A6"])


def test_every_article_has_a_rule():
    rules = load_referral_rules()
    assert {"A1", "A2", "A3", "A4", "A5"} <= set(rules["article"])
    assert (rules.groupby("rule")["statement"].first() != "").all()


def test_rule_values_by_hand(cohort):
    found = evaluate_referral_rules(cohort, base_rate=0.001).set_index(["rule", "metric"])
    called = apply_referral_rules(cohort)["A1 and"]
    known, serious = called.notna(), cohort["serious"] == 1
    sensitivity = called[known & serious].mean()
    false_alarms = called[known & ~serious].mean()
    rows = found.loc["A1 and"]
    assert rows.loc["sensitivity", "estimate"] == pytest.approx(sensitivity)
    assert rows.loc["specificity", "estimate"] == pytest.approx(1 - false_alarms)
    ppv = sensitivity * 0.001 / (sensitivity * 0.001 + false_alarms * 0.999)
    assert rows.loc["ppv", "estimate"] == pytest.approx(ppv)
    missed = (1 - sensitivity) * 0.001 / ((1 - sensitivity) * 0.001 + (1 - false_alarms) * 0.999)
    assert rows.loc["missed", "estimate"] == pytest.approx(missed)
    assert rows["n_unknown"].iloc[0] == (~known).sum()
    assert ((rows["ci_lower"] <= rows["estimate"]) & (rows["estimate"] <= rows["ci_upper"])).all()
    assert all(pd.api.types.is_float_dtype(found[name]) for name in ("estimate", "ci_lower", "ci_upper"))
    assert found.loc[("A5", "ppv"), "estimate"] == pytest.approx(0.001)
    assert np.isnan(found.loc[("A5", "missed"), "estimate"])


def test_rules_need_both_kinds(cohort):
    other = cohort[cohort["serious"] == 0]
    message = f"Only one class: 0 of {len(other)} people are serious. Both kinds of people are needed in the column"
    with pytest.raises(NotEnoughDataError, match=re.escape(message)):
        evaluate_referral_rules(other)
    with pytest.raises(UnknownNameError, match=re.escape("No column named 'seriou'. Did you mean 'serious'?")):
        evaluate_referral_rules(cohort, outcome="seriou")


def test_people_with_and_without_a_sign_add_up(cohort):
    found = count_people(cohort.assign(wasting=cohort["wasting"].fillna(0.0)), base_rate=1e-3).set_index(
        ["sign", "state"]
    )
    everybody = found.loc[("everybody", "all")]
    assert (everybody["n_with"], everybody["n_serious"]) == pytest.approx((100_000, 100))
    two = found.loc["wasting"]
    assert two["n_with"].sum() == pytest.approx(100_000)
    assert two["n_serious"].sum() == pytest.approx(100, rel=1e-6)
    assert two.loc["present", "estimate"] == pytest.approx(1e5 / two.loc["present", "one_in"])
    assert two.loc["present", "ci_lower"] < two.loc["present", "estimate"] < two.loc["present", "ci_upper"]


def test_sample_size_of_riley():
    """Riley et al 2020, BMJ 368:m441, figure 3's worked example: 623, 662 and 221, so 662."""
    found = required_sample_size(r2=0.288, parameters=24, prevalence=0.174)
    assert found["n"].tolist() == [623, 662, 221, 662]
    assert found["criterion"].tolist() == ["1", "2", "3", "required"]
    with pytest.raises(
        OptionError, match=re.escape("r2=0.9 is not possible. At a prevalence of 0.174 the Cox-Snell R2")
    ):
        required_sample_size(r2=0.9, parameters=24, prevalence=0.174)
    with pytest.raises(OptionError, match=re.escape("prevalence=1.2 is not possible. It must lie between 0 and 1")):
        required_sample_size(r2=0.2, parameters=24, prevalence=1.2)


def test_labels_that_do_not_fit(cohort, model):
    for ask in (validate_risk, estimate_calibration, decision_curve):
        with pytest.raises(TwitchstatsError, match=re.escape("The label of row 2 is missing. Leave people without")):
            ask(model, cohort, cohort["serious"].astype(float).where(cohort.index != cohort.index[2]))
        with pytest.raises(TwitchstatsError, match=re.escape("The labels have 999 rows, the signs 1000. Give a")):
            ask(model, cohort, cohort["serious"][:-1])


def test_moved_model_keeps_its_optimism(cohort, model):
    """Moving to a base rate changes no ranking: AUC and its optimism stay; the refits are moved as well."""
    moved = model.at_base_rate(0.02)
    found, before = (
        validate_risk(one, cohort, cohort["serious"], n_bootstrap=8).set_index("metric") for one in (moved, model)
    )
    np.testing.assert_allclose(found.loc["auc", ["estimate", "optimism"]].astype(float),
                               before.loc["auc", ["estimate", "optimism"]].astype(float), atol=1e-9)  # fmt: skip
    assert abs(found.loc["brier", "optimism"]) < 0.01
    assert found.loc["calibration_in_the_large", "estimate"] > 0.08


def test_a_moved_model_is_right_where_it_was_moved_to(cohort, model):
    """At another base rate a sample is judged wrong in the large, and right once it is weighted to that rate."""
    moved, share = model.at_base_rate(0.02), cohort["serious"].mean()
    fresh = simulate_cohort(people=4000, seed=12, missing=False)
    weights = np.where(fresh["serious"] == 1, 0.02 / share, 0.98 / (1 - share))
    plain, weighted = (
        validate_risk(moved, fresh, fresh["serious"], n_bootstrap=20, threshold=0.05, sample_weight=chosen)
        .set_index("metric") for chosen in (None, weights)
    )  # fmt: skip
    assert (plain["optimism"] == 0).all()
    off = plain.loc["calibration_in_the_large"]
    risk = moved.predict_proba(fresh)[:, 1]
    assert off["estimate"] == pytest.approx(fresh["serious"].mean() - risk.mean())
    assert off["ci_lower"] > 0.1
    assert plain.loc["calibration_intercept", "estimate"] == pytest.approx(-moved.shift_, abs=0.6)
    right = weighted.loc["calibration_in_the_large"]
    assert right["ci_lower"] < 0 < right["ci_upper"] or abs(right["estimate"]) < 0.004
    assert abs(weighted.loc["calibration_intercept", "estimate"]) < 0.3


def test_decision_curve_moves_any_classifier(cohort, model):
    """The model in a pipeline has no `at_base_rate` of its own: its risks are moved all the same."""
    pipeline = make_pipeline(FunctionTransformer(), RedFlagModel(interactions="none"))
    pipeline.fit(cohort, cohort["serious"])
    options = {"base_rate": 0.002, "rules": []}
    found = decision_curve(pipeline, cohort, cohort["serious"], **options)
    pd.testing.assert_frame_equal(found, decision_curve(model, cohort, cohort["serious"], **options), rtol=1e-6)
    with pytest.raises(OptionError, match=re.escape("thresholds=[] is not possible. Name at least one, or leave")):
        decision_curve(model, cohort, cohort["serious"], thresholds=[])


def test_shares_bring_the_advice(cohort, model):
    counted = count_people(cohort, signs=["wasting", "cramps"]).set_index(["sign", "state"])["advice"]
    assert counted["wasting", "present"].startswith("See a doctor soon, whatever the computed risk: muscle wasting.")
    assert counted["wasting", "absent"] == counted["cramps", "present"] == ANY_FLAG_ADVICE
    assert set(count_people(cohort)["condition"]) == {"motor neurone disease not yet diagnosed"}
    assert set(count_people(cohort, base_rate=0.01)["condition"]) == {"a serious condition"}
    assert (evaluate_referral_rules(cohort)["advice"] == ANY_FLAG_ADVICE).all()
    assert (model.point_score(allowed=0.9).risks["advice"] == ANY_FLAG_ADVICE).all()


@pytest.mark.slow
def test_corrected_intervals_hold_the_truth(monkeypatch):
    """Over 20 samples of 300 the intervals hold what 6,000 fresh people show in 85 % or more, for each metric.

    Refits judged on their own samples, as is often done, would hold the calibration in few: they are calibrated there.
    """
    monkeypatch.setattr(validation, "REPEATS", 1)
    weights = np.array([1.0, -0.8, 0.5, 0.3, 0.0, 0.0, 0.0, 0.0])
    rng = np.random.default_rng(3)
    fresh = rng.normal(size=(6000, 8))
    outcome = (rng.random(6000) < special.expit(fresh @ weights - 1)).astype(float)
    hits = []
    for seed in range(20):
        X = rng.normal(size=(300, 8))
        y = (rng.random(300) < special.expit(X @ weights - 1)).astype(int)
        model = LogisticRegression().fit(X, y)
        found = validate_risk(model, X, y, n_bootstrap=20, threshold=0.3, seed=seed).set_index("metric")
        truth = measure_risk(outcome, model.predict_proba(fresh)[:, 1], 0.3)
        hits.append((found["ci_lower"] <= truth) & (truth <= found["ci_upper"]))
    cover = pd.DataFrame(hits).mean()
    assert (cover >= 0.85).all(), cover


def test_training_people_are_recognised(cohort, model, tmp_path):
    fresh = simulate_cohort(people=800, seed=50)
    assert (validate_risk(model, fresh, fresh["serious"], n_bootstrap=5)["optimism"] == 0).all()
    own = validate_risk(model, cohort, cohort["serious"], n_bootstrap=5).set_index("metric")
    assert own.loc["auc", "optimism"] > 0
    shuffled = cohort.sample(frac=1, random_state=1)
    again = validate_risk(model, shuffled, shuffled["serious"], n_bootstrap=5).set_index("metric")
    assert again.loc["auc", "optimism"] > 0
    mixed = pd.concat([cohort.head(400), fresh.head(400).add_prefix("F", axis=0)])
    with pytest.raises(TwitchstatsError, match=r"^About 50% of these 800 people were in the training"):
        validate_risk(model, mixed, mixed["serious"])
    model.save(tmp_path / "model.json")
    loaded = RedFlagModel.load(tmp_path / "model.json")
    assert (validate_risk(loaded, fresh, fresh["serious"], n_bootstrap=5)["optimism"] == 0).all()
    assert (
        validate_risk(loaded, cohort, cohort["serious"], n_bootstrap=5).set_index("metric").loc["auc", "optimism"] > 0
    )


def test_few_signs_are_not_mistaken_for_the_same_people():
    """Two yes/no signs: strangers often look like training people, and are told apart all the same."""
    cohort, fresh = (simulate_cohort(people=600, seed=seed, missing=False) for seed in (1, 2))
    model = RedFlagModel(signs=["wasting", "pain"]).fit(cohort, cohort["serious"])
    assert (validate_risk(model, fresh, fresh["serious"], n_bootstrap=5)["optimism"] == 0).all()


def test_quick_refits_are_refits(cohort):
    """Cross-validation on the columns as they are gives what fitting anew gives, where every sign is told."""
    known = cohort.dropna()
    model = RedFlagModel(interactions="none", strength=5.0).fit(known, known["serious"])
    sample = validation._read_sample(model, known, known["serious"], 2, 1, 0.95, None)
    rows = np.arange(0, len(known), 2)
    found = sample.refit(rows, np.ones(len(rows)))
    half = LogisticRegression(C=1 / 5.0, tol=1e-10, max_iter=1000, solver="newton-cholesky")
    columns = model.build_design(known, standardized=True)
    half.fit(columns.iloc[rows], known["serious"].iloc[rows])
    np.testing.assert_allclose(found, half.predict_proba(columns)[:, 1], atol=1e-6)


def test_groups_stay_together(cohort, model):
    """Everybody twice: only where twins stay together does the correction see through it."""
    twice = pd.concat([cohort.head(150)] * 2)
    twins = np.tile(np.arange(150), 2)
    plain = LogisticRegression(C=1e6, max_iter=5000)
    X = np.random.default_rng(1).normal(size=(150, 30))[twins]
    y = twice["serious"].to_numpy()
    plain.fit(X, y)
    apart = validate_risk(plain, X, y, n_bootstrap=3).set_index("metric").loc["auc", "estimate"]
    together = validate_risk(plain, X, y, n_bootstrap=3, groups=twins).set_index("metric").loc["auc", "estimate"]
    assert together < apart - 0.1


def test_validation_by_site(cohort, model):
    sites = np.where(np.arange(len(cohort)) % 3 == 0, "north", "south")
    found = validate_by_site(model, cohort, cohort["serious"], sites).set_index("site")
    assert found["n_people"].sum() == len(cohort)
    assert found["auc"].between(0.8, 1).all()
    with pytest.raises(NotEnoughDataError, match=r"^Only one site \('x'\): validation by site needs two or more\.$"):
        validate_by_site(model, cohort, cohort["serious"], ["x"] * len(cohort))
    lonely = np.where(cohort["serious"].to_numpy() == 1, "a", np.where(np.arange(len(cohort)) % 2 == 0, "b", "a"))
    found = validate_by_site(model, cohort, cohort["serious"], lonely).set_index("site")
    assert found.loc["b", "reason"] == "one class only here"
    assert found.loc["a", "reason"] == "one class only elsewhere"


def test_stability(cohort, model):
    found = measure_stability(model, cohort, cohort["serious"], n_bootstrap=30)
    assert found.index.equals(cohort.index)
    np.testing.assert_allclose(found["risk"], model.predict_proba(cohort)[:, 1])
    assert (found["lower"] <= found["upper"]).all()
    small = cohort.head(200)
    shaky = RedFlagModel(interactions="none", strength=model.strength_, constant="drop").fit(small, small["serious"])
    assert measure_stability(shaky, small, small["serious"], n_bootstrap=30)["mape"].mean() > found["mape"].mean()
    ax = plots.plot_stability(found)
    assert f"{found['mape'].mean():.3f}" in ax.get_title(loc="left")


def test_distance_from_the_curve():
    """Risks that are half of what they should be: ECI and E90 say how far, weights count people."""
    rng = np.random.default_rng(2)
    truth = rng.uniform(0.1, 0.9, 40_000)
    y = (rng.random(40_000) < truth).astype(float)
    wrong = dict(zip(METRICS, measure_risk(y, truth / 2, 0.2), strict=True))
    assert wrong["eci"] == pytest.approx(100 * np.mean((truth / 2) ** 2), rel=0.05)
    assert wrong["e90"] == pytest.approx(np.quantile(truth / 2, 0.9), abs=0.02)
    times = rng.integers(1, 4, 2000)
    some, risk = np.repeat(y[:2000], times), np.repeat(truth[:2000], times)
    weighted = measure_risk(y[:2000], truth[:2000], 0.2, times.astype(float))
    same = [METRICS.index(name) for name in ("auc", "brier", "calibration_in_the_large", "calibration_slope")]
    np.testing.assert_allclose(weighted[same], measure_risk(some, risk, 0.2)[same], atol=1e-6)


def test_model_and_rules_are_judged_on_the_same_people(cohort, model):
    curve = decision_curve(model, cohort, cohort["serious"], thresholds=[0.2])
    known = apply_referral_rules(cohort).notna().all(axis=1)
    assert (curve["n_people"] == known.sum()).all()
    assert (curve["n_left_out"] == (~known).sum()).all()
    called = model.predict_proba(cohort[known])[:, 1] >= 0.2
    serious = cohort.loc[known, "serious"].to_numpy() == 1
    by_hand = (called & serious).mean() - (called & ~serious).mean() * 0.25
    assert curve.set_index("strategy").loc["model", "net_benefit"] == pytest.approx(by_hand)


def test_limits_of_net_benefit_are_those_of_people_drawn_anew(cohort, model):
    """The closed form beside 2,000 bootstrap samples within each class."""
    options = {"thresholds": [0.1, 0.3], "rules": [], "base_rate": 0.05}
    found = decision_curve(model, cohort, cohort["serious"], **options).query("strategy == 'model'")
    called = model.at_base_rate(0.05).predict_proba(cohort)[:, [1]] >= np.array(options["thresholds"])
    rng, serious = np.random.default_rng(1), cohort["serious"].to_numpy()
    shares = [
        rng.binomial((serious == label).sum(), called[serious == label].mean(axis=0), (2000, 2))
        / (serious == label).sum()
        for label in (1, 0)
    ]
    odds = np.array(options["thresholds"]) / (1 - np.array(options["thresholds"]))
    drawn = np.quantile(0.05 * shares[0] - 0.95 * odds * shares[1], [0.025, 0.975], axis=0)
    width = found["ci_upper"] - found["ci_lower"]
    np.testing.assert_allclose(width, drawn[1] - drawn[0], rtol=0.08)
