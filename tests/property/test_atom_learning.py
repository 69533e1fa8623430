"""ATOM's learning problems: their written-out derivatives are the true ones, and known minima are found."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from saccade.ops.activations import CELU, Activation, LeakyReLU
from saccade.solvers.conjugate_gradient import Variables
from saccade.solvers.gauss_newton import GaussNewton, LeastSquares, NormalEquations
from saccade.trackers.atom.least_squares import (
    CompressedFilterProblem,
    JointProblem,
    ScoreFit,
    compress,
    correlate_same,
    correlate_same_adjoint,
    uncompressed,
)
from tests.property.automatic import ResidualFunction

TARGETS, SAMPLES, CHANNELS, COMPRESSED = 2, 3, 4, 2
FILTER_REG, PROJECTION_REG = 0.3, 0.2
IDENTITY = LeakyReLU(torch.ones(()))

Make = Callable[[int, int], tuple[Any, ResidualFunction, Variables]]

seeds = st.integers(0, 10**6)
few = settings(max_examples=20)
kernels = st.sampled_from([3, 4])


def random(seed: int) -> Callable[..., Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)


def random_fit(seed: int, activation: Activation, channels: int = CHANNELS) -> ScoreFit:
    normal = random(seed)
    features = normal(TARGETS, SAMPLES, channels, 5, 6)
    return ScoreFit(features, normal(TARGETS, SAMPLES, 5, 6), normal(TARGETS, SAMPLES).square(), activation)


def scores(features: Tensor, filters: Tensor) -> Tensor:
    """The convolution of PyTorch, target by target, without the last row and column of even filters."""
    pad = filters.shape[-1] // 2
    maps = [F.conv2d(x, f[None], padding=pad)[:, 0] for x, f in zip(features, filters, strict=True)]
    return torch.stack(maps)[..., : features.shape[-2], : features.shape[-1]]


def joint(seed: int, kernel: int) -> tuple[JointProblem, ResidualFunction, Variables]:
    """The problem, the same by automatic differentiation, and a place to look at."""
    fit, normal = random_fit(seed, CELU(0.5)), random(seed + 1)

    def residuals(filters: Tensor, projections: Tensor) -> Variables:
        return (
            errors(fit, scores(compress(fit.features, projections), filters)),
            FILTER_REG**0.5 * filters,
            PROJECTION_REG**0.5 * projections,
        )

    at = (normal(TARGETS, COMPRESSED, kernel, kernel), normal(TARGETS, COMPRESSED, CHANNELS))
    return JointProblem(fit, FILTER_REG, PROJECTION_REG), ResidualFunction(residuals), at


def alone(seed: int, kernel: int) -> tuple[CompressedFilterProblem, ResidualFunction, Variables]:
    fit, normal = random_fit(seed, CELU(0.5)), random(seed + 1)

    def residuals(filters: Tensor) -> Variables:
        return errors(fit, scores(fit.features, filters)), FILTER_REG**0.5 * filters

    at = (normal(TARGETS, CHANNELS, kernel, kernel),)
    return CompressedFilterProblem(fit, FILTER_REG), ResidualFunction(residuals), at


def errors(fit: ScoreFit, found: Tensor) -> Tensor:
    return fit.weights.sqrt()[..., None, None] * (fit.activation(found) - fit.labels)


PROBLEMS = st.sampled_from([joint, alone])


def inner(a: Variables, b: Variables) -> float:
    return sum(float((x * y).sum()) for x, y in zip(a, b, strict=True))


def like(x: Variables, normal: Callable[..., Tensor]) -> Variables:
    return tuple(normal(*part.shape) for part in x)


def test_problems_keep_to_their_protocol() -> None:
    assert all(isinstance(make(0, 4)[0], LeastSquares) for make in (joint, alone))


@few
@given(seed=seeds, kernel=kernels)
def test_the_correlation_is_that_of_pytorch_and_has_its_adjoint(seed: int, kernel: int) -> None:
    normal = random(seed)
    features = normal(TARGETS, SAMPLES, CHANNELS, 5, 6)
    filters = normal(TARGETS, CHANNELS, kernel, kernel)
    found = correlate_same(features, filters)
    torch.testing.assert_close(found, scores(features, filters))
    weights = normal(TARGETS, SAMPLES, 5, 6)
    adjoint = correlate_same_adjoint(features, weights, kernel)
    assert float((found * weights).sum()) == pytest.approx(float((filters * adjoint).sum()))


@given(seed=seeds)
def test_a_filter_of_compressed_features_is_one_of_raw_features(seed: int) -> None:
    normal = random(seed)
    features = normal(TARGETS, SAMPLES, CHANNELS, 5, 6)
    filters, projections = normal(TARGETS, COMPRESSED, 4, 4), normal(TARGETS, COMPRESSED, CHANNELS)
    raw = correlate_same(features, uncompressed(filters, projections))
    torch.testing.assert_close(raw, correlate_same(compress(features, projections), filters))


@few
@given(seed=seeds, kernel=kernels, make=PROBLEMS)
def test_the_jacobian_and_its_adjoint_agree(seed: int, kernel: int, make: Make) -> None:
    """<J d, r> = <d, J^T r>."""
    problem, _, at = make(seed, kernel)
    normal_equations: NormalEquations = problem.linearise(at)[0]
    d = like(at, random(seed + 2))
    image = normal_equations.apply_jacobian(d)
    r = like(image, random(seed + 3))
    assert inner(image, r) == pytest.approx(inner(d, normal_equations.apply_adjoint(r)))


@few
@given(seed=seeds, kernel=kernels, make=PROBLEMS)
def test_products_are_those_of_automatic_differentiation(seed: int, kernel: int, make: Make) -> None:
    problem, automatic, at = make(seed, kernel)
    (ours, b), (theirs, expected_b) = problem.linearise(at), automatic.linearise(at)
    d = like(at, random(seed + 2))
    assert_close(b, expected_b)
    assert_close(ours.apply_jacobian(d), theirs.apply_jacobian(d))
    assert_close(ours.apply(d), theirs.apply(d))


@few
@given(seed=seeds, make=PROBLEMS)
def test_a_batch_of_targets_is_as_many_problems(seed: int, make: Make) -> None:
    problem, _, at = make(seed, 4)
    together = GaussNewton().solve(problem, at, steps=2, inner_steps=3)
    changed = tuple(torch.cat([part[:1], part[1:] + 1]) for part in at)
    again = GaussNewton().solve(problem, changed, steps=2, inner_steps=3)
    for part, other in zip(together, again, strict=True):
        torch.testing.assert_close(part[0], other[0])
        assert not torch.allclose(part[1], other[1])


@few
@given(seed=seeds)
def test_without_activation_the_filter_is_that_of_ridge_regression(seed: int) -> None:
    fit = random_fit(seed, IDENTITY, channels=2)
    (filters,) = GaussNewton().solve(
        CompressedFilterProblem(fit, FILTER_REG),
        (torch.zeros(TARGETS, 2, 3, 3, dtype=torch.float64),),
        steps=1,
        inner_steps=30,
    )
    for n in range(TARGETS):
        basis = torch.eye(18, dtype=torch.float64).unflatten(1, (1, 2, 3, 3))
        columns = torch.stack([scores(fit.features[n : n + 1], one)[0] for one in basis])
        root = fit.weights[n].sqrt()[:, None, None]
        design, wished = (root * columns).flatten(1).T, (root * fit.labels[n]).flatten()
        gram = design.T @ design + FILTER_REG * torch.eye(18, dtype=torch.float64)
        expected = torch.linalg.solve(gram, design.T @ wished)
        torch.testing.assert_close(filters[n].flatten(), expected, atol=1e-7, rtol=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_the_joint_problem_reaches_its_known_minimum(seed: int) -> None:
    """Where sample t sees nothing but coefficient t of F = P^T f, the labels y are wished of F itself.

    For a given F, the penalties a |f|^2 + b |P|^2 are least at 2 sqrt(a b) |F|, so that F = (1 - sqrt(a b) /
    |y|) y at the minimum. More than two steps of conjugate gradients a linearisation would swap the sizes of
    f and P each time, in place of making them meet.
    """
    normal = random(seed)
    features = torch.eye(CHANNELS, dtype=torch.float64)[None, :, :, None, None].repeat(TARGETS, 1, 1, 1, 1)
    labels, ones = normal(TARGETS, CHANNELS, 1, 1), torch.ones(TARGETS, CHANNELS, dtype=torch.float64)
    problem = JointProblem(ScoreFit(features, labels, ones, IDENTITY), FILTER_REG, PROJECTION_REG)

    wished = labels.flatten(1)
    shrunk = wished * (1 - (FILTER_REG * PROJECTION_REG) ** 0.5 / wished.norm(dim=1, keepdim=True))
    filters = 0.5 * normal(TARGETS, COMPRESSED, 1, 1)
    projections = 2 * filters.flatten(2) * shrunk[:, None] + 0.1 * normal(TARGETS, COMPRESSED, CHANNELS)
    found = GaussNewton().solve(problem, (filters, projections), steps=60, inner_steps=2)
    torch.testing.assert_close(uncompressed(*found).flatten(1), shrunk, atol=1e-5, rtol=1e-5)


def test_features_may_be_less_precise_than_variables() -> None:
    problem, _, at = joint(0, 4)
    fit = problem.fit
    rough = ScoreFit(fit.features.float(), fit.labels.float(), fit.weights.float(), fit.activation)
    (_, exact), (equations, b) = problem.linearise(at), JointProblem(rough, 0.3, 0.2).linearise(at)
    for ours, expected in zip(b, exact, strict=True):
        assert ours.dtype == torch.float64
        torch.testing.assert_close(ours, expected, atol=1e-4, rtol=1e-4)
    assert all(part.dtype == torch.float64 for part in equations.apply(at))


def assert_close(ours: Variables, theirs: Variables) -> None:
    for part, expected in zip(ours, theirs, strict=True):
        torch.testing.assert_close(part, expected)
