"""The columns of a table: what each is called, its decimal sign, and what it holds, by the dictionary or its cells."""

import itertools
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from twitchstats.arrays import FloatArray
from twitchstats.errors import JournalError, suggest_name
from twitchstats.journal.cells import (
    find_guess,
    is_missing,
    look_like_numbers,
    read_number,
    read_plain,
    settle_decimal,
    take_figures,
)
from twitchstats.journal.dates import WEEKDAYS, hold_days, look_like_dates
from twitchstats.journal.evidence import (
    Cells,
    Reading,
    become_flags,
    disown,
    drop_codes,
    find_scale,
    keep_text,
    read_by_rule,
    round_step,
    split_unit,
    step_of_scale,
    thin_out,
)
from twitchstats.journal.layout import Column, Table, code_column, refuse_cells
from twitchstats.journal.record import Rejects, quote_some
from twitchstats.journal.variable import (
    DAYS,
    TOPS,
    Facts,
    Header,
    Schema,
    Variable,
    apply_facts,
    clean_name,
    find_facts,
    find_rated,
    find_trait,
    match_header,
    split_header,
    tells_hours_and_minutes,
    tells_longer,
)
from twitchstats.variables import (
    find_row,
    find_units,
    find_variable,
    load_dictionary,
    normalise_header,
    read_yes_no,
    split_words,
    word_set,
)


def read_columns(
    table: Table,
    columns: Sequence[Column],
    rejects: Rejects,
    *,
    dictionary: str = DAYS,
    decimal: str | None = None,
    renamed: Mapping[str, str] | None = None,
    schema: Schema | None = None,
) -> list[Reading]:
    """Read columns of a table, all that are no keys; what is wrong with their cells, and remarks, go to `rejects`.

    `renamed` says as which header each is read, and `decimal` the sign that was asked for.

    Raises
    ------
    JournalError
        Two columns stand for the same variable.
    """
    if unknown := sorted(set(schema or ()) - {normalise_header(header) or header for header in table.headers}):
        told = f"the schema tells of columns that are not there, so nothing becomes of it: {quote_some(unknown)}"
        rejects.note(table.name, "", "schema", f"{told}.{suggest_name(unknown[0], table.headers)}".rstrip("."))
    columns = _join_units(columns)
    renamed, schema = renamed or {}, schema or {}
    matches = _match_columns([column.header for column in columns], dictionary, renamed, schema)
    _refuse_twins(matches, table)
    daily = dictionary == DAYS
    names = name_columns(matches, [column.place for column in columns])
    sign = decimal or _settle_table(columns, table.delimiter)
    readings: list[Reading] = []
    for column, match, name in zip(columns, matches, names, strict=True):
        if sign == "," and column.numbers is not None and not Cells(column, ".").whole:
            column = replace(column, numbers=None)  # 1.234 may be a thousand and more
        match = replace(match, name=name)
        found = _read_with(column, match, find_facts(schema, column.header), sign=sign, decimal=decimal, daily=daily)
        readings += found
        for reading in found:
            refuse_cells(table, column, reading.faults, rejects)
            if reading.variable.remark:
                rejects.note(table.name, column.header, "note", reading.variable.remark)
    return _name_apart(readings, dictionary)


def _join_units(columns: Sequence[Column]) -> list[Column]:
    """Return the columns, figures with the unit that the column behind them tells for each where it tells several."""
    joined = list(columns)
    for number, (amount, unit) in enumerate(itertools.pairwise(columns)):
        words = split_words(unit.header)
        told = words & word_set("unit column") and words <= word_set("unit column") | split_words(amount.header)
        if told and len(unit.sample()) > 1:
            pairs = zip(amount.texts(), unit.texts(), strict=True)
            texts = [f"{figure} {given}" if figure else "" for figure, given in pairs]
            joined[number] = replace(code_column(amount.header, texts), place=amount.place)
    return joined


def _match_columns(headers: list[str], dictionary: str, renamed: Mapping[str, str], schema: Schema) -> list[Variable]:
    """Say what each column is called: as the schema or `renamed` has it, else by its header."""
    read_as = [renamed.get(header, header) for header in headers]
    stems = [normalise_header(split_header(header).stem) for header in read_as]
    rated = Counter(find_rated(stem, dictionary) for stem in stems)
    company = frozenset(map(normalise_header, read_as)) | {
        *filter(None, (find_variable(stem, dictionary=dictionary) for stem in stems)),
        *(name for name, n in rated.items() if name and n > 1),
    }
    matches = []
    for header in headers:
        facts = find_facts(schema, header)
        target = renamed.get(header) or _named_by(facts, header, dictionary, company)
        match = match_header(target or header, dictionary, company=None if target else company)
        if not target and match.canonical and match.kind == "yes/no" and facts.get("kind") == "amount":
            match = match_header(f"{split_header(header).stem} dose", dictionary)  # as an export tells it
        if target and facts.get("name") == target and not match.canonical:
            match = match.learn("schema", name=target)
        matches.append(replace(match, source=header, label=match.label if match.canonical else header))
    return matches


