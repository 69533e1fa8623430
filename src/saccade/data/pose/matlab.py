"""MATLAB files, as MPII and LSP come: read to arrays and records, with a reason where that cannot be."""

import numpy as np


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
