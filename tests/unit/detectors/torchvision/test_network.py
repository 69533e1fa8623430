"""torchvision's detectors behind our face find what torchvision's own find."""

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from saccade.core.errors import DatasetError, FrameError
from saccade.data.classes import COCO
from saccade.detectors import torchvision as method
from saccade.detectors.model import Detector
from saccade.detectors.torchvision import TorchvisionConfig, make_network, plain
from tests.unit.detectors.torchvision.alive import liven

PRESETS = {name.lower(): getattr(method, name) for name in method.__all__ if name.isupper()}
SMALL = ["ssdlite320_mobilenet_v3_large", "fasterrcnn_mobilenet_v3_large_320_fpn", "fcos_resnet50_fpn"]
SLOW = [pytest.param(name, marks=[] if name in SMALL else [pytest.mark.slow]) for name in PRESETS]
CPU = torch.device("cpu")


def light(name: str, **network: Any) -> TorchvisionConfig:
    """A preset that sees small pictures, if it may."""
    config = PRESETS[name]
    if not name.startswith("ssd"):
        # random networks are sure of nothing
        config = replace(config, size=96, max_size=160, threshold=0.02 if "fasterrcnn" in name else 0.05)
    return replace(config, network=replace(config.network, **network))


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    noise = np.random.default_rng(0).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    return cv2.resize(noise, (120, 90), interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize("name", SLOW)
def test_what_torchvision_finds_is_found(name: str, picture: np.ndarray) -> None:
    config = light(name)
    network = make_network(config).eval()
    if name != "ssd300_vgg16":  # torchvision makes it lively
        liven(network)
    with torch.inference_mode():
        expected = plain(config, network)([torch.from_numpy(picture).permute(2, 0, 1).float() / 255])[0]
    # numbers of classes that COCO has no pictures of are no label of ours
    known = torch.isin(expected["labels"], torch.tensor(config.network.outputs))
    expected = {key: value[known].numpy() for key, value in expected.items()}
    found = Detector.of(name, config, network, device=CPU, precision="float32")(picture)
    assert len(found) == pytest.approx(len(expected["boxes"]), rel=0.03) and len(found) > 5
    numbers = np.array(config.network.outputs)[found.labels]
    is_same = np.abs(found.boxes[:, None] - expected["boxes"]).max(2) < 0.05
    is_same &= np.abs(found.scores[:, None] - expected["scores"]) < 1e-3
    is_same &= numbers[:, None] == expected["labels"]
    # sums in another order decide which of equally good boxes are left
    assert is_same.any(1).mean() > 0.95
    assert found.names is not None
    assert found.names.tolist() == [COCO[label] for label in found.labels]


@pytest.mark.parametrize("name", SLOW)
def test_losses_of_own_classes(name: str) -> None:
    torch.manual_seed(0)
    network = make_network(light(name, classes=("cat", "dog"))).train()
    targets: list[Any] = [
        {"boxes": torch.tensor([[8.0, 8, 60, 60]]), "labels": torch.tensor([1])},
        {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)},
    ]
    losses = network([torch.rand(3, 90, 120)] * 2, targets)
    total = sum(losses.values())
    assert torch.isfinite(total) and total > 0
    total.backward()
    alone = network([torch.rand(3, 90, 120)] * 2, targets[1:] * 2)
    assert all(torch.isfinite(loss) for loss in alone.values())


def test_own_classes_have_as_many_outputs_and_one() -> None:
    made = light("ssdlite320_mobilenet_v3_large", classes=("cat", "dog")).network
    assert (made.outputs, made.num_outputs) == ((1, 2), 3)
    assert (PRESETS["ssd300_vgg16"].network.num_outputs, len(PRESETS["ssd300_vgg16"].network.outputs)) == (
        91,
        80,
    )


def test_all_but_the_class_parts_fits_other_classes() -> None:
    """So that a training on other classes can go on from published weights."""
    for name in SMALL:
        coco = make_network(light(name))
        own = make_network(light(name, classes=("cat", "dog"))).state_dict()
        other = {key for key, value in coco.state_dict().items() if own[key].shape != value.shape}
        assert other and all(key.startswith(coco.class_parts) for key in other)


def test_norms_that_do_not_learn_stay_as_they_are() -> None:
    network = make_network(light("fasterrcnn_resnet50_fpn", classes=("cat",))).train()
    norm = network.get_submodule("backbone.body.bn1")
    assert not norm.training and norm.eps == 0 and not norm.weight.requires_grad
    network = make_network(light("fasterrcnn_resnet50_fpn", classes=("cat",), norm_eps=1e-5)).train()
    norm = network.get_submodule("backbone.body.bn1")
    assert norm.training and norm.eps == 1e-5 and norm.weight.requires_grad


@pytest.mark.parametrize("training", [True, False])
def test_bytes_as_floats_are_refused(training: bool) -> None:
    network = make_network(light("ssdlite320_mobilenet_v3_large")).train(training)
    target: Any = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}
    with pytest.raises(FrameError, match=r"values from .* expected 0 to 1: divide it by 255"):
        network([255 * torch.rand(3, 64, 64)], [target])


@pytest.mark.parametrize("training", [True, False])
def test_an_empty_batch_is_refused(training: bool) -> None:
    network = make_network(light("ssdlite320_mobilenet_v3_large")).train(training)
    with pytest.raises(FrameError, match="the batch has no images"):
        network([], [])


def test_a_label_that_is_no_class_is_refused() -> None:
    network = make_network(light("ssdlite320_mobilenet_v3_large", classes=("cat",))).train()
    target: Any = {"boxes": torch.tensor([[1.0, 1, 9, 9]]), "labels": torch.tensor([1])}
    with pytest.raises(DatasetError, match="a label from 0 to 0"):
        network([torch.rand(3, 64, 64)], [target])
