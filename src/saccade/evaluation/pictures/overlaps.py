"""How much boxes overlap: every one of a picture with every other."""

import numpy as np
from jaxtyping import Float64

Boxes = Float64[np.ndarray, "_ 4"]
Grid = Float64[np.ndarray, "D T"]


def pairwise_iou(a: Boxes, b: Boxes) -> Grid:
    """Intersection over union of each box (x1, y1, x2, y2) of `a` with each of `b`, in [0, 1].

    Boxes are edges, so that VOC's "+ 1" on whole pixels is in them already: its pixels 1 to 10 are the edges
    0 and 10.
    """
    shared = _intersection(a, b)
    union = _areas(a)[:, None] + _areas(b) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def pairwise_cover(a: Boxes, b: Boxes) -> Grid:
    """The share of each box of `a` that lies in each of `b`, in [0, 1]: the overlap with a crowd."""
    shared = _intersection(a, b)
    own = np.broadcast_to(_areas(a)[:, None], shared.shape)
    return np.divide(shared, own, out=np.zeros_like(shared), where=own > 0)


def _intersection(a: Boxes, b: Boxes) -> Grid:
    sides = np.minimum(a[:, None, 2:], b[:, 2:]) - np.maximum(a[:, None, :2], b[:, :2])
    return np.maximum(sides, 0.0).prod(axis=2)


def _areas(boxes: Boxes) -> Float64[np.ndarray, " _"]:
    return np.maximum(boxes[:, 2:] - boxes[:, :2], 0.0).prod(axis=1)
