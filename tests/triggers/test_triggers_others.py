"""Risks by hand, groups, directions, and effects spread over days."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

import twitchstats as tw
from twitchstats.panel import build_panel
from twitchstats.simulate.processes import simulate_process
from twitchstats.triggers.blocks import ZERO
from twitchstats.triggers.cautions import _is_beside
from twitchstats.triggers.directions import READINGS, _read_pairs
from twitchstats.triggers.engine import Options, score_panel
from twitchstats.triggers.families import choose_family
from twitchstats.triggers.rows import describe_people, pool_people


def drift(rng, shape, memory=0.7):
    noise = rng.standard_normal(shape)
    series = np.zeros(shape)
    series[..., 0] = noise[..., 0]
    for day in range(1, shape[-1]):
        series[..., day] = memory * series[..., day - 1] + np.sqrt(1 - memory**2) * noise[..., day]
    return series


def rows_of(frame):
    return frame.set_index(["trigger", "exposure"])


def test_risks_of_one_person_by_hand(journal_of):
    """Heat on 4 days, twitching on 3 of them; without it on 2 of 6; a day without heat's value counts nowhere.

    Eleven days are six stretches, of those without heat three: 0, 1 and 1 of 2 days, so that the error is 1/6, on the
    logit scale (1/6) / (2/9) = 3/4 with 2 degrees of freedom.
    """
    journal = journal_of(
        {"twitches": [5, 1, 2, 0, 0, 0, 3, 0, 4, 0, 9], "heat": [1, 1, 1, 1, 0, 0, 0, 0, 0, 0, np.nan]}
    )
    rows = rows_of(tw.estimate_risks(journal))
    assert rows.loc[("heat", "with"), ["n_people", "n_days", "n_events", "estimate"]].to_list() == [1, 4, 3, 0.75]
    assert rows.loc[("heat", "without"), ["n_days", "n_events"]].to_list() == [6, 2]
    ends = special.expit(np.log(1 / 2) + stats.t.ppf([0.025, 0.975], 2) * 3 / 4)
    found = rows.loc[("heat", "without"), ["estimate", "ci_lower", "ci_upper"]].to_list()
    assert found == pytest.approx([1 / 3, *ends])
    assert len(rows) == 2  # "any of these" needs several


def test_risks_of_several_people_count_people_as_independent(journal_of):
    """The ratio estimator's variance (CR2) and degrees of freedom from people's totals, on the logit scale."""
    events, days = np.array([2, 5, 1]), np.array([10, 10, 8])
    heat = np.zeros((3, 20))
    sore = np.zeros((3, 20))
    for person in range(3):
        heat[person, : days[person]] = 1
        sore[person, : events[person]] = 1
    rows = rows_of(tw.estimate_risks(journal_of({"sore": sore, "heat": heat}, outcome="sore")))
    share = 8 / 28
    weight = days / 28
    variance = np.sum((events - share * days) ** 2 / (1 - weight)) / 28**2
    taken = np.eye(3) - weight
    matrix = taken @ np.diag(1 / (1 - weight)) @ taken.T * weight
    df = np.trace(matrix) ** 2 / np.trace(matrix @ matrix)
    half = stats.t.ppf(0.975, df) * np.sqrt(variance) / (share * (1 - share))
    logit = np.log(share / (1 - share))
    expected = [share, *(1 / (1 + np.exp(-(logit + sign * half))) for sign in (-1, 1))]
    assert rows.loc[("heat", "with"), ["estimate", "ci_lower", "ci_upper"]].to_list() == pytest.approx(expected)
    nothing = rows.loc[("heat", "without")]
    assert [nothing["estimate"], nothing["ci_lower"]] == pytest.approx([0.0, 0.0], abs=1e-12)
    assert 0 < nothing["ci_upper"] < 1


def test_risks_of_two_people_alike_by_chance_are_no_certainty(journal_of):
    """Five of ten days each: no variance between them, so that Wilson's interval of twenty days is told."""
    sore = np.tile([1.0] * 5 + [0.0] * 5, (2, 1))
    row = rows_of(tw.estimate_risks(journal_of({"sore": sore, "heat": np.ones((2, 10))}, outcome="sore")))
    wilson = stats.binomtest(10, 20).proportion_ci(method="wilson")
    assert row.loc[("heat", "with"), ["ci_lower", "ci_upper"]].to_list() == pytest.approx([wilson.low, wilson.high])


