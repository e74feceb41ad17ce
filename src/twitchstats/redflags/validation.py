"""Is a risk right? Discrimination, calibration and net benefit, corrected for optimism or on people held out."""

import sys
from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from twitchstats.errors import NotEnoughDataError, OptionError
from twitchstats.redflags import fitting
from twitchstats.redflags.measures import METRICS, measure_risk
from twitchstats.redflags.model import RedFlagModel
from twitchstats.redflags.prevalence import check_share, wilson_interval
from twitchstats.redflags.training import match_labels

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int_]


class Classifier(Protocol):
    """A scikit-learn classifier of two classes."""

    def predict_proba(self, X: pd.DataFrame | NDArray) -> FloatArray:
        """Return the risk of each class."""


_CURVE_KNOTS = (0.05, 0.35, 0.65, 0.95)


def validate_risk(
    model: Classifier,
    X: pd.DataFrame | NDArray,
    y: ArrayLike,
    *,
    n_bootstrap: int = 200,
    seed: int = 1,
    progress: bool = False,
    held_out: bool = False,
    threshold: float | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Validate a risk model: discrimination, calibration and net benefit, each with an interval.

    Parameters
    ----------
    model : classifier
        `RedFlagModel` or any scikit-learn classifier of two classes, fitted.
    X, y : people and labels
        The people that the model was trained on, or, with ``held_out=True``, people it has never seen.
    n_bootstrap : int
        Bootstrap samples; in each the fit is repeated (at the ridge penalty that was chosen), unless held out.
    seed : int
        Seed of the bootstrap.
    progress : bool
        Tell on stderr how far it is.
    held_out : bool
        False: optimism-corrected (Harrell, Lee and Mark 1996, Stat Med 15:361): the mean difference between a refit's
        performance on its own sample and on all people is taken off. A model moved to another base rate is judged as
        it is, its refits moved as well: on a sample with another share it is not calibrated, and the figures say so.
        True: the model as it is, no refit.
    threshold : float, optional
        Risk from which on somebody would be referred, for the net benefit; by default the share of serious people.
    level : float
        Confidence level.

    Returns
    -------
    DataFrame
        ``metric, estimate, ci_lower, ci_upper, apparent, optimism, n_people, n_serious``. Metrics: "auc"; "brier";
        "calibration_in_the_large" (observed share minus mean risk, 0 is right); "calibration_intercept" (the same as
        log odds); "calibration_slope" (1 is right, below 1 overfitted; missing where the
        risks separate the classes); "net_benefit" at the threshold. Intervals: bootstrap quantiles of the model as it
        is, moved by the optimism and widened by its noise (after Noma et al 2021, Stat Med 40:5691).

    Raises
    ------
    NotEnoughDataError
        One class only.
    OptionError
        An option that is not possible.
    """
    check_is_fitted(model)
    _check_options(n_bootstrap, level)
    outcome = _as_outcome(model, X, y)
    cut = float(outcome.mean()) if threshold is None else check_share("threshold", threshold)

    def measure(y: FloatArray, risk: FloatArray) -> FloatArray:
        return measure_risk(y, risk, cut)

    apparent, optimism, drawn = _bootstrap(model, X, outcome, measure, n_bootstrap, seed, progress, held_out)
    estimate = apparent - optimism
    lower, upper = _spread(drawn, estimate, level)
    return pd.DataFrame(
        {
            "metric": METRICS,
            "estimate": estimate,
            "ci_lower": lower,
            "ci_upper": upper,
            "apparent": apparent,
            "optimism": optimism,
            "n_people": len(outcome),
            "n_serious": int(outcome.sum()),
        }
    )


def estimate_calibration(
    model: Classifier,
    X: pd.DataFrame | NDArray,
    y: ArrayLike,
    *,
    n_bootstrap: int = 200,
    seed: int = 1,
    progress: bool = False,
    held_out: bool = False,
    n_points: int = 50,
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate the calibration curve: how often a predicted risk came true.

    A logistic regression of the outcome on a natural spline (4 knots) of the predicted log odds; corrected for optimism
    point by point as in `validate_risk`.

    Returns
    -------
    DataFrame
        ``risk`` (`n_points` from the 1st to the 99th percentile of the predicted risks), ``observed, ci_lower,
        ci_upper, apparent, optimism``. ``attrs["risks"]`` has the predicted risks, for a histogram.

    Raises
    ------
    NotEnoughDataError, OptionError
        As `validate_risk`.
    """
    check_is_fitted(model)
    _check_options(n_bootstrap, level)
    outcome = _as_outcome(model, X, y)
    risk = _predict(model, X)
    low, high = special.logit(np.clip(np.quantile(risk, [0.01, 0.99]), 1e-9, 1 - 1e-9))
    grid: FloatArray = np.linspace(float(low), float(high), n_points)

    def curve(y: FloatArray, risk: FloatArray) -> FloatArray:
        return _smooth(y, risk, grid)

    apparent, optimism, drawn = _bootstrap(model, X, outcome, curve, n_bootstrap, seed, progress, held_out)
    estimate = apparent - optimism
    lower, upper = _spread(drawn, estimate, level)
    frame = pd.DataFrame(
        {"risk": grid, "observed": estimate, "ci_lower": lower, "ci_upper": upper, "apparent": apparent}
    )
    frame = special.expit(frame)
    frame["optimism"] = frame["apparent"] - frame["observed"]
    frame.attrs["risks"] = risk.tolist()
    return frame


def group_risks(y: ArrayLike, risk: ArrayLike, *, groups: int = 10, level: float = 0.95) -> pd.DataFrame:
    """Group people by predicted risk and count how often it came true.

    Returns
    -------
    DataFrame
        ``group, n, n_serious, risk`` (mean predicted), ``observed, ci_lower, ci_upper`` (Wilson). Groups of equal size;
        equal risks stay together, so there may be fewer.
    """
    if groups < 1:
        raise OptionError(f"groups={groups} is not possible. It must be 1 or more.")
    outcome, values = np.asarray(y, float), np.asarray(risk, float)
    edges = np.unique(np.quantile(values, np.linspace(0, 1, groups + 1)))
    number = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, max(len(edges) - 2, 0))
    frame = (
        pd.DataFrame({"group": number + 1, "risk": values, "serious": outcome})
        .groupby("group")
        .agg(n=("serious", "size"), n_serious=("serious", "sum"), risk=("risk", "mean"), observed=("serious", "mean"))
    )
    frame["ci_lower"], frame["ci_upper"] = wilson_interval(frame["n_serious"], frame["n"], level=level)
    return frame.astype({"n_serious": int}).reset_index()


