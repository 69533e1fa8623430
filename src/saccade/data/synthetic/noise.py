"""Smooth random fields, from which clouds, hills and foliage are made."""

import numpy as np
from jaxtyping import Float

Field = Float[np.ndarray, "H W"]


def value_noise(rng: np.random.Generator, height: int, width: int, cell: tuple[float, float]) -> Field:
    """Random values on a grid, smoothly interpolated between its nodes; in [0, 1].

    Args:
        cell: height and width of a grid cell in pixels.
    """
    rows, row_part = _nodes(height, cell[0])
    columns, column_part = _nodes(width, cell[1])
    grid = rng.random((rows[-1] + 2, columns[-1] + 2), dtype=np.float32)
    lines = grid[rows] * (1 - row_part)[:, None] + grid[rows + 1] * row_part[:, None]
    return lines[:, columns] * (1 - column_part) + lines[:, columns + 1] * column_part


def fractal_noise(
    rng: np.random.Generator, height: int, width: int, cell: float, *, octaves: int = 4, stretch: float = 1.0
) -> Field:
    """Value noise summed over octaves, each twice as fine and half as strong; in [0, 1].

    Args:
        cell: height of the coarsest grid cell in pixels.
        stretch: how many times wider than high a cell is.
    """
    total = np.zeros((height, width), dtype=np.float32)
    for octave in range(octaves):
        size = max(cell / 2**octave, 1.0)
        total += value_noise(rng, height, width, (size, size * stretch)) / 2**octave
    return total / (2 - 2 ** (1 - octaves))


def skyline(
    rng: np.random.Generator, width: int, cell: float, *, octaves: int = 5
) -> Float[np.ndarray, " W"]:
    """The profile of a ridge along x; in [0, 1]."""
    return fractal_noise(rng, 1, width, cell, octaves=octaves)[0]


def _nodes(length: int, cell: float) -> tuple[np.ndarray, np.ndarray]:
    at = np.arange(length, dtype=np.float32) / np.float32(max(cell, 1.0))
    node = at.astype(np.int64)
    part = at - node
    return node, part * part * (3 - 2 * part)
