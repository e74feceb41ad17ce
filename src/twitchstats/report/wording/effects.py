"""Triggers, lags, directions and risks in words and tables."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from twitchstats.findings import Findings, rank_effects
from twitchstats.inference import ALPHA, find_tipping_point
from twitchstats.journal import Journal
from twitchstats.numbers import MISSING, NARROW, format_effect, format_number, format_share
from twitchstats.plots.drawing import RATIOS, tell_lag
from twitchstats.report.summary import count_people, summarise_people
from twitchstats.report.tables import Table, show_table
from twitchstats.report.wording.prose import Prose, count_noun, join_words, list_some, quote
from twitchstats.report.wording.rows import (
    OPEN,
    SAME_DAY,
    label_of,
    lay_columns,
    name_scale,
    name_step,
    tell_estimate,
    tell_interval,
    tell_reach,
    tell_treatment,
    tell_when,
)

MEMBER = f"↳{NARROW}"  # stands before the members of a group that follow its strongest
UNFOUND = (
    "'Could be found from': an effect at least so strong, downwards / upwards, would have been found four times out of "
    "five; 'no size' where these days allow no such figure."
)
_MOST, _FIRST = 10, 5
_FAR = 100.0  # an interval of ratios beyond it tells no size
_WIDE = 0.9  # of all shares: an interval so wide tells nothing
_READINGS = {
    "the trigger comes first": "The trigger foretells the next day's outcome: {}.",
    "the outcome comes first": "Only the outcome foretells the next day's trigger: {}. What looks like a trigger here "
    "may be a consequence, or share its rhythm.",
    "both ways: a common cause is possible": "Each foretells the other's next day, and neither clearly more: {}. Which "
    "comes first stays open, and something behind both may be the cause.",
    "one way shown: the other can't be ruled out": "Only one way is shown, but the other may be as strong: {}. Which "
    "comes first stays open.",
}
_ELSEWHERE = {
    "forward": "On other days",
    "same time": "Without a known order, also",
    "backward": "Noted after it, so it may be a consequence",
}
_YES_NO = f"yes{NARROW}against{NARROW}no"


def describe_triggers(journal: Journal, findings: Findings) -> Prose:
    """Say how many triggers were tested, how many stand out, and what could have been found of the others."""
    outcome = quote(label_of(journal, findings.outcome))
    tested, found = _find_tested(findings)
    if findings.primary.empty:
        return Prose("")
    if tested.empty:
        return Prose(f"No trigger of {outcome} could be tested. The appendix says why of each.")
    head = (
        f"{count_noun(len(tested), 'possible trigger')} of **{outcome}** could be tested, "
        f"{_tell_tests(findings.effects, set(tested['trigger']))}, and every one counts when chance is judged. "
    )
    first, mind = _tell_mind(journal, findings, found)
    many, power = len(found) > 1, _tell_power(journal, tested.drop(found.index))
    told = f"**{len(found) or 'None'} {'stand' if many else 'stands'} out{first} beyond what chance explains.**"
    proof = (
        ""
        if len(found) == len(tested)
        else f" That is no proof {'that the others do nothing' if len(found) else 'of none'}."
    )
    return Prose(f"{head}{told}{proof} {power}{mind}".strip())


def sum_up_triggers(journal: Journal, findings: Findings) -> str:
    """Say the same in a line, for the summary."""
    tested, found = _find_tested(findings)
    if tested.empty:
        return "**Triggers:** none could be tested."
    first, mind = _tell_mind(journal, findings, found)
    if found.empty:
        head = f"**Triggers:** none of {len(tested)} stands out{first} beyond what chance explains"
        return f"{head}; that is no proof of none.{mind}"
    told = [_tell_effect(journal, row).replace("**", "") for row in found.head(_FIRST).to_dict("records")]
    more = f" and {len(found) - _FIRST} more" if len(found) > _FIRST else ""
    go = "goes" if len(found) == 1 else "go"
    head = f"**Triggers:** {len(found)} of {len(tested)} {go} with it beyond what chance explains"
    return f"{head}: {'; '.join(told)}{more}.{mind}"


def _find_tested(findings: Findings) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the triggers that were tested, and those of them that stand out."""
    tested = findings.primary[findings.primary["estimate"].notna()]
    return tested, tested[tested["p_adjusted"] < ALPHA]


