"""Which analysis judges which kind of claim: names of the register's column `test`, each with what it needs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from twitchstats.claims.doses import compare_dose_shapes
from twitchstats.claims.people import estimate_sign_ratios
from twitchstats.claims.remedies import estimate_remedy_effects
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
from twitchstats.inference import describe_estimates, detectable_effect
from twitchstats.journal import Journal

Finding = dict[str, Any]
KINDS = {"twitches": "twitch", "cramps": "cramp", "spasms": "spasm"}


class Request(NamedTuple):
    """What a claim asks of the data; claims with equal requests share one estimate."""

    test: str
    variables: tuple[str, ...]
    lag: int
    outcome: str
    level: str


Runner = Callable[[list[Request], Journal, pd.DataFrame], list[Finding]]
EpisodeTest = Callable[[Journal, Request, str | None], pd.DataFrame]


@dataclass(frozen=True)
class Analysis:
    """One kind of test.

    Attributes
    ----------
    run : callable (requests, journal, cohort) -> list of findings in the order of the requests
        A finding has ``estimate, ci_lower, ci_upper, ci90_lower, ci90_upper, p_value, n_people, n_days, measure,
        reference, detectable, reason`` and perhaps ``order, note``.
    table : {"days", "episodes", "people"}
        Where its variables are.
    daily : tuple of str
        Variables that are in the daily table all the same.
    outcome_is_kind : bool
        The outcome says which kind of episode is meant ("twitches": episodes of kind "twitch").
    ordered : bool
        It needs days that are in order, whatever the lag.
    """

    run: Runner
    table: str
    daily: tuple[str, ...] = ()
    outcome_is_kind: bool = False
    ordered: bool = False

    def choose_outcome(self, outcomes: list[str], daily: set[str], kinds: set[str]) -> str:
        """Return the first outcome that is there; all of them joined by " or " if none is.

        Parameters
        ----------
        outcomes : list of str
            By preference.
        daily : set of str
            Variables with any value in the daily table.
        kinds : set of str
            Outcomes of whose kind the journal has episodes; where it tells none apart, every episode counts ("").
        """
        there = [name for name in outcomes if name in (kinds if self.outcome_is_kind else daily)]
        if there or not outcomes:
            return there[0] if there else ""
        return "" if self.outcome_is_kind and not kinds else " or ".join(outcomes)

    def needs(self, request: Request) -> list[tuple[str, str]]:
        """Return (table, column) of everything the request needs."""
        names = [(("days" if name in self.daily else self.table), name)
                 for variable in request.variables for name in variable.split("|")]  # fmt: skip
        if self.outcome_is_kind:
            return [*names, *([("kinds", request.outcome)] if request.outcome else [])]
        return [*names, *([("days", request.outcome)] if request.outcome else [])]


def _find_row(table: pd.DataFrame, **wanted: object) -> Finding:
    """Return the one row of a result with the wanted values as a dict."""
    chosen = np.logical_and.reduce([table[column] == value for column, value in wanted.items()])
    return {str(key): value for key, value in table[chosen].iloc[0].items()}


def _group(requests: Iterable[Request], key: Callable[[Request], Any]) -> dict[Any, list[Request]]:
    groups: dict[Any, list[Request]] = {}
    for request in requests:
        groups.setdefault(key(request), []).append(request)
    return groups


def _run_triggers(requests: list[Request], journal: Journal, _: pd.DataFrame) -> list[Finding]:
    from twitchstats.triggers import estimate_effects

    findings: dict[Request, Finding] = {}
    for (outcome, lag), group in _group(requests, lambda r: (r.outcome, r.lag)).items():
        triggers = list(dict.fromkeys(request.variables[0] for request in group))
        table = estimate_effects(journal, outcome=outcome, triggers=triggers, lags=(lag,))
        for request in group:
            findings[request] = _find_row(table, trigger=request.variables[0], lag=lag)
    return [findings[request] for request in requests]


def _run_remedies(requests: list[Request], journal: Journal, _: pd.DataFrame) -> list[Finding]:
    findings: dict[Request, Finding] = {}
    for (outcome, lag), group in _group(requests, lambda r: (r.outcome, r.lag)).items():
        remedies = list(dict.fromkeys(request.variables[0] for request in group))
        table = estimate_remedy_effects(journal, outcome=outcome, remedies=remedies, lag=lag)
        for request in group:
            row = _find_row(table, remedy=request.variables[0])
            change = "change" if row["measure"] == "difference" else "ratio"
            note = f"before and after a start alone: {change} {row['naive']:.2f}" if np.isfinite(row["naive"]) else ""
            findings[request] = row | {"note": note if not row["reason"] else ""}
    return [findings[request] for request in requests]


def _run_phases(requests: list[Request], journal: Journal, cohort: pd.DataFrame) -> list[Finding]:
    """Judge what lasts for weeks: given yesterday's value, today's is no news, so that a lag model can't see it."""
    return [found | {"note": ""} for found in _run_remedies(requests, journal, cohort)]


