"""Video object segmentation: a model is given the first mask of each object, and answers with masks.

Perazzi et al., A Benchmark Dataset and Evaluation Methodology for Video Object Segmentation (2016).
"""

from dataclasses import dataclass
from io import BytesIO
from typing import ClassVar

import numpy as np
from jaxtyping import Bool, UInt8

from saccade.core import DatasetError, Frame, Instances, Model, ModelError, Targets
from saccade.data import LabelAnnotation, Sequence
from saccade.data.truth import ObjectId
from saccade.evaluation.protocols.following import run_job
from saccade.evaluation.protocols.job import Job, Kind, OnFrame
from saccade.evaluation.tracks import seconds_text
from saccade.ops.masks import write_palette_png

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
        first = next(iter(starts))
        if _first_mask(sequence, first, starts[first]) is None:
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
        values, names = _pixel_values(list(job.starts)), self.files(job)
        for place, frame, found, spent in run_job(model, job, _mask_prompts(job), seed=seed):
            seconds[place] = spent
            pictures[names[place - job.first]] = _png(_painted(found, values, model, frame))
            on_frame(1)
        return {f"{job.stem}_time.txt": seconds_text(seconds)} | pictures


def _mask_prompts(job: Job) -> dict[int, Targets]:
    """The masks at which a model is pointed, by the frame in which they are."""
    prompts = {}
    for start in dict.fromkeys(job.starts.values()):
        targets = [target for target, frame in job.starts.items() if frame == start]
        masks = [_first_mask(job.sequence, target, start) for target in targets]
        prompts[start] = Targets(masks=[mask for mask in masks if mask is not None], ids=targets)
    return prompts


def _first_mask(sequence: Sequence, target: ObjectId, start: int) -> Bool[np.ndarray, "H W"] | None:
    annotation = sequence.annotation
    if isinstance(annotation, LabelAnnotation):
        # the truth of an object would read every label picture
        labels = annotation.labels(start)
        return None if labels is None else labels == target
    masks = annotation.truth(target).masks
    return None if masks is None else masks[start]


def _pixel_values(targets: list[ObjectId]) -> dict[ObjectId, int]:
    """What stands for each object in label pictures: its id where all are such numbers, else its place."""
    numbers = [target for target in targets if isinstance(target, int) and 0 < target <= MOST]
    return dict(zip(targets, numbers if len(numbers) == len(targets) else range(1, MOST + 1), strict=False))


def _painted(
    found: Instances, values: dict[ObjectId, int], model: Model, frame: Frame
) -> UInt8[np.ndarray, "H W"]:
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
    targets = list(values)[: len(found)] if found.ids is None else found.ids
    picture = np.zeros(size, dtype=np.uint8)
    for mask, target in zip(found.masks, targets, strict=False):
        if target not in values:
            raise ModelError(f"frame {frame.index}: {model.name} answered a target {target} that nobody gave")
        picture[mask] = values[target]
    return picture


def _png(labels: UInt8[np.ndarray, "H W"]) -> bytes:
    file = BytesIO()
    write_palette_png(file, labels)
    return file.getvalue()
