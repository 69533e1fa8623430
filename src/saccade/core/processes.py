"""How processes of this machine begin."""

import multiprocessing
import os
import sys
import threading
from collections.abc import Sequence
from multiprocessing import forkserver
from multiprocessing.context import BaseContext

START = "forkserver" if sys.platform == "linux" else "spawn"
"""threads and CUDA do not survive a fork, but a process that has neither, and has only loaded the packages,
can be forked, which saves each of the others the seconds of loading them"""


def process_context(module: str) -> BaseContext:
    """What makes processes.

    Args:
        module: is loaded once for all of them, where they are forked.
    """
    context = multiprocessing.get_context(START)
    if START == "forkserver":
        context.set_forkserver_preload([module])
    return context


def load_ahead(modules: Sequence[str]) -> None:
    """Lets the process that others are forked from load modules, while this one does the same.

    They take seconds; elsewhere than on Linux each process loads its own.
    """
    if START == "forkserver":
        multiprocessing.set_forkserver_preload(list(modules))
        forkserver.ensure_running()


def share_of_threads(workers: int) -> int:
    """How many threads each of several processes should use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(cores // workers, 1)


def end_with_parent() -> None:
    """Ends this process as soon as the one that made it is gone, also where that was killed.

    What forks it on the other's behalf lives as long as it does, so that nobody else would end either.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="end with parent").start()
