"""What a column means, each fact with how it is known (dictionary, your schema, header, guess), and the schema file."""

import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from twitchstats.errors import JournalError
from twitchstats.files import write_table
from twitchstats.journal.cells import is_missing, read_number
from twitchstats.journal.layout import read_table
from twitchstats.journal.record import VARIABLE_COLUMNS, Rejects
from twitchstats.journal.source import FACT_COLUMNS, Readable
from twitchstats.signs import find_red_flag
from twitchstats.variables import find_row, find_units, find_variable, normalise_header, split_words, word_set

DAYS = "variables.csv"
KINDS = ("count", "amount", "rating", "yes/no", "text", "category")
_OUT_OF = re.compile(r"(?:/|\bout of|\bof|\bvon|\bsur)\s*(\d{1,3})$", re.IGNORECASE)
_TO = r"(?:-|\u2013|to|\.\.|bis|\u00e0|a|tot|til|till|do|hasta|at\u00e9)"
_SPAN = re.compile(rf"(-?\d{{1,3}})\s*(?:{_TO}|(?<![1-9]0)(?<=0)_)\s*(\d{{1,3}})$", re.IGNORECASE)  # also pain_0_10
_PER_DAY = re.compile(
    r"(?:(?:/|\bper\b|\ba\b|\bpro\b|\bpar\b)\s*(?:d|day|tag|jour|24\s*h)|\b(?:today|daily|heute|hoy|oggi|vandaag|hoje|aujourd['\u2019]hui)"
    r"|[\s,:]+(?:yes/no|y/n|ja/nein|oui/non|s[i\u00ed]/no))$",
    re.IGNORECASE,
)
_LAGGED = re.compile(
    r"(?:^|[\s_.-])lag[\s_.-]?(\d{1,2})?$|^lag[\s_.-]?(\d{1,2})?(?=[\s_.-])|[(\[]t\s?-\s?(\d{1,2})[)\]]$", re.IGNORECASE
)
_LEADING = re.compile(
    r"\btomorrow|\bnext[\s_.-]?day|(?:^|[\s_.-])lead[\s_.-]?\d{0,2}$|[\s_.([-]t\s?\+\s?\d{1,2}[)\]]?$", re.IGNORECASE
)
_DAYS = re.compile(r"(?<![\w.])(?:[2-9]|\d\d)[\s-]?(?:days?|d|tage|jours|d[i\u00ed]as)\b", re.IGNORECASE)
# '1 (best) - 5 (worst)' says the same as '(1 = best, 5 = worst)'.
_END = r"(\d{1,3})\s*\(([^()\d]{1,30})\)"
_NAMED_ENDS = re.compile(rf"{_END}\s*{_TO}\s*{_END}$")
# 'How many cups of coffee did you drink' asks for cups of coffee; 'how was your sleep' does not ask for hours of it.
_RATED = re.compile(r"(?:please )?(?:how (?!many|much|long|often)|rate )", re.IGNORECASE)
_ASKED = re.compile(
    r"^(?:please )?(?:how would you )?rate (?:your|the) |^how (?:many|much) |^how (?:(?:was|is) your )?"
    r"|\b(?:did|do|have|were|are) you(?: (?:have|had|drink|get|take|taken|notice|feel|experience))?\b\s*"
    r"|^(?:wie ?viele?|combien d[e']|cu[a\u00e1]nt[oa]s?|quant[ie]|hoeveel)\s*"
    r"|^(?:wie (?:stark|hoch|gut) (?:war|waren|ist|sind)|comment (?:\u00e9tait|est)|c[o\u00f3]mo (?:fue|es|estuvo)"
    r"|com[e'] ?(?:\u00e8|era)|hoe (?:was|is)) "
    r"(?:(?:ihre?n?|deine?n?|der|die|das|votre|ton|ta|su|tu|la|il|tuo|uw|je) )?"
    r"|\b(?:hatten sie|hast du|hattest du|haben sie|avez[- ]vous eu|as[- ]tu eu|tuvo|tuviste|h?ai? avuto|had je)\b"
    r"\s*(?:getrunken\b)?",
    re.IGNORECASE,
)
_NUMBER_OF = re.compile(r"^(?:number of|no of|nr of|count of|amount of|of|anzahl|nombre de|numero d[ei]|aantal) ")
TOPS = (3, 4, 5, 6, 7, 9, 10, 20, 100)  # where scales end
# Words in brackets that change nothing in what a number means.
_SIGNS = frozenset("%\u00b0$\u20ac\u00a3")
_IDLE = frozenset(map(normalise_header, word_set("idle remark"))) | {""}
_NIGHTS = sorted(word_set("night phrase"), key=lambda phrase: (-len(phrase), phrase))
_GOOD_SCALES = ("sleep_quality", "posture")  # high figures are good; in all other ratings they are bad


