"""A plan: what follows from its seed, what it refuses, what it can find, and how it is written and read again."""

import json
import re
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest

import twitchstats as tw
from twitchstats.errors import JournalError, NotEnoughDataError, OptionError, UnknownNameError
from twitchstats.report.wording.signs import list_warnings
from twitchstats.signs import find_flags
from twitchstats.simulate.processes import simulate_process
from twitchstats.study.trials import simulate_trials
from twitchstats.trial.plan import Options, seal_plan
from twitchstats.trial.write import format_calendar, format_page


@pytest.fixture(scope="module")
def diary():
    return simulate_process("autocorrelated .8", people=2, days=90, seed=3)[0]


def test_schedule_follows_from_options_and_seed():
    plan, again, other = (tw.plan_trial("caffeine", days=56, start="2026-03-02", seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(plan.schedule, again.schedule)
    assert plan.seal == again.seal != other.seal
    assert not plan.schedule["condition"].equals(other.schedule["condition"])
    assert list(plan.schedule.columns) == ["person", "date", "condition", "period", "analysed"]
    with_it = plan.schedule.groupby(plan.schedule["date"].dt.day_of_week)["condition"].sum()
    assert (with_it == 4).all()


def test_start_may_be_a_timestamp():
    plan = tw.plan_trial("caffeine", days=28, start=pd.Timestamp("2026-03-02"), seed=1)
    assert plan.seal == tw.plan_trial("caffeine", days=28, start="2026-03-02", seed=1).seal


def test_without_a_seed_it_follows_from_the_diary(diary):
    plan = tw.plan_trial("trigger_1", days=28, journal=diary)
    assert plan.seal == tw.plan_trial("trigger_1", days=28, journal=diary).seal
    changed = replace(diary, days=diary.days.assign(twitches=diary.days["twitches"] + 1))
    assert tw.plan_trial("trigger_1", days=28, journal=changed).seed != plan.seed
    assert not plan.chosen
    assert tw.plan_trial("trigger_1", days=28, journal=diary, seed=4).chosen


def test_it_starts_after_each_persons_diary(diary):
    plan = tw.plan_trial("trigger_1", days=28, journal=diary)
    last = diary.days.index.to_frame(index=False).groupby("person")["date"].max()
    first = plan.schedule.groupby("person")["date"].min()
    assert ((first - last).dt.days == 1).all()


def test_effect_that_lasts_is_planned_in_blocks():
    plan = tw.plan_trial("magnesium", days=84, lasts=3, seed=1)
    assert (plan.options.design, plan.options.period, plan.options.washout) == ("blocks", 7, 3)
    assert plan.schedule["analysed"].mean() == pytest.approx(4 / 7)
    assert tw.plan_trial("magnesium", days=168, lasts=5, seed=1).options.period == 14


def test_blocks_too_few_to_find_anything_are_refused_for_one_person(diary):
    """Four coins give 16 schedules, each with its mirror image: the smallest p is 2 / 16."""
    message = (
        "days=56 is not possible with periods of 7: they give so few schedules that p can't be below 0.12, whatever is "
        "found. Plan at least 84 days, or shorter periods."
    )
    with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
        tw.plan_trial("magnesium", days=56, lasts=1)
    power = tw.plan_trial("trigger_1", days=56, lasts=1, journal=diary).power
    assert (power["power"] == 0).all()
    assert (power["days_needed"].dropna() >= 84).all()
    assert power["days_needed"].notna().any()


def test_seed_chosen_by_hand_cannot_be_denied_afterwards(tmp_path):
    tw.write_plan(tw.plan_trial("caffeine", days=28, seed=1), tmp_path)
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"chosen": False}))
    message = f"{file} does not fit its seal: options or seed were changed after it was made."
    with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
        tw.read_plan(file)


def test_power_is_what_the_diary_leaves(diary):
    """More days find more; a diary of twice the scatter needs more days; the promise is kept in the study (.8)."""
    power = tw.plan_trial("trigger_1", days=60, journal=diary).power
    longer = tw.plan_trial("trigger_1", days=180, journal=diary).power
    assert list(power.columns) == ["person", "effect", "measure", "days", "power", "power_one_look", "days_needed"]
    assert (longer["power"] > power["power"]).all()
    own = power[power["person"] == power["person"][0]]
    assert own["power"].is_monotonic_increasing
    assert own["days_needed"].is_monotonic_decreasing
    assert (power["measure"] == "rate ratio").all()


