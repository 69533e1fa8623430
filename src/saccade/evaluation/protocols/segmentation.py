"""Video object segmentation: a model is given the first mask of each object, and answers with masks.

Perazzi et al., A Benchmark Dataset and Evaluation Methodology for Video Object Segmentation (2016).
"""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import ClassVar

import numpy as np
from jaxtyping import UInt8

from saccade.core import DatasetError, Frame, Instances, Model, ModelError, Targets
from saccade.data import LabelAnnotation, Sequence
from saccade.data.formats.labels import read_labels
from saccade.data.truth import ObjectId
from saccade.evaluation.protocols.following import run_job
from saccade.evaluation.protocols.job import Job, Kind, OnFrame
from saccade.evaluation.tracks import seconds_text
from saccade.ops.masks import write_palette_png

Labels = UInt8[np.ndarray, "H W"]
"""which object each pixel of a frame belongs to"""
MOST = 254
"""objects that a label picture can hold; 255 is what is not scored"""


@dataclass(frozen=True, slots=True)
class FirstMask:
    """Each object's mask is given in the frame in which it first appears; all are followed to the end.

    Results are label pictures as in DAVIS, `<sequence>/<frame>.png`, from the first such frame on.
    """

    name: ClassVar[str] = "first-mask"
    kind: ClassVar[Kind] = "masks"

    def jobs(self, sequence: Sequence) -> list[Job]:
        """One run over each sequence; see `Protocol`."""
        starts = sequence.starts
        if not 0 < len(starts) <= MOST:
            raise DatasetError(
                f"sequence '{sequence.name}' has {len(starts)} objects; "
                f"protocol {self.name} needs masks of 1 to {MOST}"
            )
        job = Job(sequence, range(len(sequence)), dict(starts))
        if true_labels(job, job.first) is None:
            raise DatasetError(
                f"sequence '{sequence.name}' has no masks; protocol {self.name} needs a data set with masks"
            )
        return [job]

    def files(self, job: Job) -> list[str]:
        """A label picture of each frame; see `Protocol`."""
        images = job.sequence.images[job.first :]
        return [f"{job.stem}/{image.stem}.png" for image in images]

    def run(self, model: Model, job: Job, *, seed: int, on_frame: OnFrame) -> dict[str, bytes]:
        """Follows the objects; see `Protocol`."""
        seconds = np.full(len(job.frames), np.nan)
        pictures: dict[str, bytes] = {}
        names = self.files(job)
        for place, frame, found, spent in run_job(model, job, _mask_prompts(job), seed=seed):
            seconds[place] = spent
            pictures[names[place - job.first]] = _png(_painted(found, job, model, frame))
            on_frame(1)
        return {f"{job.stem}_time.txt": seconds_text(seconds)} | pictures


def true_labels(job: Job, index: int) -> Labels | None:
    """The true label picture of a frame, read anew; None where nobody has annotated it.

    Its pixels are object ids, or the places of objects in the job, from 1, where ids are no such numbers;
    `VOID` where they are not to be scored.

    Raises:
        DatasetError: when its file is missing or broken, or of another size than its frame.
    """
    annotation = job.sequence.annotation
    if isinstance(annotation, LabelAnnotation):
        # the truth of an object would read every label picture
        return annotation.labels(index)
    picture = None
    for target, value in _pixel_values(job).items():
        masks = annotation.truth(target).masks
        mask = None if masks is None else masks[index]
        if mask is None:
            continue
        picture = np.zeros(mask.shape, dtype=np.uint8) if picture is None else picture
        picture[mask] = value
    return picture


def answered_labels(file: Path, job: Job, index: int) -> Labels:
    """The label picture with which a model answered a frame, with the values of `true_labels`.

    Where the truth knows no ids, all that it has drawn is the one object, as in others' results on DAVIS
    2016.

    Raises:
        DatasetError: when it is missing or broken, or of another size than its frame.
    """
    labels, annotation = read_labels(file, job.sequence.images[index]), job.sequence.annotation
    is_binary = isinstance(annotation, LabelAnnotation) and annotation.is_binary
    return (labels > 0).astype(np.uint8) if is_binary else labels


def _mask_prompts(job: Job) -> dict[int, Targets]:
    """The masks at which a model is pointed, by the frame in which they are."""
    prompts, values = {}, _pixel_values(job)
    for start in dict.fromkeys(job.starts.values()):
        labels = true_labels(job, start)
        targets = [target for target, frame in job.starts.items() if frame == start]
        if labels is None:
            raise DatasetError(
                f"sequence '{job.sequence.name}', frame {start}: object {targets[0]} appears without a mask; "
                f"annotate the frame"
            )
        prompts[start] = Targets(masks=[labels == values[target] for target in targets], ids=targets)
    return prompts


def _pixel_values(job: Job) -> dict[ObjectId, int]:
    """What stands for each object in label pictures: its id where all are such numbers, else its place."""
    numbers = [target for target in job.starts if isinstance(target, int) and 0 < target <= MOST]
    if len(numbers) < len(job.starts):
        numbers = list(range(1, len(job.starts) + 1))
    return dict(zip(job.starts, numbers, strict=True))


def _painted(found: Instances, job: Job, model: Model, frame: Frame) -> Labels:
    """The label picture of an answer; where masks overlap the later row is on top."""
    if found.masks is None:
        raise ModelError(
            f"frame {frame.index}: {model.name} answered without masks; protocol {FirstMask.name} needs a "
            f"model that segments, and {model.name} follows boxes"
        )
    size = frame.size_wh[::-1]
    if found.masks.shape[1:] != size:
        raise ModelError(
            f"frame {frame.index}: {model.name} answered masks of {found.masks.shape[1:]}, not of {size}"
        )
    picture, values = np.zeros(size, dtype=np.uint8), _pixel_values(job)
    for mask, target in zip(found.masks, _answered(found, job, model, frame), strict=True):
        if target not in values:
            raise ModelError(f"frame {frame.index}: {model.name} answered a target {target} that nobody gave")
        picture[mask] = values[target]
    return picture


def _answered(found: Instances, job: Job, model: Model, frame: Frame) -> list[ObjectId]:
    """Which target each row of an answer is; without ids, all in the order in which they were given."""
    if found.ids is not None:
        answered: list[ObjectId] = found.ids.tolist()
        return answered
    joined = sorted((t for t, s in job.starts.items() if s <= frame.index), key=job.starts.__getitem__)
    if len(found) != len(joined):
        raise ModelError(
            f"frame {frame.index}: {model.name} answered {len(found)} masks without ids, but was given "
            f"{len(joined)} targets; answer one of each, or say which they are"
        )
    return joined


def _png(labels: Labels) -> bytes:
    file = BytesIO()
    write_palette_png(file, labels)
    return file.getvalue()
