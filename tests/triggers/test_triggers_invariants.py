"""The same numbers whatever the order of rows and columns, the names and the units; and no silent NaN."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import twitchstats as tw
from twitchstats.inference import adjust_p_values
from twitchstats.simulate.processes import simulate_process
from twitchstats.triggers.blocks import REFUSALS
from twitchstats.triggers.engine import Options, score_panel
from twitchstats.triggers.families import choose_family

TELLING = ["estimate", "ci_lower", "ci_upper", "p_value", "p_adjusted"]
EFFECT_NUMBERS = [*TELLING, "ci90_lower", "ci90_upper"]
OF_ALL_TESTS = ["p_adjusted", "detectable_up", "detectable_down"]  # told at the level that adjusting leaves
FUNCTIONS = {
    "effects": tw.estimate_effects,
    "effects by person": lambda journal, **options: tw.estimate_effects(journal, by="person", **options),
    "effects together": lambda journal, **options: tw.estimate_effects(journal, adjust="together", **options),
    "effects of that day": lambda journal, **options: tw.estimate_effects(journal, effect="that day", **options),
    "shrunken": lambda journal, **options: tw.estimate_effects(journal, by="shrunken", **options),
    "cumulative": tw.estimate_cumulative_effects,
    "correlations": tw.correlate_triggers,
    "pooled correlations": lambda journal, **options: tw.correlate_triggers(journal, by="pooled", **options),
    "directions": tw.compare_directions,
    "groups": tw.group_triggers,
    "risks": tw.estimate_risks,
}


@pytest.fixture
def several(journal_of):
    """Six people of 80 days who each leave out days of their own."""
    rng = np.random.default_rng(7)
    shape = (6, 80)
    stress = np.clip(np.rint(5 + 2 * rng.standard_normal(shape)), 0, 10)
    columns = {
        "twitches": rng.poisson(np.exp(0.5 + 0.15 * stress)),
        "stress": stress,
        "caffeine": 50.0 * rng.integers(0, 6, shape),
        "sleep": np.round(rng.normal(7, 1, shape), 1),
        "heat": rng.random(shape) < 0.3,
        "massage": rng.random(shape) < 0.3,
    }
    missing = rng.random(shape) < 0.1
    return journal_of({name: np.where(missing, np.nan, values) for name, values in columns.items()})


@pytest.mark.parametrize("name", FUNCTIONS)
def test_order_of_rows_and_columns_does_not_matter(several, name):
    days = several.days.sample(frac=1, random_state=1)
    days = days[list(days.columns[::-1])]
    variables = several.variables.sample(frac=1, random_state=2)
    shuffled = replace(several, days=days, variables=variables)
    pd.testing.assert_frame_equal(FUNCTIONS[name](several), FUNCTIONS[name](shuffled), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_journals_are_not_changed(several, name):
    before = several.days.copy(deep=True), several.variables.copy(deep=True)
    FUNCTIONS[name](several)
    pd.testing.assert_frame_equal(several.days, before[0])
    pd.testing.assert_frame_equal(several.variables, before[1])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_names_of_people_do_not_matter(several, name):
    labels = {f"P{number:04d}": f"Z{9 - number}" for number in range(6)}
    renamed = replace(several, days=several.days.rename(index=labels, level="person"))
    before, after = FUNCTIONS[name](several), FUNCTIONS[name](renamed)
    if "person" in before:
        before["person"] = before["person"].replace(labels)
        keys = ["person", "trigger", "lag"]
        before, after = (frame.sort_values(keys, ignore_index=True) for frame in (before, after))
    pd.testing.assert_frame_equal(before, after, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("name", ["effects", "effects by person", "effects of that day", "cumulative"])
def test_a_step_follows_the_unit(several, name):
    """Caffeine in cups of 50 mg with a step of 2 cups tells what 100 mg told."""
    variables = several.variables.copy()
    variables.loc[variables["name"] == "caffeine", "step"] = 2.0
    cups = replace(several, days=several.days.assign(caffeine=several.days["caffeine"] / 50), variables=variables)
    before, after = FUNCTIONS[name](several), FUNCTIONS[name](cups)
    pd.testing.assert_frame_equal(before[EFFECT_NUMBERS], after[EFFECT_NUMBERS], rtol=1e-5)
    variables.loc[variables["name"] == "caffeine", "step"] = 4.0
    twice = FUNCTIONS[name](replace(cups, variables=variables))
    mine = (before["trigger"] == "caffeine").to_numpy()
    np.testing.assert_allclose(
        np.log(twice.loc[mine, EFFECT_NUMBERS[:3]]) / np.log(before.loc[mine, EFFECT_NUMBERS[:3]]), 2, rtol=1e-4
    )


@pytest.mark.parametrize("name", ["effects", "effects by person", "cumulative"])
def test_a_negative_step_turns_everything_round(several, name):
    """One cup less instead of one more: ratios are inverted, and ends change places."""
    variables = several.variables.copy()
    variables["step"] = -variables["step"]
    more, less = FUNCTIONS[name](several), FUNCTIONS[name](replace(several, variables=variables))
    pairs = {
        "estimate": "estimate", "ci_lower": "ci_upper", "ci90_upper": "ci90_lower", "detectable_up": "detectable_down",
    }  # fmt: skip
    for one, other in pairs.items():
        told = np.isfinite(more[one]) & np.isfinite(less[other])
        assert told.any() or (one, name) == ("detectable_up", "effects by person")  # nothing is promised of so few days
        assert (1 / less.loc[told, other]).to_numpy() == pytest.approx(more.loc[told, one].to_numpy(), rel=1e-6)


@pytest.mark.parametrize("name", ["effects", "effects by person", "cumulative", "correlations"])
def test_another_trigger_or_lag_does_not_change_what_is_told_of_the_first(several, name):
    """Only the adjusted p-value knows of the other tests."""
    options = {} if name == "cumulative" else {"lags": (0, 1, 3)}
    full = FUNCTIONS[name](several, **options)
    alone = FUNCTIONS[name](several, triggers="stress", **({} if name == "cumulative" else {"lags": 1}))
    lag = 0 if name == "cumulative" else 1
    mine = full[(full["trigger"] == "stress") & (full["lag"] == lag)].reset_index(drop=True)
    told = [column for column in mine if column not in OF_ALL_TESTS]
    pd.testing.assert_frame_equal(mine[told], alone[told], rtol=1e-4)


def test_another_person_does_not_change_what_is_told_of_the_first(several):
    """Each person leaves out cells of their own: which triggers use the same days differs between people."""
    triggers = several.days.columns.difference(["twitches"])
    blank = np.random.default_rng(8).random((len(several.days), len(triggers))) < 0.01
    several = replace(several, days=several.days.assign(**several.days[triggers].mask(blank)))
    first = replace(several, days=several.days.loc[["P0002"]])
    everyone = tw.estimate_effects(several, by="person")
    mine = everyone[everyone["person"] == "P0002"].reset_index(drop=True)
    alone = tw.estimate_effects(first, by="person")
    pd.testing.assert_frame_equal(mine.drop(columns=OF_ALL_TESTS), alone.drop(columns=OF_ALL_TESTS), rtol=1e-4)


def test_many_other_people_do_not_change_what_is_told_of_one():
    """People are fitted in blocks: who else is in the block must not matter, by more than the fits' tolerance."""
    journal, _ = simulate_process("heavy overdispersion", people=150, days=120, effect=0.2, triggers=3, seed=5)
    everyone = tw.estimate_effects(journal, by="person").set_index("person")
    for person in sorted(set(everyone.index))[:25]:
        alone = tw.estimate_effects(replace(journal, days=journal.days.loc[[person]]), by="person").set_index("person")
        pd.testing.assert_frame_equal(
            everyone.loc[[person]].drop(columns=OF_ALL_TESTS), alone.drop(columns=OF_ALL_TESTS), rtol=1e-4, atol=1e-4
        )


