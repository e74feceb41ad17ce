"""Every kind of model against statsmodels and firthmodels, on designs laid out by date with pandas.

The package penalises nuisance columns with a tiny ridge (0.02 on standardised columns); the reference does not. So
estimates agree to a hundredth of a standard error, and p-values to a hundredth of themselves, not to the last digit.
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from firthmodels import FirthLogisticRegression
from scipy import interpolate, optimize, stats

import twitchstats as tw


def lay_design(journal, outcome, trigger, lag, *, effect="direct", others=(), window=1):
    """Return outcome and columns on the days where all is known; the trigger is the last column.

    Each value is looked up by calendar date. Trend: cardinal natural cubic splines, a knot for each month.
    """
    days = journal.days.droplevel("person")
    calendar = pd.date_range(days.index.min(), days.index.max())
    full = days.reindex(calendar).astype(float)
    count = journal.variables.set_index("name").loc[outcome, "kind"] == "count"
    months = max(1, round(len(calendar) / 30))
    time = np.linspace(0, 1, len(calendar))
    trend = interpolate.CubicSpline(np.linspace(0, 1, months + 1), np.eye(months + 1), bc_type="natural")(time)
    columns = pd.DataFrame(trend, index=calendar).add_prefix("trend ")
    for weekday in range(1, 7):
        columns[f"weekday {weekday}"] = (calendar.day_of_week == weekday).astype(float)
    before = full[outcome].shift(1 if effect == "direct" else lag + window)
    columns["before"] = np.log1p(before) if count else before
    for name in (*others, trigger):
        columns[f"{name} older"] = full[name].shift(lag + window)
    for name in others:
        columns[f"{name} beside"] = full[name].shift(lag)
    columns[trigger] = sum(full[trigger].shift(lag + day) for day in range(window)) / window
    known = columns.notna().all(axis=1) & full[outcome].notna()
    return full.loc[known, outcome], columns[known]


def find_dispersion(y, nuisance):
    """Solve the Pearson equation of a negative binomial GLM (Breslow 1984)."""
    df = len(y) - nuisance.shape[1]

    def excess(alpha):
        family = sm.families.NegativeBinomial(alpha=alpha)
        return sm.GLM(y, nuisance, family=family).fit().pearson_chi2 - df

    return 0.0 if excess(1e-8) <= 0 else optimize.brentq(excess, 1e-8, 10, xtol=1e-10)


def find_score(y, columns, family):
    """Return t of the score test of the last column with estimated scale (Boos 1992), and the Pearson residuals."""
    nuisance, x = columns.iloc[:, :-1], columns.iloc[:, -1]
    fit = sm.GLM(y, nuisance, family=family).fit()
    mean = fit.fittedvalues
    slope = family.link.inverse_deriv(fit.predict(which="linear"))
    variance = family.variance(mean)
    weights = slope**2 / variance
    news = x - nuisance @ np.linalg.lstsq(nuisance.mul(np.sqrt(weights), axis=0), x * np.sqrt(weights), rcond=None)[0]
    df = len(y) - columns.shape[1]
    pearson = (y - mean) / np.sqrt(variance)
    phi = (pearson**2).sum() / df
    score = (news * (y - mean) * slope / variance).sum()
    return score / np.sqrt(phi * (weights * news**2).sum()), pearson


def as_t(p_value, estimate, df):
    return np.sign(estimate) * stats.t.isf(p_value / 2, df)


def tell(journal, outcome, trigger, lag, **options):
    options.setdefault("triggers", [trigger])
    frame = tw.estimate_effects(journal, outcome=outcome, lags=lag, by="person", **options)
    return frame.set_index("trigger").loc[trigger]


CASES = [
    (0, {}), (1, {}), (3, {}), (2, {"effect": "total"}),
    (1, {"adjust": "together", "triggers": ["caffeine", "heat", "stress"]}),
]  # fmt: skip


def design_of(journal, outcome, lag, options):
    others = [name for name in options.get("triggers", []) if name != "stress"]
    return lay_design(journal, outcome, "stress", lag, effect=options.get("effect", "direct"), others=others)


@pytest.mark.parametrize(("lag", "options"), CASES)
def test_least_squares_as_statsmodels(gappy, lag, options):
    """Ratings: ordinary least squares with the classical t test."""
    row = tell(gappy, "pain", "stress", lag, **options)
    y, columns = design_of(gappy, "pain", lag, options)
    fit = sm.OLS(y, columns).fit()
    se = fit.bse["stress"]
    assert row["n_days"] == fit.nobs
    assert row["measure"] == "difference"
    assert row["estimate"] == pytest.approx(fit.params["stress"], abs=0.01 * se)
    assert [row["ci_lower"], row["ci_upper"]] == pytest.approx(list(fit.conf_int().loc["stress"]), abs=0.03 * se)
    assert row["p_value"] == pytest.approx(fit.pvalues["stress"], rel=0.03)
    half = stats.t.ppf(0.95, fit.df_resid) * se
    assert row["ci90_upper"] == pytest.approx(fit.params["stress"] + half, abs=0.03 * se)


@pytest.mark.parametrize(("lag", "options"), CASES)
def test_counts_as_statsmodels(gappy, lag, options):
    """Counts: negative binomial GLM with the same dispersion; its score test joined with that of the log counts."""
    row = tell(gappy, "twitches", "stress", lag, **options)
    y, columns = design_of(gappy, "twitches", lag, options)
    shared = [name for name in columns if name.startswith(("trend", "weekday", "before"))]
    family = sm.families.NegativeBinomial(alpha=find_dispersion(y, columns[shared]))
    fit = sm.GLM(y, columns, family=family).fit()
    t, pearson = find_score(y, columns, family)
    t_log, residual = find_score(np.log1p(y), columns, sm.families.Gaussian())
    agreement = pearson @ residual / np.sqrt((pearson @ pearson) * (residual @ residual))
    joint = (t + t_log) / np.sqrt(2 + 2 * agreement)
    assert row["n_days"] == fit.nobs
    assert row["measure"] == "rate ratio"
    assert np.log(row["estimate"]) == pytest.approx(fit.params["stress"], abs=0.01 * fit.bse["stress"])
    told = as_t(row["p_value"], row["estimate"] - 1, fit.df_resid)
    # where the joint score and the estimate point to different sides, both next to nothing, the estimate is told
    expected = joint if joint * fit.params["stress"] > 0 else fit.tvalues["stress"]
    assert told == pytest.approx(expected, abs=0.05 + 0.01 * abs(joint))


@pytest.mark.parametrize(("lag", "options"), CASES)
def test_yes_no_as_firthmodels(gappy, lag, options):
    """Yes/no outcomes: Firth's penalised likelihood, and the score test of the logistic fit without the trigger."""
    row = tell(gappy, "sore", "stress", lag, **options)
    y, columns = design_of(gappy, "sore", lag, options)
    fit = FirthLogisticRegression(fit_intercept=False, max_iter=200).fit(columns.to_numpy(), y.to_numpy())
    t, _ = find_score(y, columns, sm.families.Binomial())
    assert row["n_days"] == len(y)
    assert row["measure"] == "odds ratio"
    assert np.log(row["estimate"]) == pytest.approx(fit.coef_[-1], abs=0.02 * abs(fit.coef_[-1]) + 0.005)
    told = as_t(row["p_value"], row["estimate"] - 1, len(y) - columns.shape[1])
    assert told == pytest.approx(t, abs=0.03 + 0.01 * abs(t))