@dataclass(frozen=True)
class Header:
    """A header taken apart: `stem` is the name, then the unit's text, the scale, the kind, and days of lag."""

    source: str
    stem: str
    unit: str = ""
    scale: tuple[float, float] | None = None
    kind: str = ""
    lagged: int = 0

    @property
    def words(self) -> frozenset[str]:
        """The words of the whole header, as headers are compared."""
        return split_words(self.source)


@dataclass(frozen=True)
class Variable:
    """What a column means.

    Attributes
    ----------
    name, source, label, role, kind, low, high, unit, step, timing, combine, lagged, outside, part_of
        As `Journal.variables` tells them.
    level : str
        The word of a text column that this yes/no column stands for; "" otherwise.
    how : mapping of str to str
        How each fact is known: "dictionary", "schema", "header", "guessed", or "confirmed" (by a schema that says what
        the dictionary says).
    factor : float
        Turns the numbers of the column into the unit.
    remark : str
        What must be told of the column.
    assumed : bool
        The header tells no unit, so that the dictionary's is taken if its figures are plausible.
    categories : bool
        Its words or codes are to become a yes/no column each.
    """

    name: str
    source: str
    label: str = ""
    role: str = "own"
    kind: str = "text"
    low: float = math.nan
    high: float = math.nan
    unit: str = ""
    step: float = 1.0
    timing: str = ""
    combine: str = "mean"
    lagged: int = 0
    outside: bool = False
    part_of: str = ""
    level: str = ""
    how: Mapping[str, str] = field(default_factory=dict)
    factor: float = 1.0
    remark: str = ""
    assumed: bool = False
    categories: bool = False
    header: Header = field(default_factory=lambda: Header("", ""))

    @property
    def known(self) -> str:
        """How the meaning as a whole is known."""
        ways = set(self.how.values())
        return "schema" if "schema" in ways else self.how.get("name", "guessed")

    @property
    def guessed(self) -> str:
        """The facts that are guesses, as a list of words."""
        return ", ".join(fact for fact in FACT_COLUMNS if self.how.get(fact) == "guessed")

    def learn(self, how: str, **facts: Any) -> "Variable":  # noqa: ANN401
        """Return the variable with facts of one origin; what the schema or the header said stays as it is."""
        strength = {"guessed": 0, "dictionary": 1, "header": 2, "schema": 3, "confirmed": 3}
        new = {fact: value for fact, value in facts.items() if strength[how] >= strength[self.how.get(fact, "guessed")]}
        ways = {fact: how for fact in new if fact in FACT_COLUMNS}
        return replace(self, **new, how={**self.how, **ways})

    @property
    def canonical(self) -> bool:
        """Whether the dictionary says what it is."""
        return self.how.get("label") == "dictionary"

    def tell(self, remark: str) -> "Variable":
        """Return the variable with a remark, after any that it has."""
        return replace(self, remark=f"{self.remark}; {remark}" if self.remark else remark)


