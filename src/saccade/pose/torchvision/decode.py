"""Key points from the heat maps that Keypoint R-CNN gives for every person's box."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int64
from torch import Tensor

_PEOPLE = 8
"""whose maps are looked at together: more would not stay in a CPU's cache"""
_BEND = -0.75
"""the parameter of Keys' cubic convolution that resizing in PyTorch has"""
_OUTER = 0.1875
"""what the two outer of its four weights add up to at most, below zero"""
_NOWHERE = torch.iinfo(torch.int64).max


class _Axis(NamedTuple):
    """The positions of enlarged maps along an axis, for the boxes of N people.

    They lie in intervals: 0 is before the middle of the first cell, j between those of the cells j - 1 and j.

    Attributes:
        length: how many there are for each person.
        first: of every interval, the first position that may lie in it.
        is_there: which of those that follow it do.
        weights: of the four cells around each of those.
    """

    length: Int64[Tensor, " N"]
    first: Int64[Tensor, "N I"]
    is_there: Bool[Tensor, "N I S"]
    weights: Float[Tensor, "N I S 4"]


class _Squares(NamedTuple):
    """Some of the squares between the middles of two by two cells, by the intervals of both axes."""

    person: Int64[Tensor, " M"]
    joint: Int64[Tensor, " M"]
    row: Int64[Tensor, " M"]
    column: Int64[Tensor, " M"]


def decode(
    maps: Float[Tensor, "N K h w"], boxes: Float[Tensor, "N 4"]
) -> tuple[Float[Tensor, "N K 2"], Float[Tensor, "N K"]]:
    """Where maps are highest when they are enlarged to their boxes, and how high: as torchvision has it.

    There, every map is resized to its box's size in pixels by cubic convolution (Keys 1981), and the first of
    its highest positions is what counts. Here, none is resized: the four by four cells around a square bound
    what positions in it can be, and only where that reaches what is known to be reached are they computed;
    first along x, and where that still holds, along y.

    Args:
        boxes: corners in pixels.

    Returns:
        (x, y) in pixels, and the values of the enlarged maps there.
    """
    points, values = maps.new_zeros(*maps.shape[:2], 2), maps.new_zeros(maps.shape[:2])
    for begin in range(0, len(maps), _PEOPLE):
        some = slice(begin, begin + _PEOPLE)
        points[some], values[some] = _decode(maps[some], boxes[some])
    return points, values


def _decode(
    maps: Float[Tensor, "N K h w"], boxes: Float[Tensor, "N 4"]
) -> tuple[Float[Tensor, "N K 2"], Float[Tensor, "N K"]]:
    sizes = (boxes[:, 2:] - boxes[:, :2]).clamp(min=1)
    across, down = (_axis(sizes[:, i].ceil(), maps.shape[3 - i]) for i in (0, 1))
    padded = F.pad(maps, (2, 2, 2, 2), mode="replicate")
    is_empty = ~(down.is_there[:, :, None, 0] & across.is_there[:, None, :, 0])
    bounds = _bounds(padded).masked_fill_(is_empty[:, None], -torch.inf)
    best, columns = bounds.max(3)
    row = best.argmax(2, keepdim=True)
    person, joint, _ = torch.ones_like(row).nonzero(as_tuple=True)
    likeliest = _Squares(person, joint, row.flatten(), columns.gather(2, row).flatten())
    reached, _ = _highest(padded, across, down, likeliest, best.new_full(best.shape[:2], -torch.inf))
    reached = reached - 1e-5 * reached.abs().clamp(min=1)  # of rounding, where a bound is met exactly
    person, joint, row = (best >= reached[..., None]).nonzero(as_tuple=True)
    which, column = (bounds[person, joint, row] >= reached[person, joint, None]).nonzero(as_tuple=True)
    likely = _Squares(person[which], joint[which], row[which], column)
    values, places = _highest(padded, across, down, likely, reached)
    return boxes[:, None, :2] + (places + 0.5) * (sizes / sizes.ceil())[:, None], values