def test_days_of_looks_are_those_of_their_shares():
    """.55 of 60 days are 33, though the product of both is a little more in doubles."""
    plan = tw.plan_trial("caffeine", days=60, looks=(0.5, 0.55, 1), seed=1)
    assert plan.options.look_days == (30, 33, 60)
    assert "looked at after day 30, day 33 and at the end" in format_page(plan)


def test_looks_have_their_price_and_are_sealed(diary):
    once, twice = (tw.plan_trial("trigger_1", days=60, journal=diary, looks=looks) for looks in ((1,), (0.5, 1)))
    assert once.seal != twice.seal
    assert (once.power["power"] == once.power["power_one_look"]).all()
    assert (twice.power["power"] < twice.power["power_one_look"]).all()


def test_first_day_may_be_a_number_also_as_it_is_typed():
    assert [tw.plan_trial("caffeine", days=28, start=start).options.starts for start in (5, "5", "-2")] == [
        (5,),
        (5,),
        (-2,),
    ]
    assert tw.plan_trial("caffeine", days=28, start="20260301").options.starts == ("2026-03-01",)
    assert tw.plan_trial("caffeine", days=28, design="pairs", lasts=1).options.design == "pairs"


def test_days_that_are_past_are_not_drawn(diary):
    last = diary.days.index.get_level_values("date").max().date()
    message = f"start='2024-01-20' is not possible. The diary goes on to {last}: only later days can be drawn."
    with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
        tw.plan_trial("trigger_1", days=28, journal=diary, start="2024-01-20")
    assert tw.plan_trial("trigger_1", days=28, journal=diary, start=last + pd.Timedelta(days=1))


@pytest.mark.parametrize(("header", "what"), [("mood", "text"), ("condition", "a column of the schedule itself")])
def test_text_and_columns_of_the_schedule_are_refused(header, what):
    cells = ["fine, all day", "a bad one"] * 15 if what == "text" else [0, 1] * 15
    table = pd.DataFrame({"day": range(1, 31), "twitches": [day % 5 for day in range(30)], header: cells})
    journal = tw.read_journal(table, outcome="twitches")
    for option in ("trigger", "outcome"):
        message = f"{option}='{header}' is not possible: it is {what}. Name what is counted, measured or rated."
        with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
            tw.plan_trial(**{"trigger": "caffeine", option: header}, days=28, journal=journal)


def test_page_of_a_diary_that_never_varies_promises_nothing(diary):
    still = replace(diary, days=diary.days.assign(twitches=0.0))
    page = format_page(tw.plan_trial("trigger_1", days=28, journal=still))
    assert page.count("not known: the diary never varies") == 2 * 3 * 3
    assert "nan" not in page


def test_short_diary_is_refused(diary):
    short = replace(diary, days=diary.days.groupby("person").head(10))
    person = diary.days.index[0][0]
    message = (
        f"person {person} has 10 days with 'twitches'; to tell what a trial can find takes 14. "
        "Plan without journal=, or keep the diary a little longer."
    )
    with pytest.raises(NotEnoughDataError, match=f"^{re.escape(message)}$"):
        tw.plan_trial("trigger_1", days=28, journal=short)


@pytest.mark.parametrize("name", ["diuretic", "statin", "estrogen", "pregnancy", "potassium", "pain_reliever"])
def test_doctor_first(name):
    with pytest.raises(OptionError, match=f"^Ask your doctor first: '{name}' is no matter for a trial of your own. "):
        tw.plan_trial(name, days=28, seed=1)
    assert tw.plan_trial(name, days=28, seed=1, doctor_agrees=True).options.trigger == name


@pytest.mark.parametrize(
    "header",
    [
        "Baclofen",
        "Keppra (mg)",
        "citalopram",
        "my pill",
        "meds",
        "Blutdrucktablette",
        "Antibabypille",
        "píldora",
        "comprimés",
        "beta-blocker",
        "Asthmaspray",
        "eye drops",
        "St John's wort",
        "birth control",
        "метформин",
        "プレドニゾロン",
    ],
)
def test_doctor_first_where_a_column_of_your_own_sounds_like_a_medicine(header):
    table = pd.DataFrame({"day": range(1, 31), "twitches": [day % 5 for day in range(30)], header: [0, 1] * 15})
    journal = tw.read_journal(table, outcome="twitches")
    name = journal.variables["name"].iloc[-1]
    with pytest.raises(OptionError, match=f"^Ask your doctor first: '{name}' is a medicine or may be one. "):
        tw.plan_trial(name, days=28, journal=journal)
    assert tw.plan_trial(name, days=28, journal=journal, doctor_agrees=True)


