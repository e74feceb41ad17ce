"""The answers: each question put to a journal once; and the ledger, each claim with its question's answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import special

from twitchstats.arrays import to_pandas
from twitchstats.claims.analyses import ANALYSES, KNOWN, Finding, Source, estimate_all_effects, make_source
from twitchstats.claims.people import has_diagnoses
from twitchstats.claims.questions import Question, load_questions, read_question
from twitchstats.claims.register import load_claims
from twitchstats.errors import JournalError, OptionError, check_share, unknown_name
from twitchstats.inference import ALPHA, adjust_p_values, detectable_effect, judge_estimates
from twitchstats.journal import Journal
from twitchstats.journal.record import EPISODE_KINDS, check_journal
from twitchstats.reasons import NO_ORDER, REASONS, WHY
from twitchstats.simulate.cohort import is_simulated
from twitchstats.triggers import compare_directions
from twitchstats.variables import normalise_header

if TYPE_CHECKING:
    from twitchstats.findings import Findings

ANSWER_COLUMNS = [
    "question_id", "question", "kind", "outcome", "judged_on", "measured_as", "lag", "n_people", "n_days", "estimate",
    "ci_lower", "ci_upper", "ci90_lower", "ci90_upper", "prediction_lower", "prediction_upper", "p_value", "p_adjusted",
    "family", "verdict", "reason", "caution", "order", "measure", "reference", "direction", "margin", "margin_reason",
    "detectable", "days_needed", "needs", "note", "condition", "people", "literature", "evidence", "articles",
]  # fmt: skip
LEDGER_COLUMNS = [
    "claim_id", "article", "kind", "topic", "statement", "hedge", "question_id", "outcome", "judged_on", "lag",
    "n_people", "n_days", "estimate", "ci_lower", "ci_upper", "p_value", "p_adjusted", "family", "verdict", "reason",
    "caution", "detectable", "evidence", "question", "needs", "measure", "reference", "margin", "direction", "order",
    "literature", "days_needed", "note",
]  # fmt: skip
FAMILY = "claims"  # every question that was tested, but those that the table of triggers tells
ADVICE = "this judges an article, not a person: with such a sign still see a doctor"
FEW = 5  # people, below which an answer of a group says how many told it
RATING_MARGIN = 0.2  # points of ten: where a question about counts is judged on a rating
RATED = (RATING_MARGIN, "less than a fifth of a point of ten for one step is not felt")
CAUTIONS = {
    "stand-in": "judged on {}, which can't decide it",
    "sign": ADVICE,
    "simulated": "the people are simulated: this is what was put in, in part by assumption",
    "remedy": "an association: it is taken on bad days, and these pass by themselves",
    "few": "told by {} of {} people",
    "same time": "which came first that day is not known",
    "backward": "the outcome was told first that day",
}
_TOO = "which way round? From one day to the next the outcome foretells this too"
DIRECTION_NOTES = {
    "both ways: a common cause is possible": _TOO,
    "one way shown: the other can't be ruled out": _TOO,
    "the outcome comes first": "which way round? From one day to the next only the outcome foretells this",
}
LAGGED = ("trigger", "threshold")  # tests whose exposure the outcome may foretell from day to day
_FOUND = ("estimate", "ci_lower", "ci_upper", "ci90_lower", "ci90_upper", "p_value", "p_adjusted", "detectable",
          "p_heterogeneity", "prediction_lower", "prediction_upper")  # fmt: skip
_TEXTS = ("order", "needs", "note", "caution")


def answer_questions(
    journal: Journal,
    *,
    cohort: pd.DataFrame | None = None,
    findings: Findings | None = None,
    questions: pd.DataFrame | None = None,
    alpha: float = ALPHA,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Put the questions that the articles' claims ask to a journal.

    Parameters
    ----------
    journal : Journal
    cohort : DataFrame, optional
        People with signs and a ``diagnosis`` (or ``serious``: 1 or yes), for questions about signs; by default
        ``journal.people``.
    findings : Findings, optional
        As `analyze_journal` returns it: its answers to `questions` are returned, nothing is computed.
    questions : DataFrame, optional
        Rows of `load_questions`; by default all.
    alpha : float
        Rate at which false discoveries are controlled over all tests of the call; intervals are 95 % ones.
    progress : callable, optional
        Called with the number of analyses done and the number of all.

    Returns
    -------
    DataFrame
        A row for each question, in the order of `questions`: `ANSWER_COLUMNS`. ``outcome`` is what is asked about;
        ``judged_on`` is not empty where the answer rests on something else (another outcome, or what stands in for the
        thing itself), ``measured_as`` says which column and step it was measured by. ``estimate`` and its interval are
        a ratio, a difference or a share (``measure``) with no effect at ``reference``; ``direction`` is the sign that
        a yes gives it. The 90 % interval (``ci90_lower, ci90_upper``) decides what is practically null, that of one
        more person's effect (``prediction_lower, prediction_upper``) if people differ. ``p_adjusted`` counts the tests
        of ``family``: "triggers" where the table of all triggers and lags of the journal's outcome tells the same test
        (with the same number), else "claims". ``verdict`` is one of
        `inference.VERDICTS`, by ``margin``; ``reason`` is not empty just where nothing could be tested, and ``needs``
        names columns that would change that. ``detectable``: the effect that would have been found with 80 % power, on
        the scale of the estimate; ``days_needed``: of an inconclusive answer, how many days in all would find an effect
        as large as the margin (by its interval where nothing is detectable yet). ``order`` "same time" warns that the
        data can't tell which came first; ``caution`` tells what else an answer could be, ``note`` more where there is
        more. ``articles``: who claims it, separated by spaces.

    Raises
    ------
    OptionError
        `alpha` is not between 0 and 1.
    JournalError
        `questions` lacks columns of `load_questions`.
    UnknownNameError
        `questions` names a test that is not in `ANALYSES`.

    Notes
    -----
    Questions whose test is the same share one estimate, and it counts once in the multiplicity (Benjamini and Hochberg
    1995), as does the test whether people differ. Nothing is screened beforehand. What is judged on a stand-in is never
    more than *inconclusive*, and neither is what simulated people show of signs, as they were made so. Signs and
    remedies contradict nothing and are never practically null: what is no sign is no reason to stay away from a doctor,
    and a remedy is taken on bad days, which hides help as it feigns harm. Nor does what may be the other way round (the
    order of the day is not known, or from day to day the outcome foretells the trigger): who drinks less coffee on bad
    days does not show that coffee eases.

    Examples
    --------
    >>> import twitchstats as tw
    >>> questions = tw.load_questions().query("question_id == 'sleep-twitches'")
    >>> answers = tw.answer_questions(tw.read_demo(), questions=questions)
    >>> answers[["question_id", "outcome", "measure", "verdict"]]
          question_id   outcome     measure    verdict
    0  sleep-twitches  twitches  rate ratio  supported
    """
    check_journal(journal)
    asked = _take_rows(questions, load_questions)
    if findings is not None:
        if not isinstance(getattr(findings, "answers", None), pd.DataFrame):
            raise OptionError(f"findings={findings!r:.60} is not possible. Give what analyze_journal returns.")
        return _pick_answers(findings.answers, asked["question_id"])
    check_share("alpha", alpha)
    source = make_source(journal, cohort)
    if questions is None and journal.outcome in set(asked["outcome"]):  # a report tells its effects, by the same fits
        source.effects[str(journal.outcome)] = estimate_all_effects(journal, str(journal.outcome))
    return answer_from(source, asked, alpha=alpha, progress=progress)


