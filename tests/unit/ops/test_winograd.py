"""Winograd's filtering gives what a convolution gives."""

import pytest
import torch
import torch.nn.functional as F

from saccade.ops.winograd import winograd_convolve, winograd_filters


@pytest.mark.parametrize(
    ("size_hw", "padding"),
    [
        pytest.param((8, 8), (1, 1, 1, 1), id="whole tiles"),
        pytest.param((7, 9), (1, 1, 1, 1), id="odd sides"),
        pytest.param((6, 7), (0, 0, 0, 0), id="no padding"),
        pytest.param((6, 7), (1, 0, 0, 2), id="every side with its own padding"),
        pytest.param((3, 3), (0, 0, 0, 0), id="one output"),
    ],
)
@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last], ids=["planar", "last"])
def test_it_is_a_convolution(
    size_hw: tuple[int, int], padding: tuple[int, int, int, int], memory: torch.memory_format
) -> None:
    x = torch.randn(2, 5, *size_hw).contiguous(memory_format=memory)
    weight, bias = torch.randn(4, 5, 3, 3), torch.randn(4)
    found = winograd_convolve(x, winograd_filters(weight), bias, padding)
    torch.testing.assert_close(found, F.conv2d(F.pad(x, padding), weight, bias), atol=1e-4, rtol=1e-4)


def test_without_bias_on_a_part_of_a_larger_map() -> None:
    x, weight = torch.randn(1, 9, 10, 3).movedim(-1, 1)[:, :, 2:8, 1:7], torch.randn(4, 3, 3, 3)
    found = winograd_convolve(x, winograd_filters(weight), None)
    torch.testing.assert_close(found, F.conv2d(x, weight), atol=1e-4, rtol=1e-4)


def test_it_rounds_no_more_than_a_convolution() -> None:
    """Over many channels, where sums are long."""
    x, weight = torch.randn(1, 512, 18, 18).relu(), torch.randn(16, 512, 3, 3)
    wanted = F.conv2d(x.double(), weight.double())
    found = winograd_convolve(x, winograd_filters(weight), None)
    assert float((found - wanted).abs().max()) <= 1e-6 * float(wanted.abs().max())
