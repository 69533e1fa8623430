"""Overlap and centre errors of single boxes, by hand and as the got10k package has them."""

import numpy as np
import pytest
from got10k.utils.metrics import center_error, rect_iou

from saccade.evaluation.metrics import centre_error, normalised_centre_error, overlap


@pytest.mark.parametrize(
    ("predicted", "truth", "iou"),
    [
        pytest.param([0, 0, 10, 10], [0, 0, 10, 10], 1.0, id="the same"),
        pytest.param([5, 0, 10, 10], [0, 0, 10, 10], 1 / 3, id="half over"),
        pytest.param([2, 2, 5, 5], [0, 0, 10, 10], 0.25, id="inside"),
        pytest.param([10, 0, 10, 10], [0, 0, 10, 10], 0.0, id="side by side"),
        pytest.param([50, 50, 1, 1], [0, 0, 10, 10], 0.0, id="far away"),
        pytest.param([0, 0, 0, 0], [0, 0, 10, 10], 0.0, id="no area"),
        pytest.param([3, 3, 0, 0], [3, 3, 0, 0], 0.0, id="neither has area"),
        pytest.param([-5, -5, 10, 10], [0, 0, 10, 10], 25 / 175, id="beyond the frame"),
        pytest.param([0.25, 0, 0.5, 1], [0, 0, 1, 1], 0.5, id="parts of a pixel"),
    ],
)
def test_overlap_by_hand(predicted: list[float], truth: list[float], iou: float) -> None:
    assert overlap(np.array([predicted], float), np.array([truth], float)) == pytest.approx([iou], abs=1e-15)


def test_no_overlap_is_above_one() -> None:
    """The union of these with themselves rounds to less than the box."""
    boxes = np.array([[257.2, 10.2, 218.9, 52.8], [40.6, 216.5, 157.7, 93.1], [25.3, 249.8, 236.2, 71.9]])
    assert overlap(boxes, boxes).tolist() == [1.0] * 3


def test_centre_errors_by_hand() -> None:
    truth = np.array([[10.0, 20.0, 8.0, 4.0]])
    predicted = np.array([[13.0, 22.0, 8.0, 8.0]])
    assert centre_error(predicted, truth) == pytest.approx([5.0])
    # 3 px of 8 wide, 4 px of 4 high
    assert normalised_centre_error(predicted, truth) == pytest.approx([np.hypot(3 / 8, 1.0)])


def test_normalised_error_of_thin_boxes() -> None:
    truth = np.array([[10.0, 20.0, 0.5, 4.0], [10.0, 20.0, 0.0, 4.0]])
    predicted = truth + np.array([1.0, 0.0, 0.0, 0.0])
    assert normalised_centre_error(predicted, truth).tolist() == [2.0, np.inf]
    assert normalised_centre_error(predicted, truth, smallest_side=1.0).tolist() == [1.0, 1.0]
    # a true box without size has no centre that one could hit
    assert normalised_centre_error(truth, truth).tolist() == [0.0, np.inf]


def test_overlap_counted_in_whole_pixels_is_the_same() -> None:
    """OTB counts from x to x + w - 1, and one more; for whole numbers and for others that is x to x + w."""
    rng = np.random.default_rng(0)
    a, b = (np.concatenate([rng.uniform(0, 50, (200, 2)), rng.uniform(1, 60, (200, 2))], 1) for _ in "ab")
    last_a, last_b = a[:, :2] + a[:, 2:] - 1, b[:, :2] + b[:, 2:] - 1
    sides = np.clip(np.minimum(last_a, last_b) - np.maximum(a[:, :2], b[:, :2]) + 1, 0, None)
    shared = sides.prod(1)
    counted = shared / (a[:, 2:].prod(1) + b[:, 2:].prod(1) - shared)
    np.testing.assert_allclose(overlap(a, b), counted, atol=1e-12)


def test_equals_the_got10k_package() -> None:
    rng = np.random.default_rng(1)
    predicted, truth = (
        np.concatenate([rng.uniform(-20, 80, (500, 2)), rng.uniform(1, 90, (500, 2))], 1) for _ in "pt"
    )
    # its union has an epsilon added
    np.testing.assert_allclose(overlap(predicted, truth), rect_iou(predicted, truth), atol=1e-12)
    np.testing.assert_allclose(centre_error(predicted, truth), center_error(predicted, truth), atol=1e-12)
