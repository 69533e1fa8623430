"""All scores of a detector, and what they are when there is nothing to score."""

import builtins
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from saccade.core import Instances, MissingExtraError
from saccade.evaluation.detection import judge, to_json
from saccade.evaluation.detection.summary import sentences
from tests.unit.evaluation.detection.pictures import Box, dataset, found, image

A: Box = (0, 0, 40, 40)
B: Box = (100, 0, 140, 40)
C: Box = (0, 100, 200, 300)


def test_whoever_finds_everything_has_ones() -> None:
    data = dataset([[(0, A), (1, B)], [], [(0, C)]])
    scores = judge(data, [found((0, A, 0.9), (1, B, 0.6)), found(), found((0, C, 0.8))])
    value = to_json(scores)
    ones = ("map", "map50", "map75", "voc_map", "voc_map_2007", "precision", "recall", "f1", "ar10")
    assert [value[key] for key in ones] == [1.0] * len(ones)
    assert [value["sizes"][size]["truths"] for size in ("small", "medium", "large")] == [0, 2, 1]
    assert value["sizes"]["small"]["map"] is None
    assert value["iou_histogram"]["counts"][-1] == 3
    assert value["how"]["images_without_boxes"] == 1
    assert value["how"]["score_floor"] == 0.6


def test_scores_by_hand() -> None:
    # one of two found, and one too many, which is the surest
    data = dataset([[(0, A), (0, B)]], ["cat"])
    scores = judge(data, [found((0, C, 0.9), (0, A, 0.8))])
    assert (scores.precision, scores.recall, scores.f1) == (0.5, 0.5, 0.5)
    # precision 1/2 up to recall 1/2: 51 of COCO's 101 recalls, and 6 of VOC's 11
    assert scores.map50 == pytest.approx(0.5 * 51 / 101)
    assert (scores.voc_map, scores.voc_map_2007) == pytest.approx((0.25, 0.5 * 6 / 11))


def test_each_class_is_scored_at_the_threshold_of_all_and_at_its_own() -> None:
    data = dataset([[(0, A), (1, B)]])
    scores = judge(data, [found((0, A, 0.9), (1, B, 0.2), (1, C, 0.8), (1, (300, 0, 310, 10), 0.7))])
    value = to_json(scores)
    assert value["threshold"] == pytest.approx(0.85)
    dog = value["classes"]["dog"]
    assert (dog["recall"], dog["precision"]) == (0.0, None)
    assert (dog["best_threshold"], dog["best_f1"]) == (pytest.approx(0.1), 0.5)
    assert (dog["truths"], dog["detections"]) == (1, 3)


NOTHING: dict[str, tuple[list[list[Any]], list[Instances], dict[str, Any]]] = {
    "no detections at all": (
        [[(0, A)], []],
        [found(), found()],
        {"map": 0.0, "voc_map": 0.0, "precision": None, "recall": 0.0, "f1": 0.0, "threshold": None},
    ),
    "no box in the data set": (
        [[], []],
        [found((0, A, 0.5)), found()],
        {"map": None, "voc_map": None, "precision": 0.0, "recall": None, "f1": 0.0},
    ),
    "neither": ([[]], [Instances.empty()], {"map": None, "map50": None, "f1": None, "threshold": None}),
    "no pictures": ([], [], {"map": None, "f1": None}),
    "a class without truths": (
        [[(0, A)]],
        [found((0, A, 0.9), (1, B, 0.1))],
        {"map": 1.0, "voc_map": 1.0, "precision": 1.0, "recall": 1.0},
    ),
    "only what is not asked for": (
        [[(0, A, "crowd"), (1, B, "crowd")]],
        [found((0, A, 0.9), (1, B, 0.8))],
        {"map": None, "voc_map": None, "precision": None, "recall": None},
    ),
}


@pytest.mark.parametrize("case", NOTHING)
def test_where_there_is_nothing(case: str) -> None:
    pictures, answers, expected = NOTHING[case]
    value = to_json(judge(dataset(pictures), answers))
    assert {key: value[key] for key in expected} == expected
    json.dumps(value, allow_nan=False)


def test_a_data_set_without_classes() -> None:
    scores = judge(dataset([[]], []), [found()])
    assert math.isnan(scores.map) and to_json(scores)["classes"] == {}


