"""A score that a person can add up on paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special, stats

from twitchstats.errors import OptionError
from twitchstats.redflags import fitting
from twitchstats.redflags.advice import ANY_FLAG_ADVICE, advise, as_people
from twitchstats.redflags.design import plan_design
from twitchstats.redflags.measures import measure_auc, measure_brier
from twitchstats.redflags.prevalence import shift_log_odds, shift_risk
from twitchstats.signs import encode_signs, load_signs

if TYPE_CHECKING:
    from twitchstats.redflags.model import RedFlagModel

FloatArray = NDArray[np.float64]

_BANDS = {
    "years": [(0, 40, "under 40"), (40, 50, "40 to 49"), (50, 60, "50 to 59"), (60, 70, "60 to 69"),
              (70, 80, "70 to 79"), (80, 130, "80 or more")],
    "weeks": [(0, 2, "under 2 weeks"), (2, 8, "2 to 7 weeks"), (8, 26, "8 to 25 weeks"), (26, 104, "26 to 103 weeks"),
              (104, 10_000, "2 years or more")],
}  # fmt: skip
_TYPICAL = {"years": [30, 45, 55, 65, 75, 85], "weeks": [1, 4, 14, 52, 208]}
NOT_KNOWN = "not known"


@dataclass(frozen=True)
class PointScore:
    """Points for each answer, and the risk for each total.

    Attributes
    ----------
    points : DataFrame
        ``sign, label, answer, points``, and ``low, high`` (the answer's range, high excluded; for yes/no 0 and 1).
    risks : DataFrame
        ``score, n, n_serious`` (training people with that score), ``risk, risk_lower, risk_upper, base_rate, advice``.
    agreement : DataFrame
        ``measure, model, points, difference``: what adding up on paper costs on the training people ("auc", "brier",
        and "risk": the mean risk of both, with the mean absolute difference between them), at the training share.
    """

    points: pd.DataFrame
    risks: pd.DataFrame
    agreement: pd.DataFrame

    def add_up(self, person: Mapping[str, object] | pd.Series | pd.DataFrame) -> pd.DataFrame:
        """Return ``score, risk, risk_lower, risk_upper, base_rate, n_unknown, red_flags, advice`` for each person.

        A score beyond those of the table gets the nearest one's risk. Where many signs are not known a sum of points
        leans to the middle of what is known; the model averages over them.
        """
        people = as_people(person)
        score = self._total(people)
        table = self.risks.set_index("score")
        nearest = table.loc[np.clip(score, table.index.min(), table.index.max())]
        told = advise(people)
        signs = list(dict.fromkeys(self.points["sign"]))
        result = nearest[["risk", "risk_lower", "risk_upper", "base_rate"]].set_axis(people.index)
        result.insert(0, "score", score)
        result["n_unknown"] = people.reindex(columns=signs).isna().sum(axis=1)
        return result.assign(red_flags=told["red_flags"], advice=told["advice"])

    def _total(self, people: pd.DataFrame) -> NDArray[np.int_]:
        total = np.zeros(len(people), dtype=int)
        for sign, rows in self.points.groupby("sign", sort=False):
            values = _read_answers(people, str(sign))
            known = rows[rows["answer"] != NOT_KNOWN]
            points = np.full(len(people), rows.loc[rows["answer"] == NOT_KNOWN, "points"].iloc[0])
            for row in known.itertuples():
                points = np.where((values >= row.low) & (values < row.high), row.points, points)
            total += points
        return total


def build_point_score(model: RedFlagModel, *, most: int = 10) -> PointScore:
    """Build a point score from a refit without interactions (after Sullivan, Massaro and D'Agostino 2004).

    Parameters
    ----------
    model : RedFlagModel
        Fitted on known signs.
    most : int
        Points of the weightiest answer; more points follow the model more closely.

    Raises
    ------
    OptionError
        `most` below 1, or a sign that is neither yes/no, sex, years nor weeks.
    NotEnoughDataError
        A model read from a file has no training people.
    """
    if most < 1 or int(most) != most:
        raise OptionError(f"most={most} is not possible. The weightiest answer gets a whole number of points.")
    encoded, y = model._need_training("point_score")
    design = plan_design(encoded, model.signs_, "none", ())
    Z = design.build(encoded)
    coefficients = _shrink(Z, y)
    answers = [
        row
        for k, name in enumerate(model.signs_)
        for row in _list_answers(name, coefficients[k], design.mean[k], encoded[:, k])
    ]
    frame = pd.DataFrame(answers, columns=["sign", "label", "answer", "low", "high", "weight"])
    unit = max(float(frame["weight"].abs().max()), 1e-300) / most
    # Evenly spaced ages make exact halves (7.5 of 10): first drop the last bits, which differ between machines.
    frame["points"] = np.round(np.round(frame["weight"] / unit, 6)).astype(int)
    points = frame[["sign", "label", "answer", "points", "low", "high"]]
    blank = PointScore(points, pd.DataFrame(), pd.DataFrame())
    score = blank._total(_decode(encoded, model.signs_))
    risks = _tabulate_risks(score, y, model.base_rate_)
    by_score = shift_risk(risks["risk"], model.sample_rate_, model.base_rate_)[score - int(score.min())]
    by_model = special.expit(model._find_log_odds(encoded)[0] - model.shift_)
    return PointScore(points, risks, _compare(y, by_model, by_score))


def _compare(y: FloatArray, by_model: FloatArray, by_score: FloatArray) -> pd.DataFrame:
    """Return what is lost from the model to the points."""
    auc, brier = ([measure(y, risk) for risk in (by_model, by_score)] for measure in (measure_auc, measure_brier))
    rows = [
        ("auc", *auc, auc[1] - auc[0]),
        ("brier", *brier, brier[1] - brier[0]),
        ("risk", by_model.mean(), by_score.mean(), np.abs(by_score - by_model).mean()),
    ]
    return pd.DataFrame(rows, columns=["measure", "model", "points", "difference"])


def _shrink(Z: FloatArray, y: FloatArray) -> FloatArray:
    spread = np.where(Z.std(axis=0) > 0, Z.std(axis=0), 1.0)
    X = np.column_stack([np.ones(len(Z)), (Z - Z.mean(axis=0)) / spread])
    strength, _, start = fitting.choose_strength(X, y)
    return fitting.fit_ridge(X, y, strength, start=start).coefficients[1:] / spread


def _list_answers(name: str, weight: float, fill: float, column: FloatArray) -> list[tuple[object, ...]]:
    signs = load_signs()
    label = str(signs["label"].get(name, name))
    kind = signs.loc[name, "kind"] if name in signs.index else "yes/no"
    if kind in _BANDS:
        typical = encode_signs(pd.DataFrame({name: np.array(_TYPICAL[kind], float)}), [name])[:, 0]
        base = typical[int(np.argmin(np.abs(weight * typical)))]
        rows = [
            (name, label, text, float(low), float(high), weight * (value - base))
            for (low, high, text), value in zip(_BANDS[kind], typical, strict=True)
        ]
        return [*rows, (name, label, NOT_KNOWN, np.nan, np.nan, weight * (fill - base))]
    if not np.isin(column[~np.isnan(column)], (0.0, 1.0)).all():
        raise OptionError(
            f"point_score: {name!r} is not a yes/no sign, so it has no points. Leave it out (signs=[...])."
        )
    no, yes = ("female", "male") if kind == "sex" else ("no", "yes")
    return [
        (name, label, no, 0.0, 0.5, 0.0),
        (name, label, yes, 0.5, 1.5, weight),
        (name, label, NOT_KNOWN, np.nan, np.nan, weight * fill),
    ]


def _read_answers(people: pd.DataFrame, sign: str) -> FloatArray:
    """Return years and weeks as they are, everything else as 1/0."""
    if sign not in people.columns:
        return np.full(len(people), np.nan)
    signs = load_signs()
    encoded = encode_signs(people, [sign])[:, 0]
    if sign in signs.index and signs.loc[sign, "kind"] in _BANDS:
        return people[sign].to_numpy(float, na_value=np.nan)
    return encoded


def _decode(encoded: FloatArray, names: list[str]) -> pd.DataFrame:
    signs = load_signs()
    people = pd.DataFrame(encoded, columns=names)
    for name in names:
        kind = signs.loc[name, "kind"] if name in signs.index else ""
        if kind == "years":
            people[name] = people[name] * 10 + 50
        elif kind == "weeks":
            people[name] = 2 ** people[name]
    return people


def _tabulate_risks(score: NDArray[np.int_], y: FloatArray, base_rate: float) -> pd.DataFrame:
    """Return the risk of each total: a straight line on the log odds, moved to the model's base rate."""
    spread = max(float(score.std()), 1e-12)
    X = np.column_stack([np.ones(len(y)), (score - score.mean()) / spread])
    fit = fitting.fit_firth(X, y)
    totals = np.arange(score.min(), score.max() + 1)
    at = np.column_stack([np.ones(len(totals)), (totals - score.mean()) / spread])
    middle = at @ fit.coefficients + shift_log_odds(base_rate, float(y.mean()))
    reach = stats.norm.ppf(0.975) * np.sqrt(np.einsum("ij,jk,ik->i", at, np.linalg.inv(fit.hessian), at))
    counts = pd.Series(y).groupby(score).agg(["size", "sum"]).reindex(totals, fill_value=0)
    return pd.DataFrame(
        {
            "score": totals,
            "n": counts["size"].to_numpy(int),
            "n_serious": counts["sum"].to_numpy(int),
            "risk": special.expit(middle),
            "risk_lower": special.expit(middle - reach),
            "risk_upper": special.expit(middle + reach),
            "base_rate": base_rate,
            "advice": ANY_FLAG_ADVICE,
        }
    )
