"""Targets side by side: the same results on any number of threads, and nothing left behind."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from saccade.core import Targets
from saccade.online.threads import at_most_threads, map_in_threads, row_slices
from saccade.zoo import load


@pytest.fixture(autouse=True)
def _threads_as_before() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(("count", "lengths"), [(1, [1]), (4, [4]), (5, [2, 3]), (8, [4, 4]), (9, [3, 3, 3])])
def test_rows_are_shared_out_evenly(count: int, lengths: list[int]) -> None:
    slices = row_slices(count, 4)
    assert [s.stop - s.start for s in slices] == lengths
    assert [i for s in slices for i in range(count)[s]] == list(range(count))


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_results_come_in_order_from_single_threaded_operators_in_inference_mode(threads: int) -> None:
    torch.set_num_threads(threads)

    def work(item: int) -> tuple[int, int, bool]:
        time.sleep(0.01 * (3 - item))
        return item, torch.get_num_threads(), torch.is_inference_mode_enabled()

    assert map_in_threads(work, range(4)) == [(i, 1, True) for i in range(4)]
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("threads", [1, 2])
def test_an_exception_surfaces_when_nobody_works_any_more(threads: int) -> None:
    torch.set_num_threads(threads)
    done = []

    def work(item: int) -> None:
        if item == 0:
            raise ZeroDivisionError("target 0")
        time.sleep(0.05)
        done.append(threading.current_thread())

    with pytest.raises(ZeroDivisionError, match="target 0"):
        map_in_threads(work, [0, 1])
    assert len(done) == threads - 1, "an item after the failed one is only begun where it has a thread"
    assert torch.get_num_threads() == threads
    assert map_in_threads(abs, [-1, -2]) == [1, 2]


def test_the_number_of_threads_is_lowered_only() -> None:
    torch.set_num_threads(2)
    with at_most_threads(3):
        assert torch.get_num_threads() == 2
    with pytest.raises(ZeroDivisionError), at_most_threads(1):
        assert torch.get_num_threads() == 1
        raise ZeroDivisionError
    assert torch.get_num_threads() == 2


def test_boxes_do_not_depend_on_the_number_of_threads() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (6, 96, 128, 3), dtype=np.uint8)
    boxes = [(10 + 12 * i, 20 + 4 * i, 20, 16) for i in range(6)]
    found = []
    for threads in (1, 2, 3):
        torch.set_num_threads(threads)
        run = load("eco").start(seed=1)
        found.append([run.step(frame, None if t else Targets(boxes=boxes)) for t, frame in enumerate(frames)])
    for one, *others in zip(*found, strict=True):
        for other in others:
            np.testing.assert_array_equal(other.boxes, one.boxes)
            np.testing.assert_array_equal(other.scores, one.scores)


FORKED = """
import os, signal, time, torch
from saccade.online.threads import map_in_threads
torch.set_num_threads(2)
map_in_threads(time.sleep, [0.2, 0.2])  # long enough for both threads to be begun
child = os.fork()
if child == 0:
    signal.alarm(20)
    os._exit(0 if map_in_threads(abs, [-1, -2]) == [1, 2] else 1)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork on Windows")
def test_a_forked_process_has_threads_of_its_own() -> None:
    """As a loader or a runner with workers makes them, after something was tracked."""
    subprocess.run([sys.executable, "-W", "ignore", "-c", FORKED], check=True, timeout=60)
