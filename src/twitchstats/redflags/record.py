"""A fitted model as one frozen record, and what follows from it: log odds, risks, and what is known of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy import special

from twitchstats.arrays import AnyArray, BoolArray, FloatArray, IntArray
from twitchstats.errors import NotEnoughDataError
from twitchstats.parallel import stay_on_one_core
from twitchstats.redflags import assumptions, fitting
from twitchstats.redflags.assumptions import Odds, Origin
from twitchstats.redflags.design import Design, group_patterns
from twitchstats.redflags.patterns import Moments
from twitchstats.redflags.prevalence import SAMPLE, BaseRate, shift_log_odds

# By what share of itself a weight misses what is true, and any two of their product: measured on simulated people,
# 200,000 of one world and 3,000 of each of 22 worlds whose parameters were drawn.
LOOSE, TOGETHER = 0.045, 0.06
# Of the base rate: how much smaller than this a risk is, people counted can't tell. On simulated people (3,000, all
# pairs) the odds of such risks came out 1.5 to 30 times too high, and two-sided limits held the truth in 37 to 88 %.
SMALLEST = 0.1


@dataclass(frozen=True)
class Training:
    """The people that a model was fitted on: never saved."""

    encoded: FloatArray  # (people, signs)
    outcome: FloatArray  # (people,)
    weights: FloatArray
    names: pd.Index

    def take(self, rows: BoolArray) -> Training:
        """Return some of the people."""
        return Training(self.encoded[rows], self.outcome[rows], self.weights[rows], self.names[rows])


@dataclass(frozen=True)
class Record(fitting.Solution):
    """All that a fitted model is; `RedFlagModel` tells what its parts are."""

    signs: tuple[str, ...]
    ignored: tuple[str, ...]
    named: bool  # whether the signs have names (a data frame)
    classes: AnyArray
    design: Design
    missing: pd.DataFrame
    n_people: int
    n_serious: int
    sample_rate: float
    shift: float
    base: BaseRate
    moments: Moments  # the models on some signs are made from them
    origin: Origin | None  # what simulated people were drawn from
    notes: tuple[str, ...]
    digest: str  # of the training people, to know them again
    training: Training | None = None  # None for a model read from a file
    made: dict[bytes, Submodel] = field(
        default_factory=dict, repr=False, compare=False
    )  # on some signs, when asked for

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

    @property
    def pull(self) -> float:
        """How strongly the ridge holds back; beside Firth's penalty the models on some signs need a little."""
        return self.strength if self.strength > 0 else 1e-3


def move_record(record: Record, base: BaseRate, now: float) -> Record:
    """Return the record at another base rate (King and Zeng 2001): every log odds moves by the same amount."""
    return replace(record, shift=record.shift + shift_log_odds(base.rate, now), base=base)


@dataclass(frozen=True)
class Submodel:
    """A model on some of the signs."""

    coefficients: FloatArray  # (1 + told terms,), the intercept's first
    covariance: FloatArray  # of these: as many people behind it as told the sign that fewest told
    places: IntArray  # where these stand among intercept and all terms


def _find_submodel(record: Record, told: BoolArray) -> Submodel:
    """Return the model on the signs that were `told`, (signs,)."""
    if told.all():
        return Submodel(record.coefficients, record.covariance, np.arange(len(record.coefficients)))
    if (key := told.tobytes()) in record.made:
        return record.made[key]
    signs, outcome, weights = record.moments.people
    known = {name for name, there in zip(record.signs, told, strict=True) if there}
    asked = np.flatnonzero([known.issuperset(parts) for parts in record.design.parts])
    terms, columns = [record.design.terms[place] for place in asked], record.design.build(signs)[:, asked]
    fewer = max(record.moments.known[told].min(initial=1.0), 1e-6)
    solved = fitting.solve_logistic(terms, columns, outcome, fewer * weights, strength=fewer * record.pull)
    record.made[key] = Submodel(solved.coefficients, solved.covariance, np.r_[0, 1 + asked])
    return record.made[key]


