"""The filter optimiser of DiMP: a least-squares loss whose label, mask and weights are learned offline."""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from saccade.core.ranges import FINITE, above, at_least, check_ranges
from saccade.nets.dimp.filter_optimizer import FilterOptimizer, TrainingSamples
from saccade.nets.filter_learning import FilterProblem, WeightedSquares
from saccade.ops.activations import Activation, BentLeakyReLU, LeakyReLU
from saccade.ops.distance import distance_map, radial_profiles
from saccade.solvers.steepest_descent import SteepestDescent


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedLoss:
    """Settings of DiMP's filter optimiser; those of initial values matter before training only."""

    initial_step: float = 0.9
    """factor of the step length before training"""
    initial_reg: float = 0.1
    """square root of the weight of |f|^2 before training"""
    min_reg: float = 1e-3
    """least value of that root"""
    initial_sigma: float = 0.9
    """standard deviation of the label before training, in cells"""
    num_bins: int = 100
    """values that label, mask and weight are learned at, from distance 0 on"""
    bin_width: float = 0.1
    """distance between two of these, in cells"""
    mask_factor: float = 3.0
    """how sharply the mask tells target from background before training"""
    mask: Literal["sigmoid", "linear"] = "sigmoid"
    """whether the learned mask passes through a sigmoid"""
    activation: Literal["relu", "bent"] = "relu"
    """how scores of the background are cut at 0: sharply, or by a hyperbola"""
    bend: float = 1.0
    """width of that hyperbola"""
    damping: float = 0.0
    """share of |g|^2 added to the curvature"""

    def __post_init__(self) -> None:
        check_ranges(
            "network.classifier.optimizer",
            self,
            initial_step=above(0),
            initial_reg=at_least(0),
            min_reg=at_least(0),
            initial_sigma=above(0),
            num_bins=at_least(1),
            bin_width=above(0),
            mask_factor=FINITE,
            bend=above(0),
            damping=at_least(0),
        )


class LearnedLossOptimizer(FilterOptimizer):
    """Steepest descent with the Gauss-Newton step length (Bhat et al. 2019, DiMP, sections 3.1 to 3.4).

    With the learned functions label y, mask m and weight v of the distance to the target's centre, the
    residual of a score s is

        r = v (m s + (1 - m) max(0, s) - y)        (eq. 3)

    so that far from the target, where the mask is 0, any score below 0 is as good as 0.
    """

    def __init__(self, config: LearnedLoss) -> None:
        super().__init__()
        self.config = config
        self.log_step_length = nn.Parameter(torch.tensor([math.log(config.initial_step)]))
        self.filter_reg = nn.Parameter(torch.tensor([config.initial_reg]))
        # the original's names and shapes: 1 x 1 convolutions of binned distances
        self.label_map_predictor = nn.Conv2d(config.num_bins, 1, 1, bias=False)
        self.target_mask_predictor = nn.Sequential(nn.Conv2d(config.num_bins, 1, 1, bias=False))
        self.spatial_weight_predictor = nn.Conv2d(config.num_bins, 1, 1, bias=False)
        self._initialise()

    def problem(self, samples: TrainingSamples, kernel: int) -> FilterProblem:
        centres = samples.score_centres(kernel)
        distances = distance_map(samples.score_size(kernel), centres)
        values = torch.cat([weights.flatten(1) for weights in self._weights()])
        label, mask, weight = radial_profiles(distances, values, self.config.bin_width)
        if self.config.mask == "sigmoid":
            mask = mask.sigmoid()
        loss = WeightedSquares(
            samples.weights.sqrt()[..., None, None] * weight, label, self._activation(mask)
        )
        return FilterProblem(
            samples.features, loss, self.filter_reg.square().clamp(min=self.config.min_reg**2)
        )

    def solver(self) -> SteepestDescent:
        return SteepestDescent(self.log_step_length.exp(), self.config.damping)

    def _weights(self) -> tuple[Tensor, Tensor, Tensor]:
        """What is learned of label, mask and weight, (1, K, 1, 1) each."""
        mask = self.target_mask_predictor.get_parameter("0.weight")
        return self.label_map_predictor.weight, mask, self.spatial_weight_predictor.weight

    def _activation(self, mask: Float[Tensor, "N T h w"]) -> Activation:
        if self.config.activation == "bent":
            return BentLeakyReLU(mask, self.config.bend)
        return LeakyReLU(mask)

    @torch.no_grad()
    def _initialise(self) -> None:
        """A Gaussian label, a mask that falls off two cells from the centre, and equal weights."""
        config = self.config
        distance = config.bin_width * torch.arange(config.num_bins)
        label = torch.exp(-0.5 * (distance / config.initial_sigma) ** 2)
        mask = config.mask_factor * torch.tanh(2 - distance)
        if config.mask == "linear":
            mask = mask + 0.5  # where a sigmoid of 0 lies
        for weights, values in zip(
            self._weights(), (label - label.min(), mask, torch.ones_like(distance)), strict=True
        ):
            weights.copy_(values[None, :, None, None])
