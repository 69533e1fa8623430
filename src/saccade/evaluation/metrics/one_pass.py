"""Success, precision and normalised precision of one pass over a sequence, in any dialect.

Wu, Lim and Yang, Object Tracking Benchmark (2015); normalised precision: Müller et al., TrackingNet (2018).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Bool, Float64

from saccade.evaluation.metrics.boxes import centre_error, normalised_centre_error, overlap
from saccade.evaluation.metrics.dialects import Dialect, Verdict

Boxes = Float64[np.ndarray, "F 4"]


ONE_PASS_SCORES = ("auc", "precision", "norm_precision", "op50", "op75")
"""the scores that are single numbers"""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class OnePassScores:
    """Scores of one pass over a sequence, or their mean over sequences.

    Attributes:
        success_curve: share of frames whose overlap is above each threshold, in [0, 1].
        precision_curve: share of frames whose centre error is within each threshold, in [0, 1].
        norm_precision_curve: the same of the normalised centre error.
        auc: area under the success curve: the mean of its values, in [0, 1].
        precision: share of frames within the quoted centre error, in [0, 1].
        norm_precision: share of frames within the quoted normalised centre error, in [0, 1].
        op50: share of frames with an overlap above 0.5, in [0, 1].
        op75: share of frames with an overlap above 0.75, in [0, 1].
    """

    success_curve: Float64[np.ndarray, " T"]
    precision_curve: Float64[np.ndarray, " U"]
    norm_precision_curve: Float64[np.ndarray, " V"]
    auc: float
    precision: float
    norm_precision: float
    op50: float
    op75: float

    @classmethod
    def mean(cls, scores: "Sequence[OnePassScores]") -> "OnePassScores":
        """The mean over sequences, in which each has the same weight, however long it is.

        Raises:
            ValueError: when there is none.
        """
        if not scores:
            raise ValueError("no mean of no scores")
        return cls(**{f.name: np.mean([getattr(s, f.name) for s in scores], axis=0)[()] for f in fields(cls)})

    def percentages(self) -> dict[str, float]:
        """The single numbers, without the curves, in percent."""
        return {name: 100.0 * float(getattr(self, name)) for name in ONE_PASS_SCORES}


def score_one_pass(
    predicted: Boxes, truth: Boxes, is_present: Bool[np.ndarray, " F"], rules: Dialect
) -> OnePassScores:
    """Scores one pass of a tracker over a sequence.

    Args:
        predicted: boxes (x, y, w, h) in frame pixels, the first frame included.
        truth: true boxes (x, y, w, h); rows in which the target is not present are not looked at.
        is_present: in which frames the target is in view and its box known.

    Raises:
        ValueError: when the numbers of frames differ or are 0, or a predicted box is no box.
    """
    _check(predicted, truth)
    for step in rules.tidy:
        predicted = step(predicted, truth)
    valid = rules.is_valid(truth, is_present)
    pair = predicted[valid], truth[valid]
    frames = len(truth)
    overlaps = overlap(*pair)
    errors, norm_errors = centre_error(*pair), normalised_centre_error(*pair)

    def success(thresholds: Float64[np.ndarray, " T"]) -> Float64[np.ndarray, " T"]:
        return success_curve(overlaps, thresholds, frames, strict=rules.is_strict, rest=rules.invalid_overlap)

    def precision(thresholds: Float64[np.ndarray, " T"]) -> Float64[np.ndarray, " T"]:
        return precision_curve(errors, thresholds, frames, rest=rules.invalid_centre)

    def norm_precision(thresholds: Float64[np.ndarray, " T"]) -> Float64[np.ndarray, " T"]:
        return precision_curve(norm_errors, thresholds, frames, rest=rules.invalid_normalised)

    curve = success(rules.overlap_thresholds)
    op50, op75 = success(np.array([0.5, 0.75])).tolist()
    return OnePassScores(
        success_curve=curve,
        precision_curve=precision(rules.centre_thresholds),
        norm_precision_curve=norm_precision(rules.normalised_thresholds),
        auc=float(curve.mean()),
        precision=float(precision(np.array([rules.precision_at]))[0]),
        norm_precision=float(norm_precision(np.array([rules.norm_precision_at]))[0]),
        op50=op50,
        op75=op75,
    )


def success_curve(
    overlaps: Float64[np.ndarray, " V"],
    thresholds: Float64[np.ndarray, " T"],
    frames: int,
    *,
    strict: bool = True,
    rest: Verdict = "miss",
) -> Float64[np.ndarray, " T"]:
    """Share of frames whose overlap is above (or, not strict, at least) each threshold, in [0, 1].

    Args:
        overlaps: IoU of the frames that have a truth.
        frames: how many frames there are, those without truth included.
        rest: how frames without truth count.
    """
    # the number above a threshold is what a sorted search leaves to its right
    found = np.searchsorted(np.sort(overlaps), thresholds, side="right" if strict else "left")
    return (len(overlaps) - found + _hits(rest, frames - len(overlaps))) / frames


def precision_curve(
    errors: Float64[np.ndarray, " V"],
    thresholds: Float64[np.ndarray, " T"],
    frames: int,
    *,
    rest: Verdict = "miss",
) -> Float64[np.ndarray, " T"]:
    """Share of frames whose error is at most each threshold, in [0, 1].

    Args:
        errors: centre error of the frames that have a truth, in the unit of the thresholds.
        frames: how many frames there are, those without truth included.
        rest: how frames without truth count.
    """
    found = np.searchsorted(np.sort(errors), thresholds, side="right")
    return (found + _hits(rest, frames - len(errors))) / frames


def _hits(verdict: Verdict, count: int) -> int:
    return count if verdict == "hit" else 0


def _check(predicted: Boxes, truth: Boxes) -> None:
    if len(predicted) != len(truth) or not len(truth):
        raise ValueError(
            f"expected as many predicted as true boxes, at least one; got {len(predicted)}, {len(truth)}"
        )
    if not np.isfinite(predicted).all() or (predicted[:, 2:] < 0).any():
        row = np.flatnonzero(~np.isfinite(predicted).all(axis=1) | (predicted[:, 2:] < 0).any(axis=1))[0]
        raise ValueError(f"frame {row}: predicted box {predicted[row].tolist()} is no box")
