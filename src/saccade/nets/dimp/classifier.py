"""The target classifier of DiMP, PrDiMP and SuperDiMP: features, a first filter, and its optimisation."""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock

from saccade.core.ranges import at_least, check_ranges
from saccade.nets.dimp.density_loss import DensityLoss, DensityOptimizer
from saccade.nets.dimp.filter_optimizer import FilterOptimizer, TrainingSamples
from saccade.nets.dimp.hinge_loss import HingeLoss, HingeOptimizer, SimpleLoss, SimpleOptimizer
from saccade.nets.dimp.learned_loss import LearnedLoss, LearnedLossOptimizer
from saccade.nets.inference import as_precise_as
from saccade.nets.instance_norm import InstanceNorm
from saccade.nets.resnet import STRIDES
from saccade.ops.filters import correlate
from saccade.ops.roi_pool import roi_pool


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierConfig:
    """What a target classifier is made of."""

    optimizer: LearnedLoss | DensityLoss | SimpleLoss | HingeLoss
    """how filters are learned online"""
    channels: int = 512
    """channels of the features that filters work on"""
    num_blocks: int = 0
    """residual blocks of two convolutions between the backbone and the last convolution of the features"""
    has_relu: bool = False
    """whether features are cut at 0 before they are normalised"""
    filter_size: int = 4
    """taps of a filter along each axis"""
    initializer: Literal["linear", "zero"] = "linear"
    """what the weights of the filter initialiser are before training: random, or 0"""
    pools_square: bool = False
    """whether the first filter is pooled from a square of the target's area in place of its box"""

    def __post_init__(self) -> None:
        check_ranges(
            "network.classifier", self, channels=at_least(1), num_blocks=at_least(0), filter_size=at_least(1)
        )


class TargetClassifier(nn.Module):
    """Tells a target from its surroundings by a filter that is learned online (Bhat et al. 2019, DiMP).

    The methods of the family differ in the filter optimiser alone. Everything is batched over N targets with
    T samples each. Parameters have the names of the original's checkpoints.

    Args:
        input_channels: channels of the backbone's layer3.
    """

    reducible = ("feature_extractor",)

    def __init__(self, input_channels: int, config: ClassifierConfig) -> None:
        super().__init__()
        self.config = config
        self.filter_initializer = FilterInitializer(
            config.channels,
            config.filter_size,
            starts_at_zero=config.initializer == "zero",
            pools_square=config.pools_square,
        )
        self.filter_optimizer = _optimizer(config)
        self.feature_extractor = _feature_block(input_channels, config)

    def features(self, layer3: Float[Tensor, "B c h w"]) -> Float[Tensor, "B C h w"]:
        """The features that filters work on, of the backbone's."""
        found: Tensor = self.feature_extractor(as_precise_as(self.feature_extractor, layer3))
        return found

    def initial_filters(
        self, features: Float[Tensor, "N T C h w"], boxes: Float[Tensor, "N T 4"]
    ) -> Float[Tensor, "N C k k"]:
        """A first filter for each target, from the boxes (x, y, w, h) in its samples' crop pixels."""
        filters: Tensor = self.filter_initializer(features, boxes)
        return filters

    def optimize(
        self, filters: Float[Tensor, "N C k k"], samples: TrainingSamples, *, steps: int
    ) -> Float[Tensor, "N C k k"]:
        """Improve filters by some steps of the optimiser."""
        improved: Tensor = self.filter_optimizer(filters, samples, steps=steps)
        return improved

    def loss(self, filters: Float[Tensor, "N C k k"], samples: TrainingSamples) -> Float[Tensor, " N"]:
        """What the optimiser makes smaller."""
        problem = self.filter_optimizer.problem(samples, filters.shape[-1])
        return problem.value(filters, problem.measure(filters))

    def classify(
        self, features: Float[Tensor, "N T C h w"], filters: Float[Tensor, "N C k k"]
    ) -> Float[Tensor, "N T H W"]:
        """The score maps: one cell larger than the features for filters of an even size."""
        scores: Tensor = correlate(features, filters)
        return scores


class FilterInitializer(nn.Module):
    """Pools a convolution of the features over the target's box, and takes the mean over samples."""

    def __init__(
        self, channels: int, filter_size: int, *, starts_at_zero: bool = False, pools_square: bool = False
    ) -> None:
        super().__init__()
        self.filter_size = filter_size
        self.pools_square = pools_square
        self.filter_conv = nn.Conv2d(channels, channels, 3, padding=1)
        if starts_at_zero:
            nn.init.zeros_(self.filter_conv.weight)
        else:
            nn.init.normal_(self.filter_conv.weight, std=math.sqrt(2 / (9 * channels)))
        nn.init.zeros_(self.filter_conv.bias)  # type: ignore[arg-type]

    def forward(
        self, features: Float[Tensor, "N T C h w"], boxes: Float[Tensor, "N T 4"]
    ) -> Float[Tensor, "N C k k"]:
        each = self.pool(self.filter_conv(features.flatten(0, 1)), boxes.flatten(0, 1))
        return each.unflatten(0, features.shape[:2]).mean(dim=1)

    def pool(
        self, features: Float[Tensor, "B C h w"], boxes: Float[Tensor, "B 4"]
    ) -> Float[Tensor, "B C k k"]:
        """The mean of each picture's features over each tap's part of its box."""
        centre, size = boxes[:, :2] + 0.5 * boxes[:, 2:], boxes[:, 2:]
        if self.pools_square:
            size = size.prod(dim=1, keepdim=True).sqrt()
        corners = torch.cat([centre - 0.5 * size, centre + 0.5 * size], dim=1)
        pooled: Tensor = roi_pool(features, corners[:, None], bins=self.filter_size, stride=STRIDES["layer3"])
        return pooled[:, 0]


def _feature_block(input_channels: int, config: ClassifierConfig) -> nn.Sequential:
    """Residual blocks, a convolution, and a norm that gives scores the size of the filter's coefficients."""
    blocks: list[nn.Module] = [BasicBlock(input_channels, input_channels) for _ in range(config.num_blocks)]
    blocks.append(nn.Conv2d(input_channels, config.channels, 3, padding=1, bias=False))
    if config.has_relu:
        blocks.append(nn.ReLU(inplace=True))
    blocks.append(InstanceNorm(1 / math.sqrt(config.channels * config.filter_size**2)))
    layers = nn.Sequential(*blocks)
    for module in layers.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out")
    return layers


def _optimizer(config: ClassifierConfig) -> FilterOptimizer:
    match config.optimizer:
        case LearnedLoss() as settings:
            return LearnedLossOptimizer(settings)
        case DensityLoss() as settings:
            return DensityOptimizer(settings)
        case SimpleLoss() as settings:
            return SimpleOptimizer(settings)
        case HingeLoss() as settings:
            return HingeOptimizer(settings)
