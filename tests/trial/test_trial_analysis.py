"""What a trial found, told whole: both analyses, days not kept, changed schedules, the diary beside it."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import twitchstats as tw
from twitchstats.errors import NotEnoughDataError, OptionError, UnknownNameError
from twitchstats.report.wording.trials import describe_trial
from twitchstats.sequential import spend_alpha
from twitchstats.simulate.processes import simulate_process
from twitchstats.trial.analyze import TRIAL_COLUMNS, _compare


@pytest.fixture(scope="module")
def diary():
    """Two people whose diary shows nothing."""
    return simulate_process("autocorrelated .8", people=2, days=90, seed=3)[0]


@pytest.fixture(scope="module")
def plan(diary):
    return tw.plan_trial("trigger_1", days=56, journal=diary, levels=(0, 1))


def keep_trial(diary, plan, *, ratio=2.0, seed=1, forget=(), instead=()):
    """Append the days of a trial, every day kept but those named by their place in the schedule."""
    schedule = plan.schedule
    taken = schedule["condition"].to_numpy(float)
    taken[list(instead)] = 1 - taken[list(instead)]
    twitches = np.random.default_rng(seed).poisson(4 * ratio**taken).astype(float)
    days = pd.DataFrame({"twitches": twitches, "trigger_1": taken})
    days.index = pd.MultiIndex.from_frame(schedule[["person", "date"]])
    days = days.drop(days.index[list(forget)])
    return replace(diary, days=pd.concat([diary.days, days]))


def test_effect_is_found_and_its_columns_are_the_contract(diary, plan):
    found = tw.analyze_trial(keep_trial(diary, plan), plan)
    assert list(found.columns) == TRIAL_COLUMNS
    assert found["person"].tolist() == [*np.repeat(plan.options.people, 2), "pooled", "pooled"]
    own = found[found["person"] != "pooled"]
    assert (own["p_value"] <= 0.01).all()
    assert ((own["ci_lower"] < 2) & (own["ci_upper"] > 2)).all()
    assert (own["n_days"] == 56).all()
    assert (own["schedules"] == 1000).all()
    assert (own["caution"] == "").all()
    kept = own.groupby("person")[["estimate", "ci_lower", "ci_upper"]].nunique()
    assert (kept == 1).all(axis=None)  # every day was kept: both analyses are one
    assert set(own["watching"]) <= {"missed it", "wrong", "right"}


def test_same_trial_same_numbers_and_nothing_is_changed(diary, plan):
    journal = keep_trial(diary, plan, instead=(3, 9))
    before = journal.days.copy()
    pd.testing.assert_frame_equal(tw.analyze_trial(journal, plan), tw.analyze_trial(journal, plan))
    pd.testing.assert_frame_equal(journal.days, before)


def test_days_not_kept_and_forgotten_are_told(diary, plan):
    found = tw.analyze_trial(keep_trial(diary, plan, instead=range(0, 24, 2), forget=(1, 3)), plan)
    first = found.iloc[:2].set_index("analysis")
    assert (first["days_not_kept"] == 12).all()
    assert (first["days_missing"] == 2).all()
    assert first["caution"].iloc[0].startswith("12 of 56 days were not kept; 2 of 56 days have no entry (")
    assert first.loc["as taken", "estimate"] > first.loc["by intention", "estimate"]


def test_days_forgotten_on_one_side_are_told(diary, plan):
    forget = np.flatnonzero(plan.schedule["condition"].iloc[:56])[:9]
    caution = tw.analyze_trial(keep_trial(diary, plan, forget=forget), plan)["caution"][0]
    assert caution.startswith("9 of 56 days have no entry (9 with, 0 without); days are missing more often on one side")


def test_declared_look_has_its_level_and_later_days_wait(diary):
    plan = tw.plan_trial("trigger_1", days=56, journal=diary, levels=(0, 1), looks=(0.5, 1))
    journal = keep_trial(diary, plan, forget=[*range(30, 56), *range(86, 112)])
    found = tw.analyze_trial(journal, plan)
    level = spend_alpha([0.5, 1])["level"][0]
    assert found["level"].tolist() == pytest.approx([level] * 6)
    assert found["n_days"].tolist() == [28] * 4 + [56] * 2
    told = f"a declared look after 28 of 56 days, at a level of {level:.2g}, 2 later days wait"
    assert (found["caution"].iloc[:4] == told).all()
    late = keep_trial(diary, plan, forget=[*range(28, 56), *range(84, 112)])
    pd.testing.assert_frame_equal(
        tw.analyze_trial(late, plan)[["estimate", "ci_lower"]], found[["estimate", "ci_lower"]]
    )
    assert tw.analyze_trial(keep_trial(diary, plan), plan)["n_days"].tolist() == [56] * 4 + [112] * 2


def test_look_that_was_not_declared_is_told(diary, plan):
    found = tw.analyze_trial(keep_trial(diary, plan, forget=[*range(30, 56), *range(86, 112)]), plan).iloc[:4]
    told = (
        "looked at after 30 of 56 days, before any declared look: the p-value and its interval hold for a single look, "
        "those of any time however often"
    )
    assert (found["caution"] == told).all()
    assert found["level"].isna().all()
    assert (found["days_missing"] == 0).all()
    assert (found["p_anytime"] > found["p_value"]).all()
    assert (found["ci_anytime_lower"] < found["ci_lower"]).all()
    assert (found["ci_anytime_upper"] > found["ci_upper"]).all()


def test_group_before_a_declared_look_is_told_as_one_and_has_a_sentence(diary, plan):
    """What holds at any look is one person's: the group's p was told without a word, and not at all in the report."""
    journal = keep_trial(diary, plan, forget=range(30, 56))
    found = tw.analyze_trial(journal, plan)
    told = (
        "not everybody has come to a declared look: p-value and interval hold for a single look; "
        "1 of 2 people have a caution of their own"
    )
    assert (found["caution"].iloc[4:] == told).all()
    assert found["level"].iloc[4:].isna().all()
    assert "Nothing can be said" not in describe_trial(journal, plan, found)


def test_pair_of_periods_that_is_not_over_is_too_little(diary):
    """One coin has no error of its own: scipy's solver was asked for the ends of an interval of NaN."""
    plan = tw.plan_trial("trigger_1", days=84, journal=diary, people=["p1"], levels=(0, 1), lasts=1)
    for days, reason in ((1, "too few days"), (13, "too few days"), (14, "too few days"), (20, "")):
        found = tw.analyze_trial(keep_trial(diary, plan, forget=range(days, 84)), plan)
        assert (found["reason"] == reason).all()
        assert found["caution"].str.startswith(f"looked at after {days} of 84 days").all()


