"""Time the main jobs on simulated data of growing size: ``./run bench``."""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import twitchstats as tw
from twitchstats.journal import write_journal
from twitchstats.report import write_report


def measure(job: Callable[[], object]) -> float:
    """Return the seconds that a job takes."""
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def main() -> int:
    """Print one line for each job."""
    parser = argparse.ArgumentParser(prog="./run bench", description="Time the main jobs.")
    parser.add_argument("--people", type=int, nargs="*", default=[1, 20, 200], help="sizes of the simulated groups")
    parser.add_argument("--days", type=int, default=120)
    args = parser.parse_args()

    def tell(job: str, seconds: float) -> None:
        print(f"{job:<40} {seconds:8.2f} s", flush=True)

    tell("python -m twitchstats --help", measure(lambda: _run("-m", "twitchstats", "--help")))
    tell("import twitchstats", measure(lambda: _run("-c", "import twitchstats")))
    with tempfile.TemporaryDirectory() as folder:
        for people in args.people:
            path = Path(folder) / f"{people}.csv"
            journal, _ = tw.simulate_journal(people=people, days=args.days, seed=1)
            write_journal(journal, path)
            size = f"{people} people x {args.days} days"
            tell(f"read_journal, {size}", measure(lambda path=path: tw.read_journal(path)))
            tell(f"estimate_effects, {size}", measure(lambda journal=journal: tw.estimate_effects(journal)))
            tell(f"check_claims, {size}", measure(lambda journal=journal: tw.check_claims(journal)))
        tell("report of the demo journal", measure(lambda: write_report(out=folder)))
    return subprocess.run([sys.executable, str(Path(__file__).with_name("against_loops.py"))], check=False).returncode


def _run(*words: str) -> None:
    subprocess.run([sys.executable, *words], check=True, capture_output=True)


if __name__ == "__main__":
    sys.exit(main())
