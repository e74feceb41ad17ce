"""Models as JSON: readable, diffable, and free of pickle."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

import twitchstats
from twitchstats.errors import TwitchstatsError
from twitchstats.files import write_file
from twitchstats.redflags.design import Design
from twitchstats.redflags.prevalence import check_share

if TYPE_CHECKING:
    from twitchstats.redflags.model import RedFlagModel

FORMAT = "twitchstats red flag model"
FORMAT_VERSION = 1
_PLAIN = [
    "signs_", "ignored_", "terms_", "dropped_terms_", "named_", "strength_", "n_people_", "n_serious_", "base_rate_",
    "sample_rate_", "n_features_in_", "origin_", "base_rate_source_", "shift_",
]  # fmt: skip
_ARRAYS = ["coef_", "intercept_", "covariance_", "average_terms_", "term_means_", "term_scales_"]
_FRAMES = ["missing_", "strength_path_"]


def save_model(model: RedFlagModel, path: str | Path) -> None:
    """Write a fitted model; no person of the training sample is in it. A file is replaced only if it is a model."""
    record: dict[str, Any] = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "twitchstats": twitchstats.__version__,
    }
    record["use"] = "Research and teaching; not for diagnosis."
    record["parameters"] = model.get_params()
    record["classes_"] = model.classes_.tolist()
    record["classes_dtype"] = "str" if model.classes_.dtype.kind in "OUT" else model.classes_.dtype.str
    record["feature_names_in_"] = [str(name) for name in getattr(model, "feature_names_in_", [])]
    record["design_"] = asdict(model.design_)
    record |= {name: getattr(model, name) for name in _PLAIN}
    record |= {name: getattr(model, name).tolist() for name in _ARRAYS}
    record |= {name: getattr(model, name).to_dict("list") for name in _FRAMES}
    text = json.dumps(record, indent=1, ensure_ascii=False, default=_plain)
    write_file(path, text + "\n", replace=is_model)


def is_model(path: Path) -> bool:
    """Say whether a file is a model that `save_model` wrote."""
    try:
        _read_record(path)
    except TwitchstatsError:
        return False
    return True


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TwitchstatsError(f"{value!r} can't be written to a model file: only numbers, words and lists can.")


def load_model(kind: type[RedFlagModel], path: str | Path) -> RedFlagModel:
    """Read a model that `save_model` wrote.

    Raises
    ------
    TwitchstatsError
        The file is no such model, is damaged, or comes from a later version.
    """
    record, name = _read_record(path), Path(path).name
    try:
        model = _restore(kind, record)
    except KeyError as error:
        raise TwitchstatsError(f"{name} is a damaged model file: {error} is missing. Save the model again.") from error
    except (TypeError, ValueError, AttributeError) as error:
        reason = str(error).rstrip(".")
        raise TwitchstatsError(f"{name} is a damaged model file: {reason}. Save the model again.") from error
    return model


def _restore(kind: type[RedFlagModel], record: dict[str, Any]) -> RedFlagModel:
    parameters = dict(record["parameters"])
    parameters["triples"] = tuple(tuple(chosen) for chosen in parameters["triples"])
    if not isinstance(parameters["interactions"], str):
        parameters["interactions"] = [tuple(chosen) for chosen in parameters["interactions"]]
    model = kind(**parameters)
    model._check_options()
    classes = record["classes_"]
    model.classes_ = np.array(classes, dtype=object if record["classes_dtype"] == "str" else record["classes_dtype"])
    if record["feature_names_in_"]:
        model.feature_names_in_ = np.array(record["feature_names_in_"], dtype=object)
    model.design_ = Design(**record["design_"])
    for name in _PLAIN:
        setattr(model, name, record[name])
    for name in _ARRAYS:
        setattr(model, name, np.array(record[name], dtype=float))
    for name in _FRAMES:
        setattr(model, name, pd.DataFrame(record[name]))
    model._training = None
    _check_shapes(model)
    check_share("base_rate_", model.base_rate_)
    check_share("sample_rate_", model.sample_rate_)
    return model


def _check_shapes(model: RedFlagModel) -> None:
    """Raise ValueError where the parts of a file do not belong together: a wrong risk would be worse than none."""
    n_signs, n_terms = len(model.signs_), len(model.terms_)
    design = model.design_
    shapes = {
        "coef_": (1, n_terms), "intercept_": (1,), "covariance_": (1 + n_terms, 1 + n_terms),
        "average_terms_": (n_terms,), "term_means_": (n_terms,), "term_scales_": (n_terms,), "classes_": (2,),
    }  # fmt: skip
    for name, shape in shapes.items():
        _check_array(name, getattr(model, name), shape, finite=name != "classes_")
    moments = {"mean": (n_signs,), "low": (n_signs,), "high": (n_signs,), "covariance": (n_signs, n_signs)}
    for name, shape in moments.items():
        _check_array(f"design_ {name}", np.array(getattr(design, name), dtype=float), shape, finite=True)
    if not isinstance(model.shift_, (int, float)) or not np.isfinite(model.shift_):
        raise ValueError(f"shift_ is {model.shift_!r}, no number")
    used = {name for parts in [*design.products, *design.unknown] for name in parts}
    if design.signs != model.signs_ or design.terms != model.terms_ or not used <= set(model.signs_):
        raise ValueError("its terms do not belong to its signs")


def _check_array(name: str, values: np.ndarray, shape: tuple[int, ...], *, finite: bool) -> None:
    if values.shape != shape:
        raise ValueError(f"{name} has the shape {values.shape}, not {shape}")
    if finite and not np.isfinite(values).all():
        raise ValueError(f"{name} holds values that are no numbers")


def _read_record(path: str | Path) -> dict[str, Any]:
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise TwitchstatsError(f"{Path(path).name} is no model file: it is not JSON ({error}).") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise TwitchstatsError(f"{Path(path).name} is no model file: its 'format' is not {FORMAT!r}.")
    version = record.get("format_version")
    if not isinstance(version, int):
        raise TwitchstatsError(f"{Path(path).name} is a damaged model file: its 'format_version' is {version!r}.")
    if version > FORMAT_VERSION:
        raise TwitchstatsError(
            f"{Path(path).name} was written by twitchstats {record.get('twitchstats')}, in a later format. "
            "Update twitchstats."
        )
    return record
