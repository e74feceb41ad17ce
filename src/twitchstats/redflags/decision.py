"""Would a risk model help to decide who is referred? Decision curves."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats
from sklearn.base import BaseEstimator

from twitchstats.arrays import AnyArray, FloatArray, to_pandas
from twitchstats.errors import OptionError, check_list
from twitchstats.redflags.model import RedFlagModel
from twitchstats.redflags.prevalence import check_share, read_base_rate, shift_risk
from twitchstats.redflags.rules import apply_referral_rules
from twitchstats.redflags.training import match_labels, need_both
from twitchstats.redflags.validation import check_reversed

REFER_ALL, REFER_NONE, MODEL = "refer all", "refer none", "model"


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
    X = to_pandas(X)
    serious = match_labels(y, getattr(model, "classes_", [0, 1]), X)
    need_both(serious, "A decision curve needs both kinds.")
    by_rule = pd.DataFrame(index=range(len(serious)))
    if isinstance(X, pd.DataFrame):
        by_rule = apply_referral_rules(X, rules=rules, persistent_weeks=persistent_weeks)
    known = by_rule.notna().all(axis=1).to_numpy()
    need_both(serious[known], "Too few people have signs that decide each rule; choose some with rules=[...].")
    rate = float(serious[known].mean())
    if base_rate is not None:
        diagnoses = model.record_.diagnoses if isinstance(model, RedFlagModel) else ("MND",)
        rate = read_base_rate(base_rate, diagnoses, option="base_rate").rate
    if thresholds is None:
        cuts = np.linspace(0.01, 0.6, 60) if rate > 0.02 else np.geomspace(rate / 10, min(rate * 200, 0.5), 60)
    else:
        check_list("thresholds", thresholds)
        cuts = np.array([check_share("thresholds", value) for value in thresholds])
    if not len(cuts):
        raise OptionError("thresholds=[] is not possible. Name at least one, or leave them out.")
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
        _follow(name, np.asarray(flags, float), serious[known], cuts, rate, level) for name, flags in called.items()
    ]
    return pd.concat(parts, ignore_index=True).assign(
        base_rate=rate, n_people=int(known.sum()), n_left_out=int((~known).sum())
    )


def _follow(
    name: str, flags: FloatArray, serious: FloatArray, cuts: FloatArray, rate: float, level: float
) -> pd.DataFrame:
    """Return the net benefit of one strategy; `flags` is (people, thresholds) or (people, 1)."""
    odds = cuts / (1 - cuts)
    found, alarms = (flags[serious == label].mean(axis=0) for label in (1, 0))
    spread = [share * (1 - share) / (serious == label).sum() for share, label in ((found, 1), (alarms, 0))]
    benefit = found * rate - alarms * (1 - rate) * odds
    reach = stats.norm.ppf(0.5 + level / 2) * np.sqrt(rate**2 * spread[0] + ((1 - rate) * odds) ** 2 * spread[1])
    return pd.DataFrame(
        {
            "strategy": name, "threshold": cuts, "net_benefit": benefit, "ci_lower": benefit - reach,
            "ci_upper": benefit + reach, "referred": found * rate + alarms * (1 - rate) + 0 * cuts,
        }
    )  # fmt: skip
