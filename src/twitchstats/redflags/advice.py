"""What a person with these signs should do: a red flag always brings the advice to see a doctor."""

from collections.abc import Mapping
from difflib import get_close_matches

import numpy as np
import pandas as pd

from twitchstats.errors import unknown_name
from twitchstats.signs import encode_signs, find_signs, load_signs

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


def as_people(person: Mapping[str, object] | pd.Series | pd.DataFrame) -> pd.DataFrame:
    """Return one person (mapping or Series) or a table of people as a table."""
    if isinstance(person, pd.DataFrame):
        return person
    _refuse_misspelt(person)
    name = person.name if isinstance(person, pd.Series) and person.name is not None else "person"
    return pd.DataFrame([dict(person)], index=pd.Index([name], name="person"))


def _refuse_misspelt(person: Mapping[str, object] | pd.Series) -> None:
    """Raise UnknownNameError for a name that is nearly a sign's: a red flag must not pass for not known."""
    signs = list(load_signs().index)
    given = [str(name) for name in person.keys()]  # noqa: SIM118 (a Series iterates over its values)
    for name in given:
        close = [] if name in signs else get_close_matches(name.lower(), signs, n=1, cutoff=0.8)
        if close and close[0] not in given:
            raise unknown_name("sign", name, signs)


def advise(person: Mapping[str, object] | pd.Series | pd.DataFrame) -> pd.DataFrame:
    """Return which red flags people have, and the advice that follows, whatever a model says.

    Parameters
    ----------
    person : mapping, Series or DataFrame
        Signs by name (`load_signs`); what is missing counts as not known, never as absent.

    Returns
    -------
    DataFrame
        One row for each person: ``red_flags, reasons_to_ask, not_known`` (labels, joined with "; "), ``see_doctor``
        (True with any red flag) and ``advice``.

    Raises
    ------
    JournalError
        A value that a sign can't have.
    UnknownNameError
        A mapping or Series with a name that is nearly that of a sign.

    >>> advise({"wasting": 1})["see_doctor"].item()
    True
    """
    people = as_people(person)
    present = mark_present(people)
    signs = load_signs()
    flags = [name for name in signs.index if signs.loc[name, "level"] == "red flag"]
    asking = [name for name in signs.index if signs.loc[name, "level"] == "reason to ask"]
    rows = []
    for values in present.to_numpy():
        marks = dict(zip(present.columns, values, strict=True))
        found = [str(signs.loc[name, "label"]) for name in flags if marks[name] == 1]
        reasons = [str(signs.loc[name, "label"]) for name in asking if marks[name] == 1]
        unknown = [str(signs.loc[name, "label"]) for name in flags if np.isnan(marks[name])]
        rows.append(
            ("; ".join(found), "; ".join(reasons), "; ".join(unknown), bool(found), _word(found, reasons, unknown))
        )
    columns = ["red_flags", "reasons_to_ask", "not_known", "see_doctor", "advice"]
    return pd.DataFrame(rows, columns=columns, index=people.index)


def mark_present(people: pd.DataFrame) -> pd.DataFrame:
    """Return 1.0, 0.0 or NaN (not known) for each sign that has a level; a number is present from its threshold on."""
    signs = load_signs()
    wanted = [name for name in signs.index if isinstance(signs.loc[name, "level"], str)]
    known = [name for name in find_signs(people.columns) if name in wanted]
    encoded = pd.DataFrame(encode_signs(people, known), columns=known, index=people.index)
    for name in known:
        threshold = signs.loc[name, "threshold"]
        if not pd.isna(threshold):
            weeks = encode_signs(pd.DataFrame({name: [float(threshold)]}), [name])[0, 0]
            encoded[name] = (encoded[name] >= weeks).astype(float).where(encoded[name].notna())
    return encoded.reindex(columns=wanted)


def _word(found: list[str], reasons: list[str], unknown: list[str]) -> str:
    if found:
        text = RED_FLAG_ADVICE.format(flags=", ".join(word.lower() for word in found))
    elif reasons:
        text = REASON_ADVICE.format(reasons=", ".join(word.lower() for word in reasons))
    else:
        text = OTHER_ADVICE
    return text + (UNKNOWN_ADVICE.format(unknown=", ".join(word.lower() for word in unknown)) if unknown else "")
