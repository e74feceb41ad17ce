"""The ledger: each claim of the register, judged against a journal or with the reason why it can't be."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from twitchstats.claims.analyses import ANALYSES, KINDS, Finding, Request
from twitchstats.claims.register import load_claims
from twitchstats.errors import JournalError, OptionError, unknown_name
from twitchstats.inference import adjust_p_values, judge_estimates
from twitchstats.journal import Journal
from twitchstats.reasons import NO_ORDER, REASONS, WHY

LEDGER_COLUMNS = [
    "claim_id", "article", "kind", "topic", "statement", "test", "n_people", "n_days", "estimate", "ci_lower",
    "ci_upper", "p_value", "p_adjusted", "verdict", "reason", "detectable", "evidence", "needs", "measure",
    "reference", "margin", "expected", "outcome", "lag", "order", "caution", "literature", "days_needed", "note",
]  # fmt: skip
DIRECTION_NOTES = {
    "both ways: a common cause is possible": "which way round? From one day to the next the outcome foretells this too",
    "the outcome comes first": "which way round? From one day to the next only the outcome foretells this",
}
_CODED = ("claim_id", "article", "kind", "topic", "statement", "test", "margin", "expected", "literature", "evidence")
ADVICE = "this judges an article, not a person: with such a sign see a doctor, whatever the verdict"
RATING_MARGIN = 0.2  # points of ten: where a claim about counts is judged on the only outcome there is, a rating
_RATIOS = ("rate ratio", "odds ratio", "likelihood ratio")
_FOUND = ("estimate", "ci_lower", "ci_upper", "ci90_lower", "ci90_upper", "p_value", "p_adjusted", "detectable",
          "p_heterogeneity", "prediction_lower", "prediction_upper")  # fmt: skip


def check_claims(
    journal: Journal,
    *,
    cohort: pd.DataFrame | None = None,
    claims: pd.DataFrame | None = None,
    alpha: float = 0.05,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Judge every claim of the articles against a journal.

    Parameters
    ----------
    journal : Journal
    cohort : DataFrame, optional
        People with signs and a ``serious`` label, for claims about signs; by default ``journal.people``.
    claims : DataFrame, optional
        Rows of `load_claims`; by default all.
    alpha : float
        Rate at which false discoveries are controlled over all tests of the call; intervals are 95 % ones.
    progress : callable, optional
        Called with the number of analyses done and the number of all.

    Returns
    -------
    DataFrame
        A row for each claim, in the order of `claims`: `LEDGER_COLUMNS`. ``estimate`` and its interval are a ratio, a
        difference or a share (``measure``) with no effect at ``reference``; ``expected`` is the sign that the claim
        gives it. ``verdict`` is one of `inference.VERDICTS`, by the margin that the register declares; ``reason`` is
        not empty just where nothing could be tested; ``needs`` then names the columns that would make it testable.
        ``detectable``: the effect that would have been found with 80 % power, on the scale of the estimate;
        ``days_needed``: of an inconclusive claim, how many days in all would find an effect as large as the margin.
        ``order`` "same time" warns that the data can't tell which came first; ``caution`` tells what else a finding
        could be. ``note`` says more where there is more.

    Raises
    ------
    OptionError
        `alpha` is not between 0 and 1.
    JournalError
        `claims` lacks columns of the register.
    UnknownNameError
        `claims` names a test that is not in `ANALYSES`.

    Notes
    -----
    Claims that ask the same question of the data (same test, variables, lag, outcome) share one estimate, and it
    counts once in the multiplicity (Benjamini and Hochberg 1995). Nothing is screened beforehand: every test that
    could be performed counts. The journal of one person judges the claims for that person (where it twitches, say).
    """
    if not 0 < alpha < 1:
        raise OptionError(f"alpha={alpha!r} is not possible. It lies between 0 and 1; 0.05 is usual.")
    claims = load_claims() if claims is None else claims.copy()
    absent = [column for column in load_claims().columns if column not in claims]
    if absent:
        raise JournalError(f"claims lacks the column {absent[0]!r}. Take rows of load_claims().")
    cohort = journal.people if cohort is None else cohort
    there = _find_values(journal, cohort)
    requests = [_make_request(row, there) for row in claims.to_dict("records")]
    asked = list(dict.fromkeys(request for request in requests if request is not None))
    findings = _run_tests(asked, journal, cohort, there, progress)
    p_values = np.array([findings[request].get("p_value", np.nan) for request in asked], dtype=float)
    for request, adjusted in zip(asked, adjust_p_values(p_values), strict=True):
        findings[request]["p_adjusted"] = adjusted
    rows = [_lay_out(row, request, findings[request] if request else {})
            for row, request in zip(claims.to_dict("records"), requests, strict=True)]  # fmt: skip
    return _add_directions(
        _judge(pd.DataFrame(rows), alpha), dict(zip(claims["claim_id"], requests, strict=True)), journal
    )


