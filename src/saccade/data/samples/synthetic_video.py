"""Video made of stills: a picture that moves, or an object that is set on another picture."""

import random
from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Float64

from saccade.core import ConfigError, DatasetError
from saccade.data.samples.augment import Affine, Roll
from saccade.data.samples.footage import Footage, Moments, Shot
from saccade.ops.masks import mask_box

GENTLE = Affine(rotation=20.0, shear=0.1, aspect=0.1, scale=0.25, shift=0.5)
"""the motion of a target between frames that are apart"""
_ATTEMPTS = 10
"""how often a target may leave the frame before it is left where it is"""


class SyntheticVideo:
    """Video made of one picture: each frame is the picture under a random affine map of its own.

    Of footage that is video, any one frame in which the target is visible serves as the picture. As in
    single pictures, nobody asks what is visible: a target that would leave the frame is moved anew.
    """

    is_video = False
    has_occlusion = True

    def __init__(self, stills: Footage, motion: Affine = GENTLE) -> None:
        """Wraps pictures.

        Args:
            motion: the random map of each frame.
        """
        self.stills = stills
        self.motion = motion
        self.name = f"{stills.name} in motion"
        self.has_masks = stills.has_masks

    def __len__(self) -> int:
        return len(self.stills)

    def moments(self, index: int) -> Moments:
        """The one moment of the picture."""
        return self.stills.moments(index)

    def shots(self, index: int, ids: Sequence[int], rng: random.Random) -> list[Shot]:
        """As many frames as there are ids, each moved in its own way."""
        still = _one(self.stills, index, rng)
        return [self._moved(still, rng) for _ in ids]

    def describe(self, index: int, ids: Sequence[int]) -> str:
        """Names the picture."""
        return self.stills.describe(index, ids)

    def _moved(self, still: Shot, rng: random.Random) -> Shot:
        for _ in range(_ATTEMPTS):
            moved = move(still, self.motion.matrix(_size_wh(still.image), rng))
            if moved.box[2:].min() >= 1:
                return moved
        return still


class Blend:
    """Objects cut out of one set of pictures and set on pictures of another.

    All frames of a sample show one object on one background, each with a place of its own and, where there is
    motion, maps of its own for both. Every target is one of the object's footage.
    """

    is_video = False
    has_occlusion = True
    has_masks = True

    def __init__(
        self,
        objects: Footage,
        backgrounds: Footage,
        *,
        motion: Affine | None = GENTLE,
        background_motion: Affine | None = None,
    ) -> None:
        """Puts footage together.

        Args:
            objects: must have masks.
            motion: the random map of an object in each frame; None for none.
            background_motion: the same of the background.

        Raises:
            ConfigError: when the objects have no masks, or there is no background.
        """
        if not objects.has_masks:
            raise ConfigError(
                f"{objects.name} has no masks along which to cut objects out; give a data set with masks"
            )
        if not len(backgrounds):
            raise ConfigError(f"{backgrounds.name} is empty; give pictures to set objects on")
        self.objects = objects
        self.backgrounds = backgrounds
        self.motion = motion
        self.background_motion = background_motion
        self.name = f"{objects.name} on {backgrounds.name}"

    def __len__(self) -> int:
        return len(self.objects)

    def moments(self, index: int) -> Moments:
        """The one moment in which an object is there, where it was cut out."""
        boxes, visible, valid, _ = self.objects.moments(index)
        first = [int(np.argmax(visible))]
        return Moments(boxes[first], visible[first], valid[first])

    def shots(self, index: int, ids: Sequence[int], rng: random.Random) -> list[Shot]:
        """As many frames as there are ids."""
        cut = _cut_out(_one(self.objects, index, rng), self.objects.describe(index, []))
        background = _one(self.backgrounds, rng.randrange(len(self.backgrounds)), rng)
        return [self._frame(cut, background.image, rng) for _ in ids]

    def describe(self, index: int, ids: Sequence[int]) -> str:
        """Names the object's picture."""
        return f"{self.objects.describe(index, [0])} on {self.backgrounds.name}"

    def _frame(self, cut: Shot, background: np.ndarray, rng: random.Random) -> Shot:
        if self.background_motion is not None:
            matrix = self.background_motion.matrix(_size_wh(background), rng)
            background = _warp(background, matrix)
        height, width = background.shape[:2]
        for _ in range(_ATTEMPTS):
            moved = cut if self.motion is None else move(cut, self.motion.matrix(_size_wh(cut.image), rng))
            shot = paste(moved, background, (rng.randrange(width), rng.randrange(height)))
            if shot.box[2:].min() >= 1:
                return shot
        return paste(cut, background, (width // 2, height // 2))


def move(shot: Shot, matrix: Float64[np.ndarray, "2 3"]) -> Shot:
    """A frame under an affine map of its pixels; what it leaves uncovered repeats the frame's border.

    The box is the one around the moved mask, or where there is none around its moved corners.
    """
    image = _warp(shot.image, matrix)
    if shot.mask is None:
        return Shot(image, Roll(matrix, 1.0, False).on_box(shot.box, _size_wh(image)))
    mask = cv2.warpAffine(shot.mask, matrix, _size_wh(image), flags=cv2.INTER_NEAREST)
    return Shot.of_mask(image, mask)


def paste(cut: Shot, background: np.ndarray, middle: tuple[int, int]) -> Shot:
    """An object on a picture, with its middle at a pixel (x, y); what lies outside is cut off."""
    assert cut.mask is not None
    (height, width), (rows, columns) = background.shape[:2], cut.mask.shape
    left, top = middle[0] - columns // 2, middle[1] - rows // 2
    x, y = slice(max(left, 0), min(left + columns, width)), slice(max(top, 0), min(top + rows, height))
    image, mask = background.copy(), np.zeros((height, width), np.uint8)
    if x.start < x.stop and y.start < y.stop:
        part = np.s_[y.start - top : y.stop - top, x.start - left : x.stop - left]
        mask[y, x] = cut.mask[part]
        image[y, x] = np.where(cut.mask[part][:, :, None] > 0, cut.image[part], image[y, x])
    return Shot.of_mask(image, mask)


def _one(footage: Footage, index: int, rng: random.Random) -> Shot:
    """The picture of a target; of a video, any frame in which it is visible."""
    if not footage.is_video:
        return footage.shots(index, [0], rng)[0]
    visible = np.flatnonzero(footage.moments(index).visible).tolist()
    if not visible:
        raise DatasetError(f"{footage.describe(index, [])}: its target is nowhere visible; leave it out")
    return footage.shots(index, [rng.choice(visible)], rng)[0]


def _cut_out(shot: Shot, name: str) -> Shot:
    """The part of a frame that the mask is in, with room to turn.

    Raises:
        DatasetError: when nothing is in the mask.
    """
    if shot.mask is None or not shot.mask.any():
        raise DatasetError(f"{name}: nothing is in its mask along which to cut it out; leave it out")
    x1, y1, x2, y2 = (int(side) for side in mask_box(shot.mask.view(bool)))
    room = max(x2 - x1, y2 - y1) // 2
    pads = ((room, room), (room, room))
    image = np.pad(shot.image[y1:y2, x1:x2], (*pads, (0, 0)))
    mask = np.pad(shot.mask[y1:y2, x1:x2], pads)
    return Shot.of_mask(image, mask)


def _warp(image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return cv2.warpAffine(
        image, matrix, _size_wh(image), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def _size_wh(image: np.ndarray) -> tuple[int, int]:
    return image.shape[1], image.shape[0]
