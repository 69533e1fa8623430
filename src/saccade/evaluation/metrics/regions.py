"""Overlap counted in pixels, as VOT counts it: rectangles, polygons and masks inside of a frame."""

import numpy as np
from jaxtyping import Bool, Float64

Boxes = Float64[np.ndarray, "F 4"]
Mask = Bool[np.ndarray, "H W"]


def pixel_overlap(predicted: Boxes, truth: Boxes, frame_wh: tuple[int, int]) -> Float64[np.ndarray, " F"]:
    """Intersection over union of each pair of boxes (x, y, w, h) in whole pixels of the frame, in [0, 1].

    Corner and size of a box are rounded, halves to the even side, and what lies beyond the frame is left out.
    Two boxes without pixels have overlap 0.
    """
    shared = _intersect(_pixels(predicted, frame_wh), _pixels(truth, frame_wh))
    inner = _area(shared)
    union = _area(_pixels(predicted, frame_wh)) + _area(_pixels(truth, frame_wh)) - inner
    return np.divide(inner, union, out=np.zeros(len(inner)), where=union > 0)


def mask_overlap(predicted: Mask, truth: Mask) -> float:
    """Intersection over union of two masks, in [0, 1]; 0 when both are empty.

    Raises:
        ValueError: when their sizes differ.
    """
    if predicted.shape != truth.shape:
        raise ValueError(f"expected masks of one size; got {predicted.shape} and {truth.shape}")
    union = np.count_nonzero(predicted | truth)
    return np.count_nonzero(predicted & truth) / union if union else 0.0


def polygon_mask(corners: Float64[np.ndarray, "K 2"], frame_wh: tuple[int, int]) -> Mask:
    """The pixels of a polygon with corners (x, y) in frame pixels.

    Corners are rounded to whole pixels. A row is filled between the columns in which the outline crosses it,
    rounded towards 0 and both included; what lies beyond the frame is left out.

    Raises:
        ValueError: when there are fewer than three corners, or one is not finite.
    """
    if len(corners) < 3 or not np.isfinite(corners).all():
        raise ValueError(f"expected at least three finite corners; got {corners.tolist()}")
    width, height = frame_wh
    mask = np.zeros((height, width), dtype=bool)
    here = np.round(corners)
    there = np.roll(here, 1, axis=0)
    top = here[:, 1].min()
    for y in range(max(int(top), 0), min(int(here[:, 1].max()), height - 1) + 1):
        (x1, y1), (x2, y2) = here.T, there.T
        # an edge belongs to the rows below its upper end; only the topmost row takes upper ends themselves
        low, high = np.minimum(y1, y2), np.maximum(y1, y2)
        crosses = (low <= y) & (y < high) if y == top else (low < y) & (y <= high)
        along = (y - y1[crosses]) / (y2 - y1)[crosses]
        columns = np.sort(np.trunc(x1[crosses] + along * (x2 - x1)[crosses])).astype(int)
        for first, last in zip(columns[::2], columns[1::2], strict=True):
            mask[y, max(first, 0) : max(last + 1, 0)] = True
    return mask


def _pixels(boxes: Boxes, frame_wh: tuple[int, int]) -> Float64[np.ndarray, "F 4"]:
    """First pixel and the one after the last, (x1, y1, x2, y2), inside of the frame."""
    whole = np.round(boxes)
    corners = np.concatenate([whole[:, :2], whole[:, :2] + whole[:, 2:]], axis=1)
    return np.clip(corners, 0.0, [*frame_wh, *frame_wh])


def _intersect(a: Float64[np.ndarray, "F 4"], b: Float64[np.ndarray, "F 4"]) -> Float64[np.ndarray, "F 4"]:
    return np.concatenate([np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, 2:], b[:, 2:])], axis=1)


def _area(corners: Float64[np.ndarray, "F 4"]) -> Float64[np.ndarray, " F"]:
    width_height = np.maximum(corners[:, 2:] - corners[:, :2], 0.0)
    return width_height[:, 0] * width_height[:, 1]
