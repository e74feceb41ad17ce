"""Can these statistics be trusted? A simulation that counts, by method and world."""

from twitchstats.study.methods import expect_naive_size, run_method
from twitchstats.study.run import run_study
from twitchstats.study.table import describe_study, judge_study, load_study, tabulate_study

__all__ = [
    "describe_study", "expect_naive_size", "judge_study", "load_study", "run_method", "run_study", "tabulate_study",
]  # fmt: skip