def test_changed_schedule_and_dropped_days_are_told(diary, plan):
    schedule = plan.schedule.set_index(["person", "date"])["condition"]
    schedule.iloc[[2, 5]] = 1 - schedule.iloc[[2, 5]]
    journal = keep_trial(diary, plan, forget=[7])
    journal = replace(journal, days=journal.days.join(schedule))
    found = tw.analyze_trial(journal, plan).set_index("person")["caution"]
    first, second = plan.options.people
    told = (
        "1 of 56 days have no entry (0 with, 1 without); 2 of 56 days were changed in the schedule after it was sealed"
    )
    assert (found[first] == told.replace("0 with, 1 without", tell_sides(plan, 7))).all()
    assert (found[second] == "").all()


def tell_sides(plan, place):
    return "1 with, 0 without" if plan.schedule["condition"][place] else "0 with, 1 without"


@pytest.mark.parametrize(("share", "reason"), [(0, "no variation of its own"), (1, "no variation of its own")])
def test_what_was_always_or_never_taken_tells_nothing_as_taken(diary, plan, share, reason):
    journal = keep_trial(diary, plan)
    place = plan.schedule.set_index(["person", "date"]).index
    journal.days.loc[place, "trigger_1"] = float(share)
    own = tw.analyze_trial(journal, plan).iloc[:2].set_index("analysis")
    assert own["reason"].to_dict() == {"by intention": "", "as taken": reason}
    assert np.isnan(own.loc["as taken", "estimate"])
    assert own.loc["by intention", "estimate"] > 1.5


def test_opposite_of_the_schedule_is_as_good_as_taken(diary, plan):
    own = tw.analyze_trial(keep_trial(diary, plan, instead=range(56)), plan).iloc[:2].set_index("analysis")
    assert own.loc["as taken", "estimate"] == pytest.approx(2, abs=0.5)
    assert own.loc["as taken", "estimate"] * own.loc["by intention", "estimate"] == pytest.approx(1, abs=0.01)
    assert (own["ci_lower"] < own["estimate"]).all()
    assert (own["estimate"] < own["ci_upper"]).all()


