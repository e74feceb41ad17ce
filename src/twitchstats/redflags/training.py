"""What a model is trained on: which columns, which labels, and whether there is enough to learn from."""

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import _check_sample_weight, check_array, column_or_1d

from twitchstats.arrays import AnyArray, BoolArray, FloatArray, to_pandas
from twitchstats.errors import (
    NotEnoughDataError,
    OptionError,
    TwitchstatsError,
    check_choice,
    check_list,
    check_names,
    check_table,
)
from twitchstats.redflags.assumptions import Origin, match_origin, read_origin
from twitchstats.redflags.design import mark_yes_no
from twitchstats.redflags.record import Training
from twitchstats.signs import (
    encode_signs,
    find_red_flag,
    find_sign,
    find_signs,
    load_signs,
    match_signs,
    name_signs,
)
from twitchstats.variables import read_yes_no

CASES_A_TERM = 10
_FEWEST_PEOPLE = 20
FEWEST_OF_A_CLASS = 5
_LABELS = {"serious", "diagnosis"}
_DIRECTED = ("weakness_felt", "weakness_found", "wasting", "speech_swallowing")  # they speak for any serious condition
_REVERSED = -3.0
STRANGE = (
    "Simulated people, but their signs or labels are not those that they were drawn with: taken for people of whom "
    "nothing else is known."
)
_RARELY = 0.1
_MOST_LABELS = 4


def choose_signs(
    X: object, signs: list[str] | None, ignore: Sequence[str]
) -> tuple[list[str] | None, pd.DataFrame | None]:
    """Return the signs to use and the frame with these names, or None where an array or frame is used as it is."""
    if not isinstance(X, pd.DataFrame):
        if signs is not None:
            raise OptionError(f"signs={signs!r} needs a DataFrame with these columns.")
        return None, None
    if signs is None:
        named = name_signs(X, ignore=ignore)
        found = find_signs(named.columns)
        numeric = [
            kind for kind in X.dtypes if pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_object_dtype(kind)
        ]
        plain = named.shape[1] > 0 and len(numeric) == X.shape[1] and not _LABELS & set(map(str, X.columns))
        if not found and not plain:
            raise _no_signs(X)
        return found or None, named
    if not (signs := check_list("signs", signs)):
        raise _no_signs(X)
    check_names("sign", signs, X.columns)
    for place, name in enumerate(signs):
        if name in signs[:place]:
            raise OptionError(f"signs: {name!r} is named twice. Leave one of them out.")
        if name in _LABELS:
            raise OptionError(f"signs: {name!r} is what a risk model is to tell, so it can't be a sign. Leave it out.")
    names = match_signs(signs, ignore=[name for name in signs if not find_known(name)])
    return [names.get(name, name) for name in signs], X.rename(columns=names)


def find_known(column: str) -> bool:
    """Tell whether a column stands for a known sign, or for a red flag that is in no model."""
    return find_red_flag(column) is not None or find_sign(column) in load_signs().index


def _no_signs(X: pd.DataFrame) -> NotEnoughDataError:
    listed = ", ".join(repr(str(column)) for column in X.columns) or "none"
    return NotEnoughDataError(
        f"No signs: none of the columns ({listed}) is a known sign (load_signs lists them). "
        "Name your own with signs=[...]."
    )


def match_labels(y: ArrayLike, classes: ArrayLike, X: ArrayLike) -> FloatArray:
    """Return 1.0 for each person with the second of a model's `classes`, 0.0 for the first."""
    check_order(X, y)
    labels, known = np.asarray(y).ravel(), np.asarray(classes).tolist()
    if not np.ndim(X):
        raise OptionError(f"X={X!r:.60} is not possible. Give a table or an array, with a row for each person.")
    _check_labels(labels, np.shape(X)[0])
    for at, label in enumerate(labels.tolist()):
        if label not in known:
            raise TwitchstatsError(
                f"The label of row {at} is {label!r}, and the model knows {known[0]!r} and {known[1]!r} only. "
                "Give labels as in the training sample."
            )
    return (labels == known[1]).astype(float)


def _check_labels(labels: AnyArray, n: int) -> None:
    """Raise TwitchstatsError unless each of `n` people has a label."""
    if len(labels) != n:
        raise TwitchstatsError(f"The labels have {len(labels)} rows, the signs {n}. Give a label for each person.")
    if n and pd.isna(labels).any():
        at = int(np.flatnonzero(pd.isna(labels))[0])
        raise TwitchstatsError(f"The label of row {at} is missing. Leave people without a label out.")