def take_models(record: Record, encoded: FloatArray) -> Iterator[tuple[IntArray, Submodel, FloatArray]]:
    """Yield the people who told the same signs, the model on these signs, and what enters it."""
    columns = fitting.add_intercept(record.design.build(encoded))
    with stay_on_one_core():  # many small fits
        for rows, told in group_patterns(encoded):
            sub = _find_submodel(record, told)
            yield rows, sub, columns[np.ix_(rows, sub.places)]


def find_log_odds(record: Record, encoded: FloatArray) -> FloatArray:
    """Return the log odds of each person, (people,).

    A base rate of the population goes with the population's mix of other conditions, a clinic's with the clinic's:
    where the training people are another crowd than the base rate's, the log odds move by what the told signs weigh
    more there.
    """
    log_odds = np.empty(len(encoded))
    for rows, sub, own in take_models(record, encoded):
        log_odds[rows] = own @ sub.coefficients
    return log_odds + record.shift + assumptions.move_crowd(record.origin, record.base, record.signs, encoded)


def find_error(record: Record, encoded: FloatArray) -> FloatArray:
    """Return the mean squared error of log odds, (people,): chance, shrinkage, and the form of the model.

    Chance: other people could have been in the training sample. Shrinkage: how far the penalty holds the log odds back,
    by one Newton step. Form: each weight misses by a share of itself (`LOOSE`), and any two by a share of their product
    (`TOGETHER`), for what comes together adds up otherwise than it does alone.
    """
    found = np.empty(len(encoded))
    pull, middle = record.pull * np.r_[0.0, record.scales] ** 2, np.r_[0.0, record.means]
    for rows, sub, own in take_models(record, encoded):
        chance = np.einsum("ij,jk,ik->i", own, sub.covariance, own)
        held = own @ sub.covariance @ (pull[sub.places] * sub.coefficients)
        parts = np.abs((own - middle[sub.places]) * sub.coefficients)[:, 1:]
        alone = (parts**2).sum(axis=1)
        form = LOOSE**2 * alone + TOGETHER**2 * (parts.sum(axis=1) ** 2 - alone)
        found[rows] = np.maximum(chance, 0.0) + held**2 + form
    return found


def assess_people(record: Record, encoded: FloatArray) -> Odds:
    """Return the log odds of people, and what is known of them.

    Of simulated people who tell only some signs they are the exact ones in the world that the training people were
    drawn from: no model on these signs comes within 10 % of them everywhere, however many people it is fitted on.
    """
    log_odds, variance = np.zeros(len(encoded)), np.zeros(len(encoded))
    whole = ~np.isnan(encoded).any(axis=1) | (not record.drawn)
    if whole.any():
        log_odds[whole] = find_log_odds(record, encoded[whole])
        variance[whole] = find_error(record, encoded[whole])
    if record.origin and not whole.all():
        log_odds[~whole] = assumptions.find_exact(record.origin, record.base, record.signs, encoded[~whole])[0]
    if record.base.source != SAMPLE:  # the share of the sample, and its error, are replaced
        variance = np.maximum(variance - 1 / record.n_serious - 1 / (record.n_people - record.n_serious), 0.0)
    return Odds(
        log_odds,
        variance,
        assumptions.draw_moves(record.origin, record.base, record.signs, encoded, log_odds),
    )


def bound_risk(record: Record, people: Odds, level: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the risk of each person with limits, each (people,), that say what is known.

    Of real people: how well the log odds are known (`find_error`), and the base rate; a risk that `is_small` has an
    upper limit only. Of simulated people the number of people says nothing; what is known are the parameters that they
    were drawn from, so the limits are quantiles over draws of all of these.
    """
    risk, low, high = (replace(people, variance=0.0 * people.variance) if record.drawn else people).bound(level)
    return risk, np.where(is_small(record, people.log_odds), 0.0, low), high


def is_small(record: Record, log_odds: FloatArray) -> BoolArray:
    """Tell which log odds lie so far below the base rate that people counted can't say how far, (people,)."""
    return (log_odds < special.logit(record.base.rate) + np.log(SMALLEST)) & (not record.drawn)
