"""What an evaluation of a pose model leaves on the disk: COCO results in poses.json, and mean_pose.json."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from saccade.core import DatasetError, Instances
from saccade.data.pose.people import PoseDataset
from saccade.evaluation.pictures.results import PictureResults, read_json
from saccade.evaluation.pose.coco_results import read_coco_results, to_coco_results
from saccade.evaluation.pose.matching import Matching
from saccade.evaluation.pose.mean_pose import MeanPose
from saccade.evaluation.results import write_text

_MEAN_POSE = "mean_pose.json"


class PoseResults(PictureResults[PoseDataset]):
    """The results of one pose model on one data set."""

    __slots__ = ()
    TASK: ClassVar[str] = "pose"
    ANSWERS: ClassVar[str] = "poses.json"
    WHO: ClassVar[str] = "pose model"
    WHAT: ClassVar[str] = "key points"

    @staticmethod
    def known(dataset: PoseDataset) -> Sequence[str]:
        """The key points."""
        return dataset.skeleton.points

    @staticmethod
    def to_rows(dataset: PoseDataset, found: Sequence[Instances]) -> list[dict[str, Any]]:
        """A row a person."""
        return to_coco_results(dataset, found)

    @staticmethod
    def from_rows(file: Path, dataset: PoseDataset) -> list[Instances]:
        """The people in each picture."""
        return read_coco_results(file, dataset)

    @property
    def matching(self) -> Matching | None:
        """`Matching.GIVEN` where the model was shown the annotated people; None for the data set's own."""
        settings = self.facts.get("settings", {})
        return Matching.GIVEN if settings.get("boxes") == "truth" else None

    def save_mean_pose(self, mean_pose: MeanPose) -> None:
        """Writes down what the model is compared with, whatever it was before.

        Raises:
            OutputError: when it cannot be written.
        """
        write_text(self.folder / _MEAN_POSE, json.dumps(mean_pose.to_json()) + "\n")

    @property
    def mean_pose(self) -> MeanPose:
        """What the model is compared with.

        Raises:
            DatasetError: when what was written of it cannot be read.
        """
        file = self.folder / _MEAN_POSE
        facts = read_json(file)
        try:
            return MeanPose.from_json(facts)
        except (LookupError, OverflowError, TypeError, ValueError) as error:
            raise DatasetError(f"{file}: no mean pose ({error}); delete it and evaluate again") from None
