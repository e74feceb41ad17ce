"""Time the main jobs against what a user would otherwise write, and how they grow: ``./run bench``.

Everything is timed in one run on one machine; the table, ``benchmarks/README.md``, tells ratios beside seconds.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from against_loops import LAGS, compare, make_journal, time_job
from sklearn.linear_model import LogisticRegression

import twitchstats as tw
from twitchstats.inference import ALPHA
from twitchstats.journal import write_journal
from twitchstats.redflags import measure_stability

PAGE = Path(__file__).with_name("README.md")
BASE = {"people": 60, "days": 120, "triggers": 6, "lags": 2}  # from which each is made five times as large
GROWN = 5
BOOTSTRAPS = 200


def compare_starts() -> pd.DataFrame:
    """Return how long it takes to import the package and to ask for help, beside pandas and bare Python."""
    python, shell = sys.executable, str(PAGE.parents[1] / "run")
    pairs = [
        ("import twitchstats", [python, "-c", "import twitchstats"], "import pandas", [python, "-c", "import pandas"]),
        ("./run --help", [shell, "--help"], "bare Python", [python, "-c", ""]),
        ("twitchstats --help", [python, "-m", "twitchstats", "--help"], "bare Python", [python, "-c", ""]),
    ]
    return pd.DataFrame(
        [_compare(ours, lambda a=a: _run(*a), peer, lambda b=b: _run(*b)) for ours, a, peer, b in pairs]
    )


def compare_reading(people: int, days: int) -> pd.DataFrame:
    """Return how long a journal's CSV takes beside plain `pandas.read_csv`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.csv"
        write_journal(make_journal(people, days, 18), path)
        name = f"read_journal, {people * days:,} person-days x 20 columns"
        row = _compare(name, lambda: tw.read_journal(path), "pandas.read_csv", lambda: pd.read_csv(path))
    return pd.DataFrame([row])


def compare_risks(people: int) -> pd.DataFrame:
    """Return how long the risk model takes, every pair of signs in it, beside fits by scikit-learn alone.

    scikit-learn gets the columns ready made and the penalty that was chosen, so that it neither reads signs nor looks
    for a penalty, and is told to solve to the same last digits.
    """
    cohort = tw.simulate_cohort(people=people, seed=1)
    model = tw.RedFlagModel().fit(cohort, cohort["serious"])
    columns = model.build_design(cohort, standardized=True).to_numpy()
    plain = LogisticRegression(C=1 / model.strength_, solver="newton-cholesky", tol=1e-10, max_iter=200)

    def fit_plain(times: int) -> None:
        for _ in range(times):
            plain.fit(columns, cohort["serious"])

    shape = f"{people:,} people, {columns.shape[1]} terms"
    jobs = [
        (f"RedFlagModel.fit, {shape}", lambda: tw.RedFlagModel().fit(cohort, cohort["serious"]), 1),
        (f"measure_stability, {BOOTSTRAPS} bootstraps, {shape}",
         lambda: measure_stability(model, cohort, cohort["serious"], n_bootstrap=BOOTSTRAPS), BOOTSTRAPS),
    ]  # fmt: skip
    peers = {1: "one LogisticRegression.fit", BOOTSTRAPS: f"{BOOTSTRAPS} LogisticRegression.fit"}
    return pd.DataFrame([_compare(name, job, peers[times], lambda n=times: fit_plain(n)) for name, job, times in jobs])


def measure_growth() -> pd.DataFrame:
    """Return for each size the exponent with which effects and correlations grow.

    Beside it how many rows are below .05 before and after: nothing is planted, and each found trigger is tried against
    other explanations, which costs about as much as scoring many that are not found. A count that differs by chance
    moves the exponent.
    """
    jobs = {"correlate_triggers": tw.correlate_triggers, "estimate_effects": tw.estimate_effects}
    rows = []
    for job, function in jobs.items():
        base, few = _time_size(function, BASE)
        for name, size in BASE.items():
            grown, more = _time_size(function, BASE | {name: size * GROWN})
            exponent = np.log(grown / base) / np.log(GROWN)
            rows.append({"job": job, "grown in": name, "exponent": exponent, "found before": few, "after": more})
    return pd.DataFrame(rows)


def _time_size(function: Callable[..., pd.DataFrame], size: dict[str, int]) -> tuple[float, int]:
    journal = make_journal(size["people"], size["days"], size["triggers"])
    job = partial(function, journal, lags=range(size["lags"]), by="pooled")
    return time_job(job), int(job()["p_value"].lt(ALPHA).sum())


def _compare(ours: str, job: Callable[[], object], peer: str, other: Callable[[], object]) -> dict[str, object]:
    package, theirs = time_job(job), time_job(other)
    return {"job": ours, "peer": peer, "package_s": package, "peer_s": theirs, "times the peer": package / theirs}


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


def write_page(parts: dict[str, pd.DataFrame], size: str) -> str:
    """Return the page as Markdown."""
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    lines = [
        "# How fast, beside what",
        "",
        f"Written by `./run bench`: {machine}, {size}. A timing is never a test.",
        "",
    ]
    for title, frame in parts.items():
        shown = frame.map(lambda value: f"{value:.3g}" if isinstance(value, float) else value)
        lines += [f"## {title}", "", "| " + " | ".join(shown.columns) + " |", "|---" * len(shown.columns) + "|"]
        lines += ["| " + " | ".join(map(str, row)) + " |" for row in shown.itertuples(index=False)] + [""]
    return "\n".join(lines)


def main() -> int:
    """Time everything, write the page and print it."""
    parser = argparse.ArgumentParser(prog="./run bench", description="Time the main jobs; write benchmarks/README.md.")
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--triggers", type=int, default=20)
    parser.add_argument("--sample", type=int, default=300, help="calls of each loop that are timed")
    args = parser.parse_args()
    size = f"{args.people} people x {args.days} days x {args.triggers} triggers x {len(LAGS)} lags"
    parts = {}
    for title, job in {
        "Against loops over people, triggers and lags": lambda: compare(
            args.people, args.days, args.triggers, args.sample
        ),
        "Growth, groups (1 is in proportion)": measure_growth,
        "Reading": lambda: compare_reading(args.people, args.days),
        "Risk model": lambda: compare_risks(6000),
        "Starting": compare_starts,
    }.items():
        print(f"{title} ...", file=sys.stderr, flush=True)
        parts[title] = job()
    page = write_page(parts, size)
    PAGE.write_text(page, encoding="utf-8")
    print(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
