"""How a text is laid out as a table: what separates its cells, where it starts, and its columns.

Columns are read as a whole. Only where a column is not plain figures does anybody look at its cells.
"""

import contextlib
import csv
import io
import itertools
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from narwhals.dependencies import is_into_dataframe
from numpy.typing import NDArray

from twitchstats.arrays import AnyArray, BoolArray, FloatArray, IntArray, to_pandas
from twitchstats.errors import JournalError, OptionError
from twitchstats.journal.cells import Fault, clean_cell, read_number
from twitchstats.journal.dates import look_like_dates
from twitchstats.journal.record import Rejects
from twitchstats.journal.source import Readable, Text, open_lines, read_text

Coded: TypeAlias = tuple[NDArray[np.int32], list[str]]
Part: TypeAlias = FloatArray | Coded
DELIMITERS = (",", ";", "\t", "|")
COLUMN_LIMIT, HEADER_LIMIT = 10_000, 1_000
_BLOCK = 1 << 24
_DELIMITER_NAMES = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|"}
_ROW_OF = {"days": "day", "episodes": "episode", "people": "person"}


@dataclass(frozen=True, eq=False)
class Column:
    """One column, in one of two forms: figures that need no closer look, or different texts and where each stands.

    Attributes
    ----------
    header, place : str, int
        As in the file; places count from 1.
    numbers : float array or None
        The value of each row, NaN where it is blank; None where some cell is no plain figure.
    look : callable
        Returns the codes and levels of all rows of the source: the close look.
    whole : bool
        Whether its figures are known to be whole numbers.
    """

    header: str
    place: int
    numbers: FloatArray | None = None
    look: Callable[[], Coded] = lambda: (np.array([], np.int32), [])
    whole: bool = False

    @cached_property
    def _coded(self) -> Coded:
        return self.look()

    @property
    def codes(self) -> NDArray[np.int32]:
        """Which of the `levels` stands in each row."""
        return self._coded[0]

    @property
    def levels(self) -> list[str]:
        """The different texts of the column."""
        return self._coded[1]

    def __len__(self) -> int:
        return len(self.codes) if self.numbers is None else len(self.numbers)

    def spread(self, values: AnyArray) -> AnyArray:
        """Return the value of each row, given one value for each level."""
        return values[self.codes]

    def count(self) -> IntArray:
        """Return how many rows hold each level."""
        return np.bincount(self.codes, minlength=len(self.levels)).astype(np.int64)

    def texts(self, some: slice = slice(None)) -> NDArray[np.object_]:
        """Return the text of each row, or of some."""
        return np.array([*self.levels, ""], dtype=object)[self.codes[some]]

    @cached_property
    def filled(self) -> BoolArray:
        """For each row whether anything stands there."""
        if self.numbers is not None:
            return ~np.isnan(self.numbers)
        return self.spread(np.array([bool(text) for text in self.levels], dtype=bool))

    def take(self, rows: IntArray) -> "Column":
        """Return the column with these rows of it, by number from 0 on; -1 is a row where nothing stands."""
        numbers = None if self.numbers is None else np.append(self.numbers, np.nan)[rows]
        return Column(self.header, self.place, numbers, lambda: self._take_coded(rows), self.whole)

    def _take_coded(self, rows: IntArray) -> Coded:
        """Return codes and levels of these rows; levels that stand in none of them are left out."""
        levels = [*self.levels, ""]
        codes = np.append(self.codes, np.int32(len(levels) - 1))[rows]
        used = np.bincount(codes, minlength=len(levels)) > 0
        return (np.cumsum(used, dtype=np.int32) - np.int32(1))[codes], list(itertools.compress(levels, used))

    def sample(self, most: int = 2000) -> list[str]:
        """Return some of its different filled-in texts, as a file would hold them."""
        if self.numbers is None:
            return [text for text in self.levels[:most] if text]
        some = self.numbers[:most]
        return list(dict.fromkeys(write_cell(value) for value in some[~np.isnan(some)]))


