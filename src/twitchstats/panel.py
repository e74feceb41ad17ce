"""A journal as person x day arrays on the calendar: gaps stay gaps, lags go by date."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from twitchstats.arrays import AnyArray, BoolArray, FloatArray, IntArray
from twitchstats.errors import OptionError, unknown_name
from twitchstats.journal.record import Journal, check_journal

BlockFunction = partial[dict[str, AnyArray]]  # of a panel: arrays with a row for each person
LEAST_COPIES = 3  # days equal to the day before, from which copying is looked for
TIMES_CHANCE = 3.0
PAIR = ("outcome", "trigger")  # names of the two variables of a panel of pairs
MOST_COMMON = 0.1  # share of days with the same values above which being alike says nothing


@dataclass(frozen=True, eq=False)
class Panel:
    """The daily variables of a journal, each person on a calendar of their own.

    Attributes
    ----------
    people : Index of str, length P
    names : tuple of str, length V
    values : float array, (V, P, D)
        D is the longest span of any person in days. Column d is d calendar days after the person's first day;
        NaN where nothing was reported.
    weekday : int array, (P, D)
        0 to 6. For numbered days it is the number modulo 7: the same weekly rhythm with an unknown first day.
    ordered : bool
        False where the journal has no order in time: then lags other than 0 are refused.
    copied : bool array, (P, D)
        Days that were filled in together with the day before: their whole row is its copy.

    Examples
    --------
    >>> import twitchstats as tw
    >>> journal, _ = tw.simulate_journal(people=2, days=40, seed=1)
    >>> panel = tw.build_panel(journal, variables=["twitches"])
    >>> panel.get("twitches").shape, panel.ordered
    ((2, 40), True)
    """

    people: pd.Index
    names: tuple[str, ...]
    values: FloatArray
    weekday: IntArray
    ordered: bool
    copied: BoolArray

    def get(self, name: str) -> FloatArray:
        """Return the (P, D) array of one variable.

        Raises
        ------
        UnknownNameError
            There is no such variable in the panel.
        """
        if name not in self.names:
            raise unknown_name("variable", name, self.names)
        return self.values[self.names.index(name)]

    def get_outcome(self, name: str) -> FloatArray:
        """Return the (P, D) array of a variable in a model: of a run of copied days, all but the first are missing."""
        return np.where(self.copied, np.nan, self.get(name))

    def take(self, people: IntArray) -> "Panel":
        """Return the panel of some people, by position."""
        return Panel(
            self.people[people], self.names, self.values[:, people], self.weekday[people], self.ordered,
            self.copied[people],
        )  # fmt: skip

    def pair(self, people: Sequence[str], name: str, others: Sequence[str]) -> "Panel":
        """Return the panel of pairs of a person and another variable: each a person with two variables, `PAIR`.

        What is the same for all pairs, `name`, stands beside each pair's own.
        """
        rows = self.people.get_indexer(pd.Index(people))
        own = self.values[[self.names.index(other) for other in others], rows]
        return replace(self.take(rows), names=PAIR, values=np.stack([self.get(name)[rows], own]))

    @property
    def share_copied(self) -> float:
        """Share of days that were filled in together with the day before."""
        return float(self.copied.mean()) if self.copied.size else 0.0

    def map_blocks(self, function: BlockFunction, *, together: BlockFunction | None = None) -> dict[str, AnyArray]:
        """Return what a function finds of each person, arrays (P, ...) by name: in memory all people are one block.

        `together` tells by the array of that name who has to be in one block, as they share something.
        """
        return function(self)

    def lag(self, name: str, days: int) -> FloatArray:
        """Return the (P, D) array of the variable `days` calendar days before each day."""
        return shift_days(self.get(name), days)


@dataclass(frozen=True, eq=False)
class Blocks(Panel):
    """A panel that is read block by block when it is worked on; its arrays are empty."""

    mapper: Callable[..., dict[str, AnyArray]]  # runs a function over names, rows, pairs, and who has to be together
    rows: IntArray  # (P,), places in the cohort
    share: float  # what `share_copied` returns
    pairs: tuple[str, tuple[str, ...]] | None = None  # as `pair` was called

    def get(self, name: str) -> FloatArray:
        """Refuse: the days are not in memory.

        Raises
        ------
        OptionError
            Always.
        """
        raise refuse_blocks()

    @property
    def share_copied(self) -> float:
        """Share of days that were filled in together with the day before."""
        return self.share

    def map_blocks(self, function: BlockFunction, *, together: BlockFunction | None = None) -> dict[str, AnyArray]:
        """Return what a function finds of each person, as `Panel.map_blocks` does."""
        needed = self.names if self.pairs is None else tuple(sorted({self.pairs[0], *self.pairs[1]}))
        return self.mapper(needed, self.rows, self.pairs, function, together)

    def pair(self, people: Sequence[str], name: str, others: Sequence[str]) -> "Blocks":
        """Return the panel of pairs of a person and another variable, as `Panel.pair` does."""
        rows = self.people.get_indexer(pd.Index(people))
        return replace(
            self, people=self.people[rows], names=PAIR, rows=self.rows[rows], pairs=(name, tuple(map(str, others)))
        )


def refuse_blocks() -> OptionError:
    """Return the error of a question that blocks of people can't answer."""
    return OptionError(
        "This needs all days of a journal at once, and a cohort is worked on in blocks. What runs over a cohort: "
        "correlate_triggers, estimate_effects, estimate_cumulative_effects, compare_directions, estimate_risks, "
        "group_triggers. cohort.take(people) gives some people as a journal in memory."
    )


