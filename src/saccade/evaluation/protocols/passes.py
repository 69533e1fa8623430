"""Passes without resets: one, OTB's robustness protocols with many, and VOT's anchors.

One pass (OPE), temporal (TRE) and spatial robustness (SRE): Wu, Lim and Yang, Object Tracking Benchmark
(2015). Anchors: Kristan et al., The Eighth Visual Object Tracking VOT2020 Challenge Results (2020).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from saccade.core import DatasetError, Model
from saccade.data import BoxAnnotation, Sequence
from saccade.evaluation.protocols.following import follow_boxes
from saccade.evaluation.protocols.job import Job, Kind, OnFrame, only_target
from saccade.evaluation.tracks import track_files

SEGMENTS = 20
"""starts of the temporal robustness"""
SHORTEST = 20
"""frames that are left at least after the last of them"""
SHIFT = 0.1
"""how far first boxes are moved in the spatial robustness, in sizes of the target"""
SCALES = (0.8, 0.9, 1.1, 1.2)
"""by how much they are made smaller or larger"""
ANCHOR_DISTANCE = 50
"""frames between anchors, where the data set has none of its own"""

_SIDES = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
_CORNERS = {"up-left": (-1, -1), "up-right": (1, -1), "down-left": (-1, 1), "down-right": (1, 1)}


@dataclass(frozen=True, slots=True)
class Passes:
    """The target is pointed at once in each run, and followed to the end of the video or to its beginning.

    Attributes:
        name: what the protocol is called.
        plan: makes the jobs of a sequence.
    """

    name: str
    plan: Callable[[Sequence], list[Job]]
    kind: ClassVar[Kind] = "boxes"

    def jobs(self, sequence: Sequence) -> list[Job]:
        """The runs that are to be made; see `Protocol`."""
        if not sequence.starts:
            raise DatasetError(
                f"sequence '{sequence.name}' has no target that could be pointed at; "
                f"protocol {self.name} needs a true box"
            )
        return self.plan(sequence)

    def files(self, job: Job) -> list[str]:
        """One file of boxes for each target; see `Protocol`."""
        return [f"{stem}.txt" for stem in job.target_stems.values()]

    def run(self, model: Model, job: Job, *, seed: int, on_frame: OnFrame) -> dict[str, bytes]:
        """Follows the targets; see `Protocol`."""
        tracks = follow_boxes(model, job, seed=seed, on_frame=on_frame)
        return track_files({job.target_stems[target]: track for target, track in tracks.items()}, job.stem)


def one_pass(sequence: Sequence, *, backwards: bool = False) -> list[Job]:
    """One run, from the frame in which the first target appears; all targets of the sequence are followed.

    Backwards, it begins in the last frame in which the target is.
    """
    if not backwards:
        return [Job(sequence, range(len(sequence)), dict(sequence.starts))]
    target = only_target(sequence)
    last = int(np.flatnonzero(sequence.truth.is_present)[-1])
    return [Job(sequence, _order(sequence, last, backwards=True), {target: last})]


def temporal(sequence: Sequence, *, backwards: bool = False) -> list[Job]:
    """Runs from 20 frames all over the sequence, each to its end; backwards, to its beginning.

    A start at which the target is absent moves on to the next frame in which it is present.
    """
    target, frames = only_target(sequence), len(sequence)
    wished = np.unique(np.round(np.linspace(0, max(frames - SHORTEST, 0), SEGMENTS)).astype(int))
    if backwards:
        wished = frames - 1 - wished
    starts = [_next_present(sequence, start, backwards=backwards) for start in wished.tolist()]
    return [
        Job(sequence, _order(sequence, start, backwards=backwards), {target: start}, _frame_name(start))
        for start in dict.fromkeys(starts)
        if start is not None
    ]


def spatial(sequence: Sequence, *, backwards: bool = False) -> list[Job]:
    """Runs from 12 wrong first boxes: moved by a tenth of the target in 8 directions, or of 4 other sizes."""
    (straight,) = one_pass(sequence, backwards=backwards)
    target, start = only_target(sequence), straight.frames[straight.first]
    x, y, w, h = sequence.truth.boxes[start].tolist()
    moved = {
        name: (x + SHIFT * right * w, y + SHIFT * down * h, w, h)
        for name, (right, down) in (_SIDES | _CORNERS).items()
    }
    scaled = {
        f"scale-{scale}": (x + (1 - scale) * w / 2, y + (1 - scale) * h / 2, scale * w, scale * h)
        for scale in SCALES
    }
    return [
        Job(sequence, straight.frames, {target: start}, name, _on_frame(box, sequence.size_wh))
        for name, box in (moved | scaled).items()
    ]


def anchors(sequence: Sequence) -> list[Job]:
    """Runs from the anchors of the sequence, forwards or backwards as each says.

    A sequence without anchors gets one every 50 frames, from which it is run to the end that is farther away.
    """
    target, frames = only_target(sequence), len(sequence)
    annotation = sequence.annotation
    given = annotation.values.get("anchor") if isinstance(annotation, BoxAnnotation) else None
    if given is not None and np.any(given):
        directions = {int(frame): bool(given[frame] < 0) for frame in np.flatnonzero(given)}
    else:
        places = [*range(0, frames, ANCHOR_DISTANCE), frames - 1]
        present = sequence.truth.is_present
        directions = {frame: frame > (frames - 1) / 2 for frame in places if present[frame]}
    return [
        Job(sequence, _order(sequence, start, backwards=backwards), {target: start}, _frame_name(start))
        for start, backwards in sorted(directions.items())
    ]


PASSES = (
    Passes("one-pass", one_pass),
    Passes("one-pass-backwards", partial(one_pass, backwards=True)),
    Passes("tre", temporal),
    Passes("tre-backwards", partial(temporal, backwards=True)),
    Passes("sre", spatial),
    Passes("sre-backwards", partial(spatial, backwards=True)),
    Passes("anchors", anchors),
)
ONE_PASS = PASSES[0]


def _order(sequence: Sequence, start: int, *, backwards: bool) -> range:
    return range(start, -1, -1) if backwards else range(start, len(sequence))


def _next_present(sequence: Sequence, start: int, *, backwards: bool) -> int | None:
    """The frame from `start` on in which the target is; None when it never comes again."""
    present = sequence.truth.is_present
    return next((frame for frame in _order(sequence, start, backwards=backwards) if present[frame]), None)


def _frame_name(frame: int) -> str:
    return f"{frame:05d}"


def _on_frame(
    box: tuple[float, float, float, float], size_wh: tuple[int, int]
) -> tuple[float, float, float, float]:
    """The part of a box (x, y, w, h) that is on the frame; all of it where none is, for others to refuse."""
    x, y, w, h = box
    left, top = max(x, 0.0), max(y, 0.0)
    width, height = min(x + w, size_wh[0]) - left, min(y + h, size_wh[1]) - top
    return (left, top, width, height) if width > 0 and height > 0 else box
