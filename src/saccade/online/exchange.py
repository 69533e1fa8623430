"""What host and device tell each other in a frame: one transfer there, before the backbone, and one back.

A transfer waits for all that the device has been given to do.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Integer
from torch import Tensor

from saccade.ops.crops import CropView


@dataclass(frozen=True, slots=True)
class Briefing:
    """What the device is told of N targets and S scales, beside the crops.

    Attributes:
        centre: last position (x, y) in frame pixels.
        size: last size (w, h) in frame pixels.
        scale: frame pixels in a pixel of the search region's crop, at a scale factor of 1.
        views: where the crops lie.
        draws: what makes the proposals random.
    """

    centre: Float[Tensor, "N 2"]
    size: Float[Tensor, "N 2"]
    scale: Float[Tensor, " N"]
    views: CropView
    draws: Float[Tensor, "N R 4"]

    def to(self, device: torch.device) -> "Briefing":
        """The one transfer to the device."""
        parts = (self.centre, self.size, self.scale, self.views.centre, self.views.scale, self.draws)
        table = torch.cat([part[..., None].flatten(1) for part in parts], dim=1).to(device)
        columns = table.split([math.prod(part.shape[1:]) for part in parts], dim=1)
        centre, size, scale, centres, scales, draws = (
            column.reshape(part.shape) for column, part in zip(columns, parts, strict=True)
        )
        return Briefing(centre, size, scale, CropView(centres, scales, self.views.size_wh), draws)


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a frame says of N targets, as the host hears of it.

    Attributes:
        centre: (x, y) that the score map gave, or the refined box; in frame pixels.
        size: (w, h) in frame pixels.
        is_refined: whether the box was refined.
        score: highest score.
        finding: see `saccade.online.localization`.
        scale_index: which of the scales was the best.
    """

    centre: Float[Tensor, "N 2"]
    size: Float[Tensor, "N 2"]
    is_refined: Bool[Tensor, " N"]
    score: Float[Tensor, " N"]
    finding: Integer[Tensor, " N"]
    scale_index: Integer[Tensor, " N"]

    def on_host(self) -> "Sighting":
        """The one transfer from the device."""
        columns = (self.is_refined, self.score, self.finding, self.scale_index)
        table = torch.cat([self.centre, self.size, *(c[:, None].to(self.size.dtype) for c in columns)], dim=1)
        table = table.cpu()
        return Sighting(
            table[:, 0:2], table[:, 2:4], table[:, 4] > 0, table[:, 5], table[:, 6].long(), table[:, 7].long()
        )
