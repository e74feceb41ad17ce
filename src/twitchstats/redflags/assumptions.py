"""What is known behind a simulated cohort: each risk over draws of its parameters, and which of them matter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd
from scipy import special, stats

from twitchstats.arrays import AnyArray, FloatArray, to_pandas
from twitchstats.errors import OptionError, check_share, check_table, check_whole
from twitchstats.redflags.advice import advise, as_people
from twitchstats.redflags.prevalence import BaseRate, read_base_rate
from twitchstats.signs import encode_signs, find_signs
from twitchstats.simulate.cohort import SERIOUS, read_serious, read_source
from twitchstats.simulate.likelihood import Ways, weigh_signs
from twitchstats.simulate.parameters import draw_cohort_parameters, load_cohort_parameters, read_parameters

DRAWS = 200
_FEWEST_DRAWS = 20
_SEED = 20
_STRANGE, _ENOUGH = 5.0, 1000  # standard errors, people


@dataclass(frozen=True)
class Origin:
    """What simulated people were drawn from."""

    design: str
    serious: tuple[str, ...]
    parameters: tuple[tuple[str, str, float], ...] = ()  # name, condition, value: where it differs from the table
    exact: bool = False  # no parameter of the table decides who is serious: a user's own model does, or other labels

    def read_values(self) -> pd.Series:
        """Return the parameters of these people."""
        return read_parameters({(name, condition): value for name, condition, value in self.parameters} or None)


def read_origin(X: object) -> Origin | None:
    """Return what people were drawn from, as far as their frame tells: None for real or unknown people."""
    X = to_pandas(X)
    if not isinstance(X, pd.DataFrame):
        return None
    told = read_source(X)
    return Origin(**told) if told else None


def find_exact(
    origin: Origin, base: BaseRate, signs: Sequence[str], encoded: FloatArray, *, crowd: str = "",
    draws: pd.DataFrame | None = None, finding: Ways | None = None,
) -> FloatArray:  # fmt: skip
    """Return log odds in the world of `origin`, or in that of each draw, (draws, people), whatever people tell.

    `finding` as in `twitchstats.simulate.likelihood.weigh_signs`.
    """
    worlds = origin.read_values().to_frame() if draws is None else draws
    told = {name: encoded[:, signs.index(name)] for name in find_signs(signs)}
    ratios = weigh_signs(told, worlds, origin.serious, design=crowd or base.crowd or origin.design, finding=finding)
    return ratios + special.logit(base.rate) + np.zeros(1 if finding else len(encoded))


def move_crowd(
    origin: Origin | None, base: BaseRate, signs: Sequence[str], encoded: FloatArray, finding: Ways | None = None
) -> FloatArray:
    """Return by how much log odds move from the crowd of the training people to that of the base rate, (people,)."""
    if origin is None or origin.exact or base.crowd in ("", origin.design):
        return np.zeros(1 if finding else len(encoded))
    there, here = (
        find_exact(origin, base, signs, encoded, crowd=crowd, finding=finding)[0]
        for crowd in (base.crowd, origin.design)
    )
    return there - here


def match_origin(
    origin: Origin | None, signs: Sequence[str], encoded: FloatArray, outcome: FloatArray
) -> Origin | None:
    """Return an origin whose parameters say nothing where people have other signs or labels than it gave them.

    Labels: the score of the exact log odds, whose slope is 1 in their world, in standard errors.
    """
    if origin is None or origin.exact:
        return origin
    if set(find_signs(signs)) != set(signs):
        return replace(origin, exact=True)
    some = slice(None, None, max(len(outcome) // _ENOUGH, 1))
    log_odds = find_exact(origin, BaseRate(float(outcome.mean())), signs, encoded[some])[0]
    risk = special.expit(log_odds)
    spread = risk * (1 - risk)
    away = log_odds - spread @ log_odds / spread.sum()
    fits = abs(away @ (outcome[some] - risk)) <= _STRANGE * np.sqrt(spread @ away**2)
    return origin if fits else replace(origin, exact=True, serious=())


@cache
def _draw() -> pd.DataFrame:
    return draw_cohort_parameters(draws=DRAWS, seed=_SEED)


def draw_moves(
    origin: Origin | None, base: BaseRate, signs: Sequence[str], encoded: FloatArray, log_odds: FloatArray,
    finding: Ways | None = None,
) -> FloatArray:  # fmt: skip
    """Return by how much log odds move in each draw of what is uncertain, (draws, people); one draw where nothing is.

    For simulated people these are the exact log odds in the world of each draw, so that they also say where the model
    misses the world it was made from.
    """
    rates = _draw_rates(base, _draw())[:, None]
    if origin is None or origin.exact:
        return rates + np.zeros(len(log_odds))
    return find_exact(origin, base, signs, encoded, draws=_draw(), finding=finding) + rates - log_odds


def _draw_rates(base: BaseRate, drawn: pd.DataFrame) -> FloatArray:
    """Return by how much draws of the base rate move the log odds, (draws,); a single 0 where it is certain."""
    if base.diagnoses:
        rates = drawn.loc["base_rate"].loc[list(base.diagnoses)].sum().to_numpy()
        return special.logit(rates) - special.logit(base.rate)
    if np.isnan(base.low):
        return np.zeros(1)
    chances = stats.qmc.LatinHypercube(1, rng=np.random.default_rng(_SEED + 1)).random(drawn.shape[1])[:, 0]
    reach = (special.logit(base.high) - special.logit(base.low)) / (2 * stats.norm.ppf(0.975))
    return reach * stats.norm.ppf(chances)


@dataclass(frozen=True)
class Odds:
    """Log odds with all that is known of them."""

    log_odds: FloatArray  # (people,)
    variance: FloatArray  # (people,): mean squared error by the chance of who was counted, and what else a fit may miss
    moves: FloatArray  # (draws, people): by how much draws of what is uncertain move them

    def take(self, rows: AnyArray) -> Odds:
        """Return some of the people."""
        return Odds(self.log_odds[rows], self.variance[rows], self.moves[:, rows])

    def average(self, weights: FloatArray) -> Odds:
        """Return the odds of the people's mean risk, (1,).

        The errors of people alike are taken to be one error: what they share is most of it, and no other assumption
        can make the limits too narrow.
        """
        share = weights / weights.sum()
        each = special.expit(self.log_odds)
        mean = float(share @ each)
        error = (share * each * (1 - each)) @ np.sqrt(self.variance) / max(mean * (1 - mean), 1e-300)
        middle = special.logit(np.array([mean]))
        averages = np.clip(special.expit(self.log_odds + self.moves) @ share, 1e-300, 1 - 1e-16)
        return Odds(middle, np.array([error**2]), (special.logit(averages) - middle)[:, None])

    def bound(self, level: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return risks with limits, each (people,), from the draws of what is uncertain and the error.

        Where both are normal their squares add up; the draws need not lie around 0.
        """
        check_share("level", level)
        reach = stats.norm.ppf(0.5 + level / 2) * np.sqrt(self.variance)
        low, high = np.quantile(self.moves, [0.5 - level / 2, 0.5 + level / 2], axis=0)
        middle = np.median(self.moves, axis=0)
        low = np.minimum(middle - np.hypot(middle - low, reach), 0.0)
        high = np.maximum(middle + np.hypot(high - middle, reach), 0.0)
        return tuple(special.expit(self.log_odds + move) for move in (0.0, low, high))


