"""A file as the reader of a format gets it: its name, its bytes as often as needed, its records with their lines."""

import csv
import datetime as dt
import gzip
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache, partial
from pathlib import PurePath
from typing import IO

from twitchstats.errors import JournalError
from twitchstats.journal.dates import read_dates
from twitchstats.journal.layout import Table, choose_delimiter, parse_text
from twitchstats.journal.record import Rejects
from twitchstats.journal.source import (
    HEAD,
    PACKED,
    WORKBOOKS,
    Text,
    guard_errors,
    guess_encoding,
    is_workbook,
    read_text,
)

OTHER_WIDTH = "more or fewer cells than the header has"
TWICE = "the same row was there already, so it counts once; if not, add the time of each"
_BLOCK = 50_000  # rows that are spread out at a time


@dataclass(frozen=True)
class Export:
    """One file of an export.

    Attributes
    ----------
    name : str
        Its path inside the export, or the name of the file.
    open : callable
        Opens it for reading bytes, from its beginning, as often as it is called.
    encoding, date_format, person : str or None
        Those that were asked for.
    is_sheet : bool
        Whether it is one of the tables of a workbook.
    notes : tuple of str
        What is to be told of that workbook, with its first table.
    """

    name: str
    open: Callable[[], IO[bytes]]
    encoding: str | None = None
    date_format: str | None = None
    person: str | None = None
    is_sheet: bool = False
    notes: tuple[str, ...] = ()

    def head(self) -> bytes:
        """Return its first bytes; of a workbook those of the CSV that it is read as."""
        with guard_errors(self.name), self.open() as file:
            head = file.read(HEAD)
        return self.text.data[:HEAD] if is_workbook(head, self.name) else head

    @cached_property
    def text(self) -> Text:
        """What it holds as text; JournalError where it is none."""
        with guard_errors(self.name), self.open() as file:
            return read_text(file, "days", name=self.name, encoding=self.encoding)


def list_exports(whole: Export, *, within: str = "") -> list[Export]:
    """Return the files of an export: those in a zip archive, the tables of a workbook (`within` what), or itself.

    Raises
    ------
    JournalError
        The archive is damaged.
    """
    with guard_errors(whole.name), whole.open() as file:
        head = file.read(HEAD)
        if is_workbook(head, whole.name) and (sheets := whole.text.sheets):
            tables = [
                replace(whole, name=f"{within}{sheet}", open=partial(io.BytesIO, data), is_sheet=True)
                for sheet, data in sheets.items()
            ]
            return [replace(tables[0], notes=whole.text.sheet_notes), *tables[1:]]
        if not head.startswith(PACKED) or is_workbook(head, whole.name):
            return [whole]
        if head.startswith(PACKED[1]):
            return [replace(whole, name=f"{whole.name.split('.')[0]}.csv", open=_open_member(whole.open))]
        file.seek(0)
        members = [info.filename for info in zipfile.ZipFile(file).infolist() if not info.is_dir()]
    files = [
        replace(whole, name=member, open=_open_member(whole.open, member))
        for member in members
        if not (member.startswith("__MACOSX/") or PurePath(member).name.startswith("."))
    ]
    books = [file.name.casefold().endswith(WORKBOOKS) for file in files]
    return [part for file, is_book in zip(files, books, strict=True)
            for part in (list_exports(file, within=f"{file.name}/") if is_book else [file])]  # fmt: skip


def _open_member(open_file: Callable[[], IO[bytes]], member: str = "") -> Callable[[], IO[bytes]]:
    """Return what opens a file in a zip archive, or all that a gzip archive holds."""

    def open_member() -> IO[bytes]:
        with guard_errors(member), ExitStack() as held:
            file = held.enter_context(open_file())
            if not member:
                return _Member(gzip.open(file), held.pop_all())
            return _Member(held.enter_context(zipfile.ZipFile(file)).open(member), held.pop_all())

    return open_member


class _Member(io.BufferedReader):
    """A file in an archive, which closes its archive as well."""

    def __init__(self, member: IO[bytes] | gzip.GzipFile, held: ExitStack) -> None:
        super().__init__(member)  # type: ignore[arg-type]
        self.held = held

    def close(self) -> None:
        super().close()
        self.held.close()


def fold(text: str) -> str:
    """Return a header in the form in which headers are compared."""
    return " ".join(text.strip().casefold().split())


@lru_cache(maxsize=32)
def read_heading(head: bytes, *, line: int = 1) -> list[str]:
    r"""Return the cells of a header line, folded; nothing where there is no such line, or it is no text.

    >>> read_heading(b"\xef\xbb\xbfDate;Mood \n2024-03-01;3")
    ['date', 'mood']
    """
    text = head.decode(guess_encoding(head) or "utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")[line - 1 : line + 20]
    if not lines or "\0" in lines[0]:
        return []
    sign = choose_delimiter("\n".join(lines[:-1]) or lines[0], None, None)
    try:
        return [fold(cell) for cell in next(csv.reader(lines[:1], delimiter=sign), [])]
    except csv.Error:
        return []


