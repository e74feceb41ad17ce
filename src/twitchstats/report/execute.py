"""Run a notebook in this very environment, and keep of it only what does not change from run to run."""

import ast
import logging
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from twitchstats.errors import TwitchstatsError, unknown_name

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
_PARAMETERS, _INJECTED = "parameters", "injected-parameters"


def execute_notebook(
    notebook: NotebookNode, *, folder: Path, parameters: Mapping[str, Any] | None = None, progress: bool = False
) -> NotebookNode:
    """Run a notebook with papermill and return it executed and cleaned.

    Parameters
    ----------
    notebook : NotebookNode
        It stays as it is.
    folder : Path
        Folder in which the code runs: relative paths in it start there.
    parameters : mapping, optional
        New values for the names that the cell tagged "parameters" assigns.
    progress : bool
        Draw a progress bar on stderr.

    Returns
    -------
    NotebookNode

    Raises
    ------
    UnknownNameError
        A parameter that the notebook does not know; papermill itself would only warn.
    TwitchstatsError
        A cell failed; the message names the cell and the error.
    """
    with _quiet():
        import papermill

        known = _find_parameters(notebook)
    for name in parameters or {}:
        if name not in known:
            raise unknown_name("notebook parameter", name, known)
    prepared = deepcopy(notebook)
    prepared.metadata["kernelspec"] = KERNEL
    with _quiet():
        try:
            executed = papermill.execute_notebook(
                prepared, None, parameters=dict(parameters or {}), kernel_name=KERNEL["name"], language="python",
                cwd=folder, progress_bar={"file": sys.stderr} if progress else False, record_timing=False,
                extra_arguments=["--IPKernelApp.log_level=CRITICAL"],  # its remarks on sockets mean nothing to a reader
            )  # fmt: skip
        except papermill.PapermillExecutionError as error:
            raise TwitchstatsError(
                f"The notebook stopped in cell {error.exec_count} with {error.ename}: {str(error.evalue).rstrip('.')}. "
                "The cell reads: " + error.source.strip().splitlines()[0]
            ) from error
    return clean_notebook(executed)


def _find_parameters(notebook: NotebookNode) -> list[str]:
    """Return the names that the cell tagged "parameters" assigns."""
    sources = [cell.source for cell in notebook.cells if _PARAMETERS in cell.metadata.get("tags", [])]
    statements = [node for source in sources for node in ast.parse(source).body if isinstance(node, ast.Assign)]
    return [target.id for node in statements for target in node.targets if isinstance(target, ast.Name)]


def clean_notebook(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook without times, paths and random names: the same run gives the same bytes."""
    cleaned = deepcopy(notebook)
    cleaned.metadata = NotebookNode(kernelspec=KERNEL, language_info={"name": "python"})
    cleaned.cells = [_clean_cell(cell) for cell in cleaned.cells]
    return cleaned


def _clean_cell(cell: NotebookNode) -> NotebookNode:
    tags = list(cell.metadata.get("tags", []))
    cell.metadata = NotebookNode(tags=tags) if tags else NotebookNode()
    if _INJECTED in tags:
        cell.id = _INJECTED
    return cell


def drop_injected(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook without the parameters of an earlier run."""
    cleaned = deepcopy(notebook)
    cleaned.cells = [cell for cell in cleaned.cells if _INJECTED not in cell.metadata.get("tags", [])]
    return cleaned


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the machinery's own remarks (on event loops, on encrypted sockets) away from the reader."""
    logger = logging.getLogger("papermill")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
