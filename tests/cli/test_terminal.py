"""What a terminal shows: widths, colours, hints, and tables for machines."""

import json
import re
from io import StringIO

import pandas as pd
import pytest

from twitchstats import cli
from twitchstats.terminal import FIRST, find_width, fold_text, format_table, has_colour, name_options, show_rows


class Terminal(StringIO):
    def isatty(self):
        return True


@pytest.fixture
def table():
    return pd.DataFrame(
        {"Trigger": ["sleep", "stress"], "Verdict": ["clear", "can't be told"], "Caution": ["x" * 50, "–"]}
    )


def test_a_table_fits_its_terminal(table):
    for width in (40, 60, 100):
        assert max(map(len, format_table(table, width=width).splitlines())) <= width
    assert "…" not in format_table(table)
    assert "x" * 50 in format_table(table, width=100)


def test_a_narrow_cell_goes_on_below_and_breaks_no_word():
    told = format_table(pd.DataFrame({"Step": ["yes\u00a0against\u00a0no"], "Verdict": ["can't be told"]}), width=18)
    assert told.splitlines() == ["Step      Verdict", "yes       can't be", "against   told", "no"]


def test_what_does_not_fit_is_named(table):
    lines = format_table(table, width=18).splitlines()
    assert lines[0].split() == ["Trigger", "Verdict"]
    assert lines[-1] == "(not shown, for want of room: Caution)"


def test_colours_only_where_somebody_looks(table, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\033[32mclear\033[0m" in show_rows(table, stream=Terminal())
    assert "\033" not in show_rows(table, stream=StringIO())
    assert find_width(StringIO()) is None
    assert find_width(Terminal()) > 0
    monkeypatch.setenv("NO_COLOR", "1")
    assert not has_colour(Terminal())
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not has_colour(Terminal())


def test_the_first_rows_are_shown_unless_all_are_asked_for():
    long = pd.DataFrame({"A": [str(i) for i in range(FIRST + 5)]})
    shown = show_rows(long, stream=StringIO())
    assert shown.splitlines()[-1] == "... and 5 more; --all shows them, --csv and --json write them unrounded."
    assert len(shown.splitlines()) == FIRST + 2
    assert len(show_rows(long, every=True, stream=StringIO()).splitlines()) == FIRST + 6


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["reprot"], "Did you mean 'report'?"),
        (["simulate", "--world", "nul"], "Did you mean 'null'?"),
        (["check", "j.csv", "--outcom", "x", "--enconding", "y"], "Did you mean '--encoding'?"),
        (["triggers", "j.csv", "--jsn"], "Did you mean '--json'?"),
    ],
)
def test_mistyped_words_get_a_hint(words, hint, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(words)
    assert stopped.value.code == 2
    assert hint in capsys.readouterr().err


@pytest.mark.parametrize("command", [*cli.EXAMPLES])
def test_every_example_is_a_command_that_is_understood(command, capsys):
    import shlex

    args, others = cli.build_parser().parse_known_args(shlex.split(cli.EXAMPLES[command]))
    assert args.command == command
    assert others == (["--no-browser"] if command == "lab" else [])
    with pytest.raises(SystemExit):
        cli.main([command, "--help"])
    assert f"example:\n  {cli.build_parser().prog} {cli.EXAMPLES[command]}\n" in capsys.readouterr().out


def test_every_command_has_an_example():
    commands = next(action for action in cli.build_parser()._actions if action.choices).choices
    assert set(cli.EXAMPLES) >= set(commands)


def test_messages_name_the_option_that_was_used(tmp_path, capsys):
    path = tmp_path / "j.csv"
    path.write_text("date,mood\n2025-01-01,3\n2025-01-02,4\n")
    assert cli.main(["triggers", str(path)]) == 2
    told = capsys.readouterr().err
    assert "No outcome was named. Give --outcome one of 'mood'." in told
    assert "in Python" not in told
    assert name_options("order='x' is odd", ["order"]) == "--order 'x' is odd"
    assert name_options("reorder=1, my-order=2", ["order"]) == "reorder=1, my-order=2"


def test_a_column_that_is_not_there_gets_a_hint(tmp_path, capsys):
    path = tmp_path / "j.csv"
    path.write_text("date,twitches,stress\n" + "".join(f"2025-01-{day:02d},{day},{day % 9}\n" for day in range(1, 29)))
    assert cli.main(["triggers", str(path), "--triggers", "stres"]) == 2
    assert "No trigger named 'stres'. Did you mean 'stress'?" in capsys.readouterr().err


def test_json_and_csv_hold_the_same_unrounded_rows(tmp_path, capsys):
    path = tmp_path / "j.csv"
    path.write_text("date,twitches,stress\n2025-01-01,3,4\n2025-01-02,x,14\n2025-01-03,5,1\n")
    assert cli.main(["check", str(path), "--json"]) == 1
    rows = json.loads(capsys.readouterr().out)
    assert cli.main(["check", str(path), "--csv"]) == 1
    table = pd.read_csv(StringIO(capsys.readouterr().out))
    assert [row["rule"] for row in rows] == table["rule"].tolist()
    assert [row["value"] for row in rows] == ["14", "x"]


def test_found_rows_come_first(capsys):
    from twitchstats.resources import find_resource

    path = find_resource("data", "demo_journal.csv")
    assert cli.main(["triggers", str(path), "--lags", "0", "--triggers", "magnesium,sleep"]) == 0
    told = capsys.readouterr()
    lines = told.out.splitlines()
    assert re.match(r"Trigger +One step +When +Effect +95 % interval +Verdict +Caution", lines[0])
    assert [line.split()[0] for line in lines[1:3]] == ["Sleep", "Magnesium"]
    assert lines[-1].startswith("2 triggers in 2 rows: 1 clear (Sleep ")
    assert "Estimating effects on twitches, trigger by trigger ..." in told.err


def test_the_ledger_shows_what_can_be_told_first():
    from twitchstats.showing import show_claims

    ledger = pd.DataFrame(
        {
            "claim_id": ["a", "b", "c"],
            "statement": ["one", "two", "three"],
            "verdict": ["not testable", "inconclusive", "supported"],
            "estimate": [float("nan"), 1.1, 1.4],
            "ci_lower": [float("nan"), 0.9, 1.2],
            "ci_upper": [float("nan"), 1.3, 1.6],
            "p_adjusted": [float("nan"), 0.4, 0.001],
            "measure": ["", "rate ratio", "rate ratio"],
            "caution": "",
            "reason": ["needs a trial", "", ""],
        }
    )
    shown = show_claims(ledger)
    assert shown.text["Claim"].tolist() == ["c", "b", "a"]
    assert shown.text["Why, or caution"].tolist() == ["–", "–", "needs a trial"]
    assert shown.caption == "Of 3 claims: 1 inconclusive, 1 not testable and 1 supported."


def test_a_sentence_is_folded_between_words_where_somebody_looks(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    assert fold_text("- one two three four five\n\nsix", Terminal()) == "- one two three four\n  five\n\nsix"
    assert fold_text("one two three four five six seven", StringIO()) == "one two three four five six seven"
