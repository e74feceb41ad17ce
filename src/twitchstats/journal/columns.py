"""The columns of a table: what each is called and means, its decimal sign, and its reading."""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from twitchstats.errors import JournalError
from twitchstats.journal.cells import count_decimal_signs, find_guess, is_missing, read_number, settle_decimal
from twitchstats.journal.evidence import Reading, disown, look_at
from twitchstats.journal.kinds import are_doses, read_dose, read_known, read_own, spread_levels
from twitchstats.journal.layout import Column, Table, refuse_cells
from twitchstats.journal.record import Rejects
from twitchstats.journal.schema import Facts, Schema, apply_facts, find_facts
from twitchstats.journal.variable import DAYS, Variable, clean_name, match_header, split_header
from twitchstats.variables import find_row, find_variable, load_dictionary, normalise_header


def read_columns(
    table: Table,
    used: Sequence[int],
    rejects: Rejects,
    *,
    dictionary: str = DAYS,
    decimal: str | None = None,
    renamed: Mapping[str, str] | None = None,
    schema: Schema | None = None,
) -> list[Reading]:
    """Read every column of a table that is no key; what is wrong with their cells, and remarks, go to `rejects`.

    Parameters
    ----------
    table : Table
        Of days, episodes or people.
    used : sequence of int
        Places of the keys.
    dictionary : str
        The dictionary of the table.
    decimal : str, optional
        The decimal sign that was asked for.
    renamed, schema : mapping, optional
        Header -> the header to read it as; header -> facts.

    Raises
    ------
    JournalError
        Two columns stand for the same variable.
    """
    columns = [column for column in table.columns if column.place not in used]
    renamed, schema = renamed or {}, schema or {}
    headers = [renamed.get(column.header, column.header) for column in columns]
    company = frozenset(map(normalise_header, headers)) | {
        name for header in headers if (name := find_variable(split_header(header).stem, dictionary=dictionary))
    }
    matches = []
    for column in columns:
        facts = find_facts(schema, column.header)
        target = renamed.get(column.header) or _named_by(facts, column.header, dictionary, company)
        said = bool(target)
        match = match_header(target or column.header, dictionary, company=None if said else company)
        if said and facts.get("name") == target and not match.canonical:
            match = match.learn("schema", name=target)
        matches.append(replace(match, source=column.header, label=match.label if match.canonical else column.header))
    _refuse_twins(matches, table)
    daily = dictionary == DAYS
    names = name_columns(matches, [column.place for column in columns])
    sign = decimal or _settle_table(columns, table.delimiter)
    readings: list[Reading] = []
    for column, match, name in zip(columns, matches, names, strict=True):
        if sign == ",":
            column = _look_closer(column)
        match = replace(match, name=name)
        found = _read_with(column, match, find_facts(schema, column.header), sign=sign, decimal=decimal, daily=daily)
        readings += found
        for reading in found:
            refuse_cells(table, column, reading.faults, rejects)
            if reading.variable.remark:
                rejects.note(table.name, column.header, "note", reading.variable.remark)
    return _name_apart(readings)


def _named_by(facts: Facts, header: str, dictionary: str, company: frozenset[str]) -> str:
    """Return the name that a schema gives a column; "" where it only repeats the guess."""
    guess = match_header(header, dictionary, company=company)
    names = {guess.name, f"my_{guess.name}", clean_name(header)}
    left = "name" in facts.get("guessed", "").split(", ") and facts.get("name") in names
    return "" if left or (guess.canonical and guess.name == facts.get("name")) else facts.get("name", "")


def _read_with(column: Column, match: Variable, facts: Facts, **reading: Any) -> list[Reading]:  # noqa: ANN401
    """Read a column with what the schema says; a guess that the schema repeats stays a guess."""
    left = {fact for fact in facts.get("guessed", "").split(", ") if fact in facts}
    said = {fact: text for fact, text in facts.items() if fact not in left}
    found = read_column(column, apply_facts(match, said), **reading)
    if left and not match.canonical:
        corrected = apply_facts(found[0].variable, facts)
        other = {fact for fact in left if corrected.how.get(fact) == "schema"}
        if facts.get("role") in ("none", "person"):
            other.discard("role")  # guessed from the course of the days, further on
        if other:
            said |= {fact: facts[fact] for fact in other}
            found = read_column(column, apply_facts(match, said), **reading)
    return found


def _refuse_twins(matches: list[Variable], table: Table) -> None:
    found: dict[str, Variable] = {}
    for match in matches:
        if match.canonical and match.name in found:
            first, second = sorted([found[match.name].source, match.source])
            where = "Columns" if table.name == "days" else f"{table.name}: columns"
            own = f'columns={{{second!r}: "my_{clean_name(second)}"}} (command line: --column)'
            way = f" Rename or remove one, or keep one as a variable of your own: {own}."
            raise JournalError(
                f"{where} {first!r} and {second!r} both mean {match.name!r}."
                + (way if table.name == "days" else " Rename or remove one.")
            )
        if match.canonical:
            found[match.name] = match


