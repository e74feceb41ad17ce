"""Everything that is told of a journal, computed once: page, notebook, command line and ledger show the same frames."""

import fnmatch
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from twitchstats.errors import JournalError, UnknownNameError, check_list, unknown_name
from twitchstats.inference import ALPHA, adjust_p_values
from twitchstats.journal import Journal
from twitchstats.journal.record import check_journal
from twitchstats.sequential import add_anytime
from twitchstats.signs import find_flags
from twitchstats.variables import split_words, word_set

WINDOW = 3  # days before that are also taken together
ASKED = "as a remedy it is asked below, of its day and the next together"
_ORDERS = ("forward", "same time", "backward")


@dataclass(frozen=True, eq=False)
class Findings:
    """What `analyze_journal` found.

    Attributes
    ----------
    outcome : str
        What is explained.
    effects : DataFrame
        All triggers at all lags, people pooled (`estimate_effects`); ``family`` "triggers": its p-values are adjusted
        over these tests, and has what holds at every look beside it (`add_anytime`).
    primary : DataFrame
        One row for each trigger (`pick_primary`); members of one group stand together.
    groups : DataFrame
        Which of the tested triggers measure one thing several ways (`group_triggers`).
    cumulative : DataFrame
        The days before taken together (`estimate_cumulative_effects`); empty where there is no order in time.
    halves : DataFrame
        The early half of the diary beside the late half, of what stands out (`compare_halves`); empty where nothing
        does.
    directions : DataFrame
        Forward and reverse (`compare_directions`); empty where the journal has no order in time.
    risks : DataFrame
        How often the outcome is there with and without a yes/no trigger (`estimate_risks`).
    courses : DataFrame
        Where the episodes were (`summarize_sites`); how long they last and whether they come back are answers.
    answers : DataFrame
        The questions of the articles (`answer_questions`); ``family`` "claims".
    ledger : DataFrame
        The claims with their questions' answers (`check_claims`).
    flags : DataFrame
        The red flags that the journal tells of people and of days (`find_flags`).

    Examples
    --------
    >>> import twitchstats as tw
    >>> diary = tw.simulate_suspicion(effect=0.5, hidden=0.0, days=60)
    >>> findings = tw.analyze_journal(diary)
    >>> findings.outcome, findings.primary["trigger"].to_list()
    ('twitches', ['caffeine'])
    """

    outcome: str
    effects: pd.DataFrame
    primary: pd.DataFrame
    groups: pd.DataFrame
    cumulative: pd.DataFrame
    halves: pd.DataFrame
    directions: pd.DataFrame
    risks: pd.DataFrame
    courses: pd.DataFrame
    answers: pd.DataFrame
    ledger: pd.DataFrame
    flags: pd.DataFrame


