"""YOLOX networks from files as the original's code writes them."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from saccade.core.errors import WeightsError
from saccade.detectors.yolox import YOLOX, YOLOX_M, YOLOX_NANO, YOLOX_S, YOLOX_TINY, YOLOXConfig
from saccade.detectors.yolox.weights import read_network
from saccade.weights import read_checkpoint

FEW = replace(YOLOX_NANO, network=replace(YOLOX_NANO.network, classes=("cat", "dog")))


def _published_names(bottlenecks: int, *, depthwise: bool) -> set[str]:
    """The names of the tensors in a published file, from its description."""
    names: set[str] = set()

    def conv(name: str) -> None:
        names.add(f"{name}.conv.weight")
        names.update(f"{name}.bn.{part}" for part in ("weight", "bias", "running_mean", "running_var"))
        names.add(f"{name}.bn.num_batches_tracked")

    def spatial(name: str) -> None:
        for part in ("dconv", "pconv") if depthwise else ("",):
            conv(f"{name}.{part}".rstrip("."))

    def csp(name: str, number: int) -> None:
        for part in ("conv1", "conv2", "conv3"):
            conv(f"{name}.{part}")
        for index in range(number):
            conv(f"{name}.m.{index}.conv1")
            spatial(f"{name}.m.{index}.conv2")

    conv("backbone.backbone.stem.conv")
    for stage, number in ((2, 1), (3, 3), (4, 3), (5, 1)):
        spatial(f"backbone.backbone.dark{stage}.0")
        csp(f"backbone.backbone.dark{stage}.{2 if stage == 5 else 1}", number * bottlenecks)
    for part in ("conv1", "conv2"):
        conv(f"backbone.backbone.dark5.1.{part}")
    for part in ("lateral_conv0", "reduce_conv1"):
        conv(f"backbone.{part}")
    for part in ("bu_conv1", "bu_conv2"):
        spatial(f"backbone.{part}")
    for part in ("C3_p4", "C3_p3", "C3_n3", "C3_n4"):
        csp(f"backbone.{part}", bottlenecks)
    for level in range(3):
        conv(f"head.stems.{level}")
        for part in ("cls", "reg"):
            for place in range(2):
                spatial(f"head.{part}_convs.{level}.{place}")
        names.update(
            f"head.{part}_preds.{level}.{kind}"
            for part in ("cls", "reg", "obj")
            for kind in ("weight", "bias")
        )
    return names


@pytest.mark.parametrize(
    ("config", "bottlenecks"), [(YOLOX_NANO, 1), (YOLOX_TINY, 1), (YOLOX_M, 2)], ids=["nano", "tiny", "m"]
)
def test_tensors_have_the_published_names(config: YOLOXConfig, bottlenecks: int) -> None:
    with torch.device("meta"):
        names = set(YOLOX(config).state_dict())
    assert names == _published_names(bottlenecks, depthwise=config.network.depthwise)


def _file(folder: Path, tensors: dict[str, Tensor]) -> Path:
    """As the original's training leaves one."""
    path = folder / "best_ckpt.pth"
    torch.save({"start_epoch": 300, "model": tensors, "optimizer": {"state": {}, "param_groups": []}}, path)
    return path


def test_reads_a_published_file(tmp_path: Path) -> None:
    saved = YOLOX(FEW).eval()
    network = read_network(read_checkpoint(_file(tmp_path, saved.state_dict())), FEW)
    picture = torch.rand(1, 3, 64, 64)
    assert network.eval().dense(picture).equal(saved.dense(picture))
    assert all(value.requires_grad for value in network.parameters())


@pytest.mark.parametrize(
    ("wished", "complaint"),
    [
        (
            replace(YOLOX_S, network=replace(YOLOX_S.network, classes=("cat", "dog"))),
            "holds yolox_nano, where yolox_s is wanted; load it as yolox_nano",
        ),
        (YOLOX_NANO, "tells 2 classes apart, where 80 have names; .* --set network.classes="),
        (
            replace(FEW, network=replace(FEW.network, width=0.125)),
            "holds yolox_nano, where a YOLOX with 8 channels",
        ),
    ],
    ids=["another size", "other classes", "a size without a name"],
)
def test_refuses_other_networks(tmp_path: Path, wished: YOLOXConfig, complaint: str) -> None:
    checkpoint = read_checkpoint(_file(tmp_path, YOLOX(FEW).state_dict()))
    with pytest.raises(WeightsError, match=f"best_ckpt.pth: .*{complaint}"):
        read_network(checkpoint, wished)


def test_refuses_what_is_no_yolox(tmp_path: Path) -> None:
    checkpoint = read_checkpoint(_file(tmp_path, {"backbone.conv1.weight": torch.zeros(64, 3, 7, 7)}))
    with pytest.raises(WeightsError, match=r"holds no YOLOX; the file looks like no network"):
        read_network(checkpoint, FEW)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("head.stems.1.conv.weight", None),
        ("head.stems.1.conv.weight", torch.zeros(1)),
        ("head.obj_preds.0.bias", torch.tensor([float("nan")])),
    ],
    ids=["missing", "misshapen", "not a number"],
)
def test_names_the_tensor_that_is_wrong(tmp_path: Path, name: str, value: Tensor | None) -> None:
    tensors = dict(YOLOX(FEW).state_dict())
    tensors.pop(name)
    if value is not None:
        tensors[name] = value
    with pytest.raises(WeightsError, match=name):
        read_network(read_checkpoint(_file(tmp_path, tensors)), FEW)
