"""Runs a model over a video and leaves the files of a run: boxes, masks, annotated video, and what ran."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8

from saccade.core import Frame, Instances, Model, SaccadeError, Status, Targets, follow_frames
from saccade.core.config import to_json
from saccade.core.timing import StepClock
from saccade.core.versions import versions
from saccade.deploy.interrupts import undisturbed
from saccade.draw import Overlay
from saccade.media import RunWriter, VideoSink

FILES = ("boxes.csv", "boxes.txt", "masks", "run.json", "video.mp4")
"""what a run may leave behind"""

Picture = UInt8[np.ndarray, "H W 3"]
Watch = Callable[[Frame, Instances, Picture], bool]
"""sees each frame, what was found and the annotated picture; False ends the run"""


@dataclass(slots=True)
class Recording:
    """What a run has left behind.

    Attributes:
        out: folder of the files.
        frames: how many were run.
        lost: in how many of them some target was lost.
        targets: ids of the targets.
        seconds: what the model took, reading, drawing and writing not counted.
        first_seconds: its share of the first frame, in which the targets are learnt.
        skipped: frames that could not be read and were left out, a sentence each.
        files: names of what was written, in `out`.
    """

    out: Path
    frames: int = 0
    lost: int = 0
    targets: list[Any] = field(default_factory=list)
    seconds: float = 0.0
    first_seconds: float = 0.0
    skipped: Sequence[str] = ()
    files: list[str] = field(default_factory=list)

    @property
    def fps(self) -> float:
        """Frames by seconds of the model, the first frame included."""
        return self.frames / self.seconds if self.seconds else 0.0

    def add(self, found: Instances, seconds: float) -> None:
        """Counts one more frame."""
        if self.frames == 0:
            self.first_seconds = seconds
        self.frames += 1
        self.seconds += seconds
        if found.status is not None:
            self.lost += bool((found.status == Status.LOST.value).any())
        if found.ids is not None:
            self.targets += [target for target in found.ids if target not in self.targets]

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "out": str(self.out),
            "files": self.files,
            "frames": self.frames,
            **self.outcome(),
        }

    def outcome(self) -> dict[str, Any]:
        """What `run.json` says of the run's end."""
        return {
            "fps": round(self.fps, 2),
            "seconds": round(self.seconds, 4),
            "first_frame_seconds": round(self.first_seconds, 4),
            "targets": self.targets,
            "frames_lost": self.lost,
            "skipped": list(self.skipped),
        }


def record(
    model: Model,
    frames: Iterable[Frame],
    targets: Targets | None,
    out: Path,
    *,
    fps: float | None = None,
    seed: int = 0,
    about: Mapping[str, Any] | None = None,
    skipped: Sequence[str] = (),
    watch: Watch = lambda *_: True,
) -> Recording:
    """Runs a model over frames and writes what it finds into a folder.

    Whatever ends it - the last frame, an error, Ctrl-C - what was found so far is kept in whole files.

    Args:
        frames: in order; the first is where the targets are pointed at.
        targets: what to follow; None for models that find things by themselves.
        out: where the files go; the folder is made when the first frame has been run.
        fps: frames per second of the annotated video; the sink's default when None.
        about: what else belongs into `run.json`, e.g. the command and the device.
        skipped: what the source leaves out; it may still grow.
        watch: sees each frame after it has been run; ends the run by returning False.

    Raises:
        SaccadeError: whatever reading, tracking and writing raise; a note on it says what was kept.
        KeyboardInterrupt: on Ctrl-C, with the same note.
    """
    recording = Recording(out, skipped=skipped)
    clock, overlay = StepClock(), Overlay()
    files = _Files(out, fps, run_facts(model, seed) | dict(about or {}))
    finished = False
    try:
        for frame, found in follow_frames(model, clock.started(frames), targets, seed=seed):
            seconds = clock.elapsed()
            picture = overlay.draw(frame, found)
            with undisturbed():
                files.write(found, picture, frame.time)
                recording.add(found, seconds)
            if not watch(frame, found, picture):
                break
        finished = True
    except (SaccadeError, KeyboardInterrupt) as error:
        if recording.frames:
            error.add_note(f"the {_frames(recording.frames)} before that are kept in {out}")
        raise
    finally:
        with undisturbed():
            files.close(recording.outcome(), finished=finished)
    recording.files = [name for name in FILES if (out / name).exists()]
    return recording


class _Files:
    """The files of a run, begun with its first frame, so that a run that never begins leaves nothing."""

    def __init__(self, out: Path, fps: float | None, facts: Mapping[str, Any]) -> None:
        self._out, self._fps, self._facts = out, fps, facts
        self._boxes: RunWriter | None = None
        self._video: VideoSink | None = None

    def write(self, found: Instances, picture: Picture, time: float | None) -> None:
        if self._boxes is None or self._video is None:
            self._boxes = RunWriter(self._out, self._facts)
            self._video = VideoSink(self._out / "video.mp4", self._fps)
        self._boxes.write(found)
        self._video.write(picture, time)

    def close(self, outcome: Mapping[str, Any], *, finished: bool) -> None:
        try:
            if self._video is not None:
                self._video.close()
        finally:
            if self._boxes is not None:
                self._boxes.run |= outcome
                self._boxes.close(finished=finished)


def _frames(count: int) -> str:
    return f"{count} frame{'s' * (count != 1)}"


def run_facts(model: Model, seed: int) -> dict[str, Any]:
    """What `run.json` says of how a model ran."""
    return {
        "model": model.name,
        "config": to_json(model.config),
        "seed": seed,
        "versions": versions(),
        "threads": torch.get_num_threads(),
    }
