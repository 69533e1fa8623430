"""VOT's reset-based scores: by hand, and as the VOT toolkit and pysot compute them on the same runs.

Numbers of the toolkit are those of vot-toolkit 0.9.0 (AccuracyRobustness, AverageAccuracyRobustness and
EAOCurve of `vot.analysis.supervised`), boxes of 10x10 pixels, so many pixels beside the truth.
"""

import numpy as np
import pytest

from saccade.evaluation.metrics.vot_resets import (
    EAO_INTERVALS,
    ResetRun,
    ResetScores,
    expected_average_overlap,
    expected_overlap_curve,
    score_reset_sequence,
    score_resets,
)


def run(frames: int, starts: list[int], failures: list[int], beside: object = None) -> ResetRun:
    """A run whose box is `beside(frame)` pixels beside the truth wherever it tracks."""
    overlaps = np.full(frames, np.nan)
    for start, end in zip(starts, [*failures, frames], strict=False):
        for frame in range(start + 1, end):
            shift = beside(frame) if beside else 0
            overlaps[frame] = (10 - shift) / (10 + shift)
    return ResetRun(overlaps, np.array(starts), np.array(failures, dtype=int))


# two failures, and no time for a start after the second one; none; a failure five frames before the end
FAILING = run(40, [0, 22], [17, 38], lambda frame: frame % (7 if frame < 20 else 5))
WHOLE = run(40, [0], [], lambda frame: 3 * frame % 8)
LATE = run(40, [0, 15], [10, 35], lambda frame: frame % 4)


def test_a_sequence_as_the_toolkit_scores_it() -> None:
    scores = score_reset_sequence([FAILING, WHOLE])
    assert scores.accuracy == pytest.approx(0.5687442647849887, abs=1e-12)
    assert scores.failures == 1.0
    assert scores.reliability == pytest.approx(0.4723665527410147, abs=1e-12)


def test_a_data_set_as_the_toolkit_scores_it() -> None:
    """Its weighted means of (0.5, 3 failures, 100 frames) and (0.7, 1 failure, 50 frames)."""
    parts = [
        ResetScores(
            accuracy=accuracy,
            failures=lost,
            failures_per_hundred=0.0,
            lost=lost,
            reliability=0.0,
            frames=frames,
        )
        for accuracy, lost, frames in ((0.5, 3.0, 100), (0.7, 1.0, 50))
    ]
    scores = score_resets(parts)
    assert scores.accuracy == pytest.approx(0.5666666666666667, abs=1e-12)
    assert scores.failures == pytest.approx(2.3333333333333335, abs=1e-12)
    assert scores.reliability == pytest.approx(0.39324072086859824, abs=1e-12)
    # pysot's numbers: 4 failures in 150 frames
    assert (scores.lost, scores.failures_per_hundred) == (4.0, pytest.approx(400 / 150))


def test_the_curve_as_the_toolkit_has_it() -> None:
    curve = expected_overlap_curve([[FAILING, WHOLE]])
    expected = {
        1: 0.631701668103536,
        5: 0.5632521311442057,
        16: 0.5902977784474691,
        17: 0.5661324659983317,
        22: 0.47291890780131024,
        37: 0.3510752518971761,
        39: 0.3416183789571126,
    }
    # the toolkit's boxes and overlaps are of single precision
    assert curve[list(expected)] == pytest.approx(list(expected.values()), abs=1e-6)


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        # pysot's own arithmetic (toolkit/evaluation/eao_benchmark.py) on these runs, interval 3 to 20
        pytest.param([FAILING], 0.6147084456406745, id="failures"),
        pytest.param([WHOLE], 0.5006644222242402, id="no failure"),
        pytest.param([LATE], 0.6927526053807542, id="a restart that would be at the end weighs a frame less"),
        pytest.param([FAILING, WHOLE, LATE], 0.6231476603912501, id="repetitions"),
    ],
)
def test_the_score_as_pysot_has_it(runs: list[ResetRun], expected: float) -> None:
    curve = expected_overlap_curve([runs], "pysot")
    assert curve[0] == 1.0
    assert expected_average_overlap(curve, (3, 20), "pysot") == pytest.approx(expected, abs=1e-9)