def explore_assumptions(
    person: Mapping[str, object] | pd.Series | pd.DataFrame,
    *,
    base_rate: float | str = "adults in general",
    serious: str | Sequence[str] = SERIOUS,
    level: float = 0.95,
    draws: int = 1000,
    seed: int = _SEED,
) -> pd.DataFrame:
    """Tell what one person's risk hangs on: which of the published and assumed figures matter, and how much.

    The risk is computed from the parameters of the cohort alone, exactly, with no model between: in the world of each
    draw of all parameters, and with one parameter at a time at the ends of what is known of it.

    Parameters
    ----------
    person : mapping, Series or DataFrame of one row
        Signs by name; what is missing is not known.
    base_rate : float or str
        As in `RedFlagModel.at_base_rate`. A number is taken as certain, in a clinic's crowd.
    serious : str or sequence of str
        What counts as serious, as in `simulate_cohort`.
    level : float
        Confidence level.
    draws, seed : int
        Of the parameters: for the shares and widths. The limits are those of `RedFlagModel.predict_risk`.

    Returns
    -------
    DataFrame
        A row for each parameter that matters at all (a tornado, the widest first): ``parameter, condition, value``,
        ``low, high`` (limits of what is known of it), ``known`` ("34 people", "published range", "assumed"),
        ``risk_at_low, risk_at_high``, ``share`` (of the variance of the log odds that it explains), ``study`` (what
        would tell it), ``study_share`` (explained by all that this study would tell) and ``study_width`` (of the
        interval, upper over lower, if that were known). The same in each row: ``risk, risk_lower, risk_upper,
        base_rate`` and ``advice``. `describe_worth` puts the most worthwhile study into words.

    Raises
    ------
    OptionError, UnknownNameError, JournalError
        More than one person, an option, a name or a value that is not possible.

    Examples
    --------
    >>> found = explore_assumptions({"wasting": 1}, draws=50)
    >>> found.loc[0, ["parameter", "condition"]].tolist()
    ['wasting', 'benign']
    """
    check_share("level", level)
    check_whole("draws", draws, least=_FEWEST_DRAWS)
    check_whole("seed", seed, least=0)
    people = as_people(person)
    if len(people) != 1:
        raise OptionError(
            f"explore_assumptions takes one person, this table has {len(people)}. Choose a row: people.loc[[name]]."
        )
    listed = tuple(read_serious(serious))
    base = read_base_rate(base_rate, listed, option="base_rate")
    encoded = encode_signs(people, names := find_signs(people.columns))
    origin, drawn = Origin("clinic", listed), draw_cohort_parameters(draws=draws, seed=seed)

    def weigh(worlds: pd.DataFrame) -> FloatArray:
        rates = _draw_rates(base, worlds) if base.diagnoses else 0.0
        return find_exact(origin, base, names, encoded, draws=worlds)[:, 0] + rates

    moves = weigh(drawn)
    frame = _draw_tornado(drawn, moves, weigh, level)
    frame = _weigh_studies(frame, drawn, moves if base.diagnoses else moves + _draw_rates(base, drawn), level)
    middle = find_exact(origin, base, names, encoded)[0]
    same = draw_moves(origin, base, names, encoded, middle)  # those that every other risk has its limits from
    risk, lower, upper = (part.item() for part in Odds(middle, np.zeros(1), same).bound(level))
    return frame.assign(
        risk=risk, risk_lower=lower, risk_upper=upper, base_rate=base.rate, advice=advise(people)["advice"].iloc[0]
    )


