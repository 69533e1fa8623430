"""OpenPose networks from files with the published names, and with channels in the published order."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from saccade.core.config import override
from saccade.core.errors import WeightsError
from saccade.nets.preprocessing import prepared
from saccade.pose.openpose import OPENPOSE, OPENPOSE_LIGHT, OpenPose, OpenPoseConfig, make_network
from saccade.weights import Checkpoint, recognise
from tests.unit.pose.functional import Tensors, conv, conv_names, norm, norm_names, renumbered, saved

SMALL = override(OPENPOSE, {"network.width": 1 / 16, "network.stages": 3})
SMALL_LIGHT = override(OPENPOSE_LIGHT, {"network.width": 1 / 8, "network.stages": 3})
BOTH = pytest.mark.parametrize("config", [SMALL, SMALL_LIGHT], ids=["VGG", "light"])
LIMBS = [
    (12, 13), (20, 21), (14, 15), (16, 17), (22, 23), (24, 25), (0, 1), (2, 3), (4, 5), (6, 7), (8, 9),
    (10, 11), (28, 29), (30, 31), (34, 35), (32, 33), (36, 37), (18, 19), (26, 27),
]  # fmt: skip
"""channels of a published network's fields, for each limb"""
ORDER = [channel for limb in LIMBS for channel in limb]


def vgg_names(stages: int) -> list[str]:
    """The names in a published file of OpenPose, from their description."""
    names = [name for i in (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25) for name in conv_names(f"model0.{i}")]
    for stage in range(1, stages + 1):
        for branch in (1, 2):
            for i in range(0, 14 if stage > 1 else 10, 2):
                names += conv_names(f"model{stage}_{branch}.{i}")
    return names


def light_names(stages: int) -> list[str]:
    """The names in a published file of the light form."""
    names = [*conv_names("model.0.0", bias=False), *norm_names("model.0.1")]
    for i in range(1, 12):
        for layer in (0, 3):
            names += conv_names(f"model.{i}.{layer}", bias=False) + norm_names(f"model.{i}.{layer + 1}")
    names += conv_names("cpm.align.0")
    names += [name for i in range(3) for j in (0, 2) for name in conv_names(f"cpm.trunk.{i}.{j}", bias=False)]
    names += conv_names("cpm.conv.0")
    for stage in range(stages):
        begin = f"refinement_stages.{stage - 1}" if stage else "initial_stage"
        if stage:
            for block in range(5):
                names += conv_names(f"{begin}.trunk.{block}.initial.0")
                for i in (0, 1):
                    name = f"{begin}.trunk.{block}.trunk.{i}"
                    names += conv_names(f"{name}.0") + norm_names(f"{name}.1")
        else:
            names += [name for i in range(3) for name in conv_names(f"{begin}.trunk.{i}.0")]
        for branch in ("pafs", "heatmaps"):
            names += conv_names(f"{begin}.{branch}.0.0") + conv_names(f"{begin}.{branch}.1.0")
    return names


def published(config: OpenPoseConfig) -> dict[str, Tensor]:
    """A file's tensors, for a network that is made so; all of its shapes are as published."""
    made = config.network
    names = (vgg_names if made.backbone == "vgg19" else light_names)(made.stages)
    return renumbered(OpenPose(made).state_dict(), names)