def test_what_does_not_sound_like_a_medicine_is_planned():
    for header in ("chocolate", "pillow", "vegetables", "table tennis", "cold shower", "magazine", "raspberries"):
        table = pd.DataFrame({"day": range(1, 31), "twitches": [day % 5 for day in range(30)], header: [0, 1] * 15})
        journal = tw.read_journal(table, outcome="twitches")
        assert tw.plan_trial(journal.variables["name"].iloc[-1], days=28, journal=journal).options.high == 1


@pytest.mark.parametrize(
    ("sign", "label"),
    [
        ("weakness", "weakness felt"),
        ("dysarthria", "speech or swallowing trouble"),
        ("numbness", "numbness or tingling"),
        ("Schwangerschaft", "pregnancy"),
        ("falls", "falls"),
        ("trouble_breathing", "trouble breathing"),
    ],
)
def test_doctor_first_with_a_red_flag_that_is_told_day_by_day(diary, sign, label):
    person = diary.days.index[0][0]
    days = diary.days.assign(**{sign: 0.0})
    assert tw.plan_trial("trigger_1", days=28, journal=replace(diary, days=days))
    days.iloc[3, -1] = 1.0
    with pytest.raises(OptionError, match=f"^Ask your doctor first: the journal tells '{label}' of {person}. "):
        tw.plan_trial("trigger_1", days=28, journal=replace(diary, days=days))


@pytest.mark.parametrize(
    ("sign", "cell", "label"),
    [("weakness", "left hand", "weakness felt"), ("numbness", "tingling in the foot", "numbness or tingling")],
)
def test_doctor_first_where_cells_of_a_red_flag_could_not_be_read(sign, cell, label):
    """The page said 'not clear' of 'left hand', and a plan did not ask."""
    cells = [*["no", cell] * 5, *["no"] * 20] if sign == "weakness" else [f"{cell} {day}" for day in range(30)]
    table = pd.DataFrame({"day": range(1, 31), "twitches": [day % 5 for day in range(30)], sign: cells})
    journal = tw.read_journal(table, outcome="twitches")
    message = (
        f"Ask your doctor first: it is not clear whether '{label}' is there. Where a doctor has agreed, plan with "
        "doctor_agrees=True."
    )
    with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
        tw.plan_trial("caffeine", days=28, journal=journal)
    assert (
        list_warnings(journal, find_flags(journal)).set_index("label")["told"][label.capitalize()]
        == "not clear: some cells could not be read"
    )


