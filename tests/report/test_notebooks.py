"""Running, cleaning, checking and showing notebooks."""

import json
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from twitchstats.errors import JournalError, OptionError, TwitchstatsError, UnknownNameError
from twitchstats.report import refresh, verify_report
from twitchstats.report.execute import clean_notebook, drop_injected, execute_notebook
from twitchstats.report.page import make_page
from twitchstats.report.verify import _compare_origin


def test_a_run_takes_parameters_and_leaves_no_traces(small_notebook, tmp_path):
    executed = execute_notebook(small_notebook, folder=tmp_path, parameters={"step": 3})
    again = execute_notebook(small_notebook, folder=tmp_path, parameters={"step": 3})
    assert nbformat.writes(executed) == nbformat.writes(again)
    assert [cell.id for cell in executed.cells] == ["a", "b", "injected-parameters", "c", "d", "e"]
    assert executed.cells[3].outputs[0].data["text/plain"] == "63"
    assert set(executed.metadata) == {"kernelspec", "language_info"}
    assert str(tmp_path) not in json.dumps(executed)
    assert len(drop_injected(executed).cells) == len(small_notebook.cells)
    assert all("execution" not in cell.metadata and "papermill" not in cell.metadata for cell in executed.cells)


def test_an_unknown_parameter_is_refused(small_notebook, tmp_path):
    message = "No notebook parameter named 'stepp'. Did you mean 'step'? Known: 'step'."
    with pytest.raises(UnknownNameError, match=f"^{re.escape(message)}$"):
        execute_notebook(small_notebook, folder=tmp_path, parameters={"stepp": 3})


def test_a_failing_cell_is_named(tmp_path):
    notebook = new_notebook(cells=[new_code_cell("1"), new_code_cell("# the second\n{}['key']")])
    message = "The notebook stopped in cell 2 with KeyError: 'key'. The cell reads: # the second"
    with pytest.raises(TwitchstatsError, match=f"^{re.escape(message)}$"):
        execute_notebook(notebook, folder=tmp_path)


def write_executed(notebook, folder):
    path = folder / "report.ipynb"
    path.write_text(nbformat.writes(execute_notebook(notebook, folder=folder)), encoding="utf-8")
    return path


def test_an_untouched_notebook_is_reproduced_and_a_changed_number_is_found(small_notebook, tmp_path):
    path = write_executed(small_notebook, tmp_path)
    verified = verify_report(path)
    assert (verified.reproduced, verified.n_cells, verified.differing) == (True, 3, ())
    assert verified.message == "Reproduced: all 3 cells gave the same numbers again."
    path.write_text(path.read_text().replace('"42"', '"43"'))
    verified = verify_report(path)
    assert not verified.reproduced
    assert verified.differing == ("cell 2, under 'A title & <b>more</b>': step * 21",)
    assert verified.message.startswith("Not reproduced: 1 of 3 cells gave something else:\n  cell 2")


def test_a_changed_journal_and_another_version_are_told(small_notebook, tmp_path):
    path = write_executed(small_notebook, tmp_path)
    journal = tmp_path / "my.csv"
    journal.write_text("date,twitches\n")
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata["twitchstats"] = {"journal": "my.csv", "checksum": "0" * 64, "version": "0.0.1"}
    nbformat.write(notebook, path)
    message = verify_report(path).message
    assert "The journal my.csv has changed since the report was made: its checksum is another." in message
    assert "The report was made by twitchstats 0.0.1; this is" in message


def test_a_journal_that_is_gone_is_told(tmp_path):
    notebook = new_notebook(metadata={"twitchstats": {"journal": "my.csv", "checksum": "0" * 64}})
    assert _compare_origin(notebook, tmp_path) == [f"The journal is no longer at {tmp_path / 'my.csv'}."]


def test_what_was_never_run_cannot_be_verified(small_notebook, tmp_path):
    path = tmp_path / "fresh.ipynb"
    nbformat.write(small_notebook, path)
    message = f"{path} was not run from its first cell to its last in one go: there is nothing to compare."
    with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
        verify_report(path)


