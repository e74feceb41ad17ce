"""The command line as a person meets it: what it prints, where, and its exit codes."""

import json
import os
import re
import subprocess
import sys
from io import BytesIO, StringIO

import pandas as pd
import pytest

from twitchstats import __version__, cli, simulate_cohort
from twitchstats.errors import OptionError

JOURNAL = "date,twitches,stress (0-10),notes\n2025-01-01,3,4,secret word\n2025-01-02,0,2,\n2025-01-03,5,14,\n"
COMMANDS = ("report", "verify", "check", "triggers", "claims", "risk", "simulate", "study", "template")


@pytest.fixture
def journal(tmp_path):
    path = tmp_path / "my journal.csv"
    path.write_text(JOURNAL)
    return path


def run(*words, **options):
    command = [sys.executable, "-m", "twitchstats", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_help_names_every_command():
    told = cli.build_parser().format_help()
    for name in (*COMMANDS, "lab", "version"):
        assert re.search(rf"^ +{name}\s", told, re.MULTILINE)
    assert "exit codes" in told


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main([command, "--help"])
    assert stopped.value.code == 0
    assert len(capsys.readouterr().out) > 200


def test_the_run_script_knows_the_same_commands():
    from twitchstats.resources import find_resource

    script = (find_resource("data").parent / "run").read_text()
    actions = [action for action in cli.build_parser()._actions if action.choices]
    for name in actions[-1].choices:
        assert re.search(rf"[| ]{name} [|)]|\b{name}\)", script), name


def test_check_tells_what_was_refused_and_exits_with_1(journal, capsys):
    assert cli.main(["check", str(journal)]) == 1
    printed = capsys.readouterr()
    assert "3 daily entries of 1 person" in printed.out
    assert "14" in printed.out
    assert "secret word" not in printed.out
    assert printed.err == ""


def test_check_of_a_clean_journal_exits_with_0(journal, capsys):
    journal.write_text(JOURNAL.replace("14", "1"))
    assert cli.main(["check", str(journal)]) == 0
    assert "Nothing was refused." in capsys.readouterr().out


def test_check_sums_up_what_is_of_one_kind(tmp_path, capsys):
    """Of a thousand days noted twice each had its line."""
    path = tmp_path / "twice.csv"
    rows = [f"2025-01-{day:02},1\n2025-01-{day:02},2\n" for day in range(1, 13)]
    path.write_text("date,twitches\n" + "".join([*rows, "2025-01-20,many\n"]))
    told = {}
    for words in ([], ["--all"]):
        assert cli.main(["check", str(path), *words]) == 1
        told[len(words)] = capsys.readouterr().out
    assert told[1].count("(rows combined)") == 12
    assert told[0].count("(rows combined)") == 3
    assert told[0].count("'many'") == told[1].count("'many'") == 1
    assert told[0].endswith("  ... and 9 more of the same kinds; --all shows them, --out FILE writes them.\n")


def test_check_can_write_the_refused_cells(journal, tmp_path, capsys):
    assert cli.main(["check", str(journal), "--csv"]) == 1
    table = pd.read_csv(StringIO(capsys.readouterr().out))
    assert list(table.columns) == ["table", "row", "column", "value", "rule", "message", "action"]
    target = tmp_path / "rejects.csv"
    assert cli.main(["check", str(journal), "--out", str(target)]) == 1
    pd.testing.assert_frame_equal(pd.read_csv(target), table)
    capsys.readouterr()
    assert cli.main(["check", str(journal), "--out", str(target)]) == 2
    assert capsys.readouterr().err == (
        f"twitchstats: {target} is there already and is left as it is. Name another file, or move it away.\n"
    )


@pytest.mark.parametrize("content", ["mood,twitches\n1,2\n", "", "date,twitches\n"])
def test_user_errors_are_one_line_without_a_traceback(content, tmp_path):
    path = tmp_path / "j.csv"
    path.write_text(content)
    done = run("check", path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("twitchstats: ")
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_files_that_cannot_be_opened_are_told(tmp_path):
    for path in (tmp_path / "none.csv", tmp_path):
        done = run("check", path)
        assert done.returncode == 2
        assert str(path.name) in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["triggers", "x.csv", "--lags", "a"], "'a' is not a list of whole days such as 0,1,2"),
        (["triggers", "x.csv", "--lags", "0,-1"], "'0,-1' has a negative number: lags count days back"),
        (["simulate", "--people", "0"], "'0' is not a whole number of at least 1"),
        (["check", "x.csv", "--column", "coffee"], "'coffee' is not of the form HEADER=NAME"),
        (["simulate", "--world", "mars"], "invalid choice: 'mars'"),
        (["report", "--outt", "x"], "report: error: unrecognized arguments: --outt. Did you mean '--out'?"),
        (["reprot"], "invalid choice: 'reprot'"),
    ],
)
def test_impossible_options_exit_with_2(words, told, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(words)
    assert stopped.value.code == 2
    assert told in capsys.readouterr().err


def test_a_diary_of_something_unknown_is_told_how_to_name_it(tmp_path, capsys):
    path = tmp_path / "eye.csv"
    path.write_text("date,eyebrow jumps,sleep\n2025-01-01,3,7\n2025-01-02,1,8\n")
    assert cli.main(["check", str(path)]) == 0
    told = "- It is about: no column that the dictionary knows; name yours with --outcome.\n"
    assert told in capsys.readouterr().out


def test_no_command_tells_them_all(capsys):
    assert cli.main([]) == 2
    assert "template" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["risk", "jornal.csv"], ["check", "jornal.csv"]])