def _named_by(facts: Facts, header: str, dictionary: str, company: frozenset[str]) -> str:
    """Return the name that a schema gives a column; "" where it only repeats the guess."""
    guess = match_header(header, dictionary, company=company)
    names = {guess.name, f"my_{guess.name}", clean_name(header)}
    left = "name" in facts.get("guessed", ()) and facts.get("name") in names
    return "" if left or (guess.canonical and guess.name == facts.get("name")) else facts.get("name", "")


def _read_with(column: Column, match: Variable, facts: Facts, **reading: Any) -> list[Reading]:  # noqa: ANN401
    """Read a column with what the schema says; a guess that the schema repeats stays a guess."""
    left = {fact for fact in facts.get("guessed", ()) if fact in facts}
    said = {fact: value for fact, value in facts.items() if fact not in left}
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
    whole = [clean_name(match.header.source) for match in matches]
    mine = [f"my_{name}" if name else "" for name in whole]
    placed = [f"{name or 'column'}_{place}" for name, place in zip(whole, places, strict=True)]
    reserved = set(load_dictionary(DAYS)["name"]) | {"person", "date", ""}
    for others in (whole, mine, placed):
        counts = Counter(names)
        clash = [not sure and (counts[name] > 1 or name in reserved) for sure, name in zip(fixed, names, strict=True)]
        names = [other if bad else name for name, other, bad in zip(names, others, clash, strict=True)]
    return names


def _name_apart(readings: list[Reading], dictionary: str) -> list[Reading]:
    """Give columns that are not what their name says another one, and so where two would have the same."""
    named: dict[str, Reading] = {}
    places = sorted(range(len(readings)), key=lambda place: bool(readings[place].variable.level))
    done = list(readings)
    for place in places:
        variable = readings[place].variable
        own = not variable.canonical and variable.how.get("name") != "schema"
        first = f"my_{variable.name}" if own and find_row(variable.name, dictionary=dictionary) else variable.name
        others = (f"{first}_{number}" for number in itertools.count(2))
        name = next(name for name in itertools.chain([first], others) if name not in named)
        named[name] = done[place] = replace(readings[place], variable=replace(variable, name=name))
    return done


def _settle_table(columns: list[Column], delimiter: str) -> str:
    """Return the decimal sign of a table for columns that leave it open: that of the others with figures."""
    comma = point = 0
    for column in columns:
        if column.numbers is not None and (delimiter != ";" or Cells(column, ".").whole):
            point += not (Cells(column, ".").whole or _are_thousands(column))
            continue
        texts = take_figures(text for text in column.levels[:2000] if text and not is_missing(text))
        if look_like_numbers(texts) > 0.8:
            own = settle_decimal(texts)
            comma, point = comma + (own == ","), point + (own == ".")
    if comma == point:
        return "," if delimiter == ";" else "."
    return "," if comma > point else "."


def read_column(
    column: Column, variable: Variable, *, sign: str = ".", decimal: str | None = None, daily: bool = True
) -> list[Reading]:
    """Read a column: as the known variable it is, or as your own, whose kind its cells show.

    Its own figures decide on their decimal sign where they can, else that of the other columns, `sign`. A `daily` one
    becomes several where it says more than one thing: a dose (taken, and how much), categories.
    """
    sign, remark = _settle_sign(column, sign, decimal)
    told, own = word_set("dose column"), variable.kind == "text" and not variable.canonical
    told = told | word_set("unit word") | set(find_units("h")) if own else told
    dosed = daily and not variable.header.unit and (own or _may_be_dosed(variable))
    if dosed and (found := split_unit(column, told)):
        column, variable = found[1], replace(variable, header=replace(variable.header, unit=found[0]))
        variable = variable.learn("header", unit=found[0]) if own else variable
    cells = Cells(column, sign, form="rating" if _is_rated(variable) else variable.kind)
    variable = _take_top(variable, cells)
    if remark and (variable.canonical or not (cells.grouped and counts(variable.header))):
        variable = variable.tell(remark)
    if daily and are_doses(variable, cells):
        return read_dose(variable, cells)
    if variable.canonical:
        known = read_known(variable, cells)
        if known is not None:
            return [known]
        understood = read_yes_no if variable.kind == "yes/no" else read_number
        odd = (text for text in column.levels if understood(text) is None and not is_missing(text))
        misfit = next((f", such as {text!r}," for text in odd), "")
        remark = f"its cells{misfit} don't fit {variable.name!r}, so it stays as a variable of your own"
        variable = replace(disown(variable), name=clean_name(variable.header.stem)).tell(remark)
    reading = read_own(variable, cells)
    return [reading, *spread_levels(reading, cells)] if daily else [reading]


def _is_rated(variable: Variable) -> bool:
    """Say whether a column is a rating by the dictionary, or one of your own by a word of its header."""
    own = not variable.canonical and variable.kind == "text" and variable.how.get("kind", "guessed") == "guessed"
    return variable.kind == "rating" or (own and bool(variable.header.words & word_set("rating column")))


