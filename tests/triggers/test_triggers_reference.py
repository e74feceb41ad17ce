"""The engine against statsmodels, scipy and likelihoods written out, on designs laid out by date with pandas."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import optimize, stats
from statsmodels.discrete.conditional_models import ConditionalLogit, ConditionalPoisson

import twitchstats as tw
from twitchstats.triggers.engine import weigh_people

TOLERANCE = 2e-3  # curves of scores are interpolated


def lay_design(journal, outcome, trigger, lag, *, others=(), window=1, weekday=True):
    """Return outcome and columns on the days where all is known; the trigger is the last column.

    Each value is looked up by calendar date; an older value is the latest, and the one before, within four days.
    """
    days = journal.days.droplevel("person")
    calendar = pd.date_range(days.index.min(), days.index.max())
    full = days.reindex(calendar).astype(float)
    columns = pd.DataFrame({"constant": 1.0, "time": np.arange(len(calendar))}, index=calendar)
    for number in range(1, 7 if weekday else 1):
        columns[f"weekday {number}"] = (calendar.day_of_week == number).astype(float)
    for name in (outcome, *others, trigger):
        start = max(lag + window, 1)
        known = [[full[name].shift(start + back).iloc[row] for back in range(4)] for row in range(len(full))]
        latest = [[value for value in values if np.isfinite(value)] for values in known]
        columns[f"{name} latest"] = [values[0] if values else np.nan for values in latest]
        columns[f"{name} before"] = [(values[1:] or values)[0] if values else np.nan for values in latest]
    for name in others:
        columns[f"{name} beside"] = full[name].shift(lag)
    columns[trigger] = sum(full[trigger].shift(lag + day) for day in range(window)) / window
    known = columns.notna().all(axis=1) & full[outcome].notna()
    return full.loc[known, outcome], columns[known]


def expect_test(y, columns, *, window=1):
    """Return estimate, standard error and degrees of freedom (Bell and McCaffrey 2002; fewer for skewed sides).

    HC2, drawn towards the same for equal variances where smaller, which weighs as 4 days (Smyth 2004), wider where both
    sides resemble their own last days (Bartlett 1935), by more than the columns that are no trigger's make them.
    """
    fit = sm.OLS(y, columns).fit(cov_type="HC2")
    news = sm.OLS(columns.iloc[:, -1], columns.iloc[:, :-1]).fit().resid
    skew = [len(y) * (part**3).sum() ** 2 / (part**2).sum() ** 3 for part in (news, fit.resid)]
    df = min(fit.df_resid, (news**2).sum() ** 2 / (news**4).sum())
    usual = (fit.resid**2 / (1 - fit.get_influence().hat_matrix_diag)).mean() / (news**2).sum()
    seen = fit.bse.iloc[-1] ** 2
    variance = max(seen, (df * seen + 4 * usual) / (df + 4))
    days = (y.index - y.index[0]).days.to_numpy()
    shared = columns[[name for name in columns if name.startswith(("constant", "time", "weekday", y.name))]].to_numpy()
    hat = shared @ np.linalg.pinv(shared)
    common, spells, alike = 0.0, 0.0, 1.0
    for apart in range(1, window + 14):
        pairs = days[:, None] - days == apart
        given = max(hat[pairs].sum() / len(y), 0.0) / (1 - np.trace(hat) / len(y))
        own, other = (
            np.outer(part, part)[pairs].sum() / (part @ part) + given
            for part in (news.to_numpy(), fit.resid.to_numpy())
        )
        if apart < window:
            common += max(own * other, 0.0)
        else:
            spells += own * other
        alike += 2 * own**2
    df = min(df, len(y) / alike, len(y) / (1 + 0.9 * skew[0] * skew[1]))
    return fit.params.iloc[-1], np.sqrt(variance * (1 + 2 * common + 2 * max(spells, 0.0))), df


def tell(journal, outcome, trigger, lag, **options):
    frame = tw.estimate_effects(
        journal, outcome=outcome, triggers=trigger, lags=lag, trend="linear", by="person", **options
    )
    return frame.iloc[-1]


@pytest.mark.parametrize("weekday", [True, False])
@pytest.mark.parametrize(("outcome", "lag"), [("pain", 0), ("pain", 2), ("sore", 0), ("sore", 3)])
def test_the_test_is_least_squares_with_robust_errors(gappy, outcome, lag, weekday):
    """Ratings and yes/no outcomes: t of statsmodels' OLS with HC2; at later lags for the joint lag model as well."""
    y, columns = lay_design(gappy, outcome, "stress", lag, weekday=weekday)
    estimate, se, df = expect_test(y, columns)
    row = tell(gappy, outcome, "stress", lag, weekday=weekday, effect="that day")
    assert row["n_days"] == len(y)
    assert row["p_value"] == pytest.approx(2 * stats.t.sf(abs(estimate / se), df), rel=1e-5)
    if outcome == "pain":
        step = gappy.variables.set_index("name").loc["stress", "step"]
        ends = estimate + np.array([0, -1, 1]) * stats.t.ppf(0.975, df) * se
        assert row[["estimate", "ci_lower", "ci_upper"]].to_numpy(float) == pytest.approx(ends * step, rel=1e-5)


