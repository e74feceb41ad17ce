"""How likely the signs of a person are under each condition: exact, from the parameters of the cohort."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd
from scipy import special

from twitchstats.arrays import BoolArray, FloatArray
from twitchstats.signs import encode_signs, find_signs
from twitchstats.simulate.cohort import (
    BENIGN,
    PARTS,
    SERIOUS,
    list_yes_no_signs,
    mix_conditions,
    read_serious,
)
from twitchstats.simulate.parameters import read_parameters

Ways: TypeAlias = tuple[BoolArray, float]  # in which cells each finding is there, and from how many weeks on
# quadrature nodes for what signs share: motor (steep), sensory, worry
_PRECISE, _QUICK = (25, 11, 11), (9, 3, 3)


def cohort_risk(
    people: pd.DataFrame,
    *,
    serious: str | Sequence[str] = SERIOUS,
    base_rate: float | None = None,
    design: str = "clinic",
    parameters: object = None,
) -> FloatArray:
    """Return the true risk of people in the world of the simulator, (people,), whatever part of their signs is told.

    Parameters
    ----------
    people : DataFrame
        Signs by name; what is missing, or has no column, is not known.
    base_rate : float, optional
        Share of serious cases; by default that of the design.
    serious, design, parameters
        As in `simulate_cohort`; the design says which mix of other conditions, and how long twitching has lasted.

    >>> people = pd.DataFrame({"wasting": [0.0, 1.0]})
    >>> cohort_risk(people, base_rate=0.01, design="population").round(4).tolist()
    [0.0052, 0.1307]
    """
    listed, values = read_serious(serious), read_parameters(parameters)
    weights = mix_conditions(values, listed, design=design)
    share = sum(weights[name] for name in listed) if base_rate is None else base_rate
    told = dict(zip(there := find_signs(people.columns), encode_signs(people, there).T, strict=True))
    ratio = weigh_signs(told, values.to_frame(), listed, design=design, nodes=_PRECISE)[0]
    return special.expit(ratio + special.logit(share)) + np.zeros(len(people))


def weigh_signs(
    told: Mapping[str, FloatArray],
    draws: pd.DataFrame,
    serious: Sequence[str],
    *,
    design: str,
    nodes: Sequence[int] = _QUICK,
    finding: Ways | None = None,
) -> FloatArray:
    """Return the log likelihood ratio of told signs, serious against other, (draws, people or 1 if none is told).

    Parameters
    ----------
    told : mapping of str to ndarray, (people,)
        Encoded signs by name (`encode_signs`), NaN where not known.
    draws : DataFrame
        Parameters, as `draw_cohort_parameters` returns them.
    serious, design
        As in `cohort_risk`.
    nodes : sequence of three int
        Quadrature nodes for each of the things that signs share.
    finding : tuple of ndarray of bool, (people, findings), and float, optional
        People are then every way in which signs can be there (1) or not (0), "persistence_weeks" from so many weeks
        on, and each finding, a column of the answer, is made of some of them.
    """
    chosen, weeks_from = finding or (None, None)
    likelihood = weigh_conditions(told, draws, design=design, nodes=nodes, weeks_from=weeks_from)
    if chosen is not None:
        with np.errstate(divide="ignore"):
            likelihood = np.log(np.exp(likelihood) @ chosen)
    return _compare(likelihood, draws, serious, design)


def _compare(likelihood: FloatArray, draws: pd.DataFrame, serious: Sequence[str], design: str) -> FloatArray:
    """Return the log of how much likelier it is among serious than among other conditions, (draws, people)."""
    counted = np.isin(list_conditions(draws), list(serious))
    shares = np.log(_mix(draws, design))[:, :, None]

    def average(mask: BoolArray) -> FloatArray:
        whole = special.logsumexp(shares[:, mask], axis=1)
        return special.logsumexp(likelihood[:, mask] + shares[:, mask], axis=1) - whole

    with np.errstate(invalid="ignore"):  # what nobody has is not likelier in anybody
        return average(counted) - average(~counted)


def _mix(draws: pd.DataFrame, design: str) -> FloatArray:
    """Return how common each condition is in a crowd, (draws, conditions); only ratios within a class are used."""
    if design == "clinic":
        return draws.loc["clinic_weight"].loc[list_conditions(draws)].to_numpy().T
    rates = draws.loc["base_rate"].to_numpy().T
    return np.column_stack([1 - rates.sum(axis=1), rates])


def list_conditions(draws: pd.DataFrame) -> list[str]:
    """Return the conditions of the simulator, the benign one first."""
    return [BENIGN, *draws.loc["base_rate"].index]


def weigh_conditions(
    told: Mapping[str, FloatArray],
    draws: pd.DataFrame,
    *,
    design: str,
    nodes: Sequence[int] = _QUICK,
    weeks_from: float | None = None,
) -> FloatArray:
    """Return the log likelihood of each person's told signs under each condition, (draws, conditions, people).

    With `weeks_from` "persistence_weeks" tells whether it has lasted so long (1) or not (0).
    """
    conditions = list_conditions(draws)
    rows = dict(zip(draws.index, draws.to_numpy(), strict=True))

    def look_up(parameter: str, condition: str = "") -> FloatArray:
        """Return one parameter of each draw, of one condition or of all, as (draws, conditions, 1)."""
        return np.stack([rows[parameter, name] for name in ([condition] if condition else conditions)]).T[:, :, None]

    n = max((len(column) for column in told.values()), default=1)
    total = np.zeros((draws.shape[1], len(conditions), n))
    for name in [name for name in ("age", "sex", "persistence_weeks") if name in told]:  # never in a set's order
        there = ~np.isnan(told[name])
        values = told[name][there]
        if name == "age":
            age = values * 10 + 50
            ends = (np.where(age <= 18, -np.inf, age - 0.5), np.where(age >= 95, np.inf, age + 0.5))
            total[:, :, there] += _between(*((end - look_up("age_mean")) / look_up("age_sd") for end in ends))
        elif name == "sex":
            female = look_up("female")
            total[:, :, there] += np.log(np.where(values == 1, 1 - female, female))
        else:
            low, high = _bound_weeks(values, weeks_from)
            total[:, :, there] += _weigh_weeks(low, high, look_up, conditions, design)
    return total + _weigh_answers(told, rows, conditions, nodes, n)


def _between(low: FloatArray, high: FloatArray) -> FloatArray:
    """Return the log of what a normal distribution has between two points, which may lie far out."""
    low, high = np.where(low > 0, -high, low), np.where(low > 0, -low, high)
    upper, lower = special.log_ndtr(high), special.log_ndtr(low)
    return upper + np.log1p(-np.exp(np.minimum(lower - upper, -1e-12)))


def _bound_weeks(values: FloatArray, weeks_from: float | None) -> tuple[FloatArray, FloatArray]:
    """Return between which logs of weeks it lies: to a tenth of a week, a week or less as one."""
    if weeks_from is None:
        weeks = 2**values
        return np.where(weeks <= 1, -np.inf, np.log(np.maximum(weeks - 0.05, 0.9))), np.log(weeks + 0.05)
    bar = np.log(max(weeks_from - 0.05, 1e-9))
    return np.where(values == 1, bar, -np.inf), np.where(values == 1, np.inf, bar)


def _weigh_weeks(
    low: FloatArray, high: FloatArray, look_up: Callable[..., FloatArray], conditions: list[str], design: str
) -> FloatArray:
    """Return the log likelihood of how long it has lasted, between logs of weeks; in part of the benign it is brief."""
    sigma = look_up("persistence_sigma", "all")

    def last(parameter: str, condition: str) -> FloatArray:
        return _weigh_part(low, high, np.log(look_up(parameter, condition)), sigma)

    long, brief = last("persistence_median", "other"), last("brief_median", BENIGN)
    persists = look_up(f"persistent_{design}", BENIGN)
    benign = np.logaddexp(np.log(persists) + long, np.log1p(-persists) + brief)
    found = {BENIGN: benign, "MND": last("persistence_median", "MND")}
    return np.concatenate([found.get(name, long) for name in conditions], axis=1)


def _weigh_part(low: FloatArray, high: FloatArray, middle: FloatArray, sigma: FloatArray) -> FloatArray:
    """Return the log likelihood of how long twitching has lasted so far, between logs of weeks.

    The whole, from the first sign of an illness to its diagnosis, is log-normal. People are met at any time in it, the
    longer it is the likelier: time since the first sign has the density S(weeks) / mean (Cox 1962, Renewal Theory).
    Twitching need not be the first sign, so it began at any time since.
    """
    low, high = np.clip([low, high], -30.0, 30.0)
    mean = np.exp(middle + sigma**2 / 2)

    def describe(log_weeks: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the share of shorter times, and the density."""
        z, weeks = (log_weeks - middle) / sigma, np.exp(log_weeks)
        over = special.ndtr(-z)
        density = sigma / mean * (np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) - z * over)
        return special.ndtr(z - sigma) + weeks * (over / mean + density), density

    narrow = describe((low + high) / 2)[1] * (np.exp(high) - np.exp(low))
    wide = describe(high)[0] - describe(low)[0]
    return np.log(np.maximum(np.where(high - low < 1, narrow, wide), 1e-300))


