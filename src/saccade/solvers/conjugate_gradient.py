"""Preconditioned conjugate gradients, batched over targets."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

Variables = tuple[Tensor, ...]
"""an element of the space that is solved in: one or more tensors, each with leading target dimension N"""


@runtime_checkable
class LinearProblem(Protocol):
    """A x = b for N targets at once, each an equation of its own."""

    def apply(self, x: Variables) -> Variables:
        """Return A x."""
        ...

    def inner(self, a: Variables, b: Variables) -> Float[Tensor, " N"]:
        """Return <a, b>, in which A should be self-adjoint."""
        ...

    def precondition(self, residual: Variables) -> Variables:
        """Return M^-1 r for an M close to A that is easy to invert."""
        ...


@dataclass(slots=True)
class CGState:
    """What a solver remembers between its steps, and may between calls.

    Before the first step the direction is zero, so that the first one is the preconditioned residual.

    Attributes:
        direction: last search direction p.
        rho: <r, M^-1 r> at the last step.
        previous: residual before the last step, which Polak-Ribière compares with.
    """

    direction: Variables
    rho: Float[Tensor, " N"]
    previous: Variables

    @classmethod
    def fresh(cls, like: Variables) -> "CGState":
        """The state before the first step, for solutions shaped `like` these."""
        zeros = tuple(torch.zeros_like(v) for v in like)
        real = like[0].real if like[0].is_complex() else like[0]
        return cls(zeros, real.new_ones(len(like[0])), zeros)


def fletcher_reeves(rho: Tensor, rho_before: Tensor, changed: Tensor) -> Tensor:
    """beta = <r, z> / <r', z'>, with z = M^-1 r and dashes at the previous step."""
    return _ratio(rho, rho_before)


def polak_ribiere(rho: Tensor, rho_before: Tensor, changed: Tensor) -> Tensor:
    """beta = <r - r', z> / <r', z'>: restarts by itself where the residual hardly changes."""
    return _ratio(changed, rho_before)


@dataclass(frozen=True, slots=True)
class ConjugateGradient:
    """Solver of A x = b for a positive definite A, by steps along conjugate directions (Shewchuk 1994, B3).

    With z = M^-1 r, a step is

        rho = <r, z>,  beta = max(0, beta(...)),  p = z + beta p,
        alpha = rho / <p, A p>,  x += alpha p,  r -= alpha A p.

    n steps minimise 1/2 <x, A x> - <b, x> over n directions, so n unknowns are found in n steps but for
    rounding.

    The state that an earlier, slightly different equation left is a good guess of where to go on. Its last
    direction is then used, beta being multiplied by `forgetting` (ECO, section 3.4 of the supplement).

    Every scalar is a tensor (N,): N targets are N independent solutions. Where rho is 0, the residual is 0,
    and the target stays where it is: alpha and beta are 0 wherever they would be divided by 0.

    Attributes:
        beta: formula of beta.
        forgetting: divisor of a kept rho, in (0, 1]; 0 starts each call afresh.
    """

    beta: Callable[[Tensor, Tensor, Tensor], Tensor] = polak_ribiere
    forgetting: float = 0.0

    def init(self, like: Variables, kept: CGState | None = None) -> CGState:
        """The state to begin a call with, from the one that the last call left."""
        if kept is None or self.forgetting == 0:
            return CGState.fresh(like)
        return CGState(kept.direction, kept.rho / self.forgetting, kept.previous)

    def direct(self, problem: LinearProblem, residual: Variables, state: CGState) -> CGState:
        """The next search direction, conjugate to the last one."""
        z = problem.precondition(residual)
        rho = problem.inner(residual, z)
        changed = rho - problem.inner(state.previous, z)
        beta = self.beta(rho, state.rho, changed).clamp(min=0)
        direction = tuple(z_i + _spread(beta, p) * p for z_i, p in zip(z, state.direction, strict=True))
        return CGState(direction, rho, residual)

    def solve(
        self,
        problem: LinearProblem,
        b: Variables,
        x: Variables | None = None,
        *,
        steps: int,
        kept: CGState | None = None,
    ) -> tuple[Variables, CGState]:
        """Improve a solution by some steps.

        Args:
            b: right-hand side.
            x: where to begin; zero by default, which saves a product with A.
            kept: state of an earlier call, used if `forgetting` is above 0.

        Returns:
            The new solution and the state to keep.
        """
        state = self.init(b, kept)
        residual = b if x is None else tuple(b_i - a_i for b_i, a_i in zip(b, problem.apply(x), strict=True))
        x = tuple(torch.zeros_like(v) for v in b) if x is None else x
        for step in range(steps):
            state = self.direct(problem, residual, state)
            image = problem.apply(state.direction)
            alpha = _ratio(state.rho, problem.inner(state.direction, image))
            x = _add(x, alpha, state.direction)
            if step + 1 < steps:
                residual = _add(residual, -alpha, image)
        return x, state


def _ratio(a: Tensor, b: Tensor) -> Tensor:
    return torch.where(b == 0, 0, a / torch.where(b == 0, 1, b))


def _spread(scalars: Tensor, like: Tensor) -> Tensor:
    """(N,) as (N, 1, ..., 1), to multiply `like` with."""
    return scalars.reshape(-1, *[1] * (like.dim() - 1))


def _add(x: Variables, factor: Float[Tensor, " N"], y: Variables) -> Variables:
    return tuple(x_i + _spread(factor, y_i) * y_i for x_i, y_i in zip(x, y, strict=True))
