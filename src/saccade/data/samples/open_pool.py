"""Training video made on the fly from openly licensed pictures: clips, moved stills, and composed scenes.

Frames are small canvases on which the target's area is that of a square of 36 pixels. They are rendered on
the processor: two to five milliseconds a pair on one core, so that 16 cores keep a GPU busy.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from saccade.core import DatasetError
from saccade.data.samples.camera import film
from saccade.data.samples.canvas import CANVAS, TARGET, Box, Frames, Image, Matrix, affine, warp
from saccade.data.samples.flow_tracks import pool_tracks
from saccade.data.samples.footage import Footage, Moments, Shot
from saccade.data.samples.pool import Pool, Track, picture
from saccade.data.samples.scenes import Composer

ANNOTATED_WEIGHT = 25
"""how often a track of masks is drawn, relative to one of optical flow"""
_GAP = 12
"""frames between the two of a clip, at most"""
_SMALLEST = 18.0
"""side of a target that is made up, in pixels of its picture"""
_LARGEST = 0.4
"""the same, as a share of the picture's shorter side"""


class MadeFootage:
    """Footage whose frames are made when they are asked for, each pair anew."""

    is_video = False
    has_occlusion = False
    has_masks = False

    def __init__(self, name: str) -> None:
        self.name = name

    def __len__(self) -> int:
        raise NotImplementedError

    def make(self, index: int, count: int, rng: np.random.Generator) -> Frames:
        """Canvases with the box (x, y, w, h) of the target in each."""
        raise NotImplementedError

    def moments(self, index: int) -> Moments:
        """One moment: a target in the middle."""
        low = (CANVAS - TARGET) / 2
        return Moments(np.array([[low, low, TARGET, TARGET]], np.float32), np.array([True]), np.array([True]))

    def shots(self, index: int, ids: Sequence[int], rng: random.Random) -> list[Shot]:
        """As many frames as there are ids."""
        chance = np.random.default_rng(rng.getrandbits(64))
        made = self.make(index, len(ids), chance)
        images = film([image for image, _ in made], chance)
        return [Shot(image, box) for image, (_, box) in zip(images, made, strict=True)]

    def describe(self, index: int, ids: Sequence[int]) -> str:
        """Names the material."""
        return f"{self.name}#{index}"


class MovedStills(MadeFootage):
    """Stills under a random map in each frame: the target moves with all that is around it."""

    def __init__(self, pool: Pool) -> None:
        super().__init__("open-stills")
        self._stills = pool.stills

    def __len__(self) -> int:
        return len(self._stills)

    def make(self, index: int, count: int, rng: np.random.Generator) -> Frames:
        still = self._stills[index]
        image = picture(still.path)
        box = _some_box(image, still.boxes, rng)
        centre, scale = box[:2] + box[2:] / 2, TARGET / float(np.sqrt(box[2] * box[3]))
        flips, angle = rng.random() < 0.5, rng.normal(0, 0.15)
        frames = []
        for _ in range(count):
            matrix = affine(
                centre,
                CANVAS / 2 + rng.normal(0, 8, 2),
                scale * np.exp(rng.normal(0, 0.1)),
                angle=angle + rng.normal(0, 0.15),
                aspect=np.exp(rng.normal(0, 0.06)),
                shear=rng.normal(0, 0.06),
                flips=flips,
            )
            middle = matrix[:, :2] @ centre + matrix[:, 2]
            # a turned target's box is as large as before: what is around its corners would be larger
            size = box[2:] * np.sqrt(abs(np.linalg.det(matrix[:, :2])))
            moved = np.concatenate([middle - size / 2, size]).astype(np.float32)
            frames.append((warp(image, matrix), moved))
        return frames


class Clips(MadeFootage):
    """Targets of real clips, up to 12 frames apart."""

    def __init__(self, pool: Pool) -> None:
        super().__init__("open-clips")
        annotated = [track for track in pool.annotated for _ in range(ANNOTATED_WEIGHT)]
        self._tracks = (*annotated, *pool_tracks(pool))

    def __len__(self) -> int:
        return len(self._tracks)

    def make(self, index: int, count: int, rng: np.random.Generator) -> Frames:
        track = self._tracks[index]
        ids = _near(track, count, rng)
        boxes = track.boxes[ids]
        centre = (boxes[:, :2] + boxes[:, 2:] / 2).mean(axis=0)
        scale = TARGET / float(np.sqrt(boxes[0, 2] * boxes[0, 3]))
        middle = np.array([CANVAS / 2, CANVAS / 2])
        matrix = affine(centre, middle, scale, flips=rng.random() < 0.5)
        return [
            (warp(picture(track.frames[i]), matrix, cv2.BORDER_REPLICATE), _around(box, matrix))
            for i, box in zip(ids, boxes, strict=True)
        ]


class Scenes(MadeFootage):
    """Cut-outs and made-up objects on moving backgrounds, among look-alikes, sometimes occluded."""

    def __init__(self, pool: Pool) -> None:
        super().__init__("open-scenes")
        self._composer = Composer(pool)

    def __len__(self) -> int:
        return self._composer.num_objects

    def make(self, index: int, count: int, rng: np.random.Generator) -> Frames:
        return self._composer.compose(index, count, rng)


SPLITS: Mapping[str, Callable[[Pool], Footage]] = {
    "stills": MovedStills,
    "scenes": Scenes,
    "clips": Clips,
}
"""what a pool is made into"""


def open_pool(root: Path, split: str) -> Footage:
    """The footage of a pool.

    Args:
        split: "stills", "scenes" or "clips".

    Raises:
        DatasetError: when the folder holds something else.
    """
    footage = SPLITS[split](Pool.open(root))
    if not len(footage):
        raise DatasetError(f"{root}: nothing in it to make {split} of")
    return footage


def _around(box: Box, matrix: Matrix) -> Box:
    x, y, w, h = box.tolist()
    corners = np.array([[x, y], [x + w, y], [x, y + h], [x + w, y + h]]) @ matrix[:, :2].T + matrix[:, 2]
    low = corners.min(axis=0)
    return np.concatenate([low, corners.max(axis=0) - low]).astype(np.float32)


def _near(track: Track, count: int, rng: np.random.Generator) -> list[int]:
    """Frames of a track: any one, and others not far from it, before or after."""
    first = int(rng.integers(len(track.boxes)))
    gaps = [int(rng.integers(1, _GAP + 1)) * (1 if rng.random() < 0.5 else -1) for _ in range(count - 1)]
    return [first, *(int(np.clip(first + gap, 0, len(track.boxes) - 1)) for gap in gaps)]


def _some_box(image: Image, boxes: Sequence[Box], rng: np.random.Generator) -> Box:
    """Mostly an object's, where one is known; else the most textured of three random ones."""
    if boxes and rng.random() < 0.8:
        return boxes[int(rng.integers(len(boxes)))]
    height, width = image.shape[:2]
    best, most = np.zeros(4, np.float32), -1.0
    for _ in range(3):
        side = np.exp(rng.uniform(np.log(_SMALLEST), np.log(_LARGEST * min(height, width))))
        stretch = np.exp(rng.normal(0, 0.35))
        w, h = min(side * stretch, width - 2), min(side / stretch, height - 2)
        x, y = rng.uniform(0, width - w), rng.uniform(0, height - h)
        texture = float(image[int(y) : int(y + h) + 1, int(x) : int(x + w) + 1].std((0, 1)).sum())
        if texture > most:
            best, most = np.array([x, y, w, h], np.float32), texture
    return best
