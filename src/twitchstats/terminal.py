"""What a terminal shows: tables at its width, colours where somebody looks, hints beside a mistake."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from itertools import zip_longest
from textwrap import fill, wrap
from typing import TYPE_CHECKING, NoReturn, TextIO

from twitchstats.errors import suggest_name

if TYPE_CHECKING:
    import pandas as pd

FIRST = 20  # rows that are shown unless all are asked for
_NARROWEST = 8
_COLOURS = {
    "clear": "32", "supported": "32", "contradicted": "31", "red flag": "31", "differs between people": "35",
    "possible, not clear": "33", "practically null": "36",
}  # fmt: skip


class Parser(argparse.ArgumentParser):
    """A parser that says 'did you mean' for commands, choices and options."""

    def error(self, message: str) -> NoReturn:
        """Tell what is wrong with a hint and where the options stand, and exit with 2: a page of them would hide it."""
        self.exit(2, f"{self.prog}: error: {message}.{self.hint(message)}\n{self.prog} --help tells the options.\n")

    def hint(self, message: str) -> str:
        """Return the nearest thing that could have been meant, or ""."""
        chosen = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        if chosen:
            return suggest_name(chosen[1], re.findall(r"[\w-]+", chosen[2]))
        unknown = re.match(r"unrecognized arguments: (--[\w-]+)", message)
        return suggest_name(unknown[1], self.list_options()) if unknown else ""

    def list_options(self) -> list[str]:
        """Return the options of this parser and of its commands."""
        own = [option for action in self._actions for option in action.option_strings]
        groups = [action.choices for action in self._actions if isinstance(action, argparse._SubParsersAction)]
        return own + [name for parsers in groups for parser in parsers.values() for name in parser.list_options()]


def name_options(message: str, options: list[str]) -> str:
    """Return a message in which Python's arguments are called as the command line calls them.

    Parameters
    ----------
    message : str
    options : list of str
        Names of the command's options, with underscores.

    >>> name_options("lag=-1 is not possible. Name one with --outcome (in Python: outcome=).", ["lag", "outcome"])
    '--lag -1 is not possible. Name one with --outcome.'
    >>> name_options("Name yours with date= (--date), or decimal=',' (command line: --decimal).", ["date", "decimal"])
    "Name yours with --date, or --decimal ','."
    >>> name_options("base_rate=2.0 is not a share: Model(serious='ill')", ["base_rate", "serious", "lag"])
    "--base-rate 2.0 is not a share: --serious 'ill'"
    >>> name_options("Say that it is something else: ignore=['shoe size'].", ["ignore"])
    "Say that it is something else: --ignore 'shoe size'."
    >>> name_options("A doctor has agreed: plan with doctor_agrees=True.", ["doctor_agrees"])
    'A doctor has agreed: plan with --doctor-agrees.'
    >>> name_options("No column (asked for as columns=) named 'tea'.", ["column"])
    "No column (asked for as --column) named 'tea'."
    """
    told = re.sub(r" \(in Python: \w+=\)", "", message)
    for name in options:
        option = f"--{name.replace('_', '-')} "
        told = re.sub(rf"\b[A-Z]\w*\({name}=('[^']*'|[^\s,)]+)\)", rf"{option}\1", told)
        told = re.sub(rf"\b{name}s?=(?=\))", option.strip(), told)
        told = re.sub(rf"(?<![\w(.-]){name}=\[('[^']*')\]", rf"{option}\1", told)
        renamed = re.sub(rf"(?<![\w(.-]){name}= ?(?=\S)", option, told)
        if renamed != told:  # a hint that says the option again has nothing to add
            told = re.sub(rf" \((command line: )?{option.strip()}( \w+)?\)", "", renamed)
    return re.sub(r"(--[\w-]+) True\b", r"\1", told)


def has_colour(stream: TextIO) -> bool:
    """Tell whether colours may be written: to a terminal, unless NO_COLOR is set (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def find_width(stream: TextIO) -> int | None:
    """Return the terminal's width in signs, or None where nobody looks and nothing need be cut."""
    return shutil.get_terminal_size().columns if stream.isatty() else None


def format_table(table: pd.DataFrame, *, width: int | None = None, colour: bool = False) -> str:
    """Return a frame of text as lines that fit.

    Parameters
    ----------
    table : DataFrame
        Text, as `report.tables.format_frame` returns it.
    width : int, optional
        Signs in a line: cells of the widest columns go on below, five lines at most, and columns that still don't
        fit are left out and named.
    colour : bool
        Colour the words of verdicts.

    >>> import pandas as pd
    >>> print(format_table(pd.DataFrame({"Trigger": ["sleep"], "Caution": ["a very long remark"]}), width=18))
    Trigger  Caution
    sleep    a very
             long
             remark
    """
    columns = {str(name): [str(name), *table[name].astype("str")] for name in table.columns}
    widths = {name: max(map(len, cells)) for name, cells in columns.items()}
    left: list[str] = []
    while width and sum(widths.values()) + 2 * (len(widths) - 1) > width and len(widths) > 1:
        widest = max(widths, key=lambda name: widths[name])
        if widths[widest] > _NARROWEST:
            widths[widest] -= 1
        else:
            left.insert(0, widths.popitem()[0])
    cells = zip(*([_fit(cell, widths[name], colour) for cell in columns[name]] for name in widths), strict=True)
    blank = [" " * size for size in widths.values()]
    lines = [
        "  ".join(part or space for part, space in zip(parts, blank, strict=True)).rstrip()
        for row in cells
        for parts in zip_longest(*row)
    ]
    if left:
        lines.append(f"(not shown, for want of room: {', '.join(left)})")
    return "\n".join(lines)


def _fit(cell: str, width: int, colour: bool) -> list[str]:
    """Return a cell as lines of one width."""
    fits = max(map(len, cell.split(" "))) <= width
    words = cell if fits else cell.replace("\u00a0", " ")  # sooner than inside a word
    lines = wrap(words, width, max_lines=5, placeholder="…") if len(cell) > width else [cell]
    code = _COLOURS.get(cell) if colour else None
    return [f"\033[{code}m{line}\033[0m{' ' * (width - len(line))}" if code else line.ljust(width) for line in lines]


def fold_text(text: str, stream: TextIO | None = None) -> str:
    """Return a text with its lines folded between words where a terminal would cut them inside one."""
    width = find_width(stream or sys.stdout)
    if not width:
        return text
    return "\n".join(
        fill(line, width, subsequent_indent="  " * line.startswith(("- ", "  "))) for line in text.split("\n")
    )


def show_rows(table: pd.DataFrame, *, every: bool = False, stream: TextIO | None = None) -> str:
    """Return the first rows, or all, for the stream that they are printed to, and say how many more there are."""
    stream = stream or sys.stdout
    shown = table if every else table.head(FIRST)
    text = format_table(shown, width=find_width(stream), colour=has_colour(stream))
    more = len(table) - len(shown)
    return f"{text}\n... and {more} more; --all shows them, --csv and --json write them unrounded." if more else text
