"""What is taken for what, and why."""

import pytest

from saccade.evaluation.detection import judge
from saccade.evaluation.detection.confusion import Fault
from tests.unit.evaluation.detection.pictures import Box, dataset, found

A: Box = (0, 0, 10, 10)
B: Box = (40, 0, 50, 10)
C: Box = (80, 0, 90, 10)
OFF: Box = (0, 4, 10, 14)


def test_the_matrix_adds_up_to_all_truths_and_all_detections() -> None:
    truths = [(0, A), (1, B), (0, C), (1, (0, 50, 10, 60), "difficult")]
    # right, taken for the other, nothing there, on what is not asked for
    rows = [(0, A, 0.9), (0, B, 0.8), (1, (0, 80, 10, 90), 0.7), (1, (0, 50, 10, 60), 0.6)]
    mistakes = judge(dataset([truths]), [found(*rows)]).mistakes
    # the best threshold keeps the first alone: B and C are missed
    assert mistakes.confusion.tolist() == [[1, 0, 1], [0, 0, 1], [0, 0, 0]]
    more = [*rows, (1, B, 0.65), (0, C, 0.65)]
    scores = judge(dataset([truths]), [found(*more)])
    assert scores.mistakes.confusion.tolist() == [[2, 0, 0], [0, 1, 0], [1, 1, 0]]
    kept = (scores.detections.scores >= scores.threshold) & ~scores.matches.is_ignored
    assert scores.mistakes.confusion[:, :-1].sum() == kept.sum()
    assert scores.mistakes.confusion[:-1].sum() == 3


@pytest.mark.parametrize(
    ("box", "label", "fault"),
    [
        (A, 0, Fault.DUPLICATE),
        # half an overlap is enough
        ((0, 0, 10, 5), 0, Fault.DUPLICATE),
        (B, 0, Fault.CONFUSED),
        (OFF, 0, Fault.LOOSE),
        (C, 0, Fault.BACKGROUND),
        # near what is of another class only
        (OFF, 1, Fault.BACKGROUND),
        # overlaps of 0.105 and 0.095
        ((0, 8.1, 10, 18.1), 0, Fault.LOOSE),
        ((0, 8.265, 10, 18.265), 0, Fault.BACKGROUND),
    ],
)
def test_why_a_detection_is_wrong(box: Box, label: int, fault: Fault) -> None:
    data = dataset([[(0, A), (1, B)]])
    # right ones of lower score keep the threshold below all
    rows = [(0, A, 0.9), (label, box, 0.8), (1, B, 0.7)]
    (alarm,) = judge(data, [found(*rows)]).mistakes.false_alarms
    assert (alarm.fault, alarm.detection) == (fault, 1)
    near = {Fault.DUPLICATE: 0, Fault.CONFUSED: 1, Fault.LOOSE: 0, Fault.BACKGROUND: None}
    assert alarm.truth == near[fault]


def test_what_has_the_very_threshold_is_kept() -> None:
    scores = judge(dataset([[(0, A)]]), [found((0, A, 0.0), (0, B, 0.0))])
    assert scores.threshold == 0.0
    assert scores.mistakes.confusion.tolist() == [[1, 0, 0], [0, 0, 0], [1, 0, 0]]
    assert scores.mistakes.misses == ()


def test_misses_are_those_that_nothing_was_found_of_first_then_the_largest() -> None:
    large: Box = (0, 100, 80, 180)
    truths = [(0, A), (0, B), (0, C), (0, large), (0, (0, 200, 10, 210))]
    wrong = [(0, (300, 10 * i, 305, 10 * i + 5), 0.5) for i in range(9)]
    rows = [(0, A, 0.9), (0, (0, 200, 10, 210), 0.85), (1, C, 0.88), *wrong, (0, B, 0.1)]
    data = dataset([truths])
    scores = judge(data, [found(*rows)])
    misses = [(miss.truth, miss.score, miss.taken_for) for miss in scores.mistakes.misses]
    assert misses == [(3, None, None), (2, None, 1), (1, 0.1, None)]
    confusion = scores.mistakes.confusion.tolist()
    assert confusion[0] == [2, 1, 2], "found, taken for the other, not seen"
    assert confusion[-1] == [0, 0, 0], "what is taken for the other is something"


def test_false_alarms_come_surest_first() -> None:
    pictures = [[(0, A)], [(0, A)], [(0, A)]]
    answers = [found((0, A, 0.9), (0, B, s)) for s in (0.91, 0.95, 0.93)]
    alarms = judge(dataset(pictures), answers).mistakes.false_alarms
    assert [alarm.detection for alarm in alarms] == [3, 5, 1]
