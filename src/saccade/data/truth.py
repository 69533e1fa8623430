"""What is known of the objects of a sequence: boxes, masks, presence; one object or many."""

from collections import abc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float64, Int8, Int64, UInt8

from saccade.core import DatasetError
from saccade.data.formats.labels import check_size, read_labels
from saccade.data.frames import Frames
from saccade.media.images import picture_size
from saccade.ops.masks import VOID, mask_box

ObjectId = int | str


class Presence(IntEnum):
    """What is known of the target in a frame."""

    PRESENT = 0
    """it is in view, and its box is known"""
    ABSENT = 1
    """it is known to be out of view or wholly hidden"""
    UNKNOWN = 2
    """nobody has annotated this frame"""


@runtime_checkable
class Masks(Protocol):
    """The masks of one object, read when they are asked for."""

    def __getitem__(self, index: int, /) -> Bool[np.ndarray, "H W"] | None:
        """The mask in a frame, counted from 0; None where nobody has drawn one."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class GroundTruth:
    """Where one object of a sequence is, frame by frame.

    Attributes:
        boxes: (x, y, w, h) in frame pixels, as annotated; to be believed only where the object is present.
        presence: one `Presence` a frame.
        polygons: corners (x, y) in frame pixels, where the data set has them; `boxes` are around them. NaN in
            a frame without; a polygon of fewer corners than others repeats its last.
        masks: where the data set has them; `boxes` are tight around them.
        visibility: share of the object that nothing hides, in [0, 1], where the data set says.
        is_flagged: in which frames the data set says, whatever the box, that the object is absent; None where
            it has no such flags.
    """

    boxes: Float64[np.ndarray, "F 4"]
    presence: Int8[np.ndarray, " F"]
    polygons: Float64[np.ndarray, "F P 2"] | None = None
    masks: Masks | None = None
    visibility: Float64[np.ndarray, " F"] | None = None
    is_flagged: Bool[np.ndarray, " F"] | None = None

    def __post_init__(self) -> None:
        if len(self.boxes) != len(self.presence):
            raise ValueError(
                f"{len(self.boxes)} boxes, but presence of {len(self.presence)} frames; rows must agree"
            )

    @classmethod
    def of_boxes(
        cls, boxes: Float64[np.ndarray, "F 4"], source: Path, *, nan: Presence = Presence.UNKNOWN
    ) -> "GroundTruth":
        """Reads the presence out of boxes alone, as most tracking benchmarks write them.

        A box with area is present, one without area absent; four times -1 says that nothing is known.

        Args:
            source: the file that the boxes stand in, one a line.
            nan: what NaN means, in this data set.

        Raises:
            DatasetError: for any other negative size, naming file and line.
        """
        presence = presence_of(boxes, nan=nan)
        negative = np.flatnonzero((presence != Presence.UNKNOWN) & (boxes[:, 2:] < 0).any(axis=1))
        if len(negative):
            raise DatasetError(
                f"{source}, line {negative[0] + 1}: the box has negative width or height; "
                f"write NaN,NaN,NaN,NaN where nothing is known and 0,0,0,0 where the target is out of view"
            )
        return cls(boxes, presence)

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def is_present(self) -> Bool[np.ndarray, " F"]:
        """In which frames the object is in view and its box known."""
        return self.presence == Presence.PRESENT

    def polygon(self, index: int) -> Float64[np.ndarray, "P 2"] | None:
        """The corners (x, y) of the object in a frame; None where that is no polygon."""
        if self.polygons is None or np.isnan(self.polygons[index]).any():
            return None
        return self.polygons[index]

    @property
    def start(self) -> int | None:
        """The first frame in which the object is present; None when there is none."""
        found = np.flatnonzero(self.is_present)
        return int(found[0]) if len(found) else None


def presence_of(
    boxes: Float64[np.ndarray, "F 4"], *, nan: Presence = Presence.UNKNOWN
) -> Int8[np.ndarray, " F"]:
    """What boxes (x, y, w, h) say of presence: with area, present; four times -1, unknown; else absent.

    Args:
        nan: what NaN means.
    """
    is_nan = np.isnan(boxes).any(axis=1)
    presence = np.full(len(boxes), Presence.PRESENT, dtype=np.int8)
    presence[(boxes[:, 2:] <= 0).any(axis=1)] = Presence.ABSENT
    presence[(boxes == -1).all(axis=1)] = Presence.UNKNOWN
    presence[is_nan] = nan
    return presence


@runtime_checkable
class Annotation(Protocol):
    """What is known of the objects of a sequence, in the shape that suits its data set."""

    @property
    def starts(self) -> Mapping[ObjectId, int]:
        """The objects in the order in which they appear, each with the first frame in which it is present."""
        ...

    def truth(self, object_id: ObjectId) -> GroundTruth:
        """Where an object is, frame by frame."""
        ...

    def __len__(self) -> int:
        """How many frames are spoken of."""
        ...


@dataclass(frozen=True, eq=False)
class BoxAnnotation:
    """Boxes of a few objects in every frame.

    Attributes:
        objects: their truth.
        file: where it stands; None where it was not read from a file.
        tags: what else is said of each frame as yes or no, e.g. that the target is occluded.
        values: what else is said of each frame in numbers.

    Raises:
        DatasetError: when one object has more frames than another.
    """

    objects: Mapping[ObjectId, GroundTruth]
    file: Path | None = None
    tags: Mapping[str, Bool[np.ndarray, " F"]] = field(default_factory=dict)
    values: Mapping[str, Float64[np.ndarray, " F"]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        short = min(self.objects, key=lambda name: len(self.objects[name]), default=None)
        if short is not None and len(self.objects[short]) < len(self):
            where = "ground truth" if self.file is None else self.file
            raise DatasetError(
                f"{where}: object {short} has {len(self.objects[short])} rows, another has {len(self)}; "
                f"give each one a frame"
            )

    @cached_property
    def starts(self) -> Mapping[ObjectId, int]:
        """The objects, each with the first frame in which it is present."""
        starts = {name: truth.start for name, truth in self.objects.items()}
        known = [(name, start) for name, start in starts.items() if start is not None]
        return dict(sorted(known, key=lambda item: item[1]))

    def truth(self, object_id: ObjectId) -> GroundTruth:
        """Where an object is, frame by frame."""
        return self.objects[object_id]

    def __len__(self) -> int:
        return max((len(truth) for truth in self.objects.values()), default=0)


@dataclass(frozen=True, eq=False)
class LabelAnnotation:
    """Pictures whose pixels are object ids, as in DAVIS; read when they are asked for.

    Attributes:
        images: the frames.
        files: the label picture of each frame; None where there is none.
        starts: the objects, each with the first frame in which it is annotated.
        is_binary: whether every pixel that is not 0 belongs to object 1, rather than to that of its number.
        categories: what the objects are, where the data set says.
    """

    images: Frames
    files: tuple[Path | None, ...]
    starts: Mapping[ObjectId, int]
    is_binary: bool = False
    categories: Mapping[ObjectId, str] = field(default_factory=dict)

    def labels(self, index: int) -> UInt8[np.ndarray, "H W"] | None:
        """The object id of every pixel in a frame: 0 background, 255 not to be scored; None if not annotated.

        Pixels of an object that starts later are background.

        Raises:
            DatasetError: when the picture is broken, no label picture, or of another size than the frame.
        """
        file = self.files[index]
        if file is None:
            return None
        labels = read_labels(file, self.images[index])
        if self.is_binary:
            return (labels > 0).astype(np.uint8)
        early = [object_id for object_id, start in self.starts.items() if start > index]
        if early:
            labels[np.isin(labels, early)] = 0
        return labels

    def check_sizes(self) -> None:
        """Looks at the heads of all label pictures; at that of a frame only where their size changes.

        Raises:
            DatasetError: when one is no picture, or of another size than its frame.
        """
        known = None
        for file, image in zip(self.files, self.images, strict=True):
            if file is None:
                continue
            size_wh = picture_size(file)
            if size_wh is None:
                raise DatasetError(f"{file}: cannot be read as a label picture; take it anew")
            if size_wh != known:
                check_size(file, size_wh, image)
            known = size_wh

    def truth(self, object_id: ObjectId) -> GroundTruth:
        """Where an object is, frame by frame; reads every label picture, once for all objects.

        Raises:
            DatasetError: when a label picture cannot be used.
        """
        boxes = self._extents[0][object_id]
        presence = np.where(np.isnan(boxes).any(axis=1), Presence.UNKNOWN, Presence.PRESENT).astype(np.int8)
        presence[(boxes[:, 2:] == 0).any(axis=1)] = Presence.ABSENT
        return GroundTruth(boxes, presence, masks=_LabelMasks(self, int(object_id)))

    def areas(self, object_id: ObjectId) -> Int64[np.ndarray, " F"]:
        """How many pixels of an object are seen in each frame; 0 in one that nobody has annotated.

        Raises:
            DatasetError: when a label picture cannot be used.
        """
        return self._extents[1][object_id]

    @cached_property
    def _extents(self) -> tuple[Mapping[ObjectId, np.ndarray], Mapping[ObjectId, np.ndarray]]:
        """Boxes (F, 4) and areas (F,) of all objects; a box is NaN where nobody has annotated."""
        boxes = {object_id: np.full((len(self), 4), np.nan) for object_id in self.starts}
        areas = {object_id: np.zeros(len(self), np.int64) for object_id in self.starts}
        for index in range(len(self)):
            labels = self.labels(index)
            for object_id, start in self.starts.items():
                if labels is not None and index >= start:
                    mask = labels == object_id
                    x1, y1, x2, y2 = mask_box(mask)
                    boxes[object_id][index] = (x1, y1, x2 - x1, y2 - y1)
                    areas[object_id][index] = np.count_nonzero(mask)
        return boxes, areas

    def __len__(self) -> int:
        return len(self.files)


@dataclass(frozen=True, slots=True)
class _LabelMasks:
    """The pixels of one object in label pictures."""

    annotation: LabelAnnotation
    label: int

    def __getitem__(self, index: int, /) -> Bool[np.ndarray, "H W"] | None:
        labels = self.annotation.labels(index)
        return None if labels is None or self.label == VOID else labels == self.label


class Objects(abc.Mapping[ObjectId, GroundTruth]):
    """The objects of an annotation by their ids; the truth of each is made when it is asked for."""

    def __init__(self, annotation: Annotation) -> None:
        self._annotation = annotation

    def __getitem__(self, object_id: ObjectId) -> GroundTruth:
        if object_id not in self._annotation.starts:
            raise KeyError(object_id)
        return self._annotation.truth(object_id)

    def __iter__(self) -> Iterator[ObjectId]:
        return iter(self._annotation.starts)

    def __len__(self) -> int:
        return len(self._annotation.starts)