def _take_top(variable: Variable, cells: Cells) -> Variable:
    """Return a rating with the scale that its cells tell (3/5, 40%) where its header tells none."""
    if variable.header.scale or not _is_rated(variable) or cells.top not in TOPS:
        return variable
    found = variable.learn("header", kind="rating", low=0.0, high=cells.top)
    return replace(found, how={**found.how, "low": "guessed", "high": "guessed"}) if cells.ranks else found


def _settle_sign(column: Column, sign: str, decimal: str | None) -> tuple[str, str]:
    """Return the decimal sign of a column, and a remark where its cells leave it open."""
    if decimal is not None:
        return decimal, ""
    plain, few = column.numbers is not None, _are_thousands(column)
    texts = take_figures(column.levels) if few or not plain else []
    own = settle_decimal(texts) if texts else "."
    sign = own or ("." if plain else sign)
    guess = None if own else find_guess(texts, sign, point=few)
    if guess is None:
        return sign, ""
    other = {",": ".", ".": ","}[sign]
    return sign, (
        f"it doesn't show its decimal sign; {guess} is read as {read_number(guess, sign):.15g}. If it is "
        f'{read_number(guess, other):.15g}, say decimal="{other}" (command line: --decimal)'
    )


def _are_thousands(column: Column) -> bool:
    """Say whether figures with decimals are few and far smaller than whole ones, as 1.200 beside 190 and 250."""
    values = read_plain(take_figures(column.levels)) if column.numbers is None else column.numbers
    values = thin_out(values[np.isfinite(values)])
    parts, whole = values[values % 1 > 0], values[(values % 1 == 0) & (values > 0)]
    return 0 < len(parts) < len(whole) and bool(5 * parts.max() < np.median(whole))


# The lists of words by which a header tells what its figures are.
_TELLING = (
    *(f"{name} column" for name in ("notes", "rating", "date", "duration", "count", "code", "since", "id", "sum")),
    "dose column", "calendar column", "measured column", "outside column", "scale word",
)  # fmt: skip
_PER_TIME = re.compile(
    r"(?:/|\bper|\bpro|\bpar|\bpor)\s*(?:h|hr|hours?|min|minutes?|stunde|std|heure|hora|week|woche)\b", re.I
)
_STRENGTH = re.compile(r"\b(\d+)\s?(mg|mcg|g|ml|iu)\b", re.IGNORECASE)  # how many of 500 mg there were
_MOST_LEVELS = 2000
_NOT_SUMMED = frozenset({"avg", "average", "mean", "max", "highest", "min", "lowest", "per", "goal"})
_BALANCED = (1.0, 2.0, 3.0, 4.0, 5.0, 10.0, 100.0)  # where scales end that go as far below zero
_COUNTED = frozenset(
    name for row in load_dictionary("variables.csv").to_dict("records") if row["kind"] == "count"
    for name in (row["name"], *row["aliases"]) if " " not in name
)  # fmt: skip
_AMOUNTS = frozenset(name for name in load_dictionary("variables.csv").query("kind == 'amount'")["name"]) - {"sleep"}
_WORD_UNITS = {"hours": "h", "hrs": "h", "minutes": "min", "mins": "min"}
_TIME_UNITS = {**_WORD_UNITS, "min": "min", "h": "h"}
_DOSE_UNITS = {"mg": "mg", "mcg": "mcg", "g": "g"}
_FLAG_ROLES = {"trigger": "trigger", "triggers": "trigger", "remedy": "remedy", "medicine": "medicine"}


def read_known(variable: Variable, cells: Cells) -> Reading | None:
    """Read a column after the dictionary; None where its cells are plainly something else."""
    if variable.kind in ("text", "choice"):
        return keep_text(cells.column, variable)
    if cells.ticks_and_crosses or (cells.clocks and variable.kind == "amount"):
        return None
    if _may_be_half_past(variable.header, cells):
        return None
    if variable.kind == "yes/no":
        return None if cells.figures > 0.5 and cells.flags < 0.5 else _accept(variable, cells)
    if (cells.yes_no_words > 0.5 and not cells.ranks and not cells.counts_from_no) or _are_flags(variable, cells):
        told = f"its cells say yes or no, so it is read as yes/no and not in {variable.unit}"
        return read_by_rule(replace(become_flags(variable, "guessed"), remark=told), cells)
    cells = drop_codes(cells, variable)
    below = cells.numbers[cells.numbers < 0]
    if variable.kind == "rating" and variable.low >= 0 and cells.share(len(below)) > 0.1 and len(np.unique(below)) > 1:
        return None
    if variable.kind == "rating":
        variable = _fit_scale(variable, cells)
    elif variable.assumed and (doubt := _doubt_unit(variable, cells)):
        return read_by_rule(complete(disown(variable).learn("guessed", kind="amount").tell(doubt), cells), cells)
    elif variable.assumed and variable.unit == "s" and len(cells.numbers):
        way = f"if they are not, say the unit in the header, such as '{variable.header.stem} (min)'"
        variable = variable.tell(f"the header tells no unit, so its plain figures are read as seconds; {way}")
    return _accept(variable, cells)


