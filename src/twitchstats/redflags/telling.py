"""One person's risk: what it is made of, and everything that must stand beside it."""

import numpy as np
import pandas as pd
from scipy import stats

from twitchstats.arrays import FloatArray
from twitchstats.errors import OptionError
from twitchstats.redflags.advice import advise
from twitchstats.redflags.naming import describe_term
from twitchstats.redflags.record import Record, assess_people, bound_risk, is_small, take_models
from twitchstats.redflags.training import find_known
from twitchstats.signs import code_number

START = "starting point"
CROWD = "other conditions"
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
YOUNG = (
    f"Under {YOUNG_AGE} it may well be too small: how common the illness is so young is no figure, but the end of a "
    "normal distribution of ages."
)
COUNTED = "It counts {diagnoses} only. Other conditions that need a doctor are not in this number."


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
    return pd.DataFrame(
        {
            "risk": risk,
            "risk_lower": lower,
            "risk_upper": upper,
            "base_rate": record.base.rate,
            "n_unknown": np.isnan(encoded).sum(axis=1),
            "chance_factor": factor,
            "caution": [_warn(record, *told) for told in zip(factor, small, below, young, strict=True)],
            "red_flags": told["red_flags"],
            "advice": told["advice"],
        },
        index=people.index,
    )


def _warn(record: Record, factor: float, small: bool, below: bool, young: bool) -> str:
    yet = [BELOW, *[COUNTED.format(diagnoses=", ".join(record.diagnoses))] * bool(record.diagnoses)]
    few = FEW.format(factor=f"{factor:.2g}" if factor < 100 else "100 or more")
    told = [few] * int(factor > RIGHT) + [SMALL] * int(small) + [YOUNG] * int(young) + yet * int(below)
    return " ".join(told)


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
        for simulated people what a model on the signs that were told misses. The
        contributions add up to the log odds of ``attrs["risk"]``; ``attrs`` also has ``risk_lower, risk_upper,
        base_rate, red_flags, advice, not_known``. Sorted by size.

    Raises
    ------
    OptionError
        More than one person.
    """
    if len(people) != 1:
        raise OptionError(f"explain takes one person, this table has {len(people)}. Choose a row: people.loc[[name]].")
    ((_, sub, own),) = take_models(record, encoded)
    told, chosen = dict(zip(record.signs, encoded[0], strict=True)), sub.places[1:] - 1
    terms, values = [record.design.terms[place] for place in chosen], list(own[0, 1:])
    contribution = (own[0, 1:] - record.means[chosen]) * sub.coefficients[1:]
    start = float(sub.coefficients[0] + record.shift + record.means[chosen] @ sub.coefficients[1:])
    labels = [describe_term(term).label for term in terms]
    crowd = assess_people(record, encoded).log_odds[0] - start - contribution.sum()
    if abs(crowd) > 1e-9:
        label = "The mix of other conditions, and what a model on these signs misses"
        terms, values, labels = [*terms, CROWD], [*values, np.nan], [*labels, label]
        contribution = np.r_[contribution, crowd]
    frame = pd.DataFrame(
        {
            "term": [START, *terms],
            "label": ["The average person who told the same signs", *labels],
            "value": [np.nan, *values],
            "contribution": np.r_[start, contribution],
        }
    )
    frame["odds_factor"] = np.exp(frame["contribution"])
    frame = frame.iloc[[0, *(1 + np.argsort(-np.abs(contribution), kind="stable"))]].reset_index(drop=True)
    words = tell_risk(record, people, encoded, level=level).iloc[0]
    frame.attrs = {
        name: words[name] for name in ("risk", "risk_lower", "risk_upper", "base_rate", "red_flags", "advice")
    }
    frame.attrs["not_known"] = [name for name, value in told.items() if np.isnan(value)]
    return frame
