"""Early half against late half: on diaries whose effect changes, whose effect stays, and against two diaries."""

from dataclasses import replace

import numpy as np
import pytest

import twitchstats as tw
from twitchstats.simulate.processes import simulate_process
from twitchstats.triggers.halves import HALVES_COLUMNS, compare_halves


def change_effect(early, late, *, people, seed, days=120, means=(4.0, 4.0)):
    """Diaries of independent counts whose effect, and mean, is another from the middle on."""
    journal, _ = simulate_process("independent", people=people, days=days, seed=seed)
    rng = np.random.default_rng(seed)
    x = journal.days["trigger_1"].to_numpy()
    half = journal.days.groupby("person").cumcount().to_numpy() >= days / 2
    twitches = rng.poisson(np.where(half, *means[::-1]) * np.exp(np.where(half, late, early) * x)).astype(float)
    return replace(journal, days=journal.days.assign(twitches=twitches))


def test_columns_are_the_contract_and_nothing_is_changed():
    journal = change_effect(0.4, 0.0, people=2, seed=1)
    before = journal.days.copy()
    told = compare_halves(journal, by="person")
    assert list(told.columns) == HALVES_COLUMNS
    assert told["part"].tolist() == ["early", "late", "change"] * 2
    assert (told["measure"] == "rate ratio").all()
    assert told["p_adjusted"].notna().tolist() == [False, False, True] * 2
    assert journal.days.equals(before)


def test_humps_of_two_weeks_make_no_change():
    """Trigger and outcome each in humps of their own: .05 is promised of one person's halves, .12 was found.

    Three standard errors of 300 tests are .038.
    """
    rng = np.random.default_rng(77)
    people, days = 300, 120
    journal, _ = simulate_process("independent", people=people, days=days, seed=1)
    humps = np.zeros((2, people, days))
    for side, person, middle in np.argwhere(rng.random((2, people, days)) < 1 / 35):
        humps[side, person] += np.exp(-0.5 * ((np.arange(days) - middle) / 5.6) ** 2) * rng.exponential(1.2)
    x = humps[0] + 0.3 * rng.standard_normal((people, days))
    twitches = rng.poisson(3 * np.exp(humps[1])).astype(float)
    journal = replace(journal, days=journal.days.assign(twitches=twitches.ravel(), trigger_1=x.ravel()))
    told = compare_halves(journal, lag=1, by="person")
    assert (told["p_value"] < 0.05).mean() == pytest.approx(0.05, abs=0.038)


def test_each_half_is_what_it_would_be_alone():
    """Both effects of one model are near those of two diaries of half the length."""
    journal = change_effect(0.4, -0.2, people=1, seed=2, days=400)
    told = compare_halves(journal).set_index("part")["estimate"]
    late = journal.days.groupby("person").cumcount() >= 200
    for part, days in (("early", journal.days[~late]), ("late", journal.days[late])):
        alone = tw.estimate_effects(replace(journal, days=days), lags=0)["estimate"][0]
        assert told[part] == pytest.approx(alone, rel=0.05)
    assert told["change"] == pytest.approx(np.exp(-0.6), rel=0.15)
    assert told["change"] == pytest.approx(told["late"] / told["early"], rel=0.15)


def test_effect_that_ended_is_found_in_a_group():
    told = compare_halves(change_effect(0.3, 0.0, people=8, seed=3)).set_index("part")
    assert told.loc["change", "p_value"] < 0.01
    assert told.loc["early", "ci_lower"] < np.exp(0.3) < told.loc["early", "ci_upper"]
    assert told.loc["late", "ci_lower"] < 1 < told.loc["late", "ci_upper"]


def test_effect_that_stays_while_the_outcome_falls_to_an_eighth_hardly_changes():
    """40 people, an effect of .4 in both halves: its change was -.075 where the other half's was not in the mean."""
    told = compare_halves(change_effect(0.4, 0.4, people=40, seed=6, means=(8.0, 1.0))).set_index("part")["estimate"]
    assert np.log(told["change"]) == pytest.approx(0, abs=0.05)


def test_pair_that_makes_no_sense_has_its_reason():
    told = compare_halves(change_effect(0, 0, people=1, seed=4, days=40), triggers=["twitches"])
    assert (told["reason"] == "the outcome itself").all()
    assert told["estimate"].isna().all()


@pytest.mark.slow
@pytest.mark.parametrize(("world", "effect"), [("autocorrelated .8", 0.0), ("independent", 0.2), ("shared trend", 0.0)])
def test_effect_that_stays_is_no_change(world, effect):
    """400 diaries of 120 days: .054 to .086 were counted in worlds of all kinds, the most where ratings drift."""
    journal, _ = simulate_process(world, people=400, days=120, effect=effect, seed=7)
    told = compare_halves(journal, by="person")
    assert (told.loc[told["part"] == "change", "p_value"] < 0.05).mean() < 0.1
