"""How often a journal's report was looked at: remembered in a small file beside it."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from twitchstats.files import read_file

LOOKS = "report.looks.json"
ABOUT = (
    "States of a journal of which a report was made: whoever looks again and again has to know how often. Without this "
    "file the next report says that it does not know."
)
UNKNOWN = -1
MOST_BYTES = 10_000_000


def read_looks(path: Path, *, reported: bool) -> dict[str, Any]:
    """Return the remembered looks; ``complete`` is False where some were forgotten.

    Parameters
    ----------
    path : Path
        The file beside the report.
    reported : bool
        Whether there is an earlier report: without the file, its looks are not known.
    """
    try:
        told = json.loads(read_file(path, limit=MOST_BYTES))
        seen = [{name: str(look[name]) for name in ("journal", "checksum", "date")} for look in told["looks"]]
        return {"complete": told["complete"] is True, "looks": seen}
    except FileNotFoundError:
        return {"complete": not reported, "looks": []}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {"complete": False, "looks": []}


def count_looks(told: Mapping[str, Any], journal: str, checksum: str) -> int:
    """Return of how many other states of the journal a report was made, or UNKNOWN.

    >>> look = {"journal": "a.csv", "checksum": "1", "date": "2026-03-01"}
    >>> [count_looks({"complete": True, "looks": [look]}, "a.csv", checksum) for checksum in "12"]
    [0, 1]
    """
    others = {look["checksum"] for look in told["looks"] if look["journal"] == journal} - {checksum}
    return len(others) if told["complete"] else UNKNOWN


def format_looks(told: Mapping[str, Any], journal: str, checksum: str) -> str:
    """Return the file with this look; the same state of a journal is one look, however often it is opened."""
    look = {"journal": journal, "checksum": checksum, "date": date.today().isoformat()}
    known = any((one["journal"], one["checksum"]) == (journal, checksum) for one in told["looks"])
    looks = [*told["looks"], *([] if known else [look])]
    marked = {"metadata": {"twitchstats": ABOUT}, "complete": told["complete"], "looks": looks}
    return json.dumps(marked, indent=1, ensure_ascii=False) + "\n"
