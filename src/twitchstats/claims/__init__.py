"""The claims of five popular articles, and the ledger that judges them against a journal."""

from twitchstats.claims.analyses import ANALYSES
from twitchstats.claims.doses import compare_dose_shapes
from twitchstats.claims.ledger import LEDGER_COLUMNS, check_claims
from twitchstats.claims.people import estimate_sign_ratios
from twitchstats.claims.register import (
    KINDS,
    count_agreement,
    find_disagreements,
    load_articles,
    load_claims,
    load_evidence,
)
from twitchstats.claims.remedies import estimate_remedy_effects
from twitchstats.claims.summary import compare_sources, count_verdicts, summarize_ledger

__all__ = [
    "ANALYSES",
    "KINDS",
    "LEDGER_COLUMNS",
    "check_claims",
    "compare_dose_shapes",
    "compare_sources",
    "count_agreement",
    "count_verdicts",
    "estimate_remedy_effects",
    "estimate_sign_ratios",
    "find_disagreements",
    "load_articles",
    "load_claims",
    "load_evidence",
    "summarize_ledger",
]
