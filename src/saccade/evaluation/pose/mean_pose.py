"""The mean pose: what somebody would answer who has seen nothing but the box that a person is in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64

from saccade.core import Instances
from saccade.data.pose.crops import crop_of_person
from saccade.data.pose.people import AnnotatedPerson, PoseDataset, PosedImage
from saccade.evaluation.pictures.results import label_of
from saccade.evaluation.pose.tables import counted_people

NAME = "mean pose"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MeanPose:
    """Where each joint is on average, relative to the box.

    Attributes:
        of: names the data set that it is the mean of.
        points: (x, y) in widths and heights of the box from its upper left corner; the middle for joints that
            are labelled nowhere.
    """

    of: str
    points: Float64[np.ndarray, "K 2"]

    @classmethod
    def from_dataset(cls, dataset: PoseDataset) -> "MeanPose":
        """The mean over all people who count."""
        shape = (len(dataset.skeleton), 2)
        sums, counts = np.zeros(shape), np.zeros(shape[0])
        for image in dataset.images:
            for place in counted_people(image):
                person = image.people[place]
                is_labelled = person.visible > 0
                corner, size = _frame(person_box(person))
                sums += np.where(is_labelled[:, None], (person.keypoints - corner) / size, 0.0)
                counts += is_labelled
        means = sums / np.maximum(counts, 1)[:, None]
        return cls(of=label_of(dataset), points=np.where(counts[:, None] > 0, means, 0.5))

    def answer(self, image: PosedImage) -> Instances:
        """The pose of everybody who counts, each in their box."""
        boxes = np.array([person_box(image.people[place]) for place in counted_people(image)], np.float64)
        corners, sizes = _frame(boxes.reshape(-1, 4))
        keypoints = corners[:, None] + self.points * sizes[:, None]
        return Instances(
            boxes=boxes.reshape(-1, 4),
            scores=np.ones(len(boxes)),
            keypoints=keypoints,
            keypoint_scores=np.ones(keypoints.shape[:2]),
        )

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {"of": self.of, "points": self.points.tolist()}

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> "MeanPose":
        """What `to_json` has written.

        Raises:
            LookupError, OverflowError, TypeError, ValueError: when it has not.
        """
        points = np.array(facts["points"], np.float64).reshape(-1, 2)
        if not np.isfinite(points).all():
            raise ValueError("a point is not finite")
        return cls(of=str(facts["of"]), points=points)


def person_box(person: AnnotatedPerson) -> Float64[np.ndarray, "4"]:
    """The box (x1, y1, x2, y2) that a model is shown of a person: the one whose crop is the person's.

    That is a square of MPII's scale around its lowered centre where those are annotated.
    """
    if person.center is None or person.scale is None:
        return person.box.astype(np.float64)
    crop = crop_of_person(person, (1, 1), enlargement=1.0)
    half = np.full(2, crop.width / 2)
    # indices of pixels become edges
    middle = np.array(crop.center) + 0.5
    return np.concatenate([middle - half, middle + half])


def _frame(
    boxes: Float64[np.ndarray, "*N 4"],
) -> tuple[Float64[np.ndarray, "*N 2"], Float64[np.ndarray, "*N 2"]]:
    """Upper left corner and size, as indices of pixels."""
    return boxes[..., :2] - 0.5, np.maximum(boxes[..., 2:] - boxes[..., :2], 1e-9)
