"""Who is matched with whom."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.evaluation.detection.matching import match
from saccade.evaluation.detection.tables import Detections, Truths
from saccade.evaluation.pictures.overlaps import pairwise_cover, pairwise_iou
from tests.unit.evaluation.detection.pictures import Box, dataset, found

A: Box = (0, 0, 10, 10)
A_LOW: Box = (0, 0, 10, 8)
HALF: Box = (0, 0, 10, 5)
B: Box = (40, 0, 50, 10)


@pytest.mark.parametrize(
    ("truths", "detections", "takes_next", "matched", "ignored"),
    [
        pytest.param([(0, A)], [(0, A, 0.9)], True, [0], [], id="one of each"),
        pytest.param([(0, A)], [(0, B, 0.9)], True, [-1], [], id="elsewhere"),
        pytest.param([(0, A)], [(1, A, 0.9)], True, [-1], [], id="another class"),
        pytest.param([(0, A)], [(0, A_LOW, 0.3), (0, A, 0.9)], True, [-1, 0], [], id="the surest first"),
        pytest.param([(0, A)], [(0, A, 0.5), (0, A, 0.5)], True, [0, -1], [], id="of equals the first"),
        pytest.param([(0, A)], [(0, A, 0.5)] * 40, True, [0] + [-1] * 39, [], id="of many equals the first"),
        pytest.param([(0, A), (0, A_LOW)], [(0, A, 0.9), (0, A, 0.8)], True, [0, 1], [], id="the next best"),
        pytest.param([(0, A), (0, A_LOW)], [(0, A, 0.9), (0, A, 0.8)], False, [0, -1], [], id="none by VOC"),
        pytest.param([(0, A, "crowd")], [(0, (2, 2, 4, 4), 0.9)] * 3, True, [-1] * 3, [0, 1, 2], id="crowd"),
        pytest.param([(0, A, "crowd")], [(0, B, 0.9)], True, [-1], [], id="beside a crowd"),
        pytest.param(
            [(0, A, "crowd")],
            [(0, (5, 0, 15, 10), 0.9), (0, B, 0.8)],
            False,
            [-1, -1],
            [0],
            id="half in a crowd, and beside it, by VOC",
        ),
        pytest.param([(0, A, "crowd")], [(0, B, 0.9)], False, [-1], [], id="beside a crowd by VOC"),
        pytest.param(
            [(0, A, "difficult")], [(0, HALF, 0.9)], True, [-1], [0], id="half an overlap with a difficult"
        ),
        pytest.param(
            [(0, A, "difficult")], [(0, HALF, 0.9)], False, [-1], [0], id="half an overlap with one by VOC"
        ),
        pytest.param([(0, A)], [(0, HALF, 0.9)], False, [0], [], id="half an overlap by VOC"),
        pytest.param(
            [(0, A), (0, A_LOW, "difficult")],
            [(0, A, 0.9)] * 2,
            True,
            [0, -1],
            [1],
            id="a difficult one is there for whoever comes late",
        ),
        pytest.param(
            [(0, A), (0, A_LOW, "difficult")], [(0, A, 0.9)] * 2, False, [0, -1], [], id="but not by VOC"
        ),
        pytest.param(
            [(0, A, "difficult")], [(0, A, 0.9)] * 2, True, [-1, -1], [0, 1], id="difficult is never used up"
        ),
        pytest.param(
            [(0, A), (0, A_LOW, "difficult")], [(0, A_LOW, 0.9)], True, [0], [], id="COCO prefers what counts"
        ),
        pytest.param(
            [(0, A), (0, A_LOW, "difficult")], [(0, A_LOW, 0.9)], False, [-1], [0], id="VOC the best"
        ),
        pytest.param(
            [(0, (0, 0, 40, 40), "crowd"), (0, A)], [(0, A, 0.9)], False, [1], [], id="VOC's best is no crowd"
        ),
        pytest.param(
            [(0, A, "difficult")], [(0, A, 0.9), (0, B, 0.8)], False, [-1, -1], [0], id="beside a difficult"
        ),
    ],
)
def test_cases(
    truths: list, detections: list, takes_next: bool, matched: list[int], ignored: list[int]
) -> None:
    data = dataset([truths])
    table = Detections.of([found(*detections)], 2)
    matches = match(Truths.of(data), table, 0.5, takes_next=takes_next)
    assert matches.truth.tolist() == matched
    assert (matches.overlap > 0).tolist() == [truth >= 0 for truth in matched]
    assert np.flatnonzero(matches.is_ignored).tolist() == ignored
    back = {detection: truth for truth, detection in enumerate(matches.detection.tolist()) if detection >= 0}
    assert back == {detection: truth for detection, truth in enumerate(matched) if truth >= 0}


def test_half_an_overlap_is_enough_unless_told() -> None:
    halves = Detections.of([found((0, (0, 0, 10, 5), 0.9), (0, (40, 0, 50, 4.9), 0.9))], 2)
    assert match(Truths.of(dataset([[(0, A), (0, B)]])), halves, takes_next=True).truth.tolist() == [0, -1]


@pytest.mark.parametrize(("true", "answered"), [(0, 0), (1, 0), (0, 1), (1, 1)])
@pytest.mark.parametrize("order", [1, -1])
def test_the_same_box_in_another_picture_is_no_match(true: int, answered: int, order: int) -> None:
    data = dataset([[(true, A)], []][::order])
    table = Detections.of([found(), found((answered, A, 0.9))][::order], 2)
    assert match(Truths.of(data), table, takes_next=True).truth.tolist() == [-1]


SMALL = st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 6), st.integers(1, 6)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)


@given(st.lists(SMALL, max_size=5), st.lists(SMALL, max_size=5))
def test_overlaps_are_those_of_pixels(a: list[Box], b: list[Box]) -> None:
    ours = pairwise_iou(np.array(a, float).reshape(-1, 4), np.array(b, float).reshape(-1, 4))
    cover = pairwise_cover(np.array(a, float).reshape(-1, 4), np.array(b, float).reshape(-1, 4))
    for i, one in enumerate(a):
        for j, other in enumerate(b):
            p, q = pixels(one), pixels(other)
            assert ours[i, j] == pytest.approx(len(p & q) / len(p | q))
            assert cover[i, j] == pytest.approx(len(p & q) / len(p))


def pixels(box: Box) -> set[tuple[int, int]]:
    x1, y1, x2, y2 = map(int, box)
    return {(x, y) for x in range(x1, x2) for y in range(y1, y2)}


@given(
    st.lists(st.tuples(st.integers(0, 1), SMALL), max_size=6),
    st.lists(st.tuples(st.integers(0, 1), SMALL, st.floats(0.1, 0.9)), max_size=8),
    st.floats(0.1, 0.9),
    st.booleans(),
)
def test_those_below_a_threshold_change_nothing_above_it(
    truths: list, detections: list, threshold: float, takes_next: bool
) -> None:
    table = Truths.of(dataset([truths]))
    everything = Detections.of([found(*detections)], 2)
    above = Detections.of([found(*(row for row in detections if row[2] >= threshold))], 2)
    matches = match(table, everything, takes_next=takes_next)
    fewer = match(table, above, takes_next=takes_next)
    assert matches.truth[everything.scores >= threshold].tolist() == fewer.truth.tolist()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(2, A, 0.5)], r"found\[0\]: label 2, but there are 2 classes"),
        # the first that is wrong
        ([(0, A, 0.5), (1, A, 0.5), (-1, A, 0.5), (7, A, 0.5)], r"found\[0\]: label -1, but"),
        ([(1, A, 0.5), (0, A, 0.5), (7, A, 0.5), (2, A, 0.5)], r"found\[0\]: label 7, but"),
        ([(0, A, float("nan")), (0, A, 0.5)], r"found\[0\]: a box or a score is not finite"),
        ([(0, (0, 0, float("inf"), 1), 0.5), (0, A, 0.5)], r"found\[0\]: a box or a score is not finite"),
    ],
)
def test_what_cannot_be_scored_is_refused(rows: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Detections.of([found(*rows)], 2)


def test_boxes_without_labels_cannot_be_scored() -> None:
    with pytest.raises(ValueError, match=r"found\[1\]: 1 boxes without labels; a detector says what each is"):
        Detections.of([found((0, A, 0.5)), replace(found((0, A, 0.5)), labels=None)], 2)
