"""What is taken for what, and why detections are wrong and truths are missed."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from jaxtyping import Bool, Float64, Int64

from saccade.evaluation.detection.matching import Matches
from saccade.evaluation.detection.tables import Detections, Truths
from saccade.evaluation.pictures.matching import NOBODY, best_pairs
from saccade.evaluation.pictures.overlaps import pairwise_iou

NEAR = 0.1
"""from which overlap on a detection is near a truth rather than on nothing"""


class Fault(StrEnum):
    """Why a detection is wrong; the first that applies."""

    DUPLICATE = "found twice"
    CONFUSED = "another class"
    LOOSE = "box too far off"
    BACKGROUND = "nothing there"


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlarm:
    """A wrong detection.

    Attributes:
        detection: its row in the table of detections.
        fault: why it is wrong.
        truth: the row of the truth that it is on or near; None where there is none.
    """

    detection: int
    fault: Fault
    truth: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A truth that was not found.

    Attributes:
        truth: its row in the table of truths.
        score: of the detection below the threshold that would have been it; None where there is none.
        taken_for: the class that a detection above the threshold gives it; None where there is none.
    """

    truth: int
    score: float | None
    taken_for: int | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Mistakes:
    """All that is wrong from a threshold on.

    Attributes:
        confusion: how many truths (rows) are found as each class (columns); background is the last of both.
        false_alarms: the surest first.
        misses: first those that nothing was found of at all, the largest first.
    """

    confusion: Int64[np.ndarray, "C1 C1"]
    false_alarms: tuple[FalseAlarm, ...]
    misses: tuple[Miss, ...]


def find_mistakes(
    truths: Truths, detections: Detections, matches: Matches, classes: int, threshold: float, iou: float
) -> Mistakes:
    """Compares what is found from a threshold on with what is there.

    Detections of the right class come first; what then is left is matched whatever its class, the greatest
    overlap first. Crowds, difficult objects and detections of them are left out.

    Args:
        matches: of detections with truths of their class.
        threshold: of scores; NaN keeps nothing.
        iou: from which overlap a detection is on a truth.
    """
    kept = detections.scores >= threshold
    is_found = np.zeros(len(truths), bool)
    is_found[matches.truth[kept & matches.is_hit]] = True
    missed, wrong = truths.is_counted & ~is_found, kept & matches.is_wrong
    confusion = np.zeros((classes + 1, classes + 1), np.int64)
    np.add.at(confusion, (truths.labels[is_found], truths.labels[is_found]), 1)
    taken_for: dict[int, int] = {}
    alarms: list[FalseAlarm] = []
    for found, there in _by_picture(truths, detections, wrong):
        overlaps = pairwise_iou(detections.boxes[found], truths.boxes[there])
        same = detections.labels[found][:, None] == truths.labels[there]
        # what is left of both, in this picture
        swapped = best_pairs(np.where(missed[there] & ~same, overlaps, -1.0), iou)
        taken_for |= {int(there[column]): int(found[row]) for row, column in swapped.items()}
        alarms += [
            _explain(int(found[row]), overlaps[row], same[row], there, iou) for row in range(len(found))
        ]
    for truth, detection in taken_for.items():
        confusion[truths.labels[truth], detections.labels[detection]] += 1
    alone = np.flatnonzero(wrong)
    alone = alone[~np.isin(alone, list(taken_for.values()))]
    confusion[classes] += _counts(detections.labels[alone], classes)
    unseen = np.flatnonzero(missed)
    unseen = unseen[~np.isin(unseen, list(taken_for))]
    confusion[:, classes] += _counts(truths.labels[unseen], classes)
    alarms.sort(key=lambda alarm: -detections.scores[alarm.detection])
    return Mistakes(
        confusion=confusion,
        false_alarms=tuple(alarms),
        misses=_misses(truths, detections, matches, np.flatnonzero(missed), taken_for),
    )


def _counts(labels: Int64[np.ndarray, " n"], classes: int) -> Int64[np.ndarray, " C1"]:
    """How often each class occurs; background never."""
    return np.bincount(labels, minlength=classes + 1)


def _by_picture(
    truths: Truths, detections: Detections, wrong: Bool[np.ndarray, " D"]
) -> list[tuple[Int64[np.ndarray, " d"], Int64[np.ndarray, " t"]]]:
    """Rows of wrong detections and of truths, of each picture with the former."""
    rows = np.flatnonzero(wrong)
    # tables are in the order of the pictures
    starts, ends = (
        np.searchsorted(truths.images, detections.images[rows], side) for side in ("left", "right")
    )
    groups: dict[int, list[int]] = {}
    for place, picture in enumerate(detections.images[rows].tolist()):
        groups.setdefault(picture, []).append(place)
    return [(rows[places], np.arange(starts[places[0]], ends[places[0]])) for places in groups.values()]


def _explain(
    detection: int,
    overlaps: Float64[np.ndarray, " t"],
    same: Bool[np.ndarray, " t"],
    there: Int64[np.ndarray, " t"],
    iou: float,
) -> FalseAlarm:
    """Why a detection is wrong."""
    for fault, wanted, enough in (
        (Fault.DUPLICATE, same, iou),
        (Fault.CONFUSED, ~same, iou),
        (Fault.LOOSE, same, NEAR),
    ):
        chosen = np.where(wanted, overlaps, -1.0)
        if chosen.max(initial=-1.0) >= enough:
            return FalseAlarm(detection=detection, fault=fault, truth=int(there[chosen.argmax()]))
    return FalseAlarm(detection=detection, fault=Fault.BACKGROUND, truth=None)


def _misses(
    truths: Truths,
    detections: Detections,
    matches: Matches,
    missed: Int64[np.ndarray, " m"],
    taken_for: dict[int, int],
) -> tuple[Miss, ...]:
    rows = []
    for truth in missed.tolist():
        below, other = int(matches.detection[truth]), taken_for.get(truth)
        rows.append(
            Miss(
                truth=truth,
                score=None if below == NOBODY else float(detections.scores[below]),
                taken_for=None if other is None else int(detections.labels[other]),
            )
        )
    rows.sort(key=lambda miss: (miss.score or 0.0, -truths.areas[miss.truth]))
    return tuple(rows)
