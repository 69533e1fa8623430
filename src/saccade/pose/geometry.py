"""What key points say of a body: the angles of its joints, and which way it is turned.

Pictures have x to the right and y down; the left of somebody who faces the camera is the picture's right.

    roll     degrees by which somebody is turned clockwise in the picture; 0 is upright
    yaw      degrees by which they are turned to the picture's right; 0 faces the camera, 180 is away from it
    pitch    degrees by which they look up, which only `solve_pnp` can tell

Whatever depends on a key point that is not known is NaN. Key points are (x, y) in pixels of a picture without
distortion; of `Instances`, those count whose score is above `threshold`.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from saccade.core.skeleton import Skeleton
from saccade.pose.body import BODY, People, Points, named_points

_BENDS: Mapping[str, tuple[str, str]] = {
    "elbow": ("shoulder", "wrist"),
    "shoulder": ("elbow", "hip"),
    "hip": ("shoulder", "knee"),
    "knee": ("hip", "ankle"),
    "ankle": ("knee", "big_toe"),
}
"""the joints whose angles are measured, and what each is between"""
_HEAD = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")


class Orientation(NamedTuple):
    """Which way people's heads or bodies are turned in the picture, in degrees; NaN where it is not known."""

    roll: Float[np.ndarray, " N"]
    yaw: Float[np.ndarray, " N"]


def angles(
    people: People, skeleton: Skeleton | None = None, *, threshold: float = 0.2
) -> dict[str, Float[np.ndarray, " N"]]:
    """The angles of joints in the picture, in degrees: 180 for a stretched arm or leg, 0 for one folded.

    Of each side, as far as the skeleton has the points: elbow (between shoulder and wrist), shoulder (elbow,
    hip), hip (shoulder, knee), knee (hip, ankle), ankle (knee, big toe). They are angles between lines in the
    picture, which are those of the body only where it moves in a plane that the camera looks at squarely.

    Args:
        skeleton: of key points that come without one.
        threshold: score up to which a key point of `Instances` does not count.

    Raises:
        InputError: for key points that are not a skeleton's.
    """
    points, skeleton = named_points(people, skeleton, threshold)
    found = {}
    for side in ("left", "right"):
        for joint, ends in _BENDS.items():
            names = [f"{side}_{name}" for name in (joint, *ends)]
            if all(name in skeleton.points for name in names):
                found[names[0]] = _angles(*(points[name] for name in names))
    return found


def head_orientation(
    people: People, skeleton: Skeleton | None = None, *, threshold: float = 0.2
) -> Orientation:
    """Which way heads are turned.

    The roll is that of the line through the eyes, else through the ears, from -90 to 90. The yaw is that at
    which an average head (`body_model`) fits the places of nose, eyes and ears along this line, by least
    squares, as a camera far away sees it: three of them must be known. It takes the roll to be 0 where that
    is not known.

    Both are estimates. People differ from the average; where heads are small, a pixel is several degrees; a
    head that is turned, and looks up or down as well, seems to roll; and one that is upside down seems to be
    turned away.

    Args:
        skeleton: of key points that come without one.
        threshold: score up to which a key point of `Instances` does not count.

    Raises:
        InputError: for key points that are not a skeleton's.
    """
    points, _ = named_points(people, skeleton, threshold)
    eyes, ears = (_from_right_to_left(points, joint) for joint in ("eye", "ear"))
    line = np.where(np.isnan(eyes), ears, eyes)
    # of the line's two directions, that to the right of the picture
    roll = np.arctan(line[:, 1] / np.where(line[:, 0] == 0, 1e-9, line[:, 0]))
    names = [name for name in _HEAD if name in points]
    places = np.stack([points[name] for name in names], axis=1) if names else np.zeros((len(roll), 0, 2))
    along = _along(places, np.where(np.isnan(roll), 0, roll)[:, None])
    measures = np.array([BODY[name] for name in names]).reshape(-1, 3)
    return Orientation(np.degrees(roll), np.degrees(_yaw(along, measures[:, 0], -measures[:, 2])))


