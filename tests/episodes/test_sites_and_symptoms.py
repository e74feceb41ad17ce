"""Sites, signs and slopes: hand arithmetic, statsmodels and scipy, planted truth."""

import re

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

import twitchstats as tw
from twitchstats import episodes as ep
from twitchstats.episodes.shares import estimate_share, finish_logit, fit_line, fit_logistic
from twitchstats.inference import pool_estimates


@pytest.fixture(scope="module")
def articles():
    return tw.simulate_journal(people=30, days=100, world="articles", seed=21)[0]


@pytest.fixture(scope="module")
def null():
    return tw.simulate_journal(people=30, days=100, world="null", seed=21)[0]


def shares_of(journal, sites, kind=None):
    episodes = journal.episodes if kind is None else journal.episodes[journal.episodes["kind"] == kind]
    return episodes["site"].isin(sites).groupby(episodes["person"]).mean()


def test_share_over_people_is_a_t_test_on_their_shares(articles):
    row = ep.test_site_share(articles, sites=["eyelid", "calf"], kind="twitch").iloc[0]
    shares = shares_of(articles, ["eyelid", "calf"], "twitch")
    expected = stats.ttest_1samp(shares, 2 / 16)
    assert row["estimate"] == pytest.approx(shares.mean())
    assert row["p_value"] == pytest.approx(expected.pvalue)
    assert (row["ci_lower"], row["ci_upper"]) == pytest.approx(tuple(expected.confidence_interval(0.95)))
    assert (row["reference"], row["sites"]) == (2 / 16, "eyelid;calf")
    assert row["heterogeneity"] == pytest.approx(shares.std())


def test_one_person_has_days_as_clusters():
    """Ratio estimator by hand: days with 2 of 4, 0 of 1, 3 of 3 hits: 5/8; residuals -.5, -.625, 1.125."""
    hits = [1, 1, 0, 0, 0, 1, 1, 1]
    row = estimate_share(hits, ["A"] * 8, [1, 1, 1, 1, 2, 3, 3, 3], reference=0.5)
    residual = np.array([2 - 4 * 5 / 8, 0 - 5 / 8, 3 - 3 * 5 / 8])
    se = np.sqrt(3 / 2 * np.sum(residual**2)) / 8
    assert (row["estimate"], row["se"], row["df"]) == (5 / 8, pytest.approx(se), 2.0)
    assert row["p_value"] == pytest.approx(2 * stats.t.sf((5 / 8 - 0.5) / se, 2))
    assert row["ci_upper"] == 1.0


def test_people_with_few_episodes_are_left_out():
    person = ["A"] * 6 + ["B"] * 6 + ["C"] * 2
    hits = [*[1, 0, 0, 0, 0, 0], *[1, 1, 1, 0, 0, 0], *[1, 1]]
    row = estimate_share(hits, person, np.arange(14), reference=None)
    assert row["estimate"] == pytest.approx((1 / 6 + 1 / 2) / 2)
    assert (row["n_people"], row["n_episodes"]) == (2, 12)
    assert np.isnan(row["p_value"])


def test_a_share_that_never_varies_still_has_an_interval():
    """Wilson: 8 of 8 gives 8 / (8 + 1.96^2) to 1."""
    person = np.repeat(list("ABCDEFGH"), 10)
    row = estimate_share(np.ones(80), person, np.arange(80), reference=0.5)
    z2 = stats.norm.ppf(0.975) ** 2
    assert (row["ci_lower"], row["ci_upper"]) == pytest.approx((8 / (8 + z2), 1.0))
    assert row["p_value"] == pytest.approx(2 * stats.norm.sf(np.sqrt(8)))


def test_logit_interval_by_hand():
    row = finish_logit(0.8, 0.3, 11, n_people=11, n_episodes=50, reference=0.5)
    logit, t = np.log(4), stats.t.ppf(0.975, 10)
    assert row["ci_lower"] == pytest.approx(1 / (1 + np.exp(-(logit - 0.3 * t))))
    assert row["p_value"] == pytest.approx(2 * stats.t.sf(logit / 0.3, 10))
    assert row["se"] == pytest.approx(0.3 * 0.8 * 0.2)


