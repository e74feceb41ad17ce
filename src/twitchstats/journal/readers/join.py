"""Several sources of one journal: joined by person and date."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import pandas as pd

from twitchstats.errors import JournalError
from twitchstats.journal.source import Source

_KEYS = ("person", "date")


def join_sources(sources: Sequence[Source]) -> Source:
    """Join sources by person and date.

    Parameters
    ----------
    sources : sequence of Source
        Where some have a column ``person``, those without hold for everybody. So do those whose columns all come from
        outside, as the weather (`mark_outside`).

    Returns
    -------
    Source
        "days" with a row for each person and day that any source of their own has, and further rows where a source
        has several a day; a column that two sources have carries the name of its format in front. What holds for
        everybody is added to these days; its other days are left out, and counted.

    Raises
    ------
    JournalError
        There are none.
    """
    if not sources:
        raise JournalError("There is nothing to join. Give one path or more.")
    if len(sources) == 1:
        return sources[0]
    renamed = _rename_columns(sources)
    days, notes = _join_days(renamed)
    others = {
        name: pd.concat(parts, ignore_index=True)
        for name in ("episodes", "people")
        if (parts := [source.tables[name] for source in renamed if name in source.tables])
    }
    return Source(
        tables={"days": days, **others},
        facts=tuple(fact for source in renamed for fact in source.facts),
        notes=(*(f"{source.format}: {note}" for source in renamed for note in source.notes), *notes),
        n_rows=sum(source.n_rows for source in sources),
        format=" and ".join(dict.fromkeys(source.format for source in sources)),
    )


def _join_days(sources: Sequence[Source]) -> tuple[pd.DataFrame, list[str]]:
    """Return the days of all sources side by side, and what is to be told of it."""
    frames = [source.tables["days"] for source in sources]
    inside = [not _is_outside(source) for source in sources]
    named = [own and "person" in frame for own, frame in zip(inside, frames, strict=True)]
    personal = named if any(named) else inside
    own = [frame for frame, is_own in zip(frames, personal, strict=True) if is_own]
    days, notes = own[0], _tell_apart(own)
    for frame in own[1:]:
        days = _merge(days, frame, [key for key in _KEYS if key in days], how="outer")
    days = days.sort_values([key for key in _KEYS if key in days], kind="stable", ignore_index=True)
    for frame in (frame for frame, is_own in zip(frames, personal, strict=True) if not is_own):
        frame = _check_single(frame.drop_duplicates())
        n_left = int((~frame["date"].isin(days["date"])).sum())
        days = _merge(days, frame, ["date"], how="left")
        if n_left:
            notes.append(f"{n_left:,} days of a source of everybody are left out: nobody has an entry on them.")
    return days, notes


def _tell_apart(frames: Sequence[pd.DataFrame]) -> list[str]:
    """Return what is to be told of sources that have no day in common with the first."""
    days = [set(frame[[key for key in _KEYS if key in frame]].itertuples(index=False, name=None)) for frame in frames]
    apart = [number for number, some in enumerate(days[1:], start=2) if not some & days[0]]
    return [f"Source {number} has no day in common with the first." for number in apart]


def mark_outside(source: Source) -> Source:
    """Return a source whose columns come from outside, as the weather does: causes at most, never effects."""
    known = {fact["source"]: fact for fact in source.facts}
    names = [name for name in source.tables["days"] if name not in _KEYS]
    facts = tuple({"source": name, **known.get(name, {}), "outside": "yes"} for name in names)
    return replace(source, facts=facts)


def _rename_columns(sources: Sequence[Source]) -> list[Source]:
    """Give a column that an earlier source has as well the name of its format in front."""
    taken: set[str] = set(_KEYS)
    renamed = []
    for source in sources:
        names: dict[str, str] = {}
        for column in source.tables["days"].columns:
            if column in _KEYS:
                continue
            name, number = column, 1
            while name.casefold() in taken:
                number += 1
                name = f"{source.format}{'' if number == 2 else f' {number}'}: {column}"  # brackets would tell a unit
            names[column] = name
            taken.add(name.casefold())
        facts = tuple({**fact, "source": names[fact["source"]]} for fact in source.facts if fact["source"] in names)
        days = source.tables["days"].rename(columns=names)
        renamed.append(replace(source, tables={**source.tables, "days": days}, facts=facts))
    return renamed


def _is_outside(source: Source) -> bool:
    outside = {fact["source"] for fact in source.facts if fact.get("outside") == "yes"}
    return set(source.tables["days"].columns) - set(_KEYS) <= outside


def _check_single(frame: pd.DataFrame) -> pd.DataFrame:
    """Return what holds for everybody, which has one row a day.

    Raises
    ------
    JournalError
        It has several.
    """
    again = frame.loc[frame["date"].duplicated(), "date"]
    if len(again):
        raise JournalError(
            f"What holds for everybody, such as the weather, has several rows on {again.iloc[0]}, and nothing says how "
            "they become one. Give one row a day."
        )
    return frame


def _merge(left: pd.DataFrame, right: pd.DataFrame, keys: list[str], *, how: Literal["left", "outer"]) -> pd.DataFrame:
    """Merge the first row of each day with the first, the second with the second."""
    ranked = [
        frame.assign(_rank=frame.groupby([key for key in _KEYS if key in frame]).cumcount()) for frame in (left, right)
    ]
    return ranked[0].merge(ranked[1], on=[*keys, "_rank"], how=how, sort=False).drop(columns="_rank")
