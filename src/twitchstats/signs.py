"""The signs that a risk model looks at: their names, and how each enters a model as a number."""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from twitchstats.arrays import BoolArray, FloatArray
from twitchstats.errors import JournalError, UnknownNameError, check_list, unknown_name
from twitchstats.resources import find_resource
from twitchstats.variables import (
    find_row,
    find_variable,
    is_about_twitching,
    load_words,
    may_be_medicine,
    normalise_header,
    read_yes_no,
    split_words,
    word_set,
)

if TYPE_CHECKING:
    from twitchstats.journal.record import Journal

RED_FLAG, REASON = "red flag", "reason to ask"
PREGNANT = "pregnant"
NEITHER = 0.5  # a cell that says neither yes nor no
THERE, ABSENT, UNCLEAR, NOT_NOTED = "there", "not there", "not clear", "not noted"  # what is known of a sign
BESIDE = ("falls", "trouble breathing", "twitching since a new medicine")  # red flags in no model: no figure is known
SOURCE = "source"  # the column that says where people come from: simulated ones say so
_CODED = "is a code that is used for either sex: write male or female"
_DASHES = ["-", "\u2212", "\u2013"]  # hyphen, minus, en dash
_UNTOLD = ["", "unknown", "other", "divers", "not known", "don't know", "unbekannt", *load_words("missing")]


@cache
def _read_signs() -> pd.DataFrame:
    return pd.read_csv(find_resource("data", "signs.csv"), index_col="name", keep_default_na=True)


def load_signs() -> pd.DataFrame:
    """Return the table of signs, index ``name``.

    Returns
    -------
    DataFrame
        ``label, kind`` ("yes/no", "weeks", "years", "sex"), ``unit`` of the odds ratio, ``step``, ``level`` ("red
        flag", "reason to ask" or missing), ``threshold`` (from which value on a number is present), ``question``,
        ``hints`` (pieces of words that a column of this sign may have), ``source`` of the level.

    >>> load_signs().loc["wasting", "level"]
    'red flag'
    """
    return _read_signs().copy()


def find_signs(columns: Iterable[object]) -> list[str]:
    """Return the known signs among `columns`, in the order of the table.

    >>> find_signs(["serious", "wasting", "age", "diagnosis"])
    ['wasting', 'age']
    """
    there = {str(column) for column in columns}
    return [name for name in _read_signs().index if name in there]


def match_signs(columns: Iterable[object], *, ignore: Sequence[str] = ()) -> dict[str, str]:
    """Return which column is which sign, by its name, its label or one of its aliases (people_variables.csv).

    Red flags of which no figure is known (`list_red_flags`) are signs here, too.

    Parameters
    ----------
    columns : iterable
    ignore : sequence of str
        Columns that are something else, whatever their names look like.

    Raises
    ------
    UnknownNameError
        A column that looks like a sign but is none: a red flag must not be lost in silence.
    JournalError
        Two columns for one sign.

    >>> match_signs(["Muscle wasting", "dysarthria", "shoe size"])
    {'Muscle wasting': 'wasting', 'dysarthria': 'speech_swallowing'}
    """
    found: dict[str, str] = {}
    for column in dict.fromkeys(str(column) for column in columns if str(column) not in ignore):
        flag = find_red_flag(column)
        name = flag if flag in BESIDE else find_sign(column)
        if name is None:
            _ask_about(column)
        elif name in found.values():
            other = next(key for key, sign in found.items() if sign == name)
            raise JournalError(
                f"The columns {other!r} and {column!r} both mean the sign {name!r}. Make one of them (yes where either "
                f"is), or leave one out with ignore=[{column!r}]."
            )
        elif name in _read_signs().index or name in BESIDE:
            found[column] = name
    return found


def name_signs(people: pd.DataFrame, *, ignore: Sequence[str] = (), own: Sequence[str] = ()) -> pd.DataFrame:
    """Return people with every sign under its own name; see `match_signs`.

    Columns to `ignore` are left out; `own` columns stay as they are.
    """
    ignore = check_list("ignore", ignore)
    left = [column for column in people.columns if str(column) not in ignore]
    names = match_signs(column for column in left if str(column) not in own)
    return people[left].rename(columns=names)


