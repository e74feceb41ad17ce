"""Triggers, lags, directions and risks in words and tables."""

from typing import Any

import pandas as pd

from twitchstats.findings import rank_effects
from twitchstats.journal import Journal
from twitchstats.plots.drawing import tell_lag, tell_step
from twitchstats.report.tables import MISSING, Table, format_p, format_share, show_table
from twitchstats.report.wording.prose import (
    NARROW,
    Prose,
    count_noun,
    format_effect,
    format_interval,
    join_words,
    list_some,
    quote,
)
from twitchstats.report.wording.reading import label_of
from twitchstats.report.wording.together import ALPHA, MEMBER, UNFOUND, list_followers, tell_detectable
from twitchstats.variables import load_variables

_MOST = 10
BOTH_WAYS = "both ways: a common cause is possible"
_YES_NO = f"yes{NARROW}against{NARROW}no"
_SAME_DAY = {"forward": "trigger first", "same time": "order not known", "backward": "outcome first"}


def describe_triggers(
    journal: Journal, effects: pd.DataFrame, primary: pd.DataFrame, directions: pd.DataFrame
) -> Prose:
    """Say which triggers go with the outcome, and what could have been found of the others."""
    outcome = quote(label_of(journal, str(effects["outcome"].iloc[0]))) if len(effects) else "the outcome"
    tested = primary[primary["estimate"].notna()]
    if tested.empty:
        return Prose(f"No trigger of {outcome} could be tested: {_tell_reasons(primary)}")
    found = tested[tested["p_adjusted"] < ALPHA]
    n_tests = int(effects["p_value"].notna().sum())
    head = (
        f"{count_noun(len(tested), 'possible trigger')} of **{outcome}** could be tested, "
        f"{_tell_lags(effects)}: {count_noun(n_tests, 'test')} in all, and every one counts when chance is judged. "
    )
    same = tell_elsewhere(journal, effects, primary)
    if found.empty:
        none = f"**None stands out{tell_first(effects)} beyond what chance explains.**"
        return Prose(f"{head}{none} {_tell_power(tested)}{same}")
    lines = [f"- {tell_effect(journal, row)}" for row in found.head(_MOST).to_dict("records")]
    if len(found) > _MOST:
        lines.append(f"- and {len(found) - _MOST} more, in the table")
    rest = len(tested) - len(found)
    tail = ""
    if rest:
        power = _tell_power(tested.drop(found.index))
        tail = f"\n\nThe other {rest} do not stand out{tell_first(effects)}: no proof that they do nothing. {power}"
    cautions = same + tell_cautions(journal, found) + tell_reverse(journal, found, directions)
    told = f"{head}These go with it beyond what chance explains:\n\n" + "\n".join(lines)
    return Prose(f"{told}{tail}\n\n{cautions.strip()}".strip())


def tell_first(effects: pd.DataFrame) -> str:
    """Say that a sentence is about each trigger's first lag, where several were asked for."""
    return " at its first lag" if len(set(effects["lag"])) > 1 else ""


def _tell_lags(effects: pd.DataFrame) -> str:
    lags = sorted(effects["lag"].unique())
    return f"at {len(lags)} lags" if len(lags) > 1 else f"each {_tell_lag(int(lags[0]))}"


def tell_effect(journal: Journal, row: dict[str, Any]) -> str:
    """Return one finding as a sentence."""
    return f"**{quote(label_of(journal, str(row['trigger'])))}:** {tell_size(journal, row)}"


def tell_size(journal: Journal, row: dict[str, Any]) -> str:
    """Return an effect with its interval, for how much of the trigger, and when."""
    measure = str(row["measure"])
    of = {"rate ratio": "", "odds ratio": " odds", "difference": " points"}[measure]
    return (
        f"**{format_effect(row['estimate'], measure)}**{of} (95 % interval "
        f"{format_interval(row['ci_lower'], row['ci_upper'], measure)}) {_tell_more(row)}, "
        f"{tell_when(row, journal)}"
    )


