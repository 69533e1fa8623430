"""saccade behind the two methods of OpenCV's trackers."""

import cv2
import numpy as np
import pytest

import saccade
from saccade.adapters import opencv
from saccade.core import TargetError
from saccade.online.model import OnlineModel
from saccade.trackers.still.config import STILL
from tests.unit.adapters.recorder import IMAGE, Recorder


def test_opencv_has_the_two_methods():
    tracker = opencv(saccade.load("still"))
    assert tracker.init(IMAGE, (10, 12, 20, 8)) is None
    assert tracker.update(IMAGE) == (True, (10, 12, 20, 8))


def test_opencv_boxes_are_whole_pixels_that_opencv_can_draw():
    tracker = opencv(saccade.load("still"))
    tracker.init(IMAGE, (10.4, 11.6, 20.5, 0.2))
    ok, box = tracker.update(IMAGE)
    assert (ok, box) == (True, (10, 12, 20, 1))
    assert [type(v) for v in box] == [int] * 4
    cv2.rectangle(IMAGE.copy(), box, (0, 0, 255))


def test_opencv_says_when_the_target_is_lost():
    tracker = opencv(OnlineModel("recorder", STILL, Recorder()))
    tracker.init(IMAGE, (10, 12, 20, 8))
    assert [tracker.update(IMAGE)[0] for _ in range(4)] == [True, False, True, False]


@pytest.mark.parametrize(("color", "expected"), [("bgr", IMAGE[..., ::-1]), ("rgb", IMAGE)])
def test_opencv_pictures_are_bgr_unless_told(color, expected):
    recorder = Recorder()
    tracker = opencv(OnlineModel("recorder", STILL, recorder), color=color)
    tracker.init(IMAGE, (10, 12, 20, 8))
    tracker.update(IMAGE)
    for frame in recorder.frames:
        np.testing.assert_array_equal(frame.image, expected)
    assert opencv(saccade.load("still"))._color == "bgr"


def test_opencv_starts_again():
    tracker = opencv(saccade.load("still"))
    tracker.init(IMAGE, (10, 12, 20, 8))
    tracker.init(IMAGE, (1, 2, 3, 4))
    assert tracker.update(IMAGE) == (True, (1, 2, 3, 4))


def test_opencv_keeps_its_target_when_a_new_one_is_refused():
    tracker = opencv(saccade.load("still"))
    tracker.init(IMAGE, (10, 12, 20, 8))
    with pytest.raises(TargetError, match="lies outside the frame"):
        tracker.init(IMAGE, (100, 12, 20, 8))
    assert tracker.update(IMAGE) == (True, (10, 12, 20, 8))


def test_opencv_wants_init_first():
    with pytest.raises(TargetError, match=r"call init\(image, box\) before update\(image\)"):
        opencv(saccade.load("still")).update(IMAGE)
