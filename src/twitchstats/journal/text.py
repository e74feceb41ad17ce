"""From a file's bytes to a table of text cells: what is it, how is it encoded, what separates its cells."""

import codecs
import contextlib
import csv
import hashlib
import io
import itertools
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twitchstats.errors import JournalError, OptionError, TwitchstatsError
from twitchstats.journal.frame import read_frame
from twitchstats.journal.layout import choose_delimiter, count_titles, split_sep_line
from twitchstats.journal.table import Column, RawTable, Rejects, Source, clean_cell, refuse_duplicates

LINE_LIMIT = 1 << 20
COLUMN_LIMIT = 10_000
_BLOCK = 20_000
_ROW_OF = {"days": "day", "episodes": "episode", "people": "person"}

_MAGIC = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook (.xlsx)", "Save the sheet as CSV first"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)", "Save the sheet as CSV first"),
    (b"\x89PNG", "a PNG picture", "Give the CSV file itself"),
    (b"\xff\xd8\xff", "a JPEG picture", "Give the CSV file itself"),
    (b"GIF8", "a GIF picture", "Give the CSV file itself"),
    (b"%PDF", "a PDF document", "Export the table as CSV"),
    (b"\x1f\x8b", "a gzip archive", "Unpack it first"),
    (b"BZh", "a bzip2 archive", "Unpack it first"),
    (b"\xfd7zXZ", "an xz archive", "Unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive", "Unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", "Unpack it first"),
    (b"SQLite format 3", "an SQLite database", "Export the table as CSV"),
    (b"PAR1", "a Parquet file", "Read it with pandas.read_parquet and give the DataFrame"),
    (b"{\\rtf", "a rich-text document", "Save it as plain text"),
)
_MARKUP = (
    ("<!doctype html", "a web page"),
    ("<html", "a web page"),
    ("<?xml", "an XML file"),
    ("[{", "a JSON file"),
    ('{"', "a JSON file"),
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip


def read_table(
    source: Source, table: str, rejects: Rejects, *, encoding: str | None = None, delimiter: str | None = None
) -> RawTable:
    """Read a path, a file object (text or bytes) or a DataFrame into a table of text cells.

    Raises
    ------
    JournalError
        There is no such file, or it is empty, binary, or can't be read as a table.
    OptionError
        The encoding or the delimiter is not one that exists.
    """
    if isinstance(source, pd.DataFrame):
        return read_frame(source, table)
    name, data = _read_bytes(source, table)
    told = name or f"The {table} table"
    text = decode_bytes(data, told, encoding=encoding)
    raw = parse_text(text, told, table, rejects, delimiter=delimiter)
    return replace(raw, source=name, checksum=hashlib.sha256(data).hexdigest())


def _read_bytes(source: Source, table: str) -> tuple[str, bytes]:
    if hasattr(source, "read"):
        return _read_open(source, table)
    if not isinstance(source, (str, Path)) and not hasattr(source, "__fspath__"):
        raise JournalError(
            f"The {table} table is of type {type(source).__name__}. Give a path, an open file or a pandas DataFrame."
        )
    if isinstance(source, str) and "\n" in source:
        raise JournalError("The source is text with line breaks, not a path. Wrap it: read_journal(io.StringIO(text)).")
    if isinstance(source, str) and re.match(r"[a-z]+://", source):
        raise JournalError(f"{source!r} is an address on the web, and nothing is fetched. Download the file first.")
    path = Path(source)
    try:
        with path.open("rb") as file:
            return path.name, _read_stream(file, path.name)
    except TwitchstatsError:
        raise
    except FileNotFoundError:
        raise JournalError(f"There is no file {str(path)!r}.{_suggest_file(path)}") from None
    except IsADirectoryError:
        raise JournalError(f"{str(path)!r} is a folder. Give the CSV file in it.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise JournalError(f"{str(path)!r} can't be opened: {reason}.") from None


def _read_open(file: IO[Any], table: str) -> tuple[str, bytes]:
    name = Path(str(getattr(file, "name", "") or "")).name
    told = name or f"The {table} table"
    try:
        return name, _read_stream(file, told)
    except TwitchstatsError:
        raise
    except (OSError, ValueError) as error:
        raise JournalError(f"{told} can't be read ({error}). Open it for reading, and try again.") from None


def _suggest_file(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f" There is no folder {str(folder)!r} either."
    close = get_close_matches(path.name, sorted(other.name for other in folder.iterdir()), n=1)
    return f" Did you mean {str(folder / close[0])!r}?" if close else ""


def _read_stream(stream: IO[Any], name: str) -> bytes:
    """Read all of a stream, but stop at the first chunk that shows it is no table: a huge line costs little."""
    chunks: list[bytes] = []
    lines, run = 1, 0
    while chunk := stream.read(LINE_LIMIT):
        data = chunk.encode("utf-8") if isinstance(chunk, str) else bytes(chunk)
        if not chunks:
            _refuse_binary(data, name)
        breaks = [at for at in (data.find(b"\n"), data.find(b"\r")) if at >= 0]
        if run + min(breaks, default=len(data)) > LINE_LIMIT:
            raise JournalError(
                f"{name}: line {lines} is longer than {LINE_LIMIT:,} characters; a diary's rows are short. "
                "Is this a CSV file, with one row for each day?"
            )
        run = len(data) - 1 - max(data.rfind(b"\n"), data.rfind(b"\r")) if breaks else run + len(data)
        lines += data.count(b"\n")
        chunks.append(data)
    return b"".join(chunks)


def _refuse_binary(head: bytes, name: str) -> None:
    for magic, what, remedy in _MAGIC:
        if head.startswith(magic):
            raise JournalError(f"{name} is not a CSV file: it seems to be {what}. {remedy}.")
    start = head[:200].decode("latin-1").lstrip("\ufeffï»¿ \r\n\t").lower()
    for mark, what in _MARKUP:
        if start.replace(" ", "").replace("\n", "").startswith(mark.replace(" ", "")):
            raise JournalError(f"{name} is not a CSV file: it seems to be {what}. Export the table as CSV.")
    if b"\0" in head and not _guess_wide(head):
        raise JournalError(f"{name} is not a CSV file: it holds NUL bytes, so it seems to be binary. Export it as CSV.")


def _guess_wide(data: bytes) -> str | None:
    """Return the two- or four-byte encoding that the data show, with or without a byte-order mark."""
    for mark, encoding in _BOMS[1:]:
        if data.startswith(mark):
            return encoding
    head = np.frombuffer(data[: min(4000, len(data) // 2 * 2)], dtype=np.uint8).reshape(-1, 2)
    zeros = (head == 0).mean(axis=0) if len(head) else np.zeros(2)
    if zeros.max() > 0.7 and zeros.min() < 0.05:
        return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    return None


def decode_bytes(data: bytes, name: str = "", *, encoding: str | None = None) -> str:
    """Decode a file: the encoding asked for, or the one that its bytes show.

    A byte-order mark decides; then UTF-8 where it is valid; then Windows-1252, or Latin-1 where that leaves gaps.

    >>> decode_bytes("Café".encode("cp1252"))
    'Café'
    """
    if encoding is not None:
        return _decode_as(data, name, encoding)
    guess = next((codec for mark, codec in _BOMS if data.startswith(mark)), None) or _guess_wide(data)
    text = None
    for codec in [guess] if guess else ["utf-8", "cp1252", "latin-1"]:
        try:
            text = data.decode(codec)
            break
        except UnicodeDecodeError:
            continue
    if text is None or "\0" in text or _hold_controls(text[:4000]):
        raise JournalError(f"{name} is not a CSV file: it holds bytes that no text has, so it seems to be binary.")
    return text


def _hold_controls(text: str) -> bool:
    """Say whether more than one in a hundred signs are control characters, which nobody types."""
    return sum(char < " " and char not in "\t\r\n\f\v" for char in text) > max(5, len(text) / 100)


def _decode_as(data: bytes, name: str, encoding: str) -> str:
    try:
        codec = "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding
        return data.decode(codec)
    except LookupError:
        raise OptionError(
            f"encoding={encoding!r} is not known. Use for example 'utf-8', 'utf-16' or 'cp1252'."
        ) from None
    except UnicodeDecodeError as error:
        raise JournalError(
            f"{name} is not {encoding}: byte {error.start + 1:,} doesn't fit. "
            "Leave encoding= out to have it recognised."
        ) from None


def parse_text(text: str, name: str, table: str, rejects: Rejects, *, delimiter: str | None = None) -> RawTable:
    """Cut text into cells; rows with too many or too few cells go to `rejects`."""
    head, skipped = split_sep_line(text)
    if not text.strip():
        raise JournalError(f"{name} is empty. A journal starts with a header row, such as date,twitches,stress.")
    sign = choose_delimiter(text, head, delimiter)
    builder: _Builder | None = None
    for block in _read_blocks(text, sign, name, skipped):
        rows = block if builder else _skip_blank(block)
        if builder is None and rows:
            rows = _skip_titles(rows, sign, table, rejects)
            builder, rows = _Builder(_check_headers(rows[0][1], name)), rows[1:]
        if builder is not None:
            builder.add(_fit_rows(rows, len(builder.headers), sign, table, rejects))
    ragged = sum(entry[0] == table and entry[4] == "ragged_row" for entry in rejects.entries)
    if builder is None or len(builder.rows) + ragged == 0:
        raise JournalError(f"{name} has a header but no rows. Add a row for each {_ROW_OF.get(table, 'day')}.")
    return builder.finish(table, sign, ragged)


Block = list[tuple[int, list[str]]]


def _skip_titles(rows: Block, sign: str, table: str, rejects: Rejects) -> Block:
    """Leave out titles and comments above the header, and tell so."""
    n_above = count_titles([cells for _, cells in rows[:50]])
    for row, cells in rows[:n_above]:
        text = sign.join(cells).strip(sign + " ")
        if not text:
            continue
        message = f"row {row} ({text!r}) stands above the header and is no part of the table"
        rejects.add(table, row, "", text, "above_header", message, "kept")
    return rows[n_above:]


def _skip_blank(block: Block) -> Block:
    first = next((place for place, (_, cells) in enumerate(block) if any(map(str.strip, cells))), len(block))
    return block[first:]


def _fit_rows(block: Block, width: int, sign: str, table: str, rejects: Rejects) -> Block:
    """Return the rows as wide as the header; blank ones are left out, ragged ones go to `rejects`."""
    if all(len(cells) == width and cells[0].strip() for _, cells in block):
        return block
    fitting: Block = []
    for row, cells in block:
        while len(cells) > width and not cells[-1].strip():
            cells = cells[:-1]
        if not any(map(str.strip, cells)):
            continue
        if len(cells) == width:
            fitting.append((row, cells))
            continue
        message = (
            f"row {row} has {len(cells)} cells where the header has {width}; "
            "look for a missing or an extra separator, or quote cells that contain one"
        )
        rejects.add(table, row, "", sign.join(cells), "ragged_row", message, "row dropped")
    return fitting


def _read_blocks(text: str, sign: str, name: str, skipped: int) -> Iterator[Block]:
    """Yield blocks of (line number where the record starts, its cells)."""
    lines = _open_lines(text)
    for _ in range(skipped):
        next(lines)
    reader = csv.reader(lines, delimiter=sign)
    end = skipped
    while True:
        try:
            found = [(skipped + reader.line_num, cells) for cells in itertools.islice(reader, _BLOCK)]
        except csv.Error as error:
            raise _unclosed(name, _find_failure(text, sign, skipped), str(error)) from None
        if not found:
            return
        starts = [end + 1, *(last + 1 for last, _ in found[:-1])]
        end = found[-1][0]
        if len(found) < _BLOCK:
            _refuse_open_end(text, starts[-1], sign, name)
        yield [(start, cells) for start, (_, cells) in zip(starts, found, strict=True)]


def _open_lines(text: str) -> io.TextIOWrapper:
    """Return the lines of a text, whatever ends them; this takes a quarter of the memory of `io.StringIO`."""
    return io.TextIOWrapper(io.BytesIO(text.encode("utf-8", "surrogatepass")), encoding="utf-8", errors="surrogatepass")


def _find_failure(text: str, sign: str, skipped: int) -> int:
    """Return the line in which the record starts that the csv module can't read."""
    lines = _open_lines(text).readlines()[skipped:]
    reader, start = csv.reader(lines, delimiter=sign), 0
    with contextlib.suppress(csv.Error):
        for _ in reader:
            start = reader.line_num
    return skipped + start + 1


def _refuse_open_end(text: str, start: int, sign: str, name: str) -> None:
    """Raise JournalError where the last record, from line `start`, reaches the end of the file inside quotes."""
    if '"' not in text:
        return
    lines = _open_lines(text).readlines()
    try:
        list(csv.reader(lines[start - 1 :], delimiter=sign, strict=True))
    except csv.Error as error:
        if "end of data" in str(error):
            raise _unclosed(name, start, "") from None


def _unclosed(name: str, start: int, error: str) -> JournalError:
    long = f" or is longer than {csv.field_size_limit():,} characters" if "limit" in error else ""
    return JournalError(
        f'{name}: a cell in row {start} never ends: its quotation mark (") is not closed{long}. '
        "Close it, or remove it, and read again."
    )


def _check_headers(header: list[str], name: str) -> list[str]:
    headers = [clean_cell(cell) for cell in header]
    while headers and not headers[-1]:
        headers.pop()
    if len(headers) > COLUMN_LIMIT:
        raise JournalError(f"{name} has {len(headers):,} columns; at most {COLUMN_LIMIT:,} can be read.")
    refuse_duplicates(headers, name)
    return headers


class _Builder:
    """Collects rows as codes into the different texts of each column: little memory, and each text is read once."""

    def __init__(self, headers: list[str]) -> None:
        self.headers = headers
        self.levels: list[defaultdict[str, int]] = [defaultdict() for _ in headers]
        for known in self.levels:
            # A text not seen before gets the next number.
            known.default_factory = known.__len__
        self.blocks: list[list[NDArray[np.int32]]] = [[np.array([], dtype=np.int32)] for _ in headers]
        self.rows: list[int] = []

    def add(self, block: Block) -> None:
        self.rows.extend(row for row, _ in block)
        for place, texts in enumerate(zip(*(cells for _, cells in block), strict=True)):
            codes = map(self.levels[place].__getitem__, texts)
            self.blocks[place].append(np.fromiter(codes, dtype=np.int32, count=len(texts)))

    def finish(self, table: str, sign: str, ragged: int) -> RawTable:
        columns = []
        for place, header in enumerate(self.headers):
            cells = [clean_cell(text) for text in self.levels[place]]
            if header or any(cells):
                columns.append(Column(header, place + 1, np.concatenate(self.blocks[place]), cells))
        rows = np.array(self.rows, dtype=np.int64)
        return RawTable(table, columns, rows, sign, rows_read=len(rows) + ragged)
