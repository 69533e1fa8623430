"""Steepest descent with the step length of a quadratic model, batched over targets."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor


@runtime_checkable
class DescentProblem(Protocol):
    """min L(x) for N targets at once, where L sees x through linear measurements A x, and perhaps |x|^2."""

    def measure(self, x: Float[Tensor, "N *x"]) -> Float[Tensor, "N *y"]:
        """Return A x."""
        ...

    def gradient(self, x: Float[Tensor, "N *x"], measured: Float[Tensor, "N *y"]) -> Float[Tensor, "N *x"]:
        """Return the gradient of L at x, given A x."""
        ...

    def curvature(
        self,
        measured: Float[Tensor, "N *y"],
        direction: Float[Tensor, "N *x"],
        measured_direction: Float[Tensor, "N *y"],
    ) -> Float[Tensor, " N"]:
        """Return d^T H d for a direction d, H being the Hessian of L or its Gauss-Newton approximation."""
        ...


@dataclass(slots=True)
class DescentState:
    """Where each target is.

    Attributes:
        x: the solution so far.
        measured: A x.
    """

    x: Float[Tensor, "N *x"]
    measured: Float[Tensor, "N *y"]


@dataclass(frozen=True, slots=True)
class SteepestDescent:
    """Minimiser of L(x) by steps along the gradient g, as long as a quadratic model of L says.

    Along the gradient, the model is

        L(x - alpha g) = L(x) - alpha |g|^2 + alpha^2 / 2 g^T H g,

    and its minimum lies where the derivative by alpha, alpha g^T H g - |g|^2, is zero:

        alpha = |g|^2 / (g^T H g).

    With H = J^T J of a least-squares problem the denominator is |J g|^2 (Gauss-Newton; DiMP, section 3.3),
    with the true Hessian it is Newton's (PrDiMP, section 5). Then x -= alpha g.

    As A x changes by -alpha A g, which the curvature has already asked for, it is never measured again: a
    step costs one product with A and one with its adjoint. Everything is differentiable.

    Attributes:
        factor: what alpha is multiplied by.
        damping: added to H, times the identity.
        smallest: least value of the denominator.
    """

    factor: Float[Tensor, "1"] | float = 1.0
    damping: float = 0.0
    smallest: float = 1e-8

    def init(self, problem: DescentProblem, x: Float[Tensor, "N *x"]) -> DescentState:
        """The state to begin with."""
        return DescentState(x, problem.measure(x))

    def step(self, problem: DescentProblem, state: DescentState) -> DescentState:
        """One step of every target."""
        gradient = problem.gradient(state.x, state.measured)
        image = problem.measure(gradient)
        energy = gradient.flatten(1).square().sum(dim=1)
        curvature = problem.curvature(state.measured, gradient, image) + self.damping * energy
        length = self.factor * energy / curvature.clamp(min=self.smallest)
        return DescentState(state.x - _times(length, gradient), state.measured - _times(length, image))

    def iterates(
        self, problem: DescentProblem, x: Float[Tensor, "N *x"], *, steps: int
    ) -> Iterator[DescentState]:
        """The state to begin with, and the one after each of some steps."""
        state = self.init(problem, x)
        yield state
        for _ in range(steps):
            state = self.step(problem, state)
            yield state

    def solve(
        self, problem: DescentProblem, x: Float[Tensor, "N *x"], *, steps: int
    ) -> Float[Tensor, "N *x"]:
        """Improve x by some steps."""
        state = self.init(problem, x)
        for _ in range(steps):
            state = self.step(problem, state)
        return state.x


def _times(scalars: Float[Tensor, " N"], vectors: Float[Tensor, "N *x"]) -> Float[Tensor, "N *x"]:
    return torch.einsum("n,n...->n...", scalars, vectors)
