"""The dialects in which benchmarks speak of success and precision: one table, a row each.

They agree on the words and differ in the small print: which frames count, what happens to the first box,
whether a threshold itself is reached, what is quoted. A row says all of it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float64

from saccade.core import ConfigError
from saccade.core.errors import did_you_mean
from saccade.evaluation.metrics.curves import Summary, mean_of_curve, trapezoid, value_at

Boxes = Float64[np.ndarray, "F 4"]
Frames = Bool[np.ndarray, " F"]
Verdict = Literal["hit", "miss"]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """How a frame counts whose boxes are not compared; it always counts as a frame.

    Attributes:
        overlap: in the success curve.
        centre: in the precision curve.
        normalised: in the curve of the normalised precision.
    """

    overlap: Verdict
    centre: Verdict
    normalised: Verdict


MISSED = Verdicts("miss", "miss", "miss")
# an error of -1 stands for invalid in many toolkits, and is below every threshold
MINUS_ONE = Verdicts("miss", "hit", "hit")
INFINITELY_FAR = Verdicts("miss", "miss", "hit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One way to score a single pass over a sequence."""

    name: str
    coordinates: Callable[[Boxes], Boxes]
    """what is done to all boxes, predicted and true, before anything else"""
    tidy: tuple[Callable[[Boxes, Boxes], Boxes], ...]
    """what is then done to the predictions, in order: functions of (predicted, truth) boxes"""
    is_compared: Callable[[Boxes, Frames], Frames]
    """in which frames boxes are compared: a function of true boxes and where nothing else hides the target"""
    is_left_out: Callable[[Boxes, Frames], Frames]
    """which of the other frames do not even count as frames"""
    absent: Verdicts
    """how frames count that are not compared, and flagged as without target"""
    invalid: Verdicts
    """how frames count that are not compared, and not flagged: their box is missing, or is none"""
    overlap_thresholds: Float64[np.ndarray, " T"]
    """IoU, in [0, 1], increasing"""
    is_strict: bool
    """whether a frame succeeds above a threshold, rather than at it"""
    centre_thresholds: Float64[np.ndarray, " U"]
    """frame pixels, increasing; a frame is precise at a threshold or below"""
    normalised_thresholds: Float64[np.ndarray, " V"]
    """sizes of the true box, increasing; a frame is precise at a threshold or below"""
    smallest_side: float
    """true sides below it count as that long in the normalised error, in frame pixels"""
    auc: Summary
    """what is quoted of the success curve"""
    precision: Summary
    """what is quoted of the precision curve"""
    norm_precision: Summary
    """what is quoted of the curve of the normalised precision"""


def as_they_are(boxes: Boxes) -> Boxes:
    """Boxes stay the numbers that they are."""
    return boxes


def in_whole_pixels(boxes: Boxes) -> Boxes:
    """All four numbers are rounded, halves to the even side."""
    return np.round(boxes)


def start_from_truth(predicted: Boxes, truth: Boxes) -> Boxes:
    """The first box is the one that the tracker was given, whatever it wrote down."""
    return np.concatenate([truth[:1], predicted[1:]])


def repeat_when_empty(predicted: Boxes, truth: Boxes) -> Boxes:
    """A predicted box without width or height becomes the one before it, save in frames of unknown truth."""
    empty = (predicted[:, 2] == 0) | (predicted[:, 3] == 0)
    if not empty.any():
        return predicted
    empty &= ~np.isnan(truth).any(axis=1)
    source = np.maximum.accumulate(np.where(empty, 0, np.arange(len(predicted))))
    return predicted[source]


def all_positive(truth: Boxes, is_shown: Frames) -> Frames:
    """The target is in view and all four numbers of its box are above 0; a box at x = 0 does not count."""
    return is_shown & (truth > 0).all(axis=1)


def has_numbers(truth: Boxes, is_shown: Frames) -> Frames:
    """A box stands in the annotation, be it empty or of a hidden target."""
    return ~np.isnan(truth).any(axis=1)


def no_numbers(truth: Boxes, is_shown: Frames) -> Frames:
    """The annotation says NaN."""
    return ~has_numbers(truth, is_shown)


def none(truth: Boxes, is_shown: Frames) -> Frames:
    """No frame at all."""
    return np.zeros(len(truth), dtype=bool)


OTB = Dialect(
    name="otb",
    coordinates=as_they_are,
    tidy=(repeat_when_empty, start_from_truth),
    is_compared=all_positive,
    is_left_out=none,
    absent=MINUS_ONE,
    invalid=MINUS_ONE,
    overlap_thresholds=np.linspace(0.0, 1.0, 21),
    is_strict=True,
    centre_thresholds=np.linspace(0.0, 50.0, 51),
    normalised_thresholds=np.linspace(0.0, 0.5, 51),
    smallest_side=0.0,
    auc=mean_of_curve,
    precision=value_at(20.0),
    norm_precision=value_at(0.2),
)
"""The MATLAB toolkit of Wu, Lim and Yang, Object Tracking Benchmark (2015)."""

PYTRACKING = replace(OTB, name="pytracking", absent=INFINITELY_FAR, invalid=INFINITELY_FAR)
"""PyTracking's analysis, on most data sets."""

DIALECTS: dict[str, Dialect] = {
    row.name: row
    for row in (
        PYTRACKING,
        # STARK and the trackers after it score with PyTracking's analysis; no difference is known
        replace(PYTRACKING, name="stark"),
        OTB,
        # the MATLAB toolkit of LaSOT takes flagged frames out, but divides by the number of all
        replace(OTB, name="lasot", absent=MISSED),
        # the experiments of the got10k package on other data sets; GOT-10k's own scores are in got10k.py
        replace(
            OTB,
            name="got10k",
            tidy=(start_from_truth,),
            is_compared=has_numbers,
            is_left_out=no_numbers,
            smallest_side=1.0,
            norm_precision=mean_of_curve,
        ),
        # all three scores are areas, the precision's over 0 to 50 pixels
        replace(
            OTB,
            name="trackingnet",
            coordinates=in_whole_pixels,
            tidy=(start_from_truth,),
            is_compared=has_numbers,
            absent=MISSED,
            invalid=MISSED,
            is_strict=False,
            centre_thresholds=np.linspace(0.0, 50.0, 21),
            normalised_thresholds=np.linspace(0.0, 0.5, 21),
            auc=trapezoid,
            precision=trapezoid,
            norm_precision=trapezoid,
        ),
    )
}

# PyTracking's analysis makes exceptions for some data sets
ON_DATASETS: dict[tuple[str, str], Dialect] = {
    (name, dataset): replace(DIALECTS[name], absent=absent, invalid=invalid)
    for name in ("pytracking", "stark")
    for dataset, absent, invalid in (
        ("lasot", MISSED, INFINITELY_FAR),
        ("uav123", MINUS_ONE, MINUS_ONE),
    )
}


def dialect(name: str, dataset: str = "") -> Dialect:
    """The dialect of that name.

    Args:
        dataset: name of the data set that is scored, for dialects that make exceptions.

    Raises:
        ConfigError: when there is none, with the nearest name that exists.
    """
    if name not in DIALECTS:
        raise ConfigError(f"no protocol '{name}'; {did_you_mean(name, DIALECTS)}")
    return ON_DATASETS.get((name, dataset), DIALECTS[name])
