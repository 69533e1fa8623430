"""A real recipe from the command line, killed: its log and its weights are those of one left alone."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from saccade.training.checkpoints import LAST, read_training
from tests.e2e.test_train import TINY, root

__all__ = ["root"]
"""the fixture"""
COMMAND = [
    *TINY,
    "--workers=1",
    "--set=samples=10",
    "--set=ema=0.9",
    "--set=processing.test_jitter.scale=0.5",
    "--checkpoint-steps=2",
]
STEPS = 10
PATIENCE = 300.0
"""seconds for a step of a training on a busy machine"""


def begin(root: Path, out: Path) -> subprocess.Popen[str]:
    """The command in a process of its own."""
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "saccade",
            "train",
            "dimp18",
            f"--data=folder={root}",
            f"--out={out}",
            *COMMAND,
        ],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_behind(root: Path, out: Path, step: int) -> None:
    """Begins or goes on, and kills the training as soon as the log has a step."""
    process = begin(root, out)
    until = time.monotonic() + PATIENCE
    while last_step(out) < step:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < until
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def last_step(out: Path) -> int:
    """The last step that is in the log in full."""
    table = out / "steps.csv"
    rows = table.read_text().split("\n")[1:-1] if table.is_file() else []
    return int(rows[-1].split(",")[0]) if rows else 0


@pytest.mark.slow
def test_a_recipe_killed_twice_ends_as_one_left_alone(root: Path, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    alone = begin(root, whole)
    _, complaints = alone.communicate(timeout=PATIENCE)
    assert alone.returncode == 0, complaints

    kill_behind(root, cut, 3)
    assert read_training(cut / LAST)["step"] == 2
    kill_behind(root, cut, 7)
    last = begin(root, cut)
    _, complaints = last.communicate(timeout=PATIENCE)
    assert last.returncode == 0, complaints
    # the second kill lost no more than the step behind its checkpoint
    assert "going on after step 6 of 10" in complaints or "going on after step 8 of 10" in complaints

    assert last_step(cut) == STEPS
    for table in ("steps.csv", "epochs.csv"):
        assert (cut / table).read_text() == (whole / table).read_text()
    ours, theirs = (load_file(folder / "model.safetensors") for folder in (cut, whole))
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], value) for name, value in theirs.items())
    assert not [file.name for file in cut.iterdir() if file.suffix in (".part", ".lock")]
