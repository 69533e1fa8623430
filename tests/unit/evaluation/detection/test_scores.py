"""All scores of a detector, and what they are when there is nothing to score."""

import builtins
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from saccade.core import Instances, MissingExtraError
from saccade.evaluation.detection import DetectionScores, judge, to_json
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
    data = dataset([], images=(image([(0, A)]), some, image([(1, A)]), some))
    scores = judge(data, [rows, rows, rows, found((1, A, 0.4), (0, B, 0.3))])
    assert scores.num_unverified == 2
    assert list(zip(scores.detections.images, scores.detections.labels, strict=True)) == [
        (0, 0), (0, 1), (1, 0), (2, 0), (2, 1), (3, 0)
    ]  # fmt: skip


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
    far: Box = (300, 0, 310, 10)
    truths = [(0, A), (0, B), (1, A), (0, (0, 50, 10, 60), "difficult"), (1, (0, 80, 10, 90), "crowd")]
    truths.append((1, far, "difficult"))
    scores = judge(dataset([truths]), [found((0, A, 0.9))])
    assert [scores.num_truths(label=label) for label in (None, 0, 1)] == [3, 2, 1]
    assert [scores.num_ignored(label) for label in (0, 1)] == [1, 2]


def crowded() -> DetectionScores:
    """Scores of which no two are the same: of two classes and three sizes, found more or less well."""
    rng = np.random.default_rng(3)
    pictures, answers = [], []
    for _ in range(40):
        rows, seen = [], []
        for place in range(4):
            label, side = int(rng.integers(2)), float(rng.choice([12.0, 50.0, 120.0]))
            box = np.array([150.0 * place, 0, 150.0 * place + side, side])
            rows.append((label, tuple(box)))
            if rng.random() < (0.9 if label else 0.7):
                moved = box + side * rng.normal(0, 0.05 if label else 0.1, 4)
                seen.append((label, tuple(moved), float(rng.random())))
            if rng.random() < 0.9:
                seen.append(
                    (label, tuple(np.add(box, (0, 300, 0, 300))), float((0.7 - 0.4 * label) * rng.random()))
                )
        pictures.append(rows)
        answers.append(found(*seen))
    return judge(dataset(pictures), answers)


def test_the_report_has_the_scores_of_each_class_and_each_size() -> None:
    scores = crowded()
    value, coco = json.loads(json.dumps(to_json(scores))), scores.coco
    for label, name in enumerate(("cat", "dog")):
        row, at, best = value["classes"][name], scores.of_class(label), scores.sweeps[label].best()
        expected = {
            "map": coco.average_precision(label=label),
            "map50": coco.average_precision(0.5, label=label),
            "map75": coco.average_precision(0.75, label=label),
            "ar100": coco.average_recall(label=label),
            "voc_ap": scores.voc[label],
            "voc_ap_2007": scores.voc_2007[label],
            "precision": at.precision,
            "recall": at.recall,
            "f1": at.f1,
            "best_f1": best.f1,
            "best_threshold": best.threshold,
        }
        assert {key: row[key] for key in expected} == pytest.approx(expected, abs=1e-6)
        # the best threshold of one may be that of all
        assert len({round(number, 4) for number in expected.values()}) >= len(expected) - label
    for size in ("small", "medium", "large"):
        row, at = value["sizes"][size], scores.of_size(size)
        expected = {
            "map": coco.average_precision(size=size),
            "map50": coco.average_precision(0.5, size=size),
            "ar100": coco.average_recall(size=size),
            "precision": at.precision,
            "recall": at.recall,
            "f1": at.f1,
        }
        assert {key: row[key] for key in expected} == pytest.approx(expected, abs=1e-6)
        assert at.right + at.missed == row["truths"] == scores.num_truths(size)
    whole = {
        "map": coco.average_precision(),
        "map50": coco.average_precision(0.5),
        "map75": coco.average_precision(0.75),
        "ar1": coco.average_recall(1),
        "ar10": coco.average_recall(10),
        "ar100": coco.average_recall(100),
    }
    assert {key: value[key] for key in whole} == pytest.approx(whole, abs=1e-6)
    parts = [scores.of_size(size) for size in ("small", "medium", "large")]
    assert sum(part.right for part in parts) == scores.operation.right
    assert sum(part.wrong for part in parts) == scores.operation.wrong
    assert len(scores.overlaps) == scores.operation.right
    assert sum(value["iou_histogram"]["counts"]) == scores.operation.right
    assert value["iou_histogram"]["edges"] == pytest.approx(np.linspace(0.5, 1, 11))
    assert value["how"]["ious"] == pytest.approx(np.linspace(0.5, 0.95, 10))


def test_the_report_has_curves_over_recall_and_over_thresholds() -> None:
    scores = crowded()
    curves = to_json(scores)["curves"]
    assert curves["recall"] == pytest.approx(np.linspace(0, 1, 101))
    for iou in ("0.5", "0.75"):
        assert curves["precision"][iou] == pytest.approx(scores.coco.precision_at(float(iou)), abs=1e-4)
    for label, name in enumerate(("cat", "dog")):
        assert curves["precision_by_class"][name] == pytest.approx(
            scores.coco.precision_at(0.5, label), abs=1e-4
        )
    assert curves["threshold"] == pytest.approx(np.linspace(0, 1, 101))
    at = scores.sweep.at(curves["threshold"][30])
    rates = curves["by_threshold"]
    assert [rates[key][30] for key in ("precision", "recall", "f1")] == pytest.approx(
        [at.precision, at.recall, at.f1], abs=1e-4
    )


def test_thresholds_reach_the_highest_score() -> None:
    scores = judge(dataset([[(0, A)]]), [found((0, A, 3.5))])
    assert to_json(scores)["curves"]["threshold"][-1] == 3.5


def test_whoever_comes_late_may_be_the_next_best() -> None:
    """By COCO's rules, by which precision, recall and F1 are; by VOC's the second one is wrong."""
    low: Box = (0, 0, 40, 32)
    scores = judge(dataset([[(0, A), (0, low)]], ["cat"]), [found((0, A, 0.9), (0, A, 0.8))])
    assert (scores.precision, scores.recall) == (1.0, 1.0)
    assert scores.voc_map == 0.5
