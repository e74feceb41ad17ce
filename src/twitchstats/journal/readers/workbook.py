"""Workbooks (xlsx, ods, xls): the first sheet that holds a table, as the text it shows."""

import csv
import datetime as dt
import io
import re
import zipfile
from typing import IO, Any

import pandas as pd
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from twitchstats.errors import JournalError
from twitchstats.journal.layout import count_titles
from twitchstats.journal.readers.export import Export, guard_errors
from twitchstats.journal.source import Source
from twitchstats.variables import load_words, normalise_header

NAME = "workbook"
_LARGEST, _UNPACKED = 200 << 20, 2000 << 20
_MOST_CELLS = 20_000_000
_PLACE = re.compile(rb'[ <]r="([A-Z]{1,3})(\d{1,7})"')
_OLD = b"\xd0\xcf\x11\xe0"


def recognize(head: bytes, path_name: str) -> bool:
    """Say whether a file is a workbook."""
    packed = head.startswith(b"PK\x03\x04") and (
        b"mimetype" in head[:60] or b"[Content_Types].xml" in head or b"xl/" in head
    )
    return packed or (head.startswith(_OLD) and path_name.casefold().endswith(".xls"))


def read(source: Export) -> Source:
    """Read the sheet that holds the table; headers and cells stay as they are, dates become ISO text."""
    rows, notes = read_sheet(source)
    n_titles = count_titles(rows[:50])
    for place, row in enumerate(rows[:n_titles], start=1):
        if any(row):
            notes.append(f"Row {place} stands above the header and is no part of the table.")
    header, body = rows[n_titles], rows[n_titles + 1 :]
    width = max(map(len, rows))
    headers = [cell or f"column {at}" for at, cell in enumerate([*header, *[""] * (width - len(header))], start=1)]
    if len(set(headers)) < len(headers):
        twice = next(header for header in headers if headers.count(header) > 1)
        raise JournalError(f"{source.name} has the column {twice!r} twice. Rename or remove one of them.")
    filled = [place for place, row in enumerate(body) if any(row)]
    padded = [[*body[place], *[""] * (width - len(body[place]))] for place in filled]
    frame = pd.DataFrame(padded, columns=headers, dtype="str").replace("", None)
    empty = [name for name in headers if name.startswith("column ") and frame[name].isna().all()]
    origin = pd.DataFrame({"row": [place + n_titles + 2 for place in filled]})
    return Source({"days": frame.drop(columns=empty)}, (), tuple(notes), origin, len(filled), NAME)


def write_csv(source: Export) -> Export:
    """Return the sheet as a CSV file, so that an app's export that went through a spreadsheet is recognised."""
    rows, _ = read_sheet(source)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    data = text.getvalue().encode("utf-8")
    return Export(source.name, lambda: io.BytesIO(data))


def read_sheet(source: Export) -> tuple[list[list[str]], list[str]]:
    """Return the rows of the sheet that holds the table, from its header on, and what is to be told.

    Raises
    ------
    JournalError
        It can't be opened, or has no sheet with two rows.
    """
    with guard_errors(source.name), source.open() as file:
        data = file.read(_LARGEST + 1)
    notes = _check_size(source.name, data)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = {name: _read_rows(book.get_sheet_by_name(name)) for name in book.sheet_names}
    except (CalamineError, OSError, ValueError) as error:
        raise JournalError(f"{source.name} can't be opened as a workbook: {str(error).rstrip('.')}.") from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # what the library raises where it gives up is no Exception
            raise
        raise JournalError(f"{source.name} can't be opened as a workbook: it is damaged.") from None
    tables = {name: rows for name, rows in sheets.items() if len(rows) > 1}
    if not tables:
        raise JournalError(f"{source.name} has no sheet with a header and a row below it.")
    dated = (name for name, rows in tables.items() if any(_is_date(cell) for row in rows[:10] for cell in row))
    chosen = next(dated, next(iter(tables)))
    rows = tables[chosen]
    alike = [name for name in tables if tables[name][0] == rows[0]]
    at = next((at for at, cell in enumerate(rows[0]) if _is_date(cell)), 0)
    dates = [row[at] for name in alike for row in tables[name][1:] if len(row) > at and row[at]]
    if len(alike) > 1 and len(set(dates)) < len(dates):
        raise JournalError(
            f"{source.name} has the same columns in {len(alike)} sheets ({', '.join(map(repr, alike))}), which tell of "
            "the same days. Put them into one sheet, with a column 'person' if each is a person's."
        )
    rows = [rows[0], *(row for name in alike for row in tables[name][1:])]
    read = " and ".join(map(repr, alike))
    more = " as one, with their rows numbered on" if len(alike) > 1 else ""
    notes += [f"Sheet {read} is read{more}."] if len(sheets) > 1 else []
    notes += [f"Sheet {name!r} with {len(tables[name]):,} rows is not." for name in tables if name not in alike]
    return rows, notes


def _is_date(header: str) -> bool:
    return normalise_header(header) in load_words("date column")


def _check_size(name: str, data: bytes) -> list[str]:
    """Return what is to be told of cells that hold errors; the library reads them as blank.

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
    if any(n_cells > _MOST_CELLS for n_cells, _ in found):
        raise JournalError(
            f"{name} has a sheet that is larger than any diary. Delete what lies far below it or beside it."
        )
    if len(data) > _LARGEST or unpacked > _UNPACKED:
        raise JournalError(f"{name} unpacks to more than {_UNPACKED >> 20} MB, which no diary does. Save it as CSV.")
    n_errors = sum(n for _, n in found)
    return [f"Cells with errors such as #DIV/0! are read as blank: {n_errors:,}."] if n_errors else []


def _scan_sheet(sheet: IO[bytes]) -> tuple[int, int]:
    """Return how many cells the area of a sheet has (one cell at its far end makes it fill all memory), and errors."""
    width, height, errors, rest = 0, 0, 0, b""
    while chunk := sheet.read(1 << 20):
        for letters, digits in _PLACE.findall(rest + chunk):
            width = max(width, sum(26**at * (letter - 64) for at, letter in enumerate(reversed(letters))))
            height = max(height, int(digits))
        errors += chunk.count(b' t="e"')
        rest = chunk[-32:]
    return width * height, errors


def _read_rows(sheet: CalamineSheet) -> list[list[str]]:
    """Return the rows as text; a cell that is merged over several rows stands in each of them."""
    rows = [[_write_cell(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if left == right and top > 0:
            for row in range(top + 1, min(bottom + 1, len(rows))):
                if left < len(rows[row]) and not rows[row][left]:
                    rows[row][left] = rows[top][left]
    first = next((place for place, row in enumerate(rows) if any(row)), len(rows))
    return rows[first:]


def _write_cell(value: Any) -> str:  # noqa: ANN401
    """Return a cell as a CSV would have it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, dt.timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value).strip()
