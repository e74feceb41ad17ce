"""Did it help? Remedies within a person, told apart from the improvement that follows a bad day by itself."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from twitchstats.arrays import FloatArray
from twitchstats.errors import OptionError, check_share, check_whole
from twitchstats.inference import ALPHA, adjust_p_values
from twitchstats.journal import Journal
from twitchstats.journal.record import check_journal
from twitchstats.panel import shift_days
from twitchstats.triggers.engine import Options, Scores, score_columns
from twitchstats.triggers.families import Family, choose_family
from twitchstats.triggers.request import LONGEST_LAG, Request, check_by, check_lag, order_in_time, prepare_request
from twitchstats.triggers.rows import list_people, pool_people, put_on_scale

REMEDY_COLUMNS = [
    "person", "remedy", "outcome", "lag", "step", "unit", "n_people", "n_days", "measure", "order", "estimate",
    "ci_lower", "ci_upper", "ci90_lower", "ci90_upper", "p_value", "p_adjusted", "detectable_up",
    "detectable_down", "heterogeneity", "naive", "reason",
]  # fmt: skip
_WEEK = 7
_WINDOW = 3


def estimate_remedy_effects(
    journal: Journal,
    *,
    outcome: str | None = None,
    remedies: Sequence[str] | None = None,
    lag: int = 0,
    days: int = 2,
    on: str = "",
    by: str = "pooled",
    alpha: float = ALPHA,
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
        Days from the remedy to the outcome. On the same day (0) nobody knows which came first.
    days : int
        So many days of the outcome, from `lag` on, are taken together: by default the remedy's day and the next. A day
        is left out where one of them was not reported.
    on : str
        Ask only of days on which this variable was there (a rating: above the person's median), as "on days with
        exercise"; by default of all.
    by : {"pooled", "person"}
        Put together over people as in `triggers.estimate_effects`, or one row for each person.
    alpha : float
        One minus the level of ``ci_lower, ci_upper``.

    Returns
    -------
    DataFrame
        `REMEDY_COLUMNS`. ``estimate``: after one meaningful step of the remedy, the rate ratio (counts) or odds ratio
        (yes/no; below 1 it helped) or the difference (ratings, amounts; below 0 it helped). ``naive``: mean outcome in
        the three days from a start (after the lag) over, or minus, that in the last three days before it can have
        worked: what "before and after" shows. ``order``: "forward", "same time" or "backward". ``detectable_up,
        detectable_down``: the effects found with 80 % power in either direction. ``reason`` is not empty where nothing
        could be estimated.

    Raises
    ------
    UnknownNameError
        A name that the journal doesn't have.
    OptionError
        A negative lag, no day, a lag or several days in a journal without an order of days, or an unknown `by`.

    Notes
    -----
    The models of `triggers.estimate_effects`, with their score tests and pooling, on other columns. The outcome of no
    day after the remedy's stands in the model, nor that of its own day where this is part of the answer. A remedy that
    is taken on bad days looks worse than it is, so this errs towards harm, never towards help.
    Regression to the mean: placebo arms of cramp trials improve by 28 % (Cochrane CD009402.pub3).

    Examples
    --------
    >>> import twitchstats as tw
    >>> journal, _ = tw.simulate_journal(people=3, days=60, world="articles", seed=1)
    >>> rows = tw.estimate_remedy_effects(journal, remedies=["stretching"])
    >>> rows[["remedy", "outcome", "lag", "n_people", "measure", "order"]]
           remedy   outcome  lag  n_people     measure      order
    0  stretching  twitches    0         0  rate ratio  same time
    """
    check_by(by)
    check_lag(lag)
    check_whole("days", days, least=1, most=LONGEST_LAG)
    check_share("alpha", alpha)
    check_journal(journal)
    if journal.calendar == "none" and (lag or days > 1):
        raise OptionError(
            f"lag={lag}, days={days} is not possible: the journal has no order in time. Choose lag=0, days=1."
        )
    if remedies is None:
        remedies = journal.variables.loc[journal.variables["role"] == "remedy", "name"].tolist()
    request = prepare_request(journal, outcome, remedies, lag)
    if str(on):
        request = _restrict_days(request, prepare_request(journal, outcome, [on], 0))
    steps = request.variables.loc[list(request.triggers), "step"].to_numpy(float)
    family = choose_family("rating" if days > 1 and request.kind == "yes/no" else request.kind)
    scores = _score_remedies(request, lag, days, family, pooled=by == "pooled")
    table = (pool_people if by == "pooled" else list_people)(scores, steps, alpha=alpha)
    people = ["pooled"] if by == "pooled" else [str(person) for person in request.panel.people]
    labels = pd.MultiIndex.from_product([people, request.triggers], names=["person", "remedy"]).to_frame(index=False)
    naive = _compare_starts(request, lag, family)
    table["naive"] = (_average(naive)[None] if by == "pooled" else naive).ravel()
    return _finish(pd.concat([labels, table], axis=1), request, lag, family.measure)


