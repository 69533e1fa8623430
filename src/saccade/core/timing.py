"""Where the time of a frame goes."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from saccade.core.frame import Frame

FPS = 25.0
"""frames per second of a source that says nothing of time"""

_settle: ContextVar[Callable[[], None]] = ContextVar("settle", default=lambda: None)


@contextmanager
def stages_end_with(wait: Callable[[], None]) -> Iterator[None]:
    """Inside, every stage of a stopwatch begins and ends by calling `wait`.

    A GPU is given work and left alone with it: unless it is waited for, a stage takes as long as the giving.
    """
    token = _settle.set(wait)
    try:
        yield
    finally:
        _settle.reset(token)


class Stopwatch:
    """Adds up the milliseconds that each named stage of a frame takes."""

    def __init__(self) -> None:
        self.milliseconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Counts the time spent inside of the `with` block as `name`."""
        settle = _settle.get()
        settle()
        start = time.perf_counter()
        try:
            yield
        finally:
            settle()
            spent = 1e3 * (time.perf_counter() - start)
            self.milliseconds[name] = self.milliseconds.get(name, 0.0) + spent

    def add_slowest(self, others: Sequence["Stopwatch"]) -> None:
        """Counts stages that ran side by side: of each, the one that took longest."""
        for name in dict.fromkeys(name for other in others for name in other.milliseconds):
            longest = max(other.milliseconds.get(name, 0.0) for other in others)
            self.milliseconds[name] = self.milliseconds.get(name, 0.0) + longest

    def take(self) -> dict[str, float]:
        """The sums so far, and starts again from zero."""
        taken, self.milliseconds = self.milliseconds, {}
        return taken


class StepClock:
    """Times what happens to frames, and not the reading of them."""

    def __init__(self) -> None:
        self._start = 0.0

    def started(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The frames; the clock starts anew when one is handed out."""
        for frame in frames:
            self._start = time.perf_counter()
            yield frame

    def elapsed(self) -> float:
        """Seconds since the last frame was handed out."""
        return time.perf_counter() - self._start


class VideoClock:
    """Says how much time passes between the frames of a video, whatever its source knows of it.

    Args:
        fps: frames per second where frames have no time; `FPS` when None.

    Attributes:
        last: index and time of the last frame; None before the first.
    """

    def __init__(self, fps: float | int | None = None) -> None:
        self._period = 1 / (fps or FPS)
        self.last: tuple[int, float | None] | None = None

    def tick(self, index: int, time: float | None) -> float:
        """Seconds since the frame before, by its time, or else by its index; one frame's for the first.

        A clock that stands still or runs backwards, as that of a stream that was cut, is not believed.
        """
        before, self.last = self.last, (index, time)
        if before is None:
            return self._period
        if time is not None and before[1] is not None and time > before[1]:
            return time - before[1]
        return max(index - before[0], 1) * self._period