def vgg_reference(tensors: Tensors, x: Tensor, stages: int) -> tuple[Tensor, Tensor]:
    """Fields and heat maps of the last stage, in the published order."""
    for i in (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25):
        x = F.max_pool2d(x, 2) if i in (5, 10, 19) else x
        x = conv(tensors, f"model0.{i}", x, padding=1).relu()
    seen, found = x, []
    for stage in range(1, stages + 1):
        found = []
        last = 12 if stage > 1 else 8
        for branch in (1, 2):
            y = seen
            for i in range(0, last, 2):
                size = tensors[f"model{stage}_{branch}.{i}.weight"].shape[2]
                y = conv(tensors, f"model{stage}_{branch}.{i}", y, padding=size // 2).relu()
            found.append(conv(tensors, f"model{stage}_{branch}.{last}", y))
        seen = torch.cat([*found, x], dim=1)
    return found[0], found[1]


def light_reference(tensors: Tensors, x: Tensor, stages: int) -> tuple[Tensor, Tensor]:
    """The same of the light form, whose stages see features, heat maps, fields."""
    strides = (1, 2, 1, 2, 1, 1, 1, 1, 1, 1, 1)
    x = norm(tensors, "model.0.1", conv(tensors, "model.0.0", x, stride=2, padding=1)).relu()
    for i, stride in enumerate(strides, 1):
        form = {"dilation": 2, "padding": 2} if i == 7 else {"padding": 1}
        x = conv(tensors, f"model.{i}.0", x, stride=stride, groups=x.shape[1], **form)
        x = conv(tensors, f"model.{i}.3", norm(tensors, f"model.{i}.1", x).relu())
        x = norm(tensors, f"model.{i}.4", x).relu()
    x = y = conv(tensors, "cpm.align.0", x).relu()
    for i in range(3):
        y = F.elu(conv(tensors, f"cpm.trunk.{i}.0", y, padding=1, groups=y.shape[1]))
        y = F.elu(conv(tensors, f"cpm.trunk.{i}.2", y))
    x = conv(tensors, "cpm.conv.0", x + y, padding=1).relu()
    seen, found = x, []
    for stage in range(stages):
        name, y = (f"refinement_stages.{stage - 1}" if stage else "initial_stage"), seen
        for i in range(5 if stage else 3):
            if not stage:
                y = conv(tensors, f"{name}.trunk.{i}.0", y, padding=1).relu()
                continue
            z = initial = conv(tensors, f"{name}.trunk.{i}.initial.0", y).relu()
            for j in (0, 1):
                z = conv(tensors, f"{name}.trunk.{i}.trunk.{j}.0", z, padding=1 + j, dilation=1 + j)
                z = norm(tensors, f"{name}.trunk.{i}.trunk.{j}.1", z).relu()
            y = initial + z
        found = [
            conv(tensors, f"{name}.{branch}.1.0", conv(tensors, f"{name}.{branch}.0.0", y).relu())
            for branch in ("heatmaps", "pafs")
        ]
        seen = torch.cat([x, *found], dim=1)
    return found[1], found[0]


@torch.inference_mode()
@BOTH
def test_a_published_file_computes_what_its_names_mean(config: OpenPoseConfig, tmp_path: Path) -> None:
    tensors = published(config)
    content = {"state_dict": tensors, "optimizer": {}, "iter": 1} if config is SMALL_LIGHT else tensors
    network = make_network(config, saved(tmp_path, content)).eval()
    pictures = torch.rand(2, 3, 40, 48)
    reference = light_reference if config is SMALL_LIGHT else vgg_reference
    fields, heatmaps = reference(tensors, prepared(pictures, config.network.preprocessing), 3)
    ours = network(pictures)[-1]
    assert heatmaps.std() > 1e-3
    torch.testing.assert_close(ours[0], fields[:, ORDER], rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(ours[1], heatmaps, rtol=1e-3, atol=1e-5)


def test_limbs_are_those_of_the_skeleton() -> None:
    """The first is from neck to right shoulder, the last from left shoulder to left ear."""
    points = OPENPOSE.network.skeleton.points
    named = [(points[a], points[b]) for a, b in OPENPOSE.network.skeleton.limb_indices]
    assert (named[0], named[12], named[18]) == (
        ("neck", "right_shoulder"),
        ("neck", "nose"),
        ("left_shoulder", "left_ear"),
    )
    assert len(named) == len(LIMBS)


def test_it_sees_blue_first_in_halves() -> None:
    picture = torch.tensor([1.0, 0.5, 0.0])[None, :, None, None]
    seen = prepared(picture, OPENPOSE_LIGHT.network.preprocessing).flatten()
    torch.testing.assert_close(seen, torch.tensor([-128.0, 127.5 - 128, 127.0]) / 256)


@BOTH
def test_a_file_of_ours_is_read_as_it_is(config: OpenPoseConfig, tmp_path: Path) -> None:
    ours = OpenPose(config.network).state_dict()
    found = make_network(config, saved(tmp_path, ours)).state_dict()
    assert all(value.equal(ours[name]) for name, value in found.items())


def test_files_of_other_limbs_keep_their_order(tmp_path: Path) -> None:
    config = override(SMALL_LIGHT, {"network.skeleton": "body25", "network.stages": 1})
    tensors = published(config)
    network = make_network(config, saved(tmp_path, tensors))
    assert network.stages[0].fields.last.weight.equal(tensors["initial_stage.pafs.1.0.weight"])


@pytest.mark.parametrize(
    ("config", "change", "message"),
    [
        (SMALL, {"network.stages": 2}, "has 3 stages, where 2 are wanted; .* --set network.stages=2|3"),
        (SMALL, {"network.skeleton": "body25"}, "knows 18 key points, where body25 has 25; .*=coco18"),
        (
            SMALL_LIGHT,
            {"network.skeleton": replace(SMALL.network.skeleton, limbs=())},
            "knows 19 limbs, where coco18 has 17; give settings a skeleton with those",
        ),
        (SMALL_LIGHT, {"network.backbone": "vgg19"}, "holds openpose_light, where openpose is wanted"),
        (SMALL, {"network.width": 0.125}, "has shape"),
    ],
    ids=["stages", "joints", "limbs", "backbone", "width"],
)
def test_what_does_not_fit_is_refused(
    config: OpenPoseConfig, change: dict[str, object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(WeightsError, match=message):
        make_network(override(config, change), saved(tmp_path, published(config)))


@pytest.mark.parametrize("names", [["model0.0.weight"], ["cpm.align.0.weight"], ["conv1.weight"]])
def test_what_holds_none_is_refused(names: list[str], tmp_path: Path) -> None:
    tensors = dict.fromkeys(names, torch.zeros(1))
    with pytest.raises(WeightsError, match="holds no OpenPose; the file looks like no network"):
        make_network(SMALL, saved(tmp_path, tensors))


@pytest.mark.parametrize(
    ("names", "name"),
    [(vgg_names(6), "rtpose_vgg19"), (light_names(2), "rtpose_mobilenet")],
    ids=["VGG", "light"],
)
def test_a_file_tells_what_it_is_and_wants(names: list[str], name: str) -> None:
    known = recognise(Checkpoint(Path("w"), dict.fromkeys(names, torch.zeros(1))))
    assert known is not None and known.constructor == name
    assert known.preprocessing == OPENPOSE.network.preprocessing
