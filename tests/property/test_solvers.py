"""Solvers: they reach known minima, and a batch of targets is as many independent solutions."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from saccade.solvers.conjugate_gradient import (
    CGState,
    ConjugateGradient,
    LinearProblem,
    Variables,
    fletcher_reeves,
    polak_ribiere,
)
from saccade.solvers.gauss_newton import GaussNewton, LeastSquares, plain_inner
from tests.property.automatic import ResidualFunction

BETAS = (fletcher_reeves, polak_ribiere)
Beta = Callable[[Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class MatrixProblem:
    """A x = b for given matrices, with the variables split in two and perhaps a preconditioner."""

    matrices: Tensor
    diagonal: Tensor | None = None

    def apply(self, x: Variables) -> Variables:
        return split((self.matrices @ torch.cat(x, dim=1)[..., None])[..., 0])

    def inner(self, a: Variables, b: Variables) -> Tensor:
        return plain_inner(a, b)

    def precondition(self, residual: Variables) -> Variables:
        return residual if self.diagonal is None else split(torch.cat(residual, dim=1) / self.diagonal)


def split(x: Tensor) -> Variables:
    return x[:, :2], x[:, 2:]


def test_a_ratio_to_nothing_is_nothing_and_so_is_its_slope() -> None:
    rho, before = torch.tensor([2.0, 3.0, 5.0], requires_grad=True), torch.tensor([4.0, 0.0, 1.0])
    beta = fletcher_reeves(rho, before, torch.zeros(3))
    assert beta.tolist() == [0.5, 0.0, 5.0]
    beta.sum().backward()
    assert rho.grad is not None and rho.grad.tolist() == [0.25, 0.0, 1.0]


def test_scalars_of_complex_variables_are_real() -> None:
    """In ECO the filters are Fourier series, and their inner products are real."""
    state = CGState.fresh((torch.zeros(3, 2, dtype=torch.complex64),))
    assert (state.rho.dtype, state.rho.tolist()) == (torch.float32, [1.0, 1.0, 1.0])
    assert state.direction[0].is_complex()


def test_the_plain_inner_product_is_the_sum_over_all_variables() -> None:
    a = torch.tensor([[1.0, 2.0], [0.0, -1.0]]), torch.tensor([[[3.0]], [[4.0]]])
    b = torch.tensor([[5.0, 1.0], [7.0, 2.0]]), torch.tensor([[[2.0]], [[0.5]]])
    assert plain_inner(a, b).tolist() == [13.0, 0.0]


def random_problem(seed: int, targets: int, unknowns: int = 6) -> tuple[MatrixProblem, Tensor, Tensor]:
    """Well-conditioned positive definite equations, their solutions and right-hand sides."""
    generator = torch.Generator().manual_seed(seed)
    factor = torch.randn(targets, unknowns, unknowns, generator=generator, dtype=torch.float64)
    matrices = factor @ factor.mT / unknowns + torch.eye(unknowns)
    solution = torch.randn(targets, unknowns, generator=generator, dtype=torch.float64)
    diagonal = matrices.diagonal(dim1=1, dim2=2)
    return MatrixProblem(matrices, diagonal), solution, (matrices @ solution[..., None])[..., 0]


def test_problems_keep_to_their_protocols() -> None:
    assert isinstance(random_problem(0, 1)[0], LinearProblem)
    assert isinstance(ResidualFunction(lambda x: (x,)), LeastSquares)


@given(seed=st.integers(0, 10**6), targets=st.integers(1, 4), beta=st.sampled_from(BETAS))
def test_as_many_steps_as_unknowns_solve_the_equation(seed: int, targets: int, beta: Beta) -> None:
    problem, solution, b = random_problem(seed, targets)
    x, _ = ConjugateGradient(beta).solve(problem, split(b), steps=6)
    torch.testing.assert_close(torch.cat(x, dim=1), solution, atol=1e-7, rtol=1e-7)


@given(seed=st.integers(0, 10**6), steps=st.integers(1, 6), beta=st.sampled_from(BETAS))
def test_a_batch_equals_its_single_solutions(seed: int, steps: int, beta: Beta) -> None:
    problem, _, b = random_problem(seed, 3)
    solver = ConjugateGradient(beta, forgetting=0.5)
    batch, kept = solver.solve(problem, split(b), steps=2)
    batch, _ = solver.solve(problem, split(b), batch, steps=steps, kept=kept)
    for n in range(3):
        alone = MatrixProblem(problem.matrices[n : n + 1], problem.diagonal[n : n + 1])  # type: ignore[index]
        x, kept = solver.solve(alone, split(b[n : n + 1]), steps=2)
        x, _ = solver.solve(alone, split(b[n : n + 1]), x, steps=steps, kept=kept)
        torch.testing.assert_close(torch.cat(x, dim=1)[0], torch.cat(batch, dim=1)[n])


@given(seed=st.integers(0, 10**6))
def test_every_step_comes_closer(seed: int) -> None:
    problem, solution, b = random_problem(seed, 1)
    distances = []
    for steps in range(7):
        x, _ = ConjugateGradient().solve(problem, split(b), steps=steps)
        error = split(torch.cat(x, dim=1) - solution)
        distances.append(float(plain_inner(error, problem.apply(error))))
    assert all(after <= before * (1 + 1e-9) + 1e-12 for before, after in pairwise(distances))


def test_a_state_that_is_kept_goes_on_where_it_stopped() -> None:
    """With nothing forgotten, two calls of three steps are one of six."""
    problem, _, b = random_problem(5, 2)
    solver = ConjugateGradient(polak_ribiere, forgetting=1.0)
    once, _ = solver.solve(problem, split(b), steps=6)
    x, kept = solver.solve(problem, split(b), steps=3)
    twice, _ = solver.solve(problem, split(b), x, steps=3, kept=kept)
    torch.testing.assert_close(torch.cat(twice, dim=1), torch.cat(once, dim=1))


def two_directions(seed: int) -> tuple[MatrixProblem, Tensor, Tensor]:
    """Equations without a preconditioner, a residual, and the direction of the last step."""
    problem, last, residual = random_problem(seed, targets=2)
    return MatrixProblem(problem.matrices), residual, last


@pytest.mark.parametrize(
    ("shrunk", "restarts"), [pytest.param(0.5, False, id="goes on"), pytest.param(2.0, True, id="restarts")]
)
def test_a_direction_has_as_much_of_the_last_as_the_formula_says(shrunk: float, restarts: bool) -> None:
    problem, residual, last = two_directions(3)
    rho, before = residual.square().sum(dim=1), shrunk * residual
    beta = ((rho - (before * residual).sum(dim=1)) / 3.0).clamp(min=0)
    assert (beta == 0).all() if restarts else (beta > 0).all()
    state = CGState(split(last), torch.full_like(rho, 3.0), split(before))
    found = ConjugateGradient(polak_ribiere).direct(problem, split(residual), state)
    torch.testing.assert_close(torch.cat(found.direction, dim=1), residual + beta[:, None] * last)
    torch.testing.assert_close(found.rho, rho)


def test_forgetting_takes_less_of_the_last_direction() -> None:
    problem, residual, last = two_directions(4)
    rho = residual.square().sum(dim=1)
    kept = CGState(split(last), torch.full_like(rho, 3.0), split(residual))
    solver = ConjugateGradient(fletcher_reeves, forgetting=0.25)
    found = solver.direct(problem, split(residual), solver.init(split(residual), kept))
    share = 0.25 * rho / 3.0
    torch.testing.assert_close(torch.cat(found.direction, dim=1), residual + share[:, None] * last)


def test_without_a_memory_a_kept_state_is_ignored() -> None:
    problem, _, b = random_problem(5, 2)
    x, kept = ConjugateGradient().solve(problem, split(b), steps=2)
    with_state, _ = ConjugateGradient().solve(problem, split(b), x, steps=2, kept=kept)
    without, _ = ConjugateGradient().solve(problem, split(b), x, steps=2)
    assert torch.equal(with_state[0], without[0])


@pytest.mark.parametrize("beta", BETAS)
def test_a_target_that_is_solved_stays_while_others_go_on(beta: Beta) -> None:
    """Its residual is exactly zero, by which nothing may be divided."""
    problem, solution, b = random_problem(1, 2)
    b[0], solution[0] = 0, 0
    solver = ConjugateGradient(beta, forgetting=0.5)
    x, kept = solver.solve(problem, split(b), steps=6)
    x, _ = solver.solve(problem, split(b), x, steps=6, kept=kept)
    torch.testing.assert_close(torch.cat(x, dim=1), solution, atol=1e-8, rtol=1e-8)


@given(seed=st.integers(0, 10**6))
def test_one_gauss_newton_step_solves_linear_least_squares(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    design = torch.randn(2, 9, 4, generator=generator, dtype=torch.float64)
    wished = torch.randn(2, 9, generator=generator, dtype=torch.float64)
    ridge = ResidualFunction(lambda x: ((design @ x[..., None])[..., 0] - wished, 0.5 * x))
    (x,) = GaussNewton().solve(ridge, (torch.zeros(2, 4, dtype=torch.float64),), steps=1, inner_steps=4)
    normal = design.mT @ design + 0.25 * torch.eye(4, dtype=torch.float64)
    expected = torch.linalg.solve(normal, design.mT @ wished[..., None])[..., 0]
    torch.testing.assert_close(x, expected, atol=1e-6, rtol=1e-6)


def test_gauss_newton_reaches_the_minimum_of_rosenbrock() -> None:
    def residuals(x: Tensor) -> Variables:
        return (torch.stack([10 * (x[:, 1] - x[:, 0] ** 2), 1 - x[:, 0]], dim=1),)

    start = torch.tensor([[-1.2, 1.0], [0.0, 3.0]], dtype=torch.float64)
    (x,) = GaussNewton().solve(ResidualFunction(residuals), (start,), steps=3, inner_steps=2)
    torch.testing.assert_close(x, torch.ones(2, 2, dtype=torch.float64))


def test_gauss_newton_fits_variables_of_several_shapes_together() -> None:
    """A product of two unknown factors, the kind of problem that filter and projection are."""
    generator = torch.Generator().manual_seed(0)
    left = torch.randn(2, 5, 1, generator=generator, dtype=torch.float64)
    right = torch.randn(2, 1, 4, generator=generator, dtype=torch.float64)
    problem = ResidualFunction(lambda u, v: (u @ v - left @ right, 0.5 * (u - left)))
    start = (left + 0.3, right + 0.3)
    u, v = GaussNewton().solve(problem, start, steps=8, inner_steps=9)
    torch.testing.assert_close(u, left, atol=1e-6, rtol=0)
    torch.testing.assert_close(v, right, atol=1e-6, rtol=0)


def test_a_preconditioner_equal_to_the_matrix_solves_in_one_step() -> None:
    matrices = torch.diag_embed(torch.tensor([[1.0, 10.0, 100.0, 1000.0]], dtype=torch.float64))
    problem = MatrixProblem(matrices, matrices.diagonal(dim1=1, dim2=2))
    x, _ = ConjugateGradient().solve(problem, split(matrices.sum(dim=1)), steps=1)
    torch.testing.assert_close(torch.cat(x, dim=1), torch.ones(1, 4, dtype=torch.float64))
