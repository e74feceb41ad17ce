"""Where a journal comes from: a file's bytes as text, a data frame, or what the reader of a foreign format hands on."""

import codecs
import contextlib
import gzip
import hashlib
import io
import lzma
import os
import re
import select
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
import pandas as pd

from twitchstats.errors import JournalError, OptionError, TwitchstatsError, tell_missing
from twitchstats.files import open_file

FACT_COLUMNS = [
    "source", "name", "label", "role", "kind", "low", "high", "unit", "step", "timing", "combine", "lagged", "outside",
]  # fmt: skip
PACKED = (b"PK\x03\x04", b"\x1f\x8b\x08")  # how archives that are read begin: zip, gzip
HEAD = 1 << 16  # bytes by which a file is known
LINE_LIMIT = 1 << 20
PIPE_LIMIT = 1 << 29
PIPE_WAIT = 10.0

_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_BOOKS = {".xlsx": PACKED[0], ".ods": PACKED[0], ".xls": _OLD_OFFICE}  # how workbooks end and begin
WORKBOOKS = tuple(_BOOKS)
TABLES = (".csv", ".tsv", *WORKBOOKS)
_FIRST_IN_BOOK = re.compile(rb"PK\x03\x04.{26}(mimetype|\[Content_Types\]|_rels/|docProps/|xl/|customXml/)", re.DOTALL)
_MAGIC = (
    (b"PK\x03\x04", "a zip archive", "Unpack it first"),
    (b"PK\x05\x06", "a zip archive that holds nothing", "Give the file itself"),
    (_OLD_OFFICE, "an old document of Microsoft Office", "Export the table as CSV"),
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
    ("<!doctypehtml", "a web page"),
    ("<html", "a web page"),
    ("<table", "a web page"),
    ("<?xml", "an XML file"),
    ("[{", "a JSON file"),
    ('{"', "a JSON file"),
)
# What zipfile, gzip and their decompressors raise on damaged or encrypted archives.
_BROKEN = (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, RuntimeError,
           ValueError, KeyError, OverflowError, IndexError)  # fmt: skip
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_CODECS = ("cp1250", "cp1251", "mac_roman", "cp850", "shift_jis", "gb18030")
_CUT = "it ends in NUL bytes, as files do after a loss of power; see that its last rows are there"
_ACCENTED = re.compile(r"[^\s,;\t\"]*[^\x00-\x7f][^\s,;\t\"]*")
_LETTER = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e"
_CAPITAL = "\u00c0-\u00d6\u00d8-\u00de\u0160\u0178\u017d"
# What no word of Western Europe holds: a sign (other than quotes, dashes, dots) between letters, and the like.
_FOREIGN = re.compile(
    rf"[{_LETTER}][^\x00-\x7f{_LETTER}\u00a0\u00ab\u00ad\u00b4\u00b7\u00bb\u2013-\u201d\u2022\u2026\u2122][{_LETTER}]"
    rf"|[^\x00-\x7f\W]{{3}}|[a-z][{_CAPITAL}]"
)

Readable: TypeAlias = str | os.PathLike[str] | IO[str] | IO[bytes] | pd.DataFrame


@dataclass(frozen=True, eq=False)
class Text:
    """A file as UTF-8 bytes with plain line ends: its name, its checksum, and (rule, remark) of how it was read.

    A workbook may have several `sheets` that tell days, with what is to be told of these; all of one header are `data`.
    """

    data: bytes = field(repr=False)
    name: str
    checksum: str
    remarks: tuple[tuple[str, str], ...] = ()
    sheets: dict[str, bytes] = field(default_factory=dict, repr=False)
    sheet_notes: tuple[str, ...] = ()


def is_workbook(head: bytes, name: str) -> bool:
    """Say whether a file that begins so is a workbook: xlsx, ods, xls."""
    called = any(name.casefold().endswith(end) and head.startswith(begun) for end, begun in _BOOKS.items())
    return called or _FIRST_IN_BOOK.match(head) is not None


@contextlib.contextmanager
def guard_errors(name: str) -> Iterator[None]:
    """Tell of whatever is wrong with a file's packing as an error of the journal."""
    try:
        yield
    except TwitchstatsError:
        raise
    except _BROKEN as error:
        reason = str(error).rstrip(".") or type(error).__name__
        raise JournalError(f"{name} can't be unpacked: {reason}. Export it again, without a password.") from None


