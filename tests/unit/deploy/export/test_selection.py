"""Branch-free selection finds what torchvision's batched NMS finds."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torchvision.ops import batched_nms

from saccade.deploy.export import selection
from saccade.deploy.export.selection import select

LIMITS: dict[str, Any] = {"threshold": 0.3, "nms": 0.4, "limit": 20}


def candidates(pictures: int, anchors: int, outputs: int, groups: int = 1) -> tuple[Tensor, Tensor]:
    corners = torch.rand(pictures, anchors, groups, 2) * 200
    return torch.cat([corners, corners + 5 + 60 * torch.rand_like(corners)], 3), torch.rand(
        pictures, anchors, outputs
    )


def expected(boxes: Tensor, scores: Tensor, labels: Tensor, **limits: Any) -> tuple[Tensor, Tensor, Tensor]:
    """One picture, with torchvision's own."""
    rows, columns = (scores > limits["threshold"]).nonzero(as_tuple=True)
    chosen = boxes[rows, columns if boxes.shape[1] > 1 else 0]
    best = scores[rows, columns]
    kept = batched_nms(chosen, best, columns, limits["nms"])[: limits["limit"]]
    kept = kept[labels[columns[kept]] >= 0]
    return chosen[kept], best[kept], labels[columns[kept]]


@pytest.mark.parametrize(
    ("pictures", "anchors", "outputs", "groups"),
    [
        (1, 300, 1, 1),  # one class
        (3, 200, 7, 1),  # classes do not suppress each other, nor do pictures
        (2, 60, 5, 5),  # a box for each class
        (1, 4, 3, 1),  # fewer candidates than rows
        (2, 20, 601, 1),  # more classes than lie beside each other on 16 tiles
    ],
)
def test_finds_what_batched_nms_finds(pictures: int, anchors: int, outputs: int, groups: int) -> None:
    boxes, scores = candidates(pictures, anchors, outputs, groups)
    labels = torch.arange(outputs)
    labels[outputs // 2] = -1 if outputs > 1 else 0
    found = select(boxes, scores, labels, **LIMITS)
    for index in range(pictures):
        wanted = expected(boxes[index], scores[index], labels, **LIMITS)
        count = len(wanted[0])
        assert count > 0
        for got, want in zip(found, wanted, strict=True):
            torch.testing.assert_close(got[index, :count], want)
        assert not found[1][index, count:].any() and not found[0][index, count:].any()
        assert (found[2][index, count:] == -1).all()


def test_finding_nothing_is_rows_of_nothing() -> None:
    boxes, scores = candidates(2, 30, 3)
    found = select(boxes, scores * 0.1, torch.arange(3), **LIMITS)
    assert not found[0].any() and not found[1].any() and (found[2] == -1).all()


def test_boxes_without_area_are_left_out_if_asked() -> None:
    boxes, scores = candidates(1, 30, 3)
    boxes[:, :10, :, 2] = boxes[:, :10, :, 0]
    found = select(boxes, scores, torch.arange(3), min_side=0.0, **LIMITS)
    there = found[1] > 0
    assert there.any() and ((found[0][..., 2:] - found[0][..., :2]).amin(2)[there] > 0).all()


def test_only_the_best_candidates_take_part(monkeypatch: pytest.MonkeyPatch) -> None:
    boxes, scores = candidates(1, 500, 4)
    everything = select(boxes, scores, torch.arange(4), **LIMITS)
    monkeypatch.setattr(selection, "CANDIDATES", 200)
    best = select(boxes, scores, torch.arange(4), **LIMITS)
    for got, want in zip(best, everything, strict=True):
        torch.testing.assert_close(got, want)
