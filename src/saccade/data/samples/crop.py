"""Which part of a frame becomes network input, and how boxes and masks follow."""

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float32, Shaped, UInt8

from saccade.core import TargetError

MOST_PIXELS = 2**28
"""of a region: 800 MB while it is cut out; a target that fills a frame of 1280x720 has a region of a tenth of
that, before jitter"""


class Region(NamedTuple):
    """Columns x1 to x2 and rows y1 to y2 of a frame, the last ones excluded; may leave the frame."""

    x1: int
    y1: int
    x2: int
    y2: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """The crop around a jittered box.

    Attributes:
        size_wh: width and height of the crop in crop pixels.
        area: search area factor: side of the region / √(area of the box).
        mode: "centred" keeps the box in the middle of a square, and repeats the frame's border where the
            square leaves it (ATOM, KYS); the others first move the region into the frame. "replicate" keeps
            its size; "inside" shrinks it until both sides fit, "inside_major" until one of them does.
        max_scale_change: by how much the region may be shrunk; None for any.
    """

    size_wh: tuple[int, int] = (288, 288)
    area: float = 5.0
    mode: Literal["centred", "replicate", "inside", "inside_major"] = "replicate"
    max_scale_change: float | None = None

    def region(self, box: Float32[np.ndarray, "4"], frame_wh: tuple[int, int]) -> Region:
        """The region around a box (x, y, w, h) of a frame, rounded as published trainings round.

        Raises:
            TargetError: when the box has no area, is too large for any frame, or is so thin that nothing is
                left of the region.
        """
        x, y, w, h = box.tolist()
        if not (w > 0 and h > 0):
            raise TargetError(f"a box of {w:g} x {h:g} pixels has no area to be cut out")
        # a side beyond any picture's, or an infinite one, can make numbers that are not finite
        is_real = max(w, h) < MOST_PIXELS
        width, height = self._size(box, frame_wh) if is_real else (MOST_PIXELS, MOST_PIXELS)
        if width < 1 or height < 1:
            raise TargetError(f"a box of {w:g} x {h:g} pixels is too thin to be cut out")
        if width * height > MOST_PIXELS:
            raise TargetError(f"a box of {w:g} x {h:g} pixels is too large to cut out what is around it")
        if self.mode == "centred":
            return _around(x, y, w, h, width, height)
        region = _around(x, y, w, h, width, height)
        x1, x2 = _slide(region.x1, region.x2, frame_wh[0])
        y1, y2 = _slide(region.y1, region.y2, frame_wh[1])
        return Region(x1, y1, x2, y2)

    def to_crop(
        self, box: Float32[np.ndarray, "4"], around: Float32[np.ndarray, "4"], region: Region
    ) -> Float32[np.ndarray, "4"]:
        """A box (x, y, w, h) of the frame in crop pixels.

        Args:
            around: the box that the region was made for. A centred crop measures from its middle, so that
                the box is as exact as before the region was rounded to pixels.
        """
        output = np.array(self.size_wh, dtype=np.float32)
        extent = (region.x2 - region.x1, region.y2 - region.y1)
        factor = output / np.array(extent, dtype=np.float32)
        size = box[2:] * factor
        if self.mode == "centred":
            offset = (box[:2] + box[2:] / 2) - (around[:2] + around[2:] / 2)
            return np.concatenate([(output - 1) / 2 + offset * factor - size / 2, size])
        start = np.array(region[:2], dtype=np.float32)
        return np.concatenate([(box[:2] - start) * factor, size])

    def cut(
        self,
        image: UInt8[np.ndarray, "H W 3"],
        region: Region,
        *,
        flips: bool = False,
        gray: int | None = None,
    ) -> UInt8[np.ndarray, "h w *c"]:
        """The pixels of a region, resized; beyond the frame its border is repeated.

        Args:
            flips: whether it is the mirrored frame that the region is of.
            gray: how OpenCV takes the colours away, with the axis of channels; None to keep them.

        Raises:
            TargetError: when the region is wholly outside of the frame.
        """
        patch, padding = _inside(image, region, flips)
        if gray is not None:
            patch = cv2.cvtColor(patch, gray)
        if any(padding):
            patch = cv2.copyMakeBorder(patch, *padding, cv2.BORDER_REPLICATE)
        crop = cv2.resize(patch, self.size_wh, interpolation=cv2.INTER_LINEAR)
        return cv2.flip(crop, 1) if flips else crop

    def cut_mask(
        self, mask: Shaped[np.ndarray, "H W"], region: Region, *, flips: bool = False
    ) -> Float32[np.ndarray, "h w"]:
        """The mask in a region, resized; there is no target beyond the frame.

        Each pixel is the nearest of the frame. A centred crop interpolates instead, as published ones do.

        Raises:
            TargetError: when the region is wholly outside of the frame.
        """
        patch, padding = _inside(mask, region, flips)
        patch = cv2.copyMakeBorder(patch.astype(np.float32), *padding, cv2.BORDER_CONSTANT)
        if flips:
            # not after resizing: the nearest of two pixels that are equally near is the left one
            patch = cv2.flip(patch, 1)
        width, height = self.size_wh
        if self.mode == "centred":
            planes = torch.from_numpy(patch)[None, None]
            return F.interpolate(planes, (height, width), mode="bilinear")[0, 0].numpy()
        return patch[_nearest(len(patch), height)][:, _nearest(patch.shape[1], width)]

    def _size(self, box: Float32[np.ndarray, "4"], frame_wh: tuple[int, int]) -> tuple[int, int]:
        """Width and height of the region before it is moved into the frame."""
        if self.mode == "centred":
            side = math.ceil(math.sqrt(float(box[2]) * float(box[3])) * self.area)
            return side, side
        # in float32 up to here: where the product is a whole number, rounding decides about a pixel
        output = np.array(self.size_wh, dtype=np.float32)
        size = np.ceil(output * (np.sqrt(box[2] * box[3] / output.prod()) * np.float32(self.area)))
        width, height = int(size[0]), int(size[1])
        if self.mode == "replicate":
            return width, height
        ratios = width / frame_wh[0], height / frame_wh[1]
        shrink = max(1.0, max(ratios) if self.mode == "inside" else min(ratios))
        if self.max_scale_change is not None:
            shrink = min(shrink, self.max_scale_change)
        return int(width / shrink), int(height / shrink)


