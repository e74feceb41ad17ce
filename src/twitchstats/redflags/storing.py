"""Models as JSON: readable, diffable, free of pickle, and sealed with a checksum.

A file holds the parts of a `Record` under their own names. What kind each must be is read from the record itself; what
comes out is looked at once, as a whole (`_list_rules`).
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

import twitchstats
from twitchstats.arrays import FloatArray
from twitchstats.errors import TwitchstatsError
from twitchstats.files import as_path, write_file
from twitchstats.redflags.design import KNOTS
from twitchstats.redflags.patterns import LEVELS
from twitchstats.redflags.record import Record, assess_people
from twitchstats.redflags.training import read_labels
from twitchstats.signs import find_signs, load_signs
from twitchstats.simulate.cohort import read_serious

FORMAT = "twitchstats red flag model"
FORMAT_VERSION = 7
Model = TypeVar("Model", bound=BaseEstimator)
Json = Any  # whatever a file can hold
_LEFT_OUT = ("training", "made")  # no person of the training sample is saved


def save_record(record: Record, parameters: dict[str, Any], path: str | Path) -> None:
    """Write a fitted model; no person of the training sample is in it."""
    plain = _collect(record, parameters)
    text = json.dumps({"checksum": seal_parts(plain), **plain}, indent=1, ensure_ascii=False)
    write_file(as_path(path, "a model"), text + "\n", replace=is_model)


def _collect(record: Record, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return what a file holds, as JSON has it."""
    parts = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "twitchstats": twitchstats.__version__,
        "use": "Research and teaching; not for diagnosis.",
        "parameters": parameters,
        **_list_parts(record),
    }
    plain: dict[str, Any] = json.loads(json.dumps(parts, default=_plain))
    return plain


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
    name, parts = as_path(path, "a model").name, read_parts(path)
    version = parts.get("format_version")
    if not isinstance(version, int):
        raise TwitchstatsError(f"{name} is a damaged model file: its 'format_version' is {version!r}.")
    if version != FORMAT_VERSION:
        when = "a later" if version > FORMAT_VERSION else "an earlier"
        raise TwitchstatsError(
            f"{name} was written by twitchstats {parts.get('twitchstats')}, in {when} format. "
            + ("Update twitchstats." if version > FORMAT_VERSION else "Fit and save the model again.")
        )
    if parts.get("checksum") != seal_parts(parts):
        raise TwitchstatsError(
            f"{name} was changed after it was saved: its checksum does not fit. Save the model again."
        )
    try:
        options = dict(parts["parameters"])
        if not isinstance(options["interactions"], str):
            options["interactions"] = [tuple(chosen) for chosen in options["interactions"]]
        options["ignore"] = tuple(options["ignore"])
        record: Record = _restore(parts, Record)
        model = make(**options)
        again = _collect(record, model.get_params()) | {key: parts[key] for key in ("twitchstats", "checksum")}
        same = ((part, json.dumps(again.get(part)) == json.dumps(value)) for part, value in parts.items())
        with np.errstate(all="ignore"):
            for part, holds in chain(same, _list_rules(record, options)):
                if not holds:
                    raise ValueError(f"{part} can't be that of a fitted model")
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError, TwitchstatsError) as error:
        reason = str(error).rstrip(".")
        raise TwitchstatsError(f"{name} is a damaged model file: {reason}. Save the model again.") from error
    return model, record


def _list_rules(record: Record, options: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield each part of a record, and whether it can be that of a fitted model; what others rest on comes first."""
    signs, terms, moments, base = list(record.signs), record.design.terms, record.moments, record.base
    n, size, kinds = len(signs), 1 + len(terms), load_signs()["kind"].reindex(signs)
    known = {*find_signs(signs), *(options["signs"] or [])}
    named = known >= set(signs) if record.named else not known
    yield "signs", signs == record.design.signs and len(set(signs)) == n and named
    yield "design", all(kinds[name] in KNOTS for name, _ in record.design.bends)
    labels, _ = read_labels(record.classes, len(record.classes), options["serious"], named=record.named)
    yield "classes", labels.tolist() == record.classes.tolist()
    for part, values, shape in (
        ("coefficients", record.coefficients, (size,)), ("covariance", record.covariance, (size, size)),
        ("means", record.means, (size - 1,)), ("scales", record.scales, (size - 1,)),
        ("moments", moments.means, (2, n)), ("moments", moments.covariances, (2, n, n)),
        ("moments", moments.quantiles, (2, n, len(LEVELS))), ("moments", moments.counts, (2,)),
        ("moments", moments.known, (n,)),
    ):  # fmt: skip
        yield part, values.shape == shape and bool(np.isfinite(values).all())
    yield "covariance", _is_covariance(record.covariance)
    yield "moments", _is_covariance(moments.covariances)
    shares = np.r_[moments.means[:, moments.yes_no].ravel(), moments.known]
    yield "moments", bool((np.diff(moments.quantiles) >= 0).all() and (np.abs(shares - 0.5) <= 0.5 + 1e-9).all())
    yield "moments", bool((moments.counts > 0).all())
    yield "scales", bool((record.scales > 0).all())
    yield "dropped", set(record.dropped) <= set(terms)
    yield "strength", 0 < record.strength < np.inf or (options["penalty"] == "firth" and np.isnan(record.strength))
    yield "missing", list(record.missing) == ["sign", "n_known", "n_unknown", "share_unknown"]
    yield "n_serious", 0 < record.n_serious < record.n_people
    yield "sample_rate", 0 < record.sample_rate < 1
    between = not (base.low > base.rate or base.high < base.rate or base.low < 0 or base.high > 1)
    yield "base", 0 < base.rate < 1 and between and base.crowd in ("", "population", "clinic")
    if record.origin and record.origin.read_values().size and not record.origin.exact:
        yield "origin", tuple(read_serious(record.origin.serious)) == record.origin.serious
    told = assess_people(record, np.zeros((1, n)))
    yield "what follows from its numbers", bool(np.isfinite([told.log_odds, told.variance]).all())


def _is_covariance(values: FloatArray) -> bool:
    """Say whether these are covariances that people, or coefficients, can have."""
    found, lost = np.linalg.eigvalsh(values), 1e-8 * np.abs(values).max(initial=0.0)  # by rounding
    return bool((found >= -lost).all() and (np.abs(values - np.swapaxes(values, -1, -2)) <= lost).all())


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
    """Read the parts of a file that `save_record` wrote, in whatever format."""
    name = as_path(path, "a model").name
    try:
        parts = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise TwitchstatsError(f"{name} can't be read: {error.strerror}.") from error
    except ValueError as error:
        raise TwitchstatsError(f"{name} is no model file: it is not JSON ({error}).") from error
    if not isinstance(parts, dict) or parts.get("format") != FORMAT:
        raise TwitchstatsError(f"{name} is no model file: its 'format' is not {FORMAT!r}.")
    return parts
