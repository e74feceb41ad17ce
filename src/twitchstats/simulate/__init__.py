"""Journals and cohorts whose truth is known: the measure of every statistic in the house."""

from importlib import import_module

_HOME = {
    "simulate_journal": "journal",
    "simulate_cohort": "cohort",
    "cohort_truth": "cohort",
    "cohort_risk": "likelihood",
    "load_serious_conditions": "cohort",
    "load_cohort_parameters": "parameters",
    "draw_cohort_parameters": "parameters",
    "load_world": "world",
    "list_worlds": "world",
    "write_demo_data": "demo",
    "write_journal": "demo",
}

__all__ = ["list_worlds", "load_world", "simulate_cohort", "simulate_journal", "write_demo_data", "write_journal"]


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(f"twitchstats.simulate.{_HOME[name]}"), name)
    raise AttributeError(f"module 'twitchstats.simulate' has no attribute {name!r}")