def analyze_journal(
    journal: Journal,
    *,
    outcome: str | None = None,
    triggers: Sequence[str] | None = None,
    cohort: pd.DataFrame | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Findings:
    """Compute everything that a report tells, each thing once.

    Parameters
    ----------
    journal : Journal
    outcome : str, optional
        What to explain; by default the journal's own outcome, else "twitches".
    triggers : sequence of str, optional
        Names, or patterns such as ``trigger_*``, of the variables to look at; by default all that are no outcome.
    cohort : DataFrame, optional
        People with signs and a diagnosis, for questions about signs; by default ``journal.people``.
    progress : callable, optional
        Called with the number of the questions' analyses done and the number of all.

    Returns
    -------
    Findings

    Raises
    ------
    JournalError
        The journal has no outcome.
    UnknownNameError
        A name or pattern fits no variable.

    Examples
    --------
    >>> import twitchstats as tw
    >>> findings = tw.analyze_journal(tw.read_demo(), triggers=["caffeine"])
    >>> findings.primary[["trigger", "lag", "measure"]]
        trigger  lag     measure
    0  caffeine    1  rate ratio
    >>> len(findings.ledger) == len(tw.load_claims())
    True
    """
    from twitchstats.claims.analyses import estimate_all_effects, make_source
    from twitchstats.claims.answers import answer_from, join_answers
    from twitchstats.claims.questions import load_questions
    from twitchstats.claims.register import load_claims
    from twitchstats.episodes import summarize_sites
    from twitchstats.triggers import compare_directions, estimate_cumulative_effects, estimate_risks, group_triggers

    check_journal(journal)
    if outcome is not None:
        if not isinstance(outcome, str):
            raise unknown_name("variable", outcome, journal.numeric)
        journal = replace(journal, outcome=journal.resolve_name(outcome))
    outcome = find_outcome(journal)
    chosen = match_names(journal, () if triggers is None else triggers) or None
    ordered = journal.calendar != "none"
    effects = add_anytime(estimate_all_effects(journal, outcome, triggers=chosen))
    primary = pick_primary(effects)
    tested = list(primary.loc[primary["estimate"].notna(), "trigger"])
    groups = group_triggers(journal, outcome=outcome, triggers=tested, effects=primary)
    cumulative = directions = pd.DataFrame()
    if ordered:
        directions = compare_directions(journal, outcome=outcome, triggers=chosen).assign(family="directions")
        cumulative = estimate_cumulative_effects(
            journal, outcome=outcome, triggers=chosen, days=WINDOW, first_lag=1
        ).assign(family="days before")
    source = make_source(journal, cohort)
    source.effects[outcome] = effects
    answers = answer_from(source, load_questions(), directions=directions, progress=progress)
    return Findings(
        outcome=outcome,
        effects=effects,
        primary=point_to_answers(join_groups(primary, groups)),
        groups=groups,
        cumulative=cumulative,
        halves=_halve_diaries(journal, outcome, primary),
        directions=directions,
        risks=estimate_risks(journal, outcome=outcome, triggers=chosen and _choose_yes_no(journal, chosen)),
        courses=summarize_sites(journal),
        answers=answers,
        ledger=join_answers(load_claims(), answers),
        flags=find_flags(journal),
    )


def _choose_yes_no(journal: Journal, names: Sequence[str]) -> list[str]:
    kinds = journal.variables.set_index("name")["kind"]
    return [name for name in names if kinds[name] == "yes/no"]


def _halve_diaries(journal: Journal, outcome: str, primary: pd.DataFrame) -> pd.DataFrame:
    """Set the halves of the diary beside each other for each trigger that stands out; the changes are one family."""
    from twitchstats.triggers import compare_halves

    clear = primary[primary["p_adjusted"].lt(ALPHA)]
    parts = [
        compare_halves(journal, outcome=outcome, triggers=list(own["trigger"]), lag=int(lag))
        for lag, own in clear.groupby("lag", sort=True)
    ]
    if not parts:
        return pd.DataFrame()
    halves = pd.concat(parts, ignore_index=True)
    changes = halves["p_value"].where(halves["part"].eq("change")).astype(float)
    return halves.assign(p_adjusted=adjust_p_values(changes), family="halves")


def point_to_answers(primary: pd.DataFrame) -> pd.DataFrame:
    """Say beside a remedy that the articles' question about it is another: of its day and the next together."""
    from twitchstats.claims.questions import load_questions

    questions = load_questions()
    remedies = questions[(questions["test"] == "remedy") & questions["outcome"].isin(primary["outcome"])]
    asked = primary["trigger"].isin(remedies["variables"]) & primary["estimate"].notna()
    told = primary["caution"].where(primary["caution"] == "", primary["caution"] + "; ") + ASKED
    return primary.assign(caution=primary["caution"].mask(asked, told))


def find_outcome(journal: Journal) -> str:
    """Return the outcome that the journal is about.

    Raises
    ------
    JournalError
        The reader settled on none, and there is no column of twitches.
    """
    check_journal(journal)
    outcome = journal.outcome or "twitches"
    if outcome not in journal.days.columns:
        alike = [name for name in map(str, journal.days) if split_words(name) & word_set("outcome hint")]
        hint = f", such as {alike[0]!r}" if alike else ""
        raise JournalError(
            f"The journal has no column '{outcome}' to explain. Name one with --outcome (in Python: outcome=){hint}. "
            f"Columns: {', '.join(map(str, journal.days.columns))}."
        )
    return outcome


def match_names(journal: Journal, patterns: Sequence[str] | str) -> list[str]:
    """Return the numeric variables that names or patterns fit, in the journal's order, without the outcome.

    Raises
    ------
    UnknownNameError
        A name or pattern fits no variable.
    """
    names = [str(name) for name in journal.variables.loc[journal.variables["kind"] != "text", "name"]]
    names = [name for name in names if name != journal.outcome]
    wanted: set[str] = set()
    for pattern in map(str, [patterns] if isinstance(patterns, str) else check_list("triggers", patterns)):
        fitting = fnmatch.filter(names, pattern) or [name for name in _resolve(journal, pattern) if name in names]
        if not fitting:
            raise unknown_name("trigger", pattern, names)
        wanted.update(fitting)
    return [name for name in names if name in wanted]


def _resolve(journal: Journal, pattern: str) -> list[str]:
    """Return the variables that a name or pattern of what is written in the file stands for."""
    try:
        return [journal.resolve_name(pattern)]
    except UnknownNameError:
        written = journal.variables["source"].astype("str").map(lambda source: fnmatch.fnmatch(source, pattern))
        return journal.variables.loc[written, "name"].astype("str").tolist()


def pick_primary(effects: pd.DataFrame) -> pd.DataFrame:
    """Keep one row for each trigger: the first lag at which it comes before the outcome, chosen without looking.

    In the order of `rank_effects`; where no lag runs forward, the smallest lag.
    """
    rank = effects["order"].map({name: place for place, name in enumerate(_ORDERS)}).fillna(len(_ORDERS))
    ordered = effects.assign(_rank=rank).sort_values(["trigger", "_rank", "lag"], kind="stable")
    chosen = ordered.groupby("trigger", sort=True).head(1)
    return rank_effects(chosen.drop(columns="_rank")).reset_index(drop=True)


def rank_effects(effects: pd.DataFrame) -> pd.DataFrame:
    """Put the surest first: by adjusted p-value, then by that of the one test, then by size; no estimate comes last.

    >>> rows = pd.DataFrame({"trigger": ["tea", "rest", "sleep"], "estimate": [1.1, 0.6, 0.7], "measure": "rate ratio",
    ...                      "p_value": [0.04, 0.03, 0.03], "p_adjusted": 0.1})
    >>> rank_effects(rows)["trigger"].tolist()
    ['rest', 'sleep', 'tea']
    """
    ratio = effects["measure"].str.endswith("ratio")
    size = effects["estimate"].where(~ratio, np.log(effects["estimate"].where(ratio))).abs()
    ordered = effects.assign(_size=-size).sort_values(["p_adjusted", "p_value", "_size", "trigger"], kind="stable")
    return ordered.drop(columns="_size")


def join_groups(primary: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Let the members of a group (`group_triggers`) follow its strongest; what has no estimate comes last."""
    place = {str(name): number for number, name in enumerate(groups["trigger"])}
    rank = primary["trigger"].map(place).fillna(len(place))
    return primary.loc[rank.sort_values(kind="stable").index].reset_index(drop=True)
