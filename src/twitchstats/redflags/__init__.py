"""The risk model: red flags, their combinations, and what they are worth at an honest base rate."""

from twitchstats.inference import wilson_interval
from twitchstats.redflags.advice import advise
from twitchstats.redflags.assumptions import describe_worth, explore_assumptions
from twitchstats.redflags.model import RedFlagModel
from twitchstats.redflags.points import PointScore
from twitchstats.redflags.prevalence import base_rates, shift_risk
from twitchstats.redflags.rules import (
    apply_referral_rules,
    count_people,
    evaluate_referral_rules,
    load_referral_rules,
)
from twitchstats.redflags.validation import (
    decision_curve,
    estimate_calibration,
    group_risks,
    measure_stability,
    required_sample_size,
    validate_by_site,
    validate_risk,
)

__all__ = [
    "PointScore",
    "RedFlagModel",
    "advise",
    "apply_referral_rules",
    "base_rates",
    "count_people",
    "decision_curve",
    "describe_worth",
    "estimate_calibration",
    "evaluate_referral_rules",
    "explore_assumptions",
    "group_risks",
    "load_referral_rules",
    "measure_stability",
    "required_sample_size",
    "shift_risk",
    "validate_by_site",
    "validate_risk",
    "wilson_interval",
]
