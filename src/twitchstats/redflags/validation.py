"""Is a risk right, and does it help? Discrimination, calibration, decisions, and how many people a model takes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special, stats
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.utils.validation import check_is_fitted

from twitchstats.arrays import AnyArray, FloatArray, IntArray, to_pandas
from twitchstats.errors import (
    NotEnoughDataError,
    OptionError,
    TwitchstatsError,
    check_choice,
    check_list,
    check_share,
    check_whole,
)
from twitchstats.inference import wilson_interval
from twitchstats.redflags import fitting
from twitchstats.redflags.measures import METRICS, measure_auc, measure_risk, smooth_outcome
from twitchstats.redflags.model import RedFlagModel
from twitchstats.redflags.prevalence import check_risks, read_base_rate, shift_risk
from twitchstats.redflags.record import find_log_odds
from twitchstats.redflags.rules import apply_referral_rules
from twitchstats.redflags.training import (
    FEWEST_OF_A_CLASS,
    digest_people,
    find_seen,
    match_labels,
    need_both,
    read_places,
    read_weights,
)

Predict = Callable[[IntArray, FloatArray], FloatArray]  # people drawn and their weights -> everybody's risk

REFER_ALL, REFER_NONE, MODEL = "refer all", "refer none", "model"
FOLDS, REPEATS = 20, 5
_REVERSED = 0.25
NOISE = 40  # refits on bootstrap samples, for the width of the intervals


@dataclass(frozen=True)
class _Sample:
    """People to validate on, with the model's risks of them, and how.

    `refit` gives everybody's risk by a model fitted on some of them.
    """

    outcome: FloatArray
    risk: FloatArray
    weights: FloatArray
    groups: AnyArray | None
    held_out: bool
    refit: Predict
    n_bootstrap: int
    seed: int
    level: float

    def draw(self, n_bootstrap: int, seed: int) -> Iterator[IntArray]:
        """Yield bootstrap samples of people, or of whole groups, that hold both classes."""
        rng, n = np.random.default_rng(seed), len(self.outcome)
        names = np.arange(n) if self.groups is None else np.unique(self.groups)
        members = None if self.groups is None else [np.flatnonzero(self.groups == name) for name in names]
        for _ in range(n_bootstrap):
            sick, n_drawn = 0.0, n
            while not 1 < sick < n_drawn - 1:
                drawn = rng.integers(0, len(names), len(names))
                rows = drawn if members is None else np.concatenate([members[k] for k in drawn])
                sick, n_drawn = self.outcome[rows].sum(), len(rows)
            yield rows


def validate_risk(
    model: BaseEstimator,
    X: pd.DataFrame | AnyArray,
    y: ArrayLike,
    *,
    n_bootstrap: int = 200,
    seed: int = 1,
    held_out: bool | None = None,
    threshold: float | None = None,
    level: float = 0.95,
    groups: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> pd.DataFrame:
    """Validate a risk model: discrimination, calibration and net benefit, each with an interval.

    Parameters
    ----------
    model : classifier
        `RedFlagModel` or any scikit-learn classifier of two classes, fitted.
    X, y : people and labels
        The people that the model was trained on, or people it has never seen.
    n_bootstrap : int
        Bootstrap samples of the intervals.
    seed : int
        Seed of folds and bootstrap.
    held_out : bool, optional
        Whether the model has never seen these people. By default a `RedFlagModel` recognises its training people; any
        other classifier is taken to be judged on its own.
        False: corrected for optimism by cross-validation in twenty parts, five times (at the ridge penalty that was
        chosen): each person is judged by a model fitted without them. At 300 to 500 people this is right where the
        bootstrap still flatters. A model moved to another base rate is judged as it is, its refits moved as well: on a
        sample with another share it is not calibrated, and the figures say so.
        True: the model as it is, no refit.
    threshold : float, optional
        Risk from which on somebody would be referred, for the net benefit; by default the share of serious people.
    level : float
        Confidence level.
    groups : array-like, (people,), optional
        People of one group (a family, a practice) stay together in folds and bootstrap.
    sample_weight : array-like, (people,), optional
        How often each person counts.

    Returns
    -------
    DataFrame
        ``metric, estimate, ci_lower, ci_upper, apparent, optimism, n_people, n_serious``. Metrics: "auc"; "brier";
        "calibration_in_the_large" (observed share minus mean risk, 0 is right); "calibration_intercept" (the same as
        log odds); "calibration_slope" (1 is right, below 1 overfitted; missing where the risks separate the classes);
        "net_benefit" at the threshold; "eci" and "e90" (distance from the calibration curve, 0 is right). Intervals:
        bootstrap quantiles of the model as it is, around the estimate and widened by the noise of its optimism (after
        Noma et al 2021, Stat Med 40:5691).

    Raises
    ------
    NotEnoughDataError
        One class only, or fewer than five people of one of them.
    OptionError
        An option that is not possible.
    TwitchstatsError
        Some of the people were in the training sample and others not.

    Examples
    --------
    >>> import twitchstats as tw
    >>> people, new = (tw.simulate_cohort(people=400, seed=seed) for seed in (1, 2))
    >>> signs = ["wasting", "weakness_found"]
    >>> model = tw.RedFlagModel(interactions="none").fit(people[signs], people["serious"])
    >>> told = tw.validate_risk(model, new[signs], new["serious"], n_bootstrap=20)
    >>> told["metric"].head(3).to_list()
    ['auc', 'brier', 'calibration_in_the_large']
    """
    sample = _read_sample(model, X, y, n_bootstrap, seed, level, held_out, groups, sample_weight)
    cut = float(sample.outcome.mean()) if threshold is None else check_share("threshold", threshold)
    frame = _judge(sample, partial(measure_risk, threshold=cut))
    frame.insert(0, "metric", METRICS)
    frame["optimism"] = frame["apparent"] - frame["estimate"]
    return frame.assign(n_people=len(sample.outcome), n_serious=int(sample.outcome.sum()))


def validate_by_site(
    model: BaseEstimator, X: pd.DataFrame | AnyArray, y: ArrayLike, sites: ArrayLike, *, threshold: float | None = None
) -> pd.DataFrame:
    """Validate from the inside outwards: each site by a model fitted on all others (Steyerberg and Harrell 2016).

    Parameters
    ----------
    model : classifier
        Its options are used; it is fitted anew for each site.
    X, y : people and labels
    sites : array-like, (people,)
        Where each person comes from.
    threshold : float, optional
        As in `validate_risk`.

    Returns
    -------
    DataFrame
        ``site, n_people, n_serious``, a column for each metric of `validate_risk`, and ``reason`` where a site, or the
        others, have one class only.

    Raises
    ------
    NotEnoughDataError
        One site only, or one class only.

    Examples
    --------
    >>> import numpy as np
    >>> import twitchstats as tw
    >>> people = tw.simulate_cohort(people=400, seed=1)
    >>> X, y = people[["wasting", "weakness_found"]], people["serious"]
    >>> told = validate_by_site(tw.RedFlagModel(interactions="none"), X, y, np.repeat(["a", "b"], 200))
    >>> told[["site", "n_people"]].values.tolist()
    [['a', 200], ['b', 200]]
    """
    X, outcome = _read_people(model, X, y, fitted=False)
    place = read_places("sites", sites, len(outcome))
    names = pd.unique(place).tolist()
    if len(names) < 2:
        raise NotEnoughDataError(f"Only one site ({names[0]!r}): validation by site needs two or more.")
    cut = float(outcome.mean()) if threshold is None else check_share("threshold", threshold)
    labels = np.asarray(y)
    rows = []
    for name in names:
        there = place == name
        one = [where for where, part in (("here", there), ("elsewhere", ~there)) if outcome[part].mean() in (0, 1)]
        found = np.full(len(METRICS), np.nan)
        if not one:
            fitted = _loosen(model).fit(_take(X, ~there), labels[~there])
            found = measure_risk(outcome[there], fitted.predict_proba(_take(X, there))[:, 1], cut)
        reason = f"one class only {one[0]}" if one else ""
        rows.append((name, int(there.sum()), int(outcome[there].sum()), *found, reason))
    return pd.DataFrame(rows, columns=["site", "n_people", "n_serious", *METRICS, "reason"])


def measure_stability(
    model: BaseEstimator, X: pd.DataFrame | AnyArray, y: ArrayLike, *, n_bootstrap: int = 200, seed: int = 1,
    level: float = 0.95, groups: ArrayLike | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Measure how much each person's risk would differ had other people been in the training sample.

    Riley and Collins 2023, Biom J 65:2200302: the model is fitted on bootstrap samples (at the ridge penalty that was
    chosen), and each of these predicts everybody.

    Returns
    -------
    DataFrame
        Index of `X`; ``risk, lower, upper`` (quantiles over the samples) and ``mape`` (mean absolute difference from
        the risk). Its mean over people is the MAPE of the model.

    Raises
    ------
    NotEnoughDataError, OptionError
        As `validate_risk`.

    Examples
    --------
    >>> import twitchstats as tw
    >>> people = tw.simulate_cohort(people=400, seed=1)
    >>> X, y = people[["wasting", "weakness_found"]], people["serious"]
    >>> model = tw.RedFlagModel(interactions="none").fit(X, y)
    >>> list(measure_stability(model, X, y, n_bootstrap=5))
    ['risk', 'lower', 'upper', 'mape']
    """
    sample = _read_sample(model, X, y, n_bootstrap, seed, level, False, groups)
    drawn = np.array([sample.refit(*_count(rows)) for rows in sample.draw(n_bootstrap, seed)])
    lower, upper = np.quantile(drawn, [0.5 - level / 2, 0.5 + level / 2], axis=0)
    return pd.DataFrame(
        {"risk": sample.risk, "lower": lower, "upper": upper, "mape": np.abs(drawn - sample.risk).mean(axis=0)},
        index=X.index if isinstance(X, pd.DataFrame) else None,
    )