def name_columns(matches: list[Variable], places: list[int]) -> list[str]:
    """Return a name for each column: the canonical one, else the header's stem in snake_case.

    Where two columns would get the same name, each of the user's own takes its whole header, then its place.
    """
    fixed = [match.canonical or match.how.get("name") == "schema" for match in matches]
    names = [match.name if sure else clean_name(match.header.stem) for match, sure in zip(matches, fixed, strict=True)]
    whole = [
        match.name if sure else clean_name(match.header.source) for match, sure in zip(matches, fixed, strict=True)
    ]
    mine = [f"my_{name}" if name else "" for name in whole]
    placed = [f"{name or 'column'}_{place}" for name, place in zip(whole, places, strict=True)]
    reserved = set(load_dictionary(DAYS)["name"]) | {"person", "date", ""}
    for others in (whole, mine, placed):
        counts = Counter(names)
        clash = [not sure and (counts[name] > 1 or name in reserved) for sure, name in zip(fixed, names, strict=True)]
        names = [other if bad else name for name, other, bad in zip(names, others, clash, strict=True)]
    return names


def _name_apart(readings: list[Reading]) -> list[Reading]:
    """Give columns that are not what their name says another one, and so where two would have the same."""
    named: dict[str, Reading] = {}
    places = sorted(range(len(readings)), key=lambda place: bool(readings[place].variable.level))
    done = list(readings)
    for place in places:
        variable = readings[place].variable
        foreign = not variable.canonical and find_row(variable.name) and variable.how.get("name") != "schema"
        first = f"my_{variable.name}" if foreign else variable.name
        others = (f"{first}_{number}" for number in itertools.count(2))
        name = next(name for name in itertools.chain([first], others) if name not in named)
        named[name] = done[place] = replace(readings[place], variable=replace(variable, name=name))
    return done


def _settle_table(columns: list[Column], delimiter: str) -> str:
    """Return the decimal sign of a table for columns that leave it open: that of the others with figures."""
    comma = point = 0
    for column in columns:
        if column.numbers is not None and (delimiter != ";" or look_at(column, ".").whole):
            point += not look_at(column, ".").whole
            continue
        texts = [text for text in column.levels[:2000] if text and not is_missing(text)]
        if texts and sum(read_number(text) is not None for text in texts) > 0.8 * len(texts):
            commas, points = count_decimal_signs(texts)
            comma, point = comma + (commas > points), point + (points > commas)
    if comma == point:
        return "," if delimiter == ";" else "."
    return "," if comma > point else "."


def _look_closer(column: Column) -> Column:
    """Return a column of figures as texts where 1.234 may be a thousand and more."""
    if column.numbers is None or look_at(column, ".").whole:
        return column
    return replace(column, numbers=None)


def read_column(
    column: Column, variable: Variable, *, sign: str = ".", decimal: str | None = None, daily: bool = True
) -> list[Reading]:
    """Read a column: as the known variable it is, or as your own, whose kind its cells show.

    Parameters
    ----------
    column : Column
    variable : Variable
        What its header and the schema say.
    sign : str
        The decimal sign of the other columns; this one's own figures decide where they can.
    decimal : str, optional
        The decimal sign that was asked for.
    daily : bool
        Whether it is a column of days; only these are taken apart into several.

    Returns
    -------
    list of Reading
        One, or several where a column says more than one thing: a dose (taken, and how much), categories.
    """
    sign, remark = _settle_sign(column, sign, decimal)
    if remark:
        variable = variable.tell(remark)
    cells = look_at(column, sign)
    if daily and are_doses(variable, cells):
        return read_dose(column, variable, cells)
    if variable.canonical:
        known = read_known(column, variable, cells)
        if known is not None:
            return [known]
        variable = disown(variable).tell(
            f"its cells don't fit {variable.name!r}, so it stays as a variable of your own"
        )
    reading = read_own(column, variable, cells)
    return [reading, *spread_levels(reading, cells)] if daily else [reading]


def _settle_sign(column: Column, sign: str, decimal: str | None) -> tuple[str, str]:
    """Return the decimal sign of a column, and a remark where its cells leave it open."""
    if decimal is not None or column.numbers is not None:
        return decimal or ".", ""
    own = settle_decimal(column.levels)
    sign = own or sign
    guess = None if own else find_guess(column.levels, sign)
    if guess is None:
        return sign, ""
    other = {",": ".", ".": ","}[sign]
    return sign, (
        f"it doesn't show its decimal sign; {guess} is read as {read_number(guess, sign):.15g}. If it is "
        f'{read_number(guess, other):.15g}, say decimal="{other}" (command line: --decimal)'
    )