def test_summary_counts_every_site_once(articles):
    table = ep.summarize_sites(articles)
    assert table["site"].is_unique
    assert table["n_at_site"].sum() == len(articles.episodes)
    assert table["estimate"].sum() == pytest.approx(1.0)
    assert table["estimate"].is_monotonic_decreasing
    by_person = ep.summarize_sites(articles, kind="twitch", by="person")
    assert by_person.groupby("person")["estimate"].sum().to_numpy() == pytest.approx(1.0)
    assert ((by_person["ci_lower"] <= by_person["estimate"]) & (by_person["estimate"] <= by_person["ci_upper"])).all()


def test_logistic_fit_is_that_of_statsmodels():
    rng = np.random.default_rng(6)
    x = rng.integers(0, 11, 90).astype(float)
    totals = rng.integers(1, 9, 90).astype(float)
    hits = rng.binomial(totals.astype(int), 1 / (1 + np.exp(2 - 0.2 * x))).astype(float)
    cluster = np.repeat(np.arange(30), 3)
    fitted = sm.GLM(np.column_stack([hits, totals - hits]), sm.add_constant(x), family=sm.families.Binomial()).fit(
        cov_type="cluster", cov_kwds={"groups": cluster, "use_correction": False}
    )
    slope, se, df = fit_logistic(hits, totals, x, cluster)
    assert slope == pytest.approx(fitted.params[1], rel=1e-8)
    assert se == pytest.approx(fitted.bse[1] * np.sqrt(30 / 28), rel=1e-6)
    assert df == 28


def test_line_fit_is_that_of_statsmodels():
    rng = np.random.default_rng(7)
    x, cluster = rng.normal(size=60), np.repeat(np.arange(12), 5)
    y = 1 + 0.4 * x + rng.normal(size=12)[cluster] + rng.normal(size=60)
    fitted = sm.OLS(y, sm.add_constant(x)).fit(
        cov_type="cluster", cov_kwds={"groups": cluster, "use_correction": False}
    )
    slope, se, df = fit_line(y, x, cluster)
    assert (slope, se, df) == pytest.approx((fitted.params[1], fitted.bse[1] * np.sqrt(12 / 10), 10))


def test_separated_or_constant_data_have_no_slope():
    x = np.arange(10.0)
    assert fit_logistic((x > 4).astype(float), np.ones(10), x, x) is None
    assert fit_logistic(np.ones(10), np.ones(10), x, x) is None
    assert fit_logistic(np.r_[np.ones(5), np.zeros(5)], np.ones(10), np.ones(10), x) is None
    assert fit_line(x, np.ones(10), x) is None


def test_pain_slopes_are_pooled_over_people(articles):
    row = ep.relate_pain_to_intensity(articles).iloc[0]
    slopes, errors = [], []
    for _, own in articles.episodes.groupby("person"):
        slope, se, _ = fit_line(own["pain"].to_numpy(), own["intensity"].to_numpy(), own["start"].dt.floor("D"))
        slopes.append(slope)
        errors.append(se)
    pooled = pool_estimates(slopes, errors)
    for name in ("estimate", "ci_lower", "ci_upper", "p_value", "heterogeneity"):
        assert row[name] == pytest.approx(pooled[name]), name
    assert row["estimate"] == pytest.approx(0.5, abs=0.08)


def test_planted_sites_and_signs_are_found(articles):
    for site, planted in (("eyelid", 0.2), ("calf", 0.18), ("thumb", 0.14)):
        row = ep.test_site_share(articles, sites=site, kind="twitch").iloc[0]
        assert row["estimate"] == pytest.approx(planted, abs=0.04)
        assert row["p_value"] < 0.001
    for sign, planted in (("stiffness_before", 0.75), ("limited_movement", 0.75), ("fatigue_after", 0.7)):
        row = ep.estimate_sign(articles, sign=sign).iloc[0]
        assert row["estimate"] == pytest.approx(planted, abs=0.04)
    doubling = ep.relate_sign_to_duration(articles).iloc[0]
    assert doubling["estimate"] == pytest.approx(1.2, abs=0.05)
    for trigger, planted in (("stress", 1.2), ("anxiety", 1.12)):
        row = ep.compare_sites_by_trigger(articles, trigger=trigger).iloc[0]
        assert row["ci_lower"] > 1.05
        assert row["estimate"] == pytest.approx(planted, abs=0.08)
        assert (row["step"], row["unit"], row["measure"]) == (1.0, "points of 10", "odds ratio")


