"""Which detection is which truth: the surest first, each truth once."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from saccade.evaluation.detection.tables import Detections, Truths
from saccade.evaluation.pictures.matching import NOBODY, assign_next, groups
from saccade.evaluation.pictures.overlaps import pairwise_cover, pairwise_iou


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Matches:
    """What became of each detection and each truth.

    As the surest detections choose first, those above any threshold are matched as if there were no others.

    Attributes:
        truth: the truth that a detection is; -1 where it is none.
        overlap: with that truth, in [0, 1]; 0 where there is none.
        is_ignored: detections of what nobody asks for, a crowd or a difficult object: neither right nor
            wrong.
        detection: the detection that a truth was found by; -1 where there is none.
    """

    truth: Int64[np.ndarray, " D"]
    overlap: Float64[np.ndarray, " D"]
    is_ignored: Bool[np.ndarray, " D"]
    detection: Int64[np.ndarray, " T"]

    @property
    def is_hit(self) -> Bool[np.ndarray, " D"]:
        """Detections that are a truth."""
        return self.truth != NOBODY

    @property
    def is_wrong(self) -> Bool[np.ndarray, " D"]:
        """Detections of nothing, of the wrong thing, or of what was found already."""
        return ~(self.is_hit | self.is_ignored)


def match(truths: Truths, detections: Detections, iou: float = 0.5, *, takes_next: bool) -> Matches:
    """Matches detections with truths of their class in their picture.

    Difficult truths and crowds are never used up; of a crowd counts the share of the detection that lies in
    it.

    Args:
        iou: from which overlap a detection is a truth.
        takes_next: whether a detection whose best truth is taken may be the next best one, as by COCO's
            rules; by VOC's it is wrong then.
    """
    truth = np.full(len(detections), NOBODY, np.int64)
    overlap = np.zeros(len(detections))
    is_ignored = np.zeros(len(detections), bool)
    classes = 1 + max(truths.labels.max(initial=0), detections.labels.max(initial=0))
    here, known = (table.images * classes + table.labels for table in (detections, truths))
    for found, there in groups(here, known):
        found = found[np.argsort(-detections.scores[found], kind="stable")]
        counted, crowd = truths.is_counted[there], truths.is_crowd[there]
        overlaps = pairwise_iou(detections.boxes[found], truths.boxes[there])
        if crowd.any():
            overlaps[:, crowd] = pairwise_cover(detections.boxes[found], truths.boxes[there][crowd])
        assigned = (
            assign_next(overlaps, counted, iou) if takes_next else _assign_best(overlaps, counted, crowd, iou)
        )
        for row, column in assigned:
            truth[found[row]], overlap[found[row]] = there[column], overlaps[row, column]
        # a difficult truth is as good as a crowd once no other is left
        passed = (
            ((overlaps >= iou) & ~counted).any(axis=1)
            if takes_next
            else _passed(overlaps, counted, crowd, iou)
        )
        is_ignored[found] = passed & (truth[found] == NOBODY)
    detection = np.full(len(truths), NOBODY, np.int64)
    hits = np.flatnonzero(truth != NOBODY)
    detection[truth[hits]] = hits
    return Matches(truth=truth, overlap=overlap, is_ignored=is_ignored, detection=detection)


def _assign_best(
    overlaps: Float64[np.ndarray, "d t"],
    counted: Bool[np.ndarray, " t"],
    crowd: Bool[np.ndarray, " t"],
    iou: float,
) -> Iterator[tuple[int, int]]:
    """The truth of each detection by VOC's rules: the best, the first of equals; none where it is taken."""
    plain = np.where(crowd, -1.0, overlaps)
    best, taken = plain.argmax(axis=1), ~counted
    for row in np.flatnonzero(plain.max(axis=1) >= iou):
        column = int(best[row])
        if not taken[column]:
            taken[column] = True
            yield int(row), column


def _passed(
    overlaps: Float64[np.ndarray, "d t"],
    counted: Bool[np.ndarray, " t"],
    crowd: Bool[np.ndarray, " t"],
    iou: float,
) -> Bool[np.ndarray, " d"]:
    """Detections whose best truth is difficult, or that lie in a crowd."""
    plain = np.where(crowd, -1.0, overlaps)
    is_difficult = (plain.max(axis=1) >= iou) & ~counted[plain.argmax(axis=1)]
    return is_difficult | ((overlaps >= iou) & crowd).any(axis=1)
