"""Targets side by side on the cores of a CPU.

PyTorch's own threads meet at the end of every operator. The operators of an online tracker are many and
small, so that this waiting outweighs the work, and on a machine that is busy with something else too it costs
many times the work. So each operator is given one thread, and threads are given targets.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
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
    """The function's result for each item, computed side by side in inference mode, operators on one thread.

    An exception of the function is raised here, that of the first item that has one, when no other item is
    being worked on any more.
    """
    threads = min(torch.get_num_threads(), len(items))
    function = torch.inference_mode()(function)
    with at_most_threads(1):
        if threads <= 1:
            return [function(item) for item in items]
        pool = _pool(threads)
        futures = [pool.submit(function, item) for item in items]
        wait(futures)
        return [future.result() for future in futures]


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


# threads do not survive a fork: a child that went on with its parent's pool would wait for ever
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)
