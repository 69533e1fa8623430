"""The scale filter: a one-dimensional correlation filter over the target's appearance at several scales.

One sample is a stack of HOG descriptors f_k, taken at the scales step^k around the present one. For a label g
that peaks at k = 0 the filter is, in the Fourier domain over k and for each channel of the descriptor (DSST,
Danelljan et al., BMVC 2014, eq. 3-6),

    h = A / (B + lambda),    A = conj(G) F,    B = sum_channels conj(F) F,

with A and B averaged over time, and scores a new stack Z by ifft(sum_channels conj(A) Z / (B + lambda)).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Complex, Float
from torch import Tensor

from saccade.core.errors import ConfigError
from saccade.ops.constants import constant
from saccade.ops.hog import CELL, hog
from saccade.ops.peaks import peak1d
from saccade.ops.windows import hann


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The one-dimensional filter that finds the target's scale."""

    count: int = 17
    """number of scales looked at; odd"""
    step: float = 1.03
    """ratio of neighbouring scales"""
    cells: int = 6
    """cells along a side of the patch that describes the target at one scale"""
    sigma: float = 17 / 16
    """standard deviation of the wished response, in scales"""
    regularisation: float = 0.01
    """added to the filter's denominator, relative to its mean"""
    rate: float = 0.015
    """share of the newest sample, per frame"""
    gain: float = 1.25
    """factor on the measured exponent: the filter underestimates change"""

    def __post_init__(self) -> None:
        if self.count < 1 or self.count % 2 == 0:
            raise ConfigError(f"scale.count is {self.count}; it must be odd and positive")
        if self.cells < 1:
            raise ConfigError(f"scale.cells is {self.cells}; it must be at least 1")
        if self.step <= 1:
            raise ConfigError(f"scale.step is {self.step}; it must be above 1")


def scale_spectrum(
    gray: Float[Tensor, "N S S"], centre: Float[Tensor, "N 2"], size: Float[Tensor, "N 2"], config: Scale
) -> Complex[Tensor, "N f D"]:
    """The target's descriptors at every scale, transformed over scales.

    Args:
        centre, size: (x, y) and (width, height) of the target in pixels of `gray`.
    """
    side = config.cells * CELL
    # one pixel more on every side, for the gradients
    across = (torch.arange(-1, side + 1, dtype=torch.float64) + 0.5) / side - 0.5
    offsets = _scales(config)[:, None] * across
    x, y = (centre[:, axis, None, None] + size[:, axis, None, None] * offsets for axis in (0, 1))
    shape = (len(gray), config.count, side + 2, side + 2)
    # grid_sample counts from -1 to 1 across the picture, from edge to edge
    grid = (
        2 * torch.stack([x[:, :, None].expand(shape), y[..., None].expand(shape)], dim=-1) + 1
    ) / gray.shape[-1] - 1
    patches = F.grid_sample(
        gray[:, None], grid.float().flatten(1, 2), padding_mode="border", align_corners=False
    )
    descriptors = hog(patches.view(-1, side + 2, side + 2)).view(len(gray), config.count, -1)
    windowed: Tensor = descriptors * hann(config.count)[:, None]
    spectrum: Tensor = torch.fft.rfft(windowed, dim=1)
    return spectrum


def scale_model(
    sample: Complex[Tensor, "N f D"], config: Scale
) -> tuple[Complex[Tensor, "N f D"], Float[Tensor, "N f"]]:
    """Numerator A and denominator B of the filter that one sample makes."""
    return _label(config).conj()[:, None] * sample, sample.abs().square().sum(2)


def measure_scale(
    sample: Complex[Tensor, "N f D"],
    numerator: Complex[Tensor, "N f D"],
    denominator: Float[Tensor, "N f"],
    config: Scale,
) -> Float[Tensor, " N"]:
    """By which factor each target has grown."""
    divisor = denominator + config.regularisation * denominator.mean(1, keepdim=True)
    scores = torch.fft.irfft((numerator.conj() * sample).sum(2) / divisor, n=config.count)
    exponent = peak1d(scores).double() - config.count // 2
    return config.step ** (config.gain * exponent)


@constant
def _scales(config: Scale) -> Float[Tensor, " count"]:
    return config.step ** (torch.arange(config.count, dtype=torch.float64) - config.count // 2)


@constant
def _label(config: Scale) -> Complex[Tensor, " f"]:
    exponent = torch.arange(config.count) - config.count // 2
    spectrum: Tensor = torch.fft.rfft(torch.exp(-0.5 * (exponent / config.sigma) ** 2))
    return spectrum
