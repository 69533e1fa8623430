"""Laws of the scores of single benchmarks: bounds, perfect answers, order, scale, plain definitions."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from saccade.evaluation.metrics import bootstrap_intervals, compare_paired
from saccade.evaluation.metrics.davis import boundary_accuracy, region_similarity
from saccade.evaluation.metrics.got10k import got10k_overlaps, score_got10k
from saccade.evaluation.metrics.oxuva import count_presence, max_geometric_mean
from saccade.evaluation.metrics.regions import mask_overlap, pixel_overlap, polygon_mask
from saccade.evaluation.metrics.vot_anchors import AnchorRun, anchor_overlap_curve, score_anchor_sequence
from saccade.evaluation.metrics.vot_long_term import LongTermRun, precision_recall, score_long_term
from saccade.evaluation.metrics.vot_resets import ResetRun, expected_overlap_curve, score_reset_sequence

shares = st.floats(0, 1).map(lambda value: round(value, 3))
overlap_lists = st.lists(shares, min_size=1, max_size=40).map(np.array)
masks = arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 14)))


@st.composite
def mask_pairs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    first = draw(masks)
    return first, draw(arrays(bool, first.shape))


@st.composite
def long_term_runs(draw: st.DrawFn) -> LongTermRun:
    overlaps = draw(overlap_lists)
    visible = draw(arrays(bool, len(overlaps)))
    visible[-1] = True
    sure = np.array(draw(st.lists(shares, min_size=len(overlaps), max_size=len(overlaps))))
    return LongTermRun(overlaps, sure, visible)


@st.composite
def reset_runs(draw: st.DrawFn) -> ResetRun:
    overlaps, starts, failures, frame = [np.nan], [0], [], 0
    for tracked in draw(st.lists(st.integers(1, 30), min_size=1, max_size=4)):
        overlaps += draw(st.lists(shares, min_size=tracked, max_size=tracked))
        frame += tracked + 1
        failures.append(frame)
        overlaps += [np.nan] * 6
        starts.append(frame + 5)
        frame += 5
    # the video may end before the last start
    if missing := draw(st.integers(0, 5)):
        starts.pop()
        overlaps = overlaps[:-missing]
    return ResetRun(np.array(overlaps), np.array(starts), np.array(failures))


@given(overlap_lists)
def test_got10k_is_the_plain_definition(overlaps: np.ndarray) -> None:
    scores = score_got10k(overlaps)
    assert scores.sr50 == np.mean(overlaps > 0.5)
    assert scores.sr75 == np.mean(overlaps > 0.75)
    assert scores.sr75 <= scores.sr50
    assert (np.diff(scores.success_curve) <= 0).all()
    # the curve's mean is the average overlap, but for the width of a step
    assert scores.success_curve.mean() == pytest.approx(scores.ao, abs=0.01)


@given(arrays(np.float64, (5, 4), elements=st.integers(1, 60).map(float)), st.sampled_from([0.5, 2.0, 4.0]))
def test_got10k_does_not_know_the_scale(boxes: np.ndarray, scale: float) -> None:
    other, visible = boxes[:, [1, 0, 3, 2]], np.ones(5, dtype=bool)
    small = got10k_overlaps(boxes, other, visible, (80, 80))
    large = got10k_overlaps(scale * boxes, scale * other, visible, (int(scale * 80), int(scale * 80)))
    np.testing.assert_array_equal(small, large)


@given(overlap_lists, arrays(bool, 40))
def test_a_target_is_followed_up_to_ten_lost_frames_in_a_row(overlaps: np.ndarray, empty: np.ndarray) -> None:
    empty, lost, expected = empty[: len(overlaps)], 0, len(overlaps)
    for frame, value in enumerate([0.0, *overlaps[1:]]):
        lost = lost + 1 if value <= 0.1 and not empty[frame] else 0
        if lost == 10:
            expected = frame - 9
            break
    assert AnchorRun(overlaps, empty).progress == expected


@given(st.lists(overlap_lists, min_size=1, max_size=5))
def test_anchor_scores_are_shares_and_do_not_know_the_order_of_runs(overlaps: list[np.ndarray]) -> None:
    runs = [AnchorRun(values) for values in overlaps]
    frames = max(len(values) for values in overlaps)
    scores, back = score_anchor_sequence(runs, frames), score_anchor_sequence(runs[::-1], frames)
    assert 0 <= scores.robustness <= 1
    assert np.isnan(scores.accuracy) or 0 <= scores.accuracy <= 1
    assert scores.robustness == back.robustness
    curve = anchor_overlap_curve([runs], 45)
    np.testing.assert_allclose(curve, anchor_overlap_curve([runs[::-1]], 45), atol=1e-12)
    # as many sequences of one run each have the same curve
    np.testing.assert_allclose(curve, anchor_overlap_curve([[run] for run in runs], 45), atol=1e-12)


Pieces = list[tuple[np.ndarray, float, bool]]
"""overlaps, weight, and whether it ended in a failure"""


def _plain_toolkit_pieces(run: ResetRun) -> Pieces:
    """From each start up to its failure."""
    ends = [*run.failures, len(run.overlaps)]
    return [
        (np.nan_to_num(run.overlaps[start:end]), 1.0, end != len(run.overlaps))
        for start, end in zip(run.starts, ends, strict=False)
    ]


def _plain_pysot_pieces(run: ResetRun) -> Pieces:
    """From each start to the next one, that frame included; weighted by how much of it the video has."""
    overlaps, pieces, start = np.nan_to_num(run.overlaps), [], 0
    for failure in run.failures:
        again = failure + 5
        if again <= len(overlaps):
            frames = [frame for frame in range(start, again + 1) if frame < len(overlaps)]
            pieces.append((overlaps[frames], len(frames) / (again + 1 - start), True))
            start = again
    if start < len(overlaps):
        pieces.append((overlaps[start:], 1.0, False))
    return pieces


_PLAIN_PIECES = {"toolkit": _plain_toolkit_pieces, "pysot": _plain_pysot_pieces}


@given(st.lists(reset_runs(), min_size=1, max_size=4), st.sampled_from(["toolkit", "pysot"]))
def test_the_reset_curve_is_the_plain_definition(runs: list[ResetRun], dialect: str) -> None:
    curve = expected_overlap_curve([[run] for run in runs], dialect)
    assert ((curve >= 0) & (curve <= 1 + 1e-12)).all()
    pieces = [piece for run in runs for piece in _PLAIN_PIECES[dialect](run)]
    for length in range(1, len(curve)):
        total = weights = 0.0
        for values, weight, failed in pieces:
            if failed or length < len(values):
                total += weight * np.sum(values[1 : length + 1]) / length
                weights += weight
        assert curve[length] == pytest.approx(total / weights if weights else 0.0)
    if dialect == "pysot":
        assert curve[0] == 1.0
    for run in runs:
        scores = score_reset_sequence([run])
        assert scores.failures == len(run.failures)
        assert scores.reliability <= 1


@given(long_term_runs())
def test_precision_and_recall_are_the_plain_definition(run: LongTermRun) -> None:
    thresholds = np.array([np.inf, 0.9, 0.5, 0.1, -np.inf])
    precision, recall = precision_recall(run, thresholds)
    earned = np.where(run.is_visible, run.overlaps, 0.0)
    earned[0] = 0.0
    for threshold, p, r in zip(thresholds, precision, recall, strict=True):
        reported = run.confidences >= threshold
        assert p == pytest.approx(earned[reported].mean() if reported.any() else 1.0)
        assert r == pytest.approx(earned[reported].sum() / run.is_visible.sum())


@given(long_term_runs(), st.sampled_from([0.5, 2.0, 100.0]))
def test_long_term_scores_do_not_know_the_scale_of_confidence(run: LongTermRun, scale: float) -> None:
    scores = score_long_term([run])
    scaled = score_long_term([LongTermRun(run.overlaps, scale * run.confidences, run.is_visible)])
    assert scaled.f == pytest.approx(scores.f)
    assert (np.diff(scores.recall_curve) >= -1e-12).all()
    assert 0 <= scores.f <= 1


@given(overlap_lists, st.data())
def test_keeping_more_boxes_only_adds(overlaps: np.ndarray, data: st.DataObject) -> None:
    frames = len(overlaps)
    predicts, present = (data.draw(arrays(bool, frames)) for _ in "pt")
    scores = np.array(data.draw(st.lists(shares, min_size=frames, max_size=frames)))
    counts = [count_presence(overlaps, predicts & (scores >= 1 - s), present) for s in np.linspace(0, 1, 11)]
    assert all(c.tp + c.fn == present.sum() and c.fp + c.tn == frames - present.sum() for c in counts)
    assert all(b.tp >= a.tp and b.fp >= a.fp for a, b in pairwise(counts))


@given(shares, shares)
def test_withdrawing_boxes_never_harms(tpr: float, tnr: float) -> None:
    best = max_geometric_mean(tpr, tnr)
    assert np.sqrt(tpr * tnr) <= best <= 1
    assert best >= np.sqrt(tpr) / 2 - 1e-12, "half of the boxes withdrawn, and no absence told"


@given(mask_pairs())
def test_masks_are_compared_alike_in_both_directions(pair: tuple[np.ndarray, np.ndarray]) -> None:
    for score in (region_similarity, boundary_accuracy):
        assert score(*pair) == pytest.approx(score(*pair[::-1]))
        assert 0 <= score(*pair) <= 1
        assert score(pair[0], pair[0]) == 1.0
    if pair[0].any() or pair[1].any():
        assert region_similarity(*pair) == mask_overlap(*pair)


@given(mask_pairs(), st.integers(0, 5), st.integers(0, 5))
def test_masks_do_not_know_where_they_are(pair: tuple[np.ndarray, np.ndarray], down: int, right: int) -> None:
    def placed(mask: np.ndarray, row: int, column: int) -> np.ndarray:
        frame = np.zeros((30, 30), dtype=bool)
        frame[row : row + mask.shape[0], column : column + mask.shape[1]] = mask
        return frame

    here, there = ([placed(m, *at) for m in pair] for at in ((2, 2), (2 + down, 2 + right)))
    assert region_similarity(*here) == region_similarity(*there)
    assert boundary_accuracy(*here) == boundary_accuracy(*there)


@given(arrays(np.float64, (2, 4), elements=st.integers(2, 20).map(float)))
def test_whole_boxes_are_masks(boxes: np.ndarray) -> None:
    drawn = []
    for x, y, w, h in boxes:
        corners = np.array([[x, y], [x + w - 1, y], [x + w - 1, y + h - 1], [x, y + h - 1]])
        drawn.append(polygon_mask(corners, (30, 30)))
    expected = mask_overlap(*drawn)
    assert pixel_overlap(boxes[:1], boxes[1:], (30, 30)) == pytest.approx([expected])


@settings(max_examples=25)
@given(
    arrays(np.float64, (6, 2), elements=st.integers(-20, 20).map(float)), st.sampled_from([-1.0, 0.5, 4.0])
)
def test_intervals_and_tests_scale_with_the_scores(scores: np.ndarray, scale: float) -> None:
    (interval,) = bootstrap_intervals(scores[:, :1], resamples=300)
    (scaled,) = bootstrap_intervals(scale * scores[:, :1], resamples=300)
    assert sorted([scaled.low, scaled.high]) == pytest.approx(
        sorted([scale * interval.low, scale * interval.high])
    )
    assert interval.low <= interval.high
    first, second = scores.T
    plain, turned = compare_paired(first, second), compare_paired(scale * first, scale * second)
    assert 0 < plain.p_value <= 1
    assert turned.p_value == plain.p_value
    assert compare_paired(first[::-1], second[::-1]).p_value == plain.p_value
