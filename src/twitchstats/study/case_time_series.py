"""A published simulation, run again: people with an exposure and an outcome over a year (Gasparrini 2021).

'The case time series design', Epidemiology 32, 829-837, has fourteen scenarios: ten in which the design's assumptions
hold, and four that break one each. They are drawn here from their description, for smaller groups (the article has 500
people and 50,000 data sets), and answered by ours and by the article's kind of model on the same days. The month of low
risk has half the risk, as in the article's published runs (.7 in its text).

Its open supplement tells of no bias where the assumptions hold, but for a relative one of -.045 where outcome and
exposure are rare; of estimates too small where events end events or exposure (a model of its kind comes out too large
here in the latter), and too large where they end the diary, or in a month of low risk. Figures of coverage and error
stand in the article only: none is known here.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special, stats

from twitchstats.arrays import FloatArray, IntArray
from twitchstats.inference import describe_estimates
from twitchstats.panel import Panel
from twitchstats.simulate.series import draw_ar1
from twitchstats.triggers.engine import Options, work_panel
from twitchstats.triggers.families import choose_family
from twitchstats.triggers.rows import pool_people

YEAR = 365  # days
PEOPLE = 50  # of a data set
LAGS = 11  # days on which an exposure acts
FIXED, CUMULATIVE = "fixed effects", "estimate_cumulative_effects"
STEPS = 30


@dataclass(frozen=True)
class Scenario:
    """How the days of one scenario come about."""

    kind: str = "count"  # of the outcome: count, yes/no, amount
    episodes: tuple[int, int] = (0, 0)  # exposed days of each person, least and most; 0, 0: every day, with the season
    events: tuple[int, int] = (5, 20)  # of each person, least and most
    trend: str = ""  # a season of the outcome: common is everybody's, own has a part of each person's own
    level: bool = False  # something that each person keeps moves exposure and outcome both
    beside: bool = False  # a second cause goes with the exposure
    peak: bool = False  # the exposure acts most after two days, not alike on all
    # what one event in five ends (further events, the diary: days), what an event makes rarer (the exposure), or what
    # nobody knows of (a month of half the risk)
    breaks: str = ""

    @property
    def effect(self) -> float:
        """What one more of the exposure does on each of the days: a log ratio, or a difference."""
        return 0.01 if self.kind == "amount" else float(np.log(1.15 if any(self.episodes) else 1.0025))


SCENARIOS = {
    "basic": Scenario(episodes=(36, 36)),
    "rare outcome and exposure": Scenario(episodes=(1, 5), events=(1, 3)),
    "continuous exposure": Scenario(),
    "outcome yes or no": Scenario("yes/no"),
    "continuous outcome": Scenario("amount"),
    "common trend": Scenario(trend="common"),
    "own trends": Scenario(trend="own"),
    "hidden level": Scenario(trend="own", level=True),
    "a cause beside": Scenario(trend="own", beside=True),
    "delayed effect": Scenario(trend="own", level=True, beside=True, peak=True),
    "events end events": Scenario(episodes=(36, 36), breaks="events"),
    "events end the diary": Scenario(episodes=(36, 36), breaks="days"),
    "events end exposure": Scenario(episodes=(36, 36), breaks="exposure"),
    "a month of low risk": Scenario(breaks="month"),
}


def simulate_scenario(
    scenario: Scenario, rng: np.random.Generator, *, people: int = PEOPLE
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Simulate a year of people.

    Returns
    -------
    outcome, exposure, beside : (P, D)
        `beside` is the second cause, 0 where there is none.
    """
    day, shape = np.arange(1, YEAR + 1), (people, YEAR)
    own = rng.uniform(0, 100, (people, 1))
    events = np.round(own[:, 0] / 5 + 1) if scenario.level else rng.integers(*scenario.events, people, endpoint=True)
    if any(scenario.episodes):
        exposed = rng.integers(*scenario.episodes, endpoint=True)
        x = (rng.random(shape).argsort(1) < exposed).astype(float)
    else:
        noise = 0.5 / np.sqrt(1 - 0.5**2) * draw_ar1(shape, 0.5, rng)
        x = np.exp(np.cos(2 * np.pi * day / YEAR) + 1 + noise) * (own / 50 if scenario.level else 1)
    weights = stats.norm.pdf(np.arange(LAGS), 2, 2) if scenario.peak else np.ones(LAGS)
    risk = scenario.effect * LAGS / weights.sum() * (_list_lags(x) @ weights)
    if scenario.trend:
        form = np.concatenate([rng.uniform(-0.2, 0.2, 2), rng.uniform(-4, 4, 2)])
        form = form[:, None, None] + (0.05 * rng.standard_normal((4, people, 1)) if scenario.trend == "own" else 0.0)
        risk = risk + (form[:2] * np.cos(form[2:] * np.pi * day / YEAR)).sum(0)
    beside = x + 3 * rng.standard_normal(shape) if scenario.beside else np.zeros(shape)
    risk = risk + 0.01 * beside
    if scenario.breaks == "exposure":
        after = np.pad(x, ((0, 0), (0, 14)))
        risk = risk + np.log(0.6) * sum(after[:, lead : lead + YEAR] for lead in range(1, 15))
    if scenario.breaks == "month":
        month = pd.date_range("2019-01-01", periods=YEAR).month.to_numpy()
        risk = risk + np.log(0.5) * (month == rng.integers(5, 10, (people, 1)))
    if scenario.kind == "amount":
        return rng.uniform(50, 150, (people, 1)) + risk + 20 * rng.standard_normal(shape), x, beside
    if scenario.kind == "yes/no":
        return (rng.random(shape) < special.expit(special.logit(0.1) + risk)).astype(float), x, beside
    chance = special.softmax(risk, axis=1)
    y = rng.multinomial(events.astype(int), chance).astype(float)
    if scenario.breaks in ("events", "days"):
        over = np.cumsum((y > 0) & (rng.random(shape) < 0.2), 1) > 0
        over = np.pad(over, ((0, 0), (1, 0)))[:, :-1]  # from the day after on
        y[over] = 0.0 if scenario.breaks == "events" else np.nan
    return y, x, beside


