"""Statistics that hold for muscle-twitch, spasm and cramp journals.

Importing the package costs next to nothing: each name is loaded from its room
when it is first used (PEP 562).
"""

from importlib import import_module

__version__ = "0.1.0"

_ROOMS = {
    "errors": ["TwitchstatsError", "JournalError", "UnknownNameError", "OptionError", "NotEnoughDataError"],
    "variables": ["load_variables"],
    "journal": ["Journal", "read_journal"],
    "simulate": ["simulate_journal", "simulate_cohort"],
    "panel": ["Panel", "build_panel"],
    "inference": ["adjust_p_values", "pool_estimates", "judge_estimates", "estimate_e_value", "find_tipping_point"],
    "sequential": ["add_anytime", "estimate_anytime", "find_look_power", "spend_alpha"],
    "triggers": [
        "correlate_triggers",
        "estimate_effects",
        "estimate_cumulative_effects",
        "estimate_dose_curve",
        "estimate_risks",
        "compare_directions",
        "compare_halves",
        "group_triggers",
        "compare_dose_shapes",
        "estimate_remedy_effects",
    ],
    "claims": [
        "load_articles",
        "load_claims",
        "load_evidence",
        "load_questions",
        "answer_questions",
        "check_claims",
        "count_verdicts",
        "score_articles",
        "introduce_questions",
        "compare_sources",
        "find_disagreements",
        "estimate_sign_ratios",
    ],
    "cohort": ["Cohort", "open_cohort", "write_cohort"],
    "findings": ["Findings", "analyze_journal"],
    "trial": ["Plan", "plan_trial", "write_plan", "read_plan", "analyze_trial"],
    "showing": [
        "judge_effects",
        "show_effects",
        "show_answers",
        "show_estimates",
        "show_frame",
        "show_figure",
        "tell_effects",
        "tell_counts",
        "tell_range",
    ],
    "lessons": ["read_demo", "load_demo_truth", "compare_truth", "show_truth", "simulate_suspicion", "play_trial"],
    "report.write": ["write_report"],
    "report.verify": ["verify_report"],
    "redflags": ["RedFlagModel", "validate_risk", "explore_assumptions"],
}
_HOME = {name: room for room, names in _ROOMS.items() for name in names}
_MODULES = {"episodes", "plots", "report"} | set(_ROOMS)

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(f"twitchstats.{_HOME[name]}"), name)
    if name in _MODULES:
        return import_module(f"twitchstats.{name}")
    raise AttributeError(f"module 'twitchstats' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
