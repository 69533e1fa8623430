"""Masks: their boxes, COCO run lengths, and palette pictures in the DAVIS convention."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Bool, UInt8


def mask_box(mask: Bool[np.ndarray, "H W"]) -> tuple[float, float, float, float]:
    """The tightest box around a mask.

    Returns:
        corners (x1, y1, x2, y2) in frame pixels; x2 and y2 are one past the last pixel, so that x2 - x1 is the width.
        All zeros for an empty mask.
    """
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    if not len(columns):
        return 0.0, 0.0, 0.0, 0.0
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)