def _draw_tornado(
    drawn: pd.DataFrame, moves: FloatArray, weigh: Callable[[pd.DataFrame], FloatArray], level: float
) -> pd.DataFrame:
    """Return the risk with each parameter at the ends of what is known of it, the others as in the table."""
    table = load_cohort_parameters().set_index(["parameter", "condition"])
    ends = drawn.quantile([0.5 - level / 2, 0.5 + level / 2], axis=1).T.set_axis(["low", "high"], axis=1)
    values, places = np.repeat(table[["value"]].to_numpy(), 2 * len(table), axis=1), np.arange(len(table))
    values[places, 2 * places], values[places, 2 * places + 1] = ends["low"], ends["high"]
    found = special.expit(weigh(pd.DataFrame(values, index=table.index))).reshape(-1, 2)
    ranks = stats.rankdata(drawn, axis=1)
    with np.errstate(invalid="ignore"):  # a risk that hangs on nothing goes with nothing
        together = np.corrcoef(np.vstack([ranks, moves]))[-1, :-1]
    counted, assumed = table["n"].map("{:.0f} people".format), table["confidence"].eq("assumed")
    known = counted.where(table["n"].notna(), np.where(assumed, "assumed", "published range"))
    share = np.where(np.isclose(found[:, 0], found[:, 1], rtol=1e-9), 0.0, together**2)
    at_ends = {"risk_at_low": found[:, 0], "risk_at_high": found[:, 1]}
    return table[["value"]].join(ends).assign(known=known, **at_ends, share=share).reset_index()


def _weigh_studies(frame: pd.DataFrame, drawn: pd.DataFrame, moves: FloatArray, level: float) -> pd.DataFrame:
    """Add what a study of each kind of people would tell, and how wide the interval would be then."""
    names = [_name_study(*pair) for pair in zip(frame["parameter"], frame["condition"], strict=True)]
    frame = frame.assign(study=names)
    matter = frame["share"] > 0
    reach = stats.norm.ppf(0.5 + level / 2)
    scaled = stats.norm.ppf((stats.rankdata(drawn.to_numpy()[matter], axis=1) - 0.5) / drawn.shape[1])
    found = frame[matter].assign(study_share=np.nan, study_width=np.nan)
    for _, members in found.groupby("study"):
        X = np.column_stack([np.ones(len(moves)), scaled[found.index.get_indexer(members.index)].T])
        fit = X @ np.linalg.lstsq(X, moves, rcond=None)[0]
        left = np.sum((moves - fit) ** 2) / max(len(moves) - X.shape[1], 1)
        told = max(1 - left / moves.var(ddof=1), 0.0), float(np.exp(2 * reach * np.sqrt(left)))
        found.loc[members.index, ["study_share", "study_width"]] = told
    swing = np.abs(special.logit(found["risk_at_high"]) - special.logit(found["risk_at_low"]))
    return found.loc[swing.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)


def _name_study(parameter: str, condition: str) -> str:
    """Return which study would tell a parameter."""
    if parameter == "base_rate":
        return "count how common the conditions are among people who twitch"
    if parameter == "clinic_weight":
        return "count the diagnoses of people who twitch in a clinic"
    if parameter.endswith("_loading"):
        return "note all signs of the same people, to see which go together"
    if parameter.startswith(("persist", "brief")):
        return "follow people who twitch, to see how long it lasts"
    return f"examine people who have {'benign twitching' if condition == 'benign' else condition}, and note their signs"


def describe_worth(frame: pd.DataFrame) -> str:
    """Return which study would narrow a person's interval most, from the frame of `explore_assumptions`.

    Examples
    --------
    >>> describe_worth(explore_assumptions({"wasting": 1}, draws=50)).split(":")[0]
    'What would narrow this interval most'
    """
    check_table("frame", frame, ["study", "study_share", "study_width", "risk_lower", "risk_upper"])
    if frame.empty:
        return "This interval hangs on none of the parameters: nothing was told that they weigh."
    best = frame.sort_values("study_share", ascending=False, kind="stable").iloc[0]
    now = special.expit(special.logit(best["risk_upper"]) - special.logit(best["risk_lower"]))
    width = now / (1 - now)
    return (
        f"What would narrow this interval most: {best['study']}. Its upper limit would be "
        f"{best['study_width']:.2g} times its lower one on the scale of odds, where it is {width:.2g} times now."
    )
