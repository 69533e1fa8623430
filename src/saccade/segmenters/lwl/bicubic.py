"""Bicubic enlargement as matrix products, which is what processors are fast at.

Along each axis, a number of the large map depends on four neighbours in the small one: the matrix that leads
from one to the other holds little but zeros. It is multiplied in bands of some rows, each with the columns
that are not zero there.
"""

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from saccade.ops.constants import constant

BAND = 32
"""rows of the matrix that are multiplied at once"""
KERNEL = 3
"""taps of the convolution behind, along each axis"""


def enlarge(x: Float[Tensor, "N c h w"], size_hw: tuple[int, int]) -> Float[Tensor, "N c H W"]:
    """Bicubic interpolation of features that lie channels-last in memory, as its result does."""
    rows, columns = _both(x, size_hw, taps=1)
    cells = x.permute(0, 2, 3, 1)
    tall = torch.cat([band @ cells[:, seen].flatten(2) for seen, band in rows], dim=1)
    tall = tall.unflatten(2, cells.shape[2:])
    wide = torch.cat([band @ tall[:, :, seen] for seen, band in columns], dim=2)
    return wide.permute(0, 3, 1, 2)


def enlarge_and_convolve(
    x: Float[Tensor, "N c h w"], weight: Float[Tensor, "1 c 3 3"], size_hw: tuple[int, int]
) -> Float[Tensor, "N H W"]:
    """Bicubic interpolation, and then a padded convolution to a single channel.

    Both are linear. The sum over channels is taken first, which leaves a plane for each of the nine taps; the
    taps move into the matrices, which enlarge, shift and add in one.
    """
    rows, columns = _both(x, size_hw, taps=KERNEL)
    taps = weight[0].flatten(1).T[:, :, None, None]
    planes = F.conv2d(x, taps).unflatten(1, (KERNEL, KERNEL)).movedim(2, 3)
    wide = torch.cat([planes[..., seen].flatten(3) @ band.T for seen, band in columns], dim=3)
    tall = [band @ wide[:, :, seen].flatten(1, 2) for seen, band in rows]
    return torch.cat(tall, dim=1)


Band = tuple[slice, Tensor]
"""the numbers of the small map that some rows of the matrix see, and what these make of them, tap by tap"""


def _both(x: Float[Tensor, "N c h w"], size_hw: tuple[int, int], *, taps: int) -> tuple[list[Band], ...]:
    """The matrices of both axes, in bands."""
    return tuple(
        list(_bands(_bicubic(before, after, taps, x.dtype, x.device)))
        for before, after in zip(x.shape[-2:], size_hw, strict=True)
    )


def _bands(matrix: Float[Tensor, "after taps before"]) -> Iterator[Band]:
    after, taps, before = matrix.shape
    beyond = taps // 2
    for first in range(0, after, BAND):
        stop = min(first + BAND, after)
        # each is between the second and the third of the four that it is made of
        left = math.floor((first - beyond + 0.5) * before / after - 0.5) - 1
        right = math.floor((stop - 1 + beyond + 0.5) * before / after - 0.5) + 3
        seen = slice(max(left, 0), min(right, before))
        yield seen, matrix[first:stop, :, seen].flatten(1)


@constant
def _bicubic(
    before: int, after: int, taps: int, dtype: torch.dtype, device: torch.device
) -> Float[Tensor, "after taps before"]:
    """What each of the taps around a number of the large map sees of the small one; zeros beyond the map."""
    unit = torch.eye(before)[None, None]
    matrix = F.interpolate(unit, (after, before), mode="bicubic", align_corners=False)[0, 0]
    padded = F.pad(matrix, (0, 0, taps // 2, taps // 2))
    return torch.stack([padded[tap : tap + after] for tap in range(taps)], dim=1).to(device, dtype)
