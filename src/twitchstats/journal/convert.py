"""From a column of text cells to a variable: the dictionary's kind, or the kind that the cells show."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionArray

from twitchstats.journal.cells import (
    Rule,
    is_missing,
    is_yes_no_word,
    read_cells,
    read_duration,
    read_number,
    read_plain,
    read_yes_no,
)
from twitchstats.journal.columns import Match, find_trait, scale_of, step_of_scale
from twitchstats.journal.table import Column, Fault
from twitchstats.variables import find_units, load_dictionary, load_words, normalise_header

_NOTES = frozenset(load_words("notes column"))
_RATING_WORDS = frozenset(load_words("rating column"))
_LARGE_STEP = 30.0
_DATE_WORDS = frozenset(load_words("date column"))
_ROW_NUMBERS = frozenset(normalise_header(word) for word in load_words("row number column")) | {""}
_DURATION_WORDS = frozenset(load_words("duration column"))
_TIME_WORDS = {"min": "min", "mins": "min", "minutes": "min", "h": "h", "hr": "h", "hrs": "h", "hours": "h"}
_FLAG_ROLES = {"trigger": "trigger", "triggers": "trigger", "remedy": "remedy", "medicine": "medicine"}
_SUMMED_UNITS = ("h", "min", "s", "mg", "g", "mcg", "ml", "l", "oz", "cups", "km", "steps", "kcal")


@dataclass(frozen=True, eq=False)
class Variable:
    """A variable as read: one value for each row, its line in the dictionary, its faults by level, and a remark."""

    cells: NDArray[np.float64] | ExtensionArray
    entry: dict[str, Any]
    faults: dict[int, Fault]
    remark: str = ""


def convert_column(match: Match, name: str, decimal: str) -> Variable:
    """Read a column as the known variable it is, or as the user's own."""
    if match.name:
        known = _convert_known(match, name, decimal)
        if known is not None:
            return known
    return _convert_own(match, name, decimal)


def _convert_known(match: Match, name: str, decimal: str) -> Variable | None:
    """Read a column after the dictionary; None where its cells are plainly something else (words for a rating)."""
    row = load_dictionary("variables.csv").set_index("name").loc[match.name]
    entry = {"name": name, **row.drop("aliases").to_dict(), "source": match.column.header}
    shares = _Shares(match.column, decimal)
    words = entry["kind"] in ("count", "amount", "rating") and shares.yes_no_words > 0.5
    if words or _are_flags(match, entry, shares):
        entry |= {"kind": "yes/no", "unit": "days", "step": 1.0, "low": 0.0, "high": 1.0, "combine": "max"}
        remark = f"its cells say yes or no, so it is read as yes/no and not in {row['unit']}"
        return _read(match, entry, 1.0, decimal, remark)
    if entry["kind"] == "yes/no" and shares.figures > 0.5 and shares.flags < 0.5:
        return None
    if entry["kind"] == "rating":
        low, high = scale_of(match, row["low"], row["high"])
        entry |= {"low": low, "high": high, "unit": f"points of {high:g}", "step": step_of_scale(low, high)}
    variable = _read(match, entry, match.factor, decimal, match.remark)
    unread = [code for code, (rule, _) in variable.faults.items() if rule in ("not_a_number", "not_yes_no")]
    n_unread = int(match.column.count()[unread].sum())
    if n_unread > 0.8 * shares.filled:
        return None
    doubt = _doubt_unit(match, entry, variable) if match.assumed else _doubt_blanks(entry, shares)
    return replace(variable, remark=variable.remark or doubt)


def _read(match: Match, entry: dict[str, Any], factor: float, decimal: str, remark: str = "") -> Variable:
    rule = Rule(entry["kind"], entry["unit"], factor, entry["low"], entry["high"], match.name, match.header.bare)
    values, faults = read_cells(match.column.levels, rule, decimal=decimal)
    return Variable(match.column.spread(values), entry, faults, remark)


def _doubt_unit(match: Match, entry: dict[str, Any], variable: Variable) -> str:
    """Return a remark where figures without a unit are so small or so large that another may be meant."""
    values = np.asarray(variable.cells, dtype=float)
    values = np.sort(values[np.isfinite(values) & (values > 0)])
    if not len(values):
        return ""
    largest, middle = float(values[-1]), float(np.median(values))
    if entry["step"] / 10 <= largest and middle <= 12 * entry["step"]:
        return ""
    units = find_units(entry["unit"], match.name).values()
    fitting = [unit for unit, factor, _ in units if entry["step"] / 2 <= middle * factor <= 12 * entry["step"]]
    if not fitting:
        return ""
    return (
        f"the header tells no unit, so {middle:g} is read as {middle:g} {entry['unit']}; "
        f"if another is meant, say so in the header, such as '{match.header.stem} ({fitting[-1]})'"
    )


