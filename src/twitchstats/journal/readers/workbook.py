"""Workbooks (xlsx, ods, xls): the first sheet that holds a table, as the text it shows."""

import csv
import datetime as dt
import io
import re
import zipfile
from typing import IO, Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from twitchstats.errors import JournalError
from twitchstats.journal.dates import read_date, tell_parts
from twitchstats.journal.layout import count_titles
from twitchstats.journal.source import guard_errors
from twitchstats.variables import load_words, normalise_header, word_set

_LARGEST, _UNPACKED = 200 << 20, 2000 << 20
_MOST_CELLS = 20_000_000
_PLACE = re.compile(rb'[ <]r="([A-Z]{1,3})(\d{1,7})"')
Rows = list[list[str]]


def write_csv(data: bytes, name: str) -> tuple[bytes, list[str]]:
    """Return the sheet that holds the table as a CSV file, line by line as its rows, and what is to be told.

    Raises
    ------
    JournalError
        It can't be opened, is larger than any diary, or has no sheet with two rows.
    """
    notes = _check_size(name, data)
    sheets = _open_sheets(data, name)
    rows, told = _join_alike(sheets, name)
    at = _find_header(rows)
    width = max(map(len, rows))
    rows[at] += [""] * (width - len(rows[at]))
    for place in range(width):  # what stands beside the table is kept, if it has no name
        if not rows[at][place] and any(place < len(row) and row[place] for row in rows[at + 1 :]):
            rows[at][place] = f"column {place + 1}"
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([*row, *[""] * (width - len(row))] for row in rows)
    return text.getvalue().encode(), [*notes, *told]


def _open_sheets(data: bytes, name: str) -> dict[str, Rows]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        return {sheet: _read_rows(book.get_sheet_by_name(sheet)) for sheet in book.sheet_names}
    except (CalamineError, OSError, ValueError) as error:
        raise JournalError(f"{name} can't be opened as a workbook: {str(error).rstrip('.')}.") from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # what the library raises where it gives up is no Exception
            raise
        raise JournalError(f"{name} can't be opened as a workbook: it is damaged.") from None


def _join_alike(sheets: dict[str, Rows], name: str) -> tuple[Rows, list[str]]:
    """Return the rows of the first sheet with dates, and below them those of all sheets with the same header."""
    heads = {sheet: _find_header(rows) for sheet, rows in sheets.items() if sum(map(any, rows)) > 1}
    if not heads:
        raise JournalError(f"{name} has no sheet with a header and a row below it.")
    dated = (sheet for sheet in heads if any(map(_is_date, sheets[sheet][heads[sheet]])))
    chosen = next(dated, next(iter(heads)))
    header = sheets[chosen][heads[chosen]]
    alike = [sheet for sheet, at in heads.items() if sheets[sheet][at] == header]
    bodies = {sheet: sheets[sheet][heads[sheet] + 1 :] for sheet in alike}
    named = not word_set("person column").isdisjoint(map(normalise_header, header))
    if tell_parts(alike) or named:
        _date_rows(bodies, next((at for at, cell in enumerate(header) if _is_date(cell)), 0), "" if named else name)
    else:
        header.append("sheet name" if "sheet" in map(normalise_header, header) else "sheet")
        bodies = {sheet: [[*row, sheet] if any(row) else row for row in body] for sheet, body in bodies.items()}
    more = " as one, with their rows numbered on" if len(alike) > 1 else ""
    notes = [f"sheet {' and '.join(map(repr, alike))} is read{more}"] if len(sheets) > 1 else []
    notes += [f"sheet {sheet!r} with {len(sheets[sheet]):,} rows is not read" for sheet in heads if sheet not in alike]
    above = sheets[chosen][: heads[chosen] + 1]
    return [*above, *(row for body in bodies.values() for row in body)], notes


def _date_rows(bodies: dict[str, Rows], at: int, name: str) -> None:
    """Write the days of sheets that are called by month and year ('March 2024') as dates; refuse days told twice.

    Where rows say whose they are (no `name`), the same days are no two entries of one.
    """
    rows = [(sheet, row) for sheet, body in bodies.items() for row in body if len(row) > at and row[at]]
    if all(re.fullmatch(r"\d{1,2}", row[at]) for _, row in rows):
        for sheet, row in rows:
            if first := read_date(f"1 {sheet}"):
                row[at] = f"{first:%Y-%m}-{int(row[at]):02}"
    if name and len(bodies) > 1 and len({row[at] for _, row in rows}) < len(rows):
        raise JournalError(
            f"{name} has the same columns in {len(bodies)} sheets ({', '.join(map(repr, bodies))}), which tell of the "
            "same days. Put them into one sheet, with a column 'person' if each is a person's, and with full dates "
            "(2024-03-31) if each is a month's."
        )


def _find_header(rows: Rows) -> int:
    filled = [place for place, row in enumerate(rows[:60]) if any(row)]
    return filled[count_titles([rows[place] for place in filled])] if filled else 0


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
    return [f"cells with errors such as #DIV/0! are read as blank: {n_errors:,}"] if n_errors else []


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


def _read_rows(sheet: CalamineSheet) -> Rows:
    """Return the rows as text; a cell that is merged over several rows stands in each of them."""
    rows = [[_write_cell(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if left == right and top > 0:
            for row in range(top + 1, min(bottom + 1, len(rows))):
                if left < len(rows[row]) and not rows[row][left]:
                    rows[row][left] = rows[top][left]
    return rows


def _write_cell(value: Any) -> str:  # noqa: ANN401
    """Return a cell as a CSV would have it, on one line."""
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
    return value.isoformat() if isinstance(value, dt.date | dt.time) else " ".join(str(value).split())
