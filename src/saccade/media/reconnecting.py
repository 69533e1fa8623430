"""Reaching again for a live source that broke."""

import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

Opened = TypeVar("Opened")

RETRY_DELAYS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""seconds to wait before each attempt to get a frame of a live source again; then it is given up"""


def reopened(
    reopen: Callable[[], Opened],
    refusals: tuple[type[Exception], ...],
    delays: Iterator[float],
    closing: threading.Event,
) -> Opened | None:
    """What `reopen` returns as soon as it raises no refusal; None when that is given up.

    Args:
        delays: seconds to wait before each attempt; those that are used up are not used again.
        closing: ends the wait.
    """
    for delay in delays:
        if closing.wait(delay):
            return None
        try:
            return reopen()
        except refusals:
            continue
    return None
