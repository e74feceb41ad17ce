"""A simulated journal is what it says it is: each planted feature is counted in what comes out."""

import re

import numpy as np
import pandas as pd
import pytest

import twitchstats as tw
from twitchstats.journal import write_journal
from twitchstats.journal.record import EPISODE_COLUMNS, VARIABLE_COLUMNS
from twitchstats.panel import build_panel
from twitchstats.resources import find_resource
from twitchstats.simulate import load_world
from twitchstats.simulate.cohort import is_simulated

OUTCOMES = {"twitches": "twitch", "cramps": "cramp", "spasms": "spasm"}


@pytest.fixture(scope="module")
def null():
    return tw.simulate_journal(people=60, days=120, world="null", seed=5)[0]


@pytest.fixture(scope="module")
def articles():
    return tw.simulate_journal(people=60, days=120, world="articles", seed=5)


def within(frame, *columns):
    """Return columns centred within the person."""
    table = frame[list(columns)]
    return table - table.groupby("person").transform("mean")


@pytest.mark.parametrize("world", ["articles", "faint", "literature", "null", "demo"])
def test_one_seed_gives_one_journal(world):
    first, truth = tw.simulate_journal(people=4, days=25, world=world, seed=9)
    again, same = tw.simulate_journal(people=4, days=25, world=world, seed=9)
    other, _ = tw.simulate_journal(people=4, days=25, world=world, seed=10)
    for table in ("days", "episodes", "people", "variables", "rejects"):
        pd.testing.assert_frame_equal(getattr(first, table), getattr(again, table))
    pd.testing.assert_frame_equal(truth, same)
    assert not first.days.equals(other.days)


@pytest.mark.parametrize(("people", "days"), [(1, 1), (1, 200), (3, 2), (150, 10)])
def test_any_size_has_the_same_structure(people, days):
    journal, _ = tw.simulate_journal(people=people, days=days, world="articles", seed=2)
    reference, _ = tw.simulate_journal(people=2, days=20, world="null", seed=1)
    assert list(journal.days.columns) == list(reference.days.columns) == list(journal.variables["name"])
    assert list(journal.variables.columns) == VARIABLE_COLUMNS
    assert list(journal.episodes.columns) == EPISODE_COLUMNS
    assert journal.days.dtypes.equals(reference.days.dtypes)
    assert journal.days.index.names == ["person", "date"]
    assert journal.days.index.is_monotonic_increasing
    assert journal.days.index.is_unique
    assert journal.days.index.get_level_values("person").nunique() == people == len(journal.people)
    assert journal.rows_read == len(journal.days) <= people * days
    assert journal.outcome == "twitches"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"world": "moon"},
            "world='moon' is not possible. Choose one of 'articles', 'demo', 'faint', 'literature', 'null'.",
        ),
        ({"people": 0}, "people=0 is not possible. Give a whole number of at least 1."),
        ({"days": 2.5}, "days=2.5 is not possible. Give a whole number of at least 1."),
        ({"people": True}, "people=True is not possible. Give a whole number of at least 1."),
        ({"seed": -1}, "seed=-1 is not possible. Give a whole number of at least 0."),
    ],
)
def test_impossible_options_are_refused(options, message):
    with pytest.raises(tw.OptionError, match=f"^{re.escape(message)}$"):
        tw.simulate_journal(**options)


def test_values_are_plausible_and_written_as_a_person_writes(articles):
    journal, _ = articles
    for row in journal.variables.itertuples():
        values = journal.days[row.name].dropna()
        assert values.between(row.low, row.high).all(), row.name
        np.testing.assert_allclose(values * 10, np.round(values * 10), atol=1e-9)
        if row.kind in ("count", "yes/no"):
            assert (values == np.round(values)).all(), row.name


def test_episodes_agree_with_the_daily_counts(articles):
    journal, _ = articles
    episodes = journal.episodes.assign(date=journal.episodes["start"].dt.floor("D"))
    for outcome, kind in OUTCOMES.items():
        found = episodes[episodes["kind"] == kind].groupby(["person", "date"]).size()
        written = found.reindex(journal.days.index, fill_value=0)
        expected = journal.days[outcome].clip(upper=2)
        np.testing.assert_array_equal(written.to_numpy(float), expected.to_numpy(float))
    assert len(episodes) == sum(journal.days[outcome].clip(upper=2).sum() for outcome in OUTCOMES)
    assert (episodes["duration_s"] > 0).all()
    assert episodes["intensity"].between(1, 10).all()
    assert episodes["pain"].between(0, 10).all()


