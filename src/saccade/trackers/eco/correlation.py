"""The correlation filter: its memory, the equation that it solves, and the scores that it gives.

A filter h over C channels of spectra x scores a region by s = sum_c h_c x_c, a circular convolution. It
minimises

    sum_i a_i |sum_c h_c x_ic - y|^2 + |w . ifft(h)|^2

over all samples i, which fade with age (a_i), for a label y that peaks at the target, and a penalty w that
grows outside of it (ECO eq. 3; SRDCF eq. 4). The normal equations are (G + R) h = b, with, at every frequency
on its own,

    G = sum_i a_i conj(x_i) x_i^T,    b = sum_i a_i conj(x_i) y,    R h = fft(w^2 . ifft(h)).

G and b are all that is remembered of the samples: C x C numbers a frequency, however many samples there were.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from saccade.ops.constants import constant
from saccade.solvers.conjugate_gradient import ConjugateGradient, Variables, fletcher_reeves
from saccade.trackers.eco.config import Filter


def spectrum(channels: Float[Tensor, "N C n n"]) -> Complex[Tensor, "N C n m"]:
    """Fourier coefficients of real maps, the columns of negative frequency left out."""
    return torch.fft.rfft2(channels, norm="forward")


def from_spectrum(coefficients: Complex[Tensor, "*b n m"]) -> Float[Tensor, "*b n n"]:
    """The real maps of Fourier coefficients."""
    n = coefficients.shape[-2]
    return torch.fft.irfft2(coefficients, s=(n, n), norm="forward")


def recentre(sample: Complex[Tensor, "N C n m"], offset: Float[Tensor, "N 2"]) -> Complex[Tensor, "N C n m"]:
    """A sample as if its region had been cut out `offset` cells (x, y) further on."""
    n = sample.shape[-2]
    rows = torch.fft.fftfreq(n, 1 / n)
    phase_x = torch.exp(2j * math.pi / n * offset[:, :1].float() * rows[: n // 2 + 1].abs())
    phase_y = torch.exp(2j * math.pi / n * offset[:, 1:].float() * rows)
    return sample * (phase_y[:, :, None] * phase_x[:, None])[:, None]


def label(sigma: Float[Tensor, " N"], n: int) -> Complex[Tensor, "N n m"]:
    """Spectrum of the wished scores: a Gaussian, sigma in cells, at cell n // 2."""
    offset = torch.arange(n) - n // 2
    bell = torch.exp(-0.5 * (offset / sigma[:, None]) ** 2).float()
    return spectrum((bell[:, :, None] * bell[:, None])[:, None])[:, 0]


def penalty(size: Float[Tensor, "N 2"], n: int, config: Filter) -> Float[Tensor, "N n n"]:
    """The squared weights w^2 for targets of `size` (width, height) cells, laid around the filter's origin.

    The origin is half a cell off: the middle of a region of an even number of cells lies between two cells,
    while the label peaks on one.
    """
    offset = (torch.arange(n) + n // 2) % n - n // 2 - 0.5
    reach = (offset / (size[:, :, None] / 2)).square()
    weight = config.penalty_min + config.penalty_edge * (reach[:, 1, :, None] + reach[:, 0, None, :])
    return weight.square().float()


@dataclass(frozen=True, slots=True, eq=False)
class FilterEquation:
    """(G + R) h = b for N targets: a `LinearProblem`."""

    gram: Complex[Tensor, "N C C n m"]
    penalty: Float[Tensor, "N n n"]
    config: Filter

    def apply(self, x: Variables) -> Variables:
        """(G + R) h."""
        (h,) = x
        data = (self.gram * h[:, None]).sum(2)
        return (data + spectrum(self.penalty[:, None] * from_spectrum(h)),)

    def inner(self, a: Variables, b: Variables) -> Float[Tensor, " N"]:
        """The inner product of the real maps: a column of positive frequency stands for two."""
        product = a[0].real * b[0].real + a[0].imag * b[0].imag
        return (product * _column_weights(product.shape[-1])).flatten(1).sum(1)

    def precondition(self, residual: Variables) -> Variables:
        """Divides by the diagonal of G, smoothed over channels, and the mean penalty."""
        energy = self.gram.diagonal(dim1=1, dim2=2).movedim(-1, 1).real
        own, share = self.config.precondition_data, self.config.precondition_penalty
        data = own * energy + (1 - own) * energy.mean(1, keepdim=True)
        return (residual[0] / ((1 - share) * data + share * self.penalty.mean((1, 2))[:, None, None, None]),)


@constant
def _column_weights(columns: int) -> Float[Tensor, " m"]:
    weights = torch.full((columns,), 2.0)
    weights[0] = weights[-1] = 1.0
    return weights


def solve(
    h: Complex[Tensor, "N C n m"], cross: Complex[Tensor, "N C n m"], equation: FilterEquation, steps: int
) -> Complex[Tensor, "N C n m"]:
    """The filter after some more conjugate gradient steps."""
    (h,), _ = ConjugateGradient(beta=fletcher_reeves).solve(equation, (cross,), (h,), steps=steps)
    return h
