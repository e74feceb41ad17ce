"""Risks and terms in words: what a risk is made of, and everything that must stand beside it."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from twitchstats.arrays import FloatArray
from twitchstats.errors import OptionError
from twitchstats.redflags.advice import advise
from twitchstats.redflags.record import Record, assess_people, bound_risk, find_log_odds, is_small, take_models
from twitchstats.redflags.training import find_known
from twitchstats.signs import code_number, list_red_flags, load_signs

START = "starting point"
CROWD = "other conditions"
AVERAGE = "The average person who told the same signs"
OTHERS = "The mix of other conditions, and what a model on these signs misses"
RIGHT = 1.1
YOUNG_AGE = 30
FEW = (
    "Too little is known of people like this one: the chance of who was in the training sample and the form of the "
    "model may have moved the odds by a factor of {factor}."
)
SMALL = (
    "Told as an upper limit: how far below a tenth of the base rate a risk lies can't be learned from the people that "
    "the model was fitted on."
)
BELOW = (
    "A red flag, and yet below the base rate: in the model what else was told weighs more, or no flag like it counts."
)
LOWERS = (
    "In the model {flags} lowers the risk, as chance in few people, or conditions that are not counted, can make it. "
    "It is a reason to see a doctor all the same."
)
YOUNG = (
    f"Under {YOUNG_AGE} it may well be too small: how common the illness is so young is no figure, but the end of a "
    "normal distribution of ages."
)
COUNTED = "It counts {diagnoses} only. Other conditions that need a doctor are not in this number."


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


def tell_risk(record: Record, people: pd.DataFrame, encoded: FloatArray, *, level: float = 0.95) -> pd.DataFrame:
    """Return each person's risk with all that must stand beside it; see `RedFlagModel.predict_risk`."""
    assessed = assess_people(record, encoded)
    risk, lower, upper = bound_risk(record, assessed, level)
    reach = stats.norm.ppf(0.5 + level / 2) * np.sqrt(assessed.variance)
    factor = np.exp(np.minimum(reach, 700.0))
    small = is_small(record, assessed.log_odds)
    told = advise(people, ignore=[name for name in (*record.signs, *record.ignored) if not find_known(name)])
    ages = dict(zip(record.signs, encoded.T, strict=True)).get("age", np.full(len(risk), np.nan))
    young = (ages < code_number(YOUNG_AGE, "years")) & record.drawn
    below = told["see_doctor"].to_numpy() & (risk < record.base.rate)
    lowering = _name_lowering(record, encoded, assessed.log_odds)
    risks = {"risk": risk, "risk_lower": lower, "risk_upper": upper, "base_rate": record.base.rate}
    return pd.DataFrame(risks, index=people.index).assign(
        n_unknown=np.isnan(encoded).sum(axis=1),
        chance_factor=factor,
        caution=[_warn(record, *signals) for signals in zip(factor, small, below, young, lowering, strict=True)],
        red_flags=told["red_flags"],
        advice=told["advice"],
    )


def _name_lowering(record: Record, encoded: FloatArray, log_odds: FloatArray) -> list[str]:
    """Return the red flags of each person without which the risk would be higher; simulated people have their truth."""
    named: list[list[str]] = [[] for _ in encoded]
    for place, sign in enumerate(record.signs):
        if record.drawn or sign not in list_red_flags():
            continue
        having = np.flatnonzero(encoded[:, place] == 1)
        without = encoded[having]
        without[:, place] = 0.0
        for row in having[find_log_odds(record, without) > log_odds[having] + 1e-9]:
            named[row].append(list_red_flags()[sign].lower())
    return [" or ".join(flags) for flags in named]


def _warn(record: Record, factor: float, small: bool, below: bool, young: bool, lowering: str) -> str:
    yet = [BELOW, *[COUNTED.format(diagnoses=", ".join(record.diagnoses))] * bool(record.diagnoses)]
    few = FEW.format(factor=f"{factor:.2g}" if factor < 100 else "100 or more")
    told = [few] * int(factor > RIGHT) + [SMALL] * int(small) + [YOUNG] * int(young) + yet * int(below)
    return " ".join(told + [LOWERS.format(flags=lowering)] * bool(lowering))


def explain_risk(record: Record, people: pd.DataFrame, encoded: FloatArray, *, level: float = 0.95) -> pd.DataFrame:
    """Explain one person's risk as contributions that add up.

    Parameters
    ----------
    record : Record
    people : DataFrame of one row
        Signs by name; what is missing is not known.
    encoded : ndarray, (1, signs)
    level : float
        Confidence level of the risk's interval.

    Returns
    -------
    DataFrame
        ``term, label, value`` (as encoded), ``contribution`` (log odds against the average training person, by the
        model on the signs that were told: what is not known has no row), ``odds_factor``; the first row is the starting
        point (the average log odds); a row "other conditions" holds what the mix of these at the base rate adds, and
        for simulated people what a model on the signs that were told misses. Sorted by size. The contributions add up
        to the log odds of ``risk``, which is the same in each row, as are ``risk_lower, risk_upper, base_rate,
        n_unknown, red_flags`` and ``advice`` (which names the red flags not known).

    Raises
    ------
    OptionError
        More than one person.
    """
    if len(people) != 1:
        raise OptionError(f"explain takes one person, this table has {len(people)}. Choose a row: people.loc[[name]].")
    ((_, sub, own),) = take_models(record, encoded)
    chosen = sub.places[1:] - 1
    terms, values = [record.design.terms[place] for place in chosen], list(own[0, 1:])
    contribution = (own[0, 1:] - record.means[chosen]) * sub.coefficients[1:]
    start = float(sub.coefficients[0] + record.shift + record.means[chosen] @ sub.coefficients[1:])
    labels = [describe_term(term).label for term in terms]
    crowd = assess_people(record, encoded).log_odds[0] - start - contribution.sum()
    if abs(crowd) > 1e-9:
        terms, values, labels = [*terms, CROWD], [*values, np.nan], [*labels, OTHERS]
        contribution = np.r_[contribution, crowd]
    frame = pd.DataFrame({"term": terms, "label": labels, "value": values, "contribution": contribution})
    frame = frame.iloc[np.argsort(-np.abs(contribution), kind="stable")]
    first = pd.DataFrame({"term": START, "label": AVERAGE, "value": np.nan, "contribution": [start]})
    frame = pd.concat([first, frame], ignore_index=True)
    frame["odds_factor"] = np.exp(frame["contribution"])
    words = tell_risk(record, people, encoded, level=level).iloc[0]
    shown = ("risk", "risk_lower", "risk_upper", "base_rate", "n_unknown", "red_flags", "advice")
    return frame.assign(**{name: words[name] for name in shown})
