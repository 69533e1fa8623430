"""The processes that parse: what crashes or hangs one of them is found out, and the others go on."""

import multiprocessing
import os
import resource
import tempfile
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import c_longlong
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path

from tests.fuzz.targets import TARGETS

HANG = 30.0
"""seconds in which any file of these sizes is parsed, even on a machine that is busy with other things"""
MEMORY = 2 << 30
"""bytes that a worker may have beyond what it has at its start"""
PORTION = 2000
"""cases that a worker is given at a time"""


@dataclass
class Score:
    """What became of the cases of a target."""

    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)


@dataclass
class Worker:
    """A process that parses, and what it is at."""

    process: multiprocessing.process.BaseProcess
    pipe: Connection
    at: c_longlong
    portion: tuple[str, int, int] = ("", 0, 0)
    seen: int = -1
    since: float = 0.0

    @classmethod
    def start(cls, seed: int) -> "Worker":
        """Starts one."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        at = context.Value("q", -1, lock=False)
        process = context.Process(target=_work, args=(theirs, at, seed), daemon=True)
        process.start()
        theirs.close()
        return cls(process, ours, at)

    def give(self, portion: tuple[str, int, int]) -> None:
        """Gives it cases."""
        self.portion, self.seen, self.since = portion, -1, time.monotonic()
        self.at.value = -1
        self.pipe.send(portion)

    @property
    def hangs(self) -> bool:
        """Whether it has been at one case for too long."""
        now = self.at.value
        if now != self.seen:
            self.seen, self.since = now, time.monotonic()
        # none is begun while it imports
        return now >= 0 and time.monotonic() - self.since > HANG


def run(
    queue: deque[tuple[str, int, int]],
    scores: dict[str, Score],
    workers: int,
    seed: int,
    on_news: Callable[[str], None],
) -> None:
    """Runs all cases.

    Args:
        queue: targets by name, each with the first of its cases to run and the one after the last.
        scores: what became of them, by target; filled in here.
        on_news: is told the target of which more is known.
    """
    crew = [Worker.start(seed) for _ in range(workers)]
    idle = list(crew)
    while crew:
        for worker in idle:
            if not queue:
                worker.process.kill()
                crew.remove(worker)
            else:
                worker.give(queue.popleft())
        idle = []
        ready = wait([worker.pipe for worker in crew], timeout=1.0)
        for worker in list(crew):
            name, start, stop = worker.portion
            if worker.pipe in ready:
                try:
                    outcomes, seconds, failures = worker.pipe.recv()
                except (EOFError, ConnectionError):
                    worker.process.join()
                    what = f"the process ended with status {worker.process.exitcode}"
                else:
                    scores[name].outcomes += outcomes
                    scores[name].seconds += seconds
                    scores[name].failures += failures
                    on_news(name)
                    idle.append(worker)
                    continue
            elif worker.hangs:
                what = f"parsed for more than {HANG:g} seconds"
            else:
                continue
            # a new one runs those before it again, of which nothing was told, and those behind it
            at = max(worker.at.value, start)
            scores[name].failures.append(f"--only '{name}' --seed {seed} --case {at}: {what}")
            scores[name].outcomes["broken"] += 1
            worker.process.kill()
            crew[crew.index(worker)] = fresh = Worker.start(seed)
            idle.append(fresh)
            on_news(name)
            queue.extendleft((name, *part) for part in ((at + 1, stop), (start, at)) if part[0] < part[1])


def _work(pipe: Connection, at: c_longlong, seed: int) -> None:
    """Runs the cases that come through the pipe."""
    targets = {target.name: target for target in TARGETS}
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    # decoders complain of damaged pictures by themselves, thousands of times
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, resource.RLIM_INFINITY))
    while True:
        try:
            name, start, stop = pipe.recv()
        except EOFError:
            return
        with scratch_folder() as folder:
            targets[name].furnish(folder)
            outcomes: Counter[str] = Counter()
            failures: list[str] = []
            began = time.perf_counter()
            for index in range(start, stop):
                at.value = index
                try:
                    outcomes[targets[name].case(seed, index).run(folder)] += 1
                except Exception as error:  # noqa: BLE001 - whatever escapes is what is looked for
                    outcomes["broken"] += 1
                    place = traceback.extract_tb(error.__traceback__)[-1]
                    said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
                    where = f"{Path(place.filename).name}:{place.lineno}"
                    failures.append(f"--only '{name}' --seed {seed} --case {index}: {said} ({where})")
            at.value = -1
            pipe.send((outcomes, time.perf_counter() - began, failures))


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder in memory where there is one; nothing of it need outlive the cases."""
    memory = Path("/dev/shm")
    home = memory if memory.is_dir() else None
    with tempfile.TemporaryDirectory(dir=home, prefix="saccade-fuzz-") as folder:
        yield Path(folder)
