"""Targets side by side on the cores of a CPU.

PyTorch's own threads meet at the end of every operator. The operators of an online tracker are many and
small, so that this waiting outweighs the work, and on a machine that is busy with something else too it costs
many times the work. So each operator is given one thread, and threads are given targets.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from itertools import pairwise
from typing import TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")


def row_slices(count: int, largest: int) -> list[slice]:
    """Rows 0 ... count - 1 in as few slices as possible of nearly equal length, none longer than `largest`.

    They do not depend on the number of threads, so that results do not either.
    """
    slices = -(-count // largest)
    bounds = [i * count // slices for i in range(slices + 1)]
    return [slice(a, b) for a, b in pairwise(bounds)]


def map_in_threads(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """The function's result for each item, computed side by side, every operator on one thread."""
    threads = min(torch.get_num_threads(), len(items))
    with at_most_threads(1):
        if threads <= 1:
            return [function(item) for item in items]
        return list(_pool(threads).map(torch.inference_mode()(function), items))


@contextmanager
def at_most_threads(count: int) -> Iterator[None]:
    """Lets PyTorch's operators use at most `count` threads inside of the `with` block."""
    before = torch.get_num_threads()
    if count >= before:
        yield
        return
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@lru_cache(maxsize=4)
def _pool(threads: int) -> ThreadPoolExecutor:
    # the number of an operator's threads is kept by each thread for itself
    return ThreadPoolExecutor(threads, "saccade-targets", initializer=torch.set_num_threads, initargs=(1,))
