"""What trackers' rules tell, by hand; and that looking weekly is what it says."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from twitchstats.panel import build_panel
from twitchstats.sequential import add_anytime
from twitchstats.simulate.processes import simulate_process
from twitchstats.study import trackers
from twitchstats.study.methods import score_people


@pytest.fixture(scope="module")
def journal():
    return simulate_process("missing in runs", people=30, days=trackers.AUDIT_DAYS, effect=0.2, seed=4)[0]


@pytest.fixture(scope="module")
def told(journal):
    return trackers.tell_trackers(journal)


def list_diaries(journal):
    """Each diary on its own calendar: trigger and outcome by day from its first on, NaN where there is no entry."""
    for person, days in journal.days.groupby("person"):
        yield person, days.droplevel("person").asfreq("D")[["trigger_1", "twitches"]]


def is_far(one, other):
    return max(one, other) >= 1.2 * min(one, other)


def test_three_days_with_and_without_by_hand(journal, told):
    for person, days in list_diaries(journal):
        seen = days.dropna()
        high = seen["trigger_1"] > seen["trigger_1"].median()
        with_it, without = [], []
        for above, twitches in zip(high, seen["twitches"], strict=True):
            (with_it if above else without).append(twitches)
            if min(len(with_it), len(without)) >= 3:
                break
        expected = is_far(np.mean(with_it), np.mean(without))
        assert told.loc[person, "three days with, three without"] == expected


def test_median_split_and_large_r_by_hand(journal, told):
    for person, days in list_diaries(journal):
        seen = days.dropna()
        high = seen["trigger_1"] > seen["trigger_1"].median()
        assert told.loc[person, "median split"] == is_far(
            *(seen.loc[side, "twitches"].mean() for side in (high, ~high))
        )
        for length in (7, 30, 90):
            r = days.head(length).dropna().corr().iloc[0, 1]
            assert told.loc[person, f"r over .3 in {length} days"] == (abs(r) > 0.3)


def test_weekly_looks_count_the_smallest(journal, told):
    whole = score_people(journal, (0,)).set_index("person")["p_value"]
    assert told["ours, read once"].equals((whole < 0.05).reindex(told.index))
    assert (told["ours, read weekly"] | ~told["ours, read once"]).all()
    assert (told["ours, read weekly"] | ~told["ours, any look"]).all()
    last = score_people(journal, (0,)).assign(measure="difference", n_people=1)
    at_the_end = add_anytime(last).set_index("person")["p_anytime"] < 0.05
    assert (told["ours, any look"] | ~at_the_end.reindex(told.index)).all()


def test_daily_looks_are_those_of_every_day(journal, monkeypatch):
    people = journal.days.index.unique("person")[:8]
    few = replace(journal, days=journal.days.loc[people])
    every = pd.concat([trackers._look(few, day) for day in range(28, 35)])["p_anytime"].groupby(level=0).min()
    monkeypatch.setattr(trackers, "YEAR_LOOKS", (28, 31, 34))
    monkeypatch.setattr(trackers, "NEAR", 1.1)
    monkeypatch.setattr(trackers, "ALPHA", every.median())
    assert trackers.look_daily(few)["ours, any look"].equals((every < every.median()).rename("ours, any look"))


def test_a_diary_that_says_nothing_is_told_of_nothing(journal):
    still = build_panel(replace(journal, days=journal.days.assign(twitches=2.0)))
    assert not pd.DataFrame({name: rule(still) for name, rule in trackers.TRACKERS.items()}).any(axis=None)
