"""Is it the dose? A straight line against a threshold, for 'too much caffeine'."""

from dataclasses import replace

import numpy as np
import pandas as pd

from twitchstats.arrays import BoolArray, FloatArray
from twitchstats.errors import OptionError, check_number, check_share
from twitchstats.inference import ALPHA, adjust_p_values
from twitchstats.journal import Journal
from twitchstats.panel import shift_days
from twitchstats.triggers.blocks import REFUSALS
from twitchstats.triggers.engine import Options, Scores, score_columns
from twitchstats.triggers.families import Family, choose_family
from twitchstats.triggers.request import Request, check_lag, prepare_request
from twitchstats.triggers.rows import pool_people, put_on_scale

SHAPE_COLUMNS = [
    "trigger", "outcome", "lag", "threshold", "shape", "step", "unit", "n_people", "n_days", "measure", "estimate",
    "ci_lower", "ci_upper", "ci90_lower", "ci90_upper", "p_value", "p_adjusted", "detectable_up",
    "detectable_down", "reason",
]  # fmt: skip
SHAPES = ("line", "over", "below", "above", "bend")
_MIN_DAYS_ON_EACH_SIDE = 5
OLDER = (1, 2)  # days before the dose's day


def compare_dose_shapes(
    journal: Journal,
    trigger: str = "caffeine",
    *,
    threshold: float,
    outcome: str | None = None,
    lag: int = 0,
    alpha: float = ALPHA,
) -> pd.DataFrame:
    """Compare a straight dose-response line with one that bends at a threshold.

    "Too much" claims that the dose beyond a limit acts. Each person who was on both sides of the limit on at least
    five days gets a line that may bend there, in the models of `triggers.estimate_effects` (older days
    of outcome and dose, weekday and trend beside it); the people are put together as there.

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

    Examples
    --------
    >>> import twitchstats as tw
    >>> journal, _ = tw.simulate_journal(people=3, days=60, world="articles", seed=1)
    >>> rows = tw.compare_dose_shapes(journal, "caffeine", threshold=200)
    >>> rows[["trigger", "threshold", "shape", "step", "unit"]]
        trigger  threshold  shape   step unit
    0  caffeine      200.0   line  100.0   mg
    1  caffeine      200.0   over    1.0  day
    2  caffeine      200.0  below  100.0   mg
    3  caffeine      200.0  above  100.0   mg
    4  caffeine      200.0   bend  100.0   mg
    """
    request = prepare_request(journal, outcome, [trigger], 0)
    threshold = check_number("threshold", threshold)
    check_lag(lag)
    check_share("alpha", alpha)
    if lag and not request.panel.ordered:
        raise OptionError(f"lag={lag} is not possible: the journal has no order in time. Choose lag=0.")
    trigger = request.triggers[0]
    step, unit = float(request.variables["step"][trigger]), request.variables["unit"][trigger]
    family = choose_family(request.kind)
    straight, *bent = _fit_shapes(request, trigger, threshold, lag, family)
    rows = [pool_people(straight, np.array([step, 1.0]), alpha=alpha)]
    rows += [pool_people(scores, np.array([step]), alpha=alpha) for scores in bent]
    table = put_on_scale(pd.concat(rows, ignore_index=True), family.measure)
    over = np.array(SHAPES) == "over"
    return table.assign(
        trigger=trigger, outcome=request.outcome, lag=lag, threshold=threshold, shape=SHAPES,
        step=np.where(over, 1.0, step), unit=np.where(over, "day", unit), p_adjusted=adjust_p_values(table["p_value"]),
    )[SHAPE_COLUMNS]  # fmt: skip


def _fit_shapes(request: Request, trigger: str, threshold: float, lag: int, family: Family) -> list[Scores]:
    """Fit line and over, each on its own; then below, above and bend, each given the other part of the bent line."""
    panel, y = request.panel, request.panel.get_outcome(request.outcome)
    dose = panel.lag(trigger, lag)
    told = family.transform(panel.get(request.outcome))
    adjust = [shift_days(told, max(lag, 0) + day) for day in OLDER] + [panel.lag(trigger, lag + day) for day in OLDER]
    adjust = adjust if panel.ordered else []
    known = np.isfinite(dose) & np.isfinite(y)
    both = _find_both_sides(dose, known, threshold)
    y = np.where(both[:, None], y, np.nan)
    over = np.where(np.isfinite(dose), dose > threshold, np.nan)
    below, above = np.minimum(dose, threshold), np.maximum(dose - threshold, 0)
    together = Options("stiff", pooled=True)
    straight = score_columns(panel, y, np.stack([dose, over]), family=family, adjust=adjust, options=together)
    # given the whole dose, what is above the limit counts by how much steeper the line is there
    pairs = [(below, above), (above, below), (above, dose)]
    bent = [
        score_columns(panel, y, x[None], family=family, adjust=[*adjust, other], options=together) for x, other in pairs
    ]
    one_sided = ~both & (known.sum(axis=1) >= 2 * _MIN_DAYS_ON_EACH_SIDE)
    return [_name_side(scores, one_sided) for scores in (straight, *bent)]


def _name_side(fits: Scores, one_sided: BoolArray) -> Scores:
    """Tell people who never passed the limit, or hardly ever, from people with too few days."""
    refusal = np.where(one_sided[:, None, None], REFUSALS.index("no variation"), fits.refusal)
    return replace(fits, refusal=refusal)


def _find_both_sides(dose: FloatArray, known: BoolArray, threshold: float) -> BoolArray:
    """Return who has enough days on each side of the limit."""
    above = (known & (dose > threshold)).sum(axis=1)
    return np.minimum(above, known.sum(axis=1) - above) >= _MIN_DAYS_ON_EACH_SIDE
