"""Everything a report tells, computed once: page, notebook and command line show the same frames."""

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from twitchstats.errors import UnknownNameError, unknown_name
from twitchstats.journal import Journal
from twitchstats.report.summary import find_outcome

LAGS = (0, 1, 2, 3)
WINDOW = 3  # days before that are also taken together
_ORDERS = ("forward", "same time", "backward")


@dataclass(frozen=True, eq=False)
class Findings:
    """The frames of a report.

    Attributes
    ----------
    outcome : str
        What is explained.
    effects : DataFrame
        All triggers at all lags, people pooled (`estimate_effects`).
    primary : DataFrame
        One row for each trigger (`pick_primary`); members of one group stand together.
    groups : DataFrame
        Which of the tested triggers measure one thing several ways (`group_triggers`).
    cumulative : DataFrame
        The days before taken together (`estimate_cumulative_effects`); empty where there is no order in time.
    directions : DataFrame
        Forward and reverse (`compare_directions`); empty where the journal has no order in time.
    risks : DataFrame
        How often the outcome is there with and without a yes/no trigger (`estimate_risks`).
    ledger : DataFrame
        The claims (`check_claims`).
    """

    outcome: str
    effects: pd.DataFrame
    primary: pd.DataFrame
    groups: pd.DataFrame
    cumulative: pd.DataFrame
    directions: pd.DataFrame
    risks: pd.DataFrame
    ledger: pd.DataFrame


def collect_findings(journal: Journal, *, triggers: Sequence[str] = ()) -> Findings:
    """Compute the findings of a report on a journal.

    Parameters
    ----------
    journal : Journal
    triggers : sequence of str
        Names, or patterns such as ``trigger_*``, of the variables to look at; by default all that are no outcome.

    Raises
    ------
    JournalError
        The journal has no outcome.
    UnknownNameError
        A name or pattern fits no variable.
    """
    from twitchstats.claims import check_claims
    from twitchstats.triggers import (
        compare_directions,
        estimate_cumulative_effects,
        estimate_effects,
        estimate_risks,
        group_triggers,
    )

    outcome = find_outcome(journal)
    chosen = match_names(journal, triggers) or None
    ordered = journal.calendar != "none"
    effects = estimate_effects(journal, outcome=outcome, triggers=chosen, lags=LAGS if ordered else (0,))
    primary = pick_primary(effects)
    tested = list(primary.loc[primary["estimate"].notna(), "trigger"])
    groups = group_triggers(journal, outcome=outcome, triggers=tested, effects=primary)
    return Findings(
        outcome=outcome,
        effects=effects,
        primary=join_groups(primary, groups),
        groups=groups,
        cumulative=(
            estimate_cumulative_effects(journal, outcome=outcome, triggers=chosen, days=WINDOW, first_lag=1)
            if ordered
            else pd.DataFrame()
        ),
        directions=compare_directions(journal, outcome=outcome, triggers=chosen) if ordered else pd.DataFrame(),
        risks=estimate_risks(journal, outcome=outcome, triggers=chosen),
        ledger=check_claims(journal),
    )


def match_names(journal: Journal, patterns: Sequence[str]) -> list[str]:
    """Return the numeric variables that names or patterns fit, in the journal's order, without the outcome.

    Raises
    ------
    UnknownNameError
        A name or pattern fits no variable.
    """
    names = [str(name) for name in journal.variables.loc[journal.variables["kind"] != "text", "name"]]
    names = [name for name in names if name != journal.outcome]
    wanted: set[str] = set()
    for pattern in patterns:
        fitting = fnmatch.filter(names, pattern) or [name for name in [_resolve(journal, pattern)] if name in names]
        if not fitting:
            raise unknown_name("trigger", pattern, names)
        wanted.update(fitting)
    return [name for name in names if name in wanted]


def _resolve(journal: Journal, name: str) -> str:
    """Return the variable that a name as written in the file stands for, or ""."""
    try:
        return journal.resolve_name(name)
    except UnknownNameError:
        return ""


def pick_primary(effects: pd.DataFrame) -> pd.DataFrame:
    """Keep one row for each trigger: the first lag at which it comes before the outcome, chosen without looking.

    Parameters
    ----------
    effects : DataFrame
        As `estimate_effects` returns it, pooled.

    Returns
    -------
    DataFrame
        Rows with an estimate first, by adjusted p-value; where no lag runs forward, the smallest lag.
    """
    rank = effects["order"].map({name: place for place, name in enumerate(_ORDERS)}).fillna(len(_ORDERS))
    ordered = effects.assign(_rank=rank).sort_values(["trigger", "_rank", "lag"], kind="stable")
    chosen = ordered.groupby("trigger", sort=True).head(1)
    return chosen.sort_values(["p_adjusted", "trigger"], kind="stable").drop(columns="_rank").reset_index(drop=True)


def join_groups(primary: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Let the members of a group follow its strongest; what has no estimate comes last.

    Parameters
    ----------
    primary : DataFrame
        As `pick_primary` returns it.
    groups : DataFrame
        As `group_triggers` returns it for the triggers that have an estimate.
    """
    place = {str(name): number for number, name in enumerate(groups["trigger"])}
    rank = primary["trigger"].map(place).fillna(len(place))
    return primary.loc[rank.sort_values(kind="stable").index].reset_index(drop=True)