def _smooth(y: FloatArray, risk: FloatArray, grid: FloatArray) -> FloatArray:
    """Return the observed log odds at `grid` (log odds)."""
    log_odds = special.logit(np.clip(risk, 1e-9, 1 - 1e-9))
    knots = np.unique(np.quantile(log_odds, _CURVE_KNOTS))
    basis, at = _spline(log_odds, knots), _spline(grid, knots)
    mean, spread = basis.mean(axis=0), np.where(basis.std(axis=0) > 0, basis.std(axis=0), 1.0)
    X = np.column_stack([np.ones(len(y)), (basis - mean) / spread])
    fit = fitting.fit_ridge(X, y, 1e-6)
    return fit.coefficients[0] + (at - mean) / spread @ fit.coefficients[1:]


def _spline(x: FloatArray, knots: FloatArray) -> FloatArray:
    """Return the restricted cubic spline basis of Harrell, linear beyond the outer knots."""
    if len(knots) < 3:
        return x[:, None]
    last, before = knots[-1], knots[-2]
    width = last - before

    def cube(knot: float) -> FloatArray:
        return np.maximum(x - knot, 0) ** 3

    columns = [
        cube(knot) - cube(before) * (last - knot) / width + cube(last) * (before - knot) / width for knot in knots[:-2]
    ]
    return np.column_stack([x, *columns]) / np.r_[1.0, np.full(len(columns), (last - knots[0]) ** 2)]


def _check_options(n_bootstrap: int, level: float) -> None:
    check_share("level", level)
    if n_bootstrap < 2:
        raise OptionError(f"n_bootstrap={n_bootstrap} is not possible. Take at least 2 samples, 200 for a result.")


def _as_outcome(model: Classifier, X: pd.DataFrame | NDArray, y: ArrayLike) -> FloatArray:
    outcome = match_labels(y, getattr(model, "classes_", [0, 1]), X)
    if not 0 < outcome.mean() < 1:
        raise NotEnoughDataError(
            f"Only one class: {int(outcome.sum())} of {len(outcome)} people are serious. Validation needs both kinds."
        )
    return outcome