def _axis(length: Float[Tensor, " N"], cells: int) -> _Axis:
    middles = torch.arange(cells, device=length.device, dtype=torch.float64) + 0.5
    begins = (middles * length[:, None] / cells - 0.5).ceil().long()
    limits = torch.cat([torch.zeros_like(begins[:, :1]), begins, length[:, None].long()], dim=1)
    first, in_interval = limits[:, :-1], limits.diff(dim=1)
    steps = torch.arange(int(in_interval.max()), device=length.device)
    in_cells = (first[..., None] + steps + 0.5) * (cells / length)[:, None, None] - 0.5
    t = in_cells - torch.arange(-1, cells, device=length.device)[:, None]
    return _Axis(length.long(), first, steps < in_interval[..., None], _weights(t))


def _weights(t: Float[Tensor, "*n"]) -> Float[Tensor, "*n 4"]:
    """Of the four cells around a position that is a share `t` of the way between the inner two."""
    inner = [((_BEND + 2) * d - (_BEND + 3)) * d * d + 1 for d in (t, 1 - t)]
    outer = [((_BEND * d - 5 * _BEND) * d + 8 * _BEND) * d - 4 * _BEND for d in (1 + t, 2 - t)]
    return torch.stack([outer[0], *inner, outer[1]], dim=-1)


def _bounds(padded: Float[Tensor, "N K P Q"]) -> Float[Tensor, "N K I J"]:
    """For each square, what no position in it exceeds."""
    highest, lowest = _extremes(padded, padded, dim=3)
    return _extremes(highest, lowest, dim=2)[0]


def _extremes(highest: Tensor, lowest: Tensor, *, dim: int) -> tuple[Tensor, Tensor]:
    """What no position in an interval exceeds, nor falls below, of values that are known to lie in between.

    Of the four weights, the inner ones are not negative, and the outer ones not positive; all add up to one.
    So a sum is at most the higher inner value, and its distance from the lower outer one times what the outer
    weights can be.
    """
    count = highest.shape[dim] - 3
    high, low = ([each.narrow(dim, i, count) for i in range(4)] for each in (highest, lowest))
    top, floor = torch.maximum(high[1], high[2]), torch.minimum(low[1], low[2])
    rise = (top - torch.minimum(low[0], low[3])).relu_()
    fall = (torch.maximum(high[0], high[3]) - floor).relu_()
    return top.add_(rise, alpha=_OUTER), floor.sub_(fall, alpha=_OUTER)


def _highest(
    padded: Float[Tensor, "N K P Q"],
    across: _Axis,
    down: _Axis,
    squares: _Squares,
    reached: Float[Tensor, "N K"],
) -> tuple[Float[Tensor, "N K"], Float[Tensor, "N K 2"]]:
    """The highest value of each map in some squares, and its position (x, y): the first one, row by row.

    Args:
        reached: a value that the highest reaches.
    """
    person, joint, row, column = squares
    around = padded.unfold(2, 4, 1).unfold(3, 4, 1)[person, joint, row, column]
    columns = around @ across.weights[person, column].mT
    is_likely = _extremes(columns, columns, dim=1)[0][:, 0] >= reached[person, joint, None]
    which, step_x = (is_likely & across.is_there[person, column]).nonzero(as_tuple=True)
    person, joint, row, column = (each[which] for each in squares)
    values = (down.weights[person, row] @ columns[which, :, step_x, None])[..., 0]
    value, step_y = values.masked_fill_(~down.is_there[person, row], -torch.inf).max(1)
    x, y = across.first[person, column] + step_x, down.first[person, row] + step_y
    return _first_highest(value, person * padded.shape[1] + joint, x, y, across.length, reached)


def _first_highest(
    value: Float[Tensor, " M"],
    of_map: Int64[Tensor, " M"],
    x: Int64[Tensor, " M"],
    y: Int64[Tensor, " M"],
    widths: Int64[Tensor, " N"],
    like: Float[Tensor, "N K"],
) -> tuple[Float[Tensor, "N K"], Float[Tensor, "N K 2"]]:
    """Of each map's values the highest, and where it is; of several, the first row by row."""
    highest = torch.full_like(like, -torch.inf).flatten().scatter_reduce_(0, of_map, value, "amax")
    width = widths.repeat_interleave(like.shape[1])
    order = (y * width[of_map] + x).masked_fill(value < highest[of_map], _NOWHERE)
    first = torch.full_like(width, _NOWHERE).scatter_reduce_(0, of_map, order, "amin")
    places = torch.stack([first % width, first // width], dim=1).to(value)
    return highest.view(like.shape), places.view(*like.shape, 2)