def test_yes_and_no_are_the_amounts_of_the_plan(diary):
    """Who notes only whether coffee was drunk has kept to 200 mg and none."""
    plan = tw.plan_trial("trigger_1", days=56, journal=diary, levels=(0, 200))
    kinds = diary.variables["kind"].where(diary.variables["name"] != "trigger_1", "yes/no")
    journal = replace(keep_trial(diary, plan), variables=diary.variables.assign(kind=kinds))
    found = tw.analyze_trial(journal, plan)
    assert (found["days_not_kept"] == 0).all()
    assert found["estimate"].iloc[0] == found["estimate"].iloc[1]


@pytest.mark.parametrize(("side", "estimate"), [(1, np.inf), (0, 0.0)])
def test_outcome_on_one_side_only_has_a_direction_and_no_size(diary, plan, side, estimate):
    journal = keep_trial(diary, plan)
    place = plan.schedule.set_index(["person", "date"])["condition"]
    journal.days.loc[place.index, "twitches"] *= place == side
    found = tw.analyze_trial(journal, plan)
    own = found.iloc[:4]
    assert (own["reason"] == "separation").all()
    assert (own["estimate"] == estimate).all()
    assert own[["ci_lower", "ci_upper"]].isna().all(axis=None)
    assert (own["p_value"] <= 0.01).all()
    assert (found["reason"].iloc[4:] == "too few people").all()
    assert (found["caution"].iloc[4:] == "2 of 2 people have no estimate and are left out").all()
    told = str(describe_trial(journal, plan, found))
    assert told.count("more" if side else "fewer") == 2


def test_one_event_excludes_no_ratio(diary, plan):
    journal = keep_trial(diary, plan)
    place = plan.schedule.set_index(["person", "date"]).index
    journal.days.loc[place, "twitches"] = 0.0
    journal.days.loc[place[[9, 70]], "twitches"] = 1.0
    own = tw.analyze_trial(journal, plan).iloc[:4]
    assert (own["p_value"] > 0.05).all()
    assert (own["ci_lower"] == 0).all()
    assert (own["ci_upper"] == np.inf).all()


def test_half_of_the_difference_is_not_kept_and_days_without_a_dose_are_told(diary, plan):
    journal = keep_trial(diary, plan)
    place = plan.schedule.set_index(["person", "date"]).index
    journal.days.loc[place[:4], "trigger_1"] = 0.5
    journal.days.loc[place[4], "trigger_1"] = 40.0
    journal.days.loc[place[5:8], "trigger_1"] = np.nan
    row = tw.analyze_trial(journal, plan).iloc[0]
    assert row["days_not_kept"] == 5
    assert row["caution"] == (
        "5 of 56 days were not kept; "
        "what was taken on 3 of 56 days is not in the journal: it is believed to be as drawn, and no column "
        "'condition' of 0 and 1 says so"
    )


def test_level_that_no_schedule_can_reach_is_told(diary, plan):
    found = tw.analyze_trial(keep_trial(diary, plan), plan, draws=99, alpha=0.001)
    assert (found["caution"].iloc[:4] == "so few schedules are compared that p can't be below 0.01").all()
    assert (found["ci_upper"].iloc[:4] == np.inf).all()


@pytest.mark.parametrize(
    ("design", "where"), [("days", "that lasts for three days more"), ("pairs", "the outcome comes in flares")]
)
def test_day_before_that_matters_is_told(diary, design, where):
    """Three times as many on the day after, too: the row says what that does to the test, as it was counted."""
    plan = tw.plan_trial("trigger_1", days=56, journal=diary, levels=(0, 1), design=design)
    journal = keep_trial(diary, plan)
    taken = plan.schedule.groupby("person")["condition"].shift(fill_value=0).to_numpy()
    journal.days.loc[plan.schedule.set_index(["person", "date"]).index, "twitches"] *= 3.0**taken
    found = tw.analyze_trial(journal, plan).iloc[:4]
    assert (found["p_carry_over"] <= 0.05).all()
    told = f"the day before matters, too: a test of 5 % is one of 6 % or a little more where {where}"
    assert (found["caution"] == told).all()


def test_chosen_seed_is_told(diary):
    plan = tw.plan_trial("trigger_1", days=28, journal=diary, levels=(0, 1), seed=7)
    assert "the seed was chosen by hand" in tw.analyze_trial(keep_trial(diary, plan), plan)["caution"][0]


