"""Several sources of one journal: joined by person and date; a plain table as one of them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from twitchstats.errors import JournalError
from twitchstats.journal.keys import DATES_NIGHTS, dates_nights, join_dates, read_keys
from twitchstats.journal.layout import Source, Table, build_table, code_column, read_table
from twitchstats.journal.record import Rejects, list_some
from twitchstats.journal.source import Readable
from twitchstats.variables import normalise_header

_KEYS = ("person", "date")


def read_plain(source: Readable, *, encoding: str | None = None, date_format: str | None = None) -> Source:
    """Read a plain table of days, whose date and person are known by their headers.

    Raises
    ------
    JournalError
        It can't be read as a table, or its days have no dates.
    """
    rejects = Rejects()
    table = join_dates(read_table(source, "days", rejects, encoding=encoding), rejects)
    told = table.source or "The table"
    keys = read_keys(
        table, rejects, person=None, date=None, order="auto", date_format=date_format, today=dt.date.today()
    )
    if keys.calendar != "date":
        raise JournalError(f"{told} has no dates, so it can't be joined with another source. Add a column 'date'.")
    bases = [code_column("date", keys.days.astype("datetime64[D]").astype(str).tolist(), keys.day)]
    if len(keys.columns) > 1:
        bases.insert(0, code_column("person", keys.people.tolist(), keys.person))
    whole = build_table([*bases, *keys.others], keys.table.rows)
    notes = [entry[5] for entry in rejects.entries if entry[6] == "kept"]
    dropped = [entry[5] for entry in rejects.entries if entry[6] != "kept"]
    if dropped:
        notes.append(f"{len(dropped):,} rows left out; the first: {dropped[0]}.")
    facts: list[dict[str, str]] = []
    if dates_nights(header := keys.columns[-1].header):
        facts = [{"source": name, "timing": "not known"} for name in whole.headers if name not in _KEYS]
        notes.append(f"column {header}: {DATES_NIGHTS}, so its columns have no order in time")
    return Source(
        whole, facts=tuple(facts), notes=tuple(notes), n_rows=table.rows_read, n_left=len(dropped), format=told
    )


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
        `days` with a row for each person and day that any source of their own has, and further rows where a source
        has several a day. Parts of one diary (`stack_alike`) become one; any other column that two sources have carries
        the name of its format in front. What holds for everybody is added to these days; its other days are left out,
        and counted.

    Raises
    ------
    JournalError
        There are none.
    """
    if not sources:
        raise JournalError("There is nothing to join. Give one path or more.")
    sources = stack_alike(sources)
    if len(sources) == 1:
        return sources[0]
    renamed = _rename_columns(sources)
    days, notes = _join_days(renamed)
    return Source(
        days,
        tables=_join_tables(renamed),
        facts=tuple(fact for source in renamed for fact in source.facts),
        notes=(*(f"{source.format}: {note}" for source in renamed for note in source.notes), *notes),
        n_rows=sum(source.n_rows for source in sources),
        n_left=sum(source.n_left for source in sources),
        format=" and ".join(dict.fromkeys(source.format for source in sources)),
    )


def stack_alike(sources: Sequence[Source]) -> list[Source]:
    """Put parts of one diary below each other, such as its months: columns in common, and no day told in two ways."""
    stacked: list[Source] = []
    for source in sources:
        at = next((number for number, earlier in enumerate(stacked) if _goes_on(earlier, source)), None)
        if at is None:
            stacked.append(source)
        else:
            stacked[at] = _stack(stacked[at], source)
    return stacked


def _goes_on(first: Source, second: Source) -> bool:
    """Say whether the second source is a further part of the first: what a format says of their columns is the same."""
    both = (first, second)
    names = [set(map(_fold, source.days.headers)) for source in both]
    common, keys = names[0] & names[1], [key for key in _KEYS if key in names[0]]
    if not common - set(_KEYS) or ("person" in names[0]) != ("person" in names[1]):
        return False
    facts = [{_fold(fact["source"]): {**fact, "source": ""} for fact in source.facts} for source in both]
    apart = any(len(some) < len(source.days.headers) for some, source in zip(names, both, strict=True))
    if apart or any(facts[0].get(name) != facts[1].get(name) for name in common):
        return False
    days = [_number_rows(source.days, "row")[keys].drop_duplicates() for source in both]
    if days[0].merge(days[1]).empty:
        return True
    rows = pd.concat([source.days.frame().rename(columns=_fold).drop_duplicates() for source in both])
    return names[0] == names[1] and not rows.drop_duplicates()[keys].duplicated().any()


def _fold(header: str) -> str:
    return normalise_header(header) or header


def _stack(first: Source, second: Source) -> Source:
    """Return a source with a further part below it; rows are numbered on."""
    names = {_fold(header): header for header in first.days.headers}
    spelled = {header: names.get(_fold(header), header) for header in second.days.headers}
    frame = pd.concat([first.days.frame(), second.days.frame().rename(columns=spelled)])
    days = build_table([code_column(str(name), frame[name].fillna("").to_list()) for name in frame])
    told = f"{second.format} goes on with columns of {first.format}, so both are read as one, with rows numbered on"
    if "person" not in first.days.headers:
        told += "; if they are different people's, add a column 'person' to each"
    renamed = [{**fact, "source": spelled.get(fact["source"], fact["source"])} for fact in second.facts]
    facts = {fact["source"]: fact for fact in [*first.facts, *renamed]}
    notes = (*first.notes, *(f"{second.format}: {note}" for note in second.notes), told)
    n_rows, n_left = first.n_rows + second.n_rows, first.n_left + second.n_left
    return Source(days, _join_tables([first, second]), tuple(facts.values()), notes, n_rows, n_left, first.format)