def _accept(variable: Variable, cells: Cells) -> Reading | None:
    """Read a known variable; None where most of its cells can't be read as that."""
    if remark := _doubt_told_unit(variable, cells):
        variable = variable.tell(remark)
    reading = read_by_rule(variable, cells)
    unread = [code for code, (rule, _) in reading.faults.items() if rule in ("not_a_number", "not_yes_no", "not_whole")]
    # Of two answers one that is not understood leaves the other open, too.
    half = variable.kind == "yes/no" and len(unread) == 1 and len(np.unique(reading.data[reading.data >= 0])) == 1
    most = max(5, 0.1 * cells.n_filled) if half else 0.5 * cells.n_filled
    return None if unread and int(cells.column.count()[unread].sum()) > most else reading


def _are_flags(variable: Variable, cells: Cells) -> bool:
    """Say whether an amount whose header tells no unit (a word that is no plural), or a rating, holds 0 and 1 only."""
    if cells.flags < 1.0 or cells.high != 1 or counts(variable.header):
        return False
    if variable.kind == "rating":
        return (
            len(cells.numbers) >= 10
            and not cells.rest
            and variable.how.get("high") == variable.how.get("kind") == "dictionary"
        )
    plain = variable.assumed or (not variable.header.unit and len(variable.header.words) == 1)
    return variable.kind == "amount" and plain


# --- units and scales -------------------------------------------------------------------------------------------------


def _doubt_unit(variable: Variable, cells: Cells) -> str:
    """Return why figures without a unit can hardly be in the dictionary's, or ""."""
    low, high, middle, values = _find_usual(variable, cells)
    stem, unit, mixed = variable.header.stem, variable.unit, _are_mixed(values, low)
    usual = not mixed and not (middle < low or middle > high)
    if usual and unit == "h" and cells.minutes_for_decimals:
        return (
            "its decimals never reach .60, so 7.30 may mean half past seven; it stays a variable of your own. Write "
            f"7:30 or 7.5, or say the unit in the header, such as '{stem} (h)'"
        )
    if usual and unit == "h" and cells.whole and cells.high <= 10 and float((cells.numbers <= 3).mean()) >= 0.1:
        return (
            f"its whole figures, {cells.low:g} to {cells.high:g}, may be ratings, so it stays a variable of your own; "
            f"if they are hours, say so in the header, such as '{stem} (h)'"
        )
    if usual:
        return ""
    units = find_units(unit, variable.name).values()
    fitting = [unit, *(name for name, factor, _ in units if factor != 1 and low <= middle * factor <= high)]
    what = (
        "some of its figures are very small beside the others" if mixed else f"figures such as {middle:g} are unusual"
    )
    return (
        f"the header tells no unit, and {what} for {variable.label.lower()} in {unit}, so it stays a variable of your "
        f"own; say the unit in the header, such as '{stem} ({fitting[-1]})', or in the schema"
    )


def _doubt_told_unit(variable: Variable, cells: Cells) -> str:
    """Return what is to be told of figures that lie far beyond the usual ones in the unit that the header tells."""
    unit = variable.header.unit
    if variable.kind != "amount" or variable.assumed or not unit:
        return ""
    low, high, middle, values = _find_usual(variable, cells)
    if math.isnan(low) or len(values) < 5:
        return ""
    if middle * variable.factor < low / 4 or middle * variable.factor > high * 4:
        told = f"figures such as {middle:g} are unusual for {variable.label.lower()} in {unit}"
        return f"{told}; see that it is the right unit"
    minutes = unit == "h" and cells.minutes_for_decimals
    return "its decimals never reach .60; if 7.30 means half past seven, write 7:30" if minutes else ""


def _find_usual(variable: Variable, cells: Cells) -> tuple[float, float, float, FloatArray]:
    """Return between what the median of a diary lies by the dictionary, that of its figures above 0, and these."""
    low, high = (find_row(variable.name).get(bound, math.nan) for bound in ("usual_low", "usual_high"))
    values = thin_out(cells.numbers)
    values = values[values > 0]
    return low, high, float(np.median(values)) if len(values) else math.nan, values


def _are_mixed(values: FloatArray, usual: float) -> bool:
    """Say whether small whole numbers stand among figures of another order, as cups do among milligrams."""
    if usual < 20:
        return False
    small, large = values[values <= 12], values[values >= usual]
    return bool(min(len(small), len(large)) >= 2 and len(small) + len(large) == len(values) and not (small % 1).any())


def _are_two_units(values: FloatArray) -> bool:
    """Say whether figures lie close together in two places far apart, as kilograms and pounds do."""
    some = np.sort(thin_out(values))
    if len(some) < 10 or not some[0] > 0:
        return False
    steps = some[1:] / some[:-1]
    low, high = np.split(some, [int(steps.argmax()) + 1])
    near = max(low[-1] / low[0], high[-1] / high[0]) < 1.2 and min(len(low), len(high)) >= 0.1 * len(some)
    return bool(steps.max() > 1.5 and near)


