"""Curves over thresholds, and what is read off them."""

import numpy as np
import pytest

from saccade.evaluation.metrics import precision_curve, success_curve
from saccade.evaluation.metrics.curves import mean_of_curve, trapezoid, value_at

X = np.linspace(0.0, 1.0, 5)
VALUES = np.array([0.5, 0.0, 1.0])


@pytest.mark.parametrize(
    ("strict", "hits", "expected"),
    [
        (True, 0, [2 / 4, 2 / 4, 1 / 4, 1 / 4, 0]),
        (False, 0, [3 / 4, 2 / 4, 2 / 4, 1 / 4, 1 / 4]),
        (True, 1, [3 / 4, 3 / 4, 2 / 4, 2 / 4, 1 / 4]),
    ],
)
def test_success_by_hand(strict: bool, hits: int, expected: list[float]) -> None:
    assert success_curve(VALUES, X, 4, strict=strict, hits=hits).tolist() == expected


def test_precision_by_hand() -> None:
    assert precision_curve(VALUES, X, 4).tolist() == [1 / 4, 1 / 4, 2 / 4, 2 / 4, 3 / 4]
    assert precision_curve(VALUES, X, 4, hits=1).tolist() == [2 / 4, 2 / 4, 3 / 4, 3 / 4, 1]
    assert precision_curve(np.array([np.inf]), X, 1).tolist() == [0] * 5
    assert precision_curve(np.zeros(0), X, 2).tolist() == [0] * 5


def test_summaries() -> None:
    curve = np.array([1.0, 1.0, 0.5, 0.0, 0.0])
    assert mean_of_curve(X, curve) == 0.5
    assert trapezoid(X, curve) == pytest.approx((1 + 0.75 + 0.25 + 0) / 4)
    assert trapezoid(50 * X, curve) == trapezoid(X, curve), "the axis does not matter"
    assert trapezoid(X + 2, curve) == trapezoid(X, curve), "nor does where it begins"
    assert value_at(0.5)(X, curve) == 0.5
    assert value_at(0.2)(X, np.arange(5.0)) == 1.0, "the nearest"
    # 0.15 is no sum of floats, and is found nevertheless
    assert value_at(0.15)(np.linspace(0, 1, 21), np.arange(21.0)) == 3.0


@pytest.mark.parametrize(
    ("values", "frames", "message"),
    [
        ([0.5, np.nan, 0.1], 3, "value 1 is NaN"),
        ([], 0, "at least one frame"),
        ([0.5, 0.6], 1, "2 values of 1 frames"),
    ],
)
def test_what_is_no_curve_is_refused(values: list[float], frames: int, message: str) -> None:
    for curve in (success_curve, precision_curve):
        with pytest.raises(ValueError, match=message):
            curve(np.array(values, float), X, frames)
