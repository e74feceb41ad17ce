"""pyproject.toml, environment.yml and the lock say the same about packages and bounds."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]


def read_declared():
    """Return {name: bounds} of everything pyproject.toml asks for."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = [*told["project"]["optional-dependencies"].values(), *told["dependency-groups"].values()]
    texts = [*told["project"]["dependencies"], *(text for group in groups for text in group)]
    return {requirement.name: str(requirement.specifier) for requirement in map(Requirement, texts)}


def read_conda():
    """Return {name: bounds} of environment.yml, conda and pip parts together, and its python bound."""
    items = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    texts = [item for item in items if isinstance(item, str)]
    texts += [text for item in items if isinstance(item, dict) for text in item["pip"] if not text.startswith("-")]
    found = {requirement.name: str(requirement.specifier) for requirement in map(Requirement, texts)}
    del found["pip"]
    return found, found.pop("python")


def read_locked():
    """Return {name: version} of the lock; a package may stand twice, for two Python versions."""
    pattern = re.compile(r"^([a-z0-9._-]+)==(\S+)", re.MULTILINE)
    found = {}
    for name, version in pattern.findall((ROOT / "requirements.txt").read_text()):
        found.setdefault(name, []).append(Version(version))
    return found


def test_conda_users_get_the_same_packages_and_bounds():
    conda, python = read_conda()
    assert conda == read_declared()
    assert python == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]


@pytest.mark.parametrize("name", sorted(read_declared()))
def test_the_lock_lies_within_the_bounds(name):
    specifier = Requirement(f"{name}{read_declared()[name]}").specifier
    assert all(version in specifier for version in read_locked()[name])


def test_every_locked_package_has_a_hash():
    entries = re.split(r"\n(?=[a-z0-9._-]+==)", (ROOT / "requirements.txt").read_text().strip())
    assert len(entries) > 100
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_version_is_the_same_everywhere():
    import twitchstats

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert project["version"] == citation["version"] == twitchstats.__version__
    assert f"## {twitchstats.__version__}" in (ROOT / "CHANGELOG.md").read_text()