def _run_thresholds(requests: list[Request], journal: Journal, _: pd.DataFrame) -> list[Finding]:
    findings = []
    for request in requests:
        table = compare_dose_shapes(journal, request.variables[0], threshold=float(request.level),
                                    outcome=request.outcome, lag=request.lag)  # fmt: skip
        over, bend = _find_row(table, shape="over"), _find_row(table, shape="bend")
        note = (f"bend at {float(request.level):g} {table['unit'].iloc[0]}: {bend['estimate']:.2f} "
                f"({bend['ci_lower']:.2f} to {bend['ci_upper']:.2f}) a step")  # fmt: skip
        findings.append(over | {"order": "same time" if request.lag == 0 else "forward",
                                "note": note if np.isfinite(bend["estimate"]) else ""})  # fmt: skip
    return findings


def _run_signs(requests: list[Request], _: Journal, cohort: pd.DataFrame) -> list[Finding]:
    findings = []
    for request in requests:
        row = estimate_sign_ratios(cohort, [";".join(request.variables[:-1])], label=request.level)
        found = _find_row(row, signs=";".join(request.variables[:-1]))
        note = ""
        if not found["reason"]:
            note = f"sensitivity {found['sensitivity']:.2f}, specificity {found['specificity']:.2f}"
        findings.append(found | {"note": note})
    return findings


def _run_rules(requests: list[Request], _: Journal, cohort: pd.DataFrame) -> list[Finding]:
    from twitchstats.redflags import evaluate_referral_rules

    serious = pd.to_numeric(cohort["serious"], errors="coerce").dropna()
    if serious.nunique() < 2:
        return [{"reason": "no variation", "n_people": len(serious)} for _request in requests]
    table = evaluate_referral_rules(cohort, rules=list(dict.fromkeys(request.level for request in requests)))
    return [_tell_rule(table[table["rule"] == request.level].set_index("metric")) for request in requests]


def _tell_rule(metrics: pd.DataFrame) -> Finding:
    """Turn the metrics of one rule into a finding: its likelihood ratio, told with what it catches at the base rate."""
    ratio, estimate = metrics.loc["likelihood_ratio"], metrics["estimate"]
    if not np.isfinite(ratio["estimate"]):
        return {"reason": "no variation", "n_people": int(ratio["n"])}
    se = float(np.log(ratio["ci_upper"] / ratio["ci_lower"]) / (2 * stats.norm.isf(0.025)))
    log_ratio = float(np.log(ratio["estimate"]))
    found = describe_estimates(log_ratio, se, np.inf)
    p_value = float(found.pop("p_value"))
    note = (f"sensitivity {estimate['sensitivity']:.2f}, specificity {estimate['specificity']:.2f}; at a base rate of "
            f"{metrics['base_rate'].iloc[0]:.2g} {estimate['ppv']:.2g} of those called are seriously ill")  # fmt: skip
    return {key: float(np.exp(value)) for key, value in (found | {"estimate": np.array(log_ratio)}).items()} | {
        "p_value": p_value, "measure": "likelihood ratio", "n_people": int(ratio["n"]), "note": note, "reason": "",
    }  # fmt: skip


