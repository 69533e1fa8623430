"""Pose networks of which the bodies compute in bfloat16: nearly what they say, and in float32."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from saccade.nets.inference import for_inference
from saccade.pose.hourglass import HOURGLASS2, StackedHourglass
from saccade.pose.openpose import OPENPOSE, OPENPOSE_LIGHT, OpenPose
from saccade.pose.simplebaseline import SIMPLEBASELINE_RESNET18, SimpleBaseline

NETWORKS = [
    pytest.param(SimpleBaseline(SIMPLEBASELINE_RESNET18.network), {"heatmaps"}, id="SimpleBaseline"),
    pytest.param(
        StackedHourglass(replace(HOURGLASS2.network, features=32, stem=(16, 32))),
        {f"stacks.{i}.heatmaps" for i in range(2)},
        id="Hourglass",
    ),
    *(
        pytest.param(
            OpenPose(replace(preset.network, width=width, stages=2)),
            {f"stages.{i}.{branch}.last" for i in range(2) for branch in ("fields", "heatmaps")},
            id=name,
        )
        for preset, width, name in ((OPENPOSE, 1 / 8, "OpenPose"), (OPENPOSE_LIGHT, 1 / 4, "light OpenPose"))
    ),
]


def last(found: Tensor | list[tuple[Tensor, Tensor]]) -> list[Tensor]:
    """What the last stack or stage says."""
    return [found[:, -1]] if isinstance(found, Tensor) else list(found[-1])


@torch.inference_mode()
@pytest.mark.parametrize(("network", "exact"), NETWORKS)
def test_all_but_what_gives_maps_is_reduced(
    network: nn.Module, exact: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    ready = for_inference(network, precision="auto")
    kept = {name.rpartition(".")[0] for name, value in ready.named_parameters() if value.dtype == torch.float}
    assert kept == exact
    pictures = torch.rand(2, 3, 64, 64)
    for ours, wished in zip(last(ready(pictures)), last(for_inference(network)(pictures)), strict=True):
        assert ours.dtype == torch.float32
        assert not torch.equal(ours, wished)
        # 0.01 to 0.04 were measured
        assert (ours - wished).abs().max() < 0.08 * wished.abs().max()
