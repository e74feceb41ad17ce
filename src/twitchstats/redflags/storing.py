"""Models as JSON: readable, diffable, free of pickle, and sealed with a checksum.

A file holds the parts of a `Record` under their own names. What kind each must be is read from the record itself.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
import pandas as pd

import twitchstats
from twitchstats.errors import TwitchstatsError
from twitchstats.files import write_file
from twitchstats.redflags.patterns import LEVELS
from twitchstats.redflags.prevalence import check_share
from twitchstats.redflags.record import Record

FORMAT = "twitchstats red flag model"
FORMAT_VERSION = 5
Json = Any  # whatever a file can hold
_LEFT_OUT = ("training", "made")  # no person of the training sample is saved


def save_record(record: Record, parameters: dict[str, Any], path: str | Path) -> None:
    """Write a fitted model; no person of the training sample is in it."""
    parts = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "twitchstats": twitchstats.__version__,
        "use": "Research and teaching; not for diagnosis.",
        "parameters": parameters,
        **_list_parts(record),
    }
    plain = json.loads(json.dumps(parts, default=_plain))
    text = json.dumps({"checksum": seal_parts(plain), **plain}, indent=1, ensure_ascii=False)
    write_file(path, text + "\n", replace=is_model)


def _list_parts(whole: Json) -> dict[str, Any]:
    return {part.name: getattr(whole, part.name) for part in fields(whole) if part.name not in _LEFT_OUT}


def _plain(value: Json) -> object:
    if is_dataclass(value):
        return _list_parts(value)
    if isinstance(value, pd.DataFrame):
        return value.to_dict("list")
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TwitchstatsError(f"{value!r} can't be written to a model file: only numbers, words and lists can.")


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
    """Return the options and the record that a file's parts hold."""
    parameters = dict(parts["parameters"])
    for name in ("triples", "interactions"):
        if not isinstance(parameters[name], str):
            parameters[name] = [tuple(chosen) for chosen in parameters[name]]
    parameters |= {name: tuple(parameters[name]) for name in ("triples", "ignore")}
    record: Record = _restore("record", parts, Record)
    _check_record(record)
    return parameters, record


def _restore(name: str, value: Json, kind: Json) -> Json:
    """Return a part of a file as what it must be, by the type of the field that it fills."""
    make: Json = kind
    outer: Json = get_origin(kind)
    inner = get_args(kind)
    if type(None) in inner:
        return None if value is None else _restore(name, value, inner[0])
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        wanted = [part.name for part in fields(kind) if part.name not in _LEFT_OUT]
        return make(**{part: _restore(part, value[part], hints[part]) for part in wanted})
    if kind is pd.DataFrame:
        return pd.DataFrame(value)
    if outer is np.ndarray:
        return _restore_array(name, value, get_args(inner[1])[0])
    if outer in (list, tuple):
        kinds = [inner[0]] * len(value) if outer is list or inner[-1] is Ellipsis else inner
        return outer(_restore(name, one, member) for one, member in zip(value, kinds, strict=True))
    if not isinstance(value, (float, int) if kind is float else kind) or (kind is not bool and value is True):
        raise ValueError(f"{name} is {value!r:.40}, no {'number' if kind is float else kind.__name__}")
    return float(value) if kind is float else value


def _restore_array(name: str, value: Json, kind: object) -> np.ndarray:
    if not isinstance(kind, type):  # any: the labels
        return np.array(value, dtype=object if any(isinstance(label, str) for label in value) else None)
    array: np.ndarray = np.array(value, dtype=kind)
    if kind is np.float64 and not np.isfinite(array).all():
        raise ValueError(f"{name} holds values that are no numbers")
    return array


def _check_record(record: Record) -> None:
    """Raise where the parts of a file do not belong together: a wrong risk would be worse than none."""
    design, stored = record.design, record.moments
    n, n_terms = len(record.signs), len(design.terms)
    columns = 1 + n_terms
    shapes = [
        (record, {"coefficients": (columns,), "covariance": (columns, columns), "means": (n_terms,),
                  "scales": (n_terms,), "classes": (2,)}),
        (design, {"mean": (n,), "low": (n,), "high": (n,), "covariance": (n, n)}),
        (stored, {"means": (2, n), "covariances": (2, n, n), "quantiles": (2, n, len(LEVELS)), "yes_no": (n,),
                  "counts": (2,), "known": (n,)}),
    ]  # fmt: skip
    for whole, wanted in shapes:
        for name, shape in wanted.items():
            if np.shape(getattr(whole, name)) != shape:
                raise ValueError(f"{name} has the shape {np.shape(getattr(whole, name))}, not {shape}")
    if record.classes[0] == record.classes[1]:
        raise ValueError("both labels are the same")
    for name, values in (
        ("scales", record.scales),
        ("counts", stored.counts),
        ("strength", np.nan_to_num(record.strength, nan=1.0)),
    ):
        if not np.all(values > 0):
            raise ValueError(f"{name} must be above 0")
    check_share("base rate", record.base.rate)
    check_share("sample_rate", record.sample_rate)
    if not np.isfinite(record.shift):
        raise ValueError(f"shift is {record.shift!r}, no number")
    used = {name for parts in design.parts for name in parts}
    if tuple(design.signs) != record.signs or not used <= set(record.signs):
        raise ValueError("its terms do not belong to its signs")


def check_seal(parts: dict[str, Any], path: str | Path) -> None:
    """Raise TwitchstatsError where the checksum of a file does not fit what it holds."""
    if parts.get("checksum") != seal_parts(parts):
        raise TwitchstatsError(
            f"{Path(path).name} was changed after it was saved: its checksum does not fit. Save the model again."
        )


def read_parts(path: str | Path) -> dict[str, Any]:
    """Read the parts of a file that `save_record` wrote."""
    name = Path(path).name
    try:
        parts = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise TwitchstatsError(f"{name} can't be read: {error.strerror}.") from error
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
