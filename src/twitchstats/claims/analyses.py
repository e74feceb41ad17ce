"""Which analysis answers which question: names of the column `test`, each with what it needs."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from twitchstats.arrays import FloatArray, to_pandas
from twitchstats.claims.people import compare_groups, find_cases, find_present, has_diagnoses
from twitchstats.claims.questions import STAND_INS, Question
from twitchstats.episodes import (
    compare_sites_by_trigger,
    estimate_duration,
    estimate_recurrence,
    estimate_sign,
    estimate_spells,
    relate_pain_to_intensity,
    relate_sign_to_duration,
    test_site_share,
)
from twitchstats.episodes.shares import get_episodes
from twitchstats.errors import OptionError
from twitchstats.inference import detectable_effect
from twitchstats.journal import Journal
from twitchstats.journal.record import EPISODE_COLUMNS, EPISODE_KINDS
from twitchstats.numbers import format_effect, format_interval, format_number, format_share
from twitchstats.signs import find_sign
from twitchstats.triggers import compare_dose_shapes, estimate_effects, estimate_remedy_effects

Finding = dict[str, Any]
LAGS = (0, 1, 2, 3)
KNOWN = "triggers"  # family of the effects that a report tells of all triggers


@dataclass(frozen=True)
class Source:
    """What the questions are put to."""

    journal: Journal
    cohort: pd.DataFrame  # people with signs and a diagnosis
    effects: dict[str, pd.DataFrame] = field(default_factory=dict)  # known already (`estimate_effects`), by outcome


def make_source(journal: Journal, cohort: object = None) -> Source:
    """Return what questions are put to: by default the people of the journal itself; signs under their own names.

    Raises
    ------
    OptionError
        The cohort is no data frame.
    """
    people = journal.people if cohort is None else to_pandas(cohort)
    if not isinstance(people, pd.DataFrame):
        raise OptionError(f"cohort={cohort!r:.60} is not possible. Give a data frame with a row for each person.")
    return Source(journal, people.rename(columns=lambda name: find_sign(str(name)) or name))


Runner = Callable[[list[Question], Source], list[Finding]]
EpisodeTest = Callable[[Journal, Question, str | None], pd.DataFrame]


@dataclass(frozen=True)
class Analysis:
    """One kind of test, which gives findings in the order of the questions.

    A finding has ``estimate, ci_lower, ci_upper, ci90_lower, ci90_upper, p_value, n_people, n_days, measure, reference,
    detectable, reason`` and perhaps ``order, caution, note``.
    """

    run: Runner
    table: str  # where its variables are: days, episodes, people; what no episode has is in the days all the same
    outcome_is_kind: bool = False  # the outcome is a kind of episode ("twitches": of kind "twitch")
    ordered: bool = False  # it needs days that are in order, whatever the lag

    def choose_outcome(self, outcome: str, there: dict[str, set[str]]) -> str:
        """Return the outcome asked about if it is there, else the first that stands in for it, else itself.

        Where episodes are not told apart, every episode counts ("").
        """
        known = there["kinds" if self.outcome_is_kind else "days"]
        if self.outcome_is_kind and not known:
            return ""
        return next((name for name in (outcome, *STAND_INS.get(outcome, ())) if name in known), outcome)

    def needs(self, question: Question) -> list[tuple[str, str]]:
        """Return (table, column) of everything the question needs."""
        names = [name for variable in question.variables for name in variable.split("|")]
        other = self.table == "episodes"
        needed = [("days" if other and name not in EPISODE_COLUMNS else self.table, name) for name in names]
        if self.table == "people":
            needed.append(("people", "diagnosis or serious"))
        if question.test == "remedy" and question.level:
            needed.append(("days", question.level))
        if question.outcome:
            needed.append(("kinds" if self.outcome_is_kind else "days", question.outcome))
        return needed


def _find_row(table: pd.DataFrame, **wanted: object) -> Finding:
    """Return the one row of a result, with the wanted values, as a dict."""
    for column, value in wanted.items():
        table = table[table[column] == value]
    return {str(key): value for key, value in table.iloc[0].items()}


def _group(questions: Iterable[Question], key: Callable[[Question], Any]) -> dict[Any, list[Question]]:
    groups: dict[Any, list[Question]] = {}
    for question in questions:
        groups.setdefault(key(question), []).append(question)
    return groups


def estimate_all_effects(journal: Journal, outcome: str, *, triggers: Sequence[str] | None = None) -> pd.DataFrame:
    """Return the effects on an outcome that a report tells and questions rest on: at every lag that there is."""
    lags = (0,) if journal.calendar == "none" else LAGS
    return estimate_effects(journal, outcome=outcome, triggers=triggers, lags=lags).assign(family=KNOWN)


def _run_triggers(questions: list[Question], source: Source) -> list[Finding]:
    """Take each estimate from the effects that are known; estimate the others of an outcome in one call."""
    findings: dict[Question, Finding] = {}
    for outcome, group in _group(questions, lambda question: question.outcome).items():
        known = source.effects.get(outcome, pd.DataFrame(columns=["trigger", "lag"]))
        there = set(zip(known["trigger"], known["lag"], strict=True))
        absent = [question for question in group if (question.variables[0], question.lag) not in there]
        tables = [known]
        if absent:
            triggers = list(dict.fromkeys(question.variables[0] for question in absent))
            lags = sorted({question.lag for question in absent})
            tables.append(estimate_effects(source.journal, outcome=outcome, triggers=triggers, lags=lags))
        for question in group:
            table = tables[question in absent]
            findings[question] = _find_row(table, trigger=question.variables[0], lag=question.lag)
    return [findings[question] for question in questions]


def _run_remedies(questions: list[Question], source: Source) -> list[Finding]:
    findings: dict[Question, Finding] = {}
    for (outcome, lags, on), group in _group(questions, lambda q: (q.outcome, q.lags, q.level)).items():
        remedies = list(dict.fromkeys(question.variables[0] for question in group))
        table = estimate_remedy_effects(
            source.journal, outcome=outcome, remedies=remedies, lag=lags[0], days=len(lags), on=on
        )
        for question in group:
            findings[question] = _find_row(table, remedy=question.variables[0])
    for row in findings.values():  # what before and after a start would show, which regression to the mean makes too
        naive = float(row["naive"])
        told = f"before and after a start alone: {format_effect(naive, row['measure'])}"
        row["note"] = told if np.isfinite(naive) else ""
    return [findings[question] for question in questions]


def _run_thresholds(questions: list[Question], source: Source) -> list[Finding]:
    findings = []
    for question in questions:
        table = compare_dose_shapes(source.journal, question.variables[0], threshold=question.limit,
                                    outcome=question.outcome, lag=question.lag)  # fmt: skip
        over, bend = _find_row(table, shape="over"), _find_row(table, shape="bend")
        size = format_effect(bend["estimate"], bend["measure"])
        interval = format_interval(bend["ci_lower"], bend["ci_upper"], bend["measure"])
        note = f"bend at {question.limit:g} {table['unit'].iloc[0]}: {size} ({interval}) for one step"
        findings.append(over | {"order": "same time" if question.lag == 0 else "forward",
                                "note": note if np.isfinite(bend["estimate"]) else ""})  # fmt: skip
    return findings


def _run_signs(questions: list[Question], source: Source) -> list[Finding]:
    return [
        _tell_ratio(find_present(source.cohort, ";".join(question.variables)), question.level, source.cohort)
        for question in questions
    ]


def _run_rules(questions: list[Question], source: Source) -> list[Finding]:
    from twitchstats.redflags import apply_referral_rules

    findings = []
    for question in questions:
        rule, diagnoses = question.level.split(": ")
        called = apply_referral_rules(source.cohort, rules=[rule])[rule].to_numpy(float)
        findings.append(_tell_ratio(called, diagnoses, source.cohort))
    return findings


def _tell_ratio(found: FloatArray, diagnoses: str, cohort: pd.DataFrame) -> Finding:
    """Return a likelihood ratio, also in words; where no diagnosis is known, by the table's own label."""
    row = compare_groups(found, find_cases(cohort, diagnoses if has_diagnoses(cohort) else "serious"))
    if row["reason"]:
        return row
    ratio = float(row["estimate"])
    often = f"{'only ' if ratio < 1 else ''}{format_number(ratio, 2)} times as often"
    note = (
        f"{often} in those ill with it as in the others (likelihood ratio); it catches "
        f"{format_share(row['sensitivity'])} of them, and {format_share(1 - row['specificity'])} of the others"
    )
    return row | {"note": note}