def test_risks_of_forty_days_say_more_than_those_of_two_weeks(journal_of):
    """Of white days, half of them with the outcome: a width of .44 (.92 with stretches of three weeks; 14 days .7)."""
    sore = np.random.default_rng(2).random((100, 40)) < 0.5
    rows = [
        rows_of(tw.estimate_risks(journal_of({"sore": one, "heat": np.zeros(40)}, outcome="sore"))).iloc[1]
        for one in sore
    ]
    assert np.median([row["ci_upper"] - row["ci_lower"] for row in rows]) < 0.45
    assert np.mean([row["ci_lower"] <= 0.5 <= row["ci_upper"] for row in rows]) >= 0.91


@pytest.mark.slow
def test_risks_hold_where_one_person_has_most_of_the_days(journal_of):
    """Five people, one with ten times the days, who differ: of 200 intervals .91 to .99 hold (.76 by Cochran's)."""
    rng = np.random.default_rng(3)
    odds = rng.normal(-0.5, 0.6, (200, 5))
    truth = special.expit(rng.normal(-0.5, 0.6, 200_000)).mean()
    held = 0
    known = np.ones((5, 550), dtype=bool)
    known[1:, 55:] = False
    empty = np.where(known, np.arange(550) % 2, np.nan)
    journal = journal_of({"sore": empty, "heat": empty}, outcome="sore")
    for person in odds:
        sore = rng.random((5, 550)) < special.expit(person)[:, None]
        heat = rng.random((5, 550)) < 0.3
        days = journal.days.assign(sore=sore[known].astype(float), heat=heat[known].astype(float))
        row = rows_of(tw.estimate_risks(replace(journal, days=days))).loc["heat", "without"]
        held += row["ci_lower"] <= truth <= row["ci_upper"]
    assert 0.91 * 200 <= held <= 0.99 * 200


def test_risks_of_any_of_several_triggers(journal_of):
    journal = journal_of({"twitches": [1, 1, 0, 0, 1], "heat": [1, 0, 0, 0, 0], "cold": [0, 1, 0, 1, 0]})
    rows = rows_of(tw.estimate_risks(journal))
    assert rows.loc[("any of these", "with"), ["n_days", "n_events"]].to_list() == [3, 2]
    assert rows.loc[("any of these", "without"), ["n_days", "n_events"]].to_list() == [2, 1]


def test_a_trigger_on_every_day_leaves_no_days_without(journal_of):
    rows = rows_of(tw.estimate_risks(journal_of({"twitches": [0, 1, 2], "heat": [1, 1, 1]})))
    assert rows.loc[("heat", "without"), ["n_days", "reason"]].to_list() == [0, "too few days"]
    assert np.isnan(rows.loc[("heat", "without"), "estimate"])


@pytest.fixture
def nights(journal_of):
    """Three people: hours asleep, in bed and a rating of one night; coffee on its own; drinks that follow nothing."""
    rng = np.random.default_rng(6)
    shape = (3, 90)
    sleep = np.clip(rng.normal(7, 1, shape), 3, 11)
    return journal_of(
        {
            "twitches": rng.poisson(np.exp(1 - 0.25 * (sleep - 7))),
            "sleep": sleep,
            "time_in_bed": sleep + rng.normal(0.6, 0.1, shape),
            "sleep_quality": np.clip(np.rint(1.2 * sleep - 3 + rng.normal(0, 0.3, shape)), 0, 10),
            "caffeine": 50.0 * rng.integers(0, 6, shape),
        }
    )


