"""The ledger told shorter: verdicts counted, articles against data against literature, and a score of each."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from twitchstats.claims.questions import load_questions
from twitchstats.claims.register import load_claims, load_evidence
from twitchstats.errors import check_list, check_names, check_table
from twitchstats.inference import VERDICTS


def count_verdicts(ledger: pd.DataFrame) -> pd.DataFrame:
    """Count the claims of each article by verdict.

    Parameters
    ----------
    ledger : DataFrame
        As `check_claims` returns it.

    Returns
    -------
    DataFrame
        Index ``article`` with a last row "all"; a column for each of `inference.VERDICTS`, and ``claims``.

    Examples
    --------
    >>> import pandas as pd
    >>> from twitchstats import count_verdicts
    >>> ledger = pd.DataFrame({"article": ["A1", "A1", "A2"], "verdict": ["supported", "inconclusive", "supported"]})
    >>> count_verdicts(ledger)[["supported", "inconclusive", "claims"]].to_dict("list")
    {'supported': [1, 1, 2], 'inconclusive': [1, 0, 1], 'claims': [2, 1, 3]}
    """
    check_table("ledger", ledger, ("article", "verdict"))
    table = pd.crosstab(ledger["article"], ledger["verdict"]).reindex(columns=list(VERDICTS), fill_value=0)
    table.columns.name = None
    table = pd.concat([table, table.sum().to_frame("all").T]).rename_axis("article")
    return table.assign(claims=table.sum(axis=1))


def introduce_questions(names: Sequence[str] | None = None) -> pd.DataFrame:
    """Tell of questions, before any data, what the articles say, what the literature says and what a diary can say.

    Parameters
    ----------
    names : sequence of str, optional
        Values of ``question_id``, in the order to be told; by default all.

    Returns
    -------
    DataFrame
        ``question, articles`` (each with its hedge in brackets), ``literature`` (the stance), ``figure, people,
        confidence`` (of the first of its evidence; H seen at the source, M second-hand, D by arithmetic), ``diary``
        (how days, episodes or people answer it, and the smallest effect that matters; or why they can't).

    Raises
    ------
    UnknownNameError
        There is no such question.

    Examples
    --------
    >>> introduce_questions(["sleep-twitches"]).loc[0, ["articles", "literature"]].tolist()
    ['A2 (may), A4 (can)', 'agrees']
    """
    questions = load_questions().set_index("question_id", drop=False)
    asked = questions.index if names is None else check_list("names", names)
    check_names("question", asked, questions.index)
    chosen = questions.loc[asked]
    claims = load_claims()
    said = (claims["article"] + " (" + claims["hedge"].replace("none", "flatly") + ")").groupby(claims["question_id"])
    first = chosen["evidence"].str.split(";").str[0]
    evidence = load_evidence().set_index("key").reindex(first)[["finding", "people", "confidence"]].fillna("")
    table = chosen[["question", "literature"]].assign(
        articles=said.agg(lambda listed: ", ".join(sorted(set(listed)))).reindex(chosen.index).fillna(""),
        figure=evidence["finding"].to_numpy(),
        people=evidence["people"].to_numpy(),
        confidence=evidence["confidence"].to_numpy(),
        diary=[_tell_diary(row) for row in chosen.to_dict("records")],
    )
    columns = ["question", "articles", "literature", "figure", "people", "confidence", "diary"]
    return table[columns].reset_index(drop=True)


def _tell_diary(row: dict[Any, Any]) -> str:
    """Say how data answer a question, or why they can't."""
    if not row["test"]:
        return f"nothing: it {row['reason']}"
    days = {"0": ", the same day", "1": ", a day later", "0;1": ", that day and the next"}.get(row["lag"], "")
    needed = row["variables"].replace(";", ", ").replace("|", " or ").replace("_", " ")
    outcome = f" against {row['outcome']}" if row["outcome"] and row["outcome"] not in row["variables"] else ""
    return f"{needed}{outcome}{days}; what matters: from {row['margin']:g} on"


def compare_sources(ledger: pd.DataFrame) -> pd.DataFrame:
    """Set articles, data and literature side by side, question by question.

    Parameters
    ----------
    ledger : DataFrame
        As `check_claims` returns it.

    Returns
    -------
    DataFrame
        A row for each question about which data or literature say something: ``question_id, question, articles`` (names
        separated by spaces), ``n_articles``, ``data`` (the verdict), ``literature``. Questions of most articles first.

    Examples
    --------
    >>> from twitchstats import load_claims
    >>> ledger = load_claims().query("question_id == 'sleep-twitches'")
    >>> ledger = ledger.assign(question="Short sleep?", verdict="supported", literature="agrees")
    >>> compare_sources(ledger)[["articles", "data", "literature"]].values.tolist()
    [['A2 A4', 'supported', 'agrees']]
    """
    check_table("ledger", ledger, ("article", "question_id", "question", "verdict", "literature"))
    asked = ledger[ledger["question_id"] != ""].groupby("question_id", sort=False)
    table = asked[["question", "verdict", "literature"]].first().reset_index()
    names = asked["article"].agg(lambda listed: " ".join(sorted(set(listed))))
    table = table.assign(articles=names.to_numpy(), n_articles=names.str.split().str.len().to_numpy())
    told = (table["verdict"] != "not testable") | (table["literature"] != "no figure known")
    table = table[told].rename(columns={"verdict": "data"})
    table = table.sort_values(["n_articles", "question_id"], ascending=[False, True], kind="stable")
    return table[["question_id", "question", "articles", "n_articles", "data", "literature"]].reset_index(drop=True)


def score_articles(ledger: pd.DataFrame) -> pd.DataFrame:
    """Count for each article how many of its claims that can be decided hold: by literature and by data, apart.

    Parameters
    ----------
    ledger : DataFrame
        As `check_claims` returns it.

    Returns
    -------
    DataFrame
        Index ``article``: ``claims``; ``agrees, mixed, disputes`` by the literature, and ``decided_by_literature``;
        ``supported, not_shown`` (contradicted, practically null or differing between people) by the data, and
        ``decided_by_data``. What is inconclusive, not testable, or of which no figure is known, decides nothing.

    Examples
    --------
    >>> import pandas as pd
    >>> ledger = {"article": ["A1", "A1"], "literature": ["agrees", "mixed"], "verdict": ["supported", "inconclusive"]}
    >>> score_articles(pd.DataFrame(ledger)).loc["A1", ["decided_by_literature", "decided_by_data"]].to_list()
    [2, 1]
    """
    check_table("ledger", ledger, ("article", "verdict", "literature"))
    article = ledger["article"]
    by = {
        name: (ledger["literature"] == name).groupby(article).sum() for name in ("agrees", "mixed", "disputes")
    }  # fmt: skip
    against = ["contradicted", "practically null", "differs between people"]
    data = {
        "supported": (ledger["verdict"] == "supported").groupby(article).sum(),
        "not_shown": ledger["verdict"].isin(against).groupby(article).sum(),
    }
    return pd.DataFrame({
        "claims": article.value_counts().sort_index(), **by, "decided_by_literature": sum(by.values()),
        **data, "decided_by_data": sum(data.values()),
    })  # fmt: skip
