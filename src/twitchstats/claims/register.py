"""The register: what five articles say, claim by claim, where they disagree, and what the literature says."""

import pandas as pd

from twitchstats.errors import check_table
from twitchstats.variables import load_table


def load_articles() -> pd.DataFrame:
    """Return the five articles.

    Returns
    -------
    DataFrame
        ``id`` (A1 to A5), ``title``, ``speaks_of``, and ``calls_it``: the article's own words for what it is about.

    Examples
    --------
    >>> load_articles()["id"].tolist()
    ['A1', 'A2', 'A3', 'A4', 'A5']
    """
    return load_table("articles.csv").copy()


def load_claims() -> pd.DataFrame:
    """Return the register: every claim of the five articles in our own words, one claim a row.

    Returns
    -------
    DataFrame
        ``claim_id, article, kind`` (cause, condition, red_flag, combination, site, course, symptom, remedy, treatment,
        test, history, definition or advice), ``topic`` (the same where articles say the same), ``statement``,
        ``direction`` (1 the topic raises or goes with what the article speaks of, or "the same"; -1 lowers, or
        "different"; 0 neither), ``hedge`` (may, can, often, most or none: how the article puts it),
        ``condition`` under which it is said, ``question_id`` of the question that it answers (`load_questions`) or,
        where it asks none that a journal or a study with a figure could answer, the ``reason``; ``note`` where a
        garbled word was read as another.

    Examples
    --------
    >>> claims = load_claims()
    >>> claims.loc[claims["topic"] == "persistent and weak and wasted", "article"].tolist()
    ['A1']
    """
    claims = load_table("claims.csv")
    return claims.assign(direction=pd.to_numeric(claims["direction"]))


def load_evidence() -> pd.DataFrame:
    """Return what the literature says, each figure with its source.

    Returns
    -------
    DataFrame
        ``key, topics`` (separated by semicolons), ``finding, people`` (who was looked at), ``source, doi,
        confidence``: H seen at the journal or guideline, M seen second-hand, D derived from H figures by arithmetic.

    Examples
    --------
    >>> import twitchstats as tw
    >>> tw.load_evidence().columns.to_list()
    ['key', 'topics', 'finding', 'people', 'source', 'doi', 'confidence']
    """
    return load_table("evidence.csv").copy()


def find_disagreements(claims: pd.DataFrame | None = None) -> pd.DataFrame:
    """Find where the articles contradict each other or themselves.

    Parameters
    ----------
    claims : DataFrame, optional
        As `load_claims` gives it, perhaps fewer rows; by default the whole register.

    Returns
    -------
    DataFrame
        One row for each question on which claims among `claims` take two sides: ``debate, question, position_a,
        articles_a, claims_a, position_b, articles_b, claims_b`` (names separated by semicolons), ``where`` ("within
        A2", "between articles") and ``literature``. First the questions of data/disagreements.csv, then topics that
        are said to raise and to lower the same thing and are in no question yet.

    Examples
    --------
    >>> import twitchstats as tw
    >>> tw.find_disagreements().columns[:2].to_list()
    ['debate', 'question']
    """
    claims = load_claims() if claims is None else claims
    check_table("claims", claims, ("claim_id", "article", "topic", "direction"))
    article = dict(zip(claims["claim_id"], claims["article"], strict=True))
    debates = pd.concat([load_table("disagreements.csv"), _derive_debates(claims)], ignore_index=True)
    rows = []
    for debate in debates.to_dict("records"):
        sides = {side: [c for c in debate[f"claims_{side}"].split(";") if c in article] for side in "ab"}
        if sides["a"] and sides["b"]:
            told = {side: sorted({article[c] for c in found}) for side, found in sides.items()}
            rows.append(debate | {f"claims_{s}": ";".join(sides[s]) for s in "ab"}
                        | {f"articles_{s}": ";".join(told[s]) for s in "ab"}
                        | {"where": _tell_where(told["a"], told["b"])})  # fmt: skip
    columns = ["debate", "question", "position_a", "articles_a", "claims_a",
               "position_b", "articles_b", "claims_b", "where", "literature"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _derive_debates(claims: pd.DataFrame) -> pd.DataFrame:
    """Return topics with claims in both directions that data/disagreements.csv does not name."""
    known = set(";".join(load_table("disagreements.csv")[["claims_a", "claims_b"]].to_numpy().ravel()).split(";"))
    rows = []
    for topic, group in claims.groupby("topic", sort=True):
        up, down = (group.loc[group["direction"] == sign, "claim_id"].tolist() for sign in (1, -1))
        if up and down and not (known & set(up) and known & set(down)):
            rows.append({"debate": topic, "question": f"{topic}: more or less?", "position_a": "more",
                         "claims_a": ";".join(up), "position_b": "less", "claims_b": ";".join(down),
                         "literature": "no figure known"})  # fmt: skip
    return pd.DataFrame(rows)


def _tell_where(a: list[str], b: list[str]) -> str:
    both = sorted(set(a) & set(b))
    parts = [f"within {name}" for name in both]
    if len(set(a) | set(b)) > 1:
        parts.append("between articles")
    return "; ".join(parts)
