"""Whether a data set on the disk is whole: what is missing, and which truth disagrees with its frames."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float64

from saccade.core import DatasetError
from saccade.data.datasets import DATASETS, Dataset
from saccade.data.formats.labels import check_size
from saccade.data.formats.tracks import Tracks
from saccade.data.frames import ListedFrames, NumberedFrames, picture_names
from saccade.data.sequence import Sequence, folder_of
from saccade.data.truth import Annotation, BoxAnnotation, LabelAnnotation
from saccade.media.images import picture_size

Kind = Literal["missing", "truth", "number", "size"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a data set.

    Attributes:
        sequence: where; empty for the data set as a whole.
        kind: frames or sequences are missing, the truth cannot be read, it is not of as many frames as there
            are, or of another size.
        message: what is wrong, with file and line.
    """

    sequence: str
    kind: Kind
    message: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found on the disk.

    Attributes:
        expected: how many sequences there should be; None where that is not fixed.
        sequences: how many have no fault.
        frames: how many all sequences have that are there.
        objects: how many they have.
    """

    expected: int | None
    sequences: int
    frames: int
    objects: int
    faults: tuple[Fault, ...]


def check_dataset(dataset: Dataset, on_sequence: Callable[[], None] = lambda: None) -> Findings:
    """Looks at every sequence of a data set: its truth line by line, and the names of all frames.

    Args:
        dataset: opened lazily, or what is wrong would have been refused.
        on_sequence: is called after each.
    """
    entry = DATASETS[dataset.name]
    expected = entry.splits[entry.split(dataset.split)]
    faults: list[Fault] = []
    if expected is not None and len(dataset.sequences) != expected:
        faults.append(Fault("", "missing", f"{len(dataset.sequences)} sequences, but {expected} expected"))
    complete = frames = objects = 0
    for sequence in dataset.sequences:
        annotation, found = _look_at(sequence)
        faults += found
        complete += not found
        frames += 0 if sequence.is_missing else len(sequence)
        objects += len(annotation.starts) if annotation is not None else 0
        on_sequence()
    return Findings(expected, complete, frames, objects, tuple(faults))


def _look_at(sequence: Sequence) -> tuple[Annotation | None, list[Fault]]:
    """What is known of a sequence, as far as it can be read, and what is wrong with it."""
    if sequence.is_missing:
        return None, [Fault(sequence.name, "missing", f"no frames in {folder_of(sequence.images)}")]
    faults = []
    missing = _gaps(sequence)
    if missing:
        message = f"{len(missing)} of {len(sequence)} frames are missing, first {missing[0]}"
        faults.append(Fault(sequence.name, "missing", message))
    try:
        annotation = sequence.read()
    except DatasetError as error:
        return None, [*faults, Fault(sequence.name, "truth", str(error))]
    try:
        sequence.check_length(annotation)
    except DatasetError as error:
        faults.append(Fault(sequence.name, "number", str(error)))
    sizes = [Fault(sequence.name, "size", message) for message in _sizes(sequence, annotation)]
    return annotation, faults + sizes


def _gaps(sequence: Sequence) -> list[Path]:
    """The frames that are not there; each folder is listed once."""
    images = sequence.images
    if not isinstance(images, NumberedFrames | ListedFrames):
        return [path for path in images if not path.is_file()]
    listed: dict[str, set[str]] = {}
    missing = []
    for name in images.names:
        place, _, file = name.rpartition("/")
        if place not in listed:
            listed[place] = set(picture_names(images.folder / place))
        if file not in listed[place]:
            missing.append(images.folder / name)
    return missing


def _sizes(sequence: Sequence, annotation: Annotation) -> Iterator[str]:
    first = sequence.images[0]
    size = picture_size(first)
    if size is None:
        yield f"{first} cannot be read as a picture"
        return
    if sequence.stated_wh not in (None, size):
        stated = "x".join(map(str, sequence.stated_wh or ()))
        yield f"{first} is {size[0]}x{size[1]} pixels large, but the annotation says {stated}"
    if isinstance(annotation, LabelAnnotation):
        for file in filter(None, annotation.files):
            try:
                check_size(file, picture_size(file), first)
            except DatasetError as error:
                yield str(error)
        return
    boxes = _boxes(annotation)
    outside = (boxes[:, :2] >= size).any(axis=1) | (boxes[:, :2] + boxes[:, 2:] <= 0).any(axis=1)
    # a target may leave the frame for a while, but not for the most part
    if outside.sum() > len(boxes) / 2:
        extent = f"{size[0]}x{size[1]} pixels"
        yield f"{outside.sum()} of {len(boxes)} boxes lie outside of the frames, which are {extent} large"


def _boxes(annotation: Annotation) -> Float64[np.ndarray, "B 4"]:
    """All boxes of all objects, (x, y, w, h)."""
    if isinstance(annotation, Tracks):
        return annotation.boxes
    if isinstance(annotation, BoxAnnotation):
        present = [truth.boxes[truth.is_present] for truth in annotation.objects.values()]
        return np.concatenate([*present, np.zeros((0, 4))])
    return np.zeros((0, 4))
