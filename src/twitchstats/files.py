"""The one reader of bytes and the one writer: a journal is somebody's health, and a file is whole or as it was.

What is written is readable by its owner only, takes the place of the old file in one step, and never goes through a
link or over what it was made from. Text that a spreadsheet would run as a formula is made harmless in every table.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING

from twitchstats.errors import JournalError, OptionError, TwitchstatsError

if TYPE_CHECKING:
    import pandas as pd

StrPath = str | os.PathLike[str]
Replace = bool | Callable[[Path], bool]

_FORMULA = r"=+\-@\t\r\n＝＋－＠"
_RISKY = re.compile(rf"""['"]*[{_FORMULA}]""")
_ESCAPED = re.compile(rf"""'['"]*[{_FORMULA}]""")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?")


def read_file(path: StrPath, *, limit: int | None = None) -> bytes:
    """Return the bytes of a plain file.

    Parameters
    ----------
    path : path
    limit : int, optional
        The most bytes it may have.

    Raises
    ------
    JournalError
        It is no plain file (a pipe or a device may never end, and nothing is read from it), or is larger than `limit`.
    OSError
        There is no such file, or it can't be opened.
    """
    with open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        if limit is not None and size > limit:
            raise JournalError(f"{path} has {size:,} bytes; at most {limit:,} are read. Is it the right file?")
        return file.read()


def open_file(path: StrPath) -> IO[bytes]:
    """Open a plain file for reading; what is none is refused at once, without waiting for anybody to write into it.

    Raises
    ------
    JournalError
        It is a pipe, a socket or a device.
    OSError
        There is no such file, or it can't be opened.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(21, "Is a directory", str(path))
    raise JournalError(f"{path} is {_name_kind(mode)}, not a file. Save what it gives to a file, and name that.")


def check_target(path: StrPath, *, replace: Replace = False, inputs: Iterable[StrPath] = ()) -> Path:
    """Return the path of a file that may be written; called before long work, so that a refusal costs nothing.

    Parameters
    ----------
    path : path
    replace : bool or callable
        Whether a file that is there may be replaced; a callable decides by looking at it.
    inputs : iterable of path
        Files that what is written was made from: none of them is ever replaced.

    Raises
    ------
    OptionError
        The folder is missing; the path is a link, a folder, a pipe or a device, one of the `inputs`, or a file that
        must not be replaced.
    """
    target = Path(path)
    if target.is_symlink():
        raise OptionError(f"{target} is a link, and nothing is written through one. Name the file itself.")
    if not target.parent.is_dir():
        raise OptionError(f"There is no folder {target.parent}. Make it first, or name another.")
    if not target.exists():
        return target
    mode = target.stat().st_mode
    if not stat.S_ISREG(mode):
        raise OptionError(f"{target} is {_name_kind(mode)}, not a file. Name another.")
    if any(Path(other).exists() and target.samefile(other) for other in inputs):
        raise OptionError(f"{target} is what was read, and is never written over. Name another file.")
    if not (replace(target) if callable(replace) else replace):
        raise OptionError(f"{target} is there already and is left as it is. Name another file, or move it away.")
    return target


def write_file(path: StrPath, data: str | bytes, *, replace: Replace = False, inputs: Iterable[StrPath] = ()) -> Path:
    r"""Write a file whole or not at all; only its owner can read it.

    A new file is written beside the old one, forced to the disk and moved into its place: a full disk or a killed
    process leaves the old file as it was.

    Parameters
    ----------
    path : path
    data : str or bytes
        Text is written as UTF-8, its line breaks as they are.
    replace, inputs
        As in `check_target`.

    Returns
    -------
    Path

    Raises
    ------
    OptionError
        As in `check_target`.
    TwitchstatsError
        The disk is full, or the folder can't be written.

    Examples
    --------
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = write_file(Path(folder.name) / "a.csv", "date,twitches\n")
    >>> oct(path.stat().st_mode & 0o777), path.read_text()
    ('0o600', 'date,twitches\n')
    >>> folder.cleanup()
    """
    return write_files({Path(path): data}, replace=replace, inputs=inputs)[0]


def write_files(
    files: Mapping[Path, str | bytes], *, replace: Replace = False, inputs: Iterable[StrPath] = ()
) -> list[Path]:
    """Write files that belong together, each as in `write_file`; none is put into its place before all are written."""
    known = list(inputs)
    targets = [check_target(path, replace=replace, inputs=known) for path in files]
    parts: list[str] = []
    try:
        for target, data in zip(targets, files.values(), strict=True):
            with _tell_failure(target):
                _write_part(target, data.encode("utf-8", "replace") if isinstance(data, str) else data, parts)
        for target, part in zip(targets, parts, strict=True):
            with _tell_failure(target):
                (os.replace if replace else _place_new)(part, target)
    finally:
        for part in parts:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(part)
    for folder in {target.parent for target in targets}:
        with contextlib.suppress(OSError):  # not every system lets a folder be forced to the disk
            _sync_folder(folder)
    return targets


@contextlib.contextmanager
def _tell_failure(target: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError:  # it came while we wrote
        raise OptionError(f"{target} is there already and is left as it is. Name another file.") from None
    except OSError as error:
        raise TwitchstatsError(
            f"{target} can't be written: {error.strerror or error}. What was there before is left as it was."
        ) from None


def _write_part(target: Path, data: bytes, parts: list[str]) -> None:
    """Write a new file beside the target, force it to the disk, and add its name to the parts."""
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.", suffix=".part")
    parts.append(name)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _place_new(name: str, target: Path) -> None:
    """Move a file to a name that must be free; a link can't replace what came in the meantime, a rename would."""
    try:
        os.link(name, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links, such as a memory stick's
        os.rename(name, target)
    else:
        os.unlink(name)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def place_file(written: StrPath, path: StrPath, *, replace: Replace = False) -> Path:
    """Move a file that was written beside its place, being too large for memory, into it; the rest as in `write_file`.

    Parameters
    ----------
    written : path
        In a folder on the same disk.
    path : path
    replace
        As in `check_target`.
    """
    target = check_target(path, replace=replace)
    with _tell_failure(target):
        os.chmod(written, 0o600)
        with open(written, "rb") as file:
            os.fsync(file.fileno())
        (os.replace if replace else _place_new)(str(written), target)
    return target


def as_path(path: StrPath, what: str) -> Path:
    """Return a path, or raise OptionError where it is none.

    >>> as_path(3, "a plan")
    Traceback (most recent call last):
    twitchstats.errors.OptionError: 3 is no path of a plan. Name one.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise OptionError(f"{path!r:.60} is no path of {what}. Name one.")
    return Path(path)


def make_folder(path: StrPath) -> Path:
    """Return a folder, made (for its owner only) where it is not there.

    Raises
    ------
    OptionError
        It is no path, there is a file of that name, or the folder can't be made.
    """
    folder = as_path(path, "a folder")
    if folder.exists() and not folder.is_dir():
        raise OptionError(f"{folder} is a file. Name a folder.")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(f"The folder {folder} can't be made: {error.strerror}. Name another.") from None
    return folder


def write_table(
    frame: pd.DataFrame,
    path: StrPath,
    *,
    float_format: str | None = None,
    replace: Replace = False,
) -> Path:
    """Write a table as CSV, its text made harmless; the rest is as in `write_file`."""
    return write_file(path, format_csv(frame, float_format=float_format), replace=replace)


def format_csv(frame: pd.DataFrame, *, float_format: str | None = None) -> str:
    r"""Return a table as CSV text that no spreadsheet runs: headers and text that begin like a formula are quoted.

    Examples
    --------
    >>> import pandas as pd
    >>> format_csv(pd.DataFrame({"day": [-1.5], "note": ["=1+1"], "value": ["-3"]}))
    "day,note,value\n-1.5,'=1+1,-3\n"
    """
    safe = frame.copy(deep=False)
    for place, kind in enumerate(frame.dtypes):
        if kind.kind not in "biufcmM":
            safe.isetitem(place, frame.iloc[:, place].astype("object").map(_escape_cell))
    safe.columns = [_escape_cell(name) for name in frame.columns]
    return str(safe.to_csv(index=False, lineterminator="\n", float_format=float_format))


def _escape_cell(value: object) -> object:
    """Return a cell as it is written; a carriage return alone would end the row for some readers, and isn't quoted."""
    return escape_formula(value.replace("\r\n", "\n").replace("\r", "\n")) if isinstance(value, str) else value


def escape_formula(text: str) -> str:
    """Return text that no spreadsheet takes for a formula: with an apostrophe before it, unless it is a number.

    Half of Europe's spreadsheets cut a row at semicolons, quoted or not, so what follows one begins a cell, too.

    >>> [escape_formula(text) for text in ("=1+1", "＝1", "-3", "-3 points", "plain;=1", "'=1")]
    ["'=1+1", "'＝1", '-3', "'-3 points", "plain;'=1", "''=1"]
    """
    return ";".join(
        f"'{part}" if _RISKY.match(part) and not _NUMBER.fullmatch(part) else part for part in text.split(";")
    )


def unescape_formula(text: str) -> str:
    """Return text as it was before `escape_formula`.

    >>> [unescape_formula(text) for text in ("'=1+1", "'＝1", "-3", "plain;'=1", "''=1", "'tis")]
    ['=1+1', '＝1', '-3', 'plain;=1', "'=1", "'tis"]
    """
    return ";".join(part[1:] if _ESCAPED.match(part) else part for part in text.split(";"))


def _name_kind(mode: int) -> str:
    kinds = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))
    return next((name for is_kind, name in kinds if is_kind(mode)), "a device")
