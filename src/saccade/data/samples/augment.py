"""Random changes of colour and place: those that a sample shares, and those of each frame."""

import math
import random
from dataclasses import dataclass
from typing import Literal, NamedTuple

import cv2
import numpy as np
from jaxtyping import Float32, Float64, UInt8

from saccade.data.samples.dice import Dice

WHITE = 255
"""of a frame"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """Changes that all frames of a sample share, in training and in validation.

    Attributes:
        grayscale: probability of having no colours.
        flip: probability of being mirrored, left to right.
        apart: whether train and test frames are rolled for separately (LWL).
    """

    grayscale: float = 0.05
    flip: float = 0.0
    apart: bool = False

    def roll(self, rng: random.Random) -> "JointRoll":
        """What happens to the frames; a change that never happens takes no draw."""
        is_gray = self.grayscale > 0 and rng.random() < self.grayscale
        return JointRoll(is_gray, self.flip > 0 and rng.random() < self.flip)


class JointRoll(NamedTuple):
    """What happens to all frames of a set.

    Attributes:
        is_gray: whether they lose their colours.
        flips: whether they are mirrored, left to right.
    """

    is_gray: bool
    flips: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Affine:
    """A random affine map of a crop onto itself; what it leaves uncovered is black, and no target.

    Attributes:
        flip: probability of being mirrored, left to right.
        rotation: range ± of the angle in degrees, counter-clockwise.
        shear: range ± of the shear along x and y.
        aspect: range ± of the logarithm of height / width.
        scale: range ± of the logarithm of the scale.
        shift: range ± of the shift to the left and up alike, in fifths of the crop's width.
    """

    flip: float = 0.0
    rotation: float = 0.0
    shear: float = 0.0
    aspect: float = 0.0
    scale: float = 0.0
    shift: float = 0.0

    def matrix(self, size_wh: tuple[int, int], rng: random.Random) -> Float64[np.ndarray, "2 3"]:
        """A random map of pixel coordinates; all is drawn, also what has no range."""
        flips = rng.random() < self.flip
        angle = rng.uniform(-self.rotation, self.rotation)
        shear_x, shear_y = (rng.uniform(-self.shear, self.shear) for _ in range(2))
        aspect = math.exp(rng.uniform(-self.aspect, self.aspect))
        scale = math.exp(rng.uniform(-self.scale, self.scale))
        shift = rng.uniform(-self.shift, self.shift)

        width, height = size_wh
        x, y = width / 2, height / 2
        mirror = np.diag([-1.0 if flips else 1.0, 1.0, 1.0])
        mirror[0, 2] = width if flips else 0
        sheared = np.array([[1, shear_x, -shear_x * x], [shear_y, 1, -shear_y * y], [0, 0, 1]])
        turned = np.vstack([cv2.getRotationMatrix2D((x, y), angle, 1.0), [0, 0, 1]])
        tall = scale * aspect
        scaled = np.array([[scale, 0, x * (1 - scale)], [0, tall, y * (1 - tall)], [0, 0, 1]])
        moved = np.eye(3)
        moved[:2, 2] = -0.2 * width * shift
        return (scaled @ turned @ sheared @ mirror @ moved)[:2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Changes of each frame by itself, in training only.

    Attributes:
        affine: a random affine map of the crop; None for none.
        brightness: range ± around 1 of the factor on all colours.
        flip: probability of the crop being mirrored, left to right.
    """

    affine: Affine | None = None
    brightness: float = 0.0
    flip: float = 0.0

    def roll(self, size_wh: tuple[int, int], dice: Dice) -> "Roll":
        """What happens to a frame; a change that never happens takes no draw."""
        matrix = None if self.affine is None else self.affine.matrix(size_wh, dice.random)
        brightness = 1.0
        if self.brightness > 0:
            brightness = float(dice.numpy.uniform(max(0.0, 1 - self.brightness), 1 + self.brightness))
        return Roll(matrix, brightness, self.flip > 0 and dice.random.random() < self.flip)


