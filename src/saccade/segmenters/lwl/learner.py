"""The few-shot learner: a filter that turns features into the encoding of a mask, learned while running.

LWL, section 3.2: on T samples with features x, labels e and weights w, the filter f minimises

    L(f) = 1/2 sum_t |w_t (x_t * f - e_t)|^2 + reg / 2 |f|^2

by a few steps of steepest descent. Unlike the original text, published weights multiply the residuals by the
weight itself, not by its root.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from saccade.nets.filter_learning import FilterProblem
from saccade.nets.inference import as_precise_as
from saccade.nets.instance_norm import InstanceNorm
from saccade.ops.filters import correlate
from saccade.solvers.steepest_descent import DescentState, SteepestDescent

ENCODING = 16
"""channels of an encoded mask: the filters of a target"""
KERNEL = 3
"""taps of a filter along each axis"""
CHANNELS = 512
"""channels of the features that filters work on"""
FEATURE_SIZE = 1 / math.sqrt(CHANNELS * KERNEL**2)
"""root mean square of these features"""


@dataclass(frozen=True, slots=True)
class EncodingLoss:
    """1/2 sum of squares of w (s - e).

    Attributes:
        label: e.
        energy: w squared.
    """

    label: Float[Tensor, "N T M h w"]
    energy: Float[Tensor, "N T M h w"]

    def value(self, scores: Float[Tensor, "N T M h w"]) -> Float[Tensor, " N"]:
        """See `ScoreLoss`."""
        return 0.5 * self.curvature(scores, scores - self.label)

    def gradient(self, scores: Float[Tensor, "N T M h w"]) -> Float[Tensor, "N T M h w"]:
        """See `ScoreLoss`."""
        return self.energy * (scores - self.label)

    def curvature(
        self, scores: Float[Tensor, "N T M h w"], change: Float[Tensor, "N T M h w"]
    ) -> Float[Tensor, " N"]:
        """See `ScoreLoss`."""
        return (self.energy * change.square()).flatten(1).sum(dim=1)


class FewShotLearner(nn.Module):
    """LWL's target model: its features, and how filters are learned from them."""

    reducible = ("feature_extractor",)

    def __init__(self, input_channels: int) -> None:
        super().__init__()
        convolution = nn.Conv2d(input_channels, CHANNELS, 3, padding=1, bias=False)
        nn.init.kaiming_normal_(convolution.weight, mode="fan_out")
        self.feature_extractor = nn.Sequential(convolution, InstanceNorm(FEATURE_SIZE))
        # the name under which checkpoints hold the root of the weight of |f|^2
        self.filter_optimizer = nn.ModuleDict({"residual_module": nn.Module()})
        root = nn.Parameter(torch.tensor([1e-2]))
        self.filter_optimizer["residual_module"].register_parameter("filter_reg", root)

    def features(self, layer3: Float[Tensor, "b c h w"]) -> Float[Tensor, "b C h w"]:
        """The features that filters work on, of the backbone's."""
        found: Tensor = self.feature_extractor(as_precise_as(self.feature_extractor, layer3))
        return found.contiguous()

    def encode(
        self, features: Float[Tensor, "N C h w"], filters: Float[Tensor, "N M C k k"]
    ) -> Float[Tensor, "N M h w"]:
        """What each target's filters make of a picture's features."""
        return correlate(features[:, None], filters)[:, 0]

    def problem(
        self,
        features: Float[Tensor, "N T C h w"],
        labels: Float[Tensor, "N T M h w"],
        weights: Float[Tensor, "N T M h w"],
    ) -> FilterProblem:
        """What filters should make of samples."""
        reg = self.filter_optimizer["residual_module"].get_parameter("filter_reg").square()
        return FilterProblem(features, EncodingLoss(labels, weights.square()), reg)

    def improve(
        self,
        filters: Float[Tensor, "N M C k k"],
        encodings: Float[Tensor, "N T M h w"],
        problem: FilterProblem,
        *,
        steps: int,
    ) -> tuple[Float[Tensor, "N M C k k"], Float[Tensor, "N T M h w"]]:
        """Filters, and what they make of the samples, before and after some steps."""
        solver, state = SteepestDescent(), DescentState(filters, encodings)
        for _ in range(steps):
            state = solver.step(problem, state)
        return state.x, state.measured
