"""Run a report again and compare everything with what is written in it.

A mailed notebook is somebody else's program. Not one cell of it is run: the package's own notebook is, with the
parameters that the report names, and only after every cell of the report has been found to be one of the package's.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from nbformat import NotebookNode

from twitchstats import __version__
from twitchstats.errors import JournalError, OptionError, TwitchstatsError
from twitchstats.files import open_file, read_file
from twitchstats.report.execute import (
    IGNORED,
    clean_notebook,
    execute_notebook,
    insert_parameters,
    list_tags,
    read_parameters,
)
from twitchstats.report.write import list_paths, load_notebook, make_report_page
from twitchstats.resources import find_resource

_LARGEST = 256 << 20
_FIELDS = {"version", "journal", "checksum"}
_METADATA = {**clean_notebook(NotebookNode(cells=[])).metadata, "twitchstats": None}
_VERSION = re.compile(
    r'(?<=<td data-label="Version">)(?:\d[\w.+-]*|not installed)(?=</td>)'
    r"|(?<= )(?:\d[\w.+-]*|not installed)(?=\n|$)"
)
_PLACE = re.compile(r"-?\d+\.\d+")
_ROUNDING = 0.011  # points: what the last bits of another processor can do to a place
SVG = "image/svg+xml"
Refuse = Callable[[str], OptionError]  # from why to the error of a notebook that is not run


@dataclass(frozen=True)
class Verified:
    """What came of running a report again.

    Attributes
    ----------
    reproduced : bool
        Every output of every cell came back, and the page beside the notebook is the one it gives.
    n_cells : int
        Cells that were run and compared.
    differing : tuple of str
        One line for each thing that differs.
    message : str
        All that in sentences.
    """

    reproduced: bool
    n_cells: int
    differing: tuple[str, ...]
    message: str


def verify_report(path: str | os.PathLike[str], *, tell: Callable[[str], None] | None = None) -> Verified:
    """Run a report again from its journal, and compare every output; no code of the given notebook is run.

    Parameters
    ----------
    path : path
        A notebook written by `write_report`; its journal lies where it lay when the report was made.
    tell : callable, optional
        Is given a line of text as the work goes on.

    Raises
    ------
    JournalError
        There is no such file, it is not a notebook, or the journal is not there.
    OptionError
        The notebook is no report as this version of the package writes it: a cell was added, taken away or changed,
        its parameters are no plain values or lead elsewhere, or it was never run to its end. Nothing was run.

    Examples
    --------
    >>> import twitchstats as tw
    >>> tw.verify_report("nowhere.ipynb")
    Traceback (most recent call last):
    twitchstats.errors.JournalError: There is no file nowhere.ipynb. Name a notebook that `report` has written.
    """
    notebook_path = Path(path)
    notebook = _read_notebook(notebook_path)
    parameters = _check_notebook(notebook, notebook_path)
    folder = notebook_path.resolve().parent
    changed = _compare_journal(notebook, folder)
    if tell:
        tell(f"Making the report {notebook_path} again ...")
    try:
        again = execute_notebook(load_notebook(), folder=folder, parameters=parameters)
    except TwitchstatsError as error:
        raise OptionError(f"{notebook_path} can't be made again. {' '.join([*changed, str(error)])}") from None
    n_cells = _count_code(notebook)
    wrong, notes = _compare_versions(notebook, again)
    differing = (*changed, *_compare_cells(notebook, again), *wrong, *_compare_page(notebook, notebook_path))
    head = (
        f"Reproduced: all {n_cells} cells gave the same numbers again."
        if not differing
        else f"Not reproduced, of {n_cells} cells and the files beside them:"
    )
    return _lay_out(n_cells, differing, head, notes)


def compare_notebooks(path: str | os.PathLike[str], other: str | os.PathLike[str]) -> Verified:
    """Compare two executed notebooks, cell by cell, and run neither.

    Parameters
    ----------
    path, other : path
        Notebooks as they were run, such as the report that came and the one that you made yourself.

    Returns
    -------
    Verified
        ``differing`` has a line for each cell that differs, or the text before it, with the first number (or words)
        that do and the digit from which on; pictures are the same where an eye could not tell them apart, and the
        versions of packages may differ.

    Raises
    ------
    JournalError
        There is no such file, or it is not a notebook.
    OptionError
        A notebook was not run from its first cell to its last, or has no cell of code.
    """
    paths = Path(path), Path(other)
    pair = [_read_notebook(each) for each in paths]
    for notebook, each in zip(pair, paths, strict=True):
        _check_executed(notebook, each)
    differing = list(_compare_cells(*pair))
    counts = [_count_code(notebook) for notebook in pair]
    if counts[0] != counts[1]:
        differing.append(f"{paths[0].name} has {counts[0]} cells of code, {paths[1].name} has {counts[1]}.")
    n_cells = min(counts)
    head = "The same: all {} cells hold the same numbers." if not differing else "Not the same, of {} cells:"
    return _lay_out(n_cells, differing, head.format(n_cells))


def _tell_difference(cell: NotebookNode, other: NotebookNode) -> str:
    """Return where two cells differ first, in their code or in what came of it, or ""."""
    if cell.source != other.source:
        return f"the code differs, {_tell_first(cell.source, other.source)}"
    mask = _VERSION if all(IGNORED in list_tags(each) for each in (cell, other)) else None
    for one, two in zip(cell.outputs, other.outputs, strict=False):
        if not _agree(one, two, mask):
            shown, expected = _flatten(one, mask), _flatten(two, mask)
            for name in sorted(set(shown) & set(expected), key=lambda name: (not name.startswith("text/plain"), name)):
                texts = shown[name], expected[name]
                if texts[0] != texts[1] and all(isinstance(text, str) for text in texts) and name != "image/png":
                    return _tell_first(*texts)
            alike = {name: value for name, value in shown.items() if not name.startswith("image/")}
            same = alike == {name: value for name, value in expected.items() if not name.startswith("image/")}
            return f"the {'pictures' if same else 'outputs'} differ"
    return "" if len(cell.outputs) == len(other.outputs) else "there are more outputs in one than in the other"


def _tell_first(one: str, other: str) -> str:
    """Return the first words or numbers of two texts that differ, and the place from which on they do.

    >>> _tell_first("ratio 1.2345 (1.1)", "ratio 1.2389 (1.1)")
    "'1.2345' against '1.2389', from digit 4 on"
    >>> _tell_first("supported", "inconclusive")
    "'supported' against 'inconclusive'"
    >>> _tell_first("one", "one # more")
    "'' against '# more'"
    """
    place = next(
        (place for place, pair in enumerate(zip(one, other, strict=False)) if len({*pair}) > 1),
        min(len(one), len(other)),
    )
    start = max(one.rfind(sign, 0, place) for sign in " \n\t<>(),;=|") + 1
    words = [re.split(r"[\s<>(),;=|]", text[start:], maxsplit=1)[0] for text in (one, other)]
    if words[0] == words[1]:  # what differs is no word
        words = [text[place:].strip() for text in (one, other)]
    told = " against ".join(repr(word[:60]) for word in words)
    digits = sum(sign.isdigit() for sign in one[start:place])
    return told + f", from digit {digits + 1} on" * all(re.fullmatch(r"[-+\d.e%]+", word) for word in words)


def _lay_out(n_cells: int, differing: Sequence[str], head: str, notes: Sequence[str] = ()) -> Verified:
    message = "\n".join([head, *(f"  {line}" for line in differing), *notes])
    return Verified(not differing, n_cells, tuple(differing), message)


def _read_notebook(path: Path) -> NotebookNode:
    try:
        notebook = nbformat.reads(read_file(path, limit=_LARGEST).decode("utf-8"), as_version=4)
        nbformat.validate(notebook)
    except FileNotFoundError:
        raise JournalError(f"There is no file {path}. Name a notebook that `report` has written.") from None
    except IsADirectoryError:
        raise JournalError(f"{path} is a folder. Name the report.ipynb in it.") from None
    except OSError as error:
        raise JournalError(f"{path} can't be opened: {error.strerror}.") from None
    except JournalError:
        raise
    except (ValueError, nbformat.ValidationError, AttributeError, KeyError, TypeError, RecursionError):
        raise JournalError(f"{path} is not a notebook. Name the report.ipynb that `report` has written.") from None
    return notebook


def _check_notebook(notebook: NotebookNode, path: Path) -> dict[str, Any]:
    """Return the parameters of a report after making sure that it holds the package's own cells and nothing else."""
    origin = notebook.metadata.get("twitchstats")
    if not isinstance(origin, dict):
        raise OptionError(f"{path} was not written by `report`, and no other notebook is run. Name a report.ipynb.")
    version = origin.get("version")
    older = "" if version == __version__ else f" It names version {version} of twitchstats; this is {__version__}."

    def refuse(why: str) -> OptionError:
        return OptionError(f"{path} is not a report as it was written: {why}.{older} Nothing of it was run.")

    if set(origin) != _FIELDS or not all(isinstance(value, str) for value in origin.values()):
        raise refuse("what it says of its origin is not as `report` writes it")
    if {**notebook.metadata, "twitchstats": None} != _METADATA:
        raise refuse("its metadata are not as `report` writes them")
    try:
        parameters = read_parameters(notebook)
        own = insert_parameters(load_notebook(), parameters)
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        raise refuse("its parameters are not plain values of a report") from None
    _compare_sources(notebook, own, refuse)
    _check_paths(parameters, origin, refuse)
    _check_executed(notebook, path)
    return parameters


