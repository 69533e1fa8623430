"""Activations of scores: their slopes are their derivatives, and their limits are known functions."""

import pytest
import torch
import torch.nn.functional as F

from saccade.ops.activations import (
    CELU,
    Activation,
    BentLeakyReLU,
    LeakyReLU,
    log_normaliser2d,
    softmax2d,
)

SCORES = torch.tensor([-3.0, -0.2, 0.4, 2.0], dtype=torch.float64)
SLOPES = torch.tensor([0.0, 0.3, 1.0, 0.7], dtype=torch.float64)


@pytest.mark.parametrize(
    "activation", [LeakyReLU(SLOPES), BentLeakyReLU(SLOPES), BentLeakyReLU(SLOPES, 0.1), CELU(0.3)], ids=repr
)
def test_the_slope_is_the_derivative(activation: Activation) -> None:
    scores = SCORES.clone().requires_grad_()
    (derivative,) = torch.autograd.grad(activation(scores).sum(), scores)
    torch.testing.assert_close(activation.slope(SCORES), derivative)


@pytest.mark.parametrize("m", [0.0, 0.3, 1.0])
def test_leaky_relu(m: float) -> None:
    torch.testing.assert_close(
        LeakyReLU(torch.full_like(SCORES, m))(SCORES), F.leaky_relu(SCORES, negative_slope=m)
    )


def test_at_zero_the_slope_is_the_mean_of_both_sides() -> None:
    assert LeakyReLU(torch.tensor([0.5])).slope(torch.zeros(1)).tolist() == [0.75]


def test_without_bend_the_corner_is_sharp() -> None:
    torch.testing.assert_close(BentLeakyReLU(SLOPES, 1e-9)(SCORES), LeakyReLU(SLOPES)(SCORES))


@pytest.mark.parametrize("bend", [0.1, 1.0, 3.0])
def test_a_bent_one_passes_through_zero_and_nears_its_lines(bend: float) -> None:
    """In place of |s| stands y, with y (y + 4b) = s^2: 0 at 0, and |s| - 2b far away."""
    activation = BentLeakyReLU(torch.zeros(4, dtype=torch.float64), bend)
    scores = torch.tensor([0.0, 1e9, -1e9, 1.5], dtype=torch.float64)
    bent = 2 * activation(scores) - scores
    assert bent.tolist()[:3] == pytest.approx([0, 1e9 - 2 * bend, 1e9 - 2 * bend], abs=1e-6)
    y = float(bent[3])
    assert y * (y + 4 * bend) == pytest.approx(1.5**2)


def test_celu_is_the_exponential_unit_of_a_steep_leaky_relu() -> None:
    """As ATOM's paper and its original write it."""
    torch.testing.assert_close(CELU(0.05)(SCORES), F.elu(F.leaky_relu(SCORES, 1 / 0.05), 0.05))


def test_celu_is_smooth_at_zero_and_bounded_below() -> None:
    activation = CELU(0.5)
    assert activation(torch.tensor([0.0, -100.0])).tolist() == [0.0, -0.5]
    assert activation.slope(torch.tensor([0.0, 3.0, -100.0])).tolist() == pytest.approx([1.0, 1.0, 0.0])


def test_softmax_is_a_density_over_the_map() -> None:
    scores = torch.randn(2, 3, 4, 5)
    density = softmax2d(scores)
    torch.testing.assert_close(density.flatten(2), scores.flatten(2).softmax(dim=-1))
    torch.testing.assert_close(log_normaliser2d(scores), scores.flatten(2).logsumexp(dim=-1))


def test_the_background_takes_its_share() -> None:
    scores = torch.zeros(1, 2, 3)
    density = softmax2d(scores, background=0.0)
    torch.testing.assert_close(density, torch.full_like(scores, 1 / 7))  # six cells and nowhere
