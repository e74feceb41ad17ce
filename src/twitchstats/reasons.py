"""Why something can't be told: one table of reasons, in the words of the analyses and of the ledger."""

WHY = {
    "needs a laboratory": "needs a laboratory",
    "needs a diagnosis": "needs a diagnosis",
    "needs a trial": "needs a trial",
    "variable not in this journal": "variable not in this journal",
    "not recorded": "variable not in this journal",
    "no order in time": "variable not in this journal",
    "too few days": "too few days",
    "too few people": "too few days",
    "too few events": "too few days",
    "too few days with and without it": "too few days",
    "too few changes": "too few days",
    "no variation": "no variation",
    "no variation of its own": "no variation",
    "beyond the doses noted": "no variation",
    "separation": "no variation",
    "definition rather than claim": "definition rather than claim",
    "the outcome itself": "definition rather than claim",
    "computed from the outcome": "definition rather than claim",
    "told only with the outcome": "definition rather than claim",
}  # reason of an analysis -> what the ledger calls it

REASONS = tuple(dict.fromkeys(WHY.values()))
NO_ORDER = "no order in time"
BEYOND = "beyond the doses noted"
