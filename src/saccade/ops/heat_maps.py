"""Heat maps of key points: drawn as what a network learns, and read from what it answers.

Points are (x, y) in cells: the middle of a map's first cell is (0, 0). Where that is in pixels, the method
says: at pixel 0 (SimpleBaseline), or the middle of the 4 or 8 that become a cell (Hourglass, OpenPose).
"""

import math
from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor


def nearest_cells(points: Float[Tensor, "*n 2"]) -> Float[Tensor, "*n 2"]:
    """The cells that points lie in, as int(x + 0.5) has them, SimpleBaseline's and Hourglass's rounding.

    A point up to a cell and a half before the first cell counts to it, which that rounding towards zero does.
    """
    return (points + 0.5).trunc()


def gaussian_patches(
    centres: Float[Tensor, "*n 2"], size_hw: tuple[int, int], *, sigma: float, radius: int
) -> Float[Tensor, "*n h w"]:
    """A Gaussian with peak 1 in a square of cells around each centre, and 0 elsewhere.

    SimpleBaseline draws sigma 2 and radius 6 (13 x 13 cells, cut at 3 sigma), Hourglass sigma 1 and radius 3,
    both around `nearest_cells`. A centre may lie outside of the map; what of its square is inside is drawn.

    Args:
        sigma: in cells.
        radius: half the square's side, its middle not counted, in cells.
    """

    def along(axis: int) -> Tensor:
        cells = torch.arange(size_hw[1 - axis], dtype=centres.dtype, device=centres.device)
        offsets = cells - centres[..., axis, None]
        return torch.exp(-0.5 * (offsets / sigma) ** 2) * (offsets.abs() <= radius)

    return along(1)[..., :, None] * along(0)[..., None, :]


def gaussian_maps(
    points: Float[Tensor, "N K 2"],
    is_known: Bool[Tensor, "N K"],
    size_hw: tuple[int, int],
    *,
    sigma: float,
    cut: float = 4.6052,
) -> Float[Tensor, "K h w"]:
    """OpenPose's maps of everybody in a picture: the highest of their Gaussians in each cell.

    Args:
        points: exactly where the joints are.
        is_known: which of them are drawn.
        sigma: in cells; OpenPose's 7 pixels are 7/8.
        cut: exponent from which a Gaussian is 0; OpenPose's is that of 0.01.
    """
    height, width = size_hw
    if not len(points):
        return points.new_zeros(points.shape[1], height, width)

    def exponents(axis: int) -> Tensor:
        cells = torch.arange(size_hw[1 - axis], dtype=points.dtype, device=points.device)
        return 0.5 * ((cells - points[..., axis, None]) / sigma) ** 2

    exponent = exponents(1)[..., :, None] + exponents(0)[..., None, :]
    is_drawn = (exponent <= cut) & is_known[..., None, None]
    # the highest Gaussian is that of the smallest exponent
    smallest = exponent.masked_fill(~is_drawn, math.inf).amin(0)
    return torch.exp(-smallest)


def with_background(maps: Float[Tensor, "*n K h w"]) -> Float[Tensor, "*n K+1 h w"]:
    """Maps and, behind them, that of no joint at all: 1 - the highest of them."""
    return torch.cat([maps, 1 - maps.amax(-3, keepdim=True)], dim=-3)