def _tell_episodes(test: EpisodeTest, journal: Journal, question: Question) -> Finding:
    """Return the finding of an episode analysis: also what was detectable, and on how many days."""
    kind = EPISODE_KINDS.get(question.outcome)
    row = _find_row(test(journal, question, kind))
    distance = float(detectable_effect(row["se"], row["df"])) if not row["reason"] else np.nan
    detectable = float(np.exp(distance)) if row["measure"] == "odds ratio" else row["reference"] + distance
    if row["measure"] == "share":
        detectable = min(detectable, 1.0)
    counted = "spells" if "n_spells" in row else "episodes"
    if counted == "spells":
        n_days = int(journal.days[question.outcome].notna().sum())
    else:
        n_days = len(get_episodes(journal, kind=kind)[["person", "day"]].drop_duplicates())
    note = "" if row["reason"] else f"{int(row[f'n_{counted}']):,} {counted}"
    return row | {"detectable": detectable, "n_days": n_days, "note": note}


def _analyse_episodes(test: EpisodeTest, *, spells: bool = False) -> Analysis:
    """Return the analysis of a test of one question: journal, question, kind of episode -> one row."""

    def run(questions: list[Question], source: Source) -> list[Finding]:
        return [_tell_episodes(test, source.journal, question) for question in questions]

    return Analysis(run, "days" if spells else "episodes", outcome_is_kind=not spells, ordered=spells)


