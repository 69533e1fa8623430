"""SimOTA against a slow reading of the paper, point by point and box by box."""

import math

import pytest
import torch
from torch import Tensor

from saccade.detectors.yolox.assignment import assign
from saccade.detectors.yolox.config import Assignment
from saccade.detectors.yolox.points import Points, points_of
from saccade.ops.constants import literal

SIZE = (96, 128)
RULE = Assignment()


def _iou(a: list[float], b: list[float]) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def _cross_entropy(probability: float, wished: float) -> float:
    log = [max(math.log(p), -100.0) if p > 0 else -100.0 for p in (probability, 1 - probability)]
    return -(wished * log[0] + (1 - wished) * log[1])


def _is_central(point: tuple[float, float, float], truth: list[float]) -> bool:
    x, y, stride = point
    middle = (truth[0] + truth[2]) / 2, (truth[1] + truth[3]) / 2
    return abs(x - middle[0]) < 1.5 * stride and abs(y - middle[1]) < 1.5 * stride


def _slow(
    boxes: Tensor, objectness: Tensor, classes: Tensor, truths: Tensor, labels: Tensor, points: Points
) -> dict[int, tuple[int, float]]:
    """Which truth each positive point learns, and how far it overlaps it."""
    places = [
        (x, y, stride)
        for (x, y), (stride,) in zip(points.centres.tolist(), points.strides.tolist(), strict=True)
    ]
    probabilities = (classes.sigmoid() * objectness.sigmoid()[:, None]).sqrt().tolist()
    candidates = [p for p, place in enumerate(places) if any(_is_central(place, t) for t in truths.tolist())]
    cost: dict[tuple[int, int], float] = {}
    iou: dict[tuple[int, int], float] = {}
    for m, (truth, label) in enumerate(zip(truths.tolist(), labels.tolist(), strict=True)):
        for p in candidates:
            iou[m, p] = _iou(truth, boxes[p].tolist())
            of_class = sum(
                _cross_entropy(probability, float(c == label))
                for c, probability in enumerate(probabilities[p])
            )
            is_far = not _is_central(places[p], truth)
            cost[m, p] = of_class - 3 * math.log(iou[m, p] + 1e-8) + 1e6 * is_far
    wanted: dict[int, list[int]] = {}
    for m in range(len(truths)):
        best = sorted((iou[m, p] for p in candidates), reverse=True)[:10]
        number = max(int(sum(best)), 1)
        for p in sorted(candidates, key=lambda p: cost[m, p])[:number]:
            wanted.setdefault(p, []).append(m)
    found = {}
    for p, by in wanted.items():
        m = by[0] if len(by) == 1 else min(range(len(truths)), key=lambda m: cost[m, p])
        found[p] = m, iou[m, p]
    return found


def _case(seed: int, num_truths: int, num_classes: int) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)

    def random(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator)

    size = literal((SIZE[1], SIZE[0]), random(1))
    middles, sizes = random(num_truths, 2) * size, 4 + random(num_truths, 2) * 60
    truths = torch.cat([middles - sizes / 2, middles + sizes / 2], dim=1)
    labels = (random(num_truths) * num_classes).long()
    points = points_of(SIZE, torch.device("cpu"))
    number = len(points.strides)
    # boxes near some truth, as those of a network that has learned something
    near = truths[(random(number) * num_truths).long()]
    boxes = near + (random(number, 4) - 0.5) * literal((-8, -8, 8, 8), near)
    boxes[:, 2:] = torch.maximum(boxes[:, 2:], boxes[:, :2] + 1)
    return boxes, random(number) * 8 - 4, random(number, num_classes) * 8 - 4, truths, labels


@pytest.mark.parametrize("num_truths", [1, 2, 9, 30])
@pytest.mark.parametrize("num_classes", [1, 5])
def test_is_what_the_paper_says(num_truths: int, num_classes: int) -> None:
    points = points_of(SIZE, torch.device("cpu"))
    for seed in range(3):
        case = _case(seed, num_truths, num_classes)
        found = assign(*case, points, RULE)
        expected = _slow(*case, points)
        assert found.is_positive.nonzero()[:, 0].tolist() == sorted(expected)
        for p, (m, iou) in expected.items():
            assert found.truth[p] == m
            assert found.iou[p].item() == pytest.approx(iou, abs=1e-5)
        assert found.iou[~found.is_positive].eq(0).all()


def test_a_point_that_two_boxes_want_goes_to_the_cheaper() -> None:
    points = points_of(SIZE, torch.device("cpu"))
    boxes, objectness, classes, _, _ = _case(0, 1, 2)
    truths = torch.tensor([[30.0, 30, 60, 60], [32.0, 30, 60, 60]])
    boxes[:] = truths[1]  # all points say the second one
    found = assign(boxes, objectness, classes, truths, torch.tensor([0, 0]), points, RULE)
    assert found.is_positive.any()
    assert (found.truth[found.is_positive] == 1).all()


def test_a_box_of_good_candidates_gets_more_points() -> None:
    points = points_of(SIZE, torch.device("cpu"))
    boxes, objectness, classes, _, _ = _case(0, 1, 2)
    truth = torch.tensor([[30.0, 30, 60, 60]])
    boxes[:] = truth
    all_right = assign(boxes, objectness, classes, truth, torch.tensor([0]), points, RULE)
    assert all_right.is_positive.sum() == 10
    boxes[:] = torch.tensor([0.0, 0, 5, 5])
    all_wrong = assign(boxes, objectness, classes, truth, torch.tensor([0]), points, RULE)
    assert all_wrong.is_positive.sum() == 1


@pytest.mark.parametrize(
    "truths",
    [torch.zeros(0, 4), torch.tensor([[400.0, 400, 450, 450]])],
    ids=["none", "one that lies out of the picture"],
)
def test_nothing_to_learn_is_no_positive_point(truths: Tensor) -> None:
    points = points_of(SIZE, torch.device("cpu"))
    boxes, objectness, classes, _, _ = _case(0, 1, 2)
    labels = torch.zeros(len(truths), dtype=torch.int64)
    found = assign(boxes, objectness, classes, truths, labels, points, RULE)
    assert not found.is_positive.any()
    assert found.iou.eq(0).all()


def test_logits_of_any_size_cost_a_finite_number() -> None:
    points = points_of(SIZE, torch.device("cpu"))
    boxes, objectness, classes, truths, labels = _case(0, 3, 2)
    found = assign(boxes, objectness.sign() * 500, classes.sign() * 500, truths, labels, points, RULE)
    assert found.is_positive.sum() >= 3
