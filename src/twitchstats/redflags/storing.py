"""Models as JSON: readable, diffable, free of pickle, and sealed with a checksum."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import twitchstats
from twitchstats.errors import TwitchstatsError
from twitchstats.files import write_file
from twitchstats.redflags.assumptions import Origin
from twitchstats.redflags.design import Design
from twitchstats.redflags.patterns import LEVELS, Patterns
from twitchstats.redflags.prevalence import BaseRate, check_share
from twitchstats.redflags.record import Record

FORMAT = "twitchstats red flag model"
FORMAT_VERSION = 3
# What each part of a file must be: its kind, and the shape of numbers in signs (s), terms (t) and columns (1 + t).
SCHEMA: dict[str, tuple[type | tuple[type, ...], str]] = {
    "parameters": (dict, ""), "signs_": (list, ""), "ignored_": (list, ""), "named_": (bool, ""),
    "classes_": (list, "2"), "classes_dtype": (str, ""), "design_": (dict, ""), "intercept_": (list, "1"),
    "coef_": (list, "1t"), "covariance_": (list, "cc"), "term_means_": (list, "t"), "term_scales_": (list, "t"),
    "dropped_terms_": (list, ""), "strength_": (float, ""), "strength_path_": (dict, ""), "missing_": (dict, ""),
    "n_people_": (int, ""), "n_serious_": (int, ""), "sample_rate_": (float, ""), "shift_": ((float, int), ""),
    "base_rate_": ((float, int), ""), "base_": (dict, ""), "patterns_": (dict, ""),
    "origin_": ((dict, type(None)), ""), "notes_": (list, ""), "digest_": (str, ""),
}  # fmt: skip
# How the parts of a record are called in a file.
_ARRAYS = {"covariance": "covariance_", "means": "term_means_", "scales": "term_scales_"}
_TUPLES = {"signs": "signs_", "ignored": "ignored_", "dropped": "dropped_terms_", "notes": "notes_"}
_PLAIN = {name: f"{name}_" for name in ("named", "strength", "n_people", "n_serious", "sample_rate", "shift", "digest")}
_MOMENTS = ("means", "covariances", "quantiles", "yes_no", "counts", "known")


def save_record(record: Record, parameters: dict[str, Any], path: str | Path) -> None:
    """Write a fitted model; no person of the training sample is in it."""
    labels = record.classes
    parts: dict[str, Any] = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "twitchstats": twitchstats.__version__,
        "use": "Research and teaching; not for diagnosis.",
        "parameters": parameters,
        "classes_": labels.tolist(),
        "classes_dtype": "str" if labels.dtype.kind in "OUT" else labels.dtype.str,
        "design_": asdict(record.design),
        "intercept_": record.coefficients[:1],
        "coef_": record.coefficients[None, 1:],
        "base_rate_": record.base.rate,
        "base_": {name: value for name, value in asdict(record.base).items() if name != "rate"},
        "origin_": asdict(record.origin) if record.origin else None,
        "patterns_": {name: getattr(record.patterns, name) for name in (*_MOMENTS, "strength")},
        "strength_path_": record.path.to_dict("list"),
        "missing_": record.missing.to_dict("list"),
    }
    parts |= {key: getattr(record, name) for name, key in (_PLAIN | _ARRAYS | _TUPLES).items()}
    plain = json.loads(json.dumps(parts, default=_plain))
    text = json.dumps({"checksum": seal_parts(plain), **plain}, indent=1, ensure_ascii=False)
    write_file(path, text + "\n", replace=is_model)


def is_model(path: Path) -> bool:
    """Say whether a file is a model that `save_record` wrote."""
    try:
        read_parts(path)
    except TwitchstatsError:
        return False
    return True


def seal_parts(parts: dict[str, Any]) -> str:
    """Return the checksum of a file's parts."""
    kept = {name: value for name, value in parts.items() if name != "checksum"}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TwitchstatsError(f"{value!r} can't be written to a model file: only numbers, words and lists can.")


@contextmanager
def telling_damage(path: str | Path) -> Iterator[None]:
    """Turn what goes wrong inside into a message about the file."""
    name = Path(path).name
    try:
        yield
    except KeyError as error:
        raise TwitchstatsError(f"{name} is a damaged model file: {error} is missing. Save the model again.") from error
    except (TypeError, ValueError, AttributeError) as error:
        reason = str(error).rstrip(".")
        raise TwitchstatsError(f"{name} is a damaged model file: {reason}. Save the model again.") from error


def restore_record(parts: dict[str, Any]) -> tuple[dict[str, Any], Record]:
    """Return the options and the record that a file's parts hold.

    Raises
    ------
    KeyError, TypeError, ValueError
        A part is missing, or not what it must be.
    """
    parameters = dict(parts["parameters"])
    _check_parts(parts)
    record = _restore(parts)
    _check_record(record)
    parameters["triples"] = tuple(tuple(chosen) for chosen in parameters["triples"])
    parameters["ignore"] = tuple(parameters["ignore"])
    if not isinstance(parameters["interactions"], str):
        parameters["interactions"] = [tuple(chosen) for chosen in parameters["interactions"]]
    return parameters, record


