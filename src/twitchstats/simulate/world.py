"""The worlds and the habits of simulated people: all of it data, none of it code."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from twitchstats.arrays import FloatArray
from twitchstats.errors import check_choice
from twitchstats.journal.record import EPISODE_KINDS
from twitchstats.resources import find_resource
from twitchstats.variables import load_variables

OUTCOMES = tuple(EPISODE_KINDS)
TRUTH_COLUMNS = [
    "effect", "trigger", "outcome", "among", "lag", "limit", "measure", "estimate", "reference",
    "sd_between_people", "step", "unit", "source", "confidence",
]  # fmt: skip


def _read_table(name: str) -> pd.DataFrame:
    table = pd.read_csv(find_resource("data", name), keep_default_na=False, na_values={"lag": "", "limit": ""})
    for column in table.columns.intersection(["lag", "limit"]):
        table[column] = table[column].astype(float)
    return table


def load_world(world: str) -> pd.DataFrame:
    """Return the rows of one world from data/worlds.csv.

    Parameters
    ----------
    world : str
        One of those in the table: articles, demo, faint, literature, null.

    Returns
    -------
    DataFrame
        ``effect, trigger, outcome, among, lag, limit, measure, size, reference, sd_between_people, source,
        confidence``. A row whose ``size`` equals its ``reference`` says that nothing is planted there. ``limit`` is
        600 (seconds) for the share of episodes over by then, 3 and 7 (days) for spells over and spells followed by
        another, 400 (mg) for the dose beyond which caffeine acts more strongly.

    Raises
    ------
    OptionError
        There is no such world.

    Examples
    --------
    >>> null = load_world("null")
    >>> bool((null["size"] == null["reference"]).all())
    True
    """
    table = _read_table("worlds.csv")
    check_choice("world", world, sorted(table["world"].unique()))
    return table[table["world"] == world].drop(columns="world").reset_index(drop=True)


def load_parameters() -> dict[str, float]:
    """Return the parameters of a simulated diary (data/diary.csv) by name."""
    table = pd.read_csv(find_resource("data", "diary.csv"))
    return dict(zip(table["name"], table["value"].astype(float), strict=True))


def load_habits() -> pd.DataFrame:
    """Return the habits of simulated people (data/habits.csv), index ``name``."""
    return _read_table("habits.csv").set_index("name")


def load_courses() -> pd.DataFrame:
    """Return medicines and remedies that come in courses (data/courses.csv), index ``name``."""
    return _read_table("courses.csv").set_index("name")


def tell_truth(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what is planted in a world: its rows whose size departs from the reference, with step and unit."""
    dictionary = load_variables().set_index("name")
    planted = rows[rows["size"] != rows["reference"]].rename(columns={"size": "estimate"})
    step = dictionary["step"].reindex(planted["trigger"]).to_numpy(float)
    unit = dictionary["unit"].reindex(planted["trigger"]).fillna("").to_numpy(str)
    return planted.assign(step=step, unit=unit)[TRUTH_COLUMNS].reset_index(drop=True)


@dataclass(frozen=True)
class Slope:
    """One planted effect with a coefficient for each person, on the scale where no effect is 0."""

    trigger: str
    outcome: str
    lag: int
    limit: float
    step: float
    coefficient: FloatArray


def draw_slopes(rows: pd.DataFrame, effects: tuple[str, ...], people: int, rng: np.random.Generator) -> list[Slope]:
    """Draw a coefficient for each person and each row of the named effects."""
    step = load_variables().set_index("name")["step"]
    slopes = []
    for row in rows[rows["effect"].isin(effects)].itertuples():
        centre = np.log(row.size) if row.measure.endswith("ratio") else row.size
        coefficient = centre + row.sd_between_people * rng.standard_normal(people)
        slopes.append(Slope(row.trigger, row.outcome, int(row.lag), row.limit, float(step[row.trigger]), coefficient))
    return slopes


def get_course(rows: pd.DataFrame, outcome: str, measure: str = "share") -> "pd.Series[float]":
    """Return the row of a world about a course or symptom; each world has one for each."""
    found = rows[
        rows["effect"].isin(["course", "symptom"]) & (rows["outcome"] == outcome) & (rows["measure"] == measure)
    ]
    return found.iloc[0]
