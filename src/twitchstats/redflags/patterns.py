"""People who tell only some signs: a model on the signs that were told, from stored moments.

A pattern submodel (Fletcher Mercaldo and Blume 2020, Biostatistics 21:236) needs people to be fitted on, and a saved
model holds none. So each class is stored as means, covariances and quantiles of its signs; from these, people are made
(yes/no signs as thresholds of a normal distribution with these correlations), weighted until every mean and every
product of two signs is that of the training people, and the submodel is fitted on them.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import special, stats

from twitchstats.arrays import BoolArray, FloatArray
from twitchstats.redflags.design import estimate_moments, fill_unknown, mark_yes_no

_POWER = 12  # 2 ** 12 people of each class: the fewer, the more their own chance moves risks
LEVELS = np.r_[0.0, special.expit(np.linspace(-7.0, 7.0, 41)), 1.0]
_MOST_SIGNS = 25  # beyond it products are not matched: too many


@dataclass(frozen=True)
class Moments:
    """What is stored of the signs in each class: of people who are not serious, and of those who are."""

    means: FloatArray  # (2, signs)
    covariances: FloatArray  # (2, signs, signs)
    quantiles: FloatArray  # (2, signs, levels), closer together towards the ends: how numbers are spread
    yes_no: BoolArray  # (signs,)
    counts: FloatArray  # (2,), people of each class
    known: FloatArray  # (signs,), the share of people who told it

    def fill(self, encoded: FloatArray) -> FloatArray:
        """Return signs in which what is not known has its expectation given what is, among all training people."""
        share = self.counts / self.counts.sum()
        mean = share @ self.means
        away = self.means - mean
        covariance = np.tensordot(share, self.covariances + away[:, :, None] * away[:, None, :], axes=1)
        low, high = self.quantiles[..., 0].min(axis=0), self.quantiles[..., -1].max(axis=0)
        filled, _ = fill_unknown(encoded, mean, covariance)
        return np.where(np.isnan(encoded), np.clip(filled, low, high), encoded)

    @cached_property
    def people(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return signs, class and weight of people made from these moments."""
        stored = zip(self.means, self.covariances, self.quantiles, strict=True)
        made = [make_people(*moments, self.yes_no) for moments in stored]
        weights = np.concatenate([count * share for count, (_, share) in zip(self.counts, made, strict=True)])
        outcome = np.repeat([0.0, 1.0], [len(share) for _, share in made])
        return np.vstack([signs for signs, _ in made]), outcome, weights


def store_moments(encoded: FloatArray, outcome: FloatArray, weights: FloatArray) -> Moments:
    """Store what the submodels need of the training people."""
    classes = [(encoded[outcome == label], weights[outcome == label]) for label in (0, 1)]
    moments = [estimate_moments(*members) for members in classes]
    return Moments(
        np.array([mean for mean, _ in moments]),
        np.array([covariance for _, covariance in moments]),
        np.array([_find_quantiles(*members) for members in classes]),
        mark_yes_no(encoded),
        np.array([counts.sum() for _, counts in classes]),
        weights @ ~np.isnan(encoded) / weights.sum(),
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
    mean: FloatArray, covariance: FloatArray, quantiles: FloatArray, yes_no: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """Make people whose signs have these moments: signs, (people, signs), and the share each person stands for."""
    share = np.clip(mean, 1e-4, 1 - 1e-4)
    deviation = np.sqrt(np.maximum(np.diag(covariance), 1e-12))
    bar = np.where(yes_no, special.ndtri(1 - share), 0.0)
    values, vectors = np.linalg.eigh(covariance / np.outer(deviation, deviation))
    near = vectors * np.maximum(values, 1e-4) @ vectors.T  # correlations that people can have; weights do the rest
    latent = near / np.outer(*[np.sqrt(np.diag(near))] * 2)
    sampler = stats.qmc.Sobol(len(mean), rng=np.random.default_rng(1))
    even = np.clip(sampler.random_base2(_POWER), 1e-9, 1 - 1e-9)
    drawn = special.ndtri(even) @ np.linalg.cholesky(latent).T
    signs = (drawn > bar).astype(float)
    for place in np.flatnonzero(~yes_no):
        signs[:, place] = np.interp(special.ndtr(drawn[:, place]), LEVELS, quantiles[place])
    return signs, _rake(signs, mean, covariance, yes_no)


def _rake(signs: FloatArray, mean: FloatArray, covariance: FloatArray, yes_no: BoolArray) -> FloatArray:
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