def check_seal(parts: dict[str, Any], path: str | Path) -> None:
    """Raise TwitchstatsError where the checksum of a file does not fit what it holds."""
    if parts.get("checksum") != seal_parts(parts):
        raise TwitchstatsError(
            f"{Path(path).name} was changed after it was saved: its checksum does not fit. Save the model again."
        )


def _check_parts(parts: dict[str, Any]) -> None:
    design, n_signs = parts["design_"], len(parts["signs_"])
    n_terms = len(design["products"]) + len(design["bends"]) + len(design["unknown"])
    sizes = {"1": (1,), "2": (2,), "t": (n_terms,), "1t": (1, n_terms), "cc": (1 + n_terms, 1 + n_terms)}
    for name, (kind, shape) in SCHEMA.items():
        if not isinstance(parts[name], kind):
            raise ValueError(f"{name} is {parts[name]!r:.40}, no {getattr(kind, '__name__', 'number')}")
        if shape:
            _check_array(name, parts[name], sizes[shape], finite=name != "classes_")
    one, two = (n_signs,), (n_signs, n_signs)
    for name, size in {"mean": one, "low": one, "high": one, "covariance": two}.items():
        _check_array(f"design_ {name}", design[name], size)
    for name, size in {
        "means": (2, *one),
        "covariances": (2, *two),
        "quantiles": (2, *one, len(LEVELS)),
        "yes_no": one,
        "counts": (2,),
        "known": one,
    }.items():
        _check_array(f"patterns_ {name}", parts["patterns_"][name], size)


def _check_array(name: str, values: object, shape: tuple[int, ...], *, finite: bool = True) -> None:
    numbers = np.array(values, dtype=float if finite else object)
    if numbers.shape != shape:
        raise ValueError(f"{name} has the shape {numbers.shape}, not {shape}")
    if finite and not np.isfinite(numbers).all():
        raise ValueError(f"{name} holds values that are no numbers")


def _restore(parts: dict[str, Any]) -> Record:
    origin, stored, base = parts["origin_"], parts["patterns_"], parts["base_"]
    design = Design(**parts["design_"])
    design.bends[:] = [(str(name), float(value)) for name, value in design.bends]
    moments: dict[str, Any] = {name: np.array(stored[name], bool if name == "yes_no" else float) for name in _MOMENTS}
    scales = np.array(parts["term_scales_"], dtype=float)
    told: dict[str, Any] = {name: np.array(parts[key], dtype=float) for name, key in _ARRAYS.items()}
    told |= {name: tuple(parts[key]) for name, key in _TUPLES.items()}
    told |= {name: parts[key] for name, key in _PLAIN.items()}
    return Record(
        **told,
        classes=np.array(
            parts["classes_"], dtype=object if parts["classes_dtype"] == "str" else parts["classes_dtype"]
        ),
        coefficients=np.array([*parts["intercept_"], *parts["coef_"][0]], dtype=float),
        design=design,
        path=pd.DataFrame(parts["strength_path_"], dtype=float),
        missing=pd.DataFrame(parts["missing_"]),
        base=BaseRate(**base | {"rate": parts["base_rate_"], "diagnoses": tuple(base["diagnoses"])}),
        patterns=Patterns(design, **moments, scales=scales, strength=stored["strength"]),
        origin=origin and Origin(
            origin["design"], tuple(origin["serious"]), tuple(map(tuple, origin["changed"])), origin["exact"]
        ),
    )  # fmt: skip


def _check_record(record: Record) -> None:
    """Raise where the parts of a file do not belong together: a wrong risk would be worse than none."""
    check_share("base_rate_", record.base.rate)
    check_share("sample_rate_", record.sample_rate)
    if not np.isfinite(record.shift):
        raise ValueError(f"shift_ is {record.shift!r}, no number")
    used = {name for parts in [*record.design.parts, *record.design.unknown] for name in parts}
    if tuple(record.design.signs) != record.signs or not used <= set(record.signs):
        raise ValueError("its terms do not belong to its signs")


def read_parts(path: str | Path) -> dict[str, Any]:
    """Read the parts of a file that `save_record` wrote.

    Raises
    ------
    TwitchstatsError
        The file is no such model, or comes from another version.
    """
    name = Path(path).name
    try:
        parts = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise TwitchstatsError(f"{name} is no model file: it is not JSON ({error}).") from error
    if not isinstance(parts, dict) or parts.get("format") != FORMAT:
        raise TwitchstatsError(f"{name} is no model file: its 'format' is not {FORMAT!r}.")
    version = parts.get("format_version")
    if not isinstance(version, int):
        raise TwitchstatsError(f"{name} is a damaged model file: its 'format_version' is {version!r}.")
    if version != FORMAT_VERSION:
        when = "a later" if version > FORMAT_VERSION else "an earlier"
        raise TwitchstatsError(
            f"{name} was written by twitchstats {parts.get('twitchstats')}, in {when} format. "
            + ("Update twitchstats." if version > FORMAT_VERSION else "Fit and save the model again.")
        )
    return parts