def estimate_calibration(
    model: BaseEstimator,
    X: pd.DataFrame | AnyArray,
    y: ArrayLike,
    *,
    n_bootstrap: int = 200,
    seed: int = 1,
    held_out: bool | None = None,
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
        ci_upper, apparent, optimism``.

    Raises
    ------
    NotEnoughDataError, OptionError
        As `validate_risk`.

    Examples
    --------
    >>> import twitchstats as tw
    >>> people = tw.simulate_cohort(people=400, seed=1)
    >>> X, y = people[["age", "wasting", "weakness_found"]], people["serious"]
    >>> model = tw.RedFlagModel(interactions="none").fit(X, y)
    >>> list(estimate_calibration(model, X, y, held_out=True, n_bootstrap=5, n_points=10))
    ['risk', 'observed', 'ci_lower', 'ci_upper', 'apparent', 'optimism']
    """
    check_whole("n_points", n_points, least=2)
    sample = _read_sample(model, X, y, n_bootstrap, seed, level, held_out)
    low, high = special.logit(np.clip(np.quantile(sample.risk, [0.01, 0.99]), 1e-9, 1 - 1e-9))
    grid: FloatArray = np.linspace(float(low), float(high), n_points)

    frame = _judge(sample, lambda y, risk, counts, parts=None: smooth_outcome(y, risk, grid, counts))
    frame = frame.rename(columns={"estimate": "observed"})
    frame.insert(0, "risk", grid)
    frame = special.expit(frame)
    frame["optimism"] = frame["apparent"] - frame["observed"]
    return frame


def group_risks(y: ArrayLike, risk: ArrayLike, *, groups: int = 10, level: float = 0.95) -> pd.DataFrame:
    """Group people by predicted risk and count how often it came true.

    Returns
    -------
    DataFrame
        ``group, n, n_serious, risk`` (mean predicted), ``observed, ci_lower, ci_upper`` (Wilson). Groups of equal size;
        equal risks stay together, so there may be fewer.

    Examples
    --------
    >>> group_risks([0, 0, 0, 1], [0.1, 0.1, 0.4, 0.6], groups=2)[["group", "n", "n_serious", "observed"]]
       group  n  n_serious  observed
    0      1  2          0       0.0
    1      2  2          1       0.5
    """
    check_whole("groups", groups, least=1)
    check_share("level", level)
    values = np.atleast_1d(check_risks(risk))
    outcome = match_labels(y, [0, 1], values)
    edges = np.unique(np.quantile(values, np.linspace(0, 1, groups + 1)))
    number = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, max(len(edges) - 2, 0))
    frame = (
        pd.DataFrame({"group": number + 1, "risk": values, "serious": outcome})
        .groupby("group")
        .agg(n=("serious", "size"), n_serious=("serious", "sum"), risk=("risk", "mean"), observed=("serious", "mean"))
    )
    frame["ci_lower"], frame["ci_upper"] = wilson_interval(frame["n_serious"], frame["n"], level=level)
    return frame.astype({"n_serious": int}).reset_index()


def decision_curve(
    model: BaseEstimator,
    X: pd.DataFrame | AnyArray,
    y: ArrayLike,
    *,
    thresholds: Sequence[float] | None = None,
    base_rate: float | str | None = None,
    rules: Sequence[str] | None = None,
    persistent_weeks: float = 2,
    level: float = 0.95,
) -> pd.DataFrame:
    """Compare the net benefit of the model with referring all, none, or by each article's rule.

    Vickers and Elkin 2006, Med Decis Making 26:565.

    Parameters
    ----------
    model : classifier
        Fitted. Give people it has not seen: on its training people the model looks better than it is.
    X, y : people and labels
        Signs by name (an array has no names, hence no rules), labels of the model's classes.
    thresholds : sequence of float, optional
        Risks from which on a referral is worth it (0 to 1, excluded).
    base_rate : float or str, optional
        Share of serious cases to compute for (a setting of `base_rates`); by default that of `y`. A `RedFlagModel` is
        moved there from its own base rate, any other classifier from the share of `y`.
    rules : sequence of str, optional
        Rules of `load_referral_rules`, by default all. Every strategy is judged on the same people: those for whom
        each rule can be decided. ``rules=[]`` compares the model on everybody.
    level : float
        Of the intervals: those of two shares, of the serious and of the other people called, at the base rate.

    Returns
    -------
    DataFrame
        ``strategy, threshold, net_benefit, ci_lower, ci_upper, referred`` (share called), ``base_rate, n_people`` and
        ``n_left_out`` (for whom unknown signs leave a rule open). Net benefit: true positives minus false positives
        weighted by the odds of the threshold, for each person.

    Raises
    ------
    OptionError
        A threshold or a base rate that is not possible.
    NotEnoughDataError
        One class only, also among those for whom each rule can be decided.

    Examples
    --------
    >>> import twitchstats as tw
    >>> people, new = (tw.simulate_cohort(people=400, seed=seed) for seed in (1, 2))
    >>> signs = ["wasting", "weakness_found"]
    >>> model = tw.RedFlagModel(interactions="none").fit(people[signs], people["serious"])
    >>> told = decision_curve(model, new[signs], new["serious"], thresholds=[0.1], rules=[])
    >>> told[["strategy", "n_people"]].values.tolist()
    [['model', 400], ['refer all', 400], ['refer none', 400]]
    """
    check_share("level", level)
    X, serious = _read_people(model, X, y)
    by_rule = pd.DataFrame(index=range(len(serious)))
    if isinstance(X, pd.DataFrame):
        by_rule = apply_referral_rules(X, rules=rules, persistent_weeks=persistent_weeks)
    known = by_rule.notna().all(axis=1).to_numpy()
    need_both(serious[known], "Too few people have signs that decide each rule; choose some with rules=[...].")
    rate = float(serious[known].mean())
    if base_rate is not None:
        diagnoses = model.record_.diagnoses if isinstance(model, RedFlagModel) else ("MND",)
        rate = read_base_rate(base_rate, diagnoses, option="base_rate").rate
    cuts = _choose_cuts(thresholds, rate)
    if base_rate is not None and hasattr(model, "at_base_rate"):
        model = model.at_base_rate(rate)
    risk = model.predict_proba(X)[:, 1]
    if base_rate is not None and not hasattr(model, "at_base_rate"):
        risk = shift_risk(risk, rate, float(serious.mean()))
    check_reversed(model, serious, risk)
    everybody = np.ones((int(known.sum()), 1))
    called = {MODEL: risk[known, None] >= cuts, REFER_ALL: everybody, REFER_NONE: 0 * everybody}
    called |= {name: by_rule.loc[known, [name]].to_numpy() for name in by_rule.columns}
    parts = [
        _weigh_calls(np.asarray(given, float), serious[known], cuts, rate, level).assign(strategy=name)
        for name, given in called.items()
    ]
    frame = pd.concat(parts, ignore_index=True).assign(
        base_rate=rate, n_people=int(known.sum()), n_left_out=int((~known).sum())
    )
    return frame[["strategy", *frame.columns.drop("strategy")]]


def _choose_cuts(thresholds: Sequence[float] | None, rate: float) -> FloatArray:
    if thresholds is None:
        return np.linspace(0.01, 0.6, 60) if rate > 0.02 else np.geomspace(rate / 10, min(rate * 200, 0.5), 60)
    cuts = np.array([check_share("thresholds", value) for value in check_list("thresholds", thresholds)])
    if not len(cuts):
        raise OptionError("thresholds=[] is not possible. Name at least one, or leave them out.")
    return cuts


def _weigh_calls(flags: FloatArray, serious: FloatArray, cuts: FloatArray, rate: float, level: float) -> pd.DataFrame:
    """Return the net benefit of calling people, (people, thresholds) or (people, 1), with its limits."""
    odds = cuts / (1 - cuts)
    found, alarms = (flags[serious == label].mean(axis=0) for label in (1, 0))
    spread = [share * (1 - share) / (serious == label).sum() for share, label in ((found, 1), (alarms, 0))]
    benefit = found * rate - alarms * (1 - rate) * odds
    error = np.sqrt(rate**2 * spread[0] + ((1 - rate) * odds) ** 2 * spread[1])
    reach = stats.norm.ppf(0.5 + level / 2) * error
    columns = {"threshold": cuts, "net_benefit": benefit, "ci_lower": benefit - reach, "ci_upper": benefit + reach}
    return pd.DataFrame(columns).assign(referred=found * rate + alarms * (1 - rate) + 0 * cuts)


def required_sample_size(
    *,
    r2: float,
    parameters: int,
    prevalence: float,
    shrinkage: float = 0.9,
    optimism: float = 0.05,
    margin: float = 0.05,
) -> pd.DataFrame:
    """Return how many people are needed to develop a logistic risk model.

    Riley, Snell, Ensor et al 2019, Stat Med 38:1276; Riley, Ensor, Snell et al 2020, BMJ 368:m441.

    Parameters
    ----------
    r2 : float
        Anticipated Cox-Snell R2.
    parameters : int
        Candidate parameters.
    prevalence : float
        Share of serious cases in the sample.
    shrinkage : float
        Least global shrinkage factor (criterion 1).
    optimism : float
        Largest drop of Nagelkerke's R2 (criterion 2).
    margin : float
        Margin of error of the overall risk (criterion 3).

    Returns
    -------
    DataFrame
        A row for each criterion and a last row "required" (their maximum): ``criterion, rule, n, n_serious,
        per_parameter`` (serious cases for each parameter).

    Raises
    ------
    OptionError
        A value outside its range.

    Examples
    --------
    >>> required_sample_size(r2=0.288, parameters=24, prevalence=0.174)["n"].tolist()
    [623, 662, 221, 662]
    """
    shares = {"prevalence": prevalence, "shrinkage": shrinkage, "optimism": optimism, "margin": margin, "r2": r2}
    for name, value in shares.items():
        check_share(name, value)
    check_whole("parameters", parameters, least=1)
    most = 1 - (prevalence**prevalence * (1 - prevalence) ** (1 - prevalence)) ** 2
    if r2 >= most:
        raise OptionError(
            f"r2={r2} is not possible. At a prevalence of {prevalence} the Cox-Snell R2 lies between 0 and {most:.4g}."
        )
    least = np.array([shrinkage, r2 / (r2 + optimism * most)])
    if (wrong := least[least <= r2]).size:
        raise OptionError(f"r2={r2} is not possible with a shrinkage of {wrong[0]:.3g}: it must be smaller.")
    sizes = parameters / ((least - 1) * np.log1p(-r2 / least))
    sizes = np.append(sizes, (1.959963984540054 / margin) ** 2 * prevalence * (1 - prevalence))
    rules = {
        "1": f"shrinkage of at least {shrinkage:g}",
        "2": f"drop of Nagelkerke's R2 of at most {optimism:g}",
        "3": f"overall risk within {margin:g}",
        "required": "the largest of these",
    }
    n = np.ceil(np.round([*sizes, sizes.max()], 9)).astype(int)
    frame = pd.DataFrame({"criterion": list(rules), "rule": list(rules.values()), "n": n})
    return frame.assign(n_serious=n * prevalence, per_parameter=n * prevalence / parameters)


def _read_sample(
    model: BaseEstimator,
    X: pd.DataFrame | AnyArray,
    y: ArrayLike,
    n_bootstrap: int,
    seed: int,
    level: float,
    held_out: bool | None,
    groups: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> _Sample:
    check_choice("held_out", held_out, (None, True, False))
    check_share("level", level)
    check_whole("n_bootstrap", n_bootstrap, least=2)
    check_whole("seed", seed, least=0)
    X, outcome = _read_people(model, X, y)
    fewest = int(min(outcome.sum(), (1 - outcome).sum()))
    if fewest < FEWEST_OF_A_CLASS:
        raise NotEnoughDataError(
            f"{fewest} people in the smaller class: validation needs at least {FEWEST_OF_A_CLASS} of each, and a "
            "hundred to say much."
        )
    apart = _is_held_out(model, X, outcome) if held_out is None else held_out
    weights = read_weights(sample_weight, len(outcome))
    refit = _plan_refit(model, X, np.asarray(y), outcome, weights)
    risk = model.predict_proba(X)[:, 1]
    check_reversed(model, outcome, risk)
    places = None if groups is None else read_places("groups", groups, len(outcome))
    return _Sample(outcome, risk, weights, places, apart, refit, n_bootstrap, seed, level)


def _read_people(
    model: BaseEstimator, X: pd.DataFrame | AnyArray, y: ArrayLike, *, fitted: bool = True
) -> tuple[pd.DataFrame | AnyArray, FloatArray]:
    """Return people, and who of them is serious, or raise where the classifier or one kind of people is missing."""
    if isinstance(model, type) or not (hasattr(model, "predict_proba") and hasattr(model, "fit")):
        raise OptionError(f"model={model!r:.60} is not possible. Give a classifier with predict_proba.")
    if fitted:
        check_is_fitted(model)
    X = to_pandas(X)
    outcome = match_labels(y, getattr(model, "classes_", [0, 1]), X)
    need_both(outcome, "Validation needs both kinds.")
    return X, outcome


def check_reversed(model: BaseEstimator, outcome: FloatArray, risk: FloatArray) -> None:
    """Raise TwitchstatsError where a `RedFlagModel` is much worse than chance."""
    if isinstance(model, RedFlagModel) and measure_auc(outcome, risk) < _REVERSED:
        raise TwitchstatsError(
            f"The labels look reversed: the model's risks are lower in those who count as serious (AUC "
            f"{measure_auc(outcome, risk):.2f}). The serious label is {model.classes_.tolist()[1]!r}."
        )


def _is_held_out(model: BaseEstimator, X: pd.DataFrame | AnyArray, outcome: FloatArray) -> bool:
    """Tell whether these are other people than those of the training sample."""
    if not isinstance(model, RedFlagModel):
        return False
    encoded, record = model._encode(X), model.record_
    if digest_people(encoded, outcome) == record.digest:
        return False
    if record.training is None:
        return True
    names = X.index if isinstance(X, pd.DataFrame) else pd.RangeIndex(len(encoded))
    seen = find_seen(record.training, encoded, names)
    if 0.1 < seen < 0.99 and seen * len(encoded) > 5:
        raise TwitchstatsError(
            f"About {seen:.0%} of these {len(encoded)} people were in the training sample, the others were not. Leave "
            "those out for a validation on people held out, or say what they are with held_out=."
        )
    return seen < 0.99


def _plan_refit(
    model: BaseEstimator, X: pd.DataFrame | AnyArray, labels: AnyArray, outcome: FloatArray, weights: FloatArray
) -> Predict:
    """Return a function that fits the model on some people and predicts everybody."""
    if isinstance(model, RedFlagModel) and np.isfinite(model.strength_):
        return _plan_quick_refit(model, X, outcome, weights)
    fresh = _loosen(model)

    def refit(rows: IntArray, counts: FloatArray) -> FloatArray:
        times = counts.astype(int)  # fitted on people repeated: not every classifier takes weights
        fitted = clone(fresh).fit(_take(X, np.repeat(rows, times)), labels[np.repeat(rows, times)])
        if isinstance(model, RedFlagModel) and model.shift_:
            fitted = fitted.at_base_rate(model.base_rate_, model.sample_rate_)
        return fitted.predict_proba(X)[:, 1]

    return refit


def _plan_quick_refit(
    model: RedFlagModel, X: pd.DataFrame | AnyArray, outcome: FloatArray, weights: FloatArray
) -> Predict:
    """Refit on the columns as they are: what people do not tell is filled, and averaged over, as the model does."""
    record, encoded = model.record_, model._encode(X)
    kept = ~np.isin(record.design.terms, record.dropped)
    filled = (record.design.build(record.moments.fill(encoded)) - record.means) / record.scales
    columns = fitting.add_intercept(filled[:, kept])
    slopes = record.coefficients[1:] * record.scales
    start = np.r_[record.coefficients[0] + record.means @ record.coefficients[1:], slopes[kept]]
    rest = find_log_odds(record, encoded) - columns @ start  # of who does not tell all, and of the base rate

    def refit(rows: IntArray, counts: FloatArray) -> FloatArray:
        found = fitting.fit_ridge(
            columns[rows], outcome[rows], record.strength, counts * weights[rows], start=start, tolerance=1e-7
        )
        return special.expit(columns @ found + rest)

    return refit


def _loosen(model: BaseEstimator) -> BaseEstimator:
    """Return the model unfitted, ready for samples in which a sign may not vary.

    The penalty stays as chosen: in a sample with people drawn twice, the twin of the person left out stays in, so that
    a penalty chosen anew would be too weak.
    """
    fresh = clone(model)
    if isinstance(fresh, RedFlagModel):
        kept = getattr(model, "strength_", np.nan)
        fresh.set_params(constant="drop", strength=None if np.isnan(kept) else kept)
    return fresh


def _take(X: pd.DataFrame | AnyArray, rows: AnyArray) -> pd.DataFrame | AnyArray:
    return X[rows] if not isinstance(X, pd.DataFrame) else X.loc[rows] if rows.dtype == bool else X.iloc[rows]


def _judge(sample: _Sample, measure: Callable[..., FloatArray]) -> pd.DataFrame:
    """Return ``estimate, ci_lower, ci_upper`` of what the model is worth, and what it is worth ``apparent``ly."""
    y, weights = sample.outcome, sample.weights
    apparent = measure(y, sample.risk, counts=weights)

    def measure_drawn(risk: FloatArray, rows: IntArray) -> FloatArray:
        return measure(y[rows], risk[rows], counts=weights[rows])

    estimate = apparent
    drawn = np.array([measure_drawn(sample.risk, rows) for rows in sample.draw(sample.n_bootstrap, sample.seed)])
    if not sample.held_out:
        folds = _cross_validate(sample)
        by_fold = [measure(y, risk, counts=weights, parts=parts) for risk, parts in folds]
        estimate = pd.DataFrame(by_fold).mean().to_numpy()  # over those in which a metric has a value
        # By how much refits are worth more on their own sample than on everybody: the optimism's noise. What they are
        # worth on their own samples alone would not do: each is calibrated there by construction, so that an interval
        # for the calibration in the large would hold the truth in 6 % and one for the slope in 46 % (measured, 500).
        noise = []
        for rows in sample.draw(min(sample.n_bootstrap, NOISE), sample.seed + 1):
            risk = sample.refit(*_count(rows))
            noise.append(measure_drawn(risk, rows) - measure(y, risk, counts=weights))
        drawn = drawn + np.array(noise)[np.arange(len(drawn)) % len(noise)]
    moved = pd.DataFrame(drawn)
    moved = moved - moved.mean() + estimate  # quantiles around the estimate
    lower, upper = moved.quantile([0.5 - sample.level / 2, 0.5 + sample.level / 2]).to_numpy()
    limits = {"ci_lower": np.minimum(lower, estimate), "ci_upper": np.maximum(upper, estimate)}
    return pd.DataFrame({"estimate": estimate, **limits, "apparent": apparent})


def _cross_validate(sample: _Sample) -> Iterator[tuple[FloatArray, IntArray]]:
    """Yield everybody's risk by models fitted without them, and which model it was, once for each repetition."""
    y, groups = sample.outcome, sample.groups
    fewest = int(min(y.sum(), (1 - y).sum()))
    most = fewest if groups is None else min(fewest, len(np.unique(groups)))
    if most < 2:
        raise NotEnoughDataError("One group only: nobody can be left out. Validate on people held out.")
    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    for repeat in range(REPEATS):
        folds = kind(min(FOLDS, most), shuffle=True, random_state=sample.seed * 1000 + repeat)
        risk, parts = np.empty(len(y)), np.empty(len(y), dtype=int)
        for number, (kept, left) in enumerate(folds.split(y[:, None], y, groups)):
            risk[left], parts[left] = sample.refit(kept, np.ones(len(kept)))[left], number
        yield risk, parts


def _count(rows: IntArray) -> tuple[IntArray, FloatArray]:
    """Return the people drawn, each once, and how often."""
    people, times = np.unique(rows, return_counts=True)
    return people, times.astype(float)
