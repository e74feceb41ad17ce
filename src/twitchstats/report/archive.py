"""Pack a report as an RO-Crate (version 1.1): what a third person needs to see what was made from what, and by what."""

import io
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import nbformat

from twitchstats.errors import OptionError
from twitchstats.files import Replace, read_file, write_file
from twitchstats.report.execute import read_parameters
from twitchstats.report.wording.reading import list_versions
from twitchstats.report.write import Written, list_paths
from twitchstats.resources import find_resource
from twitchstats.trial.write import FILES

METADATA = "ro-crate-metadata.json"
LOCK = "requirements.txt"
CRATE = "https://w3id.org/ro/crate/1.1"
BSD = "https://spdx.org/licenses/BSD-3-Clause"
_KINDS = {".html": "text/html", ".ipynb": "application/x-ipynb+json", ".txt": "text/plain", ".csv": "text/csv"}


def write_archive(
    written: Written,
    *,
    path: str | os.PathLike[str] | None = None,
    with_journal: bool = False,
    replace: Replace = False,
) -> Path:
    """Write page, notebook, lock and what they were made from as a zip that is an RO-Crate.

    Parameters
    ----------
    written : Written
        What `write_report` returned.
    path : path, optional
        The zip; by default ``report.zip`` beside the page.
    with_journal : bool
        Put the journal, and the tables and the plan of a trial read with it, into the zip; they are private by default,
        and only their names and SHA-256 checksums are told. With them, the unpacked report can be verified.
    replace : bool or callable
        As in `write_file`.

    Returns
    -------
    Path

    Raises
    ------
    OptionError
        The journal has changed since the report was made, `path` can't be written, or a file has the name of one of the
        archive's own.

    Notes
    -----
    `RO-Crate 1.1 <https://w3id.org/ro/crate/1.1>`_, a JSON-LD description. The lock is that of the checkout, or,
    where the package was installed alone, the versions of what makes the numbers.
    """
    notebook = nbformat.read(written.notebook, as_version=4)
    sources = _find_sources(notebook, written.notebook.resolve().parent)
    payload = [written.html.resolve(), written.notebook.resolve(), *(sources if with_journal else ())]
    root = Path(os.path.commonpath([file.parent for file in payload]))
    files = {file.relative_to(root).as_posix(): read_file(file) for file in payload}
    for name in files.keys() & {LOCK, METADATA}:
        raise OptionError(
            f"{root / name} can't go into an archive, which has a {name} of its own. Give it another name."
        )
    files[LOCK] = _read_lock()
    left_out = [] if with_journal else [(file.name, sha256(read_file(file)).hexdigest()) for file in sources]
    origin = notebook.metadata["twitchstats"]
    known = [*(checksum for _, checksum in left_out), *(sha256(data).hexdigest() for data in files.values())]
    if origin["journal"] and origin["checksum"] not in known:
        raise OptionError(
            f"The journal {Path(origin['journal']).name} has changed since the report was made. Make it again."
        )
    demo = [] if origin["journal"] else [("demo_journal.csv", origin["checksum"])]
    described = describe_crate(files, left_out=left_out + demo)
    files[METADATA] = json.dumps(described, indent=1, ensure_ascii=False).encode()
    target = Path(path) if path is not None else written.html.with_name("report.zip")
    return write_file(target, _pack(files), replace=replace, inputs=[*sources, written.html, written.notebook])


def describe_crate(files: Mapping[str, bytes], *, left_out: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return the JSON-LD of a crate.

    Parameters
    ----------
    files : mapping of str to bytes
        What the crate holds, by its path in it.
    left_out : sequence of str and str
        Name and SHA-256 checksum of each file that it was made from but does not hold.

    Examples
    --------
    >>> crate = describe_crate({"report.html": b"<html>"}, left_out=[("my.csv", "0" * 64)])
    >>> [part["@id"] for part in crate["@graph"][:3]]
    ['ro-crate-metadata.json', './', 'report.html']
    """
    outside = [
        {"@id": f"#source-{number}", "@type": "CreativeWork", "name": name, "sha256": checksum,
         "description": "What the report was made from. It is not in this archive."}
        for number, (name, checksum) in enumerate(left_out, start=1)
    ]  # fmt: skip
    held = [_describe_file(name, data) for name, data in files.items()]
    software = [
        {"@id": f"#{name}", "@type": "SoftwareApplication", "name": name, "version": version}
        for name, version in list_versions().items()
    ]
    results = {quote(name) for name in files if Path(name).name in ("report.html", "report.ipynb")}
    action = {
        "@id": "#run", "@type": "CreateAction", "name": "twitchstats report", "instrument": _point(software),
        "object": _point([*outside, *(each for each in held if each["@id"] not in results | {LOCK})]),
        "result": _point([each for each in held if each["@id"] in results]),
    }  # fmt: skip
    return {
        "@context": [f"{CRATE}/context", {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}],
        "@graph": [
            {"@id": METADATA, "@type": "CreativeWork", "about": {"@id": "./"}, "conformsTo": {"@id": CRATE}},
            {
                "@id": "./", "@type": "Dataset", "name": "A report of twitchstats",
                "description": "A report on a symptom journal and its notebook. It informs; it is no diagnosis.",
                "datePublished": date.today().isoformat(), "license": {"@id": "#private"},
                "hasPart": _point(held), "mentions": _point([action, *outside]),
            },
            *held, *outside, *software, action,
            {"@id": "#private", "@type": "CreativeWork", "name": "No licence is given",
             "description": "It tells of somebody's health: ask the person before you pass it on."},
            {"@id": BSD, "@type": "CreativeWork", "name": "BSD-3-Clause, of the software and its notebook's code"},
        ],
    }  # fmt: skip


def is_archive(path: Path) -> bool:
    """Say whether a file is a zip that `write_archive` may have written."""
    try:
        with zipfile.ZipFile(io.BytesIO(read_file(path))) as packed:
            return METADATA in packed.namelist() and b"A report of twitchstats" in packed.read(METADATA)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError):
        return False


def _find_sources(notebook: nbformat.NotebookNode, folder: Path) -> list[Path]:
    """Return the files that a report was made from, each once; none for the demo journal, which the package holds."""
    parameters = read_parameters(notebook)
    named = [parameters.get("journal_path"), *list_paths(parameters.get("options", {})), parameters.get("plan_path")]
    found = ((folder / name).resolve() for name in named if name)
    return list(dict.fromkeys(path / FILES["plan"] if path.is_dir() else path for path in found))


def _read_lock() -> bytes:
    path = find_resource(LOCK)
    pins = "".join(f"{name}=={version}\n" for name, version in list_versions().items() if name != "Python")
    return read_file(path) if path.exists() else pins.encode()


def _describe_file(name: str, data: bytes) -> dict[str, Any]:
    described = {
        "@id": quote(name), "@type": "File", "name": Path(name).name, "contentSize": str(len(data)),
        "encodingFormat": _KINDS.get(Path(name).suffix, "application/octet-stream"), "sha256": sha256(data).hexdigest(),
    }  # fmt: skip
    return described | ({"license": {"@id": BSD}} if name == LOCK else {})


def _point(entities: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{"@id": entity["@id"]} for entity in entities]


def _pack(files: Mapping[str, bytes]) -> bytes:
    """Return a zip; the same files on the same day give the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=zipfile.ZIP_DEFLATED)
    return packed.getvalue()
