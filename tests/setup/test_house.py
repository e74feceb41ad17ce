"""What is committed stands on its own: no address of a package registry, no path of one machine, a lazy import."""

import inspect
import pkgutil
import re
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Written in parts, so that this file doesn't name what it forbids.
FOREIGN = re.compile(
    r"pypi\.(org|python)|pythonhosted\.|files\.python|anaconda\.(org|com)/|conda\.anaconda|"
    r"/(root|home/\w+|Users/\w+|opt)/|/work/(main|shared)|/tmp/".replace("\\.", "[.]")
)
HEAVY = {"numpy", "pandas", "scipy", "matplotlib", "sklearn", "statsmodels", "seaborn", "nbformat", "papermill"}


def list_committed():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_committed_file_names_a_registry_or_a_machine():
    found = {}
    for path in list_committed():
        hits = FOREIGN.findall(path.read_bytes().decode("utf-8", "replace")) if path != Path(__file__) else []
        if hits:
            found[str(path.relative_to(ROOT))] = len(hits)
    assert found == {}


@pytest.mark.parametrize(
    "text", ["files" + ".pythonhosted.org", "/root" + "/x", "/work" + "/main/src", "https://pypi" + ".org"]
)
def test_the_search_for_foreign_names_finds_them(text):
    assert FOREIGN.search(text)


@pytest.mark.parametrize(
    "code",
    [
        "import twitchstats",
        "import twitchstats; dir(twitchstats)",
        "from twitchstats import cli; cli.build_parser().format_help()",
        "from twitchstats import cli; cli.build_parser().format_help(); import twitchstats.errors",
    ],
)
def test_importing_costs_next_to_nothing(code):
    script = f"{code}\nimport sys\nprint(*sorted(set(sys.modules) & {HEAVY!r}))"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "\n"


def test_every_public_name_can_be_loaded():
    import twitchstats

    assert [name for name in twitchstats.__all__ if getattr(twitchstats, name, None) is None] == []
    with pytest.raises(AttributeError, match=re.escape("module 'twitchstats' has no attribute 'cafeine'")):
        _ = twitchstats.cafeine


def test_every_public_function_and_class_has_an_example():
    import twitchstats

    packages = [part.name for part in pkgutil.iter_modules(twitchstats.__path__) if part.ispkg]
    rooms = [twitchstats, *(import_module(f"twitchstats.{name}") for name in packages)]
    told = {
        f"{room.__name__}.{name}": inspect.cleandoc(getattr(room, name).__doc__ or "")
        for room in rooms
        for name in getattr(room, "__all__", ())
        if callable(getattr(room, name))
    }
    assert len(told) > len(twitchstats.__all__)
    assert [name for name, text in told.items() if "\n\nExamples\n--------\n>>> " not in text] == []


def test_scripts_can_be_run():
    for name in ("run", ".ci/run"):
        assert (ROOT / name).stat().st_mode & 0o111
        subprocess.run(["bash", "-n", str(ROOT / name)], check=True)


def test_an_unknown_command_is_told_before_anything_is_set_up():
    told = subprocess.run(["bash", str(ROOT / "run"), "reprot"], capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert told.stderr.startswith("There is no command 'reprot'.\nusage: ./run COMMAND")


def test_run_finds_its_house_from_any_folder_and_through_a_link(tmp_path):
    house = tmp_path / "my house"
    programs = house / ".venv" / "bin"
    programs.mkdir(parents=True)
    shutil.copy(ROOT / "run", house)
    for name in ("requirements.txt", "pyproject.toml"):
        (house / name).write_text(f"{name}\n")
    key = f"{house.resolve()}\nrequirements.txt\npyproject.toml\n"
    (house / ".venv" / "set-up-key").write_text(key)
    program = programs / "twitchstats"
    program.write_text('#!/bin/sh\nprintf "%s|" "$@"\n')
    program.chmod(0o755)
    link = tmp_path / "link"
    link.symlink_to(house / "run")
    for script in (house / "run", link):
        words = [script, "check", "my journal.csv"]
        done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, check=True)
        assert (done.stdout, done.stderr) == ("check|my journal.csv|", "")
