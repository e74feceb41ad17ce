"""The template, and what is safe to open in a spreadsheet."""

import datetime as dt
import re

import pandas as pd
import pytest

from twitchstats.errors import JournalError, OptionError, UnknownNameError
from twitchstats.journal import make_template, read_journal, write_journal, write_template


def test_the_template_reads_back_cleanly(tmp_path):
    path = write_template(tmp_path / "journal.csv", start="2024-03-01", days=5)
    journal = read_journal(path)
    assert len(journal.days) == journal.rows_read == 5
    assert journal.rejects.empty
    assert journal.outcome == "twitches"
    roles = journal.variables.set_index("name")["role"]
    assert (roles.drop("notes") != "own").all()


def test_a_filled_in_template_keeps_its_units(tmp_path):
    frame = make_template(start="2024-03-01", days=2)
    frame.loc[0, ["twitches", "caffeine (mg)", "fluid (L)", "stress (0-10)", "stretching"]] = [
        "3",
        "200",
        "1.5",
        "4",
        "yes",
    ]
    journal = read_journal(frame)
    first = journal.days[["twitches", "caffeine", "fluid", "stress", "stretching"]].iloc[0]
    assert first.to_list() == [3, 200, 1.5, 4, 1]


def test_the_template_ends_today_unless_told_otherwise():
    assert make_template(days=3)["date"].iloc[-1] == dt.date.today().isoformat()
    assert make_template(["coffee", "stress"], days=0).columns.to_list() == [
        "date",
        "caffeine (mg)",
        "stress (0-10)",
        "notes",
    ]


def test_a_template_never_replaces_a_file(tmp_path):
    path = tmp_path / "journal.csv"
    path.write_text("mine", encoding="utf-8")
    message = f"{str(path)!r} exists already, and a template must not replace a journal. Name another file."
    with pytest.raises(JournalError, match=re.escape(message)):
        write_template(path)
    assert path.read_text(encoding="utf-8") == "mine"


def test_options_of_the_template_are_checked():
    with pytest.raises(UnknownNameError, match=re.escape("No variable named 'stres'. Did you mean 'stress'?")):
        make_template(["stres"])
    with pytest.raises(OptionError, match=re.escape("start='soon' is not a date. Write it as 2024-03-31.")):
        make_template(start="soon")


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(OptionError, match=re.escape(f"There is no folder {tmp_path / 'no'}. Make it first, or name")):
        write_template(tmp_path / "no" / "journal.csv")


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1 pill", "-2 is odd", "@home"])
def test_text_that_a_spreadsheet_would_run_is_written_harmlessly(tmp_path, text):
    frame = pd.DataFrame({"date": ["2024-03-01", "2024-03-02"], "twitches": [1, 2], "notes": [text, "plain"]})
    journal = read_journal(frame)
    path = write_journal(journal, tmp_path / "journal.csv")[0]
    written = pd.read_csv(path)
    assert written["notes"].to_list() == [f"'{text}", "plain"]
    assert read_journal(path).days["notes"].to_list() == [text, "plain"]