def _compare_sources(notebook: NotebookNode, own: NotebookNode, refuse: Refuse) -> None:
    for number, (cell, expected) in enumerate(zip(notebook.cells, own.cells, strict=False), start=1):
        if _identify(cell) != _identify(expected):
            line = (cell.source.strip().splitlines() or ["nothing"])[0][:60]
            raise refuse(f"cell {number} is not the package's ({line!r})")
    if len(notebook.cells) != len(own.cells):
        raise refuse(f"it has {len(notebook.cells)} cells where a report has {len(own.cells)}")


def _identify(cell: NotebookNode) -> tuple[object, ...]:
    return cell.cell_type, cell.id, cell.source, cell.metadata, cell.get("attachments", {})


def _check_paths(parameters: Mapping[str, Any], origin: Mapping[str, Any], refuse: Refuse) -> None:
    """Make sure that the report names one journal, and files by their place beside it, as `report` does."""
    if parameters.get("journal_path", "") != origin["journal"]:
        raise refuse(f"its parameters and its metadata name different journals ({origin['journal']!r})")
    options = parameters.get("options", {})
    if not isinstance(options, dict):
        raise refuse("its options are not a list of names with values")
    for name in (origin["journal"], parameters.get("plan_path", ""), *list_paths(options)):
        if not isinstance(name, str) or Path(name).is_absolute():
            raise refuse(f"{name!r} is no path that starts at the report's own folder")


