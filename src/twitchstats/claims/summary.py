"""The ledger told shorter: verdicts counted, topics side by side, articles against data against literature."""

import pandas as pd

from twitchstats.inference import VERDICTS

_WEIGHT = {verdict: position for position, verdict in enumerate(VERDICTS)}
_SHOWN = ["topic", "test", "outcome", "lag", "articles", "claims", "statement", "n_people", "n_days", "measure",
          "estimate", "ci_lower", "ci_upper", "p_adjusted", "verdict", "reason", "order", "literature"]  # fmt: skip


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


def summarize_ledger(ledger: pd.DataFrame, *, testable: bool = True) -> pd.DataFrame:
    """Put claims on one topic that share one estimate into one row.

    Parameters
    ----------
    ledger : DataFrame
        As `check_claims` returns it.
    testable : bool
        Leave out what could not be tested.

    Returns
    -------
    DataFrame
        ``topic, test, outcome, lag, articles`` (names separated by spaces), ``claims`` (how many), ``statement`` (the
        first one), then the numbers and the ``verdict`` that they share. In the order of verdicts, then of topics.
    """
    chosen = ledger[ledger["verdict"] != "not testable"] if testable else ledger
    keys = ["topic", "test", "outcome", "lag", "estimate", "verdict"]
    groups = chosen.groupby(keys, sort=False, dropna=False)
    table = groups.first().reset_index()
    table["articles"] = groups["article"].agg(lambda names: " ".join(sorted(set(names)))).to_numpy()
    table["claims"] = groups.size().to_numpy()
    table["rank"] = table["verdict"].map(_WEIGHT)
    return table.sort_values(["rank", "topic", "test", "outcome"], kind="stable")[_SHOWN].reset_index(drop=True)


def compare_sources(ledger: pd.DataFrame, *, min_articles: int = 1) -> pd.DataFrame:
    """Set articles, data and literature side by side, topic by topic.

    Parameters
    ----------
    ledger : DataFrame
        As `check_claims` returns it.
    min_articles : int
        Only topics that at least so many articles speak of.

    Returns
    -------
    DataFrame
        A row for each topic about which data or literature say something: ``topic, articles`` (names separated by
        spaces), ``n_articles``, ``data`` (the verdicts of its claims; several are separated by " / "), ``literature``.
        Topics of most articles first.
    """
    rows = []
    for topic, group in ledger.groupby("topic", sort=True):
        tested = sorted(set(group["verdict"]) - {"not testable"}, key=_WEIGHT.__getitem__)
        told = [stance for stance in dict.fromkeys(group["literature"]) if stance not in ("", "no figure known")]
        names = sorted(set(group["article"]))
        if (tested or told) and len(names) >= min_articles:
            rows.append({
                "topic": topic, "articles": " ".join(names), "n_articles": len(names),
                "data": " / ".join(tested) or "not testable", "literature": " / ".join(told) or "no figure known",
            })  # fmt: skip
    table = pd.DataFrame(rows, columns=["topic", "articles", "n_articles", "data", "literature"])
    return table.sort_values(["n_articles", "topic"], ascending=[False, True], kind="stable").reset_index(drop=True)