def _doubt_blanks(entry: dict[str, Any], shares: "_Shares") -> str:
    """Return a remark where a column is ticked on some days and blank on all others."""
    if entry["kind"] != "yes/no" or shares.noes or not 0 < shares.filled < shares.rows:
        return ""
    return "it never says no; a blank counts as not known, so write no (or 0) on the days without it"


def _are_flags(match: Match, entry: dict[str, Any], shares: "_Shares") -> bool:
    """Say whether an amount without a unit holds 0 and 1 only, though one of its unit is next to nothing (1 mg)."""
    bare = entry["kind"] == "amount" and entry["step"] >= _LARGE_STEP and not match.header.unit and match.factor == 1.0
    return bare and shares.filled > 0 and shares.flags == 1.0 and shares.ones > 0


class _Shares:
    """Which share of the filled-in cells of a column are figures, 0 or 1, words for yes or no, durations."""

    def __init__(self, column: Column, decimal: str) -> None:
        counts = column.count()
        plain = read_plain(column.levels, decimal)
        sure = np.isfinite(plain)
        rest = [(column.levels[place], int(counts[place])) for place in np.flatnonzero(~sure & (counts > 0))]
        rest = [(text, n) for text, n in rest if not is_missing(text)]
        n_sure = int(counts[sure].sum())
        n_flags = int(counts[(plain == 0) | (plain == 1)].sum())
        self.rows = int(counts.sum())
        self.filled = n_sure + sum(n for _, n in rest)
        self.noes = int(counts[plain == 0].sum()) + sum(n for text, n in rest if read_yes_no(text) == 0)
        total = max(self.filled, 1)
        self.figures = (n_sure + sum(n for text, n in rest if read_number(text, decimal) is not None)) / total
        self.flags = n_flags / total
        self.ones = int(counts[plain == 1].sum())
        self.yes_no_words = sum(n for text, n in rest if is_yes_no_word(text)) / total
        self.durations = sum(n for text, n in rest if read_duration(text, "h") is not None) / total
        self.yes_no = self.flags + self.yes_no_words


def _convert_own(match: Match, name: str, decimal: str) -> Variable:
    """Read a column that no dictionary knows: its kind is the one that four fifths of its cells show."""
    words = set(normalise_header(match.column.header).split())
    shares = _Shares(match.column, decimal)
    remark = match.remark
    if match.name:
        remark = f"its cells don't fit {match.name!r}, so it stays as a variable of your own"
    entry = _own_entry(match, name)
    if words & _NOTES or find_trait(match.header.source) == "sex":
        return _keep_text(match, entry, remark)
    if normalise_header(match.header.source) in _DATE_WORDS and shares.figures > 0.5:
        return _keep_text(match, entry, "the days are told by another column, so this one is kept as text")
    if _numbers_rows(match):
        return _keep_text(match, entry, "it numbers the rows, so it is kept as text and not analysed")
    if shares.filled == 0:
        return _read(match, entry | {"kind": "amount"}, 1.0, decimal, remark)
    if shares.yes_no >= 0.8 and shares.yes_no >= shares.figures:
        entry |= {"kind": "yes/no", "unit": "days", "low": 0.0, "high": 1.0, "combine": "max"}
        return _finish(match, entry, decimal, remark or _doubt_blanks(entry, shares))
    duration = shares.durations >= 0.8 and bool(words & _DURATION_WORDS)
    if shares.figures < 0.8 and not duration:
        return _keep_text(match, entry, remark)
    entry["unit"] = entry["unit"] or _TIME_WORDS.get(name.split("_")[-1], "h" if duration else "")
    return _finish(match, _infer_number(match, entry, words, decimal), decimal, remark)


def _numbers_rows(match: Match) -> bool:
    """Say whether a column does nothing but number the rows, as an index that was written along does."""
    if normalise_header(match.header.source) not in _ROW_NUMBERS or len(match.column.codes) < 3:
        return False
    numbers = np.sort(read_plain([text for text in match.column.levels if text]))
    return len(numbers) >= len(match.column.codes) and bool(np.all(np.diff(numbers) == 1))


