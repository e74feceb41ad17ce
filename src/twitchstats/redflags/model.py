"""The risk model: a logistic regression on red flags and their combinations, for research and teaching."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from twitchstats.errors import NotEnoughDataError, OptionError, TwitchstatsError, check_choice
from twitchstats.redflags import card, combining, explaining, fitting, odds, points, prevalence, storing, training
from twitchstats.redflags.design import describe_missing, plan_design
from twitchstats.signs import encode_signs

FloatArray = NDArray[np.float64]

PENALTIES = ("ridge", "firth")
MISSING = ("fill", "indicator", "drop", "refuse")
CONSTANT = ("refuse", "drop")


class RedFlagModel(ClassifierMixin, BaseEstimator):
    """Logistic regression on signs and their combinations, shrunk.

    Research and teaching only; not a diagnosis. Trained on `simulate_cohort` it has learned from simulated people.

    In a DataFrame the known signs are found by name (`load_signs`), so that labels such as ``serious`` or ``diagnosis``
    never enter. A frame or array without known signs is used as it is.

    Parameters
    ----------
    signs : list of str, optional
        Columns to use; by default every known sign of the frame.
    interactions : {"pairs", "none"} or list of tuples of str
        Interaction terms. The parts of a term always come with it (heredity).
    triples : sequence of tuples of str
        Triples to add, with their pairs.
    penalty : {"ridge", "firth"}
        "ridge": squared coefficients on standardised columns, its strength by approximate leave-one-out
        cross-validation (no folds, no seed). "firth": Firth's bias-reducing penalty, for small or separated data.
    strength : float, optional
        Ridge penalty, 1 / C of scikit-learn, instead of the cross-validated one.
    interaction_weight : float
        How many times more strongly the ridge penalty pulls on interactions than on the signs themselves: combinations
        are expected to add less than their parts. 1 treats them alike.
    missing : {"fill", "indicator", "drop", "refuse"}
        What happens to signs that are not known, when fitting. "fill": they take what is expected from the signs that
        are known (EM moments of the training people). "indicator": also a column says that they are not known. "drop":
        such people are left out of the fit. "refuse": an error. Never taken for absent. When predicting, a sign that
        is not known is always filled, and the risk averaged over what it might be.
    constant : {"refuse", "drop"}
        What happens to a sign that is the same for everyone.

    Attributes
    ----------
    classes_ : ndarray, (2,)
        The labels; the second is the serious one.
    signs_ : list of str
        The signs in use.
    ignored_ : list of str
        Columns of the training frame that were not used.
    terms_ : list of str
        Names of the terms: signs, "a:b" for pairs, "unknown a" for signs not known.
    coef_ : ndarray, (1, terms)
        Log odds ratio of each term in its unit (age: 10 years; persistence: a doubling of the weeks; sex: male).
    intercept_ : ndarray, (1,)
        Log odds where every term is 0.
    term_means_, term_scales_ : ndarray, (terms,)
        The penalty acts on (term - mean) / scale: the standard deviation, times sqrt(`interaction_weight`) for
        interactions. ``LogisticRegression(C=1 / strength_)`` on ``build_design(X, standardized=True)`` is the same.
    covariance_ : ndarray, (1 + terms, 1 + terms)
        Posterior covariance of intercept and coefficients (inverse penalised information; Wood 2006).
    strength_ : float
        The ridge penalty in use (NaN for Firth).
    strength_path_ : DataFrame
        ``strength, left_out_loss``: what the cross-validation saw.
    missing_ : DataFrame
        ``sign, n_known, n_unknown, share_unknown`` in the training set.
    base_rate_, sample_rate_ : float
        The share of serious cases that the risks refer to, and that of the training sample.
    base_rate_source_ : str
        Where the base rate comes from: "the training sample", "given", or a setting of `base_rates` with its citation.
    shift_ : float
        By how much `at_base_rate` has moved the log odds.
    origin_ : str
        "" unless the frame told that its people are simulated.
    n_people_, n_serious_ : int
        Size of the training sample.

    Examples
    --------
    >>> from twitchstats import simulate_cohort
    >>> cohort = simulate_cohort(people=500, seed=1)
    >>> model = RedFlagModel(interactions="none").fit(cohort, cohort["serious"])
    >>> model.at_base_rate(6e-5).base_rate_
    6e-05
    """

    def __init__(
        self,
        *,
        signs: list[str] | None = None,
        interactions: str | Sequence[Sequence[str]] = "pairs",
        triples: Sequence[Sequence[str]] = (),
        penalty: str = "ridge",
        strength: float | None = None,
        interaction_weight: float = 16.0,
        missing: str = "fill",
        constant: str = "refuse",
    ) -> None:
        self.signs = signs
        self.interactions = interactions
        self.triples = triples
        self.penalty = penalty
        self.strength = strength
        self.interaction_weight = interaction_weight
        self.missing = missing
        self.constant = constant

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags

    # -- fitting -----------------------------------------------------------------------------------------------------

    def fit(self, X: pd.DataFrame | ArrayLike, y: ArrayLike) -> RedFlagModel:
        """Fit the model.

        Parameters
        ----------
        X : DataFrame or array, (people, columns)
            Signs; NaN where a sign is not known.
        y : array-like, (people,)
            Two labels; the larger one (1 of 0 and 1) is the serious one.

        Raises
        ------
        NotEnoughDataError
            One class only, too few people, no signs, or a sign that is the same for everyone.
        OptionError, UnknownNameError, JournalError
            An option, a name or a value that is not possible.
        """
        self._check_options()
        encoded, outcome = self._read_training(X, y)
        self.missing_ = describe_missing(encoded, self.signs_)
        encoded, outcome = training.settle_missing(encoded, outcome, self.signs_, self.missing)
        training.check_enough(encoded, outcome, self.signs_, named=self.named_, constant=self.constant)
        self.design_ = plan_design(
            encoded, self.signs_, self.interactions, self.triples, indicators=self.missing == "indicator"
        )
        self.terms_ = self.design_.terms
        self._solve(self.design_.build(encoded), outcome)
        self.origin_ = training.read_origin(X)
        self.average_terms_ = self.term_means_
        self.n_people_, self.n_serious_ = len(outcome), int(outcome.sum())
        self.sample_rate_ = self.base_rate_ = float(outcome.mean())
        self.base_rate_source_, self.shift_ = "the training sample", 0.0
        self._training: tuple[FloatArray, FloatArray] | None = (encoded, outcome)
        return self

    def _check_options(self) -> None:
        check_choice("penalty", self.penalty, PENALTIES)
        check_choice("missing", self.missing, MISSING)
        check_choice("constant", self.constant, CONSTANT)
        if self.strength is not None and not self.strength > 0:
            raise OptionError(f"strength={self.strength} is not possible. It must be above 0.")
        if not self.interaction_weight > 0:
            raise OptionError(f"interaction_weight={self.interaction_weight} is not possible. It must be above 0.")

    def _read_training(self, X: pd.DataFrame | ArrayLike, y: ArrayLike) -> tuple[FloatArray, FloatArray]:
        if y is None:
            raise ValueError(f"This {type(self).__name__} estimator requires y to be passed, but the target y is None.")
        training.check_order(X, y)
        chosen = training.choose_signs(X, self.signs)
        self.named_ = chosen is not None
        if chosen is None or not isinstance(X, pd.DataFrame):
            values, y = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan")
            names = getattr(self, "feature_names_in_", [f"x{number}" for number in range(values.shape[1])])
            self.signs_, self.ignored_ = [str(name) for name in names], []
        else:
            values = encode_signs(X, chosen)
            validate_data(self, X[chosen], skip_check_array=True)
            self.signs_ = chosen
            self.ignored_ = [str(column) for column in X.columns if column not in chosen]
        self.classes_, outcome = training.read_labels(y, len(values))
        return values, outcome

    def _solve(self, Z: FloatArray, outcome: FloatArray) -> None:
        mean, spread = Z.mean(axis=0), Z.std(axis=0)
        kept = spread > 1e-12 * np.maximum(1.0, np.abs(mean))
        if self.penalty == "ridge":
            spread = spread * np.sqrt([self.interaction_weight if ":" in term else 1.0 for term in self.terms_])
        self.term_means_, self.term_scales_ = mean, np.where(kept, spread, 1.0)
        X = np.column_stack([np.ones(len(Z)), (Z[:, kept] - mean[kept]) / spread[kept]])
        path: list[tuple[float, float]] = []
        if self.penalty == "firth":
            independent = fitting.find_independent(X)
            kept[np.flatnonzero(kept)[~independent[1:]]] = False
            fit = fitting.fit_firth(X[:, independent], outcome)
            self.strength_ = float("nan")
        else:
            start = None
            self.strength_ = float(self.strength or 0)
            if self.strength is None:
                self.strength_, path, start = fitting.choose_strength(X, outcome)
            fit = fitting.fit_ridge(X, outcome, self.strength_, start=start)
        self.strength_path_ = pd.DataFrame(path, columns=["strength", "left_out_loss"], dtype=float)
        self._keep_solution(fit, kept, mean, spread)

    def _keep_solution(self, fit: fitting.Fit, kept: NDArray[np.bool_], mean: FloatArray, spread: FloatArray) -> None:
        """Bring coefficients and covariance from standardised columns back to the units of the terms."""
        n_terms = len(kept)
        back = np.zeros((1 + n_terms, 1 + int(kept.sum())))
        back[0, 0] = 1.0
        back[0, 1:] = -mean[kept] / spread[kept]
        back[1 + np.flatnonzero(kept), 1 + np.arange(int(kept.sum()))] = 1 / spread[kept]
        raw = back @ fit.coefficients
        self.coef_, self.intercept_ = raw[1:][None, :], raw[:1]
        self.covariance_ = back @ np.linalg.pinv(fit.hessian, hermitian=True) @ back.T
        self.dropped_terms_ = [name for name, there in zip(self.terms_, kept, strict=True) if not there]

    # -- predicting --------------------------------------------------------------------------------------------------

    def _encode(self, X: pd.DataFrame | ArrayLike) -> FloatArray:
        check_is_fitted(self)
        if not self.named_:
            return validate_data(self, X, reset=False, dtype=np.float64, ensure_all_finite="allow-nan")
        if not isinstance(X, pd.DataFrame):
            raise TwitchstatsError(
                f"The model knows its signs by name. Give a DataFrame with the columns {', '.join(self.signs_)}."
            )
        for name in self.signs_:
            if name not in X.columns:
                raise TwitchstatsError(
                    f"The model needs the sign {name!r}, which is no column here. Add the column, with empty cells "
                    "where the sign is not known."
                )
        return encode_signs(X, self.signs_)

    def build_design(self, X: pd.DataFrame | ArrayLike, *, standardized: bool = False) -> pd.DataFrame:
        """Return the columns of the model, (people, terms), as they are or as the ridge penalty sees them."""
        Z = self.design_.build(self._encode(X))
        if standardized:
            Z = (Z - self.term_means_) / self.term_scales_
        return pd.DataFrame(Z, columns=self.terms_, index=X.index if isinstance(X, pd.DataFrame) else None)

    def decision_function(self, X: pd.DataFrame | ArrayLike) -> FloatArray:
        """Return the log odds of each person, (people,)."""
        return self._find_log_odds(self._encode(X))[0]

    def _find_log_odds(self, encoded: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the log odds, (people,), and their slopes in intercept and coefficients, (people, 1 + terms).

        A risk is averaged over what is not known: the log odds of the average are nearer to 0 than the average log
        odds, by 1 / sqrt(1 + pi / 8 * variance) (MacKay 1992, Neural Comput 4:720). That is done at the share of the
        training sample and moved afterwards, for only then is the move to a base rate Bayes' rule.
        """
        columns = np.column_stack([np.ones(len(encoded)), self.design_.build(encoded)])
        filled = columns @ np.r_[self.intercept_ - self.shift_, self.coef_[0]]
        nearer = 1 / np.sqrt(1 + np.pi / 8 * self.design_.spread_unknown(encoded, self.coef_[0]))
        return filled * nearer + self.shift_, columns * nearer[:, None]

    def predict_proba(self, X: pd.DataFrame | ArrayLike) -> FloatArray:
        """Return the risk of each class, (people, 2), at ``base_rate_``."""
        log_odds = self.decision_function(X)
        return np.column_stack([special.expit(-log_odds), special.expit(log_odds)])

    def predict(self, X: pd.DataFrame | ArrayLike) -> NDArray:
        """Return the likelier label of each person, (people,)."""
        serious = (self.decision_function(X) > 0).astype(int)
        return self.classes_[serious]

    def predict_risk(self, X: pd.DataFrame | ArrayLike, *, level: float = 0.95) -> pd.DataFrame:
        """Return each person's risk with all that must stand beside it.

        Returns
        -------
        DataFrame
            The index of `X`; ``risk, risk_lower, risk_upper`` (normal on the log odds, `covariance_`), ``base_rate``,
            ``n_unknown`` (signs not known), ``red_flags`` and ``advice``.
        """
        return explaining.tell_risk(self, X, level=level)

    def _risk_interval(self, encoded: FloatArray, level: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        prevalence.check_share("level", level)
        log_odds, slopes = self._find_log_odds(encoded)
        variance = np.einsum("ij,jk,ik->i", slopes, self.covariance_, slopes)
        reach = stats.norm.ppf(0.5 + level / 2) * np.sqrt(np.maximum(variance, 0))
        return special.expit(log_odds), special.expit(log_odds - reach), special.expit(log_odds + reach)

    # -- telling -----------------------------------------------------------------------------------------------------

    def odds_ratios(
        self,
        *,
        method: str = "bootstrap",
        level: float = 0.95,
        n_bootstrap: int = 1000,
        seed: int = 1,
        interactions: bool = True,
        terms: Sequence[str] | None = None,
        progress: bool = False,
    ) -> pd.DataFrame:
        """Return the odds ratio of each term with an interval; see `twitchstats.redflags.odds.estimate_odds_ratios`."""
        check_is_fitted(self)
        return odds.estimate_odds_ratios(
            self, method=method, level=level, n_bootstrap=n_bootstrap, seed=seed,
            interactions=interactions, terms=terms, progress=progress,
        )  # fmt: skip

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
        check_is_fitted(self)
        return combining.tabulate_combinations(self, X, y, signs=signs, asked=asked, level=level)

    def at_base_rate(self, tau: float | str, ybar: float | None = None) -> RedFlagModel:
        """Return a copy whose risks refer to another base rate.

        Only the intercept moves, by -ln[((1 - tau) / tau) * (ybar / (1 - ybar))] (King and Zeng 2001, Political
        Analysis 9:137): every log odds moves by the same amount.

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
        check_is_fitted(self)
        target = prevalence.find_base_rate(tau)
        now = self.base_rate_ if ybar is None else prevalence.check_share("ybar", ybar)
        move = prevalence.shift_log_odds(target, now)
        shifted = deepcopy(self)
        shifted.intercept_, shifted.shift_ = self.intercept_ + move, self.shift_ + move
        shifted.base_rate_, shifted.base_rate_source_ = target, prevalence.cite_base_rate(tau)
        return shifted

    def explain(self, person: Mapping[str, object] | pd.Series | pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
        """Return one person's risk as contributions; see `twitchstats.redflags.explaining.explain_risk`."""
        check_is_fitted(self)
        return explaining.explain_risk(self, person, level=level)

    def point_score(self, *, most: int = 10) -> points.PointScore:
        """Return a score that can be added up on paper; see `twitchstats.redflags.points.build_point_score`."""
        check_is_fitted(self)
        return points.build_point_score(self, most=most)

    def model_card(self, validation: pd.DataFrame | None = None) -> str:
        """Return the model card (TRIPOD+AI items) as Markdown; `validation` is a frame of `validate_risk`."""
        check_is_fitted(self)
        return card.write_model_card(self, validation)

    def save(self, path: str | Path) -> None:
        """Write the model as JSON (no pickle, no people)."""
        check_is_fitted(self)
        storing.save_model(self, path)

    @classmethod
    def load(cls, path: str | Path) -> RedFlagModel:
        """Read a model that `save` wrote. What needs the training people (bootstrap) must be asked before saving."""
        return storing.load_model(cls, path)

    def _need_training(self, what: str) -> tuple[FloatArray, FloatArray]:
        if getattr(self, "_training", None) is None:
            raise NotEnoughDataError(
                f"{what} needs the training people, and a model read from a file has none. Fit the model again."
            )
        return self._training  # type: ignore[return-value]
