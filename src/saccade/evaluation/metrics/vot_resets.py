"""VOT's reset-based scores (2013 to 2019): accuracy, robustness and the expected average overlap.

A tracker is started again some frames after each failure. Kristan et al., A Novel Performance Evaluation
Methodology for Single-Target Trackers (2016).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from jaxtyping import Float64, Int64

from saccade.evaluation.metrics.vot_curves import Fragment, fragment_means

EAO_INTERVALS = {
    "vot2016": (108, 371),
    "vot2017": (100, 356),
    "vot2018": (100, 356),
    "vot2019": (46, 291),
}
"""first and last frame that count in the expected average overlap"""

EAODialect = Literal["toolkit", "pysot"]
"""the VOT toolkit's way to the expected average overlap, or pysot's, which most papers on VOT2018 quote"""

BURN_IN = 10
"""frames from each start on, the first included, that do not count in the accuracy"""
SENSITIVITY = 30.0
"""frames over which the reliability looks ahead"""
SKIPPED = 5
"""frames from a failure to the next start"""


@dataclass(frozen=True, slots=True, eq=False)
class ResetRun:
    """One repetition of a tracker on a sequence.

    Attributes:
        overlaps: IoU of each frame, in [0, 1]; NaN where there is none: starts, failures, frames that were
            skipped, frames of unknown truth.
        starts: frames in which the tracker was given the truth, increasing, the first is 0.
        failures: frames in which it was found to have failed, increasing.

    Raises:
        ValueError: when starts and failures do not take turns, or an overlap is out of range.
    """

    overlaps: Float64[np.ndarray, " F"]
    starts: Int64[np.ndarray, " S"]
    failures: Int64[np.ndarray, " K"]

    def __post_init__(self) -> None:
        if not len(self.overlaps):
            raise ValueError("a run of no frames")
        if (self.overlaps < 0).any() or (self.overlaps > 1).any():
            raise ValueError("an overlap is not in [0, 1]")
        starts, failures = self.starts.tolist(), self.failures.tolist()
        # the last failure may come too late for another start
        if not 0 <= len(starts) - len(failures) <= 1:
            raise ValueError(
                f"{len(starts)} starts and {len(failures)} failures; they take turns, a start first"
            )
        events = [frame for turn in zip(starts, failures, strict=False) for frame in turn]
        events += starts[len(failures) :]
        if events[:1] != [0] or (np.diff(events) <= 0).any() or events[-1] >= len(self.overlaps):
            raise ValueError(f"starts {starts} and failures {failures} do not take turns from frame 0 on")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetScores:
    """Accuracy and robustness of a sequence or a data set.

    Attributes:
        accuracy: mean overlap while tracking, burn-in left out, in [0, 1]; NaN when no frame is left.
        failures: failures a sequence: over a data set the mean weighted by length.
        failures_per_hundred: failures in a hundred frames: the 'robustness' that papers on VOT2018 quote.
        lost: failures in all.
        reliability: exp(-S · failures / length), the probability of S = 30 frames without failure.
        frames: length of the sequence, or of all together.
    """

    accuracy: float
    failures: float
    failures_per_hundred: float
    lost: float
    reliability: float
    frames: int


def score_reset_sequence(repetitions: Sequence[ResetRun]) -> ResetScores:
    """Scores the repetitions of a tracker on one sequence: the mean over them.

    Raises:
        ValueError: when there is none, or they differ in length.
    """
    lengths = {len(run.overlaps) for run in repetitions}
    if len(lengths) != 1:
        raise ValueError(f"expected repetitions of one length; got lengths {sorted(lengths)}")
    frames = lengths.pop()
    failures = float(np.mean([len(run.failures) for run in repetitions]))
    accuracies = np.array([_accuracy(run) for run in repetitions])
    known = accuracies[~np.isnan(accuracies)]
    return _scores(float(known.mean()) if len(known) else np.nan, failures, failures, frames, float(frames))


def score_resets(sequences: Sequence[ResetScores]) -> ResetScores:
    """Scores of a data set: accuracy and failures of its sequences, weighted by their lengths.

    The VOT toolkit's way. Reliability takes failures and length as means over sequences, so weighted.

    Raises:
        ValueError: when there is no sequence.
    """
    if not sequences:
        raise ValueError("no mean of no scores")
    frames = np.array([s.frames for s in sequences])
    accuracy = np.array([s.accuracy for s in sequences])
    known = ~np.isnan(accuracy)
    mean = float(np.average(accuracy[known], weights=frames[known])) if known.any() else np.nan
    failures = float(np.average([s.failures for s in sequences], weights=frames))
    lost = float(sum(s.lost for s in sequences))
    return _scores(mean, failures, lost, int(frames.sum()), float(frames.mean()))


def expected_overlap_curve(
    sequences: Sequence[Sequence[ResetRun]], dialect: EAODialect = "toolkit"
) -> Float64[np.ndarray, " L"]:
    """Expected average overlap of sequences of every length, in [0, 1]: the value at j is that of j frames.

    A run falls apart at its failures. What a tracker did from a start on counts for every length: after a
    failure with overlap 0, else only while it lasts.

    Args:
        sequences: the repetitions of each.
        dialect: the VOT toolkit's, or pysot's, whose pieces reach from a start to the next, the frames that
            were skipped included, and in which the value at 0 is 1.

    Raises:
        ValueError: when there is no run.
    """
    pieces = [piece for runs in sequences for run in runs for piece in _PIECES[dialect](run, 1 / len(runs))]
    if not pieces:
        raise ValueError("no curve of no runs")
    length = max(len(run.overlaps) for runs in sequences for run in runs)
    if dialect == "toolkit":
        length = max(len(piece.overlaps) for piece in pieces)
    means, counts = fragment_means(pieces, length)
    weights = np.array([piece.weight for piece in pieces])[:, None] * counts
    # of every length some piece tells: the longest, or one that has failed
    curve: Float64[np.ndarray, " L"] = (weights * means).sum(axis=0) / weights.sum(axis=0)
    if dialect == "pysot":
        curve[0] = 1.0
    return curve


def expected_average_overlap(
    curve: Float64[np.ndarray, " L"],
    interval: tuple[int, int],
    dialect: EAODialect = "toolkit",
) -> float:
    """Expected average overlap over the typical lengths of a data set, in [0, 1]: the curve's mean there.

    Args:
        curve: what `expected_overlap_curve` found.
        interval: first and last length, both included; pysot counts them from 1.

    Raises:
        ValueError: when the curve ends before the interval begins.
    """
    low, high = interval if dialect == "toolkit" else (interval[0] - 1, interval[1] - 1)
    if len(curve) <= low:
        raise ValueError(f"a curve of {len(curve)} frames does not reach the interval from {low} to {high}")
    return float(curve[low : high + 1].mean())


def _accuracy(run: ResetRun) -> float:
    counts = ~np.isnan(run.overlaps)
    for start in run.starts:
        counts[start : start + BURN_IN] = False
    counts[run.failures] = False
    return float(run.overlaps[counts].mean()) if counts.any() else np.nan


def _scores(accuracy: float, failures: float, lost: float, frames: int, length: float) -> ResetScores:
    return ResetScores(
        accuracy=accuracy,
        failures=failures,
        failures_per_hundred=100.0 * lost / frames,
        lost=lost,
        reliability=float(np.exp(-SENSITIVITY * failures / length)),
        frames=frames,
    )


def _toolkit_pieces(run: ResetRun, weight: float) -> list[Fragment]:
    """From each start to its failure, that frame not included, or to the end; all of the same weight."""
    overlaps = np.nan_to_num(run.overlaps, nan=0.0)
    ends = [*run.failures.tolist(), len(overlaps)]
    return [
        Fragment(overlaps[start:end], weight=1.0, has_failed=number < len(run.failures))
        for number, (start, end) in enumerate(zip(run.starts.tolist(), ends, strict=False))
    ]


def _pysot_pieces(run: ResetRun, weight: float) -> list[Fragment]:
    """From each start to the next, that frame included; one that meets the end may weigh a frame less."""
    overlaps = np.nan_to_num(run.overlaps, nan=0.0)
    points = [0, *(f + SKIPPED for f in run.failures.tolist() if f + SKIPPED <= len(overlaps))]
    pieces = []
    for start, end in pairwise(points):
        piece = overlaps[start : end + 1]
        pieces.append(Fragment(piece, weight * len(piece) / (end - start + 1), has_failed=True))
    if points[-1] < len(overlaps):
        pieces.append(Fragment(overlaps[points[-1] :], weight, has_failed=False))
    return pieces


_PIECES = {"toolkit": _toolkit_pieces, "pysot": _pysot_pieces}
