"""Error rates, counted. One journal of 1,000 people told person by person is 1,000 runs of a process.

Tolerances: a share p counted over n runs has a standard error of sqrt(p (1 - p) / n): .0069 for .05 over 1,000 runs.
Every bar below is the customer's with 2.5 such errors beyond it.
"""

import numpy as np
import pytest
from scipy import stats

import twitchstats as tw
from twitchstats.panel import build_panel
from twitchstats.simulate.processes import PROCESSES, simulate_process
from twitchstats.study.rivals import regress_logs

pytestmark = pytest.mark.slow
RUNS = 1000
WORLDS = sorted(PROCESSES)


def noise_of(share, runs=RUNS):
    return 2.5 * np.sqrt(share * (1 - share) / runs)


def tell_people(journal, **options):
    frame = tw.estimate_effects(journal, triggers="trigger_1", lags=options.pop("lags", 0), by="person", **options)
    told = frame[frame["reason"] == ""]
    assert len(told) > 0.95 * len(frame)
    return told


@pytest.mark.parametrize("world", WORLDS)
def test_size_is_what_it_says(world):
    """5 % within .035 to .065 (the bar), 120 days, nothing planted."""
    journal, _ = simulate_process(world, people=RUNS, days=120, seed=101)
    size = (tell_people(journal)["p_value"] < 0.05).mean()
    assert 0.035 - noise_of(0.035) < size < 0.065 + noise_of(0.065)


@pytest.mark.parametrize("world", WORLDS)
def test_intervals_cover_and_estimates_are_not_shrunk(world):
    """95 % intervals hold what was planted in 93 to 97 %; the mean log ratio misses it by less than 3 %."""
    effect = PROCESSES[world].effect
    journal, _ = simulate_process(world, people=RUNS, days=120, effect=effect, seed=102)
    told = tell_people(journal)
    covered = ((told["ci_lower"] < np.exp(effect)) & (np.exp(effect) < told["ci_upper"])).mean()
    log = np.log(told["estimate"])
    noise = 2.5 * log.std() / np.sqrt(len(log))
    assert abs(log.mean() - effect) < 0.03 + noise
    assert 0.93 - noise_of(0.93) < covered < 0.97 + noise_of(0.97)


@pytest.mark.parametrize("world", ["autocorrelated .8", "zero-heavy", "missing in runs"])
def test_intervals_of_small_effects_cover(world):
    """The smallest effect that matters, a rate ratio of 1.10: intervals must not be narrow near no effect."""
    journal, _ = simulate_process(world, people=RUNS, days=120, effect=np.log(1.1), seed=103)
    told = tell_people(journal)
    covered = ((told["ci_lower"] < 1.1) & (told["ci_upper"] > 1.1)).mean()
    assert 0.93 - noise_of(0.93) < covered < 0.97 + noise_of(0.97)
    null = ((told["ci90_lower"] > 1 / 1.1) & (told["ci90_upper"] < 1.1)).mean()
    assert null < 0.05 + noise_of(0.05)


@pytest.mark.parametrize("world", ["independent", "autocorrelated .9", "regime switching", "heavy overdispersion"])
def test_power_is_not_below_least_squares(world):
    """Least squares on log counts with the same columns, same data; 2.5 standard errors of the paired difference."""
    effect = PROCESSES[world].effect
    journal, _ = simulate_process(world, people=RUNS, days=120, effect=effect, seed=104)
    frame = tw.estimate_effects(journal, triggers="trigger_1", lags=0, by="person")
    panel = build_panel(journal)
    rival = regress_logs(panel, "twitches", "trigger_1", 0).p_value < 0.05
    ours = (frame.set_index("person")["p_value"].reindex(panel.people) < 0.05).to_numpy()
    difference = ours.astype(float) - rival
    assert difference.mean() > -2.5 * difference.std() / np.sqrt(RUNS)


