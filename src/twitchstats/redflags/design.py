"""From signs to the columns of a model: filling what is not known, interactions with heredity."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twitchstats.errors import OptionError, unknown_name

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int_]

INTERACTIONS = ("none", "pairs")


@dataclass(frozen=True)
class Design:
    """How encoded signs become columns.

    Attributes
    ----------
    signs : list of str
        The encoded signs, in order.
    mean : list of float
        Mean of each sign in the training set.
    covariance : list of list of float
        Covariance of the signs there: a sign that is not known takes its expectation given those that are.
    low, high : list of float
        The range of each sign there.
    unknown : list of list of str
        With columns for what is not known: one for each group of signs that are not known for the same people.
    products : list of list of str
        The signs of each term; one sign alone, pairs, triples.
    """

    signs: list[str]
    mean: list[float]
    covariance: list[list[float]]
    low: list[float]
    high: list[float]
    unknown: list[list[str]] = field(default_factory=list)
    products: list[list[str]] = field(default_factory=list)

    @property
    def terms(self) -> list[str]:
        """Names of the columns: "a", "a:b", "unknown a"."""
        return [":".join(parts) for parts in self.products] + ["unknown " + "/".join(group) for group in self.unknown]

    def build(self, encoded: FloatArray) -> FloatArray:
        """Return the columns, (people, terms), from encoded signs, (people, signs)."""
        missing, filled = np.isnan(encoded), self._fill(encoded)
        at = {name: number for number, name in enumerate(self.signs)}
        columns = [filled[:, [at[part] for part in parts]].prod(axis=1) for parts in self.products]
        columns += [missing[:, [at[name] for name in group]].all(axis=1).astype(float) for group in self.unknown]
        return np.column_stack(columns)

    def _fill(self, encoded: FloatArray) -> FloatArray:
        filled = fill_unknown(encoded, np.array(self.mean), np.array(self.covariance))[0]
        return np.where(np.isnan(encoded), np.clip(filled, self.low, self.high), encoded)

    def spread_unknown(self, encoded: FloatArray, coefficients: FloatArray) -> FloatArray:
        """Return the variance of each person's log odds that comes from the signs not known, (people,).

        The covariance of these signs given the known ones, through the slopes of the log odds at the filled values.
        """
        variance = np.zeros(len(encoded))
        some = np.flatnonzero(np.isnan(encoded).any(axis=1))
        slopes = self._find_slopes(self._fill(encoded[some]), coefficients)
        for rows, gap, _, _, rest in _list_gaps(encoded[some], np.array(self.covariance)):
            steep = slopes[rows[:, None], gap]
            variance[some[rows]] = np.einsum("ij,jk,ik->i", steep, rest, steep)
        return np.maximum(variance, 0.0)

    def _find_slopes(self, filled: FloatArray, coefficients: FloatArray) -> FloatArray:
        at = {name: number for number, name in enumerate(self.signs)}
        slopes = np.zeros_like(filled)
        for parts, weight in zip(self.products, coefficients, strict=False):
            for part in parts:
                others = [at[other] for other in parts if other != part]
                slopes[:, at[part]] += weight * filled[:, others].prod(axis=1)
        return slopes


def plan_design(
    encoded: FloatArray,
    signs: Sequence[str],
    interactions: object,
    triples: Iterable[Sequence[str]],
    *,
    indicators: bool = False,
) -> Design:
    """Plan the columns for a training set.

    Parameters
    ----------
    encoded : ndarray, (people, signs)
        With NaN where a sign is not known.
    signs : sequence of str
        Their names.
    interactions : {"none", "pairs"} or list of tuples of str
        Which pairs (or larger sets) of signs get a term. Parts of a term always come with it (heredity).
    triples : iterable of three names
        Triples to add.
    indicators : bool
        Whether a sign that is not known gets a column saying so.

    Raises
    ------
    OptionError
        Interactions that are neither a known word nor a list of names.
    UnknownNameError
        An interaction with a sign that is not there.
    """
    names = list(signs)
    products = _list_products(names, interactions, triples)
    mean, covariance = estimate_moments(encoded)
    return Design(
        names,
        mean.tolist(),
        covariance.tolist(),
        _reach(encoded, np.inf).min(axis=0).tolist(),
        _reach(encoded, -np.inf).max(axis=0).tolist(),
        _group_unknown(encoded, names) if indicators else [],
        products,
    )


def _reach(encoded: FloatArray, stand_in: float) -> FloatArray:
    """Return the signs with `stand_in` for what is not known, 0 where nobody told."""
    told = ~np.isnan(encoded)
    return np.where(told, encoded, np.where(told.any(axis=0), stand_in, 0.0))


def fill_unknown(encoded: FloatArray, mean: FloatArray, covariance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Put the expectation of each unknown sign, given the person's known ones, in its place (linear, as in EM).

    Returns
    -------
    tuple
        The filled signs, and the summed covariance of what was filled (signs, signs).
    """
    filled, left = encoded.copy(), np.zeros((encoded.shape[1],) * 2)
    for rows, gap, known, weights, rest in _list_gaps(encoded, covariance):
        filled[rows[:, None], gap] = mean[gap] + (encoded[rows[:, None], known] - mean[known]) @ weights
        left[gap[:, None], gap] += len(rows) * rest
    return filled, left