def read_text(source: Readable, table: str, *, name: str = "", encoding: str | None = None) -> Text:
    """Read a path or an open file (text or bytes), whatever its encoding; a workbook as the CSV of its table.

    Raises
    ------
    JournalError
        There is no such file, or it is no text, or a pipe that doesn't end.
    OptionError
        The encoding is not one that exists.
    """
    if hasattr(source, "read"):
        name = name or Path(str(getattr(source, "name", "") or "")).name
        data = _read_open(source, name or f"The {table} table")
    else:
        name, data = _read_path(source, table)
    told, checksum = name or f"The {table} table", hashlib.sha256(data).hexdigest()
    if is_workbook(data[:HEAD], name):
        from twitchstats.journal.readers.workbook import read_book  # brings a library along

        book = read_book(data, told)
        remarks = tuple(("workbook", note) for note in book.notes)
        return Text(book.whole, name, checksum, remarks, book.sheets, tuple(book.sheet_notes))
    data, remark = _recode(data, told, encoding)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return Text(data, name, checksum, (("encoding", remark),) if remark else ())


def _read_path(source: object, table: str) -> tuple[str, bytes]:
    if not isinstance(source, (str, Path)) and not hasattr(source, "__fspath__"):
        raise JournalError(
            f"The {table} table is of type {type(source).__name__}. Give a path, an open file or a data frame."
        )
    if isinstance(source, str) and "\n" in source:
        raise JournalError("The source is text with line breaks, not a path. Wrap it: read_journal(io.StringIO(text)).")
    if isinstance(source, str) and re.match(r"[a-z]+://", source):
        raise JournalError(f"{source!r} is an address on the web, and nothing is fetched. Download the file first.")
    path = Path(os.fspath(source))
    try:
        with open_file(path) as file:
            return path.name, _read_stream(file, path.name)
    except FileNotFoundError:
        raise JournalError(tell_missing(path)) from None
    except IsADirectoryError:
        raise JournalError(f"{str(path)!r} is a folder. Give the CSV file in it.") from None
    except JournalError:
        raise
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise JournalError(f"{str(path)!r} can't be opened: {reason}.") from None


def _read_open(file: Any, told: str) -> bytes:  # noqa: ANN401
    try:
        return _read_stream(file, told)
    except JournalError:
        raise
    except (OSError, ValueError) as error:
        raise JournalError(f"{told} can't be read ({error}). Open it for reading, and try again.") from None


def _read_stream(stream: IO[Any], name: str) -> bytes:
    """Read all of a stream, but stop at the first chunk that shows it is no table: a huge line costs little."""
    piped = _is_pipe(stream)
    chunks: list[bytes] = []
    lines, run, size = 1, 0, 0
    while chunk := _read_chunk(stream, name, piped=piped):
        data = chunk.encode("utf-8", "replace") if isinstance(chunk, str) else bytes(chunk)
        if not chunks and is_workbook(data[:HEAD], name):
            return data + stream.read()
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
        size += len(data)
        chunks.append(data)
        if piped and size > PIPE_LIMIT:
            raise JournalError(
                f"More than {PIPE_LIMIT:,} bytes came through the pipe, and no end. Save the journal to a file first."
            )
    return b"".join(chunks)


def _is_pipe(stream: IO[Any]) -> bool:
    try:
        return stat.S_ISFIFO(os.fstat(stream.fileno()).st_mode) and hasattr(stream, "read1")
    except (AttributeError, OSError, ValueError):
        return False


def _read_chunk(stream: IO[Any], name: str, *, piped: bool) -> str | bytes:
    if not piped:
        return stream.read(LINE_LIMIT)
    if not select.select([stream], [], [], PIPE_WAIT)[0]:
        raise JournalError(
            f"{name}: nothing came through the pipe for {PIPE_WAIT:.0f} seconds, and it is still open. "
            "Save the journal to a file first."
        )
    return stream.read1(LINE_LIMIT)  # type: ignore[attr-defined]


def _refuse_binary(head: bytes, name: str) -> None:
    for magic, what, remedy in _MAGIC:
        if head.startswith(magic):
            raise JournalError(f"{name} is not a CSV file: it seems to be {what}. {remedy}.")
    start = head[:200].decode("latin-1").lstrip("\ufeffï»¿ \r\n\t").lower().replace(" ", "").replace("\n", "")
    for mark, what in _MARKUP:
        if start.startswith(mark):
            raise JournalError(f"{name} is not a CSV file: it seems to be {what}. Export the table as CSV.")
    if b"\0" in head.rstrip(b"\0") and not guess_encoding(head):
        raise JournalError(f"{name} is not a CSV file: it holds NUL bytes, so it seems to be binary. Export it as CSV.")