def test_one_thing_measured_three_ways_is_one_group(nights):
    groups = tw.group_triggers(nights).set_index("trigger")
    assert len(set(groups.loc[["sleep", "sleep_quality", "time_in_bed"], "group"])) == 1
    assert groups["n_members"].to_dict() == {"sleep": 3, "sleep_quality": 3, "time_in_bed": 3, "caffeine": 1}
    assert np.isnan(groups.loc["caffeine", "closeness"])
    assert groups.loc["sleep", "closeness"] > 0.95


def test_the_strongest_member_leads_and_none_is_hidden(nights):
    effects = tw.estimate_effects(nights, lags=0)
    groups = tw.group_triggers(nights, effects=effects)
    strongest = effects.set_index("trigger")["p_value"].drop("caffeine").idxmin()
    leader = groups[groups["leader"] & (groups["n_members"] == 3)]
    assert list(leader["trigger"]) == [strongest]
    assert len(groups) == 4
    assert groups["group"].is_monotonic_increasing


def test_groups_fall_apart_above_the_threshold(nights):
    assert tw.group_triggers(nights, threshold=1.0)["n_members"].eq(1).all()


@pytest.fixture
def both_ways(journal_of):
    """20 people, 120 days: stress follows yesterday's twitching; twitching follows yesterday's caffeine."""
    rng = np.random.default_rng(11)
    shape = (20, 120)
    caffeine = np.clip(200 + 80 * drift(rng, shape), 0, 600)
    twitches = np.zeros(shape)
    stress = np.zeros(shape)
    for day in range(shape[1]):
        before = caffeine[:, day - 1] - 200 if day else 0.0
        twitches[:, day] = rng.poisson(np.exp(1.2 + 0.004 * before))
        worry = np.log1p(twitches[:, day - 1]) if day else 1.0
        stress[:, day] = np.clip(np.rint(2 + 1.5 * worry + rng.standard_normal(20)), 0, 10)
    fluid = np.round(2 + 0.5 * np.abs(drift(rng, shape)), 1)
    return journal_of({"twitches": twitches, "stress": stress, "caffeine": caffeine, "fluid": fluid})


def test_which_way_round_is_found(both_ways):
    frame = tw.compare_directions(both_ways)
    readings = frame.drop_duplicates("trigger").set_index("trigger")["reading"].to_dict()
    assert readings == {
        "caffeine": "the trigger comes first",
        "stress": "the outcome comes first",
        "fluid": "neither shown",
    }
    assert list(frame["direction"]) == ["forward", "reverse"] * 3
    assert frame["estimate"].between(-1, 1).all()


def test_one_shown_way_is_not_read_as_both():
    """Shown or not forward and back, and whether they differ: each has its own reading."""
    cases = [(0.01, 0.5, 0.5), (0.5, 0.01, 0.5), (0.01, 0.01, 0.5), (0.01, 0.5, 0.01), (0.5, 0.01, 0.01), (0.5,) * 3]
    rows = [
        {"p_adjusted": p, "p_difference": differ, "estimate": 0.3 if p < 0.05 else 0.1, "reason": ""}
        for forward, reverse, differ in cases
        for p in (forward, reverse)
    ]
    assert list(_read_pairs(pd.DataFrame(rows), 0.05)[::2]) == [READINGS[place] for place in (3, 3, 2, 0, 1, 4)]


def spread_effects(journal_of, memory):
    """60 people, 150 days: 100 mg of caffeine act by .10 on the day, .08 a day later, .06 two days later."""
    rng = np.random.default_rng(21)
    shape = (60, 152)
    caffeine = np.clip(300 + 100 * drift(rng, shape, memory), 0, 900)
    log_rate = 1.0 + sum(
        effect * (caffeine[:, 2 - lag : 152 - lag] - 300) / 100 for lag, effect in enumerate((0.10, 0.08, 0.06))
    )
    return journal_of({"twitches": rng.poisson(np.exp(log_rate)), "caffeine": caffeine[:, 2:]})


