"""Fourier series of real two-dimensional signals, kept as half spectra.

A series of T_y x T_x coefficients is a complex tensor (..., T_y, T_x // 2 + 1): row i holds the vertical
frequency k_y = i - K_y with K_y = (T_y - 1) / 2, column j the horizontal frequency k_x = j. The coefficients
of k_x < 0 follow from the signal being real: c(-k) = conj(c(k)). T_y is always odd: the Nyquist row of a
signal of even height is written at both ends. Everything works on any leading dimensions, in complex64 and
complex128.
"""

import math
from collections.abc import Sequence
from functools import reduce

import torch
import torch.nn.functional as F
from jaxtyping import Complex, Float, Inexact
from torch import Tensor


def cfft2(signal: Float[Tensor, "*batch h w"]) -> Complex[Tensor, "*batch t k"]:
    """Return the (unnormalised) discrete Fourier transform of a real signal as a centred half spectrum.

    h rows give h of them when h is odd, h + 1 when it is even; w columns give w // 2 + 1.
    """
    height = signal.shape[-2]
    spectrum = torch.fft.rfft2(signal)
    return torch.cat([spectrum[..., (height + 1) // 2 :, :], spectrum[..., : height // 2 + 1, :]], dim=-2)


def cifft2(
    series: Complex[Tensor, "*batch t k"], size_hw: tuple[int, int] | None = None
) -> Float[Tensor, "*batch h w"]:
    """Undo `cfft2`.

    Args:
        size_hw: size of the signal; by default the one that has as many rows as the series and 2 (k - 1)
            columns.

    Raises:
        ValueError: `cfft2` of a signal of this size has another number of rows or columns.
    """
    rows, columns = series.shape[-2:]
    height, width = size_hw or (rows, 2 * (columns - 1))
    if (height + 1 - height % 2, width // 2 + 1) != (rows, columns):
        raise ValueError(
            f"a half spectrum of {rows}x{columns} does not belong to a signal of {height}x{width}"
        )
    middle = rows // 2
    first = rows - height  # an even height has its Nyquist row at both ends; one of them is enough
    spectrum = torch.cat([series[..., middle:, :], series[..., first:middle, :]], dim=-2)
    signal: Tensor = torch.fft.irfft2(spectrum, s=(height, width))
    return signal


def sample_series(
    series: Complex[Tensor, "*batch t k"], grid_hw: tuple[int, int], *, rescale: bool = True
) -> Float[Tensor, "*batch h w"]:
    """Evaluate a series on a regular grid over its period, with the origin at point (0, 0).

    s(n) = sum_k c(k) exp(2 pi i k n / grid). Without `rescale` the values are divided by the number of grid
    points, as an inverse discrete transform does.

    Raises:
        ValueError: the grid has fewer points than the series has coefficients.
    """
    rows, columns = series.shape[-2:]
    height, width = grid_hw
    if height < rows or width < 2 * columns - 1:
        raise ValueError(
            f"a series of {rows}x{2 * columns - 1} coefficients needs a larger grid than {height}x{width}"
        )
    middle = rows // 2
    spectrum = series.new_zeros((*series.shape[:-2], height, width // 2 + 1))
    spectrum[..., : rows - middle, :columns] = series[..., middle:, :]
    spectrum[..., height - middle :, :columns] = series[..., :middle, :]
    values: Tensor = torch.fft.irfft2(spectrum, s=(height, width), norm="forward" if rescale else "backward")
    return values


def interpolation_matrix(
    cells: int, points: int, *, middle: float, dtype: torch.dtype = torch.float32
) -> Float[Tensor, "points cells"]:
    """Return the matrix that evaluates the Fourier series through a periodic signal at regular points.

    Points are cells / points apart; number points // 2 lies at cell `middle`. The matrix does to one axis of
    a map what `cfft2`, `shift_series` and `sample_series` do to both. As with these, the highest frequency of
    an even number of cells, which the transform knows only the sum of both signs of, counts for each of them.
    """
    places = middle + (torch.arange(points, dtype=torch.float64) - points // 2) * (cells / points)
    offsets = 2 * math.pi / cells * (places[:, None] - torch.arange(cells, dtype=torch.float64))
    frequencies = torch.arange(1, cells // 2 + 1, dtype=torch.float64)
    waves = torch.cos(offsets[..., None] * frequencies).sum(dim=-1)
    return ((1 + 2 * waves) / cells).to(dtype)


def sum_series(series: Sequence[Complex[Tensor, "..."]]) -> Complex[Tensor, "*batch t k"]:
    """Add series of different size: the missing high frequencies of the smaller ones are zero."""
    rows = max(s.shape[-2] for s in series)
    columns = max(s.shape[-1] for s in series)
    margins = [(rows - s.shape[-2]) // 2 for s in series]
    padded = [
        F.pad(s, (0, columns - s.shape[-1], margin, margin))
        for s, margin in zip(series, margins, strict=True)
    ]
    return reduce(torch.add, padded)


def phase_ramp(size: tuple[int, int], shift: Float[Tensor, "*batch 2"]) -> Complex[Tensor, "*batch t k"]:
    """Return exp(i (shift_x k_x + shift_y k_y)) for a half spectrum of the given rows and columns.

    A series multiplied by it turns from s(u) into s(u + shift). `shift` is (x, y) in radians, 2 pi being the
    whole period.
    """
    rows, columns = size
    k_y = torch.arange(-(rows // 2), rows // 2 + 1, dtype=shift.dtype, device=shift.device)
    k_x = torch.arange(columns, dtype=shift.dtype, device=shift.device)
    one = shift.new_ones(())
    along_y = torch.polar(one, shift[..., 1, None] * k_y)
    along_x = torch.polar(one, shift[..., 0, None] * k_x)
    return along_y[..., :, None] * along_x[..., None, :]


def shift_series(
    series: Complex[Tensor, "*#batch t k"], shift: Float[Tensor, "*#batch 2"]
) -> Complex[Tensor, "*both t k"]:
    """Displace the origin of a series by `shift`, see `phase_ramp`; leading dimensions broadcast."""
    rows, columns = series.shape[-2:]
    return series * phase_ramp((rows, columns), shift)


def inner_product(
    a: Inexact[Tensor, "*batch c t k"], b: Inexact[Tensor, "*batch c t k"]
) -> Float[Tensor, " *batch"]:
    """Return the inner product of the real signals behind two half spectra, summed over channels.

    <a, b> = sum over all k of conj(a(k)) b(k). A column k_x > 0 stands for k_x < 0 too, so that it counts
    twice.
    """
    products = (torch.view_as_real(a) * torch.view_as_real(b)).sum(dim=-1) if a.is_complex() else a * b
    return 2 * products.sum(dim=(-3, -2, -1)) - products[..., 0].sum(dim=(-2, -1))


def cubic_interpolation(
    size_hw: tuple[int, int], *, a: float = -0.75, centred: bool = True, dtype: torch.dtype = torch.float32
) -> Complex[Tensor, "t k"]:
    """Return the Fourier coefficients of the cubic kernel that makes a sampled map continuous (CCOT, eq. 12).

    The period of T cells is 1. Per axis, with f = k / T,

        b(k) = [6 (1 - cos 2 pi f) + 3 a (1 - cos 4 pi f) - (6 + 8 a) pi f sin 2 pi f
                - 2 a pi f sin 4 pi f] / (4 pi^4 f^4 T),    b(0) = 1 / T.

    `centred` moves the samples to the middle of their cells: b(k) exp(-i pi k / T). The bracket is a small
    difference of large numbers, off by half a per cent at k = 1 in float32; it is computed in float64.

    Args:
        size_hw: odd numbers of coefficients.
        a: slope of the kernel at distance 1.
    """

    def along(frequencies: Tensor, period: int) -> Tensor:
        f = frequencies / period
        wave, double = 2 * math.pi * f, 4 * math.pi * f
        kernel = 6 * (1 - torch.cos(wave)) + 3 * a * (1 - torch.cos(double))
        kernel = (
            kernel - (6 + 8 * a) * math.pi * f * torch.sin(wave) - 2 * a * math.pi * f * torch.sin(double)
        )
        kernel = torch.where(f == 0, 1.0, kernel / torch.where(f == 0, 1.0, 4 * math.pi**4 * f**4)) / period
        return torch.exp(-0.5j * wave) * kernel if centred else kernel + 0j

    height, width = size_hw
    rows = along(torch.arange(-(height // 2), height // 2 + 1, dtype=torch.float64), height)
    columns = along(torch.arange(width // 2 + 1, dtype=torch.float64), width)
    complex_dtype = torch.complex128 if dtype == torch.float64 else torch.complex64
    return torch.outer(rows, columns).to(complex_dtype)
