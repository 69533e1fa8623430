"""What the small network learns: features in which a filter of one frame finds the target in another."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from saccade.core.ranges import above, at_least, check_ranges
from saccade.data.samples.sample import Sample
from saccade.ops.labels import gaussian_label
from saccade.trackers.nano.appearance import cues
from saccade.trackers.nano.gram import patch_products
from saccade.trackers.nano.model import BACKGROUND_BELOW, LEAK
from saccade.trackers.nano.network import MEAN, STD, STRIDE, NanoNet, NanoNetConfig
from saccade.training.task import Task, in_float32

Product = Callable[[int, Tensor], Tensor]
"""of a patch matrix, by its number, and coefficients"""
OWN, OTHER, FOREIGN = range(3)
"""the patch matrices of a filter's frame with itself, with the other frame, and with another sample's"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NanoTaskConfig:
    """What is learned, and how it is judged."""

    network: NanoNetConfig = NanoNetConfig()
    """what it is made of"""
    filter_size: int = 5
    """taps of a filter along each axis"""
    label_sigma: float = 1.0
    """standard deviation of the wished scores in cells"""
    steps: int = 5
    """of steepest descent in a sample"""
    early_step: int = 2
    """the step after which the filter is judged too"""
    early_weight: float = 0.25
    """of that loss; the last filter's has 1"""
    foreign_weight: float = 0.25
    """of what a filter finds where its target is not: in a frame of another sample"""
    scale: float = 100.0
    """factor on the loss"""

    def __post_init__(self) -> None:
        check_ranges(
            "task",
            self,
            filter_size=at_least(1),
            label_sigma=above(0),
            steps=at_least(1),
            early_step=at_least(1),
            early_weight=at_least(0),
            foreign_weight=at_least(0),
            scale=above(0),
        )

    def build(self) -> "NanoTask":
        """A task with a randomly initialised network."""
        return NanoTask(self)


