"""Boxes relative to proposals (Girshick et al. 2014)."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from saccade.ops.constants import literal

_SPREAD = (0.1, 0.1, 0.2, 0.2)
"""standard deviations that deltas have on the average, and are divided by"""
_LARGEST = math.log(1000 / 16)
"""logarithm of how much larger than its proposal a box can be"""


def encode(boxes: Float[Tensor, "N 4"], proposals: Float[Tensor, "N 4"]) -> Float[Tensor, "N 4"]:
    """Shift of the centre in sizes of the proposal, logarithm of the ratio of sizes; of unit variance."""
    (centres, sizes), (from_centres, from_sizes) = _centred(boxes), _centred(proposals)
    deltas = torch.cat([(centres - from_centres) / from_sizes, (sizes / from_sizes).log()], dim=1)
    return deltas / literal(_SPREAD, deltas)


def decode(deltas: Float[Tensor, "N 4"], proposals: Float[Tensor, "N 4"]) -> Float[Tensor, "N 4"]:
    """The boxes that `encode` was given."""
    from_centres, from_sizes = _centred(proposals)
    deltas = deltas * literal(_SPREAD, deltas)
    centres = deltas[:, :2] * from_sizes + from_centres
    halves = deltas[:, 2:].clamp(max=_LARGEST).exp() * from_sizes / 2
    return torch.cat([centres - halves, centres + halves], dim=1)


def _centred(boxes: Float[Tensor, "N 4"]) -> tuple[Float[Tensor, "N 2"], Float[Tensor, "N 2"]]:
    return (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