@pytest.mark.parametrize("name", ["effects", "correlations"])
def test_one_person_pooled_is_that_person(gappy, name):
    function = {"effects": tw.estimate_effects, "correlations": tw.correlate_triggers}[name]
    person, pooled = function(gappy, by="person"), function(gappy, by="pooled")
    pd.testing.assert_frame_equal(person.drop(columns="person"), pooled.drop(columns="person"), rtol=1e-9)


@pytest.mark.parametrize(
    "name", ["effects", "effects by person", "effects together", "effects of that day", "cumulative"]
)
@pytest.mark.parametrize("outcome", ["twitches", "sleep", "heat"])
def test_intervals_and_p_values_agree(several, name, outcome):
    frame = FUNCTIONS[name](several, outcome=outcome, triggers=["stress", "caffeine", "massage"])
    frame = frame[frame["estimate"].notna()]
    assert len(frame) > 2
    none = 0.0 if outcome == "sleep" else 1.0
    for low, high, level in (("ci_lower", "ci_upper", 0.05), ("ci90_lower", "ci90_upper", 0.10)):
        excludes = (frame[low] > none) | (frame[high] < none)
        sure = (frame["p_value"] - level).abs() > 1e-9
        assert (excludes == (frame["p_value"] < level))[sure].all()
        assert frame["estimate"].between(frame[low], frame[high]).all()
    assert (frame["detectable_up"].dropna() > none).all()
    assert (frame["detectable_down"].dropna() < none).all()


