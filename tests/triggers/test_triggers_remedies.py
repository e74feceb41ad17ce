"""Remedies and doses: the engine against statsmodels, and against processes whose truth is known."""

import re

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from twitchstats.errors import OptionError, UnknownNameError
from twitchstats.panel import Panel, build_panel, shift_days
from twitchstats.triggers import compare_dose_shapes, estimate_effects, estimate_remedy_effects
from twitchstats.triggers.engine import Options, find_older, score_columns
from twitchstats.triggers.families import FAMILIES
from twitchstats.triggers.rows import list_people, put_on_scale


def simulate_remedy(people, days, *, effect, seed, reaction=1.5, lag=1, same_day=False):
    """Twitches drift (AR(1) of .7); a remedy is taken after, or on, bad days and acts on the log mean."""
    rng = np.random.default_rng(seed)
    y, x = np.zeros((people, days)), np.zeros((people, days))
    drift = np.zeros(people)
    for day in range(days):
        drift = 0.7 * drift + 0.5 * np.sqrt(1 - 0.49) * rng.standard_normal(people)
        gone = x[:, day - lag] if day >= lag else np.zeros(people)
        mean = np.exp(1.5 + drift + effect * gone)
        y[:, day] = rng.poisson(mean * rng.gamma(5, 1 / 5, people))
        felt = y[:, day] if same_day else y[:, max(day - 1, 0)]
        x[:, day] = rng.random(people) < 1 / (1 + np.exp(1.5 - reaction * (np.log1p(felt) - 1.5)))
        if lag == 0:
            y[:, day] = rng.poisson(np.exp(1.5 + drift + effect * x[:, day]) * rng.gamma(5, 1 / 5, people))
    return {"twitches": y, "heat": x}


def follow_day(journal, **options):
    """Estimate what a remedy does on the day after it alone."""
    return estimate_remedy_effects(journal, **({"lag": 1, "days": 1} | options))


def lay_out_panel(values):
    days = values.shape[1]
    weekday = np.broadcast_to(np.arange(days) % 7, values.shape)
    return Panel(
        pd.Index([f"P{i}" for i in range(len(values))]),
        ("y",),
        values[None],
        weekday,
        True,
        np.zeros(values.shape, bool),
    )


def test_given_columns_agree_with_statsmodels():
    """Least squares with a straight trend, weekdays, one column in every model and one beside: OLS of statsmodels."""
    rng = np.random.default_rng(5)
    y, x, shared, own = rng.normal(size=(4, 1, 60))
    x[0, [5, 6, 30]] = np.nan
    scores = score_columns(
        lay_out_panel(y), y, x[None], family=FAMILIES["amount"], adjust=[shared], beside=own[None, None],
        options=Options(trend="linear"),
    )  # fmt: skip
    weekdays = np.stack([np.arange(60) % 7 == day for day in range(1, 7)], axis=1).astype(float)
    design = np.column_stack([x[0], np.ones(60), weekdays, np.arange(60), shared[0], own[0]])
    known = np.isfinite(x[0])
    model = sm.OLS(y[0][known], design[known]).fit(cov_type="HC2")
    row = list_people(scores, np.ones(1)).iloc[0]
    assert row["estimate"] == pytest.approx(model.params[0], rel=1e-6)
    half = (row["ci_upper"] - row["ci_lower"]) / 2
    # HC2, drawn towards the same for equal variances where smaller: 4 days beside those that tell something
    news = sm.OLS(design[known, 0], design[known, 1:]).fit().resid
    usual = (model.resid**2 / (1 - model.get_influence().hat_matrix_diag)).mean() / (news**2).sum()
    days = min(model.df_resid, (news**2).sum() ** 2 / (news**4).sum())
    error = np.sqrt(max(model.bse[0] ** 2, (days * model.bse[0] ** 2 + 4 * usual) / (days + 4)))
    assert half == pytest.approx(stats.t.ppf(0.975, scores.trust.item()) * error, rel=1e-6)
    assert (scores.df.item(), scores.n.item()) == (model.df_resid, 57)


