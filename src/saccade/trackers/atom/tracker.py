"""ATOM's target model: a filter on compressed features, and what it learns from."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Integer
from torch import Tensor

from saccade.nets.inference import for_inference
from saccade.online.discriminative import DiscriminativeTracker
from saccade.online.discriminative_state import DiscriminativeState
from saccade.online.localization import ScoreMaps
from saccade.online.memory import SampleMemory, Samples, SampleWeights, smallest_weight_slot
from saccade.online.state import TargetState
from saccade.online.target_model import STRIDE
from saccade.ops.activations import CELU
from saccade.ops.constants import constant, literal
from saccade.ops.fourier import interpolation_matrix
from saccade.ops.labels import gaussian_label
from saccade.ops.windows import hann2d
from saccade.solvers.conjugate_gradient import ConjugateGradient, fletcher_reeves, polak_ribiere
from saccade.solvers.gauss_newton import GaussNewton
from saccade.trackers.atom.config import ATOMConfig, FilterLearning
from saccade.trackers.atom.least_squares import (
    CompressedFilterProblem,
    JointProblem,
    ScoreFit,
    compress,
    correlate_same,
    uncompressed,
)
from saccade.trackers.atom.network import ATOMNet

_ON_THE_FIRST_FRAME = GaussNewton(ConjugateGradient(fletcher_reeves))
_LATER = GaussNewton(ConjugateGradient(polak_ribiere))


@dataclass(slots=True)
class ATOMModelState(TargetState):
    """What ATOM's target model has learned of N targets."""

    filter: Float[Tensor, "N D k k"]
    """scores the target"""
    projection: Float[Tensor, "N D C"]
    """compresses features; learnt on the first frame"""
    samples: Samples
    """compressed features, and the centres (x, y) of labels in cells from the middle of the map"""
    label_sigma: Float[Tensor, " N"]
    """standard deviation of labels in cells"""


@dataclass(slots=True)
class ATOMState(DiscriminativeState):
    """What is remembered of N targets."""

    model: ATOMModelState