def read_weights(sample_weight: ArrayLike | None, n: int) -> FloatArray:
    """Return how often each of `n` people counts, once by default, or raise OptionError where a weight is none."""
    try:
        return _check_sample_weight(
            None if sample_weight is None else check_array(sample_weight, ensure_2d=False), np.empty((n, 1)),
            dtype=np.float64, ensure_non_negative=True,
        )  # fmt: skip
    except (ValueError, TypeError) as error:
        raise OptionError(f"sample_weight is not possible: {error} Give 0 or more for each person.") from error


def read_places(option: str, places: ArrayLike, n: int) -> AnyArray:
    """Return the group or site of each of `n` people, or raise OptionError where somebody has none."""
    found = np.asarray(places)
    if found.shape != (n,) or pd.isna(found).any():
        told = f"{int((~pd.isna(found)).sum())} people of {n} have one" if found.ndim == 1 else "it is no list"
        raise OptionError(f"{option} is not possible: {told}. Give one for each person.")
    return found


def check_order(X: object, y: object) -> None:
    """Raise TwitchstatsError where labels name the same people in another order: they are matched by position."""
    if not isinstance(X, pd.DataFrame) or not isinstance(y, pd.Series) or len(X) != len(y) or X.index.equals(y.index):
        return
    if X.index.is_unique and y.index.is_unique and y.index.isin(X.index).all():
        raise TwitchstatsError(
            "The labels name the people in another order than the signs do. Bring them into one order: y.loc[X.index]."
        )


def read_labels(y: ArrayLike, n: int, serious: object = None, *, named: bool = False) -> tuple[AnyArray, FloatArray]:
    """Return the two labels, the serious one second, and 1.0 for each of `n` people with it.

    Without `serious`, people with `named` signs have labels 0/1, True/False or yes/no, and others any two, of which the
    larger one is serious.
    """
    try:
        labels = column_or_1d(y, warn=True)
    except ValueError as error:
        raise TwitchstatsError(f"The labels are no list: {error} Give a label for each person.") from error
    _check_labels(labels, n)
    if not n:
        raise NotEnoughDataError("Nobody to learn from: the table has no rows.")
    if type_of_target(labels).startswith("continuous"):
        raise TwitchstatsError(
            f"Unknown label type: {labels[0]} is a number between others. Give two labels, serious or not: y > 0.5."
        )
    classes, outcome = np.unique(labels, return_inverse=True)
    if len(classes) > 2:
        raise TwitchstatsError(
            f"Only binary classification is supported. The labels are {_list(classes)}: of {len(classes)} kinds "
            f"({type_of_target(labels)}). Make two of them, and leave out people of whom it isn't known."
        )
    kind = outcome.astype(np.float64)
    check_classes(classes, kind)
    marks = _read_yes_no(classes)
    told = set(marks.tolist()) == {0.0, 1.0}
    if serious is not None:
        check_choice("serious", serious, classes.tolist())
    if serious is None and named and not told:
        raise OptionError(
            f"The labels are {_list(classes)}. Say which of them is serious: "
            f"RedFlagModel(serious={classes.tolist()[0]!r}) or RedFlagModel(serious={classes.tolist()[1]!r})."
        )
    first = serious == classes[0] if serious is not None else told and marks[0] == 1  # "Yes" comes before "no"
    return (classes[::-1], 1.0 - kind) if first else (classes, kind)


def read_outcome(people: pd.DataFrame, outcome: str) -> tuple[pd.DataFrame, BoolArray, Origin | None]:
    """Return signs where the outcome is known, whether it is serious (1, True, yes), and what people are drawn from."""
    check_table("cohort", people := to_pandas(people), [outcome])
    known = people[people[outcome].notna()]
    marks = _read_yes_no(known[outcome])
    if np.isnan(marks).any():
        listed = ", ".join(map(repr, dict.fromkeys(known[outcome].tolist())))
        raise OptionError(
            f"{outcome}: the labels are {listed:.80}. They must be 0/1, True/False or yes/no, where 1, True or yes is "
            "serious."
        )
    serious = marks == 1
    need_both(serious, f"Both kinds of people are needed in the column {outcome!r}.")
    named = name_signs(known.drop(columns=outcome))
    signs = find_signs(named.columns)
    label = known[outcome][serious].iloc[0]
    encoded, counted = encode_signs(named, signs), serious.astype(float)
    check_direction(encoded, counted, signs, label, f"Turn {outcome!r} round.")
    return named, serious, match_origin(read_origin(people), signs, encoded, counted)


