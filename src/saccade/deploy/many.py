"""A verb over many videos: each is a task and leaves its files in a folder of its own; a killed run goes on.

What is done is decided by what lies on the disk: a video whose `run.json` says that it came to its end, by
the same command, is not run again, wherever and by whomever that was done.
"""

import json
import shlex
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

from saccade.core import ConfigError
from saccade.core.cluster import run_on_cluster
from saccade.core.crew import run_in_processes
from saccade.core.tasks import Lost, OnProgress, Task
from saccade.media.files import make_folder, replacing
from saccade.weights.locking import acquire, release

SUMMARY = "summary.json"
FAILURE = "failure.txt"
"""beside the files of a video: the account of what nobody expected"""
TRIES = 2
"""how often a video is run that failed for a reason which may be gone the next time"""
WHERE = ("--out", "--device")
"""options that say where something is done and left, and nothing of what"""
_WRITE_EVERY = 1.0
"""seconds between two looks at how far things are, in `summary.json`"""
_HOW = frozenset(
    {"command", "source", "device", "model", "weights", "detector", "detector_weights", "classes", "config"}
    | {"seed", "versions", "threads", "finished"}
)
"""what `run.json` says of how a video was run, which the summary has no need to repeat"""


class Blame(StrEnum):
    """What a failure is due to."""

    VIDEO = "video"
    """the video, or the boxes in it; another try would end alike, other videos may not"""
    COMMAND = "command"
    """the options, the model, or what is installed: every video would fail"""
    CHANCE = "chance"
    """anything else, such as a full disk or a lost machine; another try may go well"""


