"""Counting lines and zones on a frame, and what they have counted."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import UInt8

Picture = UInt8[np.ndarray, "H W 3"]

_INK, _PAPER = (255, 255, 255), (16, 20, 24)
_GATE = (255, 64, 160)
"""a colour that no target has"""
_TINT = 0.18
"""share of it in the pixels of a zone"""
_PANEL = 0.65
"""share of the paper in the pixels of the panel"""
_FONT = cv2.FONT_HERSHEY_SIMPLEX


class Gate(NamedTuple):
    """A line or a zone, as it is drawn.

    Attributes:
        title: what stands at it.
        points: (x, y) in frame pixels: two of a line, more of a zone.
        rows: of text in the panel.
    """

    title: str
    points: Sequence[tuple[float, float]]
    rows: Sequence[str]


def draw_gates(scene: Picture, gates: Sequence[Gate]) -> Picture:
    """Draws lines, each with an arrow to the side that counts as in, and zones.

    Args:
        scene: drawn on, in place.
    """
    side = _side(scene)
    line = max(round(side / 300), 1)
    for gate in gates:
        points = np.rint(np.array(gate.points)).astype(np.int32)
        if len(points) == 2:
            _line(scene, points, line, side / 25)
        else:
            _zone(scene, points, line)
    return scene


def draw_counts(scene: Picture, gates: Sequence[Gate]) -> Picture:
    """Draws the titles of lines and zones, each at its first point, and a panel with what they say.

    Args:
        scene: drawn on, in place.
    """
    scale = max(_side(scene) / 1300, 0.36)
    for gate in gates:
        _label(scene, gate.title, np.array(gate.points[0]), scale)
    _panel(scene, [row for gate in gates for row in gate.rows], scale)
    return scene


def _side(scene: Picture) -> float:
    """Of a square as large as the frame, in pixels."""
    return float(np.sqrt(scene.shape[0] * scene.shape[1]))


def _line(scene: Picture, points: np.ndarray, line: int, arrow: float) -> None:
    start, end = points.astype(float)
    middle, along = (start + end) / 2, (end - start) / np.linalg.norm(end - start)
    tip = middle + arrow * 1.6 * np.array([along[1], -along[0]])
    for color, width in ((_PAPER, 3 * line), (_GATE, line)):
        cv2.line(scene, _pixel(start), _pixel(end), color, width, cv2.LINE_AA)
        cv2.arrowedLine(scene, _pixel(middle), _pixel(tip), color, width, cv2.LINE_AA, tipLength=0.35)


def _zone(scene: Picture, points: np.ndarray, line: int) -> None:
    tinted = cv2.fillPoly(scene.copy(), [points], _GATE)
    scene[:] = cv2.addWeighted(scene, 1 - _TINT, tinted, _TINT, 0.0)
    for color, width in ((_PAPER, 3 * line), (_GATE, line)):
        cv2.polylines(scene, [points], True, color, width, cv2.LINE_AA)


def _label(scene: Picture, text: str, point: np.ndarray, scale: float) -> None:
    (width, height), _ = cv2.getTextSize(text, _FONT, scale, 1)
    pad = round(height * 0.5)
    # kept within the frame, wherever the line begins
    most = np.array([scene.shape[1] - width - pad, scene.shape[0] - pad])
    place = np.clip(point + np.array([pad, height + pad]), pad, np.maximum(most, pad))
    x, y = _pixel(place)
    cv2.rectangle(scene, (x - pad, y - height - pad), (x + width + pad, y + pad), _GATE, cv2.FILLED)
    cv2.putText(scene, text, (x, y), _FONT, scale, _INK, 1, cv2.LINE_AA)


def _panel(scene: Picture, rows: Sequence[str], scale: float) -> None:
    """Rows of text on a dark ground in the upper left corner."""
    if not rows:
        return
    sizes = [cv2.getTextSize(row, _FONT, scale, 1)[0] for row in rows]
    height = max(tall for _, tall in sizes)
    pad, step = round(height * 0.9), round(height * 2)
    right, bottom = max(wide for wide, _ in sizes) + 2 * pad, step * (len(rows) - 1) + height + 2 * pad
    ground = scene[:bottom, :right]
    ground[:] = cv2.addWeighted(ground, 1 - _PANEL, np.full_like(ground, _PAPER), _PANEL, 0.0)
    for number, row in enumerate(rows):
        cv2.putText(scene, row, (pad, pad + height + step * number), _FONT, scale, _INK, 1, cv2.LINE_AA)


def _pixel(point: np.ndarray) -> tuple[int, int]:
    x, y = np.rint(point)
    return int(x), int(y)