@pytest.mark.parametrize("name", ["correlations", "pooled correlations", "directions"])
def test_intervals_and_p_values_of_correlations_agree(several, name):
    frame = FUNCTIONS[name](several).dropna(subset="estimate")
    excludes = (frame["ci_lower"] > 0) | (frame["ci_upper"] < 0)
    assert (excludes == (frame["p_value"] < 0.05)).all()
    assert frame["estimate"].between(frame["ci_lower"], frame["ci_upper"]).all()


@pytest.mark.parametrize("name", ["effects", "effects by person", "cumulative", "correlations", "directions"])
def test_adjusted_p_values_count_every_test_of_the_call(several, name):
    frame = FUNCTIONS[name](several)
    np.testing.assert_allclose(frame["p_adjusted"], adjust_p_values(frame["p_value"]))


def check_rows(frame, numbers=TELLING):
    """Every row has all its numbers and no reason, or no number and a reason."""
    told = (frame["reason"] == "").to_numpy()
    values = frame[numbers].to_numpy(float)
    assert not np.isnan(values[told]).any()  # an interval may have no end
    assert np.isnan(values[~told]).all()
    assert frame["reason"].notna().all()


values = {
    "twitches": st.one_of(st.integers(0, 3), st.integers(0, 400), st.just(np.nan)),
    "stress": st.one_of(st.integers(0, 10), st.just(np.nan)),
    "caffeine": st.one_of(st.sampled_from([0.0, 100.0]), st.floats(0, 900), st.just(np.nan)),
    "heat": st.sampled_from([0.0, 0.0, 1.0, np.nan]),
}