def find_sign(column: str) -> str | None:
    """Return the sign, or any other known column of people, that a header stands for.

    >>> find_sign("muscle weakness"), find_sign("shoe size")
    ('weakness_felt', None)
    """
    if column in _read_signs().index or column == SOURCE:
        return column
    return _index_labels().get(normalise_header(column)) or find_variable(column, dictionary="people_variables.csv")


@cache
def _index_labels() -> dict[str, str]:
    return {normalise_header(label): str(name) for name, label in _read_signs()["label"].items()}


@cache
def list_red_flags() -> dict[str, str]:
    """Return the label of each red flag: of those in the table, and of those of which no figure is known.

    >>> list(list_red_flags().values())[-2:]
    ['Trouble breathing', 'Twitching since a new medicine']
    """
    labels = _read_signs().loc[_read_signs()["level"].eq(RED_FLAG), "label"]
    return {str(name): str(label) for name, label in labels.items()} | {name: name.capitalize() for name in BESIDE}


def find_red_flag(column: str) -> str | None:
    """Return the red flag that a column tells, of people or of days.

    >>> find_red_flag("Slurred speech"), find_red_flag("shortness_of_breath"), find_red_flag("shoe size")
    ('speech_swallowing', 'trouble breathing', None)
    """
    header = normalise_header(column)
    name = next((name for name in BESIDE if header in word_set(name)), None) or find_sign(column)
    return name if name in list_red_flags() else None


def find_flags(journal: "Journal") -> pd.DataFrame:
    """Return the red flags, and what else a doctor asks about, that a journal tells of people and of their days.

    Returns
    -------
    DataFrame
        Index ``sign``, red flags first: ``label, level`` ("" of pregnancy, which is no sign), ``state`` ("there" of
        anybody, else "not clear" of anybody, "not there", or "not noted"), ``known`` (people of whom it is known),
        ``present`` (people who have it, when asked or on any day), ``who`` (their names), ``n_days`` (days on which it
        was noted), ``unclear`` (names of people who may have it), ``hints`` (why, and the column that says so):

        - "unread": cells could not be read; of several people it may be that nobody knows whose;
        - "name": a column has its name beside other words, such as left hand weakness, or hints at it (foot drop);
        - "scale": figures under a name that does not say which end is bad (speech);
        - "notes": words in notes mention it, and nothing else tells of it;
        - "medicine": one that was begun in a diary of twitches, of which nobody said whether it makes them.
    """
    reasons = _read_signs()["label"][_read_signs()["level"].eq(REASON)]
    signs = [*list_red_flags().items(), *reasons.items(), (PREGNANT, "Pregnancy")]
    told = _gather_marks(journal)
    most = told.groupby(["sign", "person"], sort=False)["mark"].max()
    rows = []
    for name, label in signs:
        if name in reasons.index and name not in journal.people:
            continue
        own, marks = told[told["sign"] == name], most[most.index.isin([name], level="sign")].droplevel("sign")
        who, unclear = (marks.index[marks == mark].to_list() for mark in (1, NEITHER))
        level = RED_FLAG if name in list_red_flags() else REASON if name in reasons.index else ""
        known = int((marks != NEITHER).sum())
        state = tell_state(1.0 if who else own["mark"].max())
        n_days = len(own[own["mark"].eq(1) & own["date"].notna()].drop_duplicates(["person", "date"]))
        hints = list(dict.fromkeys(own.loc[own["why"] != "", ["why", "column"]].itertuples(index=False, name=None)))
        rows.append((name, label, level, state, known, len(who), who, n_days, unclear, hints))
    columns = ["sign", "label", "level", "state", "known", "present", "who", "n_days", "unclear", "hints"]
    return pd.DataFrame(rows, columns=columns).set_index("sign")


def tell_state(mark: float) -> str:
    """Return the word for a mark: there, not there, not clear, or not noted.

    >>> [tell_state(mark) for mark in (1.0, 0.0, NEITHER, float("nan"))]
    ['there', 'not there', 'not clear', 'not noted']
    """
    return {1.0: THERE, 0.0: ABSENT, NEITHER: UNCLEAR}.get(mark, NOT_NOTED)


