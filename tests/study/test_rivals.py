"""The rivals are what they are called: each against scipy or statsmodels, person by person."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from twitchstats.panel import build_panel, shift_days
from twitchstats.simulate.processes import simulate_process
from twitchstats.study import expect_naive_size, rivals, run_method
from twitchstats.triggers.columns import count_trend_terms, date_columns

LAG = 1


@pytest.fixture(scope="module", params=["autocorrelated .8", "missing in runs"])
def journal(request):
    return simulate_process(request.param, people=6, days=80, effect=0.2, lag=LAG, seed=8)[0]


@pytest.fixture(scope="module")
def panel(journal):
    return build_panel(journal)


def list_pairs(panel):
    x, y = panel.lag("trigger_1", LAG), panel.get("twitches")
    for one, other in zip(x, y, strict=True):
        seen = np.isfinite(one) & np.isfinite(other)
        yield one[seen], other[seen]


def test_naive_is_pearson(panel):
    tests = rivals.correlate_naively(panel, "twitches", "trigger_1", LAG)
    expected = [stats.pearsonr(x, y).pvalue for x, y in list_pairs(panel)]
    np.testing.assert_allclose(tests["p_value"], expected, rtol=1e-8)


def test_shuffled_days_agree_with_scipy(panel):
    """Both draw shuffles of their own: p-values differ by Monte Carlo error of 199 shuffles."""
    tests = rivals.shuffle_days(panel, "twitches", "trigger_1", LAG)
    for p_value, (x, y) in zip(tests["p_value"], list_pairs(panel), strict=True):
        method = stats.PermutationMethod(n_resamples=4999, rng=np.random.default_rng(1))
        expected = stats.pearsonr(x, y, method=method).pvalue
        assert p_value == pytest.approx(expected, abs=0.01 + 4 * np.sqrt(expected * (1 - expected) / 199))


def test_the_circle_is_turned_by_every_number_of_days(panel):
    tests = rivals.shift_in_circle(panel, "twitches", "trigger_1", LAG)
    x, y = panel.lag("trigger_1", LAG)[:, LAG:], panel.get("twitches")[:, LAG:]
    for person, p_value in enumerate(tests["p_value"]):
        r = []
        for days in range(x.shape[1]):
            turned = np.roll(x[person], days)
            seen = np.isfinite(turned) & np.isfinite(y[person])
            r.append(abs(np.corrcoef(turned[seen], y[person][seen])[0, 1]))
        assert p_value == pytest.approx(np.mean(np.array(r) >= r[0] - 1e-9), abs=1e-9)


def lay_columns(panel, person):
    y = panel.get("twitches")
    terms = int(count_trend_terms(y, "smooth")[person])
    dated = date_columns(panel, y, np.array([person]), terms, weekday=True)[0]
    own = [np.log1p(shift_days(y, 1)), panel.lag("trigger_1", LAG + 1), panel.lag("trigger_1", LAG)]
    columns = np.column_stack([dated, *(side[person] for side in own)])
    seen = np.isfinite(y[person]) & np.isfinite(columns).all(1)
    return columns[seen], y[person][seen]


def test_least_squares_is_that_of_statsmodels(panel):
    tests = rivals.regress(panel, "twitches", "trigger_1", LAG, fit="logs")
    for person in range(len(tests["p_value"])):
        columns, y = lay_columns(panel, person)
        fit = sm.OLS(np.log1p(y), columns).fit()
        found = [
            tests["estimate"][person],
            tests["p_value"][person],
            tests["ci_lower"][person],
            tests["ci_upper"][person],
        ]
        np.testing.assert_allclose(found, [fit.params[-1], fit.pvalues[-1], *fit.conf_int()[-1]], rtol=1e-5)


@pytest.mark.parametrize("robust", [False, True])
def test_quasi_poisson_is_that_of_statsmodels(panel, robust):
    """HC3 from statsmodels' coefficients and leverages: its own `cov_type="HC3"` gives HC0 for a GLM."""
    tests = rivals.regress(panel, "twitches", "trigger_1", LAG, fit="counts, HC3" if robust else "counts")
    for person in range(len(tests["p_value"])):
        columns, y = lay_columns(panel, person)
        model = sm.GLM(y, columns, family=sm.families.Poisson())
        fit = model.fit(scale="X2", use_t=True)
        p_value = robust_p_value(fit, columns, y) if robust else fit.pvalues[-1]
        found = [tests["estimate"][person], tests["p_value"][person]]
        np.testing.assert_allclose(found, [fit.params[-1], p_value], rtol=1e-4)


def robust_p_value(fit, columns, y):
    mean = fit.fittedvalues
    inverse = np.linalg.inv((columns.T * mean) @ columns)
    score = columns * ((y - mean) / (1 - fit.get_hat_matrix_diag()))[:, None]
    variance = inverse @ (score.T @ score) @ inverse
    return 2 * stats.t.sf(abs(fit.params[-1]) / np.sqrt(variance[-1, -1]), fit.df_resid)


def test_what_does_not_vary_has_no_p_value(panel):
    values = panel.values.copy()
    values[panel.names.index("trigger_1"), 0] = 2.0
    flat = type(panel)(panel.people, panel.names, values, panel.weekday, panel.ordered, panel.copied)
    for rival in (rivals.correlate_naively, rivals.shuffle_days, rivals.shift_in_circle):
        p_value = rival(flat, "twitches", "trigger_1", LAG)["p_value"]
        assert np.isnan(p_value[0])
        assert np.isfinite(p_value[1:]).all()


@pytest.mark.parametrize("method", ["naive", "least squares", "estimate_effects", "correlate_triggers"])
def test_every_method_answers_in_one_form(journal, method):
    found = run_method(method, journal, lags=(0, 1))
    assert list(found.columns) == ["person", "trigger", "lag", "p_value", "estimate", "ci_lower", "ci_upper"]
    assert list(found["lag"]) == [0, 1] * 6
    assert found["p_value"].between(0, 1).all()


@pytest.mark.parametrize(("memory", "size"), [(0.0, 0.05), (0.3, 0.073), (0.5, 0.129), (0.7, 0.252), (0.9, 0.525)])
def test_naive_size_in_theory(memory, size):
    """2 Phi(-1.96 / sqrt(V)), V = (1 + phi^2) / (1 - phi^2): Bartlett (1935)."""
    assert expect_naive_size(memory) == pytest.approx(size, abs=0.0006)