def test_doctor_first_with_a_red_flag(diary):
    person = diary.days.index[0][0]
    people = pd.DataFrame({"wasting": [1.0]}, index=pd.Index([person], name="person"))
    message = (
        f"Ask your doctor first: the journal tells 'muscle wasting' of {person}. Where a doctor has agreed, plan with "
        "doctor_agrees=True."
    )
    with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
        tw.plan_trial("trigger_1", days=28, journal=replace(diary, people=people))
    others = [name for name in diary.days.index.unique("person") if name != person]
    assert tw.plan_trial("trigger_1", days=28, journal=replace(diary, people=people), people=others)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"trigger": "menstruation"},
            "'menstruation' can't be switched on and off by lot. Choose what you can decide each day.",
        ),
        ({"trigger": "stress"}, "'stress' can't be switched on and off by lot. Choose what you can decide each day."),
        (
            {"trigger": "sleep"},
            "levels=None is not possible. Nobody goes without 'sleep': give two amounts above 0, in h.",
        ),
        (
            {"trigger": "fluid", "levels": (0, 2)},
            "levels=(0, 2) is not possible. Nobody goes without 'fluid': give two amounts above 0, in L.",
        ),
        (
            {"levels": (-100, 200)},
            "levels=(-100, 200) is not possible. 'caffeine' lies between 0 and 3000 mg on plausible days.",
        ),
        (
            {"levels": (0, 3000)},
            "Ask your doctor first: 3000 mg of 'caffeine' a day are more than 400. Where a doctor has agreed, plan "
            "with doctor_agrees=True.",
        ),
        (
            {"trigger": "sleep", "levels": (1, 14)},
            "Ask your doctor first: 14 h of 'sleep' a day are more than 13; 1 h of 'sleep' a day are less than 4.5. "
            "Where a doctor has agreed, plan with doctor_agrees=True.",
        ),
        (
            {"levels": (0, 9000)},
            "levels=(0, 9000) is not possible. 'caffeine' lies between 0 and 3000 mg on plausible days.",
        ),
        ({"trigger": "statin", "doctor_agrees": "no"}, "doctor_agrees='no' is not possible. Give True or False."),
        ({"people": "me"}, "people='me' is not possible. Give a list: people=['me']."),
        ({"people": [None]}, "people=[None] is not possible. Name at least one person, each once."),
        ({"trigger": "cramps"}, "'cramps' can't be switched on and off by lot. Choose what you can decide each day."),
        (
            {"trigger": "twitches"},
            "trigger='twitches' is the outcome itself. Name what is to be changed from day to day.",
        ),
        ({"days": 3}, "days=3 is not possible. Give a whole number of at least 14."),
        ({"days": 1e9}, "days=1000000000.0 is not possible. Give a whole number of at least 14."),
        ({"seed": -1}, "seed=-1 is not possible. Give a whole number of at least 0."),
        (
            {"looks": [0.5]},
            "[0.5] are no looks. Give rising shares of the planned days up to 1: [0.5, 1].",
        ),
        (
            {"days": 56, "looks": [0.25, 1]},
            "A look after 14 of 56 days finds something where p is at most 1.5e-05; so few schedules are compared that "
            "it can't be below 0.016. Look later.",
        ),
        ({"looks": "half"}, "'half' are no looks. Give rising shares of the planned days up to 1: [0.5, 1]."),
        ({"start": "soon"}, "start='soon' is no date. Write it as 2026-03-01."),
        (
            {"levels": (2, 1)},
            "levels=(2, 1) is not possible. Give what is taken without and with it, such as (0, 200).",
        ),
        (
            {"levels": "0,200"},
            "levels='0,200' is not possible. Give what is taken without and with it, such as (0, 200).",
        ),
        (
            {"trigger": "stretching", "levels": (0, 5)},
            "levels=(0, 5) is not possible. A matter of yes or no has (0, 1).",
        ),
        (
            {"trigger": ["caffeine", "alcohol"]},
            "trigger=['caffeine', 'alcohol'] is not possible. A trial has one: give its name.",
        ),
        ({"days": 10**9}, "days=1000000000 is not possible. Give a whole number of at most 3650."),
        ({"period": 5}, "period=5 goes with design='blocks' only; here it is 'days'."),
        ({"start": "9999-12-25"}, "start='9999-12-25' is no date. Write it as 2026-03-01."),
        ({"start": ""}, "start='' is no date. Write it as 2026-03-01."),
        ({"start": "3/4/2026"}, "start='3/4/2026' is no date. Write it as 2026-03-01."),
        ({"start": pd.NaT}, "start=NaT is not possible. Give a date such as 2026-03-01, or a whole number."),
        ({"people": []}, "people=[] is not possible. Name at least one person, each once."),
        (
            {"design": "pairs", "lasts": 2},
            "design='pairs' is not possible with lasts=2: in pairs, an effect that lasts longer than the day after "
            "can't be told from the day's own. Choose 'days' or 'blocks'.",
        ),
        ({"design": "weeks"}, "design='weeks' is not possible. Choose one of 'days', 'pairs', 'blocks'."),
    ],
)
def test_what_is_not_possible(options, message):
    with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
        tw.plan_trial(**{"trigger": "caffeine", "days": 28, "seed": 1} | options)


def test_unknown_trigger():
    with pytest.raises(UnknownNameError, match="^No trigger named 'caffein'. Did you mean 'caffeine'. Known: "):
        tw.plan_trial("caffein", days=28)