def _fit_scale(variable: Variable, cells: Cells) -> Variable:
    """Return a known rating on the scale that its figures show, where no header says one."""
    if variable.how.get("high") in ("header", "schema") or cells.ranks:
        step = step_of_scale(variable.low, variable.high)
        return variable.learn("header", unit=f"points of {variable.high:g}", step=step)
    beyond = int((cells.numbers > variable.high).sum())
    scale = None
    if beyond > 1 and variable.high < cells.high <= 100 and cells.low >= 0 and cells.share(beyond) > 0.02:
        scale = (0.0, 100.0)
    elif len(cells.numbers) >= 20 and not cells.whole and cells.low >= 0 and cells.high <= 1:
        scale = (0.0, 1.0)
    elif len(cells.numbers) >= 20 and cells.whole:
        scale = find_scale(cells, strict=True)
    if scale is None or scale == (variable.low, variable.high):
        return variable
    facts: dict[str, Any] = {
        "low": scale[0],
        "high": scale[1],
        "unit": f"points of {scale[1]:g}",
        "step": step_of_scale(*scale),
    }
    found = replace(variable, **facts, how={**variable.how, **dict.fromkeys(facts, "guessed")})
    return found.tell(
        f"it holds {cells.low:g} to {cells.high:g}, so its scale is taken to be {scale[0]:g}-{scale[1]:g}; if not, say "
        f"it in the header, such as '{variable.header.stem} ({variable.low:g}-{variable.high:g})'"
    )


# --- doses ------------------------------------------------------------------------------------------------------------


def _may_be_dosed(variable: Variable) -> bool:
    medicine = variable.canonical and variable.role in ("medicine", "remedy")
    return medicine and variable.kind == "yes/no" and variable.how.get("kind") != "schema"


def are_doses(variable: Variable, cells: Cells) -> bool:
    """Say whether a yes/no medicine is told in figures: how much was taken."""
    if not _may_be_dosed(variable) or cells.figures <= 0.5:
        return False
    dosed = normalise_header(variable.header.unit) in word_set("dose column")
    always = not dosed and cells.low > 0 and cells.n_filled == len(cells.column)
    if cells.low < 0 or (variable.role == "remedy" and always):
        return False  # codes; or on all days more than nothing: degrees or hours, rather than what was done
    taken = cells.numbers[cells.numbers != 0]
    return dosed or (len(taken) > 0 and float((taken > 1).mean()) > 0.5)


def read_dose(variable: Variable, cells: Cells) -> list[Reading]:
    """Read a dose as yes or no, and as an amount of its own."""
    name = f"{normalise_header(variable.header.stem).replace(' ', '_')}_dose"
    amount = disown(variable).learn(
        "guessed", name=name, label=f"{variable.source}: dose", kind="amount", combine="max"
    )
    if normalise_header(variable.header.unit) in word_set("dose column"):
        amount = amount.learn("header", unit=variable.header.unit)
    cells = drop_codes(cells, amount)
    dose = read_by_rule(amount.learn("guessed", step=round_step(cells.spread)), cells)
    taken = np.where(np.isnan(dose.data), np.nan, dose.data > 0)
    told = f"it holds doses: more than 0 is read as yes, and the dose stays as {name!r}"
    flags = become_flags(variable, "dictionary").tell(told)
    return [Reading(flags, taken, cells.column, dose.faults), replace(dose, faults={})]


# --- your own --------------------------------------------------------------------------------------------------------


def read_own(variable: Variable, cells: Cells) -> Reading:
    """Read a column that no dictionary knows: its kind is what was said, or what four fifths of its cells show."""
    how = variable.how.get("kind", "guessed")
    if how != "guessed" and variable.kind in ("text", "category"):
        return keep_text(cells.column, variable)
    if how != "guessed" and variable.kind == "yes/no":
        return read_by_rule(become_flags(variable, how), cells)
    if how != "guessed":
        return read_by_rule(complete(variable, cells), cells)
    for fits, role, remark in _KEPT_AS_TEXT:
        if fits(variable.header, cells):
            sign, other = {".": ("point", ","), ",": ("comma", ".")}[cells.decimal]
            remark = remark.format(stem=variable.header.stem, sign=sign, other=other)
            return keep_text(cells.column, variable.learn("guessed", role=role), remark)
    return _read_unknown(variable, cells)


def _read_unknown(variable: Variable, cells: Cells) -> Reading:
    """Read a column whose cells decide: nothing, yes and no, text, codes, or figures of some kind."""
    if cells.n_filled == 0:
        return read_by_rule(complete(variable.learn("guessed", kind="amount"), cells), cells)
    yes_no = (0.0 if variable.header.unit else cells.flags) + cells.yes_no_words
    if yes_no >= 0.8 and yes_no >= cells.figures and not cells.counts_from_no:
        word, *more = variable.name.split("_")
        role = _FLAG_ROLES.get(word, variable.role) if more else variable.role
        return read_by_rule(become_flags(variable.learn("guessed", role=role), "guessed"), cells)
    told = cells.figures if variable.unit in _TIME_UNITS.values() else 0.0  # what the header tells the unit of
    timed = cells.lasting or (
        cells.durations + told >= 0.8 and bool(told or variable.header.words & word_set("duration column"))
    )
    if cells.figures < (0.8 if cells.durations else 0.6) and not timed:  # of 7:30 beside 45 neither is sure
        dated = look_like_dates(cells.column.levels) >= 0.5
        remark = "" if dated or cells.figures < 0.2 else _MIXED.format(len(cells.numbers), cells.n_filled)
        return keep_text(cells.column, variable, _SIGNED if cells.signed and not dated else remark)
    cells = scaled = _drop_nines(drop_codes(cells, variable))
    if _are_codes(variable.header, cells):
        coded = cells.high == 2 and not variable.header.words & word_set("code column")
        return keep_text(cells.column, variable.learn("guessed", kind="category"), _CODED if coded else "")
    if variable.header.words & word_set("rating column") and cells.whole and cells.low == -1 and cells.high >= 3:
        scaled = replace(cells, codes=(*cells.codes, -1.0))  # with which no scale begins
    return read_by_rule(complete(_guess_kind(variable, scaled), scaled), cells)


