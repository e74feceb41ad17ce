"""From a file's bytes to a table of text cells: what is it, how is it encoded, what separates its cells."""

import codecs
import csv
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from twitchstats.errors import JournalError, OptionError
from twitchstats.journal.table import Column, RawTable, Rejects, Source

LINE_LIMIT = 1 << 20
COLUMN_LIMIT = 10_000
DELIMITERS = (",", ";", "\t", "|")
_DELIMITER_NAMES = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|"}
_BLOCK = 20_000

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
    (b"SQLite format 3", "an SQLite database", "Export the table as CSV"),
    (b"PAR1", "a Parquet file", "Read it with pandas.read_parquet and give the DataFrame"),
    (b"{\\rtf", "a rich-text document", "Save it as plain text"),
)
_MARKUP = (("<!doctype html", "a web page"), ("<html", "a web page"), ("<?xml", "an XML file"), ("[{", "a JSON file"))
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
        return _read_frame(source, table)
    name, data = _read_bytes(source, table)
    told = name or f"The {table} table"
    text = decode_bytes(data, told, encoding=encoding)
    raw = parse_text(text, told, table, rejects, delimiter=delimiter)
    return replace(raw, source=name, checksum=hashlib.sha256(data).hexdigest())


def _read_bytes(source: Source, table: str) -> tuple[str, bytes]:
    if hasattr(source, "read"):
        name = Path(str(getattr(source, "name", "") or "")).name
        return name, _read_stream(source, name or f"The {table} table")
    if not isinstance(source, (str, Path)) and not hasattr(source, "__fspath__"):
        raise JournalError(
            f"The {table} table is a {type(source).__name__}. Give a path, an open file or a pandas DataFrame."
        )
    if isinstance(source, str) and "\n" in source:
        raise JournalError("The source is text with line breaks, not a path. Wrap it: read_journal(io.StringIO(text)).")
    path = Path(source)
    try:
        with path.open("rb") as file:
            return path.name, _read_stream(file, path.name)
    except FileNotFoundError:
        raise JournalError(f"There is no file {str(path)!r}.{_suggest_file(path)}") from None
    except IsADirectoryError:
        raise JournalError(f"{str(path)!r} is a folder. Give the CSV file in it.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise JournalError(f"{str(path)!r} can't be opened: {reason}.") from None


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
    if text is None or "\0" in text:
        raise JournalError(f"{name} is not a CSV file: it holds bytes that no text has, so it seems to be binary.")
    return text


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
    head, skipped = _split_sep_line(text)
    if not text.strip():
        raise JournalError(f"{name} is empty. A journal starts with a header row, such as date,twitches,stress.")
    sign = _choose_delimiter(text, head, delimiter)
    records = _read_records(text, sign, name, skipped)
    _, header = next(records)
    headers = _check_headers(header, name)
    builder = _Builder(headers)
    for row, cells in records:
        while len(cells) > len(headers) and not cells[-1].strip():
            cells.pop()
        if len(cells) == len(headers):
            builder.add(row, cells)
            continue
        rejects.add(
            table, row, "", sign.join(cells), "ragged_row",
            f"row {row} has {len(cells)} cells where the header has {len(headers)}; "
            "look for a missing or an extra separator, or quote cells that contain one",
            "row dropped",
        )  # fmt: skip
        builder.ragged += 1
    raw = builder.finish(table, sign)
    if raw.rows_read == 0:
        raise JournalError(f"{name} has a header but no rows. Add a row for each day.")
    return raw


def _split_sep_line(text: str) -> tuple[str | None, int]:
    """Return the delimiter of Excel's ``sep=;`` line, and how many lines to skip for it."""
    match = re.match(r'"?sep=(.)"?\r?\n', text, flags=re.IGNORECASE)
    return (match[1], 1) if match else (None, 0)


def _choose_delimiter(text: str, head: str | None, asked: str | None) -> str:
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


def _score_delimiter(sample: list[str], sign: str) -> tuple[float, int]:
    """Return the share of lines with as many cells as the header (0 where the header is not split), and that number."""
    try:
        widths = [len(cells) for cells in csv.reader(io.StringIO("\n".join(sample)), delimiter=sign)]
    except csv.Error:
        return 0.0, 0
    if not widths or widths[0] < 2:
        return 0.0, 0
    return sum(width == widths[0] for width in widths) / len(widths), widths[0]


def _read_records(text: str, sign: str, name: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number where the record starts, its cells); blank lines are passed over."""
    lines = io.StringIO(text, newline=None)
    end = lines.seek(0, io.SEEK_END)
    lines.seek(0)
    for _ in range(skipped):
        next(lines)
    reader = csv.reader(lines, delimiter=sign)
    while (place := lines.tell()) < end:
        start = skipped + reader.line_num + 1
        try:
            cells = next(reader)
        except csv.Error as error:
            raise _unclosed(name, start, str(error)) from None
        if lines.tell() == end and _ends_open(lines, place, sign):
            raise _unclosed(name, start, "")
        if any(cell and not cell.isspace() for cell in cells):
            yield start, cells


def _ends_open(lines: io.StringIO, place: int, sign: str) -> bool:
    """Say whether the last record, which starts at `place`, reaches the end of the file inside quotes."""
    lines.seek(place)
    try:
        list(csv.reader(io.StringIO(lines.read()), delimiter=sign, strict=True))
    except csv.Error as error:
        return "end of data" in str(error)
    return False


def _unclosed(name: str, start: int, error: str) -> JournalError:
    long = f" or is longer than {csv.field_size_limit():,} characters" if "limit" in error else ""
    return JournalError(
        f'{name}: a cell in row {start} never ends: its quotation mark (") is not closed{long}. '
        "Close it, or remove it, and read again."
    )


def _check_headers(header: list[str], name: str) -> list[str]:
    headers = [cell.strip() for cell in header]
    while headers and not headers[-1]:
        headers.pop()
    if len(headers) > COLUMN_LIMIT:
        raise JournalError(f"{name} has {len(headers):,} columns; at most {COLUMN_LIMIT:,} can be read.")
    refuse_duplicates(headers, name)
    return headers


def refuse_duplicates(headers: list[str], name: str) -> None:
    """Raise JournalError where two columns have the same header."""
    places: dict[str, list[int]] = {}
    for place, header in enumerate(headers, start=1):
        places.setdefault(header, []).append(place)
    for header, found in places.items():
        if header and len(found) > 1:
            where = " and ".join(str(place) for place in found)
            raise JournalError(
                f"{name}: the header {header!r} stands {len(found)} times (columns {where}). "
                "Rename or remove all but one."
            )


class _Builder:
    """Collects records as codes into the different texts of each column: little memory, and cells are read once."""

    def __init__(self, headers: list[str]) -> None:
        self.headers = headers
        self.levels: list[dict[str, int]] = [{} for _ in headers]
        self.blocks: list[list[np.ndarray]] = [[] for _ in headers]
        self.pending: list[list[str]] = []
        self.rows: list[int] = []
        self.ragged = 0

    def add(self, row: int, cells: list[str]) -> None:
        self.rows.append(row)
        self.pending.append(cells)
        if len(self.pending) >= _BLOCK:
            self.flush()

    def flush(self) -> None:
        for place, texts in enumerate(zip(*self.pending, strict=True)):
            known = self.levels[place]
            codes = [known.setdefault(text, len(known)) for text in texts]
            self.blocks[place].append(np.array(codes, dtype=np.int32))
        self.pending.clear()

    def finish(self, table: str, sign: str) -> RawTable:
        self.flush()
        columns = []
        for place, header in enumerate(self.headers):
            blocks = self.blocks[place] or [np.array([], dtype=np.int32)]
            cells = [clean_cell(text) for text in self.levels[place]]
            column = Column(header, place + 1, np.concatenate(blocks), cells)
            if header or any(cells):
                columns.append(column)
        rows = np.array(self.rows, dtype=np.int64)
        return RawTable(table, columns, rows, sign, rows_read=len(rows) + self.ragged)


def clean_cell(text: str) -> str:
    """Strip a cell, and take away the apostrophe that keeps a spreadsheet from running it as a formula.

    >>> clean_cell(" '=1+1 ")
    '=1+1'
    """
    text = text.strip()
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in "=+-@\t\r" else text


def _read_frame(frame: pd.DataFrame, table: str) -> RawTable:
    named = [name is not None for name in frame.index.names]
    flat = frame.reset_index() if all(named) else frame
    headers = [str(name).strip() for name in flat.columns]
    name = f"The {table} DataFrame"
    if not headers:
        raise JournalError(f"{name} is empty. A journal has a date column and a column for each variable.")
    refuse_duplicates(headers, name)
    if not len(flat):
        raise JournalError(f"{name} has columns but no rows. Add a row for each day.")
    columns = [_read_series(flat.iloc[:, place], header, place + 1) for place, header in enumerate(headers)]
    rows = np.arange(len(flat), dtype=np.int64) + 2
    return RawTable(table, columns, rows, ",", rows_read=len(flat))


def _read_series(series: pd.Series, header: str, place: int) -> Column:
    codes, values = pd.factorize(series, use_na_sentinel=True)
    levels = [clean_cell(_write_cell(value)) for value in values] + [""]
    return Column(header, place, np.where(codes < 0, len(levels) - 1, codes).astype(np.int32), levels)


def _write_cell(value: object) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if isinstance(value, (float, np.floating)):
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    if isinstance(value, pd.Timedelta):
        return f"{value.total_seconds() / 3600!r} h"
    return str(value)