def _read_yes_no(labels: object) -> FloatArray:
    """Return 1.0 for yes, 0.0 for no, in any language, and NaN for what is neither."""
    return pd.Series(labels).astype("str").map(read_yes_no, na_action="ignore").to_numpy(float)


def need_both(serious: AnyArray, way_out: str) -> None:
    """Raise NotEnoughDataError where all people, or none, are serious."""
    if not 0 < serious.sum() < len(serious):
        raise NotEnoughDataError(
            f"Only one class: {int(serious.sum())} of {len(serious)} people are serious. {way_out}"
        )


def check_classes(classes: AnyArray, outcome: FloatArray) -> None:
    """Raise NotEnoughDataError where all people who count have one label."""
    if len(np.unique(outcome)) < 2:
        raise NotEnoughDataError(
            f"Only one class: every label is {classes.tolist()[int(outcome[0])]!r}. A risk model needs people with and "
            "without a serious condition."
        )


def _list(classes: AnyArray) -> str:
    words = [repr(label) for label in classes.tolist()[:_MOST_LABELS]]
    return " and ".join(words if len(classes) <= _MOST_LABELS else [*words[:-1], "others"])


def check_direction(encoded: FloatArray, outcome: FloatArray, signs: list[str], label: object, way_out: str) -> None:
    """Raise TwitchstatsError where red flags are rarer among those that count as serious: the labels look reversed."""
    found = []
    for name in [name for name in _DIRECTED if name in signs]:
        mark = encoded[:, signs.index(name)]
        counts = [np.array([(mark[outcome == kind] == state).sum() for state in (1, 0)]) for kind in (1, 0)]
        (a, b), (c, d) = (count + 0.5 for count in counts)
        found.append((np.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d, name, a / (a + b), c / (c + d)))
    weight = sum(1 / row[1] for row in found)
    if not found or sum(row[0] / row[1] for row in found) / np.sqrt(weight) > _REVERSED:
        return
    *_, name, sick, other = min(found, key=lambda row: row[0] / np.sqrt(row[1]))
    raise TwitchstatsError(
        f"The labels look reversed: {name!r} is there in {sick:.0%} of the {int(outcome.sum())} people who count as "
        f"serious (label {label!r}) and in {other:.0%} of the others. {way_out}"
    )


def check_enough(encoded: FloatArray, outcome: FloatArray, signs: list[str], *, named: bool, constant: str) -> None:
    """Raise NotEnoughDataError where no risk can be learned: no sign varies, too few people, a constant sign."""
    varies = np.array([len(np.unique(column[~np.isnan(column)])) > 1 for column in encoded.T])
    if not varies.any():
        raise NotEnoughDataError("No sign differs between people: there is nothing to learn a risk from.")
    if not named:
        return
    fewest = int(min(outcome.sum(), (1 - outcome).sum()))
    if len(outcome) < _FEWEST_PEOPLE or fewest < FEWEST_OF_A_CLASS:
        raise NotEnoughDataError(
            f"{len(outcome)} people, {fewest} of them in the smaller class: a risk model needs at least "
            f"{_FEWEST_PEOPLE} people and {FEWEST_OF_A_CLASS} of each class (required_sample_size tells how many "
            "make a good one)."
        )
    known, refused = ~np.isnan(encoded), constant == "refuse"
    told = known.any(axis=0)
    one_sided = (
        "The sign {!r} is not known of anybody of those who %s as serious, so nothing can be learned of it: it would "
        "look as if they never had it. Leave it out (signs=[...])."
    )
    for wrong, message in (
        (refused & ~told, "Nobody told the sign {!r}. Leave it out (signs=[...]) or choose constant='drop'."),
        (told & ~known[outcome == 1].any(axis=0), one_sided % "count"),
        (told & ~known[outcome == 0].any(axis=0), one_sided % "do not count"),
        (refused & ~varies, "The sign {!r} is the same for everyone who told it. Leave it out (signs=[...]) or choose "
                            "constant='drop'."),
    ):  # fmt: skip
        if wrong.any():
            raise NotEnoughDataError(message.format(signs[int(wrong.argmax())]))


