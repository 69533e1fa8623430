"""A picture with its boxes, and what can be done to both at once, exactly."""

from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, Int64, UInt8

GREY = 114
"""what stands where no picture is, as YOLOX was trained to see it"""
SMALLEST = 1.0
"""pixels that a box must be wide and high to be learned from"""


class LabelledPicture(NamedTuple):
    """Pixels and boxes that are changed together.

    Attributes:
        pixels: RGB.
        boxes: corners (x1, y1, x2, y2), edges in pixels: the first pixel is from 0 to 1.
        labels: class index from 0.
        is_crowd: boxes around many at once.
    """

    pixels: UInt8[np.ndarray, "H W 3"]
    boxes: Float32[np.ndarray, "N 4"]
    labels: Int64[np.ndarray, " N"]
    is_crowd: Bool[np.ndarray, " N"]

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def only(self, kept: Bool[np.ndarray, " N"]) -> "LabelledPicture":
        """The same pixels with some of the boxes."""
        return LabelledPicture(self.pixels, self.boxes[kept], self.labels[kept], self.is_crowd[kept])

    def inside(self, visible: float = 0.0) -> "LabelledPicture":
        """Boxes cut off at the border; those of which too little is left are left out.

        Args:
            visible: share of its area that a box must have inside.
        """
        width, height = self.size_wh
        cut = self.boxes.clip(0, np.array([width, height, width, height], np.float32))
        sides = cut[:, 2:] - cut[:, :2]
        is_there = (sides >= SMALLEST).all(axis=1) & (_areas(cut) >= visible * _areas(self.boxes))
        return self._replace(boxes=cut).only(is_there)

    def mirrored(self) -> "LabelledPicture":
        """Left and right change places."""
        width = self.pixels.shape[1]
        x1, y1, x2, y2 = self.boxes.T
        boxes = np.stack([width - x2, y1, width - x1, y2], axis=1)
        return self._replace(pixels=cv2.flip(self.pixels, 1), boxes=boxes)

    def upside_down(self) -> "LabelledPicture":
        """Top and bottom change places."""
        height = self.pixels.shape[0]
        x1, y1, x2, y2 = self.boxes.T
        boxes = np.stack([x1, height - y2, x2, height - y1], axis=1)
        return self._replace(pixels=cv2.flip(self.pixels, 0), boxes=boxes)

    def resized(self, width: int, height: int) -> "LabelledPicture":
        """Stretched to another size."""
        before = self.size_wh
        if before == (width, height):
            return self
        factors = np.array([width / before[0], height / before[1]] * 2, np.float32)
        pixels = cv2.resize(self.pixels, (width, height), interpolation=cv2.INTER_LINEAR)
        return self._replace(pixels=pixels, boxes=self.boxes * factors)

    def fitted(self, side: int) -> "LabelledPicture":
        """Scaled so that the longer side has as many pixels."""
        width, height = self.size_wh
        longer = max(width, height)
        return self.resized(max(width * side // longer, 1), max(height * side // longer, 1))

    def on_canvas(self, width: int, height: int, left: int = 0, top: int = 0) -> "LabelledPicture":
        """Laid on a grey canvas, or cut off where it does not reach; boxes may reach beyond.

        Args:
            left: column of the canvas that the picture's first column comes to; negative cuts off.
            top: row of it.
        """
        own_width, own_height = self.size_wh
        if (left, top, width, height) == (0, 0, own_width, own_height):
            return self
        canvas = np.full((height, width, 3), GREY, np.uint8)
        x1, y1 = max(left, 0), max(top, 0)
        x2, y2 = min(left + own_width, width), min(top + own_height, height)
        if x1 < x2 and y1 < y2:
            canvas[y1:y2, x1:x2] = self.pixels[y1 - top : y2 - top, x1 - left : x2 - left]
        return self._replace(pixels=canvas, boxes=self.boxes + np.array([left, top, left, top], np.float32))

    def warped(self, matrix: Float[np.ndarray, "2 3"], width: int, height: int) -> "LabelledPicture":
        """Moved by an affine map of coordinates; a box becomes the one around its moved corners."""
        # OpenCV's coordinates are of pixels' middles, ours of their edges
        shift = matrix[:, :2] @ np.array([0.5, 0.5]) - 0.5
        of_middles = np.column_stack([matrix[:, :2], matrix[:, 2] + shift])
        pixels = cv2.warpAffine(
            self.pixels, of_middles, (width, height), flags=cv2.INTER_LINEAR, borderValue=(GREY,) * 3
        )
        x1, y1, x2, y2 = self.boxes.T.astype(np.float64)
        corners = np.stack([[x1, x2, x2, x1], [y1, y1, y2, y2]], axis=-1)
        moved = corners @ matrix[:, :2].T + matrix[:, 2] if len(self.boxes) else np.zeros((4, 0, 2))
        boxes = np.concatenate([moved.min(axis=0), moved.max(axis=0)], axis=1).astype(np.float32)
        return self._replace(pixels=pixels, boxes=boxes)

    def with_boxes_of(self, other: "LabelledPicture") -> "LabelledPicture":
        """These pixels with the boxes of both."""
        return LabelledPicture(
            self.pixels,
            np.concatenate([self.boxes, other.boxes]),
            np.concatenate([self.labels, other.labels]),
            np.concatenate([self.is_crowd, other.is_crowd]),
        )


def _areas(boxes: Float32[np.ndarray, "N 4"]) -> Float32[np.ndarray, " N"]:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
