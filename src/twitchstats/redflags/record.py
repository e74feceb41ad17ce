"""A fitted model as one frozen record, and what follows from it: log odds, risks, and what is known of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special
from threadpoolctl import threadpool_limits

from twitchstats.errors import NotEnoughDataError
from twitchstats.redflags import assumptions
from twitchstats.redflags.design import Design, group_patterns
from twitchstats.redflags.patterns import Patterns, Submodel
from twitchstats.redflags.prevalence import SAMPLE, BaseRate, check_share, shift_log_odds

FloatArray = NDArray[np.float64]

# By what share of itself a weight misses what is true, measured on simulated people: 200,000 and 20,000 of them.
LOOSE, LOOSE_ALONE = 0.045, 0.1
# Of the base rate: how much smaller than this a risk is, people counted can't tell. On simulated people (3,000, all
# pairs) the odds of such risks came out 1.5 to 30 times too high, and two-sided limits held the truth in 37 to 88 %.
SMALLEST = 0.1


@dataclass(frozen=True)
class Training:
    """The people that a model was fitted on: never saved.

    Attributes
    ----------
    encoded : ndarray, (people, signs)
    outcome, weights : ndarray, (people,)
    names : Index
        Of the people.
    """

    encoded: FloatArray
    outcome: FloatArray
    weights: FloatArray
    names: pd.Index

    def take(self, rows: NDArray[np.bool_]) -> Training:
        """Return some of the people."""
        return Training(self.encoded[rows], self.outcome[rows], self.weights[rows], self.names[rows])


@dataclass(frozen=True)
class Record:
    """All that a fitted model is; `RedFlagModel` tells what its parts are.

    Attributes
    ----------
    named : bool
        Whether the signs have names (a data frame).
    coefficients : ndarray, (1 + terms,)
        Intercept (at the share of the sample) and log odds ratios.
    origin : Origin or None
        Of simulated people: what they were drawn from.
    digest : str
        Of the training people, to know them again.
    training : Training or None
        None for a model read from a file.
    """

    signs: tuple[str, ...]
    ignored: tuple[str, ...]
    named: bool
    classes: NDArray
    design: Design
    coefficients: FloatArray
    covariance: FloatArray
    means: FloatArray
    scales: FloatArray
    dropped: tuple[str, ...]
    strength: float
    path: pd.DataFrame
    missing: pd.DataFrame
    n_people: int
    n_serious: int
    sample_rate: float
    shift: float
    base: BaseRate
    patterns: Patterns
    origin: assumptions.Origin | None
    notes: tuple[str, ...]
    digest: str
    training: Training | None = None

    def need_training(self, what: str) -> Training:
        """Return the training people, or raise NotEnoughDataError where there are none."""
        if self.training is None:
            raise NotEnoughDataError(
                f"{what} needs the training people, and a model read from a file has none. Fit the model again."
            )
        return self.training

    @property
    def drawn(self) -> bool:
        """Whether people were drawn from parameters of the simulator: how many of them there were says nothing."""
        return self.origin is not None and not self.origin.exact

    @property
    def diagnoses(self) -> tuple[str, ...]:
        """What counts as serious, where that is known."""
        return self.origin.serious if self.origin else ()


def move_record(record: Record, base: BaseRate, now: float) -> Record:
    """Return the record at another base rate (King and Zeng 2001): every log odds moves by the same amount."""
    return replace(record, shift=record.shift + shift_log_odds(base.rate, now), base=base)


def _take_models(record: Record, encoded: FloatArray) -> Iterator[tuple[NDArray[np.int_], Submodel, FloatArray]]:
    """Yield the people who told the same signs, the model on these signs, and what enters it."""
    columns = record.patterns.build(encoded)
    whole = Submodel(record.coefficients, record.covariance, np.arange(len(record.coefficients)), record.coefficients)
    with threadpool_limits(1):  # many small fits: threads would only wait for each other
        for rows, told in group_patterns(encoded):
            sub = whole if told.all() else record.patterns.find(told)
            yield rows, sub, columns[np.ix_(rows, sub.places)]


def find_log_odds(record: Record, encoded: FloatArray) -> FloatArray:
    """Return the log odds of each person, (people,).

    A base rate of the population goes with the population's mix of other conditions, a clinic's with the clinic's:
    where the training people are another crowd than the base rate's, the log odds move by what the told signs weigh
    more there.
    """
    log_odds = np.empty(len(encoded))
    for rows, sub, own in _take_models(record, encoded):
        log_odds[rows] = own @ sub.coefficients
    return log_odds + record.shift + assumptions.move_crowd(record.origin, record.base, record.signs, encoded)


def find_terms(record: Record, encoded: FloatArray) -> FloatArray:
    """Return the terms that each person amounts to, (people, 1 + terms): how log odds move with the coefficients."""
    terms = np.empty((len(encoded), len(record.coefficients)))
    for rows, sub, own in _take_models(record, encoded):
        terms[rows] = own if own.shape[1] == terms.shape[1] else own @ record.patterns.spread(sub)
    return terms


def find_error(record: Record, encoded: FloatArray) -> FloatArray:
    """Return the mean squared error of log odds, (people,): chance, shrinkage, and the form of the model.

    Chance: other people could have been in the training sample. Shrinkage: how far the penalty holds the log odds back,
    by one Newton step. Form: each weight misses by a share of itself, `LOOSE` where pairs are in the model and
    `LOOSE_ALONE` where they are not.
    """
    found = np.empty(len(encoded))
    loose = LOOSE if any(len(parts) > 1 for parts in record.design.parts) else LOOSE_ALONE
    pull, middle = record.patterns.strength * np.r_[0.0, record.scales] ** 2, np.r_[0.0, record.means]
    for rows, sub, own in _take_models(record, encoded):
        chance = np.einsum("ij,jk,ik->i", own, sub.covariance, own)
        held = own @ sub.covariance @ (pull[sub.places] * sub.coefficients)
        parts = ((own - middle[sub.places]) * sub.coefficients)[:, 1:]
        found[rows] = np.maximum(chance, 0.0) + held**2 + loose**2 * (parts**2).sum(axis=1)
    return found


@dataclass(frozen=True)
class Assessed:
    """People's log odds with all that is known of them.

    Attributes
    ----------
    log_odds : ndarray, (people,)
    variance : ndarray, (people,)
        Mean squared error by the chance of who was in the training sample, by shrinkage and by the model's form.
    moves : ndarray, (draws, people), or None
        By how much draws of what is uncertain move them; None where nothing is.
    """

    log_odds: FloatArray
    variance: FloatArray
    moves: FloatArray | None

    def take(self, rows: NDArray) -> Assessed:
        """Return some of the people."""
        moves = self.moves if self.moves is None else self.moves[:, rows]
        return Assessed(self.log_odds[rows], self.variance[rows], moves)


def assess_people(record: Record, encoded: FloatArray) -> Assessed:
    """Return the log odds of people, and what is known of them."""
    log_odds = find_log_odds(record, encoded)
    variance = find_error(record, encoded)
    if record.base.source != SAMPLE:  # the share of the sample, and its error, are replaced
        variance = np.maximum(variance - 1 / record.n_serious - 1 / (record.n_people - record.n_serious), 0.0)
    moves = assumptions.draw_moves(record.origin, record.base, record.signs, encoded, log_odds)
    return Assessed(log_odds, variance, moves)


def bound_risk(record: Record, people: Assessed, level: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the risk of each person with limits, each (people,), that say what is known.

    Of real people: how well the log odds are known (`find_error`), and the base rate; a risk that `is_small` has an
    upper limit only. Of simulated people the number of people says nothing; what is known are the parameters that they
    were drawn from, so the limits are quantiles over draws of all of these.
    """
    check_share("level", level)
    return _bound(record, people.log_odds, people.moves, people.variance, level)