def _tell_mind(journal: Journal, findings: Findings, found: pd.DataFrame) -> tuple[str, str]:
    """Return what else is to be known: other days, what the order in time leaves open, what may be a consequence.

    Before it what a sentence about each trigger's nearest day has to add where another day tells something.
    """
    elsewhere = _tell_elsewhere(journal, findings.effects, findings.primary)
    mind = elsewhere + _tell_cautions(journal, found) + tell_reverse(journal, found, findings.directions)
    return " on the nearest day before" if elsewhere else "", mind


def _tell_tests(effects: pd.DataFrame, tested: set[str]) -> str:
    """Say on which days the triggers were tested, and how many tests that were."""
    lags, own = sorted(int(lag) for lag in effects["lag"].unique()), effects["trigger"].isin(tested)
    done = effects["p_value"].notna()
    first, last = (SAME_DAY if lag == 0 else tell_lag(lag) for lag in (lags[0], lags[-1]))
    up_to = "" if done[own].all() else "up to "
    days = first if len(lags) == 1 else f"on {up_to}{len(lags)} days, {first.removeprefix('on ')} to {last}"
    others = int(done[~own].sum())
    more = f" ({others} of triggers that could be tested on other days only)" if others else ""
    return f"each {days}: {count_noun(int(done.sum()), 'test')} in all{more}"


def _tell_effect(journal: Journal, row: dict[str, Any]) -> str:
    """Return one finding as a sentence."""
    return f"**{quote(label_of(journal, str(row['trigger'])))}:** {tell_size(journal, row)}"


def tell_size(journal: Journal, row: dict[str, Any], ends: str = "ci") -> str:
    """Return an effect with its interval, for how much of the trigger, and when; where one end runs off, the other."""
    scale, sides = name_scale(journal, row), (row[f"{ends}_lower"], row[f"{ends}_upper"])
    (near, far), way = (sides, "more") if row["estimate"] > 1 else (sides[::-1], "lower")
    if row["measure"] in RATIOS and not 1 / _FAR < far < _FAR:
        told = f"**{format_effect(near, row['measure'])} or {way}**{scale} (how far can't be told)"
    else:
        share = "90 %" if ends == "ci90" else "95 %"
        told = f"**{tell_estimate(row)}**{scale} ({share} interval {tell_interval(row, ends)})"
    return f"{told} {_tell_more(row)}, {tell_when(row, journal)}"


def _tell_cautions(journal: Journal, rows: pd.DataFrame) -> str:
    """Say what the found rows can't show: an order on the same day, or that a remedy helped."""
    text = ""
    if rows["order"].eq("same time").any():
        text += " Of what is told of the same day it is mostly not known which came first."
    return text + _tell_treatments(journal, rows["trigger"])


def _tell_treatments(journal: Journal, names: Iterable[str]) -> str:
    """Say of remedies and medicines among triggers what can't be told of them."""
    return "".join(
        f" Of {quote(label_of(journal, name))}: {treatment}."
        for name in names
        if (treatment := tell_treatment(journal, name))
    )


def _tell_elsewhere(journal: Journal, effects: pd.DataFrame, primary: pd.DataFrame) -> str:
    """Name the triggers that stand out only at another day: further back, without a known order, or after it."""
    told = set(primary.loc[primary["p_adjusted"] < ALPHA, "trigger"])
    found = rank_effects(effects[(effects["p_adjusted"] < ALPHA) & ~effects["trigger"].isin(told)])
    text = ""
    for order, head in _ELSEWHERE.items():
        rows = [
            f"{quote(label_of(journal, row['trigger']))} {tell_estimate(row)} ({tell_interval(row)}) "
            f"{tell_when(row, journal)}"
            for row in found[found["order"] == order].to_dict("records")
        ]
        text += f" {head}: {list_some(rows, 6)}." if rows else ""
    return text


def _tell_more(row: dict[str, Any]) -> str:
    """Return for how much of a trigger its effect is told: "for each 100 mg more", or "with it against without"."""
    step = name_step(row)
    if step == _YES_NO:
        return "with it against without"
    return f"for each {NARROW.join(map(quote, step.split(NARROW)))} more"