@pytest.mark.parametrize("memory", [0.0, 0.5])
def test_the_cumulative_effect_is_the_sum_of_what_was_planted(journal_of, memory):
    """Planted sum .24; the straight line over the days holds exactly here; within 3 standard errors and .02."""
    spread = spread_effects(journal_of, memory)
    row = tw.estimate_cumulative_effects(spread, days=3, trend="linear").iloc[0]
    se = (np.log(row["ci_upper"]) - np.log(row["ci_lower"])) / (2 * stats.t.ppf(0.975, 59))
    assert se < 0.02
    assert np.log(row["estimate"]) == pytest.approx(0.24, abs=3 * se + 0.005)
    assert row["ci_lower"] > 1
    assert row[["days", "lag"]].to_list() == [3, 0]
    if not memory:  # else what today's caffeine owes to yesterday's counts as well
        later = tw.estimate_cumulative_effects(spread, days=2, first_lag=1, trend="linear").iloc[0]
        assert np.log(later["estimate"]) == pytest.approx(0.14, abs=3 * se + 0.01)


def test_total_effects_are_each_days_own(journal_of):
    """Caffeine without memory: then a day's news reaches the outcome in no other way."""
    frame = tw.estimate_effects(spread_effects(journal_of, 0.0), lags=(0, 1, 2, 3), effect="total")
    se = (np.log(frame["ci_upper"]) - np.log(frame["ci_lower"])) / (2 * stats.t.ppf(0.975, 59))
    miss = np.log(frame["estimate"]) - [0.10, 0.08, 0.06, 0.0]
    assert (miss.abs() < 3 * se + 0.005).all()
    assert frame["p_value"].iloc[:3].max() < 0.05


def test_what_reaches_today_through_yesterdays_outcome_counts(journal_of):
    """The trigger acts on its day by .3, each count on the next day's by .5: both questions find it a day later."""
    rng = np.random.default_rng(31)
    shape = (60, 150)
    caffeine = 100.0 * rng.integers(0, 4, shape)
    twitches = np.zeros(shape)
    for day in range(shape[1]):
        before = np.log1p(twitches[:, day - 1]) if day else 1.0
        twitches[:, day] = rng.poisson(np.exp(0.2 + 0.5 * before + 0.3 * caffeine[:, day] / 100 - 0.45))
    journal = journal_of({"twitches": twitches, "caffeine": caffeine})
    for effect in ("total", "that day"):
        found = tw.estimate_effects(journal, lags=(0, 1), effect=effect).set_index("lag")["estimate"]
        assert found[0] == pytest.approx(np.exp(0.3), rel=0.03)
        assert found[1] > 1.05


def test_persistence_belongs_to_the_total_and_not_to_that_day(journal_of):
    """An effect of .3 on the same day, memory .7: the trigger's news reaches the next day by .21 through itself."""
    rng = np.random.default_rng(32)
    caffeine = 300 + 80 * drift(rng, (60, 200), 0.7)
    twitches = rng.poisson(np.exp(1 + 0.3 * (caffeine - 300) / 100))
    journal = journal_of({"twitches": twitches, "caffeine": caffeine})
    total, that_day = (
        np.log(tw.estimate_effects(journal, lags=(0, 1), effect=effect).set_index("lag")["estimate"])
        for effect in ("total", "that day")
    )
    assert that_day.to_list() == pytest.approx([0.3, 0.0], abs=0.03)
    assert total[0] == pytest.approx(0.3, abs=0.03)
    assert 0.14 < total[1] < 0.24  # a trend makes memory look shorter than it is, and so what goes by way of it


