"""Several pictures in one: mosaic, and a second one that shines through it."""

import math
import random
from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Float64

from saccade.data.detection.augment import Mixup, Mosaic
from saccade.data.detection.labelled import GREY, LabelledPicture


def mosaic(
    pictures: Sequence[LabelledPicture], side: int, settings: Mosaic, visible: float, rng: random.Random
) -> LabelledPicture:
    """Four pictures around a random point of a canvas twice as large, of which an affine map shows a part.

    Args:
        side: of the square that comes out, in pixels.
        visible: share of its area that a box must keep.
    """
    wide = 2 * side
    across, down = (round(rng.uniform(0.5, 1.5) * side) for _ in range(2))
    canvas = LabelledPicture(
        np.full((wide, wide, 3), GREY, np.uint8),
        np.zeros((0, 4), np.float32),
        np.zeros(0, np.int64),
        np.zeros(0, bool),
    )
    for place, picture in enumerate(pictures):
        tile = picture.fitted(side)
        width, height = tile.size_wh
        # each touches the point with a corner: upper left, upper right, lower left, lower right
        left = across - width if place % 2 == 0 else across
        top = down - height if place < 2 else down
        laid = _laid(canvas, tile, left, top)
        canvas = laid.with_boxes_of(_cut(tile, laid, left, top).inside(visible))
    return canvas.warped(_map(side, settings, rng), side, side).inside(visible)


def mixed(
    picture: LabelledPicture, other: LabelledPicture, settings: Mixup, visible: float, rng: random.Random
) -> LabelledPicture:
    """Two pictures half and half, with the boxes of both; the second is scaled, mirrored, cut at random."""
    side = picture.size_wh[0]
    other = other.fitted(max(round(rng.uniform(settings.least, settings.most) * side), 1))
    if rng.random() < 0.5:
        other = other.mirrored()
    width, height = other.size_wh
    left, top = (-rng.randint(0, max(own - side, 0)) for own in (width, height))
    other = other.on_canvas(side, side, left, top).inside(visible)
    pixels = cv2.addWeighted(picture.pixels, 0.5, other.pixels, 0.5, 0)
    return picture._replace(pixels=pixels).with_boxes_of(other)


def _laid(canvas: LabelledPicture, tile: LabelledPicture, left: int, top: int) -> LabelledPicture:
    wide, (width, height) = canvas.size_wh[0], tile.size_wh
    x1, y1, x2, y2 = max(left, 0), max(top, 0), min(left + width, wide), min(top + height, wide)
    canvas.pixels[y1:y2, x1:x2] = tile.pixels[y1 - top : y2 - top, x1 - left : x2 - left]
    return canvas


def _cut(tile: LabelledPicture, canvas: LabelledPicture, left: int, top: int) -> LabelledPicture:
    """The boxes of a tile where they lie on the canvas."""
    moved = tile.boxes + np.array([left, top, left, top], np.float32)
    return LabelledPicture(canvas.pixels, moved, tile.labels, tile.is_crowd)


def _map(side: int, settings: Mosaic, rng: random.Random) -> Float64[np.ndarray, "2 3"]:
    """A random map of the canvas, whose middle comes near the middle of the square."""
    angle = math.radians(rng.uniform(-settings.rotation, settings.rotation))
    scale = rng.uniform(settings.least, settings.most)
    shear = [math.tan(math.radians(rng.uniform(-settings.shear, settings.shear))) for _ in range(2)]
    shift = [rng.uniform(0.5 - settings.shift, 0.5 + settings.shift) * side for _ in range(2)]
    turned = scale * np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    linear = np.array([[1, shear[0]], [shear[1], 1]]) @ turned
    middle = np.array([side, side], np.float64)
    return np.column_stack([linear, np.array(shift) - linear @ middle])
