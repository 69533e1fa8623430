"""Multi-object tracking: a model is given nothing, finds what there is and follows it.

Results are files of the MOTChallenge, one a sequence: `frame,id,left,top,width,height,score,-1,-1,-1` a line,
frames and pixels counted from 1.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from saccade.core import DatasetError, Frame, Instances, Model, ModelError
from saccade.data import Sequence, Tracks
from saccade.evaluation.protocols.following import checked_boxes, run_job
from saccade.evaluation.protocols.job import Job, Kind, OnFrame
from saccade.evaluation.tracks import seconds_text


@dataclass(frozen=True, slots=True)
class Finding:
    """A model runs over the video, and every target that it reports is written down with its id."""

    name: ClassVar[str] = "mot"
    kind: ClassVar[Kind] = "tracks"

    def jobs(self, sequence: Sequence) -> list[Job]:
        """One run over each sequence, without any prompt; see `Protocol`."""
        if not isinstance(sequence.annotation, Tracks):
            raise DatasetError(
                f"sequence '{sequence.name}' is not annotated with tracks; protocol {self.name} needs a data "
                f"set such as mot17"
            )
        return [Job(sequence, range(len(sequence)), {})]

    def files(self, job: Job) -> list[str]:
        """A file of tracks; see `Protocol`."""
        return [f"{job.stem}.txt"]

    def run(self, model: Model, job: Job, *, seed: int, on_frame: OnFrame) -> dict[str, bytes]:
        """Runs the model; see `Protocol`."""
        seconds = np.full(len(job.frames), np.nan)
        lines: list[str] = []
        for place, frame, found, spent in run_job(model, job, None, seed=seed):
            seconds[place] = spent
            lines += _lines(found, model, frame)
            on_frame(1)
        return {f"{job.stem}_time.txt": seconds_text(seconds), f"{job.stem}.txt": "".join(lines).encode()}


def from_one(boxes: Float64[np.ndarray, "N 4"]) -> Float64[np.ndarray, "N 4"]:
    """Boxes (x, y, w, h) whose pixels are counted from 1, as in those files, in frame pixels, from 0."""
    counted: Float64[np.ndarray, "N 4"] = boxes - np.array([1.0, 1.0, 0.0, 0.0])
    return counted


def _lines(found: Instances, model: Model, frame: Frame) -> Iterator[str]:
    boxes = checked_boxes(found, len(found), model, frame.index)
    if not len(found):
        return
    ids = [] if found.ids is None else found.ids.tolist()
    if len(set(ids)) != len(found) or not all(isinstance(i, int) and i >= 0 for i in ids):
        raise ModelError(
            f"frame {frame.index}: {model.name} answered {len(found)} targets with the ids {ids}; "
            f"protocol {Finding.name} needs a different whole number for each"
        )
    for target, (x, y, w, h), score in zip(ids, boxes.tolist(), found.scores.tolist(), strict=True):
        yield f"{frame.index + 1},{target},{x + 1:.4f},{y + 1:.4f},{w:.4f},{h:.4f},{score:.6f},-1,-1,-1\n"
