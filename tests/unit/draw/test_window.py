"""The window: the mouse draws boxes, keys do what they say, a missing display is found out in time."""

import os
import shutil
import subprocess
import sys
import textwrap

import cv2
import numpy as np
import pytest

from saccade.core import SaccadeError
from saccade.draw import window
from saccade.draw.window import Pencil, Window

DOWN, MOVE, UP = cv2.EVENT_LBUTTONDOWN, cv2.EVENT_MOUSEMOVE, cv2.EVENT_LBUTTONUP
PICTURE = np.zeros((60, 80, 3), np.uint8)


def drag(pencil: Pencil, *points: tuple[int, int]) -> None:
    for event, point in zip([DOWN, *[MOVE] * (len(points) - 2), UP], points, strict=True):
        pencil.on_mouse(event, *point, 0)


@pytest.mark.parametrize(
    ("points", "boxes"),
    [
        pytest.param([(10, 20), (30, 50)], [(10, 20, 20, 30)], id="down to the right"),
        pytest.param([(30, 50), (10, 20)], [(10, 20, 20, 30)], id="up to the left"),
        pytest.param([(10, 20), (90, 90), (30, 50)], [(10, 20, 20, 30)], id="the end counts, not the way"),
        pytest.param([(60, 50), (200, -30)], [(60, 0, 20, 50)], id="out of the frame"),
        pytest.param([(10, 20), (11, 21)], [], id="a click is no box"),
    ],
)
def test_dragging_draws_a_box(points, boxes):
    pencil = Pencil((80, 60))
    drag(pencil, *points)
    assert pencil.boxes == boxes
    assert pencil.draft is None


def test_boxes_keep_their_order_and_the_draft_is_known_while_it_grows():
    pencil = Pencil((80, 60))
    drag(pencil, (0, 0), (10, 10))
    pencil.on_mouse(MOVE, 5, 5, 0)
    assert pencil.draft is None
    pencil.on_mouse(DOWN, 20, 20, 0)
    pencil.on_mouse(MOVE, 30, 40, 0)
    assert pencil.draft == (20, 20, 10, 20)
    pencil.on_mouse(UP, 30, 40, 0)
    assert pencil.boxes == [(0, 0, 10, 10), (20, 20, 10, 20)]


class Screen:
    """Stands in for OpenCV's windows: plays keys, and mouse drags before some of them."""

    def __init__(self, keys, drags=()):
        self.keys, self.drags, self.shown = list(keys), dict(drags), []

    def install(self, monkeypatch):
        monkeypatch.setattr(window, "_check_display", lambda _: None)
        for name in ("namedWindow", "resizeWindow", "destroyWindow"):
            monkeypatch.setattr(cv2, name, lambda *_: None)
        monkeypatch.setattr(cv2, "imshow", lambda _, picture: self.shown.append(picture))
        monkeypatch.setattr(cv2, "getWindowProperty", lambda *_: 1.0)
        monkeypatch.setattr(cv2, "setMouseCallback", lambda _, on_mouse: setattr(self, "mouse", on_mouse))
        monkeypatch.setattr(cv2, "waitKey", self.wait)
        return Window("test")

    def wait(self, _):
        number = len(self.keys)
        for event, point in zip((DOWN, UP), self.drags.pop(number, ()), strict=False):
            self.mouse(event, *point, 0)
        return self.keys.pop(0) if self.keys else -1


@pytest.mark.parametrize(
    ("keys", "goes_on", "left"),
    [
        pytest.param([-1], True, 0, id="no key"),
        pytest.param([ord("x")], True, 0, id="another key"),
        pytest.param([ord("q")], False, 0, id="q quits"),
        pytest.param([27], False, 0, id="Escape quits"),
        pytest.param([ord(" "), -1, -1, ord(" ")], True, 0, id="space pauses until space"),
        pytest.param([ord(" "), -1, ord("q")], False, 0, id="q quits a pause"),
    ],
)
def test_keys_while_watching(keys, goes_on, left, monkeypatch):
    screen = Screen(keys)
    assert screen.install(monkeypatch).show(PICTURE) is goes_on
    assert len(screen.keys) == left


def test_red_is_shown_red(monkeypatch):
    screen = Screen([-1])
    red = PICTURE.copy()
    red[..., 0] = 255
    screen.install(monkeypatch).show(red)
    assert tuple(screen.shown[0][0, 0]) == (0, 0, 255)


@pytest.mark.parametrize(
    ("keys", "boxes"),
    [
        pytest.param([-1, -1, 13], [(5, 5, 20, 20), (30, 10, 20, 30)], id="Enter takes all"),
        pytest.param([-1, -1, 8, 13], [(5, 5, 20, 20)], id="backspace takes the last away"),
        pytest.param([-1, 27], [], id="Escape gives up"),
    ],
)
def test_picking_boxes(keys, boxes, monkeypatch):
    drags = {len(keys): [(5, 5), (25, 25)], len(keys) - 1: [(30, 10), (50, 40)]}
    assert Screen(keys, drags).install(monkeypatch).pick(PICTURE) == boxes


def test_enter_waits_for_the_first_box(monkeypatch):
    screen = Screen([13, 13], {1: [(5, 5), (25, 25)]})
    assert screen.install(monkeypatch).pick(PICTURE) == [(5, 5, 20, 20)]


@pytest.mark.skipif(sys.platform != "linux", reason="displays are named by DISPLAY on Linux only")
def test_no_display_is_said_before_opencv_ends_the_process(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(SaccadeError, match="no display"):
        Window("test")


def test_opencv_without_windows_is_said(monkeypatch):
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(cv2, "currentUIFramework", lambda: "")
    with pytest.raises(SaccadeError, match="without windows"):
        Window("test")


@pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="needs a virtual display; install xvfb")
def test_a_real_window_opens_shows_and_closes():
    script = """
        import numpy as np
        from saccade.draw.window import Window
        with Window("test", fps=100) as window:
            for size in ((60, 80), (90, 40)):
                assert window.show(np.zeros((*size, 3), np.uint8))
    """
    result = subprocess.run(
        ["xvfb-run", "-a", sys.executable, "-c", textwrap.dedent(script)],
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