def shift_days(values: FloatArray, days: int) -> FloatArray:
    """Move values `days` forward along the last axis; what falls outside is missing.

    >>> shift_days(np.array([1.0, np.nan, 3.0]), 1)
    array([nan,  1., nan])
    """
    shifted = np.full_like(values, np.nan)
    if days == 0:
        shifted[...] = values
    elif 0 < days < values.shape[-1]:
        shifted[..., days:] = values[..., :-days]
    elif -values.shape[-1] < days < 0:
        shifted[..., :days] = values[..., -days:]
    return shifted


def build_panel(journal: Journal, *, variables: Sequence[str] | None = None) -> Panel:
    """Lay a journal out as person x day arrays.

    Parameters
    ----------
    journal : Journal
    variables : sequence of str, optional
        Which variables; by default every numeric one.

    Returns
    -------
    Panel
        People in sorted order whatever the order of rows.

    Raises
    ------
    OptionError
        `journal` is no journal.
    UnknownNameError
        A variable is not in the journal, or is text.

    Examples
    --------
    >>> import twitchstats as tw
    >>> journal, _ = tw.simulate_journal(people=3, days=60, world="articles", seed=1)
    >>> panel = tw.build_panel(journal, variables=["twitches", "stress"])
    >>> panel.names, panel.values.shape
    (('twitches', 'stress'), (2, 3, 60))
    """
    check_journal(journal)
    numeric = journal.numeric
    names = tuple(numeric if variables is None else variables)
    for name in names:
        if name not in numeric:
            raise unknown_name("numeric variable", name, numeric)
    if hasattr(journal, "lay_out"):  # a cohort
        blocks: Panel = journal.lay_out(names)
        return blocks
    days = journal.days
    people, row = np.unique(days.index.get_level_values("person").to_numpy(dtype=str), return_inverse=True)
    number = _number_days(days.index.get_level_values("date"))
    first = np.full(len(people), np.iinfo(np.int64).max)
    np.minimum.at(first, row, number)
    column = number - first[row] if len(row) else number
    width = int(column.max()) + 1 if len(column) else 0
    values = np.full((len(names), len(people), width), np.nan)
    for position, name in enumerate(names):
        values[position, row, column] = days[name].to_numpy(dtype=float)
    weekday = (first[:, None] + np.arange(width)[None, :]) % 7
    copied = np.zeros((len(people), width), dtype=bool)
    if journal.calendar != "none":
        copied[row, column] = find_copies(days[numeric].to_numpy(dtype=float), row, number)
    return Panel(pd.Index(people, name="person"), names, values, weekday, journal.calendar != "none", copied)


def find_copies(values: FloatArray, person: IntArray, number: IntArray) -> BoolArray:
    """Return which rows are copies of the day before, for people who filled in several days at once.

    A row is a copy where every variable equals that of the day before and its values are seen on fewer than one in
    MOST_COMMON of the person's days; a person copies where neighbours are equal more than three times as often as days
    at random, or a week apart (a dose stays the same for weeks), and on more than three days: quiet days are alike
    without being copied.
    """
    copies = np.zeros(len(values), dtype=bool)
    if not values.size:
        return copies
    order = np.lexsort((number, person))
    table = np.nan_to_num(values[order], nan=np.inf)
    owner, day = person[order], number[order]
    equal = np.zeros(len(values), dtype=bool)
    equal[1:] = (table[1:] == table[:-1]).all(1) & (owner[1:] == owner[:-1]) & (day[1:] == day[:-1] + 1)
    suspects = np.flatnonzero(np.bincount(owner[equal], minlength=owner.max() + 1) > LEAST_COPIES)
    for suspect in suspects:
        rows = np.flatnonzero(owner == suspect)
        _, kind = np.unique(table[rows], axis=0, return_inverse=True)
        runs = np.bincount(kind.ravel(), weights=~equal[rows])  # a run of copies is one of its kind
        share = runs / runs.sum()
        chance = len(rows) * max(float((share**2).sum()), _share_alike(kind.ravel(), day[rows]))
        if equal[rows].sum() > LEAST_COPIES + TIMES_CHANCE * chance:
            rare = share[kind.ravel()] < MOST_COMMON
            copies[order[rows]] = equal[rows] & rare
    return copies


def _share_alike(kind: IntArray, day: IntArray, *, apart: int = 7) -> float:
    """Return how many days, in order, are of the same kind as the day so many days before, as a share."""
    place = np.searchsorted(day, day - apart)
    known = day[place] == day - apart
    return float((kind[place] == kind)[known].mean()) if known.any() else 0.0


def _number_days(dates: pd.Index) -> IntArray:
    """Return whole day numbers: days since 5 January 1970, a Monday, for dates; the number itself otherwise."""
    if isinstance(dates, pd.DatetimeIndex):
        monday = np.datetime64("1970-01-05", "D")
        return (dates.to_numpy().astype("datetime64[D]") - monday).astype(np.int64)
    return dates.to_numpy(dtype=np.int64)
