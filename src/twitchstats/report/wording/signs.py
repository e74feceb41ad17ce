"""Red flags: what the journal says of them, how common serious causes are, and always the advice."""

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
    quote,
)
from twitchstats.signs import find_sign, find_signs, load_signs, mark_present
from twitchstats.variables import normalise_header

CONFIDENCE = {"H": "seen there", "M": "second-hand", "D": "by arithmetic"}
_FLAG = "red flag"
NOT_NOTED = "not noted"
YES = {1.0: "yes", 0.0: "no"}
_ASKED = ("Trouble breathing", "Falls", "Twitching since a new medicine")  # of the advice, in no table of signs


def find_flags(journal: Journal) -> pd.DataFrame:
    """Return the red flags and reasons to ask that the journal or its people table reports.

    Returns
    -------
    DataFrame
        ``sign, label, level, known`` (people of whom it is known), ``present`` (people who have it), red flags first.
    """
    signs = load_signs()
    names = [name for name in find_signs(journal.people.columns) if isinstance(signs.loc[name, "level"], str)]
    marks = mark_present(journal.people[names]) if names else pd.DataFrame()
    rows = [
        (
            name,
            signs.loc[name, "label"],
            signs.loc[name, "level"],
            int(marks[name].notna().sum()),
            int(marks[name].sum()),
        )
        for name in names
    ]
    found = pd.DataFrame(rows, columns=["sign", "label", "level", "known", "present"])
    return found.sort_values("level", key=lambda level: level.ne(_FLAG), kind="stable").reset_index(drop=True)


def count_sign(journal: Journal, sign: str) -> tuple[int, int]:
    """Return on how many days a sign was noted as there, and of how many it is known: it may be a column of the days.

    Parameters
    ----------
    journal : Journal
    sign : str
        Its name, or its label where it is in no table.
    """
    numbers = journal.days.select_dtypes("number")
    days = numbers[[name for name in numbers if (find_sign(str(name)) or normalise_header(name)) == sign]]
    return int((days > 0).any(axis=1).sum()), int(days.notna().any(axis=1).sum())


def list_warnings(journal: Journal) -> list[tuple[str, str]]:
    """Return each red flag with "yes", "no" or "not noted"; of several people with how many of how many have it."""
    signs = load_signs()
    known = find_flags(journal).set_index("sign")
    many = is_group(journal)
    rows = []
    for name, label in signs.loc[signs["level"].eq(_FLAG), "label"].items():
        told = NOT_NOTED
        if name in known.index and known.loc[name, "known"]:
            present, of = int(known.loc[name, "present"]), int(known.loc[name, "known"])
            told = f"{present} of {of}" if many else YES[float(present > 0)]
        rows.append((str(label), _add_days(told, *count_sign(journal, str(name)))))
    return rows + [(label, _add_days(NOT_NOTED, *count_sign(journal, normalise_header(label)))) for label in _ASKED]


def _add_days(told: str, days: int, known: int) -> str:
    """Return what was told of a sign, unless the days say more."""
    if days and told in (NOT_NOTED, "no"):
        return f"yes: noted on {count_noun(days, 'day')}"
    return "no" if known and told == NOT_NOTED else told


def list_present(journal: Journal) -> list[str]:
    """Return the red flags that one person has; of several people none is everybody's."""
    return [] if is_group(journal) else [label for label, told in list_warnings(journal) if is_there(told)]


def is_there(told: str) -> bool:
    """Tell whether a red flag is there, of one person or of some of several."""
    return told.startswith("yes") or (told[:1].isdigit() and not told.startswith("0 "))


def describe_red_flags(journal: Journal) -> Prose:
    """Say which red flags the journal reports, with the advice to see a doctor whatever they are."""
    flags = find_flags(journal)
    present = flags[flags["present"] > 0]
    people = len(journal.people)
    daily = _tell_daily(journal)
    if present.empty and daily:
        text = "Signs that doctors look for beside twitching are told here day by day."
    elif all(told == NOT_NOTED for _, told in list_warnings(journal)) and flags.empty:
        text = (
            "The journal says nothing about the signs that doctors look for beside twitching, so nothing can be said "
            "about them here. That is not a sign that all is well."
        )
    elif present.empty:
        text = "None of the signs asked for was reported. That is what was written down, not an examination."
    elif people == 1:
        from twitchstats.redflags import advise

        reported = join_words([quote(label.lower()) for label in present["label"]])
        told = advise(journal.people[find_signs(journal.people.columns)])
        text = f"**Reported: {reported}.** {quote(told['advice'].iloc[0])}"
    else:
        flagged = present[present["level"].eq(_FLAG)]
        verb = "is" if len(flagged) == 1 else "are"
        text = f"{count_noun(len(flagged), 'red flag')} {verb} reported by at least one of {people:,} people."
        if len(flagged):
            text += " Whoever reports one should be seen by a doctor."
    scale = _tell_scale() if daily or len(present) else ""
    return Prose(f"{text}{daily}{scale}\n\n> {choose_advice(journal)}")


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
        f" For scale: {format_share(row['base_rate'])} {quote(row['setting'])} have {quote(row['condition'])} (95 % "
        f"interval {_tell_range(row['ci_lower'], row['ci_upper'])}; the table below has more). A sign moves that "
        "figure; how far, an examination tells better than any number."
    )


def _tell_daily(journal: Journal) -> str:
    """Tell the red flags that the days hold: they count like those of a table of people."""
    told = {label: days for label, days in list_warnings(journal) if days.startswith("yes: ")}
    if not told:
        return ""
    noted = join_words([f"{label.lower()} {days.removeprefix('yes: noted ')}" for label, days in told.items()])
    close = (
        " Weakness that a person feels is common and mostly has other causes; weakness that an examiner finds weighs "
        "far more: have it examined."
    )
    return f" **Noted: {noted}.**{close if load_signs().loc['weakness_felt', 'label'] in told else ''}"


def tabulate_red_flags(journal: Journal) -> Table | Prose:
    """Show the signs that are known, with how many people have each."""
    flags = find_flags(journal)
    if flags.empty:
        return Prose("")
    labels = {"label": "Sign", "level": "Weight", "present": "Present", "known": "Known of"}
    if len(journal.people) > 1:
        flags, labels = flags.assign(share=_tell_shares(flags)), labels | {"share": "Share (95 % interval)"}
    return show_table(flags, "Signs in the people table.", labels=labels)


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
            "95 % interval": _tell_range(row["ci_lower"], row["ci_upper"]),
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
