"""Fourier series of real two-dimensional signals, kept as half spectra.

A series of T_y x T_x coefficients is a complex tensor (..., T_y, T_x // 2 + 1): row i holds the vertical frequency
k_y = i - K_y with K_y = (T_y - 1) / 2, column j the horizontal frequency k_x = j. The coefficients of k_x < 0 follow from
the signal being real: c(-k) = conj(c(k)). T_y is always odd: the Nyquist row of a signal of even height
is written at both ends. Everything works on any leading dimensions, in complex64 and complex128.
"""

import math
from collections.abc import Sequence

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
        size_hw: size of the signal. By default as many rows as the series has and an even number 2 (k - 1) of columns.
    """
    rows, columns = series.shape[-2:]
    height, width = size_hw or (rows, 2 * (columns - 1))
    middle = rows // 2
    # the last row of the series of an even signal repeats its first one, the Nyquist row
    spectrum = torch.cat([series[..., middle:, :], series[..., height % 2 == 0 and rows > height :middle, :]], dim=-2)
    return torch.fft.irfft2(spectrum, s=(height, width))


def sample_series(
    series: Complex[Tensor, "*batch t k"], grid_hw: tuple[int, int], *, rescale: bool = True
) -> Float[Tensor, "*batch h w"]:
    """Evaluate a series on a regular grid over its period, point (0, 0) at the origin.

    s(n) = sum_k c(k) exp(2 pi i k n / grid). Without `rescale` the values are divided by the number of grid points,
    as an inverse discrete transform does.

    Raises:
        ValueError: the grid has fewer points than the series has coefficients.
    """
    rows, columns = series.shape[-2:]
    height, width = grid_hw
    if height < rows or width < 2 * columns - 2:
        raise ValueError(f"a series of {rows}x{2 * columns - 1} coefficients needs a larger grid than {height}x{width}")
    top = (height - rows + 1) // 2 if height % 2 == 0 else (height - rows) // 2
    spectrum = series.new_zeros((*series.shape[:-2], height, width // 2 + 1))
    middle = rows // 2
    del top
    spectrum[..., : rows - middle, :columns] = series[..., middle:, :]
    if middle:
        spectrum[..., -middle:, :columns] += series[..., :middle, :]
    values = torch.fft.irfft2(spectrum, s=(height, width))
    return values * (height * width) if rescale else values
