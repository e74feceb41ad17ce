"""One question, one estimate, one answer: page, notebook, command line and frames agree, number by number."""

import html
import re
from dataclasses import replace
from io import StringIO
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from twitchstats import cli
from twitchstats.claims import answer_questions, check_claims, load_questions
from twitchstats.files import format_csv
from twitchstats.findings import analyze_journal
from twitchstats.inference import VERDICTS
from twitchstats.journal import write_journal
from twitchstats.journal.variable import describe_known
from twitchstats.numbers import MISSING, format_effect, format_interval, format_p
from twitchstats.report.write import read_for_report, write_report
from twitchstats.resources import find_resource
from twitchstats.simulate.journal import simulate_journal

COLUMNS = [
    "twitches",
    "cramps",
    "spasms",
    "pain",
    "stiffness",
    "caffeine",
    "stress",
    "exercise",
    "stretching",
    "massage",
]
CELL = r"<t[hd].*?>(.*?)</t[hd]>"
NUMBERS = ["estimate", "ci_lower", "ci_upper", "p_value", "p_adjusted"]


def write_own(folder: Path) -> tuple[Path, dict[str, str]]:
    """Write a diary as somebody keeps it: own names, a yes/no column, gaps, a medicine."""
    rng = np.random.default_rng(8)
    coffee, stress = rng.integers(0, 6, 90), rng.integers(0, 11, 90)
    frame = pd.DataFrame({
        "Date": pd.date_range("2025-03-01", periods=90).strftime("%Y-%m-%d"),
        "Twitches": rng.poisson(np.exp(0.6 + 0.12 * np.roll(stress, 1))), "coffee (mg)": 80 * coffee, "stress": stress,
        "sleep": rng.normal(7, 1, 90).round(1), "massage": rng.integers(0, 2, 90), "my knee": rng.integers(0, 2, 90),
    }).drop(index=range(40, 46))  # fmt: skip
    frame.to_csv(folder / "own.csv", index=False)
    return folder / "own.csv", {}


def write_undated(folder: Path) -> tuple[Path, dict[str, str]]:
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"twitches": rng.poisson(3, 60), "caffeine (mg)": rng.integers(0, 500, 60),
                          "stress": rng.integers(0, 11, 60), "heat": rng.integers(0, 2, 60)})  # fmt: skip
    frame.to_csv(folder / "undated.csv", index=False)
    return folder / "undated.csv", {"order": "none"}


def write_group(folder: Path) -> tuple[Path, dict[str, str]]:
    """Write a group with its episodes and people, small enough to be analysed three times."""
    journal, _ = simulate_journal(people=5, days=50, world="articles", seed=3)
    journal = replace(journal, days=journal.days[COLUMNS], variables=describe_known(COLUMNS))
    days, episodes, people = write_journal(journal, folder / "journal.csv")
    return days, {"people": str(people), "episodes": str(episodes)}


def use_demo(folder: Path) -> tuple[Path, dict[str, str]]:
    return find_resource("data", "demo_journal.csv"), {}


@pytest.fixture(
    scope="module", params=[use_demo, write_own, write_undated, write_group], ids=lambda make: make.__name__
)
def told(request, tmp_path_factory):
    """Return everything that is told of one journal: its findings, its report, and what the command line prints."""
    folder = tmp_path_factory.mktemp("one")
    path, options = request.param(folder)
    journal = read_for_report(path, options)
    report = write_report(path, out=folder, options=options)
    return journal, analyze_journal(journal), report, path, options


def read_printed(text: str) -> pd.DataFrame:
    return pd.read_csv(StringIO(text), keep_default_na=False, na_values={name: "" for name in NUMBERS})


def read_tables(report, *columns: str) -> list[dict[str, str]]:
    """Return the rows of all tables of the page that have certain columns."""
    found = []
    for table in re.findall(r"<table.*?</table>", report.html.read_text(), re.DOTALL):
        rows = [
            [html.unescape(re.sub(r"<[^>]*>", "", cell)).strip() for cell in re.findall(CELL, row, re.DOTALL)]
            for row in re.findall(r"<tr.*?>(.*?)</tr>", table, re.DOTALL)
        ]
        found += [dict(zip(rows[0], row, strict=True)) for row in rows[1:] if set(columns) <= set(rows[0])]
    return found


def test_frames_are_computed_once_and_agree(told):
    journal, findings, *_ = told
    pd.testing.assert_frame_equal(answer_questions(journal), findings.answers)
    pd.testing.assert_frame_equal(answer_questions(journal, findings=findings), findings.answers)
    pd.testing.assert_frame_equal(check_claims(journal, findings=findings), findings.ledger)


def test_a_question_has_one_answer(told):
    _, findings, *_ = told
    answers, ledger = findings.answers, findings.ledger
    assert answers["question_id"].is_unique
    for _, claims in ledger[ledger["question_id"] != ""].groupby("question_id"):
        assert len(claims[["verdict", *NUMBERS, "family", "n_people", "n_days"]].drop_duplicates()) == 1
    tested = answers[answers["p_value"].notna()]
    sizes = tested.groupby("p_value")["p_adjusted"].nunique()
    assert (sizes == 1).all()
    assert set(tested["family"]) <= {"triggers", "claims"}