@dataclass(frozen=True, eq=False)
class Table:
    """Columns, and the line in the file (the header being row 1) on which each row starts."""

    name: str
    columns: list[Column]
    rows: IntArray
    delimiter: str = ","
    source: str = ""
    checksum: str = ""
    rows_read: int = 0

    @property
    def headers(self) -> list[str]:
        """The headers as the file has them."""
        return [column.header for column in self.columns]

    @cached_property
    def copies(self) -> BoolArray:
        """Whether an earlier row is the same in each cell: one entry, told twice."""
        cells = [column.codes if column.numbers is None else column.numbers + 0.0 for column in self.columns]  # no -0
        rows = pd.DataFrame(dict(enumerate(cells)), copy=False)
        mixed = pd.util.hash_pandas_object(rows, index=False)
        found = mixed.duplicated(keep=False).to_numpy(copy=True)  # few: they alone are compared cell by cell
        found[found] = rows[found].duplicated().to_numpy()
        return found

    def keep(self, mask: BoolArray) -> "Table":
        """Return the table with the rows of `mask` only."""
        if mask.all():
            return self
        rows = np.flatnonzero(mask)
        return replace(self, columns=[column.take(rows) for column in self.columns], rows=self.rows[mask])

    def frame(self) -> pd.DataFrame:
        """Return the text of each cell; blank ones are missing."""
        texts = {column.header: column.texts() for column in self.columns}
        return pd.DataFrame(texts, dtype="str").replace("", None)


