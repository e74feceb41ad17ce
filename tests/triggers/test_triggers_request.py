"""What is asked, what is refused and why, and what came first."""

import re
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest

import twitchstats as tw
from twitchstats.triggers import effects as effects_module

NUMBERS = ["estimate", "ci_lower", "ci_upper", "p_value", "p_adjusted"]
FUNCTIONS = {
    "effects": tw.estimate_effects,
    "cumulative": tw.estimate_cumulative_effects,
    "correlations": tw.correlate_triggers,
    "directions": tw.compare_directions,
    "groups": tw.group_triggers,
    "risks": tw.estimate_risks,
}


def set_timing(journal, **timings):
    variables = journal.variables.copy()
    for name, timing in timings.items():
        variables.loc[variables["name"] == name, "timing"] = timing
    return replace(journal, variables=variables)


RANK = {"night": 0, "day": 1, "bedtime": 2}


@pytest.mark.parametrize(("trigger", "outcome", "lag"), list(product([*RANK, ""], [*RANK, ""], [0, 1, 2])))
def test_order_in_time_of_every_pair_of_timings(gappy, trigger, outcome, lag):
    """Another day is forward; on the same day night < day < bedtime; an unknown part of the day has no order."""
    journal = set_timing(gappy, stress=trigger, twitches=outcome)
    if lag:
        expected = "forward"
    elif not trigger or not outcome or trigger == outcome:
        expected = "same time"
    else:
        expected = "forward" if RANK[trigger] < RANK[outcome] else "backward"
    for function in (tw.estimate_effects, tw.correlate_triggers):
        assert list(function(journal, triggers="stress", lags=lag)["order"]) == [expected]


def test_the_dictionary_knows_the_parts_of_the_day(journal_of):
    rng = np.random.default_rng(0)
    columns = {name: rng.integers(1, 9, 60) for name in ("twitches", "sleep", "alcohol", "stress")}
    columns["sleep"] += 3  # lower, whole figures may be a rating
    frame = tw.estimate_effects(journal_of(columns), lags=0).set_index("trigger")
    assert frame["order"].to_dict() == {"sleep": "forward", "alcohol": "same time", "stress": "backward"}


@pytest.fixture
def base():
    """Return columns of a complete diary of 60 days."""
    rng = np.random.default_rng(2)
    return {
        "twitches": rng.poisson(4, 60),
        "stress": rng.integers(0, 11, 60),
        "caffeine": rng.integers(0, 5, 60) * 50.0,
        "heat": rng.random(60) < 0.5,
    }


def alone(day, size=60):
    values = np.zeros(size)
    values[day] = 1
    return values


REFUSED = {
    "no variation": {"stress": np.full(60, 5)},
    "not recorded": {"stress": np.full(60, np.nan)},
    "too few days": {"stress": np.where(np.arange(60) < 20, np.arange(60) % 9, np.nan)},
    "too few days with and without it": {"heat": alone([20, 40])},
    "no variation of its own": {"stress": np.where(np.arange(60) % 7 < 5, 2, 7)},
}


@pytest.mark.parametrize("by", ["person", "pooled"])
@pytest.mark.parametrize("reason", REFUSED)
def test_what_cannot_be_estimated_is_refused_with_its_reason(journal_of, base, reason, by):
    columns = REFUSED[reason]
    (name,) = columns
    if reason == "not recorded":  # a column without any value is no number for the reader; so one person lacks it
        other = {key: np.stack([value, np.roll(value, 3)]).astype(float) for key, value in base.items()}
        other[name][0] = np.nan
        journal = journal_of(other)
    else:
        journal = journal_of(base | columns)
    frame = tw.estimate_effects(journal, triggers=[name], lags=1, by="person")
    assert frame.loc[0, "reason"] == reason
    assert frame.loc[0, NUMBERS].isna().all()
    if by == "pooled" and reason != "not recorded":
        pooled = tw.estimate_effects(journal, triggers=[name], lags=1)
        assert pooled.loc[0, ["reason", "n_people"]].to_list() == [reason, 0]
    others = tw.estimate_effects(journal, triggers=["caffeine"], lags=1, by="person")
    assert (others["reason"] == "").all()


def test_rare_outcomes_are_refused(journal_of, base):
    journal = journal_of(base | {"twitches": alone([10, 20, 30, 40])})
    assert list(tw.estimate_effects(journal, triggers="stress", lags=0)["reason"]) == ["too few events"]