def _predict(model: Classifier, X: pd.DataFrame | NDArray) -> FloatArray:
    return model.predict_proba(X)[:, 1]


def _bootstrap(
    model: Classifier,
    X: pd.DataFrame | NDArray,
    outcome: FloatArray,
    measure: Callable[[FloatArray, FloatArray], FloatArray],
    n_bootstrap: int,
    seed: int,
    progress: bool,
    held_out: bool,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return what the model is apparently worth, its optimism, and bootstrap samples of the difference.

    People are drawn anew under the model as it is, and the noise of the optimism is added. What refits are worth on
    their own samples would not do: each is calibrated there by construction, so that an interval for the calibration
    in the large would hold the truth in 6 % and one for the slope in 46 % (measured, 500 people).
    """
    risk = _predict(model, X)
    apparent = measure(outcome, risk)
    rows_drawn = _draw(outcome, n_bootstrap, seed if held_out else [seed, 1], progress and held_out)
    fixed = np.array([measure(outcome[rows], risk[rows]) for rows in rows_drawn])
    if held_out:
        return apparent, np.zeros_like(apparent), fixed
    noise = np.array([own - other for own, other in _refit(model, X, outcome, n_bootstrap, seed, progress, measure)])
    optimism = _average(list(noise))
    return apparent, optimism, fixed + noise - optimism


def _draw(outcome: FloatArray, n_bootstrap: int, seed: int | list[int], progress: bool) -> Iterator[IntArray]:
    rng = np.random.default_rng(seed)
    for number in range(n_bootstrap):
        rows = rng.integers(0, len(outcome), len(outcome))
        while not 1 < outcome[rows].sum() < len(outcome) - 1:
            rows = rng.integers(0, len(outcome), len(outcome))
        yield rows
        if progress:
            print(f"\rbootstrap {number + 1} of {n_bootstrap}", end="", file=sys.stderr, flush=True)
    if progress:
        print(file=sys.stderr)


def _refit(
    model: Classifier,
    X: pd.DataFrame | NDArray,
    outcome: FloatArray,
    n_bootstrap: int,
    seed: int,
    progress: bool,
    measure: Callable[[FloatArray, FloatArray], FloatArray],
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Yield what a refit is worth on its own bootstrap sample, and on everybody."""
    fresh = clone(model)
    if isinstance(fresh, RedFlagModel):
        # The penalty stays as chosen: in a sample with people drawn twice, the twin of the person left out stays in,
        # so that a penalty chosen anew would be too weak.
        kept = getattr(model, "strength_", np.nan)
        fresh.set_params(constant="drop", strength=None if np.isnan(kept) else kept)
    labels = np.asarray(getattr(model, "classes_", [0, 1]))[outcome.astype(int)]
    for rows in _draw(outcome, n_bootstrap, seed, progress):
        sample = X.iloc[rows] if isinstance(X, pd.DataFrame) else np.asarray(X)[rows]
        fitted = clone(fresh).fit(sample, labels[rows])
        if isinstance(model, RedFlagModel) and model.shift_:
            fitted = fitted.at_base_rate(model.base_rate_, model.sample_rate_)
        yield measure(outcome[rows], _predict(fitted, sample)), measure(outcome, _predict(fitted, X))


def _average(differences: list[FloatArray]) -> FloatArray:
    """Return the mean of each metric over the samples in which it has a value."""
    stacked = np.array(differences)
    there = ~np.isnan(stacked)
    total = np.where(there, stacked, 0.0).sum(axis=0)
    return np.where(there.any(axis=0), total / np.maximum(there.sum(axis=0), 1), np.nan)


def _spread(drawn: FloatArray, estimate: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Return bootstrap quantiles, moved so that they lie around the estimate."""
    moved = drawn - _average(list(drawn)) + estimate
    limits = np.full((2, drawn.shape[1]), np.nan)
    there = ~np.isnan(moved).all(axis=0)
    limits[:, there] = np.nanquantile(moved[:, there], [0.5 - level / 2, 0.5 + level / 2], axis=0)
    return np.minimum(limits[0], estimate), np.maximum(limits[1], estimate)