def body_orientation(
    people: People, skeleton: Skeleton | None = None, *, threshold: float = 0.2
) -> Orientation:
    """Which way trunks are turned; both shoulders and both hips must be known.

    The roll is that of the line from the middle of the hips to that of the shoulders, all the way round. The
    yaw is that at which the trunk of `body_model` would be as narrow for its length as it is in the picture,
    seen by a camera far away; its sign is that of the side to which the nose, else the eyes, lie from the
    middle of the shoulders, and positive where none of these is known.

    Both are estimates. Near yaw 0 and 180 the width hardly changes: shoulders that are 5 % narrower than the
    average seem to be turned by 18 degrees. Somebody who bends towards the camera seems to be wider, and the
    sign is wrong for those who look over their shoulder.

    Args:
        skeleton: of key points that come without one.
        threshold: score up to which a key point of `Instances` does not count.

    Raises:
        InputError: for key points that are not a skeleton's.
    """
    points, _ = named_points(people, skeleton, threshold)
    shoulders, hips = (_from_right_to_left(points, joint) for joint in ("shoulder", "hip"))
    middle = _middle(points, "shoulder")
    trunk = middle - _middle(points, "hip")
    roll = np.arctan2(trunk[:, 0], -trunk[:, 1])
    # least squares of both widths, each as precise as it is wide
    wide, narrow = 2 * BODY["left_shoulder"][0], 2 * BODY["left_hip"][0]
    width = (_along(shoulders, roll) * wide + _along(hips, roll) * narrow) / (wide**2 + narrow**2)
    scale = np.linalg.norm(trunk, axis=1) / -BODY["left_shoulder"][1]
    yaw = np.arccos(np.clip(width / np.maximum(scale, 1e-9), -1, 1))
    nose = points.get("nose", np.full_like(middle, np.nan))
    face = np.where(np.isnan(nose), _middle(points, "eye"), nose)
    is_left = _along(face - middle, roll) < 0
    return Orientation(np.degrees(roll), np.degrees(np.where(is_left, -yaw, yaw)))


def _from_right_to_left(points: Points, joint: str) -> Float[np.ndarray, "N 2"]:
    """From the joint on the person's right to that on their left."""
    left, right = _sides(points, joint)
    line: Float[np.ndarray, "N 2"] = left - right
    return line


def _middle(points: Points, joint: str) -> Float[np.ndarray, "N 2"]:
    left, right = _sides(points, joint)
    middle: Float[np.ndarray, "N 2"] = (left + right) / 2
    return middle


def _sides(points: Points, joint: str) -> tuple[Float[np.ndarray, "N 2"], Float[np.ndarray, "N 2"]]:
    nowhere = np.full_like(next(iter(points.values())), np.nan)
    return points.get(f"left_{joint}", nowhere), points.get(f"right_{joint}", nowhere)


def _along(vectors: Float[np.ndarray, "*N 2"], roll: Float[np.ndarray, "*M"]) -> Float[np.ndarray, "*N"]:
    """How far vectors go to the right of somebody's picture, who is turned in it by `roll` radians."""
    far: Float[np.ndarray, "*N"] = vectors[..., 0] * np.cos(roll) + vectors[..., 1] * np.sin(roll)
    return far


def _angles(
    joint: Float[np.ndarray, "N 2"], one: Float[np.ndarray, "N 2"], other: Float[np.ndarray, "N 2"]
) -> Float[np.ndarray, " N"]:
    """Between the lines from a joint to two points, in degrees; NaN where a line has no length."""
    a, b = one - joint, other - joint
    across = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    turned = np.degrees(np.arctan2(np.abs(across), (a * b).sum(1)))
    return np.where(a.any(1) & b.any(1), turned, np.nan)


def _yaw(
    along: Float[np.ndarray, "N P"], to_left: Float[np.ndarray, " P"], ahead: Float[np.ndarray, " P"]
) -> Float[np.ndarray, " N"]:
    """The yaw in radians at which points `to_left` and `ahead` of a middle are seen `along` a line.

    A camera far away sees them at a cos(yaw) to_left + a sin(yaw) ahead + b, with a and b of its own.
    """
    is_known = ~np.isnan(along)
    design = np.column_stack([to_left, ahead, np.ones(len(to_left))]) * is_known[..., None]
    # three unknowns need three points
    is_enough = is_known.sum(1) >= 3
    solved = np.linalg.pinv(design) @ np.where(is_known, along, 0)[..., None]
    return np.where(is_enough, np.arctan2(solved[:, 1, 0], solved[:, 0, 0]), np.nan)
