"""A report remembers how often it was looked at, and tells what holds however often."""

import json

import numpy as np
import pandas as pd
import pytest

import twitchstats as tw
from twitchstats.errors import OptionError
from twitchstats.findings import pick_primary
from twitchstats.report.looks import LOOKS, UNKNOWN, count_looks, format_looks, read_looks
from twitchstats.report.verify import verify_report
from twitchstats.report.wording.again import describe_looks, tabulate_looks
from twitchstats.report.write import write_report


def test_same_state_is_one_look_and_each_journal_has_its_own(tmp_path):
    path = tmp_path / LOOKS
    for checksum, expected in (("1", 0), ("1", 0), ("2", 1), ("3", 2), ("2", 2)):
        told = read_looks(path, reported=True) if path.exists() else read_looks(path, reported=False)
        assert count_looks(told, "a.csv", checksum) == expected
        path.write_text(format_looks(told, "a.csv", checksum))
    assert count_looks(read_looks(path, reported=True), "b.csv", "9") == 0
    assert len(json.loads(path.read_text())["looks"]) == 3


@pytest.mark.parametrize("text", [None, "[]", "{", '{"looks": [{"journal": 1}], "complete": true}'])
def test_looks_that_are_gone_are_not_known_ever_after(tmp_path, text):
    path = tmp_path / LOOKS
    if text is not None:
        path.write_text(text)
    told = read_looks(path, reported=True)
    assert count_looks(told, "a.csv", "1") == UNKNOWN
    path.write_text(format_looks(told, "a.csv", "1"))
    assert count_looks(read_looks(path, reported=True), "a.csv", "2") == UNKNOWN


def test_nothing_is_told_of_a_first_look():
    assert describe_looks(0) == ""
    assert "made of 2 earlier states of this journal" in describe_looks(2)
    assert "is not known" in describe_looks(UNKNOWN)


def test_both_intervals_stand_side_by_side():
    journal = tw.read_demo()
    primary = pick_primary(tw.add_anytime(tw.estimate_effects(journal, triggers=["sleep", "caffeine"])))
    assert tabulate_looks(journal, primary, 0) == ""
    told = tabulate_looks(journal, primary, 1).text
    assert list(told["Trigger"]) == ["Sleep", "Caffeine"]
    assert (primary["p_anytime"] >= primary["p_value"]).all()
    assert list(told.columns[2:]) == ["95 % interval", "p", "95 % interval, any look", "p, any look"]


@pytest.mark.slow
def test_report_tells_of_its_looks_and_of_a_trial_and_is_made_again(tmp_path):
    rng = np.random.default_rng(3)
    dates = pd.date_range("2026-01-01", periods=60)
    diary = pd.DataFrame({"date": dates, "twitches": rng.poisson(5, 60), "caffeine": 100 * rng.integers(0, 4, 60)})
    path = tmp_path / "diary.csv"
    diary.to_csv(path, index=False)
    plan = tw.plan_trial("caffeine", days=28, journal=tw.read_journal(path))
    tw.write_plan(plan, tmp_path / "trial")
    first = write_report(path, out=tmp_path / "out")
    assert "Looked at before" not in first.html.read_text()
    assert "trial in numbers" not in first.html.read_text()
    schedule = plan.schedule
    days = pd.DataFrame(
        {"date": schedule["date"], "twitches": 5 + 5 * schedule["condition"], "caffeine": 200 * schedule["condition"]}
    )
    pd.concat([diary, days]).to_csv(path, index=False)
    second = write_report(path, out=tmp_path / "out", plan=tmp_path / "trial")
    page = second.html.read_text()
    assert "A report was made of 1 earlier state of this journal." in page
    assert plan.seal in page
    before, after = page.index("What the trial showed"), page.index("What goes with it")
    assert before < after < page.index("The trial in numbers")
    assert "- Trial of Caffeine: Days 'caffeine: 200 mg' had more muscle twitches" in second.summary
    assert "beyond the lot" not in page
    assert "see a doctor" in page
    assert verify_report(second.notebook).reproduced
    file = tmp_path / "trial" / "plan.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"seed": 2}))
    with pytest.raises(OptionError, match="does not fit its seal"):
        write_report(path, out=tmp_path / "out", plan=tmp_path / "trial")
