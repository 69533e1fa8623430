"""Records of supervision, read as ours."""

import numpy as np
import supervision as sv

import saccade
from saccade.adapters import from_supervision
from saccade.core import Frame, Instances, Status, Targets
from tests.unit.adapters.recorder import IMAGE


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