_FAR = "figures such as {} lie far beyond all others and are kept; see that they are no slips"
_TWO_UNITS = "its figures lie in two places far apart, as in two units; write all of them in one"
_CODED = "1 and 2 are all that stands there, so they are taken for codes; if they count, say so in the header: (count)"
_MIXED = "only {} of {} cells are figures, so it is kept as text; write figures, and leave blank what is not known"
_SIGNED = "other signs stand with its figures, so it is kept as text; write plain figures, and the unit in the header"


def _drop_nines(cells: Cells) -> Cells:
    """Take 9 for no answer where all other figures go from 1 to 5 at most."""
    if not (cells.whole and cells.low == 1 and cells.high == 9 and len(cells.numbers) >= 20):
        return cells
    others = replace(cells, codes=(*cells.codes, 9.0))
    return others if others.high <= 5 else cells


# --- what is kept as text, whatever its figures -----------------------------------------------------------------------


def is_note(header: str) -> bool:
    """Say whether a header names a column of free text.

    >>> is_note("My notes"), is_note("mood")
    (True, False)
    """
    named = normalise_header(header)
    return named in ("diary", "text") or bool(set(named.split()) & word_set("notes column"))


def _may_be_half_past(header: Header, cells: Cells) -> bool:
    """Say whether figures such as 7.30 stand under a header that tells hours and minutes."""
    return cells.figures > 0.5 and not cells.whole and tells_hours_and_minutes(header)


def _numbers_rows(header: Header, cells: Cells) -> bool:
    """Say whether a column does nothing but number the rows, as an index that was written along does."""
    if (
        re.sub(r"^column \d+$", "index", normalise_header(header.source)) not in word_set("row number column")
        or len(cells.column) < 3
        or cells.n_filled < len(cells.column)
    ):
        return False
    return bool(len(cells.numbers) == len(cells.column) and (np.diff(np.sort(cells.numbers)) == 1).all())


# The first that fits: whether it does, the role, and what is told.
_KEPT_AS_TEXT: tuple[tuple[Callable[[Header, Cells], bool], str, str], ...] = (
    (lambda header, cells: find_trait(header.source) == "sex", "person", ""),
    (lambda header, cells: is_note(header.source), "own", ""),
    (lambda header, cells: normalise_header(header.source) in word_set("date column") and cells.figures > 0.5, "none",
     "the days are told by another column, so this one is kept as text"),
    (_numbers_rows, "none", "it numbers the rows, so it is kept as text and not analysed"),
    (lambda header, cells: bool(header.words & word_set("id column")) and not header.unit, "none",
     "it looks like an id, so it is kept as text and not analysed"),
    (lambda header, cells: bool(header.words) and header.words <= word_set("calendar column") and cells.whole
     and len(cells.numbers) == cells.n_filled, "none",
     "it tells a part of the date, so it is kept as text and not analysed"),
    (lambda header, cells: bool(header.words & word_set("since column")), "none",
     "it tells a time since something, which only rises, so it is kept as text and not analysed"),
    (lambda header, cells: cells.figures < 0.5 and hold_days(cells.column.levels), "none",
     "it holds other dates, which are kept as text; the rows are placed by the column of dates alone"),
    (lambda header, cells: normalise_header(header.stem) in word_set("night time") and header.unit in ("", "h")
     and cells.figures > 0.8, "none",
     "it tells a time of day in figures, which are kept as text and not analysed; write 22:30"),
    (lambda header, cells: cells.n_distinct == 3 and set(cells.numbers[:1000]) == {-1.0, 0.0, 2.0}, "none",
     "-1, 0 and 2 are all that stands there, as in codes of a habit tracker; write yes and no, or leave it blank"),
    (lambda header, cells: counts(header) and cells.grouped, "none",
     "its figures all have three digits behind a {sign}, and counts have none: write them without it, or say "
     "decimal=\"{other}\" (command line: --decimal) where it parts thousands"),
    (lambda header, cells: cells.ticks_and_crosses, "none",
     "both a tick and a cross stand there, and a cross may mean yes or no; write yes and no"),
    (_may_be_half_past, "none",
     "its header says hours and minutes, so 7.30 is not 7.3 h; it is kept as text; write 7:30"),
    (lambda header, cells: cells.clocks, "none", "it holds times of day, which are kept as text and not analysed"),
    (lambda header, cells: cells.durations >= 0.5 and not (cells.lasting or header.words & word_set("duration column")),
     "none",
     "it holds times of day or durations, which are kept as text and not analysed; if it is a duration, say so in the "
     "header, such as '{stem} (h:mm)'"),
)  # fmt: skip