def analyse(journal, plan):
    return tw.analyze_trial(journal, plan)


def play(journal, plan):
    return tw.play_trial(journal, plan, effect=0.0, hidden=0.0)


@pytest.mark.parametrize("use", [analyse, play])
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            lambda plan: replace(plan, seed=plan.seed + 1),
            OptionError,
            "The plan does not fit its seal: options or seed were changed after it was made.",
        ),
        (
            lambda plan: "plan.json",
            OptionError,
            "plan='plan.json' is no plan. Read it by read_plan, or make one by plan_trial.",
        ),
        (
            lambda plan: tw.plan_trial("caffeine", days=28, people=["Anna"], start="2026-03-02"),
            UnknownNameError,
            "No person named 'Anna'. Known: 'me'.",
        ),
        (
            lambda plan: tw.plan_trial("caffeine", days=28, people=["me"], outcome="cramps", start="2026-03-02"),
            UnknownNameError,
            "No variable named 'cramps'. Known: 'twitches', 'caffeine'.",
        ),
        (
            lambda plan: tw.plan_trial("caffeine", days=28, people=["me"]),
            OptionError,
            "The plan starts on 1, and the journal's days are dates. Plan again with such a start=.",
        ),
    ],
)
def test_plan_that_is_not_of_this_journal_is_refused(use, change, error, message):
    own = tw.simulate_suspicion(effect=0.0, hidden=0.0, days=20)
    plan = tw.plan_trial("caffeine", days=28, journal=own, seed=1)
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        use(own, change(plan))


def test_journal_without_the_trial_is_refused(diary, plan):
    with pytest.raises(OptionError, match=r"^'my\.csv' is no journal\. Read it first, with read_journal\.$"):
        tw.analyze_trial("my.csv", plan)
    message = (
        f"None of the 56 planned days from {plan.options.starts[0]} on has 'twitches' in the journal. "
        "Give the journal that was kept during the trial."
    )
    with pytest.raises(NotEnoughDataError, match=f"^{re.escape(message)}$"):
        tw.analyze_trial(diary, plan)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": None}, "alpha=None is not possible. It must lie between 0 and 0.5, both excluded."),
        ({"alpha": 2}, "alpha=2 is not possible. It must lie between 0 and 0.5, both excluded. 2 % is 0.02."),
        ({"draws": 5}, "draws=5 is not possible. Give a whole number of at least 99."),
        ({"draws": 10**6}, "draws=1000000 is not possible. Give a whole number of at most 9999."),
    ],
)
def test_options_out_of_range(diary, plan, options, message):
    with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
        tw.analyze_trial(diary, plan, **options)


def test_last_day_forgotten_is_a_whole_trial_where_the_diary_goes_on(diary, plan):
    journal = keep_trial(diary, plan, forget=[54, 55])
    assert tw.analyze_trial(journal, plan)["level"].isna().iloc[0]
    person = plan.options.people[0]
    later = pd.DataFrame(
        {"twitches": [3.0], "trigger_1": [0.0]},
        index=pd.MultiIndex.from_tuples(
            [(person, plan.schedule["date"][55] + pd.Timedelta(days=2))], names=["person", "date"]
        ),
    )
    row = tw.analyze_trial(replace(journal, days=pd.concat([journal.days, later])), plan).iloc[0]
    assert (row["level"], row["n_days"], row["days_missing"]) == (0.05, 54, 2)


def test_too_few_days_have_a_reason(diary, plan):
    found = tw.analyze_trial(keep_trial(diary, plan, forget=range(5, 56)), plan)
    first = found[found["person"] == plan.options.people[0]]
    assert (first["reason"] == "too few days").all()
    assert first["estimate"].isna().all()
    assert (found.loc[found["person"] == "pooled", "reason"] == "too few people").all()
    nobody = tw.analyze_trial(keep_trial(diary, plan, forget=[*range(5, 56), *range(61, 112)]), plan)
    assert nobody["estimate"].isna().all()


