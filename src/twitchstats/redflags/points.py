"""A score that a person can add up on paper."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy import special
from sklearn.metrics import brier_score_loss

from twitchstats.arrays import FloatArray, IntArray
from twitchstats.errors import OptionError, check_share, check_whole
from twitchstats.redflags import fitting
from twitchstats.redflags.advice import ANY_FLAG_ADVICE, advise, as_people
from twitchstats.redflags.assumptions import Odds, draw_moves, move_crowd
from twitchstats.redflags.design import mark_yes_no, plan_design
from twitchstats.redflags.measures import measure_auc
from twitchstats.redflags.prevalence import BaseRate
from twitchstats.redflags.record import Record, Training, find_log_odds, move_record
from twitchstats.redflags.training import need_both
from twitchstats.signs import code_number, encode_signs, load_signs

Weigh = Callable[[FloatArray], FloatArray]

_BANDS = {
    "years": [(0, 40, "under 40"), (40, 50, "40 to 49"), (50, 60, "50 to 59"), (60, 70, "60 to 69"),
              (70, 80, "70 to 79"), (80, 131, "80 or more")],
    "weeks": [(0, 2, "under 2 weeks"), (2, 8, "2 to 7 weeks"), (8, 26, "8 to 25 weeks"), (26, 104, "26 to 103 weeks"),
              (104, 10_001, "2 years or more")],
}  # fmt: skip
_TYPICAL = {"years": [30, 45, 55, 65, 75, 85], "weeks": [1, 4, 14, 52, 208]}
LARGEST = "largest difference in risk"
PARTLY_TOLD = "Not added up: these points hold only where every sign is told. The model tells a risk of what is known."


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

    Examples
    --------
    >>> import twitchstats as tw
    >>> people = tw.simulate_cohort(people=500, seed=1)
    >>> signs = ["wasting", "weakness_found"]
    >>> score = tw.RedFlagModel(interactions="none").fit(people[signs], people["serious"]).point_score()
    >>> score.points[["sign", "answer"]]
                 sign answer
    0  weakness_found     no
    1  weakness_found    yes
    2         wasting     no
    3         wasting    yes
    """

    points: pd.DataFrame
    risks: pd.DataFrame
    agreement: pd.DataFrame

    def add_up(self, person: Mapping[str, object] | pd.Series | pd.DataFrame) -> pd.DataFrame:
        """Return ``score, risk, risk_lower, risk_upper, base_rate, n_unknown, caution, red_flags, advice`` of people.

        A score beyond those of the table gets the nearest one's risk. Score and risk of people who did not tell every
        sign are missing, and ``caution`` says so: what their signs weigh follows from those that they told.
        """
        people, signs = as_people(person), list(dict.fromkeys(self.points["sign"]))
        encoded = encode_signs(people.reindex(columns=signs), signs)
        score = _add_up(self.points, dict(zip(signs, encoded.T, strict=True)))
        table = self.risks.set_index("score")
        nearest = table.reindex(np.clip(score, table.index.min(), table.index.max()))
        told = advise(people)
        result = nearest[["risk", "risk_lower", "risk_upper"]].set_axis(people.index).assign(
            base_rate=table["base_rate"].iloc[0], n_unknown=np.isnan(encoded).sum(axis=1),
            caution=np.where(np.isnan(score), PARTLY_TOLD, ""), red_flags=told["red_flags"], advice=told["advice"],
        )  # fmt: skip
        result.insert(0, "score", score.astype(float if np.isnan(score).any() else int))
        return result


def _add_up(points: pd.DataFrame, encoded: Mapping[str, FloatArray]) -> FloatArray:
    """Return each person's points, NaN where an answer has none."""
    total, kinds = np.zeros(1), load_signs()["kind"]
    for sign, rows in points.groupby("sign", sort=False):
        values, kind = encoded[str(sign)], str(kinds.get(sign, "number"))
        found = np.full(len(values), np.nan)
        for low, high, worth in rows[["low", "high", "points"]].to_numpy(float):
            found[(values >= code_number(low, kind)) & (values < code_number(high, kind))] = worth
        total = total + found
    return total


