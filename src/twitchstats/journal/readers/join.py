"""Several sources of one journal: joined by person and date; a plain table as one of them."""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from twitchstats.errors import JournalError
from twitchstats.journal.keys import DATES_NIGHTS, SOLE_PERSON, dates_nights, join_dates, read_keys, tell_parts
from twitchstats.journal.layout import Source, Table, build_table, code_column, read_table
from twitchstats.journal.record import Rejects, quote_some
from twitchstats.journal.source import TABLES, Readable
from twitchstats.variables import is_symptom, normalise_header

PER_FILE = "file"  # as `person=`: each of several files is one person's
NAMELESS = "The table"
_KEYS = ("person", "date")
_ENDING = re.compile(rf"({'|'.join(map(re.escape, (*TABLES, '.txt')))})(?=/|$)", re.IGNORECASE)


def read_plain(
    source: Readable, *, name: str | None = None, encoding: str | None = None, date_format: str | None = None,
    delimiter: str | None = None, person: str | None = None, date: str | None = None, first: bool = False,
) -> Source:  # fmt: skip
    """Read a plain table of days, whose date and person are known by their headers, or asked for.

    What is asked for must be there in the first of several tables; in another it may.

    Raises
    ------
    JournalError
        It can't be read as a table, or its days have no dates.
    """
    rejects = Rejects()
    table = read_table(source, "days", rejects, encoding=encoding, delimiter=delimiter)
    told = name or table.source or NAMELESS
    headers = set(map(normalise_header, table.headers))
    here = first or (date is not None and normalise_header(date) in headers)
    table, date = (table, date) if date is not None and here else (join_dates(table, rejects), None)
    if person == PER_FILE or not (first or person == SOLE_PERSON):
        person = person if person is not None and normalise_header(person) in headers else None
    keys = read_keys(
        table, rejects, person=person, date=date, order="auto", date_format=date_format, today=dt.date.today()
    )
    if keys.calendar != "date":
        raise JournalError(f"{told} has no dates, so it can't be joined with another source. Add a column 'date'.")
    bases = [code_column("date", keys.days.astype("datetime64[D]").astype(str).tolist(), keys.day)]
    if len(keys.columns) > 1:
        bases.insert(0, code_column("person", keys.people.tolist(), keys.person))
    whole = replace(build_table([*bases, *keys.others], keys.table.rows), source=told)
    notes = [entry[5] for entry in rejects.entries if entry[6] == "kept"]
    dropped = tuple((*e[:5], f"{told}, {e[5]}", e[6]) for e in rejects.entries if e[6] != "kept")
    facts: list[dict[str, str]] = []
    if dates_nights(header := keys.columns[-1].header):
        facts = [{"source": name, "timing": "not known"} for name in whole.headers if name not in _KEYS]
        notes.append(f"column {header}: {DATES_NIGHTS}, so its columns have no order in time")
    return Source(
        whole, facts=tuple(facts), notes=tuple(notes), n_rows=table.rows_read, n_left=len(dropped), format=told,
        rejects=dropped,
    )  # fmt: skip


def join_sources(sources: Sequence[Source], *, person: str | None = None) -> Source:
    """Join sources by person and date: a row for each that any source of their own has, several where one has several.

    Where one source names a single person, those without a column ``person`` are this person's. Parts of one diary
    (`stack_alike`) become one; any other column that two sources have carries the name of its format in front. What
    holds for everybody (`mark_outside`) is added to these days; its other days are left out, and counted.

    Raises
    ------
    JournalError
        There are none; files may be several people's; one doesn't say whose it is, beside a group.
    """
    if not sources:
        raise JournalError("There is nothing to join. Give one path or more.")
    sources = stack_alike(_say_whose(sources, person), person=person)
    if len(sources) == 1:
        return sources[0]
    renamed = _rename_columns(sources)
    days, notes = _join_days(renamed)
    facts = [fact for source in renamed for fact in source.facts]
    notes = [*(f"{source.format}: {note}" for source in renamed for note in source.notes), *notes]
    return _unite(renamed, days, facts, notes, " and ".join(dict.fromkeys(source.format for source in sources)))


