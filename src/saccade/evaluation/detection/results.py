"""What an evaluation of a detector leaves on the disk: COCO results in detections.json."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from saccade.core import Instances
from saccade.data.detection.annotations import DetectionDataset
from saccade.evaluation.detection.coco_results import read_coco_results, to_coco_results
from saccade.evaluation.pictures.results import PictureResults


class DetectionResults(PictureResults[DetectionDataset]):
    """The results of one detector on one data set."""

    __slots__ = ()
    TASK: ClassVar[str] = "detect"
    ANSWERS: ClassVar[str] = "detections.json"
    WHO: ClassVar[str] = "detector"
    WHAT: ClassVar[str] = "classes"

    @staticmethod
    def known(dataset: DetectionDataset) -> Sequence[str]:
        """The classes."""
        return dataset.classes

    @staticmethod
    def to_rows(dataset: DetectionDataset, found: Sequence[Instances]) -> list[dict[str, Any]]:
        """A row a box."""
        return to_coco_results(dataset, found)

    @staticmethod
    def from_rows(file: Path, dataset: DetectionDataset) -> list[Instances]:
        """The boxes in each picture."""
        return read_coco_results(file, dataset)

    @property
    def score_floor(self) -> float | None:
        """The threshold that the detector ran with; None where nobody knows."""
        floor = self.facts.get("score_floor")
        return None if floor is None else float(floor)
