"""Learning of ATOM's target model: least-squares problems with the products that their solvers ask for.

Features x of C channels are compressed to D channels by a projection P (D, C), and scored by a filter f of
D channels (Danelljan et al. 2019, section 3.2). Both are linear: the score map f * (P x) is that of the
uncompressed features with the filter P^T f of C channels, which is how it is computed. Where P itself is
learnt, a step then costs one correlation and one adjoint of it, with nothing ever compressed.

Filters and projections may be more precise than features: products with features are as precise as these,
everything else is as precise as the variables. Conjugate gradients on the joint problem multiply rounding by
a thousand in ten steps, and nearly all of it is rounding of the solver's own few vectors: with these in
float64 and features in float32, scores are 50 times closer to those of float64 throughout.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from saccade.ops.activations import Activation
from saccade.ops.filters import correlate, correlate_adjoint, score_size
from saccade.solvers.conjugate_gradient import Variables
from saccade.solvers.gauss_newton import NormalEquations

Filters = Float[Tensor, "N C k k"]
Projections = Float[Tensor, "N D C"]


def correlate_same(
    features: Float[Tensor, "N T C h w"], filters: Float[Tensor, "N C k k"]
) -> Float[Tensor, "N T h w"]:
    """The score maps of each target's samples with its filter, as large as the features.

    Of the map of an even filter, which is one cell larger, the last row and column are left out.
    """
    height, width = features.shape[-2:]
    scores: Tensor = correlate(features, filters)
    return scores[..., :height, :width]


def correlate_same_adjoint(
    features: Float[Tensor, "N T C h w"], scores: Float[Tensor, "N T h w"], kernel: int
) -> Float[Tensor, "N C k k"]:
    """The gradient by the filters, given that by the score maps, summed over each target's samples."""
    height, width = score_size(features.shape[-2:], (kernel, kernel))
    padded = F.pad(scores, (0, width - scores.shape[-1], 0, height - scores.shape[-2]))
    gradient: Tensor = correlate_adjoint(features, padded, (kernel, kernel))
    return gradient


def uncompressed(
    filters: Float[Tensor, "N D k k"], projections: Float[Tensor, "N D C"]
) -> Float[Tensor, "N C k k"]:
    """P^T f: the filters that answer to raw features as the given ones do to compressed features."""
    return (projections.mT @ filters.flatten(2)).unflatten(2, filters.shape[2:])


def compress(
    features: Float[Tensor, "N T C h w"], projections: Float[Tensor, "N D C"]
) -> Float[Tensor, "N T D h w"]:
    """P x."""
    return (projections[:, None] @ features.flatten(3)).unflatten(3, features.shape[3:])


@dataclass(frozen=True, slots=True)
class LinearFit:
    """The weighted errors of N targets' score maps, R, and their derivative J by the filters.

    Attributes:
        features: of T samples of each target.
        residual: R, at the filters where the derivative is taken.
        slope: derivative of each residual by its score.
        kernel: taps of the filters along each axis.
    """

    features: Float[Tensor, "N T C h w"]
    residual: Float[Tensor, "N T h w"]
    slope: Float[Tensor, "N T h w"]
    kernel: int

    def push(self, change: Float[Tensor, "N C k k"]) -> Float[Tensor, "N T h w"]:
        """J d for a change d of the filters."""
        return self.slope * correlate_same(self.features, change.to(self.features))

    def pull(self, residual: Float[Tensor, "N T h w"]) -> Float[Tensor, "N C k k"]:
        """J^T r."""
        return correlate_same_adjoint(self.features, self.slope * residual, self.kernel)


@dataclass(frozen=True, slots=True)
class ScoreFit:
    """What filters should answer to samples: R(f) = sqrt(w) (a(f * x) - y).

    Attributes:
        features: of T samples of each target.
        labels: y.
        weights: w, of each sample.
        activation: a.
    """

    features: Float[Tensor, "N T C h w"]
    labels: Float[Tensor, "N T h w"]
    weights: Float[Tensor, "N T"]
    activation: Activation

    def linearise(self, filters: Float[Tensor, "N C k k"]) -> LinearFit:
        """R and its derivative at some filters."""
        scores = correlate_same(self.features, filters.to(self.features))
        root = self.weights.sqrt()[..., None, None]
        residual = root * (self.activation(scores) - self.labels)
        return LinearFit(self.features, residual, root * self.activation.slope(scores), filters.shape[-1])


@dataclass(frozen=True, slots=True)
class CompressedFilterProblem:
    """The filter alone: min |R(f)|^2 + reg |f|^2, on features that are compressed already."""

    fit: ScoreFit
    reg: float

    def linearise(self, x: Variables) -> tuple[NormalEquations, Variables]:
        (filters,) = x
        linear = self.fit.linearise(filters)
        return _penalised(
            linear.residual,
            push=lambda change: linear.push(change[0]),
            pull=lambda residual: (linear.pull(residual).to(filters),),
            x=x,
            regs=(self.reg,),
        )


@dataclass(frozen=True, slots=True)
class JointProblem:
    """Filter and projection together: min |R(P^T f)|^2 + filter_reg |f|^2 + projection_reg |P|^2.

    A change (df, dP) changes the filter of raw features by P^T df + dP^T f to first order. The preconditioner
    is the diagonal that the penalties alone would give.
    """

    fit: ScoreFit
    filter_reg: float
    projection_reg: float

    def linearise(self, x: Variables) -> tuple[NormalEquations, Variables]:
        filters, projections = x
        linear = self.fit.linearise(uncompressed(filters, projections))

        def push(change: Variables) -> Tensor:
            by_filter, by_projection = change
            return linear.push(uncompressed(by_filter, projections) + uncompressed(filters, by_projection))

        def pull(residual: Tensor) -> Variables:
            raw = linear.pull(residual).to(filters).flatten(2)
            by_filter = (projections @ raw).unflatten(2, filters.shape[2:])
            return by_filter, filters.flatten(2) @ raw.mT

        def precondition(residual: Variables) -> Variables:
            return residual[0] / self.filter_reg, residual[1] / self.projection_reg

        regs = (self.filter_reg, self.projection_reg)
        return _penalised(linear.residual, push, pull, x, regs, precondition)


def _penalised(
    residual: Tensor,
    push: Callable[[Variables], Tensor],
    pull: Callable[[Tensor], Variables],
    x: Variables,
    regs: tuple[float, ...],
    precondition: Callable[[Variables], Variables] = tuple,
) -> tuple[NormalEquations, Variables]:
    """The normal equations of a fit, the residuals sqrt(reg) x of its penalties added to its own."""
    roots = [math.sqrt(reg) for reg in regs]

    def apply_jacobian(change: Variables) -> Variables:
        return push(change), *(root * part for root, part in zip(roots, change, strict=True))

    def apply_adjoint(residuals: Variables) -> Variables:
        fit, *penalties = residuals
        parts = zip(pull(fit), roots, penalties, strict=True)
        return tuple(part + root * penalty for part, root, penalty in parts)

    everything = (residual, *(root * part for root, part in zip(roots, x, strict=True)))
    b = tuple(-part for part in apply_adjoint(everything))
    return NormalEquations(apply_jacobian, apply_adjoint, precondition), b
