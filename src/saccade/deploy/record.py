"""Runs a model over a video and leaves the files of a run: boxes, masks, annotated video, and what ran."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from saccade.core import Frame, Instances, Model, Status, Targets, follow_frames
from saccade.core.config import to_json
from saccade.core.timing import StepClock
from saccade.core.versions import versions
from saccade.deploy.run import Done, Found, Plan, Watch, run
from saccade.draw import Overlay
from saccade.media.realtime import Pace
from saccade.media.results import TargetFiles


@dataclass(slots=True)
class Recording(Done):
    """What following targets has left behind.

    Attributes:
        lost: in how many frames some target was lost.
        targets: ids of the targets.
        first_seconds: what the model took for the first frame, in which the targets are learnt.
    """

    lost: int = 0
    targets: list[Any] = field(default_factory=list)
    first_seconds: float = 0.0

    def count(self, found: Instances, seconds: float) -> None:
        """Counts one more frame."""
        if self.frames == 1:
            self.first_seconds = seconds
        if found.status is not None:
            self.lost += bool((found.status == Status.LOST.value).any())
        if found.ids is not None:
            self.targets += [target for target in found.ids if target not in self.targets]

    def counted(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "first_frame_seconds": round(self.first_seconds, 4),
            "targets": self.targets,
            "frames_lost": self.lost,
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
    pace: Pace | None = None,
) -> Recording:
    """Runs a model over frames and writes what it finds into a folder; see `run`, of which it is a form.

    Args:
        frames: in order; the first is where the targets are pointed at.
        targets: what to follow; None for models that find things by themselves.
        out: where the files go; the folder is made when the first frame has been run.
        fps: frames per second of the annotated video; the sink's default when None.
        about: what else belongs into `run.json`, e.g. the command and the device.
        skipped: what the source leaves out; it may still grow.
        watch: sees each frame after it has been run; ends the run by returning False.
        pace: of a live source, which is kept up with.

    Raises:
        SaccadeError: whatever reading, tracking and writing raise; a note on it says what was kept.
        KeyboardInterrupt: on Ctrl-C, with the same note.
    """
    recording = Recording(out, skipped)
    facts = run_facts(model, seed) | dict(about or {})
    plan = Plan(about=facts, fps=fps, watch=watch, pace=pace)
    run(_followed(model, frames, targets, seed), recording, TargetFiles, plan, Overlay())
    return recording


def _followed(model: Model, frames: Iterable[Frame], targets: Targets | None, seed: int) -> Iterator[Found]:
    clock = StepClock()
    for frame, found in follow_frames(model, clock.started(frames), targets, seed=seed):
        yield frame, found, clock.elapsed()


def run_facts(model: Model, seed: int) -> dict[str, Any]:
    """What `run.json` says of how a model ran."""
    return {
        "model": model.name,
        "config": to_json(model.config),
        "seed": seed,
        "versions": versions(),
        "threads": torch.get_num_threads(),
    }