def tabulate_variables(variables: Sequence[Variable]) -> pd.DataFrame:
    """Return what the columns mean, one row for each (`VARIABLE_COLUMNS`)."""
    rows = [{name: getattr(variable, name) for name in VARIABLE_COLUMNS} for variable in variables]
    return pd.DataFrame(rows, columns=VARIABLE_COLUMNS)


def describe_known(names: Iterable[str]) -> pd.DataFrame:
    """Return the rows of `Journal.variables` for variables of the dictionary, each under its own name.

    >>> describe_known(["sleep"])[["name", "unit", "known"]].to_numpy().tolist()
    [['sleep', 'h', 'dictionary']]
    """
    return tabulate_variables([_from_dictionary(Header(name, name), find_row(name)) for name in names])


def split_header(source: str) -> Header:
    """Take a header apart.

    >>> split_header("Caffeine (mg)").unit, split_header("pain /5").scale, split_header("stress (0-100)").scale
    ('mg', (0.0, 5.0), (0.0, 100.0))
    """
    stem, unit = _cut_bracket(_drop(_PER_DAY, _trim(source)))
    stem = _drop(_PER_DAY, stem.rstrip("?: ") or stem)
    if normalise_header(unit) in word_set("no unit"):
        stem, unit = stem if stem == unit else f"{stem} {unit}", ""
    lagged = _find_lag(source)
    scale = _read_scale(unit, bracketed=True)
    if scale is not None:
        return Header(source, stem, "", scale, "", lagged)
    if unit.casefold() in KINDS:
        return Header(source, stem, "", None, unit.casefold(), lagged)
    for pattern in (_OUT_OF, _SPAN):
        match = pattern.search(stem[-20:])
        rest = stem[: len(stem) - len(match[0])].strip(" ,:_") if match else ""
        if match and rest and (scale := _read_scale(match[0])):
            return Header(source, rest, unit, scale, "", lagged)
    if "%" in (stem[:1], stem[-1:]) and not unit and len(stem) > 1:
        return Header(source, stem.strip("% ,:_"), "%", None, "", lagged)
    head, comma, tail = stem.rpartition(",")
    if comma and not unit and head.strip():
        stem, unit = head.strip(), tail.strip()
    return Header(source, stem, _drop(_PER_DAY, unit), None, "", lagged)


def _cut_bracket(text: str) -> tuple[str, str]:
    """Return a header without the bracket at its end, and what stands in that; "" where there is none."""
    depth, start = 0, len(text) if text[-1:] in (")", "]") else 0
    while start > 0 and (depth or start == len(text)):
        start -= 1
        depth += (text[start] in ")]") - (text[start] in "([")
    if depth or not start:
        return text, ""
    inside = text[start + 1 : -1].strip()
    return text[:start].strip() or inside, inside


def _is_later(source: str) -> bool:
    """Say whether a header tells of a day after its row's."""
    return any(_LEADING.search(text) for text in (source, _cut_bracket(source)[0]))


def _trim(source: str) -> str:
    """Return a header without the number of a question, its sign and 'how many'; named ends of a scale in brackets."""
    text = re.sub(r"^\d{1,3}[.)]\s+(?=\D)", "", source.strip()).strip("?:¿ ") or source.strip()
    text = _ASKED.sub("", text) if len(text) <= 200 and _ASKED.match(text) else text
    return _NAMED_ENDS.sub(r"(\1 = \2, \3 = \4)", text) if len(text) <= 200 else text


def _drop(pattern: re.Pattern[str], text: str) -> str:
    """Return the text without what a pattern finds at its very end."""
    match = pattern.search(text[-24:])
    rest = text[: len(text) - len(match[0])].strip() if match else ""
    return rest or text


def _find_lag(source: str) -> int:
    for text in (source.strip(), _cut_bracket(source)[0]):
        if match := _LAGGED.search(text):
            return int(next(filter(None, match.groups()), 1))
    words = split_words(source)
    return int(bool(words & word_set("lag word")) and "night" not in words)


