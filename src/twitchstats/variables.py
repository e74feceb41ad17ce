"""The data dictionary: names, aliases, units, ranges and meaningful steps, read from data/."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from typing import Any

import pandas as pd

from twitchstats.resources import find_resource


def load_variables() -> pd.DataFrame:
    """Return the data dictionary of the daily variables.

    Returns
    -------
    DataFrame
        A row for each known variable: ``name, label, role`` (outcome, trigger, remedy, medicine), ``kind`` (count,
        amount, rating, yes/no), ``unit``, ``step`` (the meaningful step, in the unit), ``low``, ``high`` (what is
        plausible in a day), ``timing`` (night, day, bedtime; "" where it may come before or after the outcome, as a
        remedy does), ``combine`` (how several rows of one day become one: sum, mean, max), ``part_of`` ("" or the sum
        it belongs to), ``usual_low``, ``usual_high`` (between them lies the median of a diary in this unit),
        ``doubtful`` (names with other meanings, taken only beside one of ``company``), ``trial`` (no: nobody switches
        it on and off by lot; ask: a doctor first; level: nobody goes without, so both amounts are told), ``aliases``
        (tuple of str).

    Examples
    --------
    >>> load_variables().set_index("name").loc["caffeine", ["kind", "unit"]].to_list()
    ['amount', 'mg']
    """
    return load_dictionary("variables.csv").copy()


@cache
def load_table(file: str) -> pd.DataFrame:
    """Return one of the tables of data/ as text, an empty cell as ""; nobody may change it.

    >>> load_table("articles.csv")["id"].tolist()
    ['A1', 'A2', 'A3', 'A4', 'A5']
    """
    return pd.read_csv(find_resource("data", file), dtype=str, keep_default_na=False, encoding="utf-8")


@cache
def load_dictionary(file: str) -> pd.DataFrame:
    """Return one of the dictionaries of data/; numbers as floats, ``aliases`` as a tuple, empty text as ""."""
    frame = load_table(file).copy()
    for column in {"step", "low", "high", "factor", "usual_low", "usual_high"} & set(frame.columns):
        frame[column] = pd.to_numeric(frame[column]).astype(float)
    frame["aliases"] = [tuple(alias for alias in text.split(";") if alias) for text in frame["aliases"]]
    return frame


def list_choices(name: str) -> list[str]:
    """Return the canonical words of a column of choices of the episodes table (site, kind, side), in their order.

    >>> list_choices("side")
    ['left', 'right', 'both']
    >>> len(list_choices("site"))
    16
    """
    return list(dict.fromkeys(load_choices(name, "episode_variables.csv").values()))


@cache
def load_choices(name: str, dictionary: str) -> dict[str, str]:
    """Return the words of a column of choices, normalised, each with the canonical one it means.

    >>> load_choices("sex", "people_variables.csv")["frau"]
    'female'
    """
    words: dict[str, str] = {}
    for entry in str(find_row(name, dictionary=dictionary)["levels"]).split(";"):
        canonical, _, others = entry.partition(":")
        words |= {normalise_header(word): canonical for word in (canonical, *others.split(","))}
    return words


@cache
def _index_rows(file: str) -> dict[str, dict[str, Any]]:
    rows = load_dictionary(file).to_dict("records")
    return {str(row["name"]): {str(key): value for key, value in row.items()} for row in rows}


def find_row(name: str, *, dictionary: str = "variables.csv") -> dict[str, Any]:
    """Return a variable's row of a dictionary, as column -> value; empty where it has none.

    >>> find_row("caffeine")["unit"], find_row("moon phase")
    ('mg', {})
    """
    return _index_rows(dictionary).get(name, {})


def sounds_like_medicine(name: str, row: Mapping[str, Any]) -> bool:
    """Tell whether a column that the dictionary does not know has the name, the ending or the unit of a medicine.

    >>> sounds_like_medicine("sertraline", {"unit": "mg"}), sounds_like_medicine("magnesium", {"unit": "mg"})
    (True, False)
    """
    words = split_words(f"{name} {row.get('source', '')} {row.get('unit', '')}")
    return not find_row(name) and hold_medicine(words)


def hold_medicine(words: Iterable[str]) -> bool:
    """Say whether one of the words has the name, the ending or the unit of a medicine."""
    patterns = load_words("medicine word")
    return any(fnmatchcase(word, pattern) for word in words for pattern in patterns)


def may_be_medicine(name: str, row: Mapping[str, Any]) -> bool:
    """Say whether a column is a medicine of the dictionary, or sounds like one."""
    return row.get("role") == "medicine" or sounds_like_medicine(name, row)


@cache
def _index_aliases(file: str) -> dict[str, str]:
    frame = load_dictionary(file)
    index: dict[str, str] = {}
    for name, label, aliases in zip(frame["name"], frame["label"], frame["aliases"], strict=True):
        for alias in (name, label, *aliases):
            index.setdefault(normalise_header(alias), name)
    # A canonical name always means itself, whatever another variable claims as an alias.
    return index | {normalise_header(name): name for name in frame["name"]}


@cache
def load_words(name: str) -> tuple[str, ...]:
    """Return one of the word lists of data/words.csv, in its order.

    >>> load_words("month 3")[:2]
    ('march', 'mar')
    """
    return tuple(load_table("words.csv").set_index("list").loc[name, "words"].split(";"))


@cache
def word_set(name: str) -> frozenset[str]:
    """Return one of the word lists as a set."""
    return frozenset(load_words(name))


@lru_cache(maxsize=8192)
def read_yes_no(text: str) -> float | None:
    """Return 1.0 for a yes, 0.0 for a no (words of several languages, 1 and 0), else None.

    This is the one reading of yes and no: of cells, of people's signs, of the labels that a risk model learns.

    >>> read_yes_no("Ja"), read_yes_no("0"), read_yes_no("often")
    (1.0, 0.0, None)
    """
    word = text.strip().casefold().rstrip(".!")
    for spelled in (word, unicodedata.normalize("NFKD", word).replace("\u0308", "")):  # without the dots of an umlaut
        if spelled in word_set("yes") or spelled in ("1", "1.0"):
            return 1.0
        if spelled in word_set("no") or spelled in ("0", "0.0"):
            return 0.0
    return None


@lru_cache(maxsize=8192)
def normalise_header(header: str) -> str:
    """Return a header in the form in which headers are compared: lower case, no accents, single spaces.

    >>> normalise_header("  Café-au-lait_(ml) "), normalise_header("sleepHours")
    ('cafe au lait ml', 'sleep hours')
    >>> normalise_header("ピクピク") == normalise_header("ヒクヒク")
    False
    """
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header)
    parts = unicodedata.normalize("NFKD", split)  # class 8, the voicing of kana, makes another letter, not an accent
    plain = unicodedata.normalize("NFC", "".join(char for char in parts if unicodedata.combining(char) in (0, 8)))
    return " ".join(re.findall(r"[^\W_]+", plain.casefold()))


@lru_cache(maxsize=8192)
def split_words(header: str) -> frozenset[str]:
    """Return the words of a header in the form in which headers are compared.

    >>> sorted(split_words("Sleep (hours)"))
    ['hours', 'sleep']
    """
    return frozenset(normalise_header(header).split())


def is_symptom(header: str) -> bool:
    """Tell whether a header is the name of a symptom, as its last word tells, or of twitches in any language.

    >>> [is_symptom(header) for header in ("eyelid_twitches", "Headache level", "migraine medicine", "Fasciculations")]
    [True, True, False, True]
    """
    name, _, last = normalise_header(header).rpartition(" ")
    plain = name if name and last in word_set("scale word") else f"{name} {last}"
    return plain.split(" ")[-1] in word_set("symptom") or plain.endswith(find_row("twitches")["aliases"])


def is_about_twitching(outcome: str) -> bool:
    """Tell whether an outcome is one of twitches, cramps and spasms, of which the articles and the evidence speak.

    A column of the user's own is where its name holds a word for twitches, such as eye twitching.

    >>> is_about_twitching("cramps"), is_about_twitching("eye_twitching"), is_about_twitching("pain")
    (True, True, False)
    """
    known = outcome in ("episodes", "intensity") or find_row(outcome).get("part_of") == "episodes"
    return known or any(word in normalise_header(outcome) for word in find_row("twitches")["aliases"])


def find_variable(header: str, *, dictionary: str = "variables.csv") -> str | None:
    """Return the canonical name that a header stands for, or None.

    >>> find_variable("Cups of coffee"), find_variable("moon phase")
    ('caffeine', None)
    """
    return _index_aliases(dictionary).get(normalise_header(header))


@cache
def find_units(unit: str, variable: str = "") -> dict[str, tuple[str, float, str]]:
    """Return how quantities told in `unit` may be written: normalised text -> (unit, factor, source).

    A variable's own units (a cup of coffee as caffeine) go before the general ones.

    >>> find_units("mg", "caffeine")["cups"][:2], find_units("L")["ml"][:2]
    (('cup of coffee', 95.0), ('ml', 0.001))
    """
    frame = load_dictionary("units.csv")
    fitting = frame[(frame["to"] == unit) & frame["variable"].isin(["", variable])]
    fitting = fitting.sort_values("variable", kind="stable")
    known: dict[str, tuple[str, float, str]] = {}
    for name, aliases, factor, source in fitting[["unit", "aliases", "factor", "source"]].itertuples(index=False):
        known |= {normalise_header(text): (name, factor, source) for text in (name, *aliases)}
    return known
