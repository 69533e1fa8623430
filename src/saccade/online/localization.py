"""Localization: where a score map says that the target is, and how far that is to be believed.

The decisions are those of ATOM and DiMP (Danelljan et al. 2019; Bhat et al. 2019, supplement): a low peak
means that the target is lost, a second peak nearly as high as the first that there is a distractor.
Everything is batched over N targets; decisions are masks.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float, Integer
from torch import Tensor

from saccade.core.ranges import FINITE, above, at_least, check_ranges
from saccade.online.run import LOST, TRACKED, UNCERTAIN
from saccade.ops.constants import literal
from saccade.ops.crops import CropView
from saccade.ops.peaks import highest_inside

FOUND, HARD_NEGATIVE, UNSURE, MISSING = range(4)
"""what is made of a score map: the target is there; it is, and something else is to be learnt as background;
it may be elsewhere; it is not in sight"""

STATUS = (TRACKED, TRACKED, UNCERTAIN, LOST)
"""what users are told of each"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Localization:
    """When a peak of the score map is believed."""

    lost_below: float = 0.25
    """highest score under which the target counts as lost"""
    distractor_ratio: float = 0.8
    """second peak / first peak above which it matters which of both is near the expected position"""
    hard_negative_ratio: float = 0.5
    """second peak / first peak above which the second is learnt as background"""
    neighborhood: float = 2.2
    """side of the area around the first peak in which no second one is looked for / size of the target"""
    near: float = 0.8
    """distance from the expected position up to which a peak is near it / half the side of the map"""
    expects: Literal["last_position", "region_middle"] = "last_position"
    """which position is the expected one"""
    window: Literal["none", "first_peak", "scores"] = "none"
    """what a Hann window is multiplied with: nothing, the scores in which the first peak is looked for, or
    all scores"""

    def __post_init__(self) -> None:
        check_ranges(
            "localization",
            self,
            lost_below=FINITE,
            distractor_ratio=FINITE,
            hard_negative_ratio=FINITE,
            neighborhood=above(0),
            near=at_least(0),
        )


@dataclass(frozen=True, slots=True)
class ScoreMaps:
    """The scores of N targets at S scales.

    Attributes:
        values: high where the target is believed to be.
        cell: crop pixels from one cell to the next.
        middle: the cell (x, y), maybe between two, that lies in the middle of the search region.
        window: Hann window as large as the maps.
    """

    values: Float[Tensor, "N S H W"]
    cell: float
    middle: tuple[float, float]
    window: Float[Tensor, "H W"]


@dataclass(frozen=True, slots=True)
class Peak:
    """The place that was chosen for each target.

    Attributes:
        displacement: (x, y) from the middle of the search region in crop pixels.
        score: highest value of the map, wherever it is; behind the window where that is multiplied with all
            scores, and 0 where the map is not a number.
        finding: `FOUND`, `HARD_NEGATIVE`, `UNSURE` or `MISSING`.
        scale_index: which of the scales has the highest peak.
    """

    displacement: Float[Tensor, "N 2"]
    score: Float[Tensor, " N"]
    finding: Integer[Tensor, " N"]
    scale_index: Integer[Tensor, " N"]


def best_scale(maps: ScoreMaps, config: Localization) -> Integer[Tensor, " N"]:
    """The scale with the highest peak."""
    return _searched(maps, config).amax(dim=(-2, -1)).argmax(dim=1)


def localize(
    maps: ScoreMaps,
    scale_index: Integer[Tensor, " N"],
    view: CropView,
    centre: Float[Tensor, "N 2"],
    size: Float[Tensor, "N 2"],
    config: Localization,
) -> Peak:
    """Choose a place for each target.

    Args:
        scale_index: see `best_scale`.
        view: the search region of each target at that scale.
        centre: last position (x, y) in frame pixels.
        size: last size (w, h) in frame pixels.
    """
    rows = torch.arange(len(scale_index), device=scale_index.device)
    scores = (maps.values * maps.window if config.window == "scores" else maps.values)[rows, scale_index]
    first, first_at = highest(_searched(maps, config)[rows, scale_index])
    cell = maps.cell * view.scale[:, None]
    around = rectangle(first_at, config.neighborhood * size / cell, scores)
    second, second_at = highest(scores.masked_fill(around, 0))

    middle = literal(maps.middle, centre)
    expected = (
        (centre - view.centre) / cell if config.expects == "last_position" else torch.zeros_like(centre)
    )
    reach = config.near * (scores.shape[-2] * scores.shape[-1]) ** 0.5 / 2
    first_off, second_off = (
        (at - middle - expected).square().sum(dim=1).sqrt() for at in (first_at, second_at)
    )
    second_is_it = (second_off < reach) & (first_off > reach)
    first_is_it = (second_off > reach) & (first_off < reach)

    is_distracted = second > config.distractor_ratio * first
    is_contested = (second > config.hard_negative_ratio * first) & (second > config.lost_below)
    is_missing = ~(first >= config.lost_below)  # also where nothing is known, which compares as false
    finding = torch.where(is_contested, HARD_NEGATIVE, FOUND)
    distracted = torch.where(first_is_it | second_is_it, HARD_NEGATIVE, UNSURE)
    finding = torch.where(is_distracted, distracted, finding)
    finding = torch.where(is_missing, MISSING, finding)
    takes_second = is_distracted & second_is_it & ~is_missing
    chosen = torch.where(takes_second[:, None], second_at, first_at)
    score = scores.amax(dim=(-2, -1)).nan_to_num(0.0)
    return Peak((chosen - middle) * maps.cell, score, finding, scale_index)


def _searched(maps: ScoreMaps, config: Localization) -> Float[Tensor, "N S H W"]:
    """The scores in which the first peak is looked for."""
    return maps.values if config.window == "none" else maps.values * maps.window


def scores_at(
    maps: ScoreMaps, view: CropView, centre: Float[Tensor, "S 2"], size: Float[Tensor, "S 2"]
) -> Float[Tensor, "N S"]:
    """How high N targets score in the middle of S boxes, whatever else is in sight.

    Args:
        maps: of N targets in the same S search regions.
        view: where these lie; on the host.
        centre: (x, y) of the boxes in frame pixels; on the host.
        size: (w, h) in frame pixels; on the host.
    """
    cell = maps.cell * view.scale[:, None]
    at, reach = (centre - view.centre) / cell + view.scale.new_tensor(maps.middle), size / cell
    device = maps.values.device
    return highest_inside(maps.values, at.to(device), reach.to(device))


def highest(scores: Float[Tensor, "N H W"]) -> tuple[Float[Tensor, " N"], Float[Tensor, "N 2"]]:
    """The highest score of each map and its cell (x, y)."""
    highest, at = scores.flatten(1).max(dim=1)
    width = scores.shape[-1]
    return highest, torch.stack([at % width, at // width], dim=1).to(scores.dtype)


def rectangle(
    middle: Float[Tensor, "N 2"], size: Float[Tensor, "N 2"], like: Float[Tensor, "N H W"]
) -> Bool[Tensor, "N H W"]:
    """The cells within a rectangle; half cells are rounded to even ones, as the original trackers do."""
    low, high = (middle - size / 2).round(), (middle + size / 2 + 1).round()
    columns = torch.arange(like.shape[-1], device=like.device)
    rows = torch.arange(like.shape[-2], device=like.device)
    in_columns = (columns >= low[:, :1]) & (columns < high[:, :1])
    in_rows = (rows >= low[:, 1:]) & (rows < high[:, 1:])
    return in_rows[:, :, None] & in_columns[:, None, :]