def test_people_are_put_together_by_the_t_test_of_their_effects(diary, plan):
    found = tw.analyze_trial(keep_trial(diary, plan), plan)
    own, pooled = np.log(found["estimate"].iloc[[0, 2]]), found.iloc[4]
    reference = stats.ttest_1samp(own, 0.0)
    told = pooled[["estimate", "ci_lower", "ci_upper"]].to_numpy(float)
    np.testing.assert_allclose(np.log(told), [own.mean(), *reference.confidence_interval()])
    assert pooled["p_value"] == pytest.approx(reference.pvalue)


def test_watching_is_set_beside_the_trial():
    """A diary whose trigger doubles the outcome, and a trial in which it does nothing: watching was wrong."""
    diary, _ = simulate_process("independent", people=1, days=200, effect=0.7, seed=5)
    plan = tw.plan_trial("trigger_1", days=84, journal=diary, levels=(0, 1))
    wrong = tw.analyze_trial(keep_trial(diary, plan, ratio=1.0), plan)
    right = tw.analyze_trial(keep_trial(diary, plan, ratio=2.0), plan)
    assert wrong["watched"][0] == pytest.approx(2.0, abs=0.4)
    assert (wrong["watching"] == "wrong").all()
    assert (right["watching"] == "right").all()


@pytest.mark.parametrize(
    ("trial", "diary", "word"),
    [
        ([0.6, 0.4, 0.8], [-0.1, -0.2, 0.1], "missed it"),  # far apart, yet the diary had told nothing
        ([0.1, -0.05, 0.2], [-0.2, -0.4, 0.01], "open"),
        ([0.6, 0.4, 0.8], [-0.2, -0.3, -0.1], "wrong"),
        ([0.0, -0.1, 0.1], [0.6, 0.4, 0.8], "wrong"),
        ([0.3, -0.1, 0.7], [0.6, 0.4, 0.8], "not confirmed"),
    ],
)
def test_a_diary_that_showed_nothing_was_not_wrong(trial, diary, word):
    assert _compare(np.array(trial), np.array(diary)) == word


def test_diary_whose_effects_are_told_otherwise_is_not_set_beside(diary, plan):
    """The reader takes the outcome for a rating now: its differences are no rate ratios."""
    kinds = diary.variables["kind"].where(diary.variables["name"] != "twitches", "rating")
    rated = replace(keep_trial(diary, plan), variables=diary.variables.assign(kind=kinds))
    found = tw.analyze_trial(rated, plan)
    assert found["watched"].isna().all()
    assert (found["watching"] == "").all()
    assert (found["caution"].iloc[:4] == "'twitches' is told as rating in the journal, and as count in the plan").all()


def test_outcome_that_is_no_count_in_the_journal_is_found(diary, plan):
    """Means of a day (4.5) stand in a column of the reader's own; the journal was said to hold no planned day."""
    names = diary.variables["name"].replace("twitches", "my_twitches")
    kept = keep_trial(diary, plan)
    own = diary.variables.assign(name=names, kind=diary.variables["kind"].mask(names == "my_twitches", "amount"))
    found = tw.analyze_trial(
        replace(kept, variables=own, days=kept.days.rename(columns={"twitches": "my_twitches"})), plan
    )
    assert found["estimate"][0] == pytest.approx(tw.analyze_trial(kept, plan)["estimate"][0])
    assert found["caution"][0] == "'twitches' is told as amount in the journal, and as count in the plan"


def test_carry_over_is_seen(diary):
    """The effect comes a day late: nothing on the day, but the day before matters."""
    one = tw.plan_trial("trigger_1", days=112, journal=diary, levels=(0, 1), people=[diary.days.index[0][0]])
    condition = one.schedule["condition"].to_numpy(float)
    late = np.r_[0, condition[:-1]]
    journal = keep_trial(diary, one)
    place = one.schedule.set_index(["person", "date"]).index
    journal.days.loc[place, "twitches"] = np.random.default_rng(2).poisson(4 * 2.5**late)
    assert tw.analyze_trial(journal, one)["p_carry_over"][0] <= 0.01


def test_small_design_compares_every_schedule():
    plan = tw.plan_trial("stretching", days=20, design="pairs", seed=3)
    days = pd.DataFrame({"twitches": np.arange(20.0) % 7, "stretching": plan.schedule["condition"].astype(float)})
    days.index = pd.MultiIndex.from_frame(plan.schedule[["person", "date"]])
    table = days.reset_index().rename(columns={"date": "day"})
    journal = tw.read_journal(table, outcome="twitches")
    assert (tw.analyze_trial(journal, plan)["schedules"] == 2**10).all()