def test_separated_yes_no_outcomes_have_an_estimate_or_a_reason(journal_of, base):
    """The outcome never comes without the trigger: what has no finite answer is refused, or has no upper end."""
    heat = np.arange(60) % 4 == 0
    journal = journal_of(base | {"heat": heat, "sore": heat & (np.arange(60) % 8 == 0)}, outcome="sore")
    row = tw.estimate_effects(journal, triggers="heat", lags=0).iloc[0]
    assert row["reason"] == "separation" or (np.isfinite(row["estimate"]) and row["ci_lower"] > 1)


def test_counts_that_never_come_with_a_trigger_are_told(journal_of, base):
    heat = np.arange(60) % 3 == 0
    journal = journal_of(base | {"heat": heat, "twitches": np.where(heat, 0, base["twitches"] + 1)})
    row = tw.estimate_effects(journal, triggers="heat", lags=0).iloc[0]
    assert row["reason"] == "separation" or row["ci_upper"] < 0.3


def test_a_part_of_the_outcome_is_refused(journal_of, base):
    rng = np.random.default_rng(0)
    cramps = rng.poisson(1, 60)
    journal = journal_of(base | {"cramps": cramps, "episodes": base["twitches"] + cramps}, outcome="episodes")
    for name, function in FUNCTIONS.items():
        if name in ("groups", "risks"):
            continue
        frame = function(journal, triggers=["twitches", "stress"])
        refused = frame[frame["trigger"] == "twitches"]
        assert set(refused["reason"]) == {"computed from the outcome"}
        assert refused[NUMBERS].isna().all(axis=None)
        assert (frame.loc[frame["trigger"] == "stress", "reason"] == "").all()


def test_a_straight_line_of_the_outcome_is_refused(journal_of, base):
    journal = journal_of(base | {"trembling": 3 * base["twitches"] + 2.0})
    frame = tw.estimate_effects(journal, triggers=["trembling", "twitches"], lags=1).set_index("trigger")
    assert frame["reason"].to_dict() == {"trembling": "computed from the outcome", "twitches": "the outcome itself"}


def test_how_bad_a_rare_outcome_was_is_no_trigger_of_it(journal_of):
    """8 of 88 days: both on these days only is 1 of 64 billion ways to lay them; one side alone allowed chance 5e-9."""
    headache = np.zeros(88)
    headache[5::11] = 1.0
    journal = journal_of({"headache": headache, "how_bad": headache * (3 + np.arange(88) % 5)}, outcome="headache")
    assert (journal.days["how_bad"] > 0).sum() == 8
    effects = tw.estimate_effects(journal, outcome="headache", triggers="how_bad", lags=0)
    assert effects["reason"].item() == "told only with the outcome"


def test_outcomes_are_no_triggers_unless_asked_for(journal_of, base):
    journal = journal_of(base | {"pain": np.arange(60) * 7 % 11})
    assert "pain" not in set(tw.estimate_effects(journal)["trigger"])
    assert list(tw.estimate_effects(journal, triggers="pain", lags=1)["reason"]) == [""]


def test_without_order_in_time_only_the_same_day_is_told(journal_of, base):
    journal = journal_of(base, order="none")
    for function in (tw.estimate_effects, tw.correlate_triggers):
        frame = function(journal, lags=(0, 1))
        assert set(frame.loc[frame["lag"] == 1, "reason"]) == {"no order in time"}
        assert frame.loc[frame["lag"] == 1, NUMBERS].isna().all(axis=None)
        assert (frame.loc[frame["lag"] == 0, "reason"] == "").all()
        assert np.isfinite(frame.loc[frame["lag"] == 0, NUMBERS].to_numpy()).all()
    assert set(tw.compare_directions(journal)["reason"]) == {"no order in time"}
    assert set(tw.estimate_cumulative_effects(journal)["reason"]) == {"no order in time"}


def test_numbered_days_give_the_numbers_of_dates(journal_of, base):
    """Numbered days have the same weekly rhythm with another first day; only the tiny ridge on weekdays knows it."""
    gaps = {name: np.where(np.arange(60) % 11 == 5, np.nan, values) for name, values in base.items()}
    dated, numbered = journal_of(gaps), journal_of(gaps, order="day")
    for name in ("effects", "correlations", "directions", "cumulative"):
        pd.testing.assert_frame_equal(FUNCTIONS[name](dated), FUNCTIONS[name](numbered), rtol=0.05, atol=0.01)


