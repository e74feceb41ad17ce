"""Running, cleaning, checking and showing notebooks."""

import json
import re
import tempfile
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from twitchstats.errors import TwitchstatsError, UnknownNameError
from twitchstats.report import refresh
from twitchstats.report.execute import clean_notebook, drop_injected, execute_notebook
from twitchstats.report.page import make_page


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


LISTENING = """
import pathlib
tables = [pathlib.Path("/proc/self/net", name).read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
inodes = {row.split()[9] for table in tables for row in table if row.split()[3] == "0A"}
links = [str(path.readlink()) for path in pathlib.Path("/proc/self/fd").iterdir() if path.is_symlink()]
[link for link in links if link.removeprefix("socket:[").removesuffix("]") in inodes]
"""


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="no /proc")
def test_the_kernel_opens_no_port(tmp_path):
    executed = execute_notebook(new_notebook(cells=[new_code_cell(LISTENING)]), folder=tmp_path)
    assert executed.cells[0].outputs[0].data["text/plain"] == "[]"


def test_nothing_is_imported_from_the_folder_of_a_report(tmp_path):
    (tmp_path / "seaborn.py").write_text("raise SystemExit('foreign code ran')")
    (tmp_path / "ipython_config.py").write_text("raise SystemExit('foreign code ran')")
    code = "import os, seaborn\nprint(os.getcwd(), hasattr(seaborn, 'lineplot'))"
    executed = execute_notebook(new_notebook(cells=[new_code_cell(code)]), folder=tmp_path)
    assert executed.cells[0].outputs[0].text == f"{tmp_path} True\n"


def test_start_up_files_of_a_user_do_not_run(tmp_path, monkeypatch):
    startup = tmp_path / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("print('foreign code ran')\nforeign = 1")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    executed = execute_notebook(new_notebook(cells=[new_code_cell("'foreign' in globals()")]), folder=tmp_path)
    assert [output.get("data") for output in executed.cells[0].outputs] == [{"text/plain": "False"}]


def test_a_long_path_for_temporary_files_is_no_obstacle(tmp_path, monkeypatch):
    """A socket's path may have 107 bytes."""
    deep = tmp_path / ("x" * 120)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    executed = execute_notebook(new_notebook(cells=[new_code_cell("6 * 7")]), folder=tmp_path)
    assert executed.cells[0].outputs[0].data["text/plain"] == "42"
    assert list(deep.iterdir()) == []
