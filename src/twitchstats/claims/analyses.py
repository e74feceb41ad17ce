"""Which analysis judges which kind of claim: names of the register's column `test`, each with what it needs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from twitchstats.claims.doses import compare_dose_shapes
from twitchstats.claims.people import estimate_sign_ratios
from twitchstats.claims.remedies import estimate_remedy_effects
from twitchstats.journal import Journal

Finding = dict[str, Any]


class Request(NamedTuple):
    """What a claim asks of the data; claims with equal requests share one estimate."""

    test: str
    variables: tuple[str, ...]
    lag: int
    outcome: str
    level: str


@dataclass(frozen=True)
class Analysis:
    """One kind of test.

    Attributes
    ----------
    run : callable (requests, journal, cohort, alpha) -> list of findings in the order of the requests
        A finding has ``estimate, ci_lower, ci_upper, ci90_lower, ci90_upper, p_value, n_people, n_days, measure,
        reference, detectable, reason`` and perhaps ``order, note``.
    table : {"days", "episodes", "people"}
        Where its variables are.
    daily : tuple of str
        Variables that are in the daily table all the same.
    """

    run: Callable[[list[Request], Journal, pd.DataFrame, float], list[Finding]]
    table: str
    daily: tuple[str, ...] = ()

    def needs(self, request: Request) -> list[tuple[str, str]]:
        """Return (table, column) of everything the request needs."""
        names = [(("days" if name in self.daily else self.table), name)
                 for variable in request.variables for name in variable.split("|")]  # fmt: skip
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


def _run_triggers(requests: list[Request], journal: Journal, _: pd.DataFrame, alpha: float) -> list[Finding]:
    from twitchstats.triggers import estimate_effects

    findings: dict[Request, Finding] = {}
    for (outcome, lag), group in _group(requests, lambda r: (r.outcome, r.lag)).items():
        triggers = list(dict.fromkeys(request.variables[0] for request in group))
        table = estimate_effects(journal, outcome=outcome, triggers=triggers, lags=(lag,))
        for request in group:
            findings[request] = _find_row(table, trigger=request.variables[0], lag=lag)
    return [findings[request] for request in requests]


def _run_remedies(requests: list[Request], journal: Journal, _: pd.DataFrame, alpha: float) -> list[Finding]:
    findings: dict[Request, Finding] = {}
    for (outcome, lag), group in _group(requests, lambda r: (r.outcome, r.lag)).items():
        remedies = list(dict.fromkeys(request.variables[0] for request in group))
        table = estimate_remedy_effects(journal, outcome=outcome, remedies=remedies, lag=lag, alpha=alpha)
        for request in group:
            row = _find_row(table, remedy=request.variables[0])
            change = "change" if row["measure"] == "difference" else "ratio"
            note = f"before and after a start alone: {change} {row['naive']:.2f}" if np.isfinite(row["naive"]) else ""
            findings[request] = row | {"note": note if not row["reason"] else ""}
    return [findings[request] for request in requests]


def _run_thresholds(requests: list[Request], journal: Journal, _: pd.DataFrame, alpha: float) -> list[Finding]:
    findings = []
    for request in requests:
        table = compare_dose_shapes(journal, request.variables[0], threshold=float(request.level),
                                    outcome=request.outcome, lag=request.lag, alpha=alpha)  # fmt: skip
        over, bend = _find_row(table, shape="over"), _find_row(table, shape="bend")
        note = (f"bend at {float(request.level):g} {table['unit'].iloc[0]}: {bend['estimate']:.2f} "
                f"({bend['ci_lower']:.2f} to {bend['ci_upper']:.2f}) a step")  # fmt: skip
        findings.append(over | {"order": "same time" if request.lag == 0 else "forward",
                                "note": note if np.isfinite(bend["estimate"]) else ""})  # fmt: skip
    return findings


def _run_signs(requests: list[Request], _: Journal, cohort: pd.DataFrame, alpha: float) -> list[Finding]:
    findings = []
    for request in requests:
        row = estimate_sign_ratios(cohort, [";".join(request.variables[:-1])], label=request.level, alpha=alpha)
        found = _find_row(row, signs=";".join(request.variables[:-1]))
        note = ""
        if not found["reason"]:
            note = f"sensitivity {found['sensitivity']:.2f}, specificity {found['specificity']:.2f}"
        findings.append(found | {"note": note})
    return findings


ANALYSES: dict[str, Analysis] = {
    "trigger": Analysis(_run_triggers, "days"),
    "remedy": Analysis(_run_remedies, "days"),
    "threshold": Analysis(_run_thresholds, "days"),
    "sign": Analysis(_run_signs, "people"),
    "combination": Analysis(_run_signs, "people"),
}
