"""One family of errors: each message names what was found, the rule, and the way out."""

import math
from collections.abc import Iterable
from difflib import get_close_matches
from numbers import Integral, Real
from pathlib import Path
from typing import Any


class TwitchstatsError(ValueError):
    """Base of every error that a user can cause; the command line prints it without a traceback.

    Examples
    --------
    >>> import io
    >>> import twitchstats as tw
    >>> try:
    ...     tw.read_journal(io.StringIO(""))
    ... except tw.TwitchstatsError as error:
    ...     print(error)
    The days table is empty. A journal starts with a header row, such as date,twitches,stress.
    """


class JournalError(TwitchstatsError):
    """A journal, or one of its tables, can't be read as it stands.

    Examples
    --------
    >>> import twitchstats as tw
    >>> tw.read_journal("nowhere.csv")
    Traceback (most recent call last):
    twitchstats.errors.JournalError: There is no file 'nowhere.csv'.
    """


class UnknownNameError(TwitchstatsError):
    r"""A column, variable, trigger or claim was asked for that is not there.

    Examples
    --------
    >>> import io
    >>> import twitchstats as tw
    >>> tw.read_journal(io.StringIO("date,twitches,stress\n2024-03-01,2,4\n")).resolve_name("stres")
    Traceback (most recent call last):
    twitchstats.errors.UnknownNameError: No variable named 'stres'. Did you mean 'stress'? Known: 'twitches', 'stress'.
    """


class OptionError(TwitchstatsError):
    """An option has a value outside what it allows.

    Examples
    --------
    >>> import twitchstats as tw
    >>> tw.read_demo("doctor")
    Traceback (most recent call last):
    twitchstats.errors.OptionError: who='doctor' is not possible. Choose one of 'person', 'group'.
    """


class NotEnoughDataError(TwitchstatsError):
    """What was asked can't be computed from so little data.

    Examples
    --------
    >>> import pandas as pd
    >>> import twitchstats as tw
    >>> tw.RedFlagModel().fit(pd.DataFrame({"wasting": []}), [])
    Traceback (most recent call last):
    twitchstats.errors.NotEnoughDataError: Nobody to learn from: the table has no rows.
    """


def unknown_name(kind: str, name: object, known: Iterable[object]) -> UnknownNameError:
    """Return the error for a name that is not among the `known` ones.

    >>> print(unknown_name("column", "cafeine", ["caffeine", "sleep"]))
    No column named 'cafeine'. Did you mean 'caffeine'? Known: 'caffeine', 'sleep'.
    """
    names = [str(other) for other in known]
    listed = ", ".join(repr(other) for other in names) or "none"
    return UnknownNameError(f"No {kind} named {str(name)!r}.{suggest_name(name, names)} Known: {listed}.")


def check_names(kind: str, names: Iterable[object], known: Iterable[object]) -> None:
    """Raise UnknownNameError unless each of the `names` is one of the `known` ones."""
    listed = list(known)
    for name in names:
        if not _is_among(name, listed):
            raise unknown_name(kind, name, listed)


def _is_among(value: object, known: list[object]) -> bool:
    """Tell whether a value is known; what can't be a name (a list, a table) is not."""
    try:
        return value in set(known)
    except TypeError:
        return False


def suggest_name(name: object, known: Iterable[str]) -> str:
    """Return the known name that was perhaps meant, as a sentence to add, or "".

    >>> suggest_name("cafeine", ["caffeine", "sleep"])
    " Did you mean 'caffeine'?"
    """
    close = get_close_matches(str(name), list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def tell_missing(path: Path) -> str:
    """Return that there is no such file, and which one beside it was perhaps meant."""
    folder, told = path.parent, f"There is no file {str(path)!r}."
    if not folder.is_dir():
        return f"{told} There is no folder {str(folder)!r} either."
    close = get_close_matches(path.name, sorted(other.name for other in folder.iterdir()), n=1)
    return f"{told} Did you mean {str(folder / close[0])!r}?" if close else told


def check_choice(option: str, value: object, allowed: Iterable[object]) -> None:
    """Raise OptionError unless `value` is one of the `allowed` values of `option`.

    Raises
    ------
    OptionError
        The value is not allowed; the message lists those that are.
    """
    choices = list(allowed)
    if not _is_among(value, choices):
        listed = ", ".join(repr(choice) for choice in choices)
        raise OptionError(f"{option}={value!r} is not possible. Choose one of {listed}.")


def check_list(option: str, value: object) -> list[Any]:
    """Return a list, of nothing where it is None, or raise OptionError where a word or number stands in its place."""
    if value is None:
        return []
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable) or getattr(value, "ndim", 1) != 1:
        raise OptionError(f"{option}={value!r:.60} is not possible. Give a list: {option}=[{value!r:.60}].")
    return list(value)


def check_table(option: str, value: object, columns: Iterable[str] = ()) -> None:
    """Raise TwitchstatsError unless `value` is a table that has these `columns`."""
    there = getattr(value, "columns", None)
    if there is None:
        raise OptionError(f"{option}={value!r:.60} is not possible. Give a table (a data frame).")
    check_names("column", columns, there)


def check_whole(option: str, value: object, *, least: int, most: float = math.inf) -> None:
    """Raise OptionError unless `value` is a whole number of at least `least`, and `most` at most.

    Raises
    ------
    OptionError
        It is not; True and False are no numbers.
    """
    whole = int(value) if isinstance(value, Integral) and not isinstance(value, bool) else None
    if whole is None or not least <= whole <= most:
        bounds = f"at most {most}" if whole is not None and whole > most else f"at least {least}"
        raise OptionError(f"{option}={value!r} is not possible. Give a whole number of {bounds}.")


def check_number(option: str, value: object) -> float:
    """Return the value as a number, or raise OptionError unless it is one, and finite."""
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise OptionError(f"{option}={value!r:.60} is not possible. Give a number.")
    return float(value)


def check_share(option: str, value: object, *, below: float = 1.0) -> float:
    """Return the value as a number, or raise OptionError unless it lies between 0 and `below`."""
    share = float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan
    if not 0 < share < below:
        meant = f" {share:g} % is {share / 100:g}." if 1 <= share < 100 * below else ""
        raise OptionError(
            f"{option}={value} is not possible. It must lie between 0 and {below:g}, both excluded.{meant}"
        )
    return share
