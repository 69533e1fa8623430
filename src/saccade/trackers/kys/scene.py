"""What surrounds a target, followed along with it: KYS' part in the loop of the discriminative trackers."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from saccade.online.dimp_model import LABEL_SIGMA
from saccade.online.localization import (
    FOUND,
    HARD_NEGATIVE,
    MISSING,
    Localization,
    Peak,
    ScoreMaps,
    highest,
    rectangle,
)
from saccade.online.state import TargetState
from saccade.online.target_model import STRIDE
from saccade.ops.constants import constant, literal
from saccade.ops.crops import CropView
from saccade.ops.labels import gaussian_label
from saccade.ops.windows import clipped_hann2d
from saccade.trackers.kys.config import SceneConfig
from saccade.trackers.kys.predictor import AlignedPredictor, shift

LEAST_DISTRACTOR = 0.1
"""score of the filter up to which nothing is a distractor"""


@dataclass(slots=True)
class SceneState(TargetState):
    """What is known of the surroundings of N targets, from the last frame in which each was seen."""

    host = ("is_first",)

    features: Float[Tensor, "N C h w"]
    """of the backbone"""
    vectors: Float[Tensor, "N D h w"]
    """what is there, cell by cell"""
    offset: Float[Tensor, "N 2"]
    """how far (x, y) the search region of the next frame lies from that one, in half regions"""
    is_first: Bool[Tensor, " N"]
    """whether it is the frame that the target was pointed at in, of which vectors are but a label"""


@dataclass(frozen=True, slots=True)
class KYSScene:
    """Fuses the scores of a target's filter with what is known of its surroundings, as a `Scene`.

    Attributes:
        predictor: ready for inference.
        config: what is chosen.
        localization: when the highest response is believed.
        area: side of the search region / square root of the target's area.
    """

    predictor: AlignedPredictor
    config: SceneConfig
    localization: Localization
    area: float

    def begin(
        self,
        layer3: Float[Tensor, "N C h w"],
        boxes: Float[Tensor, "N 4"],
        base_size: Float[Tensor, "N 2"],
    ) -> SceneState:
        """Nothing but where the target is; see `Scene`."""
        size_wh = (layer3.shape[-1], layer3.shape[-2])
        from_middle = _centres(boxes) / STRIDE - 0.5 * boxes.new_tensor(size_wh)
        sigma = base_size.prod(dim=1, keepdim=True).sqrt() / STRIDE * LABEL_SIGMA
        # half a cell further, as cells of the even filter's scores are
        label = gaussian_label(size_wh, sigma.expand(-1, 2), from_middle + 0.5)
        return SceneState(
            features=layer3,
            vectors=self.predictor.first_state(label.to(layer3.device)),
            offset=boxes.new_zeros(len(boxes), 2).to(layer3.device),
            is_first=torch.ones(len(boxes), dtype=torch.bool),
        )

    def localize(
        self,
        maps: ScoreMaps,
        layer3: Float[Tensor, "N C h w"],
        view: CropView,
        size: Float[Tensor, "N 2"],
        state: SceneState,
    ) -> tuple[Peak, SceneState]:
        """The highest response, and what will be known if the target is there; see `Scene`."""
        height, width = layer3.shape[-2:]
        scores = maps.values[:, 0, :height, :width]
        window = self._window((height, width), scores.device)
        response, vectors = self.predictor(
            layer3,
            shift(state.features.float(), state.offset),
            shift(state.vectors, state.offset),
            scores * window,
            least_score=self.config.least_score,
            window=window,
        )
        peak = self._peak(response, scores, scores * window, view, size)
        later = SceneState(layer3, vectors, torch.zeros_like(state.offset), torch.zeros_like(state.is_first))
        return peak, later

    def follow(
        self,
        later: SceneState,
        boxes: Float[Tensor, "N 4"],
        is_seen: Bool[Tensor, " N"],
        state: SceneState,
    ) -> None:
        """Takes over what was seen; the others keep what was known last; see `Scene`."""
        seen, lost = is_seen.nonzero()[:, 0], (~is_seen & ~state.is_first).nonzero()[:, 0]
        height, width = later.features.shape[-2:]
        later = replace(later, offset=self._offset(boxes, (width, height)).to(later.offset))
        state.put(seen, later[seen])
        if self.config.forgets_when_lost:
            state.vectors[lost] = 0

    def _peak(
        self,
        response: Float[Tensor, "N h w"],
        scores: Float[Tensor, "N h w"],
        windowed: Float[Tensor, "N h w"],
        view: CropView,
        size: Float[Tensor, "N 2"],
    ) -> Peak:
        height, width = response.shape[-2:]
        value, at = highest(response)
        _, filter_at = highest(windowed)
        # where both are neighbours, the filter's peak is the more exact one
        is_near = (at - filter_at).abs().amax(dim=1, keepdim=True) == 1
        at = torch.where(is_near, filter_at, at)
        finding = torch.where(value >= self.localization.lost_below, FOUND, MISSING)
        if self.config.mines_hard_negatives:
            is_contested = self._is_contested(scores, at, view, size)
            finding = torch.where(is_contested & (finding == FOUND), HARD_NEGATIVE, finding)
        displacement = (at - literal((width // 2, height // 2), at)) * STRIDE
        return Peak(displacement, value.nan_to_num(0.0), finding, torch.zeros_like(finding))

    def _is_contested(
        self,
        scores: Float[Tensor, "N h w"],
        at: Float[Tensor, "N 2"],
        view: CropView,
        size: Float[Tensor, "N 2"],
    ) -> Bool[Tensor, " N"]:
        """Whether the filter answers to something else nearly as much as to the target."""
        column, row = at.long().unbind(dim=1)
        of_target = scores[torch.arange(len(scores), device=scores.device), row, column]
        side = self.localization.neighborhood * size.prod(dim=1).sqrt() / (STRIDE * view.scale)
        elsewhere, _ = highest(scores.masked_fill(rectangle(at, side[:, None].expand(-1, 2), scores), 0))
        return (elsewhere > self.localization.hard_negative_ratio * of_target) & (
            elsewhere > LEAST_DISTRACTOR
        )

    def _window(self, size_hw: tuple[int, int], device: torch.device) -> Float[Tensor, "h w"]:
        """A Hann window for an even filter's score maps, without their last row and column."""
        height, width = size_hw[0] + 1, size_hw[1] + 1
        effective = (int(side * self.config.window_area / self.area) for side in (height, width))
        return _hann((height, width), tuple(effective), device)

    def _offset(self, boxes: Float[Tensor, "N 4"], size_wh: tuple[int, int]) -> Float[Tensor, "N 2"]:
        """Moves a target that went far to the middle, where the next search region will have it.

        One that stayed near the middle stays in its cell, but is moved to the middle of it.
        """
        cells = _centres(boxes) / STRIDE
        size = cells.new_tensor(size_wh)
        is_near = ((cells - size / 2).abs() < size / self.area).all(dim=1, keepdim=True)
        return torch.where(is_near, (cells.round() + 0.5 - cells) / size, 2 * (cells - size / 2) / size)


def _centres(boxes: Float[Tensor, "N 4"]) -> Float[Tensor, "N 2"]:
    """Half a pixel right and down of the middle pixel: how networks read boxes."""
    return boxes[:, :2] + boxes[:, 2:] / 2


@constant
def _hann(size_hw: tuple[int, int], effective_hw: tuple[int, int], device: torch.device) -> Tensor:
    return clipped_hann2d(size_hw, effective_hw)[:-1, :-1].to(device)
