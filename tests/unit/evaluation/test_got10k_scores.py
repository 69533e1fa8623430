"""GOT-10k's average overlap and success rates, by hand and as the got10k package computes them."""

import numpy as np
import pytest
from got10k.utils.metrics import rect_iou

from saccade.evaluation.metrics import overlap
from saccade.evaluation.metrics.boxes import clip_to_image
from saccade.evaluation.metrics.got10k import (
    THRESHOLDS,
    got10k_overlaps,
    mean_over_classes,
    score_got10k,
)

WH = (100, 80)


def boxes(rng: np.random.Generator, frames: int) -> np.ndarray:
    return np.concatenate([rng.uniform(-20, 80, (frames, 2)), rng.uniform(1, 60, (frames, 2))], axis=1)


def test_equals_the_got10k_package() -> None:
    """`rect_iou` with a bound, and its experiment's mean, rates and curve; a repetition is concatenated."""
    rng = np.random.default_rng(0)
    truth, cover = boxes(rng, 60), rng.integers(0, 9, 60)
    cover[1] = 0
    overlaps, expected = [], []
    for _ in range(3):
        predicted = truth + rng.normal(0, 4, truth.shape)
        predicted[:, 2:] = np.abs(predicted[:, 2:])
        overlaps.append(got10k_overlaps(predicted, truth, cover > 0, WH))
        # the package clips its arguments in place
        iou = rect_iou(predicted[1:].copy(), truth[1:].copy(), bound=WH)
        expected.append(iou[cover[1:] > 0])
    overlaps, expected = np.concatenate(overlaps), np.concatenate(expected)
    np.testing.assert_allclose(overlaps, expected, atol=1e-12)
    scores = score_got10k(overlaps)
    assert scores.ao == pytest.approx(expected.mean(), abs=1e-12)
    assert scores.sr50 == pytest.approx((expected > 0.5).mean(), abs=1e-12)
    assert scores.sr75 == pytest.approx((expected > 0.75).mean(), abs=1e-12)
    np.testing.assert_allclose(
        scores.success_curve, (expected[:, None] > THRESHOLDS).mean(axis=0), atol=1e-12
    )


def test_by_hand() -> None:
    truth = np.array([[0.0, 0, 10, 10]] * 5)
    predicted = truth + np.array([[90.0, 0, 0, 0], [0, 0, 0, 0], [5, 0, 0, 0], [10, 0, 0, 0], [50, 0, 0, 0]])
    overlaps = got10k_overlaps(predicted, truth, np.array([True, True, True, True, False]), WH)
    # the first frame is given, the last one hidden
    assert overlaps == pytest.approx([1, 1 / 3, 0])
    scores = score_got10k(overlaps)
    assert (scores.ao, scores.sr50, scores.sr75) == pytest.approx((4 / 9, 1 / 3, 1 / 3))


def test_boxes_are_cut_to_the_picture() -> None:
    outside = np.array([[-10.0, -5, 30, 20], [90, 70, 30, 30], [120, 10, 5, 5]])
    assert clip_to_image(outside, WH).tolist() == [[0, 0, 30, 20], [90, 70, 10, 10], [100, 10, 0, 5]]
    # what both say beyond the border is not compared
    a, b = np.array([[90.0, 0, 50, 10]]), np.array([[90.0, 0, 10, 10]])
    assert overlap(clip_to_image(a, WH), clip_to_image(b, WH)) == [1.0]


def test_classes_weigh_the_same() -> None:
    scores = {name: score_got10k(np.array([value])) for name, value in (("a", 1.0), ("b", 0.5), ("c", 0.0))}
    mean = mean_over_classes(scores, {"a": "cat", "b": "cat", "c": "dog"})
    assert mean.ao == pytest.approx((0.75 + 0.0) / 2)
    assert mean.sr50 == pytest.approx((0.5 + 0.0) / 2)
    assert mean.sr75 == pytest.approx((0.5 + 0.0) / 2)
    np.testing.assert_allclose(mean.success_curve[49:51], [0.5, 0.25])
    with pytest.raises(ValueError, match="'c' has no object class"):
        mean_over_classes(scores, {"a": "cat", "b": "cat"})
    with pytest.raises(ValueError, match="no mean of no scores"):
        mean_over_classes({}, {})


@pytest.mark.parametrize(
    ("predicted", "visible", "message"),
    [
        ([[1.0, 1, 5, 5]] * 2, [True] * 3, "as many predicted as true"),
        (
            [[1.0, 1, 5, 5], [1, 1, 5, 5], [1, np.nan, 5, 5]],
            [True] * 3,
            "frame 2: predicted box .* is no box",
        ),
        ([[1.0, 1, 5, 5], [1, 1, -5, 5], [1, 1, 5, -5]], [True] * 3, "frame 1: predicted box .* is no box"),
        ([[1.0, 1, 5, 5], [1, 1, 5, 5], [1, 1, 5, -0.5]], [True] * 3, "frame 2: predicted box .* is no box"),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_what_cannot_be_scored_is_refused(predicted: list, visible: list[bool], message: str) -> None:
    truth = np.array([[1.0, 1, 5, 5]] * 3)
    with pytest.raises(ValueError, match=message):
        got10k_overlaps(np.array(predicted), truth, np.array(visible), WH)


def test_a_box_without_size_is_a_miss() -> None:
    truth = np.array([[1.0, 1, 5, 5]] * 2)
    predicted = np.array([[1.0, 1, 5, 5], [1, 1, 0, 0]])
    assert got10k_overlaps(predicted, truth, np.array([True, True]), WH).tolist() == [0.0]


def test_a_target_that_shows_in_the_first_frame_alone_leaves_nothing() -> None:
    box = np.array([[1.0, 1, 5, 5]] * 3)
    assert len(got10k_overlaps(box, box, np.array([True, False, False]), WH)) == 0
    assert len(got10k_overlaps(box[:1], box[:1], np.array([True]), WH)) == 0


def test_scores_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        score_got10k(np.zeros(0))
