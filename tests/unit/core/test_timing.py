"""Stages add up, and reading is left out; how long anything takes is no matter of these tests."""

import numpy as np
import pytest

from saccade.core import Frame, Stopwatch, timing
from saccade.core.timing import FPS, StepClock, VideoClock, stages_end_with

PICTURE = np.zeros((2, 2, 3), np.uint8)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that shows 0, 1, 4, 9, … seconds, one look after the other."""
    looks = [float(i * i) for i in range(10)]
    monkeypatch.setattr(timing.time, "perf_counter", lambda: looks.pop(0))
    return looks


def test_stages_add_up_and_start_again(clock):
    stopwatch = Stopwatch()
    with stopwatch.stage("crop"):
        pass
    with stopwatch.stage("filter"):
        pass
    with stopwatch.stage("crop"):
        pass
    assert stopwatch.take() == {"crop": 1000.0 + 9000.0, "filter": 5000.0}
    assert stopwatch.take() == {}


def test_a_stage_that_breaks_is_counted(clock):
    stopwatch = Stopwatch()
    with pytest.raises(ZeroDivisionError), stopwatch.stage("filter"):
        raise ZeroDivisionError
    assert stopwatch.take() == {"filter": 1000.0}


def test_stages_can_be_made_to_wait_for_a_device(clock):
    stopwatch, waits = Stopwatch(), []
    with stages_end_with(lambda: waits.append(len(clock))), stopwatch.stage("crop"):
        pass
    # once before the first look at the clock and once before the second
    assert waits == [10, 9]
    with stopwatch.stage("crop"):
        pass
    assert len(waits) == 2


def test_of_stages_side_by_side_the_slowest_counts():
    whole, one, other = Stopwatch(), Stopwatch(), Stopwatch()
    whole.milliseconds = {"crop": 1.0}
    one.milliseconds, other.milliseconds = {"crop": 2.0, "solve": 3.0}, {"crop": 5.0, "scale": 4.0}
    whole.add_slowest([one, other])
    assert list(whole.milliseconds.items()) == [("crop", 6.0), ("solve", 3.0), ("scale", 4.0)]


def test_the_step_clock_starts_when_a_frame_is_handed_out(clock):
    """Looks: 0 and 1 when frames 1 and 2 are handed out, 4 after the second, 9 once more."""
    steps, first, second = StepClock(), Frame(PICTURE, 0), Frame(PICTURE, 1)
    frames = steps.started([first, second])
    assert [next(frames), next(frames)] == [first, second]
    assert steps.elapsed() == 4 - 1
    assert steps.elapsed() == 9 - 1, "looking does not start it anew"


@pytest.mark.parametrize(
    ("fps", "frames", "seconds"),
    [
        pytest.param(None, [(0, None), (1, None)], [1 / FPS, 1 / FPS], id="nothing is known"),
        pytest.param(10, [(4, None), (5, None), (8, None)], [0.1, 0.1, 0.3], id="frames were left out"),
        pytest.param(10, [(0, 5.0), (1, 5.5), (2, 5.75)], [0.1, 0.5, 0.25], id="uneven"),
        pytest.param(10, [(0, 5.0), (1, 5.0), (3, 2.0), (4, 2.5)], [0.1, 0.1, 0.2, 0.5], id="goes back"),
        pytest.param(10, [(0, 5.0), (1, None), (2, 6.0)], [0.1, 0.1, 0.1], id="stops"),
        pytest.param(10, [(7, None), (3, None)], [0.1, 0.1], id="begins anew"),
    ],
)
def test_time_passes_between_frames(fps, frames, seconds):
    clock = VideoClock(fps)
    assert [clock.tick(index, time) for index, time in frames] == pytest.approx(seconds)
