"""The claims of five popular articles, the questions they ask, and the answers of a journal."""

from twitchstats.claims.analyses import ANALYSES
from twitchstats.claims.answers import ANSWER_COLUMNS, LEDGER_COLUMNS, answer_questions, check_claims
from twitchstats.claims.people import estimate_sign_ratios
from twitchstats.claims.questions import Question, load_questions
from twitchstats.claims.register import (
    find_disagreements,
    load_articles,
    load_claims,
    load_evidence,
)
from twitchstats.claims.summary import compare_sources, count_verdicts, introduce_questions, score_articles

__all__ = [
    "ANALYSES",
    "ANSWER_COLUMNS",
    "LEDGER_COLUMNS",
    "Question",
    "answer_questions",
    "check_claims",
    "compare_sources",
    "count_verdicts",
    "estimate_sign_ratios",
    "find_disagreements",
    "introduce_questions",
    "load_articles",
    "load_claims",
    "load_evidence",
    "load_questions",
    "score_articles",
]
