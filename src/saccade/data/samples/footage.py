"""Footage: what training samples are drawn from, be it videos, pictures, or what is made on the fly."""

import random
from collections.abc import Sequence as Row
from dataclasses import replace
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float64, UInt8

from saccade.core import DatasetError
from saccade.core.errors import warn
from saccade.data.datasets import DATASETS, Dataset
from saccade.data.keeping import Kept
from saccade.data.readers import BoxReader, LabelReader
from saccade.data.samples.extents import FOLDER, mask_extents
from saccade.data.samples.pictures import read_picture
from saccade.data.sequence import Sequence
from saccade.data.truth import Annotation, BoxAnnotation, GroundTruth, LabelAnnotation, ObjectId, Presence
from saccade.ops.masks import mask_box

FEWEST_PIXELS = 10
"""a target of at most so many mask pixels is not visible"""


class Moments(NamedTuple):
    """What is known of one target, frame by frame, before any picture is read.

    Attributes:
        boxes: (x, y, w, h) in frame pixels, float32, (L, 4); zeros where there is none.
        visible: in which frames it may be drawn, bool, (L,).
        valid: in which frames its box has area, bool, (L,).
        visibility: share of it that nothing hides, in [0, 1], float32, (L,); None where the data set does not
            say.
    """

    boxes: np.ndarray
    visible: np.ndarray
    valid: np.ndarray
    visibility: np.ndarray | None = None


class Shot(NamedTuple):
    """One frame, with the target in it. Shots may share memory: nobody writes into one.

    Attributes:
        image: RGB, uint8, (H, W, 3).
        box: (x, y, w, h) of the target in frame pixels, float32, (4,).
        mask: 1 on the target and 0 elsewhere, uint8, (H, W); None where there is none.
    """

    image: np.ndarray
    box: np.ndarray
    mask: np.ndarray | None = None

    @classmethod
    def of_mask(cls, image: np.ndarray, mask: np.ndarray) -> "Shot":
        """A frame with the box that is tight around the mask; of width and height 0 when nothing is in it."""
        x1, y1, x2, y2 = mask_box(mask.view(bool))
        return cls(image, np.array([x1, y1, x2 - x1, y2 - y1], np.float32), mask)


@runtime_checkable
class Footage(Protocol):
    """Targets to learn from, each in a sequence of frames; to be pickled cheaply, for workers.

    Attributes:
        name: what it is called in messages and logs.
        is_video: whether a target's frames differ. Where they do not, `moments` has one row, and `shots`
            takes any ids.
        has_occlusion: whether it says in which frames a target is hidden.
        has_masks: whether shots have masks.
    """

    name: str
    is_video: bool
    has_occlusion: bool
    has_masks: bool

    def __len__(self) -> int:
        """How many targets there are."""
        ...

    def moments(self, index: int) -> Moments:
        """What is known of a target; the first time it may be read from files.

        Raises:
            DatasetError: when what says it cannot be used.
        """
        ...

    def shots(self, index: int, ids: Row[int], rng: random.Random) -> list[Shot]:
        """The frames of those numbers, counted from 0; frames asked for twice are read once.

        Args:
            rng: where footage that is made on the fly takes its chance from; other footage leaves it alone.

        Raises:
            SourceError: when a picture cannot be read.
            DatasetError: when what is known of it cannot be used.
        """
        ...

    def describe(self, index: int, ids: Row[int]) -> str:
        """Names frames, as in `lasot/airplane-1:3,7`."""
        ...


class VideoFootage:
    """The targets of a data set of sequences: one a sequence, or one an object where there are several.

    A target is visible where its box has area and no flag says that it is absent, wholly hidden, or occluded;
    a target of masks where it has more than 10 pixels.
    """

    is_video = True

    def __init__(self, dataset: Dataset, *, masks: bool = True) -> None:
        """Looks through a data set.

        Args:
            dataset: opened lazily, for large ones. Where sequences have several objects, their list is read;
                those in which it cannot be used are left out, with a warning.
            masks: whether to read masks where there are any.

        Raises:
            DatasetError: when it can be used in none.
        """
        entry = DATASETS[dataset.name]
        self.name = dataset.label
        self.has_occlusion = entry.tells_occlusion
        self._root = dataset.root
        self._folder = f"{FOLDER}/{dataset.name}"
        self._sequences, self._targets = _targets(dataset)
        self.has_masks = masks and (
            entry.task == "masks"
            or all(isinstance(sequence.source, LabelReader) for sequence in dataset.sequences)
        )
        self._known: dict[int, Moments] = {}

    def __len__(self) -> int:
        return len(self._targets)

    def __getstate__(self) -> dict[str, Any]:
        # what has been read can be read again, and would make each worker's start slow
        return self.__dict__ | {"_known": {}, "_sequences": tuple(map(replace, self._sequences))}

    def moments(self, index: int) -> Moments:
        """What is known of a target; kept once it has been read, in 22 bytes a frame or less."""
        if index not in self._known:
            place, object_id = self._targets[index]
            sequence = self._sequences[place]
            kept = Kept(self._root, f"{self._folder}/{sequence.name}.npz")
            self._known[index] = _moments(sequence, object_id, kept)
        return self._known[index]

    def shots(self, index: int, ids: Row[int], rng: random.Random) -> list[Shot]:
        """The frames of those numbers, each read once."""
        place, object_id = self._targets[index]
        sequence, boxes = self._sequences[place], self.moments(index).boxes
        # boxes of one target are known already; its masks are not kept
        annotation = sequence.annotation if self.has_masks else None
        shots = {
            i: Shot(read_picture(sequence.images[i]), boxes[i], _mask(annotation, object_id, i))
            for i in dict.fromkeys(ids)
        }
        return [shots[i] for i in ids]

    def describe(self, index: int, ids: Row[int]) -> str:
        """Names frames, as in `lasot/airplane-1:3,7`, or `davis2017/bear#1:3` of one of several objects."""
        place, object_id = self._targets[index]
        part = "" if object_id is None else f"#{object_id}"
        return f"{self.name}/{self._sequences[place].name}{part}:{','.join(map(str, ids))}"


