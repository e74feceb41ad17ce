"""Journals and cohorts whose truth is known: the measure of every statistic in the house."""

from twitchstats.simulate.cohort import simulate_cohort
from twitchstats.simulate.demo import write_demo_data
from twitchstats.simulate.journal import simulate_journal
from twitchstats.simulate.parameters import load_cohort_parameters
from twitchstats.simulate.world import load_world

__all__ = [
    "load_cohort_parameters", "load_world", "simulate_cohort", "simulate_journal", "write_demo_data",
]  # fmt: skip