# --- figures ----------------------------------------------------------------------------------------------------------


def _are_codes(header: Header, cells: Cells) -> bool:
    """Say whether whole numbers only name things: the header says so, or there is just 1 and 2."""
    if not cells.whole or header.scale or header.unit or not 2 <= cells.n_distinct <= 12 or cells.low < 0:
        return False
    twos = (cells.low, cells.high) == (1, 2) and len(cells.numbers) >= 10 and not counts(header)
    return bool(header.words & word_set("code column")) or twos


def _guess_kind(variable: Variable, cells: Cells) -> Variable:
    """Say whether an own column of figures is a rating, a count or an amount."""
    header, words = variable.header, variable.header.words
    if not variable.unit and (unit := "years" if find_trait(header.source) else _guess_unit(header, cells)):
        variable = variable.learn("guessed", unit=unit)
    if words & word_set("measured column") and _are_two_units(cells.numbers):
        variable = variable.tell(_TWO_UNITS)
    measured = words & (word_set("measured column") | word_set("duration column")) or _is_dosed(header, cells)
    told = variable.outside or variable.unit or measured or _PER_TIME.search(header.source)
    rated = words & word_set("rating column") and (
        cells.whole or not words & _AMOUNTS
    )  # as a level of potassium is not
    most = 100 if rated else 10 if cells.whole else 0
    if told or not (cells.low >= 0 or _find_balance(header, cells)):
        kind = "amount"
    elif cells.low < 0 or (1 < cells.high <= most and not counts(header)):
        kind = "rating"
    else:
        many = counts(header) or cells.low < 20 or cells.high >= 3 * cells.low
        kind = "count" if cells.whole and many else "amount"
    return variable.learn("guessed", kind=kind)


def _find_balance(header: Header, cells: Cells) -> float:
    """Return where a rating ends that goes as far below zero as above; 0 where it doesn't."""
    rated, ends = bool(header.words & word_set("rating column")), sorted([-cells.low, cells.high])
    if not (rated and cells.whole and ends[1] <= min(2 * ends[0], _BALANCED[-1])):
        return 0.0
    return next(top for top in _BALANCED if ends[1] <= top)


def _guess_unit(header: Header, cells: Cells) -> str:
    """Return the unit that the words of a header tell: of a time, of a dose, or at its end of a measure."""
    last = normalise_header(header.stem).split()[-1:]
    timed = not (_PER_TIME.search(header.source) or header.words & word_set("measured column"))
    if timed and (unit := _TIME_UNITS.get("".join(last), "h" if cells.lasting or cells.durations >= 0.8 else "")):
        return unit
    units = _WORD_UNITS | (_DOSE_UNITS if _is_dosed(header, cells) else {})
    found = next(iter(word_set("unit word").intersection(last if "/" not in header.source else ())), "")
    return next((unit for word, unit in units.items() if word in header.words), found)


def _is_dosed(header: Header, cells: Cells) -> bool:
    """Say whether figures tell a dose, and not how many there were of the strength in the header."""
    dosed = header.words & word_set("dose column") and not header.words & {"dl", "l", "kg", "per"}
    strength = _STRENGTH.search(header.stem)
    return bool(dosed) and not (strength and cells.high < float(strength[1]))


def is_open_rating(variable: Variable) -> bool:
    """Say whether a column is taken for a rating by its figures alone."""
    guessed = variable.kind == "rating" and variable.how.get("kind") == "guessed" and variable.role == "own"
    return guessed and not variable.header.words & word_set("rating column")


def is_measured(header: Header) -> bool:
    """Say whether a word of the header tells what its figures measure."""
    return any(header.words & word_set(name) for name in _TELLING)


def counts(header: Header) -> bool:
    """Say whether a header names things that are counted: a word for it, or a plural."""
    words = normalise_header(header.stem).split()
    numbered = words[:1] == ["n"] or (words and "#" in header.source)
    numbered = numbered or (words[1:2] == ["of"] and words[0].endswith("s"))  # cups of tea
    if set(words) & word_set("count column") or numbered or _STRENGTH.search(header.stem):
        return True
    last = words[-1] if words else ""
    if set(words) & word_set("scale word") or tells_longer(header):
        return False
    if set(words) & _COUNTED and not set(words) & word_set("rating column"):
        return True
    plural = last.endswith("s") and len(last) > 3 and not last.endswith(("ss", "us", "is"))
    return plural and last not in word_set("rating column")


