"""DiMP's target model: a filter that a learned optimiser keeps up to date, and what it learns from."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Integer
from torch import Tensor

from saccade.nets.dimp import TargetClassifier, TrainingSamples
from saccade.online.localization import ScoreMaps
from saccade.online.memory import SampleMemory, Samples, SampleWeights, first_free_slot
from saccade.online.state import TargetState
from saccade.online.target_model import STRIDE
from saccade.ops.activations import softmax2d
from saccade.ops.constants import constant
from saccade.ops.windows import hann2d

LABEL_SIGMA = 1 / 4
"""standard deviation of a label / square root of the target's area, for optimisers whose label follows it"""


@dataclass(slots=True)
class DiMPModelState(TargetState):
    """What DiMP's target model has learned of N targets."""

    filter: Float[Tensor, "N C k k"]
    """scores the target"""
    samples: Samples
    """the classifier's features, and the target's boxes (x, y, w, h) in crop pixels"""
    label_sigma: Float[Tensor, " N"]
    """standard deviation of labels in cells"""


@dataclass(frozen=True, slots=True)
class DiMPTargetModel:
    """The target classifier of DiMP and its kin, as a `TargetModel`."""

    classifier: TargetClassifier
    memory: SampleMemory
    first_steps: int
    """of the optimiser"""
    has_density: bool = False
    """whether score maps become densities by a softmax"""
    background: float | None = None
    """score of being nowhere on the map, for densities"""

    def offset(self, side: int) -> float:
        """Half a cell where features and filter are not both even or both odd; see `TargetModel`."""
        return STRIDE / 2 * ((side // STRIDE + self.classifier.config.filter_size) % 2)

    def extract(self, layer3: Float[Tensor, "B c h w"]) -> Float[Tensor, "B C h w"]:
        """The classifier's features; see `TargetModel`."""
        return self.classifier.features(layer3)

    def learn(
        self, features: Float[Tensor, "T C h w"], boxes: Float[Tensor, "T 4"], generator: torch.Generator
    ) -> DiMPModelState:
        """A filter pooled from the features, then optimised; see `TargetModel`."""
        samples = Samples.of_first_frame(features, boxes, self.memory.size)
        sigma = boxes[:1, 2:].prod(dim=1).sqrt() / STRIDE * LABEL_SIGMA
        first = self.classifier.initial_filters(features[None], boxes[None])
        state = DiMPModelState(first, samples, sigma)
        self.improve(state, torch.zeros(1, dtype=torch.long), steps=self.first_steps)
        return state

    def score(self, features: Float[Tensor, "N S C h w"], state: DiMPModelState) -> ScoreMaps:
        """The correlation of features and filter; see `TargetModel`."""
        scores = self.classifier.classify(features, state.filter)
        height, width = scores.shape[-2:]
        if self.has_density:
            scores = softmax2d(scores, self.background)
        middle = ((width - 1) / 2, (height - 1) / 2)
        return ScoreMaps(scores, float(STRIDE), middle, _window((height, width), scores.device))

    def remember(
        self,
        features: Float[Tensor, "M C h w"],
        boxes: Float[Tensor, "M 4"],
        learning_rates: Float[Tensor, " M"],
        state: DiMPModelState,
        rows: Integer[Tensor, " M"],
    ) -> None:
        """Free slots first, then that of the least weight; see `TargetModel`."""
        minimum = self.memory.initial_minimum
        state.samples.add(
            rows, features, boxes, learning_rates, slot_rule=first_free_slot, initial_minimum=minimum
        )

    def sample_weights(self, state: DiMPModelState) -> SampleWeights:
        """See `TargetModel`."""
        return state.samples.weights

    def loss(self, state: DiMPModelState) -> Float[Tensor, " N"]:
        """The filter optimiser's own; see `TargetModel`."""
        losses = torch.zeros_like(state.label_sigma)
        for some, samples in self._stored(state, torch.arange(len(state))):
            losses[some] = self.classifier.loss(state.filter[some], samples)
        return losses

    def improve(self, state: DiMPModelState, rows: Integer[Tensor, " M"], *, steps: int) -> None:
        """Steps of the learned optimiser; see `TargetModel`."""
        for some, samples in self._stored(state, rows):
            state.filter[some] = self.classifier.optimize(state.filter[some], samples, steps=steps)

    def _stored(
        self, state: DiMPModelState, rows: Integer[Tensor, " M"]
    ) -> Iterator[tuple[Tensor | slice, TrainingSamples]]:
        """Some targets in parts, and what they remember."""
        for some, features, boxes, weights in state.samples.stored(rows):
            yield some, TrainingSamples(features, boxes, weights, state.label_sigma[some])


@constant
def _window(size_hw: tuple[int, int], device: torch.device) -> Float[Tensor, "h w"]:
    return hann2d(size_hw).to(device)
