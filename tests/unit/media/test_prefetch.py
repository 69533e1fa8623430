"""The reader's thread: order, errors, bounds, and that it ends."""

import gc
import threading
import time
import tracemalloc
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np
import pytest

from saccade.media import open_source
from saccade.media.prefetch import END, Direct, Newest, Queue, ReadAhead


def reader_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("saccade-reader")]


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Generator[None, None, None]:
    yield
    if reader_threads():
        gc.collect()
    deadline = time.monotonic() + 5
    while reader_threads() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert reader_threads() == []


class Counter:
    """A generator of numbers that notes how far it was read and that it was closed."""

    def __init__(self, stop: int, error: Exception | None = None) -> None:
        self.read, self.closed_by = 0, ""
        self._stop, self._error = stop, error

    def items(self) -> Generator[int, None, None]:
        try:
            for number in range(self._stop):
                self.read += 1
                yield number
            if self._error:
                raise self._error
        finally:
            self.closed_by = threading.current_thread().name


def take_all(queue: Queue) -> list[int]:
    items = []
    while (item := queue.take()) is not END:
        items.append(item)
    return items


@pytest.mark.parametrize("kind", [Direct, ReadAhead])
def test_nothing_is_lost_or_reordered(kind: Callable[..., Queue]) -> None:
    queue = kind(Counter(100).items())
    assert take_all(queue) == list(range(100))
    assert queue.dropped == 0 and queue.take() is END
    queue.close()


def test_reading_ahead_is_bounded() -> None:
    counter = Counter(100)
    queue = ReadAhead(counter.items(), capacity=3)
    time.sleep(0.1)
    assert counter.read == 3
    assert queue.take() == 0
    time.sleep(0.1)
    assert counter.read == 4
    queue.close()
    assert counter.closed_by.startswith("saccade-reader")


@pytest.mark.parametrize("kind", [Direct, ReadAhead])
def test_an_error_surfaces_where_it_happened(kind: Callable[..., Queue]) -> None:
    queue = kind(Counter(6, ZeroDivisionError("in the thread")).items())
    assert [queue.take() for _ in range(6)] == list(range(6))
    with pytest.raises(ZeroDivisionError, match="in the thread"):
        queue.take()
    assert queue.take() is END
    queue.close()


def test_a_live_source_drops_the_oldest_and_counts_them() -> None:
    counter = Counter(50)
    queue = Newest(counter.items(), capacity=2)
    while counter.read < 50 or not counter.closed_by:
        time.sleep(0.01)
    taken = take_all(queue)
    # the newest two, and nothing of the end is lost
    assert taken == [48, 49]
    assert queue.dropped == 48
    queue.close()


def test_a_live_source_that_is_taken_in_time_drops_nothing() -> None:
    go_on = threading.Semaphore(0)

    def paced() -> Generator[int, None, None]:
        for number in range(20):
            go_on.acquire()
            yield number

    queue = Newest(paced())
    for number in range(20):
        go_on.release()
        assert queue.take() == number
    queue.close()
    assert queue.dropped == 0


def test_a_live_source_passes_its_error_on() -> None:
    queue = Newest(Counter(1, ZeroDivisionError("cable")).items())
    assert queue.take() == 0
    with pytest.raises(ZeroDivisionError):
        queue.take()
    queue.close()


def test_closing_early_ends_the_thread(make_video: Callable[..., Path]) -> None:
    path = make_video(num_frames=60)
    with open_source(path) as frames:
        next(frames)
        assert reader_threads()
        begin = time.perf_counter()
    assert reader_threads() == [] and time.perf_counter() - begin < 1
    assert list(frames) == []
    frames.close()


def test_an_opened_source_that_is_never_read_has_no_thread(make_video: Callable[..., Path]) -> None:
    frames = open_source(make_video())
    assert reader_threads() == []
    frames.close()


def test_a_forgotten_source_takes_its_thread_with_it(make_video: Callable[..., Path]) -> None:
    next(open_source(make_video()))  # never closed


def test_memory_is_flat(make_folder: Callable[..., Path], tmp_path: Path) -> None:
    make_folder(count=2)
    listing = tmp_path / "list.txt"
    listing.write_text("frames/img0.png\nframes/img1.png\n" * 400)
    with open_source(listing) as frames:
        size = next(frames).image.nbytes
        tracemalloc.start()
        for frame in frames:
            assert np.any(frame.image)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 100 * size < 800 * size