def test_days_and_episodes_tell_one_story(articles):
    """No intensity without twitches; twitches crowd in the evening and cramps at night, as data/diary.csv says."""
    journal, _ = articles
    rated = journal.days["intensity"].notna()
    assert not rated[journal.days["twitches"].eq(0)].any()
    assert rated[journal.days["twitches"].gt(0)].mean() > 0.95
    assert journal.days["intensity"].min() >= 1
    hours = journal.episodes["start"].dt.hour
    kinds = journal.episodes["kind"]
    # half of them lie around 20 h (within 2 h: 82 % of a normal with SD 1.5 h), the rest evenly over 16 hours
    assert hours[kinds == "twitch"].between(18, 21).mean() == pytest.approx(0.5 * 0.82 + 0.5 * 4 / 16, abs=0.02)
    assert hours[kinds == "cramp"].between(0, 6).mean() == pytest.approx(0.5 * 0.97, abs=0.02)
    assert is_simulated(journal.people)


def test_counts_are_overdispersed_and_drift(null):
    for outcome in ("cramps", "spasms"):
        counts = null.days[outcome].groupby("person")
        assert (counts.var() / counts.mean()).mean() > 1.3
    panel = build_panel(null)
    for outcome in ("twitches", "cramps", "spasms"):
        today, before = np.log1p(panel.get(outcome)), np.log1p(panel.lag(outcome, 1))
        pairs = pd.DataFrame({"today": today.ravel(), "before": before.ravel()})
        pairs = pairs.assign(person=np.repeat(panel.people, today.shape[1])).dropna().set_index("person")
        assert within(pairs, "today", "before").corr().iloc[0, 1] > 0.05


def test_triggers_move_together_and_last(null):
    table = within(null.days, "stress", "anxiety", "sleep", "caffeine", "potassium", "magnesium", "fatigue")
    correlation = table.corr()
    assert correlation.loc["stress", "anxiety"] > 0.15
    assert correlation.loc["stress", "sleep"] < -0.08
    assert correlation.loc["stress", "caffeine"] > 0.05
    assert correlation.loc["fatigue", "stress"] > 0.1
    assert correlation.loc["potassium", "magnesium"] > 0.1
    assert abs(correlation.loc["stress", "magnesium"]) < 0.06
    panel = build_panel(null)
    pairs = pd.DataFrame({"today": panel.get("stress").ravel(), "before": panel.lag("stress", 1).ravel()})
    pairs = pairs.assign(person=np.repeat(panel.people, panel.weekday.shape[1])).dropna().set_index("person")
    assert within(pairs, "today", "before").corr().iloc[0, 1] > 0.15


def test_weekends_differ(null):
    weekend = null.days.index.get_level_values("date").day_of_week >= 5
    table = within(null.days, "stress", "sleep", "alcohol")
    change = table[weekend].mean() - table[~weekend].mean()
    assert change["stress"] < -0.3
    assert change["sleep"] > 0.2
    assert change["alcohol"] > 0.2


def test_marginals_follow_the_published_ones():
    """Caffeine: lognormal between people, mu 4.89, sigma .885 (Fulgoni 2011); sleep 7.85 h, within-person daily SD
    1.26 h (PMC4782764)."""
    days = tw.simulate_journal(people=400, days=30, world="null", seed=3)[0].days
    caffeine = np.log(days["caffeine"].groupby("person").mean())
    assert caffeine.mean() == pytest.approx(4.89, abs=0.15)
    assert caffeine.std() == pytest.approx(0.885, abs=0.12)
    assert days["sleep"].mean() == pytest.approx(7.85, abs=0.1)
    assert within(days, "sleep")["sleep"].std() == pytest.approx(1.26, abs=0.08)


def test_missed_days_come_in_runs_that_grow():
    """79 % of prompts are answered, fewer with the day of the study (Wrzus and Neubauer 2023)."""
    journal, _ = tw.simulate_journal(people=300, days=120, world="null", seed=4)
    dates = journal.days.index.to_frame(index=False)
    assert len(dates) / (300 * 120) == pytest.approx(0.79, abs=0.015)
    date = dates["date"]
    first = date.groupby(dates["person"]).transform("min")
    elapsed = (date - first).dt.days
    early, late = (elapsed < 40).sum(), (elapsed >= 80).sum()
    assert early / late > 1.1
    step = elapsed.groupby(dates["person"]).diff().dropna()
    assert (step[step > 1] - 1).mean() == pytest.approx(2.5, abs=0.15)
    measured = ["stress", "sleep", "caffeine"]
    assert journal.days[measured].isna().to_numpy().mean() == pytest.approx(0.02, abs=0.005)


def test_remedies_follow_bad_days(null):
    panel = build_panel(null)
    before = np.log1p(panel.lag("twitches", 1))
    for remedy in ("heat", "massage", "pain_reliever"):
        starts = (panel.get(remedy) == 1) & (panel.lag(remedy, 1) == 0)
        stays = (panel.get(remedy) == 0) & (panel.lag(remedy, 1) == 0)
        users = np.nansum(panel.get(remedy), axis=1) > 0
        assert np.nanmean(before[users][starts[users]]) > np.nanmean(before[users][stays[users]]) + 0.1