def test_all_triggers_in_one_model(gappy):
    y, columns = lay_design(gappy, "pain", "stress", 0, others=("caffeine", "heat"))
    estimate, se, df = expect_test(y, columns)
    frame = tw.estimate_effects(
        gappy, outcome="pain", triggers=["caffeine", "heat", "stress"], lags=0, trend="linear", adjust="together"
    ).set_index("trigger")
    assert frame.loc["stress", "estimate"] == pytest.approx(estimate, rel=1e-5)
    assert frame.loc["stress", "p_value"] == pytest.approx(2 * stats.t.sf(abs(estimate / se), df), rel=1e-5)


def test_a_window_of_two_days(gappy):
    """Windows of neighbouring days share a day, as days of a spell do."""
    y, columns = lay_design(gappy, "pain", "stress", 1, window=2)
    estimate, se, df = expect_test(y, columns, window=2)
    row = tw.estimate_cumulative_effects(
        gappy, outcome="pain", triggers="stress", days=2, first_lag=1, trend="linear"
    ).iloc[0]
    assert row["estimate"] == pytest.approx(estimate, rel=1e-5)
    assert row["p_value"] == pytest.approx(2 * stats.t.sf(abs(estimate / se), df), rel=1e-5)


@pytest.fixture
def unordered(journal_of):
    """One person's days without order: no trend, weekday or older day stands in a model."""
    rng = np.random.default_rng(9)
    stress = rng.integers(0, 11, 80).astype(float)
    columns = {
        "twitches": rng.poisson(np.exp(0.2 + 0.12 * stress)),
        "sore": rng.random(80) < 1 / (1 + np.exp(2 - 0.25 * stress)),
        "stress": stress,
    }
    return journal_of(columns, order="none")


def test_counts_of_days_without_order_are_a_poisson_regression(unordered):
    days = unordered.days
    model = sm.GLM(days["twitches"], sm.add_constant(days["stress"]), family=sm.families.Poisson()).fit()
    row = tw.estimate_effects(unordered, outcome="twitches", triggers="stress", lags=0).iloc[0]
    assert np.log(row["estimate"]) == pytest.approx(model.params["stress"], rel=TOLERANCE)


def test_yes_no_days_without_order_are_matched_sets(unordered):
    """Each day against itself and all days of the other kind, both kinds by the number of the others; solved here."""
    days = unordered.days
    x, event = days["stress"].to_numpy(float), days["sore"].to_numpy(float) > 0

    def match(own, others, b):
        total = np.exp(b * (others - x.mean())).sum()
        factor = np.exp(b * (own - x.mean()))
        moved = (others * np.exp(b * (others - x.mean()))).sum()
        score = (own - (moved + own * factor) / (total + factor)).sum()
        return score * (total + 1) / (total + len(own))

    def score(b):
        up, down = match(x[event], x[~event], b), match(x[~event], x[event], -b)
        return ((~event).sum() - 1) * up - (event.sum() - 1) * down

    row = tw.estimate_effects(unordered, outcome="sore", triggers="stress", lags=0).iloc[0]
    assert np.log(row["estimate"]) == pytest.approx(optimize.brentq(score, -2, 2), rel=TOLERANCE)
    whole = ConditionalLogit(event.astype(float), x[:, None], groups=np.zeros(len(x))).fit(disp=False)
    assert np.log(row["estimate"]) == pytest.approx(whole.params[0], rel=0.06)


def test_it_does_not_matter_which_days_are_called_events(unordered):
    with_pain = unordered.days.reset_index()
    without = tw.read_journal(with_pain.assign(sore=1 - with_pain["sore"]), outcome="sore", order="none")
    asked, turned = (
        tw.estimate_effects(journal, outcome="sore", triggers="stress", lags=0).iloc[0]
        for journal in (unordered, without)
    )
    assert asked["estimate"] * turned["estimate"] == pytest.approx(1)
    assert asked["ci_lower"] * turned["ci_upper"] == pytest.approx(1, rel=TOLERANCE)
    assert asked["p_value"] == pytest.approx(turned["p_value"])


