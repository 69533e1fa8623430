"""The loop of all protocols in which a model is given targets and answers with their boxes."""

from collections.abc import Iterator, Mapping

import numpy as np
from jaxtyping import Bool, Float64

from saccade.core import Frame, Instances, Model, ModelError, Status, Targets, follow_frames
from saccade.core.timing import StepClock
from saccade.data.truth import ObjectId
from saccade.evaluation.protocols.job import Job, OnFrame
from saccade.evaluation.tracks import Track, is_box


def run_job(
    model: Model, job: Job, prompts: Mapping[int, Targets] | None, *, seed: int
) -> Iterator[tuple[int, Frame, Instances, float]]:
    """Runs a model over the frames of a job, from the first target on.

    Args:
        prompts: by frame index, the targets that join there; None for models that find them by themselves.

    Yields:
        place in the job, the frame, what was found, and the seconds that it took, reading not included.
    """
    clock, first = StepClock(), job.first
    frames = (job.sequence[index] for index in job.frames[first:])
    found = follow_frames(model, clock.started(frames), prompts, seed=seed)
    for place, (frame, instances) in enumerate(found, start=first):
        yield place, frame, instances, clock.elapsed()


def follow_boxes(model: Model, job: Job, *, seed: int, on_frame: OnFrame) -> dict[ObjectId, Track]:
    """Follows the targets of a job; see `Protocol.run`."""
    tracks = {target: Track.blank(len(job.frames)) for target in job.starts}
    joined: list[ObjectId] = []
    for place, frame, found, spent in run_job(model, job, box_prompts(job), seed=seed):
        joined += [target for target, start in job.starts.items() if start == job.frames[place]]
        boxes = checked_boxes(found, len(joined), model, frame.index)
        for target, row in zip(joined, _rows(found, joined, model, frame.index), strict=True):
            note(tracks[target], place, boxes[row], found, row)
            tracks[target].seconds[place] = spent
        on_frame(1)
    return tracks


def note(track: Track, place: int, box: Float64[np.ndarray, "4"], found: Instances, row: int = 0) -> None:
    """Writes an answer about one target into its track."""
    track.boxes[place], track.scores[place] = box, found.scores[row]
    track.is_lost[place] = found.status is not None and found.status[row] == Status.LOST


def box_prompts(job: Job) -> dict[int, Targets]:
    """The boxes at which a model is pointed, by the frame in which they are; with true masks."""
    truths = job.sequence.objects
    # a single target needs no id, so that models without ids can be evaluated as well
    named = len(job.starts) > 1
    prompts = {}
    for start in dict.fromkeys(job.starts.values()):
        targets = [target for target, frame in job.starts.items() if frame == start]
        boxes = [truths[target].boxes[start] if job.box is None else job.box for target in targets]
        masks = [_true_mask(job, target) for target in targets]
        drawn = [mask for mask in masks if mask is not None]
        prompts[start] = Targets(
            boxes=[tuple(map(float, box)) for box in boxes],
            ids=targets if named else None,
            masks=drawn if len(drawn) == len(targets) else None,
        )
    return prompts


def has_masks(job: Job) -> bool:
    """Whether a model gets the mask of each target, and not a box alone."""
    return all(_true_mask(job, target) is not None for target in job.starts)


def _true_mask(job: Job, target: ObjectId) -> Bool[np.ndarray, "H W"] | None:
    """The true mask of a target where it joins; None where nobody has drawn it, or a wrong box is given."""
    masks = job.sequence.objects[target].masks
    return None if masks is None or job.box is not None else masks[job.starts[target]]


def checked_boxes(found: Instances, count: int, model: Model, index: int) -> Float64[np.ndarray, "N 4"]:
    """The boxes (x, y, w, h) that a model found.

    Raises:
        ModelError: when they are not as many boxes as there are targets, or a score is infinite.
    """
    boxes = found.xywh.astype(np.float64, copy=False)
    if len(boxes) != count or not is_box(boxes).all():
        wanted = "one box x,y,w,h" if count == 1 else f"{count} boxes x,y,w,h"
        raise ModelError(f"frame {index}: {model.name} answered {boxes.tolist()}, not {wanted}")
    # NaN is what a model answers that has no opinion
    if np.isinf(found.scores).any():
        raise ModelError(
            f"frame {index}: {model.name} answered the scores {found.scores.tolist()}; a score is finite, or "
            f"NaN where the model has none"
        )
    return boxes


def _rows(found: Instances, targets: list[ObjectId], model: Model, index: int) -> list[int]:
    """In which row of the answer each target is."""
    if len(targets) == 1:
        return [0]
    rows = {} if found.ids is None else {target: row for row, target in enumerate(found.ids)}
    missing = [target for target in targets if target not in rows]
    if missing:
        raise ModelError(
            f"frame {index}: {model.name} answered without the id of target {missing[0]}; "
            f"a model that follows several targets must tell them apart"
        )
    return [rows[target] for target in targets]