def test_triggers_and_questions_tell_the_same_estimate(told):
    """What the triggers' table and a question say of one pair at one lag is one number, with one p-value."""
    _, findings, *_ = told
    effects = findings.effects.set_index(["trigger", "lag"])
    asked = load_questions().set_index("question_id")
    compared = 0
    for row in findings.answers.to_dict("records"):
        question = asked.loc[row["question_id"]]
        judged = row["outcome"] if row["judged_on"] == "" else ""
        if question["test"] == "trigger" and judged == findings.outcome and np.isfinite(row["estimate"]):
            effect = effects.loc[(question["variables"], int(question["lag"]))]
            assert row["family"] == effect["family"] == "triggers"
            assert effect[[*NUMBERS, "n_days"]].tolist() == [row[name] for name in (*NUMBERS, "n_days")]
            compared += 1
    assert compared


def test_the_command_line_prints_the_ledger_of_the_report(told, capsys):
    """It reads the journal anew and judges the claims by themselves (`check_claims`)."""
    _, findings, _, path, options = told
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    assert cli.main(["claims", str(path), "--csv", *arguments]) == 0
    printed = read_printed(capsys.readouterr().out)
    pd.testing.assert_frame_equal(printed, read_printed(format_csv(findings.ledger)))


def test_the_command_line_prints_the_effects_of_the_report(told, capsys):
    _, findings, _, path, options = told
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    assert cli.main(["triggers", str(path), "--csv", *arguments]) == 0
    printed = read_printed(capsys.readouterr().out)
    assert (
        printed[["trigger", "family"]].to_numpy().tolist()
        == findings.effects[["trigger", "family"]].to_numpy().tolist()
    )
    for name in NUMBERS:
        assert printed[name].to_numpy(float) == pytest.approx(findings.effects[name].to_numpy(float), nan_ok=True)


def test_every_answer_on_the_page_is_that_of_the_frame(told):
    """Each row of the page's tables of questions is one answer, in its numbers; and none is left out or told twice."""
    _, findings, report, *_ = told
    rows = read_tables(report, "Question", "Effect")
    answers = findings.answers[(findings.answers["verdict"] != "not testable") & (findings.answers["judged_on"] == "")]
    assert sorted(row["Question"] for row in rows) == sorted(answers["question"])
    by_question = answers.set_index("question")
    for row in rows:
        answer = by_question.loc[row["Question"]]
        assert row["Effect"].split(" against ")[0] == format_effect(answer["estimate"], answer["measure"])
        interval = format_interval(answer["ci_lower"], answer["ci_upper"], answer["measure"])
        assert row["95 % interval"] == interval
        assert (row["p, adjusted"], row["Family"]) == (format_p(answer["p_adjusted"]), answer["family"])
        assert row["Days"] in (str(answer["n_days"]), MISSING)


def test_every_number_of_the_triggers_on_the_page_is_that_of_the_frame(told):
    _, findings, report, *_ = told
    labels = told[0].variables.set_index("name")["label"]
    tested = findings.primary[findings.primary["estimate"].notna()]
    expected = sorted(
        (labels[row["trigger"]] or row["trigger"], format_effect(row["estimate"], row["measure"]),
         format_p(row["p_adjusted"]), str(row["n_days"]))
        for row in tested.to_dict("records")
    )  # fmt: skip
    shown = sorted(
        (row["Trigger"].removeprefix("↳\u00a0"), row["Effect"], row["p, adjusted (triggers)"], row["Days"])
        for row in read_tables(report, "Trigger", "One step")
    )
    assert shown == expected


def test_counts_are_the_same_wherever_they_stand(told):
    """Page, its notebook and the summary of the command line count verdicts, questions and claims alike."""
    _, findings, report, *_ = told
    questions, claims = (frame["verdict"].value_counts() for frame in (findings.answers, findings.ledger))
    table = read_tables(report, "Verdict", "Questions", "Claims")
    counted = {row["Verdict"]: (int(row["Questions"]), int(row["Claims"])) for row in table}
    assert counted == {verdict: (questions.get(verdict, 0), claims.get(verdict, 0)) for verdict in VERDICTS}
    notebook = nbformat.read(report.notebook, as_version=4)
    texts = [
        output.get("data", {}).get("text/markdown", "") for cell in notebook.cells for output in cell.get("outputs", [])
    ]
    for text in ("\n".join(texts), report.summary):
        told_twice = re.findall(r"(\d+) (supported|contradicted|practically null|inconclusive|not testable)\b", text)
        assert told_twice
        assert {(int(n), verdict) for n, verdict in told_twice} <= {(questions.get(v, 0), v) for v in VERDICTS}
    assert f"{len(findings.answers)} questions" in report.summary


def test_stand_ins_are_told_without_a_second_estimate(told):
    _, findings, report, *_ = told
    stand_ins = findings.answers[findings.answers["judged_on"] != ""]
    shown = read_tables(report, "Question", "Judged on")
    assert not [row for row in shown if "Effect" in row]
    told_of = sorted((row["Question"], row["Judged on"], row["Verdict"]) for row in shown)
    assert told_of == sorted(zip(stand_ins["question"], stand_ins["judged_on"], stand_ins["verdict"], strict=True))
    assert set(stand_ins["verdict"]) <= {"inconclusive"}
