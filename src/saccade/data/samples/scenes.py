"""Composed scenes: an object among others on a background, each of which moves in its own way."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float64, UInt8

from saccade.data.samples.canvas import CANVAS, TARGET, Box, Frames, Image, Matrix, affine, warp
from saccade.data.samples.pool import Pool, picture
from saccade.ops.masks import mask_box

MOVING_WEIGHT = 3
"""how often a cut-out that moves is drawn, relative to one of a still"""
_MADE_UP = 0.4
"""share of objects that are a random outline filled with a piece of a picture"""

CutPixels = UInt8[np.ndarray, "h w 4"]


@dataclass(frozen=True, slots=True)
class Tint:
    """The light on an object: colours times `gain`, plus `lift`."""

    gain: np.ndarray
    lift: float

    @classmethod
    def draw(cls, rng: np.random.Generator, amount: float = 1.0) -> "Tint":
        gain = np.exp(rng.normal(0, 0.15 * amount)) * np.exp(rng.normal(0, 0.06 * amount, 3))
        return cls(gain, rng.normal(0, 8 * amount))

    def then(self, other: "Tint") -> "Tint":
        """Both lights on one object."""
        return Tint(self.gain * other.gain, self.lift + other.lift)


_DAYLIGHT = Tint(np.ones(3), 0.0)


@dataclass(frozen=True, slots=True)
class Distractor:
    """An object beside the target.

    Attributes:
        offset: (x, y) from the target in the first frame.
        motion: (x, y) that is added to it in the later ones.
    """

    pixels: CutPixels
    offset: Float64[np.ndarray, "2"]
    motion: Float64[np.ndarray, "2"]
    growth: float
    angle: float
    tint: Tint
    flips: bool


class Composer:
    """Renders scenes from a pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        weights = [MOVING_WEIGHT if len(cut_out.parts) > 1 else 1 for cut_out in pool.cut_outs]
        self._objects = [i for i, weight in enumerate(weights) for _ in range(weight)]
        self._groups: dict[str, list[int]] = {}
        for i, cut_out in enumerate(pool.cut_outs):
            self._groups.setdefault(cut_out.group, []).append(i)

    @property
    def num_objects(self) -> int:
        """How many cut-outs there are, those that move counted thrice."""
        return len(self._objects)

    def compose(self, index: int, count: int, rng: np.random.Generator) -> Frames:
        """Frames of one scene; the object may be a made-up one instead."""
        canvases = self._background(count, rng)
        group, object_frames = self._object(index, count, rng)
        angle, aspect, flips = rng.normal(0, 0.25), np.exp(rng.normal(0, 0.1)), rng.random() < 0.5
        turn = rng.normal(0, 0.15) if rng.random() < 0.8 else rng.normal(0, 0.6)
        distractors = [self._distractor(group, object_frames[0], rng) for _ in range(int(rng.integers(4)))]
        tint, change = Tint.draw(rng), Tint.draw(rng, 0.6)
        hidden = int(rng.integers(count)) if rng.random() < 0.25 else -1
        frames = []
        for t, canvas in enumerate(canvases):
            later = float(t > 0)
            centre = CANVAS / 2 + rng.normal(0, 10, 2)
            for other in distractors:
                _place_distractor(canvas, other, centre, later, rng)
            matrix = _place(
                object_frames[t],
                centre,
                np.exp(later * rng.normal(0, 0.1)),
                angle=angle + later * turn,
                aspect=aspect * np.exp(later * rng.normal(0, 0.08)),
                shear=later * rng.normal(0, 0.1),
                flips=flips,
            )
            bend = _bend(rng) if rng.random() < 0.3 else None
            box = paint(canvas, object_frames[t], matrix, tint.then(change) if t else tint, bend)
            if t == hidden:
                self._occlude(canvas, centre, rng)
            frames.append((canvas, _square(centre) if box is None else box))
        return frames

    def _background(self, count: int, rng: np.random.Generator) -> list[Image]:
        """A picture, or any frames of a clip, seen by a camera that moves a little."""
        first, others = self._any_picture(rng)
        height, width = first.shape[:2]
        smallest = max(0.45, CANVAS / min(height, width) * 0.7)
        scale = np.exp(rng.uniform(np.log(smallest), np.log(1.6)))
        centre = np.array([rng.uniform(0.3, 0.7) * width, rng.uniform(0.3, 0.7) * height])
        middle, canvases = np.array([CANVAS / 2, CANVAS / 2]), []
        for t in range(count):
            later = float(t > 0)
            image = picture(others[int(rng.integers(len(others)))]) if others else first
            matrix = affine(
                centre + later * rng.normal(0, 12, 2),
                middle,
                scale * np.exp(later * rng.normal(0, 0.05)),
                angle=later * rng.normal(0, 0.05),
            )
            canvases.append(warp(image, matrix))
        return canvases

    def _any_picture(self, rng: np.random.Generator) -> tuple[Image, Sequence[Path]]:
        """A picture, and the frames of its clip where it is of one."""
        if rng.random() < 0.3:
            frames = self._pool.clips[int(rng.integers(len(self._pool.clips)))]
            return picture(frames[int(rng.integers(len(frames)))]), frames
        return picture(self._pool.stills[int(rng.integers(len(self._pool.stills)))].path), ()

    def _object(self, index: int, count: int, rng: np.random.Generator) -> tuple[str, list[CutPixels]]:
        """The pixels of an object in each frame, and its group; none for a made-up one."""
        if rng.random() < _MADE_UP:
            return "", [self._made_up(rng)] * count
        cut_out = self._pool.cut_outs[self._objects[index]]
        last = len(cut_out.parts) - 1
        first = int(rng.integers(last + 1))
        ids = [first, *(int(np.clip(first + rng.integers(-6, 7), 0, last)) for _ in range(count - 1))]
        return cut_out.group, [cut_out.parts[i].cut() for i in ids]

    def _distractor(self, group: str, target: CutPixels, rng: np.random.Generator) -> Distractor:
        """Sometimes the target's twin in another light, often one of its group, else anything."""
        chance = rng.random()
        pixels = target
        if chance >= 0.2 and chance < 0.6 and group in self._groups:
            alike = self._groups[group]
            pixels = self._pool.cut_outs[alike[int(rng.integers(len(alike)))]].parts[0].cut()
        elif chance >= 0.2:
            pixels = self._object(int(rng.integers(len(self._objects))), 1, rng)[1][0]
        direction, distance = rng.uniform(0, 2 * np.pi), rng.uniform(0.9, 1.9) * TARGET
        return Distractor(
            pixels,
            distance * np.array([np.cos(direction), np.sin(direction)]),
            rng.normal(0, 10, 2),
            np.exp(rng.normal(0, 0.25)),
            rng.normal(0, 0.3),
            Tint.draw(rng, 1.5 if chance < 0.2 else 1.0),
            bool(rng.random() < 0.5),
        )

    def _made_up(self, rng: np.random.Generator) -> CutPixels:
        """A rectangle, an ellipse or a bumpy blob of a picture."""
        image, _ = self._any_picture(rng)
        height, width = image.shape[:2]
        stretch, side = np.exp(rng.normal(0, 0.4)), int(rng.uniform(40, 110))
        w, h = int(np.clip(side * stretch, 24, width)), int(np.clip(side / stretch, 24, height))
        x, y = int(rng.integers(0, width - w + 1)), int(rng.integers(0, height - h + 1))
        shown = np.zeros((h, w), np.uint8)
        cv2.fillPoly(shown, [_outline(w, h, rng).astype(np.int32)], 255)
        return np.dstack([image[y : y + h, x : x + w], shown])

    def _occlude(self, canvas: Image, centre: np.ndarray, rng: np.random.Generator) -> None:
        """Puts something before a part of the target."""
        pixels = self._made_up(rng)
        direction = rng.uniform(0, 2 * np.pi)
        offset = TARGET * rng.uniform(0.35, 0.8) * np.array([np.cos(direction), np.sin(direction)])
        matrix = _place(pixels, centre + offset, rng.uniform(0.7, 1.2), angle=rng.uniform(0, 2 * np.pi))
        paint(canvas, pixels, matrix, _DAYLIGHT)


