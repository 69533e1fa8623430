"""OpenPose and its light form: as many parameters and cells as published, and the same when made ready."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from saccade.core import BODY_25, Skeleton
from saccade.core.errors import ConfigError
from saccade.nets.inference import for_inference
from saccade.pose.openpose import OPENPOSE, OPENPOSE_LIGHT, OpenPose, OpenPoseConfig, OpenPoseNetworkConfig

SMALL = replace(OPENPOSE.network, width=1 / 16, stages=2)
SMALL_LIGHT = replace(OPENPOSE_LIGHT.network, width=1 / 8)
BOTH = pytest.mark.parametrize("made", [SMALL, SMALL_LIGHT], ids=["VGG", "light"])


@pytest.mark.parametrize(
    ("config", "millions", "stages"), [(OPENPOSE, 52.31, 6), (OPENPOSE_LIGHT, 4.09, 2)], ids=["VGG", "light"]
)
def test_it_is_as_large_as_published(config: OpenPoseConfig, millions: float, stages: int) -> None:
    with torch.device("meta"):
        network = OpenPose(config.network)
        found = network(torch.zeros(2, 3, 368, 496))
    assert sum(value.numel() for value in network.parameters()) / 1e6 == pytest.approx(millions, abs=0.005)
    assert len(found) == stages
    for fields, heatmaps in found:
        assert (fields.shape, heatmaps.shape) == ((2, 38, 46, 62), (2, 19, 46, 62))


@BOTH
def test_any_skeleton_will_do(made: OpenPoseNetworkConfig) -> None:
    network = OpenPose(replace(made, skeleton=BODY_25, stages=3))
    fields, heatmaps = network(torch.rand(1, 3, 40, 48))[2]
    assert fields.shape == (1, 2 * len(BODY_25.limb_indices), 5, 6)
    assert heatmaps.shape == (1, 26, 5, 6)


@torch.inference_mode()
@BOTH
def test_making_it_ready_changes_nothing(made: OpenPoseNetworkConfig) -> None:
    network = OpenPose(made).eval()
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.running_mean, std=0.2)
            nn.init.uniform_(part.running_var, 0.5, 1.5)
    ready = for_inference(network)
    assert not any(isinstance(part, nn.BatchNorm2d) for part in ready.modules())
    pictures = torch.rand(2, 3, 48, 40)
    for ours, theirs in zip(ready(pictures), network(pictures), strict=True):
        for a, b in zip(ours, theirs, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


@BOTH
def test_every_stage_learns(made: OpenPoseNetworkConfig) -> None:
    network = OpenPose(made)
    found = network(torch.rand(2, 3, 32, 32))
    torch.cat([maps.flatten() for stage in found for maps in stage]).square().mean().backward()
    assert all(value.grad is not None for value in network.parameters())


@BOTH
def test_parts_made_for_joints_are_named(made: OpenPoseNetworkConfig) -> None:
    """All that another skeleton changes, and nothing else."""
    with torch.device("meta"):
        ours, other = (OpenPose(replace(made, skeleton=s)).state_dict() for s in (made.skeleton, BODY_25))
        parts = OpenPose(made).joint_parts
    changed = {name for name, value in ours.items() if other[name].shape != value.shape}
    named = {name for name in ours if name.startswith(tuple(f"{part}." for part in parts))}
    assert changed <= named
    assert {name.rpartition(".")[0] for name in named} == {name.rpartition(".")[0] for name in changed}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stages": 13}, r"network.stages is 13; it must be in \[1, 12\]"),
        ({"width": 0.0}, "network.width is 0.0; it must be above 0"),
        ({"skeleton": Skeleton(name="dots", points=("a", "b"))}, "'dots' has no limbs"),
    ],
    ids=["stages", "width", "limbs"],
)
def test_settings_that_cannot_be(change: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(SMALL, **change)