def _around(x: float, y: float, w: float, h: float, width: int, height: int) -> Region:
    x1, y1 = round(x + w / 2 - width / 2), round(y + h / 2 - height / 2)
    return Region(x1, y1, x1 + width, y1 + height)


def _slide(low: int, high: int, extent: int) -> tuple[int, int]:
    """Moves an interval into (0, extent), or to where it leaves it on both sides alike."""
    shift = max(0, -low) + min(0, extent - high)
    low, high = low + shift, high + shift
    outside = (max(0, -low) + max(0, high - extent)) // 2
    return (-outside, high - low - outside) if outside > 0 else (low, high)


def _inside(image: np.ndarray, region: Region, flips: bool) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """The pixels of a region inside of a frame, and how many are missing: top, bottom, left, right.

    A region that reaches the last column or row does without it, and has the one before repeated instead:
    published networks were trained so. Where the region is one of the mirrored frame, pixels and numbers are
    those before mirroring.
    """
    height, width = image.shape[:2]
    left, top = max(0, -region.x1), max(0, -region.y1)
    right, bottom = max(0, region.x2 - width + 1), max(0, region.y2 - height + 1)
    columns = slice(region.x1 + left, max(region.x2 - right, 0))
    if flips:
        columns = slice(width - columns.stop, max(width - columns.start, 0))
        left, right = right, left
    patch = image[region.y1 + top : max(region.y2 - bottom, 0), columns]
    if not patch.size:
        x1, y1, x2, y2 = region
        raise TargetError(
            f"columns {x1} to {x2} and rows {y1} to {y2} lie outside of a frame of {width} x {height} pixels"
        )
    return patch, (top, bottom, left, right)


def _nearest(pixels: int, cells: int) -> np.ndarray:
    places = np.floor(np.arange(cells, dtype=np.float32) * (np.float32(pixels) / np.float32(cells)))
    return np.minimum(places.astype(np.intp), pixels - 1)
