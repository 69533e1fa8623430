"""Histograms of oriented gradients with 31 channels."""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from saccade.ops.constants import constant

CELL = 4
"""side of a cell in pixels"""

_BINS = 18
_SLOTS = _BINS + 2
"""an angle can reach bin 18 exactly, and its upper neighbour 19; both wrap around at the end"""
_CLIP = 0.2
_PIXELS_AT_ONCE = 60_000


def hog(gray: Float[Tensor, "B H W"]) -> Float[Tensor, "B 31 h w"]:
    """Describes each cell of 4x4 pixels: 18 signed orientations, 9 unsigned ones, 4 gradient energies.

    Gradients vote linearly for the two nearest of 18 orientations and for the four nearest cells; each cell
    is normalised by the energies of the four blocks of 2x2 cells it belongs to, clipped at 0.2, and summed
    over blocks, over opposite orientations, and over orientations (Felzenszwalb et al., TPAMI 2010, section
    6).

    Args:
        gray: brightness, 0-255, with a margin of one pixel on every side, which only serves the gradients at
            the border; without it H and W are multiples of 4.
    """
    # large pictures one by one: the votes of several leave the processor's cache
    parts = gray.split(max(_PIXELS_AT_ONCE // gray[0].numel(), 1))
    cells = torch.cat([_cell_histograms(part) for part in parts]).contiguous()
    unsigned = cells[:, :9] + cells[:, 9:]
    energy = F.pad((unsigned * unsigned).sum(1, keepdim=True), (1, 1, 1, 1), mode="replicate")
    pairs = energy[..., :-1, :] + energy[..., 1:, :]
    # the constant keeps flat cells, whose gradients are below a grey level, near zero
    norm = (pairs[..., :-1] + pairs[..., 1:] + 100.0).rsqrt()
    blocks = [norm[..., :-1, :-1], norm[..., :-1, 1:], norm[..., 1:, :-1], norm[..., 1:, 1:]]
    norms = torch.cat(blocks, dim=1)[:, :, None]
    signed = (cells[:, None] * norms).clamp_(max=_CLIP)
    opposite = (unsigned[:, None] * norms).clamp_(max=_CLIP)
    # 0.2357 = 1 / sqrt(18) brings the energies to the scale of the orientations
    energies = signed.sum(2).mul_(0.2357)
    return torch.cat([signed.sum(1).mul_(0.5), opposite.sum(1).mul_(0.5), energies], dim=1)


def _cell_histograms(gray: Float[Tensor, "B H W"]) -> Float[Tensor, "B 18 h w"]:
    """Signed orientation histograms of the cells, linear in orientation and, nearly, bilinear in space.

    Pixels vote for sub-cells of 2x2 pixels, which a triangular kernel then spreads over the cells: a quarter
    of the votes. Sub-cells come before orientations in memory, because neighbouring pixels then vote in the
    same cache lines.
    """
    batch, height, width = gray.shape[0], gray.shape[1] - 2, gray.shape[2] - 2
    dx = gray[:, 1:-1, 2:] - gray[:, 1:-1, :-2]
    dy = gray[:, 2:, 1:-1] - gray[:, :-2, 1:-1]
    orientation = torch.atan2(dy, dx).add_(math.pi).mul_(_BINS / (2 * math.pi))
    magnitude = (dx * dx + dy * dy).sqrt_()
    lower = orientation.int()
    upper_vote = magnitude * orientation.sub_(lower)
    slots = lower.add_(_first_slots(batch, height, width)).flatten()
    total = batch * (height // 2) * (width // 2) * _SLOTS
    votes = torch.bincount(slots, (magnitude - upper_vote).flatten(), total)
    votes[1:] += torch.bincount(slots, upper_vote.flatten(), total)[:-1]
    votes = votes.view(batch, height // 2, width // 2, _SLOTS)
    votes[..., :2] += votes[..., _BINS:]
    bins = votes[..., :_BINS].permute(0, 3, 1, 2)
    return F.conv2d(bins, _triangle(votes.dtype), stride=2, padding=1, groups=_BINS)


@constant
def _first_slots(batch: int, height: int, width: int) -> Tensor:
    """Index of each pixel's sub-cell's first orientation, over all pictures of a batch."""
    rows, columns = torch.arange(height) // 2, torch.arange(width) // 2
    sub_cells = rows[:, None] * (width // 2) + columns
    pictures = torch.arange(batch) * (height // 2) * (width // 2)
    return ((pictures[:, None, None] + sub_cells) * _SLOTS).int()


@constant
def _triangle(dtype: torch.dtype) -> Float[Tensor, "18 1 4 4"]:
    weights = torch.tensor([0.25, 0.75, 0.75, 0.25], dtype=dtype)
    return torch.outer(weights, weights).expand(_BINS, 1, 4, 4).contiguous()