def _list_gaps(encoded: FloatArray, covariance: FloatArray) -> Iterator[tuple[NDArray, ...]]:
    """Yield for each pattern of gaps: people, unknown and known signs, regression weights, covariance left over."""
    gaps = np.isnan(encoded)
    some = np.flatnonzero(gaps.any(axis=1))
    if not len(some):
        return
    some = some[np.lexsort(gaps[some].T)]  # people with the same gaps side by side
    changes = (gaps[some[1:]] != gaps[some[:-1]]).any(axis=1)
    jitter = 1e-10 * np.eye(len(covariance))  # a sign that never varies leaves a row of zeros
    for rows in np.split(some, np.flatnonzero(changes) + 1):
        gap = np.flatnonzero(gaps[rows[0]])
        known = np.flatnonzero(~gaps[rows[0]])
        shared = covariance[known][:, gap]
        weights = np.linalg.solve((covariance + jitter)[known][:, known], shared)
        yield rows, gap, known, weights, covariance[gap][:, gap] - shared.T @ weights


def estimate_moments(encoded: FloatArray, *, rounds: int = 3) -> tuple[FloatArray, FloatArray]:
    """Return mean and covariance of signs of which some are not known (a few rounds of EM; Little and Rubin 2002)."""
    told = ~np.isnan(encoded)
    counts = np.maximum(told.sum(axis=0), 1)
    mean = np.where(told, encoded, 0.0).sum(axis=0) / counts
    covariance = np.diag(np.where(told, (encoded - mean) ** 2, 0.0).sum(axis=0) / counts)
    for _ in range(1 if told.all() else rounds):
        filled, left = fill_unknown(encoded, mean, covariance)
        mean = filled.mean(axis=0)
        covariance = ((filled - mean).T @ (filled - mean) + left) / len(encoded)
    return mean, covariance


def _list_products(names: list[str], interactions: object, triples: Iterable[Sequence[str]]) -> list[list[str]]:
    wanted: set[tuple[int, ...]] = {(k,) for k in range(len(names))}
    if isinstance(interactions, str):
        if interactions not in INTERACTIONS:
            raise OptionError(
                f"interactions={interactions!r} is not possible. Choose 'none', 'pairs' or a list of pairs of signs."
            )
        if interactions == "pairs":
            wanted |= set(combinations(range(len(names)), 2))
    else:
        for chosen in _as_sets(interactions):
            wanted |= _with_parts(chosen, names)
    for chosen in triples:
        wanted |= _with_parts(chosen, names)
    return [[names[k] for k in parts] for parts in sorted(wanted, key=lambda parts: (len(parts), parts))]


def _as_sets(interactions: object) -> Iterable[Sequence[str]]:
    if isinstance(interactions, Iterable) and not any(isinstance(one, str) for one in interactions):
        return interactions
    raise OptionError(
        f"interactions={interactions!r} is not possible. Choose 'none', 'pairs' or a list of pairs of signs, "
        "as [('weakness_felt', 'wasting')]."
    )


def _with_parts(chosen: Sequence[str], names: list[str]) -> set[tuple[int, ...]]:
    for name in chosen:
        if name not in names:
            raise unknown_name("sign", name, names)
    at = sorted({names.index(name) for name in chosen})
    return {parts for size in range(1, len(at) + 1) for parts in combinations(at, size)}


def _group_unknown(encoded: FloatArray, names: list[str]) -> list[list[str]]:
    """Group signs that are not known for exactly the same people: they share one column."""
    groups: dict[bytes, list[str]] = {}
    for name, missing in zip(names, np.isnan(encoded).T, strict=True):
        if missing.any():
            groups.setdefault(missing.tobytes(), []).append(name)
    return list(groups.values())


def describe_missing(encoded: FloatArray, signs: Sequence[str]) -> pd.DataFrame:
    """Return ``sign, n_known, n_unknown, share_unknown``: what was not told."""
    missing = np.isnan(encoded).sum(axis=0)
    n = len(encoded)
    return pd.DataFrame(
        {"sign": list(signs), "n_known": n - missing, "n_unknown": missing, "share_unknown": missing / max(n, 1)}
    )
