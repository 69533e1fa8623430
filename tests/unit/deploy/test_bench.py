"""The bench: what it counts, what it leaves out, and the boxes that it points at."""

import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from saccade.core import Frame, InputError, Instances, SourceError
from saccade.core.instances import id_array
from saccade.deploy.bench import WARM_UP, bench, material, spread_boxes
from saccade.zoo import load

CPU = torch.device("cpu")
FRAMES = [Frame(np.zeros((48, 64, 3), np.uint8), i) for i in range(30)]


class SlowModel:
    """Takes as many milliseconds for a frame as it is told, and says so."""

    name, config = "slow", None

    def __init__(self, milliseconds):
        self.milliseconds = milliseconds

    def start(self, *, seed=0):
        return self

    def step(self, frame, targets=None, *, color="rgb"):
        spent = self.milliseconds(frame.index)
        time.sleep(spent / 1e3)
        return Instances(
            boxes=np.zeros((1, 4)),
            scores=np.ones(1),
            ids=id_array([0]),
            timings={"sleep": spent, "rest": 1.0},
        )

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


def test_the_warm_up_is_not_timed():
    model = SlowModel(lambda index: 40.0 if index <= WARM_UP else 4.0)
    result = bench(model, FRAMES, [(1, 1, 9, 9)], device=CPU)
    assert result.frames == len(FRAMES) - WARM_UP - 1
    assert result.begin_ms >= 40
    assert 4 <= result.median_ms < 20
    assert result.median_ms <= result.p95_ms
    assert list(result.stages_ms.items()) == [("sleep", 4.0), ("rest", 1.0)]
    assert result.backbone_ms is None and result.overhead is None
    assert result.staged_ms == result.mean_ms
    assert result.fps == pytest.approx(1e3 / result.mean_ms)


def test_the_backbone_is_named_beside_the_whole():
    class WithBackbone(SlowModel):
        def step(self, frame, targets=None, *, color="rgb"):
            found = super().step(frame, targets)
            return replace(found, timings={"backbone": 2.0 + (frame.index == 20), "rest": 1.0})

    result = bench(WithBackbone(lambda index: 1.0), FRAMES, [(1, 1, 9, 9)], device=CPU)
    assert result.backbone_ms == 2.0
    assert list(result.stages_ms) == ["backbone", "rest"]


def test_on_an_accelerator_all_shares_are_of_the_pass_that_waits(monkeypatch):
    monkeypatch.setattr(torch.accelerator, "synchronize", lambda device: None)

    class Patient(SlowModel):
        """Slower in its second pass, in which each stage is waited for."""

        passes = 0

        def start(self, *, seed=0):
            self.passes += 1
            return self

        def step(self, frame, targets=None, *, color="rgb"):
            found = super().step(frame, targets)
            return replace(found, timings={"backbone": found.timings["sleep"] / 2})

    model = Patient(lambda index: 8.0 if model.passes == 2 else 2.0)
    result = bench(model, FRAMES, [(1, 1, 9, 9)], device=torch.device("xpu"))
    assert model.passes == 2
    assert 2 <= result.median_ms < 4 == result.backbone_ms
    assert result.overhead >= 1, "all else takes as long as the backbone"
    assert result.staged_ms >= 8


def test_what_it_says_of_the_run():
    calls = []
    result = bench(load("still"), FRAMES, [(1, 1, 9, 9)] * 3, device=CPU, on_frame=lambda: calls.append(1))
    assert (result.model, result.device, result.targets, result.size_wh) == ("still", "cpu", 3, (64, 48))
    assert result.threads == torch.get_num_threads()
    assert 20 < result.memory_mb < 1e5
    assert result.device_memory_mb is None
    assert len(calls) == len(FRAMES)
    assert result.to_json()["size_wh"] == [64, 48]


def test_windows_does_not_say_how_much_memory_it_took(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "resource", None)
    assert bench(load("still"), FRAMES, [(1, 1, 9, 9)], device=CPU).memory_mb is None


@pytest.mark.parametrize(("count", "warm_up", "timed"), [(3, 1, 1), (4, 1, 2), (8, 3, 4), (30, 10, 19)])
def test_few_frames_leave_something_to_time(count, warm_up, timed):
    result = bench(load("still"), FRAMES[:count], [(1, 1, 9, 9)], device=CPU)
    assert (result.warm_up, result.frames) == (warm_up, timed)
    assert (result.p95_ms is None) == (timed == 1), "a single frame has no percentiles"


def test_too_few_frames_are_refused():
    with pytest.raises(SourceError, match="at least 3"):
        bench(load("still"), FRAMES[:2], [(1, 1, 9, 9)], device=CPU)


@pytest.mark.parametrize("count", [1, 2, 3, 8, 50])
@pytest.mark.parametrize("size_wh", [(640, 360), (100, 400), (30, 30)])
def test_boxes_are_spread_inside_of_the_frame(count, size_wh):
    boxes = np.array(spread_boxes(count, size_wh))
    assert boxes.shape == (count, 4)
    assert len(np.unique(boxes, axis=0)) == count
    centres = boxes[:, :2] + boxes[:, 2:] / 2
    assert (centres > 0).all() and (centres < size_wh).all()
    assert (boxes[:, 2:] > 0).all()


def test_no_targets_are_refused():
    with pytest.raises(InputError, match="at least one target"):
        spread_boxes(0, (10, 10))


def test_the_built_in_clip_points_at_its_target():
    frames, boxes = material(None, 3, 1)
    assert len(frames) == 3 and [f.index for f in frames] == [0, 1, 2]
    ((_, _, w, h),) = boxes
    assert h > w > 10
    assert len(material(None, 3, 4)[1]) == 4


def test_a_source_gives_at_most_what_it_has():
    pictures = [np.zeros((20, 30, 3), np.uint8)] * 5
    assert len(material(pictures, 3, 2)[0]) == 3
    assert len(material(pictures, 30, 2)[0]) == 5
