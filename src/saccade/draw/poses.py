"""Poses on a frame: limbs and joints in the colours of their sides, in lines that fit the person."""

from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

from saccade.core import Instances, Skeleton

Picture = UInt8[np.ndarray, "H W 3"]
Color = tuple[int, int, int]
Point = tuple[int, int]

LEFT, RIGHT, MIDDLE = (255, 159, 28), (31, 182, 255), (240, 240, 240)
"""RGB of what lies on a side of the body, the person's own, and of what lies on neither"""
RIM = (16, 20, 24)
"""RGB of the line around all others, which shows them on any ground"""
UNSURE = 0.2
"""score under which a joint is not drawn, where nothing else is said"""
_SLIMNESS = 60
"""size of a person (root of the box's area) / width of their lines, in pixels"""
_FINE = 3
"""binary digits behind the point of the places that OpenCV draws at"""
_FARTHEST = 1 << 20
"""pixels from the frame's corner from which on a joint is nowhere: OpenCV's places have 32 bits"""


class _Paint(NamedTuple):
    """The colours of a skeleton."""

    edges: tuple[tuple[int, int, Color], ...]
    joints: tuple[Color, ...]


def draw_poses(scene: Picture, found: Instances, line: int, *, threshold: float = UNSURE) -> None:
    """Draws on `scene`, in place; people whose boxes reach farther down are mostly nearer, and lie on top.

    Args:
        line: width in pixels of the lines of a large person; those of smaller ones are thinner.
        threshold: score under which a joint is not drawn, nor are its limbs.
    """
    assert found.keypoints is not None
    sizes = np.sqrt(np.prod(np.maximum(found.boxes[:, 2:] - found.boxes[:, :2], 0), axis=1))
    widths = np.clip(np.rint(np.nan_to_num(sizes) / _SLIMNESS), 1, max(line, 1)).astype(int)
    paint = _paint(found.skeleton, found.keypoints.shape[1])
    shown = _shown(found, threshold)
    for row in np.argsort(found.boxes[:, 3], kind="stable"):
        _draw_person(scene, found.keypoints[row], shown[row], paint, int(widths[row]))


def _shown(found: Instances, threshold: float) -> Bool[np.ndarray, "N K"]:
    assert found.keypoints is not None
    # not a number is not less than anything
    is_near: Bool[np.ndarray, "N K"] = (np.abs(found.keypoints) < _FARTHEST).all(axis=2)
    scores = found.keypoint_scores
    return is_near if scores is None else is_near & (scores >= threshold) & (scores > 0)


def _draw_person(
    scene: Picture,
    keypoints: Float[np.ndarray, "K 2"],
    shown: Bool[np.ndarray, " K"],
    paint: _Paint,
    width: int,
) -> None:
    places = np.rint(np.where(shown[:, None], keypoints, 0) * (1 << _FINE)).astype(int).tolist()
    limbs = [(places[a], places[b], color) for a, b, color in paint.edges if shown[a] and shown[b]]
    joints = [(places[k], paint.joints[k]) for k in np.flatnonzero(shown)]
    # around a line of one pixel, a rim would be all that is seen
    for rim in (2, 0) if width > 1 else (0,):
        for start, end, color in limbs:
            cv2.line(scene, start, end, RIM if rim else color, width + rim, cv2.LINE_AA, _FINE)
        radius = round((0.75 * width + 0.5 + rim / 2) * (1 << _FINE))
        for place, color in joints:
            cv2.circle(scene, place, radius, RIM if rim else color, cv2.FILLED, cv2.LINE_AA, _FINE)


@cache
def _paint(skeleton: Skeleton | None, num_joints: int) -> _Paint:
    """Joints in the colour of their side; edges in that of their joints, where these lie on the same one."""
    if skeleton is None:
        return _Paint((), (MIDDLE,) * num_joints)
    sides = {
        point: color for pair in skeleton.pairs for point, color in zip(pair, (LEFT, RIGHT), strict=True)
    }
    joints = tuple(sides.get(point, MIDDLE) for point in skeleton.points)
    edges = []
    for a, b in skeleton.edge_indices:
        colors = {joints[a], joints[b]} - {MIDDLE}
        edges.append((a, b, colors.pop() if len(colors) == 1 else MIDDLE))
    return _Paint(tuple(edges), joints)
