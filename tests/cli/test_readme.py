"""The README shows what really comes out: its example, its console output, its pictures."""

import doctest
import os
import re
import subprocess
import sys

import pytest

from twitchstats.claims import load_claims, load_questions
from twitchstats.report.refresh import export_pictures
from twitchstats.resources import find_resource

ROOT = find_resource("data").parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_example_gives_what_it_shows(monkeypatch):
    monkeypatch.chdir(ROOT)
    example = README.split("```python\n")[1].split("```")[0]
    test = doctest.DocTestParser().get_doctest(example, {}, "README", "README.md", 0)
    outcome = doctest.DocTestRunner().run(test)
    assert outcome.attempted > 0
    assert outcome.failed == 0


@pytest.mark.slow
def test_the_report_prints_what_the_readme_shows(tmp_path):
    shown = README.split("$ ./run report\n")[1].split("```")[0]
    command = [sys.executable, "-m", "twitchstats", "report"]
    as_run = os.environ | {"TWITCHSTATS_COMMAND": "./run"}
    printed = subprocess.run(command, cwd=tmp_path, env=as_run, capture_output=True, text=True, check=True).stdout
    assert re.sub(r"\S*/(?=report\.)", "", printed).strip() == shown.strip()


def test_pictures_are_those_of_the_notebooks():
    shown = re.findall(r"!\[[^\]]+\]\(docs/([^)]+)\)", README)
    drawn = {}
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
        drawn |= export_pictures(notebook.read_text(encoding="utf-8"))
    assert shown
    assert set(shown) == set(drawn) == {path.name for path in (ROOT / "docs").iterdir()}
    assert all((ROOT / "docs" / name).read_bytes() == picture for name, picture in drawn.items())


def test_the_number_of_claims_is_the_registers():
    told = f"{len(load_claims())} claims of five popular health articles to the test: {len(load_questions())} plain"
    assert told in README