def _read_scale(text: str, *, bracketed: bool = False) -> tuple[float, float] | None:
    """Return the scale in a text: 'out of 5', '0-100'; in brackets also named points (0=none 10=worst)."""
    if match := _OUT_OF.fullmatch(text.strip()):
        return 0.0, float(match[1])
    match = _SPAN.fullmatch(text.strip())
    if match and float(match[1]) + 1 < float(match[2]):
        return float(match[1]), float(match[2])
    named = bracketed and "." not in text and re.search(r"[^\W\d_]{2}", text)
    points = [int(point) for point in re.findall(r"\d+", text)] if named and len(text) <= 200 else []
    if len(points) > 1 and points[0] in (0, 1) and points[-1] in TOPS:  # its ends are named, or all of its points
        whole = len(points) == 2 or points == list(range(points[0], points[-1] + 1))
        return (float(points[0]), float(points[-1])) if whole else None
    return None


def match_header(source: str, dictionary: str = DAYS, *, company: frozenset[str] | None = None) -> Variable:
    """Say which variable of a dictionary a header names, and in which unit; else what is the user's own.

    A unit stands in brackets, after a comma, or as a word before or after the name; a header that is itself a unit
    ('coffee', 'cups of coffee') says both. A bracket that isn't understood leaves the column the user's own, and so
    does a word of many meanings ('cold') where no other column (`company`, normalised headers) tells which is meant;
    without company it is taken at its word.
    """
    header = split_header(source)
    own = _make_own(header)
    if header.lagged or _is_later(source):
        return own
    # A sign such as % or € is lost where headers are compared, and says that it is not the plain thing.
    trimmed = _trim(source)
    whole = None if set(source) & _SIGNS else find_variable(trimmed, dictionary=dictionary)
    name, words = (whole, normalise_header(trimmed)) if whole else _find_name(header, dictionary)
    if name is None:
        return own
    if not find_variable(words, dictionary=dictionary) and name in (company or ()) and find_rated(words) == name:
        return own  # another column rates it
    row = find_row(name, dictionary=dictionary)
    if not _is_certain(row, header, company):
        return own.tell(
            f"this word has several meanings, so it stays a column of your own; if it is {row['label'].lower()!r}, say "
            f"so with columns={{{source!r}: {name!r}}} in Python, --column '{source}={name}', or in the schema"
        )
    phrase = "" if whole else _split_night(words)[1]
    written = bool(header.kind) and header.stem == clean_name(header.stem)  # by write_journal, as a column of your own
    if phrase and row.get("role") == "outcome" and (written or name in (company or ())):
        return own  # another column tells of it day and night
    known = _match_known(
        _from_dictionary(header, row), own, row, words, whole=bool(whole), company=company or frozenset()
    )
    return _date_outcome(known, phrase) if phrase and known.role == "outcome" else known


def _match_known(
    known: Variable, own: Variable, row: Mapping[str, Any], words: str, *, whole: bool, company: frozenset[str]
) -> Variable:
    """Return the known variable with what its header adds; your own where the header says something else."""
    header = known.header
    if _RATED.match(header.source) and row["kind"] in ("amount", "count"):
        return own
    if header.kind:
        return known.learn("header", kind=header.kind) if header.kind == row["kind"] else own
    scale = (0.0, 100.0) if row["kind"] == "rating" and header.unit == "%" else header.scale
    if scale is not None and row["kind"] != "rating":
        rated = find_row(find_variable(f"{row['label']} intensity") or "")
        if rated and rated["name"] not in company:
            known = _from_dictionary(header, rated).learn("header", low=scale[0], high=scale[1])
            return known.tell(f"its header gives a scale, so it is read as {rated['label'].lower()}")
        return own.tell(f"{row['label']} has no scale, but the header gives one")
    if scale is not None and _runs_up(_trim(header.source), good=known.name in _GOOD_SCALES) == (
        known.name not in _GOOD_SCALES
    ):
        return own.tell(f"its header tells a scale that runs the other way than {row['label'].lower()}")
    if scale is not None:
        return known.learn("header", low=scale[0], high=scale[1])
    if row["kind"] == "amount":
        return _match_amount(known, own, words)
    text = normalise_header(header.unit)
    dosed = row.get("role") in ("medicine", "remedy") and text in find_units("mg")
    if whole or dosed or _is_idle(header.unit) or text == normalise_header(row["unit"]):
        return known
    return own.tell(f"'({header.unit})' after {row['label']} is not understood")


