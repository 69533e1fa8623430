"""GOT-10k's own scores: average overlap and success rates.

Huang, Zhao and Huang, GOT-10k: A Large High-Diversity Benchmark for Generic Object Tracking in the Wild
(2019).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from saccade.evaluation.metrics.boxes import clip_to_image, overlap
from saccade.evaluation.metrics.curves import success_curve, value_at

Boxes = Float64[np.ndarray, "F 4"]

THRESHOLDS = np.linspace(0.0, 1.0, 101)
"""IoU thresholds of the success curve"""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GOT10kScores:
    """What GOT-10k reports.

    Attributes:
        ao: average overlap, in [0, 1].
        sr50: share of frames with an overlap above 0.5.
        sr75: share of frames with an overlap above 0.75.
        success_curve: share of frames with an overlap above each of 101 thresholds.
    """

    ao: float
    sr50: float
    sr75: float
    success_curve: Float64[np.ndarray, "101"]


def got10k_overlaps(
    predicted: Boxes, truth: Boxes, is_visible: Bool[np.ndarray, " F"], image_wh: tuple[int, int]
) -> Float64[np.ndarray, " V"]:
    """Overlaps of the frames that GOT-10k scores: all but the first in which something of the target shows.

    Both boxes are cut to the picture first. Repetitions of a stochastic tracker are concatenated. Nothing is
    left of a sequence whose target shows in the first frame alone.

    Args:
        predicted: boxes (x, y, w, h) in frame pixels, the first frame included.
        truth: true boxes (x, y, w, h).
        is_visible: in which frames the cover label is above 0.

    Raises:
        ValueError: when the numbers of frames differ, or a box that counts is none.
    """
    if not len(predicted) == len(truth) == len(is_visible):
        raise ValueError(
            f"expected as many predicted as true boxes and labels; got {len(predicted)}, {len(truth)}, "
            f"{len(is_visible)}"
        )
    rows = np.flatnonzero(is_visible)
    rows = rows[rows > 0]
    for boxes, whose in ((predicted, "predicted"), (truth, "true")):
        bad = ~np.isfinite(boxes[rows]).all(axis=1) | (boxes[rows, 2:] < 0).any(axis=1)
        if bad.any():
            row = rows[bad][0]
            raise ValueError(f"frame {row}: {whose} box {boxes[row].tolist()} is no box")
    return overlap(clip_to_image(predicted[rows], image_wh), clip_to_image(truth[rows], image_wh))


def score_got10k(overlaps: Float64[np.ndarray, " V"]) -> GOT10kScores:
    """Scores of the overlaps of one sequence, or of all frames of all sequences together.

    The got10k package takes all frames of all sequences together, so that long sequences weigh more.

    Raises:
        ValueError: when there is none, or one is NaN.
    """
    curve = success_curve(overlaps, THRESHOLDS, len(overlaps))
    return GOT10kScores(
        ao=float(overlaps.mean()),
        sr50=value_at(0.5)(THRESHOLDS, curve),
        sr75=value_at(0.75)(THRESHOLDS, curve),
        success_curve=curve,
    )


def mean_over_classes(scores: Mapping[str, GOT10kScores], classes: Mapping[str, str]) -> GOT10kScores:
    """The class-balanced mean of the paper and the server: over sequences in each class, then over classes.

    Args:
        scores: by sequence.
        classes: the object class of each sequence.

    Raises:
        ValueError: when there is no sequence, or one has no class.
    """
    if not scores:
        raise ValueError("no mean of no scores")
    members: dict[str, list[GOT10kScores]] = {}
    for sequence, score in scores.items():
        if sequence not in classes:
            raise ValueError(f"sequence '{sequence}' has no object class")
        members.setdefault(classes[sequence], []).append(score)
    return _mean([_mean(group) for group in members.values()])


def _mean(scores: Sequence[GOT10kScores]) -> GOT10kScores:
    return GOT10kScores(
        ao=float(np.mean([s.ao for s in scores])),
        sr50=float(np.mean([s.sr50 for s in scores])),
        sr75=float(np.mean([s.sr75 for s in scores])),
        success_curve=np.mean([s.success_curve for s in scores], axis=0),
    )
