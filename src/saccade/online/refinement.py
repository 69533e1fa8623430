"""Box refinement: proposals around a first estimate climb the predicted overlap, and the best are averaged.

ATOM (Danelljan et al. 2019, section 3.2), with the step rules of its successors. Everything is batched over N
targets with P proposals each; boxes are (x, y, w, h) in crop pixels, the top-left corner and the size.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from saccade.core.ranges import above_to, at_least, check_ranges, within
from saccade.nets.iou_net import OverlapFunction
from saccade.ops.constants import literal
from saccade.ops.crops import CropView

FURTHEST = 1e5
"""crop pixels from which on a box is nowhere: steps that are too long have carried it away"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxRefinement:
    """How the box of a target is refined."""

    random_proposals: int = 9
    """proposals drawn around the first estimate, which is a proposal too"""
    position_jitter: float = 0.1
    """range of the drawn centres / square root of the target's area"""
    size_jitter: float = 0.5
    """range of the drawn widths and heights / square root of the target's area"""
    steps: int = 5
    """steps of gradient ascent"""
    space: Literal["box_sizes", "relative"] = "box_sizes"
    """what the gradient is taken by, and steps are added to: the box in pixels, steps being multiplied by its
    width or height; or its centre in sizes of the first estimate and the logarithm of its size"""
    position_step: float = 1.0
    """step length of the position"""
    size_step: float = 1.0
    """step length of the size"""
    step_decay: float = 1.0
    """factor of the step lengths from one step to the next"""
    reverts_worse: bool = False
    """whether steps are shortened only for proposals whose overlap fell, which also go back (ATOM), not for
    all (DiMP); with a decay of 1 there is no difference"""
    longest_aspect: float = 6.0
    """proposals of which a side is longer than the other by this factor are left out"""
    averaged: int = 3
    """how many of the best proposals are averaged"""
    first_is_refined: bool = False
    """whether the box that was given counts as a refined one (ATOM): where no proposal is plausible, the
    target goes back to the position of the last refined box"""

    def __post_init__(self) -> None:
        check_ranges(
            "refinement",
            self,
            random_proposals=at_least(0),
            position_jitter=within(0, 10),
            size_jitter=within(0, 10),
            steps=at_least(1),
            position_step=within(0, 100),
            size_step=within(0, 100),
            step_decay=above_to(0, 1),
            longest_aspect=at_least(1),
            averaged=at_least(1),
        )


@dataclass(frozen=True, slots=True)
class RefinedBoxes:
    """What became of N targets' first estimates.

    Attributes:
        boxes: the refined boxes; the first estimates where `found` is false.
        found: false where every proposal ended too elongated to be true.
        proposals: where the proposals ended.
        overlaps: their predicted overlaps, before the last step.
    """

    boxes: Float[Tensor, "N 4"]
    found: Bool[Tensor, " N"]
    proposals: Float[Tensor, "N P 4"]
    overlaps: Float[Tensor, "N P"]

    def in_frame(self, view: CropView) -> tuple[Float[Tensor, "N 2"], Float[Tensor, "N 2"]]:
        """Centres (x, y) and sizes (w, h) in frame pixels.

        The original trackers enter a box by the centre x + (w - 1) / 2 and read it out by x + w / 2: a box
        that no step has moved still moves by half a crop pixel.
        """
        position, size = self.boxes[:, :2], self.boxes[:, 2:]
        return view.to_frame(position + size / 2), size * view.scale[:, None]


def refine(
    overlap: OverlapFunction,
    boxes: Float[Tensor, "N 4"],
    draws: Float[Tensor, "N R 4"],
    config: BoxRefinement,
) -> RefinedBoxes:
    """Refine the first estimates of N targets.

    Args:
        overlap: the IoU-Net for these targets in this frame.
        draws: see `draw_uniform`.
    """
    proposals, overlaps = ascend(overlap, propose(boxes, draws, config), config)
    best, found = average_best(proposals, overlaps, config)
    return RefinedBoxes(torch.where(found[:, None], best, boxes), found, proposals, overlaps)


def draw_uniform(
    generators: Sequence[torch.Generator], config: BoxRefinement, wanted: Sequence[bool] | None = None
) -> Float[Tensor, "N R 4"]:
    """Draw what makes the proposals of N targets random: numbers in [0, 1), from each target's own generator.

    Args:
        wanted: targets that need them; of the others nothing is drawn. All by default.
    """
    shape = (config.random_proposals, 4)
    needs = [True] * len(generators) if wanted is None else wanted
    return torch.stack(
        [
            torch.rand(shape, generator=generator) if needed else torch.zeros(shape)
            for generator, needed in zip(generators, needs, strict=True)
        ]
    )


