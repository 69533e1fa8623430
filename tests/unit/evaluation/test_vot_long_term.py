"""VOT's long-term scores: by hand, and as the VOT toolkit computes them (vot-toolkit 0.9.0)."""

import numpy as np
import pytest

from saccade.evaluation.metrics.vot_long_term import (
    LongTermRun,
    confidence_thresholds,
    pooled_f,
    precision_recall,
    score_long_term,
)

# boxes of 10x10 pixels, 0, 5, 8, 20 and 2 pixels beside the truth, which is absent in the fifth frame
OVERLAPS = np.array([0.0, 1.0, 1 / 3, 1 / 9, np.nan, 2 / 3])
VISIBLE = np.array([True, True, True, True, False, True])


def run(first: float = 0.0) -> LongTermRun:
    return LongTermRun(OVERLAPS, np.array([first, 0.9, 0.8, 0.7, 0.6, 0.5]), VISIBLE)


@pytest.mark.parametrize(
    ("first", "precision"),
    [
        # what `compute_tpr_curves` answers for these thresholds
        (0.0, [1, 1.0, 0.48148148148148145, 0.4222222222222222, 0.35185185185185186]),
        (0.95, [1, 0.5, 0.3611111111111111, 0.35185185185185186, 0.35185185185185186]),
    ],
)
def test_precision_and_recall_as_the_toolkit_has_them(first: float, precision: list[float]) -> None:
    thresholds = np.array([np.inf, 0.85, 0.65, 0.5, -np.inf])
    found, recall = precision_recall(run(first), thresholds)
    assert found == pytest.approx(precision, abs=1e-12)
    assert recall == pytest.approx(
        [0, 0.2, 0.28888888888888886, 0.4222222222222222, 0.4222222222222222], abs=1e-12
    )


def test_a_single_report_has_its_own_overlap() -> None:
    precision, recall = precision_recall(run(first=0.95), np.array([0.92]))
    assert (precision.tolist(), recall.tolist()) == ([0.0], [0.0]), "the first frame, which counts as missed"
    late = LongTermRun(np.array([1.0, 0.25]), np.array([0.1, 0.9]), np.array([True, True]))
    precision, recall = precision_recall(late, np.array([0.5]))
    assert (precision.tolist(), recall.tolist()) == ([0.25], [0.125])


def test_small_overlaps_have_a_small_f() -> None:
    poor = LongTermRun(np.array([1.0, 0.25, 0.25]), np.array([0.1, 0.9, 0.8]), np.ones(3, dtype=bool))
    scores = score_long_term([poor])
    assert scores.f == pytest.approx(2 * 0.25 * (0.5 / 3) / (0.25 + 0.5 / 3))
    poor = LongTermRun(np.array([0.2, 0.2]), np.array([0.9, 0.8]), np.ones(2, dtype=bool))
    assert pooled_f([poor]) == pytest.approx(0.2)


@pytest.mark.usefixtures("unchecked_shapes")
def test_the_first_confidence_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="frame 1: confidence nan is not finite"):
        LongTermRun(np.ones(4), np.array([0.5, np.nan, 0.5, np.inf]), np.ones(4, dtype=bool))


def test_thresholds_as_the_toolkit_has_them() -> None:
    few = confidence_thresholds(np.array([0.1, 0.5, 0.3, 0.9, 0.2]), 10)
    assert few.tolist() == [np.inf, 0.9, 0.5, 0.3, 0.2, 0.1, -np.inf]
    more = np.array([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9]) / 10
    assert confidence_thresholds(more, 7).tolist() == [np.inf, 0.8, 0.6, 0.5, 0.3, 0.2, -np.inf]
    assert confidence_thresholds(np.arange(19.0), 7).tolist() == [np.inf, 15, 12, 8, 5, 2, -np.inf]
    assert confidence_thresholds(np.arange(5.0), 7).tolist() == [np.inf, 4, 3, 2, 1, 0, -np.inf]
    many = confidence_thresholds(np.arange(300) / 300)
    assert len(many) == 100
    assert many[[1, 18, 50, 98]].tolist() == [296 / 300, 244 / 300, 147 / 300, 2 / 300]


def test_curves_are_means_over_sequences_and_f_is_of_these() -> None:
    sure = LongTermRun(np.ones(4), np.array([0.0, 0.9, 0.9, 0.9]), np.ones(4, dtype=bool))
    scores = score_long_term([run(), sure])
    # at 0.9 one frame of the first and three of the second are reported
    assert scores.precision_curve[1] == pytest.approx((1 + 1) / 2)
    assert scores.recall_curve[1] == pytest.approx((0.2 + 0.75) / 2)
    total = scores.precision_curve + scores.recall_curve
    np.testing.assert_allclose(scores.f_curve * total, 2 * scores.precision_curve * scores.recall_curve)
    assert scores.f == scores.f_curve.max()
    assert scores.f == pytest.approx(
        2 * scores.precision * scores.recall / (scores.precision + scores.recall)
    )


def test_perfect_and_hopeless() -> None:
    visible = np.array([True] * 9 + [False] * 5)
    perfect = LongTermRun(visible.astype(float), np.where(visible, 0.9, 0.1), visible)
    scores = score_long_term([perfect])
    # the first frame is given, and counts as missed
    assert (scores.precision, scores.recall) == (pytest.approx(8 / 9), pytest.approx(8 / 9))
    told = LongTermRun(visible.astype(float), np.where(np.arange(14) > 0, perfect.confidences, 0.0), visible)
    assert score_long_term([told]).precision == 1.0
    hopeless = score_long_term([LongTermRun(np.zeros(14), np.full(14, 0.5), visible)])
    assert (hopeless.f, hopeless.recall) == (0.0, 0.0)


def test_pooled_f_reports_a_frame_after_the_other() -> None:
    first = LongTermRun(np.array([1.0, 0.5]), np.array([0.9, 0.2]), np.array([True, True]))
    second = LongTermRun(np.array([0.8, 0.7]), np.array([0.8, 0.1]), np.array([True, False]))
    # by score: 1.0, 0.8, 0.5, and 0 of the frame without target; three frames have one
    sums = np.array([1.0, 1.8, 2.3, 2.3])
    precision, recall = sums / np.arange(1, 5), sums / 3
    assert pooled_f([first, second]) == pytest.approx((2 * precision * recall / (precision + recall)).max())
    assert pooled_f([LongTermRun(np.zeros(3), np.zeros(3), np.ones(3, dtype=bool))]) == 0.0


@pytest.mark.parametrize(
    ("overlaps", "confidences", "visible", "message"),
    [
        ([0.5], [0.1, 0.2], [True], "rows must agree"),
        ([0.5], [0.1], [False], "in no frame"),
        ([0.5, np.nan], [0.1, 0.2], [True, True], r"not in \[0, 1\]"),
        ([0.5, -0.5], [0.1, 0.2], [True, True], r"not in \[0, 1\]"),
        ([0.5, 1.5], [0.1, 0.2], [True, True], r"not in \[0, 1\]"),
        ([0.5, 0.5], [0.1, np.nan], [True, True], "frame 1: confidence nan is not finite"),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_what_is_no_run_is_refused(
    overlaps: list[float], confidences: list[float], visible: list[bool], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        LongTermRun(np.array(overlaps), np.array(confidences), np.array(visible))


def test_nothing_has_no_score() -> None:
    for function in (score_long_term, pooled_f):
        with pytest.raises(ValueError, match="no runs"):
            function([])
