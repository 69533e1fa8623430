"""Object key point similarity (OKS): how alike two poses are, and what follows from it.

OKS is the mean over key points of exp(-d^2 / (2 k^2 s^2)), with d the distance in pixels, s^2 the area of the
person in square pixels, and k = 2 sigma (COCO).
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

FALLBACK_SIGMA = 0.07
"""for the points of skeletons whose sigmas nobody knows: about the mean of COCO's"""


def oks(
    points: Float[np.ndarray, "N K 2"],
    others: Float[np.ndarray, "M K 2"],
    areas: Float[np.ndarray, "N M"],
    sigmas: Sequence[float],
    *,
    is_known: Bool[np.ndarray, "M K"] | None = None,
) -> Float[np.ndarray, "N M"]:
    """The similarity of each pose to each of the others, in [0, 1].

    Args:
        points, others: (x, y) in pixels.
        areas: square pixels by which distance is forgiven: the truth's area in COCO, the mean of two people's
            in NMS.
        sigmas: one a key point; none for `FALLBACK_SIGMA`.
        is_known: which key points of the others count; all when not given. Where none does, the similarity
            is 0.
    """
    variances = (2 * sigmas_or_fallback(sigmas, points.shape[1])) ** 2
    squares = ((points[:, None] - others[None]) ** 2).sum(3)
    # a person of no area is like nobody but who is in the very same place
    exponents = squares / (2 * variances * np.maximum(areas, 1e-9)[..., None])
    likeness = np.exp(-exponents)
    counts = np.ones(others.shape[:2], bool) if is_known is None else is_known
    similarity: Float[np.ndarray, "N M"] = (likeness * counts[None]).sum(2) / np.maximum(counts.sum(1), 1)
    return similarity


def oks_nms(
    points: Float[np.ndarray, "N K 2"],
    areas: Float[np.ndarray, " N"],
    sigmas: Sequence[float],
    *,
    threshold: float,
) -> Int[np.ndarray, " M"]:
    """The people who are not almost the same as a better one, whose OKS with them is above `threshold`.

    Args:
        points: (x, y) in pixels, the best person first.
        areas: of the people in square pixels; two are compared by the mean of theirs.
        sigmas: one a key point; none for `FALLBACK_SIGMA`.

    Returns:
        their rows, in order.
    """
    if not len(points):
        return np.zeros(0, int)
    is_same = oks(points, points, (areas[:, None] + areas[None]) / 2, sigmas) > threshold
    is_left = np.ones(len(points), bool)
    for row in range(len(points)):
        if is_left[row]:
            is_left[row + 1 :] &= ~is_same[row, row + 1 :]
    return np.flatnonzero(is_left)


def rescore(
    box_scores: Float[np.ndarray, " N"], keypoint_scores: Float[np.ndarray, "N K"], *, threshold: float
) -> Float[np.ndarray, " N"]:
    """Scores of people: the box's times the mean of the key points' above `threshold`; 0 where none is."""
    counts = keypoint_scores > threshold
    means = (keypoint_scores * counts).sum(1) / np.maximum(counts.sum(1), 1)
    scores: Float[np.ndarray, " N"] = (box_scores * means).astype(keypoint_scores.dtype)
    return scores


def sigmas_or_fallback(sigmas: Sequence[float], num_points: int) -> Float[np.ndarray, " K"]:
    """One sigma a key point."""
    return np.array(sigmas, float) if len(sigmas) else np.full(num_points, FALLBACK_SIGMA)
