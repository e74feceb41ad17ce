"""One row of effects in words: of what, when, how much and how sure; the same words in every sentence and table."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from twitchstats.claims.questions import load_questions
from twitchstats.inference import ALPHA
from twitchstats.journal import Journal
from twitchstats.numbers import NARROW, format_date, format_effect, format_interval, format_p, round_number
from twitchstats.plots.drawing import RATIOS, tell_lag, tell_step
from twitchstats.variables import load_variables, may_be_medicine

CLEAR, POSSIBLE, OPEN = "clear", "possible, not clear", "can't be told"
SAME_DAY = "on the same day"
LAST_BUT_ONE = "the night before last"
_FAR = 10.0  # an effect beyond it is not told to its last digit
_SAME_DAY = {"forward": "trigger first", "same time": "order not known", "backward": "outcome first"}


def judge_effects(effects: pd.DataFrame) -> "pd.Series[str]":
    """Say of each effect in plain words how sure it is.

    Parameters
    ----------
    effects : DataFrame
        As `estimate_effects` returns it.

    Returns
    -------
    Series
        "clear": the adjusted p-value is below .05. "possible, not clear": only that of this one test is (its interval
        excludes no effect). "can't be told": everything else, also what has no estimate.

    Examples
    --------
    >>> judge_effects(pd.DataFrame({"p_value": [0.001, 0.02, 0.3], "p_adjusted": [0.01, 0.2, 0.5]})).tolist()
    ['clear', 'possible, not clear', "can't be told"]
    """
    words = effects["p_value"].lt(ALPHA).map({True: POSSIBLE, False: OPEN})
    return words.mask(effects["p_adjusted"].lt(ALPHA), CLEAR).rename("verdict")


def label_of(journal: Journal | None, name: str) -> str:
    """Return the label of a variable, or its name where it has none; as people write it, without underscores.

    The scale or unit behind a header of the user's own is left out where the name has none either.
    """
    if journal is None:
        return name
    labels = journal.variables.set_index("name")["label"]
    told = str(labels.get(name) or name).replace("_", " ").strip()
    bare = re.sub(r" *\([^()]*\)$", "", told)
    return bare if bare.casefold() == name.replace("_", " ") else told


def list_remedies(journal: Journal) -> list[str]:
    """Return the variables that people try against it: remedies, and minerals that the articles ask about as such."""
    asked, roles = load_questions().query("kind == 'remedy'")["variables"], journal.variables["role"]
    tried = roles.eq("remedy") | (journal.variables["name"].isin(asked) & roles.ne("medicine"))
    return list(journal.variables["name"][tried])


def tell_treatment(journal: Journal, name: str) -> str:
    """Say what can't be told of a remedy or a medicine: either is begun because of how one is."""
    row: dict[Any, Any] = next((row for row in journal.variables.to_dict("records") if row["name"] == name), {})
    if may_be_medicine(name, row):
        return "it may be the medicine, or what it is taken for: ask a doctor"
    if name in list_remedies(journal):
        return "begun on bad days, which pass by themselves: no proof that it helps or harms"
    return ""


def tell_dates(journal: Journal, *names: str) -> str:
    """Return from when to when a journal goes, or one of some variables was there: "25 Jan to 19 Jul 2025".

    Numbered days are told as "day 1 to day 90"; without an order, or any such day, it is "".
    """
    days = journal.days[(journal.days[[*names]] > 0).any(axis=1)] if names else journal.days
    dates = days.index.get_level_values("date")
    if journal.calendar == "none" or not len(dates):
        return ""
    first, last = dates.min(), dates.max()
    if journal.calendar != "date":
        return f"day {first} to day {last}"
    told = [format_date(first), format_date(last)]
    if first.year == last.year:
        told[0] = told[0].removesuffix(f" {first.year}")
    return " to ".join(told) if first < last else told[1]


def lay_columns(rows: pd.DataFrame, *names: str, journal: Journal | None = None) -> pd.DataFrame:
    r"""Return columns of a table of effects as text.

    Parameters
    ----------
    rows : DataFrame
        As `estimate_effects` returns it, or any frame with ``estimate, ci_lower, ci_upper, measure`` and what the
        columns tell.
    names : str
        Their headings, in this order: "Trigger", "When" and those of `COLUMNS`.
    journal : Journal, optional
        Gives the triggers their labels, and knows what belongs to the night.

    >>> row = {"estimate": [1.12], "ci_lower": [1.02], "ci_upper": [1.23], "measure": "rate ratio", "p_value": 0.02}
    >>> lay_columns(pd.DataFrame(row), "95 % interval", "p").iloc[0].tolist()
    ['+2\xa0% to +23\xa0%', '0.020']
    """
    makers = COLUMNS | {
        "Trigger": lambda row: label_of(journal, row["trigger"]),
        "When": lambda row: tell_order(row, journal),
    }
    records = rows.to_dict("records")
    return pd.DataFrame({name: [makers[name](row) for row in records] for name in names})


