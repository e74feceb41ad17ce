"""A report is somebody's health: who can read it, what it replaces, what of the journal's words it holds."""

import os
import re
import shutil
import stat
import subprocess
import sys
from dataclasses import replace

import nbformat
import pandas as pd
import pytest
from defusedxml import ElementTree

from twitchstats import cli
from twitchstats.errors import OptionError
from twitchstats.journal.record import REJECT_COLUMNS
from twitchstats.report import write
from twitchstats.report.figures import draw_effects
from twitchstats.report.summary import hide_texts
from twitchstats.report.tables import show_table
from twitchstats.report.wording.prose import quote, to_plain
from twitchstats.report.wording.reading import tabulate_rejects
from twitchstats.report.write import write_report


@pytest.fixture
def quick(monkeypatch, small_notebook):
    """Let a report run a small notebook, and count how often."""
    runs = []

    def run(notebook, *, folder, parameters):
        runs.append(parameters)
        executed = nbformat.from_dict(small_notebook)
        executed.cells[1].metadata["tags"] = ["summary"]
        return executed

    monkeypatch.setattr(write, "execute_notebook", run)
    return runs


@pytest.fixture
def journal(tmp_path):
    path = tmp_path / "my.csv"
    path.write_text("date,twitches,stress\n2025-01-01,3,4\n2025-01-02,4,5\n2025-01-03,1,2\n")
    return path


def test_only_the_owner_can_read_a_report(journal, tmp_path, quick):
    before = os.umask(0)
    try:
        written = write_report(journal, out=tmp_path / "out")
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (written.html, written.notebook, tmp_path / "out")]
    assert modes == [0o600, 0o600, 0o700]


def test_a_report_replaces_a_report_and_nothing_else(journal, tmp_path, quick):
    write_report(journal, out=tmp_path)
    write_report(journal, out=tmp_path)
    assert len(quick) == 2
    for name in ("report.html", "report.ipynb"):
        path = tmp_path / name
        kept = path.read_bytes()
        for content in (b"", b"<html>my thesis</html>", b'{"cells": [], "metadata": {}}', b"[" * 100_000, b"\xff"):
            path.write_bytes(content)
            message = f"{path} is there already and is left as it is. Name another file, or move it away."
            with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
                write_report(journal, out=tmp_path)
            assert path.read_bytes() == content
        path.write_bytes(kept)
    assert len(quick) == 2


def test_a_report_is_not_written_through_a_link(journal, tmp_path, quick):
    target = tmp_path / "elsewhere.html"
    (tmp_path / "report.html").symlink_to(target)
    message = f"{tmp_path / 'report.html'} is a link, and nothing is written through one. Name the file itself."
    with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
        write_report(journal, out=tmp_path)
    assert (quick, target.exists()) == ([], False)


def test_a_report_does_not_replace_its_journal(journal, tmp_path, quick):
    path = journal.rename(tmp_path / "report.html")
    message = f"{path} is what was read, and is never written over. Name another file."
    with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
        write_report(path, out=tmp_path)
    assert path.read_text().startswith("date,twitches")


def test_the_packages_own_notebook_is_no_report():
    assert not write.is_report(write.find_resource("notebooks", "report.ipynb"))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("unshare") is None, reason="no unshare")
