"""All annotated people and all that were found in a data set, each as one table."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from saccade.core import Instances
from saccade.core.skeleton import Skeleton
from saccade.data.pose.people import PoseDataset, PosedImage
from saccade.evaluation.pictures.tables import decimals, joined, picture_places


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class People:
    """The annotated people, picture by picture.

    Attributes:
        images: place of the picture in its data set.
        keypoints: (x, y) in pixels of the picture.
        is_labelled: which of them are known.
        boxes: corners (x1, y1, x2, y2) in pixels of the picture.
        areas: in square pixels, by which OKS forgives distance.
        head_sizes: in pixels, that PCKh divides by; NaN where nobody knows it.
        torso_sizes: in pixels, that PCK divides by; NaN where an end is not labelled.
        is_crowd: regions of many people.
    """

    images: Int64[np.ndarray, " T"]
    keypoints: Float64[np.ndarray, "T K 2"]
    is_labelled: Bool[np.ndarray, "T K"]
    boxes: Float64[np.ndarray, "T 4"]
    areas: Float64[np.ndarray, " T"]
    head_sizes: Float64[np.ndarray, " T"]
    torso_sizes: Float64[np.ndarray, " T"]
    is_crowd: Bool[np.ndarray, " T"]

    @classmethod
    def of(cls, dataset: PoseDataset) -> "People":
        """The people of a data set."""
        people = [person for image in dataset.images for person in image.people]
        points = len(dataset.skeleton)
        keypoints = decimals(joined([person.keypoints[None] for person in people], np.float32, (points, 2)))
        is_labelled = joined([person.visible[None] for person in people], np.int8, (points,)) > 0
        heads = [np.nan if person.head_size is None else person.head_size for person in people]
        return cls(
            images=picture_places([len(image) for image in dataset.images]),
            keypoints=np.where(is_labelled[..., None], keypoints, 0.0),
            is_labelled=is_labelled,
            boxes=decimals(joined([person.box[None] for person in people], np.float32, (4,))),
            areas=np.array([person.area for person in people], np.float64),
            head_sizes=np.array(heads, np.float64),
            torso_sizes=dataset.skeleton.torso_sizes(keypoints, is_labelled).astype(np.float64),
            is_crowd=np.array([person.is_crowd for person in people], bool),
        )

    def __len__(self) -> int:
        return len(self.images)

    @property
    def is_counted(self) -> Bool[np.ndarray, " T"]:
        """Those that a model is asked for: no crowds, and of whom something is known."""
        return ~self.is_crowd & self.is_labelled.any(axis=1)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Poses:
    """What was found, picture by picture; see `People`.

    Attributes:
        scores: higher is surer.
        is_placed: which key points the model has a place for; the others are judged where they are said to
            be, as by COCO's program, but mean nothing to who looks at them.
    """

    images: Int64[np.ndarray, " D"]
    keypoints: Float64[np.ndarray, "D K 2"]
    is_placed: Bool[np.ndarray, "D K"]
    boxes: Float64[np.ndarray, "D 4"]
    scores: Float64[np.ndarray, " D"]

    @classmethod
    def of(cls, found: Sequence[Instances], skeleton: Skeleton) -> "Poses":
        """What was found in each picture.

        Raises:
            ValueError: when a person has no key points, or those of another skeleton, or is not finite.
        """
        for number, each in enumerate(found):
            _check(each, skeleton, f"found[{number}]")
        held = [each for each in found if each.keypoints is not None and len(each)]
        points = [each.keypoints for each in held if each.keypoints is not None]
        return cls(
            images=picture_places([len(each) for each in found]),
            keypoints=joined(points, np.float64, (len(skeleton), 2)),
            is_placed=joined([_placed(each, len(skeleton)) for each in held], np.bool_, (len(skeleton),)),
            boxes=joined([each.boxes for each in found], np.float64, (4,)),
            scores=joined([each.scores for each in found], np.float64),
        )

    def __len__(self) -> int:
        return len(self.scores)


def counted_people(image: PosedImage) -> list[int]:
    """The places of the people in a picture that a model is asked for."""
    return [place for place, person in enumerate(image.people) if person.num_labelled and not person.is_crowd]


def _placed(found: Instances, num_points: int) -> Bool[np.ndarray, "N K"]:
    """Which key points have a score; all of somebody none of whose have one, for some programs give none."""
    if found.keypoint_scores is None:
        return np.ones((len(found), num_points), bool)
    is_placed = found.keypoint_scores > 0
    return is_placed | ~is_placed.any(axis=1, keepdims=True)


def _check(found: Instances, skeleton: Skeleton, where: str) -> None:
    if not len(found):
        return
    if found.keypoints is None:
        raise ValueError(f"{where}: {len(found)} people without key points; a pose model says where they are")
    if found.keypoints.shape[1] != len(skeleton):
        raise ValueError(
            f"{where}: {found.keypoints.shape[1]} key points a person, but {skeleton.name} has "
            f"{len(skeleton)}; bring them to it with Skeleton.mapping"
        )
    if not all(np.isfinite(part).all() for part in (found.boxes, found.scores, found.keypoints)):
        raise ValueError(f"{where}: a box, a score or a key point is not finite")
