"""A block of regression models as arrays: columns, likelihoods, and second derivatives shared where they can be."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

RIDGE = 0.02  # on standardised nuisance columns: a weekday without a single twitch must not run to minus infinity
BOUND = 30.0  # of the linear predictor
MANY_MODELS = 8  # from here on products of column pairs pay


@dataclass(frozen=True)
class Problem:
    """A chunk of models: B people, M models for each, n days.

    Attributes
    ----------
    y : (B, n)
        Outcome; 0 where it is not observed.
    shared : (B, n, p)
        Nuisance columns shared by all models of a person, the first one constant; 0 where not observed.
    own : (B, M, q, n)
        Nuisance columns of each model, standardised; 0 where not observed.
    x : (B, M, n)
        The trigger, standardised; 0 where not observed.
    ok : (B, M, n)
        1.0 on days where everything in the model is observed, else 0.0.
    family : {"count", "yes/no", "amount"}
        Negative binomial quasi-likelihood with log link, logistic regression, or least squares.
    window : int
        Over how many days one value of the trigger reaches; neighbouring values then share days.
    """

    y: FloatArray
    shared: FloatArray
    own: FloatArray
    x: FloatArray
    ok: FloatArray
    family: str
    window: int = 1

    def as_family(self, family: str, *, y: FloatArray | None = None) -> "Problem":
        """Return the same columns with another likelihood, and other outcomes if given."""
        other = Problem(self.y if y is None else y, self.shared, self.own, self.x, self.ok, family, self.window)
        other.__dict__.update({name: value for name, value in self.__dict__.items() if name not in other.__dict__})
        return other

    @property
    def ridge(self) -> float:
        """Penalty on nuisance columns; least squares needs none."""
        return 0.0 if self.family == "amount" else RIDGE

    @cached_property
    def pairs(self) -> FloatArray:
        """Products of the shared columns, (B, n, p (p + 1) / 2): weights @ pairs is X'WX for all models at once."""
        rows, columns = np.triu_indices(self.shared.shape[-1])
        return self.shared[..., rows] * self.shared[..., columns]

    @cached_property
    def same_days(self) -> tuple[NDArray[np.int64] | None, NDArray[np.int64] | None]:
        """Which models of a person use the same days: group of each model (B, M) and first model of each group (B, G).

        None where grouping would not pay.
        """
        people, models, days = self.ok.shape
        if models < MANY_MODELS:
            return None, None
        # Sets of days are told apart by a random weighted sum.
        sign = self.ok @ np.random.default_rng(0).random(days)
        found = [np.unique(row, return_index=True, return_inverse=True) for row in sign]
        most = max(len(values) for values, _, _ in found)
        first = np.zeros((people, most), dtype=np.int64)
        for person, (_, where, _) in enumerate(found):
            first[person, : len(where)] = where
        return np.stack([group.ravel() for _, _, group in found]), first

    @cached_property
    def own_and_x(self) -> FloatArray:
        """The columns that differ between models with the trigger as the last one, (B, M, q + 1, n)."""
        return np.concatenate([self.own, self.x[:, :, None]], axis=2)


class Curvature:
    """Second derivatives of every model as blocks: shared columns once for each set of days, own columns and trigger.

    Models of a person that use the same days share the block of the shared columns as long as they share weights,
    which is what makes thousands of models cheap.
    """

    def __init__(self, problem: Problem, weights: FloatArray, *, alike: bool) -> None:
        shared, own = problem.shared, problem.own_and_x
        people, models, days = weights.shape
        r, p = own.shape[2], shared.shape[-1]
        index, first = problem.same_days if alike else (None, None)
        blocks = weights if first is None else np.take_along_axis(weights, first[..., None], axis=1)
        self.shared = _invert(_gram(problem, blocks) + problem.ridge * (np.arange(p) > 0) * np.eye(p))
        if index is not None:
            self.shared = np.take_along_axis(self.shared, index[..., None, None], axis=1)
        weighted = (weights[:, :, None] * own).reshape(people, models * r, days)
        cross = (weighted @ shared).reshape(people, models, r, p)
        self.lift = cross @ self.shared
        self.rest = weighted.reshape(people, models, r, days) @ own.swapaxes(-1, -2) - self.lift @ cross.swapaxes(
            -1, -2
        )
        self.rest += problem.ridge * (np.arange(r) < r - 1) * np.eye(r)
        self.own = _invert(self.rest)

    @property
    def information(self) -> FloatArray:
        """What the trigger's coefficient is known by once all else is fitted, (B, M)."""
        return 1 / np.maximum(self.own[..., -1, -1], 1e-100)

    def replace_where(self, there: NDArray[np.bool_], other: "Curvature") -> "Curvature":
        """Return these second derivatives, in some models (B, M) those of the other."""
        mixed = Curvature.__new__(Curvature)
        for name in ("shared", "lift", "rest", "own"):
            setattr(mixed, name, np.where(there[..., None, None], getattr(other, name), getattr(self, name)))
        return mixed

    def solve(self, gradient: FloatArray) -> FloatArray:
        """Return the Newton step (B, M, p + r) for a gradient of that shape."""
        p = self.shared.shape[-1]
        step = self.own @ (gradient[..., p:, None] - self.lift @ gradient[..., :p, None])
        return self._join(step, gradient[..., :p, None])

    def solve_without_trigger(self, gradient: FloatArray) -> FloatArray:
        """Return the Newton step with the trigger's coefficient held, (B, M, p + r)."""
        p = self.shared.shape[-1]
        step = np.zeros((*gradient.shape[:-1], self.own.shape[-1], 1))
        if self.own.shape[-1] > 1:
            right = gradient[..., p:-1, None] - self.lift[..., :-1, :] @ gradient[..., :p, None]
            step[..., :-1, :] = _invert(self.rest[..., :-1, :-1]) @ right
        return self._join(step, gradient[..., :p, None])

    def _join(self, own_step: FloatArray, shared_gradient: FloatArray) -> FloatArray:
        shared_step = self.shared @ shared_gradient - self.lift.swapaxes(-1, -2) @ own_step
        return np.concatenate([shared_step, own_step], axis=-2)[..., 0]

    def isolate_trigger(self) -> FloatArray:
        """Return the combination of columns that is the trigger less what the others tell of it, (B, M, p + r)."""
        own = self.own[..., :, -1:] / self.own[..., -1:, -1:]
        return np.concatenate([-(self.lift.swapaxes(-1, -2) @ own), own], axis=-2)[..., 0]

    def leverages(self, problem: Problem, weights: FloatArray) -> FloatArray:
        """Return each day's leverage, (B, M, n)."""
        shared = problem.shared[:, None]
        news = problem.own_and_x - self.lift @ shared.swapaxes(-1, -2)
        return weights * (((shared @ self.shared) * shared).sum(-1) + ((self.own @ news) * news).sum(2))