def _unite(
    sources: Sequence[Source], days: Table, facts: Iterable[dict[str, str]], notes: Iterable[str], name: str
) -> Source:
    """Return the source that several become: what each tells beside its days is put together."""
    tables = {
        key: pd.concat(parts, ignore_index=True)
        for key in ("episodes", "people")
        if (parts := [source.tables[key] for source in sources if key in source.tables])
    }
    n_rows, n_left = (sum(getattr(source, count) for source in sources) for count in ("n_rows", "n_left"))
    rejects = tuple(entry for source in sources for entry in source.rejects)
    return Source(days, tables, tuple(facts), tuple(notes), n_rows, n_left, name, rejects)


def stack_alike(sources: Sequence[Source], *, person: str | None = None) -> list[Source]:
    """Put parts of one diary below each other, such as its months: columns in common, and no day told in two ways.

    Raises
    ------
    JournalError
        They may be the diaries of several people, and `person` doesn't say.
    """
    stacked: list[Source] = []
    for source in sources:
        at = next((number for number, earlier in enumerate(stacked) if _goes_on(earlier, source, person)), None)
        if at is None:
            stacked.append(source)
        else:
            stacked[at] = _stack(stacked[at], source)
    return stacked


def _goes_on(first: Source, second: Source, person: str | None) -> bool:
    """Say whether a source is a further part of the first; JournalError where it may be somebody else's."""
    common = _share_columns(first, second)
    if not common:
        return False
    days = [_number_rows(source.days, "row").drop(columns="row").drop_duplicates() for source in (first, second)]
    n_both = len(days[0].merge(days[1]))
    apart, same = n_both == 0, n_both > 0 and _say_the_same(first, second)
    names = first.days.source, second.days.source
    moments = names[0] != names[1] and tell_parts(names, moments=True)
    parts = tell_parts(names) and (names[0] != names[1] or names[0] in ("", NAMELESS))
    if moments or (same and (parts or n_both > 2)) or (apart and parts and _run_on(days[0]["date"], days[1]["date"])):
        return True
    most = 2 * len(common) > min(len(_list_own(source)) for source in (first, second)) or any(map(is_symptom, common))
    asked = "person" not in first.days.headers and (apart or (most and _are_of_one_kind(first, second)))
    if asked and person is None:
        raise _ask_whose(first, second, common, "" if apart or same else " in different ways on the same days")
    return apart or same or (asked and person == SOLE_PERSON)


def _share_columns(first: Source, second: Source) -> set[str]:
    """Return the columns in common, folded; none where the two can't be one table below the other."""
    own = [list(map(_fold, _list_own(source))) for source in (first, second)]
    facts = [{_fold(fact["source"]): {**fact, "source": ""} for fact in source.facts} for source in (first, second)]
    common = set(own[0]) & set(own[1])
    twice = any(len(set(some)) < len(some) for some in own)
    named = [("person" in source.days.headers) for source in (first, second)]
    alike = named[0] == named[1] and all(facts[0].get(name) == facts[1].get(name) for name in common)
    return common if alike and not twice else set()


def _ask_whose(first: Source, second: Source, common: set[str], where: str) -> JournalError:
    """Return what asks whose sources with the same columns are."""
    shown = quote_some((header for header in _list_own(second) if _fold(header) in common), 3)
    where = where or ", and neither names nor days show that they are parts of one diary"
    return JournalError(
        f"{first.days.source or NAMELESS} and {second.days.source or NAMELESS} both tell {shown}{where}. "
        f'If each is another person\'s, say person="{PER_FILE}" (command line: --person {PER_FILE}), or add a column '
        "'person' to each; if all are one person's, say person=\"none\" (--person none), or leave out what only sums "
        "up the other."
    )


def _run_on(first: pd.Series, second: pd.Series) -> bool:
    """Say whether the days of one part lie before, behind or in a gap of those of the other."""
    return any(not a.between(b.min(), b.max()).any() for a, b in ((first, second), (second, first)))


def _say_the_same(first: Source, second: Source) -> bool:
    """Say whether sources with the same columns tell the days that both have alike."""
    frames = [source.days.frame().rename(columns=_fold).drop_duplicates() for source in (first, second)]
    rows = pd.concat(frames).drop_duplicates()
    return set(frames[0]) == set(frames[1]) and not rows[[key for key in _KEYS if key in rows]].duplicated().any()


