"""The small tracker: look, describe, localise, measure the scale, remember, improve the filters."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Complex, Float, Integer, UInt8
from torch import Tensor

from saccade.core import Frame, Stopwatch
from saccade.online.insight import Insight, insights
from saccade.online.relocation import middle, reshaped
from saccade.online.run import LOST, TRACKED, UNCERTAIN, Estimate
from saccade.online.scale_filter import measure_scale, scale_model, scale_spectrum
from saccade.online.search_region import keep_inside
from saccade.online.state import TargetState
from saccade.online.threads import map_in_threads, row_slices
from saccade.ops.constants import constant, literal
from saccade.ops.crops import CropView
from saccade.ops.peaks import highest_inside, peak2d
from saccade.ops.warps import warp_crops
from saccade.trackers.nano.appearance import Cues, balanced, cues
from saccade.trackers.nano.config import NanoConfig
from saccade.trackers.nano.model import FilterModel, FilterState
from saccade.trackers.nano.network import STRIDE, NanoNet

FINE_STRIDE = 4
"""crop pixels in a cell of the fine features"""
FINE_SHARES = (1.0, 0.5, 0.25)
"""root of the energies of gradients, colours and brightness in a cell of the fine features"""
SMALLEST = 2.0
"""side in frame pixels below which a target is not made smaller: nothing would be left to measure"""
FASTEST = 1.1
"""factor on the target's size that one frame may bring, up or down"""


@dataclass(slots=True)
class NanoState(TargetState):
    """What is remembered of N targets."""

    centre: Float[Tensor, "N 2"]
    """(x, y) in frame pixels"""
    size: Float[Tensor, "N 2"]
    """(width, height) in frame pixels"""
    age: Integer[Tensor, " N"]
    """frames since the first"""
    coarse: FilterState
    """on learned and hand-crafted features"""
    fine: FilterState
    """on hand-crafted features alone, in smaller cells"""
    scale_numerator: Complex[Tensor, "N f D"]
    """numerator of the scale filter"""
    scale_denominator: Float[Tensor, "N f"]
    """denominator of the scale filter"""


@dataclass(frozen=True, slots=True)
class Seen:
    """The search regions of N targets.

    Attributes:
        view: where they lie in the frame.
        factor: their scale, over that of the target's last size.
        crops: their pixels.
        gray: brightness, 0-255.
        cues: what is in each cell of 4 pixels.
        fine: features of 4 pixels a cell.
    """

    view: CropView
    factor: Float[Tensor, " N"]
    crops: UInt8[Tensor, "N S S 3"]
    gray: Float[Tensor, "N S S"]
    cues: Cues
    fine: Float[Tensor, "N f H W"]

    def __getitem__(self, rows: Integer[Tensor, " M"]) -> "Seen":
        """Those of some targets."""
        gradients, colors, brightness = self.cues
        return Seen(
            self.view[rows],
            self.factor[rows],
            self.crops[rows],
            self.gray[rows],
            (gradients[rows], colors[rows], brightness[rows]),
            self.fine[rows],
        )


