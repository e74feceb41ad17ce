"""From rows to days: how the rows of a day become one, and what the course of the days shows."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twitchstats.journal.evidence import Reading
from twitchstats.journal.keys import Keys
from twitchstats.journal.layout import Mask
from twitchstats.journal.record import Rejects
from twitchstats.journal.variable import Variable

_HEAD = 1000
_HOW = {
    "any": "yes if any says yes",
    "sum": "added up",
    "mean": "averaged",
    "max": "the highest taken",
    "min": "the lowest taken",
    "join": "joined",
}


def assemble_days(readings: Sequence[Reading], keys: Keys, rows: NDArray[np.int64], rejects: Rejects) -> pd.DataFrame:
    """Return the daily table with the sorted index (person, date); rows of one day become one, and that is told."""
    span = keys.numbers - keys.numbers.min()
    rank = keys.person * np.int64(int(span.max()) + 1) + span
    order = None if (rank[1:] > rank[:-1]).all() else np.lexsort((rows, rank))
    columns = {reading.variable.name: reading.data for reading in readings}
    if order is None:
        return pd.DataFrame(columns, index=keys.index(slice(None)), copy=False)
    rank = rank[order]
    first = np.concatenate([[True], rank[1:] != rank[:-1]])
    frame = pd.DataFrame({name: values[order] for name, values in columns.items()}, copy=False)
    if not first.all():
        frame = _combine_rows(frame, first, readings, keys, rows, order, rejects)
    frame.index = keys.index(order[first])
    return frame


def _combine_rows(
    frame: pd.DataFrame, first: Mask, readings: Sequence[Reading], keys: Keys, rows: NDArray[np.int64],
    order: NDArray[np.int64], rejects: Rejects,
) -> pd.DataFrame:  # fmt: skip
    """Make one row of the rows of each day: equal ones are one; in others each variable has its rule."""
    group = np.cumsum(first) - 1
    cells = [reading.column for reading in readings]
    texts = pd.DataFrame(
        {n: (column.codes if column.numbers is None else column.numbers)[order] for n, column in enumerate(cells)}
    ).assign(group=group)
    equal = texts.duplicated().to_numpy()
    several = np.bincount(group[~equal], minlength=group[-1] + 1) > 1
    again = several[group] & ~equal
    merged = frame[first].reset_index(drop=True)
    targets = np.flatnonzero(several)
    told: list[tuple[str, str]] = []
    for reading in readings:
        variable, name = reading.variable, reading.variable.name
        values, groups = frame.loc[again, name], group[again]
        repeated = variable.combine == "sum" and variable.known != "schema" and _repeat(values, groups)
        how = "max" if repeated else variable.combine
        if len(targets):
            merged.loc[targets, name] = _combine(values, groups, how).to_numpy()
            if not repeated and not variable.level:
                told.append(("any" if variable.kind == "yes/no" else how, variable.source))
        if repeated:
            told_so = "its rows of a day always repeat one value, so it is the day's value and not added up"
            rejects.note("days", variable.source, "note", told_so)
        if len(targets) and how == "sum":
            _question_sums(variable, merged, targets, keys, order[first], rows, rejects)
    _tell_combined(first, equal, keys, rows, order, told, rejects)
    if all(reading.variable.kind in ("text", "choice") or reading.variable.level for reading in readings):
        message = (
            "several rows a day and no column of figures: if each row is an event, how many there were is lost. Add a "
            "column that counts (twitches: 1), or give the file as episodes= (--episodes) beside a table of days"
        )
        rejects.note("days", "", "event_log", message)
    return merged


def _repeat(values: pd.Series, groups: NDArray[np.int64]) -> bool:
    """Say whether the rows of a day hold the same value on all of at least three days."""
    grouped = values.groupby(groups)
    spans = (grouped.max() - grouped.min()).dropna()
    many = grouped.count().reindex(spans.index) > 1
    told = many & (grouped.max().reindex(spans.index) > 0)
    return bool(told.sum() >= 3 and (spans[many] == 0).all())


def _combine(values: pd.Series, groups: NDArray[np.int64], how: str) -> pd.Series:
    if how == "join":
        filled = values[values.notna()]
        found = pd.Series(groups, index=values.index)[filled.index]
        texts = filled.groupby(found).agg(lambda some: " | ".join(dict.fromkeys(sorted(some))))
        return texts.reindex(np.unique(groups))
    # Sorted values: a sum must not depend on the order of the rows in its last bit.
    ordered = values.sort_values(kind="stable")
    grouped = ordered.groupby(pd.Series(groups, index=values.index)[ordered.index])
    if how == "sum":
        return grouped.sum(min_count=1).sort_index()
    return {"mean": grouped.mean, "max": grouped.max, "min": grouped.min}[how]().sort_index()


def _question_sums(
    variable: Variable, merged: pd.DataFrame, targets: NDArray[np.int64], keys: Keys, firsts: NDArray[np.int64],
    rows: NDArray[np.int64], rejects: Rejects,
) -> None:  # fmt: skip
    """Refuse sums of the rows of a day that leave what is plausible: they may not be parts of one whole."""
    for place in targets[(merged.loc[targets, variable.name] > variable.high).to_numpy()]:
        first = int(firsts[place])
        value, row = f"{merged.loc[place, variable.name]:g}", int(rows[first])
        message = (
            f"row {row}, {variable.source}: the rows of {keys.tell_day(first)} add up to {value}, above the plausible "
            f"{variable.high:g}; if they should not be added up, set combine in the schema"
        )
        rejects.add("days", row, variable.source, value, "implausible_sum", message, "cell set missing")
        merged.loc[place, variable.name] = np.nan


def _tell_combined(
    first: Mask, equal: Mask, keys: Keys, rows: NDArray[np.int64], order: NDArray[np.int64],
    told: list[tuple[str, str]], rejects: Rejects,
) -> None:  # fmt: skip
    """Add an entry for each row that went into an earlier one, saying what was done to which column."""
    ways: dict[str, list[str]] = {}
    for how, source in dict.fromkeys(told):
        ways.setdefault(how, []).append(source)
    done = "; ".join(
        f"{_HOW[how]}: {', '.join(some[:6])}{', ...' if len(some) > 6 else ''}" for how, some in ways.items()
    )
    starts = np.flatnonzero(first)[np.cumsum(first) - 1]
    for place in np.flatnonzero(~first):
        row, earlier = int(rows[order[place]]), int(rows[order[starts[place]]])
        person, day = keys.people[keys.person[order[place]]], keys.tell_day(int(order[place]))
        if equal[place]:
            rule = "same_row"
            what = f"{person!r} has the same entry for {day} already, so it counts once; if not, add the time of each"
        else:
            rule = "same_day"
            what = f"{person!r} has an entry for {day} in row {earlier} already, and the two became one ({done})"
        rejects.add("days", row, "", day, rule, f"row {row}: {what}", "rows combined")


def judge_courses(days: pd.DataFrame, variables: list[Variable], calendar: str, rejects: Rejects) -> list[Variable]:
    """Say of your own columns which can't be triggers: constants, traits of the person, counters that only rise."""
    codes = days.index.codes[0]
    same = np.asarray(codes[1:] == codes[:-1])
    judged = []
    for variable in variables:
        counted = variable.canonical and variable.kind in ("count", "amount")
        open_role = counted or (variable.role == "own" and variable.how.get("role") != "schema")
        figures = open_role and variable.kind not in ("text", "choice")
        values = days[variable.name].to_numpy() if figures else np.array([])
        role, why = _judge_course(values, variable.kind, same, calendar)
        if counted and role:
            if why.startswith("it only rises"):
                way = "it only rises: if it runs on from day to day, write each day's own number"
                rejects.note("days", variable.source, "note", way)
            role = ""
        if role and not variable.level:
            rejects.note("days", variable.source, "note", why)
        judged.append(variable.learn("guessed", role=role) if role else variable)
    return judged


