"""Two processes learn what one would from the doubled batch."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.unit.training.gradients import LOSSES, gradients

REPOSITORY = Path(__file__).resolve().parents[3]
PATIENCE = 30.0
"""seconds for a process to notice that another is gone"""
CLOSE = 1e-5
"""of the largest gradient of a parameter"""
NOTHING = 1e-7
"""gradients that are 0 but for rounding: of a bias that only shifts what a softmax or a normalisation sees"""


@pytest.mark.parametrize(
    "names",
    [
        [LOSSES],
        pytest.param(
            ["atom", "dimp18", "prdimp18", "super_dimp_simple", "kys", "lwl_stage2", "lwl_box"],
            marks=pytest.mark.slow,
        ),
    ],
    ids=["losses", "recipes"],
)
def test_two_processes_have_the_gradients_of_one(names: list[str], tmp_path: Path) -> None:
    out = tmp_path / "gradients.pt"
    command = [sys.executable, "-m", "tests.unit.training.gradients"]
    workers = [
        subprocess.Popen(
            [*command, str(rank), "2", str(tmp_path / "meeting"), str(out), *names], cwd=REPOSITORY
        )
        for rank in range(2)
    ]
    assert [worker.wait() for worker in workers] == [0, 0]
    found = torch.load(out)
    for name in names:
        alone = gradients(name, 0, 1)
        assert found[name].keys() == alone.keys()
        for key, gradient in alone.items():
            largest = float(gradient.abs().max())
            assert float((found[name][key] - gradient).abs().max()) <= CLOSE * largest + NOTHING, (name, key)


STARTER = '''
import subprocess, sys, time
started = """
import time
from saccade.training.processes import end_with_starter
end_with_starter()
print("begun", flush=True)
time.sleep(100)
"""
subprocess.Popen([sys.executable, "-c", started])
time.sleep(100)
'''


@pytest.mark.skipif(sys.platform == "win32", reason="Windows never tells")
def test_a_process_ends_with_the_one_that_started_it() -> None:
    starter = subprocess.Popen([sys.executable, "-c", STARTER], stdout=subprocess.PIPE)
    assert starter.stdout is not None
    assert starter.stdout.readline() == b"begun\n"
    os.kill(starter.pid, signal.SIGKILL)
    # the other end of the pipe is closed once the other process is gone too
    starter.communicate(timeout=PATIENCE)
