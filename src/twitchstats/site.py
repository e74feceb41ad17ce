"""The documentation site: the notebooks with their code, and a page for every public function, opened from disk.

Made from the committed notebooks and the docstrings (whose examples are tests) by the report's own page maker: nothing
is loaded from elsewhere, and no further package is needed.
"""

import argparse
import html
import inspect
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook

import twitchstats
from twitchstats.files import make_folder, write_file
from twitchstats.report.page import make_page
from twitchstats.resources import find_resource

ROOMS = (
    "twitchstats", "twitchstats.episodes", "twitchstats.claims", "twitchstats.redflags", "twitchstats.study",
    "twitchstats.simulate", "twitchstats.plots.journal", "twitchstats.plots.triggers", "twitchstats.plots.claims",
    "twitchstats.plots.redflags", "twitchstats.plots.study", "twitchstats.report.figures",
)  # fmt: skip
HOME = "[All pages](index.html)"


def list_public(room: str) -> dict[str, object]:
    """Return a room's public functions and classes by name, as its ``__all__`` or its own definitions tell.

    >>> "show_effects" in list_public("twitchstats")
    True
    """
    module = import_module(room)
    named = getattr(module, "__all__", None) or [
        name for name, value in vars(module).items() if getattr(value, "__module__", "") == room and name[0] != "_"
    ]
    found = {name: getattr(module, name) for name in named}
    return {name: value for name, value in sorted(found.items()) if inspect.isfunction(value) or inspect.isclass(value)}


def describe_public(room: str, name: str, value: object, lessons: Sequence[tuple[str, NotebookNode]] = ()) -> str:
    """Return the page of one function or class as Markdown: signature, docstring, and a class's public methods.

    Where the docstring has no example, the first cell of a notebook that calls it stands for one.
    """
    parts = [HOME, f"# {name}", _frame(f"{room}.{name}{_sign(value)}"), _frame(inspect.getdoc(value) or "")]
    if inspect.isclass(value):
        for method, function in vars(value).items():
            if inspect.isfunction(function) and method[0] != "_":
                parts += [f"## .{method}", _frame(f"{method}{_sign(function)}"), _frame(inspect.getdoc(function) or "")]
    if ">>>" not in (inspect.getdoc(value) or ""):
        calls = (
            [f"## Used in [{_find_title(notebook, stem)}]({stem}.html)", _frame(cell.source)]
            for stem, notebook in lessons
            for cell in notebook.cells
            if cell.cell_type == "code" and re.search(rf"\b{name}\(", cell.source)
        )
        parts += next(calls, [])
    return "\n\n".join(parts)


def show_code(notebook: NotebookNode) -> NotebookNode:
    """Return a notebook whose code stands as text before its outputs: pages hide code, a lesson needs it."""
    cells = [new_markdown_cell(HOME)]
    for cell in notebook.cells:
        cells += [new_markdown_cell(_frame(cell.source)), cell] if cell.cell_type == "code" else [cell]
    return new_notebook(cells=cells, metadata=notebook.metadata)


def build_site(folder: Path, notebooks: Sequence[Path] | None = None) -> list[Path]:
    """Write the site.

    Parameters
    ----------
    folder : Path
        Where to; pages of an earlier build are written anew.
    notebooks : sequence of Path, optional
        Executed notebooks; by default those of this package.

    Returns
    -------
    list of Path
        The pages, ``index.html`` first.
    """
    target = make_folder(folder)
    paths = sorted(find_resource("notebooks").glob("*.ipynb")) if notebooks is None else notebooks
    lines = [
        f"# twitchstats {twitchstats.__version__}",
        "Statistics that hold for muscle-twitch, spasm and cramp journals. It informs; it never diagnoses.",
        "## Notebooks: one question each",
    ]
    pages = []
    lessons = [(path.stem, nbformat.read(path, as_version=4)) for path in paths]
    for stem, notebook in lessons:
        title = _find_title(notebook, stem)
        lines.append(f"- [{title}]({stem}.html)")
        pages.append(_write(target / f"{stem}.html", make_page(show_code(notebook), title=title)))
    told: set[int] = set()
    for room in ROOMS:
        lines.append(f"\n## {room}\n")
        for name, value in list_public(room).items():
            if id(value) in told:  # told under its shortest name
                continue
            told.add(id(value))
            page = f"{room}.{name}.html"
            lines.append(f"- [{name}]({page}): {html.escape((inspect.getdoc(value) or '').split(chr(10))[0])}")
            pages.append(_write(target / page, _make_text_page(describe_public(room, name, value, lessons), name)))
    index = _write(target / "index.html", _make_text_page("\n".join(lines), "twitchstats"))
    return [index, *pages]


def _make_text_page(text: str, title: str) -> str:
    return make_page(new_notebook(cells=[new_markdown_cell(text)]), title=title)


def _write(path: Path, text: str) -> Path:
    write_file(path, text, replace=True)
    return path


def _frame(text: str) -> str:
    """Return text as it is, set in a frame; no sign in it means anything to Markdown or a formula."""
    return f"<pre><code>{html.escape(text, quote=False)}</code></pre>" if text else ""


def _sign(value: object) -> str:
    """Return a signature on lines of its own arguments, without addresses."""
    try:
        text = str(inspect.signature(value))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return ""
    return re.sub(r"<([\w.]+) object at 0x[0-9a-f]+>", r"\1", text)


def _find_title(notebook: NotebookNode, default: str) -> str:
    heads = [cell.source.splitlines()[0] for cell in notebook.cells[:1] if cell.source.startswith("# ")]
    return heads[0].removeprefix("# ") if heads else default


def main(argv: Sequence[str] | None = None) -> int:
    """Build the site into a folder and say where it starts."""
    parser = argparse.ArgumentParser(prog="./run docs", description="Build the documentation site; it opens from disk.")
    parser.add_argument("folder", type=Path, nargs="?", default=Path("site"), metavar="DIR")
    pages = build_site(parser.parse_args(argv).folder)
    print(f"{len(pages)} pages; open {pages[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
