"""Pictures of batches for detectors: what a network is shown, and the boxes that it should find."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from jaxtyping import UInt8

from saccade.training.detection import DetectionBatch

SAMPLES, COLUMNS, SIDE = 16, 4, 320
"""pictures that are drawn at most, how many in a row, and pixels of the longer side of each"""
_CROWD = (160, 160, 160)
_HUES = 29
"""degrees of half the circle between the colours of neighbouring classes"""
_BACKGROUND = 30


def draw_detections(batch: DetectionBatch, classes: Sequence[str]) -> UInt8[np.ndarray, "H W 3"]:
    """The first pictures of a batch with their boxes; crowds are grey."""
    return sheet_of(len(batch.images), lambda index: _draw(batch, index, classes))


def sheet_of(count: int, draw: Callable[[int], UInt8[np.ndarray, "h w 3"]]) -> UInt8[np.ndarray, "H W 3"]:
    """The first pictures of a batch, side by side.

    Args:
        count: pictures in the batch.
        draw: the picture of that place; it is fitted into its cell of the sheet.
    """
    count = min(count, SAMPLES)
    columns = min(COLUMNS, count)
    rows = -(-count // columns)
    sheet = np.full((rows * SIDE, columns * SIDE, 3), _BACKGROUND, np.uint8)
    for place in range(count):
        top, left = place // columns * SIDE, place % columns * SIDE
        cell = _fitted(draw(place))
        sheet[top : top + cell.shape[0], left : left + cell.shape[1]] = cell
    return sheet


def _fitted(pixels: UInt8[np.ndarray, "H W 3"]) -> UInt8[np.ndarray, "h w 3"]:
    scale = SIDE / max(pixels.shape[:2])
    size_wh = (max(round(pixels.shape[1] * scale), 1), max(round(pixels.shape[0] * scale), 1))
    return cv2.resize(pixels, size_wh, interpolation=cv2.INTER_AREA)


def _draw(batch: DetectionBatch, index: int, classes: Sequence[str]) -> UInt8[np.ndarray, "h w 3"]:
    pixels = batch.images[index].detach().cpu().permute(1, 2, 0).numpy()
    scale = SIDE / max(pixels.shape[:2])
    cell = _fitted(pixels)
    target = batch.targets[index]
    boxes = target["boxes"].detach().cpu().numpy() * scale
    crowds = target["is_crowd"].tolist() if "is_crowd" in target else [False] * len(boxes)
    for box, label, is_crowd in zip(boxes, target["labels"].tolist(), crowds, strict=True):
        if not np.isfinite(box).all():
            continue
        x1, y1, x2, y2 = (round(float(edge)) for edge in box)
        color = _CROWD if is_crowd else _color(label)
        cv2.rectangle(cell, (x1, y1), (x2 - 1, y2 - 1), color, 1)
        name = classes[label] if 0 <= label < len(classes) else str(label)
        cv2.putText(cell, name, (x1 + 2, y1 + 10), cv2.FONT_HERSHEY_SIMPLEX, 0.33, color, 1, cv2.LINE_AA)
    return cell


def _color(label: int) -> tuple[int, int, int]:
    pixel = np.array([[[label * _HUES % 180, 220, 255]]], np.uint8)
    red, green, blue = cv2.cvtColor(pixel, cv2.COLOR_HSV2RGB)[0, 0].tolist()
    return red, green, blue
