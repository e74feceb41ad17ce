"""What was not tested, and why: every trigger that the journal holds is told somewhere."""

import pandas as pd

from twitchstats.journal import Journal
from twitchstats.report.tables import Table, show_table
from twitchstats.report.wording.prose import Prose, count_noun, join_words, list_some
from twitchstats.report.wording.rows import label_of

IN_PLAIN_WORDS = {
    "told only with the outcome": "it describes or answers the outcome, as a pain's place or reliever does: no cause",
    "computed from the outcome": "it is a part of the outcome, or the same numbers once more",
    "the outcome itself": "nothing can be a trigger of itself",
    "not recorded": "it was never filled in",
    "too few days": "too few days on which all that is needed is known",
    "too few events": "the outcome was there, or was missing, on too few of its days",
    "no variation": "it, or the outcome on its days, was always the same",
    "no variation of its own": "the weekday, the slow trend or its own day before already tells it",
    "too few days with and without it": "it was there, or was missing, on too few days",
    "too few changes": "it began or ended too seldom",
    "separation": "with it the outcome was always there, or never: no size can be given",
    "no order in time": "the entries are not in order, so there is no day before",
}
_ECHOES = ("told only with the outcome", "computed from the outcome", "the outcome itself")


def tabulate_refused(journal: Journal, effects: pd.DataFrame, primary: pd.DataFrame) -> Table | Prose:
    """Show the triggers that were not tested by reason, each by its name, and tell which were only at some lags."""
    refused = primary[primary["estimate"].isna()]
    partly = _tell_single_lags(journal, effects, set(refused["trigger"]))
    if refused.empty:
        return Prose(partly)
    rows = [
        {
            "Why not": ": ".join(filter(None, (str(reason), IN_PLAIN_WORDS.get(str(reason))))),
            "Triggers": len(group),
            "Which": ", ".join(sorted((label_of(journal, name) for name in group["trigger"]), key=str.casefold)),
        }
        for reason, group in refused.groupby("reason", sort=True)
    ]
    ordered = pd.DataFrame(rows).sort_values("Triggers", ascending=False, kind="stable")
    verb = "was" if len(refused) == 1 else "were"
    caption = f"{len(refused)} of {count_noun(len(primary), 'possible trigger')} {verb} not tested."
    if echoes := refused["reason"].isin(_ECHOES).sum():
        caption += (
            f" {echoes} of these only {'comes' if echoes == 1 else 'come'} with the outcome, or tells of it in other "
            "words. Such a column would look like the strongest trigger of all, and would mean nothing."
        )
    return show_table(ordered, f"{caption} {partly}".strip())


def _tell_single_lags(journal: Journal, effects: pd.DataFrame, told: set[str]) -> str:
    """Name the triggers that were tested, but not at every lag."""
    partly = effects[effects["estimate"].isna() & ~effects["trigger"].isin(told)]
    names = [
        f"{label_of(journal, str(name))} ({join_words(sorted(group['reason'].unique()))})"
        for name, group in partly.groupby("trigger", sort=True)
    ]
    return f"Not at every lag: {list_some(names)}." if names else ""