def _date_outcome(known: Variable, phrase: str) -> Variable:
    """Return an outcome of the night: of the last one, or of one whose place in the day its header leaves open."""
    if {"last", "letzte", "derniere", "anoche"} & set(phrase.split()):
        return known.learn("header", timing="night")
    return known.learn("header", timing="").tell(
        "its header tells of the night, but not whether before or after its row's day; say timing in the schema "
        "(night: the night that ends on the row's day)"
    )


def _runs_up(text: str, *, good: bool = True) -> bool | None:
    """Say whether high figures are the good ones, by the words behind the two ends; None where they don't tell.

    Much of something is what its nature is: `good` or not.

    >>> _runs_up("mood (1 = bad, 5 = good)"), _runs_up("mood (1 = very good; 5 = awful)"), _runs_up("mood (1-5)")
    (True, False, None)
    >>> _runs_up("stress (1 = high, 5 = low)", good=False)
    True
    """
    points = [split_words(words) for words in re.findall(r"\d+\s*[=:]\s*([^\d=:]+)", text)]
    if len(points) < 2:
        return None
    ends = points[0], points[-1]
    better, worse, much, little = map(word_set, ("good", "bad", "much", "little"))
    up, down = bool(ends[0] & worse or ends[1] & better), bool(ends[0] & better or ends[1] & worse)
    if up == down:
        up, down = bool(ends[0] & little or ends[1] & much), bool(ends[0] & much or ends[1] & little)
        up, down = (up, down) if good else (down, up)
    return None if up == down else up


def _is_certain(row: Mapping[str, Any], header: Header, company: frozenset[str] | None) -> bool:
    """Say whether a word means this variable: it has no other meaning, or another column shows which is meant."""
    doubtful = set(filter(None, str(row.get("doubtful", "")).split(";")))
    if company is None or normalise_header(header.stem) not in doubtful:
        return True
    return bool(company & set(str(row["company"]).split(";")))


def _make_own(header: Header) -> Variable:
    own = Variable(clean_name(header.stem), header.source, header.source, header=header)
    own = own.learn("guessed", name=own.name, label=own.label, timing="", combine="mean")
    own = own.learn("guessed", role="person" if find_trait(header.source) else "own")
    if header.kind:
        own = own.learn("header", kind=header.kind)
    if header.scale:
        own = own.learn("header", kind="rating", low=header.scale[0], high=header.scale[1])
    if normalise_header(header.unit) in word_set("count remark"):
        own = own.learn("header", kind="count")
    elif header.unit and not _is_idle(header.unit):
        times = find_units("h")  # h:mm and hours are h
        own = own.learn("header", unit=times.get(normalise_header(header.unit), (header.unit,))[0])
    if "night" in header.words and header.words & {"last", "previous", "prev"}:
        own = own.learn("header", timing="night")
    if (header.words | set(header.source.casefold().split())) & word_set("outside column"):
        own = own.learn("guessed", outside=True)
    if header.lagged:
        own = own.learn("header", role="none", lagged=header.lagged)
        own = own.tell(f"the file has moved it by {header.lagged} d already, so it is not lagged again and no trigger")
    if tells_longer(header):
        own = own.tell("its header speaks of more than a day, but each figure is taken for the day of its row alone")
    later = "it tells of a later day than its row's" if _is_later(header.source) else ""
    if why := later or ("it is a sign that a doctor asks for" if find_red_flag(header.stem) else ""):
        own = own.learn("header", role="none").tell(f"{why}, so it is no trigger")
    return own