def tell_when(row: dict[str, Any], journal: Journal | None = None) -> str:
    """Return when the trigger was, seen from the outcome's day: the one name of the order in time, wherever it stands.

    What belongs to the night that ended on the outcome's day is of the night before. Without a journal the dictionary
    says what does.

    >>> tell_when({"trigger": "sleep", "lag": 0, "order": "forward"}), tell_when({"trigger": "tea", "lag": 1})
    ('the night before', 'the day before')
    """
    lag = int(row["lag"])
    variables = load_variables() if journal is None else journal.variables
    timing = variables.drop_duplicates("name").set_index("name")["timing"].get(row["trigger"])
    if timing == "night" and (lag or row["order"] == "forward"):
        return "the night before" if lag == 0 else f"{lag + 1} nights before"
    return _tell_lag(lag)


def tell_order(row: dict[str, Any], journal: Journal | None = None) -> str:
    """Return when, of several days together how many, and on the same day in which order, where it needs telling."""
    when = tell_when(row, journal)
    if row.get("days", 1) > 1:
        return f"{int(row['days'])} days together, up to {when.removeprefix('on ')}"
    return f"{when}, {_SAME_DAY[row['order']].replace(' ', NARROW)}" if when == _tell_lag(0) else when


def _tell_lag(lag: int) -> str:
    return f"on the {tell_lag(lag)}" if lag == 0 else tell_lag(lag)


def tell_cautions(journal: Journal, rows: pd.DataFrame) -> str:
    """Say what the found rows can't show: an order on the same day, or that a remedy helped."""
    text = ""
    if rows["order"].eq("same time").any():
        text += " Of what is told of the same day it is mostly not known which came first."
    roles = journal.variables.set_index("name")["role"]
    treatments = [name for name in rows["trigger"] if roles.get(name) in ("remedy", "medicine")]
    if treatments:
        names = list_some([quote(label_of(journal, name)) for name in treatments])
        text += (
            f" Treatments ({names}) are begun on bad days, which pass by themselves: a diary can't show that they help."
        )
    return text


def tell_elsewhere(journal: Journal, effects: pd.DataFrame, primary: pd.DataFrame) -> str:
    """Name the triggers that stand out only at another lag: further back, or on the same day without a known order."""
    told = set(primary.loc[primary["p_adjusted"] < ALPHA, "trigger"])
    found = effects[(effects["p_adjusted"] < ALPHA) & ~effects["trigger"].isin(told)]
    found = rank_effects(found)
    later = [
        f"{_tell_briefly(journal, row)} {tell_when(row, journal)}"
        for row in found[found["order"].eq("forward")].to_dict("records")
    ]
    same = [_tell_briefly(journal, row) for row in found[found["order"].eq("same time")].to_dict("records")]
    text = f" At another lag: {list_some(later, 6)}." if later else ""
    return text + (f" On the same day, without a known order, also: {list_some(same, 6)}." if same else "")


def _tell_briefly(journal: Journal, row: dict[str, Any]) -> str:
    interval = format_interval(row["ci_lower"], row["ci_upper"], row["measure"])
    return f"{quote(label_of(journal, row['trigger']))} {format_effect(row['estimate'], row['measure'])} ({interval})"


def name_step(row: dict[str, Any]) -> str:
    """Return the amount of a trigger in which its effect is told: "100 mg", or "yes against no"."""
    unit = "" if pd.isna(row["unit"]) else str(row["unit"])
    return tell_step(float(row["step"]), "" if unit == "a day" else unit).replace(" ", NARROW)


def _tell_more(row: dict[str, Any]) -> str:
    """Return for how much of a trigger its effect is told: "for each 100 mg more", or "with it against without"."""
    step = name_step(row)
    if step == _YES_NO:
        return "with it against without"
    return f"for each {NARROW.join(map(quote, step.split(NARROW)))} more"


def _tell_power(rows: pd.DataFrame) -> str:
    """Say how large an effect would have had to be."""
    ratios = rows.loc[rows["measure"].eq("rate ratio") & rows["detectable_up"].notna(), "detectable_up"]
    if ratios.empty:
        return ""
    return (
        "With so many days an effect would have been found, four times out of five, from "
        f"{format_effect(float(ratios.median()), 'rate ratio')} for one step on (median of these triggers)."
    )


