"""Everything that is scored of a detector on a data set."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from saccade.core import Instances
from saccade.data.detection.annotations import DetectionDataset
from saccade.evaluation.detection.coco import SIZES, score_coco
from saccade.evaluation.detection.coco_results import image_ids
from saccade.evaluation.detection.confusion import Mistakes, find_mistakes
from saccade.evaluation.detection.matching import Matches, match
from saccade.evaluation.detection.sweep import Operation, Sweep
from saccade.evaluation.detection.tables import Detections, Truths
from saccade.evaluation.detection.voc import average_precision, average_precision_2007
from saccade.evaluation.pictures.coco import CocoScores, mean_known

IOU = 0.5
"""overlap from which a detection is a truth, in all but COCO's scores over several"""
_EDGES = {
    "all": (0.0, np.inf),
    "small": (0.0, 32.0**2),
    "medium": (32.0**2, 96.0**2),
    "large": (96.0**2, np.inf),
}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DetectionScores:
    """How well a detector finds what is annotated; all scores in [0, 1], NaN where they have no meaning.

    Precision, recall and F1 are those of all classes together at the one threshold where that F1 is highest,
    with detections matched by COCO's rules at an overlap of 0.5; crowds and difficult objects are ignored.

    Attributes:
        classes: names, in the order of the labels.
        num_images: how many pictures were judged.
        num_empty: how many of them have no box.
        num_unverified: detections left out, for nobody has looked for their class in their picture.
        score_floor: below which the detector gave no detections; the lowest score where nobody knows.
        matches: by COCO's rules.
        coco: by COCO's metric.
        voc: average precision of each class, as VOC since 2010.
        voc_2007: average precision of each class, as VOC until 2009.
        sweep: over thresholds, of all classes together.
        sweeps: over thresholds, of each class.
        operation: at the threshold where F1 is highest.
        mistakes: at that threshold.
    """

    classes: tuple[str, ...]
    num_images: int
    num_empty: int
    num_unverified: int
    score_floor: float
    truths: Truths
    detections: Detections
    matches: Matches
    coco: CocoScores
    voc: Float64[np.ndarray, " C"]
    voc_2007: Float64[np.ndarray, " C"]
    sweep: Sweep
    sweeps: tuple[Sweep, ...]
    operation: Operation
    mistakes: Mistakes

    @property
    def map(self) -> float:
        """COCO's mean average precision over overlaps 0.50, 0.55 … 0.95."""
        return self.coco.average_precision()

    @property
    def map50(self) -> float:
        """COCO's mean average precision at an overlap of 0.5."""
        return self.coco.average_precision(0.5)

    @property
    def map75(self) -> float:
        """COCO's mean average precision at an overlap of 0.75."""
        return self.coco.average_precision(0.75)

    @property
    def voc_map(self) -> float:
        """VOC's mean average precision since 2010: the area under the curve."""
        return mean_known(self.voc)

    @property
    def voc_map_2007(self) -> float:
        """VOC's mean average precision until 2009: at eleven recalls."""
        return mean_known(self.voc_2007)

    @property
    def precision(self) -> float:
        """The share of detections that are right, from `threshold` on."""
        return self.operation.precision

    @property
    def recall(self) -> float:
        """The share of truths that are found, from `threshold` on."""
        return self.operation.recall

    @property
    def f1(self) -> float:
        """The highest F1."""
        return self.operation.f1

    @property
    def threshold(self) -> float:
        """Of scores, where F1 is highest."""
        return self.operation.threshold

    def of_class(self, label: int) -> Operation:
        """What becomes of one class at `threshold`."""
        return self.sweeps[label].at(self.threshold)

    def of_size(self, size: str) -> Operation:
        """What becomes of objects of one size at `threshold`: wrong detections are as large as their box."""
        kept = self.detections.scores >= self.threshold
        here = self.truths.is_counted & _is_size(self.truths.areas, size)
        found = here[self.matches.truth[kept & self.matches.is_hit]]
        wrong = kept & self.matches.is_wrong & _is_size(self.detections.areas, size)
        right = int(found.sum())
        return Operation(
            threshold=self.threshold, right=right, wrong=int(wrong.sum()), missed=int(here.sum()) - right
        )

    def num_truths(self, size: str = "all", label: int | None = None) -> int:
        """How many there are to be found."""
        here = self.truths.is_counted & _is_size(self.truths.areas, size)
        return int(here.sum() if label is None else (here & (self.truths.labels == label)).sum())

    def num_ignored(self, label: int) -> int:
        """How many truths of a class are crowds or difficult."""
        return int((~self.truths.is_counted & (self.truths.labels == label)).sum())

    @property
    def overlaps(self) -> Float64[np.ndarray, " _"]:
        """Of the detections that are right, from `threshold` on, with their truths."""
        return self.matches.overlap[self.matches.is_hit & (self.detections.scores >= self.threshold)]


def judge(
    dataset: DetectionDataset, found: Sequence[Instances], *, score_floor: float | None = None
) -> DetectionScores:
    """Scores what was found in the pictures of a data set.

    Args:
        found: of each picture, in the order of the data set; labels are the data set's.
        score_floor: below which the detector gave nothing, if that is known.

    Raises:
        ValueError: when there are not as many as pictures, or a detection has no label of the data set.
        MissingExtraError: without the package faster-coco-eval.
    """
    if len(found) != len(dataset):
        raise ValueError(f"found: of {len(found)} pictures, but the data set has {len(dataset)}")
    classes = len(dataset.classes)
    truths, everything = Truths.of(dataset), Detections.of(found, classes)
    detections = everything.looked_for(dataset)
    matches = match(truths, detections, IOU, takes_next=True)
    sweep = _sweep(truths, detections, matches)
    operation = sweep.best()
    voc = match(truths, detections, IOU, takes_next=False)
    by_class = [_by_class(truths, detections, voc, label) for label in range(classes)]
    lowest = float(everything.scores.min()) if len(everything) else float("nan")
    return DetectionScores(
        classes=dataset.classes,
        num_images=len(dataset),
        num_empty=sum(not len(image) for image in dataset.images),
        num_unverified=len(everything) - len(detections),
        score_floor=lowest if score_floor is None else score_floor,
        truths=truths,
        detections=detections,
        matches=matches,
        coco=score_coco(truths, detections, image_ids(dataset), classes),
        voc=np.array([average_precision(*each) for each in by_class], np.float64),
        voc_2007=np.array([average_precision_2007(*each) for each in by_class], np.float64),
        sweep=sweep,
        sweeps=tuple(_sweep(truths, detections, matches, label) for label in range(classes)),
        operation=operation,
        mistakes=find_mistakes(truths, detections, matches, classes, operation.threshold, IOU),
    )


def _by_class(
    truths: Truths, detections: Detections, matches: Matches, label: int | None
) -> tuple[Float64[np.ndarray, " d"], Bool[np.ndarray, " d"], int]:
    """Scores of the detections of a class that count, which are right, and how many there are to be found."""
    counts, wanted = ~matches.is_ignored, truths.is_counted
    if label is not None:
        counts, wanted = counts & (detections.labels == label), wanted & (truths.labels == label)
    return detections.scores[counts], matches.is_hit[counts], int(wanted.sum())


def _sweep(truths: Truths, detections: Detections, matches: Matches, label: int | None = None) -> Sweep:
    return Sweep.of(*_by_class(truths, detections, matches, label))


def _is_size(areas: Float64[np.ndarray, " N"], size: str) -> Bool[np.ndarray, " N"]:
    assert size in SIZES
    low, high = _EDGES[size]
    return (areas >= low) & (areas < high)
