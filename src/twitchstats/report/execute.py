"""Run a notebook in this very environment, and keep of it only what does not change from run to run."""

import ast
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from twitchstats.errors import TwitchstatsError, unknown_name

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
IGNORED = "nbval-ignore-output"  # tag of a cell that tells of the machine
_PARAMETERS, _INJECTED = "parameters", "injected-parameters"


def execute_notebook(
    notebook: NotebookNode, *, folder: Path, parameters: Mapping[str, Any] | None = None
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
    prepared = insert_parameters(notebook, parameters or {})
    prepared.metadata["kernelspec"] = KERNEL
    with _quiet():
        import papermill

        from twitchstats.report.kernel import prepare_kernel

        try:
            with prepare_kernel(folder) as options:
                executed = papermill.execute_notebook(
                    prepared, None, kernel_name=KERNEL["name"], language="python", record_timing=False,
                    progress_bar=False,
                    extra_arguments=["--IPKernelApp.log_level=CRITICAL"],  # its remarks on sockets mean nothing here
                    **options,
                )  # fmt: skip
        except papermill.PapermillExecutionError as error:
            raise TwitchstatsError(
                f"The notebook stopped in cell {error.exec_count} with {error.ename}: {str(error.evalue).rstrip('.')}. "
                "The cell reads: " + error.source.strip().splitlines()[0]
            ) from error
    return clean_notebook(executed)


def insert_parameters(notebook: NotebookNode, parameters: Mapping[str, Any]) -> NotebookNode:
    """Return the notebook with a cell of these parameters, in place of those of an earlier run.

    Raises
    ------
    UnknownNameError
        A parameter that the notebook does not know; papermill itself would only warn.
    """
    prepared = drop_injected(notebook)
    place = next((at for at, cell in enumerate(prepared.cells, 1) if _PARAMETERS in list_tags(cell)), 0)
    known = _assigned(prepared.cells[place - 1].source) if place else {}
    for name in parameters:
        if name not in known:
            raise unknown_name("notebook parameter", name, known)
    if parameters:
        with _quiet():
            from papermill.translators import translate_parameters

        source = translate_parameters(KERNEL["name"], "python", dict(parameters), "Parameters")
        prepared.cells.insert(place, new_code_cell(source, id=_INJECTED, metadata={"tags": [_INJECTED]}))
    return prepared


def read_parameters(notebook: NotebookNode) -> dict[str, Any]:
    """Return the parameters of the run that wrote a notebook; nothing in it is executed.

    Raises
    ------
    ValueError, SyntaxError
        Their cell holds anything else than names that are given plain values.
    """
    sources = [cell.source for cell in notebook.cells if _INJECTED in list_tags(cell)]
    return {name: ast.literal_eval(value) for source in sources for name, value in _assigned(source).items()}


def _assigned(source: str) -> dict[str, ast.expr]:
    """Return what is assigned to single names by the statements of a cell."""
    statements = [node for node in ast.parse(source).body if isinstance(node, ast.Assign)]
    return {target.id: node.value for node in statements for target in node.targets if isinstance(target, ast.Name)}


def list_tags(cell: NotebookNode) -> list[str]:
    """Return the tags of a cell."""
    return list(cell.metadata.get("tags", []))


def clean_notebook(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook without times, paths and random names: the same run gives the same bytes."""
    cleaned = deepcopy(notebook)
    cleaned.metadata = NotebookNode(kernelspec=KERNEL, language_info={"name": "python"})
    for cell in cleaned.cells:
        tags = list_tags(cell)
        cell.metadata = NotebookNode(tags=tags) if tags else NotebookNode()
    return cleaned


def drop_injected(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook without the parameters of an earlier run."""
    cleaned = deepcopy(notebook)
    cleaned.cells = [cell for cell in cleaned.cells if _INJECTED not in list_tags(cell)]
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
