"""Success, precision and normalised precision of one pass over a sequence, in any dialect.

Wu, Lim and Yang, Object Tracking Benchmark (2015); normalised precision: Müller et al., TrackingNet (2018).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Bool, Float64

from saccade.evaluation.metrics.boxes import centre_error, normalised_centre_error, overlap
from saccade.evaluation.metrics.curves import precision_curve, success_curve, value_at
from saccade.evaluation.metrics.dialects import Dialect

Boxes = Float64[np.ndarray, "F 4"]
Frames = Bool[np.ndarray, " F"]

ONE_PASS_SCORES = ("auc", "precision", "norm_precision", "op50", "op75")
"""the scores that are single numbers"""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class OnePassScores:
    """Scores of one pass over a sequence, or their mean over sequences.

    Attributes:
        success_curve: share of frames whose overlap is above each threshold, in [0, 1].
        precision_curve: share of frames whose centre error is within each threshold, in [0, 1].
        norm_precision_curve: the same of the normalised centre error.
        auc: area under the success curve, as the dialect takes it, in [0, 1].
        precision: what the dialect quotes of the precision curve, in [0, 1].
        norm_precision: what the dialect quotes of the curve of the normalised precision, in [0, 1].
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
        # most sequences have one run of one target
        if len(scores) == 1:
            return scores[0]
        return cls(**{f.name: np.mean([getattr(s, f.name) for s in scores], axis=0)[()] for f in fields(cls)})

    def percentages(self) -> dict[str, float]:
        """The single numbers, without the curves, in percent."""
        return {name: 100.0 * float(getattr(self, name)) for name in ONE_PASS_SCORES}


def score_one_pass(predicted: Boxes, truth: Boxes, is_shown: Frames, rules: Dialect) -> OnePassScores:
    """Scores one pass of a tracker over a sequence.

    Args:
        predicted: boxes (x, y, w, h) in frame pixels, the first frame included.
        truth: true boxes (x, y, w, h) as annotated; NaN where nothing is known.
        is_shown: in which frames nothing but the box may say that the target is out of view: those that the
            data set does not flag.

    Raises:
        ValueError: when the numbers of frames differ or are 0, a predicted box is no box, a true box is
            infinite, or no frame counts.
    """
    _check(predicted, truth, is_shown)
    predicted, truth = rules.coordinates(predicted), rules.coordinates(truth)
    for step in rules.tidy:
        predicted = step(predicted, truth)
    compared = rules.is_compared(truth, is_shown)
    left_out = rules.is_left_out(truth, is_shown)
    frames = int((~left_out).sum())
    absent, invalid = (int((~compared & ~left_out & who).sum()) for who in (~is_shown, is_shown))

    def hits(what: str) -> int:
        verdicts = (getattr(rules.absent, what), absent), (getattr(rules.invalid, what), invalid)
        return sum(count for verdict, count in verdicts if verdict == "hit")

    pair = (predicted, truth) if compared.all() else (predicted[compared], truth[compared])
    success = success_curve(
        overlap(*pair), rules.overlap_thresholds, frames, strict=rules.is_strict, hits=hits("overlap")
    )
    precision = precision_curve(centre_error(*pair), rules.centre_thresholds, frames, hits=hits("centre"))
    norm_precision = precision_curve(
        normalised_centre_error(*pair, smallest_side=rules.smallest_side),
        rules.normalised_thresholds,
        frames,
        hits=hits("normalised"),
    )
    return OnePassScores(
        success_curve=success,
        precision_curve=precision,
        norm_precision_curve=norm_precision,
        auc=rules.auc(rules.overlap_thresholds, success),
        precision=rules.precision(rules.centre_thresholds, precision),
        norm_precision=rules.norm_precision(rules.normalised_thresholds, norm_precision),
        op50=value_at(0.5)(rules.overlap_thresholds, success),
        op75=value_at(0.75)(rules.overlap_thresholds, success),
    )


def _check(predicted: Boxes, truth: Boxes, is_shown: Frames) -> None:
    if not len(predicted) == len(truth) == len(is_shown) or not len(truth):
        raise ValueError(
            f"expected as many predicted as true boxes, at least one; got {len(predicted)}, {len(truth)}, "
            f"and flags of {len(is_shown)} frames"
        )
    if not np.isfinite(predicted).all() or (predicted[:, 2:] < 0).any():
        row = np.flatnonzero(~np.isfinite(predicted).all(axis=1) | (predicted[:, 2:] < 0).any(axis=1))[0]
        raise ValueError(f"frame {row}: predicted box {predicted[row].tolist()} is no box")
    if np.isinf(truth).any():
        row = np.flatnonzero(np.isinf(truth).any(axis=1))[0]
        raise ValueError(f"frame {row}: true box {truth[row].tolist()} is no box")
