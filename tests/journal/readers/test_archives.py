"""What an export is packed in: zip archives, workbooks, other encodings; and several sources of one journal."""

import gzip
import io
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from twitchstats.errors import JournalError, UnknownNameError
from twitchstats.journal import read_journal, readers
from twitchstats.journal.layout import Source, read_frame, read_table
from twitchstats.journal.readers import (
    apple_health,
    bearable,
    daylio,
    event_log,
    join_sources,
    long_table,
    mark_outside,
)
from twitchstats.journal.readers.export import open_table, read_heading
from twitchstats.journal.readers.workbook import _cut_cells
from twitchstats.journal.record import Rejects

DAYLIO = "full_date,date,weekday,time,mood,activities,note_title,note\n"


def pack(files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else None)
    return stream.getvalue()


def read_book(data, name="d.xlsx"):
    """Return cells, rows and notes of the table in a workbook."""
    stream, rejects = io.BytesIO(data), Rejects()
    stream.name = name
    table = read_table(stream, "days", rejects)
    cells = zip(*(column.texts() for column in table.columns), strict=True)
    return [table.headers, *map(list, cells)], table.rows.tolist(), [entry[5] for entry in rejects.entries]


def raises(message):
    return pytest.raises(JournalError, match=f"^{re.escape(message)}$")


def test_an_archive_is_read_file_by_file_and_joined(sample, tmp_path):
    path = tmp_path / "export.zip"
    path.write_bytes(pack({
        "apple_health_export/export.xml": sample("apple_health_sample.xml"),
        "apple_health_export/export_cda.xml": "<ClinicalDocument/>",
        "diary/daylio.csv": sample("daylio_sample.csv"),
        "__MACOSX/._daylio.csv": b"\0\1",
    }))  # fmt: skip
    source = readers.read_source(path)
    assert source.format == "Apple Health and Daylio"
    assert source.n_rows == 17 + 2
    first = source.days.frame().iloc[0]
    assert (first["date"], first["Caffeine (mg)"], first["Mood"], first["coffee"]) == ("2024-03-03", "190", "3", "yes")
    assert source.notes[-1] == "1 other files of the archive are not read: apple_health_export/export_cda.xml."


def test_an_archive_of_nothing_known_is_refused(tmp_path):
    path = tmp_path / "photos.zip"
    path.write_bytes(pack({"a.txt": "hello"}))
    with pytest.raises(
        JournalError,
        match=r"^photos\.zip is an archive that holds no table and no file of a known format\. Unpack it, and name",
    ):
        readers.read_source(path)


def test_tables_with_the_same_columns_are_one_diary(tmp_path):
    parts = {f"{month}.csv": f"date,twitches\n2024-0{month}-01,{month}\n2024-02-02,5\n" for month in (1, 2)}
    (tmp_path / "diary.zip").write_bytes(pack(parts))
    for name, text in parts.items():
        (tmp_path / name).write_text(text)
    for source in (tmp_path / "diary.zip", [tmp_path / "1.csv", tmp_path / "2.csv"]):
        journal = read_journal(source)
        assert journal.days["twitches"].to_list() == [1, 2, 5]
        assert journal.rejects["message"].to_list() == [
            "1.csv: 2.csv goes on with columns of 1.csv, so both are read as one, in the order of days",
            "row 5: 'me' has the same entry for 2024-02-02 already, so it counts once; if not, add the time of each",
        ]
    (tmp_path / "3.csv").write_text("Date,Twitches,stress\n2024-03-01,3,4\n")
    journal = read_journal([tmp_path / "1.csv", tmp_path / "3.csv"])
    assert journal.days.fillna(-1).to_numpy().tolist() == [[1, -1], [5, -1], [3, 4]]
    people = {f"{name}.csv": f"date,twitches\n2024-02-01,{name}\n" for name in (1, 2)}  # of the same day
    (tmp_path / "people.zip").write_bytes(pack(people))
    with pytest.raises(JournalError, match=r"^1\.csv and 2\.csv both tell 'twitches' in different ways on the"):
        read_journal(tmp_path / "people.zip")
    assert read_journal(tmp_path / "people.zip", person="file").days["twitches"].to_list() == [1, 2]


