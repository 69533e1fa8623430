"""Weight files of torchvision's, of any age, and those that are none."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torchvision.models import detection

from saccade.core.errors import ConfigError, WeightsError
from saccade.detectors import torchvision as method
from saccade.detectors.torchvision import make_network
from saccade.weights import read_checkpoint, recognise

OLD = {
    r"(fpn\.(?:inner|layer)_blocks\.\d+)\.0\.": r"\1.",
    r"rpn\.head\.conv\.0\.0\.": "rpn.head.conv.",
}
NAMES = [name.lower() for name in method.__all__ if name.isupper()]


def aged(tensors: dict[str, Tensor], *, towers: bool) -> dict[str, Tensor]:
    """Under the names of torchvision before 0.13, without counters of batch norms: frozen ones have none."""
    found = {}
    for name, value in tensors.items():
        for pattern, old in OLD.items():
            name = re.sub(pattern, old, name)
        if towers:
            name = re.sub(r"(_head\.conv)\.(\d)\.0\.", lambda match: f"{match[1]}.{2 * int(match[2])}.", name)
        if not name.endswith("num_batches_tracked"):
            found[name] = value
    return found


def its(name: str, num_outputs: int) -> dict[str, Tensor]:
    model = getattr(detection, name)(weights=None, weights_backbone=None, num_classes=num_outputs)
    return model.state_dict()


@pytest.mark.parametrize(
    ("name", "is_old"),
    [
        ("fasterrcnn_mobilenet_v3_large_320_fpn", False),
        ("fasterrcnn_mobilenet_v3_large_320_fpn", True),
        ("retinanet_resnet50_fpn", True),
        ("ssdlite320_mobilenet_v3_large", False),
    ],
)
def test_files_of_torchvision_are_read(name: str, is_old: bool, tmp_path: Path) -> None:
    tensors = its(name, 91)
    written = aged(tensors, towers=name.startswith("retinanet")) if is_old else tensors
    assert is_old == (written.keys() != tensors.keys())
    torch.save(written, tmp_path / "w.pth")
    network = make_network(getattr(method, name.upper()), read_checkpoint(tmp_path / "w.pth"))
    for key, value in network.state_dict().items():
        assert torch.equal(value, tensors[key]), key


@pytest.mark.parametrize("name", NAMES)
def test_files_tell_what_they_are(name: str, tmp_path: Path) -> None:
    with torch.device("meta"):
        names = list(its(name, 3)) if name != "ssdlite320_mobilenet_v3_large" else None
    names = names or list(its(name, 3))
    torch.save({key: torch.zeros(1) for key in names}, tmp_path / "w.pth")
    known = recognise(read_checkpoint(tmp_path / "w.pth"))
    assert known is not None
    # the two on MobileNet differ in the size of pictures alone
    assert known.constructor == name.replace("_320_", "_")


def test_another_number_of_classes_is_said_plainly(tmp_path: Path) -> None:
    torch.save(its("ssdlite320_mobilenet_v3_large", 4), tmp_path / "w.pth")
    checkpoint = read_checkpoint(tmp_path / "w.pth")
    config = method.SSDLITE320_MOBILENET_V3_LARGE
    with pytest.raises(
        WeightsError, match=r"has 4 outputs, so that it tells 3 classes apart, where 80 have names; .*--set"
    ):
        make_network(config, checkpoint)
    own = replace(config, network=replace(config.network, classes=("a", "b", "c")))
    make_network(own, checkpoint)


def test_another_network_is_refused(tmp_path: Path) -> None:
    torch.save(its("ssdlite320_mobilenet_v3_large", 91), tmp_path / "w.pth")
    with pytest.raises(WeightsError, match=r"holds no fasterrcnn_mobilenet.*looks like SSDLite"):
        make_network(method.FASTERRCNN_MOBILENET_V3_LARGE_320_FPN, read_checkpoint(tmp_path / "w.pth"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": 320, "max_size": 320}, "ssd300_vgg16 has anchors for 300 pixels"),
        ({"max_size": 600}, "ssd300_vgg16 sees squares"),
        ({"max_size": 200}, "max_size is 200, less than size, which is 300"),
        ({"threshold": 1.5}, "threshold"),
    ],
)
def test_settings_that_cannot_be(change: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(method.SSD300_VGG16, **change)


@pytest.mark.parametrize("classes", [(), ("cat", "cat")])
def test_classes_must_differ(classes: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="names that differ"):
        replace(method.SSD300_VGG16.network, classes=classes)