def complete(variable: Variable, cells: Cells) -> Variable:
    """Return the variable with the step in which it is told, and its scale's unit."""
    if variable.kind == "rating":
        if not math.isfinite(variable.high - variable.low):
            top = _find_balance(variable.header, cells)
            beyond = int((cells.numbers > 10).sum())  # one alone is a slip
            most = 100.0 if beyond > 1 and cells.share(beyond) > 0.02 else 10.0
            low, high = find_scale(cells) or ((-top, top) if top else (0.0, most))
            variable = variable.learn("guessed", low=low, high=high)
        variable = replace(variable, unit=f"points of {variable.high:g}").learn("guessed", combine="mean")
        return variable.learn("guessed", step=step_of_scale(variable.low, variable.high))
    step = round_step(cells.spread)
    words = variable.header.words - word_set("dose column")  # of fat what is eaten is added up, what is weighed is not
    summed = not words & _NOT_SUMMED and bool(
        words & word_set("sum column") or frozenset() < words <= word_set("nutrient")
    )
    if len(cells.outliers):
        variable = variable.tell(_FAR.format(", ".join(f"{value:g}" for value in cells.outliers[:3])))
    if variable.kind == "amount":
        unit = normalise_header(variable.unit)
        taken = unit in word_set("dose column") or unit in ("h", "min", "s") or _is_dosed(variable.header, cells)
        combine = "sum" if summed or unit in word_set("sum column") else "max" if taken else "mean"
        variable = variable.learn("guessed", combine=combine)
    if variable.kind == "count":
        combine = "sum" if summed or counts(variable.header) else "max"
        variable = variable.learn("guessed", low=0.0, unit="a day", combine=combine)
        step = max(1.0, step) if cells.high > 100 else 1.0
    return variable.learn("guessed", step=step)


# --- words ------------------------------------------------------------------------------------------------------------


def spread_levels(reading: Reading, cells: Cells) -> list[Reading]:
    """Return a yes/no column for each level of a category but the most frequent one, which they are set against."""
    variable, column = reading.variable, reading.column
    if variable.kind != "text" or variable.role in ("none", "person") or not cells.n_filled:
        return []
    if len(column.levels) > _MOST_LEVELS and not variable.categories:
        return []
    words = _split_answers(column.levels)
    counted: Counter[str] = Counter()
    for some, n in zip(words, column.count().tolist(), strict=True):
        counted.update(dict.fromkeys(some, n))
    ranked = sorted(counted, key=lambda text: (-counted[text], text))
    if len(ranked) < 2 or not (variable.categories or _are_categories(variable, cells, ranked, counted)):
        return []
    several = any(len(some) > 1 for some in words)
    against = "" if several else f" (against {ranked[0]})"
    found: list[Reading] = []
    for number, text in enumerate(ranked if several else ranked[1:], start=1):
        name = f"{variable.name}_{clean_name(text) or _name_sign(text) or number}"
        label = f"{variable.label}: {text}{against}"
        flags = become_flags(replace(variable, name=name, label=label, level=text, remark=""), "guessed")
        by_level = np.array([float(text in some) if some else math.nan for some in words])
        found.append(Reading(replace(flags, how=variable.how), column.spread(by_level), column, {}))
    return found


def _name_sign(text: str) -> str:
    r"""Return the name of a sign such as a smiley; "" where a text holds several.

    >>> _name_sign("\u263a"), _name_sign("+-")
    ('white_smiling_face', '')
    """
    sign = text.replace("\ufe0f", "")
    return clean_name(unicodedata.name(sign, "").lower()) if len(sign) == 1 else ""


def _split_answers(levels: Sequence[str]) -> list[list[str]]:
    """Return the answers in each cell; a sign parts them where the parts come again in other cells.

    >>> _split_answers(["Headache; nausea", "headache", "n/a"]), _split_answers(["tea, milk", "tea", "milk"])
    ([['Headache', 'nausea'], ['Headache'], []], [['tea', 'milk'], ['tea'], ['milk']])
    """
    spelled: dict[str, str] = {}
    words = [_split(text, "[;|]", spelled) for text in levels]
    for sign in (",", "/", r"\+", "&"):
        parted = [list(dict.fromkeys(part for text in some for part in _split(text, sign, spelled))) for some in words]
        if 1 < len(set(itertools.chain(*parted))) < len(set(itertools.chain(*words))):
            words = parted
    return words


def _split(text: str, signs: str, spelled: dict[str, str]) -> list[str]:
    """Return the parts of a text, each as it was spelled first, whatever its capitals."""
    parts = [part.strip() for part in re.split(signs, text)]
    return list(dict.fromkeys(spelled.setdefault(part.casefold(), part) for part in parts if not is_missing(part)))


def _are_categories(variable: Variable, cells: Cells, ranked: list[str], counted: Counter[str]) -> bool:
    """Say whether a few short words come again and again, and are neither notes, figures nor dates."""
    if is_note(variable.source) or variable.how.get("kind") != "guessed":
        return False
    few = len(ranked) <= 12 and cells.n_filled >= 5 * len(ranked) and counted[ranked[-1]] >= 2
    if not few or any(len(text) > 30 for text in ranked) or look_like_dates(ranked) > 0:
        return False
    figures = sum(any(map(str.isnumeric, text)) and not any(map(str.isalpha, text)) for text in ranked)
    return figures <= 0.5 * len(ranked) and not all(normalise_header(text) in WEEKDAYS for text in ranked)