def build_point_score(record: Record, *, most: int = 10, allowed: float = 0.1) -> PointScore:
    """Build a point score from a refit without interactions (after Sullivan, Massaro and D'Agostino 2004).

    Parameters
    ----------
    record : Record
        Fitted on known signs.
    most : int
        Points of the weightiest answer; more points follow the model more closely.
    allowed : float
        The largest difference in risk, at the share of the training sample, by which adding up may miss the model for
        anybody of the training people who told every sign; only these are counted.

    Raises
    ------
    OptionError
        `most` below 1, a sign that is neither yes/no, sex, years nor weeks, or points that miss the model by more than
        is allowed.
    NotEnoughDataError
        A model read from a file has no training people; too few told every sign.
    """
    check_whole("most", most, least=1)
    check_share("allowed", allowed)
    people = record.need_training("point_score")
    encoded = people.encoded
    design = plan_design(encoded, record.signs, "none", weights=people.weights, bends=bool(record.design.bends))
    solved = fitting.solve_logistic(
        design.terms, design.build(record.moments.fill(encoded)), people.outcome, people.weights
    )
    slopes = solved.coefficients[1:]

    def weigh(place: int, values: FloatArray) -> FloatArray:
        """Return what values of one sign add to the log odds."""
        rows = np.zeros((len(values) + 1, len(record.signs)))
        rows[1:, place] = values
        found = design.build(rows) @ slopes
        return found[1:] - found[0]

    answers = [
        row for k, name in enumerate(record.signs) for row in _list_answers(name, partial(weigh, k), encoded[:, k])
    ]
    frame = pd.DataFrame(answers, columns=["sign", "label", "answer", "low", "high", "weight"])
    unit = max(float(frame["weight"].abs().max()), 1e-300) / most
    # Evenly spaced ages make exact halves (7.5 of 10): first drop the last bits, which differ between machines.
    frame["points"] = np.round(np.round(frame["weight"] / unit, 6)).astype(int)
    points = frame[["sign", "label", "answer", "points", "low", "high"]]
    whole = np.asarray(~np.isnan(encoded).any(axis=1))
    need_both(people.outcome[whole], "Points need people who told every sign. Leave out the signs that few have told.")
    people = people.take(whole)
    score = _add_up(points, dict(zip(record.signs, people.encoded.T, strict=True))).astype(int)
    totals, odds = _fit_line(record, people, score)
    agreement = _compare(record, people, score)
    by_model, by_score, away = agreement.loc[agreement["measure"].eq(LARGEST), ["model", "points", "difference"]].iloc[
        0
    ]
    if away > allowed:
        paired = any(len(parts) > 1 for parts in record.design.parts)
        lighter = ", a model without interactions (interactions='none')" if paired else ""
        raise OptionError(
            f"These points miss the model's risk by up to {away:.2f} ({by_score:.2f} instead of {by_model:.2f}), and "
            f"allowed={allowed:g}. Take more points (most={2 * most}){lighter}, or allow a larger error."
        )
    risk, low, high = odds.bound(0.95)
    counts = pd.Series(people.outcome).groupby(score).agg(["size", "sum"]).reindex(totals, fill_value=0).astype(int)
    risks = pd.DataFrame(
        {
            "score": totals, "n": counts["size"].to_numpy(), "n_serious": counts["sum"].to_numpy(), "risk": risk,
            "risk_lower": low, "risk_upper": high, "base_rate": record.base.rate, "advice": ANY_FLAG_ADVICE,
        }
    )  # fmt: skip
    return PointScore(points, risks, agreement)


def _compare(record: Record, people: Training, score: IntArray) -> pd.DataFrame:
    """Return what the risks by score cost beside the model's, at the share of the training sample."""
    at_sample = move_record(record, BaseRate(record.sample_rate), record.base.rate)
    by_model = special.expit(find_log_odds(at_sample, people.encoded))
    totals, odds = _fit_line(at_sample, people, score)
    by_score = special.expit(np.interp(score, totals, odds.log_odds))
    away = np.abs(by_score - by_model)
    worst = int(away.argmax())
    rows = [(name, *(measure(people.outcome, risk) for risk in (by_model, by_score)))
            for name, measure in (("auc", measure_auc), ("brier", brier_score_loss))]  # fmt: skip
    rows += [("risk", by_model.mean(), by_score.mean()), (LARGEST, by_model[worst], by_score[worst])]
    frame = pd.DataFrame(rows, columns=["measure", "model", "points"])
    own = frame["points"] - frame["model"]
    return frame.assign(difference=[*own[:2], away.mean(), away[worst]])


def _list_answers(name: str, weigh: Weigh, column: FloatArray) -> list[tuple[object, ...]]:
    signs = load_signs()
    label = str(signs["label"].get(name, name))
    kind = signs.loc[name, "kind"] if name in signs.index else "yes/no"
    if kind in _BANDS:
        weights = weigh(code_number(np.array(_TYPICAL[kind], float), str(kind)))
        weights -= weights[int(np.argmin(np.abs(weights)))]
        return [(name, label, text, *ends, own) for (*ends, text), own in zip(_BANDS[kind], weights, strict=True)]
    if not mark_yes_no(column[:, None]).all():
        raise OptionError(
            f"point_score: {name!r} is not a yes/no sign, so it has no points. Leave it out (signs=[...])."
        )
    no, yes = ("female", "male") if kind == "sex" else ("no", "yes")
    return [(name, label, no, 0.0, 0.5, 0.0), (name, label, yes, 0.5, 1.5, weigh(np.ones(1))[0])]


def _fit_line(record: Record, people: Training, score: IntArray) -> tuple[IntArray, Odds]:
    """Return each total and its odds, on a straight line, at the base rate and in its crowd."""
    totals = np.arange(score.min(), score.max() + 1)
    columns = score[:, None].astype(float)
    solved = fitting.solve_logistic(["score"], columns, people.outcome, people.weights, penalty="firth")
    X, at = fitting.add_intercept(columns), fitting.add_intercept(totals[:, None].astype(float))
    move = move_crowd(record.origin, record.base, record.signs, people.encoded)
    middle = at @ (solved.coefficients + np.linalg.lstsq(X, move, rcond=None)[0]) + record.shift
    along = np.interp(score, totals, middle)
    moves = draw_moves(record.origin, record.base, record.signs, people.encoded, along)
    moves = (at @ np.linalg.lstsq(X, moves.T, rcond=None)[0]).T  # averaged over people with about this score
    chance = np.einsum("ij,jk,ik->i", at, solved.covariance, at)
    return totals, Odds(middle, 0.0 * chance if record.drawn else chance, moves)
