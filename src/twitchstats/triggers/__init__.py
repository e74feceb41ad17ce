"""Which triggers go with the outcome: correlations, effects, directions, risks, groups, doses, remedies."""

from twitchstats.triggers.correlations import correlate_triggers
from twitchstats.triggers.curves import estimate_dose_curve
from twitchstats.triggers.directions import compare_directions
from twitchstats.triggers.doses import compare_dose_shapes
from twitchstats.triggers.effects import estimate_cumulative_effects, estimate_effects
from twitchstats.triggers.groups import group_triggers
from twitchstats.triggers.halves import compare_halves
from twitchstats.triggers.remedies import estimate_remedy_effects
from twitchstats.triggers.risks import estimate_risks

__all__ = [
    "compare_directions",
    "compare_dose_shapes",
    "compare_halves",
    "correlate_triggers",
    "estimate_cumulative_effects",
    "estimate_dose_curve",
    "estimate_effects",
    "estimate_remedy_effects",
    "estimate_risks",
    "group_triggers",
]
