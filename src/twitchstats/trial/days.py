"""From a person's calendar to the days of a trial."""

import numpy as np

from twitchstats.trial.exact import Days, FloatArray
from twitchstats.triggers.columns import DAYS_PER_TREND_TERM, spline_basis, weekday_contrasts
from twitchstats.triggers.engine import find_older

LEAST_DAYS_FOR_WEEKDAY = 42  # below it six columns cost more than the rhythm they take out


def lay_days(
    y: FloatArray,
    dose: FloatArray,
    drawn: FloatArray,
    analysed: np.ndarray,
    weekday: np.ndarray,
    *,
    whole: bool,
    earlier: FloatArray | None = None,
) -> Days:
    """Lay out what the test needs of one person's trial.

    Parameters
    ----------
    y, dose : (D,)
        Outcome and what is held responsible, each day of the trial; NaN where not known.
    drawn : (R, D)
    analysed : bool (D,)
    weekday : int (D,)
    whole : bool
        As in `Days`.
    earlier : (E,), optional
        The outcome on the days just before the trial.

    Returns
    -------
    Days
        The analysed days on which outcome and dose are known.
    """
    earlier = np.zeros(0) if earlier is None else earlier
    told = np.concatenate([earlier, y])
    taken = np.concatenate([np.where(np.isfinite(earlier), 0.0, np.nan), np.where(np.isfinite(dose), dose, 0.0)])
    taken = np.where(np.isfinite(told), taken, np.nan)
    before, taken = (np.stack(find_older(values, 1), -1)[len(earlier) :] for values in (told, taken))
    dates = [np.ones((len(y), 1)), spline_basis(len(y), max(1, round(len(y) / DAYS_PER_TREND_TERM)))]
    if len(y) >= LEAST_DAYS_FOR_WEEKDAY:
        dates.append(weekday_contrasts()[weekday % 7])
    use = np.isfinite(y) & np.isfinite(dose) & analysed
    return Days(y[use], before[use], taken[use], np.concatenate(dates, 1)[use], drawn[:, use], dose[use], whole)