def test_without_trend_and_weekday_only_yesterday_is_left(gappy):
    row = tell(gappy, "pain", "stress", 1, trend="none", weekday=False)
    y, columns = lay_design(gappy, "pain", "stress", 1)
    fit = sm.OLS(y, sm.add_constant(columns[["before", "stress older", "stress"]])).fit()
    assert row["estimate"] == pytest.approx(fit.params["stress"], abs=0.005 * fit.bse["stress"])
    linear = tell(gappy, "pain", "stress", 1, trend="linear", weekday=False)
    names = ["before", "stress older", "stress"]
    straight = columns[names].assign(time=(columns.index - columns.index[0]).days)
    fit = sm.OLS(y, sm.add_constant(straight)).fit()
    assert linear["estimate"] == pytest.approx(fit.params["stress"], abs=0.005 * fit.bse["stress"])


def test_the_window_of_a_cumulative_effect_as_statsmodels(gappy):
    """Two days: the mean of both days beside the older value; one number for one step more on each day."""
    frame = tw.estimate_cumulative_effects(gappy, outcome="pain", triggers="stress", days=2, first_lag=1, by="person")
    y, columns = lay_design(gappy, "pain", "stress", 1, effect="total", window=2)
    fit = sm.OLS(y, columns).fit()
    assert frame.loc[0, "n_days"] == fit.nobs
    assert frame.loc[0, "estimate"] == pytest.approx(fit.params["stress"], abs=0.01 * fit.bse["stress"])


