"""One family of errors: each message names what was found, the rule, and the way out."""

from collections.abc import Iterable
from difflib import get_close_matches
from numbers import Integral


class TwitchstatsError(ValueError):
    """Base of every error that a user can cause; the command line prints it without a traceback."""


class JournalError(TwitchstatsError):
    """A journal, or one of its tables, can't be read as it stands."""


class UnknownNameError(TwitchstatsError):
    """A column, variable, trigger or claim was asked for that is not there."""


class OptionError(TwitchstatsError):
    """An option has a value outside what it allows."""


class NotEnoughDataError(TwitchstatsError):
    """What was asked can't be computed from so little data."""


def unknown_name(kind: str, name: object, known: Iterable[object]) -> UnknownNameError:
    """Return the error for a name that is not among the `known` ones.

    >>> print(unknown_name("column", "cafeine", ["caffeine", "sleep"]))
    No column named 'cafeine'. Did you mean 'caffeine'? Known: 'caffeine', 'sleep'.
    """
    names = [str(other) for other in known]
    listed = ", ".join(repr(other) for other in names) or "none"
    return UnknownNameError(f"No {kind} named {str(name)!r}.{suggest_name(name, names)} Known: {listed}.")


def suggest_name(name: object, known: Iterable[str]) -> str:
    """Return the known name that was perhaps meant, as a sentence to add, or "".

    >>> suggest_name("cafeine", ["caffeine", "sleep"])
    " Did you mean 'caffeine'?"
    """
    close = get_close_matches(str(name), list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def check_choice(option: str, value: object, allowed: Iterable[object]) -> None:
    """Raise OptionError unless `value` is one of the `allowed` values of `option`.

    Raises
    ------
    OptionError
        The value is not allowed; the message lists those that are.
    """
    choices = list(allowed)
    if value not in choices:
        listed = ", ".join(repr(choice) for choice in choices)
        raise OptionError(f"{option}={value!r} is not possible. Choose one of {listed}.")


def check_list(option: str, value: object) -> None:
    """Raise OptionError where one word stands in place of a list of words."""
    if isinstance(value, str):
        raise OptionError(f"{option}={value!r} is not possible. Give a list: {option}=[{value!r}].")


def check_whole(option: str, value: object, *, least: int) -> None:
    """Raise OptionError unless `value` is a whole number of at least `least`.

    Raises
    ------
    OptionError
        It is not; True and False are no numbers.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise OptionError(f"{option}={value!r} is not possible. Give a whole number of at least {least}.")