def _list_lags(x: FloatArray) -> FloatArray:
    """Return the exposure of each day and the ten before, (P, D, 11); none before the first day."""
    return np.stack([np.pad(x, ((0, 0), (lag, 0)))[:, : x.shape[1]] for lag in range(LAGS)], axis=-1)


def estimate_ours(scenario: Scenario, y: FloatArray, x: FloatArray) -> tuple[float, float, float]:
    """Return estimate and interval of `estimate_cumulative_effects` for each of the days."""
    people = len(y)
    panel = Panel(
        pd.Index([f"p{number}" for number in range(people)]), ("twitches", "trigger_1"), np.stack([y, x]),
        np.tile(np.arange(1, YEAR + 1) % 7, (people, 1)), True, np.zeros(y.shape, bool),
    )  # fmt: skip
    options = Options(window=LAGS, pooled=True)
    work = work_panel(panel, "twitches", ["trigger_1"], [0], family=choose_family(scenario.kind), options=options)
    row = pool_people(work.spend(), np.ones(1)).iloc[0]
    estimate, lower, upper = row[["estimate", "ci_lower", "ci_upper"]].to_numpy(float) / LAGS
    return estimate, lower, upper


def estimate_fixed_effects(
    scenario: Scenario, y: FloatArray, x: FloatArray, beside: FloatArray
) -> tuple[float, float, float]:
    """Return estimate and interval of a model of the article's kind: a level for each person, or person and month.

    Waves of the year stand in place of its cyclic splines, lags of their own in place of a spline over them.
    """
    people = len(y)
    day = np.arange(1, YEAR + 1) / YEAR
    lags = _list_lags(x)
    columns = [lags if scenario.peak else lags.sum(-1, keepdims=True)]
    if scenario.beside:
        columns.append(beside[..., None])
    if scenario.trend:
        waves = [wave(2 * np.pi * turns * day) for turns in (1, 2, 3) for wave in (np.sin, np.cos)]
        columns.append(np.broadcast_to(np.stack([day, *waves], -1), (people, YEAR, 7)))
    month = pd.date_range("2019-01-01", periods=YEAR).month.to_numpy() if scenario.trend == "own" else np.zeros(YEAR)
    strata = (np.arange(people)[:, None] * 13 + month).astype(int)
    seen = np.isfinite(y)
    theta, covariance = _fit(y[seen], np.concatenate(columns, -1)[seen], strata[seen], scenario.kind)
    summed = LAGS if scenario.peak else 1
    estimate = float(theta[:summed].mean())
    told = describe_estimates(estimate, np.sqrt(covariance[:summed, :summed].sum()) / summed, np.inf)
    return estimate, float(told["ci_lower"]), float(told["ci_upper"])