def test_a_missing_file_is_told_with_the_one_beside_it(words, journal, monkeypatch, capsys):
    journal.rename(journal.with_name("journal.csv"))
    monkeypatch.chdir(journal.parent)
    assert cli.main(words) == 2
    told = "twitchstats: There is no file 'jornal.csv'. Did you mean 'journal.csv'?\n"
    assert capsys.readouterr().err == told


def test_options_reach_the_reader():
    words = [
        "check",
        "j.csv",
        "--person",
        "who",
        "--date",
        "when",
        "--outcome",
        "ache",
        "--undated",
        "--date-format",
        "%d.%m.%Y",
    ]
    args = cli.build_parser().parse_args(
        [*words, "--people", "p.csv", "--column", "Kaffee=caffeine", "--column", "a=b=c"]
    )
    assert cli.collect_options(args) == {
        "person": "who", "date": "when", "outcome": "ache", "order": "none", "date_format": "%d.%m.%Y",
        "people": "p.csv", "columns": {"Kaffee": "caffeine", "a=b": "c"},
    }  # fmt: skip
    assert cli.collect_options(cli.build_parser().parse_args(["check", "j.csv"])) == {}


def test_options_are_those_of_read_journal():
    import inspect

    from twitchstats.journal import read_journal

    words = (
        "check j --person a --date b --outcome c --order day --date-format ymd --people p --episodes e --column x=y "
        "--delimiter ; --decimal , --encoding utf-8 --schema s --absent none --format f --also a --weather w"
    )
    given = cli.collect_options(cli.build_parser().parse_args(words.split()))
    assert set(given) == set(inspect.signature(read_journal).parameters) - {"source", "today"}


def test_simulating_writes_tables_that_read_back(tmp_path, capsys):
    words = [
        "simulate",
        "--people",
        "2",
        "--days",
        "20",
        "--world",
        "null",
        "--seed",
        "7",
        "--out",
        str(tmp_path / "s"),
    ]
    assert cli.main(words) == 0
    printed = capsys.readouterr().out.split("\n")
    assert str(tmp_path / "s" / "journal.csv") in printed
    assert cli.main(["check", str(tmp_path / "s" / "journal.csv")]) == 0
    assert "2 people" in capsys.readouterr().out
    assert cli.main(words) == 2
    assert "is there already and is left as it is" in capsys.readouterr().err


def test_a_template_reads_back(tmp_path, capsys):
    assert cli.main(["template", "--variables", "twitches,sleep", "--start", "2025-01-01", "--days", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("date,twitches,sleep (h)")
    filled = tmp_path / "t.csv"
    filled.write_text("\n".join([lines[0], *(f"2025-01-0{day},{day},7," for day in (1, 2, 3))]) + "\n")
    assert cli.main(["check", str(filled)]) == 0
    assert "3 daily entries" in capsys.readouterr().out
    assert cli.main(["template", "--variables", "twitchy mood"]) == 2
    assert "No variable named 'twitchy mood'." in capsys.readouterr().err


def test_claims_without_a_journal_are_listed(capsys):
    from twitchstats.claims import load_claims

    assert cli.main(["claims", "--csv"]) == 0
    assert len(pd.read_csv(StringIO(capsys.readouterr().out))) == len(load_claims())


def test_the_risk_model_needs_its_label(tmp_path, capsys):
    people = tmp_path / "people.csv"
    people.write_text("person,wasting\na,1\n")
    assert cli.main(["risk", str(people)]) == 2
    assert capsys.readouterr().err == (
        f"twitchstats: {people} has no column 'serious' that says who had a serious cause (1) and who hadn't (0). "
        "Name it with --label.\n"
    )


def test_versions_are_told(capsys):
    assert cli.main(["version"]) == 0
    assert capsys.readouterr().out.startswith(f"twitchstats {__version__}\nPython {sys.version.split()[0]}\n")


def test_a_reader_that_stops_reading_is_no_error(tmp_path):
    command = f"set -o pipefail; '{sys.executable}' -m twitchstats claims --csv | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (KeyboardInterrupt(), 130, "\nStopped.\n"),
        (OptionError("say so"), 2, "twitchstats: say so\n"),
        (PermissionError(13, "Permission denied", "j.csv"), 2, "twitchstats: j.csv: Permission denied.\n"),
    ],
)
def test_whatever_stops_a_command_ends_in_a_sentence(error, code, told, monkeypatch, capsys):
    def stop(args):
        raise error

    monkeypatch.setattr(cli, "run_version", stop)
    assert cli.main(["version"]) == code
    assert capsys.readouterr().err == told


