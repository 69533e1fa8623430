"""Gaussian labels: the score map that a filter is taught to answer with, in space or as a Fourier series."""

import math

import torch
from jaxtyping import Float
from torch import Tensor


def gaussian_label(
    size_wh: tuple[int, int],
    sigma: Float[Tensor, "*n 2"],
    centre: Float[Tensor, "*n 2"],
    *,
    extra_cells: tuple[int, int] = (0, 0),
) -> Float[Tensor, "*n h w"]:
    """Return exp(-|x - centre|^2 / (2 sigma^2)) on the cells of a map.

    `centre` and `sigma` are (x, y) in cells, the centre measured from the middle of a map of `size_wh` cells,
    so that (0, 0) is the middle. `extra_cells` (x, y) are added at the right and the bottom without moving
    the middle: the score map of an even filter is one cell larger than its features.
    """
    axes = []
    for axis in (0, 1):
        cells = torch.arange(size_wh[axis] + extra_cells[axis], dtype=sigma.dtype, device=sigma.device)
        offsets = cells - (size_wh[axis] - 1) / 2 - centre[..., axis, None]
        axes.append(torch.exp(-0.5 * (offsets / sigma[..., axis, None]) ** 2))
    along_x, along_y = axes
    return along_y[..., :, None] * along_x[..., None, :]


def gaussian_density(
    size_hw: tuple[int, int],
    sigma: float,
    centres: Float[Tensor, "*n 2"],
    *,
    threshold: float = 0.0,
    normalises: bool = False,
) -> Float[Tensor, "*n h w"]:
    """Return the density of a normal distribution at each cell of a map.

    The sum over cells is close to 1 where the centre is well inside.

    Args:
        sigma: standard deviation in cells; 0 puts everything into the cell nearest to the centre.
        centres: (x, y) in cells, from the first one.
        threshold: densities up to this become 0.
        normalises: whether each map is divided by its sum.
    """
    height, width = size_hw
    if sigma > 0:
        from_middle = centres - centres.new_tensor((width - 1, height - 1)) / 2
        peak = 1 / (2 * math.pi * sigma**2)
        density = peak * gaussian_label((width, height), torch.full_like(centres, sigma), from_middle)
    else:
        density = _nearest_cell(size_hw, centres)
    density = torch.where(density > threshold, density, 0)
    return density / (density.sum(dim=(-2, -1), keepdim=True) + 1e-8) if normalises else density


def _nearest_cell(size_hw: tuple[int, int], centres: Float[Tensor, "*n 2"]) -> Float[Tensor, "*n h w"]:
    """Return 1 in the cell nearest to a centre and 0 elsewhere; only 0 if that lies outside of the map."""
    height, width = size_hw
    nearest = centres.round()
    is_column = torch.arange(width, device=centres.device) == nearest[..., 0, None]
    is_row = torch.arange(height, device=centres.device) == nearest[..., 1, None]
    return (is_row[..., :, None] & is_column[..., None, :]).to(centres)


def gaussian_series(size_wh: tuple[int, int], sigma: Float[Tensor, "*n 2"]) -> Float[Tensor, "*n h k"]:
    """Return the Fourier coefficients of a periodic Gaussian whose peak is at the origin, as a half spectrum.

    Each axis gives y(k) = sqrt(2 pi) sigma / T exp(-2 (pi sigma k / T)^2) (CCOT, section 3.4), with T =
    `size_wh` and `sigma` (x, y) in cells. Rows are k_y = -T_y/2 ... T_y/2, columns k_x = 0 ... T_x/2; the
    series is real because the Gaussian is even.
    """
    width, height = size_wh
    rows = torch.arange(-(height // 2), height // 2 + 1, dtype=sigma.dtype, device=sigma.device)
    columns = torch.arange(width // 2 + 1, dtype=sigma.dtype, device=sigma.device)

    def coefficients(frequencies: Tensor, sigma: Tensor, period: int) -> Tensor:
        peak = math.sqrt(2 * math.pi) / period * sigma[..., None]
        return peak * torch.exp(-2 * (math.pi / period * sigma[..., None] * frequencies) ** 2)

    along_x = coefficients(columns, sigma[..., 0], width)
    along_y = coefficients(rows, sigma[..., 1], height)
    return along_y[..., :, None] * along_x[..., None, :]