def test_what_stopped_with_an_error_cannot_be_verified(tmp_path):
    error = new_output("error", ename="ValueError", evalue="x", traceback=[])
    path = tmp_path / "failed.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("x", execution_count=1, outputs=[error])]), path)
    with pytest.raises(OptionError, match=re.escape("stopped with an error in cell 1: there is nothing to compare.")):
        verify_report(path)


@pytest.mark.parametrize(
    "content", [b"", b"date,twitches\n", b"{}", b"[1]", b"\x00\xff", b'{"cells": 3, "nbformat": 4}']
)
def test_what_is_no_notebook_is_told(content, tmp_path):
    path = tmp_path / "report.ipynb"
    path.write_bytes(content)
    message = f"{path} is not a notebook. Name the report.ipynb that `report` has written."
    with pytest.raises(JournalError, match=f"^{re.escape(message)}$"):
        verify_report(path)


def test_a_missing_notebook_is_told(tmp_path):
    path = tmp_path / "none.ipynb"
    with pytest.raises(JournalError, match=re.escape(f"There is no file {path}.")):
        verify_report(path)


def show(*outputs):
    data = [new_output("display_data", data=data, metadata=metadata) for data, metadata in outputs]
    return new_notebook(cells=[new_markdown_cell("# Title"), new_code_cell("secret_code()", outputs=data)])


def test_a_page_stands_alone():
    png = "iVBORw0KGgo="
    page = make_page(
        show(
            ({"image/png": png, "text/plain": "x"}, {"image/png": {"alt": 'a "b" <c>'}}),
            ({"text/markdown": "**m**"}, {}),
        ),
        title="T <&> t",
    )
    assert '<html lang="en">' in page
    assert "<title>T &lt;&amp;&gt; t</title>" in page
    assert "alt='a \"b\" &lt;c&gt;'" in page
    assert "<h1" in page
    assert f"data:image/png;base64,{png}" in page
    assert "<strong>m</strong>" in page
    assert "secret_code" not in page
    assert "default-src 'none'" in page
    assert not re.search(r"<script|https?://", page)


@pytest.mark.parametrize(
    "data",
    [
        {"text/html": "<script>alert(1)</script>"},
        {"text/html": "<img src=x onerror=alert(1)>"},
        {"text/markdown": "<iframe src='//evil.example'></iframe>"},
        {"text/markdown": "![x](https://example.org/x.png)"},
        {"text/html": "<table><tr><td style='background:url(//example.org/x)'>1</td></tr></table>"},
        {"text/markdown": "[a](javascript:alert(1))"},
        {"text/plain": "<script>alert(1)</script>"},
    ],
)
def test_nothing_in_an_output_becomes_active(data):
    page = make_page(show((data, {})), title="t")
    tags = " ".join(re.findall(r"<[^>]*>", page))
    assert not re.search(r"<script|<iframe|onerror|javascript:|<img|//", tags)


def test_refreshing_changes_only_what_differs(small_notebook, tmp_path, capsys):
    path = tmp_path / "a.ipynb"
    nbformat.write(small_notebook, path)
    assert refresh.main([str(tmp_path), "--check"]) == 1
    assert refresh.main([str(tmp_path)]) == 0
    written = path.read_text()
    assert refresh.main([str(tmp_path), "--check"]) == 0
    assert path.read_text() == written
    assert capsys.readouterr().out == "a.ipynb: changed\na.ipynb: changed\na.ipynb: same\n"


def test_a_notebook_that_fails_is_left_as_it_is(tmp_path, capsys):
    path = tmp_path / "bad.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("1 / 0", id="a")]), path)
    before = path.read_text()
    assert refresh.main([str(tmp_path)]) == 2
    assert path.read_text() == before
    assert capsys.readouterr().err.startswith("bad.ipynb: The notebook stopped in cell 1 with ZeroDivisionError")


def test_cleaning_does_not_touch_what_it_is_given(small_notebook):
    before = json.dumps(small_notebook)
    clean_notebook(small_notebook)
    assert json.dumps(small_notebook) == before