class NanoTracker:
    """DiMP's target model at two strides, and DSST's scale filter; see the README beside this file."""

    State = NanoState
    device = torch.device("cpu")

    def __init__(self, config: NanoConfig, network: NanoNet) -> None:
        """Takes a network that is ready for inference."""
        self.config = config
        self.network = network
        self.coarse = FilterModel(config.coarse, config.memory, STRIDE)
        self.fine = FilterModel(config.fine, config.memory, FINE_STRIDE)

    def cohort(self, frame: Frame, box: Any) -> None:
        """All targets share one state: every search region has the same number of cells."""

    def begin(
        self,
        frame: Frame,
        boxes: Float[Tensor, "N 4"],
        generators: Sequence[torch.Generator],
        stopwatch: Stopwatch,
    ) -> NanoState:
        """Learns N targets, (x, y, w, h) in frame pixels, from their first frame."""
        with stopwatch.stage("first frame"):
            targets = list(zip(boxes, generators, strict=True))
            return NanoState.cat(map_in_threads(lambda target: self._begin(frame, *target), targets))

    def _begin(self, frame: Frame, box: Float[Tensor, "4"], generator: torch.Generator) -> NanoState:
        config, side = self.config, self.config.search.side
        size = box[None, 2:]
        centre = box[None, :2] + (size - 1) / 2
        patch_wh = config.augmentation.patch_size((side, side))
        patch = warp_crops(frame.image, self._view(centre, size, patch_wh))
        transforms = config.augmentation.transforms((side, side), generator)
        pixels = torch.from_numpy(patch)[0].permute(2, 0, 1).float()
        pictures = torch.stack([transform(pixels, (side, side)) for transform in transforms])
        crops = pictures.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous()
        # a target stays in the middle, however its picture is turned or mirrored
        positions = torch.tensor([transform.shift for transform in transforms], dtype=torch.float32)
        found, steps = cues(crops), config.learning.first_steps
        stack = self._scales(_gray(crops[:1]), self._view(centre, size), centre, size)
        return NanoState(
            centre,
            size.clone(),
            torch.zeros(1, dtype=torch.long),
            self.coarse.learn(self.network.features(crops, found), positions, steps=steps),
            self.fine.learn(_fine_features(found), positions, steps=steps),
            *scale_model(stack, config.scale),
        )

    def track(
        self,
        frame: Frame,
        state: NanoState,
        generators: Sequence[torch.Generator],
        stopwatch: Stopwatch,
    ) -> Estimate:
        """Finds N targets in the next frame and updates their state in place."""
        targets = [(state[rows], Stopwatch()) for rows in row_slices(len(state), 1)]
        found = map_in_threads(lambda target: self._track(frame, *target), targets)
        stopwatch.add_slowest([watch for _, watch in targets])
        columns = zip(*((part.boxes, part.scores, part.status) for part in found), strict=True)
        return Estimate(*(torch.cat(column) for column in columns))

    def _track(self, frame: Frame, state: NanoState, stopwatch: Stopwatch) -> Estimate:
        with stopwatch.stage("look"):
            seen, fine_scores = self._look(frame, state)
        with stopwatch.stage("features"):
            coarse = self.network.features(seen.crops, seen.cues)
        with stopwatch.stage("localise"):
            centre, score = self._localise(seen.view, coarse, fine_scores, state)
            centre = keep_inside(centre, state.size, frame.size_wh)
        is_seen = score >= self.config.confidence.lost_below
        with stopwatch.stage("scale"):
            size = self._measure_size(seen, centre, state, frame.size_wh)
        state.centre.copy_(torch.where(is_seen[:, None], centre, state.centre))
        state.size.copy_(torch.where(is_seen[:, None], size, state.size))
        with stopwatch.stage("learn"):
            known = (score >= self.config.confidence.uncertain_below).nonzero()[:, 0]
            self._learn(seen[known], coarse[known], known, state)
        boxes = torch.cat([state.centre - (state.size - 1) / 2, state.size], dim=1)
        return Estimate(boxes, score.double(), self._status(score))

    def inspect(self, frame: Frame, state: NanoState) -> list[Insight]:
        """The scores of both filters; loss and memory are those of the coarse one. See `Inspectable`."""
        seen, fine_scores = self._look(frame, state)
        coarse = self.network.features(seen.crops, seen.cues)
        scores = self._scores(coarse[:, None], fine_scores[:, None], state)[:, 0]
        return insights(seen.view, scores, self.coarse.loss(state.coarse), state.coarse.samples.weights)

    @property
    def recognised_from(self) -> float:
        """The score from which on it learns; see `Recognising`."""
        return self.config.confidence.uncertain_below

    def appearance(self, frame: Frame, state: NanoState, boxes: Float[Tensor, "K 4"]) -> Float[Tensor, "N K"]:
        """The scores of both filters; see `Recognising`."""
        centre, size = middle(boxes)
        view = self._view(centre, size)
        crops = torch.from_numpy(warp_crops(frame.image, view))
        found = cues(crops)
        coarse, fine = self.network.features(crops, found), _fine_features(found)
        everyone = len(state)
        fine_scores = self.fine.score(fine.expand(everyone, *fine.shape), state.fine)
        scores = self._scores(coarse.expand(everyone, *coarse.shape), fine_scores, state)
        at = torch.full_like(centre, (scores.shape[-1] - 1) / 2)
        return highest_inside(scores, at, size / view.scale[:, None] / FINE_STRIDE)

    def relocate(self, frame: Frame, state: NanoState, boxes: Float[Tensor, "N 4"]) -> None:
        """The target keeps its shape; see `Recognising`."""
        state.centre[:], state.size[:] = reshaped(boxes, state.size)

    def _view(self, centre: Tensor, size: Tensor, size_wh: tuple[int, int] | None = None) -> CropView:
        search = self.config.search
        scale = search.area * size.prod(1).sqrt() / search.side
        return CropView(centre, scale, size_wh or (search.side, search.side))

    def _look(self, frame: Frame, state: NanoState) -> tuple[Seen, Float[Tensor, "N H W"]]:
        """The search regions at the scale that the fine filters prefer, and the scores of these."""
        search, count = self.config.search, len(state)
        factors = _scales_in_turn(state.age, search.scale_step)
        tried = (state.size[:, None] * factors[..., None]).flatten(0, 1)
        view = self._view(state.centre.repeat_interleave(factors.shape[1], dim=0), tried)
        crops = torch.from_numpy(warp_crops(frame.image, view))
        found = cues(crops)
        seen = Seen(view, factors.flatten(), crops, _gray(crops), found, _fine_features(found))
        scores = self.fine.score(seen.fine.unflatten(0, (count, -1)), state.fine)
        peaks = (scores * _inertia(scores.shape[-1], search.inertia)).flatten(2).amax(2)
        others_lower = literal((1.0,) + (search.scale_penalty,) * (factors.shape[1] - 1), peaks)
        best, each = (peaks * others_lower).argmax(1), torch.arange(count)
        return seen[each * factors.shape[1] + best], scores[each, best]

    def _localise(
        self,
        view: CropView,
        features: Float[Tensor, "N c h w"],
        fine_scores: Float[Tensor, "N H W"],
        state: NanoState,
    ) -> tuple[Float[Tensor, "N 2"], Float[Tensor, " N"]]:
        """Where in the frame the targets are, and the score there."""
        scores = self._scores(features[:, None], fine_scores[:, None], state)[:, 0]
        displacement = peak2d(scores).double() - (fine_scores.shape[-1] - 1) / 2
        return view.centre + FINE_STRIDE * displacement * view.scale[:, None], scores.flatten(1).amax(1)

    def _scores(
        self, features: Float[Tensor, "N S c h w"], fine_scores: Float[Tensor, "N S H W"], state: NanoState
    ) -> Float[Tensor, "N S H W"]:
        """What both filters say of each cell of the fine features of S regions."""
        cells = fine_scores.shape[-1]
        coarse = self.coarse.score(features, state.coarse)
        coarse = F.interpolate(coarse, (cells, cells), mode="bicubic", align_corners=False)
        scores = torch.lerp(fine_scores, coarse, self.config.coarse_share)
        return scores * _inertia(cells, self.config.search.inertia)

    def _scales(self, gray: Tensor, view: CropView, centre: Tensor, size: Tensor) -> Complex[Tensor, "N f D"]:
        return scale_spectrum(gray, view.to_crop(centre), size / view.scale[:, None], self.config.scale)

    def _measure_size(
        self, seen: Seen, centre: Tensor, state: NanoState, frame_wh: tuple[int, int]
    ) -> Float[Tensor, "N 2"]:
        searched = state.size * seen.factor[:, None]
        stack = self._scales(seen.gray, seen.view, centre, searched)
        measured = measure_scale(stack, state.scale_numerator, state.scale_denominator, self.config.scale)
        measured = measured.clamp(1 / FASTEST, FASTEST) ** self.config.scale_share
        size = searched * measured[:, None]
        is_larger = size[:, 0] > state.size[:, 0]
        too_large = is_larger & (size > 2 * size.new_tensor(frame_wh)).any(1)
        too_small = ~is_larger & (size.amin(1) < SMALLEST)
        return torch.where((too_large | too_small)[:, None], state.size, size)

    def _learn(
        self,
        seen: Seen,
        coarse: Float[Tensor, "M c h w"],
        rows: Integer[Tensor, " M"],
        state: NanoState,
    ) -> None:
        """Remembers what was seen of some targets, and improves the filters of those whose turn it is."""
        state.age += 1
        if not len(rows):
            return
        centre, view = state.centre[rows], seen.view
        positions = ((centre - view.centre) / view.scale[:, None]).float()
        self.coarse.remember(coarse, positions, state.coarse, rows)
        self.fine.remember(seen.fine, positions, state.fine, rows)
        rate = self.config.scale.rate
        stack = self._scales(seen.gray, view, centre, state.size[rows])
        numerator, denominator = scale_model(stack, self.config.scale)
        state.scale_numerator[rows] = state.scale_numerator[rows].lerp(numerator, rate)
        state.scale_denominator[rows] = state.scale_denominator[rows].lerp(denominator, rate)
        learning = self.config.learning
        due = rows[state.age[rows] % learning.interval == 0]
        self.coarse.improve(state.coarse, due, steps=learning.steps)
        self.fine.improve(state.fine, due, steps=learning.steps)

    def _status(self, score: Float[Tensor, " N"]) -> Integer[Tensor, " N"]:
        limits = self.config.confidence
        doubted = torch.where(score < limits.uncertain_below, UNCERTAIN, TRACKED)
        return torch.where(score < limits.lost_below, LOST, doubted).to(torch.int8)