def _weigh_answers(
    told: Mapping[str, FloatArray],
    rows: Mapping[tuple[str, str], FloatArray],
    conditions: list[str],
    nodes: Sequence[int],
    n: int,
) -> FloatArray:
    """Return the log likelihood of the yes/no signs: independent given what they share, integrated over it."""
    signs = [name for name in list_yes_no_signs() if name in told]
    if not signs:
        return np.zeros((1, 1, n))
    answers = np.column_stack([told[name] for name in signs])
    patterns, place = np.unique(answers, axis=0, return_inverse=True)
    marks = np.hstack([patterns == 1, patterns == 0]).astype(float)
    rules = [np.polynomial.hermite_e.hermegauss(number) for number in nodes]
    latent = np.stack([axis.ravel() for axis in np.meshgrid(*[points for points, _ in rules])], axis=1)
    mass = np.prod(np.meshgrid(*[weights / weights.sum() for _, weights in rules]), axis=0).ravel()
    prevalence = np.array([[rows[name, condition] for condition in conditions] for name in signs])
    loading = np.array([[rows[f"{part}_loading", name] for name in signs] for part in PARTS])
    total = np.empty((prevalence.shape[2], len(conditions), n))
    for number in range(prevalence.shape[2]):
        shared = latent @ loading[:, :, number]
        own = np.sqrt(1 - (loading[:, :, number] ** 2).sum(axis=0))
        bar = special.ndtri(1 - prevalence[:, :, number])
        reach = (shared.T[:, None, :] - bar[:, :, None]) / own[:, None, None]
        tables = special.log_ndtr(np.concatenate([reach, -reach]))
        joint = np.exp(np.tensordot(marks, tables, axes=1)) @ mass
        total[number] = np.log(joint).T[:, place.ravel()]
    return total