def test_given_columns_are_the_engine_of_effects(journal_of):
    """The columns of a lag 1 effect, given by hand, return what estimate_effects tells."""
    journal = journal_of(simulate_remedy(3, 90, effect=-0.3, seed=6))
    panel = build_panel(journal, variables=["twitches", "heat"])
    y, heat = panel.get("twitches"), panel.get("heat")
    scores = score_columns(
        panel, y, shift_days(heat, 2)[None], family=FAMILIES["count"], adjust=find_older(np.log1p(y), 3),
        beside=np.stack(find_older(heat, 3))[None], options=Options(trend="linear"),
    )  # fmt: skip
    told = put_on_scale(list_people(scores, np.ones(1)), "rate ratio")
    table = estimate_effects(journal, triggers="heat", lags=2, by="person", effect="that day", trend="linear")
    for name in ("estimate", "ci_lower", "ci_upper", "p_value"):
        assert told[name].to_numpy() == pytest.approx(table[name].to_numpy(), rel=1e-9)


def test_naive_is_fooled_and_the_estimate_is_not(journal_of):
    """No effect at all, but the remedy follows bad days: before and after shows an improvement."""
    journal = journal_of(simulate_remedy(40, 150, effect=0.0, seed=11, reaction=2))
    row = follow_day(journal, remedies=["heat"]).iloc[0]
    assert row["naive"] < 0.9
    assert row["ci_lower"] < 1 < row["ci_upper"]
    assert row["estimate"] == pytest.approx(1.0, abs=0.06)


@pytest.mark.parametrize("lag", [0, 1])
def test_a_planted_effect_comes_back(journal_of, lag):
    journal = journal_of(simulate_remedy(60, 150, effect=np.log(0.7), seed=3, lag=lag))
    row = follow_day(journal, remedies=["heat"], lag=lag).iloc[0]
    assert row["estimate"] == pytest.approx(0.7, abs=0.06)
    assert row["p_value"] < 1e-6
    assert row["order"] == ("forward" if lag else "same time")
    assert (row["n_people"], row["measure"], row["reason"]) == (60, "rate ratio", "")


@pytest.mark.slow
@pytest.mark.parametrize("same_day", [False, True])
def test_size_for_one_person(journal_of, same_day):
    """1,000 diaries of 100 days with a useless remedy on or after bad days: 5 % within .03 and .065."""
    journal = journal_of(simulate_remedy(1000, 100, effect=0.0, seed=5, same_day=same_day))
    p_values = follow_day(journal, remedies=["heat"], by="person")["p_value"].dropna()
    assert len(p_values) > 990
    assert 0.03 <= (p_values < 0.05).mean() <= 0.065


@pytest.mark.slow
def test_size_when_a_useless_remedy_follows_bad_days(journal_of):
    """200 journals of 8 people x 100 days, remedy on or after bad days: 5 % and 3.2 standard errors are 10 %."""
    hits = 0
    for seed in range(200):
        journal = journal_of(simulate_remedy(8, 100, effect=0.0, seed=1000 + seed, same_day=seed % 2 == 0))
        hits += follow_day(journal, remedies=["heat"])["p_value"].iloc[0] < 0.05
    assert hits / 200 <= 0.10


def test_by_person_and_pooled_agree_for_one_person(journal_of):
    journal = journal_of(simulate_remedy(1, 200, effect=np.log(0.5), seed=1))
    pooled, own = (follow_day(journal, remedies=["heat"], by=by).iloc[0] for by in ("pooled", "person"))
    assert own["person"] == "P0000"
    assert pooled["estimate"] == own["estimate"]
    assert own["n_people"] == 1


def test_reasons_instead_of_silence(journal_of):
    columns = simulate_remedy(3, 60, effect=0.0, seed=1)
    never = np.zeros_like(columns["heat"])
    assert follow_day(journal_of(columns | {"heat": never}))["reason"].tolist() == ["no variation"]
    short = {name: values[:, :15] for name, values in columns.items()}
    assert follow_day(journal_of(short))["reason"].tolist() == ["too few days with and without it"]


