"""Work on several cores, and on one alone."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from contextvars import ContextVar
from functools import cache
from typing import TypeVar

import numpy as np
from threadpoolctl import ThreadpoolController

from twitchstats.arrays import IntArray

Result = TypeVar("Result")
_SHARERS = ContextVar("sharers", default=1)


def split_evenly(count: int, size: int) -> list[IntArray]:
    """Return the numbers below `count` in blocks of at most `size`.

    >>> [block.tolist() for block in split_evenly(5, 2)]
    [[0, 1], [2, 3], [4]]
    """
    return np.array_split(np.arange(count), max(1, -(-count // size)))


def run_side_by_side(jobs: Iterable[Callable[[], None]]) -> None:
    """Run jobs on all cores; each writes its results where nobody else writes.

    The linear algebra inside a job stays on one core: the jobs themselves fill the others.
    """
    with stay_on_one_core(), ThreadPoolExecutor(max(1, (os.cpu_count() or 1) // _SHARERS.get())) as pool:
        for done in [pool.submit(job) for job in jobs]:
            done.result()


def run_among(sharers: int, job: Callable[[], Result]) -> Result:
    """Run a job beside others: what it runs side by side gets its share of the cores, and memory for that alone."""
    token = _SHARERS.set(sharers)
    try:
        return job()
    finally:
        _SHARERS.reset(token)


def stay_on_one_core() -> AbstractContextManager[object]:
    """Return a context in which linear algebra has one thread: where the matrices are small, others only wait."""
    return _find_libraries().limit(limits=1, user_api="blas")


@cache
def _find_libraries() -> ThreadpoolController:
    """Return the loaded libraries that have threads of their own; looking for them takes a while."""
    return ThreadpoolController()
