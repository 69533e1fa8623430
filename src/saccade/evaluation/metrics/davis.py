"""DAVIS' scores of masks: region similarity J, boundary accuracy F, and their statistics over a sequence.

Perazzi et al., A Benchmark Dataset and Evaluation Methodology for Video Object Segmentation (2016);
Pont-Tuset et al., The 2017 DAVIS Challenge on Video Object Segmentation (2017).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cache
from math import ceil

import cv2
import numpy as np
from jaxtyping import Bool, Float64, Integer, UInt8

Mask = Bool[np.ndarray, "H W"]
Labels = Integer[np.ndarray, "H W"]
"""object ids, 0 where there is none"""
Values = Float64[np.ndarray, " F"]

BOUND = 0.008
"""how far apart boundaries may lie, in diagonals of the frame"""


@dataclass(frozen=True, slots=True, eq=False)
class ObjectScores:
    """J and F of one object in each of the frames that count, in [0, 1].

    Raises:
        ValueError: when their numbers differ, there is no frame, or a value is out of range.
    """

    j: Values
    f: Values

    def __post_init__(self) -> None:
        if len(self.j) != len(self.f) or not len(self.j):
            raise ValueError(
                f"expected J and F of as many frames, at least one; got {len(self.j)}, {len(self.f)}"
            )
        for values in (self.j, self.f):
            if not ((values >= 0) & (values <= 1)).all():
                raise ValueError("a value is not in [0, 1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskScores:
    """What DAVIS reports of an object, or of a data set: the mean over its objects.

    Attributes:
        j: mean region similarity over frames, in [0, 1].
        j_recall: share of frames above 0.5.
        j_decay: mean of the first quarter of frames less that of the last, in [-1, 1].
        f: mean boundary accuracy over frames, in [0, 1].
        f_recall: share of frames above 0.5.
        f_decay: mean of the first quarter of frames less that of the last, in [-1, 1].
    """

    j: float
    j_recall: float
    j_decay: float
    f: float
    f_recall: float
    f_decay: float

    @property
    def jf(self) -> float:
        """J&F, the mean of both means, in [0, 1]."""
        return (self.j + self.f) / 2


def region_similarity(predicted: Mask, truth: Mask, void: Mask | None = None) -> float:
    """J, the intersection over union of two masks, in [0, 1]; 1 when both are empty.

    Args:
        void: pixels that do not count.

    Raises:
        ValueError: when sizes differ.
    """
    predicted, truth = _without(void, predicted, truth)
    union = np.count_nonzero(predicted | truth)
    return np.count_nonzero(predicted & truth) / union if union else 1.0


def boundary_accuracy(predicted: Mask, truth: Mask, void: Mask | None = None, bound: float = BOUND) -> float:
    """F, the harmonic mean of the boundaries' precision and recall, in [0, 1]; 1 when both are empty.

    A boundary pixel is matched when one of the other boundary lies within a disk around it.

    Args:
        void: pixels that do not count.
        bound: radius of the disk, in diagonals of the frame; rounded up to whole pixels.

    Raises:
        ValueError: when sizes differ.
    """
    predicted, truth = _without(void, predicted, truth)
    radius = ceil(bound * float(np.hypot(*truth.shape)))
    # all that happens lies near the masks, so only that part of the frame is looked at
    part = _surroundings(predicted | truth, radius + 1)
    own, other = boundary(predicted)[part], boundary(truth)[part]
    drawn, wanted = np.count_nonzero(own), np.count_nonzero(other)
    if not drawn or not wanted:
        return float(drawn == wanted)
    precision = np.count_nonzero(own & _dilated(other, radius)) / drawn
    recall = np.count_nonzero(other & _dilated(own, radius)) / wanted
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def boundary(mask: Mask) -> Mask:
    """The pixels that differ from their neighbour to the right, below, or below to the right."""
    edge = np.zeros_like(mask)
    edge[:, :-1] |= mask[:, :-1] ^ mask[:, 1:]
    edge[:-1] |= mask[:-1] ^ mask[1:]
    edge[:-1, :-1] |= mask[:-1, :-1] ^ mask[1:, 1:]
    return edge


def score_objects(
    frames: Iterable[tuple[Labels, Labels]], *, counts_last: bool = False
) -> dict[int, ObjectScores]:
    """J and F of every object of a sequence, in the frames that count for it.

    Those are the frames after the one in which it first appears, whose mask the tracker was given, and before
    the last one. An object that a prediction lacks counts as empty there; one that never gets a frame that
    counts is left out.

    Args:
        frames: predicted and true object ids of each annotated frame, in order.
        counts_last: whether the last frame counts: not in DAVIS, but in YouTube-VOS.

    Raises:
        ValueError: when sizes differ, or a prediction has an object that the truth never has.
    """
    born: dict[int, int] = {}
    claimed: dict[int, int] = {}
    values: dict[int, list[tuple[float, float]]] = {}
    for number, (predicted, truth) in enumerate(frames):
        if predicted.shape != truth.shape:
            raise ValueError(
                f"frame {number}: the predicted mask is {predicted.shape}, the true one {truth.shape}"
            )
        for name in born:
            masks = predicted == name, truth == name
            values.setdefault(name, []).append((region_similarity(*masks), boundary_accuracy(*masks)))
        for name in _ids(truth):
            born.setdefault(name, number)
        for name in _ids(predicted):
            claimed.setdefault(name, number)
    for name, number in claimed.items():
        if name not in born:
            raise ValueError(f"frame {number}: the prediction has an object {name}, the truth nowhere")
    scored = {name: rows if counts_last else rows[:-1] for name, rows in sorted(values.items())}
    return {name: ObjectScores(*np.array(rows).T) for name, rows in scored.items() if rows}


def summarise_object(scores: ObjectScores) -> MaskScores:
    """Mean, recall and decay of one object."""
    (j, j_recall, j_decay), (f, f_recall, f_decay) = _statistics(scores.j), _statistics(scores.f)
    return MaskScores(j=j, j_recall=j_recall, j_decay=j_decay, f=f, f_recall=f_recall, f_decay=f_decay)


def summarise_objects(objects: Sequence[ObjectScores]) -> MaskScores:
    """What DAVIS reports of a data set: the mean over objects, whichever sequence they are in.

    Raises:
        ValueError: when there is none.
    """
    if not objects:
        raise ValueError("no mean of no objects")
    rows = [summarise_object(scores) for scores in objects]
    return MaskScores(
        **{f.name: float(np.mean([getattr(r, f.name) for r in rows])) for f in fields(MaskScores)}
    )


def _statistics(values: Values) -> tuple[float, float, float]:
    """Mean, recall and decay. Neighbouring quarters share a frame; bounds are rounded, halves up."""
    bounds = np.round(np.linspace(1, len(values), 5) + 1e-10).astype(int) - 1
    first, last = values[: bounds[1] + 1], values[bounds[3] :]
    return float(values.mean()), float((values > 0.5).mean()), float(first.mean() - last.mean())


def _ids(labels: Labels) -> list[int]:
    return [int(name) for name in np.unique(labels) if name]


def _without(void: Mask | None, *masks: Mask) -> tuple[Mask, Mask]:
    shapes = {mask.shape for mask in (*masks, *(() if void is None else (void,)))}
    if len(shapes) != 1:
        raise ValueError(f"expected masks of one size; got {sorted(shapes)}")
    first, second = masks if void is None else (mask & ~void for mask in masks)
    return first, second


def _surroundings(mask: Mask, margin: int) -> tuple[slice, slice]:
    """The rows and columns that hold all of a mask and a margin around it."""
    spans = []
    for axis in (1, 0):
        taken = np.flatnonzero(mask.any(axis=axis))
        first, last = (taken[0], taken[-1]) if len(taken) else (0, 0)
        spans.append(slice(max(int(first) - margin, 0), int(last) + margin + 1))
    return spans[0], spans[1]


def _dilated(mask: Mask, radius: int) -> Mask:
    return cv2.dilate(mask.astype(np.uint8), _disk(radius), borderValue=0).astype(bool)


@cache
def _disk(radius: int) -> UInt8[np.ndarray, "D D"]:
    """The pixels within a distance of the middle one."""
    steps = np.arange(-radius, radius + 1)
    return (steps[:, None] ** 2 + steps**2 <= radius**2).astype(np.uint8)
