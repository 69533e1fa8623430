"""Least squares by automatic differentiation: what derivatives that are written out are compared with."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from saccade.solvers.conjugate_gradient import Variables
from saccade.solvers.gauss_newton import NormalEquations


@dataclass(frozen=True, slots=True)
class ResidualFunction:
    """A least-squares problem given by nothing but a residual function.

    Attributes:
        residuals: R, from variables to one or more tensors of residuals, each with leading target dimension;
            target n's residuals may depend on target n's variables only.
    """

    residuals: Callable[..., Variables]

    def linearise(self, x: Variables) -> tuple[NormalEquations, Variables]:
        values, apply_adjoint, *_ = torch.func.vjp(self.residuals, *x)

        def adjoint(*u: Tensor) -> Variables:
            gradients: Variables = torch.func.vjp(self.residuals, *x)[1](u)
            return gradients

        # u -> J^T u is linear, so its own adjoint is J; forward mode lacks many operators
        apply_jacobian = torch.func.vjp(adjoint, *(torch.zeros_like(v) for v in values))[1]
        return NormalEquations(apply_jacobian, apply_adjoint, tuple), tuple(-g for g in apply_adjoint(values))
