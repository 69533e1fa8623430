"""A pose model over the pictures of a data set."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from saccade.core import DatasetError, Instances
from saccade.core.skeleton import Skeleton, SkeletonMap
from saccade.data.pose.people import PoseDataset, PosedImage
from saccade.evaluation.pictures.run import BATCH, Pixels, run_over_pictures
from saccade.evaluation.pose.mean_pose import person_box
from saccade.evaluation.pose.results import PoseResults
from saccade.evaluation.pose.tables import counted_people

Estimate = Callable[[Sequence[PosedImage], list[Pixels]], Sequence[Instances]]
"""who is in each of several pictures, with the model's key points"""
Read = Callable[[PosedImage], Pixels]


@dataclass(frozen=True, slots=True)
class Translation:
    """How poses of a model become poses of a data set."""

    mapping: SkeletonMap

    @classmethod
    def of(cls, model: Skeleton, dataset: PoseDataset, name: str) -> "Translation":
        """By the names of key points.

        Args:
            name: of the model.

        Raises:
            DatasetError: when the model knows none of the data set's.
        """
        mapping = model.mapping(dataset.skeleton)
        if len(mapping.missing) == len(dataset.skeleton):
            raise DatasetError(
                f"'{name}' knows none of the key points of this data set: it finds {model.name} "
                f"({', '.join(model.points)}), and annotated are {', '.join(dataset.skeleton.points)}"
            )
        return cls(mapping)

    def __call__(self, found: Instances) -> Instances:
        """What was found, with the key points of the data set; what the model does not know is at (0, 0)."""
        if self.mapping.source.points == self.mapping.target.points:
            return found
        if not len(found) or found.keypoints is None:
            return Instances.empty(frame=found.frame, time=found.time)
        scores = found.keypoint_scores
        known = np.ones(found.keypoints.shape[:2]) if scores is None else scores
        points, sure = self.mapping.convert(found.keypoints, known)
        return replace(found, keypoints=points, keypoint_scores=sure, skeleton=self.mapping.target)

    @property
    def notes(self) -> list[str]:
        """What a reader of the scores should know."""
        mapping = self.mapping
        if not mapping.missing:
            return []
        return [
            f"the model finds {mapping.source.name} and knows no {', '.join(mapping.missing)}: it misses all "
            f"of them, and they count"
        ]


def true_boxes(image: PosedImage) -> list[tuple[float, float, float, float]]:
    """Where the people are who count, as (x, y, w, h)."""
    corners = [person_box(image.people[place]).tolist() for place in counted_people(image)]
    return [(x1, y1, x2 - x1, y2 - y1) for x1, y1, x2, y2 in corners]


def run_estimator(
    estimate: Estimate,
    dataset: PoseDataset,
    read: Read,
    results: PoseResults,
    translation: Translation,
    on_picture: Callable[[], Any] = lambda: None,
    *,
    batch: int = BATCH,
) -> list[Instances]:
    """Runs a pose model over all pictures, and writes down whom it finds; goes on where it was broken off.

    Args:
        read: a picture of the data set.
        on_picture: is called after each picture.

    Returns:
        who is in each picture, key points being the data set's.

    Raises:
        DatasetError: when a picture cannot be read.
        OutputError: when results cannot be written.
    """

    def look(images: Sequence[PosedImage], pictures: list[Pixels]) -> list[Instances]:
        return [translation(each) for each in estimate(images, pictures)]

    return run_over_pictures(look, dataset, read, results, on_picture, batch=batch)
