"""The articles' questions and their answers in words: counts, tables by verdict, and what no journal can test."""

from typing import Any

import pandas as pd

from twitchstats.claims import ANALYSES, load_questions
from twitchstats.claims.answers import CAUTIONS
from twitchstats.inference import MEANING
from twitchstats.numbers import MISSING, format_effect, format_p
from twitchstats.report.tables import Table, show_table
from twitchstats.report.wording.prose import SEND_TO_A_DOCTOR, Prose, count_noun, join_words, list_some, quote
from twitchstats.report.wording.rows import tell_estimate, tell_interval, tell_reach
from twitchstats.variables import find_row

# The interval that decides a verdict: heading, and names of its ends
_DECIDES = {
    "practically null": ("90 % interval", "ci90"), "differs between people": ("One more person's effect", "prediction"),
}  # fmt: skip
_LEGEND = (
    "How to read the tables: each question stands once, with the articles that claim it. The effect is that of one "
    "step of what the question names. +/− % is more or less a day, × multiplies the odds, a plain % is a share, a "
    "plain number counts points of a rating. *Studies* tells what the literature says of this outcome. *p* is adjusted "
    "over its *family*: what the table of triggers tells too is counted there and has the same p in both places; all "
    "other questions are counted together ('claims')."
)

SHARED_CAUTIONS = [CAUTIONS[name] for name in ("remedy", "same time", "sign")]  # told once above a table


def tabulate_verdicts(answers: pd.DataFrame, ledger: pd.DataFrame) -> Table:
    """Count questions and claims by verdict, with what each verdict means."""
    questions, claims = (frame["verdict"].value_counts() for frame in (answers, ledger))
    rows = [
        (verdict, int(questions.get(verdict, 0)), int(claims.get(verdict, 0)), meaning)
        for verdict, meaning in MEANING.items()
    ]
    table = pd.DataFrame(rows, columns=["Verdict", "Questions", "Claims", "What it means"])
    return show_table(table, "How many questions and claims got each verdict.")


def describe_claims(answers: pd.DataFrame) -> Prose:
    """Say how to read the tables, where there is something in them."""
    return Prose("" if answers["verdict"].eq("not testable").all() else _LEGEND)


def count_asked(answers: pd.DataFrame, ledger: pd.DataFrame) -> str:
    """Return how many questions there are, and how many of them some article claims where not all."""
    claimed, articles = int(answers["question_id"].isin(ledger["question_id"]).sum()), ledger["article"].nunique()
    part = f", {claimed:,} of them" * (claimed < len(answers))
    return f"{count_noun(len(answers), 'question')}{part} from {count_noun(articles, 'health article')}"


def tell_verdicts(answers: pd.DataFrame) -> str:
    """Return the verdicts of some questions, counted."""
    counts = answers["verdict"].value_counts()
    return join_words([f"{counts[verdict]} {verdict}" for verdict in MEANING if verdict in counts])


def tabulate_verdict(answers: pd.DataFrame, verdict: str) -> Table | Prose:
    """Show the questions with one verdict; those judged on a stand-in have a table of their own."""
    chosen = answers[(answers["verdict"] == verdict) & (answers["judged_on"] == "")]
    if chosen.empty:
        return Prose("")
    table = pd.DataFrame([_tell_answer(row) for row in chosen.to_dict("records")])
    table = table.loc[:, table.astype(bool).any()]
    told = [f"{verdict.capitalize()}: {MEANING[verdict]}.", *_tell_shared(chosen)]
    return show_table(table, " ".join(told))


def _tell_shared(answers: pd.DataFrame) -> list[str]:
    """Return in sentences the cautions that many answers of a table share."""
    shared = [text for text in SHARED_CAUTIONS if answers["caution"].str.contains(text, regex=False).any()]
    heads = {"remedy": "Of remedies", "same time": "Of what is told of the same day", "sign": "Of signs"}
    told = [f"{heads[name]}: {text}." for name, text in CAUTIONS.items() if text in shared]
    return told + [SEND_TO_A_DOCTOR.replace("**", "")] * (CAUTIONS["sign"] in shared)


