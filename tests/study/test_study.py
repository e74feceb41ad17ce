"""The study: re-run in small against the committed table, and the committed table against what is promised."""

import re

import numpy as np
import pandas as pd
import pytest

from twitchstats.errors import OptionError
from twitchstats.panel import build_panel
from twitchstats.plots.study import plot_rate_lines, plot_rates
from twitchstats.resources import find_resource
from twitchstats.simulate.processes import PROCESSES, simulate_process
from twitchstats.study import describe_study, judge_study, load_study, run_study, tabulate_study
from twitchstats.study.groups import GROUP_METHODS, pool_groups
from twitchstats.study.methods import METHODS, OF_COUNTS
from twitchstats.study.run import TRIAL_METHODS
from twitchstats.study.table import MARKS, PARTS, refresh_readme, write_study
from twitchstats.study.trackers import AUDIT_WORLDS, LOOKED, TRACKERS
from twitchstats.study.trials import TRIAL_WORLDS
from twitchstats.triggers import estimate_effects

KEYS = ["part", "world", "method", "days", "people", "lag"]


@pytest.fixture(scope="module")
def committed():
    return load_study()


@pytest.fixture(scope="module")
def small():
    """A study so small that only its form can be checked."""
    parts = [
        part for part in PARTS if part not in ("published", "look")
    ]  # in test_case_time_series.py, test_trackers.py
    worlds = ["zero-heavy", "independent"]
    return run_study(worlds=worlds, days=(40, 120), people=(1, 5), replicates=10, parts=parts, seed=2)


def test_the_committed_study_is_whole(committed):
    diary = committed[committed["part"] == "diary"]
    assert set(diary["world"]) == set(PROCESSES)
    assert set(diary["days"]) == {45, 120, 365}
    counts = [world for world, process in PROCESSES.items() if process.kind == "count"]
    for world, rows in diary[diary["days"] == 120].groupby("world"):
        assert set(rows["method"]) == set(METHODS) - (set() if world in counts else set(OF_COUNTS))
    groups = committed[committed["part"] == "group"]
    assert set(groups["people"]) == {3, 5, 20, 50, 200}
    assert len(groups) == len(PROCESSES) * 5 * len(GROUP_METHODS)
    beside = committed[committed["part"] == "beside"]
    assert set(beside["lag"]) == {0, 1, 2}
    assert set(beside["world"]) == set(PROCESSES)
    assert not committed.duplicated(KEYS).any()
    trials = committed[committed["part"] == "trial"]
    assert len(trials) == len(TRIAL_WORLDS) * len(TRIAL_METHODS)
    assert len(committed[committed["part"] == "tracker"]) == len(AUDIT_WORLDS) * len((*TRACKERS, *LOOKED))
    assert len(committed[committed["part"] == "look"]) == len(AUDIT_WORLDS) * 2
    assert diary.loc[diary["days"] == 120, "replicates"].min() >= 600


def test_the_committed_study_meets_the_bars_but_where_it_says_so(committed):
    """Size .02-.07 at every lag, coverage .93-.97, groups at most .06, any finding < .10; misses are few and told."""
    judged = judge_study(committed)
    assert set(judged["bar"]) == {
        "size", "coverage", "mean estimate over planted", "size at each lag", "power at what is called detectable",
        "pooled size", "any finding in a null diary", "trial size", "trial coverage", "false alarms at any look",
        "false alarms, read daily", "coverage of the published simulation",
    }  # fmt: skip
    assert judged.loc[judged["bar"] == "coverage of the published simulation", "met_within_error"].all()
    trials = judged[judged["bar"].str.startswith("trial")]
    assert trials["met_within_error"].mean() > 0.94  # beyond two errors lies one in twenty by chance
    assert judged.loc[judged["bar"].str.startswith("false alarms"), "met"].all()
    sizes = judged[judged["bar"].isin(["size", "size at each lag", "any finding in a null diary"])]
    assert sizes["met_within_error"].mean() > 0.99
    assert sizes["value"].max() < 0.13
    small = judged[(judged["bar"] == "pooled size") & (judged["people"] <= 20)]
    assert small["met_within_error"].mean() > 0.95
    assert small["value"].max() < 0.13  # large groups add up what is left of a shared trend


