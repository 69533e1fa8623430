"""The run around every tracker: who joins, leaves or is learnt anew, under which id, with which draws."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from saccade.core import (
    ConfigError,
    Frame,
    Instances,
    ModelError,
    SaccadeWarning,
    Status,
    Stopwatch,
    TargetError,
    Targets,
)
from saccade.online.model import OnlineModel
from saccade.online.run import TRACKED, UNCERTAIN, Estimate, TrackingRun
from saccade.online.state import TargetState

IMAGE = np.zeros((48, 64, 3), dtype=np.uint8)
A, B, C = (1.0, 2.0, 10.0, 10.0), (20.0, 2.0, 10.0, 10.0), (1.0, 20.0, 30.0, 20.0)


@dataclass(slots=True)
class WanderingState(TargetState):
    boxes: Tensor
    trail: tuple[Tensor, Tensor]
    """the last step and the one before, (N, 2) each"""


@dataclass(frozen=True, slots=True)
class WanderingTracker:
    """Moves every target by random steps of its own; wide targets make a batch of their own."""

    State = WanderingState
    device = torch.device("cpu")

    def cohort(self, frame: Frame, box: Any) -> str:
        return "wide" if box[2] > 20 else "narrow"

    def begin(
        self, frame: Frame, boxes: Tensor, generators: Sequence[torch.Generator], stopwatch: Stopwatch
    ) -> WanderingState:
        still = torch.zeros(len(boxes), 2)
        return WanderingState(boxes.clone(), (still, still.clone()))

    def track(
        self, frame: Frame, state: WanderingState, generators: Sequence[torch.Generator], stopwatch: Stopwatch
    ) -> Estimate:
        with stopwatch.stage("wander"):
            step = torch.stack([torch.randn(2, generator=generator) for generator in generators])
            state.trail[1].copy_(state.trail[0])
            state.trail[0].copy_(step)
            state.boxes[:, :2] += step
        status = torch.where(step[:, 0] > 0, TRACKED, UNCERTAIN).to(torch.int8)
        return Estimate(state.boxes, step.norm(dim=1), status)


@pytest.fixture
def run() -> TrackingRun[WanderingState]:
    return OnlineModel("wanderer", None, WanderingTracker()).start(seed=3)


def boxes_of(found: Instances) -> dict[Any, list[float]]:
    return dict(zip(found.ids, found.xywh.tolist(), strict=True))


def test_the_first_frame_gives_the_boxes_back(run):
    found = run.step(IMAGE, Targets(boxes=[A, B]))
    np.testing.assert_allclose(found.xywh, [A, B])
    assert list(found.ids) == [0, 1]
    assert list(found.scores) == [1, 1]
    assert list(found.status) == [Status.TRACKED] * 2


def test_frames_are_counted_and_timed(run):
    found = [run.step(IMAGE, Targets(boxes=[A])), run.step(IMAGE), run.step(IMAGE)]
    assert [f.frame for f in found] == [0, 1, 2]
    assert found[1].time is None
    assert set(found[1].timings) == {"wander"}
    far = run.step(Frame.of(IMAGE, index=40, time=1.6))
    assert (far.frame, far.time) == (40, 1.6)
    assert run.step(IMAGE).frame == 41


def test_a_target_has_the_draws_of_a_run_of_its_own():
    model = OnlineModel("wanderer", None, WanderingTracker())
    together, alone = model.start(seed=3), model.start(seed=3)
    together.step(IMAGE, Targets(boxes=[A, C, B]))
    alone.step(IMAGE, Targets(boxes=[B]))
    for _ in range(4):
        np.testing.assert_array_equal(together.step(IMAGE).xywh[2], alone.step(IMAGE).xywh[0])


def test_seeds_tell_runs_apart():
    model = OnlineModel("wanderer", None, WanderingTracker())
    runs = [model.start(seed=seed) for seed in (3, 3, 4)]
    for run in runs:
        run.step(IMAGE, Targets(boxes=[A]))
    one, same, other = (run.step(IMAGE).xywh for run in runs)
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_the_rows_keep_the_order_of_joining_over_batches(run):
    run.step(IMAGE, Targets(boxes=[A, C], ids=["narrow", "wide"]))
    found = run.step(IMAGE, Targets(boxes=[B], ids=["late"]))
    assert list(found.ids) == ["narrow", "wide", "late"]
    assert list(run.step(IMAGE).ids) == ["narrow", "wide", "late"]
    np.testing.assert_allclose(found.xywh[2], B)
    np.testing.assert_allclose(run.step(IMAGE).xywh[1, 2:], C[2:])


def test_a_target_leaves_and_the_others_stay(run):
    twin = OnlineModel("wanderer", None, WanderingTracker()).start(seed=3)
    run.step(IMAGE, Targets(boxes=[A, B, C]))
    twin.step(IMAGE, Targets(boxes=[A, B, C]))
    left = run.step(IMAGE, Targets(drop=[1]))
    assert list(left.ids) == [0, 2]
    whole = boxes_of(twin.step(IMAGE))
    assert boxes_of(left) == {i: whole[i] for i in (0, 2)}


def test_all_may_leave_and_others_come(run):
    run.step(IMAGE, Targets(boxes=[A]))
    assert len(run.step(IMAGE, Targets(drop=[0]))) == 0
    assert len(run.step(IMAGE)) == 0
    assert list(run.step(IMAGE, Targets(boxes=[B])).ids) == [1], "an id is not given twice"


def test_a_target_is_learnt_anew(run):
    run.step(IMAGE, Targets(boxes=[A, B], ids=["a", "b"]))
    run.step(IMAGE)
    found = run.step(IMAGE, Targets(boxes=[C], ids=["a"]))
    assert list(found.ids) == ["a", "b"]
    np.testing.assert_allclose(found.xywh[0], C)
    assert found.scores[0] == 1
    assert len(run.step(IMAGE)) == 2


def test_a_target_leaves_and_comes_back_at_once(run):
    run.step(IMAGE, Targets(boxes=[A, B], ids=["a", "b"]))
    found = run.step(IMAGE, Targets(boxes=[C], ids=["a"], drop=["a"]))
    assert list(found.ids) == ["b", "a"]
    np.testing.assert_allclose(found.xywh[1], C)


def test_new_numbers_keep_clear_of_given_ones(run):
    run.step(IMAGE, Targets(boxes=[A, B], ids=[5, "b"]))
    assert list(run.step(IMAGE, Targets(boxes=[C])).ids) == [5, "b", 6]


def test_ids_may_be_an_array(run):
    run.step(IMAGE, Targets(boxes=[A, B], ids=np.array([7, 3])))
    found = run.step(IMAGE, Targets(boxes=[C], drop=np.array([3])))
    assert list(found.ids) == [7, 8]
    assert [type(i) for i in found.ids] == [int, int]


@pytest.mark.usefixtures("unchecked_shapes")
def test_boxes_in_the_place_of_targets_are_refused(run):
    with pytest.raises(TargetError, match=r"frame 0: got list for targets; write targets=Targets\(boxes="):
        run.step(IMAGE, [A])


def test_a_step_before_any_target_is_refused(run):
    with pytest.raises(TargetError, match="frame 0: nothing to follow yet; point at it with step"):
        run.step(IMAGE)
    with pytest.raises(TargetError, match="frame 0: nothing to follow yet"):
        run.step(IMAGE, Targets(drop=["car"]))
    assert run.step(IMAGE, Targets(boxes=[A])).frame == 0, "a refused frame does not count"


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        pytest.param(
            Targets(boxes=[C, (90, 0, 5, 5)], ids=["a", "new"], drop=["b"]),
            "frame 1: target new: .* lies outside the frame of 64x48",
            id="one box of two is bad",
        ),
        pytest.param(
            Targets(boxes=[C], ids=["a"], drop=["z"]),
            r"frame 1: no target 'z' to drop; followed: \['a', 'b'\]",
            id="an unknown target is dropped",
        ),
        pytest.param(
            Targets(masks=[np.zeros((48, 64), bool)]),
            "frame 1: the mask of target 0 is empty",
            id="an empty mask",
        ),
    ],
)
def test_a_refused_wish_changes_nothing(targets, message):
    model = OnlineModel("wanderer", None, WanderingTracker())
    run, twin = model.start(), model.start()
    for each in (run, twin):
        each.step(IMAGE, Targets(boxes=[A, B], ids=["a", "b"]))
    with pytest.raises(TargetError, match=message):
        run.step(IMAGE, targets)
    for _ in range(2):
        found, expected = run.step(IMAGE), twin.step(IMAGE)
        assert boxes_of(found) == boxes_of(expected)
        assert found.frame == expected.frame


class Broken(WanderingTracker):
    """Cannot learn targets that are 7 pixels wide, and breaks in frames that are all white."""

    def begin(
        self, frame: Frame, boxes: Tensor, generators: Sequence[torch.Generator], stopwatch: Stopwatch
    ) -> WanderingState:
        if (boxes[:, 2] == 7).any():
            raise ConfigError("too narrow")
        return super().begin(frame, boxes, generators, stopwatch)

    def track(
        self, frame: Frame, state: WanderingState, generators: Sequence[torch.Generator], stopwatch: Stopwatch
    ) -> Estimate:
        estimate = super().track(frame, state, generators, stopwatch)
        if frame.image.all():
            raise ZeroDivisionError
        return estimate


def test_a_target_that_cannot_be_learnt_changes_nothing():
    run, twin = (OnlineModel("broken", None, Broken()).start() for _ in range(2))
    for each in (run, twin):
        each.step(IMAGE, Targets(boxes=[A, B], ids=["a", "b"]))
    with pytest.raises(ConfigError, match="too narrow"):
        run.step(IMAGE, Targets(boxes=[C, (0, 0, 7, 7)], ids=["a", "new"], drop=["b"]))
    for _ in range(2):
        found, expected = run.step(IMAGE), twin.step(IMAGE)
        assert boxes_of(found) == boxes_of(expected)
        assert found.frame == expected.frame
    first = OnlineModel("broken", None, Broken()).start()
    with pytest.raises(ConfigError):
        first.step(IMAGE, Targets(boxes=[(0, 0, 7, 7)]))
    with pytest.raises(TargetError, match="nothing to follow yet"):
        first.step(IMAGE)


def test_a_run_goes_on_with_its_targets_after_a_frame_in_which_its_tracker_broke():
    run = OnlineModel("broken", None, Broken()).start()
    run.step(IMAGE, Targets(boxes=[A, B, C], ids=["a", "b", "c"]))
    with pytest.raises(ZeroDivisionError):
        run.step(np.full_like(IMAGE, 255), Targets(boxes=[A], ids=["new"], drop=["b"]))
    found = run.step(IMAGE)
    assert list(found.ids) == ["a", "b", "c"], "nobody left or joined"
    assert found.frame == 2, "the frame counts"
    assert found.timings["wander"] < 1000


def test_a_clipped_box_starts_from_its_inner_part(run):
    with pytest.warns(SaccadeWarning, match="frame 0: target 0"):
        found = run.step(IMAGE, Targets(boxes=[(-5, -5, 15, 15)]))
    np.testing.assert_allclose(found.xywh, [(0, 0, 10, 10)])


def test_status_and_score_are_the_trackers(run):
    run.step(IMAGE, Targets(boxes=[A]))
    for _ in range(5):
        found = run.step(IMAGE)
        step = run._cohorts[0].state.trail[0][0]
        assert found.status[0] == (Status.TRACKED if step[0] > 0 else Status.UNCERTAIN)
        assert found.scores[0] == pytest.approx(step.norm().item())


def test_what_is_given_out_is_not_changed_later(run):
    run.step(IMAGE, Targets(boxes=[A]))
    found = run.step(IMAGE)
    before = found.boxes.copy()
    run.step(IMAGE)
    np.testing.assert_array_equal(found.boxes, before)


def test_a_saved_run_goes_on_elsewhere(run, tmp_path):
    model = OnlineModel("wanderer", None, WanderingTracker())
    run.step(IMAGE, Targets(boxes=[A, C], ids=["a", 4]))
    run.step(IMAGE)
    torch.save(run.state_dict(), tmp_path / "run.pt")
    resumed = model.start(seed=99)
    resumed.load_state_dict(torch.load(tmp_path / "run.pt", weights_only=True))
    for targets in (None, Targets(boxes=[B]), Targets(drop=["a"]), None):
        found, expected = resumed.step(IMAGE, targets), run.step(IMAGE, targets)
        assert boxes_of(found) == boxes_of(expected)
        assert found.frame == expected.frame


@pytest.mark.parametrize(
    ("other", "message"),
    [
        pytest.param(
            OnlineModel("walker", {"pace": 1, "bag": {"size": 2}}, WanderingTracker()),
            "a run of 'wanderer', not of 'walker'",
            id="another model",
        ),
        pytest.param(
            OnlineModel("wanderer", {"pace": 1, "bag": {"size": 3}}, WanderingTracker()),
            r"a run of 'wanderer' with other settings: bag.size=2 \(here 3\)",
            id="other settings",
        ),
    ],
)
def test_a_state_goes_on_with_its_own_model_only(other, message):
    model = OnlineModel("wanderer", {"pace": 1, "bag": {"size": 2}}, WanderingTracker())
    run, stranger = model.start(), other.start()
    run.step(IMAGE, Targets(boxes=[A]))
    stranger.step(IMAGE, Targets(boxes=[B]))
    with pytest.raises(ModelError, match=message):
        stranger.load_state_dict(run.state_dict())
    assert stranger.step(IMAGE).frame == 1, "the run is as it was"
    with pytest.raises(ModelError, match="a run of None"):
        run.load_state_dict({})


def test_a_saved_run_goes_on_on_the_device_of_its_tracker(run):
    """Whatever device it was on; the host's part stays on the host."""

    @dataclass(slots=True)
    class SplitState(WanderingState):
        host = ("trail",)

    class Elsewhere(WanderingTracker):
        State = SplitState
        device = torch.device("meta")

    run.step(IMAGE, Targets(boxes=[A]))
    resumed = OnlineModel("wanderer", None, Elsewhere()).start()
    resumed.load_state_dict(run.state_dict())
    state = resumed._cohorts[0].state
    assert (state.boxes.device.type, state.trail[0].device.type) == ("meta", "cpu")


def test_a_saved_state_is_a_copy(run):
    run.step(IMAGE, Targets(boxes=[A]))
    saved = run.state_dict()
    before = saved["cohorts"][0]["state"]["boxes"].clone()
    run.step(IMAGE)
    torch.testing.assert_close(saved["cohorts"][0]["state"]["boxes"], before, rtol=0, atol=0)
