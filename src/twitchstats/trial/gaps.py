"""Days without an entry: whether they follow the lot, or the outcome of the days beside them."""

import numpy as np

from twitchstats.arrays import TINY, FloatArray
from twitchstats.trial.exact import ROUNDED
from twitchstats.triggers.families import Family

LEAST_GAPS = 3  # days, below which neither can be told


def compare_gaps(y: FloatArray, schedules: FloatArray, dates: FloatArray, family: Family) -> tuple[float, float, float]:
    """Return two p-values of gaps that are left by chance, and how much higher the outcome is beside them.

    Parameters
    ----------
    y : (D,)
        The outcome, NaN where there is no entry.
    schedules : (R, D)
        Those that could have been drawn, 0 and 1, the drawn one first.
    dates : (D, p)
        Constant, trend and weekday.

    Returns
    -------
    by_lot : float
        Whether one condition has more of them, among all schedules (mid-p, as few gaps give few different values).
    by_neighbours : float
        Whether days beside a gap have another outcome than dates and condition say, among all days at which the same
        gaps could have begun (the calendar taken as a ring, so that runs of gaps and of bad days stay whole).
    higher : float
        By how much, on the scale of the model.
    """
    gap = np.isnan(y)
    if gap.sum() < LEAST_GAPS or gap.all():
        return 1.0, 1.0, 0.0
    apart = np.abs((schedules - schedules.mean(1, keepdims=True)) @ gap)
    by_lot = float(np.mean([(apart >= apart[0] * ROUNDED).mean(), (apart * ROUNDED > apart[0]).mean()]))
    design = np.concatenate([dates, schedules[:1].T], axis=1)
    known = family.transform(y[~gap])
    left = np.zeros(len(y))
    left[~gap] = known - design[~gap] @ np.linalg.lstsq(design[~gap], known, rcond=None)[0]
    beside = np.convolve(gap, [1.0, 0.0, 1.0], mode="same")
    turned = np.stack([np.roll(beside, begin) for begin in range(len(y))]) * ~gap
    turned -= turned.sum(1, keepdims=True) / (~gap).sum() * ~gap
    higher = turned @ left / np.maximum((turned**2).sum(1), TINY)
    t = np.abs(higher) * np.sqrt((turned**2).sum(1))
    return by_lot, float((t >= t[0] * ROUNDED).mean()), float(higher[0])