def _tell_reasons(rows: pd.DataFrame) -> str:
    reasons = rows["reason"].value_counts()
    return join_words([f"{quote(reason)} ({count})" for reason, count in reasons.items()]) + "."


def tabulate_triggers(journal: Journal, primary: pd.DataFrame, groups: pd.DataFrame) -> Table | Prose:
    """Show one row for each trigger that was tested; members of a group follow its strongest."""
    tested = primary[primary["estimate"].notna()]
    if tested.empty:
        return Prose("")
    followers = list_followers(groups)
    rows = [
        {
            "Trigger": MEMBER * (row["trigger"] in followers) + label_of(journal, row["trigger"]),
            "One step": name_step(row),
            "When": tell_order(row, journal),
            "Effect": format_effect(row["estimate"], row["measure"]),
            "95 % interval": format_interval(row["ci_lower"], row["ci_upper"], row["measure"]),
            f"p, adjusted ({row['family']})": format_p(row["p_adjusted"]),
            "Could be found from": tell_detectable(row),
            "People": row["n_people"],
            "Days": row["n_days"],
            "Caution": row["caution"],
        }
        for row in tested.to_dict("records")
    ]
    table = pd.DataFrame(rows)
    if not tested["caution"].any():
        table = table.drop(columns="Caution")
    people = journal.days.index.get_level_values("person").nunique()
    caption = f"Effect of one step of each trigger; % and × are changes of the outcome's rate or odds. {UNFOUND}"
    if people < 2:
        table = table.drop(columns="People", errors="ignore")
    elif tested["n_people"].lt(people).any():
        caption += f" Of the {people:,} people only those count whose days can tell (column People)."
    return show_table(table, caption)


def describe_lags(journal: Journal, effects: pd.DataFrame) -> Prose:
    """Say what the lags mean, or why there are none."""
    if journal.calendar == "none":
        return Prose(
            "**No lags:** the entries of this journal have no order in time, so 'the day before' does not exist in it. "
            "A column of dates or day numbers would change that."
        )
    lags = sorted(effects["lag"].unique())
    found = effects[effects["p_adjusted"] < ALPHA]
    return Prose(
        f"Days back: {join_words([str(lag) for lag in lags])}. Lag 0 is the same day. Days are counted on the "
        f"calendar, so a lag that falls on a missing day is missing. {count_noun(len(found), 'cell')} of the table "
        f"{'stands' if len(found) == 1 else 'stand'} out after all tests are counted (marked \\*)."
    )


def tabulate_lags(journal: Journal, effects: pd.DataFrame) -> Table:
    """Show triggers by lag; a star marks what stands out."""
    tested = effects[effects["estimate"].notna()]
    star = tested["p_adjusted"].lt(ALPHA).map({True: " *", False: ""})
    cells = [format_effect(e, m) for e, m in zip(tested["estimate"], tested["measure"], strict=True)]
    told = tested.assign(cell=pd.Series(cells, index=tested.index, dtype="str") + star,
                         Trigger=[label_of(journal, name) for name in tested["trigger"]])  # fmt: skip
    wide = told.pivot_table(index="Trigger", columns="lag", values="cell", aggfunc="first", sort=True)
    wide.columns = [_tell_lag(lag).removeprefix("on the ").removeprefix("the ").capitalize() for lag in wide.columns]
    nights = "; of sleep, the same day stands for the night before" if _has_nights(journal, tested) else ""
    caption = f"Effect of one step by days back{nights}. * stands out."
    return show_table(wide.fillna(MISSING).reset_index(), caption)


def _has_nights(journal: Journal, effects: pd.DataFrame) -> bool:
    nights = journal.variables.loc[journal.variables["timing"].eq("night"), "name"]
    return bool((effects["trigger"].isin(nights) & effects["order"].eq("forward") & effects["lag"].eq(0)).any())


