"""The cost volume: how well every place of one feature map matches every place of another.

It is made for maps so small that most pairs of their cells lie within reach of each other, as those of search
regions do. Then one matrix product compares all cells with all, and what remains is to add up neighbours.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from saccade.ops.constants import constant


def cost_volume(
    features: Float[Tensor, "N C h w"], others: Float[Tensor, "N C h w"], *, patch: int = 3, reach: int = 9
) -> Float[Tensor, "N h w h w"]:
    """The correlation of patches around each cell (r', c') of the others and each (r, c) of the features:

        V[r', c', r, c] = sum_{k, i, j} x[k, r + i, c + j] y[k, r' + i, c' + j]

    over channels k and the offsets i and j of a square patch. What lies beyond a map is 0.

    Args:
        features: x.
        others: y.
        patch: cells along each side of a patch; odd.
        reach: how many cells two places may lie apart along each axis; V is 0 for those further apart.
    """
    size = (features.shape[-2], features.shape[-1])
    cells = (others.flatten(2).mT @ features.flatten(2)).reshape(-1, *size, *size)
    matches = _sum_of_diagonals(_sum_of_diagonals(cells, (1, 3), patch), (2, 4), patch)
    if reach >= max(size) - 1:
        return matches
    return matches * _within_reach(size, reach, matches.device)


def _sum_of_diagonals(volume: Float[Tensor, "N *cells"], axes: tuple[int, int], length: int) -> Tensor:
    """Adds to each entry its neighbours along two axes at once, `length` of them together."""
    side, total = volume.shape[axes[0]], volume.clone()
    for offset in range(1, length // 2 + 1):
        if offset < side:
            head, tail = ((*axes, 0, side - offset), (*axes, offset, side - offset))
            _part(total, *head).add_(_part(volume, *tail))
            _part(total, *tail).add_(_part(volume, *head))
    return total


def _part(volume: Tensor, first: int, second: int, start: int, length: int) -> Tensor:
    return volume.narrow(first, start, length).narrow(second, start, length)


@constant
def _within_reach(size_hw: tuple[int, int], reach: int, device: torch.device) -> Bool[Tensor, "h w h w"]:
    """Which pairs of cells lie at most `reach` cells apart along each axis."""
    rows, columns = (
        (torch.arange(side, device=device)[:, None] - torch.arange(side, device=device)).abs() <= reach
        for side in size_hw
    )
    return rows[:, None, :, None] & columns[None, :, None, :]