def test_direct_and_total_are_the_same_on_the_same_day(gappy):
    direct = tw.estimate_effects(gappy, lags=0, effect="direct", by="person")
    pd.testing.assert_frame_equal(direct, tw.estimate_effects(gappy, lags=0, effect="total", by="person"), rtol=1e-6)


def test_days_are_counted_by_date(gappy):
    """A day counts where the outcome, yesterday's outcome, and the trigger 1 and 2 days before are all there."""
    days = {date for _, date in gappy.days.index}
    step = pd.Timedelta(days=1)
    expected = sum(date - step in days and date - 2 * step in days for date in days)
    assert tell(gappy, "twitches", "stress", 1)["n_days"] == expected


@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_correlations_as_scipy_where_nothing_is_taken_out(gappy, method):
    frame = tw.correlate_triggers(gappy, triggers="stress", lags=1, method=method, trend="none", weekday=False)
    full = gappy.days.droplevel("person").asfreq("D")
    pair = pd.concat([full["twitches"], full["stress"].shift(1)], axis=1).dropna()
    assert frame.loc[0, "n_days"] == len(pair)
    if method == "pearson":  # ranks are taken over all days of a variable, not over the common days: nearly scipy's
        mean = full[["twitches", "stress"]].mean().to_numpy()
        x, y = (pair - mean).to_numpy().T
        expected = (x * y).sum() / np.sqrt((x**2).sum() * (y**2).sum())
        assert frame.loc[0, "estimate"] == pytest.approx(expected, abs=1e-9)
    reference = getattr(stats, {"pearson": "pearsonr", "spearman": "spearmanr"}[method])(*pair.to_numpy().T)
    assert frame.loc[0, "estimate"] == pytest.approx(reference.statistic, abs=0.02)


def test_effective_days_by_hand(journal_of):
    """Pyper and Peterman (1998), equation 1, on a complete diary of two drifting series without trend or weekday."""
    rng = np.random.default_rng(3)
    n = 100
    noise = rng.standard_normal((2, n))
    x, y = np.zeros((2, n))
    for day in range(1, n):
        x[day], y[day] = 0.8 * x[day - 1] + noise[0, day], 0.8 * y[day - 1] + noise[1, day]
    journal = journal_of({"calcium": 900 + 50 * y, "caffeine": 500 + 50 * x}, outcome="calcium")
    row = tw.correlate_triggers(journal, triggers="caffeine", lags=0, method="pearson", trend="none", weekday=False)
    x, y = x - x.mean(), y - y.mean()

    def autocorrelate(series, lag):
        return series[lag:] @ series[: n - lag] / (n - lag) / (series @ series / n)

    total = sum((n - j) / n * autocorrelate(x, j) * autocorrelate(y, j) for j in range(1, n // 5 + 1))
    effective = n / (1 + 2 * total)
    assert row.loc[0, "n_effective"] == pytest.approx(effective, rel=1e-6)
    z, se = np.arctanh(row.loc[0, "estimate"]), 1 / np.sqrt(effective - 3)
    assert row.loc[0, "p_value"] == pytest.approx(2 * stats.t.sf(abs(z) / se, effective - 2), rel=1e-6)