def _tell_episodes(table: pd.DataFrame, journal: Journal, request: Request, *, counted: str = "episodes") -> Finding:
    """Turn the one row of an episode analysis into a finding: what was detectable, and on how many days."""
    row = {str(key): value for key, value in table.iloc[0].items()}
    distance = float(detectable_effect(row["se"], row["df"])) if not row["reason"] else np.nan
    detectable = float(np.exp(distance)) if row["measure"] == "odds ratio" else row["reference"] + distance
    if row["measure"] == "share":
        detectable = min(detectable, 1.0)
    if counted == "spells":
        n_days = int(journal.days[request.outcome].notna().sum())
    else:
        kept = journal.episodes
        if request.outcome:
            kept = kept[kept["kind"] == KINDS[request.outcome]]
        n_days = len(kept[["person"]].assign(day=_find_day(kept)).drop_duplicates())
    note = "" if row["reason"] else f"{int(row['n_episodes'])} {counted}"
    return row | {"detectable": detectable, "n_days": n_days, "note": note}


def _find_day(episodes: pd.DataFrame) -> pd.Series:
    """Return the day of each start, or its row where starts are not given."""
    start = episodes["start"] if "start" in episodes else pd.Series(np.nan, index=episodes.index)
    if pd.api.types.is_datetime64_any_dtype(start):
        return start.dt.floor("D")
    return np.floor(pd.to_numeric(start, errors="coerce")).fillna(pd.Series(range(len(start)), index=start.index))


def _run_on_episodes(test: EpisodeTest, *, counted: str = "episodes") -> Runner:
    """Return a runner for a test of one request: journal, request, kind of episode -> one row."""

    def run(requests: list[Request], journal: Journal, _: pd.DataFrame) -> list[Finding]:
        return [
            _tell_episodes(test(journal, request, KINDS.get(request.outcome)), journal, request, counted=counted)
            for request in requests
        ]

    return run


def _test_sign(journal: Journal, request: Request, kind: str | None) -> pd.DataFrame:
    return estimate_sign(journal, sign=request.variables[0], kind=kind)


def _analyse_episodes(test: EpisodeTest, daily: tuple[str, ...] = ()) -> Analysis:
    return Analysis(_run_on_episodes(test), "episodes", daily, outcome_is_kind=True)


def _analyse_spells(test: EpisodeTest) -> Analysis:
    return Analysis(_run_on_episodes(test, counted="spells"), "days", ordered=True)


ANALYSES: dict[str, Analysis] = {
    "trigger": Analysis(_run_triggers, "days"),
    "remedy": Analysis(_run_remedies, "days"),
    "phase": Analysis(_run_phases, "days"),
    "threshold": Analysis(_run_thresholds, "days"),
    "sign": Analysis(_run_signs, "people"),
    "combination": Analysis(_run_signs, "people"),
    "rule": Analysis(_run_rules, "people"),
    "site_share": _analyse_episodes(lambda j, r, kind: test_site_share(j, sites=r.level, kind=kind)),
    "stress_site": _analyse_episodes(
        lambda j, r, kind: compare_sites_by_trigger(j, trigger=r.variables[0], sites=r.level, kind=kind),
        daily=("stress", "anxiety"),
    ),
    "duration": _analyse_episodes(lambda j, r, kind: estimate_duration(j, limit=float(r.level), kind=kind)),
    "precursor": _analyse_episodes(_test_sign),
    "during": _analyse_episodes(_test_sign),
    "after": _analyse_episodes(_test_sign),
    "after_duration": _analyse_episodes(lambda j, r, kind: relate_sign_to_duration(j, sign=r.variables[0], kind=kind)),
    "pain_intensity": _analyse_episodes(lambda j, r, kind: relate_pain_to_intensity(j, kind=kind)),
    "spell": _analyse_spells(lambda j, r, kind: estimate_spells(j, outcome=r.outcome, limit=int(r.level))),
    "recurrence": _analyse_spells(lambda j, r, kind: estimate_recurrence(j, outcome=r.outcome, limit=int(r.level))),
}