def test_a_person_copying_days_counts_them_once(journal_of):
    """Every second day is a copy of the day before: half of the days are left, and the finding says so."""
    rng = np.random.default_rng(33)
    stress = rng.normal(5, 2, 120).round(2)
    twitches = rng.poisson(np.exp(1 + 0.25 * (stress - 5)))
    copied = {name: np.repeat(values[::2], 2) for name, values in (("twitches", twitches), ("stress", stress))}
    honest, copying = (
        tw.estimate_effects(journal_of(columns), triggers="stress", lags=0).iloc[0]
        for columns in ({"twitches": twitches, "stress": stress}, copied)
    )
    assert honest["n_days"] - copying["n_days"] == pytest.approx(59, abs=2)
    assert honest["caution"] == ""
    assert "days filled in together count once" in copying["caution"]


def test_a_strong_effect_of_many_people_needs_no_caution():
    """An effect leaks into the days around it; the trigger three days later is asked given the day itself."""
    journal, _ = simulate_process("effect on the same day", people=200, days=120, seed=3)
    rows = tw.estimate_effects(journal, lags=(0, 1)).set_index("lag")
    assert rows.loc[0, "p_value"] < 1e-20
    assert rows.loc[0, "caution"] == ""
    assert rows.loc[1, "p_value"] > 0.05


def test_what_the_outcome_does_to_the_trigger_is_told():
    """Twitching brings the trigger of the next day: whatever is found in large groups carries its caution."""
    journal, _ = simulate_process("feedback", people=200, days=120, seed=3)
    found = tw.estimate_effects(journal).query("p_value < 0.05")
    assert found["caution"].str.contains("the outcome foretells the trigger as well").all()


def test_what_a_lasting_trigger_does_is_no_foretelling(journal_of):
    """Stress lasts and acts on its day, so on the next too: of 8 groups' findings at most 2 look the other way round.

    With the days of the trigger in models of their own more than half did.
    """
    rng = np.random.default_rng(41)
    cautions = []
    for _ in range(8):
        stress = drift(rng, (20, 120), 0.85) * 1.9
        fatigue = drift(rng, (20, 120), 0.8) * 1.7 + 0.25 * stress
        rows = tw.estimate_effects(
            journal_of({"fatigue": fatigue + 9, "stress": stress + 9}, outcome="fatigue"), lags=[1, 2]
        )
        cautions += rows.loc[rows["p_value"] < 0.05, "caution"].to_list()
    assert len(cautions) > 12
    assert sum("foretells" in caution for caution in cautions) <= 2


def test_risks_of_one_person_count_stretches_of_days(journal_of):
    """Cochran (1977) over six stretches of 21 days: 126 days, on the logit scale with 5 df."""
    rng = np.random.default_rng(34)
    sore = np.repeat(rng.random(18) < 0.4, 7).astype(float)
    row = rows_of(tw.estimate_risks(journal_of({"sore": sore, "heat": np.ones(126)}, outcome="sore"))).loc[
        ("heat", "with")
    ]
    events, days, share = sore.reshape(6, 21).sum(1), 21, sore.mean()
    variance = 6 / 5 * ((events - share * days) ** 2).sum() / 126**2
    half = stats.t.ppf(0.975, 5) * np.sqrt(variance) / (share * (1 - share))
    ends = 1 / (1 + np.exp(-(np.log(share / (1 - share)) + np.array([-half, half]))))
    assert row[["ci_lower", "ci_upper"]].to_numpy(float) == pytest.approx(ends)


def test_directions_of_a_common_cause_are_not_told_apart(journal_of):
    """One hidden state drives both sides: a definite direction in at most 5 % of 60 diaries, and noise."""
    rng = np.random.default_rng(35)
    hidden = drift(rng, (60, 150), 0.8)
    stress, fatigue = (hidden + 0.7 * rng.standard_normal(hidden.shape) for _ in range(2))
    readings = [
        tw.compare_directions(journal_of({"fatigue": fatigue[person] + 5, "stress": stress[person] + 5},
                                         outcome="fatigue")).loc[0, "reading"]
        for person in range(60)
    ]  # fmt: skip
    assert sum(reading.endswith("comes first") for reading in readings) <= 6