def _targets(dataset: Dataset) -> tuple[tuple[Sequence, ...], list[tuple[int, ObjectId | None]]]:
    """The sequences, and for each target the place of one of them and the name of an object in it."""
    sequences = list(dataset.sequences)
    targets: list[tuple[int, ObjectId | None]] = []
    refused: dict[str, DatasetError] = {}
    for place, sequence in enumerate(dataset.sequences):
        try:
            sequences[place], ids = _with_objects(sequence)
        except DatasetError as error:
            refused[sequence.name] = error
        else:
            targets += [(place, object_id) for object_id in ids]
    if not refused:
        return tuple(sequences), targets
    (first, *others), reason = refused, next(iter(refused.values()))
    if len(refused) == len(sequences):
        raise reason
    named = ", ".join([first, *others[:2]]) + (" …" if len(others) > 2 else "")
    warn(
        f"{dataset.root}: {len(refused):,} of {len(sequences):,} sequences of {dataset.label} are left out: "
        f"{named}; of the first, {reason}"
    )
    return tuple(sequences), targets


def _with_objects(sequence: Sequence) -> tuple[Sequence, Row[ObjectId | None]]:
    """The sequence, knowing its objects, and those."""
    source = sequence.source
    # what a reader of boxes finds has one target, and thousands of files need not be read to know it
    if isinstance(source, BoxReader):
        return sequence, (None,)
    annotation = sequence.read()
    if isinstance(source, LabelReader) and isinstance(annotation, LabelAnnotation):
        # else each process would look for them in all label pictures
        known = replace(source, starts=annotation.starts, is_binary=annotation.is_binary)
        sequence = replace(sequence, source=known)
    return sequence, tuple(annotation.starts)


def _moments(sequence: Sequence, object_id: ObjectId | None, kept: Kept) -> Moments:
    # several objects share an annotation; that of one target is not kept beside what is made of it
    annotation = sequence.read() if object_id is None else sequence.annotation
    if isinstance(annotation, LabelAnnotation) and object_id is not None:
        boxes, areas = mask_extents(annotation, kept)[object_id]
        visible = areas > FEWEST_PIXELS
        return Moments(np.nan_to_num(boxes, nan=0.0), visible, visible)
    sequence.check_length(annotation)
    truth = annotation.truth(object_id) if object_id is not None else _only(annotation, sequence.name)
    return _of_truth(truth, annotation)


def _only(annotation: Annotation, name: str) -> GroundTruth:
    """The one target of a sequence, though it be nowhere visible."""
    if not isinstance(annotation, BoxAnnotation) or len(annotation.objects) != 1:
        raise DatasetError(f"sequence '{name}' has not one target; take it anew")
    return next(iter(annotation.objects.values()))


def _of_truth(truth: GroundTruth, annotation: Annotation) -> Moments:
    boxes = _float32(truth.boxes)
    valid = np.all(boxes[:, 2:] > 0, axis=1)
    visible = valid & (truth.presence == Presence.PRESENT)
    if truth.visibility is not None:
        # NaN, where it is not said, hides nothing
        visible &= ~(truth.visibility <= 0)
    tags = annotation.tags if isinstance(annotation, BoxAnnotation) else {}
    if "occluded" in tags:
        visible &= ~tags["occluded"]
    visibility = None if truth.visibility is None else truth.visibility.astype(np.float32)
    return Moments(boxes, visible, valid, visibility)


def _mask(
    annotation: Annotation | None, object_id: ObjectId | None, index: int
) -> UInt8[np.ndarray, "H W"] | None:
    if annotation is None or object_id is None:
        return None
    if isinstance(annotation, LabelAnnotation):
        labels = annotation.labels(index)
        return None if labels is None else (labels == object_id).view(np.uint8)
    masks = annotation.truth(object_id).masks
    mask = None if masks is None else masks[index]
    return None if mask is None else mask.view(np.uint8)


def _float32(boxes: Float64[np.ndarray, "L 4"]) -> np.ndarray:
    return np.nan_to_num(boxes, nan=0.0).astype(np.float32)
