"""Readers for what people have: one small module for each format, found by looking at the file, or named."""

import os
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

from twitchstats.errors import JournalError, unknown_name
from twitchstats.files import open_file
from twitchstats.journal.keys import SOLE_PERSON
from twitchstats.journal.layout import Source
from twitchstats.journal.readers import (
    apple_health,
    bearable,
    clue,
    daylio,
    event_log,
    fitbit,
    flaredown,
    flaredown_public,
    google_fit,
    long_table,
    migraine_buddy,
    mpath,
    oura,
    redcap,
    samsung_health,
    track_and_graph,
    visible,
)
from twitchstats.journal.readers.export import Export, list_exports
from twitchstats.journal.readers.join import PER_FILE, join_sources, mark_outside, read_plain
from twitchstats.journal.source import HEAD, PACKED, TABLES

__all__ = ["READERS", "find_reader", "gather_sources", "join_sources", "list_formats", "mark_outside", "read_source"]

_MOST = 512 << 20  # bytes of an open file in which a format is looked for

# Each has NAME, recognize(head) and read(export); those that could take another's file come last.
READERS: tuple[ModuleType, ...] = (
    bearable, daylio, flaredown, flaredown_public, visible, track_and_graph, samsung_health, fitbit,
    oura, google_fit, redcap, mpath, clue, migraine_buddy, apple_health, long_table, event_log,
)  # fmt: skip
_SHAPES = (long_table, event_log)  # of tables by anybody


def list_formats() -> list[str]:
    """Return the names of all formats.

    >>> list_formats()[:2]
    ['Bearable', 'Daylio']
    """
    return [reader.NAME for reader in READERS]


def find_reader(export: Export, *, format: str | None = None) -> ModuleType | None:
    """Return the reader of a file: the one that is named, or that knows it by its first bytes.

    Raises
    ------
    UnknownNameError
        No format has that name.
    """
    if format is not None:
        names = {reader.NAME.casefold(): reader for reader in READERS}
        if format.casefold() not in names:
            raise unknown_name("format", format, list_formats())
        return names[format.casefold()]
    head = export.head()
    return next((reader for reader in READERS if reader.recognize(head)), None)


def read_source(
    source: Any,  # noqa: ANN401
    *,
    format: str | None = None,
    person: str | None = None,
    date: str | None = None,
    **options: str | None,
) -> Source | None:
    """Return what the reader of a format makes of a source, or an archive of such; None where it is a plain table.

    Options are as `read_journal` takes them; `person` and `date` name columns of plain tables in an archive.

    Raises
    ------
    JournalError
        The export is damaged, or its reader can't read it.
    UnknownNameError
        No format has that name.
    """
    whole = _open_source(source, {"person": person, **options}, known=format is not None)
    if whole is None:
        if format is not None:
            raise JournalError(f"format={format!r} needs a file or an open file of bytes.")
        return None
    exports = list_exports(whole)
    if exports != [whole]:
        return _name_file(_read_archive(whole.name, exports, format, person, date), whole.name)
    reader = find_reader(whole, format=format)
    if reader in _SHAPES and date is not None and format is None:
        return None  # who names the dates of a table takes its rows for days
    return _name_file(reader.read(whole), whole.name) if reader else None


def _name_file(source: Source, name: str) -> Source:
    """Return a source that knows the name of its file."""
    return replace(source, days=replace(source.days, source=name))


def gather_sources(
    sources: Sequence[Any],
    weather: Any = None,  # noqa: ANN401
    *,
    format: str | None = None,
    person: str | None = None,
    date: str | None = None,
    delimiter: str | None = None,
    **options: str | None,
) -> Source | None:
    """Return several sources of one journal as one, joined by person and date; None for a plain table alone.

    Options are as `read_journal` takes them: `person` and `date` for all that have these columns, others for the first.

    Raises
    ------
    JournalError
        One of them can't be read; a plain table has no dates.
    """
    keys: dict[str, Any] = {"person": person, "date": date}
    first = read_source(sources[0], format=format, **keys, **options)
    if len(sources) == 1 and weather is None and person != PER_FILE:
        return first
    first = first or read_plain(sources[0], delimiter=delimiter, first=True, **keys, **options)
    others = [read_source(one, **keys) or read_plain(one, **keys) for one in sources[1:]]
    last = [] if weather is None else [mark_outside(read_source(weather) or read_plain(weather))]
    return join_sources([first, *others, *last], person=person)


def _read_archive(name: str, exports: list[Export], format: str | None, person: str | None, date: str | None) -> Source:
    """Read all files of an archive that are known, else its plain tables, and join them; the others are counted."""
    found = [(export, find_reader(export, format=format)) for export in exports]
    sources = [reader.read(export) for export, reader in found if reader is not None]
    tables = [export for export in exports if export.is_sheet or export.name.casefold().endswith(TABLES)]
    if not sources and not tables:
        raise JournalError(
            f"{name} is an archive that holds no table and no file of a known format. Unpack it, and name the table. "
            f"Known: {', '.join(list_formats())}."
        )
    if not sources:
        first = len(tables) == 1
        return join_sources([_read_table(one, person=person, date=date, first=first) for one in tables], person=person)
    joined = join_sources(sources, person=SOLE_PERSON)  # an app's archive is one person's
    unread = [export.name for export, reader in found if reader is None]
    if not unread:
        return joined
    shown = ", ".join(unread[:5]) + (", ..." if len(unread) > 5 else "")
    note = f"{len(unread):,} other files of the archive are not read: {shown}."
    return replace(joined, notes=(*joined.notes, note))


def _read_table(export: Export, **asked: Any) -> Source:  # noqa: ANN401
    """Read a plain table in an archive."""
    with export.open() as file:
        source = read_plain(file, name=export.name, encoding=export.encoding, date_format=export.date_format, **asked)
    return replace(source, notes=(*export.notes, *source.notes))


def _open_source(source: Any, options: dict[str, Any], *, known: bool) -> Export | None:  # noqa: ANN401
    """Return a source as an export; None for a data frame, text, or what isn't there."""
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        if not path.is_file():
            return None  # the reader of plain tables says what is wrong
        return Export(path.name, lambda: open_file(path), **options)
    head = _read_open(source, HEAD) if hasattr(source, "read") else None
    name = Path(str(getattr(source, "name", ""))).name or "The export"
    if head is None or not (known or head.startswith(PACKED) or find_reader(Export(name, lambda: BytesIO(head)))):
        return None  # a plain table is not read twice
    data = _read_open(source, _MOST)
    return None if data is None else Export(name, lambda: BytesIO(data), **options)


def _read_open(file: Any, size: int) -> bytes | None:  # noqa: ANN401
    """Return the first bytes of an open file, and leave it where it was; None for a stream that comes only once.

    None as well where so many bytes are only the beginning of a device that never ends.
    """
    try:
        place = file.tell()
        data = file.read(size)
        file.seek(place)
    except (OSError, ValueError, AttributeError):
        return None
    if len(data) == _MOST:
        return None
    return data.encode("utf-8", "replace") if isinstance(data, str) else bytes(data)
