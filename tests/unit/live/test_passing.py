"""A run that is taken back finds what one finds that was told in time."""

import numpy as np
import pytest

from saccade import load
from saccade.core import Frame, Instances, TargetError, Targets, follow_frames
from saccade.live import passing
from saccade.live.limits import Limits
from saccade.live.passing import Pass
from tests.unit.live.material import BOX, SECOND, frame

FRAMES = [frame(index) for index in range(24)]


def same(passed: Pass, prompts: dict[int, Targets], frames: list[Frame] = FRAMES) -> None:
    """What the pass has found equals the run that was told everything in time."""
    begun = min(prompts)
    wished = [found for _, found in follow_frames(passed.model, frames[begun:], prompts)]
    for found in wished:
        ours = passed.results.get(found.frame)
        assert list(ours.ids) == list(found.ids)  # type: ignore[arg-type]
        np.testing.assert_array_equal(ours.boxes, found.boxes)


@pytest.mark.parametrize(
    ("at", "state_bytes"),
    [
        (9, 1),  # one state fits
        pytest.param(9, 1 << 30, marks=pytest.mark.slow),  # all do
        pytest.param(3, 1 << 30, marks=pytest.mark.slow),
        pytest.param(20, 1 << 30, marks=pytest.mark.slow),  # on the newest frame
    ],
)
def test_a_correction_is_as_if_made_in_time(
    monkeypatch: pytest.MonkeyPatch, at: int, state_bytes: int
) -> None:
    monkeypatch.setattr(passing, "INTERVAL", 4)
    passed = Pass(load("eco"), needs_targets=True, limits=Limits(state_bytes=state_bytes))
    for one in FRAMES[:2]:
        assert len(passed.step(one)) == 0  # nothing has been pointed at
    passed.point(FRAMES[2], {0: BOX, 1: SECOND}, FRAMES.__getitem__)
    for one in FRAMES[3:21]:
        passed.step(one)
    better = (BOX[0] + 2 * at + 3, BOX[1], 30.0, 24.0)
    passed.point(FRAMES[at], {0: better}, FRAMES.__getitem__)
    assert passed.results.last == at
    for one in FRAMES[at + 1 :]:
        passed.step(one)
    same(passed, {2: Targets(boxes=[BOX, SECOND], ids=[0, 1]), at: Targets(boxes=[better], ids=[0])})


def test_boxes_of_one_frame_come_together() -> None:
    passed = Pass(load("eco"), needs_targets=True, limits=Limits())
    passed.step(FRAMES[0])
    passed.point(FRAMES[0], {0: (1.0, 1.0, 20.0, 20.0)}, FRAMES.__getitem__)
    passed.point(FRAMES[0], {1: SECOND}, FRAMES.__getitem__)
    passed.point(FRAMES[0], {0: BOX}, FRAMES.__getitem__)  # drawn anew
    for one in FRAMES[1:6]:
        passed.step(one)
    same(passed, {0: Targets(boxes=[BOX, SECOND], ids=[0, 1])}, FRAMES[:6])


def test_targets_leave() -> None:
    passed = Pass(load("eco"), needs_targets=True, limits=Limits())
    passed.point(FRAMES[0], {0: BOX, 1: SECOND}, FRAMES.__getitem__)
    passed.leave([0])
    passed.leave([0])
    assert list(passed.step(FRAMES[1]).ids) == [1]  # type: ignore[arg-type]
    same(passed, {0: Targets(boxes=[BOX, SECOND], ids=[0, 1]), 1: Targets(drop=[0])}, FRAMES[:2])


def test_a_box_that_points_at_nothing_changes_nothing() -> None:
    passed = Pass(load("eco"), needs_targets=True, limits=Limits())
    passed.point(FRAMES[0], {0: BOX}, FRAMES.__getitem__)
    passed.step(FRAMES[1])
    with pytest.raises(TargetError, match="outside"):
        passed.point(FRAMES[0], {0: (900.0, 900.0, 9.0, 9.0)}, FRAMES.__getitem__)
    passed.step(FRAMES[2])
    same(passed, {0: Targets(boxes=[BOX], ids=[0])}, FRAMES[:3])


def test_memory_is_bounded() -> None:
    passed = Pass(load("still"), needs_targets=True, limits=Limits(kept_results=10))
    passed.point(FRAMES[0], {0: BOX}, FRAMES.__getitem__)
    for index in range(1, 40):
        passed.step(Frame(FRAMES[0].image, index))
    assert passed.results.frames() == list(range(30, 40)) and passed.results.outdated == 30
    assert isinstance(passed.results.get(2), Instances) and len(passed.results.get(2)) == 0


def test_masks_come_back_whole() -> None:
    from saccade.live.results import Results

    masks = np.random.default_rng(0).random((2, 33, 47)) > 0.5
    results = Results(5)
    results.keep(Instances(boxes=np.zeros((2, 4)), scores=np.zeros(2), masks=masks, frame=3))
    np.testing.assert_array_equal(results.get(3).masks, masks)
