"""Networks of our own learn eight real pictures by heart, from random weights."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cv2
import pytest
import torch
from torch import Tensor, nn
from torchvision.ops import box_iou

from saccade.detectors.rfcn import RFCN, RFCNConfig, RFCNNetworkConfig
from saccade.detectors.rfcn.config import RFCNLearning
from saccade.detectors.yolox import YOLOX, YOLOX_NANO

Learned = tuple[list[Tensor], list[dict[str, Any]]]
LONGER_SIDE = 128
CLASSES = ("raccoon",)


@pytest.fixture(scope="module")
def raccoons(shared_data: Path) -> Learned:
    """Eight pictures of a raccoon each, made small."""
    folder = shared_data / "det" / "raccoon"
    images, targets = [], []
    for path in sorted((folder / "annotations").glob("*.xml"))[:8]:
        annotation = ElementTree.parse(path).getroot()
        picture = cv2.imread(str(folder / "images" / str(annotation.findtext("filename"))))
        assert picture is not None
        factor = LONGER_SIDE / max(picture.shape[:2])
        small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        boxes = [
            [float(str(thing.findtext(f"bndbox/{edge}"))) for edge in ("xmin", "ymin", "xmax", "ymax")]
            for thing in annotation.iter("object")
        ]
        images.append(torch.from_numpy(small[:, :, ::-1].copy()).permute(2, 0, 1) / 255)
        labels = torch.zeros(len(boxes), dtype=torch.int64)
        targets.append({"boxes": torch.tensor(boxes) * factor, "labels": labels})
    return images, targets


def _learn(network: nn.Module, learned: Learned, steps: int, rate: float) -> None:
    optimizer = torch.optim.Adam(network.parameters(), rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    network.train()
    for _ in range(steps):
        loss = sum(network(*learned).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()


def _is_perfect(network: nn.Module, learned: Learned) -> bool:
    """Whether mAP at an IoU of 0.5 is 1: as many of the best boxes as there are true ones are all right."""
    images, targets = learned
    with torch.no_grad():
        found = network.eval()(images)
    rows = [
        (score, picture, box)
        for picture, of_picture in enumerate(found)
        for score, box in zip(of_picture["scores"].tolist(), of_picture["boxes"], strict=True)
    ]
    best = sorted(rows, key=lambda row: -row[0])[: sum(len(target["boxes"]) for target in targets)]
    hit = set()
    for _, picture, box in best:
        overlap, truth = box_iou(box[None], targets[picture]["boxes"])[0].max(0)
        if overlap >= 0.5:
            hit.add((picture, int(truth)))
    return len(hit) == sum(len(target["boxes"]) for target in targets)


@pytest.mark.slow
def test_yolox_learns_eight_pictures(raccoons: Learned) -> None:
    made = replace(YOLOX_NANO.network, classes=CLASSES)
    network = YOLOX(replace(YOLOX_NANO, network=made, size=LONGER_SIDE, threshold=0.01))
    assert not _is_perfect(network, raccoons)
    _learn(network, raccoons, steps=300, rate=4e-3)
    assert _is_perfect(network, raccoons)


@pytest.mark.slow
def test_rfcn_learns_eight_pictures(raccoons: Learned) -> None:
    network = RFCN(
        RFCNConfig(
            network=RFCNNetworkConfig(
                classes=CLASSES, blocks=(1, 1, 1, 1), channels=256, anchor_sizes=(32, 64, 96, 128)
            ),
            size=LONGER_SIDE * 7 // 10,
            max_size=LONGER_SIDE,
            learning=RFCNLearning(trained_layers=5, stored_norms=False),
        )
    )
    assert not _is_perfect(network, raccoons)
    _learn(network, raccoons, steps=160, rate=3e-4)
    assert _is_perfect(network, raccoons)
