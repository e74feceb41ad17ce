"""Files: what they are, how they are encoded, what separates their cells; malformed ones."""

import hashlib
import io
import os
import re
import time

import numpy as np
import pandas as pd
import pytest

from twitchstats.errors import JournalError, OptionError
from twitchstats.journal import layout, read_journal, source
from twitchstats.journal.source import LINE_LIMIT

PLAIN = "date,twitches,sleep,notes\n2024-03-01,3,7.5,Café\n2024-03-02,4,6.25,ok\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1"]
)
def test_encodings_are_recognised(read, encoding):
    journal = read(PLAIN.encode(encoding))
    pd.testing.assert_frame_equal(journal.days, read(PLAIN).days)
    assert journal.days["notes"].to_list() == ["Café", "ok"]
    assert journal.checksum == hashlib.sha256(PLAIN.encode(encoding)).hexdigest()


def test_an_encoding_can_be_named(read):
    assert (
        read("date,twitches,notes\n2024-03-01,3,Łódź\n".encode("cp1250"), encoding="cp1250").days["notes"].iloc[0]
        == "Łódź"
    )


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_recognised(read, sign, newline):
    journal = read(PLAIN.replace(",", sign).replace("\n", newline).encode())
    pd.testing.assert_frame_equal(journal.days, read(PLAIN).days)


def test_columns_of_a_fixed_width_are_parted_by_their_blanks(read):
    rows = [line.split(",") for line in PLAIN.splitlines()]
    lines = [f" {cells[0]:<14}" + "".join(f"{cell:>12}" for cell in cells[1:]) for cells in rows]
    pd.testing.assert_frame_equal(read("\n".join(lines)).days, read(PLAIN).days)


def test_decimal_commas_with_semicolons(read):
    journal = read("date;twitches;sleep\n1.3.2024;1.234;7,5\n2.3.2024;12;6,25\n")
    assert journal.days.to_numpy().tolist() == [[1234, 7.5], [12, 6.25]]


def test_decimal_commas_in_quotes_between_commas(read):
    assert read('date,sleep\n2024-03-01,"7,5"\n').days["sleep"].to_list() == [7.5]


def test_the_decimal_sign_can_be_named(read):
    assert read('date,fluid\n2024-03-01,"1,234"\n', decimal=",").days["fluid"].to_list() == [1.234]


def test_the_separator_line_of_spreadsheets_is_understood_and_counted(read):
    journal = read("sep=;\ndate;twitches\n2024-03-01;3\n2024-03-02;x\n")
    assert journal.rejects["row"].to_list() == [4]


def test_a_delimiter_can_be_named(read):
    pd.testing.assert_frame_equal(read(PLAIN.replace(",", "^"), delimiter="^").days, read(PLAIN).days)
    pd.testing.assert_frame_equal(read(PLAIN.replace(",", "\t"), delimiter="tab").days, read(PLAIN).days)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"delimiter": "::"}, "delimiter='::' is not possible. Give one character, such as ',' or ';', or 'tab'."),
        ({"encoding": "klingon"}, "encoding='klingon' is not known. Use for example 'utf-8', 'utf-16' or 'cp1252'."),
        ({"decimal": ";"}, "decimal=';' is not possible. Choose one of '.', ','."),
        ({"order": "random"}, "order='random' is not possible. Choose one of 'auto', 'date', 'day', 'none'."),
    ],
)
def test_impossible_options_are_refused(read, options, message):
    with pytest.raises(OptionError, match=re.escape(message)):
        read(PLAIN, **options)


def test_a_wrong_encoding_is_told(read):
    message = "The days table is not ascii: byte 47 doesn't fit. Leave encoding= out to have it recognised."
    with pytest.raises(JournalError, match=re.escape(message)):
        read(PLAIN.encode(), encoding="ascii")