class State(StrEnum):
    """How far a video is."""

    WAITING = "waiting"
    KEPT = "kept"
    """finished by an earlier run"""
    FINISHED = "finished"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What came of a try to run a video.

    Attributes:
        failure: why there is no result, in a line; empty when all went well.
        account: the traceback, where nobody expected that.
        blame: what the failure is due to.
        remarks: what the user should know.
    """

    failure: str = ""
    account: str = ""
    blame: Blame = Blame.CHANCE
    remarks: tuple[str, ...] = ()


Command = Callable[[Sequence[str], OnProgress], Attempt]
"""runs the command of so many words, and is told to say how many frames are done; can be sent to others"""


@dataclass(slots=True, eq=False)
class VideoRun:
    """A video, and what is to be run over it.

    Attributes:
        video: the file.
        out: the folder of its results.
        words: of the command, without those that say where.
        state: how far it is.
        tries: how often it was run.
        attempt: what came of the last try.
        result: what was found, as `run.json` says it.
    """

    video: Path
    out: Path
    words: tuple[str, ...]
    state: State = State.WAITING
    tries: int = 0
    attempt: Attempt = field(default_factory=Attempt)
    result: dict[str, Any] = field(default_factory=dict)

    def read(self) -> bool:
        """Whether there is a whole result of this very command, younger than the video."""
        path = self.out / "run.json"
        try:
            said = json.loads(path.read_text())
            is_younger = path.stat().st_mtime >= self.video.stat().st_mtime
            same = _identity(shlex.split(str(said["command"]))[1:]) == self.words
            is_whole = bool(said["finished"] and same and is_younger)
        except (OSError, RecursionError, ValueError, LookupError, TypeError):
            # no file, or none that a run has left
            return False
        if is_whole:
            self.result = {name: value for name, value in said.items() if name not in _HOW}
        return is_whole

    def command(self, device: str) -> tuple[str, ...]:
        """All words of the command, on a device."""
        return (*self.words, "--device", device, "--out", str(self.out))

    def keep(self, attempt: Attempt) -> None:
        """Takes in what came of a try; only what lies on the disk counts as done."""
        self.tries += 1
        if not attempt.failure and not self.read():
            reason = f"nothing whole is in {self.out}; whoever runs videos must write to the same disk"
            attempt = Attempt(failure=reason, remarks=attempt.remarks)
        self.attempt = attempt
        self.state = State.FAILED if attempt.failure else State.FINISHED
        account = self.out / FAILURE
        account.unlink(missing_ok=True)
        if attempt.account:
            make_folder(self.out)
            with replacing(account) as part:
                part.write_text(f"{attempt.failure}\n\n{attempt.account}")

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        about = {
            "video": str(self.video),
            "out": str(self.out),
            "state": self.state.value,
            "tries": self.tries,
        }
        failure = {"failure": self.attempt.failure} if self.attempt.failure else {}
        remarks = {"remarks": list(self.attempt.remarks)} if self.attempt.remarks else {}
        return {**about, **failure, **remarks, **self.result}


def _identity(words: Sequence[str]) -> tuple[str, ...]:
    """The words of a command without the options that say where, and their values."""
    kept: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in WHERE:
            next(rest, None)
        else:
            kept.append(word)
    return tuple(kept)


@dataclass(slots=True)
class Batch:
    """Videos that are run by one command.

    Attributes:
        out: the folder of their folders, and of `summary.json`.
        command: as the user typed it.
        settings: what decides on the results of all videos: results of other settings are never added to.
        runs: one for each video.
    """

    out: Path
    command: str
    settings: Mapping[str, Any]
    runs: Sequence[VideoRun]
    _written: float = 0.0

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Inside, this batch is at work in its folder and nobody else; finished videos are found.

        Raises:
            ConfigError: when another batch is at work there, or has left results of other settings.
            OutputError: when the folder cannot be written.
        """
        make_folder(self.out)
        path = self.out / (SUMMARY + ".lock")
        lock = acquire(path)
        if lock is None:
            raise ConfigError(
                f"{self.out}: another saccade is at work on it; wait for it, or give another --out"
            )
        try:
            self._check_settings()
            for run in self.runs:
                if run.read():
                    run.state = State.KEPT
            self.write()
            try:
                yield
            finally:
                self.write()
        finally:
            release(path, lock)

    def _check_settings(self) -> None:
        if not any(self.out.glob("*/run.json")):
            return
        try:
            before = json.loads((self.out / SUMMARY).read_text(encoding="utf-8"))["settings"]
        except (OSError, RecursionError, ValueError, LookupError, TypeError):
            return
        if not isinstance(before, dict):
            return
        for name in dict.fromkeys([*before, *self.settings]):
            then, now = before.get(name), json.loads(json.dumps(self.settings.get(name)))
            if then != now:
                raise ConfigError(
                    f"{self.out}: holds results of other settings ({name}: {_said(then)} then, {_said(now)} "
                    "now); give another --out, or the settings of then"
                )

    def write(self) -> None:
        """Writes `summary.json`."""
        self._written = time.monotonic()
        with replacing(self.out / SUMMARY) as part:
            part.write_text(json.dumps(self.to_json(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def keep(self, run: VideoRun, attempt: Attempt) -> None:
        """Takes in what came of a try."""
        run.keep(attempt)
        if time.monotonic() - self._written >= _WRITE_EVERY:
            self.write()

    def of(self, *states: State) -> list[VideoRun]:
        """The videos that are so far."""
        return [run for run in self.runs if run.state in states]

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        done = self.of(State.KEPT, State.FINISHED)
        return {
            "out": str(self.out),
            "command": self.command,
            "settings": self.settings,
            "finished": len(done) == len(self.runs),
            "videos": len(self.runs),
            "failed": len(self.of(State.FAILED)),
            "frames": sum(run.result.get("frames", 0) for run in done),
            "runs": [run.to_json() for run in self.runs],
        }


def _said(setting: Any) -> str:
    """A setting in a message."""
    if setting is None:
        return "its default"
    if isinstance(setting, Mapping):
        return f"{setting['file']} with sha256 {setting['sha256'][:8]}…"
    return ", ".join(map(_said, setting)) if isinstance(setting, list) else str(setting)


def run_batch(
    batch: Batch,
    command: Command,
    *,
    devices: tuple[str, ...],
    workers: int | None = None,
    ray: str | None = None,
    on_progress: OnProgress = lambda count: None,
) -> Iterator[VideoRun]:
    """Runs the videos of a batch that have no whole result yet, here, in processes, or on a cluster.

    One that fails is written down, and the others have their turn; where its reason may be gone the next
    time, it is tried once more at the end.

    Args:
        command: runs a command.
        devices: where; processes share them out.
        workers: processes of this machine, or videos that a cluster runs at once.
        ray: address of a cluster, whose machines see the videos and the results under the same paths.
        on_progress: is told how many frames more are done, where that can be known.

    Yields:
        each video, as soon as there is a result or a failure.

    Raises:
        ConfigError: when the command is at fault, so that every video would fail; or as the cluster does.
        MissingExtraError: when the cluster needs the package `ray`.
        OutputError: when the summary cannot be written.
    """
    todo = batch.of(State.WAITING)
    for _ in range(TRIES):
        tasks = {Task(partial(_on_device, command, run), 0, devices): run for run in todo}
        for task, answer in _done(tasks, workers, ray, on_progress):
            if isinstance(answer, Lost):
                answer = Attempt(failure=answer.reason, account=answer.account)
            batch.keep(tasks[task], answer)
            if answer.blame is Blame.COMMAND and not batch.of(State.FINISHED, State.KEPT):
                raise ConfigError(answer.failure)
            yield tasks[task]
        todo = [run for run in todo if run.state is State.FAILED and run.attempt.blame is Blame.CHANCE]
        if not todo:
            return


def _done(
    tasks: Iterable[Task[Attempt]],
    workers: int | None,
    ray: str | None,
    on_progress: OnProgress,
) -> Iterator[tuple[Task[Attempt], Attempt | Lost]]:
    if ray is not None:
        yield from run_on_cluster(list(tasks), ray, workers, on_progress)
    elif workers is not None and workers > 1:
        yield from run_in_processes(tasks, workers, on_progress, preload=__name__)
    else:
        for task in tasks:
            yield task, task.work(task.devices[0], on_progress)


def _on_device(command: Command, run: VideoRun, device: str, on_progress: OnProgress) -> Attempt:
    return command(run.command(device), on_progress)
