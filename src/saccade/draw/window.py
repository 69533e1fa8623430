"""The window on the screen: shows frames, takes boxes drawn with the mouse, and listens to a few keys."""

import os
import sys
import time
from types import TracebackType

import cv2
import numpy as np
from jaxtyping import UInt8

from saccade.core import SaccadeError

Picture = UInt8[np.ndarray, "H W 3"]
Box = tuple[float, float, float, float]

_ESCAPE, _BACKSPACE, _DELETE = 27, 8, 127
_ENTER = (10, 13)
_SMALLEST = 3
"""pixels; what is smaller is a click, not a box"""
_LARGEST_WH = (1280, 800)
REMEDY = "leave --show out, and look at the files afterwards"


class Window:
    """An OpenCV window; a context manager. q or Escape quits, space pauses.

    Args:
        title: what stands above it.
        fps: frames are shown no faster than this; None for as fast as they come.
        remedy: what to do where there is no display.

    Raises:
        SaccadeError: when there is no display, or OpenCV was built without windows.
    """

    def __init__(self, title: str, *, fps: float | None = None, remedy: str = REMEDY) -> None:
        _check_display(remedy)
        self._title = title
        self._period = 1 / fps if fps else 0.0
        self._due = 0.0
        self._size_wh: tuple[int, int] | None = None
        # the Qt inside of OpenCV's wheels complains about fonts that it does not need
        os.environ.setdefault("QT_LOGGING_RULES", "*.warning=false")
        cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)

    def show(self, picture: Picture, remark: str = "") -> bool:
        """Shows a frame, with a remark in its corner, and waits until the next is due.

        Returns:
            False when the user quits.
        """
        self._paint(_with_remark(picture, remark) if remark else picture)
        wait = max(self._due - time.perf_counter(), 0.001)
        key = self._key(wait)
        if key == ord(" "):
            while (key := self._key(0.05)) not in (ord(" "), ord("q"), _ESCAPE) and self._is_open():
                pass
        self._due = max(self._due, time.perf_counter() - self._period) + self._period
        return key not in (ord("q"), _ESCAPE) and self._is_open()

    def pick(self, picture: Picture) -> list[Box]:
        """Lets the user draw boxes on a frame with the mouse.

        Enter or space ends it, backspace takes the last box away, Escape or q gives up.

        Returns:
            boxes (x, y, w, h) in frame pixels; none when the user gave up.
        """
        pencil = Pencil((picture.shape[1], picture.shape[0]))
        self._paint(picture)
        cv2.setMouseCallback(self._title, pencil.on_mouse)
        try:
            while self._is_open():
                self._paint(_with_boxes(picture, pencil))
                key = self._key(0.02)
                if key in (*_ENTER, ord(" ")) and pencil.boxes:
                    return pencil.boxes
                if key in (_ESCAPE, ord("q")):
                    break
                if key in (_BACKSPACE, _DELETE) and pencil.boxes:
                    pencil.boxes.pop()
            return []
        finally:
            if self._is_open():
                cv2.setMouseCallback(self._title, lambda *_: None)

    def _paint(self, picture: Picture) -> None:
        size_wh = (picture.shape[1], picture.shape[0])
        if size_wh != self._size_wh:
            fit = min(1.0, _LARGEST_WH[0] / size_wh[0], _LARGEST_WH[1] / size_wh[1])
            cv2.resizeWindow(self._title, round(size_wh[0] * fit), round(size_wh[1] * fit))
            self._size_wh = size_wh
        cv2.imshow(self._title, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))

    def _key(self, seconds: float) -> int:
        return cv2.waitKey(max(round(1e3 * seconds), 1)) & 0xFF

    def _is_open(self) -> bool:
        return cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) > 0

    def __enter__(self) -> "Window":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_open():
            cv2.destroyWindow(self._title)


class Pencil:
    """Turns mouse events into boxes.

    Attributes:
        boxes: (x, y, w, h) in frame pixels, in the order in which they were drawn.
        draft: the box that is being drawn; None when there is none.
    """

    def __init__(self, size_wh: tuple[int, int]) -> None:
        self.boxes: list[Box] = []
        self.draft: Box | None = None
        self._size_wh = size_wh
        self._anchor: tuple[int, int] | None = None

    def on_mouse(self, event: int, x: int, y: int, flags: int, data: object = None) -> None:
        """What OpenCV calls: a box grows from where the left button goes down to where it is let go."""
        # the mouse may leave the frame while it drags
        x, y = min(max(x, 0), self._size_wh[0]), min(max(y, 0), self._size_wh[1])
        if event == cv2.EVENT_LBUTTONDOWN:
            self._anchor = (x, y)
        if self._anchor is None:
            return
        (x1, x2), (y1, y2) = sorted((self._anchor[0], x)), sorted((self._anchor[1], y))
        self.draft = (float(x1), float(y1), float(x2 - x1), float(y2 - y1))
        if event == cv2.EVENT_LBUTTONUP:
            if min(self.draft[2:]) >= _SMALLEST:
                self.boxes.append(self.draft)
            self._anchor = self.draft = None


def _with_remark(picture: Picture, remark: str) -> Picture:
    scale = max(picture.shape[1] / 1200, 0.4)
    place, picture = (round(12 * scale), round(26 * scale)), picture.copy()
    for color, weight in (((16, 20, 24), 4), ((255, 255, 255), 1)):
        thickness = max(round(weight * scale), weight)
        cv2.putText(picture, remark, place, cv2.FONT_HERSHEY_SIMPLEX, scale, color, thickness, cv2.LINE_AA)
    return picture


def _with_boxes(picture: Picture, pencil: Pencil) -> Picture:
    from saccade.core import Instances
    from saccade.core.instances import id_array
    from saccade.draw.overlay import annotate

    rows = np.array([*pencil.boxes, *([pencil.draft] if pencil.draft else [])], dtype=float).reshape(-1, 4)
    corners = np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:]], axis=1)
    return annotate(
        picture, Instances(boxes=corners, scores=np.ones(len(rows)), ids=id_array(range(len(rows))))
    )


def _check_display(remedy: str) -> None:
    """OpenCV ends the whole process where it finds no display, so that is found out before."""
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        raise SaccadeError(f"there is no display to open a window on (DISPLAY is not set); {remedy}")
    if not cv2.currentUIFramework():
        raise SaccadeError(f"this OpenCV was built without windows (opencv-python-headless?); {remedy}")