def _fine_features(found: Cues) -> Float[Tensor, "B f H W"]:
    """The hand-crafted features alone, of 4 pixels a cell."""
    return torch.cat([cue * share for cue, share in zip(balanced(found), FINE_SHARES, strict=True)], dim=1)


def _gray(crops: UInt8[Tensor, "N S S 3"]) -> Float[Tensor, "N S S"]:
    gray = np.stack([cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY) for crop in crops.numpy()])
    return torch.from_numpy(gray).float()


def _scales_in_turn(age: Integer[Tensor, " N"], step: float) -> Float[Tensor, "N S"]:
    """The scales that are looked at, over the last one: itself, and a smaller or a larger one."""
    if step == 1:
        return torch.ones(len(age), 1, dtype=torch.float64)
    other = torch.where(age % 2 == 0, step, 1 / step).double()
    return torch.stack([torch.ones_like(other), other], dim=1)


@constant
def _inertia(cells: int, share: float) -> Float[Tensor, "n n"]:
    """Factors on the scores that fall by `share` from no displacement to the border of the region."""
    offset = (torch.arange(cells) - (cells - 1) / 2) / cells
    bell = 0.5 * (1 + torch.cos(2 * math.pi * offset))
    return 1 - share * (1 - torch.outer(bell, bell))