def _are_of_one_kind(first: Source, second: Source) -> bool:
    """Say whether two sources are plain tables, or exports of one format."""
    plain = [source.format == source.days.source for source in (first, second)]
    return all(plain) or (not any(plain) and first.format == second.format)


def _say_whose(sources: Sequence[Source], person: str | None) -> list[Source]:
    """Return sources that say whose they are: called by their file if that is asked, or the only one others name."""
    known = {name for some in sources for column in some.days.columns if column.header == "person"
             for name in column.levels}  # fmt: skip
    mute = [source for source in sources if "person" not in source.days.headers and not _is_outside(source)]
    paths = [source.days.source for source in mute]
    names = _call_people(paths) if person == PER_FILE else [*known] * len(mute)
    if person == PER_FILE and (again := [path for path in paths if paths.count(path) > 1]):
        raise JournalError(
            f'Two files are called {again[0]!r}, so person="{PER_FILE}" can\'t tell whose each is. Rename one of them.'
        )
    if person != PER_FILE and mute and len(known) > 1:
        raise JournalError(
            f"{mute[0].days.source or mute[0].format} has no column 'person', and others tell of several people. Add "
            "the column; what holds for everybody, as the weather does, give as weather= (command line: --weather)."
        )
    whose = dict(zip(map(id, mute), names, strict=False))
    return [_name_person(source, whose[id(source)]) if id(source) in whose else source for source in sources]


def _call_people(names: Sequence[str]) -> list[str]:
    """Return what people are called whose files have these names: by folders where these differ, else by the files.

    >>> _call_people(["ann.csv", "ben.csv"]), _call_people(["a/ann/jan.csv", "a/tom/jan.csv", "a/tom/feb.csv"])
    (['ann', 'ben'], ['ann', 'tom', 'tom'])
    """
    paths = [_ENDING.sub("", name).split("/") for name in names]
    differ = len({tuple(path[:-1]) for path in paths}) > 1
    called = [path[:-1] if differ else path[-1:] for path in paths]
    shared = set.intersection(*map(set, called)) if differ else set()
    return [
        " ".join(part for part in path if part not in shared) or name for name, path in zip(names, called, strict=True)
    ]


def _name_person(source: Source, name: str) -> Source:
    days, codes = source.days, np.zeros(len(source.days.rows), dtype=np.int32)
    days = build_table([code_column("person", [name], codes), *days.columns], days.rows)
    tables = {key: frame.assign(person=name) for key, frame in source.tables.items()}
    return replace(source, days=replace(days, source=source.days.source), tables=tables)


def _is_outside(source: Source) -> bool:
    return set(_list_own(source)) <= {fact["source"] for fact in source.facts if fact.get("outside") == "yes"}


def _fold(header: str) -> str:
    return normalise_header(header) or header


def _stack(first: Source, second: Source) -> Source:
    """Return a source with a further part below it; rows are numbered on."""
    names = {_fold(header): header for header in first.days.headers}
    spelled = {header: names.get(_fold(header), header) for header in second.days.headers}
    frame = pd.concat([first.days.frame(), second.days.frame().rename(columns=spelled)])
    frame = frame.sort_values([key for key in _KEYS if key in frame], kind="stable")
    columns = [code_column(str(name), frame[name].fillna("").to_list()) for name in frame]
    days = replace(build_table(columns), source=first.days.source)
    told = f"{second.format} goes on with columns of {first.format}, so both are read as one, in the order of days"
    renamed = [{**fact, "source": spelled.get(fact["source"], fact["source"])} for fact in second.facts]
    facts = {fact["source"]: fact for fact in [*first.facts, *renamed]}
    notes = (*first.notes, *(f"{second.format}: {note}" for note in second.notes), told)
    return _unite([first, second], days, facts.values(), notes, first.format)


def _join_days(sources: Sequence[Source]) -> tuple[Table, list[str]]:
    """Return the days of all sources side by side, and what is to be told of it: keys are joined, columns follow."""
    personal = [not _is_outside(source) for source in sources]
    frames = [_number_rows(source.days, str(number)) for number, source in enumerate(sources)]
    own = [frame for frame, is_own in zip(frames, personal, strict=True) if is_own]
    joined, notes = own[0], _tell_apart(own)
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
            told = f"{quote_some(again)}: an earlier source tells this as well, so it is read under another name"
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
