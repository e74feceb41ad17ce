"""People who tell only some signs: a model on the signs that were told, from stored moments.

A pattern submodel (Fletcher Mercaldo and Blume 2020, Biostatistics 21:236) needs people to be fitted on, and a saved
model holds none. So each class is stored as means, covariances and quantiles of its signs; from these, people are made
(yes/no signs as thresholds of a normal distribution with the same correlations), weighted until every mean and every
product of two signs is that of the training people, and the submodel is fitted on them.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from twitchstats.redflags.design import Design, estimate_moments
from twitchstats.redflags.fitting import FloatArray, find_information, fit_ridge

Bools = NDArray[np.bool_]

_POWER = 13  # 2 ** 13 people of each class
_THIN = 8
LEVELS = np.r_[0.0, special.expit(np.linspace(-7.0, 7.0, 41)), 1.0]
_MOST_SIGNS = 25  # beyond it products are not matched: too many


@dataclass(frozen=True)
class Submodel:
    """A model on some of the signs.

    Attributes
    ----------
    coefficients : ndarray, (1 + told terms,)
        Of intercept and terms.
    covariance : ndarray, (1 + told terms,) * 2
        Of `coefficients`: as many people behind it as told the sign that fewest told.
    places : ndarray, (1 + told terms,)
        Where these stand among intercept and all terms.
    own : ndarray, (1 + told terms,)
        The coefficients of standardised columns.
    """

    coefficients: FloatArray
    covariance: FloatArray
    places: NDArray[np.int_]
    own: FloatArray


@dataclass(frozen=True)
class Patterns:
    """What is stored of the signs in each class, and the submodels made of it so far.

    Attributes
    ----------
    design : Design
    means, covariances : ndarray, (2, signs), (2, signs, signs)
        Of people who are not serious, and of those who are.
    quantiles : ndarray, (2, signs, levels)
        From the smallest to the largest, closer together towards the ends: how numbers are spread.
    yes_no : ndarray of bool, (signs,)
    counts : ndarray, (2,)
        People of each class.
    known : ndarray, (signs,)
        The share of people who told each sign.
    scales : ndarray, (terms,)
        By what a column is divided before the ridge pulls on it alike.
    strength : float
    """

    design: Design
    means: FloatArray
    covariances: FloatArray
    quantiles: FloatArray
    yes_no: Bools
    counts: FloatArray
    known: FloatArray
    scales: FloatArray
    strength: float
    _made: dict[bytes, Submodel] = field(default_factory=dict, repr=False, compare=False)

    def find(self, told: Bools) -> Submodel:
        """Return the submodel of the signs that were `told`, (signs,)."""
        key = told.tobytes()
        if key not in self._made:
            self._made[key] = self._fit(told)
        return self._made[key]

    def build(self, signs: FloatArray) -> FloatArray:
        """Return intercept and terms."""
        return np.column_stack([np.ones(len(signs)), self.design.build(signs)])

    @cached_property
    def _people(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return standardised columns, class and weight of made-up people, and the columns' means and scales."""
        stored = zip(self.means, self.covariances, self.quantiles, strict=True)
        made = [make_people(*moments, self.yes_no) for moments in stored]
        columns = np.vstack([self.build(signs) for signs, _ in made])
        weights = np.concatenate([count * share for count, (_, share) in zip(self.counts, made, strict=True)])
        mean = weights @ columns / weights.sum()
        mean[0], scales = 0.0, np.r_[1.0, self.scales]
        outcome = np.repeat([0.0, 1.0], [len(share) for _, share in made])
        return (columns - mean) / scales, outcome, weights, mean, scales

    def _fit(self, told: Bools) -> Submodel:
        columns, outcome, weights, mean, scales = self._people
        known = {name for name, there in zip(self.design.signs, told, strict=True) if there}
        asked = [known.issuperset(parts) for parts in self.design.parts]
        varies = (columns != columns[0]).any(axis=0)
        places = np.flatnonzero(np.r_[True, asked] & (varies | (np.arange(len(varies)) == 0)))
        own = np.r_[special.logit(weights @ outcome / weights.sum()), np.zeros(len(places) - 1)]
        for thin in (_THIN, 1) if len(places) > 1 else ():  # a few people first: a good start for all of them
            some = slice(None, None, thin)
            X = columns[some][:, places]
            own = fit_ridge(X, outcome[some], self.strength, weights[some] * thin, start=own, tolerance=1e-8)
        back = np.diag(1 / scales[places])
        back[0, 1:] = -(mean / scales)[places][1:]
        fewer = max(self.known[told].min(initial=1.0), 1e-6)
        informed = find_information(columns[:, places], own, weights * fewer, self.strength)
        return Submodel(back @ own, back @ np.linalg.pinv(informed, hermitian=True) @ back.T, places, own)

    def spread(self, sub: Submodel) -> FloatArray:
        """Return how terms that are not told follow from those that are, (1 + told terms, 1 + all terms).

        Weighted least squares, the first step from the model to its submodel: a change of all coefficients moves the
        submodel's by this much.
        """
        columns, _, weights, mean, scales = self._people
        own = np.zeros(columns.shape[1])
        own[sub.places] = sub.own
        curved = find_information(columns, own, weights)
        inner = curved[np.ix_(sub.places, sub.places)]
        inner = inner + np.diag(np.r_[0.0, np.full(len(sub.places) - 1, self.strength)])
        spread = np.linalg.lstsq(inner, curved[sub.places], rcond=None)[0]
        spread[:, sub.places] = np.eye(len(sub.places))
        back, there = np.diag(1 / scales), np.diag(scales)
        back[0, 1:], there[0, 1:] = -mean[1:] / scales[1:], mean[1:]
        return back[np.ix_(sub.places, sub.places)] @ spread @ there