def test_difficult_objects_count_for_coco_alone() -> None:
    data = dataset([[(0, A), (0, B, "difficult")]], ["cat"])
    scores = judge(data, [found((0, A, 0.9))])
    assert (scores.voc_map, scores.recall) == (1.0, 1.0)
    assert scores.coco.average_recall() == 0.5
    how = to_json(scores)["how"]
    assert how["ignored_truths"] == {"coco": 0, "voc": 1, "precision, recall, f1": 1}
    assert "difficult objects and crowds ignored (1)" in sentences(scores)[1]


def test_classes_that_nobody_has_looked_for_are_left_out() -> None:
    data = dataset([[(0, A)]])
    some = image([(0, A)], verified=np.array([0], np.int64))
    rows = found((0, A, 0.5), (1, B, 0.9))
    assert judge(data, [rows]).precision == pytest.approx(0.5)
    data = dataset([], images=(some,))
    scores = judge(data, [rows])
    assert (scores.precision, scores.num_unverified) == (1.0, 1)
    assert "1 of classes that nobody has looked for" in sentences(scores)[-1]


def test_sizes_are_those_that_the_annotation_states() -> None:
    small = dataset([], images=(image([(0, C)], areas=np.array([500.0])),))
    scores = judge(small, [found((0, C, 0.9))])
    assert [scores.num_truths(size) for size in ("small", "medium", "large")] == [1, 0, 0]
    assert scores.coco.average_precision(size="small") == 1.0


@pytest.mark.parametrize(
    ("area", "size"),
    [(0.5, "small"), (1023.0, "small"), (1024.0, "medium"), (9215.0, "medium"), (9216.0, "large")],
)
def test_sizes_end_at_32_and_96_squared_pixels(area: float, size: str) -> None:
    some = dataset([], images=(image([(0, C)], areas=np.array([area])),))
    scores = judge(some, [found((0, C, 0.9))])
    assert [each for each in ("small", "medium", "large") if scores.num_truths(each)] == [size]
    assert scores.num_truths("all") == 1
    operation = scores.of_size(size)
    assert (operation.right, operation.missed) == (1, 0)


def test_wrong_detections_are_as_large_as_their_box() -> None:
    # one of 20 x 20 that is nothing, one that is of another picture's size
    data = dataset([[(0, C)]], ["cat"])
    scores = judge(data, [found((0, C, 0.9), (0, (300, 0, 320, 20), 0.95), (0, (400, 0, 440, 40), 0.92))])
    of_sizes = [scores.of_size(size) for size in ("small", "medium", "large")]
    assert [(each.right, each.wrong, each.missed) for each in of_sizes] == [(0, 1, 0), (0, 1, 0), (1, 0, 0)]


def test_the_engine_the_overlaps_and_the_counts_are_always_said() -> None:
    scores = judge(dataset([[(0, A)], []]), [found((0, A, 0.4)), found()], score_floor=0.01)
    text = " ".join(sentences(scores))
    for part in ("faster-coco-eval 1.", "0.50 to 0.95", "at most 100", "2 pictures", "1 true", "floor 0.01"):
        assert part in text


def test_as_many_answers_as_pictures() -> None:
    with pytest.raises(ValueError, match="of 1 pictures, but the data set has 2"):
        judge(dataset([[], []]), [found()])


def test_without_the_engine_its_install_line_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., Any] = builtins.__import__

    def refuse(name: str, *rest: Any, **more: Any) -> Any:
        if name == "faster_coco_eval":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtraError, match=r"pip install 'saccade\[coco\]'"):
        judge(dataset([[(0, A)]]), [found()])


def test_truths_are_counted_by_class_and_those_that_nobody_asks_for_apart() -> None:
    truths = [(0, A), (0, B), (1, A), (0, (0, 50, 10, 60), "difficult"), (1, (0, 80, 10, 90), "crowd")]
    scores = judge(dataset([truths]), [found((0, A, 0.9))])
    assert [scores.num_truths(label=label) for label in (None, 0, 1)] == [3, 2, 1]
    assert [scores.num_ignored(label) for label in (0, 1)] == [1, 1]
