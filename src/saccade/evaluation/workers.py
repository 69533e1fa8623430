"""Trials side by side in processes of this machine."""

import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

import cv2
import torch

from saccade.core.processes import process_context
from saccade.evaluation.protocols import OnFrame
from saccade.evaluation.runner import Answer, Meter, Outcome, Trial, keep, longest_first, make

NEWS_EVERY = 0.1
"""seconds between two messages of a process about the frames that it has run"""


def run_in_processes(
    trials: Sequence[Trial], workers: int, on_frame: OnFrame = lambda count: None
) -> Iterator[Outcome]:
    """Makes trials in as many processes, each with its share of the processor's cores and of the devices.

    A process that dies takes one trial with it, which counts as failed; another takes its place. When this
    process dies, they do as well.

    Args:
        on_frame: is told how many frames more are done; in the end, as many as the trials have.

    Yields:
        each outcome, as soon as it is there.

    Raises:
        OutputError: when results cannot be written.
    """
    waiting = longest_first(trials)[::-1]
    threads = share_of_threads(workers)
    crew: list[_Worker] = []
    try:
        for place in range(min(workers, len(waiting))):
            crew.append(_Worker.hire(place, threads))
            crew[-1].give(waiting.pop(), on_frame)
        while busy := [worker for worker in crew if worker.trial is not None]:
            for connection in wait([worker.connection for worker in busy]):
                worker = next(worker for worker in busy if worker.connection is connection)
                answer = worker.hear()
                if answer is None:
                    continue
                trial = worker.finish()
                if waiting:
                    if not worker.process.is_alive():
                        crew.remove(worker)
                        worker = _Worker.hire(worker.place, threads)
                        crew.append(worker)
                    worker.give(waiting.pop(), on_frame)
                yield keep(trial, answer)
    finally:
        for worker in crew:
            worker.dismiss()


def share_of_threads(workers: int) -> int:
    """How many threads each of several processes should use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(cores // workers, 1)


@dataclass(slots=True, eq=False)
class _Worker:
    """A process, seen from the one that gives it trials.

    Attributes:
        place: its number, by which devices are shared out.
        trial: what it is at; None when it waits.
    """

    place: int
    process: BaseProcess
    connection: Connection
    trial: Trial | None = None
    meter: Meter | None = None

    @classmethod
    def hire(cls, place: int, threads: int) -> "_Worker":
        context = process_context(__name__)
        here, there = context.Pipe()
        process = context.Process(  # type: ignore[attr-defined]
            target=_work, args=(there, dict(os.environ), place, threads), daemon=True
        )
        process.start()
        # with the only other end in the process, its death is heard as an end of file, and so is ours
        there.close()
        return cls(place, process, here)

    def give(self, trial: Trial, on_frame: OnFrame) -> None:
        self.trial, self.meter = trial, Meter(trial, on_frame)
        # one that has died meanwhile is found out when it is listened to
        with suppress(OSError):
            self.connection.send(trial)

    def hear(self) -> Answer | None:
        """The next message: an answer, or None for news of the frames that were run."""
        try:
            message = self.connection.recv()
        except (EOFError, OSError):
            self.process.join()
            return Answer(failure=f"the process died ({_cause(self.process.exitcode)})")
        if isinstance(message, Answer):
            return message
        assert self.meter is not None
        assert isinstance(message, int)
        self.meter.add(message)
        return None

    def finish(self) -> Trial:
        assert self.trial is not None
        assert self.meter is not None
        self.meter.finish()
        trial, self.trial, self.meter = self.trial, None, None
        return trial

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
    """What a process does: makes trials until nobody gives it any."""
    # the process that this one is forked from may be older than a change of the environment
    os.environ.update(environment)
    # Ctrl-C reaches all processes of a terminal; the first one decides
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    try:
        while True:
            trial = connection.recv()
            assert isinstance(trial, Trial)
            news = _News(connection)
            devices = trial.contender.devices
            answer = make(trial, devices[place % len(devices)], news.add)
            connection.send(answer)
    except (EOFError, OSError):
        # whoever gave trials is gone
        return


class _News:
    """Tells now and then how many frames were run, not at each, which would cost more than the frame."""

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
            # nobody is left to hear it; this is no failure of the model, whose trial ends here
            raise SystemExit from None
        self._count, self._told = 0, now