@dataclass(frozen=True, eq=False)
class Source:
    """An export, taken apart by the reader of its format.

    Attributes
    ----------
    days : Table
        ``date`` (ISO 8601), ``person`` where there are several, and a column for each variable; a day may have several
        rows, each with the number of the record that tells of it first.
    tables : dict of str to DataFrame
        "episodes" and "people", where the export has them. Cells are str or missing.
    facts : tuple of dict
        What the format itself says of columns, as rows of a schema file: ``source`` (the column's name in `days`) and
        any other of `FACT_COLUMNS`, each as text.
    notes : tuple of str
        Sentences to tell: what was done with the export, or left out of it.
    n_rows, n_left : int
        Records of the export, and how many of them ended in no day.
    format : str
        Name of the format, such as "Daylio".
    rejects : tuple of tuple
        Entries of `Rejects` for the rows of plain tables that were left out.
    """

    days: Table = field(repr=False)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    facts: tuple[dict[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    n_rows: int = 0
    n_left: int = 0
    format: str = ""
    rejects: tuple[tuple[Any, ...], ...] = ()


def code_column(header: str, texts: Sequence[str], codes: AnyArray | None = None) -> Column:
    """Return a column of texts: of each row, or of the levels where codes say which stands in each row."""
    if codes is None:
        codes, texts = pd.factorize(np.array(texts, dtype=object))
    levels = [clean_cell(text) for text in texts]
    return Column(header, 0, None, lambda: (codes.astype(np.int32), levels))


def build_table(columns: Sequence[Column], rows: IntArray | None = None) -> Table:
    """Return columns of days side by side as a table; without `rows` numbered as a file of them would be."""
    rows = np.arange(len(columns[0]), dtype=np.int64) + 2 if rows is None else rows
    placed = [replace(column, place=place) for place, column in enumerate(columns, start=1)]
    return Table("days", placed, rows, rows_read=len(rows))


def refuse_cells(
    table: Table,
    column: Column,
    faults: Mapping[int, Fault],
    rejects: Rejects,
    *,
    action: str = "cell set missing",
    among: BoolArray | None = None,
) -> BoolArray:
    """Refuse the cells whose level has a fault, code of the level -> (rule, what is wrong); return where they stand."""
    found = np.isin(column.codes, list(faults)) if faults else np.zeros(len(table.rows), dtype=bool)
    for place in np.flatnonzero(found if among is None else found & among):
        code, row = int(column.codes[place]), int(table.rows[place])
        rule, wrong = faults[code]
        message = f"row {row}, {column.header}: {wrong}"
        rejects.add(table.name, row, column.header, column.levels[code], rule, message, action)
    return found


def read_table(
    source: Readable, table: str, rejects: Rejects, *, encoding: str | None = None, delimiter: str | None = None
) -> Table:
    """Read a path, a file object (text or bytes) or a data frame of any library into a table of columns.

    Raises
    ------
    JournalError
        There is no such file, or it is empty, binary, or can't be read as a table.
    OptionError
        The encoding or the delimiter is not one that exists.
    """
    if is_into_dataframe(source):  # of pandas, polars, pyarrow ...
        return read_frame(to_pandas(source), table)
    text = read_text(source, table, encoding=encoding)
    for rule, remark in text.remarks:
        rejects.note(table, "", rule, remark)
    return parse_text(text, table, rejects, delimiter=delimiter)


def parse_text(
    text: Text, table: str, rejects: Rejects, *, delimiter: str | None = None, skip: int = 0, plain: bool = False
) -> Table:
    """Cut a text into columns, whose header stands below `skip` lines; rows of other widths go to `rejects`.

    Of a `plain` table, whose columns are all asked for as texts, none is read as figures first, if it is small.
    """
    told = text.name or f"The {table} table"
    if not text.data[:9999].strip() and not text.data.strip():
        raise JournalError(f"{told} is empty. A journal starts with a header row, such as date,twitches,stress.")
    told_sign = re.match(r'"?sep=(.)"?\n', text.data[:20].decode("utf-8", "ignore"), re.IGNORECASE)  # by Excel
    skip = max(skip, int(told_sign is not None))
    sample = text.data[:200_000].decode("utf-8", "ignore").split("\n", skip)[-1]
    first = sample.strip().split("\n")[0]
    fixed_width = "  " in first and not any(sign in first for sign in DELIMITERS)
    if fixed_width and delimiter is None:
        text = replace(text, data=re.sub(rb"(?m)(?<=[^\n ]) {2,}(?=[^\n ])", b"\t", text.data))
        sample = text.data[:200_000].decode("utf-8", "ignore").split("\n", skip)[-1]
    sign = choose_delimiter(sample, told_sign and told_sign[1], delimiter)
    start, line, headers = _find_header(text.data, sign, skip, told, table, rejects)
    builder = _Builder(text.data, sign, len(headers), told)
    if plain and len(text.data) < _BLOCK:
        builder.worded = set(range(len(headers)))
    for lo, hi in _cut_blocks(text.data, start):
        line = builder.add(lo, hi, line)
    for row, cells in builder.ragged:
        message = (
            f"row {row} has {len(cells)} cells where the header has {len(headers)}; "
            "look for a missing or an extra separator, or quote cells that contain one"
        )
        rejects.add(table, row, "", sign.join(cells), "ragged_row", message, "row dropped")
    rows, columns = builder.finish(headers)
    rows_read = len(rows) + len(builder.ragged)
    if not rows_read:
        raise JournalError(f"{told} has a header but no rows. Add a row for each {_ROW_OF.get(table, 'day')}.")
    if not len(rows):
        first = rejects.entries[-rows_read][5]
        raise JournalError(
            f"None of the {rows_read} rows of {text.name or 'the table'} could be kept. The first: {first}."
        )
    return Table(table, columns, rows, sign, text.name, text.checksum, rows_read)


def choose_delimiter(text: str, head: str | None, asked: str | None) -> str:
    """Return what separates the cells: what was asked for, what Excel's line says, or what fits the lines best.

    Raises
    ------
    OptionError
        What was asked for is no single character.
    """
    if asked is not None:
        sign = _DELIMITER_NAMES.get(asked, asked)
        if len(sign) != 1 or sign in '\r\n"' or not sign.isascii():
            raise OptionError(f"delimiter={asked!r} is not possible. Give one character, such as ',' or ';', or 'tab'.")
        return sign
    if head is not None and head.isascii() and head != '"':
        return head
    sample = [line for line in text.split("\n") if line.strip()][:60]
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
    """Return how many rows stand above the header: fewer cells than it, or a figure or date, and it holds only names.

    >>> count_titles([["My diary"], ["date", "twitches"], ["2024-03-01", "3"]])
    1
    >>> count_titles([["Made on", "2024-03-31"], ["date", "twitches"], ["2024-03-01", "3"]])
    1
    """
    blank = next((place for place, row in enumerate(rows[:4]) if not any(map(str.strip, row))), 0)
    below = [row for row in rows[blank + 1 :] if any(map(str.strip, row))][:2]
    dated = [bool(look_like_dates(row[:1])) for row in (*rows[:blank], *below)]
    if blank > 1 and dated == [False] * (blank + 1) + [True] and not any(map(_is_value, below[0])):
        return rows.index(below[0])
    filled = [(place, [cell.strip() for cell in row if cell.strip()]) for place, row in enumerate(rows)]
    filled = [(place, cells) for place, cells in filled if cells]
    usual = Counter(len(row) for row in rows if any(map(str.strip, row))).most_common(1)
    widths = sorted(len(cells) for _, cells in filled)[len(filled) // 2 :]
    for (upper, above), (place, cells), (_, first) in zip(filled[:15], filled[1:], filled[2:], strict=False):
        valued = any(map(_is_value, above))
        if len(above) == usual[0][0] and not valued:
            break
        both = [(a + b).strip() for a, b in itertools.zip_longest(rows[upper], rows[place], fillvalue="")]
        whole = sum(map(bool, both)) >= widths[0] and len(rows[place]) == usual[0][0] and not any(map(_is_value, cells))
        if whole and (len(above) < len(cells) or valued) and (not valued or any(map(_is_value, first))):
            return place
        if len(above) > 3 and not above[0].startswith("#") and not valued:
            break
    return 0


def _is_value(cell: str) -> bool:
    return read_number(cell.strip()) is not None or look_like_dates([cell.strip()]) > 0


def _find_header(
    data: bytes, sign: str, skipped: int, told: str, table: str, rejects: Rejects
) -> tuple[int, int, list[str]]:
    """Return where the rows start (byte and line) and the headers; titles above them are told."""
    lines = open_lines(data[: 4 << 20])
    ends = list(itertools.accumulate(len(line.encode()) for line in itertools.islice(lines, 400)))
    lines.seek(0)
    reader = csv.reader(lines, delimiter=sign)
    rows: list[list[str]] = []
    spans: list[tuple[int, int]] = []
    line = 0
    with contextlib.suppress(csv.Error):
        for cells in itertools.islice(reader, 60):
            if reader.line_num > skipped and (rows or any(map(str.strip, cells))):
                rows.append(cells)
                spans.append((line + 1, reader.line_num))
            line = reader.line_num
    if not rows:
        raise _unclosed(told, line + 1, "")
    n_titles = count_titles(rows[:50])
    for (row, _), cells in zip(spans[:n_titles], rows[:n_titles], strict=True):
        text = sign.join(cells).strip(sign + " ")
        if text:
            message = f"row {row} ({text!r}) stands above the header and is no part of the table"
            rejects.add(table, row, "", text, "above_header", message, "kept")
    header, above = rows[n_titles], rows[n_titles - 1] if n_titles else []
    if len(above) == len(header) and sum(map(bool, above)) > 1:  # a cell that is merged over both stands in the upper
        header = [cell if cell.strip() else upper for cell, upper in zip(header, above, strict=True)]
    end = spans[n_titles][1]
    if end > len(ends):
        raise _unclosed(told, spans[n_titles][0], "")
    return ends[end - 1], end + 1, check_headers(header, told, rows[n_titles + 1 :])


def check_headers(header: list[str], told: str, below: Iterable[list[str]] = ()) -> list[str]:
    """Return the headers, cleaned; blank ones at the end go where nothing stands `below`.

    Raises
    ------
    JournalError
        There are too many, one is much too long, or two are the same.
    """
    headers = [clean_cell(cell) for cell in header]
    width = max((place for row in below for place, cell in enumerate(row, start=1) if cell.strip()), default=0)
    while headers and not headers[-1] and len(headers) > width:
        headers.pop()
    if len(headers) > COLUMN_LIMIT:
        raise JournalError(f"{told} has {len(headers):,} columns; at most {COLUMN_LIMIT:,} can be read.")
    places: dict[str, list[int]] = {}
    for place, text in enumerate(headers, start=1):
        places.setdefault(text, []).append(place)
        if len(text) > HEADER_LIMIT:
            raise JournalError(
                f"{told}: the header of column {place} is {len(text):,} characters long; at most {HEADER_LIMIT:,} can "
                "be a name. Shorten it."
            )
    for text, found in places.items():
        if text and len(found) > 1:
            where = " and ".join(str(place) for place in found)
            raise JournalError(
                f"{told}: the header {text!r} stands {len(found)} times (columns {where}). "
                "Rename or remove all but one."
            )
    return headers


def _cut_blocks(data: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Yield ends of blocks of whole lines; no block ends inside a quoted cell."""
    lo, quoted = start, b'"' in data
    while lo < len(data):
        hi = data.find(b"\n", lo + _BLOCK) + 1 or len(data)
        odd = quoted and data.count(b'"', lo, hi) % 2
        while odd and hi < len(data):
            end = data.find(b"\n", hi) + 1 or len(data)
            odd ^= data.count(b'"', hi, end) % 2
            hi = end
        yield lo, hi
        lo = hi


class _Builder:
    """Collects the blocks of a file; each of its columns is figures until a cell says otherwise."""

    def __init__(self, data: bytes, sign: str, width: int, told: str) -> None:
        self.data, self.sign, self.width, self.told = data, sign, width, told
        self.blocks: list[bytes | tuple[int, int]] = []
        self.parts: list[list[Part]] = [[] for _ in range(width)]
        self.rows: list[IntArray] = []
        self.ragged: list[tuple[int, list[str]]] = []
        self.worded: set[int] = set()

    def add(self, lo: int, hi: int, line: int) -> int:
        """Take in the bytes from `lo` to `hi`, the first of which stands in `line`; return the line after them."""
        block: bytes | tuple[int, int] = (lo, hi)
        body = self.data[lo:hi]
        n_lines = body.count(b"\n") + (not body.endswith(b"\n"))
        rows = np.arange(line, line + n_lines, dtype=np.int64)
        if not _are_records(body, self.sign, self.width, n_lines):
            block, rows = self._tidy(body, line)
        if len(rows):
            self.blocks.append(block)
            self.rows.append(rows)
            for place, part in enumerate(self._parse(block)):
                self.parts[place].append(part)
        return line + n_lines

    def _tidy(self, body: bytes, line: int) -> tuple[bytes, IntArray]:
        """Return the records that are as wide as the header, written plainly, and their lines; others are set aside."""
        good, rows = [], []
        records = [
            (row, cells) for row, cells in _read_records(body, self.sign, line, self.told, self.width)
            if any(map(clean_cell, cells))
        ]  # fmt: skip
        # Blank cells at the end of a single row may be there because a cell before them was parted.
        longer = all(len(cells) > self.width for _, cells in records)
        for row, cells in records:
            if (longer or not "".join(cells[self.width - 1 :]).strip()) and not "".join(cells[self.width :]).strip():
                cells = cells[: self.width]
            if len(cells) == self.width:
                good.append(cells)
                rows.append(row)
            else:
                self.ragged.append((row, cells))
        written = io.StringIO()
        csv.writer(written, delimiter=self.sign, lineterminator="\n").writerows(good)
        return written.getvalue().encode(), np.array(rows, dtype=np.int64)

    def _parse(self, block: bytes | tuple[int, int], places: list[int] | None = None) -> Iterator[Part]:
        """Return the columns of a block: figures, or codes and texts in the order in which they first stand there."""
        names = places or list(range(self.width))
        asked = places or (names if len(self.worded) == self.width else [])  # some of the columns are found faster
        frame = self._read(block, names, asked)
        worded = {place for place in names if places or frame.dtypes[place].kind not in "iuf"}
        if places is None:
            worded = self.worded = self.worded | worded
        other = sorted(place for place in worded if frame.dtypes[place] != "str")  # figures in this block, or in parts
        if other:
            frame = frame.drop(columns=other).join(self._read(block, other, other))
        for place in names:
            values = frame[place]
            if place in worded:
                codes, texts = pd.factorize(values)
                yield codes.astype(np.int32), list(texts)
            else:
                yield values.to_numpy()

    def _read(self, block: bytes | tuple[int, int], places: list[int], worded: Iterable[int]) -> pd.DataFrame:
        """Return columns of a block as pandas reads them, some of them as texts."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pd.errors.DtypeWarning)
            return pd.read_csv(
                io.BytesIO(self.data[slice(*block)] if isinstance(block, tuple) else block), sep=self.sign, header=None,
                names=list(range(self.width)), usecols=places, dtype=dict.fromkeys(worded, "str"),
                keep_default_na=False, na_values=[""],
                skip_blank_lines=False, index_col=False, encoding="utf-8",
            )  # fmt: skip

    def finish(self, headers: list[str]) -> tuple[IntArray, list[Column]]:
        """Return the line of each row, and the columns that hold anything."""
        rows = np.concatenate([np.array([], dtype=np.int64), *self.rows])
        columns = []
        for place, header in enumerate(headers):
            parts, self.parts[place] = self.parts[place], []
            plain = [part for part in parts if isinstance(part, np.ndarray)]
            numbers = np.concatenate(plain, dtype=float) if parts and len(plain) == len(parts) else None
            kept = parts if numbers is None else [None] * len(parts)
            whole = numbers is not None and all(part.dtype.kind != "f" for part in plain)
            column = Column(header or f"column {place + 1}", place + 1, numbers, self._looker(place, kept), whole=whole)
            if header or column.filled.any():
                columns.append(column)
        return rows, columns

    def _looker(self, place: int, parts: Iterable[Part | None]) -> Callable[[], Coded]:
        """Return what reads the texts of a column: of all blocks, or of those that were figures."""
        return lambda: _join_codes(
            part if isinstance(part, tuple) else next(self._parse(block, [place]))
            for part, block in zip(parts, self.blocks, strict=True)
        )


def _join_codes(parts: Iterable[Any]) -> Coded:
    """Return codes and levels of all parts together; a blank cell is the level ""."""
    known: dict[str, int] = {}
    joined = [np.array([], dtype=np.int32)]
    for codes, texts in parts:
        places = [known.setdefault(clean_cell(text), len(known)) for text in texts]
        if (codes < 0).any():
            places.append(known.setdefault("", len(known)))
        joined.append(np.array(places, dtype=np.int32)[codes])
    return np.concatenate(joined), list(known)


def _are_records(body: bytes, sign: str, width: int, n_lines: int) -> bool:
    """Say whether each line is a record as wide as the header that begins with a filled cell."""
    if width < 2 or not body.endswith(b"\n"):
        return False
    signs = np.frombuffer(body, dtype=np.uint8)
    marks = np.flatnonzero((signs == ord(sign)) | (signs == 10))
    quoted = b'"' in body
    if not quoted and len(marks) != n_lines * width:
        return False
    ends = marks[signs[marks] == 10] if quoted else marks[width - 1 :: width]
    # A first cell that is blank may be a row of nothing; one of signs that nobody sees (such as U+FEFF), too.
    starts = np.concatenate([[0], ends[:-1] + 1])
    if np.isin(np.unique(signs[starts]), (ord(sign), 10, 32, 0xE2, 0xEF)).any():
        return False
    if not quoted:
        return bool((signs[ends] == 10).all())
    cuts = np.setdiff1d(marks, ends, assume_unique=True)
    counts = np.diff(np.searchsorted(cuts, ends), prepend=0)
    found = np.unique(np.searchsorted(ends, np.flatnonzero(signs == 34)))
    counts[found] = width - 1
    lines = [body[starts[line] : ends[line] + 1].decode() for line in found]
    try:
        records = list(csv.reader(lines, delimiter=sign, strict=True))
    except csv.Error:
        return False
    whole = len(records) == len(lines) and all(len(cells) == width and cells[0].strip() for cells in records)
    return whole and bool((counts == width - 1).all())


def _read_records(body: bytes, sign: str, line: int, told: str, width: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the line where each record starts, and its cells."""
    lines = open_lines(body).readlines()
    reader = csv.reader(lines, delimiter=sign)
    start = 0
    try:
        for cells in reader:
            if reader.line_num == len(lines) and '"' in lines[start]:
                _refuse_open_end(lines[start:], sign, told, line + start)
            if reader.line_num > start + 1:
                _doubt_quotes(lines[start : reader.line_num], cells, sign, width, told, line + start)
            yield line + start, cells
            start = reader.line_num
    except csv.Error as error:
        raise _unclosed(told, line + start, str(error)) from None


def _refuse_open_end(lines: list[str], sign: str, told: str, row: int) -> None:
    """Raise JournalError where the last record reaches the end of the file inside quotation marks."""
    try:
        list(csv.reader(lines, delimiter=sign, strict=True))
    except csv.Error as error:
        if "end of data" in str(error):
            raise _unclosed(told, row, "") from None


def _doubt_quotes(lines: list[str], cells: list[str], sign: str, width: int, told: str, row: int) -> None:
    """Raise JournalError where a cell of several lines swallows what looks like rows of the table."""
    shape = _shape_of(cells[0])
    for line in lines[1:]:
        inner = line.rstrip("\n").split(sign)
        if len(inner) >= width > 1 and _shape_of(inner[0].strip('"')) == shape and shape:
            raise JournalError(
                f"{told}: a cell that begins in row {row} with a quotation mark runs to row {row + len(lines) - 1}, "
                "and what it swallows looks like rows of the table. Remove the stray quotation mark, or double it."
            )


def _shape_of(text: str) -> str:
    return re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", text.strip()[:40]))


def _unclosed(told: str, row: int, error: str) -> JournalError:
    long = f" or is longer than {csv.field_size_limit():,} characters" if "limit" in error else ""
    return JournalError(
        f'{told}: a cell in row {row} never ends: its quotation mark (") is not closed{long}. '
        "Close it, or remove it, and read again."
    )


def read_frame(frame: pd.DataFrame, table: str) -> Table:
    """Return the columns of a DataFrame, row numbers as if it had been written to a CSV; a named index counts.

    Raises
    ------
    JournalError
        It is empty, or two columns have the same name.
    """
    flat = _flatten(frame)
    headers = [" ".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in flat.columns]
    told = f"The {table} DataFrame"
    if not headers:
        raise JournalError(f"{told} is empty. A journal has a date column and a column for each variable.")
    headers = [*check_headers(headers, told), *[""] * len(headers)][: len(headers)]
    if not len(flat):
        raise JournalError(f"{told} has columns but no rows. Add a row for each day.")
    columns = [_read_series(flat.iloc[:, place], header, place + 1) for place, header in enumerate(headers)]
    rows = np.arange(len(flat), dtype=np.int64) + 2
    return Table(table, columns, rows, ",", rows_read=len(flat))


def _flatten(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with its index as columns, unless that only counts the rows; unnamed dates become 'date'."""
    index = frame.index
    dated = [isinstance(index.get_level_values(place), (pd.DatetimeIndex, pd.PeriodIndex)) for place in
             range(index.nlevels)]  # fmt: skip
    names = ["date" if name is None and is_date else name for name, is_date in zip(index.names, dated, strict=True)]
    if index.nlevels == 1 and names[0] is None:
        return frame
    return frame.set_axis(index.set_names(names), axis=0).reset_index(allow_duplicates=True)


def _read_series(series: pd.Series, header: str, place: int) -> Column:
    if series.dtype in ("float16", "float32"):
        series = series.astype(str).astype(float)  # 7.1, not 7.099999904632568
    plain = isinstance(series.dtype, np.dtype) and series.dtype.kind in "iuf"

    def look() -> Coded:
        try:
            codes, values = pd.factorize(series, use_na_sentinel=True)
        except TypeError:  # lists and the like can't be told apart other than by how they are written
            codes, values = pd.factorize(series.map(str, na_action="ignore"), use_na_sentinel=True)
        levels = [clean_cell(write_cell(value)) for value in values] + [""] * bool((codes < 0).any())
        return np.where(codes < 0, len(levels) - 1, codes).astype(np.int32), levels

    return Column(header, place, series.to_numpy(dtype=float, copy=True) if plain else None, look)


def write_cell(value: object) -> str:
    """Return a value as a cell of text that reads back as the same.

    >>> write_cell(7.0), write_cell(1.125), write_cell(True)
    ('7', '1.1250', 'yes')
    """
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if isinstance(value, (float, np.floating)):
        number = float(value)
        if number.is_integer() and abs(number) < 1e15:
            return str(int(number))
        text = repr(number)
        # 1.125 could be read as 1125 where a file has decimal commas; 1.1250 can't.
        return text + "0" if text[-4:-3] == "." else text
    if isinstance(value, pd.Timedelta):
        return f"{value.total_seconds() / 3600!r} h"
    return str(value)
