"""Looking again and again: how often a journal was looked at, and what holds at every look."""

import pandas as pd

from twitchstats.journal import Journal
from twitchstats.report.looks import UNKNOWN
from twitchstats.report.tables import Table, show_table
from twitchstats.report.wording.prose import Prose, count_noun
from twitchstats.report.wording.rows import lay_columns


def describe_looks(looks: int) -> Prose:
    """Say how often a report was made of earlier states of the journal, and what that does to chance."""
    if not looks:
        return Prose("")
    times = (
        "How often a report of this journal was made before is not known, since its list of looks is gone or new."
        if looks == UNKNOWN
        else f"A report was made of {count_noun(looks, 'earlier state')} of this journal."
    )
    return Prose(
        f"**Looked at before.** {times} Whoever looks again and again will sooner or later see chance stand out. The "
        "right half of the table holds however often one looks (Lindon, Ham, Tingley and Bojinov 2022), each trigger "
        "by itself, and costs some power: its intervals are the wider ones."
    )


def tabulate_looks(journal: Journal, primary: pd.DataFrame, looks: int) -> Table | Prose:
    """Show what holds at one look beside what holds at every look, of one person's diary."""
    told = primary[primary["estimate"].notna() & primary["p_anytime"].notna()]
    if not looks or told.empty:
        return Prose("")
    names = ("Trigger", "Effect", "95 % interval", "p", "95 % interval, any look", "p, any look")
    table = lay_columns(told, *names, journal=journal)
    return show_table(table, "Both sides are of each trigger alone, not adjusted for the others.")
