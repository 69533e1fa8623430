"""Learning of ECO's filters: factorised convolution in the Fourier domain.

A target is scored by the series s = sum_d h_d (sum_c P_cd x_c), products being taken coefficient by
coefficient, where x holds the interpolated features of C channels, P (C, D) compresses them, and h holds a
filter of D channels. Everything is batched over N targets. Series have channels last: filters are (N, t, k,
D) with t rows and k columns of a half spectrum, and samples (N, f, M, C) with the f = t k coefficients first,
so that each coefficient is one small matrix.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Complex, Float
from torch import Tensor

from saccade.core.errors import ConfigError
from saccade.ops.fourier import inner_product
from saccade.solvers.conjugate_gradient import Variables

Filters = Complex[Tensor, "N t k D"]


def filter_inner(a: Filters, b: Filters) -> Float[Tensor, " N"]:
    """The inner product of the real filters that two batches of series stand for."""
    product: Tensor = inner_product(a.movedim(-1, 1), b.movedim(-1, 1))
    return product


def symmetrised(filters: Filters) -> Filters:
    """Restore c(-k) = conj(c(k)) in the column k_x = 0, so that the filter is real."""
    first = filters[:, :, :1]
    return torch.cat([0.5 * (first + first.flip(1).conj()), filters[:, :, 1:]], dim=2)


def principal_projection(features: Float[Tensor, "S h w C"], channels: int) -> Float[Tensor, "C D"]:
    """The directions in which the features vary most, in columns."""
    values = features.flatten(0, -2)
    centred = values - values.mean(dim=0)
    # neighbouring variances are close: the singular vectors are the ones whose rounding the reference shares
    directions, _, _ = torch.linalg.svd(centred.T @ centred)
    return directions[:, :channels]


def regularisation_kernel(
    size_wh: tuple[int, int],
    base_wh: Float[Tensor, "2"],
    *,
    minimum: float,
    edge: float,
    power: float,
    sparsity: float,
    radius: int,
) -> Float[Tensor, "r r"]:
    """The Fourier coefficients of the weight that keeps a filter on its target (SRDCF; ECO eq. 3).

    A filter tap at (x, y) from the middle of a target of size w x h is weighted by

        (edge - minimum) (|2 x / w|^power + |2 y / h|^power) + minimum.

    Multiplying by it is a convolution with its Fourier series, of which only the coefficients above
    `sparsity` times the largest are kept; the constant one is raised so that the smallest weight is `minimum`
    again.

    Args:
        size_wh: size of the search region in crop pixels.
        base_wh: size of the target in crop pixels.
        radius: highest frequency in the result, which has 2 radius + 1 rows and columns.

    Raises:
        ConfigError: coefficients beyond `radius` are above the threshold.
    """
    along_x, along_y = (
        ((torch.arange(-((side - 1) // 2), side // 2 + 1).to(base_wh) / (target / 2)).abs() ** power)
        for side, target in zip(size_wh, base_wh, strict=True)
    )
    weight = (edge - minimum) * (along_y[:, None] + along_x) + minimum
    spectrum = torch.fft.rfft2(weight, norm="forward")
    magnitude = spectrum.abs()
    spectrum = torch.where(magnitude < sparsity * magnitude.max(), 0, spectrum)
    spectrum[0, 0] += minimum - torch.fft.irfft2(spectrum, s=weight.shape, norm="forward").min()
    half = torch.fft.fftshift(spectrum.real, dim=0)
    middle = half.shape[0] // 2
    kept = half[middle - radius : middle + radius + 1, : radius + 1]
    if kept.count_nonzero() < half.count_nonzero():
        raise ConfigError(
            f"a filter's regularisation has frequencies above reg_radius={radius}; raise it, or reg_sparsity"
        )
    return torch.cat([kept[:, 1:].flip(0, 1), kept], dim=1)


@dataclass(frozen=True, slots=True)
class Regularisation:
    """The penalty |W h|^2 on filters, W being the convolution with a real, point-symmetric kernel for each
    target.

    Only W^T W is ever needed. It is the convolution with the kernel's autocorrelation, as long as nothing is
    cut off at the borders of the spectrum: coefficients outside of the series are zero, and results outside
    still count.

    Attributes:
        squared: autocorrelations of the kernels; twice their radius is at most the highest frequency of the
            series.
        energy: sum of each kernel's squares.
    """

    squared: Float[Tensor, "N q q"]
    energy: Float[Tensor, " N"]

    @classmethod
    def of_kernels(cls, kernels: Float[Tensor, "N r r"]) -> "Regularisation":
        count, side, _ = kernels.shape
        squared = F.conv2d(kernels[None], kernels[:, None], padding=side - 1, groups=count)[0]
        return cls(squared, kernels.square().sum(dim=(1, 2)))

    def half(self, filters: Filters) -> Filters:
        """W^T W h of half spectra that are taken as they are, with nothing at negative k_x."""
        targets, rows, columns, channels = filters.shape
        maps = torch.view_as_real(filters).permute(0, 3, 4, 1, 2).reshape(1, -1, rows, columns)
        weight = self.squared.repeat_interleave(2 * channels, dim=0)[:, None]
        result = F.conv2d(maps, weight, padding=self.squared.shape[-1] // 2, groups=len(weight))
        parts = result.reshape(targets, channels, 2, rows, columns).permute(0, 3, 4, 1, 2)
        return torch.view_as_complex(parts.contiguous())

    def full(self, filters: Filters) -> Filters:
        """W^T W h of the half spectra of real filters: negative k_x mirror the positive ones."""
        reach = self.squared.shape[-1] // 2
        mirrored = filters[:, :, 1 : reach + 1].flip(1, 2).conj()
        return self.half(torch.cat([mirrored, filters], dim=2))[:, :, mirrored.shape[2] :]


def filter_diagonal(
    energy: Float[Tensor, "N t k D"], reg_energy: Float[Tensor, " N"], *, data_share: float, reg_share: float
) -> Float[Tensor, "N t k D"]:
    """The preconditioner's diagonal for filters (ECO, section 3.4 of the supplement).

    `energy` is the samples' mean energy |x|^2; it is mixed with its mean over channels and with the
    regularisation's.
    """
    data = data_share * energy + (1 - data_share) * energy.mean(dim=-1, keepdim=True)
    return (1 - reg_share) * data + reg_share * reg_energy[:, None, None, None]


def projection_diagonal(
    label: Float[Tensor, "N t k"], raw_channels: int, *, factor: float, projection_reg: float
) -> Float[Tensor, " N"]:
    """The preconditioner's value for projections: what a channel contributes to a perfect score, on
    average.
    """
    label_energy = inner_product(label[:, None], label[:, None])
    return factor * (2 * label_energy / raw_channels + projection_reg)


@dataclass(frozen=True, slots=True)
class JointProblem:
    """Filter and projection of the first frame together (ECO eq. 6 and 7):

        min sum_m w_m |x_m P h - y|^2 + |W h|^2 + projection_reg |P|^2,

    the sums being over the stored coefficients, real and imaginary parts alike.

    Attributes:
        samples: coefficients of M samples.
        weights: their weights.
        label: coefficients of the wished score.
        diagonals: preconditioner of filters (N, t, k, D) and projections (N,).
    """

    samples: Complex[Tensor, "N f M C"]
    weights: Float[Tensor, "N M"]
    label: Float[Tensor, "N t k"]
    regularisation: Regularisation
    projection_reg: float
    diagonals: tuple[Tensor, Tensor]

    def linearise(self, x: Variables) -> tuple["JointNormalEquations", Variables]:
        """J^T J at filters and projections x, and -J^T R(x).

        The mirrored coefficients that W needs at k_x < 0 enter R as constants, so that J has no part of them.
        """
        filters, projection = x
        normal = JointNormalEquations(self, filters.flatten(1, 2), projection)
        raw = normal.filters @ projection.mT.to(filters.dtype)
        residuals = self.samples @ raw[..., None] - self.label.flatten(1)[..., None, None]
        by_filter, by_projection = normal.adjoint(residuals, filters)
        return normal, (
            -(by_filter + self.regularisation.full(filters)),
            -(by_projection + self.projection_reg * projection),
        )


@dataclass(frozen=True, slots=True)
class JointNormalEquations:
    """J^T J of the joint problem at a filter h and a projection P.

    A change (dh, dP) changes the scores by r = X (P dh + dP h) to first order. With g = X^H w r, the two
    parts of J^T J are P^T g + W^T W dh and Re sum_f g_f conj(h_f)^T + projection_reg dP: a pass over the
    samples for X and one for X^H.
    """

    problem: JointProblem
    filters: Complex[Tensor, "N f D"]
    projection: Float[Tensor, "N C D"]

    def apply(self, x: Variables) -> Variables:
        dh, dp = x
        problem = self.problem
        # P dh + dP h as one product
        both = torch.cat([dh.flatten(1, 2), self.filters], dim=2)
        raw = both @ torch.cat([self.projection, dp], dim=2).mT.to(both.dtype)
        by_filter, by_projection = self.adjoint(problem.samples @ raw[..., None], dh)
        return by_filter + problem.regularisation.half(dh), by_projection + problem.projection_reg * dp

    def adjoint(self, scores: Complex[Tensor, "N f M 1"], like: Filters) -> tuple[Tensor, Tensor]:
        """The gradients by filter and by projection of scores r.

        Not g but its conjugate (w r)^H X is formed, which reads the samples in the order of memory.
        """
        weighted = scores * self.problem.weights[:, None, :, None]
        conjugate = (weighted.mH @ self.problem.samples)[..., 0, :]
        by_filter = (conjugate @ self.projection.to(conjugate.dtype)).conj_physical().reshape(like.shape)
        by_projection = (conjugate.mT @ self.filters).real
        return by_filter, by_projection

    def inner(self, a: Variables, b: Variables) -> Float[Tensor, " N"]:
        return filter_inner(a[0], b[0]) + (a[1] * b[1]).sum(dim=(1, 2))

    def precondition(self, residual: Variables) -> Variables:
        filters, projections = self.problem.diagonals
        return residual[0] / filters, residual[1] / projections[:, None, None]


@dataclass(frozen=True, slots=True)
class FilterProblem:
    """The filter alone, for compressed samples with weights (ECO eq. 9):

        (sum_m w_m x_m^H x_m + W^T W) h = y conj(sum_m w_m x_m).

    The left sum is one D x D matrix for each coefficient. It is made once, with one pass over the samples;
    every step of the solver then costs next to nothing.
    """

    gram: Complex[Tensor, "N f D D"]
    right: Filters
    regularisation: Regularisation
    diagonal: Float[Tensor, "N t k D"]

    @classmethod
    def of_samples(
        cls,
        samples: Complex[Tensor, "N f M D"],
        weights: Float[Tensor, "N M"],
        label: Float[Tensor, "N t k"],
        regularisation: Regularisation,
        diagonal: Float[Tensor, "N t k D"],
    ) -> "FilterProblem":
        mean = (weights.to(samples.dtype)[:, None, None, :] @ samples)[..., 0, :]
        right = label[..., None] * mean.conj().reshape(diagonal.shape)
        return cls(weighted_gram(samples, weights), right, regularisation, diagonal)

    def apply(self, x: Variables) -> Variables:
        (filters,) = x
        data = self.gram @ filters.flatten(1, 2)[..., None]
        return (data.reshape(filters.shape) + self.regularisation.full(filters),)

    def inner(self, a: Variables, b: Variables) -> Float[Tensor, " N"]:
        return filter_inner(a[0], b[0])

    def precondition(self, residual: Variables) -> Variables:
        return (residual[0] / self.diagonal,)


def weighted_gram(
    samples: Complex[Tensor, "N f M D"], weights: Float[Tensor, "N M"], *, chunk: int = 128
) -> Complex[Tensor, "N f D D"]:
    """sum_m w_m conj(x_m) x_m^T for each coefficient, in chunks of them that stay in the processor's
    cache.
    """
    parts = []
    for first in range(0, samples.shape[1], chunk):
        part = samples[:, first : first + chunk]
        parts.append((part * weights[:, None, :, None]).mH @ part)
    return torch.cat(parts, dim=1)