class Roll(NamedTuple):
    """What happens to one frame, in this order.

    Attributes:
        matrix: the affine map of the crop's pixel coordinates, (2, 3); None for none.
        brightness: the factor on all colours.
        flips: whether it is mirrored, left to right.
    """

    matrix: np.ndarray | None
    brightness: float
    flips: bool

    def on_pixels(self, crop: UInt8[np.ndarray, "h w *c"]) -> UInt8[np.ndarray, "h w *c"]:
        """Moves the pixels of a crop; their brightness is left to `Colors`."""
        if self.matrix is not None:
            crop = cv2.warpAffine(crop, self.matrix, crop.shape[1::-1], flags=cv2.INTER_LINEAR)
        return cv2.flip(crop, 1) if self.flips else crop

    def on_mask(self, mask: Float32[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w"]:
        """Moves a mask."""
        if self.matrix is not None:
            mask = cv2.warpAffine(mask, self.matrix, mask.shape[::-1], flags=cv2.INTER_NEAREST)
        return cv2.flip(mask, 1) if self.flips else mask

    def on_box(self, box: Float32[np.ndarray, "4"], size_wh: tuple[int, int]) -> Float32[np.ndarray, "4"]:
        """Moves a box (x, y, w, h) in a crop of that size: the box around its moved corners."""
        if self.matrix is not None:
            box = _around_corners(box, self.matrix, size_wh)
        return flip_box(box, size_wh[0]) if self.flips else box


def flip_box(box: Float32[np.ndarray, "4"], width: int) -> Float32[np.ndarray, "4"]:
    """A box (x, y, w, h) in the mirrored picture, whose columns 0 and width - 1 have changed places."""
    return np.array([(width - 1) - (box[0] + box[2]), *box[1:]], dtype=np.float32)


def _around_corners(
    box: Float32[np.ndarray, "4"], matrix: np.ndarray, size_wh: tuple[int, int]
) -> Float32[np.ndarray, "4"]:
    x, y, w, h = box.tolist()
    corners = np.array([[x, x + w, x + w, x], [y, y, y + h, y + h], [1, 1, 1, 1]])
    moved = np.clip(matrix @ corners, 0, np.array(size_wh)[:, None])
    low, high = moved.min(axis=1), moved.max(axis=1)
    return np.concatenate([low, high - low]).astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Colors:
    """What the network sees: (value - mean) / std for each channel.

    Attributes:
        order: order of the channels.
        white: the value of white before it is normalised: 1 or 255.
        mean: subtracted, channel by channel in that order.
        std: divided by.
    """

    order: Literal["rgb", "bgr"] = "rgb"
    white: float = 1.0
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)

    @property
    def gray(self) -> int:
        """How OpenCV makes an RGB frame gray: the weight of red falls on blue where the channels are swapped,
        as in published trainings."""
        return cv2.COLOR_RGB2GRAY if self.order == "rgb" else cv2.COLOR_BGR2GRAY

    def write(
        self, crop: UInt8[np.ndarray, "h w *c"], brightness: float, planes: Float32[np.ndarray, "3 h w"]
    ) -> None:
        """Writes a crop, brightened and normalised, to where the network reads it.

        There are but 256 values: they are looked up, in one pass for each channel.
        """
        channels = [crop] * 3 if crop.ndim == 2 else list(cv2.split(crop))
        if self.order == "bgr":
            channels.reverse()
        for channel, table, plane in zip(channels, self._tables(brightness), planes, strict=True):
            cv2.LUT(channel, table, dst=plane)

    def _tables(self, brightness: float) -> Float32[np.ndarray, "3 256"]:
        values = np.arange(WHITE + 1, dtype=np.float32) * np.float32(brightness)
        values = np.minimum(values, WHITE) * np.float32(self.white / WHITE)
        mean, std = np.array([self.mean, self.std], dtype=np.float32)[:, :, None]
        return (values - mean) / std


MASK_RCNN_COLORS = Colors(order="bgr", white=255.0, mean=(102.9801, 115.9465, 122.7717), std=(1.0, 1.0, 1.0))
"""what backbones that come from Mask R-CNN expect"""