def _tell_power(journal: Journal, rows: pd.DataFrame) -> str:
    """Say how large an effect would have had to be; a trigger for which no size is enough counts as the largest."""
    if rows.empty:
        return ""
    size, first = rows["detectable_up"].fillna(np.inf).median(), rows.iloc[0]
    if np.isinf(size):
        return "Of most that don't stand out these days can't tell how strong an effect must be to be found."
    return (
        "With so many days an effect would have been found, four times out of five, from "
        f"{tell_reach(size, first['measure'])}{name_scale(journal, first)} for one step on (median of those that don't "
        "stand out)."
    )


def tabulate_triggers(journal: Journal, primary: pd.DataFrame, groups: pd.DataFrame) -> Table | Prose:
    """Show one row for each trigger that was tested; members of a group follow its strongest."""
    tested = primary[primary["estimate"].notna()]
    if tested.empty:
        return Prose("")
    followers = set(groups.loc[~groups["leader"], "trigger"]) if len(groups) else set()
    people, first = count_people(journal), tested.iloc[0]
    sizes = bool(tested[["detectable_down", "detectable_up"]].notna().any(axis=None))
    names = ["Trigger", "One step", "When", "Effect", "95 % interval", "p, adjusted", *["Could be found from"] * sizes,
             *["People"] * (people > 1), "Days", *["Caution"] * bool(tested["caution"].any())]  # fmt: skip
    table = lay_columns(tested, *names, journal=journal).rename(columns=_name_family(tested))
    table["Trigger"] = tested["trigger"].isin(followers).map({True: MEMBER, False: ""}).to_numpy() + table["Trigger"]
    what = f"A plain number counts{name_scale(journal, first)} of the outcome"
    if first["measure"] != "difference":
        what = "% and × are changes of the outcome's rate or odds"
    caption = f"Each trigger's effect. {what} for one step. {UNFOUND if sizes else ''}".rstrip()
    if tested["n_people"].lt(people).any():
        caption += f" Of the {people:,} people only those count whose days can tell (column People)."
    return show_table(table, caption)


def _name_family(tested: pd.DataFrame) -> dict[str, str]:
    """Name the family that a table's p-values are adjusted over in its heading."""
    return {"p, adjusted": f"p, adjusted ({tested['family'].iloc[0]})"}


def describe_groups(journal: Journal, groups: pd.DataFrame) -> Prose:
    """Name the groups of triggers that measure one thing several ways; nothing where there is none."""
    if groups.empty or groups["n_members"].max() < 2:
        return Prose("")
    told = []
    for _, group in groups[groups["n_members"] > 1].groupby("group", sort=True):
        leader, *others = [quote(label_of(journal, name)) for name in group["trigger"]]
        told.append(f"**{leader}** with {join_words(others)}")
    return Prose(
        f"These go so closely together that each group is best read as one finding, its strongest member first: "
        f"{'; '.join(told)}. In the table the others follow with {MEMBER.strip()}; none is hidden, and all tests count."
    )


def tabulate_cumulative(journal: Journal, cumulative: pd.DataFrame, *, most: int = 15) -> Table | Prose:
    """Show what one step more on each of several days does, all days taken together."""
    tested = cumulative[cumulative["estimate"].notna()] if len(cumulative) else cumulative
    if tested.empty:
        return Prose("")
    ordered = tested.sort_values(["p_value", "trigger"], kind="stable")
    table = lay_columns(ordered.head(most), "Trigger", "Effect", "95 % interval", "p, adjusted", "Could be found from",
                        journal=journal)  # fmt: skip
    days = int(tested["days"].iloc[0])
    caption = (
        f"The {days} days before together. What one step more on each of these days does, as one number; p is adjusted "
        "over the tests of this table."
    )
    found = ordered.loc[ordered["p_adjusted"] < ALPHA, "trigger"]
    caption += f" Stands out: {list_some([label_of(journal, name) for name in found]) or 'none'}."
    if len(ordered) > most:
        caption += f" The {most} with the smallest p of {len(ordered)}."
    rest = cumulative.loc[cumulative["estimate"].isna(), "reason"].value_counts()
    if len(rest):
        caption += f" Not told: {join_words([f'{count} ({reason})' for reason, count in rest.items()])}."
    return show_table(table.rename(columns=_name_family(tested)), caption)