def test_a_curve_by_hand() -> None:
    """One fragment that fails at frame 3, and one that lasts for 4 frames."""
    overlaps = np.array([np.nan, 0.6, 0.2, np.nan, 0.0, np.nan, 0.9, 0.5, 0.1])
    curve = expected_overlap_curve([[ResetRun(overlaps, np.array([0, 5]), np.array([3]))]])
    # at 3 the failed one has (0.6 + 0.2 + 0)/3; longer than 4 frames is nobody but it, and nothing here
    assert curve == pytest.approx([0.0, 0.75, (0.4 + 0.7) / 2, (0.8 / 3 + 0.5) / 2])
    assert expected_average_overlap(curve, (1, 2)) == pytest.approx((0.75 + 0.55) / 2)


@pytest.mark.parametrize("dialect", ["toolkit", "pysot"])
def test_what_lasts_is_no_longer_counted_where_it_ends(dialect: str) -> None:
    short = run(20, [0], [], lambda frame: 5)
    both, alone = (
        expected_overlap_curve(sequences, dialect) for sequences in ([[WHOLE], [short]], [[WHOLE]])
    )
    assert len(both) == len(alone) == 40
    assert both[20:] == pytest.approx(alone[20:])
    assert (both[1:20] < alone[1:20]).all()


def test_accuracy_leaves_out_the_burn_in() -> None:
    overlaps = np.concatenate([[np.nan], np.full(9, 0.1), np.full(5, 0.8)])
    scores = score_reset_sequence([ResetRun(overlaps, np.array([0]), np.zeros(0, dtype=int))])
    assert scores.accuracy == pytest.approx(0.8), "ten frames from the start on, the start included"
    overlaps[14] = 0.0
    scores = score_reset_sequence([ResetRun(overlaps, np.array([0]), np.array([14]))])
    assert scores.accuracy == pytest.approx(0.8), "a failure is no overlap, even if one was written down"


def test_what_never_tracks_beyond_the_burn_in_has_no_accuracy() -> None:
    scores = score_reset_sequence([run(12, [0, 10], [5])])
    assert np.isnan(scores.accuracy)
    assert scores.failures == 1
    both = score_resets([scores, score_reset_sequence([WHOLE])])
    assert both.accuracy == score_reset_sequence([WHOLE]).accuracy


def test_perfect_and_hopeless() -> None:
    perfect = run(50, [0], [])
    assert score_reset_sequence([perfect]).accuracy == 1.0
    assert score_reset_sequence([perfect]).reliability == 1.0
    assert expected_overlap_curve([[perfect]])[1:] == pytest.approx(np.ones(49))
    hopeless = run(50, list(range(0, 50, 6)), list(range(1, 50, 6)))
    assert expected_overlap_curve([[hopeless]], "pysot")[1:].max() == 0.0
    assert score_reset_sequence([hopeless]).failures_per_hundred == 18.0


def test_the_intervals_of_the_years() -> None:
    assert EAO_INTERVALS == {
        "vot2016": (108, 371),
        "vot2017": (100, 356),
        "vot2018": (100, 356),
        "vot2019": (46, 291),
    }


@pytest.mark.parametrize(
    ("overlaps", "starts", "failures", "message"),
    [
        ([], [0], [], "no frames"),
        ([0.5, 1.5], [0], [], r"not in \[0, 1\]"),
        ([0.5, -0.5], [0], [], r"not in \[0, 1\]"),
        ([0.5] * 9, [0, 5], [], "take turns"),
        ([0.5] * 9, [0], [3, 5], "take turns"),
        ([0.5] * 9, [1], [3], "from frame 0 on"),
        ([0.5] * 9, [0, 2], [4], "from frame 0 on"),
        ([0.5] * 9, [0, 3], [3], "from frame 0 on"),
        ([0.5] * 9, [0], [0], "from frame 0 on"),
        ([0.5] * 9, [0], [9], "from frame 0 on"),
    ],
)
def test_what_is_no_run_is_refused(
    overlaps: list[float], starts: list[int], failures: list[int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        ResetRun(np.array(overlaps, float), np.array(starts), np.array(failures, dtype=int))


def test_nothing_has_no_score() -> None:
    with pytest.raises(ValueError, match="one length"):
        score_reset_sequence([])
    with pytest.raises(ValueError, match="one length"):
        score_reset_sequence([run(10, [0], []), run(12, [0], [])])
    with pytest.raises(ValueError, match="no mean"):
        score_resets([])
    with pytest.raises(ValueError, match="no curve"):
        expected_overlap_curve([])
    with pytest.raises(ValueError, match="does not reach"):
        expected_average_overlap(np.ones(100), (100, 356))
    assert expected_average_overlap(np.ones(101), (100, 356)) == 1.0