def list_everybody(journal: "Journal") -> pd.Index:
    """Return everybody of whom a journal tells something."""
    return journal.people.index.union(journal.days.index.unique("person"))


def _gather_marks(journal: "Journal") -> pd.DataFrame:
    """Return all that tells of a sign: ``sign, person, date`` (where it was a day), ``mark, why, column``."""
    days, everybody, texts = journal.days, list_everybody(journal), journal.texts
    parts = [part for column in days for part in _mark_days(days[column], text=column in texts)]
    modelled = mark_present(journal.people)
    for column, cells in journal.people.items():
        if column in modelled:
            parts.append((column, modelled[column], "", column))
        elif sign := _find_flag(str(column)):
            parts.append((sign, _mark_cells(cells), "", column))
    refused = journal.rejects.loc[journal.rejects["action"].eq("cell set missing"), "column"]
    whose = everybody if len(everybody) == 1 else pd.Index([None])
    parts += [
        (sign, pd.Series(NEITHER, whose), "unread", column)
        for column in refused.unique()
        if (sign := _find_flag(str(column)))
    ]
    parts += [
        ("twitching since a new medicine", pd.Series(NEITHER, [person]), "medicine", name)
        for person, name, _ in find_new_medicines(journal)
    ]
    frames = [_lay_marks(*part) for part in parts]
    columns = ["sign", "person", "date", "mark", "why", "column"]
    told = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
    told["why"] = told["why"].mask(told["mark"].eq(NEITHER) & told["why"].eq(""), "unread")
    weak, keys = told["why"].isin(["notes", "medicine"]), pd.MultiIndex.from_frame(told[["sign", "person"]])
    return told[~(weak & keys.isin(keys[~weak]))]


def _lay_marks(sign: str, marks: pd.Series, why: str, column: object) -> pd.DataFrame:
    """Return marks by person, or by person and date, as rows, without those of which nothing is known."""
    marks = marks.dropna()
    dates = marks.index.get_level_values("date") if marks.index.nlevels > 1 else pd.NaT
    person = marks.index.get_level_values(0)
    return pd.DataFrame({"sign": sign, "person": person, "date": dates, "mark": marks.to_numpy(float), "why": why,
                         "column": str(column)})  # fmt: skip


def _mark_days(cells: pd.Series, *, text: bool) -> Iterator[tuple[str, pd.Series, str, str]]:
    """Yield the signs that a column of the days tells of, each with its marks, and why they are not clear."""
    column = str(cells.name)
    marks = _mark_cells(cells)
    if sign := _find_flag(column):
        rated = normalise_header(column) in word_set("no direction") and not cells.dropna().isin([0, 1]).all()
        rated = rated and pd.api.types.is_numeric_dtype(cells)
        yield (sign, marks.where(marks.isna(), NEITHER), "scale", column) if rated else (sign, marks, "", column)
    elif text:
        kinds = cells.dropna().unique()
        mentions = {kind: _find_mentioned(str(kind)) for kind in kinds}
        for name in dict.fromkeys(name for names in mentions.values() for name in names):
            there = cells.map(lambda kind, name=name: name in mentions.get(kind, ()))
            yield name, there.astype(float).where(there) * NEITHER, "notes", column
    elif not find_row(column) and (sign := _find_flag_within(column)):
        yield sign, marks.where(marks > 0) * 0 + NEITHER, "name", column


def find_new_medicines(journal: "Journal") -> list[tuple[object, str, object]]:
    """Return the medicines first noted after somebody's first day in a diary of twitches: person, column, that day."""
    dates, numbers, found = journal.days.index.get_level_values("date"), journal.numeric, []
    if journal.calendar == "none" or not is_about_twitching(journal.outcome or ""):
        return []
    first = pd.Series(dates, journal.days.index).groupby(level="person").min()
    for row in journal.variables.to_dict("records"):
        name = row["name"]
        stopped = not word_set("stopped").isdisjoint(split_words(name))
        if name in numbers and may_be_medicine(name, row) and not stopped:
            taken = pd.Series(dates.where(journal.days[name] > 0), journal.days.index).groupby(level="person").min()
            found += [(person, name, taken[person]) for person in taken.index[taken > first]]
    return found


