"""The filter optimiser of PrDiMP: score maps are densities, and diverge little from those of the target."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from saccade.core.ranges import FINITE, above, at_least, check_ranges, within
from saccade.nets.dimp.filter_optimizer import FilterOptimizer, TrainingSamples
from saccade.nets.filter_learning import FilterProblem
from saccade.ops.activations import log_normaliser2d, softmax2d
from saccade.ops.labels import gaussian_density
from saccade.solvers.steepest_descent import SteepestDescent


@dataclass(frozen=True, slots=True, kw_only=True)
class DensityLoss:
    """Settings of PrDiMP's filter optimiser."""

    initial_step: float = 1.0
    """factor of the step length before training"""
    initial_reg: float = 0.05
    """square root of the weight of |f|^2 before training"""
    min_reg: float = 0.05
    """least value of that root"""
    label_sigma: float = 0.9
    """standard deviation of the target's density in cells; 0 puts all of it into one cell"""
    normalises_label: bool = True
    """whether the density's sum over the map is made 1"""
    label_threshold: float = 0.0
    """densities up to this become 0"""
    label_shrink: float = 0.0
    """share of the density left out: the target may be nowhere"""
    uniform_share: float = 0.0
    """share of the density spread evenly over the map"""
    background: float | None = None
    """score of being nowhere on the map; none leaves the possibility out"""
    damping: float = 0.05
    """share of |g|^2 added to the curvature"""

    def __post_init__(self) -> None:
        check_ranges(
            "network.classifier.optimizer",
            self,
            initial_step=above(0),
            initial_reg=at_least(0),
            min_reg=at_least(0),
            label_sigma=at_least(0),
            label_threshold=at_least(0),
            label_shrink=within(0, 1),
            uniform_share=within(0, 1),
            background=FINITE,
            damping=at_least(0),
        )


@dataclass(frozen=True, slots=True)
class Divergence:
    """Phi = sum over samples of w (log sum e^s - sum p s): but for a constant, the Kullback-Leibler
    divergence of the densities q = softmax(s) from p (PrDiMP, eq. 8).

    Its gradient is w (q - p), and its Hessian w (diag(q) - q q^T).

    Attributes:
        weights: w.
        density: p.
        background: score of being nowhere on the map, which q then has a share for.
    """

    weights: Float[Tensor, "N T"]
    density: Float[Tensor, "N T h w"]
    background: float | None = None

    def value(self, scores: Float[Tensor, "N T h w"]) -> Float[Tensor, " N"]:
        each = log_normaliser2d(scores, self.background) - (self.density * scores).sum(dim=(-2, -1))
        return (self.weights * each).sum(dim=1)

    def gradient(self, scores: Float[Tensor, "N T h w"]) -> Float[Tensor, "N T h w"]:
        return self.weights[..., None, None] * (softmax2d(scores, self.background) - self.density)

    def curvature(
        self, scores: Float[Tensor, "N T h w"], change: Float[Tensor, "N T h w"]
    ) -> Float[Tensor, " N"]:
        q = softmax2d(scores, self.background)
        mean = (q * change).sum(dim=(-2, -1), keepdim=True)
        each = (change * q * (change - mean)).sum(dim=(-2, -1))
        return (self.weights * each.clamp(min=0)).sum(dim=1)  # a variance; rounding may have it below 0


class DensityOptimizer(FilterOptimizer):
    """Steepest descent with Newton's step length (Danelljan et al. 2020, PrDiMP, section 5)."""

    def __init__(self, config: DensityLoss) -> None:
        super().__init__()
        self.config = config
        self.log_step_length = nn.Parameter(torch.tensor([math.log(config.initial_step)]))
        self.filter_reg = nn.Parameter(torch.tensor([config.initial_reg]))

    def problem(self, samples: TrainingSamples, kernel: int) -> FilterProblem:
        config = self.config
        density = gaussian_density(
            samples.score_size(kernel),
            config.label_sigma,
            samples.score_centres(kernel),
            threshold=config.label_threshold,
            normalises=config.normalises_label,
        )
        uniform = config.uniform_share / density[0, 0].numel()
        density = (1 - config.label_shrink) * ((1 - config.uniform_share) * density + uniform)
        loss = Divergence(samples.weights, density, config.background)
        return FilterProblem(samples.features, loss, self.filter_reg.square().clamp(min=config.min_reg**2))

    def solver(self) -> SteepestDescent:
        return SteepestDescent(self.log_step_length.exp(), self.config.damping)
