"""The report in a few lines: what stands at its top, and what the command line prints."""

import pandas as pd

from twitchstats.findings import Findings
from twitchstats.journal import Journal
from twitchstats.report.summary import count_above, is_about_twitching
from twitchstats.report.tables import format_share
from twitchstats.report.wording.claims import count_asked, tell_verdicts
from twitchstats.report.wording.effects import sum_up_triggers
from twitchstats.report.wording.prose import Prose, count_noun, list_some, quote
from twitchstats.report.wording.rows import label_of
from twitchstats.report.wording.signs import choose_advice, find_flags


def describe_report(journal: Journal, findings: Findings) -> Prose:
    """Return the whole report in a few lines, ending with when to see a doctor."""
    claims = _tell_claims(findings.answers, findings.ledger) if is_about_twitching(findings.outcome) else ""
    lines = [
        _tell_days(journal, findings.outcome),
        sum_up_triggers(journal, findings),
        claims,
        _tell_flags(journal),
    ]
    return Prose("\n".join(f"- {line}" for line in lines if line) + f"\n\n> {choose_advice(journal, findings.outcome)}")


def _tell_days(journal: Journal, outcome: str) -> str:
    people = journal.days.index.get_level_values("person").nunique()
    refused = int(journal.rejects["action"].ne("kept").sum())
    entries = count_noun(len(journal.days), "daily entry", "daily entries")
    values = journal.days[outcome].dropna()
    return (
        f"**Read:** {entries} of {count_noun(people, 'person', 'people')}; "
        f"{count_noun(refused, 'row or cell', 'rows or cells')} refused. {quote(label_of(journal, outcome))}: on "
        f"{format_share(float((values > 0).mean()))} of the days."
    )


def _tell_claims(answers: pd.DataFrame, ledger: pd.DataFrame) -> str:
    return f"**{count_asked(answers, ledger)}:** {tell_verdicts(answers)}."


def _tell_flags(journal: Journal) -> str:
    flags = find_flags(journal)
    present = flags[(flags["present"] > 0) & flags["level"].eq("red flag")]
    told = [quote(label.lower()) for label in present["label"]]
    if days := count_above(journal, "weakness"):
        told.append(f"weakness rated above zero on {count_noun(days, 'day')}")
    if not told:
        return ""
    names = list_some(told)
    return f"**Red flags reported:** {names}. Have them looked at."