def test_nothing_is_found_in_the_null_world(null):
    """Eleven tests at 5 %: at most two alarms, none strong."""
    rows = [ep.test_site_share(null, sites=site, kind="twitch") for site in ("eyelid", "calf", "thumb")]
    signs = ("stiffness_before", "limited_movement", "fatigue_after")
    rows += [ep.estimate_sign(null, sign=sign, reference=0.1) for sign in signs]  # what the world is made with
    rows += [ep.compare_sites_by_trigger(null, trigger=trigger) for trigger in ("stress", "anxiety", "sleep")]
    rows += [ep.relate_pain_to_intensity(null), ep.relate_sign_to_duration(null)]
    p_values = pd.concat(rows)["p_value"].to_numpy()
    assert np.isfinite(p_values).all()
    assert (p_values < 0.05).sum() <= 2
    assert p_values.min() > 0.001


def test_missing_signs_are_not_taken_for_no(make_journal):
    rows = [{"person": "A", "start": f"2025-03-{3 + i:02d} 10:00", "stiffness_before": value}
            for i, value in enumerate([1, 1, 0, 1, np.nan, np.nan, 1, 0])]  # fmt: skip
    row = ep.estimate_sign(make_journal(episodes=rows), sign="stiffness_before").iloc[0]
    assert (row["estimate"], row["n_episodes"]) == (pytest.approx(4 / 6), 6)


def test_what_is_missing_is_told(make_journal):
    journal = make_journal({"A": [1, 2]}, extra={"stress": [1.0, 2.0]})
    for table in (
        ep.test_site_share(journal, sites="calf"),
        ep.estimate_sign(journal, sign="stiffness_before"),
        ep.relate_pain_to_intensity(journal),
        ep.relate_sign_to_duration(journal),
        ep.compare_sites_by_trigger(journal),
    ):
        assert table["reason"].tolist() == ["variable not in this journal"]
        assert table["estimate"].isna().all()
    assert ep.summarize_sites(journal).empty


def test_constant_intensity_is_told(make_journal):
    rows = [{"person": "A", "start": f"2025-03-{3 + i:02d} 10:00", "intensity": 4, "pain": i % 3} for i in range(12)]
    row = ep.relate_pain_to_intensity(make_journal(episodes=rows)).iloc[0]
    assert row["reason"] == "no variation"


def test_days_that_cannot_be_matched_have_no_comparison(make_journal):
    rows = [{"person": "A", "start": "2025-03-03 10:00", "site": "neck"}]
    journal = make_journal({"A": [1, 2]}, rows, calendar="none", extra={"stress": [1.0, 2.0]})
    assert ep.compare_sites_by_trigger(journal)["reason"].tolist() == ["no order in time"]


def test_misuse_is_told(articles):
    with pytest.raises(tw.UnknownNameError, match=re.escape("No site named 'calv'. Did you mean 'calf'? Known: ")):
        ep.test_site_share(articles, sites="calv")
    with pytest.raises(tw.OptionError, match=re.escape("sites=() is not possible. Name at least one site.")):
        ep.compare_sites_by_trigger(articles, sites=())
    with pytest.raises(tw.UnknownNameError, match=re.escape("No variable named 'stres'. Did you mean 'stress'? Known")):
        ep.compare_sites_by_trigger(articles, trigger="stres")
    message = "No kind of episode named 'twich'. Did you mean 'twitch'? Known: 'cramp', 'spasm', 'twitch'."
    with pytest.raises(tw.UnknownNameError, match=f"^{re.escape(message)}$"):
        ep.summarize_sites(articles, kind="twich")
    message = "sign='pain' is not possible. Choose one of 'stiffness_before', 'limited_movement', 'fatigue_after'."
    with pytest.raises(tw.OptionError, match=f"^{re.escape(message)}$"):
        ep.estimate_sign(articles, sign="pain")
    with pytest.raises(tw.OptionError, match=re.escape("by='site' is not possible. Choose one of 'pooled', 'person'.")):
        ep.summarize_sites(articles, by="site")
