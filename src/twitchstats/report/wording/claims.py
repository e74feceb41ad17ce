"""The ledger of claims in words: counts, tables by verdict, and what no journal can test."""

import pandas as pd

from twitchstats.report.tables import MISSING, Table, format_p, show_table
from twitchstats.report.wording.prose import (
    Prose,
    count_noun,
    format_effect,
    format_interval,
    join_words,
    list_some,
    quote,
)

_LEGEND = (
    "How to read the tables: the effect is that of one step of what the claim names. +/− % is more or less a day, × "
    "multiplies the odds, a plain % is a share, a plain number counts points of a rating. *Studies* tells what the "
    "literature says of the claim, *articles* which of the five make it."
)

MEANING = {
    "supported": "this journal shows it, in the claimed direction, beyond what chance explains",
    "contradicted": "this journal shows the opposite, beyond what chance explains",
    "practically null": "whatever effect there is, it is too small to matter here",
    "differs between people": "people differ: one person's effect goes one way, another's the other",
    "inconclusive": "the data allow both an effect that matters and none; this is not 'no effect'",
    "not testable": "no journal, or not this one, can decide it",
}


def count_verdicts(ledger: pd.DataFrame) -> Table:
    """Count the claims by verdict, with what each verdict means."""
    counts = ledger["verdict"].value_counts()
    rows = [(verdict, int(counts.get(verdict, 0)), meaning) for verdict, meaning in MEANING.items()]
    return show_table(pd.DataFrame(rows, columns=["Verdict", "Claims", "What it means"]))


def describe_claims(ledger: pd.DataFrame) -> Prose:
    """Say how many claims were judged and what came out."""
    judged = ledger[ledger["verdict"] != "not testable"]
    articles = ledger["article"].nunique()
    text = (
        f"The {count_noun(articles, 'article')} make {count_noun(len(ledger), 'claim')}; this journal can say "
        f"something about {len(judged):,} of them. "
    )
    counts = judged["verdict"].value_counts()
    told = [f"{counts[verdict]} {verdict}" for verdict in MEANING if verdict in counts]
    if not told:
        return Prose(text)
    return Prose(f"{text}Of these {'are' if len(judged) != 1 else 'is'} {join_words(told)}.\n\n{_LEGEND}")


def tabulate_verdict(ledger: pd.DataFrame, verdict: str) -> Table | Prose:
    """Show the claims with one verdict; claims that several articles share, judged by the same test, stand once."""
    chosen = ledger[ledger["verdict"] == verdict]
    if chosen.empty:
        return Prose(f"*No claim is {verdict} by this journal.*")
    rows = [_tell_group(group) for _, group in chosen.groupby(_shared(chosen), sort=False, dropna=False)]
    table = pd.DataFrame(rows)
    if verdict != "inconclusive":
        table = table.drop(columns="Would have been found from")
    return show_table(table, f"{verdict.capitalize()}: {MEANING[verdict]}.")


def _shared(ledger: pd.DataFrame) -> list[str]:
    """Return the columns that make two claims one finding."""
    return [name for name in ("topic", "test", "estimate", "ci_lower", "p_value") if name in ledger]


def _tell_group(group: pd.DataFrame) -> dict[str, object]:
    row = group.iloc[0]
    measure = str(row.get("measure", "") or "")
    estimate, lower, upper, detectable = (float(row[n]) for n in ("estimate", "ci_lower", "ci_upper", "detectable"))
    effect = format_effect(estimate, measure)
    if measure == "share":
        effect += f" against {format_effect(float(row['reference']), measure)}"
    return {
        "Claim": row["statement"],
        "Articles": ", ".join(sorted(group["article"].unique())),
        "Studies": row["literature"] or MISSING,
        "Effect": effect,
        "95 % interval": format_interval(lower, upper, measure),
        "p, adjusted": format_p(float(row["p_adjusted"])),
        "Would have been found from": format_effect(detectable, measure),
        "Days": row["n_days"],
    }


def tabulate_untested(ledger: pd.DataFrame, *, most: int = 15) -> Table:
    """Count the claims that can't be tested by reason, and name the first of their topics."""
    rows = []
    for reason, group in ledger[ledger["verdict"] == "not testable"].groupby("reason", sort=True):
        topics = sorted(group["topic"].unique(), key=str.casefold)
        rows.append((reason, len(group), list_some(topics, most)))
    table = pd.DataFrame(rows, columns=["Why not", "Claims", "What they are about"])
    ordered = table.sort_values("Claims", ascending=False, kind="stable")
    return show_table(ordered, "The command 'claims JOURNAL.csv' lists every one.")


def describe_needs(ledger: pd.DataFrame, *, most: int = 8) -> Prose:
    """Say which columns would let a journal test the most further claims."""
    missing = ledger[ledger["reason"] == "variable not in this journal"]
    needed = missing["needs"].str.split(r"[;|,]").explode().str.strip()
    counts = (
        needed[~needed.isin(["", "serious", "diagnosis"])]
        .value_counts()
        .sort_index()
        .sort_values(ascending=False, kind="stable")
    )
    if counts.empty:
        return Prose("")
    told = [f"{quote(str(name).replace('_', ' '))} ({count})" for name, count in counts.head(most).items()]
    return Prose(f"Noting these as well would let the journal speak about more claims: {join_words(told)}.")
