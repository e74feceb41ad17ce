"""`trial plan` and `trial analyze`: a plan is written, filled in, and analysed from the command line."""

import pandas as pd
import pytest

import twitchstats as tw
from twitchstats.cli import main


@pytest.fixture
def filled(tmp_path, capsys):
    """A plan in a folder, and its table filled in: twice as many with it."""
    assert (
        main(["trial", "plan", "caffeine", "--days", "56", "--start", "2026-03-02", "--out", str(tmp_path / "t")]) == 0
    )
    told = capsys.readouterr().err
    assert told.startswith("The first day, 2026-03-02, is past. Plan with --start for days that are to come.\nSeal: ")
    table = pd.read_csv(tmp_path / "t" / "schedule.csv")
    table["caffeine (mg)"] = 200 * table["condition"]
    table["twitches"] = [8 + day % 3 if with_it else 4 + day % 2 for day, with_it in enumerate(table["condition"])]
    return tmp_path, table


def analyse(folder, table, capsys):
    table.to_csv(folder / "filled.csv", index=False)
    assert main(["trial", "analyze", str(folder / "t"), str(folder / "filled.csv"), "--csv"]) == 0
    text = capsys.readouterr().out
    (folder / "found.csv").write_text(text)
    return pd.read_csv(folder / "found.csv", keep_default_na=False)


def test_plan_is_filled_in_and_analysed(filled, capsys):
    found = analyse(*filled, capsys)
    assert found["analysis"].tolist() == ["by intention", "as taken"]
    assert found["estimate"].astype(float).between(1.8, 2.3).all()
    assert (found["p_value"].astype(float) <= 0.01).all()
    assert (found["caution"] == "").all()
    variables = tw.read_journal(filled[0] / "filled.csv").variables.set_index("name")
    assert variables["role"].to_dict() == {"condition": "none", "caffeine": "trigger", "twitches": "outcome"}


def test_plan_without_a_journal_is_of_who_is_alone(filled, capsys):
    """A diary without a column of people is that of the person whom the plan was made for."""
    folder, table = filled
    assert (analyse(folder, table.drop(columns="person"), capsys)["person"] == "me").all()


def test_condition_changed_in_the_table_is_told(filled, capsys):
    folder, table = filled
    table.loc[4, "condition"] = 1 - table.loc[4, "condition"]
    found = analyse(folder, table, capsys)
    assert (found["caution"] == "1 of 56 days were changed in the schedule after it was sealed").all()


def test_condition_in_other_words_is_told(filled, capsys):
    folder, table = filled
    table["condition"] = table["condition"].map({1: "without", 0: "with"})
    found = analyse(folder, table, capsys)
    assert (
        found["caution"]
        == "the column 'condition' is no longer 0 and 1: whether the schedule was changed can't be told"
    ).all()


def test_schedule_under_another_name_is_told_where_nothing_else_checks_it(filled, capsys):
    """A renamed and changed schedule drew no caution where what was taken is not noted either."""
    folder, table = filled
    table["group"] = 1 - table.pop("condition")
    own = "what was taken on 56 of 56 days is not in the journal: it is believed to be as drawn"
    found = analyse(folder, table.drop(columns="caffeine (mg)"), capsys)
    assert (found["caution"] == f"{own}, and no column 'condition' of 0 and 1 says so").all()


def test_power_is_told_from_a_diary(tmp_path, capsys):
    diary = pd.DataFrame(
        {"date": pd.date_range("2026-01-01", periods=40), "twitches": [day * day % 7 for day in range(40)]}
    )
    diary.to_csv(tmp_path / "diary.csv", index=False)
    assert main(["trial", "plan", "stretching", str(tmp_path / "diary.csv"), "--out", str(tmp_path / "t")]) == 0
    assert "days_needed" in capsys.readouterr().out


def test_medicine_needs_a_doctor(tmp_path, capsys):
    assert main(["trial", "plan", "statin", "--out", str(tmp_path / "t")]) == 2
    assert "Ask your doctor first" in capsys.readouterr().err
    assert not (tmp_path / "t").exists()
