"""Stills as footage: every frame of a target is the same picture."""

import random
from collections.abc import Sequence

import numpy as np

from saccade.core import DatasetError
from saccade.data.samples.footage import Moments, Shot
from saccade.data.samples.pictures import read_picture
from saccade.data.stills import Stills


class StillsFootage:
    """Targets in single pictures: whichever frames are asked for, they are one picture, read once."""

    is_video = False
    has_occlusion = False

    def __init__(self, name: str, stills: Stills, *, masks: bool = True) -> None:
        """Names stills.

        Args:
            name: what they are called in messages and logs.
            masks: whether shots have masks.
        """
        self.name = name
        self.has_masks = masks
        self.stills = stills

    def __len__(self) -> int:
        return len(self.stills)

    def moments(self, index: int) -> Moments:
        """The one moment of a target; its mask is read where it has no box of its own."""
        box = self.stills.box(index)
        if box is None:
            box = self.shots(index, [0], random.Random())[0].box
        valid = np.array([(box[2:] > 0).all()])
        return Moments(box[None], valid, valid)

    def shots(self, index: int, ids: Sequence[int], rng: random.Random) -> list[Shot]:
        """As many times the picture as there are ids.

        Raises:
            DatasetError: also when there is nothing in the mask.
        """
        image = read_picture(self.stills.picture(index))
        box = self.stills.box(index)
        if box is not None and not self.has_masks:
            return [Shot(image, box)] * len(ids)
        shot = Shot.of_mask(image, self.stills.mask(index, (image.shape[0], image.shape[1])))
        if box is None and not shot.box[2:].all():
            raise DatasetError(f"{self.describe(index, ids)}: nothing is in its mask; take it anew")
        return [Shot(image, shot.box if box is None else box, shot.mask if self.has_masks else None)] * len(
            ids
        )

    def describe(self, index: int, ids: Sequence[int]) -> str:
        """Names a target, as in `coco2014/COCO_train2014_000000000009#42`."""
        return f"{self.name}/{self.stills.name(index)}"
