"""Data sets of people without pictures, and what is found in them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from saccade.core import Instances
from saccade.core.skeleton import Skeleton
from saccade.data.pose.people import AnnotatedPerson, PoseDataset, PosedImage

CROSS = Skeleton(
    name="cross",
    points=("middle", "top", "left", "right"),
    edges=(("middle", "top"), ("middle", "left"), ("middle", "right")),
    pairs=(("left", "right"),),
    sigmas=(0.05, 0.05, 0.1, 0.1),
    torso=("middle", "top"),
    head=("middle", "top"),
)
"""four joints: enough for a left and a right"""
POINTS = np.array([(0, 0), (0, -20), (-20, 0), (20, 0)], np.float32)
"""of somebody at the origin"""


def person(x: float = 50, y: float = 50, hidden: Sequence[int] = (), **more: Any) -> AnnotatedPerson:
    """A cross around a point, 40 pixels wide, of whom some joints are not labelled."""
    visible = np.full(4, 2, np.int8)
    visible[list(hidden)] = 0
    return AnnotatedPerson(
        **{
            "keypoints": POINTS + np.array([x, y], np.float32),
            "visible": visible,
            "box": np.array([x - 25, y - 25, x + 25, y + 25], np.float32),
            "area": 1600.0,
            **more,
        }
    )


def dataset(
    pictures: Sequence[Sequence[AnnotatedPerson]], skeleton: Skeleton = CROSS, **more: Any
) -> PoseDataset:
    """A data set of such people."""
    images = tuple(
        PosedImage(
            name=f"picture-{number}",
            file=Path(f"picture-{number}.png"),
            annotation=Path("people.json"),
            size_wh=None,
            people=tuple(people),
            id=number,
        )
        for number, people in enumerate(pictures)
    )
    return PoseDataset(
        **{
            "name": "pose-folder",
            "root": Path(),
            "split": None,
            "skeleton": skeleton,
            "images": images,
            **more,
        }
    )


def found(*poses: tuple[Any, float], boxes: Any = None) -> Instances:
    """Poses (key points, score); boxes are what holds them when not given."""
    if not poses:
        return Instances.empty()
    keypoints = np.array([points for points, _ in poses], np.float64)
    if boxes is None:
        boxes = np.concatenate([keypoints.min(axis=1) - 5, keypoints.max(axis=1) + 5], axis=1)
    return Instances(
        boxes=np.array(boxes, np.float64),
        scores=np.array([score for _, score in poses], np.float64),
        keypoints=keypoints,
        keypoint_scores=np.ones(keypoints.shape[:2]),
        skeleton=None,
    )


def truths(people: Sequence[AnnotatedPerson], move: tuple[float, float] = (0, 0)) -> Instances:
    """The people as they are, but for a move."""
    return found(*((one.keypoints.astype(np.float64) + move, 0.5) for one in people))