def _find_flag(column: str) -> str | None:
    return find_red_flag(column) or (PREGNANT if find_sign(column) == PREGNANT else None)


def _find_flag_within(header: str) -> str | None:
    """Return the red flag whose name stands in a header beside other words, or else one that a word of it hints at.

    >>> _find_flag_within("left_hand_weakness"), _find_flag_within("foot drop"), _find_flag_within("slurring")
    ('weakness_felt', 'weakness_felt', 'speech_swallowing')
    >>> _find_flag_within("weak coffee"), _find_flag_within("strength training"), _find_flag_within("fear of weakness")
    (None, None, None)
    """
    words = normalise_header(header).split()
    return None if words and words[0] in word_set("fear") else next(iter(_find_within(words)), None)


def _find_mentioned(text: str) -> list[str]:
    """Return the red flags that a text mentions, but where a part of it begins with no, or with a fear.

    *Weakness: none* is a no, too; *speech slurred: no sleep* is none.

    >>> _find_mentioned("Long day. Can't open jars, and I choke on tea"), _find_mentioned("no weakness, fell asleep")
    (['weakness_felt', 'speech_swallowing'], [])
    """
    idle, silent = word_set("fear") | word_set("rank 0"), word_set("idle in notes")
    told = [part for part in re.split(r"[.,;!?()\n]+", text) if not _ends_in_no(part)]
    parts = [normalise_header(piece).split() for part in told for piece in part.split(":")]
    kept = [[word for word in words if word not in silent] for words in parts if words and words[0] not in idle]
    return list(dict.fromkeys(name for words in kept for name in _find_within(words)))


def _ends_in_no(text: str) -> bool:
    """Tell whether nothing but a no stands behind the last colon of a text."""
    _, colon, answer = text.rpartition(":")
    return bool(colon) and normalise_header(answer) in word_set("rank 0")


def _find_within(words: Sequence[str]) -> list[str]:
    """Return the red flags that words name, that with the longest name first, then those that they hint at."""
    other, silent = word_set("drink word") | word_set("no sign before"), word_set("no hint")
    told = [word for word, after in zip(words, [*words[1:], ""], strict=True) if after not in other]
    text = f" {' '.join(told)} "
    named = {name: max(map(len, found)) for name, names in _index_names().items() if (found := names.findall(text))}
    hinted = _find_hinted("".join(f" {word}" for word in told if word not in silent), start=" ")
    first = {piece: name for name, pieces in reversed(hinted.items()) for piece in pieces}  # one that two signs share
    known = [name for name in hinted if name in list_red_flags() and name in first.values()]
    return list(dict.fromkeys([*sorted(named, key=lambda name: -named[name]), *known]))


@cache
def _index_names() -> "dict[str, re.Pattern[str]]":
    """Return a pattern for each red flag that finds any of its names in a text, as whole words."""
    patterns = {}
    for flag, label in list_red_flags().items():
        row = find_row(flag, dictionary="people_variables.csv")
        names = {flag, label, *row.get("aliases", ()), *(load_words(flag) if flag in BESIDE else ())}
        longest = sorted(map(normalise_header, names), key=len, reverse=True)
        patterns[flag] = re.compile(f" (?:{'|'.join(map(re.escape, longest))})(?= )")
    return patterns


def _mark_cells(column: pd.Series) -> pd.Series:
    """Return 1.0 where a cell says that something is there, 0.0 where it is not, `NEITHER` where it says neither."""
    if pd.api.types.is_numeric_dtype(column):
        return (column > 0).astype(float).where(column.notna())
    text = column.astype("str").str.strip().str.casefold()
    numbers = text.map(read_yes_no, na_action="ignore").astype(float).fillna(pd.to_numeric(text, errors="coerce"))
    untold = column.isna() | text.isin(_UNTOLD)
    return (numbers > 0).astype(float).where(numbers.notna(), np.where(untold, np.nan, NEITHER))


