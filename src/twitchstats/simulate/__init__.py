"""Journals and cohorts whose truth is known."""

from twitchstats.simulate.cohort import cohort_truth, load_cohort_parameters, simulate_cohort

__all__ = ["cohort_truth", "load_cohort_parameters", "simulate_cohort"]