def tell_when(row: dict[str, Any], journal: Journal | None = None) -> str:
    """Return when the trigger was, seen from the outcome's day: the one name of the order in time, wherever it stands.

    What belongs to the night that ended on the outcome's day is of the night before, also where the outcome may have
    begun in that night. Without a journal the dictionary says what does.

    >>> tell_when({"trigger": "sleep", "lag": 0, "order": "forward"}), tell_when({"trigger": "tea", "lag": 1})
    ('the night before', 'the day before')
    """
    lag = int(row["lag"])
    variables = load_variables() if journal is None else journal.variables
    timing = variables.drop_duplicates("name").set_index("name")["timing"].get(row["trigger"])
    if timing == "night":
        return {0: "the night before", 1: LAST_BUT_ONE}.get(lag, f"{lag + 1} nights before")
    return SAME_DAY if lag == 0 else tell_lag(lag)


def tell_order(row: dict[str, Any], journal: Journal | None = None) -> str:
    """Return when, of several days together how many, and on the same day in which order, where it needs telling."""
    when = tell_when(row, journal)
    if row.get("days", 1) > 1:
        return f"{int(row['days'])} days together, up to {when.removeprefix('on ')}"
    unclear = when == SAME_DAY or (row["order"] != "forward" and not row["lag"])
    return f"{when}, {_SAME_DAY[row['order']].replace(' ', NARROW)}" if unclear else when


def name_step(row: dict[str, Any]) -> str:
    """Return the amount of a trigger in which its effect is told: "100 mg", or "yes against no"."""
    unit = "" if pd.isna(row["unit"]) else str(row["unit"])
    return tell_step(float(row["step"]), "" if unit == "a day" else unit).replace(" ", NARROW)


def tell_level(journal: Journal, name: str, value: float) -> str:
    """Return a value of a variable with its unit: "190 mg", of a rating "4 of 10", of a count the number alone."""
    unit = journal.variables.set_index("name")["unit"].get(name)
    behind = "" if unit in ("a day", "days") or not isinstance(unit, str) else unit.removeprefix("points ")
    return tell_step(round_number(value), behind)


def name_scale(journal: Journal, row: Mapping[Any, Any]) -> str:
    """Return what follows an effect's number: nothing for a rate, "odds", or of a difference the outcome's unit."""
    if row["measure"] != "difference":
        return " odds" if row["measure"] == "odds ratio" else ""
    return f"{NARROW}{journal.variables.set_index('name')['unit'].get(row['outcome']) or 'points'}"


def tell_estimate(row: dict[str, Any]) -> str:
    """Return an effect in its own measure."""
    return format_effect(row["estimate"], row["measure"])


def tell_interval(row: dict[str, Any], ends: str = "ci") -> str:
    """Return an effect's interval: the classical one, or with "ci_anytime" the one that holds at every look."""
    return format_interval(row[f"{ends}_lower"], row[f"{ends}_upper"], row["measure"])


def tell_detectable(row: dict[Any, Any]) -> str:
    """Say from which effect on, less and more, an effect would have been found."""
    sides = (row["detectable_down"], row["detectable_up"])
    return " / ".join(dict.fromkeys(tell_reach(side, row["measure"]) for side in sides))


def tell_reach(effect: float, measure: str) -> str:
    r"""Say from which effect on one would have been found; of one beyond tenfold no more than that is of use.

    >>> tell_reach(1.2, "rate ratio"), tell_reach(517.0, "odds ratio"), tell_reach(float("nan"), "difference")
    ('+20\xa0%', 'more than ×10', 'no size')
    """
    if pd.isna(effect):
        return "no size"
    far = measure in RATIOS and effect > _FAR
    return f"more than {format_effect(_FAR, measure)}" if far else format_effect(effect, measure)


COLUMNS: dict[str, Callable[[dict[str, Any]], object]] = {
    "One step": name_step,
    "Effect": tell_estimate,
    "95 % interval": tell_interval,
    "95 % interval, any look": lambda row: tell_interval(row, "ci_anytime"),
    "p": lambda row: format_p(row["p_value"]),
    "p, adjusted": lambda row: format_p(row["p_adjusted"]),
    "p, any look": lambda row: format_p(row["p_anytime"]),
    "Could be found from": tell_detectable,
    "People": lambda row: row["n_people"],
    "Days": lambda row: row["n_days"],
    "Caution": lambda row: row["caution"],
}