def _ask_about(column: str) -> None:
    signs, text = _read_signs(), normalise_header(column)
    alike = list(_find_hinted(text))
    alike = alike or get_close_matches(text.replace(" ", "_"), list(signs.index), n=1, cutoff=0.8)
    if alike:
        raise UnknownNameError(
            f"The column {column!r} looks like the sign {' or '.join(map(repr, alike))}. Rename it if it is, or say "
            f"that it is something else: ignore=[{column!r}]."
        )


def _find_hinted(text: str, *, start: str = "") -> dict[str, list[str]]:
    """Return the signs of which a piece of a word, after this `start`, stands in a text, with these pieces."""
    hints = _read_signs()["hints"].dropna()
    found = {str(name): [piece for piece in told.split(";") if start + piece in text] for name, told in hints.items()}
    return {name: pieces for name, pieces in found.items() if pieces}


def find_ignored(columns: Iterable[object], used: Iterable[str]) -> list[str]:
    """Return the columns that are neither in use nor known columns of people: nobody has understood them."""
    taken = set(used)
    return [str(column) for column in columns if str(column) not in taken and find_sign(str(column)) is None]


def mark_present(people: pd.DataFrame, *, weeks_from: float | None = None, beside: bool = False) -> pd.DataFrame:
    """Return whether each sign is there: 1.0, 0.0, or NaN where that is not known.

    Parameters
    ----------
    people : DataFrame
        Signs under their own names (`name_signs`); one without a column is not known.
    weeks_from : float, optional
        From how many weeks on twitching counts as lasting; by default the threshold of the table.
    beside : bool
        Red flags of which no figure is known, too, as far as they have a column; any number above 0 is there.

    Returns
    -------
    DataFrame
        The index of `people`, a column for each yes/no sign and for the weeks.

    >>> mark_present(pd.DataFrame({"persistence_weeks": [8.0, 1.0]}))["persistence_weeks"].tolist()
    [1.0, 0.0]
    """
    signs = _read_signs()
    there = set(find_signs(people.columns))
    marks = {}
    for name, kind in signs["kind"][signs["kind"].isin(["yes/no", "weeks"])].items():
        marks[name] = encode_signs(people, [name])[:, 0] if name in there else np.full(len(people), np.nan)
        if kind == "weeks" and name in there:
            least = signs.loc[name, "threshold"] if weeks_from is None else weeks_from
            weeks = _to_numbers(people[name], str(name), kind)
            marks[name] = np.where(np.isnan(weeks), np.nan, weeks >= least)
    for name in BESIDE if beside else ():
        if name in people.columns:
            told = _to_numbers(people[name], name, "yes/no")
            marks[name] = np.where(np.isnan(told), np.nan, told > 0)
    return pd.DataFrame(marks, index=people.index)


def join_marks(marks: Sequence[FloatArray], *, either: bool) -> FloatArray:
    """Return 1.0 where one of the marks is there (or, without `either`, all are), NaN where the unknown ones decide.

    >>> join_marks([np.array([1.0, 0.0, 0.0]), np.array([np.nan, np.nan, 0.0])], either=True).tolist()
    [1.0, nan, 0.0]
    """
    stacked, decisive = np.vstack(marks), float(either)
    unknown = np.where(np.isnan(stacked).any(axis=0), np.nan, 1.0 - decisive)
    return np.where((stacked == decisive).any(axis=0), decisive, unknown)


def encode_signs(people: pd.DataFrame, names: Sequence[str] | None = None) -> FloatArray:
    """Turn signs into the numbers that a logistic model uses.

    Parameters
    ----------
    people : DataFrame
        One row for each person; yes/no as 1/0, booleans or words, ``sex`` as "female"/"male".
    names : sequence of str, optional
        The columns to encode, in this order; by default every known sign. Columns that are no known sign enter as
        they are.

    Returns
    -------
    ndarray, (people, names)
        Yes/no as 1/0, male sex as 1, age as decades from 50, weeks of persistence as log2 (a week or less is 0).
        Not known stays NaN.

    Raises
    ------
    UnknownNameError
        A column is not there.
    JournalError
        A value that its column can't have (the message names person, column, value and rule), or a column named twice.

    >>> encode_signs(pd.DataFrame({"age": [60.0], "sex": ["male"], "persistence_weeks": [8.0]})).tolist()
    [[3.0, 1.0, 1.0]]
    """
    chosen = find_signs(people.columns) if names is None else list(names)
    for name in chosen:
        if name not in people.columns:
            raise unknown_name("sign", name, people.columns)
        if isinstance(people[name], pd.DataFrame):
            raise JournalError(f"Two columns are named {name!r}. Leave one of them out.")
    kinds = _read_signs()["kind"]
    columns = [_encode_column(people[name], name, str(kinds.get(name, "number"))) for name in chosen]
    return np.column_stack(columns) if columns else np.empty((len(people), 0))


