"""Weights of pose estimators: told apart, kept, and loaded."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import saccade
from saccade.core import WeightsError
from saccade.pose import simplebaseline
from saccade.pose.openpose import OPENPOSE_LIGHT, OpenPose
from saccade.pose.openpose.weights import NAMES
from saccade.weights.label import read_label
from saccade.zoo.obtain import import_weights


@pytest.fixture(autouse=True)
def _store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SACCADE_WEIGHTS", str(tmp_path / "store"))


def baseline(joints: int) -> dict[str, Tensor]:
    """By what a file of SimpleBaseline on ResNet-50 is told."""
    names = ("layer1.0.conv3.weight", "deconv_layers.0.weight")
    return {**dict.fromkeys(names, torch.zeros(1)), "final_layer.weight": torch.zeros(joints, 2, 1, 1)}


@pytest.mark.parametrize(
    ("file", "joints", "models"),
    [
        ("a.pth", 16, ("simplebaseline_resnet50_mpii",)),
        ("pose_resnet_50_256x192.pth.tar", 17, ("simplebaseline_resnet50",)),
        ("pose_resnet_50_384x288.pth.tar", 17, ("simplebaseline_resnet50_384x288",)),
        ("pose_resnet_50_384x288.pth.tar", 16, ("simplebaseline_resnet50_mpii",)),
    ],
    ids=["joints", "name", "another name", "joints outweigh the name"],
)
def test_files_of_simplebaseline_are_told_apart(
    file: str, joints: int, models: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simplebaseline, "make_network", lambda config, weights: None)
    torch.save(baseline(joints), tmp_path / file)
    assert import_weights(tmp_path / file).models == models


def test_who_cannot_be_told_is_asked_for(tmp_path: Path) -> None:
    torch.save(baseline(17), tmp_path / "a.pth")
    with pytest.raises(
        WeightsError, match=r"--as simplebaseline_resnet50 or --as simplebaseline_resnet50_384x288$"
    ):
        import_weights(tmp_path / "a.pth")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (
            ["hg.0.hg.0.0.0.bn1.weight"],
            r"is the network of a single hourglass \(hg1\); .*; give it to hourglass1 by --weights .*a\.pth$",
        ),
        (
            ["layer1.0.conv1.weight", "deconv_layers.0.weight"],
            r"SimpleBaseline on ResNet-18 \(pose_resnet18\); .*; give it to simplebaseline_resnet18 by --we",
        ),
        (
            [f"hg.{stack}.hg.0.0.0.bn1.weight" for stack in range(4)],
            "neither 1 nor 2 nor 8 .*there is no mod",
        ),
    ],
    ids=["one hourglass", "ResNet-18", "four hourglasses"],
)
def test_networks_that_nobody_published_are_named_with_their_use(
    names: list[str], said: str, tmp_path: Path
) -> None:
    torch.save(dict.fromkeys(names, torch.zeros(1)), tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=said):
        import_weights(tmp_path / "a.pth")


def test_a_published_file_becomes_a_model(tmp_path: Path) -> None:
    theirs = NAMES["mobilenet_v1"].to_theirs(OpenPose(OPENPOSE_LIGHT.network).state_dict())
    torch.save({"state_dict": theirs, "optimizer": {}, "iter": 370000}, tmp_path / "mine.pth")
    kept = import_weights(tmp_path / "mine.pth")
    assert kept.models == ("openpose_light",)
    label = read_label(kept.path)
    assert label is not None
    assert label.network == "Lightweight OpenPose (rtpose_mobilenet)"
    assert label.preprocessing == OPENPOSE_LIGHT.network.preprocessing
    model: Any = saccade.load("openpose_light", device="cpu")
    last = theirs["refinement_stages.0.heatmaps.1.0.weight"]
    assert model.network.stages[1].heatmaps.last.weight.equal(last)
