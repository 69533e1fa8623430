"""SimpleBaseline: as many parameters and cells as the paper's, and the same when it is made ready."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from saccade.core import COCO_17, LSP_14, Skeleton
from saccade.core.errors import ConfigError
from saccade.nets.inference import for_inference
from saccade.nets.preprocessing import prepared
from saccade.pose import simplebaseline as method
from saccade.pose.simplebaseline import SIMPLEBASELINE_RESNET18, SimpleBaseline, SimpleBaselineConfig

SMALL = replace(SIMPLEBASELINE_RESNET18, size=(64, 64))


@pytest.mark.parametrize(
    ("name", "millions", "maps"),
    [
        ("RESNET18", 15.4, (17, 64, 48)),
        ("RESNET50", 34.0, (17, 64, 48)),
        ("RESNET101", 53.0, (17, 64, 48)),
        ("RESNET152", 68.6, (17, 64, 48)),
        ("RESNET50_384X288", 34.0, (17, 96, 72)),
        ("RESNET50_MPII", 34.0, (16, 64, 64)),
    ],
)
def test_it_is_as_large_as_published(name: str, millions: float, maps: tuple[int, ...]) -> None:
    config: SimpleBaselineConfig = getattr(method, f"SIMPLEBASELINE_{name}")
    width, height = config.size
    with torch.device("meta"):
        network = SimpleBaseline(config.network)
        found = network(torch.zeros(2, 3, height, width))
    assert sum(value.numel() for value in network.parameters()) / 1e6 == pytest.approx(millions, abs=0.05)
    assert found.shape == (2, 1, *maps)


@pytest.mark.parametrize(
    "skeleton",
    [LSP_14, Skeleton(name="pen", points=("tip", "end"), edges=(("tip", "end"),))],
    ids=lambda s: s.name,
)
def test_any_skeleton_will_do(skeleton: Skeleton) -> None:
    network = SimpleBaseline(replace(SMALL.network, skeleton=skeleton))
    assert network(torch.rand(1, 3, 64, 64)).shape == (1, 1, len(skeleton), 16, 16)


def test_it_sees_what_its_weights_want() -> None:
    picture = torch.rand(1, 3, 4, 4)
    red, green, blue = picture[0] * 255
    seen = prepared(picture, SMALL.network.preprocessing)[0]
    mean, scale = SMALL.network.preprocessing.mean, SMALL.network.preprocessing.scale
    assert (mean, scale) == ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
    for channel, (plane, m, s) in enumerate(zip((blue, green, red), mean, scale, strict=True)):
        torch.testing.assert_close(seen[channel], (plane - m) / s)


@torch.inference_mode()
def test_making_it_ready_changes_nothing() -> None:
    network = SimpleBaseline(SMALL.network).eval()
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.running_mean, std=0.2)
            nn.init.uniform_(part.running_var, 0.5, 1.5)
    ready = for_inference(network)
    assert not any(isinstance(part, nn.BatchNorm2d) for part in ready.modules())
    pictures = torch.rand(2, 3, 64, 64)
    torch.testing.assert_close(ready(pictures), network(pictures), rtol=1e-4, atol=1e-7)


def test_all_of_it_learns() -> None:
    network = SimpleBaseline(SMALL.network)
    network(torch.rand(2, 3, 64, 64)).square().mean().backward()
    assert all(value.grad is not None for value in network.parameters())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"upsamplings": 0}, r"network.upsamplings is 0; it must be in \[1, 5\]"),
        ({"channels": 0}, "network.channels is 0; it must be 1 or more"),
    ],
)
def test_settings_that_cannot_be(change: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(SMALL.network, **change)


def test_sizes_that_cannot_be() -> None:
    with pytest.raises(ConfigError, match=r"size is 100,256; .* multiples of 32"):
        replace(SIMPLEBASELINE_RESNET18, size=(100, 256))
    assert SIMPLEBASELINE_RESNET18.network.skeleton == COCO_17
