"""Keeping up with a source that is twice as fast as the model: results stay fresh, and memory flat."""

import gc
import resource
import threading
import time
import weakref
from collections.abc import Generator, Iterator

import numpy as np
import pytest

from saccade.core import Frame, SourceError
from saccade.media.reader import Item, Reader
from saccade.media.realtime import Latency, Pace, keeping_up
from saccade.media.source import Source


class Paced(Reader):
    """A camera of a given pace; tells how many of its frames there are in memory."""

    live = True
    name = "a paced camera"

    def __init__(self, period: float, seconds: float, size: int = 64) -> None:
        self._period, self._seconds, self._size = period, seconds, size
        self.made = 0
        self._alive: weakref.WeakSet[Frame] = weakref.WeakSet()

    @property
    def alive(self) -> int:
        return len(self._alive)

    def frames(self, start: int, end: int | None) -> Generator[Item, None, None]:
        begun = time.monotonic()
        while (now := time.monotonic() - begun) < self._seconds:
            time.sleep(max(self.made * self._period - now, 0.0))
            frame = Memorable(np.zeros((self._size, self._size, 3), np.uint8), self.made)
            self._alive.add(frame)
            self.made += 1
            yield frame


class Stepped(Reader):
    """A camera that takes pictures when it is told to: the first at once. Nothing depends on how fast."""

    live = True
    name = "a stepped camera"

    def __init__(self) -> None:
        self.made = 0
        self._wanted, self._asked, self._is_over = 1, 0, False
        self._changed = threading.Condition()
        self._alive: weakref.WeakSet[Frame] = weakref.WeakSet()

    @property
    def alive(self) -> int:
        return len(self._alive)

    def advance(self, count: int) -> None:
        """Takes that many pictures; returns when the source has them all and asks for one more."""
        with self._changed:
            self._wanted += count
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self._asked > self._wanted, 60)

    def finish(self) -> None:
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def frames(self, start: int, end: int | None) -> Generator[Item, None, None]:
        while True:
            with self._changed:
                self._asked += 1
                self._changed.notify_all()
                self._changed.wait_for(lambda: self.made < self._wanted or self._is_over)
                if self._is_over:
                    return
            frame = Memorable(np.zeros((4, 4, 3), np.uint8), self.made)
            self._alive.add(frame)
            self.made += 1
            yield frame

    def interrupt(self) -> None:
        self.finish()


class Memorable(Frame):
    """A frame that can be watched leaving memory."""

    __slots__ = ("__weakref__",)


def busy(source: Source, period: float, working: list[str]) -> Iterator[int]:
    """A model that takes as long as that for a frame."""
    for frame in source:
        working.append(threading.current_thread().name)
        time.sleep(period)
        yield frame.index


def keep_up(seconds: float, step: float) -> tuple[Paced, Pace, list[int], int]:
    """A model at `step` seconds a frame, on a source of twice its rate: what it saw, and most alive."""
    reader = Paced(step / 2, seconds)
    with Source(reader, start=0, end=None, on_bad_frame="stop") as source:
        pace, seen, most, working = Pace(source), [], 0, []
        for index in keeping_up(busy(source, step, working), pace):
            seen.append(index)
            most = max(most, reader.alive)
        assert set(working) != {threading.current_thread().name}
    return reader, pace, seen, most


def check(reader: Paced, pace: Pace, seen: list[int], most: int, step: float) -> None:
    assert seen == sorted(set(seen)) and 0.3 < len(seen) / reader.made < 0.7
    assert len(seen) + pace.dropped == reader.made
    assert step < pace.latency.quantile(0.5) / 1e3 < 2 * step
    # one waits, one is worked on; one more is being read, and the result of one is taken
    assert most <= 4


def test_results_stay_fresh_and_drops_are_counted() -> None:
    steps, step = 20, 0.01
    reader, begun = Stepped(), time.monotonic()

    def model(source: Source) -> Iterator[int]:
        """Two pictures are taken while it works on one."""
        for place, frame in enumerate(source):
            time.sleep(step)
            reader.advance(2) if place < steps - 1 else reader.finish()
            yield frame.index

    with Source(reader, start=0, end=None, on_bad_frame="stop") as source:
        pace, seen = Pace(source), []
        for index in keeping_up(model(source), pace):
            seen.append(index)
            # one waits, one is worked on; one more is being read, and the result of one is taken
            assert reader.alive <= 4
    # always the newest there was
    assert seen == list(range(0, 2 * steps, 2))
    assert pace.dropped == steps - 1 and reader.made == len(seen) + pace.dropped
    said = pace.to_json()
    assert said["dropped"] == pace.dropped and str(pace).endswith(f"{pace.dropped} dropped")
    # a frame waits while another is worked on, and is then worked on itself
    assert 1e3 * step <= said["latency_ms"]["median"] <= 1e3 * (time.monotonic() - begun)
    assert pace.latency.count == steps


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_it_keeps_up_for_five_minutes() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reader, pace, seen, most = keep_up(300, 0.04)
    check(reader, pace, seen, most, 0.04)
    assert pace.latency.mean < 80 and pace.latency.quantile(0.95) < 80
    gc.collect()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # kB


def test_what_goes_wrong_in_the_thread_surfaces() -> None:
    class Broken(Paced):
        def frames(self, start: int, end: int | None) -> Generator[Item, None, None]:
            yield Frame(np.zeros((4, 4, 3), np.uint8))
            yield SourceError("the cable", frame=1)

    with Source(Broken(0.1, 1), start=0, end=None, on_bad_frame="stop") as source:
        results = keeping_up(busy(source, 0.0, []), Pace(source))
        assert next(results) == 0
        with pytest.raises(SourceError, match="the cable"):
            next(results)


def test_stopping_does_not_wait_for_the_next_frame() -> None:
    class Silent(Paced):
        def __init__(self) -> None:
            super().__init__(0.1, 1)
            self.woken = threading.Event()

        def frames(self, start: int, end: int | None) -> Generator[Item, None, None]:
            yield Frame(np.zeros((4, 4, 3), np.uint8))
            self.woken.wait(60)

        def interrupt(self) -> None:
            self.woken.set()

    with Source(Silent(), start=0, end=None, on_bad_frame="stop") as source:
        results = keeping_up(busy(source, 0.0, []), Pace(source))
        next(results)
        begun = time.monotonic()
        results.close()  # type: ignore[attr-defined]
        assert time.monotonic() - begun < 5


def test_figures_of_latency() -> None:
    latency = Latency()
    assert (latency.quantile(0.5), latency.mean) == (0, 0)
    for value in range(1, 1001):
        latency.add(float(value))
    assert (latency.count, latency.mean, latency.longest, latency.last) == (1000, 500.5, 1000, 1000)
    assert latency.quantile(0.5) == 851  # of the newest 300


def test_a_wait_tells_whether_there_is_a_frame() -> None:
    reader = Stepped()
    with Source(reader, start=0, end=None, on_bad_frame="stop") as source:
        assert source.wait(60.0)
        next(source)
        assert not source.wait(0.01)
        reader.advance(1)
        assert source.wait(60.0) and next(source).index == 1