@st.composite
def diaries(draw):
    """Diaries of up to 3 people and 50 days: mostly noise, sometimes constant, empty, tied or with huge values."""
    people, days = draw(st.integers(1, 3)), draw(st.integers(2, 50))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    columns = {}
    for name, strategy in values.items():
        shape = draw(st.sampled_from(["noise", "constant", "rare", "steps", "few values"]))
        pool = np.array(draw(st.lists(strategy, min_size=2, max_size=5)), dtype=float)
        pool = np.where(np.isnan(pool).all(), 1.0, pool)
        column = rng.choice(pool, (people, days))
        if shape == "constant":
            column[:] = pool[0]
        elif shape == "rare":
            column = np.where(rng.random((people, days)) < 0.05, 1.0, 0.0)
        elif shape == "steps":
            column = np.where(np.arange(days) < days // 2, pool[0], pool[-1]) * np.ones((people, 1))
        elif shape == "noise":
            column = rng.integers(0, {"heat": 2}.get(name, 9), (people, days)).astype(float)
        columns[name] = column
    return columns


of_six_days = {  # what is left of the triggers is rounding, and was divided by
    "twitches": np.array([[0.0, 0, 0, 0, 0, 1], [0, 1, 0, 0, 0, 0]]),
    "stress": np.array([[2.0, 5, 6, 3, 4, 8], [7, 8, 3, 6, 8, 5]]),
    "caffeine": np.array([[3.0, 4, 6, 8, 0, 8], [4, 3, 6, 5, 2, 2]]),
    "heat": np.array([[0.0, 0, 0, 1, 0, 1], [0, 0, 1, 1, 0, 0]]),
}


@settings(max_examples=40)
@example(columns=of_six_days, outcome="twitches", seed=0)
@given(columns=diaries(), outcome=st.sampled_from(["twitches", "stress", "heat"]), seed=st.integers(0, 9))
def test_every_row_has_its_numbers_or_its_reason(columns, outcome, seed):
    people, days = columns["twitches"].shape
    keep = np.random.default_rng(seed).random((people, days)) < 0.9
    keep[:, 0] = True
    person, day = np.nonzero(keep)
    index = pd.MultiIndex.from_arrays(
        [np.array([f"p{number}" for number in person]), pd.Timestamp("2025-01-01") + pd.to_timedelta(day, unit="D")],
        names=["person", "date"],
    )
    known = tw.load_variables().set_index("name", drop=False).loc[list(columns)].reset_index(drop=True)
    frame = pd.DataFrame({name: column[keep] for name, column in columns.items()}, index=index)
    journal = tw.Journal(frame, known.assign(source=known["name"]), outcome=outcome)
    triggers = [name for name in columns if name != outcome]
    options = {"outcome": outcome, "triggers": triggers}
    for by in ("person", "pooled"):
        for more in ({}, {"adjust": "together"}, {"effect": "that day"}):
            effects = tw.estimate_effects(journal, lags=(0, 2), by=by, **options, **more)
            check_rows(effects, EFFECT_NUMBERS)
            assert set(effects["reason"]) <= {*REFUSALS, "computed from the outcome"}
        check_rows(tw.estimate_cumulative_effects(journal, by=by, **options), EFFECT_NUMBERS)
        check_rows(tw.correlate_triggers(journal, by=by, **options))
    check_rows(tw.compare_directions(journal, **options))
    check_rows(tw.estimate_risks(journal, outcome=outcome), ["estimate", "ci_lower", "ci_upper"])
    groups = tw.group_triggers(journal, **options)
    assert sorted(groups["trigger"]) == sorted(triggers)
    assert groups.groupby("group")["leader"].sum().eq(1).all()


def test_days_that_only_stand_beside_change_nothing_of_the_day_that_is_asked(several):
    panel = tw.build_panel(several, variables=["twitches", "stress"])
    told = {"family": choose_family("count"), "options": Options(effect="that day")}
    alone = score_panel(panel, "twitches", ["stress"], [-3], beside=[0, 1], **told)
    whole = score_panel(panel, "twitches", ["stress"], [-3, 0, 1], **told)
    bare = score_panel(panel, "twitches", ["stress"], [-3], **told)
    for name in ("curve", "spread", "trust", "df", "n", "refusal"):
        np.testing.assert_allclose(getattr(alone, name), getattr(whole, name)[:, :, :1], rtol=1e-9, err_msg=name)
    assert not np.allclose(alone.curve, bare.curve)
