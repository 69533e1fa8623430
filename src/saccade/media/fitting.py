"""Pictures of any size at the size of others."""

import cv2
import numpy as np
from jaxtyping import UInt8


def fit(rgb: UInt8[np.ndarray, "H W 3"], size_wh: tuple[int, int]) -> UInt8[np.ndarray, "h w 3"]:
    """A picture at another size (width, height): centred on black where the shapes differ.

    One that lacks a last row or column is not scaled: it is repeated.
    """
    (height, width), (full_width, full_height) = rgb.shape[:2], size_wh
    right, below = full_width - width, full_height - height
    if right in (0, 1) and below in (0, 1):
        return np.pad(rgb, ((0, below), (0, right), (0, 0)), mode="edge")
    scale = min(full_width / width, full_height / height)
    inner_wh = max(round(width * scale), 1), max(round(height * scale), 1)
    left, top = (full_width - inner_wh[0]) // 2, (full_height - inner_wh[1]) // 2
    canvas = np.zeros((full_height, full_width, 3), np.uint8)
    canvas[top : top + inner_wh[1], left : left + inner_wh[0]] = cv2.resize(
        rgb, inner_wh, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    )
    return canvas
