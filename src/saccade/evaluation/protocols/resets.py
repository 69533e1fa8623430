"""VOT's supervised protocol (2013 to 2019): whoever loses the target is started again five frames later.

Kristan et al., A Novel Performance Evaluation Methodology for Single-Target Trackers (2016).
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from saccade.core import Model
from saccade.data import Sequence
from saccade.evaluation.metrics.vot_resets import SKIPPED
from saccade.evaluation.protocols.following import box_prompts, checked_boxes, note, run_job
from saccade.evaluation.protocols.job import Job, Kind, OnFrame, only_target
from saccade.evaluation.protocols.overlap import region_overlap
from saccade.evaluation.protocols.passes import ONE_PASS
from saccade.evaluation.tracks import Code, Track, track_files


@dataclass(frozen=True, slots=True)
class Resets:
    """A model whose box does not touch the target any more has failed, and starts anew five frames later.

    Where the target is absent then, it starts in the next frame in which it is present.
    """

    name: ClassVar[str] = "resets"
    kind: ClassVar[Kind] = "boxes"

    def jobs(self, sequence: Sequence) -> list[Job]:
        """One run over each sequence, which has one target; see `Protocol`."""
        starts = {only_target(sequence): sequence.truth.start or 0}
        return [Job(sequence, range(len(sequence)), starts, has_codes=True)]

    def files(self, job: Job) -> list[str]:
        """A file of boxes and codes; see `Protocol`."""
        return ONE_PASS.files(job)

    def run(self, model: Model, job: Job, *, seed: int, on_frame: OnFrame) -> dict[str, bytes]:
        """Follows the target from one failure to the next; see `Protocol`."""
        count = len(job.frames)
        track = Track.blank(count, np.full(count, Code.SKIPPED, dtype=np.int8))
        present = job.sequence.truth.is_present
        start: int | None = job.first
        while start is not None:
            failure = _follow(model, job, start, track, seed=seed, on_frame=on_frame)
            later = range(count, count) if failure is None else range(failure + SKIPPED, count)
            start = next((frame for frame in later if present[frame]), None)
        return track_files({job.stem: track}, job.stem)


def _follow(model: Model, job: Job, start: int, track: Track, *, seed: int, on_frame: OnFrame) -> int | None:
    """Follows the target up to where it is lost, and returns that frame; None at the end of the video."""
    assert track.codes is not None
    truth = job.sequence.truth
    part = Job(job.sequence, range(start, len(job.frames)), dict.fromkeys(job.starts, start))
    for place, frame, found, spent in run_job(model, part, box_prompts(part), seed=seed):
        index = start + place
        box = checked_boxes(found, 1, model, index)[0]
        note(track, index, box, found)
        track.seconds[index] = spent
        on_frame(1)
        if place == 0:
            track.codes[index] = Code.START
        elif region_overlap(box, truth, index, frame.size_wh) <= 0:
            track.codes[index] = Code.FAILURE
            return index
        else:
            track.codes[index] = Code.FOLLOWED
    return None