def test_blank_lines_and_rows_of_nothing_are_no_rows(read):
    journal = read("\n\ndate,twitches,\n\n2024-03-01,3,\n,,\n  ,\n2024-03-02,x,,,\n\n")
    assert journal.rows_read == 2
    assert journal.rejects["row"].to_list() == [8]
    assert journal.days.columns.to_list() == ["twitches"]


def test_line_numbers_count_lines_even_where_a_cell_has_several(read):
    journal = read('date,twitches,notes\n2024-03-01,3,"one\ntwo\nthree"\n2024-03-02,x,\n')
    assert journal.days["notes"].iloc[0] == "one\ntwo\nthree"
    assert journal.rejects["row"].to_list() == [5]


RAGGED = "look for a missing or an extra separator, or quote cells that contain one"


def test_ragged_rows_are_dropped_whole_and_told(read):
    journal = read("date,twitches,notes\n2024-03-01,3\n2024-03-02,4,a\n2024-03-03,5,b,c\n")
    assert journal.rows_read == 3
    assert len(journal.days) == 1
    assert journal.rejects.loc[journal.rejects["row"].notna()].to_numpy().tolist() == [
        ["days", 2, "", "2024-03-01,3", "ragged_row", f"row 2 has 2 cells where the header has 3; {RAGGED}",
        "row dropped"],
        ["days", 4, "", "2024-03-03,5,b,c", "ragged_row", f"row 4 has 4 cells where the header has 3; {RAGGED}",
        "row dropped"],
    ]  # fmt: skip


UNCLOSED = 'its quotation mark (") is not closed. Close it, or remove it, and read again.'


@pytest.mark.parametrize(
    ("content", "row"),
    [
        ('date,twitches,notes\n2024-03-01,3,"open\n2024-03-02,4,a\n', 2),
        ('date,twitches,notes\n2024-03-01,3,a\n2024-03-02,4,"open', 3),
        ('date,twitches,notes\n2024-03-01,3,"closed"\n2024-03-02,4,"open\n', 3),
    ],
)
def test_a_quote_that_is_never_closed_is_told(read, content, row):
    message = f"The days table: a cell in row {row} never ends: {UNCLOSED}"
    with pytest.raises(JournalError, match=re.escape(message)):
        read(content)


def test_an_open_quote_before_much_text_is_told(read):
    rows = "".join(f"2024-03-01,{n},{'word ' * 20}\n" for n in range(3000))
    message = (
        'The days table: a cell in row 3 never ends: its quotation mark (") is not closed or is longer than 131,072 '
        "characters. Close it, or remove it, and read again."
    )
    with pytest.raises(JournalError, match=re.escape(message)):
        read('date,twitches,notes\n2024-03-01,3,a\n2024-03-02,4,"open\n' + rows)


def test_quotes_inside_a_cell_do_no_harm(read):
    assert read('date,twitches,notes\n2024-03-01,3,5" nail\n').days["notes"].to_list() == ['5" nail']


