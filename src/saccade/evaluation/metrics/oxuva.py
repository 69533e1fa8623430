"""OxUvA's scores: true positive rate, true negative rate, and the highest geometric mean of both.

Valmadre et al., Long-term Tracking in the Wild: A Benchmark (2018).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

Values = Float64[np.ndarray, " F"]
Frames = Bool[np.ndarray, " F"]

IOU_THRESHOLDS = (0.3, 0.5, 0.7)
"""IoU from which on a box counts as right; scores are reported at each, and quoted at 0.5"""


@dataclass(frozen=True, slots=True)
class PresenceCounts:
    """How often a tracker was right and wrong about a target that comes and goes; counts of tracks add up.

    Attributes:
        tp: the target is there, and the box on it.
        fp: the target is absent, but a box was given.
        tn: the target is absent, and said to be.
        fn: the target is there, but no box was given, or one beside it.
    """

    tp: int
    fp: int
    tn: int
    fn: int

    def __add__(self, other: "PresenceCounts") -> "PresenceCounts":
        return PresenceCounts(self.tp + other.tp, self.fp + other.fp, self.tn + other.tn, self.fn + other.fn)

    @property
    def tpr(self) -> float:
        """True positive rate, in [0, 1]; NaN when the target is never there."""
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else np.nan

    @property
    def tnr(self) -> float:
        """True negative rate, in [0, 1]; NaN when the target is never absent."""
        return self.tn / (self.tn + self.fp) if self.tn + self.fp else np.nan

    @property
    def gm(self) -> float:
        """Geometric mean of both rates, in [0, 1]."""
        return float(np.sqrt(self.tpr * self.tnr))

    @property
    def max_gm(self) -> float:
        """Highest geometric mean when some boxes are withdrawn at random, in [0, 1]."""
        return max_geometric_mean(self.tpr, self.tnr)


def count_presence(
    overlaps: Values, predicts: Frames, is_present: Frames, iou_threshold: float = 0.5
) -> PresenceCounts:
    """Counts of the labelled frames of one track.

    Args:
        overlaps: IoU in each frame, in [0, 1]; looked at where a box was given and the target is there.
        predicts: in which frames the tracker gave a box.
        is_present: in which frames the target is there.

    Raises:
        ValueError: when lengths differ, or an overlap that counts is out of range.
    """
    if not len(overlaps) == len(predicts) == len(is_present):
        raise ValueError(
            f"{len(overlaps)} overlaps, {len(predicts)} predictions, {len(is_present)} labels; must agree"
        )
    compared = overlaps[predicts & is_present]
    if not ((compared >= 0) & (compared <= 1)).all():
        raise ValueError("an overlap is not in [0, 1]")
    right = int((compared >= iou_threshold).sum())
    return PresenceCounts(
        tp=right,
        fp=int((predicts & ~is_present).sum()),
        tn=int((~predicts & ~is_present).sum()),
        fn=int(is_present.sum()) - right,
    )


def latest_predictions(
    predicted: Int64[np.ndarray, " P"], labelled: Int64[np.ndarray, " F"]
) -> Int64[np.ndarray, " F"]:
    """For each labelled frame the row of its prediction, or of the latest one before it.

    Args:
        predicted: frames for which there are predictions, increasing.
        labelled: frames that have a label.

    Raises:
        ValueError: when a labelled frame has no prediction up to it, naming the frame.
    """
    rows = np.searchsorted(predicted, labelled, side="right") - 1
    if (rows < 0).any():
        raise ValueError(f"frame {labelled[rows < 0][0]} is labelled, but there is no prediction up to it")
    return rows


def max_geometric_mean(tpr: float, tnr: float) -> float:
    """Highest geometric mean of both rates when a share p of the boxes is withdrawn, in [0, 1].

        max over p of sqrt((1 - p) TPR · ((1 - p) TNR + p))

    NaN when a rate is.
    """
    # a parabola in p: its ends, and its vertex where it opens downwards and lies between them
    slope, bend = tpr * (1 - 2 * tnr), tpr * (tnr - 1)
    shares = [0.0, 1.0]
    if bend < 0:
        shares.append(min(max(-slope / (2 * bend), 0.0), 1.0))
    return float(np.max([np.sqrt((1 - p) * tpr * ((1 - p) * tnr + p)) for p in shares]))


def counts_by_threshold(
    overlaps: Values, predicts: Frames, is_present: Frames, scores: Values, iou_threshold: float = 0.5
) -> list[PresenceCounts]:
    """Counts when only the boxes with the highest scores are kept: none first, then one score more at a time.

    Args:
        scores: how sure the tracker was of each box; equal scores are kept together.

    Raises:
        ValueError: as `count_presence`, and when the score of a box is not finite.
    """
    if not np.isfinite(scores[predicts]).all():
        raise ValueError("a box has a score that is not finite")
    levels = np.concatenate([[np.inf], np.unique(scores[predicts])[::-1]])
    return [
        count_presence(overlaps, predicts & (scores >= level), is_present, iou_threshold) for level in levels
    ]
