"""The stopwatch adds up by stage; how long anything takes is no matter of this test."""

import pytest

from saccade.core import Stopwatch, timing


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
