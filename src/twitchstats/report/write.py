"""Write the files of a report: the executed notebook, the page made from it, and how often it was looked at."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
from nbformat import NotebookNode

from twitchstats import __version__
from twitchstats.errors import TwitchstatsError
from twitchstats.files import check_target, make_folder, read_file, write_files
from twitchstats.findings import find_outcome, match_names
from twitchstats.journal import Journal
from twitchstats.report.execute import execute_notebook
from twitchstats.report.looks import LOOKS, count_looks, format_looks, read_looks
from twitchstats.report.page import GENERATOR, SUMMARY, make_page
from twitchstats.report.wording.prose import to_plain
from twitchstats.resources import find_resource
from twitchstats.trial import Plan, analyze_trial, read_plan

PATHS = ("people", "episodes", "schema", "weather", "also")  # options of read_journal that are paths


@dataclass(frozen=True)
class Written:
    """Where a report was written, and its summary as plain text."""

    html: Path
    notebook: Path
    summary: str


def write_report(
    journal: str | os.PathLike[str] | None = None,
    *,
    out: str | os.PathLike[str] = ".",
    options: Mapping[str, Any] | None = None,
    triggers: Sequence[str] = (),
    include_notes: bool = False,
    plan: str | os.PathLike[str] | None = None,
    tell: Callable[[str], None] | None = None,
) -> Written:
    """Turn a journal into ``report.html`` and ``report.ipynb``.

    Of which states of the journal a report was made is remembered beside them, in ``report.looks.json``.

    Parameters
    ----------
    journal : path, optional
        The daily table; by default the demo journal.
    out : path
        Folder of the two files; made where it does not exist. An earlier report in it is replaced, other files of
        these names never.
    options : mapping, optional
        Options of `read_journal`; paths (people, episodes) are relative to the current folder.
    triggers : sequence of str
        Names, or patterns such as ``trigger_*``, of the variables to look at; by default all that are no outcome.
    include_notes : bool
        Show free-text columns; they are private by default.
    plan : path, optional
        A plan of a trial, or its folder: what the trial found is told, too.
    tell : callable, optional
        Is given a line of text as the work goes on.

    Returns
    -------
    Written

    Raises
    ------
    TwitchstatsError
        The journal can't be read (`JournalError`); `out` is no folder, or holds other files of these names
        (`OptionError`); or the notebook stopped.

    Examples
    --------
    >>> import twitchstats as tw
    >>> tw.write_report("nowhere.csv")
    Traceback (most recent call last):
    twitchstats.errors.JournalError: There is no file 'nowhere.csv'.
    """
    folder = make_folder(out)
    say = tell or (lambda text: None)
    path = Path(journal) if journal is not None else None
    inputs = [Path(name) for name in (path, plan, *list_paths(options or {})) if name is not None]
    page, target, memory = (
        check_target(folder / name, replace=is_report, inputs=inputs) for name in ("report.html", "report.ipynb", LOOKS)
    )
    read = read_for_report(path, options or {})
    read_trial(read, str(plan or ""))
    find_outcome(read)  # no outcome, or a wrong name, is told before the work begins
    match_names(read, triggers)
    n_refused = int(read.rejects["action"].ne("kept").sum())
    say(f"Read {len(read.days)} days, {n_refused} cells or rows refused or combined. Analysing (half a minute or so).")
    looks = read_looks(memory, reported=target.exists()) if path is not None else None
    earlier = count_looks(looks, path.name, read.checksum) if looks and path else 0
    parameters = _make_parameters(path, options or {}, folder=folder)
    chosen = {"triggers": list(triggers), "include_notes": include_notes, "looks": earlier}
    chosen["plan_path"] = "" if plan is None else _move_paths(plan, folder)
    parameters |= {name: value for name, value in chosen.items() if value}
    executed = execute_notebook(load_notebook(), folder=folder, parameters=parameters)
    executed.metadata["twitchstats"] = {
        "version": __version__, "journal": parameters.get("journal_path", ""), "checksum": read.checksum,
    }  # fmt: skip
    files = {target: nbformat.writes(executed) + "\n", page: make_report_page(executed)}
    if looks and path:
        files[memory] = format_looks(looks, path.name, read.checksum)
    write_files(files, replace=is_report, inputs=inputs)
    return Written(html=page, notebook=target, summary=_find_summary(executed))


def load_notebook() -> NotebookNode:
    """Return the package's own notebook, which every report runs, and nothing else."""
    return nbformat.read(find_resource("notebooks", "report.ipynb"), as_version=4)


def make_report_page(executed: NotebookNode) -> str:
    """Return the page of a report's executed notebook."""
    name = Path(executed.metadata["twitchstats"]["journal"]).name
    return make_page(executed, title=f"Report on {name or 'the demo journal'}")


def is_report(path: Path) -> bool:
    """Say whether a file is a notebook, a page or a list of looks that `write_report` wrote."""
    data = read_file(path)
    if path.suffix == ".html":
        return GENERATOR.encode() in data[:2000]
    try:
        return "twitchstats" in json.loads(data)["metadata"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return False


def read_for_report(journal_path: str | Path | None, options: Mapping[str, Any]) -> Journal:
    """Read the journal of a report; no path stands for the demo journal.

    The notebook calls this too, so that page, notebook and command line read the same file in the same way.
    """
    from twitchstats.journal import read_journal

    given = dict(options)
    if isinstance(given.get("today"), str):
        given["today"] = date.fromisoformat(given["today"])
    return read_journal(journal_path or find_resource("data", "demo_journal.csv"), **given)


def read_trial(journal: Journal, plan_path: str) -> tuple[Plan | None, pd.DataFrame]:
    """Read the plan of a trial and analyse it; no path stands for none."""
    if not plan_path:
        return None, pd.DataFrame()
    plan = read_plan(plan_path)
    return plan, analyze_trial(journal, plan)


def _make_parameters(path: Path | None, options: Mapping[str, Any], *, folder: Path) -> dict[str, Any]:
    """Return what differs from the notebook's defaults; paths relative to it, so that a folder can be moved whole."""
    if path is not None:  # the day of reading decides which dates lie in the future: a run next year refuses the same
        options = {"today": date.today().isoformat(), **options}
    moved = {name: _move_paths(value, folder) if name in PATHS else value for name, value in options.items()}
    parameters: dict[str, Any] = {}
    if path is not None:
        parameters["journal_path"] = _move_paths(path, folder)
    if moved:
        parameters["options"] = moved
    return parameters


def list_paths(options: Mapping[str, Any]) -> list[Any]:
    """Return the paths among the options of `read_journal`."""
    given = [options[name] for name in PATHS if options.get(name) is not None]
    return [path for value in given for path in (value if isinstance(value, list | tuple) else [value])]


def _move_paths(value: Any, folder: Path) -> Any:  # noqa: ANN401
    """Return a path, or each of several, as seen from a folder."""
    if isinstance(value, list | tuple):
        return [_move_paths(path, folder) for path in value]
    try:
        return Path(os.path.relpath(Path(value).resolve(), folder.resolve())).as_posix()
    except ValueError:  # two drives of a Windows machine
        return str(Path(value).resolve())


def _find_summary(notebook: NotebookNode) -> str:
    """Return the text of the cell tagged as the summary."""
    for cell in notebook.cells:
        if SUMMARY in cell.metadata.get("tags", []):
            texts = [output.get("data", {}).get("text/markdown", "") for output in cell.outputs]
            return to_plain("".join(texts))
    raise TwitchstatsError(f"The notebook has no cell tagged '{SUMMARY}'.")