def count_missing(encoded: FloatArray, signs: list[str]) -> pd.DataFrame:
    """Return of how many people each sign is known: ``sign, n_known, n_unknown, share_unknown``."""
    n_known = (~np.isnan(encoded)).sum(axis=0)
    missing = pd.DataFrame({"sign": signs, "n_known": n_known, "n_unknown": len(encoded) - n_known})
    return missing.assign(share_unknown=missing["n_unknown"] / max(len(encoded), 1))


def write_notes(
    training: Training, signs: list[str], ignored: list[str], classes: AnyArray, terms: list[str]
) -> tuple[str, ...]:
    """Return what must be told of a training sample, what counts as serious first."""
    n, sick = len(training.outcome), int(training.outcome.sum())
    gaps = np.isnan(training.encoded).mean(axis=0)
    told = ", ".join(f"{name} {gap:.0%}" for name, gap in zip(signs, gaps, strict=True) if gap > 0) or "none"
    notes = [
        f"Serious is the label {classes.tolist()[1]!r}: {sick:,} of {n:,} people ({sick / n:.1%}).",
        f"Not told: {told}.",
        f"Columns not used: {', '.join(ignored) or 'none'}.",
    ]
    if twice := int(training.names.dropna().duplicated().sum()):
        notes.append(
            f"Named more than once: {twice:,} rows have the name of an earlier one, and each is taken for another "
            "person: limits are too narrow. Leave copies out."
        )
    fewest = min(sick, n - sick)
    if fewest < CASES_A_TERM * len(terms):
        lighter = [("interactions='none'", ":"), ("bends=False", " over ")]
        ways = ", ".join(["fewer signs", *(way for way, mark in lighter if any(mark in term for term in terms))])
        notes.append(
            f"Few cases: {fewest:,} in the smaller class for {len(terms)} terms, {fewest / len(terms):.1f} a term; "
            f"below {CASES_A_TERM} the risks hang much on chance. It would help to take {ways}."
        )
    apart = list_separated(training, signs)
    if apart:
        notes.append(
            f"Separation: {', '.join(apart)} in people of one class only. How much it weighs can't be known, only how "
            "little at least; penalty='firth' is made for this."
        )
    return tuple(notes)


def list_separated(training: Training, signs: list[str]) -> list[str]:
    """Return yes/no signs that are there, or absent, in one class only."""
    classes = [training.encoded[training.outcome == label] for label in (0, 1)]
    cells = np.array([[(told == state).sum(axis=0) for state in (0, 1)] for told in classes])  # class, state, sign
    apart = mark_yes_no(training.encoded) & (cells.sum(axis=0) > 0).all(axis=0) & (cells == 0).any(axis=(0, 1))
    return [name for name, there in zip(signs, apart, strict=True) if there]


def digest_people(encoded: FloatArray, outcome: FloatArray) -> str:
    """Return a fingerprint of people, whatever their order: it knows a sample again and tells nobody's signs."""
    return hashlib.sha256(np.sort(_hash_rows(np.column_stack([encoded, outcome]))).tobytes()).hexdigest()


def find_seen(training: Training, encoded: FloatArray, names: pd.Index) -> float:
    """Return the share of people who were in the training sample, corrected for those who only look alike.

    People are known again by name and signs, or by signs alone where these are hardly ever shared, whatever people are
    called now. As two people may share them, the share is corrected for chance as kappa is (Cohen 1960).
    """
    rows, others = (pd.Series(_hash_rows(signs)) for signs in (training.encoded, encoded))
    trained, asked = (
        pd.MultiIndex.from_arrays([who.map(str), signs]) for who, signs in ((training.names, rows), (names, others))
    )
    seen, chance = asked.isin(trained).mean(), others.map(rows.value_counts(normalize=True)).fillna(0.0).mean()
    found = float((seen - chance) / (1 - chance) if chance < 1 else seen)
    twins = rows.duplicated(keep=False).mean()  # how often somebody else has the same signs
    return found if twins > _RARELY else max(found, float((others.isin(rows).mean() - twins) / (1 - twins)))


def _hash_rows(encoded: FloatArray) -> AnyArray:
    filled = np.nan_to_num(encoded, nan=-99.0).round(9)
    return pd.util.hash_pandas_object(pd.DataFrame(filled), index=False).to_numpy()
