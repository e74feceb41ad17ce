"""Is it the dose? A straight line against a threshold, for 'too much caffeine'."""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twitchstats.claims.daily import DailyFit, FloatArray, fit_daily, pool_terms
from twitchstats.claims.remedies import summarise_reasons, to_ratio
from twitchstats.errors import OptionError, unknown_name
from twitchstats.inference import adjust_p_values
from twitchstats.journal import Journal
from twitchstats.panel import build_panel, shift_days

SHAPE_COLUMNS = [
    "trigger", "outcome", "lag", "threshold", "shape", "step", "unit", "n_people", "n_days", "measure", "estimate",
    "ci_lower", "ci_upper", "ci90_lower", "ci90_upper", "p_value", "p_adjusted", "detectable", "reason",
]  # fmt: skip
SHAPES = ("line", "over", "below", "above", "bend")
_MIN_DAYS_ON_EACH_SIDE = 5


def compare_dose_shapes(
    journal: Journal,
    trigger: str = "caffeine",
    *,
    threshold: float,
    outcome: str | None = None,
    lag: int = 0,
    alpha: float = 0.05,
) -> pd.DataFrame:
    """Compare a straight dose-response line with one that bends at a threshold.

    "Too much" claims that the dose beyond a limit acts. Each person who was on both sides of the limit on at least
    five days gets a line that may bend there; the people's slopes are pooled by random effects.

    Parameters
    ----------
    journal : Journal
    trigger : str
        An amount of the journal.
    threshold : float
        The limit, in the unit of the trigger (caffeine: 400 mg).
    outcome : str, optional
        By default the journal's own outcome, else "twitches".
    lag : int
        Days from the trigger to the outcome.
    alpha : float
        One minus the level of the intervals.

    Returns
    -------
    DataFrame
        `SHAPE_COLUMNS`, one row for each shape. "line": effect of one step along a straight line; "over": days over
        the limit against days under it, what "too much" says in its simplest form (its step is 1 day); "below" and
        "above": along the bent line under and over the limit; "bend": above over below (minus, for ratings), the
        evidence for a threshold: where its interval holds no effect, a straight line describes the data as well.

    Raises
    ------
    UnknownNameError
        A name that the journal doesn't have.
    OptionError
        The threshold is not a finite number, the lag negative, or asked in a journal without an order of days.
    """
    outcome = outcome or journal.outcome or "twitches"
    about = journal.variables.set_index("name")
    for name in (trigger, outcome):
        if name not in about.index:
            raise unknown_name("variable", name, about.index)
    if not np.isfinite(threshold) or lag < 0 or (lag and journal.calendar == "none"):
        raise OptionError(
            f"threshold={threshold!r}, lag={lag!r} is not possible. The threshold is a finite number, the lag 0 or "
            "more days (0 only where days have no order)."
        )
    rating = bool(about.loc[outcome, "kind"] == "rating")
    step, unit = float(about["step"][trigger]), about["unit"][trigger]
    told = {"trigger": trigger, "outcome": outcome, "lag": lag, "threshold": float(threshold), "step": step,
            "unit": unit, "measure": "difference" if rating else "rate ratio"}  # fmt: skip
    rows = []
    for shape, (beta, variance, fit) in _fit_shapes(journal, trigger, outcome, threshold, lag, step, rating).items():
        found = to_ratio(pool_terms(beta, variance, fit.degrees_of_freedom, alpha=alpha), rating=rating)
        rows.append({**told, **found} | {
            "shape": shape, "n_days": int(fit.n_days[np.isfinite(beta)].sum()),
            "reason": summarise_reasons(fit.reasons) if found["n_people"] == 0 else "",
        } | ({"step": 1.0, "unit": "day"} if shape == "over" else {}))  # fmt: skip
    table = pd.DataFrame(rows)
    return table.assign(p_adjusted=adjust_p_values(table["p_value"].astype(float)))[SHAPE_COLUMNS]


def _fit_shapes(
    journal: Journal, trigger: str, outcome: str, threshold: float, lag: int, step: float, rating: bool
) -> dict[str, tuple[FloatArray, FloatArray, DailyFit]]:
    """Return coefficient and variance of each shape for each person, and the fit they come from."""
    panel = build_panel(journal, variables=[trigger, outcome])
    y, dose = panel.get(outcome), panel.lag(trigger, lag)
    before = shift_days(y if rating else np.log1p(y), 1)
    adjust = [before, panel.lag(trigger, lag + 1) / step] if panel.ordered else []
    both = _find_both_sides(dose, y, threshold)
    y = np.where(both[:, None], y, np.nan)
    over = np.where(np.isfinite(dose), dose > threshold, np.nan)
    parts = [np.minimum(dose, threshold) / step, np.maximum(dose - threshold, 0) / step]
    line, stepped, bent = (
        _name_side(fit_daily(y, terms, adjust, panel.weekday, counts=not rating), both)
        for terms in ([dose / step], [over], parts)
    )
    beta, cov = bent.coefficients, bent.covariances
    return {
        "line": (line.coefficients[:, 0], line.variances[:, 0], line),
        "over": (stepped.coefficients[:, 0], stepped.variances[:, 0], stepped),
        "below": (beta[:, 0], cov[:, 0, 0], bent),
        "above": (beta[:, 1], cov[:, 1, 1], bent),
        "bend": (beta[:, 1] - beta[:, 0], cov[:, 0, 0] + cov[:, 1, 1] - 2 * cov[:, 0, 1], bent),
    }


def _name_side(fit: DailyFit, both: NDArray[np.bool_]) -> DailyFit:
    """Tell people who never passed the limit, or hardly ever, from people with too few days."""
    reasons = [reason if there else "no variation" for reason, there in zip(fit.reasons, both, strict=True)]
    return replace(fit, reasons=reasons)


def _find_both_sides(dose: FloatArray, y: FloatArray, threshold: float) -> NDArray[np.bool_]:
    """Return who has enough days on each side of the limit."""
    known = np.isfinite(dose) & np.isfinite(y)
    above = (known & (dose > threshold)).sum(axis=1)
    return np.minimum(above, known.sum(axis=1) - above) >= _MIN_DAYS_ON_EACH_SIDE
