"""Rows of all pictures in one table."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32, Float64, Int64


def picture_places(sizes: Sequence[int]) -> Int64[np.ndarray, " R"]:
    """For each row the place of its picture, from how many rows each picture has."""
    return np.repeat(np.arange(len(sizes)), sizes).astype(np.int64)


def joined(parts: Sequence[np.ndarray], kind: type, shape: tuple[int, ...] = ()) -> np.ndarray:
    """All rows, one below the other."""
    # a data set may have no picture at all
    return np.concatenate([np.zeros((0, *shape), kind), *parts]).astype(kind)


def decimals(values: Float32[np.ndarray, "*N"]) -> Float64[np.ndarray, "*N"]:
    """The decimal numbers that were rounded to float32.

    Annotations have few decimals, and overlaps or distances of exactly a threshold are not rare: rounding
    must not decide on them.
    """
    return values.astype(np.str_).astype(np.float64)
