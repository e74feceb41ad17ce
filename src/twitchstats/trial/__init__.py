"""Trials on yourself: days drawn by lot, what they can find, and what they found."""

from twitchstats.trial.analyze import analyze_trial
from twitchstats.trial.plan import Plan, plan_trial
from twitchstats.trial.write import read_plan, write_plan

__all__ = ["Plan", "analyze_trial", "plan_trial", "read_plan", "write_plan"]
