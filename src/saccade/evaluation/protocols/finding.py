"""Multi-object tracking: a model is given nothing, finds what there is and follows it.

Results are files of the MOTChallenge, one a sequence: `frame,id,left,top,width,height,score,-1,-1,-1` a line,
frames, ids and pixels counted from 1.
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float64

from saccade.core import DatasetError, Frame, Instances, Model, ModelError
from saccade.core.instances import NOBODY
from saccade.data import Sequence, Tracks
from saccade.data.formats.tracks import track_lines
from saccade.evaluation.protocols.following import checked_boxes, run_job
from saccade.evaluation.protocols.job import Job, Kind, OnFrame
from saccade.evaluation.tracks import seconds_text


@runtime_checkable
class Informed(Protocol):
    """A model that wants to know of a sequence before it goes over it, such as its frames per second."""

    def of_sequence(self, sequence: Sequence) -> Model:
        """The model that goes over this sequence."""
        ...


@dataclass(frozen=True, slots=True)
class Finding:
    """A model runs over the video, and every target that it reports is written down with its id.

    What belongs to nobody is left out.
    """

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
        if isinstance(model, Informed):
            model = model.of_sequence(job.sequence)
        for place, frame, found, spent in run_job(model, job, None, seed=seed):
            seconds[place] = spent
            lines.append(_lines(found, model, frame))
            on_frame(1)
        return {f"{job.stem}_time.txt": seconds_text(seconds), f"{job.stem}.txt": "".join(lines).encode()}


def from_one(boxes: Float64[np.ndarray, "N 4"]) -> Float64[np.ndarray, "N 4"]:
    """Boxes (x, y, w, h) whose pixels are counted from 1, as in those files, in frame pixels, from 0."""
    counted: Float64[np.ndarray, "N 4"] = boxes - np.array([1.0, 1.0, 0.0, 0.0])
    return counted


def _lines(found: Instances, model: Model, frame: Frame) -> str:
    if found.ids is not None:
        found = found[found.ids != NOBODY]
    checked_boxes(found, len(found), model, frame.index)
    if not len(found):
        return ""
    ids = [] if found.ids is None else found.ids.tolist()
    if len(set(ids)) != len(found) or not all(isinstance(i, int) and i >= 0 for i in ids):
        raise ModelError(
            f"frame {frame.index}: {model.name} answered {len(found)} targets with the ids {ids}; "
            f"protocol {Finding.name} needs a different whole number for each"
        )
    return track_lines(replace(found, frame=frame.index))
