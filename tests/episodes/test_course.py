"""Durations, spells and recurrence: hand arithmetic, statsmodels, invariants and counts in simulation."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight

import twitchstats as tw
from twitchstats import episodes as ep
from twitchstats.episodes.course import jackknife_over

TIMES = st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=1, max_size=40)


def share_over(time, ended, limit):
    return jackknife_over(time, ended, np.arange(len(time)), limit)["share"]


def draw_times(rng, n=200):
    true, watched = rng.exponential(10, n), rng.exponential(25, n)
    return np.ceil(np.minimum(true, watched)), (true <= watched).astype(float)


def test_share_over_by_hand():
    """Ends at 1 and 3 of four, one lost at 2: S(3) = 3/4 * 1/2."""
    assert share_over([1, 2, 3, 5], [1, 0, 1, 1], 3) == pytest.approx(1 - 3 / 4 * 1 / 2)
    assert np.isnan(share_over([1, 2], [1, 0], 3))
    assert np.isnan(share_over([], [], 3))


def test_share_over_is_that_of_statsmodels():
    time, ended = draw_times(np.random.default_rng(1))
    fitted = SurvfuncRight(time, ended)
    for limit in (1.0, 4.0, 9.5, 20.0):
        expected = fitted.surv_prob[fitted.surv_times <= limit][-1]
        assert share_over(time, ended, limit) == pytest.approx(1 - expected, rel=1e-12)


def test_jackknife_leaves_each_cluster_out_once():
    rng = np.random.default_rng(4)
    time, ended = draw_times(rng, n=120)
    cluster = rng.integers(0, 9, 120)
    over = jackknife_over(time, ended, cluster, 6)
    without = np.array([share_over(time[cluster != c], ended[cluster != c], 6) for c in range(9)])
    logit = np.log(without / (1 - without))
    assert over["n"] == 9
    assert over["share"] == pytest.approx(share_over(time, ended, 6))
    assert over["se"] == pytest.approx(np.sqrt(8 / 9 * np.sum((logit - logit.mean()) ** 2)))


@given(TIMES, st.randoms(use_true_random=False))
def test_share_over_is_a_distribution_and_ignores_order(times, random):
    time, ended = np.array([t for t, _ in times], float), np.array([e for _, e in times], float)
    shares = np.array([share_over(time, ended, limit) for limit in range(1, 13)])
    known = shares[np.isfinite(shares)]
    assert ((known >= 0) & (known <= 1)).all()
    assert (np.diff(known) >= -1e-12).all()
    shuffled = list(range(len(time)))
    random.shuffle(shuffled)
    np.testing.assert_allclose(share_over(time[shuffled], ended[shuffled], 6), share_over(time, ended, 6))
    assert share_over(time, np.ones(len(time)), 6) == pytest.approx(np.mean(time <= 6)) or time.max() < 6


def test_durations_count_open_ends_as_longer(make_journal):
    """Three of 60 s, one lost at 60 s, two of 900 s: S(600) = 1 - 3/6 = 1/2, then nothing until 900."""
    rows = [{"person": "P1", "start": f"2025-03-0{3 + i} 10:00", "duration_s": d, "ongoing": o}
            for i, (d, o) in enumerate([(60, 0), (60, 0), (60, 0), (60, 1), (900, 0), (900, np.nan)])]  # fmt: skip
    row = ep.estimate_duration(make_journal(episodes=rows)).iloc[0]
    assert row["estimate"] == pytest.approx(0.5)
    assert row["median"] == 60
    assert (row["n_people"], row["n_episodes"], row["reason"]) == (1, 6, "")
    assert row["ci_lower"] < 0.5 < row["ci_upper"]
    assert row["p_value"] == pytest.approx(1.0)


def test_duration_needs_episodes(make_journal):
    row = ep.estimate_duration(make_journal()).iloc[0]
    assert np.isnan(row["estimate"])
    assert row["reason"] == "variable not in this journal"
    one = [{"person": "P1", "start": "2025-03-03 10:00", "duration_s": 5, "ongoing": 0}]
    assert ep.estimate_duration(make_journal(episodes=one)).loc[0, "reason"] == "too few days"


def test_spells_are_listed_with_their_open_sides(make_journal):
    journal = make_journal({"B": [2, 1, 0, 0, 3, None, 1, 1, 0], "A": [0, 5]})
    spells = ep.list_spells(journal)
    told = list(spells[["person", "state", "days", "start_seen", "end_seen"]].itertuples(index=False, name=None))
    assert told == [
        ("A", "free", 1, False, True),
        ("A", "with", 1, True, False),
        ("B", "with", 2, False, True),
        ("B", "free", 2, True, True),
        ("B", "with", 1, True, False),
        ("B", "with", 2, False, True),
        ("B", "free", 1, True, False),
    ]
    assert spells.loc[3, "start"] == pd.Timestamp("2025-03-05")


@given(st.lists(st.sampled_from([0.0, 1.0, 7.0, np.nan]), min_size=1, max_size=60))
def test_spells_cover_each_reported_day_once(values):
    days = pd.date_range("2025-01-06", periods=len(values), unit="us")
    index = pd.MultiIndex.from_arrays([["A"] * len(values), days], names=["person", "date"])
    variables = tw.load_variables().set_index("name", drop=False).loc[["twitches"]]
    journal = tw.Journal(days=pd.DataFrame({"twitches": values}, index=index), variables=variables)
    spells = ep.list_spells(journal, outcome="twitches")
    known = np.array(values)[~np.isnan(values)]
    assert spells["days"].sum() == len(known)
    assert spells.loc[spells["state"] == "with", "days"].sum() == (known > 0).sum()
    follows = spells["start"].shift(-1) == spells["start"] + pd.to_timedelta(spells["days"], unit="D")
    assert (spells["end_seen"] == follows).all()
    assert spells["start_seen"].sum() == spells["end_seen"].sum()


def test_numbered_days_keep_their_numbers(make_journal):
    spells = ep.list_spells(make_journal({"A": [0, 5, None, 1]}, calendar="day"))
    assert spells["start"].tolist() == [0, 1, 3]


def test_an_unseen_end_leaves_before_an_end_could_be_seen(make_journal):
    """Spells with a seen start: 1 day (end seen), 2 days (end seen), 2 days (next day not reported).

    Over within 1 day: 1 of 3. Over within 2: at 2 days only the one whose next day was reported is at risk, and it
    ended: all over. The naive way (censored at 2, still at risk there) would say 2/3 * 1/2.
    """
    journal = make_journal({"A": [0, 1, 0, 1, 1, 0, 1, 1, None]})
    rows = [ep.estimate_spells(journal, limit=limit).iloc[0] for limit in (1, 2)]
    assert [row["estimate"] for row in rows] == pytest.approx([1 / 3, 1.0])
    assert [row["n_spells"] for row in rows] == [3, 3]


def test_recurrence_by_hand(make_journal):
    """Free times after a spell: 1, 2 (both followed by a spell), 2 (then not reported): within 1 day, 1 of 3."""
    journal = make_journal({"A": [1, 0, 1, 0, 0, 1, 0, 0, None]})
    row = ep.estimate_recurrence(journal, limit=1).iloc[0]
    assert row["estimate"] == pytest.approx(1 / 3)
    assert row["n_spells"] == 3


def test_people_may_be_told_apart(make_journal):
    counts = {"A": [0, 1, 0, 1, 1, 0, 1, 0], "B": [0, 1, 1, 1, 0, 1, 0, 1, 0]}
    table = ep.estimate_spells(make_journal(counts), by="person", limit=1)
    assert table["person"].tolist() == ["A", "B"]
    assert table["estimate"].tolist() == pytest.approx([2 / 3, 2 / 3])
    pooled = ep.estimate_spells(make_journal(counts), limit=1).iloc[0]
    assert (pooled["person"], pooled["n_people"], pooled["n_spells"]) == ("pooled", 2, 6)


def test_misuse_is_told(make_journal):
    journal = make_journal({"A": [0, 1, 0]})
    with pytest.raises(tw.OptionError, match=re.escape("limit=0 is not possible. Give a time above 0.")):
        ep.estimate_duration(journal, limit=0)
    with pytest.raises(
        tw.OptionError, match=re.escape("reference=1 is not possible. It must lie between 0 and 1, both excluded.")
    ):
        ep.estimate_spells(journal, reference=1)
    with pytest.raises(tw.OptionError, match=re.escape("by='day' is not possible. Choose one of 'pooled', 'person'.")):
        ep.estimate_spells(journal, by="day")
    with pytest.raises(tw.UnknownNameError, match=re.escape("No numeric variable named 'cramps'.")):
        ep.list_spells(journal, outcome="cramps")
    message = "Spells need an order in time, which this journal lacks. Give it dates or day numbers."
    with pytest.raises(tw.OptionError, match=re.escape(message)):
        ep.list_spells(make_journal({"A": [0, 1, 0]}, calendar="none"))


def test_order_of_rows_changes_nothing():
    journal, _ = tw.simulate_journal(people=4, days=40, world="articles", seed=3)
    mixed = tw.Journal(
        days=journal.days.sample(frac=1, random_state=1), variables=journal.variables,
        episodes=journal.episodes.sample(frac=1, random_state=2), outcome="twitches",
    )  # fmt: skip
    for estimate in (ep.estimate_duration, ep.estimate_spells, ep.estimate_recurrence, ep.relate_pain_to_intensity):
        pd.testing.assert_frame_equal(estimate(mixed), estimate(journal))


def test_inputs_stay_as_they_are():
    journal, _ = tw.simulate_journal(people=2, days=30, world="articles", seed=3)
    days, episodes = journal.days.copy(), journal.episodes.copy()
    ep.estimate_duration(journal)
    ep.list_spells(journal)
    ep.summarize_sites(journal)
    pd.testing.assert_frame_equal(journal.days, days)
    pd.testing.assert_frame_equal(journal.episodes, episodes)


@pytest.mark.slow
def test_course_at_its_reference_is_called_away_from_it_by_chance_alone():
    """100 null journals of 15 people x 70 days: 5 % false alarms in 300 tests, tolerance .10; no bias beyond .02."""
    found = []
    for seed in range(100):
        journal, _ = tw.simulate_journal(people=15, days=70, world="null", seed=700 + seed)
        duration = ep.estimate_duration(journal, reference=0.75)  # what the world is made with
        rows = [duration, ep.estimate_spells(journal), ep.estimate_recurrence(journal, reference=0.1)]
        found.append([row.loc[0, ["estimate", "p_value"]].to_numpy(float) for row in rows])
    table = np.array(found)
    assert (table[:, :, 1] < 0.05).mean() <= 0.10
    np.testing.assert_allclose(table[:, :, 0].mean(axis=0), [0.75, 0.5, 0.1], atol=0.02)


def test_planted_course_is_found():
    journal, _ = tw.simulate_journal(people=40, days=120, world="articles", seed=12)
    for row, planted in (
        (ep.estimate_duration(journal), 0.85),
        (ep.estimate_spells(journal), 0.80),
        (ep.estimate_recurrence(journal), 0.95),
    ):
        told = row.iloc[0]
        assert told["estimate"] == pytest.approx(planted, abs=0.04)
        assert told["p_value"] < 1e-4
        assert told["ci_lower"] > 0.5
