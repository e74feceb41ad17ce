"""What a model is trained on: which columns, which labels, and whether there is enough to learn from."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d

from twitchstats.errors import NotEnoughDataError, OptionError, TwitchstatsError, unknown_name
from twitchstats.signs import find_signs

FloatArray = NDArray[np.float64]

_FEWEST_PEOPLE = 20
_FEWEST_OF_A_CLASS = 5
_LABELS = {"serious", "diagnosis"}


def choose_signs(X: object, signs: list[str] | None) -> list[str] | None:
    """Return the columns to use, or None where an array or a frame without known signs is used as it is."""
    if not isinstance(X, pd.DataFrame):
        if signs is not None:
            raise OptionError(f"signs={signs!r} needs a DataFrame with these columns.")
        return None
    if signs is None:
        found = find_signs(X.columns)
        if not found and (X.shape[1] == 0 or not _is_numeric(X) or _LABELS & set(map(str, X.columns))):
            raise _no_signs(X)
        return found or None
    if not signs:
        raise _no_signs(X)
    for name in signs:
        if name in _LABELS:
            raise OptionError(f"signs: {name!r} is what a risk model is to tell, so it can't be a sign. Leave it out.")
        if name not in X.columns:
            raise unknown_name("sign", name, X.columns)
    return list(signs)


def _is_numeric(X: pd.DataFrame) -> bool:
    return all(pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_object_dtype(dtype) for dtype in X.dtypes)


def _no_signs(X: pd.DataFrame) -> NotEnoughDataError:
    listed = ", ".join(repr(str(column)) for column in X.columns) or "none"
    return NotEnoughDataError(
        f"No signs: none of the columns ({listed}) is a known sign (load_signs lists them). "
        "Name your own with signs=[...]."
    )


def match_labels(y: ArrayLike, classes: ArrayLike, X: object) -> FloatArray:
    """Return 1.0 for each person with the second of a model's `classes`, 0.0 for the first.

    Raises
    ------
    TwitchstatsError
        Labels that do not fit the people, are missing, or are none of the classes.
    """
    check_order(X, y)
    labels, known = np.asarray(y).ravel(), np.asarray(classes).tolist()
    people = len(X) if hasattr(X, "__len__") else len(labels)
    if len(labels) != people:
        raise _wrong_length(labels, people)
    _refuse_missing(labels)
    for at, label in enumerate(labels.tolist()):
        if label not in known:
            raise TwitchstatsError(
                f"The label of row {at} is {label!r}, and the model knows {known[0]!r} and {known[1]!r} only. "
                "Give labels as in the training sample."
            )
    return (labels == known[1]).astype(float)


def check_order(X: object, y: object) -> None:
    """Raise TwitchstatsError where labels name the same people in another order: they are matched by position."""
    if not isinstance(X, pd.DataFrame) or not isinstance(y, pd.Series) or len(X) != len(y) or X.index.equals(y.index):
        return
    if X.index.is_unique and y.index.is_unique and y.index.isin(X.index).all():
        raise TwitchstatsError(
            "The labels name the people in another order than the signs do. Bring them into one order: y.loc[X.index]."
        )


def _wrong_length(labels: NDArray, n: int) -> TwitchstatsError:
    return TwitchstatsError(f"The labels have {len(labels)} rows, the signs {n}. Give a label for each person.")


def _refuse_missing(labels: NDArray) -> None:
    if pd.isna(labels).any():
        at = int(np.flatnonzero(pd.isna(labels))[0])
        raise TwitchstatsError(f"The label of row {at} is missing. Leave people without a label out.")


def read_labels(y: ArrayLike, n: int) -> tuple[NDArray, FloatArray]:
    """Return the two labels, and 1.0 for each person with the larger one.

    Raises
    ------
    TwitchstatsError
        A label is missing, too many or too few labels, or more than two kinds.
    NotEnoughDataError
        One kind of label only.
    """
    labels = column_or_1d(y, warn=True)
    if len(labels) != n:
        raise _wrong_length(labels, n)
    if not n:
        raise NotEnoughDataError("Nobody to learn from: the table has no rows.")
    _refuse_missing(labels)
    check_classification_targets(labels)
    classes, outcome = np.unique(labels, return_inverse=True)
    if len(classes) > 2:
        raise TwitchstatsError(
            f"Only binary classification is supported. The type of the target is {type_of_target(labels)}."
        )
    if len(classes) < 2:
        raise NotEnoughDataError(
            f"Only one class: every label is {classes.tolist()[0]!r}. A risk model needs people with and without a "
            "serious condition."
        )
    return classes, outcome.astype(float)


def settle_missing(
    encoded: FloatArray, outcome: FloatArray, signs: list[str], missing: str
) -> tuple[FloatArray, FloatArray]:
    """Return the people to fit on: all of them, or with "drop" those who told every sign."""
    gaps = np.isnan(encoded)
    if missing in ("fill", "indicator") or not gaps.any():
        return encoded, outcome
    if missing == "refuse":
        row, column = np.argwhere(gaps)[0]
        raise TwitchstatsError(
            f"row {row}, {signs[column]}: not known, and missing='refuse' allows no gaps. "
            "Choose missing='fill' or missing='drop'."
        )
    known = ~gaps.any(axis=1)
    if len(np.unique(outcome[known])) < 2:
        raise NotEnoughDataError("missing='drop' leaves only one class: too few people told every sign.")
    return encoded[known], outcome[known]


def check_enough(encoded: FloatArray, outcome: FloatArray, signs: list[str], *, named: bool, constant: str) -> None:
    """Raise NotEnoughDataError where no risk can be learned: no sign varies, too few people, a constant sign."""
    varies = np.array([len(np.unique(column[~np.isnan(column)])) > 1 for column in encoded.T])
    if not varies.any():
        raise NotEnoughDataError("No sign differs between people: there is nothing to learn a risk from.")
    if not named:
        return
    fewest = int(min(outcome.sum(), (1 - outcome).sum()))
    if len(outcome) < _FEWEST_PEOPLE or fewest < _FEWEST_OF_A_CLASS:
        raise NotEnoughDataError(
            f"{len(outcome)} people, {fewest} of them in the smaller class: a risk model needs at least "
            f"{_FEWEST_PEOPLE} people and {_FEWEST_OF_A_CLASS} of each class (required_sample_size tells how many "
            "make a good one)."
        )
    if constant == "refuse" and not varies.all():
        name = signs[int(np.flatnonzero(~varies)[0])]
        raise NotEnoughDataError(
            f"The sign {name!r} is the same for everyone who told it. Leave it out (signs=[...]) or choose "
            "constant='drop'."
        )


def read_origin(X: object) -> str:
    """Return where the training people come from, as far as the frame tells."""
    told = X.attrs if isinstance(X, pd.DataFrame) else {}
    if "serious_diagnoses" not in told:
        return ""
    return f"{told['design']} sample of `simulate_cohort`; serious means {', '.join(told['serious_diagnoses'])}"