def estimate_patterns(
    design: Design,
    encoded: FloatArray,
    outcome: FloatArray,
    weights: FloatArray,
    scales: FloatArray,
    strength: float,
) -> Patterns:
    """Store what the submodels need of the training people."""
    moments = [estimate_moments(encoded[outcome == label], weights[outcome == label]) for label in (0, 1)]
    there = np.where(np.isnan(encoded), 0.0, encoded)
    return Patterns(
        design,
        np.array([mean for mean, _ in moments]),
        np.array([covariance for _, covariance in moments]),
        np.array([_find_quantiles(encoded[outcome == label], weights[outcome == label]) for label in (0, 1)]),
        np.asarray(np.isin(there, (0.0, 1.0)).all(axis=0)),
        np.array([weights[outcome == label].sum() for label in (0, 1)]),
        weights @ ~np.isnan(encoded) / weights.sum(),
        scales,
        strength if strength > 0 else 1e-3,
    )


def _find_quantiles(encoded: FloatArray, weights: FloatArray) -> FloatArray:
    """Return quantiles of each sign among those who told it, (signs, levels); 0 where nobody did."""
    found = np.zeros((encoded.shape[1], len(LEVELS)))
    for place, column in enumerate(encoded.T):
        told = ~np.isnan(column)
        if told.any():
            found[place] = np.quantile(column[told], LEVELS, weights=weights[told], method="inverted_cdf")
    return found


def make_people(
    mean: FloatArray, covariance: FloatArray, quantiles: FloatArray, yes_no: Bools
) -> tuple[FloatArray, FloatArray]:
    """Make people whose signs have these moments: signs, (people, signs), and the share each person stands for."""
    share = np.clip(mean, 1e-4, 1 - 1e-4)
    deviation = np.sqrt(np.maximum(np.diag(covariance), 1e-12))
    bar = np.where(yes_no, special.ndtri(1 - share), 0.0)
    latent = _find_correlations(mean, covariance, deviation, bar, yes_no)
    sampler = stats.qmc.Sobol(len(mean), rng=np.random.default_rng(1))
    even = np.clip(sampler.random_base2(_POWER), 1e-9, 1 - 1e-9)
    drawn = special.ndtri(even) @ np.linalg.cholesky(latent).T
    signs = (drawn > bar).astype(float)
    for place in np.flatnonzero(~yes_no):
        signs[:, place] = np.interp(special.ndtr(drawn[:, place]), LEVELS, quantiles[place])
    return signs, _rake(signs, mean, covariance, yes_no)


def _find_correlations(
    mean: FloatArray, covariance: FloatArray, deviation: FloatArray, bar: FloatArray, yes_no: Bools
) -> FloatArray:
    """Return the correlations of the normal distribution behind the signs, (signs, signs)."""
    height = stats.norm.pdf(bar)
    factor = np.where(yes_no, height, deviation)
    plain = np.clip(covariance / np.maximum(np.outer(factor, factor), 1e-12), -0.95, 0.95)
    one, other = np.nonzero(np.triu(np.outer(yes_no, yes_no), 1))
    plain[one, other] = plain[other, one] = find_tetrachoric(bar[one], bar[other], covariance[one, other])
    np.fill_diagonal(plain, 1.0)
    values, vectors = np.linalg.eigh(plain)
    near = vectors * np.maximum(values, 1e-4) @ vectors.T
    size = np.sqrt(np.diag(near))
    return near / np.outer(size, size)


def find_tetrachoric(a: FloatArray, b: FloatArray, covariance: FloatArray) -> FloatArray:
    """Return the correlation of two standard normals whose excesses over `a` and `b` have this covariance.

    The covariance is the integral of the bivariate density over the correlation (Drezner and Wesolowsky 1990); halved
    until found.
    """
    nodes, weights = np.polynomial.legendre.leggauss(20)
    low, high = np.full(len(a), -0.995), np.full(len(a), 0.995)
    for _ in range(40):
        middle = (low + high) / 2
        angle = np.arcsin(middle)[:, None] * (nodes + 1) / 2
        inside = (a**2 + b**2)[:, None] - 2 * (a * b)[:, None] * np.sin(angle)
        found = np.arcsin(middle) / 2 * (np.exp(-inside / (2 * np.cos(angle) ** 2)) @ weights) / (2 * np.pi)
        low, high = np.where(found < covariance, middle, low), np.where(found < covariance, high, middle)
    return (low + high) / 2


def _rake(signs: FloatArray, mean: FloatArray, covariance: FloatArray, yes_no: Bools) -> FloatArray:
    """Weight people until their means and products are those asked for (exponential tilting)."""
    one, other = np.triu_indices(len(mean))
    kept = (one != other) | ~yes_no[one]
    if len(mean) > _MOST_SIGNS:
        kept &= False
    one, other = one[kept], other[kept]
    away = (signs - mean) / np.maximum(signs.std(axis=0), 1e-9)
    size = np.outer(*[np.maximum(signs.std(axis=0), 1e-9)] * 2)
    features = np.hstack([away, away[:, one] * away[:, other] - (covariance / size)[one, other]])
    tilt, share = np.zeros(features.shape[1]), np.full(len(signs), 1 / len(signs))
    for _ in range(30):
        missed = share @ features
        if np.abs(missed).max() < 1e-9:
            break
        curved = features.T @ (features * share[:, None]) - np.outer(missed, missed)
        step = np.linalg.solve(curved + 1e-6 * np.eye(len(tilt)), missed)
        tilt -= step / max(1.0, np.abs(features @ step).max() / 3)
        share = special.softmax(features @ tilt)
    return share