def test_triggers_that_only_drift_are_no_group(journal_of):
    """Of 20 sets of six random walks over 90 days at most 2 have a group (the ranks alone made .84 of ten such one)."""
    rng = np.random.default_rng(38)
    linked = 0
    for _ in range(20):
        walks = np.cumsum(rng.standard_normal((6, 90)), axis=1)
        columns = {f"own_{place}": walk for place, walk in enumerate(walks)}
        linked += tw.group_triggers(journal_of({"twitches": np.ones(90)} | columns))["n_members"].max() > 1
    assert linked <= 2


@pytest.mark.slow
def test_directions_equally_strong_and_opposite_are_not_told_apart(journal_of):
    """A pill that helps and is taken on bad days: a definite direction in at most 5 % of 80 diaries, and noise.

    Their difference told one in .86 of 200.
    """
    rng = np.random.default_rng(36)
    pill, pain = (np.zeros((80, 120)) for _ in range(2))
    for day in range(1, 120):
        pill[:, day] = 0.3 * pill[:, day - 1] + 0.3 * pain[:, day - 1] + rng.standard_normal(80)
        pain[:, day] = 0.3 * pain[:, day - 1] - 0.3 * pill[:, day - 1] + rng.standard_normal(80)
    frames = [
        tw.compare_directions(journal_of({"pain_rating": pain[person] + 9, "pill": pill[person] + 9},
                                         outcome="pain_rating"))
        for person in range(80)
    ]  # fmt: skip
    readings = pd.Series([frame.loc[0, "reading"] for frame in frames])
    assert readings.str.endswith("comes first").sum() <= 8
    assert readings.isin(READINGS[2:4]).mean() > 0.6


@pytest.mark.slow
@pytest.mark.parametrize("days", [10, 14])
def test_a_long_window_tells_what_its_first_days_do(days):
    """An effect of .15 on each of three days, a window of two weeks: .45, of which a straight line made 1.6.

    A fine trend leaves little of the window's mean. 150 diaries of a year: .88 to .98 of the intervals hold .45 (.53).
    """
    rng = np.random.default_rng(37)
    x = rng.standard_normal((150, 380))
    acting = 0.15 * sum(np.roll(x, lag, axis=1) for lag in range(3))
    y = rng.poisson(3 * np.exp(acting + 0.5 * drift(rng, x.shape)))
    table = pd.DataFrame({
        "person": np.repeat([f"p{number:03d}" for number in range(150)], 365),
        "date": np.tile(pd.date_range("2025-01-06", periods=365), 150),
        "twitches": y[:, 15:].ravel(), "worry": x[:, 15:].ravel(),
    })  # fmt: skip
    rows = tw.estimate_cumulative_effects(tw.read_journal(table), days=days, by="person")
    truth = np.exp(0.45 * rows["step"])
    assert 0.88 <= ((rows["ci_lower"] <= truth) & (truth <= rows["ci_upper"])).mean() <= 0.99
    assert np.log(rows["estimate"]).median() / 0.45 == pytest.approx(1.0, abs=0.5)


def test_a_caution_does_not_depend_on_who_and_what_else_is_told():
    journal, _ = simulate_process("four-week cycle", people=30, days=90, seed=11)
    everyone = tw.estimate_effects(journal, lags=(0, 1, 2), by="person")
    assert everyone["caution"].ne("").any()
    for person in everyone.loc[everyone["caution"].ne(""), "person"].unique()[:3]:
        alone = tw.read_journal(journal.days.loc[[person]].reset_index())
        rows = tw.estimate_effects(alone, lags=(0, 1, 2), by="person")
        assert list(rows["caution"]) == list(everyone.loc[everyone["person"] == person, "caution"])


