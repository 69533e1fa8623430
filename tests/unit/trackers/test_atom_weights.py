"""ATOM's network: its parts, and from which weight files it comes."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from saccade.core import WeightsError
from saccade.trackers.atom.network import ATOMNet
from saccade.trackers.atom.weights import read_network
from saccade.weights import Checkpoint, Constructor, read_checkpoint
from tests.unit.weights.originals import save_original


@pytest.fixture(scope="module")
def trained() -> ATOMNet:
    torch.manual_seed(0)
    return ATOMNet().eval()


def test_parameters_of_the_network(golden: Path) -> None:
    recorded = json.loads((golden / "keys" / "atom_resnet18.json").read_text())
    with torch.device("meta"):
        ours = ATOMNet().state_dict()
    assert [[key, list(value.shape)] for key, value in ours.items()] == [e[:2] for e in recorded["entries"]]


@torch.inference_mode()
def test_features_have_their_strides(trained: ATOMNet) -> None:
    layer2, layer3 = trained.backbone_features(torch.rand(2, 3, 64, 96))
    assert (layer2.shape, layer3.shape) == ((2, 128, 8, 12), (2, 256, 4, 6))
    maps = trained.bb_regressor.maps(layer2, layer3)
    assert [level.shape for level in maps] == [(2, 256, 8, 12), (2, 256, 4, 6)]


@pytest.mark.parametrize("is_old", [False, True], ids=["zip", "before PyTorch 1.6"])
def test_an_original_checkpoint_is_read(tmp_path: Path, trained: ATOMNet, is_old: bool) -> None:
    kwargs = {"backbone_pretrained": True, "iou_input_dim": (256, 256)}
    path = save_original(tmp_path / "w.pth", trained.state_dict(), "atom_resnet18", kwargs, is_old=is_old)
    found = read_network(read_checkpoint(path)).state_dict()
    for name, value in trained.state_dict().items():
        torch.testing.assert_close(found[name], value, rtol=0, atol=0)


def test_a_bare_state_dict_is_read(trained: ATOMNet) -> None:
    found = read_network(Checkpoint(Path("w.pth"), dict(trained.state_dict())))
    assert not any(value.is_meta for value in found.state_dict().values())


@pytest.mark.parametrize(
    ("made_by", "kwargs", "message"),
    [
        ("atom_resnet50", {}, "made by 'atom_resnet50', where atom_resnet18 is wanted"),
        (
            "atom_resnet18",
            {"iou_inter_dim": (128, 256)},
            r"atom_resnet18\(iou_inter_dim=\(128, 256\)\): no network",
        ),
        (
            "atom_resnet18",
            {"clf": 1},
            r"atom_resnet18\(clf=1\): no network that saccade knows; it has iou_input",
        ),
    ],
)
def test_values_that_no_network_here_has_are_named(
    trained: ATOMNet, made_by: str, kwargs: dict[str, Any], message: str
) -> None:
    checkpoint = Checkpoint(Path("w.pth"), dict(trained.state_dict()), Constructor(made_by, kwargs))
    with pytest.raises(WeightsError, match=rf"w\.pth: {message}"):
        read_network(checkpoint)


def test_another_network_is_refused_by_the_names_that_differ(trained: ATOMNet) -> None:
    tensors = dict(trained.state_dict()) | {"dimp_classifier.a": torch.zeros(1)}
    with pytest.raises(
        WeightsError, match=r"unknown: dimp_classifier\.a; the file looks like KYS \(kysnet_res50\)"
    ):
        read_network(Checkpoint(Path("w.pth"), tensors, Constructor("kysnet_res50", {})))
