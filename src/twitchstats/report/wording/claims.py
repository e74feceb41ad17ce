"""The ledger of claims in words: counts, tables by verdict, and what no journal can test."""

import pandas as pd

from twitchstats.report.tables import Table, show_table
from twitchstats.report.wording.prose import Prose, count_noun, format_effect, format_interval, join_words

MEANING = {
    "supported": "this journal shows it, in the claimed direction, beyond what chance explains",
    "contradicted": "this journal shows the opposite, beyond what chance explains",
    "practically null": "whatever effect there is, it is too small to matter here",
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
    return Prose(text + (f"Of these {'are' if len(judged) != 1 else 'is'} {join_words(told)}." if told else ""))


def tabulate_verdict(ledger: pd.DataFrame, verdict: str) -> Table | Prose:
    """Show the claims with one verdict; claims that several articles share, judged by the same test, stand once."""
    chosen = ledger[ledger["verdict"] == verdict]
    if chosen.empty:
        return Prose(f"*No claim is {verdict} by this journal.*")
    rows = [_tell_group(group) for _, group in chosen.groupby(_shared(chosen), sort=False, dropna=False)]
    table = pd.DataFrame(rows)
    if verdict != "inconclusive":
        table = table.drop(columns="Would have been found from")
    meaning = MEANING[verdict]
    return show_table(table, f"{verdict.capitalize()}: {meaning}.")


def _shared(ledger: pd.DataFrame) -> list[str]:
    """Return the columns that make two claims one finding."""
    return [name for name in ("topic", "test", "estimate", "ci_lower", "p_value") if name in ledger]


def _tell_group(group: pd.DataFrame) -> dict[str, object]:
    row = group.iloc[0]
    measure = str(row.get("measure", "") or "")
    return {
        "Claim": row["statement"],
        "Articles": ", ".join(sorted(group["article"].unique())),
        "Effect": _tell_value(row["estimate"], measure),
        "95 % interval": _tell_interval(row["ci_lower"], row["ci_upper"], measure),
        "p, adjusted": float(row["p_adjusted"]),
        "Would have been found from": _tell_value(row["detectable"], measure),
        "Days": row["n_days"],
    }


def _tell_value(value: float, measure: str) -> object:
    return format_effect(float(value), measure) if measure else float(value)


def _tell_interval(lower: float, upper: float, measure: str) -> str:
    return format_interval(float(lower), float(upper), measure or "odds ratio").replace("×", "×" if measure else "")


def tabulate_untested(ledger: pd.DataFrame) -> Table:
    """Count the claims that can't be tested by reason, and name their topics."""
    rows = []
    for reason, group in ledger[ledger["verdict"] == "not testable"].groupby("reason", sort=True):
        topics = sorted(group["topic"].unique(), key=str.casefold)
        rows.append((reason, len(group), ", ".join(topics)))
    table = pd.DataFrame(rows, columns=["Why not", "Claims", "What they are about"])
    return show_table(table.sort_values("Claims", ascending=False, kind="stable"))
