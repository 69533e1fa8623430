"""Keeping up with a live source: capture, model and output each in a thread, and how late results are.

The source reads in a thread of its own and keeps the newest frame only. The model works in a second thread,
while the caller draws and writes what it found in the frame before.
"""

import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from saccade.media.prefetch import END, ReadAhead
from saccade.media.source import Source

Found = TypeVar("Found")

RECENT = 300
"""results that the median and the slow ones are taken of, so that memory stays flat"""


@dataclass(slots=True)
class Latency:
    """Milliseconds from the moment a frame was there to its result.

    Attributes:
        count: results.
        last: of the newest.
        mean: of all.
        longest: of all.
    """

    count: int = 0
    last: float = 0.0
    mean: float = 0.0
    longest: float = 0.0
    _recent: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))

    def add(self, milliseconds: float) -> None:
        """Counts one more."""
        self.count += 1
        self.last = milliseconds
        self.mean += (milliseconds - self.mean) / self.count
        self.longest = max(self.longest, milliseconds)
        self._recent.append(milliseconds)

    def quantile(self, share: float) -> float:
        """What that share of the recent ones does not exceed; 0 when there is none."""
        ordered = sorted(self._recent)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0


class Pace:
    """How well a model keeps up with a live source."""

    def __init__(self, source: Source) -> None:
        self.latency = Latency()
        self.source = source

    def mark(self) -> None:
        """Notes that the result of the frame that was taken last is there."""
        self.latency.add(1e3 * (time.monotonic() - self.source.arrived))

    @property
    def dropped(self) -> int:
        """Frames that made room for newer ones."""
        return self.source.dropped

    def to_json(self) -> dict[str, Any]:
        """What `run.json` says."""
        latency = self.latency
        figures = {
            "mean": latency.mean,
            "median": latency.quantile(0.5),
            "p95": latency.quantile(0.95),
            "longest": latency.longest,
        }
        return {
            "dropped": self.dropped,
            "latency_ms": {name: round(value, 2) for name, value in figures.items()},
        }

    def __str__(self) -> str:
        return f"{self.latency.quantile(0.5):.0f} ms late, {self.dropped} dropped"


def keeping_up(found: Iterable[Found], pace: Pace) -> Iterator[Found]:
    """What a model finds, found in a thread of its own, one result ahead of whoever takes them.

    Args:
        found: does the model's work when it is iterated over.
        pace: is told of every result; its source is closed in the end.
    """

    def in_thread() -> Generator[Found, None, None]:
        for each in found:
            pace.mark()
            yield each

    queue = ReadAhead(in_thread(), capacity=1)
    try:
        while (item := queue.take()) is not END:
            yield item
    finally:
        # wakes up whoever waits for the next frame
        pace.source.close()
        queue.close()
