"""What a call asks for: the outcome, the triggers, the lags; and which pairs make no sense."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from twitchstats.errors import OptionError, UnknownNameError, check_choice, unknown_name
from twitchstats.journal.record import Journal
from twitchstats.panel import Panel, build_panel

HOUR = {"night": 0, "day": 1, "bedtime": 2}
NO_TRIGGERS = ("outcome", "person", "none")  # roles that are not tried unless asked for
CHANCE = 1e-9  # probability below which chance is no explanation
PRACTICALLY_ALWAYS = 0.97  # share of days; people's entries are not without slips
OFTEN = 0.8  # share of days with the outcome from which its presence says nothing
DETERMINED = 0.999  # share of an outcome's variance on the same day above which the trigger is the same thing


@dataclass(frozen=True)
class Request:
    """A checked call: the panel of everything it needs, and the dictionary indexed by name."""

    panel: Panel
    variables: pd.DataFrame
    outcome: str
    triggers: tuple[str, ...]
    lags: tuple[int, ...]

    @property
    def kind(self) -> str:
        """Kind of the outcome."""
        return str(self.variables.loc[self.outcome, "kind"])


def prepare_request(
    journal: Journal, outcome: str | None, triggers: Sequence[str] | str | None, lags: Sequence[int] | int
) -> Request:
    """Check what was asked and lay the journal out.

    Parameters
    ----------
    journal : Journal
    outcome : str or None
        None stands for the journal's own outcome.
    triggers : sequence of str or None
        None stands for every numeric variable that is no outcome itself.
    lags : sequence of int

    Returns
    -------
    Request

    Raises
    ------
    UnknownNameError
        The outcome or a trigger is not in the journal.
    OptionError
        No outcome can be chosen, or a lag is negative or not whole.
    """
    variables = journal.variables.drop_duplicates("name").set_index("name", drop=False)
    numeric = [name for name in journal.days.columns if pd.api.types.is_numeric_dtype(journal.days[name])]
    variables = variables[variables["name"].isin(numeric)]
    names = list(variables.index)
    outcome = outcome or journal.outcome or ("twitches" if "twitches" in names else None)
    if outcome is None:
        raise OptionError(f"No outcome was named. Give outcome= one of {', '.join(map(repr, sorted(names)))}.")
    outcome = _resolve(journal, outcome, names, "variable")
    if triggers is None:
        chosen = [name for name in names if name != outcome and variables.loc[name, "role"] not in NO_TRIGGERS]
    else:
        chosen = [triggers] if isinstance(triggers, str) else list(triggers)
        chosen = [_resolve(journal, name, names, "trigger") for name in chosen]
    needed = sorted({outcome, *chosen})
    panel = build_panel(journal, variables=needed)
    return Request(panel, variables, outcome, tuple(sorted(set(chosen))), _check_lags(lags))


def _resolve(journal: Journal, name: str, names: Sequence[str], kind: str) -> str:
    """Return the name of a numeric variable that is called by its name, its header in the file, label or alias."""
    if name in names:
        return name
    try:
        found = journal.resolve_name(name)
    except UnknownNameError:
        found = ""
    if found not in names:
        raise unknown_name(kind, name, sorted(names))
    return found


def _check_lags(lags: Sequence[int] | int) -> tuple[int, ...]:
    """Return the lags as whole numbers, each once, in order."""
    listed = [lags] if isinstance(lags, (int, np.integer)) else list(lags)
    for lag in listed:
        if isinstance(lag, bool) or not isinstance(lag, (int, np.integer)) or lag < 0:
            raise OptionError(f"lags={lags!r} is not possible: {lag!r} is no whole number of days from 0 on.")
    if not listed:
        raise OptionError("lags=() is not possible: name at least one lag, such as lags=(0, 1).")
    return tuple(sorted({int(lag) for lag in listed}))


def check_by(by: str, allowed: Sequence[str] = ("person", "pooled")) -> None:
    """Raise OptionError unless `by` is one of the ways to tell people apart or together."""
    check_choice("by", by, allowed)


def check_dates(trend: str, weekday: bool) -> None:
    """Raise OptionError unless `trend` and `weekday` say what of the dates is to be taken out."""
    check_choice("trend", trend, ("smooth", "linear", "none"))
    if not isinstance(weekday, (bool, np.bool_)):
        raise OptionError(f"weekday={weekday!r} is not possible. Choose True or False.")


def order_in_time(variables: pd.DataFrame, trigger: str, outcome: str, lag: int) -> str:
    """Tell whether the trigger came before the outcome.

    Returns
    -------
    str
        "forward" (the trigger came first), "same time" (no order: both belong to the same part of the day, or it is
        not known to which) or "backward" (the outcome came first). Sleep belongs to the night before its day, coffee
        to the waking day, a rating to its end.
    """
    if lag > 0:
        return "forward"
    first, second = (HOUR.get(str(variables.loc[name, "timing"])) for name in (trigger, outcome))
    if first is None or second is None or first == second:
        return "same time"
    return "forward" if first < second else "backward"


def label_order(request: Request, triggers: pd.Series, lags: pd.Series) -> pd.Series:
    """Return the order in time of each row's pair."""
    orders = {
        (trigger, lag): order_in_time(request.variables, trigger, request.outcome, lag)
        for trigger in request.triggers
        for lag in request.lags
    }
    return pd.Series([orders[pair] for pair in zip(triggers, lags, strict=True)], index=triggers.index, dtype="str")


def refuse_tautology(request: Request, trigger: str) -> str:
    """Return why a trigger can't be set against the outcome, or "".

    A pair is refused where one side is part of the other (twitches in episodes), is the same variable, or equals a
    straight-line function of the other on practically every day of the same date. It is an echo where the outcome is
    there on practically every day with (or every day without) the trigger, so often that chance can't explain it: such
    a column describes the outcome, as the place of a pain does. An outcome that is there most days can't show this.
    """
    outcome, variables = request.outcome, request.variables
    if trigger == outcome:
        return "the outcome itself"
    if variables.loc[trigger, "part_of"] == outcome or variables.loc[outcome, "part_of"] == trigger:
        return "computed from the outcome"
    x, y = request.panel.get(trigger), request.panel.get(outcome)
    if _same_values(x, y):
        return "computed from the outcome"
    return "told only with the outcome" if _is_echo(x, y) else ""


def _is_echo(x: np.ndarray, y: np.ndarray) -> bool:
    """Tell whether the outcome is there practically always with x, or without, against all chance."""
    both = np.isfinite(x) & np.isfinite(y)
    if not both.any():
        return False
    there, lowest = y[both] > 0, x[both] == x[both].min()
    share = there.mean()
    return share < OFTEN and any(
        bool(there[days].mean() >= PRACTICALLY_ALWAYS)
        and stats.binom.sf(there[days].sum() - 1, days.sum(), share) < CHANCE
        for days in (lowest, ~lowest)
        if days.any()
    )


def _same_values(x: np.ndarray, y: np.ndarray) -> bool:
    """Tell whether two variables are practically one straight line over all common days."""
    both = np.isfinite(x) & np.isfinite(y)
    if both.sum() < 10:
        return False
    a, b = x[both], y[both]
    if not (np.var(a) > 0 and np.var(b) > 0):  # also where differences are too small to be squared
        return False
    return bool(np.corrcoef(a, b)[0, 1] ** 2 > DETERMINED)
