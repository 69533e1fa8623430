"""Spreads work on many sequences over the cores of this machine."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

import cv2

from saccade.core import OutputError
from saccade.core.processes import share_of_threads

Item = TypeVar("Item")
Result = TypeVar("Result")

CHUNK = 2
"""items that a process is given at once"""


def spread(task: Callable[[Item], Result], items: Sequence[Item], *, is_much: bool) -> Iterator[Result]:
    """What a task makes of each item, in their order.

    Args:
        task: can be sent to other processes, and so can its items and results.
        is_much: whether it is worth to start processes, of which each takes a second or two.

    Raises:
        OutputError: when a process dies.
    """
    cores = min(share_of_threads(1), len(items))
    if not is_much or cores < 2:
        yield from map(task, items)
        return
    # threads do not survive a fork
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(
            cores, mp_context=context, initializer=cv2.setNumThreads, initargs=(1,)
        ) as pool:
            yield from pool.map(task, items, chunksize=CHUNK)
    except BrokenProcessPool:
        raise OutputError(
            "a process that worked on the report died; out of memory? free some, try again"
        ) from None