def tells_hours_and_minutes(header: Header) -> bool:
    """Say whether a header tells both, 'sleep (h m)' or 'sleep (h:mm)': 7.30 may then be half past.

    >>> tells_hours_and_minutes(split_header("sleep (h:mm)")), tells_hours_and_minutes(split_header("sleep (h)"))
    (True, False)
    """
    return bool(re.fullmatch(r"h{1,2}[^\w]{1,2}m{1,2}", header.unit.strip(), re.IGNORECASE))


def tells_longer(header: Header) -> bool:
    """Say whether a header speaks of more than a day: of a week, the last 7 days, a moving average."""
    longer = word_set("longer than a day")
    return bool(_DAYS.search(header.source) or (header.words & longer and not header.words <= longer))


def _from_dictionary(header: Header, row: Mapping[str, Any]) -> Variable:
    given = {fact: row[fact] for fact in ("name", "label", "kind", "unit", "low", "high")}
    given |= {fact: row[fact] for fact in ("role", "step", "timing", "combine", "part_of") if fact in row}
    blank = Variable(str(row["name"]), header.source, header=header)
    return blank.learn("dictionary", **given)


def _is_idle(remark: str) -> bool:
    return normalise_header(remark) in _IDLE and not set(remark) & _SIGNS


def _match_amount(known: Variable, own: Variable, words: str) -> Variable:
    """Return the known variable with the factor of its header's unit."""
    header, unit = known.header, known.unit
    units = find_units(unit, known.name)
    text = normalise_header(header.unit)
    if text in units:
        given, factor, source = units[text]
    elif not _is_idle(header.unit):
        return own.tell(f"{header.unit!r} is not a unit of {known.name} ({unit})")
    elif words in units:
        given, factor, source = units[words]
    elif told := [unit for _, unit in _part_unit(words) if unit in units]:
        given, factor, source = units[told[0]]
    else:
        return replace(known, assumed=True)
    if split_words(words) & word_set("drink word") and given in ("g", "mcg"):
        return own.tell(f"{given} of a drink are not {given} of {known.name}")
    return replace(known, factor=factor, remark=describe_unit(given, factor, unit, source))


def describe_unit(given: str, factor: float, unit: str, source: str) -> str:
    """Return what is to be told of a unit that was turned into another; "" where that is a matter of definition."""
    exact = source.startswith(("definition", "US fluid", "US cup", "US liquid"))
    return "" if exact else f"1 {given} is read as {factor:g} {unit} ({source})"


def _find_name(header: Header, dictionary: str) -> tuple[str | None, str]:
    """Return the variable that a header's stem names, bare or with unit words around it, and the words used."""
    stem = _NUMBER_OF.sub("", normalise_header(header.stem))
    for words in dict.fromkeys((stem, _split_night(stem)[0])):
        name = find_variable(words, dictionary=dictionary) or _find_beside_unit(words, dictionary)
        name = name or find_rated(words, dictionary)
        row = find_row(name or "", dictionary=dictionary)
        if name and (words == stem or row.get("role") == "outcome" or row.get("timing") == "night"):
            return name, stem
    return None, stem


def find_rated(words: str, dictionary: str = DAYS) -> str | None:
    """Return the known rating that words name with one more word for a scale behind, or None.

    >>> find_rated("pain severity"), find_rated("twitch nrs"), find_rated("coffee strength")
    ('pain', 'intensity', None)
    """
    name, _, last = words.rpartition(" ")
    row = find_row(find_variable(name, dictionary=dictionary) or "", dictionary=dictionary)
    if not row or last not in word_set("scale word") - {"quality"}:
        return None
    return str(row["name"]) if row["kind"] == "rating" else find_variable(f"{row['label']} intensity")


