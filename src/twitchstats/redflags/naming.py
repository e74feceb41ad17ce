"""Terms of a model in words."""

from typing import NamedTuple

from twitchstats.signs import load_signs


class Term(NamedTuple):
    """A term in words: its name, what an odds ratio compares, and how it becomes a number."""

    label: str
    unit: str
    coding: str


def describe_term(term: str) -> Term:
    """Return a term in words, so that a risk can be computed by hand.

    >>> describe_term("weakness_felt:wasting").label
    'Weakness felt and muscle wasting'
    >>> describe_term("age")
    Term(label='Age', unit='10 years', coding='(years - 50) / 10')
    >>> describe_term("age over 60")
    Term(label='Age, beyond 60 years', unit='one unit', coding='(years - 60) / 10, 0 if younger')
    """
    signs = load_signs()
    parts = term.split(":")
    if len(parts) > 1:
        first, *others = (str(signs["label"].get(part, part)) for part in parts)
        label = " and ".join([first, *(word[0].lower() + word[1:] for word in others)])
        return Term(label, "times more together than the parts", f"product of {', '.join(parts)} as coded")
    name, _, bend = term.partition(" over ")
    if name not in signs.index:
        return Term(term, "one unit", "as it is")
    label, kind, unit = signs.loc[name, ["label", "kind", "unit"]]
    if bend:
        coded = {"years": f"(years - {bend}) / 10, 0 if younger", "weeks": f"log2(weeks / {bend}), 0 if fewer weeks"}
        return Term(f"{label}, beyond {bend} {kind}", "one unit", coded[kind])
    unit, coding = {
        "yes/no": ("present against absent", "1 present, 0 absent"),
        "sex": ("male against female", "1 male, 0 female"),
        "years": (unit, "(years - 50) / 10"),
        "weeks": (unit, "log2(weeks), 0 for a week or less"),
    }[kind]
    return Term(label, unit, coding)
