"""What every filter optimiser of the family is given, and gives."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from saccade.nets.filter_learning import FilterProblem
from saccade.nets.resnet import STRIDES
from saccade.ops.filters import score_size
from saccade.solvers.steepest_descent import SteepestDescent


@dataclass(frozen=True, slots=True)
class TrainingSamples:
    """What a filter is learnt from: T samples of each target.

    Attributes:
        features: of the classifier.
        boxes: (x, y, w, h) of the target in each sample, in crop pixels.
        weights: how much each sample counts, with sum 1; slots of weight 0 take no part.
        label_sigma: standard deviation of the target's label in cells, for the optimisers whose label
            depends on the target's size and is not learned.
    """

    features: Float[Tensor, "N T C h w"]
    boxes: Float[Tensor, "N T 4"]
    weights: Float[Tensor, "N T"]
    label_sigma: Float[Tensor, " N"]

    def score_size(self, kernel: int) -> tuple[int, int]:
        """Rows and columns of the score maps with a filter of `kernel` x `kernel` taps."""
        return score_size(self.features.shape[-2:], (kernel, kernel))

    def score_centres(self, kernel: int) -> Float[Tensor, "N T 2"]:
        """Where the target's centre (x, y) lies on the score maps, in cells.

        A cell of an even filter's map lies between two cells of the features.
        """
        centres = self.boxes[..., :2] + 0.5 * self.boxes[..., 2:]
        return centres / STRIDES["layer3"] - kernel % 2 / 2


class FilterOptimizer(nn.Module, ABC):
    """Learns filters from samples by steepest descent on a loss that may itself be learned offline."""

    @abstractmethod
    def problem(self, samples: TrainingSamples, kernel: int) -> FilterProblem:
        """What filters of `kernel` x `kernel` taps should do with the samples."""

    @abstractmethod
    def solver(self) -> SteepestDescent:
        """How they are found."""

    def forward(
        self, filters: Float[Tensor, "N C k k"], samples: TrainingSamples, *, steps: int
    ) -> Float[Tensor, "N C k k"]:
        """Improve filters by some steps."""
        improved: Tensor = self.solver().solve(self.problem(samples, filters.shape[-1]), filters, steps=steps)
        return improved

    def iterates(
        self, filters: Float[Tensor, "N C k k"], samples: TrainingSamples, *, steps: int
    ) -> list[Tensor]:
        """The filters given, and those after each of some steps: a loss of each trains the optimiser."""
        states = self.solver().iterates(self.problem(samples, filters.shape[-1]), filters, steps=steps)
        return [state.x for state in states]
