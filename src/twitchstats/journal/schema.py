"""The schema file: what each column means, to be corrected by hand and read back."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from twitchstats.errors import JournalError
from twitchstats.files import write_table
from twitchstats.journal.cells import YES, is_missing, read_number
from twitchstats.journal.layout import read_table
from twitchstats.journal.record import Rejects
from twitchstats.journal.source import FACT_COLUMNS, Readable
from twitchstats.journal.variable import KINDS, Variable, describe_unit
from twitchstats.variables import find_row, find_units, normalise_header

CHOICES = {
    "role": ("outcome", "trigger", "medicine", "remedy", "own", "person", "none"),
    "kind": KINDS,
    "timing": ("night", "day", "bedtime", "outside", "not known"),
    "combine": ("sum", "mean", "max", "min", "join"),
}
Facts = dict[str, str]
Schema = dict[str, Facts]


def make_schema(variables: pd.DataFrame) -> pd.DataFrame:
    """Return the schema of a read journal: a row for each column of the file, every fact in a cell, guesses named.

    Parameters
    ----------
    variables : DataFrame
        `Journal.variables`.

    Returns
    -------
    DataFrame
        `FACT_COLUMNS` as text, and ``guessed``: the facts in that row which are guesses. A guess that is left as it is
        stays a guess; take its name out of ``guessed``, or correct it, and it is yours.
    """
    own = variables[variables["level"].eq("") & ~variables.duplicated("source")]
    frame = own[[*FACT_COLUMNS, "guessed"]].copy()
    frame["timing"] = frame["timing"].replace("", "not known")
    frame["outside"] = frame["outside"].map({True: "yes", False: "no"})
    frame["unit"] = frame["unit"].where(frame["kind"].eq("amount"), "")
    for name in ("low", "high", "step"):
        frame[name] = [f"{value:.15g}" if pd.notna(value) else "" for value in frame[name]]
    return frame.astype("str").reset_index(drop=True)


def tell_meanings(variables: pd.DataFrame, *, width: int = 100) -> str:
    """Return what each column means as a table for a screen; a question mark stands at what is guessed.

    Parameters
    ----------
    variables : DataFrame
        `Journal.variables`.
    width : int
        Characters in a line.
    """
    room = {"column": 20, "read as": 20, "role": 9, "kind": 8, "range": 14, "when": 9, "rows of a day": 5}
    lines = ["  ".join(name[:size].ljust(size) for name, size in room.items())]
    for row in variables.to_dict("records"):
        guessed = row["guessed"].split(", ")
        marks = {fact: "?" if fact in guessed else "" for fact in FACT_COLUMNS}
        known = pd.notna(row["low"]) and pd.notna(row["high"]) and row["kind"] != "yes/no"
        span = f"{row['low']:g}-{row['high']:g}" if known else ""
        unit = "" if row["kind"] in ("yes/no", "count") or row["unit"].startswith("points of") else row["unit"]
        cells = [
            row["source"], row["name"], row["role"] + marks["role"], row["kind"] + marks["kind"],
            f"{span} {unit}".strip() + (marks["high"] if span else marks["unit"] if unit else ""),
            row["timing"] + marks["timing"] if row["timing"] else "not known", row["combine"] + marks["combine"],
        ]  # fmt: skip
        lines.append("  ".join(_fit(cell, size) for cell, size in zip(cells, room.values(), strict=True)))
    told = "What each column means; ? is a guess (to correct: --write-schema, then --schema FILE):"
    return "\n".join([told, *(f"  {line}"[:width].rstrip() for line in lines)])


def _fit(text: str, size: int) -> str:
    """Return a text in just so many characters; a mark at its end is kept."""
    if len(text) <= size:
        return text.ljust(size)
    return text[: size - 2] + "…?" if text.endswith("?") else text[: size - 1] + "…"


def read_schema(source: Readable | None, facts: Iterable[Mapping[str, str]] = ()) -> Schema:
    """Read a schema: normalised header -> fact -> text. What a reader of a format says comes before the file's rows.

    Raises
    ------
    JournalError
        A fact has a value that is not possible; the message names row, column, value, rule and way out.
    """
    schema: Schema = {}
    for number, row in enumerate(facts):
        _add_facts(schema, dict(row), f"fact {number + 1}", "format")
    if source is None:
        return schema
    table = read_table(source, "schema", Rejects())
    columns = {normalise_header(column.header): column for column in table.columns}
    if "source" not in columns:
        raise JournalError(
            f"{table.source or 'The schema'} has no column 'source' that names the journal's columns. "
            "Write one with: check JOURNAL.csv --write-schema."
        )
    known = [name for name in [*FACT_COLUMNS, "guessed"] if name in columns]
    texts = {name: columns[name].texts() for name in known}
    for place, row in enumerate(table.rows):
        _add_facts(schema, {name: str(texts[name][place]) for name in known}, f"row {row}", table.source or "schema")
    return schema


def _add_facts(schema: Schema, row: Facts, where: str, told: str) -> None:
    facts = {fact: value.strip() for fact, value in row.items() if value and not is_missing(value.strip())}
    source = facts.pop("source", "")
    if not source:
        return
    for fact, value in facts.items():
        _check_fact(fact, value, f"{told}, {where} ({source}), {fact}")
    if {"low", "high"} <= set(facts) and float(facts["low"]) >= float(facts["high"]):
        raise JournalError(f"{told}, {where} ({source}), low: {facts['low']} is not below high, {facts['high']}.")
    schema.setdefault(normalise_header(source) or source, {}).update(facts)


def _check_fact(fact: str, value: str, where: str) -> None:
    allowed = CHOICES.get(fact)
    if allowed and value not in allowed:
        raise JournalError(f"{where}: {value!r} is not one of {', '.join(allowed)}.")
    if fact in ("low", "high") and read_number(value) is None:
        raise JournalError(f"{where}: {value!r} is not a number. Write the lowest and highest value that can be.")
    if fact == "step" and not (read_number(value) or 0.0) > 0:
        raise JournalError(f"{where}: {value!r} is not a number above 0. Write the step in which effects are told.")
    if fact == "lagged" and not (value.isdigit() and len(value) < 4):
        raise JournalError(f"{where}: {value!r} is not a whole number of days. Write 0 where nothing has been moved.")
    if fact == "outside" and value.lower() not in ("yes", "no"):
        raise JournalError(f"{where}: {value!r} is neither yes nor no.")


def find_facts(schema: Schema, header: str) -> Facts:
    """Return what a schema says of a column."""
    return schema.get(normalise_header(header) or header, {})


def apply_facts(variable: Variable, facts: Facts) -> Variable:
    """Return the variable as the schema has it; a guess that was left as it is stays a guess.

    Raises
    ------
    JournalError
        The unit can't be turned into the known variable's.
    """
    if not facts:
        return variable
    left = set(facts.get("guessed", "").split(", "))
    told: dict[str, Any] = {}
    for fact, text in facts.items():
        value, how = _read_fact(fact, text), variable.how.get(fact, "")
        same = _same(value, getattr(variable, fact, None))
        repeated = fact in left or how in ("dictionary", "header") or (not how and fact in ("lagged", "outside"))
        if fact == "timing" and same and fact not in left and value:
            variable = variable.learn("confirmed", timing=value)
        elif fact != "guessed" and not (repeated and same):
            told[fact] = value
    if variable.canonical and "unit" in told:
        variable = _convert(variable, told.pop("unit"))
    if told.get("kind") == "yes/no":
        told |= {"low": 0.0, "high": 1.0, "unit": "days", "step": 1.0}
        variable = replace(variable, factor=1.0, remark="")  # what was to be told of the unit
    return variable.learn("schema", **told)


def _same(value: object, other: object) -> bool:
    return value == other or (value != value and other != other)


def _read_fact(fact: str, text: str) -> str | float | bool:
    if fact in ("low", "high", "step"):
        return float(read_number(text) or 0.0)
    if fact == "lagged":
        return int(text)
    if fact == "outside":
        return text.lower() in YES
    return "" if (fact, text) == ("timing", "not known") else text


def _convert(variable: Variable, unit: str) -> Variable:
    """Return a known variable whose cells are in another unit."""
    row = find_row(variable.name)
    if normalise_header(unit) == normalise_header(str(row["unit"])):
        return variable
    units = find_units(str(row["unit"]), variable.name)
    if normalise_header(unit) not in units:
        known = ", ".join(dict.fromkeys(name for name, _, _ in units.values())) or str(row["unit"])
        raise JournalError(
            f"schema ({variable.source}), unit: {unit!r} can't be turned into {row['unit']}, the unit of "
            f"{variable.name}. Use one of {known}, or give the column another name."
        )
    _, factor, source = units[normalise_header(unit)]
    remark = describe_unit(unit, factor, variable.unit, source)
    return replace(variable, factor=factor, remark=remark, how={**variable.how, "unit": "schema"}, assumed=False)


def write_schema(variables: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write `make_schema` to a new CSV file."""
    write_table(make_schema(variables), path)
