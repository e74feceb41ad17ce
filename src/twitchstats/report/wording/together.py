"""Triggers that measure one thing, and days that are taken together."""

from typing import Any

import pandas as pd

from twitchstats.journal import Journal
from twitchstats.report.tables import Table, format_p, show_table
from twitchstats.report.wording.prose import NARROW, Prose, format_effect, format_interval, join_words, list_some, quote
from twitchstats.report.wording.reading import label_of

MEMBER = f"↳{NARROW}"  # stands before the members of a group that follow its strongest
ALPHA = 0.05
UNFOUND = (
    "'Could be found from': an effect at least so strong, downwards / upwards, would have been found four times out of "
    "five; 'no size' where these days are too few to find even the strongest that can be computed."
)
_MOST = 15


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