ANALYSES: dict[str, Analysis] = {
    "trigger": Analysis(_run_triggers, "days"),
    "remedy": Analysis(_run_remedies, "days"),
    # What lasts for weeks: given yesterday's value, today's is no news, so that a lag model can't see it.
    "phase": Analysis(lambda q, s: [found | {"note": ""} for found in _run_remedies(q, s)], "days"),
    "threshold": Analysis(_run_thresholds, "days"),
    "sign": Analysis(_run_signs, "people"),
    "rule": Analysis(_run_rules, "people"),
    "site_share": _analyse_episodes(
        lambda j, q, kind: test_site_share(j, sites=q.level.split(";"), reference=q.share, kind=kind)
    ),
    "stress_site": _analyse_episodes(
        lambda j, q, kind: compare_sites_by_trigger(
            j, trigger=q.variables[0], sites=q.level.split(";"), kind=kind
        ).assign(order="same time")
    ),
    "duration": _analyse_episodes(lambda j, q, kind: estimate_duration(j, limit=q.limit, reference=q.share, kind=kind)),
    "symptom": _analyse_episodes(
        lambda j, q, kind: estimate_sign(j, sign=q.variables[0], reference=q.share, kind=kind)
    ),
    "after_duration": _analyse_episodes(lambda j, q, kind: relate_sign_to_duration(j, sign=q.variables[0], kind=kind)),
    "pain_intensity": _analyse_episodes(lambda j, q, kind: relate_pain_to_intensity(j, kind=kind)),
    "spell": _analyse_episodes(
        lambda j, q, kind: estimate_spells(j, outcome=q.outcome, limit=int(q.limit), reference=q.share), spells=True
    ),
    "recurrence": _analyse_episodes(
        lambda j, q, kind: estimate_recurrence(j, outcome=q.outcome, limit=int(q.limit), reference=q.share), spells=True
    ),
}
