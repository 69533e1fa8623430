"""How fast a session goes: when the next frame is due, frames a second, latency, and what was dropped."""

import time

from saccade.core.timing import FPS
from saccade.media.realtime import Latency

_SPAN = 2.0
"""seconds over which frames are counted"""
_BEHIND = 0.1
"""seconds that a clip may be behind and catch up with"""


class Meter:
    """Counts the frames of one source as they are run and shown.

    Attributes:
        latency: from the moment a live frame was there to its result.
        dropped: live frames that made room for newer ones while the page was not paused.
        due: when the next frame of a clip is to be shown, by `time.monotonic`.
    """

    def __init__(self) -> None:
        self.latency = Latency()
        self.dropped = 0
        self.due = 0.0
        self._last: int | None = None
        self._times: list[float] = []

    def resume(self) -> None:
        """Goes on after a pause; what passed meanwhile is not missed."""
        self._last, self.due = None, time.monotonic()

    def ran(self, index: int, arrived: float) -> None:
        """A live frame has been run, which arrived at that time."""
        self.latency.add(1e3 * (time.monotonic() - arrived))
        self.dropped += 0 if self._last is None else index - self._last - 1
        self._last = index

    def showed(self, fps: float | None) -> None:
        """A frame has been shown, of a source of that many frames a second."""
        now = time.monotonic()
        self.due = max(self.due + 1 / (fps or FPS), now - _BEHIND)
        self._times = [*(each for each in self._times if each > now - _SPAN), now]

    def told(self, *, live: bool) -> dict[str, float | int | None]:
        """What the page is told."""
        latency, dropped = (round(self.latency.last, 1), self.dropped) if live else (None, None)
        return {"fps": round(self.fps, 2), "latency": latency, "dropped": dropped}

    @property
    def fps(self) -> float:
        """Frames a second that have been shown lately."""
        return (len(self._times) - 1) / max(self._times[-1] - self._times[0], 1e-3) if self._times else 0.0
