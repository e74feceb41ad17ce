"""A file as the reader of a format gets it: its name, its bytes as often as needed, its records with their lines."""

import codecs
import csv
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import IO

from twitchstats.errors import JournalError, TwitchstatsError

HEAD = 1 << 16
LONGEST = 1 << 20  # characters of a line
LARGEST = 4 << 30  # of a table: what is packed may be endless
_CHUNK = 1 << 20
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DELIMITERS = (",", ";", "\t")
# What zipfile and its decompressors raise on damaged or encrypted archives.
_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, RuntimeError, ValueError, KeyError,
           OverflowError, IndexError)  # fmt: skip


@dataclass(frozen=True)
class Export:
    """One file of an export.

    Attributes
    ----------
    name : str
        Its path inside the export, or the name of the file.
    open : callable
        Opens it for reading bytes, from its beginning, as often as it is called.
    """

    name: str
    open: Callable[[], IO[bytes]]

    def head(self) -> bytes:
        """Return its first bytes."""
        with guard_errors(self.name), self.open() as file:
            return file.read(HEAD)


@contextmanager
def guard_errors(name: str) -> Iterator[None]:
    """Tell of whatever is wrong with a file's packing as an error of the journal."""
    try:
        yield
    except TwitchstatsError:
        raise
    except _BROKEN as error:
        reason = str(error).rstrip(".") or type(error).__name__
        raise JournalError(f"{name} can't be unpacked: {reason}. Export it again, without a password.") from None


def list_exports(name: str, open_file: Callable[[], IO[bytes]]) -> list[Export]:
    """Return the files of an export: those in a zip archive, or the file itself.

    Raises
    ------
    JournalError
        The archive is damaged.
    """
    whole = Export(name, open_file)
    if not whole.head().startswith(b"PK\x03\x04"):
        return [whole]
    with guard_errors(name), open_file() as file:
        members = [info.filename for info in zipfile.ZipFile(file).infolist() if not info.is_dir()]
    if any(member in ("[Content_Types].xml", "mimetype") for member in members):
        return [whole]  # a workbook is an archive as well
    return [Export(member, _open_member(open_file, member)) for member in members if not _is_rubbish(member)]


def _is_rubbish(member: str) -> bool:
    return member.startswith("__MACOSX/") or PurePath(member).name.startswith(".")


def _open_member(open_file: Callable[[], IO[bytes]], member: str) -> Callable[[], IO[bytes]]:
    def open_member() -> IO[bytes]:
        with guard_errors(member), ExitStack() as held:
            archive = held.enter_context(zipfile.ZipFile(held.enter_context(open_file())))
            return _Member(archive.open(member), held.pop_all())

    return open_member


class _Member(io.BufferedReader):
    """A file in an archive, which closes its archive as well."""

    def __init__(self, member: IO[bytes], held: ExitStack) -> None:
        super().__init__(member)  # type: ignore[arg-type]
        self.held = held

    def close(self) -> None:
        super().close()
        self.held.close()


def fold(text: str) -> str:
    """Return a header in the form in which headers are compared."""
    return " ".join(text.strip().casefold().split())


def read_heading(head: bytes, *, line: int = 1) -> list[str]:
    r"""Return the cells of a header line, folded; nothing where there is no such line, or it is no text.

    >>> read_heading(b"\xef\xbb\xbfDate;Mood \n2024-03-01;3")
    ['date', 'mood']
    """
    encoding = next((name for mark, name in _BOMS if head.startswith(mark)), "utf-8")
    lines = head.decode(encoding, "replace").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) < line or "\0" in lines[line - 1]:
        return []
    text = lines[line - 1][:LONGEST]
    try:
        cells = next(csv.reader([text], delimiter=max(_DELIMITERS, key=text.count)), [])
    except csv.Error:
        return []
    return [fold(cell) for cell in cells]


@dataclass(frozen=True)
class Record:
    """One record of a table: the line in which it starts, and its cells by folded header."""

    line: int
    cells: dict[str, str]
    used: set[str]

    def __getitem__(self, column: str) -> str:
        """Return a cell, stripped; "" where there is no such column."""
        self.used.add(column)
        return self.cells.get(column, "").strip()


@dataclass
class Table:
    """A table that is read record by record.

    Attributes
    ----------
    name : str
    headers : list of str
        As the file has them; records have them folded.
    notes : list of str
        What is to be told of it.
    ragged : list of int
        Lines of rows with too many or too few cells, which are no records; complete after the last one.
    used : set of str
        Folded headers of the columns that were looked at.
    """

    name: str
    headers: list[str]
    rows: Iterator[tuple[int, list[str]]]
    notes: list[str]
    ragged: list[int] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def __iter__(self) -> Iterator[Record]:
        """Yield the records."""
        names = [fold(header) for header in self.headers]
        for line, cells in self.rows:
            while len(cells) > len(names) and not cells[-1].strip():
                cells.pop()
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) == len(names):
                yield Record(line, dict(zip(names, cells, strict=True)), self.used)
            else:
                self.ragged.append(line)

    def list_unread(self) -> list[str]:
        """Return the headers of the columns that nobody has looked at."""
        return [header for header in self.headers if header and fold(header) not in self.used]


