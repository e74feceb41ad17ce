"""Workbooks (xlsx, ods, xls): the sheets that tell days, each as the table it shows."""

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from twitchstats.errors import JournalError
from twitchstats.journal.dates import look_like_dates, read_date
from twitchstats.journal.layout import count_titles, write_cell
from twitchstats.journal.source import guard_errors
from twitchstats.variables import load_words, normalise_header

_LARGEST, _UNPACKED = 200 << 20, 2000 << 20
_MOST_CELLS = 20_000_000
_PART = 1 << 20  # bytes of a sheet that are looked at together
_PLACE = re.compile(rb'[ <]r="([A-Z]{1,3})(\d{1,7})"')
# What is told of a workbook, and the signs by which it is counted.
_TOLD = (
    ("cells with errors such as #DIV/0! are read as blank", re.compile(rb' t="e"')),
    (
        "formulas without a value are read as blank (open the workbook in a spreadsheet, and save it)",
        re.compile(  # of t="str" it is a value: no text
            rb'<c (?![^<>]*t="str")[^<>]*>(?:<f[^<>]*>[^<]*</f>|<f[^<>]*/>)\s*(?:<v\s*/>|<v></v>)?\s*</c>'
        ),
    ),
    ("hidden rows are read like all others", re.compile(rb'<row [^<>]*hidden="(?:1|true)"')),
)
Rows = list[list[str]]


@dataclass(frozen=True)
class Book:
    """The tables of a workbook as CSV files, line by line as their rows.

    Attributes
    ----------
    whole : bytes
        The first sheet that tells days, and below it those with the same header.
    sheets : dict of str to bytes
        Each sheet whose header and rows tell dates, where several do.
    notes, sheet_notes : list of str
        What is to be told of `whole`, and of `sheets`.
    """

    whole: bytes
    sheets: dict[str, bytes]
    notes: list[str]
    sheet_notes: list[str]


def read_book(data: bytes, name: str) -> Book:
    """Return the tables of a workbook.

    Raises
    ------
    JournalError
        It can't be opened, is larger than any diary, or has no sheet with two rows.
    """
    notes = _check_size(name, data)
    opened, n_merged = _open_sheets(data, name)
    if n_merged:
        told = "cells merged over several rows stand in each of them, so no figure there may be a sum over its rows"
        notes.append(f"{told}: {n_merged:,}")
    tables = {sheet: rows for sheet, rows in opened.items() if sum(map(any, rows)) > 1}
    if not tables:
        raise JournalError(f"{name} has no sheet with a header and a row below it.")
    places = {sheet: place for sheet, rows in tables.items() if (place := _find_dates(rows)) is not None}
    dated = [sheet for sheet, place in places.items() if _tell_dates(sheet, tables[sheet], place)]
    first = next(iter(dated or places or tables))
    heads = {sheet: _find_header(rows) for sheet, rows in tables.items()}
    alike = [sheet for sheet in dated or tables if tables[sheet][heads[sheet]] == tables[first][heads[first]]]
    rows = [*tables[first], *(row for some in alike if some != first for row in tables[some][heads[some] + 1 :])]
    left = {sheet: f"sheet {sheet!r} with {len(rows):,} rows is not read" for sheet, rows in tables.items()}
    one = " as one, with their rows numbered on" if len(alike) > 1 else ""
    read = [f"sheet {' and '.join(map(repr, alike))} is read{one}"] if len(opened) > 1 else []
    return Book(
        _write_rows(rows),
        {sheet: _write_rows(tables[sheet]) for sheet in dated} if len(dated) > 1 else {},
        [*notes, *read, *(told for sheet, told in left.items() if sheet not in alike)],
        [
            *notes,
            f"sheets {' and '.join(map(repr, dated))} are read as files of their own",
            *(told for sheet, told in left.items() if sheet not in dated),
        ],
    )


def _open_sheets(data: bytes, name: str) -> tuple[dict[str, Rows], int]:
    """Return the rows of each sheet, and how many cells were filled from a merged one above."""
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        read = {sheet: _read_rows(book.get_sheet_by_name(sheet)) for sheet in book.sheet_names}
        return {sheet: rows for sheet, (rows, _) in read.items()}, sum(n_merged for _, n_merged in read.values())
    except (CalamineError, OSError, ValueError) as error:
        raise JournalError(f"{name} can't be opened as a workbook: {str(error).rstrip('.')}.") from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # what the library raises where it gives up is no Exception
            raise
        raise JournalError(f"{name} can't be opened as a workbook: it is damaged.") from None


