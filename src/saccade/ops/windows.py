"""Hann windows, of a map whose origin lies in its middle or at its first cell."""

import math

import torch
from jaxtyping import Float
from torch import Tensor


def hann(size: int, *, centred: bool = True, dtype: torch.dtype = torch.float32) -> Float[Tensor, " size"]:
    """Return the Hann window of `size` cells, without the two zeros at its ends.

    With `centred` the maximum lies in the middle: w_i = (1 - cos(2 pi (i + 1) / (size + 1))) / 2. Otherwise
    the window is laid around cell 0 as the discrete Fourier transform orders its cells, which gives even
    sizes a single cell of value 1: w_i = (1 + cos(2 pi i / (size + 2))) / 2 for i up to size / 2, then
    mirrored.
    """
    if centred:
        steps = torch.arange(1, size + 1, dtype=torch.float64)
        window = 0.5 * (1 - torch.cos(2 * math.pi / (size + 1) * steps))
    else:
        steps = torch.arange(size // 2 + 1, dtype=torch.float64)
        half = 0.5 * (1 + torch.cos(2 * math.pi / (size + 2) * steps))
        window = torch.cat([half, half[1 : size - size // 2].flip(0)])
    return window.to(dtype)


def hann2d(
    size_hw: tuple[int, int], *, centred: bool = True, dtype: torch.dtype = torch.float32
) -> Float[Tensor, "h w"]:
    """Return the outer product of the Hann windows of the two axes."""
    height, width = size_hw
    return torch.outer(hann(height, centred=centred, dtype=dtype), hann(width, centred=centred, dtype=dtype))


def clipped_hann2d(
    size_hw: tuple[int, int], effective_hw: tuple[int, int], *, dtype: torch.dtype = torch.float32
) -> Float[Tensor, "h w"]:
    """Return a Hann window in the middle of a map of `size_hw` cells, its border values repeated outwards.

    The effective size grows by one cell where its parity differs from the map's, so that it can be centred.
    An effective size above the map's gives the middle part of the larger window.
    """
    along_y, along_x = (
        _clipped(hann(effective + (effective - size) % 2, dtype=dtype), size)
        for size, effective in zip(size_hw, effective_hw, strict=True)
    )
    return torch.outer(along_y, along_x)


def _clipped(window: Float[Tensor, " e"], size: int) -> Float[Tensor, " size"]:
    """The middle `size` cells of a window, or the whole of it between copies of its ends."""
    cells = torch.arange(size) + (len(window) - size) // 2
    return window[cells.clamp(0, len(window) - 1)]