@cache
def _list_sexes() -> dict[str, float]:
    """Return the words for both sexes, of several languages, with the numbers that they mean."""
    levels = dict(level.split(":") for level in find_row("sex", dictionary="people_variables.csv")["levels"].split(";"))
    return {
        word: number
        for number, name in ((1.0, "male"), (0.0, "female"))
        for word in (name, name[0], *levels[name].split(","))
    }


def encode_yes_no(column: pd.Series) -> FloatArray:
    """Return 1.0 for yes, 0.0 for no, NaN where it is not known, in any language; refuse what is neither.

    >>> encode_yes_no(pd.Series(["yes", "nein", None], name="serious")).tolist()
    [1.0, 0.0, nan]
    """
    return _encode_column(column, str(column.name), "yes/no")


def _encode_column(column: pd.Series, name: str, kind: str) -> FloatArray:
    values = _to_numbers(column, name, kind)
    low, high = {"yes/no": (0, 1), "years": (0, 130), "weeks": (0, 10_000)}.get(kind, (-np.inf, np.inf))
    _refuse(column, name, np.isinf(values), "must be a finite number")
    _refuse(column, name, (values < low) | (values > high), f"must lie in {low} to {high}")
    if kind == "yes/no":  # half a sign would count as none
        _refuse(column, name, (values > 0) & (values < 1), "must be 1 or 0")
    return code_number(values, kind)


def code_number(values: ArrayLike, kind: str) -> FloatArray:
    """Return a number as a model uses it: years as decades from 50, weeks as log2 (a week or less is 0).

    >>> code_number(np.array([8.0]), "weeks").tolist()
    [3.0]
    """
    plain = np.asarray(values, float)
    if kind == "years":
        return (plain - 50) / 10
    return np.log2(np.maximum(plain, 1)) if kind == "weeks" else plain


def _to_numbers(column: pd.Series, name: str, kind: str) -> FloatArray:
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_numeric_dtype(column):
        numbers = column.to_numpy(dtype=float, na_value=np.nan)
        if kind == "sex":  # codes of sex go either way round
            _refuse(column, name, ~np.isnan(numbers), _CODED)
        return numbers
    places, told = pd.factorize(column, use_na_sentinel=False)  # each word is read once
    kinds = pd.Series(told)
    text = kinds.astype("str").str.strip().str.casefold()
    numbers = pd.to_numeric(text, errors="coerce")
    if kind == "sex":
        _refuse(column, name, numbers.notna().to_numpy()[places], _CODED)
    read = {"yes/no": read_yes_no, "sex": _list_sexes().get}.get(kind, lambda _: None)
    if kind == "yes/no" and text.eq("+").any():  # in a chart "-" is no, elsewhere it is an empty cell
        _refuse(column, name, text.isin(_DASHES).to_numpy()[places], "beside + may mean no, or not known")
    known = text.map(read, na_action="ignore").astype(float).fillna(numbers)
    rule = {"yes/no": "1, 0, yes or no", "sex": "male or female"}.get(kind, "a number")
    wrong = known.isna() & kinds.notna() & ~text.isin(_UNTOLD)
    _refuse(column, name, wrong.to_numpy()[places], f"must be {rule}")
    return known.to_numpy(dtype=float)[places]


def _refuse(column: pd.Series, name: str, wrong: BoolArray, rule: str) -> None:
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        raise JournalError(
            f"person {column.index[at]}, {name}: {column.iloc[at]} {rule}. Correct it, or leave the cell empty "
            "where the sign is not known."
        )