def peaks(
    maps: Float[Tensor, "B K h w"],
) -> tuple[Float[Tensor, "B K 2"], Float[Tensor, "B K"]]:
    """The cell (x, y) of each map's maximum, the first of equals, and its value."""
    width = maps.shape[3]
    values, at = maps.flatten(2).max(2)
    return torch.stack([at % width, at // width], dim=2).to(maps), values


def decode_quarter(
    maps: Float[Tensor, "B K h w"],
) -> tuple[Float[Tensor, "B K 2"], Float[Tensor, "B K"]]:
    """Where each map's peak is, to a quarter of a cell, and how high.

    The maximum moves by a quarter of a cell towards the higher of its neighbours, on each axis; one on the
    rim of the map stays.
    """
    points, values = peaks(maps)
    around = _neighbourhoods(maps, points, radius=1)
    slope = torch.stack([around[..., 1, 2] - around[..., 1, 0], around[..., 2, 1] - around[..., 0, 1]], dim=2)
    is_inside = _is_inside(points, maps, margin=1)
    return points + 0.25 * slope.sign() * is_inside[..., None], values


def decode_dark(
    maps: Float[Tensor, "B K h w"], *, sigma: float
) -> tuple[Float[Tensor, "B K 2"], Float[Tensor, "B K"]]:
    """Where each map's peak is, by the shape of the Gaussian that it should be, and how high.

    A Newton step from the map's maximum, on its logarithm, whose maximum is a Gaussian's mean (Zhang et al.
    2020, eq. 4-9); the map is blurred first, by the Gaussian that it was taught, because a network's has more
    than one peak. A maximum less than two cells from the rim stays, and so does one where
    the map does not bend down on every side; a step of more than a cell is cut to one, on each axis.

    Args:
        sigma: standard deviation in cells of the Gaussians that were learned.
    """
    points, values = peaks(maps)
    logs = _blurred_neighbourhoods(maps, points, sigma).clamp(min=1e-10).log()
    dx = 0.5 * (logs[..., 2, 3] - logs[..., 2, 1])
    dy = 0.5 * (logs[..., 3, 2] - logs[..., 1, 2])
    # second differences over two cells, as the first ones
    dxx = 0.25 * (logs[..., 2, 4] - 2 * logs[..., 2, 2] + logs[..., 2, 0])
    dyy = 0.25 * (logs[..., 4, 2] - 2 * logs[..., 2, 2] + logs[..., 0, 2])
    dxy = 0.25 * (logs[..., 3, 3] - logs[..., 1, 3] - logs[..., 3, 1] + logs[..., 1, 1])
    determinant = dxx * dyy - dxy**2
    is_peak = (determinant > 1e-12) & (dxx < 0) & _is_inside(points, maps, margin=2)
    divisor = torch.where(is_peak, determinant, 1)
    step = torch.stack([dxy * dy - dyy * dx, dxy * dx - dxx * dy], dim=2) / divisor[..., None]
    return points + torch.where(is_peak[..., None], step.clamp(-1, 1), 0), values


def decode(
    maps: Float[Tensor, "B K h w"], method: Literal["quarter", "dark"], *, sigma: float
) -> tuple[Float[Tensor, "B K 2"], Float[Tensor, "B K"]]:
    """Where each map's peak is, in cells, and how high; see `decode_quarter` and `decode_dark`."""
    return decode_quarter(maps) if method == "quarter" else decode_dark(maps, sigma=sigma)


def unflip(
    maps: Float[Tensor, "*n K h w"], mirror: Sequence[int], *, shifts: bool = False
) -> Float[Tensor, "*n K h w"]:
    """The maps of a mirrored picture as those of the picture.

    Args:
        mirror: for every point, the one that takes its place in a mirrored picture.
        shifts: whether they are moved right by one cell, the first column being doubled: where cell 0 lies at
            pixel 0, the mirrored picture's are a cell less a pixel off.
    """
    maps = maps.flip(-1)[..., list(mirror), :, :]
    return torch.cat([maps[..., :1], maps[..., :-1]], dim=-1) if shifts else maps


def _neighbourhoods(
    maps: Float[Tensor, "B K h w"], points: Float[Tensor, "B K 2"], *, radius: int
) -> Float[Tensor, "B K s s"]:
    """The squares of cells around points; 0 beyond the rim."""
    height, width = maps.shape[2:]
    steps = torch.arange(-radius, radius + 1, device=maps.device)
    x, y = points.long().unbind(2)
    columns, rows = x[..., None] + steps, y[..., None] + steps
    is_there = ((rows >= 0) & (rows < height))[..., :, None] & ((columns >= 0) & (columns < width))[
        ..., None, :
    ]
    places = rows.clamp(0, height - 1)[..., :, None] * width + columns.clamp(0, width - 1)[..., None, :]
    around = maps.flatten(2).gather(2, places.flatten(2)).view(places.shape)
    return around * is_there


def _is_inside(
    points: Float[Tensor, "B K 2"], maps: Float[Tensor, "B K h w"], *, margin: int
) -> Bool[Tensor, "B K"]:
    """Whether points have at least so many cells around them on every side."""
    last = points.new_tensor((maps.shape[3] - 1, maps.shape[2] - 1))
    return ((points >= margin) & (points <= last - margin)).all(2)


def _blurred_neighbourhoods(
    maps: Float[Tensor, "B K h w"], points: Float[Tensor, "B K 2"], sigma: float
) -> Float[Tensor, "B K 5 5"]:
    """The cells around points under a Gaussian of unit sum; only what it needs of the maps is looked at."""
    radius = int(2.5 * sigma + 0.5)  # 11 cells for sigma 2, 17 for sigma 3, as in DARK
    offsets = torch.arange(-radius, radius + 1, dtype=maps.dtype, device=maps.device)
    kernel = torch.exp(-0.5 * (offsets / sigma) ** 2)
    kernel /= kernel.sum()
    # a row for each of the five cells
    band = torch.stack([F.pad(kernel, (row, 4 - row)) for row in range(5)])
    blurred: Tensor = band @ _neighbourhoods(maps, points, radius=radius + 2) @ band.T
    return blurred