def _finish(table: pd.DataFrame, request: Request, lag: int, measure: str) -> pd.DataFrame:
    """Add intervals, labels and adjusted p-values, one remedy after the other."""
    table = put_on_scale(table, measure)
    if measure != "difference":
        table["naive"] = np.exp(table["naive"])
    about, outcome = request.variables, request.outcome
    orders = {name: order_in_time(about, name, outcome, lag) for name in request.triggers}
    table = table.assign(
        outcome=outcome,
        lag=lag,
        step=about.loc[table["remedy"], "step"].to_numpy(float),
        unit=about.loc[table["remedy"], "unit"].to_numpy(),
        order=table["remedy"].map(orders),
        p_adjusted=adjust_p_values(table["p_value"]),
    )
    return table.sort_values(["remedy", "person"], kind="stable", ignore_index=True)[REMEDY_COLUMNS]


def _restrict_days(request: Request, on: Request) -> Request:
    """Leave the remedies only the days on which the variable that `on` asks for was there."""
    panel, name = request.panel, on.triggers[0]
    given = on.panel.get(name)
    usual = pd.DataFrame(given).median(axis=1).to_numpy()[:, None] if on.variables.loc[name, "kind"] == "rating" else 0
    asked = np.isin(panel.names, request.triggers)[:, None, None] & ~(given > usual)
    return replace(request, panel=replace(panel, values=np.where(asked, np.nan, panel.values)))


def _take_together(y: FloatArray, days: int, family: Family) -> FloatArray:
    """Return the outcome of each day and those after it: the sum of counts, the mean of anything else."""
    total = np.sum([shift_days(y, -ahead) for ahead in range(days)], axis=0)
    return total if family.name == "count" else total / days


def _score_remedies(request: Request, lag: int, days: int, family: Family, *, pooled: bool) -> Scores:
    """Score each remedy on its own, given how bad the days before were."""
    panel, y = request.panel, _take_together(request.panel.get_outcome(request.outcome), days, family)
    told = family.transform(panel.get(request.outcome))
    adjust = []
    if panel.ordered:
        recent = [shift_days(told, 1), shift_days(told, 2)]
        # squares: a remedy is started the more readily the worse the day, and not in a straight line
        squares = [value**2 for value in recent] if family.name != "yes/no" else []
        adjust = [*recent, *squares, _mean_of_week(told)]
    x = [panel.lag(name, lag) for name in request.triggers]
    return score_columns(
        panel,
        y,
        np.stack(x) if x else np.zeros((0, *y.shape)),
        family=family,
        adjust=adjust,
        # neighbouring days share outcomes; a fine trend and the mean of a week would fight
        options=Options("stiff", pooled=pooled, window=days),
    )


def _mean_of_week(values: FloatArray) -> FloatArray:
    """Return the mean of the reported days among the seven before each day."""
    return _average(np.stack([shift_days(values, back) for back in range(1, _WEEK + 1)]))


def _compare_starts(request: Request, lag: int, family: Family) -> FloatArray:
    """Return for each person and remedy the outcome after starts against that before, (P, T).

    The log of a ratio for counts, of an odds ratio for yes/no, otherwise a difference.
    """
    y = request.panel.get_outcome(request.outcome)
    columns = [_compare_one(y, request.panel.get(name), lag, family) for name in request.triggers]
    return np.stack(columns, axis=-1) if columns else np.zeros((len(y), 0))


def _compare_one(y: FloatArray, remedy: FloatArray, lag: int, family: Family) -> FloatArray:
    yesterday = shift_days(remedy, 1)
    started = (remedy > 0) & ~(yesterday > 0) & np.isfinite(yesterday)
    # with a lag the day of the start is still "before": nothing can have worked yet
    last = 0 if lag else 1
    before = np.stack([shift_days(y, back) for back in range(last, last + _WINDOW)])
    after = np.stack([shift_days(y, -ahead) for ahead in range(lag, lag + _WINDOW)])
    first, second = (_average(np.where(started, window, np.nan), axis=(0, 2)) for window in (before, after))
    if family.name == "amount":
        return second - first
    if family.name == "yes/no":
        first, second = (share / np.where(share < 1, 1 - share, np.nan) for share in (first, second))
    usable = (first > 0) & (second > 0)
    return np.where(usable, np.log(np.where(usable, second, 1.0) / np.where(usable, first, 1.0)), np.nan)


def _average(values: FloatArray, axis: int | tuple[int, ...] = 0) -> FloatArray:
    """Return the mean of what is known, NaN where nothing is."""
    known = np.isfinite(values).sum(axis=axis)
    return np.where(known > 0, np.nansum(values, axis=axis) / np.maximum(known, 1), np.nan)
