"""Convolutions that are laid out for a CPU give what plain ones give."""

from copy import copy
from typing import Any

import pytest
import torch
from torch import nn

from saccade.nets.convolution import ManyMapsConv2d, WinogradConv2d, convolve_some


@pytest.mark.parametrize(
    ("inputs", "outputs", "kernel"),
    [
        pytest.param(1, 8, (3, 3), id="wider"),
        pytest.param(8, 1, (3, 3), id="narrower"),
        pytest.param(3, 3, (3, 3), id="as wide"),
        pytest.param(4, 2, (1, 5), id="another kernel"),
        pytest.param(2, 4, (5, 1), id="and wider"),
    ],
)
@torch.inference_mode()
def test_a_convolution_of_many_maps(inputs: int, outputs: int, kernel: tuple[int, int]) -> None:
    plain = nn.Conv2d(inputs, outputs, kernel, padding=(kernel[0] // 2, kernel[1] // 2))
    x = torch.randn(7, inputs, 4, 6)
    torch.testing.assert_close(ManyMapsConv2d(plain)(x), plain(x), atol=1e-5, rtol=1e-5)


@torch.inference_mode()
def test_a_chain_of_them() -> None:
    first, second = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 1, 3, padding=1)
    x = torch.randn(5, 1, 3, 3)
    found = ManyMapsConv2d(second)(ManyMapsConv2d(first)(x).relu_())
    torch.testing.assert_close(found, second(first(x).relu()), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", [copy, WinogradConv2d])
@torch.inference_mode()
def test_parts_of_the_channels_add_up_to_a_convolution(kind: Any) -> None:
    plain = nn.Conv2d(7, 5, 3, padding=1)
    convolution, x = kind(plain), torch.randn(2, 7, 6, 9)
    parts = convolve_some(convolution, x[:, :3], bias=plain.bias) + convolve_some(convolution, x[:, 3:], 3)
    torch.testing.assert_close(parts, plain(x), atol=1e-5, rtol=1e-5)
