"""Terms of a model in words."""

from twitchstats.signs import load_signs


def label_term(term: str) -> str:
    """Return a term in words.

    >>> label_term("weakness_felt:wasting")
    'Weakness felt and muscle wasting'
    >>> label_term("age over 60")
    'Age, beyond 60 years'
    """
    labels = load_signs()["label"]
    if " over " in term:
        name, value = term.split(" over ")
        return f"{labels[name]}, beyond {value} {load_signs().loc[name, 'kind']}"
    words = [str(labels.get(part, part)) for part in term.split(":")]
    return " and ".join([words[0], *(word[0].lower() + word[1:] for word in words[1:])])


def describe_unit(term: str) -> str:
    """Return what an odds ratio compares.

    >>> describe_unit("age"), describe_unit("wasting"), describe_unit("age:wasting")
    ('10 years', 'present against absent', 'times more together than the parts')
    """
    if ":" in term:
        return "times more together than the parts"
    signs = load_signs()
    if term not in signs.index:
        return "one unit"
    if signs.loc[term, "kind"] == "yes/no":
        return "present against absent"
    return "male against female" if term == "sex" else str(signs.loc[term, "unit"])


def describe_coding(term: str) -> str:
    """Return how a term becomes a number, so that a risk can be computed by hand.

    >>> describe_coding("age"), describe_coding("pain:age")
    ('(years - 50) / 10', 'product of pain, age as coded')
    >>> describe_coding("age over 60")
    '(years - 60) / 10, 0 if younger'
    """
    if " over " in term:
        name, value = term.split(" over ")
        return {
            "years": f"(years - {value}) / 10, 0 if younger", "weeks": f"log2(weeks / {value}), 0 if fewer weeks"
        }[str(load_signs().loc[name, "kind"])]  # fmt: skip
    if ":" in term:
        return f"product of {', '.join(term.split(':'))} as coded"
    signs = load_signs()
    kind = signs.loc[term, "kind"] if term in signs.index else "number"
    return {
        "yes/no": "1 present, 0 absent", "sex": "1 male, 0 female", "years": "(years - 50) / 10",
        "weeks": "log2(weeks), 0 for a week or less",
    }.get(str(kind), "as it is")  # fmt: skip
