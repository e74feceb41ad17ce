"""One person's risk: what it is made of, and everything that must stand beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from twitchstats.errors import OptionError
from twitchstats.redflags.advice import advise, as_people
from twitchstats.redflags.odds import label_term
from twitchstats.signs import encode_signs

if TYPE_CHECKING:
    from twitchstats.redflags.model import RedFlagModel

FloatArray = NDArray[np.float64]

START = "starting point"
AVERAGED = "averaging"


def tell_risk(model: RedFlagModel, X: pd.DataFrame | ArrayLike, *, level: float = 0.95) -> pd.DataFrame:
    """Return ``risk, risk_lower, risk_upper, base_rate, n_unknown, red_flags, advice`` for each person."""
    encoded = model._encode(X)
    people = X if isinstance(X, pd.DataFrame) else pd.DataFrame(index=range(len(encoded)))
    risk, lower, upper = model._risk_interval(encoded, level)
    told = advise(people)
    return pd.DataFrame(
        {
            "risk": risk,
            "risk_lower": lower,
            "risk_upper": upper,
            "base_rate": model.base_rate_,
            "n_unknown": np.isnan(encoded).sum(axis=1),
            "red_flags": told["red_flags"],
            "advice": told["advice"],
        },
        index=people.index,
    )


def explain_risk(
    model: RedFlagModel, person: Mapping[str, object] | pd.Series | pd.DataFrame, *, level: float = 0.95
) -> pd.DataFrame:
    """Explain one person's risk as contributions that add up.

    Parameters
    ----------
    model : RedFlagModel
        Fitted.
    person : mapping, Series or DataFrame of one row
        Signs by name; what is missing is not known.
    level : float
        Confidence level of the risk's interval.

    Returns
    -------
    DataFrame
        ``term, label, value`` (as encoded; NaN not known), ``contribution`` (log odds against the average training
        person), ``odds_factor``; the first row is the starting point (the average log odds); where signs are not
        known, a row "averaging" is what averaging the risk over them adds. The contributions add up
        to the log odds of ``attrs["risk"]``; ``attrs`` also has ``risk_lower, risk_upper, base_rate, red_flags,
        advice, not_known``. Sorted by size.

    Raises
    ------
    OptionError
        More than one person.
    """
    people = as_people(person).copy()
    if len(people) != 1:
        raise OptionError(f"explain takes one person, this table has {len(people)}. Choose a row: people.loc[[name]].")
    people = people.reindex(columns=list(dict.fromkeys([*people.columns, *model.signs_])))
    encoded = encode_signs(people, model.signs_)
    columns = model.design_.build(encoded)[0]
    average = model.average_terms_
    contribution = (columns - average) * model.coef_[0]
    start = float(model.intercept_[0] + average @ model.coef_[0])
    told = dict(zip(model.signs_, encoded[0], strict=True))
    terms, labels = list(model.terms_), list(map(_label, model.terms_))
    values = [told.get(name, value) for name, value in zip(terms, columns, strict=True)]
    if np.isnan(encoded).any():
        averaging = model._find_log_odds(encoded)[0][0] - start - contribution.sum()
        terms, labels, values = [*terms, AVERAGED], [*labels, "Averaged over what is not known"], [*values, np.nan]
        contribution = np.r_[contribution, averaging]
    frame = pd.DataFrame(
        {
            "term": [START, *terms],
            "label": ["The average person of the training sample", *labels],
            "value": [np.nan, *values],
            "contribution": np.r_[start, contribution],
        }
    )
    frame["odds_factor"] = np.exp(frame["contribution"])
    order = [0, *(1 + np.argsort(-np.abs(contribution), kind="stable"))]
    frame = frame.iloc[order].reset_index(drop=True)
    risk, lower, upper = model._risk_interval(encoded, level)
    words = advise(people).iloc[0]
    frame.attrs = {
        "risk": float(risk[0]), "risk_lower": float(lower[0]), "risk_upper": float(upper[0]),
        "base_rate": model.base_rate_, "red_flags": words["red_flags"], "advice": words["advice"],
        "not_known": [name for name, value in told.items() if np.isnan(value)],
    }  # fmt: skip
    return frame


def _label(term: str) -> str:
    if term.startswith("unknown "):
        return "Not known: " + ", ".join(label_term(name).lower() for name in term.removeprefix("unknown ").split("/"))
    return label_term(term)
