"""Boxes near the target that a box regressor is taught to judge."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from saccade.data.samples.dice import Dice

ATTEMPTS = 100
"""how often a box is perturbed, each time less, until it overlaps the target enough"""
SMALLEST = (0.15, 0.5)
"""a side that comes out at a pixel or less is drawn anew, between these shares of the target's"""

Box = tuple[float, float, float, float]


class Judged(NamedTuple):
    """Proposals of `F` frames, and what is to be said of them; what is not asked for is None.

    Attributes:
        boxes: (x, y, w, h) in crop pixels, (F, P, 4).
        ious: 2 * IoU - 1 of each with the target, (F, P).
        densities: the density each was drawn with, (F, P).
        truth_densities: the density of each under the label's uncertainty, (F, P).
    """

    boxes: Tensor
    ious: Tensor | None = None
    densities: Tensor | None = None
    truth_densities: Tensor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PerturbedProposals:
    """Boxes perturbed until they overlap the target enough, judged by 2 * IoU - 1 (ATOM, DiMP).

    Attributes:
        count: boxes a frame.
        min_iou: least overlap with the target.
        sigmas: standard deviations of the perturbation in √(area of the target), one of which is drawn a box.
    """

    count: int = 8
    min_iou: float = 0.1
    sigmas: tuple[float, ...] = (0.01, 0.05, 0.1, 0.2, 0.3)

    def __call__(self, targets: Float[Tensor, "F 4"], dice: Dice) -> Judged:
        """Proposals for targets (x, y, w, h) in crop pixels; most have whole numbers."""
        # plain numbers: a tensor of four costs more than all that is done with it
        drawn = [
            self._perturbed(target, dice)
            for target in map(tuple, targets.tolist())
            for _ in range(self.count)
        ]
        shape = (len(targets), self.count)
        boxes = torch.tensor([box for box, _ in drawn]).reshape(*shape, 4)
        return Judged(boxes, ious=torch.tensor([2 * iou - 1 for _, iou in drawn]).reshape(shape))

    def _perturbed(self, target: Box, dice: Dice) -> tuple[Box, float]:
        """A box, and its IoU with the target."""
        x, y, w, h = target
        gauss = dice.random.gauss
        sigma = math.sqrt(w * h) * dice.random.choice(self.sigmas)
        for _ in range(ATTEMPTS):
            cx, cy = gauss(x + w / 2, sigma), gauss(y + h / 2, sigma)
            width, height = gauss(w, sigma), gauss(h, sigma)
            width = width if width > 1 else _small(w, dice)
            height = height if height > 1 else _small(h, dice)
            left, top = float(round(cx - width / 2)), float(round(cy - height / 2))
            width, height = float(round(width)), float(round(height))
            width = width if width > 1 else _small(w, dice)
            height = height if height > 1 else _small(h, dice)
            box = left, top, width, height
            iou = _iou(box, target)
            if iou > self.min_iou:
                break
            sigma *= 0.9
        return box, iou


def _small(side: float, dice: Dice) -> float:
    low, high = SMALLEST
    return side * (low + (high - low) * float(torch.rand(1, generator=dice.torch)))


def _iou(first: Box, second: Box) -> float:
    width = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    height = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    common = max(width, 0.0) * max(height, 0.0)
    return common / (first[2] * first[3] + second[2] * second[3] - common)


@dataclass(frozen=True, slots=True, kw_only=True)
class GaussianProposals:
    """Boxes drawn from a mixture of normal distributions around the target (ATOM*, PrDiMP, SuperDiMP).

    The distributions are those of the centre, in sizes of the target, and of the logarithm of the size.

    Attributes:
        count: boxes a frame that are drawn.
        sigmas: standard deviations (centre, size) of each component.
        truth_sigma: the same of the label's uncertainty; (0, 0) for none.
        has_mean: whether the target's box comes first, marked by a proposal density of -1 and a truth density
            of 1.
        judged_by: whether a sample holds their densities, or 2 * IoU - 1.
    """

    count: int = 128
    sigmas: tuple[tuple[float, float], ...] = ((0.05, 0.05), (0.5, 0.5))
    truth_sigma: tuple[float, float] = (0.05, 0.05)
    has_mean: bool = False
    judged_by: Literal["density", "iou"] = "density"

    def __call__(self, targets: Float[Tensor, "F 4"], dice: Dice) -> Judged:
        """Proposals for targets (x, y, w, h) in crop pixels."""
        component, normals = self._draw(len(targets), dice.torch)
        deviations = _deviations(self.sigmas)
        offsets = deviations[component] * normals
        boxes = offset_boxes(targets[:, None], offsets)
        if self.has_mean:
            boxes = torch.cat([targets[:, None], boxes], dim=1)
        if self.judged_by == "iou":
            return Judged(boxes, ious=2 * box_ious(boxes, targets[:, None]) - 1)
        density = normal_density(offsets[..., None, :], deviations).mean(dim=-1)
        if min(self.truth_sigma) > 0:
            truth = normal_density(offsets, _deviations([self.truth_sigma])[0])
        else:
            truth = torch.zeros_like(density)
        if self.has_mean:
            mark = torch.ones(len(targets), 1)
            density, truth = torch.cat([-mark, density], dim=1), torch.cat([mark, truth], dim=1)
        return Judged(boxes, densities=density, truth_densities=truth)

    def _draw(self, frames: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Which component each box is from, (F, P), and normal numbers, (F, P, 4)."""
        draws = [
            (
                torch.randint(len(self.sigmas), (self.count,), generator=generator),
                torch.randn(self.count, 4, generator=generator),
            )
            for _ in range(frames)
        ]
        components, normals = zip(*draws, strict=True)
        return torch.stack(components), torch.stack(normals)


def offset_boxes(boxes: Float[Tensor, "*n 1 4"], offsets: Float[Tensor, "*n p 4"]) -> Float[Tensor, "*n p 4"]:
    """Boxes (x, y, w, h) moved by multiples of their size, and resized by the logarithms of factors."""
    size = boxes[..., 2:] * offsets[..., 2:].exp()
    centre = boxes[..., :2] + boxes[..., 2:] * (0.5 + offsets[..., :2])
    return torch.cat([centre - size / 2, size], dim=-1)


def normal_density(offsets: Float[Tensor, "... 4"], sigmas: Float[Tensor, "... 4"]) -> Float[Tensor, "..."]:
    """The density of independent normal distributions around 0."""
    exponent = -0.5 * (offsets / sigmas).square().sum(dim=-1)
    return exponent.exp() / ((2 * math.pi) ** 2 * sigmas.prod(dim=-1))


def box_ious(first: Float[Tensor, "*n 4"], second: Float[Tensor, "*m 4"]) -> Float[Tensor, "*n"]:
    """The overlap of boxes (x, y, w, h), pair by pair."""
    low = torch.maximum(first[..., :2], second[..., :2])
    high = torch.minimum(first[..., :2] + first[..., 2:], second[..., :2] + second[..., 2:])
    common = (high - low).clamp(min=0).prod(dim=-1)
    return common / (first[..., 2:].prod(dim=-1) + second[..., 2:].prod(dim=-1) - common)


def _deviations(sigmas: Sequence[tuple[float, float]]) -> Tensor:
    return torch.tensor([(centre, centre, size, size) for centre, size in sigmas])