def _bound(
    record: Record, middle: FloatArray, moves: FloatArray | None, variance: FloatArray, level: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    low, high = assumptions.find_reach(moves, 0.0 * variance if record.drawn else variance, level)
    low = np.where(is_small(record, middle), -np.inf, low)
    return tuple(special.expit(middle + reach) for reach in (0.0, low, high))  # type: ignore[return-value]


def is_small(record: Record, log_odds: FloatArray) -> NDArray[np.bool_]:
    """Tell which log odds lie so far below the base rate that people counted can't say how far, (people,)."""
    return (log_odds < special.logit(record.base.rate) + np.log(SMALLEST)) & (not record.drawn)


def average_risk(record: Record, people: Assessed, weights: FloatArray, level: float) -> tuple[float, float, float]:
    """Return the mean risk of people with its limits, as in `bound_risk`.

    The errors of people alike are taken to be one error: what they share is most of it, and no other assumption can
    make the limits too narrow.
    """
    share = weights / weights.sum()
    each = special.expit(people.log_odds)
    mean = float(share @ each)
    error = (share * each * (1 - each)) @ np.sqrt(people.variance) / max(mean * (1 - mean), 1e-300)
    middle, moves = special.logit(np.array([mean])), people.moves
    if moves is not None:
        averages = np.clip(special.expit(people.log_odds + moves) @ share, 1e-300, 1 - 1e-16)
        moves = (special.logit(averages) - middle)[:, None]
    _, low, high = _bound(record, middle, moves, np.array([error**2]), level)
    return mean, float(low[0]), float(high[0])
