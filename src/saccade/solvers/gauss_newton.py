"""Gauss-Newton for nonlinear least squares, its linear equations solved by conjugate gradients."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from saccade.solvers.conjugate_gradient import ConjugateGradient, LinearProblem, Variables, fletcher_reeves


@runtime_checkable
class LeastSquares(Protocol):
    """min |R(x)|^2 for N targets at once."""

    def linearise(self, x: Variables) -> tuple[LinearProblem, Variables]:
        """Return the normal equations at x: the operator J^T J and the right-hand side -J^T R(x)."""
        ...


_FLETCHER_REEVES = ConjugateGradient(beta=fletcher_reeves)


@dataclass(frozen=True, slots=True)
class GaussNewton:
    """Minimiser of |R(x)|^2.

    Around x, R(x + d) is close to R(x) + J d with the Jacobian J. The d that minimises |R(x) + J d|^2 solves
    the normal equations

        J^T J d = -J^T R(x),

    which conjugate gradients do without ever forming J^T J; then x += d. Factors of 2 cancel. There is no
    line search: a few steps of the inner solver, started at zero, keep d small enough.

    Attributes:
        inner: solver of the normal equations; it starts afresh each time.
    """

    inner: ConjugateGradient = _FLETCHER_REEVES

    def step(self, problem: LeastSquares, x: Variables, *, inner_steps: int) -> Variables:
        """One linearisation, and the x that follows from it."""
        normal, b = problem.linearise(x)
        d, _ = self.inner.solve(normal, b, steps=inner_steps)
        return tuple(x_i + d_i for x_i, d_i in zip(x, d, strict=True))

    def solve(self, problem: LeastSquares, x: Variables, *, steps: int, inner_steps: int) -> Variables:
        """Improve x by some linearisations of `inner_steps` inner steps each."""
        for _ in range(steps):
            x = self.step(problem, x, inner_steps=inner_steps)
        return x


@dataclass(frozen=True, slots=True)
class NormalEquations:
    """J^T J d = -J^T R(x) of a residual function, given by products with J and with J^T."""

    apply_jacobian: Callable[[Variables], Variables]
    apply_adjoint: Callable[[Variables], Variables]
    preconditioner: Callable[[Variables], Variables]

    def apply(self, x: Variables) -> Variables:
        return self.apply_adjoint(self.apply_jacobian(x))

    def inner(self, a: Variables, b: Variables) -> Float[Tensor, " N"]:
        return plain_inner(a, b)

    def precondition(self, residual: Variables) -> Variables:
        return self.preconditioner(residual)


def plain_inner(a: Variables, b: Variables) -> Float[Tensor, " N"]:
    """The sum of products over everything but the target dimension."""
    return torch.stack([(a_i * b_i).flatten(1).sum(dim=1) for a_i, b_i in zip(a, b, strict=True)]).sum(dim=0)
