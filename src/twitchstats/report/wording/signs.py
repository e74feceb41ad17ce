"""Red flags: what the journal says of them, how common serious causes are, and always the advice."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from twitchstats.inference import wilson_interval
from twitchstats.journal import Journal
from twitchstats.numbers import MISSING, format_share
from twitchstats.report.summary import is_about_twitching, is_group
from twitchstats.report.tables import Table, show_table
from twitchstats.report.wording.prose import (
    ASK_A_DOCTOR,
    SEE_A_DOCTOR,
    SEND_TO_A_DOCTOR,
    Prose,
    count_noun,
    join_words,
    list_some,
    quote,
)
from twitchstats.report.wording.rows import label_of, tell_dates
from twitchstats.signs import RED_FLAG, find_red_flag, list_everybody

CONFIDENCE = {"H": "seen there", "M": "second-hand", "D": "by arithmetic"}
NOT_NOTED = "not noted"
UNCLEAR = "not clear: "
_NAMED = 4  # people with a sign that are named
YES = {1.0: "yes", 0.0: "no"}


def list_warnings(journal: Journal, flags: pd.DataFrame) -> list[tuple[str, str]]:
    """Return each red flag with "yes", "no", "not noted" or "not clear"; of several people how many of how many."""
    red = flags[flags["level"] == RED_FLAG].reset_index().to_dict("records")
    return [(row["label"], _tell_flag(journal, row)) for row in red]


def _tell_flag(journal: Journal, row: dict[str, Any]) -> str:
    if not row["known"]:
        like = f"'{label_of(journal, row['like'])}' is noted" if row["like"] else "some cells could not be read"
        return f"{UNCLEAR}{like}" if row["unclear"] else NOT_NOTED
    many, noted = is_group(journal), ""
    if row["n_days"]:
        numbers = journal.days.select_dtypes("number")
        dates = "" if many else tell_dates(journal, *[name for name in numbers if find_red_flag(name) == row["sign"]])
        noted = f": noted on {count_noun(row['n_days'], 'day')}{dates and ', '}{dates}"
    who = f" ({list_some([*map(str, row['who'])], _NAMED)})" if row["present"] else ""
    return (f"{row['present']} of {row['known']}{who}" if many else YES[float(row["present"] > 0)]) + noted


def list_present(journal: Journal, flags: pd.DataFrame, *, least: int | None = None) -> list[str]:
    """Return the red flags that at least so many people have, by default everybody."""
    if least is None:
        least = len(list_everybody(journal)) if is_group(journal) else 1
    return list(flags["label"][flags["level"].eq(RED_FLAG) & flags["present"].ge(least)])


def list_unclear(journal: Journal, flags: pd.DataFrame) -> list[str]:
    """Return the red flags that may be there by what could not be read, or was noted under a name of its own."""
    return [label for label, told in list_warnings(journal, flags) if is_unclear(told)]


def quote_labels(labels: Iterable[str]) -> str:
    """Return labels of signs inside a sentence."""
    return join_words([quote(label.lower()) for label in labels])


def is_unclear(told: str) -> bool:
    """Tell whether a red flag may be there: nobody could read it, or it is noted under a name of its own."""
    return told.startswith(UNCLEAR)


def is_there(told: str) -> bool:
    """Tell whether a red flag is there, of one person or of some of several."""
    return told.startswith("yes") or (told[:1].isdigit() and not told.startswith("0 "))


def describe_red_flags(journal: Journal, flags: pd.DataFrame) -> Prose:
    """Say which red flags the journal reports, with the advice to see a doctor whatever they are."""
    flags = flags[flags["level"] != ""]
    present, red = flags[flags["present"] > 0], flags[flags["level"] == RED_FLAG]
    flagged = present[present["level"] == RED_FLAG]
    if not flags["known"].any():
        text = (
            "The journal says nothing about the signs that doctors look for beside twitching, so nothing can be said "
            "about them here. That is not a sign that all is well."
        ) * (not flags["unclear"].any())
    elif present.empty:
        text = "None of the signs asked for was reported. That is what was written down, not an examination."
    elif is_group(journal):
        verb = "is" if len(flagged) == 1 else "are"
        people = len(list_everybody(journal))
        named = quote_labels(flagged["label"])
        text = f"{count_noun(len(flagged), 'red flag')} {verb} reported by at least one of {people:,} people"
        text += f": **{named}**. Whoever reports one should be seen by a doctor." if named else "."
    else:
        from twitchstats.redflags.advice import word_advice

        days = [f" (noted on {count_noun(n, 'day')})" if n else "" for n in present["n_days"]]
        told = [f"{quote(label.lower())}{noted}" for label, noted in zip(present["label"], days, strict=True)]
        lists = (flagged, present.drop(flagged.index), red[red["known"] == 0])
        text = f"**Reported: {join_words(told)}.** {quote(word_advice(*(rows['label'].to_list() for rows in lists)))}"
    if (present["n_days"].gt(0) & present.index.str.startswith("weakness")).any():
        text += (
            " Weakness that a person feels is common and mostly has other causes; weakness that an examiner finds "
            "weighs far more: have it examined."
        )
    if names := quote_labels(list_unclear(journal, flags)):
        text += f" It is not clear whether {names} is there: read yourself what was noted."
    scale = _tell_scale() if len(present) else ""
    return Prose(f"{text}{scale}\n\n> {choose_advice(journal)}".lstrip())


def choose_advice(journal: Journal, outcome: str = "twitches") -> str:
    """Return when to see a doctor with this outcome: said to the reader, or of a group's people."""
    if not is_about_twitching(outcome):
        return ASK_A_DOCTOR.replace("examine you", "examine anyone")
    return SEND_TO_A_DOCTOR if is_group(journal) else SEE_A_DOCTOR


