"""Single episodes that agree with the daily counts: where, how long, how strong, what came before and after."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from twitchstats.arrays import FloatArray, IntArray
from twitchstats.journal.record import EPISODE_COLUMNS, EPISODE_KINDS
from twitchstats.simulate.world import Slope, get_course
from twitchstats.variables import list_choices

_BLOCK = 100_000  # episodes whose sites are drawn at a time: bounds memory
KINDS = tuple(EPISODE_KINDS.values())  # in the order of OUTCOMES


@dataclass(frozen=True)
class _Draw:
    """Whose episodes they are, and the world that they are drawn from."""

    person: IntArray
    people: int
    rows: pd.DataFrame
    parameters: dict[str, float]
    rng: np.random.Generator

    def differ(self, spread: float) -> FloatArray:
        """Return by how much each episode's person departs from others."""
        return spread * self.rng.standard_normal(self.people)[self.person]

    def vary(self, spread: float) -> FloatArray:
        """Return by how much each episode departs from others of the person."""
        return spread * self.rng.standard_normal(len(self.person))


def draw_episodes(
    counts: FloatArray,
    states: dict[str, FloatArray],
    rows: pd.DataFrame,
    slopes: list[Slope],
    parameters: dict[str, float],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Draw the episodes of each person and day, of each kind at most ``cap`` a day.

    Parameters
    ----------
    counts : array (outcomes, people, days)
        NaN on days that were not reported.
    states : dict of str to array (people, days)
        ``pain`` (the day's level) and the triggers that move sites.
    rows, slopes, parameters
        The world, its effects on sites (log odds for one step), and the diary.

    Returns
    -------
    DataFrame
        ``person`` and ``day`` as positions, ``minute`` of the day, then the columns of `EPISODE_COLUMNS` other than
        ``person`` and ``start``; sorted by person, day, minute.
    """
    many = np.minimum(np.nan_to_num(counts), parameters["cap"]).astype(int)
    kind, person, day = (axis.repeat(many.ravel()) for axis in np.indices(many.shape).reshape(3, -1))
    table = pd.DataFrame({"person": person, "day": day})
    table["kind"] = np.array(KINDS)[kind]
    draw = _Draw(person, counts.shape[1], rows, parameters, rng)
    table["minute"] = _draw_minutes(draw, kind)
    table["site"] = _draw_sites(draw, kind, day, states, slopes)
    table["side"] = rng.choice(list_choices("side"), len(table), p=[0.45, 0.45, 0.1])
    seconds, doublings = _draw_durations(draw)
    table["duration_s"], table["ongoing"] = _censor_durations(draw, seconds)
    own = parameters["intensity_mean"] + draw.differ(parameters["intensity_spread"])
    table["intensity"] = np.clip(np.round(own + draw.vary(parameters["intensity_sd"])), 1, 10)
    table["pain"] = _draw_pain(draw, table["intensity"].to_numpy(), states["pain"][person, day])
    for sign in ("stiffness_before", "limited_movement", "fatigue_after"):
        table[sign] = _draw_sign(draw, sign, doublings)
    order = np.lexsort((kind, table["minute"], day, person))
    return table.iloc[order].reset_index(drop=True)[["day", "minute", *(c for c in EPISODE_COLUMNS if c != "start")]]


def _draw_minutes(draw: _Draw, kind: IntArray) -> IntArray:
    """Draw the minute of the day: some around the hour of their kind, the others evenly over a waking day."""
    hour = np.array([draw.parameters[f"{name}_hour"] for name in KINDS])[kind] + draw.vary(draw.parameters["hour_sd"])
    around = draw.rng.random(len(kind)) < draw.parameters["hour_share"]
    hours = np.where(around, hour, draw.rng.uniform(7, 23, len(kind)))
    return np.clip(hours * 60, 0, 24 * 60 - 1).astype(np.int64)


def _draw_sites(
    draw: _Draw, kind: IntArray, day: IntArray, states: dict[str, FloatArray], slopes: list[Slope]
) -> NDArray[np.str_]:
    """Draw sites from each person's own shares, moved by the day's triggers."""
    sites = list_choices("site")
    shares = np.stack([_lay_out_shares(draw.rows, name, sites) for name in KINDS])
    people, person = draw.people, draw.person
    # Dirichlet through gammas: each person's shares differ, and average to the world's
    own = draw.rng.gamma(
        np.broadcast_to(draw.parameters["site_concentration"] * shares[:, None, :], (3, people, len(sites)))
    )
    own /= own.sum(axis=2, keepdims=True)
    odds = np.ones((people, states["pain"].shape[1], len(sites)))
    for slope in slopes:
        dose = states[slope.trigger]
        change = slope.coefficient[:, None] * (dose - dose.mean(axis=1, keepdims=True)) / slope.step
        odds[:, :, sites.index(slope.outcome)] *= np.exp(change)
    chance = draw.rng.random(len(kind))
    place = np.empty(len(kind), dtype=np.int64)
    for start in range(0, len(kind), _BLOCK):
        part = slice(start, start + _BLOCK)
        ladder = np.cumsum(own[kind[part], person[part]] * odds[person[part], day[part]], axis=1)
        place[part] = (chance[part, None] * ladder[:, -1:] > ladder).sum(axis=1)
    return np.array(sites)[np.minimum(place, len(sites) - 1)]


def _lay_out_shares(rows: pd.DataFrame, kind: str, sites: list[str]) -> FloatArray:
    """Return the share of each site among episodes of a kind: what no row names is spread evenly."""
    named = rows[(rows["effect"] == "site share") & rows["among"].isin([kind, ""])].set_index("outcome")["size"]
    rest = (1 - named.sum()) / (len(sites) - len(named))
    return named.reindex(sites).fillna(rest).to_numpy(float)


def _draw_durations(draw: _Draw) -> tuple[FloatArray, FloatArray]:
    """Return lognormal seconds, and the same as doublings of the median."""
    course, spread = get_course(draw.rows, "duration_s"), draw.parameters["duration_sd"]
    # the share over by the limit is meant over people: their spread widens the whole
    median = np.log(course["limit"]) - np.hypot(spread, course["sd_between_people"]) * ndtri(course["size"])
    doublings = (draw.differ(course["sd_between_people"]) + draw.vary(spread)) / np.log(2)
    return np.exp(median + doublings * np.log(2)), doublings


def _censor_durations(draw: _Draw, seconds: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return what was seen of each episode, and whether its end was not.

    Some episodes are watched only for a time of their own, drawn apart from their duration (twice the share of open
    ends, with the same distribution: half of those outlast it). Times are written as completed: rounded up to 5
    seconds below ten minutes and to the minute above, so that 'over within ten minutes' survives the rounding.
    """
    brief = draw.rng.random(len(seconds)) < 2 * draw.parameters["ongoing"]
    watched = np.where(brief, draw.rng.permutation(seconds), np.inf)
    seen = np.minimum(seconds, watched)
    unit = np.where(seen <= get_course(draw.rows, "duration_s")["limit"], 5, 60)
    return np.ceil(seen / unit) * unit, (watched < seconds).astype(float)


def _draw_pain(draw: _Draw, intensity: FloatArray, level: FloatArray) -> FloatArray:
    """Draw pain around the day's level, rising with intensity by the world's slope."""
    row = get_course(draw.rows, "pain", "difference")
    slope = row["size"] + draw.differ(row["sd_between_people"])
    noise = draw.vary(draw.parameters["episode_pain_sd"])
    return np.clip(np.round(level + slope * (intensity - draw.parameters["intensity_mean"]) + noise), 0, 10)


def _draw_sign(draw: _Draw, sign: str, doublings: FloatArray) -> FloatArray:
    """Draw a yes/no sign with the world's share, more often in long episodes where the world says so."""
    row, rows = get_course(draw.rows, sign), draw.rows
    logit = np.log(row["size"] / (1 - row["size"])) + draw.differ(row["sd_between_people"])
    dose = rows[(rows["outcome"] == sign) & (rows["measure"] == "odds ratio")]
    if len(dose):
        logit = logit + np.log(dose["size"].iloc[0]) * doublings
    return (draw.rng.random(len(logit)) < 1 / (1 + np.exp(-logit))).astype(float)
