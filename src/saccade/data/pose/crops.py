"""The crop of one person: which part of a frame a top-down network sees, and how points follow.

The original networks were trained on crops around a centre, whose sides are given in units of 200 pixels:

    SimpleBaseline    the person's box, widened to the shape of the network's picture, times 1.25
    Hourglass, MPII   a square of 200 times the person's scale, moved down by 15 times the scale, times 1.25

Both map the centre to (width / 2, height / 2) of the crop, and are the same map otherwise.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float64, Shaped, UInt8

from saccade.core import TargetError
from saccade.data.pose.people import AnnotatedPerson

PIXEL_STD = 200
"""pixels of a person of scale 1, as MPII measures them"""
ENLARGEMENT = 1.25
"""side of the crop / side of what is known to hold the person"""
_LOWER = 15
"""pixels by which MPII's centre is moved down for scale 1: it lies above the middle of the person"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonCrop:
    """A part of a frame, scaled, turned, and maybe mirrored; all points are pixel indices.

    Attributes:
        center: (x, y) in the frame that comes to the middle of the crop, which is (width / 2, height / 2).
        width: of the part in frame pixels; its height follows from the shape of the crop.
        size_wh: width and height of the crop in crop pixels.
        rotation: by which the part is turned in the frame, clockwise in degrees; what is seen in it turns the
            other way.
        is_mirrored: whether left and right change places.

    Raises:
        TargetError: when the part is empty, or anything is not finite.
    """

    center: tuple[float, float]
    width: float
    size_wh: tuple[int, int]
    rotation: float = 0.0
    is_mirrored: bool = False

    def __post_init__(self) -> None:
        if not (self.width > 0 and all(map(math.isfinite, (*self.center, self.width, self.rotation)))):
            raise TargetError(
                f"a crop {self.width:g} pixels wide around {self.center} shows nothing; give a box with area"
            )

    @property
    def scale(self) -> float:
        """Crop pixels per frame pixel."""
        return self.size_wh[0] / self.width

    @property
    def matrix(self) -> Float64[np.ndarray, "2 3"]:
        """The affine map from pixels of the frame to those of the crop."""
        linear = self._linear
        middle = np.array(self.size_wh, np.float64) / 2
        return np.column_stack([linear, middle - linear @ np.array(self.center)])

    @property
    def _linear(self) -> Float64[np.ndarray, "2 2"]:
        angle = math.radians(self.rotation)
        cos, sin = self.scale * math.cos(angle), self.scale * math.sin(angle)
        linear = np.array([[cos, sin], [-sin, cos]])
        # the frame is mirrored first, and then turned
        return linear * np.array([-1.0, 1.0]) if self.is_mirrored else linear

    def to_crop(self, points: Shaped[np.ndarray, "*N 2"]) -> Float64[np.ndarray, "*N 2"]:
        """Points of the frame in crop pixels."""
        matrix = self.matrix
        moved: Float64[np.ndarray, "*N 2"] = points @ matrix[:, :2].T + matrix[:, 2]
        return moved

    def to_frame(self, points: Shaped[np.ndarray, "*N 2"]) -> Float64[np.ndarray, "*N 2"]:
        """Points of the crop in frame pixels: the inverse of `to_crop`."""
        middle = np.array(self.size_wh, np.float64) / 2
        # a rotation's inverse is its transpose
        turned = (points - middle) @ self._linear / self.scale**2
        moved: Float64[np.ndarray, "*N 2"] = turned + np.array(self.center)
        return moved

    def holds(self, points: Shaped[np.ndarray, "*N 2"]) -> Bool[np.ndarray, "*N"]:
        """Which points of the crop lie on one of its pixels."""
        last = np.array(self.size_wh) - 0.5
        return np.asarray(((points >= -0.5) & (points < last)).all(axis=-1))

    def cut(
        self, image: UInt8[np.ndarray, "H W *C"], *, fill: int = 0, nearest: bool = False
    ) -> UInt8[np.ndarray, "h w *C"]:
        """The pixels of the crop.

        Args:
            fill: what stands where the frame is not; the originals' is black.
            nearest: whether each pixel is the nearest of the frame, as masks want it.
        """
        return cv2.warpAffine(
            image,
            self.matrix,
            self.size_wh,
            flags=cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR,
            borderValue=(fill,) * 3,
        )


def crop_of_box(
    box: Float[np.ndarray, "4"], size_wh: tuple[int, int], *, enlargement: float = ENLARGEMENT
) -> PersonCrop:
    """The crop around a box, as SimpleBaseline cuts it.

    Args:
        box: corners (x1, y1, x2, y2), edges in frame pixels.
        size_wh: of the crop.

    Raises:
        TargetError: when the box has no area.
    """
    x1, y1, x2, y2 = (float(value) for value in box)
    if not (x2 > x1 and y2 > y1):
        raise TargetError(f"a box of {x2 - x1:g} x {y2 - y1:g} pixels has no area to be cut out")
    # edges of pixels become their indices
    center = ((x1 + x2 - 1) / 2, (y1 + y2 - 1) / 2)
    return crop_around(center, (x2 - x1, y2 - y1), size_wh, enlargement=enlargement)


def crop_of_scale(
    center: tuple[float, float],
    scale: float,
    size_wh: tuple[int, int],
    *,
    enlargement: float = ENLARGEMENT,
) -> PersonCrop:
    """The crop around MPII's centre and scale, as Hourglass and SimpleBaseline cut it.

    Args:
        center: (x, y) in pixel indices.
        scale: the person's height / 200 pixels.

    Raises:
        TargetError: when the scale is not above 0.
    """
    side = PIXEL_STD * scale
    lowered = (center[0], center[1] + _LOWER * scale)
    return crop_around(lowered, (side, side), size_wh, enlargement=enlargement)


def crop_of_person(
    person: AnnotatedPerson, size_wh: tuple[int, int], *, enlargement: float = ENLARGEMENT
) -> PersonCrop:
    """The crop around an annotated person: by centre and scale where those are given, else by the box.

    Raises:
        TargetError: when it has no area.
    """
    if person.center is not None and person.scale is not None:
        return crop_of_scale(person.center, person.scale, size_wh, enlargement=enlargement)
    return crop_of_box(person.box, size_wh, enlargement=enlargement)


def crop_around(
    center: tuple[float, float],
    extent_wh: tuple[float, float],
    size_wh: tuple[int, int],
    *,
    enlargement: float = ENLARGEMENT,
) -> PersonCrop:
    """The crop around a centre that holds all of an extent, made wider or taller to the crop's shape.

    Args:
        center: (x, y) in pixel indices.
        extent_wh: width and height in frame pixels.

    Raises:
        TargetError: when the extent is empty.
    """
    shape = size_wh[0] / size_wh[1]
    width = max(extent_wh[0], extent_wh[1] * shape) * enlargement
    return PersonCrop(center=center, width=width, size_wh=size_wh)