def paint(
    canvas: Image,
    pixels: CutPixels,
    matrix: Matrix,
    tint: Tint,
    bend: tuple[np.ndarray, np.ndarray] | None = None,
) -> Box | None:
    """Blends an object into a canvas, in place; the box around it, or None where it is not to be seen."""
    mapped = warp(pixels, matrix, cv2.BORDER_CONSTANT)
    if bend is not None:
        mapped = cv2.remap(mapped, *bend, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    opacity = mapped[..., 3]
    if not opacity.any():
        return None
    x1, y1, x2, y2 = (int(side) for side in mask_box(opacity > 0))
    part = np.s_[y1:y2, x1:x2]
    share = cv2.GaussianBlur(opacity[part], (3, 3), 0).astype(np.float32)[..., None] / 255
    colors = mapped[part][..., :3].astype(np.float32) * tint.gain + tint.lift
    canvas[part] = np.clip(canvas[part] * (1 - share) + colors * share, 0, 255)
    shown = opacity > 127
    if not shown.any():
        return None
    left, top, right, bottom = mask_box(shown)
    return np.array([left, top, right - left, bottom - top], np.float32)


def _place(
    pixels: CutPixels,
    centre: np.ndarray,
    growth: float,
    *,
    angle: float = 0.0,
    aspect: float = 1.0,
    shear: float = 0.0,
    flips: bool = False,
) -> Matrix:
    """The map of an object's pixels that gives it the target's size times `growth`, at a place."""
    height, width = pixels.shape[:2]
    scale = TARGET / float(np.sqrt(width * height)) * growth
    middle = np.array([width / 2, height / 2])
    return affine(middle, centre, scale, angle=angle, aspect=aspect, shear=shear, flips=flips)


def _place_distractor(
    canvas: Image, other: Distractor, centre: np.ndarray, later: float, rng: np.random.Generator
) -> None:
    matrix = _place(
        other.pixels,
        centre + other.offset + later * other.motion,
        other.growth,
        angle=other.angle + later * rng.normal(0, 0.1),
        flips=other.flips,
    )
    paint(canvas, other.pixels, matrix, other.tint)


def _outline(width: int, height: int, rng: np.random.Generator) -> Float64[np.ndarray, "P 2"]:
    kind = rng.random()
    if kind < 0.25:
        return np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    radii = np.full(24, 0.95)
    if kind > 0.5:
        for waves in (2, 3, 5):
            radii = radii + 0.18 * rng.normal() * np.cos(waves * angles + rng.uniform(0, 2 * np.pi))
    radii = np.clip(radii / radii.max(), 0.3, 1)
    return np.stack(
        [width / 2 * (1 + radii * np.cos(angles)), height / 2 * (1 + radii * np.sin(angles))], axis=1
    )


def _bend(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A smooth deformation of the canvas, as a map for each axis."""
    coarse = rng.normal(0, 1, (5, 5, 2)).astype(np.float32)
    shift = cv2.resize(coarse, (CANVAS, CANVAS), interpolation=cv2.INTER_CUBIC) * rng.uniform(0.5, 3.0)
    y, x = np.mgrid[:CANVAS, :CANVAS].astype(np.float32)
    return x + shift[..., 0].astype(np.float32), y + shift[..., 1].astype(np.float32)


def _square(centre: np.ndarray) -> Box:
    return np.array([*(centre - TARGET / 2), TARGET, TARGET], np.float32)
