"""Tasks side by side in processes of this machine."""

import os
import signal
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

import cv2
import torch

from saccade.core.processes import end_with_parent, process_context, share_of_threads
from saccade.core.tasks import Answer, Lost, Meter, OnProgress, Task

NEWS_EVERY = 0.1
"""seconds between two messages of a process about what it has done"""


def run_in_processes(
    tasks: Iterable[Task[Answer]],
    workers: int,
    on_progress: OnProgress = lambda count: None,
    *,
    preload: str = __name__,
) -> Iterator[tuple[Task[Answer], Answer | Lost]]:
    """Does tasks, in their order, in as many processes, each with its share of the cores and of the devices.

    A process that dies takes one task with it; another takes its place. When this process dies, they do as
    well.

    Args:
        on_progress: is told how much more is done; in the end, all that the tasks are.
        preload: a module that is loaded once for all processes, where they are forked.

    Yields:
        each task and what it answers, as soon as that is there.
    """
    waiting = list(tasks)[::-1]
    threads = share_of_threads(workers)
    crew: list[_Worker] = []
    try:
        for place in range(min(workers, len(waiting))):
            crew.append(_Worker.hire(place, threads, preload))
            crew[-1].give(waiting.pop(), on_progress)
        while busy := [worker for worker in crew if worker.task is not None]:
            for connection in wait([worker.connection for worker in busy]):
                worker = next(worker for worker in busy if worker.connection is connection)
                message = worker.hear()
                if message is None:
                    continue
                task = worker.finish()
                if waiting:
                    if not worker.process.is_alive():
                        crew.remove(worker)
                        worker = _Worker.hire(worker.place, threads, preload)
                        crew.append(worker)
                    worker.give(waiting.pop(), on_progress)
                yield task, message if isinstance(message, Lost) else message.value
    finally:
        for worker in crew:
            worker.dismiss()


@dataclass(frozen=True, slots=True)
class _Said:
    """An answer on its way, told from news by its class."""

    value: Any


@dataclass(slots=True, eq=False)
class _Worker:
    """A process, seen from the one that gives it tasks.

    Attributes:
        place: its number, by which devices are shared out.
        task: what it is at; None when it waits.
    """

    place: int
    process: BaseProcess
    connection: Connection
    task: Task[Any] | None = None
    meter: Meter | None = None

    @classmethod
    def hire(cls, place: int, threads: int, preload: str) -> "_Worker":
        context = process_context(preload)
        here, there = context.Pipe()
        process = context.Process(  # type: ignore[attr-defined]
            target=_work, args=(there, dict(os.environ), place, threads), daemon=True
        )
        process.start()
        # with the only other end in the process, its death is heard as an end of file, and so is ours
        there.close()
        return cls(place, process, here)

    def give(self, task: Task[Any], on_progress: OnProgress) -> None:
        self.task, self.meter = task, Meter(task.size, on_progress)
        # one that has died meanwhile is found out when it is listened to
        with suppress(OSError):
            self.connection.send(task)

    def hear(self) -> _Said | Lost | None:
        """The next message: an answer, or None for news of what was done."""
        try:
            message = self.connection.recv()
        except (EOFError, OSError):
            self.process.join()
            return Lost(f"the process died ({_cause(self.process.exitcode)})")
        if isinstance(message, _Said):
            return message
        assert self.meter is not None
        assert isinstance(message, int)
        self.meter.add(message)
        return None

    def finish(self) -> Task[Any]:
        assert self.task is not None
        assert self.meter is not None
        self.meter.finish()
        task, self.task, self.meter = self.task, None, None
        return task

    def dismiss(self) -> None:
        self.connection.close()
        self.process.terminate()
        self.process.join()


def _cause(code: int | None) -> str:
    if code is None or code >= 0:
        return f"exit status {code}"
    name = signal.Signals(-code).name
    return f"{name}; out of memory?" if name == "SIGKILL" else name


def _work(connection: Connection, environment: Mapping[str, str], place: int, threads: int) -> None:
    """What a process does: tasks, until nobody gives it any."""
    # the process that this one is forked from may be older than a change of the environment
    os.environ.update(environment)
    # Ctrl-C reaches all processes of a terminal; the first one decides
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # a task that tells nothing for hours would not notice that nobody waits for it any more
    end_with_parent()
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    try:
        while True:
            task = connection.recv()
            assert isinstance(task, Task)
            news = _News(connection)
            connection.send(_Said(task.work(task.devices[place % len(task.devices)], news.add)))
    except (EOFError, OSError):
        # whoever gave tasks is gone
        return


class _News:
    """Tells now and then how much was done, not at each step, which would cost more than the step."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._count = 0
        self._told = time.monotonic()

    def add(self, count: int) -> None:
        self._count += count
        now = time.monotonic()
        if now - self._told < NEWS_EVERY:
            return
        try:
            self._connection.send(self._count)
        except OSError:
            # nobody is left to hear it; this is no failure of the task, which ends here
            raise SystemExit from None
        self._count, self._told = 0, now