@pytest.fixture
def many(journal_of):
    """Forty people with 12 days without order: counts, and one event each."""
    rng = np.random.default_rng(12)
    heat = (rng.random((40, 12)) < 0.3).astype(float)
    odds = np.exp(0.9 * heat)
    chosen = np.array([rng.choice(12, p=row / row.sum()) for row in odds])
    columns = {
        "twitches": rng.poisson(np.exp(0.3 + 0.5 * heat)),
        "sore": np.arange(12)[None] == chosen[:, None],
        "heat": heat,
    }
    return journal_of(columns, order="none")


@pytest.mark.parametrize(("outcome", "model"), [("twitches", ConditionalPoisson), ("sore", ConditionalLogit)])
def test_people_together_are_a_conditional_likelihood(many, outcome, model):
    """Fixed-effects Poisson, and one-to-many matched sets, as statsmodels maximises them."""
    days = many.days
    groups = days.index.get_level_values("person")
    fit = model(days[outcome].to_numpy(float), days[["heat"]].to_numpy(float), groups=groups).fit(disp=0)
    row = tw.estimate_effects(many, outcome=outcome, triggers="heat", lags=0).iloc[0]
    assert np.log(row["estimate"]) == pytest.approx(fit.params[0], rel=TOLERANCE)


def test_people_together_are_tested_by_their_scores(many):
    """Events on hot days less what the mean effect lets expect, between people, by their share of information (CR2)."""
    days = many.days.reset_index()
    total = days.groupby("person").agg(n=("heat", "size"), hot=("heat", "sum"), y=("twitches", "sum"))
    together = days[days["heat"] > 0].groupby("person")["twitches"].sum().reindex(total.index, fill_value=0)
    hot = total["hot"] / total["n"]
    varies = (hot > 0) & (hot < 1) & (total["y"] > 0)
    score, information = together - total["y"] * hot, total["y"] * hot * (1 - hot)
    share = (information / information[varies].sum())[varies]
    row = tw.estimate_effects(many, outcome="twitches", triggers="heat", lags=0).iloc[0]
    assert row["n_people"] == varies.sum()
    risen = hot * row["estimate"] / (hot * row["estimate"] + 1 - hot)
    left = (together - total["y"] * risen)[varies]
    assert left.sum() == pytest.approx(0, abs=0.01 * total["y"].sum())
    error = np.sqrt((left**2 / (1 - share)).sum())
    weights = np.eye(len(share)) - share.to_numpy()
    matrix = weights @ np.diag(1 / (1 - share)) @ weights.T * share.to_numpy()
    df = np.trace(matrix) ** 2 / np.trace(matrix @ matrix)
    assert row["p_value"] == pytest.approx(2 * stats.t.sf(abs(score[varies].sum() / error), df), rel=0.02)


def test_weights_make_the_worst_lean_and_the_variance_smallest():
    """Any other shares of the sum have a larger sum of their variance and of the square of their worst lean.

    The lean of shares s is that of effects which go with s - 1/P, by hand: tau (P sum s^2 - 1)^.5.
    """
    rng = np.random.default_rng(7)
    information, spread, people = rng.uniform(1, 30, 12), 0.04, 12
    ones = np.ones(people)
    weight = weigh_people(information, ones, np.sqrt(information), np.array(spread), is_ratio=False)
    share = weight * information / (weight @ information)

    def lose(share):
        lean = spread**0.5 * np.std(people * share)  # of effects that go with the shares
        return share**2 @ (1 / information + spread) + lean**2

    for _ in range(50):
        other = share * np.exp(0.05 * rng.standard_normal(people))
        assert lose(other / other.sum()) > lose(share)


def test_days_are_counted_by_date(gappy):
    """Shifted by rows instead of dates the design would differ: seven days are missing."""
    y, _ = lay_design(gappy, "pain", "stress", 1)
    assert tell(gappy, "pain", "stress", 1)["n_days"] == len(y)
    assert len(y) < len(gappy.days) - 1


@pytest.mark.parametrize("by", ["person", "pooled"])
def test_a_perfect_correlation_is_told(journal_of, by):
    """The outcome is the trigger of the day before: one person alone, asked as a group, has no infinite z."""
    stress = np.random.default_rng(2).integers(0, 9, (1, 60)).astype(float)
    journal = journal_of({"twitches": np.roll(stress, 1, axis=1), "stress": stress})
    row = tw.correlate_triggers(journal, triggers="stress", lags=1, by=by, trend="none", weekday=False).iloc[0]
    assert row["estimate"] == pytest.approx(1)
    assert row["ci_lower"] > 0.999
    assert row["p_value"] < 1e-6


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
