"""The dialects in which benchmarks speak of success and precision: one table, a row each.

They agree on the words and differ in the small print: which frames count, what happens to the first box,
whether a threshold itself is reached. A row says all of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float64

from saccade.core import ConfigError
from saccade.core.errors import did_you_mean

Boxes = Float64[np.ndarray, "F 4"]
Frames = Bool[np.ndarray, " F"]
Verdict = Literal["hit", "miss"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One way to score a single pass over a sequence."""

    name: str
    tidy: tuple[Callable[[Boxes, Boxes], Boxes], ...]
    """what is done to the predictions first, in order: functions of (predicted, truth) boxes"""
    is_valid: Callable[[Boxes, Frames], Frames]
    """which frames have a truth to compare with: a function of true boxes and where the target is present"""
    overlap_thresholds: Float64[np.ndarray, " T"]
    """IoU, in [0, 1], increasing"""
    is_strict: bool
    """whether a frame succeeds above a threshold, rather than at it"""
    centre_thresholds: Float64[np.ndarray, " U"]
    """frame pixels, increasing; a frame is precise at a threshold or below"""
    precision_at: float
    """the centre threshold that is quoted as the precision"""
    normalised_thresholds: Float64[np.ndarray, " V"]
    """sizes of the true box, increasing; a frame is precise at a threshold or below"""
    norm_precision_at: float
    """the normalised threshold that is quoted as the normalised precision"""
    invalid_overlap: Verdict
    """how frames without a truth count in the success curve; they always count as frames"""
    invalid_centre: Verdict
    """how they count in the precision curve"""
    invalid_normalised: Verdict
    """how they count in the curve of the normalised precision"""


def start_from_truth(predicted: Boxes, truth: Boxes) -> Boxes:
    """The first box is the one that the tracker was given, whatever it wrote down."""
    return np.concatenate([truth[:1], predicted[1:]])


def repeat_when_empty(predicted: Boxes, truth: Boxes) -> Boxes:
    """A predicted box without width or height becomes the one before it, save in frames of unknown truth."""
    empty = (predicted[:, 2:] == 0).any(axis=1) & ~np.isnan(truth).any(axis=1)
    empty[:1] = False
    source = np.maximum.accumulate(np.where(empty, 0, np.arange(len(predicted))))
    return predicted[source]


def all_positive(truth: Boxes, is_present: Frames) -> Frames:
    """The target is in view and all four numbers of its box are above 0; a box at x = 0 does not count."""
    return is_present & (truth > 0).all(axis=1)


DIALECTS: dict[str, Dialect] = {
    row.name: row
    for row in (
        Dialect(
            name="pytracking",
            tidy=(repeat_when_empty, start_from_truth),
            is_valid=all_positive,
            overlap_thresholds=np.linspace(0.0, 1.0, 21),
            is_strict=True,
            centre_thresholds=np.linspace(0.0, 50.0, 51),
            precision_at=20.0,
            normalised_thresholds=np.linspace(0.0, 0.5, 51),
            norm_precision_at=0.2,
            invalid_overlap="miss",
            invalid_centre="miss",
            # an error of -1 stands for invalid there, and is below every threshold
            invalid_normalised="hit",
        ),
    )
}


def dialect(name: str) -> Dialect:
    """The dialect of that name.

    Raises:
        ConfigError: when there is none, with the nearest name that exists.
    """
    if name not in DIALECTS:
        raise ConfigError(f"no protocol '{name}'; {did_you_mean(name, DIALECTS)}")
    return DIALECTS[name]
