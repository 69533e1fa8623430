"""What VOT's two kinds of expected average overlap share: pieces of runs, averaged up to every length."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64


@dataclass(frozen=True, slots=True, eq=False)
class Fragment:
    """What a tracker did from one start on.

    Attributes:
        overlaps: IoU of each frame, that of the start first, in [0, 1].
        weight: how much it counts.
        has_failed: whether it ended in a failure, so that longer sequences would have gone on with overlap 0.
    """

    overlaps: Float64[np.ndarray, " F"]
    weight: float
    has_failed: bool


def fragment_means(
    fragments: Sequence[Fragment], length: int, *, short_by: int = 0
) -> tuple[Float64[np.ndarray, "P L"], Bool[np.ndarray, "P L"]]:
    """Mean overlap of each fragment up to every length, and where there is one.

    Column j is the mean over the frames 1 to j; column 0 is the overlap of the start itself. Beyond its end,
    a fragment that failed goes on with overlap 0.

    Args:
        short_by: beyond the end of a fragment, the mean is taken over so many frames less.
    """
    means = np.zeros((len(fragments), length))
    counts = np.zeros((len(fragments), length), dtype=bool)
    frames = np.arange(1, length)
    for row, fragment in enumerate(fragments):
        own = min(len(fragment.overlaps), length)
        means[row, :1] = fragment.overlaps[:1]
        means[row, 1:own] = np.cumsum(fragment.overlaps[1:own]) / frames[: own - 1]
        counts[row, :own] = True
        if fragment.has_failed:
            means[row, own:] = fragment.overlaps[1:].sum() / (np.arange(own, length) - short_by)
            counts[row, own:] = True
    return means, counts
