"""The ledger told shorter: verdicts counted, articles against data against literature, and a score of each."""

import pandas as pd

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
    """
    table = pd.crosstab(ledger["article"], ledger["verdict"]).reindex(columns=list(VERDICTS), fill_value=0)
    table.columns.name = None
    table = pd.concat([table, table.sum().to_frame("all").T]).rename_axis("article")
    return table.assign(claims=table.sum(axis=1))


def compare_sources(ledger: pd.DataFrame, *, min_articles: int = 1) -> pd.DataFrame:
    """Set articles, data and literature side by side, question by question.

    Parameters
    ----------
    ledger : DataFrame
        As `check_claims` returns it.
    min_articles : int
        Only questions that at least so many articles claim something about.

    Returns
    -------
    DataFrame
        A row for each question about which data or literature say something: ``question_id, question, articles`` (names
        separated by spaces), ``n_articles``, ``data`` (the verdict), ``literature``. Questions of most articles first.
    """
    asked = ledger[ledger["question_id"] != ""].groupby("question_id", sort=False)
    table = asked[["question", "verdict", "literature"]].first().reset_index()
    names = asked["article"].agg(lambda listed: " ".join(sorted(set(listed))))
    table = table.assign(articles=names.to_numpy(), n_articles=names.str.split().str.len().to_numpy())
    told = (table["verdict"] != "not testable") | (table["literature"] != "no figure known")
    table = table[told & (table["n_articles"] >= min_articles)].rename(columns={"verdict": "data"})
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
    """
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