def describe_halves(journal: Journal, findings: Findings) -> Prose:
    """Say of what stands out how it was in the early half of the diary and in the late one, and if it changed."""
    told = []
    for name, parts in findings.halves.groupby("trigger", sort=False) if len(findings.halves) else ():
        early, late, change = parts.set_index("part").loc[["early", "late", "change"]].to_dict("records")
        if pd.notna(change["estimate"]):
            sizes = " and ".join(f"{tell_estimate(row)} ({tell_interval(row)})" for row in (early, late))
            word = "a" if change["p_adjusted"] < ALPHA else "no"
            told.append(f"{quote(label_of(journal, name))} {sizes}, {word} change beyond chance")
    return Prose(f"**The early half of the diary and the late one:** {'; '.join(told)}." if told else "")


def describe_gaps(journal: Journal, findings: Findings) -> Prose:
    """Say of what stands out how unlike the noted days those without an entry would have to be to make it up."""
    people = summarise_people(journal)
    found = _find_tested(findings)[1].query("measure != 'odds ratio'").head(_MOST)
    if found.empty or not (people["share"] < 1).any():
        return Prose("")
    missing, told = 1 - people["n_days"].sum() / people["span"].sum(), []
    for row in found.to_dict("records"):
        tipping = find_tipping_point(row["estimate"], missing, measure=row["measure"])["tipping_point"]
        sign = "+" if row["measure"] == "difference" else "×"
        told.append(f"{quote(label_of(journal, row['trigger']))} {sign}{format_number(tipping, 2)}")
    return Prose(
        f"**Could days without an entry ({format_share(missing)}) have made this up?** Only if, on the side of a "
        "trigger with less of the outcome, and for one step of it, skipped days had more than noted ones by: "
        f"{join_words(told)}."
    )


def tabulate_lags(journal: Journal, effects: pd.DataFrame) -> Table | Prose:
    """Show triggers by lag, or why there are none; a star marks what stands out."""
    if journal.calendar == "none":
        return Prose(
            "**No lags:** the entries of this journal have no order in time, so 'the day before' does not exist in it. "
            "A column of dates or day numbers would change that."
        )
    tested = effects[effects["estimate"].notna()]
    star = tested["p_adjusted"].lt(ALPHA).map({True: " *", False: ""})
    cells = [format_effect(e, m) for e, m in zip(tested["estimate"], tested["measure"], strict=True)]
    told = tested.assign(cell=pd.Series(cells, index=tested.index, dtype="str") + star,
                         Trigger=[label_of(journal, name) for name in tested["trigger"]])  # fmt: skip
    if told.empty:
        return Prose("")
    wide = told.pivot_table(index="Trigger", columns="lag", values="cell", aggfunc="first", sort=True)
    wide.columns = [tell_lag(lag).removeprefix("the ").capitalize() for lag in wide.columns]
    slept = tested["trigger"].isin(journal.variables.query("timing == 'night'")["name"]) & tested["lag"].eq(0)
    nights = " Of sleep, the same day stands for the night before." if slept.any() else ""
    days = "Days are counted on the calendar, so a lag that falls on a missing day is missing."
    later = tested[tested["order"].eq("backward") & tested["p_adjusted"].lt(ALPHA)]
    names = join_words([quote(label_of(journal, name)) for name in later["trigger"].unique()])
    reverse = f" {names} on the same day: noted after the outcome, so it may be a consequence of it." if names else ""
    caption = f"Effect of one step by days back. * stands out after all tests are counted. {days}{nights}{reverse}"
    return show_table(wide.fillna(MISSING).reset_index(), caption)


def describe_directions(journal: Journal, directions: pd.DataFrame) -> Prose:
    """Say which side comes first, where both foretell each other, and where the reverse is as strong."""
    if directions.empty or directions["estimate"].isna().all():
        unknown = "Without an order in time nothing can be said about which side comes first."
        return Prose(unknown if journal.calendar == "none" else "")
    shown = directions.drop_duplicates("trigger")
    lines = [
        sentence.format(list_some([f"**{quote(label_of(journal, name))}**" for name in names]))
        for reading, sentence in _READINGS.items()
        if len(names := shown.loc[shown["reading"].eq(reading), "trigger"])
    ]
    return Prose(" ".join([
        "The outcome can also come first: it worries people and costs them sleep. So each pair was asked both ways.",
        *(lines or ["Neither side clearly foretells the other's next day, so this can't tell which comes first."]),
    ]))  # fmt: skip


