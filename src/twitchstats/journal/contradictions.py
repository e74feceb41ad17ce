"""What a journal says twice and differently: each is kept, and told."""

import numpy as np
import pandas as pd

from twitchstats.journal.record import Rejects, list_some

TWIN_DAYS = 10  # with the same entries, that no two people have by chance
MOST_PEOPLE = 200  # of whom twins are looked for: in a crowd one more or less changes nothing
_KINDS = {"twitches": "twitch", "cramps": "cramp", "spasms": "spasm"}  # a count of the day and the kind of its episodes


def note_contradictions(
    days: pd.DataFrame, variables: pd.DataFrame, episodes: pd.DataFrame, calendar: str, rejects: Rejects
) -> None:
    """Tell of days without twitching that have an intensity or an episode all the same, and of one diary kept twice."""
    _note_twins(days, rejects)
    label = variables.set_index("name")["label"]
    counts = [name for name in _KINDS if name in days and pd.api.types.is_numeric_dtype(days[name])]
    if counts and "intensity" in days:
        strong = days.index[days[counts].eq(0).all(axis=1) & days["intensity"].gt(0)]
        where, verb = " and ".join(label[counts]), "is" if len(counts) == 1 else "are"
        _note("days", "intensity", f"{label['intensity']} is above zero where {where} {verb} 0", strong, rejects)
    if calendar == "none" or episodes.empty:
        return
    starts = episodes["start"].dt.floor("D") if calendar == "date" else episodes["start"].floordiv(1)
    for name in counts:
        mine = episodes["kind"].eq(_KINDS[name])
        begun = pd.MultiIndex.from_arrays([episodes.loc[mine, "person"], starts[mine]], names=days.index.names)
        none = days.index[days[name].eq(0) & days.index.isin(begun)]
        _note("episodes", "start", f"{label[name]} is 0 where an episode of this kind began", none, rejects)


def _note_twins(days: pd.DataFrame, rejects: Rejects) -> None:
    """Tell of people who have the same entries on the same days, all of them."""
    sizes = np.bincount(days.index.codes[0])
    if len(sizes) > MOST_PEOPLE or np.bincount(sizes[sizes >= TWIN_DAYS]).max(initial=0) < 2:
        return
    entries = pd.util.hash_pandas_object(days.droplevel("person")).set_axis(days.index)
    seen = entries.groupby(level="person").agg(["sum", "size"])
    for (_, size), same in seen[seen["size"] >= TWIN_DAYS].groupby(["sum", "size"], sort=False):
        if len(same) > 1:
            names = list_some([str(name) for name in same.index], 3)
            message = (
                f"{names} have the same entries on all of their {size:,} days; all are kept, but if this is one "
                "person's diary under several names, leave one: it would count several times"
            )
            rejects.note("days", "person", "contradiction", message)


def _note(table: str, column: str, what: str, places: pd.MultiIndex, rejects: Rejects) -> None:
    if len(places):
        days = [f"{date:%Y-%m-%d}" if isinstance(date, pd.Timestamp) else f"{date:g}" for _, date in places]
        told = f"{len(days):,} {'day' if len(days) == 1 else 'days'}"
        message = f"{what}, on {told} ({list_some(days, 3)}); both are kept, but one of them may be a slip"
        rejects.note(table, column, "contradiction", message)
