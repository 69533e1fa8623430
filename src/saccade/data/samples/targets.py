"""What a classifier should answer: score maps with a Gaussian at the target."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from saccade.ops.labels import gaussian_label

EMPTY = 0.01
"""a density that sums to no more than this has its peak off the map"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Gaussian score maps with a peak of 1.

    Attributes:
        cells_wh: width and height of the features in cells.
        sigma: standard deviation of the Gaussian in √(cells).
        kernel: side of the target filter in cells. An even one moves the peak by half a cell and, with
            `pads_end`, has score maps with one more row and column than the features.
        pads_end: whether the score map of an even filter has them.
    """

    cells_wh: tuple[int, int] = (18, 18)
    sigma: float = 0.05
    kernel: int = 4
    pads_end: bool = True

    @property
    def sigma_cells(self) -> float:
        """Standard deviation of the Gaussian in cells."""
        return self.sigma * math.sqrt(math.prod(self.cells_wh))

    def __call__(self, boxes: Float[Tensor, "F 4"], crop_wh: tuple[int, int]) -> Float[Tensor, "F h w"]:
        """The score maps for boxes (x, y, w, h) in pixels of a crop of that size."""
        is_even = self.kernel % 2 == 0
        centre = (boxes[:, :2] + boxes[:, 2:] / 2) / boxes.new_tensor(crop_wh) - 0.5
        centre = centre * boxes.new_tensor(self.cells_wh) + (0.5 if is_even else 0.0)
        extra = int(self.pads_end and is_even)
        sigma = torch.full_like(centre, self.sigma_cells)
        return gaussian_label(self.cells_wh, sigma, centre, extra_cells=(extra, extra))


@dataclass(frozen=True, slots=True, kw_only=True)
class Density:
    """The labels as probability densities, beside themselves (PrDiMP).

    Attributes:
        uniform: share of a uniform distribution that is mixed in.
        threshold: densities up to this become 0.
        normalizes: whether each map is divided by its sum; one that is next to empty becomes uniform.
        shrink: share of the density that is taken off at the end.
    """

    uniform: float = 0.0
    threshold: float = 0.0
    normalizes: bool = True
    shrink: float = 0.0

    def __call__(self, labels: Float[Tensor, "F h w"], sigma: float) -> Float[Tensor, "F h w"]:
        """The densities of labels whose Gaussians have a standard deviation of `sigma` cells."""
        cells = labels.shape[-2] * labels.shape[-1]
        density = labels / (2 * math.pi * sigma**2)
        density = (1 - self.uniform) * density + self.uniform / cells
        density = torch.where(density > self.threshold, density, 0)
        if self.normalizes:
            total = density.sum(dim=(-2, -1), keepdim=True)
            density = torch.where(total > EMPTY, density / total, 1 / cells)
        return (1 - self.shrink) * density
