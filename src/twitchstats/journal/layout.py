"""How a text is laid out as a table: what separates its cells, and in which row the table starts."""

import csv
import io
import itertools
import re
from collections import Counter

from twitchstats.errors import OptionError
from twitchstats.journal.cells import read_number
from twitchstats.journal.dates import look_like_dates

DELIMITERS = (",", ";", "\t", "|")
_DELIMITER_NAMES = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|"}


def split_sep_line(text: str) -> tuple[str | None, int]:
    """Return the delimiter of Excel's ``sep=;`` line, and how many lines to skip for it."""
    match = re.match(r'"?sep=(.)"?\r?\n', text, flags=re.IGNORECASE)
    return (match[1], 1) if match else (None, 0)


def choose_delimiter(text: str, head: str | None, asked: str | None) -> str:
    """Return what separates the cells: what was asked for, what Excel's line says, or what fits the lines best.

    Raises
    ------
    OptionError
        What was asked for is no single character.
    """
    if asked is not None:
        sign = _DELIMITER_NAMES.get(asked, asked)
        if len(sign) != 1 or sign in '\r\n"':
            raise OptionError(f"delimiter={asked!r} is not possible. Give one character, such as ',' or ';', or 'tab'.")
        return sign
    if head is not None:
        return head
    sample = [line for line in text[:200_000].splitlines() if line.strip()][:60]
    scores = {sign: _score_delimiter(sample, sign) for sign in DELIMITERS}
    best = max(scores, key=lambda sign: scores[sign])
    return best if scores[best][0] > 0 else ","


def _score_delimiter(sample: list[str], sign: str) -> tuple[float, int, int]:
    """Return the share of lines with as many cells as the header (0 where it is not split); few titles; that number."""
    try:
        rows = list(csv.reader(io.StringIO("\n".join(sample)), delimiter=sign))
    except csv.Error:
        return 0.0, 0, 0
    n_titles = count_titles(rows)
    widths = [len(cells) for cells in rows[n_titles:]]
    if not widths or widths[0] < 2:
        return 0.0, 0, 0
    return sum(width == widths[0] for width in widths) / len(widths), -n_titles, widths[0]


def count_titles(rows: list[list[str]]) -> int:
    """Return how many rows stand above the header: fewer cells than it, and it holds names, no figures or dates.

    >>> count_titles([["My diary"], ["date", "twitches"], ["2024-03-01", "3"]])
    1
    """
    filled = [(place, [cell.strip() for cell in row if cell.strip()]) for place, row in enumerate(rows)]
    filled = [(place, cells) for place, cells in filled if cells]
    usual = Counter(len(row) for row in rows if any(map(str.strip, row))).most_common(1)
    for (_, above), (place, cells) in itertools.pairwise(filled[:11]):
        named = not any(read_number(cell) is not None or look_like_dates([cell]) for cell in cells)
        if len(above) < len(cells) and named and len(rows[place]) == usual[0][0]:
            return place
        if len(above) > 3 and not above[0].startswith("#"):
            break
    return 0