def open_table(export: Export, *, needed: Iterable[str] = (), skip: int = 0) -> Table:
    """Open a table of an export for reading record by record, whatever its encoding and delimiter.

    Parameters
    ----------
    export : Export
    needed : iterable of str
        Folded headers without which it can't be read.
    skip : int
        Lines above the header.

    Raises
    ------
    JournalError
        It is no text, is empty, lacks a column, names one twice, or has a cell that never ends.
    """
    encoding, notes = find_encoding(export)
    rows = _read_rows(export, encoding, skip)
    line, headers = next(rows, (0, []))
    headers = [header.strip() for header in headers]
    while headers and not headers[-1]:
        headers.pop()
    if not headers:
        raise JournalError(f"{export.name} is empty: it has no header row.")
    names = [fold(header) for header in headers]
    for name in needed:
        if name not in names:
            raise JournalError(
                f"{export.name} has no column {name!r} in line {line}, which this format needs. Its columns: "
                f"{', '.join(map(repr, headers[:20]))}. Export it again, or name another format."
            )
    for name in names:
        if name and names.count(name) > 1:
            raise JournalError(f"{export.name} has the column {name!r} twice. Rename or remove one of them.")
    return Table(export.name, headers, rows, notes)


def find_encoding(export: Export) -> tuple[str, list[str]]:
    """Return a text's encoding, and what is to be told of it.

    Raises
    ------
    JournalError
        It holds bytes that no text has.
    """
    head = export.head()
    mark = next((name for mark, name in _BOMS if head.startswith(mark)), None)
    if mark is None and b"\0" in head:
        raise JournalError(f"{export.name} holds bytes that no text has, so it is no table of an export.")
    decoder = codecs.getincrementaldecoder(mark or "utf-8")()
    with guard_errors(export.name), export.open() as file:
        try:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeError:
            if mark:
                raise JournalError(f"{export.name} is not the {mark} that its first bytes announce.") from None
            return "cp1252", [f"{export.name} is not UTF-8 and is read as Windows-1252: look at its accents."]
    return mark or "utf-8", []


def _read_rows(export: Export, encoding: str, skip: int) -> Iterator[tuple[int, list[str]]]:
    """Yield (line where it starts, cells) of each row."""
    with guard_errors(export.name), export.open() as file:
        text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline=None)
        lines = _read_lines(text, export.name)
        for _ in range(skip):
            next(lines, "")
        first = next(lines, "")
        delimiter = max(_DELIMITERS, key=first.count)
        reader = csv.reader(_chain(first, lines), delimiter=delimiter)
        start = skip + 1
        try:
            for cells in reader:
                yield start, cells
                _refuse_swallowed(cells, start, delimiter, export.name)
                start = skip + reader.line_num + 1
        except csv.Error as error:
            if "limit" not in str(error):
                raise _unclosed(export.name, start) from None
            raise JournalError(
                f"{export.name}: a cell in line {start} has more than {csv.field_size_limit():,} characters. "
                'Shorten it, or look for a missing quotation mark (").'
            ) from None


def _chain(first: str, lines: Iterator[str]) -> Iterator[str]:
    yield first
    yield from lines


def _read_lines(text: io.TextIOWrapper, name: str) -> Iterator[str]:
    number = size = 0
    while line := text.readline(LONGEST):
        number, size = number + 1, size + len(line)
        if size > LARGEST:
            raise JournalError(f"{name} is longer than {LARGEST >> 20:,} MB, which no table of an export is.")
        if len(line) == LONGEST and not line.endswith("\n"):
            raise JournalError(f"{name}: line {number} is longer than {LONGEST:,} characters, so it is no diary.")
        yield line.replace("\0", "")


def _refuse_swallowed(cells: list[str], start: int, delimiter: str, name: str) -> None:
    """Raise JournalError where a stray quotation mark has made one cell of whole rows."""
    for cell in cells:
        if "\n" in cell and any(line.count(delimiter) >= max(2, len(cells) - 2) for line in cell.split("\n")):
            raise _unclosed(name, start)


def _unclosed(name: str, start: int) -> JournalError:
    return JournalError(
        f'{name}: a cell in line {start} holds what looks like whole rows: a quotation mark (") is missing or stray. '
        "Put it right, and read again."
    )