def guess_encoding(data: bytes) -> str | None:
    """Return the encoding that a byte-order mark or the zeros of two-byte signs show, or None."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return encoding
    head = np.frombuffer(data[: min(4000, len(data) // 2 * 2)], dtype=np.uint8).reshape(-1, 2)
    zeros = (head == 0).mean(axis=0) if len(head) else np.zeros(2)
    if zeros.max() > 0.7 and zeros.min() < 0.05:
        return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    return None


def _recode(data: bytes, name: str, encoding: str | None) -> tuple[bytes, str]:
    """Return the file as UTF-8 and a remark where its encoding had to be guessed."""
    if encoding is not None:
        return _decode_as(data, name, encoding).encode("utf-8", "replace"), ""
    guess = guess_encoding(data)
    if not guess and data.endswith(b"\0"):
        whole, remark = _recode(data.rstrip(b"\0"), name, None)
        return whole, f"{_CUT}; {remark}" if remark else _CUT
    if data.isascii() and not (b"\0" in data[:4000] and guess):
        return _refuse_controls(data, name), ""
    for codec in [guess] if guess else ["utf-8", "cp1252"]:
        text = _decode(data, codec)
        if text is not None:
            remark = _tell_guess(text, name, data) if codec == "cp1252" else _tell_twice(text, data)
            return _refuse_controls(text.encode("utf-8", "replace"), name), remark
    if guess:
        raise _no_text(name)
    raise _ask_encoding(data, _refuse_controls(data, name).decode("cp1252", "replace"), name)


def _decode(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return None


def _refuse_controls(data: bytes, name: str) -> bytes:
    """Raise JournalError where signs that nobody types are more than one in a hundred."""
    head = np.frombuffer(data[:4000], dtype=np.uint8)
    controls = int(((head < 32) & ~np.isin(head, [9, 10, 11, 12, 13])).sum())
    if b"\0" in data or controls > max(5, len(head) / 100):
        raise _no_text(name)
    return data


def _no_text(name: str) -> JournalError:
    return JournalError(f"{name} is not a CSV file: it holds bytes that no text has, so it seems to be binary.")


def _tell_guess(text: str, name: str, data: bytes) -> str:
    """Return the remark on a text that is taken for Windows-1252.

    Raises
    ------
    JournalError
        Its words show that it is not: a sign inside a word, three accented letters in a row, a capital after a small
        letter.
    """
    if _FOREIGN.search(text):
        raise _ask_encoding(data, text, name)
    word = _ACCENTED.search(text)
    row = text.count("\n", 0, word.start() if word else 0) + 1
    return (
        f"the file is not UTF-8, so it is read as Windows-1252 (Western Europe): {_list_accented(text, row)!r} in row "
        f"{row}. If that is not what was written, name the encoding: encoding= (command line: --encoding)"
    )


def _tell_twice(text: str, data: bytes) -> str:
    """Return the remark on a text whose accents were encoded twice; "" where they weren't."""
    if not (b"\xc3\x83" in data or b"\xc3\x82" in data):
        return ""
    for word in _ACCENTED.findall(text):
        with contextlib.suppress(UnicodeError):
            meant = word.encode("cp1252").decode("utf-8")
            return f"some accents were encoded twice on the way: {word!r} was probably {meant!r}; export the file again"
    return ""


def _list_accented(text: str, row: int) -> str:
    return " ".join(_ACCENTED.findall(text.split("\n", row)[row - 1]))[:30]


def _ask_encoding(data: bytes, text: str, name: str) -> JournalError:
    """Return what asks for the encoding, and how the row that shows it would read in some."""
    strange = _FOREIGN.search(text) or _ACCENTED.search(text)
    row = text.count("\n", 0, strange.start() if strange else 0) + 1
    read = {codec: _list_accented(decoded, row) for codec in _CODECS if (decoded := _decode(data, codec))}
    ways = ", ".join(f"{codec} ({words!r})" for codec, words in read.items() if re.fullmatch(r"[\w'’. -]+", words))
    return JournalError(
        f"{name} is not UTF-8, and as Windows-1252 it doesn't read right: {_list_accented(text, row)!r} in row {row}. "
        f"Name its encoding with encoding= (command line: --encoding){': ' if ways else ''}{ways}."
    )


def _decode_as(data: bytes, name: str, encoding: str) -> str:
    try:
        return data.decode("utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding)
    except (LookupError, AttributeError, TypeError):
        raise OptionError(
            f"encoding={encoding!r} is not known. Use for example 'utf-8', 'utf-16' or 'cp1252'."
        ) from None
    except UnicodeError as error:
        where = f"byte {error.start + 1:,} doesn't fit" if isinstance(error, UnicodeDecodeError) else str(error)
        raise JournalError(f"{name} is not {encoding}: {where}. Leave encoding= out to have it recognised.") from None


def describe_file(source: Readable) -> tuple[str, str]:
    """Return the name and the SHA-256 checksum of a file; blanks where the source is none."""
    if not isinstance(source, (str, os.PathLike)) or not Path(source).is_file():
        return Path(str(getattr(source, "name", "") or "")).name, ""
    with Path(source).open("rb") as file:
        return Path(source).name, hashlib.file_digest(file, "sha256").hexdigest()


def open_lines(data: bytes) -> io.TextIOWrapper:
    """Return the lines of UTF-8 bytes, in little memory."""
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="\n")
