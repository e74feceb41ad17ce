"""Ridge and Firth against reference implementations, separated data included."""

import time

import numpy as np
import pytest
import statsmodels.api as sm
from firthmodels import FirthLogisticRegression
from scipy import special
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from threadpoolctl import threadpool_limits

from twitchstats import simulate_cohort
from twitchstats.redflags import RedFlagModel, measure_stability
from twitchstats.redflags.fitting import (
    choose_strength,
    estimate_left_out_loss,
    find_independent,
    fit_firth,
    fit_ridge,
    hushed,
)


def make_data(*, n=200, p=4, seed=3, separated=False):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    X[:, 0] = X[:, 0] > 0.3
    y = (rng.random(n) < 1 / (1 + np.exp(-(X[:, 0] + X[:, 1] - 1)))).astype(float)
    if separated:
        y[X[:, 0] == 1] = 1.0  # everybody with the first sign is serious: the usual estimate is infinite
    return np.column_stack([np.ones(n), X]), y


@pytest.mark.parametrize("separated", [False, True])
@pytest.mark.parametrize("strength", [0.1, 1.0, 50.0])
def test_ridge_equals_sklearn(separated, strength):
    X, y = make_data(separated=separated)
    reference = LogisticRegression(C=1 / strength, tol=1e-12, max_iter=100_000, solver="newton-cholesky")
    reference.fit(X[:, 1:], y)
    found = fit_ridge(X, y, strength, np.ones(len(y)))
    np.testing.assert_allclose(found, [*reference.intercept_, *reference.coef_[0]], atol=1e-6)


@pytest.mark.parametrize("separated", [False, True])
def test_firth_equals_firthmodels(separated):
    X, y = make_data(n=60, separated=separated)
    reference = FirthLogisticRegression(gtol=1e-10, xtol=1e-10, max_iter=1000).fit(X[:, 1:], y)
    fit = fit_firth(X, y, np.ones(len(y)))
    np.testing.assert_allclose([fit.intercept_, *fit.coef_], [reference.intercept_, *reference.coef_], atol=1e-6)


@pytest.mark.parametrize("separated", [False, True])
def test_model_equals_references_on_its_design(separated):
    cohort = simulate_cohort(people=400, seed=6)
    if separated:
        cohort = cohort[~((cohort["speech_swallowing"] == 1) & (cohort["serious"] == 0))]
    model = RedFlagModel(interactions=[("weakness_felt", "wasting")], strength=3.0).fit(cohort, cohort["serious"])
    reference = LogisticRegression(C=1 / 3.0, tol=1e-12, max_iter=10_000, solver="newton-cholesky")
    reference.fit(model.build_design(cohort, standardized=True), cohort["serious"])
    np.testing.assert_allclose(model.coef_[0] * model.term_scales_, reference.coef_[0], atol=1e-6)
    firth = RedFlagModel(interactions="none", penalty="firth").fit(cohort, cohort["serious"])
    other = FirthLogisticRegression(gtol=1e-8, xtol=1e-7, max_iter=1000)
    with hushed():  # it goes on to the last digits, and says so
        other.fit(firth.build_design(cohort, standardized=True), cohort["serious"])
    np.testing.assert_allclose(firth.coef_[0] * firth.term_scales_, other.coef_, atol=1e-6)


def test_nearly_no_penalty_equals_statsmodels():
    """Coefficients and covariance of `statsmodels` (GLM, binomial) on the same people, weighted."""
    cohort = simulate_cohort(people=900, seed=4, coefficients={"wasting": 1.0, "age": 0.3}, missing=False)
    weights = np.random.default_rng(2).integers(1, 3, len(cohort)).astype(float)
    signs = ["age", "sex", "wasting", "pain", "cramps"]
    model = RedFlagModel(signs=signs, interactions="none", strength=1e-9, bends=False)
    model.fit(cohort, cohort["serious"], sample_weight=weights)
    design = sm.add_constant(model.build_design(cohort))
    reference = sm.GLM(cohort["serious"], design, family=sm.families.Binomial(), freq_weights=weights).fit(tol=1e-12)
    found = [*model.intercept_, *model.coef_[0]]
    np.testing.assert_allclose(found, reference.params, atol=1e-6)
    np.testing.assert_allclose(model.covariance_, reference.cov_params(), atol=1e-6)
    errors = np.sqrt(np.diag(model.covariance_))
    np.testing.assert_allclose(errors, reference.bse, rtol=1e-6)


