"""Boxes, labels, masks, traces and key points on a frame, through supervision's annotators."""

import zlib
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import supervision as sv
from jaxtyping import Integer, UInt8

from saccade.core import Frame, Instances, Status
from saccade.core.instances import NOBODY, id_array
from saccade.draw.poses import UNSURE, draw_poses

Picture = UInt8[np.ndarray, "H W 3"]

COLORS = (
    "#FFC61A", "#1FB6FF", "#FF5A4D", "#5BD75B", "#C77DFF", "#FF8FC7",
    "#00D1B2", "#FF9F1C", "#7C9BFF", "#C6E65A", "#E0B0A0", "#66E0E0",
)  # fmt: skip
"""one after the other for ids 0, 1, 2 …"""

_DARK, _LIGHT = "#101418", "#FFFFFF"
_LOST_OPACITY = 0.55
_POSE_LETTERS, _POSE_BOXES = 0.6, 0.4
"""of the usual sizes, where there are poses: these are what is to be seen, and may be many"""


def annotate(frame: Frame | Picture, found: Instances) -> Picture:
    """A copy of the frame (RGB) with everything that was found drawn on it.

    A box carries its name, id and score, in a colour that belongs to its id. The box of a target that a
    tracker is uncertain of is dashed, that of a lost one dashed and faint. Lines and letters grow with the
    frame. Of poses, the left side (the person's own) is orange, the right one blue, and what lies in the
    middle white; boxes are thin, and carry the id where there is one, else the score.
    """
    return Overlay().draw(frame, found)


class Overlay:
    """Draws the frames of one video; beyond `annotate`, it can trail where the targets have been.

    Args:
        trace: how many frames a trail goes back; 0 for none.
        joint_threshold: score under which a joint of a pose is not drawn.
    """

    def __init__(self, *, trace: int = 0, joint_threshold: float = UNSURE) -> None:
        self._trace, self._joint_threshold = trace, joint_threshold
        self._made_for: tuple[tuple[int, int], bool] | None = None
        self._pens = _Pens.of((1, 1), trace, has_poses=False, joint_threshold=joint_threshold)

    def draw(self, frame: Frame | Picture, found: Instances) -> Picture:
        """A copy of the frame (RGB) with what was found drawn on it."""
        frame = Frame.of(frame)
        scene = frame.image.copy()
        if not len(found):
            return scene
        has_poses = found.keypoints is not None
        if self._made_for != (frame.size_wh, has_poses):
            self._made_for = (frame.size_wh, has_poses)
            self._pens = _Pens.of(frame.size_wh, self._trace, has_poses, self._joint_threshold)
        lost = _has_status(found, Status.LOST)
        if lost.any():
            faint = self._pens.draw(scene.copy(), found[lost])
            scene = cv2.addWeighted(scene, 1 - _LOST_OPACITY, faint, _LOST_OPACITY, 0.0)
        return self._pens.draw(scene, found[~lost])


