"""Groups, the days together, the reverse and the refusals, as a reader meets them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from twitchstats.claims.answers import DIRECTION_NOTES
from twitchstats.findings import analyze_journal, join_groups
from twitchstats.report.wording.claims import tabulate_verdict
from twitchstats.report.wording.effects import (
    describe_directions,
    describe_gaps,
    describe_groups,
    describe_halves,
    describe_triggers,
    tabulate_cumulative,
    tabulate_directions,
    tabulate_risks,
    tabulate_triggers,
    tell_reverse,
    tell_size,
)
from twitchstats.report.wording.refused import IN_PLAIN_WORDS, tabulate_refused
from twitchstats.report.wording.rows import tell_order
from twitchstats.report.wording.short import describe_report
from twitchstats.triggers.blocks import REFUSALS
from twitchstats.triggers.directions import READINGS


@pytest.fixture(scope="module")
def tangled():
    """Return the columns of a diary: sleep told twice, an echo of the outcome, and a switch that never moves."""
    rng = np.random.default_rng(11)
    n = 160
    sleep, stress = rng.normal(7, 1, n), rng.integers(0, 11, n).astype(float)
    before = np.convolve(np.concatenate([[5.0] * 3, stress]), np.ones(3))[2:][:n]  # the sum of the three days before
    twitches = rng.poisson(np.exp(-2.2 + 0.15 * before)).astype(float)
    return {
        "person": ["P1"] * n,
        "date": pd.date_range("2025-01-01", periods=n),
        "twitches": twitches,
        "sleep": sleep,
        "in_bed": sleep + rng.normal(0.5, 0.1, n),
        "stress": stress,
        "where_it_was": np.where(twitches > 0, rng.integers(1, 4, n), 0.0),
        "pill": np.ones(n),
    }


@pytest.fixture(scope="module")
def found(tangled, make_journal):
    journal = make_journal(tangled)
    return journal, analyze_journal(journal)


@pytest.mark.parametrize(
    ("lags", "told"),
    [
        ([0], "could be tested, each on the same day: 1 test in all"),
        ([1], "could be tested, each the day before: 1 test in all"),
        ([0, 1, 2, 3], "could be tested, each on 4 days, the same day to 3 days before: 4 tests in all, and"),
    ],
)
def test_the_days_that_were_asked_are_told(found, lags, told):
    journal, findings = found
    effects = findings.effects[findings.effects["lag"].isin(lags) & findings.effects["trigger"].eq("stress")]
    assert told in describe_triggers(journal, replace(findings, effects=effects, primary=effects.head(1)))
    effects = pd.concat([effects, effects.tail(1).assign(trigger="tea")])
    told = " (1 of triggers that could be tested on other days only), and every one counts"
    assert told in describe_triggers(journal, replace(findings, effects=effects, primary=effects.head(1)))


def test_what_measures_one_thing_stands_together_and_nothing_is_hidden(found):
    journal, findings = found
    told = describe_groups(journal, findings.groups)
    leader, follower = findings.groups.query("n_members == 2")["trigger"].str.replace("_", " ")
    assert {leader, follower} == {"sleep", "in bed"}
    assert f"**{leader.capitalize()}** with" in told
    shown = tabulate_triggers(journal, findings.primary, findings.groups).text["Trigger"].tolist()
    place = shown.index(leader.capitalize())
    assert shown[place + 1] == f"↳\u00a0{follower.capitalize()}"
    assert len(shown) == findings.primary["estimate"].notna().sum() == 3


def test_without_groups_nothing_is_said(found):
    journal, findings = found
    alone = findings.groups.assign(n_members=1)
    assert describe_groups(journal, alone) == ""
    assert describe_groups(journal, alone.head(0)) == ""


def test_joining_groups_loses_no_row():
    primary = pd.DataFrame({"trigger": ["a", "b", "c", "d"], "p_adjusted": [0.1, 0.2, 0.3, np.nan]})
    groups = pd.DataFrame({"trigger": ["a", "c", "b"]})
    assert join_groups(primary, groups)["trigger"].tolist() == ["a", "c", "b", "d"]
    assert join_groups(primary, groups.head(0))["trigger"].tolist() == ["a", "b", "c", "d"]


def test_every_trigger_is_in_the_table_of_effects_or_of_refusals(found):
    journal, findings = found
    table = tabulate_refused(journal, findings.effects, findings.primary)
    refused = table.text
    told = dict(zip(refused["Why not"].str.split(":").str[0], refused["Which"], strict=True))
    assert told == {"told only with the outcome": "Where it was", "no variation": "Pill"}
    assert table.caption.startswith("2 of 5 possible triggers were not tested. 1 of these only comes with the outcome")


def test_refusals_at_single_lags_are_named(found):
    journal, findings = found
    effects = findings.effects.copy()
    effects.loc[effects["trigger"].eq("stress") & effects["lag"].eq(3), ["estimate", "reason"]] = [
        np.nan,
        "too few days",
    ]
    told = "Not at every lag: Stress (too few days)."
    assert tabulate_refused(journal, effects, findings.primary).caption.endswith(told)
    tested = findings.primary[findings.primary["estimate"].notna()]
    assert tabulate_refused(journal, effects[effects["trigger"].eq("stress")], tested) == told


def test_where_all_was_tested_nothing_is_said(found):
    journal, findings = found
    tested = findings.primary[findings.primary["estimate"].notna()]
    effects = findings.effects[findings.effects["estimate"].notna()]
    assert tabulate_refused(journal, effects, tested) == ""


def test_every_reason_of_the_engine_is_put_in_plain_words():
    assert set(REFUSALS) - {""} <= set(IN_PLAIN_WORDS)


def test_the_days_before_are_told_together(found):
    journal, findings = found
    table = tabulate_cumulative(journal, findings.cumulative)
    assert table.text["Trigger"].tolist()[0] == "Stress"  # the planted one has the smallest p
    assert set(table.text["Trigger"]) == {"Stress", "Sleep", "In bed"}
    assert table.caption.startswith("The 3 days before together. ")
    assert "Stands out: Stress." in table.caption
    assert "1 (told only with the outcome)" in table.caption
    short = tabulate_cumulative(journal, findings.cumulative, most=1)
    assert len(short.text) == 1
    assert "The 1 with the smallest p of 3." in short.caption
    assert tabulate_cumulative(journal, pd.DataFrame()) == ""


def lay_directions(forward, reverse, reading):
    """Return a pair: (estimate, lower, upper, adjusted p) for each direction."""
    columns = ["estimate", "ci_lower", "ci_upper", "p_adjusted"]
    frame = pd.DataFrame([forward, reverse], columns=columns)
    return frame.assign(trigger="stress", outcome="twitches", direction=["forward", "reverse"], reading=reading)


def test_a_reverse_as_strong_is_told(gappy):
    frame = lay_directions((0.3, 0.1, 0.5, 0.01), (0.3, 0.1, 0.5, 0.01), "both ways: a common cause is possible")
    told = describe_directions(gappy, frame)
    assert told.endswith(
        "neither clearly more: **Stress**. Which comes first stays open, and something behind both may be the cause."
    )
    assert tabulate_directions(gappy, frame).text["Reading"].tolist() == ["both ways: a common cause is possible"]
    told = tell_reverse(gappy, pd.DataFrame({"trigger": ["stress", "sleep"]}), frame)
    assert told.endswith(
        " outcome on the next day, as strongly or more: this may be a consequence, or a rhythm of both."
    )
    assert tell_reverse(gappy, pd.DataFrame({"trigger": ["sleep"]}), frame) == ""
    assert tell_reverse(gappy, pd.DataFrame({"trigger": ["stress"]}), pd.DataFrame()) == ""


def test_one_way_alone_is_not_told_as_both(gappy):
    """Forward is shown, the way back is neither shown nor ruled out: it was told that stress also follows twitches."""
    frame = lay_directions((0.2, 0.05, 0.4, 0.01), (0.05, -0.1, 0.2, 0.5), READINGS[3])
    assert describe_directions(gappy, frame).endswith(
        "Only one way is shown, but the other may be as strong: **Stress**. Which comes first stays open."
    )
    assert tell_reverse(gappy, pd.DataFrame({"trigger": ["stress"]}), frame) == ""


def test_every_reading_that_shows_a_direction_has_its_sentence(gappy):
    for reading in READINGS[:4]:
        frame = lay_directions((0.3, 0.1, 0.5, 0.01), (0.3, 0.1, 0.5, 0.01), reading)
        assert "**Stress**" in describe_directions(gappy, frame)
    assert set(DIRECTION_NOTES) == set(READINGS[1:4])


def test_sleep_belongs_to_the_night_before(found):
    journal, findings = found
    night = replace(journal, variables=journal.variables.assign(timing="night"))
    row = findings.primary.query("trigger == 'sleep'").iloc[0].to_dict() | {"lag": 0, "order": "forward"}
    assert tell_size(night, row).endswith("the night before")
    assert tell_size(night, row | {"order": "same time"}).endswith("the night before")
    assert tell_order(row | {"order": "same time"}, night) == "the night before, order\u00a0not\u00a0known"
    assert tell_size(journal, row).endswith("on the same day")
    assert tell_size(night, row | {"lag": 1}).endswith("the night before last")


def test_a_trigger_without_a_size_counts_in_what_could_have_been_found(found):
    """The median told was that of the few triggers that had a size, as if the others had none to be missed."""
    journal, findings = found
    row = findings.primary.query("trigger == 'sleep'").assign(p_adjusted=0.9)
    rows = pd.concat([row.assign(trigger=name) for name in ("sleep", "in_bed", "stress")])
    shown = replace(findings, primary=rows.assign(detectable_up=[1.5, np.nan, 1.2]))
    assert "from +50\u00a0% for one step on (median of those that don't stand out)" in describe_triggers(journal, shown)
    shown = replace(findings, primary=rows.assign(detectable_up=[1.5, np.nan, np.nan]))
    told = describe_triggers(journal, shown)
    assert "Of most that don't stand out these days can't tell how strong an effect must be to be found." in told
    none = rows.assign(detectable_up=np.nan, detectable_down=np.nan)
    assert "Could be found from" in tabulate_triggers(journal, rows, pd.DataFrame()).text
    assert "Could be found from" not in tabulate_triggers(journal, none, pd.DataFrame()).text


def test_the_interval_that_decides_is_the_one_that_is_printed():
    row = {"question": "Q?", "articles": "A1", "literature": "", "estimate": 1.01, "reference": 1.0, "p_adjusted": 0.9,
           "measure": "rate ratio", "family": "claims", "detectable": 1.3, "n_days": 90, "note": "", "caution": "",
           "judged_on": "", "ci_lower": 0.95, "ci_upper": 1.07, "ci90_lower": 0.96, "ci90_upper": 1.06, "margin": 1.1,
           "prediction_lower": 0.8, "prediction_upper": 1.3}  # fmt: skip
    told = {
        verdict: tabulate_verdict(pd.DataFrame([row | {"verdict": verdict}]), verdict).text.iloc[0].to_dict()
        for verdict in ("inconclusive", "practically null", "differs between people")
    }
    assert told["practically null"]["90 % interval"] == "−4\u00a0% to +6\u00a0%"
    assert told["practically null"]["Too small up to"] == "+10\u00a0%"
    assert told["differs between people"]["One more person's effect"] == "−20\u00a0% to +30\u00a0%"
    assert "Would have been found from" not in told["practically null"]
    assert told["inconclusive"]["95 % interval"] == "−5\u00a0% to +7\u00a0%"
    assert told["inconclusive"]["Would have been found from"] == "+30\u00a0%"


def test_the_sum_of_all_triggers_stands_below_its_parts(tangled, make_journal):
    rng = np.random.default_rng(5)
    columns = {name: rng.integers(0, 2, 160).astype(float) for name in ("wine", "beer")}
    journal = make_journal({name: tangled[name] for name in ("person", "date", "twitches")} | columns)
    variables = journal.variables
    kind = variables["kind"].mask(variables["name"].isin(columns), "yes/no")
    journal = replace(journal, variables=variables.assign(kind=kind))
    shown = tabulate_risks(journal, analyze_journal(journal).risks).text["Trigger"].tolist()
    assert sorted(shown[:2]) == ["Beer", "Wine"]
    assert shown[2:] == ["any of these"]


def test_what_stands_out_only_further_back_is_told_too(found):
    journal, findings = found
    effects = findings.effects.assign(p_adjusted=1.0)
    row = effects["trigger"].eq("stress") & effects["lag"].eq(2)
    effects.loc[row, ["p_adjusted", "estimate", "ci_lower", "ci_upper"]] = [0.001, 1.2, 1.1, 1.3]
    primary = findings.primary.assign(p_adjusted=1.0)
    moved = replace(findings, effects=effects, primary=primary)
    told = describe_triggers(journal, moved)
    assert "On other days: Stress +20\u00a0% (+10\u00a0% to +30\u00a0%) 2 days before." in told
    short = describe_report(journal, moved, None, pd.DataFrame())
    assert "none of 3 stands out on the nearest day before" in short
    assert "On other days: Stress" in short


def lay_clear(findings, **found):
    """Return findings in which stress alone stands out."""
    primary = findings.primary.assign(p_adjusted=1.0)
    primary.loc[primary["trigger"].eq("stress"), ["p_adjusted", *found]] = [0.001, *found.values()]
    return replace(findings, primary=primary)


@pytest.mark.parametrize(("p_adjusted", "word"), [(0.01, "a"), (0.2, "no")])
def test_halves_are_told_of_what_stands_out(found, p_adjusted, word):
    journal, findings = found
    halves = pd.DataFrame({"trigger": "stress", "part": ["early", "late", "change"], "estimate": [1.2, 1.5, 1.25],
                           "ci_lower": [1.1, 1.3, 1.0], "ci_upper": [1.3, 1.7, 1.5], "measure": "rate ratio",
                           "p_adjusted": [np.nan, np.nan, p_adjusted]})  # fmt: skip
    told = describe_halves(journal, replace(findings, halves=halves)).replace("\u00a0", " ")
    assert told == (
        "**The early half of the diary and the late one:** Stress +20 % (+10 % to +30 %) and +50 % (+30 % to +70 %), "
        f"{word} change beyond chance."
    )
    refused = halves.assign(estimate=np.nan)
    assert describe_halves(journal, replace(findings, halves=refused)) == ""
    assert describe_halves(journal, replace(findings, halves=pd.DataFrame())) == ""


def test_skipped_days_are_told_of_what_stands_out(found):
    """Every fifth day is missing: a ratio of 1.5 is made up by 1 + .5 / .2 times the outcome."""
    journal, findings = found
    days = journal.days
    dates = days.index.get_level_values("date")
    kept = replace(journal, days=days[(dates - dates.min()).days % 5 != 2])
    clear = lay_clear(findings, estimate=1.5)
    assert describe_gaps(kept, clear).endswith("skipped days had more than noted ones by: Stress ×3.5.")
    assert "(20 %)" in describe_gaps(kept, clear)
    assert describe_gaps(kept, replace(clear, primary=clear.primary.assign(p_adjusted=1.0))) == ""
    assert describe_gaps(kept, lay_clear(findings, measure="odds ratio")) == ""
    assert describe_gaps(replace(journal, calendar="none"), clear) == ""