def tell_reverse(journal: Journal, rows: pd.DataFrame, directions: pd.DataFrame) -> str:
    """Say which of the found triggers follow the outcome at least as strongly as they foretell it."""
    if directions.empty:
        return ""
    shown = directions["direction"].eq("reverse") & directions["p_adjusted"].lt(ALPHA)
    reverse = set(directions.loc[shown & directions["reading"].ne("the trigger comes first"), "trigger"])
    names = [name for name in rows["trigger"] if name in reverse]
    if not names:
        return ""
    told = join_words([quote(label_of(journal, name)) for name in names])
    follow = "follow" if len(names) > 1 else "follows"
    strong = "on the next day, as strongly or more: this may be a consequence, or a rhythm of both"
    return f" {told} also {follow} the outcome {strong}."


def tabulate_directions(journal: Journal, directions: pd.DataFrame) -> Table | Prose:
    """Show forward and reverse side by side, where one of them stands out."""
    if directions.empty:
        return Prose("")
    shown = directions[directions["estimate"].notna() & directions["reading"].isin(_READINGS)]
    if shown.empty:
        return Prose("")
    rows = []
    for name, pair in shown.groupby("trigger", sort=True):
        points = pair.assign(measure="difference").to_dict("records")
        told = {row["direction"]: f"{tell_estimate(row)} ({tell_interval(row)})" for row in points}
        reading = pair["reading"].iloc[0]
        rows.append({"Trigger": label_of(journal, str(name)), "Trigger first": told.get("forward", MISSING),
                     "Outcome first": told.get("reverse", MISSING), "Reading": reading})  # fmt: skip
    rest = directions["trigger"].nunique() - len(rows)
    caption = "Which comes first. Correlation of one side with the other's next day, all else held, and its interval."
    return show_table(pd.DataFrame(rows), f"{caption} {count_noun(rest, 'more trigger')} without a clear direction.")


def tabulate_risks(journal: Journal, risks: pd.DataFrame, *, most: int = 30) -> Table | Prose:
    """Show the share of days with the outcome, with and without each trigger."""
    from twitchstats.triggers.risks import ANY

    known = risks[risks["estimate"].notna()] if len(risks) else risks
    if known.empty:
        return Prose("")
    rows = []
    for name, pair in known.groupby("trigger", sort=True):
        sides = {row["exposure"]: row for row in pair.to_dict("records")}
        row: dict[str, object] = {"Trigger": label_of(journal, str(name))}
        for side in ("with", "without"):
            row |= _tell_share(side, sides.get(side))
        share = -sides["with"]["estimate"] if "with" in sides else 0.0
        rows.append(((name == ANY, share, str(name)), row))  # the sum stands below its parts
    shown = [row for _, row in sorted(rows, key=lambda item: item[0])]
    more = f" The first {most} of {len(shown)}." if len(shown) > most else ""
    caption = (
        f"Share of days with any {label_of(journal, str(risks['outcome'].iloc[0]))}, with its 95 % "
        "interval. A difference is an association on the same day: it does not say which came first, nor that one "
        f"makes the other.{_tell_treatments(journal, known['trigger'].unique())}{more}"
    )
    return show_table(pd.DataFrame(shown[:most]), caption)


def _tell_share(side: str, row: dict[str, Any] | None) -> dict[str, object]:
    if row is None:
        return {f"Days {side}": MISSING, f"Outcome {side}": MISSING}
    lower = "<0.1 %" if 0 < row["ci_lower"] < 0.001 else format_share(row["ci_lower"])  # not 'so many in 100,000 days'
    interval = f"{lower} to {format_share(row['ci_upper'])}"
    told = OPEN if row["ci_upper"] - row["ci_lower"] > _WIDE else f"{format_share(row['estimate'])} ({interval})"
    return {f"Days {side}": row["n_days"], f"Outcome {side}": told}
