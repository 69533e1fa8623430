"""MATLAB files, as MPII and LSP come: read to arrays and records, with a reason where that cannot be."""

import zlib
from pathlib import Path
from typing import Any

import numpy as np

from saccade.core import DatasetError


def read_matlab(file: Path, name: str) -> Any:
    """A variable of a MATLAB file, as SciPy gives it.

    Raises:
        DatasetError: when it cannot be read, or has no such variable.
    """
    # takes a while to import, and is seldom needed
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        content: dict[str, Any] = loadmat(file, variable_names=[name])
    except (OSError, MatReadError, NotImplementedError, TypeError, ValueError, zlib.error) as error:
        raise DatasetError(f"{file}: cannot be read as a MATLAB file ({error}); take it anew") from None
    if name not in content:
        raise DatasetError(f"{file}: no variable '{name}' in it; take the original file anew")
    return content[name]


def field(record: np.void, name: str) -> np.ndarray | None:
    """A field of a record; None where it has none of that name, or it is empty."""
    if name not in (record.dtype.names or ()):
        return None
    value = np.asarray(record[name])
    return value if value.size else None


def records(value: np.ndarray | None) -> list[np.void]:
    """The records of an array of them; none where it is no such array."""
    return [] if value is None or value.dtype.names is None else list(value.reshape(-1))


def scalar(record: np.void, name: str) -> float | None:
    """A field of a record as a number; None where it is empty or no number."""
    value = field(record, name)
    try:
        return None if value is None else float(value.reshape(-1)[0])
    except (TypeError, ValueError):
        return None
