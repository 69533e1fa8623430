"""SimpleBaseline networks from files as their authors' code writes them."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from saccade.core import COCO_17, MPII_16
from saccade.core.config import override
from saccade.core.errors import WeightsError
from saccade.pose.simplebaseline import (
    SIMPLEBASELINE_RESNET18,
    SIMPLEBASELINE_RESNET50,
    SIMPLEBASELINE_RESNET50_MPII,
    SimpleBaseline,
    SimpleBaselineNetworkConfig,
    make_network,
)
from saccade.weights import Checkpoint, recognise
from tests.unit.pose.functional import conv_names, norm_names, renumbered, saved

SMALL = replace(SIMPLEBASELINE_RESNET18.network, channels=8)
BLOCKS = {"resnet18": (2, 2, 2, 2), "resnet50": (3, 4, 6, 3)}


def published_names(backbone: str) -> list[str]:
    """The names in a published file, from its description."""
    convolutions = 2 if backbone == "resnet18" else 3
    names = [*conv_names("conv1", bias=False), *norm_names("bn1")]
    for stage, blocks in enumerate(BLOCKS[backbone], 1):
        for block in range(blocks):
            begin = f"layer{stage}.{block}"
            for i in range(1, convolutions + 1):
                names += [*conv_names(f"{begin}.conv{i}", bias=False), *norm_names(f"{begin}.bn{i}")]
            if block == 0 and (stage > 1 or convolutions == 3):
                names += [
                    *conv_names(f"{begin}.downsample.0", bias=False),
                    *norm_names(f"{begin}.downsample.1"),
                ]
    for i in (0, 3, 6):
        names += [*conv_names(f"deconv_layers.{i}", bias=False), *norm_names(f"deconv_layers.{i + 1}")]
    return [*names, *conv_names("final_layer")]


def published(made: SimpleBaselineNetworkConfig) -> dict[str, Tensor]:
    """A file's tensors, for a network that is made so."""
    return renumbered(SimpleBaseline(made).state_dict(), published_names(made.backbone))


@pytest.mark.parametrize("wrapping", ["", "module."])
def test_a_published_file_is_read(wrapping: str, tmp_path: Path) -> None:
    tensors = published(SMALL)
    checkpoint = saved(tmp_path, {f"{wrapping}{name}": value for name, value in tensors.items()})
    network = make_network(replace(SIMPLEBASELINE_RESNET18, network=SMALL), checkpoint)
    assert network.backbone.layer3[1].bn2.bias.equal(tensors["layer3.1.bn2.bias"])
    assert network.upsampling[4].running_mean.equal(tensors["deconv_layers.4.running_mean"])
    assert network.heatmaps.weight.equal(tensors["final_layer.weight"])
    own = saved(tmp_path, network.state_dict())
    again = make_network(replace(SIMPLEBASELINE_RESNET18, network=SMALL), own)
    for name, value in again.state_dict().items():
        assert value.equal(network.state_dict()[name]), name


def empty(backbone: str, joints: int, *, channels: int = 256) -> dict[str, Tensor]:
    """The tensors of a published file, of zeros, nearly all of them of one value."""
    found = {name: torch.zeros(1) for name in published_names(backbone)}
    return found | {"final_layer.weight": torch.zeros(joints, channels, 1, 1)}


def test_another_number_of_joints_is_said_plainly(tmp_path: Path) -> None:
    checkpoint = saved(tmp_path, empty("resnet50", 16))
    with pytest.raises(WeightsError, match=r"knows 16 key points, where coco17 has 17; .*skeleton=mpii16$"):
        make_network(SIMPLEBASELINE_RESNET50, checkpoint)
    checkpoint = saved(tmp_path, empty("resnet50", 3))
    with pytest.raises(WeightsError, match="knows 3 key points, where mpii16 has 16; load it in Python"):
        make_network(SIMPLEBASELINE_RESNET50_MPII, checkpoint)


def test_the_remedy_helps(tmp_path: Path) -> None:
    file = saved(tmp_path, published(replace(SMALL, skeleton=MPII_16)))
    config = replace(SIMPLEBASELINE_RESNET18, network=SMALL)
    with pytest.raises(WeightsError, match=r"network\.skeleton=mpii16"):
        make_network(config, file)
    assert config.network.skeleton == COCO_17
    make_network(override(config, {"network.skeleton": "mpii16"}), file)


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        (
            empty("resnet18", 17),
            "SimpleBaseline on resnet18, where resnet50 is wanted; load it as simplebaseline_resnet18",
        ),
        ({"final_layer.weight": torch.zeros(17, 1, 1, 1)}, "holds no SimpleBaseline; the file looks like no"),
        (
            {"deconv_layers.0.weight": torch.zeros(1), "final_layer.weight": torch.zeros(17, 1)},
            "SimpleBaseline on no backbone that is known, where resnet50 is wanted",
        ),
        (empty("resnet50", 17), "'backbone.conv1.weight' has shape"),
    ],
    ids=["another backbone", "another network", "torn", "misshapen"],
)
def test_what_does_not_fit_is_refused(tensors: dict[str, Tensor], message: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=message):
        make_network(SIMPLEBASELINE_RESNET50, saved(tmp_path, tensors))


def test_a_file_tells_what_it_is_and_wants() -> None:
    known = recognise(Checkpoint(Path("w"), dict.fromkeys(published_names("resnet50"), torch.zeros(1))))
    assert known is not None and known.constructor == "pose_resnet50"
    assert known.preprocessing == SIMPLEBASELINE_RESNET50.network.preprocessing
