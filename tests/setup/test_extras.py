"""The package without its extras: what `pip install twitchstats` brings is enough to analyse a journal."""

import subprocess
import sys

import pytest

EXTRAS = {
    "report": ["IPython", "ipykernel", "jupyter_client", "nbclient", "nbconvert", "nbformat", "papermill", "traitlets"],
    "cohort, cluster": ["pyarrow", "dask", "distributed"],
    "lab, dev": ["jupyterlab", "hypothesis", "nbval", "pytest", "yaml"],
}
BLOCKED = [name for names in EXTRAS.values() for name in names]


def run_without(code):
    """Run code in a Python that finds none of the extras."""
    blocked = f"import sys\nsys.modules.update(dict.fromkeys({BLOCKED!r}))\n"
    return subprocess.run([sys.executable, "-c", blocked + code], capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_journal_is_analysed_without_any_extra():
    done = run_without(
        "import twitchstats as tw\n"
        "journal, _ = tw.simulate_journal(people=1, days=60, seed=1)\n"
        "print(tw.analyze_journal(journal, triggers=['caffeine', 'stress']).effects['trigger'].nunique())\n"
        "try:\n    tw.open_cohort('somewhere.parquet')\nexcept tw.OptionError as error:\n    print(error)\n"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "2",
        "Cohorts need pyarrow, which is not installed. Install it with: python -m pip install 'twitchstats[cohort]'",
    ]
