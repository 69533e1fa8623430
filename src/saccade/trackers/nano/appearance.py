"""Hand-crafted features of crops: gradients, colours and brightness, each with unit energy in a cell."""

import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor

from saccade.ops.colors import color_memberships
from saccade.ops.constants import literal
from saccade.ops.hog import CELL, hog

_LUMA = (0.299, 0.587, 0.114)
_FLOORS = (1e-3, 1e-2, 1e-3)
"""energies below which gradients, colours and brightness are not brought to one: there is nothing to see"""


Cues = tuple[Float[Tensor, "B 31 h w"], Float[Tensor, "B 11 h w"], Float[Tensor, "B 1 h w"]]
"""gradient orientations, soft colours and brightness"""


@torch.no_grad()
def cues(crops: UInt8[Tensor, "B H W 3"]) -> Cues:
    """What is in each cell of 4 pixels."""
    pixels = crops.permute(0, 3, 1, 2).float()
    gray = (pixels * literal(_LUMA, pixels)[:, None, None]).sum(1, keepdim=True)
    halved = F.avg_pool2d(pixels, 2).round().to(torch.uint8).permute(0, 2, 3, 1)
    return (
        hog(F.pad(gray, (1, 1, 1, 1), mode="replicate")[:, 0]),
        F.avg_pool2d(color_memberships(halved).permute(0, 3, 1, 2), CELL // 2),
        F.avg_pool2d(gray / 255, CELL),
    )


def balanced(cues: Cues, stride: int = CELL) -> list[Float[Tensor, "..."]]:
    """The cues in cells of `stride` pixels, a multiple of 4, each with unit energy in a cell.

    The mean of each channel over the crop is taken off: it says nothing of where things are, and steepest
    descent would spend its first steps on it.
    """
    pooled = [F.avg_pool2d(cue, stride // CELL) if stride > CELL else cue for cue in cues]
    return [
        unit_energy(cue - cue.mean(dim=(2, 3), keepdim=True), floor)
        for cue, floor in zip(pooled, _FLOORS, strict=True)
    ]


def unit_energy(features: Float[Tensor, "B C h w"], floor: float = 1e-6) -> Float[Tensor, "B C h w"]:
    """Features whose squares sum to one in a cell, on the average over the crop."""
    energy = features.square().sum(dim=1).mean(dim=(1, 2)) + floor
    return features * energy.rsqrt()[:, None, None, None]
