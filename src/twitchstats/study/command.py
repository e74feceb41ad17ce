"""The study as a command: run it, write its table, put it into the README."""

from collections.abc import Callable
from pathlib import Path

from twitchstats.resources import find_resource
from twitchstats.study.run import run_study
from twitchstats.study.table import FILE, PARTS, describe_study, refresh_readme, write_study

QUICK = 200  # diaries in a cell


def run_quickly() -> str:
    """Return a description of a small study: 120 days, single diaries and a search."""
    parts = [part for part in PARTS if part not in ("trial", "published")]
    return describe_study(run_study(days=(120,), people=(1,), replicates=QUICK, parts=parts, workers=None))


def renew_study(tell: Callable[[str], None], *, out: Path | None = None) -> str:
    """Run the whole study and return its description.

    The table goes to `out`, or to data/validation_study.csv, and then the README is renewed as well.
    """
    tell("Simulating; this takes a few minutes ...")
    study = run_study(workers=None)
    path = out or find_resource("data") / FILE
    write_study(study, path)
    readme = find_resource("data").parent / "README.md"
    written = [path, readme] if out is None and refresh_readme(study, readme) else [path]
    tell("Written: " + ", ".join(map(str, written)))
    return describe_study(study)
