"""Learning of a target filter from stored samples: what its scores should be, and the problem to be solved.

Every learner of the family minimises

    L(f) = Phi(X * f) + reg / 2 |f|^2

over the filter f of each target, X being its samples' features; they differ in Phi alone, which is a loss of
score maps.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from saccade.ops.activations import Activation
from saccade.ops.filters import correlate, correlate_adjoint


@runtime_checkable
class ScoreLoss(Protocol):
    """Phi: what is wrong with the score maps of N targets."""

    def value(self, scores: Float[Tensor, "N T *M h w"]) -> Float[Tensor, " N"]:
        """Return Phi(s)."""
        ...

    def gradient(self, scores: Float[Tensor, "N T *M h w"]) -> Float[Tensor, "N T *M h w"]:
        """Return the gradient of Phi by each score."""
        ...

    def curvature(
        self, scores: Float[Tensor, "N T *M h w"], change: Float[Tensor, "N T *M h w"]
    ) -> Float[Tensor, " N"]:
        """Return u^T H u for a change u of the scores, H being the Hessian of Phi or close to it."""
        ...


@dataclass(frozen=True, slots=True)
class FilterProblem:
    """The loss of a filter, in the form in which steepest descent wants it.

    Attributes:
        features: of T samples of each target.
        loss: Phi.
        reg: weight of |f|^2 / 2.
    """

    features: Float[Tensor, "N T C h w"]
    loss: ScoreLoss
    reg: Float[Tensor, "1"]

    def measure(self, x: Float[Tensor, "N *M C kh kw"]) -> Float[Tensor, "N T *M H W"]:
        return correlate(self.features, x)

    def value(
        self, x: Float[Tensor, "N *M C kh kw"], measured: Float[Tensor, "N T *M H W"]
    ) -> Float[Tensor, " N"]:
        """Return L, given the filters and their score maps."""
        return self.loss.value(measured) + 0.5 * self.reg * _energy(x)

    def gradient(
        self, x: Float[Tensor, "N *M C kh kw"], measured: Float[Tensor, "N T *M H W"]
    ) -> Float[Tensor, "N *M C kh kw"]:
        kernel = (x.shape[-2], x.shape[-1])
        return correlate_adjoint(self.features, self.loss.gradient(measured), kernel) + self.reg * x

    def curvature(
        self,
        measured: Float[Tensor, "N T *M H W"],
        direction: Float[Tensor, "N *M C kh kw"],
        measured_direction: Float[Tensor, "N T *M H W"],
    ) -> Float[Tensor, " N"]:
        return self.loss.curvature(measured, measured_direction) + self.reg * _energy(direction)


@dataclass(frozen=True, slots=True)
class WeightedSquares:
    """Phi = 1/2 sum of squares of w (a(s) - y), with the Gauss-Newton approximation of its Hessian.

    Attributes:
        weight: w, one for each score.
        label: y.
        activation: a.
    """

    weight: Float[Tensor, "N T *M h w"]
    label: Float[Tensor, "N T *M h w"]
    activation: Activation

    def value(self, scores: Float[Tensor, "N T *M h w"]) -> Float[Tensor, " N"]:
        return 0.5 * _energy(self._residual(scores))

    def gradient(self, scores: Float[Tensor, "N T *M h w"]) -> Float[Tensor, "N T *M h w"]:
        return self.activation.slope(scores) * self.weight * self._residual(scores)

    def curvature(
        self, scores: Float[Tensor, "N T *M h w"], change: Float[Tensor, "N T *M h w"]
    ) -> Float[Tensor, " N"]:
        return _energy(self.weight * self.activation.slope(scores) * change)

    def _residual(self, scores: Tensor) -> Tensor:
        return self.weight * (self.activation(scores) - self.label)


def _energy(x: Float[Tensor, "N *any"]) -> Float[Tensor, " N"]:
    return x.flatten(1).square().sum(dim=1)