def test_the_usual_ways_fail_where_they_are_said_to(committed):
    size = tabulate_study(committed, "size")
    drifting = size.loc[["autocorrelated .8", "autocorrelated .9", "random walk", "shared trend", "seasonal"]]
    assert (drifting[["naive", "shuffled days"]] > 0.15).all(axis=None)
    assert size.loc["independent", "naive"] == pytest.approx(0.05, abs=0.015)
    assert size.loc["shared trend", "circular shift"] > 0.5
    found = committed[committed["part"] == "search"].set_index("method")["any_finding"]
    assert found["naive"] > 0.8


@pytest.mark.slow
@pytest.mark.parametrize("world", ["autocorrelated .9", "zero-heavy", "missing in runs"])
def test_a_small_study_agrees_with_the_committed_one(world, committed):
    """Another seed and 400 diaries: rates differ by their Monte Carlo errors (four standard errors allowed)."""
    again = run_study(worlds=[world], days=(120,), people=(1, 20), replicates=400, parts=["diary", "group"], seed=7)
    both = again.merge(committed, on=KEYS, suffixes=("", "_committed"), how="left", validate="one_to_one")
    assert len(both) == len(METHODS) + len(GROUP_METHODS)
    for value in ("size", "coverage", "power"):
        part = both[both[value].notna()]
        share = part[f"{value}_committed"]
        error = np.sqrt(share * (1 - share) * (1 / part["replicates"] + 1 / part["replicates_committed"]))
        apart = (part[value] - share).abs() / np.maximum(error, 1 / part["replicates"])
        assert apart.max() < 4, part.loc[apart.idxmax(), [*KEYS, value, f"{value}_committed"]].to_dict()


def test_a_study_has_a_row_for_each_cell(small):
    assert list(small["part"].unique()) == ["diary", "beside", "promise", "group", "search", "tracker", "trial"]
    assert len(small[small["part"] == "diary"]) == 2 * (3 + len(METHODS))
    assert list(small.loc[small["part"] == "diary", "world"].unique()) == ["independent", "zero-heavy"]
    assert len(small[small["part"] == "group"]) == 2 * len(GROUP_METHODS)
    assert len(small[small["part"] == "trial"]) == 2 * len(TRIAL_METHODS)
    assert len(small[small["part"] == "tracker"]) == 2 * len((*TRACKERS, *LOOKED))
    shares = small[["size", "power", "coverage", "refused", "any_finding", "false_discovery"]]
    assert ((shares >= 0) & (shares <= 1) | shares.isna()).all(axis=None)


def test_a_cell_does_not_depend_on_what_else_is_run(small):
    alone = run_study(
        worlds=["zero-heavy"],
        methods=["estimate_effects"],
        days=(40,),
        people=(1,),
        replicates=10,
        parts=["diary"],
        seed=2,
    )
    chosen = small[(small["world"] == "zero-heavy") & (small["method"] == "estimate_effects") & (small["days"] == 40)]
    chosen = chosen[chosen["part"] == "diary"]
    pd.testing.assert_frame_equal(alone.reset_index(drop=True), chosen.reset_index(drop=True))


def test_groups_are_pooled_as_estimate_effects_does():
    journal, _ = simulate_process("zero-heavy", people=10, days=60, effect=0.2, lag=1, slope_sd=0.1, seed=3)
    pooled = pool_groups(build_panel(journal), kind="count", lag=1, sizes=(5, 10))
    ours = pooled[pooled["method"] == "pooled estimate_effects"].set_index("people")
    assert list(ours.index) == [5] * 10 + [10] * 5  # five shuffles of ten people
    asked = estimate_effects(journal, lags=1, by="pooled").iloc[0]
    found = ours.loc[10, ["p_value", "estimate", "ci_lower", "ci_upper"]].iloc[0].to_numpy(float)
    logs = np.log(asked[["estimate", "ci_lower", "ci_upper"]].to_numpy(float))
    np.testing.assert_allclose(found, [asked["p_value"], *logs], rtol=1e-6)


def make_cells(**values):
    row = {
        "part": "diary",
        "world": "w",
        "method": "estimate_effects",
        "days": 120,
        "people": 1,
        "lag": 1,
        "replicates": 600,  # so many have an error of .01
    }
    row |= {"size": 0.05, "coverage": 0.95, "power": 0.4, "gain": 0.01, "recovered": 1.0, "any_finding": np.nan}
    row |= dict.fromkeys(("size_mcse", "coverage_mcse", "power_mcse", "gain_mcse", "any_finding_mcse"), 0.01)
    return pd.DataFrame([row | values])