def test_only_women_menstruate_and_few_are_pregnant(articles):
    journal, _ = articles
    men = journal.people.index[journal.people["sex"] == "male"]
    for column in ("menstruation", "pregnancy"):
        assert journal.days.loc[men, column].isna().all()
    bleeding = journal.days.groupby("person")["menstruation"].mean()
    women = journal.people[(journal.people["sex"] == "female") & journal.people["age"].between(15, 50)]
    never_pregnant = women.index[journal.days["pregnancy"].groupby("person").max().reindex(women.index) == 0]
    assert bleeding[never_pregnant].between(0.1, 0.28).all()
    assert (bleeding[journal.people.index[journal.people["age"] > 50]].dropna() == 0).all()


def test_truth_tells_what_is_planted(articles):
    _, truth = articles
    assert list(truth.columns) == [
        "effect", "trigger", "outcome", "among", "lag", "limit", "measure", "estimate", "reference",
        "sd_between_people", "step", "unit", "source", "confidence",
    ]  # fmt: skip
    assert (truth["estimate"] != truth["reference"]).all()
    caffeine = truth[(truth["trigger"] == "caffeine") & (truth["effect"] == "trigger")]
    assert set(caffeine["step"]) == {100.0}
    assert set(caffeine["unit"]) == {"mg"}
    assert (truth["measure"].isin(["rate ratio", "odds ratio", "difference", "share"])).all()


def test_null_world_plants_nothing():
    _, truth = tw.simulate_journal(people=1, days=1, world="null", seed=1)
    assert truth.empty
    world = load_world("null")
    assert (world["size"] == world["reference"]).all()
    assert (world["sd_between_people"] == 0).all()


def test_literature_leaves_magnesium_alone():
    _, truth = tw.simulate_journal(people=1, days=1, world="literature", seed=1)
    assert not truth["trigger"].isin(["magnesium", "caffeine", "potassium", "heat", "tens"]).any()
    diuretic = truth[truth["trigger"] == "diuretic"]
    assert diuretic["estimate"].tolist() == [1.47]  # Garrison 2012


def test_worlds_name_only_what_exists():
    variables = set(tw.load_variables()["name"])
    worlds = pd.read_csv(find_resource("data", "worlds.csv"), keep_default_na=False)["world"].unique()
    assert sorted(worlds) == ["articles", "demo", "faint", "literature", "null"]
    for world in worlds:
        rows = load_world(world)
        assert set(rows["trigger"]) <= variables | {"", "duration_s", "intensity"}
        assert rows["source"].str.len().gt(0).all()
        assert (rows["sd_between_people"] >= 0).all()
        assert not rows.duplicated(["effect", "trigger", "outcome", "among", "lag", "measure"]).any()


def test_what_is_written_is_read_back(tmp_path, articles):
    journal, _ = tw.simulate_journal(people=3, days=30, world="articles", seed=6)
    paths = write_journal(journal, tmp_path / "journal.csv")
    assert [path.name for path in paths] == ["journal.csv", "journal_episodes.csv", "journal_people.csv"]
    again = tw.read_journal(paths[0], episodes=paths[1], people=paths[2])
    assert len(again.rejects) == 0
    pd.testing.assert_frame_equal(again.days[journal.days.columns], journal.days, check_freq=False)
    tables = [table[EPISODE_COLUMNS].sort_values(EPISODE_COLUMNS) for table in (again.episodes, journal.episodes)]
    pd.testing.assert_frame_equal(*[table.reset_index(drop=True) for table in tables])


@pytest.mark.slow
@pytest.mark.parametrize(("world", "outcome"), [("demo", "twitches"), ("null", "spasms")])
def test_planted_effects_come_back_in_a_plain_regression(world, outcome):
    """Poisson regression of all triggers at once on within-person deviations, people as strata; the demo world has the
    same slopes for all, so their rows may be pooled. Mean over five journals, tolerance three standard errors."""
    import statsmodels.api as sm

    planted = load_world("demo")
    planted = planted[(planted["measure"] == "rate ratio")]
    steps = tw.load_variables().set_index("name")["step"]
    found = []
    for seed in range(5):
        journal, _ = tw.simulate_journal(people=30, days=150, world=world, seed=40 + seed)
        panel = build_panel(journal)
        columns = {
            f"{row.trigger}{int(row.lag)}": panel.lag(row.trigger, int(row.lag)).ravel() / steps[row.trigger]
            for row in planted.itertuples()
        }
        table = pd.DataFrame(columns | {"y": panel.get(outcome).ravel()})
        table["person"] = np.repeat(panel.people, panel.weekday.shape[1])
        table = table.dropna()
        table = table[table["y"] > 0] if outcome == "twitches" else table
        dummies = pd.get_dummies(table["person"], dtype=float)
        design = pd.concat([table[list(columns)], dummies], axis=1)
        found.append(sm.GLM(table["y"], design, family=sm.families.Poisson()).fit().params[list(columns)].to_numpy())
    mean, error = np.mean(found, axis=0), np.std(found, axis=0, ddof=1) / np.sqrt(5)
    expected = np.log(planted["size"].to_numpy()) if world == "demo" else np.zeros(len(planted))
    np.testing.assert_array_less(np.abs(mean - expected), np.maximum(4 * error, 0.04))