@pytest.mark.parametrize("lag", [1, 2])
@pytest.mark.parametrize("effect", ["direct", "total"])
def test_later_effects_are_recovered_at_their_lag(lag, effect):
    """Planted at the lag, found there within 3 % and noise, and nothing a day before it could act."""
    journal, _ = simulate_process("missing in runs", people=300, days=120, effect=0.2, lag=lag, seed=105)
    frame = tw.estimate_effects(journal, lags=(lag - 1, lag), effect=effect).set_index("lag")
    se = np.log(frame["ci_upper"] / frame["ci_lower"]) / 4
    assert np.log(frame.loc[lag, "estimate"]) == pytest.approx(0.2, abs=0.006 + 2.5 * se[lag])
    assert np.log(frame.loc[lag - 1, "estimate"]) == pytest.approx(0.0, abs=2.5 * se[lag - 1])


@pytest.mark.parametrize("kind", ["yes/no", "amount"])
def test_other_kinds_of_outcomes_hold_their_size_and_recover(kind):
    journal, _ = simulate_process("autocorrelated .8", people=RUNS, days=120, kind=kind, seed=106)
    size = (tell_people(journal)["p_value"] < 0.05).mean()
    assert 0.035 - noise_of(0.035) < size < 0.065 + noise_of(0.065)
    planted = 0.5
    journal, _ = simulate_process("independent", people=RUNS, days=120, kind=kind, effect=planted, seed=107)
    told = tell_people(journal)
    value = told["estimate"] if kind == "amount" else np.log(told["estimate"])
    assert value.mean() == pytest.approx(planted, abs=0.03 + 2.5 * value.std() / np.sqrt(RUNS))


def test_pooled_size_with_five_people_whose_slopes_differ():
    """Below .07 (the bar) over 200 groups of 5 people who differ by .15 a unit; 24 of 200 is 2.5 errors above."""
    journal, _ = simulate_process("autocorrelated .8", people=1000, days=90, slope_sd=0.15, seed=108)
    people = np.unique(journal.days.index.get_level_values("person"))
    frame = tw.estimate_effects(journal, lags=0, by="person")
    assert (frame["reason"] == "").mean() > 0.95
    found = []
    for group in np.array_split(people, 200):
        part = type(journal)(journal.days.loc[list(group)], journal.variables, outcome="twitches")
        found.append(tw.estimate_effects(part, lags=0).loc[0, "p_value"] < 0.05)
    assert np.mean(found) < 0.07 + noise_of(0.07, 200)


def test_null_diaries_seldom_have_any_finding():
    """8 triggers x 3 lags, memory .8: below 10 % of 300 diaries (naive: 99 %), each a call of its own."""
    journal, _ = simulate_process("autocorrelated .8", people=300, days=120, triggers=8, seed=109)
    frame = tw.estimate_effects(journal, lags=(0, 1, 2), by="person")
    assert len(frame) == 300 * 24
    any_found = [
        (stats.false_discovery_control(rows["p_value"].dropna()) < 0.05).any() for _, rows in frame.groupby("person")
    ]
    assert np.mean(any_found) < 0.10 + noise_of(0.10, 300)


def test_null_correlations_hold_their_size():
    for world in ("autocorrelated .8", "shared trend", "weekly rhythm"):
        journal, _ = simulate_process(world, people=RUNS, days=120, seed=110)
        frame = tw.correlate_triggers(journal, lags=0).dropna(subset="p_value")
        assert (frame["p_value"] < 0.05).mean() < 0.065 + noise_of(0.065)


def test_null_directions_are_not_told():
    """Pairs that drift and have nothing to do with each other: either direction in about 5 % of 150 diaries."""
    journal, _ = simulate_process("autocorrelated .9", people=150, days=120, seed=111)
    shown = []
    for person in np.unique(journal.days.index.get_level_values("person")):
        part = type(journal)(journal.days.loc[[person]], journal.variables, outcome="twitches")
        shown += list(tw.compare_directions(part)["p_value"] < 0.05)
    assert np.mean(shown) < 0.065 + noise_of(0.065, len(shown))
