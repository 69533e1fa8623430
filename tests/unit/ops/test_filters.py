"""Correlation with filters: what a convolution gives, and an adjoint that is one."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from saccade.ops.filters import correlate, correlate_adjoint, score_size

KERNELS = [(4, 4), (3, 3), (1, 1), (5, 5), (2, 3)]


def convolved(features: Tensor, filters: Tensor) -> Tensor:
    """The same as one convolution for each target, without batching."""
    padding = (filters.shape[-2] // 2, filters.shape[-1] // 2)
    banks = filters if filters.dim() == 5 else filters[:, None]
    maps = [F.conv2d(x, bank, padding=padding) for x, bank in zip(features, banks, strict=True)]
    scores = torch.stack(maps)
    return scores if filters.dim() == 5 else scores[:, :, 0]


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
@pytest.mark.parametrize("bank", [(), (3,)], ids=["one filter a target", "three filters a target"])
def test_scores_are_those_of_a_convolution(kernel: tuple[int, int], bank: tuple[int, ...]) -> None:
    features = random(2, 3, 5, 7, 6)
    filters = random(2, *bank, 5, *kernel, seed=1)
    scores = correlate(features, filters)
    assert scores.shape == (2, 3, *bank, *score_size((7, 6), kernel))
    torch.testing.assert_close(scores, convolved(features, filters))


@pytest.mark.parametrize(
    ("kernel", "size"),
    [((4, 4), (19, 23)), ((3, 3), (18, 22)), ((1, 2), (18, 23))],  # even filters lie between cells
)
def test_score_size(kernel: tuple[int, int], size: tuple[int, int]) -> None:
    assert score_size((18, 22), kernel) == size


def test_an_even_filter_reads_the_two_cells_beside_each_score() -> None:
    features = torch.zeros(1, 1, 1, 4, 4)
    features[..., 2, 1] = 1
    middle = torch.zeros(1, 1, 4, 4)
    middle[..., 2, 2] = 1  # the tap right of and below the score
    scores = correlate(features, middle)
    assert scores[0, 0].nonzero().tolist() == [[2, 1]]


@given(
    seed=st.integers(0, 10**6),
    kernel=st.sampled_from(KERNELS),
    bank=st.sampled_from([(), (1,), (4,)]),
    size=st.tuples(st.integers(1, 8), st.integers(1, 8)),
    samples=st.integers(1, 4),
)
def test_the_adjoint_is_one(
    seed: int, kernel: tuple[int, int], bank: tuple[int, ...], size: tuple[int, int], samples: int
) -> None:
    """<X f, s> = <f, X' s> for each target by itself."""
    features = random(2, samples, 3, *size, seed=seed)
    filters = random(2, *bank, 3, *kernel, seed=seed + 1)
    scores = random(2, samples, *bank, *score_size(size, kernel), seed=seed + 2)
    left = (correlate(features, filters) * scores).flatten(1).sum(dim=1)
    right = (filters * correlate_adjoint(features, scores, kernel)).flatten(1).sum(dim=1)
    torch.testing.assert_close(left, right, atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("kernel", [(4, 4), (3, 3)], ids=str)
def test_the_adjoint_is_the_gradient_that_autograd_finds(kernel: tuple[int, int]) -> None:
    features, filters = random(2, 3, 4, 6, 5), random(2, 4, *kernel, seed=1).requires_grad_()
    scores = correlate(features, filters)
    wanted = random(*scores.shape, seed=2)
    (gradient,) = torch.autograd.grad(scores, filters, wanted)
    torch.testing.assert_close(correlate_adjoint(features, wanted, kernel), gradient)


def test_both_are_differentiable_in_everything() -> None:
    features = random(2, 2, 2, 3, 4).requires_grad_()
    filters = random(2, 2, 4, 4, seed=1).requires_grad_()
    scores = random(2, 2, 4, 5, seed=2).requires_grad_()
    assert torch.autograd.gradcheck(correlate, (features, filters))
    assert torch.autograd.gradcheck(lambda x, s: correlate_adjoint(x, s, (4, 4)), (features, scores))


def test_channels_last_features_give_the_same() -> None:
    features, filters = random(2, 3, 5, 6, 6), random(2, 5, 4, 4, seed=1)
    last = features.movedim(2, -1).contiguous().movedim(-1, 2)
    scores = correlate(features, filters)
    torch.testing.assert_close(correlate(last, filters), scores)
    torch.testing.assert_close(
        correlate_adjoint(last, scores, (4, 4)), correlate_adjoint(features, scores, (4, 4))
    )


def test_a_batch_equals_its_single_targets() -> None:
    features, filters = random(3, 2, 5, 6, 6).float(), random(3, 5, 4, 4, seed=1).float()
    scores = correlate(features, filters)
    gradient = correlate_adjoint(features, scores, (4, 4))
    for n in range(3):
        alone = correlate(features[n : n + 1], filters[n : n + 1])
        torch.testing.assert_close(scores[n : n + 1], alone)
        torch.testing.assert_close(
            gradient[n : n + 1], correlate_adjoint(features[n : n + 1], alone, (4, 4)), atol=1e-4, rtol=1e-5
        )
