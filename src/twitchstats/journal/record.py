"""What a journal is once it has been read: five tables and how its days are ordered."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from twitchstats.errors import OptionError, unknown_name
from twitchstats.variables import find_variable, normalise_header

MESSAGE_LIMIT = 800
REJECT_COLUMNS = ["table", "row", "column", "value", "rule", "message", "action"]
VARIABLE_COLUMNS = [
    "name", "source", "label", "role", "kind", "low", "high", "unit", "step", "timing", "combine", "lagged", "outside",
    "part_of", "level", "known", "guessed",
]  # fmt: skip
EPISODE_KINDS = {"twitches": "twitch", "cramps": "cramp", "spasms": "spasm"}  # a day's count -> kind of its episodes
EPISODE_COLUMNS = [
    "person", "start", "duration_s", "ongoing", "kind", "site", "side", "intensity", "pain",
    "stiffness_before", "limited_movement", "fatigue_after",
]  # fmt: skip


def find_name(variables: pd.DataFrame, asked: str) -> str | None:
    """Return the variable that is asked for by its name, header, label (as written or nearly so) or alias, or None."""
    wanted = normalise_header(asked)
    for fits in (lambda text: text == asked, lambda text: wanted and normalise_header(str(text)) == wanted):
        for column in ("name", "source", "label"):
            found = variables["name"][[bool(fits(text)) for text in variables[column]]]
            if len(found):
                return str(found.iloc[0])
    alias = find_variable(asked)
    return alias if alias in set(variables["name"]) else None


@dataclass(frozen=True, eq=False)
class Journal:
    """A read journal.

    Attributes
    ----------
    days : DataFrame
        One row for each reported day, index (person, date). A float column for each variable (yes/no is 1/0,
        missing is NaN); text columns stay text. The index level ``date`` holds timestamps (``calendar="date"``),
        whole day numbers (``"day"``), or, where the file has no order in time (``"none"``), the number of the entry.
    episodes : DataFrame
        One row for each episode (`EPISODE_COLUMNS`): duration in seconds, yes/no as 1.0/0.0, ``ongoing`` 1.0 where
        the end was not seen. May be empty.
    people : DataFrame
        Index ``person``; age in years, sex ("female", "male"), signs, diagnosis. May be empty.
    rejects : DataFrame
        What was refused or changed (`REJECT_COLUMNS`); ``row`` is the line in the file, the header being line 1
        (<NA> where a whole column or person is meant); ``action`` is "row dropped", "cell set missing",
        "rows combined" (one entry for each row that went into an earlier one) or "kept" (a note: nothing was changed).
    variables : DataFrame
        What each column of ``days`` means (`VARIABLE_COLUMNS`), in their order: ``source`` is the header in the file;
        ``role`` one of outcome, trigger, medicine, remedy, own, person (a trait) and none (no trigger: an id, a
        counter, a constant); ``kind`` one of count, amount, rating, yes/no and text; ``step``, in which effects are
        told, the dictionary's, a tenth of a scale, or for amounts of your own the nearest of 1, 2, 5 times a power of
        ten to their standard deviation; ``timing`` night (the one that ends on this day), day, bedtime, or "" where it
        is not known; ``combine`` what became of several rows of a day; ``lagged`` by how many days the file has moved
        it already; ``outside`` True for causes such as the weather; ``level`` the word of a text column that a yes/no
        column stands for; ``known`` how the meaning is known ("dictionary", "schema", "guessed") and ``guessed`` which
        facts are guesses.
    calendar : {"date", "day", "none"}
        How the days are ordered; with "none" nothing can be said about lags.
    outcome : str or None
        The outcome the reader settled on.
    rows_read : int
        Rows of the daily table that were read: ``rows_read == len(days) + rows dropped + rows combined``.
    source : str
        Name of the file ("" for a DataFrame).
    checksum : str
        SHA-256 of the bytes that were read ("" for a DataFrame).

    Examples
    --------
    >>> import twitchstats as tw
    >>> journal, _ = tw.simulate_journal(people=2, days=40, seed=1)
    >>> journal
    <Journal: 2 people, 68 days, 50 variables>
    """

    days: pd.DataFrame
    variables: pd.DataFrame
    episodes: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=EPISODE_COLUMNS))
    people: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(index=pd.Index([], name="person", dtype="str")))
    rejects: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=REJECT_COLUMNS))
    calendar: str = "date"
    outcome: str | None = None
    rows_read: int = 0
    source: str = ""
    checksum: str = ""

    @property
    def numeric(self) -> list[str]:
        """Names of the variables that hold numbers."""
        return [str(name) for name, dtype in self.days.dtypes.items() if pd.api.types.is_numeric_dtype(dtype)]

    @property
    def worded(self) -> list[str]:
        """Names of the columns of words of which each word was read as a yes/no column."""
        words = self.variables.loc[self.variables["level"].ne(""), "source"]
        spread = set(self.variables.loc[self.variables["source"].isin(words), "name"]).difference(self.numeric)
        return [str(name) for name in self.days if name in spread]

    @property
    def texts(self) -> list[str]:
        """Names of all other columns of words: free text, which stays private."""
        known = {*self.numeric, *self.worded}
        return [str(name) for name in self.days if name not in known]

    def resolve_name(self, name: str) -> str:
        r"""Return the variable that a name stands for: its own, the header in the file, the label, or an alias.

        Raises
        ------
        UnknownNameError
            There is no such variable.

        Examples
        --------
        >>> import io
        >>> from twitchstats.journal import read_journal
        >>> read_journal(io.StringIO("date,Muscle twitches,TST (min)\n2024-03-01,3,420")).resolve_name("TST (min)")
        'tst'
        """
        found = find_name(self.variables, name)
        if found is None:
            raise unknown_name("variable", name, self.variables["name"])
        return found

    def __repr__(self) -> str:
        n_people = len(self.days.index.unique("person"))
        return f"<Journal: {n_people} people, {len(self.days)} days, {len(self.variables)} variables>"

    def _repr_html_(self) -> str:
        from twitchstats.showing import show_journal  # a notebook asks for it, the room of journals does not

        return show_journal(self)


def quote_some(names: Iterable[object], most: int = 6) -> str:
    """Return names in quotation marks for a message: the first ones, where there are many.

    >>> quote_some(["a", "b", "c"], 2)
    "'a', 'b', ..."
    """
    told = list(map(repr, map(str, names)))
    return ", ".join(told[:most] + ["..."] * (len(told) > most))


@dataclass
class Rejects:
    """Collects what was refused, changed or noted; `frame` puts it in the order of table, row and column."""

    entries: list[tuple[Any, ...]] = field(default_factory=list)

    def add(self, table: str, row: int | None, column: str, value: str, rule: str, message: str, action: str) -> None:
        """Add one entry; `row` is None where a whole column or person is meant."""
        if len(message) > MESSAGE_LIMIT:
            message = f"{message[: MESSAGE_LIMIT // 2]} ... {message[-MESSAGE_LIMIT // 2 :]}"
        self.entries.append((table, row, column, value, rule, message, action))

    def note(self, table: str, column: str, rule: str, message: str, value: str = "") -> None:
        """Add a remark on what was kept."""
        named = column if re.match(r"column \d+$", column) else f"column {column}"  # one without a header
        told = f"{named}: {message}" if column or rule == "note" else message
        self.add(table, None, column, value, rule, told, "kept")

    def frame(self) -> pd.DataFrame:
        """Return the entries with `REJECT_COLUMNS`; ``row`` is Int64, <NA> where no single row is meant."""
        order = {"days": 0, "episodes": 1, "people": 2}
        entries = sorted(
            self.entries, key=lambda e: (order.get(e[0], 3), e[1] is not None, e[1] or 0, e[2], e[4], e[3])
        )
        frame = pd.DataFrame(entries, columns=REJECT_COLUMNS)
        frame["row"] = frame["row"].astype("Int64")
        return frame.astype(dict.fromkeys([name for name in REJECT_COLUMNS if name != "row"], "str"))


def check_journal(journal: object) -> None:
    """Raise OptionError unless this is a journal.

    >>> check_journal("my_journal.csv")
    Traceback (most recent call last):
    twitchstats.errors.OptionError: 'my_journal.csv' is no journal. Read it first, with read_journal.
    """
    if not isinstance(journal, Journal):
        named = repr(journal) if isinstance(journal, str) else f"A {type(journal).__name__}"
        raise OptionError(f"{named} is no journal. Read it first, with read_journal.")