def test_lags_go_by_date_over_gaps(journal_of):
    """A reported day after a gap has no yesterday: it can't tell of the remedy taken two rows above."""
    columns = simulate_remedy(1, 120, effect=0.0, seed=2)
    gap = {name: values.copy() for name, values in columns.items()}
    for values in gap.values():
        values[:, 60:64] = np.nan
    full = follow_day(journal_of(columns))["n_days"].iloc[0]
    # days 60 to 63 are missing, 64 lacks yesterday, 65 the day before that
    assert follow_day(journal_of(gap))["n_days"].iloc[0] == full - 6


def test_order_of_rows_and_columns_changes_nothing(journal_of):
    journal = journal_of(simulate_remedy(4, 80, effect=-0.3, seed=8))
    shuffled = journal.days.sample(frac=1, random_state=1)[::-1][["heat", "twitches"]]
    other = type(journal)(**(vars(journal) | {"days": shuffled}))
    first, second = follow_day(journal), follow_day(other)
    assert first.round(12).equals(second.round(12))


def test_remedy_errors(journal_of):
    journal = journal_of(simulate_remedy(2, 40, effect=0.0, seed=1))
    with pytest.raises(UnknownNameError, match=re.escape("No trigger named 'heet'. Did you mean 'heat'?")):
        estimate_remedy_effects(journal, remedies=["heet"])
    with pytest.raises(OptionError, match=re.escape("lag=-1 is not possible. Give a whole number of at least 0.")):
        estimate_remedy_effects(journal, lag=-1)
    with pytest.raises(OptionError, match=re.escape("days=0 is not possible. Give a whole number of at least 1.")):
        estimate_remedy_effects(journal, days=0)
    unordered = type(journal)(**(vars(journal) | {"calendar": "none"}))
    with pytest.raises(
        OptionError, match=re.escape("lag=0, days=2 is not possible: the journal has no order in time.")
    ):
        estimate_remedy_effects(unordered)
    assert estimate_remedy_effects(unordered, lag=0, days=1)["n_days"].iloc[0] == 80


def test_two_days_together_are_their_sum(journal_of):
    """A remedy that takes a share of its own day and the next takes that share of both together."""
    row = estimate_remedy_effects(journal_of(simulate_remedy(80, 150, effect=np.log(0.7), seed=3, lag=0))).iloc[0]
    alone = follow_day(journal_of(simulate_remedy(80, 150, effect=np.log(0.7), seed=3, lag=0)), lag=0).iloc[0]
    assert alone["estimate"] < row["estimate"] < 0.95  # the next day has less of it
    assert row["order"] == "same time"
    assert row["p_value"] < 1e-3
    assert row["n_days"] == alone["n_days"] - 80  # the last day of each has no next


@pytest.mark.slow
@pytest.mark.parametrize("same_day", [False, True])
def test_two_days_never_make_a_useless_remedy_look_good(journal_of, same_day):
    """1,000 diaries with a useless remedy after bad days: 5 %; on bad days it looks worse, and never better."""
    journal = journal_of(simulate_remedy(1000, 100, effect=0.0, seed=5, same_day=same_day))
    table = estimate_remedy_effects(journal, remedies=["heat"], by="person")
    found = table["p_value"] < 0.05
    assert (found & (table["estimate"] < 1)).mean() <= 0.03 + 0.01
    if not same_day:
        assert 0.03 <= found[table["p_value"].notna()].mean() <= 0.07


def test_days_with_something_else_alone(journal_of):
    """Heat helps on days of overuse only: asked on these days it helps by that much, on the others not at all."""
    columns = simulate_remedy(60, 150, effect=0.0, seed=12)
    rng = np.random.default_rng(1)
    overuse = (rng.random(columns["heat"].shape) < 0.5).astype(float)
    gone = rng.random(columns["heat"].shape) < 0.4 * overuse * columns["heat"]
    columns["twitches"] = np.where(gone, 0.0, columns["twitches"])
    journal = journal_of(columns | {"overuse": overuse})
    there = estimate_remedy_effects(journal, remedies=["heat"], on="overuse", days=1).iloc[0]
    other = journal_of(columns | {"overuse": 1 - overuse})
    elsewhere = estimate_remedy_effects(other, remedies=["heat"], on="overuse", days=1).iloc[0]
    assert there["estimate"] == pytest.approx(0.6, abs=0.08)
    assert elsewhere["ci_lower"] < 1 < elsewhere["ci_upper"]
    assert there["n_days"] + elsewhere["n_days"] < 60 * 150


