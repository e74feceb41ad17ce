"""Run every notebook of a folder again, in place: what is committed is what the code gives, byte for byte.

Only the table of versions may differ: another machine may have another Python. The README's pictures are taken from the
notebooks' cells tagged ``picture:NAME``.
"""

import argparse
import sys
from base64 import b64decode
from collections.abc import Sequence
from pathlib import Path

import nbformat

from twitchstats.errors import TwitchstatsError
from twitchstats.files import make_folder, write_file
from twitchstats.report.execute import IGNORED, execute_notebook

PICTURE = "picture:"


def refresh_notebook(path: Path) -> tuple[str, str]:
    """Return a notebook's text as it is and as a new run gives it."""
    before = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(before, as_version=4)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
    return before, nbformat.writes(execute_notebook(notebook, folder=path.parent)) + "\n"


def drop_machine(text: str) -> str:
    """Return a notebook's text without the outputs that tell of the machine: cells that nbval is told to ignore."""
    notebook = nbformat.reads(text, as_version=4)
    for cell in notebook.cells:
        if IGNORED in cell.metadata.get("tags", []):
            cell.outputs = []
    return nbformat.writes(notebook)


def export_pictures(text: str) -> dict[str, bytes]:
    """Return the pictures of cells tagged ``picture:NAME`` by file name: the README shows what the notebooks draw."""
    pictures: dict[str, bytes] = {}
    for cell in nbformat.reads(text, as_version=4).cells:
        names = [tag.removeprefix(PICTURE) for tag in cell.metadata.get("tags", []) if tag.startswith(PICTURE)]
        drawn = [
            (suffix, output.data[kind])
            for output in cell.get("outputs", [])
            for kind, suffix in (("image/svg+xml", "svg"), ("image/png", "png"))
            if kind in output.get("data", {})
        ]
        for name, (suffix, data) in zip(names, drawn, strict=False):
            pictures[f"{name}.{suffix}"] = b64decode(data) if suffix == "png" else data.encode("utf-8")
    return pictures


def main(argv: Sequence[str] | None = None) -> int:
    """Refresh the notebooks of one folder, or with ``--check`` only say which would change."""
    parser = argparse.ArgumentParser(prog="./run notebooks", description="Run the notebooks again, in place.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", help="file names (default: all)")
    parser.add_argument("--check", action="store_true", help="change nothing; exit code 1 if something would change")
    args = parser.parse_args(argv)
    paths = [args.folder / name for name in args.names] or sorted(args.folder.glob("*.ipynb"))
    differing = 0
    for path in paths:
        try:
            before, after = refresh_notebook(path)
        except (TwitchstatsError, OSError) as error:
            print(f"{path.name}: {error}", file=sys.stderr)
            return 2
        same = drop_machine(before) == drop_machine(after)
        differing += not same
        print(f"{path.name}: {'same' if same else 'changed'}", flush=True)
        if not same and not args.check:
            write_file(path, after, replace=True)
        for name, picture in export_pictures(before if args.check else after).items():
            target = args.folder.parent / "docs" / name
            if not args.check:
                write_file(make_folder(target.parent) / name, picture, replace=True)
            elif not target.exists() or target.read_bytes() != picture:
                differing += 1
                print(f"docs/{name}: changed", flush=True)
    return int(args.check and differing > 0)


if __name__ == "__main__":
    sys.exit(main())
