"""Multi-object tracking: HOTA, CLEAR and identity scores, counted by the package `trackers`.

HOTA: Luiten et al. (2020); CLEAR: Bernardin and Stiefelhagen (2008); identity: Ristani et al. (2016). What is
scored at all is decided here, as MOTChallenge does it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int64

from saccade.core import MissingExtraError
from saccade.data import Tracks
from saccade.data.formats.tracks import DISTRACTORS as _HARMLESS

_VEHICLE = 6
DISTRACTORS: dict[str, tuple[int, ...]] = {
    "none": (),
    "mot15": (),
    "mot16": _HARMLESS,
    "mot17": _HARMLESS,
    "mot20": (*_HARMLESS, _VEHICLE),
}
"""of each way to prepare a sequence, the classes that it does no harm to track; in MOT20 vehicles, too"""
IOU_THRESHOLD = 0.5
"""overlap from which on CLEAR and identity scores, and the preparation, see a match"""


@dataclass(frozen=True, slots=True, eq=False)
class TrackingScores:
    """Scores of a sequence, or of several together.

    Attributes:
        hota: by name, `HOTA` `DetA` `AssA` `DetRe` `DetPr` `AssRe` `AssPr` `LocA`, each in [0, 1] and the
            mean over 19 overlaps, and what is needed to add sequences up.
        clear: by name, `MOTA` `MOTP` `IDSW` and the rest; MOTA is below 1 and may be negative.
        identity: by name, `IDF1` `IDR` `IDP` in [0, 1], and counts.
    """

    hota: dict[str, Any]
    clear: dict[str, Any]
    identity: dict[str, Any]

    def summary(self) -> dict[str, float]:
        """The scores that papers quote, without unit, and the identity switches."""
        quoted = (
            (self.hota, ("HOTA", "DetA", "AssA", "LocA")),
            (self.clear, ("MOTA", "MOTP", "IDSW")),
            (self.identity, ("IDF1",)),
        )
        summary = {name: float(scores[name]) for scores, names in quoted for name in names}
        return summary | self._detection

    @property
    def _detection(self) -> dict[str, float]:
        """How many of the boxes are right, and of those that are there found, whoever they are said to be."""
        right, missed, wrong = (self.clear[f"CLR_{name}"] for name in ("TP", "FN", "FP"))
        return {
            "Precision": right / max(right + wrong, 1),
            "Recall": right / max(right + missed, 1),
            "F1": 2 * right / max(2 * right + missed + wrong, 1),
        }


def score_tracks(predicted: Tracks, truth: Tracks, preparation: str) -> TrackingScores:
    """Scores of the tracks of one sequence.

    Args:
        preparation: which benchmark's: `mot15`, `mot16`, `mot17` (for DanceTrack, too), `mot20`; `none`
            scores all rows.

    Raises:
        MissingExtraError: when the package `trackers` is missing.
        ValueError: when the preparation is unknown, the numbers of frames differ, a row lies beyond them, a
            box is no box, or an id stands twice in a frame.
    """
    evaluation = _trackers()
    if predicted.num_frames != truth.num_frames:
        raise ValueError(f"tracks of {predicted.num_frames} frames, but a truth of {truth.num_frames}")
    _check(predicted, "predicted")
    _check(truth, "true")
    kept, wanted = scored_rows(predicted, truth, preparation)
    every = np.arange(truth.num_frames)
    pairs = list(zip(_rows(truth, every, wanted), _rows(predicted, every, kept), strict=True))
    data = (
        [truth.ids[g] for g, _ in pairs],
        [predicted.ids[p] for _, p in pairs],
        [evaluation.box_iou(truth.boxes[g], predicted.boxes[p], box_format="xywh") for g, p in pairs],
    )
    return TrackingScores(
        hota=evaluation.compute_hota_metrics(*data),
        clear=evaluation.compute_clear_metrics(*data, threshold=IOU_THRESHOLD),
        identity=evaluation.compute_identity_metrics(*data, threshold=IOU_THRESHOLD),
    )


def combine_tracks(sequences: Sequence[TrackingScores]) -> TrackingScores:
    """Scores of several sequences together: counts are added, and all is computed again from them.

    Raises:
        MissingExtraError: when the package `trackers` is missing.
        ValueError: when there is no sequence.
    """
    if not sequences:
        raise ValueError("no scores of no sequences")
    evaluation = _trackers()
    return TrackingScores(
        hota=evaluation.aggregate_hota_metrics([s.hota for s in sequences]),
        clear=evaluation.aggregate_clear_metrics([s.clear for s in sequences]),
        identity=evaluation.aggregate_identity_metrics([s.identity for s in sequences]),
    )


def scored_rows(
    predicted: Tracks, truth: Tracks, preparation: str
) -> tuple[Bool[np.ndarray, " P"], Bool[np.ndarray, " G"]]:
    """Which rows of predictions and of the truth MOTChallenge scores.

    Predictions are matched with all rows of the truth; those on a distractor go. Of the truth, pedestrians
    that count stay, and rows of no class are pedestrians; in MOT15 rows of any class.

    Raises:
        MissingExtraError: when the package `trackers` is missing.
        ValueError: when the preparation is unknown.
    """
    if preparation not in DISTRACTORS:
        raise ValueError(f"no preparation '{preparation}'; there are {', '.join(DISTRACTORS)}")
    kept = np.ones(len(predicted.ids), dtype=bool)
    if preparation == "none":
        return kept, np.ones(len(truth.ids), dtype=bool)
    if preparation == "mot15":
        return kept, truth.counts
    frames = np.unique(predicted.frames)
    for p, g in zip(_rows(predicted, frames), _rows(truth, frames), strict=True):
        of_predicted, of_truth = _match(predicted.boxes[p], truth.boxes[g])
        kept[p[of_predicted]] = ~np.isin(truth.categories[g[of_truth]], DISTRACTORS[preparation])
    return kept, truth.is_pedestrian


def _check(tracks: Tracks, whose: str) -> None:
    outside = (tracks.frames < 0) | (tracks.frames >= tracks.num_frames)
    if outside.any():
        raise ValueError(
            f"a {whose} row is of frame {tracks.frames[outside][0]}; the sequence reaches from 0 to "
            f"{tracks.num_frames - 1}"
        )
    bad = ~np.isfinite(tracks.boxes).all(axis=1) | (tracks.boxes[:, 2:] < 0).any(axis=1)
    if bad.any():
        row = np.flatnonzero(bad)[0]
        raise ValueError(
            f"frame {tracks.frames[row]}, id {tracks.ids[row]}: {tracks.boxes[row].tolist()} is no box"
        )
    pairs, times = np.unique(np.stack([tracks.frames, tracks.ids], axis=1), axis=0, return_counts=True)
    if (times > 1).any():
        frame, name = pairs[times > 1][0]
        raise ValueError(f"frame {frame}: id {name} stands there twice")


def _rows(
    tracks: Tracks, frames: Int64[np.ndarray, " F"], wanted: Bool[np.ndarray, " R"] | None = None
) -> list[Int64[np.ndarray, "_"]]:
    """The rows of each frame, or of those the ones that are wanted."""
    order = np.argsort(tracks.frames, kind="stable")
    order = order if wanted is None else order[wanted[order]]
    first, last = (np.searchsorted(tracks.frames[order], frames, side=side) for side in ("left", "right"))
    return [order[a:b] for a, b in zip(first, last, strict=True)]


def _match(
    predicted: Float64[np.ndarray, "N 4"], truth: Float64[np.ndarray, "M 4"]
) -> tuple[Int64[np.ndarray, " K"], Int64[np.ndarray, " K"]]:
    """Rows of predictions and of the truth that belong together, of the highest sum of overlaps."""
    evaluation = _trackers()
    # `trackers` brings it along
    from scipy.optimize import linear_sum_assignment

    overlaps = evaluation.box_iou(truth, predicted, box_format="xywh")
    overlaps[overlaps < IOU_THRESHOLD - np.finfo(float).eps] = 0.0
    of_truth, of_predicted = linear_sum_assignment(-overlaps)
    is_match = overlaps[of_truth, of_predicted] > np.finfo(float).eps
    return of_predicted[is_match], of_truth[is_match]


def _trackers() -> ModuleType:
    try:
        import trackers.eval
    except ModuleNotFoundError:
        raise MissingExtraError.of("trackers", "mot") from None
    return trackers.eval
