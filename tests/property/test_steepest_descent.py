"""Steepest descent: each step is the best along the gradient, and the learners' derivatives are true."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from saccade.nets.dimp.classifier import ClassifierConfig, TargetClassifier
from saccade.nets.dimp.density_loss import DensityLoss
from saccade.nets.dimp.filter_optimizer import TrainingSamples
from saccade.nets.dimp.hinge_loss import HingeLoss, SimpleLoss
from saccade.nets.dimp.learned_loss import LearnedLoss
from saccade.nets.filter_learning import FilterProblem, ScoreLoss
from saccade.solvers.steepest_descent import DescentProblem, SteepestDescent

LOSSES = [
    pytest.param(LearnedLoss(), id="DiMP"),
    pytest.param(LearnedLoss(activation="bent", mask="linear", damping=0.01), id="DiMP, bent"),
    pytest.param(HingeLoss(hinge_threshold=0.05), id="L2"),
    pytest.param(SimpleLoss(), id="simple"),
    pytest.param(DensityLoss(), id="PrDiMP"),
    pytest.param(DensityLoss(background=0.5, label_shrink=0.1, uniform_share=0.2), id="PrDiMP, background"),
]
Loss = LearnedLoss | HingeLoss | SimpleLoss | DensityLoss


def random(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@dataclass(frozen=True)
class Quadratic:
    """L = |A x - b|^2 / 2 with another A and b for each target."""

    matrices: Tensor
    wished: Tensor

    @classmethod
    def random(cls, seed: int, targets: int = 3) -> "Quadratic":
        return cls(random(targets, 40, 4, seed=seed), random(targets, 40, seed=seed + 1))

    def measure(self, x: Tensor) -> Tensor:
        return (self.matrices @ x[..., None])[..., 0]

    def value(self, x: Tensor) -> Tensor:
        return 0.5 * (self.measure(x) - self.wished).square().sum(dim=1)

    def gradient(self, x: Tensor, measured: Tensor) -> Tensor:
        return (self.matrices.mT @ (measured - self.wished)[..., None])[..., 0]

    def curvature(self, measured: Tensor, direction: Tensor, measured_direction: Tensor) -> Tensor:
        return measured_direction.square().sum(dim=1)


def learner(loss: Loss, seed: int, targets: int = 2) -> tuple[FilterProblem, SteepestDescent, Tensor]:
    """A small learning problem, its solver, and filters to begin with, which score on both sides of 0."""
    classifier = TargetClassifier(8, ClassifierConfig(channels=6, optimizer=loss)).double()
    boxes = torch.tensor([30.0, 20.0, 40.0, 50.0]).double() + 10 * random(targets, 3, 4, seed=seed)
    weights = random(targets, 3, seed=seed + 1).softmax(dim=1)
    samples = TrainingSamples(
        random(targets, 3, 6, 6, 7, seed=seed + 2), boxes, weights, torch.full((targets,), 0.9).double()
    )
    optimizer = classifier.filter_optimizer
    return optimizer.problem(samples, 4), optimizer.solver(), 0.2 * random(targets, 6, 4, 4, seed=seed + 3)


def test_problems_keep_to_their_protocols() -> None:
    problem, _, _ = learner(DensityLoss(), seed=0)
    assert isinstance(Quadratic.random(0), DescentProblem)
    assert isinstance(problem, DescentProblem)
    assert isinstance(problem.loss, ScoreLoss)


@given(seed=st.integers(0, 10**6))
def test_a_step_ends_at_the_lowest_point_of_its_line(seed: int) -> None:
    """There, the next gradient is orthogonal to the direction that led there."""
    problem, x = Quadratic.random(seed), random(3, 4, seed=seed + 2)
    first, second = SteepestDescent().iterates(problem, x, steps=1)
    direction = problem.gradient(first.x, first.measured)
    along = (direction * problem.gradient(second.x, second.measured)).sum(dim=1)
    scale = direction.square().sum(dim=1)
    torch.testing.assert_close(along / scale, torch.zeros(3, dtype=torch.float64), atol=1e-9, rtol=0)
    for step in (0.9, 1.1):
        assert (problem.value(first.x + step * (second.x - first.x)) >= problem.value(second.x)).all()


def test_many_steps_reach_the_minimum() -> None:
    problem = Quadratic.random(0)
    x = SteepestDescent().solve(problem, torch.zeros(3, 4, dtype=torch.float64), steps=100)
    expected = torch.linalg.lstsq(problem.matrices, problem.wished[..., None]).solution[..., 0]
    torch.testing.assert_close(x, expected, atol=1e-6, rtol=1e-6)


@given(seed=st.integers(0, 10**6), steps=st.integers(0, 6))
def test_a_batch_equals_its_single_solutions(seed: int, steps: int) -> None:
    problem, x = Quadratic.random(seed), random(3, 4, seed=seed + 2)
    together = SteepestDescent(0.9, 0.1).solve(problem, x, steps=steps)
    for n in range(3):
        one = Quadratic(problem.matrices[n : n + 1], problem.wished[n : n + 1])
        alone = SteepestDescent(0.9, 0.1).solve(one, x[n : n + 1], steps=steps)
        torch.testing.assert_close(together[n : n + 1], alone)


def test_measurements_that_are_carried_along_stay_true() -> None:
    problem = Quadratic.random(3)
    *_, last = SteepestDescent(0.9).iterates(problem, random(3, 4, seed=1), steps=20)
    torch.testing.assert_close(last.measured, problem.measure(last.x))


def test_factor_and_damping_shorten_a_step() -> None:
    problem, x = Quadratic.random(1), random(3, 4, seed=2)
    whole = SteepestDescent().solve(problem, x, steps=1) - x
    half = SteepestDescent(torch.tensor([0.5]).double()).solve(problem, x, steps=1) - x
    torch.testing.assert_close(half, 0.5 * whole)
    damped = SteepestDescent(damping=1e6).solve(problem, x, steps=1) - x
    torch.testing.assert_close(damped, -1e-6 * problem.gradient(x, problem.measure(x)), rtol=1e-3, atol=0)


def test_at_the_minimum_nothing_moves() -> None:
    """|g|^2 and its curvature are both 0 there, and the step must not be their quotient."""
    problem = Quadratic(torch.eye(3, dtype=torch.float64)[None], torch.ones(1, 3, dtype=torch.float64))
    x = torch.ones(1, 3, dtype=torch.float64)
    assert torch.equal(SteepestDescent().solve(problem, x, steps=3), x)


def test_the_factor_can_be_learned() -> None:
    log_step = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    problem, x = Quadratic.random(5), random(3, 4, seed=6)
    assert torch.autograd.gradcheck(
        lambda s: SteepestDescent(s.exp()).solve(problem, x, steps=3), (log_step,), atol=1e-6
    )


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_gradient_of_a_learner_is_that_of_its_loss(loss: Loss, seed: int) -> None:
    problem, _, filters = learner(loss, seed)
    filters.requires_grad_()
    scores = problem.measure(filters)
    (expected,) = torch.autograd.grad(problem.value(filters, scores).sum(), filters)
    torch.testing.assert_close(problem.gradient(filters, scores), expected)


@pytest.mark.parametrize("loss", [DensityLoss(), DensityLoss(background=0.5)], ids=["plain", "background"])
def test_the_curvature_of_a_divergence_is_that_of_its_loss(loss: DensityLoss) -> None:
    problem, _, filters = learner(loss, seed=2)
    change = random(*problem.measure(filters).shape, seed=9)

    def along(t: Tensor) -> Tensor:
        return problem.loss.value(problem.measure(filters) + t * change).sum()

    expected = torch.autograd.functional.hessian(along, torch.zeros((), dtype=torch.float64))
    torch.testing.assert_close(problem.loss.curvature(problem.measure(filters), change).sum(), expected)


@pytest.mark.parametrize("loss", LOSSES[:4])
def test_the_curvature_of_squares_is_that_of_linear_residuals(loss: Loss) -> None:
    """Gauss-Newton's: a residual's own curvature is left out, and there is none where slopes are constant."""
    problem, _, filters = learner(loss, seed=3)
    scores = problem.measure(filters)
    change = random(*scores.shape, seed=9)
    residual: Callable[[Tensor], Tensor] = problem.loss._residual  # type: ignore[attr-defined]
    _, moved = torch.autograd.functional.jvp(residual, scores, change)
    torch.testing.assert_close(problem.loss.curvature(scores, change), moved.flatten(1).square().sum(dim=1))


@pytest.mark.parametrize("loss", LOSSES)
def test_learning_lowers_the_loss(loss: Loss) -> None:
    problem, solver, filters = learner(loss, seed=4)
    values = [problem.value(state.x, state.measured) for state in solver.iterates(problem, filters, steps=12)]
    assert (values[-1] < 0.9 * values[0]).all()
    assert torch.stack(values).isfinite().all()