def test_firth_of_a_table_adds_half_a_person_to_each_cell():
    """A saturated 2 x 2 model with Firth's penalty is the log odds ratio with .5 added (Heinze and Schemper 2002)."""
    sign = np.repeat([1.0, 1.0, 0.0, 0.0], [7, 0, 3, 15])
    y = np.repeat([1.0, 0.0, 1.0, 0.0], [7, 0, 3, 15])
    fit = fit_firth(np.column_stack([np.ones(len(y)), sign]), y, np.ones(len(y)))
    assert fit.coef_[0] == pytest.approx(np.log(7.5 * 15.5 / (0.5 * 3.5)), abs=1e-8)


def test_weights_are_repeated_people():
    X, y = make_data(n=80)
    weights = np.random.default_rng(1).integers(0, 4, len(y)).astype(float)
    rows = np.repeat(np.arange(len(y)), weights.astype(int))
    there = weights > 0
    found = fit_firth(X[there], y[there], weights[there])
    np.testing.assert_allclose(found.coef_, fit_firth(X[rows], y[rows], np.ones(len(rows))).coef_, atol=1e-7)


def test_left_out_loss_is_near_the_exact_one():
    X, y = make_data(n=120)
    ones = np.ones(len(y))
    whole = fit_ridge(X, y, 2.0, ones)
    approximate = estimate_left_out_loss(X, y, whole, 2.0, ones)
    losses = []
    for left in range(len(y)):
        kept = np.arange(len(y)) != left
        beta = fit_ridge(X[kept], y[kept], 2.0, ones[kept])
        losses.append(log_loss([y[left]], [special.expit(X[left] @ beta)], labels=[0, 1]))
    assert approximate == pytest.approx(np.mean(losses), rel=2e-3)
    assert approximate > log_loss(y, special.expit(X @ whole))


def test_noise_is_shrunk_more_than_signal():
    rng = np.random.default_rng(0)
    X = np.column_stack([np.ones(400), rng.normal(size=(400, 20))])
    noise = (rng.random(400) < 0.5).astype(float)
    signal = (rng.random(400) < 1 / (1 + np.exp(-X[:, 1:6].sum(axis=1)))).astype(float)
    assert choose_strength(X, noise, np.ones(400))[0] > 20 * choose_strength(X, signal, np.ones(400))[0]


def test_dependent_columns_are_found():
    X, _ = make_data(n=30)
    twice = np.column_stack([X, X[:, 1] + X[:, 2], X[:, 3]])
    assert find_independent(twice).tolist() == [True] * 5 + [False, False]


def test_order_of_people_and_columns_does_not_matter():
    cohort = simulate_cohort(people=600, seed=2)
    shuffled = cohort.sample(frac=1, random_state=1)[list(cohort.columns[::-1])]
    one = RedFlagModel().fit(cohort, cohort["serious"])
    other = RedFlagModel().fit(shuffled, shuffled["serious"])
    assert one.terms_ == other.terms_
    np.testing.assert_allclose(one.coef_, other.coef_, atol=1e-6)


def test_two_hundred_bootstraps_take_seconds():
    """6,000 people, all pairs: odds ratios and 200 whole refits in under 15 s of CPU."""
    cohort = simulate_cohort(people=6000, seed=1, missing=False)
    model = RedFlagModel().fit(cohort, cohort["serious"])
    with threadpool_limits(1):
        start = time.process_time()
        model.odds_ratios()
        measure_stability(model, cohort, cohort["serious"], n_bootstrap=200)
        assert time.process_time() - start < 15