@pytest.mark.parametrize("world", ["autocorrelated .8", "rating"])
def test_a_late_effect_leans_no_earlier_lag(world):
    """An effect five days later, of a trigger that lasts: given back, whichever lags are asked.

    Before it was, 60 people found the opposite of .36 of it at shorter lags (28 standard errors over the five).
    """
    journal, _ = simulate_process(world, people=60, days=120, effect=0.4, lag=5, seed=7)
    rows = tw.estimate_effects(journal, lags=(0, 1, 2, 3, 4, 5)).set_index("lag")
    assert rows.loc[5, "p_value"] < 1e-9
    assert rows.loc[5, "caution"] == ""
    estimate = rows["estimate"] if world == "rating" else np.log(rows["estimate"])
    assert estimate[:5].mean() == pytest.approx(0.0, abs=0.1 * 0.4)
    assert (rows.loc[:4, "p_value"] > 0.001).all()
    fewer = tw.estimate_effects(journal, lags=1)
    assert fewer.loc[0, "estimate"] == pytest.approx(rows.loc[1, "estimate"])


def test_the_opposite_of_a_stronger_effect_at_another_lag_carries_its_caution():
    frame = pd.DataFrame({"person": "pooled", "trigger": ["a", "a", "a", "b"], "estimate": [0.5, -0.2, 0.1, -0.3]})
    assert list(_is_beside(frame)) == [False, True, True, False]


@pytest.mark.slow
def test_a_trigger_that_answers_to_the_week_before_carries_its_caution():
    """Taken after bad days three and more days ago: by groups of 20 found far too often, and told in most cases.

    Of one person in .05 to .09 of rows (.17 to .22 while each lasting outcome had a fine trend).
    """
    rng = np.random.default_rng(5)
    people, days = 120, 120
    outcome = rng.poisson(np.exp(1 + 0.6 * drift(rng, (people, days + 10), 0.9)))
    trigger = 1.5 * np.roll(np.log1p(outcome), 4, axis=1) + 0.6 * rng.standard_normal(outcome.shape)
    table = pd.DataFrame(
        {
            "person": np.repeat([f"p{number:03d}" for number in range(people)], days),
            "date": np.tile(pd.date_range("2025-01-06", periods=days), people),
            "twitches": outcome[:, 10:].ravel(),
            "worry": trigger[:, 10:].ravel(),
        }
    )
    journal = tw.read_journal(table)
    rows = tw.estimate_effects(journal, by="person", lags=(0, 1, 2)).query("p_value < 0.05")
    assert len(rows) <= 0.1 * 3 * people
    assert rows["caution"].str.contains("foretells").mean() > 0.65
    groups = [table[table["person"].between(f"p{first:03d}", f"p{first + 19:03d}")] for first in range(0, people, 20)]
    found = pd.concat([tw.estimate_effects(tw.read_journal(some), lags=0) for some in groups]).query("p_value < 0.05")
    assert len(found) == len(groups)
    assert found["caution"].str.contains("foretells").mean() > 0.8


def test_whether_anyone_reacts_is_asked_with_errors_of_hc3():
    """HC3 is HC2 over days left by days where all have the same leverage (Long and Ervin 2000); half of that added up.

    Humps of two weeks, in which nobody reacts, were found in .07 to .16 of groups of 20.
    """
    journal, _ = simulate_process("flares of two weeks", people=5, days=120, seed=1)
    options = Options(pooled=True)
    scores = score_panel(build_panel(journal), "twitches", ["trigger_1"], [1], family=choose_family("count"),
                         options=options)  # fmt: skip
    own = scores.select(np.s_[:, 0, 0])
    t = own.curve[:, ZERO] / own.spread[:, ZERO] * np.sqrt(own.df / own.n)
    z = stats.norm.isf(stats.t.sf(np.abs(t), own.trust))
    assert np.abs(describe_people(own)["z"]) == pytest.approx(z, rel=1e-6)
    assert pool_people(scores, np.ones(1))["p_anyone"][0] == pytest.approx(stats.chi2.sf((z**2).sum(), 5), rel=1e-6)
