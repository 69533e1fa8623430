"""OxUvA's scores: true positive rate, true negative rate, and the highest geometric mean of both.

Valmadre et al., Long-term Tracking in the Wild: A Benchmark (2018).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

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
    overlaps: Float64[np.ndarray, " F"], predicts: Frames, is_present: Frames, iou_threshold: float = 0.5
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


def max_geometric_mean(tpr: float, tnr: float) -> float:
    """Highest geometric mean of both rates when a share p of the boxes is withdrawn, in [0, 1].

        max over p of sqrt((1 - p) TPR · ((1 - p) TNR + p))

    NaN when a rate is.
    """
    # a parabola in p that is 0 at p = 1: its other end, and its vertex where it opens downwards, at most 1/2
    slope, bend = tpr * (1 - 2 * tnr), tpr * (tnr - 1)
    shares = [0.0]
    if bend < 0:
        shares.append(max(-slope / (2 * bend), 0.0))
    return float(np.max([np.sqrt((1 - p) * tpr * ((1 - p) * tnr + p)) for p in shares]))
