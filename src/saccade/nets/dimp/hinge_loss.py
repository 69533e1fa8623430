"""Filter optimisers with a Gaussian label and a hinge: of SuperDiMP-simple, and of DiMP's L2 ablation."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from saccade.core.ranges import FINITE, above, at_least, check_ranges, within
from saccade.nets.dimp.filter_optimizer import FilterOptimizer, TrainingSamples
from saccade.nets.filter_learning import FilterProblem, WeightedSquares
from saccade.ops.activations import LeakyReLU
from saccade.ops.labels import gaussian_label
from saccade.solvers.steepest_descent import SteepestDescent


@dataclass(frozen=True, slots=True, kw_only=True)
class HingeLoss:
    """Settings of the L2 ablation's filter optimiser."""

    initial_step: float = 1.0
    """factor of the step length before training"""
    initial_reg: float = 1e-2
    """square root of the weight of |f|^2 before training"""
    min_reg: float = 1e-3
    """least value of that root"""
    label_sigma: float = 1.0
    """standard deviation of the label in cells"""
    hinge_threshold: float = -999.0
    """where the label is up to this, scores below 0 do not count; the default leaves plain least squares"""
    damping: float = 0.0
    """share of |g|^2 added to the curvature"""

    def __post_init__(self) -> None:
        check_ranges(
            "network.classifier.optimizer",
            self,
            initial_step=above(0),
            initial_reg=at_least(0),
            min_reg=at_least(0),
            label_sigma=above(0),
            hinge_threshold=FINITE,
            damping=at_least(0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SimpleLoss:
    """Settings of SuperDiMP-simple's filter optimiser."""

    initial_reg: float = 0.1
    """square root of the weight of |f|^2 before training"""
    hinge_threshold: float = 0.05
    """label up to which a cell is background, where the label is leaked only"""
    leak: float = 0.1
    """share of label and of scores below 0 that counts in the background"""
    damping: float = 0.0
    """share of |g|^2 added to the curvature"""

    def __post_init__(self) -> None:
        check_ranges(
            "network.classifier.optimizer",
            self,
            initial_reg=at_least(0),
            hinge_threshold=FINITE,
            leak=within(0, 1),
            damping=at_least(0),
        )


class HingeOptimizer(FilterOptimizer):
    """Least squares with a Gaussian label (Bhat et al. 2019, DiMP, section 4.1, "L2")."""

    def __init__(self, config: HingeLoss) -> None:
        super().__init__()
        self.config = config
        self.log_step_length = nn.Parameter(torch.tensor([math.log(config.initial_step)]))
        self.filter_reg = nn.Parameter(torch.tensor([config.initial_reg]))

    def problem(self, samples: TrainingSamples, kernel: int) -> FilterProblem:
        sigma = torch.full_like(samples.label_sigma, self.config.label_sigma)
        loss = _hinge_squares(samples, kernel, sigma, self.config.hinge_threshold, leak=0.0)
        return FilterProblem(
            samples.features, loss, self.filter_reg.square().clamp(min=self.config.min_reg**2)
        )

    def solver(self) -> SteepestDescent:
        return SteepestDescent(self.log_step_length.exp(), self.config.damping)


class SimpleOptimizer(FilterOptimizer):
    """Least squares with a leaky hinge and a Gaussian label as wide as the target (Mayer et al. 2021,
    KeepTrack, whose base tracker this is); the weight of |f|^2 is all that is learned.
    """

    def __init__(self, config: SimpleLoss) -> None:
        super().__init__()
        self.config = config
        self.residual_module = nn.Module()  # the name under which checkpoints hold the weight
        self.residual_module.register_parameter(
            "filter_reg", nn.Parameter(torch.tensor([config.initial_reg]))
        )

    def problem(self, samples: TrainingSamples, kernel: int) -> FilterProblem:
        config = self.config
        loss = _hinge_squares(samples, kernel, samples.label_sigma, config.hinge_threshold, config.leak)
        reg = self.residual_module.get_parameter("filter_reg").square()
        return FilterProblem(samples.features, loss, reg)

    def solver(self) -> SteepestDescent:
        return SteepestDescent(damping=self.config.damping)


def _hinge_squares(
    samples: TrainingSamples, kernel: int, sigma: Float[Tensor, " N"], threshold: float, leak: float
) -> WeightedSquares:
    """Residuals of which scores below 0, and the label, count in the background by the share `leak` only."""
    height, width = samples.score_size(kernel)
    centres = samples.score_centres(kernel)
    from_middle = centres - centres.new_tensor((width - 1, height - 1)) / 2
    sigmas = sigma[:, None, None].expand_as(centres)
    label = gaussian_label((width, height), sigmas, from_middle)
    mask = ((label > threshold) + leak).clamp(max=1)
    weight = samples.weights.sqrt()[..., None, None].expand_as(label)
    return WeightedSquares(weight, mask * label, LeakyReLU(mask))