def _tell_scale() -> str:
    """Set the base rate beside a sign that is reported."""
    from twitchstats.redflags import base_rates

    row = base_rates().iloc[0]
    return (
        f" For scale: {format_share(row['base_rate'])} {quote(row['setting'])} have {quote(row['condition'])} "
        f"({_tell_limits(row)}; the table below has more). A sign moves that figure; how far, an examination tells "
        "better than any number."
    )


def tabulate_red_flags(journal: Journal, flags: pd.DataFrame) -> Table | Prose:
    """Show the signs that were asked or noted, with how many people have each, and on how many days."""
    flags = flags[(flags["level"] != "") & ((flags["known"] > 0) | flags.index.isin(journal.people.columns))]
    if flags.empty:
        return Prose("")
    labels = {"label": "Sign", "level": "Weight", "present": "Present", "known": "Known of"}
    if flags["n_days"].any():
        labels |= {"n_days": "Days noted"}
    if is_group(journal):
        flags, labels = flags.assign(share=_tell_shares(flags)), labels | {"share": "Share (95 % interval)"}
    return show_table(flags, "Signs that were told, when asked or day by day.", labels=labels)


def _tell_shares(flags: pd.DataFrame) -> list[str]:
    ends = zip(*wilson_interval(flags["present"], flags["known"]), strict=True)
    shares = flags["present"] / flags["known"]  # 0 of 0 is NaN
    return [
        MISSING if pd.isna(share) else f"{format_share(share)} ({_tell_range(*pair)})"
        for share, pair in zip(shares, ends, strict=True)
    ]


def tabulate_base_rates() -> Table:
    """Show how common motor neurone disease is, where nothing but the setting is known."""
    from twitchstats.redflags import base_rates

    rows = [
        {
            "Among": str(row["setting"]).replace("gp ", "GP "),
            "How many": "no figure known" if pd.isna(row["base_rate"]) else format_share(row["base_rate"]),
            "Between": _tell_limits(row),
            "Have": row["condition"],
            "Mind": row["note"],
            "Source": _tell_source(row),
        }
        for row in base_rates().reset_index().to_dict("records")
    ]
    return show_table(pd.DataFrame(rows), "Base rates: how common the feared illness is before any sign is known.")


def _tell_source(row: dict[str, object]) -> str:
    if not isinstance(row["source"], str) or not row["source"]:
        return MISSING
    return f"{row['source']} ({CONFIDENCE[str(row['confidence'])]})"


def _tell_limits(row: Mapping[Any, Any]) -> str:
    """Return between what a base rate lies: its interval where people were counted, else what is taken, and why."""
    if pd.notna(row["ci_lower"]):
        return f"{_tell_range(row['ci_lower'], row['ci_upper'])}, 95 % interval"
    return "not known" if pd.isna(row["low"]) else f"{_tell_range(row['low'], row['high'])}, {row['range']}"


def _tell_range(lower: float, upper: float) -> str:
    return "not known" if pd.isna(lower) else f"{format_share(lower)} to {format_share(upper)}"


def tabulate_evidence(*topics: str) -> Table:
    """Show what the literature says on these topics, each figure with its source."""
    from twitchstats.claims import load_evidence

    evidence = load_evidence()
    wanted = evidence["topics"].str.split(";").map(lambda listed: bool(set(topics) & {t.strip() for t in listed}))
    chosen = evidence[wanted]
    shown = chosen.assign(told=[_tell_source(row) for row in chosen.to_dict("records")])
    labels = {"finding": "Finding", "people": "Among", "told": "Source"}
    return show_table(shown, "What is known from studies.", labels=labels)