def _part_unit(words: str) -> list[tuple[str, str]]:
    """Return in which ways words may be a name and a unit behind or before it, the longest units first.

    >>> _part_unit("cups of coffee")
    [('cups', 'of coffee'), ('coffee', 'cups of'), ('cups of', 'coffee'), ('coffee', 'cups')]
    """
    parts, ways = words.split(), []
    for size in range(min(3, len(parts) - 1), 0, -1):
        before, rest = parts[:-size], parts[size:]
        ways.append((before[:-1] if len(before) > 1 and before[-1] in ("in", "en") else before, parts[-size:]))
        ways.append((rest[1:] if len(rest) > 1 and rest[0] in ("of", "de") else rest, parts[:size]))
    return [(" ".join(name), " ".join(unit)) for name, unit in ways]


def _find_beside_unit(words: str, dictionary: str) -> str | None:
    """Return the variable that words name with a unit of it before or behind, or None."""
    for named, unit in _part_unit(words):
        name = find_variable(named, dictionary=dictionary) or ""
        row = find_row(name, dictionary=dictionary)
        if row.get("kind") == "amount" and unit in find_units(str(row["unit"]), name):
            return name
    return None


def _split_night(words: str) -> tuple[str, str]:
    """Return a name without the words that say 'at night', and these.

    >>> _split_night("calf cramps at night"), _split_night("cramps")
    (('calf cramps', 'at night'), ('cramps', ''))
    """
    for phrase in _NIGHTS:
        for plain in (words.removesuffix(f" {phrase}"), words.removeprefix(f"{phrase} ")):
            if plain != words:
                return plain, phrase
    return words, ""


def find_trait(header: str) -> str:
    """Return "age" or "sex" where a column of the daily table tells that of the person, else "".

    >>> find_trait("Gender"), find_trait("stress")
    ('sex', '')
    """
    taken = split_header(header)
    name = find_variable(taken.stem if taken.kind == "text" else header, dictionary="people_variables.csv")
    return name if name in ("age", "sex") else ""


def clean_name(text: str) -> str:
    """Return a header as a snake_case name.

    >>> clean_name("Weather: max. temperature")
    'weather_max_temperature'
    """
    return normalise_header(text).replace(" ", "_")


CHOICES = {
    "role": ("outcome", "trigger", "medicine", "remedy", "own", "person", "none"),
    "kind": KINDS,
    "timing": ("night", "day", "bedtime", "outside", "not known"),
    "combine": ("sum", "mean", "max", "min", "join"),
}
Facts = dict[str, Any]
Schema = dict[str, Facts]


def make_schema(variables: pd.DataFrame) -> pd.DataFrame:
    r"""Return the schema of a read journal: a row for each column of the file, every fact in a cell, guesses named.

    Parameters
    ----------
    variables : DataFrame
        `Journal.variables`.

    Returns
    -------
    DataFrame
        `FACT_COLUMNS` as text, and ``guessed``: the facts in that row which are guesses. A guess that is left as it is
        stays a guess; take its name out of ``guessed``, or correct it, and it is yours.

    Examples
    --------
    >>> import io
    >>> import twitchstats as tw
    >>> journal = tw.read_journal(io.StringIO("date,Kaffee\n2024-03-01,2\n2024-03-02,1\n"))
    >>> make_schema(journal.variables)[["source", "name", "kind", "unit"]]
       source      name    kind unit
    0  Kaffee  caffeine  amount   mg
    """
    own = variables[variables["level"].eq("") & ~variables.duplicated("source")]
    frame = own[[*FACT_COLUMNS, "guessed"]].copy()
    frame["timing"] = frame["timing"].replace("", "not known")
    frame["outside"] = frame["outside"].map({True: "yes", False: "no"})
    frame["unit"] = frame["unit"].where(frame["kind"].eq("amount"), "")
    for name in ("low", "high", "step"):
        frame[name] = [f"{value:.15g}" if pd.notna(value) else "" for value in frame[name]]
    return frame.astype("str").reset_index(drop=True)


