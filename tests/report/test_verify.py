"""A mailed report is somebody else's program: none of it is run, and whatever was changed in it is found."""

import json
import os
import re
import shutil
from copy import deepcopy
from hashlib import sha256

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from twitchstats import __version__, cli
from twitchstats.errors import JournalError, OptionError
from twitchstats.report import verify
from twitchstats.report.execute import execute_notebook
from twitchstats.report.verify import verify_report
from twitchstats.report.write import make_report_page

DRAW = """
from twitchstats.report.figures import Picture
Picture('<svg xmlns="http://www.w3.org/2000/svg"><path d="M1.0 2.5 L3.25 4.5"/></svg>', "A line.")
"""
VERSIONS = f"""
import pandas
from twitchstats.report.tables import Table
Table(pandas.DataFrame([("twitchstats", "{__version__}"), ("Python", "3.11.7")], columns=["Software", "Version"]))
"""


@pytest.fixture(scope="module")
def own_notebook():
    """Return a notebook in place of the package's own: parameters, a number, a picture, a table of versions."""
    cells = [
        new_markdown_cell("# A title & <b>more</b>", id="a"),
        new_code_cell('journal_path = ""\noptions = {}', id="b", metadata={"tags": ["parameters"]}),
        new_code_cell("open(journal_path).read().count('x')", id="c"),
        new_markdown_cell("## Second part", id="d"),
        new_code_cell(DRAW.strip(), id="e"),
        new_code_cell(VERSIONS.strip(), id="f", metadata={"tags": ["nbval-ignore-output"]}),
    ]
    return new_notebook(cells=cells)


@pytest.fixture(scope="module")
def executed(own_notebook, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    (folder / "my.csv").write_text("xxx")
    return execute_notebook(own_notebook, folder=folder, parameters={"journal_path": "my.csv"})


@pytest.fixture
def report(executed, own_notebook, tmp_path, monkeypatch):
    """Write a report with its journal and page, and return its path; another run of the same gives the same."""

    def run(notebook, *, folder, parameters):
        assert (notebook, folder, parameters) == (own_notebook, tmp_path.resolve(), {"journal_path": "my.csv"})
        return deepcopy(executed)

    monkeypatch.setattr(verify, "load_notebook", lambda: own_notebook)
    monkeypatch.setattr(verify, "execute_notebook", run)
    (tmp_path / "my.csv").write_text("xxx")
    notebook = deepcopy(executed)
    checksum = sha256(b"xxx").hexdigest()
    notebook.metadata["twitchstats"] = {"version": __version__, "journal": "my.csv", "checksum": checksum}
    path = tmp_path / "report.ipynb"
    nbformat.write(notebook, path)
    path.with_suffix(".html").write_text(make_report_page(notebook), encoding="utf-8")
    return path


@pytest.fixture
def never_run(monkeypatch):
    """Let the test fail where anything of a refused notebook is run."""

    def run(*given, **options):
        raise AssertionError("a refused notebook was run")

    monkeypatch.setattr(verify, "execute_notebook", run)


def change(path, edit):
    """Edit a report in place, and its page with it, as a careful forger would."""
    notebook = nbformat.read(path, as_version=4)
    edit(notebook)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    page = path.with_suffix(".html")
    page.write_text(make_report_page(notebook), encoding="utf-8")


def test_an_untouched_report_is_reproduced(report, monkeypatch):
    monkeypatch.setattr(verify, "execute_notebook", execute_notebook)
    before = report.read_bytes()
    verified = verify_report(report)
    assert (verified.reproduced, verified.n_cells, verified.differing) == (True, 5, ())
    assert verified.message == "Reproduced: all 5 cells gave the same numbers again."
    assert report.read_bytes() == before


def set_output(cell, kind, value):
    def edit(notebook):
        notebook.cells[cell].outputs[0].data[kind] = value

    return edit


def drop_output(notebook):
    notebook.cells[3].outputs = []


def add_output(notebook):
    notebook.cells[2].outputs = [new_output("stream", name="stdout", text="All is well.")]


def set_alt(notebook):
    notebook.cells[5].outputs[0].metadata[verify.SVG]["alt"] = "A picture that tells of something else."


FORGED = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M1.0 2.5 L9.25 4.5"/></svg>'


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (
            set_output(3, "text/plain", "4"),
            "cell 3, under 'A title & <b>more</b>': open(journal_path).read().count('x')",
        ),
        (drop_output, "cell 3, under 'A title & <b>more</b>': open(journal_path).read().count('x')"),
        (add_output, "cell 2, under 'A title & <b>more</b>': # Parameters"),
        (set_output(3, "text/html", "<b>4</b>"), "cell 3, under 'A title & <b>more</b>'"),
        (set_output(5, "image/svg+xml", FORGED), "cell 4, under 'Second part': from twitchstats.report.figures"),
        (set_output(5, "text/plain", "Picture: no"), "cell 4, under 'Second part': from twitchstats.report.figures"),
        (set_alt, "cell 4, under 'Second part': from twitchstats.report.figures"),
        (set_output(6, "text/plain", "You are fine"), "cell 5, under 'Second part': import pandas"),
    ],
)
def test_a_changed_output_is_found(report, edit, told):
    change(report, edit)
    verified = verify_report(report)
    assert not verified.reproduced
    assert verified.differing[0].startswith(told)
    assert verified.message.startswith("Not reproduced, of 5 cells and the files beside them:\n  cell ")


