"""What a person with these signs should do: a red flag always brings the advice to see a doctor."""

from collections.abc import Mapping, Sequence

import pandas as pd

from twitchstats.arrays import to_pandas
from twitchstats.errors import OptionError
from twitchstats.signs import (
    NOT_NOTED,
    REASON,
    THERE,
    find_ignored,
    list_red_flags,
    load_signs,
    mark_present,
    name_signs,
    tell_state,
)

RED_FLAG_ADVICE = "See a doctor soon, whatever the computed risk: {flags}. A model can't examine anyone."
REASON_ADVICE = "Speak with a doctor about it: {reasons}. This is no diagnosis."
OTHER_ADVICE = (
    "None of the known red flags was marked. That does not rule out a disease and is no diagnosis. See a doctor when a "
    "red flag appears, when the twitching changes, or when it worries you."
)
ANY_FLAG_ADVICE = (
    "A share among many says nothing certain about one person. With any red flag see a doctor, whatever the number."
)
UNKNOWN_ADVICE = " Not known: {unknown}; an examination would tell."
LOST_ADVICE = " Not understood, so left out: {lost}; tell a doctor of it."


def as_people(
    person: Mapping[str, object] | pd.Series | pd.DataFrame, *, ignore: Sequence[str] = (), own: Sequence[str] = ()
) -> pd.DataFrame:
    """Return one person (mapping or Series) or a table of people as a table, each sign under its own name."""
    person = to_pandas(person)
    if not isinstance(person, (Mapping, pd.Series, pd.DataFrame)):
        raise OptionError(
            f"{person!r:.60} is no person. Name each sign with what is known of it: {{'wasting': 'yes', 'age': 60}}."
        )
    if not isinstance(person, pd.DataFrame):
        name = person.name if isinstance(person, pd.Series) and person.name is not None else "person"
        person = pd.DataFrame([dict(person)], index=pd.Index([name], name="person"))
    return name_signs(person, ignore=ignore, own=own)


def advise(person: Mapping[str, object] | pd.Series | pd.DataFrame, *, ignore: Sequence[str] = ()) -> pd.DataFrame:
    """Return which red flags people have, and the advice that follows, whatever a model says.

    Parameters
    ----------
    person : mapping, Series or DataFrame
        Signs by name, label or alias (`load_signs`); what is missing counts as not known, never as absent.
    ignore : sequence of str
        Columns that are no signs, although their names look like one.

    Returns
    -------
    DataFrame
        One row for each person: ``red_flags, reasons_to_ask, not_known`` (labels, joined with "; "), ``see_doctor``
        (True with any red flag) and ``advice``, which also names columns that nobody understood.

    Raises
    ------
    JournalError
        A value that a sign can't have.
    UnknownNameError
        A name that looks like a sign's and is none: a red flag must not pass for not known.

    Examples
    --------
    >>> advise({"wasting": 1})["see_doctor"].item()
    True
    """
    people = as_people(person, ignore=ignore)
    present = mark_present(people, beside=True)
    lost = find_ignored(people.columns, present.columns)
    signs = load_signs()
    flags = {name: label for name, label in list_red_flags().items() if name in present}
    asked = signs["label"][signs["level"] == REASON].to_dict()
    rows = []
    for marks in present.to_dict("records"):
        state = {name: tell_state(mark) for name, mark in marks.items()}
        found, reasons, unknown = (
            [label for name, label in labels.items() if state[name] == wanted]
            for labels, wanted in ((flags, THERE), (asked, THERE), (flags, NOT_NOTED))
        )
        told = word_advice(found, reasons, unknown, lost)
        rows.append((*map("; ".join, (found, reasons, unknown)), bool(found), told))
    columns = ["red_flags", "reasons_to_ask", "not_known", "see_doctor", "advice"]
    return pd.DataFrame(rows, columns=columns, index=people.index)


def word_advice(found: list[str], reasons: list[str], unknown: list[str], lost: Sequence[str] = ()) -> str:
    """Return the advice on red flags, else on reasons to ask, and what is not known or understood; all as labels."""
    if found:
        text = RED_FLAG_ADVICE.format(flags=", ".join(word.lower() for word in found))
    elif reasons:
        text = REASON_ADVICE.format(reasons=", ".join(word.lower() for word in reasons))
    else:
        text = OTHER_ADVICE
    if unknown:
        text += UNKNOWN_ADVICE.format(unknown=", ".join(word.lower() for word in unknown))
    return text + (LOST_ADVICE.format(lost=", ".join(lost)) if lost else "")
