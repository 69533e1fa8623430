"""Curves over thresholds, and the single numbers that are read off them."""

from collections.abc import Callable
from functools import partial

import numpy as np
from jaxtyping import Float64

Values = Float64[np.ndarray, " V"]
Thresholds = Float64[np.ndarray, " T"]
Curve = Float64[np.ndarray, " T"]
Summary = Callable[[Thresholds, Curve], float]
"""a single number out of thresholds and the values of a curve at them"""


def success_curve(
    overlaps: Values, thresholds: Thresholds, frames: int, *, strict: bool = True, hits: int = 0
) -> Curve:
    """Share of frames whose overlap is above (or, not strict, at least) each threshold, in [0, 1].

    Args:
        overlaps: IoU of the frames that are compared, in [0, 1].
        frames: how many frames there are, those that are not compared included.
        hits: how many of those that are not compared count as a success.

    Raises:
        ValueError: when an overlap is NaN, or there is no frame.
    """
    return (len(overlaps) - _below(overlaps, thresholds, frames, reached=strict) + hits) / frames


def precision_curve(errors: Values, thresholds: Thresholds, frames: int, *, hits: int = 0) -> Curve:
    """Share of frames whose error is at most each threshold, in [0, 1].

    Args:
        errors: centre error of the frames that are compared, in the unit of the thresholds.
        frames: how many frames there are, those that are not compared included.
        hits: how many of those that are not compared count as precise.

    Raises:
        ValueError: when an error is NaN, or there is no frame.
    """
    return (_below(errors, thresholds, frames, reached=True) + hits) / frames


def mean_of_curve(thresholds: Thresholds, curve: Curve) -> float:
    """The mean of the values: what OTB and its heirs call the area under the curve."""
    return float(curve.mean())


def trapezoid(thresholds: Thresholds, curve: Curve) -> float:
    """The area under the curve by the trapezoidal rule, over an axis that is stretched to [0, 1]."""
    return float(np.trapezoid(curve, thresholds) / (thresholds[-1] - thresholds[0]))


def value_at(threshold: float) -> Summary:
    """A summary that reads the curve at the threshold nearest to a given one."""
    return partial(_nearest, threshold)


def _nearest(threshold: float, thresholds: Thresholds, curve: Curve) -> float:
    return float(curve[np.abs(thresholds - threshold).argmin()])


def _below(
    values: Values, thresholds: Thresholds, frames: int, *, reached: bool
) -> Float64[np.ndarray, " T"]:
    """How many values lie below each threshold, or reach it at most."""
    if frames < max(len(values), 1):
        raise ValueError(
            f"{len(values)} values of {frames} frames; expected at least one frame and no more values"
        )
    order = np.sort(values)
    # NaN sorts to the end
    if len(order) and np.isnan(order[-1]):
        raise ValueError(f"value {np.flatnonzero(np.isnan(values))[0]} is NaN")
    return np.searchsorted(order, thresholds, side="right" if reached else "left").astype(np.float64)