def mark_sums(days: pd.DataFrame, variables: list[Variable], rejects: Rejects) -> list[Variable]:
    """Say of columns that they are parts of the column right behind or before them, which is their sum on every day."""
    marked = list(variables)
    figures = [number for number, variable in enumerate(variables) if variable.kind in ("count", "amount", "rating")]
    for total in figures:
        for parts in (figures[: figures.index(total)][::-1], figures[figures.index(total) + 1 :]):
            found = _find_parts(days, [variables[number].name for number in (total, *parts)])
            if not found:
                continue
            some = ", ".join(repr(variables[number].source) for number in sorted(parts[:found]))
            message = f"it is the sum of {some} on every day, so these are read as its parts and not as its triggers"
            rejects.note("days", variables[total].source, "sum_of_parts", message)
            for number in parts[:found]:
                if not marked[number].part_of:
                    marked[number] = replace(marked[number], part_of=variables[total].name)
    return marked


def _find_parts(days: pd.DataFrame, names: list[str]) -> int:
    """Return how many of the columns behind the first add up to it on each day; 0 where none do."""
    some = days[names].iloc[:_HEAD].dropna(subset=names[:1])
    total, summed = some[names[0]].to_numpy(), np.zeros(len(some))
    for number, name in enumerate(names[1:31], start=1):
        summed = summed + some[name].to_numpy()
        known = ~np.isnan(summed)
        if known.sum() < 10 or len(np.unique(some[name].to_numpy()[known])) < 2:
            return 0
        if number > 1 and len(np.unique(total[known])) > 2 and np.allclose(summed[known], total[known]):
            whole = days[names[: number + 1]].dropna()
            return number if np.allclose(whole[names[1 : number + 1]].sum(axis=1), whole[names[0]]) else 0
    return 0


def _judge_course(values: NDArray, kind: str, same: Mask, calendar: str) -> tuple[str, str]:
    """Return the role of a column that is no trigger, and why; blanks where nothing speaks against it."""
    if len(values) < 5 or not same.any():
        return "", ""
    if (np.diff(values[:_HEAD])[same[: _HEAD - 1]] < 0).any():  # as in most columns: no need to look at all of it
        return "", ""
    steps = np.diff(values)[same]
    steps = steps[~np.isnan(steps)]
    if len(steps) < 4 or (steps < 0).any():
        return "", ""
    filled = values[~np.isnan(values)]
    if (filled == filled[0]).all():
        return "none", "it never changes, so it is no trigger"
    if not steps.any() and not same.all():
        return "person", "it never changes within a person, so it describes the person"
    if calendar != "none" and len(steps) >= 8 and kind != "rating" and (steps > 0).mean() >= 0.8:
        return "none", "it only rises, as a counter does, so it is no trigger"
    return "", ""
