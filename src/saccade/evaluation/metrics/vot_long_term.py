"""VOT's long-term scores: tracking precision, recall and F over confidence thresholds.

Lukežič et al., Now You See Me: Evaluating Performance in Long-Term Visual Tracking (2018).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

RESOLUTION = 100
"""thresholds of the curves"""


@dataclass(frozen=True, slots=True, eq=False)
class LongTermRun:
    """One pass over a sequence in which the target comes and goes.

    Attributes:
        overlaps: IoU of each frame, in [0, 1]; what stands in frames without target does not matter.
        confidences: how sure the tracker was that the target is there, of any range; 0 where it said nothing.
        is_visible: in which frames the target is there.

    Raises:
        ValueError: when lengths differ, the target is never there, an overlap that counts is out of range, or
            a confidence is not finite.
    """

    overlaps: Float64[np.ndarray, " F"]
    confidences: Float64[np.ndarray, " F"]
    is_visible: Bool[np.ndarray, " F"]

    def __post_init__(self) -> None:
        if not len(self.overlaps) == len(self.confidences) == len(self.is_visible):
            raise ValueError(
                f"{len(self.overlaps)} overlaps, {len(self.confidences)} confidences, "
                f"{len(self.is_visible)} flags; rows must agree"
            )
        if not self.is_visible.any():
            raise ValueError("the target is in no frame; recall has no meaning")
        shown = self.overlaps[self.is_visible]
        if not ((shown >= 0) & (shown <= 1)).all():
            raise ValueError("an overlap is not in [0, 1]")
        if not np.isfinite(self.confidences).all():
            row = np.flatnonzero(~np.isfinite(self.confidences))[0]
            raise ValueError(f"frame {row}: confidence {self.confidences[row]} is not finite")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LongTermScores:
    """Precision and recall at the threshold of the highest F, and the curves.

    Attributes:
        precision: mean overlap where the tracker reports a target, in [0, 1].
        recall: mean overlap where there is one, in [0, 1].
        f: their harmonic mean, the highest over all thresholds.
        precision_curve: at each threshold, from the strictest to the most lenient.
        recall_curve: at the same thresholds.
        f_curve: at the same thresholds.
    """

    precision: float
    recall: float
    f: float
    precision_curve: Float64[np.ndarray, " T"]
    recall_curve: Float64[np.ndarray, " T"]
    f_curve: Float64[np.ndarray, " T"]


def confidence_thresholds(
    confidences: Float64[np.ndarray, " V"], resolution: int = RESOLUTION
) -> Float64[np.ndarray, " T"]:
    """Thresholds that part confidences into equal shares, decreasing, between +infinity and -infinity.

    Args:
        confidences: of all frames of all sequences.
        resolution: how many thresholds; with fewer confidences, all of them.
    """
    order, inner = np.sort(confidences)[::-1], resolution - 2
    if len(order) > inner:
        delta = len(order) // inner
        order = order[np.round(np.linspace(delta, len(order) - delta, inner)).astype(int)]
    return np.concatenate([[np.inf], order, [-np.inf]])


def precision_recall(
    run: LongTermRun, thresholds: Float64[np.ndarray, " T"]
) -> tuple[Float64[np.ndarray, " T"], Float64[np.ndarray, " T"]]:
    """Tracking precision and recall of one sequence at each threshold, in [0, 1].

    Precision is the mean overlap of the frames whose confidence reaches the threshold, 1 when there is none;
    recall is the sum of the same overlaps by the number of frames in which the target is visible. The first
    frame, in which the tracker was given the truth, counts with overlap 0.
    """
    overlaps = np.where(run.is_visible, run.overlaps, 0.0)
    overlaps[0] = 0.0
    order = np.argsort(-run.confidences, kind="stable")
    sums = np.concatenate([[0.0], np.cumsum(overlaps[order])])
    reported = np.searchsorted(-run.confidences[order], -thresholds, side="right")
    precision = np.divide(sums[reported], reported, out=np.ones(len(thresholds)), where=reported > 0)
    return precision, sums[reported] / run.is_visible.sum()


def score_long_term(runs: Sequence[LongTermRun]) -> LongTermScores:
    """Scores of a data set: curves are means over its sequences, and F is taken of these.

    Raises:
        ValueError: when there is no run.
    """
    if not runs:
        raise ValueError("no scores of no runs")
    thresholds = confidence_thresholds(np.concatenate([run.confidences for run in runs]))
    curves = np.array([precision_recall(run, thresholds) for run in runs]).mean(axis=0)
    precision, recall = curves
    total = precision + recall
    f = np.divide(2 * precision * recall, total, out=np.zeros(len(thresholds)), where=total > 0)
    best = int(f.argmax())
    return LongTermScores(
        precision=float(precision[best]),
        recall=float(recall[best]),
        f=float(f[best]),
        precision_curve=precision,
        recall_curve=recall,
        f_curve=f,
    )


def pooled_f(runs: Sequence[LongTermRun]) -> float:
    """The highest F of all frames of all sequences together, in [0, 1]: the F1 that LaGOT is scored with.

    A frame after the other is reported, the surest first.

    Raises:
        ValueError: when there is no run.
    """
    if not runs:
        raise ValueError("no scores of no runs")
    overlaps = np.concatenate([np.where(run.is_visible, run.overlaps, 0.0) for run in runs])
    order = np.argsort(-np.concatenate([run.confidences for run in runs]), kind="stable")
    shared = np.cumsum(overlaps[order])
    precision = shared / np.arange(1, len(shared) + 1)
    recall = shared / sum(int(run.is_visible.sum()) for run in runs)
    total = precision + recall
    return float(np.divide(2 * precision * recall, total, out=np.zeros(len(total)), where=total > 0).max())
