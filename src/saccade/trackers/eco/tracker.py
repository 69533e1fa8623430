"""ECO with hand-crafted features: several targets as one batch, on a CPU, in real time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Complex, Float, Integer
from torch import Tensor

from saccade.core import Frame, Stopwatch
from saccade.online.insight import Insight, insights
from saccade.online.relocation import middle, reshaped
from saccade.online.run import LOST, TRACKED, UNCERTAIN, Estimate
from saccade.online.scale_filter import measure_scale, scale_model, scale_spectrum
from saccade.online.search_region import keep_inside
from saccade.online.state import TargetState
from saccade.online.threads import map_in_threads, row_slices
from saccade.ops.constants import constant
from saccade.ops.crops import CropView
from saccade.ops.hog import CELL
from saccade.ops.peaks import highest_inside, peak2d
from saccade.ops.windows import hann2d
from saccade.trackers.eco.appearance import Region, compress, principal_axes
from saccade.trackers.eco.config import ECOConfig
from saccade.trackers.eco.correlation import (
    FilterEquation,
    from_spectrum,
    label,
    penalty,
    recentre,
    solve,
    spectrum,
)
from saccade.trackers.eco.histogram import color_bins, color_scores, count_colors

CHUNK = 4
"""targets that are computed as one batch: more of them leave the processor's cache"""

SMALLEST = 2.0
"""side in frame pixels below which a target is not made smaller: nothing would be left to measure"""


@dataclass(slots=True)
class ECOState(TargetState):
    """What is remembered of N targets."""

    centre: Float[Tensor, "N 2"]
    """(x, y) in frame pixels"""
    size: Float[Tensor, "N 2"]
    """(width, height) in frame pixels"""
    age: Integer[Tensor, " N"]
    """frames since the first"""
    confidence: Float[Tensor, " N"]
    """smoothed maximum of the filter's scores"""
    has_color: Float[Tensor, " N"]
    """1 where the video is in colour, 0 where it is grayscale"""
    hog_basis: Float[Tensor, "N hog 31"]
    """principal axes of HOG in the first frame"""
    color_basis: Float[Tensor, "N col 11"]
    """principal axes of the colour memberships in the first frame"""
    gram: Complex[Tensor, "N C C n m"]
    """weighted sum of all samples' products between channels"""
    cross: Complex[Tensor, "N C n m"]
    """weighted sum of all samples' products with their labels"""
    filter: Complex[Tensor, "N C n m"]
    """spectrum of the correlation filter"""
    foreground: Float[Tensor, "N bins"]
    """colour histogram of the target"""
    background: Float[Tensor, "N bins"]
    """colour histogram of its surroundings"""
    scale_numerator: Complex[Tensor, "N f D"]
    """numerator of the scale filter"""
    scale_denominator: Float[Tensor, "N f"]
    """denominator of the scale filter"""