def _tell_answer(row: dict[str, Any]) -> dict[str, object]:
    """Return a question's cells, with the interval that decides its verdict; a column that stays empty is not shown."""
    verdict, scale = row["verdict"], "odds ratio" if row["measure"] == "share" else row["measure"]
    interval, ends = _DECIDES.get(verdict, ("95 % interval", "ci"))
    effect = tell_estimate(row)
    if row["measure"] == "share":
        effect += f" against {format_effect(row['reference'], 'share')}"
    own = [part for part in str(row["caution"]).split("; ") if part not in SHARED_CAUTIONS]
    return {
        "Question": row["question"],
        "Articles": str(row["articles"]).replace(" ", ", ") or MISSING,
        "Studies": row["literature"] or MISSING,
        "Effect": effect,
        interval: tell_interval(row, ends),
        "Too small up to": format_effect(row["margin"], scale) if verdict == "practically null" else "",
        "p, adjusted": format_p(row["p_adjusted"]),
        "Family": row["family"],
        "Would have been found from": tell_reach(row["detectable"], row["measure"])
        if verdict == "inconclusive"
        else "",
        "Days": row["n_days"] or MISSING,
        "Mind": "; ".join(filter(None, [*own, str(row["note"])])),
    }


def tabulate_stand_ins(answers: pd.DataFrame) -> Table | Prose:
    """Show the questions that only something else could be asked for: inconclusive whatever that says."""
    chosen = answers[answers["judged_on"] != ""]
    if chosen.empty:
        return Prose("")
    shown = chosen.assign(articles=chosen["articles"].str.replace(" ", ", "))
    labels = {"question": "Question", "articles": "Articles", "judged_on": "Judged on", "verdict": "Verdict"}
    caption = "Judged on something else. What was asked is not recorded here: judged on a stand-in, it stays open."
    return show_table(shown, caption, labels=labels)


def tabulate_untested(ledger: pd.DataFrame, *, most: int = 15) -> Table:
    """Count the claims that can't be tested by reason, and name the first of their topics."""
    rows = []
    for reason, group in ledger[ledger["verdict"] == "not testable"].groupby("reason", sort=True):
        topics = sorted(group["topic"].unique(), key=str.casefold)
        rows.append((reason, len(group), list_some(topics, most)))
    table = pd.DataFrame(rows, columns=["Why not", "Claims", "What they are about"])
    ordered = table.sort_values("Claims", ascending=False, kind="stable")
    return show_table(ordered, "What can't be tested, and why. The command 'claims JOURNAL.csv' lists every claim.")


def describe_needs(answers: pd.DataFrame, *, most: int = 8) -> Prose:
    """Say which columns would let a journal answer the most further questions.

    What nobody can note in a diary, as a diagnosis of people to compare with, makes a question none of these.
    """
    missing = answers[
        answers["reason"].eq("variable not in this journal") & ~answers["needs"].str.contains("diagnosis")
    ]
    tests = load_questions().set_index("question_id")["test"].reindex(missing["question_id"])
    needed = missing["needs"].str.split(r"[;|,]")
    names = pd.Series([
        _name_need(name.strip(), ANALYSES[test].table)
        for test, columns in zip(tests, needed, strict=True) for name in columns if name.strip()
    ], dtype="str")  # fmt: skip
    if names.empty:
        return Prose("")
    counts = names.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    told = [f"{name} ({count})" for name, count in counts.head(most).items()]
    text = "Noting these as well would let the journal answer more questions (in brackets: how many)"
    return Prose(f"{text}: {join_words(told)}.")


def _name_need(name: str, table: str) -> str:
    """Return what a question needs as people say it, of days, of people or of episodes."""
    of_episode = find_row(name, dictionary="episode_variables.csv") if table == "episodes" else {}
    row = of_episode or find_row(name) or find_row(name, dictionary="people_variables.csv")
    label = str(row.get("label") or name).replace("_", " ")
    told = label if label[:2].isupper() else label[:1].lower() + label[1:]
    return quote(f"{told} of each episode" if of_episode else told)
