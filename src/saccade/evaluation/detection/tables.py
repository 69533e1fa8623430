"""All truths and all detections of a data set, each as one table."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from saccade.core import Instances
from saccade.data.detection.annotations import AnnotatedImage, DetectionDataset
from saccade.evaluation.pictures.tables import decimals, joined, picture_places


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Truths:
    """The annotated boxes, picture by picture.

    Attributes:
        images: place of the picture in its data set.
        labels: class index from 0.
        boxes: corners (x1, y1, x2, y2) in pixels of the picture.
        areas: in square pixels: of the object where its annotation says so, of its box elsewhere.
    """

    images: Int64[np.ndarray, " T"]
    labels: Int64[np.ndarray, " T"]
    boxes: Float64[np.ndarray, "T 4"]
    areas: Float64[np.ndarray, " T"]
    is_crowd: Bool[np.ndarray, " T"]
    is_difficult: Bool[np.ndarray, " T"]

    @classmethod
    def of(cls, dataset: DetectionDataset) -> "Truths":
        """The boxes of a data set."""
        images = dataset.images
        return cls(
            images=picture_places([len(image) for image in images]),
            labels=joined([image.labels for image in images], np.int64),
            boxes=decimals(joined([image.boxes for image in images], np.float32, (4,))),
            areas=joined([_areas_of(image) for image in images], np.float64),
            is_crowd=joined([image.is_crowd for image in images], np.bool_),
            is_difficult=joined([image.is_difficult for image in images], np.bool_),
        )

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def is_counted(self) -> Bool[np.ndarray, " T"]:
        """Those that a detector is asked for: neither crowds nor difficult."""
        return ~(self.is_crowd | self.is_difficult)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Detections:
    """What was found, picture by picture; see `Truths`.

    Attributes:
        scores: higher is surer.
    """

    images: Int64[np.ndarray, " D"]
    labels: Int64[np.ndarray, " D"]
    boxes: Float64[np.ndarray, "D 4"]
    scores: Float64[np.ndarray, " D"]

    @classmethod
    def of(cls, found: Sequence[Instances], classes: int) -> "Detections":
        """What was found in each picture.

        Raises:
            ValueError: when a detection has no label, one beyond the classes, or is not finite.
        """
        for number, each in enumerate(found):
            _check(each, classes, f"found[{number}]")
        none = np.zeros(0, np.int64)
        return cls(
            images=picture_places([len(each) for each in found]),
            labels=joined([none if each.labels is None else each.labels for each in found], np.int64),
            boxes=joined([each.boxes for each in found], np.float64, (4,)),
            scores=joined([each.scores for each in found], np.float64),
        )

    def __len__(self) -> int:
        return len(self.scores)

    def looked_for(self, dataset: DetectionDataset) -> "Detections":
        """Those of classes that people have looked for in the picture; of others nobody knows the truth."""
        kept = np.ones(len(self), bool)
        ends = np.searchsorted(self.images, np.arange(len(dataset) + 1))
        for number, image in enumerate(dataset.images):
            if image.verified is not None:
                here = slice(ends[number], ends[number + 1])
                kept[here] = np.isin(self.labels[here], [*image.verified, *image.labels])
        return Detections(
            images=self.images[kept],
            labels=self.labels[kept],
            boxes=self.boxes[kept],
            scores=self.scores[kept],
        )

    @property
    def areas(self) -> Float64[np.ndarray, " D"]:
        """Of the boxes, in square pixels."""
        return (self.boxes[:, 2:] - self.boxes[:, :2]).prod(axis=1)


def _check(found: Instances, classes: int, where: str) -> None:
    if not len(found):
        return
    if found.labels is None:
        raise ValueError(f"{where}: {len(found)} boxes without labels; a detector says what each is")
    if found.labels.min() < 0 or found.labels.max() >= classes:
        wrong = found.labels[(found.labels < 0) | (found.labels >= classes)][0]
        raise ValueError(f"{where}: label {wrong}, but there are {classes} classes, counted from 0")
    if not (np.isfinite(found.boxes).all() and np.isfinite(found.scores).all()):
        raise ValueError(f"{where}: a box or a score is not finite")


def _areas_of(image: AnnotatedImage) -> np.ndarray:
    if image.areas is not None:
        return image.areas
    return (image.boxes[:, 2:] - image.boxes[:, :2]).astype(np.float64).prod(axis=1)
