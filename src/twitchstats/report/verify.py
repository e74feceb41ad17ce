"""Run a report again and compare every number with what is written in it."""

import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from twitchstats import __version__
from twitchstats.errors import JournalError, OptionError


@dataclass(frozen=True)
class Verified:
    """What came of running a notebook again.

    Attributes
    ----------
    reproduced : bool
        Every output of every cell came back.
    n_cells : int
        Cells that were run and compared.
    differing : tuple of str
        One line for each cell whose output differs.
    message : str
        All that in sentences.
    """

    reproduced: bool
    n_cells: int
    differing: tuple[str, ...]
    message: str


def verify_report(path: str | os.PathLike[str], *, tell: Callable[[str], None] | None = None) -> Verified:
    """Re-run a notebook under nbval (strict) and compare all text outputs; pictures stand beside their tables.

    Parameters
    ----------
    path : path
        A notebook written by `write_report`, or any executed notebook.
    tell : callable, optional
        Is given a line of text as the work goes on.

    Raises
    ------
    JournalError
        There is no such file, or it is not a notebook.
    OptionError
        The notebook was never run from top to bottom, so that there is nothing to compare with.
    """
    notebook_path = Path(path)
    notebook = _read_notebook(notebook_path)
    _check_executed(notebook, notebook_path)
    notes = _compare_origin(notebook, notebook_path.resolve().parent)
    if tell:
        tell(f"Running {notebook_path} again ...")
    failed, n_cells = _run_nbval(notebook_path.resolve())
    differing = tuple(_describe_cell(notebook, number) for number in failed)
    if not differing:
        head = f"Reproduced: all {n_cells} cells gave the same numbers again."
    else:
        head = f"Not reproduced: {len(differing)} of {n_cells} cells gave something else:"
    message = "\n".join([head, *(f"  {line}" for line in differing), *notes])
    return Verified(not differing and n_cells > 0, n_cells, differing, message)


def _read_notebook(path: Path) -> NotebookNode:
    try:
        return nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise JournalError(f"There is no file {path}. Name a notebook that `report` has written.") from None
    except (ValueError, nbformat.reader.NotJSONError, nbformat.ValidationError, AttributeError, KeyError, TypeError):
        raise JournalError(f"{path} is not a notebook. Name the report.ipynb that `report` has written.") from None


def _check_executed(notebook: NotebookNode, path: Path) -> None:
    """Refuse a notebook with stripped or out-of-order cells: it would pass with nothing compared."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    counts = [cell.execution_count for cell in cells]
    if not counts or counts != list(range(1, len(counts) + 1)):
        raise OptionError(f"{path} was not run from its first cell to its last in one go: there is nothing to compare.")
    for number, cell in enumerate(cells, start=1):
        if any(output.output_type == "error" for output in cell.outputs):
            raise OptionError(f"{path} stopped with an error in cell {number}: there is nothing to compare.")


def _compare_origin(notebook: NotebookNode, folder: Path) -> list[str]:
    """Say what else differs from the day of the report: the journal's bytes, the package's version."""
    origin = notebook.metadata.get("twitchstats", {})
    notes = []
    if origin.get("version", __version__) != __version__:
        notes.append(f"The report was made by twitchstats {origin['version']}; this is {__version__}.")
    journal = origin.get("journal")
    if journal:
        notes += _compare_checksum(folder / journal, origin.get("checksum", ""))
    return notes


def _compare_checksum(path: Path, expected: str) -> list[str]:
    from hashlib import sha256

    if not path.is_file():
        return [f"The journal is no longer at {path}."]
    if sha256(path.read_bytes()).hexdigest() != expected:
        return [f"The journal {path.name} has changed since the report was made: its checksum is another."]
    return []


def _run_nbval(path: Path) -> tuple[list[int], int]:
    """Return the numbers (from 0) of the code cells that differ, and how many were run."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.xml"
        settings = Path(folder) / "pytest.ini"
        settings.write_text("[pytest]\n")  # the reader's own pytest settings must not decide
        dropped = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "MPLBACKEND")
        command = [
            sys.executable, "-m", "pytest", str(path), "--nbval", "--nbval-current-env", "-q", "-c", str(settings),
            "--rootdir", str(path.parent), "--noconftest", "-p", "no:cacheprovider", f"--junitxml={results}",
        ]  # fmt: skip
        environment = {name: value for name, value in os.environ.items() if name not in dropped}
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if not results.exists():
            raise OptionError(f"The notebook could not be run again: {(ran.stderr or ran.stdout).strip()[-500:]}")
        cases = ElementTree.parse(results).getroot().iter("testcase")
        outcomes = [(case.get("name", ""), bool(case.findall("failure") + case.findall("error"))) for case in cases]
    numbers = [int(found.group()) if (found := re.search(r"\d+$", name)) else 0 for name, _ in outcomes]
    return [number for number, (_, bad) in zip(numbers, outcomes, strict=True) if bad], len(outcomes)


def _describe_cell(notebook: NotebookNode, number: int) -> str:
    """Name a code cell by the heading above it and its first line."""
    heading, position = "", -1
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            titles = re.findall(r"^#+\s+(.*)$", cell.source, re.MULTILINE)
            heading = titles[-1] if titles else heading
        elif cell.cell_type == "code":
            position += 1
            if position == number:
                return f"cell {number + 1}, under '{heading}': {cell.source.strip().splitlines()[0]}"
    return f"cell {number + 1}"