def test_nul_bytes_at_the_end_are_left_out_and_told(read):
    journal = read(b"date,twitches\n2024-03-01,1\n2024-03-02,2\n" + bytes(300))
    assert journal.days["twitches"].to_list() == [1, 2]
    assert journal.rejects["message"].to_list() == [
        "it ends in NUL bytes, as files do after a loss of power; see that its last rows are there"
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The days table is empty. A journal starts with a header row, such as date,twitches,stress."),
        (b"\n \r\n\n", "The days table is empty. A journal starts with a header row, such as date,twitches,stress."),
        ("".encode("utf-8-sig"),
        "The days table is empty. A journal starts with a header row, such as date,twitches,stress."),
        (b"date,twitches\n", "The days table has a header but no rows. Add a row for each day."),
        (b"date,twitches\n\n,\n", "The days table has a header but no rows. Add a row for each day."),
        (
            b"date,twitches,twitches\n2024-03-01,1,2\n",
            "The days table: the header 'twitches' stands 2 times (columns 2 and 3). Rename or remove all but one.",
        ),
        (
            b"PK\x03\x04\x14\x00\x06\x00",
            "The export can't be unpacked: File is not a zip file. Export it again, without a password.",
        ),
        (
            b"PK\x05\x06" + bytes(18),
            "The days table is not a CSV file: it seems to be a zip archive that holds nothing. Give the file itself.",
        ),
        (
            b"\x89PNG\r\n\x1a\n\x00\x00",
            "The days table is not a CSV file: it seems to be a PNG picture. Give the CSV file itself.",
        ),
        (b"%PDF-1.7", "The days table is not a CSV file: it seems to be a PDF document. Export the table as CSV."),
        (
            b"\x1f\x8b\x08\x00",
            "The export.csv can't be unpacked: Compressed file ended before the end-of-stream marker was reached. "
            "Export it again, without a password.",
        ),
        (b"BZh91AY", "The days table is not a CSV file: it seems to be a bzip2 archive. Unpack it first."),
        (
            b"<!DOCTYPE html><html>",
            "The days table is not a CSV file: it seems to be a web page. Export the table as CSV.",
        ),
        (b'[{"date": 1}]', "The days table is not a CSV file: it seems to be a JSON file. Export the table as CSV."),
        (
            b"date,twitches\n2024-03-01,\x00\x01\x02\n",
            "The days table is not a CSV file: it holds NUL bytes, so it seems to be binary. Export it as CSV.",
        ),
        (
            b"date\n2024-03-01\n",
            "The table has no column besides person and date. Add one for each variable.",
        ),
    ],
)  # fmt: skip
def test_what_is_no_journal_is_told_in_one_sentence(read, content, message):
    with pytest.raises(JournalError) as caught:
        read(content)
    assert str(caught.value) == message


class EndlessLine(io.RawIOBase):
    """A line of a gigabyte that counts what is taken from it."""

    taken = 0

    def read(self, size=-1):
        assert size > 0, "must not be read in one go"
        self.taken += size
        return b"9" * size if self.taken < 1 << 30 else b""


def test_a_line_of_a_gigabyte_is_refused_after_little_reading():
    stream = EndlessLine()
    message = (
        "The days table: line 1 is longer than 1,048,576 characters; a diary's rows are short. "
        "Is this a CSV file, with one row for each day?"
    )
    with pytest.raises(JournalError, match=re.escape(message)):
        read_journal(stream)
    assert stream.taken <= 2 * LINE_LIMIT


def test_the_number_of_a_long_line_is_told(read):
    with pytest.raises(JournalError, match=r"line 3 is longer than 1,048,576 characters"):
        read("date,twitches\n2024-03-01,1\n2024-03-02," + "9" * (3 * LINE_LIMIT))


def test_too_many_columns_are_refused(read):
    message = "The days table has 10,001 columns; at most 10,000 can be read."
    with pytest.raises(JournalError, match=re.escape(message)):
        read(",".join(f"c{n}" for n in range(10_001)) + "\n")


def test_paths_that_lead_nowhere(tmp_path):
    (tmp_path / "journal.csv").write_text(PLAIN, encoding="utf-8")
    missing = tmp_path / "jurnal.csv"
    message = f"There is no file {str(missing)!r}. Did you mean {str(tmp_path / 'journal.csv')!r}?"
    with pytest.raises(JournalError, match=re.escape(message)):
        read_journal(missing)
    with pytest.raises(JournalError, match=re.escape(f"{str(tmp_path)!r} is a folder. Give the CSV file in it.")):
        read_journal(tmp_path)
    nowhere = tmp_path / "no" / "journal.csv"
    with pytest.raises(JournalError, match=re.escape(f"There is no folder {str(nowhere.parent)!r} either.")):
        read_journal(str(nowhere))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (7, "The days table is of type int. Give a path, an open file or a data frame."),
        (None, "The days table is of type NoneType. Give a path, an open file or a data frame."),
        (PLAIN, "The source is text with line breaks, not a path. Wrap it: read_journal(io.StringIO(text))."),
        (pd.DataFrame(), "The days DataFrame is empty. A journal has a date column and a column for each variable."),
        (pd.DataFrame({"date": []}), "The days DataFrame has columns but no rows. Add a row for each day."),
    ],
)
def test_sources_of_another_kind(source, message):
    with pytest.raises(JournalError, match=re.escape(message)):
        read_journal(source)


