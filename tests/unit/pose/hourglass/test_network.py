"""The stacked hourglass: as many parameters and cells as published, and the same when it is made ready."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from saccade.core import LSP_14
from saccade.core.errors import ConfigError
from saccade.nets.inference import for_inference
from saccade.pose.hourglass import HOURGLASS1, HOURGLASS2, HOURGLASS8, HourglassConfig, StackedHourglass

SMALL = replace(HOURGLASS2.network, order=2, features=16, stem=(8, 16))


@pytest.mark.parametrize(
    ("config", "millions"), [(HOURGLASS1, 3.59), (HOURGLASS2, 6.73), (HOURGLASS8, 25.59)], ids=["1", "2", "8"]
)
def test_it_is_as_large_as_published(config: HourglassConfig, millions: float) -> None:
    with torch.device("meta"):
        network = StackedHourglass(config.network)
    assert sum(value.numel() for value in network.parameters()) / 1e6 == pytest.approx(millions, abs=0.005)


def test_it_answers_with_cells_of_four_pixels() -> None:
    with torch.device("meta"):
        found = StackedHourglass(HOURGLASS2.network)(torch.zeros(3, 3, 256, 256))
    assert found.shape == (3, 2, 16, 64, 64)


def test_any_skeleton_and_number_of_residuals_will_do() -> None:
    network = StackedHourglass(replace(SMALL, skeleton=LSP_14, residuals=2, stem=(8, 8)))
    assert network(torch.rand(1, 3, 32, 48)).shape == (1, 2, 14, 8, 12)


@torch.inference_mode()
def test_making_it_ready_changes_nothing() -> None:
    network = StackedHourglass(SMALL).eval()
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.running_mean, std=0.2)
            nn.init.uniform_(part.running_var, 0.5, 1.5)
    ready = for_inference(network)
    norms = [name for name, part in ready.named_modules() if isinstance(part, nn.BatchNorm2d)]
    assert norms and all(name.endswith(".bn1") for name in norms), (
        "of all others, the convolution comes before"
    )
    pictures = torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(ready(pictures), network(pictures), rtol=1e-4, atol=1e-5)


def test_every_stack_learns() -> None:
    network = StackedHourglass(SMALL)
    found = network(torch.rand(2, 3, 32, 32))
    found[:, 0].square().mean().backward()
    first, second = (stack.heatmaps.weight.grad for stack in network.stacks)
    assert first.any() and not second.any()
    network(torch.rand(2, 3, 32, 32)).square().mean().backward()
    assert all(value.grad is not None for value in network.parameters())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stacks": 0}, r"network.stacks is 0; it must be in \[1, 16\]"),
        ({"order": 7}, r"network.order is 7; it must be in \[1, 6\]"),
        ({"features": 15}, "network.features is 15 .* must be even"),
        ({"stem": (9, 16)}, r"network.stem \(9, 16\); they must be even"),
    ],
)
def test_settings_that_cannot_be(change: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(SMALL, **change)


def test_sizes_that_cannot_be() -> None:
    with pytest.raises(ConfigError, match=r"network\.order=4 its sides must be multiples of 64"):
        replace(HOURGLASS2, size=(256, 288))
    with pytest.raises(ConfigError, match="multiples of 32"):
        replace(HOURGLASS2, size=(256, 250))
