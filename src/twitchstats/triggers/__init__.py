"""Which triggers go with the outcome: correlations, effects, directions, risks, groups."""

from twitchstats.triggers.correlations import correlate_triggers
from twitchstats.triggers.curves import estimate_dose_curve
from twitchstats.triggers.directions import compare_directions
from twitchstats.triggers.effects import estimate_cumulative_effects, estimate_effects
from twitchstats.triggers.groups import group_triggers
from twitchstats.triggers.risks import estimate_risks

__all__ = [
    "compare_directions",
    "correlate_triggers",
    "estimate_cumulative_effects",
    "estimate_dose_curve",
    "estimate_effects",
    "estimate_risks",
    "group_triggers",
]
