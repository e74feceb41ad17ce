"""Models as JSON: readable, diffable, free of pickle, and sealed with a checksum.

A file holds the parts of a `Record` under their own names. What kind each must be is read from the record itself.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import numpy as np
import pandas as pd

import twitchstats
from twitchstats.errors import TwitchstatsError
from twitchstats.files import write_file
from twitchstats.redflags.prevalence import BaseRate
from twitchstats.redflags.record import Record, assess_people, move_record

FORMAT = "twitchstats red flag model"
FORMAT_VERSION = 6
Model = TypeVar("Model")
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


def restore_record(path: str | Path, make: Callable[..., Model]) -> tuple[Model, Record]:
    """Return the model made of a file's options and its record, or raise TwitchstatsError where it is not as saved."""
    name, parts = Path(path).name, read_parts(path)
    if parts.get("checksum") != seal_parts(parts):
        raise TwitchstatsError(
            f"{name} was changed after it was saved: its checksum does not fit. Save the model again."
        )
    try:
        parameters = dict(parts["parameters"])
        for option in ("triples", "interactions"):
            if not isinstance(parameters[option], str):
                parameters[option] = [tuple(chosen) for chosen in parameters[option]]
        parameters |= {option: tuple(parameters[option]) for option in ("triples", "ignore")}
        record: Record = _restore(parts, Record)
        model = make(**parameters)
        with np.errstate(invalid="ignore", divide="ignore"):
            for one in (record, move_record(record, BaseRate(0.5), record.base.rate)):
                told = assess_people(one, np.zeros((1, len(record.signs))))
                if not np.isfinite([told.log_odds, told.variance]).all():
                    raise ValueError("its numbers tell no risk")
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError) as error:
        reason = str(error).rstrip(".")
        raise TwitchstatsError(f"{name} is a damaged model file: {reason}. Save the model again.") from error
    return model, record


def _restore(value: Json, kind: Json) -> Json:
    """Return a part of a file as what it must be, by the type of the field that it fills."""
    outer: Json = get_origin(kind)
    inner = get_args(kind)
    if type(None) in inner:
        return None if value is None else _restore(value, inner[0])
    if is_dataclass(kind):
        make: Json = kind
        wanted = {name: hint for name, hint in get_type_hints(kind).items() if name not in _LEFT_OUT}
        return make(**{name: _restore(value[name], hint) for name, hint in wanted.items()})
    if kind is pd.DataFrame:
        return pd.DataFrame(value)
    if outer is np.ndarray:
        number = get_args(inner[1])[0]
        words = any(isinstance(one, str) for one in value)  # labels, of any type
        return np.array(value, dtype=number if isinstance(number, type) else object if words else None)
    if outer in (list, tuple):
        kinds = [inner[0]] * len(value) if outer is list or inner[-1] is Ellipsis else inner
        return outer(_restore(one, member) for one, member in zip(value, kinds, strict=True))
    return kind(value)


def read_parts(path: str | Path) -> dict[str, Any]:
    """Read the parts of a file that `save_record` wrote."""
    name = Path(path).name
    try:
        parts = json.loads(Path(path).read_text(encoding="utf-8-sig"))
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
