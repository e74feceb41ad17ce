"""What a call asks for: the outcome, the triggers, the lags; and which pairs make no sense."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import pandas as pd
from scipy import stats

from twitchstats.arrays import FloatArray
from twitchstats.errors import OptionError, UnknownNameError, check_choice, check_list, check_whole, unknown_name
from twitchstats.journal.record import Journal, check_journal
from twitchstats.panel import Panel, build_panel

HOUR = {"night": 0, "day": 1, "bedtime": 2}
LONGEST_LAG = 365  # days: an effect a year later is no longer asked day by day
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

    @cached_property
    def refusals(self) -> dict[str, str]:
        """Why a trigger can't be set against the outcome, by trigger; "" where it can."""
        known = self.panel.map_blocks(partial(_compare_sides, outcome=self.outcome, triggers=self.triggers))
        return {
            name: self._refuse_by_name(name) or _refuse_by_values({key: value[:, i] for key, value in known.items()})
            for i, name in enumerate(self.triggers)
        }

    def _refuse_by_name(self, trigger: str) -> str:
        if trigger == self.outcome:
            return "the outcome itself"
        part_of = self.variables["part_of"]
        is_part = part_of[trigger] == self.outcome or part_of[self.outcome] == trigger
        return "computed from the outcome" if is_part else ""


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
        No outcome can be chosen, a lag is negative or not whole, or `journal` is no journal.
    """
    check_journal(journal)
    variables = journal.variables.drop_duplicates("name").set_index("name", drop=False)
    variables = variables[variables["name"].isin(journal.numeric)]
    names = list(variables.index)
    if outcome is None:
        outcome = journal.outcome or ("twitches" if "twitches" in names else None)
    if outcome is None:
        raise OptionError(f"No outcome was named. Give outcome= one of {', '.join(map(repr, sorted(names)))}.")
    outcome = _resolve(journal, outcome, names, "variable")
    if triggers is None:
        chosen = [name for name in names if name != outcome and variables.loc[name, "role"] not in NO_TRIGGERS]
    else:
        chosen = [triggers] if isinstance(triggers, str) else check_list("triggers", triggers)
        chosen = [_resolve(journal, name, names, "trigger") for name in chosen]
    needed = sorted({outcome, *chosen})
    panel = build_panel(journal, variables=needed)
    return Request(panel, variables, outcome, tuple(sorted(set(chosen))), _check_lags(lags))


def _resolve(journal: Journal, name: object, names: Sequence[str], kind: str) -> str:
    """Return the name of a numeric variable that is called by its name, its header in the file, label or alias."""
    found = None
    if isinstance(name, str):
        with suppress(UnknownNameError):
            found = name if name in names else journal.resolve_name(name)
    if found not in names:
        raise unknown_name(kind, name, sorted(names))
    return str(found)


def _check_lags(lags: Sequence[int] | int) -> tuple[int, ...]:
    """Return the lags as whole numbers, each once, in order."""
    listed = [lags] if isinstance(lags, (int, np.integer)) else check_list("lags", lags)
    for lag in listed:
        check_whole("lags", lag, least=0, most=LONGEST_LAG)
    if not listed:
        raise OptionError("lags=() is not possible: name at least one lag, such as lags=(0, 1).")
    return tuple(sorted({int(lag) for lag in listed}))


def check_by(by: str, allowed: Sequence[str] = ("person", "pooled")) -> None:
    """Raise OptionError unless `by` is one of the ways to tell people apart or together."""
    check_choice("by", by, allowed)


def check_lag(lag: int, *, least: int = 0) -> None:
    """Raise OptionError unless this is one lag, in whole days."""
    check_whole("lag", lag, least=least, most=LONGEST_LAG)


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
    return request.refusals[trigger]


def _compare_sides(panel: Panel, *, outcome: str, triggers: Sequence[str]) -> dict[str, FloatArray]:
    """Return each person's sums over the days on which outcome and trigger are known, arrays (P, T).

    ``n, events`` (days, and those with the outcome), ``lowest`` (of the trigger), ``n_lowest, events_lowest`` (on days
    with it); ``x, y`` (means), ``xx, yy, xy`` (sums of squares and products around them).
    """
    y = panel.get(outcome)
    found: list[dict[str, FloatArray]] = []
    for name in triggers:
        x = panel.get(name)
        both = np.isfinite(x) & np.isfinite(y)
        n = both.sum(1)
        lowest = np.where(both, x, np.inf).min(1, initial=np.inf)
        low, there = both & (x == lowest[:, None]), both & (y > 0)
        row = {"n": n, "events": there.sum(1), "lowest": lowest, "n_lowest": low.sum(1)}
        row["events_lowest"] = (low & there).sum(1)
        row |= {key: np.where(both, value, 0.0).sum(1) / np.maximum(n, 1) for key, value in (("x", x), ("y", y))}
        dx, dy = (np.where(both, value - row[key][:, None], 0.0) for key, value in (("x", x), ("y", y)))
        row |= {"xx": (dx * dx).sum(1), "yy": (dy * dy).sum(1), "xy": (dx * dy).sum(1)}
        found.append({key: np.asarray(value, float) for key, value in row.items()})
    return {key: np.stack([row[key] for row in found], axis=1) for key in (found[0] if found else ())}


def _refuse_by_values(sides: dict[str, FloatArray]) -> str:
    """Return why the values of a trigger and the outcome, as `_compare_sides` sums them up (P,), are no pair, or ""."""
    if _same_values(sides):
        return "computed from the outcome"
    return "told only with the outcome" if _is_echo(sides) else ""


def _is_echo(sides: dict[str, FloatArray]) -> bool:
    """Tell whether the outcome is there practically always with a trigger, or without, against all chance."""
    n, events = sides["n"].sum(), sides["events"].sum()
    share = events / max(n, 1)
    low = sides["lowest"] == sides["lowest"].min(initial=np.inf)
    n_low, events_low = (sides[name][low].sum() for name in ("n_lowest", "events_lowest"))
    if not n or share >= OFTEN:
        return False
    n_with, events_with = n - n_low, events - events_low
    only_with = events_with >= PRACTICALLY_ALWAYS * n_with > 0
    only_without = events_low >= PRACTICALLY_ALWAYS * n_low > 0
    return bool(  # among the ways to lay the outcome's days, so that those without both count, too
        (only_with and stats.hypergeom.sf(events_with - 1, n, events, n_with) < CHANCE)
        or (only_without and stats.binom.sf(events_low - 1, n_low, share) < CHANCE)
    )


def _same_values(sides: dict[str, FloatArray]) -> bool:
    """Tell whether two variables are practically one straight line over all common days."""
    n = sides["n"]
    if n.sum() < 10:
        return False
    middle = {name: (n * sides[name]).sum() / n.sum() for name in ("x", "y")}
    xx, yy, xy = (
        sides[one + other].sum() + (n * (sides[one] - middle[one]) * (sides[other] - middle[other])).sum()
        for one, other in ("xx", "yy", "xy")
    )
    if not (xx / n.sum() > 0 and yy / n.sum() > 0):  # also where differences are too small to be squared
        return False
    return bool(np.square(xy / np.sqrt(xx) / np.sqrt(yy)) > DETERMINED)
