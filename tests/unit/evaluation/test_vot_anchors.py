"""VOT's anchor-based scores: by hand, and as the VOT toolkit computes them on the same runs.

Numbers of the toolkit are those of vot-toolkit 0.9.0 (AccuracyRobustness, AverageAccuracyRobustness and
EAOCurves of `vot.analysis.multistart`), boxes of 20x20 pixels, so many pixels beside the truth.
"""

import numpy as np
import pytest

from saccade.evaluation.metrics.vot_anchors import (
    EAO_INTERVAL,
    AnchorRun,
    AnchorScores,
    anchor_expected_average_overlap,
    anchor_overlap_curve,
    score_anchor_sequence,
    score_anchors,
)


def run(beside: list[int]) -> AnchorRun:
    shift = np.array(beside)
    return AnchorRun((20 - shift) / (20 + shift))


# of a sequence of 60 frames: forwards from 0, backwards from 30, forwards from 35
RUNS = [
    run(
        [
            *(0, 11, 8, 7, 3, 4, 0, 1, 0, 2, 11, 9, 12, 7, 8, 13, 10, 8, 7, 7, *[19] * 11),
            *(11, 2, 1, 12, 0, 7, 1, 4, 6, *[20] * 20),
        ]
    ),
    run([0, 1, 3, 10, 6, 5, 1, 8, 8, 3, 10, 2, *[20] * 9, 2, 3, 3, 9, 10, 12, 8, 5, 3, 6]),
    run([0, 1, 4, *[20] * 10, 4, 6, 4, 12, 3, 11, 8, 12, 9, 11, 13, 2]),
]


def test_a_sequence_as_the_toolkit_scores_it() -> None:
    # eleven frames lost from frame 20 on; nine, which are forgiven; ten from frame 3 on
    assert [r.progress for r in RUNS] == [20, 31, 3]
    scores = score_anchor_sequence(RUNS, 60)
    assert scores.accuracy == pytest.approx(0.44445753678332733, abs=1e-12)
    assert scores.robustness == pytest.approx(0.46551724137931033, abs=1e-12)
    assert (scores.followed, scores.frames) == (54, 60)


def test_a_tracker_that_loses_the_target_at_once() -> None:
    """The frame of the anchor counts as lost, so that nine more make a failure, and eight do not."""
    runs = [run([0, *[20] * 9, *[0] * 50]), run([0, *[5] * 30]), run([0, *[20] * 8, *[4] * 16])]
    scores = score_anchor_sequence(runs, 60)
    assert scores.followed == 56
    assert scores.accuracy == pytest.approx(0.5119047619047619, abs=1e-12)
    assert scores.robustness == pytest.approx(0.4827586206896552, abs=1e-12)


def test_the_curve_as_the_toolkit_has_it() -> None:
    curve = anchor_overlap_curve([RUNS], 50)
    expected = {
        1: 0.6999487967229903,
        7: 0.5014944577624068,
        20: 0.30725762030960235,
        21: 0.30561331804377717,
        31: 0.1890258163131482,
        32: 0.1830923578636542,
        40: 0.14634390874159098,
        49: 0.11938732402318705,
    }
    assert curve[list(expected)] == pytest.approx(list(expected.values()), abs=1e-12)
    assert curve[0] == 0.0
    assert anchor_expected_average_overlap([RUNS], (30, 50)) == pytest.approx(curve[30:50].mean())


def test_a_data_set_as_the_toolkit_scores_it() -> None:
    """Accuracy by the frames followed, robustness by the length of the sequence."""
    parts = [
        AnchorScores(accuracy=0.5, robustness=0.3, followed=100, frames=300),
        AnchorScores(accuracy=0.7, robustness=0.8, followed=50, frames=80),
    ]
    scores = score_anchors(parts)
    assert scores.accuracy == pytest.approx(0.5666666666666667, abs=1e-12)
    assert scores.robustness == pytest.approx(0.4052631578947368, abs=1e-12)


def test_a_frame_without_target_forgives() -> None:
    overlaps = np.zeros(30)
    overlaps[:5] = 0.8
    is_empty = np.zeros(30, dtype=bool)
    assert AnchorRun(overlaps).progress == 5
    is_empty[[9, 19, 29]] = True
    assert AnchorRun(overlaps, is_empty).progress == 30, "never ten in a row"
    is_empty[9] = False
    assert AnchorRun(overlaps, is_empty).progress == 5
    # an overlap of 0.1 is lost, anything above is not
    assert AnchorRun(np.full(20, 0.1)).progress == 0
    assert AnchorRun(np.full(20, np.nextafter(0.1, 1))).progress == 20


def test_perfect_and_hopeless() -> None:
    perfect = [AnchorRun(np.ones(900)), AnchorRun(np.ones(800))]
    assert score_anchor_sequence(perfect, 900).robustness == 1.0
    assert anchor_expected_average_overlap([perfect]) == pytest.approx(1.0)
    hopeless = [AnchorRun(np.zeros(900))]
    scores = score_anchor_sequence(hopeless, 900)
    assert (scores.robustness, scores.followed) == (0.0, 0)
    assert np.isnan(scores.accuracy)
    assert anchor_expected_average_overlap([hopeless]) == 0.0
    best = score_anchor_sequence(perfect, 900)
    both = score_anchors([scores, best])
    assert both.robustness == 0.5
    assert both.accuracy == best.accuracy, "who followed nothing has no say in the accuracy"


def test_a_curve_ends_with_the_longest_run() -> None:
    assert anchor_overlap_curve([[AnchorRun(np.ones(3))]], 6).tolist() == [0, 1, 1, 0, 0, 0]
    assert EAO_INTERVAL == (115, 755)


@pytest.mark.parametrize(
    ("overlaps", "is_empty", "message"),
    [
        ([], [], "at least one"),
        ([0.5, np.nan], [], r"each in \[0, 1\]"),
        ([0.5, -0.1], [], r"each in \[0, 1\]"),
        ([0.5, 1.1], [], r"each in \[0, 1\]"),
        ([0.5, 0.1], [True], "2 overlaps, but 1 flags"),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_what_is_no_run_is_refused(overlaps: list[float], is_empty: list[bool], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AnchorRun(np.array(overlaps, float), np.array(is_empty, dtype=bool))


def test_nothing_has_no_score() -> None:
    with pytest.raises(ValueError, match="at most 60 frames, at least one"):
        score_anchor_sequence([], 60)
    with pytest.raises(ValueError, match="at most 50 frames"):
        score_anchor_sequence(RUNS, 50)
    with pytest.raises(ValueError, match="no mean"):
        score_anchors([])
    with pytest.raises(ValueError, match="no curve"):
        anchor_overlap_curve([[]], 20)
