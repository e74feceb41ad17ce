"""The risk model: a logistic regression on red flags and their combinations, for research and teaching."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from numbers import Real
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from twitchstats.arrays import AnyArray, FloatArray, to_pandas
from twitchstats.errors import NotEnoughDataError, OptionError, TwitchstatsError, check_choice, check_share
from twitchstats.inference import wilson_interval
from twitchstats.redflags import card, combining, fitting, odds, points, storing, telling, training
from twitchstats.redflags.advice import as_people
from twitchstats.redflags.assumptions import match_origin, read_origin
from twitchstats.redflags.design import plan_design
from twitchstats.redflags.patterns import store_moments
from twitchstats.redflags.prevalence import SAMPLE, BaseRate, read_base_rate
from twitchstats.redflags.record import Record, Training, find_log_odds, move_record
from twitchstats.signs import encode_signs, find_signs

People: TypeAlias = Mapping[str, object] | pd.Series | pd.DataFrame | ArrayLike
PENALTIES = ("ridge", "firth")
CONSTANT = ("refuse", "drop")


def _show(path: str) -> property:
    """Return a property that shows a part of the record."""

    def read(self: RedFlagModel) -> object:
        found: object = self.record_
        for name in path.split("."):
            found = getattr(found, name)
        return list(found) if isinstance(found, tuple) else found

    return property(read)


@contextmanager
def _reading_array() -> Iterator[None]:
    """Tell what scikit-learn says of an array as an error of this package; its TypeError stays, as its checks ask."""
    try:
        yield
    except ValueError as error:
        raise TwitchstatsError(f"{error} Give numbers, a row for each person.") from error


class RedFlagModel(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Logistic regression on signs and their combinations, shrunk.

    Research and teaching only; not a diagnosis. Trained on `simulate_cohort` it has learned from simulated people, and
    its risks have limits that say how little is known of the parameters they were drawn from.

    In a DataFrame the known signs are found by name, label or alias (`load_signs`), so that labels such as ``serious``
    or ``diagnosis`` never enter. A column that looks like a sign and is none is asked about. A frame or array without
    known signs is used as it is.

    A sign that is not known is never taken for absent: in the fit it takes what is expected from those that are known
    (EM moments of the training people), and people who tell only some signs get the risk of a model on these signs
    (`patterns.Moments`; see `predict_risk` for simulated ones).

    Parameters
    ----------
    signs : list of str, optional
        Columns to use; by default every known sign of the frame.
    serious : label, optional
        The label that counts as serious. Without it, labels must be 0/1, True/False or yes/no.
    ignore : sequence of str
        Columns that are no signs, although their names look like one.
    interactions : {"pairs", "none"} or list of tuples of str
        Interaction terms: pairs, triples and so on. The parts of a term always come with it (heredity).
    penalty : {"ridge", "firth"}
        "ridge": squared coefficients on standardised columns, its strength by approximate leave-one-out
        cross-validation (no folds, no seed). "firth": Firth's bias-reducing penalty, for small or separated data.
    strength : float, optional
        Ridge penalty, 1 / C of scikit-learn, instead of the cross-validated one.
    bends : bool
        Whether the weight of age and of the weeks may change along them: terms such as "age over 60" (a linear spline).
        A straight line was off by a factor of 3 at 30 years, and of 7 in the first weeks.
    constant : {"refuse", "drop"}
        What happens to a sign that is the same for everyone.

    Attributes
    ----------
    record_ : Record
        All that was fitted, frozen; the other attributes are views of it.
    classes_ : ndarray, (2,)
        The labels; the second is the serious one.
    signs_, ignored_ : list of str
        The signs in use, and the columns of the training frame that were not used.
    notes_ : list of str
        What must be told of the training sample: what counts as serious and how many, gaps, columns not used, and where
        it applies too few cases or separation.
    terms_ : list of str
        Names of the terms: signs, "a:b" for pairs, "age over 60" for bends.
    dropped_terms_ : list of str
        Terms that do not vary or follow from others.
    coef_ : ndarray, (1, terms)
        Log odds ratio of each term in its unit (age: 10 years; persistence: a doubling of the weeks; sex: male).
    intercept_ : ndarray, (1,)
        Log odds where every term is 0.
    term_means_, term_scales_ : ndarray, (terms,)
        The penalty acts on (term - mean) / scale: the standard deviation, and four times that for interactions, as
        combinations are expected to add less than their parts. ``LogisticRegression(C=1 / strength_)`` on
        ``build_design(X, standardized=True)`` is the same.
    covariance_ : ndarray, (1 + terms, 1 + terms)
        Posterior covariance of intercept and coefficients (inverse penalised information; Wood 2006).
    strength_ : float
        The ridge penalty in use (NaN for Firth).
    missing_ : DataFrame
        ``sign, n_known, n_unknown, share_unknown`` in the training set.
    base_rate_, sample_rate_ : float
        The share of serious cases that the risks refer to, and that of the training sample.
    base_rate_source_ : str
        Where the base rate comes from: "the training sample", "given", or a setting of `base_rates` with its citation.
    shift_ : float
        By how much `at_base_rate` has moved the log odds.
    n_people_, n_serious_ : int
        Size of the training sample.

    Examples
    --------
    >>> from twitchstats import simulate_cohort
    >>> cohort = simulate_cohort(people=500, seed=1)
    >>> model = RedFlagModel(interactions="none").fit(cohort, cohort["serious"])
    >>> model.notes_[0]
    'Serious is the label 1: 96 of 500 people (19.2%).'
    >>> told = model.predict_risk({"wasting": "yes"}, base_rate="adults in general")
    >>> told.loc["person", "red_flags"]
    'Muscle wasting'
    """

    def __init__(
        self,
        *,
        signs: list[str] | None = None,
        serious: object = None,
        ignore: Sequence[str] = (),
        interactions: str | Sequence[Sequence[str]] = "pairs",
        penalty: str = "ridge",
        strength: float | None = None,
        bends: bool = True,
        constant: str = "refuse",
    ) -> None:
        self.signs = signs
        self.serious = serious
        self.ignore = ignore
        self.interactions = interactions
        self.penalty = penalty
        self.strength = strength
        self.bends = bends
        self.constant = constant

    classes_, signs_, ignored_, notes_ = (_show(name) for name in ("classes", "signs", "ignored", "notes"))
    terms_, design_, dropped_terms_ = (_show(name) for name in ("design.terms", "design", "dropped"))
    term_means_, term_scales_, covariance_ = (_show(name) for name in ("means", "scales", "covariance"))
    strength_, missing_ = (_show(name) for name in ("strength", "missing"))
    base_rate_, base_rate_source_, shift_ = (_show(name) for name in ("base.rate", "base.source", "shift"))
    sample_rate_, n_people_, n_serious_ = (_show(name) for name in ("sample_rate", "n_people", "n_serious"))

    @property
    def _fitted(self) -> Record:
        check_is_fitted(self)
        return self.record_

    @property
    def coef_(self) -> FloatArray:
        """Log odds ratios, (1, terms)."""
        return self.record_.coefficients[None, 1:]

    @property
    def intercept_(self) -> FloatArray:
        """Log odds where every term is 0, (1,), at the base rate."""
        return self.record_.coefficients[:1] + self.record_.shift

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags

    # -- fitting -----------------------------------------------------------------------------------------------------

    def fit(self, X: pd.DataFrame | ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> RedFlagModel:
        """Fit the model.

        Parameters
        ----------
        X : DataFrame or array, (people, columns)
            Signs; NaN where a sign is not known.
        y : array-like, (people,)
            Two labels: 0/1, True/False or yes/no, or any two of which `serious` names one.
        sample_weight : array-like, (people,), optional
            How often each person counts.

        Raises
        ------
        NotEnoughDataError
            One class only, too few people, no signs, or a sign that is the same for everyone.
        TwitchstatsError
            Labels that look reversed, are missing, or belong to other people.
        OptionError, UnknownNameError, JournalError
            An option, a name or a value that is not possible; a column that looks like a sign.
        """
        self._check_options()
        people, signs, ignored, named, classes = self._read_training(X, y, sample_weight)
        training.check_enough(people.encoded, people.outcome, signs, named=named, constant=self.constant)
        if named and self.serious is None:
            no, yes = classes.tolist()
            training.check_direction(
                people.encoded, people.outcome, signs, yes,
                f"Say which label is serious: RedFlagModel(serious={no!r}), or serious={yes!r} if this is right.",
            )  # fmt: skip
        design = plan_design(people.encoded, signs, self.interactions, weights=people.weights, bends=self.bends)
        moments = store_moments(people.encoded, people.outcome, people.weights)
        columns = design.build(moments.fill(people.encoded))
        solved = fitting.solve_logistic(
            design.terms, columns, people.outcome, people.weights, penalty=self.penalty, strength=self.strength
        )
        known, rate = read_origin(X), float(people.weights @ people.outcome / people.weights.sum())
        notes = training.write_notes(people, signs, ignored, classes, design.terms)
        origin = match_origin(known, signs, people.encoded, people.outcome)
        if origin != known:
            notes = (*notes, training.STRANGE)
        n = len(people.outcome)
        # the share's chance error is in the fit's covariance unless the people are simulated
        drawn = origin is not None and not origin.exact
        low, high = wilson_interval(rate * n, n) if drawn else (np.nan, np.nan)
        self.record_ = Record(
            signs=tuple(signs),
            ignored=tuple(ignored),
            named=named,
            classes=classes,
            design=design,
            missing=training.count_missing(people.encoded, signs),
            n_people=n,
            n_serious=int(people.outcome.sum()),
            sample_rate=rate,
            shift=0.0,
            base=BaseRate(rate, SAMPLE, low=float(low), high=float(high)),
            moments=moments,
            origin=origin,
            notes=notes,
            digest=training.digest_people(people.encoded, people.outcome),
            training=people,
            **vars(solved),
        )
        return self

    def _check_options(self) -> RedFlagModel:
        check_choice("penalty", self.penalty, PENALTIES)
        check_choice("constant", self.constant, CONSTANT)
        check_choice("bends", self.bends, (True, False))
        value = 1.0 if self.strength is None else self.strength
        if isinstance(value, bool) or not isinstance(value, Real) or not 0 < value < np.inf:
            raise OptionError(f"strength={value} is not possible. It must be above 0 and finite.")
        return self

    def _read_training(
        self, X: pd.DataFrame | ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None
    ) -> tuple[Training, list[str], list[str], bool, AnyArray]:
        """Return people, their signs, the columns not used, whether signs are known by name, and the labels."""
        if y is None:
            raise TwitchstatsError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target y is None. Give labels."
            )
        training.check_order(X, y)
        X = to_pandas(X)
        signs, frame = training.choose_signs(X, self.signs, self.ignore)
        if signs is None or frame is None:
            with _reading_array():
                values, y = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan")
            signs = [
                str(name) for name in getattr(self, "feature_names_in_", [f"x{k}" for k in range(values.shape[1])])
            ]
            ignored, named = [], False
        else:
            values = encode_signs(frame, signs)
            validate_data(self, frame[signs], skip_check_array=True)
            ignored, named = [str(column) for column in frame.columns if column not in signs], True
        classes, outcome = training.read_labels(y, len(values), self.serious, named=named)
        weights = training.read_weights(sample_weight, len(values))
        names = X.index if isinstance(X, pd.DataFrame) else pd.RangeIndex(len(values))
        there = weights > 0
        training.check_classes(classes, outcome[there])
        return Training(values, outcome, weights, names).take(there), signs, ignored, named, classes

    # -- predicting --------------------------------------------------------------------------------------------------

    def _name(self, X: Mapping[str, object] | pd.Series | pd.DataFrame) -> pd.DataFrame:
        """Return people with each sign under its own name; what was not used at the fit is not asked about.

        A known sign that is not in the model stays: the advice hangs on it.
        """
        known = [*self.ignore, *(name for name in self.ignored_ if not training.find_known(name))]
        own = [name for name in self.signs_ if not find_signs([name])]
        return as_people(X, ignore=[name for name in known if name not in self.signs_], own=own)

    def _read(self, X: People) -> tuple[pd.DataFrame, FloatArray]:
        """Return people with each sign under its own name, and encoded; what one person does not tell is not known."""
        X = to_pandas(X)
        one = isinstance(X, (Mapping, pd.Series))
        if not self._fitted.named:
            if one:
                raise TwitchstatsError("The model knows no names of signs. Give an array with a row for each person.")
            with _reading_array():
                encoded = validate_data(self, X, reset=False, dtype=np.float64, ensure_all_finite="allow-nan")
            return pd.DataFrame(index=X.index if isinstance(X, pd.DataFrame) else range(len(encoded))), encoded
        if not isinstance(X, (Mapping, pd.Series, pd.DataFrame)):
            raise TwitchstatsError(
                f"The model knows its signs by name. Give a DataFrame with the columns {', '.join(self.signs_)}."
            )
        people = self._name(X)
        if one:
            people = people.reindex(columns=list(dict.fromkeys([*people.columns, *self.signs_])))
        for name in self.signs_:
            if name not in people.columns:
                raise TwitchstatsError(
                    f"The model needs the sign {name!r}, which is no column here. Add the column, with empty cells "
                    "where the sign is not known."
                )
        return people, encode_signs(people, self.signs_)

    def _encode(self, X: People) -> FloatArray:
        return self._read(X)[1]

    def build_design(self, X: pd.DataFrame | ArrayLike, *, standardized: bool = False) -> pd.DataFrame:
        """Return the columns of the model, (people, terms), as they are or as the ridge penalty sees them."""
        check_choice("standardized", standardized, (True, False))
        Z = self.design_.build(self.record_.moments.fill(self._encode(X)))
        if standardized:
            Z = (Z - self.term_means_) / self.term_scales_
        return pd.DataFrame(Z, columns=self.terms_, index=X.index if isinstance(X, pd.DataFrame) else None)

    def decision_function(self, X: pd.DataFrame | ArrayLike) -> FloatArray:
        """Return the log odds of each person, (people,)."""
        return find_log_odds(self._fitted, self._encode(X))

    def predict_proba(self, X: pd.DataFrame | ArrayLike) -> FloatArray:
        """Return the risk of each class, (people, 2), at ``base_rate_``."""
        log_odds = self.decision_function(X)
        return np.column_stack([special.expit(-log_odds), special.expit(log_odds)])

    def predict(self, X: pd.DataFrame | ArrayLike) -> AnyArray:
        """Return the likelier label of each person, (people,)."""
        serious = self.decision_function(X) > 0
        return self.classes_[serious.astype(int)]

    def predict_risk(
        self,
        X: People,
        *,
        base_rate: float | str | None = None,
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Return each person's risk with all that must stand beside it.

        Parameters
        ----------
        X : mapping, Series, DataFrame or array
            One person or many; signs by name. What a mapping or Series does not name is not known.
        base_rate : float or str, optional
            As in `at_base_rate`; by default that of the model.
        level : float
            Confidence level.

        Returns
        -------
        DataFrame
            The index of `X`; ``risk, risk_lower, risk_upper``, ``base_rate``, ``n_unknown`` (signs not known),
            ``chance_factor`` (by what factor, at `level`, the odds may be off by the chance of who was in the training
            sample, by shrinkage and by the form of the model), ``caution`` (says so where it is above 1.1, and where a
            risk is told as an upper limit), ``red_flags`` and ``advice``. The limits say what is known: for simulated
            people over draws of the parameters that they were drawn from, for real ones by what makes
            ``chance_factor``; in both with the uncertainty of a base rate that is named. A risk of real people below a
            tenth of the base rate (as odds) has a lower limit of 0, for people counted can't tell how much smaller it
            is. On simulated people taken for real (3,000, of 22 worlds whose parameters were drawn), 95 % limits held
            the truth in 92 to 99 % of the larger risks. Simulated people who tell only some signs get the exact risk of
            the world that they were drawn from (`explore_assumptions`), as no model on some signs is right for any of
            them; `predict_proba` gives the model's own.
        """
        record = self._fitted
        if base_rate is not None:
            record = move_record(
                record, read_base_rate(base_rate, record.diagnoses, option="base_rate"), record.base.rate
            )
        return telling.tell_risk(record, *self._read(X), level=level)

    def at_base_rate(self, tau: float | str, ybar: float | None = None) -> RedFlagModel:
        """Return a copy whose risks refer to another base rate.

        The intercept moves by -ln[((1 - tau) / tau) * (ybar / (1 - ybar))] (King and Zeng 2001, Political Analysis
        9:137). A named setting also brings its crowd: for simulated people from a clinic, at the base rate of adults in
        general, each sign weighs what it does among the population's mix of other conditions. A number is taken as the
        share in a crowd like that of the training people.

        Parameters
        ----------
        tau : float or str
            The base rate, or the name of a setting of `base_rates`.
        ybar : float, optional
            The share of serious cases that the risks refer to now; by default ``base_rate_``.

        Raises
        ------
        OptionError
            A share outside 0 to 1, or a setting for which no figure is known.
        UnknownNameError
            No such setting.
        """
        base = read_base_rate(tau, self._fitted.diagnoses)
        now = self.base_rate_ if ybar is None else check_share("ybar", ybar)
        moved = copy(self)
        moved.record_ = move_record(self.record_, base, now)
        return moved

    # -- telling -----------------------------------------------------------------------------------------------------

    def odds_ratios(
        self, *, method: str = "robust", level: float = 0.95, interactions: bool = True,
        terms: Sequence[str] | None = None,
    ) -> pd.DataFrame:  # fmt: skip
        """Return the odds ratio of each term with an interval; see `twitchstats.redflags.odds.estimate_odds_ratios`."""
        return odds.estimate_odds_ratios(
            self._fitted, method=method, level=level, interactions=interactions, terms=terms
        )

    def combinations(
        self,
        X: pd.DataFrame | ArrayLike | None = None,
        y: ArrayLike | None = None,
        *,
        signs: Sequence[str] | None = None,
        asked: Iterable[Sequence[str]] | None = None,
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Return combinations of signs with their risks; see `twitchstats.redflags.combining.tabulate_combinations`."""
        if X is None:
            people = self._fitted.need_training("combinations")
            encoded, outcome = people.encoded, people.outcome
        elif y is None:
            raise OptionError("combinations needs the labels of these people: give y too.")
        else:
            encoded = self._encode(X)
            if not len(encoded):
                raise NotEnoughDataError("Nobody to count: the table has no rows.")
            outcome = training.match_labels(y, self.classes_, X)
        return combining.tabulate_combinations(self._fitted, encoded, outcome, signs=signs, asked=asked, level=level)

    def explain(self, person: Mapping[str, object] | pd.Series | pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
        """Return one person's risk as contributions; see `twitchstats.redflags.telling.explain_risk`."""
        people, encoded = self._read(person)
        return telling.explain_risk(self._fitted, people, encoded, level=level)

    def point_score(self, *, most: int = 10, allowed: float = 0.1) -> points.PointScore:
        """Return a score that can be added up on paper; see `twitchstats.redflags.points.build_point_score`."""
        return points.build_point_score(self._fitted, most=most, allowed=allowed)

    def model_card(self, validation: pd.DataFrame | None = None) -> str:
        """Return the model card (TRIPOD+AI items) as Markdown; `validation` is a frame of `validate_risk`."""
        return card.write_model_card(self._fitted, self.get_params(), validation)

    def save(self, path: str | Path) -> None:
        """Write the model as JSON with a checksum (no pickle, no people).

        It holds moments of the signs and quantiles of numbers in each class: in a small sample these can be the ages of
        single people.
        """
        storing.save_record(self._fitted, self.get_params(), path)

    @classmethod
    def load(cls, path: str | Path) -> RedFlagModel:
        """Read a model that `save` wrote. What needs the training people (bootstrap) must be asked before saving."""
        model, record = storing.restore_record(path, lambda **options: cls(**options)._check_options())
        model.record_ = record
        model.n_features_in_ = len(record.signs)
        if record.named:
            model.feature_names_in_ = np.array(record.signs, dtype=object)
        return model
