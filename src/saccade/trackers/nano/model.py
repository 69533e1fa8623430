"""The target model: a filter on features of one stride, learned online as in DiMP, by steepest descent."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Integer
from torch import Tensor

from saccade.nets.filter_learning import FilterProblem, WeightedSquares
from saccade.online.memory import Samples, first_free_slot
from saccade.online.state import TargetState
from saccade.ops.activations import LeakyReLU
from saccade.ops.filters import correlate
from saccade.ops.labels import gaussian_label
from saccade.solvers.steepest_descent import SteepestDescent
from saccade.trackers.nano.config import Filter, Memory
from saccade.trackers.nano.spectral import SpectralFilterProblem

BACKGROUND_BELOW = 0.05
"""label under which a cell is background"""
LEAK = 0.1
"""share by which labels, and scores below 0, count there"""
SPECTRAL_FROM = 7
"""taps along an axis from which on filters are learned by their spectra, which is faster then"""


@dataclass(slots=True)
class FilterState(TargetState):
    """What a filter has learned of N targets."""

    filter: Float[Tensor, "N C k k"]
    """scores the target"""
    samples: Samples
    """features, and the target's position (x, y) in cells from the middle of each"""


@dataclass(frozen=True, slots=True)
class FilterModel:
    """A target filter with its memory.

    Attributes:
        config: of the filter.
        memory: of its samples.
        stride: crop pixels in a cell.
    """

    config: Filter
    memory: Memory
    stride: int

    def learn(
        self, features: Float[Tensor, "T C h w"], positions: Float[Tensor, "T 2"], *, steps: int
    ) -> FilterState:
        """Learns one target from pictures of its first frame.

        Args:
            positions: (x, y) of the target in crop pixels from the middle of each.
        """
        samples = Samples.of_first_frame(features, positions / self.stride, self.memory.size)
        taps = (1, features.shape[1], self.config.size, self.config.size)
        state = FilterState(features.new_zeros(taps), samples)
        self.improve(state, torch.zeros(1, dtype=torch.long), steps=steps)
        return state

    def score(self, features: Float[Tensor, "N S C h w"], state: FilterState) -> Float[Tensor, "N S h w"]:
        """How much each cell of N targets' S search regions looks like the target's."""
        return correlate(features, state.filter)

    def remember(
        self,
        features: Float[Tensor, "M C h w"],
        positions: Float[Tensor, "M 2"],
        state: FilterState,
        rows: Integer[Tensor, " M"],
    ) -> None:
        """Adds what was seen of some targets, the named rows, to their memories."""
        state.samples.add(
            rows,
            features,
            positions / self.stride,
            torch.full((len(rows),), self.memory.learning_rate),
            slot_rule=first_free_slot,
            initial_minimum=self.memory.initial_minimum,
        )

    def loss(self, state: FilterState) -> Float[Tensor, " N"]:
        """What the filters do wrong on what is remembered."""
        losses = state.filter.new_zeros(len(state))
        for some, features, positions, weights in state.samples.stored(torch.arange(len(state))):
            problem = self._plain_problem(features, positions, weights)
            losses[some] = problem.value(state.filter[some], problem.measure(state.filter[some]))
        return losses

    def improve(self, state: FilterState, rows: Integer[Tensor, " M"], *, steps: int) -> None:
        """Takes some steps towards the minimum on what is remembered of some targets."""
        for some, features, positions, weights in state.samples.stored(rows):
            problem = self._problem(features, positions, weights)
            state.filter[some] = SteepestDescent().solve(problem, state.filter[some], steps=steps)

    def _problem(
        self, features: Float[Tensor, "N T C h w"], positions: Float[Tensor, "N T 2"], weights: Tensor
    ) -> FilterProblem | SpectralFilterProblem:
        plain = self._plain_problem(features, positions, weights)
        if self.config.size < SPECTRAL_FROM:
            return plain
        return SpectralFilterProblem.of(features, plain.loss, self.config.reg, self.config.size)

    def _plain_problem(
        self, features: Float[Tensor, "N T C h w"], positions: Float[Tensor, "N T 2"], weights: Tensor
    ) -> FilterProblem:
        """Least squares with a Gaussian label and, in the background, a leaky hinge (SuperDiMP-simple's)."""
        height, width = features.shape[-2:]
        sigma = torch.full_like(positions, self.config.label_sigma)
        label = gaussian_label((width, height), sigma, positions.float())
        mask = ((label > BACKGROUND_BELOW) + LEAK).clamp(max=1)
        weight = weights.float().sqrt()[..., None, None].expand_as(label)
        loss = WeightedSquares(weight, mask * label, LeakyReLU(mask))
        return FilterProblem(features, loss, features.new_tensor([self.config.reg]))
