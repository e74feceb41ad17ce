"""Can these statistics be trusted? A simulation that counts, by method and world."""

from importlib import import_module

_HOME = {
    "run_study": "run",
    "load_study": "table",
    "write_study": "table",
    "judge_study": "table",
    "tabulate_study": "table",
    "describe_study": "table",
    "run_method": "methods",
    "expect_naive_size": "methods",
    "METHODS": "methods",
    "ABOUT": "methods",
}

__all__ = [
    "describe_study", "expect_naive_size", "judge_study", "load_study", "run_method", "run_study", "tabulate_study",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(f"twitchstats.study.{_HOME[name]}"), name)
    raise AttributeError(f"module 'twitchstats.study' has no attribute {name!r}")