def _fit(y: FloatArray, columns: FloatArray, strata: IntArray, kind: str) -> tuple[FloatArray, FloatArray]:
    """Fit a generalised linear model with a level for each stratum, by weighted least squares within strata.

    Strata without an event, or with nothing else, tell nothing and are left out.
    """
    mean = np.bincount(strata, y) / np.maximum(np.bincount(strata), 1)
    top = 1.0 if kind == "yes/no" else np.inf
    tells = np.ones(len(y), bool) if kind == "amount" else (mean[strata] > 0) & (mean[strata] < top)
    y, columns = y[tells], columns[tells]
    _, strata = np.unique(strata[tells], return_inverse=True)
    level = (np.bincount(strata, y) / np.bincount(strata))[strata]
    eta = {"count": np.log, "yes/no": special.logit, "amount": np.asarray}[kind](level)
    theta = np.zeros(columns.shape[1])
    for _ in range(STEPS):
        fitted = {"count": np.exp, "yes/no": special.expit, "amount": np.asarray}[kind](eta)
        weights = {"count": fitted, "yes/no": fitted * (1 - fitted), "amount": np.ones(len(y))}[kind]
        working = np.column_stack([columns, eta + (y - fitted) / weights])
        total = np.bincount(strata, weights)
        means = np.stack([np.bincount(strata, weights * part) / total for part in working.T], -1)[strata]
        inside = working - means
        information = (inside[:, :-1] * weights[:, None]).T @ inside[:, :-1]
        before, theta = theta, np.linalg.solve(information, (inside[:, :-1] * weights[:, None]).T @ inside[:, -1])
        eta = means[:, -1] + inside[:, :-1] @ theta
        if np.abs(theta - before).max() < 1e-8:
            break
    left = inside[:, -1] - inside[:, :-1] @ theta
    spread = float((left**2).sum()) / (len(y) - len(total) - len(theta)) if kind == "amount" else 1.0
    return theta, np.linalg.inv(information) * spread


def count_published(name: str, *, datasets: int, rng: np.random.Generator) -> pd.DataFrame:
    """Count bias, coverage and error of both ways in one scenario.

    Ours is not asked where a second cause has to stand beside the exposure: a cumulative effect takes none.

    Returns
    -------
    DataFrame
        A row for each method: ``method, refused``, ``bias`` and ``rmse`` relative to the effect, ``coverage``, and
        Monte Carlo errors.
    """
    scenario = SCENARIOS[name]
    found: dict[str, list[tuple[float, float, float]]] = {FIXED: [], **({} if scenario.beside else {CUMULATIVE: []})}
    for _ in range(datasets):
        y, x, beside = simulate_scenario(scenario, rng)
        found[FIXED].append(estimate_fixed_effects(scenario, y, x, beside))
        if CUMULATIVE in found:
            found[CUMULATIVE].append(estimate_ours(scenario, y, x))
    rows = []
    for method, told in found.items():
        estimate, lower, upper = (np.array(told) / scenario.effect).T
        known = np.isfinite(estimate)
        held = ((lower <= 1) & (upper >= 1))[known]
        off, n = estimate[known] - 1, max(int(known.sum()), 1)
        rows.append(
            {"method": method, "refused": float(1 - known.mean()), "bias": off.mean(), "rmse": (off**2).mean() ** 0.5,
             "bias_mcse": off.std() / np.sqrt(n), "coverage": held.mean(),
             "coverage_mcse": np.sqrt(held.mean() * (1 - held.mean()) / n)}
        )  # fmt: skip
    return pd.DataFrame(rows)