def _join_tables(sources: Sequence[Source]) -> dict[str, pd.DataFrame]:
    return {
        name: pd.concat(parts, ignore_index=True)
        for name in ("episodes", "people")
        if (parts := [source.tables[name] for source in sources if name in source.tables])
    }


def _join_days(sources: Sequence[Source]) -> tuple[Table, list[str]]:
    """Return the days of all sources side by side, and what is to be told of it: keys are joined, columns follow."""
    outside = [{fact["source"] for fact in source.facts if fact.get("outside") == "yes"} for source in sources]
    inside = [not set(_list_own(source)) <= some for source, some in zip(sources, outside, strict=True)]
    named = [own and "person" in source.days.headers for own, source in zip(inside, sources, strict=True)]
    personal = named if any(named) else inside
    frames = [_number_rows(source.days, str(number)) for number, source in enumerate(sources)]
    own = [frame for frame, is_own in zip(frames, personal, strict=True) if is_own]
    shared = [source for source, is_own, told in zip(sources, inside, personal, strict=True) if is_own and not told]
    joined, notes = own[0], [*_tell_apart(own), *map(_tell_shared, shared)]
    for frame in own[1:]:
        joined = _merge(joined, frame, [key for key in _KEYS if key in joined], how="outer")
    joined = joined.sort_values([key for key in _KEYS if key in joined], kind="stable", ignore_index=True)
    for number in [number for number, is_own in enumerate(personal) if not is_own]:
        frame = frames[number][~sources[number].days.frame().duplicated()]
        again = frame.loc[frame["date"].duplicated(), "date"]
        if len(again):
            raise JournalError(
                f"What holds for everybody, such as the weather, has several rows on {again.iloc[0]}, and nothing says "
                "how they become one. Give one row a day."
            )
        n_left = int((~frame["date"].isin(joined["date"])).sum())
        joined = _merge(joined, frame, ["date"], how="left")
        if n_left:
            notes.append(f"{n_left:,} days of a source of everybody are left out: nobody has an entry on them.")
    columns = [code_column(key, joined[key].to_list()) for key in _KEYS if key in joined]
    for number in sorted(range(len(sources)), key=lambda number: not personal[number]):
        rows = joined[str(number)].fillna(-1).to_numpy(dtype=np.int64)
        columns += [column.take(rows) for column in sources[number].days.columns if column.header not in _KEYS]
    return build_table(columns), notes


def _number_rows(days: Table, name: str) -> pd.DataFrame:
    """Return the keys of a table, and the number of each of its rows."""
    keys = {column.header: column.texts() for column in days.columns if column.header in _KEYS}
    return pd.DataFrame({**keys, name: np.arange(len(days.rows))})


def _tell_apart(frames: Sequence[pd.DataFrame]) -> list[str]:
    """Return what is to be told of sources that have no day in common with the first."""
    days = [set(frame[[key for key in _KEYS if key in frame]].itertuples(index=False, name=None)) for frame in frames]
    apart = [number for number, some in enumerate(days[1:], start=2) if not some & days[0]]
    return [f"Source {number} has no day in common with the first." for number in apart]


def _tell_shared(source: Source) -> str:
    """Return what is to be told of a source that doesn't say whose it is, beside others that do."""
    return (
        f"{source.format} has no column 'person', so what it says is taken to hold for everybody. If it is one "
        "person's, add the column."
    )


def _list_own(source: Source) -> list[str]:
    return [header for header in source.days.headers if header not in _KEYS]


def mark_outside(source: Source) -> Source:
    """Return a source whose columns come from outside, as the weather does: causes at most, never effects."""
    known = {fact["source"]: fact for fact in source.facts}
    facts = tuple({"source": name, **known.get(name, {}), "outside": "yes"} for name in _list_own(source))
    return replace(source, facts=facts)


def _rename_columns(sources: Sequence[Source]) -> list[Source]:
    """Give a column that an earlier source has as well the name of its format in front."""
    taken: set[str] = set(_KEYS)
    renamed = []
    for source in sources:
        names = {key: key for key in _KEYS}
        for column in _list_own(source):
            name, number = column, 1
            while name.casefold() in taken:
                number += 1
                name = f"{source.format}{'' if number == 2 else f' {number}'}: {column}"  # brackets would tell a unit
            names[column] = name
            taken.add(name.casefold())
        facts = tuple({**fact, "source": names[fact["source"]]} for fact in source.facts if fact["source"] in names)
        again = [column for column, name in names.items() if name != column]
        notes = source.notes
        if again:
            told = f"{list_some(again)}: an earlier source tells this as well, so it is read under another name"
            notes = (*notes, told)
        columns = [replace(column, header=names[column.header]) for column in source.days.columns]
        renamed.append(replace(source, days=replace(source.days, columns=columns), facts=facts, notes=notes))
    return renamed


def _merge(left: pd.DataFrame, right: pd.DataFrame, keys: list[str], *, how: Literal["left", "outer"]) -> pd.DataFrame:
    """Merge the first row of each day with the first, the second with the second."""
    ranked = [
        frame.assign(_rank=frame.groupby([key for key in _KEYS if key in frame]).cumcount()) for frame in (left, right)
    ]
    return ranked[0].merge(ranked[1], on=[*keys, "_rank"], how=how, sort=False).drop(columns="_rank")
