"""Colour histograms that tell the target from its surroundings, as in Staple (arXiv 1512.01355)."""

import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor

from saccade.trackers.eco.config import Histogram

BINS = 16**3
"""16 levels of each RGB channel"""


def color_bins(color: UInt8[Tensor, "N h w 3"]) -> Int[Tensor, "N h w"]:
    """The histogram bin of every pixel."""
    levels = (color >> 4).int()
    return (levels[..., 0] * 16 + levels[..., 1]) * 16 + levels[..., 2]


def count_colors(
    bins: Int[Tensor, "N h w"], centre: Float[Tensor, "N 2"], size: Float[Tensor, "N 2"], config: Histogram
) -> tuple[Float[Tensor, "N bins"], Float[Tensor, "N bins"]]:
    """Relative frequencies of the colours inside of the target's box and around it.

    Args:
        centre: (x, y) of the boxes in pixels of `bins`.
        size: (width, height) of the boxes in pixels of `bins`.
    """
    margin = size.sum(1, keepdim=True) / 2
    inside = _in_box(bins, centre, size * config.inner)
    around = _in_box(bins, centre, size + margin) & ~_in_box(bins, centre, size * config.outer)
    return _frequencies(bins, inside), _frequencies(bins, around)


def color_scores(
    bins: Int[Tensor, "N h w"],
    foreground: Float[Tensor, "N bins"],
    background: Float[Tensor, "N bins"],
    size: Float[Tensor, "N 2"],
    cells: int,
) -> Float[Tensor, "N cells cells"]:
    """The mean probability, by colour, of being target, over the target's box at every displacement.

    Cell cells // 2 is no displacement. Box edges count by the fraction of a pixel that they cover.
    """
    likely = (foreground + 1e-5) / (foreground + background + 2e-5)
    probability = likely.gather(1, bins.flatten(1).long()).view(bins.shape)
    rows, columns = (_coverage(size[:, axis], cells, bins.shape[1]) for axis in (1, 0))
    return rows @ probability @ columns.mT / size.prod(1).float()[:, None, None]


def _in_box(
    bins: Int[Tensor, "N h w"], centre: Float[Tensor, "N 2"], size: Float[Tensor, "N 2"]
) -> Bool[Tensor, "N h w"]:
    pixels = torch.arange(bins.shape[1])
    near = (pixels - centre[:, :, None]).abs() <= size[:, :, None] / 2
    return near[:, 1, :, None] & near[:, 0, None, :]


def _frequencies(bins: Int[Tensor, "N h w"], mask: Bool[Tensor, "N h w"]) -> Float[Tensor, "N bins"]:
    count = len(bins)
    own = bins + BINS * torch.arange(count, dtype=bins.dtype)[:, None, None]
    table = torch.bincount(own[mask], minlength=count * BINS).view(count, BINS).float()
    return table / table.sum(1, keepdim=True).clamp(min=1)


def _coverage(length: Float[Tensor, " N"], cells: int, pixels: int) -> Float[Tensor, "N cells pixels"]:
    """Which share of each pixel lies in an interval of `length` pixels around each cell's displacement."""
    stride = pixels // cells
    middle = (torch.arange(cells) - cells // 2) * stride + (pixels - 1) / 2
    left, right = middle - length[:, None] / 2, middle + length[:, None] / 2
    pixel = torch.arange(pixels)
    inner = torch.minimum(pixel + 0.5, right[..., None]) - torch.maximum(pixel - 0.5, left[..., None])
    return inner.clamp(0, 1).float()
