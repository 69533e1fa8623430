"""Success, precision and normalised precision in PyTracking's dialect, and against published scores."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from got10k.utils.metrics import center_error, rect_iou

from saccade.core import ConfigError
from saccade.data.formats import read_boxes
from saccade.evaluation.metrics import OnePassScores, dialect, overlap, score_one_pass
from saccade.evaluation.metrics.dialects import MISSED, repeat_when_empty, start_from_truth

RULES = dialect("pytracking")
BOX = [10.0, 20.0, 40.0, 30.0]


def score(predicted: object, truth: object, shown: object = None) -> OnePassScores:
    predicted, truth = np.array(predicted, float), np.array(truth, float)
    is_shown = np.ones(len(truth), bool) if shown is None else np.array(shown)
    return score_one_pass(predicted, truth, is_shown, RULES)


def test_perfect_prediction_has_twenty_of_twenty_one() -> None:
    scores = score([BOX] * 5, [BOX] * 5)
    # nothing is above an overlap of 1
    assert scores.auc == pytest.approx(20 / 21)
    assert scores.success_curve.tolist() == [1.0] * 20 + [0.0]
    assert (scores.precision, scores.norm_precision, scores.op50, scores.op75) == (1, 1, 1, 1)


def test_total_miss_has_nothing() -> None:
    # the first box is given, so it is right whatever the tracker wrote
    truth, wrong = [BOX] * 4, [[500.0, 500.0, 40.0, 30.0]] * 4
    scores = score(wrong, truth)
    assert scores.auc == pytest.approx(20 / 21 / 4)
    assert (scores.precision, scores.norm_precision, scores.op50, scores.op75) == (0.25,) * 4


@pytest.mark.parametrize(
    ("shift", "auc_hits", "precision", "norm_precision"),
    [
        # IoU = (40 - d)/(40 + d); the number of thresholds 0, 0.05, … below it; px <= 20; d/40 <= 0.2
        pytest.param(2.0, 19, 1, 1, id="close"),
        pytest.param(8.0, 14, 1, 1, id="just within the normalised threshold"),
        pytest.param(9.0, 13, 1, 0, id="just outside of it"),
        pytest.param(20.0, 7, 1, 0, id="just within 20 pixels"),
        pytest.param(21.0, 7, 0, 0, id="just outside of it"),
        pytest.param(40.0, 0, 0, 0, id="no overlap, which is not above 0"),
    ],
)
def test_thresholds(shift: float, auc_hits: int, precision: int, norm_precision: int) -> None:
    moved = [BOX[0] + shift, *BOX[1:]]
    scores = score([BOX, moved], [BOX, BOX])
    assert scores.auc == pytest.approx((20 + auc_hits) / 21 / 2)
    assert scores.precision == (1 + precision) / 2
    assert scores.norm_precision == (1 + norm_precision) / 2


def test_overlap_at_the_threshold_is_not_above_it() -> None:
    half = [10.0, 20.0, 20.0, 30.0]
    assert overlap(np.array([half]), np.array([BOX])) == [0.5]
    assert score([BOX, half], [BOX, BOX]).op50 == 0.5
    lenient = dataclasses.replace(RULES, is_strict=False)
    scores = score_one_pass(np.array([BOX, half]), np.array([BOX, BOX]), np.ones(2, bool), lenient)
    assert scores.op50 == 1.0


@pytest.mark.parametrize(("share", "op75"), [(0.72, 0.5), (0.78, 1.0)])
def test_rates_are_read_at_their_own_thresholds(share: float, op75: float) -> None:
    part = [10.0, 20.0, 40.0 * share, 30.0]
    scores = score([BOX, part], [BOX, BOX])
    assert (scores.op50, scores.op75) == (1.0, op75)


def test_a_frame_that_is_not_compared_may_be_a_hit_in_any_curve() -> None:
    for what in ("overlap", "centre", "normalised"):
        verdicts = dataclasses.replace(MISSED, **{what: "hit"})
        rules = dataclasses.replace(RULES, absent=verdicts)
        scores = score_one_pass(np.array([BOX] * 2), np.array([BOX] * 2), np.array([True, False]), rules)
        hits = {"overlap": scores.op50, "centre": scores.precision, "normalised": scores.norm_precision}
        assert hits == {"overlap": 0.5, "centre": 0.5, "normalised": 0.5} | {what: 1.0}


@pytest.mark.parametrize(
    ("box", "present"),
    [
        pytest.param([0.0, 20.0, 40.0, 30.0], True, id="x = 0 does not count as a box"),
        pytest.param([10.0, -1.0, 40.0, 30.0], True, id="y < 0 neither"),
        pytest.param([0.0, 0.0, 0.0, 0.0], False, id="absent"),
        pytest.param([np.nan] * 4, False, id="unknown"),
        pytest.param(BOX, False, id="a box, but out of view"),
    ],
)
def test_invalid_frames_miss_overlap_and_centre_but_hit_the_normalised(
    box: list[float], present: bool
) -> None:
    scores = score([BOX, BOX, BOX, BOX], [BOX, BOX, BOX, box], [True, True, True, present])
    assert scores.auc == pytest.approx(20 / 21 * 3 / 4), "an invalid frame counts as a frame, and is missed"
    assert scores.precision == 0.75
    assert scores.norm_precision == 1.0


def test_a_box_without_area_repeats_the_one_before() -> None:
    empty, nan = [0.0] * 4, [np.nan] * 4
    other, far = [11.0, 20.0, 40.0, 30.0], [99.0, 99.0, 5.0, 5.0]
    truth = np.array([BOX, BOX, BOX, BOX, nan, BOX])
    predicted = np.array([far, empty, other, empty, empty, empty])
    tidy = repeat_when_empty(predicted, truth)
    # where the truth is unknown the empty box stays, and is then what the next one repeats
    np.testing.assert_array_equal(tidy, [far, far, other, other, empty, empty])
    np.testing.assert_array_equal(start_from_truth(tidy, truth)[0], BOX)
    np.testing.assert_array_equal(repeat_when_empty(np.array([empty, other]), truth[:2]), [empty, other])


def test_a_box_is_without_area_when_either_side_is_nothing() -> None:
    thin, flat = [12.0, 20.0, 0.0, 30.0], [12.0, 20.0, 40.0, 0.0]
    predicted, truth = np.array([BOX, thin, flat]), np.array([BOX] * 3)
    np.testing.assert_array_equal(repeat_when_empty(predicted, truth), [BOX] * 3)
    # a true box is unknown as soon as one of its numbers is
    truth[1, 0] = np.nan
    np.testing.assert_array_equal(repeat_when_empty(predicted, truth), [BOX, thin, thin])


def test_mean_over_sequences_weighs_each_the_same() -> None:
    good, bad = score([BOX] * 100, [BOX] * 100), score([BOX, [500.0] * 4], [BOX, BOX])
    mean = OnePassScores.mean([good, bad])
    assert mean.auc == pytest.approx((good.auc + bad.auc) / 2)
    assert mean.percentages()["op50"] == pytest.approx(75.0)
    np.testing.assert_allclose(mean.success_curve, (good.success_curve + bad.success_curve) / 2)
    assert OnePassScores.mean([good]) is good
    with pytest.raises(ValueError, match="no mean of no scores"):
        OnePassScores.mean([])


@pytest.mark.parametrize(
    ("predicted", "truth", "message"),
    [
        ([BOX, BOX], [BOX], "as many predicted as true"),
        (np.zeros((0, 4)), np.zeros((0, 4)), "at least one"),
        ([BOX, [np.nan] * 4], [BOX, BOX], "frame 1: predicted box .* is no box"),
        ([BOX, BOX, [1.0, 1.0, -0.5, 2.0]], [BOX] * 3, "frame 2: predicted box .* is no box"),
        # a corner may lie outside of the frame; of several mistakes the first is named
        ([[-1.0, -1, 5, 5], [1, 1, 5, -0.5], [np.nan] * 4], [BOX] * 3, "frame 1: predicted box .* is no box"),
        # one number is enough; a box without area is one
        ([[5, 5, 0, 0], [1, np.nan, 2, 2], [np.nan] * 4], [BOX] * 3, "frame 1: predicted box .* is no box"),
        ([[5, 5, 0.5, 1], [5, 5, 1, 1], [np.nan] * 4], [BOX] * 3, "frame 2: predicted box .* is no box"),
        ([BOX] * 3, [BOX, [1, 1, np.inf, 1], [np.inf] * 4], "frame 1: true box .* is no box"),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_what_is_no_prediction_is_refused(predicted: object, truth: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        score(predicted, truth)


def test_unknown_dialect_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="no protocol 'pytraking'; did you mean 'pytracking'"):
        dialect("pytraking")


def _published(shared_data: Path) -> list[tuple[str, dict[str, float], np.ndarray, np.ndarray]]:
    """Name, published scores, predicted and true boxes of the results whose whole sequence is at hand."""
    folder = shared_data / "sot"
    scores = json.loads((folder / "results_otb" / "published_scores.json").read_text())
    found = []
    for sequence, by_tracker in scores.items():
        truth = read_boxes(next(folder.glob(f"OTB_{sequence}*/groundtruth_rect.txt")))
        for tracker, row in by_tracker.items():
            result = json.loads((folder / "results_otb" / tracker / f"{sequence}.json").read_text())
            predicted = np.array(result[0]["res"], float)
            # Jumping is here with 200 of the 313 frames that the published numbers are of
            if len(predicted) == len(truth):
                found.append((f"{tracker} on {sequence}", row, predicted, truth))
    assert len(found) == 10
    return found


def test_published_mean_overlap(shared_data: Path) -> None:
    for name, row, predicted, truth in _published(shared_data):
        first_given = start_from_truth(predicted, truth)
        assert overlap(first_given, truth).mean() == pytest.approx(
            row["published_mean_iou_tb100"], abs=1e-9
        ), name


def test_published_boxes_have_the_recorded_scores(shared_data: Path) -> None:
    # recorded without putting the true box first
    rules = dataclasses.replace(RULES, tidy=())
    for name, row, predicted, truth in _published(shared_data):
        scores = score_one_pass(predicted, truth, np.ones(len(truth), bool), rules)
        assert scores.auc == pytest.approx(row["recomputed_success_auc_21_thresholds_gt"], abs=1e-12), name
        assert scores.precision == pytest.approx(row["recomputed_precision_20px"], abs=1e-12), name


def test_curves_equal_those_of_the_got10k_package(shared_data: Path) -> None:
    """Its OTB experiment: the first box given, 21 overlaps strictly above, 51 centre errors at most."""
    for name, _, predicted, truth in _published(shared_data):
        given = start_from_truth(predicted, truth)
        success = (rect_iou(given, truth)[:, None] > np.linspace(0, 1, 21)).mean(axis=0)
        precision = (center_error(given, truth)[:, None] <= np.arange(0, 51)).mean(axis=0)
        ours = score(predicted, truth)
        np.testing.assert_allclose(ours.success_curve, success, atol=1e-12, err_msg=name)
        np.testing.assert_allclose(ours.precision_curve, precision, atol=1e-12, err_msg=name)
