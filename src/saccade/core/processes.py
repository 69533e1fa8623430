"""How processes of this machine begin."""

import multiprocessing
import os
import sys
import threading
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
