"""Columns that the dictionary knows: read as what they are, unless their cells are plainly something else."""

import math
from dataclasses import replace
from typing import Any

import numpy as np

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
    step_of_scale,
)
from twitchstats.journal.layout import Column, Floats
from twitchstats.journal.own import DOSES, complete, counts
from twitchstats.journal.variable import Variable
from twitchstats.variables import find_row, find_units, normalise_header


def read_known(column: Column, variable: Variable, cells: Cells) -> Reading | None:
    """Read a column after the dictionary; None where its cells are plainly something else."""
    if variable.kind in ("text", "choice"):
        return keep_text(column, variable)
    if cells.ticks_and_crosses or (cells.clocks and variable.kind == "amount"):
        return None
    if variable.kind == "yes/no":
        return None if cells.figures > 0.5 and cells.flags < 0.5 else _accept(column, variable, cells)
    if cells.yes_no_words > 0.5 or _are_flags(variable, cells):
        told = f"its cells say yes or no, so it is read as yes/no and not in {variable.unit}"
        return read_by_rule(column, replace(become_flags(variable, "guessed"), remark=told), cells)
    cells, variable = drop_codes(cells, variable)
    below = cells.numbers[cells.numbers < 0]
    if variable.kind == "rating" and variable.low >= 0 and cells.share(len(below)) > 0.1 and len(np.unique(below)) > 1:
        return None
    if variable.kind == "rating":
        variable = _fit_scale(variable, cells)
    elif variable.assumed and (doubt := _doubt_unit(variable, cells)):
        return read_by_rule(
            column, complete(disown(variable).learn("guessed", kind="amount").tell(doubt), cells), cells
        )
    elif variable.assumed and variable.unit == "s" and len(cells.numbers):
        way = f"if they are not, say the unit in the header, such as '{variable.header.stem} (min)'"
        variable = variable.tell(f"the header tells no unit, so its plain figures are read as seconds; {way}")
    return _accept(column, variable, cells)


def _accept(column: Column, variable: Variable, cells: Cells) -> Reading | None:
    """Read a known variable; None where most of its cells can't be read as that."""
    if remark := _doubt_told_unit(variable, cells):
        variable = variable.tell(remark)
    reading = read_by_rule(column, variable, cells)
    unread = [code for code, (rule, _) in reading.faults.items() if rule in ("not_a_number", "not_yes_no", "not_whole")]
    if unread and int(column.count()[unread].sum()) > 0.5 * cells.n_filled:
        return None
    return reading


def _are_flags(variable: Variable, cells: Cells) -> bool:
    """Say whether an amount holds 0 and 1 only, and its header tells no unit: one word that is no plural."""
    plain = variable.assumed or (not variable.header.unit and len(variable.header.words) == 1)
    only = variable.kind == "amount" and cells.flags == 1.0 and (cells.low, cells.high) == (0, 1)
    return only and plain and not counts(variable.header)


# --- units and scales -------------------------------------------------------------------------------------------------


def _doubt_unit(variable: Variable, cells: Cells) -> str:
    """Return why figures without a unit can hardly be in the dictionary's, or ""."""
    values = cells.numbers[:: 1 + len(cells.numbers) // 100_000]
    values = values[values > 0]
    low, high = (find_row(variable.name).get(bound, math.nan) for bound in ("usual_low", "usual_high"))
    if not len(values) or math.isnan(low):
        return ""
    stem, unit, middle = variable.header.stem, variable.unit, float(np.median(values))
    if unit == "h" and cells.minutes_for_decimals:
        return (
            "its decimals never reach .60, so 7.30 may mean half past seven; it stays a variable of your own. Write "
            f"7:30 or 7.5, or say the unit in the header, such as '{stem} (h)'"
        )
    mixed = _are_mixed(values, low)
    if not mixed and low <= middle <= high:
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
    row, unit = find_row(variable.name), variable.header.unit
    values = cells.numbers[cells.numbers > 0]
    if variable.kind != "amount" or variable.assumed or not unit or len(values) < 5 or "usual_low" not in row:
        return ""
    if unit == "h" and cells.minutes_for_decimals:
        return "its decimals never reach .60; if 7.30 means half past seven, write 7:30"
    middle = float(np.median(values))
    if not middle * variable.factor < row["usual_low"] / 4 and not middle * variable.factor > row["usual_high"] * 4:
        return ""
    return (
        f"figures such as {middle:g} are unusual for {variable.label.lower()} in {unit}; see that it is the right unit"
    )


def _are_mixed(values: Floats, usual: float) -> bool:
    """Say whether small whole numbers stand among figures of another order, as cups do among milligrams."""
    if usual < 20:
        return False
    small, large = values[values <= 12], values[values >= usual]
    return bool(min(len(small), len(large)) >= 2 and len(small) + len(large) == len(values) and not (small % 1).any())


def _fit_scale(variable: Variable, cells: Cells) -> Variable:
    """Return a known rating on the scale that its figures show, where no header says one."""
    if variable.how.get("high") in ("header", "schema"):
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


def are_doses(variable: Variable, cells: Cells) -> bool:
    """Say whether a yes/no medicine is told in figures: how much was taken."""
    medicine = variable.canonical and variable.role in ("medicine", "remedy")
    if not medicine or variable.kind != "yes/no" or variable.how.get("kind") == "schema" or cells.figures <= 0.5:
        return False
    if variable.role == "remedy" and cells.low > 0 and cells.n_filled == cells.n_rows:
        return False  # on all days more than nothing: degrees or hours, rather than what was done
    taken = cells.numbers[cells.numbers != 0]
    return _dose_unit(variable) != "" or (len(taken) > 0 and float((taken > 1).mean()) > 0.5)


def _dose_unit(variable: Variable) -> str:
    return variable.header.unit if normalise_header(variable.header.unit) in DOSES else ""


def read_dose(column: Column, variable: Variable, cells: Cells) -> list[Reading]:
    """Read a dose as yes or no, and as an amount of its own."""
    name = f"{normalise_header(variable.header.stem).replace(' ', '_')}_dose"
    amount = disown(variable).learn(
        "guessed", name=name, label=f"{variable.source}: dose", kind="amount", combine="max"
    )
    if unit := _dose_unit(variable):
        amount = amount.learn("header", unit=unit)
    cells, amount = drop_codes(cells, amount)
    dose = read_by_rule(column, amount.learn("guessed", step=round_step(cells.spread)), cells)
    taken = np.where(np.isnan(dose.data), np.nan, dose.data > 0)
    told = f"it holds doses: more than 0 is read as yes, and the dose stays as {name!r}"
    flags = become_flags(variable, "dictionary").tell(told)
    return [Reading(flags, taken, column, dose.faults), replace(dose, faults={})]
