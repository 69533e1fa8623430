"""A training sample: frames to learn a target from, and frames to find it in."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor


class FrameSet(NamedTuple):
    """Frames of one sample, `F` first; in a batch, `B` samples follow in the second dimension.

    What a recipe does not ask for is None.

    Attributes:
        images: network input, (F, 3, H, W); in a batch (F, B, 3, H, W).
        boxes: (x, y, w, h) of the target in crop pixels, (F, 4).
        masks: 1 on the target and 0 elsewhere, (F, H, W).
        labels: Gaussian score maps with a peak of 1 on the target, (F, h, w).
        densities: the same as a density that sums to 1, (F, h, w).
        proposals: boxes (x, y, w, h) to be judged, (F, P, 4).
        proposal_ious: 2 * IoU - 1 of each proposal with the target, (F, P).
        proposal_densities: the density each proposal was drawn with, (F, P).
        truth_densities: the density of each proposal under the label's uncertainty, (F, P).
        is_valid: whether a frame is a frame of the video rather than padding, (F,) as 0 or 1.
        visibility: share of the target that nothing hides, in [0, 1], (F,).
    """

    images: Tensor
    boxes: Tensor
    masks: Tensor | None = None
    labels: Tensor | None = None
    densities: Tensor | None = None
    proposals: Tensor | None = None
    proposal_ious: Tensor | None = None
    proposal_densities: Tensor | None = None
    truth_densities: Tensor | None = None
    is_valid: Tensor | None = None
    visibility: Tensor | None = None

    def map(self, change: Callable[[Tensor], Tensor]) -> "FrameSet":
        """A set with each tensor changed; what is None stays so."""
        return FrameSet(*(None if part is None else change(part) for part in self))  # type: ignore[arg-type]


class Sample(NamedTuple):
    """One training sample, or a batch of them.

    Attributes:
        train: frames in which the target is known to the model.
        test: frames in which the model is asked for it.
        origins: where each sample comes from, as data set/sequence:frames.
    """

    train: FrameSet
    test: FrameSet
    origins: tuple[str, ...]

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of its tensors, as in `train.images`."""
        return {
            f"{name}.{key}": tuple(part.shape)
            for name, frames in self._sets.items()
            for key, part in frames._asdict().items()
            if part is not None
        }

    def first(self, count: int) -> "Sample":
        """The first samples of a batch."""
        train, test = (frames.map(lambda part: part[:, :count]) for frames in self._sets.values())
        return Sample(train, test, self.origins[:count])

    def plain(self) -> dict[str, Any]:
        """A batch as dictionaries of tensors on the CPU, to be read anywhere."""
        return {
            name: {key: part.detach().cpu() for key, part in frames._asdict().items() if part is not None}
            for name, frames in self._sets.items()
        } | {"origins": list(self.origins)}

    @property
    def _sets(self) -> dict[str, FrameSet]:
        return {"train": self.train, "test": self.test}


def collate(samples: Sequence[Sample]) -> Sample:
    """Stacks samples along a new second dimension, after the frames."""
    return Sample(
        _stack([sample.train for sample in samples]),
        _stack([sample.test for sample in samples]),
        tuple(origin for sample in samples for origin in sample.origins),
    )


def _stack(sets: Sequence[FrameSet]) -> FrameSet:
    columns = zip(*sets, strict=True)
    stacked = (None if column[0] is None else torch.stack(column, dim=1) for column in columns)
    return FrameSet(*stacked)  # type: ignore[arg-type]