def _pick_answers(answers: pd.DataFrame, names: pd.Series) -> pd.DataFrame:
    """Return the answers to some questions, in their order."""
    for name in names[~names.isin(answers["question_id"])]:
        raise unknown_name("question", name, answers["question_id"])
    return answers.set_index("question_id", drop=False).loc[names].reset_index(drop=True)


def answer_from(
    source: Source,
    asked: pd.DataFrame,
    *,
    directions: pd.DataFrame | None = None,
    alpha: float = ALPHA,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Answer questions from a source in which some effects may be known already; see `answer_questions`.

    So may be the `directions` of the journal's outcome (`triggers.compare_directions`).
    """
    there = _find_values(source)
    rows = asked.to_dict("records")
    records = [_settle_question(row, there) if row["test"] else None for row in rows]
    tests = list(dict.fromkeys(record for record in records if record is not None))
    findings = _run_tests(tests, source, there, progress)
    _adjust(tests, findings)
    claims = load_claims()
    articles = claims.groupby("question_id")["article"].agg(lambda names: " ".join(sorted(set(names)))).to_dict()
    told = [
        _lay_out(row, record, findings[record] if record else {}, source)
        | {"articles": articles.get(row["question_id"], "")}
        for row, record in zip(rows, records, strict=True)
    ]
    table = pd.DataFrame(told, columns=[*ANSWER_COLUMNS, *(name for name in _FOUND if name not in ANSWER_COLUMNS)])
    answers = _judge(table, alpha)
    return _add_directions(answers, dict(zip(answers["question_id"], records, strict=True)), source.journal, directions)


def _adjust(tests: list[Question], findings: dict[Question, Finding]) -> None:
    """Count the tests: what a table of triggers tells keeps its p-value from there, all else is one family."""
    own = [test for test in tests if findings[test].get("family") != KNOWN]
    for group, name, adjusted in ((own, "p_value", "p_adjusted"), (tests, "p_heterogeneity", "p_heterogeneity")):
        p_values = np.array([findings[test].get(name, np.nan) for test in group], dtype=float)
        for test, value in zip(group, adjust_p_values(p_values), strict=True):
            findings[test][adjusted] = value


def check_claims(
    journal: Journal,
    *,
    cohort: pd.DataFrame | None = None,
    findings: Findings | None = None,
    claims: pd.DataFrame | None = None,
    alpha: float = ALPHA,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Return the ledger: every claim of the articles with its question's answer.

    Parameters
    ----------
    journal, cohort, findings, alpha, progress
        As in `answer_questions`.
    claims : DataFrame, optional
        Rows of `load_claims`; by default all. Only their questions are asked, and only these tests are counted.

    Returns
    -------
    DataFrame
        A row for each claim, in the order of `claims`: `LEDGER_COLUMNS`. Claims with one question have one answer; a
        claim without a question is *not testable*, for the ``reason`` of the register.

    Raises
    ------
    OptionError
        `alpha` is not between 0 and 1.
    JournalError
        `claims` lacks columns of the register.

    Examples
    --------
    >>> import twitchstats as tw
    >>> claims = tw.load_claims().query("question_id == 'caffeine-twitches'")
    >>> diary = tw.simulate_suspicion(effect=0.5, hidden=0.0, days=60)
    >>> tw.check_claims(diary, claims=claims)[["article", "verdict"]].values.tolist()
    [['A4', 'supported']]
    """
    rows, questions = _take_rows(claims, load_claims), None
    if claims is not None:
        questions = load_questions()
        names = rows["question_id"]
        for name in names[(names != "") & ~names.isin(questions["question_id"])]:
            raise unknown_name("question", name, questions["question_id"])
        questions = questions[questions["question_id"].isin(names)]
    answers = answer_questions(
        journal, cohort=cohort, findings=findings, questions=questions, alpha=alpha, progress=progress
    )
    return join_answers(rows, answers)


def join_answers(claims: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Return claims with the answers to their questions; see `check_claims`."""
    shared = [name for name in LEDGER_COLUMNS if name in answers and name not in ("kind",)]
    own = claims.drop(columns=["direction", "condition", "note"])
    table = own.merge(answers[shared], on="question_id", how="left", suffixes=("_claim", ""))
    table["reason"] = table["reason"].where(table["question_id"] != "", table["reason_claim"])
    table["verdict"] = table["verdict"].fillna("not testable")
    table[["n_people", "n_days"]] = table[["n_people", "n_days"]].fillna(0).astype(int)
    texts = ["outcome", "judged_on", "family", "caution", "evidence", "question", "needs", "measure", "order",
             "literature", "note"]  # fmt: skip
    table[texts] = table[texts].fillna("").astype("str")
    return table[LEDGER_COLUMNS]


def _take_rows(given: object, load: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """Return rows of a table of the register, by default all; text that a CSV made missing, or a number, is text."""
    known, rows, name = load(), to_pandas(given), load.__name__.removeprefix("load_")
    if given is None:
        return known
    if not isinstance(rows, pd.DataFrame):
        raise OptionError(f"{name}={given!r:.60} is not possible. Take rows of load_{name}().")
    for column in known.columns.difference(rows.columns, sort=False):
        raise JournalError(f"{name} lacks the column {column!r}. Take rows of load_{name}().")
    texts = known.columns[[pd.api.types.is_string_dtype(dtype) for dtype in known.dtypes]]
    return rows.assign(
        **{text: rows[text].astype(object).fillna("").astype("str").str.removesuffix(".0") for text in texts}
    )


def _find_values(source: Source) -> dict[str, set[str]]:
    """Return for each table the columns with any value; for "kinds" the outcomes that have episodes."""
    episodes = source.journal.episodes
    kinds = set(episodes["kind"].dropna().unique()) if "kind" in episodes else set()
    tables = {"days": source.journal.days, "episodes": episodes, "people": source.cohort}
    there = {name: {str(c) for c in table.columns[table.notna().any()]} for name, table in tables.items()}
    return there | {"kinds": {name for name, kind in EPISODE_KINDS.items() if kind in kinds}}


def _settle_question(row: dict[Any, Any], there: dict[str, set[str]]) -> Question:
    """Return what a question asks of these data: of its outcome, or of the first that stands in for it."""
    test = str(row["test"])
    if test not in ANALYSES:
        raise unknown_name("test", test, ANALYSES)
    question = read_question(row)
    outcome = question.outcome and ANALYSES[test].choose_outcome(question.outcome, there)
    return replace(question, outcome=outcome)


def _run_tests(
    questions: list[Question],
    source: Source,
    there: dict[str, set[str]],
    progress: Callable[[int, int], None] | None,
) -> dict[Question, Finding]:
    """Run each analysis once for all its questions; what lacks a variable is told so without running."""
    findings: dict[Question, Finding] = {}
    names = [name for name in ANALYSES if any(question.test == name for question in questions)]
    for done, name in enumerate(names, start=1):
        ready = []
        for question in (question for question in questions if question.test == name):
            missing = _find_missing(question, there, ordered=source.journal.calendar != "none")
            if missing:
                findings[question] = {"reason": "variable not in this journal", "needs": "; ".join(missing)}
            else:
                ready.append(question)
        if ready:
            results = ANALYSES[name].run(ready, source)
            findings.update(zip(ready, map(_settle_reason, results), strict=True))
        if progress is not None:
            progress(done, len(names))
    return findings


def _find_missing(question: Question, there: dict[str, set[str]], *, ordered: bool) -> list[str]:
    """Return the columns that a question lacks; "date" where it needs days in order."""
    analysis = ANALYSES[question.test]
    missing = [
        column for table, column in analysis.needs(question) if not there[table] & set(column.split(" or "))
    ]  # fmt: skip
    in_time = any(question.lags) or analysis.ordered
    return missing + ["date"] * (in_time and not ordered)


def _settle_reason(found: Finding) -> Finding:
    """Put an analysis's own words into the ledger's; they stay readable in the note."""
    reason = str(found.get("reason") or "")
    if not reason or reason in REASONS:
        return found
    return found | {"reason": WHY[reason], "note": reason, "needs": "date" if reason == NO_ORDER else ""}


def _lay_out(row: dict[Any, Any], question: Question | None, found: Finding, source: Source) -> dict[str, Any]:
    """Return a question's row, all but its verdict."""
    estimated = bool(np.isfinite(found.get("estimate", np.nan)))
    measure = str(found.get("measure", "")) if estimated else ""
    side = "detectable_down" if row["direction"] < 0 else "detectable_up"
    found = {"detectable": found.get(side, np.nan)} | found
    judged_on = _tell_stand_in(row, question, found, source) if question and estimated else ""
    margin = RATED if measure == "difference" and row["margin"] > 1 else (row["margin"], row["margin_reason"])
    told = {name: row[name] for name in ANSWER_COLUMNS if name in row} | {
        name: float(found.get(name, np.nan)) for name in _FOUND
    }
    reason = row["reason"] or found.get("reason", "")
    told |= {name: found.get(name) or "" for name in _TEXTS}
    if reason == WHY["not recorded"] and not told["needs"]:
        told["needs"] = row["variables"]
    return told | {
        "judged_on": judged_on,
        "measured_as": _tell_measure(question, source.journal) if estimated else "",
        "n_people": int(found.get("n_people", 0) or 0),
        "n_days": int(found.get("n_days", 0) or 0),
        "measure": measure,
        "reference": found.get("reference", 1.0 if measure.endswith("ratio") else 0.0) if estimated else np.nan,
        "margin": margin[0],
        "margin_reason": margin[1],
        "family": found.get("family", FAMILY) if estimated else "",
        "reason": reason,
        "caution": _tell_cautions(row, found, judged_on, source) if estimated else "",
    }


def _tell_stand_in(row: dict[Any, Any], question: Question, found: Finding, source: Source) -> str:
    """Return what the answer rests on where that is not what was asked about."""
    parts = [str(row["stand_in"])] if row["stand_in"] and not _is_named(row["stand_in"], question, source) else []
    if ANALYSES[question.test].table == "people" and not has_diagnoses(source.cohort):
        parts.append("the table's own 'serious'")
    elif question.outcome != row["outcome"]:
        parts.append(question.outcome or "episodes of every kind")
    return " and ".join(parts)


def _is_named(stand_in: str, question: Question, source: Source) -> bool:
    """Tell whether the journal's own column is what was asked about: 'yoga', though it is read as relaxation."""
    about = source.journal.variables
    asked = stand_in.partition(" for ")[2].split(" and ")
    headers = about.loc[about["name"] == question.variables[0], "source"].astype("str").map(normalise_header)
    return any(name in header for name in asked for header in headers)


def _tell_measure(question: Question | None, journal: Journal) -> str:
    """Return the column and step by which the exposure was measured, where it is a daily variable."""
    about = journal.variables.drop_duplicates("name").set_index("name")
    if question is None or not question.variables or question.variables[0] not in about.index:
        return ""
    variable = about.loc[question.variables[0]]
    if question.test == "threshold":
        return f"{variable['label']}, more than {question.level} {variable['unit']}"
    told = f"{variable['step']:g} {variable['unit']}" if variable["kind"] != "yes/no" else "yes against no"
    return f"{variable['label']}, {told}"


def _tell_cautions(row: dict[Any, Any], found: Finding, judged_on: str, source: Source) -> str:
    """Return what else an answer could be: the analysis's own cautions, and those of its kind."""
    told = [str(found["caution"])] if found.get("caution") else []
    told += [CAUTIONS["stand-in"].format(judged_on)] * bool(judged_on)
    if ANALYSES[row["test"]].table == "people":
        return "; ".join([*told, *[CAUTIONS["simulated"]] * is_simulated(source.cohort), CAUTIONS["sign"]])
    people = source.journal.days.index.get_level_values("person").nunique()
    if found["n_people"] < min(FEW, people):
        told.append(CAUTIONS["few"].format(int(found["n_people"]), people))
    told += [CAUTIONS["remedy"]] * (row["kind"] == "remedy")
    if found.get("order") in ("same time", "backward"):
        told.append(CAUTIONS[str(found["order"])])
    return "; ".join(told)


def to_effect_scale(values: pd.Series, measure: pd.Series, reference: pd.Series) -> pd.Series:
    """Return values where no effect is 0: log ratios, differences, log odds of a share against its reference."""
    values, start = values.to_numpy(float), reference.to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(values / start)
        share = np.log(values / (1 - values)) - np.log(start / (1 - start))
    scaled = np.select([measure.str.endswith("ratio"), measure == "share"], [ratio, share], default=values - start)
    return pd.Series(scaled, index=measure.index)


def _judge(table: pd.DataFrame, alpha: float) -> pd.DataFrame:
    scaled = table[["p_adjusted", "reason", "p_heterogeneity"]].copy()
    for name in ("estimate", "ci90_lower", "ci90_upper", "prediction_lower", "prediction_upper"):
        scaled[name] = to_effect_scale(table[name], table["measure"], table["reference"])
    margin = table["margin"].where(table["measure"] == "difference", np.log(table["margin"].clip(lower=1 + 1e-12)))
    verdicts = judge_estimates(scaled, direction=table["direction"], margin=margin, alpha=alpha)
    table = table.assign(verdict=_cap_verdicts(table, verdicts["verdict"]), reason=verdicts["reason"])
    lower, upper, detectable = (
        to_effect_scale(table[name], table["measure"], table["reference"])
        for name in ("ci_lower", "ci_upper", "detectable")
    )
    errors = (upper - lower) / (2 * special.ndtri(1 - ALPHA / 2))
    detectable = detectable.abs().fillna(pd.Series(detectable_effect(errors, np.inf), table.index))
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        needed = np.ceil(table["n_days"] * (detectable / margin) ** 2)
    table["days_needed"] = needed.where((table["verdict"] == "inconclusive") & (table["n_days"] > 0))
    return table[ANSWER_COLUMNS].reset_index(drop=True)


def _cap_verdicts(table: pd.DataFrame, verdict: pd.Series) -> pd.Series:
    """Return verdicts no bolder than what they rest on allows: see the notes of `answer_questions`."""
    tested = verdict != "not testable"
    simulated = table["caution"].str.contains(CAUTIONS["simulated"], regex=False)
    never_denied = table["kind"].isin(["sign", "rule", "remedy"]) & verdict.isin(["contradicted", "practically null"])
    may_be_reverse = table["order"].isin(["same time", "backward"]) & (verdict == "contradicted")
    too_bold = (table["judged_on"] != "") | simulated | never_denied | may_be_reverse
    return verdict.mask(tested & too_bold, "inconclusive")


def _add_directions(
    answers: pd.DataFrame, asked: dict[str, Question | None], journal: Journal, known: pd.DataFrame | None
) -> pd.DataFrame:
    """Note beside each trigger told of if, from day to day, the outcome foretells it; then it contradicts nothing."""
    lagged = {name for name, question in asked.items() if question is not None and question.test in LAGGED}
    told = answers["verdict"].isin(["supported", "contradicted"])
    found = answers[told & answers["question_id"].isin(lagged)]
    if found.empty or journal.calendar == "none":
        return answers
    exposure = found["question_id"].map(lambda name: asked[name].variables[0])  # type: ignore[union-attr]
    readings = pd.Series(index=answers.index, dtype="object")
    for outcome, triggers in exposure.groupby(found["outcome"]):
        names = sorted(set(triggers))
        pairs = known if known is not None and len(known) and set(known["outcome"]) == {outcome} else None
        if pairs is None and outcome == journal.outcome:  # all triggers, as a report sets them side by side
            pairs = compare_directions(journal, outcome=outcome)
        if pairs is None or not set(names) <= set(pairs["trigger"]):
            pairs = compare_directions(journal, outcome=str(outcome), triggers=names)
        shown = pairs[(pairs["direction"] == "reverse") & (pairs["p_adjusted"] < ALPHA)]
        readings.update(triggers.map(shown.set_index("trigger")["reading"].map(DIRECTION_NOTES)))
    reverse = readings.notna()
    joined = (answers["note"] + "; " + readings.fillna("").astype("str")).str.removeprefix("; ")
    verdict = answers["verdict"].mask(reverse & (answers["verdict"] == "contradicted"), "inconclusive")
    return answers.assign(note=answers["note"].mask(reverse, joined), verdict=verdict)
