"""Where the time of a frame goes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Adds up the milliseconds that each named stage of a frame takes."""

    def __init__(self) -> None:
        self.milliseconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Counts the time spent inside of the `with` block as `name`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = 1e3 * (time.perf_counter() - start)
            self.milliseconds[name] = self.milliseconds.get(name, 0.0) + spent

    def take(self) -> dict[str, float]:
        """The sums so far, and starts again from zero."""
        taken, self.milliseconds = self.milliseconds, {}
        return taken
