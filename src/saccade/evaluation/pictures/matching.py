"""Which of what was found is which truth."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float64, Int64

NOBODY = -1
"""the truth of what is none"""


def groups(
    here: Int64[np.ndarray, " D"], there: Int64[np.ndarray, " T"]
) -> Iterator[tuple[Int64[np.ndarray, " d"], Int64[np.ndarray, " t"]]]:
    """Rows of two tables that have the same key, such as their picture, wherever there are both."""
    order, others = np.argsort(here, kind="stable"), np.argsort(there, kind="stable")
    for key in np.intersect1d(here, there):
        found = slice(*np.searchsorted(here, (key, key + 1), sorter=order))
        known = slice(*np.searchsorted(there, (key, key + 1), sorter=others))
        yield order[found], others[known]


def assign_next(
    overlaps: Float64[np.ndarray, "d t"], counted: Bool[np.ndarray, " t"], least: float
) -> Iterator[tuple[int, int]]:
    """The truth of each detection, the surest first, by COCO's rules: the best that is not taken, the last of
    equals.

    Args:
        counted: truths that can be taken.
        least: from which overlap a detection is a truth.
    """
    free = np.where(counted, overlaps, -1.0)
    for row in np.flatnonzero((free >= least).any(axis=1)):
        column = free.shape[1] - 1 - int(free[row, ::-1].argmax())
        if free[row, column] >= least:
            free[:, column] = -1.0
            yield int(row), column


def best_pairs(overlaps: Float64[np.ndarray, "d t"], least: float) -> dict[int, int]:
    """Rows and columns that belong together, the greatest overlap first, each once; of equals the first."""
    pairs: dict[int, int] = {}
    overlaps = overlaps.copy()
    while overlaps.size and overlaps.max() >= least:
        row, column = np.unravel_index(overlaps.argmax(), overlaps.shape)
        pairs[int(row)] = int(column)
        overlaps[row], overlaps[:, column] = -1.0, -1.0
    return pairs