@dataclass(frozen=True, slots=True)
class ECOTracker:
    """ECO (arXiv 1611.09224) on HOG and colour, with Staple's colour scores and DSST's scale filter."""

    State = ECOState
    device = torch.device("cpu")
    config: ECOConfig

    def cohort(self, frame: Frame, box: Any) -> None:
        """All targets share one batch: every search region has the same number of cells."""

    def begin(
        self,
        frame: Frame,
        boxes: Float[Tensor, "N 4"],
        generators: Sequence[torch.Generator],
        stopwatch: Stopwatch,
    ) -> ECOState:
        """Learns N targets, (x, y, w, h) in frame pixels, from their first frame."""
        with stopwatch.stage("first frame"):
            chunks = [boxes[rows] for rows in row_slices(len(boxes), CHUNK)]
            return ECOState.cat(map_in_threads(lambda chunk: self._begin(frame, chunk), chunks))

    def _begin(self, frame: Frame, boxes: Float[Tensor, "N 4"]) -> ECOState:
        config, size = self.config, boxes[:, 2:]
        centre = boxes[:, :2] + (size - 1) / 2
        has_color = torch.full((len(boxes),), float(not frame.is_gray))
        region = self._look(frame, centre, size)
        cues = region.cues()
        bases = (
            principal_axes(cues[0], config.search.hog_channels),
            principal_axes(cues[1], config.search.color_channels),
        )
        sample = spectrum(compress(cues, bases, has_color) * self._window())
        gram, cross = self._products(sample, region.view, size)
        equation = FilterEquation(gram, self._penalty(region.view, size), config.filter)
        inside = region.view.to_crop(centre)
        foreground, background = self._count_colors(color_bins(region.color), region.view, inside, size)
        scale = scale_spectrum(region.gray, inside, size / region.view.scale[:, None], config.scale)
        return ECOState(
            centre,
            size.clone(),
            torch.zeros(len(boxes), dtype=torch.long),
            torch.full((len(boxes),), math.nan),
            has_color,
            *bases,
            gram,
            cross,
            solve(torch.zeros_like(cross), cross, equation, config.filter.first_steps),
            foreground,
            background,
            *scale_model(scale, config.scale),
        )

    def track(
        self,
        frame: Frame,
        state: ECOState,
        generators: Sequence[torch.Generator],
        stopwatch: Stopwatch,
    ) -> Estimate:
        """Finds N targets in the next frame and updates their state in place."""
        chunks = [(state[rows], Stopwatch()) for rows in row_slices(len(state), CHUNK)]
        found = map_in_threads(lambda chunk: self._track(frame, *chunk), chunks)
        stopwatch.add_slowest([watch for _, watch in chunks])
        columns = zip(*((part.boxes, part.scores, part.status) for part in found), strict=True)
        return Estimate(*(torch.cat(column) for column in columns))

    def _track(self, frame: Frame, state: ECOState, stopwatch: Stopwatch) -> Estimate:
        with stopwatch.stage("crop"):
            region = self._look(frame, state.centre, state.size)
        with stopwatch.stage("features"):
            bases = (state.hog_basis, state.color_basis)
            sample = spectrum(compress(region.cues(), bases, state.has_color) * self._window())
            bins = color_bins(region.color)
        with stopwatch.stage("localise"):
            inside, score = self._localise(sample, bins, region.view, state)
            centre = keep_inside(region.view.to_frame(inside), state.size, frame.size_wh)
            inside = region.view.to_crop(centre)
        with stopwatch.stage("scale"):
            size = self._measure_size(region, inside, state, frame.size_wh)
        with stopwatch.stage("learn"):
            self._learn(sample, bins, region, inside, size, state)
        with stopwatch.stage("solve"):
            self._improve_filter(region.view, size, state)
        state.centre.copy_(centre)
        state.size.copy_(size)
        new = torch.where(state.confidence.isnan(), score, state.confidence)
        state.confidence.copy_(new.lerp(score, 1 - self.config.confidence.smoothing))
        boxes = torch.cat([centre - (size - 1) / 2, size], dim=1)
        return Estimate(boxes, state.confidence.clone(), self._status(state.confidence))

    def inspect(self, frame: Frame, state: ECOState) -> list[Insight]:
        """The scores of filter and colours; the loss is the share of its equation that the filter leaves.

        Samples are remembered as sums, none by itself. See `Inspectable`.
        """
        region = self._look(frame, state.centre, state.size)
        bases = (state.hog_basis, state.color_basis)
        sample = spectrum(compress(region.cues(), bases, state.has_color) * self._window())
        scores, _ = self._scores(sample, color_bins(region.color), region.view, state)
        equation = FilterEquation(state.gram, self._penalty(region.view, state.size), self.config.filter)
        rest = (state.cross - equation.apply((state.filter,))[0],)
        wished = equation.inner((state.cross,), (state.cross,))
        return insights(region.view, scores, (equation.inner(rest, rest) / wished).sqrt())

    @property
    def recognised_from(self) -> float:
        """Twice the confidence under which targets are lost: scores are not smoothed. See `Recognising`."""
        return 2 * self.config.confidence.lost_below

    def appearance(self, frame: Frame, state: ECOState, boxes: Float[Tensor, "K 4"]) -> Float[Tensor, "N K"]:
        """The scores of the filter alone, as confidence is; see `Recognising`."""
        centre, size = middle(boxes)
        region = self._look(frame, centre, size)
        cues, cell = region.cues(), CELL * region.view.scale[:, None]
        at = torch.full_like(centre, self.config.search.cells // 2)
        scores = []
        for row in range(len(state)):
            each = slice(row, row + 1)
            bases = [axes[each].expand(len(boxes), -1, -1) for axes in (state.hog_basis, state.color_basis)]
            channels = compress(cues, bases, state.has_color[each].expand(len(boxes)))
            filtered = from_spectrum((state.filter[row] * spectrum(channels * self._window())).sum(1))
            scores.append(highest_inside(filtered[None], at, size / cell))
        return torch.cat(scores)

    def relocate(self, frame: Frame, state: ECOState, boxes: Float[Tensor, "N 4"]) -> None:
        """The target keeps its shape, and its confidence begins anew; see `Recognising`."""
        state.centre[:], state.size[:] = reshaped(boxes, state.size)
        state.confidence[:] = math.nan

    def _look(self, frame: Frame, centre: Tensor, size: Tensor) -> Region:
        search = self.config.search
        side = search.cells * CELL
        scale = search.area * size.prod(1).sqrt() / side
        return Region.cut(frame.image, CropView(centre, scale, (side, side)))

    def _localise(
        self, sample: Tensor, bins: Tensor, view: CropView, state: ECOState
    ) -> tuple[Float[Tensor, "N 2"], Float[Tensor, " N"]]:
        """Where the target is, in crop pixels, and the highest score of the filter alone, wherever it is."""
        scores, filtered = self._scores(sample, bins, view, state)
        displacement = peak2d(scores).double() - self.config.search.cells // 2
        return CELL * displacement + (view.size_wh[0] - 1) / 2, filtered.flatten(1).amax(1)

    def _scores(
        self, sample: Tensor, bins: Tensor, view: CropView, state: ECOState
    ) -> tuple[Float[Tensor, "N n n"], Float[Tensor, "N n n"]]:
        """What the target is looked for in, and the part of it that the filter gives."""
        cells = self.config.search.cells
        filtered = from_spectrum((state.filter * sample).sum(1))
        # colours are binned at half of the crop's resolution
        size = state.size / view.scale[:, None] / 2
        colored = color_scores(bins, state.foreground, state.background, size, cells)
        share = (self.config.histogram.weight * state.has_color)[:, None, None]
        return torch.lerp(filtered, colored, share) * _inertia(cells, self.config.search.inertia), filtered

    def _measure_size(
        self, region: Region, inside: Tensor, state: ECOState, frame_wh: tuple[int, int]
    ) -> Float[Tensor, "N 2"]:
        stack = scale_spectrum(
            region.gray, inside, state.size / region.view.scale[:, None], self.config.scale
        )
        factor = measure_scale(stack, state.scale_numerator, state.scale_denominator, self.config.scale)
        size = state.size * factor[:, None]
        too_large = (factor > 1) & (size > 2 * size.new_tensor(frame_wh)).any(1)
        too_small = (factor < 1) & (size.amin(1) < SMALLEST)
        return torch.where((too_large | too_small)[:, None], state.size, size)

    def _learn(
        self, sample: Tensor, bins: Tensor, region: Region, inside: Tensor, size: Tensor, state: ECOState
    ) -> None:
        """Adds what was found to every memory, each at its own rate."""
        config, view = self.config, region.view
        middle = (view.size_wh[0] - 1) / 2
        gram, cross = self._products(recentre(sample, (inside - middle) / CELL), view, size)
        state.gram.lerp_(gram, config.filter.learning_rate)
        state.cross.lerp_(cross, config.filter.learning_rate)
        foreground, background = self._count_colors(bins, view, inside, size)
        state.foreground.lerp_(foreground, config.histogram.rate)
        state.background.lerp_(background, config.histogram.rate)
        stack = scale_spectrum(region.gray, inside, size / view.scale[:, None], config.scale)
        numerator, denominator = scale_model(stack, config.scale)
        state.scale_numerator.lerp_(numerator, config.scale.rate)
        state.scale_denominator.lerp_(denominator, config.scale.rate)

    def _improve_filter(self, view: CropView, size: Tensor, state: ECOState) -> None:
        """Takes some steps towards the minimum for the targets whose turn it is."""
        state.age += 1
        due = state.age % self.config.filter.interval == 0
        if not due.any():
            return
        rows = slice(None) if due.all() else due
        equation = FilterEquation(state.gram[rows], self._penalty(view, size)[rows], self.config.filter)
        state.filter[rows] = solve(state.filter[rows], state.cross[rows], equation, self.config.filter.steps)

    def _products(
        self, sample: Complex[Tensor, "N C n m"], view: CropView, size: Tensor
    ) -> tuple[Complex[Tensor, "N C C n m"], Complex[Tensor, "N C n m"]]:
        """A sample's products between channels, and with its label."""
        area = size.prod(1).sqrt() / view.scale / CELL
        conjugate = sample.conj()
        wished = label(self.config.filter.label_sigma * area, self.config.search.cells)
        return conjugate[:, :, None] * sample[:, None], conjugate * wished[:, None]

    def _penalty(self, view: CropView, size: Tensor) -> Float[Tensor, "N n n"]:
        return penalty(size / view.scale[:, None] / CELL, self.config.search.cells, self.config.filter)

    def _count_colors(
        self, bins: Tensor, view: CropView, inside: Tensor, size: Tensor
    ) -> tuple[Tensor, Tensor]:
        # pixel p of the crop is at (p - 1/2) / 2 where the resolution is halved
        return count_colors(bins, (inside - 0.5) / 2, size / view.scale[:, None] / 2, self.config.histogram)

    def _window(self) -> Float[Tensor, "n n"]:
        return _feature_window(self.config.search.cells, self.config.search.window_power)

    def _status(self, confidence: Float[Tensor, " N"]) -> Integer[Tensor, " N"]:
        limits = self.config.confidence
        doubted = torch.where(confidence < limits.uncertain_below, UNCERTAIN, TRACKED)
        return torch.where(confidence < limits.lost_below, LOST, doubted).to(torch.int8)


@constant
def _feature_window(cells: int, power: float) -> Float[Tensor, "n n"]:
    return hann2d((cells, cells)) ** power


@constant
def _inertia(cells: int, share: float) -> Float[Tensor, "n n"]:
    """Factors on the scores that fall by `share` from no displacement to the border of the region."""
    offset = (torch.arange(cells) - cells // 2) / cells
    bell = 0.5 * (1 + torch.cos(2 * math.pi * offset))
    return 1 - share * (1 - torch.outer(bell, bell))