def _find_dates(rows: Rows) -> int | None:
    """Return the place of the column that is called as dates are, or None."""
    header = rows[_find_header(rows)]
    return next(
        (place for place, cell in enumerate(header) if normalise_header(cell) in load_words("date column")), None
    )


def _tell_dates(sheet: str, rows: Rows, place: int) -> bool:
    """Say whether most cells of a column are dates; days of the month by which the sheet is called become some.

    Dates beside which nothing stands tell nothing.
    """
    filled = [
        row for row in rows[_find_header(rows) + 1 :] if len(row) > place and row[place] and sum(map(bool, row)) > 1
    ]
    month = read_date(f"1 {sheet}")
    if filled and month and all(re.fullmatch(r"\d{1,2}", row[place]) for row in filled):
        for row in filled:
            row[place] = f"{month:%Y-%m}-{int(row[place]):02}"
        return True
    return look_like_dates([row[place] for row in filled]) > 0.5


def _write_rows(rows: Rows) -> bytes:
    width, text = max(map(len, rows)), io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([*row, *[""] * (width - len(row))] for row in rows)
    return text.getvalue().encode()


def _find_header(rows: Rows) -> int:
    filled = [place for place, row in enumerate(rows[:60]) if any(row)]
    return filled[count_titles([rows[place] for place in filled])] if filled else 0


def _check_size(name: str, data: bytes) -> list[str]:
    """Return what is to be told of errors and of formulas without a value, which the library reads as blank.

    Raises
    ------
    JournalError
        It unpacks to more than a diary can have.
    """
    unpacked, found = 0, []
    if data.startswith(b"PK\x03\x04"):
        with guard_errors(name), zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(info.file_size for info in archive.infolist())
            sheets = [info for info in archive.infolist() if info.filename.startswith("xl/worksheets/")]
            if unpacked <= _UNPACKED:
                found = [_scan_sheet(archive.open(sheet)) for sheet in sheets]
    if any(n_cells > _MOST_CELLS for n_cells, *_ in found):
        raise JournalError(
            f"{name} has a sheet that is larger than any diary. Delete what lies far below it or beside it."
        )
    if len(data) > _LARGEST or unpacked > _UNPACKED:
        raise JournalError(f"{name} unpacks to more than {_UNPACKED >> 20} MB, which no diary does. Save it as CSV.")
    counts = [sum(some) for some in list(zip(*found, strict=True))[1:]]
    return [f"{what}: {n:,}" for (what, _), n in zip(_TOLD, counts, strict=False) if n]


def _scan_sheet(sheet: IO[bytes]) -> list[int]:
    """Return how many cells the area of a sheet has (one at its far end makes it fill all memory), and what is told."""
    width, height, counts = 0, 0, [0] * len(_TOLD)
    for part in _cut_cells(sheet):
        for letters, digits in _PLACE.findall(part):
            width = max(width, sum(26**at * (letter - 64) for at, letter in enumerate(reversed(letters))))
            height = max(height, int(digits))
        counts = [n + len(sign.findall(part)) for n, (_, sign) in zip(counts, _TOLD, strict=True)]
    return [width * height, *counts]


def _cut_cells(sheet: IO[bytes]) -> Iterator[bytes]:
    """Yield a sheet in parts of some MB that end between two cells, or between two tags where no cell begins."""
    rest = b""
    while chunk := sheet.read(_PART):
        rest += chunk
        cut = max(rest.rfind(b"<c "), 0)
        if not cut and len(rest) > _PART:
            cut = max(rest.rfind(b"<"), 0) or len(rest)
        yield rest[:cut]
        rest = rest[cut:]
    yield rest


def _read_rows(sheet: CalamineSheet) -> tuple[Rows, int]:
    """Return the rows as text, and how many cells hold what is merged over several rows, and so stands in each."""
    rows, n_merged = [[_write_cell(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)], 0
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if left == right and top > 0:
            for row in range(top + 1, min(bottom + 1, len(rows))):
                if left < len(rows[row]) and not rows[row][left]:
                    rows[row][left] = rows[top][left]
                    n_merged += bool(rows[top][left])
    return rows, n_merged


def _write_cell(value: Any) -> str:  # noqa: ANN401
    """Return a cell as a CSV would have it, on one line."""
    if isinstance(value, bool | float):
        return write_cell(value if isinstance(value, bool) else float(f"{value:.15g}"))
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, dt.timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return value.isoformat() if isinstance(value, dt.date | dt.time) else " ".join(str(value).split())
