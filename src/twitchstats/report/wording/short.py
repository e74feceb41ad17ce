"""The report in a few lines: what stands at its top, and what the command line prints."""

import pandas as pd

from twitchstats.findings import Findings
from twitchstats.journal import Journal
from twitchstats.numbers import format_share
from twitchstats.report.summary import count_noted, count_people
from twitchstats.report.wording.claims import count_asked, tell_verdicts
from twitchstats.report.wording.effects import sum_up_triggers
from twitchstats.report.wording.prose import Prose, count_noun, quote
from twitchstats.report.wording.rows import label_of
from twitchstats.report.wording.signs import choose_advice, list_present, quote_labels, tell_unclear
from twitchstats.report.wording.trials import sum_up_trial
from twitchstats.trial import Plan
from twitchstats.variables import is_about_twitching


def describe_report(journal: Journal, findings: Findings, plan: Plan | None, trial: pd.DataFrame) -> Prose:
    """Return the whole report in a few lines, ending with when to see a doctor."""
    asked, verdicts = count_asked(findings.answers, findings.ledger), tell_verdicts(findings.answers)
    lines = [
        tell_days(journal, findings.outcome),
        sum_up_trial(journal, plan, trial),
        sum_up_triggers(journal, findings),
        f"**{asked}:** {verdicts}." if is_about_twitching(findings.outcome) else "",
        _tell_flags(journal, findings.flags),
    ]
    return Prose("\n".join(f"- {line}" for line in lines if line) + f"\n\n> {choose_advice(journal, findings.outcome)}")


def tell_days(journal: Journal, outcome: str) -> str:
    """Say how much was read, and on how many of the days the outcome was there."""
    people = count_people(journal)
    refused = int(journal.rejects["action"].ne("kept").sum())
    entries = count_noun(count_noted(journal), "daily entry", "daily entries")
    above = journal.days[outcome].dropna() > 0
    share = f"on {format_share(float(above.mean()))} of the days" if not above.all() else "on every day noted"
    if not above.all() and share == f"on {format_share(1.0)} of the days":
        share = f"on all but {int((~above).sum())} of the days"
    if above.empty:
        share = "nothing noted"
    return (
        f"**Read:** {entries} of {count_noun(people, 'person', 'people')}; "
        f"{count_noun(refused, 'row or cell', 'rows or cells')} refused or combined. "
        f"{quote(label_of(journal, outcome))}: {share}."
    )


def _tell_flags(journal: Journal, flags: pd.DataFrame) -> str:
    there = quote_labels(list_present(journal, flags, least=1))
    told = f"**Red flags reported:** {there}. Have them looked at." if there else ""
    return f"{told} {tell_unclear(journal, flags).replace('Not clear:', '**Not clear:**')}".strip()
