"""Overlap with whatever the truth is, a box, a polygon or a mask, and the runs that VOT's metrics want."""

import numpy as np
from jaxtyping import Bool, Float64

from saccade.data import GroundTruth
from saccade.evaluation.metrics.regions import mask_overlap, pixel_overlap, polygon_mask
from saccade.evaluation.metrics.vot_anchors import AnchorRun
from saccade.evaluation.metrics.vot_resets import ResetRun
from saccade.evaluation.protocols.job import Job
from saccade.evaluation.tracks import Code, Track


def region_overlap(
    box: Float64[np.ndarray, "4"], truth: GroundTruth, frame: int, frame_wh: tuple[int, int]
) -> float:
    """Overlap of a box (x, y, w, h) with the true region of a frame, in [0, 1]; NaN where that is not known.

    Counted in pixels, whether the region is a box, a polygon or a mask.
    """
    if not truth.is_present[frame]:
        return np.nan
    mask = None if truth.masks is None else truth.masks[frame]
    polygon = truth.polygon(frame)
    if mask is None and polygon is not None:
        mask = polygon_mask(polygon, frame_wh)
    if mask is None:
        return float(pixel_overlap(box[None], truth.boxes[frame : frame + 1], frame_wh)[0])
    return mask_overlap(_box_mask(box, frame_wh), mask)


def reset_run(track: Track, job: Job) -> ResetRun:
    """What the metrics of the reset-based protocol want of a result.

    Raises:
        ValueError: when the result has no codes, or they do not take turns.
    """
    if track.codes is None:
        raise ValueError("a result without starts and failures is not one of the protocol 'resets'")
    starts, failures = (np.flatnonzero(track.codes == code) for code in (Code.START, Code.FAILURE))
    overlaps = np.where(track.codes == Code.FOLLOWED, _overlaps(track, job), np.nan)
    return ResetRun(overlaps, starts, failures)


def anchor_run(track: Track, job: Job) -> AnchorRun:
    """What the metrics of the anchor-based protocol want of a result.

    Frames of unknown truth count as those in which the target is absent.
    """
    overlaps = _overlaps(track, job)
    return AnchorRun(np.nan_to_num(overlaps, nan=0.0), np.isnan(overlaps))


def _overlaps(track: Track, job: Job) -> Float64[np.ndarray, " F"]:
    """Overlap in each frame of a job; NaN where there is no box, or the truth is not known."""
    truth, size = job.sequence.truth, job.sequence.size_wh
    rows = [
        np.nan if np.isnan(box).any() else region_overlap(box, truth, frame, size)
        for frame, box in zip(job.frames, track.boxes, strict=True)
    ]
    return np.array(rows, dtype=np.float64)


def _box_mask(box: Float64[np.ndarray, "4"], frame_wh: tuple[int, int]) -> Bool[np.ndarray, "H W"]:
    """The pixels of a box, rounded as `pixel_overlap` rounds it."""
    x, y, w, h = np.round(box).astype(int)
    mask = np.zeros(frame_wh[::-1], dtype=bool)
    mask[max(y, 0) : max(y + h, 0), max(x, 0) : max(x + w, 0)] = True
    return mask
