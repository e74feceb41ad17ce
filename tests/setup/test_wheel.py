"""The package as a wheel, in an environment of its own, away from the checkout."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel with the locked build backend: nothing is fetched."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT, check=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Unpack the wheel into a fresh environment that borrows only the other packages; return its python."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    place = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    with zipfile.ZipFile(wheel) as packed:  # what an installer does with a pure wheel
        packed.extractall(place)
    # A path in a .pth file is searched after the environment's own packages, and its own .pth files are not read:
    # the editable install of the checkout stays out of sight.
    Path(place, "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    return python


def run(python, *words, folder, **options):
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV"))}
    # Kernels and page templates of the borrowed packages lie beside them.
    clean["JUPYTER_PATH"] = str(Path(sys.prefix, "share", "jupyter"))
    return subprocess.run(
        [python, *words], cwd=folder, env=clean, capture_output=True, text=True, check=False, **options
    )


def test_the_wheel_holds_code_data_and_notebooks(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("data", "notebooks"):
        committed = {
            path.name for path in (ROOT / folder).iterdir() if path.suffix in (".csv", ".ipynb", ".json", ".md")
        }
        packed = {name.split("/")[-1] for name in names if name.startswith(f"twitchstats/{folder}/")}
        assert committed <= packed
    assert {
        "twitchstats/report/page/index.html.j2",
        "twitchstats/report/page/style.css",
        "twitchstats/py.typed",
    } <= names
    assert not [name for name in names if name.startswith(("tests", "src"))]


@pytest.mark.slow
def test_it_runs_from_another_folder(installed, tmp_path):
    where = run(installed, "-c", "import twitchstats; print(twitchstats.__file__)", folder=tmp_path).stdout.strip()
    assert Path(where).is_relative_to(installed.parents[1])
    assert not Path(where).is_relative_to(ROOT)
    told = run(installed, "-m", "twitchstats", "report", "--out", "here", folder=tmp_path)
    assert told.returncode == 0, told.stderr
    assert (tmp_path / "here" / "report.html").stat().st_size > 50_000
    assert (tmp_path / "here" / "report.ipynb").exists()
    assert "Traceback" not in told.stderr
