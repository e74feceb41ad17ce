"""Red flags: what the journal says of them, how common serious causes are, and always the advice."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd

from twitchstats.arrays import BoolArray
from twitchstats.inference import wilson_interval
from twitchstats.journal import Journal
from twitchstats.numbers import MISSING, format_number, format_share
from twitchstats.report.summary import choose_level, is_group
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
from twitchstats.signs import (
    ABSENT,
    NOT_NOTED,
    RED_FLAG,
    THERE,
    UNCLEAR,
    find_new_medicines,
    find_red_flag,
    list_everybody,
)
from twitchstats.variables import is_about_twitching

CONFIDENCE = {"H": "seen there", "M": "second-hand", "D": "by arithmetic"}
_NAMED = 4  # people with a sign that are named
YES = {1.0: "yes", 0.0: "no"}


def list_warnings(journal: Journal, flags: pd.DataFrame) -> pd.DataFrame:
    """Return the red flags among `find_flags` with a column ``told``: yes, no, or how many of how many, and why not."""
    red = flags[flags["level"] == RED_FLAG]
    tell = _tell_of_many if is_group(journal) else _tell_of_one
    return red.assign(told=[tell(journal, row) for row in red.reset_index().to_dict("records")])


def _tell_of_one(journal: Journal, row: dict[str, Any]) -> str:
    if row["state"] == UNCLEAR:
        return f"{UNCLEAR}: {_tell_hints(journal, row)}"
    if not row["n_days"]:
        return {THERE: "yes", ABSENT: "no"}.get(row["state"], NOT_NOTED)
    numbers = journal.days.select_dtypes("number")
    dates = tell_dates(journal, *[name for name in numbers if find_red_flag(name) == row["sign"]])
    return ", ".join(filter(None, [f"yes: noted on {count_noun(row['n_days'], 'day')}", dates]))


def _tell_of_many(journal: Journal, row: dict[str, Any]) -> str:
    told = []
    if row["known"]:
        noted = f": noted on {count_noun(row['n_days'], 'day')}" if row["n_days"] else ""
        told = [f"{row['present']} of {row['known']}{_tell_whose(row['who'])}{noted}"]
    if row["hints"] and (row["unclear"] or row["state"] == UNCLEAR):
        told.append(f"{UNCLEAR}{_tell_whose(row['unclear'])}: {_tell_hints(journal, row)}")
    return "; ".join(told) or NOT_NOTED


def _tell_whose(people: list[object], tell: Callable[[object], str] = str) -> str:
    return f" ({list_some([*map(tell, people)], _NAMED)})" if people else ""


def _tell_hints(journal: Journal, row: dict[str, Any]) -> str:
    """Say why it is not clear whether a sign is there."""
    names: dict[str, list[str]] = {}
    for why, column in row["hints"]:
        names.setdefault(why, []).append(f"'{label_of(journal, column)}'")
    own, begun = names.get("name", []), tell_new_medicines(journal) if "medicine" in names else ""
    words = {
        "unread": "some cells could not be read",
        "name": f"{join_words(own)} {'are' if len(own) > 1 else 'is'} noted",
        "scale": f"{join_words(names.get('scale', []))} does not say whether much is good or bad",
        "notes": "words in notes mention it" if is_group(journal) else "your notes mention it: ask yourself now",
        "medicine": f"begun here, it seems: {begun}. Ask a doctor whether it may do this",
    }
    return "; ".join(text for why, text in words.items() if why in names)


def tell_new_medicines(journal: Journal) -> str:
    """Name the medicines that were begun in the diary; of one person with dates, and the outcome before and since."""
    found = find_new_medicines(journal)
    if is_group(journal):
        return list_some(list(dict.fromkeys(label_of(journal, name) for _, name, _ in found)), _NAMED)
    dates = journal.days.index.get_level_values("date")
    told = []
    for _, name, begun in found:
        level = _compare_sides(journal, str(journal.outcome), dates < begun)
        told.append(f"{label_of(journal, name)} ({tell_dates(journal, name)}{level})")
    return list_some(told, _NAMED)


def _compare_sides(journal: Journal, outcome: str, early: BoolArray) -> str:
    """Return how the outcome was on the early days and since, as it was noted; "" where it was noted on one side."""
    if outcome not in journal.numeric:
        return ""
    before, since = (journal.days.loc[chosen, outcome].dropna() for chosen in (early, ~early))
    if before.empty or since.empty:
        return ""
    what = label_of(journal, outcome).lower()
    if choose_level(journal.days[outcome]) == "median":
        return f"; median of {what} {format_number(before.median())} before, {format_number(since.median())} since"
    shares = [format_share((days > 0).mean()) for days in (before, since)]
    return f"; {what} on {shares[0]} of the days before, on {shares[1]} since"


def list_present(journal: Journal, flags: pd.DataFrame, *, least: int | None = None) -> list[str]:
    """Return the red flags that at least so many people have, by default everybody."""
    if least is None:
        least = _count_everybody(journal)
    return list(flags["label"][flags["level"].eq(RED_FLAG) & flags["present"].ge(least)])


def _count_everybody(journal: Journal) -> int:
    return len(list_everybody(journal)) if is_group(journal) else 1


def has_nothing_else(journal: Journal, flags: pd.DataFrame) -> bool:
    """Tell whether somebody is left of whom no red flag is there, or may be there."""
    red = flags[flags["level"] == RED_FLAG]
    return len({person for people in (*red["who"], *red["unclear"]) for person in people}) < _count_everybody(journal)


def list_unclear(flags: pd.DataFrame) -> pd.DataFrame:
    """Return the red flags that may be there, of somebody of whom it is not known."""
    unclear = flags["state"].eq(UNCLEAR) | flags["unclear"].map(bool)
    return flags[flags["level"].eq(RED_FLAG) & unclear]


def tell_unclear(journal: Journal, flags: pd.DataFrame) -> str:
    """Say which red flags may be there, of whom, and what to do about it; "" where none is."""
    many, noted, begun = is_group(journal), [], []
    for row in list_unclear(flags).to_dict("records"):
        whose = _tell_whose(row["unclear"], quote) if many else ""
        if {why for why, _ in row["hints"]} == {"medicine"}:
            names = sorted({label_of(journal, name) for _, name in row["hints"]})
            begun.append(f"{quote(list_some(names, _NAMED))}{whose}")
        else:
            noted.append(f"{quote(row['label'].lower())}{whose}")
    told, symptom = "", quote(label_of(journal, str(journal.outcome)).lower())
    if noted:
        ask = "whoever has it should ask a doctor" if many else "if it is there, ask a doctor"
        told = f"Not clear: {join_words(noted)}. Read {'' if many else 'yourself '}what was noted: {ask}. "
    if begun:
        told += f"A medicine was begun here, it seems: {begun[0]}. Ask a doctor whether it may bring {symptom} on."
    return told.strip()


def quote_labels(labels: Iterable[str]) -> str:
    """Return labels of signs inside a sentence."""
    return join_words([quote(label.lower()) for label in labels])


def describe_red_flags(journal: Journal, flags: pd.DataFrame) -> Prose:
    """Say which red flags the journal reports, with the advice to see a doctor whatever they are."""
    flags = flags[flags["level"] != ""]
    present, red = flags[flags["state"] == THERE], flags[flags["level"] == RED_FLAG]
    flagged = present[present["level"] == RED_FLAG]
    if not flags["known"].any():
        text = (
            "The journal says nothing about the signs that doctors look for beside twitching, so nothing can be said "
            "about them here. That is not a sign that all is well."
        ) * (not flags["hints"].any())
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
        lists = (flagged, present.drop(flagged.index), red[red["state"] == NOT_NOTED])
        text = f"**Reported: {join_words(told)}.** {quote(word_advice(*(rows['label'].to_list() for rows in lists)))}"
    if (present["n_days"].gt(0) & present.index.str.startswith("weakness")).any():
        text += (
            " Weakness that a person feels is common and mostly has other causes; weakness that an examiner finds "
            "weighs far more: have it examined."
        )
    text = f"{text} {tell_unclear(journal, flags)}"
    scale = _tell_scale() if len(present) else ""
    return Prose(f"{text.strip()}{scale}\n\n> {choose_advice(journal)}".lstrip())


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