@dataclass(frozen=True, slots=True)
class _Pens:
    """supervision's annotators, sized for one size of frame."""

    mask: sv.MaskAnnotator
    box: sv.BoxAnnotator
    label: sv.LabelAnnotator
    trace: sv.TraceAnnotator | None
    line: int
    limb: int
    joint_threshold: float

    @classmethod
    def of(cls, size_wh: tuple[int, int], trace: int, has_poses: bool, joint_threshold: float) -> "_Pens":
        side = float(np.sqrt(size_wh[0] * size_wh[1]))
        limb, line = (max(round(share * side / 280), 1) for share in (1.0, _POSE_BOXES if has_poses else 1.0))
        side *= _POSE_LETTERS if has_poses else 1.0
        palette, index = sv.ColorPalette([_color(c) for c in COLORS]), sv.ColorLookup.INDEX
        return cls(
            mask=sv.MaskAnnotator(color=palette, opacity=0.45, color_lookup=index),
            box=sv.BoxAnnotator(color=palette, thickness=line, color_lookup=index),
            label=sv.LabelAnnotator(
                color=palette,
                color_lookup=index,
                text_color=sv.ColorPalette([_color(_text_on(c)) for c in COLORS]),
                text_scale=max(side / 1150, 0.34),
                text_thickness=max(round(side / 800), 1),
                text_padding=max(round(side / 150), 2),
                smart_position=True,
            ),
            trace=sv.TraceAnnotator(
                color=palette,
                trace_length=trace,
                thickness=line,
                color_lookup=index,
                position=sv.Position.CENTER,
            )
            if trace
            else None,
            line=line,
            limb=limb,
            joint_threshold=joint_threshold,
        )

    def draw(self, scene: Picture, found: Instances) -> Picture:
        """Draws on `scene`, in place."""
        if not len(found):
            return scene
        rows, colors = found.to_supervision(), _color_indices(found)
        if found.masks is not None:
            scene = self.mask.annotate(scene, rows, custom_color_lookup=colors)
        if self.trace is not None and found.ids is not None:
            scene = self.trace.annotate(
                scene, replace(rows, tracker_id=_numbers(found)), custom_color_lookup=colors
            )
        sure = ~(_has_status(found, Status.UNCERTAIN) | _has_status(found, Status.LOST))
        boxed = found[sure].to_supervision()
        scene = self.box.annotate(scene, boxed, custom_color_lookup=colors[sure])
        for row in np.flatnonzero(~sure):
            _dashed_box(scene, found.boxes[row], _color(COLORS[colors[row]]).as_bgr(), self.line)
        if found.keypoints is not None:
            draw_poses(scene, found, self.limb, threshold=self.joint_threshold)
        return self.label.annotate(scene, rows, labels=labels(found), custom_color_lookup=colors)


def labels(found: Instances) -> list[str]:
    """What is written at each box: name, id, score, and the status where it is not plainly tracked."""
    return [_label(found, row) for row in range(len(found))]


def _label(found: Instances, row: int) -> str:
    parts = [] if found.names is None else [str(found.names[row])]
    is_known = found.ids is not None and found.ids[row] != NOBODY
    if found.ids is not None and is_known:
        parts.append(str(found.ids[row]))
    if found.keypoints is None or not is_known:
        parts.append(f"{found.scores[row]:.2f}")
    if found.status is not None and found.status[row] != Status.TRACKED:
        parts.append(str(found.status[row]))
    return " ".join(parts)


def _has_status(found: Instances, status: Status) -> Any:
    return np.zeros(len(found), dtype=bool) if found.status is None else found.status == status.value


def _numbers(found: Instances) -> Integer[np.ndarray, " N"]:
    """A number for every id that is the same in each frame."""
    assert found.ids is not None
    plain = id_array(found.ids)
    return np.array([i if isinstance(i, int) else zlib.crc32(str(i).encode()) for i in plain], dtype=int)


def _color_indices(found: Instances) -> Integer[np.ndarray, " N"]:
    """Which of `COLORS` belongs to each row: by id, else by label, else the first."""
    if found.ids is not None:
        return _numbers(found) % len(COLORS)
    return np.zeros(len(found), dtype=int) if found.labels is None else found.labels.astype(int) % len(COLORS)


def _color(code: str) -> sv.Color:
    """A colour for supervision, which paints in BGR while our frames are RGB."""
    color = sv.Color.from_hex(code)
    return sv.Color(r=color.b, g=color.g, b=color.r)


def _text_on(code: str) -> str:
    """Dark or light letters, whichever reads better on a colour."""
    color = sv.Color.from_hex(code)
    return _DARK if 0.299 * color.r + 0.587 * color.g + 0.114 * color.b > 140 else _LIGHT


def _dashed_box(scene: Picture, box: Any, color: tuple[int, int, int], line: int) -> None:
    x1, y1, x2, y2 = (float(v) for v in box)
    corners = [(x1, y1), (x2, y1), (x2, y2), (x1, y2), (x1, y1)]
    for start, end in pairwise(corners):
        _dashed_line(scene, np.array(start), np.array(end), color, line)


def _dashed_line(scene: Picture, start: Any, end: Any, color: tuple[int, int, int], line: int) -> None:
    """Dashes three line widths long and as far apart, with one at either end."""
    length = float(np.abs(end - start).sum())
    dashes = 2 * int(length / (8 * line)) + 1
    stops = np.linspace(0, 1, dashes + 1)[:, None] * (end - start) + start
    for k in range(0, dashes, 2):
        first, last = (tuple(int(v) for v in np.rint(stops[i])) for i in (k, k + 1))
        cv2.line(scene, first, last, color, line)
