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
from saccade.online.run import LOST, TRACKED, UNCERTAIN, Estimate
from saccade.online.scale_filter import measure_scale, scale_model, scale_spectrum
from saccade.online.search_region import keep_inside
from saccade.online.state import TargetState
from saccade.ops.constants import constant, literal
from saccade.ops.crops import CropView
from saccade.ops.peaks import peak2d
from saccade.ops.warps import warp_crops
from saccade.trackers.nano.appearance import balanced, cues
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
        gray: brightness, 0-255.
        coarse: features of 8 pixels a cell.
        fine: features of 4 pixels a cell.
    """

    view: CropView
    factor: Float[Tensor, " N"]
    gray: Float[Tensor, "N S S"]
    coarse: Float[Tensor, "N c h w"]
    fine: Float[Tensor, "N f H W"]

    def __getitem__(self, rows: Integer[Tensor, " M"]) -> "Seen":
        """Those of some targets."""
        return Seen(self.view[rows], self.factor[rows], self.gray[rows], self.coarse[rows], self.fine[rows])


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
        """All targets share one batch: every search region has the same number of cells."""

    def begin(
        self,
        frame: Frame,
        boxes: Float[Tensor, "N 4"],
        generators: Sequence[torch.Generator],
        stopwatch: Stopwatch,
    ) -> NanoState:
        """Learns N targets, (x, y, w, h) in frame pixels, from their first frame, one after the other."""
        with stopwatch.stage("first frame"):
            return NanoState.cat(
                [self._begin(frame, box, each) for box, each in zip(boxes, generators, strict=True)]
            )

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
        coarse, fine = self._features(crops)
        gray = _gray(crops[:1].numpy())
        steps = config.learning.first_steps
        return NanoState(
            centre,
            size.clone(),
            torch.zeros(1, dtype=torch.long),
            self.coarse.learn(coarse, positions, steps=steps),
            self.fine.learn(fine, positions, steps=steps),
            *scale_model(self._scales(gray, self._view(centre, size), centre, size), config.scale),
        )

    def track(
        self,
        frame: Frame,
        state: NanoState,
        generators: Sequence[torch.Generator],
        stopwatch: Stopwatch,
    ) -> Estimate:
        """Finds N targets in the next frame and updates their state in place."""
        factors = _scales_in_turn(state.age, self.config.search.scale_step)
        with stopwatch.stage("crop"):
            tried = (state.size[:, None] * factors[..., None]).flatten(0, 1)
            view = self._view(state.centre.repeat_interleave(factors.shape[1], dim=0), tried)
            crops = warp_crops(frame.image, view)
        with stopwatch.stage("features"):
            seen = Seen(view, factors.flatten(), _gray(crops), *self._features(torch.from_numpy(crops)))
        with stopwatch.stage("localise"):
            seen, centre, score = self._localise(seen, state)
            centre = keep_inside(centre, state.size, frame.size_wh)
        is_seen = score >= self.config.confidence.lost_below
        with stopwatch.stage("scale"):
            size = self._measure_size(seen, centre, state, frame.size_wh)
        state.centre = torch.where(is_seen[:, None], centre, state.centre)
        state.size = torch.where(is_seen[:, None], size, state.size)
        with stopwatch.stage("learn"):
            self._learn(seen, (score >= self.config.confidence.uncertain_below).nonzero()[:, 0], state)
        boxes = torch.cat([state.centre - (state.size - 1) / 2, state.size], dim=1)
        return Estimate(boxes, score.double(), self._status(score))

    def _view(self, centre: Tensor, size: Tensor, size_wh: tuple[int, int] | None = None) -> CropView:
        search = self.config.search
        scale = search.area * size.prod(1).sqrt() / search.side
        return CropView(centre, scale, size_wh or (search.side, search.side))

    def _features(
        self, crops: UInt8[Tensor, "B S S 3"]
    ) -> tuple[Float[Tensor, "B c h w"], Float[Tensor, "B f H W"]]:
        """Coarse and fine features."""
        found = cues(crops)
        parts = zip(balanced(found), FINE_SHARES, strict=True)
        fine = torch.cat([cue * share for cue, share in parts], dim=1)
        return self.network.features(crops, found), fine

    def _localise(
        self, seen: Seen, state: NanoState
    ) -> tuple[Seen, Float[Tensor, "N 2"], Float[Tensor, " N"]]:
        """The regions at the best scale, where in the frame their targets are, and the score there."""
        search, count = self.config.search, len(state)
        coarse = self.coarse.score(seen.coarse.unflatten(0, (count, -1)), state.coarse)
        fine = self.fine.score(seen.fine.unflatten(0, (count, -1)), state.fine)
        coarse = F.interpolate(coarse, fine.shape[-2:], mode="bicubic", align_corners=False)
        cells, scales = fine.shape[-1], fine.shape[1]
        scores = torch.lerp(fine, coarse, self.config.coarse_share) * _inertia(cells, search.inertia)
        peaks = scores.flatten(2).amax(2)
        others_lower = literal((1.0,) + (search.scale_penalty,) * (scales - 1), peaks)
        best = (peaks * others_lower).argmax(1)
        each = torch.arange(count)
        seen = seen[each * scales + best]
        displacement = peak2d(scores[each, best]).double() - (cells - 1) / 2
        moved = seen.view.centre + FINE_STRIDE * displacement * seen.view.scale[:, None]
        return seen, moved, peaks[each, best]

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

    def _learn(self, seen: Seen, rows: Integer[Tensor, " M"], state: NanoState) -> None:
        """Remembers what was seen of some targets, and improves the filters of those whose turn it is."""
        state.age += 1
        if not len(rows):
            return
        centre, view = state.centre[rows], seen.view[rows]
        positions = ((centre - view.centre) / view.scale[:, None]).float()
        self.coarse.remember(seen.coarse[rows], positions, state.coarse, rows)
        self.fine.remember(seen.fine[rows], positions, state.fine, rows)
        rate = self.config.scale.rate
        stack = self._scales(seen.gray[rows], view, centre, state.size[rows])
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


def _gray(crops: UInt8[np.ndarray, "N S S 3"]) -> Float[Tensor, "N S S"]:
    gray = np.stack([cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY) for crop in crops])
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
