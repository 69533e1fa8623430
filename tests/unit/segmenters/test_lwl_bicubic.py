"""Bicubic enlargement in bands is what PyTorch computes number by number."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from saccade.segmenters.lwl.bicubic import BAND, enlarge, enlarge_and_convolve

SIZES = pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param((5, 8), (10, 16), id="twice"),
        pytest.param((60, 50), (120, 100), id="several bands"),
        pytest.param((7, 9), (2 * BAND, BAND + 1), id="a band of one row"),
        pytest.param((23, 40), (45, 79), id="not quite twice"),
        pytest.param((6, 5), (6, 5), id="as large"),
        pytest.param((9, 12), (4, 5), id="smaller"),
        pytest.param((1, 2), (3, 40), id="from a single row"),
    ],
)


def reference(x: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(x, size, mode="bicubic", align_corners=False)


@SIZES
def test_enlarged(before, after):
    x = torch.randn(2, 4, *before).to(memory_format=torch.channels_last)
    found = enlarge(x, after)
    torch.testing.assert_close(found, reference(x, after), rtol=0, atol=1e-5)
    assert found.is_contiguous(memory_format=torch.channels_last)


@SIZES
def test_enlarged_and_convolved(before, after):
    x, weight = torch.randn(2, 4, *before), torch.randn(1, 4, 3, 3)
    found = enlarge_and_convolve(x, weight, after)
    wanted = F.conv2d(reference(x, after), weight, padding=1)[:, 0]
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-4)


def test_gradients_pass():
    x, weight = (torch.randn(*shape, requires_grad=True) for shape in ((1, 2, 5, 6), (1, 2, 3, 3)))
    found = enlarge_and_convolve(enlarge(x, (9, 12)), weight, (20, 23)).square().sum()
    wanted = F.conv2d(reference(reference(x, (9, 12)), (20, 23)), weight, padding=1).square().sum()
    for ours, theirs in zip(
        torch.autograd.grad(found, [x, weight]), torch.autograd.grad(wanted, [x, weight]), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-3)
