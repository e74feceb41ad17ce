"""Which triggers go with the outcome: correlations, effects, directions, and what can't be asked."""

from twitchstats.triggers.effects import estimate_effects

__all__ = ["estimate_effects"]