def _add_directions(table: pd.DataFrame, requests: dict[str, Request | None], journal: Journal) -> pd.DataFrame:
    """Note beside each supported trigger if, from day to day, the outcome foretells the trigger too."""
    from twitchstats.triggers import compare_directions

    found = table[(table["verdict"] == "supported") & (table["test"] == "trigger")]
    if found.empty or journal.calendar == "none":
        return table
    exposure = found["claim_id"].map(lambda name: requests[name].variables[0])  # type: ignore[union-attr]
    notes = table["note"].copy()
    for outcome, triggers in exposure.groupby(found["outcome"]):
        pairs = compare_directions(journal, outcome=str(outcome), triggers=sorted(set(triggers)))
        reading = pairs.drop_duplicates("trigger").set_index("trigger")["reading"]
        notes.update(triggers.map(reading).map(DIRECTION_NOTES).dropna())
    return table.assign(note=notes)


def _find_values(journal: Journal, cohort: pd.DataFrame) -> dict[str, set[str]]:
    """Return for each table the columns with any value; for "kinds" the outcomes that have episodes."""
    kinds = set(journal.episodes["kind"].dropna().unique()) if "kind" in journal.episodes else set()
    tables = {"days": journal.days, "episodes": journal.episodes, "people": cohort}
    there = {name: {str(c) for c in table.columns[table.notna().any()]} for name, table in tables.items()}
    return there | {"kinds": {name for name, kind in KINDS.items() if kind in kinds}}


def _make_request(row: dict[Any, Any], there: dict[str, set[str]]) -> Request | None:
    """Return what the claim asks of the data, with the first of its outcomes that the journal has."""
    if not row["test"]:
        return None
    test = str(row["test"])
    if test not in ANALYSES:
        raise unknown_name("test", test, ANALYSES)
    outcomes = [name for name in str(row["outcome"]).split(";") if name]
    outcome = ANALYSES[test].choose_outcome(outcomes, there["days"], there["kinds"])
    lag = 0 if pd.isna(row["lag"]) else int(row["lag"])
    return Request(test, tuple(str(row["variables"]).split(";")), lag, outcome, str(row["level"]))


def _run_tests(
    requests: list[Request],
    journal: Journal,
    cohort: pd.DataFrame,
    there: dict[str, set[str]],
    progress: Callable[[int, int], None] | None,
) -> dict[Request, Finding]:
    """Run each analysis once for all its requests; what lacks a variable is told so without running."""
    findings: dict[Request, Finding] = {}
    names = [name for name in ANALYSES if any(request.test == name for request in requests)]
    for done, name in enumerate(names, start=1):
        ready = []
        for request in (request for request in requests if request.test == name):
            missing = [
                column
                for table, column in ANALYSES[name].needs(request)
                if not there[table] & set(column.split(" or "))
            ]
            if (request.lag or ANALYSES[name].ordered) and journal.calendar == "none":
                missing.append("date")
            if missing:
                findings[request] = {"reason": "variable not in this journal", "needs": "; ".join(missing)}
            else:
                ready.append(request)
        if ready:
            results = ANALYSES[name].run(ready, journal, cohort)
            findings.update(zip(ready, map(_settle_reason, results), strict=True))
        if progress is not None:
            progress(done, len(names))
    return findings


