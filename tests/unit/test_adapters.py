"""saccade behind the interfaces of OpenCV, the got10k toolkit and supervision."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import supervision as sv
import torch

import saccade
from saccade.adapters import from_supervision, got10k, opencv
from saccade.core import Frame, Instances, MissingExtraError, Status, TargetError, Targets
from saccade.online.model import OnlineModel
from saccade.online.run import LOST, TRACKED, Estimate
from saccade.trackers.still.config import STILL
from saccade.trackers.still.tracker import StillTracker

IMAGE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)


class Recorder(StillTracker):
    """Stands still, keeps what it was shown, and loses the target on every second frame."""

    def __init__(self) -> None:
        super().__init__(STILL)
        object.__setattr__(self, "frames", [])

    def begin(self, frame, boxes, generators, stopwatch):
        self.frames.append(frame)
        return super().begin(frame, boxes, generators, stopwatch)

    def track(self, frame, state, generators, stopwatch):
        self.frames.append(frame)
        status = LOST if len(self.frames) % 2 else TRACKED
        return Estimate(state.boxes, torch.ones(len(state)), torch.tensor([status], dtype=torch.int8))


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


@pytest.fixture
def pictures(tmp_path: Path) -> list[str]:
    for i in range(4):
        cv2.imwrite(str(tmp_path / f"{i:04d}.png"), IMAGE)
    return [str(p) for p in sorted(tmp_path.glob("*.png"))]


def test_got10k_runs_its_own_loop(pictures):
    recorder = Recorder()
    tracker = got10k(OnlineModel("recorder", STILL, recorder))
    assert (tracker.name, tracker.is_deterministic) == ("recorder", True)
    boxes, times = tracker.track(pictures, np.array([10.5, 12.25, 20, 8]))
    np.testing.assert_array_equal(boxes, [[10.5, 12.25, 20, 8]] * 4)
    assert len(times) == 4
    for frame in recorder.frames:
        np.testing.assert_array_equal(frame.image, IMAGE[..., ::-1])


def test_got10k_forgets_between_sequences(pictures):
    tracker = got10k(saccade.load("still"), name="mine")
    assert tracker.name == "mine"
    tracker.track(pictures, (1, 2, 3, 4))
    boxes, _ = tracker.track(pictures, (5, 6, 7, 8))
    np.testing.assert_array_equal(boxes[-1], [5, 6, 7, 8])


def test_got10k_names_its_install_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "got10k.trackers", None)
    with pytest.raises(MissingExtraError, match="'got10k'; install it with: pip install got10k"):
        got10k(saccade.load("still"))


def test_supervision_detections_of_any_model():
    detections = sv.Detections(xyxy=np.array([[0, 0, 4, 4], [1, 1, 3, 5]]), class_id=np.array([2, 0]))
    found = from_supervision(detections, frame=3)
    np.testing.assert_array_equal(found.xywh, [[0, 0, 4, 4], [1, 1, 2, 4]])
    np.testing.assert_array_equal(found.scores, [1, 1])
    np.testing.assert_array_equal(found.labels, [2, 0])
    assert (found.ids, found.masks, found.status, found.frame) == (None, None, None, 3)


def test_supervision_without_detections():
    assert len(from_supervision(sv.Detections.empty())) == 0


def test_supervision_keeps_tracks_apart():
    run = saccade.load("still").start()
    found = run.step(Frame.of(IMAGE), Targets(boxes=[(1, 2, 3, 4), (5, 6, 7, 8)], ids=["car", 7]))
    back: Instances = from_supervision(found.to_supervision())
    assert list(back.ids) == ["car", 7]
    assert list(back.status) == [Status.TRACKED] * 2
    np.testing.assert_array_equal(back.boxes, found.boxes)