def test_a_report_is_made_and_verified_with_no_network_at_all(tmp_path):
    """In a network of its own there is not even a loopback that is up."""
    if subprocess.run(["unshare", "-rn", "true"], check=False).returncode:
        pytest.skip("no network of its own can be made here")
    for words in (["report", "--out", str(tmp_path)], ["verify", str(tmp_path / "report.ipynb")]):
        done = subprocess.run(
            ["unshare", "-rn", sys.executable, "-m", "twitchstats", *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Reproduced: all ")


SIGNS = ["$x$", "$$x$$", r"\(x\)", r"\[x\]", r"\begin{a}x\end{a}", r"US$ 5 and $ 6", r"\$x$", "$"]


@pytest.mark.parametrize("label", SIGNS)
def test_labels_are_no_formulas(label):
    """MathJax looks for a formula within one run of text, so each sign that begins one has a tag of its own."""
    table = show_table(pd.DataFrame({label: [label]}), label)._repr_html_()
    for shown in (table, quote(label)):
        runs = re.split(r"<[^>]+>", shown)
        assert [run for run in runs if "$" in run and run not in ("$", r"\$")] == []
        assert not re.search(r"\\begin\{|(?<!\\)\\\\[(\[]", shown)
    assert to_plain(quote(label)) == label


@pytest.mark.parametrize("label", ["$x$", "<script>alert(1)</script>", "a & b", "]]>"])
def test_a_picture_takes_labels_as_they_are(label):
    frame = pd.DataFrame({"trigger": [label], "lag": 1, "estimate": [1.0], "ci_lower": [0.5], "ci_upper": [2.0],
                          "measure": "rate ratio", "p_value": 0.9, "p_adjusted": 0.9})  # fmt: skip
    texts = [element.text for element in ElementTree.fromstring(draw_effects(frame).svg)]
    assert f"{label}, the day before" in texts


PRIVATE = "I told Bob about it"


def list_rejects(*rows):
    return pd.DataFrame(rows, columns=REJECT_COLUMNS).astype({"row": "Int64"})


def test_words_in_refused_cells_stay_private(gappy):
    rejects = list_rejects(
        ("days", 3, "stress", "14", "range", "row 3, stress: 14 is outside 0-10", "cell set missing"),
        ("days", 4, "stress", PRIVATE, "number", f"row 4, stress: {PRIVATE!r} is no number", "cell set missing"),
        ("days", 1, "", PRIVATE, "above_header", f"row 1 ({PRIVATE!r}) stands above the header", "kept"),
        ("days", None, "x", "", "note", "column x: a note", "kept"),
    )
    hidden = hide_texts(rejects)
    assert hidden["message"].tolist() == [
        "row 3, stress: 14 is outside 0-10",
        "row 4, stress: a text of 19 characters (number)",
        "row 1, the table: a text of 19 characters (above_header)",
        "column x: a note",
    ]
    assert rejects["value"].tolist() == ["14", PRIVATE, PRIVATE, ""]
    for many in (1, 30):
        journal = replace(gappy, rejects=pd.concat([rejects] * many, ignore_index=True))
        assert "told Bob" not in repr(tabulate_rejects(journal))
        assert "told Bob" in repr(tabulate_rejects(journal, include=True))


def test_no_word_of_the_diary_reaches_a_report_that_was_not_asked_for_it(tmp_path):
    path = tmp_path / "my.csv"
    rows = [f"2025-01-{day:02},{day % 5},{day % 3},fine" for day in range(1, 29)]
    rows[4] = f"2025-01-05,{PRIVATE},1,{PRIVATE}"
    path.write_text("\n".join([PRIVATE, "date,twitches,stress,notes", *rows, f"{PRIVATE},1,2,3,4"]) + "\n")
    written = write_report(path, out=tmp_path)
    for file in (written.html, written.notebook):
        assert "told Bob" not in file.read_text()
    assert "a text of 19 characters" in written.html.read_text()


def test_an_endless_pipe_ends_in_one_message(monkeypatch, capsys):
    from twitchstats.journal import source

    monkeypatch.setattr(source, "PIPE_LIMIT", 4 << 20)
    with subprocess.Popen(["yes", "1,2"], stdout=subprocess.PIPE) as endless:
        monkeypatch.setattr(sys, "stdin", type("Stdin", (), {"buffer": endless.stdout}))
        assert cli.main(["check", "-"]) == 2
        endless.kill()
    assert capsys.readouterr().err == (
        "twitchstats: More than 4,194,304 bytes came through the pipe, and no end. Save the journal to a file first.\n"
    )