@dataclass(frozen=True, slots=True)
class ATOMTargetModel:
    """A filter that scores compressed features, as a `TargetModel` (ATOM, section 3.2)."""

    config: FilterLearning
    memory: SampleMemory
    first_steps: int
    """Gauss-Newton steps on the first frame"""

    def offset(self, side: int) -> float:
        """Nothing: an even filter's half cell is in its labels and scores; see `TargetModel`."""
        return 0.0

    def extract(self, layer3: Float[Tensor, "B C h w"]) -> Float[Tensor, "B C h w"]:
        """The backbone's features, divided by their root mean square; see `TargetModel`."""
        layer3 = layer3.float()
        return layer3 / (layer3.square().mean(dim=(1, 2, 3), keepdim=True) + 1e-10).sqrt()

    def learn(
        self, features: Float[Tensor, "T C h w"], boxes: Float[Tensor, "T 4"], generator: torch.Generator
    ) -> ATOMModelState:
        """A random filter and a random projection, then optimised together; see `TargetModel`."""
        config, (count, raw_channels, height, width) = self.config, features.shape
        projection = torch.empty(1, config.channels, raw_channels)
        projection.normal_(0, raw_channels**-0.5, generator=generator)
        filters = torch.empty(1, config.channels, config.filter_size, config.filter_size)
        # the original's deviation, although it looks like a variance
        filters.normal_(0, 1 / filters.numel(), generator=generator)
        sigma = boxes[:1, 2:].prod(dim=1).sqrt() / STRIDE * config.label_sigma
        centres = self._label_centres(boxes, (width, height))
        fit = self._fit(features[None], centres[None], features.new_full((1, count), 1 / count), sigma)
        solved = _ON_THE_FIRST_FRAME.solve(
            JointProblem(fit, config.filter_reg, config.projection_reg),
            (_precise(filters.to(features)), _precise(projection.to(features))),
            steps=self.first_steps,
            inner_steps=config.inner_steps,
        )
        learnt_filter, learnt_projection = (variable.to(features) for variable in solved)
        compressed = compress(features[None], learnt_projection)[0]
        samples = Samples.of_first_frame(compressed, centres, self.memory.size)
        return ATOMModelState(learnt_filter, learnt_projection, samples, sigma)

    def score(self, features: Float[Tensor, "N S C h w"], state: ATOMModelState) -> ScoreMaps:
        """The correlation of features and filter, interpolated to crop pixels; see `TargetModel`."""
        size_hw, device = (features.shape[-2], features.shape[-1]), features.device
        scores = correlate_same(features, uncompressed(state.filter, state.projection))
        down, across = (_interpolation(cells, self.config.filter_size, device) for cells in size_hw)
        maps = down @ scores @ across.mT
        height, width = maps.shape[-2:]
        middle = (float(width // 2), float(height // 2))
        return ScoreMaps(maps, 1.0, middle, _window((height, width), device))

    def remember(
        self,
        features: Float[Tensor, "M C h w"],
        boxes: Float[Tensor, "M 4"],
        learning_rates: Float[Tensor, " M"],
        state: ATOMModelState,
        rows: Integer[Tensor, " M"],
    ) -> None:
        """In place of the sample that weighs least; see `TargetModel`."""
        compressed = compress(features[:, None], state.projection[rows])[:, 0]
        centres = self._label_centres(boxes, (features.shape[-1], features.shape[-2]))
        minimum = self.memory.initial_minimum
        state.samples.add(
            rows, compressed, centres, learning_rates, slot_rule=smallest_weight_slot, initial_minimum=minimum
        )

    def sample_weights(self, state: ATOMModelState) -> SampleWeights:
        """See `TargetModel`."""
        return state.samples.weights

    def loss(self, state: ATOMModelState) -> Float[Tensor, " N"]:
        """The squared errors of its scores and the filter's own square; see `TargetModel`."""
        losses = torch.zeros_like(state.label_sigma)
        for some, features, centres, weights in state.samples.stored(torch.arange(len(state))):
            fit = self._fit(features, centres, weights, state.label_sigma[some])
            residual, filters = fit.linearise(state.filter[some]).residual, state.filter[some]
            energy = filters.square().flatten(1).sum(dim=1)
            losses[some] = residual.square().flatten(1).sum(dim=1) + self.config.filter_reg * energy
        return losses

    def improve(self, state: ATOMModelState, rows: Integer[Tensor, " M"], *, steps: int) -> None:
        """Conjugate gradient steps from one linearisation; see `TargetModel`."""
        for some, features, centres, weights in state.samples.stored(rows):
            fit = self._fit(features, centres, weights, state.label_sigma[some])
            problem = CompressedFilterProblem(fit, self.config.filter_reg)
            (improved,) = _LATER.step(problem, (_precise(state.filter[some]),), inner_steps=steps)
            state.filter[some] = improved.to(state.filter)

    def _fit(
        self,
        features: Float[Tensor, "M T C h w"],
        label_centres: Float[Tensor, "M T 2"],
        weights: Float[Tensor, "M T"],
        label_sigma: Float[Tensor, " M"],
    ) -> ScoreFit:
        """What the filters of some targets should answer to their samples, compressed or not."""
        height, width = features.shape[-2:]
        sigma = label_sigma[:, None, None].expand_as(label_centres)
        labels = gaussian_label((width, height), sigma, label_centres)
        return ScoreFit(features, labels, weights, CELU(self.config.lowest_score))

    def _label_centres(self, boxes: Float[Tensor, "M 4"], size_wh: tuple[int, int]) -> Float[Tensor, "M 2"]:
        """Where scores should be highest for boxes (x, y, w, h) in crop pixels."""
        from_middle = boxes[:, :2] + (boxes[:, 2:] - literal(size_wh, boxes) * STRIDE) / 2
        return from_middle / STRIDE + (0.5 if self.config.filter_size % 2 == 0 else 0.0)


def _precise(variable: Tensor) -> Tensor:
    """A solver's variable in float64, which Apple's GPUs do not have."""
    return variable if variable.device.type == "mps" else variable.double()


@constant
def _interpolation(cells: int, filter_size: int, device: torch.device) -> Float[Tensor, "points cells"]:
    """One axis of score maps, from cells to crop pixels.

    Scores of an even filter lie between cells: that of the middle of the region is number `cells` / 2.
    """
    middle = (cells - filter_size % 2) / 2
    return interpolation_matrix(cells, cells * STRIDE, middle=middle).to(device)


@constant
def _window(size_hw: tuple[int, int], device: torch.device) -> Float[Tensor, "h w"]:
    window = hann2d(size_hw, centred=False)
    return window.roll((size_hw[0] // 2, size_hw[1] // 2), dims=(0, 1)).to(device)


def make_tracker(
    network: ATOMNet, config: ATOMConfig, *, device: torch.device, precision: str
) -> DiscriminativeTracker:
    """The loop with a network, made ready for inference on a device, and ATOM's target model."""
    ready = for_inference(network, device=device, precision=precision)
    model = ATOMTargetModel(config.target_model, config.memory, config.learning.first_steps)
    is_exact = precision == "float32"
    return DiscriminativeTracker(ATOMState, config, ready, model, device, is_exact)
