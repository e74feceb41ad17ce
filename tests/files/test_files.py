"""What is written is whole or as it was, readable by its owner only, and runs in no spreadsheet."""

import csv
import errno
import io
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twitchstats import files
from twitchstats.errors import JournalError, OptionError, TwitchstatsError
from twitchstats.files import (
    check_target,
    escape_formula,
    format_csv,
    make_folder,
    open_file,
    read_file,
    unescape_formula,
    write_file,
    write_files,
    write_table,
)

SIGNS = "=+-@\t\r\n＝＋－＠"


def raises(kind, message):
    return pytest.raises(kind, match=f"^{re.escape(message)}$")


def list_names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_the_owner_can_read_what_is_written(tmp_path, umask):
    before = os.umask(umask)
    try:
        path = write_file(tmp_path / "a.txt", "x")
        folder = make_folder(tmp_path / "deep" / "er")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0
    assert list_names(tmp_path) == ["a.txt", "deep"]


def test_an_open_file_that_is_replaced_becomes_private(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(0o666)
    assert write_file(path, b"new\r\n", replace=True).read_bytes() == b"new\r\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_there_is_replaced_only_if_asked(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    message = f"{path} is there already and is left as it is. Name another file, or move it away."
    for refuse in (False, lambda found: found.read_text() == "new"):
        with raises(OptionError, message):
            write_file(path, "new", replace=refuse)
    assert path.read_text() == "old"
    write_file(path, "new", replace=lambda found: found.read_text() == "old")
    assert path.read_text() == "new"


def test_a_file_that_comes_in_the_meantime_is_left(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"

    def come(*given, **options):
        path.write_text("somebody else's")
        return path

    monkeypatch.setattr(files, "check_target", come)
    with raises(OptionError, f"{path} is there already and is left as it is. Name another file."):
        write_file(path, "new")
    assert path.read_text() == "somebody else's"
    assert list_names(tmp_path) == ["a.txt"]


def test_nothing_is_written_over_its_own_input(tmp_path):
    journal = tmp_path / "journal.csv"
    journal.write_text("date,twitches\n")
    same = tmp_path / "hard link.csv"
    os.link(journal, same)
    for path in (journal, same):
        with raises(OptionError, f"{path} is what was read, and is never written over. Name another file."):
            write_file(path, "x", replace=True, inputs=[tmp_path / "none", journal])
    assert journal.read_text() == "date,twitches\n"


@pytest.mark.parametrize("there", [True, False])
def test_nothing_is_written_through_a_link(tmp_path, there):
    target, link = tmp_path / "target", tmp_path / "link"
    if there:
        target.write_text("old")
    link.symlink_to(target)
    with raises(OptionError, f"{link} is a link, and nothing is written through one. Name the file itself."):
        write_file(link, "new", replace=True)
    assert target.exists() == there
    assert not there or target.read_text() == "old"


def test_what_is_no_file_is_not_written_to(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name, kind in (("pipe", "a pipe"), ("folder", "a folder")):
        with raises(OptionError, f"{tmp_path / name} is {kind}, not a file. Name another."):
            check_target(tmp_path / name, replace=True)
    with raises(OptionError, "/dev/null is a device, not a file. Name another."):
        check_target("/dev/null", replace=True)
    with raises(OptionError, f"There is no folder {tmp_path / 'none'}. Make it first, or name another."):
        check_target(tmp_path / "none" / "a.csv")


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with raises(OptionError, f"{tmp_path / 'file'} is a file. Name a folder."):
        make_folder(tmp_path / "file")
    with raises(OptionError, f"The folder {tmp_path / 'file' / 'x'} can't be made: Not a directory. Name another."):
        make_folder(tmp_path / "file" / "x")
    with raises(OptionError, "['a'] is no path of a folder. Name one."):
        make_folder(["a"])


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch, step):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail(*given):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, step, fail)
    message = f"{path} can't be written: No space left on device. What was there before is left as it was."
    with raises(TwitchstatsError, message):
        write_file(path, "new", replace=True)
    assert path.read_text() == "old"
    assert list_names(tmp_path) == ["a.txt"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_disk_that_is_full_from_the_start(tmp_path, monkeypatch):
    """/dev/full takes nothing: the first bytes that are flushed fail."""
    path = tmp_path / "a.txt"
    path.write_text("old")
    name = tmp_path / "part"
    name.write_text("")
    monkeypatch.setattr(files.tempfile, "mkstemp", lambda **options: (os.open("/dev/full", os.O_WRONLY), str(name)))
    message = f"{path} can't be written: No space left on device. What was there before is left as it was."
    with raises(TwitchstatsError, message):
        write_file(path, "new", replace=True)
    assert path.read_text() == "old"
    assert list_names(tmp_path) == ["a.txt"]


def test_files_that_belong_together_are_written_together_or_not_at_all(tmp_path, monkeypatch):
    paths = [tmp_path / name for name in "ab"]
    for path in paths:
        path.write_text("old")
    synced = []

    def fail(descriptor):
        synced.append(descriptor)
        if len(synced) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)
    message = f"{paths[1]} can't be written: No space left on device. What was there before is left as it was."
    with raises(TwitchstatsError, message):
        write_files(dict.fromkeys(paths, "new"), replace=True)
    assert [path.read_text() for path in paths] == ["old", "old"]
    assert list_names(tmp_path) == ["a", "b"]
    assert [path.read_text() for path in write_files(dict.fromkeys(paths, "new"), replace=True)] == ["new", "new"]


KILLED = """
import os, signal, sys
from twitchstats import files
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
files.write_file(sys.argv[1], "new" * 1000, replace=True)
"""


def test_a_killed_process_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "old"


def test_a_file_system_without_links_will_do(tmp_path, monkeypatch):
    def fail(*given):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", fail)
    assert write_file(tmp_path / "a.txt", "x").read_text() == "x"
    assert list_names(tmp_path) == ["a.txt"]


def test_plain_files_are_read(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"abc")
    assert read_file(path) == read_file(path, limit=3) == b"abc"
    with raises(JournalError, f"{path} has 3 bytes; at most 2 are read. Is it the right file?"):
        read_file(path, limit=2)
    with pytest.raises(FileNotFoundError):
        open_file(tmp_path / "none")
    with pytest.raises(IsADirectoryError):
        open_file(tmp_path)


def test_a_pipe_or_a_device_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    begun = time.monotonic()
    for path, kind in ((tmp_path / "pipe", "a pipe"), ("/dev/zero", "a device")):
        with raises(JournalError, f"{path} is {kind}, not a file. Save what it gives to a file, and name that."):
            read_file(path)
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize("sign", SIGNS)
def test_no_cell_and_no_header_begins_like_a_formula(sign):
    text = f"{sign}HYPERLINK('x')"
    frame = pd.DataFrame({text: [text, "plain"], "group": pd.Categorical([text, "b"]), "any": [text, 3.5]})
    written = format_csv(frame)
    rows = list(csv.reader(io.StringIO(written, newline="")))
    safe = f"'{text}".replace("\r", "\n")
    assert rows[0] == [safe, "group", "any"]
    assert rows[1] == [safe] * 3
    assert rows[2] == ["plain", "b", "3.5"]
    assert list(frame.columns) == [text, "group", "any"]


def test_numbers_stay_numbers():
    frame = pd.DataFrame(
        {"a": [-1.5, np.nan], "b": pd.array([-3, None], dtype="Int64"), "c": ["-4", "+1,5e-3"], "d": [True, False],
         "e": ["-4 points", "-"]}
    )  # fmt: skip
    assert format_csv(frame) == "a,b,c,d,e\n-1.5,-3,-4,True,'-4 points\n,,\"+1,5e-3\",False,'-\n"
    assert format_csv(pd.DataFrame({"x": [1 / 3]}), float_format="%.3g") == "x\n0.333\n"


@pytest.mark.parametrize("text", ["2025-01-16", "07:30", ".5", "/x", "'tis", "a=b", "ａ＝", "", "5 - 3", "!", "0"])
def test_what_is_no_formula_stays_as_it_is(text):
    assert escape_formula(text) == text


def test_a_table_is_written_as_a_file_is(tmp_path):
    path = write_table(pd.DataFrame({"x": ["=1"]}), tmp_path / "a.csv")
    assert path.read_bytes() == b"x\n'=1\n"
    with raises(OptionError, f"{path} is there already and is left as it is. Name another file, or move it away."):
        write_table(pd.DataFrame({"x": ["=1"]}), path)


@given(st.text(st.sampled_from(SIGNS + "'\".1;,e ab")))
def test_what_was_made_harmless_reads_back(text):
    """What a reader has made of any cell is written so that it reads the same again."""
    known = unescape_formula(text)
    safe = escape_formula(known)
    assert unescape_formula(safe) == known
    for part in safe.split(";"):
        assert not part.lstrip('"').startswith(tuple(SIGNS)) or files._NUMBER.fullmatch(part)


@pytest.mark.parametrize("text", ["a\r=1+1", "a\r\n=1+1", "a\n=1+1", "\r\n=1"])
def test_no_line_break_begins_a_row_of_its_own(text):
    """A carriage return alone ends a row for a spreadsheet, and the csv module doesn't quote it."""
    written = format_csv(pd.DataFrame({"note": [text], "n": [1]}))
    assert "\r" not in written
    assert list(csv.reader(io.StringIO(written)))[1][0].lstrip("'") == text.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("text", ["3;=1+1", '3;"=1+1"', "3;\t=1", "x;;@y"])
def test_a_semicolon_begins_no_formula(text):
    written = format_csv(pd.DataFrame({"day": [1], "note": [text]}))
    cells = [cell.lstrip('"') for row in written.splitlines() for cell in row.split(";")]
    assert not [cell for cell in cells if cell.startswith(tuple(SIGNS))]


def test_two_writers_leave_one_whole_file(tmp_path):
    path = tmp_path / "a.txt"
    texts = [str(number) * 200_000 for number in range(4)]
    writers = [threading.Thread(target=write_file, args=(path, text), kwargs={"replace": True}) for text in texts]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert path.read_text() in texts
    assert list_names(tmp_path) == ["a.txt"]
