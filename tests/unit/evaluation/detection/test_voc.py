"""VOC's average precision, against numbers that others have published."""

from pathlib import Path

import numpy as np
import pytest

from saccade.evaluation.detection import judge
from saccade.evaluation.detection.matching import match
from saccade.evaluation.detection.tables import Detections, Truths
from saccade.evaluation.detection.voc import average_precision, average_precision_2007
from tests.unit.evaluation.detection.pictures import dataset, found


def published_case(place: Path, truths: str, detections: str) -> tuple[Truths, Detections]:
    """Seven pictures with (x, y, w, h): for the program that published, x and x + w are pixels of the box."""
    pictures, answers = [], []
    for file in sorted((place / truths).glob("*.txt")):
        pictures.append([(0, edges(line.split()[1:])) for line in file.read_text().splitlines()])
        rows = [line.split()[1:] for line in (place / detections / file.name).read_text().splitlines()]
        answers.append(found(*((0, edges(row[1:]), float(row[0])) for row in rows)))
    data = dataset(pictures, ["object"])
    return Truths.of(data), Detections.of(answers, 1)


def edges(words: list[str]) -> tuple[float, float, float, float]:
    x, y, w, h = map(float, words)
    return x, y, x + w + 1, y + h + 1


@pytest.mark.parametrize(
    ("iou", "area", "eleven"),
    [
        # tests/test_case_1.py of review_object_detection_metrics
        (0.1, 0.3371980676, 0.3333333333),
        (0.3, 0.2456866804, 0.2683982683),
        (0.5, 0.0222222222, 0.0303030303),
        (0.75, 0.0, 0.0),
    ],
)
def test_published_numbers(shared_data: Path, iou: float, area: float, eleven: float) -> None:
    place = shared_data / "det" / "review_object_detection_metrics" / "tests" / "test_case_1"
    truths, detections = published_case(place, "gts", "dets")
    matches = match(truths, detections, iou, takes_next=False)
    case = (detections.scores, matches.is_hit, len(truths))
    assert average_precision(*case) == pytest.approx(area, abs=1e-9)
    assert average_precision_2007(*case) == pytest.approx(eleven, abs=1e-9)


def test_the_published_interpolation_of_a_sample(shared_data: Path) -> None:
    place = shared_data / "det" / "Object-Detection-Metrics_samples"
    truths, detections = published_case(place, "groundtruths", "detections")
    matches = match(truths, detections, 0.3, takes_next=False)
    said = next(line for line in (place / "results/results.txt").read_text().splitlines() if "AP:" in line)
    area = average_precision(detections.scores, matches.is_hit, len(truths))
    assert f"AP: {100 * area:.2f}%" == said


@pytest.mark.parametrize(
    ("hits", "truths", "area", "eleven"),
    [
        ([1, 1], 2, 1.0, 1.0),
        ([], 3, 0.0, 0.0),
        ([0, 0], 3, 0.0, 0.0),
        # recalls of 0, 0.1 and 0.2 are reached; of 3 * 0.1, which rounds up, 3 of 10 fall short
        ([1, 1, 1], 10, 0.3, 3 / 11),
        # precision 1/2 holds to the end, for the curve is made monotone
        ([0, 1, 0, 1], 2, 0.5, 0.5),
    ],
)
def test_cases_by_hand(hits: list[int], truths: int, area: float, eleven: float) -> None:
    scores = np.linspace(0.9, 0.1, len(hits))
    assert average_precision(scores, np.array(hits, bool), truths) == pytest.approx(area)
    assert average_precision_2007(scores, np.array(hits, bool), truths) == pytest.approx(eleven)


def test_a_class_without_truths_has_no_average_precision() -> None:
    assert np.isnan(average_precision(np.array([0.5]), np.array([False]), 0))
    assert np.isnan(average_precision_2007(np.zeros(0), np.zeros(0, bool), 0))


BOX, NEAR, FAR = (0, 0, 10, 10), (0, 0, 10, 8), (50, 50, 60, 60)


@pytest.mark.parametrize(
    ("truths", "detections", "expected"),
    [
        # a difficult object is not asked for, and who finds it, and finds it again, is not wrong
        ([(0, BOX), (0, FAR, "difficult")], [(0, FAR, 0.9), (0, FAR, 0.8), (0, BOX, 0.7)], 1.0),
        ([(0, BOX), (0, FAR, "crowd")], [(0, (52, 52, 54, 54), 0.9), (0, BOX, 0.7)], 1.0),
        # found twice is wrong once, even where another truth would do
        ([(0, BOX), (0, NEAR)], [(0, BOX, 0.9), (0, BOX, 0.8)], 0.5),
        ([(0, BOX)], [(1, BOX, 0.9)], 0.0),
    ],
)
def test_the_rules_of_the_devkit(truths: list, detections: list, expected: float) -> None:
    scores = judge(dataset([truths]), [found(*detections)])
    assert scores.voc[0] == pytest.approx(expected)