def describe_directions(journal: Journal, directions: pd.DataFrame) -> Prose:
    """Say which side comes first, where both foretell each other, and where the reverse is as strong."""
    if directions.empty:
        return Prose("Without an order in time nothing can be said about which side comes first.")
    shown = directions.drop_duplicates("trigger")
    names = {
        str(reading): [f"**{quote(label_of(journal, name))}**" for name in group["trigger"]]
        for reading, group in shown.groupby("reading", sort=True)
    }
    lines = [
        "The outcome can also come first: it worries people and costs them sleep. So each pair was asked both ways."
    ]
    if "the trigger comes first" in names:
        lines.append(f"The trigger foretells the next day's outcome: {list_some(names['the trigger comes first'])}.")
    if "the outcome comes first" in names:
        lines.append(
            f"Only the outcome foretells the next day's trigger: {list_some(names['the outcome comes first'])}. What "
            "looks like a trigger here may be a consequence."
        )
    if BOTH_WAYS in names:
        lines.append(
            f"At least one way is shown, but the two don't differ clearly: {list_some(names[BOTH_WAYS])}. Which comes "
            "first stays open, and something behind both may be the cause."
        )
    if len(lines) == 1:
        lines.append("Neither direction stands out for any trigger; that is no proof that there is none.")
    return Prose(" ".join(lines))


def tell_reverse(journal: Journal, rows: pd.DataFrame, directions: pd.DataFrame) -> str:
    """Say which of the found triggers follow the outcome at least as strongly as they foretell it."""
    if directions.empty:
        return ""
    reverse = set(directions.loc[directions["reading"].isin([BOTH_WAYS, "the outcome comes first"]), "trigger"])
    names = [name for name in rows["trigger"] if name in reverse]
    if not names:
        return ""
    told = join_words([quote(label_of(journal, name)) for name in names])
    follow = "follow" if len(names) > 1 else "follows"
    return f" {told} also {follow} the outcome on the next day, as strongly or more: this may be a consequence."


def tabulate_directions(journal: Journal, directions: pd.DataFrame) -> Table | Prose:
    """Show forward and reverse side by side, where one of them stands out."""
    shown = directions[directions["estimate"].notna()] if len(directions) else directions
    shown = shown[shown["reading"] != "neither shown"] if len(shown) else shown
    if shown.empty:
        return Prose("")
    rows = []
    for name, pair in shown.groupby("trigger", sort=True):
        told = {row["direction"]: _tell_correlation(row) for row in pair.to_dict("records")}
        reading = pair["reading"].iloc[0]
        rows.append({"Trigger": label_of(journal, str(name)), "Trigger first": told.get("forward", MISSING),
                     "Outcome first": told.get("reverse", MISSING), "Reading": reading})  # fmt: skip
    rest = directions["trigger"].nunique() - len(rows)
    caption = "Correlation (with its 95 % interval) of one side with the other side's next day, all else held."
    return show_table(pd.DataFrame(rows), f"{caption} {count_noun(rest, 'more trigger')} without a clear direction.")


def _tell_correlation(row: dict[str, Any]) -> str:
    ends = " to ".join(format_effect(row[name], "difference") for name in ("ci_lower", "ci_upper"))
    return f"{format_effect(row['estimate'], 'difference')} ({ends})"


def describe_risks(journal: Journal, risks: pd.DataFrame) -> Prose:
    """Say what the table of risks is."""
    if risks.empty:
        return Prose("The journal has no trigger that is answered by yes or no.")
    outcome = quote(label_of(journal, str(risks["outcome"].iloc[0])))
    return Prose(
        f"Share of days on which **{outcome}** was there at all, on days with a trigger and on days without it. A "
        "difference is an association on the same day: it does not say which came first, nor that one makes the other."
    )


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
    return show_table(pd.DataFrame(shown[:most]), f"Share of days with the outcome, and its 95 % interval.{more}")


def _tell_share(side: str, row: dict[str, Any] | None) -> dict[str, object]:
    if row is None:
        return {f"Days {side}": MISSING, f"Outcome {side}": MISSING}
    lower = "<0.1 %" if 0 < row["ci_lower"] < 0.001 else format_share(row["ci_lower"])  # not 'so many in 100,000 days'
    interval = f"{lower} to {format_share(row['ci_upper'])}"
    return {f"Days {side}": row["n_days"], f"Outcome {side}": f"{format_share(row['estimate'])} ({interval})"}