def simulate_dose(bent: bool, seed: int):
    rng = np.random.default_rng(seed)
    dose = np.round(rng.lognormal(5.6, 0.6, (30, 150)))
    log_mean = 1.0 + (0.25 * np.maximum(dose - 400, 0) / 100 if bent else 0.08 * dose / 100)
    return {"twitches": rng.poisson(np.exp(np.minimum(log_mean, 4.5))).astype(float), "caffeine": dose}


def test_threshold_and_line_are_told_apart(journal_of):
    bent, line = (
        compare_dose_shapes(journal_of(simulate_dose(b, 6)), threshold=400).set_index("shape") for b in (True, False)
    )
    assert bent.loc["bend", "p_value"] < 1e-4
    assert bent.loc["below", "ci_lower"] < 1 < bent.loc["below", "ci_upper"]
    assert bent.loc["above", "estimate"] == pytest.approx(np.exp(0.25), abs=0.06)
    assert line.loc["bend", "ci_lower"] < 1 < line.loc["bend", "ci_upper"]
    assert line.loc["line", "estimate"] == pytest.approx(np.exp(0.08), abs=0.01)
    assert line.loc["over", ["step", "unit"]].tolist() == [1.0, "day"]


def test_dose_needs_days_on_both_sides(journal_of):
    table = compare_dose_shapes(journal_of(simulate_dose(False, 6)), threshold=100_000)
    assert table["reason"].tolist() == ["no variation"] * 5
    assert table["estimate"].isna().all()


def test_dose_errors(journal_of):
    journal = journal_of(simulate_dose(False, 1))
    with pytest.raises(OptionError, match=re.escape("threshold=nan is not possible. Give a number.")):
        compare_dose_shapes(journal, threshold=float("nan"))
    with pytest.raises(UnknownNameError, match=re.escape("No trigger named 'cafffeine'. Did you mean 'caffeine'?")):
        compare_dose_shapes(journal, "cafffeine", threshold=400)


def test_yes_no_and_rating_outcomes_have_their_own_measure(journal_of):
    rng = np.random.default_rng(3)
    taken = (rng.random((10, 120)) < 0.4).astype(float)
    pain = np.clip(np.round(4 - 1.5 * np.roll(taken, 1, axis=1) + rng.normal(size=taken.shape)), 0, 10)
    journal = journal_of({"pain": pain, "heat": taken}, outcome="pain")
    row = follow_day(journal, outcome="pain", remedies=["heat"]).iloc[0]
    assert (row["measure"], row["estimate"]) == ("difference", pytest.approx(-1.5, abs=0.2))
    assert row["naive"] < 0
    awake = (rng.random(taken.shape) < np.where(np.roll(taken, 1, axis=1) > 0, 0.3, 0.6)).astype(float)
    journal = journal_of({"rest": awake, "heat": taken}, outcome="rest")
    row = follow_day(journal, outcome="rest", remedies=["heat"]).iloc[0]
    assert (row["measure"], row["estimate"]) == ("odds ratio", pytest.approx(0.3 / 0.7 / 1.5, rel=0.25))
    assert row["naive"] < 1


def test_alpha_widens_the_interval_and_nothing_else(journal_of):
    journal = journal_of(simulate_remedy(5, 80, effect=-0.3, seed=8))
    usual, wide = (follow_day(journal, remedies=["heat"], alpha=a).iloc[0] for a in (0.05, 0.01))
    assert wide["ci_lower"] < usual["ci_lower"] < usual["ci_upper"] < wide["ci_upper"]
    for name in ("estimate", "ci90_lower", "p_value"):
        assert wide[name] == usual[name]
