"""Triggers that measure one thing, and days that are taken together."""

from typing import Any

import pandas as pd

from twitchstats.journal import Journal
from twitchstats.report.tables import Table, format_p, show_table
from twitchstats.report.wording.prose import NARROW, Prose, format_effect, format_interval, join_words, list_some, quote
from twitchstats.report.wording.reading import label_of

MEMBER = f"↳{NARROW}"  # stands before the members of a group that follow its strongest
ALPHA = 0.05
CLEAR, POSSIBLE, OPEN = "clear", "possible, not clear", "can't be told"
UNFOUND = (
    "'Could be found from': an effect at least so strong, downwards / upwards, would have been found four times out of "
    "five; 'no size' where these days are too few to find even the strongest that can be computed."
)
_MOST = 15


def judge_effects(effects: pd.DataFrame) -> "pd.Series[str]":
    """Say of each effect in plain words how sure it is.

    Parameters
    ----------
    effects : DataFrame
        As `estimate_effects` returns it.

    Returns
    -------
    Series
        "clear": the adjusted p-value is below .05. "possible, not clear": only that of this one test is (its interval
        excludes no effect). "can't be told": everything else, also what has no estimate.

    >>> judge_effects(pd.DataFrame({"p_value": [0.001, 0.02, 0.3], "p_adjusted": [0.01, 0.2, 0.5]})).tolist()
    ['clear', 'possible, not clear', "can't be told"]
    """
    words = effects["p_value"].lt(ALPHA).map({True: POSSIBLE, False: OPEN})
    return words.mask(effects["p_adjusted"].lt(ALPHA), CLEAR).rename("verdict")


def describe_groups(journal: Journal, groups: pd.DataFrame) -> Prose:
    """Name the groups of triggers that measure one thing several ways; nothing where there is none."""
    if groups.empty or groups["n_members"].max() < 2:
        return Prose("")
    told = []
    for _, group in groups[groups["n_members"] > 1].groupby("group", sort=True):
        leader, *others = [quote(label_of(journal, name)) for name in group["trigger"]]
        told.append(f"**{leader}** with {join_words(others)}")
    return Prose(
        f"These go so closely together that each group is best read as one finding, its strongest member first: "
        f"{'; '.join(told)}. In the table the others follow with {MEMBER.strip()}; none is hidden, and all tests count."
    )


def list_followers(groups: pd.DataFrame) -> set[str]:
    """Return the triggers that follow a stronger one of their group."""
    return set(groups.loc[~groups["leader"], "trigger"]) if len(groups) else set()


def tabulate_cumulative(journal: Journal, cumulative: pd.DataFrame, *, most: int = _MOST) -> Table | Prose:
    """Show what one step more on each of several days does, all days taken together."""
    tested = cumulative[cumulative["estimate"].notna()] if len(cumulative) else cumulative
    if tested.empty:
        return Prose("")
    ordered = tested.sort_values(["p_value", "trigger"], kind="stable")
    rows = [
        {
            "Trigger": label_of(journal, row["trigger"]),
            "Effect": format_effect(row["estimate"], row["measure"]),
            "95 % interval": format_interval(row["ci_lower"], row["ci_upper"], row["measure"]),
            f"p, adjusted ({row['family']})": format_p(row["p_adjusted"]),
            "Could be found from": tell_detectable(row),
        }
        for row in ordered.head(most).to_dict("records")
    ]
    days = int(tested["days"].iloc[0])
    caption = (
        f"The {days} days before together: what one step more on each of these {days} days does, as one number. p is "
        "adjusted over the tests of this table."
    )
    found = ordered.loc[ordered["p_adjusted"] < ALPHA, "trigger"]
    caption += f" Stands out: {list_some([label_of(journal, name) for name in found]) or 'none'}."
    if len(ordered) > most:
        caption += f" The {most} with the smallest p of {len(ordered)}."
    rest = cumulative.loc[cumulative["estimate"].isna(), "reason"].value_counts()
    if len(rest):
        caption += f" Not told: {join_words([f'{count} ({reason})' for reason, count in rest.items()])}."
    return show_table(pd.DataFrame(rows), caption)


def tell_detectable(row: dict[Any, Any]) -> str:
    """Say from which effect on, less and more, an effect would have been found."""
    sides = (row["detectable_down"], row["detectable_up"])
    return " / ".join("no size" if pd.isna(side) else format_effect(side, row["measure"]) for side in sides)
