"""VOT's anchor-based scores (2020 to 2022): accuracy, robustness and the expected average overlap.

A tracker is started at anchors all over a sequence and runs from each to the nearer or farther end, forwards
or backwards, without resets. Kristan et al., The Eighth Visual Object Tracking VOT2020 Challenge Results
(2020).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float64

from saccade.evaluation.metrics.vot_curves import Fragment, fragment_means

EAO_INTERVAL = (115, 755)
"""first and last frame that count in the expected average overlap of 2020, 2021 and 2022"""

FAILURE_OVERLAP = 0.1
"""IoU at or below which a frame is lost"""
GRACE = 10
"""frames lost in a row that make a failure"""


@dataclass(frozen=True, slots=True, eq=False)
class AnchorRun:
    """One run from an anchor on, in the order in which the tracker saw the frames.

    Attributes:
        overlaps: IoU of each frame, that of the anchor first, in [0, 1]. In the anchor's frame the tracker
            was given the truth; as in the toolkit it counts as overlap 0, whatever stands there.
        is_empty: in which frames the true region is empty; they forgive what came before.

    Raises:
        ValueError: when there is no frame, lengths differ, or an overlap is NaN or out of range.
    """

    overlaps: Float64[np.ndarray, " F"]
    is_empty: Bool[np.ndarray, " F"] = field(default_factory=lambda: np.zeros(0, dtype=bool))

    def __post_init__(self) -> None:
        if not len(self.overlaps) or not ((self.overlaps >= 0) & (self.overlaps <= 1)).all():
            raise ValueError("expected at least one overlap, each in [0, 1]")
        if len(self.is_empty) not in (0, len(self.overlaps)):
            raise ValueError(
                f"{len(self.overlaps)} overlaps, but {len(self.is_empty)} flags; rows must agree"
            )

    @property
    def earned(self) -> Float64[np.ndarray, " F"]:
        """The overlaps, 0 in the frame of the anchor."""
        return np.concatenate([[0.0], self.overlaps[1:]])

    @property
    def progress(self) -> int:
        """How many frames the target was followed for: up to the first of those lost in a row, or all."""
        is_lost = self.earned <= FAILURE_OVERLAP
        if len(self.is_empty):
            is_lost &= ~self.is_empty
        lost_before = np.concatenate([[0], np.cumsum(is_lost)])
        failed = np.flatnonzero(lost_before[GRACE:] - lost_before[:-GRACE] == GRACE)
        return int(failed[0]) if len(failed) else len(self.overlaps)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorScores:
    """Accuracy and robustness of a sequence or a data set.

    Attributes:
        accuracy: mean overlap while following, in [0, 1]; NaN when no frame was followed.
        robustness: share of frames followed, in [0, 1].
        followed: frames followed; the weight of the accuracy.
        frames: frames of the sequence, once, whatever the number of runs; the weight of the robustness.
    """

    accuracy: float
    robustness: float
    followed: int
    frames: int


def score_anchor_sequence(runs: Sequence[AnchorRun], frames: int) -> AnchorScores:
    """Scores the runs from all anchors of one sequence.

    Args:
        frames: length of the sequence.

    Raises:
        ValueError: when there is no run, or one is longer than the sequence.
    """
    lengths = [len(run.overlaps) for run in runs]
    if not runs or max(lengths) > frames:
        raise ValueError(f"expected runs of at most {frames} frames, at least one; got lengths {lengths}")
    progress = [run.progress for run in runs]
    followed = sum(progress)
    shared = sum(float(run.earned[:p].sum()) for run, p in zip(runs, progress, strict=True))
    return AnchorScores(
        accuracy=shared / followed if followed else np.nan,
        robustness=followed / sum(lengths),
        followed=followed,
        frames=frames,
    )


def score_anchors(sequences: Sequence[AnchorScores]) -> AnchorScores:
    """Scores of a data set: accuracy weighted by the frames followed, robustness by the lengths.

    Raises:
        ValueError: when there is no sequence.
    """
    if not sequences:
        raise ValueError("no mean of no scores")
    followed, frames = sum(s.followed for s in sequences), sum(s.frames for s in sequences)
    shared = sum(s.accuracy * s.followed for s in sequences if s.followed)
    return AnchorScores(
        accuracy=shared / followed if followed else np.nan,
        robustness=sum(s.robustness * s.frames for s in sequences) / frames,
        followed=followed,
        frames=frames,
    )


def anchor_overlap_curve(sequences: Sequence[Sequence[AnchorRun]], length: int) -> Float64[np.ndarray, " L"]:
    """Expected average overlap of sequences of every length, in [0, 1]: the value at j is that of j frames.

    In each sequence the mean over the runs that reach a length or have failed before; over sequences, these
    means are weighted by the number of such runs. The value at 0 is 0.

    Args:
        sequences: the runs from all anchors of each.
        length: of the curve; the last frame of the interval, for the score.

    Raises:
        ValueError: when there is no run.
    """
    runs = [run for runs in sequences for run in runs]
    if not runs:
        raise ValueError("no curve of no runs")
    fragments = []
    for run in runs:
        overlaps, progress = run.earned, run.progress
        overlaps[progress:] = 0.0
        fragments.append(Fragment(overlaps, weight=1.0, has_failed=progress < len(overlaps)))
    # the toolkit divides by one frame less beyond the end of a run
    means, counts = fragment_means(fragments, length, short_by=1)
    active = counts.sum(axis=0)
    # a mean over sequences, weighted by their runs, of means over runs is one over all runs
    return np.divide((means * counts).sum(axis=0), active, out=np.zeros(length), where=active > 0)


def anchor_expected_average_overlap(
    sequences: Sequence[Sequence[AnchorRun]], interval: tuple[int, int] = EAO_INTERVAL
) -> float:
    """Expected average overlap over the typical lengths of a data set, in [0, 1].

    The mean of the curve from the first length of the interval up to its last, that one left out, as the
    toolkit's curve ends before it.

    Raises:
        ValueError: when there is no run.
    """
    low, high = interval
    return float(anchor_overlap_curve(sequences, high)[low:high].mean())
