"""The run around every segmenter: who joins, leaves or is learnt anew; and what outlives a breakdown."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from saccade.core import ModelError, Run, Status, Stopwatch, TargetError, Targets
from saccade.online.model import OnlineModel
from saccade.online.run import LOST, TRACKED, Estimate
from saccade.online.segmentation import Prompts, Segmentation, SegmentationRun
from saccade.online.state import TargetState

IMAGE = np.zeros((6, 8, 3), dtype=np.uint8)
BROKEN = np.full_like(IMAGE, 255)
LEFT, RIGHT = (np.zeros((6, 8), dtype=bool) for _ in range(2))
LEFT[:, :4] = RIGHT[:, 4:] = True


@dataclass(slots=True)
class State(TargetState):
    masks: Tensor
    frames: Tensor
    """frames since the first"""


@dataclass(slots=True)
class Seen(TargetState):
    masks: Tensor


@dataclass(frozen=True, slots=True)
class Stencil:
    """Leaves every mask where it is, but for pixels that an earlier target has; wide frames break it."""

    State = State
    device = torch.device("cpu")

    def learn(self, frame: Any, prompts: Prompts, stopwatch: Stopwatch) -> tuple[State, Seen]:
        if any(mask is None for mask in prompts.masks):
            raise TargetError("no mask")
        masks = torch.stack([mask for mask in prompts.masks if mask is not None])
        return State(masks, torch.zeros(len(masks))), Seen(masks)

    def look(self, frame: Any, state: State, stopwatch: Stopwatch) -> Seen:
        state.frames += 1
        return Seen(state.masks)

    def conclude(self, frame: Any, state: State, sight: Seen, stopwatch: Stopwatch) -> Segmentation:
        if frame.image.any():
            raise RuntimeError("broken")
        taken = sight.masks.cumsum(dim=0) > 1
        masks = sight.masks & ~taken
        is_left = masks.any(dim=(1, 2))
        boxes = torch.tensor([[1.0, 1.0, 2.0, 2.0]]).repeat(len(masks), 1)
        status = torch.where(is_left, TRACKED, LOST).to(torch.int8)
        return Segmentation(Estimate(boxes, 1 / (1 + state.frames), status), masks)


def start(name: str = "stencil") -> Run:
    return OnlineModel(name, None, Stencil(), run=SegmentationRun).start(seed=3)


def test_targets_are_compared_with_those_just_learnt():
    run = start()
    run.step(IMAGE, Targets(masks=[LEFT], ids=["a"]))
    found = run.step(IMAGE, Targets(masks=[LEFT | RIGHT], ids=["b"]))
    assert list(found.ids) == ["a", "b"]
    np.testing.assert_array_equal(found.masks, [LEFT, RIGHT])
    np.testing.assert_allclose(found.xywh, [(1, 1, 2, 2), (0, 0, 8, 6)])
    assert found.scores.tolist() == [0.5, 1.0]


def test_rows_are_in_the_order_of_joining_also_when_learnt_anew():
    run = start()
    run.step(IMAGE, Targets(masks=[LEFT, RIGHT]))
    found = run.step(IMAGE, Targets(masks=[RIGHT], ids=[0]))
    assert list(found.ids) == [0, 1]
    # what is learnt anew is compared as the newest
    np.testing.assert_array_equal(found.masks, [RIGHT & False, RIGHT])
    assert list(run.step(IMAGE).status) == [Status.LOST, Status.TRACKED]


def test_all_may_leave_and_others_come():
    run = start()
    run.step(IMAGE, Targets(masks=[LEFT, RIGHT]))
    found = run.step(IMAGE, Targets(drop=[0, 1]))
    assert (len(found), found.masks.shape) == (0, (0, 6, 8))
    assert len(run.step(IMAGE)) == 0
    assert list(run.step(IMAGE, Targets(masks=[LEFT])).ids) == [2]


def test_a_run_goes_on_with_its_targets_after_a_frame_in_which_its_segmenter_broke():
    run = start()
    run.step(IMAGE, Targets(masks=[LEFT], ids=["a"]))
    with pytest.raises(RuntimeError, match="broken"):
        run.step(BROKEN, Targets(masks=[RIGHT], ids=["b"]))
    found = run.step(IMAGE)
    assert (list(found.ids), found.frame) == (["a"], 2)
    np.testing.assert_array_equal(found.masks, [LEFT])


def test_what_a_segmenter_refuses_changes_nothing():
    run = start()
    run.step(IMAGE, Targets(masks=[LEFT], ids=["a"]))
    with pytest.raises(TargetError, match="no mask"):
        run.step(IMAGE, Targets(boxes=[(1, 1, 2, 2)], ids=["b"]))
    found = run.step(IMAGE)
    assert (list(found.ids), found.frame, found.scores.tolist()) == (["a"], 1, [0.5])


def test_the_state_is_saved_and_resumed_with_its_own_model_only():
    run, other = start(), start()
    run.step(IMAGE, Targets(masks=[LEFT, RIGHT], ids=["a", "b"]))
    other.load_state_dict(run.state_dict())
    found, expected = other.step(IMAGE), run.step(IMAGE)
    np.testing.assert_array_equal(found.masks, expected.masks)
    assert (list(found.ids), found.frame) == (list(expected.ids), expected.frame)
    with pytest.raises(ModelError, match="of a run of 'stencil', not of 'another'"):
        start("another").load_state_dict(run.state_dict())
    empty = start().state_dict()
    other.load_state_dict(empty)
    with pytest.raises(TargetError, match="nothing to follow yet"):
        other.step(IMAGE)
