"""Reading in a thread of its own, ahead of whoever takes the frames.

Every item is the result of one call in a single worker thread, so whatever goes wrong there surfaces where
the item is taken, and memory holds no more than the queue.
"""

import threading
import time
from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Any, Final, Protocol, runtime_checkable

END: Final = object()
"""what is taken when there is nothing more"""

Items = Generator[Any, None, None]


@runtime_checkable
class Queue(Protocol):
    """Where the next item is taken from."""

    dropped: int
    arrived: float
    """when the item that was taken last had been read, by `time.monotonic`"""

    def wait(self, seconds: float) -> bool:
        """Whether an item can be taken, or the end, or an error, after waiting that long at most."""
        ...

    def take(self) -> Any:
        """The next item, or `END`; waits for it, and raises what reading it raised."""
        ...

    def close(self) -> None:
        """Stops reading, closes the generator and ends the thread."""
        ...


class Direct:
    """No thread: items are read when they are taken, in the thread that takes them."""

    dropped = 0
    arrived = 0.0

    def __init__(self, items: Items) -> None:
        self._items = items

    def wait(self, seconds: float) -> bool:
        """See `Queue`; there is nobody else to wait for."""
        return True

    def take(self) -> Any:
        """See `Queue`."""
        item = next(self._items, END)
        self.arrived = time.monotonic()
        return item

    def close(self) -> None:
        """See `Queue`."""
        self._items.close()


class ReadAhead:
    """Reads a few items before they are asked for; none is ever lost."""

    dropped = 0
    arrived = 0.0

    def __init__(self, items: Items, capacity: int = 4) -> None:
        self._items = items
        self._worker = _worker()
        self._coming: deque[Future[Any]] = deque(self._read() for _ in range(capacity))

    def _read(self) -> Future[Any]:
        return self._worker.submit(next, self._items, END)

    def wait(self, seconds: float) -> bool:
        """See `Queue`."""
        return bool(wait([self._coming[0]], seconds).done)

    def take(self) -> Any:
        """See `Queue`."""
        item, self.arrived = self._coming.popleft().result(), time.monotonic()
        self._coming.append(self._read())
        return item

    def close(self) -> None:
        """See `Queue`; waits for the item that is being read."""
        for future in self._coming:
            future.cancel()
        _finish(self._worker, self._items)


class Newest:
    """Reads on at the pace of the source; items nobody takes make room for newer ones and are counted.

    With one that waits while another is worked on, no more than two are ever on their way.
    """

    def __init__(self, items: Items, capacity: int = 1) -> None:
        self.dropped = 0
        self.arrived = 0.0
        self._items = items
        self._capacity = capacity
        self._waiting: deque[tuple[Future[Any], float]] = deque()
        self._ready = threading.Condition()
        self._closed = False
        self._worker = _worker()
        self._read()

    def _read(self) -> None:
        # an interpreter that shuts down takes no more work, and that is the end of it
        with suppress(RuntimeError):
            self._worker.submit(next, self._items, END).add_done_callback(self._keep)

    def _keep(self, future: Future[Any]) -> None:
        goes_on = future.exception() is None and future.result() is not END
        with self._ready:
            if goes_on and len(self._waiting) >= self._capacity:
                self._waiting.popleft()
                self.dropped += 1
            self._waiting.append((future, time.monotonic()))
            self._ready.notify()
            if goes_on and not self._closed:
                self._read()

    def wait(self, seconds: float) -> bool:
        """See `Queue`."""
        with self._ready:
            return bool(self._ready.wait_for(lambda: self._waiting, seconds))

    def take(self) -> Any:
        """See `Queue`."""
        with self._ready:
            self._ready.wait_for(lambda: self._waiting or self._closed)
            if not self._waiting:
                return END
            future, self.arrived = self._waiting.popleft()
            return future.result()

    def close(self) -> None:
        """See `Queue`; waits for the item that is being read."""
        with self._ready:
            self._closed = True
            self._ready.notify_all()
        _finish(self._worker, self._items)


def _worker() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="saccade-reader")


def _finish(worker: ThreadPoolExecutor, items: Items) -> None:
    # a generator may only be closed by the thread that runs it
    worker.submit(items.close)
    worker.shutdown()