def test_path_file_and_frame_give_the_same(tmp_path, read):
    path = tmp_path / "journal.csv"
    path.write_text(PLAIN, encoding="utf-8")
    by_path = read_journal(path)
    assert by_path.source == "journal.csv"
    with path.open("rb") as as_bytes, path.open(encoding="utf-8") as as_text:
        others = [
            read_journal(as_bytes),
            read_journal(as_text),
            read_journal(str(path)),
            read_journal(pd.read_csv(path)),
        ]
    for other in others:
        pd.testing.assert_frame_equal(other.days, by_path.days)
        pd.testing.assert_frame_equal(other.variables, by_path.variables)
    assert [other.checksum == by_path.checksum for other in others] == [True, True, True, False]


def test_pipes_and_endless_streams_end_in_one_message(tmp_path, monkeypatch):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(JournalError) as caught:
        read_journal(pipe)
    assert str(caught.value) == (f"{pipe} is a pipe, not a file. Save what it gives to a file, and name that.")
    monkeypatch.setattr(source, "PIPE_WAIT", 0.1)
    end, start = os.pipe()
    os.write(start, b"date,twitches\n")
    with os.fdopen(end, "rb") as stream, pytest.raises(JournalError) as caught:
        read_journal(stream)
    assert "nothing came through the pipe for 0 seconds, and it is still open. Save the journal to a file" in str(
        caught.value
    )
    os.close(start)


def test_a_pipe_without_end_is_left(monkeypatch):
    monkeypatch.setattr(source, "PIPE_LIMIT", 30)
    end, start = os.pipe()
    os.write(start, b"date,twitches\n" * 5)
    with os.fdopen(end, "rb") as stream, pytest.raises(JournalError) as caught:
        read_journal(stream)
    os.close(start)
    assert str(caught.value) == (
        "More than 30 bytes came through the pipe, and no end. Save the journal to a file first."
    )


@pytest.mark.parametrize("header", ["(" * 100_000, "x" + " " * 99_999 + "y"])
def test_a_header_that_is_no_name_is_refused(read, header):
    long = "The days table: the header of column 2 is 100,000 characters long; at most 1,000 can be a name. "
    with pytest.raises(JournalError) as caught:
        read(f"date,{header}\n2024-03-01,1\n")
    assert str(caught.value).replace("100,001", "100,000") == f"{long}Shorten it."


def test_brackets_cost_little(read):
    begun = time.process_time()
    read(f"date,{'()' * 400}x\n2024-03-01,1\n")
    assert time.process_time() - begun < 1


def test_plain_columns_are_read_as_figures_alone(tmp_path, monkeypatch):
    """What tells a person is looked for in headers first: as texts, figures take eight times as long to read."""
    looked = []
    join = layout._join_codes
    monkeypatch.setattr(layout, "_join_codes", lambda parts: looked.append(1) or join(parts))
    rng = np.random.default_rng(1)
    columns = {"twitches": rng.poisson(3, 400)} | {f"measure {n}": rng.normal(20, 5, 400).round(2) for n in range(8)}
    path = tmp_path / "diary.csv"
    pd.DataFrame({"date": pd.date_range("2025-01-01", periods=400), **columns}).to_csv(path, index=False)
    assert read_journal(path).days.shape == (400, 9)
    assert len(looked) == 1  # the dates