def test_it_works_from_any_folder_without_a_home(journal, tmp_path):
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "nowhere")}
    done = run("check", journal.name, cwd=journal.parent, env=environment)
    assert done.returncode == 1
    assert "my journal.csv" in done.stdout


def test_lab_opens_the_notebooks_of_this_package(monkeypatch):
    called = []
    monkeypatch.setattr(cli.os, "execv", lambda program, words: called.append((program, words)))
    cli.main(["lab", "--no-browser"])
    ((program, words),) = called
    assert program == sys.executable
    assert words[1:3] == ["-m", "jupyterlab"]
    assert words[3].endswith("notebooks")
    assert words[4:] == ["--no-browser"]
    assert json.dumps(words)


def test_hints_name_the_command_that_was_typed(monkeypatch):
    monkeypatch.delenv("TWITCHSTATS_COMMAND", raising=False)
    assert cli.build_parser().prog == "twitchstats"
    monkeypatch.setenv("TWITCHSTATS_COMMAND", "./run")
    assert cli.build_parser().prog == "./run"


def test_the_risk_command_tells_base_rates_and_the_advice(tmp_path, capsys):
    people = tmp_path / "people.csv"
    simulate_cohort(people=300, seed=1)[["wasting", "weakness_felt", "serious"]].to_csv(people)
    assert cli.main(["risk", str(people)]) == 0
    told = capsys.readouterr().out
    assert "adults in general: 6e-05, no interval known (motor neurone disease not yet diagnosed; Mei 2022" in told
    assert told.startswith("Serious is the label 1: ")
    assert "p_value" not in told
    assert "neuromuscular clinic: 0.05, 95 % interval 0.0089 to 0.24 (" in told
    assert "With any red flag see a doctor, whatever the number." in told
    assert cli.main(["risk", str(people), "--csv"]) == 0
    told = capsys.readouterr()
    assert "Serious is the label 1: " in told.err
    assert pd.read_csv(StringIO(told.out))["term"].tolist() == ["weakness_felt", "wasting"]
    assert "With any red flag see a doctor, whatever the number." in told.err


def test_the_risk_command_predicts_with_interval_base_rate_and_advice(tmp_path, capsys):
    people, others = tmp_path / "people.csv", tmp_path / "others.csv"
    cohort = simulate_cohort(people=400, seed=1)[["wasting", "weakness_felt", "serious"]]
    cohort.assign(serious=cohort["serious"].map({1: "ill", 0: "well"})).to_csv(people)
    others.write_text("\ufeffpatient;Muscle wasting;shoe size\nann;yes;38\nbob;;44\n", encoding="utf-8")
    assert cli.main(["risk", str(people), "--predict", str(others)]) == 2
    assert "Say which of them is serious: --serious 'ill'" in capsys.readouterr().err
    options = ["risk", str(people), "--serious", "ill", "--predict", str(others), "--base-rate", "0.001"]
    assert cli.main(options) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("Serious is the label 'ill': ")
    assert told[1] == "No column for weakness_felt: taken as not known."
    assert re.fullmatch(
        r"ann: [\d,.]+ in 100,000 \([\d,.]+ to [\d,.]+\); 100 in 100,000 before any sign is known", told[2]
    )
    assert told[3].startswith("    See a doctor soon, whatever the computed risk: muscle wasting.")
    assert "Not understood, so left out: shoe size" in told[3]
    assert cli.main([*options, "--csv"]) == 0
    risks = pd.read_csv(StringIO(capsys.readouterr().out)).set_index("patient")
    assert risks.loc["ann", "risk_lower"] < risks.loc["ann", "risk"] < risks.loc["ann", "risk_upper"]
    assert risks.loc["bob", "n_unknown"] == 2
    assert risks.loc["bob", "risk"] == pytest.approx(0.001, rel=1e-3)  # nothing is told: the rate that was given
    assert told[4].startswith("    Too little is known of people like this one: the chance of who was in")


