"""What librarians, journals and pre-commit read agrees with pyproject.toml, the lock and the study."""

import json
import re
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import yaml

from twitchstats.study import judge_study

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CODEMETA = json.loads((ROOT / "codemeta.json").read_text())
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text())
PAPER = (ROOT / "paper.md").read_text()


def test_codemeta_and_citation_say_what_the_project_says():
    for name in ("name", "version", "description"):
        assert CODEMETA[name] == PROJECT[name]
    assert CODEMETA["license"] == f"https://spdx.org/licenses/{PROJECT['license']}"
    assert CITATION["license"] == PROJECT["license"]
    assert CODEMETA["softwareRequirements"] == PROJECT["dependencies"]
    assert CODEMETA["runtimePlatform"] == f"Python {PROJECT['requires-python']}"
    assert CODEMETA["dateModified"] == str(CITATION["date-released"])
    assert CODEMETA["keywords"] == CITATION["keywords"]
    names = [author["name"] for author in PROJECT["authors"]]
    assert [author["name"] for author in CODEMETA["author"]] == names
    assert [author["name"] for author in CITATION["authors"]] == names


def test_the_citation_has_what_its_format_requires():
    assert {"cff-version", "message", "title", "authors"} <= set(CITATION)
    assert (CITATION["cff-version"], CITATION["type"]) == ("1.2.0", "software")


def test_hooks_are_pinned_and_check_what_the_tests_check():
    repos = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    hooks = {hook["id"]: hook.get("entry") for repo in repos for hook in repo["hooks"]}
    pins = {repo["repo"].rsplit("/")[-1]: repo["rev"] for repo in repos if repo["repo"] != "local"}
    assert all(re.fullmatch(r"v\d+\.\d+\.\d+", pin) for pin in pins.values())
    assert f"ruff=={pins['ruff-pre-commit'][1:]} " in (ROOT / "requirements.txt").read_text()
    stages = re.findall(r'^ +stage "(ruff|mypy)', (ROOT / "run").read_text(), re.MULTILINE)
    assert stages == [hook.split("-")[0] for hook in ("ruff-check", "ruff-format", "mypy") if hook in hooks]
    assert hooks["mypy"] == ".venv/bin/mypy"


def test_types_are_checked_strictly_and_only_packages_without_types_are_left_out():
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    (override,) = told["overrides"]
    assert told["strict"]
    assert set(override) == {"module", "ignore_missing_imports"}
    source = "\n".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    named = [name.removesuffix(".*") for name in override["module"]]
    assert [name for name in named if not re.search(rf"(import|from|_need\() ?\"?{name}\b", source)] == []
    assert [name for name in named if (Path(find_spec(name).origin).parent / "py.typed").exists()] == []


def test_the_paper_tells_the_figures_of_the_study():
    study = pd.read_csv(ROOT / "data" / "validation_study.csv")
    cells = study.query("part == 'diary' and days == 120 and lag == 1 and people == 1").set_index(["world", "method"])
    rows = re.findall(r"^\| (.+?) \| (\S+) \| (\S+) \| (\S+) \| (\S+) \|$", PAPER, re.MULTILINE)
    assert len(rows) == 4
    for world, *told in rows:
        ours = cells.loc[(world, "estimate_effects")]
        sizes = [cells.loc[(world, method), "size"] for method in ("naive", "least squares")]
        assert told == [f"{value:.3f}" for value in (*sizes, ours["size"], ours["coverage"])]
    power = cells.loc["independent", "power"]
    sentence = "least squares finds the planted effect in {} of diaries and `estimate_effects` in {}."
    shares = [f"{power[method]:.0%}".replace("%", " %") for method in ("least squares", "estimate_effects")]
    assert sentence.format(*shares) in " ".join(PAPER.split())
    judged = judge_study(study)
    missed = judged[judged["bar"].eq("pooled size") & judged["people"].eq(200) & ~judged["met_within_error"]]["world"]
    assert f"groups of 200 people (worlds: {', '.join(missed)})" in " ".join(PAPER.split())


def test_the_paper_cites_what_its_bibliography_holds():
    keys = set(re.findall(r"^@\w+\{(\w+),", (ROOT / "paper.bib").read_text(), re.MULTILINE))
    assert set(re.findall(r"@(\w+)\]", PAPER)) == keys
