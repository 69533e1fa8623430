"""The training of an IoU-Net, as the trackers that have one share it."""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from saccade.core.ranges import at_least, check_ranges
from saccade.data.samples.sample import FrameSet
from saccade.nets.iou_net import IoUNet
from saccade.training.losses import box_divergence, box_likelihood, weighted_mean

FAR_AWAY = 99999.0
"""x from which on a box stands for a target that is not in the frame"""
Levels = tuple[Tensor, Tensor]
"""features of layer2 and layer3, each (F * B, C, h, w)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxLoss:
    """What is learned of boxes."""

    target: Literal["overlap", "density", "likelihood"] = "overlap"
    """what proposals are scored with: 2 * IoU - 1; or the logarithm of a density, which should be close to
    that of the label's uncertainty, or high at the true box"""
    weight: float = 1.0
    """of this loss in the sum"""

    def __post_init__(self) -> None:
        check_ranges("task.boxes", self, weight=at_least(0))

    def __call__(self, scores: Float[Tensor, "F B P"], test: FrameSet) -> Float[Tensor, ""]:
        """The loss of the scores of a batch's proposals, without its weight.

        Of overlaps it is the mean squared error over all proposals, of densities the mean over frames; those
        from which the target is away do not count towards the divergence.
        """
        if self.target == "overlap":
            assert test.proposal_ious is not None
            return F.mse_loss(scores, test.proposal_ious)
        assert test.proposal_densities is not None
        each, drawn = scores.flatten(0, 1), test.proposal_densities.flatten(0, 1)
        if self.target == "likelihood":
            return box_likelihood(each, drawn).mean()
        assert test.truth_densities is not None
        is_there = test.boxes[..., 0].flatten() < FAR_AWAY
        divergence = box_divergence(
            each[is_there], drawn[is_there], test.truth_densities.flatten(0, 1)[is_there]
        )
        return weighted_mean(divergence, torch.ones_like(divergence))

    def parts(self, loss: Float[Tensor, ""]) -> dict[str, Tensor]:
        """What is logged of the loss, by the names that the original has for it."""
        loss = loss.detach()
        if self.target == "overlap":
            return {"Loss/iou": self.weight * loss}
        return {"Loss/bb_ce": loss, "Loss/loss_bb_ce": self.weight * loss}


def score_proposals(
    head: IoUNet, reference: Levels, levels: Levels, train: FrameSet, test: FrameSet
) -> Float[Tensor, "F B P"]:
    """The scores of the proposals in the test frames, for the target as the first train frame shows it.

    Args:
        reference: backbone features of the train frames, of which the first ones are used.
        levels: those of the test frames.
    """
    assert test.proposals is not None
    frames, samples = test.proposals.shape[:2]
    modulation = head.modulation(reference[0][:samples], reference[1][:samples], train.boxes[0])
    repeated = (modulation[0].repeat(frames, 1), modulation[1].repeat(frames, 1))
    scores = head.predict(head.maps(*levels), repeated, test.proposals.flatten(0, 1))
    return scores.unflatten(0, (frames, samples))