def test_a_forged_picture_is_found_and_another_rounding_is_not():
    def draw(x, *, fill="#fff", more=""):
        return f'<svg><circle cx="{x}" cy="2.5" fill="{fill}"/>{more}</svg>'

    assert verify._look_alike(draw("100.1"), draw("100.11"))
    assert not verify._look_alike(draw("100.1"), draw("100.2"))
    assert not verify._look_alike(draw("100.1"), draw("100.1", fill="#000"))
    assert not verify._look_alike(draw("100.1"), draw("100.1", more="<script/>"))
    assert not verify._look_alike(draw("100.1"), None)


def test_a_changed_page_is_found(report):
    page = report.with_suffix(".html")
    page.write_text(page.read_text().replace("Second part", "Nothing is wrong"))
    verified = verify_report(report)
    assert verified.differing == ("report.html beside it is not the page of this notebook.",)
    page.unlink()
    assert verify_report(report).reproduced


def set_source(cell, source):
    def edit(notebook):
        notebook.cells[cell].source = source

    return edit


def add_cell(notebook):
    notebook.cells.append(new_code_cell("import os", execution_count=6))


def drop_cell(notebook):
    del notebook.cells[-1]


def hide_tag(notebook):
    notebook.cells[3].metadata["tags"] = ["nbval-ignore-output"]


def add_second_parameters(notebook):
    notebook.cells.insert(3, new_code_cell("options = {}", metadata={"tags": ["injected-parameters"]}))


def attach(notebook):
    notebook.cells[0].attachments = {"a.png": {"image/png": "iVBORw0KGgo="}}


def set_metadata(**changes):
    def edit(notebook):
        notebook.metadata["twitchstats"] |= changes

    return edit


def name_everywhere(path):
    def edit(notebook):
        notebook.metadata["twitchstats"]["journal"] = path
        notebook.cells[2].source = f'# Parameters\njournal_path = "{path}"\n'

    return edit


def add_metadata(notebook):
    notebook.metadata["papermill"] = {"parameters": {}}


def set_kernel(notebook):
    notebook.metadata["kernelspec"]["name"] = "other"


def hide_outputs(notebook):
    notebook.cells[3].metadata["jupyter"] = {"outputs_hidden": True}


def set_id(notebook):
    notebook.cells[3].id = "other"


REFUSED = "{path} is not a report as it was written: {why}. Nothing of it was run."


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (set_source(3, "__import__('os').system('id')"),
         'cell 4 is not the package\'s ("__import__(\'os\').system(\'id\')")'),
        (set_source(0, "# All is well"), "cell 1 is not the package's ('# All is well')"),
        (set_source(3, ""), "cell 4 is not the package's ('nothing')"),
        (add_cell, "it has 8 cells where a report has 7"),
        (drop_cell, "it has 6 cells where a report has 7"),
        (hide_tag, "cell 4 is not the package's (\"open(journal_path).read().count('x')\")"),
        (add_second_parameters, "cell 3 is not the package's ('# Parameters')"),
        (attach, "cell 1 is not the package's ('# A title & <b>more</b>')"),
        (set_source(2, "journal_path = __import__('os').sep"), "its parameters are not plain values of a report"),
        (set_source(2, "journal_path = " + "(" * 5000), "its parameters are not plain values of a report"),
        (set_source(2, '# Parameters\njournal_path = "my.csv"\n\nimport os'),
         "cell 3 is not the package's ('# Parameters')"),
        (set_source(2, '# Parameters\nfolder = "my.csv"\n'), "its parameters are not plain values of a report"),
        (set_source(2, '# Parameters\njournal_path = 3\n'),
         "its parameters and its metadata name different journals ('my.csv')"),
        (set_source(2, '# Parameters\njournal_path = "my.csv"\noptions = "x"\n'),
         "its options are not a list of names with values"),
        (set_source(2, '# Parameters\njournal_path = "my.csv"\noptions = {"people": "/etc/passwd"}\n'),
         "'/etc/passwd' is no path that starts at the report's own folder"),
        (set_metadata(journal="other.csv"), "its parameters and its metadata name different journals ('other.csv')"),
        (name_everywhere("/etc/passwd"), "'/etc/passwd' is no path that starts at the report's own folder"),
        (set_metadata(checksum=3), "what it says of its origin is not as `report` writes it"),
        (set_metadata(more="x"), "what it says of its origin is not as `report` writes it"),
        (add_metadata, "its metadata are not as `report` writes them"),
        (set_kernel, "its metadata are not as `report` writes them"),
        (hide_outputs, "cell 4 is not the package's (\"open(journal_path).read().count('x')\")"),
        (set_id, "cell 4 is not the package's (\"open(journal_path).read().count('x')\")"),
    ],
)  # fmt: skip
def test_what_is_not_the_packages_own_is_refused_before_anything_runs(report, edit, why, never_run):
    notebook = nbformat.read(report, as_version=4)
    edit(notebook)
    report.write_text(json.dumps(notebook), encoding="utf-8")
    with pytest.raises(OptionError) as caught:
        verify_report(report)
    assert str(caught.value) == REFUSED.format(path=report, why=why)


