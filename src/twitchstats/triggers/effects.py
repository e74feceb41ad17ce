"""The effect of each trigger on an outcome, for one meaningful step of the trigger."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from twitchstats.errors import OptionError, check_choice
from twitchstats.inference import (
    adjust_p_values,
    agree_with_test,
    describe_estimates,
    detectable_effect,
    pool_estimates,
)
from twitchstats.journal.record import Journal
from twitchstats.triggers.design import REFUSALS, Estimates, Options, choose_family, fit_panel
from twitchstats.triggers.request import Request, check_by, check_dates, label_order, prepare_request, refuse_tautology

COLUMNS = [
    "person", "trigger", "outcome", "lag", "step", "unit", "n_people", "n_days", "estimate", "ci_lower", "ci_upper",
    "p_value", "p_adjusted", "detectable", "heterogeneity", "measure", "order", "ci90_lower", "ci90_upper", "reason",
]  # fmt: skip
LARGEST_LOG = 700.0  # of a ratio; beyond it a number has no room for it
MEASURES = {"count": "rate ratio", "yes/no": "odds ratio", "amount": "difference"}
MODEL_NUMBERS = ("estimate", "se", "df", "p_value", "heterogeneity", "detectable")
ON_OUTCOME_SCALE = ["estimate", "ci_lower", "ci_upper", "ci90_lower", "ci90_upper", "detectable"]


def estimate_effects(
    journal: Journal,
    *,
    outcome: str | None = None,
    triggers: Sequence[str] | str | None = None,
    lags: Sequence[int] | int = (0, 1, 2, 3),
    adjust: str = "each",
    by: str = "pooled",
    effect: str = "direct",
    trend: str = "smooth",
    weekday: bool = True,
) -> pd.DataFrame:
    """Estimate the effect of each trigger at each lag on an outcome.

    For each person a regression explains the day's outcome by the trigger `lag` calendar days before, the trigger one
    day before that, an earlier outcome, weekday and trend: an autoregressive distributed lag model. Given the older
    value, what is left of the trigger is news of that day, which drifting alone can't connect with the outcome.

    Parameters
    ----------
    journal : Journal
    outcome : str, optional
        By default the journal's own outcome, else "twitches".
    triggers : sequence of str, optional
        By default every variable that is no outcome.
    lags : sequence of int
        In calendar days; 0 is the same day. A lag that falls on a missing day is missing.
    adjust : {"each", "together"}
        Each trigger in a model of its own, or all triggers of a lag in one model.
    by : {"pooled", "person"}
        One row for the group (random effects over people, REML with Hartung-Knapp-Sidik-Jonkman intervals), or one
        for each person.
    effect : {"direct", "total"}
        Hold yesterday's outcome fixed, so that what reaches today through it does not count; or hold the outcome of
        the day before the trigger, so that everything after the trigger counts (a local projection). At lag 0 both
        are the same.
    trend : {"smooth", "linear", "none"}
        Natural cubic splines with one term a month, a straight line, or nothing.
    weekday : bool
        Take the weekly rhythm out.

    Returns
    -------
    DataFrame
        One row for each person (or "pooled"), trigger and lag: ``person, trigger, outcome, lag, step, unit, n_people,
        n_days, estimate, ci_lower, ci_upper, p_value, p_adjusted, detectable, heterogeneity, measure, order,
        ci90_lower, ci90_upper, reason``. `estimate` is for one step of the trigger: a rate ratio (counts), odds ratio
        (yes/no) or difference in the outcome's unit (ratings, amounts); `heterogeneity` is the standard deviation
        between people of its logarithm (of the difference). `detectable` is the smallest effect that would be found
        with 80 % power, told in the direction of more. `p_adjusted` is after Benjamini and Hochberg (1995) over every
        test of the call. `order` tells whether the trigger came first. A row without estimate has its `reason`.

    Raises
    ------
    UnknownNameError
        The outcome or a trigger is not in the journal.
    OptionError
        An option has a value that is not allowed.

    Notes
    -----
    Counts: negative binomial quasi-likelihood, score tests, intervals from robust standard errors; yes/no: logistic
    regression with Firth's correction; otherwise least squares. See `twitchstats.triggers.adl`. Where the test and the
    interval of one person would contradict each other about no effect, the test decides.

    Later values of the trigger are not held fixed: an effect counts what a day's news of the trigger does, also by way
    of the trigger's own persistence. So an effect of one day shows weakly at the next lag, too.
    """
    check_by(by)
    options = check_options(trend=trend, weekday=weekday, effect=effect, adjust=adjust)
    request = prepare_request(journal, outcome, triggers, lags)
    return _tell_effects(request, options, by)


def estimate_cumulative_effects(
    journal: Journal,
    *,
    outcome: str | None = None,
    triggers: Sequence[str] | str | None = None,
    days: int = 3,
    first_lag: int = 0,
    by: str = "pooled",
    trend: str = "smooth",
    weekday: bool = True,
) -> pd.DataFrame:
    """Estimate what one step more of a trigger on each of the last `days` days does to an outcome, as one number.

    A distributed lag whose effects lie on a straight line over the days (Almon 1965): the mean of the trigger over
    the window, beside its slope in the window, its value before the window and the outcome before the window.

    Parameters
    ----------
    journal, outcome, triggers, by, trend, weekday
        As in `estimate_effects`.
    days : int
        Length of the window, from 2 on.
    first_lag : int
        Where the window starts: 0 includes the same day, 1 starts the day before.

    Returns
    -------
    DataFrame
        The columns of `estimate_effects` and ``days``; `lag` is `first_lag`.

    Raises
    ------
    UnknownNameError
        The outcome or a trigger is not in the journal.
    OptionError
        An option has a value that is not allowed.

    Notes
    -----
    Windows of neighbouring days share days: the variance of the score counts autocovariances up to that overlap.
    """
    check_by(by)
    if isinstance(days, bool) or not isinstance(days, (int, np.integer)) or days < 2:
        raise OptionError(f"days={days!r} is not possible: a window has at least 2 whole days.")
    options = check_options(trend=trend, weekday=weekday, effect="total", adjust="each")
    request = prepare_request(journal, outcome, triggers, first_lag)
    frame = _tell_effects(request, replace(options, window=int(days)), by)
    frame.insert(COLUMNS.index("lag") + 1, "days", int(days))
    return frame


def _tell_effects(request: Request, options: Options, by: str) -> pd.DataFrame:
    family = choose_family(request.kind)
    reasons = {trigger: refuse_tautology(request, trigger) for trigger in request.triggers}
    tested = [trigger for trigger in request.triggers if not reasons[trigger]]
    usable = [lag for lag in request.lags if request.panel.ordered or (lag == 0 and options.window == 1)]
    fits = fit_panel(request.panel, request.outcome, tested, usable, family=family, options=options)
    steps = request.variables.loc[tested, "step"].to_numpy(float)
    table = pool_people(fits, steps) if by == "pooled" else list_people(fits, steps)
    people = ["pooled"] if by == "pooled" else list(request.panel.people)
    frame = _label(table, people, tested, usable)
    frame = _complete(frame, request, people, reasons, usable)
    return _finish(frame, request, MEASURES[family])


def check_options(*, trend: str, weekday: bool, effect: str, adjust: str) -> Options:
    """Return the options of the models, checked.

    Raises
    ------
    OptionError
        An option has a value that is not allowed.
    """
    check_dates(trend, weekday)
    check_choice("effect", effect, ("direct", "total"))
    check_choice("adjust", adjust, ("each", "together"))
    return Options(trend, bool(weekday), effect, adjust)


def list_people(fits: Estimates, steps: np.ndarray) -> pd.DataFrame:
    """Return one row for each person, trigger and lag on the scale of the model, in that order."""
    step = steps[None, :, None]
    shown = fits.refusal == 0
    se = np.where(shown, fits.se * step, np.nan)
    estimate = np.where(shown, fits.estimate * step, np.nan)
    df = np.where(shown, fits.df, np.nan)
    frame = pd.DataFrame(
        {
            "n_people": shown.ravel().astype(int),
            "n_days": fits.n.ravel(),
            "estimate": estimate.ravel(),
            "se": se.ravel(),
            "df": df.ravel(),
            "p_value": np.where(shown, 2 * stats.t.sf(np.abs(fits.t), fits.df), np.nan).ravel(),
            "heterogeneity": np.nan,
            "reason": np.array(REFUSALS)[fits.refusal].ravel(),
        }
    )
    frame["detectable"] = detectable_effect(np.where(shown, fits.null_se * step, np.nan).ravel(), frame["df"])
    return frame


def pool_people(fits: Estimates, steps: np.ndarray) -> pd.DataFrame:
    """Return one row for each trigger and lag: random effects over people; one person alone speaks for themself."""
    rows = [
        _pool_pair(fits, trigger, lag, float(steps[trigger]))
        for trigger in range(fits.estimate.shape[1])
        for lag in range(fits.estimate.shape[2])
    ]
    return pd.DataFrame(rows, columns=[*MODEL_NUMBERS, "n_people", "n_days", "reason"])


def _pool_pair(fits: Estimates, trigger: int, lag: int, step: float) -> dict[str, object]:
    pair = (slice(None), trigger, lag)
    estimate, null_se = fits.estimate[pair] * step, fits.null_se[pair] * step
    usable = np.isfinite(estimate) & np.isfinite(null_se)
    shown = np.flatnonzero(fits.refusal[pair] == 0)
    n_days = float(np.nansum(np.where(usable, fits.n[pair], 0.0)))
    row: dict[str, object] = dict.fromkeys(MODEL_NUMBERS, float("nan"))
    row |= {"n_people": int(usable.sum()), "n_days": n_days, "reason": ""}
    if usable.sum() >= 2:
        pooled = pool_estimates(estimate[usable], null_se[usable])
        row |= pooled | {"detectable": float(detectable_effect(pooled["se"], pooled["df"]))}
    elif len(shown) == 1:
        alone = list_people(_take_person(fits, int(shown[0])), np.full(fits.estimate.shape[1], step))
        row |= alone.iloc[trigger * fits.estimate.shape[2] + lag].to_dict() | {"n_people": 1, "n_days": n_days}
    else:
        row["reason"] = _most_common(fits.refusal[pair])
        row["n_people"] = 0
    return row


def _take_person(fits: Estimates, person: int) -> Estimates:
    return Estimates(**{name: value[person : person + 1] for name, value in vars(fits).items()})


def _most_common(refusal: np.ndarray) -> str:
    """Return the commonest reason; the first in the list where several are."""
    counts = np.bincount(refusal, minlength=len(REFUSALS))
    counts[0] = 0
    return REFUSALS[int(counts.argmax())] if counts.any() else "too few days"


def _label(table: pd.DataFrame, people: Sequence[str], triggers: Sequence[str], lags: Sequence[int]) -> pd.DataFrame:
    labels = pd.MultiIndex.from_product([people, triggers, lags], names=["person", "trigger", "lag"])
    return pd.concat([labels.to_frame(index=False), table.reset_index(drop=True)], axis=1)


def _complete(
    frame: pd.DataFrame, request: Request, people: Sequence[str], reasons: dict[str, str], usable: Sequence[int]
) -> pd.DataFrame:
    """Add the rows that were asked for and refused before any fit."""
    missing = [
        {"person": person, "trigger": trigger, "lag": lag, "n_people": 0, "n_days": 0.0}
        | {"reason": reasons[trigger] or "no order in time"}
        for person in people
        for trigger in request.triggers
        for lag in request.lags
        if reasons[trigger] or lag not in usable
    ]
    if missing:
        refused = pd.DataFrame(missing)
        frame = refused.reindex(columns=frame.columns.union(refused.columns)) if frame.empty else _stack(frame, refused)
    return frame.sort_values(["person", "trigger", "lag"], kind="stable", ignore_index=True)


def _stack(frame: pd.DataFrame, refused: pd.DataFrame) -> pd.DataFrame:
    filled = {name: refused[name] if name in refused else np.full(len(refused), np.nan) for name in frame.columns}
    return pd.concat([frame, pd.DataFrame(filled)], ignore_index=True)


def _finish(frame: pd.DataFrame, request: Request, measure: str) -> pd.DataFrame:
    """Add intervals, labels and adjusted p-values; put ratios on the ratio scale."""
    frame = tell_intervals(frame, measure)
    frame["outcome"] = request.outcome
    frame["step"] = request.variables.loc[frame["trigger"], "step"].to_numpy(float)
    frame["unit"] = request.variables.loc[frame["trigger"], "unit"].to_numpy()
    frame["p_adjusted"] = adjust_p_values(frame["p_value"])
    frame["order"] = label_order(request, frame["trigger"], frame["lag"])
    return frame[COLUMNS]


def tell_intervals(frame: pd.DataFrame, measure: str, *, alpha: float = 0.05) -> pd.DataFrame:
    """Return rows of `pool_people` or `list_people` with ``measure`` and intervals, ratios on the ratio scale."""
    frame = frame.assign(**{name: frame[name].astype(float) if name in frame else np.nan for name in MODEL_NUMBERS})
    found = describe_estimates(frame["estimate"], frame["se"], frame["df"], alpha=alpha)
    for name, level in (("ci", alpha), ("ci90", 0.10)):
        ends = agree_with_test(
            found[f"{name}_lower"], found[f"{name}_upper"], frame["estimate"], frame["p_value"], alpha=level
        )
        frame = frame.assign(**dict(zip((f"{name}_lower", f"{name}_upper"), ends, strict=True)))
    frame = frame.assign(measure=measure)
    if measure != "difference":
        frame[ON_OUTCOME_SCALE] = np.exp(frame[ON_OUTCOME_SCALE].clip(-LARGEST_LOG, LARGEST_LOG))
    return frame.assign(n_days=frame["n_days"].fillna(0).astype(int), n_people=frame["n_people"].astype(int))
