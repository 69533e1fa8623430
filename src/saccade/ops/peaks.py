"""Maxima of score maps, to a fraction of a cell."""

import torch
from jaxtyping import Float
from torch import Tensor


def peak2d(scores: Float[Tensor, "N h w"]) -> Float[Tensor, "N 2"]:
    """The position (x, y) of each map's maximum in cells, refined by a parabola on each axis.

    The map is circular: the neighbour of the last cell is the first.
    """
    height, width = scores.shape[1:]
    at = scores.flatten(1).argmax(1)
    rows, columns = at // width, at % width
    each = torch.arange(len(scores), device=scores.device)
    top = scores[each, rows, columns]
    dx = _parabola(scores[each, rows, (columns - 1) % width], top, scores[each, rows, (columns + 1) % width])
    dy = _parabola(
        scores[each, (rows - 1) % height, columns], top, scores[each, (rows + 1) % height, columns]
    )
    return torch.stack([columns + dx, rows + dy], dim=1)


def peak1d(scores: Float[Tensor, "N n"]) -> Float[Tensor, " N"]:
    """The position of each row's maximum, refined by a parabola, except at either end of the row."""
    last = scores.shape[1] - 1
    at = scores.argmax(1)
    left, top, right = (
        scores.gather(1, i[:, None])[:, 0] for i in ((at - 1).clamp(min=0), at, (at + 1).clamp(max=last))
    )
    return at + torch.where((at == 0) | (at == last), 0, _parabola(left, top, right))


def highest_inside(
    scores: Float[Tensor, "N K h w"], centre: Float[Tensor, "K 2"], size: Float[Tensor, "K 2"]
) -> Float[Tensor, "N K"]:
    """The highest score within the inner half of each of K boxes, along either axis; 0 where none is known.

    A target scores high at its middle, which is that of its box but for the box's own error; what scores high
    beside it is not in this box. A cell on each side of the middle counts however small the box is.

    Args:
        centre: (x, y) of the boxes in cells of their map.
        size: (w, h) in cells.
    """
    height, width = scores.shape[-2:]
    reach = (size / 4).clamp(min=1)
    columns = (torch.arange(width, device=scores.device) - centre[:, :1]).abs() <= reach[:, :1]
    rows = (torch.arange(height, device=scores.device) - centre[:, 1:]).abs() <= reach[:, 1:]
    outside = ~(rows[:, :, None] & columns[:, None, :])
    return scores.masked_fill(outside, -torch.inf).amax(dim=(-2, -1)).nan_to_num(0.0, neginf=0.0)


def _parabola(left: Tensor, top: Tensor, right: Tensor) -> Tensor:
    """Where the parabola through three values, the middle one largest, has its vertex: in [-1/2, 1/2]."""
    bend = left - 2 * top + right
    # flat tops have no vertex of their own
    return torch.where(bend < 0, 0.5 * (left - right) / bend.clamp(max=-1e-12), 0).clamp(-0.5, 0.5)
