"""ECO with deep features: efficient convolution operators for tracking (Danelljan et al., CVPR 2017)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Integer
from torch import Tensor

from saccade.core.frame import Frame
from saccade.core.timing import Stopwatch
from saccade.nets.vggm import ResNet18VGGM
from saccade.online.insight import Insight, insights
from saccade.online.memory import SampleWeights, add_sample
from saccade.online.run import TRACKED, Estimate
from saccade.ops.crops import CropView, sample_patch
from saccade.ops.fourier import phase_ramp, sample_series, sum_series
from saccade.solvers.conjugate_gradient import CGState, ConjugateGradient, polak_ribiere
from saccade.trackers.eco.deep_begin import learn_target, preconditioner, search_geometry
from saccade.trackers.eco.deep_config import ECO_DEEP, ECODeepConfig
from saccade.trackers.eco.deep_features import block_features, interpolation, to_series
from saccade.trackers.eco.deep_model import FilterProblem, Regularisation, symmetrised
from saccade.trackers.eco.deep_state import Blocks, ECODeepState


@dataclass(frozen=True, slots=True)
class Peak:
    """The best place of each target, over all scales searched.

    Attributes:
        scale_index: which scale.
        displacement: (x, y) from the middle of the search region in crop pixels.
        score: value of the score map there.
    """

    scale_index: Integer[Tensor, " N"]
    displacement: Float[Tensor, "N 2"]
    score: Float[Tensor, " N"]


class ECODeep:
    """Factorised correlation filters on a shallow and a deep layer, learnt in the Fourier domain.

    Args:
        network: made ready by `saccade.nets.inference.for_inference`.
    """

    State = ECODeepState
    device = torch.device("cpu")

    def __init__(self, network: ResNet18VGGM, config: ECODeepConfig = ECO_DEEP) -> None:
        self.network = network
        self.config = config
        half = config.num_scales // 2
        self._scale_factors = torch.tensor([config.scale_step**k for k in range(-half, half + 1)])

    def cohort(self, frame: Frame, box: Float[np.ndarray, "4"]) -> int:
        """Side of the search region in crop pixels, which all tensor shapes follow from."""
        return search_geometry(torch.from_numpy(box[2:]).float(), self.config)[2]

    def begin(
        self,
        frame: Frame,
        boxes: Float[Tensor, "N 4"],
        generators: Sequence[torch.Generator],
        stopwatch: Stopwatch,
    ) -> ECODeepState:
        """Learn targets from their first frame, one after the other: each fills the processor's cache."""
        return ECODeepState.cat(
            [
                learn_target(self.network, self.config, frame, box, generator, stopwatch)
                for box, generator in zip(boxes.float(), generators, strict=True)
            ]
        )

    def track(
        self, frame: Frame, state: ECODeepState, generators: Sequence[torch.Generator], stopwatch: Stopwatch
    ) -> Estimate:
        """Find targets in the next frame, and learn from what was found."""
        views = self._search_regions(state)
        with stopwatch.stage("features"):
            samples = self._samples(frame, state, views)
        with stopwatch.stage("localise"):
            peak = self._localise(state, samples)
            moved = self._move(frame, state, views, peak)
        with stopwatch.stage("learn"):
            self._remember(state, samples, peak.scale_index, moved)
            state.age += 1
            is_due = state.age % self.config.update_interval == 0
            if is_due.any():
                self._improve(state, is_due)
        size = state.base * state.scale[:, None]
        boxes = torch.cat([state.centre - (size - 1) / 2, size], dim=1)
        return Estimate(boxes, peak.score, torch.full_like(state.age, TRACKED, dtype=torch.int8))

    def inspect(self, frame: Frame, state: ECODeepState) -> list[Insight]:
        """The scores at the best scale; the loss is the share of their equation that the filters leave.

        The memory is that of the first block. See `Inspectable`.
        """
        views, rows = self._search_regions(state), torch.arange(len(state))
        scores = self._scores(state, self._samples(frame, state, views))
        best = scores.flatten(2).amax(dim=2).argmax(dim=1)
        half = scores.shape[-1] // 2
        rest, right = torch.zeros_like(state.scale), torch.zeros_like(state.scale)
        for b in range(len(self.config.blocks)):
            problem = self._problem(state, b, slice(None), state.energies[b])
            left = (problem.right - problem.apply((state.filters[b],))[0],)
            rest += problem.inner(left, left)
            right += problem.inner((problem.right,), (problem.right,))
        memory = SampleWeights(state.weights[0], state.newest[0], state.stored, state.initial)
        # the middle of the crop is at pixel 0
        maps = scores[rows, best].roll((half, half), dims=(1, 2))
        return insights(views[rows, best], maps, (rest / right).sqrt(), memory)

    def _side(self, state: ECODeepState) -> int:
        """Side of the search region in crop pixels: the coarsest map has as many cells as its label."""
        return state.labels[-1].shape[1] * self.config.blocks[-1].stride

    def _search_regions(self, state: ECODeepState) -> CropView:
        """The crops around each target at each scale, (N, S)."""
        scales = state.scale[:, None] * self._scale_factors.to(state.scale)
        centres = state.centre.round()[:, None].expand(-1, scales.shape[1], -1)
        return CropView(centres, scales, (self._side(state), self._side(state)))

    def _samples(self, frame: Frame, state: ECODeepState, views: CropView) -> Blocks:
        """The compressed samples (N, S, t, k, D) of the search regions, block by block."""
        targets, scales = views.scale.shape
        sizes = (views.scale * views.size_wh[0]).flatten()[:, None].expand(-1, 2)
        # cut at the true centre, which the crop truncates, although the view books the rounded one
        centres = state.centre.repeat_interleave(scales, dim=0)
        pictures, _ = sample_patch(frame.image, centres, sizes, views.size_wh)
        features = block_features(self.network, pictures, self.config.blocks)
        samples = []
        for maps, projection in zip(features, state.projections, strict=True):
            compressed = maps.unflatten(0, (targets, scales)) @ projection[:, None, None]
            kernel = interpolation(maps.shape[1], self.config.interpolation_slope, maps)
            samples.append(to_series(compressed, kernel).movedim(2, -1))
        return tuple(samples)

    def _localise(self, state: ECODeepState, samples: Blocks) -> Peak:
        """Score all places at all scales, and take the best."""
        side = self._side(state)
        score, place = self._scores(state, samples).flatten(1).max(dim=1)
        index = torch.stack([place % side, place // side % side], dim=1)
        # the middle of the crop is at pixel 0; the second half of an axis is what lies left of or above it
        displacement = (index + side / 2) % side - side / 2
        return Peak(place // side**2, displacement.to(score), score)

    def _scores(self, state: ECODeepState, samples: Blocks) -> Float[Tensor, "N S side side"]:
        """The scores of all places at all scales."""
        series = sum_series(
            [
                block.score_weight * (filters[:, None] * sample).sum(dim=-1)
                for block, filters, sample in zip(self.config.blocks, state.filters, samples, strict=True)
            ]
        )
        side = self._side(state)
        return sample_series(series, (side, side))

    def _move(self, frame: Frame, state: ECODeepState, views: CropView, peak: Peak) -> Float[Tensor, "N 2"]:
        """Put each target where its peak is, and return how far off its crop's middle, in crop pixels."""
        config = self.config
        rows = torch.arange(len(state), device=state.centre.device)
        scale, middle = views.scale[rows, peak.scale_index], views.centre[:, 0]
        frame_wh = state.base.new_tensor(frame.size_wh)
        smallest = (config.smallest_target / state.base).amax(dim=1)
        largest = (frame_wh / state.base).amin(dim=1)
        state.scale = torch.minimum(torch.maximum(scale, smallest), largest)
        beyond = (config.inside_share - 0.5) * state.base * state.scale[:, None]
        centre = middle + peak.displacement * scale[:, None]
        state.centre = torch.maximum(torch.minimum(centre, frame_wh - beyond), beyond)
        return (state.centre - middle) / scale[:, None]

    def _remember(
        self,
        state: ECODeepState,
        samples: Blocks,
        scale_index: Integer[Tensor, " N"],
        moved: Float[Tensor, "N 2"],
    ) -> None:
        """Store the sample of the best scale, centred on the target."""
        rows = torch.arange(len(state), device=moved.device)
        weights, newest = [], []
        for b, block in enumerate(self.config.blocks):
            found = samples[b][rows, scale_index]
            ramp = phase_ramp((found.shape[1], found.shape[2]), 2 * math.pi / self._side(state) * moved)
            centred = found * ramp[..., None]
            memory = SampleWeights(state.weights[b], state.newest[b], state.stored, state.initial)
            memory, slot = add_sample(memory, torch.full_like(state.scale, block.learning_rate))
            state.samples[b][rows, :, slot] = centred.flatten(1, 2)
            weights.append(memory.weights)
            newest.append(memory.previous)
        state.weights, state.newest, state.stored = tuple(weights), tuple(newest), state.stored + 1

    def _improve(self, state: ECODeepState, is_due: Bool[Tensor, " N"]) -> None:
        """Go on with conjugate gradients on the filters of the targets that are due."""
        config = self.config
        rows = slice(None) if is_due.all() else is_due
        forgetting = (1 - max(block.learning_rate for block in config.blocks)) ** config.forgetting_frames
        solver = ConjugateGradient(polak_ribiere, forgetting)
        targets = torch.arange(int(is_due.sum()), device=is_due.device)
        for b, block in enumerate(config.blocks):
            samples, energy = state.samples[b][rows], state.energies[b][rows]
            newest = samples[targets, :, state.newest[b][rows]].reshape(energy.shape)
            energy = energy.lerp(newest.abs().square(), block.learning_rate)
            problem = self._problem(state, b, rows, energy)
            kept = CGState((state.directions[b][rows],), state.rhos[b][rows], (state.residuals[b][rows],))
            (filters,), kept = solver.solve(
                problem, (problem.right,), (state.filters[b][rows],), steps=config.update_steps, kept=kept
            )
            state.filters[b][rows] = symmetrised(filters)
            state.energies[b][rows] = energy
            state.directions[b][rows], state.rhos[b][rows] = kept.direction[0], kept.rho
            state.residuals[b][rows] = kept.previous[0]

    def _problem(
        self, state: ECODeepState, b: int, rows: Bool[Tensor, " N"] | slice, energy: Tensor
    ) -> FilterProblem:
        """The equation of a block's filters, on what is remembered of some targets."""
        regularisation = Regularisation(state.reg_squared[b][rows], state.reg_energy[b][rows])
        diagonal = preconditioner(energy, regularisation, self.config)
        samples, weights = state.samples[b][rows], state.weights[b][rows]
        return FilterProblem.of_samples(samples, weights, state.labels[b][rows], regularisation, diagonal)