@pytest.mark.parametrize(
    ("values", "bar", "met", "met_within_error"),
    [
        ({}, "size", True, True),
        ({"size": 0.08}, "size", False, True),
        ({"size": 0.1}, "size", False, False),
        ({"size": 0.01}, "size", False, True),
        ({"coverage": 0.92}, "coverage", False, True),
        ({"coverage": 0.90}, "coverage", False, False),
        ({"coverage": 1.0, "coverage_mcse": 0.0, "replicates": 80}, "coverage", False, True),  # by the bar's error
        ({"recovered": 1.031}, "mean estimate over planted", False, False),
        ({"part": "search", "any_finding": 0.11}, "any finding in a null diary", False, True),
        ({"part": "trial", "method": "pairs", "size": 0.06}, "trial size", False, True),
        ({"part": "trial", "method": "pairs", "coverage": 0.91}, "trial coverage", False, False),
        ({"part": "tracker", "method": "ours, any look", "size": 0.08}, "false alarms at any look", False, False),
        ({"part": "group", "method": "pooled estimate_effects", "people": 5, "size": 0.1}, "pooled size", False, False),
    ],
)
def test_bars_are_held_against_each_cell(values, bar, met, met_within_error):
    judged = judge_study(make_cells(**values)).set_index("bar").loc[bar]
    assert (judged["met"], judged["met_within_error"]) == (met, met_within_error)


def test_shorter_diaries_and_pairs_of_people_are_not_judged():
    assert set(judge_study(make_cells(days=60))["bar"]) == set()
    assert judge_study(make_cells(part="group", method="pooled estimate_effects", people=2)).empty


def test_a_study_survives_its_file(small, tmp_path):
    path = tmp_path / "study.csv"
    write_study(small, path)
    back = pd.read_csv(path)
    assert list(back.columns) == list(small.columns)
    np.testing.assert_allclose(back["power"], small["power"], rtol=1e-5)


def test_the_readme_tells_the_committed_study(committed):
    readme = find_resource("data").parent / "README.md"
    if not readme.exists():
        pytest.skip("an installed package has no README beside its data")
    assert f"{MARKS[0]}\n{describe_study(committed)}{MARKS[1]}" in readme.read_text(encoding="utf-8")


def test_the_readme_is_renewed_between_its_marks(committed, tmp_path):
    path = tmp_path / "README.md"
    path.write_text(f"before\n{MARKS[0]}\nold\n{MARKS[1]}\nafter\n")
    assert refresh_readme(committed, path)
    text = path.read_text()
    assert text == f"before\n{MARKS[0]}\n{describe_study(committed)}{MARKS[1]}\nafter\n"
    path.write_text("no marks")
    assert not refresh_readme(committed, path)
    assert path.read_text() == "no marks"


def test_a_miss_is_told(committed):
    bad = committed.copy()
    cell = (bad["part"] == "diary") & (bad["days"] == 120) & (bad["method"] == "estimate_effects")
    bad.loc[cell & (bad["world"] == "zero-heavy"), "size"] = 0.2
    told = describe_study(bad).split("miss it, ")[1]
    assert "\n| size | zero-heavy | estimate effects | 120 | 1 | 1 | 0.200 | 0.02 to 0.07 |\n" in told


def test_pictures_show_what_is_in_the_frame(small):
    diary = small[(small["part"] == "diary") & (small["days"] == 120)]
    ax = plot_rates(diary, methods=["naive", "estimate_effects"], band=(0.035, 0.065), label="size")
    assert [text.get_text() for text in ax.get_yticklabels()] == ["independent", "zero-heavy"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["naive", "estimate_effects"]
    dots = ax.containers[1].lines[0].get_xdata()
    assert list(dots) == list(diary.loc[diary["method"] == "estimate_effects", "size"])
    ours = small[(small["part"] == "diary") & (small["method"] == "estimate_effects")]
    lines = plot_rate_lines(ours, value="power", label="power").lines
    assert len(lines) == 2
    assert list(lines[0].get_xdata()) == [0, 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"worlds": ["mars"]}, "world='mars' is not possible. Choose one of 'independent', "),
        ({"methods": ["magic"]}, "method='magic' is not possible. Choose one of 'naive', "),
        ({"parts": ["moon"]}, "part='moon' is not possible. Choose one of 'diary', "),
        ({"replicates": 1}, "replicates=1 is not possible: choose a whole number of at least 2."),
    ],
)
def test_what_is_not_possible_is_told(options, message):
    with pytest.raises(OptionError, match=f"^{re.escape(message)}"):
        run_study(**options)
