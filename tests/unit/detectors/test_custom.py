"""Detectors on backbones of one's own choice."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from saccade.core.errors import ConfigError, MissingExtraError, WeightsError
from saccade.detectors.custom import custom_detector

SMALL: dict[str, Any] = {"size": 96, "max_size": 128, "threshold": 0.0}
FRAME = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)


class Levels(nn.Module):
    """Four maps, each half as large as the last."""

    def __init__(self, channels: int = 8) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, channels, 4, stride=4)
        self.rest = nn.ModuleList(nn.Conv2d(channels, channels, 2, stride=2) for _ in range(3))

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Finest first."""
        levels = [self.first(pictures)]
        for part in self.rest:
            levels.append(part(levels[-1]))
        return levels


@pytest.mark.parametrize(
    ("backbone", "head"),
    [
        ("mobilenet_v3_small", "fasterrcnn"),
        ("mobilenet_v3_small", "retinanet"),
        ("shufflenet_v2_x0_5", "fcos"),
        (Levels(), "fasterrcnn"),
    ],
)
def test_a_backbone_learns_and_finds(backbone: Any, head: Any) -> None:
    detector = custom_detector(backbone, ["cat", "dog"], head=head, **SMALL)
    found = detector(FRAME)
    assert len(found) and found.names is not None
    assert set(found.names) <= {"cat", "dog"}
    network: Any = detector.network.train()
    target = {"boxes": torch.tensor([[8.0, 8, 40, 40]]), "labels": torch.tensor([1])}
    losses = network([torch.rand(3, 60, 80)], [target])
    sum(losses.values()).backward()
    assert all(torch.isfinite(loss) for loss in losses.values())


def test_what_was_learned_is_loaded_again(tmp_path: Path) -> None:
    first = custom_detector("mobilenet_v3_small", ["cat"], head="fcos", precision="float32", **SMALL)
    torch.save(first.network.state_dict(), tmp_path / "w.pth")
    again = custom_detector(
        "mobilenet_v3_small", ["cat"], head="fcos", precision="float32", weights=tmp_path / "w.pth", **SMALL
    )
    np.testing.assert_array_equal(first(FRAME).boxes, again(FRAME).boxes)
    with pytest.raises(WeightsError, match="belongs to another network"):
        custom_detector("shufflenet_v2_x0_5", ["cat"], head="fcos", weights=tmp_path / "w.pth", **SMALL)


def test_timm_brings_backbones() -> None:
    pytest.importorskip("timm")
    found = custom_detector("timm:resnet18", ["cat"], head="fasterrcnn", **SMALL)(FRAME)
    assert len(found)
    with pytest.raises(ConfigError, match="has no pyramid of features"):
        custom_detector("timm:vit_tiny_patch16_224", ["cat"])


def test_without_timm_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "timm", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'saccade\[timm\]'"):
        custom_detector("timm:resnet18", ["cat"])


@pytest.mark.parametrize(
    ("backbone", "more", "message"),
    [
        ("resnet1", {}, "torchvision has no backbone 'resnet1'; did you mean 'resnet18'"),
        ("keras:resnet18", {}, "no library 'keras' of backbones"),
        ("squeezenet1_1", {}, "has no features at 4, 8, 16, 32 pixels a cell"),
        ("resnet18", {"head": "ssd"}, "no head 'ssd'; there are: fasterrcnn, fcos, retinanet"),
        ("resnet18", {"classes": ()}, "classes must be names that differ"),
        ("resnet18", {"threshold": 2}, "threshold"),
        (nn.Flatten(), {}, "returns no feature maps"),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_what_cannot_be_is_refused(backbone: Any, more: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        custom_detector(backbone, **{"classes": ("cat",)} | more)
