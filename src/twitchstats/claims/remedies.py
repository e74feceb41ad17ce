"""Did it help? Remedies within a person, told apart from the improvement that follows a bad day by itself."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from twitchstats.claims.daily import DailyFit, FloatArray, fit_daily, pool_terms
from twitchstats.errors import OptionError, unknown_name
from twitchstats.inference import adjust_p_values
from twitchstats.journal import Journal
from twitchstats.panel import Panel, build_panel, shift_days

REMEDY_COLUMNS = [
    "person", "remedy", "outcome", "lag", "step", "unit", "n_people", "n_days", "measure", "order", "estimate",
    "ci_lower", "ci_upper", "ci90_lower", "ci90_upper", "p_value", "p_adjusted", "detectable", "heterogeneity",
    "naive", "reason",
]  # fmt: skip
_WEEK = 7
_WINDOW = 3


def estimate_remedy_effects(
    journal: Journal,
    *,
    outcome: str | None = None,
    remedies: Sequence[str] | None = None,
    lag: int = 1,
    by: str = "pooled",
    alpha: float = 0.05,
) -> pd.DataFrame:
    """Estimate what follows a remedy, against days just as bad without it.

    A remedy starts on a bad day, and after a bad day things improve by themselves. So each person's day is compared
    with days that had the same outcome on the two days before (bent lines) and the same mean over the week before,
    given weekday and trend; what such a start alone would show stands beside it as ``naive``.

    Parameters
    ----------
    journal : Journal
    outcome : str, optional
        By default the journal's own outcome, else "twitches".
    remedies : sequence of str, optional
        By default every remedy of the journal's dictionary.
    lag : int
        Days from the remedy to the outcome. On the same day (0) nobody knows which came first; 1 is the honest choice
        for counts, 0 for a rating given at bedtime.
    by : {"pooled", "person"}
        Pooled over people by random effects (Hartung-Knapp-Sidik-Jonkman), or one row for each person.
    alpha : float
        One minus the level of ``ci_lower, ci_upper``.

    Returns
    -------
    DataFrame
        `REMEDY_COLUMNS`. ``estimate``: the ratio of outcomes after one meaningful step of the remedy (counts and
        amounts; below 1 it helped) or the difference (ratings; below 0 it helped). ``naive``: mean outcome in the
        three days from a start (after the lag) over, or minus, that in the last three days before it can have worked:
        what "before and after" shows. ``order``: "forward", or "same time". ``detectable``: the ratio or difference
        found with 80 % power. ``reason`` is not empty where nothing could be estimated.

    Raises
    ------
    UnknownNameError
        A name that the journal doesn't have.
    OptionError
        A negative lag, a lag in a journal without an order of days, or an unknown `by`.

    Notes
    -----
    Regression to the mean: placebo arms of cramp trials improve by 28 % (Cochrane CD009402.pub3).
    """
    names = _choose_remedies(journal, remedies)
    outcome = outcome or journal.outcome or "twitches"
    if lag < 0 or (lag and journal.calendar == "none") or by not in ("pooled", "person"):
        raise OptionError(
            f"lag={lag!r}, by={by!r} is not possible. The lag is 0 or more days (0 only where days have no order); "
            "by is 'pooled' or 'person'."
        )
    panel = build_panel(journal, variables=[outcome, *[name for name in names if name != outcome]])
    about = journal.variables.set_index("name")
    rating = about.loc[outcome, "kind"] == "rating"
    rows = []
    for name in names:
        step = float(about.loc[name, "step"])
        fit = _fit_remedy(panel, name, outcome, lag, step, counts=not rating)
        told = {"remedy": name, "outcome": outcome, "lag": lag, "step": step, "unit": about.loc[name, "unit"],
                "measure": "difference" if rating else "rate ratio",
                "order": _tell_order(about, name, outcome, lag)}  # fmt: skip
        naive = _compare_starts(panel.get(outcome), panel.get(name), lag, rating=rating)
        rows += [told | row for row in _tell_rows(panel, fit, naive, by, rating, alpha)]
    table = pd.DataFrame(rows, columns=[c for c in REMEDY_COLUMNS if c != "p_adjusted"])
    return table.assign(p_adjusted=adjust_p_values(table["p_value"].astype(float)))[REMEDY_COLUMNS]


def _choose_remedies(journal: Journal, remedies: Sequence[str] | None) -> list[str]:
    about = journal.variables
    names = about.loc[about["role"] == "remedy", "name"].tolist() if remedies is None else list(remedies)
    for name in names:
        if name not in set(about["name"]):
            raise unknown_name("remedy", name, about["name"])
    return names


def _tell_order(about: pd.DataFrame, remedy: str, outcome: str, lag: int) -> str:
    early = {"night": 0, "day": 1, "bedtime": 2}
    ahead = early.get(str(about.loc[remedy, "timing"]), 1) < early.get(str(about.loc[outcome, "timing"]), 1)
    return "forward" if lag > 0 or ahead else "same time"


def _fit_remedy(panel: Panel, remedy: str, outcome: str, lag: int, step: float, *, counts: bool) -> DailyFit:
    y = panel.get(outcome)
    told = np.log1p(y) if counts else y
    adjust = []
    if panel.ordered:
        recent = [shift_days(told, 1), shift_days(told, 2)]
        # squares: a remedy is started the more readily the worse the day, and not in a straight line
        adjust = [*recent, *[value**2 for value in recent], _mean_of_week(told)]
    return fit_daily(y, [panel.lag(remedy, lag) / step], adjust, panel.weekday, counts=counts)


def _mean_of_week(values: FloatArray) -> FloatArray:
    """Return the mean of the reported days among the seven before each day."""
    stack = np.stack([shift_days(values, back) for back in range(1, _WEEK + 1)])
    known = np.isfinite(stack).sum(axis=0)
    return np.where(known > 0, np.nansum(stack, axis=0) / np.maximum(known, 1), np.nan)


def _compare_starts(y: FloatArray, remedy: FloatArray, lag: int, *, rating: bool) -> FloatArray:
    """Return for each person the outcome after starts of the remedy against that before."""
    started = (remedy > 0) & ~(shift_days(remedy, 1) > 0) & np.isfinite(shift_days(remedy, 1))
    # with a lag the day of the start is still "before": nothing can have worked yet
    last = 0 if lag else 1
    before = np.stack([shift_days(y, back) for back in range(last, last + _WINDOW)])
    after = np.stack([shift_days(y, -ahead) for ahead in range(lag, lag + _WINDOW)])
    sums = []
    for window in (before, after):
        used = np.where(started, window, np.nan)
        known = np.isfinite(used).sum(axis=(0, 2))
        sums.append(np.where(known > 0, np.nansum(used, axis=(0, 2)) / np.maximum(known, 1), np.nan))
    if rating:
        return sums[1] - sums[0]
    usable = (sums[0] > 0) & (sums[1] > 0)
    return np.where(usable, np.log(np.where(usable, sums[1], 1.0) / np.where(usable, sums[0], 1.0)), np.nan)


def _tell_rows(
    panel: Panel, fit: DailyFit, naive: FloatArray, by: str, rating: bool, alpha: float
) -> list[dict[str, object]]:
    beta, variance = fit.coefficients[:, 0], fit.variances[:, 0]
    groups = [("pooled", np.arange(len(beta)))] if by == "pooled" else [
        (str(person), np.array([i])) for i, person in enumerate(panel.people)
    ]  # fmt: skip
    rows = []
    for person, members in groups:
        found = pool_terms(beta[members], variance[members], fit.degrees_of_freedom[members], alpha=alpha)
        used = members[np.isfinite(beta[members])]
        simple = naive[members][np.isfinite(naive[members])]
        reason = "" if np.isfinite(found["estimate"]) else summarise_reasons([fit.reasons[i] for i in members])
        row = found | {"naive": float(simple.mean()) if len(simple) else np.nan}
        rows.append(to_ratio(row, rating=rating) | {
            "person": person, "n_days": int(fit.n_days[used].sum()), "n_people": len(used), "reason": reason,
        })  # fmt: skip
    return rows


def to_ratio(row: dict[str, float], *, rating: bool) -> dict[str, object]:
    """Return the row with its log ratios as ratios; differences of ratings stay."""
    scaled = ("estimate", "ci_lower", "ci_upper", "ci90_lower", "ci90_upper", "detectable", "naive")
    return {key: float(np.exp(value)) if key in scaled and not rating else value for key, value in row.items()}


def summarise_reasons(reasons: Sequence[str]) -> str:
    """Return the commonest reason of people, "too few days" where there is nobody."""
    given = pd.Series([reason for reason in reasons if reason], dtype="str")
    return str(given.value_counts().sort_index().sort_values(kind="stable").index[-1]) if len(given) else "too few days"
