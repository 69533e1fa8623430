"""Pieces of work that can be done here, in another process, or on another machine."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Answer = TypeVar("Answer")

OnProgress = Callable[[int], None]
"""is told how much more of a task is done, as the task counts"""


@dataclass(frozen=True, slots=True, eq=False)
class Task(Generic[Answer]):
    """A piece of work.

    Attributes:
        work: does it on a device, e.g. "cuda:0", and answers; for other processes it must be picklable.
        size: how much it is in all.
        devices: where it may be done; with several, processes share them out.
    """

    work: Callable[[str, OnProgress], Answer]
    size: int = 1
    devices: tuple[str, ...] = ("cpu",)


@dataclass(frozen=True, slots=True)
class Lost:
    """What there is in place of an answer where a process died, or a machine was lost.

    Attributes:
        reason: in a line.
        account: all that is known of it.
    """

    reason: str
    account: str = ""


class Meter:
    """Tells how much of a task is done; at its end all is, however it went."""

    def __init__(self, size: int, on_progress: OnProgress) -> None:
        self._left = size
        self._on_progress = on_progress

    def add(self, count: int) -> None:
        """So much more is done."""
        self._left -= count
        self._on_progress(count)

    def finish(self) -> None:
        """The task is over."""
        if self._left:
            self.add(self._left)
