"""Boxes on their way from the page to a run, and from one run to another."""

from math import floor

from saccade.core import Instances, Status
from saccade.core.targets import TargetId

Box = tuple[float, float, float, float]
"""(x, y, w, h) in frame pixels"""


def held(found: Instances) -> dict[TargetId, Box]:
    """Where targets are that are not lost."""
    if found.ids is None or found.status is None:
        return {}
    rows = zip(found.ids.tolist(), found.xywh.tolist(), found.status.tolist(), strict=True)
    return {target: tuple(box) for target, box, status in rows if status != Status.LOST.value}


def inside(box: Box, size_wh: tuple[int, int]) -> Box:
    """The part of a box that lies on the frame; the box itself where none does."""
    x, y, w, h = box
    left, top = max(x, 0.0), max(y, 0.0)
    # rounded down, so that no sum reaches over the border
    right, below = (
        floor(100 * (most - first)) / 100 for most, first in zip(size_wh, (left, top), strict=True)
    )
    inner = (left, top, min(x + w - left, right), min(y + h - top, below))
    return inner if min(inner[2:]) > 0 else box