def test_no_cell_of_a_forged_notebook_leaves_a_trace(report, tmp_path, capsys):
    change(report, set_source(3, f"open({str(tmp_path / 'trace')!r}, 'w').close()"))
    assert cli.main(["verify", str(report)]) == 2
    assert "cell 4 is not the package's" in capsys.readouterr().err
    assert not (tmp_path / "trace").exists()


def test_a_report_of_another_version_says_so(report, never_run):
    def edit(notebook):
        notebook.metadata["twitchstats"]["version"] = "0.0.1"
        notebook.cells[3].source = "2"

    change(report, edit)
    message = f"It names version 0.0.1 of twitchstats; this is {__version__}. Nothing of it was run."
    with pytest.raises(OptionError, match=re.escape(message) + "$"):
        verify_report(report)


def test_other_software_is_told_and_a_forged_version_is_found(report):
    def edit(notebook):
        data = notebook.cells[6].outputs[0].data
        data.update({kind: text.replace("3.11.7", "3.12.10") for kind, text in data.items()})

    change(report, edit)
    verified = verify_report(report)
    assert verified.reproduced
    assert verified.message.endswith(
        "Its table of versions is not that of this machine, which is no fault: compare it by eye."
    )
    change(report, set_metadata(version="0.0.1"))
    verified = verify_report(report)
    assert verified.differing == ("Its metadata name version '0.0.1', its table of versions another.",)
    assert f"The report was made by twitchstats 0.0.1; this is {__version__}." in verified.message


def test_a_changed_journal_is_told(report):
    (report.parent / "my.csv").write_text("xxx\n")
    told = "The journal my.csv has changed since the report was made: its checksum is another."
    assert verify_report(report).differing == (told,)


def test_a_journal_that_is_gone_or_is_a_pipe_is_told(report, never_run):
    journal = report.parent / "my.csv"
    journal.unlink()
    message = f"The journal is no longer at {journal}. Put it there, and verify again."
    with pytest.raises(JournalError, match=f"^{re.escape(message)}$"):
        verify_report(report)
    os.mkfifo(journal)
    message = f"{journal} is a pipe, not a file. Save what it gives to a file, and name that."
    with pytest.raises(JournalError, match=f"^{re.escape(message)}$"):
        verify_report(report)


def test_a_run_that_stops_is_told(report, monkeypatch):
    monkeypatch.setattr(verify, "execute_notebook", execute_notebook)
    (report.parent / "my.csv").write_bytes(b"\xff")
    with pytest.raises(OptionError) as caught:
        verify_report(report)
    assert str(caught.value).startswith(
        f"{report} can't be made again. The journal my.csv has changed since the report was made: its checksum is "
        "another. The notebook stopped in cell 3 with UnicodeDecodeError"
    )


def test_what_was_never_run_cannot_be_verified(report, never_run):
    def edit(notebook):
        notebook.cells[3].execution_count = None

    change(report, edit)
    message = f"{report} was not run from its first cell to its last in one go: there is nothing to compare."
    with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
        verify_report(report)


def test_another_notebook_is_not_run(tmp_path, never_run):
    path = tmp_path / "quickstart.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("1", execution_count=1)]), path)
    message = f"{path} was not written by `report`, and no other notebook is run. Name a report.ipynb."
    with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
        verify_report(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"date,twitches\n", b"{}", b"[1]", b"\x00\xff", b'{"cells": 3, "nbformat": 4}', b"[" * 100_000,
     b'{"cells": [{"cell_type": "code"}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'],
)  # fmt: skip
def test_what_is_no_notebook_is_told(content, tmp_path):
    path = tmp_path / "report.ipynb"
    path.write_bytes(content)
    message = f"{path} is not a notebook. Name the report.ipynb that `report` has written."
    with pytest.raises(JournalError, match=f"^{re.escape(message)}$"):
        verify_report(path)


def test_a_missing_notebook_is_told(tmp_path):
    path = tmp_path / "none.ipynb"
    message = f"There is no file {path}. Name a notebook that `report` has written."
    with pytest.raises(JournalError, match=f"^{re.escape(message)}$"):
        verify_report(path)


def test_a_device_is_not_read():
    message = "/dev/zero is a device, not a file. Save what it gives to a file, and name that."
    with pytest.raises(JournalError, match=f"^{re.escape(message)}$"):
        verify_report("/dev/zero")


def test_a_moved_folder_is_verified_where_it_lies(report, tmp_path, monkeypatch):
    monkeypatch.setattr(verify, "execute_notebook", execute_notebook)
    moved = tmp_path / "moved to"
    moved.mkdir()
    for name in ("report.ipynb", "report.html", "my.csv"):
        shutil.move(tmp_path / name, moved / name)
    assert verify_report(moved / "report.ipynb").reproduced