OPTIONS = [
    ({"by": "group"}, "by='group' is not possible. Choose one of 'pooled', 'person', 'shrunken'."),
    ({"trend": "cubic"}, "trend='cubic' is not possible. Choose one of 'smooth', 'linear', 'none'."),
    ({"weekday": "yes"}, "weekday='yes' is not possible. Choose True or False."),
    ({"effect": "all"}, "effect='all' is not possible. Choose one of 'total', 'that day'."),
    ({"adjust": "both"}, "adjust='both' is not possible. Choose one of 'each', 'together'."),
    ({"lags": -1}, "lags=-1 is not possible. Give a whole number of at least 0."),
    ({"lags": (0, 1.5)}, "lags=1.5 is not possible. Give a whole number of at least 0."),
    ({"lags": True}, "lags=True is not possible. Give a whole number of at least 0."),
    ({"lags": ()}, "lags=() is not possible: name at least one lag, such as lags=(0, 1)."),
]


@pytest.mark.parametrize(("options", "message"), OPTIONS)
def test_options_are_checked(gappy, options, message):
    with pytest.raises(tw.OptionError, match=f"^{re.escape(message)}$"):
        tw.estimate_effects(gappy, **options)
    if not {"effect", "adjust", "by"} & set(options):
        with pytest.raises(tw.OptionError, match=f"^{re.escape(message)}$"):
            tw.correlate_triggers(gappy, **options)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        (
            "correlations",
            {"method": "kendall"},
            "method='kendall' is not possible. Choose one of 'spearman', 'pearson'.",
        ),
        ("correlations", {"by": "shrunken"}, "by='shrunken' is not possible. Choose one of 'person', 'pooled'."),
        ("cumulative", {"days": 1}, "days=1 is not possible. Give a whole number of at least 2."),
        ("cumulative", {"days": 2.5}, "days=2.5 is not possible. Give a whole number of at least 2."),
        ("directions", {"lag": 0}, "lag=0 is not possible. Give a whole number of at least 1."),
        ("groups", {"threshold": 0}, "threshold=0 is not possible: it lies above 0 and up to 1."),
    ],
)
def test_options_of_the_others_are_checked(gappy, name, options, message):
    with pytest.raises(tw.OptionError, match=f"^{re.escape(message)}$"):
        FUNCTIONS[name](gappy, **options)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_unknown_names_are_told(gappy, name):
    known = "'caffeine', 'heat', 'pain', 'sore', 'stress', 'twitches'"
    message = f"No trigger named 'cafffeine'. Did you mean 'caffeine'? Known: {known}."
    with pytest.raises(tw.UnknownNameError, match=f"^{re.escape(message)}$"):
        FUNCTIONS[name](gappy, triggers=["cafffeine"])
    message = f"No variable named 'stres'. Did you mean 'stress'? Known: {known}."
    with pytest.raises(tw.UnknownNameError, match=f"^{re.escape(message)}$"):
        FUNCTIONS[name](gappy, outcome="stres")


def test_a_journal_without_outcome_asks_for_one(gappy):
    days = gappy.days.drop(columns="twitches")
    message = "No outcome was named. Give outcome= one of 'caffeine', 'heat', 'pain', 'sore', 'stress'."
    with pytest.raises(tw.OptionError, match=f"^{re.escape(message)}$"):
        tw.estimate_effects(replace(gappy, days=days, outcome=None))


def test_columns_are_the_contract(gappy):
    assert list(tw.estimate_effects(gappy).columns) == effects_module.COLUMNS
    frame = tw.estimate_effects(gappy, lags=(2, 0, 2), triggers=["stress", "caffeine", "stress"])
    assert frame[["trigger", "lag"]].to_numpy().tolist() == [
        ["caffeine", 0],
        ["caffeine", 2],
        ["stress", 0],
        ["stress", 2],
    ]
    assert frame.set_index("trigger")["unit"].to_dict() == {"caffeine": "mg", "stress": "points of 10"}
    assert set(frame["person"]) == {"pooled"}


def test_no_triggers_give_no_rows(gappy):
    assert tw.estimate_effects(gappy, triggers=[]).empty
    assert list(tw.estimate_effects(gappy, triggers=[]).columns) == effects_module.COLUMNS
    assert tw.correlate_triggers(gappy, triggers=[]).empty
    assert tw.correlate_triggers(gappy, triggers=[], by="pooled").empty
    assert tw.compare_directions(gappy, triggers=[]).empty
    assert tw.group_triggers(gappy, triggers=[]).empty
