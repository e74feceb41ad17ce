"""A report as an RO-Crate: what is in the zip, what its description says, and that the journal stays out."""

import json
import re
import subprocess
import sys
import zipfile
from hashlib import sha256
from urllib.parse import unquote

import nbformat
import pytest

from twitchstats import cli
from twitchstats.errors import OptionError
from twitchstats.report.archive import METADATA, is_archive, write_archive
from twitchstats.report.execute import insert_parameters
from twitchstats.report.write import Written


@pytest.fixture
def written(tmp_path, small_notebook):
    """Return a report, small, on a journal in the folder above it."""
    journal = tmp_path / "my.csv"
    journal.write_text("date,twitches\n2025-01-01,3\n")
    folder = tmp_path / "report"
    folder.mkdir()
    small_notebook.cells[1].source += "\njournal_path = ''"
    notebook = insert_parameters(small_notebook, {"journal_path": "../my.csv"})
    notebook.metadata["twitchstats"] = {"journal": "../my.csv", "checksum": sha256(journal.read_bytes()).hexdigest()}
    nbformat.write(notebook, folder / "report.ipynb")
    (folder / "report.html").write_text("<html></html>")
    return Written(html=folder / "report.html", notebook=folder / "report.ipynb", summary="")


def read_crate(path):
    with zipfile.ZipFile(path) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    described = json.loads(files.pop(METADATA))
    return files, {entity["@id"]: entity for entity in described["@graph"]}


@pytest.mark.parametrize("with_journal", [False, True])
def test_a_crate_describes_what_it_holds(written, tmp_path, with_journal):
    path = write_archive(written, with_journal=with_journal)
    files, entities = read_crate(path)
    held = {"report/report.html", "report/report.ipynb", "my.csv"} if with_journal else {"report.html", "report.ipynb"}
    assert set(files) == held | {"requirements.txt"}
    assert entities[METADATA]["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert entities[METADATA]["about"] == {"@id": "./"}
    assert {part["@id"] for part in entities["./"]["hasPart"]} == set(files)
    for name, data in files.items():
        assert entities[name]["@type"] == "File"
        assert (entities[name]["sha256"], entities[name]["contentSize"]) == (sha256(data).hexdigest(), str(len(data)))
    pointed = re.findall(r'"@id": "([^"]+)"', json.dumps(list(entities.values())))
    assert {name for name in pointed if not name.startswith("https://w3id")} == set(entities)
    (source,) = entities["#run"]["object"]
    assert entities[source["@id"]]["sha256"] == sha256((tmp_path / "my.csv").read_bytes()).hexdigest()
    assert (b"2025-01-01,3" in b"".join(files.values())) == with_journal
    assert path.stat().st_mode & 0o777 == 0o600
    assert is_archive(path)
    assert not is_archive(written.html)


def test_every_file_of_a_report_is_told_whatever_its_name(written, tmp_path):
    """An identifier is a URI: a blank, a hash or a percent sign in a name is encoded (RFC 3986)."""
    named = ["100 % mine.csv", "a#b?.csv", "more/a#b?.csv", "trial/plan.json"]
    for number, name in enumerate(named):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(str(number))
    paths = [f"../{name}" for name in named[:3]]
    notebook = nbformat.read(written.notebook, as_version=4)
    given = {"journal_path": "../my.csv", "options": {"people": paths[0], "also": paths[1:]}, "plan_path": "../trial"}
    notebook.cells[1].source += "\noptions = {}\nplan_path = ''"
    nbformat.write(insert_parameters(notebook, given), written.notebook)
    _, entities = read_crate(write_archive(written))
    told = [(entity["name"], entity["sha256"]) for key, entity in entities.items() if key.startswith("#source")]
    sums = [sha256(str(number).encode()).hexdigest() for number in range(4)]
    assert told[1:] == list(zip([name.split("/")[-1] for name in named], sums, strict=True))
    files, entities = read_crate(write_archive(written, with_journal=True, replace=True))
    assert set(named) < set(files)
    identifiers = {unquote(key): key for key, entity in entities.items() if entity["@type"] == "File"}
    assert set(identifiers) == set(files)
    assert identifiers["more/a#b?.csv"] == "more/a%23b%3F.csv"
    assert all(re.fullmatch(r"[\w%./~-]+", key) for key in identifiers.values())


@pytest.mark.parametrize("name", ["requirements.txt", METADATA])
def test_a_journal_in_the_place_of_the_archives_own_files_is_told(written, tmp_path, name):
    (tmp_path / "my.csv").rename(tmp_path / name)
    notebook = nbformat.read(written.notebook, as_version=4)
    nbformat.write(insert_parameters(notebook, {"journal_path": f"../{name}"}), written.notebook)
    message = f"{tmp_path / name} can't go into an archive, which has a {name} of its own. Give it another name."
    with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
        write_archive(written, with_journal=True)


def test_a_journal_that_changed_is_told(written, tmp_path):
    (tmp_path / "my.csv").write_text("date,twitches\n")
    message = "The journal my.csv has changed since the report was made. Make it again."
    with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
        write_archive(written)


def test_the_journal_goes_into_an_archive_only(capsys):
    assert cli.main(["report", "--with-journal"]) == 2
    told = "twitchstats: --with-journal says what goes into an archive. Ask for one with --archive.\n"
    assert capsys.readouterr().err == told


def test_without_the_extra_a_command_says_what_to_install():
    code = "import sys; sys.modules['nbformat'] = None; from twitchstats import cli; sys.exit(cli.main(['report']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "twitchstats: This command needs nbformat, which is not installed. Install it with: "
        "python -m pip install 'twitchstats[report]'\n"
    )