def propose(
    boxes: Float[Tensor, "N 4"], draws: Float[Tensor, "N R 4"], config: BoxRefinement
) -> Float[Tensor, "N P 4"]:
    """The first estimate of each target, and R boxes around it; none is thinner than a third of its shorter
    side.
    """
    position, size = boxes[:, None, :2], boxes[:, None, 2:]
    jitter = literal((config.position_jitter,) * 2 + (config.size_jitter,) * 2, boxes)
    moves = (draws.to(boxes) - 0.5) * (size.prod(dim=-1, keepdim=True).sqrt() * jitter)
    sizes = torch.maximum(size + moves[..., 2:], size.amin(dim=-1, keepdim=True) / 3)
    centres = position + size / 2 + moves[..., :2]
    return torch.cat([boxes[:, None], torch.cat([centres - sizes / 2, sizes], dim=-1)], dim=1)


def ascend(
    overlap: OverlapFunction, proposals: Float[Tensor, "N P 4"], config: BoxRefinement
) -> tuple[Float[Tensor, "N P 4"], Float[Tensor, "N P"]]:
    """Move each proposal uphill; return where they end, and their overlaps before the last step."""
    base = proposals[:, :1, 2:]
    in_sizes = config.space == "box_sizes"
    x = proposals if in_sizes else to_relative(proposals, base)
    length = literal((config.position_step,) * 2 + (config.size_step,) * 2, x).expand_as(x)
    shortens_some = config.reverts_worse and config.step_decay < 1
    overlaps = x.new_full(x.shape[:-1], -torch.inf)
    move = torch.zeros_like(x)
    for _ in range(config.steps):
        boxes = x if in_sizes else from_relative(x, base)
        previous, (overlaps, gradient) = overlaps, overlap(boxes)
        uphill = (
            gradient * boxes[..., 2:].repeat(1, 1, 2) if in_sizes else _by_relative(gradient, boxes, base)
        )
        if shortens_some:
            better = (overlaps > previous)[..., None]
            length = torch.where(better, length, length * config.step_decay)
            move = torch.where(better, length * uphill, -move)
        else:
            move = length * uphill
            length = length * config.step_decay
        x = x + move
    return x if in_sizes else from_relative(x, base), overlaps


def average_best(
    proposals: Float[Tensor, "N P 4"], overlaps: Float[Tensor, "N P"], config: BoxRefinement
) -> tuple[Float[Tensor, "N 4"], Bool[Tensor, " N"]]:
    """The mean of each target's best proposals, of those that are plausible; false where none is."""
    boxes = torch.cat([proposals[..., :2], proposals[..., 2:].clamp(min=1)], dim=-1)
    aspect = boxes[..., 2] / boxes[..., 3]
    plausible = (aspect < config.longest_aspect) & (aspect > 1 / config.longest_aspect)
    plausible &= overlaps.isfinite() & (boxes.abs() < FURTHEST).all(dim=-1)
    candidates = torch.where(plausible, overlaps, -torch.inf)
    best = candidates.topk(min(config.averaged, candidates.shape[1]), dim=1).indices
    counts = plausible.gather(1, best)[..., None]
    chosen = boxes.gather(1, best[..., None].expand(-1, -1, 4))
    mean = torch.where(counts, chosen, 0).sum(dim=1) / counts.sum(dim=1).clamp(min=1)
    return mean, plausible.any(dim=1)


def to_relative(boxes: Float[Tensor, "N P 4"], base: Float[Tensor, "N 1 2"]) -> Float[Tensor, "N P 4"]:
    """Boxes as centre / `base` and logarithm of the size."""
    size = boxes[..., 2:]
    return torch.cat([(boxes[..., :2] + size / 2) / base, size.log()], dim=-1)


def from_relative(relative: Float[Tensor, "N P 4"], base: Float[Tensor, "N 1 2"]) -> Float[Tensor, "N P 4"]:
    """The inverse of `to_relative`."""
    size = relative[..., 2:].exp()
    return torch.cat([relative[..., :2] * base - size / 2, size], dim=-1)


def _by_relative(gradient: Tensor, boxes: Tensor, base: Tensor) -> Tensor:
    """The gradient by relative coordinates, of that by (x, y, w, h)."""
    by_position, by_size = gradient[..., :2], gradient[..., 2:]
    return torch.cat([by_position * base, (by_size - by_position / 2) * boxes[..., 2:]], dim=-1)