def test_written_plan_comes_back_and_a_changed_one_is_refused(tmp_path):
    plan = tw.plan_trial("caffeine", days=28, start="2026-03-02", seed=1)
    names = [path.name for path in tw.write_plan(plan, tmp_path / "plan")]
    assert names == ["plan.json", "schedule.csv", "schedule.html", "schedule.ics"]
    again = tw.read_plan(tmp_path / "plan")
    pd.testing.assert_frame_equal(again.schedule, plan.schedule)
    filled = tw.read_journal(tmp_path / "plan" / "schedule.csv", outcome="twitches")
    assert len(filled.days) == 28
    file = tmp_path / "plan" / "plan.json"
    told = json.loads(file.read_text())
    file.write_text(json.dumps(told | {"seed": 2}))
    message = f"{file} does not fit its seal: options or seed were changed after it was made."
    with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
        tw.read_plan(file)
    file.write_text("[]")
    with pytest.raises(JournalError, match="is no plan of a trial"):
        tw.read_plan(file)


@pytest.mark.parametrize(
    "change",
    [{"days": 10**7}, {"days": "28"}, {"design": "weeks"}, {"people": []}, {"people": ["me", "you"]}, {"low": "a"},
     {"starts": [None]}, {"low": 5.0, "high": 5.0}, {"kind": "text"}, {"seed": 1.5}, {"period": -1}, {"outcome": None}],
)  # fmt: skip
def test_plan_of_another_kind_is_refused_whatever_its_seal(tmp_path, change):
    plan = tw.plan_trial("caffeine", days=28, seed=1)
    told = asdict(plan.options) | {"seed": plan.seed, "chosen": True} | change
    options = {name: value for name, value in told.items() if name not in ("seed", "chosen")}
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(told | {"seal": seal_plan(Options(**options), told["seed"], chosen=True)}))
    message = rf"^{re.escape(str(file))} is no plan of a trial \(.+\)\. Name the plan\.json that was written\.$"
    with pytest.raises(JournalError, match=message):
        tw.read_plan(file)


def test_page_holds_every_day_and_the_advice_and_nothing_remote(tmp_path):
    plan = tw.plan_trial("caffeine", days=28, start="2026-03-02", seed=1, people=["<b>A</b>"])
    tw.write_plan(plan, tmp_path)
    page = (tmp_path / "schedule.html").read_text()
    assert page.count("<tr>") == 29
    assert page.count("caffeine: 200 mg") == 14
    assert "see a doctor" in page
    assert plan.seal in page
    assert "<b>A</b>" not in page
    assert not re.search(r"https?://|<script|src=", page)


def test_calendar_has_a_day_for_each_and_numbered_days_have_none(tmp_path):
    plan = tw.plan_trial("stretching", days=28, start="2026-03-02", seed=1)
    lines = format_calendar(plan).split("\r\n")
    assert lines.count("BEGIN:VEVENT") == 28
    first = "SUMMARY:with stretching" if plan.schedule["condition"][0] else "SUMMARY:without stretching"
    assert lines[lines.index("DTSTART;VALUE=DATE:20260302") + 1] == first
    long = tw.plan_trial("stretching", days=28, start="2026-03-02", seed=1, people=["ü" * 80, "b"])
    for text in (format_calendar(plan), format_calendar(long)):
        assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    assert f"SUMMARY:{'ü' * 80}: " in format_calendar(long).replace("\r\n ", "")
    numbered = tw.plan_trial("stretching", days=28, seed=1)
    assert [path.name for path in tw.write_plan(numbered, tmp_path)] == ["plan.json", "schedule.csv", "schedule.html"]


@pytest.mark.parametrize(
    ("world", "design", "days", "options", "off"),
    [("independent", "days", 60, {}, 0.06), ("weekly rhythm", "blocks", 112, {"lasts": 1}, 0.1)],
)
def test_power_that_is_promised_is_found(world, design, days, options, off):
    """Effects planted by the lot in 200 people are found about as often as diaries promise, with few coins, too.

    Counts of days with the effect scatter less than multiplied ones: .68 was promised of the first, and .8 is found.
    """
    before, _ = simulate_process(world, people=10, days=120, seed=8)
    promised = tw.plan_trial("trigger_1", days=days, journal=before, design=design, **options).power
    told = simulate_trials(world, trials=200, days=days, design=design, draws=99, effect=float(np.log(1.5)), seed=9)
    found = (told["p_value"] <= 0.05).mean()
    assert promised.loc[promised["effect"] == 1.5, "power"].mean() == pytest.approx(found, abs=off)
