"""Whatever comes in, it is read, or refused with an error of the package: nothing else ever escapes."""

import datetime as dt
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from twitchstats.errors import TwitchstatsError
from twitchstats.journal import read_journal

TODAY = dt.date(2024, 12, 31)
PIECES = [
    "date", "day", "person", "twitches", "coffee", "stress (0-5)", "start", "site", ",", ";", "\t", "|", "\n",
    "\r\n", '"', "'",
    "2024-03-01", "31/02/2024", "3/4/24", "1", "-1", "7,5", "1.234", "7:30", "yes", "nein", "N/A", "1e400",
    "\ufeff", "=1", " ", "é", "7½", "~5", "3/5", "40%", "+++", "4 (left)", "mild", "severe", "400mg", "Day 3",
    "2024-W01-1", "✓", "✗", "how many", "_lag1 (0-10)",
]  # fmt: skip


def read_or_refuse(source, **options):
    try:
        journal = read_journal(source, today=TODAY, **options)
    except TwitchstatsError:
        return
    lost = journal.rejects[
        (journal.rejects["table"] == "days") & journal.rejects["action"].isin(["row dropped", "rows combined"])
    ]
    assert journal.rows_read == len(journal.days) + len(lost)
    assert journal.rejects["message"].str.len().gt(0).all()


@settings(max_examples=100)
@given(st.binary(max_size=200))
@example(b"\xff\xfe")
@example(b"\xef\xbb\xbf\n")
@example(b"date,a\n\xff\xff\xff,\x81\n")
@example("date\n\ufeff".encode())
@example("date,x\n\ufeff,\u200b\n2024-03-01,1\n".encode())
@example("date,x\n2\u00b3 Mar,1\n2024-03-01,1\n".encode())
def test_any_bytes(data):
    read_or_refuse(io.BytesIO(data))


@settings(max_examples=120)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.sampled_from(["auto", "date", "day", "none"]))
def test_any_text(text, order):
    read_or_refuse(io.StringIO(text), order=order)


@settings(max_examples=50)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
@pytest.mark.parametrize("table", ["people", "episodes"])
def test_any_other_table(table, text):
    days = io.StringIO("date,twitches\n2024-03-01,1\n2024-03-02,2\n")
    read_or_refuse(days, **{table: io.StringIO(text)})


@settings(max_examples=60)
@given(st.text(max_size=60), st.lists(st.text(max_size=12), min_size=3, max_size=8))
def test_any_header_and_cells(header, cells):
    rows = "\n".join(f'2024-03-0{n + 1},"{cell.replace(chr(34), "")}"' for n, cell in enumerate(cells))
    quoted = header.replace('"', "")
    read_or_refuse(io.StringIO(f'date,"{quoted}"\n{rows}\n'))
