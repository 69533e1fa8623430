"""From the frames of a sample to network input and targets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from saccade.core import DatasetError, TargetError
from saccade.data.samples.augment import Changes, Colors, Joint, JointRoll, flip_box
from saccade.data.samples.crop import Crop
from saccade.data.samples.dice import Dice
from saccade.data.samples.footage import Shot
from saccade.data.samples.jitter import Jitter
from saccade.data.samples.proposals import GaussianProposals, PerturbedProposals
from saccade.data.samples.sample import FrameSet, Sample
from saccade.data.samples.targets import Density, Labels

OFF_THE_MAP = 99999999.9
"""x and y, in crop pixels, of the box of a frame whose target is declared a distractor"""


class Scene(NamedTuple):
    """The frames of a set, as they were read.

    Attributes:
        shots: frames in the order in which they were drawn.
        is_present: in which of them the target is to be found, (F,); None for all.
        is_valid: which of them are frames of the video rather than padding, (F,); None for all.
        visibility: share of the target that nothing hides, in [0, 1], (F,); None when nobody asks.
        is_distractor: in which of them what is boxed is to be left alone, (F,); None for none.
    """

    shots: Sequence[Shot]
    is_present: np.ndarray | None = None
    is_valid: np.ndarray | None = None
    visibility: np.ndarray | None = None
    is_distractor: np.ndarray | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Processing:
    """How frames become network input and targets.

    Attributes:
        crop: the crop around the target.
        train_jitter: how far its middle is from the target in train frames.
        test_jitter: the same in test frames.
        joint: random changes that all frames share.
        changes: random changes of each frame.
        colors: how crops are normalised.
        proposals: boxes to be judged in test frames; None for none.
        labels: score maps of all frames; None for none.
        density: the same as densities; None for none. Needs `labels`.
        has_masks: whether a sample holds the target's masks, which the data sets then must have.
    """

    crop: Crop = Crop()
    train_jitter: Jitter = Jitter(centre=(3.0, 3.0), scale=0.25)
    test_jitter: Jitter = Jitter(centre=(4.5, 4.5), scale=0.5)
    joint: Joint = Joint()
    changes: Changes = Changes(brightness=0.2)
    colors: Colors = Colors()
    proposals: PerturbedProposals | GaussianProposals | None = None
    labels: Labels | None = None
    density: Density | None = None
    has_masks: bool = False

    def for_validation(self) -> "Processing":
        """The same without the changes of single frames: all else that is random stays, as in training."""
        return replace(self, changes=Changes())

    def __call__(self, train: Scene, test: Scene, dice: Dice, *, origin: str = "a sample") -> Sample:
        """Makes a training sample of the frames that were drawn for it.

        Each frame is cut before anything is done to its pixels, so that the cost follows the crop: colours
        are changed pixel by pixel, and a mirrored frame is the mirrored crop of mirrored coordinates.

        Args:
            origin: what the sample is called in messages and batches.

        Raises:
            DatasetError: when a box or mask is missing, or too small for a crop.
        """
        train_roll = self.joint.roll(dice.random)
        test_roll = self.joint.roll(dice.random) if self.joint.apart else train_roll
        try:
            train_set = self._cut(train, self.train_jitter, train_roll, dice)
            test_set = self._cut(test, self.test_jitter, test_roll, dice)
        except TargetError as error:
            raise DatasetError(f"{origin}: {error}; correct the box, or leave the sequence out") from error
        if self.proposals is not None:
            judged = self.proposals(test_set.boxes, dice)
            test_set = test_set._replace(
                proposals=judged.boxes,
                proposal_ious=judged.ious,
                proposal_densities=judged.densities,
                truth_densities=judged.truth_densities,
            )
        return Sample(self._finish(train_set, train), self._finish(test_set, test), (origin,))

    def _cut(self, scene: Scene, jitter: Jitter, joint: JointRoll, dice: Dice) -> FrameSet:
        """Images, boxes and masks of a set."""
        shots, crop = scene.shots, self.crop
        width, height = crop.size_wh
        frames_wh = [(shot.image.shape[1], shot.image.shape[0]) for shot in shots]
        boxes = np.stack([shot.box for shot in shots])
        if joint.flips:
            boxes = np.stack([flip_box(box, wh[0]) for box, wh in zip(boxes, frames_wh, strict=True)])
        around = jitter(boxes, frames_wh, crop.area, dice.torch)
        gray = self.colors.gray if joint.is_gray else None
        images = np.empty((len(shots), 3, height, width), dtype=np.float32)
        masks = np.empty((len(shots), height, width), dtype=np.float32) if self.has_masks else None
        moved = np.empty((len(shots), 4), dtype=np.float32)
        for i, (shot, frame_wh) in enumerate(zip(shots, frames_wh, strict=True)):
            region = crop.region(around[i], frame_wh)
            roll = self.changes.roll(crop.size_wh, dice)
            moved[i] = roll.on_box(crop.to_crop(boxes[i], around[i], region), crop.size_wh)
            pixels = crop.cut(shot.image, region, flips=joint.flips, gray=gray)
            self.colors.write(roll.on_pixels(pixels), roll.brightness, images[i])
            if masks is not None:
                if shot.mask is None:
                    raise TargetError("this training needs a mask in each frame, and one has none")
                masks[i] = roll.on_mask(crop.cut_mask(shot.mask, region, flips=joint.flips))
        return FrameSet(
            torch.from_numpy(images),
            torch.from_numpy(moved),
            masks=None if masks is None else torch.from_numpy(masks),
        )

    def _finish(self, frames: FrameSet, scene: Scene) -> FrameSet:
        """Adds score maps, and what else is known of the frames."""
        if scene.is_distractor is not None:
            frames.boxes[torch.from_numpy(scene.is_distractor), :2] = OFF_THE_MAP
        labels = density = None
        if self.labels is not None:
            labels = self.labels(frames.boxes, self.crop.size_wh)
            if self.density is not None:
                density = self.density(labels, self.labels.sigma_cells)
            if scene.is_present is not None:
                labels = labels * torch.from_numpy(scene.is_present).to(labels)[:, None, None]
        return frames._replace(
            labels=labels,
            densities=density,
            is_valid=_tensor(scene.is_valid),
            visibility=_tensor(scene.visibility),
        )


def _tensor(values: np.ndarray | None) -> Tensor | None:
    return None if values is None else torch.from_numpy(values.astype(np.float32))