def _check_executed(notebook: NotebookNode, path: Path) -> None:
    """Refuse a notebook with stripped or out-of-order cells, or none."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if not cells or [cell.execution_count for cell in cells] != list(range(1, len(cells) + 1)):
        raise OptionError(f"{path} was not run from its first cell to its last in one go: there is nothing to compare.")


def _compare_journal(notebook: NotebookNode, folder: Path) -> list[str]:
    """Say whether the journal is still, byte by byte, the one that the report was made from."""
    origin = notebook.metadata["twitchstats"]
    path = folder / origin["journal"] if origin["journal"] else find_resource("data", "demo_journal.csv")
    try:
        with open_file(path) as file:
            digest = sha256()
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    except OSError:
        raise JournalError(f"The journal is no longer at {path}. Put it there, and verify again.") from None
    if digest.hexdigest() != origin["checksum"]:
        return [f"The journal {path.name} has changed since the report was made: its checksum is another."]
    return []


def _compare_cells(notebook: NotebookNode, again: NotebookNode) -> Iterator[str]:
    """Yield for each cell of code, and the text before it, where they differ and how first."""
    under = ""
    for number, ((text, cell), (told, other)) in enumerate(zip(_cut(notebook), _cut(again), strict=False), start=1):
        titles = re.findall(r"^#+\s+(.*)$", text, re.MULTILINE)
        under = f", under '{titles[-1]}'" if titles else under
        if cell is not None and other is not None:
            told_of = f"the text before it differs, {_tell_first(text, told)}" if text != told else ""
            if difference := _tell_difference(cell, other) or told_of:
                yield f"cell {number}{under}: {(cell.source.strip().splitlines() or ['nothing'])[0]} ({difference})"
        elif cell is other and text != told:
            yield f"the text at the end ({_tell_first(text, told)})"


def _cut(notebook: NotebookNode) -> Iterator[tuple[str, NotebookNode | None]]:
    """Yield each cell of code with the text before it, and at last the text at the end."""
    text = ""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            yield text, cell
            text = ""
        else:
            text += "".join([cell.source, "\n\n", *map(str, cell.get("attachments", {}).items())])
    yield text, None


def _count_code(notebook: NotebookNode) -> int:
    return sum(cell.cell_type == "code" for cell in notebook.cells)


def _agree(one: NotebookNode, other: NotebookNode, mask: re.Pattern[str] | None) -> bool:
    """Say whether two outputs are the same, pictures as far as an eye could tell; `mask` matches what may differ."""
    shown, expected = _flatten(one, mask), _flatten(other, mask)
    picture, own = shown.pop(SVG, None), expected.pop(SVG, None)
    return shown == expected and (picture == own or _look_alike(picture, own))


def _flatten(output: NotebookNode, mask: re.Pattern[str] | None) -> dict[str, Any]:
    fields = {**output, **output.get("data", {})}
    fields.pop("data", None)
    return {name: mask.sub("?", value) if mask and isinstance(value, str) else value for name, value in fields.items()}


def _look_alike(picture: object, own: object) -> bool:
    """Say whether two SVGs differ in nothing but the last bits of places, which no eye could tell."""
    if not isinstance(picture, str) or not isinstance(own, str) or _PLACE.split(picture) != _PLACE.split(own):
        return False
    places, expected = (np.array(_PLACE.findall(text), dtype=float) for text in (picture, own))
    return bool(np.abs(places - expected).max(initial=0.0) <= _ROUNDING)


def _compare_page(notebook: NotebookNode, path: Path) -> list[str]:
    """Say whether the page beside the notebook, which is what people read, is the one that the notebook gives."""
    page = path.with_suffix(".html")
    if not page.exists():
        return []
    if read_file(page, limit=_LARGEST) == make_report_page(notebook).encode("utf-8"):
        return []
    return [f"{page.name} beside it is not the page of this notebook."]


def _compare_versions(notebook: NotebookNode, again: NotebookNode) -> tuple[list[str], list[str]]:
    """Return what is wrong with the versions that a report names, and what is worth telling of them."""
    named = notebook.metadata["twitchstats"]["version"]
    pairs = zip(notebook.cells, again.cells, strict=True)
    tables = [(cell.outputs, own.outputs) for cell, own in pairs if IGNORED in list_tags(cell)]
    wrong = [f"Its metadata name version {named!r}, its table of versions another."]
    notes = [] if named == __version__ else [f"The report was made by twitchstats {named}; this is {__version__}."]
    if any(shown != expected for shown, expected in tables):
        notes.append("Its table of versions is not that of this machine, which is no fault: compare it by eye.")
    return wrong[: any(f">{named}<" not in str(shown) for shown, _ in tables)], notes