def _own_entry(match: Match, name: str) -> dict[str, Any]:
    night = bool(set(name.split("_")) & {"night", "sleep", "asleep", "bed", "schlaf", "nacht"})
    return {
        "name": name, "label": match.header.source, "kind": "text",
        "role": "person" if find_trait(match.header.source) else "own", "unit": match.header.unit, "step": 1.0,
        "low": math.nan, "high": math.nan, "timing": "night" if night else "day", "combine": "mean", "part_of": "",
        "source": match.column.header,
    }  # fmt: skip


def _keep_text(match: Match, entry: dict[str, Any], remark: str) -> Variable:
    levels = np.array([text or None for text in match.column.levels], dtype=object)
    entry |= {"kind": "text", "step": math.nan, "combine": "join"}
    return Variable(pd.array(match.column.spread(levels), dtype="str"), entry, {}, remark)


def _infer_number(match: Match, entry: dict[str, Any], words: set[str], decimal: str) -> dict[str, Any]:
    """Say whether an own column of figures is a rating, a count or an amount, and on which scale or in which step."""
    values, _ = read_cells(match.column.levels, Rule("amount", entry["unit"]), decimal=decimal)
    rows = match.column.spread(values)
    rows = rows[np.isfinite(rows)]
    whole = bool(np.all(rows == np.round(rows)))
    low, high = (float(rows.min()), float(rows.max())) if len(rows) else (0.0, 0.0)
    if match.header.scale is not None:
        low, high = match.header.scale
        return entry | _rating_entry(low, high)
    likert = whole and 1 <= low < high <= 10 and len(rows) >= 10
    if (words & _RATING_WORDS or likert) and low >= 0 and high <= 100 and not entry["unit"]:
        return entry | _rating_entry(0.0 if low >= 0 else low, 10.0 if high <= 10 else 100.0)
    if find_trait(match.header.source):
        return entry | {"kind": "amount", "unit": "years"}
    level = entry["unit"] == "%" or (low >= 20 and high < 3 * low)
    if level:  # what never comes near nothing (weight, pulse, a share) is no count, and must not be added up
        return entry | {"kind": "amount", "step": round_step(_spread(rows)), "combine": "mean"}
    if whole and low >= 0 and not entry["unit"]:
        return entry | {"kind": "count", "unit": "a day", "low": 0.0, "step": _step_of_count(rows), "combine": "sum"}
    summed = normalise_header(entry["unit"]) in _SUMMED_UNITS
    return entry | {"kind": "amount", "step": round_step(_spread(rows)), "combine": "sum" if summed else "mean"}


def _spread(rows: NDArray[np.float64]) -> float:
    """Return the standard deviation, in an order of summation that rows in another order can't change."""
    return float(np.std(np.sort(rows), ddof=1)) if len(rows) > 1 else 0.0


def _step_of_count(rows: NDArray[np.float64]) -> float:
    """Return one, or for what runs into the hundreds (paces walked) a rounded standard deviation."""
    return 1.0 if rows.max(initial=0.0) <= 100 else max(1.0, round_step(_spread(rows)))


def _rating_entry(low: float, high: float) -> dict[str, Any]:
    return {
        "kind": "rating", "unit": f"points of {high:g}", "low": low, "high": high, "step": step_of_scale(low, high),
        "timing": "bedtime", "combine": "mean",
    }  # fmt: skip


def _finish(match: Match, entry: dict[str, Any], decimal: str, remark: str) -> Variable:
    role = _FLAG_ROLES.get(entry["name"].split("_")[0])
    if role and entry["kind"] == "yes/no" and "_" in entry["name"]:
        entry["role"] = role
    return _read(match, entry, 1.0, decimal, remark)


def round_step(spread: float) -> float:
    """Return a spread as the nearest of 1, 2, 5 times a power of ten: a step that can be spoken.

    >>> round_step(37.2), round_step(0.18), round_step(0)
    (50.0, 0.2, 1.0)
    """
    if not (math.isfinite(spread) and spread > 0):
        return 1.0
    power = math.floor(math.log10(spread))
    near = min((1, 2, 5, 10), key=lambda digit: abs(math.log10(spread) - power - math.log10(digit)))
    return float(f"{near}e{power}")