class NanoTask(Task):
    """Both frames of a sample are train frame and test frame: two filters for one pass of the network."""

    network: NanoNet

    def __init__(self, config: NanoTaskConfig) -> None:
        super().__init__(NanoNet(config.network))
        self.config = config

    def forward(self, batch: Sample) -> dict[str, Tensor]:
        """See `Task`."""
        pictures = torch.cat([batch.train.images[0], batch.test.images[0]])
        crops = (pictures * STD + MEAN).round().to(torch.uint8).permute(0, 2, 3, 1)
        features = self.network.features(crops, cues(crops))
        boxes = torch.cat([batch.train.boxes[0], batch.test.boxes[0]])
        middle = (pictures.shape[-1] - 1) / 2
        with in_float32(pictures):
            labels = self._labels(boxes[:, :2] + boxes[:, 2:] / 2 - middle, features.shape[-1])
            losses, hits = self._judge(features.float(), labels)
        loss = losses.mean()
        return {"loss": loss, "Loss/total": loss.detach(), "Found": hits.detach()}

    def _labels(self, positions: Float[Tensor, "B 2"], side: int) -> Float[Tensor, "B m"]:
        sigma = torch.full_like(positions, self.config.label_sigma)
        return gaussian_label((side, side), sigma, positions / STRIDE).flatten(1)

    def _judge(
        self, features: Float[Tensor, "B C n n"], labels: Float[Tensor, "B m"]
    ) -> tuple[Float[Tensor, " B"], Float[Tensor, ""]]:
        """The loss of the filter of each frame, and the share of those that find the target to a cell."""
        half, size = len(features) // 2, self.config.filter_size
        other = features.roll(half, 0)
        matrices = (
            patch_products(features, features, size),
            patch_products(other, features, size),
            patch_products(_foreign(other), features, size),
        )
        wished = labels.roll(half, 0)
        losses, scores = _Unrolled.apply(self, *matrices, self.network.log_reg, labels, wished)
        side = features.shape[-1]
        found, true = scores.argmax(dim=1), wished.argmax(dim=1)
        off = torch.maximum((found % side - true % side).abs(), (found // side - true // side).abs())
        return losses, (off <= 1).float().mean()

    def unroll(
        self, product: Product, reg: Tensor, labels: Float[Tensor, "B m"], wished: Float[Tensor, "B m"]
    ) -> tuple[Float[Tensor, " B"], Float[Tensor, "B m"]]:
        """Steepest descent on filters that are sums of patches, by the coefficients of these.

        The gradient of sum_i m_i^2 (s_i - y_i)^2 / 2 + reg |f|^2 / 2 by f is again a sum of patches.

        Returns:
            The loss of each, and the last scores of the other frame.
        """
        config = self.config
        mask = ((labels > BACKGROUND_BELOW) + LEAK).clamp(max=1)
        coefficients, own = torch.zeros_like(labels), torch.zeros_like(labels)
        losses, scores = torch.zeros_like(labels[:, 0]), own
        for step in range(1, config.steps + 1):
            slope = torch.where(own > 0, torch.ones_like(mask), mask)
            gradient = slope * (slope * own - mask * labels) + reg * coefficients
            change = product(OWN, gradient)
            energy = (gradient * change).sum(1, keepdim=True)
            curvature = (slope * change).square().sum(1, keepdim=True) + reg * energy
            length = energy / curvature.clamp(min=1e-8)
            coefficients, own = coefficients - length * gradient, own - length * change
            if step in (config.early_step, config.steps):
                scores = product(OTHER, coefficients)
                foreign = product(FOREIGN, coefficients).clamp(min=0).square().mean(1)
                loss = _hinge(scores, wished) + config.foreign_weight * foreign
                losses = losses + (1.0 if step == config.steps else config.early_weight) * loss
        return config.scale * losses, scores


def _foreign(frames: Float[Tensor, "B C n n"]) -> Float[Tensor, "B C n n"]:
    """Frames of other samples; two by two, so that a batch may be shared out. Nothing where there is one."""
    half = len(frames) // 2
    if half == 1:
        return torch.zeros_like(frames)
    partners = torch.arange(half, device=frames.device) ^ 1
    partners = torch.where(partners < half, partners, 0)
    swapped: Tensor = frames.unflatten(0, (2, half))[:, partners]
    return swapped.flatten(0, 1)


def _hinge(scores: Float[Tensor, "B n"], wished: Float[Tensor, "B n"]) -> Float[Tensor, " B"]:
    """Mean squared errors; in the background, only scores above 0 are wrong (DiMP, section 3.5)."""
    is_target: Bool[Tensor, "B n"] = wished > BACKGROUND_BELOW
    return torch.where(is_target, scores - wished, scores.clamp(min=0)).square().mean(1)


class _Unrolled(torch.autograd.Function):
    """The unrolled descent, whose gradient by each matrix is one product of all that it was multiplied with.

    Autograd would add up one outer product a multiplication, each as large as the matrix.
    """

    @staticmethod
    def forward(
        ctx: Any,
        task: NanoTask,
        own: Tensor,
        other: Tensor,
        foreign: Tensor,
        log_reg: Tensor,
        labels: Tensor,
        wished: Tensor,
    ) -> tuple[Tensor, Tensor]:
        matrices = (own.detach(), other.detach(), foreign.detach())
        uses: tuple[list[tuple[Tensor, Tensor]], ...] = ([], [], [])
        with torch.enable_grad():
            reg = log_reg.detach().requires_grad_()

            def product(which: int, factor: Tensor) -> Tensor:
                probe = torch.zeros_like(factor, requires_grad=True)
                uses[which].append((probe, factor.detach()))
                return (matrices[which] @ factor[..., None])[..., 0] + probe

            losses, scores = task.unroll(product, reg.exp(), labels, wished)
        ctx.graph = (losses, uses, reg)
        ctx.mark_non_differentiable(scores_out := scores.detach())
        return losses.detach(), scores_out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        losses, uses, reg = ctx.graph
        probes = [probe for each in uses for probe, _ in each]
        *by_probe, by_reg = torch.autograd.grad(losses, [*probes, reg], gradients[0], retain_graph=True)
        remaining = iter(by_probe)
        by_matrix = [
            torch.stack([next(remaining) for _ in each], dim=2) @ torch.stack([f for _, f in each], dim=1)
            for each in uses
        ]
        return None, *by_matrix, by_reg, None, None
