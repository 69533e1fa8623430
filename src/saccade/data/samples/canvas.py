"""Small frames with a target of a fixed size, and how pictures come onto them."""

import cv2
import numpy as np
from jaxtyping import Float32, Float64, UInt8

CANVAS = 176
"""width and height of a frame"""
TARGET = 36.0
"""square root of the target's area in it"""

Box = Float32[np.ndarray, "4"]
Image = UInt8[np.ndarray, "H W 3"]
Matrix = Float64[np.ndarray, "2 3"]
Frames = list[tuple[Image, Box]]
"""canvases with the box (x, y, w, h) of the target in each"""


def affine(
    start: Float64[np.ndarray, "2"] | Float32[np.ndarray, "2"],
    end: Float64[np.ndarray, "2"],
    scale: float,
    *,
    angle: float = 0.0,
    aspect: float = 1.0,
    shear: float = 0.0,
    flips: bool = False,
) -> Matrix:
    """The map that brings one point to another, and turns, shears, mirrors and resizes what is around it."""
    cosine, sine = np.cos(angle), np.sin(angle)
    turned = np.array([[cosine, -sine], [sine, cosine]]) @ np.array([[1, shear], [0, 1]])
    linear = turned @ np.diag([scale * aspect * (-1 if flips else 1), scale / aspect])
    return np.column_stack([linear, end - linear @ start])


def warp(image: np.ndarray, matrix: Matrix, border: int = cv2.BORDER_REFLECT_101) -> np.ndarray:
    """A canvas that a picture is mapped onto; where it shrinks much, it is averaged first."""
    scale = np.sqrt(abs(np.linalg.det(matrix[:, :2])))
    while scale < 0.6 and min(image.shape[:2]) > 8:
        image = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        offset = matrix[:, 2] + matrix[:, :2] @ np.array([0.5, 0.5])
        matrix, scale = np.column_stack([matrix[:, :2] * 2, offset]), scale * 2
    return cv2.warpAffine(image, matrix, (CANVAS, CANVAS), flags=cv2.INTER_LINEAR, borderMode=border)