def test_the_only_table_of_an_archive_is_read(tmp_path):
    path = tmp_path / "diary.zip"
    for name, content in (("diary.xlsx", write_xlsx({"A": DIARY})), ("diary.csv", "date,twitches\n2024-03-03,3\n")):
        path.write_bytes(pack({"readme.txt": "hello", name: content}))
        assert read_journal(path).days["twitches"].iloc[0] == 3


def test_a_table_that_is_packed_alone_is_read(tmp_path):
    path = tmp_path / "diary.csv.gz"
    path.write_bytes(gzip.compress(b"date,twitches\n2024-03-03,3\n"))
    assert read_journal(path).source == "diary.csv.gz"
    assert read_journal(io.BytesIO(path.read_bytes())).days["twitches"].to_list() == [3]
    path.write_bytes(path.read_bytes()[:-9])
    with raises("diary.csv can't be unpacked: Compressed file ended before the end-of-stream marker was reached. "
                "Export it again, without a password."):  # fmt: skip
        read_journal(path)


def test_damaged_archives_are_told(sample, tmp_path):
    whole = pack({"daylio.csv": sample("daylio_sample.csv") * 50})
    path = tmp_path / "export.zip"
    for cut in (5, 40, len(whole) // 2, len(whole) - 10):
        path.write_bytes(whole[:cut])
        with pytest.raises(
            JournalError, match=r"^export\.zip can't be unpacked: .+\. Export it again, without a password"
        ):
            readers.read_source(path)
    spoilt = bytearray(whole)
    spoilt[60:80] = b"\xff" * 20
    path.write_bytes(bytes(spoilt))
    with pytest.raises(JournalError, match="can't be unpacked"):
        readers.read_source(path)


def test_a_plain_table_is_left_to_the_reader_of_plain_tables(tmp_path):
    path = tmp_path / "my.csv"
    path.write_text("date,twitches\n2024-03-03,4\n")
    assert readers.read_source(path) is None
    assert readers.read_source(tmp_path / "none.csv") is None
    assert readers.read_source(pd.DataFrame({"date": []})) is None
    stream = io.StringIO(DAYLIO + "2024-03-03,,,,rad,,,\n")
    assert readers.read_source(stream).format == "Daylio"
    assert stream.read().startswith("full_date")  # the stream stands where it stood


def test_a_stream_that_comes_once_or_never_ends_is_left_alone():
    read, write = os.pipe()
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        assert readers.read_source(pipe) is None


def test_a_format_can_be_named(tmp_path):
    path = tmp_path / "my.csv"
    path.write_text("date,name,value,mood\n2024-03-03,a,4,x\n")
    assert readers.read_source(path) is None
    assert readers.read_source(path, format="Long Table").days.frame()["a"].tolist() == ["4"]
    with pytest.raises(UnknownNameError, match=re.escape("No format named 'Dailyo'. Did you mean 'Daylio'? Known: ")):
        readers.read_source(path, format="Dailyo")
    with raises("format='Daylio' needs a file or an open file of bytes."):
        readers.read_source(pd.DataFrame({"date": []}), format="Daylio")


def test_every_reader_has_the_same_shape():
    assert len(set(readers.list_formats())) == len(readers.READERS)
    for reader in readers.READERS:
        assert isinstance(reader.NAME, str)
        assert reader.recognize(b"") is False
        assert reader.recognize(b"\xff\xfe\0\0\xff") is False
        assert reader.read.__doc__.startswith("Read ")
        assert len(reader.__doc__.splitlines()[0]) > 20


def test_no_cell_is_swallowed_by_a_stray_quotation_mark(make_export):
    rows = ['2024-03-03,,,,rad,a,"x,y', "2024-03-04,,,,rad,a,,", '2024-03-05,,,,rad,a,z",q']
    message = (
        "export.csv: a cell that begins in row 2 with a quotation mark runs to row 4, and what it swallows looks like "
        "rows of the table. Remove the stray quotation mark, or double it."
    )
    with raises(message):
        daylio.read(make_export(DAYLIO + "\n".join(rows) + "\n"))
    source = daylio.read(make_export(DAYLIO + '2024-03-03,,,,rad,a,,"two\nlines, of a note"\n'))
    assert source.days.frame()["note"].tolist() == ["two\nlines, of a note"]


def test_rows_of_another_width_are_counted(make_export):
    source = daylio.read(make_export(DAYLIO + "2024-03-03,,,,rad,a,,\n2024-03-04,,,,rad\n2024-03-05,,,,bad,a,,,,\n"))
    assert source.notes[-1] == "1 record left out: more or fewer cells than the header has (the first: line 3)."
    assert (source.n_rows, source.n_rows - source.n_left) == (3, 2)


def test_what_is_no_table_is_refused(make_export):
    for content, message in (
        (b"", "export.csv is empty. A journal starts with a header row, such as date,twitches,stress."),
        (b"a\0b", "export.csv is not a CSV file: it holds bytes that no text has, so it seems to be binary."),
        (b"a,A\n1,2\n", "export.csv has the column 'a' twice. Rename or remove one of them."),
        (b"a,a\n1,2\n", "export.csv: the header 'a' stands 2 times (columns 1 and 2). Rename or remove all but one."),
        (
            b"x" * (1 << 21),
            "export.csv: line 1 is longer than 1,048,576 characters; a diary's rows are short. Is this a CSV file, "
            "with one row for each day?",
        ),
    ):
        with raises(message):
            list(open_table(make_export(content)))
    assert read_heading(b'a,"b') == ["a", "b"]


def test_windows_accents_are_read_and_told(make_export):
    source = daylio.read(make_export((DAYLIO + "2024-03-03,,,,rad,Caf\u00e9,,\n").encode("cp1252")))
    assert "Caf\u00e9" in source.days.frame().columns
    assert source.notes == (
        "the file is not UTF-8, so it is read as Windows-1252 (Western Europe): 'Caf\u00e9' in row 2. If that is not "
        "what was written, name the encoding: encoding= (command line: --encoding).",
        "Columns that are not read: time.",
    )


def test_the_encoding_of_an_export_can_be_named(tmp_path):
    path = tmp_path / "daylio.csv"
    path.write_bytes((DAYLIO + "2024-03-03,,,,rad,\u017c\u00f3\u0142w,,\n").encode("cp1250"))
    with pytest.raises(JournalError, match="Name its encoding with encoding="):
        read_journal(path)
    assert "\u017c\u00f3\u0142w" in set(read_journal(path, encoding="cp1250").variables["source"])


BOMB = '<!DOCTYPE HealthData [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><HealthData>&b;</HealthData>'
OUTSIDE = '<!DOCTYPE HealthData [<!ENTITY a SYSTEM "file:///etc/passwd">]><HealthData>&a;</HealthData>'
UNKNOWN = '<?xml version="1.0" encoding="x"?><HealthData/>'


@pytest.mark.parametrize("content", [BOMB, OUTSIDE, UNKNOWN, "<HealthData><Record", "<HealthData>"])
def test_hostile_and_broken_xml_ends_in_a_message(content, make_export):
    with pytest.raises(
        JournalError, match=r"^export\.xml is no complete XML file \(.+, line \d+\)\. Export it again\.$"
    ):
        apple_health.read(make_export(content, "export.xml"))


def test_apple_without_anything_to_read_says_what_was_there(make_export):
    text = '<HealthData><Record type="HKQuantityTypeIdentifierHeartRate" value="70"/></HealthData>'
    with raises(
        "Nothing of this Apple Health export can be read. 1 record left out: types that are not read: HeartRate (1) "
        "(the first: record 1)."
    ):
        apple_health.read(make_export(text, "export.xml"))


def test_apple_records_without_time_number_or_unit_are_counted(make_export):
    record = '<Record type="HKQuantityTypeIdentifierDietaryCaffeine" unit="{}" startDate="{}" endDate="" value="{}"/>'
    night = (
        '<Record type="HKCategoryTypeIdentifierSleepAnalysis" startDate="{}" endDate="{}" '
        'value="HKCategoryValueSleepAnalysisAsleep"/>'
    )
    text = "".join([
        "<HealthData>", record.format("g", "2024-03-03 08:00:00 +0000", "0.1"),
        record.format("pint", "2024-03-03 08:00:00 +0000", "1"), record.format("mg", "yesterday", "1"),
        record.format("mg", "2024-03-03 09:00:00 +0000", "nan"),
        night.format("2024-03-03 23:00:00 +0100", "2024-03-04 07:00:00 +0200"),  # clocks went forward
        night.format("2024-03-04 07:00:00", "2024-03-03 07:00:00"),
        '<Workout duration="1" durationUnit="hr" startDate="2024-03-04 18:00:00 +0000"/><Workout/>',
        "</HealthData>",
    ])  # fmt: skip
    source = apple_health.read(make_export(text, "export.xml"))
    days = source.days.frame().set_index("date")
    assert days.loc["2024-03-03", "Caffeine (mg)"] == "100"
    assert days.loc["2024-03-04", ["Sleep (h)", "Workouts (min)"]].tolist() == ["7", "60"]
    assert source.n_rows == 8
    assert source.n_rows - source.n_left == 3


STREAM = """
import sys
from pathlib import Path
from twitchstats.journal.readers import read_source
source = read_source(sys.argv[1])
# not getrusage: its peak is that of the process that started this one
peak = [line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
print(source.n_rows, int(peak[0]) // 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs the peak memory that Linux tells")
def test_a_large_export_is_read_in_little_memory(tmp_path):
    """A tenth of 2 GB: memory must not grow with the file."""
    record = (
        ' <Record type="HKQuantityTypeIdentifierStepCount" sourceName="Watch" device="&lt;&lt;HKDevice&gt;&gt;" '
        'unit="count" creationDate="2024-03-03 09:30:00 +0000" startDate="2024-03-{:02} 09:00:00 +0000" '
        'endDate="2024-03-03 09:30:00 +0000" value="{}"/>\n'
    )
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("export.xml", "w") as file:
        file.write(b"<HealthData>\n")
        block = "".join(record.format(1 + number % 28, number) for number in range(2000)).encode()
        for _ in range(100_000_000 // len(block)):
            file.write(block)
        file.write(b"</HealthData>")
    done = subprocess.run([sys.executable, "-c", STREAM, str(path)], capture_output=True, text=True, check=True)
    n_rows, megabytes = map(int, done.stdout.split())
    assert n_rows > 250_000
    assert megabytes < 300


def test_a_sheet_is_looked_at_in_parts_that_end_between_cells():
    """Half a million cells, then six MB without one (rules of formats), which were put together again and again."""
    cells = b"".join(b'<c r="A%d"><v>1</v></c>' % (number + 1) for number in range(500_000))
    sheet = b"<sheetData>" + cells + b"</sheetData>" + b"<rule/>" * 900_000
    parts = list(_cut_cells(io.BytesIO(sheet)))
    assert b"".join(parts) == sheet
    assert max(map(len, parts)) < 3_000_000
    assert sum(len(re.findall(b'<c r="A[0-9]+"><v>1</v></c>', part)) for part in parts) == 500_000
    assert sum(part.count(b"<rule/>") for part in parts) == 900_000


CONTENT = """<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="xml" ContentType="application/xml"/></Types>"""
SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKED = "http://schemas.openxmlformats.org/package/2006/relationships"


def write_xlsx(sheets, *, since_1904=False, merged=(), turned=("", "")):
    """Write a workbook by hand: a number in a tuple is a date, other cells are what they are."""
    files = {"[Content_Types].xml": CONTENT}
    files["_rels/.rels"] = (
        f'<Relationships xmlns="{PACKED}"><Relationship Id="r" Type="{RELATIONS}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>'
    )
    entries = "".join(f'<sheet name="{name}" sheetId="{at}" r:id="r{at}"/>' for at, name in enumerate(sheets, 1))
    files["xl/workbook.xml"] = (
        f'<workbook xmlns="{SHEETS}" xmlns:r="{RELATIONS}"><workbookPr date1904="{int(since_1904)}"/>'
        f"<sheets>{entries}</sheets></workbook>"
    )
    links = "".join(
        f'<Relationship Id="r{at}" Type="{RELATIONS}/worksheet" Target="worksheets/sheet{at}.xml"/>'
        for at, _ in enumerate(sheets, 1)
    )
    styles = f'<Relationship Id="s" Type="{RELATIONS}/styles" Target="styles.xml"/>'
    files["xl/_rels/workbook.xml.rels"] = f'<Relationships xmlns="{PACKED}">{links}{styles}</Relationships>'
    files["xl/styles.xml"] = (
        f'<styleSheet xmlns="{SHEETS}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>'
    )
    spans = "".join(f'<mergeCell ref="{span}"/>' for span in merged)
    for at, rows in enumerate(sheets.values(), 1):
        cells = "".join(
            f'<row r="{row}">'
            + "".join(map(write_cell, cells, [f"{chr(65 + c)}{row}" for c in range(len(cells))]))
            + "</row>"
            for row, cells in enumerate(rows, 1)
        )
        files[f"xl/worksheets/sheet{at}.xml"] = (
            f'<worksheet xmlns="{SHEETS}"><sheetData>{cells}</sheetData>'
            + (f"<mergeCells>{spans}</mergeCells>" if merged else "") + "</worksheet>"
        ).replace(*turned)  # fmt: skip
    return pack(files)


def write_cell(value, place):
    if value is None:
        return ""
    if isinstance(value, tuple):
        return f'<c r="{place}" s="1"><v>{value[0]}</v></c>'
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, str) and value.startswith("="):
        return f'<c r="{place}"><f>{value[1:]}</f><v></v></c>'
    if isinstance(value, str) and value.startswith("#"):
        return f'<c r="{place}" t="e"><v>{value}</v></c>'
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


DIARY = [["Date", "Twitches", "Yoga", "Note"], [(45354,), 3, True, "a"], [(45355.5,), 2.5, False, None]]


def test_a_workbook_is_its_first_table(tmp_path):
    path = tmp_path / "diary.xlsx"
    path.write_bytes(write_xlsx({"Start": [["My diary"]], "Diary": DIARY, "More": [["a"], ["b"]]}))
    assert readers.read_source(path) is None
    assert read_book(path.read_bytes()) == (
        [DIARY[0], ["2024-03-03", "3", "yes", "a"], ["2024-03-04 12:00:00", "2.5", "no", ""]],
        [2, 3],
        ["sheet 'Diary' is read", "sheet 'More' with 2 rows is not read"],
    )


def test_the_other_tables_may_be_workbooks_too(tmp_path):
    for name, rows in (
        ("days", [["date", "twitches"], [(45354,), 3], [(45355,), 4]]), ("more", [["Date", "Mood"], [(45354,), 5]]),
        ("people", [["person", "age"], ["me", 40]]), ("episodes", [["start", "site"], [(45354.5,), "calf"]]),
    ):  # fmt: skip
        (tmp_path / f"{name}.xlsx").write_bytes(write_xlsx({"A": rows}))
    journal = read_journal(
        tmp_path / "days.xlsx", **{name: tmp_path / f"{name}.xlsx" for name in ("people", "episodes")}
    )
    assert journal.days["twitches"].to_list() == [3, 4]
    assert journal.people["age"].to_list() == [40]
    assert journal.episodes["start"].astype("str").to_list() == ["2024-03-03 12:00:00"]
    joined = read_journal(tmp_path / "days.xlsx", also=[tmp_path / "more.xlsx"])
    assert joined.days["mood"].fillna(-1).to_list() == [5, -1]


def test_sheets_with_the_same_columns_are_one_table():
    header = ["Date", "x"]
    months = {"Legend": [["code", "y"], [1, 2]], "March": [header, [(45354,), 1]], "April": [header, [(45384,), 2]]}
    assert read_book(write_xlsx(months)) == (
        [header, ["2024-03-03", "1"], ["2024-04-02", "2"]],
        [2, 3],
        [
            "sheet 'March' and 'April' is read as one, with their rows numbered on",
            "sheet 'Legend' with 2 rows is not read",
        ],
    )
    people = {"Anna": months["March"], "Ben": months["April"]}
    with pytest.raises(JournalError, match=r"^Anna and Ben both tell 'x', and neither names nor days show"):
        read_journal(io.BytesIO(write_xlsx(people)))
    named = {name: [["person", *header], [name, (45354,), 1]] for name in ("Anna", "Ben")}
    assert len(read_journal(io.BytesIO(write_xlsx(named))).days) == 2
    for asked, found in (("file", ["Anna", "Ben"]), ("none", ["me"])):
        journal = read_journal(io.BytesIO(write_xlsx(people)), person=asked)
        assert journal.days.index.unique("person").to_list() == found
    sheets = {"Sheet1": [header, [(45354,), 1]], "Sheet2": [header, [(45354,), 2]]}
    with pytest.raises(JournalError, match=r"^Sheet1 and Sheet2 both tell 'x' in different ways on the same days"):
        read_journal(io.BytesIO(write_xlsx(sheets)))


def test_sheets_with_other_columns_are_joined_by_date_and_what_tells_no_days_is_named():
    sheets = {
        "Twitches": [["Date", "twitches"], [(45354,), 1], [(45355,), 4], ["2024-02-31", 9]],
        "Sleep": [["Date", "sleep (h)"], [(45354,), 7], [(45355,), 8]],
        "Legend": [["code", "y"], [1, 2]],
    }
    journal = read_journal(io.BytesIO(write_xlsx(sheets)))
    assert journal.days[["twitches", "sleep"]].to_numpy().tolist() == [[1, 7], [4, 8]]
    told = journal.rejects["message"].to_list()
    assert any(text.endswith("sheet 'Legend' with 2 rows is not read") for text in told)
    assert told[-1] == "Twitches, row 4, Date: there is no day '2024-02-31' in the calendar"
    assert journal.rows_read == len(journal.days) + journal.rejects["action"].eq("row dropped").sum() == 3


def test_an_archive_of_workbooks_is_no_workbook_and_each_is_one_person_s(tmp_path):
    header, days = ["Date", "twitches"], {"Jan": 45292, "Feb": 45323}
    books = {
        f"{name}.xlsx": write_xlsx({month: [header, [(day,), number]] for month, day in days.items()})
        for number, name in enumerate(("anna", "tom"))
    }
    (tmp_path / "all.zip").write_bytes(pack(books))
    days = read_journal(tmp_path / "all.zip", person="file").days
    assert days.groupby("person")["twitches"].agg(list).to_dict() == {"anna": [0, 0], "tom": [1, 1]}


def test_titles_and_errors_of_a_workbook_are_told():
    rows = [["My diary"], [], ["Date", "x"], [(45354,), "#DIV/0!"], [], [(45355,), 1, "a\nremark"], [(45356,), "=B4+1"]]
    assert read_book(write_xlsx({"A": rows}, turned=('<row r="6"', '<row r="6" hidden="1"'))) == (
        [["Date", "x", "column 3"], ["2024-03-03", "", ""], ["2024-03-04", "1", "a remark"], ["2024-03-05", "", ""]],
        [4, 6, 7],
        [
            "cells with errors such as #DIV/0! are read as blank: 1",
            "formulas without a value are read as blank (open the workbook in a spreadsheet, and save it): 1",
            "hidden rows are read like all others: 1",
            "row 1 ('My diary') stands above the header and is no part of the table",
        ],
    )


def test_dates_since_1904_and_merged_cells():
    data = write_xlsx({"A": [["Date", "x"], [(43892,), 1], [None, 2]]}, since_1904=True, merged=["A2:A3"])
    told = "cells merged over several rows stand in each of them, so no figure there may be a sum over its rows: 1"
    assert read_book(data) == ([["Date", "x"], ["2024-03-03", "1"], ["2024-03-03", "2"]], [2, 3], [told])


def test_an_export_that_went_through_a_spreadsheet_is_recognised(tmp_path):
    header = ["observation_date", "tracker_name", "tracker_category", "observation_value"]
    path = tmp_path / "visible.xlsx"
    path.write_bytes(write_xlsx({"A": [header, [(45354,), "Fatigue", "x", 2]]}))
    source = readers.read_source(path)
    assert source.format == "Visible"
    assert source.days.frame().to_numpy().tolist() == [["2024-03-03", "2"]]


def test_a_cell_at_the_far_end_of_a_sheet_is_refused():
    data = write_xlsx({"A": [["date", "x"], [(45354,), 1]]}, turned=('r="B2"', 'r="XFD1048576"'))
    with raises("d.xlsx has a sheet that is larger than any diary. Delete what lies far below it or beside it."):
        read_book(data)


def test_a_cell_without_end_is_told(make_export):
    message = (
        'export.csv: a cell in row 2 never ends: its quotation mark (") is not closed or is longer than 131,072 '
        "characters. Close it, or remove it, and read again."
    )
    with raises(message):
        daylio.read(make_export(DAYLIO + f'2024-03-03,,,,rad,"{"x" * 150_000}",,\n'))


def test_xml_without_a_record_ends(make_export):
    text = '<HealthData><Record type="' + "x" * (20 << 20)
    with raises("export.xml goes on for 16 MB without a record, so it is no export."):
        apple_health.read(make_export(text, "export.xml"))


@pytest.mark.parametrize("detail", ["a" + " " * 100_000 + "b", "(" * 100_000, "a" * 100_000 + "()", ")" * 100_000])
def test_no_cell_takes_long(detail, make_export):
    begun = time.monotonic()
    header = "date,weekday,time of day,category,rating/amount,detail,notes\n"
    rows = f'"3rd Mar 2024","","","Symptom","2","{detail}",""\n"3rd Mar 2024","","","Factors","","{detail}",""\n'
    source = bearable.read(make_export(header + rows))
    assert max(map(len, source.days.frame().columns)) <= 220
    assert time.monotonic() - begun < 5


ODS = """<?xml version="1.0"?><office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">
<office:body><office:spreadsheet><table:table table:name="Diary">
<table:table-row><table:table-cell office:value-type="string"><text:p>date</text:p></table:table-cell>
<table:table-cell office:value-type="string"><text:p>twitches</text:p></table:table-cell></table:table-row>
<table:table-row>
<table:table-cell office:value-type="date" office:date-value="2024-03-03"><text:p>3/3/24</text:p></table:table-cell>
<table:table-cell office:value-type="float" office:value="4"><text:p>4</text:p></table:table-cell></table:table-row>
</table:table></office:spreadsheet></office:body></office:document-content>"""


def test_an_ods_is_read_as_well(tmp_path):
    path = tmp_path / "diary.ods"
    path.write_bytes(pack({
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "META-INF/manifest.xml": '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        "content.xml": ODS.replace("\n<", "<"),
    }))  # fmt: skip
    assert read_book(path.read_bytes())[0] == [["date", "twitches"], ["2024-03-03", "4"]]


def test_workbooks_that_are_none_are_told():
    for data in (pack({"[Content_Types].xml": "", "xl/workbook.xml": "<"}), b"\xd0\xcf\x11\xe0" + b"\0" * 600):
        with pytest.raises(JournalError, match=r"^d\.xls can't be opened as a workbook"):
            read_book(data, "d.xls")
    with raises("d.xlsx has no sheet with a header and a row below it."):
        read_book(write_xlsx({"A": [["x"]]}))
    with raises("d.xlsx: the header 'x' stands 2 times (columns 1 and 2). Rename or remove all but one."):
        read_book(write_xlsx({"A": [["x", "x"], [1, 2]]}))


def make_source(rows, *, format="A", facts=()):
    days = read_frame(pd.DataFrame(rows, dtype="str"), "days")
    return Source(days, facts=tuple(facts), notes=("A note.",), n_rows=len(rows), format=format)


def test_two_sources_of_one_person_are_joined_by_date():
    first = make_source([{"date": "2024-03-03", "mood": "3"}, {"date": "2024-03-04", "mood": "4"}],
                        facts=[{"source": "mood", "kind": "rating"}])  # fmt: skip
    steps = [{"date": "2024-03-04", "mood": "9", "steps": "10"}, {"date": "2024-03-05", "mood": "8", "steps": "1"}]
    second = make_source(steps, format="B", facts=[{"source": "mood", "low": "0"}])
    joined = join_sources([first, second])
    assert joined.days.frame().astype("object").fillna("").to_numpy().tolist() == [
        ["2024-03-03", "3", "", ""], ["2024-03-04", "4", "9", "10"], ["2024-03-05", "", "8", "1"]]  # fmt: skip
    assert list(joined.days.frame().columns) == ["date", "mood", "B: mood", "steps"]
    assert joined.facts == ({"source": "mood", "kind": "rating"}, {"source": "B: mood", "low": "0"})
    told = "B: 'mood': an earlier source tells this as well, so it is read under another name"
    assert joined.notes == ("A: A note.", "B: A note.", told)
    assert (joined.n_rows, joined.format) == (4, "A and B")


def test_several_rows_of_a_day_stay_several():
    first = make_source([{"date": "2024-03-03", "a": "1"}, {"date": "2024-03-03", "a": "2"}])
    second = make_source([{"date": "2024-03-03", "b": "7"}], format="B")
    assert join_sources([first, second]).days.frame().astype("object").fillna("").to_numpy().tolist() == [
        ["2024-03-03", "1", "7"], ["2024-03-03", "2", ""]]  # fmt: skip


def test_the_weather_is_everybodys_and_comes_from_outside():
    told = [("P", "2024-03-03", "1"), ("Q", "2024-03-03", "2"), ("Q", "2024-03-04", "3")]
    people = make_source([dict(zip(("person", "date", "x"), row, strict=True)) for row in told])
    weather = make_source([{"date": "2024-03-03", "rain": "5"}, {"date": "2024-03-09", "rain": "0"}], format="weather")
    joined = join_sources([people, mark_outside(weather)])
    assert joined.days.frame().astype("object").fillna("").to_numpy().tolist() == [
        ["P", "2024-03-03", "1", "5"], ["Q", "2024-03-03", "2", "5"], ["Q", "2024-03-04", "3", ""]]  # fmt: skip
    assert joined.facts == ({"source": "rain", "outside": "yes"},)
    assert joined.notes[-1] == "1 days of a source of everybody are left out: nobody has an entry on them."


def test_a_journal_is_read_from_several_files_and_the_weather(tmp_path):
    diary, app, weather = (tmp_path / name for name in ("diary.csv", "daylio.csv", "weather.csv"))
    diary.write_text("Datum;Zuckungen\n1.03.2024;3\n13.03.2024;4\n")
    app.write_text(DAYLIO + "2024-03-02,,,,rad,,,\n2024-03-13,,,,bad,,,\n")
    weather.write_text("date,temperature\n2024-03-01,3.5\n2024-03-02,5.5\n2024-03-09,8\n")
    for journal in (read_journal([diary, app], weather=weather), read_journal(diary, also=[app], weather=weather)):
        assert journal.days.index.get_level_values("date").strftime("%d").tolist() == ["01", "02", "13"]
        assert journal.days.fillna(-1).to_numpy().tolist() == [[3, -1, 3.5], [-1, 5, 5.5], [4, 2, -1]]
        assert journal.variables.set_index("name")["outside"].to_dict() == {
            "twitches": False, "mood": False, "temperature": True}  # fmt: skip
        assert "1 days of a source of everybody are left out" in " ".join(journal.rejects["message"])
    with raises("No source was given. Name a file."):
        read_journal([])
    weather.write_text("day,temperature\n1,3.5\n2,5.5\n")
    with raises("weather.csv has no dates, so it can't be joined with another source. Add a column 'date'."):
        read_journal(diary, weather=weather)


def test_people_of_two_sources_are_told_apart():
    first = make_source([{"person": "P", "date": "2024-03-03", "a": "1"}])
    second = make_source([{"person": "Q", "date": "2024-03-03", "b": "2"}], format="B")
    assert join_sources([first, second]).days.frame().astype("object").fillna("").to_numpy().tolist() == [
        ["P", "2024-03-03", "1", ""], ["Q", "2024-03-03", "", "2"]]  # fmt: skip
    assert join_sources([first]) is first
    with raises("There is nothing to join. Give one path or more."):
        join_sources([])


def test_tables_of_other_shapes_are_the_last_to_be_asked():
    assert readers.READERS[-2:] == (long_table, event_log)


def test_sheets_that_are_called_by_their_month_tell_their_days(tmp_path):
    header = ["Day", "twitches"]
    (tmp_path / "diary.xlsx").write_bytes(
        write_xlsx({"January 2024": [header, [1, 3], [2, 4]], "Feb 24": [header, [1, 5], [2, 1], [30, 6]]})
    )
    journal = read_journal(tmp_path / "diary.xlsx")
    assert journal.days.loc["me", "twitches"].rename(str).to_dict() == {
        "2024-01-01 00:00:00": 3, "2024-01-02 00:00:00": 4, "2024-02-01 00:00:00": 5, "2024-02-02 00:00:00": 1,
    }  # fmt: skip
    assert journal.rejects["message"].iloc[-1] == "Feb 24, row 4, Day: there is no day '2024-02-30' in the calendar"