def read_top(head: bytes) -> Table:
    """Return the table at the beginning of a file; JournalError where there is none."""
    whole = head if len(head) < HEAD else head[: head.rfind(b"\n") + 1]
    return parse_text(Export("", lambda: io.BytesIO(whole)).text, "days", Rejects(), plain=True)


def has_columns(*needed: str) -> Callable[[bytes], bool]:
    """Return what says whether a file that begins so is a table with these columns (folded headers)."""
    return lambda head: set(needed) <= set(read_heading(head))


@dataclass(frozen=True)
class Record:
    """One record of a table: the line in which it starts, and its cells by folded header."""

    line: int
    cells: dict[str, str]
    used: set[str]

    def __getitem__(self, column: str) -> str:
        """Return a cell, stripped; "" where there is no such column."""
        self.used.add(column)
        return self.cells.get(column, "")


@dataclass(frozen=True)
class Records:
    """The records of a table, to be gone through as often as needed.

    Attributes
    ----------
    table, date_format : Table, str or None
    notes : list of str
        What is to be told of it.
    left : dict of str to list of int
        Lines of rows that are no records, by the reason.
    used : set of str
        Folded headers of the columns that were looked at.
    """

    table: Table
    date_format: str | None
    notes: list[str]
    left: dict[str, list[int]]
    used: set[str] = field(default_factory=set)

    @property
    def headers(self) -> list[str]:
        """The headers as the file has them; records have them folded."""
        return self.table.headers

    def __iter__(self) -> Iterator[Record]:
        """Yield the records."""
        names = [fold(header) for header in self.headers]
        for start in range(0, len(self.table.rows), _BLOCK):
            some = slice(start, start + _BLOCK)
            cells = zip(*(column.texts(some).tolist() for column in self.table.columns), strict=True)
            for line, row in zip(self.table.rows[some].tolist(), cells, strict=True):
                yield Record(line, dict(zip(names, row, strict=True)), self.used)

    def each_cell(
        self, read_cell: Callable[[str, str], Mapping[str, object]], *, but: Iterable[str] = ()
    ) -> Callable[[Record], dict[str, object]]:
        """Return what makes each filled cell of a record (its header, its text) into columns, `but` some headers."""
        left = {*but, ""}
        headers = {fold(header): header for header in self.headers if fold(header) not in left}

        def read_row(record: Record) -> dict[str, object]:
            values: dict[str, object] = {}
            for name, header in headers.items():
                if text := record[name]:
                    values |= read_cell(header, text)
            return values

        return read_row

    def list_texts(self, column: str) -> list[str]:
        """Return the different texts of a column, by its folded header."""
        self.used.add(column)
        found = (other for other in self.table.columns if fold(other.header) == column)
        return [text for other in found for text in other.levels if text]

    def read_days(self, column: str) -> dict[str, dt.date | None]:
        """Return the day of each text of a column of dates, by its folded header; None where it tells none.

        Raises
        ------
        JournalError
            Its dates can be read two ways.
        """
        texts = self.list_texts(column)
        header = next((header for header in self.headers if fold(header) == column), column)
        return date_texts(texts, header, self.date_format)


def date_texts(texts: Sequence[str], header: str, date_format: str | None) -> dict[str, dt.date | None]:
    """Return the day of each of different texts, all in one layout; None where it tells none.

    Raises
    ------
    JournalError
        The layout can be one of two.
    """
    days, _ = read_dates(texts, header, today=dt.date.max, date_format=date_format)
    return dict(zip(texts, days, strict=True))


def open_table(export: Export, *, needed: Iterable[str] = (), skip: int = 0) -> Records:
    """Open a table of an export for reading record by record, whatever its encoding and delimiter.

    Its header stands below `skip` lines, and has the folded headers that are `needed`.

    Raises
    ------
    JournalError
        It is no text, is empty, lacks a column, names one twice, or has a cell that never ends.
    """
    rejects = Rejects()
    table = parse_text(export.text, "days", rejects, skip=skip, plain=True)
    names = [fold(header) for header in table.headers]
    for name in needed:
        if name not in names:
            raise JournalError(
                f"{export.name} has no column {name!r}, which this format needs. Its columns: "
                f"{', '.join(map(repr, table.headers[:20]))}. Export it again, or name another format."
            )
    for name in names:
        if name and names.count(name) > 1:
            raise JournalError(f"{export.name} has the column {name!r} twice. Rename or remove one of them.")
    notes = [f"{remark}." for _, remark in export.text.remarks]
    notes += [f"{entry[5]}." for entry in rejects.entries if entry[6] == "kept"]
    ragged = [entry[1] for entry in rejects.entries if entry[4] == "ragged_row"]
    left = {OTHER_WIDTH: ragged, TWICE: table.rows[table.copies].tolist()}
    return Records(table.keep(~table.copies), export.date_format, notes, left)
