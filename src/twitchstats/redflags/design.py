"""From signs to the columns of a model: filling what is not known, bends of numbers, interactions with heredity."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from twitchstats.arrays import BoolArray, FloatArray, IntArray
from twitchstats.errors import OptionError, check_names
from twitchstats.signs import code_number, load_signs

KNOTS = {"years": (40, 50, 60, 70), "weeks": (2, 8, 32, 128)}
_BEYOND = 0.02  # of the people, and at least _FEWEST, lie on either side of a bend
_FEWEST = 20


@dataclass(frozen=True)
class Design:
    """How encoded signs become columns."""

    signs: list[str]
    products: list[list[str]]  # the signs of each term; one sign alone, pairs, triples
    bends: list[tuple[str, float]]  # from which value on a number weighs otherwise: a term counts how far it is beyond

    @property
    def parts(self) -> list[list[str]]:
        """The signs of each term."""
        return [*self.products, *([name] for name, _ in self.bends)]

    @property
    def terms(self) -> list[str]:
        """Names of the columns: "a", "a:b", "a over 60"."""
        return [*map(":".join, self.products), *(f"{name} over {value:g}" for name, value in self.bends)]

    def build(self, encoded: FloatArray) -> FloatArray:
        """Return the columns, (people, terms), from encoded signs, (people, signs); NaN where a part is not known."""
        at = {name: number for number, name in enumerate(self.signs)}
        columns = np.empty((len(encoded), len(self.parts)), order="F")
        for place, parts in enumerate(self.products):
            columns[:, place] = encoded[:, at[parts[0]]]
            for part in parts[1:]:
                columns[:, place] *= encoded[:, at[part]]
        for place, (name, value) in enumerate(self.bends, start=len(self.products)):
            columns[:, place] = np.maximum(encoded[:, at[name]] - code_bend(name, value), 0.0)
        return columns


def plan_design(
    encoded: FloatArray,
    signs: Sequence[str],
    interactions: object,
    *,
    weights: FloatArray,
    bends: bool = False,
) -> Design:
    """Plan the columns for encoded signs, (people, signs), that count `weights` times; options as `RedFlagModel`'s."""
    names = list(signs)
    products = _list_products(names, interactions)
    return Design(names, products, _list_bends(names, encoded, weights) if bends else [])


def code_bend(name: str, value: float) -> float:
    """Return a bend in the units of a model."""
    return float(code_number(value, str(load_signs().loc[name, "kind"])))


def _list_bends(names: list[str], encoded: FloatArray, counts: FloatArray) -> list[tuple[str, float]]:
    """Return where numbers may bend: with enough people on either side."""
    kinds, found = load_signs()["kind"].reindex(names), []
    for name, kind, column in zip(names, kinds, encoded.T, strict=True):
        n = counts @ ~np.isnan(column)
        for value in KNOTS.get(kind, ()):
            beyond, least = counts @ (column > code_bend(name, value)), max(_FEWEST, _BEYOND * n)
            if least <= beyond <= n - least:
                found.append((name, float(value)))
    return found


def mark_yes_no(encoded: FloatArray) -> BoolArray:
    """Return which signs are told as 1 and 0 only, (signs,)."""
    return np.asarray((np.isin(encoded, (0.0, 1.0)) | np.isnan(encoded)).all(axis=0))


def fill_unknown(
    encoded: FloatArray,
    mean: FloatArray,
    covariance: FloatArray,
    weights: FloatArray | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Put the expectation of each unknown sign, given the person's known ones, in its place (linear, as in EM).

    Returns the filled signs, and the (weighted) sum of the covariance of what was filled, (signs, signs).
    """
    filled, left = encoded.copy(), np.zeros((encoded.shape[1],) * 2)
    jitter = 1e-10 * np.eye(len(covariance))  # a sign that never varies leaves a row of zeros
    covariance = covariance + jitter
    for rows, told in group_patterns(encoded):
        if told.all():
            continue
        gap, known = np.flatnonzero(~told), np.flatnonzero(told)
        given = covariance[known]
        slopes = np.linalg.solve(given[:, known], given[:, gap])
        filled[rows[:, None], gap] = mean[gap] + (encoded[rows[:, None], known] - mean[known]) @ slopes
        size = len(rows) if weights is None else weights[rows].sum()
        left[gap[:, None], gap] += size * (covariance[gap[:, None], gap] - given[:, gap].T @ slopes)
    return filled, left


def group_patterns(encoded: FloatArray) -> Iterator[tuple[IntArray, BoolArray]]:
    """Yield the people who told the same signs, and which signs these are."""
    told = ~np.isnan(encoded)
    if told.all():
        yield np.arange(len(encoded)), np.ones(encoded.shape[1], dtype=bool)
        return
    order = np.lexsort(told.T)  # people with the same gaps side by side
    changes = np.flatnonzero((told[order[1:]] != told[order[:-1]]).any(axis=1)) + 1
    for rows in np.split(order, changes):
        yield rows, told[rows[0]]


def estimate_moments(
    encoded: FloatArray, weights: FloatArray | None = None, *, rounds: int = 3
) -> tuple[FloatArray, FloatArray]:
    """Return mean and covariance of signs of which some are not known (a few rounds of EM; Little and Rubin 2002)."""
    counts = np.ones(len(encoded)) if weights is None else weights
    told = ~np.isnan(encoded)
    mean = _average(encoded, told, counts)
    covariance = np.diag(_average((encoded - mean) ** 2, told, counts))
    for _ in range(1 if told.all() else rounds):
        filled, left = fill_unknown(encoded, mean, covariance, counts)
        mean = counts @ filled / counts.sum()
        away = filled - mean
        covariance = (away.T @ (away * counts[:, None]) + left) / counts.sum()
    return mean, covariance


def _average(values: FloatArray, told: BoolArray, counts: FloatArray) -> FloatArray:
    return counts @ np.where(told, values, 0.0) / np.maximum(counts @ told, 1e-12)


def _list_products(names: list[str], interactions: object) -> list[list[str]]:
    asked: object = interactions
    if isinstance(interactions, str):
        asked = {"none": [], "pairs": combinations(names, 2)}.get(interactions)
    listed = list(asked) if isinstance(asked, Iterable) and getattr(asked, "ndim", True) else [""]
    if any(isinstance(one, str) or not isinstance(one, Iterable) for one in listed):
        raise OptionError(
            f"interactions={interactions!r} is not possible. Choose 'none', 'pairs' or a list of pairs of signs, as "
            "[('weakness_felt', 'wasting')]."
        )
    wanted = {(k,) for k in range(len(names))}.union(*(_with_parts(chosen, names) for chosen in listed))
    return [[names[k] for k in parts] for parts in sorted(wanted, key=lambda parts: (len(parts), parts))]


def _with_parts(chosen: Sequence[str], names: list[str]) -> set[tuple[int, ...]]:
    check_names("sign", chosen, names)
    at = sorted({names.index(name) for name in chosen})
    return {parts for size in range(1, len(at) + 1) for parts in combinations(at, size)}