def start_values(problem: Problem) -> FloatArray:
    """Return starting values without any column but the constant, (B, M, p + q + 1)."""
    theta = np.zeros((*problem.ok.shape[:2], problem.shared.shape[-1] + problem.own.shape[2] + 1))
    n = np.maximum(problem.ok.sum(-1), 1.0)
    mean = (problem.ok * problem.y[:, None]).sum(-1) / n
    if problem.family == "count":
        theta[..., 0] = np.log(mean + 0.5 / n)
    elif problem.family == "yes/no":
        share = (mean * n + 0.5) / (n + 1)
        theta[..., 0] = np.log(share / (1 - share))
    return theta


def predict(problem: Problem, theta: FloatArray, *, bounded: bool = True) -> FloatArray:
    """Return the linear predictor (B, M, n)."""
    p = problem.shared.shape[-1]
    predictor: FloatArray = theta[..., :p] @ problem.shared.swapaxes(1, 2)
    own = problem.own_and_x
    for column in range(own.shape[2]):
        predictor += theta[..., p + column, None] * own[:, :, column]
    if bounded and problem.family != "amount":
        np.clip(predictor, -BOUND, BOUND, out=predictor)
    return predictor


def score_residuals(problem: Problem, predictor: FloatArray, alpha: FloatArray) -> FloatArray:
    """Return the score residuals (B, M, n), 0 on days not used."""
    y = problem.y[:, None]
    if problem.family == "amount":
        return problem.ok * (y - predictor)
    if problem.family == "yes/no":
        residual: FloatArray = problem.ok * (y - 1 / (1 + np.exp(-predictor)))
        return residual
    mean = np.exp(predictor)
    return problem.ok * (y - mean) / (1 + alpha[:, None, None] * mean)


def weigh_days(problem: Problem, predictor: FloatArray, alpha: FloatArray) -> FloatArray:
    """Return each day's expected information (B, M, n), 0 on days not used."""
    if problem.family == "amount":
        return problem.ok
    if problem.family == "yes/no":
        mean = 1 / (1 + np.exp(-predictor))
        return problem.ok * mean * (1 - mean)
    mean = np.exp(predictor)
    return problem.ok * mean / (1 + alpha[:, None, None] * mean)


def work_out(problem: Problem, predictor: FloatArray, alpha: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return weights, score residuals and Pearson residuals, each (B, M, n) and 0 on days not used."""
    weights = weigh_days(problem, predictor, alpha)
    residual = score_residuals(problem, predictor, alpha)
    return weights, residual, residual / np.sqrt(np.where(problem.ok > 0, weights, 1.0))


def weigh_days_as_observed(problem: Problem, predictor: FloatArray, alpha: FloatArray) -> FloatArray:
    """Return each day's observed information, with which Newton's method converges fastest."""
    weights = weigh_days(problem, predictor, alpha)
    if problem.family != "count":
        return weights
    excess = alpha[:, None, None]
    return weights * (1 + excess * problem.y[:, None]) / (1 + excess * np.exp(predictor))


def find_gradient(problem: Problem, residual: FloatArray, theta: FloatArray) -> FloatArray:
    """Return the penalised score of every coefficient, (B, M, p + q + 1)."""
    own = (problem.own_and_x @ residual[..., None])[..., 0]
    gradient = np.concatenate([residual @ problem.shared, own], axis=-1)
    gradient[..., 1:-1] -= problem.ridge * theta[..., 1:-1]
    return gradient


def _gram(problem: Problem, weights: FloatArray) -> FloatArray:
    """Return Z'WZ of the shared columns for every set of weights (B, G, n): (B, G, p, p)."""
    shared = problem.shared
    people, sets, _ = weights.shape
    p = shared.shape[-1]
    if sets < MANY_MODELS:
        turned = shared.swapaxes(1, 2)
        return np.stack([(turned * weights[:, index, None]) @ shared for index in range(sets)], axis=1)
    gram = np.empty((people, sets, p, p))
    rows, columns = np.triu_indices(p)
    block = weights @ problem.pairs
    gram[..., rows, columns] = block
    gram[..., columns, rows] = block
    return gram


def _invert(gram: FloatArray) -> FloatArray:
    """Return inverses; a diagonal too small to matter keeps matrices with empty columns invertible."""
    diagonal = np.einsum("...ii->...i", gram)
    size = gram.shape[-1]
    tiny = 1e-9 * diagonal.max(-1, initial=1e-6)[..., None] + 1e-12
    return np.linalg.inv(gram + tiny[..., None] * np.eye(size))
