"""What a YOLOX is told: sums by hand."""

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from saccade.detectors.yolox import YOLOX_NANO
from saccade.detectors.yolox.losses import detection_losses
from saccade.detectors.yolox.points import Points, encode, points_of

CONFIG = replace(YOLOX_NANO, network=replace(YOLOX_NANO.network, classes=("cat", "dog")))
TRUTH = torch.tensor([20.0, 20, 60, 50])


@pytest.fixture
def points() -> Points:
    return points_of((64, 96), torch.device("cpu"))


def _raw(points: Points, box: Tensor, objectness: float, classes: tuple[float, float]) -> Tensor:
    number = len(points.strides)
    said = torch.tensor([objectness, *classes]).expand(number, 3)
    return torch.cat([encode(box.expand(number, 4), points), said], dim=1)[None].requires_grad_()


def _target(boxes: Tensor, labels: list[int], crowd: list[bool] | None = None) -> dict[str, Any]:
    target: dict[str, Any] = {"boxes": boxes, "labels": torch.tensor(labels, dtype=torch.int64)}
    return target if crowd is None else {**target, "is_crowd": torch.tensor(crowd)}


def test_boxes_that_are_right_cost_nothing(points: Points) -> None:
    raw = _raw(points, TRUTH, 0.0, (0.0, 0.0))
    losses = detection_losses(raw, points, [_target(TRUTH[None], [1])], CONFIG, uses_l1=True)
    assert losses["loss_box"].item() == pytest.approx(0, abs=1e-4)
    assert losses["loss_l1"].item() == pytest.approx(0, abs=1e-4)
    # of ten points each: half sure of two classes, of which one is wished with IoU 1
    assert losses["loss_class"].item() == pytest.approx(2 * math.log(2), rel=1e-4)
    assert losses["loss_objectness"].item() == pytest.approx(len(points.strides) * math.log(2) / 10, rel=1e-4)


def test_boxes_cost_five_times_one_minus_their_overlap_squared(points: Points) -> None:
    half = torch.tensor([20.0, 20, 40, 50])
    raw = _raw(points, half, 0.0, (3.0, -3.0))
    losses = detection_losses(raw, points, [_target(TRUTH[None], [0])], CONFIG, uses_l1=False)
    assert losses["loss_box"].item() == pytest.approx(5 * (1 - 0.5**2), rel=1e-4)
    # the class is to be as sure as the overlap
    said = torch.tensor([3.0, -3.0])
    expected = F.binary_cross_entropy_with_logits(said, torch.tensor([0.5, 0.0]), reduction="sum")
    assert losses["loss_class"].item() == pytest.approx(expected.item(), rel=1e-4)
    assert "loss_l1" not in losses


def test_pictures_without_boxes_count_as_background(points: Points) -> None:
    raw = _raw(points, TRUTH, 0.0, (0.0, 0.0))
    with_box, empty = _target(TRUTH[None], [0]), _target(torch.zeros(0, 4), [])
    once = detection_losses(raw, points, [with_box], CONFIG, uses_l1=True)
    both = detection_losses(raw.repeat(2, 1, 1), points, [empty, with_box], CONFIG, uses_l1=True)
    assert both["loss_objectness"].item() == pytest.approx(2 * once["loss_objectness"].item(), rel=1e-5)
    for name in ("loss_box", "loss_class", "loss_l1"):
        torch.testing.assert_close(both[name], once[name])


def test_nothing_at_all_is_finite_with_a_gradient(points: Points) -> None:
    raw = _raw(points, TRUTH, 2.0, (0.0, 0.0))
    losses = detection_losses(raw, points, [_target(torch.zeros(0, 4), [])], CONFIG, uses_l1=True)
    sum(losses.values()).backward()
    assert raw.grad is not None
    assert (raw.grad[..., 4] > 0).all()
    assert raw.grad[..., [0, 1, 2, 3, 5, 6]].eq(0).all()


def test_a_crowd_is_neither_learned_nor_background(points: Points) -> None:
    raw = _raw(points, TRUTH, 2.0, (0.0, 0.0))
    crowd = _target(torch.tensor([[0.0, 0, 96, 32]]), [1], [True])
    losses = detection_losses(raw, points, [crowd], CONFIG, uses_l1=False)
    assert losses["loss_box"] == losses["loss_class"] == 0
    losses["loss_objectness"].backward()
    assert raw.grad is not None
    is_above = points.centres[:, 1] < 32
    assert is_above.any()
    assert raw.grad[0, is_above, 4].eq(0).all()
    assert (raw.grad[0, ~is_above, 4] > 0).all()


def test_a_box_in_a_crowd_is_still_learned(points: Points) -> None:
    raw = _raw(points, TRUTH, 2.0, (0.0, 0.0))
    boxes = torch.stack([TRUTH, torch.tensor([0.0, 0, 96, 64])])
    losses = detection_losses(raw, points, [_target(boxes, [0, 0], [False, True])], CONFIG, uses_l1=False)
    # ten points, and no other
    assert losses["loss_objectness"].item() == pytest.approx(math.log(1 + math.exp(-2)), rel=1e-4)
