"""The committed notebooks: run from top to bottom, and what the code gives."""

import re
import shutil
import statistics

import nbformat
import pytest

from twitchstats.report import refresh
from twitchstats.resources import find_resource

NOTEBOOKS = sorted(find_resource("notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_committed_notebooks_were_run_from_top_to_bottom(path):
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert len(outputs) > len(cells) / 2
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert not [cell for cell in cells if re.search(r"^\s*(def|class) ", cell.source, re.MULTILINE)]
    assert max(len(cell.source.splitlines()) for cell in cells) <= 15


@pytest.mark.parametrize(
    "path", [path for path in NOTEBOOKS if path.name != "report.ipynb"], ids=lambda path: path.name
)
def test_lessons_have_more_words_than_code(path):
    """At least 50 words for each cell of code, most cells of a line or two, and words to every picture."""
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    words = sum(len(cell.source.split()) for cell in notebook.cells if cell.cell_type == "markdown")
    assert words >= 50 * len(code)
    assert statistics.median(len(cell.source.splitlines()) for cell in code) <= 2
    drawn = [output for cell in code for output in cell.outputs if "image/" in str(list(output.get("data", {})))]
    assert all(len(output.data["text/plain"]) > 40 for output in drawn)
    assert "## What we learnt" in notebook.cells[-1].source


def test_there_are_a_report_and_ten_numbered_notebooks():
    names = sorted(path.name for path in NOTEBOOKS)
    assert "report.ipynb" in names
    assert [name[:3] for name in names if name != "report.ipynb"] == [f"{number:02d}_" for number in range(1, 11)]


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS[2::4], ids=lambda path: path.name)
def test_committed_notebooks_come_back_byte_for_byte(path, tmp_path, capsys):
    """Text, pictures and their descriptions; only what tells of the machine may differ. nbval leaves pictures out.

    nbval runs all; here some are run once more (`./run notebooks --check` takes all).
    """
    shutil.copytree(path.parent, tmp_path / "notebooks")
    shutil.copytree(find_resource("data").parent / "docs", tmp_path / "docs")
    assert refresh.main([str(tmp_path / "notebooks"), path.name, "--check"]) == 0, capsys.readouterr().out