def _settle_reason(found: Finding) -> Finding:
    """Put an analysis's own words into the ledger's; they stay readable in the note."""
    reason = str(found.get("reason") or "")
    if not reason or reason in REASONS:
        return found
    settled = WHY[reason]
    needs = "date" if reason == NO_ORDER else ""
    return found | {"reason": settled, "note": reason, "needs": needs}


def _lay_out(row: dict[Any, Any], request: Request | None, found: Finding) -> dict[str, Any]:
    estimated = bool(np.isfinite(found.get("estimate", np.nan)))
    measure = str(found.get("measure", "")) if estimated else ""
    reference = found.get("reference", 1.0 if measure in _RATIOS else 0.0) if estimated else np.nan
    told = {name: row[name] for name in _CODED}
    reason = row["reason"] or found.get("reason", "")
    side = "detectable_down" if row["expected"] < 0 else "detectable_up"
    found = {"detectable": found.get(side, np.nan)} | found
    return told | {name: float(found.get(name, np.nan)) for name in _FOUND} | {
        "n_people": int(found.get("n_people", 0) or 0), "n_days": int(found.get("n_days", 0) or 0),
        "measure": measure, "reference": reference, "order": found.get("order", ""),
        "outcome": request.outcome if request else "", "lag": request.lag if request else np.nan,
        "reason": reason, "needs": found.get("needs", "") or (row["variables"] if reason == REASONS[3] else ""),
        "note": _tell_note(row, found), "caution": found.get("caution", ""),
    }  # fmt: skip


def _tell_note(row: dict[Any, Any], found: Finding) -> str:
    """Return the analysis's note; where signs of disease are judged, that no verdict here is about a person."""
    about_signs = row["test"] in ("sign", "combination", "rule")
    return "; ".join(part for part in (found.get("note", ""), ADVICE if about_signs else "") if part)


def to_effect_scale(values: pd.Series, measure: pd.Series, reference: pd.Series) -> pd.Series:
    """Return values where no effect is 0: log ratios, differences, log odds of a share against its reference."""
    values, start = values.to_numpy(float), reference.to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(values / start)
        share = np.log(values / (1 - values)) - np.log(start / (1 - start))
    scaled = np.select([measure.isin(_RATIOS), measure == "share"], [ratio, share], default=values - start)
    return pd.Series(scaled, index=measure.index)


def _judge(table: pd.DataFrame, alpha: float) -> pd.DataFrame:
    scaled = table[["p_adjusted", "reason"]].copy()
    scaled["p_heterogeneity"] = table["p_heterogeneity"]
    for name in ("estimate", "ci90_lower", "ci90_upper", "prediction_lower", "prediction_upper"):
        scaled[name] = to_effect_scale(table[name], table["measure"], table["reference"])
    rated = table["measure"] == "difference"
    table["margin"] = table["margin"].astype(float).mask(rated & (table["margin"] > 1), RATING_MARGIN)
    margin = np.where(rated, table["margin"], np.log(table["margin"].clip(lower=1 + 1e-12)))
    verdicts = judge_estimates(scaled, direction=table["expected"].fillna(1), margin=margin, alpha=alpha)
    table = table.assign(verdict=verdicts["verdict"], reason=verdicts["reason"])
    detectable = to_effect_scale(table["detectable"], table["measure"], table["reference"]).abs()
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        needed = np.ceil(table["n_days"] * (detectable / margin) ** 2)
    table["days_needed"] = needed.where((table["verdict"] == "inconclusive") & (table["n_days"] > 0))
    return table[LEDGER_COLUMNS].reset_index(drop=True)
