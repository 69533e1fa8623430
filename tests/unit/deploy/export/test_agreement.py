"""Boxes are matched whatever their order, and what differs is counted and measured."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from saccade.deploy.export.agreement import BOUND, agreement, latencies, matched
from saccade.deploy.export.part import Part, Tensors

BOXES = torch.tensor([[[10.0, 10, 50, 60], [70, 20, 90, 40], [5, 5, 6, 6], [0, 0, 0, 0]]])
SCORES = torch.tensor([[0.9, 0.8, 0.7, 0.0]])
LABELS = torch.tensor([[1, 2, 1, -1]])
FOUND = (BOXES, SCORES, LABELS)


def part(kind: Any, outputs: tuple[str, ...] = ("boxes", "scores", "labels")) -> Part:
    return Part(
        name="p",
        kind=kind,
        network=nn.Identity(),
        reference=lambda *inputs: inputs,
        ready=lambda *inputs: inputs,
        inputs=("pictures",),
        outputs=outputs,
        examples=[(torch.zeros(1, 3, 100, 200),)],
    )


def compared(got: Tensors, expected: Tensors = FOUND, kind: Any = "detections") -> Any:
    return agreement(part(kind), lambda *_: got, [expected])


def test_the_order_of_rows_is_nothing() -> None:
    order = torch.tensor([2, 0, 1, 3])
    found = compared(tuple(each[:, order] for each in FOUND))
    assert found.difference == 0 and found.matches["matched"] == 3 and found.holds(BOUND)
    ours, theirs = matched(FOUND, tuple(each[:, order] for each in FOUND))
    assert dict(zip(ours.tolist(), theirs.tolist(), strict=True)) == {0: 1, 1: 2, 2: 0}


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ((BOXES + torch.tensor([0.0, 0, 0.1, 0]), SCORES, LABELS), 0.1 / 200),  # by the longer side
        ((BOXES, SCORES - 0.01 * (SCORES > 0), LABELS), 0.01),
    ],
)
def test_says_how_far_boxes_and_scores_are(change: Tensors, difference: float) -> None:
    found = compared(change)
    assert found.difference == pytest.approx(difference, rel=1e-3)
    assert not found.holds(BOUND) and found.holds(2 * difference)


@pytest.mark.parametrize(
    "change",
    [
        (BOXES, SCORES, LABELS + torch.tensor([1, 0, 0, 0])),  # of another class
        (BOXES + 30, SCORES, LABELS),  # elsewhere
        (BOXES, SCORES * torch.tensor([1, 1, 0, 0]), LABELS),  # not found
    ],
)
def test_what_only_one_of_both_has_does_not_hold(change: Tensors) -> None:
    found = compared(change)
    assert found.matches["unmatched"] > 0 and not found.holds(BOUND)


def test_nothing_found_shows_nothing() -> None:
    nothing = tuple(torch.zeros_like(each) for each in FOUND)
    found = compared(nothing, nothing)
    assert found.is_empty and not found.holds(BOUND)


def test_boxes_without_area_are_the_same_where_they_are_in_the_same_place() -> None:
    flat = BOXES.clone()
    flat[0, 2] = torch.tensor([5.0, 5, 5, 9])
    assert compared((flat, SCORES, LABELS), (flat, SCORES, LABELS)).matches["unmatched"] == 0


def test_tensors_differ_by_their_largest_number() -> None:
    large, small = torch.full((1, 4), 1000.0), torch.full((1, 4), 0.1)
    found = agreement(part("tensors", ("a", "b")), lambda *_: (large + 0.5, small + 1e-3), [(large, small)])
    assert found.outputs == pytest.approx({"a": 0.5, "b": 1e-3}, rel=1e-3)
    assert found.difference == pytest.approx(1e-3, rel=1e-3)


def test_key_points_are_measured_in_pixels_of_the_picture() -> None:
    def peak(x: int) -> Tensor:
        maps = torch.zeros(1, 1, 25, 50)
        maps[0, 0, 12, x] = 1
        return maps

    found = agreement(part("heatmaps", ("heatmaps",)), lambda *_: (peak(22),), [(peak(20),)])
    assert found.keypoint_px is not None and found.keypoint_px["largest"] == pytest.approx(8)


def test_people_have_boxes_and_key_points() -> None:
    points = torch.rand(1, 4, 17, 2) * 50
    found = compared((BOXES, SCORES, points + 3), (BOXES, SCORES, points), "people")
    assert found.matches["matched"] == 3
    assert found.keypoint_px["largest"] == pytest.approx(18**0.5, rel=1e-4)


def test_latencies_are_of_each_in_turn() -> None:
    calls: list[str] = []
    found = latencies(
        {name: lambda *_, name=name: (calls.append(name), ())[1] for name in ("a", "b")},
        [(torch.zeros(1),)] * 3,
    )
    assert set(found) == {"a", "b"} and calls == ["a", "b"] * 5
