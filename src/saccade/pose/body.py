"""The key points of bodies by name, and where they are in one of average build."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from jaxtyping import Float, Shaped

from saccade.core import Instances
from saccade.core.errors import InputError
from saccade.core.skeleton import Skeleton

People = Instances | Shaped[np.ndarray, "N K 2"]
"""key points of people, or people with key points"""
Points = Mapping[str, Float[np.ndarray, "N 2"]]
"""where a key point of each of N people is, by its name; NaN where it is not known"""

BODY: Mapping[str, tuple[float, float, float]] = {
    "left_hip": (0.09, 0.0, 0.0),
    "right_hip": (-0.09, 0.0, 0.0),
    "mid_hip": (0.0, 0.0, 0.0),
    "pelvis": (0.0, 0.0, 0.0),
    "left_shoulder": (0.18, -0.48, 0.0),
    "right_shoulder": (-0.18, -0.48, 0.0),
    "neck": (0.0, -0.48, 0.0),
    "thorax": (0.0, -0.48, 0.0),
    "upper_neck": (0.0, -0.57, 0.0),
    "head_top": (0.0, -0.80, 0.0),
    "left_ear": (0.075, -0.67, -0.02),
    "right_ear": (-0.075, -0.67, -0.02),
    "left_eye": (0.032, -0.69, -0.10),
    "right_eye": (-0.032, -0.69, -0.10),
    "nose": (0.0, -0.65, -0.13),
}
"""metres from the middle of the hips: to the left, down, and to the back"""
_HEIGHT = 1.7
"""metres that somebody with these measures is tall"""
_NECK = 0.6
"""metres from the middle of their hips up to where the head begins"""


def body_model(
    skeleton: Skeleton, *, part: Literal["all", "trunk", "head"] = "all", height: float = _HEIGHT
) -> Float[np.ndarray, "K 3"]:
    """Where the key points of trunk and head are in somebody of average build who looks straight ahead.

    Metres from the middle of the hips: x to the left of the person, y down, z to their back. These are round
    numbers for somebody 1.7 m tall, and scale with the height: shoulders 0.36 m apart and 0.48 m above hips
    that are 0.18 m apart; ears 0.15 m apart, 0.67 m up and 2 cm in front; eyes 64 mm apart, 0.69 m up and
    10 cm in front; nose 0.65 m up and 13 cm in front; the neck's upper end 0.57 m and the head's top 0.80 m
    up. Arms and legs, which move, are NaN.

    Args:
        skeleton: whose points they are.
        part: the trunk with the neck, the head above it, or both, which turns them as if they were one piece.
        height: of the person in metres.
    """
    rows = np.array([BODY.get(point, (np.nan, np.nan, np.nan)) for point in skeleton.points])
    if part != "all":
        is_head = -rows[:, 1] > _NECK
        rows[is_head if part == "trunk" else ~is_head] = np.nan
    return rows * (height / _HEIGHT)


def places_of(people: People, threshold: float) -> Float[np.ndarray, "N K 2"]:
    """Key points; NaN where they are not known."""
    if not isinstance(people, Instances):
        return np.asarray(people, np.float64)
    if people.keypoints is None:
        raise InputError("these instances have no key points; give those of a pose estimator")
    points = people.keypoints.astype(np.float64)
    if people.keypoint_scores is not None:
        points[people.keypoint_scores <= threshold] = np.nan
    return points


def named_points(people: People, skeleton: Skeleton | None, threshold: float) -> tuple[Points, Skeleton]:
    """Key points by name; NaN where they are not known."""
    points = places_of(people, threshold)
    skeleton = people.skeleton if skeleton is None and isinstance(people, Instances) else skeleton
    if skeleton is None or len(skeleton) != points.shape[1]:
        of_what = "none" if skeleton is None else f"'{skeleton.name}' of {len(skeleton)}"
        raise InputError(
            f"{points.shape[1]} key points and the skeleton {of_what}; give the one that fits them"
        )
    return {name: points[:, index] for index, name in enumerate(skeleton.points)}, skeleton
