"""Each process is what its table says: memory, pattern, spread, gaps and planted effect are counted."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from twitchstats.errors import OptionError
from twitchstats.panel import build_panel
from twitchstats.simulate.processes import PROCESSES, Process, list_processes, simulate_process


def lay_out(world, **options):
    journal, truth = simulate_process(world, **{"people": 400, "days": 120, "seed": 3} | options)
    panel = build_panel(journal)
    return panel.get("trigger_1"), panel.get("twitches"), panel, truth


def remember(values):
    """Mean lag-one autocorrelation around the true mean of 0."""
    return float((values[:, 1:] * values[:, :-1]).mean() / (values**2).mean())


@pytest.mark.parametrize("world", ["independent", "autocorrelated .8", "autocorrelated .9", "zero-heavy"])
def test_the_trigger_has_the_memory_and_spread_of_its_world(world):
    x, _, _, _ = lay_out(world)
    assert remember(x) == pytest.approx(PROCESSES[world].trigger_memory, abs=0.02)
    assert x.std() == pytest.approx(PROCESSES[world].trigger_sd, abs=0.05)


def test_a_random_walk_moves_by_independent_steps():
    steps = np.diff(lay_out("random walk")[0], axis=1)
    assert abs(remember(steps)) < 0.02
    assert (steps.std() * np.sqrt(120)) == pytest.approx(2.0, rel=0.02)


def test_counts_have_the_variance_they_should():
    process = Process("plain", "", 0.0, 0.0, state_sd=0.0, mean=4.0, dispersion=0.5)
    y = lay_out(process)[1]
    assert y.mean() == pytest.approx(4.0, rel=0.02)
    assert y.var() == pytest.approx(4.0 + 0.5 * 4.0**2, rel=0.05)


def test_patterns_reach_both_sides():
    x, y, panel, _ = lay_out("weekly rhythm")
    weekend = panel.weekday >= 5
    assert x[weekend].mean() - x[~weekend].mean() == pytest.approx(1.2, abs=0.05)
    assert np.log(y[weekend].mean() / y[~weekend].mean()) == pytest.approx(0.7, abs=0.05)
    x, y, _, _ = lay_out("shared trend")
    assert (x[:, -1] - x[:, 0]).mean() == pytest.approx(3.0, abs=0.1)
    assert np.log(y[:, -5:].mean() / y[:, :5].mean()) == pytest.approx(1.5 * 115 / 119, abs=0.1)


def test_a_regime_stays_for_a_while_and_is_independent():
    x = lay_out(replace(PROCESSES["regime switching"], trigger_sd=0.0))[0]
    assert set(np.unique(x)) == {-1.0, 1.0}
    assert (np.diff(x, axis=1) != 0).mean() == pytest.approx(0.06, abs=0.005)


def test_missing_days_are_a_fifth_in_runs_of_three():
    y = lay_out("missing in runs")[1]
    missing = np.isnan(y)
    assert missing.mean() == pytest.approx(0.2, abs=0.02)
    ends = missing[:, :-1] & ~missing[:, 1:]
    assert missing[:, :-1].sum() / ends.sum() == pytest.approx(3.0, abs=0.3)


def test_twitching_breeds_twitching_only_where_it_should():
    def follow(world):
        y = np.log1p(lay_out(world)[1])
        y = y - y.mean()
        return remember(y)

    assert follow("self-exciting") > 0.3
    assert abs(follow("independent")) < 0.02


@pytest.mark.parametrize("lag", [0, 2])
def test_the_planted_effect_acts_at_its_lag_and_nowhere_else(lag):
    process = Process("plain", "", 0.0, 0.0, state_sd=0.0)
    _, y, panel, truth = lay_out(process, effect=0.3, lag=lag)
    assert set(truth["effect"]) == {0.3}
    assert set(truth["lag"]) == {lag}
    for tried in (0, 1, 2):
        x = panel.lag("trigger_1", tried)
        seen = np.isfinite(x)
        slope = np.cov(x[seen], y[seen])[0, 1] / (y[seen].mean() * x[seen].var())  # E[xy] = beta E[y] for a normal x
        assert slope == pytest.approx(0.3 if tried == lag else 0.0, abs=0.02)


def test_slopes_differ_between_people_and_are_told():
    _, _, _, truth = lay_out("independent", effect=[0.2, 0.0], triggers=2, slope_sd=0.1, people=2000, days=3)
    slopes = truth.pivot_table(index="person", columns="trigger", values="effect")
    assert slopes["trigger_1"].mean() == pytest.approx(0.2, abs=0.01)
    assert slopes["trigger_1"].std() == pytest.approx(0.1, abs=0.01)
    assert (slopes["trigger_2"] == 0).all()


def test_every_kind_of_outcome_can_be_had():
    for kind, values in (("yes/no", {0.0, 1.0}), ("count", None), ("amount", None)):
        journal, _ = simulate_process("independent", people=5, days=50, kind=kind, seed=2)
        y = journal.days["twitches"]
        assert journal.variables.set_index("name").loc["twitches", "kind"] == kind
        assert values is None or set(y) == values
        assert kind != "count" or ((y >= 0) & (y == y.round())).all()
    trigger = simulate_process("yes/no trigger", people=50, days=100)[0].days["trigger_1"]
    assert set(trigger) == {0.0, 1.0}
    assert trigger.mean() == pytest.approx(0.2, abs=0.02)


def test_a_seed_gives_the_same_journal_and_another_another():
    same = [simulate_process("zero-heavy", people=3, days=20, seed=4)[0].days for _ in range(2)]
    pd.testing.assert_frame_equal(*same)
    assert not same[0].equals(simulate_process("zero-heavy", people=3, days=20, seed=5)[0].days)


def test_worlds_are_listed():
    table = list_processes()
    assert list(table["world"]) == list(PROCESSES)
    assert table["about"].is_unique


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"people": 0}, "people=0 is not possible. Give a whole number of at least 1."),
        ({"days": 1.5}, "days=1.5 is not possible. Give a whole number of at least 2."),
        ({"lag": -1}, "lag=-1 is not possible. Give a whole number of at least 0."),
        ({"slope_sd": -1.0}, "slope_sd=-1.0 is not possible: a standard deviation is 0 or more."),
        ({"effect": [0.1, 0.2]}, "effect=[0.1, 0.2] is not possible: give one finite number, or one for each of 1."),
        ({"kind": "text"}, "kind='text' is not possible. Choose one of 'count', 'yes/no', 'amount'."),
    ],
)
def test_what_is_not_possible_is_told(options, message):
    with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
        simulate_process("independent", **{"people": 2, "days": 20} | options)


def test_an_unknown_world_is_told():
    with pytest.raises(OptionError, match=r"^world='mars' is not possible\. Choose one of 'independent', "):
        simulate_process("mars", people=2, days=20)