def lay_out_meanings(variables: pd.DataFrame) -> pd.DataFrame:
    """Return what each column means as text for a screen, a row for each; a question mark stands at what is guessed.

    >>> lay_out_meanings(describe_known(["sleep"])).iloc[0].to_list()
    ['sleep', 'sleep', 'trigger', 'amount', '0-24 h', 'night', 'max']
    """
    rows = []
    for row in variables.to_dict("records"):
        marks = {fact: "?" if fact in row["guessed"].split(", ") else "" for fact in FACT_COLUMNS}
        known = pd.notna(row["low"]) and pd.notna(row["high"]) and row["kind"] != "yes/no"
        span = f"{row['low']:g}-{row['high']:g}" if known else ""
        unit = "" if row["kind"] in ("yes/no", "count") or row["unit"].startswith("points of") else row["unit"]
        told = {fact: f"{row[fact]}{marks[fact]}" if row[fact] else "not known"
                for fact in ("role", "kind", "timing", "combine")}  # fmt: skip
        scale = f"{span} {unit}".strip() + (marks["high"] if span else marks["unit"] if unit else "")
        rows.append([row["source"], row["name"], told["role"], told["kind"], scale, told["timing"], told["combine"]])
    names = ["column", "read as", "role", "kind", "range", "when", "rows of a day"]
    return pd.DataFrame(rows, columns=names, dtype="str")


def read_schema(source: Readable | None, facts: Iterable[Mapping[str, str]] = ()) -> Schema:
    """Read a schema: normalised header -> fact -> value. What a reader of a format says comes before the file's rows.

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


def _add_facts(schema: Schema, row: Mapping[str, str], where: str, told: str) -> None:
    cells = {fact: text.strip() for fact, text in row.items() if text and not is_missing(text.strip())}
    source = cells.pop("source", "")
    if not source:
        return
    facts = {fact: _read_fact(fact, text, f"{told}, {where} ({source}), {fact}") for fact, text in cells.items()}
    if {"low", "high"} <= set(facts) and facts["low"] >= facts["high"]:
        raise JournalError(f"{told}, {where} ({source}), low: {cells['low']} is not below high, {cells['high']}.")
    schema.setdefault(normalise_header(source) or source, {}).update(facts)


def _read_fact(fact: str, text: str, where: str) -> Any:  # noqa: ANN401
    allowed, number = CHOICES.get(fact), read_number(text) if fact in ("low", "high", "step") else None
    wrong = ""
    if allowed and text not in allowed:
        wrong = f"is not one of {', '.join(allowed)}"
    elif fact in ("low", "high") and number is None:
        wrong = "is not a number. Write the lowest and highest value that can be"
    elif fact == "step" and not (number or 0.0) > 0:
        wrong = "is not a number above 0. Write the step in which effects are told"
    elif fact == "lagged" and not (text.isdecimal() and len(text) < 4):
        wrong = "is not a whole number of days. Write 0 where nothing has been moved"
    elif fact == "outside" and text.lower() not in ("yes", "no"):
        wrong = "is neither yes nor no"
    if wrong:
        raise JournalError(f"{where}: {text!r} {wrong}.")
    if fact in ("lagged", "outside"):
        return int(text) if fact == "lagged" else text.lower() == "yes"
    if fact == "guessed":
        return frozenset(text.split(", "))
    return "" if (fact, text) == ("timing", "not known") else text if number is None else number


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
    left = facts.get("guessed", ())
    told: Facts = {}
    for fact, value in facts.items():
        how, same = variable.how.get(fact, ""), value == getattr(variable, fact, None)
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
    """Write `make_schema` to a new CSV file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import twitchstats as tw
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "schema.csv"
    ...     write_schema(tw.read_demo().variables, path)
    ...     path.read_text().split(",")[:3]
    ['source', 'name', 'label']
    """
    write_table(make_schema(variables), path)