def test_the_risk_command_without_labels_asks_simulated_people(tmp_path, capsys):
    people = tmp_path / "me.csv"
    people.write_text("Weakness felt,muscle_wasting\nyes,no\n")
    assert cli.main(["risk", str(people), "--predict"]) == 0
    told = capsys.readouterr().out
    assert "129 are assumed" in told
    assert "among the other conditions of a population" in told
    people.write_text("arm_weak,age\nyes,50\n")
    assert cli.main(["risk", str(people), "--predict"]) == 2
    assert "The column 'arm_weak' looks like the sign 'weakness_felt' or 'weakness_found'." in capsys.readouterr().err


def test_the_risk_command_asks_in_its_own_words(tmp_path, capsys):
    people = tmp_path / "people.csv"
    for text, message in {
        "person,wasting,stumbling\nAnna,no,yes\n": "say that it is something else: --ignore 'stumbling'.",
        "person,wasting\n": "Nobody to tell a risk of: the table has no rows. Write one for each person.",
        "person,sex,wasting\nAnna,1,yes\n": "person Anna, sex: 1 is a code that is used for either sex: write male or",
    }.items():
        people.write_text(text, encoding="utf-8")
        assert cli.main(["risk", str(people), "--predict"]) != 0
        assert message in capsys.readouterr().err


def test_the_risk_command_tells_few_cases_and_separation(tmp_path, capsys):
    people = tmp_path / "people.csv"
    cohort = simulate_cohort(people=80, seed=1)[["wasting", "pain", "cramps", "speech_swallowing", "serious"]]
    cohort.loc[cohort["serious"] == 0, "wasting"] = 0.0
    cohort.to_csv(people)
    assert cli.main(["risk", str(people)]) == 0
    told = capsys.readouterr().out
    assert "Few cases: " in told
    assert "Separation: wasting" in told
    assert "in people of one class only: how far" in told
    assert "penalty='firth'" in told


def test_the_risk_command_says_whose_base_rate_it_is(tmp_path, capsys):
    people = tmp_path / "people.csv"
    cohort = simulate_cohort(people=200, seed=1, serious="neuropathy")[["wasting", "sensory_change", "serious"]]
    cohort.rename(columns={"serious": "neuropathy"}).to_csv(people)
    assert cli.main(["risk", str(people), "--label", "neuropathy", "--predict"]) == 0
    assert (
        "It is right only if the label counts motor neurone disease not yet diagnosed; else give the share of what it "
        "counts."
    ) in capsys.readouterr().out


def test_the_risk_command_reads_what_spreadsheets_save(tmp_path, capsys):
    text = "person;age;wasting\nJörg;60,5;ja\n"
    for encoding in ("utf-8", "utf-16", "latin-1"):
        people = tmp_path / f"{encoding}.csv"
        people.write_text(text, encoding=encoding)
        assert cli.main(["risk", str(people), "--predict"]) == 0
        assert "Jörg: " in capsys.readouterr().out


def test_the_risk_command_on_no_table(tmp_path, capsys):
    people = tmp_path / "people.csv"
    people.write_text("")
    assert cli.main(["risk", str(people)]) == 2
    assert f"{people} can't be read as a CSV table: No columns to parse from file." in capsys.readouterr().err


def test_a_journal_can_be_piped_in_but_a_report_needs_a_file(monkeypatch, capsys):
    class Piped:
        buffer = BytesIO(JOURNAL.encode())

    monkeypatch.setattr(sys, "stdin", Piped)
    assert cli.main(["check", "-"]) == 1
    assert "3 daily entries of 1 person" in capsys.readouterr().out
    assert cli.main(["report", "-"]) == 2
    assert capsys.readouterr().err == (
        "twitchstats: A report names the file it was made from, so that it can be run again. Save the journal first.\n"
    )


def test_check_tells_what_columns_mean_and_writes_a_schema(tmp_path, capsys):
    journal = tmp_path / "mine.csv"
    journal.write_text("date,twitches,zaps\n" + "".join(f"2024-03-{day:02d},{day},{day % 5}\n" for day in range(1, 29)))
    assert cli.main(["check", str(journal), "--write-schema"]) == 0
    shown = capsys.readouterr()
    lines = [" ".join(line.split()) for line in shown.out.splitlines()]
    assert "twitches twitches outcome count 0-100000 day sum" in lines
    assert "zaps zaps own? count? not known sum?" in lines
    schema = tmp_path / "mine_schema.csv"
    assert shown.err == f"Written: {schema}. Correct what is wrong, then read the journal with --schema {schema}.\n"
    schema.write_text(schema.read_text().replace("zaps,zaps,zaps,own,count", "zaps,zaps,zaps,trigger,rating"))
    assert cli.main(["check", str(journal), "--schema", str(schema)]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "zaps zaps trigger rating 0-4? not known mean?" in lines
    assert cli.main(["check", str(journal), "--write-schema"]) == 2
    assert f"{schema} is there already and is left as it is." in capsys.readouterr().err
